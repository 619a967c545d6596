//! `sesame keys`: the server's own keys, which codes, tokens and stored numbers
//! hang on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aliyun_sms::{Source as _, SystemSource};
use clap::Subcommand;
use sesame_server::config::{Config, Part};
use sesame_server::keys::{self, KeyRing, KeysError};
use sesame_server::stores::is_shared;

use crate::commands::key::duration;
use crate::commands::serve::{keys_fault, load_part};
use crate::fault::Fault;
use crate::output::{self, error_line, line};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the keys. A single server with SQLite does so by itself; servers
    /// that share a store need the same ones.
    New {
        #[command(flatten)]
        common: Common,
    },
    /// Adds new code and token keys; the number key stays for ever.
    #[command(after_help = "Examples:
  sesame keys rotate --config sesame.toml                one server: restart it then
  sesame keys rotate --config sesame.toml --after 1h     several servers

Several servers need the new keys before one of them uses them: give the file to
all and restart them within that hour, and once more after it, for the code key.

Old keys stay in the file, and old token keys published, until nothing refers to
them any more.")]
    Rotate {
        #[command(flatten)]
        common: Common,
        /// When the new keys begin to be used, from now: 90s, 30m, 1h.
        #[arg(long, default_value = "0s", value_name = "TIME", value_parser = duration)]
        after: Duration,
    },
    /// Lists the keys, without the keys themselves.
    List {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The server's configuration, TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<u8> {
    match &args.command {
        Command::New { common } => {
            let config = load_part(&common.config, Part::Keys)?;
            let path = path(&config)?;
            let ring = KeyRing::generate(&SystemSource);
            keys::write_new(&path, &ring).map_err(|error| keys_fault(&error, &common.config))?;
            told("made", &path, &ring, common);
        }
        Command::Rotate { common, after } => {
            let config = load_part(&common.config, Part::Keys)?;
            let path = path(&config)?;
            let from = keys::from_now(&SystemSource, *after);
            let ring = keys::rotate(&path, &SystemSource, from);
            let ring = ring.map_err(|error| unusable(&error, common))?;
            told("rotated", &path, &ring, common);
            next_steps(&config, *after);
        }
        Command::List { common } => {
            let config = load_part(&common.config, Part::Keys)?;
            let ring = keys::existing(&config).map_err(|error| unusable(&error, common))?;
            list(&ring, common);
        }
    }
    Ok(0)
}

/// Where they can be written.
fn path(config: &Config) -> Result<PathBuf, Fault> {
    if config.keys.json.is_some() {
        return Err(Fault::bad_input(
            "the configuration takes the keys from keys.json, where this program cannot write",
            "name a file with keys.file for this, and put its content where keys.json comes from",
        ));
    }
    Ok(keys::path(config))
}

fn unusable(error: &KeysError, common: &Common) -> Fault {
    match error {
        KeysError::Missing { .. } => Fault::bad_input(
            error.to_string(),
            format!(
                "make them with `sesame keys new --config {}`",
                common.config.display()
            ),
        ),
        error => keys_fault(error, &common.config),
    }
}

fn told(what: &str, path: &Path, ring: &KeyRing, common: &Common) {
    if !common.json {
        line(format_args!("{what} {}; back it up", path.display()));
    }
    list(ring, common);
}

/// Servers read the keys at their start.
fn next_steps(config: &Config, after: Duration) {
    let several = is_shared(config);
    if several && after.is_zero() {
        error_line(
            "warning: the new keys count from now on, and servers that are not restarted yet \
             cannot check what others start with them",
        );
        error_line(
            "cure: with several servers rotate with --after 1h, and restart all of them within that hour",
        );
    }
    error_line("restart every server: each uses the keys that it read at its start");
}

fn list(ring: &KeyRing, common: &Common) {
    let views = ring.views(SystemSource.now());
    if common.json {
        output::json(&serde_json::json!({ "keys": views }));
        return;
    }
    for view in views {
        let id = view.id.unwrap_or_default();
        let from = view
            .active_from
            .map(|at| format!("  from {at}"))
            .unwrap_or_default();
        line(format_args!(
            "{:<7} {:<7} {id}{from}",
            view.kind, view.state
        ));
    }
}
