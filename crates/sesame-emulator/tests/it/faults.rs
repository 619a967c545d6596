//! Misbehaving on request.

use std::time::{Duration, Instant};

use serde_json::json;
use sesame_emulator::{Fault, FaultOrder};

use crate::support::*;

async fn order(emulator: &sesame_emulator::Emulator, body: serde_json::Value) {
    post(emulator, "/_emulator/faults", &body.to_string()).await;
}

#[tokio::test]
async fn l_timeout_never_answers_and_accepts_nothing() {
    let emulator = start().await;
    order(&emulator, json!({"action": "SendSms", "fault": "timeout"})).await;
    let call = send_sms(&emulator);
    let waited = tokio::time::timeout(Duration::from_millis(300), call.try_send(&emulator)).await;
    assert!(waited.is_err());
    assert_eq!(emulator.messages(), []);
    assert_eq!(emulator.requests_total(), 1);
    assert_eq!(
        call.send(&emulator).await.code(),
        "OK",
        "used up, and the nonce not burnt"
    );
}

#[tokio::test]
async fn l_reset_accepts_nothing_and_reset_after_accept_does() {
    let emulator = start_with(unlimited()).await;
    for kind in KINDS {
        emulator.reset();
        order(&emulator, json!({"action": "SendSms", "fault": "reset"})).await;
        let error = send_sms(&emulator)
            .kind(kind)
            .try_send(&emulator)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(emulator.messages(), []);
        order(
            &emulator,
            json!({"action": "SendSms", "fault": "reset_after_accept"}),
        )
        .await;
        let error = send_sms(&emulator)
            .kind(kind)
            .try_send(&emulator)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(emulator.messages().len(), 1);
        assert_eq!(emulator.requests_total(), 2);
    }
}

#[tokio::test]
async fn reset_after_accept_checks_everything_first() {
    let emulator = start().await;
    order(
        &emulator,
        json!({"action": "SendSms", "fault": "reset_after_accept"}),
    )
    .await;
    let call = send_sms(&emulator).key("testid", "wrong");
    assert!(call.try_send(&emulator).await.is_err());
    assert_eq!(emulator.messages(), []);
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "how late an answer is, is a matter of real time"
)]
async fn l_slow_accepts_at_once_and_answers_late() {
    let emulator = std::sync::Arc::new(start().await);
    order(
        &emulator,
        json!({"action": "SendSms", "fault": "slow", "delay_ms": 300}),
    )
    .await;
    let (call, there) = (send_sms(&emulator), emulator.clone());
    let started = Instant::now();
    let answer = tokio::spawn(async move { call.send(&there).await.code() });
    eventually("accepted", || emulator.messages().len() == 1).await;
    assert!(started.elapsed() < Duration::from_millis(250));
    assert_eq!(answer.await.unwrap(), "OK");
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn l_html_and_garbage() {
    let emulator = start().await;
    order(
        &emulator,
        json!({"action": "SendSms", "fault": "http_502_html"}),
    )
    .await;
    order(&emulator, json!({"action": "SendSms", "fault": "garbage"})).await;
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (502, Some("text/html"))
    );
    assert!(answer.text().starts_with("<html>"));
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    assert_eq!(emulator.messages(), []);
}

#[tokio::test]
async fn l_codes_come_in_the_body_of_their_status() {
    let emulator = start().await;
    let codes = json!([
        {"code": "isv.BUSINESS_LIMIT_CONTROL", "http_status": 200},
        {"code": "Throttling.User", "headers": {"x-acs-retry-after": "1500"}, "http_status": 429},
        {"code": "ServiceUnavailable"},
        {"code": "InternalError", "message": "own words"},
        {"code": "isv.NEVER_HEARD_OF"},
    ]);
    for fault in codes.as_array().unwrap() {
        order(&emulator, json!({"action": "*", "fault": fault})).await;
    }
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.message().as_str()),
        (200, "触发分钟级流控Permits:1")
    );
    assert!(answer.json().get("HostId").is_none());
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.header("x-acs-retry-after")),
        (429, Some("1500"))
    );
    assert!(answer.json()["HostId"].is_string() && answer.json()["Recommend"].is_string());
    let answer = query_details(&emulator, NUMBER).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "ServiceUnavailable")
    );
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.message().as_str()),
        (500, "own words")
    );
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.message().as_str()),
        (200, "isv.NEVER_HEARD_OF")
    );
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
}

/// Alibaba's Python core dies of such a message where it has no colon.
#[tokio::test]
async fn b5_a_signature_fault_has_the_words_of_a_real_refusal() {
    let emulator = start().await;
    for kind in KINDS {
        let call = send_sms(&emulator).kind(kind).key("testid", "wrong");
        let real = call.send(&emulator).await.message();
        order(
            &emulator,
            json!({"fault": {"code": "SignatureDoesNotMatch"}}),
        )
        .await;
        let answer = call.send(&emulator).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "SignatureDoesNotMatch")
        );
        assert_eq!(answer.message(), real, "{kind:?}");
    }
    for authorization in [None, Some("Bearer abc")] {
        order(
            &emulator,
            json!({"fault": {"code": "SignatureDoesNotMatch"}}),
        )
        .await;
        let mut headers = vec![("host".to_owned(), "h".to_owned())];
        headers.extend(authorization.map(|value| ("Authorization".to_owned(), value.to_owned())));
        let answer = raw(&emulator, &http("GET", "/?Action=SendSms", &headers, b"")).await;
        assert_eq!(
            answer.message(),
            "Specified signature is not matched with our calculation. \
             server string to sign is:GET&%2F&Action%3DSendSms"
        );
    }
    let fault = json!({"code": "SignatureDoesNotMatch", "message": "own words"});
    order(&emulator, json!({"fault": fault})).await;
    assert_eq!(
        send_sms(&emulator).send(&emulator).await.message(),
        "own words"
    );
}

/// What Alibaba's SDKs were recorded with can be given as it stands.
#[tokio::test]
async fn d11_every_recorded_answer_can_be_given() {
    let emulator = start().await;
    let file = include_str!("../../../../tests/sdks/sdk-error-behaviour.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    for recorded in file["answers"].as_array().unwrap() {
        let headers: serde_json::Map<String, serde_json::Value> = recorded["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()))
            .collect();
        let fault = json!({"http_status": recorded["status"], "headers": headers, "body": recorded["body"]});
        order(&emulator, json!({"action": "SendSms", "fault": fault})).await;
        let answer = send_sms(&emulator).send(&emulator).await;
        assert_eq!(answer.status, recorded["status"].as_u64().unwrap() as u16);
        assert_eq!(answer.text(), recorded["body"].as_str().unwrap());
        for (name, value) in headers {
            assert_eq!(answer.header(&name), value.as_str());
        }
    }
}

#[tokio::test]
async fn queues_are_per_action_used_in_order_and_cleared() {
    let emulator = start_with(unlimited()).await;
    emulator
        .fault(FaultOrder::new(
            "SendSms",
            2,
            Fault::code("isp.SYSTEM_ERROR"),
        ))
        .unwrap();
    emulator
        .fault(FaultOrder::new("SendSms", 1, Fault::Garbage))
        .unwrap();
    assert_eq!(
        query_details(&emulator, NUMBER)
            .send(&emulator)
            .await
            .code(),
        "OK"
    );
    assert_eq!(
        send_sms(&emulator).send(&emulator).await.code(),
        "isp.SYSTEM_ERROR"
    );
    assert_eq!(
        send_sms(&emulator)
            .kind(Kind::Acs3Form)
            .send(&emulator)
            .await
            .code(),
        "isp.SYSTEM_ERROR"
    );
    assert_eq!(send_sms(&emulator).send(&emulator).await.text(), "oops");
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    order(
        &emulator,
        json!({"action": "SendSms", "times": 3, "fault": "garbage"}),
    )
    .await;
    order(&emulator, json!({"action": "SendSms", "times": 0})).await;
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    order(
        &emulator,
        json!({"action": "SendSms", "times": 3, "fault": "garbage"}),
    )
    .await;
    post(&emulator, "/_emulator/reset", "").await;
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
}

#[tokio::test]
async fn a_fault_in_xml() {
    let emulator = start().await;
    emulator
        .fault(FaultOrder::new("SendSms", 1, Fault::code("InternalError")))
        .unwrap();
    let answer = send_sms(&emulator)
        .common("Format", Some("XML"))
        .send(&emulator)
        .await;
    assert!(answer.text().contains("<Error>") && answer.status == 500);
}

#[tokio::test]
async fn orders_that_make_no_sense() {
    let emulator = start().await;
    for (body, field) in [
        (r#"{"action":"SendSmss","fault":"reset"}"#, "action"),
        (r#"{"action":"SendSms","fault":"explode"}"#, "fault"),
        (r#"{"action":"SendSms","fault":7}"#, "fault"),
        (r#"{"action":"SendSms"}"#, "fault"),
        (
            r#"{"action":"SendSms","fault":{"code":"OK"}}"#,
            "fault.code",
        ),
        (r#"{"action":"SendSms","fault":{"code":""}}"#, "fault.code"),
        (
            r#"{"action":"SendSms","fault":{"code":"x","http_status":99}}"#,
            "fault.http_status",
        ),
        (
            r#"{"action":"SendSms","fault":{"code":"x","http_statos":500}}"#,
            "fault.http_statos",
        ),
        (
            r#"{"action":"SendSms","fault":{"code":"x","body":"y"}}"#,
            "fault",
        ),
        (
            r#"{"action":"SendSms","fault":{"body":"y"}}"#,
            "fault.http_status",
        ),
        (
            r#"{"action":"SendSms","fault":{"http_status":500,"headers":{"a b":"c"}}}"#,
            "fault.headers.a b",
        ),
        (
            r#"{"action":"SendSms","fault":{"http_status":500,"headers":{"content-length":"9"}}}"#,
            "fault.headers.content-length",
        ),
        (
            r#"{"action":"SendSms","fault":"reset","times":-1}"#,
            "times",
        ),
        (r#"{"action":"SendSms","fault":"reset","tmes":1}"#, "tmes"),
        (
            r#"{"action":"SendSms","fault":"slow","delay_ms":99999999999}"#,
            "delay_ms",
        ),
        ("{", ""),
        ("[]", ""),
        ("", ""),
    ] {
        let answer = control(&emulator, "POST", "/_emulator/faults", body).await;
        assert_eq!(answer.status, 400, "{body}");
        let json = answer.json();
        assert!(
            json["error"]
                .as_str()
                .is_some_and(|error| !error.is_empty())
        );
        assert_eq!(
            json["field"].as_str().unwrap_or_default(),
            field,
            "{body}: {json}"
        );
    }
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
}
