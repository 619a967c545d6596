//! A service over the tested store and journal, with a clock that is moved by
//! hand, phones that remember what they got, and a way to die at any step.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sesame_connector::config::{ConnectorConfig, Format, NoLookup};
use sesame_connector::provider::{
    BoxFuture, Found, FoundMessage, Provider, ReportError, Reports, Sought,
};
use sesame_connector::{
    Connector, Delivery, Doubt, OutId, Outcome, Prepared, Receipt, Source, Text,
};
use tokio::sync::watch;

use super::{random, start};
use crate::journal::{
    ApiKeyRow, Ask, Block, Consumed, Decision, Journal, Progress, RequestId, Row, Search,
    SeenReport, Tallied, TallyQuery, Verdict, VerdictSearch,
};
use crate::policy::{Budget, Policy};
use crate::store::{Addition, Key, Record, Store, StoreError, StoreResult, Swap, Version};
use crate::{CodeKey, Keys, NumberKey, Parts, Passcodes, Start};

/// Two servers and all around them.
pub(super) struct World {
    pub(super) clock: Arc<Clock>,
    pub(super) phones: Arc<Phones>,
    pub(super) steps: Arc<Steps>,
    pub(super) servers: [Passcodes; 2],
    pub(super) journal: Arc<dyn Journal>,
    parts: Parts,
}

impl World {
    pub(super) fn new(
        (store, journal): (Arc<impl Store + 'static>, Arc<impl Journal + 'static>),
    ) -> Self {
        let (store, journal): (Arc<dyn Store>, Arc<dyn Journal>) = (store, journal);
        let clock = Arc::new(Clock(Mutex::new(start())));
        let steps = Arc::new(Steps::new());
        let phones = Arc::new(Phones {
            clock: Arc::clone(&clock),
            steps: Arc::clone(&steps),
            taken: Mutex::default(),
        });
        // No other check and no other run has these keys, nor their records.
        let secret = |_| random().to_le_bytes();
        let secret = [0, 1, 2, 3].map(secret).concat();
        let secret: [u8; 32] = secret.try_into().unwrap();
        let parts = Parts {
            store: Arc::new(Stepped(store, Arc::clone(&steps))),
            journal: Arc::new(Stepped(Arc::clone(&journal), Arc::clone(&steps))),
            connector: Connector::new(config(), phones.clone(), clock.clone()),
            keys: Arc::new(Keys::new(
                CodeKey::new("1", secret),
                Vec::new(),
                NumberKey::new(secret),
            )),
            policy: Policy {
                // Everything here goes to few prefixes.
                prefix: OFF,
                country: OFF,
                ..Policy::default()
            },
            source: clock.clone(),
            events: Arc::new(()),
            polling: false,
            retention: Duration::from_secs(30 * 86_400),
        };
        Self {
            clock,
            phones,
            steps,
            servers: [(); 2].map(|()| Passcodes::new(parts.clone()).unwrap()),
            journal,
            parts,
        }
    }

    /// The servers died, if they have not yet, and others run.
    pub(super) fn restart(&mut self) {
        self.steps.arm(0, End::Refused);
        self.servers = [(); 2].map(|()| Passcodes::new(self.parts.clone()).unwrap());
    }

    /// Starts a verification, and gives its id.
    pub(super) async fn started(&self, to: &str) -> String {
        let started = self.servers[0].start(of(to)).await;
        started.unwrap().verification.id
    }

    /// Lets the background work until nothing is left to be done.
    pub(super) async fn settle(&self) {
        for _ in 0..30 {
            self.clock.advance(30);
            for server in &self.servers {
                server.tick().await.unwrap();
            }
        }
    }
}

const OFF: Budget = Budget {
    per_hour: 0,
    per_day: 0,
    share: 1.0,
};

/// A start for a number.
pub(super) fn of(to: &str) -> Start {
    Start {
        app: "web".to_owned(),
        to: to.to_owned(),
        usage_type: "SignIn".to_owned(),
        ..Start::default()
    }
}

fn config() -> ConnectorConfig {
    let text = r#"{
        "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "测试",
        "templates": [{ "usageType": "Generic", "templateCode": { "china": "SMS_1", "overseas": "SMS_2" } }],
    }"#;
    let checked = ConnectorConfig::parse(text, Format::Json, &NoLookup);
    checked.into_valid().ok().unwrap()
}

/// Stands until it is moved; its randomness is real.
#[derive(Debug)]
pub(super) struct Clock(Mutex<Timestamp>);

impl Clock {
    pub(super) fn advance(&self, secs: i64) {
        *lock(&self.0) += SignedDuration::from_secs(secs);
    }
}

impl Source for Clock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&random().to_le_bytes()[..chunk.len()]);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A message that arrived.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) to: String,
    pub(super) code: String,
    pub(super) out_id: String,
    pub(super) at: Timestamp,
}

/// A provider that takes every message.
pub(super) struct Phones {
    clock: Arc<Clock>,
    steps: Arc<Steps>,
    taken: Mutex<Vec<Taken>>,
}

impl Phones {
    pub(super) fn taken(&self) -> Vec<Taken> {
        lock(&self.taken).clone()
    }

    /// The last code for a number.
    pub(super) fn code(&self, to: &str) -> String {
        let taken = lock(&self.taken);
        taken
            .iter()
            .rfind(|taken| taken.to == to)
            .unwrap()
            .code
            .clone()
    }

    async fn take(&self, message: &Prepared) -> StoreResult<Outcome> {
        let code = message.params.iter().find(|(name, _)| name == "code");
        lock(&self.taken).push(Taken {
            to: message.to.e164(),
            code: code.unwrap().1.clone(),
            out_id: message.out_id.to_string(),
            at: self.clock.now(),
        });
        Ok(Outcome::Accepted(Receipt {
            out_id: message.out_id.clone(),
            biz_id: Some("biz".to_owned()),
            request_id: Some("request".to_owned()),
            sent_at: self.clock.now(),
        }))
    }
}

impl fmt::Debug for Phones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phones").finish_non_exhaustive()
    }
}

impl Provider for Phones {
    fn name(&self) -> &'static str {
        "phones"
    }

    fn send<'a>(&'a self, message: &'a Prepared) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let text = || Text {
                en: "a test said so".into(),
                zh: "测试".into(),
            };
            let sent = self.steps.step(self.take(message)).await;
            sent.unwrap_or_else(|_| {
                Outcome::Unknown(Doubt {
                    out_id: message.out_id.clone(),
                    request_id: None,
                    code: "timed_out".to_owned(),
                    cause: text(),
                    cure: text(),
                    sent_at: self.clock.now(),
                })
            })
        })
    }

    fn find<'a>(&'a self, sought: &'a Sought) -> BoxFuture<'a, Found> {
        let arrived = |taken: &Taken| taken.out_id == sought.out_id.as_str();
        let found = lock(&self.taken).iter().any(arrived);
        let message = FoundMessage {
            delivery: Delivery::Delivered,
            sent_at: None,
            reported_at: None,
        };
        Box::pin(async move { Ok(found.then_some(message)) })
    }

    fn parse_reports(&self, _body: &[u8]) -> Result<Reports, ReportError> {
        unreachable!("no check pushes reports")
    }
}

/// How a step goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is not done, and says so.
    Refused,
    /// It is done, and says it may not be.
    AnswerLost,
    /// The process dies before it.
    Before,
    /// The process dies behind it.
    Behind,
}

impl End {
    pub(super) const ALL: [Self; 4] = [Self::Refused, Self::AnswerLost, Self::Before, Self::Behind];
}

/// Counts the steps of the servers, and lets one go wrong.
#[derive(Debug)]
pub(super) struct Steps {
    done: AtomicUsize,
    armed: Mutex<(usize, End)>,
    died: watch::Sender<bool>,
}

impl Steps {
    fn new() -> Self {
        Self {
            done: AtomicUsize::new(0),
            armed: Mutex::new((0, End::Refused)),
            died: watch::Sender::new(false),
        }
    }

    /// Lets a step go wrong, counted from 1; 0 is none.
    pub(super) fn arm(&self, at: usize, end: End) {
        *lock(&self.armed) = (at, end);
        self.done.store(0, Ordering::SeqCst);
        self.died.send_replace(false);
    }

    /// Awaits, unless the process dies in the middle of it.
    pub(super) async fn until_death<T>(&self, act: impl Future<Output = T>) -> Option<T> {
        let mut died = self.died.subscribe();
        tokio::select! {
            done = act => Some(done),
            _ = died.wait_for(|died| *died) => None,
        }
    }

    async fn step<T>(&self, act: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        let lost = || {
            Err(StoreError::Unavailable {
                store: "tested",
                reason: "a check said so".to_owned(),
            })
        };
        let step = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        let (at, end) = *lock(&self.armed);
        match (step == at, end) {
            _ if *self.died.borrow() => self.die().await,
            (false, _) => act.await,
            (true, End::Refused) => lost(),
            (true, End::AnswerLost) => {
                let _ = act.await;
                lost()
            }
            (true, End::Before) => self.die().await,
            (true, End::Behind) => {
                let _ = act.await;
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.died.send_replace(true);
        std::future::pending().await
    }
}

/// A store or a journal, step by step.
#[derive(Debug)]
struct Stepped<T: ?Sized>(Arc<T>, Arc<Steps>);

impl Store for Stepped<dyn Store> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>> {
        Box::pin(self.1.step(self.0.get(key, now)))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Swap>> {
        Box::pin(self.1.step(self.0.swap(key, expected, new, now)))
    }

    fn add<'a>(
        &'a self,
        amounts: &'a [Addition],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<i64>>> {
        Box::pin(self.1.step(self.0.add(amounts, now)))
    }

    fn purge(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<usize>> {
        self.0.purge(limit, now)
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.0.ping()
    }
}

impl Journal for Stepped<dyn Journal> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn open<'a>(&'a self, row: &'a Row) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.1.step(self.0.open(row)))
    }

    fn advance<'a>(
        &'a self,
        out_id: &'a OutId,
        news: &'a Progress,
        ask: Ask,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(self.1.step(self.0.advance(out_id, news, ask, now)))
    }

    fn message<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(self.1.step(self.0.message(out_id)))
    }

    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, StoreResult<Vec<Row>>> {
        self.0.search(search)
    }

    fn reach<'a>(
        &'a self,
        search: &'a Search,
        how_far: usize,
    ) -> BoxFuture<'a, StoreResult<Option<(Timestamp, OutId)>>> {
        self.0.reach(search, how_far)
    }

    fn tallies<'a>(&'a self, query: &'a TallyQuery) -> BoxFuture<'a, StoreResult<Vec<Tallied>>> {
        self.0.tallies(query)
    }

    fn reports<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Vec<SeenReport>>> {
        self.0.reports(out_id)
    }

    fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(self.1.step(self.0.claim(limit, now, lease_until)))
    }

    fn consume<'a>(
        &'a self,
        verification: &'a str,
        by: Option<RequestId>,
        at: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Consumed>> {
        Box::pin(self.1.step(self.0.consume(verification, by, at)))
    }

    fn claim_conversions(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        self.0.claim_conversions(limit, now, lease_until)
    }

    fn converted<'a>(
        &'a self,
        out_id: &'a OutId,
        again: Option<Timestamp>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.0.converted(out_id, again)
    }

    fn prune(&self, before: Timestamp, limit: usize) -> BoxFuture<'_, StoreResult<usize>> {
        self.0.prune(before, limit)
    }

    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> BoxFuture<'a, StoreResult<()>> {
        self.0.put_key(key)
    }

    fn keys(&self) -> BoxFuture<'_, StoreResult<Vec<ApiKeyRow>>> {
        self.0.keys()
    }

    fn decide<'a>(&'a self, decision: &'a Decision) -> BoxFuture<'a, StoreResult<()>> {
        self.0.decide(decision)
    }

    fn decisions<'a>(
        &'a self,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Decision>>> {
        self.0.decisions(limit, after)
    }

    fn block<'a>(&'a self, block: &'a Block) -> BoxFuture<'a, StoreResult<()>> {
        self.0.block(block)
    }

    fn unblock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Option<Block>>> {
        self.0.unblock(id)
    }

    fn blocks<'a>(
        &'a self,
        now: Timestamp,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Block>>> {
        self.0.blocks(now, limit, after)
    }

    fn rule<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, StoreResult<()>> {
        self.0.rule(verdicts)
    }

    fn verdicts<'a>(
        &'a self,
        search: &'a VerdictSearch,
    ) -> BoxFuture<'a, StoreResult<Vec<Verdict>>> {
        self.0.verdicts(search)
    }

    fn mark<'a>(
        &'a self,
        name: &'a str,
        value: Option<&'a [u8]>,
    ) -> BoxFuture<'a, StoreResult<Option<Vec<u8>>>> {
        self.0.mark(name, value)
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.0.ping()
    }
}
