//! Dying, or being failed, at every single step: nothing is lost, nothing is
//! sent twice, nobody is approved twice.

use std::collections::HashMap;
use std::time::Duration;

use sesame_connector::OutId;
use sesame_passcode::journal::{Search, State};
use sesame_passcode::store::memory::Fault;
use sesame_passcode::{Attempt, Check, CheckOutcome, Journal};

use crate::world::{PHONE, Reply, World, wrong};

/// More steps than anything takes.
const STEPS: std::ops::RangeInclusive<usize> = 1..=14;

/// Awaits, unless the process died in the middle of it.
async fn until_death<T>(act: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_secs(1), act).await.ok()
}

/// Lets the background work until nothing is left to do.
async fn settle(world: &World) {
    for _ in 0..40 {
        world.clock.advance(30);
        world.passcodes.tick().await.expect("a round");
    }
}

/// What must be true of messages, whatever happened: sent once each, and what
/// was sent is known to be.
async fn nothing_lost_nothing_twice(world: &World) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for taken in world.phones.taken() {
        *times.entry(taken.out_id).or_default() += 1;
    }
    let all = Search {
        limit: 1000,
        ..Search::default()
    };
    let rows = world.journal.search(&all).await.expect("rows");
    for row in &rows {
        let was_sent = times.remove(row.out_id.as_str());
        assert!(was_sent.unwrap_or(0) <= 1, "sent twice");
        match row.progress.state {
            State::Accepted => assert_eq!(was_sent, Some(1)),
            State::Refused | State::FinallyUnknown => assert_eq!(was_sent, None),
            open => panic!("{open:?} was never settled"),
        }
        assert_eq!(row.ask_at, None);
    }
    assert!(times.is_empty(), "sent without a row");
}

#[tokio::test(start_paused = true)]
async fn starting() {
    for fault in Fault::ALL {
        for step in STEPS {
            let mut world = World::new();
            world.faults.arm(step, fault);
            let started = until_death(world.start(PHONE)).await;
            world.restart();
            if let Some(Ok(started)) = &started {
                let sent = world.phones.taken().len();
                let known = started.outcome.as_str() == "accepted";
                assert!(!known || sent == 1, "{fault:?} at {step}");
            }
            if matches!(started, Some(Err(_))) {
                assert_eq!(world.phones.taken().len(), 0, "{fault:?} at {step}");
            }
            // What arrived can be used, by whoever finds out its id.
            if let Some(taken) = world.phones.taken().first() {
                let out_id = taken.out_id.clone();
                let row = world.passcodes.message(None, &out_id).await.expect("a row");
                let id = row.expect("a row").verification.expect("an id");
                let outcome = world.check(&id, &taken.code).await;
                assert!(
                    matches!(outcome, CheckOutcome::Approved(_)),
                    "{fault:?} at {step}"
                );
            }
            settle(&world).await;
            nothing_lost_nothing_twice(&world).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn starting_where_it_is_refused_or_unknown() {
    let answers = [
        Reply::Refuse(sesame_connector::Kind::Balance, None),
        Reply::TakenInSilence,
        Reply::Lost,
    ];
    for (answer, fault) in answers
        .iter()
        .flat_map(|a| Fault::ALL.map(|fault| (*a, fault)))
    {
        for step in STEPS {
            let mut world = World::new();
            world.phones.will(answer);
            world.faults.arm(step, fault);
            let _ = until_death(world.start(PHONE)).await;
            world.restart();
            settle(&world).await;
            nothing_lost_nothing_twice(&world).await;
            assert!(world.phones.calls() <= 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn checking_the_right_code() {
    for fault in Fault::ALL {
        for step in STEPS {
            let mut world = World::new();
            let id = world.started(PHONE).await;
            let code = world.phones.code(PHONE);
            world.faults.arm(step, fault);
            let first = until_death(world.passcodes.check(Check::new("web", &id, &code))).await;
            world.restart();
            let mut outcomes = vec![first.and_then(Result::ok).flatten()];
            for _ in 0..3 {
                outcomes.push(Some(world.check(&id, &code).await));
            }
            let is_approved = |outcome: &&Option<CheckOutcome>| {
                matches!(outcome, Some(CheckOutcome::Approved(_)))
            };
            let approved = outcomes.iter().filter(is_approved).count();
            // Steps: the record read, swapped, the journal's word, the counters.
            // Only where the journal's word was given and never heard, nobody
            // is approved; everything else is made up for by asking again.
            let word_lost = step == 3 && matches!(fault, Fault::AnswerLost | Fault::StopBehind)
                || step == 4 && matches!(fault, Fault::Stop | Fault::StopBehind);
            assert_eq!(
                approved,
                usize::from(!word_lost),
                "{fault:?} at {step}: {outcomes:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_request_hears_the_journals_word_again() {
    for fault in Fault::ALL {
        for step in STEPS {
            let mut world = World::new();
            let id = world.started(PHONE).await;
            let code = world.phones.code(PHONE);
            let by = |byte| Check {
                attempt: Some(Attempt {
                    out_id: OutId::parse("ofacheck").unwrap(),
                    nonce: [byte; 12],
                }),
                ..Check::new("web", &id, &code)
            };
            let passcodes = world.passcodes.clone();
            world.faults.arm(step, fault);
            let _ = until_death(passcodes.check(by(1))).await;
            world.restart();
            for (check, is_approved) in [
                (by(1), true),
                (by(2), false),
                (Check::new("web", &id, &code), false),
                (by(1), true),
            ] {
                let outcome = world.passcodes.check(check).await.unwrap().unwrap();
                assert_eq!(
                    matches!(outcome, CheckOutcome::Approved(_)),
                    is_approved,
                    "{fault:?} at {step}: {outcome:?}"
                );
            }
            let all = Search {
                limit: 10,
                ..Search::default()
            };
            let rows = world.journal.search(&all).await.unwrap();
            assert_eq!(rows.len(), 1);
            assert!(rows.iter().all(|row| row.confirmed_at.is_some()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn checking_wrong_codes() {
    for fault in Fault::ALL {
        for step in STEPS {
            let mut world = World::new();
            let id = world.started(PHONE).await;
            let code = world.phones.code(PHONE);
            world.faults.arm(step, fault);
            let mut told = 0;
            let count = |outcome: Option<CheckOutcome>| {
                u32::from(matches!(outcome, Some(CheckOutcome::Mismatch { .. })))
            };
            for guess in 0..3 {
                let wrong = wrong(&code, guess);
                let check =
                    until_death(world.passcodes.check(Check::new("web", &id, &wrong))).await;
                told += count(check.and_then(Result::ok).flatten());
            }
            world.restart();
            for guess in 3..20 {
                told += count(Some(world.check(&id, &wrong(&code, guess)).await));
            }
            assert!(told <= 4, "{fault:?} at {step}: told {told} times");
            assert_eq!(world.check(&id, &code).await, CheckOutcome::Exhausted);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn settling() {
    for (answer, fault) in [Reply::TakenInSilence, Reply::Lost]
        .iter()
        .flat_map(|a| Fault::ALL.map(|fault| (*a, fault)))
    {
        for step in STEPS {
            let mut world = World::new();
            world.change(|parts| parts.polling = true);
            world.phones.will(answer);
            world.start(PHONE).await.expect("an unknown outcome");
            world.faults.arm(step, fault);
            for _ in 0..4 {
                world.clock.advance(2);
                let _ = until_death(world.passcodes.tick()).await;
            }
            world.restart();
            world.phones.deliver();
            settle(&world).await;
            nothing_lost_nothing_twice(&world).await;
            assert_eq!(world.phones.calls(), 1, "{fault:?} at {step}");
        }
    }
}

/// A caller that goes away cancels nothing.
#[tokio::test(start_paused = true)]
async fn the_caller_goes_away() {
    let world = World::new();
    for polls in 0..30 {
        let to = format!("+86138{polls:04}1000");
        let start = world.start(&to);
        let mut start = std::pin::pin!(start);
        for _ in 0..polls {
            if poll_once(start.as_mut()).await {
                break;
            }
        }
    }
    world.passcodes.finish().await;
    settle(&world).await;
    nothing_lost_nothing_twice(&world).await;
    assert_eq!(world.phones.taken().len(), 29);
}

/// Polls once, then lets others run.
async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    let ready = std::future::poll_fn(|context| {
        std::task::Poll::Ready(future.as_mut().poll(context).is_ready())
    });
    let ready = ready.await;
    if !ready {
        tokio::task::yield_now().await;
    }
    ready
}
