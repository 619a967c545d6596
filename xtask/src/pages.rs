//! Every page in a real browser: the demo, the inbox, the console.
//!
//! What is done there and what must hold is in `tests/pages`; it is put together
//! with what it pins in `target/pages`, where the pictures go as well.

use std::fs;
use std::time::Duration;

use anyhow::Result;

use crate::server::run_within;
use crate::workspace::Workspace;
use crate::{sdks, tools};

/// It needs about three minutes.
const WITHIN: Duration = Duration::from_secs(900);

pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let node = tools::node(workspace)?;
    let chromium = tools::chromium(workspace)?;
    tools::chinese_font(workspace)?;
    let folder = workspace.target.join("pages");
    fs::create_dir_all(&folder)?;
    sdks::copy_files(&workspace.root.join("tests/pages"), &folder)?;
    sdks::npm_ci(workspace, &folder)?;
    let pictures = folder.join("pictures");
    if pictures.exists() {
        fs::remove_dir_all(&pictures)?;
    }
    let mut browser = workspace.command(node);
    browser
        .current_dir(&folder)
        .arg("run.mjs")
        .env("SESAME", workspace.released("sesame"))
        .env("CHROMIUM", chromium)
        .env("PICTURES", &pictures);
    run_within(WITHIN, sdks::without_proxies(browser))
}
