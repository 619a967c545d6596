//! Arguments, help, completions, pipes.

use std::process::Stdio;

use crate::support::{Folder, run, sesame};

const COMMANDS: [&[&str]; 11] = [
    &["demo"],
    &["serve"],
    &["key", "new"],
    &["keys", "rotate"],
    &["emulator"],
    &["send"],
    &["sign"],
    &["config", "check"],
    &["setup"],
    &["doctor"],
    &["completions"],
];

#[test]
fn every_command_has_help_with_an_example() {
    for command in COMMANDS {
        let said = run(&[command, &["--help"]].concat());
        assert_eq!(said.code, 0);
        let example = format!("sesame {}", command.join(" "));
        let (_, examples) = said.out.split_once("Example").unwrap_or_default();
        assert!(examples.contains(&example), "{command:?}: {}", said.out);
    }
    assert!(run(&["--help"]).out.contains("Examples:"));
    assert_eq!(run(&["--version"]).code, 0);
}

#[test]
fn what_does_not_exist_is_refused() {
    let said = run(&["nonsense"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    assert!(said.err.contains("unrecognized"), "{said:?}");
    assert_eq!(run(&[]).code, 2);
}

#[test]
fn a_code_or_number_in_the_wrong_place_is_not_repeated() {
    for arguments in [
        &["send", "+8613800138000"][..],
        &[
            "send",
            "--to",
            "+8613800138000",
            "--type",
            "SignIn",
            "918273",
        ],
        &["demo", "13800138000"],
        &["918273"],
    ] {
        let said = run(arguments);
        assert_eq!(said.code, 2);
        assert!(
            !said.all().contains("13800138000") && !said.all().contains("918273"),
            "{said:?}"
        );
    }
}

#[test]
fn advice_keeps_its_ports_and_ranges() {
    let said = run(&["emulator", "--listen", "nowhere"]);
    assert!(said.err.contains("127.0.0.1:8086"), "{said:?}");
    let send = ["send", "--config", "x", "--to", "1", "--type", "SignIn"];
    let wait = ["--wait", "--wait-secs", "0"];
    let said = run(&[&send[..], &wait].concat());
    assert!(said.err.contains("1..=86400"), "{said:?}");
    let said = run(&["send", "+86 138 0013 8000", "--code=2468x"]);
    assert!(said.err.contains("'****'"), "{said:?}");
    assert!(!said.err.contains("0013"), "{said:?}");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_break_nothing() {
    use std::os::unix::ffi::OsStrExt as _;
    let argument = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let output = sesame().arg(argument).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn lost_output_is_no_success() {
    let folder = Folder::new();
    let config = folder.connector("");
    let input = r#"{ "input": { "action": "SendSms", "access_key_id": "a", "access_key_secret": "b",
        "nonce": "n", "timestamp": "2024-01-02T03:04:05Z" } }"#;
    let case = folder.write("case.json", input);
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["sign", "--help"],
        &["completions", "bash"],
        &["config", "check", &config],
        &["config", "check", &config, "--json"],
        &["sign", "--input", &case],
        &["sign", "--input", &case, "--json"],
        &["demo", "--once"],
        &["demo"],
        &["emulator", "--listen", "127.0.0.1:0"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = sesame();
        let child = command.args(arguments).stdout(full.expect("/dev/full"));
        let output = child.output().expect("it ends");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{arguments:?}: {errors}");
        assert!(
            errors.contains("standard output"),
            "{arguments:?}: {errors}"
        );
    }
}

#[test]
fn completes_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = run(&["completions", shell]);
        assert_eq!(said.code, 0);
        assert!(said.out.contains("emulator"), "{shell}");
    }
}

#[test]
fn a_reader_that_leaves_breaks_nothing() {
    for arguments in [
        &["completions", "bash"][..],
        &["--help"],
        &["demo", "--once"],
    ] {
        let mut child = sesame()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && errors.is_empty(),
            "{arguments:?}: {errors}"
        );
    }
}

#[test]
fn colours_are_asked_for_and_declined() {
    assert!(run(&["--help", "--color", "always"]).out.contains('\u{1b}'));
    assert!(!run(&["--help"]).out.contains('\u{1b}'));
    assert!(run(&["--color=always", "nonsense"]).err.contains('\u{1b}'));
    let mut command = sesame();
    let output = command
        .args(["--help"])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .output();
    assert!(!output.expect("it runs").stdout.contains(&0x1b));
    assert_eq!(run(&["--color", "mauve", "completions", "bash"]).code, 2);
}

#[test]
fn a_log_filter_that_is_none_is_told_and_ignored() {
    let mut command = sesame();
    let output = command
        .args(["completions", "bash"])
        .env("SESAME_LOG", "a=b=c")
        .output();
    let output = output.expect("it runs");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("SESAME_LOG"));
}
