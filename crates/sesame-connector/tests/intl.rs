//! The international site's API as a provider: texts of our own outside the
//! mainland, templates in it, and nobody ever gets two of either.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sesame_connector::config::{ConnectorConfig, Level, NoLookup, Problem};
use sesame_connector::provider::{Conversion, FindError, Sought};
use sesame_connector::{Connector, Delivery, Draft, Outcome, SystemSource};
use sesame_emulator::{Account, Emulator, Fault, FaultOrder, ReportDecision};
use tokio::task::JoinSet;

const GLOBE: &str = "SendMessageToGlobe";
const TEMPLATE: &str = "SendMessageWithTemplate";
const SMS: &str = "SendSms";

async fn emulator(keep: usize) -> Emulator {
    let account = Account {
        balance: None,
        ..Account::default()
    };
    Emulator::builder()
        .account(account)
        .listen("127.0.0.1:0".parse().expect("an address"))
        .keep_messages(keep)
        .start()
        .await
        .expect("an emulator")
}

fn config(url: &str) -> Value {
    json!({
        "provider": "aliyun-intl",
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "senderId": "Sesame",
        "signName": "阿里云短信测试",
        "templates": [
            {
                "usageType": "Generic",
                "templateCode": "SMS_154950909",
                "text": {
                    "default": "Your code is ${code}, good for ${min} minutes.",
                    "zh": "您的验证码是${code}。",
                },
            },
            { "usageType": "Register", "text": "Welcome! Your code is ${code}." },
        ],
        "endpoint": url,
        "timeoutMs": 1200,
    })
}

fn checked(config: &Value) -> ConnectorConfig {
    let checked = ConnectorConfig::from_value(config, &NoLookup);
    checked.into_valid().expect("a configuration")
}

fn connector(config: &Value) -> Connector {
    Connector::from_config(checked(config), SystemSource::shared()).expect("a connector")
}

fn to(number: &str, usage_type: &str) -> Draft {
    Draft::of_code(number, usage_type, "735102")
}

fn coded(action: &str, code: &str) -> FaultOrder {
    FaultOrder::new(action, 1, Fault::code(code))
}

#[tokio::test]
async fn segments_are_those_of_whoever_sends_most() {
    let long = format!("{} ${{code}}", "长".repeat(140));
    let mut own = config("http://127.0.0.1:1");
    own["templates"] = json!([
        { "usageType": "Generic", "templateCode": "SMS_154950909", "text": "Your code is ${code}." },
        { "usageType": "Register", "templateCode": "SMS_154950909", "text": long },
    ]);
    let segments = |config: &Value, number: &str, usage_type: &str| {
        let connector = connector(config);
        let message = connector.message(to(number, usage_type));
        connector.segments(&message.expect("a message"))
    };
    assert_eq!(segments(&own, "+85268326366", "SignIn"), 1);
    assert_eq!(segments(&own, "+85268326366", "Register"), 3);
    // Aliyun's own text.
    assert_eq!(segments(&own, "+8613800138000", "Register"), 1);
    let mut ladder = own.clone();
    ladder["provider"] = "aliyun-sms".into();
    ladder["templates"] = json!([{ "usageType": "Generic", "templateCode": "SMS_154950909" }]);
    ladder
        .as_object_mut()
        .expect("an object")
        .remove("senderId");
    ladder["fallback"] = json!({
        "provider": "aliyun-intl", "senderId": "Sesame", "signName": "阿里云短信测试",
        "templates": own["templates"],
    });
    assert_eq!(segments(&ladder, "+85268326366", "Register"), 3);
}

#[tokio::test]
async fn texts_go_abroad_and_templates_to_the_mainland() {
    let emulator = emulator(100).await;
    let connector = connector(&config(emulator.url()));
    for (number, usage_type, locale, text, from) in [
        (
            "+85268326366",
            "SignIn",
            None,
            "Your code is 735102, good for 10 minutes.",
            "Sesame",
        ),
        // Eleven digits with 1 in front are no mainland number here.
        (
            "+14155552671",
            "Register",
            Some("zh-CN"),
            "Welcome! Your code is 735102.",
            "Sesame",
        ),
        (
            "+6581234567",
            "SignIn",
            Some("fr zh-Hans-SG"),
            "您的验证码是735102。",
            "Sesame",
        ),
        (
            "+8613800138000",
            "SignIn",
            None,
            "【阿里云短信测试】您的验证码为：735102，请勿泄露于他人！",
            "阿里云短信测试",
        ),
    ] {
        let mut draft = to(number, usage_type);
        if let Some(locale) = locale {
            draft.payload.insert("uiLocales".into(), locale.into());
        }
        let outcome = connector.send_draft(draft).await;
        let Outcome::Accepted(receipt) = outcome else {
            panic!("{number}: {outcome:?}");
        };
        let message = emulator.messages().remove(0);
        assert_eq!(message.to, number);
        assert_eq!(message.text, text);
        assert_eq!(message.sign_name, from);
        assert_eq!(receipt.biz_id.as_deref(), Some(message.biz_id.as_str()));
        assert!(receipt.request_id.is_some());
    }
    // A usage type whose own template has nothing for the mainland falls back on
    // the one for all.
    let mainland = connector.send_draft(to("+8613900139000", "Register")).await;
    assert!(matches!(mainland, Outcome::Accepted(_)), "{mainland:?}");
}

/// Whatever the configuration, a mainland number gets no text of ours.
#[tokio::test]
async fn no_text_of_ours_goes_to_the_mainland() {
    let emulator = emulator(100).await;
    let mut config = config(emulator.url());
    config["templates"] = json!([{ "usageType": "Generic", "text": "Your code is ${code}" }]);
    let connector = connector(&config);
    for number in ["+8613800138000", "008613800138000", "13800138000"] {
        let outcome = connector.send_draft(to(number, "SignIn")).await;
        let Outcome::Refused(refusal) = outcome else {
            panic!("{number}: {outcome:?}");
        };
        assert_eq!(refusal.code, "no_china_template", "{number}");
    }
    assert_eq!(emulator.messages(), []);
}

#[tokio::test]
async fn refusals_have_causes_and_cures() {
    for (code, action, number, kind) in [
        ("INVALID_SENDERID", GLOBE, "+85268326366", "signature"),
        ("NOT_SUPPORTED_COUNTRY", GLOBE, "+85268326366", "phone"),
        ("isv.COUNTRY_RESTRICTED", GLOBE, "+85268326366", "phone"),
        ("BLACK_KEY_CONTROL_LIMIT", GLOBE, "+85268326366", "phone"),
        ("AMOUNT_NOT_ENOUGH", GLOBE, "+85268326366", "balance"),
        ("SMS_CONTENT_ILLEGAL", GLOBE, "+85268326366", "content"),
        ("QPS_LIMIT_CONTROL", GLOBE, "+85268326366", "rate_limit"),
        (
            "SMS_SIGN_NAME_ILLEGAL",
            TEMPLATE,
            "+8613800138000",
            "signature",
        ),
        (
            "SMS_CONTENT_CODE_ILLEGAL",
            TEMPLATE,
            "+8613800138000",
            "template",
        ),
        (
            "isv.BUSINESS_LIMIT_DAY",
            TEMPLATE,
            "+8613800138000",
            "rate_limit",
        ),
    ] {
        let emulator = emulator(10).await;
        let connector = connector(&config(emulator.url()));
        emulator.fault(coded(action, code)).expect("a fault");
        let outcome = connector.send_draft(to(number, "SignIn")).await;
        let Outcome::Refused(refusal) = outcome else {
            panic!("{code}: {outcome:?}");
        };
        assert_eq!((refusal.code.as_str(), refusal.kind.as_str()), (code, kind));
        let unlisted = "not known here";
        assert!(!refusal.cause.en.contains(unlisted), "{code}");
        assert!(!refusal.cure.zh.is_empty(), "{code}");
        assert!(emulator.messages().is_empty());
    }
    // What the service itself failed at proves nothing.
    let emulator = emulator(10).await;
    let connector = connector(&config(emulator.url()));
    let order = coded(GLOBE, "SYSTEM_ERROR");
    emulator.fault(order).expect("a fault");
    let outcome = connector.send_draft(to("+85268326366", "SignIn")).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_message_is_asked_about_by_its_id_and_by_nothing_else() {
    let emulator = emulator(10).await;
    let connector = connector(&config(emulator.url()));
    let message = connector
        .message(to("+85268326366", "SignIn"))
        .expect("a number");
    let Outcome::Accepted(receipt) = connector.send(&message).await else {
        panic!("not accepted");
    };
    let mut decision = ReportDecision::of_biz_id(
        receipt.biz_id.as_deref().expect("an id"),
        sesame_emulator::Delivery::Failed,
    );
    decision.err_code = Some("UNDELIV".to_owned());
    emulator.decide_report(&decision).expect("a message");
    let limit = Duration::from_secs(10);
    let delivery = connector.delivery(&message.to, &receipt, limit).await;
    assert_eq!(delivery, Some(Delivery::failed("UNDELIV")));

    let order = FaultOrder::new(GLOBE, 1, Fault::ResetAfterAccept);
    emulator.fault(order).expect("a fault");
    let outcome = connector.send(&message).await;
    let Outcome::Unknown(doubt) = &outcome else {
        panic!("{outcome:?}");
    };
    let sought = Sought::in_doubt(&message.to, doubt);
    let found = connector.provider().find(&sought).await;
    assert_eq!(found, Err(FindError::Unsupported));
    // It stays unknown, and nothing is sent again.
    let settled = connector.settle(&message.to, outcome, limit).await;
    assert!(matches!(settled, Outcome::Unknown(_)));
    assert_eq!(emulator.messages().len(), 2);

    let unknown = Sought {
        biz_id: Some("404".to_owned()),
        ..sought
    };
    assert_eq!(connector.provider().find(&unknown).await, Ok(None));
}

#[tokio::test]
async fn a_ladder_sends_abroad_by_texts_and_knows_whose_message_it_was() {
    let emulator = emulator(10).await;
    let mut config = config(emulator.url());
    let fallback = json!({
        "provider": "aliyun-intl",
        "senderId": "Sesame",
        "templates": config["templates"],
        "signName": "阿里云短信测试",
    });
    config["provider"] = json!("aliyun-sms");
    config["senderId"].take();
    let object = config.as_object_mut().expect("an object");
    object.remove("senderId");
    object.insert("fallback".to_owned(), fallback);
    object.insert(
        "templates".to_owned(),
        json!([{ "usageType": "Generic", "templateCode": { "china": "SMS_154950909" } }]),
    );
    let connector = connector(&config);
    let mut receipts = Vec::new();
    for (number, template) in [("+8613800138000", "SMS_154950909"), ("+85268326366", "")] {
        let message = connector.message(to(number, "SignIn")).expect("a number");
        let Outcome::Accepted(receipt) = connector.send(&message).await else {
            panic!("{number}");
        };
        assert_eq!(emulator.messages()[0].template_code, template);
        let sender = connector.sender_of(receipt.biz_id.as_deref());
        let name = if template.is_empty() {
            "aliyun-intl"
        } else {
            "aliyun-sms"
        };
        assert_eq!(sender.name(), name);
        let conversion = Conversion {
            biz_id: receipt.biz_id.clone().expect("an id"),
            at: receipt.sent_at,
        };
        assert_eq!(sender.convert(&conversion).await, Ok(()));
        receipts.push(receipt);
    }
    let told: Vec<String> = emulator
        .conversions()
        .into_iter()
        .map(|told| told.action)
        .collect();
    assert_eq!(told, ["SmsConversionIntl", "SmsConversion"]);
    assert_eq!(
        connector.overseas().map(|one| one.provider().name()),
        Some("aliyun-intl")
    );
    // Reports of either are read.
    for body in [
        r#"[{"phone_number":"13800138000","success":true}]"#,
        r#"[{"To":"85268326366","Status":"1","TaskId":"x"}]"#,
    ] {
        let read = connector.parse_reports(body.as_bytes()).expect("reports");
        assert_eq!((read.reports.len(), read.unreadable), (1, 0), "{body}");
    }
}

/// A small generator with a seed that is printed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// Messages to numbers of their own, one half at home: by the international API
/// alone, and behind SMS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_random_faults_nobody_gets_two_texts() {
    const SENDS: usize = 800;
    let seed = u64::from(std::process::id()) * 0x9E37_79B9 + 1;
    let mut dice = Dice(seed);
    let emulator = emulator(SENDS * 4).await;
    let alone = config(emulator.url());
    let mut ladder = alone.clone();
    ladder["provider"] = json!("aliyun-sms");
    ladder["templates"] = json!([{
        "usageType": "Generic",
        "templateCode": { "china": "SMS_154950909", "overseas": "SMS_154950910" },
    }]);
    ladder
        .as_object_mut()
        .expect("an object")
        .remove("senderId");
    ladder["fallback"] = json!({
        "provider": "aliyun-intl",
        "signName": "阿里云短信测试",
        "templates": alone["templates"],
    });
    let connectors = [connector(&alone), connector(&ladder)].map(Arc::new);
    let faults = [
        Fault::Timeout,
        Fault::Reset,
        Fault::ResetAfterAccept,
        Fault::Http502Html,
        Fault::Garbage,
        Fault::code("AMOUNT_NOT_ENOUGH"),
        Fault::code("SYSTEM_ERROR"),
        Fault::code("isv.SMS_TEMPLATE_ILLEGAL"),
        Fault::code("isp.SYSTEM_ERROR"),
    ];
    let mut sending = JoinSet::new();
    let mut ends = Vec::new();
    for number in 0..SENDS {
        if dice.roll(3) > 0 {
            let action = [GLOBE, TEMPLATE, SMS][usize::try_from(dice.roll(3)).expect("small")];
            let fault = &faults[usize::try_from(dice.roll(faults.len() as u64)).expect("small")];
            emulator
                .fault(FaultOrder::new(action, 1, fault.clone()))
                .expect("a fault");
        }
        let connector = connectors[number % 2].clone();
        let to = if number % 4 < 2 {
            format!("+861390000{number:04}")
        } else {
            format!("+1415555{number:04}")
        };
        sending.spawn(async move {
            let message = connector.message(Draft::of_code(to, "SignIn", "735102"));
            let message = message.expect("a number");
            let outcome = connector.send(&message).await;
            (message.to.e164(), outcome)
        });
        if sending.len() >= 48 {
            ends.push(sending.join_next().await.expect("one").expect("no panic"));
        }
    }
    while let Some(end) = sending.join_next().await {
        ends.push(end.expect("no panic"));
    }
    let mut received: HashMap<String, usize> = HashMap::new();
    for sent in emulator.messages() {
        *received.entry(sent.to).or_default() += 1;
    }
    let mut counts: HashMap<(&str, usize), usize> = HashMap::new();
    for (number, outcome) in &ends {
        let texts = received.get(number).copied().unwrap_or_default();
        let number = &number[..6];
        assert!(texts <= 1, "seed {seed}: {number}… got {texts}");
        match outcome {
            Outcome::Accepted(_) => assert_eq!(texts, 1, "seed {seed}: {number}… got nothing"),
            Outcome::Refused(_) => assert_eq!(texts, 0, "seed {seed}: {number}… got one"),
            Outcome::Unknown(_) => {}
        }
        *counts.entry((outcome.as_str(), texts)).or_default() += 1;
    }
    println!("seed {seed}: {SENDS} sends, {counts:?}");
    for end in [
        ("accepted", 1),
        ("refused", 0),
        ("unknown", 0),
        ("unknown", 1),
    ] {
        assert!(counts.contains_key(&end), "seed {seed}: no {end:?}");
    }
}

/// Id and level of what is wrong with a configuration after a change.
fn problems(change: impl FnOnce(&mut Value)) -> Vec<(String, Level)> {
    let mut config = config("https://dysmsapi.ap-southeast-1.aliyuncs.com");
    change(&mut config);
    let checked = ConnectorConfig::from_value(&config, &NoLookup);
    let each = checked.problems.iter();
    each.map(|problem| (problem.id.as_str().to_owned(), problem.level))
        .collect()
}

/// What is said of a text for one more language.
fn text_with(language: &str) -> Vec<Problem> {
    let mut config = config("");
    config
        .as_object_mut()
        .expect("an object")
        .remove("endpoint");
    config["templates"][0]["text"] =
        json!({ "default": "${code}", "en": "${code}", language: "${code}" });
    ConnectorConfig::from_value(&config, &NoLookup).problems
}

#[test]
fn a_configuration_of_texts_is_checked() {
    assert_eq!(problems(|_| {}), []);
    let is = |problems: Vec<(String, Level)>, id: &str, level: Level| {
        assert_eq!(problems, [(id.to_owned(), level)]);
    };
    let text = |text: Value| problems(move |config| config["templates"][1]["text"] = text);
    for without in [
        "Your code is 1234",
        "Your code is {{code}}",
        "${code} or ${code}",
    ] {
        is(text(json!(without)), "text_without_code", Level::Error);
    }
    is(
        text(json!({ "zh": "您的验证码是${code}" })),
        "missing_field",
        Level::Error,
    );
    let tag = json!({ "default": "${code}", "chinese!": "${code}" });
    is(text(tag), "unknown_key", Level::Warning);
    for long in ["a".repeat(155) + "${code}", "验".repeat(65) + "${code}"] {
        is(text(json!(long)), "text_segments", Level::Warning);
    }
    for fits in ["a".repeat(154) + "${code}", "验".repeat(64) + "${code}"] {
        assert_eq!(text(json!(fits)), []);
    }
    let name = text(json!("${code} for ${name}"));
    is(name, "text_variable", Level::Warning);
    for foreign in [
        "{{min}}",
        "{min}",
        "$min",
        "$code",
        "＄｛min｝",
        "${ min }",
        "%min%",
    ] {
        let found =
            text(json!({ "default": format!("${{code}}, {foreign} minutes"), "zh": "${code}" }));
        is(found, "text_placeholder", Level::Warning);
    }
    assert_eq!(text(json!("${code}: $5 and 5% off {1}, {} <3")), []);
    // A language is written with a hyphen.
    let checked = text_with("zh_CN");
    let [problem] = &checked[..] else {
        panic!("{checked:?}");
    };
    assert_eq!(problem.id.as_str(), "unknown_key");
    assert_eq!(problem.cure, "did you mean zh-CN?");
    for id in ["twelveletter", "with space", "1234567890123456", "芝麻"] {
        is(
            problems(|config| config["senderId"] = json!(id)),
            "sender_id_format",
            Level::Error,
        );
    }
    for id in ["Sesame", "123456789012345"] {
        assert_eq!(problems(|config| config["senderId"] = json!(id)), []);
    }
    is(
        problems(|config| {
            config["templates"][0]["templateCode"] =
                json!({ "china": "SMS_1", "overseas": "SMS_2" });
        }),
        "other_providers_key",
        Level::Warning,
    );
    is(
        problems(|config| {
            config["templates"] = json!([{ "usageType": "Generic", "templateCode": "SMS_1" }]);
        }),
        "template_one_region",
        Level::Warning,
    );
    // What the text for Generic serves is served.
    let by_generic = problems(|config| {
        config["templates"][1] = json!({ "usageType": "Register", "templateCode": "SMS_1" });
    });
    assert_eq!(by_generic, []);
    is(
        problems(|config| config["templates"][1] = json!({ "usageType": "Register" })),
        "missing_field",
        Level::Error,
    );
    // Nothing goes to the mainland, so no signature is needed.
    let signless = problems(|config| {
        let object = config.as_object_mut().expect("an object");
        object.remove("signName");
        config["templates"] = json!([{ "usageType": "Generic", "text": "${code}" }]);
    });
    assert_eq!(signless, []);
    // Elsewhere both keys mean nothing.
    let elsewhere = problems(|config| {
        config["provider"] = json!("aliyun-sms");
        config["templates"] =
            json!([{ "usageType": "Generic", "templateCode": "SMS_1", "text": "${code}" }]);
    });
    let twice = ["other_providers_key"; 2].map(|id| (id.to_owned(), Level::Warning));
    assert_eq!(elsewhere, twice);
}

/// The ladder of docs/overseas.md, with the values that the document leaves out.
fn documented_ladder() -> Value {
    let document = include_str!("../../../docs/overseas.md");
    let example = document.split("```jsonc").nth(1).expect("an example");
    let example = example.split("```").next().expect("its end");
    let filled = example
        .replace("\"…\"", "\"签名\"")
        .replace("SMS_…", "SMS_1");
    let mut config: Value = serde_json::from_str(&filled).expect("JSON");
    config["accessKeyId"] = json!("testid");
    config["accessKeySecret"] = json!("testsecret");
    config
}

#[test]
fn what_either_rung_of_a_ladder_serves_is_no_problem() {
    let found = |config: &Value| -> Vec<(String, String)> {
        let problems = ConnectorConfig::from_value(config, &NoLookup).problems;
        let each = problems.into_iter();
        each.map(|problem| (problem.id.to_string(), problem.path))
            .collect()
    };
    let ladder = documented_ladder();
    assert_eq!(found(&ladder), []);

    let mut other_way = ladder["fallback"].clone();
    for key in ["accessKeyId", "accessKeySecret"] {
        other_way[key] = ladder[key].clone();
    }
    other_way["fallback"] = json!({
        "provider": "aliyun-sms",
        "signName": "签名",
        "templates": ladder["templates"],
    });
    assert_eq!(found(&other_way), []);

    let mut signed_at_home = ladder.clone();
    signed_at_home["templates"][0]["templateCode"] = json!("SMS_1");
    signed_at_home["signNames"] = json!({ "china": "签名" });
    signed_at_home
        .as_object_mut()
        .expect("an object")
        .remove("signName");
    assert_eq!(found(&signed_at_home), []);

    // A text for another usage type serves nobody else.
    let mut partly = ladder.clone();
    partly["fallback"]["templates"] = json!([
        { "usageType": "Generic", "templateCode": "SMS_2" },
        { "usageType": "Register", "text": "${code}" },
    ]);
    partly["fallback"]["signName"] = json!("签名");
    let one_region = |path: &str| ("template_one_region".to_owned(), path.to_owned());
    assert_eq!(
        found(&partly),
        [
            one_region("templates[0].templateCode.overseas"),
            one_region("fallback.templates[0].text"),
        ]
    );

    let mut alone = ladder;
    alone.as_object_mut().expect("an object").remove("fallback");
    assert_eq!(
        found(&alone),
        [one_region("templates[0].templateCode.overseas")]
    );
}

#[test]
fn the_region_decides_the_endpoint() {
    use aliyun_sms::wire::Api;
    let mut config = config("");
    config
        .as_object_mut()
        .expect("an object")
        .remove("endpoint");
    let of = |config: &Value| {
        let checked = checked(config);
        let builder = sesame_connector::provider::aliyun_sms::client_builder(
            &checked,
            SystemSource::shared(),
        );
        let client = builder.build().expect("a client");
        client.endpoint(Api::Globe).host().to_owned()
    };
    assert_eq!(of(&config), "dysmsapi.ap-southeast-1.aliyuncs.com");
    for (region, host) in [
        ("ap-southeast-5", "dysmsapi.ap-southeast-5.aliyuncs.com"),
        ("eu-central-1", "dysmsapi.eu-central-1.aliyuncs.com"),
        ("us-east-1", "dysmsapi.us-east-1.aliyuncs.com"),
        ("ap-northeast-1", "dysmsapi.ap-southeast-1.aliyuncs.com"),
        ("cn-hongkong", "dysmsapi-xman.cn-hongkong.aliyuncs.com"),
        ("cn-hangzhou", "dysmsapi.aliyuncs.com"),
        ("cn-beijing", "dysmsapi-proxy.cn-beijing.aliyuncs.com"),
    ] {
        config["region"] = json!(region);
        assert_eq!(of(&config), host, "{region}");
    }
}
