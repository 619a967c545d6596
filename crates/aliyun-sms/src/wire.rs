//! What goes over the wire, in both directions: requests, replies, delivery
//! reports and their acknowledgement.
//!
//! To add an operation: a request and a reply here (in the file of its API),
//! then a method on [`Client`](crate::Client). Field names and rules come from
//! Aliyun's API reference of `Dysmsapi` 2017-05-25 and 2018-05-01 and of
//! `Dypnsapi` 2017-05-25. A field that is not named here is passed over, so a
//! new one on Aliyun's side breaks nothing.

mod globe;
mod lenient;
mod pns;
mod report;
mod resources;
mod sms;

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use globe::{
    GlobeStatus, QueryMessage, QueryMessageReply, SendMessageToGlobe, SendMessageToGlobeReply,
};
pub use pns::{
    CheckSmsVerifyCode, CheckSmsVerifyCodeReply, SendSmsVerifyCode, SendSmsVerifyCodeReply,
};
pub use report::{Acknowledgement, DeliveryReport};
pub use resources::{
    CarrierRegistration, GetSmsSign, GetSmsSignReply, GetSmsTemplate, GetSmsTemplateReply,
    QuerySmsSignList, QuerySmsSignListReply, QuerySmsTemplateList, QuerySmsTemplateListReply,
    ReviewReason, SignSummary, TemplateSummary,
};
pub use sms::{
    BatchMessage, QuerySendDetails, QuerySendDetailsReply, SendBatchSms, SendDetail, SendSms,
    SendSmsReply, SendStatus, beijing_date,
};

/// One request parameter.
pub type Parameter<'a> = (&'static str, Cow<'a, str>);

/// The APIs this crate speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// `Dysmsapi` 2017-05-25: the SMS service.
    Sms,
    /// `Dypnsapi` 2017-05-25: number verification with gift signatures.
    Pns,
    /// `Dysmsapi` 2018-05-01: the international site's SMS service.
    Globe,
}

impl Api {
    /// The version, as it travels in `Version` or `x-acs-version`.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Sms | Self::Pns => "2017-05-25",
            Self::Globe => "2018-05-01",
        }
    }
}

/// One operation of an API: its name, its parameters, its reply.
pub trait Operation {
    /// The name, as it travels in `Action` or `x-acs-action`.
    const ACTION: &'static str;
    /// The API it belongs to.
    const API: Api;
    /// What an accepted call answers.
    type Reply: DeserializeOwned;

    /// The parameters, without the common ones; absent ones left out.
    fn parameters(&self) -> Vec<Parameter<'_>>;
}

/// A text taken out of an answer without a copy where its form allows.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The part of every answer that says what became of the call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    /// The same in answers of the 2018-05-01 API.
    #[serde(borrow, default)]
    response_code: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    request_id: Option<Text<'a>>,
}

impl Envelope<'_> {
    /// The code, whichever of its two names it travels under.
    pub(crate) fn code(&self) -> Option<&str> {
        let code = self.code.as_ref().or(self.response_code.as_ref());
        code.map(|code| code.0.as_ref())
            .filter(|code| !code.is_empty())
    }

    /// Read for the limit it names, and never passed on: it may echo the whole
    /// request.
    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_ref().map(|message| message.0.as_ref())
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().map(|id| id.0.as_ref())
    }
}

/// Appends a parameter that may be absent.
pub(crate) fn push_optional<'a>(
    parameters: &mut Vec<Parameter<'a>>,
    name: &'static str,
    value: Option<&'a str>,
) {
    if let Some(value) = value {
        parameters.push((name, Cow::Borrowed(value)));
    }
}
