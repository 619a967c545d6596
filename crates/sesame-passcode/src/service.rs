//! The service: what a server, or a program that embeds this crate, calls.
//!
//! It strings together the rules, the counters, the store and the journal in
//! the order that survives a crash (`DESIGN.md` §5); what is decided is decided
//! elsewhere.

mod again;
mod blocks;
mod charge;
mod events;
mod ledger;
mod start;
mod types;
mod verdicts;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sesame_connector::{Connector, Outcome, PhoneNumber, Source};
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use tracing::field::Empty;

pub use blocks::Held;
pub use events::{About, Converted, Converting, Events};
pub use types::{
    Approved, Attempt, Check, CheckOutcome, Find, FindBy, Invalid, LiftError, Lifted, MessageQuery,
    MessageView, Page, QueryError, Reported, ReportsError, SendOwn, Sent, SentAt, Start,
    StartError, Started, Status, Ticked, VerdictQuery, VerdictView, Verification,
};

use crate::deliver::Deliver;
use crate::id::VerificationId;
use crate::journal::{Decision, Journal};
use crate::keys::Keys;
use crate::numbers::Numbers;
use crate::policy::{Policy, PolicyError};
use crate::record::NumberRecord;
use crate::store::{Store, StoreError, StoreResult};

/// How many messages may be on their way at once; more wait.
const MOST_SENDING: u32 = 4096;

/// How much is cleaned up in one round.
const CLEANED_AT_ONCE: usize = 500;

/// What the service is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Where records and counters live.
    pub store: Arc<dyn Store>,
    /// Where messages are written down.
    pub journal: Arc<dyn Journal>,
    /// Who sends.
    pub connector: Connector,
    /// All keys.
    pub keys: Arc<Keys>,
    /// What the operator decided.
    pub policy: Policy,
    /// Time and randomness.
    pub source: Arc<dyn Source>,
    /// Who counts what happens.
    pub events: Arc<dyn Events>,
    /// Whether delivery reports are asked for, because the account cannot have
    /// them pushed.
    pub polling: bool,
    /// How long the journal keeps messages.
    pub retention: Duration,
}

/// Starts and checks verifications, sends messages, and knows what became of
/// them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Passcodes {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    numbers: Numbers,
    deliver: Deliver,
    parts: Parts,
    /// A permit for each message on its way.
    sending: Arc<Semaphore>,
    /// Which blocks are written down already.
    noted: blocks::Noted,
    /// Which counters were full when this server last looked.
    full: blocks::Noted,
    /// What limits decided and is not written down yet.
    ledger: ledger::Ledger,
}

impl Passcodes {
    /// A service of these parts.
    ///
    /// # Errors
    /// Where the policy cannot be followed.
    pub fn new(parts: Parts) -> Result<Self, PolicyError> {
        parts.policy.validate()?;
        let inner = Inner {
            numbers: Numbers::new(
                parts.store.clone(),
                parts.keys.clone(),
                parts.source.clone(),
            ),
            deliver: Deliver::new(&parts),
            parts,
            sending: Arc::new(Semaphore::new(MOST_SENDING as usize)),
            noted: blocks::Noted::default(),
            full: blocks::Noted::default(),
            ledger: ledger::Ledger::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Makes sure that the store and the journal were written with these keys.
    /// To be called before anything else: with others no number is found again,
    /// and every limit begins anew.
    ///
    /// # Errors
    /// Where other keys wrote them, or one does not answer.
    pub async fn verify_keys(&self) -> StoreResult<()> {
        let parts = &self.inner.parts;
        let (store, journal) = (&*parts.store, &*parts.journal);
        crate::keys::verify(&parts.keys, store, journal, &*parts.source).await
    }

    /// Sends a code to a number, in a new verification or, within the life of
    /// one of the same caller, session and usage type, in that one.
    ///
    /// Once it has begun it runs to its end, whatever becomes of the future.
    ///
    /// # Errors
    /// Where nothing was sent: a limit, a refusal, a store that does not answer.
    pub async fn start(&self, request: Start) -> Result<Started, StartError> {
        let request = self.inner.read_start(request)?;
        let inner = self.inner.clone();
        let span = tracing::debug_span!("start", outcome = Empty);
        let work = self.to_its_end(async move { inner.start(request).await });
        let started = work.instrument(span.clone()).await;
        span.record("outcome", told(&started, |started| &started.outcome));
        started
    }

    /// Sends a message whose code somebody else made, under the same limits.
    /// Runs to its end like [`Passcodes::start`].
    ///
    /// # Errors
    /// Where nothing was sent.
    pub async fn send(&self, request: SendOwn) -> Result<Sent, StartError> {
        let request = self.inner.read_own(request)?;
        let inner = self.inner.clone();
        let span = tracing::debug_span!("message", outcome = Empty);
        let work = self.to_its_end(async move { inner.send_own(request).await });
        let sent = work.instrument(span.clone()).await;
        span.record("outcome", told(&sent, |sent| &sent.outcome));
        sent
    }

    /// The id of the verification that a start without a session begins under
    /// this attempt, before it has.
    pub fn id_of(&self, number: &PhoneNumber, attempt: &Attempt) -> String {
        let keys = &self.inner.parts.keys;
        let id = VerificationId {
            nonce: attempt.nonce,
            record: keys.record(number),
        };
        id.encode(keys)
    }

    /// Whether a verification's id is of this number. What is no id is of none.
    pub fn is_of(&self, id: &str, number: &PhoneNumber) -> bool {
        let keys = &self.inner.parts.keys;
        VerificationId::decode(id, keys).is_some_and(|id| id.record == keys.record(number))
    }

    /// Compares a code. `None` for an id that was never this caller's, or is
    /// forgotten.
    ///
    /// # Errors
    /// Where it could not be counted; nothing is told then.
    pub async fn check(&self, check: Check<'_>) -> Result<Option<CheckOutcome>, StoreError> {
        let span = tracing::debug_span!("check", outcome = Empty);
        let work = self.inner.check(&check);
        let checked = work.instrument(span.clone()).await;
        if let Ok(Some(outcome)) = &checked {
            span.record("outcome", outcome.as_str());
        }
        checked
    }

    /// A verification as it stands. `None` as with [`Passcodes::check`].
    ///
    /// # Errors
    /// Where the store or the journal does not answer.
    pub async fn verification(
        &self,
        app: &str,
        id: &str,
    ) -> Result<Option<Verification>, StoreError> {
        self.inner.verification(app, id).await
    }

    /// A verification as it stands, for callers that keep no ids. `None` where
    /// there is none of that caller, session and usage type.
    ///
    /// # Errors
    /// Where the number or the session makes no sense, or the store or the
    /// journal does not answer.
    pub async fn find(&self, find: Find) -> Result<Option<Verification>, QueryError> {
        self.inner.find(find).await
    }

    /// Ends a verification, if it has not ended otherwise, and gives it as it
    /// stands then. `None` as with [`Passcodes::check`].
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn cancel(&self, app: &str, id: &str) -> Result<Option<Verification>, StoreError> {
        self.inner.cancel(app, id).await
    }

    /// Takes a pushed body of delivery reports.
    ///
    /// # Errors
    /// Where it is none, or could not be written down: then it has to be pushed
    /// again.
    pub async fn reports(&self, body: &[u8]) -> Result<Reported, ReportsError> {
        self.inner.deliver.reports(body, self.inner.now()).await
    }

    /// A page of messages, newest first.
    ///
    /// # Errors
    /// Where the query makes no sense, or the journal does not answer.
    pub async fn messages(&self, query: MessageQuery) -> Result<Page, QueryError> {
        self.inner.deliver.messages(query).await
    }

    /// One message; with `app`, only of that caller.
    ///
    /// # Errors
    /// Where the journal does not answer.
    pub async fn message(
        &self,
        app: Option<&str>,
        out_id: &str,
    ) -> StoreResult<Option<MessageView>> {
        self.inner.deliver.message(app, out_id).await
    }

    /// Forgets the wrong codes of a number, and lifts its lock. It is written
    /// down who did it.
    ///
    /// # Errors
    /// Where the number cannot be read, or the store or the journal does not
    /// answer.
    pub async fn lift(&self, actor: &str, to: &str) -> Result<Lifted, LiftError> {
        self.inner.lift(actor, to).await
    }

    /// What limits hold back at present, the longest first; what is behind
    /// `after`, the end and the id of the last one.
    ///
    /// # Errors
    /// Where the journal does not answer.
    pub async fn blocks(
        &self,
        limit: usize,
        after: Option<&(Timestamp, String)>,
    ) -> StoreResult<Vec<Held>> {
        self.inner.held(limit, after).await
    }

    /// What limits decided about messages, newest first. What was decided since
    /// the last [`tick`](Passcodes::tick) is not in it.
    ///
    /// # Errors
    /// Where the number cannot be read, or the journal does not answer.
    pub async fn verdicts(&self, query: VerdictQuery) -> Result<Vec<VerdictView>, QueryError> {
        self.inner.verdicts(query).await
    }

    /// Lifts one of them, and forgets what was counted for it. It is written
    /// down who did it. `None` where there is none such, or none that can be
    /// lifted.
    ///
    /// # Errors
    /// Where the store or the journal does not answer.
    pub async fn lift_block(&self, actor: &str, id: &str) -> StoreResult<Option<Held>> {
        self.inner.lift_block(actor, id).await
    }

    /// The whole number of a message. It is written down who saw it, before it
    /// is given.
    ///
    /// # Errors
    /// Where the journal does not answer.
    pub async fn show_number(&self, actor: &str, out_id: &str) -> StoreResult<Option<String>> {
        let Some((number, _)) = self.inner.deliver.number_of(out_id).await? else {
            return Ok(None);
        };
        let detail = serde_json::json!({ "out_id": out_id });
        let decided = self.inner.decide(actor, "number_shown", &number, detail);
        decided.await?;
        Ok(Some(number.e164()))
    }

    /// Writes down what an operator did. Neither the subject nor the detail may
    /// hold a secret or a whole number.
    ///
    /// # Errors
    /// Where the journal does not answer.
    pub async fn write_down(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        detail: serde_json::Value,
    ) -> StoreResult<()> {
        let inner = &self.inner;
        inner.write_down(actor, action, subject, None, detail).await
    }

    /// One round of work in the background: asks about messages that are in
    /// doubt, writes down what limits decided, and drops what is too old. Call it
    /// in a loop, about once a second; any number of servers may.
    ///
    /// # Errors
    /// Where the store or the journal does not answer; the next round does what
    /// was left.
    pub async fn tick(&self) -> Result<Ticked, StoreError> {
        let ticked = self.inner.tick().await?;
        self.inner.drop_old(ticked).await
    }

    /// The same, but nothing is dropped: where the clock may not be right.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub async fn tick_and_keep(&self) -> Result<Ticked, StoreError> {
        self.inner.tick().await
    }

    /// Tells the provider of messages to numbers outside the mainland whose codes
    /// came back; each is told of once. Gives how many were taken up. Call it in
    /// a loop beside [`Passcodes::tick`]; any number of servers may.
    ///
    /// # Errors
    /// Where the journal does not answer.
    pub async fn tell_conversions(&self) -> StoreResult<usize> {
        self.inner.deliver.convert_due(self.inner.now()).await
    }

    /// Tells the provider, once an hour, the share of messages to numbers outside
    /// the mainland whose codes came back. In the same loop.
    ///
    /// # Errors
    /// Where the store or the journal does not answer.
    pub async fn tell_conversion_rate(&self) -> StoreResult<()> {
        let inner = &self.inner;
        let store = &*inner.parts.store;
        inner.deliver.convert_rate(store, inner.now()).await
    }

    /// Waits until every message on its way has been answered and written down.
    /// Nothing is sent any more afterwards.
    pub async fn finish(&self) {
        // Closed only here, and it does not matter then.
        let all = self.inner.sending.acquire_many(MOST_SENDING).await;
        if all.is_ok() {
            self.inner.sending.close();
        }
        if let Err(error) = self.inner.write_verdicts().await {
            tracing::warn!(%error, "what limits decided last could not be written down");
        }
    }

    /// Runs a task that nobody can cancel, as one of those [`Passcodes::finish`]
    /// waits for.
    async fn to_its_end<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, StartError>> + Send + 'static,
    ) -> Result<T, StartError> {
        let permit = self.inner.sending.clone().acquire_owned().await;
        let permit = permit.map_err(|_| shutting_down())?;
        let task = async move {
            let ended = task.await;
            drop(permit);
            ended
        };
        match tokio::spawn(task.in_current_span()).await {
            Ok(ended) => ended,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(shutting_down()),
            },
        }
    }
}

/// How sending ended, in a word.
fn told<T>(ended: &Result<T, StartError>, outcome: impl FnOnce(&T) -> &Outcome) -> &'static str {
    match ended {
        Ok(ended) => outcome(ended).as_str(),
        Err(StartError::Invalid(_)) => "invalid",
        Err(StartError::Limited(_)) => "limited",
        Err(StartError::Refused(_)) => "refused",
        Err(StartError::Store(_)) => "unavailable",
    }
}

fn shutting_down() -> StartError {
    StartError::Store(StoreError::Unavailable {
        store: "sesame",
        reason: "it is shutting down".to_owned(),
    })
}

impl Inner {
    /// To the millisecond, as everything is stored.
    fn now(&self) -> Timestamp {
        let now = self.parts.source.now().as_millisecond();
        Timestamp::from_millisecond(now).unwrap_or_default()
    }

    /// The number of a record, as the border reads it.
    fn number(&self, record: &NumberRecord) -> StoreResult<PhoneNumber> {
        crate::deliver::number(&record.number.0).ok_or_else(|| StoreError::Corrupt {
            store: self.parts.store.name(),
            reason: "a number's record holds no number".to_owned(),
        })
    }

    async fn tick(&self) -> StoreResult<Ticked> {
        let now = self.now();
        let mut ticked = self.deliver.settle_due(now).await?;
        ticked.ruled = self.write_verdicts().await?;
        Ok(ticked)
    }

    async fn drop_old(&self, mut ticked: Ticked) -> StoreResult<Ticked> {
        let now = self.now();
        ticked.purged = self.parts.store.purge(CLEANED_AT_ONCE, now).await?;
        let before = now
            .saturating_sub(self.parts.retention)
            .unwrap_or(Timestamp::MIN);
        ticked.pruned = self.parts.journal.prune(before, CLEANED_AT_ONCE).await?;
        Ok(ticked)
    }

    /// Writes down what was decided about a number.
    async fn decide(
        &self,
        actor: &str,
        action: &str,
        number: &PhoneNumber,
        detail: serde_json::Value,
    ) -> StoreResult<()> {
        let index = self.parts.keys.number_index(number);
        let subject = number.masked();
        self.write_down(actor, action, &subject, Some(index), detail)
            .await
    }

    async fn write_down(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        number_index: Option<[u8; 16]>,
        detail: serde_json::Value,
    ) -> StoreResult<()> {
        let at = self.now();
        let decision = Decision {
            id: uuid_7(at, &*self.parts.source),
            at,
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            number_index,
            detail: detail.to_string(),
        };
        self.parts.journal.decide(&decision).await
    }
}

/// A UUID of version 7 (RFC 9562 §5.7): the time in milliseconds, then random
/// bits.
fn uuid_7(at: Timestamp, source: &dyn Source) -> String {
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    bytes[..6].copy_from_slice(&at.as_millisecond().to_be_bytes()[2..]);
    bytes[6] = bytes[6] & 0x0f | 0x70;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crate::keys::hex(&bytes);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}
