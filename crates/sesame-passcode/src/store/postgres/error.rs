//! What PostgreSQL's errors mean to whoever runs the server. Its texts are kept
//! out where they could hold values.

use std::error::Error as _;

use tokio_postgres::error::DbError;

use super::super::{Errors, StoreError};

pub(super) const STORE: Errors = Errors("postgres");

/// For an error of an operation.
pub(super) fn of(error: &tokio_postgres::Error) -> StoreError {
    if let Some(database) = error.as_db_error() {
        return of_database(database);
    }
    match error.source() {
        Some(source) if source.is::<std::io::Error>() => STORE.unavailable(source.to_string()),
        Some(source) if error.to_string().contains("TLS") => {
            STORE.unavailable(format!("no TLS with it: {source}"))
        }
        // A value that was read is not what we wrote there.
        Some(_) if error.to_string().contains("deserializing") => STORE.corrupt(error.to_string()),
        Some(_) | None => STORE.unavailable(error.to_string()),
    }
}

/// For an error that the server told.
fn of_database(error: &DbError) -> StoreError {
    let code = error.code().code();
    let told = format!("{} ({code})", error.message());
    match code {
        "28000" | "28P01" => STORE.unusable(told, "correct the user or password in its URL"),
        "3D000" => STORE.unusable(told, "make that database, or correct its URL"),
        "42501" => STORE.unusable(
            told,
            "give the user the right to make and use tables (GRANT CREATE, USAGE ON SCHEMA)",
        ),
        "42P01" | "42703" => STORE.unusable(
            told,
            "somebody has changed its tables; put back a copy, or name an empty database",
        ),
        "53100" => STORE.unusable(
            "there is no room left on its disk".to_owned(),
            "make room on that disk, it goes on by itself",
        ),
        "25006" => STORE.unavailable("it is read-only, as a stand-by server is".to_owned()),
        "XX001" | "XX002" => STORE.corrupt(format!("it says that its files are damaged ({code})")),
        // Connections, resources, an operator's hand, conflicts, time-outs.
        _ if ["08", "40", "53", "55", "57", "58"].contains(&&code[..2]) => STORE.unavailable(told),
        // Anything else names values at times.
        _ => STORE.corrupt(format!("it refused a statement ({code})")),
    }
}
