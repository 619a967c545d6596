//! What becomes of messages in doubt.

use std::sync::Arc;

use sesame_connector::OutId;
use sesame_passcode::journal::State;
use sesame_passcode::policy::Budget;
use sesame_passcode::store::memory::MemoryJournal;
use sesame_passcode::{CodeKey, Journal, Keys, NumberKey};

use crate::world::{PHONE, Reply, World, keys};

/// Lets so many seconds pass, in rounds of the background work.
async fn pass(world: &World, secs: i64, round: i64) {
    for _ in 0..secs / round {
        world.clock.advance(round);
        world.passcodes.tick().await.expect("a round");
    }
}

async fn state(world: &World, out_id: &OutId) -> State {
    let row = world.journal.message(out_id).await.expect("an answer");
    row.expect("a row").progress.state
}

/// A message whose sending ended unknown.
async fn in_doubt(world: &World, reply: Reply) -> OutId {
    world.phones.will(reply);
    let started = world.start(PHONE).await.expect("an unknown outcome");
    let message = started.verification.message.expect("a row");
    OutId::parse(&message.out_id).expect("an out-id")
}

#[tokio::test]
async fn while_there_is_no_answer_the_question_stays_open() {
    for code in ["Forbidden.RAM", "timed_out"] {
        let world = World::new();
        let out_id = in_doubt(&world, Reply::TakenInSilence).await;
        world.phones.say_nothing(Some(code));
        pass(&world, 23 * 3600, 60).await;
        assert_eq!(state(&world, &out_id).await, State::Unknown, "{code}");
        let asked = world.phones.asked();
        assert!((1000..1500).contains(&asked), "asked {asked} times");
        world.phones.say_nothing(None);
        pass(&world, 120, 60).await;
        assert_eq!(state(&world, &out_id).await, State::Accepted, "{code}");
    }
}

#[tokio::test]
async fn without_any_answer_it_ends_after_a_day() {
    let world = World::new();
    let out_id = in_doubt(&world, Reply::Lost).await;
    world.phones.say_nothing(Some("Forbidden.RAM"));
    pass(&world, 24 * 3600 - 120, 60).await;
    assert_eq!(state(&world, &out_id).await, State::Unknown);
    pass(&world, 240, 60).await;
    assert_eq!(state(&world, &out_id).await, State::FinallyUnknown);
    let asked = world.phones.asked();
    pass(&world, 3600, 60).await;
    assert_eq!(world.phones.asked(), asked);
}

#[tokio::test]
async fn the_first_answer_after_ten_minutes_ends_it() {
    let world = World::new();
    let out_id = in_doubt(&world, Reply::Lost).await;
    world.phones.say_nothing(Some("timed_out"));
    pass(&world, 3600, 60).await;
    world.phones.say_nothing(None);
    pass(&world, 120, 60).await;
    assert_eq!(state(&world, &out_id).await, State::FinallyUnknown);
}

/// Nobody asks about a message that is still on its way, and it is never
/// settled behind its sender's back.
#[tokio::test]
async fn a_message_on_its_way_is_left_alone() {
    let world = World::new();
    world.phones.will(Reply::TakenSlowly);
    let passcodes = world.passcodes.clone();
    let start = crate::world::start(PHONE);
    let started = tokio::spawn(async move { passcodes.start(start).await });
    while world.phones.taken().is_empty() {
        tokio::task::yield_now().await;
    }
    let out_id = OutId::parse(&world.phones.taken()[0].out_id).expect("an out-id");
    let timeout = world.parts.connector.config().timeout.as_secs();
    let grace = i64::try_from(timeout).expect("some seconds") + 5;
    pass(&world, grace - 1, 1).await;
    assert_eq!(world.phones.asked(), 0);
    assert_eq!(state(&world, &out_id).await, State::Sending);
    // Behind its time it is asked about like any whose sender died.
    pass(&world, 1, 1).await;
    assert_eq!(world.phones.asked(), 1);
    world.phones.answer_now();
    let started = started.await.expect("no panic").expect("a start");
    assert_eq!(started.outcome.as_str(), "accepted");
    assert_eq!(state(&world, &out_id).await, State::Accepted);
}

#[tokio::test]
async fn what_other_keys_sealed_is_left_to_them() {
    let mut world = World::new();
    let out_id = in_doubt(&world, Reply::TakenInSilence).await;
    let code = || CodeKey::new("2026-11", [0xc0; 32]);
    world.change(|parts| {
        parts.keys = Keys::new(code(), Vec::new(), NumberKey::new([0x18; 32])).into();
    });
    pass(&world, 3600, 30).await;
    assert_eq!(state(&world, &out_id).await, State::Unknown);
    assert_eq!(world.phones.asked(), 0);
    world.change(|parts| parts.keys = keys().into());
    pass(&world, 900, 30).await;
    assert_eq!(state(&world, &out_id).await, State::Accepted);
}

#[tokio::test]
async fn other_keys_are_noticed() {
    let mut world = World::new();
    for _ in 0..2 {
        world.passcodes.verify_keys().await.expect("the same keys");
    }
    let code = || CodeKey::new("2026-12", [0xc1; 32]);
    world.change(|parts| {
        parts.keys = Keys::new(code(), Vec::new(), NumberKey::new([0x17; 32])).into();
    });
    let verified = world.passcodes.verify_keys().await;
    verified.expect("code keys rotate");
    let other = || Keys::new(code(), Vec::new(), NumberKey::new([0x18; 32])).into();
    world.change(|parts| parts.keys = other());
    let error = world.passcodes.verify_keys().await.expect_err("other keys");
    assert!(error.to_string().contains("restore"), "{error}");
    // A store that others wrote, with a journal that nobody did.
    world.change(|parts| parts.journal = Arc::new(MemoryJournal::default()));
    let error = world.passcodes.verify_keys().await.expect_err("other keys");
    assert!(error.to_string().contains("restore"), "{error}");
}

/// However many messages are in doubt, questions come one after the other.
#[tokio::test]
async fn questions_are_spaced() {
    let world = World::with(sesame_passcode::Policy {
        prefix: Budget {
            per_hour: 0,
            per_day: 0,
            share: 1.0,
        },
        ..Default::default()
    });
    for number in 0..300 {
        world.phones.will(Reply::Lost);
        world.started(&format!("+86138{number:04}1000")).await;
    }
    world.clock.advance(2);
    let rounds = async |millis: i64| {
        let before = world.phones.asked();
        for _ in 0..millis / 50 {
            world.passcodes.tick().await.expect("a round");
            world.clock.advance_millis(50);
        }
        world.phones.asked() - before
    };
    assert_eq!(rounds(50).await, 10);
    let asked = rounds(10_000).await;
    assert!((95..=101).contains(&asked), "{asked}");
    world.phones.say_nothing(Some("Throttling.User"));
    assert!(rounds(1000).await <= 10);
    assert_eq!(rounds(58_000).await, 0);
    world.phones.say_nothing(None);
    assert!(rounds(3000).await > 0);
}
