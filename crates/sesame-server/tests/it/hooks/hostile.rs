//! What nobody should send, and somebody will.

use sesame_server::config::{FieldsConfig, HookConfig, PresetName};

use super::site::{Fixture, Heard, Plan, Recorded, Site, hook, variables};
use crate::shows::shows;
use crate::support::Log;

const SECRET: &str = "test-gateway-token";

fn cn(preset: PresetName) -> HookConfig {
    HookConfig {
        default_country: Some("CN".to_owned()),
        ..hook(preset, &[SECRET])
    }
}

async fn site() -> Site {
    Site::with_hooks(vec![
        ("logto", cn(PresetName::Logto)),
        ("casdoor", cn(PresetName::Casdoor)),
        ("keycloak", cn(PresetName::Keycloak)),
        ("kratos", cn(PresetName::Kratos)),
        ("bulksms", cn(PresetName::BulkSms)),
        ("vymalo", cn(PresetName::Vymalo)),
    ])
    .await
}

fn bearer(request: Recorded) -> Recorded {
    request.with("Authorization", &format!("Bearer {SECRET}"))
}

fn form(path: &str, body: &str) -> Recorded {
    bearer(Recorded::post(path, body)).with("Content-Type", "application/x-www-form-urlencoded")
}

/// Asks, and looks that nothing of what was sent comes back.
async fn ask(site: &Site, request: &Recorded) -> Heard {
    let heard = site.ask(request).await;
    for hidden in ["482915", "918273", "13800138000", SECRET] {
        assert!(!shows(&heard.body, hidden), "{hidden}: {heard:?}");
    }
    heard
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_sends_nothing() {
    let site = site().await;
    let json = |body: &str| bearer(Recorded::post("/hooks/logto", body));
    let kratos = |body: &str| bearer(Recorded::post("/hooks/kratos", body));
    let get = |path: &str| bearer(Recorded::get(path));
    let mut bad_utf8 = json("");
    bad_utf8.body =
        b"{\"to\":\"8613800138000\",\"payload\":{\"code\":\"\xff\xfe482915\"}}".to_vec();
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (request, status) in [
        (json(""), 400),
        (json("{"), 400),
        (json("null"), 400),
        (json("482915"), 400),
        (json("\"482915\""), 400),
        (json("[]"), 400),
        (json("[1]"), 400),
        (
            json(r#"[{"to":"8613800138000"},{"to":"8613800138000"}]"#),
            400,
        ),
        (json(&deep), 400),
        (json("{}"), 400),
        (json(r#"{"to":"8613800138000"}"#), 400),
        (json(r#"{"to":"8613800138000","payload":"482915"}"#), 400),
        (
            json(r#"{"to":"8613800138000","payload":{"code":{"a":"482915"}}}"#),
            400,
        ),
        (
            json(r#"{"to":"8613800138000","payload":{"code":["482915","918273"]}}"#),
            400,
        ),
        (
            json(r#"{"to":"8613800138000","payload":{"code":true}}"#),
            400,
        ),
        (
            json(r#"{"to":"8613800138000","payload":{"code":null}}"#),
            400,
        ),
        (json(r#"{"to":"8613800138000","payload":{"code":""}}"#), 400),
        (
            json(r#"{"to":"8613800138000","payload":{"code":"12"}}"#),
            400,
        ),
        (json(r#"{"to":{"a":1},"payload":{"code":"482915"}}"#), 400),
        (
            json(r#"{"to":["8613800138000","8613800138001"],"payload":{"code":"482915"}}"#),
            400,
        ),
        (json(r#"{"to":"","payload":{"code":"482915"}}"#), 400),
        (json(r#"{"to":"nobody","payload":{"code":"482915"}}"#), 422),
        (
            json(r#"{"to":"861380013800","payload":{"code":"482915"}}"#),
            422,
        ),
        (
            json(r#"{"to":"+8613800138000; DROP","payload":{"code":"482915"}}"#),
            422,
        ),
        (bad_utf8, 400),
        (
            kratos(r#"{"to":"8613800138000","body":"no code in here"}"#),
            400,
        ),
        (
            kratos(r#"{"to":"8613800138000","body":"482915 or 918273"}"#),
            400,
        ),
        (
            bearer(Recorded::post(
                "/hooks/bulksms/v1/messages",
                r#"[{"to":"8613800138000","body":"482915"},{"to":"8613800138000","body":"918273"}]"#,
            )),
            400,
        ),
        (
            form(
                "/hooks/casdoor",
                "code=482915&phoneNumber=8613800138000&phoneNumber=8613800138001",
            ),
            400,
        ),
        (
            form(
                "/hooks/casdoor",
                "code=482915&code=918273&phoneNumber=8613800138000",
            ),
            400,
        ),
        (
            form("/hooks/casdoor", "code=482915&phoneNumber=%zz8613800138000"),
            422,
        ),
        (
            form("/hooks/casdoor", "code=482915&phoneNumber=%ff%fe"),
            422,
        ),
        (
            form("/hooks/casdoor", "code=%ff%fe%zz&phoneNumber=8613800138000"),
            400,
        ),
        (form("/hooks/casdoor", ""), 400),
        (form("/hooks/casdoor", "&&&=&="), 400),
        (get("/hooks/casdoor"), 400),
        (get("/hooks/casdoor?code=482915"), 400),
        (
            get("/hooks/casdoor?phoneNumber=8613800138000&code=482915&code=918273"),
            400,
        ),
        (
            get("/hooks/casdoor/else?phoneNumber=8613800138000&code=482915"),
            404,
        ),
        (bearer(Recorded::post("/hooks/vymalo", "{}")), 404),
        (bearer(Recorded::post("/hooks/vymalo/sms/send", "{}")), 400),
        (
            bearer(Recorded::post(
                "/hooks/vymalo/sms/validate",
                r#"{"code":"482915"}"#,
            )),
            400,
        ),
    ] {
        let heard = ask(&site, &request).await;
        assert_eq!(
            heard.status,
            status,
            "{}: {heard:?}",
            String::from_utf8_lossy(&request.body)
        );
        assert_eq!(heard.header("retry-after"), None);
    }
    assert_eq!(site.inbox().len(), 0);
    assert_eq!(site.journal().await.len(), 0);
}

#[tokio::test]
async fn what_is_odd_and_clear_is_sent() {
    let keycloak = |body: &str| bearer(Recorded::post("/hooks/keycloak", body));
    let json = |body: &str| bearer(Recorded::post("/hooks/logto", body));
    for (request, code) in [
        // Pasted together, with quotes and a line break in the text.
        (
            keycloak(
                "{\"text\":\"Your \"SMS\" code\nis 482915.\",\"to\":\"13800138000\",\"from\":\"Keycloak\"}",
            ),
            "482915",
        ),
        (
            keycloak(r#"{"text":"Your SMS code is 482915","to":["13800138000"],"from":"K"}"#),
            "482915",
        ),
        (
            keycloak(r#"{"text":"482915","to":"13800138000"}"#),
            "482915",
        ),
        (
            form(
                "/hooks/keycloak",
                "=s3cret&text=482915&to=%2B8613800138000&from=Keycloak",
            ),
            "482915",
        ),
        (
            bearer(Recorded::get(
                "/hooks/keycloak?to=+8613800138000&text=Your%20code%20482915",
            )),
            "482915",
        ),
        // Full-width digits, as an input method writes them.
        (
            json(r#"{"to":"８６１３８００１３８０００","payload":{"code":"４８２９１５"}}"#),
            "482915",
        ),
        (
            json(r#"{"to":"13800138000","payload":{"code":482915}}"#),
            "482915",
        ),
        (
            json(
                r#"{"to":8613800138000,"payload":{"code":"482915"},"ip":"nonsense","type":"New"}"#,
            ),
            "482915",
        ),
        (
            json(" \r\n\t{\"to\":\"0086 138-0013-8000\",\"payload\":{\"code\":\"482915\"}} "),
            "482915",
        ),
        (
            json(r#"{"to":"8613800138000","payload":{"code":"482915"}}"#).without("Content-Type"),
            "482915",
        ),
        (
            json(r#"{"to":"8613800138000","payload":{"code":"482915"}}"#)
                .with("Content-Type", "text/plain"),
            "482915",
        ),
        (
            form(
                "/hooks/casdoor",
                "code=Your+code%3A+482915&phoneNumber=%2B8613800138000",
            ),
            "482915",
        ),
        (
            form(
                "/hooks/casdoor",
                "code=text%25%21%28EXTRA+string%3D482915%29&phoneNumber=13800138000",
            ),
            "482915",
        ),
        (
            Recorded {
                method: "PUT".to_owned(),
                ..form("/hooks/casdoor", "code=482915&phoneNumber=13800138000")
            },
            "482915",
        ),
        (
            Recorded {
                method: "DELETE".to_owned(),
                ..form("/hooks/casdoor/", "code=482915&phoneNumber=13800138000")
            },
            "482915",
        ),
        // A JDK client asks for HTTP/2 and goes on without.
        (
            json(r#"{"to":"8613800138000","payload":{"code":"482915"}}"#)
                .with("Connection", "Upgrade, HTTP2-Settings")
                .with("Upgrade", "h2c")
                .with(
                    "HTTP2-Settings",
                    "AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA",
                ),
            "482915",
        ),
    ] {
        let site = site().await;
        let heard = ask(&site, &request).await;
        let shown = String::from_utf8_lossy(&request.body).into_owned();
        assert_eq!(heard.status, 200, "{shown}: {heard:?}");
        assert_eq!(
            site.emulator.messages_to("+8613800138000").len(),
            1,
            "{shown}"
        );
        assert_eq!(variables(&site.inbox()[0])["code"], code, "{shown}");
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_in_the_platforms_shape() {
    let fixture = Fixture::named("supabase-send-sms");
    let site = Site::new(Plan {
        hooks: vec![("x", fixture.hook())],
        body_bytes: Some(4096),
        ..Plan::default()
    })
    .await;
    let mut request = fixture.request();
    request.body.extend(std::iter::repeat_n(b' ', 40_000));
    let heard = site.ask(&request).await;
    assert_eq!(
        (heard.status, &heard.json()["error"]["http_code"]),
        (200, &413.into())
    );
    assert_eq!(site.inbox().len(), 0);
}

#[tokio::test]
async fn names_verbs_and_addresses_that_do_not_exist() {
    let site = site().await;
    for path in [
        "/hooks/nobody",
        "/hooks/",
        "/hooks",
        "/hooks/%ff",
        "/hooks/nobody/else",
    ] {
        let heard = site.ask(&bearer(Recorded::post(path, "{}"))).await;
        assert_eq!(heard.status, 404, "{path}");
        assert_eq!(heard.json()["code"], "not_found", "{path}");
    }
    for (method, path, allow) in [
        ("GET", "/hooks/logto", "POST"),
        ("PATCH", "/hooks/casdoor", "GET, POST, PUT, DELETE"),
        ("DELETE", "/hooks/keycloak", "POST, GET"),
        ("OPTIONS", "/hooks/logto", "POST"),
    ] {
        let request = Recorded {
            method: method.to_owned(),
            ..bearer(Recorded::get(path))
        };
        let heard = site.ask(&request).await;
        assert_eq!(heard.status, 405, "{method} {path}");
        assert_eq!(heard.header("allow"), Some(allow), "{method} {path}");
    }
    assert_eq!(site.inbox().len(), 0);
}

#[tokio::test]
async fn a_secret_in_the_address_opens_that_hook_only() {
    let path = HookConfig {
        auth: Some(sesame_server::config::AuthKind::Path),
        ..hook(PresetName::Zitadel, &["0123456789abcdef"])
    };
    let site = Site::with_hooks(vec![("x", path)]).await;
    let body = Fixture::named("zitadel-otp-sms-legacy");
    let body = body.text("/request/body_raw");
    for (path, status) in [
        ("/hooks/x", 401),
        ("/hooks/x/", 401),
        ("/hooks/x/0123456789abcdee", 401),
        ("/hooks/x/else/0123456789abcdef", 401),
        ("/hooks/x/0123456789abcdef/else", 404),
        ("/hooks/x/0123456789abcdef", 200),
    ] {
        let heard = site.ask(&Recorded::post(path, body)).await;
        assert_eq!(heard.status, status, "{path}");
    }
    assert_eq!(site.inbox().len(), 1);
}

#[tokio::test]
async fn the_generic_preset_is_whatever_the_configuration_says() {
    let generic = HookConfig {
        header: Some("X-Key".to_owned()),
        methods: vec!["POST".to_owned(), "GET".to_owned()],
        fields: FieldsConfig {
            to: vec!["/a/number".to_owned(), "phone".to_owned()],
            code: Vec::new(),
            text: vec!["/a/text".to_owned(), "text".to_owned()],
            usage: vec!["/a/why".to_owned()],
            id: vec!["/a/id".to_owned()],
            locale: vec!["/a/lang".to_owned()],
            ..FieldsConfig::default()
        },
        code_pattern: Some("PIN=([A-Z0-9]+)".to_owned()),
        usage_types: [("login".to_owned(), "SignIn".to_owned())].into(),
        success: Some(sesame_server::config::SuccessConfig {
            status: 202,
            content_type: "text/xml".to_owned(),
            body: "<ok/>".to_owned(),
        }),
        errors: Some(sesame_server::config::ErrorShape::Json),
        ..hook(PresetName::Generic, &[SECRET])
    };
    let site = Site::with_hooks(vec![("x", generic)]).await;
    let body = |id: &str, text: &str| {
        format!(
            r#"{{"a":{{"number":"8613800138000","text":"{text}","why":"login","id":"{id}","lang":"zh-Hans"}}}}"#
        )
    };
    let ask = |body: &str| Recorded::post("/hooks/x", body).with("X-Key", SECRET);
    let heard = site.ask(&ask(&body("1", "hi PIN=AB12CD."))).await;
    assert_eq!(heard.answer(), (202, Some("text/xml"), "<ok/>"));
    assert_eq!(variables(&site.inbox()[0])["code"], "AB12CD");
    assert_eq!(site.journal().await[0].usage_type, "SignIn");
    // The same id is the same request, another is another, and comes too soon.
    assert_eq!(
        site.ask(&ask(&body("1", "hi PIN=AB12CD."))).await.status,
        202
    );
    let limited = site.ask(&ask(&body("2", "hi PIN=AB12CD."))).await;
    assert_eq!(limited.status, 429);
    assert_eq!(limited.json()["code"], "limit_reached");
    assert_eq!(
        limited.json()["message"],
        "获取验证码过于频繁，请稍后再试。"
    );
    site.clock.advance_secs(60);
    let get = Recorded::get("/hooks/x?phone=8613800138001&text=PIN%3D99XX").with("X-Key", SECRET);
    assert_eq!(site.ask(&get).await.status, 202);
    assert_eq!(site.inbox().len(), 2);
}

#[tokio::test]
async fn a_full_log_tells_nothing_it_should_not() {
    for fixture in Fixture::all() {
        let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
        let request = fixture.request();
        site.ask(&request).await;
        site.ask(&request).await;
        site.ask(
            &request
                .clone()
                .with("Authorization", "Bearer wrong-secret-of-tests"),
        )
        .await;
        let mut broken = request.clone();
        broken.body.truncate(broken.body.len() / 2);
        site.ask(&broken).await;
        let secrets: Vec<String> = fixture
            .hook()
            .secrets
            .iter()
            .map(|it| it.reveal().to_owned())
            .collect();
        site.server.shutdown().await;
        let log = Log::text();
        assert!(log.contains("hook.name=\"x\""));
        for hidden in [
            "482915",
            "730164",
            "7KX2QD",
            "13800138000",
            "13900139000",
            "wrong-secret-of-tests",
            "lilei@example.com",
        ] {
            let line = log.lines().find(|line| shows(line, hidden));
            assert_eq!(line, None, "{hidden} stands in the log of {}", fixture.name);
        }
        for secret in secrets.iter().filter(|secret| secret.len() > 8) {
            assert!(
                !log.contains(secret.as_str()),
                "a secret of {}",
                fixture.name
            );
        }
    }
}
