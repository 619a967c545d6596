//! What became of an accepted message.

use aliyun_sms::code::delivery::{DeliveryFailure, classify};
use serde::{Serialize, Serializer};

use crate::text::{Text, is_token};

/// What became of an accepted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// No report yet.
    Waiting,
    /// It arrived.
    Delivered,
    /// It did not.
    Failed {
        /// The carrier's or Aliyun's code; the set is open. `unreadable_code`
        /// where it is none.
        code: String,
        /// What the code stands for.
        failure: DeliveryFailure,
    },
}

impl Delivery {
    /// A failure by the code of its report.
    pub fn failed(code: impl Into<String>) -> Self {
        let code = Some(code.into()).filter(|code| is_token(code));
        let code = code.unwrap_or_else(|| "unreadable_code".to_owned());
        let failure = classify(&code);
        Self::Failed { code, failure }
    }

    /// The name in logs and JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether no other report is to be expected.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Waiting)
    }

    /// Why it failed, for the operator.
    pub fn cause(&self) -> Option<Text> {
        match self {
            Self::Failed { failure, .. } => Some(failure.cause().into()),
            Self::Waiting | Self::Delivered => None,
        }
    }

    /// What to do about it, for the operator.
    pub fn cure(&self) -> Option<Text> {
        match self {
            Self::Failed { failure, .. } => Some(failure.cure().into()),
            Self::Waiting | Self::Delivered => None,
        }
    }
}

impl Serialize for Delivery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
