//! Two keys valid during a rotation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Credentials, ProvideCredentials, Provided};

/// The key in use and the one that takes its place: whichever Aliyun accepted
/// last is used, and a refused one gives way to the other. So the new key can
/// be put beside the old one before the old one is disabled, or the other way
/// round, and no send fails.
#[derive(Debug)]
pub struct Rotating {
    keys: [Arc<Credentials>; 2],
    uses_next: AtomicBool,
}

impl Rotating {
    /// Starts with `current`.
    pub fn new(current: Credentials, next: Credentials) -> Self {
        Self {
            keys: [Arc::new(current), Arc::new(next)],
            uses_next: AtomicBool::new(false),
        }
    }

    fn key(&self, is_next: bool) -> Arc<Credentials> {
        self.keys[usize::from(is_next)].clone()
    }
}

impl ProvideCredentials for Rotating {
    fn provide(&self) -> Provided<'_, Arc<Credentials>> {
        let key = self.key(self.uses_next.load(Ordering::Relaxed));
        Box::pin(std::future::ready(Ok(key)))
    }

    fn replace<'a>(&'a self, refused: &'a Credentials) -> Provided<'a, Option<Arc<Credentials>>> {
        // Of two sends refused at once, the second finds the switch made: it
        // takes the key that was not refused, and does not switch back.
        let is_next = refused.access_key_id() == self.keys[0].access_key_id();
        self.uses_next.store(is_next, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(Some(self.key(is_next)))))
    }
}
