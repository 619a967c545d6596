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
fn a_misnamed_file_is_read_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "accessKeyId = 'a'\naccessKeySecret = 'b'\nsignName = 'c'\n\
        [[templates]]\nusageType = 'Generic'\ntemplateCode = 'SMS_1'\n";
    for (file, text) in [
        ("toml.json", toml.to_owned()),
        ("json.toml", good().to_string()),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
        let checked = ConnectorConfig::check_file(&folder.path().join(file));
        assert_eq!(checked.problems, [], "{file}");
    }
}

/// A pipe as `<(…)` makes one, and one that nobody writes into.
#[cfg(unix)]
#[test]
fn pipes_are_read_and_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = |name: &str| {
        let path = folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        path
    };
    let (written, silent) = (pipe("written"), pipe("silent"));
    let mut config = good();
    config["signName"] = json!({"file": silent});
    let path = written.clone();
    let writer = std::thread::spawn(move || std::fs::write(path, config.to_string()));
    let checked = ConnectorConfig::check_file(&written);
    writer.join().unwrap().unwrap();
    assert_eq!(found(&checked), [("file_reference", "signName")]);
    let checked = ConnectorConfig::check_file(&silent);
    assert_eq!(found(&checked), [("file_unreadable", "")]);
    assert!(checked.problems[0].message.contains("pipe"), "{checked:?}");
    let checked = ConnectorConfig::check_file(Path::new("/dev/zero"));
    assert_eq!(found(&checked), [("file_too_large", "")]);
}

#[test]
fn guesses_the_format() {
    for (path, text, format) in [
        (Some("a.toml"), "{}", Format::Json),
        (Some("a.json"), "a = 1", Format::Toml),
        (Some("a.toml"), "", Format::Toml),
        (Some("a.TOML"), "= 1", Format::Toml),
        (Some("a.JSON"), "= 1", Format::Json),
        // Broken, but further on in the one than in the other.
        (Some("a.json"), "a = 1\nb = x", Format::Toml),
        (Some("a.toml"), "{ \"a\": 1, \"b\" }", Format::Json),
        (None, "\n// x\n{ \"a\": ", Format::Json),
        (
            None,
            "[[templates]]\ncode = { china = SMS_1 }",
            Format::Toml,
        ),
        (
            None,
            "[[templates]]\ncode = { china = \"SMS_1\" }",
            Format::Toml,
        ),
        (None, "\"region\" = 'cn'", Format::Toml),
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
