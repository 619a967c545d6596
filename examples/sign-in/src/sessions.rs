//! Who is at which browser: a cookie with a random name for a session that is
//! kept here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderValue, header};

use crate::sesame::Claims;
use crate::words::Language;

const LIFE: Duration = Duration::from_secs(30 * 60);
/// More would fill the memory; the one that ends first makes room.
const SESSIONS_MAX: usize = 10_000;

/// One browser.
#[derive(Clone)]
pub(crate) struct Session {
    /// Stands in every form of ours, and in no other site's.
    pub(crate) csrf: String,
    /// Ties verifications to this browser. Not the cookie: that is nobody
    /// else's business.
    pub(crate) binding: String,
    pub(crate) language: Language,
    /// What the next page says once.
    pub(crate) notice: Option<Notice>,
    pub(crate) stage: Stage,
    ends_at: SystemTime,
}

/// How far somebody has come.
#[derive(Clone)]
pub(crate) enum Stage {
    /// Asked for a number, with the one that was not taken.
    Number { written: String, country: String },
    /// Asked for a code.
    Code(Pending),
    /// Proved a number that has no account.
    Unknown(Claims),
    /// Signed in.
    In(Claims),
}

/// A verification under way.
#[derive(Clone)]
pub(crate) struct Pending {
    pub(crate) id: String,
    pub(crate) usage: &'static str,
    /// As typed, to send again.
    pub(crate) to: String,
    pub(crate) masked: String,
    pub(crate) resend_at: SystemTime,
}

/// A sentence, and how it is meant: `good`, `bad`, `warn` or `info`.
#[derive(Clone)]
pub(crate) struct Notice {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

pub(crate) struct Sessions {
    map: Mutex<HashMap<String, Session>>,
    is_https: bool,
}

impl Sessions {
    pub(crate) fn new(is_https: bool) -> Self {
        Self {
            map: Mutex::default(),
            is_https,
        }
    }

    /// The session of a request's cookie.
    pub(crate) fn find(&self, headers: &HeaderMap, now: SystemTime) -> Option<(String, Session)> {
        let id = self.cookie(headers)?;
        let session = self.lock().get(&id).cloned()?;
        (session.ends_at > now).then_some((id, session))
    }

    /// Begins one; gives its id.
    pub(crate) fn begin(&self, language: Language, now: SystemTime) -> (String, Session) {
        let session = Session {
            csrf: random(),
            binding: random(),
            language,
            notice: None,
            stage: Stage::blank(),
            ends_at: now + LIFE,
        };
        (self.insert(session.clone(), now), session)
    }

    /// Writes one back, and keeps it for as long again.
    pub(crate) fn keep(&self, id: &str, session: Session, now: SystemTime) {
        let ends_at = now + LIFE;
        if let Some(kept) = self.lock().get_mut(id) {
            *kept = Session { ends_at, ..session };
        }
    }

    /// Goes on under another name: who knew the old one, perhaps because they
    /// planted it, does not share what comes now.
    pub(crate) fn renew(&self, id: &str, session: Session, now: SystemTime) -> String {
        self.lock().remove(id);
        let session = Session {
            csrf: random(),
            binding: random(),
            ends_at: now + LIFE,
            ..session
        };
        self.insert(session, now)
    }

    fn insert(&self, session: Session, now: SystemTime) -> String {
        let mut map = self.lock();
        if map.len() >= SESSIONS_MAX {
            map.retain(|_, session| session.ends_at > now);
        }
        if map.len() >= SESSIONS_MAX {
            let first = map.iter().min_by_key(|(_, session)| session.ends_at);
            let first = first.map(|(id, _)| id.clone());
            first.and_then(|id| map.remove(&id));
        }
        let id = random();
        map.insert(id.clone(), session);
        id
    }

    /// What sets the cookie. No script reads it, no other site's form brings
    /// it along, and where there is TLS it never travels without.
    pub(crate) fn set_cookie(&self, id: &str) -> HeaderValue {
        let secure = if self.is_https { "; Secure" } else { "" };
        let name = self.name();
        let cookie = format!("{name}={id}; Path=/; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::try_from(cookie).expect("the id is made of letters and digits")
    }

    /// With this prefix, no neighbouring host can plant the cookie either.
    fn name(&self) -> &'static str {
        if self.is_https {
            "__Host-sign-in"
        } else {
            "sign-in"
        }
    }

    fn cookie(&self, headers: &HeaderMap) -> Option<String> {
        let lines = headers.get_all(header::COOKIE).into_iter();
        let pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(name, _)| *name == self.name());
        found.next().map(|(_, id)| id.to_owned())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    pub(crate) fn blank() -> Self {
        Self::Number {
            written: String::new(),
            country: "86".to_owned(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an app has randomness of its own"
)]
fn random() -> String {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
