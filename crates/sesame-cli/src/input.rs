//! Files that people name on the command line.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::fault::Fault;

/// What a path is called in messages.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a text of at most `largest` bytes, without its byte order mark; `-` is
/// standard input.
pub(crate) fn read(path: &Path, largest: u64) -> Result<String, Fault> {
    let name = name(path);
    let bytes = read_bytes(path, largest).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => too_large(&name, largest),
        kind => unreadable(&name, kind),
    })?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Fault::bad_input(
            format!("{name}:1:1: UTF-16, not UTF-8"),
            "save the file as UTF-8; Windows PowerShell writes UTF-16 unless told -Encoding utf8",
        ));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match std::str::from_utf8(text) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(not_utf8(&name, &text[..error.valid_up_to()])),
    }
}

fn read_bytes(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> = if is_stdin(path) {
        Box::new(io::stdin())
    } else {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        Box::new(file)
    };
    let mut bytes = Vec::new();
    source.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn unreadable(name: &str, kind: ErrorKind) -> Fault {
    let (what, cure) = match kind {
        ErrorKind::NotFound => (
            "does not exist",
            "check the path, and the folder you are in",
        ),
        ErrorKind::IsADirectory => ("is a directory", "name the file in it"),
        ErrorKind::PermissionDenied => ("may not be read by this user", "change its permissions"),
        _ => ("cannot be read", "check the path and the disk it lies on"),
    };
    Fault::bad_input(format!("{name} {what}"), cure)
}

fn too_large(name: &str, largest: u64) -> Fault {
    let limit = largest / (1024 * 1024);
    Fault::bad_input(
        format!("{name} is larger than {limit} MiB, far too large for what is expected here"),
        "check the path",
    )
}

fn not_utf8(name: &str, valid: &[u8]) -> Fault {
    let valid = String::from_utf8_lossy(valid);
    let (line, column) = position(&valid, valid.len());
    Fault::bad_input(
        format!("{name}:{line}:{column}: not UTF-8"),
        "save the file as UTF-8; Chinese editors may have saved it as GBK",
    )
}

/// Line and column of a byte, from 1, in characters.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}
