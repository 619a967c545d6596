//! Where records and counters live: three operations, and no rules.
//!
//! To add a store, write a file in `store/` and run the conformance suite over
//! it until it passes. Every operation touches each key by itself, so that a store
//! can be spread over machines by key.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "valkey")]
pub mod valkey;

use std::fmt;

use jiff::Timestamp;
use sesame_connector::provider::BoxFuture;
use thiserror::Error as ThisError;

/// What an operation of a store ends in.
pub type StoreResult<T> = Result<T, StoreError>;

/// Records that are swapped whole, and counters.
///
/// `now` is an argument of every operation, so that expiry follows the clock of
/// whoever asks; a store whose own clock decides (Valkey) sets the time to live
/// to what is left by that clock.
pub trait Store: Send + Sync + fmt::Debug {
    /// Its name in messages and metrics: `memory`, `sqlite`, `postgres`, `valkey`.
    fn name(&self) -> &'static str;

    /// The record under `key`, unless it has expired.
    ///
    /// # Errors
    /// Where the store cannot answer.
    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>>;

    /// Puts `new` under `key` if what is there has the version `expected`
    /// (`None`: if nothing is there, or only what has expired). At once for
    /// every reader, and durable when it returns. If what is there has the
    /// version of `new`, it was done before, and is done.
    ///
    /// # Errors
    /// Where the store cannot tell whether it was done: it may have been, and
    /// the same may be asked again.
    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Swap>>;

    /// Adds to each counter and gives the totals, in the same order. A counter
    /// begins at nought, is forgotten when its window has ended, and never goes
    /// below nought. An amount of nought only reads. Exact up to 2⁵³.
    ///
    /// # Errors
    /// Where the store cannot tell whether it was done; a part may have been.
    fn add<'a>(
        &'a self,
        amounts: &'a [Addition],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<i64>>>;

    /// Drops what has expired, where the store does not by itself; at most
    /// `limit` entries. Gives how many were dropped.
    ///
    /// # Errors
    /// Where the store cannot answer.
    fn purge(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<usize>>;

    /// Whether it answers, for `/readyz`.
    ///
    /// # Errors
    /// Why it does not.
    fn ping(&self) -> BoxFuture<'_, StoreResult<()>>;
}

/// The name of a record or a counter: a short prefix that says what it is
/// (`n:`, `idem:`, `ip:`) and a keyed hash or a window. Never a number in clear.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// At most 200 bytes of printable ASCII; whoever makes keys sees to that.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As a store writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which state of a record: drawn at random with each swap, by whoever swaps,
/// so that a record which expired and came back is not taken for the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u64);

/// A record as a store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Which state of it.
    pub version: Version,
    /// Sealed bytes, which mean nothing to a store.
    pub value: Vec<u8>,
    /// When it may be forgotten, and is not given any more.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("version", &self.version)
            .field("bytes", &self.value.len())
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// How a swap ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The new record is there.
    Done,
    /// Something else was there; this.
    Conflict(Option<Record>),
}

impl Swap {
    /// The end of a swap that changed nothing, by what is there instead.
    pub fn refused(there: Option<Record>, new: &Record) -> Self {
        match there {
            Some(there) if there.version == new.version => Self::Done,
            there => Self::Conflict(there),
        }
    }
}

/// So much more, or less, on one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Which counter; its name holds the window.
    pub key: Key,
    /// Negative gives back.
    pub amount: i64,
    /// When the window ends and the counter may be forgotten.
    pub ends_at: Timestamp,
}

/// A store or a journal did not do what was asked.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum StoreError {
    /// It does not answer, or is too busy. Asking again may help.
    #[error("{store} does not answer: {reason}")]
    Unavailable {
        /// Which one.
        store: &'static str,
        /// Why, without anything that was stored.
        reason: String,
    },
    /// It was laid out by another version of this program.
    #[error(
        "{store} has schema {found}, this program works with {known}: {}",
        schema_cure(*.found, *.known)
    )]
    Schema {
        /// Which one.
        store: &'static str,
        /// The version found there.
        found: u32,
        /// The version this program brings it to.
        known: u32,
    },
    /// It cannot be opened or written as configured; waiting does not help.
    #[error("{store} cannot be used: {reason}; {cure}")]
    Unusable {
        /// Which one.
        store: &'static str,
        /// Why.
        reason: String,
        /// What to do about it.
        cure: String,
    },
    /// What was read there is nothing this program wrote, or another key
    /// sealed it.
    #[error("{store} holds something unreadable: {reason}")]
    Corrupt {
        /// Which one.
        store: &'static str,
        /// What.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same may work later with nothing changed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// The errors of the store of that name.
#[cfg(any(feature = "postgres", feature = "sqlite", feature = "valkey"))]
struct Errors(&'static str);

#[cfg(any(feature = "postgres", feature = "sqlite", feature = "valkey"))]
impl Errors {
    fn unavailable(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Unavailable {
            store: self.0,
            reason: reason.into(),
        }
    }

    fn unusable(&self, reason: impl Into<String>, cure: impl Into<String>) -> StoreError {
        StoreError::Unusable {
            store: self.0,
            reason: reason.into(),
            cure: cure.into(),
        }
    }

    fn corrupt(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            store: self.0,
            reason: reason.into(),
        }
    }

    fn schema(&self, found: u32, known: u32) -> StoreError {
        StoreError::Schema {
            store: self.0,
            found,
            known,
        }
    }
}

/// A time that was kept as microseconds of Unix time.
#[cfg(any(feature = "postgres", feature = "sqlite", feature = "valkey"))]
fn time_of(micros: i64) -> Result<Timestamp, jiff::Error> {
    // Not by jiff's own conversion, which leaves out the last second of all.
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1000);
    Timestamp::new(micros.div_euclid(1_000_000), nanos.unwrap_or_default())
}

fn schema_cure(found: u32, known: u32) -> &'static str {
    if found > known {
        "a newer sesame has used it, start that one"
    } else {
        "start one server alone with the right to change tables, it brings it up to date"
    }
}
