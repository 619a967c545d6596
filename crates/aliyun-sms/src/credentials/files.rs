//! Reading the small files credentials are kept in.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::lack::Lack;

/// No profile file and no token comes near this.
const LIMIT: u64 = 1024 * 1024;

/// Reads a file as text.
pub(super) async fn read(path: &Path) -> Result<String, Lack> {
    let place = path.display();
    let failed = |error: io::Error| Lack::lasting(format!("{place}: {}", reason(&error)));
    let about = tokio::fs::metadata(path).await.map_err(failed)?;
    // A pipe would keep the reader waiting for ever.
    if !about.is_file() {
        return Err(Lack::lasting(format!("{place}: not a file")));
    }
    if about.len() > LIMIT {
        return Err(Lack::lasting(format!("{place}: larger than 1 MiB")));
    }
    let text = tokio::fs::read_to_string(path).await.map_err(failed)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => "no such file",
        ErrorKind::PermissionDenied => "may not be read",
        ErrorKind::InvalidData => "not UTF-8 text",
        _ => "cannot be read",
    }
}
