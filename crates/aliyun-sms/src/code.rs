//! The error catalogue: what Aliyun's codes mean, who can help and how.
//!
//! [`lookup`] finds a code, [`kind_of`] gives a kind to any code, and [`proof`]
//! says whether an answer rules out that the message was taken. Codes of
//! delivery reports are another set: see [`delivery`].
//!
//! A new code is one more entry in `code/catalogue.rs`, in order.

mod catalogue;
pub mod delivery;

use std::fmt;

/// What sort of trouble a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The request or a setting is wrong, here or in Aliyun's console.
    Configuration,
    /// The AccessKey, its secret, its token or the request's signature.
    Credential,
    /// This machine's clock is wrong.
    Clock,
    /// The recipient's number, or the code its owner typed.
    Phone,
    /// The template or the values of its variables.
    Template,
    /// The sign name in front of the text, not the request's signature.
    Signature,
    /// Too much in too short a time; waiting helps.
    RateLimit,
    /// Money, a message package or the account's own total is used up.
    Balance,
    /// The finished text may not be sent.
    Content,
    /// The account, RAM user or source address may not do this.
    Permission,
    /// Aliyun failed, and the outcome of the request is open.
    Server,
}

impl Kind {
    /// The name in logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Configuration => "configuration",
            Kind::Credential => "credential",
            Kind::Clock => "clock",
            Kind::Phone => "phone",
            Kind::Template => "template",
            Kind::Signature => "signature",
            Kind::RateLimit => "rate_limit",
            Kind::Balance => "balance",
            Kind::Content => "content",
            Kind::Permission => "permission",
            Kind::Server => "server",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// Whoever runs this program and owns the Aliyun account.
    Operator,
    /// The person who waits for the message.
    EndUser,
    /// Aliyun, which has to repair something.
    Aliyun,
    /// Nobody has to: waiting is enough.
    Nobody,
}

impl Actor {
    /// The name in logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Actor::Operator => "operator",
            Actor::EndUser => "end_user",
            Actor::Aliyun => "aliyun",
            Actor::Nobody => "nobody",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One code of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code as Aliyun writes it.
    pub code: &'static str,
    /// What sort of trouble it is.
    pub kind: Kind,
    /// Who can help.
    pub actor: Actor,
    /// What happened.
    pub cause: Text,
    /// What to do, and where.
    pub cure: Text,
}

/// A sentence in both languages, without a full stop. The English one starts
/// in lower case and names console pages in Chinese, between “ and ”.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Simplified Chinese.
    pub zh: &'static str,
}

impl Text {
    const fn new(en: &'static str, zh: &'static str) -> Text {
        Text { en, zh }
    }
}

/// The entry for a code, spelled as Aliyun spells it.
pub fn lookup(code: &str) -> Option<&'static Entry> {
    let index = entries().binary_search_by(|entry| entry.code.cmp(code));
    index.ok().map(|index| &entries()[index])
}

/// All entries, sorted by code.
pub fn entries() -> &'static [Entry] {
    catalogue::ENTRIES
}

/// The kind of any code: that of its entry, or else a guess from its prefix
/// and the HTTP status it came with.
pub fn kind_of(code: &str, http_status: u16) -> Kind {
    match lookup(code) {
        Some(entry) => entry.kind,
        None => guess_kind(code, http_status),
    }
}

/// What an answer with this code proves about the message it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Aliyun did not take the message: sending it again cannot double it.
    NotAccepted,
    /// The message may have been taken.
    Nothing,
}

/// What an error answer proves. Meant for codes other than `OK`.
///
/// `SignatureNonceUsed` proves that a request with a fresh nonce was refused.
/// Where the same bytes were sent twice it proves nothing, since the first
/// copy may have been taken; only the caller knows which of the two it was.
pub fn proof(code: &str, http_status: u16) -> Proof {
    let accepted_none = match lookup(code) {
        Some(entry) => entry.kind != Kind::Server || code == "SignatureNonceUsed",
        None => refuses_unlisted(code, http_status),
    };
    if accepted_none {
        Proof::NotAccepted
    } else {
        Proof::Nothing
    }
}

fn guess_kind(code: &str, http_status: u16) -> Kind {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if starts(&["Throttling"]) {
        Kind::RateLimit
    } else if starts(&["InvalidAccessKeyId"]) || code.contains("SecurityToken") {
        Kind::Credential
    } else if starts(&["Missing", "Invalid"]) {
        Kind::Configuration
    } else if starts(&["Forbidden", "NoPermission"]) {
        Kind::Permission
    } else if starts(&["isp."]) || http_status >= 500 {
        Kind::Server
    } else {
        Kind::Configuration
    }
}

fn refuses_unlisted(code: &str, http_status: u16) -> bool {
    if code.starts_with("Throttling") {
        return true;
    }
    if http_status >= 500 || is_a_fault_of_the_service(code) || is_a_time_out(http_status) {
        return false;
    }
    code.starts_with("isv.") || code.starts_with("biz.") || (400..500).contains(&http_status)
}

/// Sub-codes of the listed ones (`InternalError.Timeout`) mean the same fault.
fn is_a_fault_of_the_service(code: &str) -> bool {
    let family = code.split('.').next().unwrap_or_default();
    let families = [
        "isp",
        "InternalError",
        "ServiceTimeout",
        "ServiceUnavailable",
        "UnknownError",
    ];
    families.contains(&family) || code.ends_with("SYSTEM_ERROR")
}

/// "Request Timeout", and what some proxies say when a client has gone.
fn is_a_time_out(http_status: u16) -> bool {
    matches!(http_status, 408 | 499)
}
