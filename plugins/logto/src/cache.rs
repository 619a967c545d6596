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

static CACHE: Mutex<Cache> = Mutex::new(Cache(Vec::new()));

/// The one used last stands last.
struct Cache(Vec<(Key, Arc<Loaded>)>);

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
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.load(text)
}

impl Cache {
    fn load(&mut self, text: &str) -> Arc<Loaded> {
        let key: Key = Sha256::digest(text.as_bytes()).into();
        let before = self.0.iter().position(|(known, _)| *known == key);
        let loaded = match before.map(|index| self.0.remove(index).1) {
            Some(loaded) if !loaded.is_outdated() => loaded,
            outdated => Arc::new(Loaded::new(text, outdated.as_deref())),
        };
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push((key, loaded.clone()));
        loaded
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration of its own for each `name`, accepted with a problem.
    fn text(name: &str) -> String {
        let templates = [json!({ "usageType": "Generic", "templateCode": "x" })];
        json!({ "accessKeyId": name, "accessKeySecret": "s", "signName": "x", "templates": templates })
            .to_string()
    }

    #[test]
    fn what_is_in_use_is_judged_once_and_told_once() {
        let mut cache = Cache(Vec::new());
        let first = cache.load(&text("a"));
        assert!(first.warning().is_some());
        for round in 0..2 * MOST {
            cache.load(&text(&format!("b{round}")));
            let again = cache.load(&text("a"));
            assert!(Arc::ptr_eq(&first, &again));
            assert!(again.warning().is_none());
        }
    }

    #[test]
    fn what_is_not_used_any_more_is_let_go() {
        let mut cache = Cache(Vec::new());
        let first = Arc::downgrade(&cache.load(&text("a")));
        for round in 0..MOST {
            cache.load(&text(&format!("b{round}")));
        }
        assert!(first.upgrade().is_none());
        assert_eq!(cache.0.len(), MOST);
    }
}
