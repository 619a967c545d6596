//! What can be wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error as ThisError;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, but probably not as meant.
    Warning,
    /// The server does not start.
    Error,
}

/// One thing that is wrong. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// How bad it is.
    pub severity: Severity,
    /// The file it stands in, or the environment variable.
    pub origin: String,
    /// Line and column from 1, where there are any.
    pub place: Option<(usize, usize)>,
    /// The keys that lead to it: `store.records`; empty for the whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Why there is no configuration: at least one problem is an error.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub struct ConfigProblems {
    /// The file.
    pub file: PathBuf,
    /// All that was found, warnings too.
    pub problems: Vec<ConfigProblem>,
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_error = |problem: &&ConfigProblem| problem.severity == Severity::Error;
        match self.problems.iter().find(is_error) {
            Some(first) => write!(f, "{first}; {}", first.cure),
            None => write!(f, "{} is not valid", self.file.display()),
        }
    }
}
