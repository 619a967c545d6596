//! The account out of the box, and from a file.

use sesame_emulator::{Account, ReviewStatus, SignKind, Tag, TemplateKind};

use crate::support::*;

#[test]
fn the_example_file_is_read() {
    let account = Account::from_toml(include_str!("../../../../examples/account.toml")).unwrap();
    assert_eq!(account.balance, Some(100.0));
    assert_eq!(account.access_keys.len(), 2);
    assert_eq!(account.templates.len(), 4);
    assert_eq!(account.sign_names.len(), 4);
    assert_eq!(account.pns.wrong_tries_max, Some(5));
    assert_eq!(account.limits.retry_after_ms, Some(1500));
}

#[test]
fn the_documented_file_is_read() {
    let text = r#"
balance = 100.0
bound_numbers = []
[[access_keys]]
id = "testid"
secret = "testsecret"
[[sign_names]]
name = "阿里云短信测试"
status = "approved"
kind = "verification"
tag = "user"
[[templates]]
code = "SMS_154950909"
kind = "verification"
content = "您的验证码为：${code}，请勿泄露于他人！"
status = "approved"
tag = "user"
[limits]
per_minute = 1
per_hour = 5
per_day = 10
"#;
    let account = Account::from_toml(text).unwrap();
    assert_eq!(
        (
            account.balance,
            account.access_keys.len(),
            account.templates.len()
        ),
        (Some(100.0), 1, 1)
    );
    assert_eq!(account.sign_names[0].kind, SignKind::Verification);
}

#[test]
fn errors_say_where() {
    for (text, line, words) in [
        ("balnce = 1", Some(1), "balnce"),
        (
            "\n[limits]\nper_minute = \"x\"",
            Some(3),
            "limits.per_minute",
        ),
        ("[[templates]]\ncode = \"a\"", Some(1), "content"),
        (
            "[[templates]]\ncode = \"a\"\ncontent = \"b\"\nkind = \"sms\"",
            Some(4),
            "kind",
        ),
        ("balance = ", Some(1), ""),
        ("balance = -1.0", None, "balance"),
        (
            "[[access_keys]]\nid = \"a\"\nsecret = \"b\"\n[[access_keys]]\nid = \"a\"\nsecret = \"c\"",
            None,
            "access_keys[1].id",
        ),
        (
            "[[sign_names]]\nname = \"【a】\"",
            None,
            "sign_names[0].name",
        ),
    ] {
        let error = Account::from_toml(text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

#[tokio::test]
async fn out_of_the_box_everything_can_be_tried() {
    let account = Account::default();
    assert!(
        account
            .sign_names
            .iter()
            .all(|name| name.status == ReviewStatus::Approved)
    );
    for kind in [
        TemplateKind::Verification,
        TemplateKind::International,
        TemplateKind::Notification,
    ] {
        assert!(
            account
                .templates
                .iter()
                .any(|template| template.kind == kind)
        );
    }
    assert!(
        account
            .templates
            .iter()
            .any(|template| template.tag == Tag::Test)
    );
    let emulator = start().await;
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    let call = send_sms(&emulator)
        .param("TemplateCode", OVERSEAS)
        .param("PhoneNumbers", "85268326366");
    assert_eq!(call.send(&emulator).await.code(), "OK");
}

#[test]
fn m_nothing_prints_a_secret() {
    let mut account = Account::default();
    account.access_keys[0].security_token = Some("the-token".into());
    let text = format!("{account:?} {:?}", account.access_keys[0]);
    assert!(
        !text.contains("testsecret") && !text.contains("the-token"),
        "{text}"
    );
}

#[tokio::test]
async fn m_debug_prints_no_code_and_no_number() {
    let emulator = start().await;
    send_sms(&emulator).send(&emulator).await;
    let text = format!(
        "{emulator:?} {:?} {:?}",
        emulator.messages(),
        emulator.requests(9)
    );
    assert!(
        !text.contains("123456") && !text.contains("13800138000") && !text.contains("testsecret"),
        "{text}"
    );
}
