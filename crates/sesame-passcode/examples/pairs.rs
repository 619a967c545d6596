//! How many pairs of issue and check a second the stores alone can take.
//!
//! `cargo run --release -p sesame-passcode --all-features --example pairs -- [CLIENTS] [SECONDS]`
//!
//! A pair is what the service asks of store and journal for one verification:
//! the record read and swapped, the row opened and closed; then the record
//! read and swapped again, and the verification consumed. SQLite lies in the
//! folder `SESAME_PAIRS_FOLDER` (a temporary one by default); servers are
//! measured where `SESAME_TEST_POSTGRES` and `SESAME_TEST_VALKEY` name them.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and ends where something fails"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use sesame_connector::OutId;
use sesame_passcode::journal::{Ask, Consumed, Journal, Progress, Row, State};
use sesame_passcode::store::postgres::Postgres;
use sesame_passcode::store::sqlite::{Durability, Role, Sqlite};
use sesame_passcode::store::valkey::Valkey;
use sesame_passcode::store::{Key, Record, Store, Swap, Version};
use tokio::task::JoinSet;

type Both = (Arc<dyn Store>, Arc<dyn Journal>);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().unwrap());
    let clients = arguments.next().unwrap_or(16);
    let secs = arguments.next().unwrap_or(5);
    for (name, durability) in [("FULL", Durability::Full), ("NORMAL", Durability::Normal)] {
        let folder = tempfile::TempDir::new().unwrap();
        let named = std::env::var_os("SESAME_PAIRS_FOLDER").map(PathBuf::from);
        let place = named.unwrap_or_else(|| folder.path().to_owned());
        let file = place.join(format!("pairs-{name}-{}.sqlite", std::process::id()));
        let sqlite = Sqlite::open_with(&file, Role::Server, durability).await;
        let sqlite = Arc::new(sqlite.unwrap());
        measure(
            &format!("sqlite {name}"),
            (sqlite.clone(), sqlite),
            clients,
            secs,
        )
        .await;
        for end in ["", "-wal", "-shm", ".lock"] {
            let mut name = file.clone().into_os_string();
            name.push(end);
            let _ = std::fs::remove_file(name);
        }
    }
    let Ok(postgres) = std::env::var("SESAME_TEST_POSTGRES") else {
        return;
    };
    let postgres = Arc::new(Postgres::open(&postgres).await.unwrap());
    measure(
        "postgres",
        (postgres.clone(), postgres.clone()),
        clients,
        secs,
    )
    .await;
    for variable in ["SESAME_TEST_VALKEY", "SESAME_TEST_VALKEY_CLUSTER"] {
        let Ok(url) = std::env::var(variable) else {
            continue;
        };
        let valkey = Arc::new(Valkey::open(&url).await.unwrap());
        let name = url.split("://").next().unwrap();
        let both: Both = (valkey.clone(), postgres.clone());
        measure(&format!("{name} and postgres"), both, clients, secs).await;
        let memory = Arc::new(sesame_passcode::store::memory::MemoryJournal::default());
        measure(
            &format!("{name}, no journal"),
            (valkey, memory),
            clients,
            secs,
        )
        .await;
    }
}

/// Which measurement this is, so that none finds what another left.
static RUN: AtomicU64 = AtomicU64::new(0);

async fn measure(name: &str, both: Both, clients: u64, secs: u64) {
    RUN.fetch_add(1, Ordering::Relaxed);
    let done = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let mut running = JoinSet::new();
    let (start, cpu) = (Instant::now(), cpu_secs());
    for client in 0..clients {
        let (both, done, over) = (both.clone(), done.clone(), over.clone());
        running.spawn(async move {
            let run = u64::from(std::process::id()) << 3 | RUN.load(Ordering::Relaxed);
            for at in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                pair(&both, run << 40 | client << 24 | at).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(secs)).await;
    over.store(true, Ordering::Relaxed);
    running.join_all().await;
    let pairs = f64::from(u32::try_from(done.load(Ordering::Relaxed)).unwrap());
    let (rate, cpu) = (pairs / start.elapsed().as_secs_f64(), cpu_secs() - cpu);
    println!(
        "{name:<28} {clients:>4} clients {rate:>8.0} pairs/s {:>6.0} µs of our CPU a pair",
        cpu * 1e6 / pairs
    );
}

async fn pair((store, journal): &Both, id: u64) {
    let now = Timestamp::from_second(1_772_000_000).unwrap();
    let later = now + SignedDuration::from_hours(24);
    // Spread as keyed hashes are.
    let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let key = Key::new(format!("n:{mixed:016x}{id:016x}"));
    let record = |version| Record {
        version: Version(version),
        value: vec![7; 350],
        expires_at: later,
    };
    assert_eq!(store.get(&key, now).await.unwrap(), None);
    let swap = store.swap(&key, None, &record(mixed), now).await.unwrap();
    assert_eq!(swap, Swap::Done);
    let verification = format!("{mixed:016x}{id:016x}verification");
    let row = row(id, mixed, &verification, now);
    journal.open(&row).await.unwrap();
    let accepted = Progress {
        state: State::Accepted,
        request_id: Some("6A7CB9C2-4C1B-5C4C-9C4E-3A8D4B0E9F3A".to_owned()),
        biz_id: Some("900619746936498440^0".to_owned()),
        ended_at: Some(now),
        ..Progress::SENDING
    };
    let news = journal
        .advance(&row.out_id, &accepted, Ask::Never, now)
        .await;
    assert!(news.unwrap().is_some());
    let there = store.get(&key, now).await.unwrap().unwrap();
    let swap = store
        .swap(&key, Some(there.version), &record(mixed ^ 1), now)
        .await;
    assert_eq!(swap.unwrap(), Swap::Done);
    let consumed = journal.consume(&verification, None, now).await;
    assert_eq!(consumed.unwrap(), Consumed::First);
}

fn row(id: u64, mixed: u64, verification: &str, now: Timestamp) -> Row {
    let mut number_index = [0; 16];
    number_index[..8].copy_from_slice(&mixed.to_be_bytes());
    Row {
        out_id: OutId::parse(&format!("{mixed:016x}{id:x}")).unwrap(),
        verification: Some(verification.to_owned()),
        app: "web".to_owned(),
        usage_type: "SignIn".to_owned(),
        number: vec![3; 60],
        number_index,
        masked: "+86 138****8000".to_owned(),
        country: "CN".to_owned(),
        carrier: "mobile".to_owned(),
        provider: "aliyun-sms".to_owned(),
        created_at: now,
        progress: Progress::SENDING,
        confirmed_at: None,
        ask_at: Some(now + SignedDuration::from_secs(30)),
    }
}

/// Processor time of this process so far, where the system tells it.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
