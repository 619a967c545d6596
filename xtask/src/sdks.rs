//! Alibaba's own clients, and Logto's connector, against the emulator.
//!
//! The drivers and the pinned versions are in `tests/sdks`; what they install
//! goes to `target/sdks`, and stays there until a pin changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::server::{Server, run_within};
use crate::tools;
use crate::workspace::{Workspace, run};

/// How long a driver may run; it needs well under a minute.
const DRIVER_WITHIN: Duration = Duration::from_secs(600);

pub(crate) fn python(workspace: &Workspace) -> Result<()> {
    let python = python_with_packages(workspace)?;
    let emulator = emulator(workspace, "python", None)?;
    let mut driver = workspace.command(python);
    driver
        .arg(sources(workspace).join("python/run.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1")
        .env("EMULATOR_URL", &emulator.url);
    drive(driver)
}

pub(crate) fn node(workspace: &Workspace) -> Result<()> {
    let folder = node_with_packages(workspace)?;
    let (certificate, key) = certificate_and_key(workspace);
    let plain = emulator(workspace, "node", None)?;
    let secure = emulator(workspace, "node-tls", Some((&certificate, &key)))?;
    let mut driver = workspace.command(tools::node(workspace)?);
    driver
        .current_dir(folder)
        .args(["--import", "./play-aliyun.mjs", "run.mjs"])
        .env("NODE_EXTRA_CA_CERTS", &certificate)
        .env("EMULATOR_URL", &plain.url)
        .env("EMULATOR_TLS_URL", &secure.url);
    drive(driver)
}

/// The Python of a virtual environment that holds the pinned packages.
pub(crate) fn python_with_packages(workspace: &Workspace) -> Result<PathBuf> {
    let pins = sources(workspace).join("python/requirements.txt");
    python_with(workspace, &pins, &installed(workspace).join("python"))
}

/// The same for other pins, in a folder of its own.
pub(crate) fn python_with(workspace: &Workspace, pins: &Path, folder: &Path) -> Result<PathBuf> {
    let python = tools::python(workspace)?;
    let inside = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python3"
    });
    let stamp = Stamp::new(folder, &[pins])?;
    if stamp.holds() && inside.exists() {
        return Ok(inside);
    }
    run(workspace
        .command(python)
        .args(["-m", "venv", "--clear"])
        .arg(folder))?;
    // Every package is pinned, so what is not listed must not come along.
    run(workspace
        .command(&inside)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--requirement",
        ])
        .arg(pins))?;
    run(workspace.command(&inside).args(["-m", "pip", "check"]))?;
    stamp.set()?;
    Ok(inside)
}

/// A folder with the drivers beside the pinned packages, where Node finds them.
pub(crate) fn node_with_packages(workspace: &Workspace) -> Result<PathBuf> {
    tools::node(workspace)?;
    let (sources, copy) = (sources(workspace), installed(workspace));
    let folder = copy.join("node");
    fs::create_dir_all(&folder)?;
    copy_files(&sources, &copy)?;
    copy_files(&sources.join("node"), &folder)?;
    npm_ci(workspace, &folder)?;
    Ok(folder)
}

/// Installs what the lock file in a folder pins, unless it did so before.
pub(crate) fn npm_ci(workspace: &Workspace, folder: &Path) -> Result<()> {
    let pins = [
        folder.join("package.json"),
        folder.join("package-lock.json"),
    ];
    let stamp = Stamp::new(folder, &[&pins[0], &pins[1]])?;
    if !stamp.holds() {
        // One of the packages asks for a newer Node than it needs; the drivers
        // prove that it runs. None needs its install script.
        run(workspace.command(tools::NPM).current_dir(folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))?;
        stamp.set()?;
    }
    Ok(())
}

/// Of Aliyun's host name, for tests.
pub(crate) fn certificate_and_key(workspace: &Workspace) -> (PathBuf, PathBuf) {
    let tls = sources(workspace).join("tls");
    (
        tls.join("public-test-cert.pem"),
        tls.join("public-test-key.pem"),
    )
}

fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/sdks")
}

fn installed(workspace: &Workspace) -> PathBuf {
    workspace.target.join("sdks")
}

/// Copies the files of a folder, without the folders in it.
pub(crate) fn copy_files(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("could not read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Remembers in a folder from which pins it was filled.
struct Stamp {
    file: PathBuf,
    text: String,
}

impl Stamp {
    fn new(folder: &Path, pins: &[&Path]) -> Result<Self> {
        let read = |path: &&Path| {
            fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
        };
        Ok(Self {
            file: folder.join("installed-from"),
            text: pins.iter().map(read).collect::<Result<_>>()?,
        })
    }

    fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.text)
    }

    fn set(&self) -> Result<()> {
        fs::write(&self.file, &self.text)
            .with_context(|| format!("could not write {}", self.file.display()))
    }
}

fn drive(driver: Command) -> Result<()> {
    run_within(DRIVER_WITHIN, without_proxies(driver))
}

/// The clients in a driver must not go round by a proxy.
pub(crate) fn without_proxies(mut driver: Command) -> Command {
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        driver.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    driver
}

/// An emulator of its own for a driver; with TLS if there is a certificate and
/// its key.
pub(crate) fn emulator(
    workspace: &Workspace,
    name: &str,
    tls: Option<(&Path, &Path)>,
) -> Result<Server> {
    fs::create_dir_all(installed(workspace))?;
    let log = installed(workspace).join(format!("emulator-{name}.log"));
    let mut command = workspace.command(workspace.released("sesame"));
    command.args(["emulator", "--listen", "127.0.0.1:0"]);
    if let Some((certificate, key)) = tls {
        command.arg("--tls-cert").arg(certificate);
        command.arg("--tls-key").arg(key);
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    Server::start(command, scheme, &log)
}
