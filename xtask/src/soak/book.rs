//! What the clients were told, and nothing they only hoped for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::http::Answer;

/// All of it.
#[derive(Default)]
pub(crate) struct Book {
    /// Answers by what was asked and their status.
    pub(crate) answers: BTreeMap<(&'static str, u16), u64>,
    /// Requests whose connection broke.
    pub(crate) broken: u64,
    /// Answers 429 by their limit.
    pub(crate) limits: BTreeMap<String, u64>,
    /// Outcomes of messages by out-id.
    pub(crate) outcomes: HashMap<String, String>,
    pub(crate) verifications: HashMap<String, Told>,
    /// Answers that were given twice, by the same Idempotency-Key.
    pub(crate) replayed: u64,
    /// What went wrong in front of the clients' eyes.
    pub(crate) violations: Vec<String>,
}

/// What was told about one verification.
#[derive(Default)]
pub(crate) struct Told {
    /// The number's place in the row of numbers.
    pub(crate) number: u64,
    /// The proofs; the same one twice is one.
    pub(crate) tokens: BTreeSet<String>,
    /// What was left after each wrong code.
    pub(crate) attempts_left: Vec<u64>,
    /// Right codes that got no answer, or 503.
    pub(crate) unanswered: u64,
    pub(crate) consumed: bool,
}

impl Book {
    pub(crate) fn answered(&mut self, what: &'static str, answer: &Answer) {
        *self.answers.entry((what, answer.status)).or_default() += 1;
        let body = answer.json();
        if answer.status == 429 {
            // A limit of ours has a name, Aliyun's own is told by the code.
            let limit = body["limit"].as_str().or(body["code"].as_str());
            let limit = limit.unwrap_or("unnamed").to_owned();
            *self.limits.entry(limit).or_default() += 1;
        }
        if answer.status >= 500 && answer.status != 503 {
            let code = &body["code"];
            self.violations
                .push(format!("{what} was answered {} {code}", answer.status));
        }
        // A refusal names its message too.
        let refused = body["out_id"].as_str().map(|out_id| (out_id, "refused"));
        let told = match answer.status {
            201 => outcome(&body["message"]),
            200 => outcome(&body),
            _ => refused,
        };
        if let Some((out_id, outcome)) = told {
            self.outcome(out_id, outcome);
        }
    }

    /// The same message may be told twice; first as unknown, and then known.
    fn outcome(&mut self, out_id: &str, outcome: &str) {
        let before = self.outcomes.insert(out_id.to_owned(), outcome.to_owned());
        if let Some(before) = before.filter(|before| before != outcome) {
            self.violations.push(format!(
                "message {out_id} was told {before}, and then {outcome}"
            ));
        }
    }

    pub(crate) fn started(&mut self, id: &str, number: u64) {
        let told = self.verifications.entry(id.to_owned()).or_default();
        told.number = number;
    }

    /// An answer to a check, or none.
    pub(crate) fn checked(&mut self, id: &str, is_right: bool, answer: Option<&Answer>) {
        let told = self.verifications.entry(id.to_owned()).or_default();
        let body = match answer {
            Some(answer) if answer.status == 200 => answer.json(),
            _ => {
                told.unanswered += u64::from(is_right);
                return;
            }
        };
        let is_valid = body["valid"] == Value::Bool(true);
        match (body["status"].as_str(), is_valid) {
            (Some("approved"), true) => {
                let token = body["token"].as_str().unwrap_or_default();
                told.tokens.insert(token.to_owned());
                if !is_right {
                    self.violations
                        .push(format!("verification {id} was approved by a wrong code"));
                }
            }
            (Some("pending"), false) => {
                told.attempts_left
                    .push(body["attempts_left"].as_u64().unwrap_or(u64::MAX));
                if is_right {
                    self.violations
                        .push(format!("verification {id} took its right code for wrong"));
                }
            }
            (Some("consumed"), false) => told.consumed = true,
            (Some(_), false) => {}
            _ => self
                .violations
                .push(format!("a check of {id} was answered with {body}")),
        }
    }
}

fn outcome(body: &Value) -> Option<(&str, &str)> {
    Some((body["out_id"].as_str()?, body["outcome"].as_str()?))
}
