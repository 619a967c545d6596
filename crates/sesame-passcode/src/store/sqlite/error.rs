//! What SQLite's errors mean to whoever runs the server. Nothing that is stored
//! is in them: values are bound, and SQLite's texts name only tables.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use super::super::{Errors, StoreError};

pub(super) const STORE: Errors = Errors("sqlite");

/// For an error of an operation on the open file.
pub(super) fn of(error: &rusqlite::Error, path: &Path) -> StoreError {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => of_code(*failure, path),
        other => STORE.corrupt(format!("{}: {other}", path.display())),
    }
}

/// For SQLite's own code.
pub(super) fn of_code(failure: ffi::Error, path: &Path) -> StoreError {
    let path = path.display();
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            STORE.unavailable(format!("another process keeps {path} locked"))
        }
        ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted => {
            STORE.unavailable(failure.to_string())
        }
        ErrorCode::DiskFull => STORE.unusable(
            format!("there is no room left for {path}"),
            "make room on that disk, it goes on by itself",
        ),
        ErrorCode::ReadOnly if failure.extended_code == ffi::SQLITE_READONLY_DBMOVED => STORE
            .unusable(
                format!("the file {path} was moved, deleted or replaced while this runs"),
                "stop the server, put the file back, start again",
            ),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => STORE.unusable(
            format!("{path} cannot be written"),
            "let the user that runs this write the file and its folder",
        ),
        ErrorCode::CannotOpen => STORE.unusable(
            format!("{path} cannot be opened or made"),
            "see that its folder is there and the user that runs this may write in it",
        ),
        ErrorCode::SystemIoFailure => STORE.unusable(
            format!("reading or writing {path} failed ({failure})"),
            "look at the disk and at the system's log",
        ),
        ErrorCode::NotADatabase => STORE.corrupt(format!(
            "{path} is no SQLite database; move it away or name another file"
        )),
        ErrorCode::DatabaseCorrupt => STORE.corrupt(format!(
            "{path} is damaged; stop the server and put back a copy"
        )),
        _ => STORE.corrupt(format!("{path}: {failure}")),
    }
}
