//! One request to a server, and its whole answer.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sesame_server::Example;

use crate::fault::Fault;

/// Longer than any hook may take.
const LONGEST: Duration = Duration::from_secs(65);
/// As much as Supabase reads.
const ANSWER_BYTES: usize = 200 * 1024;

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) body: String,
}

/// Sends an example to the server at `base`.
pub(super) async fn send(base: &str, example: &Example) -> Result<Answer, Fault> {
    let uri = format!("{base}{}", example.path);
    let uri: Uri = uri.parse().map_err(|_| no_url())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(no_url());
    }
    let mut request = Request::builder().method(&*example.method).uri(uri);
    for (name, value) in &example.headers {
        request = request.header(name, value);
    }
    let body = Full::new(Bytes::from(example.body.clone()));
    let request = request.body(body).map_err(|_| {
        Fault::bad_input(
            "the secret cannot stand in a header",
            "take one of letters and digits",
        )
    })?;
    match tokio::time::timeout(LONGEST, exchange(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(unreachable(&*error)),
        Err(_) => Err(Fault::failed(
            "the server did not answer in time",
            "see whether it runs: sesame serve --config FILE",
        )),
    }
}

async fn exchange(
    request: Request<Full<Bytes>>,
) -> Result<Answer, Box<dyn StdError + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(provider)?
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let (parts, body) = client.request(request).await?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES).collect().await?.to_bytes();
    let content_type = parts.headers.get(CONTENT_TYPE);
    Ok(Answer {
        status: parts.status.as_u16(),
        content_type: content_type.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned()),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn no_url() -> Fault {
    Fault::bad_input(
        "--url is no address of a server",
        "write one such as http://127.0.0.1:8080",
    )
}

/// The innermost reason; the outer ones may quote the address, with a secret in
/// it.
fn unreachable(error: &(dyn StdError + 'static)) -> Fault {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    Fault::failed(
        format!("the server cannot be reached: {innermost}"),
        "see whether it runs: sesame serve --config FILE; --url names another",
    )
}
