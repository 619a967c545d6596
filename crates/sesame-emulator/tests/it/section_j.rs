//! J: `Dysmsapi` 2018-05-01, the international site.

use serde_json::{Value, json};
use sesame_emulator::{
    Account, AccountState, Delivery, Emulator, Fault, FaultOrder, Limits, ReportDecision,
};

use crate::support::*;

const OVERSEAS_NUMBER: &str = "85268326366";

fn call(emulator: &Emulator, action: &str, params: &[(&str, &str)]) -> Call {
    Call::new(emulator, action, params).version("2018-05-01")
}

fn to_globe(emulator: &Emulator) -> Call {
    let params = [("To", OVERSEAS_NUMBER), ("Message", "Your code is 123456")];
    call(emulator, "SendMessageToGlobe", &params)
}

fn with_template(emulator: &Emulator) -> Call {
    let params = [
        ("To", "8613800138000"),
        ("From", SIGN_NAME),
        ("TemplateCode", CODE),
        ("TemplateParam", r#"{"code":"123456"}"#),
    ];
    call(emulator, "SendMessageWithTemplate", &params)
}

fn batch(emulator: &Emulator, to: &[&str], messages: &[&str]) -> Call {
    let (to, messages) = (json!(to).to_string(), json!(messages).to_string());
    let params = [("To", to.as_str()), ("Message", messages.as_str())];
    call(emulator, "BatchSendMessageToGlobe", &params)
}

async fn query(emulator: &Emulator, message_id: &Value) -> Value {
    let params = [("MessageId", message_id.as_str().unwrap())];
    accepted(emulator, &call(emulator, "QueryMessage", &params)).await
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

#[tokio::test]
async fn j1_answers_have_names_of_their_own() {
    let emulator = start_with(unlimited()).await;
    let call = to_globe(&emulator)
        .param("From", "Alicloud")
        .param("Type", "OTP")
        .param("TaskId", "t 1")
        .param("ValidityPeriod", "600");
    let body = accepted(&emulator, &call).await;
    assert_eq!(
        body["ResponseDescription"],
        "The SMS Send Request was accepted"
    );
    assert!(body.get("Code").is_none() && body.get("Message").is_none());
    assert!(body["RequestId"].is_string());
    let message_id = body["MessageId"].as_str().unwrap();
    assert!(
        message_id.bytes().all(|b| b.is_ascii_digit()),
        "{message_id}"
    );
    assert_eq!(
        (&body["To"], &body["From"]),
        (&json!(OVERSEAS_NUMBER), &json!("Alicloud"))
    );
    assert_eq!(body["Segments"], "1");
    assert_eq!(body["NumberDetail"]["Country"], "Hongkong, China");

    let message = emulator.messages().remove(0);
    assert_eq!(message.to, "+85268326366");
    assert_eq!(message.text, "Your code is 123456");
    assert_eq!(message.biz_id, message_id);
    assert_eq!(
        (message.sign_name.as_str(), message.template_code.as_str()),
        ("Alicloud", "")
    );

    let long = to_globe(&emulator).param("Message", &"验".repeat(71));
    assert_eq!(accepted(&emulator, &long).await["Segments"], "2");
}

#[tokio::test]
async fn j1_refusals_have_names_of_their_own_but_the_gateways_have_not() {
    let emulator = start_with(unlimited()).await;
    let body = to_globe(&emulator)
        .param("To", "x")
        .send(&emulator)
        .await
        .json();
    let mut keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["RequestId", "ResponseCode", "ResponseDescription"]);
    for name in ["To", "Message"] {
        let answer = to_globe(&emulator).without(name).send(&emulator).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, format!("Missing{name}"))
        );
        assert!(answer.json()["HostId"].is_string());
    }
    // A fault's code stays as it was ordered.
    let order = FaultOrder::new(
        "SendMessageToGlobe",
        1,
        Fault::code("isv.COUNTRY_RESTRICTED"),
    );
    emulator.fault(order).unwrap();
    refused(&emulator, to_globe(&emulator), "isv.COUNTRY_RESTRICTED").await;
}

#[tokio::test]
async fn j1_what_makes_no_sense_is_refused() {
    let emulator = start_with(unlimited()).await;
    for (name, value, code) in [
        ("From", "with space", "INVALID_SENDERID"),
        ("From", "twelveletter", "INVALID_SENDERID"),
        ("From", "1234567890123456", "INVALID_SENDERID"),
        ("Type", "SMS", "INVALID_PARAMETERS"),
        ("TaskId", &"t".repeat(256), "INVALID_PARAMETERS"),
        ("To", "12345", "MOBILE_NUMBER_ILLEGAL"),
        ("To", "999999999999999999", "MOBILE_NUMBER_ILLEGAL"),
    ] {
        refused(&emulator, to_globe(&emulator).param(name, value), code).await;
    }
    let call = to_globe(&emulator).param("ValidityPeriod", "x");
    let expected = (400, "InvalidValidityPeriod".to_owned());
    assert_eq!(outcome(&emulator, &call).await, expected);
    assert_eq!(emulator.messages(), []);
    for from in ["elevenletts", "123456789012345"] {
        accepted(&emulator, &to_globe(&emulator).param("From", from)).await;
    }
}

#[tokio::test]
async fn j1_states_of_the_account_have_names_of_their_own() {
    let states = |state| Account {
        state,
        ..unlimited()
    };
    let poor = Account {
        balance: Some(0.0),
        ..unlimited()
    };
    let blocking = Account {
        blocked_numbers: vec!["+85268326366".to_owned()],
        ..unlimited()
    };
    for (account, code) in [
        (states(AccountState::OutOfService), "OUT_OF_SERVICE"),
        (states(AccountState::Unsubscribed), "PRODUCT_NOT_SUBSCRIBED"),
        (states(AccountState::Frozen), "ACCOUNT_ILLEGAL"),
        (poor, "AMOUNT_NOT_ENOUGH"),
        (blocking, "BLACK_KEY_CONTROL_LIMIT"),
    ] {
        let emulator = start_with(account).await;
        refused(&emulator, to_globe(&emulator), code).await;
    }
}

#[tokio::test]
async fn j1_batches_take_what_they_can() {
    let emulator = start_with(unlimited()).await;
    let call = batch(
        &emulator,
        &[OVERSEAS_NUMBER, "8613800138000", "6581234567"],
        &["one", "two", "three"],
    );
    let body = accepted(&emulator, &call.param("From", "Alicloud")).await;
    assert_eq!(body["SuccessCount"], "2");
    assert_eq!(body["From"], "Alicloud");
    assert_eq!(body["FailedList"], r#"["8613800138000"]"#);
    let ids: Vec<String> = serde_json::from_str(body["MessageIdList"].as_str().unwrap()).unwrap();
    let told = query(&emulator, &json!(ids[1])).await;
    assert_eq!(
        (&told["To"], &told["Message"]),
        (&json!("6581234567"), &json!("three"))
    );
    assert_eq!(emulator.messages().len(), 2);

    let many = vec![OVERSEAS_NUMBER; 1001];
    let call = batch(&emulator, &many, &many);
    refused(&emulator, call, "MOBILE_COUNT_OVER_LIMIT").await;
    let unfit = "INVALID_PARAMETERS";
    refused(&emulator, batch(&emulator, &["1"], &[]), unfit).await;
    refused(&emulator, batch(&emulator, &[], &[]), unfit).await;
    let call = || batch(&emulator, &[OVERSEAS_NUMBER], &["one"]);
    refused(&emulator, call().param("To", OVERSEAS_NUMBER), unfit).await;
    refused(&emulator, call().param("Type", "OTP"), unfit).await;
}

#[tokio::test]
async fn j2_each_action_has_its_own_half_of_the_world() {
    let emulator = start_with(unlimited()).await;
    for number in ["8613800138000", "13800138000", "+8613800138000"] {
        let call = to_globe(&emulator).param("To", number);
        refused(&emulator, call, "MOBILE_NUMBER_ILLEGAL").await;
    }
    for number in [OVERSEAS_NUMBER, "6581234567", "x"] {
        let call = with_template(&emulator).param("To", number);
        refused(&emulator, call, "MOBILE_NUMBER_ILLEGAL").await;
    }
    let body = accepted(&emulator, &with_template(&emulator)).await;
    assert_eq!(
        (&body["To"], &body["From"]),
        (&json!("8613800138000"), &json!(SIGN_NAME))
    );
    let text = &emulator.messages_to(NUMBER)[0].text;
    assert_eq!(
        text,
        "【阿里云短信测试】您的验证码为：123456，请勿泄露于他人！"
    );
    // Eleven digits with 1 in front are North America here.
    accepted(&emulator, &to_globe(&emulator).param("To", "14155552671")).await;
    assert_eq!(emulator.messages()[0].to, "+14155552671");
}

#[tokio::test]
async fn j2_templates_are_refused_in_names_of_their_own() {
    let emulator = start_with(unlimited()).await;
    for (name, value, code) in [
        ("From", "没有", "SMS_SIGN_NAME_ILLEGAL"),
        ("TemplateCode", "SMS_404", "SMS_CONTENT_CODE_ILLEGAL"),
        ("TemplateCode", OVERSEAS, "DOMESTIC_NUMBER_NOT_SUPPORTED"),
        ("TemplateParam", "x", "INVALID_JSON_PARAM"),
        ("TemplateParam", "{}", "CONTENT_MISSING_PARAMETERS"),
        (
            "TemplateParam",
            r#"{"code":"123456789012345678901"}"#,
            "PARAM_LENGTH_LIMIT",
        ),
    ] {
        refused(&emulator, with_template(&emulator).param(name, value), code).await;
    }
    for name in ["To", "From", "TemplateCode"] {
        let call = with_template(&emulator).without(name);
        let expected = (400, format!("Missing{name}"));
        assert_eq!(outcome(&emulator, &call).await, expected);
    }
}

#[tokio::test]
async fn j2_limits_are_refused_in_names_of_their_own() {
    let limits = |per_minute, per_hour, per_day, number_per_day| Account {
        limits: Limits {
            per_minute,
            per_hour,
            per_day,
            number_per_day,
            ..Limits::default()
        },
        ..Account::default()
    };
    for (account, code) in [
        (limits(0, 9, 9, 9), "BUSINESS_LIMIT_CONTROL_MINUTE"),
        (limits(9, 0, 9, 9), "isv.BUSINESS_LIMIT_HOUR"),
        (limits(9, 9, 0, 9), "isv.BUSINESS_LIMIT_DAY"),
        (limits(9, 9, 9, 0), "BUSINESS_LIMIT_CONTROL_PHONE"),
    ] {
        let emulator = start_with(account).await;
        refused(&emulator, with_template(&emulator), code).await;
        // They are the mainland's alone.
        accepted(&emulator, &to_globe(&emulator)).await;
    }
}

#[tokio::test]
async fn j3_a_message_is_sending_then_delivered_or_failed() {
    let emulator = start_with(unlimited()).await;
    let id = accepted(&emulator, &to_globe(&emulator)).await["MessageId"].clone();
    let told = query(&emulator, &id).await;
    assert_eq!(told["Status"], "3");
    assert_eq!(told["SendDate"], "Wed, 04 Mar 2026 13:06:07 +0800");
    assert!(told.get("ReceiveDate").is_none() && told.get("ErrorCode").is_none());
    assert_eq!(told["NumberDetail"]["Country"], "Hongkong, China");
    emulator.advance_secs(1).unwrap();
    let told = query(&emulator, &id).await;
    assert_eq!(
        (&told["Status"], &told["ErrorCode"]),
        (&json!("1"), &json!("DELIVERED"))
    );
    assert_eq!(told["ErrorDescription"], "success");
    assert_eq!(told["ReceiveDate"], "Wed, 04 Mar 2026 13:06:08 +0800");

    let id = accepted(&emulator, &with_template(&emulator)).await["MessageId"].clone();
    let mut decision = ReportDecision::of_biz_id(id.as_str().unwrap(), Delivery::Failed);
    decision.err_code = Some("REJECTD".to_owned());
    emulator.decide_report(&decision).unwrap();
    let told = query(&emulator, &id).await;
    assert_eq!(
        (&told["Status"], &told["ErrorCode"]),
        (&json!("2"), &json!("REJECTD"))
    );
}

#[tokio::test]
async fn j3_only_its_own_messages_are_known() {
    let emulator = start_with(unlimited()).await;
    let biz_id = accepted(&emulator, &send_sms(&emulator)).await["BizId"].clone();
    for id in ["1", biz_id.as_str().unwrap()] {
        let call = call(&emulator, "QueryMessage", &[("MessageId", id)]);
        refused(&emulator, call, "DATA_NOT_EXIST").await;
    }
    let call = call(&emulator, "QueryMessage", &[]);
    let expected = (400, "MissingMessageId".to_owned());
    assert_eq!(outcome(&emulator, &call).await, expected);
    // And the other way round.
    accepted(&emulator, &with_template(&emulator)).await;
    let body = accepted(&emulator, &query_details(&emulator, NUMBER)).await;
    assert_eq!(body["TotalCount"], 1);
}

#[tokio::test]
async fn j4_conversions_are_taken_from_the_form_and_the_query() {
    let emulator = start_with(unlimited()).await;
    for kind in KINDS {
        let call = call(&emulator, "ConversionData", &[("ConversionRate", "0.53")]).kind(kind);
        accepted(&emulator, &call.param("ReportTime", "1349055900000")).await;
    }
    for (action, version) in [
        ("ConversionData", "2018-05-01"),
        ("ConversionDataIntl", "2017-05-25"),
    ] {
        let rate = |value: &str| {
            Call::new(&emulator, action, &[("ConversionRate", value)]).version(version)
        };
        for value in ["0", "1", "1.0"] {
            accepted(&emulator, &rate(value)).await;
        }
        for value in ["1.01", "-0.1", "x", "NaN"] {
            let (status, code) = outcome(&emulator, &rate(value)).await;
            assert_eq!(status, 200);
            assert!(code.ends_with("INVALID_PARAMETERS"), "{value}: {code}");
        }
        let missing = (400, "MissingConversionRate".to_owned());
        assert_eq!(outcome(&emulator, &rate("")).await, missing);
        let late = rate("0.5").param("ReportTime", "today");
        let invalid = (400, "InvalidReportTime".to_owned());
        assert_eq!(outcome(&emulator, &late).await, invalid);
    }
}

#[tokio::test]
async fn j4_conversions_of_one_message() {
    let emulator = start_with(unlimited()).await;
    let id = accepted(&emulator, &to_globe(&emulator)).await["MessageId"].clone();
    let id = id.as_str().unwrap();
    for (action, version) in [
        ("SmsConversion", "2018-05-01"),
        ("SmsConversionIntl", "2017-05-25"),
    ] {
        let conversion = || {
            Call::new(
                &emulator,
                action,
                &[("MessageId", id), ("Delivered", "True")],
            )
            .version(version)
            .param("ConversionTime", "1349055900000")
        };
        accepted(&emulator, &conversion()).await;
        let (_, code) = outcome(&emulator, &conversion().param("MessageId", "1")).await;
        assert_eq!(code, "DATA_NOT_EXIST");
        for (name, value) in [("Delivered", ""), ("MessageId", "")] {
            let call = conversion().param(name, value);
            let expected = (400, format!("Missing{name}"));
            assert_eq!(outcome(&emulator, &call).await, expected);
        }
        let call = conversion().param("Delivered", "maybe");
        let expected = (400, "InvalidDelivered".to_owned());
        assert_eq!(outcome(&emulator, &call).await, expected);
    }
    // The international site's SDK may name the number instead.
    let params = [("Delivered", "false"), ("To", OVERSEAS_NUMBER)];
    accepted(&emulator, &call(&emulator, "SmsConversion", &params)).await;
    // What was taken is shown, and nothing else.
    let told = emulator.conversions();
    let each: Vec<_> = told
        .iter()
        .map(|told| {
            (
                told.action.as_str(),
                told.message_id.as_deref(),
                told.delivered,
            )
        })
        .collect();
    let expected = [
        ("SmsConversion", Some(id), Some(true)),
        ("SmsConversionIntl", Some(id), Some(true)),
        ("SmsConversion", None, Some(false)),
    ];
    assert_eq!(each, expected);
    assert_eq!(told[0].time_millis, Some(1_349_055_900_000));
    emulator.reset();
    assert!(emulator.conversions().is_empty());
}
