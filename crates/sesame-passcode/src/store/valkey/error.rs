//! What Valkey's errors mean to whoever runs the server. Its own texts are kept
//! out, for they may name keys.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::super::{Errors, StoreError};

pub(super) const STORE: Errors = Errors("valkey");

/// For an error of an operation.
pub(super) fn of(error: &RedisError) -> StoreError {
    match error.kind() {
        // A cluster tells so only in the text of why no node let us in.
        ErrorKind::Io if error.to_string().contains("AuthenticationFailed") => not_allowed("AUTH"),
        ErrorKind::Io => STORE.unavailable(error.to_string()),
        ErrorKind::AuthenticationFailed => not_allowed("AUTH"),
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => STORE.unusable(
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
        | ErrorKind::ClusterConnectionNotFound => STORE.unavailable(error.category()),
        ErrorKind::InvalidClientConfig => wrong_url(),
        _ => of_code(error),
    }
}

/// For what the client knows no kind for.
fn of_code(error: &RedisError) -> StoreError {
    match error.code() {
        Some("OOM") => STORE.unusable(
            "its memory is full",
            "give it more (maxmemory), it goes on by itself",
        ),
        Some("MISCONF") => STORE.unusable(
            "it cannot save to its disk and refuses writes",
            "look at its log; make room on its disk",
        ),
        Some(code @ ("NOAUTH" | "WRONGPASS" | "NOPERM")) => not_allowed(code),
        Some(code @ ("BUSY" | "NOREPLICAS" | "UNBLOCKED")) => STORE.unavailable(code),
        Some("WRONGTYPE") => STORE.corrupt("a key of ours holds something of another kind"),
        Some(code) => STORE.unusable(
            format!("it refused a command ({code})"),
            "see that it is Valkey, or Redis 5 or newer, and allows scripts",
        ),
        // An answer that does not parse, a connection ended by the client.
        None => STORE.unavailable(error.category()),
    }
}

fn not_allowed(code: &str) -> StoreError {
    STORE.unusable(
        format!("it does not let us in ({code})"),
        "correct the user or password in its URL, and what that user may do",
    )
}

/// Without any part of the URL, which holds a password.
pub(super) fn wrong_url() -> StoreError {
    STORE.unusable(
        "its URL cannot be read",
        "write valkey://user:password@host:port (valkeys:// for TLS), or \
         valkey-cluster://host:port,host:port, with special characters percent-encoded",
    )
}
