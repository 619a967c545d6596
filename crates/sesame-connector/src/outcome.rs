//! The three ends of sending: accepted, refused, unknown. And what a report
//! says afterwards.

mod delivery;
mod view;

use std::time::Duration;

use aliyun_sms::code::Kind;
use jiff::Timestamp;

pub use delivery::Delivery;
pub use view::OutcomeView;

use crate::message::OutId;
use crate::phone::PhoneError;
use crate::template::{ParamError, RouteError};
use crate::text::Text;

/// For the person whose number gets no messages.
const NUMBER_REFUSED: Text = Text::fixed(
    "This phone number cannot receive a verification code. Please check it.",
    "该手机号无法接收验证码，请核对后重试。",
);

/// For the person who waits for a message that was not sent, whatever the cause.
pub const NOT_SENT: Text = Text::fixed(
    "The verification code could not be sent. Please try again later.",
    "验证码发送失败，请稍后再试。",
);

/// Why there is nothing to wait for behind some accepted messages.
pub const UNREPORTED: Text = Text::fixed(
    "this provider sends no delivery reports and cannot be asked about its messages",
    "该通道不提供送达回执，也无法查询短信结果",
);

/// What became of sending one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it. Only a report says whether it arrived.
    Accepted(Receipt),
    /// It was not sent, for certain.
    Refused(Refusal),
    /// It may have been sent. Ask before sending again.
    Unknown(Doubt),
}

/// The provider took a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Our id of the message.
    pub out_id: OutId,
    /// The provider's.
    pub biz_id: Option<String>,
    /// Id of the API call.
    pub request_id: Option<String>,
    /// When sending began, by our clock.
    pub sent_at: Timestamp,
}

/// How far a message came before it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The number or the values are wrong: whoever asked must change them.
    Argument,
    /// The configuration is wrong.
    Configuration,
    /// The configuration does not read the number, or has nothing for it and
    /// the usage type.
    Routing,
    /// The provider was not reached.
    NotSent,
    /// The provider refused it.
    Provider,
}

impl Stage {
    /// The name in logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Configuration => "configuration",
            Self::Routing => "routing",
            Self::NotSent => "not_sent",
            Self::Provider => "provider",
        }
    }
}

/// A message was not sent. Holds nothing that Aliyun wrote but its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Our id of the message.
    pub out_id: OutId,
    /// Id of the API call, if there was one.
    pub request_id: Option<String>,
    /// Aliyun's code (`isv.…`), or a stable one of ours (`country_code_missing`).
    pub code: String,
    /// What sort of trouble it is.
    pub kind: Kind,
    /// How far the message came.
    pub stage: Stage,
    /// What happened, for the operator.
    pub cause: Text,
    /// What to do about it, for the operator.
    pub cure: Text,
    /// How long to wait before sending to this number again.
    pub retry_after: Option<Duration>,
    /// Whether the same message may go through later with nothing changed.
    pub is_transient: bool,
}

impl Refusal {
    /// A neutral sentence for the person who waits for the message.
    pub fn end_user(&self) -> Text {
        match self.kind {
            _ if self.is_of_region() => NUMBER_REFUSED,
            Kind::Phone => NUMBER_REFUSED,
            Kind::RateLimit => Text::fixed(
                "Too many verification codes were requested. Please try again later.",
                "获取验证码过于频繁，请稍后再试。",
            ),
            _ => NOT_SENT,
        }
    }

    /// Whether the number is of a region that the configuration does not serve:
    /// anybody may type one, and trying again does not help.
    pub fn is_of_region(&self) -> bool {
        self.stage == Stage::Routing && RouteError::REGIONAL.contains(&self.code.as_str())
    }

    /// The number is none we can send to.
    pub fn of_phone(out_id: OutId, error: PhoneError) -> Self {
        let stage = match error {
            PhoneError::CountryCodeMissing | PhoneError::PlusOneOrMainland => Stage::Routing,
            _ => Stage::Argument,
        };
        let texts = (error.cause(), error.cure());
        Self::ours(out_id, error.code(), Kind::Phone, stage, texts)
    }

    /// Nothing is configured for the number and usage type.
    pub(crate) fn of_route(out_id: OutId, error: &RouteError) -> Self {
        let kind = match error {
            RouteError::NoSignName(_) => Kind::Signature,
            _ => Kind::Template,
        };
        let texts = (error.cause(), error.cure());
        Self::ours(out_id, error.code(), kind, Stage::Routing, texts)
    }

    /// The values do not fit into the template.
    pub(crate) fn of_param(out_id: OutId, error: &ParamError) -> Self {
        let texts = (error.cause(), error.cure());
        Self::ours(out_id, error.code(), Kind::Template, Stage::Argument, texts)
    }

    /// One that was written down, as far as its code tells.
    pub fn recalled(out_id: OutId, code: &str, request_id: Option<String>) -> Self {
        let entry = aliyun_sms::code::lookup(code);
        // Without a call it was this machine, or one on the way.
        let status = if request_id.is_some() { 400 } else { 503 };
        let kind = aliyun_sms::code::kind_of(code, status);
        let texts = match entry {
            Some(entry) => (entry.cause.into(), entry.cure.into()),
            None => (
                Text::fixed("an earlier try was refused", "此前的请求已被拒绝"),
                Text::fixed(
                    "look the code up, or see the log of that time",
                    "请查询该错误码，或查看当时的日志",
                ),
            ),
        };
        let stage = match request_id {
            Some(_) => Stage::Provider,
            None => Stage::NotSent,
        };
        Self {
            request_id,
            is_transient: kind == Kind::RateLimit || stage == Stage::NotSent,
            ..Self::ours(out_id, code, kind, stage, texts)
        }
    }

    /// One of our own codes, which no waiting helps.
    pub(crate) fn ours(
        out_id: OutId,
        code: &str,
        kind: Kind,
        stage: Stage,
        (cause, cure): (Text, Text),
    ) -> Self {
        Self {
            out_id,
            request_id: None,
            code: code.to_owned(),
            kind,
            stage,
            cause,
            cure,
            retry_after: None,
            is_transient: false,
        }
    }
}

/// Nobody knows whether a message was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Our id of the message.
    pub out_id: OutId,
    /// Id of the API call, where an answer had one.
    pub request_id: Option<String>,
    /// Aliyun's code, or a stable one of ours (`timed_out`).
    pub code: String,
    /// What happened, for the operator.
    pub cause: Text,
    /// What to do about it, for the operator.
    pub cure: Text,
    /// When sending began, by our clock.
    pub sent_at: Timestamp,
}

impl Doubt {
    /// A neutral sentence for the person who waits for the message.
    pub fn end_user(&self) -> Text {
        Text::fixed(
            "The verification code may be on its way. If it does not arrive within a minute, please ask for another one.",
            "验证码可能正在发送中，如一分钟内未收到，请重新获取。",
        )
    }
}

impl Outcome {
    /// The name in logs and JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Our id of the message.
    pub fn out_id(&self) -> &OutId {
        match self {
            Self::Accepted(receipt) => &receipt.out_id,
            Self::Refused(refusal) => &refusal.out_id,
            Self::Unknown(doubt) => &doubt.out_id,
        }
    }

    /// The provider's id of the message.
    pub fn biz_id(&self) -> Option<&str> {
        match self {
            Self::Accepted(receipt) => receipt.biz_id.as_deref(),
            Self::Refused(_) | Self::Unknown(_) => None,
        }
    }

    /// Id of the API call.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Accepted(receipt) => receipt.request_id.as_deref(),
            Self::Refused(refusal) => refusal.request_id.as_deref(),
            Self::Unknown(doubt) => doubt.request_id.as_deref(),
        }
    }

    /// Why it was not, or may not have been, accepted: Aliyun's code or ours.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Accepted(_) => None,
            Self::Refused(refusal) => Some(&refusal.code),
            Self::Unknown(doubt) => Some(&doubt.code),
        }
    }
}
