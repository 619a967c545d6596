//! `sesame serve`, `key` and `keys`: from nothing to a verified phone, and
//! everything that keeps a server from starting.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::shows::shows;
use crate::support::{Folder, Running, Said, run, sesame};

pub(crate) const REPORT_SECRET: &str = "0123456789abcdefreport";

/// A folder with a configuration whose messages go to `endpoint`.
pub(crate) fn folder(endpoint: &str, more: &str) -> (Folder, String) {
    let folder = Folder::new();
    folder.connector(&format!("\"endpoint\": \"{endpoint}\""));
    let text = format!(
        "connector = \"connector.json\"\n{more}\n[token]\nissuer = \"https://sesame.test\"\naudience = \"tests\"\n[reports]\nsecret = \"{REPORT_SECRET}\"\n"
    );
    let config = folder.write("sesame.toml", text);
    (folder, config)
}

pub(crate) fn start(config: &str) -> Running {
    let mut command = sesame();
    command.args(["serve", "--config", config, "--listen", "127.0.0.1:0"]);
    Running::start(command.stderr(Stdio::null()))
}

pub(crate) fn new_key(config: &str, more: &[&str]) -> String {
    let arguments = [
        "key",
        "new",
        "--config",
        config,
        "--name",
        "test",
        "--scope",
        "verify,send,read",
    ];
    let said = run(&[&arguments, more].concat());
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
    said.out.trim().to_owned()
}

/// Status and body.
pub(crate) fn ask(url: &str, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
    ask_with(url, method, path, key, "", body)
}

/// With more lines in the head.
pub(crate) fn ask_with(
    url: &str,
    method: &str,
    path: &str,
    key: &str,
    headers: &str,
    body: &Value,
) -> (u16, Value) {
    let host = url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(host).expect("it listens");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("UTF-8");
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body)
        .unwrap_or_default();
    (
        status.expect("a status"),
        serde_json::from_str(body).unwrap_or_default(),
    )
}

pub(crate) fn code(emulator: &Running, to: &str) -> String {
    let messages = emulator.messages(to);
    let param = &messages[0]["template_param"];
    let param = match param.as_str() {
        Some(text) => serde_json::from_str(text).expect("JSON"),
        None => param.clone(),
    };
    param["code"].as_str().expect("a code").to_owned()
}

#[test]
fn from_nothing_to_a_verified_phone() {
    let emulator = Running::emulator();
    let (folder, config) = folder(&emulator.url, "");
    // Before the first start.
    let first = new_key(&config, &[]);
    let mut server = start(&config);
    let body = json!({ "to": "+8613800138000", "type": "SignIn" });
    let (status, started) = ask(&server.url, "POST", "/v1/verifications", &first, &body);
    assert_eq!(status, 201, "{started}");
    // Beside the running server.
    let second = new_key(&config, &[]);
    let path = format!(
        "/v1/verifications/{}/check",
        started["id"].as_str().expect("an id")
    );
    let body = json!({ "code": code(&emulator, "+8613800138000") });
    let (status, checked) = ask(&server.url, "POST", &path, &second, &body);
    assert_eq!(
        (status, &checked["status"]),
        (200, &json!("approved")),
        "{checked}"
    );
    let other = new_key(&config, &["--app", "other"]);
    assert_eq!(ask(&server.url, "POST", &path, &other, &body).0, 404);
    let (_, page) = ask(&server.url, "GET", "/v1/messages", &first, &Value::Null);
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{page}");
    server.terminate();
    let status = server.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    // What was accepted is there after the next start.
    let server = start(&config);
    let (_, again) = ask(&server.url, "POST", &path, &first, &body);
    assert_eq!(again["status"], "consumed", "{again}");
    assert!(folder.path("data/keys.json").exists());
}

/// A closed terminal ends it as Ctrl-C does; under `nohup` it goes on.
#[cfg(target_os = "linux")]
#[test]
fn a_hang_up_ends_it_unless_it_is_to_outlive_that() {
    let (_folder, config) = folder("http://127.0.0.1:9", "");
    let started = |before: &[&str]| {
        let mut command = Command::new(before[0]);
        command.args(&before[1..]);
        command.arg(assert_cmd::cargo::cargo_bin!("sesame"));
        command.args(["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
        Running::start(command.stderr(Stdio::null()))
    };
    let nohup = started(&["nohup"]);
    nohup.signal("-HUP");
    assert_eq!(ask(&nohup.url, "GET", "/livez", "", &Value::Null).0, 200);
    drop(nohup);
    // As a terminal starts it, also where this test runs under `nohup`.
    let mut server = started(&["env", "--default-signal=HUP"]);
    server.signal("-HUP");
    let status = server.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

/// What would be accepted then is gone at the end, and a key that is revoked
/// beside it works on.
#[cfg(unix)]
#[test]
fn a_file_that_is_gone_takes_nothing() {
    let emulator = Running::emulator();
    let (folder, config) = folder(&emulator.url, "");
    let key = new_key(&config, &[]);
    let server = start(&config);
    let ready = || ask(&server.url, "GET", "/readyz", "", &Value::Null).0;
    let verify = || {
        let body = json!({ "to": "+8613800138000", "type": "SignIn" });
        ask(&server.url, "POST", "/v1/verifications", &key, &body)
    };
    assert_eq!((ready(), verify().0), (200, 201));
    let sent = emulator.messages("+8613800138000");
    for end in ["", "-wal", "-shm", ".lock"] {
        let file = folder.path(&format!("data/sesame.sqlite{end}"));
        std::fs::remove_file(file).expect("removed");
    }
    assert_eq!(ready(), 503);
    let (status, refused) = verify();
    assert_eq!(
        (status, &refused["code"]),
        (503, &json!("store_unavailable"))
    );
    let now = emulator.messages("+8613800138000");
    assert_eq!(now, sent, "nothing is sent that nobody could check");
    // Nor is a tool content with a file of its own.
    for arguments in [
        &["key", "list", "--config", &config][..],
        &["key", "revoke", "--config", &config, &key],
    ] {
        let said = run(arguments);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("there is no journal yet"), "{said:?}");
    }
    assert!(!folder.path("data/sesame.sqlite").exists());
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_with_its_key() {
    let made = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
        (made.cert.pem(), made.signing_key.serialize_pem())
    };
    let ((cert, key), (_, other)) = (made(), made());
    for (cert, key, parts) in [
        (
            &cert,
            &other,
            [
                "tls.key: ",
                "key.pem is not the key of the first certificate in ",
            ],
        ),
        (&cert, &cert, ["tls.key: ", "there is no private key in "]),
        (&key, &key, ["tls.cert: ", "there is no certificate in "]),
    ] {
        let tls = "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"";
        let (folder, config) = folder("http://127.0.0.1:9", tls);
        folder.write("cert.pem", cert);
        folder.write("key.pem", key);
        let said = run(&["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(
            said.err.contains(&format!("{config}: {}", parts[0])),
            "{said:?}"
        );
        assert!(said.err.contains(parts[1]), "{said:?}");
    }
}

/// The hooks' secrets are in the server's environment, not in every shell.
#[test]
fn keys_are_made_without_the_secrets_of_hooks() {
    let hook = "[hooks.users]\npreset = \"supabase\"\nsecrets = [{ env = \"SESAME_TEST_UNSET\" }]";
    let (_folder, config) = folder("http://127.0.0.1:9", hook);
    let served = run(&["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
    assert_eq!(served.code, 2, "{served:?}");
    assert!(
        served.err.contains("SESAME_TEST_UNSET is not set"),
        "{served:?}"
    );
    new_key(&config, &[]);
    let listed = run(&["key", "list", "--config", &config, "--json"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    let id = listed.json()["keys"][0]["id"].clone();
    let id = id.as_str().expect("an id").to_owned();
    for command in ["rotate", "revoke"] {
        let said = run(&["key", command, "--config", &config, &id]);
        assert_eq!(said.code, 0, "{said:?}");
    }
    let made = run(&["keys", "new", "--config", &config]);
    assert_eq!(made.code, 0, "{made:?}");
}

#[test]
fn lost_or_other_keys_are_noticed() {
    let (folder, config) = folder("http://127.0.0.1:9", "");
    // An API key alone binds nothing to keys.
    new_key(&config, &[]);
    let mut server = start(&config);
    server.terminate();
    server.child.wait().expect("it ends");
    let kept = std::fs::read_to_string(folder.path("data/keys.json")).expect("keys");
    std::fs::remove_file(folder.path("data/keys.json")).expect("it is removed");
    // None are made up where data are.
    let said = serve(&config, &["--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("backup"), "{said:?}");
    assert!(!folder.path("data/keys.json").exists());
    // Nor are others taken.
    assert_eq!(run(&["keys", "new", "--config", &config]).code, 0);
    let said = serve(&config, &["--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("restore the keys.json"), "{said:?}");
    folder.write("data/keys.json", &kept);
    drop(start(&config));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_keys_and_data() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, config) = folder("http://127.0.0.1:9", "");
    drop(start(&config));
    for (name, mode) in [
        ("data", 0o700),
        ("data/keys.json", 0o600),
        ("data/sesame.sqlite", 0o600),
    ] {
        let metadata = std::fs::metadata(folder.path(name)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn both_addresses_are_told() {
    let (_folder, config) = folder("http://127.0.0.1:9", "admin_listen = \"127.0.0.1:0\"");
    let mut server = start(&config);
    server.terminate();
    server.child.wait().expect("it ends");
    let mut rest = String::new();
    let stdout = server.child.stdout.as_mut().expect("a pipe");
    stdout.read_to_string(&mut rest).expect("UTF-8");
    assert!(rest.starts_with("ready http://127.0.0.1:"), "{rest}");
}

fn serve(config: &str, more: &[&str]) -> Said {
    run(&[&["serve", "--config", config], more].concat())
}

#[test]
fn what_keeps_it_from_starting_is_told_with_its_cure() {
    let (folder, config) = folder("http://127.0.0.1:9", "");
    let server = start(&config);
    let address = server.url.trim_start_matches("http://").to_owned();
    let said = serve(&config, &["--listen", "127.0.0.1:0"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
    assert!(
        said.err.contains("another") && said.err.contains("cure:"),
        "{said:?}"
    );
    let (_other, other) = self::folder("http://127.0.0.1:9", "");
    let said = serve(&other, &["--listen", &address]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("another program listens there"),
        "{said:?}"
    );
    drop(server);
    let no_folder = "data_dir = \"connector.json/data\"";
    let (_nowhere, nowhere) = self::folder("http://127.0.0.1:9", no_folder);
    let said = serve(&nowhere, &["--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("connector.json/data") && said.err.contains("data_dir"),
        "{said:?}"
    );
    for (name, text, parts) in [
        (
            "a.toml",
            "lissten = 1\n",
            &["a.toml:1:1", "did you mean listen?", "cure:"][..],
        ),
        (
            "b.toml",
            "connector = \"nowhere.json\"\n",
            &["there is no file", "token.issuer"],
        ),
        (
            "c.toml",
            "connector = {}\n",
            &[
                "connector.accessKeyId: accessKeyId is missing",
                "connector.templates",
            ],
        ),
    ] {
        let file = folder.write(name, text);
        let said = serve(&file, &[]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
        for part in parts {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
    }
    assert_eq!(serve("/no/such/file.toml", &[]).code, 2);
    assert_eq!(run(&["serve"]).code, 2);
}

#[test]
fn servers_that_share_a_store_need_keys_that_are_there() {
    let store = "[store]\njournal = \"postgres://sesame:hunter2@127.0.0.1:9/sesame\"";
    let (folder, config) = folder("http://127.0.0.1:9", store);
    let said = serve(&config, &["--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("sesame keys new --config"), "{said:?}");
    let made = run(&["keys", "new", "--config", &config]);
    assert_eq!(made.code, 0, "{made:?}");
    let again = run(&["keys", "new", "--config", &config]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.err.contains("sesame keys rotate"), "{again:?}");
    // Now the store itself is in the way.
    let said = serve(&config, &["--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(!said.all().contains("hunter2"), "{said:?}");
    // The same keys from a variable.
    let keys = std::fs::read_to_string(folder.path("data/keys.json")).expect("keys");
    let mut command = sesame();
    command.args(["keys", "list", "--config", &config, "--json"]);
    command.env("SESAME__KEYS__JSON", &keys);
    let said = Said::of(&command.output().expect("it runs"));
    assert_eq!(
        said.json()["keys"].as_array().map(Vec::len),
        Some(3),
        "{said:?}"
    );
    command.env("SESAME__KEYS__JSON", &keys[..60]);
    let said = Said::of(&command.output().expect("it runs"));
    assert_eq!(said.code, 2, "{said:?}");
}

#[test]
fn the_servers_keys_are_listed_and_rotated_and_never_shown() {
    let (folder, config) = folder("http://127.0.0.1:9", "");
    assert_eq!(run(&["keys", "list", "--config", &config]).code, 2);
    assert_eq!(run(&["keys", "new", "--config", &config]).code, 0);
    let said = run(&[
        "keys", "rotate", "--config", &config, "--after", "1h", "--json",
    ]);
    let states: Vec<String> = said.json()["keys"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|key| format!("{} {}", key["kind"], key["state"]).replace('"', ""))
        .collect();
    assert_eq!(
        states,
        [
            "number active",
            "code active",
            "code next",
            "token active",
            "token next"
        ]
    );
    let file: Value = serde_json::from_str(
        &std::fs::read_to_string(folder.path("data/keys.json")).expect("keys"),
    )
    .expect("JSON");
    let number = file["number_key"].as_str().expect("a key");
    for arguments in [
        &["keys", "list", "--config", &config][..],
        &["keys", "list", "--json", "--config", &config],
    ] {
        let said = run(arguments);
        assert_eq!(said.code, 0);
        assert!(!said.all().contains(number), "{said:?}");
    }
    // A server takes them.
    drop(start(&config));
    // Damaged, they are not overwritten.
    folder.write("data/keys.json", "{ \"version\": 1 }");
    let said = serve(&config, &["--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("backup"), "{said:?}");
}

#[test]
fn keys_that_are_rotated_at_once_are_all_kept() {
    let (folder, config) = folder("http://127.0.0.1:9", "");
    assert_eq!(run(&["keys", "new", "--config", &config]).code, 0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(run(&["keys", "rotate", "--config", &config]).code, 0));
        }
    });
    let file = std::fs::read_to_string(folder.path("data/keys.json")).expect("keys");
    let file: Value = serde_json::from_str(&file).expect("JSON");
    assert_eq!(file["code_keys"].as_array().map(Vec::len), Some(9));
}

#[test]
fn a_number_is_lifted_beside_the_server() {
    let emulator = Running::emulator();
    let (_folder, config) = folder(&emulator.url, "[policy]\nlock_after_failures = 1");
    let to = "+8613800138000";
    let lift = ["number", "lift", "--config", &config, "--to", to];
    // No keys yet: nothing can be locked.
    let said = run(&lift);
    assert_eq!(said.code, 2, "{said:?}");
    let key = new_key(&config, &[]);
    let server = start(&config);
    let body = json!({ "to": to, "type": "SignIn" });
    let (_, started) = ask(&server.url, "POST", "/v1/verifications", &key, &body);
    let path = format!(
        "/v1/verifications/{}/check",
        started["id"].as_str().expect("an id")
    );
    let right = code(&emulator, to);
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    ask(&server.url, "POST", &path, &key, &json!({ "code": wrong }));
    let right = json!({ "code": right });
    let (_, checked) = ask(&server.url, "POST", &path, &key, &right);
    assert_eq!(checked["status"], "locked", "{checked}");
    let said = run(&[&lift[..], &["--json"]].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let wanted = json!({ "to": "+86 138****8000", "was_locked": true, "failures": 1 });
    assert_eq!(said.json(), wanted);
    let (_, checked) = ask(&server.url, "POST", &path, &key, &right);
    assert_eq!(checked["status"], "approved", "{checked}");
    let said = run(&["number", "lift", "--config", &config, "--to", "918273"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(!said.all().contains("918273"), "{said:?}");
}

#[test]
fn api_keys_are_listed_revoked_and_rotated() {
    let (_folder, config) = folder("http://127.0.0.1:9", "");
    let key = new_key(&config, &["--app", "web"]);
    let id = key.split('_').nth(1).expect("an id").to_owned();
    let list = run(&["key", "list", "--config", &config, "--json"]);
    let listed = list.json()["keys"][0].clone();
    assert_eq!(
        (&listed["id"], &listed["app"], &listed["state"]),
        (&json!(id), &json!("web"), &json!("valid"))
    );
    let secret = key.splitn(3, '_').nth(2).expect("a secret");
    assert!(!list.all().contains(secret), "{list:?}");
    let server = start(&config);
    let status = |key: &str| ask(&server.url, "GET", "/v1/messages", key, &Value::Null).0;
    assert_eq!(status(&key), 200);
    let rotated = run(&["key", "rotate", "--config", &config, &id, "--keep", "1h"]);
    let new = rotated.out.trim().to_owned();
    assert_eq!((status(&new), status(&key)), (200, 200), "{rotated:?}");
    assert_eq!(run(&["key", "revoke", "--config", &config, &key]).code, 0);
    // Another unknown key makes the server look.
    let third = new_key(&config, &[]);
    assert_eq!((status(&third), status(&key)), (200, 401));
    let text = run(&["key", "list", "--config", &config]).out;
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("ended") && text.contains("valid"), "{text}");
    assert_eq!(
        run(&["key", "revoke", "--config", &config, "nothing"]).code,
        2
    );
    for more in [
        &["--name", "x", "--scope", "everything"][..],
        &["--name", "x"],
        &["--scope", "read"],
        &["--name", "", "--scope", "read"],
        &["--name", "x", "--app", "a b", "--scope", "read"],
    ] {
        let said = run(&[&["key", "new", "--config", &config], more].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    }
}

#[test]
fn a_full_log_tells_nothing_it_should_not() {
    let emulator = Running::emulator();
    for format in ["text", "json"] {
        let (folder, config) = folder(&emulator.url, "");
        let key = new_key(&config, &[]);
        let log = folder.path("log");
        let mut command = sesame();
        command.args(["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
        command
            .env("SESAME_LOG", "trace")
            .env("SESAME__LOG__FORMAT", format);
        let mut server =
            Running::start(command.stderr(std::fs::File::create(&log).expect("a file")));
        emulator.post("/_emulator/reset", "");
        let body = json!({ "to": "+8613800138000", "type": "SignIn" });
        let (_, started) = ask(&server.url, "POST", "/v1/verifications", &key, &body);
        let code = code(&emulator, "+8613800138000");
        let path = format!(
            "/v1/verifications/{}/check",
            started["id"].as_str().expect("an id")
        );
        let (_, checked) = ask(&server.url, "POST", &path, &key, &json!({ "code": code }));
        let token = checked["token"].as_str().expect("a token").to_owned();
        let reports = format!("/reports/aliyun/{REPORT_SECRET}");
        let report = json!([{ "phone_number": "13800138000", "success": true, "out_id": "x" }]);
        assert_eq!(ask(&server.url, "POST", &reports, "", &report).0, 200);
        server.terminate();
        server.child.wait().expect("it ends");
        let log = std::fs::read_to_string(log).expect("a log");
        assert!(log.contains("/v1/verifications/{id}/check"), "{log}");
        if format == "json" {
            let lines = log.lines().map(serde_json::from_str::<Value>);
            assert!(lines.into_iter().all(|line| line.is_ok()), "{log}");
        }
        let secret = key.splitn(3, '_').nth(2).expect("a secret");
        for hidden in [
            "13800138000",
            "MTM4MDAxMzgwMDA",
            "testsecret",
            REPORT_SECRET,
            secret,
            &token,
            &code,
        ] {
            assert!(!shows(&log, hidden), "{hidden} stands in the log");
        }
        // The data neither.
        for file in ["data/sesame.sqlite", "data/sesame.sqlite-wal"] {
            let bytes = std::fs::read(folder.path(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            for hidden in ["13800138000", secret, &token, &code] {
                assert!(!text.contains(hidden), "{hidden} stands in {file}");
            }
        }
    }
}
