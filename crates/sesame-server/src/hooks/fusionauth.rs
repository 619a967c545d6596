//! FusionAuth's generic messenger. Older versions have the code in the text
//! only.

use super::message::Places;
use super::{Habits, Message, Sample};

pub(crate) static FUSIONAUTH: Message = Message {
    habits: Habits {
        usage_type: "MfaVerification",
        ..Habits::USUAL
    },
    places: Places {
        to: &["phoneNumber"],
        code: &["code"],
        text: &["textMessage", "message"],
        ..Places::NONE
    },
    sample: Sample::Json(
        "",
        r##"{"code":"%CODE%","phoneNumber":"%TO%","message":"Your verification code is %CODE%","textMessage":"Two Factor Code: %CODE%","type":"SMS","userId":"%ID%"}"##,
    ),
    ..Message::USUAL
};
