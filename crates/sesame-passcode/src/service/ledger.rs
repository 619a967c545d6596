//! What limits decided, on its way to the journal: gathered here, many alike as
//! one row, and written about once a second (`verdicts.rs`). So a flood of
//! refusals is neither a flood of writes nor one of rows; a crash loses what the
//! last second added.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::blocks::Subject;
use crate::journal::Ruling;
use crate::limit::LimitName;

/// Of how many numbers a limit's subject gets a row each in an hour; those that
/// come later share one.
const MOST_NUMBERS: u32 = 20;

/// How many rows of single numbers there are in an hour, and how many of single
/// subjects; what comes later shares one by caller and limit.
const MOST_ROWS: usize = 1000;

/// How many rows are written at once.
const WRITTEN_AT_ONCE: usize = 500;

/// More rows do not wait, if the journal does not answer.
const MOST_WAITING: usize = 4000;

/// Verdicts that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    /// Which hour it is.
    hour: i64,
    /// Rows of this hour.
    seen: HashSet<Place>,
    /// How many of them are of single numbers.
    numbered: usize,
    /// Of how many numbers each subject has rows.
    numbers: HashMap<Place, u32>,
    waiting: BTreeMap<Place, Waiting>,
}

/// What verdicts of one row have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) hour: i64,
    pub(super) ruling: Ruling,
    pub(super) limit: LimitName,
    pub(super) app: String,
    /// None where there are too many.
    pub(super) kind: Option<Kind>,
    pub(super) number: Option<Number>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) usage_type: String,
    pub(super) country: String,
    pub(super) subject: Subject,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Number {
    pub(super) index: [u8; 16],
    pub(super) masked: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) count: i64,
    pub(super) reason: String,
    pub(super) until: Timestamp,
}

impl Waiting {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.at = self.at.min(other.at);
        self.until = self.until.max(other.until);
        if other.last_at >= self.last_at {
            (self.last_at, self.reason) = (other.last_at, other.reason);
        }
    }
}

impl Ledger {
    pub(super) fn note(&self, full: Place, waiting: Waiting) {
        let mut book = self.lock();
        let place = book.place(full);
        book.add(place, waiting);
    }

    /// What is to be written next.
    pub(super) fn take(&self) -> Vec<(Place, Waiting)> {
        let mut book = self.lock();
        let first: Vec<_> = book.waiting.keys().take(WRITTEN_AT_ONCE).cloned().collect();
        let take = |place: Place| Some((place.clone(), book.waiting.remove(&place)?));
        first.into_iter().filter_map(take).collect()
    }

    /// What could not be written waits on.
    pub(super) fn put_back(&self, rows: Vec<(Place, Waiting)>) {
        let mut book = self.lock();
        for (place, waiting) in rows {
            book.add(place, waiting);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn add(&mut self, place: Place, waiting: Waiting) {
        match self.waiting.get_mut(&place) {
            Some(known) => known.merge(waiting),
            None => {
                self.waiting.insert(place, waiting);
            }
        }
    }

    /// The row a verdict goes into: as exact a one as there is room for.
    fn place(&mut self, full: Place) -> Place {
        if full.hour != self.hour {
            self.seen.clear();
            self.numbers.clear();
            (self.hour, self.numbered) = (full.hour, 0);
        }
        if self.seen.contains(&full) {
            return full;
        }
        let of_subject = Place {
            number: None,
            ..full.clone()
        };
        let has_room = self.waiting.len() < MOST_WAITING;
        let numbers = self.numbers.entry(of_subject.clone()).or_default();
        if has_room && self.numbered < MOST_ROWS && *numbers < MOST_NUMBERS {
            *numbers += 1;
            self.numbered += 1;
            self.seen.insert(full.clone());
            return full;
        }
        if *numbers == 0 {
            // Whoever asks under ever new subjects fills no memory with them.
            self.numbers.remove(&of_subject);
        }
        let subjects = self.seen.len() - self.numbered;
        // A single number's subject is that number.
        if full.limit.is_of_number() {
            return full.of_many();
        }
        if self.seen.contains(&of_subject) || (has_room && subjects < MOST_ROWS) {
            self.seen.insert(of_subject.clone());
            return of_subject;
        }
        full.of_many()
    }
}

impl Place {
    fn of_many(self) -> Self {
        Self {
            kind: None,
            number: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
