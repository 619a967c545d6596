//! No secret, no code and no whole number in anything that is printed or
//! logged, however much is asked for.

use std::io::Read as _;
use std::process::Stdio;
use std::thread;

use crate::shows::shows;
use crate::stub::{Stub, http, refused};
use crate::support::{Folder, Running, Said, sesame};

const SECRET: &str = "veryhiddensecretword";
const TOKEN: &str = "veryhiddentokenword";
const CODE: &str = "918273";
const NUMBERS: [&str; 4] = ["13800138000", "4155552671", "415-555-2671", "1380013800"];

fn assert_quiet(what: &str, text: &str) {
    for word in [SECRET, TOKEN, CODE, "MTM4MDAxMzgwMDA"]
        .iter()
        .chain(&NUMBERS)
    {
        assert!(!shows(text, word), "{what} shows {word}: {text}");
    }
}

fn verbose(arguments: &[&str], log: Option<&str>) -> Said {
    let mut command = sesame();
    command.args(arguments);
    match log {
        Some(filter) => command.env("SESAME_LOG", filter),
        None => command.arg("-vvv"),
    };
    let said = Said::of(&command.output().expect("the binary runs"));
    assert!(!said.err.contains("panicked"), "{said:?}");
    said
}

fn account() -> String {
    format!(
        "[[access_keys]]\nid = \"STS.quiet\"\nsecret = \"{SECRET}\"\nsecurity_token = \"{TOKEN}\"\n[limits]\nper_minute = 2\n"
    )
}

fn connector(secret: &str) -> String {
    format!(
        r#"{{ "accessKeyId": "STS.quiet", "accessKeySecret": "{secret}", "securityToken": "{TOKEN}",
  "signName": "阿里云短信测试", "timeoutMs": 500,
  "templates": [{{ "usageType": "Generic", "templateCode": {{ "china": "SMS_154950909", "overseas": "SMS_154950910" }} }}] }}"#
    )
}

#[test]
fn no_command_and_no_error_tells_more_than_it_should() {
    let folder = Folder::new();
    let file = folder.write("account.toml", account());
    let config = folder.write("connector.json", connector(SECRET));
    let wrong = folder.write("wrong.json", connector(&format!("{SECRET}x")));
    let broken = folder.write("broken.json", connector(&format!("{SECRET}\\n")));
    let torn = folder.write("torn.json", connector(SECRET).replacen("\",", ",", 3));
    let mut command = sesame();
    command.args([
        "emulator",
        "--listen",
        "127.0.0.1:0",
        "--account",
        &file,
        "-vvv",
    ]);
    let mut emulator = Running::start(command.stderr(Stdio::piped()));
    let url = emulator.url.clone();
    let html = Stub::answering(http(
        "502 Bad Gateway",
        "",
        b"<html>13800138000 918273</html>",
    ));
    let echo = format!(
        "{{\"Code\":\"SignatureDoesNotMatch\",\"RequestId\":\"x\",\"Message\":\"{SECRET} 13800138000 {CODE}\"}}"
    );
    let echo = Stub::answering(http("400 Bad Request", "", echo.as_bytes()));
    let hanging = Stub::hanging();
    let nobody = refused();

    thread::scope(|scope| {
        for (config, endpoint, to, code, log) in [
            (&config, &url, "+8613800138000", CODE, None),
            (&config, &url, "+1 415-555-2671", CODE, Some("trace")),
            (&config, &url, "+8613800138000,13800138000", CODE, None),
            (&config, &url, "13800138000x", CODE, None),
            (&config, &url, "+8613800138000", "918273918273918273", None),
            (&wrong, &url, "+8613800138000", CODE, None),
            (&broken, &url, "+8613800138000", CODE, None),
            (&torn, &url, "+8613800138000", CODE, None),
            (&config, &html.url, "+8613800138000", CODE, None),
            (&config, &echo.url, "+8613800138000", CODE, Some("trace")),
            (&config, &hanging.url, "+8613800138000", CODE, None),
            (&config, &nobody, "+8613800138000", CODE, None),
            (
                &config,
                &nobody.replace("http:", "https:"),
                "+8613800138000",
                CODE,
                None,
            ),
        ] {
            let endpoint = endpoint.clone();
            scope.spawn(move || {
                for more in [
                    &["--json"][..],
                    &["--color", "always"],
                    &["--wait", "--wait-secs", "2"],
                ] {
                    let base = [
                        "send",
                        "--config",
                        config,
                        "--endpoint",
                        &endpoint,
                        "--to",
                        to,
                    ];
                    let rest = ["--type", "SignIn", "--code", code];
                    let said = verbose(&[&base[..], &rest, more].concat(), log);
                    assert_quiet(&format!("{base:?} {more:?}"), &said.all());
                }
            });
        }
    });
    for config in [&config, &wrong, &broken, &torn] {
        for more in [&["--json"][..], &["--color", "always"]] {
            let said = verbose(&[&["config", "check", config], more].concat(), None);
            assert_quiet("config check", &said.all());
        }
    }
    emulator.terminate();
    let mut log = String::new();
    let mut stderr = emulator.child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut log).expect("UTF-8");
    assert_quiet("the emulator's log", &log);
    assert!(!log.is_empty(), "the log was asked for");
}

#[test]
fn the_other_commands_keep_it_to_themselves_too() {
    let folder = Folder::new();
    let case = format!(
        r#"{{ "input": {{ "access_key_id": "a", "access_key_secret": "{SECRET}", "security_token": "{TOKEN}", "action": "SendSms",
             "nonce": "n", "timestamp": "2024-01-02T03:04:05Z", "params": {{ "PhoneNumbers": "13800138000", "TemplateParam": "{{\"code\":\"{CODE}\"}}" }} }} }}"#
    );
    let file = folder.write("case.json", &case);
    let said = verbose(&["sign", "--input", &file], None);
    assert_eq!(said.code, 0, "{said:?}");
    assert_quiet("sign's standard error", &said.err);
    assert!(!said.out.contains(SECRET));
    let broken = folder.write("broken.json", case.replace("\"nonce\"", "nonce"));
    assert_quiet(
        "a broken case",
        &verbose(&["sign", "--input", &broken], None).all(),
    );

    let bad = folder.write("account.toml", account().replace("id =", "di ="));
    let said = verbose(
        &["emulator", "--listen", "127.0.0.1:0", "--account", &bad],
        None,
    );
    assert_eq!(said.code, 2);
    assert_quiet("a bad account", &said.all());

    for log in [None, Some("trace")] {
        let said = verbose(&["demo", "--once", "--to", "+8613800138000"], log);
        assert_eq!(said.code, 0, "{said:?}");
        assert_quiet("demo", &said.all());
        let (_, text) = said.out.split_once('：').expect("the message");
        let code: String = text.chars().take(6).collect();
        assert!(code.bytes().all(|byte| byte.is_ascii_digit()), "{said:?}");
        assert!(!shows(&said.err, &code), "{said:?}");
    }
}
