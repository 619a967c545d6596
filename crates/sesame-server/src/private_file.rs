//! Files for nobody else's eyes, there whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file with the same name and more.
pub fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(more);
    path.with_file_name(name)
}

/// For writing, and for nobody but the owner to read.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a new file, in the place of what an earlier try may have left.
///
/// # Errors
/// As writing fails.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let _ = std::fs::remove_file(path);
    let mut file = options().create_new(true).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Writes a file in the place of an older one, by way of `temporary` in the same
/// folder.
///
/// # Errors
/// As writing fails; then the older one is still there.
pub fn replace(path: &Path, temporary: &Path, content: &[u8]) -> io::Result<()> {
    let written = create(temporary, content).and_then(|()| std::fs::rename(temporary, path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(temporary);
        return Err(error);
    }
    sync_folder(path)
}

/// A name is durable only when its folder is.
///
/// # Errors
/// As syncing fails.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = folder_of(path).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all())
}

/// The folder of a file, where its path names one.
pub fn folder_of(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}
