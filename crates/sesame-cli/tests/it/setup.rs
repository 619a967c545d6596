//! `sesame setup` on a terminal: the whole way, broken off everywhere, and every
//! way to hold it wrong.

mod key;
mod pnvs;
mod progress;
mod terminal;
mod world;

use std::collections::HashSet;
use std::thread;

use serde_json::{Value, json};

use crate::support::run;
use terminal::{Break, Next};
use world::{KEY_ID, KEY_SECRET, NUMBER, SIGN, World, mode};

/// Four texts of their own and one for elsewhere.
const TEMPLATES: usize = 5;

/// The program's own list: id and title of each step.
fn steps() -> Vec<(String, String)> {
    let said = run(&["setup", "--steps"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let lines = said.out.lines();
    let steps = lines.map(|line| line.split_once(' ').expect("two columns"));
    steps
        .map(|(id, title)| (id.to_owned(), title.trim().to_owned()))
        .collect()
}

/// What comes of a run that nothing disturbed.
fn undisturbed() -> Value {
    let mut world = World::new();
    assert_eq!(world.run(Vec::new()), Some(0), "{}", world.transcript);
    world.check_end();
    world.check_applications(TEMPLATES);
    world.written()
}

#[test]
fn an_account_becomes_a_configuration() {
    let config = undisturbed();
    assert_eq!(config["accessKeyId"], KEY_ID);
    assert_eq!(config["accessKeySecret"], KEY_SECRET);
    assert_eq!(
        (&config["signName"], &config["endpoint"]),
        (&json!(SIGN), &json!("URL"))
    );
    let templates = config["templates"].as_array().expect("a list");
    let usage_types: Vec<&str> = templates
        .iter()
        .map(|template| template["usageType"].as_str().expect("a name"))
        .collect();
    assert_eq!(
        usage_types,
        ["Register", "SignIn", "ForgotPassword", "Generic"]
    );
    for template in templates {
        for region in ["china", "overseas"] {
            let text = template["templateCode"][region].as_str().expect("a text");
            assert!(text.contains("${code}"), "{template}");
        }
    }
}

/// Broken off at every question and every text once, and gone on with.
fn broken_off_everywhere(how: Break, undisturbed: &Value) {
    let mut world = World::new();
    let mut points: HashSet<String> = HashSet::new();
    let mut steps_seen: HashSet<String> = HashSet::new();
    world.run_with_breaks(|step, point| {
        let is_new = points.insert(format!("{step}: {point}"));
        is_new.then(|| {
            steps_seen.insert(step.to_owned());
            how
        })
    });
    let all: HashSet<String> = steps().into_iter().map(|(id, _)| id).collect();
    assert_eq!(steps_seen, all, "not every step was broken off");
    assert!(points.len() > 20, "{points:?}");
    world.check_end();
    world.check_applications(TEMPLATES);
    assert_eq!(&world.written(), undisturbed);
}

#[test]
fn broken_off_at_every_question_it_goes_on() {
    let undisturbed = undisturbed();
    thread::scope(|scope| {
        for how in [Break::CtrlC, Break::Kill, Break::End] {
            let undisturbed = &undisturbed;
            scope.spawn(move || {
                // Ctrl-D ends a line that is asked for, and nothing else.
                if how == Break::End {
                    ended_at_questions(undisturbed);
                } else {
                    broken_off_everywhere(how, undisturbed);
                }
            });
        }
    });
}

fn ended_at_questions(undisturbed: &Value) {
    let mut world = World::new();
    let mut points: HashSet<String> = HashSet::new();
    let headings: Vec<String> = steps().into_iter().map(|(_, title)| title).collect();
    world.run_with_breaks(|step, point| {
        let is_question = !point.starts_with('[')
            && !point.starts_with("Waiting")
            && !point.starts_with("waiting");
        let is_new = is_question && points.insert(format!("{step}: {point}"));
        is_new.then_some(Break::End)
    });
    assert!(points.len() > headings.len(), "{points:?}");
    world.check_end();
    world.check_applications(TEMPLATES);
    assert_eq!(&world.written(), undisturbed);
}

#[test]
fn broken_off_once_at_any_step_it_goes_on() {
    let undisturbed = undisturbed();
    let steps = steps();
    thread::scope(|scope| {
        for half in 0..2 {
            let (steps, undisturbed) = (&steps, &undisturbed);
            scope.spawn(move || {
                for (at, (id, _)) in steps.iter().enumerate().skip(half).step_by(2) {
                    // The first thing of a step, its heading; then the last.
                    for (is_last, how) in [(false, Break::HangUp), (true, Break::Kill)] {
                        let mut world = World::new();
                        let mut is_broken = false;
                        let sessions = world.run_with_breaks(|step, point| {
                            let is_here = if is_last {
                                let next = steps.get(at + 1).map(|(id, _)| id.as_str());
                                Some(step) == next && point.starts_with('[')
                            } else {
                                step == id && point.starts_with('[')
                            };
                            let is_now = is_here && !is_broken;
                            is_broken |= is_now;
                            is_now.then_some(how)
                        });
                        assert!(sessions <= 2, "{id}");
                        world.check_end();
                        world.check_applications(TEMPLATES);
                        assert_eq!(&world.written(), undisturbed, "{id}");
                    }
                }
            });
        }
    });
}

/// Kills it while a call is under way that Aliyun has carried out, and goes on.
fn killed_during(action: &str, has_happened: impl Fn(&World) -> bool) {
    let mut world = World::new();
    let fault = json!({ "action": action, "times": 1, "fault": "slow", "delay_ms": 60_000 });
    world.emulator.post("/_emulator/faults", &fault.to_string());
    let mut session = world.start();
    let mut nothing = Vec::new();
    loop {
        if has_happened(&world) {
            break;
        }
        match session.next_or_nothing(&world::WAITING) {
            Some(Next::Asks(question, shown)) => {
                session.answer(&world::answer(&question, &shown, &mut nothing));
            }
            Some(Next::Shows(_)) => world.approve(),
            Some(Next::Ended(code)) => panic!("{code:?}\n{}", session.text),
            None => {}
        }
    }
    assert_eq!(session.break_off(Break::Kill), None);
    world.keep(&session);
    assert_eq!(world.run(Vec::new()), Some(0), "{}", world.transcript);
    world.check_end();
    world.check_applications(TEMPLATES);
}

#[test]
fn killed_while_aliyun_takes_an_application_it_does_not_apply_twice() {
    thread::scope(|scope| {
        scope.spawn(|| killed_during("CreateSmsSign", |world| !world.sign_names().is_empty()));
        scope.spawn(|| killed_during("CreateSmsTemplate", |world| !world.templates().is_empty()));
    });
}

#[test]
fn killed_while_aliyun_takes_the_test_message_it_sends_no_second_one() {
    killed_during("SendSms", |world| {
        !world.emulator.messages(NUMBER).is_empty()
    });
}

#[test]
fn a_lost_answer_is_asked_about() {
    for action in ["CreateSmsSign", "CreateSmsTemplate"] {
        let mut world = World::new();
        let fault = json!({ "action": action, "times": 1, "fault": "reset_after_accept" });
        world.emulator.post("/_emulator/faults", &fault.to_string());
        assert_eq!(world.run(Vec::new()), Some(0), "{}", world.transcript);
        world.check_end();
        world.check_applications(TEMPLATES);
    }
}

#[test]
fn a_rejection_is_told_with_its_reason_and_can_be_amended() {
    let mut world = World::new();
    let mut session = world.start();
    let mut nothing = Vec::new();
    let mut reasons = vec!["名称与资质不符", "内容不够明确"];
    loop {
        match session.next(&world::WAITING) {
            Next::Asks(question, shown) => {
                let said = if shown.contains("change it and apply again") {
                    let reason = reasons.remove(0);
                    assert!(
                        shown.contains(&format!("Aliyun's reason: {reason}")),
                        "{shown}"
                    );
                    "1".to_owned()
                } else if question.starts_with("Text") && reasons.is_empty() {
                    "您好，本次登录的验证码为${code}，请勿告知他人。".to_owned()
                } else {
                    world::answer(&question, &shown, &mut nothing)
                };
                session.answer(&said);
            }
            Next::Shows(_) if reasons.len() == 2 => world.review_sign_name(
                SIGN,
                &json!({ "status": "rejected", "reject_reason": reasons[0] }),
            ),
            Next::Shows(_) if reasons.len() == 1 => {
                let (_, code) = &world.templates()[0];
                world.review_template(
                    code,
                    &json!({ "status": "rejected", "reject_reason": reasons[0] }),
                );
            }
            Next::Shows(_) => world.approve(),
            Next::Ended(code) => {
                assert_eq!(code, Some(0), "{}", session.text);
                break;
            }
        }
    }
    world.keep(&session);
    world.check_end();
    world.check_applications(TEMPLATES);
    let amended = |(text, _): &(String, String)| text.starts_with("您好，本次登录");
    assert_eq!(world.templates().iter().filter(|t| amended(t)).count(), 1);
}

#[test]
fn it_speaks_chinese() {
    for (arguments, variables) in [
        (vec!["--lang".to_owned(), "zh".to_owned()], vec![]),
        (vec![], vec![("LANG", "zh_CN.UTF-8".to_owned())]),
    ] {
        let mut world = World::new();
        world.arguments = arguments;
        world.variables = variables;
        assert_eq!(world.run(Vec::new()), Some(0), "{}", world.transcript);
        world.check_end();
        world.check_applications(TEMPLATES);
        for told in ["资质管理", "审核中", "密钥可用", "已送达", "完成。"] {
            assert!(
                world.transcript.contains(told),
                "{told}: {}",
                world.transcript
            );
        }
        for english in ["Number", "Enter when done", "approved", "Template"] {
            assert!(
                !world.transcript.contains(english),
                "{english}: {}",
                world.transcript
            );
        }
    }
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let folder = crate::support::Folder::new();
    let config = crate::support::text(&folder.path("connector.json"));
    let said = crate::support::run_with_input(&["setup", "--config", &config], b"\n\n\n");
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    for told in [
        "no terminal",
        "examples/connector.json",
        "sesame config check",
        "sesame doctor",
    ] {
        assert!(said.err.contains(told), "{told}: {said:?}");
    }
    assert_eq!(
        std::fs::read_dir(folder.dir.path())
            .expect("a folder")
            .count(),
        0
    );
    let said = crate::support::run_with_input(&["setup", "--lang", "zh", "--config", &config], b"");
    assert!(said.err.contains("没有可用的终端"), "{said:?}");
    assert!(!said.err.contains("terminal"), "{said:?}");
    for wrong in ["/no/such/folder/connector.json", "/tmp", "connector.toml"] {
        let said = run(&["setup", "--config", wrong]);
        assert!(said.code == 2 && said.err.contains("cure:"), "{said:?}");
    }
    let said = run(&["setup", "--endpoint", "nowhere"]);
    assert!(
        said.code == 2 && said.err.contains("--endpoint"),
        "{said:?}"
    );
}

#[test]
fn an_older_configuration_goes_only_when_told_so() {
    let mut world = World::new();
    let older = "{ \"an\": \"older one\" }";
    world.folder.write("connector.json", older);
    // The usual answer leaves it.
    assert_eq!(world.run(Vec::new()), Some(1), "{}", world.transcript);
    assert!(
        world.transcript.contains("is there already"),
        "{}",
        world.transcript
    );
    let kept = std::fs::read_to_string(world.config_path()).expect("a file");
    assert_eq!(kept, older);
    assert_eq!(mode(&world.folder.path("connector.json.setup.json")), 0o600);
    let code = world.run(vec![("replace it", "replace it")]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    let copy = world.folder.path("connector.json.old");
    assert_eq!(std::fs::read_to_string(&copy).expect("a copy"), older);
    world.check_end();
}

#[test]
fn enter_sends_no_test_message_and_ends_it() {
    let mut world = World::new();
    let mut breaks = Vec::from([Break::Kill, Break::CtrlC]);
    // Left at the question too, and gone on with.
    while let Some(how) = breaks.pop() {
        let mut session = world.until_question("Phone number");
        session.break_off(how);
        world.keep(&session);
    }
    let code = world.run(vec![("? Phone number", "")]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    assert!(world.transcript.contains("Done."), "{}", world.transcript);
    world.check_end_with(0);
    world.check_applications(TEMPLATES);
}

#[test]
fn a_configuration_is_written_through_its_link() {
    for older in [Some("{ \"an\": \"older one\" }"), None] {
        let mut world = World::new();
        let elsewhere = crate::support::Folder::new();
        let file = elsewhere.path("real.json");
        // The first link is relative, and leads to one that is not.
        let between = world.folder.path("between.json");
        std::os::unix::fs::symlink(&file, &between).expect("a link");
        let link = world.folder.path("connector.json");
        std::os::unix::fs::symlink("between.json", &link).expect("a link");
        let mut otherwise = Vec::new();
        if let Some(older) = older {
            elsewhere.write("real.json", older);
            otherwise.push(("replace it", "replace it"));
        }
        assert_eq!(world.run(otherwise), Some(0), "{}", world.transcript);
        assert!(link.is_symlink() && between.is_symlink());
        assert!(file.is_file() && !file.is_symlink());
        assert_eq!(world.written()["accessKeyId"], KEY_ID);
        assert_eq!(mode(&file), 0o600);
        let left = std::fs::read_dir(elsewhere.dir.path()).expect("a folder");
        assert_eq!(left.count(), 1);
    }
}

#[test]
fn odd_input_is_asked_for_again() {
    let mut world = World::new();
    let code = world.run(vec![
        ("? Signature", "芝"),
        ("2 to 12 characters, and this has 1", "芝麻测试"),
        ("with the word test", "芝麻，科技"),
        ("no punctuation", "\u{3000}【芝麻科技】"),
        ("? Qualification number", "abc"),
        ("It is a number", "２０００"),
        ("? Text [您正在注册", "您的验证码为{{code}}。"),
        (
            "would be sent as it stands",
            "您的验证码为${code}，${min}分钟内有效。",
        ),
        ("no other variable", "Your code is ${code}."),
        (
            "says 验证码",
            "您正在注册账号，验证码为${code}，请勿告知他人。",
        ),
        ("? Phone number", "12345"),
        ("? Phone number", "＋８６ １３８ ００１３ ８０００"),
        ("the enterprise's", "９"),
        ("from 1 to 4", "\u{1b}[A"),
        ("arrow key", "１"),
    ]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    world.check_end();
    world.check_applications(TEMPLATES);
}

#[test]
fn what_is_there_already_is_not_said_to_be_applied_for() {
    let text = "您的验证码为${code}，请勿告知他人。";
    for (filed_with, told) in [
        (
            SIGN,
            "this text already, SMS_100000007: it serves everything",
        ),
        (
            "芝麻开门",
            "filed with the signature 芝麻开门: it serves everything",
        ),
    ] {
        let mut world = World::with(json!({
            "sign_names": [{ "name": "芝麻开门", "kind": "general" }, { "name": SIGN, "kind": "general" }],
            "templates": [{ "code": "SMS_100000007", "kind": "verification",
                "content": text, "related_sign_name": filed_with }],
        }));
        // Typed once more, though it is in the list.
        let mut session = world.start();
        let mut otherwise: world::Otherwise = vec![
            ("The account's signatures", "apply for a new one"),
            ("one each for Register", "one for everything"),
            ("? Also numbers outside", "n"),
            ("Template for everything", "apply for a new one"),
            ("Write ", "n"),
        ];
        let code = world.go_on(&mut session, &mut otherwise);
        world.keep(&session);
        assert_eq!(code, Some(1), "{}", world.transcript);
        let flat = world.transcript.replace('\n', " ");
        assert!(flat.contains(told), "{told}: {flat}");
        assert!(flat.contains("The account has 芝麻科技 already"), "{flat}");
        assert!(
            !flat.contains("is applied for:") && !flat.contains("科技 is applied for"),
            "{flat}"
        );
        assert_eq!(world.templates().len(), 1);
    }
}

#[test]
fn a_configuration_that_has_gone_is_written_again() {
    let mut world = World::new();
    let mut session = world.until_question("Phone number");
    assert_eq!(session.break_off(Break::CtrlC), Some(1));
    world.keep(&session);
    std::fs::remove_file(world.config_path()).expect("a file");
    assert_eq!(world.run(Vec::new()), Some(0), "{}", world.transcript);
    world.check_end();
    world.check_applications(TEMPLATES);
}

#[test]
fn what_the_account_has_is_taken() {
    let mut world = World::with(json!({
        "sign_names": [{ "name": SIGN, "kind": "general" }],
        "templates": [
            { "code": "SMS_100000001", "kind": "verification", "content": "您的验证码为${code}。" },
            { "code": "SMS_100000002", "kind": "notification", "content": "${code}已发货" },
        ],
    }));
    world
        .variables
        .push(("SESAME_SETUP_SECRET", KEY_SECRET.to_owned()));
    let code = world.run(vec![
        ("? AccessKey Secret", "env:SESAME_SETUP_SECRET"),
        ("The account's signatures", SIGN),
        ("one each for Register", "one for everything"),
        ("? Also numbers outside", "n"),
        ("Template for everything", "SMS_100000001"),
    ]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    world.check_end();
    let text = std::fs::read_to_string(world.config_path()).expect("a file");
    let config: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        config["accessKeySecret"],
        json!({ "env": "SESAME_SETUP_SECRET" })
    );
    assert_eq!(
        config["templates"],
        json!([{ "usageType": "Generic", "templateCode": "SMS_100000001" }])
    );
    assert!(!world.transcript.contains("SMS_100000002"));
}

#[test]
fn what_the_doctor_finds_can_be_chosen_anew() {
    let mut world = World::with(json!({
        "sign_names": [{ "name": SIGN, "kind": "general" }],
        "templates": [
            { "code": "SMS_100000001", "kind": "verification", "tag": "test", "content": "验证码${code}。" },
            { "code": "SMS_100000002", "kind": "verification", "content": "您的验证码为${code}。" },
        ],
    }));
    let code = world.run(vec![
        ("The account's signatures", SIGN),
        ("one each for Register", "one for everything"),
        ("? Also numbers outside", "n"),
        ("Template for everything", "SMS_100000001"),
        (
            "a test template goes with",
            "choose signature and templates once more",
        ),
        ("The account's signatures", SIGN),
        ("one each for Register", "one for everything"),
        ("? Also numbers outside", "n"),
        ("Template for everything", "SMS_100000002"),
        ("says something else", "replace it"),
    ]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    world.check_end();
    assert_eq!(world.transcript.matches("AccessKey ID >").count(), 1);
}

#[test]
fn a_message_that_does_not_arrive_is_told_and_another_one_can_be_sent() {
    let mut world = World::with(json!({
        "sign_names": [{ "name": SIGN, "kind": "general", "registrations": { "mobile": "filing" } }],
        "templates": [{ "code": "SMS_100000002", "kind": "verification", "content": "您的验证码为${code}。" }],
    }));
    let code = world.run(vec![
        ("The account's signatures", SIGN),
        ("one each for Register", "one for everything"),
        ("? Also numbers outside", "n"),
        ("Template for everything", "SMS_100000002"),
        ("China Mobile: being filed", "go on all the same"),
        ("? Phone number", NUMBER),
        ("was accepted and not delivered", "send another one"),
        ("? Phone number", "+86 130 0013 8000"),
    ]);
    assert_eq!(code, Some(0), "{}", world.transcript);
    assert_eq!(world.emulator.messages(NUMBER).len(), 1);
    assert_eq!(world.emulator.messages("13000138000").len(), 1);
}

#[test]
fn narrow_terminals_and_those_without_colours_will_do() {
    let mut world = World::new();
    world.columns = 40;
    world.variables.push(("NO_COLOR", "1".to_owned()));
    assert_eq!(world.run(Vec::new()), Some(0), "{}", world.transcript);
    world.check_end();
    assert!(!world.raw.contains('\u{1b}'), "{:?}", world.raw);
    // What could not be taken away again is not shown.
    assert!(!world.raw.contains("connecting"), "{:?}", world.raw);
}

#[test]
fn two_do_not_set_up_the_same() {
    let world = World::new();
    let mut first = world.start();
    assert!(matches!(first.next(&[]), Next::Asks(..)));
    let mut second = world.start();
    assert_eq!(second.next(&[]), Next::Ended(Some(1)));
    assert!(
        second.text.contains("another `sesame setup`"),
        "{}",
        second.text
    );
}

#[test]
fn completions_and_help_know_it() {
    assert!(run(&["completions", "bash"]).out.contains("setup"));
    let said = run(&["setup", "--help"]);
    for told in ["--lang", "--endpoint", "--restart", "docs/setup.md"] {
        assert!(said.out.contains(told), "{told}: {said:?}");
    }
}
