//! `Dysmsapi` 2017-05-25: the account's signatures and templates.

use serde::Deserialize;

use super::{Api, Operation, Parameter, lenient};

/// `QuerySmsTemplateList`: the account's templates, a page at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuerySmsTemplateList {
    /// From 1.
    pub page_index: u32,
    /// 1 to 50.
    pub page_size: u8,
}

/// `QuerySmsSignList`: the account's signatures, a page at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuerySmsSignList {
    /// From 1.
    pub page_index: u32,
    /// 1 to 50.
    pub page_size: u8,
}

fn page(index: u32, size: u8) -> Vec<Parameter<'static>> {
    vec![
        ("PageIndex", index.to_string().into()),
        ("PageSize", size.to_string().into()),
    ]
}

impl Operation for QuerySmsTemplateList {
    const ACTION: &'static str = "QuerySmsTemplateList";
    const API: Api = Api::Sms;
    type Reply = QuerySmsTemplateListReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        page(self.page_index, self.page_size)
    }
}

impl Operation for QuerySmsSignList {
    const ACTION: &'static str = "QuerySmsSignList";
    const API: Api = Api::Sms;
    type Reply = QuerySmsSignListReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        page(self.page_index, self.page_size)
    }
}

/// What `QuerySmsTemplateList` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QuerySmsTemplateListReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// All templates, on whatever page.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub total_count: Option<i64>,
    /// The templates on this page.
    #[serde(default, deserialize_with = "lenient::list")]
    pub sms_template_list: Vec<TemplateSummary>,
}

/// One template in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TemplateSummary {
    /// `SMS_` and digits.
    pub template_code: String,
    /// Its name in the console.
    #[serde(default, deserialize_with = "lenient::string")]
    pub template_name: String,
    /// Its text, variables as `${name}`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub template_content: String,
    /// 0 verification code, 1 notification, 2 promotion, 3 international. (The
    /// list's own `TemplateType` counts differently and is not read.)
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub outer_template_type: Option<i64>,
    /// `AUDIT_STATE_INIT`, `_PASS`, `_NOT_PASS`, or `AUDIT_SATE_CANCEL` (so
    /// spelt by Aliyun).
    #[serde(default, deserialize_with = "lenient::string")]
    pub audit_status: String,
    /// The signature it belongs to.
    #[serde(default, deserialize_with = "lenient::text")]
    pub signature_name: Option<String>,
    /// Why it was rejected.
    #[serde(default, deserialize_with = "lenient::part")]
    pub reason: Option<ReviewReason>,
}

/// Why a signature or template was rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReviewReason {
    /// The reviewer's words.
    #[serde(default, deserialize_with = "lenient::text")]
    pub reject_info: Option<String>,
    /// More of them.
    #[serde(default, deserialize_with = "lenient::text")]
    pub reject_sub_info: Option<String>,
    /// `yyyy-MM-dd HH:mm:ss`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub reject_date: Option<String>,
}

/// What `QuerySmsSignList` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QuerySmsSignListReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// All signatures, on whatever page.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub total_count: Option<i64>,
    /// The signatures on this page.
    #[serde(default, deserialize_with = "lenient::list")]
    pub sms_sign_list: Vec<SignSummary>,
}

/// One signature in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignSummary {
    /// The signature.
    pub sign_name: String,
    /// `AUDIT_STATE_INIT`, `_PASS`, `_NOT_PASS` or `_CANCEL`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub audit_status: String,
    /// `验证码类型` (codes only) or `通用类型` (general).
    #[serde(default, deserialize_with = "lenient::string")]
    pub business_type: String,
    /// Why it was rejected.
    #[serde(default, deserialize_with = "lenient::part")]
    pub reason: Option<ReviewReason>,
}

/// `GetSmsTemplate`: one template in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetSmsTemplate {
    /// `SMS_` and digits.
    pub template_code: String,
}

impl Operation for GetSmsTemplate {
    const ACTION: &'static str = "GetSmsTemplate";
    const API: Api = Api::Sms;
    type Reply = GetSmsTemplateReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        vec![("TemplateCode", self.template_code.as_str().into())]
    }
}

/// What `GetSmsTemplate` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSmsTemplateReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// `SMS_` and digits.
    #[serde(default, deserialize_with = "lenient::string")]
    pub template_code: String,
    /// Its name in the console.
    #[serde(default, deserialize_with = "lenient::string")]
    pub template_name: String,
    /// Its text, variables as `${name}`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub template_content: String,
    /// 0 under review, 1 approved, 2 rejected, 10 cancelled.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub template_status: Option<i64>,
    /// 0 verification code, 1 notification, 2 promotion, 3 international.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub template_type: Option<i64>,
    /// 2 the account's own, 3 gift, 4 test.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub template_tag: Option<i64>,
    /// JSON as text, variable name to attribute.
    #[serde(default, deserialize_with = "lenient::text")]
    pub variable_attribute: Option<String>,
    /// The signature it was filed with.
    #[serde(default, deserialize_with = "lenient::text")]
    pub related_sign_name: Option<String>,
    /// The others it may go with.
    #[serde(default, deserialize_with = "lenient::part")]
    pub sign_list: Option<SignList>,
    /// Of an international one: 0 notification, 1 promotion, 2 code.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub intl_type: Option<i64>,
    /// Why it was rejected.
    #[serde(default, deserialize_with = "lenient::part")]
    pub audit_info: Option<ReviewReason>,
}

/// The signatures a template was filed with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignList {
    /// Their names.
    #[serde(default, deserialize_with = "lenient::list")]
    pub sign_list: Vec<String>,
}

/// `GetSmsSign`: one signature in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetSmsSign {
    /// The signature.
    pub sign_name: String,
}

impl Operation for GetSmsSign {
    const ACTION: &'static str = "GetSmsSign";
    const API: Api = Api::Sms;
    type Reply = GetSmsSignReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        vec![("SignName", self.sign_name.as_str().into())]
    }
}

/// What `GetSmsSign` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSmsSignReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// The signature.
    #[serde(default, deserialize_with = "lenient::string")]
    pub sign_name: String,
    /// 0 under review, 1 approved, 2 rejected, 10 cancelled.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub sign_status: Option<i64>,
    /// 2 the account's own, 3 gift, 4 test, 5 trial.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub sign_tag: Option<i64>,
    /// Why it was rejected.
    #[serde(default, deserialize_with = "lenient::part")]
    pub audit_info: Option<ReviewReason>,
    /// How far each carrier is with it. An approved signature that is not filed
    /// fails in the delivery report, not in the API's answer.
    #[serde(default, deserialize_with = "lenient::list")]
    pub sign_isp_register_detail_list: Vec<CarrierRegistration>,
}

/// A signature's filing with one carrier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CarrierRegistration {
    /// `mobile`, `unicom` or `telecom`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub operator_code: String,
    /// -2 not filed, -1 filing, 0 failed, 1 filed and awaiting proof, 2 lapsed
    /// (nothing sent for six months), 3 succeeded.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub register_status: Option<i64>,
    /// Why it stands there.
    #[serde(default, deserialize_with = "lenient::list")]
    pub register_status_reasons: Vec<RegistrationReason>,
}

/// Why a filing stands where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegistrationReason {
    /// `NO_SEND_RECORD`, `QUALIFICATION_ERROR` and the like.
    #[serde(default, deserialize_with = "lenient::string")]
    pub reason_code: String,
    /// The same in words.
    #[serde(default, deserialize_with = "lenient::list")]
    pub reason_desc_list: Vec<String>,
}
