//! The rules of issuing, alone and in random sequences under a moved clock.

use proptest::prelude::*;
use sesame_connector::{Kind, PhoneNumber, Reading, SystemSource, Text};

use super::*;
use crate::check::{self, Answer, Gate};
use crate::policy::Window;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + secs).expect("a time")
}

fn number() -> PhoneNumber {
    PhoneNumber::parse("+8613800138000", &Reading::default()).expect("a number")
}

fn wanted<'a>(nonce: u8, out_id: &'a OutId, session: Option<[u8; 16]>) -> Wanted<'a> {
    Wanted {
        app: "web",
        session,
        usage_type: "SignIn",
        nonce: [nonce; 12],
        key_id: "k",
        out_id,
    }
}

fn out_id() -> OutId {
    OutId::new(&SystemSource)
}

fn start(record: &mut NumberRecord, nonce: u8, now: Timestamp) -> Result<Reserved, Limited> {
    record.tidy(now);
    issue(
        record,
        &wanted(nonce, &out_id(), None),
        &Policy::default(),
        now,
    )
}

#[test]
fn the_windows_are_named_and_told_to_the_second() {
    let mut record = NumberRecord::new(&number());
    start(&mut record, 0, at(0)).expect("the first");
    let limited = start(&mut record, 1, at(20)).expect_err("too early");
    assert_eq!(limited.limit, LimitName::NumberPerMinute);
    assert_eq!(limited.retry_after_secs(), Some(40));
    for minute in 1..5 {
        start(&mut record, 1, at(minute * 60)).expect("one a minute");
    }
    let limited = start(&mut record, 2, at(300)).expect_err("five an hour");
    assert_eq!(limited.limit, LimitName::NumberPerHour);
    assert_eq!(limited.ends_at, Some(at(3600)));
    for minute in 0..5 {
        start(&mut record, 3, at(3600 + minute * 60)).expect("the next hour");
    }
    let limited = start(&mut record, 4, at(7300)).expect_err("ten a day");
    assert_eq!(limited.limit, LimitName::NumberPerDay);
    assert_eq!(limited.ends_at, Some(at(86_400)));
}

#[test]
fn a_session_goes_on_with_its_verification() {
    let policy = Policy::default();
    let mut record = NumberRecord::new(&number());
    let session = Some([9; 16]);
    let ids = [out_id(), out_id(), out_id(), out_id()];
    let mut go = |nonce, id: &OutId, session, now| {
        issue(&mut record, &wanted(nonce, id, session), &policy, now).expect("there is room")
    };
    let first = go(1, &ids[0], session, at(0));
    let again = go(2, &ids[1], session, at(60));
    assert!(!first.resumed && again.resumed);
    assert_eq!(again.entry.nonce, [1; 12]);
    assert_eq!(again.entry.expires_at, at(600));
    assert!(!go(3, &ids[2], Some([8; 16]), at(120)).resumed);
    // Its life is over: a new one, with a new code.
    assert!(!go(4, &ids[3], session, at(600)).resumed);
}

fn refusal(kind: Kind, retry_after: Option<Duration>) -> Refusal {
    let text = Text {
        en: "".into(),
        zh: "".into(),
    };
    Refusal {
        out_id: out_id(),
        request_id: None,
        code: "isv.X".to_owned(),
        kind,
        stage: Stage::Provider,
        cause: text.clone(),
        cure: text,
        retry_after,
        is_transient: true,
    }
}

#[test]
fn a_refused_message_leaves_no_trace_and_only_once() {
    let mut record = NumberRecord::new(&number());
    let before = record.clone();
    let id = out_id();
    let policy = Policy::default();
    issue(&mut record, &wanted(1, &id, None), &policy, at(0)).expect("there is room");
    assert!(release(&mut record, &id));
    assert_eq!(record, before);
    assert!(!release(&mut record, &id));
}

#[test]
fn a_refused_second_message_leaves_the_verification() {
    let mut record = NumberRecord::new(&number());
    let (first, second) = (out_id(), out_id());
    let policy = Policy::default();
    let session = Some([9; 16]);
    issue(&mut record, &wanted(1, &first, session), &policy, at(0)).expect("there is room");
    issue(&mut record, &wanted(2, &second, session), &policy, at(60)).expect("there is room");
    assert!(release(&mut record, &second));
    assert_eq!(record.verifications[0].out_id, first.as_str());
}

#[test]
fn what_the_provider_refuses_is_remembered() {
    let mut record = NumberRecord::new(&number());
    let hour = Some(Duration::from_secs(3600));
    hold(&mut record, &refusal(Kind::RateLimit, hour), at(0));
    let limited = start(&mut record, 1, at(1)).expect_err("it is held");
    assert_eq!(limited.limit, LimitName::ProviderLimit);
    assert_eq!(limited.ends_at, Some(at(3600)));
    // A shorter rest does not shorten it.
    hold(&mut record, &refusal(Kind::Phone, None), at(2));
    assert!(start(&mut record, 1, at(3599)).is_err());
    assert!(start(&mut record, 1, at(3600)).is_ok());
    // What the operator has to see to is no fault of the number.
    hold(&mut record, &refusal(Kind::Balance, hour), at(3700));
    assert!(start(&mut record, 1, at(3700)).is_ok());
}

#[test]
fn verifications_are_bounded_and_the_ended_make_room() {
    let policy = Policy {
        number: vec![Window::new(100, 1)],
        ..Policy::default()
    };
    let mut record = NumberRecord::new(&number());
    let go = |record: &mut NumberRecord, nonce: u8| {
        let id = out_id();
        issue(record, &wanted(nonce, &id, None), &policy, at(0))
    };
    for nonce in 0..32 {
        go(&mut record, nonce).expect("there is room");
    }
    let limited = go(&mut record, 32).expect_err("all are open");
    assert_eq!(limited.limit, LimitName::NumberVerifications);
    assert_eq!(limited.ends_at, Some(at(600)));
    check::cancel(&mut record, "web", &[7; 12]).expect("it is there");
    go(&mut record, 33).expect("one has ended");
    assert_eq!(record.verifications.len(), MOST_VERIFICATIONS);
    assert!(record.position("web", &[7; 12]).is_none());
    // What was approved, and may not be told yet, goes last.
    check::count(&mut record, 0, true, at(0));
    check::cancel(&mut record, "web", &[9; 12]).expect("it is there");
    go(&mut record, 34).expect("one has ended");
    assert!(record.position("web", &[9; 12]).is_none());
    assert_eq!(record.position("web", &[0; 12]), Some(0));
    go(&mut record, 35).expect("even that makes room");
    assert!(record.position("web", &[0; 12]).is_none());
}

/// What somebody does, and how much later.
#[derive(Clone, Debug)]
enum Act {
    Start { session: Option<u8> },
    Check { which: usize, right: bool },
    Cancel { which: usize },
    Advance { secs: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => proptest::option::of(0..2_u8).prop_map(|session| Act::Start { session }),
        6 => (0..6_usize, prop::bool::weighted(0.1)).prop_map(|(which, right)| Act::Check { which, right }),
        1 => (0..6_usize).prop_map(|which| Act::Cancel { which }),
        4 => prop_oneof![0..90_i64, 50..4000_i64, 30_000..90_000_i64].prop_map(|secs| Act::Advance { secs }),
    ]
}

/// What was seen of one number from outside.
#[derive(Default)]
struct Seen {
    sends: Vec<Timestamp>,
    wrong: Vec<Timestamp>,
    consecutive: u32,
    /// Of each verification: how often it was tried in vain, and whether it was
    /// approved.
    verifications: Vec<([u8; 12], u32, bool)>,
}

fn policy() -> Policy {
    Policy {
        lock_after_failures: 25,
        ..Policy::default()
    }
}

fn do_start(record: &mut NumberRecord, seen: &mut Seen, session: Option<u8>, now: Timestamp) {
    let id = out_id();
    let nonce = u8::try_from(seen.verifications.len() % 256).expect("it fits");
    let wanted = wanted(nonce, &id, session.map(|session| [session; 16]));
    match issue(record, &wanted, &policy(), now) {
        Ok(reserved) => {
            seen.sends.push(now);
            if !reserved.resumed {
                seen.verifications.push(([nonce; 12], 0, false));
            }
        }
        Err(limited) => {
            // A limit that time ends has ended when it says.
            if let Some(ends_at) = limited.ends_at {
                assert!(ends_at > now, "{limited:?}");
                let mut later = record.clone();
                later.tidy(ends_at);
                let again = issue(&mut later, &wanted, &policy(), ends_at);
                let same = again.err().filter(|again| again.limit == limited.limit);
                assert_eq!(same, None);
            }
        }
    }
}

fn do_check(record: &mut NumberRecord, seen: &mut Seen, which: usize, right: bool, now: Timestamp) {
    let count = seen.verifications.len();
    let Some(place) = count.checked_sub(1 + which) else {
        return;
    };
    let (nonce, failed, approved) = &mut seen.verifications[place];
    let entry = record.position("web", nonce);
    let entry = entry.map(|place| record.verifications[place].clone());
    let blocked = check::blocked(record, &policy(), now).is_some();
    match check::gate(record, "web", nonce, &policy(), now) {
        Gate::Open(index) => {
            let entry = entry.expect("it is there");
            assert!(!blocked && !entry.is_expired(now));
            let answer = check::count(record, index, right, now);
            if right {
                assert_eq!(answer, Answer::Right);
                if !std::mem::replace(approved, true) {
                    seen.consecutive = 0;
                }
            } else {
                assert_ne!(answer, Answer::Right);
                *failed += 1;
                seen.wrong.push(now);
                seen.consecutive += 1;
            }
        }
        // A live verification of a number without limits is always compared.
        _ => assert!(blocked || entry.is_none_or(|entry| !entry.is_open(now))),
    }
}

/// The most of `times` within any span of so many seconds.
fn most_within(times: &[Timestamp], span_secs: u32) -> usize {
    let within = |start: &Timestamp| {
        let end = *start + secs(span_secs);
        times
            .iter()
            .filter(|time| **time >= *start && **time < end)
            .count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn no_limit_is_ever_exceeded(acts in prop::collection::vec(act(), 1..200)) {
        let mut record = NumberRecord::new(&number());
        let (mut seen, mut now) = (Seen::default(), at(0));
        for act in acts {
            record = NumberRecord::decode(&record.encode()).expect("it reads back");
            record.tidy(now);
            match act {
                Act::Start { session } => do_start(&mut record, &mut seen, session, now),
                Act::Check { which, right } => do_check(&mut record, &mut seen, which, right, now),
                Act::Cancel { which } => {
                    if let Some(place) = seen.verifications.len().checked_sub(1 + which) {
                        check::cancel(&mut record, "web", &seen.verifications[place].0);
                    }
                }
                Act::Advance { secs: by } => now += jiff::SignedDuration::from_secs(by),
            }
            prop_assert_eq!(record.consecutive, seen.consecutive);
            prop_assert!(record.verifications.len() <= MOST_VERIFICATIONS);
        }
        for window in Window::ALIYUN {
            prop_assert!(most_within(&seen.sends, window.secs) <= window.messages as usize);
        }
        prop_assert!(most_within(&seen.wrong, 3600) <= 10);
        prop_assert!(seen.consecutive <= 25);
        for (_, failed, _) in seen.verifications {
            prop_assert!(failed <= 5);
        }
    }

    /// However the clock jumps, nobody gets more than the windows allow for the
    /// time that passed forwards, and nobody is locked out for longer than the
    /// longest window once it runs on.
    #[test]
    fn a_jumping_clock_neither_frees_nor_locks(
        jumps in prop::collection::vec((-200_000..200_000_i64, any::<bool>()), 1..40),
    ) {
        let mut record = NumberRecord::new(&number());
        let (mut now, mut sent, mut forwards) = (at(0), 0_i64, 0_i64);
        for (jump, starts) in jumps {
            now += jiff::SignedDuration::from_secs(jump);
            forwards += jump.max(0);
            record.tidy(now);
            if starts && start(&mut record, 1, now).is_ok() {
                sent += 1;
            }
        }
        prop_assert!(sent <= 10 * (forwards / 86_400 + 1));
        let later = now + jiff::SignedDuration::from_hours(24);
        record.tidy(later);
        prop_assert!(has_room(&record, &Policy::default(), later).is_ok());
    }
}
