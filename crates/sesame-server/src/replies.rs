//! Answers that are kept, so that a request which comes again gets the first
//! one and is carried out once.
//!
//! An answer is a record of its own in the store, sealed, since it may hold a
//! token. While a request is carried out its record says so, for as long as a
//! lease, and by which ids its message will be known; whoever takes its place
//! after a crash goes on under the same ids, so that it finds what was sent and
//! sends nothing again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sesame_connector::{OutId, Source};
use sesame_passcode::keys::Keys;
use sesame_passcode::store::{Key, Record, Store, Swap, Version};
use sesame_passcode::{Attempt, StoreError};

use crate::tasks::Tasks;

/// What a request takes, the provider not counted.
const BESIDE_SENDING: SignedDuration = SignedDuration::from_secs(60);
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

/// Which request it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    key: Key,
    /// Of everything that makes it this request and no other.
    hash: [u8; 32],
}

impl Place {
    /// The place of a request that is known by `name`, whose content is `whole`.
    /// The store sees neither.
    pub(crate) fn new(keys: &Keys, name: &[u8], whole: &[u8]) -> Self {
        let name = keys.keyed_hash("idempotency key", name);
        let hex: String = name[..20]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            key: Key::new(format!("idem:{hex}")),
            hash: keys.keyed_hash("idempotency body", whole),
        }
    }

    /// What a record is bound to.
    fn bound(&self) -> &[u8] {
        self.key.as_str().as_bytes()
    }
}

/// Texts one after the other, each with its length.
pub(crate) fn joined(texts: &[&str]) -> Vec<u8> {
    let mut all = Vec::new();
    for text in texts {
        all.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    all
}

/// What is to be done with a request.
pub(crate) enum Begun {
    /// To be carried out, under this version of the record.
    Mine(Version, Attempt),
    /// Answered before.
    Answered(Kept),
    /// Another one is carrying it out.
    Running,
    /// What came before under this name was another request.
    Another,
}

/// How a request is taken up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// How long others are to leave it alone.
    pub(crate) lease: SignedDuration,
    /// When it may be forgotten.
    pub(crate) until: Timestamp,
    /// Whether it is carried out even though another one is at it. Harmless,
    /// since both work under the same ids.
    pub(crate) takes_over: bool,
}

/// What a record says to a request.
enum Judged {
    Answered(Kept),
    /// An earlier one broke off, and this one takes its place.
    BrokenOff(Option<Attempt>),
    Running,
    Another,
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
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

impl Replies {
    /// Takes a request up, or says why not.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub(crate) async fn begin(&self, place: &Place, terms: Terms) -> Result<Begun, StoreError> {
        let now = self.source.now();
        let mut found = self.store.get(&place.key, now).await?;
        for _ in 0..TRIES {
            let (expected, earlier) = match &found {
                None => (None, None),
                Some(record) => match self.judge(place, record, now, terms) {
                    Judged::Answered(kept) => return Ok(Begun::Answered(kept)),
                    Judged::BrokenOff(attempt) => (Some(record.version), attempt),
                    Judged::Running => return Ok(Begun::Running),
                    Judged::Another => return Ok(Begun::Another),
                },
            };
            let attempt = earlier.unwrap_or_else(|| self.attempt());
            let running = Stage::Running {
                until: now + terms.lease,
                out_id: attempt.out_id.to_string(),
                nonce: attempt.nonce,
            };
            let record = self.record(place, running, terms.until);
            match self.store.swap(&place.key, expected, &record, now).await? {
                Swap::Done => return Ok(Begun::Mine(record.version, attempt)),
                Swap::Conflict(other) => found = other,
            }
        }
        Ok(Begun::Running)
    }

    /// New ids.
    pub(crate) fn attempt(&self) -> Attempt {
        let mut nonce = [0; 12];
        self.source.fill(&mut nonce);
        Attempt {
            out_id: OutId::new(&*self.source),
            nonce,
        }
    }

    fn judge(&self, place: &Place, record: &Record, now: Timestamp, terms: Terms) -> Judged {
        let opened = self.keys.sealer().open(place.bound(), &record.value);
        let entry = opened.and_then(|text| serde_json::from_slice::<Entry>(&text).ok());
        let Some(entry) = entry else {
            // Of another key or format: nothing to answer with.
            return Judged::BrokenOff(None);
        };
        if entry.hash != place.hash {
            return Judged::Another;
        }
        match entry.state {
            Stage::Answered(kept) => Judged::Answered(kept),
            Stage::Running { until, .. } if until > now && !terms.takes_over => Judged::Running,
            Stage::Running { out_id, nonce, .. } => {
                let out_id = OutId::parse(&out_id).ok();
                let attempt = out_id.map(|out_id| Attempt { out_id, nonce });
                Judged::BrokenOff(attempt)
            }
        }
    }

    /// Keeps an answer for as long as it is to be given again; until now:
    /// forgets the request.
    pub(crate) async fn end(&self, place: &Place, version: Version, kept: Kept, until: Timestamp) {
        let now = self.source.now();
        let record = self.record(place, Stage::Answered(kept), until);
        let swapped = self
            .store
            .swap(&place.key, Some(version), &record, now)
            .await;
        if let Err(error) = swapped {
            tracing::warn!(%error, "an answer could not be kept for when its request comes again");
        }
    }

    fn record(&self, place: &Place, state: Stage, expires_at: Timestamp) -> Record {
        let hash = place.hash;
        let entry = serde_json::to_vec(&Entry { hash, state }).unwrap_or_default();
        let mut version = [0; 8];
        self.source.fill(&mut version);
        Record {
            version: Version(u64::from_be_bytes(version)),
            value: self
                .keys
                .sealer()
                .seal(place.bound(), &entry, &*self.source),
            expires_at,
        }
    }
}

impl Kept {
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
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

    /// Its status, its type and its text.
    pub(crate) fn into_parts(self) -> (StatusCode, String, String) {
        let mut headers = self.headers.into_iter();
        let content_type = headers.find(|(name, _)| name == CONTENT_TYPE.as_str());
        let body = STANDARD.decode(self.body).unwrap_or_default();
        (
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type.map(|(_, value)| value).unwrap_or_default(),
            String::from_utf8(body).unwrap_or_default(),
        )
    }

    pub(crate) fn into_response(self) -> Response {
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

/// Whether the same request would come to the same again; what was refused for
/// the moment may go through later.
pub(crate) fn is_final(status: StatusCode) -> bool {
    status.is_success()
        || (status.is_client_error()
            && !matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS
            ))
}
