//! `sesame doctor`: everything that can be known before the first SMS.

pub(crate) mod line;
mod watching;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::{Endpoint, Source, SystemSource};
use sesame_connector::config::{Checked, ConnectorConfig, ProblemId};
use sesame_connector::doctor::{self, Check, CheckId, Level, Options, Report, Stage};
use sesame_connector::{Connector, Region, Text};

use crate::commands::send::random_code;
use crate::output::{self, Language, is_terminal_on_stderr, progress};

/// How long the report of a test message is waited for.
const REPORT_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sesame doctor --config connector.json
  sesame doctor --config connector.json --endpoint http://127.0.0.1:8086
  sesame doctor --config connector.json --send +8613800138000
  sesame doctor --config connector.json --country HK --country US
  sesame doctor --config connector.json --watch --every 3600

Without --send nothing is sent and nothing changed. docs/doctor.md lists what is
found. Exit codes: 0 all good, 1 warnings, 2 bad arguments, 3 something will
fail.")]
pub(crate) struct Args {
    /// A connector configuration: JSON (comments and trailing commas allowed)
    /// or TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Asks there, whatever the configuration says.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Also sends a code to this number, if nothing else will fail, and follows
    /// it until its delivery report.
    #[arg(long, value_name = "NUMBER", conflicts_with = "watch")]
    send: Option<String>,
    /// Says whether numbers of this country are served (HK, US, …); may stand
    /// several times.
    #[arg(long, value_name = "LETTERS", value_parser = country)]
    country: Vec<Region>,
    /// Looks again and again, and prints what turned.
    #[arg(long)]
    watch: bool,
    /// How long to wait in between, in seconds.
    #[arg(long, value_name = "SECS", requires = "watch", default_value_t = 3600,
          value_parser = clap::value_parser!(u64).range(1..=604_800))]
    every: u64,
    /// Prints one JSON object: {"checks": [{id, level, subject, message, cure,
    /// link}]}; with --watch one object a line.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: &Args, verbosity: u8) -> anyhow::Result<u8> {
    let language = Language::of_environment();
    if args.watch {
        return watching::run(args, language).await;
    }
    let source = SystemSource::shared();
    let report = look(args, &source, language).await;
    if args.json {
        output::json(&report);
    } else {
        for check in &report.checks {
            output::line(line::describe(check, language));
        }
        output::line(line::verdict(&report, language));
        if verbosity > 0 {
            line::not_looked_at(&report, language)
                .into_iter()
                .for_each(output::line);
        }
    }
    Ok(exit_code(report.level()))
}

fn country(letters: &str) -> Result<Region, String> {
    Region::parse(letters)
        .ok_or_else(|| "no country; write two ISO letters, such as HK or US".to_owned())
}

fn exit_code(level: Level) -> u8 {
    match level {
        Level::Ok => 0,
        Level::Warning => 1,
        Level::Failure => 3,
    }
}

/// One examination, with the test message if one is wanted.
async fn look(args: &Args, source: &Arc<dyn Source>, language: Language) -> Report {
    let mut checked = ConnectorConfig::check_file(&args.config);
    if let Some(text) = &args.endpoint
        && let Err(check) = point_elsewhere(&mut checked, text)
    {
        return Report {
            checks: vec![*check],
        };
    }
    let config = checked.config.clone();
    let shows_progress = is_terminal_on_stderr() && !args.json;
    let tell = move |stage: Stage| {
        if shows_progress {
            progress(line::stage(stage, language));
        }
    };
    let subject = args.config.display().to_string();
    let options = Options {
        countries: args.country.clone(),
        ..Options::default()
    };
    let mut report = doctor::examine(checked, &subject, source.clone(), options, &tell).await;
    if let (Some(to), Some(config), true) = (&args.send, config, report.level() < Level::Failure) {
        if shows_progress {
            progress(line::sending(language));
        }
        report.put(send(config, to, source).await);
    }
    if shows_progress {
        progress("");
    }
    report
}

/// Puts `--endpoint` into a configuration; what was wrong with its own does not
/// matter then.
fn point_elsewhere(checked: &mut Checked, text: &str) -> Result<(), Box<Check>> {
    let endpoint = Endpoint::parse(text).map_err(|error| {
        let sentence = error.to_string();
        let cure = "write one such as https://dysmsapi.aliyuncs.com";
        let (message, cure) = sentence.split_once("; ").unwrap_or((&sentence, cure));
        Box::new(failure(CheckId::Configuration, "--endpoint", message, cure))
    })?;
    if let Some(config) = &mut checked.config {
        config.point_at(&endpoint);
    }
    let is_idle = |id| matches!(id, ProblemId::EndpointInsecure);
    checked.problems.retain(|problem| !is_idle(problem.id));
    Ok(())
}

async fn send(config: ConnectorConfig, to: &str, source: &Arc<dyn Source>) -> Check {
    match Connector::from_config(config, source.clone()) {
        Ok(connector) => {
            let code = random_code(&**source);
            doctor::send_test(&connector, to, &code, REPORT_WAIT).await
        }
        Err(error) => failure(
            CheckId::TestMessage,
            "--send",
            &error.to_string(),
            "check this machine's certificates",
        ),
    }
}

/// A line about what only the command line knows.
fn failure(id: CheckId, subject: &str, message: &str, cure: &str) -> Check {
    let text = |words: &str| Text {
        en: Cow::Owned(words.to_owned()),
        zh: Cow::Owned(words.to_owned()),
    };
    Check {
        id,
        level: Level::Failure,
        subject: subject.to_owned(),
        message: text(message),
        cure: Some(text(cure)),
        link: None,
    }
}
