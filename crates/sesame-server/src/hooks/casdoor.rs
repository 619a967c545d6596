//! Casdoor's Custom HTTP SMS: any verb, a form, JSON or a query. Only a 200 is a
//! success, and of a refusal the user sees the status line.

use super::message::Places;
use super::{Habits, Message, Sample};

pub(crate) static CASDOOR: Message = Message {
    habits: Habits {
        methods: &["GET", "POST", "PUT", "DELETE"],
        usage_type: "SignIn",
        ..Habits::USUAL
    },
    places: Places {
        to: &["phoneNumber"],
        code: &["code", "content"],
        ..Places::NONE
    },
    sample: Sample::Query("code=%CODE%&phoneNumber=%TO%"),
    ..Message::USUAL
};
