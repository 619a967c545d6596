//! The control's paths.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{CLOCK_YEARS, ControlError, Reply, ReportDecision, guard, stream};
use crate::account::Account;
use crate::faults::OrderJson;
use crate::inbox;
use crate::page;
use crate::state::Shared;

const BODY_MAX: usize = 4 * 1024 * 1024;

type Shares = State<Arc<Shared>>;
type Answer = Result<Json<Value>, Failure>;
/// What cannot be read is refused by the handler, in the words of the others.
type Body = Result<Bytes, BytesRejection>;

/// A [`ControlError`] as an answer.
pub(super) struct Failure(pub(super) ControlError);

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(self.0.json())).into_response()
    }
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let routes = Router::new()
        .route(
            "/_emulator",
            get(|| async { Redirect::permanent("/_emulator/") }),
        )
        .route("/_emulator/", get(page::show))
        .route("/_emulator/phone", get(page::phone))
        .route("/_emulator/calls", get(page::calls))
        .route("/_emulator/calls/{number}", get(page::call))
        .route(
            "/_emulator/trouble",
            get(page::trouble).post(page::make_trouble),
        )
        .route(
            "/_emulator/texts",
            get(page::texts).post(page::change_texts),
        )
        .route("/_emulator/report", post(page::decide))
        .route("/_emulator/clear", post(clear_from_page))
        .route("/_emulator/assets/{name}", get(page::asset))
        .route("/_emulator/messages", get(messages).delete(delete_messages))
        .route("/_emulator/events", get(stream::events))
        .route("/_emulator/requests", get(requests))
        .route("/_emulator/conversions", get(conversions))
        .route("/_emulator/clock", get(clock).post(set_clock))
        .route("/_emulator/faults", post(faults))
        .route("/_emulator/account", post(account))
        .route("/_emulator/templates/{code}", post(change_template))
        .route("/_emulator/sign_names/{name}", post(change_sign_name))
        .route("/_emulator/reports", post(reports))
        .route("/_emulator/replies", post(replies))
        .route("/_emulator/reset", post(reset))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method);
    routes
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::map_response(protect))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            guard::guard,
        ))
        .with_state(shared)
}

/// No other page may read or frame what is here. Where nothing at all is said of
/// the referrer, browsers post the inbox's own form with `Origin: null`, which
/// the guard must refuse.
async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn nothing() -> Failure {
    Failure(
        ControlError::not_found("there is nothing here")
            .cure("see the list of paths in the README"),
    )
}

async fn wrong_method() -> Failure {
    Failure(ControlError::new("", "this path does not serve this method").with_status(405))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessagesQuery {
    to: Option<String>,
    latest: Option<usize>,
}

async fn messages(State(shared): Shares, query: RawQuery) -> Result<Response, Failure> {
    let query: MessagesQuery = parse_query(query)?;
    // A bare `+` in a query is a space; nobody writes a number with one in front.
    let to = query.to.map(|to| match to.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => to,
    });
    let to = to.as_deref().filter(|to| !to.trim().is_empty());
    let latest = query.latest.unwrap_or(usize::MAX);
    let records = shared.settled().0.inbox.shown(to, latest);
    // Writing 200,000 of them takes a while, which others need not wait.
    let write = move || Json(inbox::messages(&records)).into_response();
    let written = tokio::task::spawn_blocking(write).await;
    Ok(written.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
}

async fn delete_messages(State(shared): Shares) -> Json<Value> {
    super::clear(&shared);
    done()
}

/// The page's own button, which works without scripts.
async fn clear_from_page(State(shared): Shares) -> Redirect {
    super::clear(&shared);
    Redirect::to("/_emulator/")
}

/// Oldest first.
async fn conversions(State(shared): Shares) -> Json<Value> {
    Json(json!(shared.lock().conversions.all()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestsQuery {
    latest: Option<usize>,
}

async fn requests(State(shared): Shares, query: RawQuery) -> Answer {
    let query: RequestsQuery = parse_query(query)?;
    let state = shared.lock();
    let total = state.requests.total();
    Ok(Json(match query.latest {
        None => json!({ "total": total }),
        Some(latest) => json!({ "total": total, "requests": state.requests.latest(latest) }),
    }))
}

async fn clock(State(shared): Shares) -> Json<Value> {
    Json(json!({ "now": shared.now() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockJson {
    /// A text, as it may be a time that cannot be.
    now: Option<String>,
    advance_secs: Option<i64>,
}

async fn set_clock(State(shared): Shares, headers: HeaderMap, body: Body) -> Answer {
    let json: ClockJson = parse(&headers, body)?;
    match (json.now, json.advance_secs) {
        (Some(now), None) => {
            let now: Timestamp = now.parse().map_err(|_| {
                let cure = format!("send \"2026-01-02T03:04:05Z\", in {CLOCK_YEARS}");
                ControlError::new("now", "is not a time").cure(cure)
            })?;
            super::set_clock(&shared, now)?;
        }
        (None, Some(secs)) => {
            super::advance_clock(&shared, secs)?;
        }
        _ => {
            return Err(Failure(
                ControlError::new("now", "one of `now` and `advance_secs` is needed")
                    .cure("send {\"now\": \"2026-01-02T03:04:05Z\"} or {\"advance_secs\": 60}"),
            ));
        }
    }
    let now = shared.settled().1;
    Ok(Json(json!({ "now": now })))
}

async fn faults(State(shared): Shares, headers: HeaderMap, body: Body) -> Answer {
    let json: OrderJson = parse(&headers, body)?;
    let order = json.order()?;
    shared.lock().faults.order(order)?;
    Ok(done())
}

async fn account(State(shared): Shares, headers: HeaderMap, body: Body) -> Answer {
    check_type(&headers)?;
    let body = read(body)?;
    let text =
        std::str::from_utf8(&body).map_err(|_| ControlError::new("", "the body is not UTF-8"))?;
    let account = Account::from_json(text).map_err(|error| {
        let cure = "the keys are those of the account file, as JSON";
        ControlError::new(error.field, error.problem).cure(cure)
    })?;
    shared.lock().set_account(account);
    Ok(done())
}

/// Changes some keys of a template, and tells all of them.
async fn change_template(
    State(shared): Shares,
    Path(code): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let changes = parse(&headers, body)?;
    Ok(Json(super::change_template(&shared, &code, changes)?))
}

/// The same of all signatures with a name.
async fn change_sign_name(
    State(shared): Shares,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let changes = parse(&headers, body)?;
    Ok(Json(super::change_sign_name(&shared, &name, changes)?))
}

async fn reports(State(shared): Shares, headers: HeaderMap, body: Body) -> Answer {
    let decision: ReportDecision = parse(&headers, body)?;
    let messages = super::decide_report(&shared, &decision)?;
    Ok(Json(json!({ "ok": true, "messages": messages })))
}

async fn replies(State(shared): Shares, headers: HeaderMap, body: Body) -> Answer {
    let reply: Reply = parse(&headers, body)?;
    super::reply(&shared, &reply)?;
    Ok(done())
}

async fn reset(State(shared): Shares) -> Json<Value> {
    super::reset(&shared);
    done()
}

fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// A form of another page cannot send this type without being asked first.
fn check_type(headers: &HeaderMap) -> Result<(), ControlError> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence == "application/json" {
        return Ok(());
    }
    Err(ControlError::new("", "the body must be application/json")
        .with_status(415)
        .cure("send content-type: application/json, or none"))
}

fn read(body: Body) -> Result<Bytes, ControlError> {
    body.map_err(|rejection| {
        let error = ControlError::new("", rejection.body_text());
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => error
                .with_status(413)
                .cure(format!("send at most {BODY_MAX} bytes")),
            status => error.with_status(status.as_u16()),
        }
    })
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, ControlError> {
    check_type(headers)?;
    let body = read(body)?;
    // Serde would read an array as an object without names.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ControlError::new("", "the body is no JSON object")
            .cure("send one JSON object with the keys the README lists"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(&body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        ControlError::of_serde("", &error)
            .cure("send one JSON object with the keys the README lists")
    })?;
    deserializer
        .end()
        .map_err(|_| ControlError::new("", "something follows the JSON object"))?;
    Ok(value)
}

fn parse_query<T: DeserializeOwned>(RawQuery(query): RawQuery) -> Result<T, ControlError> {
    let uri = format!("/?{}", query.unwrap_or_default())
        .parse()
        .map_err(|_| ControlError::new("", "the query cannot be read"))?;
    Query::try_from_uri(&uri)
        .map(|Query(value)| value)
        .map_err(|error| {
            ControlError::new("", error.body_text()).cure("see the list of paths in the README")
        })
}
