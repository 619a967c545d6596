//! The stores in memory.

use std::sync::Arc;

use sesame_passcode::conformance_tests;
use sesame_passcode::store::memory::{MemoryJournal, MemoryStore};

conformance_tests!(records: records, (Arc::new(MemoryStore::default()), ()));
conformance_tests!(messages: messages, (Arc::new(MemoryJournal::default()), ()));
conformance_tests!(rules: rules, {
    let store = Arc::new(MemoryStore::default());
    let journal = Arc::new(MemoryJournal::default());
    ((store, journal), ())
});
