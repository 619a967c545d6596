//! Tallies in SQLite: one row for each span, caller, country and carrier.

use jiff::Timestamp;
use rusqlite::{Connection, Row as Columns, params};

use super::{count, time};
use crate::journal::{Counts, Row, Span, Tallied, TallyQuery};

/// What a message is counted by.
pub(super) struct Place {
    pub(super) app: String,
    pub(super) country: String,
    pub(super) carrier: String,
    pub(super) created_at: Timestamp,
}

impl Place {
    pub(super) fn add(&self, connection: &Connection, more: Counts) -> rusqlite::Result<()> {
        let Self {
            app,
            country,
            carrier,
            created_at,
        } = self;
        write(connection, (app, country, carrier), *created_at, more)
    }
}

/// Counts more, or less, of a row's kind.
pub(super) fn add(connection: &Connection, row: &Row, more: Counts) -> rusqlite::Result<()> {
    let by = (&*row.app, &*row.country, &*row.carrier);
    write(connection, by, row.created_at, more)
}

fn write(
    connection: &Connection,
    (app, country, carrier): (&str, &str, &str),
    created_at: Timestamp,
    more: Counts,
) -> rusqlite::Result<()> {
    if more.is_zero() {
        return Ok(());
    }
    let sql = "INSERT INTO tallies (span, start, app, country, carrier, accepted, refused, \
        unknown, delivered, failed, confirmed) VALUES (?1, ?2, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
        ?13), (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
        ON CONFLICT (span, start, app, country, carrier) DO UPDATE SET \
        accepted = accepted + ?8, refused = refused + ?9, unknown = unknown + ?10, \
        delivered = delivered + ?11, failed = failed + ?12, confirmed = confirmed + ?13";
    let [day, hour] = Span::ALL.map(|span| (named(span), span.start(created_at).as_microsecond()));
    let [accepted, refused, unknown, delivered, failed, confirmed] = more.columns();
    connection.prepare_cached(sql)?.execute(params![
        day.0, day.1, hour.0, hour.1, app, country, carrier, accepted, refused, unknown, delivered,
        failed, confirmed
    ])?;
    Ok(())
}

pub(super) fn read(connection: &Connection, query: &TallyQuery) -> rusqlite::Result<Vec<Tallied>> {
    let sql = "SELECT start, country, carrier, sum(accepted), sum(refused), sum(unknown), \
        sum(delivered), sum(failed), sum(confirmed) FROM tallies WHERE span = ?1 AND start >= ?2 \
        AND start < ?3 AND (?4 IS NULL OR app = ?4) GROUP BY start, country, carrier \
        ORDER BY start, country, carrier";
    let tallied = |found: &Columns<'_>| {
        let mut columns = [0; 6];
        for (at, column) in columns.iter_mut().enumerate() {
            *column = found.get(at + 3)?;
        }
        Ok(Tallied {
            start: time(found, 0)?,
            country: found.get(1)?,
            carrier: found.get(2)?,
            counts: Counts::from_columns(columns),
        })
    };
    let values = params![
        named(query.span),
        query.from.as_microsecond(),
        query.until.as_microsecond(),
        query.app
    ];
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(values, tallied)?.collect()
}

pub(super) fn prune(connection: &Connection, before: i64, limit: usize) -> rusqlite::Result<usize> {
    // The day of `before` may still be counted.
    let sql = "DELETE FROM tallies WHERE (span, start, app, country, carrier) IN \
        (SELECT span, start, app, country, carrier FROM tallies WHERE span = ?1 AND start < ?2 \
        ORDER BY start LIMIT ?3)";
    let mut dropped = 0;
    for span in Span::ALL {
        let before = before.saturating_sub(span.secs() * 1_000_000);
        let values = params![named(span), before, count(limit - dropped)];
        dropped += connection.prepare_cached(sql)?.execute(values)?;
    }
    Ok(dropped)
}

fn named(span: Span) -> i64 {
    match span {
        Span::Day => 0,
        Span::Hour => 1,
    }
}
