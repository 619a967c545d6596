//! Every store and journal against the conformance suite, and what happens to
//! each when things go wrong around it.
//!
//! Memory and SQLite are always tested. Servers have to be named by
//! `SESAME_TEST_POSTGRES`, `SESAME_TEST_VALKEY` and
//! `SESAME_TEST_VALKEY_CLUSTER`; `cargo xtask test stores` starts them and runs
//! the ignored tests too.

#![expect(clippy::unwrap_used, reason = "a test says that it failed by a panic")]

mod memory;
mod older;
mod postgres;
mod proxy;
mod sqlite;
mod tls;
mod valkey;

/// The URL of a server that was started for the tests.
fn named(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test stores`"))
}
