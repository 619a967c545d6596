//! A configuration with PNVS behind SMS: what the one refuses for a reason of its
//! own goes out through the other, and nobody ever gets two texts.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sesame_connector::config::{ConnectorConfig, NoLookup};
use sesame_connector::{Connector, Draft, Outcome, SystemSource};
use sesame_emulator::{Account, Emulator, Fault, FaultOrder};
use tokio::task::JoinSet;

const SMS: &str = "SendSms";
const PNVS: &str = "SendSmsVerifyCode";

async fn emulator() -> Emulator {
    let account = Account {
        balance: None,
        ..Account::default()
    };
    Emulator::builder()
        .account(account)
        .listen("127.0.0.1:0".parse().expect("an address"))
        .start()
        .await
        .expect("an emulator")
}

/// PNVS behind SMS, changed by `change`.
fn connector(emulator: &Emulator, change: impl Fn(&mut Value)) -> Connector {
    let mut config = json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": "阿里云短信测试",
        "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
        "endpoint": emulator.url(),
        "timeoutMs": 1200,
        "fallback": {
            "provider": "aliyun-pnvs",
            "signName": "速通互联验证码",
            "templates": [{ "usageType": "Generic", "templateCode": "100001" }],
        },
    });
    change(&mut config);
    let checked = ConnectorConfig::from_value(&config, &NoLookup);
    let config = checked.into_valid().expect("a configuration");
    Connector::from_config(config, SystemSource::shared()).expect("a connector")
}

fn draft(number: usize) -> Draft {
    Draft::of_code(format!("+86138{number:08}"), "SignIn", "735102")
}

fn coded(action: &str, code: &str) -> FaultOrder {
    let fault = Fault::Code {
        code: code.to_owned(),
        http_status: 200,
        message: None,
        headers: Vec::new(),
    };
    FaultOrder::new(action, 1, fault)
}

#[tokio::test]
async fn pnvs_alone_sends_our_code_and_the_minutes() {
    let emulator = emulator().await;
    let connector = connector(&emulator, |config| {
        let fallback = config["fallback"].take();
        config["provider"] = fallback["provider"].clone();
        config["signName"] = fallback["signName"].clone();
        config["templates"] = fallback["templates"].clone();
        config
            .as_object_mut()
            .expect("an object")
            .remove("fallback");
    });
    let outcome = connector.send_draft(draft(1)).await;
    let Outcome::Accepted(receipt) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(receipt.biz_id.is_some() && receipt.request_id.is_some());
    let text = emulator.messages().remove(0).text;
    assert!(text.contains("735102") && text.contains("10分钟"), "{text}");

    let mut own = draft(2);
    own.payload.insert("min".to_owned(), json!("3"));
    connector.send_draft(own).await;
    assert!(
        emulator
            .messages()
            .iter()
            .any(|sent| sent.text.contains("3分钟"))
    );

    // Whoever lives elsewhere is refused before anything is sent.
    let abroad = Draft::of_code("+85268326366", "SignIn", "735102");
    let Outcome::Refused(refusal) = connector.send_draft(abroad).await else {
        panic!("sent abroad");
    };
    assert_eq!(refusal.code, "mainland_only");
    assert_eq!(emulator.messages().len(), 2);
}

#[tokio::test]
async fn what_lies_with_the_signature_or_the_account_goes_through_the_fallback() {
    let codes = [
        ("isv.SMS_SIGNATURE_ILLEGAL", true),
        ("isv.SMS_TEMPLATE_ILLEGAL", true),
        ("isv.AMOUNT_NOT_ENOUGH", true),
        ("isv.BUSINESS_LIMIT_CONTROL", false),
        ("isv.MOBILE_NUMBER_ILLEGAL", false),
        ("SignatureDoesNotMatch", false),
        ("isp.SYSTEM_ERROR", false),
    ];
    for (number, (code, goes_on)) in codes.into_iter().enumerate() {
        let emulator = emulator().await;
        let connector = connector(&emulator, |_| {});
        emulator.fault(coded(SMS, code)).expect("a fault");
        let outcome = connector.send_draft(draft(number)).await;
        let sent = emulator.messages();
        assert_eq!(matches!(outcome, Outcome::Accepted(_)), goes_on, "{code}");
        assert_eq!(sent.len(), usize::from(goes_on), "{code}");
        assert!(sent.iter().all(|sent| sent.template_code == "100001"));
    }
}

#[tokio::test]
async fn a_signature_that_is_not_there_yet_is_no_obstacle() {
    let emulator = emulator().await;
    let connector = connector(&emulator, |config| {
        config["templates"] = json!([{
            "usageType": "Generic",
            "templateCode": { "overseas": "SMS_154950910" },
        }]);
    });
    let message = connector.message(draft(1)).expect("a number");
    assert!(connector.prepare(&message).is_ok());
    assert!(matches!(
        connector.send(&message).await,
        Outcome::Accepted(_)
    ));
    // What neither can serve says what is wrong with the first.
    let abroad = Draft::of_code("+85268326366", "SignIn", "735102");
    assert!(matches!(
        connector.send_draft(abroad).await,
        Outcome::Accepted(_)
    ));
}

#[tokio::test]
async fn refused_by_both_it_says_what_is_wrong_with_the_first() {
    let emulator = emulator().await;
    let connector = connector(&emulator, |_| {});
    for order in [
        coded(SMS, "isv.SMS_SIGNATURE_ILLEGAL"),
        coded(PNVS, "isv.AMOUNT_NOT_ENOUGH"),
    ] {
        emulator.fault(order).expect("a fault");
    }
    let Outcome::Refused(refusal) = connector.send_draft(draft(1)).await else {
        panic!("not refused");
    };
    assert_eq!(refusal.code, "isv.SMS_SIGNATURE_ILLEGAL");
    assert!(emulator.messages().is_empty());
}

#[tokio::test]
async fn where_the_first_has_nothing_for_it_the_second_says_what_is_wrong() {
    let emulator = emulator().await;
    let connector = connector(&emulator, |config| {
        config["templates"][0]["templateCode"] = json!({ "overseas": "SMS_154950910" });
    });
    let order = coded(PNVS, "isv.SMS_TEMPLATE_ILLEGAL");
    emulator.fault(order).expect("a fault");
    let Outcome::Refused(refusal) = connector.send_draft(draft(1)).await else {
        panic!("not refused");
    };
    assert_eq!(refusal.code, "isv.SMS_TEMPLATE_ILLEGAL");
    assert!(refusal.request_id.is_some());
    // What is missing in the message is told before anything is sent, too.
    let mut message = connector.message(draft(2)).expect("a number");
    message.payload.remove("code");
    let refusal = connector.prepare(&message).expect_err("there is no code");
    assert_eq!(refusal.code, "missing_variable");
    assert!(emulator.messages().is_empty());
}

#[tokio::test]
async fn what_neither_can_serve_is_for_the_first_to_mend() {
    let emulator = emulator().await;
    let connector = connector(&emulator, |config| {
        config["templates"][0]["templateCode"] = json!({ "china": "SMS_154950909" });
    });
    let abroad = Draft::of_code("+85268326366", "SignIn", "735102");
    let message = connector.message(abroad).expect("a number");
    // Whoever writes down what may have been sent asks first.
    let unsent = connector.prepare(&message).expect_err("nothing serves it");
    assert_eq!(unsent.code, "no_overseas_template");
    let Outcome::Refused(refusal) = connector.send(&message).await else {
        panic!("not refused");
    };
    assert_eq!(refusal, *unsent);
    assert!(emulator.messages().is_empty());
}

/// A small generator with a seed that is printed.
struct Dice(AtomicU64);

impl Dice {
    fn roll(&self, sides: usize) -> usize {
        let step = |x: u64| {
            let x = x ^ (x << 13);
            let x = x ^ (x >> 7);
            Some(x ^ (x << 17))
        };
        let order = Ordering::Relaxed;
        let seen = self.0.fetch_update(order, order, step);
        usize::try_from((seen.unwrap_or_else(|x| x) >> 11) % sides as u64).expect("small")
    }
}

/// Faults of each action are used up by whichever send comes first.
fn provoke(emulator: &Emulator, dice: &Dice) {
    let codes = [
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.BUSINESS_LIMIT_CONTROL",
        "isp.SYSTEM_ERROR",
    ];
    let faults = [
        Fault::Timeout,
        Fault::Reset,
        Fault::ResetAfterAccept,
        Fault::Http502Html,
        Fault::Garbage,
    ];
    let order = |action: &str, is_coded: bool| {
        let order = if is_coded {
            coded(action, codes[dice.roll(codes.len())])
        } else {
            FaultOrder::new(action, 1, faults[dice.roll(faults.len())].clone())
        };
        emulator.fault(order).expect("a fault");
    };
    if dice.roll(4) > 0 {
        order(SMS, dice.roll(3) > 0);
    }
    if dice.roll(10) == 0 {
        order(PNVS, dice.roll(2) == 0);
    }
}

/// Two thousand messages, each to a number of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_random_faults_nobody_gets_two_texts() {
    const SENDS: usize = 2000;
    let seed = u64::from(std::process::id()) * 0x9E37_79B9 + 1;
    let dice = Dice(AtomicU64::new(seed));
    let account = Account {
        balance: None,
        ..Account::default()
    };
    let emulator = Emulator::builder()
        .account(account)
        .listen("127.0.0.1:0".parse().expect("an address"))
        .keep_messages(SENDS * 2)
        .start()
        .await
        .expect("an emulator");
    let connector = Arc::new(connector(&emulator, |_| {}));
    let mut sending = JoinSet::new();
    let mut ends = Vec::new();
    for number in 0..SENDS {
        provoke(&emulator, &dice);
        let connector = connector.clone();
        sending.spawn(async move {
            let message = connector.message(draft(number)).expect("a number");
            let outcome = connector.send(&message).await;
            (message.to.national().to_owned(), outcome)
        });
        if sending.len() >= 64 {
            ends.push(sending.join_next().await.expect("one").expect("no panic"));
        }
    }
    while let Some(end) = sending.join_next().await {
        ends.push(end.expect("no panic"));
    }
    let mut texts: HashMap<String, Vec<String>> = HashMap::new();
    for sent in emulator.messages() {
        let national = sent.to.trim_start_matches("+86").to_owned();
        texts.entry(national).or_default().push(sent.template_code);
    }
    let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
    for (number, outcome) in &ends {
        let received = texts.get(number).map_or(&[][..], Vec::as_slice);
        assert!(
            received.len() <= 1,
            "seed {seed}: {number} got {received:?}"
        );
        let is_sent = received.len() == 1;
        match outcome {
            Outcome::Accepted(_) => assert!(is_sent, "seed {seed}: {number} got nothing"),
            Outcome::Refused(_) => assert!(!is_sent, "seed {seed}: {number} got one"),
            Outcome::Unknown(_) => {}
        }
        let by = received.first().map_or("nothing", String::as_str);
        *counts.entry((outcome.as_str(), by)).or_default() += 1;
    }
    println!("seed {seed}: {SENDS} sends, {counts:?}");
    for (outcome, by) in [
        ("accepted", "SMS_154950909"),
        ("accepted", "100001"),
        ("refused", "nothing"),
        ("unknown", "nothing"),
        ("unknown", "100001"),
    ] {
        assert!(
            counts.contains_key(&(outcome, by)),
            "seed {seed}: no {outcome} by {by}"
        );
    }
}
