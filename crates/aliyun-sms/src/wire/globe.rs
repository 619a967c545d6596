//! `Dysmsapi` 2018-05-01: the international site, numbers outside the mainland.

use std::fmt;

use serde::Deserialize;

use super::{Api, Operation, Parameter, lenient, push_optional};
use crate::redact::{REDACTED, mask_number};

/// `SendMessageToGlobe`: a text to one number outside the mainland.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SendMessageToGlobe {
    /// Country code and number, digits only.
    pub to: String,
    /// The whole text.
    pub message: String,
    /// Sender id: up to 11 letters and digits, or up to 15 digits.
    pub from: Option<String>,
    /// `OTP`, `NOTIFY` or `MKT`.
    pub kind: Option<String>,
    /// 1 to 255; comes back in reports.
    pub task_id: Option<String>,
    /// How long the carriers may keep trying.
    pub validity_period_secs: Option<u32>,
}

impl fmt::Debug for SendMessageToGlobe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendMessageToGlobe")
            .field("to", &mask_number(&self.to))
            .field("message", &REDACTED)
            .field("from", &self.from)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Operation for SendMessageToGlobe {
    const ACTION: &'static str = "SendMessageToGlobe";
    const API: Api = Api::Globe;
    type Reply = SendMessageToGlobeReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("To", self.to.as_str().into()),
            ("Message", self.message.as_str().into()),
        ];
        push_optional(&mut parameters, "From", self.from.as_deref());
        push_optional(&mut parameters, "Type", self.kind.as_deref());
        push_optional(&mut parameters, "TaskId", self.task_id.as_deref());
        if let Some(secs) = self.validity_period_secs {
            parameters.push(("ValidityPeriod", secs.to_string().into()));
        }
        parameters
    }
}

/// What `SendMessageToGlobe` and `SendMessageWithTemplate` answer when they
/// accept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendMessageToGlobeReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// Aliyun's receipt; without it the message cannot be asked about.
    #[serde(default, deserialize_with = "lenient::id")]
    pub message_id: Option<String>,
    /// How many parts the text was cut into.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub segments: Option<i64>,
}

/// `SendMessageWithTemplate`: a template's text to one number of the mainland.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SendMessageWithTemplate {
    /// `86` and the number, digits only.
    pub to: String,
    /// An approved signature, without brackets.
    pub from: String,
    /// An approved template, `SMS_` and digits.
    pub template_code: String,
    /// A JSON object as text, all its values texts.
    pub template_param: Option<String>,
}

impl fmt::Debug for SendMessageWithTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendMessageWithTemplate")
            .field("to", &mask_number(&self.to))
            .field("from", &self.from)
            .field("template_code", &self.template_code)
            .field("template_param", &REDACTED)
            .finish()
    }
}

impl Operation for SendMessageWithTemplate {
    const ACTION: &'static str = "SendMessageWithTemplate";
    const API: Api = Api::Globe;
    type Reply = SendMessageToGlobeReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("To", self.to.as_str().into()),
            ("From", self.from.as_str().into()),
            ("TemplateCode", self.template_code.as_str().into()),
        ];
        push_optional(
            &mut parameters,
            "TemplateParam",
            self.template_param.as_deref(),
        );
        parameters
    }
}

/// `QueryMessage`: what became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryMessage {
    /// The receipt of the send.
    pub message_id: String,
}

impl Operation for QueryMessage {
    const ACTION: &'static str = "QueryMessage";
    const API: Api = Api::Globe;
    type Reply = QueryMessageReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        vec![("MessageId", self.message_id.as_str().into())]
    }
}

/// What `QueryMessage` answers. The text is dropped while parsing, because it
/// holds the code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryMessageReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// What became of it.
    #[serde(default)]
    pub status: GlobeStatus,
    /// `DELIVERED`, or why it failed; the set is open.
    #[serde(default, deserialize_with = "lenient::text")]
    pub error_code: Option<String>,
    /// `Mon, 24 Dec 2018 16:58:22 +0800`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub send_date: Option<String>,
    /// The same form; absent while it is on its way.
    #[serde(default, deserialize_with = "lenient::text")]
    pub receive_date: Option<String>,
}

/// `Status` of [`QueryMessageReply`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GlobeStatus {
    /// 1: arrived.
    Delivered,
    /// 2: failed.
    Failed,
    /// 3: on its way.
    Sending,
    /// None, or one Aliyun's documents do not list.
    #[default]
    Other,
}

impl<'de> Deserialize<'de> for GlobeStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match lenient::optional_number(deserializer)? {
            Some(1) => Self::Delivered,
            Some(2) => Self::Failed,
            Some(3) => Self::Sending,
            _ => Self::Other,
        })
    }
}
