//! What the pages do. Every form comes back to `/`, which shows how far the
//! session is.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use askama::Template as _;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Form, FromRequest as _, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;

use crate::Settings;
use crate::page::{CodePage, Frame, InPage, NumberPage, UnknownPage};
use crate::sesame::{Claims, Sesame, Start};
use crate::sessions::{Pending, Session, Sessions, Stage};
use crate::words::{Language, number};

struct App {
    sesame: Sesame,
    sessions: Sessions,
    /// Numbers with an account. A real app has a database.
    users: Mutex<Vec<String>>,
    settings: Settings,
}

type Shared = State<Arc<App>>;

pub(crate) fn router(settings: Settings) -> anyhow::Result<Router> {
    let app = Arc::new(App {
        sesame: Sesame::new(settings.clone())?,
        sessions: Sessions::new(settings.is_https),
        users: Mutex::default(),
        settings,
    });
    let forms = Router::new()
        .route("/start", post(start))
        .route("/resend", post(resend))
        .route("/check", post(check))
        .route("/create", post(create))
        .route("/leave", post(leave))
        .route_layer(from_fn_with_state(Arc::clone(&app), own_form))
        .layer(DefaultBodyLimit::max(FORM_MAX));
    Ok(Router::new()
        .route("/", get(show))
        .route("/{asset}", get(asset))
        .merge(forms)
        .layer(from_fn_with_state(Arc::clone(&app), protect))
        .with_state(app))
}

const FORM_MAX: usize = 4096;

impl App {
    fn now(&self) -> SystemTime {
        (self.settings.now)()
    }

    fn is_user(&self, number: &str) -> bool {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.iter().any(|user| user == number)
    }

    fn add_user(&self, number: &str) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.push(number.to_owned());
    }

    /// Writes the session back and shows it.
    fn go_on(&self, (id, session): (String, Session)) -> Response {
        self.sessions.keep(&id, session, self.now());
        Redirect::to("/").into_response()
    }

    /// Another one may stand behind the browser now, so the session gets
    /// another name.
    fn go_on_anew(&self, (id, session): (String, Session)) -> Response {
        let id = self.sessions.renew(&id, session, self.now());
        let cookie = [(header::SET_COOKIE, self.sessions.set_cookie(&id))];
        (cookie, Redirect::to("/")).into_response()
    }
}

#[derive(Deserialize)]
struct Asked {
    /// `en` or `zh`.
    lang: Option<String>,
    /// `register` for those who are new.
    mode: Option<String>,
    /// A number to begin with.
    number: Option<String>,
}

async fn show(State(app): Shared, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let now = app.now();
    let found = app.sessions.find(&headers, now);
    let is_first = found.is_none();
    let language = Language::of(asked.lang.as_deref(), &headers);
    let (id, mut session) = found.unwrap_or_else(|| app.sessions.begin(language, now));
    if asked.lang.is_some() {
        session.language = language;
    }
    if let (Stage::Code(pending), None) = (&session.stage, &session.notice) {
        session.notice = undelivered(&app, pending, session.language).await;
    }
    let text = page(&session, &asked, now);
    // It has been said.
    session.notice = None;
    app.sessions.keep(&id, session, now);
    let Ok(text) = text else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = Html(text).into_response();
    if is_first {
        let headers = response.headers_mut();
        headers.insert(header::SET_COOKIE, app.sessions.set_cookie(&id));
    }
    response
}

fn page(session: &Session, asked: &Asked, now: SystemTime) -> askama::Result<String> {
    let frame = Frame {
        lang: session.language,
        csrf: &session.csrf,
        notice: session.notice.as_ref(),
    };
    match &session.stage {
        Stage::Number { written, country } => NumberPage {
            frame,
            is_new: asked.mode.as_deref() == Some("register"),
            written: asked.number.as_deref().unwrap_or(written),
            country,
        }
        .render(),
        Stage::Code(pending) => CodePage {
            frame,
            masked: &pending.masked,
            resend_in_secs: secs_until(pending.resend_at, now),
        }
        .render(),
        Stage::Unknown(claims) => UnknownPage {
            frame,
            number: &claims.phone_number,
        }
        .render(),
        Stage::In(claims) => InPage {
            frame,
            claims,
            decoded: serde_json::to_string_pretty(claims).unwrap_or_default(),
        }
        .render(),
    }
}

fn secs_until(time: SystemTime, now: SystemTime) -> u64 {
    let left = time.duration_since(now).unwrap_or_default();
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// What the carrier said of the message, if that is bad news.
async fn undelivered(
    app: &App,
    pending: &Pending,
    language: Language,
) -> Option<crate::sessions::Notice> {
    let message = app.sesame.show(&pending.id).await.ok()?.message?;
    let has_failed = message.delivery.as_deref() == Some("failed");
    has_failed.then(|| {
        language.bad(
            "The message could not be delivered. Is the number right, and the phone on?",
            "短信未能送达。请确认号码正确、手机已开机。",
        )
    })
}

#[derive(Deserialize)]
struct StartForm {
    /// `register` or `sign-in`.
    mode: String,
    country: String,
    number: String,
}

async fn start(
    State(app): Shared,
    Extension((id, mut session)): Extension<(String, Session)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Form(form): Form<StartForm>,
) -> Response {
    let to = number(&form.country, &form.number);
    let usage = match form.mode.as_str() {
        "register" => "Register",
        _ => "SignIn",
    };
    session.stage = Stage::Number {
        written: form.number,
        country: form.country,
    };
    send(&app, &mut session, peer, to, usage).await;
    let is_refused = matches!(session.stage, Stage::Number { .. });
    app.sessions.keep(&id, session, app.now());
    if is_refused && usage == "Register" {
        return Redirect::to("/?mode=register").into_response();
    }
    Redirect::to("/").into_response()
}

async fn resend(
    State(app): Shared,
    Extension((id, mut session)): Extension<(String, Session)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    if let Stage::Code(pending) = session.stage.clone() {
        send(&app, &mut session, peer, pending.to, pending.usage).await;
    }
    app.go_on((id, session))
}

/// Has a code sent, and says so or why not.
async fn send(app: &App, session: &mut Session, peer: SocketAddr, to: String, usage: &'static str) {
    let language = session.language;
    let started = app.sesame.start(Start {
        to: &to,
        usage,
        session: &session.binding,
        // Behind a proxy, take the address from the header your proxy sets.
        ip: peer.ip().to_string(),
        locale: language.tag(),
    });
    let verification = match started.await {
        Ok(verification) => verification,
        Err(problem) => {
            session.notice = Some(language.problem(&problem));
            return;
        }
    };
    let outcome = verification.message.map(|message| message.outcome);
    session.notice = Some(match outcome.as_deref() {
        Some("unknown") => language.notice(
            "warn",
            "The code is on its way, perhaps with a delay.",
            "验证码正在发送，可能会有延迟。",
        ),
        _ => language.notice("good", "The code is on its way.", "验证码已发送。"),
    });
    session.stage = Stage::Code(Pending {
        id: verification.id,
        usage,
        to,
        masked: verification.to,
        resend_at: app.now() + Duration::from_secs(verification.resend_after_secs),
    });
}

#[derive(Deserialize)]
struct CheckForm {
    code: String,
}

async fn check(
    State(app): Shared,
    Extension((id, mut session)): Extension<(String, Session)>,
    Form(form): Form<CheckForm>,
) -> Response {
    let Stage::Code(pending) = session.stage.clone() else {
        return app.go_on((id, session));
    };
    let language = session.language;
    let checked = match app.sesame.check(&pending.id, form.code.trim()).await {
        Ok(checked) => checked,
        Err(problem) => {
            session.notice = Some(language.problem(&problem));
            return app.go_on((id, session));
        }
    };
    let Some(token) = &checked.token else {
        session.notice = Some(language.wrong_code(&checked));
        if !matches!(checked.status.as_str(), "pending" | "locked") {
            session.stage = Stage::blank();
        }
        return app.go_on((id, session));
    };
    match app.sesame.verify(token, &pending.id).await {
        Ok(claims) => {
            session.stage = proven(&app, claims, pending.usage);
            app.go_on_anew((id, session))
        }
        Err(error) => {
            eprintln!("a token was not accepted: {error:#}");
            session.stage = Stage::blank();
            session.notice = Some(language.bad(
                "Signing in did not work. Please try again.",
                "登录未成功，请重试。",
            ));
            app.go_on((id, session))
        }
    }
}

/// Whose phone it is, is certain from here on.
fn proven(app: &App, claims: Claims, usage: &str) -> Stage {
    if !app.is_user(&claims.phone_number) {
        if usage != "Register" {
            return Stage::Unknown(claims);
        }
        app.add_user(&claims.phone_number);
    }
    Stage::In(claims)
}

async fn create(
    State(app): Shared,
    Extension((id, mut session)): Extension<(String, Session)>,
) -> Response {
    if let Stage::Unknown(claims) = session.stage.clone() {
        session.stage = proven(&app, claims, "Register");
    }
    app.go_on_anew((id, session))
}

/// Signs out, or starts over with another number.
async fn leave(
    State(app): Shared,
    Extension((id, mut session)): Extension<(String, Session)>,
) -> Response {
    if let Stage::Code(pending) = &session.stage {
        app.sesame.cancel(&pending.id).await;
    }
    session.stage = Stage::blank();
    app.go_on_anew((id, session))
}

/// Lets only forms of our own pages through: they hold the session's secret.
async fn own_form(State(app): Shared, request: Request, next: Next) -> Response {
    #[derive(Deserialize)]
    struct Secret {
        csrf: String,
    }
    let (mut parts, body) = request.into_parts();
    let site = parts.headers.get("sec-fetch-site");
    let is_ours = site.is_none_or(|site| site == "same-origin");
    let Ok(body) = axum::body::to_bytes(body, FORM_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let found = app.sessions.find(&parts.headers, app.now());
    let copy = Request::from_parts(parts.clone(), body.clone().into());
    let secret = Form::<Secret>::from_request(copy, &()).await;
    match (found, secret) {
        (Some((id, session)), Ok(Form(secret))) if is_ours && secret.csrf == session.csrf => {
            parts.extensions.insert((id, session));
            next.run(Request::from_parts(parts, body.into())).await
        }
        // The session has ended, or the form is not ours: begin anew.
        _ => Redirect::to("/").into_response(),
    }
}

/// Nothing comes from elsewhere, nothing is shown elsewhere, nothing is kept.
async fn protect(State(app): Shared, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let framed_by = app.settings.framed_by.as_deref().unwrap_or("'none'");
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}"
    );
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn asset(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "sesame.css" => (
            "text/css; charset=utf-8",
            include_str!("../../../assets/sesame.css"),
        ),
        "sign-in.js" => (
            "text/javascript; charset=utf-8",
            include_str!("../assets/sign-in.js"),
        ),
        "icon.svg" => ("image/svg+xml", include_str!("../../../assets/icon.svg")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
