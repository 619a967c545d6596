//! The one runtime of this process, started with the first message.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Handle, Runtime};

static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

/// One thread of its own: signing and sending thousands of messages a second
/// leave it idle for the most part.
///
/// # Errors
/// Where the thread cannot be started.
pub(crate) fn get() -> io::Result<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = &*runtime {
        return Ok(running.handle().clone());
    }
    let started = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("sesame")
        .enable_all()
        .build()?;
    Ok(runtime.insert(started).handle().clone())
}
