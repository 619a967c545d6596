//! What Valkey's errors mean to whoever runs the server. Its own texts are kept
//! out, for they may name keys.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::super::StoreError;

const STORE: &str = "valkey";

/// For an error of an operation.
pub(super) fn of(error: &RedisError) -> StoreError {
    match error.kind() {
        // A cluster tells so only in the text of why no node let us in.
        ErrorKind::Io if error.to_string().contains("AuthenticationFailed") => not_allowed("AUTH"),
        ErrorKind::Io => unavailable(error.to_string()),
        ErrorKind::AuthenticationFailed => not_allowed("AUTH"),
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => unusable(
            "it is one node of a cluster",
            "name it as valkey-cluster://host:port,host:port",
        ),
        ErrorKind::Server(ServerErrorKind::NoPerm) => not_allowed("NOPERM"),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly,
        )
        | ErrorKind::ClusterConnectionNotFound => unavailable(error.category()),
        ErrorKind::InvalidClientConfig => wrong_url(),
        _ => of_code(error),
    }
}

/// For what the client knows no kind for.
fn of_code(error: &RedisError) -> StoreError {
    match error.code() {
        Some("OOM") => unusable(
            "its memory is full",
            "give it more (maxmemory), it goes on by itself",
        ),
        Some("MISCONF") => unusable(
            "it cannot save to its disk and refuses writes",
            "look at its log; make room on its disk",
        ),
        Some(code @ ("NOAUTH" | "WRONGPASS" | "NOPERM")) => not_allowed(code),
        Some(code @ ("BUSY" | "NOREPLICAS" | "UNBLOCKED")) => unavailable(code),
        Some("WRONGTYPE") => corrupt("a key of ours holds something of another kind"),
        Some(code) => unusable(
            format!("it refused a command ({code})"),
            "see that it is Valkey, or Redis 5 or newer, and allows scripts",
        ),
        // An answer that does not parse, a connection ended by the client.
        None => unavailable(error.category()),
    }
}

fn not_allowed(code: &str) -> StoreError {
    unusable(
        format!("it does not let us in ({code})"),
        "correct the user or password in its URL, and what that user may do",
    )
}

/// Without any part of the URL, which holds a password.
pub(super) fn wrong_url() -> StoreError {
    unusable(
        "its URL cannot be read",
        "write valkey://user:password@host:port (valkeys:// for TLS), or \
         valkey-cluster://host:port,host:port, with special characters percent-encoded",
    )
}

pub(super) fn unavailable(reason: impl Into<String>) -> StoreError {
    StoreError::Unavailable {
        store: STORE,
        reason: reason.into(),
    }
}

pub(super) fn unusable(reason: impl Into<String>, cure: impl Into<String>) -> StoreError {
    StoreError::Unusable {
        store: STORE,
        reason: reason.into(),
        cure: cure.into(),
    }
}

pub(super) fn corrupt(reason: impl Into<String>) -> StoreError {
    StoreError::Corrupt {
        store: STORE,
        reason: reason.into(),
    }
}

pub(super) fn schema(found: u32, known: u32) -> StoreError {
    StoreError::Schema {
        store: STORE,
        found,
        known,
    }
}
