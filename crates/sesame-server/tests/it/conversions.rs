//! The provider is told of codes that came back: each once, whatever fails and
//! however many servers there are.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sesame_connector::config::NoLookup;
use sesame_connector::{Connector, ConnectorConfig, Source};
use sesame_emulator::{Conversion, Emulator, Fault, FaultOrder};
use sesame_passcode::store::memory::{MemoryJournal, MemoryStore};
use sesame_passcode::{Check, CheckOutcome, Start};
use sesame_server::config::ConversionsConfig;
use sesame_server::keys::KeyRing;
use sesame_server::stores::Stores;
use sesame_server::{Config, Server};

use crate::support::{Clock, Log, World, config};

const ALL: ConversionsConfig = ConversionsConfig {
    messages: true,
    rate: true,
};
const OF_MESSAGES: ConversionsConfig = ConversionsConfig {
    messages: true,
    rate: false,
};

/// One emulator, one set of stores, and as many servers as are wanted.
struct Place {
    emulator: Emulator,
    clock: Arc<Clock>,
    stores: Stores,
    /// As a server keeps them between two runs.
    ring: Value,
    connector: Connector,
}

impl Place {
    async fn new(change: impl FnOnce(&mut Value)) -> Self {
        Log::start();
        let start: Timestamp = "2026-11-22T04:10:00Z".parse().expect("a time");
        let clock = Clock::at(start);
        let emulator = Emulator::builder()
            .listen("127.0.0.1:0".parse().expect("an address"))
            .source(clock.clone())
            .start()
            .await
            .expect("it starts");
        let mut connector = json!({
            "accessKeyId": "testid",
            "accessKeySecret": "testsecret",
            "signName": "阿里云短信测试",
            "templates": [{
                "usageType": "Generic",
                "templateCode": { "china": "SMS_154950909", "overseas": "SMS_154950910" },
            }],
            "endpoint": emulator.url(),
            "timeoutMs": 2000,
        });
        change(&mut connector);
        let connector = ConnectorConfig::from_value(&connector, &NoLookup);
        let connector = connector.into_valid().expect("a configuration");
        let connector = Connector::from_config(connector, clock.clone()).expect("a connector");
        let stores = Stores {
            records: Arc::new(MemoryStore::default()),
            journal: Arc::new(MemoryJournal::default()),
        };
        let ring = KeyRing::generate(&*clock);
        let ring = serde_json::to_value(&ring).expect("JSON");
        Self {
            emulator,
            clock,
            stores,
            ring,
            connector,
        }
    }

    async fn server(&self, conversions: ConversionsConfig) -> Server {
        let mut config = config();
        config.conversions = conversions;
        self.server_with(config).await
    }

    async fn server_with(&self, config: Config) -> Server {
        let mut config = config;
        config.doctor.every_secs = 0;
        let connector = self.connector.clone();
        let ring: KeyRing = serde_json::from_value(self.ring.clone()).expect("keys");
        Server::builder(config, connector, self.stores.clone(), ring)
            .source(self.clock.clone())
            .start()
            .await
            .expect("it starts")
    }

    /// A verification that is approved; gives the provider's id of its message.
    async fn approved(&self, server: &Server, to: &str) -> String {
        let id = self.started(server, to).await;
        let message = self.emulator.messages_to(to).remove(0);
        let digits = |part: &&str| part.len() == 6 && part.bytes().all(|b| b.is_ascii_digit());
        let mut parts = message.text.split(|c: char| !c.is_ascii_digit());
        let code = parts.find(digits).expect("a code");
        let checked = server.passcodes().check(Check::new("web", &id, code)).await;
        let checked = checked.expect("the store is there");
        assert!(
            matches!(checked, Some(CheckOutcome::Approved(_))),
            "{checked:?}"
        );
        message.biz_id
    }

    async fn started(&self, server: &Server, to: &str) -> String {
        let started = server.passcodes().start(start(to)).await;
        let started = started.expect("it is sent");
        started.verification.id
    }

    /// Waits until so many were told of; bounded, not timed.
    async fn told(&self, count: usize) -> Vec<Conversion> {
        for _ in 0..600 {
            let told = self.emulator.conversions();
            if told.len() >= count {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("of {count}: {:?}", self.emulator.conversions());
    }

    /// Waits until so many requests of an action have come.
    async fn asked(&self, action: &str, count: usize) {
        for _ in 0..600 {
            let requests = self.emulator.requests(100);
            let of_it = requests.iter().filter(|request| request.action == action);
            if of_it.count() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{action} never came {count} times");
    }
}

fn start(to: &str) -> Start {
    Start {
        app: "web".to_owned(),
        to: to.to_owned(),
        usage_type: "SignIn".to_owned(),
        session: None,
        ip: None,
        locale: None,
        attempt: None,
    }
}

fn overseas(number: usize) -> String {
    format!("+1415555{number:04}")
}

/// Long enough for whatever would come a second time.
async fn a_while() {
    tokio::time::sleep(Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_code_that_came_back_is_told_of_once() {
    let place = Place::new(|_| {}).await;
    let server = place.server(OF_MESSAGES).await;
    place.approved(&server, "+8613800138000").await;
    place.started(&server, &overseas(1)).await;
    let biz_id = place.approved(&server, &overseas(2)).await;
    let told = place.told(1).await;
    assert_eq!(told[0].action, "SmsConversionIntl");
    assert_eq!(told[0].message_id.as_deref(), Some(biz_id.as_str()));
    assert_eq!(told[0].delivered, Some(true));
    let now = u64::try_from(place.clock.now().as_millisecond()).ok();
    assert_eq!(told[0].time_millis, now);
    place.clock.advance_secs(7200);
    a_while().await;
    assert_eq!(place.emulator.conversions().len(), 1);
    server.shutdown().await;
}

#[tokio::test]
async fn the_international_api_is_told_in_its_own_words() {
    let place = Place::new(|config| {
        config["provider"] = json!("aliyun-intl");
        config["templates"] = json!([{ "usageType": "Generic", "text": "Your code is ${code}." }]);
    })
    .await;
    let server = place.server(ALL).await;
    let message_id = place.approved(&server, &overseas(1)).await;
    let told = place.told(1).await;
    assert_eq!(told[0].action, "SmsConversion");
    assert_eq!(told[0].message_id, Some(message_id));
    place.clock.advance_secs(2 * 3600);
    let told = place.told(2).await;
    assert_eq!(
        (told[1].action.as_str(), told[1].rate),
        ("ConversionData", Some(1.0))
    );
    server.shutdown().await;
}

/// Reports of the international form are matched by our id, which travels as
/// `TaskId`; a template's message has none, and is asked about.
#[tokio::test]
async fn reports_of_the_international_api_find_their_messages() {
    let place = Place::new(|config| {
        config["provider"] = json!("aliyun-intl");
        config["templates"] = json!([{
            "usageType": "Generic",
            "templateCode": "SMS_154950909",
            "text": { "default": "Your code is ${code}.", "zh": "您的验证码是 ${code}。" },
        }]);
    })
    .await;
    let server = place.server(ConversionsConfig::default()).await;
    let mut start = start(&overseas(1));
    start.locale = Some("zh-CN".to_owned());
    let started = server.passcodes().start(start).await.expect("it is sent");
    let message = place.emulator.messages_to(&overseas(1)).remove(0);
    assert!(
        message.text.starts_with("您的验证码是 "),
        "{}",
        message.text
    );
    let out_id = started.outcome.out_id().to_string();
    let report = |to: &str, task_id: &str| {
        json!([{
            "To": to, "Status": "2", "ErrorCode": "UNDELIV", "TaskId": task_id,
            "MessageId": message.biz_id, "SmsSize": "1",
            "ReceiveDate": "Sun, 22 Nov 2026 12:10:05 +0800",
        }])
        .to_string()
    };
    for (to, task_id, matched) in [
        ("14155550001", "another", 0),
        ("14155550002", out_id.as_str(), 0),
        ("14155550001", out_id.as_str(), 1),
        ("14155550001", out_id.as_str(), 1),
    ] {
        let body = report(to, task_id);
        let taken = server.passcodes().reports(body.as_bytes()).await;
        assert_eq!(taken.expect("a list").matched, matched, "{to} {task_id}");
    }
    let seen = server.passcodes().message(None, &out_id).await;
    let seen = seen.expect("the journal").expect("a message");
    assert_eq!(seen.delivered, Some(false));
    assert_eq!(seen.delivery_code.as_deref(), Some("UNDELIV"));
    server.shutdown().await;

    let mut config = config();
    config.reports.polling = true;
    let server = place.server_with(config).await;
    let to = "+8613800138000";
    let started = server.passcodes().start(self::start(to)).await;
    let out_id = started.expect("it is sent").outcome.out_id().to_string();
    for _ in 0..600 {
        place.clock.advance_secs(1);
        let seen = server.passcodes().message(None, &out_id).await;
        let seen = seen.expect("the journal").expect("a message");
        if seen.delivered == Some(true) {
            server.shutdown().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no report");
}

#[tokio::test]
async fn what_the_provider_did_not_take_survives_a_restart_and_delays_no_check() {
    let place = Place::new(|_| {}).await;
    let server = place.server(OF_MESSAGES).await;
    let action = "SmsConversionIntl";
    for fault in [Fault::Timeout, Fault::code("isp.SYSTEM_ERROR")] {
        place
            .emulator
            .fault(FaultOrder::new(action, 1, fault))
            .expect("a fault");
    }
    // Approved at once, although the provider never answers the one, and the
    // other checks while it is waited for.
    let first = place.approved(&server, &overseas(1)).await;
    place.asked(action, 1).await;
    let second = place.approved(&server, &overseas(2)).await;
    // The server is told to end while it waits.
    server.shutdown().await;
    assert!(place.emulator.conversions().is_empty());

    let server = place.server(OF_MESSAGES).await;
    for _ in 0..6 {
        place.clock.advance_secs(61);
        tokio::time::sleep(Duration::from_millis(1600)).await;
    }
    let told = place.told(2).await;
    let mut ids: Vec<_> = told
        .into_iter()
        .filter_map(|told| told.message_id)
        .collect();
    ids.sort();
    let mut expected = vec![first, second];
    expected.sort();
    assert_eq!(ids, expected);
    server.shutdown().await;
}

#[tokio::test]
async fn a_key_that_may_not_tell_keeps_nobody_from_signing_in() {
    let place = Place::new(|_| {}).await;
    let action = "SmsConversionIntl";
    let order = FaultOrder::new(action, 100, Fault::code("isp.RAM_PERMISSION_DENY"));
    place.emulator.fault(order).expect("a fault");
    let server = place.server(OF_MESSAGES).await;
    place.approved(&server, &overseas(1)).await;
    place.asked(action, 1).await;
    place.approved(&server, &overseas(2)).await;
    place.asked(action, 2).await;
    a_while().await;
    // Tried again after an hour, not before.
    let asked = || {
        let requests = place.emulator.requests(100);
        requests
            .iter()
            .filter(|request| request.action == action)
            .count()
    };
    assert_eq!(asked(), 2);
    place.clock.advance_secs(3601);
    place.asked(action, 4).await;
    // After a day the news is given up.
    place.clock.advance_secs(25 * 3600);
    a_while().await;
    assert_eq!(asked(), 4);
    server.shutdown().await;
}

/// Also after a passing one: what the operator must cure is not hidden by it.
#[tokio::test]
async fn each_trouble_is_told_once() {
    let place = Place::new(|_| {}).await;
    let action = "SmsConversionIntl";
    let codes = ["isv.TEST_PASSING", "isv.TEST_LASTING"];
    for code in [codes[0], codes[1], codes[0], codes[1]] {
        let order = FaultOrder::new(action, 1, Fault::code(code));
        place.emulator.fault(order).expect("a fault");
    }
    let server = place.server(OF_MESSAGES).await;
    for number in 1..=4 {
        place.approved(&server, &overseas(number)).await;
        place.asked(action, number).await;
    }
    a_while().await;
    server.shutdown().await;
    let log = Log::text();
    for code in codes {
        let told = log.lines().filter(|line| {
            line.contains("does not take that codes came back") && line.contains(code)
        });
        assert_eq!(told.count(), 1, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_tell_of_each_message_and_each_hour_once() {
    const MESSAGES: usize = 6;
    let place = Place::new(|_| {}).await;
    let servers = [place.server(ALL).await, place.server(ALL).await];
    let mut expected = Vec::new();
    for number in 0..MESSAGES {
        let server = &servers[number % 2];
        expected.push(place.approved(server, &overseas(number)).await);
    }
    for number in MESSAGES..MESSAGES * 4 {
        place.started(&servers[0], &overseas(number)).await;
    }
    let told = place.told(MESSAGES).await;
    a_while().await;
    assert_eq!(place.emulator.conversions().len(), MESSAGES);
    let mut ids: Vec<_> = told
        .into_iter()
        .filter_map(|told| told.message_id)
        .collect();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);

    // The hour is told of when its codes have ended, and only once.
    place.clock.advance_secs(2 * 3600);
    let told = place.told(MESSAGES + 1).await;
    a_while().await;
    assert_eq!(place.emulator.conversions().len(), MESSAGES + 1);
    let rate = &told[MESSAGES];
    assert_eq!(
        (rate.action.as_str(), rate.rate),
        ("ConversionDataIntl", Some(0.25))
    );
    let hour_ended: Timestamp = "2026-11-22T05:00:00Z".parse().expect("a time");
    let hour_ended = u64::try_from(hour_ended.as_millisecond()).ok();
    assert_eq!(rate.time_millis, hour_ended);
    // An hour without messages says nothing.
    place.clock.advance_secs(3600);
    a_while().await;
    assert_eq!(place.emulator.conversions().len(), MESSAGES + 1);
    for server in servers {
        server.shutdown().await;
    }
}

#[tokio::test]
async fn nothing_is_told_unless_it_is_wanted_and_what_is_told_is_counted() {
    let world = World::new().await;
    let off = world.start("+85268326366").await;
    let code = world.code("+85268326366");
    assert_eq!(world.check(&off, &code).await["valid"], true);
    a_while().await;
    assert!(world.emulator.conversions().is_empty());

    let world = World::with(|config| config.conversions = OF_MESSAGES).await;
    let id = world.start("+85268326366").await;
    let code = world.code("+85268326366");
    assert_eq!(world.check(&id, &code).await["valid"], true);
    let line = r#"sesame_conversions_total{of="message",outcome="told"} 1"#;
    for _ in 0..600 {
        let said = world.get("/metrics").await;
        let text = String::from_utf8(said.body.to_vec()).expect("UTF-8");
        if text.lines().any(|found| found == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{line} never came");
}
