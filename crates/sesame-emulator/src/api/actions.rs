//! The actions of the three products by name, and which of them are built.
//!
//! To build one: move its name into [`Operation`], write its handler in a file
//! beside this one, and call it from [`super::dispatch`].

use serde::{Deserialize, Serialize};

/// `Dysmsapi` and `Dypnsapi`.
pub(crate) const VERSION_2017: &str = "2017-05-25";
/// `Dysmsapi` of the international site.
pub(crate) const VERSION_2018: &str = "2018-05-01";

/// An action that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Operation {
    SendSms,
    SendBatchSms,
    QuerySendDetails,
    QuerySendStatistics,
}

impl Operation {
    const ALL: [Self; 4] = [
        Self::SendSms,
        Self::SendBatchSms,
        Self::QuerySendDetails,
        Self::QuerySendStatistics,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SendSms => "SendSms",
            Self::SendBatchSms => "SendBatchSms",
            Self::QuerySendDetails => "QuerySendDetails",
            Self::QuerySendStatistics => "QuerySendStatistics",
        }
    }

    /// Its name in a RAM policy.
    pub(crate) const fn permission(self) -> &'static str {
        match self {
            Self::SendSms => "dysms:SendSms",
            Self::SendBatchSms => "dysms:SendBatchSms",
            Self::QuerySendDetails => "dysms:QuerySendDetails",
            Self::QuerySendStatistics => "dysms:QuerySendStatistics",
        }
    }

    /// Parameters that must be there and not empty, in the order they are
    /// asked for.
    pub(crate) const fn required(self) -> &'static [&'static str] {
        match self {
            Self::SendSms => &["PhoneNumbers", "SignName", "TemplateCode"],
            Self::SendBatchSms => &["PhoneNumberJson", "SignNameJson", "TemplateCode"],
            Self::QuerySendDetails => &["PhoneNumber", "SendDate", "PageSize", "CurrentPage"],
            Self::QuerySendStatistics => {
                &["IsGlobe", "StartDate", "EndDate", "PageIndex", "PageSize"]
            }
        }
    }
}

/// What a name means under a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Built(Operation),
    /// Aliyun knows it, the emulator does not yet. On the wire it looks like an
    /// unknown one.
    NotBuiltYet,
    Unknown,
}

impl Action {
    pub(crate) fn find(version: &str, name: &str) -> Self {
        let built = Operation::ALL
            .into_iter()
            .find(|operation| operation.name() == name);
        match (version, built) {
            (VERSION_2017, Some(operation)) => Self::Built(operation),
            (VERSION_2017, None)
                if DYSMSAPI_2017.contains(&name) || DYPNSAPI_2017.contains(&name) =>
            {
                Self::NotBuiltYet
            }
            (VERSION_2018, _) if DYSMSAPI_2018.contains(&name) => Self::NotBuiltYet,
            _ => Self::Unknown,
        }
    }
}

/// Whether any of the three products has an action of that name.
pub(crate) fn is_known(name: &str) -> bool {
    [DYSMSAPI_2017, DYPNSAPI_2017, DYSMSAPI_2018]
        .iter()
        .any(|names| names.contains(&name))
}

/// Whether an action belongs to number verification.
pub(crate) fn is_dypns(name: &str) -> bool {
    DYPNSAPI_2017.contains(&name) && !DYSMSAPI_2017.contains(&name)
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
