//! The binary on a terminal of its own.

use std::io::{Read as _, Write as _};
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use pty_process::blocking::{Command, Pty, open};

/// Far longer than anything takes; a test that hangs ends then.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program on a terminal, ended when dropped.
pub(super) struct Session {
    child: Child,
    terminal: Arc<Pty>,
    shown: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
    /// All that was shown, without what only moves or paints.
    pub(super) text: String,
    /// The same with it.
    pub(super) raw: String,
    /// What was read so far.
    read: usize,
}

/// What a program does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It asks: its question, and what it showed since the last answer.
    Asks(String, String),
    /// It has shown one of the texts looked for.
    Shows(String),
    /// It has ended, with this code; none where a signal ended it.
    Ended(Option<i32>),
}

/// How a session is broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    CtrlC,
    Kill,
    /// What a terminal sends that is closed.
    HangUp,
    /// Ctrl-D on an empty line.
    End,
}

impl Session {
    pub(super) fn start(arguments: &[String], variables: &[(&str, String)], columns: u16) -> Self {
        let (terminal, inside) = open().expect("a terminal");
        terminal
            .resize(pty_process::Size::new(40, columns))
            .expect("a size");
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("sesame"));
        for name in ["NO_COLOR", "LC_ALL", "LC_MESSAGES", "LANG", "SESAME_LOG"] {
            command = command.env_remove(name);
        }
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command = command.env_remove(name).env_remove(name.to_lowercase());
        }
        command = command.env("TERM", "xterm").args(arguments);
        for (name, value) in variables {
            command = command.env(name, value);
        }
        let child = command.spawn(inside).expect("the binary runs");
        let terminal = Arc::new(terminal);
        let (sender, shown) = channel();
        let reader = terminal.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Where nobody holds the other end any more, reading fails.
            while let Ok(many @ 1..) = (&*reader).read(&mut buffer) {
                if sender.send(buffer[..many].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            terminal,
            shown,
            bytes: Vec::new(),
            text: String::new(),
            raw: String::new(),
            read: 0,
        }
    }

    /// Waits for a question, for one of `texts`, or for the end.
    pub(super) fn next(&mut self, texts: &[&str]) -> Next {
        let next = self.next_within(texts, PATIENCE);
        next.unwrap_or_else(|| panic!("nothing happens any more:\n{}", self.text))
    }

    /// The same, for as long as it is worth while to look elsewhere meanwhile.
    pub(super) fn next_or_nothing(&mut self, texts: &[&str]) -> Option<Next> {
        self.next_within(texts, Duration::from_millis(200))
    }

    fn next_within(&mut self, texts: &[&str], patience: Duration) -> Option<Next> {
        loop {
            let new = &self.text[self.read..];
            let found = texts
                .iter()
                .filter_map(|text| Some((new.find(text)? + text.len(), *text)))
                .min();
            if let Some((end, text)) = found {
                self.read += end;
                return Some(Next::Shows(text.to_owned()));
            }
            if let Some(question) = question(new) {
                let (question, new) = (question.to_owned(), new.to_owned());
                self.read = self.text.len();
                return Some(Next::Asks(question, new));
            }
            match self.shown.recv_timeout(patience) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().expect("it ends");
                    return Some(Next::Ended(status.code()));
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        // A character may have come in two parts.
        let whole = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&self.bytes[..whole]).into_owned();
        self.raw = text.clone();
        self.text = plain(&text);
    }

    pub(super) fn answer(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        (&*self.terminal).write_all(bytes).expect("it listens");
    }

    /// Breaks it off, and tells the exit code.
    pub(super) fn break_off(&mut self, how: Break) -> Option<i32> {
        match how {
            Break::CtrlC => self.write(b"\x03"),
            Break::End => self.write(b"\x04"),
            Break::Kill => self.child.kill().expect("it lives"),
            Break::HangUp => {
                let pid = self.child.id().to_string();
                let status = std::process::Command::new("kill")
                    .args(["-HUP", &pid])
                    .status();
                assert!(status.expect("kill runs").success());
            }
        }
        loop {
            if let Next::Ended(code) = self.next(&[]) {
                return code;
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The line that waits for an answer.
fn question(text: &str) -> Option<&str> {
    let line = text.rsplit('\n').next()?;
    line.strip_suffix(" > ")
}

/// Without colours, and with a line that was written over gone.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = behind.find(|c: char| c.is_ascii_alphabetic());
        rest = end.map_or("", |end| &behind[end + 1..]);
    }
    plain.push_str(rest);
    plain.replace('\r', "")
}
