//! Callers' own codes, and the journal.

use serde_json::{Value, json};
use sesame_emulator::{Fault, FaultOrder};
use sesame_server::auth::Scope;

use crate::shows::shows;
use crate::support::{NUMBER, World};

const MESSAGES: &str = "/v1/messages";

fn own(to: &str) -> Value {
    json!({ "to": to, "type": "SignIn", "payload": { "code": "246810", "locale": "en", "user": { "x": 1 } } })
}

#[tokio::test]
async fn a_code_of_the_callers_own_is_sent_and_nothing_else() {
    let world = World::new().await;
    let said = world.post(MESSAGES, &own(NUMBER)).await;
    assert_eq!(said.status, 200, "{said:?}");
    let sent = said.json();
    assert_eq!(sent["outcome"], "accepted");
    for key in ["out_id", "biz_id", "request_id"] {
        assert!(sent[key].is_string(), "{key}: {sent}");
    }
    for key in ["code", "cause", "cure", "delivery"] {
        assert_eq!(sent.get(key), Some(&Value::Null), "{key}: {sent}");
    }
    assert_eq!(world.code(NUMBER), "246810");
    let said = world.post(MESSAGES, &own(NUMBER)).await;
    assert_eq!(
        (said.status.as_u16(), said.code().as_str()),
        (429, "limit_reached")
    );
}

#[tokio::test]
async fn what_the_provider_refuses_is_an_outcome_and_what_was_wrong_is_an_error() {
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
    let said = world.post(MESSAGES, &own(NUMBER)).await;
    assert_eq!(said.status, 200, "{said:?}");
    let sent = said.json();
    assert_eq!(
        (&sent["outcome"], &sent["code"]),
        (&json!("refused"), &json!("isv.AMOUNT_NOT_ENOUGH"))
    );
    assert!(sent["cause"].is_string() && sent["cure"].is_string());
    for (body, status, code) in [
        (
            json!({ "to": NUMBER, "type": "SignIn", "payload": { "code": "https://evil.example/123456789012345678901234567890123456" } }),
            422,
            "invalid_payload",
        ),
        (
            json!({ "to": NUMBER, "type": "SignIn", "payload": {} }),
            422,
            "invalid_payload",
        ),
        (
            json!({ "to": NUMBER, "type": "SignIn", "payload": "246810" }),
            400,
            "invalid_field",
        ),
        (
            json!({ "to": "nobody", "type": "SignIn", "payload": { "code": "246810" } }),
            422,
            "invalid_phone_number",
        ),
        (
            json!({ "to": NUMBER, "type": "Sigin", "payload": { "code": "246810" } }),
            422,
            "unknown_usage_type",
        ),
    ] {
        let said = world.post(MESSAGES, &body).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (status, code),
            "{body}"
        );
        assert!(!shows(&said.json().to_string(), "246810"));
    }
}

#[tokio::test]
async fn the_journal_is_listed_by_pages_and_app() {
    let world = World::new().await;
    for n in 0..5 {
        world.start(&format!("+861380013800{n}")).await;
        world.clock.advance_secs(1);
    }
    let other = world.new_key("other", &[Scope::Send, Scope::Read]).await;
    world
        .post_as(&other, MESSAGES, &own("+8613900001234"), &[])
        .await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world
            .get(&format!("{MESSAGES}?limit=2{cursor}"))
            .await
            .json();
        let items = page["items"].as_array().expect("a list");
        assert!(items.len() <= 2);
        seen.extend(
            items
                .iter()
                .map(|item| item["created_at"].as_str().expect("a time").to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|one, other| one > other), "{seen:?}");
    let count = async |key: &str, query: &str| {
        let ask = crate::support::Ask::new(http::Method::GET, query, Some(key));
        let said = world.ask(ask).await;
        assert_eq!(said.status, 200, "{said:?}");
        said.json()["items"].as_array().expect("a list").len()
    };
    let admin = world.new_key("operator", &[Scope::Admin]).await;
    assert_eq!(count(&other, MESSAGES).await, 1);
    assert_eq!(count(&admin, MESSAGES).await, 6);
    assert_eq!(
        count(&world.key, "/v1/messages?to=138%200013%208002").await,
        1
    );
    assert_eq!(
        count(&world.key, "/v1/messages?to=%2B8613900001234").await,
        0
    );
    assert_eq!(count(&world.key, "/v1/messages?outcome=refused").await, 0);
    assert_eq!(
        count(
            &world.key,
            "/v1/messages?from=2026-11-22T04:00:02Z&until=2026-11-22T04:00:04Z"
        )
        .await,
        2
    );
}

#[tokio::test]
async fn one_message_is_shown_to_its_own_app() {
    let world = World::new().await;
    let out_id = world.post(MESSAGES, &own(NUMBER)).await.json()["out_id"].clone();
    let path = format!("{MESSAGES}/{}", out_id.as_str().expect("an id"));
    let shown = world.get(&path).await.json();
    assert_eq!(shown["to"], "+86 138****8000");
    assert_eq!(
        (&shown["app"], &shown["country"]),
        (&json!("web"), &json!("CN"))
    );
    assert_eq!(
        (&shown["outcome"], &shown["delivery"]),
        (&json!("accepted"), &json!("waiting"))
    );
    let text = shown.to_string();
    assert!(
        !shows(&text, "246810") && !text.contains("13800138000"),
        "{text}"
    );
    let other = world.new_key("other", &[Scope::Read]).await;
    let ask = crate::support::Ask::new(http::Method::GET, &path, Some(&other));
    assert_eq!(world.ask(ask).await.code(), "not_found");
    assert_eq!(world.get("/v1/messages/nothing").await.code(), "not_found");
}
