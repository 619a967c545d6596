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
mod work;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use napi::{Error, Result};
use napi_derive::napi;
use sesame_connector::Language;

use answer::Answer;
use cache::Loaded;
use guard::{Issue, Verdict};
use log::Line;
use send::Request;
use work::{Answered, Outbox, Owed, Work};

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
///
/// # Errors
/// Where something fails that must not.
#[napi]
pub fn check(config: String) -> Result<Checked> {
    guarded(|| {
        let loaded = cache::load(&config);
        let Verdict {
            is_taken, problems, ..
        } = &loaded.verdict;
        let issues = || problems.iter().map(Issue::from).collect();
        Ok(Checked {
            issues: (!is_taken).then(issues),
            log: loaded.warning(),
        })
    })
}

/// Runs what JavaScript calls. What a panic says stays here: it may quote what
/// was being handled.
fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Error::from_reason("sesame-logto panicked")))
}

/// Sends messages, and tells a function how each ended.
#[napi]
pub struct Sender {
    outbox: Arc<Outbox>,
    /// The configuration of the last message.
    last: Option<Arc<Loaded>>,
}

#[napi]
impl Sender {
    /// One for each JavaScript environment.
    #[napi(constructor)]
    pub fn new(answered: Answered) -> Self {
        Self {
            outbox: Outbox::new(answered),
            last: None,
        }
    }

    /// Begins to send; the answer comes under `id`. Configuration and payload
    /// are written as JSON; no configuration is that of the last message. Tells
    /// whether it may be left out the next time.
    ///
    /// # Errors
    /// Where something fails that must not.
    #[napi]
    pub fn send(
        &mut self,
        id: u32,
        config: Option<String>,
        to: String,
        usage_type: String,
        payload: String,
    ) -> Result<bool> {
        guarded(|| {
            let loaded = match (config, self.last.take()) {
                (None, Some(last)) => last,
                (config, _) => cache::load(&config.unwrap_or_default()),
            };
            let owed = Owed::new(id, &self.outbox);
            let request = Request {
                to,
                usage_type,
                payload,
            };
            let is_lasting = loaded.is_lasting();
            self.last = is_lasting.then(|| loaded.clone());
            match runtime::queue() {
                Ok(queue) => {
                    let work = Work {
                        loaded,
                        request,
                        owed,
                    };
                    // Given back only where the other thread has ended; dropping
                    // it answers.
                    let _ = queue.send(work);
                }
                Err(error) => owed.give(Answer::of_setup(&error, Language::En)),
            }
            Ok(is_lasting)
        })
    }
}

/// A panic's own words may quote what was being handled.
#[cfg(not(test))]
#[napi_derive::module_init]
fn init() {
    use std::io::Write as _;
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        // `eprintln` would panic where nobody reads any more.
        let _ = writeln!(std::io::stderr(), "sesame-logto: panicked at {place}");
    }));
}
