//! A server, the emulator behind it, and a client.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sesame_connector::config::{Format, NoLookup};
use sesame_connector::provider::BoxFuture;
use sesame_connector::{Connector, ConnectorConfig, Source, SystemSource};
use sesame_emulator::{Emulator, Message};
use sesame_passcode::store::memory::{MemoryJournal, MemoryStore};
use sesame_passcode::store::{Addition, Key, Record, StoreResult, Swap, Version};
use sesame_passcode::{Journal, Store, StoreError};
use sesame_server::auth::{ApiKey, Scope};
use sesame_server::config::Secret;
use sesame_server::keys::KeyRing;
use sesame_server::stores::Stores;
use sesame_server::{Config, Server};

pub(crate) const NUMBER: &str = "+8613800138000";
pub(crate) const REPORT_SECRET: &str = "report-secret-of-tests";

/// A clock that stands still until it is moved, and true randomness.
#[derive(Debug)]
pub(crate) struct Clock(Mutex<Timestamp>);

impl Clock {
    pub(crate) fn new() -> Arc<Self> {
        Self::at("2026-11-22T04:00:00Z".parse().expect("a time"))
    }

    pub(crate) fn at(start: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(start)))
    }

    pub(crate) fn advance_secs(&self, secs: i64) {
        *self.0.lock().expect("no panic") += SignedDuration::from_secs(secs);
    }
}

impl Source for Clock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no panic")
    }

    fn fill(&self, bytes: &mut [u8]) {
        SystemSource.fill(bytes);
    }
}

/// Everything that was logged, at every level, by all tests.
///
/// One for all, since what one thread logs first decides for all others
/// whether it is logged at all.
#[derive(Clone, Copy)]
pub(crate) struct Log;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

impl Log {
    pub(crate) fn start() {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_ansi(false)
                // Its six digits behind the point are any code, now and then.
                .without_time()
                .with_writer(|| Self);
            subscriber.init();
        });
    }

    pub(crate) fn text() -> String {
        String::from_utf8_lossy(&LOG.lock().expect("no panic")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A store that can go away.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    pub(crate) inner: MemoryStore,
    pub(crate) is_gone: AtomicBool,
    /// It is read, and not written.
    pub(crate) is_full: AtomicBool,
}

impl Leaving {
    fn do_<'a, T: Send + 'a>(
        &self,
        work: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        if !self.is_gone.load(Ordering::SeqCst) {
            return work;
        }
        gone()
    }
}

fn gone<'a, T: Send + 'a>() -> BoxFuture<'a, StoreResult<T>> {
    Box::pin(std::future::ready(Err(StoreError::Unavailable {
        store: "memory",
        reason: "a test said so".to_owned(),
    })))
}

impl Store for Leaving {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>> {
        self.do_(self.inner.get(key, now))
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Swap>> {
        self.do_(self.inner.swap(key, expected, new, now))
    }

    fn add<'a>(
        &'a self,
        amounts: &'a [Addition],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<i64>>> {
        if self.is_full.load(Ordering::SeqCst) {
            return gone();
        }
        self.do_(self.inner.add(amounts, now))
    }

    fn purge(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<usize>> {
        self.do_(self.inner.purge(limit, now))
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.do_(self.inner.ping())
    }
}

/// Everything a test needs.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) emulator: Emulator,
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Arc<Leaving>,
    pub(crate) journal: Arc<MemoryJournal>,
    /// A key of the app `web` with every scope but `admin`.
    pub(crate) key: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Of a problem document.
    pub(crate) fn code(&self) -> String {
        let kind = self
            .headers
            .get("content-type")
            .map(|kind| kind.to_str().expect("ASCII"));
        assert_eq!(kind, Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        let code = problem["code"].as_str().expect("a code").to_owned();
        assert_eq!(problem["type"], format!("urn:sesame:problem:{code}"));
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        let secs = problem.get("retry_after_secs").map(ToString::to_string);
        let header = self
            .headers
            .get("retry-after")
            .map(|value| value.to_str().expect("ASCII"));
        assert_eq!(secs.as_deref(), header, "{problem}");
        code
    }
}

/// What a test asks for.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Vec<u8>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_connector(change, connector).await
    }

    /// With a connector made from the emulator's address.
    pub(crate) async fn with_connector(
        change: impl FnOnce(&mut Config),
        connector: impl FnOnce(&str, Arc<dyn Source>) -> Connector,
    ) -> Self {
        Log::start();
        let clock = Clock::new();
        let emulator = Emulator::builder()
            .listen("127.0.0.1:0".parse().expect("an address"))
            .source(clock.clone())
            .start()
            .await
            .expect("it starts");
        let connector = connector(emulator.url(), clock.clone());
        let (store, journal) = (
            Arc::new(Leaving::default()),
            Arc::new(MemoryJournal::default()),
        );
        let stores = Stores {
            records: store.clone(),
            journal: journal.clone(),
        };
        let mut config = config();
        change(&mut config);
        let ring = KeyRing::generate(&*clock);
        let server = Server::builder(config, connector, stores, ring)
            .source(clock.clone())
            .start()
            .await
            .expect("it starts");
        let mut world = Self {
            server,
            emulator,
            clock,
            store,
            journal,
            key: String::new(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        world.key = world
            .new_key("web", &[Scope::Verify, Scope::Send, Scope::Read])
            .await;
        world
    }

    /// A new API key.
    pub(crate) async fn new_key(&self, app: &str, scopes: &[Scope]) -> String {
        let key = ApiKey::generate(&*self.clock);
        let row = key.row("test", app, scopes, self.clock.now());
        self.journal.put_key(&row).await.expect("it is there");
        key.reveal()
    }

    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Said {
        self.ask_at(&self.server.urls()[0], ask).await
    }

    pub(crate) async fn ask_at(&self, url: &str, ask: Ask<'_>) -> Said {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(format!("{url}{}", ask.path));
        if let Some(key) = ask.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(ask.body)).expect("a request");
        let response = self.client.request(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        Said {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.expect("a whole body").to_bytes(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Said {
        self.ask(Ask {
            ..Ask::new(Method::GET, path, Some(&self.key))
        })
        .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Said {
        self.ask(Ask::new(Method::DELETE, path, Some(&self.key)))
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Said {
        self.post_as(&self.key, path, body, &[]).await
    }

    pub(crate) async fn post_as(
        &self,
        key: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Said {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        let ask = Ask {
            headers,
            body: body.to_string().into_bytes(),
            ..Ask::new(Method::POST, path, Some(key))
        };
        self.ask(ask).await
    }

    /// Starts a verification and gives its id.
    pub(crate) async fn start(&self, to: &str) -> String {
        let said = self
            .post("/v1/verifications", &json!({ "to": to, "type": "SignIn" }))
            .await;
        assert_eq!(said.status, 201, "{said:?}");
        said.json()["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn check(&self, id: &str, code: &str) -> Value {
        let said = self.post(&check_path(id), &json!({ "code": code })).await;
        assert_eq!(said.status, 200, "{said:?}");
        said.json()
    }

    /// The code in the latest message to a number.
    pub(crate) fn code(&self, to: &str) -> String {
        let message = self.message(to);
        let param = serde_json::to_value(&message).expect("JSON")["template_param"].clone();
        let param: Value = match param {
            Value::String(text) => serde_json::from_str(&text).expect("JSON"),
            param => param,
        };
        param["code"].as_str().expect("a code").to_owned()
    }

    pub(crate) fn message(&self, to: &str) -> Message {
        self.emulator
            .messages_to(to)
            .first()
            .expect("a message")
            .clone()
    }

    /// A code that is not the one that was sent.
    pub(crate) fn wrong_code(&self, to: &str) -> String {
        let right = self.code(to);
        let first = if right.starts_with('9') { '1' } else { '9' };
        format!("{first}{}", &right[1..])
    }
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: Method, path: &'a str, key: Option<&'a str>) -> Self {
        Self {
            method,
            path,
            key,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

pub(crate) fn check_path(id: &str) -> String {
    format!("/v1/verifications/{id}/check")
}

pub(crate) fn config() -> Config {
    let mut config = Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        ..Config::default()
    };
    config.token.issuer = "https://sesame.test".to_owned();
    config.token.audience = "tests".to_owned();
    config.reports.secret = Some(Secret::plain(REPORT_SECRET));
    config
}

pub(crate) fn connector(endpoint: &str, source: Arc<dyn Source>) -> Connector {
    let text = format!(
        r#"{{ "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "阿里云短信测试",
  "templates": [{{ "usageType": "Generic", "templateCode": {{ "china": "SMS_154950909", "overseas": "SMS_154950910" }} }}],
  "endpoint": "{endpoint}", "timeoutMs": 2000 }}"#
    );
    let config = ConnectorConfig::parse(&text, Format::Json, &NoLookup);
    let config = config.into_valid().expect("a valid configuration");
    Connector::from_config(config, source).expect("a provider")
}
