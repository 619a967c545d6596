//! The demo's page: the app and the phone side by side, the way of the newest
//! message below, and a button that skips time.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use sesame_emulator::Emulator;
use sesame_passcode::Passcodes;
use tokio::net::TcpListener;

use super::PAUSE_SECS;
use super::journey::{self, Journey, Step};
use crate::output::Language;

/// What the page shows.
pub(super) struct Demo {
    pub(super) emulator: Arc<Emulator>,
    pub(super) passcodes: Passcodes,
    pub(super) app_url: String,
    pub(super) console_url: String,
    pub(super) admin_key: String,
    /// To begin with.
    pub(super) number: String,
}

type Shared = State<Arc<Demo>>;

/// Answers until it is aborted.
pub(super) async fn serve(socket: TcpListener, demo: Demo) {
    let Ok(address) = socket.local_addr() else {
        return;
    };
    let host = Arc::from(address.to_string());
    let policy = policy(&demo);
    let router = Router::new()
        .route("/", get(show))
        .route("/skip", post(skip))
        .route("/{asset}", get(asset))
        .layer(from_fn_with_state(Own { host, policy }, guard))
        .with_state(Arc::new(demo));
    if let Err(error) = axum::serve(socket, router).await {
        tracing::error!(%error, "the demo's page has ended");
    }
}

fn policy(demo: &Demo) -> HeaderValue {
    let text = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         frame-src {} {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        demo.app_url,
        demo.emulator.url()
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

#[derive(Clone)]
struct Own {
    /// `127.0.0.1:8088`.
    host: Arc<str>,
    policy: HeaderValue,
}

/// The page holds a key, so it answers to its own name and its own forms only:
/// a name that was made to point here, or another page, gets nothing.
async fn guard(State(own): State<Own>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let port = own.host.rsplit_once(':').map_or("", |(_, port)| port);
    let host = text(header::HOST).unwrap_or_default();
    let is_own_host = host == &*own.host || host == format!("localhost:{port}");
    let is_own_form = request.method() == Method::GET
        || text(header::ORIGIN) == Some(format!("http://{host}").as_str());
    if !is_own_host || !is_own_form {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, own.policy);
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[derive(Template)]
#[template(path = "demo.html")]
struct Page<'a> {
    lang: Language,
    app: String,
    phone: String,
    demo: &'a Demo,
    now: Timestamp,
    journey: Option<Journey>,
}

#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
}

async fn show(State(demo): Shared, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let lang = language(asked.lang.as_deref(), &headers);
    let number = demo.number.replace('+', "%2B");
    let page = Page {
        lang,
        app: format!(
            "{}/?mode=register&lang={}&number={number}",
            demo.app_url,
            lang.tag()
        ),
        phone: format!(
            "{}/_emulator/phone?lang={}",
            demo.emulator.url(),
            lang.tag()
        ),
        now: demo.emulator.now(),
        journey: journey::newest(&demo.passcodes, &demo.emulator, lang).await,
        demo: &demo,
    };
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What is asked for, else what the browser likes best of the two.
fn language(asked: Option<&str>, headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let wishes = asked
        .into_iter()
        .chain(accepted.unwrap_or_default().split(','));
    let mut known = wishes.filter_map(|wish| match wish.trim().get(..2)? {
        "zh" => Some(Language::Chinese),
        "en" => Some(Language::English),
        _ => None,
    });
    known.next().unwrap_or(Language::English)
}

async fn skip(State(demo): Shared, Query(asked): Query<Asked>) -> Response {
    if demo.emulator.advance_secs(PAUSE_SECS).is_err() {
        return StatusCode::CONFLICT.into_response();
    }
    let lang = language(asked.lang.as_deref(), &HeaderMap::new());
    Redirect::to(&format!("/?lang={}", lang.tag())).into_response()
}

async fn asset(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "sesame.css" => (
            "text/css; charset=utf-8",
            include_str!("../../../../../assets/sesame.css"),
        ),
        "demo.js" => (
            "text/javascript; charset=utf-8",
            include_str!("../../../assets/demo.js"),
        ),
        "icon.svg" => (
            "image/svg+xml",
            include_str!("../../../../../assets/icon.svg"),
        ),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

impl Page<'_> {
    fn say<'t>(&self, english: &'t str, chinese: &'t str) -> &'t str {
        self.lang.pick(english, chinese)
    }

    fn clock(&self) -> String {
        clock_time(self.now)
    }

    /// When, and how long after the first step.
    fn at(&self, step: &Step) -> String {
        let first = self.journey.iter().find_map(|way| way.steps.first()?.time);
        match (step.time, first) {
            (Some(time), Some(first)) if step.is_exact => {
                let millis = time.duration_since(first).as_millis().max(0);
                format!("{} (+{millis} ms)", clock_time(time))
            }
            (Some(time), _) => clock_time(time),
            _ => String::new(),
        }
    }
}

fn clock_time(time: Timestamp) -> String {
    time.strftime("%H:%M:%S UTC").to_string()
}
