//! All API keys, kept in memory and read anew when they may have changed.
//!
//! A key that is not known may have been made this moment by `sesame key new`,
//! so the journal is asked once more before it is refused. Whoever waits for
//! that shares one question, there is a pause between two, and only a few may
//! wait: a flood of wrong keys is no flood of queries, nor of open requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sesame_passcode::Journal;
use sesame_passcode::journal::ApiKeyRow;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::error::{Answer, Code, Problem};

/// How old a revocation may grow before it counts.
const REFRESH: Duration = Duration::from_secs(5);
/// The least time between two questions.
const PAUSE: Duration = Duration::from_millis(200);
/// How many requests may wait for a question at once.
const WAITING: usize = 16;

/// All API keys. Reading them goes on until this is dropped.
#[derive(Debug)]
pub(crate) struct Book {
    shared: Arc<Shared>,
    refresher: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    keys: Mutex<Arc<HashMap<String, Arc<ApiKeyRow>>>>,
    /// Wakes the one who reads.
    wanted: Notify,
    /// Places for those who wait.
    waiting: Semaphore,
    /// The last reading that was begun, and the last that ended.
    readings: watch::Sender<Readings>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Readings {
    begun: u64,
    ended: u64,
    is_good: bool,
}

impl Readings {
    /// Whether the last one showed all keys.
    fn told(&self) -> Answer<()> {
        if self.is_good {
            return Ok(());
        }
        let detail = "the API keys cannot be read at the moment";
        let problem = Problem::new(Code::StoreUnavailable, detail);
        Err(problem.retry_after(Duration::from_secs(1)))
    }
}

impl Book {
    /// Begins to keep the keys of a journal.
    pub(crate) fn open(journal: Arc<dyn Journal>) -> Self {
        let shared = Arc::new(Shared {
            keys: Mutex::default(),
            wanted: Notify::new(),
            waiting: Semaphore::new(WAITING),
            readings: watch::Sender::default(),
        });
        let refresher = tokio::spawn(refresh(Arc::clone(&shared), journal));
        Self { shared, refresher }
    }

    /// The key with that id.
    pub(crate) async fn find(&self, id: &str) -> Answer<Option<Arc<ApiKeyRow>>> {
        if let Some(row) = self.shared.known(id) {
            return Ok(Some(row));
        }
        self.shared.read_anew().await?;
        Ok(self.shared.known(id))
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        self.refresher.abort();
    }
}

impl Shared {
    fn known(&self, id: &str) -> Option<Arc<ApiKeyRow>> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(id).cloned()
    }

    /// Waits for a reading that begins from now on; where enough others wait,
    /// makes do with the last one.
    async fn read_anew(&self) -> Answer<()> {
        let mut readings = self.readings.subscribe();
        let last = *readings.borrow();
        let place = self.waiting.try_acquire();
        // Before the first reading no key is known, so all wait for it.
        if place.is_err() && last.ended > 0 {
            return last.told();
        }
        self.wanted.notify_one();
        let ended = readings.wait_for(|now| now.ended > last.begun).await;
        ended.map_or_else(|_| Readings::default().told(), |now| now.told())
    }
}

async fn refresh(shared: Arc<Shared>, journal: Arc<dyn Journal>) {
    loop {
        shared.readings.send_modify(|readings| readings.begun += 1);
        let read = journal.keys().await;
        let is_good = read.is_ok();
        match read {
            Ok(rows) => {
                let keys = rows.into_iter().map(|row| (row.id.clone(), Arc::new(row)));
                let keys = Arc::new(keys.collect());
                *shared.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys;
            }
            Err(error) => tracing::warn!(%error, "the API keys could not be read"),
        }
        shared.readings.send_modify(|readings| {
            readings.ended = readings.begun;
            readings.is_good = is_good;
        });
        tokio::time::sleep(PAUSE).await;
        let _ = tokio::time::timeout(REFRESH, shared.wanted.notified()).await;
    }
}
