//! Keys that do not do, and ways to Aliyun that do not.

use serde_json::json;

use super::world::{self, KEY_ID, KEY_SECRET, World};

#[test]
fn a_wrong_key_is_named_with_its_cure_and_asked_for_again() {
    let mut world = World::new();
    let code = world.run(vec![
        // No id of a key, a secret in pieces, a wrong one; then the right ones.
        (
            "? AccessKey ID",
            "ＬＴＡＩ５ｔＳｅｔｕｐＳｅｔｕｐＳｅｔｕｐ００１",
        ),
        ("? AccessKey Secret", "in two pieces"),
        ("there is a space in it", "another-secret"),
        ("SignatureDoesNotMatch", "enter another AccessKey"),
    ]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    world.check_end();
    assert!(!world.raw.contains("another-secret") && !world.raw.contains("in two pieces"));
}

#[test]
fn only_the_wrong_half_of_a_key_is_asked_for_again() {
    let mut world = World::new();
    let code = world.run(vec![
        ("? AccessKey Secret", "in two pieces"),
        ("there is a space in it", "another-secret"),
        ("SignatureDoesNotMatch", "enter the secret again"),
    ]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    let asked = |question: &str| world.transcript.matches(question).count();
    assert_eq!(
        (
            asked("AccessKey ID >"),
            asked("AccessKey Secret (not shown) >")
        ),
        (1, 3)
    );
    assert!(world.transcript.contains("Number [2]"));
    world.check_end();
    let mut world = World::new();
    let code = world.run(vec![
        ("? AccessKey ID", "env:SESAME_NOT_SET"),
        ("SESAME_NOT_SET is not set", KEY_ID),
    ]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    let asked = |question: &str| world.transcript.matches(question).count();
    assert_eq!(
        (
            asked("AccessKey ID >"),
            asked("AccessKey Secret (not shown) >")
        ),
        (2, 1)
    );
    world.check_end();
}

#[test]
fn what_is_wrong_with_a_key_is_said_in_chinese_too() {
    let mut world = World::new();
    world.arguments = ["--lang", "zh"].map(str::to_owned).to_vec();
    for (name, value) in [
        ("SESAME_EMPTY", ""),
        ("SESAME_EXAMPLE", "your-secret"),
        ("SESAME_LINES", "one\ntwo"),
    ] {
        world.variables.push((name, value.to_owned()));
    }
    let code = world.run(vec![
        ("? AccessKey ID", "env:SESAME_NOT_SET"),
        ("? AccessKey Secret", "env:SESAME_EMPTY"),
        ("环境变量没有设置", "STS.temporary"),
        ("? AccessKey Secret", "env:SESAME_EXAMPLE"),
        ("占位符", "env:SESAME_LINES"),
        ("有换行", "file:no-such-file"),
        ("文件无法读取", "in two pieces"),
        ("有空格", "ＬＴＡＩ"),
        ("密钥不会包含的字符", "LTAI5tSetupSetupSetup001"),
        ("InvalidAccessKeyId", "更换 AccessKey"),
    ]);
    let text = &world.transcript;
    assert_eq!(code, Some(0), "{text}");
    for told in ["值为空", "缺少 SecurityToken", "是否颠倒"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let lines = text.lines().filter(|line| line.contains("accessKey"));
    for line in lines {
        assert!(
            !line.contains(" is ") && !line.contains("copy it"),
            "{line}"
        );
    }
    world.check_end();
}

#[test]
fn a_missing_permission_is_named_with_a_policy_to_copy() {
    let mut world = World::with(json!({
        "access_keys": [{
            "id": KEY_ID, "secret": KEY_SECRET,
            "permissions": ["dysms:SendSms", "dysms:QuerySendDetails", "bss:*"],
        }],
    }));
    let code = world.run(vec![(
        "the key may not call dysms:QuerySmsSignList",
        "leave",
    )]);
    assert_eq!(code, Some(1), "{}", world.transcript);
    for told in [
        "AliyunDysmsFullAccess",
        "\"dysms:CreateSmsTemplate\"",
        "Nothing is lost",
    ] {
        assert!(
            world.transcript.contains(told),
            "{told}: {}",
            world.transcript
        );
    }
}

#[test]
fn a_broken_way_and_a_wrong_clock_are_named_and_tried_again() {
    let mut world = World::new();
    let mut session = world.start_at("http://127.0.0.1:1");
    let mut leave: world::Otherwise = vec![("nobody listens there", "leave")];
    assert_eq!(
        world.go_on(&mut session, &mut leave),
        Some(1),
        "{}",
        session.text
    );
    world.keep(&session);
    // What was typed is there, and the other endpoint goes before the kept one.
    let clock = json!({ "advance_secs": 3600 });
    world.emulator.post("/_emulator/clock", &clock.to_string());
    let fault = json!({ "action": "QuerySmsSignList", "times": 1, "fault": "http_502_html" });
    world.emulator.post("/_emulator/faults", &fault.to_string());
    let code = world.run(vec![("HTTP 502", "try again")]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    assert!(
        world.transcript.contains("this machine's clock"),
        "{}",
        world.transcript
    );
    assert_eq!(world.transcript.matches("AccessKey ID >").count(), 1);
    world.check_end();
}
