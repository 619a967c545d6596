//! A: transport.

use sesame_emulator::Account;

use crate::support::*;

#[tokio::test]
async fn a1_serves_get_and_post_only() {
    let emulator = start_with(unlimited()).await;
    for kind in KINDS {
        assert_eq!(
            send_sms(&emulator).kind(kind).send(&emulator).await.code(),
            "OK",
            "{kind:?}"
        );
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let headers = [("Host".to_owned(), "h".to_owned())];
        let answer = raw(&emulator, &http(method, "/", &headers, b"")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "UnsupportedHTTPMethod")
        );
    }
}

#[tokio::test]
async fn a2_merges_query_and_form() {
    let emulator = start().await;
    let bytes = String::from_utf8(send_sms(&emulator).bytes()).unwrap();
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    let pairs: Vec<&str> = body.split('&').collect();
    let (query, form) = pairs.split_at(5);
    let form = form.join("&");
    let head = head.replace("POST / ", &format!("POST /?{} ", query.join("&")));
    let head = head.replace(
        &format!("Content-Length: {}", body.len()),
        &format!("Content-Length: {}", form.len()),
    );
    let answer = raw(&emulator, format!("{head}\r\n\r\n{form}").as_bytes()).await;
    assert_eq!(answer.code(), "OK");
}

#[tokio::test]
async fn a3_decodes_forms() {
    let emulator = start().await;
    let call = send_sms(&emulator)
        .param("OutId", "a b+c 阿")
        .param("Empty", "");
    let bytes = String::from_utf8(call.bytes()).unwrap();
    let changed = bytes
        .replace("a%20b%2Bc%20", "a+b%2bc+")
        .replace("Empty=&", "Empty&");
    let shorter = bytes.len() - changed.len();
    let (_, body) = bytes.split_once("\r\n\r\n").unwrap();
    let changed = changed.replace(
        &format!("Content-Length: {}", body.len()),
        &format!("Content-Length: {}", body.len() - shorter),
    );
    assert_eq!(raw(&emulator, changed.as_bytes()).await.code(), "OK");
    assert_eq!(emulator.messages()[0].out_id.as_deref(), Some("a b+c 阿"));
}

#[tokio::test]
async fn a4_takes_action_and_version_from_parameters_or_headers() {
    let emulator = start_with(unlimited()).await;
    let call = send_sms(&emulator)
        .header("x-acs-action", "SendSms")
        .header("x-acs-version", "2017-05-25");
    assert_eq!(call.send(&emulator).await.code(), "OK");
    let headers_only = send_sms(&emulator)
        .common("Action", None)
        .common("Version", None)
        .header("X-Acs-Action", "SendSms")
        .header("X-Acs-Version", "2017-05-25");
    assert_eq!(headers_only.send(&emulator).await.code(), "OK");
}

#[tokio::test]
async fn a5_serves_tls() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (cert_file, key_file) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&cert_file, key.cert.pem()).unwrap();
    std::fs::write(&key_file, key.signing_key.serialize_pem()).unwrap();
    let emulator = builder()
        .tls_pem(&cert_file, &key_file)
        .start()
        .await
        .unwrap();
    assert!(emulator.url().starts_with("https://127.0.0.1:"));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(key.cert.der().clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let stream = tokio::net::TcpStream::connect(emulator.address())
        .await
        .unwrap();
    let mut stream = tls
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let request = send_sms(&emulator).header("Connection", "close").bytes();
    stream.write_all(&request).await.unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");

    let wrong = builder().tls_pem(&key_file, &cert_file).start().await;
    assert!(wrong.is_err());
}

#[tokio::test]
async fn a6_verifies_the_host_as_received() {
    let emulator = start_with(unlimited()).await;
    for host in ["127.0.0.1:8086", "dysmsapi.aliyuncs.com", "localhost"] {
        for kind in [Kind::Acs3Query, Kind::V1Form] {
            let mut call = send_sms(&emulator).kind(kind);
            call.host = host.to_owned();
            assert_eq!(call.send(&emulator).await.code(), "OK", "{host}");
        }
    }
}

#[tokio::test]
async fn a7_keeps_unknown_parameters_in_the_signature() {
    let emulator = start_with(unlimited()).await;
    for kind in KINDS {
        let call = send_sms(&emulator)
            .kind(kind)
            .param("RegionId", "cn-hangzhou")
            .param("SignatureType", "")
            .param("OwnerId", "7")
            .param("Unheard.Of.1", "阿 *~");
        assert_eq!(call.send(&emulator).await.code(), "OK", "{kind:?}");
    }
}

#[tokio::test]
async fn a8_header_names_have_no_case_and_values_are_trimmed() {
    let emulator = start().await;
    let bytes = String::from_utf8(send_sms(&emulator).kind(Kind::Acs3Form).bytes()).unwrap();
    let changed = bytes
        .replace("x-acs-date: ", "X-ACS-Date:    ")
        .replace("host: ", "HOST:\t");
    assert_eq!(raw(&emulator, changed.as_bytes()).await.code(), "OK");
}

#[tokio::test]
async fn a9_every_answer_has_the_headers_and_a_request_id() {
    let emulator = start().await;
    let mut ids = std::collections::HashSet::new();
    for call in [
        send_sms(&emulator),
        send_sms(&emulator),
        send_sms(&emulator).key("nobody", "x"),
    ] {
        let answer = call.send(&emulator).await;
        assert_eq!(
            answer.header("content-type"),
            Some("application/json;charset=utf-8")
        );
        assert_eq!(answer.header("date"), Some("Wed, 04 Mar 2026 05:06:07 GMT"));
        let id = answer.json()["RequestId"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("x-acs-request-id"), Some(id.as_str()));
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(
            id.chars()
                .all(|c| c == '-' || c.is_ascii_digit() || c.is_ascii_uppercase())
        );
        assert!(ids.insert(id));
    }
}

#[tokio::test]
async fn a10_answers_in_xml_when_asked() {
    let emulator = start().await;
    let xml = |call: Call| call.common("Format", Some("XML"));
    let answer = xml(send_sms(&emulator)).send(&emulator).await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/xml;charset=utf-8")
    );
    let text = answer.text();
    assert!(
        text.starts_with("<?xml version='1.0' encoding='UTF-8'?><SendSmsResponse><"),
        "{text}"
    );
    assert!(
        text.ends_with("</SendSmsResponse>") && text.contains("<Code>OK</Code>"),
        "{text}"
    );

    let limited = xml(send_sms(&emulator)).send(&emulator).await.text();
    assert!(limited.contains("<SendSmsResponse>") && limited.contains("触发分钟级流控Permits:1"));

    let answer = xml(send_sms(&emulator).key("testid", "a&b<c>"))
        .send(&emulator)
        .await;
    let text = answer.text();
    assert_eq!(answer.status, 400);
    assert!(
        text.contains("<Error><RequestId>") && text.contains("<HostId>"),
        "{text}"
    );
    assert!(
        text.contains("server string to sign is:POST&amp;%2F&amp;"),
        "{text}"
    );

    let details = xml(query_details(&emulator, NUMBER))
        .send(&emulator)
        .await
        .text();
    assert!(
        details.contains("<SmsSendDetailDTOs><SmsSendDetailDTO><"),
        "{details}"
    );

    let answer = send_sms(&emulator)
        .common("Format", None)
        .send(&emulator)
        .await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/json;charset=utf-8")
    );
    let answer = send_sms(&emulator)
        .common("Format", Some("yaml"))
        .send(&emulator)
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "InvalidParameter.Format")
    );
}

#[tokio::test]
async fn a11_what_is_too_large_is_refused_cleanly() {
    let emulator = start().await;
    let large = "x".repeat(9 * 1024 * 1024);
    let answer = send_sms(&emulator)
        .param("OutId", &large)
        .send(&emulator)
        .await;
    assert_eq!(answer.status, 413);
    assert!(!answer.code().is_empty());
    let answer = send_sms(&emulator)
        .header("x-large", &"x".repeat(100_000))
        .send(&emulator)
        .await;
    assert_eq!(answer.status, 431);
    assert!(!answer.code().is_empty());
    let mut many = send_sms(&emulator);
    for at in 0..500 {
        many = many.header(&format!("x-many-{at}"), "1");
    }
    let answer = many.send(&emulator).await;
    assert_eq!(answer.status, 431);
    assert!(!answer.code().is_empty());
    assert_eq!(emulator.messages(), []);
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
}

#[tokio::test]
async fn a12_takes_a_json_body_with_acs3() {
    let emulator = start().await;
    assert_eq!(
        send_sms(&emulator)
            .kind(Kind::Acs3Json)
            .send(&emulator)
            .await
            .code(),
        "OK"
    );
    assert_eq!(emulator.messages()[0].to, "+8613800138000");
}

#[tokio::test]
async fn another_path_is_not_found() {
    let emulator = start_with(Account::default()).await;
    let headers = [("Host".to_owned(), "h".to_owned())];
    for path in ["/api", "/_emulatorx", "//"] {
        let answer = raw(&emulator, &http("GET", path, &headers, b"")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "InvalidAction.NotFound"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_kept_connection_serves_many_requests() {
    use tokio::io::AsyncWriteExt as _;
    let emulator = start_with(unlimited()).await;
    let mut stream = tokio::net::TcpStream::connect(emulator.address())
        .await
        .unwrap();
    for _ in 0..50 {
        stream
            .write_all(&send_sms(&emulator).bytes())
            .await
            .unwrap();
        assert_eq!(read_answer(&mut stream).await.unwrap().code(), "OK");
    }
    assert_eq!(emulator.messages().len(), 50);
    assert_eq!(emulator.requests_total(), 50);
}

#[tokio::test]
async fn a12_null_is_absent_and_what_is_no_json_object_is_refused() {
    let emulator = start_with(unlimited()).await;
    for (body, code) in [
        (
            r#"{"PhoneNumbers":null,"SignName":"x","TemplateCode":"x"}"#,
            "MissingPhoneNumbers",
        ),
        (r#"{"PhoneNumbers":}"#, "InvalidParameter"),
        ("[]", "InvalidParameter"),
        ("null", "InvalidParameter"),
        ("PhoneNumbers=13800138000", "InvalidParameter"),
        ("", "MissingPhoneNumbers"),
    ] {
        let mut call = send_sms(&emulator).kind(Kind::Acs3Json);
        call.body = Some(body.to_owned());
        let answer = call.send(&emulator).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{body}"
        );
        let answer = call
            .nonce("other")
            .key("testid", "wrong")
            .send(&emulator)
            .await;
        assert_eq!(answer.code(), "SignatureDoesNotMatch", "{body}");
    }
}
