//! The Logto plugin, loaded and driven as Logto's core does it, beside the
//! official connector.
//!
//! The tests and what the core would have installed are in `plugins/logto/test`;
//! all of it is put together in `target/logto`, laid out as an instance of Logto.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::server::run_within;
use crate::workspace::Workspace;
use crate::{package, sdks, tools};

/// How long all tests may take together; they need about two minutes.
const TESTS_WITHIN: Duration = Duration::from_secs(900);

/// The test of `cargo xtask test logto`.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let plugin = package::build_host(workspace, "release")?;
    let core = core(workspace)?;
    let (certificate, key) = sdks::certificate_and_key(workspace);
    let plain = sdks::emulator(workspace, "logto", None)?;
    let secure = sdks::emulator(workspace, "logto-tls", Some((&certificate, &key)))?;
    let mut tests = workspace.command(tools::node(workspace)?);
    tests
        .current_dir(core)
        .args(["--test-reporter=spec", "run.mjs"])
        .env("LOGTO_PLUGIN", plugin)
        .env("NODE_EXTRA_CA_CERTS", &certificate)
        .env("EMULATOR_URL", &plain.url)
        .env("EMULATOR_TLS_URL", &secure.url);
    run_within(TESTS_WITHIN, sdks::without_proxies(tests))
}

/// A folder like Logto's `packages/core`, with the tests in it, so that they and
/// the connectors below it import what the core does.
pub(crate) fn core(workspace: &Workspace) -> Result<PathBuf> {
    tools::node(workspace)?;
    let plugin = workspace.root.join("plugins/logto");
    let core = workspace.target.join("logto/packages/core");
    fs::create_dir_all(&core)?;
    sdks::copy_files(&plugin.join("test"), &core)?;
    let others = [
        plugin.join("DIFFERENCES.md"),
        workspace.root.join("tests/sdks/node/play-aliyun.mjs"),
    ];
    for file in others {
        let name = file.file_name().context("a file has a name")?;
        fs::copy(&file, core.join(name))
            .with_context(|| format!("could not copy {}", file.display()))?;
    }
    sdks::npm_ci(workspace, &core)?;
    Ok(core)
}
