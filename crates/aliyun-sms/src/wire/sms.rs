//! `Dysmsapi` 2017-05-25: sending, and asking what became of a message.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{self, TimeZone};
use serde::Deserialize;

use super::{Api, Operation, Parameter, lenient, push_optional};
use crate::redact::{REDACTED, mask_number};

/// `SendSms`: one text to one number, or to up to 1000 joined with commas.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SendSms {
    /// Mainland: 11 digits, with or without `86`, `+86` or `0086`. Others:
    /// country code and number, digits only.
    pub phone_numbers: String,
    /// An approved signature of the account.
    pub sign_name: String,
    /// An approved template of the account, `SMS_` and digits.
    pub template_code: String,
    /// A JSON object as text, every value a string.
    pub template_param: Option<String>,
    /// Extension code for replies.
    pub sms_up_extend_code: Option<String>,
    /// The caller's own id; comes back in reports and in `QuerySendDetails`.
    /// Aliyun does not use it to refuse duplicates.
    pub out_id: Option<String>,
}

impl fmt::Debug for SendSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendSms")
            .field("phone_numbers", &mask_number(&self.phone_numbers))
            .field("sign_name", &self.sign_name)
            .field("template_code", &self.template_code)
            .field(
                "template_param",
                &self.template_param.as_ref().map(|_| REDACTED),
            )
            .field("out_id", &self.out_id)
            .finish_non_exhaustive()
    }
}

impl Operation for SendSms {
    const ACTION: &'static str = "SendSms";
    const API: Api = Api::Sms;
    type Reply = SendSmsReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("PhoneNumbers", self.phone_numbers.as_str().into()),
            ("SignName", self.sign_name.as_str().into()),
            ("TemplateCode", self.template_code.as_str().into()),
        ];
        push_optional(
            &mut parameters,
            "TemplateParam",
            self.template_param.as_deref(),
        );
        push_optional(
            &mut parameters,
            "SmsUpExtendCode",
            self.sms_up_extend_code.as_deref(),
        );
        push_optional(&mut parameters, "OutId", self.out_id.as_deref());
        parameters
    }
}

/// What `SendSms` and `SendBatchSms` answer when they accept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendSmsReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// Aliyun's receipt, one for the whole call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub biz_id: Option<String>,
}

/// One message of a [`SendBatchSms`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BatchMessage {
    /// As [`SendSms::phone_numbers`], one number.
    pub phone_number: String,
    /// As [`SendSms::sign_name`].
    pub sign_name: String,
    /// Values of the template's variables.
    pub template_param: Vec<(String, String)>,
}

/// `SendBatchSms`: up to 100 numbers, each with its own signature and values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SendBatchSms {
    /// The messages.
    pub messages: Vec<BatchMessage>,
    /// One template for all of them.
    pub template_code: String,
    /// As [`SendSms::out_id`], one for all.
    pub out_id: Option<String>,
}

impl fmt::Debug for SendBatchSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendBatchSms")
            .field("messages", &self.messages.len())
            .field("template_code", &self.template_code)
            .field("out_id", &self.out_id)
            .finish()
    }
}

impl Operation for SendBatchSms {
    const ACTION: &'static str = "SendBatchSms";
    const API: Api = Api::Sms;
    type Reply = SendSmsReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let list = |of: fn(&BatchMessage) -> &str| -> Cow<'_, str> {
            let values: Vec<&str> = self.messages.iter().map(of).collect();
            serde_json::Value::from(values).to_string().into()
        };
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("PhoneNumberJson", list(|message| &message.phone_number)),
            ("SignNameJson", list(|message| &message.sign_name)),
            ("TemplateCode", self.template_code.as_str().into()),
        ];
        if self.messages.iter().any(|m| !m.template_param.is_empty()) {
            let values: serde_json::Value = self
                .messages
                .iter()
                .map(|message| template_param_object(&message.template_param))
                .collect();
            parameters.push(("TemplateParamJson", values.to_string().into()));
        }
        push_optional(&mut parameters, "OutId", self.out_id.as_deref());
        parameters
    }
}

fn template_param_object(values: &[(String, String)]) -> serde_json::Value {
    let object: serde_json::Map<String, serde_json::Value> = values
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    object.into()
}

/// `QuerySendDetails`: what became of the messages to one number on one day.
#[derive(Clone, PartialEq, Eq)]
pub struct QuerySendDetails {
    /// 11 digits, or country code and number.
    pub phone_number: String,
    /// The day in Aliyun's zone, see [`beijing_date`]; within the last 30.
    pub send_date: Date,
    /// Entries on a page, 1 to 50.
    pub page_size: u8,
    /// From 1.
    pub current_page: u32,
    /// Narrows to the messages of one accepted call.
    pub biz_id: Option<String>,
}

impl fmt::Debug for QuerySendDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySendDetails")
            .field("phone_number", &mask_number(&self.phone_number))
            .field("send_date", &self.send_date)
            .field("current_page", &self.current_page)
            .field("biz_id", &self.biz_id)
            .finish_non_exhaustive()
    }
}

impl Operation for QuerySendDetails {
    const ACTION: &'static str = "QuerySendDetails";
    const API: Api = Api::Sms;
    type Reply = QuerySendDetailsReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("PhoneNumber", self.phone_number.as_str().into()),
            (
                "SendDate",
                self.send_date.strftime("%Y%m%d").to_string().into(),
            ),
            ("PageSize", self.page_size.to_string().into()),
            ("CurrentPage", self.current_page.to_string().into()),
        ];
        push_optional(&mut parameters, "BizId", self.biz_id.as_deref());
        parameters
    }
}

/// The calendar day of a time in Aliyun's zone, UTC+8.
pub fn beijing_date(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::fixed(tz::offset(8))).date()
}

/// What `QuerySendDetails` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QuerySendDetailsReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// All that match, on whatever page.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub total_count: Option<i64>,
    #[serde(
        rename = "SmsSendDetailDTOs",
        default,
        deserialize_with = "lenient::part"
    )]
    details: Option<DetailList>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct DetailList {
    #[serde(
        rename = "SmsSendDetailDTO",
        default,
        deserialize_with = "lenient::list"
    )]
    list: Vec<SendDetail>,
}

impl QuerySendDetailsReply {
    /// The messages on this page.
    pub fn details(&self) -> &[SendDetail] {
        self.details.as_ref().map_or(&[], |details| &details.list)
    }

    /// The same, by value.
    pub fn into_details(self) -> Vec<SendDetail> {
        self.details.map(|details| details.list).unwrap_or_default()
    }
}

/// One message. Its text is dropped while parsing, because it holds the code.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendDetail {
    /// 11 digits for mainland numbers, else country code and number.
    #[serde(default, deserialize_with = "lenient::string")]
    pub phone_num: String,
    /// What became of it.
    #[serde(default)]
    pub send_status: SendStatus,
    /// `DELIVERED` (older: `DELIVRD`), or why it failed; the set is open.
    #[serde(default, deserialize_with = "lenient::text")]
    pub err_code: Option<String>,
    /// The id given when sending.
    #[serde(default, deserialize_with = "lenient::text")]
    pub out_id: Option<String>,
    /// The template it was sent with.
    #[serde(default, deserialize_with = "lenient::text")]
    pub template_code: Option<String>,
    /// `yyyy-MM-dd HH:mm:ss`, UTC+8.
    #[serde(default, deserialize_with = "lenient::text")]
    pub send_date: Option<String>,
    /// `yyyy-MM-dd HH:mm:ss`, UTC+8; absent while it waits.
    #[serde(default, deserialize_with = "lenient::text")]
    pub receive_date: Option<String>,
}

impl fmt::Debug for SendDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendDetail")
            .field("phone_num", &mask_number(&self.phone_num))
            .field("send_status", &self.send_status)
            .field("err_code", &self.err_code)
            .field("out_id", &self.out_id)
            .field("template_code", &self.template_code)
            .field("send_date", &self.send_date)
            .field("receive_date", &self.receive_date)
            .finish()
    }
}

/// `SendStatus` of [`SendDetail`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SendStatus {
    /// 1: accepted, no report yet.
    Waiting,
    /// 2: a report says it failed.
    Failed,
    /// 3: a report says it arrived.
    Delivered,
    /// None, or one Aliyun's documents do not list. That the message is listed
    /// at all says that it was accepted.
    #[default]
    Other,
}

impl<'de> Deserialize<'de> for SendStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match lenient::optional_number(deserializer)? {
            Some(1) => Self::Waiting,
            Some(2) => Self::Failed,
            Some(3) => Self::Delivered,
            _ => Self::Other,
        })
    }
}
