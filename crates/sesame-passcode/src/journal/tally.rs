//! What many messages came to: counted when a row changes, by the hour and the
//! day its message began in.

use std::ops::{Add, AddAssign, Sub};

use jiff::Timestamp;

use super::{Progress, Row, State};

/// How many messages came how far. Those whose sending has not ended are in
/// none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The provider took them.
    pub accepted: i64,
    /// They were not sent, for certain.
    pub refused: i64,
    /// They may have been sent.
    pub unknown: i64,
    /// Of the accepted: a report says that they arrived.
    pub delivered: i64,
    /// Of the accepted: a report says that they did not.
    pub failed: i64,
    /// Their code came back right.
    pub confirmed: i64,
}

impl Counts {
    /// What one message counts for.
    pub fn of(progress: &Progress, is_confirmed: bool) -> Self {
        let one = i64::from;
        let is_ended = progress.state != State::Sending;
        let reported = progress.report.as_ref().map(|report| report.delivered);
        Self {
            accepted: one(progress.state == State::Accepted),
            refused: one(progress.state == State::Refused),
            unknown: one(matches!(
                progress.state,
                State::Unknown | State::FinallyUnknown
            )),
            delivered: one(is_ended && reported == Some(true)),
            failed: one(is_ended && reported == Some(false)),
            confirmed: one(is_confirmed),
        }
    }

    /// What a row counts for.
    pub fn of_row(row: &Row) -> Self {
        Self::of(&row.progress, row.confirmed_at.is_some())
    }

    /// All that left, or may have left.
    pub fn sent(&self) -> i64 {
        self.accepted + self.unknown
    }

    /// All that were asked for.
    pub fn all(&self) -> i64 {
        self.sent() + self.refused
    }

    /// Whether nothing is counted.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// In the order of the columns of every journal.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn columns(&self) -> [i64; 6] {
        [
            self.accepted,
            self.refused,
            self.unknown,
            self.delivered,
            self.failed,
            self.confirmed,
        ]
    }

    /// From that order.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn from_columns(columns: [i64; 6]) -> Self {
        let [accepted, refused, unknown, delivered, failed, confirmed] = columns;
        Self {
            accepted,
            refused,
            unknown,
            delivered,
            failed,
            confirmed,
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            unknown: self.unknown + other.unknown,
            delivered: self.delivered + other.delivered,
            failed: self.failed + other.failed,
            confirmed: self.confirmed + other.confirmed,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            accepted: self.accepted - other.accepted,
            refused: self.refused - other.refused,
            unknown: self.unknown - other.unknown,
            delivered: self.delivered - other.delivered,
            failed: self.failed - other.failed,
            confirmed: self.confirmed - other.confirmed,
        }
    }
}

/// What messages are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// The day of the clock (UTC) they began in.
    Day,
    /// The hour of the clock.
    Hour,
}

impl Span {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Day, Self::Hour];

    /// How long it is.
    pub fn secs(self) -> i64 {
        match self {
            Self::Day => 86_400,
            Self::Hour => 3600,
        }
    }

    /// When the one began that holds a time.
    pub fn start(self, at: Timestamp) -> Timestamp {
        let secs = at.as_second().div_euclid(self.secs()) * self.secs();
        Timestamp::from_second(secs).unwrap_or(Timestamp::MIN)
    }
}

/// Which counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TallyQuery {
    /// By which span.
    pub span: Span,
    /// Spans that begin from then on.
    pub from: Timestamp,
    /// Spans that begin before then.
    pub until: Timestamp,
    /// Of this caller only.
    pub app: Option<String>,
}

/// What the messages of one span, country and carrier came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tallied {
    /// When the span began.
    pub start: Timestamp,
    /// ISO letters of the numbers' country, or `001`.
    pub country: String,
    /// As [`Row::carrier`].
    pub carrier: String,
    /// How many.
    pub counts: Counts,
}
