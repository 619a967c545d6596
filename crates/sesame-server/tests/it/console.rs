//! The console as a browser meets it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Method;
use serde_json::json;
use sesame_connector::config::{Format, NoLookup};
use sesame_connector::{Connector, ConnectorConfig, OutId};
use sesame_emulator::{Fault, FaultOrder};
use sesame_passcode::Journal as _;
use sesame_passcode::journal::{Ask as When, Decision, Progress, Receipted, Row, State};
use sesame_server::auth::Scope;
use sesame_server::config::{HookConfig, PresetName, Secret};

use crate::shows::shows;
use crate::support::{Ask, NUMBER, REPORT_SECRET, Said, World};

/// Somebody with a browser.
struct Browser<'a> {
    world: &'a World,
    url: String,
    cookie: String,
    /// The token of the last page that had one.
    csrf: String,
    headers: Vec<(&'static str, String)>,
}

impl<'a> Browser<'a> {
    fn new(world: &'a World) -> Self {
        Self {
            world,
            url: world.server.urls()[0].clone(),
            cookie: String::new(),
            csrf: String::new(),
            headers: Vec::new(),
        }
    }

    /// Signed in with a new key of scope `admin`.
    async fn admin(world: &'a World) -> Self {
        let mut browser = Self::new(world);
        let key = world.new_key("web", &[Scope::Admin]).await;
        let said = browser.sign_in(&key, "").await;
        assert_eq!(said.status, 303, "{said:?}");
        browser
    }

    async fn ask(&mut self, method: Method, path: &str, body: Option<String>) -> Said {
        let mut headers: Vec<(&str, &str)> = vec![("cookie", &self.cookie)];
        headers.extend(
            self.headers
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        if body.is_some() && self.headers.iter().all(|(name, _)| *name != "content-type") {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let ask = Ask {
            headers,
            body: body.unwrap_or_default().into_bytes(),
            ..Ask::new(method, path, None)
        };
        let said = self.world.ask_at(&self.url, ask).await;
        for line in said.headers.get_all("set-cookie") {
            let line = line.to_str().expect("ASCII");
            let pair = line.split(';').next().expect("a pair");
            let (name, _) = pair.split_once('=').expect("a name");
            let kept = self.cookie.split("; ");
            let kept = kept.filter(|one| !one.is_empty() && !one.starts_with(&format!("{name}=")));
            let mut kept: Vec<&str> = kept.collect();
            if !line.contains("Max-Age=0") {
                kept.push(pair);
            }
            self.cookie = kept.join("; ");
        }
        if let Some((_, rest)) = text(&said).split_once(r#"name="csrf" value=""#) {
            self.csrf = rest.split('"').next().expect("a value").to_owned();
        }
        said
    }

    async fn get(&mut self, path: &str) -> Said {
        self.ask(Method::GET, path, None).await
    }

    /// A page that has to be there.
    async fn page(&mut self, path: &str) -> String {
        let said = self.get(path).await;
        assert_eq!(said.status, 200, "{path}: {said:?}");
        text(&said)
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Said {
        let csrf = self.csrf.clone();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post_bare(path, &fields).await
    }

    async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Said {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        self.ask(Method::POST, path, Some(pairs.join("&"))).await
    }

    async fn sign_in(&mut self, key: &str, next: &str) -> Said {
        let said = self
            .post_bare("/console/sign-in", &[("key", key), ("next", next)])
            .await;
        if said.status == 303 {
            self.page("/console/limits").await;
        }
        said
    }

    async fn is_signed_in(&mut self) -> bool {
        self.get("/console/audit").await.status == 200
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn text(said: &Said) -> String {
    String::from_utf8(said.body.to_vec()).expect("UTF-8")
}

fn header<'a>(said: &'a Said, name: &str) -> &'a str {
    let value = said
        .headers
        .get(name)
        .unwrap_or_else(|| panic!("{name}: {said:?}"));
    value.to_str().expect("ASCII")
}

async fn actions(world: &World) -> Vec<(String, String)> {
    let decisions = world.journal.decisions(100, None).await.expect("decisions");
    let all = decisions.into_iter().map(|one| (one.action, one.subject));
    all.collect()
}

const PAGES: [&str; 7] = [
    "/",
    "/console/messages",
    "/console/limits",
    DECISIONS,
    "/console/connectors",
    "/console/keys",
    "/console/audit",
];

#[tokio::test]
async fn nobody_sees_a_page_without_signing_in() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    for path in PAGES {
        let said = browser.get(path).await;
        assert_eq!(said.status, 303, "{path}");
        let place = header(&said, "location");
        assert!(place.starts_with("/console/sign-in"), "{place}");
        assert!(!text(&said).contains("csrf"));
    }
    let said = browser.get("/console/messages?app=a%20b&lang=en").await;
    let place = header(&said, "location");
    assert_eq!(
        place,
        "/console/sign-in?next=/console/messages%3Fapp%3Da%2520b%26lang%3Den"
    );
    let page = browser.page(place).await;
    assert!(page.contains(r#"type="password""#), "{page}");
    let said = browser.post("/console/limits/lift", &[("id", "x")]).await;
    assert_eq!(said.status, 303);
    // A page that refreshes itself is told, and led nowhere.
    browser.headers.push(("x-sesame-live", "1".to_owned()));
    assert_eq!(browser.get("/").await.status, 401);
}

#[tokio::test]
async fn a_key_with_the_scope_admin_signs_in_and_others_do_not() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let other = world.key.clone();
    let unknown = sesame_server::auth::ApiKey::generate(&sesame_connector::SystemSource).reveal();
    for wrong in ["", "x", "sk_<script>_", &other, &unknown] {
        let said = browser.sign_in(wrong, "").await;
        assert_eq!(said.status, 422, "{wrong}");
        assert!(said.headers.get("set-cookie").is_none());
        assert!(wrong.is_empty() || !text(&said).contains(wrong) || wrong == "x");
    }
    let key = world.new_key("web", &[Scope::Admin]).await;
    let said = browser.sign_in(&key, "/console/messages?app=web").await;
    assert_eq!(header(&said, "location"), "/console/messages?app=web");
    let cookie = header(&said, "set-cookie");
    assert!(cookie.starts_with("sesame="), "{cookie}");
    for flag in ["Path=/", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(
        !cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
    assert!(browser.is_signed_in().await);
    let other = browser.cookie.clone();
    let said = browser.sign_in(&key, "https://evil.example/").await;
    assert_eq!(header(&said, "location"), "/");
    assert_ne!(browser.cookie, other, "a session of its own");
    let page = browser.page("/").await;
    assert!(page.contains("Sign out"), "{page}");
    let said = browser.get("/console/sign-in?next=//evil.example").await;
    assert_eq!(header(&said, "location"), "/");
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    let stolen = browser.cookie.clone();
    world.clock.advance_secs(1);
    let said = browser.post("/console/sign-out", &[]).await;
    assert_eq!(header(&said, "location"), "/console/sign-in");
    assert!(header(&said, "set-cookie").contains("Max-Age=0"));
    assert!(!browser.is_signed_in().await);
    browser.cookie = stolen;
    assert!(!browser.is_signed_in().await);
    let done = actions(&world).await;
    let words: Vec<&str> = done.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(words, ["signed_out", "signed_in"]);
}

#[tokio::test]
async fn a_session_ends_when_nobody_comes_and_in_any_case() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    world.clock.advance_secs(29 * 60);
    assert!(browser.is_signed_in().await);
    world.clock.advance_secs(29 * 60);
    assert!(browser.is_signed_in().await, "it was used meanwhile");
    // What a page asks for by itself does not count.
    browser.headers.push(("x-sesame-live", "1".to_owned()));
    world.clock.advance_secs(29 * 60);
    assert!(browser.is_signed_in().await);
    world.clock.advance_secs(2 * 60);
    assert!(!browser.is_signed_in().await);
    let mut browser = Browser::admin(&world).await;
    for _ in 0..35 {
        world.clock.advance_secs(20 * 60);
        assert!(browser.is_signed_in().await);
    }
    world.clock.advance_secs(20 * 60);
    assert!(!browser.is_signed_in().await, "after twelve hours");
}

#[tokio::test]
async fn a_key_that_is_revoked_ends_its_sessions() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    let mut other = Browser::admin(&world).await;
    let page = browser.page("/console/keys").await;
    let keys = world.journal.keys().await.expect("keys");
    let mut admins = keys.iter().filter(|key| key.scopes == ["admin"]);
    let last = admins.next().expect("a key").id.clone();
    assert!(page.contains(&last));
    world.clock.advance_secs(1);
    let said = browser
        .post(&format!("/console/keys/{last}/revoke"), &[])
        .await;
    assert_eq!(header(&said, "location"), "/console/keys?done=revoked");
    let said = browser
        .post(&format!("/console/keys/{last}/revoke"), &[])
        .await;
    assert_eq!(header(&said, "location"), "/console/keys?done=gone");
    // The keys are read anew every few seconds.
    for turn in 0.. {
        let ended = [browser.is_signed_in().await, other.is_signed_in().await];
        if ended.contains(&false) {
            break;
        }
        assert!(turn < 600, "still signed in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let signed_in = [browser.is_signed_in().await, other.is_signed_in().await];
    assert_eq!(
        signed_in.into_iter().filter(|it| *it).count(),
        1,
        "the other key's goes on"
    );
    assert_eq!(actions(&world).await[0].0, "key_revoked");
}

#[tokio::test]
async fn too_many_wrong_keys_from_an_address_are_refused() {
    let proxied = |config: &mut sesame_server::Config| {
        config.proxy.trusted = vec!["127.0.0.1/32".parse().expect("a network")];
    };
    let world = World::with(proxied).await;
    let key = world.new_key("web", &[Scope::Admin]).await;
    let from = |ip: &str| {
        let mut browser = Browser::new(&world);
        browser.headers.push(("x-forwarded-for", ip.to_owned()));
        browser
    };
    let mut browser = from("198.51.100.7");
    for _ in 0..10 {
        assert_eq!(browser.sign_in("wrong", "").await.status, 422);
    }
    let said = browser.sign_in(&key, "").await;
    assert_eq!(said.status, 429, "the right one too");
    let wait: i64 = header(&said, "retry-after").parse().expect("seconds");
    assert!((1..=600).contains(&wait));
    let mut other = from("198.51.100.8");
    for _ in 0..12 {
        assert_eq!(
            other.sign_in(&key, "").await.status,
            303,
            "right ones do not count"
        );
    }
    let mut six = from("2001:db8::1");
    for host in 1..=10 {
        six.headers[0].1 = format!("2001:db8::{host}");
        assert_eq!(six.sign_in("wrong", "").await.status, 422);
    }
    assert_eq!(six.sign_in("wrong", "").await.status, 429, "a whole /64");
    world.clock.advance_secs(wait);
    assert_eq!(browser.sign_in(&key, "").await.status, 303);
}

#[tokio::test]
async fn behind_tls_the_cookie_is_bound_to_its_host() {
    let proxied = |config: &mut sesame_server::Config| {
        config.proxy.trusted = vec!["127.0.0.1/32".parse().expect("a network")];
    };
    for (change, is_secure) in [
        (&proxied as &dyn Fn(&mut sesame_server::Config), true),
        (&|_: &mut sesame_server::Config| {}, false),
    ] {
        let world = World::with(change).await;
        let key = world.new_key("web", &[Scope::Admin]).await;
        let mut browser = Browser::new(&world);
        browser
            .headers
            .push(("x-forwarded-proto", "https".to_owned()));
        let said = browser.sign_in(&key, "").await;
        let cookie = header(&said, "set-cookie");
        assert_eq!(cookie.starts_with("__Host-sesame="), is_secure, "{cookie}");
        assert_eq!(cookie.contains("; Secure"), is_secure, "{cookie}");
        assert!(browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_form_of_anybody_else_does_nothing() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    let mut other = Browser::admin(&world).await;
    let csrf = std::mem::take(&mut browser.csrf);
    let forms = [
        ("/console/sign-out", "x"),
        ("/console/messages", "x"),
        ("/console/limits/lift", "x"),
        ("/console/limits/lift-number", NUMBER),
        ("/console/connectors/test", NUMBER),
        ("/console/keys/abc/revoke", "x"),
        ("/console/messages/abc/number", "x"),
    ];
    let before = actions(&world).await;
    for (path, to) in forms {
        let fields = [("to", to), ("type", "SignIn")];
        for wrong in ["", "wrong", &csrf[1..], other.csrf.as_str()] {
            browser.csrf = wrong.to_owned();
            let said = browser.post(path, &fields).await;
            assert_eq!(said.status, 403, "{path} {wrong}");
            assert!(text(&said).contains("not from this session"));
        }
        browser.csrf.clone_from(&csrf);
        for (name, value) in [
            ("origin", "https://evil.example".to_owned()),
            ("origin", "null".to_owned()),
            ("origin", browser.url.replace("127.0.0.1", "127.0.0.2")),
            ("sec-fetch-site", "cross-site".to_owned()),
            ("sec-fetch-site", "same-site".to_owned()),
        ] {
            browser.headers = vec![(name, value)];
            assert_eq!(
                browser.post(path, &fields).await.status,
                403,
                "{path} {name}"
            );
        }
        browser.headers = vec![("content-type", "text/plain".to_owned())];
        assert_eq!(browser.post(path, &fields).await.status, 400, "{path}");
        browser.headers.clear();
    }
    assert_eq!(actions(&world).await, before);
    assert!(world.emulator.messages_to(NUMBER).is_empty());
    // From here it does.
    let url = browser.url.clone();
    browser.headers = vec![("origin", url)];
    browser.csrf.clone_from(&csrf);
    let said = browser
        .post("/console/limits/lift-number", &[("to", NUMBER)])
        .await;
    assert_eq!(header(&said, "location"), "/console/limits?done=lifted");
    // Nor may another page sign somebody in.
    other.headers = vec![("origin", "https://evil.example".to_owned())];
    assert_eq!(other.sign_in("x", "").await.status, 403);
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    let answers = PAGES.iter().copied().chain([
        "/console/sign-in",
        "/console/nothing",
        "/console/assets/sesame.css",
        "/console/assets/console.js",
        "/console/assets/none",
    ]);
    for path in answers {
        let said = browser.get(path).await;
        let policy = header(&said, "content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        for part in [
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains("http"),
            "{policy}"
        );
        assert_eq!(header(&said, "x-content-type-options"), "nosniff");
        assert_eq!(header(&said, "x-frame-options"), "DENY");
        assert_eq!(header(&said, "referrer-policy"), "same-origin");
        let is_asset = path.contains("/assets/");
        let cache = if is_asset { "max-age=300" } else { "no-store" };
        assert_eq!(header(&said, "cache-control"), cache, "{path}");
        let page = text(&said);
        if !is_asset {
            // Nothing that the policy would keep from working.
            for kept in [
                "<style",
                " style=",
                "<script>",
                " onclick",
                "javascript:",
                "=\"http",
            ] {
                assert!(!page.contains(kept), "{path}: {kept}");
            }
            assert!(page.len() < 100_000, "{path}: {}", page.len());
        }
        let head = browser.ask(Method::HEAD, path, None).await;
        assert_eq!((head.status, head.body.len()), (said.status, 0), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_on_a_page() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    for path in [
        "/console/nothing",
        "/console/messages/abc",
        "/console/messages/%ff",
        "/console/messages?cursor=%3Cscript%3E",
    ] {
        let said = browser.get(path).await;
        assert_eq!(said.status, 404, "{path}");
        assert_eq!(header(&said, "content-type"), "text/html; charset=utf-8");
        let page = text(&said);
        assert!(page.contains("There is no such page"), "{path}: {page}");
        assert!(page.contains(header(&said, "x-request-id")), "{path}");
    }
    let said = browser.ask(Method::DELETE, "/console/audit", None).await;
    assert_eq!(said.status, 405);
    assert!(header(&said, "allow").contains("GET"));
    assert!(text(&said).contains("takes other requests"));
    let said = browser.get("/console/sign-out").await;
    assert_eq!(
        (said.status.as_u16(), header(&said, "allow")),
        (405, "POST")
    );
    let said = browser.get("/console/nothing?lang=zh").await;
    assert!(text(&said).contains("页面不存在"));
    // Elsewhere it is what programs read.
    assert_eq!(browser.get("/nothing").await.code(), "not_found");
    world.store.is_gone.store(true, Ordering::SeqCst);
    let said = browser.get("/console/audit").await;
    assert_eq!(said.status, 503);
    assert!(text(&said).contains("存储暂时不可用"), "{said:?}");
    assert_eq!(header(&said, "retry-after"), "1");
    world.store.is_gone.store(false, Ordering::SeqCst);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn language_and_colours_are_chosen_and_kept() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    browser
        .headers
        .push(("accept-language", "zh-CN,zh;q=0.9".to_owned()));
    let said = browser.get("/").await;
    assert_eq!(header(&said, "content-language"), "zh-CN");
    assert!(text(&said).contains(r#"<html lang="zh-CN" data-theme="auto">"#));
    let page = browser.page("/console/audit?lang=en&theme=dark").await;
    assert!(
        page.contains(r#"<html lang="en" data-theme="dark">"#),
        "{page}"
    );
    let page = browser.page("/console/messages?app=web").await;
    assert!(
        page.contains(r#"<html lang="en" data-theme="dark">"#),
        "{page}"
    );
    assert!(
        page.contains("/console/messages?app=web&#38;lang=zh"),
        "{page}"
    );
    let page = browser.page("/?lang=%22%3E%3Cscript%3E&theme=%22x").await;
    assert!(
        page.contains(r#"<html lang="en" data-theme="dark">"#),
        "{page}"
    );
}

#[tokio::test]
async fn the_console_is_where_it_is_configured() {
    let world = World::with(|config| {
        config.admin_listen = Some("127.0.0.1:0".parse().expect("an address"));
    })
    .await;
    let mut browser = Browser::new(&world);
    for path in ["/", "/console/sign-in", "/console/assets/sesame.css"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    browser.url = world.server.urls()[1].clone();
    let key = world.new_key("web", &[Scope::Admin]).await;
    assert_eq!(browser.sign_in(&key, "").await.status, 303);
    assert!(browser.is_signed_in().await);
    assert_eq!(browser.get("/v1/messages").await.status, 404);
}

#[tokio::test]
async fn a_message_is_followed_from_its_test_to_its_report() {
    let world = World::new().await;
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/connectors").await;
    assert!(
        page.contains("阿里云短信测试") && page.contains("SMS_154950909"),
        "{page}"
    );
    assert!(page.contains("test…") && !page.contains("testsecret") && !page.contains("testid"));
    world.clock.advance_secs(1);
    let fields = [("to", "138 0013 8000"), ("type", "SignIn")];
    let said = browser.post("/console/connectors/test", &fields).await;
    let place = header(&said, "location").to_owned();
    assert!(place.starts_with("/console/messages/"), "{place}");
    let page = browser.page(&place).await;
    for part in [
        "+86 138****8000",
        "The provider took it",
        "No delivery report yet",
        "China Mobile",
        "waits for its code",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        !page.contains("13800138000") && !shows(&page, &world.code(NUMBER)),
        "{page}"
    );
    // Too soon for another: told, and nothing is sent.
    let said = browser.post("/console/connectors/test", &fields).await;
    assert_eq!(said.status, 422);
    assert!(text(&said).contains("number_per_minute"), "{}", text(&said));
    let said = browser
        .post(
            "/console/connectors/test",
            &[("to", "<b>"), ("type", "SignIn")],
        )
        .await;
    assert_eq!(said.status, 422);
    assert!(text(&said).contains("no phone number"));
    let fields = [("to", "+8613900139000"), ("type", "Nope")];
    let said = browser.post("/console/connectors/test", &fields).await;
    assert_eq!(said.status, 422);
    assert!(text(&said).contains("no such usage type"));
    let biz_id = world.message(NUMBER).biz_id;
    report(
        &world,
        place.rsplit('/').next().expect("an id"),
        &biz_id,
        "UNDELIVERED",
    )
    .await;
    let page = browser.page(&place).await;
    for part in ["it did not arrive", "UNDELIVERED", "Cause:", "Cure:"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let page = browser.page(&format!("{place}?lang=zh")).await;
    for part in ["回执：未送达", "原因:", "处理办法:"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let (action, subject) = &actions(&world).await[0];
    assert_eq!(
        (action.as_str(), subject.as_str()),
        ("test_sent", "+86 138****8000")
    );
}

/// Pushes a report as Aliyun does.
async fn report(world: &World, out_id: &str, biz_id: &str, err_code: &str) {
    let reports = json!([{
        "phone_number": "13800138000", "send_time": "2026-11-22 12:00:00",
        "report_time": "2026-11-22 12:00:05", "success": false, "err_code": err_code,
        "err_msg": "x", "sms_size": "1", "biz_id": biz_id, "out_id": out_id,
    }]);
    let path = format!("/reports/aliyun/{REPORT_SECRET}");
    let said = world.post(&path, &reports).await;
    assert_eq!(said.status, 200, "{said:?}");
}

#[tokio::test]
async fn a_refusal_is_told_with_cause_and_cure_in_both_languages() {
    let world = World::new().await;
    let fault = Fault::Code {
        code: "isv.AMOUNT_NOT_ENOUGH".into(),
        http_status: 200,
        message: None,
        headers: Vec::new(),
    };
    world
        .emulator
        .fault(FaultOrder::new("SendSms", 1, fault))
        .expect("a fault");
    let mut browser = Browser::admin(&world).await;
    let fields = [("to", NUMBER), ("type", "Register")];
    let said = browser.post("/console/connectors/test", &fields).await;
    assert_eq!(said.status, 422);
    assert!(text(&said).contains("isv.AMOUNT_NOT_ENOUGH"));
    let page = browser.page("/console/messages?outcome=refused").await;
    let (_, rest) = page.split_once("/console/messages/").expect("a link");
    let out_id = rest.split('"').next().expect("an id");
    let page = browser.page(&format!("/console/messages/{out_id}")).await;
    for part in [
        "Refused: not sent",
        "isv.AMOUNT_NOT_ENOUGH",
        "neither money nor package",
        "top up",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let page = browser
        .page(&format!("/console/messages/{out_id}?lang=zh"))
        .await;
    for part in ["被拒绝：确定未发送", "账号余额和套餐包都已用完", "充值"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn messages_are_found_and_a_number_is_shown_to_whoever_asks_by_name() {
    let world = World::new().await;
    let id = world.start(NUMBER).await;
    world.check(&id, &world.code(NUMBER)).await;
    world.start("+85268326366").await;
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/messages").await;
    assert!(
        page.contains("+86 138****8000") && page.contains("+852 68****66"),
        "{page}"
    );
    assert!(page.contains("Confirmed"));
    let said = browser
        .post(
            "/console/messages",
            &[("to", "+86 138-0013-8000"), ("app", "web")],
        )
        .await;
    let place = header(&said, "location").to_owned();
    assert!(
        place.contains("who=") && place.contains("app=web"),
        "{place}"
    );
    assert!(!place.contains("1380013"), "{place}");
    let page = browser.page(&place).await;
    assert!(
        page.contains("+86 138****8000") && !page.contains("+852"),
        "{page}"
    );
    let said = browser.post("/console/messages", &[("to", "12")]).await;
    assert_eq!(said.status, 422);
    assert!(text(&said).contains("no phone number"));
    for (query, found) in [
        ("delivery=waiting", true),
        ("delivery=delivered", false),
        ("type=SignIn&app=web&outcome=accepted", true),
        ("type=Register", false),
        ("app=other", false),
        ("from=2026-11-22T04:00", true),
        ("until=2026-11-22T03:00", false),
        ("outcome=unknown", false),
    ] {
        let page = browser.page(&format!("/console/messages?{query}")).await;
        assert_eq!(page.contains("138****8000"), found, "{query}");
    }
    let said = browser.get("/console/messages?from=yesterday").await;
    assert_eq!(said.status, 422);
    let page = browser.page(&place).await;
    let (_, rest) = page.split_once("/console/messages/").expect("a link");
    let out_id = rest.split('"').next().expect("an id").to_owned();
    let page = browser.page(&format!("/console/messages/{out_id}")).await;
    assert!(!page.contains("+8613800138000"), "{page}");
    assert!(
        page.contains("Its code came back right") && page.contains("approved"),
        "{page}"
    );
    world.clock.advance_secs(1);
    let said = browser
        .post(&format!("/console/messages/{out_id}/number"), &[])
        .await;
    assert!(text(&said).contains("+8613800138000"), "{said:?}");
    let decisions = world.journal.decisions(1, None).await.expect("decisions");
    assert_eq!(decisions[0].action, "number_shown");
    assert_eq!(
        (decisions[0].actor.as_str(), decisions[0].subject.as_str()),
        ("test", "+86 138****8000")
    );
    assert!(decisions[0].detail.contains(&out_id));
    let page = browser.page("/console/audit").await;
    assert!(
        page.contains("A whole number was shown") && !page.contains("13800138000"),
        "{page}"
    );
    let said = browser.post("/console/messages/none/number", &[]).await;
    assert_eq!(said.status, 404);
}

#[tokio::test]
async fn who_is_held_back_is_listed_and_lifted() {
    let world = World::with(|config| config.policy.ip_per_hour = 1).await;
    let id = world.start(NUMBER).await;
    for turn in 0..10 {
        world.check(&id, &world.wrong_code(NUMBER)).await;
        if turn % 5 == 4 && turn < 9 {
            world.clock.advance_secs(61);
            world.start(NUMBER).await;
        }
    }
    let body = |to: &str| json!({ "to": to, "type": "SignIn", "ip": "192.0.2.77" });
    for (to, status) in [("+8613900139000", 201), ("+8613900139001", 429)] {
        let said = world.post("/v1/verifications", &body(to)).await;
        assert_eq!(said.status.as_u16(), status, "{said:?}");
    }
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/limits").await;
    assert!(page.contains("192.0.2.77"), "{page}");
    assert!(
        page.contains("Messages for the address in an hour"),
        "{page}"
    );
    let ids = |page: &str| -> Vec<String> {
        let parts = page.split(r#"name="id" value=""#).skip(1);
        parts
            .map(|part| part.split('"').next().expect("a value").to_owned())
            .collect()
    };
    for id in ids(&page) {
        let said = browser.post("/console/limits/lift", &[("id", &id)]).await;
        assert_eq!(header(&said, "location"), "/console/limits?done=lifted");
        let said = browser.post("/console/limits/lift", &[("id", &id)]).await;
        assert_eq!(header(&said, "location"), "/console/limits?done=gone");
    }
    let page = browser.page("/console/limits?done=lifted").await;
    assert!(page.contains("Lifted.") && ids(&page).is_empty(), "{page}");
    assert!(!page.contains("192.0.2.77"), "{page}");
    let said = world
        .post("/v1/verifications", &body("+8613900139001"))
        .await;
    assert_eq!(said.status, 201, "{said:?}");
    let done = actions(&world).await;
    assert!(
        done.iter()
            .any(|(action, subject)| action == "limit_lifted" && subject == "ip")
    );
    // It holds again, and is listed again.
    assert_eq!(
        world
            .post("/v1/verifications", &body("+8613900139002"))
            .await
            .status,
        429
    );
    assert!(browser.page("/console/limits").await.contains("192.0.2.77"));
}

const DECISIONS: &str = "/console/limits/decisions";

/// The page, once what was decided is written down.
async fn decisions(browser: &mut Browser<'_>, path: &str, shown: &str) -> String {
    for _ in 0..100 {
        let page = browser.page(path).await;
        if page.contains(shown) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{shown} is not on the page");
}

#[tokio::test]
async fn what_limits_decided_is_found_by_number_limit_and_decision() {
    let world = World::with(|config| {
        let policy = &mut config.policy;
        policy.ip_per_hour = 1;
        policy.observe = ["ip_per_hour".to_owned()].into();
        policy.prefixes.deny = ["+8617".to_owned()].into();
    })
    .await;
    let body = |to: &str| json!({ "to": to, "type": "SignIn", "ip": "192.0.2.77" });
    for (to, status) in [
        ("+8613900139000", 201),
        ("+8613900139001", 201),
        ("+8613900139002", 201),
        ("+8613900139002", 429),
        ("+8617000138000", 422),
    ] {
        let said = world.post("/v1/verifications", &body(to)).await;
        assert_eq!(said.status.as_u16(), status, "{said:?}");
        if status == 422 {
            assert_eq!(said.code(), "number_refused");
            assert_eq!(said.json()["limit"], "prefix_denied");
        }
    }
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/limits").await;
    assert!(page.contains(DECISIONS), "{page}");
    assert!(
        page.contains("only watched") && page.contains("Messages for the address in an hour"),
        "{page}"
    );
    assert!(page.contains("Nobody is held back"), "{page}");
    let page = decisions(&mut browser, DECISIONS, "prefixes.deny=+8617").await;
    for part in [
        "Would refuse",
        "192.0.2.77",
        "+86 139****9001",
        "unconfirmed=2 confirmed=0 base=1 share=1",
        "One message a minute",
        "+86 1700013****",
        "while it is listed",
        "web · SignIn · CN",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("13900139001"), "{page}");
    // Found by what it is.
    let watched = browser
        .page(&format!("{DECISIONS}?decision=would_refuse"))
        .await;
    assert!(
        watched.contains("192.0.2.77") && !watched.contains("prefixes.deny"),
        "{watched}"
    );
    let listed = browser
        .page(&format!("{DECISIONS}?limit=prefix_denied"))
        .await;
    assert!(
        !listed.contains("192.0.2.77") && listed.contains("prefixes.deny"),
        "{listed}"
    );
    let number = [("to", "+86 139 0013 9002"), ("decision", "refused")];
    let said = browser.post(DECISIONS, &number).await;
    let place = header(&said, "location").to_owned();
    assert!(
        place.contains("decision=refused") && !place.contains("13900139002"),
        "{place}"
    );
    let found = browser.page(&place).await;
    assert!(
        found.contains("One message a minute") && !found.contains("prefixes.deny"),
        "{found}"
    );
    let said = browser.post(DECISIONS, &[("to", "123")]).await;
    assert_eq!(said.status, 422);
    assert!(text(&said).contains("This is no phone number"));
    // And counted.
    let said = world.ask(Ask::new(Method::GET, "/metrics", None)).await;
    for line in [
        r#"sesame_observed_total{usage_type="SignIn",country="CN",limit="ip_per_hour"} 2"#,
        r#"sesame_limited_total{usage_type="SignIn",country="CN",limit="prefix_denied"} 1"#,
    ] {
        assert!(text(&said).contains(line), "{line}: {}", text(&said));
    }
}

#[tokio::test]
async fn decisions_come_page_by_page() {
    let world = World::with(|config| config.policy.countries.deny = ["HK".to_owned()].into()).await;
    for number in 0..60 {
        let to = format!("+852683263{number:02}");
        let said = world
            .post("/v1/verifications", &json!({ "to": to, "type": "SignIn" }))
            .await;
        assert_eq!(said.status, 422, "{said:?}");
        world.clock.advance_secs(3600);
    }
    let mut browser = Browser::admin(&world).await;
    let page = decisions(&mut browser, DECISIONS, "+852 68****59").await;
    assert_eq!(page.matches("countries.deny has HK").count(), 50);
    let (_, rest) = page
        .split_once(r#"<p><a class="button" href=""#)
        .expect("older ones");
    let older = rest.split('"').next().expect("an address");
    let page = browser.page(&older.replace("&#38;", "&")).await;
    assert_eq!(page.matches("countries.deny has HK").count(), 10);
}

#[tokio::test]
async fn most_of_a_days_money_is_told() {
    let world = World::with(|config| {
        let account = "money_per_day = \"0.1\"\nprices = { other = \"0.045\" }";
        config.policy.account = toml::from_str(account).expect("an account");
    })
    .await;
    world.start(NUMBER).await;
    world.start("+8613900139000").await;
    let said = world.ask(Ask::new(Method::GET, "/metrics", None)).await;
    let line = r#"sesame_limits_near_total{limit="account_money_per_day"} 1"#;
    assert!(text(&said).contains(line), "{}", text(&said));
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/audit").await;
    assert!(page.contains("Most of a limit is used up"), "{page}");
}

#[tokio::test]
async fn a_number_that_is_locked_is_listed_and_lifted() {
    let world = World::with(|config| {
        config.policy.lock_after_failures = 5;
    })
    .await;
    let id = world.start(NUMBER).await;
    for _ in 0..5 {
        world.check(&id, &world.wrong_code(NUMBER)).await;
    }
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/limits").await;
    assert!(page.contains("Locked after too many wrong codes"), "{page}");
    assert!(
        page.contains("until it is lifted") && page.contains("+86 138****8000"),
        "{page}"
    );
    let said = browser
        .post("/console/limits/lift-number", &[("to", NUMBER)])
        .await;
    assert_eq!(header(&said, "location"), "/console/limits?done=lifted");
    let page = browser.page("/console/limits").await;
    assert!(page.contains("Nobody is held back"), "{page}");
    world.clock.advance_secs(61);
    world.start(NUMBER).await;
}

#[tokio::test]
async fn the_day_is_told_at_a_glance() {
    let world = World::with(|config| {
        let prices = [("CN", "0.045"), ("other", "0.5")];
        config.policy.account.prices = prices
            .map(|(country, price)| (country.to_owned(), price.parse().expect("money")))
            .into();
    })
    .await;
    let id = world.start(NUMBER).await;
    world.check(&id, &world.code(NUMBER)).await;
    world.start("+8618600138000").await;
    world.start("+85268326366").await;
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/").await;
    for part in [
        "<b>3</b><span>Sent",
        "<b>1</b><span>Confirmed · 33.3 %",
        "<b>0.59</b><span>Money",
        "China Unicom",
        "<svg",
        "By hour",
        "By day",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(
        page.matches("<svg").count(),
        page.matches("<figure").count()
    );
    assert_eq!(
        page.matches("<svg").count(),
        page.matches("The same as a table").count()
    );
    let page = browser.page("/?app=none").await;
    assert!(page.contains("<b>0</b><span>Sent"), "{page}");
    world.clock.advance_secs(25 * 3600);
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/").await;
    assert!(page.contains("<b>0</b><span>Sent"), "a day later: {page}");
    assert!(page.contains("China Unicom"), "within thirty days: {page}");
}

/// What people and machines write that a page must not take for its own.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></textarea><!--",
    "\u{202e}gnp.exe\u{2066}",
    "a\u{0}b\u{7}\r\nX: y",
];

fn hostile_row(at: usize, text: &str, clock: &crate::support::Clock) -> Row {
    use sesame_connector::Source as _;
    Row {
        out_id: OutId::parse(&format!("hostile{at}")).expect("an id"),
        verification: Some(text.to_owned()),
        app: text.to_owned(),
        usage_type: text.to_owned(),
        number: vec![1],
        number_index: [0; 16],
        masked: text.to_owned(),
        country: text.to_owned(),
        carrier: text.to_owned(),
        provider: text.to_owned(),
        created_at: clock.now(),
        progress: Progress {
            state: State::Refused,
            code: Some(text.to_owned()),
            request_id: Some(text.to_owned()),
            biz_id: Some(text.to_owned()),
            ended_at: None,
            report: None,
        },
        confirmed_at: None,
        ask_at: None,
    }
}

fn hostile_connector(endpoint: &str, source: Arc<dyn sesame_connector::Source>) -> Connector {
    let config = json!({
        "accessKeyId": "<b>testid", "accessKeySecret": "testsecret",
        "signName": "<script>alert(1)</script>",
        "templates": [{
            "usageType": "<script>alert(1)</script>", "templateCode": "\"><img src=x onerror=alert(1)>",
        }, { "usageType": "Generic", "templateCode": "SMS_1" }],
        "endpoint": endpoint,
    });
    let checked = ConnectorConfig::parse(&config.to_string(), Format::Json, &NoLookup);
    let config = checked.config.expect("a configuration");
    Connector::from_config(config, source).expect("a provider")
}

#[tokio::test]
async fn hooks_in_use_are_listed_without_their_secrets() {
    let world = World::with(|config| {
        let mut hook = HookConfig::new(PresetName::Supabase);
        hook.app = Some("shop".to_owned());
        let secret = "v1,whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        hook.secrets = vec![Secret::plain(secret)];
        config.hooks.insert("my-supabase".to_owned(), hook);
    })
    .await;
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/keys").await;
    for part in [
        "/hooks/my-supabase",
        "supabase",
        "shop",
        "/reports/aliyun/…",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        !page.contains("whsec") && !page.contains(REPORT_SECRET),
        "{page}"
    );
}

#[tokio::test]
async fn the_connector_behind_the_first_is_drawn_too() {
    let made = |endpoint: &str, source: Arc<dyn sesame_connector::Source>| {
        let config = json!({
            "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "签名一",
            "templates": [{ "usageType": "Generic", "templateCode": "SMS_1" }],
            "endpoint": endpoint,
            "fallback": {
                "provider": "aliyun-pnvs", "signName": "速通互联验证码", "endpoint": endpoint,
                "templates": [{ "usageType": "Generic", "templateCode": "100001" }],
            },
        });
        let checked = ConnectorConfig::parse(&config.to_string(), Format::Json, &NoLookup);
        let config = checked.config.expect("a configuration");
        assert!(config.fallback.is_some());
        Connector::from_config(config, source).expect("a provider")
    };
    let world = World::with_connector(|_| {}, made).await;
    let mut browser = Browser::admin(&world).await;
    let page = browser.page("/console/connectors").await;
    for part in ["SMS_1", "签名一", "aliyun-pnvs", "速通互联验证码", "100001"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn hostile_text_is_text() {
    use sesame_connector::Source as _;
    let world = World::with_connector(|_| {}, hostile_connector).await;
    let long = format!("{}<script>alert(1)</script>", "长".repeat(5000));
    let mut browser = Browser::admin(&world).await;
    for (at, hostile) in HOSTILE.into_iter().chain([long.as_str()]).enumerate() {
        let row = hostile_row(at, hostile, &world.clock);
        world.journal.open(&row).await.expect("a row");
        let report = Receipted {
            delivered: false,
            code: Some(hostile.to_owned()),
            reported_at: None,
        };
        let news = Progress::reported(report);
        let told = world
            .journal
            .advance(&row.out_id, &news, When::Never, world.clock.now());
        told.await.expect("a report");
        let decision = Decision {
            id: format!("decision{at}"),
            at: world.clock.now(),
            actor: hostile.to_owned(),
            action: hostile.to_owned(),
            subject: hostile.to_owned(),
            number_index: None,
            detail: hostile.to_owned(),
        };
        world.journal.decide(&decision).await.expect("a decision");
        let block = sesame_passcode::journal::Block {
            id: hostile.chars().take(50).collect(),
            limit: hostile.to_owned(),
            subject: hostile.to_owned(),
            sealed: Vec::new(),
            since: world.clock.now(),
            until: sesame_passcode::journal::Block::LASTING,
        };
        world.journal.block(&block).await.expect("a block");
        let key = sesame_server::auth::ApiKey::generate(&*world.clock);
        let mut row = key.row(hostile, hostile, &[Scope::Admin], world.clock.now());
        row.scopes.push(hostile.to_owned());
        world.journal.put_key(&row).await.expect("a key");
        let mut other = Browser::new(&world);
        let signed_in = other.sign_in(&key.reveal(), hostile).await;
        assert_eq!(header(&signed_in, "location"), "/");
        is_text(&other.page("/").await, "its own name");
    }
    let messages = (0..=HOSTILE.len()).map(|at| format!("/console/messages/hostile{at}"));
    let searches =
        HOSTILE.map(|hostile| format!("/console/messages?app={0}&type={0}", encoded(hostile)));
    let apps = HOSTILE.map(|hostile| format!("/?app={}", encoded(hostile)));
    let signs = HOSTILE.map(|hostile| format!("/console/sign-in?next={}", encoded(hostile)));
    let pages = PAGES.map(str::to_owned);
    for path in pages
        .into_iter()
        .chain(messages)
        .chain(searches)
        .chain(apps)
    {
        for agent in ["<script>alert(1)</script>", "x"] {
            browser.headers = vec![("user-agent", agent.to_owned())];
            let page = browser.page(&path).await;
            is_text(&page, &path);
            assert!(page.len() < 100_000, "{path}: {}", page.len());
        }
    }
    browser.cookie.clear();
    for path in signs {
        is_text(&browser.page(&path).await, &path);
    }
    let hostile = "<script>alert(1)</script>";
    let said = browser.sign_in(hostile, hostile).await;
    is_text(&text(&said), "sign-in");
}

fn is_text(page: &str, path: &str) {
    // What a form sends back has to be as it was; nobody sees it, and quotes
    // cannot end it.
    let parts = page.split(r#" value=""#).enumerate();
    let shown = parts.map(|(at, part)| match part.split_once('"') {
        Some((_, rest)) if at > 0 => rest,
        _ => part,
    });
    let page: &str = &shown.collect::<Vec<_>>().join(" ");
    for kept in [
        "<script>alert",
        "<img",
        "' onmouseover='",
        "<!--",
        "</textarea>",
        "\u{202e}",
        "\u{2066}",
        "\u{0}",
        "\u{7}",
    ] {
        assert!(!page.contains(kept), "{path}: {kept:?}\n{page}");
    }
}

#[tokio::test]
async fn what_the_doctor_found_stands_on_the_first_page() {
    let world = World::with(|config| {
        config.doctor.first_after_secs = 0;
        config.doctor.every_secs = 1;
    })
    .await;
    let mut browser = Browser::admin(&world).await;
    assert!(!browser.page("/").await.contains("id=\"doctor\""));
    let changed = world.emulator.change_account(|account| {
        account.templates[0].status = sesame_emulator::ReviewStatus::Rejected;
        account.templates[0].reject_reason = "<script>alert(1)</script>".to_owned();
    });
    changed.expect("an account");
    // Bounded, not timed.
    for _ in 0..600 {
        let page = browser.page("/").await;
        if page.contains("id=\"doctor\"") {
            assert!(page.contains("SMS_154950909") && page.contains("was rejected"));
            assert!(page.contains("dysms.console.aliyun.com") && !page.contains("<script>alert"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came");
}
