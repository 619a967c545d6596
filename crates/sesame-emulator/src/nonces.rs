//! Which nonces were used, kept for at least twice the time tolerance.
//!
//! Two generations: when the younger is full of years it becomes the older, and
//! the older is forgotten. A nonce is so remembered for two to four times the
//! tolerance, and forgetting costs nothing per request.

use std::collections::HashSet;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::clock::plus_secs;

type Fingerprint = [u8; 16];

#[derive(Debug, Default)]
pub(crate) struct Nonces {
    young: HashSet<Fingerprint>,
    old: HashSet<Fingerprint>,
    young_since: Option<Timestamp>,
}

impl Nonces {
    /// Whether this key used this nonce before.
    pub(crate) fn is_used(&self, key_id: &str, nonce: &str) -> bool {
        let fingerprint = fingerprint(key_id, nonce);
        self.young.contains(&fingerprint) || self.old.contains(&fingerprint)
    }

    /// Remembers it. `false` where it was used already.
    pub(crate) fn burn(
        &mut self,
        key_id: &str,
        nonce: &str,
        now: Timestamp,
        tolerance_secs: i64,
    ) -> bool {
        self.age(now, tolerance_secs);
        let fingerprint = fingerprint(key_id, nonce);
        !self.old.contains(&fingerprint) && self.young.insert(fingerprint)
    }

    fn age(&mut self, now: Timestamp, tolerance_secs: i64) {
        let since = *self.young_since.get_or_insert(now);
        let life = tolerance_secs.saturating_mul(2).saturating_add(1);
        if now > plus_secs(since, life) {
            self.old = std::mem::take(&mut self.young);
            self.young_since = Some(now);
        }
    }
}

/// A nonce of one key is another nonce with another key.
fn fingerprint(key_id: &str, nonce: &str) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update((key_id.len() as u64).to_le_bytes());
    hash.update(key_id);
    hash.update(nonce);
    let digest = hash.finalize();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    fingerprint
}
