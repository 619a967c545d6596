//! `sesame number`: what an operator does for a single number. Beside a running
//! server.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use aliyun_sms::SystemSource;
use clap::Subcommand;
use sesame_connector::Connector;
use sesame_passcode::{LiftError, Lifted, Passcodes};
use sesame_server::{Server, keys, stores};

use crate::commands::serve::{keys_fault, load, store_fault};
use crate::fault::Fault;
use crate::output::{self, line};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Forgets the wrong codes of a number, and lifts its lock.
    #[command(after_help = "Examples:
  sesame number lift --config sesame.toml --to +8613800138000

The journal keeps that it was done, and by which user of this machine.")]
    Lift {
        /// The server's configuration, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The phone number in any notation.
        #[arg(long, value_name = "NUMBER")]
        to: String,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<u8> {
    let Command::Lift { config, to, json } = &args.command;
    let passcodes = open(config).await?;
    let Lifted {
        to,
        was_locked,
        failures,
    } = passcodes
        .lift(&actor(), to)
        .await
        .map_err(|error| match error {
            LiftError::Number(error) => Fault::bad_input(
                format!("--to is no phone number: {error}"),
                "write it with + and its country code",
            ),
            LiftError::Store(error) => store_fault(&error),
            error => Fault::failed(error.to_string(), ""),
        })?;
    if *json {
        let told = serde_json::json!({ "to": to, "was_locked": was_locked, "failures": failures });
        output::json(&told);
    } else {
        let was = if was_locked { "locked" } else { "not locked" };
        line(format_args!(
            "{to}: forgot {failures} wrong codes in a row; it was {was}"
        ));
    }
    Ok(0)
}

/// What the server works with, over the same stores and keys.
async fn open(path: &Path) -> Result<Passcodes, Fault> {
    let loaded = load(path, None)?;
    let source = SystemSource::shared();
    // Keys that are made now would find no number.
    let keys = keys::existing(&loaded.config).map_err(|error| keys_fault(&error, path))?;
    let connector = Connector::from_config(loaded.connector, source).map_err(|error| {
        let cause = error.source().map(|source| format!(": {source}"));
        Fault::failed(
            format!("{error}{}", cause.unwrap_or_default()),
            "check this machine's certificates",
        )
    })?;
    let stores = stores::open_beside(&loaded.config)
        .await
        .map_err(|error| store_fault(&error))?;
    let server = Server::builder(loaded.config, connector, stores, keys);
    let passcodes = server.passcodes();
    let passcodes = passcodes.map_err(|error| Fault::bad_input(error.to_string(), ""))?;
    let verified = passcodes.verify_keys().await;
    verified.map_err(|error| store_fault(&error))?;
    Ok(passcodes)
}

/// Who it was, as far as this machine says.
fn actor() -> String {
    let user = ["USER", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    let user =
        user.filter(|user| (1..=64).contains(&user.len()) && !user.contains(char::is_control));
    user.map_or_else(
        || "command line".to_owned(),
        |user| format!("command line, {user}"),
    )
}
