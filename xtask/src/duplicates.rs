//! No crate twice in the binary `sesame`, unless there is a reason.
//!
//! `deny.toml` skips the same for cargo-deny, which also looks at other
//! platforms and at build tools and so may have to skip more.

use std::collections::{BTreeMap, BTreeSet};

/// Older versions that stay for now: name, version, reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "thiserror",
        "1.0.69",
        "the phone number library has not moved to 2",
    ),
    ("hashbrown", "0.14.5", "the same library's map"),
    (
        "base64",
        "0.22.1",
        "the PostgreSQL client has not moved to 0.23",
    ),
    ("fallible-iterator", "0.2.0", "the same client"),
    (
        "untrusted",
        "0.7.1",
        "the example's token library asks for more of aws-lc-rs than we do",
    ),
    ("rand", "0.9.5", "OpenTelemetry has not moved to 0.10"),
    ("rand_core", "0.9.5", "a part of that"),
    ("getrandom", "0.3.4", "the same"),
];

/// Crates that are linked more than once, and exceptions nobody needs any more.
pub(crate) fn wrong(linked: &BTreeSet<(String, String)>) -> Vec<String> {
    wrong_but_for(ALLOWED, linked)
}

/// Where the text of `deny.toml` does not skip what is allowed here.
pub(crate) fn differs_from(deny: &str) -> Vec<String> {
    ALLOWED
        .iter()
        .map(|(name, version, _)| format!("crate = \"{name}@{version}\""))
        .filter(|entry| !deny.contains(entry.as_str()))
        .map(|entry| format!("deny.toml does not skip `{entry}`"))
        .collect()
}

fn wrong_but_for(
    allowed: &[(&str, &str, &str)],
    linked: &BTreeSet<(String, String)>,
) -> Vec<String> {
    let is_allowed =
        |name: &str, version: &str| allowed.iter().any(|(n, v, _)| (*n, *v) == (name, version));
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, version) in linked {
        if !is_allowed(name, version) {
            versions.entry(name).or_default().push(version);
        }
    }
    let twice = versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name} is linked in versions {}", versions.join(" and ")));
    let idle = allowed
        .iter()
        .filter(|(n, v, _)| !linked.contains(&((*n).to_owned(), (*v).to_owned())))
        .map(|(n, v, _)| format!("{n} {v} is no longer linked: drop its exception"));
    twice.chain(idle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(list: &[(&str, &str)]) -> BTreeSet<(String, String)> {
        let owned = |(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned());
        list.iter().map(owned).collect()
    }

    #[test]
    fn twice_is_found_and_once_is_not() {
        let found = wrong_but_for(
            &[],
            &linked(&[("a", "1.0.0"), ("a", "2.0.0"), ("b", "1.0.0")]),
        );
        assert_eq!(found, ["a is linked in versions 1.0.0 and 2.0.0"]);
    }

    #[test]
    fn an_exception_holds_for_its_version_and_only_while_needed() {
        let allowed = [("a", "1.0.0", "reason")];
        assert_eq!(
            wrong_but_for(&allowed, &linked(&[("a", "1.0.0"), ("a", "2.0.0")])),
            [""; 0]
        );
        let three = linked(&[("a", "1.0.0"), ("a", "2.0.0"), ("a", "3.0.0")]);
        assert_eq!(
            wrong_but_for(&allowed, &three),
            ["a is linked in versions 2.0.0 and 3.0.0"]
        );
        let idle = wrong_but_for(&allowed, &linked(&[("a", "2.0.0")]));
        assert_eq!(idle, ["a 1.0.0 is no longer linked: drop its exception"]);
    }
}
