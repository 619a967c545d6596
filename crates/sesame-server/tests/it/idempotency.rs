//! `Idempotency-Key`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use sesame_emulator::{Fault, FaultOrder};
use sesame_server::auth::Scope;

use crate::shows::shows;
use crate::support::{NUMBER, Said, World, check_path};

const START: &str = "/v1/verifications";

async fn post(world: &World, path: &str, key: &str, body: &Value) -> Said {
    world
        .post_as(&world.key, path, body, &[("idempotency-key", key)])
        .await
}

fn start() -> Value {
    json!({ "to": NUMBER, "type": "SignIn" })
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_for_a_day() {
    let world = World::new().await;
    let first = post(&world, START, "k 1", &start()).await;
    assert_eq!(first.status, 201);
    for _ in 0..2 {
        let again = post(&world, START, "k 1", &start()).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.headers["content-type"], first.headers["content-type"]);
        world.clock.advance_secs(3600);
    }
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 1);
    world.clock.advance_secs(24 * 3600);
    let later = post(&world, START, "k 1", &start()).await;
    assert_eq!(later.status, 201);
    assert_ne!(later.json()["id"], first.json()["id"]);
}

#[tokio::test]
async fn another_body_or_id_is_refused() {
    let world = World::new().await;
    let id = post(&world, START, "k", &start()).await.json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let said = post(
        &world,
        START,
        "k",
        &json!({ "to": NUMBER, "type": "Register" }),
    )
    .await;
    assert_eq!(
        (said.status.as_u16(), said.code().as_str()),
        (422, "idempotency_key_reused")
    );
    let wrong = json!({ "code": world.wrong_code(NUMBER) });
    assert_eq!(
        post(&world, &check_path(&id), "k", &wrong).await.status,
        200
    );
    world.clock.advance_secs(60);
    let other = world.start(NUMBER).await;
    let said = post(&world, &check_path(&other), "k", &wrong).await;
    assert_eq!(said.code(), "idempotency_key_reused");
    // Another app's key is another key.
    let key = world.new_key("other", &[Scope::Verify]).await;
    let to = json!({ "to": "+8613900001234", "type": "SignIn" });
    let said = world
        .post_as(&key, START, &to, &[("idempotency-key", "k")])
        .await;
    assert_eq!(said.status, 201, "{said:?}");
}

#[tokio::test]
async fn a_check_is_counted_once_and_its_token_is_given_again() {
    let world = World::new().await;
    let id = world.start(NUMBER).await;
    let wrong = json!({ "code": world.wrong_code(NUMBER) });
    for _ in 0..4 {
        let said = post(&world, &check_path(&id), "wrong", &wrong).await;
        assert_eq!(said.json()["attempts_left"], 4);
    }
    let right = json!({ "code": world.code(NUMBER) });
    let first = post(&world, &check_path(&id), "right", &right).await;
    let again = post(&world, &check_path(&id), "right", &right).await;
    assert_eq!(first.json()["status"], "approved");
    assert_eq!(first.body, again.body);
    // What is kept shows neither code nor token.
    let token = first.json()["token"].as_str().expect("a token").to_owned();
    for (key, value) in world.store.inner.dump() {
        let text = String::from_utf8_lossy(&value).into_owned();
        assert!(
            !text.contains(&token) && !shows(&text, &world.code(NUMBER)),
            "{key:?}"
        );
    }
}

#[tokio::test]
async fn two_at_once_are_carried_out_once() {
    let world = Arc::new(World::new().await);
    let slow = FaultOrder {
        delay_ms: Some(300),
        ..FaultOrder::new("SendSms", 1, Fault::Slow)
    };
    world.emulator.fault(slow).expect("a fault");
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { post(&world, START, "k", &start()).await })
        })
        .collect();
    let mut started = 0;
    for task in tasks {
        let said = task.await.expect("no panic");
        match said.status.as_u16() {
            201 => started += 1,
            409 => assert_eq!(said.code(), "idempotency_key_in_use"),
            _ => panic!("{said:?}"),
        }
    }
    assert!(started >= 1);
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 1);
    assert_eq!(post(&world, START, "k", &start()).await.status, 201);
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 1);
}

#[tokio::test]
async fn refusals_for_the_moment_are_not_kept_and_others_are() {
    let world = World::new().await;
    world.start(NUMBER).await;
    assert_eq!(post(&world, START, "k", &start()).await.status, 429);
    world.clock.advance_secs(60);
    assert_eq!(post(&world, START, "k", &start()).await.status, 201);
    let bad = json!({ "to": "nobody", "type": "SignIn" });
    let first = post(&world, START, "bad", &bad).await;
    assert_eq!(
        (first.status.as_u16(), first.code().as_str()),
        (422, "invalid_phone_number")
    );
    let again = post(&world, START, "bad", &bad).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    again.code();
}

#[tokio::test]
async fn the_key_has_a_form() {
    let world = World::new().await;
    for key in ["", &"k".repeat(256), "k\u{e9}"] {
        let said = post(&world, START, key, &start()).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (400, "idempotency_key_invalid"),
            "{key}"
        );
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let said = world.post_as(&world.key, START, &start(), &twice).await;
    assert_eq!(said.code(), "idempotency_key_invalid");
    assert_eq!(
        post(&world, START, &"k".repeat(255), &start()).await.status,
        201
    );
    // Of other methods it means nothing.
    assert!(world.get("/v1/messages").await.status.is_success());
}

#[tokio::test]
async fn after_a_crash_nothing_is_sent_again() {
    let world = Arc::new(World::new().await);
    for (path, to, body) in [
        (START, NUMBER, start()),
        (
            "/v1/messages",
            "+8613900001234",
            json!({ "to": "+8613900001234", "type": "SignIn", "payload": { "code": "918273" } }),
        ),
    ] {
        let slow = FaultOrder {
            delay_ms: Some(300),
            ..FaultOrder::new("SendSms", 1, Fault::Slow)
        };
        world.emulator.fault(slow).expect("a fault");
        let asking = tokio::spawn({
            let (world, body) = (world.clone(), body.clone());
            async move { post(&world, path, "k", &body).await }
        });
        while world.emulator.messages_to(to).is_empty() {
            tokio::task::yield_now().await;
        }
        // The answer is never written down, as if the server had died.
        world.store.is_gone.store(true, Ordering::SeqCst);
        asking.await.expect("no panic");
        world.store.is_gone.store(false, Ordering::SeqCst);
        let said = post(&world, path, "k", &body).await;
        assert_eq!(said.code(), "idempotency_key_in_use");
        world.clock.advance_secs(61);
        let said = post(&world, path, "k", &body).await;
        assert_eq!(
            said.code(),
            "idempotency_key_in_use",
            "sending may take 2 s"
        );
        world.clock.advance_secs(1);
        let again = post(&world, path, "k", &body).await;
        assert!(again.status.is_success(), "{again:?}");
        let sent = serde_json::to_value(world.message(to)).expect("JSON");
        let said = again.json();
        let out_id = said["message"]["out_id"]
            .as_str()
            .or(said["out_id"].as_str());
        assert_eq!(sent["out_id"].as_str(), out_id, "{said}");
        assert_eq!(world.emulator.messages_to(to).len(), 1);
        // From now on this is the answer.
        assert_eq!(post(&world, path, "k", &body).await.body, again.body);
        if path == START {
            let id = said["id"].as_str().expect("an id");
            let checked = world.check(id, &world.code(to)).await;
            assert_eq!(checked["status"], "approved");
        }
    }
}
