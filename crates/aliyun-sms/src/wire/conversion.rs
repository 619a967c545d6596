//! What Aliyun is told of codes that came back: by message, or as a rate. Both
//! APIs take both, under names of their own.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Api, Operation, Parameter, lenient};

/// `SmsConversionIntl` (2017-05-25): the code of one message came back, or did
/// not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsConversionIntl {
    /// The receipt of the send.
    pub message_id: String,
    /// Whether the code came back.
    pub delivered: bool,
    /// When.
    pub conversion_time: Timestamp,
}

impl Operation for SmsConversionIntl {
    const ACTION: &'static str = "SmsConversionIntl";
    const API: Api = Api::Sms;
    type Reply = ConversionReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        one(&self.message_id, self.delivered, self.conversion_time)
    }
}

/// `SmsConversion` (2018-05-01): the same for a message of that API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsConversion {
    /// The receipt of the send.
    pub message_id: String,
    /// Whether the code came back.
    pub delivered: bool,
    /// When.
    pub conversion_time: Timestamp,
}

impl Operation for SmsConversion {
    const ACTION: &'static str = "SmsConversion";
    const API: Api = Api::Globe;
    type Reply = ConversionReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        one(&self.message_id, self.delivered, self.conversion_time)
    }
}

/// `ConversionDataIntl` (2017-05-25): the share of codes that came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversionDataIntl {
    /// 0 to 1.
    pub conversion_rate: f64,
    /// Until when it was counted.
    pub report_time: Timestamp,
}

impl Operation for ConversionDataIntl {
    const ACTION: &'static str = "ConversionDataIntl";
    const API: Api = Api::Sms;
    type Reply = ConversionReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        rate(self.conversion_rate, self.report_time)
    }
}

/// `ConversionData` (2018-05-01): the same for that API.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConversionData {
    /// 0 to 1.
    pub conversion_rate: f64,
    /// Until when it was counted.
    pub report_time: Timestamp,
}

impl Operation for ConversionData {
    const ACTION: &'static str = "ConversionData";
    const API: Api = Api::Globe;
    type Reply = ConversionReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        rate(self.conversion_rate, self.report_time)
    }
}

/// What all four answer when they take it: nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConversionReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
}

fn one(message_id: &str, delivered: bool, at: Timestamp) -> Vec<Parameter<'_>> {
    let delivered = if delivered { "true" } else { "false" };
    vec![
        ("MessageId", Cow::Borrowed(message_id)),
        ("Delivered", delivered.into()),
        ("ConversionTime", at.as_millisecond().to_string().into()),
    ]
}

/// Two decimals, as in Aliyun's example.
fn rate(rate: f64, at: Timestamp) -> Vec<Parameter<'static>> {
    vec![
        ("ConversionRate", format!("{rate:.2}").into()),
        ("ReportTime", at.as_millisecond().to_string().into()),
    ]
}
