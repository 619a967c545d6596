//! The one runtime of this process and its one way out, made with the first
//! message.

use std::future::pending;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use sesame_connector::{Error, Transport};
use tokio::runtime::{Builder, Handle};

static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);
static TRANSPORT: Mutex<Option<Transport>> = Mutex::new(None);

/// Far more than sending needs, far less than threads have by themselves.
const STACK: usize = 512 * 1024;

/// One thread of its own: signing and sending thousands of messages a second
/// leave it idle for the most part.
///
/// # Errors
/// Where the thread cannot be started.
pub(crate) fn get() -> io::Result<Handle> {
    let mut running = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*running {
        return Ok(handle.clone());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("sesame".to_owned())
        .stack_size(STACK)
        .spawn(move || runtime.block_on(pending::<()>()))?;
    Ok(running.insert(handle).clone())
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
