//! F: limits.

use proptest::prelude::*;
use sesame_emulator::{Account, Day, Emulator, Limits};

use crate::support::*;

async fn refusal(emulator: &Emulator, call: Call) -> Option<String> {
    let answer = call.send(emulator).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    match answer.code().as_str() {
        "OK" => None,
        "isv.BUSINESS_LIMIT_CONTROL" => {
            assert_eq!(answer.header("retry-after"), None, "F6");
            Some(answer.message())
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn f1_f6_minute_hour_and_day() {
    let emulator = start().await;
    let send = || refusal(&emulator, send_sms(&emulator));
    let limit = |text: &str| Some(text.to_owned());
    assert_eq!(send().await, None);
    assert_eq!(send().await, limit("触发分钟级流控Permits:1"));
    emulator.advance_secs(59).unwrap();
    assert_eq!(send().await, limit("触发分钟级流控Permits:1"));
    for _ in 0..4 {
        emulator.advance_secs(60).unwrap();
        assert_eq!(send().await, None);
    }
    emulator.advance_secs(60).unwrap();
    assert_eq!(send().await, limit("触发小时级流控Permits:5"));
    emulator.advance_secs(3600).unwrap();
    for _ in 0..5 {
        assert_eq!(send().await, None);
        emulator.advance_secs(60).unwrap();
    }
    emulator.advance_secs(3600).unwrap();
    assert_eq!(send().await, limit("触发天级流控Permits:10"));
    emulator.advance_secs(24 * 3600).unwrap();
    assert_eq!(send().await, None);
}

#[tokio::test]
async fn f1_another_signature_or_number_is_another() {
    let emulator = start().await;
    assert_eq!(refusal(&emulator, send_sms(&emulator)).await, None);
    assert_eq!(
        refusal(&emulator, send_sms(&emulator).param("SignName", GENERAL)).await,
        None
    );
    assert_eq!(
        refusal(
            &emulator,
            send_sms(&emulator).param("PhoneNumbers", "13800138001")
        )
        .await,
        None
    );
    assert!(refusal(&emulator, send_sms(&emulator)).await.is_some());
}

#[tokio::test]
async fn f2_one_number_over_all_signatures() {
    let limits = Limits {
        number_per_day: 40,
        ..unlimited().limits
    };
    let emulator = start_with(Account {
        limits,
        ..Account::default()
    })
    .await;
    for at in 0..40 {
        let name = if at % 2 == 0 { SIGN_NAME } else { GENERAL };
        assert_eq!(
            refusal(&emulator, send_sms(&emulator).param("SignName", name)).await,
            None
        );
    }
    assert_eq!(
        refusal(&emulator, send_sms(&emulator)).await.as_deref(),
        Some("触发号码天级流控Permits:40")
    );
}

#[tokio::test]
async fn f3_notifications() {
    let emulator = start().await;
    let call = || {
        send_sms(&emulator)
            .param("SignName", GENERAL)
            .param("TemplateCode", NOTIFICATION)
            .param("TemplateParam", r#"{"name":"a","note":"b"}"#)
    };
    for _ in 0..50 {
        assert_eq!(refusal(&emulator, call()).await, None);
    }
    assert_eq!(
        refusal(&emulator, call()).await.as_deref(),
        Some("触发天级流控Permits:50")
    );
    assert_eq!(
        refusal(&emulator, send_sms(&emulator)).await,
        None,
        "codes are counted apart"
    );
}

#[tokio::test]
async fn f4_overseas_numbers_and_refused_sends_do_not_count() {
    let emulator = start().await;
    let overseas = || {
        send_sms(&emulator)
            .param("TemplateCode", OVERSEAS)
            .param("PhoneNumbers", "85268326366")
    };
    for _ in 0..20 {
        assert_eq!(refusal(&emulator, overseas()).await, None);
    }
    assert_eq!(
        send_sms(&emulator)
            .param("TemplateParam", "{}")
            .send(&emulator)
            .await
            .code(),
        "isv.TEMPLATE_MISSING_PARAMETERS"
    );
    // One of two numbers has nothing left: neither gets anything.
    assert_eq!(refusal(&emulator, send_sms(&emulator)).await, None);
    let both = send_sms(&emulator).param("PhoneNumbers", "13800138001,13800138000");
    assert!(refusal(&emulator, both).await.is_some());
    assert_eq!(
        refusal(
            &emulator,
            send_sms(&emulator).param("PhoneNumbers", "13800138001")
        )
        .await,
        None
    );
}

#[tokio::test]
async fn f5_a_day_can_be_the_calendars() {
    let limits = Limits {
        per_minute: 100,
        per_hour: 100,
        per_day: 1,
        day: Day::Calendar,
        ..Limits::default()
    };
    let emulator = start_with(Account {
        limits,
        ..Account::default()
    })
    .await;
    // One second before midnight in UTC+8.
    emulator
        .set_now("2026-03-04T15:59:59Z".parse().unwrap())
        .unwrap();
    assert_eq!(refusal(&emulator, send_sms(&emulator)).await, None);
    assert!(refusal(&emulator, send_sms(&emulator)).await.is_some());
    emulator.advance_secs(1).unwrap();
    assert_eq!(refusal(&emulator, send_sms(&emulator)).await, None);
    emulator.advance_secs(23 * 3600).unwrap();
    assert!(refusal(&emulator, send_sms(&emulator)).await.is_some());
}

#[tokio::test]
async fn f7_exempt_numbers() {
    let emulator = start_with(Account {
        exempt_numbers: vec![NUMBER.to_owned()],
        ..Account::default()
    })
    .await;
    for _ in 0..60 {
        assert_eq!(refusal(&emulator, send_sms(&emulator)).await, None);
    }
    let too_many = (0..301)
        .map(|at| (13_000_000_000_u64 + at).to_string())
        .collect();
    assert!(
        emulator
            .set_account(Account {
                exempt_numbers: too_many,
                ..Account::default()
            })
            .is_err()
    );
}

#[tokio::test]
async fn f8_calls_per_second() {
    let limits = Limits {
        calls_per_second: Some(3),
        ..unlimited().limits
    };
    let emulator = start_with(Account {
        limits: limits.clone(),
        ..Account::default()
    })
    .await;
    for _ in 0..3 {
        assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    }
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "Throttling.User")
    );
    assert_eq!(answer.header("x-acs-retry-after"), None);
    assert_eq!(
        query_details(&emulator, NUMBER)
            .send(&emulator)
            .await
            .code(),
        "OK",
        "counted by action"
    );
    emulator.advance_secs(1).unwrap();
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    let limits = Limits {
        calls_per_second: Some(0),
        retry_after_ms: Some(1500),
        ..limits
    };
    emulator
        .set_account(Account {
            limits,
            ..Account::default()
        })
        .unwrap();
    assert_eq!(
        send_sms(&emulator)
            .send(&emulator)
            .await
            .header("x-acs-retry-after"),
        Some("1500")
    );
}

#[tokio::test]
async fn f9_the_accounts_own_caps() {
    let limits = Limits {
        account_per_day: Some(2),
        account_per_month: Some(3),
        ..unlimited().limits
    };
    let emulator = start_with(Account {
        limits,
        ..Account::default()
    })
    .await;
    let send = async || send_sms(&emulator).send(&emulator).await.code();
    assert_eq!(send().await, "OK");
    let two = send_sms(&emulator)
        .param("PhoneNumbers", "13800138000,13800138001")
        .send(&emulator)
        .await;
    assert_eq!(two.code(), "isv.DAY_LIMIT_CONTROL");
    assert_eq!(send().await, "OK");
    assert_eq!(send().await, "isv.DAY_LIMIT_CONTROL");
    emulator.advance_secs(24 * 3600).unwrap();
    assert_eq!(send().await, "OK");
    assert_eq!(send().await, "isv.MONTH_LIMIT_CONTROL");
    emulator
        .set_now("2026-04-01T00:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(send().await, "OK");
}

/// The limits once more, as simply as can be.
#[derive(Default)]
struct Model {
    sent: Vec<(i64, usize, usize)>,
}

impl Model {
    fn permits(&self, now: i64, number: usize, name: usize, limits: &Limits) -> Option<String> {
        let count = |secs: i64, all_names: bool| {
            let recent = |(at, n, s): &&(i64, usize, usize)| {
                *at > now - secs && *n == number && (all_names || *s == name)
            };
            self.sent.iter().filter(recent).count()
        };
        let rules = [
            (60, false, limits.per_minute, "分钟级"),
            (3600, false, limits.per_hour, "小时级"),
            (86400, false, limits.per_day, "天级"),
            (86400, true, limits.number_per_day, "号码天级"),
        ];
        let broken = rules
            .iter()
            .find(|(secs, all, most, _)| count(*secs, *all) >= *most as usize);
        broken.map(|(_, _, most, name)| format!("触发{name}流控Permits:{most}"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn limits_agree_with_a_simple_model(
        limits in (1_u32..4, 2_u32..6, 3_u32..10, 5_u32..15),
        steps in prop::collection::vec((0_i64..4000, 0_usize..2, 0_usize..2), 1..60),
    ) {
        let (per_minute, per_hour, per_day, number_per_day) = limits;
        let limits = Limits { per_minute, per_hour, per_day, number_per_day, ..Limits::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let emulator = start_with(Account { limits: limits.clone(), ..Account::default() }).await;
            let (mut model, mut now) = (Model::default(), 0);
            for (pause, number, name) in steps {
                // Often short, now and then long.
                let pause = if pause % 3 == 0 { pause } else { pause % 61 };
                now += pause;
                emulator.advance_secs(pause).unwrap();
                let call = send_sms(&emulator)
                    .param("PhoneNumbers", ["13800138000", "13800138001"][number])
                    .param("SignName", [SIGN_NAME, GENERAL][name]);
                let expected = model.permits(now, number, name, &limits);
                assert_eq!(refusal(&emulator, call).await, expected);
                if expected.is_none() {
                    model.sent.push((now, number, name));
                }
            }
        });
    }
}
