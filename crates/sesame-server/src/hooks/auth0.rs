//! Auth0's passwordless SMS gateway: a signed token, and the code in a text.

use super::message::Places;
use super::{Habits, Message, Sample};
use crate::config::AuthKind;

pub(crate) static AUTH0: Message = Message {
    habits: Habits {
        auth: AuthKind::Jwt,
        usage_type: "SignIn",
        ..Habits::USUAL
    },
    places: Places {
        to: &["recipient"],
        text: &["body"],
        ip: &["/req/ip"],
        ..Places::NONE
    },
    sample: Sample::Json(
        "",
        r##"{"recipient":"%TO%","body":"Your verification code is: %CODE%","sender":"Sesame"}"##,
    ),
    ..Message::USUAL
};
