//! One test per line of OWASP ASVS 5.0 and NIST SP 800-63B-4 that is about
//! codes sent out of band (`USERS.md` §4), named after it.

use std::collections::HashSet;

use sesame_passcode::{Check, CheckOutcome, LimitName, Policy, Start, StartError};

use crate::world::{PHONE, World, limited, start, wrong};

/// Starts as often as it takes to have a fresh verification whatever the
/// windows of the number say.
async fn next_start(world: &World) -> String {
    loop {
        match world.start(PHONE).await {
            Ok(started) => return started.verification.id,
            Err(StartError::Limited(limited)) => {
                let secs = limited.retry_after_secs().expect("time ends it");
                world.clock.advance(i64::try_from(secs).expect("it fits"));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// 6.5.1: lookup secrets, out-of-band codes and one-time passwords are used
/// successfully only once.
#[tokio::test]
async fn asvs_6_5_1_a_code_is_used_only_once() {
    let world = World::new();
    let id = world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    let approved = world.check(&id, &code).await;
    assert!(matches!(approved, CheckOutcome::Approved(_)));
    for _ in 0..3 {
        assert_eq!(world.check(&id, &code).await, CheckOutcome::Consumed);
    }
}

/// The same, of many at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_6_5_1_of_many_at_once_one_is_approved() {
    let world = World::new();
    let id = world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    let checks: Vec<_> = (0..200)
        .map(|_| {
            let (passcodes, id, code) = (world.passcodes.clone(), id.clone(), code.clone());
            tokio::spawn(async move { passcodes.check(Check::new("web", &id, &code)).await })
        })
        .collect();
    let mut approved = 0;
    for check in checks {
        let outcome = check.await.expect("no panic").expect("an answer");
        approved += usize::from(matches!(outcome, Some(CheckOutcome::Approved(_))));
    }
    assert_eq!(approved, 1);
}

/// 6.5.3: codes come from a cryptographically secure source. They are derived by
/// HMAC-SHA256 under a secret key from an id with 96 random bits: without the
/// key nothing about one code tells anything about another.
#[tokio::test]
async fn asvs_6_5_3_codes_depend_on_the_key_and_on_random_ids() {
    let mut world = World::new();
    let mut codes = HashSet::new();
    for number in 0..40 {
        let to = format!("+86138{number:04}1000");
        world.started(&to).await;
        codes.insert(world.phones.code(&to));
    }
    assert!(codes.len() >= 39, "{} of 40 differ", codes.len());
    // The same ids in the same order under another key are other codes.
    let first = world.phones.taken();
    world = World::new();
    world.change(|parts| {
        let code = sesame_passcode::CodeKey::new("2026-11", [0xc1; 32]);
        let number = sesame_passcode::NumberKey::new([0x17; 32]);
        parts.keys = sesame_passcode::Keys::new(code, Vec::new(), number).into();
    });
    for taken in first.iter().take(10) {
        world.started(&taken.to).await;
        assert_ne!(world.phones.code(&taken.to), taken.code);
    }
}

/// 6.5.4: codes have at least 20 bits; six random digits are enough.
#[tokio::test]
async fn asvs_6_5_4_codes_have_six_digits() {
    let world = World::new();
    world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    let four = Policy {
        digits: 4,
        ..Policy::default()
    };
    assert_eq!(four.warnings().len(), 1);
}

/// 6.5.5: codes live for at most ten minutes.
#[tokio::test]
async fn asvs_6_5_5_codes_live_ten_minutes() {
    let world = World::new();
    let started = world.start(PHONE).await.expect("a start").verification;
    let life = started.expires_at.duration_since(started.created_at);
    assert_eq!(life.as_secs(), 600);
    world.clock.advance(600);
    let code = world.phones.code(PHONE);
    assert_eq!(world.check(&started.id, &code).await, CheckOutcome::Expired);
    let longer = Policy {
        life_secs: 601,
        ..Policy::default()
    };
    assert!(longer.validate().is_err());
}

/// 6.6.2: out-of-band codes are bound to the request they were made for.
#[tokio::test]
async fn asvs_6_6_2_a_code_is_bound_to_its_request() {
    let world = World::new();
    let mine = world.started(PHONE).await;
    let my_code = world.phones.code(PHONE);
    world.clock.advance(60);
    let theirs = world.started(PHONE).await;
    let their_code = world.phones.code(PHONE);
    assert_ne!(my_code, their_code);
    // Neither the other's code nor the other's attempts.
    for _ in 0..5 {
        world.check(&theirs, &wrong(&their_code, 0)).await;
    }
    assert_eq!(
        world.check(&theirs, &their_code).await,
        CheckOutcome::Exhausted
    );
    let mismatch = world.check(&mine, &their_code).await;
    assert_eq!(mismatch, CheckOutcome::Mismatch { attempts_left: 4 });
    let approved = world.check(&mine, &my_code).await;
    assert!(matches!(approved, CheckOutcome::Approved(_)));
    // Nor another caller's verification at all.
    let foreign = world
        .passcodes
        .check(Check::new("other", &theirs, &their_code))
        .await;
    assert_eq!(foreign.expect("an answer"), None);
}

/// 6.6.2, where a session is given: only the same session, caller and usage type
/// go on with a verification.
#[tokio::test]
async fn asvs_6_6_2_sessions_do_not_share_a_verification() {
    let world = World::new();
    let request = |app: &str, session: &str, usage_type: &str| Start {
        app: app.to_owned(),
        session: Some(session.to_owned()),
        usage_type: usage_type.to_owned(),
        ..start(PHONE)
    };
    let mut ids = HashSet::new();
    for (app, session, usage_type) in [
        ("web", "one", "SignIn"),
        ("web", "two", "SignIn"),
        ("app", "one", "SignIn"),
        ("web", "one", "Register"),
    ] {
        let started = world
            .passcodes
            .start(request(app, session, usage_type))
            .await;
        ids.insert(started.expect("a start").verification.id);
        world.clock.advance(60);
    }
    assert_eq!(ids.len(), 4);
    let again = world.passcodes.start(request("web", "one", "SignIn")).await;
    let again = again.expect("a start");
    assert!(again.resumed && ids.contains(&again.verification.id));
    let codes: Vec<_> = world
        .phones
        .taken()
        .into_iter()
        .map(|taken| taken.code)
        .collect();
    assert_eq!(codes[0], codes[4]);
}

/// 6.6.3: out-of-band codes are protected against brute force by rate limits.
#[tokio::test]
async fn asvs_6_6_3_guessing_is_limited() {
    let world = World::new();
    let mut compared = 0;
    for _ in 0..4 {
        let id = next_start(&world).await;
        let code = world.phones.code(PHONE);
        for guess in 0..5 {
            match world.check(&id, &wrong(&code, guess)).await {
                CheckOutcome::Mismatch { .. } | CheckOutcome::Exhausted => compared += 1,
                CheckOutcome::Locked(limited) => {
                    assert_eq!(limited.limit, LimitName::NumberChecksPerHour);
                }
                other => panic!("{other:?}"),
            }
        }
        if compared == 10 {
            break;
        }
    }
    assert_eq!(compared, 10);
    // No code is sent that could not be checked.
    world.clock.advance(60);
    let refused = limited(world.start(PHONE).await);
    assert_eq!(refused.limit, LimitName::NumberChecksPerHour);
}

/// 6.3.8: nobody learns which numbers are somebody's.
#[tokio::test]
async fn asvs_6_3_8_a_known_number_answers_like_an_unknown_one() {
    let world = World::new();
    let id = world.started(PHONE).await;
    world.check(&id, &world.phones.code(PHONE)).await;
    world.clock.advance(86_400);
    let shape = |started: sesame_passcode::Started| {
        let verification = started.verification;
        let now = verification.created_at;
        (
            verification.id.len(),
            verification.status,
            verification.expires_at.duration_since(now).as_secs(),
            verification.resend_after_secs,
            verification.attempts_left,
            started.resumed,
        )
    };
    let known = world.start(PHONE).await.expect("a start");
    let unknown = world.start("+8613900139000").await.expect("a start");
    assert_eq!(shape(known), shape(unknown));
    // An id nobody issued, another caller's and nonsense are one and the same.
    let checks = [
        ("web", "A".repeat(38)),
        ("other", id),
        ("web", "?".to_owned()),
    ];
    for (app, id) in checks {
        let checked = world.passcodes.check(Check::new(app, &id, "123456")).await;
        assert_eq!(checked.expect("an answer"), None);
    }
}

/// 2.4.1: anti-automation protects what is costly: no limit is worked around by
/// asking often, and what is refused costs no call.
#[tokio::test]
async fn asvs_2_4_1_refusals_cost_no_call() {
    let world = World::new();
    let from = |to: String| Start {
        ip: Some([192, 0, 2, 1].into()),
        ..start(&to)
    };
    let mut refused = 0;
    for number in 0..100 {
        // Each of another prefix.
        let to = format!("+86138{number:04}1000");
        match world.passcodes.start(from(to)).await {
            Ok(_) => {}
            Err(StartError::Limited(limited)) => {
                assert_eq!(limited.limit, LimitName::IpPerHour);
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((world.phones.calls(), refused), (20, 80));
    // Numbers that the provider refuses are no way around it either.
    let world = World::new();
    for number in 0..100 {
        world.phones.will(crate::world::Reply::Refuse(
            sesame_connector::Kind::Phone,
            None,
        ));
        let to = format!("+86138{number:04}1000");
        assert!(world.passcodes.start(from(to)).await.is_err());
    }
    assert_eq!(world.phones.calls(), 20);
}

/// SP 800-63B-4 §3.1.3.2: an authentication that is not completed within ten
/// minutes is invalid.
#[tokio::test]
async fn nist_invalid_after_ten_minutes() {
    let world = World::new();
    let id = world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    world.clock.advance(599);
    let approved = world.check(&id, &code).await;
    assert!(matches!(approved, CheckOutcome::Approved(_)));
    world.clock.advance(1);
    assert_eq!(world.check(&id, &code).await, CheckOutcome::Consumed);
}

/// §3.1.3.2: a secret is accepted only once during its life.
#[tokio::test]
async fn nist_accepted_only_once() {
    let mut world = World::new();
    let id = world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    world.check(&id, &code).await;
    // Not even where the store lost what it knew and the journal did not.
    let store = sesame_passcode::store::memory::MemoryStore::default();
    world.change(|parts| parts.store = std::sync::Arc::new(store));
    let checked = world.passcodes.check(Check::new("web", &id, &code)).await;
    assert_eq!(checked.expect("an answer"), None);
}

/// §3.1.3.2: at least six decimal digits.
#[test]
fn nist_at_least_six_digits_by_default() {
    assert!(Policy::default().rules("SignIn").digits >= 6);
    assert!(Policy::default().warnings().is_empty());
}

/// §3.1.3.2 and §5.2.2: secrets of less than 64 bits need a limit of at most 100
/// consecutive failures.
#[tokio::test]
async fn nist_a_hundred_failures_in_a_row_lock_the_number() {
    let world = World::new();
    let mut compared = 0;
    for _ in 0..100 {
        let id = match world.start(PHONE).await {
            Ok(started) => started.verification.id,
            Err(StartError::Limited(limited)) => match limited.retry_after_secs() {
                Some(secs) => {
                    world.clock.advance(i64::try_from(secs).expect("it fits"));
                    continue;
                }
                None => break,
            },
            Err(error) => panic!("{error}"),
        };
        let code = world.phones.code(PHONE);
        for guess in 0..5 {
            let outcome = world.check(&id, &wrong(&code, guess)).await;
            compared += u32::from(matches!(
                outcome,
                CheckOutcome::Mismatch { .. } | CheckOutcome::Exhausted
            ));
        }
    }
    assert_eq!(compared, 100);
    assert_eq!(
        limited(world.start(PHONE).await).limit,
        LimitName::NumberLocked
    );
    // A year does not end it, an operator does, and it is written down.
    world.clock.advance(365 * 86_400);
    assert_eq!(
        limited(world.start(PHONE).await).limit,
        LimitName::NumberLocked
    );
    let lifted = world.passcodes.lift("alice", PHONE).await.expect("a lift");
    assert!(lifted.was_locked && lifted.failures == 100);
    world.started(PHONE).await;
    use sesame_passcode::Journal;
    let decisions = world.journal.decisions(10, None).await.expect("decisions");
    let said: Vec<_> = decisions
        .iter()
        .map(|d| (d.actor.as_str(), d.action.as_str()))
        .collect();
    assert_eq!(
        said,
        [("alice", "number_lifted"), ("sesame", "number_locked")]
    );
}

/// §3.1.3.2: generating a new secret does not reset the count of failures.
#[tokio::test]
async fn nist_a_new_code_does_not_reset_the_failures() {
    let world = World::new();
    let session = || Start {
        session: Some("one".to_owned()),
        ..start(PHONE)
    };
    let first = world.passcodes.start(session()).await.expect("a start");
    let code = world.phones.code(PHONE);
    for guess in 0..3 {
        world
            .check(&first.verification.id, &wrong(&code, guess))
            .await;
    }
    world.clock.advance(60);
    let again = world.passcodes.start(session()).await.expect("a start");
    assert_eq!(again.verification.attempts_left, 2);
    // Nor does a new verification, for the number as a whole.
    let other = next_start(&world).await;
    let code = world.phones.code(PHONE);
    for guess in 0..5 {
        world.check(&other, &wrong(&code, guess)).await;
    }
    let third = next_start(&world).await;
    let code = world.phones.code(PHONE);
    for guess in 0..2 {
        world.check(&third, &wrong(&code, guess)).await;
    }
    let outcome = world.check(&third, &code).await;
    assert!(matches!(outcome, CheckOutcome::Locked(_)), "{outcome:?}");
}
