//! Codes that came back, in SQLite: whose provider is to be told when.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use sesame_connector::OutId;

use super::{COLUMNS, count, micros, row};
use crate::journal::Row;

/// Those outside the mainland alone, among messages whose codes just came back.
pub(super) fn add(connection: &Connection, verification: &str, at: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO conversions (message, due) SELECT id, ?2 FROM messages \
        WHERE verification = ?1 AND country <> 'CN' ON CONFLICT (message) DO NOTHING";
    let values = params![verification, at];
    connection.prepare_cached(sql)?.execute(values).map(|_| ())
}

pub(super) fn claim(
    connection: &Connection,
    limit: usize,
    now: Timestamp,
    lease_until: Timestamp,
) -> rusqlite::Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversions JOIN messages ON id = message WHERE due <= ?1 \
         ORDER BY due, message LIMIT ?2"
    );
    let due: Vec<(i64, Row)> = connection
        .prepare_cached(&sql)?
        .query_map(params![now.as_microsecond(), count(limit)], |found| {
            Ok((found.get(0)?, row(found)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let sql = "UPDATE conversions SET due = ?2 WHERE message = ?1";
    let mut lease = connection.prepare_cached(sql)?;
    due.into_iter()
        .map(|(id, row)| {
            lease.execute([id, lease_until.as_microsecond()])?;
            Ok(row)
        })
        .collect()
}

pub(super) fn told(
    connection: &Connection,
    out_id: &OutId,
    again: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let which = "message = (SELECT id FROM messages WHERE out_id = ?1)";
    let done = match micros(again) {
        Some(again) => connection
            .prepare_cached(&format!("UPDATE conversions SET due = ?2 WHERE {which}"))?
            .execute(params![out_id.as_str(), again]),
        None => connection
            .prepare_cached(&format!("DELETE FROM conversions WHERE {which}"))?
            .execute([out_id.as_str()]),
    };
    done.map(|_| ())
}
