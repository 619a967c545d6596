//! The emulator as pages: phones that receive messages live, the requests with
//! their signatures, trouble on request, signatures and templates with their
//! reviews. All work without scripts, and ask nothing of any other host.
//!
//! A new page is a module here with its template, a path in `control::http`, and
//! a line in [`PLACES`]. Its forms post below [`crate::control::PATH`], where the
//! control's guard refuses other origins.

mod calls;
mod inbox;
mod language;
mod texts;
mod trouble;

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub(crate) use self::calls::{one as call, show as calls};
pub(crate) use self::inbox::{decide, phone, show};
use self::language::Language;
pub(crate) use self::texts::{change as change_texts, show as texts};
pub(crate) use self::trouble::{make as make_trouble, show as trouble};
use crate::control::ControlError;

/// Everything comes from here, nothing is written into the page itself. Another
/// page of this machine may show the inbox beside itself, as the demo does.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'self' http://127.0.0.1:* http://localhost:*";

const STYLE: &str = include_str!("../../../assets/sesame.css");
const ICON: &str = include_str!("../../../assets/icon.svg");
const SCRIPT: &str = include_str!("../assets/inbox.js");

/// The pages of the navigation: path, English, Chinese.
const PLACES: &[(&str, &str, &str)] = &[
    ("/_emulator/", "Phones", "手机"),
    ("/_emulator/calls", "Requests", "请求"),
    ("/_emulator/trouble", "Trouble", "故障与回执"),
    ("/_emulator/texts", "Signatures, templates", "签名与模板"),
];

/// What every page has.
struct Frame {
    lang: Language,
    /// Its path in [`PLACES`].
    here: &'static str,
    notice: Option<Notice>,
}

/// A sentence, and how it is meant: `good` or `bad`.
struct Notice {
    kind: &'static str,
    text: String,
}

impl Frame {
    fn of(asked: &Fields, headers: &HeaderMap, here: &'static str) -> Self {
        let lang = Language::of(asked.get("lang"), headers);
        let is_done = asked.get("done").is_some();
        Self {
            lang,
            here,
            notice: is_done.then(|| Notice {
                kind: "good",
                text: lang.say("Done.", "已完成。").to_owned(),
            }),
        }
    }

    fn with(mut self, error: &ControlError) -> Self {
        let text = [error.to_string(), error.cure.clone()];
        self.notice = Some(Notice {
            kind: "bad",
            text: text.join("; ").trim_end_matches("; ").to_owned(),
        });
        self
    }

    fn places(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        PLACES
    }
}

/// A query or a form.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    fn of_query(query: Option<String>) -> Self {
        Self::of_form(query.unwrap_or_default().as_bytes())
    }

    fn of_form(form: &[u8]) -> Self {
        Self(aliyun_sms::sign::received::decode_form(form))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(found, _)| found == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

fn rendered(lang: Language, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => ([(header::CONTENT_LANGUAGE, lang.tag())], Html(text)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Back to a page, which says that it is done.
fn done(path: &str, form: &Fields) -> Response {
    let lang = Language::named(form.get("lang").unwrap_or_default());
    let lang = lang.map(|lang| format!("&lang={}", lang.tag()));
    let lang = lang.unwrap_or_default();
    Redirect::to(&format!("{path}?done=1{lang}")).into_response()
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "sesame.css" => ("text/css; charset=utf-8", STYLE),
        "inbox.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let kind = HeaderValue::from_static(kind);
    let bytes = Bytes::from_static(text.as_bytes());
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}
