//! The journal in SQLite.

mod blocks;
mod conversions;
mod operators;
mod search;
mod tallies;
mod verdicts;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row as Columns, params, params_from_iter};
use sesame_connector::OutId;
use sesame_connector::provider::BoxFuture;

use self::search::Question;
use super::{Sqlite, count, time};
use crate::journal::{
    ApiKeyRow, Ask, Block, Consumed, Counts, Decision, Journal, Progress, Receipted, RequestId,
    Row, Search, SeenReport, State, Tallied, TallyQuery, Verdict, VerdictSearch, merged_pages,
};
use crate::store::StoreResult;

/// What a row is read from, in the order [`row`] reads it; the id comes first.
const COLUMNS: &str = "id, out_id, verification, app, usage_type, number, number_index, masked, \
    country, carrier, provider, created_at, state, code, request_id, biz_id, ended_at, report_delivered, \
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
        let (each, limit) = (search.each_state(), search.limit);
        Box::pin(self.read(move |connection| {
            let page = |search: &Search| {
                let Question { sql, values } = search::searched(search);
                let mut statement = connection.prepare_cached(&sql)?;
                statement
                    .query_map(params_from_iter(values), row)?
                    .collect()
            };
            let pages: Vec<Vec<Row>> = each.iter().map(page).collect::<rusqlite::Result<_>>()?;
            Ok(merged_pages(pages, limit))
        }))
    }

    fn reach<'a>(
        &'a self,
        search: &'a Search,
        how_far: usize,
    ) -> BoxFuture<'a, StoreResult<Option<(Timestamp, OutId)>>> {
        let Question { sql, values } = search::reaching(search, how_far);
        Box::pin(self.read(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let place = |found: &Columns<'_>| {
                let out_id: String = found.get(1)?;
                let out_id = OutId::parse(&out_id).map_err(|error| unreadable(1, error))?;
                Ok((time(found, 0)?, out_id))
            };
            statement
                .query_row(params_from_iter(values), place)
                .optional()
        }))
    }

    fn tallies<'a>(&'a self, query: &'a TallyQuery) -> BoxFuture<'a, StoreResult<Vec<Tallied>>> {
        let query = query.clone();
        Box::pin(self.read(move |connection| tallies::read(connection, &query)))
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
        by: Option<RequestId>,
        at: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Consumed>> {
        let verification = verification.to_owned();
        Box::pin(self.write(move |connection| consume(connection, &verification, by, at)))
    }

    fn claim_conversions(
        &self,
        limit: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> BoxFuture<'_, StoreResult<Vec<Row>>> {
        Box::pin(
            self.write(move |connection| conversions::claim(connection, limit, now, lease_until)),
        )
    }

    fn converted<'a>(
        &'a self,
        out_id: &'a OutId,
        again: Option<Timestamp>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let out_id = out_id.clone();
        Box::pin(self.write(move |connection| conversions::told(connection, &out_id, again)))
    }

    fn prune(&self, before: Timestamp, limit: usize) -> BoxFuture<'_, StoreResult<usize>> {
        Box::pin(self.write(move |connection| prune(connection, before, limit)))
    }

    fn put_key<'a>(&'a self, key: &'a ApiKeyRow) -> BoxFuture<'a, StoreResult<()>> {
        let key = key.clone();
        Box::pin(self.write(move |connection| operators::put_key(connection, &key)))
    }

    fn keys(&self) -> BoxFuture<'_, StoreResult<Vec<ApiKeyRow>>> {
        Box::pin(self.read(operators::keys))
    }

    fn decide<'a>(&'a self, decision: &'a Decision) -> BoxFuture<'a, StoreResult<()>> {
        let decision = decision.clone();
        Box::pin(self.write(move |connection| operators::decide(connection, &decision)))
    }

    fn decisions<'a>(
        &'a self,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Decision>>> {
        let after = after.cloned();
        Box::pin(self.read(move |connection| operators::decisions(connection, limit, after)))
    }

    fn block<'a>(&'a self, block: &'a Block) -> BoxFuture<'a, StoreResult<()>> {
        let block = block.clone();
        Box::pin(self.write(move |connection| blocks::write(connection, &block)))
    }

    fn unblock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Option<Block>>> {
        let id = id.to_owned();
        Box::pin(self.write(move |connection| blocks::remove(connection, &id)))
    }

    fn blocks<'a>(
        &'a self,
        now: Timestamp,
        limit: usize,
        after: Option<&'a (Timestamp, String)>,
    ) -> BoxFuture<'a, StoreResult<Vec<Block>>> {
        let after = after.cloned();
        Box::pin(self.read(move |connection| blocks::read(connection, now, limit, after)))
    }

    fn rule<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, StoreResult<()>> {
        let verdicts = verdicts.to_vec();
        Box::pin(self.write(move |connection| {
            let mut each = verdicts.iter();
            each.try_for_each(|verdict| verdicts::write(connection, verdict))
        }))
    }

    fn verdicts<'a>(
        &'a self,
        search: &'a VerdictSearch,
    ) -> BoxFuture<'a, StoreResult<Vec<Verdict>>> {
        let search = search.clone();
        Box::pin(self.read(move |connection| verdicts::read(connection, &search)))
    }

    fn mark<'a>(
        &'a self,
        name: &'a str,
        value: Option<&'a [u8]>,
    ) -> BoxFuture<'a, StoreResult<Option<Vec<u8>>>> {
        let (name, value) = (name.to_owned(), value.map(<[u8]>::to_vec));
        Box::pin(self.write(move |connection| operators::mark(connection, &name, value.as_deref())))
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        crate::store::Store::ping(self)
    }
}

fn open(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let sql = "INSERT INTO messages (out_id, verification, app, usage_type, number, number_index, \
        masked, country, carrier, provider, created_at, state, code, request_id, biz_id, \
        ended_at, report_delivered, report_code, report_at, confirmed_at, ask_at) VALUES (?1, ?2, \
        ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21) \
        ON CONFLICT (out_id) DO NOTHING";
    let report = row.progress.report.as_ref();
    let written = connection.prepare_cached(sql)?.execute(params![
        row.out_id.as_str(),
        row.verification,
        row.app,
        row.usage_type,
        row.number,
        row.number_index,
        row.masked,
        row.country,
        row.carrier,
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
    if written == 1 {
        tallies::add(connection, row, Counts::of_row(row))?;
    }
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
        let is_confirmed = row.confirmed_at.is_some();
        let more = Counts::of(&merged, is_confirmed) - Counts::of_row(&row);
        tallies::add(connection, &row, more)?;
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

fn consume(
    connection: &Connection,
    verification: &str,
    by: Option<RequestId>,
    at: Timestamp,
) -> rusqlite::Result<Consumed> {
    let at = at.as_microsecond();
    let sql = "INSERT INTO consumptions (verification, at, request) VALUES (?1, ?2, ?3) \
        ON CONFLICT (verification) DO NOTHING";
    let mut insert = connection.prepare_cached(sql)?;
    if insert.execute(params![verification, at, by])? == 1 {
        confirm(connection, verification, at)?;
        return Ok(Consumed::First);
    }
    let sql = "SELECT 1 FROM consumptions WHERE verification = ?1 AND request = ?2";
    let mut same = connection.prepare_cached(sql)?;
    Ok(if same.exists(params![verification, by])? {
        Consumed::Again
    } else {
        Consumed::Before
    })
}

fn confirm(connection: &Connection, verification: &str, at: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE messages SET confirmed_at = ?2 \
        WHERE verification = ?1 AND confirmed_at IS NULL \
        RETURNING app, country, carrier, created_at";
    let place = |found: &Columns<'_>| {
        Ok(tallies::Place {
            app: found.get(0)?,
            country: found.get(1)?,
            carrier: found.get(2)?,
            created_at: time(found, 3)?,
        })
    };
    let places: Vec<tallies::Place> = connection
        .prepare_cached(sql)?
        .query_map(params![verification, at], place)?
        .collect::<rusqlite::Result<_>>()?;
    let one = Counts {
        confirmed: 1,
        ..Counts::default()
    };
    let mut each = places.iter().map(|place| place.add(connection, one));
    each.try_for_each(|added| added)?;
    if places.iter().any(|place| place.country != "CN") {
        conversions::add(connection, verification, at)?;
    }
    Ok(())
}

fn prune(connection: &Connection, before: Timestamp, limit: usize) -> rusqlite::Result<usize> {
    let before = before.as_microsecond();
    let delete = |sql: &str, limit: usize| {
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute(params![before, count(limit)])
    };
    let old = "SELECT id FROM messages WHERE created_at < ?1 ORDER BY created_at, out_id LIMIT ?2";
    for table in ["reports", "conversions"] {
        let sql = format!("DELETE FROM {table} WHERE message IN ({old})");
        delete(&sql, limit)?;
    }
    let mut dropped = delete(&format!("DELETE FROM messages WHERE id IN ({old})"), limit)?;
    for (table, key) in [
        ("decisions", "id"),
        ("consumptions", "verification"),
        ("verdicts", "id"),
    ] {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN \
             (SELECT {key} FROM {table} WHERE at < ?1 ORDER BY at LIMIT ?2)"
        );
        dropped += delete(&sql, limit - dropped)?;
    }
    dropped += blocks::prune(connection, before, limit - dropped)?;
    dropped += tallies::prune(connection, before, limit - dropped)?;
    Ok(dropped)
}

/// Behind which time and id, as values of a comparison.
fn behind(after: Option<(Timestamp, String)>) -> (i64, String) {
    after.map_or((i64::MAX, String::new()), |(at, id)| {
        (at.as_microsecond(), id)
    })
}

fn row(found: &Columns<'_>) -> rusqlite::Result<Row> {
    let delivered: Option<bool> = found.get(17)?;
    let report = match delivered {
        Some(delivered) => Some(Receipted {
            delivered,
            code: found.get(18)?,
            reported_at: maybe_time(found, 19)?,
        }),
        None => None,
    };
    let out_id: String = found.get(1)?;
    let state: String = found.get(12)?;
    Ok(Row {
        out_id: OutId::parse(&out_id).map_err(|error| unreadable(1, error))?,
        verification: found.get(2)?,
        app: found.get(3)?,
        usage_type: found.get(4)?,
        number: found.get(5)?,
        number_index: found.get(6)?,
        masked: found.get(7)?,
        country: found.get(8)?,
        carrier: found.get(9)?,
        provider: found.get(10)?,
        created_at: time(found, 11)?,
        progress: Progress {
            state: State::named(&state).ok_or_else(|| unreadable(12, "no state we know"))?,
            code: found.get(13)?,
            request_id: found.get(14)?,
            biz_id: found.get(15)?,
            ended_at: maybe_time(found, 16)?,
            report,
        },
        confirmed_at: maybe_time(found, 20)?,
        ask_at: maybe_time(found, 21)?,
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
