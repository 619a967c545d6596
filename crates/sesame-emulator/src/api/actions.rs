//! The actions of the four APIs by name, and how those that are built are
//! answered.
//!
//! To build one: write its handler in the file of its subject, and add a row to
//! [`OPERATIONS`].

use super::refusal::Refusal;
use super::reply::Fields;
use super::{
    Call, base, billing, conversion, globe, pns, query, send, sign_names, statistics, templates,
};
use crate::state::Shared;

/// All APIs but the international site's.
pub(crate) const VERSION_2017: &str = "2017-05-25";
/// `Dysmsapi` of the international site.
pub(crate) const VERSION_2018: &str = "2018-05-01";
/// `BssOpenApi`.
pub(crate) const VERSION_BILLING: &str = "2017-12-14";

/// The APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Product {
    /// `Dysmsapi` 2017-05-25: the SMS service.
    Sms,
    /// `Dypnsapi` 2017-05-25: number verification.
    Pns,
    /// `Dysmsapi` 2018-05-01: the international site's SMS service.
    Globe,
    /// `Dybaseapi` 2017-05-25: the way to the message queues.
    Base,
    /// `BssOpenApi` 2017-12-14: the account's money.
    Billing,
}

impl Product {
    /// The API an action belongs to, known or not.
    pub(crate) fn of(version: &str, action: &str) -> Self {
        if version == VERSION_2018 {
            Self::Globe
        } else if version == VERSION_BILLING {
            Self::Billing
        } else if DYBASEAPI_2017.contains(&action) {
            Self::Base
        } else if DYPNSAPI_2017.contains(&action) && !DYSMSAPI_2017.contains(&action) {
            Self::Pns
        } else {
            Self::Sms
        }
    }

    /// As Aliyun's pages about errors call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sms | Self::Globe => "Dysmsapi",
            Self::Pns => "Dypnsapi",
            Self::Base => "Dybaseapi",
            Self::Billing => "BssOpenApi",
        }
    }

    /// As RAM policies call it.
    const fn in_policies(self) -> &'static str {
        match self {
            Self::Sms | Self::Globe => "dysms",
            Self::Pns => "dypns",
            Self::Base => "dybaseapi",
            Self::Billing => "bss",
        }
    }
}

type Handler = fn(&Call<'_>, &Shared) -> Result<Fields, Refusal>;

/// An action that is built.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) product: Product,
    /// Parameters that must be there and not empty, in the order they are
    /// asked for.
    pub(crate) required: &'static [&'static str],
    pub(super) handler: Handler,
}

impl Operation {
    const fn new(
        product: Product,
        name: &'static str,
        required: &'static [&'static str],
        handler: Handler,
    ) -> Self {
        Self {
            name,
            product,
            required,
            handler,
        }
    }

    /// Its name in a RAM policy.
    pub(crate) fn permission(&self) -> String {
        let name = match self.product {
            // So spelt in policies.
            Product::Billing => "DescribeAcccount",
            _ => self.name,
        };
        format!("{}:{name}", self.product.in_policies())
    }

    /// The version it is called under.
    pub(crate) const fn version(&self) -> &'static str {
        match self.product {
            Product::Globe => VERSION_2018,
            Product::Billing => VERSION_BILLING,
            Product::Sms | Product::Pns | Product::Base => VERSION_2017,
        }
    }
}

const APPLY_FOR_SIGN: &[&str] = &["SignName", "SignSource", "QualificationId"];
const APPLY_FOR_SIGN_OLD: &[&str] = &["SignName", "SignSource", "Remark"];

#[rustfmt::skip]
static OPERATIONS: &[Operation] = {
    use Product::{Base, Billing, Globe, Pns, Sms};
    &[
        Operation::new(Sms, "SendSms", &["PhoneNumbers", "SignName", "TemplateCode"], send::send_sms),
        Operation::new(Sms, "SendBatchSms", &["PhoneNumberJson", "SignNameJson", "TemplateCode"], send::send_batch_sms),
        Operation::new(Sms, "QuerySendDetails", &["PhoneNumber", "SendDate", "PageSize", "CurrentPage"], query::query_send_details),
        Operation::new(Sms, "QuerySendStatistics", &["IsGlobe", "StartDate", "EndDate", "PageIndex", "PageSize"], statistics::query_send_statistics),
        Operation::new(Sms, "SmsConversionIntl", &["MessageId", "Delivered"], conversion::sms_conversion),
        Operation::new(Sms, "ConversionDataIntl", &["ConversionRate"], conversion::conversion_data),

        Operation::new(Sms, "QuerySmsTemplateList", &[], templates::list),
        Operation::new(Sms, "QuerySmsTemplate", &["TemplateCode"], templates::query),
        Operation::new(Sms, "GetSmsTemplate", &["TemplateCode"], templates::get),
        Operation::new(Sms, "AddSmsTemplate", &["TemplateType", "TemplateName", "TemplateContent", "Remark"], templates::add),
        Operation::new(Sms, "CreateSmsTemplate", &["TemplateName", "TemplateContent", "TemplateType"], templates::create),
        Operation::new(Sms, "ModifySmsTemplate", &["TemplateType", "TemplateName", "TemplateCode", "TemplateContent", "Remark"], templates::modify),
        Operation::new(Sms, "UpdateSmsTemplate", &["TemplateName", "TemplateCode", "TemplateContent", "TemplateType"], templates::update),
        Operation::new(Sms, "DeleteSmsTemplate", &["TemplateCode"], templates::delete),

        Operation::new(Sms, "QuerySmsSignList", &[], sign_names::list),
        Operation::new(Sms, "QuerySmsSign", &["SignName"], sign_names::query),
        Operation::new(Sms, "GetSmsSign", &["SignName"], sign_names::get),
        Operation::new(Sms, "AddSmsSign", APPLY_FOR_SIGN_OLD, sign_names::add),
        Operation::new(Sms, "CreateSmsSign", APPLY_FOR_SIGN, sign_names::create),
        Operation::new(Sms, "ModifySmsSign", APPLY_FOR_SIGN_OLD, sign_names::modify),
        Operation::new(Sms, "UpdateSmsSign", APPLY_FOR_SIGN, sign_names::update),
        Operation::new(Sms, "DeleteSmsSign", &["SignName"], sign_names::delete),

        Operation::new(Pns, "SendSmsVerifyCode", &["PhoneNumber", "SignName", "TemplateCode", "TemplateParam"], pns::send_sms_verify_code),
        Operation::new(Pns, "CheckSmsVerifyCode", &["PhoneNumber", "VerifyCode"], pns::check_sms_verify_code),

        Operation::new(Globe, "SendMessageToGlobe", &["To", "Message"], globe::send_message_to_globe),
        Operation::new(Globe, "BatchSendMessageToGlobe", &["To", "Message"], globe::batch_send_message_to_globe),
        Operation::new(Globe, "SendMessageWithTemplate", &["To", "From", "TemplateCode"], globe::send_message_with_template),
        Operation::new(Globe, "QueryMessage", &["MessageId"], globe::query_message),
        Operation::new(Globe, "SmsConversion", &["Delivered"], conversion::sms_conversion),
        Operation::new(Globe, "ConversionData", &["ConversionRate"], conversion::conversion_data),

        Operation::new(Base, "QueryTokenForMnsQueue", &["MessageType"], base::query_token_for_mns_queue),

        Operation::new(Billing, "QueryAccountBalance", &[], billing::query_account_balance),
    ]
};

/// What a name means under a version.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Built(&'static Operation),
    /// Aliyun knows it, the emulator does not. On the wire it looks like an
    /// unknown one.
    NotBuilt,
    Unknown,
}

impl Action {
    pub(crate) fn find(version: &str, name: &str) -> Self {
        let built = OPERATIONS
            .iter()
            .find(|operation| operation.name == name && operation.version() == version);
        match built {
            Some(operation) => Self::Built(operation),
            None if is_known(name) => Self::NotBuilt,
            None => Self::Unknown,
        }
    }
}

/// Whether any of the APIs has an action of that name.
pub(crate) fn is_known(name: &str) -> bool {
    [
        DYSMSAPI_2017,
        DYPNSAPI_2017,
        DYSMSAPI_2018,
        DYBASEAPI_2017,
        BSSOPENAPI_2017,
    ]
    .iter()
    .any(|names| names.contains(&name))
}

const DYSMSAPI_2017: &[&str] = &[
    "AddExtCodeSign",
    "AddRcsSignMenu",
    "AddShortUrl",
    "AddSmsSign",
    "AddSmsTemplate",
    "ChangeSignatureQualification",
    "CheckMobilesCardSupport",
    "ConversionDataIntl",
    "CreateCardSmsTemplate",
    "CreateDigitalSignOrder",
    "CreateDigitalSmsTemplate",
    "CreateRCSMobileCapableTask",
    "CreateRCSTemplate",
    "CreateSmartShortUrl",
    "CreateSmsAppIcpRecord",
    "CreateSmsAuthorizationLetter",
    "CreateSmsSign",
    "CreateSmsTemplate",
    "CreateSmsTrademark",
    "DeleteExtCodeSign",
    "DeleteShortUrl",
    "DeleteSmsQualification",
    "DeleteSmsSign",
    "DeleteSmsTemplate",
    "GetCardSmsDetails",
    "GetCardSmsLink",
    "GetMediaResourceId",
    "GetOSSInfoForUploadFile",
    "GetQualificationOssInfo",
    "GetRCSSignature",
    "GetSmsOcrOssInfo",
    "GetSmsSign",
    "GetSmsTemplate",
    "GetSmsTemplateList",
    "ListTagResources",
    "ModifySmsSign",
    "ModifySmsTemplate",
    "QueryCardSmsTemplate",
    "QueryCardSmsTemplateReport",
    "QueryDigitalSignByName",
    "QueryExtCodeSign",
    "QueryMobilesCardSupport",
    "QueryPageSmartShortUrlLog",
    "QueryRCSMobileCapable",
    "QueryRCSMobileCapableTaskResult",
    "QueryRCSTemplate",
    "QueryRcsSignMenuByVersion",
    "QuerySendDetails",
    "QuerySendStatistics",
    "QueryShortUrl",
    "QuerySingleSmsQualification",
    "QuerySmsAppIcpRecord",
    "QuerySmsAuthorizationLetter",
    "QuerySmsQualificationRecord",
    "QuerySmsSign",
    "QuerySmsSignList",
    "QuerySmsTemplate",
    "QuerySmsTemplateList",
    "QuerySmsTrademark",
    "RequiredPhoneCode",
    "SendBatchCardSms",
    "SendBatchSms",
    "SendCardSms",
    "SendLogisticsSms",
    "SendRCS",
    "SendRCSReply",
    "SendSms",
    "SmsConversionIntl",
    "SubmitSmsQualification",
    "TagResources",
    "UntagResources",
    "UpdateExtCodeSign",
    "UpdateRCSSignature",
    "UpdateSmsQualification",
    "UpdateSmsSign",
    "UpdateSmsTemplate",
    "UpgradeToRCSSignature",
    "ValidPhoneCode",
    "VerifyLogisticsSmsMailNo",
];

const DYPNSAPI_2017: &[&str] = &[
    "CheckSmsVerifyCode",
    "CreateSchemeConfig",
    "CreateVerifyScheme",
    "DeleteVerifyScheme",
    "DescribeVerifyScheme",
    "GetAuthToken",
    "GetAuthorizationUrl",
    "GetFusionAuthToken",
    "GetMobile",
    "GetPhoneWithToken",
    "GetSmsAuthTokens",
    "QueryGateVerifyBillingPublic",
    "QueryGateVerifyStatisticPublic",
    "QuerySendDetails",
    "SendSmsVerifyCode",
    "VerifyMobile",
    "VerifyPhoneWithToken",
    "VerifySmsCode",
    "VerifyWithFusionAuthToken",
];

const DYSMSAPI_2018: &[&str] = &[
    "BatchSendMessageToGlobe",
    "ConversionData",
    "QueryMessage",
    "SendMessageToGlobe",
    "SendMessageWithTemplate",
    "SmsConversion",
];

const DYBASEAPI_2017: &[&str] = &["QueryTokenForMnsQueue"];

/// Of its many actions, the one that is built.
const BSSOPENAPI_2017: &[&str] = &["QueryAccountBalance"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_under_its_own_name_and_version() {
        for operation in OPERATIONS {
            let version = operation.version();
            assert!(is_known(operation.name), "{}", operation.name);
            assert_eq!(Product::of(version, operation.name), operation.product);
            let Action::Built(found) = Action::find(version, operation.name) else {
                panic!("{}", operation.name);
            };
            assert_eq!(found.handler as usize, operation.handler as usize);
        }
    }
}
