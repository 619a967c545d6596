//! Number verification (`Dypnsapi`), where Aliyun makes and checks the codes.
//!
//! Much of it is known from its users only, or not at all; what is not sure can
//! be switched.

use serde::{Deserialize, Serialize};

/// How number verification behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pns {
    /// Whether verification by SMS is enabled; else `FUNCTION_NOT_OPENED`.
    pub enabled: bool,
    /// How a wrong, expired or superseded code is refused.
    pub wrong_code: WrongCode,
    /// How codes of errors are written.
    pub error_codes: ErrorCodes,
    /// Whether a code is dead once it was the right one. Not documented.
    pub used_up_after_pass: bool,
    /// Wrong tries after which a code is dead; absent means that none is. Not
    /// documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_tries_max: Option<u32>,
    /// The schemes that exist besides the default one; absent means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schemes: Option<Vec<String>>,
}

impl Default for Pns {
    fn default() -> Self {
        Self {
            enabled: true,
            wrong_code: WrongCode::ValidateFail,
            error_codes: ErrorCodes::Prefixed,
            used_up_after_pass: true,
            wrong_tries_max: None,
            schemes: None,
        }
    }
}

/// How a wrong code is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongCode {
    /// HTTP status 400 and `isv.ValidateFail`, as users report.
    #[default]
    ValidateFail,
    /// HTTP status 200 and `UNKNOWN` as the result, as documented.
    Unknown,
}

/// How codes of errors are written: Aliyun's list has both, and users report
/// the prefixed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCodes {
    /// `biz.FREQUENCY`, `isv.INVALID_PARAMETERS` …
    #[default]
    Prefixed,
    /// `FREQUENCY_FAIL`, `INVALID_PARAMETERS` …
    Bare,
}
