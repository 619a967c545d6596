//! Ctrl-C, SIGTERM and SIGHUP: finish what was accepted, then end.

use std::io;
use std::time::Duration;

use sesame_emulator::Emulator;
use sesame_server::Server;
use sesame_server::traces::Traces;

/// Longer than this nobody waits for a connection that stays open.
const GRACE: Duration = Duration::from_secs(5);

/// Waits until the terminal is closed, from the first poll on, whatever the
/// process was started with: under `nohup` nobody would tell otherwise.
pub(crate) async fn hang_up() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut hang_up) = signal(SignalKind::hangup()) {
            hang_up.recv().await;
            return;
        }
    }
    std::future::pending().await
}

/// The wish to end, listened for from [`Shutdown::listen`] on.
pub(crate) struct Shutdown {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// None where the process was started to outlive its terminal.
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
}

/// Whether the process was started with SIGHUP ignored, as `nohup` does. Where
/// that cannot be told it is taken for so.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 != 0)
}

/// A file that may grow no more then refuses to be written to, as a full disk
/// does, and does not end the process.
#[cfg(unix)]
fn outlive_file_limits() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let of_file_size = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    signal(of_file_size).map(drop)
}

impl Shutdown {
    /// From here on a signal does not kill the process any more, so this comes
    /// before `ready` is printed.
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            outlive_file_limits()?;
            let hang_up = (!ignores_hang_up()).then(|| signal(SignalKind::hangup()));
            Ok(Self {
                hang_up: hang_up.transpose()?,
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for a signal.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        {
            let hung_up = async {
                match &mut self.hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = hung_up => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }

    /// Ends an emulator: what was accepted is finished, unless that takes too
    /// long or a second signal comes.
    pub(crate) async fn end(mut self, emulator: Emulator) {
        tokio::select! {
            () = emulator.shutdown() => {}
            () = tokio::time::sleep(GRACE) => tracing::warn!("connections were still open, closed them"),
            () = self.wait() => {}
        }
    }

    /// Ends a server and sends its last traces, which both bound by themselves
    /// how long that takes; a second signal ends them at once.
    pub(crate) async fn end_server(mut self, server: Server, traces: Option<Traces>) {
        let ended = async {
            server.shutdown().await;
            if let Some(traces) = traces {
                traces.end().await;
            }
        };
        tokio::select! {
            () = ended => {}
            () = self.wait() => tracing::warn!("asked twice, ends without waiting"),
        }
    }
}
