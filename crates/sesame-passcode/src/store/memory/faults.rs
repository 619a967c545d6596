//! Failing on purpose.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use sesame_connector::provider::BoxFuture;

use crate::store::{StoreError, StoreResult};

/// How an operation goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not done, and says so.
    Refused,
    /// It is done, and says it may not be.
    AnswerLost,
    /// It is not done and never answers: the process died before it.
    Stop,
    /// It is done and never answers: the process died behind it.
    StopBehind,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Refused,
        Self::AnswerLost,
        Self::Stop,
        Self::StopBehind,
    ];
}

/// Counts operations, and lets one of them, or all from one on, go wrong. Those
/// who share a clone are counted together.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    steps: AtomicUsize,
    /// The step that goes wrong, counted from 1; 0 is none.
    at: AtomicUsize,
    fault: AtomicU8,
}

impl Faults {
    /// Lets the `at`th operation from here on (the next is 1) go wrong. A
    /// process that died does nothing afterwards either.
    pub fn arm(&self, at: usize, fault: Fault) {
        let kind = Fault::ALL.iter().position(|known| *known == fault);
        let kind = u8::try_from(kind.unwrap_or_default()).unwrap_or_default();
        self.0.fault.store(kind, Ordering::SeqCst);
        self.0.steps.store(0, Ordering::SeqCst);
        self.0.at.store(at, Ordering::SeqCst);
    }

    /// Lets nothing go wrong any more.
    pub fn disarm(&self) {
        self.0.at.store(0, Ordering::SeqCst);
        self.0.steps.store(0, Ordering::SeqCst);
    }

    /// How many operations there were since it was armed or disarmed.
    pub fn steps(&self) -> usize {
        self.0.steps.load(Ordering::SeqCst)
    }

    /// Does something as one operation.
    ///
    /// # Errors
    /// As armed.
    pub fn step<'a, T: Send + 'a>(
        &'a self,
        act: impl FnOnce() -> T + Send + 'a,
    ) -> BoxFuture<'a, StoreResult<T>> {
        Box::pin(async move {
            let lost = || {
                Err(StoreError::Unavailable {
                    store: "memory",
                    reason: "a test said so".to_owned(),
                })
            };
            match self.next() {
                None => Ok(act()),
                Some(Fault::Refused) => lost(),
                Some(Fault::AnswerLost) => {
                    act();
                    lost()
                }
                Some(Fault::Stop) => std::future::pending().await,
                Some(Fault::StopBehind) => {
                    act();
                    std::future::pending().await
                }
            }
        })
    }

    fn next(&self) -> Option<Fault> {
        let step = self.0.steps.fetch_add(1, Ordering::SeqCst) + 1;
        let at = self.0.at.load(Ordering::SeqCst);
        let fault = Fault::ALL[usize::from(self.0.fault.load(Ordering::SeqCst))];
        match step.cmp(&at) {
            _ if at == 0 => None,
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(fault),
            std::cmp::Ordering::Greater => {
                let died = matches!(fault, Fault::Stop | Fault::StopBehind);
                died.then_some(Fault::Stop)
            }
        }
    }
}
