//! `Dysmsapi` 2017-05-25: applying for signatures and templates.
//!
//! These are the newer operations, which name papers filed in the console before
//! (`QualificationId`); the older `AddSmsSign` took the papers along and has been
//! switched off.

use serde::Deserialize;

use super::{Api, Operation, Parameter, lenient, push_optional};

/// What is said of a signature that is applied for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignApplication {
    /// 2 to 12 characters, without brackets, punctuation and spaces.
    pub sign_name: String,
    /// Whose name it is: 0 an enterprise's, 2 an app's, 5 a trademark.
    pub sign_source: u8,
    /// The papers of its owner, as the console numbers them.
    pub qualification_id: u64,
    /// 0 for codes only, 1 for everything.
    pub sign_type: u8,
    /// Whether it stands for somebody else than the account's owner.
    pub third_party: bool,
    /// The filing of the app, for source 2.
    pub app_icp_record_id: Option<u64>,
    /// The filed trademark, for source 5.
    pub trademark_id: Option<u64>,
    /// What it is for, up to 200 characters.
    pub remark: Option<String>,
}

impl SignApplication {
    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("SignName", self.sign_name.as_str().into()),
            ("SignSource", self.sign_source.to_string().into()),
            ("QualificationId", self.qualification_id.to_string().into()),
            ("SignType", self.sign_type.to_string().into()),
            ("ThirdParty", self.third_party.to_string().into()),
        ];
        let numbers = [
            ("AppIcpRecordId", self.app_icp_record_id),
            ("TrademarkId", self.trademark_id),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                parameters.push((name, number.to_string().into()));
            }
        }
        push_optional(&mut parameters, "Remark", self.remark.as_deref());
        parameters
    }
}

/// `CreateSmsSign`: applies for a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSmsSign(pub SignApplication);

impl Operation for CreateSmsSign {
    const ACTION: &'static str = "CreateSmsSign";
    const API: Api = Api::Sms;
    type Reply = AppliedSignReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        self.0.parameters()
    }
}

/// `UpdateSmsSign`: applies once more for a rejected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSmsSign(pub SignApplication);

impl Operation for UpdateSmsSign {
    const ACTION: &'static str = "UpdateSmsSign";
    const API: Api = Api::Sms;
    type Reply = AppliedSignReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        self.0.parameters()
    }
}

/// What `CreateSmsSign` and `UpdateSmsSign` answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppliedSignReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// The signature.
    #[serde(default, deserialize_with = "lenient::string")]
    pub sign_name: String,
    /// Number of the application.
    #[serde(default, deserialize_with = "lenient::text")]
    pub order_id: Option<String>,
}

/// What is said of a template that is applied for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateApplication {
    /// Its name in the console, up to 30 characters.
    pub template_name: String,
    /// Its text, up to 500 characters, variables as `${name}`.
    pub template_content: String,
    /// 0 verification code, 1 notification, 2 promotion, 3 international.
    pub template_type: u8,
    /// The signature it belongs to; an international one needs none.
    pub related_sign_name: Option<String>,
    /// JSON as text, variable name to attribute.
    pub template_rule: Option<String>,
    /// Of an international one: 0 notification, 1 promotion, 2 code.
    pub intl_type: Option<u8>,
    /// What it is for, up to 100 characters.
    pub remark: Option<String>,
}

impl TemplateApplication {
    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![
            ("TemplateName", self.template_name.as_str().into()),
            ("TemplateContent", self.template_content.as_str().into()),
            ("TemplateType", self.template_type.to_string().into()),
        ];
        let texts = [
            ("RelatedSignName", self.related_sign_name.as_deref()),
            ("TemplateRule", self.template_rule.as_deref()),
            ("Remark", self.remark.as_deref()),
        ];
        for (name, text) in texts {
            push_optional(&mut parameters, name, text);
        }
        if let Some(intl_type) = self.intl_type {
            parameters.push(("IntlType", intl_type.to_string().into()));
        }
        parameters
    }
}

/// `CreateSmsTemplate`: applies for a template. Every call makes another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSmsTemplate(pub TemplateApplication);

impl Operation for CreateSmsTemplate {
    const ACTION: &'static str = "CreateSmsTemplate";
    const API: Api = Api::Sms;
    type Reply = AppliedTemplateReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        self.0.parameters()
    }
}

/// `UpdateSmsTemplate`: applies once more for a rejected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSmsTemplate {
    /// `SMS_` and digits.
    pub template_code: String,
    /// What is said of it now.
    pub application: TemplateApplication,
}

impl Operation for UpdateSmsTemplate {
    const ACTION: &'static str = "UpdateSmsTemplate";
    const API: Api = Api::Sms;
    type Reply = AppliedTemplateReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters = self.application.parameters();
        parameters.push(("TemplateCode", self.template_code.as_str().into()));
        parameters
    }
}

/// What `CreateSmsTemplate` and `UpdateSmsTemplate` answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppliedTemplateReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// `SMS_` and digits.
    #[serde(default, deserialize_with = "lenient::string")]
    pub template_code: String,
    /// Number of the application.
    #[serde(default, deserialize_with = "lenient::text")]
    pub order_id: Option<String>,
}
