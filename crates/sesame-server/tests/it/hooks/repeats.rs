//! A request that comes again: the first answer, and no second message.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sesame_emulator::{Fault, FaultOrder};
use sesame_server::config::{HookConfig, PresetName};
use sesame_server::stores::Stores;

use super::site::{
    Fixture, Heard, NUMBER, Plan, Recorded, SIGNED_AT, Site, hook, refusal, supabase_signed,
    zitadel_signed,
};
use crate::shows::shows;
use crate::support::Leaving;

const SUPABASE_SECRET: &str = "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc=";

fn slow(site: &Site, delay_ms: u64) {
    let slow = FaultOrder {
        delay_ms: Some(delay_ms),
        ..FaultOrder::new("SendSms", 1, Fault::Slow)
    };
    site.emulator.fault(slow).expect("a fault");
}

/// Three at once.
async fn at_once(site: &Arc<Site>, requests: [Recorded; 3]) -> Vec<Heard> {
    let tasks = requests.map(|request| {
        let site = Arc::clone(site);
        tokio::spawn(async move { site.ask(&request).await })
    });
    let mut heard = Vec::new();
    for task in tasks {
        heard.push(task.await.expect("no panic"));
    }
    heard
}

/// As its platform would send it again: Supabase with another id, ZITADEL with
/// another time.
pub(super) fn again(fixture: &Fixture, nth: i64) -> Recorded {
    let body = fixture.text("/request/body_raw");
    let at = SIGNED_AT + nth;
    match fixture.contract() {
        "supabase-send-sms-hook" => {
            let secret = fixture.text("/auth/secrets/0");
            supabase_signed(body, secret, &format!("msg-{nth}"), at)
        }
        "zitadel-http-sms" => zitadel_signed(body, fixture.text("/auth/secret"), at),
        _ => fixture.request(),
    }
}

/// What has to hold on every store.
pub(super) async fn three_within_five_seconds(
    make: impl AsyncFn(Vec<(&'static str, HookConfig)>) -> Site,
) {
    for name in [
        "supabase-send-sms",
        "supabase-send-sms-before-v2.180",
        "zitadel-otp-sms-worker",
        "kratos-recommended-body-login",
        "authentik-generic-bearer",
        "keycloak-vymalo-send",
    ] {
        let fixture = Fixture::named(name).of_new_numbers();
        let site = make(vec![("x", fixture.hook())]).await;
        let mut heard = Vec::new();
        for nth in 0..3 {
            heard.push(site.ask(&again(&fixture, nth)).await);
            site.clock.advance_secs(2);
        }
        assert_eq!(heard[0].status, 200, "{name}: {heard:?}");
        for one in &heard[1..] {
            assert_eq!(one.answer(), heard[0].answer(), "{name}");
        }
        assert_eq!(site.inbox().len(), 1, "{name}");
        assert_eq!(site.journal_of(&fixture).await.len(), 1, "{name}");
        // Three at once.
        let fixture = fixture.of_new_numbers();
        let site = Arc::new(make(vec![("x", fixture.hook())]).await);
        slow(&site, 300);
        let heard = at_once(&site, [0, 1, 2].map(|nth| again(&fixture, nth))).await;
        for one in &heard {
            assert_eq!(one.answer(), heard[0].answer(), "{name}");
        }
        assert_eq!(heard[0].status, 200, "{name}: {heard:?}");
        assert_eq!(site.inbox().len(), 1, "{name}");
        assert_eq!(site.journal_of(&fixture).await.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn three_within_five_seconds_send_one() {
    three_within_five_seconds(Site::with_hooks).await;
}

#[tokio::test]
async fn each_window_ends() {
    for (name, secs) in [
        ("kratos-recommended-body-login", 75),
        ("zitadel-otp-sms-worker", 300),
        ("authentik-generic-bearer", 10),
        ("logto-http-sms", 10),
        ("casdoor-custom-http-get", 10),
    ] {
        let fixture = Fixture::named(name);
        let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
        let first = site.ask(&again(&fixture, 0)).await;
        assert_eq!(first.status, 200);
        site.clock.advance_secs(secs - 1);
        let repeated = site.ask(&again(&fixture, secs - 1)).await;
        assert_eq!(repeated.answer(), first.answer(), "{name}");
        assert_eq!(site.inbox().len(), 1, "{name}");
        // From then on it is a new one; what it may do, the limits say.
        site.clock.advance_secs(61);
        let later = site.ask(&again(&fixture, secs + 60)).await;
        assert_eq!(later.status, 200, "{name}: {later:?}");
        assert_eq!(site.inbox().len(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_window_can_be_set() {
    let fixture = Fixture::named("logto-http-sms");
    let hook = HookConfig {
        repeat_secs: Some(120),
        ..fixture.hook()
    };
    let site = Site::with_hooks(vec![("x", hook)]).await;
    site.ask(&fixture.request()).await;
    site.clock.advance_secs(119);
    assert_eq!(site.ask(&fixture.request()).await.status, 200);
    assert_eq!(site.inbox().len(), 1);
}

/// A signature is taken for five minutes, so what was signed sends nothing
/// again for as long, however short the window.
#[tokio::test]
async fn what_was_signed_cannot_be_played_again() {
    for name in ["supabase-send-sms", "supabase-send-sms-before-v2.180"] {
        let fixture = Fixture::named(name);
        let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
        // The platform's clock is ahead, which makes it last longest.
        site.clock.advance_secs(-300);
        let first = site.ask(&fixture.request()).await;
        assert_eq!(first.status, 200, "{first:?}");
        for _ in 0..5 {
            site.clock.advance_secs(119);
            let again = site.ask(&fixture.request()).await;
            assert_eq!(again.answer(), first.answer(), "{name}");
        }
        site.clock.advance_secs(6);
        assert_eq!(site.ask(&fixture.request()).await.status, 401);
        assert_eq!(site.inbox().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn another_code_number_or_hook_is_another_request() {
    let secret = ["test-gateway-token"];
    let site = Site::with_hooks(vec![
        ("x", hook(PresetName::Logto, &secret)),
        ("y", hook(PresetName::Logto, &secret)),
    ])
    .await;
    let ask = |path: &str, to: &str, code: &str, kind: &str| {
        let body = format!(r#"{{"to":"{to}","type":"{kind}","payload":{{"code":"{code}"}}}}"#);
        Recorded::post(path, &body).with("Authorization", "Bearer test-gateway-token")
    };
    for (path, to, code, kind) in [
        ("/hooks/x", "8613800138000", "482915", "SignIn"),
        ("/hooks/x", "8613800138001", "482915", "SignIn"),
        ("/hooks/x", "8613800138000", "482916", "SignIn"),
        ("/hooks/x", "8613800138000", "482915", "Register"),
        ("/hooks/y", "8613800138000", "482915", "SignIn"),
    ] {
        let first = ask(path, to, code, kind);
        site.ask(&first).await;
        site.clock.advance_secs(5);
        assert_eq!(site.ask(&first).await.status, 200, "{path} {kind}");
        site.clock.advance_secs(60);
    }
    assert_eq!(site.inbox().len(), 5);
}

/// What was certainly not sent and may go through later is tried again.
#[tokio::test]
async fn a_refusal_for_the_moment_is_not_kept_and_others_are() {
    let fixture = Fixture::named("kratos-recommended-body-login");
    let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
    let order = FaultOrder::new("SendSms", 1, refusal("isv.AMOUNT_NOT_ENOUGH"));
    site.emulator.fault(order).expect("a fault");
    let refused = site.ask(&fixture.request()).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    site.clock.advance_secs(1);
    let sent = site.ask(&fixture.request()).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    assert_eq!(site.inbox().len(), 1);
    // A number that Aliyun will not serve: it is asked once.
    let site = Site::with_hooks(vec![("x", fixture.hook())]).await;
    let order = FaultOrder::new("SendSms", 1, refusal("isv.MOBILE_NUMBER_ILLEGAL"));
    site.emulator.fault(order).expect("a fault");
    let first = site.ask(&fixture.request()).await;
    assert_eq!(first.status, 422, "{first:?}");
    for _ in 0..5 {
        site.clock.advance_secs(1);
        assert_eq!(site.ask(&fixture.request()).await.answer(), first.answer());
    }
    assert_eq!(site.inbox().len(), 0);
    assert_eq!(site.journal().await.len(), 1);
}

/// The server dies behind the send: the answer was never kept, and the retry
/// finds what was sent by the ids that were.
#[tokio::test]
async fn after_a_crash_nothing_is_sent_again() {
    for name in [
        "supabase-send-sms",
        "zitadel-otp-sms-worker",
        "keycloak-vymalo-send",
    ] {
        let fixture = Fixture::named(name);
        let store = Arc::new(Leaving::default());
        let site = Site::new(Plan {
            hooks: vec![(
                "x",
                HookConfig {
                    budget_ms: Some(1_600),
                    ..fixture.hook()
                },
            )],
            stores: Some(Stores {
                records: store.clone(),
                journal: Arc::new(sesame_passcode::store::memory::MemoryJournal::default()),
            }),
            ..Plan::default()
        })
        .await;
        let site = Arc::new(site);
        slow(&site, 100);
        let asking = tokio::spawn({
            let (site, request) = (Arc::clone(&site), again(&fixture, 0));
            async move { site.ask(&request).await }
        });
        while site.emulator.messages_to(NUMBER).is_empty() {
            tokio::task::yield_now().await;
        }
        store.is_gone.store(true, Ordering::SeqCst);
        asking.await.expect("no panic");
        store.is_gone.store(false, Ordering::SeqCst);
        // The record says that somebody is at it, and nobody is.
        let heard = site.ask(&again(&fixture, 2)).await;
        assert_eq!(heard.status, 200, "{name}: {heard:?}");
        assert_eq!(site.inbox().len(), 1, "{name}");
        assert_eq!(site.journal().await.len(), 1, "{name}");
        let later = site.ask(&again(&fixture, 4)).await;
        assert_eq!(later.answer(), heard.answer(), "{name}");
    }
}

/// Supabase's retry has the same body and another id.
#[tokio::test]
async fn supabases_recorded_retry_is_the_same_request() {
    let (first, retry) = (
        Fixture::named("supabase-send-sms"),
        Fixture::named("supabase-send-sms-retry"),
    );
    let site = Site::with_hooks(vec![("x", hook(PresetName::Supabase, &[SUPABASE_SECRET]))]).await;
    let one = site.ask(&first.request()).await;
    let other = site.ask(&retry.request()).await;
    assert_eq!((one.status, one.answer()), (200, other.answer()));
    assert_eq!(site.inbox().len(), 1);
}

/// What is kept shows neither code nor number.
#[tokio::test]
async fn what_is_kept_gives_nothing_away() {
    let fixture = Fixture::named("logto-http-sms");
    let store = Arc::new(Leaving::default());
    let site = Site::new(Plan {
        hooks: vec![("x", fixture.hook())],
        stores: Some(Stores {
            records: store.clone(),
            journal: Arc::new(sesame_passcode::store::memory::MemoryJournal::default()),
        }),
        ..Plan::default()
    })
    .await;
    site.ask(&fixture.request()).await;
    for (key, value) in store.inner.dump() {
        let text = format!("{key:?} {}", String::from_utf8_lossy(&value));
        assert!(
            !shows(&text, "482915") && !text.contains("13800138000"),
            "{text}"
        );
    }
}
