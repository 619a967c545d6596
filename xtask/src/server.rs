//! Programs that are started, used and ended.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::workspace::show;

/// How long a server may take until it accepts connections.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A child that does not outlive us.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that says `ready <url>`, ended when this is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    _child: Ended,
}

impl Server {
    /// Starts it and waits for its first address of this scheme; what it says
    /// on standard error goes to the file.
    pub(crate) fn start(command: Command, scheme: &str, log: &Path) -> Result<Self> {
        println!("$ {}", show(&command));
        let file =
            File::create(log).with_context(|| format!("could not write {}", log.display()))?;
        Self::start_quietly(command, scheme, file).with_context(|| format!("see {}", log.display()))
    }

    /// The same without telling, into a file that is open already.
    pub(crate) fn start_quietly(mut command: Command, scheme: &str, stderr: File) -> Result<Self> {
        let shown = show(&command);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("could not start `{shown}`"))?;
        let stdout = child.stdout.take();
        let child = Ended(child);
        let (found, urls) = mpsc::channel();
        // Reads to the end, so that the server never waits for a reader.
        thread::spawn(move || {
            let lines = stdout.map(BufReader::new).map(BufRead::lines);
            for line in lines.into_iter().flatten().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("ready ") {
                    let _ = found.send(url.trim().to_owned());
                }
            }
        });
        loop {
            let url = urls
                .recv_timeout(READY_WITHIN)
                .with_context(|| format!("`{shown}` did not get ready"))?;
            if url.split(':').next() == Some(scheme) {
                return Ok(Self { url, _child: child });
            }
        }
    }
}

/// Runs a program to its end, with its output streamed, but not for ever.
pub(crate) fn run_within(limit: Duration, mut command: Command) -> Result<()> {
    let shown = show(&command);
    println!("$ {shown}");
    let child = command
        .spawn()
        .with_context(|| format!("could not start `{shown}`"))?;
    let mut child = Ended(child);
    let tick = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    while waited < limit {
        match child.0.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{shown}` ended with {status}"),
            None => thread::sleep(tick),
        }
        waited += tick;
    }
    bail!("`{shown}` had not ended after {} s", limit.as_secs())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    #[test]
    fn the_first_address_of_the_scheme_is_taken() {
        let script = "echo hello; echo ready http://a:1; echo ready https://a:2; exec sleep 60";
        let server = Server::start(shell(script), "https", Path::new("/dev/null")).unwrap();
        assert_eq!(server.url, "https://a:2");
    }

    #[test]
    fn a_server_that_ends_is_told_at_once() {
        let error = Server::start(shell("exit 3"), "http", Path::new("/dev/null")).err();
        assert!(format!("{:#}", error.unwrap()).contains("did not get ready"));
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let limit = Duration::from_millis(200);
        let error = run_within(limit, shell("exec sleep 60")).err().unwrap();
        assert!(error.to_string().contains("had not ended"), "{error}");
    }
}
