//! Builds and runs the measurements of `BENCH.md`.
//!
//! What is measured, and how, is in the package `sesame-bench`; here it gets the
//! clients of other languages it measures beside ours.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::workspace::{Workspace, run};
use crate::{logto, package, sdks, tools};

/// A chapter of `BENCH.md`, by the name it has in `sesame-bench`.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    prepare: fn(&Workspace) -> Result<Clients>,
}

/// What a chapter needs besides `sesame-bench`.
struct Clients {
    /// Node looks for packages where it stands.
    folder: PathBuf,
    /// Where the rest is.
    options: Vec<OsString>,
}

/// All of them, in the order of the page.
pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "send",
        about: "one SendSms call: ours, bare HTTP, another crate, Alibaba's clients",
        prepare: sdk_clients,
    },
    Bench {
        name: "logto",
        about: "one code through Logto's connector: the official one, a bare one, ours",
        prepare: connectors,
    },
    Bench {
        name: "server",
        about: "the server beside its store alone, a growing journal, an idle server",
        prepare: release,
    },
    Bench {
        name: "console",
        about: "the console's pages over a short and a long journal",
        prepare: folder,
    },
];

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
    for bench in BENCHES {
        if wanted.is_some_and(|name| name != bench.name) {
            continue;
        }
        println!("\n=== {}: {}", bench.name, bench.about);
        let clients = (bench.prepare)(&workspace)?;
        run(workspace
            .command(workspace.released("sesame-bench"))
            .current_dir(&clients.folder)
            .arg(bench.name)
            .args(clients.options)
            .arg("--write")
            .arg(workspace.root.join("BENCH.md"))
            .args(options))?;
    }
    Ok(())
}

fn sdk_clients(workspace: &Workspace) -> Result<Clients> {
    let python = sdks::python_with_packages(workspace)?;
    let folder = sdks::node_with_packages(workspace)?;
    let node = tools::node(workspace)?;
    Ok(Clients {
        folder,
        options: vec![
            "--python".into(),
            python.into(),
            "--node".into(),
            node.into(),
        ],
    })
}

fn connectors(workspace: &Workspace) -> Result<Clients> {
    let plugin = package::build_host(workspace, "dist")?;
    let folder = logto::core(workspace)?;
    let node = tools::node(workspace)?;
    Ok(Clients {
        folder,
        options: vec![
            "--plugin".into(),
            plugin.into(),
            "--node".into(),
            node.into(),
        ],
    })
}

fn folder(workspace: &Workspace) -> Result<Clients> {
    let folder = workspace.target.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(Clients {
        options: vec!["--folder".into(), folder.clone().into()],
        folder,
    })
}

fn release(workspace: &Workspace) -> Result<Clients> {
    run(workspace
        .cargo("build")
        .args(["--release", "--package", "sesame-cli"]))?;
    let folder = workspace.target.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(Clients {
        options: vec![
            "--sesame".into(),
            workspace.released("sesame").into(),
            "--folder".into(),
            folder.clone().into(),
        ],
        folder,
    })
}
