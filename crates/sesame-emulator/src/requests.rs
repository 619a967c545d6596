//! The last requests as they arrived, for whoever asks why one was refused.

use std::collections::VecDeque;
use std::fmt;

use aliyun_sms::sign::explain::{Explanation, Intent, Key, explain};
use aliyun_sms::sign::received::{Found, Request, Stages};
use aliyun_sms::sign::{Pair, percent_encode};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

const KEEP: usize = 100;
const REDACTED: &str = "[redacted]";

/// A request, and what was made of it. A temporary key's token is a secret and
/// does not stand in it; codes and numbers do.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// When it came.
    pub received_at: Timestamp,
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<Pair>,
    /// The body; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// The action it names, empty where none.
    pub action: String,
    /// The answer's HTTP status; 0 where there was none.
    pub http_status: u16,
    /// The answer's code; empty where there was none.
    pub code: String,
    /// The canonical query or request, as recomputed; absent where no key was
    /// found.
    pub canonical: Option<String>,
    /// What should have been signed.
    pub string_to_sign: Option<String>,
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("received_at", &self.received_at)
            .field("action", &self.action)
            .field("http_status", &self.http_status)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// A request as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) received_at: Timestamp,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<Pair>,
    pub(crate) body: Bytes,
    pub(crate) action: String,
    pub(crate) token: Option<String>,
    pub(crate) http_status: u16,
    pub(crate) code: String,
    pub(crate) stages: Option<Stages>,
}

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    total: u64,
    last: VecDeque<Kept>,
}

impl RequestLog {
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Keeps a request that has just come, and says under which number.
    pub(crate) fn arrived(&mut self, kept: Kept) -> u64 {
        self.total += 1;
        if self.last.len() >= KEEP {
            self.last.pop_front();
        }
        self.last.push_back(kept);
        self.total
    }

    /// Writes down what came of it, where it is still kept.
    pub(crate) fn answered(
        &mut self,
        number: u64,
        http_status: u16,
        code: &str,
        stages: Option<Stages>,
    ) {
        let behind = self
            .total
            .checked_sub(number)
            .and_then(|behind| usize::try_from(behind).ok());
        let at = behind.and_then(|behind| self.last.len().checked_sub(behind + 1));
        if let Some(kept) = at.and_then(|at| self.last.get_mut(at)) {
            kept.http_status = http_status;
            code.clone_into(&mut kept.code);
            kept.stages = stages;
        }
    }

    /// Newest first, with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, &Kept)> {
        (1..=self.total).rev().zip(self.last.iter().rev())
    }

    /// The one with a number, where it is still kept.
    pub(crate) fn get(&self, number: u64) -> Option<&Kept> {
        let mut numbered = self.numbered();
        numbered.find_map(|(found, kept)| (found == number).then_some(kept))
    }

    /// Newest first.
    pub(crate) fn latest(&self, many: usize) -> Vec<RecordedRequest> {
        self.last.iter().rev().take(many).map(Kept::shown).collect()
    }
}

impl Kept {
    /// The id of the key it is signed with.
    pub(crate) fn key_id(&self) -> Option<String> {
        let request = self.request();
        match request.found(&request.parameters()) {
            Found::Acs3(found) => Some(found.access_key_id),
            Found::RpcV1 { access_key_id, .. } => Some(access_key_id),
            Found::Nothing | Found::Malformed => None,
        }
    }

    /// Whether the body is a form.
    pub(crate) fn is_form(&self) -> bool {
        !self.request().parameters().form.is_empty()
    }

    fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// Every stage of its signature beside the one it carries; `None` where it
    /// carries none.
    pub(crate) fn explained(&self, secret: &str) -> Option<Explanation> {
        let key = Key { id: None, secret };
        let mut explanation = explain(&self.request(), &key, &Intent::default()).ok()?;
        let hide = Hide::new(self.token.as_deref());
        let stages = &mut explanation.stages;
        stages.canonical = hide.apply(&stages.canonical);
        stages.string_to_sign = hide.apply(&stages.string_to_sign);
        for finding in &mut explanation.findings {
            for sentence in [&mut finding.message, &mut finding.cure] {
                sentence.en = hide.apply(&sentence.en).into();
                sentence.zh = hide.apply(&sentence.zh).into();
            }
        }
        Some(explanation)
    }

    pub(crate) fn shown(&self) -> RecordedRequest {
        let hide = Hide::new(self.token.as_deref());
        RecordedRequest {
            received_at: self.received_at,
            method: self.method.clone(),
            target: hide.apply(&hide_parameter(&self.target)),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), hide.apply(value)))
                .collect(),
            body: hide.apply(&hide_parameter(&String::from_utf8_lossy(&self.body))),
            action: self.action.clone(),
            http_status: self.http_status,
            code: self.code.clone(),
            canonical: self
                .stages
                .as_ref()
                .map(|stages| hide.apply(&stages.canonical)),
            string_to_sign: self
                .stages
                .as_ref()
                .map(|stages| hide.apply(&stages.string_to_sign)),
        }
    }
}

/// A token in all the ways it can stand in a request: as it is, encoded once,
/// encoded twice, encoded by a form's rules.
struct Hide {
    forms: Vec<String>,
}

impl Hide {
    fn new(token: Option<&str>) -> Self {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Self { forms: Vec::new() };
        };
        let once = percent_encode(token).into_owned();
        let twice = percent_encode(&once).into_owned();
        let form = once.replace("%20", "+").replace("%2A", "*");
        let tilde = form.replace('~', "%7E");
        let mut forms = vec![
            twice,
            once.replace("%2A", "*"),
            once,
            form,
            tilde,
            token.to_owned(),
        ];
        forms.sort_unstable_by_key(|form| std::cmp::Reverse(form.len()));
        Self { forms }
    }

    fn apply(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, form| {
            text.replace(form.as_str(), REDACTED)
        })
    }
}

/// However it was encoded, the parameter's value goes.
fn hide_parameter(text: &str) -> String {
    const NAME: &str = "SecurityToken=";
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['?', '&']) {
        match part.strip_prefix(NAME) {
            Some(value) => {
                shown.push_str(NAME);
                shown.push_str(REDACTED);
                shown.extend(value.chars().last().filter(|last| *last == '&'));
            }
            None => shown.push_str(part),
        }
    }
    shown
}
