//! What happens, for whoever watches: messages, what becomes of them, clearing.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::inbox::Message;

/// Listeners that fall further behind are dropped.
const BEHIND_MAX: usize = 1024;

/// One event of the stream, written as the stream wants it.
pub(crate) type Event = Written;

/// `event: …`, `data: …` and an empty line.
#[derive(Clone, Debug)]
pub(crate) struct Written(pub(crate) Arc<str>);

impl Written {
    pub(crate) fn message(message: &Message) -> Self {
        Self::new(
            "message",
            &serde_json::to_string(message).unwrap_or_default(),
        )
    }

    pub(crate) fn status(message: &Message) -> Self {
        Self::new(
            "status",
            &serde_json::to_string(message).unwrap_or_default(),
        )
    }

    pub(crate) fn cleared() -> Self {
        Self::new("cleared", "{}")
    }

    /// JSON holds no line breaks, so one `data` line is enough.
    fn new(name: &str, json: &str) -> Self {
        Self(format!("event: {name}\ndata: {json}\n\n").into())
    }
}

pub(crate) fn channel() -> broadcast::Sender<Event> {
    broadcast::Sender::new(BEHIND_MAX)
}

/// Writes an event only where somebody listens.
pub(crate) fn send(events: &broadcast::Sender<Event>, event: impl FnOnce() -> Event) {
    if events.receiver_count() > 0 {
        // Fails only where the last listener left in between.
        let _ = events.send(event());
    }
}
