//! Pushes delivery reports and replies to the operator's address, the way Aliyun
//! does: a JSON array by POST, taken when the answer is status 200 and JSON with
//! a 0 in `code`, and pushed again after 1, 5 and 10 minutes otherwise.
//!
//! Aliyun also hands reports out through a message queue: see `queue`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use tokio::task::JoinSet;

use crate::reports::Push;
use crate::state::Shared;

/// A receiver that takes longer has not taken it.
const PUSH_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_MAX: usize = 64 * 1024;
/// Pushes under way at a time.
const PARALLEL: usize = 4;
/// The source's time may jump without a word, in tests: look at least so often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

type Poster = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Runs until it is aborted.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut sender = None;
    let mut under_way = JoinSet::new();
    loop {
        while under_way.try_join_next().is_some() {}
        if sender.is_none() {
            sender = shared.receiver.get().map(Sender::of);
        }
        let next = next(&shared, sender.is_some() && under_way.len() < PARALLEL);
        if let (Some(push), Some(sender)) = (next.push, &sender) {
            under_way.spawn(deliver(Arc::clone(&shared), sender.clone(), push));
            continue;
        }
        let pause = next.pause.unwrap_or(Duration::from_secs(3600));
        tokio::select! {
            () = shared.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(_) = under_way.join_next() => {}
        }
    }
}

struct Next {
    push: Option<Push>,
    pause: Option<Duration>,
}

/// Lets everything due take effect, and looks what comes next.
fn next(shared: &Shared, may_push: bool) -> Next {
    let (mut state, now) = shared.settled();
    let push = if may_push {
        state.schedule.pop_push(now)
    } else {
        None
    };
    let pause = state.schedule.next_due().map(|due| pause(due, now));
    Next { push, pause }
}

fn pause(due: Timestamp, now: Timestamp) -> Duration {
    let left = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    left.clamp(Duration::from_millis(1), LOOK_EVERY)
}

#[derive(Clone)]
struct Sender {
    poster: Poster,
    receiver: Uri,
}

async fn deliver(shared: Arc<Shared>, sender: Sender, push: Push) {
    let taken = tokio::time::timeout(PUSH_TIMEOUT, sender.post(push.body.clone())).await;
    if taken != Ok(true) {
        let now = shared.now();
        shared.lock().schedule.again(push, now);
        shared.wake.notify_one();
    }
}

impl Sender {
    fn of(receiver: &Uri) -> Self {
        Self {
            poster: poster(receiver),
            receiver: receiver.clone(),
        }
    }

    /// Whether the receiver took it.
    async fn post(&self, body: String) -> bool {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.receiver.clone())
            .header(header::CONTENT_TYPE, "application/json;charset=utf-8")
            .header(header::USER_AGENT, "Apache-HttpClient/4.5 (Java)")
            .body(Full::new(Bytes::from(body)));
        let Ok(request) = request else {
            return false;
        };
        let Ok(response) = self.poster.request(request).await else {
            return false;
        };
        let is_ok = response.status() == StatusCode::OK;
        let answer = Limited::new(response.into_body(), ANSWER_MAX)
            .collect()
            .await;
        is_ok && answer.is_ok_and(|answer| is_taken(&answer.to_bytes()))
    }
}

/// Only the number counts, and it must be one.
fn is_taken(answer: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(answer)
        .ok()
        .and_then(|answer| answer.get("code")?.as_f64())
        .is_some_and(|code| code == 0.0)
}

fn poster(receiver: &Uri) -> Poster {
    let mut roots = rustls::RootCertStore::empty();
    if receiver.scheme_str() == Some("https") {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config = rustls::ClientConfig::builder_with_provider(crypto())
        .with_safe_default_protocol_versions()
        .expect("the provider has the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .build();
    Client::builder(TokioExecutor::new()).build(connector)
}

/// The process's provider, or the workspace's.
pub(crate) fn crypto() -> Arc<CryptoProvider> {
    CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}
