//! The one thread that writes: whatever waits goes into one transaction, so
//! that many callers share the wait for the disk.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rusqlite::{Connection, ffi};
use tokio::sync::{mpsc, oneshot};

use super::super::StoreResult;
use super::checkpoint::Checkpoints;
use super::error;
use super::place::Place;

/// How many jobs may wait; whoever comes then waits for room.
const QUEUE: usize = 1024;
/// How many jobs go into one transaction at most.
const BATCH: usize = 256;

/// Something to be done in a transaction, or only refused, if there is none.
type Job = Box<dyn FnOnce(Result<&Connection, ffi::Error>, &Path) -> Ran + Send>;

/// A job that was run, and whose caller waits for the disk.
struct Ran {
    /// Why it was not done.
    failed: Option<ffi::Error>,
    /// Tells the caller; with the reason where the transaction came to nothing.
    tell: Box<dyn FnOnce(Option<ffi::Error>) + Send>,
}

/// Where jobs are handed in. Dropping it waits until all of them are done and
/// the file is closed.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Takes the connection into a thread of its own, and `kept` with it, which
    /// is dropped after the file is closed.
    pub(super) fn start<K: Send + 'static>(
        connection: Connection,
        mut checkpoints: Checkpoints,
        place: Place,
        path: PathBuf,
        kept: K,
    ) -> StoreResult<Self> {
        let (jobs, mut waiting) = mpsc::channel(QUEUE);
        let file = path.clone();
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                while let Some(batch) = next_batch(&mut waiting) {
                    let jobs = batch.len();
                    do_batch(&connection, batch, &place, &file);
                    checkpoints.written(jobs, &connection);
                }
                drop(checkpoints);
                drop(connection);
                drop(kept);
            })
            .map_err(|error| error::STORE.unavailable(format!("no thread for it: {error}")))?;
        Ok(Self {
            path,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Does `work` in the next transaction, and answers when it is on disk. It
    /// is done even where nobody waits for the answer any more.
    pub(super) async fn run<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let ended = || {
            let path = self.path.display();
            error::STORE.unavailable(format!("the thread that writes {path} has ended"))
        };
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(job(work, reply)).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, that was said already.
            let _ = thread.join();
        }
    }
}

fn job<T, W>(work: W, reply: oneshot::Sender<StoreResult<T>>) -> Job
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
{
    Box::new(move |connection, path| {
        let result = match connection {
            Ok(connection) => work(connection),
            Err(failure) => Err(rusqlite::Error::SqliteFailure(failure, None)),
        };
        let failed = result.as_ref().err().map(code);
        let result = result.map_err(|error| error::of(&error, path));
        let path = path.to_owned();
        Ran {
            failed,
            tell: Box::new(move |lost| {
                let told = match (result, lost) {
                    (Ok(_), Some(failure)) => Err(error::of_code(failure, &path)),
                    (result, _) => result,
                };
                // Whoever asked may have gone.
                let _ = reply.send(told);
            }),
        }
    })
}

/// All that waits, when there is something; none when nobody can come any more.
fn next_batch(waiting: &mut mpsc::Receiver<Job>) -> Option<Vec<Job>> {
    let mut batch = vec![waiting.blocking_recv()?];
    while batch.len() < BATCH
        && let Ok(job) = waiting.try_recv()
    {
        batch.push(job);
    }
    Some(batch)
}

/// One transaction. A job that fails undoes itself alone; where the whole
/// fails, everybody is told so. Nothing goes into a file that nobody finds.
fn do_batch(connection: &Connection, batch: Vec<Job>, place: &Place, path: &Path) {
    let begin = || execute(connection, "BEGIN IMMEDIATE");
    let mut state = place.check().and_then(|()| begin());
    let mut ran = Vec::with_capacity(batch.len());
    for job in batch {
        let begun = state.and_then(|()| execute(connection, "SAVEPOINT job"));
        let one = job(begun.map(|()| connection), path);
        state = begun.and_then(|()| end_job(connection, one.failed));
        ran.push(one);
    }
    let lost = state.and_then(|()| execute(connection, "COMMIT")).err();
    if lost.is_some() && !connection.is_autocommit() {
        // Fails only where SQLite has rolled back by itself.
        let _ = execute(connection, "ROLLBACK");
    }
    for Ran { tell, .. } in ran {
        tell(lost);
    }
}

/// After some failures, such as a full disk, SQLite ends the transaction.
fn end_job(connection: &Connection, failed: Option<ffi::Error>) -> Result<(), ffi::Error> {
    match failed {
        None => {}
        Some(failure) if connection.is_autocommit() => return Err(failure),
        Some(_) => execute(connection, "ROLLBACK TO job")?,
    }
    execute(connection, "RELEASE job")
}

fn execute(connection: &Connection, sql: &str) -> Result<(), ffi::Error> {
    let done = connection
        .prepare_cached(sql)
        .and_then(|mut s| s.execute([]));
    done.map(|_| ()).map_err(|error| code(&error))
}

fn code(error: &rusqlite::Error) -> ffi::Error {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => *failure,
        _ => ffi::Error::new(ffi::SQLITE_ERROR),
    }
}
