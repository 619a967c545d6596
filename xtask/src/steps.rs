//! Runs steps one after the other and sums them up.
//!
//! A step that fails stops only the steps that need it, so one run shows all
//! there is to mend.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// One step: a name to call it by, and what it does.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    needs: Option<&'static str>,
    run: fn(&Workspace) -> Result<()>,
}

impl Step {
    pub(crate) fn new(
        name: &'static str,
        about: &'static str,
        run: fn(&Workspace) -> Result<()>,
    ) -> Self {
        Self {
            name,
            about,
            needs: None,
            run,
        }
    }

    /// Not to be tried where this other step failed.
    pub(crate) fn needs(self, step: &'static str) -> Self {
        Self {
            needs: Some(step),
            ..self
        }
    }
}

/// The named steps and what they need, in their own order; all, if none is named.
pub(crate) fn choose(steps: Vec<Step>, wanted: &[String]) -> Result<Vec<Step>> {
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !steps.iter().any(|step| step.name == **name))
    {
        let names: Vec<_> = steps.iter().map(|step| step.name).collect();
        bail!("no step `{unknown}`; there are {}", names.join(", "));
    }
    let needed = |name: &str| {
        steps
            .iter()
            .any(|step| step.needs == Some(name) && wanted.iter().any(|w| w == step.name))
    };
    let keep: Vec<bool> = steps
        .iter()
        .map(|s| wanted.is_empty() || wanted.iter().any(|w| w == s.name) || needed(s.name))
        .collect();
    let kept = steps.into_iter().zip(keep).filter(|(_, keep)| *keep);
    Ok(kept.map(|(step, _)| step).collect())
}

/// What became of a step.
struct Outcome {
    name: &'static str,
    time: Duration,
    problem: Option<String>,
}

/// Runs the steps; true if none failed.
pub(crate) fn run(steps: &[Step], workspace: &Workspace) -> Result<bool> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for step in steps {
        let blocked = step.needs.filter(|needed| {
            outcomes
                .iter()
                .any(|outcome| outcome.name == *needed && outcome.problem.is_some())
        });
        println!("\n=== {}: {}", step.name, step.about);
        // Children write to the same output, and theirs is not held back.
        std::io::stdout().flush()?;
        let start = now();
        let problem = match blocked {
            Some(needed) => Some(format!("not run, since `{needed}` failed")),
            None => (step.run)(workspace)
                .err()
                .map(|error| format!("{error:#}")),
        };
        let time = now() - start;
        match &problem {
            None => println!("--- {} passed in {}", step.name, seconds(time)),
            Some(problem) => println!(
                "--- {} FAILED after {}: {problem}",
                step.name,
                seconds(time)
            ),
        }
        outcomes.push(Outcome {
            name: step.name,
            time,
            problem,
        });
    }
    Ok(sum_up(&outcomes))
}

fn sum_up(outcomes: &[Outcome]) -> bool {
    println!("\n=== summary");
    for Outcome {
        name,
        time,
        problem,
    } in outcomes
    {
        let time = seconds(*time);
        match problem {
            None => println!("{name:<12} passed {time:>10}"),
            Some(problem) => println!("{name:<12} FAILED {time:>10}  {problem}"),
        }
    }
    let failed = outcomes.iter().filter(|o| o.problem.is_some()).count();
    println!("\n{} passed, {failed} failed", outcomes.len() - failed);
    failed == 0
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[expect(
    clippy::disallowed_methods,
    reason = "xtask is no part of the product: it only says how long a step took"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<Step> {
        let step = |name| Step::new(name, "", |_| Ok(()));
        vec![step("first"), step("build"), step("last").needs("build")]
    }

    fn chosen(wanted: &[&str]) -> Vec<&'static str> {
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        let steps = choose(steps(), &wanted).unwrap();
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn no_name_means_all() {
        assert_eq!(chosen(&[]), ["first", "build", "last"]);
    }

    #[test]
    fn a_step_brings_what_it_needs_in_the_right_order() {
        assert_eq!(chosen(&["last", "first"]), ["first", "build", "last"]);
        assert_eq!(chosen(&["last"]), ["build", "last"]);
    }

    #[test]
    fn an_unknown_step_is_named() {
        let error = choose(steps(), &["fmt".to_owned()]).err().unwrap();
        assert!(error.to_string().contains("`fmt`"), "{error}");
    }
}
