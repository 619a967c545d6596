use serde_json::{Map, Value, json};

use super::*;
use crate::config::NoLookup;
use crate::phone::Reading;

fn config(templates: Value) -> ConnectorConfig {
    let value = json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": "签名",
        "signNames": { "overseas": "Abroad" },
        "templates": templates,
    });
    ConnectorConfig::from_value(&value, &NoLookup)
        .config
        .unwrap()
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, &Reading::default()).unwrap()
}

fn code(config: &ConnectorConfig, usage: &str, number: &str) -> Result<String, &'static str> {
    match route(config, &UsageType::from(usage), &phone(number)) {
        Ok(route) => Ok(route.template_code.to_string()),
        Err(error) => Err(error.code()),
    }
}

const MAINLAND: &str = "+8613800138000";
const HONG_KONG: &str = "+85268326366";
const TAIWAN: &str = "+886912345678";
const US: &str = "+14155552671";

#[test]
fn the_types_own_template_else_generic_else_test() {
    let config = config(json!([
        { "usageType": "Test", "templateCode": "SMS_9" },
        { "usageType": "SignIn", "templateCode": "SMS_1" },
        { "usageType": "SignIn", "templateCode": "SMS_2" },
        { "usageType": "Custom", "templateCode": "SMS_3" },
    ]));
    for (usage, expected) in [
        ("SignIn", "SMS_1"),
        ("Register", "SMS_9"),
        ("Generic", "SMS_9"),
        ("Test", "SMS_9"),
        ("Custom", "SMS_3"),
        ("Unheard", "SMS_9"),
    ] {
        assert_eq!(
            code(&config, usage, MAINLAND).as_deref(),
            Ok(expected),
            "{usage}"
        );
    }
}

#[test]
fn by_region_goes_by_the_mainland() {
    let config = config(json!([
        { "usageType": "Generic", "templateCode": { "china": "SMS_1", "overseas": "SMS_2" } },
    ]));
    assert_eq!(code(&config, "SignIn", MAINLAND).as_deref(), Ok("SMS_1"));
    for abroad in [HONG_KONG, TAIWAN, US, "+85366123456"] {
        assert_eq!(
            code(&config, "SignIn", abroad).as_deref(),
            Ok("SMS_2"),
            "{abroad}"
        );
    }
    let route_to = |number| route(&config, &UsageType::SignIn, &phone(number)).unwrap();
    assert_eq!(route_to(MAINLAND).sign_name.as_str(), "签名");
    assert_eq!(route_to(US).sign_name.as_str(), "Abroad");
}

#[test]
fn one_plain_template_serves_all_but_plus_one() {
    let config = config(json!([{ "usageType": "Generic", "templateCode": "SMS_1" }]));
    assert_eq!(code(&config, "SignIn", MAINLAND).as_deref(), Ok("SMS_1"));
    assert_eq!(code(&config, "SignIn", HONG_KONG).as_deref(), Ok("SMS_1"));
    assert_eq!(code(&config, "SignIn", US), Err("no_overseas_template"));
}

#[test]
fn plus_one_never_gets_a_code_that_serves_the_mainland_anywhere() {
    let config = config(json!([
        { "usageType": "SignIn", "templateCode": { "china": "SMS_1", "overseas": "SMS_1" } },
        { "usageType": "Register", "templateCode": { "china": "SMS_2", "overseas": "SMS_3" } },
        { "usageType": "ForgotPassword", "templateCode": "SMS_3" },
        { "usageType": "BindMfa", "templateCode": { "overseas": "SMS_4" } },
    ]));
    assert_eq!(code(&config, "SignIn", US), Err("no_overseas_template"));
    assert_eq!(code(&config, "Register", US), Err("no_overseas_template"));
    assert_eq!(code(&config, "Register", HONG_KONG).as_deref(), Ok("SMS_3"));
    assert_eq!(code(&config, "BindMfa", US).as_deref(), Ok("SMS_4"));
    assert_eq!(code(&config, "BindMfa", MAINLAND), Err("no_china_template"));
    assert_eq!(
        code(&config, "Generic", MAINLAND),
        Err("template_not_found")
    );
}

#[test]
fn a_template_that_cannot_serve_the_number_gives_way_to_generic() {
    let config = config(json!([
        { "usageType": "SignIn", "templateCode": "SMS_1" },
        { "usageType": "Generic", "templateCode": { "china": "SMS_2", "overseas": "SMS_3" } },
    ]));
    assert_eq!(code(&config, "SignIn", US).as_deref(), Ok("SMS_3"));
    assert_eq!(code(&config, "SignIn", HONG_KONG).as_deref(), Ok("SMS_1"));
}

#[test]
fn the_official_connectors_own_cases() {
    let config = config(json!([
        { "usageType": "Generic", "templateCode": { "china": "SMS_1", "overseas": "SMS_2" } },
    ]));
    for (number, expected) in [
        ("8613012345678", "SMS_1"),
        ("008613012345678", "SMS_1"),
        ("+8613012345678", "SMS_1"),
        ("85268326366", "SMS_2"),
        // Differs on purpose: Logto means a number in Maryland by this.
        ("13012345678", "SMS_2"),
    ] {
        assert_eq!(
            code(&config, "Generic", number).as_deref(),
            Ok(expected),
            "{number}"
        );
    }
}

#[test]
fn empty_values_are_as_good_as_absent() {
    let config = config(json!([
        { "usageType": "Generic", "templateCode": { "china": "", "overseas": "SMS_2" } },
        { "usageType": "SignIn", "templateCode": "SMS_3", "signName": "" },
    ]));
    assert_eq!(code(&config, "Generic", MAINLAND), Err("no_china_template"));
    assert_eq!(code(&config, "SignIn", MAINLAND), Err("no_sign_name"));
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn fill_with(variables: &[&str], payload: Value) -> Result<Vec<(String, String)>, ParamError> {
    let variables: Vec<String> = variables.iter().map(|name| (*name).to_owned()).collect();
    fill(&variables, &object(payload))
}

#[test]
fn only_declared_variables_are_filled_in() {
    let payload = json!({
        "code": "123456",
        "locale": "zh-CN",
        "uiLocales": "zh-CN en",
        "user": { "name": "x" },
        "minutes": 10,
    });
    let filled = fill_with(&["code"], payload.clone()).unwrap();
    assert_eq!(filled, [("code".to_owned(), "123456".to_owned())]);
    let filled = fill_with(&["minutes", "code"], payload).unwrap();
    assert_eq!(filled[0], ("minutes".to_owned(), "10".to_owned()));
}

#[test]
fn codes_that_cannot_be_sent() {
    use ParamError::{CodeCharacter, CodeEmpty, CodeLength};
    let missing = ParamError::Missing("code".to_owned());
    let not_text = ParamError::NotText("code".to_owned());
    for (code, expected) in [
        (json!(""), CodeEmpty),
        (json!("1"), CodeLength),
        (json!("123"), CodeLength),
        (json!("12345678901"), CodeLength),
        (json!("12345678901234567890"), CodeLength),
        (json!("验证码一二三"), CodeCharacter),
        (json!("12345😀"), CodeCharacter),
        (json!("{"), CodeCharacter),
        (json!("{{code}}"), CodeCharacter),
        (json!("123 456"), CodeCharacter),
        (json!("１２３４５６"), CodeCharacter),
        (json!("123456\n"), CodeCharacter),
        (json!(-12345), CodeCharacter),
        (json!(null), missing.clone()),
        (json!(true), not_text.clone()),
        (json!(["1234"]), not_text.clone()),
        (json!({ "a": 1 }), not_text),
    ] {
        let result = fill_with(&["code"], json!({ "code": code }));
        assert_eq!(result, Err(expected), "{code}");
    }
    assert_eq!(fill_with(&["code"], json!({})), Err(missing));
    for code in [
        json!("1234"),
        json!("123456"),
        json!("A1b2C3"),
        json!("1234567890"),
        json!(123456),
    ] {
        assert!(
            fill_with(&["code"], json!({ "code": code })).is_ok(),
            "{code}"
        );
    }
}

#[test]
fn other_values_that_cannot_be_sent() {
    let name = || "minutes".to_owned();
    for (value, expected) in [
        (json!(" "), ParamError::Empty(name())),
        (json!("x".repeat(36)), ParamError::TooLong(name())),
        (json!("see https://a.b"), ParamError::Link(name())),
        (json!("WWW.example.de"), ParamError::Link(name())),
        (json!("在example.com注册"), ParamError::Link(name())),
        (json!("十分钟⏰😀"), ParamError::Character(name())),
        (json!("a\u{7}"), ParamError::Character(name())),
    ] {
        let result = fill_with(&["minutes"], json!({ "minutes": value }));
        assert_eq!(result, Err(expected), "{value}");
    }
    for value in [
        json!("10"),
        json!("十分钟"),
        json!("x".repeat(35)),
        json!("v1.2"),
        json!(10.5),
    ] {
        assert!(
            fill_with(&["minutes"], json!({ "minutes": value })).is_ok(),
            "{value}"
        );
    }
}
