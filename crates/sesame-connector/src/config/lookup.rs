//! Where `{"env": …}` and `{"file": …}` get their values.

use std::io;
use std::path::{Path, PathBuf};

use super::load;

/// Gives the values that a configuration refers to.
pub trait Lookup {
    /// Whether the value of a key may not come from there: the cure, if so.
    fn forbids(&self, _key: &str, _reference: Reference<'_>) -> Option<&'static str> {
        None
    }

    /// The value of an environment variable.
    fn env(&self, name: &str) -> Option<String>;

    /// The content of a file.
    ///
    /// # Errors
    /// As reading it fails.
    fn file(&self, path: &str) -> io::Result<String>;

    /// What to check where a file cannot be read.
    fn file_cure(&self) -> &'static str {
        "check the path, which is relative to the configuration's folder, and that this program may read it"
    }
}

/// What stands in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// The name of an environment variable.
    Env(&'a str),
    /// The path of a file.
    File(&'a str),
}

/// This process' environment, and files relative to a folder.
#[derive(Clone, Debug)]
pub struct SystemLookup {
    folder: PathBuf,
}

impl SystemLookup {
    /// Files are relative to this folder, usually the configuration's own.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Relative to the folder a file lies in.
    pub fn beside(file: &Path) -> Self {
        Self::in_folder(file.parent().unwrap_or(Path::new("")))
    }
}

/// No file a key or a secret comes from is larger.
const LARGEST: u64 = 64 * 1024;

impl Lookup for SystemLookup {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &str) -> io::Result<String> {
        let bytes = load::read_bytes(&self.folder.join(path), LARGEST)?;
        String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
    }
}

/// Refuses every reference, for configurations that come from where nobody may
/// read this machine's files.
#[derive(Clone, Copy, Debug)]
pub struct NoLookup;

impl Lookup for NoLookup {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
