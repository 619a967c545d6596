//! `sesame hook`: tries a hook out as its platform would.

mod post;

use std::path::PathBuf;

use aliyun_sms::SystemSource;
use clap::Subcommand;
use serde::Serialize;
use sesame_connector::{PhoneNumber, Reading};
use sesame_server::config::{Config, HookConfig};
use sesame_server::example;

use crate::commands::serve::load;
use crate::fault::Fault;
use crate::output::{self, BAD, GOOD, line, paint, printable};

/// A number for trying things out with the emulator.
const SAMPLE_NUMBER: &str = "+8613800138000";
/// The platform would see a failure.
const EXIT_REFUSED: u8 = 3;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends a platform's own example request, signed with the configured
    /// secret, to a running server, and tells what came back.
    #[command(after_help = "Examples:
  sesame hook test my-supabase --config sesame.toml
  sesame hook test my-supabase --config sesame.toml --to +8613800138000 --json
  sesame hook test my-supabase --config sesame.toml --url https://sms.example.com

The code in it is made up. Whatever provider the server has sends it: with
Aliyun to the number's owner, with the emulator to its inbox page. Exit codes:
0 the platform would take the answer for a success, 1 the server cannot be
reached, 2 bad configuration or arguments, 3 the platform would see a failure.")]
    Test {
        /// The hook's name, as under `[hooks]` in the configuration.
        name: String,
        /// The server's configuration, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The server, without /hooks; its `listen` unless another is named.
        #[arg(long)]
        url: Option<String>,
        /// The phone number.
        #[arg(long, value_name = "NUMBER", default_value = SAMPLE_NUMBER)]
        to: String,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What came back.
#[derive(Debug, Serialize)]
struct Told<'a> {
    hook: &'a str,
    preset: &'a str,
    method: &'a str,
    url: &'a str,
    status: u16,
    content_type: Option<String>,
    body: String,
    /// Whether the platform takes it for a success.
    ok: bool,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<u8> {
    let Command::Test {
        name,
        config,
        url,
        to,
        json,
    } = &args.command;
    let loaded = load(config, None)?.config;
    let hook = find(&loaded, name)?;
    let to = number(to)?;
    let example = example(name, hook, &to, &SystemSource);
    let base = url.clone().unwrap_or_else(|| own_url(&loaded));
    let base = base.trim_end_matches('/');
    let answer = post::send(base, &example).await?;
    let told = Told {
        hook: name,
        preset: hook.preset.as_str(),
        method: &example.method,
        url: base,
        status: answer.status,
        content_type: answer.content_type,
        ok: example.is_success(answer.status, &answer.body),
        body: answer.body,
    };
    if *json {
        output::json(&told);
    } else {
        show(&told);
    }
    Ok(if told.ok { 0 } else { EXIT_REFUSED })
}

fn show(told: &Told<'_>) {
    let Told {
        hook,
        preset,
        status,
        ..
    } = told;
    let kind = told.content_type.as_deref().unwrap_or("no type");
    line(format_args!(
        "{hook} ({preset}): {status}, {}",
        printable(kind)
    ));
    if !told.body.is_empty() {
        line(format_args!("  {}", printable(&told.body)));
    }
    line(if told.ok {
        paint(GOOD, "the platform takes this for a success")
    } else {
        paint(
            BAD,
            "the platform takes this for a failure; the server's log says why",
        )
    });
}

fn find<'c>(config: &'c Config, name: &str) -> Result<&'c HookConfig, Fault> {
    config.hooks.get(name).ok_or_else(|| {
        let names: Vec<&str> = config.hooks.keys().map(String::as_str).collect();
        let cure = match names.is_empty() {
            true => "the configuration has none; docs/platforms shows how to write one".to_owned(),
            false => format!("the configuration has {}", names.join(", ")),
        };
        Fault::bad_input("there is no hook of this name", cure)
    })
}

fn number(text: &str) -> Result<String, Fault> {
    let parsed = PhoneNumber::parse(text, &Reading::default());
    parsed.map(|number| number.e164()).map_err(|error| {
        Fault::bad_input(
            format!("--to is no phone number: {error}"),
            "write it with + and its country code",
        )
    })
}

fn own_url(config: &Config) -> String {
    let has_tls = config.tls.cert.is_some();
    let scheme = if has_tls { "https" } else { "http" };
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    format!("{scheme}://{address}")
}
