//! Templates.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ReviewStatus, Tag, long_ago};

/// A template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// `SMS_` and digits.
    pub code: String,
    /// What it may be used for.
    #[serde(default)]
    pub kind: TemplateKind,
    /// The text, variables written `${name}`.
    pub content: String,
    /// What its review came to.
    #[serde(default)]
    pub status: ReviewStatus,
    /// Who made it.
    #[serde(default)]
    pub tag: Tag,
    /// The longest value of a variable, where it is not the one of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_max: Option<usize>,
    /// Its name in the console; empty means its code.
    #[serde(default)]
    pub name: String,
    /// The signature it was applied for with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related_sign_name: Option<String>,
    /// The attributes of its variables, as a JSON text; absent means those
    /// usual for its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable_attribute: Option<String>,
    /// Of an international one, in Aliyun's numbers: 0 notification,
    /// 1 promotion, 2 code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intl_type: Option<u8>,
    /// What was said when it was applied for.
    #[serde(default)]
    pub remark: String,
    /// Why it was rejected.
    #[serde(default)]
    pub reject_reason: String,
    /// When it was applied for.
    #[serde(default = "long_ago")]
    pub created_at: Timestamp,
    /// When its review ended; absent means at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Timestamp>,
}

impl Template {
    /// An approved template of the account's own.
    pub fn new(code: impl Into<String>, kind: TemplateKind, content: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            kind,
            content: content.into(),
            status: ReviewStatus::Approved,
            tag: Tag::User,
            value_max: None,
            name: String::new(),
            related_sign_name: None,
            variable_attribute: None,
            intl_type: None,
            remark: String::new(),
            reject_reason: String::new(),
            created_at: long_ago(),
            reviewed_at: None,
        }
    }
}

/// What a template may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// Verification codes to the mainland.
    #[default]
    Verification,
    /// Notifications to the mainland.
    Notification,
    /// Promotion to the mainland.
    Promotion,
    /// Everywhere but the mainland.
    International,
}
