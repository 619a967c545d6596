//! Blocks in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row as Columns, params};

use super::{behind, count, time};
use crate::journal::Block;

const COLUMNS: &str = "id, limit_name, subject, sealed, since, until";

pub(super) fn write(connection: &Connection, block: &Block) -> rusqlite::Result<()> {
    let sql = "INSERT INTO blocks (id, limit_name, subject, sealed, since, until) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET limit_name = ?2, \
        subject = ?3, sealed = ?4, since = CASE WHEN until > ?5 THEN since ELSE ?5 END, \
        until = ?6";
    connection.prepare_cached(sql)?.execute(params![
        block.id,
        block.limit,
        block.subject,
        block.sealed,
        block.since.as_microsecond(),
        block.until.as_microsecond(),
    ])?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, id: &str) -> rusqlite::Result<Option<Block>> {
    let sql = format!("DELETE FROM blocks WHERE id = ?1 RETURNING {COLUMNS}");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row([id], block).optional()
}

fn block(found: &Columns<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        id: found.get(0)?,
        limit: found.get(1)?,
        subject: found.get(2)?,
        sealed: found.get(3)?,
        since: time(found, 4)?,
        until: time(found, 5)?,
    })
}

pub(super) fn read(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
    after: Option<(Timestamp, String)>,
) -> rusqlite::Result<Vec<Block>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM blocks WHERE until > ?1 AND (until, id) < (?2, ?3) \
         ORDER BY until DESC, id DESC LIMIT ?4"
    );
    let (until, id) = behind(after);
    let values = params![now.as_microsecond(), until, id, count(limit)];
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map(values, block)?.collect()
}

pub(super) fn prune(connection: &Connection, before: i64, limit: usize) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM blocks WHERE id IN \
        (SELECT id FROM blocks WHERE until < ?1 ORDER BY until LIMIT ?2)";
    let values = params![before, count(limit)];
    connection.prepare_cached(sql)?.execute(values)
}
