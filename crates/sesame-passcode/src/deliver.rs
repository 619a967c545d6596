//! The journal around a send, and what becomes of messages afterwards: reports
//! merged, doubts settled by asking. Nothing here ever sends again.

mod convert;
mod query;
mod settle;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sesame_connector::{
    Carrier, Connector, Delivery, Message, OutId, Outcome, PhoneNumber, Reading, Source,
};

use crate::journal::{Ask, Journal, Progress, Receipted, Row, State};
use crate::keys::Keys;
use crate::service::{About, Events, Parts, Reported, ReportsError};
use crate::store::StoreResult;

/// How long after a send has to have ended its row is still left alone.
const GRACE: Duration = Duration::from_secs(5);

/// When a message in doubt is asked about first.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Sends messages and keeps their rows.
#[derive(Debug)]
pub(crate) struct Deliver {
    journal: Arc<dyn Journal>,
    connector: Connector,
    keys: Arc<Keys>,
    source: Arc<dyn Source>,
    events: Arc<dyn Events>,
    polling: bool,
    pace: settle::Pace,
    /// Why the provider did not take what it was told, since it last did.
    not_told: Mutex<BTreeSet<String>>,
}

impl Deliver {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            journal: parts.journal.clone(),
            connector: parts.connector.clone(),
            keys: parts.keys.clone(),
            source: parts.source.clone(),
            events: parts.events.clone(),
            polling: parts.polling,
            pace: settle::Pace::default(),
            not_told: Mutex::default(),
        }
    }

    /// Writes the row of a message that is about to be sent. It is asked about
    /// only when sending must have ended, so that whoever finds it without an
    /// outcome knows that its sender is gone.
    ///
    /// # Errors
    /// Where the journal does not answer; then nothing may be sent.
    pub(crate) async fn open(
        &self,
        message: &Message,
        app: &str,
        verification: Option<String>,
        now: Timestamp,
    ) -> StoreResult<Row> {
        let sending = self.connector.config().timeout + GRACE;
        let out_id = message.out_id.as_str().as_bytes();
        let number = message.to.e164();
        let sealer = self.keys.sealer();
        let row = Row {
            out_id: message.out_id.clone(),
            verification,
            app: app.to_owned(),
            usage_type: message.usage_type.as_str().to_owned(),
            number: sealer.seal(&row_aad(out_id), number.as_bytes(), &*self.source),
            number_index: self.keys.number_index(&message.to),
            masked: message.to.masked(),
            country: message.to.region(),
            carrier: message.to.carrier().map_or("", Carrier::as_str).to_owned(),
            provider: self.connector.provider().name().to_owned(),
            created_at: now,
            progress: Progress::SENDING,
            confirmed_at: None,
            ask_at: now.checked_add(sending).ok(),
        };
        match self.journal.open(&row).await {
            Ok(()) => Ok(row),
            Err(error) => {
                self.went_nowhere(&row.out_id, now).await;
                Err(error)
            }
        }
    }

    /// A row that could not be written may be there all the same: says, if it
    /// can be said, that its message was never sent.
    async fn went_nowhere(&self, out_id: &OutId, now: Timestamp) {
        let refused = Progress {
            state: State::Refused,
            code: Some("journal_unavailable".to_owned()),
            ended_at: Some(now),
            ..Progress::SENDING
        };
        let said = self.journal.advance(out_id, &refused, Ask::Never, now);
        let _ = said.await;
    }

    /// Sends a message whose row is written, and writes down how it ended. A
    /// journal that does not take the end any more changes nothing about it:
    /// the row is asked about later, like any that was left behind. Gives the
    /// row as it is then too.
    pub(crate) async fn send(&self, message: &Message, row: Row) -> (Outcome, Row) {
        let began = self.source.now();
        let outcome = self.connector.send(message).await;
        let now = self.source.now();
        let took = Duration::try_from(now.duration_since(began)).unwrap_or_default();
        self.events.sent(&about(&row), &outcome, took);
        let now = to_millis(now);
        let ask = match &outcome {
            Outcome::Accepted(_) if self.polling => Ask::At(now + settle::FIRST_POLL),
            Outcome::Accepted(_) | Outcome::Refused(_) => Ask::Never,
            Outcome::Unknown(_) => Ask::At(now + FIRST_PAUSE),
        };
        let news = progress(&outcome, now);
        let written = self.journal.advance(&row.out_id, &news, ask, now).await;
        let row = match written {
            Ok(Some(row)) => row,
            Ok(None) => merged(row, &news),
            Err(error) => {
                tracing::error!(
                    message.out_id = %row.out_id,
                    message.outcome = outcome.as_str(),
                    %error,
                    "the outcome of a message could not be written down, it will be asked about"
                );
                merged(row, &news)
            }
        };
        (outcome, row)
    }

    /// Takes pushed reports. Each is of a message of ours only if the out-id and
    /// the number both fit.
    ///
    /// # Errors
    /// Where the body is none, or the journal does not answer; what was written
    /// before does no harm when it comes again.
    pub(crate) async fn reports(
        &self,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Reported, ReportsError> {
        let read = self.connector.parse_reports(body)?;
        let mut reported = Reported {
            acknowledgement: read.acknowledgement,
            matched: 0,
            unmatched: 0,
            unreadable: read.unreadable,
        };
        for report in read.reports {
            let row = match report.out_id.as_deref().map(OutId::parse) {
                Some(Ok(out_id)) => self.journal.message(&out_id).await?,
                _ => None,
            };
            let is_for = |row: &Row| self.number(row).is_some_and(|to| report.number.is(&to));
            let Some(row) = row.filter(is_for) else {
                reported.unmatched += 1;
                continue;
            };
            reported.matched += 1;
            let Some(receipted) = receipted(&report.delivery, report.reported_at) else {
                continue;
            };
            let delivered = receipted.delivered;
            let news = Progress {
                ended_at: Some(now),
                ..Progress::reported(receipted)
            };
            self.journal
                .advance(&row.out_id, &news, Ask::Never, now)
                .await?;
            self.events.reported(&about(&row), delivered);
        }
        Ok(reported)
    }

    /// The number a row is for.
    fn number(&self, row: &Row) -> Option<PhoneNumber> {
        let aad = row_aad(row.out_id.as_str().as_bytes());
        let opened = self.keys.sealer().open(&aad, &row.number)?;
        number(std::str::from_utf8(&opened).ok()?)
    }
}

/// A number that was written by us.
pub(crate) fn number(e164: &str) -> Option<PhoneNumber> {
    PhoneNumber::parse(e164, &Reading::default()).ok()
}

fn row_aad(out_id: &[u8]) -> Vec<u8> {
    [b"message:", out_id].concat()
}

fn about(row: &Row) -> About<'_> {
    About {
        app: &row.app,
        usage_type: &row.usage_type,
        country: &row.country,
    }
}

/// A row with news that were not written down.
fn merged(row: Row, news: &Progress) -> Row {
    Row {
        progress: row.progress.merge(news),
        ..row
    }
}

fn to_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or_default()
}

/// What an outcome says of a row.
fn progress(outcome: &Outcome, now: Timestamp) -> Progress {
    Progress {
        state: match outcome {
            Outcome::Accepted(_) => State::Accepted,
            Outcome::Refused(_) => State::Refused,
            Outcome::Unknown(_) => State::Unknown,
        },
        code: outcome.code().map(str::to_owned),
        request_id: outcome.request_id().map(str::to_owned),
        biz_id: outcome.biz_id().map(str::to_owned),
        ended_at: Some(now),
        report: None,
    }
}

/// `None` where there is no report yet.
fn receipted(delivery: &Delivery, reported_at: Option<Timestamp>) -> Option<Receipted> {
    let code = match delivery {
        Delivery::Waiting => return None,
        Delivery::Delivered => None,
        Delivery::Failed { code, .. } => Some(code.clone()),
    };
    Some(Receipted {
        delivered: code.is_none(),
        code,
        reported_at,
    })
}
