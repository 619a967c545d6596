//! Builds the addon, for this machine or for all.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::elf::{self, Needs};
use crate::sdks;
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

/// The oldest glibc that Node 20 and newer run on.
const GLIBC: (u32, u32) = (2, 28);

/// An addon, ready to be packed.
pub(super) struct Built {
    pub(super) node: &'static str,
    pub(super) file: PathBuf,
    /// What it needs of the machine, in words.
    pub(super) needs: String,
}

/// Built in a profile, with this machine's own compiler and linker.
pub(super) fn for_host(workspace: &Workspace, profile: &str) -> Result<Built> {
    let told = output(workspace.command("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("`rustc -vV` names no host")?;
    let target = TARGETS.iter().find(|target| target.triple == host);
    let target = target.with_context(|| format!("the Logto plugin is not built for {host}"))?;
    let mut build = workspace.cargo("build");
    build.args(["--profile", profile, "--package", "sesame-logto"]);
    if target.is_musl() {
        build.env(target.rustflags_variable(), SHARED_MUSL);
    }
    run(&mut build)?;
    Ok(Built {
        node: target.node,
        file: workspace.target.join(profile).join("libsesame_logto.so"),
        needs: "this machine's own libraries".to_owned(),
    })
}

/// Every addon whose Rust target is installed, and the targets that are not.
pub(super) fn for_all(workspace: &Workspace) -> Result<(Vec<Built>, Vec<&'static str>)> {
    let sysroot = output(workspace.command("rustc").args(["--print", "sysroot"]))?;
    let rustlib = Path::new(sysroot.trim()).join("lib/rustlib");
    let (present, absent): (Vec<_>, Vec<_>) = TARGETS
        .iter()
        .partition(|target| rustlib.join(target.triple).join("lib").is_dir());
    if present.is_empty() {
        bail!(
            "none of the Rust targets is installed: `rustup target add {}`",
            TARGETS[0].triple
        );
    }
    let python = zig_python(workspace)?;
    let zig = python.parent().context("Python lies in a folder")?;
    let built = present
        .into_iter()
        .map(|target| target.build(workspace, zig, sysroot.trim()));
    let absent = absent.iter().map(|target| target.triple).collect();
    Ok((built.collect::<Result<_>>()?, absent))
}

/// A Python with zig, whose folder also holds what calls it from Cargo.
pub(super) fn zig_python(workspace: &Workspace) -> Result<PathBuf> {
    let pins = workspace.root.join("xtask/zig.txt");
    sdks::python_with(workspace, &pins, &workspace.target.join("zig"))
}

/// An addon is loaded by a program that has brought its C library.
const SHARED_MUSL: &str = "-C target-feature=-crt-static";

impl Target {
    fn is_musl(&self) -> bool {
        self.triple.ends_with("musl")
    }

    /// With zig as compiler and linker, in the folder `zig`.
    fn build(&self, workspace: &Workspace, zig: &Path, sysroot: &str) -> Result<Built> {
        let mut target = self.triple.to_owned();
        if !self.is_musl() {
            target += &format!(".{}.{}", GLIBC.0, GLIBC.1);
        }
        let mut path = vec![zig.to_owned()];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let folders = folders(workspace, sysroot)?;
        let mut build = workspace.command(zig.join("cargo-zigbuild"));
        build
            .args(["zigbuild", "--profile", "dist", "--package", "sesame-logto"])
            .args(["--target", &target])
            .env("PATH", env::join_paths(path)?)
            .env(self.rustflags_variable(), self.rustflags(&folders))
            .env(self.cflags_variable(), cflags(&folders));
        if workspace.ci {
            build.arg("--locked");
        }
        run(&mut build)?;
        let file = workspace
            .target
            .join(self.triple)
            .join("dist/libsesame_logto.so");
        let needs = elf::needs(workspace, &file)?;
        self.check(&needs)?;
        Ok(Built {
            node: self.node,
            file,
            needs: needs.to_string(),
        })
    }

    /// That it loads wherever Node runs.
    fn check(&self, needs: &Needs) -> Result<()> {
        // Node's own program needs these, so they are there.
        let allowed: &[&str] = if self.is_musl() {
            &["libc.so"]
        } else {
            &[
                "libc.so.6",
                "libm.so.6",
                "libdl.so.2",
                "libpthread.so.0",
                "libgcc_s.so.1",
            ]
        };
        let is_strange = |library: &&String| {
            !allowed.contains(&library.as_str()) && !library.starts_with("ld-linux")
        };
        if let Some(strange) = needs.libraries.iter().find(is_strange) {
            bail!("the addon for {} needs {strange}", self.node);
        }
        if needs.glibc.is_some_and(|version| version > GLIBC) {
            bail!("the addon for {} needs a newer glibc: {needs}", self.node);
        }
        Ok(())
    }

    fn rustflags(&self, folders: &[(String, &str)]) -> String {
        let mut flags: Vec<String> = folders
            .iter()
            .map(|(folder, name)| format!("--remap-path-prefix={folder}={name}"))
            .collect();
        if self.is_musl() {
            flags.push(SHARED_MUSL.to_owned());
        }
        flags.join(" ")
    }

    fn rustflags_variable(&self) -> String {
        let triple = self.triple.to_uppercase().replace('-', "_");
        format!("CARGO_TARGET_{triple}_RUSTFLAGS")
    }

    fn cflags_variable(&self) -> String {
        format!("CFLAGS_{}", self.triple.replace('-', "_"))
    }
}

/// Folders of this machine, and what stands for them in what is built: the same
/// source is to give the same bytes anywhere. Of two that fit, the later counts.
fn folders(workspace: &Workspace, sysroot: &str) -> Result<Vec<(String, &'static str)>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home = home.context("neither CARGO_HOME nor a home folder is known")?;
    let text = |path: &Path| {
        let text = path.to_str().context("a folder's name is not UTF-8")?;
        if text.contains(char::is_whitespace) {
            bail!("there is a space in {text}, which flags cannot hold");
        }
        Ok(text.to_owned())
    };
    Ok(vec![
        (text(&workspace.root)?, "/sesame"),
        (text(&workspace.target)?, "/target"),
        (text(&home)?, "/cargo"),
        (text(Path::new(sysroot))?, "/rust"),
    ])
}

fn cflags(folders: &[(String, &str)]) -> String {
    let flags = folders
        .iter()
        .map(|(folder, name)| format!("-ffile-prefix-map={folder}={name}"));
    flags.collect::<Vec<_>>().join(" ")
}
