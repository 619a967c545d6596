//! What Logto's connector needs of Sesame, as a Node addon.
//!
//! Thin: `lib/index.js` hands over what it got as text and makes Logto's own
//! errors of what comes back; every rule is in `guard` and `answer`, and
//! sending is in `sesame-connector`.

mod answer;
mod cache;
mod guard;
mod log;
mod lookup;
mod runtime;
mod send;

use std::sync::Arc;

use napi::bindgen_prelude::FnArgs;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;

use answer::{Answer, Failure, Sent};
use cache::Loaded;
use guard::{Issue, Verdict};
use log::Line;
use send::Request;

/// What came of checking a configuration.
#[napi(object)]
#[derive(Debug)]
pub struct Checked {
    /// Why it is refused, one for each problem; none where it is accepted.
    pub issues: Option<Vec<Issue>>,
    /// What the operator should know of an accepted one; once for each.
    pub log: Option<Line>,
}

/// Checks a configuration, written as JSON.
#[napi(catch_unwind)]
pub fn check(config: String) -> Checked {
    let loaded = cache::load(&config);
    match &loaded.verdict {
        Verdict::Accepted { .. } => Checked {
            issues: None,
            log: loaded.warning(),
        },
        Verdict::Refused(problems) => Checked {
            issues: Some(problems.iter().map(Issue::from).collect()),
            log: None,
        },
    }
}

/// The function of JavaScript that takes answers: which request, what was sent
/// or why not, and lines for the log. It keeps no process alive; `lib/index.js`
/// sees to that while requests are under way.
type Answered = ThreadsafeFunction<Arguments, (), Arguments, Status, false, true>;

type Arguments = FnArgs<(u32, Option<Sent>, Option<Failure>, Option<Vec<Line>>)>;

/// Sends messages, and tells a function how each ended.
#[napi]
pub struct Sender {
    answered: Arc<Answered>,
}

#[napi]
impl Sender {
    /// One for each JavaScript environment.
    #[napi(constructor)]
    pub fn new(answered: Answered) -> Self {
        Self {
            answered: Arc::new(answered),
        }
    }

    /// Begins to send; the answer comes under `id`. Configuration and payload
    /// are written as JSON.
    ///
    /// # Errors
    /// Where no thread can be started.
    #[napi(catch_unwind)]
    pub fn send(
        &self,
        id: u32,
        config: String,
        to: String,
        usage_type: String,
        payload: String,
    ) -> Result<()> {
        let loaded = cache::load(&config);
        let reply = Reply {
            id,
            answered: self.answered.clone(),
            is_due: true,
        };
        let request = Request {
            to,
            usage_type,
            payload,
        };
        runtime::get()?.spawn(run(loaded, request, reply));
        Ok(())
    }
}

async fn run(loaded: Arc<Loaded>, request: Request, reply: Reply) {
    let answer = send::send(&loaded, request).await;
    reply.give(answer.preceded_by(loaded.warning()));
}

/// Owes JavaScript one answer, and gives it even where sending panics.
struct Reply {
    id: u32,
    answered: Arc<Answered>,
    is_due: bool,
}

impl Reply {
    fn give(mut self, answer: Answer) {
        self.is_due = false;
        self.call(answer);
    }

    fn call(&self, answer: Answer) {
        let arguments = FnArgs::from((self.id, answer.sent, answer.failure, answer.log));
        // Refused only where the environment is gone, and nobody waits there.
        let _ = self
            .answered
            .call(arguments, ThreadsafeFunctionCallMode::NonBlocking);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if self.is_due {
            self.call(Answer::of_panic());
        }
    }
}

/// A panic's own words may quote what was being handled.
#[cfg(not(test))]
#[napi_derive::module_init]
fn init() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("sesame-logto: panicked at {place}");
    }));
}
