//! What limits decided about messages, many alike as one row.

use std::fmt;

use jiff::Timestamp;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ruling {
    /// The message was not sent.
    Refused,
    /// It was sent, since the limit is only watched.
    WouldRefuse,
}

impl Ruling {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Refused, Self::WouldRefuse];

    /// The name in the journal and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::WouldRefuse => "would_refuse",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ruling| ruling.as_str() == name)
    }
}

/// What a limit decided within one hour of the clock about messages of one
/// caller, usage type, country and subject; with the first numbers of a subject,
/// about those of each number.
#[derive(Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The same for the same hour and the same of all that is named above.
    pub id: String,
    /// The first time.
    pub at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
    /// How often.
    pub count: i64,
    /// What.
    pub ruling: Ruling,
    /// Which [limit](crate::LimitName).
    pub limit: String,
    /// The caller.
    pub app: String,
    /// What for; empty where too many were alike.
    pub usage_type: String,
    /// ISO letters of the number's country, or `001`; empty like the usage type.
    pub country: String,
    /// Keyed hash of the number; none in a row about many.
    pub number_index: Option<[u8; 16]>,
    /// The number as people may see it; empty in a row about many.
    pub masked: String,
    /// Whom the limit counts: a masked number, the letters of a country, `all`.
    /// An address or a prefix only stands sealed.
    pub subject: String,
    /// The subject as operators see it, sealed.
    pub sealed: Vec<u8>,
    /// The figures or the entry of a list that decided, the last time.
    pub reason: String,
    /// Until when the limit holds; [`Block::LASTING`](super::Block::LASTING)
    /// where time does not end it.
    pub until: Timestamp,
}

impl Verdict {
    /// The row when one that is there and one that comes are of the same id.
    pub(crate) fn merge(&self, news: &Self) -> Self {
        let later = if news.last_at >= self.last_at {
            news
        } else {
            self
        };
        Self {
            at: self.at.min(news.at),
            count: self.count + news.count,
            until: self.until.max(news.until),
            ..later.clone()
        }
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdict")
            .field("at", &self.at)
            .field("count", &self.count)
            .field("ruling", &self.ruling)
            .field("limit", &self.limit)
            .field("app", &self.app)
            .field("to", &self.masked)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Which verdicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerdictSearch {
    /// About this number.
    pub number_index: Option<[u8; 16]>,
    /// Of this limit.
    pub limit_name: Option<String>,
    /// With this decision.
    pub ruling: Option<Ruling>,
    /// Behind this row: its time and id, as the last page ended.
    pub after: Option<(Timestamp, String)>,
    /// How many at most.
    pub limit: usize,
}
