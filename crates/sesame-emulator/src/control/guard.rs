//! Keeps pages of other origins away from the control.
//!
//! A browser sends whatever page it shows to 127.0.0.1: with the page's origin,
//! and, where a name was made to point here, with that name as host. Both are
//! refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, header};

use super::ControlError;
use super::http::Failure;
use crate::state::{Settings, Shared};

pub(super) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    match check(request.headers(), &shared.settings) {
        Ok(()) => next.run(request).await,
        Err(error) => Failure(error).into_response(),
    }
}

fn check(headers: &HeaderMap, settings: &Settings) -> Result<(), ControlError> {
    let host = text(headers, &header::HOST).unwrap_or_default();
    if !is_own_host(host, settings) {
        return Err(forbidden("the control does not answer to this host name")
            .cure("use 127.0.0.1, localhost or [::1]"));
    }
    let scheme = if settings.is_tls { "https" } else { "http" };
    match text(headers, &header::ORIGIN) {
        Some(origin) if !origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")) => Err(
            forbidden("the control does not answer to pages of another origin"),
        ),
        _ => Ok(()),
    }
}

fn forbidden(problem: &str) -> ControlError {
    ControlError::new("", problem).with_status(403)
}

/// A header that is no text is as good as a wrong one.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn is_own_host(host: &str, settings: &Settings) -> bool {
    let name = without_port(host);
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    if settings
        .host_names
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
    {
        return true;
    }
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    let Ok(address) = bare.parse::<IpAddr>() else {
        return false;
    };
    // Listening on all addresses, any of them is its own; a name that was made
    // to point here is none.
    let own = settings.address.ip();
    address.is_loopback() || address == own || own.is_unspecified()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}
