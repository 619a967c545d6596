//! Moves what was written from SQLite's write-ahead log into the file, beside
//! the writer instead of in its way.
//!
//! Left to SQLite, whoever commits when the log is long moves all of it, and
//! everybody waits: the longer the tables, the more pages lie apart, the longer
//! the wait. Here a second connection moves it while writing goes on. It never
//! catches up with a busy writer, and only a log that was moved whole begins
//! anew; so once the log is long, the writer moves the little that is left.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::super::StoreResult;
use super::error;

/// After so many jobs the log is moved; a job writes about ten pages.
const JOBS: usize = 64;
/// The log begins anew when it has so many pages: 32 MiB.
const LONG: i64 = 16_000;

/// The thread that moves the log, as the writer sees it. Dropping it waits
/// until the thread has closed its connection.
pub(super) struct Checkpoints {
    due: Option<SyncSender<()>>,
    /// Whether the writer is to move what is left.
    is_long: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    jobs: usize,
}

impl Checkpoints {
    /// Takes a connection of its own.
    pub(super) fn start(connection: Connection, path: &Path) -> StoreResult<Self> {
        // One is enough: whoever comes to it takes all that is there.
        let (due, waiting) = sync_channel(1);
        let is_long = Arc::new(AtomicBool::new(false));
        let (told, path) = (is_long.clone(), path.to_owned());
        let thread = std::thread::Builder::new()
            .name("sqlite-log".to_owned())
            .spawn(move || work(&connection, &waiting, &told, &path))
            .map_err(|error| error::STORE.unavailable(format!("no thread for its log: {error}")))?;
        Ok(Self {
            due: Some(due),
            is_long,
            thread: Some(thread),
            jobs: 0,
        })
    }

    /// To be called by the writer between two transactions.
    pub(super) fn written(&mut self, jobs: usize, connection: &Connection) {
        if self.is_long.swap(false, Ordering::Relaxed) {
            // Refused where the other is at it, which then finds it long again.
            let _ = checkpoint(connection);
        }
        self.jobs += jobs;
        if self.jobs >= JOBS
            && let Some(due) = &self.due
        {
            self.jobs = 0;
            // Full: it has not come to the last one yet.
            let _ = due.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.due.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, that was said already.
            let _ = thread.join();
        }
    }
}

fn work(connection: &Connection, due: &Receiver<()>, is_long: &AtomicBool, path: &Path) {
    while due.recv().is_ok() {
        match checkpoint(connection) {
            Ok(pages) => is_long.store(pages >= LONG, Ordering::Relaxed),
            // Nothing is lost: it stays in the log, and the next one tries again.
            Err(failure) => {
                let error = error::of(&failure, path);
                tracing::warn!(%error, "the write-ahead log stays as long as it is");
            }
        }
    }
}

/// Moves what it can without waiting for anybody; gives the log's pages.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "PRAGMA wal_checkpoint(PASSIVE)";
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(1))
}
