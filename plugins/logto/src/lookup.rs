//! What a configuration may refer to on this machine.
//!
//! It is written in Logto's console, by people who may administer Logto and not
//! the machine. So `{"env": …}` and `{"file": …}` stand only for what is never
//! shown and never travels: secrets. What is sent along with every message, a
//! key's id and its token, comes from variables that are named for it; whoever
//! may write the endpoint gets to see that.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use sesame_connector::config::{Lookup, Reference, SystemLookup};

/// How the names of variables begin that may be referred to.
const PREFIXES: [&str; 3] = ["ALIYUN_", "ALIBABA_CLOUD_", "SESAME_"];

/// Where containers find their secrets, those of others too.
const FOLDER: &str = "/run/secrets";

/// How the names of ours begin there.
const NAMES: [&str; 3] = ["aliyun", "alibaba", "sesame"];

/// Names a folder that holds secrets of ours only.
const FOLDER_VARIABLE: &str = "SESAME_SECRETS_DIR";

/// Reads what may be read, and remembers that it was asked.
pub(crate) struct HostLookup {
    system: SystemLookup,
    was_asked: Cell<bool>,
    has_failed: Cell<bool>,
}

impl HostLookup {
    pub(crate) fn new() -> Self {
        Self {
            system: SystemLookup::in_folder(FOLDER),
            was_asked: Cell::new(false),
            has_failed: Cell::new(false),
        }
    }

    /// Whether a configuration referred to anything.
    pub(crate) fn was_asked(&self) -> bool {
        self.was_asked.get()
    }

    /// Whether anything was not there, and so may be soon.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    fn read(&self, path: &str) -> io::Result<String> {
        let own = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
        let found = own
            .and_then(|folder| within(path, &folder))
            .or_else(|| within(path, Path::new(FOLDER)).filter(|found| is_ours(found)));
        match found {
            // A pipe would be waited for.
            Some(found) if found.is_file() => self.system.file(&found.to_string_lossy()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn noted<T>(&self, found: Option<T>) -> Option<T> {
        self.was_asked.set(true);
        if found.is_none() {
            self.has_failed.set(true);
        }
        found
    }
}

impl Lookup for HostLookup {
    fn forbids(&self, key: &str, reference: Reference<'_>) -> Option<&'static str> {
        let is_named = |end: &str| matches!(reference, Reference::Env(name) if name.ends_with(end));
        let may_stand = match key {
            "accessKeySecret" | "nextAccessKeySecret" => true,
            "accessKeyId" | "nextAccessKeyId" => is_named("_ACCESS_KEY_ID"),
            "securityToken" => is_named("_SECURITY_TOKEN"),
            _ => return Some("write the value itself; only keys may stand elsewhere"),
        };
        let is_ours = match reference {
            Reference::Env(name) => PREFIXES.iter().any(|prefix| name.starts_with(prefix)),
            Reference::File(_) => true,
        };
        (!may_stand || !is_ours).then_some(
            "name a variable that begins with ALIYUN_, ALIBABA_CLOUD_ or SESAME_, and that ends with _ACCESS_KEY_ID for a key's id, with _SECURITY_TOKEN for a token; only a secret may be in a file",
        )
    }

    fn env(&self, name: &str) -> Option<String> {
        self.noted(self.system.env(name))
    }

    fn file(&self, path: &str) -> io::Result<String> {
        let read = self.read(path);
        self.noted(read.as_ref().ok());
        read
    }

    fn file_cure(&self) -> &'static str {
        "put it into the folder that SESAME_SECRETS_DIR names, or into /run/secrets under a name that begins with aliyun, alibaba or sesame"
    }
}

/// The file of a folder, wherever links lead; one outside it is not there.
fn within(path: &str, folder: &Path) -> Option<PathBuf> {
    let found = folder.join(path).canonicalize().ok()?;
    let folder = folder.canonicalize().ok()?;
    found.starts_with(folder).then_some(found)
}

/// By the first name below the folder of everybody's secrets.
fn is_ours(found: &Path) -> bool {
    let folder = Path::new(FOLDER).canonicalize().unwrap_or_default();
    let name = found.strip_prefix(folder).ok().and_then(Path::to_str);
    name.is_some_and(|name| NAMES.iter().any(|start| name.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_the_folders_of_secrets_are_not_read() {
        let lookup = HostLookup::new();
        for path in ["/etc/hostname", "../../etc/hostname", "/proc/self/environ"] {
            let error = lookup.file(path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{path}");
        }
        assert!(lookup.was_asked() && lookup.has_failed());
    }

    #[test]
    fn a_file_lies_in_its_folder_wherever_links_lead() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(within("Cargo.toml", folder).is_some());
        assert!(within("src/../Cargo.toml", folder).is_some());
        assert!(within("../../Cargo.toml", folder).is_none());
        assert!(within("nothing", folder).is_none());
    }

    #[test]
    fn only_secrets_stand_elsewhere_and_what_travels_only_under_its_name() {
        let lookup = HostLookup::new();
        let may = |key, reference| lookup.forbids(key, reference).is_none();
        let secret = Reference::Env("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
        let file = Reference::File("aliyun-secret");
        for key in ["accessKeySecret", "nextAccessKeySecret"] {
            assert!(may(key, secret) && may(key, file), "{key}");
            assert!(!may(key, Reference::Env("DB_PASSWORD")), "{key}");
        }
        for key in [
            "accessKeyId",
            "nextAccessKeyId",
            "securityToken",
            "region",
            "templates[0].signName",
        ] {
            assert!(!may(key, secret) && !may(key, file), "{key}");
        }
        let id = Reference::Env("ALIYUN_ACCESS_KEY_ID");
        assert!(may("accessKeyId", id) && !may("securityToken", id) && !may("signName", id));
        assert!(may(
            "securityToken",
            Reference::Env("ALIBABA_CLOUD_SECURITY_TOKEN")
        ));
    }
}
