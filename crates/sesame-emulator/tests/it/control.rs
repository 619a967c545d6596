//! The control by HTTP.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use sesame_emulator::{Emulator, EmulatorError, MessageStatus};

use crate::support::*;

#[tokio::test]
async fn l_messages_in_the_documented_shape() {
    let emulator = start_with(unlimited()).await;
    send_sms(&emulator)
        .param("OutId", "o")
        .send(&emulator)
        .await;
    send_sms(&emulator).send(&emulator).await;
    let answer = get(&emulator, "/_emulator/messages").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let list = answer.json();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 2);
    let oldest = list[1].as_object().unwrap();
    let mut keys: Vec<&str> = oldest.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "biz_id",
            "err_code",
            "out_id",
            "sent_at",
            "sign_name",
            "status",
            "template_code",
            "template_param",
            "text",
            "to",
        ]
    );
    assert_eq!(oldest["to"], "+8613800138000");
    assert_eq!(oldest["template_param"]["code"], "123456");
    assert_eq!(oldest["sent_at"], "2026-03-04T05:06:07Z");
    assert_eq!(
        (oldest["status"].as_str(), oldest["out_id"].as_str()),
        (Some("accepted"), Some("o"))
    );
    assert!(list[0]["out_id"].is_null() && list[0]["err_code"].is_null());
    assert_eq!(
        get(&emulator, "/_emulator/messages?latest=1")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn l_messages_to_a_number_in_any_notation() {
    let emulator = start_with(unlimited()).await;
    send_sms(&emulator).send(&emulator).await;
    send_sms(&emulator)
        .param("PhoneNumbers", "13900139000")
        .send(&emulator)
        .await;
    for to in [
        "%2B8613800138000",
        "+8613800138000",
        "8613800138000",
        "008613800138000",
        "13800138000",
        "138-0013-8000",
        "+86%20138%200013%208000",
        "138+0013+8000",
    ] {
        let list = get(&emulator, &format!("/_emulator/messages?to={to}&latest=1"))
            .await
            .json();
        assert_eq!(list.as_array().unwrap().len(), 1, "{to}");
        assert_eq!(list[0]["to"], "+8613800138000", "{to}");
    }
    for to in ["13700137000", "abc"] {
        assert_eq!(
            get(&emulator, &format!("/_emulator/messages?to={to}"))
                .await
                .text(),
            "[]"
        );
    }
    assert_eq!(
        get(&emulator, "/_emulator/messages?latest=x").await.status,
        400
    );
    assert_eq!(
        get(&emulator, "/_emulator/messages?too=1").await.status,
        400
    );
}

#[tokio::test]
async fn emptying_the_inbox_changes_nothing_at_aliyun() {
    let emulator = start().await;
    send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        control(&emulator, "DELETE", "/_emulator/messages", "")
            .await
            .status,
        200
    );
    assert_eq!(get(&emulator, "/_emulator/messages").await.text(), "[]");
    assert_eq!(
        query_details(&emulator, NUMBER)
            .send(&emulator)
            .await
            .json()["TotalCount"],
        1
    );
    assert_eq!(
        send_sms(&emulator).send(&emulator).await.code(),
        "isv.BUSINESS_LIMIT_CONTROL"
    );
}

#[tokio::test]
async fn l_the_clock_is_set_moved_and_runs_on() {
    let emulator = Emulator::builder()
        .listen("127.0.0.1:0".parse().unwrap())
        .start()
        .await
        .unwrap();
    let now = post(
        &emulator,
        "/_emulator/clock",
        r#"{"now":"2030-01-01T00:00:00+08:00"}"#,
    )
    .await;
    assert!(
        now["now"]
            .as_str()
            .unwrap()
            .starts_with("2029-12-31T16:00:0"),
        "{now}"
    );
    post(&emulator, "/_emulator/clock", r#"{"advance_secs":3600}"#).await;
    let before = emulator.now();
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    assert!(emulator.now() > before && emulator.now().to_string().starts_with("2029-12-31T17:00:"));
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    for body in [
        "{}",
        r#"{"now":"x"}"#,
        r#"{"advance_secs":"60"}"#,
        r#"{"now":"2030-01-01T00:00:00Z","advance_secs":1}"#,
        r#"{"advance_secs":99999999999999}"#,
        r#"{"advance_secs":9223372036854775807}"#,
        r#"{"advance_secs":-9223372036854775808}"#,
        r#"{"now":"9999-12-30T00:00:00Z"}"#,
        r#"{"advance":1}"#,
    ] {
        assert_eq!(
            control(&emulator, "POST", "/_emulator/clock", body)
                .await
                .status,
            400,
            "{body}"
        );
    }
    post(&emulator, "/_emulator/reset", "").await;
    assert!(
        emulator.now().to_string().starts_with("20")
            && !emulator.now().to_string().starts_with("2029-12-31")
    );
}

#[tokio::test]
async fn the_clock_stays_within_its_years() {
    let emulator = start().await;
    for now in [
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "+010000-01-01T00:00:00Z",
    ] {
        let body = format!(r#"{{"now":"{now}"}}"#);
        let answer = control(&emulator, "POST", "/_emulator/clock", &body).await;
        assert_eq!(answer.status, 400, "{now}");
        let json = answer.json();
        assert_eq!(json["field"], "now", "{now}: {json}");
        let cure = json["cure"].as_str().unwrap();
        assert!(cure.contains("1970 to 9998"), "{now}: {json}");
    }
    for now in ["1970-01-01T00:00:00Z", "9998-12-31T23:59:59Z"] {
        emulator.set_now(now.parse().unwrap()).unwrap();
        assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
        query_details(&emulator, NUMBER)
            .send(&emulator)
            .await
            .json();
        emulator.reset();
    }
    emulator
        .set_now("1970-01-01T00:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(emulator.advance_secs(-1).unwrap_err().field, "advance_secs");
}

#[tokio::test]
async fn moving_the_clock_brings_reports() {
    let emulator = start().await;
    send_sms(&emulator).send(&emulator).await;
    post(&emulator, "/_emulator/clock", r#"{"advance_secs":1}"#).await;
    let list = get(&emulator, "/_emulator/messages").await.json();
    assert_eq!(
        (list[0]["status"].as_str(), list[0]["err_code"].as_str()),
        (Some("delivered"), Some("DELIVERED"))
    );
}

#[tokio::test]
async fn reports_are_decided() {
    let emulator = start_with(unlimited()).await;
    let biz_id = send_sms(&emulator)
        .param("OutId", "o")
        .send(&emulator)
        .await
        .json()["BizId"]
        .clone();
    for (body, status, err_code) in [
        (
            r#"{"out_id":"o","status":"failed","err_code":"MK:0001"}"#.to_owned(),
            "failed",
            "MK:0001",
        ),
        (
            r#"{"to":"+8613800138000","status":"delivered"}"#.to_owned(),
            "delivered",
            "DELIVERED",
        ),
        (
            format!(r#"{{"biz_id":{biz_id},"status":"failed"}}"#),
            "failed",
            "UNDELIV",
        ),
    ] {
        post(&emulator, "/_emulator/reports", &body).await;
        let list = get(&emulator, "/_emulator/messages").await.json();
        assert_eq!(
            (list[0]["status"].as_str(), list[0]["err_code"].as_str()),
            (Some(status), Some(err_code))
        );
    }
    post(
        &emulator,
        "/_emulator/reports",
        r#"{"out_id":"o","status":"delivered","delay_secs":60}"#,
    )
    .await;
    assert_eq!(emulator.messages()[0].status, MessageStatus::Failed);
    emulator.advance_secs(60).unwrap();
    assert_eq!(emulator.messages()[0].status, MessageStatus::Delivered);
    for (body, status) in [
        (r#"{"out_id":"x","status":"failed"}"#, 404),
        (r#"{"status":"failed"}"#, 400),
        (r#"{"out_id":"o","to":"1","status":"failed"}"#, 400),
        (r#"{"out_id":"o","status":"lost"}"#, 400),
        (r#"{"out_id":"o"}"#, 400),
        (r#"{"out_id":"o","status":"failed","delay_secs":-1}"#, 400),
        (r#"{"out_id":"o","status":"failed","repeat":1000000}"#, 400),
    ] {
        let answer = control(&emulator, "POST", "/_emulator/reports", body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn l_the_account_is_replaced() {
    let emulator = start().await;
    let account = include_str!("../../../../tests/sdks/account.json");
    post(&emulator, "/_emulator/account", account).await;
    assert_eq!(emulator.account().access_keys.len(), 2);
    post(
        &emulator,
        "/_emulator/account",
        r#"{"access_keys":[{"id":"a","secret":"b"}]}"#,
    )
    .await;
    assert_eq!(send_sms(&emulator).send(&emulator).await.status, 404);
    assert_eq!(
        send_sms(&emulator)
            .key("a", "b")
            .send(&emulator)
            .await
            .code(),
        "OK"
    );
    for (body, field) in [
        (r#"{"balnce":1}"#, "balnce"),
        (r#"{"limits":{"per_minute":"1"}}"#, "limits.per_minute"),
        (r#"{"access_keys":[{"id":"a"}]}"#, "access_keys[0]"),
        (
            r#"{"access_keys":[{"id":"","secret":"b"}]}"#,
            "access_keys[0].id",
        ),
        (
            r#"{"templates":[{"code":"a","content":"b","kind":"x"}]}"#,
            "templates[0].kind",
        ),
        (r#"{"balance":-1}"#, "balance"),
        (r#"{"bound_numbers":["x"]}"#, "bound_numbers[0]"),
    ] {
        let answer = control(&emulator, "POST", "/_emulator/account", body).await;
        assert_eq!(answer.status, 400, "{body}");
        let json = answer.json();
        assert!(
            json["field"].as_str().unwrap().starts_with(field),
            "{body}: {json}"
        );
    }
    let answer = control(
        &emulator,
        "POST",
        "/_emulator/account",
        r#"{"access_keys":[{"id":"a","secret":12345678}]}"#,
    )
    .await;
    assert!(
        answer.status == 400 && !answer.text().contains("12345678"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn l_reset_forgets_all_but_the_account() {
    let emulator = start().await;
    post(
        &emulator,
        "/_emulator/account",
        r#"{"access_keys":[{"id":"a","secret":"b"}]}"#,
    )
    .await;
    let call = send_sms(&emulator).key("a", "b");
    assert_eq!(call.send(&emulator).await.code(), "OK");
    emulator.advance_secs(100).unwrap();
    post(&emulator, "/_emulator/reset", "").await;
    assert_eq!(get(&emulator, "/_emulator/messages").await.text(), "[]");
    assert_eq!(
        get(&emulator, "/_emulator/requests").await.json()["total"],
        0
    );
    assert_eq!(
        call.send(&emulator).await.code(),
        "OK",
        "same nonce, same minute, old time"
    );
    assert_eq!(
        query_details(&emulator, NUMBER)
            .key("a", "b")
            .send(&emulator)
            .await
            .json()["TotalCount"],
        1
    );
}

#[tokio::test]
async fn m_requests_are_counted_and_shown_without_secrets() {
    let emulator = start_with(crate::section_b::temporary()).await;
    let token = "token+of/a==*~";
    for kind in KINDS {
        send_sms(&emulator)
            .kind(kind)
            .key("STS.a", "s1")
            .token(token)
            .send(&emulator)
            .await;
    }
    send_sms(&emulator).key("nobody", "x").send(&emulator).await;
    assert_eq!(
        get(&emulator, "/_emulator/requests").await.json(),
        serde_json::json!({"total": 7})
    );
    let answer = get(&emulator, "/_emulator/requests?latest=50").await;
    let text = answer.text();
    for part in [
        "token+of",
        "token%2Bof",
        "token%252Bof",
        "s1\"",
        "s2\"",
        "testsecret",
    ] {
        assert!(!text.contains(part), "{part}: {text}");
    }
    let list = answer.json()["requests"].clone();
    assert_eq!(list.as_array().unwrap().len(), 7);
    assert_eq!(
        (
            list[0]["code"].as_str(),
            list[0]["string_to_sign"].is_null()
        ),
        (Some("InvalidAccessKeyId.NotFound"), true)
    );
    assert_eq!(
        (list[1]["action"].as_str(), list[1]["http_status"].as_u64()),
        (Some("SendSms"), Some(200))
    );
    assert!(
        list[1]["string_to_sign"]
            .as_str()
            .unwrap()
            .starts_with("ACS3-HMAC-SHA256\n")
    );
    assert!(
        list[6]["canonical"]
            .as_str()
            .unwrap()
            .starts_with("AccessKeyId=STS.a&")
    );
    get(&emulator, "/_emulator/messages").await;
    assert_eq!(emulator.requests_total(), 7, "control is not counted");
}

async fn with_headers(
    emulator: &Emulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> u16 {
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    raw(emulator, &http(method, path, &headers, b"{}"))
        .await
        .status
}

#[tokio::test]
async fn m_other_peoples_pages_are_refused() {
    let emulator = start().await;
    let own = emulator.address().to_string();
    let origin = format!("http://{own}");
    for (host, from, status) in [
        (own.as_str(), None, 200),
        (&own, Some(origin.as_str()), 200),
        ("localhost:1", None, 200),
        ("[::1]:1", None, 200),
        ("127.0.0.1", None, 200),
        ("evil.example", None, 403),
        ("evil.example:8086", Some("http://evil.example:8086"), 403),
        ("127.0.0.1.evil.example", None, 403),
        ("dysmsapi.aliyuncs.com", None, 403),
        ("10.0.0.1", None, 403),
        ("", None, 403),
        (&own, Some("http://evil.example"), 403),
        (&own, Some("null"), 403),
        (&own, Some("https://127.0.0.1"), 403),
    ] {
        let mut headers = vec![("Host", host)];
        headers.extend(from.map(|from| ("Origin", from)));
        for (method, path) in [
            ("GET", "/_emulator/messages"),
            ("GET", "/_emulator/"),
            ("POST", "/_emulator/reset"),
        ] {
            assert_eq!(
                with_headers(&emulator, method, path, &headers).await,
                status,
                "{host} {from:?} {path}"
            );
        }
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let headers = [("Host", own.as_str()), ("Content-Type", kind)];
        for path in ["faults", "clock", "account", "reports", "replies"] {
            assert_eq!(
                with_headers(&emulator, "POST", &format!("/_emulator/{path}"), &headers).await,
                415
            );
        }
    }
    let answer = get(&emulator, "/_emulator/messages").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(
        answer.header("cross-origin-resource-policy"),
        Some("same-origin")
    );
}

#[tokio::test]
async fn m_only_loopback_unless_allowed() {
    let anywhere = || Emulator::builder().listen("0.0.0.0:0".parse().unwrap());
    assert!(matches!(
        anywhere().start().await,
        Err(EmulatorError::NotLoopback(_))
    ));
    let emulator = anywhere()
        .allow_non_loopback(true)
        .host_name("emulator")
        .start()
        .await
        .unwrap();
    let port = emulator.address().port();
    let at = |host: &str| vec![("Host".to_owned(), host.to_owned())];
    for (host, status) in [
        ("emulator:8086", 200),
        ("192.0.2.1:8086", 200),
        ("evil.example", 403),
    ] {
        let bytes = http("GET", "/_emulator/clock", &at(host), b"");
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .unwrap();
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(
            read_answer(&mut stream).await.unwrap().status,
            status,
            "{host}"
        );
    }
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let emulator = start().await;
    assert_eq!(get(&emulator, "/_emulator/nothing").await.status, 404);
    assert_eq!(
        control(&emulator, "PUT", "/_emulator/messages", "")
            .await
            .status,
        405
    );
    assert_eq!(get(&emulator, "/_emulator").await.status, 308);
    let huge = format!(r#"{{"now":"{}"}}"#, "x".repeat(5 * 1024 * 1024));
    for path in ["clock", "account"] {
        let answer = control(&emulator, "POST", &format!("/_emulator/{path}"), &huge).await;
        assert_eq!(answer.status, 413);
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn events_stream_messages_and_what_becomes_of_them() {
    let emulator = start_with(unlimited()).await;
    let mut stream = tokio::net::TcpStream::connect(emulator.address())
        .await
        .unwrap();
    let host = format!(
        "GET /_emulator/events HTTP/1.1\r\nHost: {}\r\n\r\n",
        emulator.address()
    );
    stream.write_all(host.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let until = async |stream: &mut tokio::net::TcpStream, read: &mut Vec<u8>, what: &str| {
        let found = |read: &[u8]| String::from_utf8_lossy(read).contains(what);
        while !found(read) {
            let more =
                tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_buf(read))
                    .await;
            assert!(more.unwrap().unwrap() > 0);
        }
    };
    until(&mut stream, &mut read, "retry: 1000").await;
    assert!(String::from_utf8_lossy(&read).contains("content-type: text/event-stream"));
    send_sms(&emulator)
        .param("OutId", "line\nbreak")
        .send(&emulator)
        .await;
    until(
        &mut stream,
        &mut read,
        "event: message\ndata: {\"to\":\"+8613800138000\"",
    )
    .await;
    emulator.advance_secs(1).unwrap();
    until(&mut stream, &mut read, "event: status\ndata: ").await;
    until(&mut stream, &mut read, "\"status\":\"delivered\"").await;
    control(&emulator, "DELETE", "/_emulator/messages", "").await;
    until(&mut stream, &mut read, "event: cleared").await;
    // Nobody waits for a listener that does not read.
    for _ in 0..3000 {
        send_sms(&emulator).send(&emulator).await;
    }
    assert_eq!(emulator.messages().len(), 3000);
    emulator.shutdown().await;
}

#[tokio::test]
async fn ends_when_it_is_told_to() {
    let emulator = start().await;
    let address = emulator.address();
    let mut idle = tokio::net::TcpStream::connect(address).await.unwrap();
    send_sms(&emulator).send(&emulator).await;
    emulator.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(
        std::time::Duration::from_secs(5),
        idle.read_to_end(&mut rest),
    )
    .await;
    assert!(ended.is_ok());
    let emulator = start().await;
    let address = emulator.address();
    drop(emulator);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn only_so_many_messages_are_kept() {
    let emulator = builder()
        .account(unlimited())
        .keep_messages(3)
        .start()
        .await
        .unwrap();
    for at in 0..5 {
        send_sms(&emulator)
            .param("OutId", &at.to_string())
            .send(&emulator)
            .await;
    }
    let kept: Vec<_> = emulator
        .messages()
        .into_iter()
        .filter_map(|message| message.out_id)
        .collect();
    assert_eq!(kept, ["4", "3", "2"]);
    emulator.advance_secs(1).unwrap();
    assert!(
        emulator
            .messages()
            .iter()
            .all(|message| message.status == MessageStatus::Delivered)
    );
}
