//! `sesame key`: API keys. Beside a running server, or before its first start.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::{Source as _, SystemSource};
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use sesame_passcode::Journal;
use sesame_passcode::journal::ApiKeyRow;
use sesame_server::auth::{ApiKey, DEFAULT_APP, Scope};
use sesame_server::config::{Config, Part};
use sesame_server::{keys, stores};

use crate::commands::serve::{load_part, store_fault};
use crate::fault::Fault;
use crate::output::{self, error_line, line};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a key and prints it, once.
    #[command(after_help = "Examples:
  sesame key new --config sesame.toml --name web --scope verify
  sesame key new --config sesame.toml --name ops --app web --scope read,admin

Scopes: verify (start and check verifications), send (codes of the caller's
own), read (messages of its app), admin (everything, of every app).")]
    New {
        #[command(flatten)]
        common: Common,
        /// What you call it.
        #[arg(long, value_parser = name)]
        name: String,
        /// The caller it belongs to; what one app does, another does not see.
        #[arg(long, default_value = DEFAULT_APP, value_parser = app)]
        app: String,
        /// What it may do: verify, send, read, admin.
        #[arg(long, required = true, value_delimiter = ',', value_parser = scope)]
        scope: Vec<Scope>,
    },
    /// Lists the keys, without their secrets.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Ends a key; a running server knows within five seconds.
    Revoke {
        #[command(flatten)]
        common: Common,
        /// The key's id, as `sesame key list` shows it.
        id: String,
    },
    /// Makes a new key in the place of one, which stays valid for a while.
    Rotate {
        #[command(flatten)]
        common: Common,
        /// The old key's id, as `sesame key list` shows it.
        id: String,
        /// How long the old one stays valid: 90s, 30m, 24h, 7d.
        #[arg(long, default_value = "24h", value_name = "TIME", value_parser = duration)]
        keep: Duration,
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

/// A key as a list shows it.
#[derive(Serialize)]
struct View {
    id: String,
    name: String,
    app: String,
    scopes: Vec<String>,
    created_at: Timestamp,
    ends_at: Option<Timestamp>,
    /// `valid`, `ending` or `ended`.
    state: &'static str,
}

/// A key as it is printed once.
#[derive(Serialize)]
struct Made {
    id: String,
    key: String,
    name: String,
    app: String,
    scopes: Vec<String>,
}

fn scope(text: &str) -> Result<Scope, String> {
    text.trim()
        .parse()
        .map_err(|error: sesame_server::auth::ScopeError| error.to_string())
}

fn name(text: &str) -> Result<String, String> {
    let is_name = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| "a name has 1 to 64 characters on one line".to_owned())
}

fn app(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ((1..=64).contains(&text.len()) && text.bytes().all(is_plain))
        .then(|| text.to_owned())
        .ok_or_else(|| "an app is 1 to 64 letters, digits, - _ and .".to_owned())
}

/// `90s`, `30m`, `24h`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time such as 90s, 30m, 24h or 7d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let secs = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(count) * secs))
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<u8> {
    match &args.command {
        Command::New {
            common,
            name,
            app,
            scope,
        } => {
            let journal = open(common).await?;
            make(&*journal, common, name, app, scope).await?;
        }
        Command::List { common } => list(&*existing(common).await?, common).await?,
        Command::Revoke { common, id } => {
            let journal = existing(common).await?;
            let row = find(&*journal, id).await?;
            end(&*journal, &row, SystemSource.now()).await?;
            line(format_args!("revoked {} ({})", row.id, row.name));
        }
        Command::Rotate { common, id, keep } => {
            let journal = existing(common).await?;
            let row = find(&*journal, id).await?;
            let scopes: Vec<Scope> = row.scopes.iter().filter_map(|s| s.parse().ok()).collect();
            make(&*journal, common, &row.name, &row.app, &scopes).await?;
            let ends_at = keys::from_now(&SystemSource, *keep);
            end(&*journal, &row, ends_at).await?;
            error_line(format_args!("the old key {} ends at {ends_at}", row.id));
        }
    }
    Ok(0)
}

/// The journal; one is made where there is none.
async fn open(common: &Common) -> Result<Arc<dyn Journal>, Fault> {
    open_of(&load_part(&common.config, Part::Journal)?).await
}

/// The journal that has keys in it: an empty one in a wrong place would hide
/// that it is the wrong place.
async fn existing(common: &Common) -> Result<Arc<dyn Journal>, Fault> {
    let config = load_part(&common.config, Part::Journal)?;
    if let Some(file) = stores::missing_journal(&config) {
        return Err(Fault::bad_input(
            format!(
                "there is no journal yet, and so no key: no file {}",
                file.display()
            ),
            "sesame key new makes it; if there should be one, check data_dir and whether the file was moved",
        ));
    }
    open_of(&config).await
}

async fn open_of(config: &Config) -> Result<Arc<dyn Journal>, Fault> {
    let journal = stores::open_journal(config).await;
    journal.map_err(|error| store_fault(&error))
}

async fn make(
    journal: &dyn Journal,
    common: &Common,
    name: &str,
    app: &str,
    scopes: &[Scope],
) -> Result<(), Fault> {
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    let key = ApiKey::generate(&SystemSource);
    let row = key.row(name, app, &scopes, SystemSource.now());
    journal
        .put_key(&row)
        .await
        .map_err(|error| store_fault(&error))?;
    if common.json {
        output::json(&Made {
            id: row.id,
            key: key.reveal(),
            name: row.name,
            app: row.app,
            scopes: row.scopes,
        });
    } else {
        line(key.reveal());
        error_line("this key is shown once; keep it where your program finds it");
    }
    Ok(())
}

async fn rows(journal: &dyn Journal) -> Result<Vec<ApiKeyRow>, Fault> {
    journal.keys().await.map_err(|error| store_fault(&error))
}

async fn find(journal: &dyn Journal, id: &str) -> Result<ApiKeyRow, Fault> {
    // Somebody may paste the whole key.
    let wanted = ApiKey::parse(id).map_or_else(|| id.to_owned(), |key| key.id().to_owned());
    let mut rows = rows(journal).await?.into_iter();
    rows.find(|row| row.id == wanted).ok_or_else(|| {
        Fault::bad_input(
            "there is no API key with this id",
            "sesame key list shows them",
        )
    })
}

async fn end(journal: &dyn Journal, row: &ApiKeyRow, at: Timestamp) -> Result<(), Fault> {
    // Never later than it was to end anyway.
    let ends_at = row.ends_at.map_or(at, |before| before.min(at));
    let row = ApiKeyRow {
        ends_at: Some(ends_at),
        ..row.clone()
    };
    journal
        .put_key(&row)
        .await
        .map_err(|error| store_fault(&error))
}

async fn list(journal: &dyn Journal, common: &Common) -> Result<(), Fault> {
    let now = SystemSource.now();
    let views: Vec<View> = rows(journal)
        .await?
        .into_iter()
        .map(|row| View::of(row, now))
        .collect();
    if common.json {
        output::json(&serde_json::json!({ "keys": views }));
        return Ok(());
    }
    for view in &views {
        let until = view.ends_at.map(|at| format!(" {at}")).unwrap_or_default();
        let View {
            id,
            name,
            app,
            state,
            ..
        } = view;
        let scopes = view.scopes.join(",");
        line(format_args!(
            "{id}  {state}{until}  app {app}  {scopes}  {name}"
        ));
    }
    Ok(())
}

impl View {
    fn of(row: ApiKeyRow, now: Timestamp) -> Self {
        let state = match row.ends_at {
            None => "valid",
            Some(at) if at > now => "ending",
            Some(_) => "ended",
        };
        Self {
            id: row.id,
            name: row.name,
            app: row.app,
            scopes: row.scopes,
            created_at: row.created_at,
            ends_at: row.ends_at,
            state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, secs) in [("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(secs)));
        }
        for text in ["", "s", "1", "1w", "-1s", "1.5h", "号"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
