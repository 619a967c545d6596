//! `sesame emulator`: starting, ending, and accounts that make no sense.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Folder, Running, run, sesame};

#[test]
fn says_ready_once_and_ends_on_sigterm() {
    let mut emulator = Running::emulator();
    assert!(
        emulator.url.starts_with("http://127.0.0.1:"),
        "{}",
        emulator.url
    );
    assert!(emulator.messages("13800138000").is_empty());
    emulator.terminate();
    let status = emulator.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    let mut rest = String::new();
    emulator
        .child
        .stdout
        .take()
        .expect("a pipe")
        .read_to_string(&mut rest)
        .expect("UTF-8");
    assert_eq!(rest, "");
}

#[test]
fn help_shows_the_account_it_plays() {
    let said = run(&["emulator", "--help"]);
    assert_eq!(said.code, 0);
    for part in [
        "testid / testsecret",
        "阿里云短信测试",
        "SMS_154950909",
        "${code}",
        "127.0.0.1:8086",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let emulator = Running::emulator();
    let address = emulator.url.trim_start_matches("http://");
    let said = run(&["emulator", "--listen", address]);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
    assert!(
        said.err.contains("another program listens there") && said.err.contains("cure:"),
        "{said:?}"
    );
}

#[test]
fn other_machines_are_kept_out_unless_allowed() {
    let said = run(&["emulator", "--listen", "0.0.0.0:0"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--allow-non-loopback"), "{said:?}");
}

#[test]
fn plays_the_account_of_a_file() {
    let folder = Folder::new();
    let toml = "balance = 1.5\n[[access_keys]]\nid = \"mine\"\nsecret = \"hidden-word\"\n";
    let file = folder.write("account.toml", toml);
    let mut command = sesame();
    command.args(["emulator", "--listen", "127.0.0.1:0", "--account", &file]);
    let emulator = Running::start(command.stderr(Stdio::null()));
    assert!(emulator.messages("13800138000").is_empty());
}

#[test]
fn account_errors_name_line_and_field_and_no_secret() {
    let folder = Folder::new();
    for (name, text, parts) in [
        ("a.toml", "balance = \"much\"\n", &["line 1", "balance"][..]),
        (
            "a.toml",
            "[[access_keys]]\nid = \"mine\"\nsecret = 12345678\n",
            &["line 3", "access_keys[0].secret"],
        ),
        (
            "a.toml",
            "[[access_keys]]\nid = \"mine\"\nsecret = hidden-word\n",
            &["line 3"],
        ),
        (
            "a.toml",
            "[[templates]]\ncode = \"SMS_1\"\nkind = \"joke\"\ncontent = \"x\"\n",
            &["line 3", "templates[0].kind"],
        ),
        ("a.toml", "balanze = 1\n", &["line 1"]),
        ("a.json", "{ \"balance\": }", &["line 1"]),
        ("a.toml", "limits = 3", &["line 1", "limits"]),
    ] {
        let file = folder.write(name, text);
        let said = run(&["emulator", "--listen", "127.0.0.1:0", "--account", &file]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{text}: {said:?}");
        assert!(
            parts.iter().all(|part| said.err.contains(part)),
            "{text}: {said:?}"
        );
        assert!(
            !said.err.contains("hidden-word") && !said.err.contains("12345678"),
            "{said:?}"
        );
    }
    for file in ["/no/such/file", "/"] {
        assert_eq!(run(&["emulator", "--account", file]).code, 2);
    }
}

#[test]
fn bad_arguments_are_told() {
    let folder = Folder::new();
    let not_pem = folder.write("cert.pem", "nothing");
    for arguments in [
        &["--listen", "nowhere"][..],
        &["--listen", "127.0.0.1:99999"],
        &["--tls-cert", "cert.pem"],
        &[
            "--listen",
            "127.0.0.1:0",
            "--tls-cert",
            &not_pem,
            "--tls-key",
            &not_pem,
        ],
        &["--listen", "127.0.0.1:0", "--reports", "not a url"],
    ] {
        let said = run(&[&["emulator"], arguments].concat());
        assert_eq!(
            (said.code, said.out.as_str()),
            (2, ""),
            "{arguments:?}: {said:?}"
        );
        assert!(said.err.starts_with("error:"), "{said:?}");
    }
}
