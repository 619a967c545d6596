//! What holds for the whole of rules, store and journal, with two servers on
//! them: under many at once, and when a server dies between any two steps.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::world::{End, World, of};
use crate::journal::{Search, State};
use crate::{Check, CheckOutcome, Journal, Start, StartError, Store, StoreError};

const PHONE: &str = "+8613800138000";

/// More steps than a start or a check takes.
const STEPS: std::ops::RangeInclusive<usize> = 1..=10;

/// Numbers that share nothing.
fn number(at: usize) -> String {
    format!("+86138{at:04}1000")
}

/// A code that is not the right one.
fn wrong(code: &str, guess: u32) -> String {
    let right: u32 = code.parse().unwrap();
    format!("{:06}", (right + 1 + guess) % 1_000_000)
}

/// Many checks at the same time, by both servers. Where a store is too busy to
/// count, nothing is told.
async fn all_at_once(world: &World, id: &str, codes: &[String]) -> Vec<CheckOutcome> {
    let mut checks = JoinSet::new();
    for (at, code) in codes.iter().enumerate() {
        let (server, id, code) = (world.servers[at % 2].clone(), id.to_owned(), code.clone());
        checks.spawn(async move {
            match server.check(Check::new("web", &id, &code)).await {
                Ok(outcome) => outcome,
                Err(StoreError::Unavailable { .. }) => None,
                Err(other) => panic!("{other}"),
            }
        });
    }
    checks.join_all().await.into_iter().flatten().collect()
}

fn count(outcomes: &[CheckOutcome], name: &str) -> usize {
    let named = outcomes.iter().filter(|outcome| outcome.as_str() == name);
    named.count()
}

/// However many guess at once, as many guesses are told as there are attempts,
/// and the right code is worth nothing afterwards.
pub async fn no_more_guesses_than_attempts(
    tested: (Arc<impl Store + 'static>, Arc<impl Journal + 'static>),
) {
    let world = World::new(tested);
    let id = world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    let guesses: Vec<String> = (0..48).map(|guess| wrong(&code, guess)).collect();
    let mut outcomes = all_at_once(&world, &id, &guesses).await;
    // Whoever was not counted comes again.
    for guess in &guesses[..6] {
        outcomes.extend(all_at_once(&world, &id, std::slice::from_ref(guess)).await);
    }
    assert_eq!(count(&outcomes, "mismatch"), 4, "the fifth ends it");
    let last = all_at_once(&world, &id, &[code]).await;
    assert_eq!(last, [CheckOutcome::Exhausted]);
}

/// Of many who bring the right code at once, one is approved.
pub async fn one_of_many_right_codes_is_approved(
    tested: (Arc<impl Store + 'static>, Arc<impl Journal + 'static>),
) {
    let world = World::new(tested);
    for at in 0..4 {
        let to = number(at);
        let id = world.started(&to).await;
        let codes = vec![world.phones.code(&to); 24];
        let mut outcomes = all_at_once(&world, &id, &codes).await;
        outcomes.extend(all_at_once(&world, &id, &codes[..1]).await);
        assert_eq!(count(&outcomes, "approved"), 1, "{outcomes:?}");
        assert_eq!(outcomes.last(), Some(&CheckOutcome::Consumed));
    }
}

/// However many ask for a code at once, over a day and more, a number gets what
/// its windows allow.
pub async fn no_more_messages_than_the_windows_allow(
    tested: (Arc<impl Store + 'static>, Arc<impl Journal + 'static>),
) {
    let world = World::new(tested);
    for _ in 0..60 {
        let mut starts = JoinSet::new();
        for at in 0..6 {
            let server = world.servers[at % 2].clone();
            starts.spawn(async move { server.start(of(PHONE)).await });
        }
        for start in starts.join_all().await {
            match start {
                Ok(_) | Err(StartError::Limited(_)) => {}
                Err(StartError::Store(StoreError::Unavailable { .. })) => {}
                Err(other) => panic!("{other}"),
            }
        }
        world.clock.advance(1501);
    }
    let times: Vec<i64> = world
        .phones
        .taken()
        .iter()
        .map(|t| t.at.as_second())
        .collect();
    for (most, secs) in [(1, 60), (5, 3600), (10, 86_400)] {
        for (at, first) in times.iter().enumerate() {
            let within = times[at..].iter().filter(|time| *time - first < secs);
            assert!(within.count() <= most, "{most} in {secs} s: {times:?}");
        }
    }
    assert!(times.len() >= 10, "{times:?}");
}

/// However many numbers are asked for at once from one address, as many get a
/// message as one address may have, and what was refused is given back.
pub async fn no_more_messages_than_an_address_may_have(
    tested: (Arc<impl Store + 'static>, Arc<impl Journal + 'static>),
) {
    let world = World::new(tested);
    let from_there = |at| Start {
        ip: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))),
        ..of(&number(at))
    };
    let mut starts = JoinSet::new();
    for at in 0..40 {
        let server = world.servers[at % 2].clone();
        starts.spawn(async move { server.start(from_there(at)).await.is_ok() });
    }
    starts.join_all().await;
    assert!(world.phones.taken().len() <= 20);
    // One after the other, whoever had to stand back for another's try.
    for at in 40..80 {
        let _ = world.servers[0].start(from_there(at)).await;
    }
    assert_eq!(world.phones.taken().len(), 20);
}

/// Whatever a start dies of, at whatever step: no message without a row, none
/// sent twice, none left in doubt that was sent, and what arrived can be used.
pub async fn a_start_that_dies_loses_nothing(
    tested: (Arc<impl Store + 'static>, Arc<impl Journal + 'static>),
) {
    let mut world = World::new(tested);
    for (at, (end, step)) in every_end().enumerate() {
        let to = number(at);
        world.steps.arm(step, end);
        let started = world
            .steps
            .until_death(world.servers[0].start(of(&to)))
            .await;
        world.restart();
        let arrived = world
            .phones
            .taken()
            .into_iter()
            .filter(|taken| taken.to == to);
        let arrived: Vec<_> = arrived.collect();
        assert!(arrived.len() <= 1, "{end:?} at {step}");
        if matches!(started, Some(Err(_))) {
            assert!(arrived.is_empty(), "{end:?} at {step}");
        }
        if let Some(taken) = arrived.first() {
            let out_id = sesame_connector::OutId::parse(&taken.out_id).unwrap();
            let row = world.journal.message(&out_id).await.unwrap();
            let id = row.unwrap().verification.unwrap();
            let checked = world.servers[1]
                .check(Check::new("web", &id, &taken.code))
                .await;
            let outcome = checked.unwrap().unwrap();
            assert_eq!(outcome.as_str(), "approved", "{end:?} at {step}");
        }
    }
    world.settle().await;
    nothing_lost_nothing_twice(&world).await;
}

/// Whatever a check dies of, nobody is approved twice, and not one guess more
/// is told.
pub async fn a_check_that_dies_gives_nothing_away(
    tested: (Arc<impl Store + 'static>, Arc<impl Journal + 'static>),
) {
    let mut world = World::new(tested);
    for (at, (end, step)) in every_end().filter(|(_, step)| *step <= 5).enumerate() {
        let to = number(at);
        let id = world.started(&to).await;
        let code = world.phones.code(&to);
        let guesses = (0..3).map(|guess| wrong(&code, guess));
        let all: Vec<String> = guesses.chain([code.clone(), code.clone()]).collect();
        let mut outcomes = Vec::new();
        world.steps.arm(step, end);
        for code in &all {
            let check = world.servers[0].check(Check::new("web", &id, code));
            let checked = world.steps.until_death(check).await;
            outcomes.extend(checked.and_then(Result::ok).flatten());
        }
        world.restart();
        outcomes.extend(all_at_once(&world, &id, &all).await);
        assert!(
            count(&outcomes, "approved") <= 1,
            "{end:?} at {step}: {outcomes:?}"
        );
        assert!(
            count(&outcomes, "mismatch") <= 4,
            "{end:?} at {step}: {outcomes:?}"
        );
    }
}

fn every_end() -> impl Iterator<Item = (End, usize)> {
    End::ALL
        .into_iter()
        .flat_map(|end| STEPS.map(move |step| (end, step)))
}

async fn nothing_lost_nothing_twice(world: &World) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for taken in world.phones.taken() {
        *times.entry(taken.out_id).or_default() += 1;
    }
    let search = Search {
        limit: 1000,
        ..Search::default()
    };
    for row in world.journal.search(&search).await.unwrap() {
        let sent = times.remove(row.out_id.as_str());
        let state = row.progress.state;
        let right = match state {
            State::Accepted => sent == Some(1),
            State::Refused | State::FinallyUnknown => sent.is_none(),
            State::Sending | State::Unknown => false,
        };
        assert!(right, "{state:?}, and it arrived {sent:?} times");
        assert_eq!(row.ask_at, None);
    }
    assert!(times.is_empty(), "sent without a row");
}
