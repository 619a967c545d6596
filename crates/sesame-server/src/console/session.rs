//! Sessions: who is signed in, by which key, and until when.
//!
//! The browser holds a random id. The store holds, under a keyed hash of it, a
//! sealed record that ends by itself; the key of the session is looked up with
//! every request, so that a key that was revoked ends its sessions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sesame_passcode::StoreError;
use sesame_passcode::journal::ApiKeyRow;
use sesame_passcode::store::{Addition, Key, Record, Version};
use subtle::ConstantTimeEq as _;

use super::Console;
use super::look::cookie;
use crate::auth::ApiKey;
use crate::error::Answer;

/// A session ends after that long without a request.
const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// And after that long in any case.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// The record is written anew no more often than this.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// So many wrong keys may come from one address within [`TRY_WINDOW_SECS`].
const MOST_TRIES: i64 = 10;
const TRY_WINDOW_SECS: i64 = 600;

/// With TLS the cookie is bound to this host by its name.
const NAME_SECURE: &str = "__Host-sesame";
const NAME: &str = "sesame";

/// Who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// The name of the key.
    pub(super) name: String,
    pub(super) key_id: String,
    /// What every form has to bring back.
    pub(super) csrf: String,
    id: SessionId,
}

impl Visitor {
    /// Whether a form is of this session.
    pub(super) fn sent(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }
}

/// 32 random bytes. Prints nothing of itself.
#[derive(Clone)]
struct SessionId([u8; 32]);

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SessionId {
    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

/// What is sealed in the store.
#[derive(Serialize, Deserialize)]
struct Kept {
    key_id: String,
    /// Of the key as it was: another one of the same id opens nothing.
    key_hash: [u8; 32],
    began: Timestamp,
    seen: Timestamp,
}

impl Kept {
    fn ends_at(&self) -> Timestamp {
        (self.seen + IDLE).min(self.began + LONGEST)
    }
}

/// How an attempt to sign in ended.
pub(super) enum SignIn {
    /// The value of the cookie, and who it is.
    Done(HeaderValue, Visitor),
    Wrong,
    /// From this address there were too many.
    Later(SignedDuration),
}

impl Console {
    /// Whose session a request belongs to. `touches`: whether it keeps the
    /// session from ending, as what a page does by itself must not.
    pub(super) async fn visitor(
        &self,
        headers: &HeaderMap,
        touches: bool,
    ) -> Answer<Option<Visitor>> {
        let is_secure = self.is_secure(headers);
        let Some(id) = cookie(headers, cookie_name(is_secure)).and_then(SessionId::parse) else {
            return Ok(None);
        };
        let now = self.app.source.now();
        let key = self.store_key(&id);
        let Some(record) = self.app.store.get(&key, now).await? else {
            return Ok(None);
        };
        let Some(kept) = self.open(&key, &record) else {
            return Ok(None);
        };
        if kept.ends_at() <= now {
            return Ok(None);
        }
        let row = self.book.find(&kept.key_id).await?;
        let Some(row) = row.filter(|row| opens(row, now) && row.hash == kept.key_hash) else {
            return Ok(None);
        };
        if touches && now.duration_since(kept.seen).abs() >= SEEN_EVERY {
            let seen = Kept { seen: now, ..kept };
            let expected = Some(record.version);
            self.keep(&key, expected, &seen, now).await?;
        }
        Ok(Some(self.visitor_of(&row, id)))
    }

    /// Begins a session, if the key may.
    pub(super) async fn sign_in(
        &self,
        headers: &HeaderMap,
        from: &str,
        key: &str,
    ) -> Answer<SignIn> {
        let now = self.app.source.now();
        // Counted before the key is looked at.
        let tries = self.tries(from, 1, now).await?;
        if tries > MOST_TRIES {
            let left = TRY_WINDOW_SECS - now.as_second().rem_euclid(TRY_WINDOW_SECS);
            return Ok(SignIn::Later(SignedDuration::from_secs(left)));
        }
        let Some(row) = self.key_of(key, now).await? else {
            return Ok(SignIn::Wrong);
        };
        self.tries(from, -1, now).await?;
        let mut bytes = [0; 32];
        self.app.source.fill(&mut bytes);
        let id = SessionId(bytes);
        let kept = Kept {
            key_id: row.id.clone(),
            key_hash: row.hash,
            began: now,
            seen: now,
        };
        self.keep(&self.store_key(&id), None, &kept, now).await?;
        let is_secure = self.is_secure(headers);
        let value = URL_SAFE_NO_PAD.encode(id.0);
        Ok(SignIn::Done(
            set_cookie(is_secure, &value),
            self.visitor_of(&row, id),
        ))
    }

    /// Ends a session; gives what takes its cookie away.
    pub(super) async fn sign_out(
        &self,
        headers: &HeaderMap,
        visitor: &Visitor,
    ) -> Answer<HeaderValue> {
        let now = self.app.source.now();
        let key = self.store_key(&visitor.id);
        if let Some(record) = self.app.store.get(&key, now).await? {
            // One that is over at once leaves nothing.
            let over = Record {
                version: self.version(),
                value: Vec::new(),
                expires_at: now,
            };
            let expected = Some(record.version);
            self.app.store.swap(&key, expected, &over, now).await?;
        }
        Ok(set_cookie(self.is_secure(headers), ""))
    }

    async fn key_of(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Answer<Option<std::sync::Arc<ApiKeyRow>>> {
        let Some(key) = ApiKey::parse(text.trim()) else {
            return Ok(None);
        };
        let row = self.book.find(key.id()).await?;
        Ok(row.filter(|row| key.opens(row, now) && opens(row, now)))
    }

    /// How often an address tried within the present window.
    async fn tries(&self, from: &str, amount: i64, now: Timestamp) -> Result<i64, StoreError> {
        let window = now.as_second().div_euclid(TRY_WINDOW_SECS);
        let hash = self.keys.keyed_hash("console tries", from.as_bytes());
        let ends_at = (window + 1) * TRY_WINDOW_SECS;
        let addition = Addition {
            key: Key::new(format!("console-try:{}:{window}", hex(&hash[..16]))),
            amount,
            ends_at: Timestamp::from_second(ends_at).unwrap_or(Timestamp::MAX),
        };
        let totals = self.app.store.add(&[addition], now).await?;
        Ok(totals.first().copied().unwrap_or_default())
    }

    async fn keep(
        &self,
        key: &Key,
        expected: Option<Version>,
        kept: &Kept,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let plain = serde_json::to_vec(kept).unwrap_or_default();
        let sealer = self.keys.sealer();
        let record = Record {
            version: self.version(),
            value: sealer.seal(key.as_str().as_bytes(), &plain, &*self.app.source),
            expires_at: kept.ends_at(),
        };
        // Where another request of the session was quicker, that will do.
        self.app.store.swap(key, expected, &record, now).await?;
        Ok(())
    }

    fn open(&self, key: &Key, record: &Record) -> Option<Kept> {
        let opened = self.keys.sealer();
        let opened = opened.open(key.as_str().as_bytes(), &record.value)?;
        serde_json::from_slice(&opened).ok()
    }

    fn version(&self) -> Version {
        let mut bytes = [0; 8];
        self.app.source.fill(&mut bytes);
        Version(u64::from_be_bytes(bytes))
    }

    /// Nothing that is in the store opens a session.
    fn store_key(&self, id: &SessionId) -> Key {
        let hash = self.keys.keyed_hash("console session", &id.0);
        Key::new(format!("console:{}", hex(&hash[..16])))
    }

    fn visitor_of(&self, row: &ApiKeyRow, id: SessionId) -> Visitor {
        let csrf = self.keys.keyed_hash("console form", &id.0);
        Visitor {
            name: row.name.clone(),
            key_id: row.id.clone(),
            csrf: URL_SAFE_NO_PAD.encode(&csrf[..24]),
            id,
        }
    }
}

/// Whether a key may look at the console at present.
fn opens(row: &ApiKeyRow, now: Timestamp) -> bool {
    row.ends_at.is_none_or(|ends_at| ends_at > now)
        && row.scopes.iter().any(|scope| scope == "admin")
}

fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure { NAME_SECURE } else { NAME }
}

/// An empty value takes the cookie away.
fn set_cookie(is_secure: bool, value: &str) -> HeaderValue {
    let name = cookie_name(is_secure);
    let secure = if is_secure { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    let mut header = HeaderValue::try_from(text).expect("ASCII");
    header.set_sensitive(true);
    header
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
