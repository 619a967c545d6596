//! Why one link of the chain has no credentials.

use crate::error::Error;

/// A reason for people. It never holds a secret, nor anything of an answer's
/// body but Aliyun's code and request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lack {
    pub(super) reason: String,
    /// Whether it may be gone a moment later.
    pub(super) is_transient: bool,
}

impl Lack {
    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_transient: false,
        }
    }

    pub(super) fn transient(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_transient: true,
        }
    }

    pub(super) fn after(mut self, place: &str) -> Self {
        self.reason = format!("{place}: {}", self.reason);
        self
    }
}

impl From<Error> for Lack {
    fn from(error: Error) -> Self {
        Self {
            reason: error.to_string(),
            is_transient: error.is_transient(),
        }
    }
}
