//! All API keys, kept in memory and read anew when they may have changed.
//!
//! A key that is not known may have been made this moment by `sesame key new`,
//! so the journal is asked once more before it is refused. Whoever waits for
//! that shares one question, and there is a pause between two: a flood of wrong
//! keys is no flood of queries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sesame_passcode::Journal;
use sesame_passcode::journal::ApiKeyRow;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::error::{Answer, Code, Problem};

/// How old a revocation may grow before it counts.
const REFRESH: Duration = Duration::from_secs(5);
/// The least time between two questions.
const PAUSE: Duration = Duration::from_millis(200);

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
    /// The last reading that was begun, and the last that ended.
    readings: watch::Sender<Readings>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Readings {
    begun: u64,
    ended: u64,
    is_good: bool,
}

impl Book {
    /// Begins to keep the keys of a journal.
    pub(crate) fn open(journal: Arc<dyn Journal>) -> Self {
        let shared = Arc::new(Shared {
            keys: Mutex::default(),
            wanted: Notify::new(),
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

    /// Waits for a reading that begins from now on.
    async fn read_anew(&self) -> Answer<()> {
        let mut readings = self.readings.subscribe();
        let begun = readings.borrow().begun;
        self.wanted.notify_one();
        let ended = readings.wait_for(|readings| readings.ended > begun).await;
        match ended {
            Ok(readings) if readings.is_good => Ok(()),
            _ => {
                let detail = "the API keys cannot be read at the moment";
                let problem = Problem::new(Code::StoreUnavailable, detail);
                Err(problem.retry_after(Duration::from_secs(1)))
            }
        }
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
