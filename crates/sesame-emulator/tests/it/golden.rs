//! Requests recorded from Alibaba's own clients: byte for byte they are taken,
//! and with one byte changed they are not.

use aliyun_sms::sign::received::decode_form;
use serde_json::Value;
use sesame_emulator::{AccessKey, Account, Emulator, Secret};

use crate::support::{Answer, encode, http, raw, start};

const FILE: &str = include_str!("../../../aliyun-sms/tests/vectors/golden-public.json");

/// What a request that was refused before its signature was checked, or for it,
/// may be told.
const NOT_AUTHENTICATED: [&str; 14] = [
    "MissingAccessKeyId",
    "InvalidAccessKeyId.NotFound",
    "InvalidAccessKeyId.Inactive",
    "IncompleteSignature",
    "MissingSignature",
    "SignatureDoesNotMatch",
    "InvalidSignatureMethod",
    "InvalidSignatureVersion",
    "SignatureNonceUsed",
    "InvalidTimeStamp.Format",
    "InvalidTimeStamp.Expired",
    "InvalidSecurityToken.Malformed",
    "InvalidSecurityToken.MismatchWithAccessKey",
    "MissingSecurityToken",
];

#[derive(Clone)]
struct Wire {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Wire {
    fn bytes(&self) -> Vec<u8> {
        let mut headers = self.headers.clone();
        let length = headers
            .iter_mut()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if let Some((_, value)) = length {
            *value = self.body.len().to_string();
        }
        let is_chunked = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
        let body = if is_chunked {
            chunks(&self.body)
        } else {
            self.body.clone()
        };
        http(&self.method, &self.target, &headers, &body)
    }
}

fn chunks(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(b"\r\n0\r\n\r\n");
    bytes
}

struct Case {
    id: String,
    is_acs3: bool,
    signed_headers: Vec<String>,
    wire: Wire,
    input: Value,
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(FILE).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    cases
        .into_iter()
        .filter(|case| case["signature_version"] != "anonymous")
        .map(case)
        .collect()
}

fn case(value: Value) -> Case {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let wire = &value["wire"];
    let body = text(&wire["body"]);
    let body = match wire["body_encoding"].as_str() {
        Some("base64") => {
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap()
        }
        _ => body.into_bytes(),
    };
    let headers = wire["headers"].as_array().unwrap().iter();
    Case {
        id: text(&value["id"]),
        is_acs3: value["signature_version"] == "acs3",
        signed_headers: value["signing"]["signed_headers"]
            .as_str()
            .unwrap_or_default()
            .split(';')
            .map(str::to_owned)
            .collect(),
        wire: Wire {
            method: text(&wire["method"]),
            target: text(&wire["target"]),
            headers: headers
                .map(|pair| (text(&pair[0]), text(&pair[1])))
                .collect(),
            body,
        },
        input: value["input"].clone(),
    }
}

impl Case {
    /// Plays the account of the case at the time of the case, with nothing
    /// remembered.
    fn prepare(&self, emulator: &Emulator) {
        let text = |name: &str| self.input[name].as_str().unwrap().to_owned();
        let mut key = AccessKey::new(text("access_key_id"), text("access_key_secret"));
        key.security_token = self.input["security_token"].as_str().map(Secret::new);
        emulator
            .set_account(Account {
                access_keys: vec![key],
                ..Account::default()
            })
            .unwrap();
        emulator.reset();
        emulator
            .set_now(text("timestamp").parse().unwrap())
            .unwrap();
    }
}

fn is_authenticated(answer: &Answer) -> bool {
    !NOT_AUTHENTICATED.contains(&answer.code().as_str())
}

#[tokio::test]
async fn b1_c1_every_recorded_request_authenticates() {
    let emulator = start().await;
    for case in cases() {
        case.prepare(&emulator);
        let answer = raw(&emulator, &case.wire.bytes()).await;
        assert!(is_authenticated(&answer), "{}: {}", case.id, answer.text());
    }
}

#[tokio::test]
async fn the_same_request_again_is_refused() {
    let emulator = start().await;
    for case in cases() {
        case.prepare(&emulator);
        raw(&emulator, &case.wire.bytes()).await;
        let answer = raw(&emulator, &case.wire.bytes()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "SignatureNonceUsed"),
            "{}",
            case.id
        );
    }
}

#[tokio::test]
async fn b3_c4_every_recorded_request_is_refused_after_any_change() {
    let emulator = start().await;
    let mut tried = 0;
    for case in cases() {
        for (what, wire) in tampered(&case) {
            case.prepare(&emulator);
            let answer = raw(&emulator, &wire.bytes()).await;
            let id = &case.id;
            assert!(
                !is_authenticated(&answer),
                "{id}: {what}: {}",
                answer.text()
            );
            assert!((400..500).contains(&answer.status), "{id}: {what}");
            assert_eq!(emulator.messages(), []);
            tried += 1;
        }
    }
    assert!(tried > 1000, "{tried}");
}

/// Every way to change one thing that is signed.
fn tampered(case: &Case) -> Vec<(String, Wire)> {
    let mut all = Vec::new();
    let (path, query) = case
        .wire
        .target
        .split_once('?')
        .unwrap_or((&case.wire.target, ""));
    for (what, query) in changed_pairs(&decode_form(query.as_bytes())) {
        let mut wire = case.wire.clone();
        wire.target = format!("{path}?{query}");
        all.push((format!("query {what}"), wire));
    }
    if case.is_acs3 {
        for at in 0..case.wire.body.len() {
            let mut wire = case.wire.clone();
            wire.body[at] ^= 1;
            all.push((format!("body byte {at}"), wire));
        }
        for (at, (name, value)) in case.wire.headers.iter().enumerate() {
            if case.signed_headers.contains(&name.to_ascii_lowercase()) {
                let mut wire = case.wire.clone();
                wire.headers[at].1 = changed(value);
                all.push((format!("header {name}"), wire));
            }
        }
    } else {
        for (what, form) in changed_pairs(&decode_form(&case.wire.body)) {
            let mut wire = case.wire.clone();
            wire.body = form.into_bytes();
            all.push((format!("form {what}"), wire));
        }
    }
    all
}

/// Each name changed, each value changed, each pair left out, one added.
fn changed_pairs(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |what: String, pairs: Vec<(String, String)>| all.push((what, encode(&pairs)));
    for (at, (name, value)) in pairs.iter().enumerate() {
        let mut value_changed = pairs.to_vec();
        value_changed[at].1 = changed(value);
        add(format!("value of {name}"), value_changed);
        let mut name_changed = pairs.to_vec();
        name_changed[at].0 = changed(name);
        add(format!("name {name}"), name_changed);
        let mut left_out = pairs.to_vec();
        left_out.remove(at);
        add(format!("without {name}"), left_out);
    }
    if !pairs.is_empty() {
        let mut added = pairs.to_vec();
        added.push(("Extra".to_owned(), "1".to_owned()));
        add("one more".to_owned(), added);
    }
    all
}

/// One character changed, in the middle where there is one.
fn changed(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = characters.len() / 2;
    match characters.get_mut(at) {
        Some(character) => *character = if *character == 'x' { 'y' } else { 'x' },
        None => characters.push('x'),
    }
    characters.into_iter().collect()
}
