//! The server's own keys in their file: made, rotated, read.
//!
//! A key has a time from which on it is used, so that several servers with the
//! same file change over at the same moment. The number key never changes:
//! every stored number would be unreadable.

mod file;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sesame_connector::Source;
use sesame_passcode::StoreError;
use sesame_passcode::keys::{CodeKey, Keys, NumberKey};
use thiserror::Error as ThisError;

pub use file::{read, rotate, write_new};

use crate::config::Config;
use crate::stores;

/// Their file in the data folder.
const FILE: &str = "keys.json";

/// The format this program writes.
const VERSION: u32 = 1;
/// No record refers to a code key for longer after it was replaced.
const CODE_KEY_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// No token signed with a key is valid for longer after it was replaced,
/// restarts that come late included.
const TOKEN_KEY_KEPT: SignedDuration = SignedDuration::from_hours(48);

/// All keys of a server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRing {
    version: u32,
    number_key: SecretBytes,
    code_keys: Vec<Entry>,
    token_keys: Vec<Entry>,
}

/// One key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What records and tokens refer to it by.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is used for what is new.
    pub active_from: Timestamp,
    /// The key.
    secret: SecretBytes,
}

/// Why keys cannot be used.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum KeysError {
    /// There are none.
    #[error("there are no keys at {place}")]
    Missing {
        /// Where they would be.
        place: String,
    },
    /// There are none, and yet data that some wrote.
    #[error("there are no keys at {place}, but the database was written with some")]
    Lost {
        /// Where they would be.
        place: String,
    },
    /// Whether there are data that some wrote cannot be told.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are some already, which must not be lost.
    #[error("there are keys at {place} already")]
    Exists {
        /// Where they are.
        place: String,
    },
    /// The file cannot be read or written.
    #[error("the keys at {place} cannot be {what}: {source}")]
    Io {
        /// Where they are.
        place: String,
        /// `read` or `written`.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// What is there are no keys of this program.
    #[error("the keys at {place} cannot be used: {reason}")]
    Unusable {
        /// Where they are.
        place: String,
        /// Why, without any of it.
        reason: String,
    },
}

/// What an operator may see of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyView {
    /// `number`, `code` or `token`.
    pub kind: &'static str,
    /// Its id; the number key has none.
    pub id: Option<String>,
    /// `next`, `active` or `old`.
    pub state: &'static str,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// From when on it is used.
    pub active_from: Option<Timestamp>,
}

impl KeyRing {
    /// New keys.
    pub fn generate(source: &dyn Source) -> Self {
        let now = source.now();
        Self {
            version: VERSION,
            number_key: SecretBytes::random(source),
            code_keys: vec![Entry::code(source, now)],
            token_keys: vec![Entry::token(source, now)],
        }
    }

    /// Keys as they were written.
    ///
    /// # Errors
    /// Where the text holds none; `place` says where it came from.
    pub fn parse(text: &str, place: &str) -> Result<Self, KeysError> {
        let unusable = |reason: String| KeysError::Unusable {
            place: place.to_owned(),
            reason,
        };
        // What serde says may quote a key.
        let ring: Self = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            unusable(format!(
                "line {line}, column {column} is not what `sesame keys new` writes"
            ))
        })?;
        if ring.version != VERSION {
            let version = ring.version;
            return Err(unusable(format!(
                "they have format {version}, this program knows {VERSION}"
            )));
        }
        if ring.code_keys.is_empty() || ring.token_keys.is_empty() {
            return Err(unusable(
                "a code key and a token key must be there".to_owned(),
            ));
        }
        for entry in &ring.token_keys {
            entry
                .pair()
                .map_err(|()| unusable(format!("the token key {} is damaged", entry.id)))?;
        }
        Ok(ring)
    }

    /// As it is written.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// New code and token keys, used from `active_from` on, and drops those that
    /// nothing can refer to any more. Gives the new ids.
    pub fn rotate(&mut self, source: &dyn Source, active_from: Timestamp) -> [String; 2] {
        let now = source.now();
        drop_old(&mut self.code_keys, now, CODE_KEY_KEPT);
        drop_old(&mut self.token_keys, now, TOKEN_KEY_KEPT);
        let (code, token) = (
            Entry::code(source, active_from),
            Entry::token(source, active_from),
        );
        let ids = [code.id.clone(), token.id.clone()];
        self.code_keys.push(code);
        self.token_keys.push(token);
        ids
    }

    /// What rules and records need, with the code key that is active now.
    pub fn passcode_keys(&self, now: Timestamp) -> Keys {
        let active = active(&self.code_keys, now);
        let key = |entry: &Entry| CodeKey::new(entry.id.clone(), entry.secret.0);
        let older = self.code_keys.iter().filter(|entry| entry.id != active.id);
        Keys::new(
            key(active),
            older.map(key).collect(),
            NumberKey::new(self.number_key.0),
        )
    }

    /// The keys that sign tokens.
    pub(crate) fn token_keys(&self) -> &[Entry] {
        &self.token_keys
    }

    /// All keys as an operator may see them.
    pub fn views(&self, now: Timestamp) -> Vec<KeyView> {
        let number = KeyView {
            kind: "number",
            id: None,
            state: "active",
            created_at: None,
            active_from: None,
        };
        let views = |kind, entries: &[Entry]| -> Vec<KeyView> {
            let active = active(entries, now).id.clone();
            let view = |entry: &Entry| KeyView {
                kind,
                id: Some(entry.id.clone()),
                state: match entry {
                    entry if entry.id == active => "active",
                    entry if entry.active_from > now => "next",
                    _ => "old",
                },
                created_at: Some(entry.created_at),
                active_from: Some(entry.active_from),
            };
            entries.iter().map(view).collect()
        };
        let mut all = vec![number];
        all.extend(views("code", &self.code_keys));
        all.extend(views("token", &self.token_keys));
        all
    }
}

/// The newest whose time has come; before the first one's time, that.
pub(crate) fn active(entries: &[Entry], now: Timestamp) -> &Entry {
    let begun = entries.iter().filter(|entry| entry.active_from <= now);
    begun
        .max_by_key(|entry| entry.active_from)
        .or_else(|| entries.iter().min_by_key(|entry| entry.active_from))
        .expect("read or made with at least one")
}

/// When an entry was replaced, if it was.
pub(crate) fn replaced_at(entries: &[Entry], entry: &Entry) -> Option<Timestamp> {
    let later = entries.iter().map(|other| other.active_from);
    later.filter(|from| *from > entry.active_from).min()
}

fn drop_old(entries: &mut Vec<Entry>, now: Timestamp, kept: SignedDuration) {
    let all = entries.clone();
    entries.retain(|entry| replaced_at(&all, entry).is_none_or(|at| at + kept > now));
}

impl Entry {
    fn code(source: &dyn Source, active_from: Timestamp) -> Self {
        Self::new("c", SecretBytes::random(source), source, active_from)
    }

    fn token(source: &dyn Source, active_from: Timestamp) -> Self {
        // Nearly every 32 bytes are a key of the curve; zero and the largest
        // are not.
        let secret = loop {
            let secret = SecretBytes::random(source);
            if crate::token::pair(&secret.0).is_some() {
                break secret;
            }
        };
        Self::new("t", secret, source, active_from)
    }

    fn new(kind: &str, secret: SecretBytes, source: &dyn Source, active_from: Timestamp) -> Self {
        let mut random = [0; 9];
        source.fill(&mut random);
        Self {
            id: format!("{kind}{}", URL_SAFE_NO_PAD.encode(random)),
            created_at: source.now(),
            active_from,
            secret,
        }
    }

    /// The key that signs tokens.
    pub(crate) fn pair(&self) -> Result<crate::token::Pair, ()> {
        crate::token::pair(&self.secret.0).ok_or(())
    }
}

/// 32 secret bytes, base64 in the file. Prints nothing of itself.
#[derive(Clone)]
struct SecretBytes([u8; 32]);

impl SecretBytes {
    fn random(source: &dyn Source) -> Self {
        let mut bytes = [0; 32];
        source.fill(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for SecretBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SecretBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("no key"))
    }
}

/// Where a configuration's keys lie, unless they are in the configuration.
pub fn path(config: &Config) -> PathBuf {
    let file = config.keys.file.clone();
    file.unwrap_or_else(|| config.data_dir.join(FILE))
}

/// The keys of a configuration. Where a single server has none yet they are
/// made; where stores are shared, every server needs the same ones, so they
/// have to be there. Nor are any made where data are that others wrote.
///
/// # Errors
/// Where there are none, or none that can be used.
pub async fn of_config(config: &Config, source: &dyn Source) -> Result<KeyRing, KeysError> {
    match existing(config) {
        Err(KeysError::Missing { .. }) if !stores::is_shared(config) => {
            let path = path(config);
            let journal = stores::open_journal(config).await?;
            if sesame_passcode::keys::were_used(&*journal).await? {
                let place = path.display().to_string();
                return Err(KeysError::Lost { place });
            }
            let ring = KeyRing::generate(source);
            match write_new(&path, &ring) {
                Ok(()) => {
                    tracing::info!(keys.file = %path.display(), "made the server's keys; back them up, without them its data cannot be read");
                    Ok(ring)
                }
                // Another process was quicker.
                Err(KeysError::Exists { .. }) => read(&path),
                Err(error) => Err(error),
            }
        }
        existing => existing,
    }
}

/// The keys of a configuration, where there are some already.
///
/// # Errors
/// Where there are none, or none that can be used.
pub fn existing(config: &Config) -> Result<KeyRing, KeysError> {
    match &config.keys.json {
        Some(json) => KeyRing::parse(json.reveal(), "keys.json of the configuration"),
        None => read(&path(config)),
    }
}

/// How long a new key waits, as a time from now.
pub fn from_now(source: &dyn Source, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    source.now().checked_add(wait).unwrap_or(Timestamp::MAX)
}
