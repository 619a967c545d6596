//! `sesame doctor --watch`: again and again, and only what turned.

use std::time::Duration;

use aliyun_sms::{SystemSource, iso8601};
use serde::Serialize;
use sesame_connector::doctor::{Check, Level, Seen, Turn};

use super::{Args, exit_code, line, look};
use crate::output::{self, DIM, Language, paint};
use crate::signals::Shutdown;

/// A turn for scripts, one line.
#[derive(Serialize)]
struct Object<'a> {
    at: &'a str,
    was: Option<Level>,
    #[serde(flatten)]
    check: &'a Check,
}

/// Ends with a signal; the exit code is that of what was known last.
pub(super) async fn run(args: &Args, language: Language) -> anyhow::Result<u8> {
    let source = SystemSource::shared();
    let mut shutdown = Shutdown::listen()?;
    let mut seen = Seen::new();
    loop {
        let report = tokio::select! {
            report = look(args, &source, language) => report,
            () = shutdown.wait() => break,
        };
        let at = iso8601(source.now());
        for turn in seen.turns(&report) {
            tell(&at, &turn, args.json, language);
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(args.every)) => {}
            () = shutdown.wait() => break,
        }
    }
    let worst = [Level::Failure, Level::Warning]
        .into_iter()
        .find(|level| seen.count(*level) > 0);
    Ok(exit_code(worst.unwrap_or(Level::Ok)))
}

fn tell(at: &str, turn: &Turn, as_json: bool, language: Language) {
    let Turn { check, was } = turn;
    if !as_json {
        let text = line::brief(check, *was, language);
        return output::line(format_args!("{} {text}", paint(DIM, at)));
    }
    let was = *was;
    output::json_line(&Object { at, was, check });
}
