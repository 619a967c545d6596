//! A configuration file's text, or why there is none.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::problem::{Found, Place, Problem, ProblemId, locate};

/// No configuration is larger. What is, was not meant to be one.
const LARGEST: u64 = 1024 * 1024;

/// How long whoever writes into a pipe may take.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });

pub(super) fn read(path: &Path) -> Result<String, Problem> {
    let bytes = read_bytes(path, LARGEST).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        not_utf8(error.as_bytes(), at)
    })
}

/// At most `largest` bytes. A pipe (`<(…)` in a shell) or a device is waited for
/// only so long, since it may never end.
pub(super) fn read_bytes(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let kind = path.metadata()?.file_type();
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if kind.is_file() {
        return read_all(path, largest);
    }
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || sender.send(read_all(&path, largest)));
    let answer = receiver.recv_timeout(PATIENCE);
    answer.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

fn read_all(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(largest + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let path = path.display();
    let (id, message, cure) = match error.kind() {
        ErrorKind::NotFound => (
            ProblemId::FileNotFound,
            format!("there is no file {path}"),
            "check the path, and the folder this program was started in",
        ),
        ErrorKind::IsADirectory => (
            ProblemId::FileIsDirectory,
            format!("{path} is a directory"),
            "name the configuration file in it",
        ),
        ErrorKind::PermissionDenied => (
            ProblemId::FilePermission,
            format!("{path} may not be read by this user"),
            "give the user this program runs as permission to read it",
        ),
        ErrorKind::FileTooLarge => (
            ProblemId::FileTooLarge,
            format!("{path} is larger than 1 MiB, and so no configuration"),
            "check the path",
        ),
        ErrorKind::TimedOut => (
            ProblemId::FileUnreadable,
            format!(
                "{path} is a pipe or a device, and did not come to its end within {} s",
                PATIENCE.as_secs()
            ),
            "name a file, or see that whoever writes into the pipe closes it",
        ),
        kind => (
            ProblemId::FileUnreadable,
            format!("{path} cannot be read: {kind}"),
            "check the path and the disk it lies on",
        ),
    };
    Problem {
        id,
        level: id.level(),
        path: String::new(),
        line: None,
        column: None,
        message,
        cure: cure.to_owned(),
    }
}

fn not_utf8(bytes: &[u8], at: usize) -> Problem {
    let readable = String::from_utf8_lossy(&bytes[..at]);
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let message = if is_utf16 {
        "the file is UTF-16, not UTF-8".to_owned()
    } else {
        format!(
            "the file is not UTF-8: byte {} does not belong there",
            at + 1
        )
    };
    let found = Found {
        id: ProblemId::NotUtf8,
        place: Place {
            path: String::new(),
            at: Some(at),
        },
        message,
        cure: "save it as UTF-8; Chinese editors may have saved it as GBK".to_owned(),
    };
    locate(&readable, vec![found]).remove(0)
}
