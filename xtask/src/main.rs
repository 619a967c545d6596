//! Checks, tests and benches of this repository, one command for each.
//!
//! To add a step to the test, write a function that takes a [`Workspace`] and
//! returns a `Result`, and list it in [`test_steps`].

mod arrows;
mod bench;
mod checks;
mod dumps;
mod duplicates;
mod files;
mod graph;
mod http;
mod licences;
mod logto;
mod package;
mod pages;
mod platforms;
mod schemathesis;
mod sdks;
mod server;
mod services;
mod site;
mod soak;
mod steps;
mod stores;
mod tools;
mod workspace;

use std::process::ExitCode;

use crate::steps::Step;
use crate::workspace::Workspace;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  test [STEP…]   all checks and tests, or only the named steps
  ci             what CI runs: the same as `test`
  bench [WHAT]   the measurements of BENCH.md, or only the named one
  soak [--kills N] [SCENARIO]
                 servers killed 200 times under load, and what must hold
  package WHAT   something to install: `logto`, the npm package of the plugin
  help           this text

Examples:
  cargo xtask test
  cargo xtask test format clippy
  cargo xtask bench send
  cargo xtask soak --kills 50 postgres
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let outcome = match command {
        "test" | "ci" => test(rest),
        "bench" => bench::measure(rest).map(|()| true),
        "soak" => soak::command(rest),
        "package" => package::package(rest).map(|()| true),
        "help" | "--help" | "-h" => {
            print_help();
            return ExitCode::SUCCESS;
        }
        unknown => {
            eprintln!("error: no command `{unknown}`\n");
            print_help();
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_help() {
    print!("{HELP}\nSteps of the test, in order:\n");
    for step in test_steps() {
        println!("  {:<12} {}", step.name, step.about);
    }
    print!("\nMeasurements:\n");
    for bench in bench::BENCHES {
        println!("  {:<12} {}", bench.name, bench.about);
    }
}

fn test(wanted: &[String]) -> anyhow::Result<bool> {
    let steps = steps::choose(test_steps(), wanted)?;
    steps::run(&steps, &Workspace::find()?)
}

/// What can fail soonest stands first.
fn test_steps() -> Vec<Step> {
    vec![
        Step::new("format", "`cargo fmt --check`", checks::format),
        Step::new(
            "files",
            "no path of one machine, no address in a lock file",
            checks::files,
        ),
        Step::new("arrows", "who may depend on whom", checks::arrows),
        Step::new(
            "licences",
            "every dependency is from crates.io and permissive",
            checks::licences,
        ),
        Step::new(
            "duplicates",
            "no crate twice in the binary without a reason",
            checks::duplicates,
        ),
        Step::new(
            "deny",
            "the same by cargo-deny, where it is installed",
            checks::deny,
        ),
        Step::new("clippy", "no warning in any target", checks::clippy),
        Step::new(
            "doc",
            "the documentation builds without a warning",
            checks::doc,
        ),
        Step::new("tests", "`cargo test --workspace`", checks::tests),
        Step::new(
            "stores",
            "the stores against PostgreSQL, Valkey or Redis, and a cluster",
            stores::test,
        ),
        Step::new("build", "the release build of `sesame`", checks::build),
        Step::new(
            "sdk-python",
            "Alibaba's Python clients against the emulator",
            sdks::python,
        )
        .needs("build"),
        Step::new(
            "sdk-node",
            "Alibaba's Node clients and Logto's connector against it",
            sdks::node,
        )
        .needs("build"),
        Step::new(
            "schemathesis",
            "whatever Schemathesis asks of the API is answered as documented",
            schemathesis::test,
        )
        .needs("build"),
        Step::new(
            "platforms",
            "Twilio's, Logto's and other clients, unchanged, against a server",
            platforms::test,
        )
        .needs("build"),
        Step::new(
            "dumps",
            "no code, key or number in any database or log",
            dumps::test,
        )
        .needs("build"),
        Step::new(
            "soak",
            "servers killed under load, on every store; `cargo xtask soak` for long",
            soak::test,
        )
        .needs("build"),
        Step::new(
            "pages",
            "a real browser at every page; pictures in target/pages/pictures",
            pages::test,
        )
        .needs("build"),
        Step::new(
            "logto",
            "the plugin as Logto's core loads it, beside the official one",
            logto::test,
        )
        .needs("build"),
    ]
}
