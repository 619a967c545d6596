//! `Idempotency-Key`: the same request gets the same answer for a day, and is
//! carried out once.
//!
//! What was refused without any effect and may go through later (429, 503) is
//! not kept: the same key may be used again for it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use sesame_passcode::store::Version;
use tracing::Instrument as _;

use crate::auth::Caller;
use crate::error::{Answer, Code, Problem};
use crate::replies::{Begun, Kept, Place, Replies, Terms, is_final, joined};
use crate::wire;

const HEADER: &str = "idempotency-key";
/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// When to ask again for an answer that is not there yet.
const AGAIN: Duration = Duration::from_secs(1);

/// Answers a request that was answered before; carries out all others.
pub(crate) async fn replay(
    State(replies): State<Replies>,
    request: Request,
    next: Next,
) -> Response {
    let key = match key_of(request.method(), request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let place = place(&replies, &request, &key);
    // Whoever asked may leave; what was begun is finished and kept.
    let tasks = replies.tasks.clone();
    let task = carry_out(replies, place, request, next).in_current_span();
    match tasks.spawn(task).await {
        Ok(response) => response,
        Err(_) => Problem::new(Code::Internal, "the request broke off").into_response(),
    }
}

async fn carry_out(replies: Replies, place: Place, mut request: Request, next: Next) -> Response {
    let terms = Terms {
        lease: replies.lease,
        until: replies.source.now() + KEPT,
        takes_over: false,
    };
    match replies.begin(&place, terms).await {
        Ok(Begun::Answered(answered)) => answered.into_response(),
        Ok(Begun::Mine(version, attempt)) => {
            request.extensions_mut().insert(attempt);
            let response = next.run(request).await;
            end(&replies, &place, version, response).await
        }
        Ok(Begun::Running) => in_use().into_response(),
        Ok(Begun::Another) => reused().into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Keeps an answer, and gives it on.
async fn end(replies: &Replies, place: &Place, version: Version, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let now = replies.source.now();
    // What may be tried again is forgotten at once.
    let until = if is_final(parts.status) {
        now + KEPT
    } else {
        now
    };
    let kept = Kept::of(parts.status, &parts.headers, &body);
    replies.end(place, version, kept, until).await;
    Response::from_parts(parts, Body::from(body))
}

fn place(replies: &Replies, request: &Request, key: &str) -> Place {
    let extensions = request.extensions();
    let app = extensions.get::<Caller>().map(|caller| caller.app.clone());
    let route = extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let scope = [
        app.as_deref().unwrap_or_default(),
        route.unwrap_or_default(),
        key,
    ];
    let body = extensions.get::<wire::Raw>();
    let body = body.map(|raw| &raw.0[..]).unwrap_or_default();
    let mut whole = joined(&[request.uri().path()]);
    whole.extend_from_slice(body);
    Place::new(&replies.keys, &joined(&scope), &whole)
}

fn key_of(method: &Method, headers: &HeaderMap) -> Answer<Option<String>> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next().filter(|_| method == Method::POST) else {
        return Ok(None);
    };
    let is_printable = |byte: &u8| (0x20..0x7f).contains(byte);
    let is_one = values.next().is_none();
    let bytes = value.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text)
            if is_one && (1..=255).contains(&bytes.len()) && bytes.iter().all(is_printable) =>
        {
            Ok(Some(text.to_owned()))
        }
        _ => Err(Problem::new(
            Code::IdempotencyKeyInvalid,
            "an Idempotency-Key is one header with 1 to 255 printable ASCII characters",
        )),
    }
}

fn in_use() -> Problem {
    let detail = "a request with this key is being carried out; ask again for its answer";
    Problem::new(Code::IdempotencyKeyInUse, detail).retry_after(AGAIN)
}

fn reused() -> Problem {
    let detail = "this key was sent before with another body or to another id; make a new key for each request";
    Problem::new(Code::IdempotencyKeyReused, detail)
}
