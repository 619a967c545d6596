//! Finds the programs that the tests need: those for Alibaba's own clients, the
//! servers behind our stores, and a browser.
//!
//! Where one is missing, Debian's package of it is installed if that can be done
//! without asking (on Debian, as root, as in CI); else the error says what to
//! install.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Result, bail};

use crate::workspace::{Workspace, output, run};

/// The oldest Python that the pinned packages of `tests/sdks/python` run on.
const PYTHON: (u32, u32) = (3, 11);
/// The oldest Node that the pinned packages of `tests/sdks/node` run on.
const NODE: (u32, u32) = (20, 0);

/// A Python that can make virtual environments, by the name to call it.
pub(crate) fn python(workspace: &Workspace) -> Result<&'static str> {
    let need = Need {
        what: "Python with its modules venv and ensurepip",
        oldest: PYTHON,
        debian: &["python3", "python3-venv"],
    };
    need.met(workspace, || {
        ["python3", "python"].into_iter().find_map(|name| {
            let version = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])";
            let told = answer(workspace, name, &["-c", version])?;
            Some((name, told))
        })
    })
}

/// Node, after making sure that npm is there as well.
pub(crate) fn node(workspace: &Workspace) -> Result<&'static str> {
    let need = Need {
        what: "Node.js with npm",
        oldest: NODE,
        debian: &["nodejs", "npm"],
    };
    need.met(workspace, || {
        answer(workspace, NPM, &["--version"])?;
        Some(("node", answer(workspace, "node", &["--version"])?))
    })
}

/// Chromium, by the name to call it. The tests fetch no browser of their own.
pub(crate) fn chromium(workspace: &Workspace) -> Result<PathBuf> {
    let find = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let programs = std::env::split_paths(&path)
            .flat_map(|folder| names.map(|name| folder.join(name)))
            .collect::<Vec<_>>();
        programs.into_iter().find(|program| program.exists())
    };
    match find() {
        Some(program) => Ok(program),
        None => installed(workspace, "Chromium", &["chromium"], find),
    }
}

/// Makes sure that Chinese can be drawn; without it pictures show boxes.
pub(crate) fn chinese_font(workspace: &Workspace) -> Result<()> {
    let find = || {
        let fonts = answer(workspace, "fc-list", &[":lang=zh", "family"])?;
        (!fonts.trim().is_empty()).then_some(())
    };
    match find() {
        Some(()) => Ok(()),
        None => {
            let packages = ["fontconfig", "fonts-noto-cjk"];
            installed(workspace, "a Chinese font", &packages, find)
        }
    }
}

/// The folder with the programs of the newest PostgreSQL.
pub(crate) fn postgres(workspace: &Workspace) -> Result<PathBuf> {
    let found = postgres_folders().pop();
    if let Some(folder) = found {
        return Ok(folder);
    }
    // On Debian the package runs a server of its own; nobody uses that one.
    installed(workspace, "PostgreSQL", &["postgresql"], || {
        postgres_folders().pop()
    })
}

/// Where `initdb` and `postgres` lie together, the newest version last.
fn postgres_folders() -> Vec<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut folders: Vec<PathBuf> = debian
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    let version = |folder: &PathBuf| {
        let name = folder.parent()?.file_name()?.to_str()?;
        name.parse::<u32>().ok()
    };
    folders.sort_by_key(version);
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.splice(0..0, std::env::split_paths(&path));
    folders.retain(|folder| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| folder.join(name).exists())
    });
    folders
}

/// The programs of Valkey, or of Redis.
#[derive(Clone, Copy)]
pub(crate) struct Valkey {
    pub(crate) server: &'static str,
    pub(crate) client: &'static str,
}

pub(crate) fn valkey(workspace: &Workspace) -> Result<Valkey> {
    const EITHER: [Valkey; 2] = [
        Valkey {
            server: "valkey-server",
            client: "valkey-cli",
        },
        Valkey {
            server: "redis-server",
            client: "redis-cli",
        },
    ];
    let find = || {
        let there = |name| answer(workspace, name, &["--version"]).is_some();
        EITHER
            .into_iter()
            .find(|either| there(either.server) && there(either.client))
    };
    match find() {
        Some(found) => Ok(found),
        None => installed(workspace, "Valkey or Redis", &["redis-server"], find),
    }
}

/// Installs what is missing, where that is possible.
fn installed<T>(
    workspace: &Workspace,
    what: &str,
    debian: &[&str],
    find: impl Fn() -> Option<T>,
) -> Result<T> {
    if can_install(workspace) {
        println!("{what} is missing: installing it");
        install(workspace, debian)?;
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!(
        "{what} is needed; on Debian: apt-get install {}",
        debian.join(" ")
    )
}

/// npm, as this platform calls it.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

struct Need {
    what: &'static str,
    oldest: (u32, u32),
    debian: &'static [&'static str],
}

impl Need {
    fn met(
        &self,
        workspace: &Workspace,
        find: impl Fn() -> Option<(&'static str, String)>,
    ) -> Result<&'static str> {
        let mut found = find();
        if found.is_none() && can_install(workspace) {
            println!("{} is missing: installing it", self.what);
            install(workspace, self.debian)?;
            found = find();
        }
        let (major, minor) = self.oldest;
        let wanted = format!("{} {major}.{minor} or newer", self.what);
        let debian = self.debian.join(" ");
        let Some((name, version)) = found else {
            bail!("{wanted} is needed; on Debian: apt-get install {debian}");
        };
        match numbers(&version) {
            Some(numbers) if numbers >= self.oldest => Ok(name),
            _ => bail!("{wanted} is needed, and `{name}` is {}", version.trim()),
        }
    }
}

/// What a program prints, if it is there and succeeds.
fn answer(workspace: &Workspace, program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = workspace.command(program);
    let output = command
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}

/// The first two numbers of a version such as `v20.20.2`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().trim_start_matches('v').split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().unwrap_or("0").parse().ok()?;
    Some((major, minor))
}

/// Whether this program runs as root.
pub(crate) fn root(workspace: &Workspace) -> bool {
    output(workspace.command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn can_install(workspace: &Workspace) -> bool {
    root(workspace) && Path::new("/etc/debian_version").exists()
}

fn install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let apt = || {
        let mut command = workspace.command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(apt().args(["-qq", "update"]))?;
    run(apt()
        .args(["-qq", "install", "--yes", "--no-install-recommends"])
        .args(packages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        assert_eq!(numbers("v20.20.2\n"), Some((20, 20)));
        assert_eq!(numbers("3.11\n"), Some((3, 11)));
        assert_eq!(numbers("22"), Some((22, 0)));
        assert_eq!(numbers("Python 3"), None);
    }
}
