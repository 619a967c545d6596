//! The journal in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sesame_connector::OutId;
use sesame_connector::provider::BoxFuture;

use super::Faults;
use crate::journal::{
    ApiKeyRow, Ask, Block, Consumed, Counts, Decision, Journal, Lead, Progress, Reported,
    RequestId, Row, Search, SeenReport, State as Stands, Tallied, TallyQuery, Verdict,
    VerdictSearch,
};
use crate::store::StoreResult;

/// A journal in memory.
#[derive(Default)]
pub struct MemoryJournal {
    state: Mutex<State>,
    faults: Faults,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<OutId, Row>,
    /// The messages of each verification.
    messages: BTreeMap<String, Vec<OutId>>,
    reports: BTreeMap<OutId, Vec<SeenReport>>,
    consumed: BTreeMap<String, (Timestamp, Option<RequestId>)>,
    /// When the providers of messages are to be told of their codes.
    conversions: BTreeMap<OutId, Timestamp>,
    keys: BTreeMap<String, ApiKeyRow>,
    decisions: Vec<Decision>,
    blocks: BTreeMap<String, Block>,
    verdicts: BTreeMap<String, Verdict>,
    marks: BTreeMap<String, Vec<u8>>,
}

impl MemoryJournal {
    /// One that fails as it is told.
    pub fn with_faults(faults: Faults) -> Self {
        Self {
            state: Mutex::default(),
            faults,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJournal").finish_non_exhaustive()
    }
}

impl State {
    fn open(&mut self, row: &Row) {
        if self.rows.contains_key(&row.out_id) {
            return;
        }
        if let Some(verification) = &row.verification {
            let messages = self.messages.entry(verification.clone()).or_default();
            messages.push(row.out_id.clone());
        }
        self.rows.insert(row.out_id.clone(), row.clone());
    }

    fn advance(
        &mut self,
        out_id: &OutId,
        news: &Progress,
        ask: Ask,
        now: Timestamp,
    ) -> Option<Row> {
        let row = self.rows.get_mut(out_id)?;
        row.progress = row.progress.merge(news);
        row.ask_at = ask.of(row.ask_at);
        if let Some(report) = &news.report {
            let seen = self.reports.entry(out_id.clone()).or_default();
            if seen.iter().all(|known| known.report != *report) {
                seen.push(SeenReport {
                    seen_at: now,
                    report: report.clone(),
                });
            }
        }
        Some(row.clone())
    }

    fn search(&self, search: &Search) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .rows
            .values()
            .filter(|row| fits(row, search))
            .cloned()
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        rows.truncate(search.limit);
        rows
    }

    fn reach(&self, search: &Search, how_far: usize) -> Option<(Timestamp, OutId)> {
        let led = led(search);
        let rows = self.rows.values().filter(|row| fits(row, &led));
        let mut places: Vec<_> = rows.map(place).collect();
        places.sort_by(|one, other| other.cmp(one));
        how_far
            .checked_sub(1)
            .and_then(|at| places.get(at))
            .cloned()
    }

    fn tallies(&self, query: &TallyQuery) -> Vec<Tallied> {
        let mut all: BTreeMap<_, Counts> = BTreeMap::new();
        for row in self.rows.values() {
            let start = query.span.start(row.created_at);
            let is_asked = (query.from..query.until).contains(&start)
                && query.app.as_ref().is_none_or(|app| row.app == *app);
            let counts = Counts::of_row(row);
            if is_asked && !counts.is_zero() {
                let key = (start, row.country.clone(), row.carrier.clone());
                *all.entry(key).or_default() += counts;
            }
        }
        let tallied = |((start, country, carrier), counts)| Tallied {
            start,
            country,
            carrier,
            counts,
        };
        all.into_iter().map(tallied).collect()
    }

    fn claim(&mut self, limit: usize, now: Timestamp, lease_until: Timestamp) -> Vec<Row> {
        let mut due: Vec<&mut Row> = self
            .rows
            .values_mut()
            .filter(|row| row.ask_at.is_some_and(|at| at <= now))
            .collect();
        due.sort_by_key(|row| row.ask_at);
        due.truncate(limit);
        let claim = |row: &mut Row| {
            row.ask_at = Some(lease_until);
            row.clone()
        };
        due.into_iter().map(claim).collect()
    }

    fn consume(&mut self, verification: &str, by: Option<RequestId>, at: Timestamp) -> Consumed {
        if let Some((_, first)) = self.consumed.get(verification) {
            let is_same = by.is_some() && *first == by;
            return if is_same {
                Consumed::Again
            } else {
                Consumed::Before
            };
        }
        self.consumed.insert(verification.to_owned(), (at, by));
        for out_id in self.messages.get(verification).into_iter().flatten() {
            if let Some(row) = self.rows.get_mut(out_id) {
                if row.confirmed_at.is_none() && row.country != "CN" {
                    self.conversions.insert(out_id.clone(), at);
                }
                row.confirmed_at.get_or_insert(at);
            }
        }
        Consumed::First
    }

    fn rule(&mut self, verdicts: &[Verdict]) {
        for news in verdicts {
            let known = self.verdicts.get(&news.id);
            let merged = known.map_or_else(|| news.clone(), |known| known.merge(news));
            self.verdicts.insert(news.id.clone(), merged);
        }
    }

    fn verdicts(&self, search: &VerdictSearch) -> Vec<Verdict> {
        let is_asked = |row: &&Verdict| {
            let VerdictSearch {
                number_index,
                limit_name,
                ruling,
                after,
                limit: _,
            } = search;
            number_index.is_none_or(|index| row.number_index == Some(index))
                && limit_name.as_ref().is_none_or(|limit| row.limit == *limit)
                && ruling.is_none_or(|ruling| row.ruling == ruling)
                && after
                    .as_ref()
                    .is_none_or(|(at, id)| (row.at, &row.id) < (*at, id))
        };
        let mut found: Vec<_> = self.verdicts.values().filter(is_asked).cloned().collect();
        found.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
        found.truncate(search.limit);
        found
    }

    fn claim_conversions(
        &mut self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Vec<Row> {
        let due = self.conversions.iter_mut().filter(|(_, due)| **due <= now);
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(out_id, due)| (**due, *out_id));
        let taken = due.into_iter().take(limit).map(|(out_id, due)| {
            *due = lease_until;
            out_id
        });
        let rows = &self.rows;
        taken
            .filter_map(|out_id| rows.get(out_id).cloned())
            .collect()
    }

    fn converted(&mut self, out_id: &OutId, again: Option<Timestamp>) {
        match (again, self.conversions.get_mut(out_id)) {
            (Some(again), Some(due)) => *due = again,
            (Some(_), None) => {}
            (None, _) => drop(self.conversions.remove(out_id)),
        }
    }

    fn prune(&mut self, before: Timestamp, limit: usize) -> usize {
        let old = self.rows.values().filter(|row| row.created_at < before);
        let old: Vec<OutId> = old.map(|row| row.out_id.clone()).take(limit).collect();
        for out_id in &old {
            let row = self.rows.remove(out_id);
            self.reports.remove(out_id);
            self.conversions.remove(out_id);
            if let Some(verification) = row.and_then(|row| row.verification) {
                self.messages.remove(&verification);
            }
        }
        let mut dropped = old.len();
        let mut drops = |is_old: bool| {
            let goes = is_old && dropped < limit;
            dropped += usize::from(goes);
            !goes
        };
        self.decisions
            .retain(|decision| drops(decision.at < before));
        self.consumed.retain(|_, (at, _)| drops(*at < before));
        self.blocks.retain(|_, block| drops(block.until < before));
        self.verdicts
            .retain(|_, verdict| drops(verdict.at < before));
        dropped
    }
}

fn place(row: &Row) -> (Timestamp, OutId) {
    (row.created_at, row.out_id.clone())
}

fn fits(row: &Row, search: &Search) -> bool {
    search.app.as_ref().is_none_or(|app| row.app == *app)
        && search
            .number_index
            .is_none_or(|index| row.number_index == index)
        && (search.states.is_empty() || search.states.contains(&row.progress.state))
        && search
            .usage_type
            .as_ref()
            .is_none_or(|usage_type| row.usage_type == *usage_type)
        && search
            .delivery
            .is_none_or(|asked| reported(row) == Some(asked))
        && search.from.is_none_or(|from| row.created_at >= from)
        && search.until.is_none_or(|until| row.created_at < until)
        && search
            .after
            .as_ref()
            .is_none_or(|after| place(row) < *after)
        && search
            .back_to
            .as_ref()
            .is_none_or(|back_to| place(row) >= *back_to)
}

fn reported(row: &Row) -> Option<Reported> {
    match &row.progress.report {
        Some(report) if report.delivered => Some(Reported::Delivered),
        Some(_) => Some(Reported::Failed),
        None => (row.progress.state == Stands::Accepted).then_some(Reported::Waiting),
    }
}

/// The search with nothing but the filter that leads it.
fn led(search: &Search) -> Search {
    let lead = search.lead();
    Search {
        app: search.app.clone().filter(|_| lead == Lead::App),
        states: match lead {
            Lead::State(state) => vec![state],
            _ => Vec::new(),
        },
        delivery: search.delivery.filter(|_| lead == Lead::Failed),
        usage_type: None,
        ..search.clone()
    }
}

impl Journal for MemoryJournal {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn open<'a>(&'a self, row: &'a Row) -> BoxFuture<'a, StoreResult<()>> {
        self.faults.step(move || {
            self.state().open(row);
        })
    }

    fn advance<'a>(
        &'a self,
        out_id: &'a OutId,
        news: &'a Progress,
        ask: Ask,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        self.faults
            .step(move || self.state().advance(out_id, news, ask, now))
    }

    fn message<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        self.faults
            .step(move || self.state().rows.get(out_id).cloned())
    }

    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, StoreResult<Vec<Row>>> {
        self.faults.step(move || self.state().search(search))
    }

    fn reach<'a>(
        &'a self,
        search: &'a Search,
        how_far: usize,
    ) -> BoxFuture<'a, StoreResult<Option<(Timestamp, OutId)>>> {
        self.faults
            .step(move || self.state().reach(search, how_far))
    }

    fn tallies<'a>(&'a self, query: &'a TallyQuery) -> BoxFuture<'a, StoreResult<Vec<Tallied>>> {
        self.faults.step(move || self.state().tallies(query))
    }

    fn reports<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Vec<SeenReport>>> {
        self.faults.step(move || {
            self.state()
                .reports
                .get(out_id)
                .cloned()
                .unwrap_or_default()
        })
    }

    fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.faults
            .step(move || self.state().claim(limit, now, lease_until))
    }

    fn consume<'a>(
        &'a self,
        verification: &'a str,
        by: Option<RequestId>,
        at: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Consumed>> {
        self.faults
            .step(move || self.state().consume(verification, by, at))
    }

    fn claim_conversions(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.faults
            .step(move || self.state().claim_conversions(limit, now, lease_until))
    }

    fn converted<'a>(
        &'a self,
        out_id: &'a OutId,
        again: Option<Timestamp>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.faults
            .step(move || self.state().converted(out_id, again))
    }

    fn prune(&self, before: Timestamp, limit: usize) -> BoxFuture<'_, StoreResult<usize>> {
        self.faults.step(move || self.state().prune(before, limit))
    }

    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> BoxFuture<'a, StoreResult<()>> {
        self.faults.step(move || {
            self.state().keys.insert(key.id.clone(), key.clone());
        })
    }

    fn keys(&self) -> BoxFuture<'_, StoreResult<Vec<ApiKeyRow>>> {
        self.faults.step(move || {
            let mut keys: Vec<_> = self.state().keys.values().cloned().collect();
            keys.sort_by_key(|key| key.created_at);
            keys
        })
    }

    fn decide<'a>(&'a self, decision: &'a Decision) -> BoxFuture<'a, StoreResult<()>> {
        self.faults.step(move || {
            let mut state = self.state();
            if state.decisions.iter().all(|known| known.id != decision.id) {
                state.decisions.push(decision.clone());
            }
        })
    }

    fn decisions<'a>(
        &'a self,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Decision>>> {
        self.faults.step(move || {
            let state = self.state();
            let is_behind =
                |one: &&Decision| after.is_none_or(|(at, id)| (one.at, &one.id) < (*at, id));
            let mut found: Vec<_> = state.decisions.iter().filter(is_behind).cloned().collect();
            found.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
            found.truncate(limit);
            found
        })
    }

    fn block<'a>(&'a self, block: &'a Block) -> BoxFuture<'a, StoreResult<()>> {
        self.faults.step(move || {
            let blocks = &mut self.state().blocks;
            let goes_on = blocks.get(&block.id);
            let goes_on = goes_on.filter(|known| known.until > block.since);
            let since = goes_on.map_or(block.since, |known| known.since);
            let block = Block {
                since,
                ..block.clone()
            };
            blocks.insert(block.id.clone(), block);
        })
    }

    fn unblock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Option<Block>>> {
        self.faults.step(move || self.state().blocks.remove(id))
    }

    fn blocks<'a>(
        &'a self,
        now: Timestamp,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Block>>> {
        self.faults.step(move || {
            let state = self.state();
            let is_asked = |block: &&Block| {
                let is_behind =
                    |(until, id): &(Timestamp, String)| (block.until, &block.id) < (*until, id);
                block.until > now && after.is_none_or(is_behind)
            };
            let mut found: Vec<_> = state.blocks.values().filter(is_asked).cloned().collect();
            found.sort_by(|one, other| (other.until, &other.id).cmp(&(one.until, &one.id)));
            found.truncate(limit);
            found
        })
    }

    fn rule<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, StoreResult<()>> {
        self.faults.step(move || self.state().rule(verdicts))
    }

    fn verdicts<'a>(
        &'a self,
        search: &'a VerdictSearch,
    ) -> BoxFuture<'a, StoreResult<Vec<Verdict>>> {
        self.faults.step(move || self.state().verdicts(search))
    }

    fn mark<'a>(
        &'a self,
        name: &'a str,
        value: Option<&'a [u8]>,
    ) -> BoxFuture<'a, StoreResult<Option<Vec<u8>>>> {
        self.faults.step(move || {
            let marks = &mut self.state().marks;
            if let Some(value) = value {
                let there = marks.entry(name.to_owned());
                there.or_insert_with(|| value.to_vec());
            }
            marks.get(name).cloned()
        })
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.faults.step(|| ())
    }
}
