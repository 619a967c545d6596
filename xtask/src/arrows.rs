//! The line of crates: who may depend on whom.
//!
//! `deny.toml` says the same to cargo-deny; [`differs_from`] keeps the two
//! together. A new crate gets its place in both.

use std::collections::BTreeSet;

use crate::graph::Package;

/// Each of our crates and the crates that may use it, to be built or to run.
pub(crate) const LINE: &[(&str, &[&str])] = &[
    (
        "aliyun-sms",
        &[
            "sesame-connector",
            "sesame-emulator",
            "sesame-cli",
            "sesame-bench",
        ],
    ),
    (
        "sesame-connector",
        &[
            "sesame-passcode",
            "sesame-server",
            "sesame-cli",
            "sesame-logto",
            "sesame-bench",
        ],
    ),
    (
        "sesame-passcode",
        &["sesame-server", "sesame-cli", "sesame-bench"],
    ),
    ("sesame-server", &["sesame-cli", "sesame-bench"]),
    ("sesame-emulator", &["sesame-cli"]),
    // An example, which knows the HTTP API only; the demo runs it.
    ("sign-in", &["sesame-cli"]),
    // Ends of the line, which nothing may use.
    ("sesame-cli", &[]),
    ("sesame-logto", &[]),
    ("sesame-bench", &[]),
    ("xtask", &[]),
    // Not ours: what we measure ourselves against is no part of what we ship.
    ("ali-acs", &["sesame-bench"]),
];

/// Arrows that point the wrong way, and crates without a place.
pub(crate) fn wrong(packages: &[Package]) -> Vec<String> {
    let ours: Vec<&Package> = packages.iter().filter(|package| package.member).collect();
    let mut problems = Vec::new();
    for package in &ours {
        if !LINE.iter().any(|(name, _)| *name == package.name) {
            problems.push(format!(
                "`{}` has no place in the line of crates: give it one in xtask/src/arrows.rs and deny.toml",
                package.name
            ));
        }
        for (name, users) in LINE {
            if package.needs.contains(*name) && !users.contains(&package.name.as_str()) {
                problems.push(format!("`{}` must not depend on `{name}`", package.name));
            }
        }
    }
    problems
}

/// Where the text of `deny.toml` says something else about the line.
pub(crate) fn differs_from(deny: &str) -> Vec<String> {
    let expected: BTreeSet<String> = LINE
        .iter()
        .filter(|(_, users)| !users.is_empty())
        .map(|(name, users)| format!("{{ crate = \"{name}\", wrappers = {users:?} }},"))
        .collect();
    let found: BTreeSet<String> = deny
        .lines()
        .map(str::trim)
        .filter(|line| line.contains("wrappers ="))
        .map(str::to_owned)
        .collect();
    let missing = expected
        .difference(&found)
        .map(|line| format!("deny.toml lacks `{line}`"));
    let extra = found
        .difference(&expected)
        .map(|line| format!("deny.toml has `{line}`"));
    missing.chain(extra).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, needs: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: None,
            member: true,
            from_registry: false,
            needs: needs.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn the_right_way_passes() {
        let packages = [
            package("sesame-connector", &["aliyun-sms", "serde"]),
            package("sesame-cli", &["sesame-emulator", "sesame-server"]),
        ];
        assert_eq!(wrong(&packages), [""; 0]);
    }

    #[test]
    fn the_wrong_way_is_named() {
        let packages = [
            package("aliyun-sms", &["sesame-connector"]),
            package("sesame-server", &["aliyun-sms"]),
        ];
        let expected = [
            "`aliyun-sms` must not depend on `sesame-connector`",
            "`sesame-server` must not depend on `aliyun-sms`",
        ];
        assert_eq!(wrong(&packages), expected);
    }

    #[test]
    fn a_crate_without_a_place_is_named() {
        assert!(wrong(&[package("sesame-utils", &[])])[0].contains("`sesame-utils` has no place"));
    }

    #[test]
    fn a_changed_wrapper_is_found() {
        let deny = "  { crate = \"sesame-emulator\", wrappers = [\"sesame-server\"] },\n";
        let found = differs_from(deny).join("\n");
        assert!(
            found.contains("deny.toml has `{ crate = \"sesame-emulator\""),
            "{found}"
        );
        assert!(
            found.contains("deny.toml lacks `{ crate = \"aliyun-sms\""),
            "{found}"
        );
    }
}
