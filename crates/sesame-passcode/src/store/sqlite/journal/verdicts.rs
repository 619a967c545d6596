//! What limits decided, in SQLite.

use rusqlite::types::Value;
use rusqlite::{Connection, Row as Columns, params, params_from_iter};

use super::{behind, count, time, unreadable};
use crate::journal::{Ruling, Verdict, VerdictSearch};

const COLUMNS: &str = "id, at, last_at, count, ruling, limit_name, app, usage_type, country, \
    number_index, masked, subject, sealed, reason, until";

pub(super) fn write(connection: &Connection, verdict: &Verdict) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO verdicts ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, \
         ?12, ?13, ?14, ?15) ON CONFLICT (id) DO UPDATE SET at = min(at, ?2), \
         reason = CASE WHEN ?3 >= last_at THEN ?14 ELSE reason END, \
         sealed = CASE WHEN ?3 >= last_at THEN ?13 ELSE sealed END, \
         last_at = max(last_at, ?3), count = count + ?4, until = max(until, ?15)"
    );
    connection.prepare_cached(&sql)?.execute(params![
        verdict.id,
        verdict.at.as_microsecond(),
        verdict.last_at.as_microsecond(),
        verdict.count,
        verdict.ruling.as_str(),
        verdict.limit,
        verdict.app,
        verdict.usage_type,
        verdict.country,
        verdict.number_index,
        verdict.masked,
        verdict.subject,
        verdict.sealed,
        verdict.reason,
        verdict.until.as_microsecond(),
    ])?;
    Ok(())
}

/// Each filter but the number's has an index, and both together. A number has few
/// rows: there a `+` keeps SQLite from the others.
pub(super) fn read(
    connection: &Connection,
    search: &VerdictSearch,
) -> rusqlite::Result<Vec<Verdict>> {
    let mut sql = format!("SELECT {COLUMNS} FROM verdicts WHERE (at, id) < (?, ?)");
    let (at, id) = behind(search.after.clone());
    let mut values: Vec<Value> = vec![at.into(), id.into()];
    let has_number = search.number_index.is_some();
    if let Some(index) = search.number_index {
        sql.push_str(" AND number_index = ?");
        values.push(index.to_vec().into());
    }
    let kept = if has_number { "+" } else { "" };
    if let Some(limit) = &search.limit_name {
        sql.push_str(&format!(" AND {kept}limit_name = ?"));
        values.push(limit.clone().into());
    }
    if let Some(ruling) = search.ruling {
        sql.push_str(&format!(" AND {kept}ruling = ?"));
        values.push(ruling.as_str().to_owned().into());
    }
    sql.push_str(" ORDER BY at DESC, id DESC LIMIT ?");
    values.push(count(search.limit).into());
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_map(params_from_iter(values), verdict)?
        .collect()
}

fn verdict(found: &Columns<'_>) -> rusqlite::Result<Verdict> {
    let ruling: String = found.get(4)?;
    Ok(Verdict {
        id: found.get(0)?,
        at: time(found, 1)?,
        last_at: time(found, 2)?,
        count: found.get(3)?,
        ruling: Ruling::named(&ruling).ok_or_else(|| unreadable(4, "no decision we know"))?,
        limit: found.get(5)?,
        app: found.get(6)?,
        usage_type: found.get(7)?,
        country: found.get(8)?,
        number_index: found.get(9)?,
        masked: found.get(10)?,
        subject: found.get(11)?,
        sealed: found.get(12)?,
        reason: found.get(13)?,
        until: time(found, 14)?,
    })
}
