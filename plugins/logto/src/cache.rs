//! The configurations in use, judged once and each with its connection pool.
//!
//! Logto hands over the whole configuration with every message, read anew from
//! its database. What was handed over before is found here by a hash of it;
//! what is not used any more is pushed out, its connections and keys with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use sesame_connector::config::Problem;
use sesame_connector::{Connector, ConnectorConfig, Error, Source as _, SystemSource};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::guard::{self, Verdict};
use crate::log::Line;
use crate::lookup::HostLookup;
use crate::send;

/// More than one only where several tenants share a process, or an operator is
/// trying things out.
const MOST: usize = 16;

/// How long what a configuration refers to is taken to be as it was.
const REREAD_AFTER_SECS: i64 = 60;

type Key = [u8; 32];

/// The one used last stands last.
static CACHE: Mutex<Vec<(Key, Arc<Loaded>)>> = Mutex::new(Vec::new());

/// A configuration that was judged.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) verdict: Verdict,
    connector: OnceCell<Connector>,
    is_told: AtomicBool,
    /// When it was judged, where that depends on more than its text.
    read_at_secs: Option<i64>,
}

/// The configuration written in `text`.
pub(crate) fn load(text: &str) -> Arc<Loaded> {
    let key: Key = Sha256::digest(text.as_bytes()).into();
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = cache.iter().position(|(known, _)| *known == key);
    let entry = before.map(|index| cache.remove(index).1);
    let loaded = match entry {
        Some(loaded) if !loaded.is_outdated() => loaded,
        outdated => Arc::new(Loaded::new(text, outdated.as_deref())),
    };
    if cache.len() == MOST {
        cache.remove(0);
    }
    cache.push((key, loaded.clone()));
    loaded
}

impl Loaded {
    fn new(text: &str, earlier: Option<&Self>) -> Self {
        let lookup = HostLookup::new();
        let verdict = guard::judge(text, &lookup);
        Self {
            verdict,
            connector: OnceCell::new(),
            is_told: AtomicBool::new(earlier.is_some_and(Self::is_told)),
            read_at_secs: lookup.was_asked().then(now_secs),
        }
    }

    fn is_told(&self) -> bool {
        self.is_told.load(Ordering::Relaxed)
    }

    fn is_outdated(&self) -> bool {
        self.read_at_secs
            .is_some_and(|read_at| !(0..REREAD_AFTER_SECS).contains(&(now_secs() - read_at)))
    }

    /// What sends as the configuration says, made when it is first needed.
    ///
    /// # Errors
    /// Where TLS cannot be set up on this machine.
    pub(crate) async fn connector(&self, config: &ConnectorConfig) -> Result<&Connector, Error> {
        let make =
            async || Connector::from_config(send::shared_out(config), SystemSource::shared());
        self.connector.get_or_try_init(make).await
    }

    /// The problems of an accepted configuration, the first time it is asked.
    pub(crate) fn warning(&self) -> Option<Line> {
        match &self.verdict {
            Verdict::Accepted { problems, .. } if !problems.is_empty() => {
                let is_told = self.is_told.swap(true, Ordering::Relaxed);
                (!is_told).then(|| warning(problems))
            }
            _ => None,
        }
    }
}

fn warning(problems: &[Problem]) -> Line {
    Line::warn("config.problems", json!({ "problems": problems }))
}

fn now_secs() -> i64 {
    SystemSource.now().as_second()
}
