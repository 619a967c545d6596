//! What happens, for metrics.

use std::fmt::Debug;
use std::time::Duration;

use sesame_connector::Outcome;

use super::CheckOutcome;
use crate::journal::State;
use crate::limit::LimitName;

/// Is told what happens. Nothing it gets holds a number or a code; it is called
/// in the middle of everything, so it must be quick and wait for nothing.
pub trait Events: Send + Sync + Debug {
    /// A message was handed to the provider, which took that long to answer.
    fn sent(&self, about: &About<'_>, outcome: &Outcome, took: Duration) {
        let _ = (about, outcome, took);
    }

    /// A limit kept a message from being sent.
    fn limited(&self, about: &About<'_>, limit: LimitName) {
        let _ = (about, limit);
    }

    /// A message was sent that a limit would have kept back, were it not only
    /// watched.
    fn observed(&self, about: &About<'_>, limit: LimitName) {
        let _ = (about, limit);
    }

    /// Four fifths of what the account may spend by a limit are spent.
    fn nearing(&self, limit: LimitName) {
        let _ = limit;
    }

    /// A code was checked.
    fn checked(&self, about: &About<'_>, outcome: &CheckOutcome) {
        let _ = (about, outcome);
    }

    /// A delivery report came for a message, pushed or asked for.
    fn reported(&self, about: &About<'_>, delivered: bool) {
        let _ = (about, delivered);
    }

    /// A provider was told, or not, that codes came back.
    fn converted(&self, what: Converting, how: Converted) {
        let _ = (what, how);
    }

    /// A message in doubt was settled: accepted, or unknown for good.
    fn settled(&self, about: &About<'_>, state: State) {
        let _ = (about, state);
    }
}

/// What a provider is told of codes that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converting {
    /// That of one message.
    Message,
    /// The share of an hour.
    Rate,
}

impl Converting {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Rate => "rate",
        }
    }
}

/// What came of telling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converted {
    /// It knows.
    Told,
    /// There was no answer to go by; it is tried again.
    Failed,
    /// The key may not; it is tried again, after a longer pause.
    Denied,
    /// It does not want to know.
    Refused,
}

impl Converted {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Refused => "refused",
        }
    }
}

/// What something that happened was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About<'a> {
    /// The caller.
    pub app: &'a str,
    /// What the code is for; any text a caller gave.
    pub usage_type: &'a str,
    /// ISO letters of the number's country, or `001`.
    pub country: &'a str,
}

/// Nobody counts.
impl Events for () {}
