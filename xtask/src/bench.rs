//! Builds and runs the measurements of `BENCH.md`.
//!
//! What is measured, and how, is in the package `sesame-bench`; here it gets the
//! clients of other languages it measures beside ours.

use anyhow::{Result, bail};

use crate::workspace::{Workspace, run};
use crate::{sdks, tools};

/// A chapter of `BENCH.md`, by the name it has in `sesame-bench`.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
}

/// All of them, in the order of the page.
pub(crate) const BENCHES: &[Bench] = &[Bench {
    name: "send",
    about: "one SendSms call: ours, bare HTTP, another crate, Alibaba's clients",
}];

/// Runs the named measurement, or all; options after the name go to it.
pub(crate) fn measure(words: &[String]) -> Result<()> {
    let (wanted, options) = match words.split_first() {
        Some((name, options)) => (Some(name.as_str()), options),
        None => (None, words),
    };
    if let Some(unknown) = wanted.filter(|name| BENCHES.iter().all(|bench| bench.name != *name)) {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("no measurement `{unknown}`; there are {}", names.join(", "));
    }
    let workspace = Workspace::find()?;
    run(workspace
        .cargo("build")
        .args(["--release", "--package", "sesame-bench"]))?;
    let python = sdks::python_with_packages(&workspace)?;
    let node = tools::node(&workspace)?;
    let node_packages = sdks::node_with_packages(&workspace)?;
    for bench in BENCHES {
        if wanted.is_some_and(|name| name != bench.name) {
            continue;
        }
        println!("\n=== {}: {}", bench.name, bench.about);
        // Node looks for packages where it stands.
        run(workspace
            .command(workspace.released("sesame-bench"))
            .current_dir(&node_packages)
            .arg(bench.name)
            .arg("--python")
            .arg(&python)
            .args(["--node", node])
            .arg("--write")
            .arg(workspace.root.join("BENCH.md"))
            .args(options))?;
    }
    Ok(())
}
