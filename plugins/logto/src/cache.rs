//! The configurations in use, judged once and each with its keys and templates.
//!
//! Logto hands over the whole configuration with every message, read anew from
//! its database. What was handed over before is found here by a hash of it;
//! what is not used any more is pushed out, its keys with it. Connections are
//! everybody's.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::json;
use sesame_connector::config::Problem;
use sesame_connector::{Connector, ConnectorConfig, Error, Source as _, SystemSource};
use sha2::{Digest, Sha256};

use crate::guard::{self, Verdict};
use crate::log::Line;
use crate::lookup::HostLookup;
use crate::{runtime, send};

/// More than one only where several tenants share a process, or an operator is
/// trying things out.
const MOST: usize = 64;

/// Of how many it is remembered that the operator was told about them.
const MOST_TOLD: usize = 1024;

/// How long what a configuration refers to is taken to be as it was.
const REREAD_AFTER_SECS: i64 = 60;

type Key = [u8; 32];

static CACHE: Mutex<Cache> = Mutex::new(Cache::new());

struct Cache {
    /// The one used last stands last.
    loaded: Vec<(Key, Arc<Loaded>)>,
    /// Those with problems, in the order of telling.
    told: VecDeque<Key>,
}

/// A configuration that was judged.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) verdict: Verdict,
    connector: OnceLock<Connector>,
    is_told: AtomicBool,
    /// When it was judged, where that depends on more than its text.
    read_at_secs: Option<i64>,
    /// Whether what it refers to was not all there.
    lacks: bool,
}

/// The configuration written in `text`.
pub(crate) fn load(text: &str) -> Arc<Loaded> {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.load(text)
}

impl Cache {
    const fn new() -> Self {
        Self {
            loaded: Vec::new(),
            told: VecDeque::new(),
        }
    }

    fn load(&mut self, text: &str) -> Arc<Loaded> {
        let key: Key = Sha256::digest(text.as_bytes()).into();
        let before = self.loaded.iter().position(|(known, _)| *known == key);
        let loaded = match before.map(|index| self.loaded.remove(index).1) {
            Some(loaded) if !loaded.is_outdated() => loaded,
            _ => Arc::new(Loaded::new(text, self.told.contains(&key))),
        };
        if self.loaded.len() == MOST {
            self.loaded.remove(0);
        }
        self.loaded.push((key, loaded.clone()));
        if !loaded.verdict.problems.is_empty() && !self.told.contains(&key) {
            self.told.truncate(MOST_TOLD - 1);
            self.told.push_front(key);
        }
        loaded
    }
}

impl Loaded {
    fn new(text: &str, is_told: bool) -> Self {
        let lookup = HostLookup::new();
        let verdict = guard::judge(text, &lookup);
        Self {
            verdict,
            connector: OnceLock::new(),
            is_told: AtomicBool::new(is_told),
            read_at_secs: lookup.was_asked().then(now_secs),
            lacks: lookup.has_failed(),
        }
    }

    /// Whether it stays as it was judged for as long as its text does.
    pub(crate) fn is_lasting(&self) -> bool {
        self.read_at_secs.is_none()
    }

    fn is_outdated(&self) -> bool {
        let is_old = |read_at| !(0..REREAD_AFTER_SECS).contains(&(now_secs() - read_at));
        self.lacks || self.read_at_secs.is_some_and(is_old)
    }

    /// What sends as the configuration says, made when it is first needed.
    ///
    /// # Errors
    /// Where TLS cannot be set up on this machine.
    pub(crate) fn connector(&self, config: &ConnectorConfig) -> Result<&Connector, Error> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector);
        }
        let (transport, source) = (runtime::transport()?, SystemSource::shared());
        let connector = Connector::sharing(&transport, send::shared_out(config), source)?;
        Ok(self.connector.get_or_init(|| connector))
    }

    /// The problems of a configuration that was taken, the first time it is asked.
    pub(crate) fn warning(&self) -> Option<Line> {
        let Verdict {
            is_taken, problems, ..
        } = &self.verdict;
        if !is_taken || problems.is_empty() {
            return None;
        }
        let is_told = self.is_told.swap(true, Ordering::Relaxed);
        (!is_told).then(|| warning(problems))
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
        let mut cache = Cache::new();
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
    fn what_was_told_is_not_told_again_when_it_comes_back() {
        let mut cache = Cache::new();
        assert!(cache.load(&text("a")).warning().is_some());
        for round in 0..2 * MOST {
            cache.load(&text(&format!("b{round}")));
        }
        assert!(cache.load(&text("a")).warning().is_none());
    }

    #[test]
    fn what_is_not_used_any_more_is_let_go() {
        let mut cache = Cache::new();
        let first = Arc::downgrade(&cache.load(&text("a")));
        for round in 0..MOST {
            cache.load(&text(&format!("b{round}")));
        }
        assert!(first.upgrade().is_none());
        assert_eq!(cache.loaded.len(), MOST);
    }
}
