//! Text, in JSON and in TOML, and the places of what is wrong in it.

use std::collections::HashMap;

use super::*;

#[test]
fn toml_says_the_same() {
    let text = r#"
        # an operator's file
        accessKeyId = "LTAI5tExample"
        accessKeySecret = { env = "SMS_SECRET" }
        signName = "短信测试"
        timeoutMs = 5000
        [[templates]]
        usageType = "Generic"
        templateCode = { china = "SMS_4", overseas = "SMS_5" }
        [[templates]]
        usageType = "signin"
        templateCode = 5
    "#;
    let lookup = Given(HashMap::from([("SMS_SECRET", "secret")]));
    let checked = ConnectorConfig::parse(text, Format::Toml, &lookup);
    assert_eq!(
        found(&checked),
        [
            ("usage_type_unknown", "templates[1].usageType"),
            ("wrong_type", "templates[1].templateCode"),
        ]
    );
    assert_eq!(
        (checked.problems[0].line, checked.problems[0].column),
        (Some(11), Some(21))
    );
    let duplicate = ConnectorConfig::parse("region = 'a'\nregion = 'b'", Format::Toml, &lookup);
    assert_eq!(found(&duplicate), [("duplicate_key", "")]);
    assert_eq!(duplicate.problems[0].line, Some(2));
    let broken = ConnectorConfig::parse("signName = 短信", Format::Toml, &lookup);
    assert_eq!(broken.problems[0].id, ProblemId::Syntax);
}

#[test]
fn the_documented_example_parses_and_each_placeholder_is_named() {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/connector-as-documented.json"
    ));
    let checked = json_text(text);
    let places: Vec<_> = checked
        .problems
        .iter()
        .map(|p| (p.id, p.path.as_str(), p.line.unwrap(), p.column.unwrap()))
        .collect();
    assert_eq!(
        places,
        [
            (ProblemId::Placeholder, "accessKeyId", 2, 18),
            (ProblemId::Placeholder, "accessKeySecret", 3, 22),
            (ProblemId::Placeholder, "signName", 4, 15),
            (ProblemId::Placeholder, "templates[0].templateCode", 7, 23),
            (ProblemId::Placeholder, "templates[1].templateCode", 11, 23),
            (ProblemId::Placeholder, "templates[2].templateCode", 15, 23),
        ]
    );
    assert!(checked.config.is_some());
    assert!(!checked.is_valid());
}

#[test]
fn the_example_is_valid() {
    let checked = json_text(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/connector.json"
    )));
    assert_eq!(checked.problems, []);
    assert!(checked.is_valid());
}

#[test]
fn text_that_is_no_configuration() {
    for (text, id, line, column) in [
        ("", "syntax", 1, 1),
        ("[]", "root_not_object", 1, 1),
        ("\"x\"", "root_not_object", 1, 1),
        ("null", "root_not_object", 1, 1),
        ("{\n  \"signName\": '短信'\n}", "syntax", 2, 15),
        ("{\n  \"短信\": 1,\n  \"b\" 2\n}", "syntax", 3, 7),
        ("{ \"a\": 1 \"b\": 2 }", "syntax", 1, 9),
        ("{ \"a\": 0x10 }", "syntax", 1, 8),
        ("{ a: 1 }", "syntax", 1, 3),
        ("{ \"a\": \"never closed }", "syntax", 1, 8),
        ("{ \"a\": ", "syntax", 1, 8),
        ("{} {}", "syntax", 1, 4),
        (&"[".repeat(100_000), "syntax", 1, 513),
    ] {
        let checked = json_text(text);
        let problem = &checked.problems[0];
        assert_eq!(problem.id.as_str(), id, "{text:.40} {problem}");
        assert_eq!(
            (problem.line, problem.column),
            (Some(line), Some(column)),
            "{text:.40} {problem}"
        );
        assert!(checked.config.is_none());
    }
}

#[test]
fn comments_trailing_commas_and_a_byte_order_mark_are_no_problem() {
    let text = format!(
        "\u{feff}// first\n{}",
        good().to_string().replace(']', ", /* last */ ]")
    );
    let checked = json_text(&text);
    assert_eq!(checked.problems, []);
}

#[test]
fn a_key_that_stands_twice() {
    let text = "{\n  \"region\": \"cn-beijing\",\n  \"region\": \"cn-hangzhou\"\n}";
    let checked = json_text(text);
    let problem = checked
        .problems
        .iter()
        .find(|p| p.id == ProblemId::DuplicateKey)
        .unwrap();
    assert_eq!((problem.line, problem.column), (Some(3), Some(3)));
}
