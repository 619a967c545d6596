//! Logto's connector HTTP SMS. Its words for what a message is for are ours,
//! and it shows the body of a refusal to the user.

use super::message::Places;
use super::{Habits, Message, Sample};

pub(crate) static LOGTO: Message = Message {
    habits: Habits::USUAL,
    places: Places {
        to: &["to"],
        code: &["/payload/code"],
        usage: &["type"],
        ip: &["ip"],
        locale: &["/payload/locale"],
        ..Places::NONE
    },
    sample: Sample::Json(
        "",
        r##"{"to":"%DIGITS%","type":"Generic","payload":{"code":"%CODE%","locale":"en"}}"##,
    ),
    ..Message::USUAL
};
