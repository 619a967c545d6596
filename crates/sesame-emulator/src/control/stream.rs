//! `/_emulator/events`: server-sent events, one per message and per change of
//! what became of it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::header;
use tokio::sync::broadcast::Receiver;

use super::ControlError;
use super::http::Failure;
use crate::events::Event;
use crate::state::Shared;

const LISTENERS_MAX: usize = 64;
/// A comment now and then shows that the stream is alive.
const QUIET: Duration = Duration::from_secs(15);
/// What a browser waits before it asks again.
const GREETING: &str = "retry: 1000\n\n";

pub(super) async fn events(State(shared): State<Arc<Shared>>) -> Response {
    if shared.events.receiver_count() >= LISTENERS_MAX {
        let error = ControlError::new("", "too many listen already").with_status(503);
        return Failure(error).into_response();
    }
    let parts = stream::unfold((shared.events.subscribe(), true), next);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(parts)).into_response()
}

type Part = (
    Result<Bytes, std::convert::Infallible>,
    (Receiver<Event>, bool),
);

/// Ends for a listener that fell behind: it asks again and sees the whole.
async fn next((mut receiver, is_first): (Receiver<Event>, bool)) -> Option<Part> {
    let text = if is_first {
        Bytes::from_static(GREETING.as_bytes())
    } else {
        match tokio::time::timeout(QUIET, receiver.recv()).await {
            Ok(Ok(event)) => Bytes::copy_from_slice(event.0.as_bytes()),
            Ok(Err(_)) => return None,
            Err(_) => Bytes::from_static(b": quiet\n\n"),
        }
    };
    Some((Ok(text), (receiver, false)))
}
