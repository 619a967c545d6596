//! In memory, for tests and for a demo that leaves nothing behind.
