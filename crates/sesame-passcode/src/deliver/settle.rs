//! Asking what became of messages: those in doubt, those whose sender died, and
//! those whose reports nobody pushes.

use jiff::{SignedDuration, Timestamp};
use sesame_connector::provider::{FindError, Found, Sought};
use tokio::task::JoinSet;

use super::{Deliver, about, receipted};
use crate::journal::{Ask, Progress, Row, State};
use crate::service::Ticked;
use crate::store::StoreResult;

/// How many are asked about in one round, all at once.
pub(crate) const ASKED_AT_ONCE: usize = 32;

/// For how long a row is left to whoever claimed it: longer than a question.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// When an accepted message is asked about first, where no reports are pushed.
pub(super) const FIRST_POLL: SignedDuration = SignedDuration::from_secs(5);

/// Pauses between questions about a message in doubt are as long as it is old,
/// but no longer than this.
const LONGEST_DOUBT_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// The same about an accepted one.
const LONGEST_POLL_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// After that a message in doubt stays unknown.
const DOUBT_ENDS: SignedDuration = SignedDuration::from_mins(10);

/// After that no report is expected any more: carriers try for up to a day.
const POLLING_ENDS: SignedDuration = SignedDuration::from_hours(24);

impl Deliver {
    /// Claims rows whose time has come, and asks about each.
    ///
    /// # Errors
    /// Where the journal gives no rows. What one row runs into is logged, and
    /// the row comes again when its lease is over.
    pub(crate) async fn settle_due(&self, now: Timestamp) -> StoreResult<Ticked> {
        let rows = self.journal.claim(ASKED_AT_ONCE, now, now + LEASE).await?;
        let asked = rows.len();
        let mut answers = JoinSet::new();
        let mut settled = 0;
        for row in rows {
            match self.sought(&row) {
                Some(sought) => {
                    let provider = self.connector.provider().clone();
                    answers.spawn(async move { (row, provider.find(&sought).await) });
                }
                None => settled += usize::from(self.note(&row, nothing_to_ask(&row), now).await),
            }
        }
        while let Some(answer) = answers.join_next().await {
            // A question that panicked leaves its row to the next who claims it.
            if let Ok((row, found)) = answer {
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

    /// What to ask; `None` where no answer could add anything.
    fn sought(&self, row: &Row) -> Option<Sought> {
        let is_open = match row.progress.state {
            State::Sending | State::Unknown => true,
            State::Accepted => self.polling && row.progress.report.is_none(),
            State::Refused | State::FinallyUnknown => false,
        };
        let to = self.number(row).filter(|_| is_open)?;
        Some(Sought {
            to,
            out_id: row.out_id.clone(),
            sent_at: row.created_at,
            biz_id: row.progress.biz_id.clone(),
        })
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
                let goes_on = is_worth_asking(&answer);
                (row.progress.clone(), poll_again(goes_on, age, now))
            }
            answer if is_worth_asking(&answer) && age < DOUBT_ENDS => {
                let pause = age.clamp(super::FIRST_PAUSE, LONGEST_DOUBT_PAUSE);
                let unknown = Progress {
                    state: State::Unknown,
                    ..row.progress.clone()
                };
                (unknown, Ask::At(now + pause))
            }
            _ => (finally_unknown(row, now), Ask::Never),
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

fn is_worth_asking(found: &Found) -> bool {
    found.as_ref().err().is_none_or(FindError::is_transient)
}

fn poll_again(goes_on: bool, age: SignedDuration, now: Timestamp) -> Ask {
    if goes_on && age < POLLING_ENDS {
        Ask::At(now + age.clamp(FIRST_POLL, LONGEST_POLL_PAUSE))
    } else {
        Ask::Never
    }
}

/// Why a row is not asked about: its number cannot be read any more, or it is
/// settled already.
fn nothing_to_ask(row: &Row) -> (Progress, Ask) {
    match row.progress.state {
        State::Sending | State::Unknown => (finally_unknown(row, row.created_at), Ask::Never),
        _ => (row.progress.clone(), Ask::Never),
    }
}

fn finally_unknown(row: &Row, now: Timestamp) -> Progress {
    Progress {
        state: State::FinallyUnknown,
        ended_at: Some(now),
        ..row.progress.clone()
    }
}
