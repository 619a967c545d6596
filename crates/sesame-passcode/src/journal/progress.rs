//! What is known of a message, and how it grows: the one rule of the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far sending a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The row is written, the provider has not answered. After a crash: nobody
    /// knows whether it was asked.
    Sending,
    /// The provider took it.
    Accepted,
    /// It was not sent, for certain.
    Refused,
    /// It may have been sent; it is asked about.
    Unknown,
    /// It may have been sent, and asking has ended.
    FinallyUnknown,
}

/// What is known of a message. Pieces of news are merged in any order and any
/// number of times, with the same result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How far sending has come.
    pub state: State,
    /// Aliyun's code, or ours, of the refusal or the doubt.
    pub code: Option<String>,
    /// Id of the API call.
    pub request_id: Option<String>,
    /// The provider's id, by its answer to the call.
    pub biz_id: Option<String>,
    /// When the answer came, or was found.
    pub ended_at: Option<Timestamp>,
    /// The delivery report that counts.
    pub report: Option<Receipted>,
}

/// What a delivery report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipted {
    /// Whether the message arrived.
    pub delivered: bool,
    /// The carrier's or Aliyun's code.
    pub code: Option<String>,
    /// When, by the report.
    pub reported_at: Option<Timestamp>,
}

impl State {
    /// The name in JSON, metrics and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::FinallyUnknown => "finally_unknown",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// All of them, the least known first.
    pub const ALL: [Self; 5] = [
        Self::Sending,
        Self::Unknown,
        Self::FinallyUnknown,
        Self::Refused,
        Self::Accepted,
    ];

    /// How much is known: news never takes a message back to less. Proof that
    /// it was taken outweighs everything, even a refusal.
    fn rank(self) -> usize {
        Self::ALL
            .iter()
            .position(|state| *state == self)
            .unwrap_or_default()
    }
}

impl Progress {
    /// A row that was just written.
    pub const SENDING: Self = Self {
        state: State::Sending,
        code: None,
        request_id: None,
        biz_id: None,
        ended_at: None,
        report: None,
    };

    /// A delivery report: whoever has one for a message has taken it. The
    /// provider's id is that of its own answer, whatever a report says.
    pub fn reported(report: Receipted) -> Self {
        Self {
            state: State::Accepted,
            report: Some(report),
            ..Self::SENDING
        }
    }

    /// Both together. The order does not matter, nor how often.
    #[must_use]
    pub fn merge(&self, news: &Self) -> Self {
        // Why and when go with the state they were told of.
        let ended = |progress: &Self| {
            (
                progress.state.rank(),
                progress.code.clone(),
                progress.ended_at,
            )
        };
        let known = if ended(self) >= ended(news) {
            self
        } else {
            news
        };
        Self {
            state: known.state,
            code: known.code.clone(),
            ended_at: known.ended_at,
            request_id: self.request_id.clone().max(news.request_id.clone()),
            biz_id: self.biz_id.clone().max(news.biz_id.clone()),
            report: best(self.report.as_ref(), news.report.as_ref()),
        }
    }
}

/// Arrived outweighs failed: a carrier that could not at first may still do it.
fn best(one: Option<&Receipted>, other: Option<&Receipted>) -> Option<Receipted> {
    let weight = |report: &&Receipted| (report.delivered, report.reported_at, report.code.clone());
    one.into_iter().chain(other).max_by_key(weight).cloned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("[ab]")
    }

    fn time() -> impl Strategy<Value = Option<Timestamp>> {
        proptest::option::of((0..3i64).prop_map(|secs| Timestamp::from_second(secs).unwrap()))
    }

    fn report() -> impl Strategy<Value = Receipted> {
        (any::<bool>(), word(), time()).prop_map(|(delivered, code, reported_at)| Receipted {
            delivered,
            code,
            reported_at,
        })
    }

    fn news() -> impl Strategy<Value = Progress> {
        let state = proptest::sample::select(&State::ALL);
        let report = proptest::option::of(report());
        (state, word(), word(), word(), time(), report).prop_map(
            |(state, code, request_id, biz_id, ended_at, report)| Progress {
                state,
                code,
                request_id,
                biz_id,
                ended_at,
                report,
            },
        )
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(a in news(), b in news(), c in news()) {
            let all = a.merge(&b).merge(&c);
            prop_assert_eq!(&a.merge(&a), &a);
            prop_assert_eq!(&b.merge(&a), &a.merge(&b));
            prop_assert_eq!(&a.merge(&b.merge(&c)), &all);
            prop_assert_eq!(&all.merge(&b), &all);
        }
    }
}
