//! How often may be sent, called and applied for.

use serde::{Deserialize, Serialize};

/// How often one number may be sent to, and more of that kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Codes with one signature to one number in 60 seconds.
    pub per_minute: u32,
    /// The same in an hour.
    pub per_hour: u32,
    /// The same in a day.
    pub per_day: u32,
    /// Codes to one number in a day, over all signatures.
    pub number_per_day: u32,
    /// Notifications or promotion with one signature and template to one number
    /// in a day.
    pub notification_per_day: u32,
    /// What a day is.
    pub day: Day,
    /// All messages of the account in a calendar day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_per_day: Option<u64>,
    /// All messages of the account in a calendar month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_per_month: Option<u64>,
    /// Calls of one action in a second; absent means no limit (Aliyun's own for
    /// sending is 5000).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<u32>,
    /// Sent as `x-acs-retry-after` with `Throttling.User`, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Applications for templates in a calendar day, changes included.
    pub template_applications_per_day: u32,
    /// Applications for signatures in a calendar day; absent means no limit
    /// (Aliyun has one, and does not say which).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_applications_per_day: Option<u32>,
    /// The longest value of a verification template's variable. Aliyun's
    /// documents say 20 in one place and 6 in another.
    pub verification_value_max: usize,
    /// The longest value of any other template's variable.
    pub notification_value_max: usize,
}

/// What a day is: Aliyun's documents say both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// The last 24 hours.
    #[default]
    Rolling,
    /// Since midnight in UTC+8.
    Calendar,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_minute: 1,
            per_hour: 5,
            per_day: 10,
            number_per_day: 40,
            notification_per_day: 50,
            day: Day::Rolling,
            account_per_day: None,
            account_per_month: None,
            calls_per_second: None,
            retry_after_ms: None,
            template_applications_per_day: 100,
            sign_applications_per_day: None,
            verification_value_max: 20,
            notification_value_max: 35,
        }
    }
}
