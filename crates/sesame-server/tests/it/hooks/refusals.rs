//! What platforms hear where nothing was sent.

use serde_json::json;
use sesame_emulator::{Fault, FaultOrder};

use sesame_server::config::PresetName;

use super::site::{Fixture, Heard, Recorded, Site, hook, refusal};
use crate::support::Log;

/// What a platform hears where Aliyun says this.
async fn heard(name: &str, fault: Fault) -> Heard {
    let fixture = Fixture::named(name);
    let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
    let order = FaultOrder::new("SendSms", 4, fault);
    site.emulator.fault(order).expect("a fault");
    let heard = site.ask(&fixture.request()).await;
    assert_eq!(heard.header("retry-after"), None, "{name}");
    assert!(
        !heard.body.contains("482915") && !heard.body.contains("13800138000"),
        "{name}"
    );
    heard
}

#[tokio::test]
async fn a_number_that_is_not_served() {
    for (name, status, body) in [
        (
            "supabase-send-sms",
            200,
            json!({ "error": { "http_code": 422, "message": "This phone number cannot receive a verification code. Please check it." } }),
        ),
        (
            "logto-http-sms",
            422,
            json!("该手机号无法接收验证码，请核对后重试。"),
        ),
        (
            "authentik-generic-bearer",
            422,
            json!("This phone number cannot receive a verification code. Please check it."),
        ),
        ("casdoor-custom-http-get", 422, json!(null)),
        ("zitadel-otp-sms-legacy", 422, json!(null)),
    ] {
        let heard = heard(name, refusal("isv.MOBILE_NUMBER_ILLEGAL")).await;
        assert_eq!(heard.status, status, "{name}: {heard:?}");
        match body {
            serde_json::Value::String(text) => assert_eq!(heard.body, text),
            serde_json::Value::Null => {}
            body => assert_eq!(heard.json(), body),
        }
    }
}

/// Proxies put a port behind an address, and another address.
#[tokio::test]
async fn an_address_counts_however_it_is_written() {
    const SECRET: &str = "a-secret-of-these-tests";
    let logto = hook(PresetName::Logto, &[SECRET]);
    let site = Site::with_hooks(vec![("odd-addresses", logto)]).await;
    let mut number = 13_800_130_000_u64;
    let mut status_of = async |ip: String| {
        number += 10_000;
        let body = json!({ "to": number.to_string(), "ip": ip, "payload": { "code": "482915" } });
        let request = Recorded::post("/hooks/odd-addresses", &body.to_string())
            .with("Authorization", &format!("Bearer {SECRET}"))
            .with("Content-Type", "application/json");
        site.ask(&request).await.status
    };
    for port in 0..20 {
        let ip = match port % 2 {
            0 => format!("203.0.113.9:{}", 50_000 + port),
            _ => format!("203.0.113.9, 10.0.0.{port}"),
        };
        assert_eq!(status_of(ip).await, 200, "{port}");
    }
    assert_eq!(status_of("203.0.113.9".to_owned()).await, 429);
    // What is no address limits nothing, which is told once.
    for _ in 0..3 {
        assert_eq!(status_of("unknown".to_owned()).await, 200);
    }
    let log = Log::text();
    let told = log
        .lines()
        .filter(|line| line.contains("odd-addresses") && line.contains("not limited by address"));
    assert_eq!(told.count(), 1);
}

/// Aliyun's own words and codes are for the operator.
#[tokio::test]
async fn what_the_operator_must_cure_is_not_told_to_users() {
    for name in [
        "supabase-send-sms",
        "logto-http-sms",
        "authentik-generic-bearer",
        "keycloak-netzbegruenung-json",
    ] {
        let heard = heard(name, refusal("isv.AMOUNT_NOT_ENOUGH")).await;
        assert!(
            !heard.body.contains("isv") && !heard.body.contains("AMOUNT"),
            "{heard:?}"
        );
        let is_neutral =
            heard.body.contains("could not be sent") || heard.body.contains("验证码发送失败");
        assert!(is_neutral, "{heard:?}");
        assert_eq!(
            heard.status == 200,
            name.starts_with("supabase"),
            "{heard:?}"
        );
    }
}

#[tokio::test]
async fn authgear_hears_its_own_codes() {
    for (code, wanted) in [
        ("isv.MOBILE_NUMBER_ILLEGAL", "invalid_phone_number"),
        ("isv.BUSINESS_LIMIT_CONTROL", "rate_limited"),
        ("isv.AMOUNT_NOT_ENOUGH", "delivery_rejected"),
        ("isv.SMS_TEMPLATE_ILLEGAL", "delivery_rejected"),
    ] {
        let heard = heard("authgear-custom-sms", refusal(code)).await;
        assert_eq!(heard.status, 200);
        let body = heard.json();
        assert_eq!(body["code"], wanted, "{code}");
        assert_eq!(body["info"]["provider_error_code"], code);
        assert_eq!(body["info"]["provider_name"], "aliyun");
    }
}

#[tokio::test]
async fn vymalo_hears_an_error_in_the_body() {
    let heard = heard(
        "keycloak-vymalo-send",
        refusal("isv.BUSINESS_LIMIT_CONTROL"),
    )
    .await;
    assert_eq!(heard.status, 200);
    assert_eq!(heard.json()["status"], "ERROR");
    assert!(
        heard.json()["description"]
            .as_str()
            .is_some_and(|it| !it.is_empty())
    );
    assert!(heard.json().get("hash").is_none());
}

/// What may have been sent is told as sent; the journal knows better later.
#[tokio::test]
async fn what_is_unknown_is_a_success() {
    for fault in [Fault::ResetAfterAccept, Fault::Garbage, Fault::Http502Html] {
        for name in [
            "supabase-send-sms",
            "logto-http-sms",
            "casdoor-custom-http-get",
            "authgear-custom-sms",
        ] {
            let heard = heard(name, fault.clone()).await;
            assert_eq!(
                (heard.status, heard.json()),
                (200, json!({ "code": "ok" })),
                "{name}"
            );
        }
    }
}

/// A notice of Kratos without a code is nothing to send, and nothing to try
/// again.
#[tokio::test]
async fn a_notice_without_a_code_is_let_pass() {
    let fixture = Fixture::named("kratos-recommended-body-login");
    for kind in ["verifiable_address_changed", "authenticator_key_added"] {
        let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
        let mut request = fixture.request();
        request.body = format!(
            r#"{{"to":"+8613800138000","template_type":"{kind}","code":null,"body":"Your address was changed, see 482915"}}"#
        )
        .into_bytes();
        let heard = site.ask(&request).await;
        assert_eq!(heard.status, 200, "{heard:?}");
        assert_eq!(site.inbox().len(), 0);
    }
}

/// A number in an alert does not go out as somebody's code.
#[tokio::test]
async fn an_alert_is_no_code() {
    let fixture = Fixture::named("uptime-kuma-smsgateway");
    let hook = sesame_server::config::HookConfig {
        usage_type: None,
        ..fixture.hook()
    };
    let site = Site::with_hooks(vec![("x", hook)]).await;
    let mut request = fixture.request();
    request.body = br#"{"to":"+8613800138000","body":"port 5432 is down"}"#.to_vec();
    let heard = site.ask(&request).await;
    assert_eq!(
        (heard.status, &heard.json()["status"]),
        (200, &json!("failed"))
    );
    assert_eq!(site.inbox().len(), 0);
}
