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
        let search = Search {
            app: query.app,
            number_index: number?.map(|number| self.keys.number_index(&number)),
            states: query.states,
            from: query.from,
            until: query.until,
            after: query.cursor.as_deref().map(read_cursor).transpose()?,
            // One more tells whether there are more.
            limit: limit + 1,
        };
        let mut rows = self.journal.search(&search).await?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last.map(|row| cursor(row.created_at, &row.out_id));
        Ok(Page {
            items: rows.into_iter().map(MessageView::from).collect(),
            next_cursor,
        })
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
