//! Tallies in PostgreSQL. They are added to in the statement that changes the
//! rows; eight rows of each share the additions, so that servers do not wait
//! for each other.

use jiff::Timestamp;
use tokio_postgres::Row as Columns;

use super::super::time::Time;
use super::{Postgres, Values, count, get};
use crate::journal::{Counts, Span, Tallied, TallyQuery};
use crate::store::StoreResult;

/// How many rows share the additions of one tally.
const SHARDS: usize = 8;

/// The part of a statement that counts what is in `changed`; the six counts are
/// bound from `$first` on. Always in the same order, so that two of them do not
/// wait for each other.
pub(super) fn adding(first: usize) -> String {
    let names = [
        "accepted",
        "refused",
        "unknown",
        "delivered",
        "failed",
        "confirmed",
    ];
    let sums: Vec<String> = (first..)
        .zip(names)
        .map(|(at, _)| format!("count(*) * ${at}::bigint"))
        .collect();
    let sets: Vec<String> = names
        .iter()
        .map(|name| format!("{name} = t.{name} + excluded.{name}"))
        .collect();
    format!(
        "INSERT INTO sesame_tallies AS t (span, start, app, country, carrier, shard, {}) \
         SELECT spans.span, date_trunc(spans.name, changed.created_at, 'UTC'), changed.app, \
         changed.country, changed.carrier, (changed.id % {SHARDS})::smallint, {} \
         FROM changed CROSS JOIN (VALUES ({}::smallint, 'day'), ({}::smallint, 'hour')) \
         AS spans (span, name) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6 \
         ON CONFLICT (span, start, app, country, carrier, shard) DO UPDATE SET {}",
        names.join(", "),
        sums.join(", "),
        named(Span::Day),
        named(Span::Hour),
        sets.join(", ")
    )
}

pub(super) async fn read(store: &Postgres, query: &TallyQuery) -> StoreResult<Vec<Tallied>> {
    let sql = "SELECT start, country, carrier, sum(accepted)::bigint, sum(refused)::bigint, \
        sum(unknown)::bigint, sum(delivered)::bigint, sum(failed)::bigint, \
        sum(confirmed)::bigint FROM sesame_tallies WHERE span = $1 AND start >= $2 \
        AND start < $3 AND ($4::text IS NULL OR app = $4) GROUP BY start, country, carrier \
        ORDER BY start, country, carrier";
    let tallied = |columns: &Columns| {
        let mut counts = [0; 6];
        for (at, count) in counts.iter_mut().enumerate() {
            *count = get(columns, at + 3)?;
        }
        Ok(Tallied {
            start: get::<Time>(columns, 0)?.0,
            country: get(columns, 1)?,
            carrier: get(columns, 2)?,
            counts: Counts::from_columns(counts),
        })
    };
    let values: Values<'_> = &[
        &named(query.span),
        &Time(query.from),
        &Time(query.until),
        &query.app,
    ];
    store
        .query(sql, values)
        .await?
        .iter()
        .map(tallied)
        .collect()
}

/// The day of `before` may still be counted.
pub(super) async fn prune(store: &Postgres, before: Timestamp, limit: usize) -> StoreResult<usize> {
    let sql = "DELETE FROM sesame_tallies WHERE (span, start, app, country, carrier, shard) IN \
        (SELECT span, start, app, country, carrier, shard FROM sesame_tallies \
        WHERE span = $1 AND start < $2 ORDER BY start LIMIT $3 FOR UPDATE SKIP LOCKED)";
    let mut dropped = 0;
    for span in Span::ALL {
        let length = jiff::SignedDuration::from_secs(span.secs());
        let before = before.saturating_sub(length).unwrap_or(Timestamp::MIN);
        let left = limit.saturating_sub(dropped);
        let values: Values<'_> = &[&named(span), &Time(before), &count(left)];
        let gone = store.execute(sql, values).await?;
        dropped += usize::try_from(gone).unwrap_or(left);
    }
    Ok(dropped)
}

fn named(span: Span) -> i16 {
    match span {
        Span::Day => 0,
        Span::Hour => 1,
    }
}
