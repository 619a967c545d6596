//! `sesame serve`: the server.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use aliyun_sms::SystemSource;
use sesame_connector::Connector;
use sesame_passcode::StoreError;
use sesame_server::config::{self, Config, ConfigProblem, ConfigProblems, Loaded, Part, Severity};
use sesame_server::keys::{self, KeysError};
use sesame_server::traces::Traces;
use sesame_server::{ServeError, Server, stores};

use crate::commands::emulator;
use crate::fault::Fault;
use crate::logging;
use crate::output::{self, BAD, INFO, WARN, error_line, paint, printable};
use crate::signals::Shutdown;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sesame serve --config sesame.toml
  sesame serve --config sesame.toml --listen 127.0.0.1:0
  SESAME__STORE__JOURNAL=postgres://… sesame serve --config sesame.toml

sesame.example.toml shows every key with its default. Variables named
SESAME__SECTION__KEY go before the file.

Prints `ready <url>` when it accepts connections, the public address first.
SIGTERM and Ctrl-C finish what was accepted. Exit codes: 0 ended by a signal,
1 cannot start on this machine, 2 bad configuration or arguments.")]
pub(crate) struct Args {
    /// The server's configuration, TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Listens there, whatever the configuration says; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", value_parser = emulator::address)]
    listen: Option<SocketAddr>,
}

pub(crate) async fn run(args: &Args, verbosity: u8) -> anyhow::Result<u8> {
    let loaded = load(&args.config, args.listen)?;
    let traces = traces(&loaded.config)?;
    logging::start_server(&loaded.config.log, verbosity, traces.as_ref());
    for warning in &loaded.warnings {
        tracing::warn!(
            config.path = warning.path,
            config.cure = warning.cure,
            "{warning}"
        );
    }
    let mut shutdown = Shutdown::listen()?;
    let server = start(&args.config, loaded).await?;
    for url in server.urls() {
        output::ready(url)?;
    }
    shutdown.wait().await;
    tracing::info!("ending");
    shutdown.end_server(server, traces).await;
    Ok(0)
}

fn traces(config: &Config) -> Result<Option<Traces>, Fault> {
    Traces::start(&config.otlp, SystemSource::shared()).map_err(|error| {
        let cause = error.source().map(|source| format!(": {source}"));
        let cause = cause.unwrap_or_default();
        Fault::failed(format!("{error}{cause}"), "check what stands under [otlp]")
    })
}

/// Reads a configuration; everything that is wrong goes to standard error.
pub(crate) fn load(path: &Path, listen: Option<SocketAddr>) -> Result<Loaded, Fault> {
    let listen = listen.map(|listen| (format!("{}LISTEN", config::PREFIX), listen.to_string()));
    let overridden = listen
        .as_ref()
        .map(|(name, _)| name.clone())
        .unwrap_or_default();
    let environment = environment().filter(|(name, _)| !name.eq_ignore_ascii_case(&overridden));
    config::load(path, environment.chain(listen)).map_err(|wrong| not_valid(&wrong))
}

/// The same of what a command needs, whatever is missing for the rest.
pub(crate) fn load_part(path: &Path, part: Part) -> Result<Config, Fault> {
    config::load_part(path, environment(), part).map_err(|wrong| not_valid(&wrong))
}

/// What is not UTF-8 is no value of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn not_valid(wrong: &ConfigProblems) -> Fault {
    let errors = |problem: &&ConfigProblem| problem.severity == Severity::Error;
    let count = wrong.problems.iter().filter(errors).count();
    wrong
        .problems
        .iter()
        .for_each(|problem| error_line(describe(problem)));
    let things = if count == 1 {
        "one thing".to_owned()
    } else {
        format!("{count} things")
    };
    Fault::bad_input(
        format!(
            "{} is not valid: {things} above must be changed",
            wrong.file.display()
        ),
        "sesame.example.toml shows every key with its default",
    )
}

fn describe(problem: &ConfigProblem) -> String {
    let level = match problem.severity {
        Severity::Error => paint(BAD, "error:"),
        Severity::Warning => paint(WARN, "warning:"),
    };
    let (said, cure) = (printable(&problem.to_string()), printable(&problem.cure));
    format!("{level} {said}\n  {} {cure}", paint(INFO, "cure:"))
}

async fn start(path: &Path, loaded: Loaded) -> Result<Server, Fault> {
    let Loaded {
        config, connector, ..
    } = loaded;
    let source = SystemSource::shared();
    let connector = Connector::from_config(connector, source.clone()).map_err(|error| {
        let cause = error.source().map(|source| format!(": {source}"));
        let cause = cause.unwrap_or_default();
        Fault::failed(
            format!("{error}{cause}"),
            "check this machine's certificates",
        )
    })?;
    let keys = keys::of_config(&config, &*source)
        .await
        .map_err(|error| keys_fault(&error, path))?;
    let stores = stores::open(&config)
        .await
        .map_err(|error| store_fault(&error))?;
    let server = Server::builder(config, connector, stores, keys).source(source);
    server.start().await.map_err(|error| match error {
        ServeError::Bind { address, source } => emulator::cannot_listen(address, &source),
        ServeError::Tls { cure, .. } => {
            Fault::bad_input(format!("{}: {error}", path.display()), cure)
        }
        ServeError::Keys(error) => keys_fault(&error, path),
        ServeError::Store(error) => store_fault(&error),
        error => Fault::bad_input(error.to_string(), ""),
    })
}

/// What is in the way of the server's own keys, and what to do.
pub(crate) fn keys_fault(error: &KeysError, config: &Path) -> Fault {
    let config = config.display();
    match error {
        KeysError::Missing { .. } => Fault::bad_input(
            format!("{error}, and servers that share a store need the same ones"),
            format!(
                "make them once with `sesame keys new --config {config}`, and give them to every server"
            ),
        ),
        KeysError::Store(error) => store_fault(error),
        KeysError::Exists { .. } => Fault::bad_input(
            error.to_string(),
            format!("to change them run: sesame keys rotate --config {config}"),
        ),
        KeysError::Io { .. } => Fault::failed(
            error.to_string(),
            "check the folder's permissions and its disk; data_dir or keys.file name another",
        ),
        _ => Fault::bad_input(
            error.to_string(),
            "put the file back from a backup; without its number key stored data cannot be read",
        ),
    }
}

/// What is in the way of a store. Its own words hold the cure.
pub(crate) fn store_fault(error: &StoreError) -> Fault {
    match error {
        StoreError::Unusable {
            store,
            reason,
            cure,
        } => Fault::failed(format!("{store} cannot be used: {reason}"), cure.clone()),
        StoreError::Unavailable { .. } => Fault::failed(
            error.to_string(),
            "check that it runs, and the addresses under [store]",
        ),
        error => Fault::failed(error.to_string(), ""),
    }
}
