//! The journal in PostgreSQL.

mod blocks;
mod conversions;
mod operators;
mod search;
mod tallies;
mod verdicts;

use jiff::Timestamp;
use sesame_connector::OutId;
use sesame_connector::provider::BoxFuture;
use tokio_postgres::Row as Columns;
use tokio_postgres::types::ToSql;

use super::time::Time;
use super::{Postgres, Values, count, error, get};
use crate::journal::{
    ApiKeyRow, Ask, Block, Consumed, Counts, Decision, Journal, Progress, Receipted, RequestId,
    Row, Search, SeenReport, State, Tallied, TallyQuery, Verdict, VerdictSearch, merged_pages,
};
use crate::store::{Store, StoreResult};

/// What a row is read from, in the order [`row`] reads it; the id and the
/// revision come first.
const COLUMNS: &str = "id, revision, out_id, verification, app, usage_type, number, number_index, \
    masked, country, carrier, provider, created_at, state, code, request_id, biz_id, ended_at, \
    report_delivered, report_code, report_at, confirmed_at, ask_at";

/// How often a row is read again that others keep changing meanwhile.
const TRIES: usize = 100;

impl Journal for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn open<'a>(&'a self, row: &'a Row) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(open(self, row))
    }

    fn advance<'a>(
        &'a self,
        out_id: &'a OutId,
        news: &'a Progress,
        ask: Ask,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(advance(self, out_id, news, ask, now))
    }

    fn message<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        Box::pin(async move {
            let found = message(self, out_id).await?;
            Ok(found.map(|found| found.row))
        })
    }

    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, StoreResult<Vec<Row>>> {
        Box::pin(async move {
            let mut pages = Vec::new();
            for one in search.each_state() {
                pages.push(search::searched(self, &one).await?);
            }
            Ok(merged_pages(pages, search.limit))
        })
    }

    fn reach<'a>(
        &'a self,
        search: &'a Search,
        how_far: usize,
    ) -> BoxFuture<'a, StoreResult<Option<(Timestamp, OutId)>>> {
        Box::pin(search::reach(self, search, how_far))
    }

    fn tallies<'a>(&'a self, query: &'a TallyQuery) -> BoxFuture<'a, StoreResult<Vec<Tallied>>> {
        Box::pin(tallies::read(self, query))
    }

    fn reports<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Vec<SeenReport>>> {
        Box::pin(reports(self, out_id))
    }

    fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(claim(self, limit, now, lease_until))
    }

    fn consume<'a>(
        &'a self,
        verification: &'a str,
        by: Option<RequestId>,
        at: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Consumed>> {
        Box::pin(consume(self, verification, by, at))
    }

    fn claim_conversions(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(conversions::claim(self, limit, now, lease_until))
    }

    fn converted<'a>(
        &'a self,
        out_id: &'a OutId,
        again: Option<Timestamp>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(conversions::told(self, out_id, again))
    }

    fn prune(&self, before: Timestamp, limit: usize) -> BoxFuture<'_, StoreResult<usize>> {
        Box::pin(prune(self, before, limit))
    }

    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(operators::put_key(self, key))
    }

    fn keys(&self) -> BoxFuture<'_, StoreResult<Vec<ApiKeyRow>>> {
        Box::pin(operators::keys(self))
    }

    fn decide<'a>(&'a self, decision: &'a Decision) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(operators::decide(self, decision))
    }

    fn decisions<'a>(
        &'a self,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Decision>>> {
        Box::pin(operators::decisions(self, limit, after))
    }

    fn block<'a>(&'a self, block: &'a Block) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(blocks::write(self, block))
    }

    fn unblock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Option<Block>>> {
        Box::pin(blocks::remove(self, id))
    }

    fn blocks<'a>(
        &'a self,
        now: Timestamp,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Block>>> {
        Box::pin(blocks::read(self, now, limit, after))
    }

    fn rule<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(verdicts::write(self, verdicts))
    }

    fn verdicts<'a>(
        &'a self,
        search: &'a VerdictSearch,
    ) -> BoxFuture<'a, StoreResult<Vec<Verdict>>> {
        Box::pin(verdicts::read(self, search))
    }

    fn mark<'a>(
        &'a self,
        name: &'a str,
        value: Option<&'a [u8]>,
    ) -> BoxFuture<'a, StoreResult<Option<Vec<u8>>>> {
        Box::pin(operators::mark(self, name, value))
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Store::ping(self)
    }
}

/// A row, and what tells whether it was changed since.
struct Found {
    id: i64,
    revision: i64,
    row: Row,
}

async fn open(store: &Postgres, row: &Row) -> StoreResult<()> {
    let columns = "out_id, verification, app, usage_type, number, number_index, masked, country, \
        carrier, provider, created_at, state, code, request_id, biz_id, ended_at, \
        report_delivered, report_code, report_at, confirmed_at, ask_at";
    let marks: Vec<String> = (1..=21).map(|at| format!("${at}")).collect();
    let insert = format!(
        "INSERT INTO sesame_messages ({columns}) VALUES ({}) ON CONFLICT (out_id) DO NOTHING",
        marks.join(", ")
    );
    let counts = Counts::of_row(row);
    // A row that is not ended, as nearly all are that are written first, is not
    // counted yet.
    let sql = match counts.is_zero() {
        true => insert,
        false => format!(
            "WITH changed AS ({insert} RETURNING id, created_at, app, country, carrier) {}",
            tallies::adding(22)
        ),
    };
    let known = Known::of(&row.progress);
    let more = counts.columns();
    let (created_at, confirmed_at, ask_at) = (
        Time(row.created_at),
        row.confirmed_at.map(Time),
        row.ask_at.map(Time),
    );
    let (out_id, number_index) = (row.out_id.as_str(), row.number_index.as_slice());
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![
        &out_id,
        &row.verification,
        &row.app,
        &row.usage_type,
        &row.number,
        &number_index,
        &row.masked,
        &row.country,
        &row.carrier,
        &row.provider,
        &created_at,
        &known.state,
        &known.code,
        &known.request_id,
        &known.biz_id,
        &known.ended_at,
        &known.delivered,
        &known.report_code,
        &known.reported_at,
        &confirmed_at,
        &ask_at,
    ];
    if !counts.is_zero() {
        values.extend(more.iter().map(|count| count as &(dyn ToSql + Sync)));
    }
    store.execute(&sql, &values).await.map(|_| ())
}

/// What is known of a message, column by column.
struct Known {
    state: &'static str,
    code: Option<String>,
    request_id: Option<String>,
    biz_id: Option<String>,
    ended_at: Option<Time>,
    delivered: Option<bool>,
    report_code: Option<String>,
    reported_at: Option<Time>,
}

impl Known {
    fn of(progress: &Progress) -> Self {
        let report = progress.report.as_ref();
        Self {
            state: progress.state.as_str(),
            code: text(progress.code.as_ref()),
            request_id: text(progress.request_id.as_ref()),
            biz_id: text(progress.biz_id.as_ref()),
            ended_at: progress.ended_at.map(Time),
            delivered: report.map(|report| report.delivered),
            report_code: text(report.and_then(|report| report.code.as_ref())),
            reported_at: report.and_then(|report| report.reported_at).map(Time),
        }
    }
}

/// A text from outside: PostgreSQL's cannot hold the character NUL.
fn text(given: Option<&String>) -> Option<String> {
    given.map(|text| text.replace('\0', "\u{fffd}"))
}

async fn advance(
    store: &Postgres,
    out_id: &OutId,
    news: &Progress,
    ask: Ask,
    now: Timestamp,
) -> StoreResult<Option<Row>> {
    for _ in 0..TRIES {
        let Some(found) = message(store, out_id).await? else {
            return Ok(None);
        };
        let merged = found.row.progress.merge(news);
        let ask_at = ask.of(found.row.ask_at);
        if merged == found.row.progress && ask_at == found.row.ask_at && news.report.is_none() {
            return Ok(Some(found.row));
        }
        if let Some(row) = write(store, &found, &merged, ask, news, now).await? {
            return Ok(Some(row));
        }
    }
    Err(error::STORE.unavailable("one message is changed by too many"))
}

/// Writes, unless the row was changed since it was found.
async fn write(
    store: &Postgres,
    found: &Found,
    merged: &Progress,
    ask: Ask,
    news: &Progress,
    now: Timestamp,
) -> StoreResult<Option<Row>> {
    let is_confirmed = found.row.confirmed_at.is_some();
    let more = Counts::of(merged, is_confirmed) - Counts::of_row(&found.row);
    let sql = format!(
        "WITH changed AS (UPDATE sesame_messages SET revision = revision + 1, state = $3, \
            code = $4, request_id = $5, biz_id = $6, ended_at = $7, report_delivered = $8, \
            report_code = $9, report_at = $10, ask_at = CASE WHEN $11 THEN ask_at ELSE $12 END \
            WHERE id = $1 AND revision = $2 RETURNING {COLUMNS}), \
        noted AS (INSERT INTO sesame_reports (message, seen_at, delivered, code, reported_at) \
            SELECT id, $13::timestamptz, $14::boolean, $15::text, $16::timestamptz FROM changed \
            WHERE $14::boolean IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sesame_reports r \
            WHERE r.message = $1 AND r.delivered = $14 AND r.code IS NOT DISTINCT FROM $15 \
            AND r.reported_at IS NOT DISTINCT FROM $16)){} \
        SELECT {COLUMNS} FROM changed",
        if more.is_zero() {
            String::new()
        } else {
            format!(", tallied AS ({})", tallies::adding(17))
        }
    );
    let columns = more.columns();
    let known = Known::of(merged);
    let told = Known::of(news);
    let (keeps, ask_at, now) = (ask == Ask::Keep, ask.of(None).map(Time), Time(now));
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![
        &found.id,
        &found.revision,
        &known.state,
        &known.code,
        &known.request_id,
        &known.biz_id,
        &known.ended_at,
        &known.delivered,
        &known.report_code,
        &known.reported_at,
        &keeps,
        &ask_at,
        &now,
        &told.delivered,
        &told.report_code,
        &told.reported_at,
    ];
    if !more.is_zero() {
        values.extend(columns.iter().map(|count| count as &(dyn ToSql + Sync)));
    }
    let rows = store.query(&sql, &values).await?;
    rows.first().map(row).transpose()
}

async fn message(store: &Postgres, out_id: &OutId) -> StoreResult<Option<Found>> {
    let sql = format!("SELECT {COLUMNS} FROM sesame_messages WHERE out_id = $1");
    let rows = store.query(&sql, &[&out_id.as_str()]).await?;
    let found = |columns: &Columns| {
        Ok(Found {
            id: get(columns, 0)?,
            revision: get(columns, 1)?,
            row: row(columns)?,
        })
    };
    rows.first().map(found).transpose()
}

async fn reports(store: &Postgres, out_id: &OutId) -> StoreResult<Vec<SeenReport>> {
    let sql = "SELECT r.delivered, r.code, r.reported_at, r.seen_at FROM sesame_reports r \
        JOIN sesame_messages m ON m.id = r.message WHERE m.out_id = $1 ORDER BY r.id";
    let rows = store.query(sql, &[&out_id.as_str()]).await?;
    let seen = |columns: &Columns| {
        Ok(SeenReport {
            report: Receipted {
                delivered: get(columns, 0)?,
                code: get(columns, 1)?,
                reported_at: maybe_time(columns, 2)?,
            },
            seen_at: get::<Time>(columns, 3)?.0,
        })
    };
    rows.iter().map(seen).collect()
}

async fn claim(
    store: &Postgres,
    limit: usize,
    now: Timestamp,
    lease_until: Timestamp,
) -> StoreResult<Vec<Row>> {
    // `due` is read first, and once: whoever else claims passes over it.
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT id AS due_id, ask_at AS due_at FROM sesame_messages \
            WHERE ask_at <= $1 ORDER BY ask_at, out_id LIMIT $2 FOR UPDATE SKIP LOCKED), \
        taken AS (UPDATE sesame_messages SET ask_at = $3 FROM due WHERE id = due_id \
            RETURNING {COLUMNS}, due_at) \
        SELECT {COLUMNS} FROM taken ORDER BY due_at, out_id"
    );
    let values: Values<'_> = &[&Time(now), &count(limit), &Time(lease_until)];
    store.query(&sql, values).await?.iter().map(row).collect()
}

async fn consume(
    store: &Postgres,
    verification: &str,
    by: Option<RequestId>,
    at: Timestamp,
) -> StoreResult<Consumed> {
    let sql = format!(
        "WITH first AS (INSERT INTO sesame_consumptions (verification, at, request) \
            VALUES ($1, $2, $3) ON CONFLICT (verification) DO NOTHING RETURNING verification), \
        changed AS (UPDATE sesame_messages m SET confirmed_at = $2 FROM first \
            WHERE m.verification = first.verification AND m.confirmed_at IS NULL \
            RETURNING m.id, m.created_at, m.app, m.country, m.carrier), \
        queued AS ({}), tallied AS ({}) SELECT 1 FROM first",
        conversions::ADDING,
        tallies::adding(4)
    );
    let one = Counts {
        confirmed: 1,
        ..Counts::default()
    };
    let (at, columns) = (Time(at), one.columns());
    let by = by.as_ref().map(<[u8; 12]>::as_slice);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&verification, &at, &by];
    values.extend(columns.iter().map(|count| count as &(dyn ToSql + Sync)));
    if !store.query(&sql, &values).await?.is_empty() {
        return Ok(Consumed::First);
    }
    // Apart: a statement does not see what was written while it ran.
    let sql = "SELECT 1 FROM sesame_consumptions WHERE verification = $1 AND request = $2";
    let same = store.query(sql, &[&verification, &by]).await?;
    Ok(if same.is_empty() {
        Consumed::Before
    } else {
        Consumed::Again
    })
}

async fn prune(store: &Postgres, before: Timestamp, limit: usize) -> StoreResult<usize> {
    let mut dropped = 0;
    for (table, key, at) in [
        ("sesame_messages", "id", "created_at"),
        ("sesame_decisions", "id", "at"),
        ("sesame_consumptions", "verification", "at"),
        ("sesame_blocks", "id", "until"),
        ("sesame_verdicts", "id", "at"),
    ] {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} \
             WHERE {at} < $1 ORDER BY {at} LIMIT $2 FOR UPDATE SKIP LOCKED)"
        );
        let left = limit.saturating_sub(dropped);
        let gone = store.execute(&sql, &[&Time(before), &count(left)]).await?;
        dropped += usize::try_from(gone).unwrap_or(left);
    }
    dropped += tallies::prune(store, before, limit.saturating_sub(dropped)).await?;
    Ok(dropped)
}

/// Behind which time and id, as values of a comparison.
fn behind(after: Option<&(Timestamp, String)>) -> (Option<Time>, &str) {
    match after {
        Some((at, id)) => (Some(Time(*at)), id),
        None => (None, ""),
    }
}

fn row(columns: &Columns) -> StoreResult<Row> {
    let delivered: Option<bool> = get(columns, 18)?;
    let report = match delivered {
        Some(delivered) => Some(Receipted {
            delivered,
            code: get(columns, 19)?,
            reported_at: maybe_time(columns, 20)?,
        }),
        None => None,
    };
    Ok(Row {
        out_id: OutId::parse(get(columns, 2)?).map_err(|_| unreadable("out_id"))?,
        verification: get(columns, 3)?,
        app: get(columns, 4)?,
        usage_type: get(columns, 5)?,
        number: get(columns, 6)?,
        number_index: fixed(columns, 7)?,
        masked: get(columns, 8)?,
        country: get(columns, 9)?,
        carrier: get(columns, 10)?,
        provider: get(columns, 11)?,
        created_at: get::<Time>(columns, 12)?.0,
        progress: Progress {
            state: State::named(get(columns, 13)?).ok_or_else(|| unreadable("state"))?,
            code: get(columns, 14)?,
            request_id: get(columns, 15)?,
            biz_id: get(columns, 16)?,
            ended_at: maybe_time(columns, 17)?,
            report,
        },
        confirmed_at: maybe_time(columns, 21)?,
        ask_at: maybe_time(columns, 22)?,
    })
}

fn fixed<const N: usize>(columns: &Columns, index: usize) -> StoreResult<[u8; N]> {
    let bytes: &[u8] = get(columns, index)?;
    <[u8; N]>::try_from(bytes).map_err(|_| unreadable(columns.columns()[index].name()))
}

fn unreadable(column: &str) -> crate::store::StoreError {
    error::STORE.corrupt(format!("a value of the column {column} is none we write"))
}

fn maybe_time(columns: &Columns, index: usize) -> StoreResult<Option<Timestamp>> {
    let time: Option<Time> = get(columns, index)?;
    Ok(time.map(|time| time.0))
}
