//! Codes that came back, in PostgreSQL: whose provider is to be told when.

use jiff::Timestamp;
use sesame_connector::OutId;

use super::super::time::Time;
use super::{COLUMNS, Postgres, Values, count, row};
use crate::journal::Row;
use crate::store::StoreResult;

/// A part of a statement whose part `changed` gives `id` and `country` of messages
/// whose codes just came back at `$2`: those outside the mainland alone.
pub(super) const ADDING: &str = "INSERT INTO sesame_conversions (message, due) \
    SELECT id, $2 FROM changed WHERE country <> 'CN' ON CONFLICT (message) DO NOTHING";

pub(super) async fn claim(
    store: &Postgres,
    limit: usize,
    now: Timestamp,
    lease_until: Timestamp,
) -> StoreResult<Vec<Row>> {
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT message, due AS due_at FROM sesame_conversions \
            WHERE due <= $1 ORDER BY due, message LIMIT $2 FOR UPDATE SKIP LOCKED), \
        taken AS (UPDATE sesame_conversions c SET due = $3 FROM due WHERE c.message = due.message \
            RETURNING c.message, due_at) \
        SELECT {COLUMNS} FROM taken JOIN sesame_messages ON id = message ORDER BY due_at, message"
    );
    let values: Values<'_> = &[&Time(now), &count(limit), &Time(lease_until)];
    store.query(&sql, values).await?.iter().map(row).collect()
}

pub(super) async fn told(
    store: &Postgres,
    out_id: &OutId,
    again: Option<Timestamp>,
) -> StoreResult<()> {
    let which = "message = (SELECT id FROM sesame_messages WHERE out_id = $1)";
    let done = match again {
        Some(again) => {
            let sql = format!("UPDATE sesame_conversions SET due = $2 WHERE {which}");
            store.execute(&sql, &[&out_id.as_str(), &Time(again)]).await
        }
        None => {
            let sql = format!("DELETE FROM sesame_conversions WHERE {which}");
            store.execute(&sql, &[&out_id.as_str()]).await
        }
    };
    done.map(|_| ())
}
