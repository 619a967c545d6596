//! `sesame demo`: the first thing a newcomer runs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
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
    let [_app, _server, emulator] = [(); 3].map(|()| demo.next_url());
    demo.url = emulator;
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
    let settings = format!("{data}/sesame.toml");
    let listed = run(&["key", "list", "--config", &settings]);
    assert!(listed.out.contains("demo console"), "{listed:?}");
    demo.terminate();
    assert_eq!(demo.child.wait().expect("it ends").code(), Some(0));
}

/// What a request to the demo's page is answered with.
fn ask(url: &str, head: &str) -> String {
    ask_with(url, head, "")
}

fn ask_with(url: &str, head: &str, body: &str) -> String {
    let host = url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(stream, "{head}\r\nConnection: close\r\n\r\n{body}").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("UTF-8");
    answer
}

#[test]
fn its_page_shows_the_way_of_the_message_and_skips_time() {
    let mut command = sesame();
    let mut demo = Running::start(command.arg("demo").stderr(Stdio::null()));
    let page = demo.url.clone();
    let host = page.strip_prefix("http://").expect("plain HTTP").to_owned();
    let [app, _server, emulator] = [(); 3].map(|()| demo.next_url());
    let show = || ask(&page, &format!("GET / HTTP/1.1\r\nHost: {host}"));
    let shown = loop {
        let shown = show();
        if shown.contains("The carrier reported: delivered") {
            break shown;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    for part in [
        "The app asked Sesame",
        "SendSms → HTTP 200 OK",
        "The phone shows it",
        "+86 139****1234",
        app.as_str(),
        emulator.as_str(),
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let policy = shown
        .lines()
        .find(|line| line.starts_with("content-security-policy: default-src 'none'"));
    assert!(
        policy.is_some_and(|policy| !policy.contains("unsafe")),
        "{shown}"
    );
    let chinese = ask(&page, &format!("GET /?lang=zh HTTP/1.1\r\nHost: {host}"));
    assert!(chinese.contains("应用向 Sesame 请求验证码"), "{chinese}");

    demo.url = emulator;
    let now = || {
        demo.get("/_emulator/clock")["now"]
            .as_str()
            .expect("a time")
            .to_owned()
    };
    let seconds = |time: &str| time.parse::<jiff::Timestamp>().expect("a time").as_second();
    let before = seconds(&now());
    let post = "POST /skip HTTP/1.1\r\nContent-Length: 0";
    for foreign in [
        format!("{post}\r\nHost: {host}\r\nOrigin: http://evil.example"),
        format!("{post}\r\nHost: {host}"),
        format!("{post}\r\nHost: evil.example\r\nOrigin: http://evil.example"),
        // A name that was made to point here gets no key to read.
        "GET / HTTP/1.1\r\nHost: evil.example".to_owned(),
    ] {
        let answer = ask(&page, &foreign);
        assert!(
            answer.starts_with("HTTP/1.1 403") && !answer.contains("sk_"),
            "{foreign}"
        );
    }
    let own = ask(&page, &format!("{post}\r\nHost: {host}\r\nOrigin: {page}"));
    assert!(own.starts_with("HTTP/1.1 303"), "{own}");
    assert!(seconds(&now()) - before > 60);
    // Killed, it would leave its folder behind.
    demo.terminate();
    assert_eq!(demo.child.wait().expect("it ends").code(), Some(0));
}

/// A carrier's code may be anything, and the page tells it.
#[test]
fn hostile_text_is_text_on_its_page() {
    const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    let mut command = sesame();
    let mut demo = Running::start(command.arg("demo").stderr(Stdio::null()));
    let page = demo.url.clone();
    let host = page.strip_prefix("http://").expect("plain HTTP").to_owned();
    let [_app, server, emulator] = [(); 3].map(|()| demo.next_url());
    demo.url = emulator;
    let said = BufReader::new(demo.child.stdout.take().expect("a pipe"));
    let said = said.lines().map_while(Result::ok);
    let mut keys = said.filter_map(|line| line.find("sk_").map(|at| line[at..].to_owned()));
    let key = keys.next().expect("a key for the console");

    // No report by itself, so that the one below is the first.
    let form = "report=never&times=1";
    let head = format!(
        "POST /_emulator/trouble HTTP/1.1\r\nHost: {}\r\nContent-Length: {}",
        demo.url.strip_prefix("http://").expect("plain HTTP"),
        form.len()
    );
    let wished = ask_with(&demo.url, &head, form);
    assert!(wished.starts_with("HTTP/1.1 303"), "{wished}");
    let body = r#"{"to": "+8613900139000", "type": "SignIn"}"#;
    let head = format!(
        "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}",
        body.len()
    );
    let sent = ask_with(&server, &head, body);
    assert!(sent.starts_with("HTTP/1.1 201"), "{sent}");
    let decision =
        format!(r#"{{"to": "+8613900139000", "status": "failed", "err_code": "{HOSTILE}"}}"#);
    demo.post("/_emulator/reports", &decision);
    let shown = loop {
        let shown = ask(&page, &format!("GET / HTTP/1.1\r\nHost: {host}"));
        if shown.contains("not delivered") {
            break shown;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    // The connector does not even let it in.
    assert!(shown.contains("unreadable_code"), "{shown}");
    assert!(
        !shown.contains("<script>") && !shown.contains("<img"),
        "{shown}"
    );
    let lang = "GET /?lang=%22%3E%3Cscript%3E HTTP/1.1";
    let asked = ask(&page, &format!("{lang}\r\nHost: {host}"));
    assert!(
        asked.starts_with("HTTP/1.1 200") && !asked.contains("<script>"),
        "{asked}"
    );
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
