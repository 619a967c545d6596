//! No secret, no code, no API key and no whole number in a full log.

use http::Method;
use serde_json::json;

use crate::shows::shows;
use crate::support::{Ask, Log, NUMBER, REPORT_SECRET, World, check_path};

#[tokio::test]
async fn a_full_log_tells_nothing_it_should_not() {
    let world = World::new().await;
    let id = world.start(NUMBER).await;
    let code = world.code(NUMBER);
    world.check(&id, &world.wrong_code(NUMBER)).await;
    let said = world
        .post_as(
            &world.key,
            &check_path(&id),
            &json!({ "code": code }),
            &[("idempotency-key", "idem-1")],
        )
        .await;
    let token = said.json()["token"].as_str().expect("a token").to_owned();
    world
        .post(
            "/v1/messages",
            &json!({ "to": "+14155552671", "type": "SignIn", "payload": { "code": "246810" } }),
        )
        .await;
    world
        .post(
            "/v1/messages",
            &json!({ "to": 13800138000_u64, "type": "246810" }),
        )
        .await;
    world
        .post(
            "/v1/verifications",
            &json!({ "to": NUMBER, "type": "13800138000" }),
        )
        .await;
    world
        .get("/v1/messages?to=%2B8613800138000&outcome=13800138000")
        .await;
    world.get("/v1/messages/13800138000").await;
    world.get("/13800138000/246810").await;
    let report =
        json!([{ "phone_number": "13800138000", "success": true, "out_id": "x" }]).to_string();
    for secret in [REPORT_SECRET, "other-secret-of-tests"] {
        let path = format!("/reports/aliyun/{secret}");
        let mut ask = Ask::new(Method::POST, &path, None);
        ask.body = report.clone().into_bytes();
        ask.headers.push(("x-request-id", "13800138000"));
        world.ask(ask).await;
    }
    let wrong = world.key.replace("sk_", "sk_0");
    world
        .ask(Ask::new(Method::GET, "/v1/messages", Some(&wrong)))
        .await;
    let key = world.key.clone();
    world.server.shutdown().await;
    let log = Log::text();
    for part in [
        "http.route=\"/v1/verifications/{id}/check\"",
        "http.route=\"/reports/aliyun/{secret}\"",
        "message handled",
    ] {
        assert!(log.contains(part), "{part}");
    }
    let secret = key.splitn(3, '_').nth(2).expect("a secret");
    for hidden in [
        "13800138000",
        "4155552671",
        "246810",
        "testsecret",
        "sk_",
        REPORT_SECRET,
        "other-secret-of-tests",
        secret,
        &token,
        &code,
    ] {
        assert!(!shows(&log, hidden), "{hidden} stands in the log");
    }
}
