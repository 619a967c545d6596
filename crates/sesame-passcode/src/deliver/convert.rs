//! Telling providers which codes came back: of each message to a number outside
//! the mainland, and as a share by the hour.
//!
//! A message is told of once. Only a server that dies between the answer and the
//! journal's note of it has it told again, which says nothing new.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use sesame_connector::provider::{Conversion, FindError, Told};
use tokio::task::JoinSet;

use super::Deliver;
use crate::journal::{Counts, Row, Span, State, TallyQuery};
use crate::service::{Converted, Converting};
use crate::store::{Key, Record, Store, StoreResult, Swap, Version};

/// How many messages are told of at once.
const AT_ONCE: usize = 10;

/// Of how many troubles each is told of, until one message is taken again.
const TROUBLES: usize = 16;

/// For how long a message is left to whoever claimed it: longer than a call.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Pauses between tries are as long as the code has been back, between these.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// After that the news is too old to be of use.
const TELLING_ENDS: SignedDuration = SignedDuration::from_hours(24);

/// A share is told when the hour has been over for so long: by then all its
/// codes have ended, and its messages are counted.
const HOUR_RIPENS: SignedDuration = SignedDuration::from_hours(1);

/// Which hour's share was told of; nothing in it is secret.
const RATE_KEY: &str = "conversion-rate";

/// How long that is remembered.
const RATE_KEPT: SignedDuration = SignedDuration::from_hours(72);

/// How long a server that took an hour has for it.
const RATE_LEASE: SignedDuration = SignedDuration::from_mins(5);

impl Deliver {
    /// Tells of messages whose time has come. Gives how many were taken up.
    ///
    /// # Errors
    /// Where the journal gives no rows. What one row runs into is logged, and it
    /// comes again.
    pub(crate) async fn convert_due(&self, now: Timestamp) -> StoreResult<usize> {
        let rows = self.journal.claim_conversions(AT_ONCE, now, now + LEASE);
        let rows = rows.await?;
        let taken = rows.len();
        let mut answers = JoinSet::new();
        for row in rows {
            match conversion(&row, now) {
                Next::Tell(conversion) => {
                    let sender = self.connector.sender_of(Some(&conversion.biz_id)).clone();
                    answers.spawn(async move { (row, sender.convert(&conversion).await) });
                }
                Next::Wait => {
                    self.note_conversion(&row, Some(now + pause(&row, now)))
                        .await
                }
                Next::Nothing => self.note_conversion(&row, None).await,
            }
        }
        while let Some(answer) = answers.join_next().await {
            // One that panicked leaves its row to the next who claims it.
            if let Ok((row, told)) = answer {
                let again = self.weigh_told(&told, &row, now);
                self.note_conversion(&row, again).await;
            }
        }
        Ok(taken)
    }

    /// When to try again, if at all.
    fn weigh_told(&self, told: &Told, row: &Row, now: Timestamp) -> Option<Timestamp> {
        let kind = kind(told);
        self.events.converted(Converting::Message, kind);
        let mut known = self.not_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_ok() {
            known.clear();
        }
        // Each trouble once, and not for each message.
        if let Err(FindError::Failed(failure)) = told
            && known.len() < TROUBLES
            && known.insert(failure.code.clone())
        {
            tracing::warn!(
                message.out_id = %row.out_id,
                message.code = failure.code,
                cause = &*failure.cause.en,
                cure = &*failure.cure.en,
                "the provider does not take that codes came back"
            );
        }
        match kind {
            Converted::Failed => Some(now + pause(row, now)),
            Converted::Denied => Some(now + LONGEST_PAUSE),
            Converted::Told | Converted::Refused => None,
        }
    }

    async fn note_conversion(&self, row: &Row, again: Option<Timestamp>) {
        if let Err(error) = self.journal.converted(&row.out_id, again).await {
            tracing::warn!(message.out_id = %row.out_id, %error, "that a provider was told of a code could not be written down");
        }
    }

    /// Tells the share of the last hour that is ripe, unless somebody did, or
    /// nothing was sent outside the mainland in it.
    ///
    /// # Errors
    /// Where the store or the journal does not answer.
    pub(crate) async fn convert_rate(&self, store: &dyn Store, now: Timestamp) -> StoreResult<()> {
        let Some(sender) = self.connector.overseas() else {
            return Ok(());
        };
        let hour = Span::Hour.start(now - HOUR_RIPENS - SignedDuration::from_hours(1));
        let key = Key::new(RATE_KEY);
        let known = store.get(&key, now).await?;
        if known
            .as_ref()
            .is_some_and(|known| !is_due(known, hour, now))
        {
            return Ok(());
        }
        let version = known.map(|known| known.version);
        let mine = self.rate_record(hour, Some(now + RATE_LEASE), now);
        if !matches!(store.swap(&key, version, &mine, now).await?, Swap::Done) {
            return Ok(());
        }
        let told = match self.share(hour).await? {
            Some(share) => {
                let until = hour + SignedDuration::from_hours(1);
                let told = sender.provider().convert_rate(share, until).await;
                self.events.converted(Converting::Rate, kind(&told));
                told
            }
            None => Ok(()),
        };
        match told {
            Err(FindError::Failed(failure)) if failure.is_transient => {
                tracing::warn!(
                    message.code = failure.code,
                    cause = &*failure.cause.en,
                    "the provider did not take the share of codes that came back; trying again"
                );
                return Ok(());
            }
            Err(FindError::Failed(failure)) => {
                tracing::warn!(
                    message.code = failure.code,
                    cause = &*failure.cause.en,
                    cure = &*failure.cure.en,
                    "the provider refused the share of codes that came back"
                );
            }
            _ => {}
        }
        let done = self.rate_record(hour, None, now);
        store.swap(&key, Some(mine.version), &done, now).await?;
        Ok(())
    }

    /// Which hour, and until when it is somebody's; without that it is told.
    fn rate_record(&self, hour: Timestamp, lease: Option<Timestamp>, now: Timestamp) -> Record {
        let mut version = [0; 8];
        self.source.fill(&mut version);
        let lease = lease.map_or(0, Timestamp::as_second);
        Record {
            version: Version(u64::from_ne_bytes(version)),
            value: [hour.as_second().to_be_bytes(), lease.to_be_bytes()].concat(),
            expires_at: now + RATE_KEPT,
        }
    }

    /// Of the messages of an hour to numbers outside the mainland.
    async fn share(&self, hour: Timestamp) -> StoreResult<Option<f64>> {
        let query = TallyQuery {
            span: Span::Hour,
            from: hour,
            until: hour + SignedDuration::from_hours(1),
            app: None,
        };
        let tallied = self.journal.tallies(&query).await?;
        let overseas = tallied.iter().filter(|tallied| tallied.country != "CN");
        let counts = overseas.fold(Counts::default(), |sum, tallied| sum + tallied.counts);
        Ok(share_of(&counts))
    }
}

/// None where nothing was sent.
fn share_of(counts: &Counts) -> Option<f64> {
    let sent = counts.sent();
    #[expect(clippy::cast_precision_loss, reason = "no hour has that many messages")]
    let share = counts.confirmed.clamp(0, sent.max(0)) as f64 / sent.max(1) as f64;
    (sent > 0).then_some(share)
}

/// Whether an hour is still to be told of: a later one than was, or the same
/// whose server died over it.
fn is_due(known: &Record, hour: Timestamp, now: Timestamp) -> bool {
    let number = |at: usize| {
        let bytes = known.value.get(at..at + 8)?;
        Some(i64::from_be_bytes(bytes.try_into().ok()?))
    };
    let (Some(told), Some(lease)) = (number(0), number(8)) else {
        return true;
    };
    let hour = hour.as_second();
    told < hour || (told == hour && lease != 0 && lease <= now.as_second())
}

/// What is to be done about a message whose code came back.
enum Next {
    Tell(Conversion),
    /// Its sending has not ended.
    Wait,
    Nothing,
}

fn conversion(row: &Row, now: Timestamp) -> Next {
    let at = row.confirmed_at.unwrap_or(row.created_at);
    if now.duration_since(at) > TELLING_ENDS {
        return Next::Nothing;
    }
    match (&row.progress.biz_id, row.progress.state) {
        (Some(biz_id), State::Accepted) => Next::Tell(Conversion {
            biz_id: biz_id.clone(),
            at,
        }),
        (None, State::Accepted) | (_, State::Refused | State::FinallyUnknown) => Next::Nothing,
        (_, State::Sending | State::Unknown) => Next::Wait,
    }
}

fn pause(row: &Row, now: Timestamp) -> SignedDuration {
    let at = row.confirmed_at.unwrap_or(row.created_at);
    now.duration_since(at).clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

fn kind(told: &Told) -> Converted {
    match told {
        Ok(()) => Converted::Told,
        Err(error) if error.is_denied() => Converted::Denied,
        // Also where an answer was lost: to say it twice does no harm.
        Err(error) if error.is_transient() => Converted::Failed,
        Err(_) => Converted::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_what_was_sent() {
        let counts = |accepted, unknown, confirmed| Counts {
            accepted,
            unknown,
            confirmed,
            ..Counts::default()
        };
        assert_eq!(share_of(&counts(0, 0, 0)), None);
        assert_eq!(share_of(&counts(3, 1, 2)), Some(0.5));
        // Counts that are not settled yet make no share above one.
        assert_eq!(share_of(&counts(1, 0, 2)), Some(1.0));
        assert_eq!(share_of(&counts(0, 2, -1)), Some(0.0));
    }
}
