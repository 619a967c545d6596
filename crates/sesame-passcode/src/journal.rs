//! The journal: one row per message, what became of it, and what operators did.
//!
//! A row is written before the call to the provider and closed after it, so a
//! crash in between leaves a row without an outcome, which somebody claims,
//! asks about, and never sends again. How rows change is decided here, in
//! [`Progress`]; a journal only keeps them.

mod progress;
mod tally;
mod verdict;

use std::fmt;

use jiff::Timestamp;
use sesame_connector::OutId;
use sesame_connector::provider::BoxFuture;

pub use progress::{Progress, Receipted, State};
pub use tally::{Counts, Span, Tallied, TallyQuery};
pub use verdict::{Ruling, Verdict, VerdictSearch};

use crate::store::StoreResult;

/// What tells a request that comes again after a crash from all others.
pub type RequestId = [u8; 12];

/// What the journal says to whoever uses a verification up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumed {
    /// Nobody had before.
    First,
    /// The same request had, and may not have heard of it.
    Again,
    /// Another request had, or one that is not known.
    Before,
}

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

    /// How far back `how_far` rows behind `search.after` lie, by the one filter
    /// of the search that an index answers ([`Search::lead`]); none where there
    /// are fewer. With it as [`Search::back_to`] a search looks at no more rows
    /// than that, however few of them fit.
    fn reach<'a>(
        &'a self,
        search: &'a Search,
        how_far: usize,
    ) -> BoxFuture<'a, StoreResult<Option<(Timestamp, OutId)>>>;

    /// What messages of a time came to, by country and carrier. Kept up to date
    /// with every row, so that it costs the same however many rows there are.
    fn tallies<'a>(&'a self, query: &'a TallyQuery) -> BoxFuture<'a, StoreResult<Vec<Tallied>>>;

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

    /// Notes that a verification was used up, and by which request, if that is
    /// known; marks its messages as confirmed, and of those to numbers outside
    /// the mainland, that their provider may be told. One request alone is the
    /// first.
    fn consume<'a>(
        &'a self,
        verification: &'a str,
        by: Option<RequestId>,
        at: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Consumed>>;

    /// Takes up to `limit` messages to numbers outside the mainland whose codes
    /// came back and whose provider is to be told now, for as long as the lease,
    /// as [`Journal::claim`] does.
    fn claim_conversions(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>>;

    /// Notes when its provider is to be told of a message's code again; without a
    /// time, never.
    fn converted<'a>(
        &'a self,
        out_id: &'a OutId,
        again: Option<Timestamp>,
    ) -> BoxFuture<'a, StoreResult<()>>;

    /// Drops rows, decisions and verdicts older than `before`, and consumptions,
    /// tallies and ended blocks too; at most `limit`. Gives how many were dropped.
    fn prune(&self, before: Timestamp, limit: usize) -> BoxFuture<'_, StoreResult<usize>>;

    /// Writes an API key, or changes the one with its id.
    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> BoxFuture<'a, StoreResult<()>>;

    /// All API keys, revoked ones included.
    fn keys(&self) -> BoxFuture<'_, StoreResult<Vec<ApiKeyRow>>>;

    /// Writes down a decision.
    fn decide<'a>(&'a self, decision: &'a Decision) -> BoxFuture<'a, StoreResult<()>>;

    /// Decisions, newest first; those behind `after`, its time and id.
    fn decisions<'a>(
        &'a self,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Decision>>>;

    /// Writes down that a limit holds somebody back, or until when it does now.
    /// Where it did already, it is since then.
    fn block<'a>(&'a self, block: &'a Block) -> BoxFuture<'a, StoreResult<()>>;

    /// Takes it out again. Gives it, if it was there.
    fn unblock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Option<Block>>>;

    /// What is in force, the longest first; what is behind `after`, its end and
    /// id.
    fn blocks<'a>(
        &'a self,
        now: Timestamp,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Block>>>;

    /// Writes down what limits decided. Where there is a row of that id, it is
    /// from the earlier of both times until the later, counts both, and says why
    /// as the later one does. No two of them have the same id.
    fn rule<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, StoreResult<()>>;

    /// What limits decided, newest first, at most `search.limit`.
    fn verdicts<'a>(
        &'a self,
        search: &'a VerdictSearch,
    ) -> BoxFuture<'a, StoreResult<Vec<Verdict>>>;

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
    /// Name of the [carrier](sesame_connector::Carrier) whose prefix a mainland
    /// number has; empty elsewhere.
    pub carrier: String,
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
    /// For this.
    pub usage_type: Option<String>,
    /// With such a delivery report.
    pub delivery: Option<Reported>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// Behind this row: its time and out-id, as the last page ended.
    pub after: Option<(Timestamp, OutId)>,
    /// No further back than this row.
    pub back_to: Option<(Timestamp, OutId)>,
    /// How many at most.
    pub limit: usize,
}

/// What a delivery report said, or that there is none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It arrived.
    Delivered,
    /// It did not.
    Failed,
    /// It was taken, and no report came so far.
    Waiting,
}

/// The filter of a search that rows are found by; the others are looked at row
/// by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// To one number.
    Number,
    /// Not delivered.
    Failed,
    /// In one state, which is not that of most.
    State(State),
    /// Of one caller.
    App,
    /// Time alone.
    Time,
}

impl Search {
    /// What rows are found by. Of several states, that of each is searched by
    /// itself ([`Search::each_state`]).
    pub fn lead(&self) -> Lead {
        if self.number_index.is_some() {
            return Lead::Number;
        }
        if self.delivery == Some(Reported::Failed) {
            return Lead::Failed;
        }
        match self.states[..] {
            [state] if state != State::Accepted => Lead::State(state),
            _ if self.app.is_some() => Lead::App,
            _ => Lead::Time,
        }
    }

    /// Whether every row that [`Search::lead`] finds is one.
    pub fn is_led_alone(&self) -> bool {
        let others = [
            self.usage_type.is_some(),
            self.app.is_some() && self.lead() != Lead::App,
            !self.states.is_empty() && !matches!(self.lead(), Lead::State(_)),
            self.delivery.is_some() && self.lead() != Lead::Failed,
        ];
        !others.contains(&true)
    }

    /// The same search in one state at a time, where there are several.
    pub fn each_state(&self) -> Vec<Self> {
        let several = self.states.len() > 1 && self.states.len() < State::ALL.len();
        if !several {
            return vec![self.clone()];
        }
        let one = |state: &State| Self {
            states: vec![*state],
            ..self.clone()
        };
        self.states.iter().map(one).collect()
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
/// Rows of several searches as one page, newest first.
pub(crate) fn merged_pages(pages: Vec<Vec<Row>>, limit: usize) -> Vec<Row> {
    let mut rows = pages.concat();
    rows.sort_by(|one, other| {
        (other.created_at, &other.out_id).cmp(&(one.created_at, &one.out_id))
    });
    rows.truncate(limit);
    rows
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

/// Somebody or something that a limit holds back.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// The same for the same limit and subject.
    pub id: String,
    /// Which [limit](crate::LimitName).
    pub limit: String,
    /// Who: a masked number, the letters of a country, `all`; an address only
    /// stands sealed.
    pub subject: String,
    /// Everything that is needed to show and lift it, sealed.
    pub sealed: Vec<u8>,
    /// Since when.
    pub since: Timestamp,
    /// Until when; [`Block::LASTING`] where time alone does not end it.
    pub until: Timestamp,
}

impl Block {
    /// 9999-01-01: the end of what does not end by itself.
    pub const LASTING: Timestamp = Timestamp::constant(253_370_764_800, 0);
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("limit", &self.limit)
            .field("subject", &self.subject)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
