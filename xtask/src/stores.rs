//! The stores against real servers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::services::Services;
use crate::workspace::{Workspace, show};

/// Starts the servers, runs every test of the stores, and says how many there
/// were for each.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let mut services = Services::new(workspace)?;
    let servers = [
        (
            "SESAME_TEST_POSTGRES",
            services.postgres(workspace, "postgres")?,
        ),
        (
            "SESAME_TEST_POSTGRES_TO_KILL",
            services.postgres(workspace, "postgres-to-kill")?,
        ),
        ("SESAME_TEST_VALKEY", services.valkey(workspace, "valkey")?),
        (
            "SESAME_TEST_VALKEY_TO_KILL",
            services.valkey(workspace, "valkey-to-kill")?,
        ),
        (
            "SESAME_TEST_VALKEY_CLUSTER",
            services.valkey_cluster(workspace, "cluster")?,
        ),
    ];
    let mut stores = workspace.cargo("test");
    stores.args(["--package", "sesame-passcode", "--all-features"]);
    stores.args(["--test", "stores", "--", "--include-ignored"]);
    // What a server keeps there: answers to platforms that ask again.
    let mut hooks = workspace.cargo("test");
    hooks.args(["--package", "sesame-server", "--test", "it"]);
    hooks.args(["hooks::stores", "--", "--include-ignored"]);
    let mut counts = BTreeMap::new();
    for mut tests in [stores, hooks] {
        tests.envs(servers.iter().map(|(variable, url)| (variable, url)));
        counts.extend(counted(tests)?);
    }
    for (suite, Count { passed, other }) in &counts {
        println!("{suite:<20} {passed:>3} passed, {other} not");
    }
    let other: usize = counts.values().map(|count| count.other).sum();
    match (counts.is_empty(), other) {
        (true, _) => bail!("no test ran"),
        (false, 0) => Ok(()),
        (false, other) => bail!("{other} tests of the stores did not pass"),
    }
}

#[derive(Default)]
struct Count {
    passed: usize,
    other: usize,
}

/// Runs tests, shows what they print, and counts them by the module they are
/// in. The program has to succeed, or say which test did not.
fn counted(mut tests: Command) -> Result<BTreeMap<String, Count>> {
    let shown = show(&tests);
    println!("$ {shown}");
    let mut child = tests
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{shown}`"))?;
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let lines = child.stdout.take().map(BufReader::new).map(BufRead::lines);
    for line in lines.into_iter().flatten().map_while(Result::ok) {
        println!("{line}");
        if let Some((suite, passed)) = outcome(&line) {
            let count = counts.entry(suite.to_owned()).or_default();
            *(if passed {
                &mut count.passed
            } else {
                &mut count.other
            }) += 1;
        }
    }
    let status = child.wait()?;
    let failed = counts.values().any(|count| count.other > 0);
    if !status.success() && !failed {
        bail!("`{shown}` ended with {status}");
    }
    Ok(counts)
}

/// `test sqlite::records::some_test ... ok`: the module, and whether it passed.
fn outcome(line: &str) -> Option<(&str, bool)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let (suite, _) = name.split(" - ").next()?.rsplit_once("::")?;
    Some((suite, outcome == "ok"))
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn lines_of_the_test_program_are_read() {
        assert_eq!(outcome("test a::b::c ... ok"), Some(("a::b", true)));
        assert_eq!(outcome("test a::c ... FAILED"), Some(("a", false)));
        assert_eq!(outcome("test a::c ... ignored, why"), Some(("a", false)));
        assert_eq!(outcome("running 3 tests"), None);
        assert_eq!(outcome("test result: ok. 3 passed"), None);
    }
}
