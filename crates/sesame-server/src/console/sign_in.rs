//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, StatusCode};

use super::form::{Asked, Open, Posted, escaped};
use super::frame::{Frame, Place};
use super::look::Look;
use super::session::{SignIn, Visitor};
use super::{Console, page, see_other};
use crate::error::Answer;

const PATH: &str = "/console/sign-in";

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct Page {
    frame: Frame,
    /// Where to go on to.
    next: String,
    /// What was wrong.
    error: &'static str,
}

/// Where to sign in, and to come back from.
pub(super) fn address(next: Option<&str>) -> String {
    match next.filter(|next| *next != "/") {
        Some(next) => format!("{PATH}?next={}", escaped(next)),
        None => PATH.to_owned(),
    }
}

pub(super) async fn show(look: Look, visitor: Option<Visitor>, Asked(asked): Asked) -> Response {
    let next = safe(asked.get("next"));
    if visitor.is_some() {
        return see_other(next);
    }
    page(&look, &Page::new(&look, next, ""))
}

pub(super) async fn begin(
    State(console): State<Arc<Console>>,
    look: Look,
    open: Open,
) -> Answer<Response> {
    let next = safe(open.fields.get("next"));
    let (headers, from) = (&open.parts.headers, console.from(&open.parts));
    let ended = console
        .sign_in(headers, &from, open.fields.get("key"))
        .await?;
    Ok(match ended {
        SignIn::Done(cookie, visitor) => {
            note(&console, &visitor, "signed_in").await?;
            ([(SET_COOKIE, cookie)], see_other(next)).into_response()
        }
        SignIn::Wrong => {
            let text = page(&look, &Page::new(&look, next, look.words.key_wrong));
            (StatusCode::UNPROCESSABLE_ENTITY, text).into_response()
        }
        SignIn::Later(left) => {
            let text = page(&look, &Page::new(&look, next, look.words.too_many_tries));
            let wait = [(RETRY_AFTER, left.as_secs().to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait, text).into_response()
        }
    })
}

pub(super) async fn end(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Posted { visitor, .. }: Posted,
) -> Answer<Response> {
    let gone = console.sign_out(&headers, &visitor).await?;
    note(&console, &visitor, "signed_out").await?;
    Ok(([(SET_COOKIE, gone)], see_other(PATH)).into_response())
}

async fn note(console: &Console, visitor: &Visitor, action: &str) -> Answer<()> {
    let detail = serde_json::json!({ "key": visitor.key_id });
    let (name, subject) = (&visitor.name, &visitor.key_id);
    let written = console
        .app
        .passcodes
        .write_down(name, action, subject, detail);
    Ok(written.await?)
}

impl Page {
    fn new(look: &Look, next: &str, error: &'static str) -> Self {
        let query = if next == "/" {
            String::new()
        } else {
            format!("next={}", escaped(next))
        };
        Self {
            frame: Frame::new(look, None, Place::Elsewhere)
                .titled(look.words.sign_in)
                .at(PATH, &query),
            next: next.to_owned(),
            error,
        }
    }
}

/// A place of the console, or its first page: nobody is led away from here.
fn safe(next: &str) -> &str {
    let is_ours = next.starts_with("/console/") || next.starts_with("/?");
    let is_plain = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_way_back = next.contains("..") || next.contains("//");
    let is_form = next.starts_with("/console/sign-");
    if is_ours && is_plain && !is_way_back && !is_form && next.len() <= 1000 {
        next
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for next in ["/console/messages?app=a", "/console/audit", "/?app=web"] {
            assert_eq!(safe(next), next);
        }
        for next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/console//evil.example",
            "/console/../v1",
            "/console/a\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "/v1/messages",
            "/console/sign-out",
            "/console/\u{202e}",
        ] {
            assert_eq!(safe(next), "/", "{next}");
        }
    }
}
