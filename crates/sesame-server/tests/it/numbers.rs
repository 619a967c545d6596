//! What operators do for single numbers.

use serde_json::json;
use sesame_passcode::Journal as _;
use sesame_server::auth::Scope;

use crate::support::{NUMBER, World};

const LIFT: &str = "/v1/numbers/lift";

#[tokio::test]
async fn a_locked_number_is_unlocked_and_it_is_known_by_whom() {
    let world = World::with(|config| config.policy.lock_after_failures = 2).await;
    let id = world.start(NUMBER).await;
    for _ in 0..2 {
        world.check(&id, &world.wrong_code(NUMBER)).await;
    }
    let right = world.code(NUMBER);
    assert_eq!(world.check(&id, &right).await["limit"], "number_locked");
    let to = json!({ "to": "138 0013 8000" });
    assert_eq!(world.post(LIFT, &to).await.code(), "scope_missing");
    let admin = world.new_key("ops", &[Scope::Admin]).await;
    let said = world.post_as(&admin, LIFT, &to, &[]).await;
    assert_eq!(said.status, 200, "{said:?}");
    let wanted = json!({ "to": "+86 138****8000", "was_locked": true, "failures": 2 });
    assert_eq!(said.json(), wanted);
    assert_eq!(world.check(&id, &right).await["status"], "approved");
    let decisions = world.journal.decisions(10, None).await.expect("decisions");
    let lifted = decisions
        .iter()
        .find(|decision| decision.action == "number_lifted");
    let lifted = lifted.expect("it is written down");
    assert_eq!(
        (lifted.actor.as_str(), lifted.subject.as_str()),
        ("test", "+86 138****8000")
    );
    let said = world.post_as(&admin, LIFT, &to, &[]).await;
    assert_eq!(said.json()["was_locked"], false);
}

#[tokio::test]
async fn what_is_no_number_is_not_lifted() {
    let world = World::new().await;
    let admin = world.new_key("ops", &[Scope::Admin]).await;
    let said = world
        .post_as(&admin, LIFT, &json!({ "to": "918273" }), &[])
        .await;
    assert_eq!(
        (said.status.as_u16(), said.code().as_str()),
        (422, "invalid_phone_number")
    );
    assert!(!said.json().to_string().contains("918273"));
}
