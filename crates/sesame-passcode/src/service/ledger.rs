//! What limits decided, on its way to the journal: gathered here, many alike as
//! one row, and written about once a second ([`Inner::write_verdicts`]). So a
//! flood of refusals is neither a flood of writes nor one of rows; a crash loses
//! what the last second added.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sesame_connector::PhoneNumber;

use super::blocks::{Subject, subject};
use super::types::{QueryError, VerdictQuery, VerdictView};
use super::{About, Inner};
use crate::journal::{Block, Ruling, Verdict, VerdictSearch};
use crate::keys::hex;
use crate::limit::{LimitName, Reached};
use crate::store::StoreResult;

/// Verdicts are gathered by hours of the clock.
const SPAN_SECS: i64 = 3600;

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

/// One message, and what was decided about it.
pub(super) struct Ruled<'a> {
    pub(super) ruling: Ruling,
    pub(super) reached: &'a Reached,
    pub(super) app: &'a str,
    pub(super) usage_type: &'a str,
    pub(super) to: &'a PhoneNumber,
    pub(super) ip: Option<IpAddr>,
}

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
struct Place {
    hour: i64,
    ruling: Ruling,
    limit: LimitName,
    app: String,
    /// None where there are too many.
    kind: Option<Kind>,
    number: Option<Number>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Kind {
    usage_type: String,
    country: String,
    subject: Subject,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Number {
    index: [u8; 16],
    masked: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    at: Timestamp,
    last_at: Timestamp,
    count: i64,
    reason: String,
    until: Timestamp,
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
    fn note(&self, full: Place, waiting: Waiting) {
        let mut book = self.lock();
        let place = book.place(full);
        book.add(place, waiting);
    }

    /// What is to be written next.
    fn take(&self) -> Vec<(Place, Waiting)> {
        let mut book = self.lock();
        let first: Vec<_> = book.waiting.keys().take(WRITTEN_AT_ONCE).cloned().collect();
        let take = |place: Place| Some((place.clone(), book.waiting.remove(&place)?));
        first.into_iter().filter_map(take).collect()
    }

    /// What could not be written waits on.
    fn put_back(&self, rows: Vec<(Place, Waiting)>) {
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

impl Inner {
    /// Tells of a message that a limit refused, or would have.
    pub(super) fn tell_ruling(&self, ruled: &Ruled<'_>) {
        let Ruled { reached, to, .. } = ruled;
        let country = to.region();
        let about = About {
            app: ruled.app,
            usage_type: ruled.usage_type,
            country: &country,
        };
        let limit = reached.limited.limit;
        let events = &self.parts.events;
        match ruled.ruling {
            Ruling::Refused => {
                events.limited(&about, limit);
                tracing::info!(message.to = %to, limit = limit.as_str(), reason = reached.reason, "a message was refused by a limit");
            }
            Ruling::WouldRefuse => {
                events.observed(&about, limit);
                tracing::info!(message.to = %to, limit = limit.as_str(), reason = reached.reason, "a limit that is only watched would have refused a message");
            }
        }
        let now = self.now();
        let place = Place {
            hour: now.as_second().div_euclid(SPAN_SECS),
            ruling: ruled.ruling,
            limit,
            app: about.app.to_owned(),
            kind: Some(Kind {
                usage_type: about.usage_type.to_owned(),
                country: about.country.to_owned(),
                subject: subject(limit, to, ruled.ip),
            }),
            number: Some(Number {
                index: self.parts.keys.number_index(to),
                masked: to.masked(),
            }),
        };
        let waiting = Waiting {
            at: now,
            last_at: now,
            count: 1,
            reason: reached.reason.clone(),
            until: reached.limited.ends_at.unwrap_or(Block::LASTING),
        };
        self.ledger.note(place, waiting);
    }

    /// Writes down what limits decided since the last time. What cannot be
    /// written now is written the next time.
    pub(super) async fn write_verdicts(&self) -> StoreResult<usize> {
        let taken = self.ledger.take();
        if taken.is_empty() {
            return Ok(0);
        }
        let rows: Vec<Verdict> = taken
            .iter()
            .map(|(place, waiting)| self.verdict(place, waiting))
            .collect();
        if let Err(error) = self.parts.journal.rule(&rows).await {
            self.ledger.put_back(taken);
            return Err(error);
        }
        Ok(rows.len())
    }

    fn verdict(&self, place: &Place, waiting: &Waiting) -> Verdict {
        let id = self.verdict_id(place);
        let shown = place.kind.as_ref().map(|kind| &kind.subject.shown);
        let (sealer, source) = (self.parts.keys.sealer(), &*self.parts.source);
        let shown = shown.map_or(&[][..], |shown| shown.as_bytes());
        let kind = place.kind.as_ref();
        Verdict {
            sealed: sealer.seal(&aad(&id), shown, source),
            id,
            at: waiting.at,
            last_at: waiting.last_at,
            count: waiting.count,
            ruling: place.ruling,
            limit: place.limit.as_str().to_owned(),
            app: place.app.clone(),
            usage_type: kind.map_or_else(String::new, |kind| kind.usage_type.clone()),
            country: kind.map_or_else(String::new, |kind| kind.country.clone()),
            number_index: place.number.as_ref().map(|number| number.index),
            masked: match &place.number {
                Some(number) => number.masked.clone(),
                None => String::new(),
            },
            subject: kind.map_or_else(String::new, |kind| kind.subject.open.clone()),
            reason: waiting.reason.clone(),
            until: waiting.until,
        }
    }

    /// The same on every server.
    fn verdict_id(&self, place: &Place) -> String {
        let kind = place.kind.as_ref();
        let number = place.number.as_ref().map(|number| hex(&number.index));
        // No part has control characters in it.
        let parts = [
            place.hour.to_string().as_str(),
            place.ruling.as_str(),
            place.limit.as_str(),
            &place.app,
            kind.map_or("", |kind| &kind.usage_type),
            kind.map_or("", |kind| &kind.country),
            kind.map_or("", |kind| &kind.subject.shown),
            number.as_deref().unwrap_or_default(),
        ]
        .join("\n");
        let hash = self.parts.keys.keyed_hash("verdict", parts.as_bytes());
        hex(&hash[..16])
    }

    pub(super) async fn verdicts(
        &self,
        query: VerdictQuery,
    ) -> Result<Vec<VerdictView>, QueryError> {
        let number = query.to.map(|to| self.parts.connector.phone(&to));
        let index = number
            .transpose()?
            .map(|number| self.parts.keys.number_index(&number));
        let search = VerdictSearch {
            number_index: index.or(query.number_index),
            limit_name: query.limit_name.map(|limit| limit.as_str().to_owned()),
            ruling: query.ruling,
            after: query.after,
            limit: query.limit,
        };
        let found = self.parts.journal.verdicts(&search).await?;
        let view = |row: Verdict| VerdictView {
            subject: self.opened(&row).unwrap_or(row.subject),
            until: Some(row.until).filter(|until| *until < Block::LASTING),
            to: Some(row.masked).filter(|masked| !masked.is_empty()),
            id: row.id,
            at: row.at,
            last_at: row.last_at,
            count: row.count,
            ruling: row.ruling,
            limit: row.limit,
            app: row.app,
            usage_type: row.usage_type,
            country: row.country,
            reason: row.reason,
        };
        Ok(found.into_iter().map(view).collect())
    }

    fn opened(&self, row: &Verdict) -> Option<String> {
        let opened = self.parts.keys.sealer().open(&aad(&row.id), &row.sealed)?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

fn aad(id: &str) -> Vec<u8> {
    format!("verdict:{id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(hour: i64, limit: LimitName, subject: &str, number: u32) -> Place {
        Place {
            hour,
            ruling: Ruling::Refused,
            limit,
            app: "web".to_owned(),
            kind: Some(Kind {
                usage_type: "SignIn".to_owned(),
                country: "CN".to_owned(),
                subject: Subject {
                    shown: subject.to_owned(),
                    open: "CN".to_owned(),
                },
            }),
            number: Some(Number {
                index: u128::from(number).to_be_bytes(),
                masked: String::new(),
            }),
        }
    }

    fn once(secs: i64) -> Waiting {
        let at = Timestamp::from_second(secs).expect("a time");
        Waiting {
            at,
            last_at: at,
            count: 1,
            reason: secs.to_string(),
            until: at,
        }
    }

    fn all(ledger: &Ledger) -> Vec<(Place, Waiting)> {
        let mut all = Vec::new();
        loop {
            let taken = ledger.take();
            if taken.is_empty() {
                return all;
            }
            all.extend(taken);
        }
    }

    #[test]
    fn a_flood_is_a_bounded_number_of_rows_and_every_message_is_in_one() {
        let ledger = Ledger::default();
        let mut noted = 0;
        for number in 0..30_000 {
            // One prefix, many prefixes, and single numbers' own limits.
            for (limit, subject) in [
                (LimitName::PrefixPerHour, "one".to_owned()),
                (LimitName::PrefixPerDay, number.to_string()),
                (LimitName::NumberPerHour, number.to_string()),
            ] {
                ledger.note(place(7, limit, &subject, number), once(number.into()));
                noted += 1;
            }
        }
        let rows = all(&ledger);
        assert!(rows.len() <= 2 * MOST_ROWS + 3, "{}", rows.len());
        assert_eq!(rows.iter().map(|(_, row)| row.count).sum::<i64>(), noted);
        let of_one = |limit| move |row: &&(Place, Waiting)| row.0.limit == limit;
        let one: Vec<_> = rows
            .iter()
            .filter(of_one(LimitName::PrefixPerHour))
            .collect();
        assert_eq!(one.len(), 21, "twenty numbers, and the others");
        // What comes again in the same hour is in the same rows.
        ledger.note(place(7, LimitName::PrefixPerHour, "one", 3), once(9));
        ledger.note(place(7, LimitName::PrefixPerHour, "one", 29_000), once(9));
        let again = all(&ledger);
        assert!(
            again
                .iter()
                .all(|(place, _)| rows.iter().any(|row| row.0 == *place))
        );
        assert_eq!(again.len(), 2);
        // The next hour begins anew.
        ledger.note(place(8, LimitName::PrefixPerHour, "one", 29_000), once(9));
        assert!(all(&ledger)[0].0.number.is_some());
    }

    #[test]
    fn what_could_not_be_written_is_not_lost() {
        let ledger = Ledger::default();
        let of = |number| place(1, LimitName::IpPerHour, "x", number);
        ledger.note(of(1), once(5));
        let taken = ledger.take();
        ledger.note(of(1), once(3));
        ledger.put_back(taken);
        let rows = all(&ledger);
        assert_eq!(rows.len(), 1);
        let row = &rows[0].1;
        assert_eq!(
            (row.count, row.at.as_second(), row.last_at.as_second()),
            (2, 3, 5)
        );
        assert_eq!(row.reason, "5");
    }
}
