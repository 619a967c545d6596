//! What operators leave in the journal, in PostgreSQL: API keys, what they did, and
//! marks.

use jiff::Timestamp;
use tokio_postgres::Row as Columns;

use super::super::time::Time;
use super::{Postgres, Values, behind, count, fixed, get, maybe_time};
use crate::journal::{ApiKeyRow, Decision};
use crate::store::StoreResult;

pub(super) async fn put_key(store: &Postgres, key: &ApiKeyRow) -> StoreResult<()> {
    let sql = "INSERT INTO sesame_api_keys (id, name, app, scopes, hash, created_at, ends_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET name = $2, app = $3, \
        scopes = $4, hash = $5, created_at = $6, ends_at = $7";
    let values: Values<'_> = &[
        &key.id,
        &key.name,
        &key.app,
        &key.scopes,
        &key.hash.as_slice(),
        &Time(key.created_at),
        &key.ends_at.map(Time),
    ];
    store.execute(sql, values).await.map(|_| ())
}

pub(super) async fn keys(store: &Postgres) -> StoreResult<Vec<ApiKeyRow>> {
    let sql = "SELECT id, name, app, scopes, hash, created_at, ends_at FROM sesame_api_keys \
        ORDER BY created_at, id";
    let key = |columns: &Columns| {
        Ok(ApiKeyRow {
            id: get(columns, 0)?,
            name: get(columns, 1)?,
            app: get(columns, 2)?,
            scopes: get(columns, 3)?,
            hash: fixed(columns, 4)?,
            created_at: get::<Time>(columns, 5)?.0,
            ends_at: maybe_time(columns, 6)?,
        })
    };
    store.query(sql, &[]).await?.iter().map(key).collect()
}

pub(super) async fn decide(store: &Postgres, decision: &Decision) -> StoreResult<()> {
    let sql = "INSERT INTO sesame_decisions (id, at, actor, action, subject, number_index, detail) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
    let index = decision.number_index.as_ref().map(|index| &index[..]);
    let values: Values<'_> = &[
        &decision.id,
        &Time(decision.at),
        &decision.actor,
        &decision.action,
        &decision.subject,
        &index,
        &decision.detail,
    ];
    store.execute(sql, values).await.map(|_| ())
}

pub(super) async fn decisions(
    store: &Postgres,
    limit: usize,
    after: Option<&(Timestamp, String)>,
) -> StoreResult<Vec<Decision>> {
    let sql = "SELECT id, at, actor, action, subject, number_index, detail FROM sesame_decisions \
        WHERE (at, id) < (coalesce($1::timestamptz, 'infinity'), $2) \
        ORDER BY at DESC, id DESC LIMIT $3";
    let decision = |columns: &Columns| {
        let about: Option<&[u8]> = get(columns, 5)?;
        Ok(Decision {
            id: get(columns, 0)?,
            at: get::<Time>(columns, 1)?.0,
            actor: get(columns, 2)?,
            action: get(columns, 3)?,
            subject: get(columns, 4)?,
            number_index: about.map(|_| fixed(columns, 5)).transpose()?,
            detail: get(columns, 6)?,
        })
    };
    let (at, id) = behind(after);
    let values: Values<'_> = &[&at, &id, &count(limit)];
    store
        .query(sql, values)
        .await?
        .iter()
        .map(decision)
        .collect()
}

pub(super) async fn mark(
    store: &Postgres,
    name: &str,
    value: Option<&[u8]>,
) -> StoreResult<Option<Vec<u8>>> {
    if let Some(value) = value {
        let sql = "INSERT INTO sesame_marks (name, value) VALUES ($1, $2) \
            ON CONFLICT (name) DO NOTHING";
        store.execute(sql, &[&name, &value]).await?;
    }
    let sql = "SELECT value FROM sesame_marks WHERE name = $1";
    let rows = store.query(sql, &[&name]).await?;
    rows.first().map(|row| get(row, 0)).transpose()
}
