//! ZITADEL's HTTP SMS provider. It reads no body and shows no refusal; OTP
//! messages of the old kind have their code as `args.oTP` only.

use super::message::Places;
use super::{Habits, Message, Sample};
use crate::config::AuthKind;

pub(crate) static ZITADEL: Message = Message {
    habits: Habits {
        auth: AuthKind::Zitadel,
        // Older versions sign nothing.
        other_auth: &[AuthKind::Header, AuthKind::Path],
        usages: &[
            ("user.human.phone.code.added", "BindNewIdentifier"),
            ("user.phone.code.added", "BindNewIdentifier"),
            ("user.human.password.code.added", "ForgotPassword"),
            ("user.password.code.added", "ForgotPassword"),
            ("user.human.otp.sms.code.added", "MfaVerification"),
            ("session.otp.sms.challenged", "MfaVerification"),
        ],
        repeat_secs: 300,
        patience_ms: Some(5000),
        ..Habits::USUAL
    },
    places: Places {
        to: &["/contextInfo/recipientPhoneNumber"],
        code: &["/args/code", "/args/oTP"],
        text: &["/templateData/text"],
        usage: &["/contextInfo/eventType"],
        ..Places::NONE
    },
    sample: Sample::Json(
        "",
        r##"{"contextInfo":{"eventType":"session.otp.sms.challenged","provider":{"id":"1","description":"sesame"},"recipientPhoneNumber":"%TO%"},"templateData":{"text":"%CODE% is your one-time password for id.example.com. Use it within the next 5m0s.\n@id.example.com #%CODE%"},"args":{"domain":"id.example.com","expiry":300000000000,"oTP":"%CODE%"}}"##,
    ),
    ..Message::USUAL
};
