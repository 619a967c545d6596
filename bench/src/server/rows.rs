//! A journal with many rows, written past the server in bulk: what years of use
//! leave behind, with its delivery reports and consumptions.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use sesame_connector::{PhoneNumber, Reading, Source, SystemSource};
use sesame_passcode::journal::Span;
use sesame_passcode::store::sqlite::{Role, Sqlite};
use sesame_server::keys::KeyRing;
use sesame_server::stores::SQLITE_FILE;

/// Rows lie this far back at most: older ones would be cleaned away meanwhile.
const DAYS: i64 = 80;
const DAY_US: i64 = 86_400 * 1_000_000;
/// Messages to the number that is searched for.
const KNOWN_MESSAGES: u64 = 20;
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
             AND tbl_name IN ('messages', 'reports', 'consumptions', 'decisions', 'blocks', 'verdicts')",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    connection.execute_batch("BEGIN")?;
    messages(connection, rows)?;
    operated(connection, rows)?;
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
         masked, country, carrier, provider, created_at, state, request_id, biz_id, ended_at, \
         report_delivered, report_at, confirmed_at) VALUES (?1, ?2, ?13, ?14, ?3, ?4, \
         ?5, ?15, ?16, 'aliyun-sms', ?6, ?7, ?8, ?9, ?6, ?10, ?11, ?12)",
    )?;
    let known = known_bytes();
    let mut tallies: BTreeMap<Place, [i64; 6]> = BTreeMap::new();
    let now = SystemSource.now().as_microsecond();
    let step = DAYS * DAY_US / i64::try_from(rows)?;
    for at in 0..rows {
        let [first, second] = [mixed(at * 2), mixed(at * 2 + 1)];
        let number = mixed(u64::MAX - at % (rows / PER_NUMBER).max(1));
        let mut index = [0; 16];
        index[..8].copy_from_slice(&number.to_be_bytes());
        index[8..].copy_from_slice(&mixed(number).to_be_bytes());
        if at % (rows / KNOWN_MESSAGES).max(1) == 0 {
            index = known;
        }
        let created_at = now - DAYS * DAY_US + i64::try_from(at)? * step;
        let state = match first % 100 {
            0..=1 => "refused",
            2 => "finally_unknown",
            _ => "accepted",
        };
        let is_accepted = state == "accepted";
        let is_delivered = is_accepted.then_some(second % 50 > 0);
        let is_confirmed = is_accepted && second % 10 < 7;
        let app = ["web", "web", "app", "shop"][usize::try_from(second % 4)?];
        let usage_type = ["SignIn", "SignIn", "Register"][usize::try_from(second % 3)?];
        let (country, carrier) = AREAS[usize::try_from(first / 100 % 8)?];
        let counts = [
            is_accepted,
            state == "refused",
            state == "finally_unknown",
            is_delivered == Some(true),
            is_delivered == Some(false),
            is_confirmed,
        ];
        for span in Span::ALL {
            let length = span.secs() * 1_000_000;
            let start = created_at.div_euclid(length) * length;
            let place = (span, start, app, country, carrier);
            let sums = tallies.entry(place).or_default();
            for (sum, counted) in sums.iter_mut().zip(counts) {
                *sum += i64::from(counted);
            }
        }
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
            is_delivered,
            later(5, is_accepted),
            later(20, is_confirmed),
            app,
            usage_type,
            country,
            carrier,
        ])?;
    }
    write_tallies(connection, &tallies)
}

/// As the server keeps them.
fn write_tallies(connection: &Connection, tallies: &BTreeMap<Place, [i64; 6]>) -> Result<()> {
    let mut insert = connection
        .prepare("INSERT INTO tallies VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for ((span, start, app, country, carrier), counts) in tallies {
        let [accepted, refused, unknown, delivered, failed, confirmed] = counts;
        let span = i64::from(*span == Span::Hour);
        insert.execute(params![
            span, start, app, country, carrier, accepted, refused, unknown, delivered, failed,
            confirmed
        ])?;
    }
    Ok(())
}

/// What operators did, and whom limits hold back: one for every hundred
/// messages.
fn operated(connection: &Connection, rows: u64) -> Result<()> {
    let now = SystemSource.now().as_microsecond();
    let mut decide = connection.prepare(
        "INSERT INTO decisions (id, at, actor, action, subject, detail) \
         VALUES (?1, ?2, 'bench', 'number_lifted', '+86 138****8000', '{}')",
    )?;
    let mut block = connection.prepare(
        "INSERT INTO blocks (id, limit_name, subject, sealed, since, until) \
         VALUES (?1, 'number_per_day', '+86 138****8000', x'', ?2, ?3)",
    )?;
    let mut rule = connection.prepare(
        "INSERT INTO verdicts (id, at, last_at, count, ruling, limit_name, app, usage_type, \
         country, number_index, masked, subject, sealed, reason, until) \
         VALUES (?1, ?2, ?2, 1, ?3, ?4, 'web', 'SignIn', 'CN', ?5, '+86 138****8000', 'CN', x'', \
         'unconfirmed=21 confirmed=0 base=20 share=1', ?2)",
    )?;
    let known = known_bytes();
    for at in 0..rows / 100 {
        let id = format!("{:016x}", mixed(at));
        let time = now - i64::try_from(mixed(at) % 1_000_000_000)? * 1000;
        decide.execute(params![id, time])?;
        // Half of them have ended.
        let end = if at % 2 == 0 { now + DAY_US } else { time };
        block.execute(params![id, time, end])?;
        let mut index = known;
        if at % (rows / 100 / KNOWN_MESSAGES).max(1) != 0 {
            index[8..].copy_from_slice(&mixed(at).to_be_bytes());
        }
        let limit = ["prefix_per_hour", "ip_per_hour"][usize::from(at % 2 == 0)];
        // Only one of them is watched.
        let is_watched = limit == "ip_per_hour" && at % 20 == 0;
        let ruling = if is_watched {
            "would_refuse"
        } else {
            "refused"
        };
        rule.execute(params![id, time, ruling, limit, index])?;
    }
    Ok(())
}

/// The keys that a server of these journals has: the same in every process, and
/// for nothing else.
pub(crate) fn keys() -> KeyRing {
    KeyRing::generate(&Known)
}

/// The id of a message there is.
pub(crate) fn message_id() -> String {
    format!("{:016x}", mixed(0))
}

/// The blind index of a number that has [`KNOWN_MESSAGES`] messages, as the
/// console's addresses have it.
pub(crate) fn known_index() -> String {
    known_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn known_bytes() -> [u8; 16] {
    let number = PhoneNumber::parse("+8613800138000", &Reading::default());
    let number = number.expect("a number");
    keys()
        .passcode_keys(SystemSource.now())
        .number_index(&number)
}

/// Always the same bytes.
#[derive(Debug)]
struct Known;

impl Source for Known {
    fn now(&self) -> Timestamp {
        SystemSource.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        for (at, byte) in (1..).zip(bytes) {
            *byte = at;
        }
    }
}

/// Span, start, app, country, carrier.
type Place = (Span, i64, &'static str, &'static str, &'static str);

const AREAS: [(&str, &str); 8] = [
    ("CN", "mobile"),
    ("CN", "mobile"),
    ("CN", "mobile"),
    ("CN", "unicom"),
    ("CN", "telecom"),
    ("CN", "virtual"),
    ("HK", ""),
    ("SG", ""),
];

/// Numbers that look random and differ (SplitMix64).
fn mixed(at: u64) -> u64 {
    let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
