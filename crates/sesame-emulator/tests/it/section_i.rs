//! I: `Dypnsapi`, where Aliyun makes the codes and checks them.

use serde_json::{Value, json};
use sesame_emulator::{
    Account, AccountState, Emulator, ErrorCodes, Limits, MessageStatus, Pns, WrongCode,
};

use crate::support::*;

const GIFT_SIGN: &str = "速通互联验证码";
const GIFT_TEMPLATE: &str = "100001";
const VALIDATE_FAIL: (u16, &str) = (400, "isv.ValidateFail");

fn send(emulator: &Emulator) -> Call {
    Call::new(
        emulator,
        "SendSmsVerifyCode",
        &[
            ("PhoneNumber", NUMBER),
            ("SignName", GIFT_SIGN),
            ("TemplateCode", GIFT_TEMPLATE),
            ("TemplateParam", r###"{"code":"##code##","min":"5"}"###),
        ],
    )
}

fn check(emulator: &Emulator, code: &str) -> Call {
    Call::new(
        emulator,
        "CheckSmsVerifyCode",
        &[("PhoneNumber", NUMBER), ("VerifyCode", code)],
    )
}

/// Sends one and says which code the phone shows.
async fn sent_code(emulator: &Emulator, call: Call) -> String {
    accepted(emulator, &call).await;
    emulator.messages()[0].template_param["code"].clone()
}

async fn refused(emulator: &Emulator, call: Call, code: &str) {
    let expected = (200, code.to_owned());
    assert_eq!(
        outcome(emulator, &call).await,
        expected,
        "{:?}",
        call.params
    );
}

async fn passes(emulator: &Emulator, call: &Call) {
    let body = accepted(emulator, call).await;
    assert_eq!(body["Model"]["VerifyResult"], "PASS", "{body}");
    assert_eq!(body["Success"], true);
}

async fn fails(emulator: &Emulator, call: &Call) {
    let (status, code) = outcome(emulator, call).await;
    assert_eq!((status, code.as_str()), VALIDATE_FAIL);
}

fn pns(pns: Pns) -> Account {
    Account { pns, ..unlimited() }
}

#[tokio::test]
async fn i1_the_code_is_made_and_sent() {
    let emulator = start_with(unlimited()).await;
    let body = accepted(&emulator, &send(&emulator).param("OutId", "o-1")).await;
    assert_eq!(body["Success"], true);
    let model = &body["Model"];
    assert_eq!(model["OutId"], "o-1");
    assert_eq!(model["RequestId"], body["RequestId"]);
    assert!(model.get("VerifyCode").is_none());
    let message = emulator.messages().remove(0);
    assert_eq!(model["BizId"], message.biz_id.as_str());
    assert_eq!(message.out_id.as_deref(), Some("o-1"));
    let code = &message.template_param["code"];
    assert!(
        code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit()),
        "{code}"
    );
    assert!(message.text.starts_with("【速通互联验证码】") && message.text.contains(code.as_str()));
    assert!(message.text.contains("5分钟"));
    emulator.advance_secs(1).unwrap();
    assert_eq!(emulator.messages()[0].status, MessageStatus::Delivered);
}

#[tokio::test]
async fn i1_length_and_kind_of_the_code() {
    let emulator = start_with(unlimited()).await;
    let (digits, upper, lower) = (
        "0123456789",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "abcdefghijklmnopqrstuvwxyz",
    );
    for (kind, alphabet) in [
        ("1", [digits, "", ""]),
        ("2", ["", upper, ""]),
        ("3", ["", "", lower]),
        ("4", ["", upper, lower]),
        ("5", [digits, upper, ""]),
        ("6", [digits, "", lower]),
        ("7", [digits, upper, lower]),
    ] {
        let alphabet = alphabet.concat();
        for length in 4..=8_usize {
            emulator.advance_secs(60).unwrap();
            let call = send(&emulator)
                .param("CodeType", kind)
                .param("CodeLength", &length.to_string());
            let code = sent_code(&emulator, call).await;
            assert_eq!(code.len(), length);
            assert!(code.chars().all(|c| alphabet.contains(c)), "{kind}: {code}");
        }
    }
}

#[tokio::test]
async fn i1_the_answer_tells_the_code_if_asked() {
    let emulator = start_with(unlimited()).await;
    for (value, told) in [
        ("true", true),
        ("True", true),
        ("TRUE", true),
        ("false", false),
        ("False", false),
    ] {
        emulator.advance_secs(60).unwrap();
        let call = send(&emulator).param("ReturnVerifyCode", value);
        let body = accepted(&emulator, &call).await;
        let code = emulator.messages()[0].template_param["code"].clone();
        let expected = if told { json!(code) } else { Value::Null };
        assert_eq!(body["Model"]["VerifyCode"], expected, "{value}");
    }
    let call = send(&emulator).param("ReturnVerifyCode", "1");
    let expected = (400, "InvalidReturnVerifyCode".to_owned());
    assert_eq!(outcome(&emulator, &call).await, expected);
}

#[tokio::test]
async fn i1_what_makes_no_sense_is_refused() {
    let emulator = start_with(unlimited()).await;
    for (name, value, code) in [
        ("CodeLength", "3", "isv.ILLEGAL_ARGUMENT"),
        ("CodeLength", "9", "isv.ILLEGAL_ARGUMENT"),
        ("CodeType", "0", "isv.ILLEGAL_ARGUMENT"),
        ("CodeType", "8", "isv.ILLEGAL_ARGUMENT"),
        ("ValidTime", "0", "isv.ILLEGAL_ARGUMENT"),
        ("Interval", "0", "isv.ILLEGAL_ARGUMENT"),
        ("DuplicatePolicy", "3", "isv.ILLEGAL_ARGUMENT"),
        (
            "SchemeName",
            "一个超过二十个字符的方案名称一个超过二十个",
            "isv.ILLEGAL_ARGUMENT",
        ),
        ("SignName", SIGN_NAME, "isv.INVALID_PARAMETERS"),
        ("TemplateCode", CODE, "isv.INVALID_PARAMETERS"),
        ("TemplateCode", "100404", "isv.INVALID_PARAMETERS"),
        ("TemplateParam", "x", "isv.INVALID_JSON_PARAM"),
        (
            "TemplateParam",
            r###"{"code":"##code##"}"###,
            "isv.TEMPLATE_MISSING_PARAMETERS",
        ),
        ("PhoneNumber", "85268326366", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("PhoneNumber", "x", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("CountryCode", "852", "isv.MOBILE_NUMBER_ILLEGAL"),
    ] {
        refused(&emulator, send(&emulator).param(name, value), code).await;
    }
    for name in [
        "CodeLength",
        "CodeType",
        "ValidTime",
        "Interval",
        "DuplicatePolicy",
    ] {
        for value in ["x", "-1", "+5", "1.5"] {
            let call = send(&emulator).param(name, value);
            let expected = (400, format!("Invalid{name}"));
            assert_eq!(outcome(&emulator, &call).await, expected, "{value}");
        }
    }
    assert_eq!(emulator.messages(), []);
    accepted(&emulator, &send(&emulator).param("CountryCode", "86")).await;
}

#[tokio::test]
async fn i2_the_interval_is_kept() {
    let emulator = start_with(unlimited()).await;
    accepted(&emulator, &send(&emulator)).await;
    let answer = send(&emulator).send(&emulator).await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(body["Code"], "biz.FREQUENCY");
    assert_eq!(body["Message"], "check frequency failed");
    assert_eq!(body["Success"], false);
    emulator.advance_secs(59).unwrap();
    refused(&emulator, send(&emulator), "biz.FREQUENCY").await;
    // Another number, a shorter interval.
    accepted(
        &emulator,
        &send(&emulator).param("PhoneNumber", "13900139000"),
    )
    .await;
    accepted(&emulator, &send(&emulator).param("Interval", "59")).await;
    emulator.advance_secs(60).unwrap();
    accepted(&emulator, &send(&emulator)).await;
    assert_eq!(emulator.messages_to(NUMBER).len(), 3);
}

#[tokio::test]
async fn i2_limits_by_hour_and_day_are_the_accounts() {
    let account = Account {
        limits: Limits {
            per_minute: 1,
            per_hour: 2,
            ..Limits::default()
        },
        ..Account::default()
    };
    let emulator = start_with(account).await;
    // The interval stands in for the limit per minute.
    accepted(&emulator, &send(&emulator)).await;
    emulator.advance_secs(1).unwrap();
    accepted(&emulator, &send(&emulator).param("Interval", "1")).await;
    emulator.advance_secs(60).unwrap();
    let answer = send(&emulator).send(&emulator).await;
    assert_eq!(answer.code(), "isv.BUSINESS_LIMIT_CONTROL");
    assert_eq!(answer.message(), "触发小时级流控Permits:2");
}

#[tokio::test]
async fn i2_codes_of_errors_can_be_bare() {
    let emulator = start_with(pns(Pns {
        error_codes: ErrorCodes::Bare,
        ..Pns::default()
    }))
    .await;
    accepted(&emulator, &send(&emulator)).await;
    refused(&emulator, send(&emulator), "FREQUENCY_FAIL").await;
    for (name, value, code) in [
        ("SignName", "x", "INVALID_PARAMETERS"),
        ("PhoneNumber", "x", "MOBILE_NUMBER_ILLEGAL"),
        // In Aliyun's list this one has a prefix alone.
        ("CodeLength", "9", "isv.ILLEGAL_ARGUMENT"),
    ] {
        refused(&emulator, send(&emulator).param(name, value), code).await;
    }
}

#[tokio::test]
async fn i3_a_new_code_kills_the_old_one_or_does_not() {
    for (policy, old_lives) in [(None, false), (Some("1"), false), (Some("2"), true)] {
        let emulator = start_with(unlimited()).await;
        let call = || match policy {
            Some(policy) => send(&emulator).param("DuplicatePolicy", policy),
            None => send(&emulator),
        };
        let old = sent_code(&emulator, call()).await;
        emulator.advance_secs(60).unwrap();
        let new = sent_code(&emulator, call()).await;
        assert_ne!(old, new);
        if old_lives {
            passes(&emulator, &check(&emulator, &old)).await;
        } else {
            fails(&emulator, &check(&emulator, &old)).await;
        }
        passes(&emulator, &check(&emulator, &new)).await;
    }
}

#[tokio::test]
async fn i4_a_code_ends() {
    let emulator = start_with(pns(Pns {
        used_up_after_pass: false,
        ..Pns::default()
    }))
    .await;
    for (valid_time, secs) in [(None, 300), (Some("600"), 600)] {
        let call = match valid_time {
            Some(value) => send(&emulator).param("ValidTime", value),
            None => send(&emulator),
        };
        let code = sent_code(&emulator, call).await;
        emulator.advance_secs(secs - 1).unwrap();
        passes(&emulator, &check(&emulator, &code)).await;
        emulator.advance_secs(1).unwrap();
        fails(&emulator, &check(&emulator, &code)).await;
    }
}

#[tokio::test]
async fn i5_right_and_wrong_codes() {
    let emulator = start_with(unlimited()).await;
    fails(&emulator, &check(&emulator, "1234")).await;
    let code = sent_code(&emulator, send(&emulator)).await;
    let wrong = if code == "0000" { "0001" } else { "0000" };
    let answer = check(&emulator, wrong).send(&emulator).await;
    assert_eq!((answer.status, answer.code().as_str()), VALIDATE_FAIL);
    assert_eq!(answer.message(), "验证失败");
    let other = check(&emulator, &code).param("PhoneNumber", "13900139000");
    fails(&emulator, &other).await;
    let call = check(&emulator, &code).param("OutId", "o-2");
    let body = accepted(&emulator, &call).await;
    assert_eq!(
        body["Model"],
        json!({ "VerifyResult": "PASS", "OutId": "o-2" })
    );
    for name in ["PhoneNumber", "VerifyCode"] {
        let call = check(&emulator, &code).without(name);
        let expected = (400, format!("Missing{name}"));
        assert_eq!(outcome(&emulator, &call).await, expected);
    }
}

#[tokio::test]
async fn i5_a_wrong_code_can_be_unknown() {
    let emulator = start_with(pns(Pns {
        wrong_code: WrongCode::Unknown,
        ..Pns::default()
    }))
    .await;
    let code = sent_code(&emulator, send(&emulator)).await;
    let body = accepted(&emulator, &check(&emulator, "wrong")).await;
    assert_eq!(body["Model"]["VerifyResult"], "UNKNOWN");
    assert_eq!(body["Success"], true);
    passes(&emulator, &check(&emulator, &code)).await;
}

#[tokio::test]
async fn i6_schemes_keep_their_codes_apart() {
    let emulator = start_with(unlimited()).await;
    let code = sent_code(&emulator, send(&emulator).param("SchemeName", "注册")).await;
    fails(&emulator, &check(&emulator, &code)).await;
    fails(
        &emulator,
        &check(&emulator, &code).param("SchemeName", "登录"),
    )
    .await;
    passes(
        &emulator,
        &check(&emulator, &code).param("SchemeName", "注册"),
    )
    .await;
}

#[tokio::test]
async fn i6_schemes_can_be_listed() {
    let emulator = start_with(pns(Pns {
        schemes: Some(vec!["注册".to_owned()]),
        ..Pns::default()
    }))
    .await;
    accepted(&emulator, &send(&emulator).param("SchemeName", "注册")).await;
    for call in [send(&emulator), check(&emulator, "1")] {
        let call = call.param("SchemeName", "登录");
        refused(&emulator, call, "isv.VERIFY_SCHEME_NOT_EXIST").await;
    }
}

#[tokio::test]
async fn i6_case_counts_or_does_not() {
    let emulator = start_with(pns(Pns {
        used_up_after_pass: false,
        ..Pns::default()
    }))
    .await;
    let code = sent_code(&emulator, send(&emulator).param("CodeType", "2")).await;
    let typed = || check(&emulator, &code.to_lowercase());
    passes(&emulator, &typed()).await;
    passes(&emulator, &typed().param("CaseAuthPolicy", "1")).await;
    fails(&emulator, &typed().param("CaseAuthPolicy", "2")).await;
    passes(
        &emulator,
        &check(&emulator, &code).param("CaseAuthPolicy", "2"),
    )
    .await;
    let call = typed().param("CaseAuthPolicy", "3");
    refused(&emulator, call, "isv.ILLEGAL_ARGUMENT").await;
}

#[tokio::test]
async fn i7_a_code_of_the_callers_own_never_passes() {
    let emulator = start_with(unlimited()).await;
    let call = send(&emulator).param("TemplateParam", r#"{"code":"123456","min":"5"}"#);
    assert_eq!(sent_code(&emulator, call).await, "123456");
    fails(&emulator, &check(&emulator, "123456")).await;
}

#[tokio::test]
async fn i8_required_parameters() {
    let emulator = start_with(unlimited()).await;
    for name in ["PhoneNumber", "SignName", "TemplateCode", "TemplateParam"] {
        for call in [
            send(&emulator).without(name),
            send(&emulator).param(name, ""),
        ] {
            let expected = (400, format!("Missing{name}"));
            assert_eq!(outcome(&emulator, &call).await, expected);
        }
    }
}

#[tokio::test]
async fn i9_a_code_is_used_up_or_is_not() {
    for used_up_after_pass in [true, false] {
        let emulator = start_with(pns(Pns {
            used_up_after_pass,
            ..Pns::default()
        }))
        .await;
        let code = sent_code(&emulator, send(&emulator)).await;
        passes(&emulator, &check(&emulator, &code)).await;
        if used_up_after_pass {
            fails(&emulator, &check(&emulator, &code)).await;
        } else {
            passes(&emulator, &check(&emulator, &code)).await;
        }
    }
}

#[tokio::test]
async fn i9_wrong_tries_can_be_limited() {
    for (wrong_tries_max, lives) in [(None, true), (Some(4), true), (Some(3), false)] {
        let emulator = start_with(pns(Pns {
            wrong_tries_max,
            ..Pns::default()
        }))
        .await;
        let code = sent_code(&emulator, send(&emulator)).await;
        for _ in 0..3 {
            fails(&emulator, &check(&emulator, "wrong")).await;
        }
        if lives {
            passes(&emulator, &check(&emulator, &code)).await;
        } else {
            fails(&emulator, &check(&emulator, &code)).await;
        }
    }
}

#[tokio::test]
async fn i_an_account_may_not_have_the_product() {
    let states = |state| Account {
        state,
        ..unlimited()
    };
    let disabled = pns(Pns {
        enabled: false,
        ..Pns::default()
    });
    let poor = Account {
        balance: Some(0.0),
        ..unlimited()
    };
    for (account, code) in [
        (disabled, "FUNCTION_NOT_OPENED"),
        (
            states(AccountState::Unsubscribed),
            "isv.PRODUCT_UNSUBSCRIBE",
        ),
        (states(AccountState::OutOfService), "isv.OUT_OF_SERVICE"),
        (states(AccountState::Frozen), "isv.SECURITY_FROZEN_ACCOUNT"),
        (poor, "isv.OUT_OF_SERVICE"),
    ] {
        let emulator = start_with(account).await;
        refused(&emulator, send(&emulator), code).await;
        assert_eq!(emulator.messages(), []);
    }
}

#[tokio::test]
async fn i_a_reset_forgets_the_codes() {
    let emulator = start_with(unlimited()).await;
    let code = sent_code(&emulator, send(&emulator)).await;
    emulator.reset();
    fails(&emulator, &check(&emulator, &code)).await;
    accepted(&emulator, &send(&emulator)).await;
}
