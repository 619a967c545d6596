//! The packages and who depends on whom, read from Cargo.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::workspace::{Workspace, output};

/// A package, ours or another's.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The licence expression, where the package states one.
    pub(crate) licence: Option<String>,
    /// Whether it is one of this workspace.
    pub(crate) member: bool,
    /// Whether it comes from crates.io (ours come from a path).
    pub(crate) from_registry: bool,
    /// Names it depends on to be built or to run; tests may use what they like.
    pub(crate) needs: BTreeSet<String>,
}

/// All packages that could be built, on any platform.
pub(crate) fn packages(workspace: &Workspace) -> Result<Vec<Package>> {
    read_packages(&workspace.metadata(&[])?)
}

/// The packages linked into one of ours on this platform, by name and version.
///
/// Asked of `cargo tree`, since `cargo metadata` takes the features of all our
/// packages together, and so shows dependencies that only a test or a bench has.
pub(crate) fn linked_into(workspace: &Workspace, name: &str) -> Result<BTreeSet<(String, String)>> {
    let mut tree = workspace.cargo("tree");
    tree.args(["--package", name, "--edges", "normal,no-proc-macro"]);
    tree.args(["--prefix", "none", "--format", "{p}"]);
    read_tree(&output(&mut tree)?)
}

/// Lines such as `serde v1.0.0` or `xtask v0.1.0 (path) (*)`.
fn read_tree(text: &str) -> Result<BTreeSet<(String, String)>> {
    let package = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        let version = words.next()?.strip_prefix('v')?.to_owned();
        Some((name, version))
    };
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| package(line).with_context(|| format!("`cargo tree` printed `{line}`")))
        .collect()
}

fn read_packages(metadata: &Value) -> Result<Vec<Package>> {
    let members: BTreeSet<&str> = list(&metadata["workspace_members"])?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    list(&metadata["packages"])?
        .iter()
        .map(|package| {
            let id = text(&package["id"])?;
            let source = package["source"].as_str().unwrap_or_default();
            Ok(Package {
                name: text(&package["name"])?.to_owned(),
                version: text(&package["version"])?.to_owned(),
                licence: package["license"].as_str().map(str::to_owned),
                member: members.contains(id),
                from_registry: source.starts_with("registry+")
                    && source.ends_with("crates.io-index"),
                needs: list(&package["dependencies"])?
                    .iter()
                    .filter(|dependency| dependency["kind"] != "dev")
                    .map(|dependency| Ok(text(&dependency["name"])?.to_owned()))
                    .collect::<Result<_>>()?,
            })
        })
        .collect()
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value
        .as_array()
        .context("`cargo metadata` changed its form: a list is missing")
}

fn text(value: &Value) -> Result<&str> {
    value
        .as_str()
        .context("`cargo metadata` changed its form: a text is missing")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        json!({
            "workspace_members": ["path+app"],
            "packages": [
                {
                    "id": "path+app", "name": "app", "version": "1.0.0", "license": "MIT",
                    "source": null,
                    "dependencies": [
                        {"name": "a", "kind": null}, {"name": "b", "kind": "build"},
                        {"name": "t", "kind": "dev"},
                    ],
                },
                {
                    "id": "git+a", "name": "a", "version": "2.0.0", "license": null,
                    "source": "git+https://example.com/a", "dependencies": [],
                },
            ],
        })
    }

    #[test]
    fn tests_may_use_what_they_like() {
        let packages = read_packages(&sample()).unwrap();
        let app = packages.iter().find(|p| p.name == "app").unwrap();
        assert!(app.member);
        assert_eq!(app.licence.as_deref(), Some("MIT"));
        assert_eq!(app.needs.iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn another_source_is_seen() {
        let packages = read_packages(&sample()).unwrap();
        let a = packages.iter().find(|p| p.name == "a").unwrap();
        assert!(!a.member && !a.from_registry);
        assert_eq!(a.licence, None);
    }

    #[test]
    fn a_tree_is_read_line_by_line() {
        let text = "app v0.1.0 (somewhere)\na v1.2.0\n\na v2.0.0-rc.1 (*)\na v1.2.0 (*)\n";
        let linked = read_tree(text).unwrap();
        let names: Vec<_> = linked.iter().map(|(n, v)| format!("{n} {v}")).collect();
        assert_eq!(names, ["a 1.2.0", "a 2.0.0-rc.1", "app 0.1.0"]);
        assert!(read_tree("error: what").is_err());
    }
}
