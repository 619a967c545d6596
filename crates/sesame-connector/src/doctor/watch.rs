//! What turned between two examinations. Pure.

use std::collections::BTreeMap;

use super::check::{Check, CheckId, Level, Report};

/// What was found the last time each thing was looked at.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    lines: BTreeMap<Thing, Check>,
}

/// What a line is about. A configuration may have several problems in one
/// place, so that of those the message counts too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Thing {
    id: CheckId,
    subject: String,
    problem: Option<String>,
}

impl Thing {
    fn of(check: &Check) -> Self {
        let is_problem = check.id == CheckId::Configuration;
        Self {
            id: check.id,
            subject: check.subject.clone(),
            problem: is_problem.then(|| check.message.en.to_string()),
        }
    }
}

/// A thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// How it is now.
    pub check: Check,
    /// How it was; `None` where it had not been looked at.
    pub was: Option<Level>,
}

impl Seen {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What turned since the last time. A thing that could not be looked at
    /// keeps what was known of it. The first time, all that is not ok has turned.
    pub fn turns(&mut self, report: &Report) -> Vec<Turn> {
        self.forget_problems(report);
        let mut turns = Vec::new();
        for check in &report.checks {
            let was = self.lines.insert(Thing::of(check), check.clone());
            let is_turn = match &was {
                Some(was) if was.level == Level::Ok && check.level == Level::Ok => false,
                Some(was) => was.level != check.level || was.message != check.message,
                None => check.level != Level::Ok,
            };
            if is_turn {
                turns.push(Turn {
                    check: check.clone(),
                    was: was.map(|was| was.level),
                });
            }
        }
        turns
    }

    /// How many things are at a level, by what is known.
    pub fn count(&self, level: Level) -> usize {
        let known = self.lines.values();
        known.filter(|check| check.level == level).count()
    }

    /// What is known not to be in order, the worst first.
    pub fn not_ok(&self) -> Vec<Check> {
        let known = self.lines.values();
        let mut found: Vec<Check> = known
            .filter(|check| check.level != Level::Ok)
            .cloned()
            .collect();
        found.sort_by_key(|check| std::cmp::Reverse(check.level));
        found
    }

    /// A configuration is always looked at whole, and so are the ways to fail
    /// before an answer: what is not said of them any more is over.
    fn forget_problems(&mut self, report: &Report) {
        let is_whole = report
            .checks
            .iter()
            .any(|check| check.id == CheckId::Answer);
        self.lines.retain(|thing, _| {
            let is_about_reaching = matches!(
                thing.id,
                CheckId::Proxy | CheckId::EndpointName | CheckId::Connection | CheckId::Tls
            );
            let is_over = thing.id == CheckId::Configuration || is_about_reaching && is_whole;
            !is_over || report.checks.iter().any(|check| Thing::of(check) == *thing)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn report(lines: &[(CheckId, Level, &'static str)]) -> Report {
        let checks = lines.iter().map(|(id, level, message)| Check {
            level: *level,
            ..Check::ok(*id, "x", Text::fixed(message, message))
        });
        Report {
            checks: checks.collect(),
        }
    }

    #[test]
    fn only_what_turned_is_told() {
        use CheckId::{Clock, SignName, Template};
        let mut seen = Seen::new();
        let good = report(&[
            (SignName, Level::Ok, "a"),
            (Template, Level::Ok, "b"),
            (Clock, Level::Warning, "c"),
        ]);
        let turned = |turns: Vec<Turn>| -> Vec<(CheckId, Option<Level>, Level)> {
            let each = turns.into_iter();
            each.map(|turn| (turn.check.id, turn.was, turn.check.level))
                .collect()
        };
        assert_eq!(turned(seen.turns(&good)), [(Clock, None, Level::Warning)]);
        assert_eq!(turned(seen.turns(&good)), []);
        let bad = report(&[(SignName, Level::Failure, "gone"), (Clock, Level::Ok, "c")]);
        assert_eq!(
            turned(seen.turns(&bad)),
            [
                (SignName, Some(Level::Ok), Level::Failure),
                (Clock, Some(Level::Warning), Level::Ok)
            ]
        );
        // Not looked at is not cured, and not told again.
        assert_eq!(turned(seen.turns(&report(&[]))), []);
        assert_eq!(turned(seen.turns(&bad)), []);
        let other = report(&[(SignName, Level::Failure, "rejected")]);
        assert_eq!(
            turned(seen.turns(&other)),
            [(SignName, Some(Level::Failure), Level::Failure)]
        );
        assert_eq!(
            turned(seen.turns(&good)),
            [
                (SignName, Some(Level::Failure), Level::Ok),
                (Clock, Some(Level::Ok), Level::Warning)
            ]
        );
        assert_eq!(seen.count(Level::Ok), 2);
    }

    #[test]
    fn two_problems_in_one_place_are_two_things() {
        let problems = report(&[
            (CheckId::Configuration, Level::Warning, "one"),
            (CheckId::Configuration, Level::Warning, "two"),
        ]);
        let mut seen = Seen::new();
        assert_eq!(seen.turns(&problems).len(), 2);
        assert_eq!(seen.turns(&problems), []);
        // What is not said any more is over, and is told if it comes again.
        assert_eq!(seen.turns(&report(&[])), []);
        assert_eq!(seen.turns(&problems).len(), 2);
    }
}
