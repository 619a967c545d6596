//! Twilio's addresses as its clients use them, and as nobody should.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use sesame_emulator::{Fault, FaultOrder};
use sesame_passcode::policy::Window;
use sesame_server::Config;
use sesame_server::config::{ContentConfig, HookConfig, PresetName, Secret};

use crate::shows::shows;
use crate::support::{Ask, Log, NUMBER, Said, World};

const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const TOKEN: &str = "your_auth_token";
const KEY: &str = "SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const SERVICE: &str = "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const REGISTERING: &str = "VAbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const CONTENT: &str = "HXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn configured(config: &mut Config) {
    let mut hook = HookConfig::new(PresetName::Twilio);
    hook.account_sid = Some(ACCOUNT.to_owned());
    hook.secrets = vec![Secret::plain(TOKEN), Secret::plain(format!("{KEY}:s3cret"))];
    hook.app = Some("web".to_owned());
    hook.usage_type = Some("SignIn".to_owned());
    hook.services = [(SERVICE, "SignIn"), (REGISTERING, "Register")]
        .map(|(sid, usage_type)| (sid.to_owned(), usage_type.to_owned()))
        .into();
    let content = ContentConfig {
        usage_type: "SignIn".to_owned(),
        ..ContentConfig::default()
    };
    hook.contents = [(CONTENT.to_owned(), content)].into();
    let mut other = hook.clone();
    other.app = Some("mail".to_owned());
    config.hooks.insert("twilio".to_owned(), hook);
    config.hooks.insert("mail".to_owned(), other);
    // Each case is about something else.
    config.policy.number = vec![Window::new(3, 3600)];
}

async fn world() -> World {
    World::with(configured).await
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn ask(world: &World, method: Method, path: &str, body: &str) -> Said {
    let authorization = basic(ACCOUNT, TOKEN);
    let headers = vec![
        ("authorization", &*authorization),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    world
        .ask(Ask {
            headers,
            body: body.as_bytes().to_vec(),
            ..Ask::new(method, path, None)
        })
        .await
}

async fn post(world: &World, path: &str, body: &str) -> Said {
    ask(world, Method::POST, &format!("/hooks/twilio{path}"), body).await
}

async fn get(world: &World, path: &str) -> Said {
    ask(world, Method::GET, &format!("/hooks/twilio{path}"), "").await
}

fn verifications(service: &str) -> String {
    format!("/v2/Services/{service}/Verifications")
}

fn check_path(service: &str) -> String {
    format!("/v2/Services/{service}/VerificationCheck")
}

fn messages() -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
}

const TO: &str = "To=%2B8613800138000";

async fn started(world: &World) -> Value {
    let said = post(world, &verifications(SERVICE), &format!("{TO}&Channel=sms")).await;
    assert_eq!(said.status, 201, "{said:?}");
    said.json()
}

async fn checked(world: &World, code: &str) -> Said {
    post(world, &check_path(SERVICE), &format!("{TO}&Code={code}")).await
}

/// The status and Twilio's code; the body has nothing else than it should.
fn refused(said: &Said) -> (u16, u64) {
    let body = said.json();
    let code = body["code"].as_u64().expect("a code");
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{body}"
    );
    assert_eq!(
        body["more_info"],
        format!("https://www.twilio.com/docs/errors/{code}")
    );
    assert_eq!(body["status"], said.status.as_u16());
    assert_eq!(body.as_object().expect("an object").len(), 4, "{body}");
    assert_eq!(said.headers["content-type"], "application/json");
    (said.status.as_u16(), code)
}

/// The recorded requests of the clients, and the shape of what they are
/// answered.
#[tokio::test]
async fn recorded_requests_are_answered_as_twilio_answers() {
    for name in ["node", "python"] {
        let world = world().await;
        let fixture = |kind: &str| {
            let file = format!(
                "{}/../../tests/platforms/fixtures/twilio-{kind}-{name}.json",
                env!("CARGO_MANIFEST_DIR")
            );
            let text = std::fs::read_to_string(&file).expect("a fixture");
            serde_json::from_str::<Value>(&text).expect("JSON")
        };
        let start = fixture("verify-start");
        let said = recorded(&world, &start, None).await;
        same_shape(&said, &start["response"]["success"]);
        let check = fixture("verify-check");
        let code = world.code(NUMBER);
        let said = recorded(&world, &check, Some(&code)).await;
        same_shape(&said, &check["response"]["success"]);
        assert_eq!(said.json()["valid"], true);
        let said = recorded(&world, &check, Some(&code)).await;
        let error = &check["response"]["error"];
        assert_eq!(said.status.as_u16(), error["status"], "{said:?}");
        let wanted: Value =
            serde_json::from_str(error["body"].as_str().expect("a body")).expect("JSON");
        assert_eq!(said.json(), wanted);
        world.clock.advance_secs(61);
        let message = fixture("messages");
        let said = recorded(&world, &message, None).await;
        same_shape(&said, &message["response"]["success"]);
        assert_eq!(world.code(NUMBER), "482915");
        assert_eq!(said.json()["body"], "您的验证码是 482915");
    }
}

/// Sends a recorded request, with another code if it needs one.
async fn recorded(world: &World, fixture: &Value, code: Option<&str>) -> Said {
    let request = &fixture["request"];
    let body = request["body_raw"].as_str().expect("a body");
    let body = match code {
        Some(code) => body.replace("482915", code),
        None => body.to_owned(),
    };
    let headers = request["headers"].as_object().expect("headers").iter();
    let headers = headers
        .filter(|(name, _)| !["Host", "Content-Length", "Connection"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a text")));
    let path = format!("/hooks/twilio{}", request["path"].as_str().expect("a path"));
    world
        .ask(Ask {
            headers: headers.collect(),
            body: body.into_bytes(),
            ..Ask::new(Method::POST, &path, None)
        })
        .await
}

/// Whether an answer has the status and every key of the recorded one, and what
/// does not change from one time to the next is the same.
fn same_shape(said: &Said, wanted: &Value) {
    assert_eq!(said.status.as_u16(), wanted["status"], "{said:?}");
    assert_eq!(said.headers["content-type"], "application/json");
    let body: Value = serde_json::from_str(wanted["body"].as_str().expect("a body")).expect("JSON");
    let found = said.json();
    let keys = |value: &Value| {
        let object = value.as_object().expect("an object");
        let mut keys: Vec<String> = object.keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&found), keys(&body));
    let changes = [
        "sid",
        "url",
        "uri",
        "subresource_uris",
        "send_code_attempts",
        "time",
    ];
    for (key, value) in body.as_object().expect("an object") {
        if key.starts_with("date_") || changes.contains(&key.as_str()) {
            continue;
        }
        assert_eq!(&found[key], value, "{key}");
    }
    let sid = found["sid"].as_str().expect("a sid");
    assert_eq!(sid[..2], body["sid"].as_str().expect("a sid")[..2]);
    assert!(sid.len() == 34 && sid[2..].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn times_and_addresses_are_those_of_each_api() {
    let world = world().await;
    let verification = started(&world).await;
    assert_eq!(verification["date_created"], "2026-11-22T04:00:00Z");
    let sid = verification["sid"].as_str().expect("a sid");
    let url = verification["url"].as_str().expect("an address");
    let path = format!("/hooks/twilio{}/{sid}", verifications(SERVICE));
    assert_eq!(url, format!("{}{path}", world.server.urls()[0]));
    let attempt = &verification["send_code_attempts"][0];
    assert_eq!(attempt["time"], "2026-11-22T04:00:00Z");
    world.clock.advance_secs(90);
    let again = started(&world).await;
    assert_eq!(again["sid"], verification["sid"]);
    assert_eq!(again["date_created"], "2026-11-22T04:00:00Z");
    assert_eq!(again["date_updated"], "2026-11-22T04:01:30Z");
    world.clock.advance_secs(90);
    let said = post(&world, &messages(), &format!("{TO}&Body=482915"))
        .await
        .json();
    assert_eq!(said["date_created"], "Sun, 22 Nov 2026 04:03:00 +0000");
    let sid = said["sid"].as_str().expect("a sid");
    let shown = get(&world, said["uri"].as_str().expect("a path")).await;
    assert_eq!(
        (shown.status.as_u16(), &shown.json()["sid"]),
        (200, &json!(sid))
    );
}

#[tokio::test]
async fn a_code_ends_and_can_be_ended() {
    let world = world().await;
    let sid = started(&world).await["sid"]
        .as_str()
        .expect("a sid")
        .to_owned();
    let code = world.code(NUMBER);
    let path = format!("{}/{sid}", verifications(SERVICE));
    assert_eq!(get(&world, &path).await.json()["status"], "pending");
    world.clock.advance_secs(600);
    assert_eq!(refused(&checked(&world, &code).await), (404, 20404));
    assert_eq!(refused(&get(&world, &path).await), (404, 20404));
    let other = started(&world).await["sid"]
        .as_str()
        .expect("a sid")
        .to_owned();
    assert_ne!(other, sid);
    let path = format!("{}/{other}", verifications(SERVICE));
    let canceled = post(&world, &path, "Status=canceled").await;
    assert_eq!(canceled.status, 200);
    assert_eq!(canceled.json()["status"], "canceled");
    assert_eq!(
        refused(&checked(&world, &world.code(NUMBER)).await),
        (404, 20404)
    );
    assert_eq!(
        refused(&post(&world, &path, "Status=canceled").await),
        (404, 20404)
    );
}

#[tokio::test]
async fn guessing_ends() {
    let world = world().await;
    started(&world).await;
    let wrong = world.wrong_code(NUMBER);
    for _ in 0..5 {
        let said = checked(&world, &wrong).await;
        assert_eq!(said.status, 200);
        assert_eq!(said.json()["status"], "pending");
        assert_eq!(said.json()["valid"], false);
    }
    assert_eq!(
        refused(&checked(&world, &world.code(NUMBER)).await),
        (429, 60202)
    );
    // Five more on a new one, and the number rests for the hour.
    world.clock.advance_secs(61);
    started(&world).await;
    let wrong = world.wrong_code(NUMBER);
    for _ in 0..5 {
        assert_eq!(checked(&world, &wrong).await.status, 200);
    }
    let said = post(
        &world,
        &verifications(SERVICE),
        &format!("{TO}&Channel=sms"),
    )
    .await;
    assert_eq!(refused(&said), (429, 60202));
    assert!(said.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn limits_have_twilios_names() {
    let world = world().await;
    for _ in 0..3 {
        started(&world).await;
        world.clock.advance_secs(61);
    }
    let said = post(
        &world,
        &verifications(SERVICE),
        &format!("{TO}&Channel=sms"),
    )
    .await;
    assert_eq!(refused(&said), (429, 60203));
    assert_eq!(said.headers["retry-after"], "3417");
    let said = post(&world, &messages(), &format!("{TO}&Body=482916")).await;
    assert_eq!(refused(&said), (429, 20429));
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 3);
}

#[tokio::test]
async fn what_aliyun_refuses_is_told_without_its_words() {
    let world = world().await;
    let start = || async {
        refused(
            &post(
                &world,
                &verifications(SERVICE),
                &format!("{TO}&Channel=sms"),
            )
            .await,
        )
    };
    let send = |code: &str| {
        let body = format!("{TO}&Body={code}");
        let world = &world;
        async move { refused(&post(world, &messages(), &body).await) }
    };
    let fault = |code: &str| {
        let fault = Fault::Code {
            code: code.to_owned(),
            http_status: 200,
            message: None,
            headers: Vec::new(),
        };
        let order = FaultOrder::new("SendSms", 1, fault);
        world.emulator.fault(order).expect("a fault");
    };
    fault("isv.MOBILE_NUMBER_ILLEGAL");
    assert_eq!(start().await, (403, 60205));
    world.clock.advance_secs(61);
    fault("isv.BUSINESS_LIMIT_CONTROL");
    assert_eq!(start().await, (429, 60203));
    world.clock.advance_secs(86_401);
    fault("isv.AMOUNT_NOT_ENOUGH");
    assert_eq!(start().await, (503, 20503));
    fault("isv.MOBILE_NUMBER_ILLEGAL");
    assert_eq!(send("482910").await, (400, 21614));
    world.clock.advance_secs(61);
    fault("isv.AMOUNT_NOT_ENOUGH");
    assert_eq!(send("482911").await, (503, 20503));
}

#[tokio::test]
async fn a_hanging_provider_holds_nobody_up() {
    // Far less than the provider takes, and the connector waits.
    let world = World::with(|config| {
        configured(config);
        let hook = config.hooks.get_mut("twilio").expect("the hook");
        hook.budget_ms = Some(100);
    })
    .await;
    let slow = || FaultOrder {
        delay_ms: Some(800),
        ..FaultOrder::new("SendSms", 1, Fault::Slow)
    };
    world.emulator.fault(slow()).expect("a fault");
    let verification = started(&world).await;
    assert_eq!(verification["status"], "pending");
    let sid = verification["sid"].as_str().expect("a sid");
    arrived(&world, 1).await;
    let body = format!("VerificationSid={sid}&Code={}", world.code(NUMBER));
    let said = post(&world, &check_path(SERVICE), &body).await.json();
    assert_eq!((&said["sid"], &said["valid"]), (&json!(sid), &json!(true)));
    world.clock.advance_secs(61);
    world.emulator.fault(slow()).expect("a fault");
    let said = post(&world, &messages(), &format!("{TO}&Body=482915")).await;
    let said = (said.status, said.json());
    assert_eq!(
        (said.0.as_u16(), &said.1["status"]),
        (201, &json!("queued"))
    );
    arrived(&world, 2).await;
    // What became of it is known a moment later.
    loop {
        let shown = get(&world, said.1["uri"].as_str().expect("a path")).await;
        if shown.json()["status"] == "sent" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until so many messages are on the phone.
async fn arrived(world: &World, count: usize) {
    while world.emulator.messages_to(NUMBER).len() < count {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_message_that_comes_again_is_sent_once() {
    let world = world().await;
    let body = format!("{TO}&Body=482915");
    let path = messages();
    let send = || post(&world, &path, &body);
    let (one, other) = tokio::join!(send(), send());
    world.clock.advance_secs(5);
    let third = send().await;
    assert_eq!(one.status, 201, "{one:?}");
    for said in [&other, &third] {
        assert_eq!((said.status, said.json()), (one.status, one.json()));
    }
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 1);
    world.clock.advance_secs(61);
    let later = send().await;
    assert_ne!(later.json()["sid"], one.json()["sid"]);
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 2);
}

#[tokio::test]
async fn nobody_sees_what_is_somebody_elses() {
    let world = world().await;
    let sid = started(&world).await["sid"]
        .as_str()
        .expect("a sid")
        .to_owned();
    let code = world.code(NUMBER);
    let by_sid = format!("VerificationSid={sid}&Code={code}");
    // Of another service, and of another caller.
    assert_eq!(
        refused(&post(&world, &check_path(REGISTERING), &by_sid).await),
        (404, 20404)
    );
    let elsewhere = format!("/hooks/mail{}", check_path(SERVICE));
    for body in [&by_sid, &format!("{TO}&Code={code}")] {
        let said = ask(&world, Method::POST, &elsewhere, body).await;
        assert_eq!(refused(&said), (404, 20404));
    }
    let path = format!("{}/{sid}", verifications(SERVICE));
    let said = ask(&world, Method::GET, &format!("/hooks/mail{path}"), "").await;
    assert_eq!(refused(&said), (404, 20404));
    let said = ask(
        &world,
        Method::POST,
        &format!("/hooks/mail{path}"),
        "Status=canceled",
    )
    .await;
    assert_eq!(refused(&said), (404, 20404));
    // A verification of the API has no session of a service.
    let other = world.start("+8613800138001").await;
    let shown = world
        .get(&format!("/v1/verifications/{other}"))
        .await
        .json();
    let out_id = shown["message"]["out_id"].as_str().expect("an out-id");
    let hex: String = out_id.bytes().map(|byte| format!("{byte:02x}")).collect();
    let said = get(&world, &format!("{}/VE{hex}", verifications(SERVICE))).await;
    assert_eq!(refused(&said), (404, 20404));
    let said = get(
        &world,
        &format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/SM{hex}.json"),
    )
    .await;
    assert_eq!(refused(&said), (404, 20404));
    // The number has to be that of the sid.
    let both = format!("To=%2B8613800138001&{by_sid}");
    assert_eq!(
        refused(&post(&world, &check_path(SERVICE), &both).await),
        (404, 20404)
    );
    let both = format!("{TO}&{by_sid}");
    assert_eq!(
        post(&world, &check_path(SERVICE), &both).await.json()["valid"],
        true
    );
}

#[tokio::test]
async fn only_who_has_the_secret_is_let_in() {
    let world = world().await;
    let path = format!("/hooks/twilio{}", verifications(SERVICE));
    let body = format!("{TO}&Channel=sms");
    for authorization in [
        None,
        Some(basic(ACCOUNT, "wrong")),
        Some(basic("ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", TOKEN)),
        Some(basic(KEY, TOKEN)),
        Some("Basic".to_owned()),
        Some("Basic ====".to_owned()),
        Some(format!("Bearer {TOKEN}")),
    ] {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(
            authorization
                .as_deref()
                .map(|value| ("authorization", value)),
        );
        let said = world
            .ask(Ask {
                headers,
                body: body.clone().into_bytes(),
                ..Ask::new(Method::POST, &path, None)
            })
            .await;
        assert_eq!(refused(&said), (401, 20003), "{authorization:?}");
        assert_eq!(
            said.headers["www-authenticate"],
            "Basic realm=\"Twilio API\""
        );
    }
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 0);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_and_send_nothing() {
    let world = world().await;
    let wide = "9".repeat(60_000);
    let (start, check, send) = (verifications(SERVICE), check_path(SERVICE), messages());
    let content = format!("{TO}&ContentSid={CONTENT}&ContentVariables=");
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (path, body, wanted) in [
        (&start, "", (400, 60200)),
        (&start, "Channel=sms", (400, 60200)),
        (&start, TO, (400, 60200)),
        (&start, "To=&Channel=sms", (400, 60200)),
        (&start, &format!("{TO}&{TO}&Channel=sms"), (400, 60200)),
        (
            &start,
            &format!("{TO}&Channel=sms&Channel=sms"),
            (400, 60200),
        ),
        (&start, "To=%ff&Channel=sms", (400, 60200)),
        (&start, &format!("To={wide}&Channel=sms"), (400, 60200)),
        (&start, &format!("{TO}&Channel=call"), (400, 60223)),
        (&start, &format!("{TO}&Channel=SMS%00"), (400, 60200)),
        (
            &start,
            &format!("{TO}&Channel=sms&Amount=10&Payee=x"),
            (403, 60204),
        ),
        (
            &start,
            "{\"To\":\"+8613800138000\",\"Channel\":\"sms\"}",
            (400, 60200),
        ),
        (&check, TO, (400, 60200)),
        (&check, "Code=123456", (400, 60200)),
        (&check, "To=x&Code=123456", (400, 60200)),
        (&check, "VerificationSid=VE1&Code=123456", (404, 20404)),
        (
            &check,
            &format!("VerificationSid=VE{}&Code=123456", "ff".repeat(16)),
            (404, 20404),
        ),
        (&send, "Body=482915", (400, 21604)),
        (&send, "To=hello&Body=482915", (400, 21211)),
        (&send, TO, (400, 21619)),
        (&send, &format!("{TO}&Body=no+code"), (400, 21619)),
        (&send, &format!("{TO}&{TO}&Body=482915"), (400, 20001)),
        (
            &send,
            &format!("{TO}&Body=482915&ContentVariables=%7B%7D"),
            (400, 21654),
        ),
        (&send, &format!("{TO}&ContentSid=HX1"), (400, 21655)),
        (&send, &format!("{content}%7B"), (400, 21656)),
        (&send, &format!("{content}%5B%221%22%5D"), (400, 21656)),
        (&send, &format!("{content}%7B%221%22%3A1%7D"), (400, 21656)),
        (
            &send,
            &format!("{content}%7B%221%22%3A%7B%22a%22%3A%22b%22%7D%7D"),
            (400, 21656),
        ),
        (
            &send,
            &format!("{content}%7B%222%22%3A%22482915%22%7D"),
            (400, 21656),
        ),
        (&send, &format!("{content}{deep}"), (400, 21656)),
        (
            &send,
            &format!("{TO}&Body=482915&SendAt=2026-12-01T00%3A00%3A00Z"),
            (400, 20001),
        ),
    ] {
        let said = post(&world, path, body).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!(refused(&said), wanted, "{path} {shown}");
        let message = said.json()["message"].to_string();
        assert!(
            message.len() < 300 && !message.contains("482915"),
            "{message}"
        );
    }
    let huge = format!("{TO}&Channel=sms&Tags={}", "x".repeat(100_000));
    assert_eq!(refused(&post(&world, &start, &huge).await).0, 413);
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 0);
}

#[tokio::test]
async fn other_addresses_and_methods_are_refused_in_twilios_words() {
    let world = world().await;
    let stranger = "ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    for (method, path, wanted) in [
        (Method::GET, verifications(SERVICE), (405, 20004)),
        (Method::DELETE, check_path(SERVICE), (405, 20004)),
        (Method::GET, messages(), (405, 20004)),
        (
            Method::PUT,
            format!("{}/VE1", verifications(SERVICE)),
            (405, 20004),
        ),
        (Method::POST, "/".to_owned(), (404, 20404)),
        (Method::POST, "/v2/Services".to_owned(), (404, 20404)),
        (
            Method::POST,
            format!("{}/", verifications(SERVICE)),
            (404, 20404),
        ),
        (
            Method::POST,
            "/v2/Services/%2B8613800138000/Verifications".to_owned(),
            (404, 20404),
        ),
        (
            Method::POST,
            verifications("VA99999999999999999999999999999999"),
            (404, 20404),
        ),
        (
            Method::GET,
            format!("{}/VE1", verifications(SERVICE)),
            (404, 20404),
        ),
        (
            Method::GET,
            format!("{}/..%2F..", verifications(SERVICE)),
            (404, 20404),
        ),
        (
            Method::POST,
            format!("/2010-04-01/Accounts/{stranger}/Messages.json"),
            (404, 20404),
        ),
        (
            Method::GET,
            format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1.json"),
            (404, 20404),
        ),
        (
            Method::GET,
            format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json"),
            (404, 20404),
        ),
    ] {
        let body = format!("{TO}&Channel=sms&Body=482915&Code=482915&Status=canceled");
        let body = if method == Method::GET { "" } else { &body };
        let said = ask(
            &world,
            method.clone(),
            &format!("/hooks/twilio{path}"),
            body,
        )
        .await;
        assert_eq!(refused(&said), wanted, "{method} {path}");
        assert!(!said.json()["message"].to_string().contains("13800138000"));
    }
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 0);
}

#[tokio::test]
async fn a_store_that_is_gone_is_unavailable() {
    let world = world().await;
    let sid = started(&world).await["sid"]
        .as_str()
        .expect("a sid")
        .to_owned();
    world
        .store
        .is_gone
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let path = verifications(SERVICE);
    for said in [
        post(&world, &path, &format!("{TO}&Channel=sms")).await,
        checked(&world, "123456").await,
        get(&world, &format!("{path}/{sid}")).await,
        post(&world, &format!("{path}/{sid}"), "Status=canceled").await,
        post(&world, &messages(), &format!("{TO}&Body=482915")).await,
    ] {
        assert_eq!(refused(&said), (503, 20503));
    }
}

#[tokio::test]
async fn an_api_key_sends_a_template_and_nothing_is_logged_of_it() {
    let world = world().await;
    let authorization = basic(KEY, "s3cret");
    let variables = "%7B%221%22%3A%22507311%22%7D";
    let body = format!("To=%2B8613800138007&ContentSid={CONTENT}&ContentVariables={variables}");
    let said = world
        .ask(Ask {
            headers: vec![
                ("authorization", &*authorization),
                ("content-type", "application/x-www-form-urlencoded"),
            ],
            body: body.into_bytes(),
            ..Ask::new(Method::POST, &format!("/hooks/twilio{}", messages()), None)
        })
        .await;
    assert_eq!(said.status, 201, "{said:?}");
    assert_eq!(world.code("+8613800138007"), "507311");
    let shown = get(&world, said.json()["uri"].as_str().expect("a path"))
        .await
        .json();
    assert_eq!(
        (&shown["status"], &shown["to"]),
        (&json!("sent"), &json!("+86 138****8007"))
    );
    let log = Log::text();
    for secret in ["507311", "13800138007", "s3cret", TOKEN] {
        assert!(!shows(&log, secret), "{secret}");
    }
}

#[test]
fn what_is_wrong_in_its_configuration_is_told() {
    let said = |keys: &str| {
        let text = format!("[hooks.t]\npreset = \"twilio\"\n{keys}");
        crate::config::said(&text, &[])
    };
    for (keys, part) in [
        ("", "hooks.t.account_sid: there is no account"),
        ("", "hooks.t.secrets: there is no token"),
        ("", "hooks.t.services: there is no Verify service"),
        (
            "account_sid = \"AC1\"",
            "account_sid: this is no sid of an account",
        ),
        ("secrets = [\" \"]", "secrets[0]: this secret is empty"),
        ("usage_type = \"SignInn\"", "did you mean SignIn?"),
        (
            "header = \"x\"",
            "hooks.t.header: this means nothing to this preset",
        ),
        (
            "repeat_secs = 5",
            "hooks.t.repeat_secs: this means nothing to this preset",
        ),
        ("budget_ms = 1", "budget_ms: this must be between 100"),
        (
            "code_pattern = \"(\"",
            "code_pattern: this is no regular expression",
        ),
        (
            "default_country = \"XX\"",
            "default_country: there is no such country",
        ),
        (
            "[hooks.t.services]\nVA1 = \"SignIn\"",
            "services.VA1: this is no sid of a Verify service",
        ),
        (
            "[hooks.t.services]\nVAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = \"Sign\"",
            "this usage type is not known; did you mean SignIn?",
        ),
        (
            "[hooks.t.contents.HX1]\nusage_type = \"SignIn\"",
            "contents.HX1: this is no sid of a content template",
        ),
        (
            "[hooks.t.contents.HXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\nusage_type = \"x\"",
            "this usage type is not known",
        ),
        (
            "[hooks.t.contents.HXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\nvariables = {}",
            "usage_type is missing",
        ),
    ] {
        let said = said(keys);
        assert!(said.contains(part), "{part}\n{said}");
    }
    let other = "[hooks.t]\npreset = \"logto\"\naccount_sid = \"AC1\"\n";
    let said = crate::config::said(other, &[]);
    assert!(
        said.contains("hooks.t.account_sid: this means nothing to this preset"),
        "{said}"
    );
}
