//! Files, and what cannot be read as one.

use serde_json::json;

use super::*;

#[test]
fn files_that_cannot_be_configurations() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("latin"), b"{\n  \"signName\": \"\xb6\xcc\xd0\xc5\"\n}").unwrap();
    std::fs::write(path("utf16"), b"\xff\xfe{\0}\0").unwrap();
    std::fs::File::create(path("large"))
        .unwrap()
        .set_len(50 << 20)
        .unwrap();
    std::fs::write(path("empty.json"), "").unwrap();
    for (file, id, line) in [
        ("nowhere.json", ProblemId::FileNotFound, None),
        ("", ProblemId::FileIsDirectory, None),
        ("latin", ProblemId::NotUtf8, Some(2)),
        ("utf16", ProblemId::NotUtf8, Some(1)),
        ("large", ProblemId::FileTooLarge, None),
        ("empty.json", ProblemId::Syntax, Some(1)),
    ] {
        let checked = ConnectorConfig::check_file(&path(file));
        assert_eq!(checked.problems.len(), 1, "{file}");
        assert_eq!(checked.problems[0].id, id, "{file}");
        assert_eq!(checked.problems[0].line, line, "{file}");
        assert!(ConnectorConfig::load(&path(file)).is_err());
    }
}

#[test]
fn files_are_read_relative_to_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = good();
    config["accessKeySecret"] = json!({"file": "secret"});
    std::fs::write(folder.path().join("secret"), "abc\n").unwrap();
    std::fs::write(folder.path().join("connector.json"), config.to_string()).unwrap();
    let loaded = ConnectorConfig::load(&folder.path().join("connector.json"));
    assert!(loaded.is_ok(), "{loaded:?}");
}

#[test]
fn guesses_the_format() {
    for (path, text, format) in [
        (Some("a.toml"), "{}", Format::Toml),
        (Some("a.JSON"), "a = 1", Format::Json),
        (Some("connector"), "// x\n{}", Format::Json),
        (None, "\u{feff} {}", Format::Json),
        (None, "# x\nregion = 'cn'", Format::Toml),
        (None, "region = 'cn'", Format::Toml),
        (None, "[[templates]]\nusageType = 'SignIn'", Format::Toml),
        (None, "[]", Format::Json),
        (None, "", Format::Json),
    ] {
        assert_eq!(Format::guess(path.map(Path::new), text), format, "{text}");
    }
}
