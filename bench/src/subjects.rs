//! The Rust programs that are measured. Each reads how many calls to make, line
//! by line, and answers each line with one of JSON:
//! `{"cpu_micros": per call, "wall_micros": per call, "peak_kib": memory}`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aliyun_sms::sign::SignatureVersion;
use aliyun_sms::wire::SendSms;
use aliyun_sms::{Client, Credentials, Endpoint};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use rustix::time::{ClockId, clock_gettime};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::endpoint::{CERTIFICATE_FILE, HOST};

/// Calls at a time.
pub(crate) const IN_FLIGHT: usize = 16;
const ID: &str = "testid";
const SECRET: &str = "testsecret";

pub(crate) async fn run(name: &str, url: &str, certificates: Option<&str>) -> Result<()> {
    let pem = certificates
        .map(|dir| std::fs::read(format!("{dir}/{CERTIFICATE_FILE}")))
        .transpose()?;
    match name {
        "bare" => bare(url, HttpConnector::new()).await,
        "bare-tls" => bare(url, https(&pem.context("a certificate")?)?).await,
        "aliyun-sms" => ours(url, SignatureVersion::Acs3, pem).await,
        "aliyun-sms-v1" => ours(url, SignatureVersion::RpcV1, pem).await,
        "ali-acs" => ali_acs(url, pem.context("a certificate")?).await,
        other => bail!("no subject {other}"),
    }
}

fn message() -> SendSms {
    SendSms {
        phone_numbers: "13800138000".to_owned(),
        sign_name: "阿里云短信测试".to_owned(),
        template_code: "SMS_154950909".to_owned(),
        template_param: Some(r#"{"code":"123456"}"#.to_owned()),
        out_id: Some("0198c0de0198c0de0198c0de0198c0de".to_owned()),
        ..SendSms::default()
    }
}

fn client(url: &str, version: SignatureVersion, pem: Option<Vec<u8>>) -> Result<Client> {
    let mut builder = Client::builder(Credentials::new(ID, SECRET))
        .endpoint(Endpoint::parse(url)?)
        .environment_proxy(false)
        .timeout(Duration::from_secs(30))
        .signature(version);
    if let Some(pem) = pem {
        builder = builder.extra_roots_pem(pem);
    }
    Ok(builder.build()?)
}

async fn ours(url: &str, version: SignatureVersion, pem: Option<Vec<u8>>) -> Result<()> {
    let client = client(url, version, pem)?;
    measure(move || {
        let client = client.clone();
        async move {
            let reply = client.send_sms(&message()).await?;
            reply.biz_id.context("no biz-id")?;
            Ok(())
        }
    })
    .await
}

/// Posts the bytes our client once signed, again and again: what any client on
/// this HTTP library pays at the least.
async fn bare<C>(url: &str, connector: C) -> Result<()>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let (headers, body) = recorded_request().await?;
    let pool: Pool<_, Full<Bytes>> = Pool::builder(TokioExecutor::new()).build(connector);
    let uri: http::Uri = url.parse()?;
    measure(move || {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers.clone();
        let sending = pool.request(request);
        async move {
            let bytes = sending.await?.into_body().collect().await?.to_bytes();
            if bytes.is_empty() {
                bail!("an empty answer");
            }
            Ok(())
        }
    })
    .await
}

fn https(pem: &[u8]) -> Result<HttpsConnector<HttpConnector>> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate?)?;
    }
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    Ok(HttpsConnector::from((http, config)))
}

async fn recorded_request() -> Result<(HeaderMap, Bytes)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = client(
        &format!("http://{}", listener.local_addr()?),
        SignatureVersion::Acs3,
        None,
    )?;
    let sending = tokio::spawn(async move { client.send_sms(&message()).await });
    let (mut stream, _) = listener.accept().await?;
    let mut bytes = Vec::new();
    loop {
        stream.read_buf(&mut bytes).await?;
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut headers = HeaderMap::new();
        for (name, value) in head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
        {
            headers.insert(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
        }
        let length: usize = headers
            .get("content-length")
            .context("a length")?
            .to_str()?
            .parse()?;
        if body.len() == length {
            let body = Bytes::copy_from_slice(body.as_bytes());
            headers.remove("content-length");
            stream.shutdown().await?;
            let _ = sending.await;
            return Ok((headers, body));
        }
    }
}

/// `ali-acs` knows only Aliyun's own host names, so that name is led to the
/// server, whose certificate is for it.
async fn ali_acs(url: &str, pem: Vec<u8>) -> Result<()> {
    let address = url.trim_start_matches("https://").parse()?;
    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve(HOST, address)
        .tls_certs_only([reqwest::Certificate::from_pem(&pem)?])
        .build()?;
    let connection = Arc::new(ali_acs::sms::Connection::with_client(
        ali_acs::sms::Endpoint::CnHangzhou,
        ali_acs::AccessKeySecret::new(ID, SECRET),
        http,
    ));
    measure(move || {
        let connection = connection.clone();
        async move {
            let message = message();
            let request = ali_acs::sms::SendSms::new(
                message.phone_numbers,
                message.sign_name,
                message.template_code,
            )
            .template_param(message.template_param.unwrap_or_default())
            .out_id(message.out_id.unwrap_or_default());
            connection.send_sms(request).await?;
            Ok(())
        }
    })
    .await
}

/// Makes as many calls as each line asks for, [`IN_FLIGHT`] at a time, after a
/// tenth of them unseen.
pub(crate) async fn measure<F, R>(call: F) -> Result<()>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<()>> + Send + 'static,
{
    let call = Arc::new(call);
    // This thread may wait: the calls are made on those of the runtime.
    for line in std::io::stdin().lines() {
        let calls: usize = line?.trim().parse().context("the number of calls")?;
        repeat(calls / 10, &call).await?;
        let (cpu, wall) = (
            seconds(ClockId::ProcessCPUTime),
            seconds(ClockId::Monotonic),
        );
        repeat(calls, &call).await?;
        let per_call = |from: f64, clock| (seconds(clock) - from) * 1e6 / calls as f64;
        let line = serde_json::json!({
            "cpu_micros": per_call(cpu, ClockId::ProcessCPUTime),
            "wall_micros": per_call(wall, ClockId::Monotonic),
            "peak_kib": peak_kib()?,
        });
        println!("{line}");
    }
    Ok(())
}

async fn repeat<F, R>(calls: usize, call: &Arc<F>) -> Result<()>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<()>> + Send + 'static,
{
    let left = Arc::new(AtomicUsize::new(calls));
    let mut workers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (left, call) = (left.clone(), call.clone());
        workers.spawn(async move {
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_ok()
            {
                call().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    Ok(())
}

pub(crate) fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let digits = line.context("VmHWM")?.chars().filter(char::is_ascii_digit);
    Ok(digits.collect::<String>().parse()?)
}
