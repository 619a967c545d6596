//! Listening: one task per connection, each of which a fault can cut.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::api;
use crate::control;
use crate::mns;
use crate::state::Shared;

/// For a whole head, which includes waiting for it on a kept connection; longer
/// than the 25 seconds the answers promise.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long what was accepted may take after the end was asked for.
const GRACE: Duration = Duration::from_secs(1);
/// The papers of a signature, 2 MB each, make the largest bodies.
const BODY_MAX: usize = 8 * 1024 * 1024;
/// What is too large is read to its end up to here, because a client that is
/// still writing would not see the answer.
const DRAIN_MAX: usize = 64 * 1024 * 1024;
/// Beyond these hyper answers by itself, without a body.
const HEADERS_MAX: usize = 1024;
const HEAD_MAX_BYTES: usize = 512 * 1024;

/// Cuts a connection with a TCP reset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut {
    inner: Arc<CutInner>,
}

#[derive(Debug, Default)]
struct CutInner {
    is_asked: AtomicBool,
    wake: Notify,
}

impl Cut {
    pub(crate) fn now(&self) {
        self.inner.is_asked.store(true, Ordering::Release);
        self.inner.wake.notify_one();
    }

    async fn asked(&self) {
        self.inner.wake.notified().await;
    }

    fn is_asked(&self) -> bool {
        self.inner.is_asked.load(Ordering::Acquire)
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) cut: Cut,
}

/// What a connection needs.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) shared: Arc<Shared>,
    pub(crate) control: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) stop: watch::Receiver<bool>,
}

/// Accepts until it is told to stop, then lets what runs come to its end.
pub(crate) async fn serve(listener: TcpListener, mut serving: Serving) {
    let mut connections = JoinSet::new();
    let mut stop = serving.stop.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    connections.spawn(connection(stream, from.ip(), serving.clone()));
                }
                // Out of file descriptors, or the client left: others may come.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    serving.tls = None;
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE + GRACE, ended).await;
}

async fn connection(stream: TcpStream, address: IpAddr, serving: Serving) {
    let _ = stream.set_nodelay(true);
    let cut = Cut::default();
    let stream = Cuttable {
        stream,
        cut: cut.clone(),
    };
    let peer = Peer { address, cut };
    match serving.tls.clone() {
        None => exchange(stream, serving, peer).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(TLS_TIMEOUT, tls.accept(stream)).await {
                exchange(stream, serving, peer).await;
            }
        }
    }
}

async fn exchange<S>(stream: S, serving: Serving, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut stop = serving.stop.clone();
    let asked = peer.cut.clone();
    let service = service_fn(move |request| {
        let (serving, peer) = (serving.clone(), peer.clone());
        async move { Ok::<_, Infallible>(route(serving, request, &peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_MAX_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A client that breaks off is its own business.
        _ = connection.as_mut() => {}
        () = asked.asked() => {}
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(GRACE, connection).await;
        }
    }
}

/// A sender that is gone has told to stop as well.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn route(mut serving: Serving, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
    let path = request.uri().path();
    if path == control::PATH || path.starts_with(control::PATH_SLASH) {
        let request = request.map(Body::new);
        return match serving.control.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    if parts.uri.path().starts_with(mns::PATH) {
        return mns::handle(&serving.shared, &parts, body).await;
    }
    let response = api::handle(&serving.shared, parts, body, peer).await;
    if peer.cut.is_asked() {
        // The task that owns the connection drops it; nothing may be written.
        std::future::pending::<()>().await;
    }
    response
}

async fn read(body: Incoming) -> Result<Bytes, api::Refusal> {
    match tokio::time::timeout(BODY_TIMEOUT, collect(body)).await {
        Ok(result) => result,
        Err(_) => Err(api::Refusal::too_slow()),
    }
}

async fn collect(mut body: Incoming) -> Result<Bytes, api::Refusal> {
    let mut read = Vec::new();
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(api::Refusal::unreadable());
        };
        let Some(data) = frame.data_ref() else {
            continue;
        };
        total += data.len();
        if total > DRAIN_MAX {
            break;
        }
        if total <= BODY_MAX {
            read.extend_from_slice(data);
        }
    }
    if total > BODY_MAX {
        return Err(api::Refusal::body_too_large());
    }
    Ok(read.into())
}

/// A connection that ends with a reset where that was asked for.
struct Cuttable {
    stream: TcpStream,
    cut: Cut,
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        if self.cut.is_asked() {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
