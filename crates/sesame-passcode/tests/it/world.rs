//! Everything around the service.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sesame_connector::config::{ConnectorConfig, Format, NoLookup};
use sesame_connector::provider::{
    self, BoxFuture, FindError, FindFailure, Found, FoundMessage, Provider, ReportError, Reports,
    Sought,
};
use sesame_connector::{
    Connector, Delivery, Doubt, Kind, Outcome, Prepared, Receipt, Refusal, Source, Stage, Text,
    Transport,
};
use sesame_passcode::store::memory::{Faults, MemoryJournal, MemoryStore};
use sesame_passcode::{
    Check, CheckOutcome, CodeKey, Keys, Limited, NumberKey, Parts, Passcodes, Policy, Start,
    StartError, Started,
};
use tokio::sync::Notify;

pub(crate) const PHONE: &str = "+8613800138000";

/// A clock that stands until it is moved, and random bytes that are the same in
/// every run.
#[derive(Debug)]
pub(crate) struct Clock {
    now: Mutex<Timestamp>,
    drawn: AtomicU64,
}

impl Clock {
    fn new() -> Self {
        let noon = "2026-11-22T04:00:00Z".parse().expect("a time");
        Self {
            now: Mutex::new(noon),
            drawn: AtomicU64::new(1),
        }
    }

    pub(crate) fn set(&self, now: Timestamp) {
        *lock(&self.now) = now;
    }

    pub(crate) fn advance_millis(&self, millis: i64) {
        *lock(&self.now) += SignedDuration::from_millis(millis);
    }

    pub(crate) fn advance(&self, secs: i64) {
        *lock(&self.now) += SignedDuration::from_secs(secs);
    }
}

impl Source for Clock {
    fn now(&self) -> Timestamp {
        *lock(&self.now)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = mixed(self.drawn.fetch_add(1, Ordering::SeqCst));
            chunk.copy_from_slice(&drawn.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// SplitMix64.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the provider does with the next message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    /// Takes it, and its answer is lost.
    TakenInSilence,
    /// Never gets it, and nobody knows.
    Lost,
    /// Refuses it.
    Refuse(Kind, Option<Duration>),
    /// Takes it, and answers when [`Phones::answer_now`] is called.
    TakenSlowly,
}

/// A message that arrived at the provider.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) to: String,
    pub(crate) code: String,
    pub(crate) out_id: String,
}

/// A provider that remembers every message it was handed.
pub(crate) struct Phones {
    clock: Arc<Clock>,
    faults: Faults,
    taken: Mutex<Vec<Taken>>,
    replies: Mutex<VecDeque<Reply>>,
    calls: AtomicU64,
    delivers: Mutex<bool>,
    slow: Notify,
    /// The code of the error that whoever asks gets.
    silence: Mutex<Option<&'static str>>,
    asked: AtomicU64,
}

impl Phones {
    pub(crate) fn taken(&self) -> Vec<Taken> {
        lock(&self.taken).clone()
    }

    /// The last code that was sent to a number.
    pub(crate) fn code(&self, to: &str) -> String {
        let taken = lock(&self.taken);
        let last = taken.iter().rfind(|taken| taken.to == to);
        last.expect("a message").code.clone()
    }

    /// How often it was called to send, whatever came of it.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn will(&self, answer: Reply) {
        lock(&self.replies).push_back(answer);
    }

    /// Answers a message that was taken slowly.
    pub(crate) fn answer_now(&self) {
        self.slow.notify_one();
    }

    /// From now on, whoever asks gets this error, or none.
    pub(crate) fn say_nothing(&self, code: Option<&'static str>) {
        *lock(&self.silence) = code;
    }

    /// How often it was asked about a message.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// From now on, whoever asks hears that messages arrived.
    pub(crate) fn deliver(&self) {
        *lock(&self.delivers) = true;
    }

    fn take(&self, message: &Prepared) {
        let code = message.params.iter().find(|(name, _)| name == "code");
        lock(&self.taken).push(Taken {
            to: message.to.e164(),
            code: code.expect("a code").1.clone(),
            out_id: message.out_id.to_string(),
        });
    }

    fn accepted(&self, message: &Prepared) -> Outcome {
        self.take(message);
        Outcome::Accepted(Receipt {
            out_id: message.out_id.clone(),
            biz_id: Some("biz".to_owned()),
            request_id: Some("request".to_owned()),
            sent_at: self.clock.now(),
        })
    }

    fn unknown(&self, message: &Prepared) -> Outcome {
        Outcome::Unknown(Doubt {
            out_id: message.out_id.clone(),
            request_id: None,
            code: "timed_out".to_owned(),
            cause: text(),
            cure: text(),
            sent_at: self.clock.now(),
        })
    }

    fn answer(&self, message: &Prepared) -> Outcome {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let answer = lock(&self.replies).pop_front();
        match answer {
            None | Some(Reply::TakenSlowly) => self.accepted(message),
            Some(Reply::TakenInSilence) => {
                self.take(message);
                self.unknown(message)
            }
            Some(Reply::Lost) => self.unknown(message),
            Some(Reply::Refuse(kind, retry_after)) => Outcome::Refused(Refusal {
                out_id: message.out_id.clone(),
                request_id: Some("request".to_owned()),
                code: "isv.REFUSED".to_owned(),
                kind,
                stage: Stage::Provider,
                cause: text(),
                cure: text(),
                retry_after,
                is_transient: kind == Kind::RateLimit,
            }),
        }
    }
}

fn failed(code: &str) -> FindError {
    FindError::Failed(Box::new(FindFailure {
        code: code.to_owned(),
        cause: text(),
        cure: text(),
        is_transient: code == "timed_out",
    }))
}

fn text() -> Text {
    Text {
        en: "a test said so".into(),
        zh: "测试".into(),
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
            let is_slow = matches!(lock(&self.replies).front(), Some(Reply::TakenSlowly));
            let answered = self.faults.step(|| self.answer(message)).await;
            if is_slow {
                self.slow.notified().await;
            }
            answered.unwrap_or_else(|_| self.unknown(message))
        })
    }

    fn find<'a>(&'a self, sought: &'a Sought) -> BoxFuture<'a, Found> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let silence = *lock(&self.silence);
            if let Some(code) = silence {
                return Err(failed(code));
            }
            let find = || {
                let taken = lock(&self.taken);
                let out_id = sought.out_id.as_str();
                let to = sought.to.e164();
                taken
                    .iter()
                    .any(|taken| taken.out_id == out_id && taken.to == to)
            };
            match self.faults.step(find).await {
                Ok(true) => Ok(Some(FoundMessage {
                    delivery: match *lock(&self.delivers) {
                        true => Delivery::Delivered,
                        false => Delivery::Waiting,
                    },
                    sent_at: None,
                    reported_at: None,
                })),
                Ok(false) => Ok(None),
                Err(_) => Err(failed("timed_out")),
            }
        })
    }

    fn parse_reports(&self, body: &[u8]) -> Result<Reports, ReportError> {
        // As the real one reads them; it takes a while to make.
        let transport = Transport::new().expect("a transport");
        let aliyun = provider::from_config(&config(), self.clock.clone(), &transport);
        aliyun.expect("a provider").parse_reports(body)
    }
}

/// The service and all around it.
pub(crate) struct World {
    pub(crate) clock: Arc<Clock>,
    pub(crate) phones: Arc<Phones>,
    pub(crate) faults: Faults,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) parts: Parts,
    pub(crate) passcodes: Passcodes,
}

fn config() -> ConnectorConfig {
    let text = r#"{
        "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "测试",
        "templates": [{ "usageType": "Generic", "templateCode": { "china": "SMS_1", "overseas": "SMS_2" } }],
    }"#;
    let checked = ConnectorConfig::parse(text, Format::Json, &NoLookup);
    checked.into_valid().expect("a valid configuration")
}

pub(crate) fn keys() -> Keys {
    let code = CodeKey::new("2026-11", [0xc0; 32]);
    Keys::new(code, Vec::new(), NumberKey::new([0x17; 32]))
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        let clock = Arc::new(Clock::new());
        let faults = Faults::default();
        let phones = Arc::new(Phones {
            clock: clock.clone(),
            faults: faults.clone(),
            taken: Mutex::default(),
            replies: Mutex::default(),
            calls: AtomicU64::new(0),
            delivers: Mutex::new(false),
            slow: Notify::new(),
            silence: Mutex::default(),
            asked: AtomicU64::new(0),
        });
        let store = Arc::new(MemoryStore::with_faults(faults.clone()));
        let journal = Arc::new(MemoryJournal::with_faults(faults.clone()));
        let parts = Parts {
            store: store.clone(),
            journal: journal.clone(),
            connector: Connector::new(config(), phones.clone(), clock.clone()),
            keys: Arc::new(keys()),
            policy,
            source: clock.clone(),
            events: Arc::new(()),
            polling: false,
            retention: Duration::from_secs(30 * 86_400),
        };
        let passcodes = Passcodes::new(parts.clone()).expect("a valid policy");
        Self {
            clock,
            phones,
            faults,
            store,
            journal,
            parts,
            passcodes,
        }
    }

    /// The process died and another one runs, on the same store and journal.
    pub(crate) fn restart(&mut self) {
        self.faults.disarm();
        self.change(|_| {});
    }

    /// Another process runs, with other parts.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Parts)) {
        change(&mut self.parts);
        self.passcodes = Passcodes::new(self.parts.clone()).expect("a valid policy");
    }

    pub(crate) async fn start(&self, to: &str) -> Result<Started, StartError> {
        self.passcodes.start(start(to)).await
    }

    /// Starts, and gives the id.
    pub(crate) async fn started(&self, to: &str) -> String {
        self.start(to).await.expect("a start").verification.id
    }

    pub(crate) async fn check(&self, id: &str, code: &str) -> CheckOutcome {
        let checked = self.passcodes.check(Check::new("web", id, code)).await;
        checked.expect("an answer").expect("a known id")
    }
}

pub(crate) fn start(to: &str) -> Start {
    Start {
        app: "web".to_owned(),
        to: to.to_owned(),
        usage_type: "SignIn".to_owned(),
        ..Start::default()
    }
}

/// The limit that refused.
pub(crate) fn limited<T: fmt::Debug>(result: Result<T, StartError>) -> Limited {
    match result {
        Err(StartError::Limited(limited)) => limited,
        other => panic!("no limit: {other:?}"),
    }
}

/// A code that is not the right one, and so many digits long.
pub(crate) fn wrong(code: &str, number: u32) -> String {
    let right: u32 = code.parse().expect("digits");
    format!("{:06}", (right + 1 + number) % 1_000_000)
}
