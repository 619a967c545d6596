//! Making one connection: name, TCP, proxy, TLS. Whatever fails here, no
//! request was sent.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::roots::Tls;
use crate::error::{Reason, Unsent};

type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct DialError(pub(super) Unsent);

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for DialError {}

impl From<Unsent> for DialError {
    fn from(unsent: Unsent) -> Self {
        Self(unsent)
    }
}

/// Connects to an endpoint, through a proxy where the environment names one.
/// The pool takes a copy along with every request.
#[derive(Clone)]
pub(super) struct Dialer(Arc<Ways>);

struct Ways {
    proxies: Option<Arc<Matcher>>,
    direct: Direct,
    timeout: Duration,
}

impl Dialer {
    pub(super) fn new(proxies: Option<Arc<Matcher>>, tls: Tls, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(15)));
        Self(Arc::new(Ways {
            proxies,
            direct: Direct {
                tcp,
                tls: Arc::new(tls),
            },
            timeout,
        }))
    }
}

impl Service<Uri> for Dialer {
    type Response = Wire;
    type Error = DialError;
    type Future = BoxFuture<Wire, DialError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let ways = &self.0;
        let timeout = ways.timeout;
        let host = shown(&to);
        let direct = ways.direct.clone();
        let proxy = ways
            .proxies
            .as_ref()
            .and_then(|proxies| proxies.intercept(&to));
        Box::pin(async move {
            let dialing = async {
                match proxy {
                    None => direct.dial(to).await.map(|io| Wire::new(io, false)),
                    Some(proxy) => through(proxy, direct, to).await,
                }
            };
            tokio::time::timeout(timeout, dialing)
                .await
                .unwrap_or_else(|_| Err(Unsent::ConnectTimeout { host, timeout }.into()))
        })
    }
}

/// TCP, and TLS where the address asks for it.
#[derive(Clone)]
struct Direct {
    tcp: HttpConnector<Resolver>,
    tls: Arc<Tls>,
}

impl Direct {
    async fn dial(mut self, to: Uri) -> Result<BoxIo, DialError> {
        let tcp = self
            .tcp
            .call(with_port(&to))
            .await
            .map_err(|error| connect_error(&to, &error))?;
        let tcp: BoxIo = Box::new(tcp.into_inner());
        if to.scheme() == Some(&Scheme::HTTPS) {
            self.secure(&to, tcp).await
        } else {
            Ok(tcp)
        }
    }

    async fn secure(&self, to: &Uri, io: BoxIo) -> Result<BoxIo, DialError> {
        let host = to.host().unwrap_or_default().trim_matches(['[', ']']);
        let failed = |reason: Reason| {
            DialError(Unsent::Tls {
                host: shown(to),
                reason,
            })
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|_| failed(Reason::WrongName))?;
        let stream = TlsConnector::from(self.tls.config().await?)
            .connect(name, io)
            .await
            .map_err(|error| failed(tls_reason(&error)))?;
        Ok(Box::new(stream))
    }
}

impl Service<Uri> for Direct {
    type Response = TokioIo<BoxIo>;
    type Error = DialError;
    type Future = BoxFuture<Self::Response, DialError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let direct = self.clone();
        Box::pin(async move { direct.dial(to).await.map(TokioIo::new) })
    }
}

async fn through(proxy: Intercept, direct: Direct, to: Uri) -> Result<Wire, DialError> {
    let is_tls = to.scheme() == Some(&Scheme::HTTPS);
    let scheme = proxy.uri().scheme_str().unwrap_or("http").to_owned();
    let io = match scheme.as_str() {
        "socks5" | "socks5h" => {
            let mut socks =
                SocksV5::new(proxy.uri().clone(), direct.clone()).local_dns(scheme == "socks5");
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            socks
                .call(with_port(&to))
                .await
                .map_err(|e| proxy_error(&proxy, &to, &e))?
        }
        "http" | "https" if is_tls => {
            let mut tunnel = Tunnel::new(proxy.uri().clone(), direct.clone());
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            tunnel
                .call(to.clone())
                .await
                .map_err(|e| proxy_error(&proxy, &to, &e))?
        }
        "http" | "https" => {
            let io = direct.dial(proxy.uri().clone()).await;
            return io
                .map(|io| Wire::new(io, true))
                .map_err(|e| proxy_error(&proxy, &to, &e));
        }
        other => {
            return Err(DialError(Unsent::Setup {
                reason: format!("proxies of the kind {other}:// are not supported"),
            }));
        }
    };
    let io = io.into_inner();
    let io = if is_tls {
        direct.secure(&to, io).await?
    } else {
        io
    };
    Ok(Wire::new(io, false))
}

/// Resolves names, so that a failure to do so can be told apart.
#[derive(Clone, Debug)]
struct Resolver;

#[derive(Debug)]
struct DnsError;

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name was not resolved")
    }
}

impl StdError for DnsError {}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = DnsError;
    type Future = BoxFuture<Self::Response, DnsError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DnsError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let addresses: Vec<SocketAddr> = found.map_err(|_| DnsError)?.collect();
            if addresses.is_empty() {
                return Err(DnsError);
            }
            Ok(addresses.into_iter())
        })
    }
}

/// `http` and `https` have default ports of their own; a SOCKS proxy has 1080.
fn with_port(uri: &Uri) -> Uri {
    let default = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") | None => 80,
        Some(_) => 1080,
    };
    let port = uri.port_u16().unwrap_or(default);
    Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(format!("{}:{port}", uri.host().unwrap_or_default()))
        .path_and_query("/")
        .build()
        .unwrap_or_else(|_| uri.clone())
}

/// Host and port for people; never a user name or password.
pub(super) fn shown(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    uri.port_u16()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn connect_error(to: &Uri, error: &(dyn StdError + 'static)) -> DialError {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if current.is::<DnsError>() {
            return DialError(Unsent::Dns {
                host: to.host().unwrap_or_default().to_owned(),
            });
        }
        if let Some(io) = current.downcast_ref::<io::Error>() {
            return DialError(Unsent::Connect {
                host: shown(to),
                reason: io_reason(io),
            });
        }
        cause = current.source();
    }
    DialError(Unsent::Connect {
        host: shown(to),
        reason: Reason::Other("it could not be opened".to_owned()),
    })
}

fn io_reason(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Reason::Refused,
        kind => Reason::Other(kind.to_string()),
    }
}

fn proxy_error(proxy: &Intercept, to: &Uri, error: &(dyn StdError + 'static)) -> DialError {
    DialError(Unsent::Proxy {
        proxy: shown(proxy.uri()),
        host: shown(to),
        reason: proxy_reason(error),
    })
}

/// The library tells its own reasons in words alone.
fn proxy_reason(error: &(dyn StdError + 'static)) -> Reason {
    let mut cause = Some(error);
    while let Some(current) = cause {
        match current.downcast_ref() {
            Some(DialError(Unsent::Connect { reason, .. } | Unsent::Tls { reason, .. })) => {
                return reason.clone();
            }
            Some(DialError(unsent)) => return Reason::Other(unsent.to_string()),
            None => cause = current.source(),
        }
    }
    let words = error.to_string();
    if words.contains("auth") {
        Reason::ProxyAuthentication
    } else if words.contains("unsuccessful") {
        Reason::ProxyRefused
    } else {
        Reason::Other(words)
    }
}

fn tls_reason(error: &io::Error) -> Reason {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => certificate_reason(why),
        Some(rustls::Error::InvalidMessage(_)) | None => Reason::HandshakeBroken,
        Some(other) => Reason::Other(other.to_string()),
    }
}

fn certificate_reason(why: &rustls::CertificateError) -> Reason {
    use rustls::CertificateError as E;
    match why {
        E::UnknownIssuer => Reason::UntrustedIssuer,
        E::NotValidForName | E::NotValidForNameContext { .. } => Reason::WrongName,
        E::Expired | E::ExpiredContext { .. } => Reason::Expired,
        E::NotValidYet | E::NotValidYetContext { .. } => Reason::NotYetValid,
        // The verifier has no error of its own for this one but its name.
        E::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            Reason::AuthorityAsServer
        }
        E::Other(_) => Reason::Other("the certificate was refused".to_owned()),
        other => Reason::Other(format!("the certificate was refused ({other})")),
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
type BoxIo = Box<dyn Io>;

/// One open connection.
pub(super) struct Wire {
    io: TokioIo<BoxIo>,
    /// Whether requests name the whole address, as an HTTP proxy wants them.
    is_proxied: bool,
}

impl Wire {
    fn new(io: BoxIo, is_proxied: bool) -> Self {
        Self {
            io: TokioIo::new(io),
            is_proxied,
        }
    }

    fn inner(self: Pin<&mut Self>) -> Pin<&mut TokioIo<BoxIo>> {
        Pin::new(&mut self.get_mut().io)
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.is_proxied)
    }
}

impl Read for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(cx, buffer)
    }
}

impl Write for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write_vectored(cx, buffers)
    }
}
