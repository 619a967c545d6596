//! `sesame emulator`: Aliyun's side of the wire, on this machine.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use sesame_emulator::{Account, DEFAULT_ADDRESS, Emulator, EmulatorBuilder, EmulatorError};

use crate::fault::Fault;
use crate::input;
use crate::output;
use crate::signals::Shutdown;

/// No account anybody writes comes near this.
const LARGEST_ACCOUNT: u64 = 16 * 1024 * 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = help())]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value_t = DEFAULT_ADDRESS, value_parser = address)]
    listen: SocketAddr,
    /// Speaks TLS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The account to play, TOML (or JSON); replaces the one below.
    #[arg(long, value_name = "FILE")]
    account: Option<PathBuf>,
    /// Where to push delivery reports: http://host/path.
    #[arg(long, value_name = "URL")]
    reports: Option<String>,
    /// Listens where other machines can reach it, though it has no protection
    /// of its own.
    #[arg(long)]
    allow_non_loopback: bool,
    /// One more name it may be called by, such as a container's.
    #[arg(long, value_name = "NAME")]
    host_name: Vec<String>,
}

/// `127.0.0.1:8086`, `localhost:8086`, `:8086` or `8086`.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text
        .strip_prefix("localhost:")
        .or_else(|| text.strip_prefix(':'))
        .unwrap_or(text);
    if let Ok(port) = local.parse::<u16>() {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    text.parse().map_err(|_| {
        "not an address; write one such as 127.0.0.1:8086, with port 0 for a free one".to_owned()
    })
}

fn help() -> String {
    let account = Account::default();
    let mut text = String::from("The account it plays out of the box:\n");
    for key in &account.access_keys {
        let _ = writeln!(
            text,
            "  access key      {} / {}",
            key.id,
            key.secret.reveal()
        );
    }
    for sign_name in &account.sign_names {
        let tag = tag(sign_name.tag);
        let _ = writeln!(text, "  signature       {}{tag}", sign_name.name);
    }
    for template in &account.templates {
        let (code, content, tag) = (&template.code, &template.content, tag(template.tag));
        let _ = writeln!(text, "  template        {code}  {content}{tag}");
    }
    let limits = &account.limits;
    let _ = writeln!(
        text,
        "  to one number   {} a minute, {} an hour, {} a day",
        limits.per_minute, limits.per_hour, limits.per_day
    );
    text.push_str(
        "
Examples:
  sesame emulator
  sesame emulator --listen 127.0.0.1:0 --account account.toml
  sesame emulator --reports http://127.0.0.1:8080/reports/aliyun/SECRET

Prints `ready <url>` when it accepts connections; the inbox is at
<url>/_emulator/. Exit codes: 0 ended by a signal, 1 cannot listen, 2 bad
arguments, account or certificate.",
    );
    text
}

fn tag(tag: sesame_emulator::Tag) -> &'static str {
    match tag {
        sesame_emulator::Tag::User => "",
        sesame_emulator::Tag::Gift => "  (gift)",
        sesame_emulator::Tag::Test => "  (test: to bound numbers only)",
    }
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<u8> {
    let mut shutdown = Shutdown::listen()?;
    let emulator = start(builder(args)?).await?;
    output::ready(emulator.url())?;
    shutdown.wait().await;
    shutdown.end(emulator).await;
    Ok(0)
}

fn builder(args: &Args) -> Result<EmulatorBuilder, Fault> {
    let mut builder = Emulator::builder()
        .listen(args.listen)
        .allow_non_loopback(args.allow_non_loopback);
    if let Some(path) = &args.account {
        builder = builder.account(account(path)?);
    }
    if let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) {
        builder = builder.tls_pem(cert, key);
    }
    if let Some(url) = &args.reports {
        builder = builder.reports(url);
    }
    Ok(args
        .host_name
        .iter()
        .fold(builder, EmulatorBuilder::host_name))
}

/// Reads an account; errors name file, line and field.
fn account(path: &Path) -> Result<Account, Fault> {
    let text = input::read(path, LARGEST_ACCOUNT)?;
    let is_json = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json"))
        || text.trim_start().starts_with('{');
    let read = if is_json {
        Account::from_json(&text)
    } else {
        Account::from_toml(&text)
    };
    read.map_err(|error| {
        Fault::bad_input(
            format!("{}: {error}", input::name(path)),
            "`sesame emulator --help` shows the account out of the box; a key that is left out keeps its value there",
        )
    })
}

/// Starts it; errors say what to do.
pub(crate) async fn start(builder: EmulatorBuilder) -> Result<Emulator, Fault> {
    builder.start().await.map_err(|error| match &error {
        EmulatorError::Bind { address, source } => cannot_listen(*address, source),
        EmulatorError::NotLoopback(address) => Fault::bad_input(
            format!("{address} can be reached from other machines, and the emulator has no protection of its own"),
            "listen on 127.0.0.1, or add --allow-non-loopback if the network is private",
        ),
        EmulatorError::Tls(_) => Fault::bad_input(
            error.to_string(),
            "give a certificate chain and its private key, both PEM",
        ),
        EmulatorError::Reports => {
            Fault::bad_input(error.to_string(), "write --reports http://host:port/path")
        }
        _ => Fault::bad_input(error.to_string(), ""),
    })
}

pub(crate) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Fault {
    let (why, cure) = match error.kind() {
        std::io::ErrorKind::AddrInUse => (
            "another program listens there".to_owned(),
            "end it (perhaps another sesame), or choose another port: --listen 127.0.0.1:0 takes a free one",
        ),
        std::io::ErrorKind::PermissionDenied => {
            ("this user may not".to_owned(), "choose a port above 1023")
        }
        std::io::ErrorKind::AddrNotAvailable => (
            "this machine does not have that address".to_owned(),
            "listen on 127.0.0.1",
        ),
        kind => (kind.to_string(), "choose another address with --listen"),
    };
    Fault::failed(format!("cannot listen on {address}: {why}"), cure)
}
