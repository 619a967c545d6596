//! What the server is measured beside: its store and journal alone, asked what
//! the service asks of them for one issue and check.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use sesame_connector::{OutId, Source as _, SystemSource};
use sesame_passcode::journal::{Ask, Consumed, Journal, Progress, Row, State};
use sesame_passcode::store::sqlite::{Role, Sqlite};
use sesame_passcode::store::{Addition, Key, Record, Store, Swap, Version};
use sesame_server::stores::SQLITE_FILE;

use crate::subjects::measure;

/// What a confirmed code adds to a budget.
const CONFIRMED: i64 = 1 << 32;

/// Runs pairs as every line asks, and answers as [`measure`] does.
pub(crate) async fn run(folder: &str) -> Result<()> {
    let sqlite = Sqlite::open(Path::new(folder).join(SQLITE_FILE), Role::Server).await?;
    let next = Arc::new(AtomicU64::new(1));
    measure(move || {
        let (sqlite, at) = (sqlite.clone(), next.fetch_add(1, Ordering::Relaxed));
        async move { pair(&sqlite, at).await }
    })
    .await
}

/// Issue: the record read, fifteen counters, the record swapped, the row opened
/// and closed. Check: the record read and swapped, the verification consumed,
/// eight counters.
async fn pair(sqlite: &Sqlite, at: u64) -> Result<()> {
    let now = SystemSource.now();
    // Spread as keyed hashes are.
    let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let key = Key::new(format!("n:{mixed:016x}{at:016x}"));
    let record = |version| Record {
        version: Version(version),
        value: vec![7; 350],
        expires_at: now + SignedDuration::from_hours(24),
    };
    ensure!(sqlite.get(&key, now).await?.is_none());
    sqlite.add(&counters(at, now), now).await?;
    let swap = sqlite.swap(&key, None, &record(mixed), now).await?;
    ensure!(swap == Swap::Done);
    let verification = format!("{mixed:016x}{at:016x}verifi");
    let row = row(at, mixed, &verification, now)?;
    sqlite.open(&row).await?;
    let accepted = Progress {
        state: State::Accepted,
        request_id: Some("F655A8D5-B967-440B-8683-DAD6FF8DE990".to_owned()),
        biz_id: Some("900619746936498440^0".to_owned()),
        ended_at: Some(now),
        ..Progress::SENDING
    };
    let written = sqlite
        .advance(&row.out_id, &accepted, Ask::Never, now)
        .await?;
    ensure!(written.is_some());
    let there = sqlite.get(&key, now).await?.context("a record")?;
    let next = record(mixed ^ 1);
    let swap = sqlite.swap(&key, Some(there.version), &next, now).await?;
    ensure!(swap == Swap::Done);
    let consumed = sqlite.consume(&verification, None, now).await?;
    ensure!(consumed == Consumed::First);
    sqlite.add(&confirmed(at, now), now).await?;
    Ok(())
}

/// One of the address; its day, two windows each of prefix, range and country,
/// and those before them, which are only read.
fn counters(at: u64, now: Timestamp) -> Vec<Addition> {
    let mut all = vec![addition(&address(at), 1, now)];
    for name in names(at) {
        all.push(addition(&name, 1, now));
        all.push(addition(&format!("{name}:before"), 0, now));
    }
    all
}

fn confirmed(at: u64, now: Timestamp) -> Vec<Addition> {
    let mut all = vec![addition(&address(at), CONFIRMED, now)];
    for name in names(at) {
        all.push(addition(&name, CONFIRMED, now));
    }
    all
}

fn address(at: u64) -> String {
    format!("ip:{:032x}", at / 4)
}

fn names(at: u64) -> [String; 7] {
    let (prefix, range) = (at / 10_000, at / 100_000);
    [
        format!("{}:u:day", address(at)),
        format!("range:{range:032x}:hour"),
        format!("range:{range:032x}:day"),
        format!("prefix:{prefix:032x}:hour"),
        format!("prefix:{prefix:032x}:day"),
        "country:CN:hour".to_owned(),
        "country:CN:day".to_owned(),
    ]
}

fn addition(name: &str, amount: i64, now: Timestamp) -> Addition {
    Addition {
        key: Key::new(name.to_owned()),
        amount,
        ends_at: now + SignedDuration::from_hours(2),
    }
}

fn row(at: u64, mixed: u64, verification: &str, now: Timestamp) -> Result<Row> {
    let mut number_index = [0; 16];
    number_index[..8].copy_from_slice(&mixed.to_be_bytes());
    Ok(Row {
        out_id: OutId::parse(&format!("{mixed:016x}{at:x}"))?,
        verification: Some(verification.to_owned()),
        app: "bench".to_owned(),
        usage_type: "SignIn".to_owned(),
        number: vec![3; 54],
        number_index,
        masked: "+86 138****8000".to_owned(),
        country: "CN".to_owned(),
        carrier: "mobile".to_owned(),
        provider: "nowhere".to_owned(),
        created_at: now,
        progress: Progress::SENDING,
        confirmed_at: None,
        ask_at: Some(now + SignedDuration::from_secs(13)),
    })
}
