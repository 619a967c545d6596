//! `Idempotency-Key`: the same request gets the same answer for a day, and is
//! carried out once.
//!
//! An answer is a record of its own in the store, sealed, since it may hold a
//! token. While a request is carried out its record says so, for as long as a
//! lease, and by which ids its message will be known; after a crash the lease
//! ends and the next try goes on under the same ids, so that it finds what was
//! sent and sends nothing again. What was refused without any effect and may go
//! through later (429, 503) is not kept: the same key may be used again for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sesame_connector::{OutId, Source};
use sesame_passcode::Attempt;
use sesame_passcode::keys::Keys;
use sesame_passcode::store::{Key, Record, Store, Swap, Version};
use tracing::Instrument as _;

use crate::auth::Caller;
use crate::error::{Answer, Code, Problem};
use crate::tasks::Tasks;
use crate::wire;

const HEADER: &str = "idempotency-key";
/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// What a request takes, the provider not counted.
const BESIDE_SENDING: SignedDuration = SignedDuration::from_secs(60);
/// When to ask again for an answer that is not there yet.
const AGAIN: Duration = Duration::from_secs(1);
/// Others may be at the same record; no more often than this.
const TRIES: usize = 8;
/// The headers that belong to an answer.
const HEADERS: [HeaderName; 2] = [CONTENT_TYPE, RETRY_AFTER];

/// Where answers are kept.
#[derive(Clone)]
pub(crate) struct Replies {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) tasks: Tasks,
    /// How long carrying out a request keeps others from it; longer than any
    /// request takes.
    pub(crate) lease: SignedDuration,
}

/// How long carrying out a request may take where sending takes so long.
pub(crate) fn lease(sending: Duration) -> SignedDuration {
    let sending = SignedDuration::try_from(sending).unwrap_or(SignedDuration::MAX);
    sending.saturating_add(BESIDE_SENDING)
}

impl fmt::Debug for Replies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

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
    let asked = Asked::of(&replies, &request, &key);
    // Whoever asked may leave; what was begun is finished and kept.
    let task = carry_out(replies.clone(), asked, request, next).in_current_span();
    match replies.tasks.spawn(task).await {
        Ok(response) => response,
        Err(_) => Problem::new(Code::Internal, "the request broke off").into_response(),
    }
}

async fn carry_out(replies: Replies, asked: Asked, mut request: Request, next: Next) -> Response {
    match replies.begin(&asked).await {
        Ok(Begun::Answered(answered)) => answered.into_response(),
        Ok(Begun::Mine(version, attempt)) => {
            request.extensions_mut().insert(attempt);
            let response = next.run(request).await;
            replies.end(&asked, version, response).await
        }
        Err(problem) => problem.into_response(),
    }
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

/// Which request it is.
struct Asked {
    key: Key,
    /// Of the body and the address.
    hash: [u8; 32],
}

impl Asked {
    fn of(replies: &Replies, request: &Request, key: &str) -> Self {
        let app = request
            .extensions()
            .get::<Caller>()
            .map(|caller| caller.app.clone());
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map(MatchedPath::as_str);
        let scope = [
            app.as_deref().unwrap_or_default(),
            route.unwrap_or_default(),
            key,
        ];
        let name = replies.keys.keyed_hash("idempotency key", &joined(&scope));
        let body = request.extensions().get::<wire::Raw>();
        let body = body.map(|raw| &raw.0[..]).unwrap_or_default();
        let mut whole = joined(&[request.uri().path()]);
        whole.extend_from_slice(body);
        Self {
            key: Key::new(format!("idem:{}", hex(&name[..20]))),
            hash: replies.keys.keyed_hash("idempotency body", &whole),
        }
    }

    /// What a record is bound to.
    fn place(&self) -> &[u8] {
        self.key.as_str().as_bytes()
    }
}

/// Texts one after the other, each with its length.
fn joined(texts: &[&str]) -> Vec<u8> {
    let mut all = Vec::new();
    for text in texts {
        all.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

enum Begun {
    /// To be carried out, under this version of the record.
    Mine(Version, Attempt),
    /// Answered before.
    Answered(Kept),
}

/// What a record says to a request.
enum Judged {
    Answered(Kept),
    /// An earlier one broke off, and this one takes its place.
    BrokenOff(Option<Attempt>),
}

/// A record, before it is sealed.
#[derive(Serialize, Deserialize)]
struct Entry {
    hash: [u8; 32],
    state: Stage,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Running {
        until: Timestamp,
        /// By which its message, and a new verification, will be known.
        out_id: String,
        nonce: [u8; 12],
    },
    Answered(Kept),
}

/// An answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

impl Replies {
    async fn begin(&self, asked: &Asked) -> Answer<Begun> {
        let now = self.source.now();
        let mut found = self.store.get(&asked.key, now).await?;
        for _ in 0..TRIES {
            let (expected, earlier) = match &found {
                None => (None, None),
                Some(record) => match self.judge(asked, record, now)? {
                    Judged::Answered(kept) => return Ok(Begun::Answered(kept)),
                    Judged::BrokenOff(attempt) => (Some(record.version), attempt),
                },
            };
            let attempt = earlier.unwrap_or_else(|| self.attempt());
            let running = Stage::Running {
                until: now + self.lease,
                out_id: attempt.out_id.to_string(),
                nonce: attempt.nonce,
            };
            let record = self.record(asked, running, now + KEPT);
            match self.store.swap(&asked.key, expected, &record, now).await? {
                Swap::Done => return Ok(Begun::Mine(record.version, attempt)),
                Swap::Conflict(other) => found = other,
            }
        }
        Err(in_use())
    }

    fn attempt(&self) -> Attempt {
        let mut nonce = [0; 12];
        self.source.fill(&mut nonce);
        Attempt {
            out_id: OutId::new(&*self.source),
            nonce,
        }
    }

    fn judge(&self, asked: &Asked, record: &Record, now: Timestamp) -> Answer<Judged> {
        let opened = self.keys.sealer().open(asked.place(), &record.value);
        let entry = opened.and_then(|text| serde_json::from_slice::<Entry>(&text).ok());
        let Some(entry) = entry else {
            // Of another key or format: nothing to answer with.
            return Ok(Judged::BrokenOff(None));
        };
        if entry.hash != asked.hash {
            let detail = "this key was sent before with another body or to another id; make a new key for each request";
            return Err(Problem::new(Code::IdempotencyKeyReused, detail));
        }
        match entry.state {
            Stage::Answered(kept) => Ok(Judged::Answered(kept)),
            Stage::Running { until, .. } if until > now => Err(in_use()),
            Stage::Running { out_id, nonce, .. } => {
                let out_id = OutId::parse(&out_id).ok();
                let attempt = out_id.map(|out_id| Attempt { out_id, nonce });
                Ok(Judged::BrokenOff(attempt))
            }
        }
    }

    /// Keeps an answer, and gives it on.
    async fn end(&self, asked: &Asked, version: Version, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map(|body| body.to_bytes())
            .unwrap_or_default();
        let now = self.source.now();
        let kept = Kept::of(parts.status, &parts.headers, &body);
        // What may be tried again is forgotten at once.
        let until = if is_final(parts.status) {
            now + KEPT
        } else {
            now
        };
        let record = self.record(asked, Stage::Answered(kept), until);
        let swapped = self
            .store
            .swap(&asked.key, Some(version), &record, now)
            .await;
        if let Err(error) = swapped {
            tracing::warn!(%error, "an answer could not be kept for its Idempotency-Key");
        }
        Response::from_parts(parts, Body::from(body))
    }

    fn record(&self, asked: &Asked, state: Stage, expires_at: Timestamp) -> Record {
        let hash = asked.hash;
        let entry = serde_json::to_vec(&Entry { hash, state }).unwrap_or_default();
        let mut version = [0; 8];
        self.source.fill(&mut version);
        Record {
            version: Version(u64::from_be_bytes(version)),
            value: self
                .keys
                .sealer()
                .seal(asked.place(), &entry, &*self.source),
            expires_at,
        }
    }
}

impl Kept {
    fn of(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Self {
        let header = |name: &HeaderName| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        };
        Self {
            status: status.as_u16(),
            headers: HEADERS.iter().filter_map(header).collect(),
            body: STANDARD.encode(body),
        }
    }

    fn into_response(self) -> Response {
        let body = STANDARD.decode(self.body).unwrap_or_default();
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, body).into_response();
        response.headers_mut().remove(CONTENT_TYPE);
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name);
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

fn is_final(status: StatusCode) -> bool {
    status.is_success()
        || (status.is_client_error()
            && !matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS
            ))
}

fn in_use() -> Problem {
    let detail = "a request with this key is being carried out; ask again for its answer";
    Problem::new(Code::IdempotencyKeyInUse, detail).retry_after(AGAIN)
}
