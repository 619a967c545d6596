//! Whether a request has begun to leave: the one thing that tells, after a
//! time-out, a message that may arrive from one that certainly will not.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

/// Set as soon as the connection asks for the body of a request. Before that
/// not a byte of it can have been written: there is no connection yet, or its
/// turn on it has not come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departure(Arc<AtomicBool>);

impl Departure {
    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// The answer proved that what had left came to nothing.
    pub(crate) fn take_back(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A body that notes when it is asked for.
pub(super) struct WatchedBody {
    body: Full<Bytes>,
    departure: Departure,
}

impl WatchedBody {
    pub(super) fn new(body: Bytes, departure: &Departure) -> Self {
        Self {
            body: Full::new(body),
            departure: departure.clone(),
        }
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.departure.0.store(true, Ordering::Release);
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    // An empty body is never asked for; whether it is empty is asked when the
    // head is written, and by then the request leaves.
    fn is_end_stream(&self) -> bool {
        let is_end = self.body.is_end_stream();
        if is_end {
            self.departure.0.store(true, Ordering::Release);
        }
        is_end
    }
}
