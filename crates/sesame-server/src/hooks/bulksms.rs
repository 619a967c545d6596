//! BulkSMS's contract, as cooperlyt's Keycloak plugin speaks it: a list with one
//! message. The plugin takes any answer for a success.

use super::message::{Answers, Places};
use super::{Habits, Message};
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
    ..Message::USUAL
};
