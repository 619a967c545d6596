//! The npm package of the Logto plugin: the addon for every machine it runs on,
//! and the JavaScript around it, in one tarball.
//!
//! Logto unpacks a connector and installs nothing with it, so one package holds
//! the addon for all machines. `addon.rs` builds it; a new machine is one more
//! entry there, and in `os` and `cpu` of `plugins/logto/package.json`.

mod addon;
mod elf;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::tools;
use crate::workspace::{Workspace, run};
use addon::Built;

/// What npm calls the tarball, before and after the version, and what Logto's
/// installer wants it to be called.
const NPM_NAME: &str = "sesame-sms-connector-aliyun-sms";
const LOGTO_NAME: &str = "connector-aliyun-sms";

/// What is in the package besides the addons, from the plugin's folder.
const FILES: &[&str] = &[
    "package.json",
    "README.md",
    "logo.svg",
    "lib/index.js",
    "lib/metadata.js",
    "lib/native.js",
];
const LICENCES: &[&str] = &["LICENSE-MIT", "LICENSE-APACHE"];

/// Makes what is named.
pub(crate) fn package(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let workspace = Workspace::find()?;
    match words[..] {
        ["logto"] => tarball(&workspace),
        ["logto", "--host"] => {
            let folder = build_host(&workspace, "release")?;
            println!("laid out in {}", folder.display());
            Ok(())
        }
        _ => bail!("there is `package logto`, and `package logto --host` for this machine alone"),
    }
}

/// Builds the addon for this machine, and lays the package out as Logto would
/// unpack it. `release` is built quickly, `dist` is what the tarball holds.
/// Returns its folder.
pub(crate) fn build_host(workspace: &Workspace, profile: &str) -> Result<PathBuf> {
    let built = addon::for_host(workspace, profile)?;
    let folder = workspace.target.join("logto/package");
    lay_out(workspace, &folder, &[built])?;
    Ok(folder)
}

/// The tarball for every machine whose Rust target is installed.
fn tarball(workspace: &Workspace) -> Result<()> {
    let (built, absent) = addon::for_all(workspace)?;
    let folder = workspace.target.join("logto/packed");
    lay_out(workspace, &folder, &built)?;
    let file = pack(workspace, &folder)?;
    trial::run_all(workspace, &built)?;
    println!("\n{} holds the addon for", file.display());
    for addon in &built {
        println!("  {:<18} {}", addon.node, addon.needs);
    }
    for triple in absent {
        println!("  not for {triple}: `rustup target add {triple}` and make it again");
    }
    Ok(())
}

/// Fills a folder with what is in the package, and nothing else.
fn lay_out(workspace: &Workspace, folder: &Path, addons: &[Built]) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for name in LICENCES {
        copy(&workspace.root.join(name), &folder.join(name))?;
    }
    for name in FILES {
        let file = workspace.root.join("plugins/logto").join(name);
        copy(&file, &folder.join(name))?;
    }
    for addon in addons {
        let name = format!("lib/native/sesame-logto.{}.node", addon.node);
        copy(&addon.file, &folder.join(name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    let bytes = fs::read(from).with_context(|| format!("could not read {}", from.display()))?;
    // Not `fs::copy`, which takes along whether a file is executable.
    fs::write(to, bytes).with_context(|| format!("could not write {}", to.display()))
}

/// npm writes the same bytes for the same files: it sorts them, and gives all
/// the same time and owner.
fn pack(workspace: &Workspace, folder: &Path) -> Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("package.json"))?)?;
    if manifest["version"] != version {
        bail!("plugins/logto/package.json must have version {version}, as Cargo.toml has");
    }
    let into = workspace.target.join("package");
    fs::create_dir_all(&into)?;
    tools::node(workspace)?;
    run(workspace
        .command(tools::NPM)
        .args(["pack", "--ignore-scripts", "--silent", "--pack-destination"])
        .arg(&into)
        .arg(folder))?;
    let file = into.join(format!("{LOGTO_NAME}-{version}.tgz"));
    fs::rename(into.join(format!("{NPM_NAME}-{version}.tgz")), &file)
        .context("npm gave the tarball another name")?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_lib_is_packed() {
        let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/logto");
        for entry in fs::read_dir(plugin.join("lib")).unwrap() {
            let name = format!("lib/{}", entry.unwrap().file_name().display());
            assert!(FILES.contains(&name.as_str()), "{name} is in no package");
        }
    }
}
