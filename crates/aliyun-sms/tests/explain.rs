//! What `sign::explain` says of right requests and of wrong ones.
//!
//! `vectors/mistakes.json` is made by the Python program beside it, which
//! shares no code with this crate.

use aliyun_sms::sign::explain::{Explanation, Intent, Key, Unsigned, explain};
use aliyun_sms::sign::received::Request;
use serde_json::Value;

struct Wire {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Wire {
    fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let header = |pair: &Value| {
            let part = |at: usize| pair[at].as_str().unwrap_or_default().to_owned();
            (part(0), part(1))
        };
        let headers = value["headers"].as_array().expect("headers");
        Self {
            method: text("method"),
            target: text("target"),
            headers: headers.iter().map(header).collect(),
            body: text("body").into_bytes(),
        }
    }

    fn explain(&self, id: &str, secret: &str) -> Result<Explanation, Unsigned> {
        self.explain_intent(id, secret, &Intent::default())
    }

    fn explain_intent(
        &self,
        id: &str,
        secret: &str,
        intent: &Intent,
    ) -> Result<Explanation, Unsigned> {
        let request = Request {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
        };
        explain(
            &request,
            &Key {
                id: Some(id),
                secret,
            },
            intent,
        )
    }
}

fn intent(value: &Value) -> Intent {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let parameters = value["parameters"].as_object().cloned().unwrap_or_default();
    Intent {
        method: text("method"),
        host: text("host"),
        action: text("action"),
        version: text("version"),
        timestamp: text("timestamp"),
        nonce: text("nonce"),
        security_token: text("security_token"),
        parameters: parameters
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
    }
}

fn cases(text: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(text).expect("JSON");
    whole["cases"].as_array().expect("cases").clone()
}

fn ids(explanation: &Explanation) -> Vec<&str> {
    explanation
        .findings
        .iter()
        .map(|finding| finding.id)
        .collect()
}

#[test]
fn finds_nothing_wrong_with_what_the_sdks_sent() {
    for case in cases(include_str!("vectors/golden-public.json")) {
        let wire = Wire::of(&case["wire"]);
        let input = |name: &str| case["input"][name].as_str().unwrap_or_default();
        let answer = wire.explain(input("access_key_id"), input("access_key_secret"));
        let name = &case["id"];
        if case["signature_version"] == "anonymous" {
            assert_eq!(answer, Err(Unsigned), "{name}");
            continue;
        }
        let explanation = answer.expect("a signature");
        assert!(explanation.matches, "{name}");
        assert_eq!(ids(&explanation), [""; 0], "{name}");
        assert_eq!(
            explanation.stages.signature, case["signing"]["signature"],
            "{name}"
        );
        let stage = &case["signing"]["string_to_sign"];
        assert_eq!(&explanation.stages.string_to_sign, stage, "{name}");
    }
}

#[test]
fn names_each_mistake() {
    for (index, case) in cases(include_str!("vectors/mistakes.json"))
        .iter()
        .enumerate()
    {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let wire = Wire::of(&case["wire"]);
        let explanation = wire
            .explain_intent(
                text("access_key_id"),
                text("access_key_secret"),
                &intent(&case["intent"]),
            )
            .expect("a signature");
        let expected: Vec<&str> = case["expect"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let found = ids(&explanation);
        let context = format!("case {index}, {expected:?}, found {found:?}");
        assert!(expected.iter().all(|id| found.contains(id)), "{context}");
        assert_eq!(expected.is_empty(), found.is_empty(), "{context}");
        assert!(
            !format!("{explanation:?}").contains(text("access_key_secret")),
            "{context}"
        );
        for finding in &explanation.findings {
            for sentence in [&finding.message, &finding.cure] {
                assert!(
                    !sentence.en.is_empty() && !sentence.zh.is_empty(),
                    "{context}"
                );
                assert!(!sentence.en.contains("{}"), "{context}");
            }
        }
    }
}

#[test]
fn has_a_case_for_every_mistake_of_the_table() {
    let table = include_str!("../src/sign/explain/mistake.rs");
    let (_, entries) = table.split_once("static MISTAKES").expect("the table");
    let cases = include_str!("vectors/mistakes.json");
    let names = entries
        .lines()
        .filter_map(|line| line.strip_prefix("    \"")?.split_once("\", "))
        .map(|(name, _)| name);
    let without: Vec<&str> = names
        .filter(|name| !cases.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(without, [""; 0]);
}

#[test]
fn takes_a_secret_given_with_a_line_break() {
    let case = &cases(include_str!("vectors/mistakes.json"))[0];
    let wire = Wire::of(&case["wire"]);
    let explanation = wire
        .explain("mistakeKeyId", "mistakeKeySecret\n")
        .expect("a signature");
    assert_eq!(ids(&explanation), ["secret-white-space"]);
}

#[test]
fn tells_another_key_and_two_signatures() {
    let case = &cases(include_str!("vectors/mistakes.json"))[0];
    let mut wire = Wire::of(&case["wire"]);
    let explanation = wire
        .explain("anotherId", "mistakeKeySecret")
        .expect("a signature");
    assert!(explanation.matches);
    assert_eq!(ids(&explanation), ["other-key-id"]);

    wire.headers
        .push(("Authorization".to_owned(), "Basic eA==".to_owned()));
    let explanation = wire
        .explain("mistakeKeyId", "mistakeKeySecret")
        .expect("a signature");
    assert!(explanation.matches);
    assert_eq!(
        ids(&explanation)[..2],
        ["two-signatures", "authorization-malformed"]
    );
}

#[test]
fn an_empty_signature_is_none() {
    let headers = vec![("Authorization".to_owned(), "Basic eA==".to_owned())];
    for (target, headers) in [
        ("/?AccessKeyId=a&Signature=", Vec::new()),
        ("/?AccessKeyId=a", Vec::new()),
        ("/", headers),
    ] {
        let wire = Wire {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers,
            body: Vec::new(),
        };
        assert_eq!(wire.explain("a", "b"), Err(Unsigned), "{target}");
    }
}

/// The first recorded request after a proxy wrote its own name into it.
#[test]
fn names_the_host_that_a_proxy_changed() {
    let case = &cases(include_str!("vectors/golden-public.json"))[0];
    let input = |name: &str| case["input"][name].as_str().unwrap_or_default();
    for host in ["127.0.0.1:8086", "proxy.internal"] {
        let mut wire = Wire::of(&case["wire"]);
        for (name, value) in &mut wire.headers {
            if name == "host" {
                host.clone_into(value);
            }
        }
        let (id, secret) = (input("access_key_id"), input("access_key_secret"));
        let meant = intent(&case["input"]);
        let explanation = wire.explain_intent(id, secret, &meant).expect("signed");
        assert_eq!(ids(&explanation), ["changed-after-signing"], "{host}");
        let message = &explanation.findings[0].message.en;
        assert!(message.starts_with("host "), "{message}");

        let explanation = wire.explain(id, secret).expect("signed");
        assert_eq!(
            ids(&explanation),
            ["maybe-other-secret", "maybe-header-changed"]
        );
        let message = &explanation.findings[1].message.en;
        assert!(message.contains(": host, user-agent"), "{message}");
        assert!(message.contains("x-acs-date"), "{message}");
    }
}

#[test]
fn names_every_value_that_was_changed() {
    let cases = cases(include_str!("vectors/mistakes.json"));
    let named: Vec<String> = cases
        .iter()
        .filter(|case| case["expect"][0] == "changed-after-signing")
        .map(|case| {
            let wire = Wire::of(&case["wire"]);
            let explained =
                wire.explain_intent("mistakeKeyId", "mistakeKeySecret", &intent(&case["intent"]));
            let message = explained.expect("signed").findings[0]
                .message
                .en
                .to_string();
            let (names, _) = message.split_once(" arrived").expect("names");
            names.to_owned()
        })
        .collect();
    assert_eq!(
        named,
        [
            "timestamp",
            "nonce, action",
            "OutId",
            "method",
            "OutId",
            "host",
            "host",
            "timestamp",
            "host, action, version",
            "security_token",
            "OutId",
            "PhoneNumbers",
        ]
    );
}

/// A megabyte that no mistake explains takes about a second in a release build.
#[test]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn gives_up_in_time_on_a_huge_request() {
    let case = &cases(include_str!("vectors/mistakes.json"))[1];
    let mut wire = Wire::of(&case["wire"]);
    for body in [
        "a=&".repeat(350_000),
        format!("a={}", "%C3%A9".repeat(175_000)),
    ] {
        wire.body = body.into_bytes();
        let begun = std::time::Instant::now();
        let explanation = wire
            .explain("mistakeKeyId", "mistakeKeySecret")
            .expect("a signature");
        assert_eq!(ids(&explanation)[0], "maybe-other-secret");
        let limit = if cfg!(debug_assertions) { 60 } else { 3 };
        assert!(begun.elapsed().as_secs() < limit, "{:?}", begun.elapsed());
    }
}
