//! The console: pages for the operator, at `/` and below `/console/`.
//!
//! Written by the server, with nothing in a page that is not from here; a small
//! script refreshes what is worth following, and nothing needs it. A new page is
//! a file in `console/` with its template in `templates/console/`, and a line in
//! [`router`]; its texts go into `console/words.rs`.

mod audit;
mod connectors;
mod decisions;
mod errors;
mod form;
mod frame;
mod keys;
mod limits;
mod look;
mod message;
mod messages;
mod overview;
mod plot;
mod session;
mod sign_in;
mod words;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, OptionalFromRequestParts, Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
    SET_COOKIE, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use sesame_passcode::Keys;

use self::look::Look;
use self::session::Visitor;
use crate::auth::Book;
use crate::config::Config;
use crate::error::{Code, Problem, ProblemCode};
use crate::front::{self, Peer, Places, take_place};
use crate::state::App;
use crate::wire::{BodyLimits, read};

/// Everything comes from here, and nothing is written into a page itself.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("../../../assets/sesame.css");
const ICON: &str = include_str!("../../../assets/icon.svg");
const SCRIPT: &str = include_str!("../assets/console.js");

/// A header that what a page asks for by itself comes with.
const LIVE: HeaderName = HeaderName::from_static("x-sesame-live");

/// What the pages work with.
pub(crate) struct Console {
    pub(crate) app: Arc<App>,
    pub(crate) book: Arc<Book>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) config: Arc<Config>,
    /// Whether its own listener speaks TLS.
    pub(crate) is_tls: bool,
}

impl Console {
    /// Whether the browser is at the other end of TLS, as far as that is known.
    fn is_secure(&self, headers: &HeaderMap) -> bool {
        // Only a named proxy's word was left in the request.
        let said = headers.get("x-forwarded-proto");
        self.is_tls || said.is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
    }
}

/// The pages on one listener.
pub(crate) fn router(console: &Arc<Console>, bodies: BodyLimits, places: &Places) -> Router {
    Router::new()
        .route("/", get(overview::show))
        .route("/console", get(|| async { Redirect::permanent("/") }))
        .route("/console/", get(|| async { Redirect::permanent("/") }))
        .route("/console/sign-in", get(sign_in::show).post(sign_in::begin))
        .route("/console/sign-out", post(sign_in::end))
        .route(
            "/console/messages",
            get(messages::show).post(messages::find),
        )
        .route("/console/messages/{out_id}", get(message::show))
        .route("/console/messages/{out_id}/number", post(message::number))
        .route("/console/limits", get(limits::show))
        .route(decisions::PATH, get(decisions::show).post(decisions::find))
        .route("/console/limits/lift", post(limits::lift))
        .route("/console/limits/lift-number", post(limits::lift_number))
        .route("/console/connectors", get(connectors::show))
        .route("/console/connectors/test", post(connectors::test))
        .route("/console/keys", get(keys::show))
        .route("/console/keys/{id}/revoke", post(keys::revoke))
        .route("/console/audit", get(audit::show))
        // Whoever sends slowly, and anybody may, holds no place meanwhile.
        .route_layer(from_fn_with_state(places.clone(), take_place))
        .route_layer(from_fn_with_state(bodies, read))
        .route("/console/assets/{name}", get(asset))
        .with_state(Arc::clone(console))
}

/// Around everything else of the listener: believes no header but a named
/// proxy's, makes pages of problems, and says what a browser may do with them.
pub(crate) async fn dress(
    State(console): State<Arc<Console>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if path != "/" && path != "/console" && !path.starts_with("/console/") {
        return next.run(request).await;
    }
    let is_asset = path.starts_with("/console/assets/");
    console.doubt(&mut request);
    let look = Look::of(request.headers(), request.uri().query());
    let is_secure = console.is_secure(request.headers());
    request.extensions_mut().insert(look);
    let mut response = next.run(request).await;
    if let Some(ProblemCode(code)) = response.extensions().get().copied() {
        response = errors::page(&look, code, response);
    }
    protect(response.headers_mut(), is_asset);
    for cookie in look.kept(is_secure) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

impl Console {
    /// What others than a named proxy say of the way they came is not believed.
    fn doubt(&self, request: &mut Request) {
        let peer = request.extensions().get::<Peer>().copied();
        let is_proxy = peer.is_some_and(|peer| front::is_trusted(peer.0.ip(), &self.config.proxy));
        if !is_proxy {
            request.headers_mut().remove("x-forwarded-proto");
            request.headers_mut().remove("x-forwarded-host");
        }
    }

    /// Whose request it is, for counting: an address, IPv6 by its /64.
    fn from(&self, parts: &Parts) -> String {
        let peer = parts.extensions.get::<Peer>();
        let ip = peer.map(|peer| front::client(peer.0.ip(), &parts.headers, &self.config.proxy));
        match ip.map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => format!("{:?}", &ip.octets()[..8]),
            None => String::new(),
        }
    }
}

fn protect(headers: &mut HeaderMap, is_asset: bool) {
    let fixed = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // With `no-referrer` a browser would hide where a form came from.
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let cache = if is_asset { "max-age=300" } else { "no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
}

async fn asset(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "sesame.css" => ("text/css; charset=utf-8", STYLE),
        "console.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return Problem::not_found().into_response(),
    };
    ([(CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

/// A page that is written, in the language it is in.
fn page<T: askama::Template>(look: &Look, template: &T) -> Response {
    match template.render() {
        Ok(text) => {
            let headers = [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (CONTENT_LANGUAGE, look.words.lang),
                (VARY, "accept-language, cookie"),
            ];
            (headers, text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            Problem::new(Code::Internal, "the page could not be written").into_response()
        }
    }
}

/// Where to go on: with GET, whatever was asked before.
fn see_other(place: &str) -> Response {
    Redirect::to(place).into_response()
}

impl<S: Send + Sync> FromRequestParts<S> for Look {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let found = parts.extensions.get::<Self>().copied();
        Ok(found.unwrap_or_else(|| Self::of(&parts.headers, parts.uri.query())))
    }
}

/// Lets nobody through but whoever is signed in; others are led to sign in, and
/// from there back to where they wanted to go.
impl FromRequestParts<Arc<Console>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Response> {
        let touches = !parts.headers.contains_key(LIVE);
        let found = console.visitor(&parts.headers, touches).await;
        let found = found.map_err(IntoResponse::into_response)?;
        found.ok_or_else(|| {
            if !touches {
                // Nobody is there to sign in.
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let wanted = parts
                .uri
                .path_and_query()
                .map_or("/", |wanted| wanted.as_str());
            // What a form would have done has to be asked for anew.
            let is_read = matches!(parts.method, Method::GET | Method::HEAD);
            see_other(&sign_in::address(is_read.then_some(wanted)))
        })
    }
}

impl OptionalFromRequestParts<Arc<Console>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Option<Self>, Response> {
        let found = console.visitor(&parts.headers, false).await;
        found.map_err(IntoResponse::into_response)
    }
}

/// Whether a request that changes something comes from a page of this server:
/// browsers say so, and programs that say nothing need what only a page knows.
fn is_from_here(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get("origin") else {
        return true;
    };
    let origin = origin.to_str().unwrap_or_default();
    let origin = origin.split_once("://").map(|(_, host)| host);
    let is_it = |name: HeaderName| {
        let host = headers.get(name).and_then(|host| host.to_str().ok());
        host.is_some() && host == origin
    };
    is_it(HOST) || is_it(HeaderName::from_static("x-forwarded-host"))
}
