//! `sesame config check`: what people paste, and what becomes of it.

use crate::support::{Folder, SECRET, run, text};

/// The official document's example, as it stands there.
const DOCUMENTED: &str = r#"{
  "accessKeyId": "<your-access-key-id>",
  "accessKeySecret": "<your-access-key-secret>",
  "signName": "<your-sign-name>",
  "templates": [
    { "templateCode": "<register-template-code>", "usageType": "Register" },
    { "templateCode": "<sign-in-template-code>", "usageType": "SignIn" },
    { "templateCode": "<test-template-code>", "usageType": "Test" },
  ]
}"#;

const GOOD: &str = r#"{
  "accessKeyId": "testid",
  "accessKeySecret": "testsecret",
  "signName": "阿里云短信测试",
  "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
}"#;

#[test]
fn the_documents_own_example_is_read_and_every_placeholder_named() {
    let folder = Folder::new();
    let file = folder.write("connector.json", DOCUMENTED);
    let said = run(&["config", "check", &file, "--json"]);
    assert_eq!(said.code, 2);
    let found = said.json();
    let problems = found["problems"].as_array().expect("a list");
    let places: Vec<(u64, u64)> = problems
        .iter()
        .filter(|problem| problem["id"] == "placeholder")
        .map(|problem| {
            (
                problem["line"].as_u64().unwrap_or(0),
                problem["column"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    assert_eq!(
        places,
        [(2, 18), (3, 22), (4, 15), (6, 23), (7, 23), (8, 23)]
    );
    for problem in problems {
        for key in ["id", "level", "path", "message", "cure"] {
            assert!(problem[key].is_string(), "{problem}");
        }
    }
}

#[test]
fn a_good_one_and_one_with_warnings_exit_zero() {
    let folder = Folder::new();
    let file = folder.write("good.json", GOOD);
    let said = run(&["config", "check", &file]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert!(said.out.contains("valid:"));
    assert_eq!(
        run(&["config", "check", &file, "--json"]).out.trim(),
        "{\n  \"problems\": []\n}"
    );

    let unknown = GOOD.replacen('{', "{ \"unknownKey\": 1,", 1);
    let file = folder.write("warning.json", unknown);
    let said = run(&["config", "check", &file]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("warning[unknown_key]") && said.out.contains("1 warning"),
        "{said:?}"
    );
    assert_eq!(
        run(&["config", "check", &file, "--json"]).json()["problems"][0]["level"],
        "warning"
    );
}

#[test]
fn toml_comments_and_a_byte_order_mark_are_read() {
    let folder = Folder::new();
    let toml = "accessKeyId = \"testid\"\naccessKeySecret = \"testsecret\"\nsignName = \"x\"\n[[templates]]\nusageType = \"Generic\"\ntemplateCode = \"SMS_1\"\n";
    let file = folder.write("connector.toml", toml);
    assert_eq!(run(&["config", "check", &file]).code, 0);
    let file = folder.write("bom.json", format!("\u{feff}// a comment\n{GOOD}"));
    assert_eq!(run(&["config", "check", &file]).code, 0);
}

#[test]
fn every_bad_configuration_is_named_and_keeps_its_secret() {
    let folder = Folder::new();
    let with = |from: &str, to: &str| GOOD.replacen(from, to, 1);
    let cases: Vec<(String, &str)> = vec![
        (with("\"testsecret\"", "7"), "wrong_type"),
        (
            with("\"accessKeySecret\": \"testsecret\",", ""),
            "missing_field",
        ),
        (with("\"testsecret\"", "\"\""), "empty_string"),
        (with("testsecret", "testsecret\\n"), "secret_line_break"),
        (with("testsecret\"", "testsecret\n\""), "secret_line_break"),
        (with("\"testsecret\"", "\"testsecret"), "syntax"),
        (with("\"testsecret\"", "testsecret"), "syntax"),
        (with("\"testid\",", "\"testid\""), "syntax"),
        (
            with("阿里云短信测试", "【阿里云短信测试】"),
            "sign_name_brackets",
        ),
        (with("Generic", "Genric"), "usage_type_unknown"),
        (
            with(
                "\"templates\": [",
                "\"templates\": [{ \"usageType\": \"Generic\", \"templateCode\": \"SMS_1\" },",
            ),
            "usage_type_duplicate",
        ),
        (
            with("{", "{ \"accessKeySecret\": \"testsecret\","),
            "duplicate_key",
        ),
        (
            with("{", "{ \"endpoint\": \"not a url\","),
            "endpoint_invalid",
        ),
        (String::new(), "syntax"),
        ("[]".to_owned(), "root_not_object"),
        ("null".to_owned(), "root_not_object"),
        ("[".repeat(100_000), "syntax"),
    ];
    for (text, id) in cases {
        let file = folder.write("connector.json", &text);
        let said = run(&["config", "check", &file, "--json"]);
        let found = said.json();
        let ids: Vec<&str> = found["problems"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|problem| problem["id"].as_str())
            .collect();
        assert_eq!(said.code, 2, "{id}: {said:?}");
        assert!(ids.contains(&id), "{id}: {ids:?}");
        for color in ["always", "never"] {
            let said = run(&["config", "check", &file, "--color", color]);
            assert_eq!(said.code, 2, "{id}: {said:?}");
            assert!(!said.all().contains(SECRET), "{id}: {said:?}");
            assert!(
                said.out.contains("cure:") && !said.err.contains("panicked"),
                "{id}: {said:?}"
            );
        }
    }
}

#[test]
fn unreadable_files_are_told_apart() {
    let folder = Folder::new();
    let big = folder.write("big.json", vec![b' '; 50 * 1024 * 1024]);
    let gbk = folder.write("gbk.json", b"{ \"signName\": \"\xb0\xa2\xc0\xef\" }");
    let directory = text(folder.dir.path());
    for (path, id) in [
        ("/no/such/file.json", "file_not_found"),
        (directory.as_str(), "file_is_directory"),
        (big.as_str(), "file_too_large"),
        (gbk.as_str(), "not_utf8"),
    ] {
        let said = run(&["config", "check", path, "--json"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert_eq!(said.json()["problems"][0]["id"], id, "{said:?}");
        assert_eq!(run(&["config", "check", path, "--color", "always"]).code, 2);
    }
}

#[test]
fn on_a_terminal_the_line_is_shown_with_a_caret() {
    let folder = Folder::new();
    let file = folder.write("connector.json", GOOD.replacen("Generic", "Genric", 1));
    let said = run(&["config", "check", &file, "--color", "always"]);
    assert!(
        said.out.contains("^^^^^^^^") && said.out.contains("\"Genric\""),
        "{said:?}"
    );
    assert!(said.out.contains("\u{1b}["));
    let said = run(&["config", "check", &file]);
    assert!(
        !said.out.contains("^^^^^^^^") && !said.out.contains('\u{1b}'),
        "{said:?}"
    );
}
