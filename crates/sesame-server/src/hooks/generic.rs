//! Whatever the configuration says.

use super::{Habits, Message};
use crate::config::AuthKind;

pub(crate) static GENERIC: Message = Message {
    habits: Habits {
        other_auth: AuthKind::ALL,
        ..Habits::USUAL
    },
    ..Message::USUAL
};
