//! Ten thousand sends under every fault the emulator has, at random: each
//! message it accepted is in its inbox once, and no send is wrongly called not
//! sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use aliyun_sms::{Client, Credentials, Endpoint, SystemSource};
use sesame_connector::config::{ConnectorConfig, Format, SystemLookup};
use sesame_connector::provider::aliyun_sms::AliyunSms;
use sesame_connector::provider::{Provider, Sought};
use sesame_connector::settle::{Settled, settle};
use sesame_connector::{Connector, Draft, Outcome};
use sesame_emulator::{Account, Emulator, Fault, FaultOrder};
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 64;
/// Short, so that the many that hang do not take long.
const TIMEOUT: Duration = Duration::from_millis(400);
/// Longer than the time-out: accepted, and the answer comes too late.
const SLOW_MS: u64 = 900;
/// How long each of the unknown is asked about.
const ASKING: Duration = Duration::from_secs(7);
/// How long a message that is known is asked about when all is over.
const LAST_ASKING: Duration = Duration::from_secs(60);

/// A small generator with a seed that is printed, so that a run can be repeated.
struct Dice(AtomicU64);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let step = |x: u64| {
            let x = x ^ (x << 13);
            let x = x ^ (x >> 7);
            Some(x ^ (x << 17))
        };
        let seen = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        (seen.unwrap_or_else(|x| x) >> 11) % sides
    }
}

fn coded(code: &str, http_status: u16) -> Fault {
    Fault::Code {
        code: code.to_owned(),
        http_status,
        message: None,
        headers: Vec::new(),
    }
}

fn raw(http_status: u16, name: &str, value: &str, body: &str) -> Fault {
    Fault::Raw {
        http_status,
        headers: vec![(name.to_owned(), value.to_owned())],
        body: body.to_owned(),
    }
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::Timeout,
        Fault::Reset,
        Fault::ResetAfterAccept,
        Fault::ResetAfterAccept,
        Fault::Slow,
        Fault::Http502Html,
        Fault::Garbage,
        coded("isv.BUSINESS_LIMIT_CONTROL", 200),
        coded("isv.AMOUNT_NOT_ENOUGH", 200),
        coded("isp.SYSTEM_ERROR", 200),
        coded("Throttling.User", 400),
        coded("SignatureDoesNotMatch", 400),
        coded("InternalError", 500),
        coded("ServiceTimeout", 503),
        coded("Never.Seen.Before", 502),
        raw(200, "Content-Type", "application/json", "{\"Code\":\"O"),
        raw(302, "Location", "http://127.0.0.1:9/", ""),
        raw(200, "Content-Encoding", "gzip", "not really"),
    ]
}

/// What became of one send.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
enum End {
    Accepted,
    Refused,
    SettledAccepted,
    FinallyUnknown,
}

fn connector(url: &str, resends_same_bytes: bool) -> Connector {
    let text = r#"{
        "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "阿里云短信测试",
        "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }]
    }"#;
    let checked = ConnectorConfig::parse(text, Format::Json, &SystemLookup::in_folder("."));
    let config = checked.config.expect("a configuration");
    let client = Client::builder(Credentials::new("testid", "testsecret"))
        .endpoint(Endpoint::parse(url).expect("a URL"))
        .environment_proxy(false)
        .timeout(TIMEOUT)
        .resend_same_bytes(resends_same_bytes)
        .build()
        .expect("a client");
    let source = SystemSource::shared();
    let provider = AliyunSms::new(client, source.clone());
    Connector::new(config, Arc::new(provider), source)
}

/// Gives what is still unknown too, so that it can be asked about once more.
async fn send_and_settle(connector: Connector, number: usize) -> (String, End, Option<Sought>) {
    let draft = Draft::of_code(format!("+86138{number:08}"), "SignIn", "735102");
    let message = connector.message(draft).expect("a number");
    let out_id = message.out_id.as_str().to_owned();
    match connector.send(&message).await {
        Outcome::Accepted(_) => (out_id, End::Accepted, None),
        Outcome::Refused(_) => (out_id, End::Refused, None),
        Outcome::Unknown(doubt) => {
            let sought = Sought::in_doubt(&message.to, &doubt);
            let provider: &dyn Provider = connector.provider().as_ref();
            match settle(provider, &sought, ASKING).await {
                Settled::Accepted(_) => (out_id, End::SettledAccepted, None),
                Settled::StillUnknown(_) => (out_id, End::FinallyUnknown, Some(sought)),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_message_is_there_once_and_none_is_wrongly_not_sent() {
    storm(10_000, false).await;
}

/// The same with the switch on that sends the same signed bytes once more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_sent_again_send_nothing_twice() {
    storm(2_000, true).await;
}

async fn storm(sends: usize, resends_same_bytes: bool) {
    let seed = u64::from(std::process::id()) * 0x9E37_79B9 + 1;
    let dice = Arc::new(Dice(AtomicU64::new(seed)));
    let account = Account {
        balance: None,
        ..Account::default()
    };
    let emulator = Emulator::builder()
        .account(account)
        .listen("127.0.0.1:0".parse().expect("an address"))
        .keep_messages(sends * 2)
        .start()
        .await
        .expect("an emulator");
    let emulator = Arc::new(emulator);
    let connector = connector(emulator.url(), resends_same_bytes);
    let faults = Arc::new(faults());
    let next = Arc::new(AtomicUsize::new(0));

    let mut workers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (emulator, connector, faults) = (emulator.clone(), connector.clone(), faults.clone());
        let (next, dice) = (next.clone(), dice.clone());
        workers.spawn(async move {
            let mut ends = Vec::new();
            let mut settling = JoinSet::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= sends {
                    break;
                }
                provoke(&emulator, &faults, &dice);
                // Settling takes seconds, and others may be sent meanwhile.
                settling.spawn(send_and_settle(connector.clone(), number));
                while settling.len() > 40 {
                    ends.extend(settling.join_next().await);
                }
                tokio::task::yield_now().await;
                tokio::time::sleep(Duration::from_millis(dice.roll(3))).await;
            }
            while let Some(end) = settling.join_next().await {
                ends.push(end);
            }
            ends
        });
    }
    let mut ends = HashMap::new();
    let mut in_doubt = HashMap::new();
    while let Some(done) = workers.join_next().await {
        for end in done.expect("no panic") {
            let (out_id, end, sought) = end.expect("no panic");
            in_doubt.extend(sought.map(|sought| (out_id.clone(), sought)));
            assert!(ends.insert(out_id, end).is_none(), "an out-id twice");
        }
    }

    let mut inbox: HashMap<String, usize> = HashMap::new();
    for message in emulator.messages() {
        *inbox.entry(message.out_id.expect("an out-id")).or_default() += 1;
    }
    // Under load a question may come too late every time: now, with no faults and
    // nothing else to do, what Aliyun knows has to be found.
    let none = FaultOrder::new("QuerySendDetails", 0, Fault::Timeout);
    emulator.fault(none).expect("no faults");
    in_doubt.retain(|out_id, _| inbox.contains_key(out_id));
    println!("asked about once more: {}", in_doubt.len());
    let mut asking = JoinSet::new();
    for (out_id, sought) in in_doubt {
        let provider = connector.provider().clone();
        asking.spawn(async move { (out_id, settle(&*provider, &sought, LAST_ASKING).await) });
    }
    while let Some(asked) = asking.join_next().await {
        let (out_id, settled) = asked.expect("no panic");
        if matches!(settled, Settled::Accepted(_)) {
            ends.insert(out_id, End::SettledAccepted);
        }
    }
    report(seed, &ends, &inbox);
    judge(sends, &ends, &inbox);
}

/// Three sends in five run into something; so does one question in eight.
fn provoke(emulator: &Emulator, faults: &[Fault], dice: &Dice) {
    let pick = || {
        let at = dice.roll(faults.len() as u64);
        faults[usize::try_from(at).expect("small")].clone()
    };
    if dice.roll(5) < 3 {
        let mut order = FaultOrder::new("SendSms", 1, pick());
        if order.fault == Some(Fault::Slow) {
            order.delay_ms = Some(SLOW_MS);
        }
        emulator.fault(order).expect("a fault");
    }
    if dice.roll(8) == 0 {
        let order = FaultOrder::new("QuerySendDetails", 1, pick());
        emulator.fault(order).expect("a fault");
    }
}

fn count(ends: &HashMap<String, End>, wanted: End) -> usize {
    ends.values().filter(|end| **end == wanted).count()
}

fn report(seed: u64, ends: &HashMap<String, End>, inbox: &HashMap<String, usize>) {
    println!(
        "seed {seed}: {} sends, {} messages in the inbox",
        ends.len(),
        inbox.len()
    );
    for end in [
        End::Accepted,
        End::Refused,
        End::SettledAccepted,
        End::FinallyUnknown,
    ] {
        println!("  {end:?}: {}", count(ends, end));
    }
}

fn judge(sends: usize, ends: &HashMap<String, End>, inbox: &HashMap<String, usize>) {
    assert_eq!(ends.len(), sends);
    for (out_id, times) in inbox {
        assert_eq!(*times, 1, "{out_id} is in the inbox {times} times");
        assert_ne!(
            ends[out_id],
            End::Refused,
            "{out_id} was sent, and called not sent"
        );
    }
    for (out_id, end) in ends {
        if matches!(end, End::Accepted | End::SettledAccepted) {
            assert!(
                inbox.contains_key(out_id),
                "{out_id} is called accepted and is not there"
            );
        }
    }
    let lost = ends
        .iter()
        .filter(|(out_id, end)| **end == End::FinallyUnknown && inbox.contains_key(*out_id))
        .count();
    assert_eq!(lost, 0, "accepted messages were not found");
    for end in [
        End::Accepted,
        End::Refused,
        End::SettledAccepted,
        End::FinallyUnknown,
    ] {
        assert!(
            count(ends, end) > sends / 100,
            "too few ended {end:?} for this to prove anything"
        );
    }
}
