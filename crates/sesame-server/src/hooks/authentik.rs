//! authentik's SMS stage with the provider `generic`. It shows the body of a
//! refusal to the user, and does not say what a message is for.

use super::message::Places;
use super::{Habits, Message, Sample};

pub(crate) static AUTHENTIK: Message = Message {
    habits: Habits {
        usage_type: "MfaVerification",
        ..Habits::USUAL
    },
    places: Places {
        to: &["To"],
        code: &["Body"],
        text: &["Message"],
        ..Places::NONE
    },
    sample: Sample::Json(
        "",
        r##"{"From":"Sesame","To":"%TO%","Body":"%CODE%","Message":"Use this code to authenticate in authentik: %CODE%"}"##,
    ),
    ..Message::USUAL
};
