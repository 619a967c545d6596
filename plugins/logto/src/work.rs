//! A message under way, and the way of its answer back to JavaScript.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use napi::Status;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokio::runtime::Handle;

use crate::answer::Answer;
use crate::cache::Loaded;
use crate::send::{self, Request};

/// The function of JavaScript that takes answers, an array of them as JSON: one
/// text is cheaper to hand over than the objects it holds. It keeps no process alive;
/// `lib/index.js` sees to that while messages are under way.
pub(crate) type Answered = ThreadsafeFunction<String, (), String, Status, false, true>;

/// How many messages are under way, in all environments.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// With more messages than this under way the runtime's thread lets answers and
/// requests gather before it looks for them. To be woken for each of them, and
/// to wake Node's thread for each, costs more than signing and sending.
const MANY: usize = 8;
/// How long it lets them gather.
const GATHERING: Duration = Duration::from_millis(1);

/// To be called by the runtime's thread when it has nothing to do.
pub(crate) fn gather() {
    if UNDER_WAY.load(Ordering::Relaxed) > MANY {
        thread::sleep(GATHERING);
    }
}

/// The way to JavaScript: one for each of its environments.
pub(crate) struct Outbox {
    answered: Answered,
    /// By the numbers of their messages.
    ready: Mutex<Vec<(u32, Answer)>>,
}

impl Outbox {
    pub(crate) fn new(answered: Answered) -> Arc<Self> {
        Arc::new(Self {
            answered,
            ready: Mutex::default(),
        })
    }

    /// Takes an answer, and hands it over with the others of the same turn.
    fn put(self: &Arc<Self>, id: u32, answer: Answer) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.push((id, answer));
        let is_first = ready.len() == 1;
        drop(ready);
        match Handle::try_current() {
            // Its turn comes after those of all that came with this one.
            Ok(runtime) if is_first => {
                let this = self.clone();
                runtime.spawn(async move { this.hand_over() });
            }
            Ok(_) => {}
            Err(_) => self.hand_over(),
        }
    }

    fn hand_over(&self) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = mem::take(&mut *ready);
        drop(ready);
        // Texts and numbers can always be written.
        if let Ok(text) = serde_json::to_string(&answers) {
            // Refused only where the environment is gone, and nobody waits there.
            let _ = self
                .answered
                .call(text, ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// A message to be sent.
pub(crate) struct Work {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) request: Request,
    pub(crate) owed: Owed,
}

/// Sends one, and answers.
pub(crate) async fn run(work: Work) {
    let Work {
        loaded,
        request,
        owed,
    } = work;
    let answer = send::send(&loaded, request).await;
    owed.give(answer.preceded_by(loaded.warning()));
}

/// Owes JavaScript one answer, and gives it even where sending panics.
pub(crate) struct Owed {
    id: u32,
    outbox: Arc<Outbox>,
    is_due: bool,
}

impl Owed {
    pub(crate) fn new(id: u32, outbox: &Arc<Outbox>) -> Self {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            outbox: outbox.clone(),
            is_due: true,
        }
    }

    pub(crate) fn give(mut self, answer: Answer) {
        self.is_due = false;
        self.put(answer);
    }

    fn put(&self, answer: Answer) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
        self.outbox.put(self.id, answer);
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if self.is_due {
            self.put(Answer::of_panic());
        }
    }
}
