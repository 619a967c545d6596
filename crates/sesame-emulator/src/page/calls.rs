//! The last requests, and one with every stage of its signature.

use std::sync::Arc;

use aliyun_sms::sign::explain::{Explanation, Sentence};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::HeaderMap;

use super::inbox::refused;
use super::{Fields, Frame, Language, rendered};
use crate::control::ControlError;
use crate::requests::{Kept, RecordedRequest};
use crate::state::Shared;

const PATH: &str = "/_emulator/calls";
/// Nobody reads more of a body, and pages stay small.
const BODY_SHOWN: usize = 8000;

#[derive(Template)]
#[template(path = "calls.html")]
struct Page {
    frame: Frame,
    calls: Vec<Call>,
}

#[derive(Template)]
#[template(path = "call.html")]
struct OneCall {
    frame: Frame,
    call: Call,
    request: RecordedRequest,
    /// Form fields, decoded.
    fields: Vec<(String, String)>,
    explanation: Option<Explanation>,
}

struct Call {
    number: u64,
    time: String,
    action: String,
    method: String,
    http_status: u16,
    code: String,
}

impl Call {
    fn of(number: u64, kept: &Kept) -> Self {
        Self {
            number,
            time: kept.received_at.strftime("%H:%M:%S UTC").to_string(),
            action: kept.action.clone(),
            method: kept.method.clone(),
            http_status: kept.http_status,
            code: kept.code.clone(),
        }
    }

    fn class(&self) -> &'static str {
        match (self.http_status, self.code.as_str()) {
            (0, _) => "warn",
            (_, "OK") => "good",
            _ => "bad",
        }
    }

    fn result<'a>(&'a self, lang: &Language) -> &'a str {
        match (self.http_status, self.code.as_str()) {
            (0, _) => lang.say("no answer", "未应答"),
            (_, "") => lang.say("answered", "已应答"),
            (_, code) => code,
        }
    }
}

pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let frame = Frame::of(&Fields::of_query(query), &headers, PATH);
    rendered(frame.lang, &list(&shared, frame))
}

fn list(shared: &Shared, frame: Frame) -> Page {
    let state = shared.lock();
    let calls = state.requests.numbered();
    Page {
        frame,
        calls: calls.map(|(number, kept)| Call::of(number, kept)).collect(),
    }
}

pub(crate) async fn one(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<u64>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let frame = Frame::of(&Fields::of_query(query), &headers, PATH);
    let lang = frame.lang;
    let (kept, secret) = {
        let state = shared.lock();
        let kept = state.requests.get(number).cloned();
        let key = kept.as_ref().and_then(Kept::key_id);
        let keys = &state.book.account.access_keys;
        let key = key.and_then(|id| keys.iter().find(|key| key.id == id));
        (kept, key.map(|key| key.secret.reveal().to_owned()))
    };
    let Some(kept) = kept else {
        let error = ControlError::not_found(lang.say(
            "this request is not kept any more; only the last 100 are",
            "该请求已不再保留，只保留最近 100 个",
        ));
        let frame = frame.with(&error);
        return refused(rendered(lang, &list(&shared, frame)), &error);
    };
    let mut request = kept.shown();
    let is_form = kept.is_form();
    let fields = if is_form {
        Fields::of_form(request.body.as_bytes()).0
    } else {
        Vec::new()
    };
    if let Some((cut, _)) = request.body.char_indices().nth(BODY_SHOWN) {
        request.body.truncate(cut);
        request.body.push('…');
    }
    let page = OneCall {
        frame,
        call: Call::of(number, &kept),
        request,
        fields,
        explanation: secret.and_then(|secret| kept.explained(&secret)),
    };
    rendered(lang, &page)
}

/// One of a sentence's two languages.
fn said<'a>(sentence: &'a Sentence, lang: &Language) -> &'a str {
    lang.say(&sentence.en, &sentence.zh)
}
