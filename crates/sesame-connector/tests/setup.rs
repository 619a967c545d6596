//! What a set-up asks of an account: it applies once, whatever becomes of the
//! answers.

use sesame_connector::config::{ConnectorConfig, NoLookup};
use sesame_connector::setup::{Account, Applied, SignApplication, Standing, TemplateApplication};
use sesame_connector::template::TemplateRegion;
use sesame_connector::{SystemSource, doctor::CheckId};
use sesame_emulator::{
    Account as Emulated, Emulator, Fault, FaultOrder, ReviewStatus, SignKind, SignName, Template,
    TemplateKind,
};

const NAME: &str = "芝麻科技";
const TEXT: &str = "您的验证码为${code}，请勿告知他人。";

async fn emulator(account: Emulated) -> Emulator {
    Emulator::builder()
        .account(account)
        .listen("127.0.0.1:0".parse().expect("an address"))
        .start()
        .await
        .expect("an emulator")
}

fn empty() -> Emulated {
    Emulated {
        sign_names: Vec::new(),
        templates: Vec::new(),
        ..Emulated::default()
    }
}

fn account(emulator: &Emulator) -> Account {
    let config = serde_json::json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": NAME,
        "templates": [{ "usageType": "Generic", "templateCode": "SMS_0" }],
        "endpoint": emulator.url(),
        "timeoutMs": 1500,
    });
    let checked = ConnectorConfig::from_value(&config, &NoLookup);
    let config = checked.into_valid().expect("a configuration");
    Account::new(&config, SystemSource::shared()).expect("TLS")
}

fn sign() -> SignApplication {
    SignApplication {
        sign_name: NAME.to_owned(),
        sign_source: 0,
        qualification_id: 2000,
        sign_type: 1,
        remark: Some("登录".to_owned()),
        ..SignApplication::default()
    }
}

fn template() -> TemplateApplication {
    TemplateApplication {
        template_name: "登录验证码".to_owned(),
        template_content: TEXT.to_owned(),
        template_type: 0,
        related_sign_name: Some(NAME.to_owned()),
        template_rule: Some(r#"{"code":"numberCaptcha"}"#.to_owned()),
        ..TemplateApplication::default()
    }
}

fn calls(emulator: &Emulator, action: &str) -> usize {
    let requests = emulator.requests(100);
    requests.iter().filter(|r| r.action == action).count()
}

#[tokio::test]
async fn each_is_applied_for_once() {
    let emulator = emulator(empty()).await;
    let account = account(&emulator);
    assert_eq!(
        account.sign_name(NAME).await.expect("an answer"),
        Standing::Absent
    );
    for is_first in [true, false] {
        let is_new = account.apply_for_sign_name(&sign()).await.expect("taken");
        let applied = account.apply_for_template(&template()).await;
        let applied = applied.expect("taken");
        assert_eq!(is_new, is_first);
        assert_eq!(matches!(applied, Applied::Now(_)), is_first, "{applied:?}");
    }
    let of_other = TemplateApplication {
        related_sign_name: Some("芝麻开门".to_owned()),
        ..template()
    };
    let found = account.apply_for_template(&of_other).await.expect("found");
    let before = Applied::Before {
        code: found.code().to_owned(),
        other_sign_name: Some(NAME.to_owned()),
    };
    assert_eq!(found, before);
    assert_eq!(
        account.sign_name(NAME).await.expect("an answer"),
        Standing::Reviewing
    );
    let held = emulator.account();
    assert_eq!((held.sign_names.len(), held.templates.len()), (1, 1));
    assert_eq!(held.sign_names[0].qualification_id, Some(2000));
    assert_eq!(held.templates[0].related_sign_name.as_deref(), Some(NAME));
    assert_eq!(calls(&emulator, "CreateSmsSign"), 1);
    assert_eq!(calls(&emulator, "CreateSmsTemplate"), 1);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_an_absent_one_is_a_failure() {
    let emulator = emulator(empty()).await;
    let account = account(&emulator);
    for action in ["CreateSmsSign", "CreateSmsTemplate"] {
        let lost = FaultOrder::new(action, 1, Fault::ResetAfterAccept);
        emulator.fault(lost).expect("a fault");
    }
    account.apply_for_sign_name(&sign()).await.expect("found");
    let applied = account.apply_for_template(&template()).await;
    let code = emulator.account().templates[0].code.clone();
    assert_eq!(applied, Ok(Applied::Now(code)));
    assert_eq!(calls(&emulator, "CreateSmsTemplate"), 1);
    // Nothing was accepted: it is looked for, and then said.
    let other = TemplateApplication {
        template_content: "另一个验证码：${code}".to_owned(),
        ..template()
    };
    let timeout = FaultOrder::new("CreateSmsTemplate", 1, Fault::Timeout);
    emulator.fault(timeout).expect("a fault");
    let check = account
        .apply_for_template(&other)
        .await
        .expect_err("not taken");
    assert_eq!(check.id, CheckId::Answer, "{check:?}");
    assert_eq!(emulator.account().templates.len(), 1);
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_was_rejected_is_applied_for_again_and_nothing_else_is() {
    let emulator = emulator(empty()).await;
    let account = account(&emulator);
    account.apply_for_sign_name(&sign()).await.expect("taken");
    let applied = account.apply_for_template(&template()).await;
    let applied = applied.expect("taken");
    let code = applied.code();
    let other = TemplateApplication {
        template_content: "您好，您的验证码为${code}。".to_owned(),
        ..template()
    };
    // Under review nothing is to be changed.
    account.apply_again(code, &other).await.expect("left");
    assert_eq!(emulator.account().templates[0].content, TEXT);
    let reject = |account: &mut Emulated| {
        account.sign_names[0].status = ReviewStatus::Rejected;
        account.sign_names[0].reject_reason = "名称\u{1b}[31m不符".to_owned();
        account.templates[0].status = ReviewStatus::Rejected;
    };
    emulator.change_account(reject).expect("an account");
    let standing = account.sign_name(NAME).await.expect("an answer");
    let Standing::Rejected(reason) = standing else {
        panic!("{standing:?}");
    };
    assert!(
        reason.contains("不符") && !reason.contains('\u{1b}'),
        "{reason:?}"
    );
    account.apply_for_sign_name(&sign()).await.expect("taken");
    account.apply_again(code, &other).await.expect("taken");
    let held = emulator.account();
    assert_eq!(held.sign_names[0].status, ReviewStatus::Reviewing);
    assert_eq!(held.templates[0].content, "您好，您的验证码为${code}。");
    assert_eq!((held.sign_names.len(), held.templates.len()), (1, 1));
    emulator.shutdown().await;
}

#[tokio::test]
async fn long_lists_are_read_to_their_end_and_only_what_carries_a_code_is_told() {
    let mut held = empty();
    for number in 0..120 {
        let name = format!("芝麻{number}");
        held.sign_names.push(SignName::new(name, SignKind::General));
    }
    for number in 0..60 {
        let code = format!("SMS_{number:09}");
        let kind = [
            TemplateKind::Verification,
            TemplateKind::International,
            TemplateKind::Notification,
        ][number % 3];
        held.templates.push(Template::new(code, kind, TEXT));
    }
    let two = "验证码${code}，${min}分钟";
    held.templates.push(Template::new(
        "SMS_900000000",
        TemplateKind::Verification,
        two,
    ));
    let emulator = emulator(held).await;
    let account = account(&emulator);
    assert_eq!(account.sign_names().await.expect("an answer").len(), 120);
    let templates = account.templates().await.expect("an answer");
    let of = |region| templates.iter().filter(|t| t.region == region).count();
    assert_eq!(
        (of(TemplateRegion::China), of(TemplateRegion::Overseas)),
        (20, 20)
    );
    emulator.shutdown().await;
}
