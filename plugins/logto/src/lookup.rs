//! What a configuration may refer to on this machine.
//!
//! It is written in Logto's console, by people who may administer Logto and not
//! the machine. So `{"env": …}` and `{"file": …}` reach only what is meant for
//! it: names that begin in one of a few ways, and folders of secrets.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use sesame_connector::config::{Lookup, SystemLookup};

/// How the names of variables begin that may be referred to.
const PREFIXES: &[&str] = &["ALIYUN_", "ALIBABA_CLOUD_", "SESAME_"];

/// Where containers find their secrets.
const FOLDER: &str = "/run/secrets";

/// Names one more folder.
const FOLDER_VARIABLE: &str = "SESAME_SECRETS_DIR";

/// Reads what may be read, and remembers that it was asked.
pub(crate) struct HostLookup {
    system: SystemLookup,
    was_asked: Cell<bool>,
}

impl HostLookup {
    pub(crate) fn new() -> Self {
        Self {
            system: SystemLookup::in_folder(FOLDER),
            was_asked: Cell::new(false),
        }
    }

    /// Whether a configuration referred to anything.
    pub(crate) fn was_asked(&self) -> bool {
        self.was_asked.get()
    }
}

impl Lookup for HostLookup {
    fn env_prefixes(&self) -> Option<&'static [&'static str]> {
        Some(PREFIXES)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.was_asked.set(true);
        self.system.env(name)
    }

    fn file(&self, path: &str) -> io::Result<String> {
        self.was_asked.set(true);
        let folder = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
        let folders = [Some(PathBuf::from(FOLDER)), folder];
        if folders.iter().flatten().any(|folder| lies_in(path, folder)) {
            self.system.file(path)
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

/// Wherever links lead. What does not exist lies nowhere.
fn lies_in(path: &str, folder: &Path) -> bool {
    let path = Path::new(FOLDER).join(path);
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_the_folders_of_secrets_are_not_read() {
        let lookup = HostLookup::new();
        for path in ["/etc/hostname", "../../etc/hostname", "/proc/self/environ"] {
            let error = lookup.file(path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{path}");
        }
        assert!(lookup.was_asked());
    }

    #[test]
    fn a_file_lies_in_its_folder_wherever_links_lead() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(lies_in(
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            folder
        ));
        assert!(!lies_in(
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"),
            folder
        ));
    }
}
