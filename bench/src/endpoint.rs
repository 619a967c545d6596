//! A server that accepts everything with one answer, as cheaply as it can.

use std::convert::Infallible;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The host name whose certificate the server shows.
pub(crate) const HOST: &str = "dysmsapi.aliyuncs.com";
/// Where it leaves the certificate it made up.
pub(crate) const CERTIFICATE_FILE: &str = "certificate.pem";

/// How long it thinks about its calls, one after the other, in milliseconds: as
/// long as a near API takes, and never twice the same. Answers that came in
/// bunches would wake a client once for many of them, and it would seem to cost
/// less than it ever will in use.
const THINKING_MS: [u64; 16] = [5, 23, 11, 34, 8, 29, 17, 38, 6, 26, 14, 32, 9, 20, 36, 12];

/// How long it takes over its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As long as a near API.
    Usual,
    /// A sixteenth of that, for calls one after the other.
    Quick,
}

impl Pace {
    pub(crate) fn parse(word: &str) -> Result<Self> {
        match word {
            "usual" => Ok(Self::Usual),
            "quick" => Ok(Self::Quick),
            other => bail!("no pace {other}"),
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Quick => "quick",
        }
    }

    fn thinking(self, turn: usize) -> Duration {
        let usual = Duration::from_millis(THINKING_MS[turn % THINKING_MS.len()]);
        match self {
            Self::Usual => usual,
            Self::Quick => usual / 16,
        }
    }
}

const ANSWER: &[u8] = br#"{"Message":"OK","RequestId":"F655A8D5-B967-440B-8683-DAD6FF8DE990","Code":"OK","BizId":"900619746936498440^0"}"#;

/// Serves plain HTTP, or TLS if there is a folder for the certificate. Prints
/// its address and goes on until it is ended.
pub(crate) async fn run(pace: Pace, certificate_dir: Option<&str>) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let tls = certificate_dir
        .map(|dir| acceptor(Path::new(dir)))
        .transpose()?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => serve(stream, pace).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, pace).await;
                    }
                }
            }
        });
    }
}

fn acceptor(dir: &Path) -> Result<TlsAcceptor> {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned(), "127.0.0.1".to_owned()])?;
    std::fs::write(dir.join(CERTIFICATE_FILE), made.cert.pem()).context("the certificate")?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::from(key))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, pace: Pace) {
    let answer = service_fn(|request: http::Request<Incoming>| async move {
        let _ = request.into_body().collect().await;
        let turn = CALLS.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(pace.thinking(turn)).await;
        let mut response = Response::new(Full::new(Bytes::from_static(ANSWER)));
        let kind = HeaderValue::from_static("application/json;charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        Ok::<_, Infallible>(response)
    });
    // A subject that leaves is no matter.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}
