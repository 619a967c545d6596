//! Supabase Auth's Send SMS hook.
//!
//! Its five seconds are for all attempts together, and with `Retry-After` it
//! would ask again at once, so that header is never sent.

use http::StatusCode;
use serde_json::json;

use super::message::{Answers, Places};
use super::said::Refused;
use super::{Habits, Message, Reply, Sample};
use crate::config::AuthKind;
use crate::error::Code;

pub(crate) static SUPABASE: Message = Message {
    habits: Habits {
        auth: AuthKind::StandardWebhooks,
        other_auth: &[],
        usages: &[
            ("mfa", "MfaVerification"),
            ("phone_change", "BindNewIdentifier"),
        ],
        usage_type: "SignIn",
        // By its id alone, for longer than a signature is taken.
        repeat_secs: 10,
        patience_ms: Some(5000),
        ..Habits::USUAL
    },
    places: Places {
        // Before 2.180 there is no sms.phone, and a new number goes before the
        // old one.
        to: &["/sms/phone", "/user/new_phone", "/user/phone"],
        code: &["/sms/otp"],
        usage: &["/sms/sms_type"],
        ip: &["/metadata/ip_address"],
        id: &["/metadata/uuid"],
        ..Places::NONE
    },
    answers: Answers::Supabase,
    usage_where: Some(("/user/new_phone", "phone_change")),
    sample: Sample::Json(
        "",
        r##"{"metadata":{"uuid":"%ID%","time":"2026-01-01T00:00:00Z","name":"send-sms"},"user":{"id":"%ID%","aud":"authenticated","role":"authenticated","email":"","phone":"%DIGITS%","app_metadata":{"provider":"phone","providers":["phone"]},"user_metadata":{},"identities":[],"is_anonymous":false},"sms":{"otp":"%CODE%","phone":"%DIGITS%"}}"##,
    ),
    ..Message::USUAL
};

/// A failure that users see is a success with an error in it; any other status
/// than 401 would reach them as "unexpected".
pub(super) fn refuse(refused: &Refused) -> Reply {
    if refused.code() == Code::Unauthorized {
        return Reply::text(refused.status(), &refused.sentence);
    }
    let http_code = refused.status().as_u16();
    let body = json!({ "error": { "http_code": http_code, "message": refused.sentence } });
    Reply::json(StatusCode::OK, &body)
}
