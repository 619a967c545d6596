//! Diagnostics to standard error.

use std::io::IsTerminal as _;

use anstream::AutoStream;
use sesame_server::config::{LogConfig, LogFormat, LogLevel};
use sesame_server::traces::Traces;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// What the dependencies may say. Their most verbose levels trace raw bytes,
/// and those hold codes and numbers.
const OTHERS: [&str; 4] = ["warn", "warn", "info", "debug"];
const OURS: [&str; 4] = ["warn", "info", "debug", "trace"];
const CRATES: [&str; 6] = [
    "sesame",
    "aliyun_sms",
    "sesame_connector",
    "sesame_emulator",
    "sesame_passcode",
    "sesame_server",
];
const VARIABLE: &str = "SESAME_LOG";

/// Starts logging: `verbosity` counts the `-v`; `SESAME_LOG` goes before it.
pub(crate) fn start(verbosity: u8) {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter(verbosity))
        .with_writer(|| AutoStream::auto(std::io::stderr()))
        .with_ansi(is_coloured());
    let started = subscriber.try_init();
    debug_assert!(started.is_ok(), "nothing else starts logging");
}

/// The same where logging is asked for, and else none: no line of it is to stand
/// among those of a dialogue.
pub(crate) fn start_if_asked_for(verbosity: u8) {
    if verbosity > 0 || is_asked_for() {
        start(verbosity);
    }
}

/// Starts the log of a server, as its configuration says; `-v` says more, and
/// `SESAME_LOG` goes before both. Traces are none of theirs.
pub(crate) fn start_server(config: &LogConfig, verbosity: u8, traces: Option<&Traces>) {
    let configured = match config.level {
        LogLevel::Error | LogLevel::Warn => 0,
        LogLevel::Info => 1,
        LogLevel::Debug => 2,
        LogLevel::Trace => 3,
    };
    let filter = match config.level {
        LogLevel::Error if verbosity == 0 && !is_asked_for() => EnvFilter::new("error"),
        _ => filter(verbosity.max(configured)),
    };
    let lines = fmt::layer().with_writer(|| AutoStream::auto(std::io::stderr()));
    let spans = registry().with(traces.map(Traces::layer));
    let started = match config.format {
        LogFormat::Text => {
            let lines = lines.with_ansi(is_coloured());
            spans.with(lines.with_filter(filter)).try_init()
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false);
            spans.with(lines.with_filter(filter)).try_init()
        }
    };
    debug_assert!(started.is_ok(), "nothing else starts logging");
}

fn is_asked_for() -> bool {
    std::env::var(VARIABLE).is_ok_and(|text| !text.trim().is_empty())
}

fn filter(verbosity: u8) -> EnvFilter {
    let asked_for = std::env::var(VARIABLE)
        .ok()
        .filter(|text| !text.trim().is_empty());
    if let Some(text) = asked_for {
        match EnvFilter::try_new(&text) {
            Ok(filter) => return filter,
            Err(error) => crate::output::error_line(format_args!(
                "warning: {VARIABLE} is no log filter ({error}); write one such as debug or aliyun_sms=trace"
            )),
        }
    }
    let level = usize::from(verbosity).min(OURS.len() - 1);
    let ours = CRATES.map(|name| format!("{name}={}", OURS[level]));
    EnvFilter::new(format!("{},{}", OTHERS[level], ours.join(",")))
}

fn is_coloured() -> bool {
    match AutoStream::choice(&std::io::stderr()) {
        anstream::ColorChoice::Never => false,
        anstream::ColorChoice::Auto => std::io::stderr().is_terminal(),
        _ => true,
    }
}
