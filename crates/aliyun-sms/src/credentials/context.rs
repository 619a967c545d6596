//! What every link of the chain is given: the environment, the clock, and two
//! ways out.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HOST, USER_AGENT};
use http::{HeaderValue, Request, Uri};

use super::environment::Environment;
use super::lack::Lack;
use super::metadata;
use crate::endpoint::Endpoint;
use crate::error::{Error, Unsent};
use crate::source::Source;
use crate::transport::{Answer, Departure, Options, Transport};

const AGENT: &str = concat!("aliyun-sms/", env!("CARGO_PKG_VERSION"));
/// Time for a connection to STS or to the credentials URI. As every time for a
/// connection here it is shorter than that for the whole request, so that a
/// request nobody took can be told from one nobody answered.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The same for what is on this machine or next to it.
const NEAR_CONNECT_TIMEOUT: Duration = Duration::from_millis(900);
/// Time for a whole request to STS or to the credentials URI.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// What the links of the chain share.
pub(super) struct Context {
    pub(super) environment: Environment,
    pub(super) source: Arc<dyn Source>,
    /// Stands for Alibaba's STS, whatever the region.
    pub(super) sts: Option<Endpoint>,
    pub(super) metadata: Endpoint,
    pub(super) extra_roots_pem: Option<Vec<u8>>,
    pub(super) environment_proxy: bool,
    pub(super) pools: Pools,
}

/// Connection pools, made when first needed: a key from a variable needs none.
#[derive(Default)]
pub(super) struct Pools {
    far: OnceLock<Result<Transport, Unsent>>,
    /// Never goes through a proxy.
    near: OnceLock<Result<Transport, Unsent>>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("environment", &self.environment)
            .field("sts", &self.sts)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Sends a request and reads its answer within `timeout`.
    pub(super) async fn ask(
        &self,
        mut request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let pool = if self.is_near(request.uri()) {
            self.pools.near.get_or_init(|| self.near())
        } else {
            self.pools.far.get_or_init(|| self.far())
        };
        let transport = pool.as_ref().map_err(Clone::clone)?;
        add_headers(&mut request)?;
        transport
            .exchange(request, timeout, &Departure::default())
            .await
    }

    fn far(&self) -> Result<Transport, Unsent> {
        Transport::with(&Options {
            connect_timeout: CONNECT_TIMEOUT,
            extra_roots_pem: self.extra_roots_pem.clone(),
            environment_proxy: self.environment_proxy,
        })
    }

    fn near(&self) -> Result<Transport, Unsent> {
        Transport::with(&Options {
            connect_timeout: NEAR_CONNECT_TIMEOUT,
            extra_roots_pem: self.extra_roots_pem.clone(),
            environment_proxy: false,
        })
    }

    /// Whether an address is this machine or the metadata service beside it. A
    /// proxy would look for those on its own machine, and be shown credentials
    /// that travel in the clear.
    fn is_near(&self, uri: &Uri) -> bool {
        let host = bare_host(uri);
        host == metadata::HOST
            || host == bare_host(self.metadata.uri())
            || host.eq_ignore_ascii_case("localhost")
            || host
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

fn add_headers(request: &mut Request<Bytes>) -> Result<(), Unsent> {
    let host = host_header(request.uri());
    let host = HeaderValue::from_str(&host).map_err(|_| Unsent::Setup {
        reason: "the address names no host".to_owned(),
    })?;
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    Ok(())
}

fn bare_host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_matches(['[', ']'])
}

fn host_header(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    match (uri.scheme_str(), uri.port_u16()) {
        (_, None) | (Some("http"), Some(80)) | (Some("https"), Some(443)) => host.to_owned(),
        (_, Some(port)) => format!("{host}:{port}"),
    }
}

/// A `GET` of an address.
pub(super) fn get(uri: Uri) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    request
}

/// An address under an endpoint.
pub(super) fn address(endpoint: &Endpoint, path_and_query: &str) -> Result<Uri, Lack> {
    let mut parts = endpoint.uri().clone().into_parts();
    let unfit = || Lack::lasting("the request does not fit into an address");
    parts.path_and_query = Some(path_and_query.parse().map_err(|_| unfit())?);
    Uri::from_parts(parts).map_err(|_| unfit())
}
