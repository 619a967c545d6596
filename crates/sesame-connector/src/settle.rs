//! Asking what became of a message, with growing pauses.
//!
//! "Not found" is never "not sent": a message may be listed late. So the answer
//! is that it was accepted, or that nobody knows still.

use std::time::Duration;

use crate::outcome::Delivery;
use crate::provider::{FindError, Found, FoundMessage, Provider, Sought};

/// How long a message in doubt is asked about before it stays unknown.
pub const LIMIT: Duration = Duration::from_secs(600);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Kept free for the answer to the last question; of less than two seconds,
/// half.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// How asking about a message in doubt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The provider knows it, and so has accepted it.
    Accepted(FoundMessage),
    /// Nobody knows; with what kept the last question from being answered.
    StillUnknown(Option<FindError>),
}

/// The pauses before each question: 1 s, 2 s, 4 s and so on, none longer than a
/// minute. The last is cut so that the last question is asked a second before
/// `limit` is over.
pub fn pauses(limit: Duration) -> impl Iterator<Item = Duration> {
    let mut next = Duration::from_secs(1);
    let mut left = limit - LAST_ANSWER.min(limit / 2);
    std::iter::from_fn(move || {
        let pause = next.min(left);
        next = (next * 2).min(LONGEST_PAUSE);
        left -= pause;
        (!pause.is_zero()).then_some(pause)
    })
}

/// Asks until the message is found, asking is refused for good, or `limit` is
/// over. A question under way then is given up.
pub async fn settle(provider: &dyn Provider, sought: &Sought, limit: Duration) -> Settled {
    match ask_until(provider, sought, limit, |_| true).await {
        Ok(Some(found)) => Settled::Accepted(found),
        Ok(None) => Settled::StillUnknown(None),
        Err(error) => Settled::StillUnknown(Some(error)),
    }
}

/// The same until a report says what became of an accepted message; without
/// one, [`Delivery::Waiting`]. `None` where the provider cannot be asked about
/// it, so that there is nothing to wait for.
pub async fn delivery(
    provider: &dyn Provider,
    sought: &Sought,
    limit: Duration,
) -> Option<Delivery> {
    let is_final = |found: &FoundMessage| found.delivery.is_final();
    match ask_until(provider, sought, limit, is_final).await {
        Ok(Some(found)) => Some(found.delivery),
        Err(FindError::Unsupported) => None,
        Ok(None) | Err(_) => Some(Delivery::Waiting),
    }
}

/// The last answer, where none was enough.
async fn ask_until(
    provider: &dyn Provider,
    sought: &Sought,
    limit: Duration,
    is_enough: impl Fn(&FoundMessage) -> bool,
) -> Found {
    let mut last = Ok(None);
    let asking = async {
        for pause in pauses(limit) {
            tokio::time::sleep(pause).await;
            last = provider.find(sought).await;
            match &last {
                Ok(Some(found)) if is_enough(found) => return,
                Err(error) if !error.is_transient() => return,
                _ => {}
            }
        }
    };
    // An elapsed time leaves the last answer there was.
    let _ = tokio::time::timeout(limit, asking).await;
    last
}

#[cfg(test)]
mod tests {
    use aliyun_sms::SystemSource;
    use jiff::Timestamp;

    use super::*;
    use crate::message::{OutId, Prepared};
    use crate::outcome::Outcome;
    use crate::phone::{PhoneNumber, Reading};
    use crate::provider::stub::Stub;
    use crate::provider::{BoxFuture, FindFailure, ReportError, Reports};

    fn sought() -> Sought {
        Sought {
            to: PhoneNumber::parse("+8613800138000", &Reading::default()).unwrap(),
            out_id: OutId::new(&SystemSource),
            sent_at: Timestamp::UNIX_EPOCH,
            biz_id: None,
        }
    }

    fn found(delivery: Delivery) -> FoundMessage {
        FoundMessage {
            delivery,
            sent_at: None,
            reported_at: None,
        }
    }

    fn failed(is_transient: bool) -> FindError {
        FindError::Failed(Box::new(FindFailure {
            code: "timed_out".to_owned(),
            cause: crate::Text::fixed("", ""),
            cure: crate::Text::fixed("", ""),
            is_transient,
        }))
    }

    #[test]
    fn pauses_grow_and_end_with_the_limit() {
        let secs = |limit| -> Vec<u64> {
            pauses(Duration::from_secs(limit))
                .map(|pause| pause.as_secs())
                .collect()
        };
        assert_eq!(secs(10), [1, 2, 4, 2]);
        assert_eq!(secs(2), [1]);
        let half: Vec<_> = pauses(Duration::from_secs(1)).collect();
        assert_eq!(half, [Duration::from_millis(500)]);
        assert_eq!(secs(0), [] as [u64; 0]);
        let long = secs(600);
        assert_eq!(long[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(long.iter().sum::<u64>(), 599);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_found_was_accepted() {
        let stub = Stub::for_tests();
        stub.will_find(Ok(None));
        stub.will_find(Err(failed(true)));
        stub.will_find(Ok(Some(found(Delivery::Waiting))));
        let settled = settle(&stub, &sought(), LIMIT).await;
        assert_eq!(settled, Settled::Accepted(found(Delivery::Waiting)));
        assert_eq!(stub.times_asked(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_never_found_stays_unknown() {
        let stub = Stub::for_tests();
        for _ in 0..100 {
            stub.will_find(Ok(None));
        }
        let settled = settle(&stub, &sought(), LIMIT).await;
        assert_eq!(settled, Settled::StillUnknown(None));
        assert_eq!(stub.times_asked(), pauses(LIMIT).count());
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_cannot_be_asked_is_asked_once() {
        let stub = Stub::for_tests();
        let settled = settle(&stub, &sought(), LIMIT).await;
        assert_eq!(settled, Settled::StillUnknown(Some(FindError::Unsupported)));
        assert_eq!(stub.times_asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_asked_again_after_a_final_refusal() {
        let stub = Stub::for_tests();
        stub.will_find(Err(failed(true)));
        stub.will_find(Err(failed(false)));
        stub.will_find(Ok(Some(found(Delivery::Delivered))));
        let settled = settle(&stub, &sought(), LIMIT).await;
        assert_eq!(settled, Settled::StillUnknown(Some(failed(false))));
        assert_eq!(stub.times_asked(), 2);
    }

    /// A provider whose answers never come.
    #[derive(Debug)]
    struct Silent;

    impl Provider for Silent {
        fn name(&self) -> &'static str {
            "silent"
        }

        fn send<'a>(&'a self, _message: &'a Prepared) -> BoxFuture<'a, Outcome> {
            Box::pin(std::future::pending())
        }

        fn find<'a>(&'a self, _sought: &'a Sought) -> BoxFuture<'a, Found> {
            Box::pin(std::future::pending())
        }

        fn parse_reports(&self, _body: &[u8]) -> Result<Reports, ReportError> {
            Err(ReportError::Unsupported)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_counts_the_questions_too() {
        let limit = Duration::from_secs(10);
        let sought = sought();
        let asking = async {
            let settled = settle(&Silent, &sought, limit).await;
            (settled, delivery(&Silent, &sought, limit).await)
        };
        let twice = limit * 2 + Duration::from_millis(100);
        let ended = tokio::time::timeout(twice, asking).await;
        assert_eq!(
            ended.ok(),
            Some((Settled::StillUnknown(None), Some(Delivery::Waiting)))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn delivery_waits_for_a_final_report() {
        let stub = Stub::for_tests();
        stub.will_find(Ok(Some(found(Delivery::Waiting))));
        stub.will_find(Ok(Some(found(Delivery::Delivered))));
        let delivery = delivery(&stub, &sought(), LIMIT).await;
        assert_eq!(delivery, Some(Delivery::Delivered));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_what_cannot_be_asked() {
        let stub = Stub::for_tests();
        assert_eq!(delivery(&stub, &sought(), LIMIT).await, None);
        assert_eq!(stub.times_asked(), 1);
        // Asking that is refused says nothing of the message.
        stub.will_find(Err(failed(false)));
        let refused = delivery(&stub, &sought(), LIMIT).await;
        assert_eq!(refused, Some(Delivery::Waiting));
    }
}
