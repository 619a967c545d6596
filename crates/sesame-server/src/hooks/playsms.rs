//! PlaySMS's web service, as Nextcloud's second factor calls it: everything in
//! the query, the password too.

use super::message::Places;
use super::{Habits, Message};
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
    ..Message::USUAL
};
