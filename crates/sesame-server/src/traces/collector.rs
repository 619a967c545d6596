//! The collector's side of the wire: one connection, a time-out, and a warning
//! once a minute while it is away.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use rustls::RootCertStore;
use sesame_connector::Source;
use tokio::runtime::Handle;

use super::TracesError;

/// No answer is longer.
const ANSWER_BYTES: usize = 64 * 1024;
const WARNS_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Whom spans are sent to.
#[derive(Clone, Debug)]
pub(super) struct Collector {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    longest: Duration,
    /// Spans are sent from a thread of their own, which has no runtime.
    runtime: Handle,
    trouble: Arc<Trouble>,
}

impl Collector {
    pub(super) fn new(
        endpoint: &str,
        longest: Duration,
        source: Arc<dyn Source>,
    ) -> Result<Self, TracesError> {
        let mut roots = RootCertStore::empty();
        if endpoint.starts_with("https:") {
            let native = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(native.certs);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TracesError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            client,
            longest,
            runtime: Handle::current(),
            trouble: Arc::new(Trouble {
                endpoint: endpoint.to_owned(),
                source,
                warned_at: Mutex::default(),
            }),
        })
    }

    async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = async {
            let answer = self.client.request(request.map(Full::new)).await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        let answer = match tokio::time::timeout(self.longest, answer).await {
            Ok(answer) => answer,
            Err(late) => Err(late.into()),
        };
        self.trouble.note(&answer);
        answer
    }
}

impl HttpClient for Collector {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let sent = self.runtime.spawn(self.clone().send(request));
        Box::pin(async { sent.await? })
    }
}

/// Tells the operator that traces get lost, and when they no longer do.
struct Trouble {
    endpoint: String,
    source: Arc<dyn Source>,
    warned_at: Mutex<Option<Timestamp>>,
}

impl std::fmt::Debug for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trouble").finish_non_exhaustive()
    }
}

impl Trouble {
    fn note(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let reason = match answer {
            Ok(answer) if answer.status().is_success() => None,
            // Its body may repeat what it was sent.
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(chain(&**error)),
        };
        let now = self.source.now();
        let mut warned_at = self
            .warned_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (reason, *warned_at) {
            (None, None) => {}
            (None, Some(_)) => {
                *warned_at = None;
                tracing::info!(
                    otlp.endpoint = self.endpoint,
                    "traces reach the collector again"
                );
            }
            (Some(_), Some(then)) if now.duration_since(then) < WARNS_EVERY => {}
            (Some(reason), _) => {
                *warned_at = Some(now);
                tracing::warn!(
                    otlp.endpoint = self.endpoint,
                    reason,
                    "traces do not reach the collector and get lost; all else goes on"
                );
            }
        }
    }
}

/// An error and what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = sources.map(ToString::to_string).collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use sesame_connector::SystemSource;

    use super::*;

    #[test]
    fn it_is_told_once_a_minute_and_again_after_it_was_well() {
        let trouble = Trouble {
            endpoint: String::new(),
            source: SystemSource::shared(),
            warned_at: Mutex::default(),
        };
        let told = || *trouble.warned_at.lock().expect("no panic");
        let bad = || Err("away".into());
        trouble.note(&bad());
        let first = told().expect("a warning");
        trouble.note(&bad());
        assert_eq!(told(), Some(first));
        let early = first - WARNS_EVERY;
        *trouble.warned_at.lock().expect("no panic") = Some(early);
        trouble.note(&bad());
        assert!(told() > Some(early));
        trouble.note(&Ok(Response::new(Bytes::new())));
        assert_eq!(told(), None);
    }
}
