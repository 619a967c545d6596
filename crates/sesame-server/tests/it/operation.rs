//! Running it: health, metrics, TLS, other addresses, ending.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Method;
use serde_json::json;
use sesame_emulator::{Emulator, Fault, FaultOrder};
use sesame_passcode::journal::Search;
use sesame_passcode::store::memory::{MemoryJournal, MemoryStore};
use sesame_passcode::{Journal as _, Start};
use sesame_server::keys::KeyRing;
use sesame_server::stores::Stores;
use sesame_server::{ServeError, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Ask, Clock, Log, NUMBER, World, check_path, config, connector};

const TEN_YEARS: i64 = 10 * 365 * 86_400;

#[tokio::test]
async fn it_lives_and_is_ready() {
    let world = World::new().await;
    for (path, status) in [("/livez", "alive"), ("/readyz", "ready")] {
        let said = world.ask(Ask::new(Method::GET, path, None)).await;
        assert_eq!(
            (said.status.as_u16(), said.json()),
            (200, json!({ "status": status }))
        );
        assert_eq!(
            world.ask(Ask::new(Method::HEAD, path, None)).await.status,
            200
        );
    }
}

#[tokio::test]
async fn a_request_has_an_id() {
    let world = World::new().await;
    let id = |said: &crate::support::Said| {
        said.headers["x-request-id"]
            .to_str()
            .expect("ASCII")
            .to_owned()
    };
    let one = world.get("/livez").await;
    assert_ne!(id(&one), id(&world.get("/nothing").await));
    let mut ask = Ask::new(Method::GET, "/livez", None);
    ask.headers.push(("x-request-id", "abc-123"));
    assert_eq!(id(&world.ask(ask).await), "abc-123");
}

#[tokio::test]
async fn what_happens_is_counted_without_numbers() {
    let world = World::new().await;
    let id = world.start(NUMBER).await;
    world.check(&id, &world.wrong_code(NUMBER)).await;
    world.check(&id, &world.code(NUMBER)).await;
    world
        .post(
            "/v1/verifications",
            &json!({ "to": NUMBER, "type": "SignIn" }),
        )
        .await;
    world.get("/no/such/13800138000").await;
    let fault = Fault::Code {
        code: "isv.AMOUNT_NOT_ENOUGH".into(),
        http_status: 200,
        message: None,
        headers: Vec::new(),
    };
    world
        .emulator
        .fault(FaultOrder::new("SendSms", 1, fault))
        .expect("a fault");
    world
        .post(
            "/v1/verifications",
            &json!({ "to": "+85268326366", "type": "Register" }),
        )
        .await;
    let said = world.ask(Ask::new(Method::GET, "/metrics", None)).await;
    let text = String::from_utf8(said.body.to_vec()).expect("UTF-8");
    for line in [
        r#"sesame_messages_total{usage_type="SignIn",country="CN",outcome="accepted",kind="none"} 1"#,
        r#"sesame_messages_total{usage_type="Register",country="HK",outcome="refused",kind="balance"} 1"#,
        r#"sesame_checks_total{usage_type="SignIn",country="CN",outcome="mismatch"} 1"#,
        r#"sesame_confirmed_total{usage_type="SignIn",country="CN"} 1"#,
        r#"sesame_limited_total{usage_type="SignIn",country="CN",limit="number_per_minute"} 1"#,
        r#"sesame_http_requests_total{method="POST",route="/v1/verifications/{id}/check",status="200"} 2"#,
        r#"sesame_http_requests_total{method="GET",route="none",status="404"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("sesame_send_duration_seconds_bucket"));
    // Values hold any digits by chance, labels none.
    let labels = text.split_inclusive(['{', '}']);
    let mut labels = labels.filter(|part| part.ends_with('}'));
    assert!(labels.all(|part| !part.contains("1380")), "{text}");
    assert!(!text.contains(&id), "{text}");
}

#[tokio::test]
async fn metrics_may_have_an_address_of_their_own() {
    let world = World::with(|config| {
        config.admin_listen = Some("127.0.0.1:0".parse().expect("an address"));
    })
    .await;
    assert_eq!(world.get("/metrics").await.status, 404);
    let [_, admin] = world.server.urls() else {
        panic!("two addresses")
    };
    for (path, status) in [("/metrics", 200), ("/readyz", 200), ("/v1/messages", 404)] {
        let said = world.ask_at(admin, Ask::new(Method::GET, path, None)).await;
        assert_eq!(said.status, status, "{path}");
    }
}

#[tokio::test]
async fn ending_finishes_what_was_accepted() {
    let world = World::new().await;
    let slow = FaultOrder {
        delay_ms: Some(300),
        ..FaultOrder::new("SendSms", 1, Fault::Slow)
    };
    world.emulator.fault(slow).expect("a fault");
    let url = world.server.urls()[0].clone();
    let address = world.server.addresses()[0];
    let body = json!({ "to": NUMBER, "type": "SignIn" }).to_string();
    let request = format!(
        "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        world.key,
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("it listens");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    while world.emulator.messages().is_empty() {
        tokio::task::yield_now().await;
    }
    world.server.shutdown().await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.contains("\"accepted\""), "{answer}");
    assert!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "{url}"
    );
}

#[tokio::test]
async fn a_caller_who_leaves_loses_no_message() {
    let world = World::new().await;
    let slow = FaultOrder {
        delay_ms: Some(300),
        ..FaultOrder::new("SendSms", 1, Fault::Slow)
    };
    world.emulator.fault(slow).expect("a fault");
    let body = json!({ "to": NUMBER, "type": "SignIn" }).to_string();
    let request = format!(
        "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\nContent-Length: {}\r\n\r\n{body}",
        world.key,
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(world.server.addresses()[0])
        .await
        .expect("it listens");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    while world.emulator.messages().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(stream);
    // The answer is there for whoever asks again with the same key.
    let id = loop {
        let said = world
            .post_as(
                &world.key,
                "/v1/verifications",
                &json!({ "to": NUMBER, "type": "SignIn" }),
                &[("idempotency-key", "k")],
            )
            .await;
        match said.status.as_u16() {
            201 => break said.json()["id"].as_str().expect("an id").to_owned(),
            409 => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => panic!("{said:?}"),
        }
    };
    assert_eq!(world.emulator.messages().len(), 1);
    assert_eq!(
        world.check(&id, &world.code(NUMBER)).await["status"],
        "approved"
    );
}

#[tokio::test]
async fn a_store_that_is_gone_is_told_and_comes_back() {
    let world = World::new().await;
    let id = world.start(NUMBER).await;
    let code = json!({ "code": world.code(NUMBER) });
    let path = check_path(&id);
    world.store.is_gone.store(true, Ordering::SeqCst);
    for said in [
        world
            .post(
                "/v1/verifications",
                &json!({ "to": "+8613900001234", "type": "SignIn" }),
            )
            .await,
        world.post(&path, &code).await,
        world
            .post_as(&world.key, &path, &code, &[("idempotency-key", "k")])
            .await,
        world.get("/readyz").await,
    ] {
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (503, "store_unavailable")
        );
        assert_eq!(said.headers["retry-after"], "1");
    }
    assert_eq!(world.emulator.messages().len(), 1);
    world.store.is_gone.store(false, Ordering::SeqCst);
    let said = world
        .post_as(&world.key, &path, &code, &[("idempotency-key", "k")])
        .await;
    assert_eq!(said.json()["status"], "approved");
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_not_ready() {
    let world = World::new().await;
    assert_eq!(world.get("/readyz").await.status, 200);
    world.store.is_full.store(true, Ordering::SeqCst);
    world.clock.advance_secs(1);
    assert_eq!(world.get("/readyz").await.code(), "store_unavailable");
    world.store.is_full.store(false, Ordering::SeqCst);
    assert_eq!(world.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn whoever_does_not_read_the_answer_is_left() {
    for is_tls in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let (cert, key, pair) = certificate(&folder);
        let world = World::with(|config| {
            config.limits.connections = 1;
            config.limits.write_secs = 1;
            if is_tls {
                config.tls.cert = Some(cert);
                config.tls.key = Some(key);
            }
        })
        .await;
        let address = world.server.addresses()[0];
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = socket.connect(address).await.expect("it listens");
        let ask = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(400);
        let _held: Box<dyn std::any::Any> = if is_tls {
            let mut stream = shaken(stream, &pair).await;
            stream.write_all(ask.as_bytes()).await.expect("it reads");
            stream.flush().await.expect("it reads");
            Box::new(stream)
        } else {
            let mut stream = stream;
            stream.write_all(ask.as_bytes()).await.expect("it reads");
            Box::new(stream)
        };
        // Its place is given to the next one.
        let next = async {
            let stream = tokio::net::TcpStream::connect(address)
                .await
                .expect("it listens");
            let ask = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            let mut answer = String::new();
            if is_tls {
                let mut stream = shaken(stream, &pair).await;
                stream.write_all(ask).await.expect("it reads");
                let _ = stream.read_to_string(&mut answer).await;
            } else {
                let mut stream = stream;
                stream.write_all(ask).await.expect("it reads");
                let _ = stream.read_to_string(&mut answer).await;
            }
            answer
        };
        let answer = tokio::time::timeout(Duration::from_secs(8), next).await;
        let answer = answer.expect("there is room");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn metrics_are_there_however_full_the_api_is() {
    let world = World::with(|config| {
        config.limits.connections = 1;
        config.admin_listen = Some("127.0.0.1:0".parse().expect("an address"));
    })
    .await;
    let mut held = tokio::net::TcpStream::connect(world.server.addresses()[0])
        .await
        .expect("it listens");
    held.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("it reads");
    let _ = held.read_u8().await.expect("an answer");
    let admin = &world.server.urls()[1];
    let metrics = world.ask_at(admin, Ask::new(Method::GET, "/metrics", None));
    let said = tokio::time::timeout(Duration::from_secs(8), metrics).await;
    assert_eq!(said.expect("an answer").status, 200);
}

type Pair = rcgen::CertifiedKey<rcgen::KeyPair>;

/// A certificate for `localhost`, in two files.
fn certificate(folder: &tempfile::TempDir) -> (PathBuf, PathBuf, Pair) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&cert, pair.cert.pem()).expect("written");
    std::fs::write(&key, pair.signing_key.serialize_pem()).expect("written");
    (cert, key, pair)
}

/// TLS over a stream, with whoever has that certificate.
async fn shaken(
    stream: tokio::net::TcpStream,
    pair: &Pair,
) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pair.cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.expect("TLS")
}

#[tokio::test]
async fn it_speaks_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key, pair) = certificate(&folder);
    let world = World::with(|config| {
        config.tls.cert = Some(cert);
        config.tls.key = Some(key);
    })
    .await;
    assert!(world.server.urls()[0].starts_with("https://"));
    let stream = tokio::net::TcpStream::connect(world.server.addresses()[0])
        .await
        .expect("it listens");
    let mut stream = shaken(stream, &pair).await;
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_told() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = taken.local_addr().expect("an address");
    let start = |change: Box<dyn FnOnce(&mut sesame_server::Config)>| async move {
        let source = sesame_connector::SystemSource::shared();
        let stores = Stores {
            records: Arc::new(MemoryStore::default()),
            journal: Arc::new(MemoryJournal::default()),
        };
        let mut config = config();
        change(&mut config);
        let ring = KeyRing::generate(&*source);
        let connector = connector("http://127.0.0.1:9", source);
        Server::builder(config, connector, stores, ring)
            .start()
            .await
            .expect_err("it does not start")
    };
    let error = start(Box::new(move |config| config.listen = address)).await;
    assert!(matches!(error, ServeError::Bind { address: found, .. } if found == address));
    let error = start(Box::new(|config| {
        config.tls.cert = Some("/nowhere/cert.pem".into());
        config.tls.key = Some("/nowhere/key.pem".into());
    }))
    .await;
    assert!(matches!(error, ServeError::Tls { .. }), "{error}");
    let error = start(Box::new(|config| config.policy.digits = 3)).await;
    assert!(matches!(error, ServeError::Policy(_)), "{error}");
}

/// With a clock ten years ahead everything is old.
#[tokio::test]
async fn nothing_is_dropped_by_a_clock_that_is_far_ahead_of_aliyuns() {
    Log::start();
    let (theirs, ours) = (Clock::new(), Clock::new());
    let emulator = Emulator::builder()
        .listen("127.0.0.1:0".parse().expect("an address"))
        .source(theirs.clone())
        .start()
        .await
        .expect("it starts");
    let journal = Arc::new(MemoryJournal::default());
    let stores = Stores {
        records: Arc::new(MemoryStore::default()),
        journal: journal.clone(),
    };
    let ring = serde_json::to_value(KeyRing::generate(&*ours)).expect("JSON");
    let serve = async || {
        let connector = connector(emulator.url(), ours.clone());
        let ring = serde_json::from_value(ring.clone()).expect("keys");
        Server::builder(config(), connector, stores.clone(), ring)
            .source(ours.clone())
            .start()
            .await
            .expect("it starts")
    };
    let rows = async || {
        let all = Search {
            limit: 9,
            ..Search::default()
        };
        journal.search(&all).await.expect("the journal").len()
    };
    let server = serve().await;
    let start = Start {
        app: "web".to_owned(),
        to: NUMBER.to_owned(),
        usage_type: "SignIn".to_owned(),
        ..Start::default()
    };
    server.passcodes().start(start).await.expect("it is sent");
    server.shutdown().await;
    ours.advance_secs(TEN_YEARS);
    let server = serve().await;
    // Its rounds are a second apart, and the first one looks at the clock.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(rows().await, 1);
    assert!(Log::text().contains("clock is far ahead of Aliyun's"));
    // Now both say so, and it is true. A round sees the jump.
    theirs.advance_secs(TEN_YEARS + 3600);
    ours.advance_secs(3600);
    for _ in 0..600 {
        if rows().await == 0 {
            server.shutdown().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("what is old stays");
}
