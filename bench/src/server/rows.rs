//! A journal with many rows, written past the server in bulk: what years of use
//! leave behind, with its delivery reports and consumptions.

use std::path::Path;

use anyhow::{Result, ensure};
use rusqlite::{Connection, params};
use sesame_connector::{Source as _, SystemSource};
use sesame_passcode::store::sqlite::{Role, Sqlite};
use sesame_server::stores::SQLITE_FILE;

/// Rows lie this far back at most: older ones would be cleaned away meanwhile.
const DAYS: i64 = 80;
const DAY_US: i64 = 86_400 * 1_000_000;
/// Messages to one number, on average.
const PER_NUMBER: u64 = 4;

/// What a row and what goes with it takes on disk, to be on the safe side.
pub(crate) const BYTES_PER_ROW: u64 = 1_000;

/// Makes the file with the server's own tables, and fills it.
pub(crate) async fn fill(folder: &Path, rows: u64) -> Result<()> {
    let file = folder.join(SQLITE_FILE);
    // The tables are the server's.
    drop(Sqlite::open(file.clone(), Role::Server).await?);
    if rows == 0 {
        return Ok(());
    }
    tokio::task::spawn_blocking(move || {
        let connection = Connection::open(file)?;
        // Nobody needs it if this breaks off.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
             PRAGMA cache_size = -1000000; PRAGMA temp_store = FILE; PRAGMA threads = 2;",
        )?;
        write(&connection, rows)
    })
    .await?
}

fn write(connection: &Connection, rows: u64) -> Result<()> {
    // Sorting once is quicker than keeping sorted.
    let indexes: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL \
             AND tbl_name IN ('messages', 'reports', 'consumptions')",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    connection.execute_batch("BEGIN")?;
    messages(connection, rows)?;
    connection.execute_batch(
        "INSERT INTO reports (message, seen_at, delivered, reported_at) \
           SELECT id, report_at, report_delivered, report_at FROM messages \
           WHERE report_delivered IS NOT NULL; \
         INSERT INTO consumptions (verification, at) \
           SELECT verification, confirmed_at FROM messages \
           WHERE confirmed_at IS NOT NULL ORDER BY verification; \
         COMMIT",
    )?;
    for (_, sql) in &indexes {
        connection.execute_batch(sql)?;
    }
    connection.execute_batch("PRAGMA journal_mode = WAL;")?;
    let found: i64 = connection.query_row("SELECT count(*) FROM messages", [], |row| row.get(0))?;
    ensure!(
        found.cast_unsigned() == rows,
        "{found} rows instead of {rows}"
    );
    Ok(())
}

fn messages(connection: &Connection, rows: u64) -> Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO messages (out_id, verification, app, usage_type, number, number_index, \
         masked, country, provider, created_at, state, request_id, biz_id, ended_at, \
         report_delivered, report_at, confirmed_at) VALUES (?1, ?2, 'web', 'SignIn', ?3, ?4, \
         ?5, 'CN', 'aliyun-sms', ?6, ?7, ?8, ?9, ?6, ?10, ?11, ?12)",
    )?;
    let now = SystemSource.now().as_microsecond();
    let step = DAYS * DAY_US / i64::try_from(rows)?;
    for at in 0..rows {
        let [first, second] = [mixed(at * 2), mixed(at * 2 + 1)];
        let number = mixed(u64::MAX - at % (rows / PER_NUMBER).max(1));
        let mut index = [0; 16];
        index[..8].copy_from_slice(&number.to_be_bytes());
        index[8..].copy_from_slice(&mixed(number).to_be_bytes());
        let created_at = now - DAYS * DAY_US + i64::try_from(at)? * step;
        let state = match first % 100 {
            0..=1 => "refused",
            2 => "finally_unknown",
            _ => "accepted",
        };
        let is_accepted = state == "accepted";
        let later = |secs: i64, is: bool| is.then_some(created_at + secs * 1_000_000);
        insert.execute(params![
            format!("{first:016x}"),
            format!("{first:016x}{second:016x}verifi"),
            [3_u8; 54],
            index,
            format!("+86 138****{:04}", number % 10_000),
            created_at,
            state,
            is_accepted.then(|| format!("{first:016x}-{second:016x}")),
            is_accepted.then(|| format!("{first}^0")),
            is_accepted.then_some(true),
            later(5, is_accepted),
            later(20, is_accepted && second % 10 < 7),
        ])?;
    }
    Ok(())
}

/// Numbers that look random and differ (SplitMix64).
fn mixed(at: u64) -> u64 {
    let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
