//! Every recorded request is answered as its platform needs.

use serde_json::{Value, json};
use sesame_emulator::{Template, TemplateKind};

use super::site::{Fixture, NUMBER, Site, variables};

async fn site(fixture: &Fixture) -> Site {
    let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
    site.emulator
        .change_account(|account| {
            account.templates.push(Template::new(
                "SMS_ALERT",
                TemplateKind::Notification,
                "告警：${message}",
            ));
            for sign_name in &mut account.sign_names {
                sign_name.kind = sesame_emulator::SignKind::General;
            }
        })
        .expect("an account");
    site
}

/// With a plus, as the emulator's inbox has it.
fn international(to: &str) -> String {
    match to {
        "13800138000" => NUMBER.to_owned(),
        to if to.starts_with('+') => to.to_owned(),
        to => format!("+{to}"),
    }
}

#[tokio::test]
async fn every_recorded_request_sends_its_code_and_hears_what_it_needs() {
    for fixture in Fixture::all() {
        if fixture.name == "keycloak-vymalo-validate" {
            continue; // Its hash is nobody's; see below.
        }
        let site = site(&fixture).await;
        let heard = site.ask(&fixture.request()).await;
        let name = &fixture.name;
        let wanted = &fixture.whole["response"]["success"];
        assert_eq!(wanted["status"], heard.status, "{name}: {heard:?}");
        assert_eq!(
            heard.header("content-type"),
            Some("application/json"),
            "{name}"
        );
        assert_eq!(heard.header("retry-after"), None, "{name}");
        let wanted = match fixture.contract() {
            "vymalo-sms-api" => json!({ "status": "SENT", "hash": heard.json()["hash"] }),
            "bulksms-compatible" => json!([]),
            "uptime-kuma-smsgateway" => json!({ "status": "sent" }),
            _ => json!({ "code": "ok" }),
        };
        assert_eq!(heard.json(), wanted, "{name}");
        // One message, to that number, with that code.
        let inbox = site.inbox();
        assert_eq!(inbox.len(), 1, "{name}");
        let message = &inbox[0];
        let to = international(fixture.text("/expect/to"));
        assert_eq!(site.emulator.messages_to(&to).len(), 1, "{name}");
        let variables = variables(message);
        match (&fixture.whole["expect"]["code"], fixture.contract()) {
            (Value::String(code), _) => assert_eq!(variables["code"], **code, "{name}"),
            (_, "vymalo-sms-api") => assert_eq!(variables["code"].as_str().map(str::len), Some(6)),
            _ => assert_eq!(variables["message"], "[Demo] [ Down] timeout", "{name}"),
        }
        let journal = site.journal().await;
        assert_eq!(journal.len(), 1, "{name}");
        assert_eq!(journal[0].outcome(), "accepted", "{name}");
    }
}

#[tokio::test]
async fn what_a_message_is_for_is_read() {
    for (name, usage_type) in [
        ("supabase-send-sms", "SignIn"),
        ("supabase-send-sms-mfa", "MfaVerification"),
        ("supabase-send-sms-before-v2.180", "BindNewIdentifier"),
        ("logto-http-sms", "SignIn"),
        ("zitadel-otp-sms-worker", "MfaVerification"),
        ("zitadel-phone-verification", "BindNewIdentifier"),
        ("kratos-recommended-body-login", "SignIn"),
        ("kratos-full-context-login", "SignIn"),
        ("kratos-schema-default-body-recovery", "ForgotPassword"),
        ("authgear-custom-sms", "SignIn"),
        ("authentik-generic-bearer", "MfaVerification"),
    ] {
        let fixture = Fixture::named(name);
        let site = site(&fixture).await;
        site.ask(&fixture.request()).await;
        assert_eq!(site.journal().await[0].usage_type, usage_type, "{name}");
    }
    // The configuration goes before what a preset says.
    let fixture = Fixture::named("kratos-recommended-body-login");
    let mut hook = fixture.hook();
    let mapped = ("login_code_valid".to_owned(), "Generic".to_owned());
    hook.usage_types = std::collections::BTreeMap::from([mapped]);
    let site = Site::with_hooks(vec![("x", hook)]).await;
    site.ask(&fixture.request()).await;
    assert_eq!(site.journal().await[0].usage_type, "Generic");
}

#[tokio::test]
async fn a_limit_is_told_in_each_platforms_own_shape() {
    for fixture in Fixture::all() {
        if fixture.contract() == "vymalo-sms-api" {
            continue; // It has no recorded refusal; see refusals.
        }
        let site = site(&fixture).await;
        // The number had its message of this minute.
        let to = international(fixture.text("/expect/to"));
        let own = sesame_passcode::SendOwn {
            app: "other".to_owned(),
            to,
            usage_type: "SignIn".to_owned(),
            payload: serde_json::Map::from_iter([("code".to_owned(), "112233".into())]),
            ..Default::default()
        };
        site.server.passcodes().send(own).await.expect("sent");
        let heard = site.ask(&fixture.request()).await;
        let name = &fixture.name;
        assert_eq!(heard.header("retry-after"), None, "{name}");
        assert_eq!(site.inbox().len(), 1, "{name}");
        let is_chinese = heard.body.contains("获取验证码过于频繁，请稍后再试。");
        let is_english = heard
            .body
            .contains("Too many verification codes were requested.");
        match fixture.contract() {
            "supabase-send-sms-hook" => {
                assert_eq!(heard.status, 200);
                let error = &heard.json()["error"];
                assert_eq!(error["http_code"], 429);
                assert!(error["message"].as_str().is_some_and(|it| !it.is_empty()));
            }
            "authgear-custom-sms" => {
                assert_eq!(heard.json()["code"], "rate_limited", "{heard:?}");
            }
            "uptime-kuma-smsgateway" => {
                assert_eq!(
                    (heard.status, &heard.json()["status"]),
                    (200, &json!("failed"))
                );
            }
            "logto-http-sms" => assert!(is_chinese && heard.status == 429, "{heard:?}"),
            "kratos-courier-sms" => {
                let has_language = fixture.text("/request/body_raw").contains("zh-CN");
                assert_eq!(is_chinese, has_language, "{heard:?}");
            }
            _ => assert!(is_english && heard.status == 429, "{name}: {heard:?}"),
        }
        if matches!(
            fixture.contract(),
            "logto-http-sms" | "authentik-sms-generic"
        ) {
            let kind = heard.header("content-type").expect("a type");
            assert!(kind.starts_with("text/plain"), "{name}");
            assert_eq!(heard.body.lines().count(), 1, "{name}");
        }
        if fixture.contract() == "casdoor-custom-http-sms" {
            assert_eq!(heard.reason, "Too Many Requests");
        }
    }
}

#[tokio::test]
async fn tampered_unsigned_and_wrong_requests_send_nothing() {
    for fixture in Fixture::all() {
        let site = site(&fixture).await;
        let request = fixture.request();
        let mut wrong = Vec::new();
        let auth = match fixture.contract() {
            "supabase-send-sms-hook" => "webhook-signature",
            "zitadel-http-sms" => "zitadel-signature",
            "authgear-custom-sms" => "x-authgear-body-signature",
            "kratos-courier-sms" => "x-gateway-key",
            "uptime-kuma-smsgateway" => "x-api-key",
            _ => "authorization",
        };
        wrong.push(("unsigned", request.clone().without(auth)));
        for value in [
            "",
            "v1,AAAA",
            "Basic !!",
            "Bearer",
            "Bearer wrong",
            "t=1,v1=00",
            "00",
            "zz",
        ] {
            wrong.push(("wrong", request.clone().with(auth, value)));
        }
        if fixture.contract() == "playsms-webservice" {
            wrong.clear();
            let mut other = request.clone();
            other.path = other.path.replace("h=s3cret", "h=s3creT");
            wrong.push(("wrong password", other.clone()));
            other.path = other.path.replace("h=s3creT", "h=s3creT&h=s3cret");
            wrong.push(("two passwords", other));
        }
        if fixture.is_signed() || fixture.contract() == "authgear-custom-sms" {
            let mut tampered = request.clone();
            let last = tampered.body.len() - 3;
            tampered.body[last] ^= 1;
            wrong.push(("tampered", tampered));
            let mut longer = request.clone();
            longer.body.push(b' ');
            wrong.push(("a byte more", longer));
        }
        for (what, request) in wrong {
            let heard = site.ask(&request).await;
            assert_eq!(heard.status, 401, "{} {what}: {heard:?}", fixture.name);
            assert!(!heard.body.contains("ok"), "{} {what}", fixture.name);
        }
        assert_eq!(site.inbox().len(), 0, "{}", fixture.name);
        assert_eq!(site.journal().await.len(), 0, "{}", fixture.name);
    }
}

#[tokio::test]
async fn a_signature_is_taken_for_300_seconds_either_way() {
    for name in ["supabase-send-sms", "zitadel-otp-sms-worker"] {
        let fixture = Fixture::named(name);
        for (off, status) in [
            (300, 200),
            (301, 401),
            (-300, 200),
            (-301, 401),
            (1 << 40, 401),
        ] {
            let site = site(&fixture).await;
            if off < 1 << 32 {
                site.clock.advance_secs(off);
                let heard = site.ask(&fixture.request()).await;
                assert_eq!(heard.status, status, "{name} {off}");
                assert_eq!(
                    site.inbox().len(),
                    usize::from(status == 200),
                    "{name} {off}"
                );
            }
        }
    }
}

#[tokio::test]
async fn each_of_several_secrets_will_do() {
    let fixture = Fixture::named("supabase-send-sms-two-secrets");
    for index in 0..2 {
        let mut hook = fixture.hook();
        hook.secrets.remove(index);
        let site = Site::with_hooks(vec![("x", hook)]).await;
        assert_eq!(site.ask(&fixture.request()).await.status, 200);
        assert_eq!(site.inbox().len(), 1);
    }
    // Separated as the standard says, with what others may add.
    let site = site(&fixture).await;
    let request = fixture.request();
    let both = request
        .headers
        .iter()
        .find(|(name, _)| name == "Webhook-Signature");
    let both = both.expect("signatures").1.replace(", ", " v1a,AAAA ");
    assert_eq!(
        site.ask(&request.with("Webhook-Signature", &both))
            .await
            .status,
        200
    );
    // Supabase's own way of writing several into one variable.
    let secrets: Vec<_> = fixture
        .hook()
        .secrets
        .iter()
        .map(|it| it.reveal().to_owned())
        .collect();
    let hook = super::site::hook(
        sesame_server::config::PresetName::Supabase,
        &[&secrets.join("|")],
    );
    let site = Site::with_hooks(vec![("x", hook)]).await;
    assert_eq!(site.ask(&fixture.request()).await.status, 200);
    // Authgear's secret as its file has it.
    let fixture = Fixture::named("authgear-custom-sms");
    let jwk = fixture.whole["auth"]["secret_jwk"].to_string();
    let set = format!(r#"{{"keys":[{jwk}]}}"#);
    for secret in [jwk.as_str(), &set, fixture.text("/auth/secret_jwk/k")] {
        let hook = super::site::hook(sesame_server::config::PresetName::Authgear, &[secret]);
        let site = Site::with_hooks(vec![("x", hook)]).await;
        assert_eq!(site.ask(&fixture.request()).await.status, 200);
    }
}

#[tokio::test]
async fn vymalo_sends_and_validates_our_own_code() {
    let send = Fixture::named("keycloak-vymalo-send");
    let validate = Fixture::named("keycloak-vymalo-validate");
    let site = site(&send).await;
    let hash = site.ask(&send.request()).await.json()["hash"]
        .as_str()
        .expect("a hash")
        .to_owned();
    let code = variables(&site.inbox()[0])["code"]
        .as_str()
        .expect("a code")
        .to_owned();
    let with = |hash: &str, code: &str, to: &str| {
        let mut request = validate.request();
        let body = validate.text("/request/body_raw");
        let body = body.replace("b6f0c2d4", hash).replace("482915", code);
        request.body = body.replace("+8613800138000", to).into_bytes();
        request
    };
    let wrong = if code.starts_with('1') {
        "999999"
    } else {
        "111111"
    };
    for (hash, code, to, valid) in [
        ("b6f0c2d4", code.as_str(), NUMBER, false),
        (&hash, wrong, NUMBER, false),
        (&hash, &code, NUMBER, true),
        // It is worth something once.
        (&hash, &code, NUMBER, false),
    ] {
        let heard = site.ask(&with(hash, code, to)).await;
        assert_eq!(
            (heard.status, heard.json()),
            (200, json!({ "valid": valid }))
        );
    }
    // A right code proves its own number and no other.
    site.clock.advance_secs(60);
    let hash = site.ask(&send.request()).await.json()["hash"]
        .as_str()
        .expect("a hash")
        .to_owned();
    let code = variables(&site.inbox()[0])["code"]
        .as_str()
        .expect("a code")
        .to_owned();
    let heard = site.ask(&with(&hash, &code, "+8613900139000")).await;
    assert_eq!(heard.json(), json!({ "valid": false }));
    // Which used nothing up.
    let heard = site.ask(&with(&hash, &code, NUMBER)).await;
    assert_eq!(heard.json(), json!({ "valid": true }));
}
