//! Whether this machine's clock may decide what is old enough to be dropped.
//!
//! With a clock that is years ahead everything is. So the provider's clock is
//! looked at before anything is dropped, and again whenever ours made a jump.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sesame_connector::{Connector, Source, doctor};

/// This far ahead, what is dropped may be wanted still.
const FAR: SignedDuration = SignedDuration::from_hours(1);
/// Between two rounds a clock that runs moves less.
const JUMP: SignedDuration = SignedDuration::from_mins(10);
/// When a clock that was wrong is looked at again.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// This machine's clock, beside the provider's.
pub(crate) struct Clock {
    connector: Connector,
    source: Arc<dyn Source>,
    /// When it was asked last whether the clock is right.
    asked_at: Option<Timestamp>,
    looked_at: Timestamp,
    is_far_ahead: bool,
}

impl Clock {
    pub(crate) fn new(connector: Connector, source: Arc<dyn Source>) -> Self {
        Self {
            connector,
            source,
            asked_at: None,
            looked_at: Timestamp::MIN,
            is_far_ahead: false,
        }
    }

    /// Whether what is old may be dropped. A clock that nothing is known of is
    /// trusted.
    pub(crate) async fn is_right(&mut self) -> bool {
        let now = self.source.now();
        if self.is_in_doubt(now) {
            self.looked_at = now;
            self.look().await;
        }
        self.asked_at = Some(now);
        !self.is_far_ahead
    }

    fn is_in_doubt(&self, now: Timestamp) -> bool {
        let far = |then: Timestamp, most| now.duration_since(then).abs() >= most;
        let has_jumped = self.asked_at.is_none_or(|then| far(then, JUMP));
        has_jumped || (self.is_far_ahead && far(self.looked_at, AGAIN))
    }

    async fn look(&mut self) {
        if !crate::doctor::knows(&self.connector) {
            return;
        }
        let ahead = doctor::clock_ahead(self.connector.config(), &*self.source).await;
        let is_far = ahead.is_some_and(|ahead| ahead >= FAR);
        let was_far = std::mem::replace(&mut self.is_far_ahead, is_far);
        match (was_far, is_far) {
            (false, true) => tracing::error!(
                cure = "set the clock right, by NTP for example",
                "this machine's clock is far ahead of Aliyun's: nothing is dropped as old until it is right"
            ),
            (true, false) => tracing::info!("the clock is right again: what is old is dropped"),
            _ => {}
        }
    }
}
