//! E: `SendSms` and `SendBatchSms`.

use sesame_emulator::{
    Account, AccountState, Emulator, Fault, FaultOrder, ReviewStatus, SignKind, SignName, Template,
    TemplateKind,
};

use crate::support::*;

async fn code(emulator: &Emulator, call: Call) -> String {
    let answer = call.send(emulator).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.code()
}

#[tokio::test]
async fn e1_missing_or_empty_parameters() {
    let emulator = start().await;
    for name in ["PhoneNumbers", "SignName", "TemplateCode"] {
        for kind in KINDS {
            for call in [
                send_sms(&emulator).without(name),
                send_sms(&emulator).param(name, ""),
            ] {
                let answer = call.kind(kind).send(&emulator).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (400, format!("Missing{name}"))
                );
                assert_eq!(
                    answer.message(),
                    format!("{name} is mandatory for this action.")
                );
            }
        }
    }
}

#[tokio::test]
async fn e2_unknown_and_unapproved_signatures_and_templates() {
    let mut account = unlimited();
    for status in [ReviewStatus::Reviewing, ReviewStatus::Rejected] {
        let name = format!("{status:?}");
        account.sign_names.push(SignName {
            status,
            ..SignName::new(&name, SignKind::General)
        });
        let unapproved = Template::new(&name, TemplateKind::Verification, "${code}");
        account.templates.push(Template {
            status,
            ..unapproved
        });
    }
    let emulator = start_with(account).await;
    for name in [
        "x",
        "Reviewing",
        "Rejected",
        " 阿里云短信测试",
        "【阿里云短信测试】",
    ] {
        let answer = send_sms(&emulator)
            .param("SignName", name)
            .send(&emulator)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (200, "isv.SMS_SIGNATURE_ILLEGAL")
        );
        assert_eq!(answer.message(), "该账号下找不到对应签名");
    }
    for name in ["x", "Reviewing", "Rejected", "sms_154950909"] {
        let answer = send_sms(&emulator)
            .param("TemplateCode", name)
            .send(&emulator)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (200, "isv.SMS_TEMPLATE_ILLEGAL")
        );
        assert_eq!(answer.message(), "该账号下找不到对应模板");
    }
}

#[tokio::test]
async fn e3_e4_template_param_is_an_object_of_texts() {
    let emulator = start_with(unlimited()).await;
    for (param, expected) in [
        ("{", "isv.INVALID_JSON_PARAM"),
        ("123456", "isv.INVALID_JSON_PARAM"),
        ("null", "isv.INVALID_JSON_PARAM"),
        ("[\"123456\"]", "isv.INVALID_JSON_PARAM"),
        ("{\"code\":123456}", "isv.INVALID_JSON_PARAM"),
        ("{\"code\":null}", "isv.INVALID_JSON_PARAM"),
        (
            "{\"code\":\"1\",\"user\":{\"a\":1}}",
            "isv.INVALID_JSON_PARAM",
        ),
        ("{\"code\":\"1\"} ,", "isv.INVALID_JSON_PARAM"),
        ("{}", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("{\"Code\":\"1\"}", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("{\"code\":\"\"}", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("{\"code\":\"1\",\"locale\":\"zh\"}", "OK"),
        (
            "{\"code\":\"1\",\"locale\":\"zh-CN\"}",
            "isv.INVALID_PARAMETERS",
        ),
        (" {\"code\" : \"\\u0031\"} ", "OK"),
    ] {
        assert_eq!(
            code(&emulator, send_sms(&emulator).param("TemplateParam", param)).await,
            expected,
            "{param}"
        );
    }
    let answer = send_sms(&emulator)
        .without("TemplateParam")
        .send(&emulator)
        .await;
    assert_eq!(answer.code(), "isv.TEMPLATE_MISSING_PARAMETERS");
    assert_eq!(answer.message(), "模板变量缺少对应参数值");
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(
        code(&emulator, send_sms(&emulator).param("TemplateParam", &deep)).await,
        "isv.INVALID_JSON_PARAM"
    );
}

#[tokio::test]
async fn e5_e6_e7_what_a_value_may_hold() {
    let emulator = start_with(unlimited()).await;
    let param = |value: &str| serde_json::json!({ "code": value }).to_string();
    for (value, expected) in [
        ("Ab12", "OK"),
        ("12345678901234567890", "OK"),
        ("123456789012345678901", "isv.PARAM_LENGTH_LIMIT"),
        ("12-34", "isv.INVALID_PARAMETERS"),
        ("12 34", "isv.INVALID_PARAMETERS"),
        ("验证码", "isv.INVALID_PARAMETERS"),
        ("１２３４", "isv.INVALID_PARAMETERS"),
        ("{", "isv.INVALID_PARAMETERS"),
        ("https://a.b", "isv.PARAM_NOT_SUPPORT_URL"),
        ("www.example.com", "isv.PARAM_NOT_SUPPORT_URL"),
        ("12👍", "isv.UNSUPPORTED_CONTENT"),
    ] {
        let call = send_sms(&emulator).param("TemplateParam", &param(value));
        assert_eq!(code(&emulator, call).await, expected, "{value}");
    }
    let answer = send_sms(&emulator)
        .param("TemplateParam", &param("-"))
        .send(&emulator)
        .await;
    assert_eq!(
        answer.message(),
        "params must be [a-zA-Z0-9] for verification sms"
    );

    let notification = |note: &str| {
        send_sms(&emulator)
            .param("SignName", GENERAL)
            .param("TemplateCode", NOTIFICATION)
            .param(
                "TemplateParam",
                &serde_json::json!({ "name": "王五", "note": note }).to_string(),
            )
    };
    let long = "长".repeat(36);
    for (note, expected) in [
        ("您 的-订单(1)", "OK"),
        (&long[..105], "OK"),
        (&long, "isv.PARAM_LENGTH_LIMIT"),
        ("t.cn/abc", "isv.PARAM_NOT_SUPPORT_URL"),
        ("👨‍👩‍👧", "isv.UNSUPPORTED_CONTENT"),
    ] {
        assert_eq!(
            code(&emulator, notification(note)).await,
            expected,
            "{note}"
        );
    }
}

#[tokio::test]
async fn e6_lengths_can_be_configured() {
    let mut account = unlimited();
    account.limits.verification_value_max = 6;
    account.templates.push(Template {
        value_max: Some(2),
        ..Template::new("SMS_2", TemplateKind::Verification, "${code}")
    });
    let emulator = start_with(account).await;
    let call = send_sms(&emulator).param("TemplateParam", r#"{"code":"1234567"}"#);
    assert_eq!(code(&emulator, call).await, "isv.PARAM_LENGTH_LIMIT");
    let call = send_sms(&emulator)
        .param("TemplateCode", "SMS_2")
        .param("TemplateParam", r#"{"code":"123"}"#);
    assert_eq!(code(&emulator, call).await, "isv.PARAM_LENGTH_LIMIT");
}

#[tokio::test]
async fn e8_malformed_numbers() {
    let emulator = start_with(unlimited()).await;
    for number in [
        "13900000000000",
        "abc",
        "1380013800",
        "138001380001",
        " 13800138000",
        "138 0013 8000",
        "１３８００１３８０００",
        "13800138000,",
        ",13800138000",
        "13800138000，13800138001",
        "8612345678",
        "+",
        "0",
        "1380013800a",
        "{}",
        "85268326366",
        "01013800138000",
    ] {
        let answer = send_sms(&emulator)
            .param("PhoneNumbers", number)
            .send(&emulator)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (200, "isv.MOBILE_NUMBER_ILLEGAL"),
            "{number}"
        );
        assert!(
            answer.message().ends_with("invalid mobile number"),
            "{}",
            answer.message()
        );
    }
    let answer = send_sms(&emulator)
        .param("PhoneNumbers", "13900000000000")
        .send(&emulator)
        .await;
    assert_eq!(answer.message(), "13900000000000invalid mobile number");
    assert_eq!(emulator.messages(), []);
}

#[tokio::test]
async fn e9_all_notations_are_one_recipient() {
    let emulator = start_with(unlimited()).await;
    let notations = [
        "13800138000",
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        "+13800138000",
    ];
    for number in notations {
        assert_eq!(
            code(&emulator, send_sms(&emulator).param("PhoneNumbers", number)).await,
            "OK",
            "{number}"
        );
    }
    assert!(
        emulator
            .messages()
            .iter()
            .all(|message| message.to == "+8613800138000")
    );
    for number in notations {
        let details = query_details(&emulator, number)
            .send(&emulator)
            .await
            .json();
        assert_eq!(details["TotalCount"], 5, "{number}");
        assert_eq!(
            details["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0]["PhoneNum"],
            "13800138000"
        );
    }
    emulator.set_account(Account::default()).unwrap();
    emulator.reset();
    assert_eq!(code(&emulator, send_sms(&emulator)).await, "OK");
    for number in notations {
        let call = send_sms(&emulator).param("PhoneNumbers", number);
        assert_eq!(
            code(&emulator, call).await,
            "isv.BUSINESS_LIMIT_CONTROL",
            "{number}"
        );
    }
}

#[tokio::test]
async fn e10_numbers_from_elsewhere_need_an_international_template() {
    let emulator = start_with(unlimited()).await;
    let overseas = |number: &str| {
        send_sms(&emulator)
            .param("TemplateCode", OVERSEAS)
            .param("PhoneNumbers", number)
    };
    for number in [
        "85268326366",
        "+85268326366",
        "0085268326366",
        "447911123456",
    ] {
        assert_eq!(code(&emulator, overseas(number)).await, "OK", "{number}");
        let mainland = send_sms(&emulator).param("PhoneNumbers", number);
        assert_eq!(
            code(&emulator, mainland).await,
            "isv.MOBILE_NUMBER_ILLEGAL",
            "{number}"
        );
    }
    assert_eq!(emulator.messages_to("+852 6832 6366").len(), 3);
    for number in [
        "13800138000",
        "8613800138000",
        "+8613012345678",
        "008613012345678",
        "13912345678",
    ] {
        assert_eq!(
            code(&emulator, overseas(number)).await,
            "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
            "{number}"
        );
    }
}

#[tokio::test]
async fn e10_one_and_ten_digits_go_where_the_template_goes() {
    let emulator = start_with(unlimited()).await;
    for number in ["14155552671", "+14155552671"] {
        let call = send_sms(&emulator).param("PhoneNumbers", number);
        assert_eq!(code(&emulator, call.clone()).await, "OK");
        assert_eq!(
            emulator.messages()[0].to,
            "+8614155552671",
            "a stranger in the mainland"
        );
        assert_eq!(
            code(
                &emulator,
                call.clone()
                    .nonce(&format!("o{number}"))
                    .param("TemplateCode", OVERSEAS)
            )
            .await,
            "OK"
        );
        assert_eq!(emulator.messages()[0].to, "+14155552671");
    }
    assert_eq!(emulator.messages_to("+1 415-555-2671").len(), 2);
    assert_eq!(emulator.messages_to("+86 14155552671").len(), 2);
}

#[tokio::test]
async fn e11_too_many_numbers() {
    let emulator = start_with(unlimited()).await;
    let numbers = |many: u64| {
        let all: Vec<String> = (0..many)
            .map(|at| (13_000_000_000 + at).to_string())
            .collect();
        all
    };
    let call = send_sms(&emulator).param("PhoneNumbers", &numbers(1000).join(","));
    assert_eq!(code(&emulator, call).await, "OK");
    assert_eq!(emulator.messages().len(), 1000);
    let call = send_sms(&emulator).param("PhoneNumbers", &numbers(1001).join(","));
    assert_eq!(code(&emulator, call).await, "isv.MOBILE_COUNT_OVER_LIMIT");
    assert_eq!(code(&emulator, batch(&emulator, &numbers(100))).await, "OK");
    assert_eq!(
        code(&emulator, batch(&emulator, &numbers(101))).await,
        "isv.MOBILE_COUNT_OVER_LIMIT"
    );
}

fn batch(emulator: &Emulator, numbers: &[String]) -> Call {
    let json = |value: serde_json::Value| value.to_string();
    Call::new(
        emulator,
        "SendBatchSms",
        &[
            ("PhoneNumberJson", &json(numbers.into())),
            ("SignNameJson", &json(vec![SIGN_NAME; numbers.len()].into())),
            ("TemplateCode", CODE),
            (
                "TemplateParamJson",
                &json(
                    (0..numbers.len())
                        .map(|at| serde_json::json!({"code": at.to_string()}))
                        .collect(),
                ),
            ),
        ],
    )
}

#[tokio::test]
async fn e12_batches_are_matched_by_index() {
    let emulator = start_with(unlimited()).await;
    let two = || {
        batch(
            &emulator,
            &["13800138000".to_owned(), "+8613800138001".to_owned()],
        )
    };
    for kind in KINDS {
        let answer = two().kind(kind).param("OutId", "o").send(&emulator).await;
        assert_eq!(answer.code(), "OK", "{}", answer.text());
        let first = &emulator.messages_to("13800138000")[0];
        let second = &emulator.messages_to("13800138001")[0];
        assert_eq!(
            (
                first.template_param["code"].as_str(),
                second.template_param["code"].as_str()
            ),
            ("0", "1")
        );
        assert_eq!(first.biz_id, answer.json()["BizId"].as_str().unwrap());
        assert_eq!(
            (first.biz_id.as_str(), first.out_id.as_deref()),
            (second.biz_id.as_str(), Some("o"))
        );
    }
    emulator.clear();
    for (name, value) in [
        ("PhoneNumberJson", "13800138000"),
        ("PhoneNumberJson", "\"13800138000\""),
        ("PhoneNumberJson", "[]"),
        ("PhoneNumberJson", "[\"13800138000\"]"),
        ("PhoneNumberJson", "[13800138000,13800138001]"),
        ("PhoneNumberJson", "{"),
        ("SignNameJson", "[\"a\"]"),
        ("SignNameJson", "阿里云短信测试"),
        ("TemplateParamJson", "[{\"code\":\"1\"}]"),
        ("TemplateParamJson", "{\"code\":\"1\"}"),
        ("SmsUpExtendCodeJson", "[\"1\"]"),
    ] {
        assert_eq!(
            code(&emulator, two().param(name, value)).await,
            "isv.INVALID_PARAMETERS",
            "{name} {value}"
        );
    }
    for (name, value, expected) in [
        (
            "TemplateParamJson",
            "[{\"code\":\"1\"},{\"code\":2}]",
            "isv.INVALID_JSON_PARAM",
        ),
        (
            "TemplateParamJson",
            "[{\"code\":\"1\"},{}]",
            "isv.TEMPLATE_MISSING_PARAMETERS",
        ),
        (
            "SignNameJson",
            "[\"阿里云短信测试\",\"x\"]",
            "isv.SMS_SIGNATURE_ILLEGAL",
        ),
        (
            "PhoneNumberJson",
            "[\"13800138000\",\"x\"]",
            "isv.MOBILE_NUMBER_ILLEGAL",
        ),
        ("TemplateCode", "x", "isv.SMS_TEMPLATE_ILLEGAL"),
    ] {
        assert_eq!(
            code(&emulator, two().param(name, value)).await,
            expected,
            "{name} {value}"
        );
    }
    assert_eq!(
        code(&emulator, two().without("TemplateParamJson")).await,
        "isv.TEMPLATE_MISSING_PARAMETERS"
    );
    for name in ["PhoneNumberJson", "SignNameJson", "TemplateCode"] {
        assert_eq!(
            two().without(name).send(&emulator).await.code(),
            format!("Missing{name}")
        );
    }
    assert_eq!(emulator.messages(), [], "all or none");
}

#[tokio::test]
async fn e13_a_code_signature_is_for_codes() {
    let emulator = start_with(unlimited()).await;
    let call = send_sms(&emulator)
        .param("TemplateCode", NOTIFICATION)
        .param("TemplateParam", r#"{"name":"a","note":"b"}"#);
    assert_eq!(
        code(&emulator, call.clone()).await,
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL"
    );
    assert_eq!(
        code(&emulator, call.nonce("e13").param("SignName", GENERAL)).await,
        "OK"
    );
    assert_eq!(
        code(&emulator, send_sms(&emulator).param("SignName", GENERAL)).await,
        "OK"
    );
    // Of two with one name, the general one is used.
    let mut account = unlimited();
    account.sign_names = vec![
        SignName::new("s", SignKind::Verification),
        SignName::new("s", SignKind::General),
        SignName::new("s", SignKind::Verification),
    ];
    emulator.set_account(account).unwrap();
    let call = send_sms(&emulator)
        .param("SignName", "s")
        .param("TemplateCode", NOTIFICATION)
        .param("TemplateParam", r#"{"name":"a","note":"b"}"#);
    assert_eq!(code(&emulator, call).await, "OK");
}

#[tokio::test]
async fn e15_an_out_id_has_a_length_in_batches_only() {
    let emulator = start_with(unlimited()).await;
    let numbers = [NUMBER.to_owned()];
    for (length, of_batch) in [(255, "OK"), (256, "isv.INVALID_PARAMETERS")] {
        let out_id = "号".repeat(length);
        let call = batch(&emulator, &numbers).param("OutId", &out_id);
        assert_eq!(code(&emulator, call).await, of_batch, "{length}");
        let call = send_sms(&emulator).param("OutId", &out_id);
        assert_eq!(code(&emulator, call).await, "OK", "{length}");
    }
}

#[tokio::test]
async fn e14_e15_e16_what_success_says() {
    let emulator = start_with(unlimited()).await;
    let mut receipts = std::collections::HashSet::new();
    for kind in KINDS {
        let call = send_sms(&emulator)
            .kind(kind)
            .param("OutId", "same")
            .param("PhoneNumbers", "13800138000,13800138001");
        let body = call.send(&emulator).await.json();
        assert_eq!(
            (body["Code"].as_str(), body["Message"].as_str()),
            (Some("OK"), Some("OK"))
        );
        let biz_id = body["BizId"].as_str().unwrap().to_owned();
        let (digits, rest) = biz_id.split_once('^').unwrap();
        assert!(
            digits.len() == 18 && digits.bytes().all(|b| b.is_ascii_digit()) && rest == "0",
            "{biz_id}"
        );
        let sent = emulator.messages();
        assert!(
            sent[..2]
                .iter()
                .all(|m| m.biz_id == biz_id && m.out_id.as_deref() == Some("same"))
        );
        assert!(receipts.insert(biz_id));
        assert!(body.get("HostId").is_none());
    }
    assert_eq!(emulator.messages().len(), 12);
    let details = query_details(&emulator, NUMBER)
        .send(&emulator)
        .await
        .json();
    assert_eq!(
        details["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0]["OutId"],
        "same"
    );
}

#[tokio::test]
async fn e17_the_text_as_the_phone_shows_it() {
    let mut account = unlimited();
    account.templates.push(Template::new(
        "SMS_1",
        TemplateKind::Verification,
        "{{code}} is text, ${code} is not",
    ));
    account.templates.push(Template::new(
        "SMS_2",
        TemplateKind::Verification,
        "no variable",
    ));
    let emulator = start_with(account).await;
    code(&emulator, send_sms(&emulator)).await;
    assert_eq!(
        emulator.messages()[0].text,
        "【阿里云短信测试】您的验证码为：123456，请勿泄露于他人！"
    );
    code(
        &emulator,
        send_sms(&emulator).param("TemplateCode", "SMS_1"),
    )
    .await;
    assert_eq!(
        emulator.messages()[0].text,
        "【阿里云短信测试】{{code}} is text, 123456 is not"
    );
    code(
        &emulator,
        send_sms(&emulator)
            .param("TemplateCode", "SMS_2")
            .without("TemplateParam"),
    )
    .await;
    assert_eq!(emulator.messages()[0].text, "【阿里云短信测试】no variable");
    let details = query_details(&emulator, NUMBER)
        .send(&emulator)
        .await
        .json();
    assert_eq!(
        details["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0]["Content"],
        "【阿里云短信测试】no variable"
    );
}

#[tokio::test]
async fn e18_account_states() {
    let emulator = start().await;
    let state = |state| Account {
        state,
        ..Account::default()
    };
    for (account, expected) in [
        (state(AccountState::OutOfService), "isv.OUT_OF_SERVICE"),
        (
            state(AccountState::Unsubscribed),
            "isv.PRODUCT_UN_SUBSCRIPT",
        ),
        (state(AccountState::Frozen), "isv.SECURITY_FROZEN_ACCOUNT"),
        (
            Account {
                balance: Some(0.0),
                ..Account::default()
            },
            "isv.AMOUNT_NOT_ENOUGH",
        ),
        (
            Account {
                balance: Some(0.04),
                ..Account::default()
            },
            "isv.AMOUNT_NOT_ENOUGH",
        ),
        (
            Account {
                deny_ip_range: true,
                ..Account::default()
            },
            "isv.DENY_IP_RANGE",
        ),
        (
            Account {
                blocked_numbers: vec!["+86 138-0013-8000".to_owned()],
                ..Account::default()
            },
            "isv.BLACK_KEY_CONTROL_LIMIT",
        ),
    ] {
        emulator.set_account(account).unwrap();
        assert_eq!(code(&emulator, send_sms(&emulator)).await, expected);
    }
    emulator.set_account(Account::default()).unwrap();
    emulator
        .fault(FaultOrder::new(
            "SendSms",
            1,
            Fault::code("isp.SYSTEM_ERROR"),
        ))
        .unwrap();
    assert_eq!(
        code(&emulator, send_sms(&emulator)).await,
        "isp.SYSTEM_ERROR"
    );
    assert_eq!(emulator.messages(), []);
    assert_eq!(
        code(&emulator, send_sms(&emulator)).await,
        "OK",
        "nothing was counted"
    );
}

#[tokio::test]
async fn e18_messages_cost_until_there_is_nothing_left() {
    let emulator = start_with(Account {
        balance: Some(0.1),
        ..unlimited()
    })
    .await;
    assert_eq!(code(&emulator, send_sms(&emulator)).await, "OK");
    assert_eq!(code(&emulator, send_sms(&emulator)).await, "OK");
    assert_eq!(
        code(&emulator, send_sms(&emulator)).await,
        "isv.AMOUNT_NOT_ENOUGH"
    );
}

#[tokio::test]
async fn test_signatures_and_templates_go_together_and_to_bound_numbers() {
    let emulator = start_with(Account {
        bound_numbers: vec!["+8613800138000".to_owned()],
        ..unlimited()
    })
    .await;
    let trial = || {
        send_sms(&emulator)
            .param("SignName", "芝麻测试")
            .param("TemplateCode", "SMS_154950911")
    };
    assert_eq!(code(&emulator, trial()).await, "OK");
    for (call, expected) in [
        (
            trial().param("SignName", SIGN_NAME),
            "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT",
        ),
        (
            trial().param("TemplateCode", CODE),
            "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT",
        ),
        (
            trial().param("PhoneNumbers", "13800138001"),
            "isv.SMS_TEST_NUMBER_LIMIT",
        ),
        (
            trial().param("TemplateParam", r#"{"code":"123"}"#),
            "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL",
        ),
        (
            trial().param("TemplateParam", r#"{"code":"1234567"}"#),
            "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL",
        ),
        (
            trial().param("TemplateParam", r#"{"code":"12ab"}"#),
            "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL",
        ),
        (trial().param("TemplateParam", r#"{"code":"1234"}"#), "OK"),
    ] {
        assert_eq!(code(&emulator, call).await, expected);
    }
}
