//! Signatures, and how far the carriers are with them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ReviewStatus, Tag, long_ago};

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignName {
    /// Its name, without `【】`.
    pub name: String,
    /// What its review came to.
    #[serde(default)]
    pub status: ReviewStatus,
    /// What it may be used for.
    #[serde(default)]
    pub kind: SignKind,
    /// Who made it.
    #[serde(default)]
    pub tag: Tag,
    /// How far each carrier is with it. Counts once it is approved: what is not
    /// registered with the recipient's carrier is accepted and fails in its
    /// report, with `PORT_NOT_REGISTERED`.
    #[serde(default)]
    pub registrations: Registrations,
    /// Whose it is, in Aliyun's numbers: 0 an enterprise's, 2 an app's, 5 a
    /// trademark …
    #[serde(default)]
    pub source: u8,
    /// The filed papers of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualification_id: Option<u64>,
    /// Whether it stands for somebody else than the account's owner.
    #[serde(default)]
    pub third_party: bool,
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

impl SignName {
    /// An approved signature of the account's own.
    pub fn new(name: impl Into<String>, kind: SignKind) -> Self {
        Self {
            name: name.into(),
            status: ReviewStatus::Approved,
            kind,
            tag: Tag::User,
            registrations: Registrations::default(),
            source: 0,
            qualification_id: None,
            third_party: false,
            remark: String::new(),
            reject_reason: String::new(),
            created_at: long_ago(),
            reviewed_at: None,
        }
    }
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

/// How far each carrier is with a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registrations {
    /// China Mobile.
    pub mobile: RegistrationStatus,
    /// China Unicom.
    pub unicom: RegistrationStatus,
    /// China Telecom.
    pub telecom: RegistrationStatus,
}

/// How far a carrier is with a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationStatus {
    /// Nobody has filed it.
    NotFiled,
    /// It is being filed.
    Filing,
    /// The carrier refused it.
    Failed,
    /// It is filed and waits for the first messages as proof.
    Filed,
    /// It ended: nothing was sent for six months.
    Lapsed,
    /// It is registered.
    #[default]
    Succeeded,
}

impl RegistrationStatus {
    /// Whether the carrier delivers.
    pub(crate) fn delivers(self) -> bool {
        matches!(self, Self::Filed | Self::Succeeded)
    }
}
