//! The app against a Sesame that answers as each test wants it to.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PublicKeyData as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const NUMBER: &str = "+8613800138000";
const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&";
const HOSTILE_FORM: &str =
    "%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%3Cimg+src%3Dx+onerror%3Dalert%281%29%3E%27%26";

/// Answers as it is told.
struct Sesame {
    start: (u16, Value),
    check: (u16, Value),
    show: (u16, Value),
    jwks: Value,
    key: EncodingKey,
    /// What the app sent to start a verification.
    started: Vec<Value>,
}

type Shared = Arc<Mutex<Sesame>>;

fn started() -> (u16, Value) {
    let body = json!({
        "id": "v1", "to": "+86 138****8000", "resend_after_secs": 60,
        "message": { "outcome": "accepted", "delivery": null },
    });
    (201, body)
}

impl Sesame {
    fn new() -> Shared {
        let pair = KeyPair::generate().expect("a key");
        let (x, y) = pair.der_bytes()[1..].split_at(32);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        Arc::new(Mutex::new(Self {
            start: started(),
            check: (200, json!({ "status": "pending", "attempts_left": 4 })),
            show: started(),
            jwks: json!({ "keys": [jwk] }),
            key: EncodingKey::from_ec_der(&pair.serialize_der()),
            started: Vec::new(),
        }))
    }

    /// A right code from now on, with a token changed by `change`.
    fn approve(&mut self, change: impl FnOnce(&mut Value, &mut Header)) {
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs();
        let mut claims = json!({
            "iss": "https://sesame.example", "aud": "app", "sub": "s", "phone_number": NUMBER,
            "phone_number_verified": true, "usage": "Register", "verification": "v1",
            "iat": now, "exp": now + 300,
        });
        let mut head = Header::new(Algorithm::ES256);
        head.kid = Some("k1".to_owned());
        change(&mut claims, &mut head);
        let token = encode(&head, &claims, &self.key).expect("a token");
        self.check = (200, json!({ "status": "approved", "token": token }));
    }
}

fn answer((status, body): (u16, Value)) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(body)).into_response()
}

async fn serve_sesame(sesame: Shared) -> String {
    async fn start(State(sesame): State<Shared>, Json(body): Json<Value>) -> Response {
        let mut sesame = sesame.lock().expect("no panic");
        sesame.started.push(body);
        answer(sesame.start.clone())
    }
    let look = |look: fn(&Sesame) -> (u16, Value)| {
        move |State(sesame): State<Shared>| async move {
            answer(look(&sesame.lock().expect("no panic")))
        }
    };
    let router = Router::new()
        .route("/v1/verifications", post(start))
        .route(
            "/v1/verifications/v1",
            get(look(|s| s.show.clone())).delete(|| async { StatusCode::NO_CONTENT }),
        )
        .route(
            "/v1/verifications/v1/check",
            post(look(|s| s.check.clone())),
        )
        .route(
            "/.well-known/jwks.json",
            get(look(|s| (200, s.jwks.clone()))),
        )
        .with_state(sesame);
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(socket, router).await });
    url
}

/// A browser: one cookie, and the last page.
struct Browser {
    url: String,
    cookie: String,
    /// All that a `Set-Cookie` said, the last time there was one.
    set: String,
    text: String,
    headers: axum::http::HeaderMap,
}

impl Browser {
    async fn at(sesame: &Shared, change: impl FnOnce(&mut sign_in::Settings)) -> Self {
        let mut settings = sign_in::Settings {
            sesame_url: serve_sesame(Arc::clone(sesame)).await,
            api_key: "sk".to_owned(),
            issuer: "https://sesame.example".to_owned(),
            audience: "app".to_owned(),
            is_https: false,
            framed_by: None,
            now: Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
        };
        change(&mut settings);
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", socket.local_addr().expect("an address"));
        tokio::spawn(sign_in::serve(socket, settings));
        let mut browser = Self {
            url,
            cookie: String::new(),
            set: String::new(),
            text: String::new(),
            headers: axum::http::HeaderMap::new(),
        };
        browser.get("/?mode=register&lang=en").await;
        browser
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        site: Option<&str>,
        body: String,
    ) -> StatusCode {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let request = request.body(Full::from(body)).expect("a request");
        let response = client.request(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        if let Some(set) = parts.headers.get(header::SET_COOKIE) {
            self.set = set.to_str().expect("text").to_owned();
            self.cookie = self.set.split(';').next().unwrap_or_default().to_owned();
        }
        let bytes = body.collect().await.expect("a body").to_bytes();
        self.text = String::from_utf8_lossy(&bytes).into_owned();
        self.headers = parts.headers;
        parts.status
    }

    async fn get(&mut self, path: &str) {
        let status = self.ask(Method::GET, path, None, String::new()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }

    fn csrf(&self) -> String {
        let (_, rest) = self
            .text
            .split_once("name=\"csrf\" value=\"")
            .expect("a form");
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Submits a form of the page and follows to where it leads.
    async fn submit(&mut self, path: &str, fields: &str) {
        let form = format!("csrf={}&{fields}", self.csrf());
        let status = self
            .ask(Method::POST, path, Some("same-origin"), form)
            .await;
        assert_eq!(
            status,
            StatusCode::SEE_OTHER,
            "{path} {fields}: {}",
            self.text
        );
        let to = self.headers[header::LOCATION]
            .to_str()
            .expect("text")
            .to_owned();
        self.get(&to).await;
    }

    async fn start(&mut self, mode: &str) {
        self.submit(
            "/start",
            &format!("mode={mode}&country=86&number=13800138000"),
        )
        .await;
    }

    fn is_in(&self) -> bool {
        self.text.contains("You are signed in")
    }
}

#[tokio::test]
async fn registers_signs_out_and_signs_in() {
    let sesame = Sesame::new();
    let mut browser = Browser::at(&sesame, |_| {}).await;
    let first = browser.cookie.clone();
    browser.start("register").await;
    assert!(browser.text.contains("one-time-code") && browser.text.contains("+86 138****8000"));
    assert!(
        browser.text.contains("data-resend-in=\"60\""),
        "{}",
        browser.text
    );
    let sent = sesame.lock().expect("no panic").started[0].clone();
    assert_eq!(
        (&sent["to"], &sent["type"]),
        (&json!("+86 13800138000"), &json!("Register"))
    );
    assert_eq!(sent["ip"], "127.0.0.1");
    let binding = sent["session"].as_str().expect("a session").to_owned();
    assert!(
        !first.contains(&binding),
        "the cookie is nobody else's business"
    );

    browser.submit("/check", "code=000000").await;
    assert!(browser.text.contains("4 more tries") && !browser.is_in());
    sesame.lock().expect("no panic").approve(|_, _| {});
    browser.submit("/check", "code=123456").await;
    assert!(
        browser.is_in() && browser.text.contains(NUMBER),
        "{}",
        browser.text
    );
    assert_ne!(browser.cookie, first, "signing in makes a new session");
    browser.get("/").await;
    assert!(browser.is_in());

    let inside = browser.cookie.clone();
    browser.submit("/leave", "").await;
    assert!(!browser.is_in());
    let outside = std::mem::replace(&mut browser.cookie, inside);
    browser.get("/").await;
    assert!(!browser.is_in(), "the old cookie is worth nothing");
    browser.cookie = outside;
    browser.get("/").await;

    browser.start("sign-in").await;
    browser.submit("/check", "code=123456").await;
    assert!(browser.is_in());
}

#[tokio::test]
async fn a_number_without_an_account_is_told_only_to_its_owner() {
    let sesame = Sesame::new();
    let mut browser = Browser::at(&sesame, |_| {}).await;
    browser.start("sign-in").await;
    assert!(!browser.text.contains("No account"));
    sesame
        .lock()
        .expect("no panic")
        .approve(|claims, _| claims["usage"] = json!("SignIn"));
    browser.submit("/check", "code=123456").await;
    assert!(browser.text.contains("No account yet") && !browser.is_in());
    browser.submit("/create", "").await;
    assert!(browser.is_in());
}

/// Whatever is wrong with the token, nobody is signed in.
#[tokio::test]
async fn a_token_must_be_right_in_everything() {
    type Change = fn(&mut Value, &mut Header);
    let changes: [(&str, Change); 8] = [
        ("issuer", |claims, _| {
            claims["iss"] = json!("https://evil.example")
        }),
        ("audience", |claims, _| claims["aud"] = json!("another-app")),
        ("expired", |claims, _| claims["exp"] = json!(1_000_000)),
        ("no end", |claims, _| {
            claims.as_object_mut().expect("claims").remove("exp");
        }),
        ("another verification", |claims, _| {
            claims["verification"] = json!("v2")
        }),
        ("not verified", |claims, _| {
            claims["phone_number_verified"] = json!(false)
        }),
        ("unknown key", |_, head| head.kid = Some("k2".to_owned())),
        ("no key", |_, head| head.kid = None),
    ];
    for (what, change) in changes {
        let sesame = Sesame::new();
        let mut browser = Browser::at(&sesame, |_| {}).await;
        browser.start("register").await;
        sesame.lock().expect("no panic").approve(change);
        browser.submit("/check", "code=123456").await;
        assert!(!browser.is_in(), "{what}");
        assert!(
            browser.text.contains("Signing in did not work"),
            "{what}: {}",
            browser.text
        );
    }
    for spoil in [
        |token: String| format!("{}x", token),
        // Signed by nobody.
        |token: String| {
            let claims = token.split('.').nth(1).unwrap_or_default().to_owned();
            let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"k1"}"#);
            format!("{head}.{claims}.")
        },
    ] {
        let sesame = Sesame::new();
        let mut browser = Browser::at(&sesame, |_| {}).await;
        browser.start("register").await;
        {
            let mut sesame = sesame.lock().expect("no panic");
            sesame.approve(|_, _| {});
            let token = sesame.check.1["token"]
                .as_str()
                .expect("a token")
                .to_owned();
            sesame.check.1["token"] = json!(spoil(token));
        }
        browser.submit("/check", "code=123456").await;
        assert!(!browser.is_in());
    }
}

#[tokio::test]
async fn only_forms_of_its_own_pages_do_anything() {
    let sesame = Sesame::new();
    let mut browser = Browser::at(&sesame, |_| {}).await;
    let csrf = browser.csrf();
    let fields = "mode=register&country=86&number=13800138000";
    for (site, form) in [
        (Some("cross-site"), format!("csrf={csrf}&{fields}")),
        (Some("same-site"), format!("csrf={csrf}&{fields}")),
        (Some("same-origin"), fields.to_owned()),
        (None, format!("csrf=&{fields}")),
        (None, format!("csrf={}&{fields}", "0".repeat(48))),
        (None, format!("csrf={csrf}&csrf={csrf}&{fields}")),
    ] {
        let status = browser
            .ask(Method::POST, "/start", site, form.clone())
            .await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{form}");
    }
    // With the right text and another session's cookie.
    browser.cookie = format!("sign-in={}", "0".repeat(48));
    browser
        .ask(
            Method::POST,
            "/start",
            None,
            format!("csrf={csrf}&{fields}"),
        )
        .await;
    assert!(sesame.lock().expect("no panic").started.is_empty());
    let large = format!("csrf={csrf}&x={}", "x".repeat(10_000));
    let status = browser.ask(Method::POST, "/start", None, large).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn cookies_and_headers_are_strict() {
    let sesame = Sesame::new();
    let mut browser = Browser::at(&sesame, |_| {}).await;
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(browser.set.contains(part), "{}", browser.set);
    }
    let policy = browser.headers["content-security-policy"]
        .to_str()
        .expect("text");
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    assert_eq!(browser.headers["cache-control"], "no-store");
    let set = browser.set.clone();
    browser.get("/").await;
    assert_eq!(browser.set, set, "a session is begun once");

    let secure = Browser::at(&sesame, |settings| settings.is_https = true).await;
    assert!(secure.set.starts_with("__Host-sign-in=") && secure.set.ends_with("; Secure"));
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let now = Arc::new(Mutex::new(
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
    ));
    let clock = Arc::clone(&now);
    let sesame = Sesame::new();
    let mut browser = Browser::at(&sesame, |settings| {
        settings.now = Arc::new(move || *clock.lock().expect("no panic"));
    })
    .await;
    browser.start("register").await;
    sesame.lock().expect("no panic").approve(|_, _| {});
    browser.submit("/check", "code=123456").await;
    assert!(browser.is_in());
    *now.lock().expect("no panic") += Duration::from_secs(29 * 60);
    browser.get("/").await;
    assert!(browser.is_in());
    *now.lock().expect("no panic") += Duration::from_secs(31 * 60);
    browser.get("/").await;
    assert!(!browser.is_in());
}

#[tokio::test]
async fn problems_are_told_in_both_languages_with_when_to_try_again() {
    for (status, code, wait, english, chinese) in [
        (
            429,
            "limit_reached",
            Some(43),
            "try again in 43 seconds",
            "请在 43 秒后重试",
        ),
        (
            429,
            "provider_limit",
            Some(3000),
            "try again in 50 minutes",
            "请在 50 分钟后重试",
        ),
        (
            422,
            "invalid_phone_number",
            None,
            "not a phone number",
            "无法向这个号码发送",
        ),
        (
            422,
            "number_refused",
            None,
            "cannot send codes to this",
            "暂不支持",
        ),
        (503, "provider_refused", None, "at the moment", "暂时无法"),
        (500, "nobody_knows_this", None, "at the moment", "暂时无法"),
    ] {
        for (lang, words) in [("en", english), ("zh", chinese)] {
            let sesame = Sesame::new();
            sesame.lock().expect("no panic").start =
                (status, json!({ "code": code, "retry_after_secs": wait }));
            let mut browser = Browser::at(&sesame, |_| {}).await;
            browser.get(&format!("/?lang={lang}")).await;
            browser.start("register").await;
            assert!(
                browser.text.contains(words),
                "{code} {lang}: {}",
                browser.text
            );
            assert!(
                browser.text.contains("role=\"alert\"") && browser.text.contains("13800138000")
            );
            browser.get("/").await;
            assert!(!browser.text.contains(words), "it is said once");
        }
    }
    for (checked, words) in [
        (
            json!({ "status": "pending", "attempts_left": 1 }),
            "One more try",
        ),
        (
            json!({ "status": "locked", "retry_after_secs": 7200 }),
            "try again in 2 hours",
        ),
        (json!({ "status": "exhausted" }), "Too many tries"),
        (json!({ "status": "expired" }), "has expired"),
    ] {
        let sesame = Sesame::new();
        sesame.lock().expect("no panic").check = (200, checked);
        let mut browser = Browser::at(&sesame, |_| {}).await;
        browser.start("register").await;
        browser.submit("/check", "code=000000").await;
        assert!(browser.text.contains(words), "{words}: {}", browser.text);
    }
}

#[tokio::test]
async fn a_message_that_failed_is_told() {
    let sesame = Sesame::new();
    let mut browser = Browser::at(&sesame, |_| {}).await;
    browser.start("register").await;
    sesame.lock().expect("no panic").show.1["message"]["delivery"] = json!("failed");
    browser.get("/").await;
    assert!(
        browser.text.contains("could not be delivered"),
        "{}",
        browser.text
    );
}

#[tokio::test]
async fn an_unreachable_sesame_is_told_and_nothing_breaks() {
    let sesame = Sesame::new();
    let mut browser = Browser::at(&sesame, |settings| {
        settings.sesame_url = "http://127.0.0.1:1".to_owned();
    })
    .await;
    browser.start("register").await;
    assert!(
        browser.text.contains("No code can be sent at the moment"),
        "{}",
        browser.text
    );
}

#[tokio::test]
async fn hostile_text_is_text() {
    let sesame = Sesame::new();
    {
        let mut sesame = sesame.lock().expect("no panic");
        sesame.start = (
            429,
            json!({ "code": HOSTILE, "message": HOSTILE, "retry_after_secs": 3 }),
        );
    }
    let is_clean = |text: &str| !text.contains("<script>") && !text.contains("<img");
    let mut browser = Browser::at(&sesame, |_| {}).await;
    for query in ["number", "mode", "lang"] {
        browser.get(&format!("/?{query}={HOSTILE_FORM}")).await;
        assert!(is_clean(&browser.text), "{query}: {}", browser.text);
    }
    let fields = format!("mode={HOSTILE_FORM}&country={HOSTILE_FORM}&number={HOSTILE_FORM}");
    browser.submit("/start", &fields).await;
    assert!(
        is_clean(&browser.text) && browser.text.contains("&#60;script&#62;"),
        "{}",
        browser.text
    );
    {
        let mut sesame = sesame.lock().expect("no panic");
        sesame.start = started();
        sesame.start.1["to"] = json!(HOSTILE);
        sesame.approve(|claims, _| {
            claims["phone_number"] = json!(HOSTILE);
            claims["sub"] = json!(HOSTILE);
            claims["usage"] = json!(HOSTILE);
        });
    }
    browser.start("register").await;
    assert!(is_clean(&browser.text), "{}", browser.text);
    browser.submit("/check", "code=123456").await;
    assert!(
        browser.is_in() && is_clean(&browser.text),
        "{}",
        browser.text
    );
}
