//! `sesame config`: what can be known about a configuration without a network.

mod snippet;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use sesame_connector::config::{ConnectorConfig, Level, Problem};

use crate::fault::EXIT_BAD_INPUT;
use crate::output::{BAD, GOOD, INFO, WARN, is_rich, line, paint};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether a connector configuration is right, without any network.
    #[command(after_help = "Examples:
  sesame config check connector.json
  sesame config check connector.toml --json

Exit codes: 0 valid (warnings alone included), 2 not valid.")]
    Check {
        /// A connector configuration: JSON (comments and trailing commas
        /// allowed) or TOML.
        file: PathBuf,
        /// Prints one JSON object: {"problems": [{id, level, path, line,
        /// column, message, cure}]}.
        #[arg(long)]
        json: bool,
    },
}

/// What scripts get.
#[derive(Serialize)]
struct Report<'a> {
    problems: &'a [Problem],
}

pub(crate) fn run(args: &Args) -> u8 {
    let Command::Check { file, json } = &args.command;
    let checked = ConnectorConfig::check_file(file);
    if *json {
        crate::output::json(&Report {
            problems: &checked.problems,
        });
    } else {
        print(file, &checked.problems, checked.is_valid());
    }
    if checked.is_valid() {
        0
    } else {
        EXIT_BAD_INPUT
    }
}

/// The problems of a configuration as people read them, and the verdict.
fn print(file: &Path, problems: &[Problem], is_valid: bool) {
    let text = if is_rich() {
        text_of(file, problems)
    } else {
        None
    };
    for problem in problems {
        line(describe(file, problem, text.as_deref()));
    }
    let errors = problems
        .iter()
        .filter(|problem| problem.level == Level::Error)
        .count();
    let warnings = problems.len() - errors;
    let name = file.display();
    let counted = match (errors, warnings) {
        (0, 0) => String::new(),
        (0, warnings) => format!(" ({warnings} warning{})", plural(warnings)),
        (errors, 0) => format!(" ({errors} error{})", plural(errors)),
        (errors, warnings) => format!(
            " ({errors} error{}, {warnings} warning{})",
            plural(errors),
            plural(warnings)
        ),
    };
    line(if is_valid {
        format!("{} {name}{counted}", paint(GOOD, "valid:"))
    } else {
        format!("{} {name}{counted}", paint(BAD, "not valid:"))
    });
}

/// The text the problems stand in, for a look at their lines. Where it cannot be
/// read a second time there is nothing to show.
pub(crate) fn text_of(file: &Path, problems: &[Problem]) -> Option<String> {
    let is_placed = problems.iter().any(|problem| problem.line.is_some());
    let is_file = is_placed && std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    if is_file {
        std::fs::read_to_string(file).ok()
    } else {
        None
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// One problem: place, what is wrong, the line it stands in, the cure.
pub(crate) fn describe(file: &Path, problem: &Problem, text: Option<&str>) -> String {
    let level = match problem.level {
        Level::Error => paint(BAD, format_args!("error[{}]:", problem.id)),
        Level::Warning => paint(WARN, format_args!("warning[{}]:", problem.id)),
    };
    let place = match (problem.line, problem.column) {
        (Some(at_line), Some(column)) => format!("{}:{at_line}:{column}", file.display()),
        _ => file.display().to_string(),
    };
    let path = if problem.path.is_empty() {
        String::new()
    } else {
        format!("{}: ", problem.path)
    };
    let shown = text
        .and_then(|text| snippet::render(text, problem))
        .unwrap_or_default();
    format!(
        "{place}: {level} {path}{}\n{shown}  {} {}",
        problem.message,
        paint(INFO, "cure:"),
        problem.cure
    )
}
