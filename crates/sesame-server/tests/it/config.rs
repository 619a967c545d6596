//! Configurations: the example, every way to get one wrong, the environment.

use std::path::{Path, PathBuf};

use sesame_server::config::{Config, ConfigProblems, Loaded, Part, Severity, load, load_part};
use tempfile::TempDir;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sesame.example.toml");
const CONNECTOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/connector.json");

pub(crate) const SMALLEST: &str = "\
connector = \"connector.json\"
[token]
issuer = \"https://sesame.example\"
audience = \"my-app\"
[reports]
secret = \"0123456789abcdef\"
";

pub(crate) fn folder(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sesame.toml");
    std::fs::write(&path, text).expect("written");
    std::fs::copy(CONNECTOR, folder.path().join("connector.json")).expect("copied");
    (folder, path)
}

pub(crate) fn read(path: &Path, environment: &[(&str, &str)]) -> Result<Loaded, ConfigProblems> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    load(path, environment.iter().map(owned))
}

pub(crate) fn said(text: &str, environment: &[(&str, &str)]) -> String {
    let (folder, path) = folder(text);
    let problems = read(&path, environment).expect_err("it is wrong").problems;
    assert!(
        problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    );
    let lines = problems
        .iter()
        .map(|problem| format!("{problem}; {}", problem.cure));
    let lines: Vec<String> = lines.collect();
    lines
        .join("\n")
        .replace(&folder.path().display().to_string(), "")
}

#[test]
fn the_smallest_configuration_has_the_defaults_for_the_rest() {
    let (folder, path) = folder(SMALLEST);
    let loaded = read(&path, &[]).expect("valid");
    assert_eq!(loaded.warnings, []);
    let mut wanted = Config {
        data_dir: folder.path().join("data"),
        connector: loaded.config.connector.clone(),
        token: loaded.config.token.clone(),
        ..Config::default()
    };
    wanted.reports.secret = loaded.config.reports.secret.clone();
    assert_eq!(loaded.config, wanted);
}

/// Every commented key of the example stands for its default.
#[test]
fn the_example_shows_every_default() {
    let text = std::fs::read_to_string(EXAMPLE).expect("the example");
    let is_key = |line: &str| {
        let line = line.trim_start_matches('#').trim_start();
        let name = line.split(['=', ' ']).next().unwrap_or_default();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        (is_name && line[name.len()..].trim_start().starts_with('=')) || line.starts_with('[')
    };
    // `#key = value` is a default; `# words` and `#: key = value` are not.
    let all: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with([' ', ':']) && is_key(rest) => rest,
            _ => line,
        })
        .collect();
    let (folder, path) = folder(&all.join("\n"));
    std::fs::create_dir_all(folder.path().join("examples")).expect("a folder");
    std::fs::copy(CONNECTOR, folder.path().join("examples/connector.json")).expect("copied");
    let whole = read(&path, &[("SESAME__REPORTS__SECRET", "0123456789abcdef")]);
    let whole = whole
        .unwrap_or_else(|problems| panic!("{:#?}", problems.problems))
        .config;
    std::fs::write(&path, &text).expect("written");
    let plain = read(&path, &[("SESAME__REPORTS__SECRET", "0123456789abcdef")])
        .expect("valid")
        .config;
    assert_eq!(whole, plain);
    // And every key is there.
    for key in [
        "listen",
        "admin_listen",
        "data_dir",
        "connector",
        "records",
        "journal",
        "file",
        "json",
        "issuer",
        "audience",
        "secret",
        "polling",
        "digits",
        "life_secs",
        "attempts",
        "failed_checks_per_hour",
        "lock_after_failures",
        "number",
        "ip_per_hour",
        "observe",
        "prefix",
        "range",
        "ip",
        "prefixes",
        "country",
        "own_codes",
        "account",
        "countries",
        "messages_days",
        "body_bytes",
        "reports_body_bytes",
        "head_bytes",
        "headers",
        "connections",
        "requests",
        "head_secs",
        "body_secs",
        "write_secs",
        "request_secs",
        "shutdown_secs",
        "cert",
        "key",
        "trusted",
        "header",
        "format",
        "level",
        "endpoint",
        "service_name",
        "sample_ratio",
        "timeout_secs",
    ] {
        let is_there = all.iter().any(|line| {
            let line = line.trim_start_matches(['#', ':', ' ']);
            line.starts_with(&format!("{key} ="))
                || line.contains(&format!("{key}]"))
                || line.contains(&format!(".{key}"))
        });
        assert!(is_there, "{key}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_cure() {
    for (text, parts) in [
        (
            "lissten = \"127.0.0.1:1\"\n",
            &[
                "sesame.toml:1:1",
                "lissten means nothing here; did you mean listen?",
            ][..],
        ),
        (
            "listen = \"nowhere\"\n",
            &[
                "sesame.toml:1:10",
                "listen: this is no address to listen on",
            ],
        ),
        (
            "listen = 8080\n",
            &[
                "sesame.toml:1:10",
                "listen: this must be a string, and is a whole number",
            ],
        ),
        (
            "\n[limits]\nbody_bytes = \"x\"\n",
            &[
                "sesame.toml:3:14",
                "limits.body_bytes: this must be a whole number",
            ],
        ),
        (
            "[limits]\nbody_byte = 1\n",
            &["sesame.toml:2:1", "did you mean body_bytes?"],
        ),
        (
            "[policy]\ndigitts = 6\n",
            &["sesame.toml:2:1", "did you mean digits?"],
        ),
        ("listen = \n", &["sesame.toml:1:", "this is not TOML"]),
        (
            "listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"\n",
            &["sesame.toml:2:1", "duplicate key"],
        ),
        (
            "[proxy]\ntrusted = [\"10.0.0.0/8\", \"10.0.0.0/99\"]\n",
            &["sesame.toml:2:", "entry 2 is no network"],
        ),
        (
            "[policy]\nip_per_hour = -1\n",
            &[
                "sesame.toml:2:15",
                "policy.ip_per_hour: this must be a whole number from 0 to 4294967295;",
            ],
        ),
        (
            "[policy.account]\nmoney_per_day = \"1e3\"\n",
            &[
                "sesame.toml:2:17",
                "policy.account.money_per_day: this must be a decimal such as \"0.045\"",
            ],
        ),
        (
            "[log]\nformat = \"xml\"\n",
            &[
                "sesame.toml:2:10",
                "log.format: this must be one of text, json",
            ],
        ),
        (
            "[store]\nrecords = 7\n",
            &["sesame.toml:2:11", "a string, { env"],
        ),
        (
            "[store]\nrecords = { envv = \"X\" }\n",
            &["sesame.toml:2:", "this must be a string, { env"],
        ),
        (
            "[hooks.x]\npreset = \"supabase\"\n",
            &["sesame.toml:1:", "hooks.x.secrets: there is no secret"],
        ),
    ] {
        let said = said(text, &[]);
        for part in parts {
            assert!(said.contains(part), "{part}\n{said}");
        }
    }
}

#[test]
fn everything_that_contradicts_is_told_at_once() {
    let text = format!(
        "listen = \"0.0.0.0:8080\"\nadmin_listen = \"0.0.0.0:8080\"\n{SMALLEST}\
         [store]\nrecords = \"mysql://user:hunter2@host\"\njournal = \"valkey://host\"\n\
         [tls]\ncert = \"cert.pem\"\n[policy]\ndigits = 3\n[retention]\nmessages_days = 0\n\
         [limits]\nrequests = 0\n[proxy]\nheader = \"a b\"\n"
    );
    let text = text.replace("secret = \"0123456789abcdef\"", "secret = \"a/b\"");
    let said = said(
        &text.replace("issuer = \"https://sesame.example\"", "issuer = \"\""),
        &[],
    );
    for part in [
        "listen: other machines can reach",
        "admin_listen: this is where the API listens",
        "sesame.toml:10:11: store.records: there is no store with this scheme",
        "store.journal: the journal is searched",
        "tls.cert: a certificate needs its key",
        "policy.digits: must be from 4 to 10, is 3",
        "retention.messages_days: this must be at least 1",
        "limits.requests: this must be between 1 and",
        "proxy.header: this is no name of a header",
        "token.issuer: this must be there",
        "reports.secret: the secret is a part of an address",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains("hunter2") && !said.contains("a/b"), "{said}");
}

#[test]
fn a_connector_is_checked_as_by_itself() {
    let without = SMALLEST.replace("connector = \"connector.json\"\n", "");
    assert!(said(&without, &[]).contains("connector: this must be there"));
    let nowhere = SMALLEST.replace("connector.json", "nowhere.json");
    assert!(said(&nowhere, &[]).contains("there is no file"));
    let table = format!(
        "{without}[connector]\naccessKeyId = \"testid\"\naccessKeySecret = \"hunter2hunter2\"\nsignName = \"【x】\"\ntemplates = []\n"
    );
    let said = said(&table, &[]);
    assert!(said.contains("connector.signName"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn the_environment_goes_before_the_file() {
    let (_folder, path) = folder(SMALLEST);
    let loaded = read(
        &path,
        &[
            ("SESAME__LISTEN", "127.0.0.1:9999"),
            ("SESAME__LIMITS__BODY_BYTES", "2048"),
            ("SESAME__TOKEN__AUDIENCE", "12345"),
            ("SESAME__PROXY__TRUSTED", "[\"10.0.0.0/8\", \"192.0.2.7\"]"),
            ("SESAME__STORE__RECORDS", "{ env = \"PATH\" }"),
            ("SESAME__REPORTS__POLLING", "true"),
            ("SESAME_LOG", "trace"),
        ],
    );
    // `PATH` names no store; everything else is taken.
    let problems = loaded.expect_err("no store").problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].origin, "SESAME__STORE__RECORDS");
    let loaded = read(
        &path,
        &[
            ("SESAME__LISTEN", "127.0.0.1:9999"),
            ("SESAME__TOKEN__AUDIENCE", "12345"),
            ("SESAME__PROXY__TRUSTED", "[\"10.0.0.0/8\", \"192.0.2.7\"]"),
            ("SESAME__LIMITS__BODY_BYTES", "2048"),
        ],
    )
    .expect("valid")
    .config;
    assert_eq!(loaded.listen.port(), 9999);
    assert_eq!(loaded.token.audience, "12345");
    assert_eq!(loaded.proxy.trusted.len(), 2);
    assert_eq!(loaded.limits.body_bytes, 2048);
    for (variable, value, part) in [
        (
            "SESAME__LIMITS__BODY_BYTES",
            "much",
            "SESAME__LIMITS__BODY_BYTES: this must be a whole number",
        ),
        (
            "SESAME__LIMITS__BODY_BITES",
            "1",
            "did you mean body_bytes?",
        ),
        ("SESAME__LIMITS____X", "1", "this names no key"),
        (
            "SESAME__LISTEN",
            "hunter2",
            "SESAME__LISTEN: this is no address",
        ),
    ] {
        let said = said(SMALLEST, &[(variable, value)]);
        assert!(said.contains(part), "{part}\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn secrets_come_from_files_and_variables() {
    let text = SMALLEST.replace("\"0123456789abcdef\"", "{ file = \"report-secret\" }");
    let (folder, path) = folder(&text);
    let problems = read(&path, &[]).expect_err("no file").problems;
    assert!(
        problems[0]
            .to_string()
            .contains("reports.secret: its file cannot be read"),
        "{problems:?}"
    );
    std::fs::write(folder.path().join("report-secret"), "0123456789abcdef\n").expect("written");
    let loaded = read(&path, &[]).expect("valid").config;
    assert_eq!(
        loaded.reports.secret.expect("a secret").reveal(),
        "0123456789abcdef"
    );
    let text = SMALLEST.replace("\"0123456789abcdef\"", "{ env = \"SESAME_NOT_SET\" }");
    let said = said(&text, &[]);
    assert!(
        said.contains("the environment variable SESAME_NOT_SET is not set"),
        "{said}"
    );
}

fn warnings(text: &str) -> Vec<String> {
    let (_folder, path) = folder(text);
    let loaded = read(&path, &[]).expect("valid");
    loaded.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_usage_type_that_is_not_known_is_told() {
    let misspelt = format!("{SMALLEST}[policy.usage_types.Signin]\ndigits = 8\n");
    let said = said(&misspelt, &[]);
    for part in [
        "sesame.toml:7:",
        "policy.usage_types.Signin: this usage type is not known",
        "did you mean SignIn?",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let known = misspelt.replace("Signin", "SignIn");
    assert_eq!(warnings(&known), [] as [String; 0]);
}

#[test]
fn metrics_that_others_reach_are_told() {
    let open =
        format!("listen = \"0.0.0.0:8080\"\n{SMALLEST}[proxy]\ntrusted = [\"10.0.0.0/8\"]\n");
    let said = warnings(&open);
    assert!(said.len() == 1 && said[0].contains("/metrics"), "{said:?}");
    let apart = format!("admin_listen = \"127.0.0.1:8081\"\n{open}");
    assert_eq!(warnings(&apart), [] as [String; 0]);
}

#[test]
fn less_time_than_sending_takes_is_told() {
    let short = format!("{SMALLEST}[limits]\nrequest_secs = 7\nshutdown_secs = 8\n");
    let said = warnings(&short);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("limits.request_secs: sending a message may take 8 s"),
        "{said:?}"
    );
}

/// As where API keys are made: the hooks' and the records' secrets are known to
/// the server alone.
#[test]
fn a_part_needs_no_secrets_of_the_rest() {
    let text = format!(
        "{SMALLEST}[store]\nrecords = {{ env = \"SESAME_NOT_SET\" }}\n\
         [hooks.x]\npreset = \"supabase\"\nsecrets = [{{ env = \"SESAME_NOT_SET\" }}]\n"
    )
    .replace("\"connector.json\"", "\"there-is-none.json\"");
    let (folder, path) = folder(&text);
    assert!(read(&path, &[]).is_err());
    let part = |part, journal: &str| {
        let variable = ("SESAME__STORE__JOURNAL".to_owned(), journal.to_owned());
        load_part(&path, [variable], part)
    };
    let config = part(Part::Journal, "sqlite").expect("valid");
    assert_eq!(config.store.journal.reveal(), "sqlite");
    assert_eq!(config.data_dir, folder.path().join("data"));
    // What is needed is looked up, and checked.
    let wrong = |part: Result<Config, ConfigProblems>| {
        let problems = part.expect_err("it is wrong").problems;
        let lines = problems.iter().map(ToString::to_string);
        lines.collect::<Vec<_>>().join("\n")
    };
    let records = wrong(part(Part::Keys, "sqlite"));
    assert!(
        records.contains("store.records: the environment variable SESAME_NOT_SET is not set"),
        "{records}"
    );
    assert!(!records.contains("hooks"), "{records}");
    let journal = wrong(part(Part::Journal, "valkey://localhost"));
    assert!(
        journal.contains("SESAME__STORE__JOURNAL: store.journal: the journal is searched"),
        "{journal}"
    );
}

fn with_connector(keys: &str) -> String {
    SMALLEST.replace("connector = \"connector.json\"\n", "")
        + &format!(
            "[connector]\naccessKeyId = \"LTAI5tFromTheFile\"\naccessKeySecret = \"file-secret\"\n\
             signName = \"签名\"\n{keys}\
             templates = [{{ usageType = \"Generic\", templateCode = \"SMS_1\" }}]\n"
        )
}

/// The secret that messages are signed with.
fn secret(loaded: &Loaded) -> String {
    use secrecy::ExposeSecret as _;
    use sesame_connector::config::Credentials;
    match &loaded.connector.credentials {
        Credentials::Keys { current, .. } => current.secret.expose_secret().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn variables_name_keys_whatever_their_case() {
    let (_folder, path) = folder(&with_connector(""));
    let file = read(&path, &[]).expect("valid");
    assert_eq!(secret(&file), "file-secret");
    for name in [
        "SESAME__CONNECTOR__accessKeySecret",
        "SESAME__CONNECTOR__ACCESSKEYSECRET",
        "SESAME__CONNECTOR__ACCESS_KEY_SECRET",
        "SESAME__Connector__access_key_secret",
    ] {
        let loaded = read(&path, &[(name, "env-secret")]);
        let loaded = loaded.unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert_eq!(secret(&loaded), "env-secret", "{name}");
        assert_eq!(loaded.warnings, [], "{name}");
    }
    let loaded = read(
        &path,
        &[
            ("SESAME__LISTen", "127.0.0.1:9999"),
            ("SESAME__CONNECTOR__TIMEOUT_MS", "1234"),
            ("SESAME__POLICY__USAGE_TYPES__SignIn__DIGITS", "8"),
            ("SESAME__POLICY__USAGE_TYPES__FORGOTPASSWORD__DIGITS", "7"),
            ("SESAME__POLICY__ACCOUNT__PRICES__CN", "0.045"),
            ("SESAME__POLICY__ACCOUNT__PRICES__us", "0.1"),
            ("SESAME__POLICY__ACCOUNT__PRICES__OTHER", "0.2"),
            ("SESAME__POLICY__COUNTRIES__BUDGETS__HK__PER_DAY", "3"),
        ],
    );
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let Config { listen, policy, .. } = loaded.config;
    assert_eq!(listen.port(), 9999);
    assert_eq!(loaded.connector.timeout.as_millis(), 1234);
    assert_eq!(policy.usage_types["SignIn"].digits, Some(8));
    assert_eq!(policy.usage_types["ForgotPassword"].digits, Some(7));
    let priced: Vec<_> = policy.account.prices.keys().collect();
    assert_eq!(priced, ["CN", "US", "other"]);
    assert_eq!(policy.country_budget("HK").per_day, 3);
}

/// A name that the file chose is met in whatever case, and a new one keeps its
/// own.
#[test]
fn variables_keep_the_names_that_a_file_chooses() {
    let hooks = "[hooks.Users]\npreset = \"generic\"\nsecrets = [\"0123456789abcdef\"]\n\
                 [hooks.Users.fields]\nto = \"to\"\ncode = \"code\"\n\
                 [hooks.Users.usage_types]\nLogIn = \"Generic\"\n";
    let (_folder, path) = folder(&format!("{SMALLEST}{hooks}"));
    let loaded = read(
        &path,
        &[
            ("SESAME__HOOKS__USERS__USAGE_TYPES__LOGIN", "SignIn"),
            ("SESAME__HOOKS__USERS__USAGE_TYPES__signUp", "Register"),
        ],
    );
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let types = &loaded.config.hooks["Users"].usage_types;
    let types: Vec<_> = types
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(types, [("LogIn", "SignIn"), ("signUp", "Register")]);
}

#[test]
fn what_a_variable_gets_wrong_is_told_with_its_name() {
    let table = with_connector("");
    for (text, name, value, part) in [
        (
            table.as_str(),
            "SESAME__CONNECTOR__ACCESS_KEY_SECRT",
            "hunter2",
            "means nothing here; did you mean accessKeySecret?",
        ),
        (
            SMALLEST,
            "SESAME__CONNECTOR__ACCESS_KEY_SECRET",
            "hunter2",
            "the connector's keys are in a file of its own",
        ),
        (
            SMALLEST,
            "SESAME__POLICY__USAGE_TYPES__SignInn__DIGITS",
            "8",
            "did you mean SignIn?",
        ),
        (
            SMALLEST,
            "SESAME__POLICY__USAGE_TYPES__SignIn__DIGITS",
            "99",
            "policy.usage_types.SignIn",
        ),
    ] {
        let said = said(text, &[(name, value)]);
        let mut lines = said.lines();
        assert!(
            lines.any(|line| line.starts_with(name) && line.contains(part)),
            "{name} {part}\n{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
    let twice = said(
        SMALLEST,
        &[
            ("SESAME__LISTEN", "127.0.0.1:1"),
            ("SESAME__listen", "127.0.0.1:2"),
        ],
    );
    assert!(
        twice.contains("SESAME__listen: SESAME__LISTEN names the same key"),
        "{twice}"
    );
}

#[test]
fn a_secret_that_is_not_there_is_told_once() {
    let text = format!(
        "{SMALLEST}[store]\nrecords = {{ env = \"SESAME_NOT_SET\" }}\n\
         journal = {{ file = \"nowhere\" }}\n\
         [hooks.x]\npreset = \"supabase\"\nsecrets = [{{ env = \"SESAME_NOT_SET\" }}]\n"
    )
    .replace("\"0123456789abcdef\"", "{ file = \"nowhere\" }");
    let said = said(&text, &[]);
    let unset = said.matches("SESAME_NOT_SET is not set").count();
    let unread = said.matches("its file cannot be read").count();
    assert_eq!((unset, unread, said.lines().count()), (2, 2, 4), "{said}");
}
