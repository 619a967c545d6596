//! The journal: one row per message, what became of it, and what operators did.
//!
//! A row is written before the call to the provider and closed after it, so a
//! crash in between leaves a row without an outcome, which somebody claims,
//! asks about, and never sends again. How rows change is decided here, in
//! [`Progress`]; a journal only keeps them.

mod progress;

use std::fmt;

use jiff::Timestamp;
use sesame_connector::OutId;
use sesame_connector::provider::BoxFuture;

pub use progress::{Progress, Receipted, State};

use crate::store::StoreResult;

/// Rows of messages, and what else must outlive a record: consumed
/// verifications, API keys, decisions.
///
/// Every method is one step that is durable when it returns.
pub trait Journal: Send + Sync + fmt::Debug {
    /// Its name in messages and metrics: `memory`, `sqlite`, `postgres`.
    fn name(&self) -> &'static str;

    /// Writes a row before its message is sent. Nothing happens if the out-id
    /// is there already.
    fn open<'a>(&'a self, row: &'a Row) -> BoxFuture<'a, StoreResult<()>>;

    /// Merges what has become known into a row, as [`Progress::merge`] says,
    /// appends the delivery report to its history, if it is one and new, and
    /// sets when to ask next. `now` is when a report was seen.
    /// Gives the row as it is then, or none where there is no such row.
    fn advance<'a>(
        &'a self,
        out_id: &'a OutId,
        news: &'a Progress,
        ask: Ask,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Row>>>;

    /// One row.
    fn message<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Option<Row>>>;

    /// Rows, newest first, at most `search.limit`.
    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, StoreResult<Vec<Row>>>;

    /// The delivery reports of a message in the order they came.
    fn reports<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Vec<SeenReport>>>;

    /// Takes up to `limit` rows whose time to be asked about has come
    /// (`ask_at <= now`) for as long as the lease: until then nobody else gets
    /// them. The taken rows' `ask_at` is set to `lease_until`.
    fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>>;

    /// Notes that a verification was used up, and marks its messages as
    /// confirmed. `true` for the first who says so, `false` for all others.
    fn consume<'a>(
        &'a self,
        verification: &'a str,
        at: Timestamp,
    ) -> BoxFuture<'a, StoreResult<bool>>;

    /// Drops rows and decisions older than `before`, and consumptions too; at
    /// most `limit`. Gives how many were dropped.
    fn prune(&self, before: Timestamp, limit: usize) -> BoxFuture<'_, StoreResult<usize>>;

    /// Writes an API key, or changes the one with its id.
    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> BoxFuture<'a, StoreResult<()>>;

    /// All API keys, revoked ones included.
    fn keys(&self) -> BoxFuture<'_, StoreResult<Vec<ApiKeyRow>>>;

    /// Writes down a decision.
    fn decide<'a>(&'a self, decision: &'a Decision) -> BoxFuture<'a, StoreResult<()>>;

    /// Decisions, newest first.
    fn decisions(
        &self,
        limit: usize,
        before: Option<Timestamp>,
    ) -> BoxFuture<'_, StoreResult<Vec<Decision>>>;

    /// Writes a value under a name, once and for all: where there is one it
    /// stays. Without a value it only reads. Gives what is there then.
    fn mark<'a>(
        &'a self,
        name: &'a str,
        value: Option<&'a [u8]>,
    ) -> BoxFuture<'a, StoreResult<Option<Vec<u8>>>>;

    /// Whether it answers, for `/readyz`.
    fn ping(&self) -> BoxFuture<'_, StoreResult<()>>;
}

/// One message.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Our id of the message.
    pub out_id: OutId,
    /// The verification it belongs to; none for a caller's own code.
    pub verification: Option<String>,
    /// The caller.
    pub app: String,
    /// What the message was for.
    pub usage_type: String,
    /// The number, sealed.
    pub number: Vec<u8>,
    /// A keyed hash of the number, to search by.
    pub number_index: [u8; 16],
    /// The number as people may see it (`+86 138****8000`).
    pub masked: String,
    /// ISO 3166 code of the number's region, or `001`.
    pub country: String,
    /// Who sends (`aliyun-sms`).
    pub provider: String,
    /// When sending began.
    pub created_at: Timestamp,
    /// What is known of it.
    pub progress: Progress,
    /// When the code came back right.
    pub confirmed_at: Option<Timestamp>,
    /// When to ask about it next; none where there is nothing left to ask.
    pub ask_at: Option<Timestamp>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("out_id", &self.out_id)
            .field("app", &self.app)
            .field("to", &self.masked)
            .field("created_at", &self.created_at)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// When a row is to be asked about next, as whoever brings news of it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// As it stands in the row.
    Keep,
    /// Then.
    At(Timestamp),
    /// There is nothing left to ask.
    Never,
}

impl Ask {
    /// What stands in the row afterwards.
    pub fn of(self, stands: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Keep => stands,
            Self::At(time) => Some(time),
            Self::Never => None,
        }
    }
}

/// Which rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Of this caller only.
    pub app: Option<String>,
    /// To this number.
    pub number_index: Option<[u8; 16]>,
    /// In one of these states; in any, where there are none.
    pub states: Vec<State>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// Behind this row: its time and out-id, as the last page ended.
    pub after: Option<(Timestamp, OutId)>,
    /// How many at most.
    pub limit: usize,
}

/// A delivery report that came for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenReport {
    /// When it came.
    pub seen_at: Timestamp,
    /// What it said.
    pub report: Receipted,
}

/// An API key. The secret itself is nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// What the key begins with, and is found by.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// The caller it belongs to.
    pub app: String,
    /// `verify`, `send`, `read`, `admin`.
    pub scopes: Vec<String>,
    /// SHA-256 of the secret, which is long and random.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    pub ends_at: Option<Timestamp>,
}

impl fmt::Debug for ApiKeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRow")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("app", &self.app)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Something that was decided, by the program or by an operator: a block, a
/// lift, a look at a whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// A UUID of version 7.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who: the name of an API key, or `sesame`.
    pub actor: String,
    /// What: a stable word, such as `number_locked`.
    pub action: String,
    /// Whom or what it is about, masked.
    pub subject: String,
    /// Keyed hash of the number it is about, if it is about one.
    pub number_index: Option<[u8; 16]>,
    /// Anything else worth knowing, a JSON object without secrets and numbers.
    pub detail: String,
}
