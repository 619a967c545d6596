//! SQLite: the embedded store and journal, in one file.
//!
//! One thread writes, a few connections read beside it. Everything is on disk
//! before an operation answers.

mod checkpoint;
mod error;
mod journal;
mod place;
mod schema;
mod writer;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use sesame_connector::provider::BoxFuture;
use tokio::sync::Semaphore;

use self::checkpoint::Checkpoints;
use self::place::Place;
use self::writer::Writer;
use super::{Addition, Key, Record, Store, StoreResult, Swap, Version};

/// How long a lock of another process is waited for.
const BUSY: Duration = Duration::from_secs(5);
/// How many reads go on at the same time.
const READERS: usize = 4;
/// Prepared statements kept per connection.
const STATEMENTS: usize = 64;

/// Who opens the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A server, of which there may be one at a time.
    Server,
    /// A command that does one thing, also beside a running server.
    Tool,
}

/// When a change counts as safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the disk has it. Nothing acknowledged is ever lost.
    #[default]
    Full,
    /// When the system has it: lives through a crash of the program, and a
    /// power cut may take the last moments.
    Normal,
}

/// A SQLite file with records, counters and the journal. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sqlite(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    place: Place,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
}

impl Sqlite {
    /// Opens the file, or makes it (readable by its owner alone), and brings it
    /// up to date.
    ///
    /// # Errors
    /// Where it cannot be used, a newer program has used it, or another server
    /// does.
    pub async fn open(path: impl Into<PathBuf>, role: Role) -> StoreResult<Self> {
        Self::open_with(path, role, Durability::Full).await
    }

    /// The same, with less safety where it is wanted.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn open_with(
        path: impl Into<PathBuf>,
        role: Role,
        durability: Durability,
    ) -> StoreResult<Self> {
        let path = path.into();
        let opened = tokio::task::spawn_blocking(move || open(path, role, durability));
        match opened.await {
            Ok(opened) => opened.map(|inner| Self(Arc::new(inner))),
            Err(_) => Err(error::STORE.unavailable("opening it was ended")),
        }
    }

    /// Does something in the next transaction.
    async fn write<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.0.writer.run(work).await
    }

    /// Reads what is committed.
    async fn read<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let ended = || error::STORE.unavailable("reading was ended");
        let permit = Arc::clone(&self.0.free).acquire_owned().await;
        let permit = permit.map_err(|_| ended())?;
        let this = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let reader = this.reader()?;
            let result = work(&reader).map_err(|error| error::of(&error, &this.path));
            lock(&this.readers).push(reader);
            result
        });
        read.await.map_err(|_| ended())?
    }
}

impl Inner {
    fn reader(&self) -> StoreResult<Connection> {
        let is_there = self.place.check();
        is_there.map_err(|failure| error::of_code(failure, &self.path))?;
        let kept = lock(&self.readers).pop();
        match kept {
            Some(reader) => Ok(reader),
            None => reader(&self.path).map_err(|error| error::of(&error, &self.path)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>> {
        let key = key.clone();
        Box::pin(self.read(move |connection| get(connection, &key, now)))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Swap>> {
        let (key, new) = (key.clone(), new.clone());
        Box::pin(self.write(move |connection| swap(connection, &key, expected, &new, now)))
    }

    fn add<'a>(
        &'a self,
        amounts: &'a [Addition],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<i64>>> {
        let amounts = amounts.to_vec();
        Box::pin(async move {
            if amounts.is_empty() {
                return Ok(Vec::new());
            }
            let add = move |connection: &Connection| {
                let totals = amounts.iter().map(|amount| add(connection, amount, now));
                totals.collect()
            };
            self.write(add).await
        })
    }

    fn purge(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<usize>> {
        Box::pin(self.write(move |connection| {
            let records = purge(connection, "records", "expires_at", limit, now)?;
            let counters = purge(connection, "counters", "ends_at", limit - records, now)?;
            Ok(records + counters)
        }))
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        // Through the writer: a store that can only be read is of no use.
        Box::pin(self.write(|connection| connection.query_row("SELECT 1", [], |_| Ok(()))))
    }
}

fn get(connection: &Connection, key: &Key, now: Timestamp) -> rusqlite::Result<Option<Record>> {
    let sql = "SELECT version, value, expires_at FROM records WHERE key = ?1 AND expires_at > ?2";
    connection
        .prepare_cached(sql)?
        .query_row(params![key.as_str(), now.as_microsecond()], |row| {
            Ok(Record {
                version: Version(row.get::<_, i64>(0)?.cast_unsigned()),
                value: row.get(1)?,
                expires_at: time(row, 2)?,
            })
        })
        .optional()
}

fn swap(
    connection: &Connection,
    key: &Key,
    expected: Option<Version>,
    new: &Record,
    now: Timestamp,
) -> rusqlite::Result<Swap> {
    let (version, now_us) = (new.version.0.cast_signed(), now.as_microsecond());
    let ends = new.expires_at.as_microsecond();
    let changed = match expected {
        None => {
            let sql = "INSERT INTO records (key, version, value, expires_at) \
                       VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE \
                       SET version = ?2, value = ?3, expires_at = ?4 WHERE expires_at <= ?5";
            let values = params![key.as_str(), version, new.value, ends, now_us];
            connection.prepare_cached(sql)?.execute(values)?
        }
        Some(expected) => {
            let sql = "UPDATE records SET version = ?2, value = ?3, expires_at = ?4 \
                       WHERE key = ?1 AND expires_at > ?5 AND version = ?6";
            let expected = expected.0.cast_signed();
            let values = params![key.as_str(), version, new.value, ends, now_us, expected];
            connection.prepare_cached(sql)?.execute(values)?
        }
    };
    match changed {
        0 => get(connection, key, now).map(|there| Swap::refused(there, new)),
        _ => Ok(Swap::Done),
    }
}

fn add(connection: &Connection, addition: &Addition, now: Timestamp) -> rusqlite::Result<i64> {
    if addition.amount == 0 {
        let sql = "SELECT total FROM counters WHERE key = ?1 AND ends_at > ?2";
        let values = params![addition.key.as_str(), now.as_microsecond()];
        let found = connection
            .prepare_cached(sql)?
            .query_row(values, |row| row.get(0));
        return Ok(found.optional()?.unwrap_or(0));
    }
    let sql = "INSERT INTO counters (key, total, ends_at) VALUES (?1, max(0, ?2), ?3) \
               ON CONFLICT (key) DO UPDATE SET ends_at = ?3, \
               total = max(0, CASE WHEN ends_at > ?4 THEN total ELSE 0 END + ?2) \
               RETURNING total";
    let values = params![
        addition.key.as_str(),
        addition.amount,
        addition.ends_at.as_microsecond(),
        now.as_microsecond()
    ];
    let total = connection
        .prepare_cached(sql)?
        .query_row(values, |row| row.get(0))?;
    if total == 0 {
        // What was given back leaves no trace, or refusals would fill the file.
        let sql = "DELETE FROM counters WHERE key = ?1";
        connection
            .prepare_cached(sql)?
            .execute([addition.key.as_str()])?;
    }
    Ok(total)
}

fn purge(
    connection: &Connection,
    table: &str,
    end: &str,
    limit: usize,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let sql = format!(
        "DELETE FROM {table} WHERE key IN \
         (SELECT key FROM {table} WHERE {end} <= ?1 ORDER BY {end} LIMIT ?2)"
    );
    let values = params![now.as_microsecond(), count(limit)];
    connection.prepare_cached(&sql)?.execute(values)
}

/// A limit as SQL takes it.
fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A column with a time.
fn time(row: &Row<'_>, index: usize) -> rusqlite::Result<Timestamp> {
    let micros: i64 = row.get(index)?;
    super::time_of(micros).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, micros))
}

fn open(path: PathBuf, role: Role, durability: Durability) -> StoreResult<Inner> {
    // Held for life by a server; a tool has it only while it changes tables.
    let mut held = match role {
        Role::Server => Some(alone(&path)?),
        Role::Tool => None,
    };
    private(&path)?;
    let of = |error: rusqlite::Error| error::of(&error, &path);
    let mut connection = writable(&path, durability).map_err(of)?;
    let place = Place::of(&path).map_err(|failure| {
        error::STORE.unusable(
            format!("{} is not there any more: {failure}", path.display()),
            "see what moves or deletes it, and start again",
        )
    })?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(of)?;
    if mode != "wal" {
        return Err(error::STORE.unusable(
            format!("{} cannot have a write-ahead log ({mode})", path.display()),
            "put it on a local disk",
        ));
    }
    bring_up_to_date(&mut connection, &path, &mut held)?;
    if role == Role::Tool {
        held = None;
    }
    let checkpoints = Checkpoints::start(writable(&path, durability).map_err(of)?, &path)?;
    Ok(Inner {
        writer: Writer::start(connection, checkpoints, place.clone(), path.clone(), held)?,
        path,
        place,
        readers: Mutex::new(Vec::new()),
        free: Arc::new(Semaphore::new(READERS)),
    })
}

fn bring_up_to_date(
    connection: &mut Connection,
    path: &Path,
    held: &mut Option<File>,
) -> StoreResult<()> {
    let of = |error: rusqlite::Error| error::of(&error, path);
    let mut tries = 100;
    loop {
        let found = schema::found(connection).map_err(of)?;
        if found == schema::KNOWN {
            return Ok(());
        }
        if found > schema::KNOWN {
            return Err(error::STORE.schema(found, schema::KNOWN));
        }
        if held.is_none() {
            // Another process may just be doing it.
            *held = alone(path).ok();
        }
        if held.is_some() {
            return schema::migrate(connection).map_err(of);
        }
        tries -= 1;
        if tries == 0 {
            return Err(error::STORE.schema(found, schema::KNOWN));
        }
        std::thread::sleep(BUSY / 100);
    }
}

/// The lock that one server at a time has on a file. It goes with the process,
/// whichever way that ends.
fn alone(path: &Path) -> StoreResult<File> {
    let beside = beside(path);
    let file = owners_file(&beside)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(error::STORE.unusable(
            format!("another server uses {}", path.display()),
            "end that one, or give this one a data folder of its own",
        )),
        Err(TryLockError::Error(error)) => Err(error::STORE.unusable(
            format!("{} cannot be locked: {error}", beside.display()),
            "put it on a local disk",
        )),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Makes the file if it is not there, and its owner the only one who may read
/// it; SQLite gives its other files the same rights.
///
/// A file that is there is not opened: closing it again would take away the
/// locks that this process may have on it through SQLite.
fn private(path: &Path) -> StoreResult<()> {
    if !path.exists() {
        return owners_file(path).map(drop);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map(|found| found.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            // Whoever is not the owner cannot, and need not.
            let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
        }
    }
    Ok(())
}

fn owners_file(path: &Path) -> StoreResult<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        error::STORE.unusable(
            format!("{} cannot be opened or made: {error}", path.display()),
            "see that its folder is there and the user that runs this may write in it",
        )
    })
}

fn writable(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    // `checkpoint` sees to it.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn reader(path: &Path) -> rusqlite::Result<Connection> {
    // One that is gone is not made anew.
    let flags = OpenFlags::default() & !OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::super::StoreError;
    use super::*;

    async fn store() -> (Sqlite, tempfile::TempDir) {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("sesame.sqlite");
        (Sqlite::open(file, Role::Server).await.unwrap(), folder)
    }

    async fn count(store: &Sqlite) -> i64 {
        let sql = "SELECT count(*) FROM counters";
        let count = |connection: &Connection| connection.query_row(sql, [], |row| row.get(0));
        store.read(count).await.unwrap()
    }

    /// Does two things, of which the second fails for every third.
    fn write(connection: &Connection, at: i64) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO counters (key, total, ends_at) VALUES (?1, 0, 0)";
        connection.execute(sql, [format!("a{at}")])?;
        let key = (at % 3 > 0).then(|| format!("b{at}"));
        connection.execute(sql, [key])?;
        Ok(at)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_that_fails_undoes_itself_alone() {
        let (store, _folder) = store().await;
        let mut jobs = JoinSet::new();
        for at in 0..300 {
            let store = store.clone();
            jobs.spawn(async move { store.write(move |c| write(c, at)).await.is_ok() });
        }
        let done = jobs.join_all().await.into_iter().filter(|done| *done);
        assert_eq!(done.count(), 200);
        assert_eq!(count(&store).await, 400);
    }

    #[tokio::test]
    async fn a_file_that_may_not_grow_is_told_and_goes_on() {
        let (store, _folder) = store().await;
        let limit = |pages: u32| {
            move |c: &Connection| {
                let set = c.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
                set.map(|()| c.pragma_query_value(None, "page_count", |row| row.get::<_, u32>(0)))
            }
        };
        let pages = store.write(limit(1)).await.unwrap().unwrap();
        let large = Record {
            version: Version(1),
            value: vec![0; 100_000],
            expires_at: Timestamp::MAX,
        };
        let key = Key::new("large");
        let now = Timestamp::UNIX_EPOCH;
        let error = store.swap(&key, None, &large, now).await.err().unwrap();
        assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
        assert!(error.to_string().contains("make room"), "{error}");
        store.write(limit(pages + 1000)).await.unwrap().unwrap();
        let swap = store.swap(&key, None, &large, now).await.unwrap();
        assert_eq!(swap, Swap::Done);
    }

    #[tokio::test]
    async fn the_log_begins_anew_while_writing_goes_on() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("sesame.sqlite");
        let normal = Sqlite::open_with(&file, Role::Server, Durability::Normal);
        let store = normal.await.unwrap();
        let key = Key::new("large");
        let large = |version| Record {
            version: Version(version),
            value: vec![0; 100_000],
            expires_at: Timestamp::MAX,
        };
        let now = Timestamp::UNIX_EPOCH;
        let mut expected = None;
        // Some 25 pages each, so ten logs of the length at which one ends.
        for version in 1..=6_400 {
            let swap = store.swap(&key, expected, &large(version), now).await;
            assert_eq!(swap.unwrap(), Swap::Done);
            expected = Some(Version(version));
        }
        let log = std::fs::metadata(folder.path().join("sesame.sqlite-wal")).unwrap();
        let bytes_written = 6_400 * 100_000;
        assert!(log.len() < bytes_written * 2 / 3, "{}", log.len());
    }

    /// Also where another file is in its place by now.
    #[cfg(unix)]
    #[tokio::test]
    async fn nothing_goes_into_a_file_that_nobody_finds() {
        let folder = tempfile::TempDir::new().unwrap();
        let (file, away) = (folder.path().join("here"), folder.path().join("away"));
        let store = Sqlite::open(&file, Role::Server).await.unwrap();
        let key = Key::new("key");
        let record = Record {
            version: Version(1),
            value: vec![1],
            expires_at: Timestamp::MAX,
        };
        let now = Timestamp::UNIX_EPOCH;
        let refused = async || {
            let ping = Store::ping(&store).await.err();
            let get = store.get(&key, now).await.err();
            let swap = store.swap(&key, None, &record, now).await.err();
            for error in [ping, get, swap] {
                let error = error.expect("it is refused");
                assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
                let said = error.to_string();
                assert!(said.contains("moved, deleted or replaced"), "{said}");
                assert!(said.contains("put the file back"), "{said}");
            }
        };
        std::fs::rename(&file, &away).unwrap();
        refused().await;
        assert!(!file.exists(), "nothing is made in its place");
        std::fs::copy(&away, &file).unwrap();
        refused().await;
        // Put back.
        std::fs::rename(&away, &file).unwrap();
        Store::ping(&store).await.unwrap();
        let swap = store.swap(&key, None, &record, now).await.unwrap();
        assert_eq!(swap, Swap::Done);
        std::fs::remove_file(&file).unwrap();
        refused().await;
    }

    #[tokio::test]
    async fn work_whose_caller_has_gone_is_done() {
        let (store, _folder) = store().await;
        // Handed in at the first poll, and waited for no longer.
        let gone = store.write(|c| write(c, 1));
        let _ = tokio::time::timeout(Duration::ZERO, gone).await;
        store.write(|c| write(c, 2)).await.unwrap();
        assert_eq!(count(&store).await, 4);
    }
}
