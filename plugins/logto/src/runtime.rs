//! The one runtime of this process and its one way out, made with the first
//! message.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use sesame_connector::{Error, Transport};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::work::{self, Work};

static QUEUE: Mutex<Option<UnboundedSender<Work>>> = Mutex::new(None);
static TRANSPORT: Mutex<Option<Transport>> = Mutex::new(None);

/// Far more than sending needs, far less than threads have by themselves.
const STACK: usize = 512 * 1024;

/// Where messages are handed in. One thread of its own takes them: signing and
/// sending thousands of messages a second leave it idle for the most part.
///
/// It is a queue because whoever hands in wakes that thread then only if it
/// waits. There are never more in it than Logto has requests under way.
///
/// # Errors
/// Where the thread cannot be started.
pub(crate) fn queue() -> io::Result<UnboundedSender<Work>> {
    let mut open = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(queue) = &*open {
        return Ok(queue.clone());
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(work::gather)
        .build()?;
    let (queue, mut waiting) = unbounded_channel();
    let take = async move {
        while let Some(work) = waiting.recv().await {
            tokio::spawn(work::run(work));
        }
    };
    thread::Builder::new()
        .name("sesame".to_owned())
        .stack_size(STACK)
        .spawn(move || runtime.block_on(take))?;
    Ok(open.insert(queue).clone())
}

/// The connections of all configurations.
///
/// # Errors
/// Where TLS cannot be set up on this machine.
pub(crate) fn transport() -> Result<Transport, Error> {
    let mut made = TRANSPORT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(transport) = &*made {
        return Ok(transport.clone());
    }
    Ok(made.insert(Transport::new()?).clone())
}
