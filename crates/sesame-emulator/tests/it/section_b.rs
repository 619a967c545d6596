//! B: signature V1.

use aliyun_sms::sign::rpc_v1;
use sesame_emulator::{AccessKey, Account, Secret};

use crate::support::*;

const V1: [Kind; 3] = [Kind::V1Form, Kind::V1Query, Kind::V1Get];

#[tokio::test]
async fn b2_the_documented_request_authenticates() {
    // `v1-sms-send` of the vectors Aliyun published.
    let params = [
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("AccessKeyId", "testId"),
        ("Action", "SendSms"),
        ("Format", "JSON"),
        ("OutId", "123"),
        ("PhoneNumbers", "15300000001"),
        ("RegionId", "cn-hangzhou"),
        ("SignName", "阿里云短信测试专用"),
        ("SignatureNonce", "45e25e9b-0a6f-4070-8c85-2956eda1b466"),
        ("TemplateCode", "SMS_71390007"),
        ("TemplateParam", "{\"customer\":\"test\"}"),
        ("Timestamp", "2017-07-12T02:42:19Z"),
        ("Version", "2017-05-25"),
    ];
    let mut params: Vec<(String, String)> = params
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    params[4].1 = "XML".to_owned();
    params.push((
        "Signature".to_owned(),
        "zJDF+Lrzhj/ThnlvIToysFRq6t4=".to_owned(),
    ));
    let account = Account {
        access_keys: vec![AccessKey::new("testId", "testSecret")],
        ..Account::default()
    };
    let emulator = start_with(account).await;
    emulator
        .set_now("2017-07-12T02:42:19Z".parse().unwrap())
        .unwrap();
    let headers = [("Host".to_owned(), "dysmsapi.aliyuncs.com".to_owned())];
    let answer = raw(
        &emulator,
        &http("GET", &format!("/?{}", encode(&params)), &headers, b""),
    )
    .await;
    assert!(
        answer.text().contains("isv.SMS_SIGNATURE_ILLEGAL"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn b4_a_wrong_secret_gives_the_servers_string_to_sign() {
    let emulator = start().await;
    for kind in V1 {
        let call = send_sms(&emulator).kind(kind).key("testid", "wrong");
        let answer = call.send(&emulator).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "SignatureDoesNotMatch")
        );
        let message = answer.message();
        let (start, to_sign) = message.split_once(':').unwrap();
        assert_eq!(
            start,
            "Specified signature is not matched with our calculation. server string to sign is"
        );
        let method = if kind == Kind::V1Get { "GET" } else { "POST" };
        assert!(to_sign.starts_with(&format!(
            "{method}&%2F&AccessKeyId%3Dtestid%26Action%3DSendSms"
        )));
        assert!(!to_sign.contains(':'), "nothing after it");
    }
}

#[tokio::test]
async fn b5_the_string_to_sign_is_the_clients_own() {
    let emulator = start().await;
    let call = send_sms(&emulator).key("testid", "wrong");
    let message = call.send(&emulator).await.message();
    let theirs = message.split_once(':').unwrap().1;
    let body = String::from_utf8(call.bytes()).unwrap();
    let form =
        aliyun_sms::sign::received::decode_form(body.split_once("\r\n\r\n").unwrap().1.as_bytes());
    let ours = rpc_v1::string_to_sign("POST", &rpc_v1::canonical_query(&form));
    assert_eq!(theirs, ours);
}

#[tokio::test]
async fn b6_other_methods_and_versions_are_refused() {
    let emulator = start().await;
    for (name, value, code) in [
        (
            "SignatureMethod",
            Some("HMAC-SHA256"),
            "InvalidSignatureMethod",
        ),
        (
            "SignatureMethod",
            Some("hmac-sha1"),
            "InvalidSignatureMethod",
        ),
        ("SignatureMethod", None, "IncompleteSignature"),
        ("SignatureVersion", Some("2.0"), "InvalidSignatureVersion"),
        ("SignatureVersion", None, "IncompleteSignature"),
        ("SignatureNonce", None, "IncompleteSignature"),
        ("SignatureNonce", Some(""), "IncompleteSignature"),
        ("Timestamp", None, "IncompleteSignature"),
    ] {
        let answer = send_sms(&emulator)
            .common(name, value)
            .send(&emulator)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{name} {value:?}"
        );
    }
    assert_eq!(emulator.messages(), []);
}

#[tokio::test]
async fn b7_milliseconds_are_accepted() {
    let emulator = start().await;
    let answer = send_sms(&emulator)
        .time("2026-03-04T05:06:07.678Z")
        .send(&emulator)
        .await;
    assert_eq!(answer.code(), "OK");
}

#[tokio::test]
async fn b8_other_ways_to_write_the_same_verify() {
    let emulator = start_with(unlimited()).await;
    for (plain, written) in [
        ("%2A", "*"),
        ("~", "%7E"),
        ("%20", "+"),
        ("%28", "("),
        ("%7B", "%7b"),
    ] {
        let call = send_sms(&emulator).param("OutId", "a* b~(c)");
        let bytes = String::from_utf8(call.bytes()).unwrap();
        let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
        let changed = body.replace(plain, written);
        assert_ne!(body, changed);
        let head = head.replace(
            &format!("Content-Length: {}", body.len()),
            &format!("Content-Length: {}", changed.len()),
        );
        let answer = raw(&emulator, format!("{head}\r\n\r\n{changed}").as_bytes()).await;
        assert_eq!(answer.code(), "OK", "{written}");
    }
}

pub(crate) fn temporary() -> Account {
    let mut own = AccessKey::new("STS.a", "s1");
    own.security_token = Some(Secret::new("token+of/a==*~"));
    own.expires_at = Some("2026-03-04T06:00:00Z".parse().unwrap());
    let mut other = AccessKey::new("STS.b", "s2");
    other.security_token = Some(Secret::new("token-of-b"));
    Account {
        access_keys: vec![own, other, AccessKey::new("testid", "testsecret")],
        ..unlimited()
    }
}

#[tokio::test]
async fn b9_c7_temporary_keys_need_their_own_living_token() {
    let emulator = start_with(temporary()).await;
    for kind in KINDS {
        let call = || send_sms(&emulator).kind(kind).key("STS.a", "s1");
        let token = "token+of/a==*~";
        assert_eq!(
            call().token(token).send(&emulator).await.code(),
            "OK",
            "{kind:?}"
        );
        for (call, code) in [
            (call(), "MissingSecurityToken"),
            (call().token("made-up"), "InvalidSecurityToken.Malformed"),
            (
                call().token("token-of-b"),
                "InvalidSecurityToken.MismatchWithAccessKey",
            ),
            (
                send_sms(&emulator).kind(kind).token("token-of-b"),
                "InvalidSecurityToken.MismatchWithAccessKey",
            ),
            (
                call().token(token).key("STS.a", "wrong"),
                "SignatureDoesNotMatch",
            ),
        ] {
            let answer = call.send(&emulator).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, code),
                "{kind:?}"
            );
        }
    }
    emulator.advance_secs(3600).unwrap();
    let answer = send_sms(&emulator)
        .key("STS.a", "s1")
        .token("token+of/a==*~")
        .send(&emulator)
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "InvalidSecurityToken.Expired")
    );
}
