//! `sesame sign`: recorded requests, published signatures, tampered ones.

use serde_json::{Value, json};

use crate::support::{Folder, Said, run, run_with_input};

const GOLDEN: &str = include_str!("../../../aliyun-sms/tests/vectors/golden-public.json");
const DOCUMENTED: &str = include_str!("../../../aliyun-sms/tests/vectors/doc-vectors.json");

fn list(text: &str, name: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(text).expect("JSON");
    whole[name].as_array().expect("a list").clone()
}

fn sign(case: &Value) -> Said {
    run_with_input(
        &["sign", "--input", "-", "--json"],
        case.to_string().as_bytes(),
    )
}

/// A secret that is a word of its own, so that looking for it means something.
fn assert_no_secret(said: &Said, case: &Value) {
    let secret = case["input"]["access_key_secret"]
        .as_str()
        .expect("a secret");
    assert!(!said.all().contains(secret), "{said:?}");
}

#[test]
fn every_recorded_request_matches_stage_by_stage() {
    for case in list(GOLDEN, "cases") {
        let said = sign(&case);
        assert_no_secret(&said, &case);
        let name = &case["id"];
        if case["signature_version"] == "anonymous" {
            assert_eq!(said.code, 2, "{name}");
            assert!(said.err.contains("no signature"), "{name}: {}", said.err);
            continue;
        }
        let found = said.json();
        assert_eq!(said.code, 0, "{name}: {found}");
        for stage in [
            "algorithm",
            "canonical_query",
            "canonical_request",
            "string_to_sign",
            "signature",
        ] {
            assert_eq!(
                found.get(stage),
                case["signing"].get(stage),
                "{name}: {stage}"
            );
        }
        assert_eq!(
            found["found_signature"], case["signing"]["signature"],
            "{name}"
        );
        assert_eq!(found["matches"], true, "{name}");
        assert_eq!(found["findings"], json!([]), "{name}");
    }
}

#[test]
fn any_change_to_a_signed_value_is_seen() {
    for case in list(GOLDEN, "cases") {
        if case["signature_version"] == "anonymous" {
            continue;
        }
        let wire = case["wire"].clone();
        let text = |name: &str| wire[name].as_str().expect("text").to_owned();
        let mut changed = case.clone();
        if wire["body"] == "" {
            let target = text("target").replace("SMS_", "SMT_");
            changed["wire"]["target"] = target.replace("ResourceType=", "ResourceTyp=").into();
        } else {
            changed["wire"]["body"] = text("body")
                .replacen("13800138000", "13800138001", 1)
                .into();
        }
        if changed["wire"] == wire {
            changed["wire"]["target"] = text("target").replacen('=', "=x", 1).into();
        }
        let said = sign(&changed);
        assert_eq!(said.code, 3, "{}: {said:?}", case["id"]);
        let found = said.json();
        assert_eq!(found["matches"], false);
        assert_ne!(found["findings"], json!([]));
        assert_no_secret(&said, &case);
    }
}

#[test]
fn without_a_wire_it_signs_as_our_client_would() {
    for case in list(GOLDEN, "cases") {
        let mut input = case.clone();
        input.as_object_mut().expect("an object").remove("wire");
        let said = sign(&input);
        let found = said.json();
        let name = &case["id"];
        assert_eq!(said.code, 0, "{name}: {said:?}");
        assert_eq!(found["matches"], Value::Null, "{name}");
        assert_eq!(found["found_signature"], Value::Null, "{name}");
        let version = case["signature_version"].as_str().expect("text");
        let algorithm = if version == "rpc-v1" {
            "HMAC-SHA1"
        } else {
            "ACS3-HMAC-SHA256"
        };
        assert_eq!(found["algorithm"], algorithm, "{name}");
        if has_our_form(&case) {
            assert_eq!(
                found["string_to_sign"], case["signing"]["string_to_sign"],
                "{name}"
            );
            assert_eq!(found["signature"], case["signing"]["signature"], "{name}");
        }
    }
}

/// pop-core and the Logto connector, with POST, sign just what we do.
fn has_our_form(case: &Value) -> bool {
    let package = case["sdk"]["package"].as_str().unwrap_or_default();
    case["input"]["method"] == "POST"
        && (package == "@alicloud/pop-core" || package == "@logto/connector-aliyun-sms")
}

#[test]
fn the_own_acs3_form_is_the_documented_one() {
    // As text: the order of the parameters is that of the body.
    let case = r#"{ "input": {
        "action": "SendSms", "access_key_id": "testid", "access_key_secret": "testsecret",
        "nonce": "n-1", "timestamp": "2024-01-02T03:04:05Z",
        "params": { "PhoneNumbers": "13800138000", "PageSize": 20, "List": ["a", { "b": 1 }], "No": null }
    } }"#;
    let said = run_with_input(&["sign", "--input", "-", "--json"], case.as_bytes());
    assert_eq!(said.code, 0, "{said:?}");
    let found = said.json();
    let canonical = found["canonical_request"].as_str().expect("text");
    let body = "PhoneNumbers=13800138000&PageSize=20&List=%5B%22a%22%2C%7B%22b%22%3A1%7D%5D";
    let lines: Vec<&str> = canonical.lines().collect();
    assert_eq!(lines[..3], ["POST", "/", ""]);
    assert_eq!(lines[3], "content-type:application/x-www-form-urlencoded");
    assert_eq!(lines[4], "host:dysmsapi.aliyuncs.com");
    assert_eq!(
        lines.last().copied(),
        Some(sha256(body).as_str()),
        "{canonical}"
    );
}

fn sha256(text: &str) -> String {
    aliyun_sms::sign::acs3::hashed_payload(text.as_bytes())
}

#[test]
fn every_published_signature_matches() {
    for vector in list(DOCUMENTED, "vectors") {
        // Its payload hash is an arbitrary value, which no request can carry.
        if vector["id"] == "v3-sdk-unit-test" {
            continue;
        }
        let said = sign(&case_of(&vector));
        let found = said.json();
        assert_eq!(said.code, 0, "{}: {found}", vector["id"]);
        for stage in [
            "canonical_query",
            "canonical_request",
            "string_to_sign",
            "signature",
        ] {
            assert_eq!(
                found.get(stage),
                vector.get(stage),
                "{}: {stage}",
                vector["id"]
            );
        }
    }
}

fn case_of(vector: &Value) -> Value {
    let text = |name: &str| vector[name].as_str().unwrap_or_default();
    let encode = |object: &Value| -> Vec<String> {
        let pairs = object.as_object().cloned().unwrap_or_default();
        let encode = aliyun_sms::sign::percent_encode;
        pairs
            .iter()
            .map(|(name, value)| {
                format!(
                    "{}={}",
                    encode(name),
                    encode(value.as_str().unwrap_or_default())
                )
            })
            .collect()
    };
    let signature = text("signature");
    let mut headers = vector["headers"].as_array().cloned().unwrap_or_default();
    let mut query = encode(&vector["query"]);
    if text("algorithm").starts_with("ACS3") {
        let signed = text("signed_headers");
        let value =
            format!("ACS3-HMAC-SHA256 Credential=x,SignedHeaders={signed},Signature={signature}");
        headers.push(json!(["Authorization", value]));
    } else {
        query = encode(&vector["params"]);
        query.push(format!(
            "Signature={}",
            aliyun_sms::sign::percent_encode(signature)
        ));
    }
    json!({
        "input": { "access_key_secret": vector["secret"] },
        "wire": {
            "method": vector["method"],
            "target": format!("/?{}", query.join("&")),
            "headers": headers,
        },
    })
}

#[test]
fn explains_a_known_mistake_in_both_languages() {
    let folder = Folder::new();
    let case = json!({
        "input": { "access_key_id": "testid", "access_key_secret": "testsecret" },
        "wire": {
            "method": "GET",
            "target": "/?Action=SendSms&AccessKeyId=testid&Signature=M1nimnLVDwC4j8BLWWtHFnslwXY%3D",
            "headers": { "Host": "dysmsapi.aliyuncs.com" },
        },
    });
    let file = folder.write("case.json", case.to_string());
    let said = run(&["sign", "--input", &file]);
    assert_eq!(said.code, 3);
    assert!(
        said.out.contains("does not match") && said.out.contains("an & behind it"),
        "{said:?}"
    );
    let mut command = crate::support::sesame();
    let output = command
        .args(["sign", "--input", &file])
        .env("LANG", "zh_CN.UTF-8")
        .output();
    let said = Said::of(&output.expect("it runs"));
    assert!(
        said.out.contains("签名不一致") && said.out.contains("其后加 &"),
        "{said:?}"
    );
}

#[test]
fn takes_base64_bodies_urls_and_left_out_fields() {
    let case = list(GOLDEN, "cases")
        .into_iter()
        .find(|case| case["id"] == "public-45-node-logto-ascii");
    let mut case = case.expect("the case");
    let body = case["wire"]["body"].as_str().expect("text").to_owned();
    case["wire"]["body"] = base64(body.as_bytes()).into();
    case["wire"]["body_encoding"] = "base64".into();
    case["wire"]["target"] = "https://dysmsapi.aliyuncs.com/".into();
    for name in ["decoded", "signing", "sdk", "signature_version", "id"] {
        case.as_object_mut().expect("an object").remove(name);
    }
    case["input"] = json!({ "access_key_secret": case["input"]["access_key_secret"] });
    let said = sign(&case);
    assert_eq!(said.code, 0, "{said:?}");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn unreadable_cases_are_told_with_place_and_cure() {
    let folder = Folder::new();
    let input = r#""input": { "access_key_id": "a", "access_key_secret": "s3cret-word" }"#;
    for (text, place, what) in [
        ("", ":1:1:", "empty"),
        ("{", ":1:1:", "not JSON"),
        ("[]", ":1:1:", "an array"),
        ("{\n  \"wire\": 1 }", ":1:1:", "input is missing"),
        ("{ \"input\": 7 }", ":1:12:", "input is a number"),
        (
            "{\n \"input\": { \"access_key_secret\": 7 } }",
            ":2:34:",
            "a number",
        ),
        ("{ \"cases\": [] }", ":1:1:", "a collection"),
        (
            &format!("{{ {input} }}"),
            ":1:12:",
            "input.action is missing",
        ),
        (&format!("{{ {input}, \"wire\": [] }}"), "", "an array"),
        (
            &format!("{{ {input}, \"wire\": {{}} }}"),
            "",
            "wire.target is missing",
        ),
        (
            &format!("{{ {input}, \"wire\": {{ \"target\": \"/\", \"headers\": [[1]] }} }}"),
            "",
            "a pair",
        ),
        (
            &format!(
                "{{ {input}, \"wire\": {{ \"target\": \"/\", \"body\": \"*\", \"body_encoding\": \"base64\" }} }}"
            ),
            "",
            "not base64",
        ),
        (
            &format!(
                "{{ {input}, \"wire\": {{ \"target\": \"/\", \"body_encoding\": \"gbk\", \"body\": \"\" }} }}"
            ),
            "",
            "neither utf-8 nor base64",
        ),
    ] {
        let file = folder.write("case.json", text);
        for json in [&[][..], &["--json"]] {
            let said = run(&[&["sign", "--input", &file], json].concat());
            assert_eq!(said.code, 2, "{text}: {said:?}");
            assert!(
                said.err.contains(&format!("case.json{place}")),
                "{text}: {said:?}"
            );
            assert!(
                said.err.contains(what) && said.err.contains("cure:"),
                "{text}: {said:?}"
            );
            assert!(
                !said.all().contains("s3cret-word") && !said.err.contains("panicked"),
                "{said:?}"
            );
        }
    }
    let not_utf8 = folder.write("gbk.json", b"{\n \"\xb0\xa2\" }");
    assert!(
        run(&["sign", "--input", &not_utf8])
            .err
            .contains("gbk.json:2:3: not UTF-8")
    );
    for text in [&b"\xff\xfe{\0}\0"[..], b"\xfe\xff\0{\0}"] {
        let utf16 = folder.write("utf16.json", text);
        let said = run(&["sign", "--input", &utf16]);
        assert_eq!(said.code, 2);
        assert!(
            said.err.contains("UTF-16") && !said.err.contains("GBK"),
            "{said:?}"
        );
    }
    let huge = folder.write("huge.json", " ".repeat(1024 * 1024 + 1));
    let said = run(&["sign", "--input", &huge]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("larger than 1 MiB"), "{said:?}");
    let folder = crate::support::text(folder.dir.path());
    assert_eq!(run(&["sign", "--input", &folder]).code, 2);
    assert_eq!(run(&["sign", "--input", "/no/such/file"]).code, 2);
}

#[test]
fn a_case_without_what_signing_needs_says_so() {
    let whole = json!({
        "action": "SendSms", "access_key_id": "a", "access_key_secret": "b",
        "nonce": "n", "timestamp": "2024-01-02T03:04:05Z",
    });
    for (name, value) in [
        ("action", Value::Null),
        ("access_key_id", Value::Null),
        ("nonce", Value::Null),
        ("timestamp", Value::Null),
        ("timestamp", "yesterday".into()),
        ("host", "no host".into()),
        ("params", json!([])),
        ("security_token", "\n".into()),
    ] {
        let mut input = whole.clone();
        input[name] = value;
        let said = sign(&json!({ "input": input }));
        assert_eq!(said.code, 2, "{name}: {said:?}");
        assert!(
            said.err.contains("cure:") || said.err.contains("write"),
            "{name}: {said:?}"
        );
    }
}

/// A case of the recorded ones whose host a proxy changed.
#[test]
fn a_host_changed_on_the_way_is_named() {
    let mut case = list(GOLDEN, "cases").swap_remove(0);
    let headers = case["wire"]["headers"].as_array_mut().expect("headers");
    let host = headers.iter_mut().find(|pair| pair[0] == "host");
    host.expect("a host")[1] = "127.0.0.1:8086".into();
    for host in ["dysmsapi.aliyuncs.com", "https://dysmsapi.aliyuncs.com/"] {
        case["input"]["host"] = host.into();
        let said = sign(&case);
        assert_eq!(said.code, 3, "{said:?}");
        let findings = &said.json()["findings"];
        assert_eq!(findings[0]["id"], "changed-after-signing", "{findings}");
        let message = findings[0]["message"].as_str().expect("text");
        assert!(message.starts_with("host "), "{message}");
    }
}

#[test]
fn the_object_has_its_keys_without_an_answer_too() {
    let said = sign(&json!({ "input": {} }));
    assert_eq!(said.code, 2, "{said:?}");
    let found = said.json();
    let help = run(&["sign", "--help"]).out;
    for key in [
        "algorithm",
        "canonical_request",
        "string_to_sign",
        "signature",
        "found_signature",
        "matches",
    ] {
        assert_eq!(found.get(key), Some(&Value::Null), "{key}: {found}");
        assert!(help.contains(key), "{key}: {help}");
    }
    assert_eq!(found["findings"][0]["id"], "no-answer");
    assert!(help.contains("findings"), "{help}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let folder = Folder::new();
    let mut case = list(GOLDEN, "cases").swap_remove(0);
    let escape = "\u{1b}[2J\u{9b}1m\u{202e}\r";
    case["wire"]["method"] = format!("POST{escape}").into();
    case["wire"]["target"] = format!("/{escape}?{escape}=1").into();
    let file = folder.write("case.json", case.to_string());
    let said = run(&["sign", "--input", &file]);
    assert_eq!(said.code, 3, "{said:?}");
    let is_obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!said.all().contains(is_obeyed), "{said:?}");
    assert!(said.out.contains("POST\\x1b[2J\\x9b1m"), "{said:?}");

    let input = format!(r#"{{ "input": 1, "{}": 1 }}"#, "\\u001b");
    let file = folder.write("case.json", input);
    assert!(!run(&["sign", "--input", &file]).err.contains('\u{1b}'));
}
