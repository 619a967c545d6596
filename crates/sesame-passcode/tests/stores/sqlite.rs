//! SQLite: the suite, and its file in trouble.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use sesame_connector::OutId;
use sesame_passcode::conformance_tests;
use sesame_passcode::journal::Journal;
use sesame_passcode::store::sqlite::{Durability, Role, Sqlite};
use sesame_passcode::store::{Key, Record, Store, StoreError, Swap, Version};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::older;

conformance_tests!(records: records, fresh().await);
conformance_tests!(messages: messages, fresh().await);
conformance_tests!(rules: rules, {
    let (both, folder) = fresh().await;
    ((both.clone(), both), folder)
});

async fn fresh() -> (Arc<Sqlite>, TempDir) {
    let (folder, file) = place();
    let store = Sqlite::open(file, Role::Server).await.unwrap();
    (Arc::new(store), folder)
}

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sesame.sqlite");
    (folder, file)
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn record(value: &[u8]) -> Record {
    Record {
        version: Version(1),
        value: value.to_vec(),
        expires_at: Timestamp::MAX,
    }
}

async fn put(store: &Sqlite, key: &str, value: &[u8]) -> Result<Swap, StoreError> {
    let (key, record) = (Key::new(key), record(value));
    store.swap(&key, None, &record, NOW).await
}

async fn value(store: &Sqlite, key: &str) -> Option<Vec<u8>> {
    let found = store.get(&Key::new(key), NOW).await.unwrap();
    found.map(|record| record.value)
}

async fn refused(file: &Path) -> StoreError {
    Sqlite::open(file, Role::Server).await.err().unwrap()
}

#[tokio::test]
async fn a_second_server_is_refused_and_a_tool_is_not() {
    let (_folder, file) = place();
    let first = Sqlite::open(&file, Role::Server).await.unwrap();
    let error = refused(&file).await;
    assert!(matches!(error, StoreError::Unusable { .. }));
    assert!(error.to_string().contains("another server uses"), "{error}");
    let tool = Sqlite::open(&file, Role::Tool).await.unwrap();
    put(&tool, "a", b"by the tool").await.unwrap();
    assert_eq!(value(&first, "a").await.unwrap(), b"by the tool");
    put(&first, "b", b"by the server").await.unwrap();
    assert_eq!(value(&tool, "b").await.unwrap(), b"by the server");
    drop(tool);
    refused(&file).await;
    let clone = first.clone();
    drop(first);
    refused(&file).await;
    drop(clone);
    let next = Sqlite::open(&file, Role::Server).await.unwrap();
    assert_eq!(value(&next, "a").await.unwrap(), b"by the tool");
}

#[tokio::test]
async fn a_tool_may_be_the_first() {
    let (_folder, file) = place();
    let tool = Sqlite::open(&file, Role::Tool).await.unwrap();
    put(&tool, "a", b"1").await.unwrap();
    let server = Sqlite::open(&file, Role::Server).await.unwrap();
    assert_eq!(value(&server, "a").await.unwrap(), b"1");
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let (_folder, file) = place();
    drop(Sqlite::open(&file, Role::Server).await.unwrap());
    let newer = Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    for role in [Role::Server, Role::Tool] {
        let error = Sqlite::open(&file, role).await.err().unwrap();
        assert!(matches!(error, StoreError::Schema { found: 99, .. }));
        assert!(error.to_string().contains("newer"), "{error}");
    }
}

#[tokio::test]
async fn an_older_schema_is_brought_up_to_date_by_who_is_alone() {
    let (_folder, file) = place();
    // A file of which only the beginning is there yet.
    drop(Connection::open(&file).unwrap());
    let lock = file.with_extension("sqlite.lock");
    let held = std::fs::File::create(lock).unwrap();
    held.lock().unwrap();
    let error = Sqlite::open(&file, Role::Tool).await.err().unwrap();
    assert!(
        matches!(error, StoreError::Schema { found: 0, .. }),
        "{error}"
    );
    drop(held);
    let server = Sqlite::open(&file, Role::Server).await.unwrap();
    put(&server, "a", b"1").await.unwrap();
}

/// What an earlier program left is counted once, and goes on from there.
#[tokio::test]
async fn rows_of_an_older_schema_are_counted() {
    let (_folder, file) = place();
    drop(Sqlite::open(&file, Role::Server).await.unwrap());
    let older = Connection::open(&file).unwrap();
    older
        .execute_batch(
            "DROP TABLE verdicts; DROP TABLE conversions; \
             ALTER TABLE consumptions DROP COLUMN request; \
             DROP TABLE tallies; DROP TABLE blocks; DROP INDEX messages_failed; \
             ALTER TABLE messages DROP COLUMN carrier; PRAGMA user_version = 2;",
        )
        .unwrap();
    let hour = 3_600_000_000_i64;
    for row in older::ROWS {
        let (id, masked, country, created, state, delivered, confirmed) = *row;
        let sql = "INSERT INTO messages (out_id, verification, app, usage_type, number, \
            number_index, masked, country, provider, created_at, state, report_delivered, \
            confirmed_at) VALUES (?1, 'v-' || ?1, 'web', 'SignIn', x'00', zeroblob(16), ?2, ?3, \
            'aliyun-sms', ?4, ?5, ?6, ?7)";
        let created = created * hour + 5;
        let confirmed = confirmed.then_some(created);
        let values = rusqlite::params![id, masked, country, created, state, delivered, confirmed];
        older.execute(sql, values).unwrap();
    }
    drop(older);
    let store = Sqlite::open(&file, Role::Server).await.unwrap();
    older::assert_counted(&store).await;
}

#[tokio::test]
async fn what_is_no_database_is_not_overwritten() {
    let (_folder, file) = place();
    let text = "a letter to somebody\n".repeat(500);
    std::fs::write(&file, &text).unwrap();
    let error = refused(&file).await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("no SQLite database"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let (_folder, file) = place();
    let store = Sqlite::open(&file, Role::Server).await.unwrap();
    for at in 0..200 {
        put(&store, &format!("k{at}"), &[7; 900]).await.unwrap();
    }
    drop(store);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096..].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    let error = match Sqlite::open(&file, Role::Server).await {
        Ok(store) => store.get(&Key::new("k7"), NOW).await.err().unwrap(),
        Err(error) => error,
    };
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn nothing_that_is_stored_is_in_an_error() {
    let (_folder, file) = place();
    let store = Sqlite::open(&file, Role::Server).await.unwrap();
    let other = Connection::open(&file).unwrap();
    let columns = "out_id, app, usage_type, number, number_index, masked, country, provider, \
        created_at, state";
    let sql = format!(
        "INSERT INTO messages ({columns}) VALUES \
         ('m', 'geheim', 'geheim', x'00', x'00', 'geheim', 'geheim', 'geheim', 1, 'geheim')"
    );
    other.execute(&sql, []).unwrap();
    let error = store.message(&OutId::parse("m").unwrap()).await.err();
    let error = error.unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("geheim"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named_with_the_cure() {
    let (folder, _) = place();
    let error = refused(&folder.path().join("none/sesame.sqlite")).await;
    assert!(matches!(error, StoreError::Unusable { .. }));
    let text = error.to_string();
    assert!(
        text.contains("none/sesame.sqlite") && text.contains("folder"),
        "{text}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, file) = place();
    std::fs::write(&file, "").unwrap();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&file, open).unwrap();
    let store = Sqlite::open(&file, Role::Server).await.unwrap();
    put(&store, "a", b"1").await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let expected = ["", "-shm", "-wal", ".lock"].map(|end| format!("sesame.sqlite{end}"));
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_file_that_another_process_keeps_locked_is_waited_for_and_then_told() {
    let (_folder, file) = place();
    let store = Sqlite::open(&file, Role::Server).await.unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = put(&store, "a", b"1").await.err().unwrap();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    put(&store, "a", b"1").await.unwrap();
}

/// Many jobs share a transaction, and those that are waited for are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_is_there_for_others_at_once() {
    let (_folder, file) = place();
    let store = Sqlite::open_with(&file, Role::Server, Durability::Normal).await;
    let store = store.unwrap();
    let tool = Sqlite::open(&file, Role::Tool).await.unwrap();
    let mut writers = JoinSet::new();
    for at in 0..200 {
        let (store, tool) = (store.clone(), tool.clone());
        writers.spawn(async move {
            let key = format!("k{at}");
            put(&store, &key, key.as_bytes()).await.unwrap();
            assert_eq!(value(&tool, &key).await.unwrap(), key.as_bytes());
        });
    }
    writers.join_all().await;
}

/// A small disk of its own, where this may make one (as root, on Linux).
struct SmallDisk(TempDir);

impl SmallDisk {
    fn make(options: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "sesame-test"]);
        let made = mount.arg(folder.path()).stderr(Stdio::null()).status();
        if made.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        println!("no disk of its own could be made here: not tested");
        None
    }

    fn change(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount
            .args(["-o", &format!("remount,{options}")])
            .arg(self.0.path());
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_keeps_what_was_acknowledged() {
    let Some(disk) = SmallDisk::make("size=768k") else {
        return;
    };
    let file = disk.0.path().join("sesame.sqlite");
    let store = Sqlite::open(&file, Role::Server).await.unwrap();
    let mut kept = 0;
    let error = loop {
        match put(&store, &format!("k{kept}"), &[9; 2000]).await {
            Ok(swap) => assert_eq!(swap, Swap::Done),
            Err(error) => break error,
        }
        kept += 1;
        assert!(kept < 1000, "the disk never got full");
    };
    assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("make room"), "{error}");
    assert!(kept > 10);
    disk.change("size=8m");
    put(&store, "last", b"there is room").await.unwrap();
    for at in 0..kept {
        assert_eq!(value(&store, &format!("k{at}")).await.unwrap(), [9; 2000]);
    }
    drop(store);
    let again = Sqlite::open(&file, Role::Server).await.unwrap();
    assert_eq!(value(&again, "last").await.unwrap(), b"there is room");
    drop(again);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_with_the_cure() {
    let Some(disk) = SmallDisk::make("size=2m") else {
        return;
    };
    let file = disk.0.path().join("sesame.sqlite");
    let empty = disk.0.path().join("other.sqlite");
    drop(Sqlite::open(&file, Role::Server).await.unwrap());
    disk.change("ro");
    for file in [file, empty] {
        for role in [Role::Server, Role::Tool] {
            let error = Sqlite::open(&file, role).await.err().unwrap();
            assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
            assert!(error.to_string().contains("write"), "{error}");
        }
    }
}

const CHILD_FILE: &str = "SESAME_TEST_CHILD_FILE";

/// Not a test of its own: the process that is killed below.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_process_that_is_killed() {
    let Ok(file) = std::env::var(CHILD_FILE) else {
        return;
    };
    let store = Sqlite::open(file, Role::Server).await.unwrap();
    let round = std::process::id();
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let store = store.clone();
        writers.spawn(async move {
            for at in 0.. {
                let key = format!("k{round}-{writer}-{at}");
                put(&store, &key, key.as_bytes()).await.unwrap();
                println!("wrote {key}");
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test]
async fn a_killed_process_loses_nothing_it_acknowledged() {
    let (_folder, file) = place();
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "sqlite::the_process_that_is_killed",
                "--nocapture",
            ])
            .env(CHILD_FILE, &file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let enough = 200 + 100 * round;
        let mut told = 0;
        for line in lines.map_while(Result::ok) {
            let Some(key) = line.strip_prefix("wrote ") else {
                continue;
            };
            acknowledged.push(key.to_owned());
            told += 1;
            if told == enough {
                // What it still says until it is dead counts too.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(told >= enough, "it ended by itself");
        let store = Sqlite::open(&file, Role::Server).await.unwrap();
        for key in &acknowledged {
            assert_eq!(value(&store, key).await.unwrap(), key.as_bytes());
        }
    }
    println!("{} writes acknowledged, all there", acknowledged.len());
}

#[tokio::test]
async fn a_counter_at_nought_leaves_no_trace() {
    let (_folder, file) = place();
    let store = Sqlite::open(&file, Role::Server).await.unwrap();
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    let one = |amount| sesame_passcode::store::Addition {
        key: Key::new("ip:x"),
        amount,
        ends_at: now,
    };
    let earlier = now - jiff::SignedDuration::from_secs(60);
    for additions in [&[one(2), one(-2)][..], &[one(-1)]] {
        store.add(additions, earlier).await.unwrap();
        assert_eq!(store.purge(10, now).await.unwrap(), 0);
    }
    store.add(&[one(2), one(-1)], earlier).await.unwrap();
    assert_eq!(store.purge(10, now).await.unwrap(), 1);
}
