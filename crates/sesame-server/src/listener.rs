//! Listening: connections, each with its own limits and time-outs.

mod impatient;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::config::LimitsConfig;
use crate::front::Peer;
use crate::server::ServeError;
use impatient::Impatient;

const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// Out of file descriptors, say; others may end meanwhile.
const AFTER_ERROR: Duration = Duration::from_millis(50);

/// What answers connections.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) router: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) limits: LimitsConfig,
    pub(crate) places: Arc<Semaphore>,
    /// Turns true when it is time to end.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Listener {
    /// Accepts until it is told to stop, then waits for what was accepted.
    pub(crate) async fn serve(self, socket: TcpListener) {
        let mut connections = JoinSet::new();
        let mut stop = self.stop.clone();
        loop {
            let place = tokio::select! {
                place = Arc::clone(&self.places).acquire_owned() => place,
                () = stopped(&mut stop) => break,
            };
            let Ok(place) = place else { break };
            tokio::select! {
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let listener = self.clone();
                        connections.spawn(async move {
                            listener.connection(stream, peer).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a connection was not accepted");
                        tokio::time::sleep(AFTER_ERROR).await;
                    }
                },
                () = stopped(&mut stop) => break,
            }
            while connections.try_join_next().is_some() {}
        }
        drop(socket);
        while connections.join_next().await.is_some() {}
    }

    async fn connection(self, stream: TcpStream, peer: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let patience = Duration::from_secs(self.limits.write_secs);
        let stream = Impatient::new(stream, patience);
        let Some(tls) = self.tls.clone() else {
            return self.exchange(stream, peer).await;
        };
        let shaken = tokio::time::timeout(TLS_TIMEOUT, tls.accept(stream)).await;
        if let Ok(Ok(stream)) = shaken {
            self.exchange(stream, peer).await;
        }
    }

    async fn exchange<S>(self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let router = self.router;
        let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            // A router is always ready.
            router.clone().call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(self.limits.head_secs))
            .max_headers(self.limits.headers)
            .max_buf_size(self.limits.head_bytes)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let mut stop = self.stop;
        tokio::select! {
            // A client that breaks off is its own business.
            _ = connection.as_mut() => {}
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
}

/// A sender that is gone has told to stop as well.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Certificate and key as files, ready to speak TLS.
///
/// # Errors
/// With what is wrong with which of them.
pub(crate) fn tls(cert: &Path, key: &Path) -> Result<TlsAcceptor, ServeError> {
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
    let chain = chain.map_err(|error| wrong_cert(unread(cert, &error)))?;
    if chain.is_empty() {
        let reason = format!("there is no certificate in {}", cert.display());
        return Err(wrong_cert(reason));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| {
        wrong_key(match error {
            pem::Error::NoItemsFound => format!("there is no private key in {}", key.display()),
            error => unread(key, &error),
        })
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, private)
        });
    let mut config = config.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => wrong_key(format!(
            "{} is not the key of the first certificate in {}",
            key.display(),
            cert.display()
        )),
        error => wrong_cert(format!("{} cannot be used: {error}", cert.display())),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unread(path: &Path, error: &pem::Error) -> String {
    let path = path.display();
    match error {
        pem::Error::Io(error) => format!("{path} cannot be read: {}", error.kind()),
        error => format!("{path} is not PEM: {error}"),
    }
}

fn wrong_cert(reason: String) -> ServeError {
    ServeError::Tls {
        field: "tls.cert",
        reason,
        cure: "name a PEM file that this user may read, with the server's certificate first and those that sign it behind",
    }
}

fn wrong_key(reason: String) -> ServeError {
    ServeError::Tls {
        field: "tls.key",
        reason,
        cure: "name the PEM file that was made with the certificate's request, which this user may read, without a password",
    }
}

/// Listens, or says why not.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = TcpListener::bind(address).await?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}
