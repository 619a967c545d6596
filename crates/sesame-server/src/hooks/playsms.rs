//! PlaySMS's web service, as Nextcloud's second factor calls it: everything in
//! the query, the password too.

use super::message::Places;
use super::{Habits, Message, Sample};
use crate::config::AuthKind;

pub(crate) static PLAYSMS: Message = Message {
    habits: Habits {
        methods: &["GET"],
        auth: AuthKind::Query,
        usage_type: "MfaVerification",
        ..Habits::USUAL
    },
    places: Places {
        to: &["to"],
        text: &["msg"],
        ..Places::NONE
    },
    addresses: &["index.php"],
    sample: Sample::Query("app=ws&op=pv&to=%TO%&msg=%CODE%+is+your+Nextcloud+authentication+code"),
    ..Message::USUAL
};
