//! What a shared library needs of the machine that loads it, by `readelf`.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::{Workspace, output};

/// What a shared library needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) libraries: Vec<String>,
    /// The newest version of glibc that it asks for by name.
    pub(super) glibc: Option<(u32, u32)>,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "needs {}", self.libraries.join(", "))?;
        match self.glibc {
            Some((major, minor)) => write!(f, "; glibc {major}.{minor} or newer"),
            None => Ok(()),
        }
    }
}

pub(super) fn needs(workspace: &Workspace, file: &Path) -> Result<Needs> {
    let mut readelf = workspace.command("readelf");
    readelf
        .args(["--dynamic", "--version-info", "--wide"])
        .arg(file);
    // Its sentences are translated.
    let told = output(readelf.env("LC_ALL", "C"))
        .context("`readelf` is part of binutils, as the linker is")?;
    Ok(read(&told))
}

fn read(told: &str) -> Needs {
    let bracketed = |line: &str| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned());
    let version = |name: &str| {
        let (major, minor) = name.split_once('.')?;
        // `2.2.5` is older than any that matters.
        let minor = minor.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let words = told.split_whitespace();
    Needs {
        libraries: told
            .lines()
            .filter(|line| line.contains("(NEEDED)"))
            .filter_map(bracketed)
            .collect(),
        glibc: words
            .filter_map(|word| version(word.strip_prefix("GLIBC_")?))
            .max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_the_newest_glibc_are_read() {
        let told = "\
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [libm.so.6]
 0x000000000000000e (SONAME)             Library soname: [libx.so]
  0x0010:   Name: GLIBC_2.2.5  Flags: none  Version: 5
  0x0020:   Name: GLIBC_2.28  Flags: none  Version: 4
  0x0030:   Name: GLIBC_2.14  Flags: none  Version: 3
";
        let needs = read(told);
        assert_eq!(needs.libraries, ["libc.so.6", "libm.so.6"]);
        assert_eq!(needs.glibc, Some((2, 28)));
        assert_eq!(
            needs.to_string(),
            "needs libc.so.6, libm.so.6; glibc 2.28 or newer"
        );
    }

    #[test]
    fn musl_names_no_version() {
        let needs = read(" 0x1 (NEEDED)  Shared library: [libc.so]\n");
        assert_eq!(needs.to_string(), "needs libc.so");
    }
}
