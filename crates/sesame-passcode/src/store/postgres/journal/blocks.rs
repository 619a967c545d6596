//! Blocks in PostgreSQL.

use jiff::Timestamp;
use tokio_postgres::Row as Columns;

use super::super::time::Time;
use super::{Postgres, Values, behind, count, get};
use crate::journal::Block;
use crate::store::StoreResult;

const COLUMNS: &str = "id, limit_name, subject, sealed, since, until";

pub(super) async fn write(store: &Postgres, block: &Block) -> StoreResult<()> {
    let sql = "INSERT INTO sesame_blocks AS b (id, limit_name, subject, sealed, since, until) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET limit_name = $2, \
        subject = $3, sealed = $4, until = $6, \
        since = CASE WHEN b.until > $5 THEN b.since ELSE $5 END";
    let values: Values<'_> = &[
        &block.id,
        &block.limit,
        &block.subject,
        &block.sealed,
        &Time(block.since),
        &Time(block.until),
    ];
    store.execute(sql, values).await.map(|_| ())
}

pub(super) async fn remove(store: &Postgres, id: &str) -> StoreResult<Option<Block>> {
    let sql = format!("DELETE FROM sesame_blocks WHERE id = $1 RETURNING {COLUMNS}");
    let rows = store.query(&sql, &[&id]).await?;
    rows.first().map(block).transpose()
}

fn block(columns: &Columns) -> StoreResult<Block> {
    Ok(Block {
        id: get(columns, 0)?,
        limit: get(columns, 1)?,
        subject: get(columns, 2)?,
        sealed: get(columns, 3)?,
        since: get::<Time>(columns, 4)?.0,
        until: get::<Time>(columns, 5)?.0,
    })
}

pub(super) async fn read(
    store: &Postgres,
    now: Timestamp,
    limit: usize,
    after: Option<&(Timestamp, String)>,
) -> StoreResult<Vec<Block>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sesame_blocks WHERE until > $1 \
         AND (until, id) < (coalesce($2::timestamptz, 'infinity'), $3) \
         ORDER BY until DESC, id DESC LIMIT $4"
    );
    let (until, id) = behind(after);
    let values: Values<'_> = &[&Time(now), &until, &id, &count(limit)];
    store.query(&sql, values).await?.iter().map(block).collect()
}
