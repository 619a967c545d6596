//! What goes over the wire, in both directions: requests, replies, delivery
//! reports and their acknowledgement.
//!
//! To add an operation: a request and a reply here (in the file of its API),
//! then a method on [`Client`](crate::Client). Field names and rules come from
//! Aliyun's API reference of `Dysmsapi` 2017-05-25 and 2018-05-01 and of
//! `Dypnsapi` 2017-05-25. A field that is not named here is passed over, so a
//! new one on Aliyun's side breaks nothing.

mod applications;
mod billing;
mod conversion;
mod globe;
mod lenient;
mod pns;
mod reading;
mod report;
mod resources;
mod sms;

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use lenient::Loose;
pub(crate) use lenient::is_id;
pub(crate) use reading::Reading;

pub use applications::{
    AppliedSignReply, AppliedTemplateReply, CreateSmsSign, CreateSmsTemplate, SignApplication,
    TemplateApplication, UpdateSmsSign, UpdateSmsTemplate,
};
pub use billing::{AccountBalance, QueryAccountBalance, QueryAccountBalanceReply};
pub use conversion::{
    ConversionData, ConversionDataIntl, ConversionReply, SmsConversion, SmsConversionIntl,
};
pub use globe::{
    GlobeStatus, QueryMessage, QueryMessageReply, SendMessageToGlobe, SendMessageToGlobeReply,
    SendMessageWithTemplate,
};
pub use pns::{
    CheckSmsVerifyCode, CheckSmsVerifyCodeReply, SendSmsVerifyCode, SendSmsVerifyCodeReply,
};
pub use report::{Acknowledgement, DeliveryReport, GlobeReport};
pub use resources::{
    CarrierRegistration, GetSmsSign, GetSmsSignReply, GetSmsTemplate, GetSmsTemplateReply,
    QuerySmsSignList, QuerySmsSignListReply, QuerySmsTemplateList, QuerySmsTemplateListReply,
    RegistrationReason, ReviewReason, SignList, SignSummary, TemplateSummary,
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
    /// `BssOpenApi` 2017-12-14: the account's money.
    Billing,
}

impl Api {
    pub(crate) const ALL: [Self; 4] = [Self::Sms, Self::Pns, Self::Globe, Self::Billing];

    /// The version, as it travels in `Version` or `x-acs-version`.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Sms | Self::Pns => "2017-05-25",
            Self::Globe => "2018-05-01",
            Self::Billing => "2017-12-14",
        }
    }
}

/// One operation of an API: its name, its parameters, its reply.
pub trait Operation {
    /// The name, as it travels in `Action` or `x-acs-action`.
    const ACTION: &'static str;
    /// The API it belongs to.
    const API: Api;
    /// The codes of an accepted call.
    const ACCEPTED: &'static [&'static str] = &["OK"];
    /// What an accepted call answers.
    type Reply: DeserializeOwned;

    /// The parameters, without the common ones; absent ones left out.
    fn parameters(&self) -> Vec<Parameter<'_>>;
}

/// The part of every answer that says what became of the call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    code: Loose<'a>,
    /// The same in answers of the 2018-05-01 API.
    #[serde(borrow)]
    response_code: Loose<'a>,
    #[serde(borrow)]
    message: Loose<'a>,
    #[serde(borrow)]
    request_id: Loose<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads it from a body that is a JSON object.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let body = without_mark(body);
        // An array would be taken for a struct, its elements for the fields.
        if !body.trim_ascii_start().starts_with(b"{") {
            return None;
        }
        serde_json::from_slice(body).ok()
    }

    /// The code, whichever of its two names it travels under; never anything
    /// that is no code, since it is printed.
    pub(crate) fn code(&self) -> Option<&str> {
        let code = self.code.as_str().or(self.response_code.as_str());
        code.filter(|code| is_id(code))
    }

    /// Read for the limit it names, and never passed on: it may echo the whole
    /// request.
    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_str()
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_str().filter(|id| is_id(id))
    }
}

/// A body without the byte-order mark that some proxies put in front.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
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
