//! What the emulator was told of codes that were typed.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

/// More are not remembered; the oldest are forgotten first.
const KEEP: usize = 10_000;

/// One call that told of a code, or of many.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversion {
    /// `SmsConversion`, `SmsConversionIntl`, `ConversionData` or
    /// `ConversionDataIntl`.
    pub action: String,
    /// Which message it was about, where it was about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Whether its code was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<bool>,
    /// The share of codes that were typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// When, as the sender says, in milliseconds of Unix time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_millis: Option<u64>,
    /// When the call came, by the emulator's clock.
    #[serde(serialize_with = "in_text")]
    pub told_at: Timestamp,
}

fn in_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Conversions(VecDeque<Conversion>);

impl Conversions {
    pub(crate) fn add(&mut self, told: Conversion) {
        if self.0.len() == KEEP {
            self.0.pop_front();
        }
        self.0.push_back(told);
    }

    pub(crate) fn all(&self) -> Vec<Conversion> {
        self.0.iter().cloned().collect()
    }
}
