//! The checks and tests that need nothing but Rust.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, run};
use crate::{arrows, duplicates, files, graph, licences};

/// The package of the program `sesame`.
const PROGRAM: &str = "sesame-cli";

pub(crate) fn format(workspace: &Workspace) -> Result<()> {
    run(workspace.cargo("fmt").args(["--all", "--check"]))
}

pub(crate) fn files(workspace: &Workspace) -> Result<()> {
    let mut problems = Vec::new();
    let mut read = 0;
    for path in workspace.files()? {
        // Deleted but not yet staged, or no text: nothing to look at.
        let Ok(text) = std::fs::read_to_string(workspace.root.join(&path)) else {
            continue;
        };
        read += 1;
        problems.extend(files::wrong(&path, &text, &workspace.root));
    }
    if workspace.ci && !as_committed(workspace, "Cargo.lock")? {
        // Building this program may have mended it, unseen.
        problems.push("Cargo.lock is not what the manifests ask for".to_owned());
    }
    none_of(problems, &format!("{read} text files"))
}

pub(crate) fn arrows(workspace: &Workspace) -> Result<()> {
    let packages = graph::packages(workspace)?;
    let members = packages.iter().filter(|package| package.member).count();
    let mut problems = arrows::wrong(&packages);
    problems.extend(arrows::differs_from(&deny_file(workspace)?));
    none_of(problems, &format!("{members} crates of our own"))
}

pub(crate) fn licences(workspace: &Workspace) -> Result<()> {
    let packages = graph::packages(workspace)?;
    let mut problems = licences::wrong(&packages);
    problems.extend(licences::differs_from(&deny_file(workspace)?));
    let strangers = packages.iter().filter(|p| !p.member && !p.from_registry);
    problems.extend(strangers.map(|p| format!("{} {} is not from crates.io", p.name, p.version)));
    none_of(problems, &format!("{} packages", packages.len()))
}

pub(crate) fn duplicates(workspace: &Workspace) -> Result<()> {
    let linked = graph::linked_into(workspace, PROGRAM)?;
    let mut problems = duplicates::wrong(&linked);
    problems.extend(duplicates::differs_from(&deny_file(workspace)?));
    none_of(
        problems,
        &format!("{} packages linked into sesame", linked.len()),
    )
}

pub(crate) fn deny(workspace: &Workspace) -> Result<()> {
    let mut probe = workspace.command("cargo-deny");
    probe
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        println!("cargo-deny is not installed; the steps before this one say the same");
        return Ok(());
    }
    run(workspace
        .cargo("deny")
        // The line names crates before they exist.
        .args(["check", "--allow", "unused-wrapper"])
        .args(["bans", "licenses", "sources"]))
}

pub(crate) fn clippy(workspace: &Workspace) -> Result<()> {
    run(workspace
        .cargo("clippy")
        .args(["--workspace", "--all-targets", "--", "-D", "warnings"]))
}

pub(crate) fn doc(workspace: &Workspace) -> Result<()> {
    run(workspace
        .cargo("doc")
        .args(["--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

pub(crate) fn tests(workspace: &Workspace) -> Result<()> {
    run(workspace
        .cargo("test")
        .args(["--workspace", "--no-fail-fast"]))
}

pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    run(workspace
        .cargo("build")
        .args(["--release", "--package", PROGRAM, "--bin", "sesame"]))
}

fn as_committed(workspace: &Workspace, file: &str) -> Result<bool> {
    let mut diff = workspace.command("git");
    diff.args(["diff", "--quiet", "HEAD", "--", file]);
    Ok(diff.status().context("could not start git")?.success())
}

fn deny_file(workspace: &Workspace) -> Result<String> {
    std::fs::read_to_string(workspace.root.join("deny.toml")).context("could not read deny.toml")
}

/// Prints every problem; fails if there is one.
fn none_of(problems: Vec<String>, looked_at: &str) -> Result<()> {
    println!("looked at {looked_at}");
    for problem in &problems {
        println!("  {problem}");
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("{}", problems[0]),
        many => bail!("{many} problems, the first: {}", problems[0]),
    }
}
