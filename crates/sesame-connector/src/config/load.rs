//! A configuration file's text, or why there is none.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::problem::{Found, Place, Problem, ProblemId, locate};

/// No configuration is larger. What is, was not meant to be one.
const LARGEST: u64 = 1024 * 1024;

pub(super) fn read(path: &Path) -> Result<String, Problem> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        not_utf8(error.as_bytes(), at)
    })
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Problem> {
    let failed = |error: io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(unreadable(path, &ErrorKind::IsADirectory.into()));
    }
    let mut bytes = Vec::new();
    if metadata.len() <= LARGEST {
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    }
    if metadata.len() > LARGEST || bytes.len() as u64 > LARGEST {
        return Err(unreadable(path, &ErrorKind::FileTooLarge.into()));
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
