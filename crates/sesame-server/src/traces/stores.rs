//! Stores and journals whose operations are spans, where there is something
//! they belong to.

use std::sync::Arc;

use jiff::Timestamp;
use sesame_connector::OutId;
use sesame_connector::provider::BoxFuture;
use sesame_passcode::journal::{
    ApiKeyRow, Ask, Block, Consumed, Decision, Progress, RequestId, Row, Search, SeenReport,
    Tallied, TallyQuery, Verdict, VerdictSearch,
};
use sesame_passcode::store::{Addition, Key, Record, StoreResult, Swap, Version};
use sesame_passcode::{Journal, Store, StoreError};
use tracing::Instrument as _;
use tracing::field::Empty;

use super::shown::ERROR;
use crate::stores::Stores;

/// The same stores, with spans.
pub(crate) fn stores(stores: &Stores) -> Stores {
    Stores {
        records: Arc::new(Traced(Arc::clone(&stores.records))),
        journal: Arc::new(Traced(Arc::clone(&stores.journal))),
    }
}

#[derive(Debug)]
struct Traced<T: ?Sized>(Arc<T>);

type Work<'a, T> = BoxFuture<'a, StoreResult<T>>;

/// Runs an operation in a span. What goes on in the background has none above
/// it, and would be a trace of its own every second.
macro_rules! traced {
    ($self:ident, $what:literal, $operation:ident($($argument:expr),*)) => {{
        let work = $self.0.$operation($($argument),*);
        if tracing::Span::current().is_none() {
            return work;
        }
        let span = tracing::debug_span!(
            $what,
            db.system.name = $self.0.name(),
            db.operation.name = stringify!($operation),
            "error.type" = Empty,
        );
        in_span(span, work)
    }};
}

fn in_span<'a, T: Send + 'a>(span: tracing::Span, work: Work<'a, T>) -> Work<'a, T> {
    Box::pin(async move {
        let done = work.instrument(span.clone()).await;
        if let Err(error) = &done {
            span.record(ERROR, kind(error));
        }
        done
    })
}

fn kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable { .. } => "unavailable",
        StoreError::Schema { .. } => "schema",
        StoreError::Unusable { .. } => "unusable",
        StoreError::Corrupt { .. } => "corrupt",
        _ => "other",
    }
}

impl Store for Traced<dyn Store> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn get<'a>(&'a self, key: &'a Key, now: Timestamp) -> Work<'a, Option<Record>> {
        traced!(self, "store", get(key, now))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> Work<'a, Swap> {
        traced!(self, "store", swap(key, expected, new, now))
    }

    fn add<'a>(&'a self, amounts: &'a [Addition], now: Timestamp) -> Work<'a, Vec<i64>> {
        traced!(self, "store", add(amounts, now))
    }

    fn purge(&self, limit: usize, now: Timestamp) -> Work<'_, usize> {
        traced!(self, "store", purge(limit, now))
    }

    fn ping(&self) -> Work<'_, ()> {
        traced!(self, "store", ping())
    }
}

impl Journal for Traced<dyn Journal> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn open<'a>(&'a self, row: &'a Row) -> Work<'a, ()> {
        traced!(self, "journal", open(row))
    }

    fn advance<'a>(
        &'a self,
        out_id: &'a OutId,
        news: &'a Progress,
        ask: Ask,
        now: Timestamp,
    ) -> Work<'a, Option<Row>> {
        traced!(self, "journal", advance(out_id, news, ask, now))
    }

    fn message<'a>(&'a self, out_id: &'a OutId) -> Work<'a, Option<Row>> {
        traced!(self, "journal", message(out_id))
    }

    fn search<'a>(&'a self, search: &'a Search) -> Work<'a, Vec<Row>> {
        traced!(self, "journal", search(search))
    }

    fn reach<'a>(
        &'a self,
        search: &'a Search,
        how_far: usize,
    ) -> Work<'a, Option<(Timestamp, OutId)>> {
        traced!(self, "journal", reach(search, how_far))
    }

    fn tallies<'a>(&'a self, query: &'a TallyQuery) -> Work<'a, Vec<Tallied>> {
        traced!(self, "journal", tallies(query))
    }

    fn reports<'a>(&'a self, out_id: &'a OutId) -> Work<'a, Vec<SeenReport>> {
        traced!(self, "journal", reports(out_id))
    }

    fn claim(&self, limit: usize, now: Timestamp, lease_until: Timestamp) -> Work<'_, Vec<Row>> {
        traced!(self, "journal", claim(limit, now, lease_until))
    }

    fn consume<'a>(
        &'a self,
        verification: &'a str,
        by: Option<RequestId>,
        at: Timestamp,
    ) -> Work<'a, Consumed> {
        traced!(self, "journal", consume(verification, by, at))
    }

    fn claim_conversions(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Work<'_, Vec<Row>> {
        traced!(self, "journal", claim_conversions(limit, now, lease_until))
    }

    fn converted<'a>(&'a self, out_id: &'a OutId, again: Option<Timestamp>) -> Work<'a, ()> {
        traced!(self, "journal", converted(out_id, again))
    }

    fn prune(&self, before: Timestamp, limit: usize) -> Work<'_, usize> {
        traced!(self, "journal", prune(before, limit))
    }

    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> Work<'a, ()> {
        traced!(self, "journal", put_key(key))
    }

    fn keys(&self) -> Work<'_, Vec<ApiKeyRow>> {
        traced!(self, "journal", keys())
    }

    fn decide<'a>(&'a self, decision: &'a Decision) -> Work<'a, ()> {
        traced!(self, "journal", decide(decision))
    }

    fn decisions<'a>(
        &'a self,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> Work<'a, Vec<Decision>> {
        traced!(self, "journal", decisions(limit, after))
    }

    fn block<'a>(&'a self, block: &'a Block) -> Work<'a, ()> {
        traced!(self, "journal", block(block))
    }

    fn unblock<'a>(&'a self, id: &'a str) -> Work<'a, Option<Block>> {
        traced!(self, "journal", unblock(id))
    }

    fn blocks<'a>(
        &'a self,
        now: Timestamp,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> Work<'a, Vec<Block>> {
        traced!(self, "journal", blocks(now, limit, after))
    }

    fn rule<'a>(&'a self, verdicts: &'a [Verdict]) -> Work<'a, ()> {
        traced!(self, "journal", rule(verdicts))
    }

    fn verdicts<'a>(&'a self, search: &'a VerdictSearch) -> Work<'a, Vec<Verdict>> {
        traced!(self, "journal", verdicts(search))
    }

    fn mark<'a>(&'a self, name: &'a str, value: Option<&'a [u8]>) -> Work<'a, Option<Vec<u8>>> {
        traced!(self, "journal", mark(name, value))
    }

    fn ping(&self) -> Work<'_, ()> {
        traced!(self, "journal", ping())
    }
}
