//! In memory, for tests and for a demo that leaves nothing behind.
//!
//! Store and journal can be told to fail or to stop at any operation
//! ([`Faults`]), which is how tests die between any two steps.

mod faults;
mod journal;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sesame_connector::provider::BoxFuture;

pub use faults::{Fault, Faults};
pub use journal::MemoryJournal;

use super::{Addition, Key, Record, Store, StoreResult, Swap, Version};

/// Records and counters in memory.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    faults: Faults,
}

#[derive(Default)]
struct State {
    records: BTreeMap<Key, Record>,
    counters: BTreeMap<Key, Counter>,
}

struct Counter {
    total: i64,
    ends_at: Timestamp,
}

impl MemoryStore {
    /// One that fails as it is told.
    pub fn with_faults(faults: Faults) -> Self {
        Self {
            state: Mutex::default(),
            faults,
        }
    }

    /// Everything it holds, for tests that search it.
    pub fn dump(&self) -> Vec<(Key, Vec<u8>)> {
        let state = self.state();
        let records = state.records.iter();
        let records = records.map(|(key, record)| (key.clone(), record.value.clone()));
        let counters = state.counters.iter();
        let counters =
            counters.map(|(key, counter)| (key.clone(), counter.total.to_string().into_bytes()));
        records.chain(counters).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl State {
    fn get(&self, key: &Key, now: Timestamp) -> Option<Record> {
        let record = self.records.get(key);
        record.filter(|record| record.expires_at > now).cloned()
    }

    fn swap(&mut self, key: &Key, expected: Option<Version>, new: &Record, now: Timestamp) -> Swap {
        let found = self.get(key, now);
        if found
            .as_ref()
            .is_some_and(|found| found.version == new.version)
        {
            // The caller's own earlier try, whose answer was lost.
            return Swap::Done;
        }
        if found.as_ref().map(|record| record.version) != expected {
            return Swap::Conflict(found);
        }
        self.records.insert(key.clone(), new.clone());
        Swap::Done
    }

    fn add(&mut self, addition: &Addition, now: Timestamp) -> i64 {
        let counter = self.counters.get(&addition.key);
        let counter = counter.filter(|counter| counter.ends_at > now);
        let total = counter.map_or(0, |counter| counter.total);
        if addition.amount == 0 {
            return total;
        }
        let total = total.saturating_add(addition.amount).max(0);
        if total == 0 {
            self.counters.remove(&addition.key);
            return 0;
        }
        let counter = Counter {
            total,
            ends_at: addition.ends_at,
        };
        self.counters.insert(addition.key.clone(), counter);
        total
    }

    fn purge(&mut self, limit: usize, now: Timestamp) -> usize {
        let records = self.records.iter();
        let records = records.filter(|(_, record)| record.expires_at <= now);
        let records: Vec<Key> = records.map(|(key, _)| key.clone()).take(limit).collect();
        let counters = self.counters.iter();
        let counters = counters.filter(|(_, counter)| counter.ends_at <= now);
        let left = limit - records.len();
        let counters: Vec<Key> = counters.map(|(key, _)| key.clone()).take(left).collect();
        for key in &records {
            self.records.remove(key);
        }
        for key in &counters {
            self.counters.remove(key);
        }
        records.len() + counters.len()
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>> {
        self.faults.step(move || self.state().get(key, now))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Swap>> {
        self.faults
            .step(move || self.state().swap(key, expected, new, now))
    }

    fn add<'a>(
        &'a self,
        amounts: &'a [Addition],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<i64>>> {
        self.faults.step(move || {
            let mut state = self.state();
            amounts
                .iter()
                .map(|addition| state.add(addition, now))
                .collect()
        })
    }

    fn purge(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<usize>> {
        self.faults.step(move || self.state().purge(limit, now))
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.faults.step(|| ())
    }
}
