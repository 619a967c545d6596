//! What the environment decides: proxies and trusted certificates. Each case
//! sends from a child process of this test, which has the variables set.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliyun_sms::wire::SendSms;
use aliyun_sms::{Client, Credentials, Endpoint};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const ENDPOINT: &str = "SESAME_TEST_ENDPOINT";
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"Code\":\"OK\"}";

/// Not a test of its own: what the children run.
#[tokio::test]
async fn child() {
    let Ok(endpoint) = std::env::var(ENDPOINT) else {
        return;
    };
    let client = Client::builder(Credentials::new("testid", "testsecret"))
        .endpoint(Endpoint::parse(&endpoint).expect("a URL"))
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client");
    match client.send_sms(&SendSms::default()).await {
        Ok(_) => println!("SENT"),
        Err(error) => println!("FAILED {:?} {error}", error.disposition()),
    }
}

/// Runs the child with nothing of this process's proxies and certificates.
async fn send(endpoint: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "child", "--nocapture"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"] {
        command.env_remove(name);
    }
    command
        .env(ENDPOINT, endpoint)
        .envs(variables.iter().copied());
    let running = tokio::task::spawn_blocking(move || command.output());
    let Output { stdout, .. } = running.await.expect("joined").expect("it ran");
    let text = String::from_utf8_lossy(&stdout).into_owned();
    let told = text.lines().find_map(|line| {
        let at = line.find("SENT").or(line.find("FAILED"))?;
        Some(line[at..].to_owned())
    });
    told.unwrap_or_else(|| panic!("no verdict in {text}"))
}

type Log = Arc<Mutex<Vec<String>>>;

/// Serves the one answer; remembers the heads of the requests.
async fn answer_all<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, log: Log) {
    while let Some(head) = read_head(&mut stream).await {
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        log.lock().expect("not poisoned").push(head);
        if stream.write_all(ANSWER.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// A TLS server whose certificate is for `names`, and the certificate's file.
async fn tls_server(names: &[&str], dir: &Path) -> (String, PathBuf, Log) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    tls_server_of(rcgen::CertificateParams::new(names).expect("names"), dir).await
}

async fn tls_server_of(params: rcgen::CertificateParams, dir: &Path) -> (String, PathBuf, Log) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let file = dir.join("certificate.pem");
    std::fs::write(&file, certificate.pem()).expect("written");
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    // Named, since a build of the whole workspace links two providers.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("its own versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::from(key))
        .expect("a TLS server");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, address) = listen().await;
    let log = Log::default();
    let seen = log.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), seen.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer_all(stream, seen).await;
                }
            });
        }
    });
    (address, file, log)
}

/// An HTTP proxy: answers plain requests itself, opens tunnels to `onward`, or
/// refuses with `refusal`.
async fn http_proxy(onward: Option<String>, refusal: Option<&'static str>) -> (String, Log) {
    let (listener, address) = listen().await;
    let log = Log::default();
    let seen = log.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, onward) = (seen.clone(), onward.clone());
            tokio::spawn(async move {
                let Some(onward) = onward else {
                    return answer_all(stream, seen).await;
                };
                let Some(head) = read_head(&mut stream).await else {
                    return;
                };
                seen.lock().expect("not poisoned").push(head);
                if let Some(refusal) = refusal {
                    let _ = stream.write_all(refusal.as_bytes()).await;
                    return;
                }
                let mut upstream = TcpStream::connect(onward).await.expect("the server");
                let _ = stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await;
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut upstream).await;
            });
        }
    });
    (address, log)
}

/// A SOCKS5 proxy without authentication.
async fn socks_proxy(onward: String) -> (String, Log) {
    let (listener, address) = listen().await;
    let log = Log::default();
    let seen = log.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await.expect("a greeting");
            let mut methods = vec![0; usize::from(greeting[1])];
            stream.read_exact(&mut methods).await.expect("methods");
            stream.write_all(&[5, 0]).await.expect("written");
            let mut request = [0; 4];
            stream.read_exact(&mut request).await.expect("a request");
            let rest = match request[3] {
                1 => 6,
                3 => usize::from(stream.read_u8().await.expect("a length")) + 2,
                _ => 18,
            };
            let mut address = vec![0; rest];
            stream.read_exact(&mut address).await.expect("an address");
            seen.lock()
                .expect("not poisoned")
                .push(format!("socks {}", request[3]));
            stream
                .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
                .await
                .expect("written");
            let mut upstream = TcpStream::connect(&onward).await.expect("the server");
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut upstream).await;
        }
    });
    (address, log)
}

fn seen(log: &Log) -> Vec<String> {
    log.lock().expect("not poisoned").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_the_environment_are_trusted_and_no_others() {
    let dir = tempfile::tempdir().expect("a folder");
    let (address, file, _) = tls_server(&["127.0.0.1"], dir.path()).await;
    let (endpoint, file) = (format!("https://{address}"), file.to_str().expect("a path"));
    for variable in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
        assert_eq!(
            send(&endpoint, &[(variable, file)]).await,
            "SENT",
            "{variable}"
        );
    }
    let told = send(&endpoint, &[]).await;
    assert!(
        told.starts_with("FAILED NotSent") && told.contains("issuer is not trusted"),
        "{told}"
    );
    let told = send(&endpoint, &[("SSL_CERT_FILE", "nowhere.pem")]).await;
    assert!(told.starts_with("FAILED NotSent"), "{told}");

    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]);
    let mut params = params.expect("names");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let (address, file, _) = tls_server_of(params, dir.path()).await;
    let file = file.to_str().expect("a path");
    let told = send(&format!("https://{address}"), &[("SSL_CERT_FILE", file)]).await;
    assert!(
        told.contains("an authority's certificate as its own"),
        "{told}"
    );

    let (address, file, _) = tls_server(&["another.example"], dir.path()).await;
    let file = file.to_str().expect("a path");
    let told = send(&format!("https://{address}"), &[("SSL_CERT_FILE", file)]).await;
    assert!(
        told.starts_with("FAILED NotSent") && told.contains("another name"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests_go_through_an_http_proxy() {
    let (proxy, log) = http_proxy(None, None).await;
    let proxy = format!("http://me:pass%20word@{proxy}");
    let endpoint = "http://sms.example:8086";
    assert_eq!(send(endpoint, &[("HTTP_PROXY", &proxy)]).await, "SENT");
    let head = seen(&log).remove(0).to_lowercase();
    assert!(head.starts_with("post http://sms.example:8086/ "), "{head}");
    assert!(head.contains("\r\nhost: sms.example:8086\r\n"), "{head}");
    assert!(
        head.contains("proxy-authorization: basic bwu6cgfzcyb3b3jk"),
        "{head}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn secure_requests_go_through_a_tunnel() {
    let dir = tempfile::tempdir().expect("a folder");
    let (server, file, requests) = tls_server(&["sms.example"], dir.path()).await;
    let (proxy, tunnels) = http_proxy(Some(server.clone()), None).await;
    let file = file.to_str().expect("a path");
    let url = format!("http://{proxy}");
    let variables = [("HTTPS_PROXY", url.as_str()), ("SSL_CERT_FILE", file)];
    assert_eq!(send("https://sms.example", &variables).await, "SENT");
    assert!(seen(&tunnels)[0].starts_with("CONNECT sms.example:443 "));
    assert!(seen(&requests)[0].starts_with("POST / "));

    let (socks, calls) = socks_proxy(server).await;
    let url = format!("socks5h://{socks}");
    let variables = [("ALL_PROXY", url.as_str()), ("SSL_CERT_FILE", file)];
    assert_eq!(send("https://sms.example", &variables).await, "SENT");
    assert_eq!(seen(&calls), ["socks 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_says_no_has_sent_nothing() {
    for refusal in [
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\n\r\n",
    ] {
        let (proxy, _) = http_proxy(Some("127.0.0.1:1".to_owned()), Some(refusal)).await;
        let url = format!("http://me:secret@{proxy}");
        let told = send("https://sms.example", &[("HTTPS_PROXY", &url)]).await;
        assert!(told.starts_with("FAILED NotSent the proxy"), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
    let (listener, nobody) = listen().await;
    drop(listener);
    let url = format!("http://{nobody}");
    let told = send("https://sms.example", &[("HTTPS_PROXY", &url)]).await;
    assert!(told.starts_with("FAILED NotSent the proxy"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_is_heeded() {
    let dir = tempfile::tempdir().expect("a folder");
    let (address, file, _) = tls_server(&["127.0.0.1"], dir.path()).await;
    let file = file.to_str().expect("a path");
    let variables = [
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("NO_PROXY", "127.0.0.1"),
        ("SSL_CERT_FILE", file),
    ];
    assert_eq!(
        send(&format!("https://{address}"), &variables).await,
        "SENT"
    );
}
