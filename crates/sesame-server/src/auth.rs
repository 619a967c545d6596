//! API keys: what they look like, who holds one, and what it may do.
//!
//! A key is `sk_<id>_<secret>`. The id finds it; of the secret, which is 32
//! random bytes, only a hash is kept.

mod book;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use sesame_connector::Source;
use sesame_passcode::journal::ApiKeyRow;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error as ThisError;

pub(crate) use book::Book;

use crate::error::{Answer, Code, Problem};

/// The caller a key belongs to unless another is named.
pub const DEFAULT_APP: &str = "default";

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Start and check verifications.
    Verify,
    /// Send codes of the caller's own.
    Send,
    /// Read messages of its own app.
    Read,
    /// Everything, of every app.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Verify, Self::Send, Self::Read, Self::Admin];

    /// The name in keys and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Send => "send",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

/// A text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("a scope is one of verify, send, read, admin")]
pub struct ScopeError;

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let mut all = Self::ALL.into_iter();
        all.find(|scope| scope.as_str() == text).ok_or(ScopeError)
    }
}

/// An API key as its holder has it. Prints nothing but its id.
pub struct ApiKey {
    id: String,
    secret: String,
}

impl ApiKey {
    /// A new one.
    pub fn generate(source: &dyn Source) -> Self {
        let (mut id, mut secret) = ([0; 6], [0; 32]);
        source.fill(&mut id);
        source.fill(&mut secret);
        Self {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            secret: URL_SAFE_NO_PAD.encode(secret),
        }
    }

    /// Reads `sk_<id>_<secret>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("sk_")?.split_once('_')?;
        let is_id = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_secret = secret.len() == 43
            && secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (is_id && is_secret).then(|| Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// What it is found by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// As its holder writes it down.
    pub fn reveal(&self) -> String {
        format!("sk_{}_{}", self.id, self.secret)
    }

    /// What is kept of it.
    pub fn row(&self, name: &str, app: &str, scopes: &[Scope], now: Timestamp) -> ApiKeyRow {
        ApiKeyRow {
            id: self.id.clone(),
            name: name.to_owned(),
            app: app.to_owned(),
            scopes: scopes
                .iter()
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            hash: self.hash(),
            created_at: now,
            ends_at: None,
        }
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    /// Whether this is the key of a row, and still worth something.
    pub(crate) fn opens(&self, row: &ApiKeyRow, now: Timestamp) -> bool {
        let is_same = bool::from(self.hash().ct_eq(&row.hash));
        is_same && row.ends_at.is_none_or(|ends_at| ends_at > now)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.id)
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) key_id: Arc<str>,
    /// The key's.
    pub(crate) name: Arc<str>,
    pub(crate) app: Arc<str>,
    scopes: Vec<Scope>,
}

impl Caller {
    fn of(row: &ApiKeyRow) -> Self {
        Self {
            key_id: row.id.as_str().into(),
            name: row.name.as_str().into(),
            app: row.app.as_str().into(),
            scopes: row
                .scopes
                .iter()
                .filter_map(|scope| scope.parse().ok())
                .collect(),
        }
    }

    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// The app whose messages it may see; none: of all.
    pub(crate) fn sees(&self) -> Option<&str> {
        (!self.scopes.contains(&Scope::Admin)).then_some(&*self.app)
    }
}

/// What a group of routes asks of its callers.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) book: Arc<Book>,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) scope: Scope,
}

/// Lets nobody through but whoever has a key with the scope.
pub(crate) async fn authenticate(
    State(guard): State<Guard>,
    mut request: Request,
    next: Next,
) -> Response {
    match guard.admit(request.headers()).await {
        Ok(caller) => {
            tracing::Span::current().record("app", &*caller.app);
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(caller);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

impl Guard {
    async fn admit(&self, headers: &HeaderMap) -> Answer<Caller> {
        let key = key_of(headers)?;
        let wrong = || {
            let detail = "there is no such API key, or it has ended or was revoked";
            Problem::new(Code::Unauthorized, detail)
        };
        let row = self.book.find(&key.id).await?.ok_or_else(wrong)?;
        if !key.opens(&row, self.source.now()) {
            return Err(wrong());
        }
        let caller = Caller::of(&row);
        if caller.may(self.scope) {
            return Ok(caller);
        }
        let detail = format!("this API key has no scope `{}`", self.scope.as_str());
        Err(Problem::new(Code::ScopeMissing, detail))
    }
}

fn key_of(headers: &HeaderMap) -> Answer<ApiKey> {
    let missing = |detail: &str| Problem::new(Code::Unauthorized, detail);
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| {
        missing("write `Authorization: Bearer` and an API key; `sesame key new` makes one")
    })?;
    if values.next().is_some() {
        return Err(missing("there is more than one Authorization header"));
    }
    let text = value.to_str().unwrap_or_default().trim();
    let (scheme, key) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing("the Authorization must begin with `Bearer`"));
    }
    ApiKey::parse(key.trim()).ok_or_else(|| missing("this is no API key; they begin with `sk_`"))
}

#[cfg(test)]
mod tests {
    use sesame_connector::SystemSource;

    use super::*;

    #[test]
    fn a_key_reads_back_and_opens_its_own_row_only() {
        let now = SystemSource.now();
        let (one, other) = (
            ApiKey::generate(&SystemSource),
            ApiKey::generate(&SystemSource),
        );
        let row = one.row("n", "a", &[Scope::Verify], now);
        let read = ApiKey::parse(&one.reveal()).expect("a key");
        assert!(read.opens(&row, now) && !other.opens(&row, now));
        let ended = ApiKeyRow {
            ends_at: Some(now),
            ..row
        };
        assert!(!one.opens(&ended, now));
        assert!(!format!("{one:?}").contains(&one.secret));
    }

    #[test]
    fn what_is_no_key() {
        let good = ApiKey::generate(&SystemSource).reveal();
        for text in [
            "",
            "sk_",
            "sk__",
            &good[1..],
            &good[..good.len() - 1],
            &format!("{good}x"),
        ] {
            assert!(ApiKey::parse(text).is_none(), "{text}");
        }
    }
}
