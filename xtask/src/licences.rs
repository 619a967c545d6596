//! Which licences a dependency may have.
//!
//! `deny.toml` lists the same for cargo-deny; [`differs_from`] keeps the two
//! together.

use std::collections::BTreeSet;

use crate::graph::Package;

/// Permissive licences, each met by at least one dependency or sure to be soon.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The packages that must not be used as they are.
pub(crate) fn wrong(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for Package {
        name,
        version,
        licence,
        ..
    } in packages
    {
        match licence {
            None => problems.push(format!("{name} {version} states no licence")),
            Some(licence) if !allowed(licence) => {
                problems.push(format!("{name} {version} has the licence `{licence}`"));
            }
            Some(_) => {}
        }
    }
    problems
}

/// Where the text of `deny.toml` allows something else.
pub(crate) fn differs_from(deny: &str) -> Vec<String> {
    let section = deny.split("[licenses]").nth(1).unwrap_or_default();
    let list = section.split("allow = [").nth(1).unwrap_or_default();
    let list = list.split(']').next().unwrap_or_default();
    let theirs: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    let ours: BTreeSet<&str> = ALLOWED.iter().copied().collect();
    let missing = ours
        .difference(&theirs)
        .map(|l| format!("deny.toml does not allow {l}"));
    let extra = theirs
        .difference(&ours)
        .map(|l| format!("deny.toml allows {l}"));
    missing.chain(extra).collect()
}

/// Whether an SPDX expression can be met with allowed licences alone.
///
/// Older packages write `MIT/Apache-2.0` where they mean a choice.
fn allowed(expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let choice = either(&mut words);
    choice == Some(true) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// `A OR B`; none where the expression is no expression.
fn either(words: &mut Words<'_>) -> Option<bool> {
    let mut met = both(words)?;
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words)?;
    }
    Some(met)
}

/// `A AND B`, which binds more tightly than `OR`.
fn both(words: &mut Words<'_>) -> Option<bool> {
    let mut met = one(words)?;
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words)?;
    }
    Some(met)
}

/// `A`, `A WITH exception` or an expression in parentheses.
fn one(words: &mut Words<'_>) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let met = either(words)?;
        return words.next_if_eq(&")").map(|_| met);
    }
    if matches!(word, ")" | "OR" | "AND" | "WITH") {
        return None;
    }
    let name = match words.next_if_eq(&"WITH") {
        Some(_) => format!("{word} WITH {}", words.next()?),
        None => word.to_owned(),
    };
    Some(ALLOWED.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        for met in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "GPL-3.0 OR MIT AND ISC",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "ISC AND (Apache-2.0 OR ISC) AND OpenSSL",
            "Apache-2.0 WITH LLVM-exception",
            "Unlicense OR MIT",
        ] {
            assert!(allowed(met), "{met}");
        }
    }

    #[test]
    fn what_cannot_be_met_is_refused() {
        for unmet in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(GPL-3.0 OR MPL-2.0) AND MIT",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "MIT OR",
            "MIT AND (ISC",
            "MIT ISC",
            "(MIT))",
        ] {
            assert!(!allowed(unmet), "{unmet}");
        }
    }

    #[test]
    fn a_changed_list_is_found() {
        let list = ALLOWED
            .iter()
            .map(|name| format!("\"{name}\","))
            .collect::<String>();
        assert_eq!(
            differs_from(&format!("[licenses]\nallow = [{list}]")),
            [""; 0]
        );
        let other = format!("[licenses]\nallow = [{list} \"GPL-3.0\"]");
        assert_eq!(differs_from(&other), ["deny.toml allows GPL-3.0"]);
    }
}
