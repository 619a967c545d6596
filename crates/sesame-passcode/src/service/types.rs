//! What goes into the service and what comes out of it.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sesame_connector::{OutId, Outcome, PhoneNumber, Reading, Refusal, mask_number};
use thiserror::Error as ThisError;

use crate::journal::{Reported as ReportState, Row, Ruling, State};
use crate::limit::{LimitName, Limited};
use crate::store::StoreError;

/// Somebody wants a number verified. Nothing in it is checked yet.
#[derive(Clone, Default)]
pub struct Start {
    /// The caller; verifications of one are invisible to another.
    pub app: String,
    /// A phone number in any notation.
    pub to: String,
    /// What for (`SignIn`).
    pub usage_type: String,
    /// Whatever the caller knows its user's session by; starts of one session
    /// share a verification.
    pub session: Option<String>,
    /// The user's address.
    pub ip: Option<IpAddr>,
    /// The user's language (`zh-CN`), where texts come in several.
    pub locale: Option<String>,
    /// Which request it is, if it may come again.
    pub attempt: Option<Attempt>,
}

/// What tells a request that comes again after a crash from a new one: drawn
/// at random and written down before the first try. Of all tries one is carried
/// out; the others are answered with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The message's id, which was no other message's.
    pub out_id: OutId,
    /// The random part of a new verification's id.
    pub nonce: [u8; 12],
}

/// A code is to be compared.
pub struct Check<'a> {
    /// The caller.
    pub app: &'a str,
    /// The verification's id.
    pub id: &'a str,
    /// The code as the user typed it.
    pub code: &'a str,
    /// Of a request that may come again: where its right code used the
    /// verification up and the answer was lost, it is approved again.
    pub attempt: Option<Attempt>,
}

impl<'a> Check<'a> {
    /// A check that is not known to come again.
    pub fn new(app: &'a str, id: &'a str, code: &'a str) -> Self {
        Self {
            app,
            id,
            code,
            attempt: None,
        }
    }
}

/// A caller that keeps no ids asks for a verification of one of its sessions.
#[derive(Clone)]
pub struct Find {
    /// The caller.
    pub app: String,
    /// What the verification is for.
    pub usage_type: String,
    /// The session it was started in.
    pub session: String,
    /// Which of them.
    pub by: FindBy,
}

/// What a caller knows of a verification.
#[derive(Clone)]
pub enum FindBy {
    /// Its number, in any notation: the newest one is meant.
    Number(String),
    /// The out-id of one of its messages.
    Message(String),
}

/// Somebody wants a message sent whose code they made.
#[derive(Clone, Default)]
pub struct SendOwn {
    /// The caller.
    pub app: String,
    /// A phone number in any notation.
    pub to: String,
    /// How it is read, if not as the connector's configuration says.
    pub reading: Option<Reading>,
    /// What for.
    pub usage_type: String,
    /// Values for the template's variables, and whatever else came along; only
    /// declared variables are sent.
    pub payload: Map<String, Value>,
    /// The user's address.
    pub ip: Option<IpAddr>,
    /// Which request it is, if it may come again.
    pub attempt: Option<Attempt>,
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("app", &self.app)
            .field("to", &mask_number(&self.to))
            .field("usage_type", &self.usage_type)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Find")
            .field("app", &self.app)
            .field("usage_type", &self.usage_type)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FindBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "Number({})", mask_number(number)),
            Self::Message(out_id) => write!(f, "Message({out_id})"),
        }
    }
}

impl fmt::Debug for SendOwn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendOwn")
            .field("app", &self.app)
            .field("to", &mask_number(&self.to))
            .field("usage_type", &self.usage_type)
            .finish_non_exhaustive()
    }
}

/// A verification was started, or goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// As it stands.
    pub verification: Verification,
    /// How sending ended: accepted or unknown.
    pub outcome: Outcome,
    /// Whether it had been started before.
    pub resumed: bool,
}

/// A message with a caller's own code was sent, or may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// How sending ended: accepted or unknown.
    pub outcome: Outcome,
    /// The message's row.
    pub message: MessageView,
}

/// A verification, as its caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// What it is asked for by.
    pub id: String,
    /// The number, masked.
    pub to: String,
    /// What for.
    pub usage_type: String,
    /// Where it stands.
    pub status: Status,
    /// When it began.
    pub created_at: Timestamp,
    /// When its code ends.
    pub expires_at: Timestamp,
    /// When the number may get its next message, by its own limits.
    pub resend_after_secs: u64,
    /// How often it may still be tried.
    pub attempts_left: u32,
    /// Every message that was sent for it, oldest first; none where that was too
    /// long ago to count for a limit.
    pub sends: Vec<SentAt>,
    /// Its last message; none where the journal has no row of it any more.
    pub message: Option<MessageView>,
}

/// A message of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAt {
    /// Our id of it.
    pub out_id: String,
    /// When sending began.
    pub at: Timestamp,
}

/// Where a verification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It waits for its code.
    Pending,
    /// The right code came.
    Approved,
    /// Its time is over.
    Expired,
    /// It was tried too often.
    Exhausted,
    /// Its caller ended it.
    Canceled,
}

impl Status {
    /// The name in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Expired => "expired",
            Self::Exhausted => "exhausted",
            Self::Canceled => "canceled",
        }
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Right, and nobody was told so before.
    Approved(Approved),
    /// Wrong.
    Mismatch {
        /// How often it may be tried again.
        attempts_left: u32,
    },
    /// What was given is no code: other signs than digits, or not as many
    /// digits as codes have. It was not compared, and is not counted.
    Malformed {
        /// How often it may still be tried.
        attempts_left: u32,
    },
    /// Its time is over.
    Expired,
    /// It was tried too often; perhaps just now.
    Exhausted,
    /// It was approved before.
    Consumed,
    /// Its caller ended it.
    Canceled,
    /// Too many wrong codes for this number. The code was not compared.
    Locked(Limited),
}

impl CheckOutcome {
    /// The name in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Approved(_) => "approved",
            Self::Mismatch { .. } => "mismatch",
            Self::Malformed { .. } => "malformed",
            Self::Expired => "expired",
            Self::Exhausted => "exhausted",
            Self::Consumed => "consumed",
            Self::Canceled => "canceled",
            Self::Locked(_) => "locked",
        }
    }
}

/// A number was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The verification's id.
    pub verification: String,
    /// Which number.
    pub number: PhoneNumber,
    /// What it is called in tokens.
    pub subject: String,
    /// What for.
    pub usage_type: String,
}

/// Nothing was sent.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum StartError {
    /// What was asked for makes no sense.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A limit; the provider was not called.
    #[error("refused by the limit {}", .0.limit.as_str())]
    Limited(Limited),
    /// By the configuration or the provider.
    #[error("the message was refused: {}", .0.cause)]
    Refused(Box<Refusal>),
    /// The store or the journal did not answer. Nothing was sent.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A field of a request makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{field} {reason}")]
pub struct Invalid {
    /// Which.
    pub field: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// An operator lifted what wrong codes had brought on a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// The number, masked.
    pub to: String,
    /// Whether it was locked.
    pub was_locked: bool,
    /// How many wrong codes in a row there were.
    pub failures: u32,
}

/// Nothing was lifted.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum LiftError {
    /// The number cannot be read.
    #[error(transparent)]
    Number(#[from] sesame_connector::PhoneError),
    /// The store or the journal did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which messages are wanted.
#[derive(Clone, Default)]
pub struct MessageQuery {
    /// Of this caller only.
    pub app: Option<String>,
    /// To this number, in any notation.
    pub to: Option<String>,
    /// The same by the number's blind index.
    pub number_index: Option<[u8; 16]>,
    /// In one of these states; in any, where there are none.
    pub states: Vec<State>,
    /// For this.
    pub usage_type: Option<String>,
    /// With such a delivery report.
    pub delivery: Option<ReportState>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// How many messages may be looked at, where no index finds just those that
    /// are wanted; without it as many as there are. A page that ends for that
    /// may hold few messages or none, and has a cursor.
    pub reach: Option<usize>,
    /// [`Page::next_cursor`] of the page before.
    pub cursor: Option<String>,
    /// How many, from 1 to 200; 50 if not said.
    pub limit: Option<usize>,
}

impl fmt::Debug for MessageQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageQuery")
            .field("app", &self.app)
            .field("to", &self.to.as_deref().map(mask_number))
            .field("states", &self.states)
            .finish_non_exhaustive()
    }
}

/// Messages, or a verification, were not looked for.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum QueryError {
    /// The number cannot be read.
    #[error(transparent)]
    Number(#[from] sesame_connector::PhoneError),
    /// Another part of the query makes no sense.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The journal did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Some messages, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub items: Vec<MessageView>,
    /// What to ask on with, if there are more.
    pub next_cursor: Option<String>,
}

/// One message, without its code and its whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView {
    /// Our id of it.
    pub out_id: String,
    /// The verification it belongs to.
    pub verification: Option<String>,
    /// The caller.
    pub app: String,
    /// What for.
    pub usage_type: String,
    /// The number, masked.
    pub to: String,
    /// ISO letters of the number's country, or `001`.
    pub country: String,
    /// When sending began.
    pub created_at: Timestamp,
    /// How far it came.
    pub state: State,
    /// The provider's code or ours, of a refusal or a doubt.
    pub code: Option<String>,
    /// Id of the API call.
    pub request_id: Option<String>,
    /// The provider's id of it.
    pub biz_id: Option<String>,
    /// Whether it arrived; none without a report.
    pub delivered: Option<bool>,
    /// The carrier's code of the report.
    pub delivery_code: Option<String>,
    /// When it arrived, or failed to, by the report.
    pub reported_at: Option<Timestamp>,
    /// When its code came back right.
    pub confirmed_at: Option<Timestamp>,
    /// Name of the [carrier](sesame_connector::Carrier) by a mainland number's
    /// prefix; empty elsewhere.
    pub carrier: String,
    /// When the answer to sending it came, or was found.
    pub ended_at: Option<Timestamp>,
    /// Who sent it (`aliyun-sms`).
    pub provider: String,
}

impl MessageView {
    /// How sending ended: `sending`, `accepted`, `refused` or `unknown`.
    pub fn outcome(&self) -> &'static str {
        match self.state {
            State::FinallyUnknown => State::Unknown.as_str(),
            state => state.as_str(),
        }
    }
}

impl From<Row> for MessageView {
    fn from(row: Row) -> Self {
        let report = row.progress.report;
        Self {
            out_id: row.out_id.to_string(),
            verification: row.verification,
            app: row.app,
            usage_type: row.usage_type,
            to: row.masked,
            country: row.country,
            created_at: row.created_at,
            state: row.progress.state,
            code: row.progress.code,
            request_id: row.progress.request_id,
            biz_id: row.progress.biz_id,
            delivered: report.as_ref().map(|report| report.delivered),
            delivery_code: report.as_ref().and_then(|report| report.code.clone()),
            reported_at: report.and_then(|report| report.reported_at),
            confirmed_at: row.confirmed_at,
            carrier: row.carrier,
            ended_at: row.progress.ended_at,
            provider: row.provider,
        }
    }
}

/// Which decisions of limits are wanted.
#[derive(Clone, Default)]
pub struct VerdictQuery {
    /// About this number, in any notation.
    pub to: Option<String>,
    /// The same by the number's blind index.
    pub number_index: Option<[u8; 16]>,
    /// Of this limit.
    pub limit_name: Option<LimitName>,
    /// Refused, or only watched.
    pub ruling: Option<Ruling>,
    /// Behind this one: its time and id, as the last page ended.
    pub after: Option<(Timestamp, String)>,
    /// How many at most.
    pub limit: usize,
}

impl fmt::Debug for VerdictQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerdictQuery")
            .field("to", &self.to.as_deref().map(mask_number))
            .field("limit_name", &self.limit_name)
            .field("ruling", &self.ruling)
            .finish_non_exhaustive()
    }
}

/// What a limit decided within an hour about messages that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictView {
    /// Its id.
    pub id: String,
    /// The first time.
    pub at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
    /// How often.
    pub count: i64,
    /// What was decided.
    pub ruling: Ruling,
    /// The limit's name.
    pub limit: String,
    /// The caller.
    pub app: String,
    /// What for; empty where too many were alike.
    pub usage_type: String,
    /// ISO letters of the number's country, or `001`; empty like the usage type.
    pub country: String,
    /// The number, masked; none of many.
    pub to: Option<String>,
    /// Whom the limit counts: a masked number, a prefix without its last digits,
    /// an address, the letters of a country, or `all`.
    pub subject: String,
    /// The figures or the entry of a list that decided, the last time.
    pub reason: String,
    /// Until when the limit holds; none where time does not end it.
    pub until: Option<Timestamp>,
}

/// Delivery reports were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The body that says so to the provider, JSON.
    pub acknowledgement: String,
    /// How many were of messages known here.
    pub matched: usize,
    /// How many were not: another sender's, or made up.
    pub unmatched: usize,
    /// How many could not be read.
    pub unreadable: usize,
}

/// Delivery reports were not taken.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ReportsError {
    /// The body is none of the provider's.
    #[error(transparent)]
    Unreadable(#[from] sesame_connector::provider::ReportError),
    /// They could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one round of work in the background did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// How many messages were asked about.
    pub asked: usize,
    /// How many of them are settled now.
    pub settled: usize,
    /// How many old entries the store dropped.
    pub purged: usize,
    /// How many old rows the journal dropped.
    pub pruned: usize,
    /// How many rows of what limits decided were written.
    pub ruled: usize,
}

impl Ticked {
    /// Whether there is more to clean up at once. Questions wait for their
    /// time.
    pub fn is_busy(&self) -> bool {
        self.purged.max(self.pruned) >= super::CLEANED_AT_ONCE
    }
}

impl From<Limited> for StartError {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

impl CheckOutcome {
    /// Which limit kept the code from being compared.
    pub fn limit(&self) -> Option<LimitName> {
        match self {
            Self::Locked(limited) => Some(limited.limit),
            _ => None,
        }
    }
}
