//! The file the keys lie in: nobody but its owner may read it, and it is there
//! whole or not at all.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sesame_connector::Source;

use super::{KeyRing, KeysError};
use crate::private_file;

/// Reads keys.
///
/// # Errors
/// Where there are none, or none that can be used.
pub fn read(path: &Path) -> Result<KeyRing, KeysError> {
    let place = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(KeysError::Missing { place });
        }
        Err(source) => {
            return Err(KeysError::Io {
                place,
                what: "read",
                source,
            });
        }
    };
    if is_open_to_others(path) {
        tracing::warn!(keys.file = %place, "other users of this machine may read the keys; chmod 600 them");
    }
    KeyRing::parse(&text, &place)
}

/// Writes keys where none are yet.
///
/// # Errors
/// Where there are some already, or nothing can be written.
pub fn write_new(path: &Path, ring: &KeyRing) -> Result<(), KeysError> {
    let place = || path.display().to_string();
    if let Some(folder) = private_file::folder_of(path) {
        crate::stores::create_private(folder).map_err(|source| written(path, source))?;
    }
    // A hard link, unlike a renaming, never replaces what is there.
    let temporary = temporary(path);
    private_file::create(&temporary, ring.to_json().as_bytes())
        .map_err(|source| written(path, source))?;
    let linked = std::fs::hard_link(&temporary, path);
    let _ = std::fs::remove_file(&temporary);
    match linked {
        Ok(()) => private_file::sync_folder(path).map_err(|source| written(path, source)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(KeysError::Exists { place: place() })
        }
        Err(source) => Err(written(path, source)),
    }
}

/// Adds new code and token keys, used from `active_from` on, while nobody else
/// does.
///
/// # Errors
/// Where there are no keys, or nothing can be written; then the older ones are
/// still there.
pub fn rotate(
    path: &Path,
    source: &dyn Source,
    active_from: Timestamp,
) -> Result<KeyRing, KeysError> {
    // Where there are none, no lock is left behind either.
    read(path)?;
    let _held = hold(path).map_err(|source| written(path, source))?;
    let mut ring = read(path)?;
    ring.rotate(source, active_from);
    write_over(path, &ring)?;
    Ok(ring)
}

/// A lock beside the file, which itself is replaced.
fn hold(path: &Path) -> std::io::Result<File> {
    let file = private_file::options()
        .create(true)
        .truncate(false)
        .open(private_file::beside(path, ".lock"))?;
    file.lock()?;
    Ok(file)
}

/// Writes keys in the place of older ones.
fn write_over(path: &Path, ring: &KeyRing) -> Result<(), KeysError> {
    private_file::replace(path, &temporary(path), ring.to_json().as_bytes())
        .map_err(|source| written(path, source))
}

/// One that no other process takes.
fn temporary(path: &Path) -> PathBuf {
    private_file::beside(path, &format!(".{}.tmp", std::process::id()))
}

fn written(path: &Path, source: std::io::Error) -> KeysError {
    KeysError::Io {
        place: path.display().to_string(),
        what: "written",
        source,
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> bool {
    false
}
