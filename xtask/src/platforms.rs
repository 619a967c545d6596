//! The clients that platforms and applications use, unchanged, against a server
//! with the emulator behind it.
//!
//! Drivers, pins and the server's hooks are in `tests/platforms`; what they
//! install goes to `target/platforms`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::sdks::{self, copy_files};
use crate::server::run_within;
use crate::site::{Plan, Site};
use crate::tools;
use crate::workspace::Workspace;

/// How long a driver may run; it needs about a minute, half of it waiting for a
/// code to end.
const WITHIN: Duration = Duration::from_secs(600);

pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let sources = workspace.root.join("tests/platforms");
    let python = python_with_packages(workspace)?;
    let node = node_with_packages(workspace)?;
    let hooks = sources.join("hooks.toml");
    let hooks = fs::read_to_string(&hooks)
        .with_context(|| format!("could not read {}", hooks.display()))?;
    let site = Site::new(
        workspace,
        &Plan {
            name: "platforms/site",
            servers: 1,
            records: "sqlite",
            journal: "sqlite",
            more: &hooks,
        },
    )?;
    let server = site.start(0, "info")?;
    let api_key = site.api_key()?;
    let prepared = |mut driver: Command| {
        driver.env("SERVER_URL", &server.url);
        driver.env("EMULATOR_URL", &site.emulator.url);
        driver.env("SESAME_API_KEY", &api_key);
        // They would lead Twilio's clients elsewhere.
        driver.env_remove("TWILIO_EDGE").env_remove("TWILIO_REGION");
        sdks::without_proxies(driver)
    };
    let mut node_driver = workspace.command(tools::node(workspace)?);
    node_driver.current_dir(node).arg("run.mjs");
    let mut python_driver = workspace.command(python);
    python_driver
        .arg(sources.join("python/run.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1");
    let drivers = [prepared(node_driver), prepared(python_driver)];
    // Each waits for the end of a code; so they wait together.
    thread::scope(|scope| {
        let running = drivers.map(|driver| scope.spawn(|| run_within(WITHIN, driver)));
        let ended = running.map(|driver| driver.join().map_err(|_| anyhow!("a driver panicked")));
        ended.into_iter().try_for_each(|ended| ended?)
    })
}

/// The Python of a virtual environment that holds the pinned packages.
fn python_with_packages(workspace: &Workspace) -> Result<PathBuf> {
    let pins = workspace
        .root
        .join("tests/platforms/python/requirements.txt");
    sdks::python_with(workspace, &pins, &installed(workspace).join("python"))
}

/// A folder with the drivers and the example beside the pinned packages, where
/// Node finds them.
fn node_with_packages(workspace: &Workspace) -> Result<PathBuf> {
    tools::node(workspace)?;
    let (sources, copy) = (workspace.root.join("tests/platforms"), installed(workspace));
    let folder = copy.join("node");
    let example = folder.join("better-auth");
    fs::create_dir_all(&example)?;
    copy_files(&sources, &copy)?;
    copy_files(&sources.join("node"), &folder)?;
    copy_files(&workspace.root.join("examples/better-auth"), &example)?;
    sdks::npm_ci(workspace, &folder)?;
    Ok(folder)
}

fn installed(workspace: &Workspace) -> PathBuf {
    workspace.target.join("platforms")
}
