use serde_json::json;
use sesame_connector::config::{NoLookup, ProblemId};

use super::*;

fn official() -> Value {
    let templates = ["Register", "SignIn", "ForgotPassword", "Generic"]
        .map(|usage| json!({ "usageType": usage, "templateCode": "SMS_154950909" }));
    json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": "阿里云短信测试",
        "templates": templates,
    })
}

/// The official configuration with one more key, or another value of one.
fn with(path: &str, value: Value) -> Value {
    let mut config = official();
    match config.pointer_mut(path) {
        Some(place) => *place = value,
        None => config[&path[1..]] = value,
    }
    config
}

fn judged(config: &Value) -> Verdict {
    judge(&config.to_string(), &NoLookup)
}

fn accepted(config: &Value) -> (ConnectorConfig, Vec<Problem>) {
    let verdict = judged(config);
    assert!(verdict.is_taken, "refused: {verdict:?}");
    (verdict.config.expect("a configuration"), verdict.problems)
}

fn refused(config: &Value) -> Vec<Problem> {
    let verdict = judged(config);
    assert!(
        !verdict.is_taken && verdict.config.is_none(),
        "accepted: {config}"
    );
    verdict.problems
}

/// An account of the international site has no template to name.
#[test]
fn takes_texts_of_the_international_api_if_all_is_right() {
    let config = |text: &str| {
        json!({
            "provider": "aliyun-intl",
            "accessKeyId": "testid",
            "accessKeySecret": "testsecret",
            "senderId": "Sesame",
            "templates": [{ "usageType": "Generic", "text": text }],
        })
    };
    let (taken, problems) = accepted(&config("Your code is ${code}."));
    assert_eq!(problems, []);
    assert_eq!(taken.sender_id.as_deref(), Some("Sesame"));
    assert_eq!(
        refused(&config("Your code is 1234."))[0].id,
        ProblemId::TextWithoutCode
    );
}

#[test]
fn takes_what_the_official_guard_takes() {
    let (_, problems) = accepted(&official());
    assert_eq!(problems, []);
    for (path, value) in [
        ("/accessKeyId", json!("")),
        ("/accessKeySecret", json!("<access-key-secret>")),
        ("/accessKeySecret", json!("a\nb")),
        ("/signName", json!("【x】")),
        ("/signName", json!("")),
        ("/templates/0/templateCode", json!("")),
        (
            "/templates/0/templateCode",
            json!({ "china": "", "overseas": "" }),
        ),
        ("/strictPhoneRegionNumberCheck", json!(true)),
    ] {
        accepted(&with(path, value));
    }
    let mut config = official();
    config["templates"][0]["type"] = json!(7);
    assert_eq!(accepted(&config).1, []);
}

#[test]
fn what_only_the_official_guard_takes_has_its_exact_form() {
    let broken = with("/signName", json!("【x】"));
    accepted(&broken);
    for (path, value) in [
        ("/templates/0/templateCode/china", json!(5)),
        ("/templates/0/usageType", json!("signin")),
        ("/strictPhoneRegionNumberCheck", json!(null)),
        ("/signName", json!(null)),
        ("/templates", json!({})),
    ] {
        let mut config = broken.clone();
        config["templates"][0]["templateCode"] = json!({ "china": "SMS_1", "overseas": "SMS_2" });
        match config.pointer_mut(path) {
            Some(place) => *place = value,
            None => config[&path[1..]] = value,
        }
        refused(&config);
    }
}

#[test]
fn an_accepted_error_is_still_told() {
    let (_, problems) = accepted(&with("/signName", json!("【测试】")));
    assert_eq!(problems[0].id, ProblemId::SignNameBrackets);
}

#[test]
fn what_the_official_connector_does_not_know_cannot_make_it_worse() {
    for (key, value) in [
        ("/provider", json!("carrier-pigeon")),
        ("/credentials", json!(5)),
        ("/timeoutMs", json!("soon")),
        ("/signNames", json!([])),
    ] {
        let mut config = with(key, value);
        config["endpoint"] = json!("http://127.0.0.1:9");
        config["defaultCountry"] = json!("CN");
        let (config, problems) = accepted(&config);
        assert!(!problems.is_empty(), "{key}");
        assert_eq!(config.templates.len(), 4, "{key}");
        assert!(config.endpoint.is_some() && config.reading.default_country.is_some());
    }
}

#[test]
fn an_endpoint_that_cannot_be_used_is_not_aliyuns() {
    for endpoint in [
        json!("nonsense"),
        json!("https://sms.example/path"),
        json!(5),
    ] {
        let verdict = judged(&with("/endpoint", endpoint));
        assert!(verdict.is_taken && verdict.config.is_none());
        assert!(!verdict.problems.is_empty());
    }
}

#[test]
fn takes_what_is_valid_and_the_official_guard_refuses() {
    let mut config = official();
    config["templates"] = json!([{ "usageType": "Generic", "templateCode": "SMS_154950909" }]);
    assert_eq!(accepted(&config).1, []);
    let mut config = official();
    let root = config.as_object_mut().unwrap();
    root.remove("signName");
    root.insert(
        "signNames".to_owned(),
        json!({ "china": "甲", "overseas": "乙" }),
    );
    assert_eq!(accepted(&config).1, []);
}

#[test]
fn refuses_the_rest_with_a_path_and_a_cure_for_each() {
    let mut config = with("/accessKeyId", json!(5));
    config["templates"][2]["templateCode"] = json!(true);
    let issues: Vec<Issue> = refused(&config).iter().map(Issue::from).collect();
    let path = |issue: &Issue| {
        let step = |step: &Either<String, u32>| match step {
            Either::A(key) => key.clone(),
            Either::B(place) => format!("#{place}"),
        };
        issue.path.iter().map(step).collect::<Vec<_>>().join(" ")
    };
    let paths: Vec<String> = issues.iter().map(path).collect();
    assert_eq!(paths, ["accessKeyId", "templates #2 templateCode"]);
    assert!(issues[0].message.contains("; "), "{}", issues[0].message);
}

#[test]
fn refuses_what_is_no_configuration_at_all() {
    for text in [
        "null",
        "[]",
        "5",
        "\"x\"",
        "{}",
        &"[".repeat(200),
        "\"\\ud800\"",
    ] {
        let verdict = judge(text, &NoLookup);
        assert!(!verdict.is_taken && !verdict.problems.is_empty(), "{text}");
    }
}

#[test]
fn what_the_form_leaves_empty_is_absent() {
    let mut config = official();
    for (key, value) in [
        ("signNames", json!({})),
        ("endpoint", json!("")),
        ("region", json!(null)),
        ("timeoutMs", json!(null)),
        ("defaultCountry", json!("")),
        ("securityToken", json!("")),
    ] {
        config[key] = value;
    }
    assert_eq!(accepted(&config).1, []);
}
