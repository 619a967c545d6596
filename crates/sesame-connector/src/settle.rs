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

/// More than any one question takes; what takes longer is given up with the
/// whole.
const LAST_QUESTION: Duration = Duration::from_secs(30);

/// How asking about a message in doubt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The provider knows it, and so has accepted it.
    Accepted(FoundMessage),
    /// Nobody knows; with what kept the last question from being answered.
    StillUnknown(Option<FindError>),
}

/// The pauses before each question: 1 s, 2 s, 4 s and so on, none longer than a
/// minute, `limit` in all. The last is cut so that the last question is asked
/// when the time is up.
pub fn pauses(limit: Duration) -> impl Iterator<Item = Duration> {
    let mut next = Duration::from_secs(1);
    let mut left = limit;
    std::iter::from_fn(move || {
        let pause = next.min(left);
        next = (next * 2).min(LONGEST_PAUSE);
        left -= pause;
        (!pause.is_zero()).then_some(pause)
    })
}

/// Asks until the message is found or `limit` is over.
pub async fn settle(provider: &dyn Provider, sought: &Sought, limit: Duration) -> Settled {
    match ask_until(provider, sought, limit, |_| true).await {
        Ok(Some(found)) => Settled::Accepted(found),
        Ok(None) => Settled::StillUnknown(None),
        Err(error) => Settled::StillUnknown(Some(error)),
    }
}

/// Asks until a report says what became of an accepted message, or `limit` is
/// over: then [`Delivery::Waiting`].
pub async fn delivery(provider: &dyn Provider, sought: &Sought, limit: Duration) -> Delivery {
    let is_final = |found: &FoundMessage| found.delivery.is_final();
    match ask_until(provider, sought, limit, is_final).await {
        Ok(Some(found)) => found.delivery,
        Ok(None) | Err(_) => Delivery::Waiting,
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
                Err(FindError::Unsupported) => return,
                _ => {}
            }
        }
    };
    // An elapsed time leaves the last answer there was.
    let _ = tokio::time::timeout(limit.saturating_add(LAST_QUESTION), asking).await;
    last
}

#[cfg(test)]
mod tests {
    use aliyun_sms::SystemSource;
    use jiff::Timestamp;

    use super::*;
    use crate::message::OutId;
    use crate::phone::{PhoneNumber, Reading};
    use crate::provider::FindFailure;
    use crate::provider::stub::Stub;

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

    fn failed() -> FindError {
        FindError::Failed(Box::new(FindFailure {
            code: "timed_out".to_owned(),
            cause: crate::Text::fixed("", ""),
            cure: crate::Text::fixed("", ""),
            is_transient: true,
        }))
    }

    #[test]
    fn pauses_grow_and_end_with_the_limit() {
        let secs = |limit| -> Vec<u64> {
            pauses(Duration::from_secs(limit))
                .map(|pause| pause.as_secs())
                .collect()
        };
        assert_eq!(secs(10), [1, 2, 4, 3]);
        assert_eq!(secs(0), [] as [u64; 0]);
        let long = secs(600);
        assert_eq!(long[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(long.iter().sum::<u64>(), 600);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_found_was_accepted() {
        let stub = Stub::for_tests();
        stub.will_find(Ok(None));
        stub.will_find(Err(failed()));
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
    async fn delivery_waits_for_a_final_report() {
        let stub = Stub::for_tests();
        stub.will_find(Ok(Some(found(Delivery::Waiting))));
        stub.will_find(Ok(Some(found(Delivery::Delivered))));
        let delivery = delivery(&stub, &sought(), LIMIT).await;
        assert_eq!(delivery, Delivery::Delivered);
    }
}
