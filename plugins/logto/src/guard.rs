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
use sesame_connector::config::{Format, Lookup, Problem};

/// What came of judging a configuration.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Whether it may be saved.
    pub(crate) is_taken: bool,
    /// What is sent with, if it is taken; none where that would send what was
    /// meant for an emulator to Aliyun itself.
    pub(crate) config: Option<ConnectorConfig>,
    /// All that is wrong with it.
    pub(crate) problems: Vec<Problem>,
}

/// Judges a configuration written as JSON.
pub(crate) fn judge(text: &str, lookup: &dyn Lookup) -> Verdict {
    match serde_json::from_str(text) {
        Ok(value) => judge_value(value, lookup),
        // JavaScript wrote it, so it can be read; if not, the parser of files
        // says why in better words.
        Err(_) => Verdict {
            is_taken: false,
            config: None,
            problems: ConnectorConfig::parse(text, Format::Json, lookup).problems,
        },
    }
}

fn judge_value(value: Value, lookup: &dyn Lookup) -> Verdict {
    let is_known = official::takes(&value);
    let checked = ConnectorConfig::from_value(&form::without_empty(value), lookup);
    let is_taken = is_known || checked.is_valid();
    Verdict {
        is_taken,
        config: checked.config.filter(|_| is_taken),
        problems: checked.problems,
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
