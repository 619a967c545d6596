//! The account is looked at now and then: what turns is logged and counted.

use std::time::Duration;

use sesame_emulator::ReviewStatus;

use crate::support::{Log, World};

async fn metric(world: &World, line: &str) {
    // Bounded, not timed: each look takes as long as it takes.
    for _ in 0..600 {
        let said = world.get("/metrics").await;
        let text = String::from_utf8(said.body.to_vec()).expect("UTF-8");
        if text.lines().any(|found| found == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{line} never came");
}

#[tokio::test]
async fn what_turns_is_logged_once_and_counted() {
    let world = World::with(|config| {
        config.doctor.first_after_secs = 0;
        config.doctor.every_secs = 1;
    })
    .await;
    metric(&world, r#"sesame_doctor_checks{level="failure"} 0"#).await;
    let reason = "a reason of this test alone";
    let changed = world.emulator.change_account(|account| {
        for sign in &mut account.sign_names {
            sign.status = ReviewStatus::Rejected;
            sign.reject_reason = reason.to_owned();
        }
    });
    changed.expect("an account");
    metric(&world, r#"sesame_doctor_checks{level="failure"} 1"#).await;
    metric(&world, r#"sesame_doctor_turns_total{level="failure"} 1"#).await;
    let changed = world.emulator.change_account(|account| {
        for sign in &mut account.sign_names {
            sign.status = ReviewStatus::Approved;
        }
    });
    changed.expect("an account");
    metric(&world, r#"sesame_doctor_checks{level="failure"} 0"#).await;
    let log = Log::text();
    let told = log.lines().filter(|line| line.contains(reason)).count();
    assert_eq!(told, 1, "{log}");
    assert!(log.contains("doctor.check=\"sign_name\""), "{log}");
    assert!(world.emulator.messages().is_empty());
}

#[tokio::test]
async fn it_is_not_looked_at_where_nobody_wants_it_or_aliyun_is_away() {
    let world = World::with(|config| {
        config.doctor.first_after_secs = 0;
        config.doctor.every_secs = 0;
    })
    .await;
    let said = world.get("/metrics").await;
    let text = String::from_utf8(said.body.to_vec()).expect("UTF-8");
    assert!(!text.contains("sesame_doctor"), "{text}");
    // It is the account that fails, not the server.
    let world = World::with(|config| {
        config.doctor.first_after_secs = 0;
        config.doctor.every_secs = 1;
    })
    .await;
    let order = sesame_emulator::FaultOrder::new(
        sesame_emulator::ANY_ACTION,
        1000,
        sesame_emulator::Fault::Reset,
    );
    world.emulator.fault(order).expect("a fault");
    metric(&world, r#"sesame_doctor_checks{level="failure"} 1"#).await;
    assert_eq!(world.get("/readyz").await.status, 200);
    assert_eq!(world.get("/livez").await.status, 200);
}
