//! Tokens, checked by another library with the published keys.

use jiff::SignedDuration;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use sesame_connector::{Source as _, SystemSource};
use sesame_server::keys::KeyRing;

use crate::support::{NUMBER, World};

async fn token(world: &World) -> String {
    let id = world.start(NUMBER).await;
    let said = world.check(&id, &world.code(NUMBER)).await;
    said["token"].as_str().expect("a token").to_owned()
}

/// By the published keys alone.
async fn read(world: &World, token: &str) -> Option<Value> {
    let said = world.get("/.well-known/jwks.json").await;
    let keys: JwkSet = serde_json::from_slice(&said.body).expect("keys");
    let header = decode_header(token).expect("a header");
    assert_eq!(header.alg, Algorithm::ES256);
    let key = keys.find(&header.kid.expect("a key id"))?;
    let key = DecodingKey::from_jwk(key).expect("a key");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&["https://sesame.test"]);
    validation.set_audience(&["tests"]);
    // The clock of the test is not that of the machine.
    validation.validate_exp = false;
    Some(
        decode::<Value>(token, &key, &validation)
            .expect("a good token")
            .claims,
    )
}

#[tokio::test]
async fn a_token_says_what_was_proved_and_to_whom() {
    let world = World::new().await;
    let first = token(&world).await;
    let claims = read(&world, &first).await.expect("a published key");
    assert_eq!(claims["phone_number"], NUMBER);
    assert_eq!(claims["phone_number_verified"], true);
    assert_eq!(claims["usage"], "SignIn");
    assert_eq!(claims["app"], "web");
    let id = claims["verification"].as_str().expect("an id");
    let shown = world.get(&format!("/v1/verifications/{id}")).await.json();
    assert_eq!(shown["status"], "approved");
    let (iat, exp) = (claims["iat"].as_i64(), claims["exp"].as_i64());
    assert_eq!(iat, Some(world.clock.now().as_second()));
    assert_eq!(exp.zip(iat).map(|(exp, iat)| exp - iat), Some(300));
    let sub = claims["sub"].as_str().expect("a subject");
    assert!(!sub.contains("138"), "{sub}");
    world.clock.advance_secs(60);
    let second = read(&world, &token(&world).await)
        .await
        .expect("a published key");
    assert_eq!(second["sub"], claims["sub"]);
    assert_ne!(second["jti"], claims["jti"]);
}

#[tokio::test]
async fn a_changed_token_is_worth_nothing() {
    let world = World::new().await;
    let token = token(&world).await;
    let said = world.get("/.well-known/jwks.json").await;
    assert_eq!(said.headers["cache-control"], "public, max-age=300");
    let keys: JwkSet = serde_json::from_slice(&said.body).expect("keys");
    let key = DecodingKey::from_jwk(&keys.keys[0]).expect("a key");
    let parts: Vec<&str> = token.split('.').collect();
    let other = format!("{}.{}x.{}", parts[0], parts[1], parts[2]);
    assert!(decode::<Value>(&other, &key, &Validation::new(Algorithm::ES256)).is_err());
    assert!(
        !said.body.windows(3).any(|part| part == b"\"d\""),
        "a private key"
    );
}

#[test]
fn rotated_keys_read_back_and_old_ones_go() {
    let mut ring = KeyRing::generate(&SystemSource);
    let now = SystemSource.now();
    ring.rotate(&SystemSource, now + SignedDuration::from_hours(1));
    let states = |ring: &KeyRing, now| -> Vec<(&str, &str)> {
        ring.views(now)
            .iter()
            .map(|view| (view.kind, view.state))
            .collect()
    };
    let wanted = [
        ("number", "active"),
        ("code", "active"),
        ("code", "next"),
        ("token", "active"),
        ("token", "next"),
    ];
    assert_eq!(states(&ring, now), wanted);
    let later = now + SignedDuration::from_hours(1);
    let wanted = [
        ("number", "active"),
        ("code", "old"),
        ("code", "active"),
        ("token", "old"),
        ("token", "active"),
    ];
    assert_eq!(states(&ring, later), wanted);
    let text = ring.to_json();
    let read = KeyRing::parse(&text, "here").expect("keys");
    assert_eq!(read.to_json(), text);
    for broken in [
        "",
        "{}",
        &text.replace("\"version\": 1", "\"version\": 2"),
        &text[..text.len() / 2],
    ] {
        let error = KeyRing::parse(broken, "here").expect_err("no keys");
        assert!(
            error
                .to_string()
                .starts_with("the keys at here cannot be used"),
            "{error}"
        );
    }
}
