//! `Dypnsapi` 2017-05-25: codes under gift signatures, mainland numbers only.

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;

use super::{Api, Operation, Parameter, lenient, push_optional};
use crate::redact::{REDACTED, mask_number};

/// `SendSmsVerifyCode`. What is `None` is left to Aliyun's default.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SendSmsVerifyCode {
    /// 11 digits.
    pub phone_number: String,
    /// A gift signature of this product.
    pub sign_name: String,
    /// A gift template of this product, `100001` and so on.
    pub template_code: String,
    /// A JSON object as text. The value `##code##` lets Aliyun make the code;
    /// any other is sent as it stands and cannot be checked by Aliyun later.
    pub template_param: String,
    /// Aliyun's life of the code; default 300.
    pub valid_time_secs: Option<u32>,
    /// Pause between sends to one number; default 60.
    pub interval_secs: Option<u32>,
    /// 4 to 8; default 4.
    pub code_length: Option<u8>,
    /// Scheme, up to 20 characters; the check must name the same.
    pub scheme_name: Option<String>,
    /// Whether the answer tells the code.
    pub return_verify_code: bool,
    /// The caller's own id.
    pub out_id: Option<String>,
}

impl fmt::Debug for SendSmsVerifyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendSmsVerifyCode")
            .field("phone_number", &mask_number(&self.phone_number))
            .field("sign_name", &self.sign_name)
            .field("template_code", &self.template_code)
            .field("template_param", &REDACTED)
            .field("out_id", &self.out_id)
            .finish_non_exhaustive()
    }
}

impl Operation for SendSmsVerifyCode {
    const ACTION: &'static str = "SendSmsVerifyCode";
    const API: Api = Api::Pns;
    type Reply = SendSmsVerifyCodeReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("PhoneNumber", self.phone_number.as_str().into()),
            ("SignName", self.sign_name.as_str().into()),
            ("TemplateCode", self.template_code.as_str().into()),
            ("TemplateParam", self.template_param.as_str().into()),
        ];
        let numbers = [
            ("ValidTime", self.valid_time_secs),
            ("Interval", self.interval_secs),
            ("CodeLength", self.code_length.map(u32::from)),
        ];
        for (name, value) in numbers {
            if let Some(value) = value {
                parameters.push((name, value.to_string().into()));
            }
        }
        push_optional(&mut parameters, "SchemeName", self.scheme_name.as_deref());
        if self.return_verify_code {
            parameters.push(("ReturnVerifyCode", "true".into()));
        }
        push_optional(&mut parameters, "OutId", self.out_id.as_deref());
        parameters
    }
}

/// What `SendSmsVerifyCode` answers when it accepts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendSmsVerifyCodeReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::part")]
    model: Option<SentModel>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentModel {
    #[serde(default, deserialize_with = "lenient::id")]
    biz_id: Option<String>,
    #[serde(default)]
    verify_code: Option<SecretString>,
}

impl SendSmsVerifyCodeReply {
    /// Aliyun's receipt.
    pub fn biz_id(&self) -> Option<&str> {
        self.model.as_ref()?.biz_id.as_deref()
    }

    /// The code Aliyun made, if it was asked to tell.
    pub fn verify_code(&self) -> Option<&SecretString> {
        self.model.as_ref()?.verify_code.as_ref()
    }
}

/// `CheckSmsVerifyCode`: is this the code Aliyun sent?
#[derive(Clone, PartialEq, Eq)]
pub struct CheckSmsVerifyCode {
    /// 11 digits.
    pub phone_number: String,
    /// What the end user typed.
    pub verify_code: String,
    /// The scheme it was sent under.
    pub scheme_name: Option<String>,
    /// The id it was sent with.
    pub out_id: Option<String>,
}

impl fmt::Debug for CheckSmsVerifyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckSmsVerifyCode")
            .field("phone_number", &mask_number(&self.phone_number))
            .field("verify_code", &REDACTED)
            .field("scheme_name", &self.scheme_name)
            .field("out_id", &self.out_id)
            .finish()
    }
}

impl Operation for CheckSmsVerifyCode {
    const ACTION: &'static str = "CheckSmsVerifyCode";
    const API: Api = Api::Pns;
    type Reply = CheckSmsVerifyCodeReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("PhoneNumber", self.phone_number.as_str().into()),
            ("VerifyCode", self.verify_code.as_str().into()),
        ];
        push_optional(&mut parameters, "SchemeName", self.scheme_name.as_deref());
        push_optional(&mut parameters, "OutId", self.out_id.as_deref());
        parameters
    }
}

/// What `CheckSmsVerifyCode` answers. That the call succeeded says nothing
/// about the code: see [`passed`](Self::passed).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CheckSmsVerifyCodeReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::part")]
    model: Option<CheckedModel>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CheckedModel {
    #[serde(default, deserialize_with = "lenient::text")]
    verify_result: Option<String>,
}

impl CheckSmsVerifyCodeReply {
    /// The code a wrong, expired or superseded code is refused with; the
    /// documents show a reply of `UNKNOWN` instead, so both are read.
    pub(crate) const VALIDATE_FAIL: &'static str = "isv.ValidateFail";

    /// The answer to a wrong code.
    pub(crate) fn not_passed(request_id: Option<String>) -> Self {
        Self {
            request_id,
            model: None,
        }
    }

    /// Whether the code was the right one.
    pub fn passed(&self) -> bool {
        self.model
            .as_ref()
            .and_then(|model| model.verify_result.as_deref())
            == Some("PASS")
    }
}
