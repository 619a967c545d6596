//! `sesame doctor`: one thing wrong, one line about it, and its cure.

mod table;
mod world;

use std::collections::HashSet;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Running, Said};
use table::{ROWS, Row};
use world::World;

/// How many examine at once, each with an emulator of its own.
const WORKERS: usize = 3;

/// The lines of an answer, each with its six keys.
fn checks(said: &Said) -> Vec<Value> {
    assert!(!said.err.contains("panicked"), "{said:?}");
    let mut found = said.json();
    let checks = found["checks"].take();
    let checks = checks.as_array().expect("a list").clone();
    for check in &checks {
        let keys: HashSet<&str> = check
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        let wanted = HashSet::from(["id", "level", "subject", "message", "cure", "link"]);
        assert_eq!(keys, wanted, "{check}");
    }
    checks
}

fn not_ok(said: &Said) -> Vec<Value> {
    let mut checks = checks(said);
    checks.retain(|check| check["level"] != "ok");
    checks
}

fn text<'c>(check: &'c Value, key: &str) -> &'c str {
    check[key].as_str().unwrap_or_default()
}

/// What is not as the row says.
fn mistake(row: &Row, said: &Said) -> Option<String> {
    let found = not_ok(said);
    let exit = if row.level == "warning" { 1 } else { 3 };
    let is_it = |check: &Value| {
        text(check, "id") == row.id
            && text(check, "level") == row.level
            && text(check, "subject").contains(row.subject)
            && text(check, "message").contains(row.says)
            && text(check, "cure").contains(row.cure)
            && !text(check, "cure").is_empty()
    };
    let is_right = said.code == exit && found.len() == 1 && is_it(&found[0]);
    (!is_right).then(|| {
        let lines: Vec<String> = found.iter().map(Value::to_string).collect();
        format!(
            "{}: exit {}\n  {}\n  {}",
            row.wrong,
            said.code,
            lines.join("\n  "),
            said.err.trim()
        )
    })
}

/// One row of `docs/doctor.md`. What differs from run to run is left out.
fn documented(row: &Row, check: &Value, home: &str) -> String {
    let cell = |text: &str| {
        let text = without_ports(text)
            .replace(home, "~")
            .replace('|', "\\|")
            .replace('<', "&lt;");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // A policy is long, and the same but for its actions.
    let cure = text(check, "cure");
    let cure = cure.split(":\n").next().unwrap_or_default();
    format!(
        "| {} | `{}` {} | {} | {} |\n",
        cell(row.wrong),
        row.id,
        row.level,
        cell(text(check, "message")),
        cell(cure)
    )
}

fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole.push_str("127.0.0.1:…");
        whole.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    whole
}

#[test]
fn each_thing_that_is_wrong_is_named_with_its_cure_and_nothing_else_is() {
    assert!(ROWS.len() >= 40);
    let examined: Vec<(usize, Result<String, String>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                scope.spawn(move || {
                    let emulator = Running::emulator();
                    let rows = ROWS.iter().enumerate().skip(worker).step_by(WORKERS);
                    rows.map(|(at, row)| (at, examine(row, &emulator)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = workers
            .into_iter()
            .map(|worker| worker.join().expect("it ends"));
        joined.flatten().collect()
    });
    let mut examined = examined;
    examined.sort_by_key(|(at, _)| *at);
    let mistakes: Vec<&String> = examined
        .iter()
        .filter_map(|(_, result)| result.as_ref().err())
        .collect();
    assert!(
        mistakes.is_empty(),
        "{} wrong:\n{}",
        mistakes.len(),
        mistakes
            .iter()
            .map(|m| m.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    );
    let rows: String = examined
        .into_iter()
        .filter_map(|(_, result)| result.ok())
        .collect();
    compare_with_document(&rows);
}

fn examine(row: &Row, emulator: &Running) -> Result<String, String> {
    let mut world = World::healthy();
    (row.make)(&mut world);
    let said = world.examine(emulator);
    match mistake(row, &said) {
        Some(mistake) => Err(mistake),
        None => {
            let home = crate::support::text(world.folder.dir.path());
            Ok(documented(row, &not_ok(&said)[0], &home))
        }
    }
}

/// `docs/doctor.md` holds the table between two marks. With
/// `SESAME_WRITE_DOCS=1` it is written, not compared.
fn compare_with_document(rows: &str) {
    const START: &str = "<!-- table -->\n";
    const END: &str = "<!-- end of table -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doctor.md");
    let document = std::fs::read_to_string(&path).expect("docs/doctor.md");
    let (before, rest) = document.split_once(START).expect("a start mark");
    let (_, after) = rest.split_once(END).expect("an end mark");
    let head = "| what is wrong | check | what it says | the cure |\n| --- | --- | --- | --- |\n";
    let whole = format!("{before}{START}{head}{rows}{END}{after}");
    if std::env::var_os("SESAME_WRITE_DOCS").is_some() {
        std::fs::write(&path, &whole).expect("writable");
    }
    let now = std::fs::read_to_string(&path).expect("docs/doctor.md");
    assert!(
        now == whole,
        "docs/doctor.md is not what the doctor says; run this test with SESAME_WRITE_DOCS=1"
    );
}

#[test]
fn a_healthy_account_gives_only_ok_lines_and_nothing_is_sent() {
    let emulator = Running::emulator();
    let world = World::healthy();
    let said = world.examine(&emulator);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert_eq!(not_ok(&said), Vec::<Value>::new());
    let ids: HashSet<String> = checks(&said)
        .iter()
        .map(|check| text(check, "id").to_owned())
        .collect();
    for id in [
        "configuration",
        "proxy",
        "connection",
        "answer",
        "clock",
        "credentials",
        "access_key",
        "permission",
        "service",
        "balance",
        "sign_name",
        "sign_name_tag",
        "sign_name_carriers",
        "template",
        "template_kind",
        "template_text",
        "template_variables",
        "template_sign_name",
        "template_tag",
        "overseas",
        "reports",
    ] {
        assert!(ids.contains(id), "{id}: {ids:?}");
    }
    let messages = emulator.get("/_emulator/messages");
    let messages = messages.get("messages").cloned().unwrap_or(messages);
    assert_eq!(messages.as_array().map(Vec::len), Some(0), "{messages}");
}

/// What it is, and how it is made.
type Variant = (&'static str, fn(&mut World));

/// Accounts and configurations that look odd and are in order.
#[test]
fn what_is_in_order_in_another_way_is_in_order() {
    let variants: [Variant; 22] = [
        ("one template for the mainland", World::mainland_only),
        ("a template for each type", |w| {
            let code = json!({ "china": world::CHINA, "overseas": world::OVERSEAS });
            for (at, name) in ["SignIn", "Register", "ForgotPassword", "Generic"]
                .iter()
                .enumerate()
            {
                w.config(
                    &format!("/templates/{at}"),
                    json!({ "usageType": name, "templateCode": code }),
                );
            }
        }),
        ("a general signature", |w| {
            w.config("/signName", json!("芝麻开门"))
        }),
        ("signatures by region", |w| {
            w.config(
                "/signNames",
                json!({ "china": world::SIGN, "overseas": "芝麻开门" }),
            );
            // Abroad no carrier of the mainland has to know it.
            w.account(
                "/sign_names/1/registrations",
                json!({ "mobile": "not_filed" }),
            );
        }),
        ("filed, and waiting for proof", |w| {
            w.sign(
                "registrations",
                json!({ "mobile": "filed", "unicom": "filed", "telecom": "filed" }),
            );
        }),
        ("filed with its signature", |w| {
            w.template("related_sign_name", json!(world::SIGN))
        }),
        ("for codes abroad", |w| w.overseas("intl_type", json!(2))),
        ("digits only", |w| {
            w.template("variable_attribute", json!("{\"code\":\"numberCaptcha\"}"))
        }),
        ("two variables, both declared", |w| {
            w.mainland_only();
            w.template("content", json!("您的验证码为：${code}，${min}分钟内有效"));
            w.config("/templates/0/variables", json!(["code", "min"]));
        }),
        ("just the permissions it needs", |w| {
            w.permissions(&[
                "dysms:SendSms",
                "dysms:QuerySendDetails",
                "dysms:GetSmsSign",
                "dysms:GetSmsTemplate",
            ]);
        }),
        ("a temporary key", table::temporary),
        ("PNVS alone, which needs other permissions", |w| {
            table::by_pnvs(w);
            w.permissions(&["dypns:SendSmsVerifyCode"]);
        }),
        ("a message by PNVS, which cannot be asked about it", |w| {
            table::by_pnvs(w);
            w.account(
                "/sign_names/3",
                json!({ "name": "速通互联验证码", "kind": "verification", "tag": "gift" }),
            );
            w.account("/templates/3", json!({ "code": "100001", "kind": "verification", "tag": "gift", "content": "${code}，${min}分钟" }));
            w.send("+8613800138000");
        }),
        ("PNVS behind it", |w| w.config("/fallback", table::pnvs())),
        ("the international API alone, and what it needs", |w| {
            table::by_intl(w);
            w.permissions(&["dysms:SendMessageToGlobe", "dysms:QueryMessage"]);
            w.country("HK");
            w.country("US");
        }),
        ("the international API behind it", |w| {
            w.config("/templates/0/templateCode", json!(world::CHINA));
            w.config("/fallback", table::intl());
        }),
        ("the international API behind it, for all abroad", |w| {
            w.config(
                "/templates/0/templateCode",
                json!({ "china": world::CHINA }),
            );
            w.config("/fallback", table::intl());
            w.country("HK");
            w.country("US");
        }),
        ("every country is served", |w| {
            for letters in ["CN", "hk", "US", "DE"] {
                w.country(letters);
            }
        }),
        ("Germany's numbers by a text, bare", |w| {
            table::by_intl(w);
            w.config("/defaultCountry", json!("DE"));
        }),
        ("a key of the environment", |w| {
            table::default_chain(w);
            w.variable("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid");
            w.variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET", crate::support::SECRET);
        }),
        ("Hong Kong's numbers, served", |w| {
            w.config("/defaultCountry", json!("HK"))
        }),
        ("a trusted certificate of its own", |w| {
            let params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
            let (emulator, cert) = world::with_tls(&w.folder, params);
            w.variable("SSL_CERT_FILE", cert);
            w.answered_by(&emulator.url.clone(), emulator);
        }),
    ];
    let emulator = Running::emulator();
    for (name, make) in variants {
        let mut world = World::healthy();
        make(&mut world);
        let said = world.examine(&emulator);
        assert_eq!(
            (said.code, not_ok(&said)),
            (0, Vec::new()),
            "{name}: {said:?}"
        );
    }
}

/// Things that do not keep each other from being looked at.
const INDEPENDENT: [&str; 11] = [
    "a key of the configuration is misspelt",
    "the clock is an hour behind",
    "the next key is not known",
    "the key may not ask what became of a message",
    "there is no money left",
    "the signature is a gift",
    "a carrier has not been told of the signature",
    "the template was rejected",
    "the template's text says {{code}}",
    "the template was filed with another signature",
    "a domestic template stands as overseas",
];

#[test]
fn two_things_that_are_wrong_are_both_named() {
    let emulator = Running::emulator();
    let row = |wrong: &str| {
        let found = ROWS.iter().find(|row| row.wrong == wrong);
        found.unwrap_or_else(|| panic!("{wrong}"))
    };
    for (at, one) in INDEPENDENT.iter().enumerate() {
        for other in &INDEPENDENT[at + 1..] {
            let rows = [row(one), row(other)];
            let mut world = World::healthy();
            rows.iter().for_each(|row| (row.make)(&mut world));
            let found = not_ok(&world.examine(&emulator));
            let ids: Vec<&str> = found.iter().map(|check| text(check, "id")).collect();
            assert_eq!(ids.len(), 2, "{one} + {other}: {found:?}");
            for row in rows {
                let is_there = |check: &&Value| {
                    text(check, "id") == row.id && text(check, "message").contains(row.says)
                };
                assert!(
                    found.iter().any(|check| is_there(&check)),
                    "{one} + {other}: {found:?}"
                );
            }
        }
    }
}

#[test]
fn what_depends_on_a_failure_is_named_only_if_asked_for() {
    let emulator = Running::emulator();
    let mut world = World::healthy();
    world.config("/accessKeySecret", json!("another-secret"));
    let said = Said::of(&world.doctor(&emulator).output().expect("it runs"));
    assert!(!said.out.contains("not looked at"), "{said:?}");
    let said = Said::of(&world.doctor(&emulator).arg("-v").output().expect("it runs"));
    let skipped = said.out.lines().last().unwrap_or_default();
    assert!(
        skipped.starts_with("not looked at: ") && skipped.contains("template"),
        "{said:?}"
    );
    assert!(
        !skipped.contains("clock") && !skipped.contains("access_key"),
        "{said:?}"
    );
}

#[test]
fn nothing_others_wrote_reaches_the_terminal_as_a_command() {
    let emulator = Running::emulator();
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}gnp\r\n\u{200b}\u{9b}31mred";
    let long = "x".repeat(10_000);
    let mut world = World::healthy();
    world.sign("status", json!("rejected"));
    world.sign("reject_reason", json!(hostile));
    world.template("status", json!("rejected"));
    world.template("reject_reason", json!(long));
    world.template("related_sign_name", json!(hostile));
    world.template(
        "variable_attribute",
        json!(format!("{{\"code\":\"money{hostile}\"}}")),
    );
    world.overseas("content", json!(format!("${{{hostile}}}")));
    for color in ["always", "never"] {
        let said = Said::of(
            &world
                .doctor(&emulator)
                .args(["--color", color])
                .output()
                .expect("it runs"),
        );
        // Our own colours are all that may stand there.
        let escapes = said.out.matches('\u{1b}').count();
        let ours = said.out.matches("\u{1b}[0m").count()
            + said.out.matches("\u{1b}[1m").count()
            + said.out.matches("\u{1b}[2m").count()
            + said.out.matches("\u{1b}[3").count();
        assert_eq!(escapes, ours, "{said:?}");
        assert_eq!(escapes > 0, color == "always", "{said:?}");
        for bad in ['\u{7}', '\r', '\u{202e}', '\u{200b}', '\u{9b}'] {
            assert!(!said.out.contains(bad), "{bad:?}: {said:?}");
        }
        assert!(
            said.out.lines().all(|line| line.chars().count() < 1000),
            "{said:?}"
        );
    }
    let said = world.examine(&emulator);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        !said.out.contains("\\u001b") && !said.out.contains('\u{202e}'),
        "{said:?}"
    );
}

#[test]
fn neither_the_secret_nor_the_number_is_ever_told() {
    let emulator = Running::emulator();
    for row in ROWS.iter().filter(|row| {
        ["access_key", "permission", "test_message", "configuration"].contains(&row.id)
    }) {
        let mut world = World::healthy();
        (row.make)(&mut world);
        let said = Said::of(
            &world
                .doctor(&emulator)
                .args(["-vvv", "--color", "always"])
                .output()
                .expect("it runs"),
        );
        for secret in [
            crate::support::SECRET,
            "another-secret",
            "a-token",
            "13800138000",
            "LTAI5tExampleExample1234",
        ] {
            assert!(
                !said.all().contains(secret),
                "{}: {secret}: {said:?}",
                row.wrong
            );
        }
    }
}

#[test]
fn people_read_lines_in_their_language_and_pipes_plain_ones() {
    let emulator = Running::emulator();
    let mut world = World::healthy();
    let said = Said::of(&world.doctor(&emulator).output().expect("it runs"));
    assert!(
        said.out.ends_with("all good\n") && said.err.is_empty(),
        "{said:?}"
    );
    assert!(
        said.out.lines().count() > 15 && !said.out.contains('\u{1b}'),
        "{said:?}"
    );
    world.template("kind", json!("notification"));
    let said = Said::of(&world.doctor(&emulator).output().expect("it runs"));
    assert!(
        said.out.contains("\n        cure: apply") && said.out.contains("\n        see: https://"),
        "{said:?}"
    );
    assert!(said.out.ends_with("1 failure, 0 warnings\n"), "{said:?}");
    let mut chinese = world.doctor(&emulator);
    let said = Said::of(
        &chinese
            .env("LC_ALL", "zh_CN.UTF-8")
            .output()
            .expect("it runs"),
    );
    assert!(
        said.out.contains("失败") && said.out.contains("处理：请申请"),
        "{said:?}"
    );
}

#[test]
fn a_test_message_is_sent_only_where_nothing_else_will_fail() {
    let emulator = Running::emulator();
    let mut world = World::healthy();
    world.send("+86 138 0013 8000");
    let said = world.examine(&emulator);
    assert_eq!(said.code, 0, "{said:?}");
    let last = checks(&said).pop().expect("a line");
    assert_eq!(
        (text(&last, "id"), text(&last, "message")),
        ("test_message", "was delivered")
    );
    assert_eq!(emulator.messages("13800138000").len(), 1);
    world.template("content", json!("您的验证码为：{{code}}"));
    let said = world.examine(&emulator);
    assert_eq!((said.code, not_ok(&said).len()), (3, 1), "{said:?}");
    assert_eq!(emulator.messages("13800138000").len(), 0);
}

#[test]
fn a_watch_tells_what_turned_and_nothing_else() {
    let emulator = Running::emulator();
    let world = World::healthy();
    let mut command = world.doctor(&emulator);
    command.args(["--watch", "--every", "1", "--json"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(
        child.stdout.take().expect("a pipe"),
    ));
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("UTF-8");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let name = "%E9%98%BF%E9%87%8C%E4%BA%91%E7%9F%AD%E4%BF%A1%E6%B5%8B%E8%AF%95";
    let sign = |body: &str| emulator.post(&format!("/_emulator/sign_names/{name}"), body);
    // It has to have been seen healthy before it turns.
    let total = || {
        emulator.get("/_emulator/requests?latest=1")["total"]
            .as_u64()
            .unwrap_or(0)
    };
    while total() < 8 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for (change, id, was, level) in [
        (
            r#"{"status": "rejected", "reject_reason": "资质过期"}"#,
            "sign_name",
            "ok",
            "failure",
        ),
        (r#"{"status": "approved"}"#, "sign_name", "failure", "ok"),
        (
            r#"{"registrations": {"unicom": "lapsed"}}"#,
            "sign_name_carriers",
            "ok",
            "failure",
        ),
        (
            r#"{"registrations": {"unicom": "succeeded"}}"#,
            "sign_name_carriers",
            "failure",
            "ok",
        ),
        (r#"{"tag": "gift"}"#, "sign_name_tag", "ok", "warning"),
    ] {
        sign(change);
        let turn = next();
        assert_eq!(
            (text(&turn, "id"), text(&turn, "was"), text(&turn, "level")),
            (id, was, level),
            "{turn}"
        );
        assert!(text(&turn, "at").ends_with('Z'), "{turn}");
    }
    // Aliyun exchanges a gift: the name is gone from one look to the next.
    let mut account = world.account.clone();
    account["sign_names"]
        .as_array_mut()
        .expect("a list")
        .remove(0);
    emulator.post("/_emulator/account", &account.to_string());
    let turn = next();
    assert_eq!(
        (text(&turn, "id"), text(&turn, "was"), text(&turn, "level")),
        ("sign_name", "ok", "failure"),
        "{turn}"
    );
    assert!(
        text(&turn, "cure").contains("gift signatures are taken back"),
        "{turn}"
    );
    emulator.post(
        &format!("/_emulator/templates/{}", world::CHINA),
        r#"{"status": "cancelled"}"#,
    );
    let turn = next();
    assert_eq!(
        (text(&turn, "id"), text(&turn, "level")),
        ("template", "failure"),
        "{turn}"
    );
    let pid = child.id().to_string();
    let ended = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(ended.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

#[test]
fn people_watch_one_line_a_turn() {
    let emulator = Running::emulator();
    let mut world = World::healthy();
    world.account("/balance", json!(0));
    world.permissions(&["dysms:Get*", "dysms:Query*", "bss:*"]);
    let mut command = world.doctor(&emulator);
    let mut child = command
        .args(["--watch", "--every", "600"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    let stdout = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    let mut lines = std::io::BufRead::lines(stdout).map(|line| line.expect("UTF-8"));
    // A policy has many lines, and stands here in one.
    let (permission, balance) = (lines.next(), lines.next());
    let permission = permission.expect("a line");
    assert!(
        permission.contains("Z failure permission RAM: "),
        "{permission}"
    );
    assert!(
        permission.ends_with(r#""Resource": "*" } ] }"#),
        "{permission}"
    );
    let balance = balance.expect("a line");
    assert!(balance.contains("Z warning balance account: "), "{balance}");
    let pid = child.id().to_string();
    let ended = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(ended.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    assert_eq!(lines.next(), None);
}
