//! `sesame send`: one message to one phone, and what became of it.

mod answer;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aliyun_sms::{Endpoint, Source, SystemSource};
use sesame_connector::{Connector, ConnectorConfig, Draft, Outcome, UsageType};

use self::answer::{Answer, BadInput};
use crate::commands::config;
use crate::output::{Language, error_line, is_rich_on_stderr};

pub(crate) use self::answer::refused_arguments;

/// How long an unknown outcome is asked about before it is told.
const SETTLE: Duration = Duration::from_secs(10);
const WAIT_SECS: u64 = 60;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sesame send --config connector.json --to '+86 138 0013 8000' --type SignIn
  sesame send --config connector.json --to +8613800138000 --type SignIn --wait --json
  sesame send --config connector.json --to +8613800138000 --type SignIn \\
      --endpoint http://127.0.0.1:8086     # to `sesame emulator`

Exit codes: 0 accepted (with --wait: delivered, or nobody can be asked), 2 bad
configuration or arguments, 3 refused (with --wait: or failed), 4 unknown (with
--wait: or no report in time).")]
pub(crate) struct Args {
    /// A connector configuration: JSON (comments and trailing commas allowed)
    /// or TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The phone number, best with its country code: +86 138 0013 8000.
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// What the message is for: SignIn, Register, ForgotPassword, Generic, …
    #[arg(long = "type", value_name = "USAGE_TYPE")]
    usage_type: String,
    /// The code to send; six random digits unless given. It is never printed.
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    code: Option<String>,
    /// Sends there, whatever the configuration says.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Waits for the delivery report.
    #[arg(long)]
    wait: bool,
    /// How long to wait for it, in seconds.
    #[arg(long, value_name = "N", requires = "wait", default_value_t = WAIT_SECS,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    wait_secs: u64,
    /// Prints one JSON object: {outcome, out_id, biz_id, request_id, code,
    /// cause, cure, delivery}.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: &Args) -> u8 {
    let answer = match connector(args) {
        Ok(connector) => send(args, &connector).await,
        Err(bad_input) => bad_input.into(),
    };
    answer.print(args.json, Language::of_environment());
    answer.exit_code()
}

/// The configuration with its endpoint, ready to send.
fn connector(args: &Args) -> Result<Connector, BadInput> {
    let mut config = load(&args.config)?;
    if let Some(text) = &args.endpoint {
        let endpoint = endpoint(text)?;
        warn_of_plain_text(&endpoint);
        config.point_at(&endpoint);
    }
    check_usage_type(&args.usage_type, &config)?;
    Connector::from_config(config, SystemSource::shared()).map_err(|error| {
        bad_input(
            "setup_failed",
            with_sources(&error),
            "check this machine's certificates",
        )
    })
}

/// All problems go to standard error; the answer names the first error.
fn load(path: &Path) -> Result<ConnectorConfig, BadInput> {
    let checked = ConnectorConfig::check_file(path);
    let text = if is_rich_on_stderr() {
        config::text_of(path, &checked.problems)
    } else {
        None
    };
    for problem in &checked.problems {
        error_line(config::describe(path, problem, text.as_deref()));
    }
    checked.into_valid().map_err(|error| BadInput {
        code: "invalid_configuration",
        cause: error.to_string(),
        cure: format!("run: sesame config check {}", path.display()),
        is_told: true,
    })
}

fn endpoint(text: &str) -> Result<Endpoint, BadInput> {
    Endpoint::parse(text).map_err(|error| {
        let sentence = error.to_string();
        let (cause, cure) = sentence.split_once("; ").unwrap_or((
            sentence.as_str(),
            "write one such as https://dysmsapi.aliyuncs.com",
        ));
        bad_input("invalid_endpoint", format!("--endpoint: {cause}"), cure)
    })
}

/// The configuration's own endpoint is judged where the configuration is.
fn warn_of_plain_text(endpoint: &Endpoint) {
    let host = endpoint.host().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !endpoint.is_tls() && !is_here {
        tracing::warn!("--endpoint: the code and the number travel unencrypted; write https://");
    }
}

/// A usage type that nobody knows is a mistake, unless it has a template.
fn check_usage_type(name: &str, config: &ConnectorConfig) -> Result<(), BadInput> {
    let usage_type = UsageType::from(name);
    let has_template = config.templates.iter().any(|t| t.usage_type == usage_type);
    if usage_type.is_known() || has_template {
        return Ok(());
    }
    let known: Vec<&str> = UsageType::KNOWN.iter().map(UsageType::as_str).collect();
    let cure = match UsageType::suggest(name) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("write one of {}", known.join(", ")),
    };
    let cause = "--type is no usage type that is known";
    Err(bad_input("unknown_usage_type", cause, cure))
}

fn bad_input(code: &'static str, cause: impl Into<String>, cure: impl Into<String>) -> BadInput {
    BadInput {
        code,
        cause: cause.into(),
        cure: cure.into(),
        is_told: false,
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| {
        format!("{text}: {source}")
    })
}

async fn send(args: &Args, connector: &Connector) -> Answer {
    let code = match &args.code {
        Some(code) => code.clone(),
        None => random_code(&SystemSource),
    };
    let draft = Draft::of_code(&args.to, &args.usage_type, &code);
    let message = match connector.message(draft) {
        Ok(message) => message,
        Err(refusal) => return Answer::of(&Outcome::Refused(*refusal)),
    };
    let outcome = connector.send(&message).await;
    let outcome = connector.settle(&message.to, outcome, SETTLE).await;
    let answer = Answer::of(&outcome).to(&message.to);
    match (&outcome, args.wait) {
        (Outcome::Accepted(receipt), true) => {
            let limit = Duration::from_secs(args.wait_secs);
            match connector.delivery(&message.to, receipt, limit).await {
                Some(delivery) => answer.delivered(&delivery),
                None => answer.unreported(),
            }
        }
        _ => answer,
    }
}

/// Six digits, every one of the million as likely as the others.
pub(crate) fn random_code(source: &dyn Source) -> String {
    const CODES: u32 = 1_000_000;
    // The rest of the range would make the first codes a little likelier.
    const FAIR: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let mut bytes = [0; 4];
        source.fill(&mut bytes);
        let number = u32::from_le_bytes(bytes);
        if number < FAIR {
            return format!("{:06}", number % CODES);
        }
    }
}
