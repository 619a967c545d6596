//! One HTTP exchange: a kept connection pool, time-outs, a bounded answer.
//!
//! Errors are sorted here into those after which nothing can have been sent
//! ([`Unsent`]) and those after which nobody knows ([`Unanswered`]); the rest
//! of the crate relies on it.

mod contact;
mod departure;
mod dial;
mod roots;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as PoolError};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

pub use self::contact::Contact;
pub(crate) use self::departure::Departure;
use self::departure::WatchedBody;
use self::dial::{DialError, Dialer};
use self::roots::Tls;
use crate::client::CONNECT_TIMEOUT;
use crate::error::{Error, Looks, Unanswered, Unsent};
use crate::wire::without_mark;

/// Aliyun closes an idle connection after 25 s. Letting go of it first keeps a
/// request from being written into a connection that is just being closed,
/// which would leave its outcome unknown.
const POOL_IDLE: Duration = Duration::from_secs(20);
/// No answer of these APIs comes near this; a page of 50 messages has 40 KB.
const ANSWER_LIMIT: usize = 1024 * 1024;
const MAX_IDLE_PER_HOST: usize = 64;
/// Bytes read at once. Most answers have 300 and their head 500; connections
/// keep what they once had.
const READ_BUFFER: usize = 2048;

/// How to reach the outside.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Time for one connection: name, TCP, proxy and TLS.
    pub(crate) connect_timeout: Duration,
    /// More certificates to trust, PEM.
    pub(crate) extra_roots_pem: Option<Vec<u8>>,
    /// Whether the proxy variables of the environment count.
    pub(crate) environment_proxy: bool,
}

/// The way out: connections, and what they trust. Cheap to clone; clones, and
/// all clients that are given one, share their connections.
#[derive(Clone)]
pub struct Transport {
    client: Client<Dialer, WatchedBody>,
    /// None where the environment names no proxy.
    proxies: Option<Arc<Matcher>>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            extra_roots_pem: None,
            environment_proxy: true,
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

impl Transport {
    /// With the trusted certificates and the proxies of this process; the
    /// certificates are read with the first TLS connection.
    ///
    /// # Errors
    /// [`Unsent::Setup`] if TLS cannot be set up.
    pub fn new() -> Result<Self, Unsent> {
        Self::with(&Options::default())
    }

    pub(crate) fn with(options: &Options) -> Result<Self, Unsent> {
        let proxies = (options.environment_proxy && environment_names_proxy())
            .then(|| Arc::new(Matcher::from_env()));
        let tls = Tls::new(options.extra_roots_pem.as_deref())?;
        let dialer = Dialer::new(proxies.clone(), tls, options.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .set_host(false)
            .http1_read_buf_exact_size(READ_BUFFER)
            .build(dialer);
        Ok(Self { client, proxies })
    }

    /// What an HTTP proxy wants to be told with every plain request.
    fn proxy_authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let intercept = self.proxies.as_ref()?.intercept(uri)?;
        intercept.basic_auth().cloned()
    }

    /// Sends a request and reads its answer within `timeout`. `departure` tells
    /// afterwards, and to a caller that gives up earlier, whether any of it can
    /// have left.
    pub(crate) async fn exchange(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
        departure: &Departure,
    ) -> Result<Answer, Error> {
        let host = request.uri().authority().map(ToString::to_string);
        match tokio::time::timeout(timeout, self.exchange_untimed(request, departure)).await {
            Ok(result) => result,
            Err(_) if departure.has_begun() => Err(Unanswered::TimedOut { timeout }.into()),
            Err(_) => Err(Unsent::ConnectTimeout {
                host: host.unwrap_or_default(),
                timeout,
            }
            .into()),
        }
    }

    /// The same for a caller that watches the time itself.
    pub(crate) async fn exchange_untimed(
        &self,
        request: Request<Bytes>,
        departure: &Departure,
    ) -> Result<Answer, Error> {
        let mut request = request.map(|body| WatchedBody::new(body, departure));
        if let Some(value) = self.proxy_authorization(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        let response = self.client.request(request).await;
        let response = response.map_err(|error| sort(&error, departure))?;
        read(response).await.map_err(Error::from)
    }
}

fn environment_names_proxy() -> bool {
    ["http_proxy", "https_proxy", "all_proxy"]
        .iter()
        .any(|name| {
            let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            is_set(name) || is_set(&name.to_ascii_uppercase())
        })
}

fn sort(error: &PoolError, departure: &Departure) -> Error {
    if departure.has_begun() && !error.is_connect() {
        return Unanswered::Broken.into();
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(DialError(unsent)) = cause.downcast_ref() {
            return unsent.clone().into();
        }
        source = cause.source();
    }
    Unsent::Setup {
        reason: "the connection could not be set up".to_owned(),
    }
    .into()
}

async fn read(response: Response<Incoming>) -> Result<Answer, Unanswered> {
    let (head, mut body) = response.into_parts();
    let status = head.status.as_u16();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unanswered::Broken)?;
        let part = frame.into_data().unwrap_or_default();
        if whole.len() + part.len() > ANSWER_LIMIT {
            return Err(Unanswered::Unreadable {
                status,
                what: Looks::TooLarge,
            });
        }
        whole.extend_from_slice(&part);
    }
    Ok(Answer {
        status,
        headers: head.headers,
        body: whole.into(),
    })
}

impl Answer {
    /// The server's clock, from the `Date` header.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        let text = self.headers.get(DATE)?.to_str().ok()?;
        rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
    }

    /// A header's value as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Says what an answer that cannot be read looks like.
    pub(crate) fn unreadable(&self) -> Unanswered {
        Unanswered::Unreadable {
            status: self.status,
            what: self.looks(),
        }
    }

    fn looks(&self) -> Looks {
        let declared = |name| self.headers.get(name).and_then(|v| v.to_str().ok());
        let is_compressed = declared(CONTENT_ENCODING).is_some_and(|how| how != "identity");
        let is_html = declared(CONTENT_TYPE).is_some_and(|kind| kind.contains("html"));
        let start = without_mark(&self.body).trim_ascii_start();
        if is_compressed {
            Looks::Compressed
        } else if (300..400).contains(&self.status) {
            Looks::Redirect
        } else if start.is_empty() {
            Looks::Empty
        } else if is_html || start.starts_with(b"<!") || start.starts_with(b"<html") {
            Looks::Html
        } else if start.starts_with(b"{") {
            Looks::NoCode
        } else {
            Looks::NotJson
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                http::HeaderName::try_from(*name).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        Answer {
            status,
            headers: map,
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn says_what_an_unreadable_answer_looks_like() {
        for (given, says) in [
            (
                answer(302, &[("location", "https://elsewhere.example")], ""),
                Looks::Redirect,
            ),
            (
                answer(502, &[("content-type", "text/html")], "oops"),
                Looks::Html,
            ),
            (
                answer(200, &[("content-encoding", "gzip")], "x"),
                Looks::Compressed,
            ),
            (answer(200, &[], "{\"Code\":"), Looks::NoCode),
            (answer(200, &[], "  "), Looks::Empty),
            (answer(200, &[], "oops"), Looks::NotJson),
        ] {
            assert_eq!(given.looks(), says);
        }
    }

    #[test]
    fn reads_the_servers_clock() {
        let date = answer(200, &[("date", "Tue, 02 Jan 2024 03:04:05 GMT")], "").date();
        assert_eq!(
            date.map(|d| d.to_string()).as_deref(),
            Some("2024-01-02T03:04:05Z")
        );
        assert_eq!(answer(200, &[("date", "yesterday")], "").date(), None);
    }
}
