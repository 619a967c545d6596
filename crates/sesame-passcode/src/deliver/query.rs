//! Looking messages up.

use jiff::Timestamp;
use sesame_connector::{OutId, PhoneError, PhoneNumber};

use super::Deliver;
use crate::journal::Search;
use crate::service::{Invalid, MessageQuery, MessageView, Page, QueryError};
use crate::store::StoreResult;

const USUAL_LIMIT: usize = 50;
const MOST_AT_ONCE: usize = 200;

impl Deliver {
    pub(crate) async fn messages(&self, query: MessageQuery) -> Result<Page, QueryError> {
        let limit = query.limit.unwrap_or(USUAL_LIMIT).clamp(1, MOST_AT_ONCE);
        let number = query.to.as_deref().map(|to| self.connector.phone(to));
        let number: Result<Option<PhoneNumber>, PhoneError> = number.transpose();
        let mut search = Search {
            app: query.app,
            number_index: number?
                .map(|number| self.keys.number_index(&number))
                .or(query.number_index),
            states: query.states,
            usage_type: query.usage_type,
            delivery: query.delivery,
            from: query.from,
            until: query.until,
            after: query.cursor.as_deref().map(read_cursor).transpose()?,
            back_to: None,
            // One more tells whether there are more.
            limit: limit + 1,
        };
        if let Some(reach) = query.reach {
            search.back_to = self.reach(&search, reach).await?;
        }
        let mut rows = self.journal.search(&search).await?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more);
        let last = last.map(|row| (row.created_at, &row.out_id));
        let ends_at = search.back_to.as_ref().map(|(at, out_id)| (*at, out_id));
        let next_cursor = last.or(ends_at).map(|(at, out_id)| cursor(at, out_id));
        Ok(Page {
            items: rows.into_iter().map(MessageView::from).collect(),
            next_cursor,
        })
    }

    /// Where a search has to end that may look at so many rows; nowhere, where
    /// it comes to its end before.
    async fn reach(&self, search: &Search, far: usize) -> StoreResult<Option<(Timestamp, OutId)>> {
        let mut ends_at = None;
        for one in search.each_state() {
            if !one.is_led_alone() {
                ends_at = ends_at.max(self.journal.reach(&one, far).await?);
            }
        }
        Ok(ends_at)
    }

    /// The whole number of a message, and the message.
    pub(crate) async fn number_of(
        &self,
        out_id: &str,
    ) -> StoreResult<Option<(PhoneNumber, MessageView)>> {
        let Ok(out_id) = OutId::parse(out_id) else {
            return Ok(None);
        };
        let row = self.journal.message(&out_id).await?;
        let number = row.as_ref().and_then(|row| self.number(row));
        Ok(number.zip(row.map(MessageView::from)))
    }

    pub(crate) async fn message(
        &self,
        app: Option<&str>,
        out_id: &str,
    ) -> StoreResult<Option<MessageView>> {
        let Ok(out_id) = OutId::parse(out_id) else {
            return Ok(None);
        };
        let row = self.journal.message(&out_id).await?;
        let row = row.filter(|row| app.is_none_or(|app| row.app == app));
        Ok(row.map(MessageView::from))
    }
}

fn cursor(at: Timestamp, out_id: &OutId) -> String {
    format!("{}.{out_id}", at.as_millisecond())
}

fn read_cursor(text: &str) -> Result<(Timestamp, OutId), Invalid> {
    let read = || {
        let (at, out_id) = text.split_once('.')?;
        let at = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
        Some((at, OutId::parse(out_id).ok()?))
    };
    read().ok_or(Invalid {
        field: "cursor",
        reason: "is none that a page ended with",
    })
}
