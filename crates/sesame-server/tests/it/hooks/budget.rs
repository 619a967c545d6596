//! With a provider that hangs, every platform has its answer in time. The time
//! is the runtime's, which stands still but for what waits for it.

use std::sync::Arc;
use std::time::Duration;

use sesame_emulator::{AccountState, Fault, FaultOrder};

use sesame_server::config::{HookConfig, PresetName};

use super::site::{Fixture, Plan, Site};

/// Longer than any budget.
const TIMEOUT_MS: u64 = 20_000;

async fn hanging(fixture: &Fixture, budget_ms: Option<u64>) -> Site {
    let mut hook = fixture.hook();
    hook.budget_ms = budget_ms;
    // An alert's template is not in this account.
    hook.usage_type = None;
    let site = Site::new(Plan {
        hooks: vec![("x", hook)],
        timeout_ms: Some(TIMEOUT_MS),
        ..Plan::default()
    })
    .await;
    let order = FaultOrder::new("SendSms", 1, Fault::Timeout);
    site.emulator.fault(order).expect("a fault");
    site
}

/// Waits until sending has begun, by the runtime's own time.
async fn until_sending(site: &Site) {
    while site.journal().await.is_empty() {
        tokio::task::yield_now().await;
    }
    while site.emulator.requests_total() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_platform_is_answered_within_its_budget() {
    for fixture in Fixture::all() {
        if matches!(fixture.contract(), "uptime-kuma-smsgateway")
            || fixture.name.contains("validate")
        {
            continue;
        }
        for budget_ms in [None, Some(1500)] {
            let site = Arc::new(hanging(&fixture, budget_ms).await);
            let budget = Duration::from_millis(budget_ms.unwrap_or(4000));
            let mut asking = tokio::spawn({
                let (site, request) = (Arc::clone(&site), fixture.request());
                async move { site.ask(&request).await }
            });
            until_sending(&site).await;
            let name = &fixture.name;
            tokio::time::pause();
            // Nothing is known, and so nothing is said before the time.
            let early = tokio::time::timeout(budget * 3 / 4, &mut asking).await;
            assert!(early.is_err(), "{name}: {early:?}");
            let heard = tokio::time::timeout(budget / 4 + Duration::from_millis(20), &mut asking);
            let heard = heard.await.expect("in time").expect("no panic");
            tokio::time::resume();
            let success = fixture.whole["response"]["success"]["status"].as_u64();
            assert_eq!(Some(u64::from(heard.status)), success, "{name}: {heard:?}");
            if fixture.contract() == "vymalo-sms-api" {
                assert_eq!(heard.json()["status"], "PENDING");
            }
            assert_eq!(site.journal().await[0].outcome(), "sending", "{name}");
        }
    }
}

#[tokio::test]
async fn the_journal_shows_the_outcome_once_it_is_known() {
    for name in [
        "supabase-send-sms",
        "zitadel-otp-sms-worker",
        "keycloak-vymalo-send",
    ] {
        let fixture = Fixture::named(name);
        let site = Arc::new(hanging(&fixture, None).await);
        let asking = tokio::spawn({
            let (site, request) = (Arc::clone(&site), fixture.request());
            async move { site.ask(&request).await }
        });
        until_sending(&site).await;
        tokio::time::pause();
        let heard = asking.await.expect("no panic");
        assert_eq!(heard.status, 200, "{name}");
        // The work goes on to its own end.
        let settled = async {
            while site.journal().await[0].outcome() == "sending" {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_millis(TIMEOUT_MS), settled)
            .await
            .expect("an outcome");
        tokio::time::resume();
        assert_eq!(site.journal().await[0].outcome(), "unknown", "{name}");
        // Whoever asks again hears the same, and nothing goes out.
        let again = site.ask(&super::repeats::again(&fixture, 1)).await;
        assert_eq!(again.answer(), heard.answer(), "{name}");
        assert_eq!(site.inbox().len(), 0, "{name}");
        assert_eq!(site.journal().await.len(), 1, "{name}");
    }
}

/// What was told as sent, and then certainly was not, may be asked for again.
#[tokio::test]
async fn a_refusal_behind_the_time_leaves_room_for_a_retry() {
    let fixture = Fixture::named("kratos-recommended-body-login");
    let hook = HookConfig {
        budget_ms: Some(200),
        ..fixture.hook()
    };
    let site = Site::with_hooks(vec![("x", hook)]).await;
    // Aliyun refuses the whole account, and says so late.
    let stands = |site: &Site, state: AccountState| {
        let change = site
            .emulator
            .change_account(|account| account.state = state);
        change.expect("an account");
    };
    stands(&site, AccountState::OutOfService);
    let slow = FaultOrder {
        delay_ms: Some(600),
        ..FaultOrder::new("SendSms", 1, Fault::Slow)
    };
    site.emulator.fault(slow).expect("a fault");
    assert_eq!(site.ask(&fixture.request()).await.status, 200);
    assert_eq!(site.journal().await[0].outcome(), "sending");
    while site.journal().await[0].outcome() == "sending" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(site.journal().await[0].outcome(), "refused");
    stands(&site, AccountState::Normal);
    // The record is let go behind the outcome.
    for _ in 0..100 {
        assert_eq!(site.ask(&fixture.request()).await.status, 200);
        if !site.inbox().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(site.ask(&fixture.request()).await.status, 200);
    assert_eq!(site.inbox().len(), 1);
}

/// A body that never comes has the same time, with Twilio's words too.
#[tokio::test]
async fn a_body_that_never_comes_is_answered_too() {
    let logto = Fixture::named("logto-http-sms").hook();
    let twilio = HookConfig {
        preset: PresetName::Twilio,
        account_sid: Some(ACCOUNT.to_owned()),
        services: [(SERVICE.to_owned(), "SignIn".to_owned())].into(),
        ..super::site::hook(PresetName::Twilio, &["0123456789abcdef0123456789abcdef"])
    };
    for (hook, path, status) in [
        (logto, "x".to_owned(), "408"),
        (
            twilio,
            format!("x/2010-04-01/Accounts/{ACCOUNT}/Messages.json"),
            "503",
        ),
    ] {
        let site = Site::with_hooks(vec![("x", hook)]).await;
        let text = answer_to_half(&site, &path).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{text}");
    }
}

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const SERVICE: &str = "VA0123456789abcdef0123456789abcdef";

/// What a request is answered whose body ends before it is whole, within 4.5 s.
async fn answer_to_half(site: &Site, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = site.server.addresses()[0];
    let stream = tokio::net::TcpStream::connect(address).await;
    let mut stream = stream.expect("a connection");
    let head = format!(
        "POST /hooks/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test-gateway-token\r\n\
         Content-Length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    tokio::task::yield_now().await;
    tokio::time::pause();
    let mut bytes = vec![0; 1024];
    let read = tokio::time::timeout(Duration::from_millis(4500), stream.read(&mut bytes));
    let length = read.await.expect("in time").expect("an answer");
    tokio::time::resume();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
