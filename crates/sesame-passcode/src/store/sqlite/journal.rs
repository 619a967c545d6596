//! The journal in SQLite.

use jiff::Timestamp;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension, Row as Columns, params, params_from_iter};
use sesame_connector::OutId;
use sesame_connector::provider::BoxFuture;

use super::{Sqlite, count, time};
use crate::journal::{
    ApiKeyRow, Ask, Decision, Journal, Progress, Receipted, Row, Search, SeenReport, State,
};
use crate::store::StoreResult;

/// What a row is read from, in the order [`row`] reads it; the id comes first.
const COLUMNS: &str = "id, out_id, verification, app, usage_type, number, number_index, masked, \
    country, provider, created_at, state, code, request_id, biz_id, ended_at, report_delivered, \
    report_code, report_at, confirmed_at, ask_at";

impl Journal for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn open<'a>(&'a self, row: &'a Row) -> BoxFuture<'a, StoreResult<()>> {
        let row = row.clone();
        Box::pin(self.write(move |connection| open(connection, &row)))
    }

    fn advance<'a>(
        &'a self,
        out_id: &'a OutId,
        news: &'a Progress,
        ask: Ask,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        let (out_id, news) = (out_id.clone(), news.clone());
        Box::pin(self.write(move |connection| advance(connection, &out_id, &news, ask, now)))
    }

    fn message<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Option<Row>>> {
        let out_id = out_id.clone();
        Box::pin(self.read(move |connection| {
            let found = message(connection, &out_id)?;
            Ok(found.map(|(_, row)| row))
        }))
    }

    fn search<'a>(&'a self, search: &'a Search) -> BoxFuture<'a, StoreResult<Vec<Row>>> {
        let (sql, values) = searched(search);
        Box::pin(self.read(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement
                .query_map(params_from_iter(values), row)?
                .collect()
        }))
    }

    fn reports<'a>(&'a self, out_id: &'a OutId) -> BoxFuture<'a, StoreResult<Vec<SeenReport>>> {
        let out_id = out_id.clone();
        Box::pin(self.read(move |connection| reports(connection, &out_id)))
    }

    fn claim(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(self.write(move |connection| claim(connection, limit, now, lease_until)))
    }

    fn consume<'a>(
        &'a self,
        verification: &'a str,
        at: Timestamp,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        let verification = verification.to_owned();
        Box::pin(self.write(move |connection| consume(connection, &verification, at)))
    }

    fn prune(&self, before: Timestamp, limit: usize) -> BoxFuture<'_, StoreResult<usize>> {
        Box::pin(self.write(move |connection| prune(connection, before, limit)))
    }

    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> BoxFuture<'a, StoreResult<()>> {
        let key = key.clone();
        Box::pin(self.write(move |connection| put_key(connection, &key)))
    }

    fn keys(&self) -> BoxFuture<'_, StoreResult<Vec<ApiKeyRow>>> {
        Box::pin(self.read(keys))
    }

    fn decide<'a>(&'a self, decision: &'a Decision) -> BoxFuture<'a, StoreResult<()>> {
        let decision = decision.clone();
        Box::pin(self.write(move |connection| decide(connection, &decision)))
    }

    fn decisions(
        &self,
        limit: usize,
        before: Option<Timestamp>,
    ) -> BoxFuture<'_, StoreResult<Vec<Decision>>> {
        Box::pin(self.read(move |connection| decisions(connection, limit, before)))
    }

    fn mark<'a>(
        &'a self,
        name: &'a str,
        value: Option<&'a [u8]>,
    ) -> BoxFuture<'a, StoreResult<Option<Vec<u8>>>> {
        let (name, value) = (name.to_owned(), value.map(<[u8]>::to_vec));
        Box::pin(self.write(move |connection| mark(connection, &name, value.as_deref())))
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        crate::store::Store::ping(self)
    }
}

fn open(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let sql = "INSERT INTO messages (out_id, verification, app, usage_type, number, number_index, \
        masked, country, provider, created_at, state, code, request_id, biz_id, ended_at, \
        report_delivered, report_code, report_at, confirmed_at, ask_at) VALUES (?1, ?2, ?3, ?4, \
        ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) \
        ON CONFLICT (out_id) DO NOTHING";
    let report = row.progress.report.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        row.out_id.as_str(),
        row.verification,
        row.app,
        row.usage_type,
        row.number,
        row.number_index,
        row.masked,
        row.country,
        row.provider,
        row.created_at.as_microsecond(),
        row.progress.state.as_str(),
        row.progress.code,
        row.progress.request_id,
        row.progress.biz_id,
        micros(row.progress.ended_at),
        report.map(|report| report.delivered),
        report.and_then(|report| report.code.as_deref()),
        report.and_then(|report| micros(report.reported_at)),
        micros(row.confirmed_at),
        micros(row.ask_at),
    ])?;
    Ok(())
}

fn advance(
    connection: &Connection,
    out_id: &OutId,
    news: &Progress,
    ask: Ask,
    now: Timestamp,
) -> rusqlite::Result<Option<Row>> {
    let Some((id, mut row)) = message(connection, out_id)? else {
        return Ok(None);
    };
    let merged = row.progress.merge(news);
    let ask_at = ask.of(row.ask_at);
    if merged != row.progress || ask_at != row.ask_at {
        let sql = "UPDATE messages SET state = ?2, code = ?3, request_id = ?4, biz_id = ?5, \
            ended_at = ?6, report_delivered = ?7, report_code = ?8, report_at = ?9, ask_at = ?10 \
            WHERE id = ?1";
        let report = merged.report.as_ref();
        connection.prepare_cached(sql)?.execute(params![
            id,
            merged.state.as_str(),
            merged.code,
            merged.request_id,
            merged.biz_id,
            micros(merged.ended_at),
            report.map(|report| report.delivered),
            report.and_then(|report| report.code.as_deref()),
            report.and_then(|report| micros(report.reported_at)),
            micros(ask_at),
        ])?;
    }
    if let Some(report) = &news.report {
        let sql = "INSERT INTO reports (message, seen_at, delivered, code, reported_at) \
            SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM reports WHERE message = ?1 \
            AND delivered = ?3 AND code IS ?4 AND reported_at IS ?5)";
        connection.prepare_cached(sql)?.execute(params![
            id,
            now.as_microsecond(),
            report.delivered,
            report.code,
            micros(report.reported_at),
        ])?;
    }
    (row.progress, row.ask_at) = (merged, ask_at);
    Ok(Some(row))
}

fn message(connection: &Connection, out_id: &OutId) -> rusqlite::Result<Option<(i64, Row)>> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE out_id = ?1");
    connection
        .prepare_cached(&sql)?
        .query_row([out_id.as_str()], |found| Ok((found.get(0)?, row(found)?)))
        .optional()
}

/// A search in SQL, and what is bound to it.
fn searched(search: &Search) -> (String, Vec<Value>) {
    let mut sql = format!("SELECT {COLUMNS} FROM messages WHERE true");
    let mut values = Vec::new();
    let mut also = |condition: &str, given: Vec<Value>| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.extend(given);
    };
    if let Some(app) = &search.app {
        also("app = ?", vec![app.clone().into()]);
    }
    if let Some(index) = search.number_index {
        also("number_index = ?", vec![index.to_vec().into()]);
    }
    if !search.states.is_empty() {
        let marks = vec!["?"; search.states.len()].join(", ");
        let names = search.states.iter().map(|state| state.as_str().to_owned());
        also(
            &format!("state IN ({marks})"),
            names.map(Value::from).collect(),
        );
        if !search.states.contains(&State::Accepted) {
            // Says that the index of these states will do.
            also("state <> 'accepted'", Vec::new());
        }
    }
    if let Some(from) = search.from {
        also("created_at >= ?", vec![from.as_microsecond().into()]);
    }
    if let Some(until) = search.until {
        also("created_at < ?", vec![until.as_microsecond().into()]);
    }
    if let Some((time, out_id)) = &search.after {
        also(
            "(created_at, out_id) < (?, ?)",
            vec![
                time.as_microsecond().into(),
                out_id.as_str().to_owned().into(),
            ],
        );
    }
    sql.push_str(" ORDER BY created_at DESC, out_id DESC LIMIT ?");
    values.push(count(search.limit).into());
    (sql, values)
}

fn reports(connection: &Connection, out_id: &OutId) -> rusqlite::Result<Vec<SeenReport>> {
    let sql = "SELECT delivered, reports.code, reported_at, seen_at FROM reports \
        JOIN messages ON messages.id = reports.message WHERE out_id = ?1 ORDER BY reports.id";
    let seen = |found: &Columns<'_>| {
        Ok(SeenReport {
            report: Receipted {
                delivered: found.get(0)?,
                code: found.get(1)?,
                reported_at: maybe_time(found, 2)?,
            },
            seen_at: time(found, 3)?,
        })
    };
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([out_id.as_str()], seen)?.collect()
}

fn claim(
    connection: &Connection,
    limit: usize,
    now: Timestamp,
    lease_until: Timestamp,
) -> rusqlite::Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages WHERE ask_at <= ?1 ORDER BY ask_at, out_id LIMIT ?2"
    );
    let due: Vec<(i64, Row)> = connection
        .prepare_cached(&sql)?
        .query_map(params![now.as_microsecond(), count(limit)], |found| {
            Ok((found.get(0)?, row(found)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut lease = connection.prepare_cached("UPDATE messages SET ask_at = ?2 WHERE id = ?1")?;
    due.into_iter()
        .map(|(id, row)| {
            lease.execute([id, lease_until.as_microsecond()])?;
            let ask_at = Some(lease_until);
            Ok(Row { ask_at, ..row })
        })
        .collect()
}

fn consume(connection: &Connection, verification: &str, at: Timestamp) -> rusqlite::Result<bool> {
    let at = at.as_microsecond();
    let sql = "INSERT INTO consumptions (verification, at) VALUES (?1, ?2) \
        ON CONFLICT (verification) DO NOTHING";
    let first = connection
        .prepare_cached(sql)?
        .execute(params![verification, at])?
        == 1;
    if first {
        let sql = "UPDATE messages SET confirmed_at = ?2 \
            WHERE verification = ?1 AND confirmed_at IS NULL";
        connection
            .prepare_cached(sql)?
            .execute(params![verification, at])?;
    }
    Ok(first)
}

fn prune(connection: &Connection, before: Timestamp, limit: usize) -> rusqlite::Result<usize> {
    let before = before.as_microsecond();
    let delete = |sql: &str, limit: usize| {
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute(params![before, count(limit)])
    };
    let old = "SELECT id FROM messages WHERE created_at < ?1 ORDER BY created_at, out_id LIMIT ?2";
    delete(
        &format!("DELETE FROM reports WHERE message IN ({old})"),
        limit,
    )?;
    let mut dropped = delete(&format!("DELETE FROM messages WHERE id IN ({old})"), limit)?;
    for (table, key) in [("decisions", "id"), ("consumptions", "verification")] {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN \
             (SELECT {key} FROM {table} WHERE at < ?1 ORDER BY at LIMIT ?2)"
        );
        dropped += delete(&sql, limit - dropped)?;
    }
    Ok(dropped)
}

fn put_key(connection: &Connection, key: &ApiKeyRow) -> rusqlite::Result<()> {
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

fn keys(connection: &Connection) -> rusqlite::Result<Vec<ApiKeyRow>> {
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

fn decide(connection: &Connection, decision: &Decision) -> rusqlite::Result<()> {
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

fn decisions(
    connection: &Connection,
    limit: usize,
    before: Option<Timestamp>,
) -> rusqlite::Result<Vec<Decision>> {
    let sql = "SELECT id, at, actor, action, subject, number_index, detail FROM decisions \
        WHERE at < ?1 ORDER BY at DESC, id DESC LIMIT ?2";
    let before = before.map_or(i64::MAX, Timestamp::as_microsecond);
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
    let found = statement.query_map(params![before, count(limit)], decision)?;
    found.collect()
}

fn mark(
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

fn row(found: &Columns<'_>) -> rusqlite::Result<Row> {
    let delivered: Option<bool> = found.get(16)?;
    let report = match delivered {
        Some(delivered) => Some(Receipted {
            delivered,
            code: found.get(17)?,
            reported_at: maybe_time(found, 18)?,
        }),
        None => None,
    };
    let out_id: String = found.get(1)?;
    let state: String = found.get(11)?;
    Ok(Row {
        out_id: OutId::parse(&out_id).map_err(|error| unreadable(1, error))?,
        verification: found.get(2)?,
        app: found.get(3)?,
        usage_type: found.get(4)?,
        number: found.get(5)?,
        number_index: found.get(6)?,
        masked: found.get(7)?,
        country: found.get(8)?,
        provider: found.get(9)?,
        created_at: time(found, 10)?,
        progress: Progress {
            state: State::named(&state).ok_or_else(|| unreadable(11, "no state we know"))?,
            code: found.get(12)?,
            request_id: found.get(13)?,
            biz_id: found.get(14)?,
            ended_at: maybe_time(found, 15)?,
            report,
        },
        confirmed_at: maybe_time(found, 19)?,
        ask_at: maybe_time(found, 20)?,
    })
}

fn unreadable(
    index: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, error.into())
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}

fn maybe_time(found: &Columns<'_>, index: usize) -> rusqlite::Result<Option<Timestamp>> {
    let stands: Option<i64> = found.get(index)?;
    stands.map(|_| time(found, index)).transpose()
}
