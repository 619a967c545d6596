//! Telling what limits decided: to metrics, the log, and by way of the ledger to
//! the journal.

use std::net::IpAddr;

use sesame_connector::PhoneNumber;

use super::blocks::subject;
use super::ledger::{Kind, Number, Place, Waiting};
use super::types::{QueryError, VerdictQuery, VerdictView};
use super::{About, Inner};
use crate::journal::{Block, Ruling, Verdict, VerdictSearch};
use crate::keys::hex;
use crate::limit::Reached;
use crate::store::StoreResult;

/// Verdicts are gathered by hours of the clock.
const SPAN_SECS: i64 = 3600;

/// One message, and what was decided about it.
pub(super) struct Ruled<'a> {
    pub(super) ruling: Ruling,
    pub(super) reached: &'a Reached,
    pub(super) app: &'a str,
    pub(super) usage_type: &'a str,
    pub(super) to: &'a PhoneNumber,
    pub(super) ip: Option<IpAddr>,
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
