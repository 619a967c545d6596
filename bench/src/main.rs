//! What Sesame costs beside what else there is, both sides in one run.
//!
//! `sesame-bench send` starts a server that answers every call alike in a
//! process of its own, and each subject in a process of its own; then all of them
//! have a short turn, round after round, so that a busy machine burdens them
//! alike. What counts is the ratio of two turns of one round.
//! To add a subject: a function in [`subjects`], and a row in [`send`].
//! `sesame-bench logto` does the same with the connectors of Logto, and
//! `sesame-bench server` with the server and its store; `sesame-bench console`
//! has the console's pages beside each other, over a short and a long journal.

mod console;
mod endpoint;
mod logto;
mod report;
mod send;
mod server;
mod subjects;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["send", options @ ..] => send::run(&send::Options::parse(options)?),
        ["logto", options @ ..] => logto::run(&logto::Options::parse(options)?),
        ["server", options @ ..] => {
            runtime()?.block_on(server::run(&server::Options::parse(options)?))
        }
        ["console", options @ ..] => {
            runtime()?.block_on(console::run(&console::Options::parse(options)?))
        }
        ["endpoint", pace, certificate_dir @ ..] => {
            let pace = endpoint::Pace::parse(pace)?;
            runtime()?.block_on(endpoint::run(pace, certificate_dir.first().copied()))
        }
        ["serve", folder, codes] => runtime()?.block_on(server::serve::run(folder, codes)),
        ["store", folder] => runtime()?.block_on(server::store::run(folder)),
        ["subject", name, url, certificate_dir @ ..] => {
            let certificate_dir = certificate_dir.first().copied();
            runtime()?.block_on(subjects::run(name, url, certificate_dir))
        }
        _ => bail!(
            "usage: sesame-bench send [--python P] [--node P] [--starts N] [--rounds N] [--calls N] [--write FILE]\n       \
             sesame-bench logto --node P --plugin DIR [--rounds N] [--sends N] [--write FILE]\n       \
             sesame-bench server --sesame P --folder DIR [--rounds N] [--pairs N] [--sizes N,N] [--checks N] [--starts N] [--write FILE]\n       \
             sesame-bench console [--folder DIR] [--rounds N] [--requests N] [--sizes N,N] [--write FILE]"
        ),
    }
}

/// The runtime a program gets that asks for nothing special, for all alike.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}
