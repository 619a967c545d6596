//! The example configuration, sent to the emulator as it comes.

use std::path::Path;
use std::time::Duration;

use aliyun_sms::{Endpoint, SystemSource};
use sesame_connector::{Connector, ConnectorConfig, Delivery, Draft, Outcome};
use sesame_emulator::Emulator;

async fn connector(emulator: &Emulator) -> Connector {
    example(emulator, "connector.json")
}

fn example(emulator: &Emulator, name: &str) -> Connector {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut config = ConnectorConfig::load(&folder.join(name)).expect("the example is valid");
    config.endpoint = Some(Endpoint::parse(emulator.url()).expect("a URL"));
    Connector::from_config(config, SystemSource::shared()).expect("a connector")
}

async fn emulator() -> Emulator {
    let address = "127.0.0.1:0".parse().expect("an address");
    Emulator::builder()
        .listen(address)
        .start()
        .await
        .expect("an emulator")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_region_gets_its_text() {
    let emulator = emulator().await;
    let connector = connector(&emulator).await;
    for (to, aliyuns, template_code) in [
        ("13800138000", "13800138000", "SMS_154950909"),
        ("85268326366", "85268326366", "SMS_154950910"),
        ("+1 415 555 2671", "14155552671", "SMS_154950910"),
    ] {
        let message = connector
            .message(Draft::of_code(to, "SignIn", "246801"))
            .unwrap();
        let outcome = connector.send(&message).await;
        let Outcome::Accepted(receipt) = &outcome else {
            panic!("{to}: {outcome:?}");
        };
        let inbox = emulator.messages_to(aliyuns);
        assert_eq!(inbox.len(), 1, "{to}");
        assert_eq!(inbox[0].template_code, template_code);
        assert_eq!(inbox[0].out_id.as_deref(), Some(receipt.out_id.as_str()));
        assert_eq!(Some(inbox[0].biz_id.as_str()), receipt.biz_id.as_deref());
        assert!(inbox[0].text.contains("246801"));
        let limit = Duration::from_secs(10);
        let delivery = connector.delivery(&message.to, receipt, limit).await;
        assert_eq!(delivery, Some(Delivery::Delivered), "{to}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_code_within_the_minute_is_refused_with_the_time_to_wait() {
    let emulator = emulator().await;
    let connector = connector(&emulator).await;
    let send = || connector.send_draft(Draft::of_code("13800138000", "SignIn", "246801"));
    assert_eq!(send().await.as_str(), "accepted");
    let Outcome::Refused(refusal) = send().await else {
        panic!("not refused");
    };
    assert_eq!(refusal.code, "isv.BUSINESS_LIMIT_CONTROL");
    assert!(refusal.retry_after.is_some());
}

#[tokio::test]
async fn the_international_example_serves_the_world() {
    let emulator = emulator().await;
    let connector = example(&emulator, "connector-international.json");
    for (to, text) in [
        ("+85268326366", "Your verification code is 246801."),
        ("+13012345678", "Your verification code is 246801."),
        (
            "+8613800138000",
            "【阿里云短信测试】您的验证码为：246801，请勿泄露于他人！",
        ),
    ] {
        let outcome = connector
            .send_draft(Draft::of_code(to, "SignIn", "246801"))
            .await;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        assert_eq!(emulator.messages()[0].text, text);
    }
}
