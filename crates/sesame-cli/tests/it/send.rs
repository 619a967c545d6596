//! `sesame send`: to the emulator, and to what is not Aliyun.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::stub::{Stub, http, refused};
use crate::support::{Folder, Running, Said, run, sesame};

const KEYS: [&str; 8] = [
    "outcome",
    "out_id",
    "biz_id",
    "request_id",
    "code",
    "cause",
    "cure",
    "delivery",
];

/// Short, so that what hangs is soon over.
const TIMEOUT: &str = "\"timeoutMs\": 1000";

fn send(config: &str, endpoint: &str, to: &str, more: &[&str]) -> Said {
    let base = [
        "send",
        "--config",
        config,
        "--endpoint",
        endpoint,
        "--to",
        to,
    ];
    let rest = ["--type", "SignIn", "--json"];
    let said = run(&[&base[..], &rest, more].concat());
    assert!(!said.err.contains("panicked"), "{said:?}");
    let found = said.json();
    let keys = found.as_object().expect("one object").len();
    assert!(
        keys == KEYS.len() && KEYS.iter().all(|key| found.get(key).is_some()),
        "{found}"
    );
    if said.code != 0 && found["delivery"].is_null() {
        assert!(
            found["code"].is_string() && found["cause"].is_string() && found["cure"].is_string(),
            "{found}"
        );
    }
    said
}

#[test]
fn an_accepted_message_is_on_the_phone() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.connector("");
    let said = send(
        &config,
        &emulator.url,
        "+86 138 0013 8000",
        &["--code", "918273"],
    );
    assert_eq!(said.code, 0, "{said:?}");
    let found = said.json();
    assert_eq!(found["outcome"], "accepted");
    assert!(
        found["biz_id"].is_string()
            && found["request_id"].is_string()
            && found["out_id"].is_string()
    );
    assert_eq!(found["delivery"], Value::Null);
    let messages = emulator.messages("13800138000");
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["out_id"], found["out_id"]);
    assert!(
        messages[0]["text"]
            .as_str()
            .expect("text")
            .contains("918273")
    );

    let said = send(&config, &emulator.url, "13800138000", &[]);
    assert_eq!(
        (said.code, said.json()["outcome"].as_str()),
        (3, Some("refused")),
        "{said:?}"
    );
    assert_eq!(said.json()["code"], "isv.BUSINESS_LIMIT_CONTROL");
}

#[test]
fn waits_for_the_delivery_report() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.connector("");
    let said = send(&config, &emulator.url, "+8613800138000", &["--wait"]);
    assert_eq!(
        (said.code, said.json()["delivery"].as_str()),
        (0, Some("delivered")),
        "{said:?}"
    );

    let failing = "{\"to\": \"13800138001\", \"status\": \"failed\", \"err_code\": \"MOBILE_NOT_ON_SERVICE\"}";
    let url = emulator.url.clone();
    let sending = thread::spawn(move || send(&config, &url, "+8613800138001", &["--wait"]));
    while emulator.messages("13800138001").is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
    emulator.post("/_emulator/reports", failing);
    let said = sending.join().expect("no panic");
    assert_eq!(
        (said.code, said.json()["delivery"].as_str()),
        (3, Some("failed")),
        "{said:?}"
    );
    assert_eq!(said.json()["code"], "MOBILE_NOT_ON_SERVICE");

    let config = folder.connector("");
    let url = emulator.url.clone();
    let sending = thread::spawn(move || {
        send(
            &config,
            &url,
            "+8613800138002",
            &["--wait", "--wait-secs", "2"],
        )
    });
    while emulator.messages("13800138002").is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
    emulator.post(
        "/_emulator/reports",
        "{\"to\": \"13800138002\", \"status\": \"delivered\", \"delay_secs\": 600}",
    );
    let said = sending.join().expect("no panic");
    assert_eq!(
        (said.code, said.json()["delivery"].as_str()),
        (4, Some("waiting")),
        "{said:?}"
    );
}

#[test]
fn an_unknown_outcome_is_asked_about() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.connector(TIMEOUT);
    let fault = |fault: &str| {
        let order = format!("{{\"action\": \"SendSms\", \"times\": 1, \"fault\": \"{fault}\"}}");
        emulator.post("/_emulator/faults", &order);
    };
    fault("reset_after_accept");
    let said = send(&config, &emulator.url, "+8613800138000", &[]);
    assert_eq!(
        (said.code, said.json()["outcome"].as_str()),
        (0, Some("accepted")),
        "{said:?}"
    );
    assert_eq!(emulator.messages("13800138000").len(), 1);

    fault("timeout");
    let said = send(&config, &emulator.url, "+8613800138001", &[]);
    assert_eq!(
        (said.code, said.json()["outcome"].as_str()),
        (4, Some("unknown")),
        "{said:?}"
    );
    assert!(emulator.messages("13800138001").is_empty());
}

#[test]
fn numbers_are_read_once_and_told_apart() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.connector("");
    for bad in [
        "",
        "abc",
        "123",
        "+8613800138000000",
        "13800138000,13800138001",
        "+862088886666",
        "+86",
        "💌",
        "+8613800138000 +8613800138001",
        "+999 123456789",
    ] {
        let said = send(&config, &emulator.url, bad, &[]);
        assert_eq!(
            (said.code, said.json()["outcome"].as_str()),
            (2, Some("refused")),
            "{bad}: {said:?}"
        );
        assert!(said.err.contains("refused"), "{bad}: {said:?}");
    }
    // Another configuration would read it.
    let said = send(&config, &emulator.url, "18002345678", &[]);
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(said.json()["code"], "ambiguous_phone_number");
    for (good, shown) in [
        ("１３８００１３８０００", "13800138000"),
        ("138-0013 8001", "13800138001"),
        ("0086 13800138002", "13800138002"),
        ("8613800138003", "13800138003"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("85268326366", "85268326366"),
    ] {
        let said = send(&config, &emulator.url, good, &[]);
        assert_eq!(said.code, 0, "{good}: {said:?}");
        assert_eq!(
            emulator.messages(&shown.replace('+', "%2B")).len(),
            1,
            "{good}"
        );
    }
    assert_eq!(emulator.get("/_emulator/requests")["total"], 6);
}

#[test]
fn what_the_configuration_cannot_serve_is_refused_by_it() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let plain = folder.write(
        "plain.json",
        r#"{ "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "阿里云短信测试",
             "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
             "strictPhoneRegionNumberCheck": true }"#,
    );
    for to in ["+14155552671", "13800138000"] {
        let said = send(&plain, &emulator.url, to, &[]);
        assert_eq!(
            (said.code, said.json()["outcome"].as_str()),
            (3, Some("refused")),
            "{to}: {said:?}"
        );
    }
    let said = send(&plain, &emulator.url, "13800138000", &[]);
    assert_eq!(said.json()["code"], "country_code_missing");
    assert_eq!(send(&plain, &emulator.url, "8613800138000", &[]).code, 0);
    assert_eq!(emulator.get("/_emulator/requests")["total"], 1);
}

#[test]
fn codes_aliyun_would_not_take_are_not_sent() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.connector("");
    for code in [
        "",
        "12345678901234567890",
        "验证码",
        "😀😀😀😀",
        "{",
        "12 34",
        "-1234",
        "１２３４",
    ] {
        let said = send(&config, &emulator.url, "+8613800138000", &["--code", code]);
        assert_eq!(
            (said.code, said.json()["outcome"].as_str()),
            (2, Some("refused")),
            "{code}: {said:?}"
        );
    }
    assert_eq!(emulator.get("/_emulator/requests")["total"], 0);
}

#[test]
fn bad_arguments_and_configurations_exit_two_with_an_object() {
    let folder = Folder::new();
    let config = folder.connector("");
    let broken = folder.write("broken.json", "{ \"accessKeySecret\": \"testsecret\" ");
    for (config, endpoint) in [
        (config.as_str(), "not a url"),
        (&config, "ftp://127.0.0.1"),
        (&config, "http://127.0.0.1:0"),
        (&config, "http://127.0.0.1/path"),
        (&config, ""),
        (&broken, "http://127.0.0.1:9"),
        ("/no/such/file", "http://127.0.0.1:9"),
        ("/", "http://127.0.0.1:9"),
    ] {
        let said = send(config, endpoint, "+8613800138000", &[]);
        assert_eq!(
            (said.code, said.json()["outcome"].as_str()),
            (2, Some("refused")),
            "{said:?}"
        );
        assert!(
            !said.all().contains("testsecret") && !said.err.is_empty(),
            "{said:?}"
        );
    }
    for arguments in [
        &["send", "--json"][..],
        &[
            "send",
            "--config",
            &config,
            "--to",
            "+8613800138000",
            "--json",
        ],
        &[
            "send",
            "--config",
            &config,
            "--to",
            "+8613800138000",
            "--type",
            "Sigin",
            "--json",
        ],
        &[
            "send",
            "--config",
            &config,
            "--to",
            "1",
            "--type",
            "SignIn",
            "--wait-secs",
            "3",
            "--json",
        ],
        &[
            "send",
            "--config",
            &config,
            "--to",
            "1",
            "--type",
            "SignIn",
            "--wait",
            "--wait-secs",
            "0",
            "--json",
        ],
    ] {
        let said = run(arguments);
        assert_eq!(
            (said.code, said.json()["outcome"].as_str()),
            (2, Some("refused")),
            "{said:?}"
        );
    }
}

/// What answers like this is asked once to send, and the outcome told in time.
#[test]
fn what_is_not_aliyun_leaves_the_outcome_unknown() {
    let big = format!(
        "{{\"Code\":\"OK\",\"Message\":\"{}\"}}",
        "x".repeat(10 * 1024 * 1024)
    );
    let json = "Content-Type: application/json\r\n";
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"Code\":\"OK\",\"BizId";
    let stubs = [
        ("hanging", Stub::hanging()),
        ("closing", Stub::closing()),
        (
            "redirect",
            Stub::answering(http("302 Found", "Location: https://example.com/\r\n", b"")),
        ),
        (
            "html",
            Stub::answering(http(
                "200 OK",
                "Content-Type: text/html\r\n",
                b"<html>hello</html>",
            )),
        ),
        (
            "html 502",
            Stub::answering(http("502 Bad Gateway", "", b"<html>oops</html>")),
        ),
        ("cut off", Stub::answering(cut)),
        (
            "half",
            Stub::answering(http("200 OK", json, b"{\"Code\":\"OK\",\"BizId")),
        ),
        (
            "10 MB",
            Stub::answering(http("200 OK", json, big.as_bytes())),
        ),
        (
            "gzip",
            Stub::answering(http(
                "200 OK",
                "Content-Encoding: gzip\r\n",
                b"\x1f\x8b\x08\0\0\0\0\0",
            )),
        ),
        ("no HTTP", Stub::answering("SSH-2.0-OpenSSH_9.2\r\n")),
        ("empty", Stub::answering(http("200 OK", "", b""))),
        (
            "500",
            Stub::answering(http(
                "500 Internal Server Error",
                json,
                b"{\"Code\":\"InternalError\"}",
            )),
        ),
    ];
    let folder = Folder::new();
    let config = folder.connector(TIMEOUT);
    thread::scope(|scope| {
        for (name, stub) in &stubs {
            let config = &config;
            scope.spawn(move || {
                let said = send(config, &stub.url, "+8613800138000", &[]);
                assert_eq!(
                    (said.code, said.json()["outcome"].as_str()),
                    (4, Some("unknown")),
                    "{name}: {said:?}"
                );
                assert_eq!(stub.sends(), 1, "{name}");
            });
        }
    });
}

#[test]
fn what_was_never_reached_was_not_sent() {
    let folder = Folder::new();
    let config = folder.connector(TIMEOUT);
    let said = send(&config, &refused(), "+8613800138000", &[]);
    assert_eq!(
        (said.code, said.json()["outcome"].as_str()),
        (3, Some("refused")),
        "{said:?}"
    );
    let said = send(
        &config,
        "https://no-such-host.invalid",
        "+8613800138000",
        &[],
    );
    assert_eq!(
        (said.code, said.json()["outcome"].as_str()),
        (3, Some("refused")),
        "{said:?}"
    );
    let plain = Stub::answering("HTTP/1.1 400 Bad Request\r\n\r\n");
    let tls = plain.url.replace("http://", "https://");
    let said = send(&config, &tls, "+8613800138000", &[]);
    assert_eq!(
        (said.code, said.json()["outcome"].as_str()),
        (3, Some("refused")),
        "{said:?}"
    );
}

#[test]
fn a_wrong_certificate_is_refused_and_a_trusted_one_taken() {
    let folder = Folder::new();
    let config = folder.connector("");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]);
    let made = made.expect("a certificate");
    let cert = folder.write("cert.pem", made.cert.pem());
    let key = folder.write("key.pem", made.signing_key.serialize_pem());
    let mut command = sesame();
    command.args([
        "emulator",
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
    ]);
    let emulator = Running::start(command.stderr(Stdio::null()));
    assert!(emulator.url.starts_with("https://"), "{}", emulator.url);
    let said = send(&config, &emulator.url, "+8613800138000", &[]);
    assert_eq!(
        (said.code, said.json()["outcome"].as_str()),
        (3, Some("refused")),
        "{said:?}"
    );

    let mut command = sesame();
    let arguments = ["send", "--config", &config, "--endpoint", &emulator.url];
    let rest = ["--to", "+8613800138000", "--type", "SignIn", "--json"];
    let output = command
        .args(arguments)
        .args(rest)
        .env("SSL_CERT_FILE", &cert)
        .output();
    let said = Said::of(&output.expect("it runs"));
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_clock_that_is_off_is_told_and_corrected() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.connector("");
    emulator.post("/_emulator/clock", "{\"advance_secs\": 3600}");
    let said = send(&config, &emulator.url, "+8613800138000", &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.err.contains("clock") && said.err.contains("NTP"),
        "{said:?}"
    );
    assert_eq!(emulator.messages("13800138000").len(), 1);
}

#[test]
fn tells_people_in_their_language_and_without_the_number() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.connector("");
    let arguments = |to: &'static str| {
        vec![
            "send",
            "--config",
            &config,
            "--endpoint",
            &emulator.url,
            "--to",
            to,
            "--type",
            "SignIn",
            "--color",
            "always",
        ]
    };
    let said = run(&arguments("+8613800138000"));
    assert!(
        said.out.contains("accepted") && said.out.contains("+86 138****8000"),
        "{said:?}"
    );
    assert!(
        said.out.contains("\u{1b}[") && !said.out.contains("13800138000"),
        "{said:?}"
    );
    let mut command = sesame();
    let output = command
        .args(arguments("+8613800138000"))
        .env("LC_ALL", "zh_CN.UTF-8")
        .output();
    let said = Said::of(&output.expect("it runs"));
    assert_eq!(said.code, 3);
    assert!(
        said.out.contains("被拒绝") && said.out.contains("处理"),
        "{said:?}"
    );
}

/// An account of the international site: a text of ours abroad, a template at
/// home, and the report asked for by the message's id.
#[test]
fn an_international_account_sends_texts_abroad_and_templates_home() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.write(
        "intl.toml",
        r#"
provider = "aliyun-intl"
accessKeyId = "testid"
accessKeySecret = "testsecret"
senderId = "Sesame"
signName = "阿里云短信测试"

[[templates]]
usageType = "Generic"
templateCode = "SMS_154950909"
text = { default = "Your code is ${code}.", zh = "您的验证码是${code}。" }
"#,
    );
    for (to, text) in [
        ("+1 415 555 2671", "Your code is 918273."),
        (
            "+86 138 0013 8000",
            "【阿里云短信测试】您的验证码为：918273，请勿泄露于他人！",
        ),
    ] {
        let said = send(&config, &emulator.url, to, &["--code", "918273", "--wait"]);
        assert_eq!(said.code, 0, "{said:?}");
        let found = said.json();
        assert_eq!(found["delivery"], "delivered", "{found}");
        let number: String = to.split(' ').collect();
        let message = &emulator.messages(&number)[0];
        assert_eq!(message["text"], text);
        assert_eq!(message["biz_id"], found["biz_id"]);
    }
    let checked = run(&["config", "check", &config, "--json"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(checked.json()["problems"], serde_json::json!([]));
}

/// `--endpoint` is for everything, what stands behind included.
#[test]
fn nothing_goes_past_the_endpoint_that_is_named() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.write(
        "ladder.json",
        r#"{ "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "从未申请",
            "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
            "fallback": { "provider": "aliyun-pnvs", "signName": "速通互联验证码",
              "templates": [{ "usageType": "Generic", "templateCode": "100001" }] } }"#,
    );
    let said = send(&config, &emulator.url, "+8613800138000", &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        emulator.messages("13800138000")[0]["template_code"],
        "100001"
    );
}

/// A ladder as docs/overseas.md has it.
fn ladder(folder: &Folder) -> String {
    let text = r#"{ "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "阿里云短信测试",
        "templates": [{ "usageType": "Generic", "templateCode": { "china": "SMS_154950909" } }],
        "fallback": { "provider": "aliyun-intl",
          "templates": [{ "usageType": "Generic", "text": "Your code is ${code}." }] } }"#;
    folder.write("ladder.json", text)
}

#[test]
fn what_a_ladder_plans_is_no_warning() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = ladder(&folder);
    let abroad = send(&config, &emulator.url, "+85268326366", &[]);
    assert_eq!((abroad.code, abroad.err.as_str()), (0, ""), "{abroad:?}");

    let fault =
        r#"{"action":"SendSms","fault":{"code":"isv.SMS_TEMPLATE_ILLEGAL","http_status":200}}"#;
    emulator.post("/_emulator/faults", fault);
    let refused = send(&config, &emulator.url, "+8613800138000", &[]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert_eq!(refused.json()["code"], "isv.SMS_TEMPLATE_ILLEGAL");
    assert!(refused.err.contains("WARN"), "{refused:?}");
}

#[test]
fn of_a_ladder_the_rung_that_was_to_send_says_what_is_wrong() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = ladder(&folder);
    let fault = r#"{"action":"SendMessageToGlobe","fault":{"code":"isv.AMOUNT_NOT_ENOUGH","http_status":200}}"#;
    emulator.post("/_emulator/faults", fault);
    let refused = send(&config, &emulator.url, "+85268326366", &[]);
    assert_eq!(refused.code, 3, "{refused:?}");
    let found = refused.json();
    assert_eq!(found["code"], "isv.AMOUNT_NOT_ENOUGH", "{found}");
    assert!(found["request_id"].is_string(), "{found}");
    assert_eq!(refused.err, "");
}

/// PNVS lists no messages and pushes no reports.
#[test]
fn what_cannot_be_asked_about_is_not_waited_for() {
    let (emulator, folder) = (Running::emulator(), Folder::new());
    let config = folder.write(
        "pnvs.json",
        r#"{ "provider": "aliyun-pnvs", "accessKeyId": "testid", "accessKeySecret": "testsecret",
            "signName": "速通互联验证码",
            "templates": [{ "usageType": "Generic", "templateCode": "100001" }] }"#,
    );
    let to = "+8613800138000";
    let said = send(&config, &emulator.url, to, &["--wait", "--wait-secs", "20"]);
    assert_eq!(said.code, 0, "{said:?}");
    let found = said.json();
    assert_eq!(found["outcome"], "accepted", "{found}");
    assert!(found["delivery"].is_null(), "{found}");
    assert!(said.err.contains("nothing to wait for"), "{said:?}");

    for (language, sentence) in [
        ("en_US.UTF-8", "nothing to wait for"),
        ("zh_CN.UTF-8", "无需等待"),
    ] {
        emulator.post("/_emulator/reset", "");
        let mut command = sesame();
        command.args(["send", "--config", &config, "--endpoint", &emulator.url]);
        command
            .args(["--to", to, "--type", "SignIn", "--wait"])
            .env("LANG", language);
        let said = Said::of(&command.output().expect("it runs"));
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains(sentence), "{said:?}");
        assert!(!said.out.contains("no delivery report yet"), "{said:?}");
    }
}
