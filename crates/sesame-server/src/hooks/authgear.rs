//! Authgear's custom SMS gateway. The code in the body's JSON decides, whatever
//! the status; users see a sentence of Authgear's own for each.

use http::StatusCode;
use serde_json::json;

use super::message::{Answers, Places};
use super::said::Refused;
use super::{Habits, Message, Reply, Sample};
use crate::config::AuthKind;
use crate::error::Code;

pub(crate) static AUTHGEAR: Message = Message {
    habits: Habits {
        auth: AuthKind::Authgear,
        other_auth: &[],
        usages: &[
            ("authenticate_primary_oob_sms.txt", "SignIn"),
            ("authenticate_secondary_oob_sms.txt", "MfaVerification"),
            ("forgot_password_oob_sms.txt", "ForgotPassword"),
            ("setup_primary_oob_sms.txt", "BindNewIdentifier"),
            ("setup_secondary_oob_sms.txt", "BindMfa"),
            ("verification_sms.txt", "BindNewIdentifier"),
        ],
        ..Habits::USUAL
    },
    places: Places {
        to: &["to"],
        code: &["/template_variables/code"],
        usage: &["template_name"],
        locale: &["language_tag"],
        ..Places::NONE
    },
    answers: Answers::Authgear,
    sample: Sample::Json(
        "",
        r##"{"to":"%TO%","body":"%CODE% is your Demo verification code","app_id":"demo","template_name":"verification_sms.txt","language_tag":"en","template_variables":{"app_name":"Demo","code":"%CODE%","phone":"%TO%"}}"##,
    ),
    ..Message::USUAL
};

/// In one of the eight words it knows.
pub(super) fn refuse(refused: &Refused) -> Reply {
    let (code, status) = match refused.code() {
        Code::Unauthorized => ("authentication_failed", StatusCode::UNAUTHORIZED),
        Code::InvalidPhoneNumber
        | Code::CountryCodeMissing
        | Code::AmbiguousPhoneNumber
        | Code::NumberRefused => ("invalid_phone_number", StatusCode::OK),
        Code::LimitReached | Code::ProviderLimit | Code::Overloaded => {
            ("rate_limited", StatusCode::OK)
        }
        Code::MalformedJson | Code::InvalidField | Code::InvalidPayload => {
            ("unsupported_request", StatusCode::OK)
        }
        Code::ProviderRefused => ("delivery_rejected", StatusCode::OK),
        Code::TimedOut | Code::RequestTimeout | Code::ProviderUnreachable => {
            ("timeout", StatusCode::OK)
        }
        _ => ("unknown_error", StatusCode::OK),
    };
    let mut body = json!({ "code": code, "description": refused.code().title() });
    if let Some(provider_code) = &refused.problem.more().aliyun_code {
        body["info"] = json!({
            "provider_name": "aliyun",
            "provider_type": "aliyun",
            "provider_error_code": provider_code,
        });
    }
    Reply::json(status, &body)
}
