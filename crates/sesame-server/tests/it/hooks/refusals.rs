//! What platforms hear where nothing was sent.

use serde_json::json;
use sesame_emulator::{Fault, FaultOrder};

use super::site::{Fixture, Heard, Site, refusal};

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
