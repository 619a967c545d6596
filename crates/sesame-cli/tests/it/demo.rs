//! `sesame demo`: the first thing a newcomer runs.

use std::process::Stdio;

use crate::support::{Folder, Running, Said, run, sesame};

#[test]
fn shows_the_message_and_ends() {
    let said = run(&["demo", "--once"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("ready http://127.0.0.1:"), "{said:?}");
    assert!(
        said.out.contains("【阿里云短信测试】您的验证码为："),
        "{said:?}"
    );
    assert!(
        said.out.contains("+86 139****1234") && !said.out.contains("13900001234"),
        "{said:?}"
    );
    assert!(
        !said.out.contains('\u{1b}') && !said.out.contains('╭'),
        "{said:?}"
    );
}

#[test]
fn draws_a_phone_where_colours_are_wanted() {
    let said = run(&[
        "demo",
        "--once",
        "--color",
        "always",
        "--to",
        "+1 415 555 2671",
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains('╭') && said.out.contains("verification"),
        "{said:?}"
    );
}

#[test]
fn speaks_chinese_where_people_do() {
    let mut command = sesame();
    let output = command
        .args(["demo", "--once"])
        .env("LANG", "zh_CN.UTF-8")
        .output();
    let said = Said::of(&output.expect("it runs"));
    assert!(said.out.contains("登录验证码已发送至"), "{said:?}");
}

#[test]
fn refuses_a_number_that_is_none() {
    let said = run(&["demo", "--once", "--to", "12"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    assert!(
        said.err.contains("--to") && said.err.contains("cure:"),
        "{said:?}"
    );
    assert_eq!(run(&["demo", "--once", "--data", "/proc/nowhere"]).code, 2);

    let mut command = sesame();
    command.args(["demo", "--once", "--to", "12"]);
    let output = command.env("LANG", "zh_CN.UTF-8").output();
    let said = Said::of(&output.expect("it runs"));
    let is_chinese = |line: &str| line.contains(|c| ('一'..='龥').contains(&c));
    assert!(said.err.lines().all(is_chinese), "{said:?}");
}

#[test]
fn stays_open_and_its_kept_configuration_sends() {
    let folder = Folder::new();
    let data = crate::support::text(&folder.path("data"));
    let mut command = sesame();
    command
        .args(["demo", "--data", &data])
        .stderr(Stdio::null());
    let mut demo = Running::start(&mut command);
    let config = format!("{data}/connector.json");
    let said = run(&[
        "send",
        "--config",
        &config,
        "--to",
        "+8613900139000",
        "--type",
        "SignIn",
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(demo.messages("13900139000").len(), 1);
    demo.terminate();
    assert_eq!(demo.child.wait().expect("it ends").code(), Some(0));
}

/// The README's next step sends to its own number: once a minute is all that
/// the emulator, as Aliyun, lets through.
#[test]
fn its_sample_number_is_not_that_of_the_readme() {
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("sesame send").expect("an example");
    let (_, rest) = rest.split_once("--to ").expect("a number");
    let number = rest.split_whitespace().next().expect("a number");
    let (head, tail) = number.split_at(number.len() - 4);
    let masked = format!("{} {}****{tail}", &head[..3], &head[3..6]);
    let said = run(&["demo", "--once"]);
    assert!(!said.out.contains(&masked), "{masked}: {said:?}");
}
