//! A provider that sends nothing and remembers everything, for tests.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{BoxFuture, FindError, Found, Provider, ReportError, Reports, Sought};
use crate::message::Prepared;
use crate::outcome::{Outcome, Receipt};

/// Takes every message, unless told what to answer. There is no way to it from
/// a configuration, so that no server ever starts with it by mistake.
pub struct Stub {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: Vec<Prepared>,
    outcomes: VecDeque<Outcome>,
    answers: VecDeque<Found>,
    asked: usize,
}

impl Stub {
    /// The name says where it belongs.
    pub fn for_tests() -> Self {
        Self {
            state: Mutex::default(),
        }
    }

    /// Answers the next send that has no answer yet with this.
    pub fn will_end(&self, outcome: Outcome) {
        self.state().outcomes.push_back(outcome);
    }

    /// Answers the next question that has no answer yet with this.
    pub fn will_find(&self, found: Found) {
        self.state().answers.push_back(found);
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Prepared> {
        self.state().sent.clone()
    }

    /// How often it was asked about a message.
    pub fn times_asked(&self) -> usize {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub").finish_non_exhaustive()
    }
}

impl Provider for Stub {
    fn name(&self) -> &'static str {
        "stub"
    }

    fn send<'a>(&'a self, message: &'a Prepared) -> BoxFuture<'a, Outcome> {
        let mut state = self.state();
        state.sent.push(message.clone());
        let number = state.sent.len();
        let outcome = state.outcomes.pop_front().unwrap_or_else(|| {
            Outcome::Accepted(Receipt {
                out_id: message.out_id.clone(),
                biz_id: Some(format!("stub-{number}")),
                request_id: None,
                sent_at: Timestamp::UNIX_EPOCH,
            })
        });
        Box::pin(std::future::ready(outcome))
    }

    fn find<'a>(&'a self, _sought: &'a Sought) -> BoxFuture<'a, Found> {
        let mut state = self.state();
        state.asked += 1;
        let found = state.answers.pop_front();
        Box::pin(std::future::ready(
            found.unwrap_or(Err(FindError::Unsupported)),
        ))
    }

    fn parse_reports(&self, _body: &[u8]) -> Result<Reports, ReportError> {
        Err(ReportError::Unsupported)
    }
}
