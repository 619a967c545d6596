//! ZITADEL's HTTP SMS provider. It reads no body and shows no refusal; OTP
//! messages of the old kind have their code as `args.oTP` only.

use super::message::Places;
use super::{Habits, Message};
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
    ..Message::USUAL
};
