//! Work that is finished even if whoever asked for it has left.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Spawns tasks that shutting down waits for.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    /// Each task holds a sender; when all are gone, the receiver is told.
    sender: Arc<Mutex<Option<mpsc::Sender<Infallible>>>>,
}

/// Waits for the tasks.
#[derive(Debug)]
pub(crate) struct Waiting(mpsc::Receiver<Infallible>);

impl Tasks {
    pub(crate) fn new() -> (Self, Waiting) {
        let (sender, receiver) = mpsc::channel(1);
        let sender = Arc::new(Mutex::new(Some(sender)));
        (Self { sender }, Waiting(receiver))
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let guard = self
            .sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        tokio::spawn(async move {
            let result = work.await;
            drop(guard);
            result
        })
    }

    /// From now on the end of the last task can come.
    pub(crate) fn close(&self) {
        self.sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

impl Waiting {
    /// Ends when no task is left, after [`Tasks::close`].
    pub(crate) async fn ended(&mut self) {
        while self.0.recv().await.is_some() {}
    }
}
