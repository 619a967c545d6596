//! The service as its callers see it.

use std::time::Duration;

use serde_json::json;
use sesame_connector::{Kind, OutId, Source};
use sesame_passcode::journal::State;
use sesame_passcode::store::memory::Fault;
use sesame_passcode::store::{Record, Store, Swap, Version};
use sesame_passcode::{
    Attempt, Check, CheckOutcome, CodeKey, Find, FindBy, Journal, Keys, LimitName, MessageQuery,
    NumberKey, QueryError, SendOwn, Start, StartError, Status, Ticked, Verification,
};

use crate::world::{PHONE, Reply, World, limited, start, wrong};

#[tokio::test]
async fn a_verification_from_start_to_end() {
    let world = World::new();
    let started = world.start(PHONE).await.expect("a start");
    let verification = started.verification;
    assert_eq!(verification.to, "+86 138****8000");
    assert_eq!(
        (verification.status, verification.attempts_left),
        (Status::Pending, 5)
    );
    assert_eq!(verification.resend_after_secs, 60);
    assert_eq!(verification.message.expect("a row").outcome(), "accepted");
    let id = verification.id;
    assert!(id.len() <= 50);
    let code = world.phones.code(PHONE);
    let mismatch = world.check(&id, &wrong(&code, 0)).await;
    assert_eq!(mismatch, CheckOutcome::Mismatch { attempts_left: 4 });
    let malformed = world.check(&id, "not a code").await;
    assert_eq!(malformed, CheckOutcome::Malformed { attempts_left: 4 });
    let wide: String = code.chars().map(wide).collect();
    let CheckOutcome::Approved(approved) = world.check(&id, &format!(" {wide} ")).await else {
        panic!("it was right");
    };
    assert_eq!(approved.number.e164(), PHONE);
    assert_eq!(approved.usage_type, "SignIn");
    let seen = world
        .passcodes
        .verification("web", &id)
        .await
        .expect("an answer");
    let seen = seen.expect("it is there");
    assert_eq!(seen.status, Status::Approved);
    assert!(seen.message.expect("a row").confirmed_at.is_some());
}

fn wide(digit: char) -> char {
    char::from_u32(u32::from(digit) - u32::from('0') + u32::from('０')).expect("a digit")
}

#[tokio::test]
async fn a_number_in_ten_notations_is_one_record() {
    let world = World::new();
    world.started("+86 138 0013 8000").await;
    for to in [
        "13800138000",
        "8613800138000",
        "008613800138000",
        "+8613800138000",
        "138-0013-8000",
        "+86 (138) 0013-8000",
        "１３８００１３８０００",
        " 138 0013 8000 ",
        "0086 138-0013-8000",
    ] {
        let limited = limited(world.start(to).await);
        assert_eq!(limited.limit, LimitName::NumberPerMinute, "{to}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_counts_for_nothing() {
    let world = World::new();
    for to in ["", "12", "+86 21 6666 6666", "hello"] {
        let refused = world.start(to).await;
        assert!(matches!(refused, Err(StartError::Refused(_))), "{to}");
    }
    let long = "x".repeat(65);
    for (field, request) in [
        (
            "app",
            Start {
                app: String::new(),
                ..start(PHONE)
            },
        ),
        (
            "usage_type",
            Start {
                usage_type: long,
                ..start(PHONE)
            },
        ),
        (
            "usage_type",
            Start {
                usage_type: "a\nb".to_owned(),
                ..start(PHONE)
            },
        ),
        (
            "session",
            Start {
                session: Some(String::new()),
                ..start(PHONE)
            },
        ),
    ] {
        let refused = world.passcodes.start(request).await;
        let Err(StartError::Invalid(invalid)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(invalid.field, field);
    }
    assert_eq!(world.store.dump(), []);
    assert_eq!(world.phones.calls(), 0);
}

#[tokio::test]
async fn what_the_provider_refuses_is_given_back_and_remembered() {
    let world = World::new();
    // The operator's trouble: the next one may try at once.
    world.phones.will(Reply::Refuse(Kind::Balance, None));
    assert!(matches!(
        world.start(PHONE).await,
        Err(StartError::Refused(_))
    ));
    let started = world.start(PHONE).await.expect("a start");
    assert!(!started.resumed);
    // The number's own: it rests, and nobody calls.
    world.clock.advance(60);
    world.phones.will(Reply::Refuse(
        Kind::RateLimit,
        Some(Duration::from_secs(3000)),
    ));
    assert!(matches!(
        world.start(PHONE).await,
        Err(StartError::Refused(_))
    ));
    let calls = world.phones.calls();
    world.clock.advance(2999);
    let limited = limited(world.start(PHONE).await);
    assert_eq!(
        (limited.limit, limited.retry_after_secs()),
        (LimitName::ProviderLimit, Some(1))
    );
    assert_eq!(world.phones.calls(), calls);
    world.clock.advance(1);
    world.started(PHONE).await;
}

#[tokio::test]
async fn counters_are_given_back_once() {
    let world = World::with(sesame_passcode::Policy {
        account: toml::from_str("messages_per_day = 1").expect("an account"),
        ..Default::default()
    });
    for _ in 0..3 {
        world.phones.will(Reply::Refuse(Kind::Balance, None));
        assert!(matches!(
            world.start(PHONE).await,
            Err(StartError::Refused(_))
        ));
    }
    world.started(PHONE).await;
    let limited = limited(world.start("+8613900139000").await);
    assert_eq!(limited.limit, LimitName::AccountPerDay);
}

#[tokio::test]
async fn money_and_countries_are_limits() {
    let policy = toml::from_str(
        r#"
        [account]
        money_per_day = "1"
        prices = { CN = "0.045", other = "0.4" }
        [countries]
        deny = ["GB"]
        "#,
    );
    let world = World::with(policy.expect("a policy"));
    world.started("+14155552671").await;
    world.started("+12125552671").await;
    let refused = limited(world.start("+13105552671").await);
    assert_eq!(refused.limit, LimitName::AccountMoneyPerDay);
    world.started(PHONE).await;
    let refused = limited(world.start("+447400123456").await);
    assert_eq!(refused.limit, LimitName::CountryDenied);
    assert_eq!(refused.retry_after_secs(), None);
    // The end user hears nothing of money.
    assert!(!refused.end_user().en.contains("country"));
}

#[tokio::test]
async fn a_rotated_key_leaves_running_verifications_valid() {
    let mut world = World::new();
    let id = world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    let old = || CodeKey::new("2026-11", [0xc0; 32]);
    let new = || CodeKey::new("2026-12", [0xd0; 32]);
    world.change(|parts| {
        parts.keys = Keys::new(new(), vec![old()], NumberKey::new([0x17; 32])).into();
    });
    let other = world.started("+8613900139000").await;
    // Too early, without the old key: an error, not a wrong code.
    world.change(|parts| {
        parts.keys = Keys::new(new(), Vec::new(), NumberKey::new([0x17; 32])).into();
    });
    let error = world
        .passcodes
        .check(Check::new("web", &id, &code))
        .await
        .expect_err("no key");
    assert!(error.to_string().contains("2026-11"), "{error}");
    let other_code = world.phones.code("+8613900139000");
    let approved = world.check(&other, &other_code).await;
    assert!(matches!(approved, CheckOutcome::Approved(_)));
    world.change(|parts| {
        parts.keys = Keys::new(new(), vec![old()], NumberKey::new([0x17; 32])).into();
    });
    let approved = world.check(&id, &code).await;
    assert!(matches!(approved, CheckOutcome::Approved(_)));
}

#[tokio::test]
async fn a_lost_number_key_overwrites_nothing() {
    let mut world = World::new();
    world.started(PHONE).await;
    let before = world.store.dump();
    let code = CodeKey::new("2026-11", [0xc0; 32]);
    world.change(|parts| {
        parts.keys = Keys::new(code, Vec::new(), NumberKey::new([0x18; 32])).into();
    });
    world.started(PHONE).await;
    let records = before
        .iter()
        .filter(|(key, _)| key.as_str().starts_with("n:"));
    for record in records {
        assert!(world.store.dump().contains(record));
    }
}

#[tokio::test]
async fn a_record_of_another_format_or_of_nobody_is_left_alone() {
    let world = World::new();
    let id = world.started(PHONE).await;
    let mut keys = world.store.dump().into_iter().map(|(key, _)| key);
    let key = keys
        .find(|key| key.as_str().starts_with("n:"))
        .expect("a record");
    let keys = world.parts.keys.clone();
    let newer = keys
        .sealer()
        .seal(key.as_str().as_bytes(), &[9, 1], &*world.clock);
    for (version, value, said) in [
        (1, newer, "memory has schema 9"),
        (2, b"nonsense".to_vec(), "something unreadable"),
        (3, Vec::new(), "something unreadable"),
    ] {
        let now = world.clock.now();
        let found = world
            .store
            .get(&key, now)
            .await
            .expect("an answer")
            .expect("a record");
        let record = Record {
            version: Version(version),
            value,
            ..found
        };
        let swapped = world
            .store
            .swap(&key, Some(found.version), &record, now)
            .await;
        assert_eq!(swapped.expect("an answer"), Swap::Done);
        let errors = [
            world
                .start(PHONE)
                .await
                .expect_err("unreadable")
                .to_string(),
            world
                .passcodes
                .check(Check::new("web", &id, "123456"))
                .await
                .expect_err("unreadable")
                .to_string(),
            world
                .passcodes
                .verification("web", &id)
                .await
                .expect_err("unreadable")
                .to_string(),
        ];
        for error in errors {
            assert!(error.contains(said), "{error}");
        }
        let after = world.store.get(&key, now).await.expect("an answer");
        assert_eq!(after, Some(record));
    }
}

/// The store fails and comes back: nothing hinders the next try.
#[tokio::test]
async fn a_start_that_a_store_failed_is_taken_back() {
    for step in 1..=5 {
        for fault in [Fault::Refused, Fault::AnswerLost] {
            let world = World::new();
            world.faults.arm(step, fault);
            let failed = world.start(PHONE).await;
            world.faults.disarm();
            if failed.is_ok() {
                continue;
            }
            let started = world.start(PHONE).await;
            assert!(started.is_ok(), "{fault:?} at {step}: {started:?}");
        }
    }
}

#[tokio::test]
async fn reports_fit_by_out_id_and_number_in_any_order() {
    let world = World::new();
    world.started(PHONE).await;
    let out_id = world.phones.taken()[0].out_id.clone();
    let report = |out_id: &str, number: &str, success: bool| {
        json!([{
            "phone_number": number, "success": success, "err_code": if success { "DELIVERED" } else { "MK:0008" },
            "err_msg": "x", "report_time": "2026-11-22 12:00:05", "send_time": "2026-11-22 12:00:00",
            "sms_size": "1", "biz_id": "zzz", "out_id": out_id,
        }])
        .to_string()
    };
    let take = async |body: String| {
        world
            .passcodes
            .reports(body.as_bytes())
            .await
            .expect("reports")
    };
    let others = take(report(&out_id, "13900139000", true)).await;
    assert_eq!((others.matched, others.unmatched), (0, 1));
    let unknown = take(report("nothing-of-ours", "13800138000", true)).await;
    assert_eq!((unknown.matched, unknown.unmatched), (0, 1));
    let view = async || {
        let view = world.passcodes.message(Some("web"), &out_id).await;
        view.expect("an answer").expect("a row")
    };
    assert_eq!(view().await.delivered, None);
    for success in [false, true, false, true] {
        let reported = take(report(&out_id, "13800138000", success)).await;
        assert_eq!(reported.matched, 1);
        assert!(reported.acknowledgement.contains("\"code\":0"));
    }
    let view = view().await;
    assert_eq!((view.delivered, view.outcome()), (Some(true), "accepted"));
    assert_eq!(view.biz_id.as_deref(), Some("biz"), "the answer's own");
    let out_id = sesame_connector::OutId::parse(&out_id).expect("an out-id");
    assert_eq!(
        world.journal.reports(&out_id).await.expect("reports").len(),
        2
    );
    assert!(world.passcodes.reports(b"nonsense").await.is_err());
}

#[tokio::test]
async fn a_report_may_come_before_the_answer() {
    let world = World::new();
    world.phones.will(Reply::TakenInSilence);
    let started = world.start(PHONE).await.expect("unknown");
    assert_eq!(started.outcome.as_str(), "unknown");
    let out_id = &world.phones.taken()[0].out_id;
    let body = json!([{ "phone_number": "13800138000", "success": true, "out_id": out_id, "biz_id": "b" }]);
    world
        .passcodes
        .reports(body.to_string().as_bytes())
        .await
        .expect("reports");
    let view = world
        .passcodes
        .message(None, out_id)
        .await
        .expect("an answer");
    assert_eq!(view.expect("a row").state, State::Accepted);
    world.clock.advance(60);
    assert_eq!(world.passcodes.tick().await.expect("a round").asked, 0);
}

#[tokio::test]
async fn the_unknown_is_asked_about_for_ten_minutes_and_never_sent_again() {
    let world = World::new();
    world.phones.will(Reply::Lost);
    let id = world.start(PHONE).await.expect("unknown").verification.id;
    let state = async || {
        let seen = world
            .passcodes
            .verification("web", &id)
            .await
            .expect("an answer");
        seen.expect("it is there").message.expect("a row").state
    };
    let mut asked = 0;
    for _ in 0..590 {
        world.clock.advance(1);
        asked += world.passcodes.tick().await.expect("a round").asked;
        assert_eq!(state().await, State::Unknown);
    }
    world.clock.advance(60);
    world.passcodes.tick().await.expect("a round");
    assert_eq!(state().await, State::FinallyUnknown);
    assert!((10..=25).contains(&asked), "asked {asked} times");
    assert_eq!(world.phones.calls(), 1);
}

#[tokio::test]
async fn reports_are_asked_for_where_nobody_pushes_them() {
    let mut world = World::new();
    world.change(|parts| parts.polling = true);
    world.started(PHONE).await;
    let out_id = world.phones.taken()[0].out_id.clone();
    let mut asked = 0;
    for second in 0..300 {
        if second == 200 {
            world.phones.deliver();
        }
        world.clock.advance(1);
        asked += world.passcodes.tick().await.expect("a round").asked;
    }
    let view = world
        .passcodes
        .message(None, &out_id)
        .await
        .expect("an answer");
    assert_eq!(
        view.expect("a row").delivered,
        None,
        "asked again at twice its age"
    );
    world.clock.advance(60);
    world.passcodes.tick().await.expect("a round");
    let view = world
        .passcodes
        .message(None, &out_id)
        .await
        .expect("an answer");
    assert_eq!(view.expect("a row").delivered, Some(true));
    assert!(asked <= 8, "asked {asked} times");
}

#[tokio::test]
async fn callers_own_codes_go_the_same_way() {
    let world = World::new();
    let own = |to: &str| SendOwn {
        app: "logto".to_owned(),
        to: to.to_owned(),
        usage_type: "Register".to_owned(),
        payload: json!({ "code": "483920", "locale": "zh-CN" })
            .as_object()
            .cloned()
            .expect("a map"),
        ..SendOwn::default()
    };
    let sent = world.passcodes.send(own(PHONE)).await.expect("it is sent");
    assert_eq!(sent.outcome.as_str(), "accepted");
    assert_eq!(world.phones.code(PHONE), "483920");
    let refused = limited(world.passcodes.send(own(PHONE)).await);
    assert_eq!(refused.limit, LimitName::NumberPerMinute);
    let page = world.passcodes.messages(MessageQuery {
        app: Some("logto".to_owned()),
        to: Some("138 0013 8000".to_owned()),
        ..MessageQuery::default()
    });
    let page = page.await.expect("a page");
    assert_eq!((page.items.len(), page.next_cursor), (1, None));
    assert_eq!(page.items[0].verification, None);
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let world = World::new();
    for number in 0..7 {
        world.started(&format!("+86138{number:04}1000")).await;
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let query = MessageQuery {
            cursor,
            limit: Some(3),
            ..MessageQuery::default()
        };
        let page = world.passcodes.messages(query).await.expect("a page");
        seen.extend(page.items.into_iter().map(|item| item.out_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut sent: Vec<_> = world
        .phones
        .taken()
        .into_iter()
        .map(|taken| taken.out_id)
        .collect();
    seen.sort();
    sent.sort();
    assert_eq!(seen, sent);
    let bad = MessageQuery {
        cursor: Some("x".to_owned()),
        ..MessageQuery::default()
    };
    assert!(world.passcodes.messages(bad).await.is_err());
}

#[tokio::test]
async fn what_is_canceled_stays_so() {
    let world = World::new();
    let id = world.started(PHONE).await;
    let other = world
        .passcodes
        .cancel("other", &id)
        .await
        .expect("an answer");
    assert_eq!(other, None);
    let canceled = world.passcodes.cancel("web", &id).await.expect("an answer");
    assert_eq!(canceled.expect("it is there").status, Status::Canceled);
    let code = world.phones.code(PHONE);
    assert_eq!(world.check(&id, &code).await, CheckOutcome::Canceled);
}

#[tokio::test]
async fn a_clock_put_back_locks_nobody_out() {
    let world = World::new();
    world.started(PHONE).await;
    world.clock.advance(-365 * 86_400);
    // Seen once, the number's limits run from now on.
    assert_eq!(
        limited(world.start(PHONE).await).retry_after_secs(),
        Some(60)
    );
    world.clock.advance(30);
    assert_eq!(
        limited(world.start(PHONE).await).retry_after_secs(),
        Some(30)
    );
    world.clock.advance(30);
    let id = world.started(PHONE).await;
    let code = world.phones.code(PHONE);
    world.clock.advance(-86_400);
    let approved = world.check(&id, &code).await;
    assert!(matches!(approved, CheckOutcome::Approved(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bursts_at_once() {
    let world = World::new();
    let starts: Vec<_> = (0..500)
        .map(|_| {
            let passcodes = world.passcodes.clone();
            tokio::spawn(async move { passcodes.start(start(PHONE)).await })
        })
        .collect();
    let mut ids = Vec::new();
    for started in starts {
        ids.extend(started.await.expect("no panic").ok());
    }
    assert_eq!((ids.len(), world.phones.calls()), (1, 1));
    let (id, code) = (&ids[0].verification.id, world.phones.code(PHONE));
    let checks: Vec<_> = (0..10_000)
        .map(|guess| {
            let (passcodes, id, guess) = (world.passcodes.clone(), id.clone(), wrong(&code, guess));
            tokio::spawn(async move { passcodes.check(Check::new("web", &id, &guess)).await })
        })
        .collect();
    let (mut mismatches, mut exhausted) = (0, 0);
    for check in checks {
        match check.await.expect("no panic").expect("an answer") {
            Some(CheckOutcome::Mismatch { .. }) => mismatches += 1,
            Some(CheckOutcome::Exhausted) => exhausted += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((mismatches, exhausted), (4, 9996));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_on_one_store_keep_every_limit() {
    let mut world = World::new();
    let first = world.passcodes.clone();
    world.change(|_| {});
    let servers = [first, world.passcodes.clone()];
    let starts: Vec<_> = (0..100)
        .map(|number: usize| {
            let passcodes = servers[number % 2].clone();
            tokio::spawn(async move { passcodes.start(start(PHONE)).await })
        })
        .collect();
    let mut ids = Vec::new();
    for started in starts {
        ids.extend(started.await.expect("no panic").ok());
    }
    assert_eq!((ids.len(), world.phones.calls()), (1, 1));
    let (id, code) = (&ids[0].verification.id, world.phones.code(PHONE));
    let checks: Vec<_> = (0..200_u32)
        .map(|guess| {
            let passcodes = servers[(guess % 2) as usize].clone();
            let (id, guess) = (id.clone(), wrong(&code, guess));
            tokio::spawn(async move { passcodes.check(Check::new("web", &id, &guess)).await })
        })
        .collect();
    let mut mismatches = 0;
    for check in checks {
        let outcome = check.await.expect("no panic").expect("an answer");
        mismatches += u32::from(matches!(outcome, Some(CheckOutcome::Mismatch { .. })));
    }
    assert_eq!(mismatches, 4);
}

#[tokio::test]
async fn nothing_is_started_any_more_after_the_end() {
    let world = World::new();
    world.started(PHONE).await;
    world.passcodes.finish().await;
    let refused = world.start("+8613900139000").await;
    assert!(matches!(refused, Err(StartError::Store(_))));
}

#[tokio::test]
async fn old_rows_and_records_go() {
    let world = World::new();
    world.started(PHONE).await;
    world.clock.advance(31 * 86_400);
    let ticked = world.passcodes.tick().await.expect("a round");
    assert_eq!(ticked.pruned, 1);
    assert!(ticked.purged > 1);
    assert_eq!(world.store.dump(), []);
}

/// Whatever step a process dies at: a request that comes again, and again, is
/// carried out once, and told what became of it.
#[tokio::test(start_paused = true)]
async fn a_request_that_comes_again_is_carried_out_once() {
    for fault in Fault::ALL {
        for step in 1..=14 {
            let mut world = World::new();
            let attempt = Attempt {
                out_id: OutId::new(&*world.clock),
                nonce: [7; 12],
            };
            let request = Start {
                attempt: Some(attempt.clone()),
                ..start(PHONE)
            };
            world.faults.arm(step, fault);
            let first = world.passcodes.start(request.clone());
            let first = tokio::time::timeout(Duration::from_secs(1), first).await;
            world.restart();
            world.clock.advance(100);
            let again = world.passcodes.start(request.clone()).await;
            let third = world.passcodes.start(request).await;
            let sent = world.phones.taken().len();
            let what = format!("{fault:?} at {step}: {first:?} {again:?} {third:?}");
            assert!(world.phones.calls() <= 1 && sent <= 1, "{what}");
            if let (Ok(again), Ok(third)) = (&again, &third) {
                assert_eq!(again.verification.id, third.verification.id, "{what}");
                let id = &again.verification.id;
                if let Some(taken) = world.phones.taken().first() {
                    assert_eq!(taken.out_id, attempt.out_id.as_str());
                    let approved = world.check(id, &taken.code).await;
                    assert!(matches!(approved, CheckOutcome::Approved(_)), "{what}");
                }
                let known = third.outcome.as_str() == "accepted";
                assert!(!known || sent == 1, "{what}");
            } else {
                assert_eq!(sent, 0, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_comes_again_as_it_was() {
    let world = World::new();
    let attempt = Attempt {
        out_id: OutId::new(&*world.clock),
        nonce: [7; 12],
    };
    let own = |app: &str| SendOwn {
        app: app.to_owned(),
        to: PHONE.to_owned(),
        usage_type: "Register".to_owned(),
        payload: json!({ "code": "483920" })
            .as_object()
            .cloned()
            .expect("a map"),
        attempt: Some(attempt.clone()),
        ..SendOwn::default()
    };
    world.phones.will(Reply::Refuse(Kind::Balance, None));
    for _ in 0..3 {
        let refused = world.passcodes.send(own("web")).await;
        let Err(StartError::Refused(refusal)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(refusal.code, "isv.REFUSED");
        assert_eq!(refusal.request_id.as_deref(), Some("request"));
    }
    assert_eq!(world.phones.calls(), 1);
    let other = world.passcodes.send(own("other")).await;
    assert!(matches!(other, Err(StartError::Invalid(_))), "{other:?}");
}

#[tokio::test]
async fn a_refused_start_leaves_nothing_and_cleaning_keeps_up() {
    let world = World::with(sesame_passcode::Policy {
        account: toml::from_str("messages_per_day = 1").expect("an account"),
        ..Default::default()
    });
    world.started(PHONE).await;
    let before = world.store.dump().len();
    for number in 0..20 {
        let request = Start {
            ip: Some([203, 0, 113, number].into()),
            ..start(&format!("+86139{number:04}1000"))
        };
        let refused = limited(world.passcodes.start(request).await);
        assert_eq!(refused.limit, LimitName::AccountPerDay);
    }
    assert_eq!(world.store.dump().len(), before);
    let busy = Ticked {
        purged: 500,
        ..Ticked::default()
    };
    assert!(busy.is_busy() && !Ticked::default().is_busy());
}

#[tokio::test]
async fn an_address_pays_for_every_call_to_the_provider() {
    let world = World::new();
    let request = |number: u32| Start {
        ip: Some([203, 0, 113, 7].into()),
        ..start(&format!("+86138{number:04}1000"))
    };
    for number in 0..20 {
        world.phones.will(Reply::Refuse(Kind::Balance, None));
        let refused = world.passcodes.start(request(number)).await;
        assert!(
            matches!(refused, Err(StartError::Refused(_))),
            "{refused:?}"
        );
    }
    let refused = limited(world.passcodes.start(request(20)).await);
    assert_eq!(refused.limit, LimitName::IpPerHour);
    assert_eq!(world.phones.calls(), 20);
}

/// Of the session `s`, by number or message.
async fn found(world: &World, change: impl FnOnce(&mut Find)) -> Option<Verification> {
    let mut find = Find {
        app: "web".to_owned(),
        usage_type: "SignIn".to_owned(),
        session: "s".to_owned(),
        by: FindBy::Number(PHONE.to_owned()),
    };
    change(&mut find);
    world.passcodes.find(find).await.expect("an answer")
}

#[tokio::test]
async fn a_verification_is_found_by_its_number_and_by_each_of_its_messages() {
    let world = World::new();
    let in_session = |session: &str| Start {
        session: Some(session.to_owned()),
        ..start(PHONE)
    };
    let first = world.passcodes.start(in_session("s")).await.expect("sent");
    world.clock.advance(60);
    let again = world.passcodes.start(in_session("s")).await.expect("sent");
    world.clock.advance(60);
    let other = world.passcodes.start(in_session("t")).await.expect("sent");
    let id = first.verification.id;
    assert!(again.resumed && again.verification.id == id);
    let sends: Vec<&str> = again
        .verification
        .sends
        .iter()
        .map(|sent| &*sent.out_id)
        .collect();
    let out_ids = [
        first.outcome.out_id().as_str(),
        again.outcome.out_id().as_str(),
    ];
    assert_eq!(sends, out_ids);
    let by_number = found(&world, |_| ()).await.expect("by its number");
    assert_eq!(
        (&by_number.id, &by_number.sends),
        (&id, &again.verification.sends)
    );
    for out_id in out_ids {
        let by = FindBy::Message(out_id.to_owned());
        let by_message = found(&world, |find| find.by = by)
            .await
            .expect("by a message");
        assert_eq!(by_message.id, id);
    }
    let elsewhere = FindBy::Message(other.outcome.out_id().to_string());
    assert!(found(&world, |find| find.by = elsewhere).await.is_none());
    assert!(
        found(&world, |find| find.app = "mail".to_owned())
            .await
            .is_none()
    );
    assert!(
        found(&world, |find| find.session = "u".to_owned())
            .await
            .is_none()
    );
    assert!(
        found(&world, |find| find.usage_type = "Register".to_owned())
            .await
            .is_none()
    );
    for unknown in ["0000000000000000", "", "a b", "../x"] {
        let by = FindBy::Message(unknown.to_owned());
        assert!(
            found(&world, |find| find.by = by).await.is_none(),
            "{unknown}"
        );
    }
}

#[tokio::test]
async fn of_several_the_newest_is_found_and_what_ended_too() {
    let world = World::new();
    let request = || Start {
        session: Some("s".to_owned()),
        ..start(PHONE)
    };
    let first = world.passcodes.start(request()).await.expect("sent");
    let canceled = world.passcodes.cancel("web", &first.verification.id).await;
    canceled.expect("an answer").expect("it is there");
    let seen = found(&world, |_| ()).await.expect("the canceled one");
    assert_eq!(seen.status, Status::Canceled);
    world.clock.advance(60);
    let second = world.passcodes.start(request()).await.expect("sent");
    let seen = found(&world, |_| ()).await.expect("the new one");
    assert_eq!(
        (seen.id, seen.status),
        (second.verification.id, Status::Pending)
    );
    world.clock.advance(600);
    let seen = found(&world, |_| ()).await.expect("the expired one");
    assert_eq!(seen.status, Status::Expired);
}

#[tokio::test]
async fn what_is_no_number_and_no_session_is_not_looked_for() {
    let world = World::new();
    let find = |to: &str, session: &str| Find {
        app: "web".to_owned(),
        usage_type: "SignIn".to_owned(),
        session: session.to_owned(),
        by: FindBy::Number(to.to_owned()),
    };
    let said = world.passcodes.find(find("12", "s")).await;
    assert!(matches!(said, Err(QueryError::Number(_))), "{said:?}");
    let said = world.passcodes.find(find(PHONE, "")).await;
    assert!(matches!(said, Err(QueryError::Invalid(_))), "{said:?}");
    let printed = format!("{:?} {:?}", find(PHONE, "s3cret"), find(PHONE, "s").by);
    assert!(
        !printed.contains("13800138000") && !printed.contains("s3cret"),
        "{printed}"
    );
}
