//! C: signature V3.

use sesame_emulator::Account;

use crate::support::*;

const V3: [Kind; 3] = [Kind::Acs3Query, Kind::Acs3Form, Kind::Acs3Json];

async fn with(
    emulator: &sesame_emulator::Emulator,
    kind: Kind,
    change: impl Fn(&str) -> String,
) -> Answer {
    let bytes = String::from_utf8(send_sms(emulator).kind(kind).bytes()).unwrap();
    let changed = change(&bytes);
    assert_ne!(bytes, changed);
    raw(emulator, changed.as_bytes()).await
}

#[tokio::test]
async fn c2_goes_by_the_signed_headers() {
    let emulator = start_with(unlimited()).await;
    let call = |kind| {
        send_sms(&emulator)
            .kind(kind)
            .header("accept", "application/json")
            .header("user-agent", "x y")
    };
    for kind in V3 {
        assert_eq!(call(kind).send(&emulator).await.code(), "OK");
        let bytes = String::from_utf8(call(kind).bytes()).unwrap();
        let answer = raw(&emulator, bytes.replace("x y", "x z").as_bytes()).await;
        assert_eq!(answer.code(), "SignatureDoesNotMatch");
        // Not signed, so free to come.
        let answer = with(&emulator, kind, |b| {
            b.replace("\r\nhost:", "\r\naccept: a\r\nx-other: b\r\nhost:")
        })
        .await;
        assert_eq!(answer.code(), "OK");
    }
}

#[tokio::test]
async fn c3_host_may_go_unsigned_where_the_account_says_so() {
    for (require_signed_host, expected) in [
        (true, "IncompleteSignature"),
        (false, "SignatureDoesNotMatch"),
    ] {
        let account = Account {
            require_signed_host,
            ..unlimited()
        };
        let emulator = start_with(account).await;
        // The list is shorter than what was signed, so the signature is wrong
        // once the list itself is let through.
        let answer = with(&emulator, Kind::Acs3Form, |b| b.replacen("host;", "", 1)).await;
        assert_eq!(answer.code(), expected);
    }
}

#[tokio::test]
async fn c3_refuses_headers_that_must_be_signed_and_are_not() {
    let emulator = start().await;
    for header in ["x-acs-extra: 1", "X-Acs-Extra: 1"] {
        let answer = with(&emulator, Kind::Acs3Form, |b| {
            b.replace("\r\nhost:", &format!("\r\n{header}\r\nhost:"))
        })
        .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "IncompleteSignature")
        );
    }
    for name in ["content-type;", "host;", "x-acs-date;"] {
        let answer = with(&emulator, Kind::Acs3Form, |b| b.replacen(name, "", 1)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "IncompleteSignature"),
            "{name}"
        );
    }
    let answer = with(&emulator, Kind::Acs3Query, |b| {
        b.replace("\r\nhost:", "\r\ncontent-type: text/plain\r\nhost:")
    })
    .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "IncompleteSignature")
    );
}

#[tokio::test]
async fn c4_the_hash_must_be_the_bodys() {
    let emulator = start().await;
    let answer = with(&emulator, Kind::Acs3Form, |b| {
        b.replace("13800138000", "13800138001")
    })
    .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "SignatureDoesNotMatch")
    );
    // The header wrong and signed, everything else right.
    let call = send_sms(&emulator).kind(Kind::Acs3Query);
    let bytes = String::from_utf8(call.bytes()).unwrap();
    let wrong = bytes.replace("x-acs-content-sha256: e3b0", "x-acs-content-sha256: e3b1");
    assert_eq!(
        raw(&emulator, wrong.as_bytes()).await.code(),
        "SignatureDoesNotMatch"
    );
}

#[tokio::test]
async fn c5_a_wrong_secret_gives_every_stage() {
    let emulator = start().await;
    for kind in V3 {
        let answer = send_sms(&emulator)
            .kind(kind)
            .key("testid", "wrong")
            .send(&emulator)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "SignatureDoesNotMatch")
        );
        let message = answer.message();
        assert!(message.starts_with(
            "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n"
        ), "{message}");
        assert!(
            message.contains("] server CanonicalRequest is [POST\n/\n"),
            "{message}"
        );
        assert!(message.ends_with(']'));
    }
}

#[tokio::test]
async fn c6_repeated_headers_are_sorted_and_joined() {
    let emulator = start().await;
    let call = send_sms(&emulator)
        .kind(Kind::Acs3Form)
        .header("x-acs-many", "b")
        .header("X-Acs-Many", " a ")
        .header("x-acs-many", "c");
    assert_eq!(call.send(&emulator).await.code(), "OK");
}

#[tokio::test]
async fn c7_the_key_of_the_header_is_the_key_of_the_credential() {
    let emulator = start_with(crate::section_b::temporary()).await;
    for kind in V3 {
        for (ids, code) in [
            (&["STS.a"][..], "OK"),
            (&["STS.b"], "IncompleteSignature"),
            (&["sts.a"], "IncompleteSignature"),
            (&[""], "IncompleteSignature"),
            (&["STS.a", "STS.b"], "IncompleteSignature"),
        ] {
            let call = send_sms(&emulator)
                .kind(kind)
                .key("STS.a", "s1")
                .token("token+of/a==*~");
            let call = ids
                .iter()
                .fold(call, |call, id| call.header("x-acs-accesskey-id", id));
            assert_eq!(call.send(&emulator).await.code(), code, "{kind:?} {ids:?}");
        }
    }
}

#[tokio::test]
async fn a_signed_header_that_did_not_come_is_a_mismatch() {
    let emulator = start_with(unlimited()).await;
    for kind in V3 {
        for (from, to) in [
            ("SignedHeaders=", "SignedHeaders=accept;"),
            (",Signature=", ";x-acs-gone,Signature="),
        ] {
            let answer = with(&emulator, kind, |b| b.replacen(from, to, 1)).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "SignatureDoesNotMatch"),
                "{to}"
            );
        }
    }
    assert_eq!(emulator.messages(), []);
}

#[tokio::test]
async fn c8_a_malformed_authorization_is_incomplete() {
    let emulator = start().await;
    for value in [
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 Credential=testid",
        "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host",
        "Bearer abc",
        "ACS3-HMAC-SM3 Credential=testid,SignedHeaders=host,Signature=00",
        "",
    ] {
        let headers = [
            ("host".to_owned(), "h".to_owned()),
            ("Authorization".to_owned(), value.to_owned()),
        ];
        let answer = raw(&emulator, &http("POST", "/", &headers, b"")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "IncompleteSignature"),
            "{value}"
        );
        assert_eq!(
            answer.message(),
            "The request signature does not conform to Aliyun standards."
        );
    }
}

#[tokio::test]
async fn c9_nobody_calling_misses_the_key() {
    let emulator = start().await;
    let headers = [("host".to_owned(), "h".to_owned())];
    let nobody = raw(&emulator, &http("POST", "/?Action=SendSms", &headers, b"")).await;
    let empty = send_sms(&emulator)
        .kind(Kind::Acs3Form)
        .key("", "x")
        .send(&emulator)
        .await;
    let empty_v1 = send_sms(&emulator).key("", "x").send(&emulator).await;
    for answer in [nobody, empty, empty_v1] {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "MissingAccessKeyId")
        );
        assert_eq!(
            answer.message(),
            "AccessKeyId is mandatory for this action."
        );
        assert!(answer.json()["HostId"].is_string() && answer.json()["Recommend"].is_string());
    }
}

#[tokio::test]
async fn c10_other_ways_to_write_the_query_verify() {
    let emulator = start_with(unlimited()).await;
    for (plain, written) in [
        ("%2A", "*"),
        ("%21", "!"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%20", "+"),
    ] {
        let call = send_sms(&emulator)
            .kind(Kind::Acs3Query)
            .param("OutId", "*!'() ~");
        let bytes = String::from_utf8(call.bytes()).unwrap();
        let (line, rest) = bytes.split_once(" HTTP/1.1").unwrap();
        let answer = raw(
            &emulator,
            format!("{} HTTP/1.1{rest}", line.replace(plain, written)).as_bytes(),
        )
        .await;
        assert_eq!(answer.code(), "OK", "{written}");
    }
}

#[tokio::test]
async fn c11_signatures_are_lower_case() {
    let emulator = start().await;
    let answer = with(&emulator, Kind::Acs3Query, |b| {
        let at = b.find("Signature=").unwrap() + 10;
        format!(
            "{}{}{}",
            &b[..at],
            b[at..at + 64].to_uppercase(),
            &b[at + 64..]
        )
    })
    .await;
    assert_eq!(answer.code(), "SignatureDoesNotMatch");
}
