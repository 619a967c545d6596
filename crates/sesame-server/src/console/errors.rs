//! Pages for what went wrong.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{ALLOW, RETRY_AFTER};

use super::frame::{Frame, Place};
use super::look::Look;
use super::page as written;
use crate::error::Code;

#[derive(Template)]
#[template(path = "console/error.html")]
struct Page {
    frame: Frame,
    status: u16,
    lead: &'static str,
    /// What the log calls it.
    request_id: String,
}

/// The same refusal, for people.
pub(super) fn page_of(look: &Look, code: Code, request_id: String) -> Response {
    let w = look.words;
    let status = match code {
        // The console says what a form lacks, and not which scope.
        Code::ScopeMissing => StatusCode::FORBIDDEN,
        code => code.status(),
    };
    let (title, lead) = match code {
        Code::NotFound => (w.not_found, w.not_found_lead),
        Code::MethodNotAllowed => (w.not_allowed, w.not_found_lead),
        Code::ScopeMissing => (w.forbidden, w.forbidden_lead),
        Code::StoreUnavailable | Code::Overloaded | Code::TimedOut | Code::NotReady => {
            (w.unavailable, w.unavailable_lead)
        }
        _ if status.is_server_error() => (w.broken, w.broken_lead),
        _ => (w.bad_request, w.forbidden_lead),
    };
    let template = Page {
        frame: Frame::new(look, None, Place::Elsewhere).titled(title),
        status: status.as_u16(),
        lead,
        request_id,
    };
    (status, written(look, &template)).into_response()
}

/// A problem that was answered, as a page.
pub(super) fn page(look: &Look, code: Code, problem: Response) -> Response {
    let id = problem.headers().get("x-request-id").cloned();
    let shown = id.as_ref().and_then(|id| id.to_str().ok());
    let mut response = page_of(look, code, shown.unwrap_or_default().to_owned());
    for name in [
        ALLOW,
        RETRY_AFTER,
        http::HeaderName::from_static("x-request-id"),
    ] {
        if let Some(value) = problem.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
