//! Both signatures against outside witnesses: vectors Aliyun published, and
//! requests recorded from Alibaba's own clients.

use aliyun_sms::sign::received::{Found, Request, Stages};
use aliyun_sms::sign::{Pair, acs3, percent_encode, rpc_v1};
use proptest::prelude::*;
use serde_json::Value;

fn vectors(name: &str) -> Value {
    let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the vectors are there");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is a text"))
}

fn pairs(object: &Value) -> Vec<Pair> {
    let members = object.as_object().expect("an object");
    members
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect()
}

fn header_pairs(list: &Value) -> Vec<Pair> {
    let entries = list.as_array().expect("a list");
    entries
        .iter()
        .map(|entry| {
            let of = |at: usize| entry[at].as_str().expect("a text").to_owned();
            (of(0), of(1))
        })
        .collect()
}

#[test]
fn published_vectors() {
    let file = vectors("doc-vectors.json");
    let cases = file["vectors"].as_array().expect("a list");
    assert_eq!(cases.len(), 6);
    for case in cases {
        let (id, secret, method) = (text(case, "id"), text(case, "secret"), text(case, "method"));
        let string_to_sign = if text(case, "algorithm").starts_with("rpc-v1") {
            let canonical = rpc_v1::canonical_query(&pairs(&case["params"]));
            assert_eq!(canonical, text(case, "canonical_query"), "{id}");
            let string_to_sign = rpc_v1::string_to_sign(method, &canonical);
            assert_eq!(
                rpc_v1::signature(secret, &string_to_sign),
                text(case, "signature"),
                "{id}"
            );
            string_to_sign
        } else {
            let canonical = acs3::canonical_request(
                method,
                text(case, "path"),
                &acs3::canonical_query(&pairs(&case["query"])),
                &header_pairs(&case["headers"]),
                text(case, "hashed_payload"),
            );
            assert_eq!(canonical.text, text(case, "canonical_request"), "{id}");
            assert_eq!(
                canonical.signed_headers,
                text(case, "signed_headers"),
                "{id}"
            );
            let string_to_sign = acs3::string_to_sign(&canonical.text);
            assert_eq!(
                acs3::signature(secret, &string_to_sign),
                text(case, "signature"),
                "{id}"
            );
            string_to_sign
        };
        assert_eq!(string_to_sign, text(case, "string_to_sign"), "{id}");
    }
}

struct Recorded {
    method: String,
    target: String,
    headers: Vec<Pair>,
    body: Vec<u8>,
    secret: String,
}

impl Recorded {
    fn of(case: &Value) -> Self {
        let wire = &case["wire"];
        assert_eq!(text(wire, "body_encoding"), "utf-8");
        Self {
            method: text(wire, "method").to_owned(),
            target: text(wire, "target").to_owned(),
            headers: header_pairs(&wire["headers"]),
            body: text(wire, "body").as_bytes().to_vec(),
            secret: text(&case["input"], "access_key_secret").to_owned(),
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// What it should have been signed with, and what it was signed with.
    fn stages(&self) -> Option<(Stages, String)> {
        let request = self.request();
        let parameters = request.parameters();
        match request.found(&parameters) {
            Found::RpcV1 { signature, .. } => {
                Some((request.rpc_v1(&parameters, &self.secret), signature))
            }
            Found::Acs3(found) => Some((
                request.acs3(&parameters, &found.signed_headers, &self.secret),
                found.signature,
            )),
            Found::Nothing | Found::Malformed => None,
        }
    }
}

#[test]
fn recorded_requests_of_alibabas_clients() {
    let file = vectors("golden-public.json");
    let cases = file["cases"].as_array().expect("a list");
    let mut signed = 0;
    for case in cases {
        let (id, recorded) = (text(case, "id"), Recorded::of(case));
        let decoded = recorded.request().parameters();
        assert_eq!(
            decoded.query,
            header_pairs(&case["decoded"]["query"]),
            "{id}"
        );
        assert_eq!(decoded.form, header_pairs(&case["decoded"]["form"]), "{id}");
        let Some((stages, found)) = recorded.stages() else {
            assert_eq!(text(case, "signature_version"), "anonymous", "{id}");
            continue;
        };
        let expected = &case["signing"];
        let canonical = expected["canonical_query"]
            .as_str()
            .or(expected["canonical_request"].as_str());
        assert_eq!(Some(stages.canonical.as_str()), canonical, "{id}");
        assert_eq!(
            stages.string_to_sign,
            text(expected, "string_to_sign"),
            "{id}"
        );
        assert_eq!(stages.signature, text(expected, "signature"), "{id}");
        assert_eq!(stages.signature, found, "{id}");
        signed += 1;
    }
    assert_eq!(signed, 46);
}

#[test]
fn no_recorded_request_leaves_a_header_unsigned() {
    let file = vectors("golden-public.json");
    for case in file["cases"].as_array().expect("a list") {
        let recorded = Recorded::of(case);
        let request = recorded.request();
        if let Found::Acs3(found) = request.found(&request.parameters()) {
            let unsigned = request.unsigned_headers(&found.signed_headers);
            assert!(unsigned.is_empty(), "{}: {unsigned:?}", text(case, "id"));
            let fewer = found.signed_headers.replacen("x-acs-date;", "", 1);
            assert_eq!(request.unsigned_headers(&fewer), ["x-acs-date"]);
        }
    }
}

#[test]
fn malformed_authorizations_are_told_apart() {
    let found = |header: &str| {
        let headers = [("Authorization".to_owned(), header.to_owned())];
        let request = Request {
            method: "POST",
            target: "/",
            headers: &headers,
            body: b"",
        };
        request.found(&request.parameters())
    };
    for broken in [
        "",
        "Basic abc",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 Credential=a,Signature=b",
        "ACS3-HMAC-SHA256Credential=a,SignedHeaders=h,Signature=b",
        "ACS3-HMAC-SM3 Credential=a,SignedHeaders=h,Signature=b",
    ] {
        assert_eq!(found(broken), Found::Malformed, "{broken}");
    }
    let spaced = "ACS3-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b";
    assert!(
        matches!(found(spaced), Found::Acs3(a) if a.access_key_id == "a" && a.signature == "b")
    );
}

#[test]
fn the_kind_of_a_body_is_read_in_any_letter_case() {
    for (kind, is_form) in [
        ("application/x-www-form-urlencoded", true),
        ("APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8", true),
        ("application/x-www-form-urlencoded-not", false),
        ("Application/JSON", false),
    ] {
        let headers = [("Content-Type".to_owned(), kind.to_owned())];
        let request = Request {
            method: "POST",
            target: "/",
            headers: &headers,
            body: b"a=b",
        };
        assert_eq!(request.parameters().get("a").is_some(), is_form, "{kind}");
    }
}

proptest! {
    #[test]
    fn encoding_is_undone_by_decoding(name in "\\PC*", value in "\\PC*") {
        let text = format!("{}={}", percent_encode(&name), percent_encode(&value));
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~%=".contains(&b)));
        let decoded = aliyun_sms::sign::received::decode_form(text.as_bytes());
        prop_assert_eq!(decoded, vec![(name, value)]);
    }

    #[test]
    fn order_does_not_matter_and_every_byte_does(
        mut parameters in prop::collection::btree_map("[A-Za-z.]{1,6}", "\\PC{0,8}", 1..8),
        secret in "[!-~]{1,30}",
    ) {
        parameters.remove("Signature");
        let forward: Vec<Pair> = parameters.clone().into_iter().collect();
        let backward: Vec<Pair> = forward.iter().rev().cloned().collect();
        let canonical = rpc_v1::canonical_query(&forward);
        prop_assert_eq!(&canonical, &rpc_v1::canonical_query(&backward));
        let sign = |text: &str| rpc_v1::signature(&secret, &rpc_v1::string_to_sign("POST", text));
        for at in 0..forward.len() {
            let mut changed = forward.clone();
            changed[at].1.push('x');
            prop_assert_ne!(sign(&canonical), sign(&rpc_v1::canonical_query(&changed)));
        }
    }
}
