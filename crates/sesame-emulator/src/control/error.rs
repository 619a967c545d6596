//! What is wrong with a request to the control.

use std::fmt;

use serde_json::{Value, json};

/// What is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ControlError {
    pub(crate) status: u16,
    /// The field; empty where it is none in particular.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it; may be empty.
    pub cure: String,
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

impl ControlError {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            status: 400,
            field: field.into(),
            problem: problem.into(),
            cure: String::new(),
        }
    }

    pub(crate) fn not_found(problem: &str) -> Self {
        Self {
            status: 404,
            ..Self::new("", problem)
        }
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = cure.into();
        self
    }

    /// Serde names an unknown or missing field in its words only.
    pub(crate) fn of_serde(
        within: &str,
        error: &serde_path_to_error::Error<serde_json::Error>,
    ) -> Self {
        let words = error.inner().to_string();
        let words = words
            .rsplit_once(" at line ")
            .map_or(words.as_str(), |(start, _)| start);
        let path = crate::account::path(error);
        let quoted = quoted_field(words).filter(|quoted| !path.ends_with(quoted));
        let parts = [Some(within), Some(path.as_str()), quoted];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        Self::new(parts.join("."), words)
    }

    pub(crate) fn json(&self) -> Value {
        let field = (!self.field.is_empty()).then_some(&self.field);
        let cure = (!self.cure.is_empty()).then_some(&self.cure);
        json!({ "error": self.to_string(), "field": field, "cure": cure })
    }
}

fn quoted_field(words: &str) -> Option<&str> {
    let rest = words
        .strip_prefix("unknown field `")
        .or_else(|| words.strip_prefix("missing field `"))?;
    rest.split('`').next()
}
