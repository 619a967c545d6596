//! Everything that can be wrong with a request, each as a problem document.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Ask, NUMBER, Said, World};

const START: &str = "/v1/verifications";

async fn post_raw(world: &World, path: &str, body: &[u8], kind: &str) -> Said {
    let mut ask = Ask::new(Method::POST, path, Some(&world.key));
    if !kind.is_empty() {
        ask.headers.push(("content-type", kind));
    }
    ask.body = body.to_vec();
    world.ask(ask).await
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_told_where() {
    let world = World::new().await;
    for (body, code, field) in [
        (&b""[..], "malformed_json", Value::Null),
        (b"{", "malformed_json", Value::Null),
        (b"{\"to\": +8613800138000}", "malformed_json", Value::Null),
        (b"{\"to\":\"\xff\xfe\"}", "malformed_json", Value::Null),
        (b"[]", "invalid_field", Value::Null),
        (b"\"+8613800138000\"", "invalid_field", Value::Null),
        (b"{}", "invalid_field", json!("to")),
        (
            b"{\"to\":8613800138000,\"type\":\"SignIn\"}",
            "invalid_field",
            json!("to"),
        ),
        (
            b"{\"to\":\"+8613800138000\",\"type\":null}",
            "invalid_field",
            json!("type"),
        ),
        (
            b"{\"to\":\"+8613800138000\",\"type\":\"SignIn\",\"sesion\":\"x\"}",
            "unknown_field",
            json!("sesion"),
        ),
        (
            b"{\"to\":\"+8613800138000\",\"type\":\"SignIn\",\"ip\":\"nowhere\"}",
            "invalid_field",
            json!("ip"),
        ),
        (
            b"{\"to\":\"a\",\"to\":\"+8613800138000\",\"type\":\"SignIn\"}",
            "invalid_field",
            json!("to"),
        ),
    ] {
        let said = post_raw(&world, START, body, "application/json").await;
        let text = String::from_utf8_lossy(body);
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (400, code),
            "{text}"
        );
        let problem = said.json();
        assert_eq!(problem["field"], field, "{text}: {problem}");
        assert!(!problem.to_string().contains("13800138000"), "{problem}");
        if code != "invalid_field" {
            assert!(
                problem["line"].is_u64() && problem["column"].is_u64(),
                "{problem}"
            );
        }
    }
    let deep = format!("{{\"to\":{}", "[".repeat(20_000));
    let said = post_raw(&world, START, deep.as_bytes(), "application/json").await;
    assert_eq!(said.status, 400);
}

#[tokio::test]
async fn values_that_make_no_sense_are_refused_by_name() {
    let world = World::new().await;
    let long = "x".repeat(300);
    for (body, status, code) in [
        (
            json!({ "to": "nobody", "type": "SignIn" }),
            422,
            "invalid_phone_number",
        ),
        (
            json!({ "to": "", "type": "SignIn" }),
            422,
            "invalid_phone_number",
        ),
        (
            json!({ "to": "+8613800138000,+8613800138001", "type": "SignIn" }),
            422,
            "invalid_phone_number",
        ),
        (
            json!({ "to": "+861380013800", "type": "SignIn" }),
            422,
            "invalid_phone_number",
        ),
        (
            json!({ "to": "+862112345678", "type": "SignIn" }),
            422,
            "invalid_phone_number",
        ),
        (
            json!({ "to": NUMBER, "type": "Singin" }),
            422,
            "unknown_usage_type",
        ),
        (
            json!({ "to": NUMBER, "type": "" }),
            422,
            "unknown_usage_type",
        ),
        (
            json!({ "to": NUMBER, "type": long }),
            422,
            "unknown_usage_type",
        ),
        (
            json!({ "to": NUMBER, "type": "SignIn", "session": long }),
            400,
            "invalid_field",
        ),
    ] {
        let said = world.post(START, &body).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (status, code),
            "{body}"
        );
        assert!(!said.json().to_string().contains("13800138000"));
    }
    let said = world
        .post(START, &json!({ "to": NUMBER, "type": "Singin" }))
        .await;
    assert!(
        said.json()["detail"]
            .as_str()
            .is_some_and(|d| d.contains("did you mean SignIn?"))
    );
    assert!(world.emulator.messages().is_empty());
}

#[tokio::test]
async fn bodies_have_a_size_and_a_type() {
    let world = World::new().await;
    let large = vec![b' '; 64 * 1024 + 1];
    let said = post_raw(&world, START, &large, "application/json").await;
    assert_eq!(
        (said.status.as_u16(), said.code().as_str()),
        (413, "body_too_large")
    );
    let body = json!({ "to": NUMBER, "type": "SignIn" }).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
    ] {
        let said = post_raw(&world, START, body.as_bytes(), kind).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (415, "unsupported_media_type")
        );
    }
    for (n, kind) in ["", "application/json; charset=utf-8", "Application/JSON"]
        .into_iter()
        .enumerate()
    {
        let body = json!({ "to": format!("+861380013800{n}"), "type": "SignIn" }).to_string();
        assert_eq!(
            post_raw(&world, START, body.as_bytes(), kind).await.status,
            201,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn paths_methods_and_queries_are_checked() {
    let world = World::new().await;
    for path in [
        "/v1",
        "/v1/nothing",
        "/v1/verifications/a/b/c",
        "/reports/aliyun",
        "//",
    ] {
        let said = world.get(path).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    for (method, path) in [
        (Method::GET, START),
        (Method::PUT, START),
        (Method::POST, "/livez"),
        (Method::DELETE, "/v1/messages"),
        (Method::GET, "/v1/verifications/x/check"),
        (Method::PATCH, "/v1/verifications/x"),
    ] {
        let said = world
            .ask(Ask::new(method.clone(), path, Some(&world.key)))
            .await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (405, "method_not_allowed"),
            "{method} {path}"
        );
        assert!(
            said.headers.contains_key("allow"),
            "{method} {path}: {said:?}"
        );
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=x", "cursor"),
        ("from=yesterday", "from"),
        ("until=1", "until"),
        ("outcome=lost", "outcome"),
        ("to=nobody", "to"),
        ("form=x", "form"),
    ] {
        let said = world.get(&format!("/v1/messages?{query}")).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (400, "invalid_query"),
            "{query}"
        );
        assert_eq!(said.json()["field"], field, "{query}");
    }
}

async fn raw(world: &World, request: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(world.server.addresses()[0])
        .await
        .expect("it listens");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    let read = async {
        while !String::from_utf8_lossy(&answer).contains("\r\n\r\n{") {
            match stream.read(&mut part).await {
                Ok(1..) => answer.extend_from_slice(&part[..]),
                _ => break,
            }
            part = [0; 4096];
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(20), read).await;
    let answer = String::from_utf8_lossy(&answer)
        .trim_matches('\0')
        .to_owned();
    (stream, answer)
}

#[tokio::test]
async fn an_empty_session_is_told_how_long_one_is() {
    let world = World::new().await;
    let body = json!({ "to": NUMBER, "type": "SignIn", "session": "" });
    let said = world.post(START, &body).await;
    assert_eq!(said.code(), "invalid_field");
    assert_eq!(
        said.json()["detail"],
        "session must have 1 to 256 characters"
    );
}

#[tokio::test]
async fn slow_bodies_and_heads_are_given_up() {
    let world = World::with(|config| {
        config.limits.body_secs = 1;
        config.limits.head_secs = 1;
    })
    .await;
    let head = format!(
        "POST {START} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{",
        world.key
    );
    let (_stream, answer) = raw(&world, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request_timeout"), "{answer}");
    let (_stream, answer) = raw(&world, "GET /livez HTTP/1.1\r\nHost:").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

/// Nobody waits for what is announced to be far too large, nor asks for it.
#[tokio::test]
async fn what_is_announced_to_be_too_large_is_refused_before_it_comes() {
    let world = World::with(|config| config.limits.body_secs = 3600).await;
    for (length, more) in [("99999999999", ""), ("70000", "Expect: 100-continue\r\n")] {
        let head = format!(
            "POST {START} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n{more}\r\n",
            world.key
        );
        let (_stream, answer) = raw(&world, &head).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{length}: {answer}");
        assert!(answer.contains("body_too_large"), "{answer}");
    }
}

#[tokio::test]
async fn too_many_at_once_are_told_to_come_back() {
    let world = World::with(|config| {
        config.limits.requests = 1;
        config.limits.body_secs = 3;
    })
    .await;
    let head = format!(
        "POST {START} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{",
        world.key
    );
    let mut stream = TcpStream::connect(world.server.addresses()[0])
        .await
        .expect("it listens");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    // Until the first one is in its place.
    let said = loop {
        let said = world.get("/v1/messages").await;
        if said.status == 503 {
            break said;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(said.code(), "overloaded");
    assert_eq!(said.headers["retry-after"], "1");
    assert_eq!(world.get("/livez").await.status, 200);
    assert_eq!(world.get("/metrics").await.status, 200);
}
