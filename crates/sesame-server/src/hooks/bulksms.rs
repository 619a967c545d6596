//! BulkSMS's contract, as cooperlyt's Keycloak plugin speaks it: a list with one
//! message. The plugin takes any answer for a success.

use super::message::{Answers, Places};
use super::{Habits, Message, Sample};
use crate::config::ErrorShape;

pub(crate) static BULKSMS: Message = Message {
    habits: Habits {
        usage_type: "SignIn",
        ..Habits::USUAL
    },
    places: Places {
        to: &["to"],
        text: &["body"],
        ..Places::NONE
    },
    answers: Answers::Plain {
        status: 201,
        body: "[]",
        errors: ErrorShape::Json,
    },
    addresses: &["v1/messages"],
    sample: Sample::Json(
        "v1/messages",
        r##"[{"from":"Sesame","to":"%TO%","body":"[Example] - authentication code: %CODE%, expires: 1 minute ","encoding":null,"routingGroup":null}]"##,
    ),
    ..Message::USUAL
};
