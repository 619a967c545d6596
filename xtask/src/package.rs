//! The npm package of the Logto plugin: the addon for every machine it runs on,
//! and the JavaScript around it, in one tarball.
//!
//! Logto unpacks a connector and installs nothing, so there is one package for
//! all. To add a machine, add it to [`TARGETS`] and to `os` and `cpu` in
//! `plugins/logto/package.json`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, output, run};

/// A machine the addon is built for.
struct Target {
    /// As Rust calls it.
    triple: &'static str,
    /// As `lib/native.js` calls it.
    node: &'static str,
}

/// In the order of importance: Logto's image is Alpine, which is musl.
const TARGETS: &[Target] = &[
    Target {
        triple: "x86_64-unknown-linux-musl",
        node: "linux-x64-musl",
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        node: "linux-arm64-musl",
    },
    Target {
        triple: "x86_64-unknown-linux-gnu",
        node: "linux-x64-gnu",
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        node: "linux-arm64-gnu",
    },
];

/// Makes what is named. `--host` stops at the folder, for this machine alone.
pub(crate) fn package(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let workspace = Workspace::find()?;
    match words[..] {
        ["logto", "--host"] => {
            let folder = build_host(&workspace)?;
            println!("laid out in {}", folder.display());
            Ok(())
        }
        _ => bail!("there is `package logto`, and `package logto --host`"),
    }
}

/// Builds the addon for this machine, and lays the package out as Logto would
/// unpack it. Returns its folder.
pub(crate) fn build_host(workspace: &Workspace) -> Result<PathBuf> {
    let host = host(workspace)?;
    let target = TARGETS
        .iter()
        .find(|target| target.triple == host)
        .with_context(|| format!("the Logto plugin is not built for {host}"))?;
    run(workspace
        .cargo("build")
        .args(["--release", "--package", "sesame-logto"]))?;
    let addon = workspace.target.join("release/libsesame_logto.so");
    let folder = workspace.target.join("logto/package");
    lay_out(workspace, &folder, &[(target, addon)])?;
    Ok(folder)
}

/// The triple of the machine this runs on.
fn host(workspace: &Workspace) -> Result<String> {
    let told = output(workspace.command("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

/// Fills a folder with what is in the package, and nothing else.
fn lay_out(workspace: &Workspace, folder: &Path, addons: &[(&Target, PathBuf)]) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let source = workspace.root.join("plugins/logto");
    copy(&workspace.root, folder, &["LICENSE-MIT", "LICENSE-APACHE"])?;
    copy(&source, folder, &["package.json", "README.md", "logo.svg"])?;
    copy(
        &source,
        folder,
        &["lib/index.js", "lib/metadata.js", "lib/native.js"],
    )?;
    for (target, addon) in addons {
        let file = format!("lib/native/sesame-logto.{}.node", target.node);
        copy_file(addon, &folder.join(file))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        copy_file(&from.join(name), &to.join(name))?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    fs::copy(from, to).with_context(|| format!("could not copy {}", from.display()))?;
    Ok(())
}
