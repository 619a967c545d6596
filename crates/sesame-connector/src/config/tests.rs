mod anything;
mod files;
mod text;

use std::collections::HashMap;
use std::io;

use serde_json::json;

use super::*;
use crate::phone::Region;

/// A lookup with what a test puts in.
#[derive(Default)]
struct Given(HashMap<&'static str, &'static str>);

impl Lookup for Given {
    fn env(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }

    fn file(&self, path: &str) -> io::Result<String> {
        self.env(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

const SECRET: &str = "gAllEn9Zx8C7v6B5n4M3q2W1e0RtYu";

fn good() -> serde_json::Value {
    json!({
        "accessKeyId": "LTAI5tExample",
        "accessKeySecret": SECRET,
        "signName": "短信测试",
        "templates": [
            { "usageType": "SignIn", "templateCode": "SMS_1" },
            { "usageType": "Register", "templateCode": "SMS_2" },
            { "usageType": "ForgotPassword", "templateCode": "SMS_3" },
            { "usageType": "Generic", "templateCode": { "china": "SMS_4", "overseas": "SMS_5" } },
        ],
    })
}

fn check(value: &serde_json::Value) -> Checked {
    ConnectorConfig::from_value(value, &Given::default())
}

fn json_text(text: &str) -> Checked {
    ConnectorConfig::parse(text, Format::Json, &Given::default())
}

fn found(checked: &Checked) -> Vec<(&'static str, &str)> {
    let problems = checked.problems.iter();
    problems
        .map(|problem| (problem.id.as_str(), problem.path.as_str()))
        .collect()
}

/// The good configuration with one key set.
fn with(key: &str, value: serde_json::Value) -> serde_json::Value {
    let mut config = good();
    config[key] = value;
    config
}

fn without(key: &str) -> serde_json::Value {
    let mut config = good();
    config.as_object_mut().unwrap().remove(key);
    config
}

#[test]
fn a_good_configuration_has_no_problems() {
    let checked = check(&good());
    assert_eq!(checked.problems, []);
    let config = checked.into_valid().unwrap();
    assert_eq!(config.templates.len(), 4);
    assert_eq!(config.templates[0].variables, ["code"]);
    assert_eq!(config.timeout, DEFAULT_TIMEOUT);
    assert_eq!(config.reading, Reading::default());
}

#[test]
fn every_key_is_read() {
    let mut config = good();
    for (key, value) in [
        ("securityToken", json!("token")),
        ("nextAccessKeyId", json!("LTAI5tNext")),
        ("nextAccessKeySecret", json!("next")),
        ("signNames", json!({ "china": "中", "overseas": "Abroad" })),
        ("defaultCountry", json!("hk")),
        ("endpoint", json!("http://localhost:8086")),
        ("region", json!("ap-southeast-1")),
        ("timeoutMs", json!(3000)),
        ("provider", json!("aliyun-sms")),
    ] {
        config[key] = value;
    }
    config["templates"][0]["signName"] = json!("Own");
    config["templates"][0]["variables"] = json!(["code", "minutes"]);
    config["templates"][0]["type"] = json!(2);
    let checked = check(&config);
    assert_eq!(checked.problems, []);
    let config = checked.config.unwrap();
    assert!(matches!(
        &config.credentials,
        Credentials::Keys { current, next: Some(next) }
            if current.security_token.is_some() && next.id == "LTAI5tNext"
    ));
    assert_eq!(config.sign_names.for_china().unwrap().as_str(), "中");
    assert_eq!(config.sign_names.for_overseas().unwrap().as_str(), "Abroad");
    assert_eq!(config.reading.default_country, Region::parse("HK"));
    assert_eq!(config.timeout, Duration::from_secs(3));
    assert_eq!(config.templates[0].variables, ["code", "minutes"]);
    assert_eq!(
        config.templates[0].sign_names.for_china().unwrap().as_str(),
        "Own"
    );
}

#[test]
fn one_wrong_value_is_one_problem_at_its_place() {
    for (config, id, path) in [
        (without("accessKeyId"), "missing_field", "accessKeyId"),
        (
            without("accessKeySecret"),
            "missing_field",
            "accessKeySecret",
        ),
        (without("signName"), "missing_field", "signName"),
        (without("templates"), "missing_field", "templates"),
        (
            with("accessKeyId", json!("")),
            "empty_string",
            "accessKeyId",
        ),
        (
            with("accessKeyId", json!("  ")),
            "empty_string",
            "accessKeyId",
        ),
        (with("accessKeyId", json!(5)), "wrong_type", "accessKeyId"),
        (
            with("accessKeyId", json!(null)),
            "wrong_type",
            "accessKeyId",
        ),
        (
            with("accessKeyId", json!(["a"])),
            "wrong_type",
            "accessKeyId",
        ),
        (
            with("accessKeySecret", json!("abc\ndef")),
            "secret_line_break",
            "accessKeySecret",
        ),
        (
            with("accessKeySecret", json!("abcdef\r\n")),
            "secret_line_break",
            "accessKeySecret",
        ),
        (
            with("accessKeySecret", json!("abc def")),
            "secret_space",
            "accessKeySecret",
        ),
        (
            with("accessKeySecret", json!("abc\u{200b}def")),
            "secret_character",
            "accessKeySecret",
        ),
        (
            with("accessKeySecret", json!("your-secret")),
            "placeholder",
            "accessKeySecret",
        ),
        (
            with("accessKeySecret", json!("LTAI5t1")).tap(|c| c["accessKeyId"] = json!("abc")),
            "keys_swapped",
            "accessKeySecret",
        ),
        (
            with("accessKeyId", json!("STS.abc")),
            "security_token_missing",
            "accessKeyId",
        ),
        (
            with("credentials", json!("default")),
            "credentials_conflict",
            "accessKeyId",
        ),
        (
            json!({ "listen": "127.0.0.1:8080", "connector": "connector.json", "token": {} }),
            "server_configuration",
            "connector",
        ),
        (
            json!({ "data_dir": "data", "listen": "127.0.0.1:8080" }),
            "server_configuration",
            "listen",
        ),
        (with("connector", json!("x")), "unknown_key", "connector"),
        (
            with("credentials", json!("default")).tap(|c| {
                c.as_object_mut().unwrap().remove("accessKeyId");
            }),
            "credentials_conflict",
            "accessKeySecret",
        ),
        (
            without("accessKeyId").tap(|c| {
                c.as_object_mut().unwrap().remove("accessKeySecret");
                c["credentials"] = json!("default");
                c["nextAccessKeySecret"] = json!("next");
            }),
            "credentials_conflict",
            "nextAccessKeySecret",
        ),
        (
            with("nextAccessKeyId", json!("STS.abc"))
                .tap(|c| c["nextAccessKeySecret"] = json!("next")),
            "next_key_temporary",
            "nextAccessKeyId",
        ),
        (
            with("nextAccessKeyId", json!("LTAI5tExample"))
                .tap(|c| c["nextAccessKeySecret"] = json!("next")),
            "next_key_same",
            "nextAccessKeyId",
        ),
        (
            with("signName", json!("短信\n测试")),
            "control_character",
            "signName",
        ),
        (
            with("signName", json!("短信测试\u{200b}")),
            "control_character",
            "signName",
        ),
        (
            with("region", json!("cn-hangzou")),
            "region_unknown",
            "region",
        ),
        (
            with("nextAccessKeyId", json!("LTAI5tNext")),
            "next_key_incomplete",
            "nextAccessKeySecret",
        ),
        (
            with("signName", json!("【短信测试】")),
            "sign_name_brackets",
            "signName",
        ),
        (
            with("signName", json!("[Acme]")),
            "sign_name_brackets",
            "signName",
        ),
        (
            with("signName", json!(" 短信测试")),
            "surrounding_whitespace",
            "signName",
        ),
        (
            with("signNames", json!({"cn": "x"})),
            "unknown_key",
            "signNames.cn",
        ),
        (with("templates", json!({})), "wrong_type", "templates"),
        (
            with("templates", json!([])),
            "usage_type_not_served",
            "templates",
        ),
        (
            with("endpoint", json!("not a url")),
            "endpoint_invalid",
            "endpoint",
        ),
        (with("endpoint", json!("")), "empty_string", "endpoint"),
        (
            with("endpoint", json!("http://example.com")),
            "endpoint_insecure",
            "endpoint",
        ),
        (
            with("region", json!("hang zhou")),
            "region_invalid",
            "region",
        ),
        (with("timeoutMs", json!(0)), "timeout_range", "timeoutMs"),
        (with("timeoutMs", json!(-5)), "timeout_range", "timeoutMs"),
        (with("timeoutMs", json!(1.5)), "timeout_range", "timeoutMs"),
        (with("timeoutMs", json!("8000")), "wrong_type", "timeoutMs"),
        (
            with("fallback", json!("aliyun-pnvs")),
            "wrong_type",
            "fallback",
        ),
        (
            with("fallback", json!({ "signName": "x", "templates": [] })),
            "missing_field",
            "fallback.provider",
        ),
        (
            with("fallback", fallback("aliyun-sms", "SMS_1")),
            "fallback_same_provider",
            "fallback.provider",
        ),
        (
            with("fallback", fallback("aliyun-pnvs", "SMS_1")),
            "template_code_format",
            "fallback.templates[0].templateCode",
        ),
        (
            with("provider", json!("twilio")),
            "provider_unknown",
            "provider",
        ),
        (
            with("defaultCountry", json!("China")),
            "default_country_unknown",
            "defaultCountry",
        ),
        (
            with("defaultCountry", json!("+86")),
            "default_country_unknown",
            "defaultCountry",
        ),
        (
            with("strictPhoneRegionNumberCheck", json!("true")),
            "wrong_type",
            "strictPhoneRegionNumberCheck",
        ),
        (with("accesKeyId", json!("x")), "unknown_key", "accesKeyId"),
        (
            with("signName", json!({"enviroment": "X"})),
            "reference_shape",
            "signName",
        ),
        (
            with("signName", json!({"env": "NOT_SET"})),
            "env_not_set",
            "signName",
        ),
        (
            with("signName", json!({"file": "nowhere"})),
            "file_reference",
            "signName",
        ),
    ] {
        assert_eq!(found(&check(&config)), [(id, path)], "{config}");
    }
}

/// Holds a variable that it does not give away.
struct Reserved;

impl Lookup for Reserved {
    fn forbids(&self, key: &str, reference: Reference<'_>) -> Option<&'static str> {
        let is_fitting = key == "signName" && reference == Reference::Env("ALIYUN_SIGN");
        (!is_fitting).then_some("name another")
    }

    fn env(&self, _name: &str) -> Option<String> {
        Some("value".to_owned())
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn a_lookup_may_keep_variables_to_itself() {
    let signed_by = |name: &str| {
        let config = with("signName", json!({ "env": name }));
        ConnectorConfig::from_value(&config, &Reserved)
    };
    assert_eq!(found(&signed_by("ALIYUN_SIGN")), [] as [(&str, &str); 0]);
    let kept = signed_by("DB_URL");
    assert_eq!(found(&kept), [("reference_forbidden", "signName")]);
    assert_eq!(kept.problems[0].cure, "name another");
}

#[test]
fn what_is_referred_to_is_never_quoted() {
    let lookup = Given(HashMap::from([("SECRET", "【s3cr3t】")]));
    let secret = json!({ "env": "SECRET" });
    let template = json!({ "templateCode": "SMS_1", "usageType": secret, "signName": secret,
        "variables": ["code", secret, secret] });
    for (path, value) in [
        ("region", secret.clone()),
        ("defaultCountry", secret.clone()),
        ("provider", secret.clone()),
        ("endpoint", secret.clone()),
        ("credentials", secret.clone()),
        ("signName", secret.clone()),
        ("templates", json!([template, template])),
    ] {
        let checked = ConnectorConfig::from_value(&with(path, value), &lookup);
        assert!(!checked.problems.is_empty(), "{path}");
        let said = format!("{:?}", checked.problems);
        assert!(!said.contains("s3cr3t"), "{said}");
    }
}

/// A fallback with one template.
fn fallback(provider: &str, template_code: &str) -> serde_json::Value {
    let templates = [json!({ "usageType": "Generic", "templateCode": template_code })];
    json!({ "provider": provider, "signName": "速通互联验证码", "templates": templates })
}

#[test]
fn a_fallback_has_the_keys_of_the_whole_and_templates_of_its_own() {
    let checked = check(&with("fallback", fallback("aliyun-pnvs", "100001")));
    assert!(checked.is_valid(), "{:?}", checked.problems);
    let config = checked.config.unwrap();
    let fallback = config.fallback.unwrap();
    assert_eq!(config.provider, ProviderKind::AliyunSms);
    assert_eq!(fallback.provider, ProviderKind::AliyunPnvs);
    assert_eq!(fallback.templates[0].variables, ["code", "min"]);
    assert_eq!(fallback.timeout, config.timeout);
    assert!(fallback.fallback.is_none());
}

#[test]
fn what_is_wrong_and_not_needed_is_left_out_alone() {
    for (path, value) in [
        ("provider", json!("carrier-pigeon")),
        ("fallback", json!({ "provider": "aliyun-pnvs" })),
        ("credentials", json!(null)),
        ("credentials", json!("")),
        ("region", json!("<region>")),
        ("timeoutMs", json!("soon")),
    ] {
        let mut config = with(path, value);
        config["defaultCountry"] = json!("CN");
        let checked = check(&config);
        assert!(!checked.is_valid(), "{path}");
        let config = checked.config.expect(path);
        assert_eq!(config.reading.default_country, Region::parse("CN"));
        assert!(matches!(config.credentials, Credentials::Keys { .. }));
    }
}

#[test]
fn nothing_goes_elsewhere_than_to_the_endpoint() {
    for endpoint in [json!("https://sms.example/path"), json!(5), json!(null)] {
        let checked = check(&with("endpoint", endpoint));
        assert!(checked.config.is_none());
        assert!(!checked.is_valid());
    }
}

#[test]
fn one_wrong_template_is_one_problem_at_its_place() {
    let template = |key: &str, value: serde_json::Value| {
        let mut config = good();
        config["templates"][3][key] = value;
        config
    };
    for (config, id, path) in [
        (
            template("usageType", json!("generic")),
            "usage_type_unknown",
            "usageType",
        ),
        (
            template("usageType", json!("SignIn")),
            "usage_type_duplicate",
            "usageType",
        ),
        (template("usageType", json!(7)), "wrong_type", "usageType"),
        (
            template("templateCode", json!("154950909")),
            "template_code_format",
            "templateCode",
        ),
        (
            template("templateCode", json!("您的验证码为：{{code}}")),
            "template_code_is_text",
            "templateCode",
        ),
        (
            template("templateCode", json!(154950909)),
            "wrong_type",
            "templateCode",
        ),
        (
            template("templateCode", json!({})),
            "missing_field",
            "templateCode.china",
        ),
        (
            template("templateCode", json!({"china": "SMS_4"})),
            "template_one_region",
            "templateCode.overseas",
        ),
        (
            template("templateCode", json!({"china": "SMS_4", "overseas": ""})),
            "empty_string",
            "templateCode.overseas",
        ),
        (
            template(
                "templateCode",
                json!({"china": "SMS_4", "oversea": "SMS_5"}),
            ),
            "unknown_key",
            "templateCode.oversea",
        ),
        (template("type", json!("2")), "wrong_type", "type"),
        (
            template("variables", json!(["${code}"])),
            "variable_name",
            "variables[0]",
        ),
        (
            template("variables", json!(["{{code}}"])),
            "variable_name",
            "variables[0]",
        ),
        (
            template("variables", json!(["code", "code"])),
            "variable_duplicate",
            "variables[1]",
        ),
        (
            template("variables", json!(["minutes"])),
            "variables_without_code",
            "variables",
        ),
        (
            template("variables", json!([])),
            "variables_without_code",
            "variables",
        ),
        (
            template("tempalteCode", json!("SMS_1")),
            "unknown_key",
            "tempalteCode",
        ),
    ] {
        let checked = check(&config);
        let wanted = (id, format!("templates[3].{path}"));
        let is_there = found(&checked)
            .iter()
            .any(|&(id, path)| (id, path.to_owned()) == wanted);
        assert!(is_there, "{wanted:?} in {:?}", found(&checked));
    }
    let checked = check(&template("usageType", json!("Signin")));
    assert_eq!(checked.problems[0].cure, "did you mean SignIn?");
    let missing = with(
        "templates",
        json!([{"usageType": "SignIn", "templateCode": "SMS_1"}]),
    );
    let checked = check(&missing);
    assert_eq!(found(&checked), [("usage_type_not_served", "templates")]);
    assert_eq!(
        checked.problems[0].message,
        "no template serves Register, ForgotPassword, Generic"
    );
    for serves_all in ["Generic", "Test"] {
        let one = json!([{"usageType": serves_all, "templateCode": "SMS_1"}]);
        assert!(check(&with("templates", one)).is_valid(), "{serves_all}");
    }
}

#[test]
fn a_line_break_is_found_in_every_plain_string() {
    for at in [
        "/signName",
        "/signNames/china",
        "/templates/0/usageType",
        "/templates/0/templateCode",
        "/templates/3/templateCode/overseas",
        "/templates/0/signName",
        "/templates/0/variables/0",
        "/defaultCountry",
        "/endpoint",
        "/region",
        "/provider",
    ] {
        let mut config = with("signNames", json!({ "china": "" }));
        for key in ["defaultCountry", "endpoint", "region", "provider"] {
            config[key] = json!("");
        }
        config["templates"][0]["signName"] = json!("");
        config["templates"][0]["variables"] = json!([""]);
        *config.pointer_mut(at).unwrap() = json!("x\ny");
        let checked = check(&config);
        let problem = checked
            .problems
            .iter()
            .find(|p| p.id == ProblemId::ControlCharacter);
        let path = problem.unwrap().path.replace(['.', '['], "/");
        assert_eq!(path.replace(']', ""), at[1..]);
    }
}

#[test]
fn a_signature_for_one_region_serves_that_one() {
    let signed = |sign_names: serde_json::Value, code: serde_json::Value| {
        let mut config = without("signName");
        config["signNames"] = sign_names;
        config["templates"] = json!([{ "usageType": "Generic", "templateCode": code }]);
        check(&config)
    };
    let by_region = json!({ "china": "SMS_1", "overseas": "SMS_2" });
    for (china_or_overseas, code, id, path) in [
        (
            "china",
            json!("SMS_1"),
            "sign_name_one_region",
            "signNames.overseas",
        ),
        (
            "overseas",
            json!("SMS_1"),
            "sign_name_one_region",
            "signNames.china",
        ),
        (
            "china",
            by_region.clone(),
            "missing_field",
            "signNames.overseas",
        ),
        ("overseas", by_region, "missing_field", "signNames.china"),
    ] {
        let checked = signed(json!({ china_or_overseas: "签名" }), code);
        assert_eq!(found(&checked), [(id, path)]);
        let absent = path.trim_start_matches("signNames.");
        let message = &checked.problems[0].message;
        assert!(
            message.contains(&format!("no {absent} signature")),
            "{message}"
        );
        assert_eq!(checked.is_valid(), id == "sign_name_one_region");
    }
    let china_alone = signed(json!({ "china": "签名" }), json!({ "china": "SMS_1" }));
    assert!(china_alone.is_valid());
    // Where one template only lacks it, that one is named.
    let mut config = without("signName");
    config["templates"][0]["signName"] = json!("Own");
    config["templates"][1]["signNames"] = json!({ "china": "中" });
    assert_eq!(
        found(&check(&config)),
        [
            ("sign_name_one_region", "templates[1].signNames.overseas"),
            ("missing_field", "templates[2].signName"),
            ("missing_field", "templates[3].signName"),
        ]
    );
}

#[test]
fn what_is_for_elsewhere_is_idle_with_a_provider_of_the_mainland() {
    let by_pnvs = |codes: serde_json::Value, sign_names: serde_json::Value| {
        let mut config = without("signName");
        config["provider"] = json!("aliyun-pnvs");
        config["signNames"] = sign_names;
        config["templates"] = json!([{ "usageType": "Generic", "templateCode": codes }]);
        check(&config)
    };
    let china = json!({ "china": "签名" });
    for codes in [json!("100001"), json!({ "china": "100001" })] {
        assert_eq!(found(&by_pnvs(codes, china.clone())), []);
    }
    let both = json!({ "china": "100001", "overseas": "100001" });
    let checked = by_pnvs(both, json!({ "china": "签名", "overseas": "Abroad" }));
    assert!(checked.is_valid());
    assert_eq!(
        found(&checked),
        [
            ("other_providers_key", "signNames.overseas"),
            ("other_providers_key", "templates[0].templateCode.overseas"),
        ]
    );
    let none = by_pnvs(json!({}), china);
    assert_eq!(
        found(&none),
        [("missing_field", "templates[0].templateCode.china")]
    );
}

#[test]
fn what_was_meant_is_said() {
    let server = json!({ "connector": "conf/connector.json" });
    assert_eq!(
        check(&server).problems[0].cure,
        "name its connector's file: conf/connector.json"
    );
    for (config, cure) in [
        (
            with("region", json!("cn-hangzou")),
            "did you mean cn-hangzhou?",
        ),
        (
            with("region", json!("CN_Hangzhou")),
            "did you mean cn-hangzhou?",
        ),
        (
            with("accessKeySecret", json!("xxx")),
            "put the real value in its place",
        ),
        (
            with("accessKeySecret", json!("<x>")),
            "put the real value in its place, without < and >",
        ),
    ] {
        assert_eq!(check(&config).problems[0].cure, cure, "{config}");
    }
    let config = check(&with("region", json!("cn-newcity"))).into_valid();
    assert_eq!(config.unwrap().region.as_deref(), Some("cn-newcity"));
}

#[test]
fn lists_have_an_end() {
    let names: Vec<String> = (0..100_000).map(|n| format!("v{n}")).collect();
    let mut config = good();
    config["templates"][0]["variables"] = json!(names);
    let template = json!({ "usageType": "Custom", "templateCode": "SMS_1" });
    let templates = config["templates"].as_array_mut().unwrap();
    templates.extend(std::iter::repeat_n(template, 30_000));
    let checked = check(&config);
    let too_many: Vec<&str> = checked
        .problems
        .iter()
        .filter(|p| p.id == ProblemId::TooMany)
        .map(|p| p.path.as_str())
        .collect();
    assert_eq!(too_many, ["templates", "templates[0].variables"]);
    let config = checked.config.unwrap();
    assert_eq!(config.templates.len(), 1024);
    assert_eq!(config.templates[0].variables.len(), 64);
}

#[test]
fn beyond_what_anybody_reads_nothing_is_suggested() {
    let mut config = good();
    for n in 0..150 {
        config[format!("accesKeyId{n:x}")] = json!(1);
    }
    let (_, found) = check::check(&parse::from_value(&config), &NoLookup);
    let suggests = |found: &&problem::Found| found.cure.starts_with("did you mean");
    assert_eq!(
        (found.len(), found.iter().filter(suggests).count()),
        (150, 100)
    );
}

#[test]
fn more_problems_than_anybody_reads_are_counted() {
    let keys = |count: usize| -> serde_json::Value {
        let mut config = good();
        for n in 0..count {
            config[format!("A{n}")] = json!(1);
        }
        config
    };
    assert_eq!(check(&keys(100)).problems.len(), 100);
    // An error among those that are not listed is an error all the same.
    for (config, level) in [
        (keys(117), Level::Warning),
        (keys(116).tap(|c| c["timeoutMs"] = json!("")), Level::Error),
    ] {
        let text = config.to_string();
        let checked = json_text(&text);
        assert_eq!(checked.problems.len(), 101);
        let last = &checked.problems[100];
        assert_eq!((last.id, last.level), (ProblemId::MoreProblems, level));
        assert_eq!(last.message, "and 17 more");
        assert_eq!(checked.is_valid(), level == Level::Warning);
    }
}

#[test]
fn references_are_resolved() {
    let lookup = Given(HashMap::from([
        ("SMS_KEY", "LTAI5tExample"),
        ("secret-file", "the-secret\r\n"),
        ("two-lines", "one\ntwo\n"),
    ]));
    let mut config = good();
    config["accessKeyId"] = json!({"env": "SMS_KEY"});
    config["accessKeySecret"] = json!({"file": "secret-file"});
    let checked = ConnectorConfig::from_value(&config, &lookup);
    assert_eq!(checked.problems, []);
    config["accessKeySecret"] = json!({"file": "two-lines"});
    let checked = ConnectorConfig::from_value(&config, &lookup);
    assert_eq!(found(&checked), [("secret_line_break", "accessKeySecret")]);
}

#[test]
fn nothing_a_secret_may_be_is_ever_shown() {
    for key in [
        "accessKeyId",
        "accessKeySecret",
        "securityToken",
        "nextAccessKeyId",
        "nextAccessKeySecret",
    ] {
        for value in [
            json!(format!("<{SECRET}>")),
            json!(format!("{SECRET}\n")),
            json!(format!(" {SECRET}")),
            json!(format!("密{SECRET}")),
            json!([SECRET]),
            json!({ SECRET: 1 }),
            json!({ "env": SECRET }),
            json!({ "file": SECRET }),
            json!(format!("your-{SECRET}")),
        ] {
            let mut config = with("nextAccessKeyId", json!("a"));
            config["nextAccessKeySecret"] = json!("b");
            config[key] = value;
            let checked = check(&config);
            assert!(!checked.problems.is_empty(), "{config}");
            let said = format!(
                "{checked:?} {}",
                serde_json::to_string(&checked.problems).unwrap()
            );
            assert!(!said.contains(SECRET), "{said}");
        }
    }
}

#[test]
fn what_is_unwise_still_gives_a_configuration() {
    let config = json!({
        "accessKeyId": "",
        "accessKeySecret": "<secret>\n",
        "signName": "【签名】",
        "templates": [
            { "usageType": "Nonsense", "templateCode": "" },
            { "usageType": "Nonsense", "templateCode": "x" },
            { "usageType": "SignIn", "templateCode": "SMS_1" },
            { "usageType": "Register", "templateCode": "SMS_1" },
            { "usageType": "ForgotPassword", "templateCode": "SMS_1" },
            { "usageType": "Generic", "templateCode": "SMS_1" },
        ],
    });
    let checked = check(&config);
    assert!(checked.errors().count() >= 5);
    let config = checked.config.unwrap();
    assert_eq!(config.sign_names.for_china().unwrap().as_str(), "签名");
}

/// Lets a value be changed in the middle of a table of cases.
trait Tap: Sized {
    fn tap(self, change: impl FnOnce(&mut Self)) -> Self;
}

impl Tap for serde_json::Value {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
