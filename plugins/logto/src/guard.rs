//! Which configurations are taken.
//!
//! Everything the official connector's guard takes, since those are in
//! databases and send today, and everything that is valid by the rules of
//! `sesame_connector::config`, which also say what is wrong with the rest. The
//! official guard's rule is written down in `guard/official.rs`, what Logto's
//! console leaves empty in `guard/form.rs`.

mod form;
mod official;
#[cfg(test)]
mod tests;

use napi::Either;
use napi_derive::napi;
use serde_json::Value;
use sesame_connector::ConnectorConfig;
use sesame_connector::config::{Lookup, Problem};

/// Whether a configuration is taken.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is, whatever the problems are.
    Accepted {
        config: Box<ConnectorConfig>,
        problems: Vec<Problem>,
    },
    /// It is not, for these.
    Refused(Vec<Problem>),
}

/// Judges a configuration written as JSON.
pub(crate) fn judge(text: &str, lookup: &dyn Lookup) -> Verdict {
    match serde_json::from_str(text) {
        Ok(value) => judge_value(value, lookup),
        // JavaScript wrote it, so it is too deep to be read, or has half a
        // character in it. The parser of files says so in better words.
        Err(_) => Verdict::Refused(parse(text, lookup)),
    }
}

fn parse(text: &str, lookup: &dyn Lookup) -> Vec<Problem> {
    ConnectorConfig::parse(text, sesame_connector::config::Format::Json, lookup).problems
}

fn judge_value(value: Value, lookup: &dyn Lookup) -> Verdict {
    let known = official::known_part(&value);
    let checked = ConnectorConfig::from_value(&form::without_empty(value), lookup);
    let is_valid = checked.is_valid();
    let (config, problems) = (checked.config, checked.problems);
    let config = match known {
        None => config.filter(|_| is_valid),
        // What the official connector does not know may be too wrong to use.
        Some(known) => config.or_else(|| ConnectorConfig::from_value(&known, lookup).config),
    };
    match config {
        Some(config) => Verdict::Accepted {
            config: Box::new(config),
            problems,
        },
        None => Verdict::Refused(problems),
    }
}

/// One thing that is wrong, as zod tells it.
#[napi(object)]
#[derive(Debug)]
pub struct Issue {
    /// Keys from the outermost one; a number for the element of a list.
    pub path: Vec<Either<String, u32>>,
    /// What is wrong, and the cure.
    pub message: String,
}

impl From<&Problem> for Issue {
    fn from(problem: &Problem) -> Self {
        Self {
            path: steps(&problem.path),
            message: format!("{}; {}", problem.message, problem.cure),
        }
    }
}

/// `templates[0].templateCode` as its steps.
fn steps(path: &str) -> Vec<Either<String, u32>> {
    let words = path.split(['.', '[', ']']).filter(|word| !word.is_empty());
    let step = |word: &str| match word.parse() {
        Ok(index) => Either::B(index),
        Err(_) => Either::A(word.to_owned()),
    };
    words.map(step).collect()
}
