//! Asking what became of messages: those in doubt, those whose sender died, and
//! those whose reports nobody pushes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sesame_connector::PhoneNumber;
use sesame_connector::provider::{FindError, Found, Sought};
use tokio::task::JoinSet;

use super::{Deliver, about, receipted};
use crate::journal::{Ask, Progress, Row, State};
use crate::service::Ticked;
use crate::store::StoreResult;

/// How many questions there may be within one second.
const ASKED_A_SECOND: usize = 10;

/// How long one question takes of that second.
const SPACING: SignedDuration = SignedDuration::from_millis(100);

/// How long nobody asks after the provider said that it is asked too often.
const THROTTLED_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// For how long a row is left to whoever claimed it: longer than a question.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// When an accepted message is asked about first, where no reports are pushed.
pub(super) const FIRST_POLL: SignedDuration = SignedDuration::from_secs(5);

/// Pauses between questions about a message in doubt are as long as it is old,
/// but no longer than this.
const LONGEST_DOUBT_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// The same about an accepted one.
const LONGEST_POLL_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// After that a message in doubt stays unknown, once the provider says that it
/// has none such.
const DOUBT_ENDS: SignedDuration = SignedDuration::from_mins(10);

/// After that nobody asks any more, whatever the answers were: carriers try for
/// up to a day.
const ASKING_ENDS: SignedDuration = SignedDuration::from_hours(24);

/// When a row is looked at again whose number other keys have sealed.
const UNOPENED_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Spaces the questions of one server.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Option<Timestamp>>);

impl Pace {
    /// How many questions there may be now.
    fn room(&self, now: Timestamp) -> usize {
        // A clock that was put back ends no pause but one that is too long.
        let next = self.next().filter(|next| *next <= now + THROTTLED_PAUSE);
        let free = next.map_or(ASKING_ENDS, |next| now.duration_since(next) + SPACING);
        let room = free.as_millis() / SPACING.as_millis();
        usize::try_from(room).unwrap_or(0).min(ASKED_A_SECOND)
    }

    /// So many were asked.
    fn asked(&self, count: usize, now: Timestamp) {
        let second = SPACING * i32::try_from(ASKED_A_SECOND).unwrap_or(1);
        let full = now - second + SPACING;
        let from = self.next().filter(|next| *next <= now + THROTTLED_PAUSE);
        let from = from.map_or(full, |from| from.max(full));
        *self.next() = Some(from + SPACING * i32::try_from(count).unwrap_or(1));
    }

    fn throttled(&self, now: Timestamp) {
        *self.next() = Some(now + THROTTLED_PAUSE);
    }

    fn next(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliver {
    /// Claims rows whose time has come, and asks about each.
    ///
    /// # Errors
    /// Where the journal gives no rows. What one row runs into is logged, and
    /// the row comes again when its lease is over.
    pub(crate) async fn settle_due(&self, now: Timestamp) -> StoreResult<Ticked> {
        let room = self.pace.room(now);
        if room == 0 {
            return Ok(Ticked::default());
        }
        let rows = self.journal.claim(room, now, now + LEASE).await?;
        let asked = rows.len();
        self.pace.asked(asked, now);
        let mut answers = JoinSet::new();
        let mut settled = 0;
        for row in rows {
            if !self.is_open(&row) {
                let nothing = (row.progress.clone(), Ask::Never);
                settled += usize::from(self.note(&row, nothing, now).await);
            } else if let Some(to) = self.number(&row) {
                let sought = sought(&row, to);
                let sender = self.connector.sender_of(sought.biz_id.as_deref());
                let provider = sender.clone();
                answers.spawn(async move { (row, provider.find(&sought).await) });
            } else {
                // Not ours to settle: whoever has the keys may.
                tracing::error!(message.out_id = %row.out_id, "the number of a message cannot be read, other keys wrote it; restore keys.json, its outcome stays open");
                let later = (row.progress.clone(), Ask::At(now + UNOPENED_PAUSE));
                self.note(&row, later, now).await;
            }
        }
        while let Some(answer) = answers.join_next().await {
            // A question that panicked leaves its row to the next who claims it.
            if let Ok((row, found)) = answer {
                if found.as_ref().is_err_and(FindError::is_throttled) {
                    self.pace.throttled(now);
                }
                let news = self.weigh(&row, found, now);
                settled += usize::from(self.note(&row, news, now).await);
            }
        }
        Ok(Ticked {
            asked,
            settled,
            ..Ticked::default()
        })
    }

    /// Whether an answer could add anything to a row.
    fn is_open(&self, row: &Row) -> bool {
        match row.progress.state {
            State::Sending | State::Unknown => true,
            State::Accepted => self.polling && row.progress.report.is_none(),
            State::Refused | State::FinallyUnknown => false,
        }
    }

    /// What an answer says of a row, and when to ask again.
    fn weigh(&self, row: &Row, found: Found, now: Timestamp) -> (Progress, Ask) {
        let age = now.duration_since(row.created_at);
        let is_accepted = row.progress.state == State::Accepted;
        match found {
            Ok(Some(found)) => {
                let report = receipted(&found.delivery, found.reported_at);
                let goes_on = report.is_none() && self.polling;
                let news = Progress {
                    state: State::Accepted,
                    ended_at: Some(now),
                    report,
                    ..Progress::SENDING
                };
                (news, poll_again(goes_on, age, now))
            }
            answer if is_accepted => {
                let goes_on = !matches!(answer, Err(FindError::Unsupported));
                (row.progress.clone(), poll_again(goes_on, age, now))
            }
            answer => {
                // Only an answer tells anything: while there is none, however
                // that comes, the question stays open.
                let ends = match answer {
                    Ok(_) => DOUBT_ENDS,
                    Err(FindError::Unsupported) => SignedDuration::ZERO,
                    Err(_) => ASKING_ENDS,
                };
                if age >= ends {
                    return (finally_unknown(row, now), Ask::Never);
                }
                let pause = age.clamp(super::FIRST_PAUSE, LONGEST_DOUBT_PAUSE);
                let unknown = Progress {
                    state: State::Unknown,
                    ..row.progress.clone()
                };
                (unknown, Ask::At(now + pause))
            }
        }
    }

    /// Writes down what is known now. Whether that settles the row.
    async fn note(&self, row: &Row, (news, ask): (Progress, Ask), now: Timestamp) -> bool {
        let written = self.journal.advance(&row.out_id, &news, ask, now).await;
        if let Err(error) = written {
            tracing::warn!(message.out_id = %row.out_id, %error, "an answer about a message could not be written down");
            return false;
        }
        let was_open = matches!(row.progress.state, State::Sending | State::Unknown);
        let is_settled = matches!(news.state, State::Accepted | State::FinallyUnknown);
        if let Some(report) = news.report.filter(|_| row.progress.report.is_none()) {
            self.events.reported(&about(row), report.delivered);
        }
        if was_open && is_settled {
            self.events.settled(&about(row), news.state);
        }
        was_open && is_settled
    }
}

fn sought(row: &Row, to: PhoneNumber) -> Sought {
    Sought {
        to,
        out_id: row.out_id.clone(),
        sent_at: row.created_at,
        biz_id: row.progress.biz_id.clone(),
    }
}

fn poll_again(goes_on: bool, age: SignedDuration, now: Timestamp) -> Ask {
    if goes_on && age < ASKING_ENDS {
        Ask::At(now + age.clamp(FIRST_POLL, LONGEST_POLL_PAUSE))
    } else {
        Ask::Never
    }
}

fn finally_unknown(row: &Row, now: Timestamp) -> Progress {
    Progress {
        state: State::FinallyUnknown,
        ended_at: Some(now),
        ..row.progress.clone()
    }
}
