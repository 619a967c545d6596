//! Whether a number key is the one that a store and a journal were written with:
//! each holds its fingerprint since it was first used.

use jiff::{SignedDuration, Timestamp};
use sesame_connector::Source;

use super::Keys;
use crate::journal::Journal;
use crate::store::{Key, Record, Store, StoreError, StoreResult, Swap, Version};

/// What the fingerprint is called in a journal.
const MARK: &str = "number key";

/// And in a store.
const RECORD: &str = "mark:number-key";

/// As long as anything in a store lives.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);

/// Whether any keys wrote this journal; then no others may be made up for it.
///
/// # Errors
/// Where it does not answer.
pub async fn were_used(journal: &dyn Journal) -> StoreResult<bool> {
    Ok(journal.mark(MARK, None).await?.is_some())
}

/// Compares the number key with the one that was used first, which this may be.
pub(crate) async fn verify(
    keys: &Keys,
    store: &dyn Store,
    journal: &dyn Journal,
    source: &dyn Source,
) -> StoreResult<()> {
    let fingerprint = keys.fingerprint();
    let marked = journal.mark(MARK, Some(&fingerprint)).await?;
    if marked.is_some_and(|marked| marked != fingerprint) {
        return Err(wrote_another(journal.name()));
    }
    let now = source.now();
    let key = Key::new(RECORD);
    let mut version = [0; 8];
    source.fill(&mut version);
    let new = Record {
        version: Version(u64::from_ne_bytes(version)),
        value: fingerprint.to_vec(),
        expires_at: now.saturating_add(KEPT).unwrap_or(Timestamp::MAX),
    };
    match store.swap(&key, None, &new, now).await? {
        Swap::Conflict(Some(there)) if there.value != fingerprint => {
            Err(wrote_another(store.name()))
        }
        Swap::Conflict(_) | Swap::Done => Ok(()),
    }
}

fn wrote_another(store: &'static str) -> StoreError {
    StoreError::Unusable {
        store,
        reason: "another number key wrote it, with these keys none of its numbers can be read"
            .to_owned(),
        cure: "restore the keys.json it was written with; to begin anew without its numbers, \
               limits and messages, give this server an empty database"
            .to_owned(),
    }
}
