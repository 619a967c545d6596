use sesame_connector::{OutId, PhoneNumber, Reading, SystemSource};

use super::*;
use crate::issue::{Wanted, issue};
use crate::limit::LimitName;
use crate::policy::Window;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + secs).expect("a time")
}

/// A policy under which messages are no obstacle.
fn policy() -> Policy {
    Policy {
        number: vec![Window::new(100, 1)],
        ..Policy::default()
    }
}

fn record(verifications: u8) -> NumberRecord {
    let number = PhoneNumber::parse("+8613800138000", &Reading::default());
    let mut record = NumberRecord::new(&number.expect("a number"));
    for nonce in 0..verifications {
        let wanted = Wanted {
            app: "web",
            session: None,
            usage_type: "SignIn",
            nonce: [nonce; 12],
            key_id: "k",
            out_id: &OutId::new(&SystemSource),
        };
        issue(&mut record, &wanted, &policy(), at(0)).expect("there is room");
    }
    record
}

fn try_once(
    record: &mut NumberRecord,
    nonce: u8,
    is_right: bool,
    secs: i64,
) -> Result<Answer, Gate> {
    record.tidy(at(secs));
    match gate(record, "web", &[nonce; 12], &policy(), at(secs)) {
        Gate::Open(index) => Ok(count(record, index, is_right, at(secs))),
        closed => Err(closed),
    }
}

#[test]
fn another_callers_verification_is_none() {
    let record = record(1);
    let gate = gate(&record, "other", &[0; 12], &policy(), at(1));
    assert_eq!(gate, Gate::Unknown);
}

#[test]
fn attempts_run_out_and_even_the_right_code_comes_too_late() {
    let mut record = record(1);
    for attempts_left in (1..5).rev() {
        let answer = try_once(&mut record, 0, false, 1);
        assert_eq!(answer, Ok(Answer::Wrong { attempts_left }));
    }
    assert_eq!(try_once(&mut record, 0, false, 1), Ok(Answer::Exhausted));
    let late = try_once(&mut record, 0, true, 1);
    assert_eq!(late, Err(Gate::Ended(Ended::Exhausted)));
}

#[test]
fn one_verification_cannot_use_up_anothers_attempts() {
    let mut record = record(2);
    for _ in 0..5 {
        try_once(&mut record, 0, false, 1).expect("it is compared");
    }
    assert_eq!(record.verifications[1].attempts_left(), 5);
    assert_eq!(try_once(&mut record, 1, true, 2), Ok(Answer::Right));
}

#[test]
fn ten_wrong_codes_an_hour_whatever_they_are_for() {
    let mut record = record(4);
    for nonce in [0, 0, 0, 0, 1, 1, 1, 2, 2, 2] {
        try_once(&mut record, nonce, false, 1).expect("it is compared");
    }
    let Err(Gate::Blocked(limited)) = try_once(&mut record, 3, true, 100) else {
        panic!("the right code was compared");
    };
    assert_eq!(limited.limit, LimitName::NumberChecksPerHour);
    assert_eq!(limited.ends_at, Some(at(3601)));
}

#[test]
fn a_hundred_in_a_row_lock_until_somebody_lifts_it() {
    let mut record = record(1);
    record.consecutive = 99;
    try_once(&mut record, 0, false, 1).expect("it is compared");
    let Err(Gate::Blocked(limited)) = try_once(&mut record, 0, true, 2) else {
        panic!("the right code was compared");
    };
    assert_eq!(
        (limited.limit, limited.ends_at),
        (LimitName::NumberLocked, None)
    );
    lift(&mut record);
    assert_eq!(try_once(&mut record, 0, true, 3), Ok(Answer::Right));
}

#[test]
fn a_right_code_ends_the_row_and_leaves_the_hour() {
    let mut record = record(2);
    for _ in 0..4 {
        try_once(&mut record, 0, false, 1).expect("it is compared");
    }
    try_once(&mut record, 0, true, 2).expect("it is compared");
    assert_eq!((record.consecutive, record.failures.len()), (0, 4));
}

#[test]
fn an_approved_one_is_still_guarded() {
    let mut record = record(1);
    assert_eq!(try_once(&mut record, 0, true, 1), Ok(Answer::Right));
    // Nobody may have been told: the journal decides whether this is the first.
    assert_eq!(try_once(&mut record, 0, true, 2), Ok(Answer::Right));
    for _ in 0..5 {
        assert_eq!(try_once(&mut record, 0, false, 3), Ok(Answer::Consumed));
    }
    let gate = try_once(&mut record, 0, true, 4);
    assert_eq!(gate, Err(Gate::Ended(Ended::Consumed)));
}

#[test]
fn a_code_ends_with_its_life() {
    let mut record = record(1);
    let ended = try_once(&mut record, 0, true, 600);
    assert_eq!(ended, Err(Gate::Ended(Ended::Expired)));
}

#[test]
fn canceled_is_canceled() {
    let mut record = record(1);
    assert_eq!(cancel(&mut record, "other", &[0; 12]), None);
    assert_eq!(cancel(&mut record, "web", &[0; 12]), Some(true));
    assert_eq!(cancel(&mut record, "web", &[0; 12]), Some(false));
    let ended = try_once(&mut record, 0, true, 1);
    assert_eq!(ended, Err(Gate::Ended(Ended::Canceled)));
}

#[test]
fn the_same_right_code_again_forgets_nothing() {
    let mut record = record(2);
    assert_eq!(try_once(&mut record, 0, true, 1), Ok(Answer::Right));
    for wrong in 1..4 {
        try_once(&mut record, 1, false, 2).expect("it is compared");
        assert_eq!(try_once(&mut record, 0, true, 3), Ok(Answer::Right));
        assert_eq!(record.consecutive, wrong);
    }
    assert_eq!(try_once(&mut record, 1, true, 4), Ok(Answer::Right));
    assert_eq!(record.consecutive, 0);
}
