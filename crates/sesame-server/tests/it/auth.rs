//! API keys and scopes.

use std::sync::Arc;

use http::Method;
use jiff::SignedDuration;
use serde_json::json;
use sesame_connector::{Source as _, SystemSource};
use sesame_passcode::Journal as _;
use sesame_server::auth::{ApiKey, Scope};

use crate::support::{Ask, NUMBER, World};

async fn status(world: &World, key: &str, method: Method, path: &str) -> u16 {
    let mut ask = Ask::new(method, path, Some(key));
    if ask.method == Method::POST {
        ask.body = b"{}".to_vec();
    }
    world.ask(ask).await.status.as_u16()
}

#[tokio::test]
async fn nobody_gets_in_without_a_key() {
    let world = World::new().await;
    let good = world.key.clone();
    let other_secret = format!("{}{}", &good[..good.len() - 4], "AAAA");
    for header in [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some(format!("Basic {good}")),
        Some(format!("Bearer {}", &good[..20])),
        Some(format!("Bearer {other_secret}")),
        Some(format!("Bearer {}", good.replacen("sk_", "sk_f", 1))),
        Some("Bearer sk_0123456789ab_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        Some("Bearer \u{e9}".to_owned()),
    ] {
        let mut ask = Ask::new(Method::GET, "/v1/messages", None);
        ask.headers
            .extend(header.as_deref().map(|value| ("authorization", value)));
        let said = world.ask(ask).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (401, "unauthorized"),
            "{header:?}"
        );
        assert_eq!(said.headers["www-authenticate"], "Bearer");
    }
    let mut ask = Ask::new(Method::GET, "/v1/messages", Some(&good));
    ask.headers.push(("authorization", "Bearer x"));
    assert_eq!(world.ask(ask).await.status, 401);
    // The scheme is written in any case.
    let lower = format!("bearer   {good}");
    let mut ask = Ask::new(Method::GET, "/v1/messages", None);
    ask.headers.push(("authorization", &lower));
    assert_eq!(world.ask(ask).await.status, 200);
}

#[tokio::test]
async fn a_scope_opens_its_own_routes() {
    let world = World::new().await;
    let routes = [
        (Scope::Verify, Method::POST, "/v1/verifications"),
        (Scope::Verify, Method::GET, "/v1/verifications/x"),
        (Scope::Verify, Method::DELETE, "/v1/verifications/x"),
        (Scope::Verify, Method::POST, "/v1/verifications/x/check"),
        (Scope::Send, Method::POST, "/v1/messages"),
        (Scope::Read, Method::GET, "/v1/messages"),
        (Scope::Read, Method::GET, "/v1/messages/x"),
        (Scope::Admin, Method::POST, "/v1/numbers/lift"),
    ];
    for held in Scope::ALL {
        let key = world.new_key("web", &[held]).await;
        for (wanted, method, path) in routes.clone() {
            let status = status(&world, &key, method.clone(), path).await;
            let may = held == wanted || held == Scope::Admin;
            assert_eq!(status != 403, may, "{held:?} {method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn a_key_made_beside_the_server_works_at_once_and_ends_in_time() {
    let world = World::new().await;
    for _ in 0..3 {
        let key = world.new_key("web", &[Scope::Read]).await;
        assert_eq!(status(&world, &key, Method::GET, "/v1/messages").await, 200);
    }
    let rows = world.journal.keys().await.expect("keys");
    let mut row = rows
        .into_iter()
        .find(|row| world.key.contains(&row.id))
        .expect("the key");
    row.ends_at = Some(world.clock.now() + SignedDuration::from_secs(60));
    world.journal.put_key(&row).await.expect("it is there");
    // Any unknown key makes the server read them all again.
    let other = world.new_key("web", &[Scope::Read]).await;
    assert_eq!(
        status(&world, &other, Method::GET, "/v1/messages").await,
        200
    );
    assert_eq!(world.get("/v1/messages").await.status, 200);
    world.clock.advance_secs(60);
    assert_eq!(world.get("/v1/messages").await.code(), "unauthorized");
}

#[tokio::test]
async fn a_key_may_be_refused_before_its_body_is_looked_at() {
    let world = World::new().await;
    let said = world
        .post_as("sk_x", "/v1/messages", &json!({ "to": NUMBER }), &[])
        .await;
    assert_eq!(said.code(), "unauthorized");
    let read = world.new_key("web", &[Scope::Read]).await;
    let said = world
        .post_as(&read, "/v1/messages", &json!({ "to": NUMBER }), &[])
        .await;
    assert_eq!(said.code(), "scope_missing");
}

#[tokio::test]
async fn a_flood_of_unknown_keys_takes_no_place_from_known_ones() {
    let world = Arc::new(World::with(|config| config.limits.requests = 2).await);
    let flood: Vec<_> = (0..200)
        .map(|_| {
            let (world, key) = (world.clone(), ApiKey::generate(&SystemSource).reveal());
            tokio::spawn(async move { status(&world, &key, Method::GET, "/v1/messages").await })
        })
        .collect();
    for _ in 0..50 {
        assert_eq!(world.get("/v1/messages").await.status, 200);
        tokio::task::yield_now().await;
    }
    for one in flood {
        assert_eq!(one.await.expect("no panic"), 401);
    }
    // A new one is still found.
    let key = world.new_key("web", &[Scope::Read]).await;
    assert_eq!(status(&world, &key, Method::GET, "/v1/messages").await, 200);
}
