//! The Aliyun account the emulator plays: keys, signatures, templates, limits.
//!
//! The same keys are read from TOML (`--account FILE`) and from JSON
//! (`POST /_emulator/account`). What is absent takes the value of the account
//! out of the box, so `{"balance": 0}` is a whole account. To add a key: a field
//! here with its default, and a rule in [`check`](Account::check) if not every
//! value makes sense.

mod book;
mod parse;
mod secret;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use book::{Book, Prepared, Signature};
pub use parse::AccountError;
pub(crate) use parse::path;
pub use secret::Secret;

/// An account at Aliyun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Money left, in yuan; absent means that it never ends.
    pub balance: Option<f64>,
    /// What one part of a message costs, in yuan.
    pub price: f64,
    /// Whether the product may be used at all.
    pub state: AccountState,
    /// Whether calls for mainland recipients come from a barred region.
    pub deny_ip_range: bool,
    /// How a missing permission is refused.
    pub permission_denied: PermissionDenied,
    /// How far a request's time may be off, either way.
    pub time_tolerance_mins: u32,
    /// Whether an ACS3 signature must cover `host`. The documents say so and
    /// Alibaba's SDKs do it; other clients in use, such as the crate `ali-acs`,
    /// do not.
    pub require_signed_host: bool,
    /// The only numbers test signatures and templates may go to.
    pub bound_numbers: Vec<String>,
    /// Numbers that asked not to be disturbed.
    pub blocked_numbers: Vec<String>,
    /// Numbers without limits, at most 300.
    pub exempt_numbers: Vec<String>,
    /// Who may call.
    pub access_keys: Vec<AccessKey>,
    /// Signatures, as they stand in `【】`.
    pub sign_names: Vec<SignName>,
    /// Templates.
    pub templates: Vec<Template>,
    /// How often one number may be sent to, and more of that kind.
    pub limits: Limits,
}

/// Whether the product may be used at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// It may.
    #[default]
    Normal,
    /// In arrears: `isv.OUT_OF_SERVICE`.
    OutOfService,
    /// Never activated: `isv.PRODUCT_UN_SUBSCRIPT`.
    Unsubscribed,
    /// Frozen for security reasons: `isv.SECURITY_FROZEN_ACCOUNT`.
    Frozen,
}

/// How a missing permission is refused: Aliyun does all three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PermissionDenied {
    /// By the gateway, today's form.
    #[default]
    NoPermission,
    /// By the gateway, the older form.
    #[serde(rename = "Forbidden.RAM")]
    ForbiddenRam,
    /// By the product itself, with HTTP status 200.
    #[serde(rename = "isp.RAM_PERMISSION_DENY")]
    RamPermissionDeny,
}

/// One access key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// Makes it a temporary key: requests must carry this token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_token: Option<Secret>,
    /// Whether it may be used.
    #[serde(default)]
    pub status: KeyStatus,
    /// When the token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What it may do, `dysms:SendSms` or `dysms:*`; absent means everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
}

impl AccessKey {
    /// A key that may do everything.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: Secret::new(secret),
            security_token: None,
            status: KeyStatus::Active,
            expires_at: None,
            permissions: None,
        }
    }

    /// Whether the key may do `action`, written `dysms:SendSms`.
    pub(crate) fn may(&self, action: &str) -> bool {
        let Some(permissions) = &self.permissions else {
            return true;
        };
        permissions.iter().any(|permission| {
            permission
                .strip_suffix('*')
                .map_or(permission == action, |start| action.starts_with(start))
        })
    }
}

/// Whether a key may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It may.
    #[default]
    Active,
    /// Switched off in the console.
    Disabled,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignName {
    /// Its name, without `【】`.
    pub name: String,
    /// Whether it was approved.
    #[serde(default)]
    pub status: ReviewStatus,
    /// What it may be used for.
    #[serde(default)]
    pub kind: SignKind,
    /// Who made it.
    #[serde(default)]
    pub tag: Tag,
}

/// What a signature may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignKind {
    /// Verification codes only.
    Verification,
    /// Everything.
    #[default]
    General,
}

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
    /// Whether it was approved.
    #[serde(default)]
    pub status: ReviewStatus,
    /// Who made it.
    #[serde(default)]
    pub tag: Tag,
    /// The longest value of a variable, where it is not the one of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_max: Option<usize>,
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

/// What the review of a signature or a template came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Not yet anything.
    Reviewing,
    /// It may be used.
    #[default]
    Approved,
    /// It may not.
    Rejected,
}

/// Who made a signature or a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// The account.
    #[default]
    User,
    /// Aliyun, for its number verification product.
    Gift,
    /// Aliyun, to try things: pairs with its like, to bound numbers only.
    Test,
}

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
            verification_value_max: 20,
            notification_value_max: 35,
        }
    }
}

/// The account out of the box.
impl Default for Account {
    fn default() -> Self {
        Self {
            balance: None,
            price: 0.045,
            state: AccountState::Normal,
            deny_ip_range: false,
            permission_denied: PermissionDenied::NoPermission,
            time_tolerance_mins: 15,
            require_signed_host: true,
            bound_numbers: Vec::new(),
            blocked_numbers: Vec::new(),
            exempt_numbers: Vec::new(),
            access_keys: vec![AccessKey::new("testid", "testsecret")],
            sign_names: default_sign_names(),
            templates: default_templates(),
            limits: Limits::default(),
        }
    }
}

fn default_sign_names() -> Vec<SignName> {
    let sign_name = |name: &str, kind, tag| SignName {
        name: name.into(),
        status: ReviewStatus::Approved,
        kind,
        tag,
    };
    vec![
        sign_name("阿里云短信测试", SignKind::Verification, Tag::User),
        sign_name("芝麻开门", SignKind::General, Tag::User),
        sign_name("芝麻测试", SignKind::Verification, Tag::Test),
    ]
}

fn default_templates() -> Vec<Template> {
    use TemplateKind::{International, Notification, Verification};
    let template = |code: &str, kind, content: &str, tag| Template {
        code: code.into(),
        kind,
        content: content.into(),
        status: ReviewStatus::Approved,
        tag,
        value_max: None,
    };
    vec![
        template(
            "SMS_154950909",
            Verification,
            "您的验证码为：${code}，请勿泄露于他人！",
            Tag::User,
        ),
        template(
            "SMS_154950910",
            International,
            "Your verification code is ${code}. Do not share it.",
            Tag::User,
        ),
        template(
            "SMS_154950911",
            Verification,
            "测试验证码：${code}",
            Tag::Test,
        ),
        template(
            "SMS_154950912",
            Notification,
            "${name}，您好：${note}",
            Tag::User,
        ),
    ]
}
