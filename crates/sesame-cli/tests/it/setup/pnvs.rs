//! Aliyun's own signatures in the place of one that must be reviewed.

use serde_json::{Value, json};

use super::terminal::{Break, Next};
use super::world::{self, KEY_ID, KEY_SECRET, NUMBER, SIGN, World};

/// The gift signature and template of the account as it comes.
fn gifts() -> Value {
    json!({
        "sign_names": [{ "name": "速通互联验证码", "kind": "verification", "tag": "gift" }],
        "templates": [{ "code": "100001", "kind": "verification", "tag": "gift",
            "content": "您的验证码为${code}，${min}分钟内有效。" }],
    })
}

#[test]
fn pnvs_bridges_the_review_and_stands_alone() {
    let mut world = World::with(gifts());
    let code = world.run(vec![
        ("速通互联验证码 (approved", "apply for a new one"),
        ("Under review", "do not wait"),
    ]);
    let text = &world.transcript;
    assert_eq!(code, Some(0), "{text}");
    let config: Value = world.written();
    assert_eq!(config["fallback"]["provider"], "aliyun-pnvs", "{config}");
    assert_eq!(config["signName"], SIGN);
    assert_eq!(world.emulator.messages(NUMBER).len(), 1, "{text}");
    // That it went by the fallback is no line of the guide's.
    assert!(!text.contains("WARN"), "{text}");
    let mut world = World::with(gifts());
    let code = world.run(vec![("The account's signatures", "none: use a gift")]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    let config: Value = world.written();
    assert_eq!(config["provider"], "aliyun-pnvs", "{config}");
    assert_eq!(config["signName"], "速通互联验证码");
    assert_eq!(
        world.emulator.messages(NUMBER).len(),
        1,
        "{}",
        world.transcript
    );
}

#[test]
fn a_key_for_pnvs_alone_will_do_for_that() {
    let mut world = World::with(json!({
        "access_keys": [{ "id": KEY_ID, "secret": KEY_SECRET, "permissions": ["dypns:*"] }],
        "sign_names": [{ "name": "速通互联验证码", "kind": "verification", "tag": "gift" }],
        "templates": [{ "code": "100001", "kind": "verification", "tag": "gift",
            "content": "您的验证码为${code}，${min}分钟内有效。" }],
    }));
    let code = world.run(vec![("the key may do nothing here", "do without SMS")]);
    let text = &world.transcript;
    assert_eq!(code, Some(0), "{text}");
    // What cannot be asked about is said, and is no reason to stop.
    assert!(text.contains("was accepted; look at the phone"), "{text}");
    assert!(
        !text.contains("after 60 s") && !text.contains("that will do"),
        "{text}"
    );
    let text = std::fs::read_to_string(world.config_path()).expect("a file");
    assert!(text.contains("aliyun-pnvs"), "{text}");
    assert_eq!(world.emulator.messages(NUMBER).len(), 1);
}

#[test]
fn of_a_message_that_was_never_sent_nothing_is_asked() {
    let mut world = World::with(gifts());
    let mut session = world.start();
    let mut otherwise: world::Otherwise = vec![
        ("The account's signatures", "none: use a gift"),
        // Numbers that PNVS does not serve.
        ("? Phone number", "+852 6832 6366"),
    ];
    loop {
        match session.next(&[]) {
            Next::Asks(_, shown) if shown.contains("that will do") => break,
            Next::Asks(question, shown) => {
                session.answer(&world::answer(&question, &shown, &mut otherwise));
            }
            ended => panic!("{ended:?}\n{}", session.text),
        }
    }
    assert!(
        session.text.contains("failure test_message"),
        "{}",
        session.text
    );
    assert_eq!(session.break_off(Break::CtrlC), Some(1));
    let mut session = world.start();
    assert_eq!(world.go_on(&mut session, &mut Vec::new()), Some(0));
    world.keep(&session);
    assert!(
        !world.transcript.contains("was under way"),
        "{}",
        world.transcript
    );
    assert_eq!(world.emulator.messages(NUMBER).len(), 1);
}

#[test]
fn of_a_message_by_pnvs_it_says_that_it_cannot_be_asked_about() {
    let mut world = World::with(gifts());
    let slow =
        json!({ "action": "SendSmsVerifyCode", "times": 1, "fault": "slow", "delay_ms": 60_000 });
    world.emulator.post("/_emulator/faults", &slow.to_string());
    let mut session = world.start();
    let mut otherwise: world::Otherwise = vec![("The account's signatures", "none: use a gift")];
    while world.emulator.messages(NUMBER).is_empty() {
        if let Some(Next::Asks(question, shown)) = session.next_or_nothing(&[]) {
            session.answer(&world::answer(&question, &shown, &mut otherwise));
        }
    }
    session.break_off(Break::Kill);
    let code = world.run(Vec::new());
    let flat = world.transcript.replace('\n', " ");
    assert_eq!(code, Some(0), "{flat}");
    assert!(flat.contains("PNVS does not tell"), "{flat}");
    assert!(!flat.contains("Aliyun does not list it"), "{flat}");
    // The usual answer sends no second one.
    assert_eq!(world.emulator.messages(NUMBER).len(), 1);
}

#[test]
fn signatures_say_what_they_are_good_for() {
    let mut world = World::with(json!({
        "sign_names": [
            { "name": "芝麻测试", "kind": "verification", "tag": "test" },
            { "name": "速通互联验证码", "kind": "verification", "tag": "gift" },
            { "name": "芝麻开门", "kind": "verification" },
            { "name": SIGN, "kind": "general" },
        ],
    }));
    let session = world.until_question("Number [3]");
    world.keep(&session);
    for told in [
        "芝麻测试 (approved, for trying: reaches only numbers",
        "速通互联验证码 (approved, a gift for PNVS",
        "3) 芝麻开门 (approved, for codes only)",
        "芝麻科技 (approved, general)",
    ] {
        let text = &world.transcript;
        assert!(text.contains(told), "{told}: {text}");
    }
}
