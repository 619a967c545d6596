//! What every request goes through: an id, a time it may take, one line in the
//! log, one count; and, once it is known whose it is, a place among the others.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method};
use sesame_connector::Source;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::Instrument as _;

use crate::auth::Caller;
use crate::config::ProxyConfig;
use crate::error::{Code, Problem, ProblemCode};
use crate::metrics::Metrics;

const ID: &str = "x-request-id";
/// When to come back to a server that has too much to do.
const AGAIN: Duration = Duration::from_secs(1);

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What all requests share.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) longest: Duration,
    pub(crate) proxy: Arc<ProxyConfig>,
}

/// Carries a request through.
pub(crate) async fn pass(State(front): State<Front>, request: Request, next: Next) -> Response {
    let began = front.source.now();
    let id = request_id(request.headers(), &*front.source);
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Never the path itself: it may hold the secret of the reports.
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let client = peer.map(|peer| client(peer, request.headers(), &front.proxy));
    let span = tracing::info_span!("request", request.id = %id, app = tracing::field::Empty);
    #[cfg(feature = "otlp")]
    crate::traces::continued(&span, request.headers());
    let mut response = front.answer(request, next).instrument(span.clone()).await;
    let took = front.source.now().duration_since(began);
    let took = Duration::try_from(took).unwrap_or_default();
    front.note(method, route, client, &response, took, &span);
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(ID, value);
    }
    response
}

/// How many requests are carried out at once.
#[derive(Clone, Debug)]
pub(crate) struct Places(Arc<Semaphore>);

impl Places {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// A place, until it is dropped; none where all are taken.
    pub(crate) fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.0.try_acquire().ok()
    }
}

/// Carries a request out if there is a place for it.
pub(crate) async fn take_place(
    State(places): State<Places>,
    request: Request,
    next: Next,
) -> Response {
    let Some(_place) = places.take() else {
        let detail = "the server carries out as many requests as it may";
        return Problem::new(Code::Overloaded, detail)
            .retry_after(AGAIN)
            .into_response();
    };
    next.run(request).await
}

impl Front {
    async fn answer(&self, request: Request, next: Next) -> Response {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
        match tokio::time::timeout(self.longest, answer).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                let detail = "this is a defect of the server; its log says more";
                Problem::new(Code::Internal, detail).into_response()
            }
            Err(_) => {
                let detail = "the answer took too long; what was asked for may still happen";
                Problem::new(Code::TimedOut, detail)
                    .retry_after(AGAIN)
                    .into_response()
            }
        }
    }

    fn note(
        &self,
        method: &'static str,
        route: &str,
        client: Option<IpAddr>,
        response: &Response,
        took: Duration,
        span: &tracing::Span,
    ) {
        let status = response.status();
        let code = response
            .extensions()
            .get::<ProblemCode>()
            .map(|code| code.0.as_str());
        let caller = response.extensions().get::<Caller>();
        let labels = [
            ("method", method),
            ("route", route),
            ("status", status.as_str()),
        ];
        let help = "Requests by route and status.";
        self.metrics
            .count("sesame_http_requests_total", help, &labels);
        let labels = [("method", method), ("route", route)];
        let help = "How long requests took.";
        self.metrics
            .observe("sesame_http_request_duration_seconds", help, &labels, took);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let client = client.map(|client| client.to_string());
        #[cfg(feature = "otlp")]
        crate::traces::answered(span, method, route, status.as_u16(), code);
        span.in_scope(|| {
            tracing::info!(
                http.method = method,
                http.route = route,
                http.status = status.as_u16(),
                problem.code = code,
                app = caller.map(|caller| &*caller.app),
                key.id = caller.map(|caller| &*caller.key_id),
                client.ip = client,
                duration_ms = took_ms,
                "request"
            );
        });
    }
}

/// The caller's id of the request, if it can be shown, else a new one.
fn request_id(headers: &HeaderMap, source: &dyn Source) -> String {
    let given = headers.get(ID).and_then(|value| value.to_str().ok());
    let is_id = |id: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (1..=64).contains(&id.len())
            && id.bytes().all(is_plain)
            && (is_uuid(id) || !may_hold_number(id))
    };
    given
        .filter(is_id)
        .map_or_else(|| new_id(source), str::to_owned)
}

/// Whether there are digits enough for a phone number, or nothing but digits.
fn may_hold_number(id: &str) -> bool {
    let mut parts = id.split(|c: char| c.is_ascii_alphabetic());
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    !id.bytes().any(|byte| byte.is_ascii_alphabetic()) || parts.any(|part| digits(part) >= 7)
}

/// A third of these have as many digits in a row by chance.
fn is_uuid(id: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    id.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && id.split('-').all(is_hex)
}

fn new_id(source: &dyn Source) -> String {
    let mut bytes = [0; 12];
    source.fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("r{hex}")
}

/// The method, as a label: anybody can make up others.
fn method(method: &Method) -> &'static str {
    let known = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT",
    ];
    let found = known.into_iter().find(|name| *name == method.as_str());
    found.unwrap_or("other")
}

/// Whose request it is: what a named proxy says, and nobody else.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, proxy: &ProxyConfig) -> IpAddr {
    let is_trusted = |ip| is_trusted(ip, proxy);
    let mut client = peer;
    let values = headers.get_all(proxy.header.as_str());
    let said = values.iter().filter_map(|value| value.to_str().ok());
    let said: Vec<&str> = said
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    // From the right: each is what the one behind it has seen.
    for address in said.into_iter().rev() {
        match crate::address::read(address) {
            Some(address) if is_trusted(client) => client = address,
            _ => break,
        }
    }
    client
}

/// Whether a configuration names this proxy.
pub(crate) fn is_trusted(ip: IpAddr, proxy: &ProxyConfig) -> bool {
    let ip = ip.to_canonical();
    proxy.trusted.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use sesame_connector::SystemSource;

    use super::*;

    #[test]
    fn only_a_named_proxy_says_who_it_is() {
        let proxy = ProxyConfig {
            trusted: vec!["10.0.0.0/8".parse().expect("a network")],
            ..ProxyConfig::default()
        };
        for (peer, said, wanted) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ] {
            let headers = HeaderMap::from_iter([(
                "x-forwarded-for".parse().expect("a name"),
                said.parse().expect("a value"),
            )]);
            let found = client(peer.parse().expect("an address"), &headers, &proxy);
            assert_eq!(found.to_string(), wanted, "{peer} {said}");
        }
    }

    #[test]
    fn a_request_keeps_its_id_unless_it_may_be_a_number() {
        let id = |text: &'static str| {
            let headers = HeaderMap::from_iter([(
                ID.parse().expect("a name"),
                HeaderValue::from_static(text),
            )]);
            request_id(&headers, &SystemSource)
        };
        for text in ["abc-1", "a123456", "6f1c1f0e-1234-4567-8901-123456789012"] {
            assert_eq!(id(text), text);
        }
        for text in [
            "13800138000",
            "1",
            "tel13800138000",
            "tel-138-0013-8000",
            "x1234567",
            "",
            "a b",
            "a\"b",
        ] {
            assert!(id(text).starts_with('r') && id(text) != text, "{text}");
        }
    }
}
