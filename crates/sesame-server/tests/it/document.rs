//! `docs/openapi.json` is what the code says.

use serde_json::Value;
use sesame_server::error::Code;

use crate::support::World;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_committed_document_is_current() {
    if std::env::var_os("SESAME_WRITE_OPENAPI").is_some() {
        std::fs::write(COMMITTED, sesame_server::openapi()).expect("written");
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    let is_current = committed == sesame_server::openapi();
    assert!(
        is_current,
        "docs/openapi.json is not current; run: SESAME_WRITE_OPENAPI=1 cargo test -p sesame-server document"
    );
}

#[tokio::test]
async fn it_is_served_and_whole() {
    let world = World::new().await;
    let said = world.get("/openapi.json").await;
    assert_eq!(said.headers["content-type"], "application/json");
    let document = said.json();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    let paths = document["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 12, "{:?}", paths.keys());
    let codes = &document["components"]["schemas"]["Code"]["enum"];
    assert_eq!(codes.as_array().map(Vec::len), Some(Code::ALL.len()));
    // Whatever is referred to is there.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let reference = reference.split('"').next().unwrap_or_default();
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let problem = &document["components"]["schemas"]["Problem"];
    assert!(
        problem.to_string().contains("retry_after_secs"),
        "{problem}"
    );
}

#[test]
fn every_operation_lists_its_refusals() {
    let document: Value = serde_json::from_str(&sesame_server::openapi()).expect("JSON");
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.contains_key("503"), "{method} {path}");
            let is_guarded = operation["security"].is_array();
            assert_eq!(is_guarded, path.starts_with("/v1/"), "{method} {path}");
            assert_eq!(is_guarded, responses.contains_key("401"), "{method} {path}");
        }
    }
}
