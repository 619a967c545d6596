//! The numbers' records in a store: opened, brought to the present, changed by
//! a rule, sealed, swapped.

use std::sync::Arc;

use jiff::Timestamp;
use sesame_connector::Source;
use tokio::sync::{Mutex, MutexGuard};

use crate::keys::{Keys, RecordKey};
use crate::record::{NumberRecord, Unreadable};
use crate::store::{Key, Record, Store, StoreError, StoreResult, Swap, Version};

/// How often a change is tried again because somebody else was faster. Within
/// one process nobody is, so this many other servers would have to be.
const MOST_TRIES: usize = 32;

/// How many numbers are changed at once in one process, at most.
const QUEUES: usize = 256;

/// The records of all numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    store: Arc<dyn Store>,
    keys: Arc<Keys>,
    source: Arc<dyn Source>,
    queues: Vec<Mutex<()>>,
}

/// A record as it was found; nothing, where there is none.
pub(crate) struct Loaded {
    pub(crate) record: Option<NumberRecord>,
    version: Option<Version>,
    /// Whether it was written by a clock ahead of this one.
    was_ahead: bool,
}

/// What a rule decided, and whether it changed the record.
pub(crate) enum Change<T> {
    Save(NumberRecord, T),
    Leave(T),
}

impl Numbers {
    pub(crate) fn new(store: Arc<dyn Store>, keys: Arc<Keys>, source: Arc<dyn Source>) -> Self {
        Self {
            store,
            keys,
            source,
            queues: (0..QUEUES).map(|_| Mutex::default()).collect(),
        }
    }

    /// Waits until nobody else in this process changes the record. It only
    /// spares conflicts; what is right is left to the store's swap.
    ///
    /// Gives the time too: it may have taken long, and what is decided in turn
    /// is decided by the time of then. To the millisecond, as everything is
    /// stored.
    pub(crate) async fn queue(&self, key: RecordKey) -> (MutexGuard<'_, ()>, Timestamp) {
        let index = usize::from(key.0[0]) % QUEUES;
        let turn = self.queues[index].lock().await;
        let now = self.source.now().as_millisecond();
        (turn, Timestamp::from_millisecond(now).unwrap_or_default())
    }

    pub(crate) async fn load(&self, key: RecordKey, now: Timestamp) -> StoreResult<Loaded> {
        let store_key = key.store_key();
        let found = self.store.get(&store_key, now).await?;
        let loaded = self.open(&store_key, found, now)?;
        match loaded.record {
            Some(ref record) if loaded.was_ahead => {
                self.keep(&store_key, record.clone(), loaded.version, now)
                    .await
            }
            _ => Ok(loaded),
        }
    }

    /// Keeps a record that was brought back to a clock behind its own.
    async fn keep(
        &self,
        key: &Key,
        record: NumberRecord,
        version: Option<Version>,
        now: Timestamp,
    ) -> StoreResult<Loaded> {
        let sealed = self.seal(key, &record, now);
        match self.store.swap(key, version, &sealed, now).await? {
            Swap::Done => Ok(Loaded {
                record: Some(record),
                version: Some(sealed.version),
                was_ahead: false,
            }),
            Swap::Conflict(found) => self.open(key, found, now),
        }
    }

    /// Changes a record by a rule, which is asked again with the record as it
    /// is then, where somebody else was faster.
    ///
    /// # Errors
    /// Where the store does not answer, or others are always faster: the change
    /// may or may not have been made.
    pub(crate) async fn change<T>(
        &self,
        key: RecordKey,
        mut loaded: Loaded,
        now: Timestamp,
        mut rule: impl FnMut(Option<NumberRecord>) -> Change<T>,
    ) -> StoreResult<T> {
        let store_key = key.store_key();
        for _ in 0..MOST_TRIES {
            let version = loaded.version;
            let (record, answer) = match rule(loaded.record) {
                Change::Leave(answer) => return Ok(answer),
                Change::Save(record, answer) => (record, answer),
            };
            let sealed = self.seal(&store_key, &record, now);
            match self.store.swap(&store_key, version, &sealed, now).await? {
                Swap::Done => return Ok(answer),
                Swap::Conflict(found) => loaded = self.open(&store_key, found, now)?,
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Unavailable {
            store: self.store.name(),
            reason: "too many changes of one number at once".to_owned(),
        })
    }

    fn seal(&self, key: &Key, record: &NumberRecord, now: Timestamp) -> Record {
        let mut version = [0; 8];
        self.source.fill(&mut version);
        let aad = key.as_str().as_bytes();
        let sealer = self.keys.sealer();
        Record {
            version: Version(u64::from_ne_bytes(version)),
            value: sealer.seal(aad, &record.encode(), &*self.source),
            expires_at: record.expires_at(now),
        }
    }

    fn open(&self, key: &Key, found: Option<Record>, now: Timestamp) -> StoreResult<Loaded> {
        let Some(found) = found else {
            return Ok(Loaded {
                record: None,
                version: None,
                was_ahead: false,
            });
        };
        let aad = key.as_str().as_bytes();
        let opened = self.keys.sealer().open(aad, &found.value);
        let opened = opened.ok_or_else(|| self.corrupt("another number key sealed it"))?;
        let mut record = NumberRecord::decode(&opened).map_err(|error| self.unreadable(error))?;
        let was_ahead = record.tidy(now);
        Ok(Loaded {
            record: Some(record),
            version: Some(found.version),
            was_ahead,
        })
    }

    fn unreadable(&self, error: Unreadable) -> StoreError {
        match error {
            Unreadable::Format(found) => StoreError::Schema {
                store: self.store.name(),
                found: found.into(),
                known: crate::record::FORMAT.into(),
            },
            Unreadable::Damaged => self.corrupt("a number's record is damaged"),
        }
    }

    fn corrupt(&self, reason: &str) -> StoreError {
        StoreError::Corrupt {
            store: self.store.name(),
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::keys::{CodeKey, NumberKey};
    use crate::store::memory::MemoryStore;

    #[derive(Debug, Default)]
    struct Clock(AtomicI64);

    impl Source for Clock {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.load(Ordering::SeqCst)).expect("a time")
        }

        fn fill(&self, _bytes: &mut [u8]) {}
    }

    #[tokio::test]
    async fn who_waited_is_told_the_time_of_then() {
        let clock = Arc::new(Clock::default());
        let code = CodeKey::new("k", [1; 32]);
        let keys = Keys::new(code, Vec::new(), NumberKey::new([2; 32]));
        let store = Arc::new(MemoryStore::default());
        let numbers = Numbers::new(store, Arc::new(keys), clock.clone());
        let key = RecordKey([7; 16]);
        let (turn, _) = numbers.queue(key).await;
        let later = async {
            clock.0.store(60, Ordering::SeqCst);
            drop(turn);
        };
        let ((_turn, now), ()) = tokio::join!(numbers.queue(key), later);
        assert_eq!(now.as_second(), 60);
    }
}
