//! The configuration's problems as lines, and which of them the account's own
//! answers make idle. Pure.

use super::check::{Check, CheckId, Level};
use super::plan::Plan;
use crate::config::{self, Problem, ProblemId};
use crate::text::{Text, printable, printable_up_to};

/// A problem as a line. What problems say is in English alone.
pub(super) fn line(problem: &Problem) -> Check {
    let place = match (problem.line, problem.path.as_str()) {
        (Some(line), "") => format!("line {line}"),
        (Some(line), path) => format!("{path} (line {line})"),
        (None, "") => "file".to_owned(),
        (None, path) => path.to_owned(),
    };
    let told = |text: &str| printable_up_to(text, 600);
    let message = format!("{} ({})", told(&problem.message), problem.id.as_str());
    let message = Text::made(message.clone(), message);
    let cure = Text::made(told(&problem.cure), told(&problem.cure));
    let make = match problem.level {
        config::Level::Error => Check::failure,
        config::Level::Warning => Check::warning,
    };
    make(CheckId::Configuration, &place, message, cure)
}

/// The line of a configuration without problems.
pub(super) fn fine(subject: &str) -> Check {
    let message = Text::fixed("is valid", "有效");
    Check::ok(CheckId::Configuration, &printable(subject), message)
}

/// The lines of warnings, less those that only guessed at what the account has
/// answered by now. `checks` are those of the account; one of them that a
/// warning explains better is taken out of it.
pub(super) fn reconcile(warnings: &[Problem], plan: &Plan, checks: &mut Vec<Check>) -> Vec<Check> {
    let mut lines = Vec::new();
    for warning in warnings {
        match warning.id {
            ProblemId::TemplateCodeFormat if is_answered(warning, plan, checks) => {}
            ProblemId::VariablesWithoutCode if is_refused(warning, plan, checks) => {}
            ProblemId::KeysSwapped | ProblemId::SecurityTokenMissing
                if take_refused_key(checks) =>
            {
                lines.push(Check {
                    level: Level::Failure,
                    ..line(warning)
                });
            }
            _ => lines.push(line(warning)),
        }
    }
    lines
}

/// The codes of the template a problem's path leads to.
fn codes_at<'p>(problem: &Problem, plan: &'p Plan) -> Vec<&'p str> {
    let index = problem
        .path
        .strip_prefix("templates[")
        .and_then(|rest| rest.split(']').next())
        .and_then(|index| index.parse::<usize>().ok());
    let of_it = plan
        .templates
        .iter()
        .filter(|used| index.is_some_and(|index| used.places.contains(&index)));
    of_it.map(|used| used.code.as_str()).collect()
}

/// Aliyun has said whether there is such a template.
fn is_answered(problem: &Problem, plan: &Plan, checks: &[Check]) -> bool {
    let codes = codes_at(problem, plan);
    !codes.is_empty()
        && codes.iter().all(|code| {
            let subject = printable(code);
            checks
                .iter()
                .any(|check| check.id == CheckId::Template && check.subject == subject)
        })
}

/// The account's text shows the same fault.
fn is_refused(problem: &Problem, plan: &Plan, checks: &[Check]) -> bool {
    codes_at(problem, plan).iter().any(|code| {
        let subject = printable(code);
        checks.iter().any(|check| {
            check.id == CheckId::TemplateVariables
                && check.subject == subject
                && check.level != Level::Ok
        })
    })
}

/// Takes the line of a refused key out, if there is one.
fn take_refused_key(checks: &mut Vec<Check>) -> bool {
    let is_refused = |check: &Check| check.id == CheckId::AccessKey && check.level != Level::Ok;
    let before = checks.len();
    checks.retain(|check| !is_refused(check));
    checks.len() < before
}
