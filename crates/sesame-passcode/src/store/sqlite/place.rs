//! Whether the path still leads to the file that is open.
//!
//! A file that was moved, deleted or replaced can be written as before, and
//! nobody finds again what is written there. SQLite itself looks only where
//! there is no write-ahead log.

use std::path::{Path, PathBuf};

use rusqlite::ffi;

/// The open file, and where it was.
#[derive(Clone, Debug)]
pub(super) struct Place {
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "only asked about where files can go while open")
    )]
    path: PathBuf,
    #[cfg(unix)]
    found: (u64, u64),
}

impl Place {
    /// The file that was opened at a path a moment ago.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            found: device_and_inode(path)?,
        })
    }

    /// Asks the system by one `stat`: little beside a transaction, which waits for
    /// the disk, or a read, which waits for a thread.
    ///
    /// # Errors
    /// With the code SQLite has for a file that is somewhere else.
    #[cfg(unix)]
    pub(super) fn check(&self) -> Result<(), ffi::Error> {
        let has_moved = match device_and_inode(&self.path) {
            Ok(found) => found != self.found,
            // What cannot be asked for now says nothing of the file.
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        if has_moved {
            return Err(ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED));
        }
        Ok(())
    }

    /// Other systems do not let go of a file that is open.
    #[cfg(not(unix))]
    pub(super) fn check(&self) -> Result<(), ffi::Error> {
        Ok(())
    }
}

#[cfg(unix)]
fn device_and_inode(path: &Path) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}
