//! What operators leave in the journal, in SQLite: API keys, what they did, and
//! marks.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row as Columns, params};

use super::{behind, count, maybe_time, micros, time};
use crate::journal::{ApiKeyRow, Decision};

pub(super) fn put_key(connection: &Connection, key: &ApiKeyRow) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO api_keys (id, name, app, scopes, hash, created_at, ends_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        key.id,
        key.name,
        key.app,
        key.scopes.join(","),
        key.hash,
        key.created_at.as_microsecond(),
        micros(key.ends_at),
    ])?;
    Ok(())
}

pub(super) fn keys(connection: &Connection) -> rusqlite::Result<Vec<ApiKeyRow>> {
    let sql = "SELECT id, name, app, scopes, hash, created_at, ends_at FROM api_keys \
        ORDER BY created_at, id";
    let key = |found: &Columns<'_>| {
        let scopes: String = found.get(3)?;
        Ok(ApiKeyRow {
            id: found.get(0)?,
            name: found.get(1)?,
            app: found.get(2)?,
            scopes: scopes
                .split(',')
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
            hash: found.get(4)?,
            created_at: time(found, 5)?,
            ends_at: maybe_time(found, 6)?,
        })
    };
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([], key)?.collect()
}

pub(super) fn decide(connection: &Connection, decision: &Decision) -> rusqlite::Result<()> {
    let sql = "INSERT INTO decisions (id, at, actor, action, subject, number_index, detail) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        decision.id,
        decision.at.as_microsecond(),
        decision.actor,
        decision.action,
        decision.subject,
        decision.number_index,
        decision.detail,
    ])?;
    Ok(())
}

pub(super) fn decisions(
    connection: &Connection,
    limit: usize,
    after: Option<(Timestamp, String)>,
) -> rusqlite::Result<Vec<Decision>> {
    let sql = "SELECT id, at, actor, action, subject, number_index, detail FROM decisions \
        WHERE (at, id) < (?1, ?2) ORDER BY at DESC, id DESC LIMIT ?3";
    let (at, id) = behind(after);
    let decision = |found: &Columns<'_>| {
        Ok(Decision {
            id: found.get(0)?,
            at: time(found, 1)?,
            actor: found.get(2)?,
            action: found.get(3)?,
            subject: found.get(4)?,
            number_index: found.get(5)?,
            detail: found.get(6)?,
        })
    };
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![at, id, count(limit)], decision)?;
    found.collect()
}

pub(super) fn mark(
    connection: &Connection,
    name: &str,
    value: Option<&[u8]>,
) -> rusqlite::Result<Option<Vec<u8>>> {
    if let Some(value) = value {
        let sql = "INSERT INTO marks (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
        connection
            .prepare_cached(sql)?
            .execute(params![name, value])?;
    }
    connection
        .prepare_cached("SELECT value FROM marks WHERE name = ?1")?
        .query_row([name], |found| found.get(0))
        .optional()
}
