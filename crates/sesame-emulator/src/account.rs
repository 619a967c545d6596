//! The Aliyun account the emulator plays: keys, signatures, templates, limits.
//!
//! The same keys are read from TOML (`--account FILE`) and from JSON
//! (`POST /_emulator/account`). What is absent takes the value of the account
//! out of the box, so `{"balance": 0}` is a whole account. To add a key: a field
//! here with its default, and a rule in [`check`](Account::check) if not every
//! value makes sense.

mod address;
mod book;
mod limits;
mod parse;
mod pns;
mod secret;
mod sign_name;
mod template;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use address::AddressRange;
pub(crate) use book::{Book, Prepared, Signature};
pub use limits::{Day, Limits};
pub use parse::AccountError;
pub(crate) use parse::path;
pub use pns::{ErrorCodes, Pns, WrongCode};
pub use secret::Secret;
pub use sign_name::{RegistrationStatus, Registrations, SignKind, SignName};
pub use template::{Template, TemplateKind};

/// An account at Aliyun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Its number; the names of its queues hold it.
    pub account_id: String,
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
    /// How a call from an address its key is not allowed for is refused.
    pub address_denied: AddressDenied,
    /// How far a request's time may be off, either way.
    pub time_tolerance_mins: u32,
    /// Whether an ACS3 signature must cover `host`. The documents say so and
    /// Alibaba's SDKs do it; other clients in use, such as the crate `ali-acs`,
    /// do not.
    pub require_signed_host: bool,
    /// Whether names of signatures differ by case alone. Aliyun's documents say
    /// both.
    pub sign_names_ignore_case: bool,
    /// Whether reports and replies also go to the message queues, and how they
    /// are written there.
    pub report_queue: ReportQueue,
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
    /// How number verification behaves.
    pub pns: Pns,
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

/// How a call from an address its key is not allowed for is refused. Aliyun has
/// two ways to bind a key to addresses: a condition in a RAM policy, and a list
/// of the key's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AddressDenied {
    /// As a missing permission, see [`PermissionDenied`].
    #[default]
    #[serde(rename = "permission_denied")]
    Permission,
    /// As if the key were switched off. Documented for another product only.
    #[serde(rename = "InvalidAccessKeyId.Inactive")]
    Inactive,
}

/// How a missing permission is refused: Aliyun does all of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PermissionDenied {
    /// By the gateway, today's form.
    #[default]
    NoPermission,
    /// By the gateway, the older form.
    #[serde(rename = "Forbidden.RAM")]
    ForbiddenRam,
    /// By the gateway, the oldest form.
    Forbidden,
    /// By the product itself, with HTTP status 200.
    #[serde(rename = "isp.RAM_PERMISSION_DENY")]
    RamPermissionDeny,
}

/// Whether reports go to the message queues, and how they are written there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportQueue {
    /// There are no queues.
    #[default]
    Off,
    /// In base64, as Aliyun's demos read them.
    Base64,
    /// As they are, which no document rules out.
    Plain,
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
    /// Addresses it may call from, `192.0.2.1` or `10.0.0.0/8`; absent means
    /// everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_addresses: Option<Vec<AddressRange>>,
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
            allowed_addresses: None,
        }
    }

    /// Whether the key may be used from an address.
    pub(crate) fn may_call_from(&self, address: IpAddr) -> bool {
        let Some(allowed) = &self.allowed_addresses else {
            return true;
        };
        allowed.iter().any(|range| range.contains(address))
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
    /// The applicant took it back.
    Cancelled,
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

/// The account out of the box.
impl Default for Account {
    fn default() -> Self {
        Self {
            account_id: "1000000000000000".to_owned(),
            balance: None,
            price: 0.045,
            state: AccountState::Normal,
            deny_ip_range: false,
            permission_denied: PermissionDenied::NoPermission,
            address_denied: AddressDenied::Permission,
            time_tolerance_mins: 15,
            require_signed_host: true,
            sign_names_ignore_case: false,
            report_queue: ReportQueue::Off,
            bound_numbers: Vec::new(),
            blocked_numbers: Vec::new(),
            exempt_numbers: Vec::new(),
            access_keys: vec![AccessKey::new("testid", "testsecret")],
            sign_names: default_sign_names(),
            templates: default_templates(),
            pns: Pns::default(),
            limits: Limits::default(),
        }
    }
}

/// When what came with the account was applied for, where nobody says.
fn long_ago() -> Timestamp {
    const DAY_2024_01_01: i64 = 1_704_067_200;
    Timestamp::from_second(DAY_2024_01_01).unwrap_or_default()
}

fn default_sign_names() -> Vec<SignName> {
    let tagged = |name: &str, tag| SignName {
        tag,
        ..SignName::new(name, SignKind::Verification)
    };
    vec![
        tagged("阿里云短信测试", Tag::User),
        SignName::new("芝麻开门", SignKind::General),
        tagged("芝麻测试", Tag::Test),
        tagged("速通互联验证码", Tag::Gift),
    ]
}

fn default_templates() -> Vec<Template> {
    use TemplateKind::{International, Notification, Verification};
    let tagged = |code: &str, content: &str, tag| Template {
        tag,
        ..Template::new(code, Verification, content)
    };
    vec![
        Template::new(
            "SMS_154950909",
            Verification,
            "您的验证码为：${code}，请勿泄露于他人！",
        ),
        Template::new(
            "SMS_154950910",
            International,
            "Your verification code is ${code}. Do not share it.",
        ),
        tagged("SMS_154950911", "测试验证码：${code}", Tag::Test),
        Template::new("SMS_154950912", Notification, "${name}，您好：${note}"),
        tagged(
            "100001",
            "您的验证码为${code}，${min}分钟内有效，请勿告知他人。",
            Tag::Gift,
        ),
    ]
}
