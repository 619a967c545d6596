//! What is kept between two runs.

use std::path::Path;

use serde_json::json;

use super::terminal::{Break, Next};
use super::world::World;

#[test]
fn a_damaged_progress_file_is_not_lost_unasked() {
    let mut world = World::new();
    let damaged = "{ \"key_secret\": \"aSecretThat";
    let path = world.folder.write("connector.json.setup.json", damaged);
    assert_eq!(world.run(Vec::new()), Some(2), "{}", world.transcript);
    assert!(
        world.transcript.contains("--restart"),
        "{}",
        world.transcript
    );
    assert!(
        !world.transcript.contains("aSecretThat"),
        "{}",
        world.transcript
    );
    assert_eq!(
        std::fs::read_to_string(Path::new(&path)).expect("a file"),
        damaged
    );
    world.arguments.push("--restart".to_owned());
    assert_eq!(world.run(Vec::new()), Some(0), "{}", world.transcript);
    world.check_end();
}

#[test]
fn a_spoilt_answer_in_the_progress_file_is_named_and_ends_it() {
    for (field, value, said) in [
        ("endpoint", "ftp://x", "neither http:// nor https://"),
        ("sign_name", "", "this is empty"),
    ] {
        let world = World::new();
        let kept = json!({ "version": 1, "done": ["console"], field: value });
        world
            .folder
            .write("connector.json.setup.json", kept.to_string());
        let mut session = world.start_with(&[]);
        let ended = session.next(&["neverShown"]);
        assert_eq!(ended, Next::Ended(Some(2)), "{}", session.text);
        let name = field.replace("sign_name", "signName");
        for told in ["connector.json.setup.json", &name, said, "--restart"] {
            assert!(session.text.contains(told), "{told}: {}", session.text);
        }
    }
}

#[test]
fn gone_on_with_it_says_whom_it_asks() {
    for (lang, told) in [
        ("en", "is asked in the place of Aliyun"),
        ("zh", "而非阿里云"),
    ] {
        let world = World::new();
        let url = world.emulator.url.clone();
        let mut first = world.start();
        assert!(matches!(first.next(&[]), Next::Asks(..)));
        first.break_off(Break::CtrlC);
        let mut plain = world.start_with(&["--lang", lang]);
        assert!(matches!(plain.next(&[]), Next::Asks(..)));
        let flat = plain.text.replace('\n', "");
        assert!(flat.contains(&url) && flat.contains(told), "{}", plain.text);
    }
    // Aliyun's own is nothing to say.
    let world = World::new();
    let own = ["--endpoint", "https://dysmsapi.aliyuncs.com"];
    for _ in 0..2 {
        let mut session = world.start_with(&own);
        assert!(matches!(session.next(&[]), Next::Asks(..)));
        let text = &session.text;
        assert!(!text.contains("in the place of Aliyun"), "{text}");
        session.break_off(Break::CtrlC);
    }
}
