//! The default chain against what Alibaba's own library did
//! (`vectors/sdk-credential-chain.json`), and against services that misbehave.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliyun_sms::credentials::{
    CredentialsError, DefaultChain, DefaultChainBuilder, Environment, ProvideCredentials,
};
use aliyun_sms::sign::received::decode_form;
use aliyun_sms::sign::rpc_v1;
use aliyun_sms::{Credentials, Endpoint, Source};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const VECTORS: &str = include_str!("vectors/sdk-credential-chain.json");
const START_SECS: i64 = 1_795_331_268;
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
const TOKEN: &str = "/latest/api/token";
const URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
const ECS_DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
const ROLE_ARN: &str = "acs:ram::1:role/r";

#[derive(Debug)]
struct Clock(AtomicI64);

impl Clock {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(START_SECS)))
    }

    fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Source for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).expect("a time")
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// One request as it came.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Seen {
    fn parameters(&self) -> BTreeMap<String, String> {
        let mut all = decode_form(self.query.as_bytes());
        all.extend(decode_form(self.body.as_bytes()));
        all.into_iter().collect()
    }

    fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What the services answer, or `None` to hang.
type Answering = Arc<dyn Fn(&Seen) -> Option<(u16, String)> + Send + Sync>;

/// One server in the place of STS, the metadata service and the URI.
struct Stub {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    clock: Arc<Clock>,
    home: PathBuf,
}

impl Stub {
    async fn start() -> Self {
        let clock = Clock::new();
        let time = clock.clone();
        Self::answering(clock, move |seen| Some(usual(seen, time.now()))).await
    }

    async fn answering(
        clock: Arc<Clock>,
        answer: impl Fn(&Seen) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer): (_, Answering) = (seen.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), log.clone()));
            }
        });
        Self {
            url,
            seen,
            clock,
            home: fresh_directory(),
        }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }

    fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.home.join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(&path, content).expect("a file");
        path
    }

    fn cli(&self, config: &Value) {
        self.write(".aliyun/config.json", &config.to_string());
    }

    fn ini(&self, content: &str) {
        self.write(".alibabacloud/credentials.ini", content);
    }

    fn builder(&self, variables: &[(&str, &str)]) -> DefaultChainBuilder {
        let environment: Environment = variables.iter().copied().collect();
        let endpoint: Endpoint = self.url.parse().expect("an endpoint");
        DefaultChain::builder(self.clock.clone(), environment.with_home(&self.home))
            .sts_endpoint(endpoint.clone())
            .metadata_endpoint(endpoint)
            .environment_proxy(false)
    }

    fn chain(&self, variables: &[(&str, &str)]) -> DefaultChain {
        self.builder(variables).build()
    }
}

fn fresh_directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    let name = format!("credentials-{}-{count}", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).expect("a directory");
    path
}

async fn serve(mut stream: TcpStream, answer: Answering, log: Arc<Mutex<Vec<Seen>>>) {
    while let Some(seen) = read_request(&mut stream).await {
        log.lock().expect("not poisoned").push(seen.clone());
        let Some((status, body)) = answer(&seen) else {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(head.as_bytes()).await.is_err()
            || stream.write_all(body.as_bytes()).await.is_err()
        {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        bytes.push(stream.read_u8().await.ok()?);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let mut lines = head.lines();
    let mut first = lines.next().expect("a request line").split(' ');
    let method = first.next().expect("a method").to_owned();
    let target = first.next().expect("a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or("0", String::as_str);
    let mut body = vec![0; length.parse().expect("a length")];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: String::from_utf8(body).expect("text"),
    })
}

/// The answers the recordings were made with; they hold for an hour.
fn usual(seen: &Seen, now: Timestamp) -> (u16, String) {
    let action = seen.parameters().remove("Action").unwrap_or_default();
    let body = match (seen.path.as_str(), action.as_str()) {
        (TOKEN, _) => "metadata-token".to_owned(),
        (ROLES, _) => "my-role".to_owned(),
        ("/creds", _) => service("uri", now).to_string(),
        (_, "AssumeRole") => sts("role", now).to_string(),
        (_, "AssumeRoleWithOIDC") => sts("oidc", now).to_string(),
        (path, _) if path.starts_with(ROLES) => service("ecs", now).to_string(),
        _ => return (404, String::new()),
    };
    (200, body)
}

fn service(name: &str, now: Timestamp) -> Value {
    json!({
        "Code": "Success",
        "AccessKeyId": format!("STS.{name}"),
        "AccessKeySecret": "sts-secret",
        "SecurityToken": "sts-token",
        "Expiration": (now + SignedDuration::from_hours(1)).to_string(),
    })
}

fn sts(name: &str, now: Timestamp) -> Value {
    json!({"RequestId": "1", "Credentials": service(name, now)})
}

#[tokio::test]
async fn does_what_the_library_did() {
    let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 15);
    for case in cases {
        replay(case).await;
    }
}

async fn replay(case: &Value) {
    let name = case["case"].as_str().expect("a name");
    let stub = Stub::start().await;
    if case["cli_config"].is_object() {
        stub.cli(&case["cli_config"]);
    }
    if let Some(ini) = case["ini"].as_str() {
        stub.ini(ini);
    }
    let token_file = stub.write("token", "oidc-token-text");
    let uri = format!("{}/creds", stub.url);
    let recorded = case["environment"].as_object().expect("variables");
    let variables: Vec<(&str, &str)> = recorded
        .iter()
        .map(|(name, value)| match value.as_str().expect("a text") {
            "<token file>" => (name.as_str(), token_file.to_str().expect("a path")),
            "http://creds.test/creds" => (name.as_str(), uri.as_str()),
            value => (name.as_str(), value),
        })
        .collect();
    let result = stub.chain(&variables).provide().await;
    check_result(name, &case["result"], result);
    let wire = case["wire"].as_array().expect("requests");
    let seen = stub.seen();
    assert_eq!(seen.len(), wire.len(), "{name}: {seen:?}");
    for (recorded, seen) in wire.iter().zip(&seen) {
        check_request(name, recorded, seen);
    }
}

fn check_result(name: &str, expected: &Value, result: Result<Arc<Credentials>, CredentialsError>) {
    if expected["error"].is_string() {
        let Err(CredentialsError::NotFound(reasons)) = result else {
            panic!("{name}: {result:?}");
        };
        assert_eq!(reasons.len(), 6, "{name}: {reasons:?}");
        return;
    }
    let credentials = result.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(credentials.provider(), expected["provider"], "{name}");
    assert_eq!(
        credentials.access_key_id(),
        expected["access_key_id"],
        "{name}"
    );
    assert_eq!(
        credentials.access_key_secret(),
        expected["access_key_secret"],
        "{name}"
    );
    assert_eq!(
        credentials.security_token(),
        expected["security_token"].as_str(),
        "{name}"
    );
}

fn check_request(name: &str, recorded: &Value, seen: &Seen) {
    let target = recorded["target"].as_str().expect("a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    assert_eq!(seen.path, path, "{name}");
    let mut expected: BTreeMap<_, _> = decode_form(query.as_bytes()).into_iter().collect();
    let mut parameters = seen.parameters();
    // The token travels in a form, where no log of addresses keeps it.
    if expected.contains_key("OIDCToken") {
        assert_eq!(seen.method, "POST", "{name}");
        assert!(!seen.query.contains("OIDCToken"), "{name}");
    } else {
        assert_eq!(seen.method, recorded["method"], "{name}");
    }
    if expected.contains_key("Signature") {
        check_signature(seen, "secret-cli");
    }
    for differs in ["Timestamp", "SignatureNonce", "Signature"] {
        assert_eq!(
            parameters.remove(differs).is_some(),
            expected.remove(differs).is_some(),
            "{name}: {differs}"
        );
    }
    assert_eq!(parameters, expected, "{name}");
    for header in recorded["headers"].as_array().expect("headers") {
        let header_name = header[0].as_str().expect("a name").to_ascii_lowercase();
        let expected = match header_name.as_str() {
            "host" => continue,
            _ => header[1].as_str().expect("a value"),
        };
        let value = seen.headers.get(&header_name);
        assert_eq!(
            value.map(String::as_str),
            Some(expected),
            "{name}: {header_name}"
        );
    }
}

fn check_signature(seen: &Seen, secret: &str) {
    let parameters: Vec<_> = seen.parameters().into_iter().collect();
    let to_sign = rpc_v1::string_to_sign("GET", &rpc_v1::canonical_query(&parameters));
    let expected = rpc_v1::signature(secret, &to_sign);
    assert_eq!(seen.parameters()["Signature"], expected);
}

fn provided(result: Result<Arc<Credentials>, CredentialsError>) -> (String, String) {
    let credentials = result.expect("credentials");
    (
        credentials.provider().to_owned(),
        credentials.access_key_id().to_owned(),
    )
}

fn reason_of(result: Result<Arc<Credentials>, CredentialsError>, link: &str) -> String {
    let Err(CredentialsError::NotFound(reasons)) = result else {
        panic!("{result:?}");
    };
    let prefix = format!("{link}: ");
    let found = reasons
        .iter()
        .find_map(|reason| reason.strip_prefix(&prefix));
    found.unwrap_or_else(|| panic!("{reasons:?}")).to_owned()
}

#[tokio::test]
async fn a_chained_role_is_taken_on_with_the_one_before_it() {
    let stub = Stub::start().await;
    stub.cli(&json!({"current": "last", "profiles": [
        {"name": "first", "mode": "AK", "access_key_id": "ak", "access_key_secret": "sk"},
        {"name": "mid", "mode": "ChainableRamRoleArn", "source_profile": "first",
         "ram_role_arn": "arn-1", "ram_session_name": "s1", "expired_seconds": 900},
        {"name": "last", "mode": "ChainableRamRoleArn", "source_profile": "mid",
         "ram_role_arn": "arn-2", "ram_session_name": "s2", "expired_seconds": "1800",
         "policy": "{\"a b\": \"*~\"}", "external_id": "x+y", "sts_region": "cn-beijing"},
    ]}));
    let (provider, id) = provided(stub.chain(&[]).provide().await);
    assert_eq!(
        provider,
        "default/cli_profile/ram_role_arn/ram_role_arn/static_ak"
    );
    assert_eq!(id, "STS.role");
    let seen = stub.seen();
    check_signature(&seen[0], "sk");
    check_signature(&seen[1], "sts-secret");
    let second = seen[1].parameters();
    for (name, value) in [
        ("AccessKeyId", "STS.role"),
        ("SecurityToken", "sts-token"),
        ("RoleArn", "arn-2"),
        ("DurationSeconds", "1800"),
        ("Policy", "{\"a b\": \"*~\"}"),
        ("ExternalId", "x+y"),
    ] {
        assert_eq!(second[name], value, "{name}");
    }
    assert_eq!(seen[0].parameters()["DurationSeconds"], "900");
}

#[tokio::test]
async fn every_kind_of_profile_gives_its_credentials() {
    let stub = Stub::start().await;
    let token_file = stub.write("token", "oidc-token-text\n");
    let token_file = token_file.to_str().expect("a path");
    stub.cli(&json!({"current": "none", "profiles": [
        {"name": "ecs", "mode": "EcsRamRole", "ram_role_name": "my-role"},
        {"name": "ecs2", "mode": "EcsRamRole"},
        {"name": "oidc", "mode": "OIDC", "ram_role_arn": ROLE_ARN, "ram_session_name": "s",
         "oidc_provider_arn": "p", "oidc_token_file": token_file},
        {"name": "chained", "mode": "ChainableRamRoleArn", "source_profile": "oidc",
         "ram_role_arn": ROLE_ARN},
    ]}));
    stub.ini(&format!(
        "[ini-role]\ntype=ram_role_arn\naccess_key_id=ak\naccess_key_secret=sk\nrole_arn={ROLE_ARN}\n\
         [ini-oidc]\ntype=oidc_role_arn\nrole_arn={ROLE_ARN}\noidc_provider_arn=p\n\
         oidc_token_file_path={token_file}\n\
         [ini-ecs]\ntype=ecs_ram_role\nrole_name=other role # ours\n"
    ));
    for (profile, provider, id) in [
        ("ecs", "default/cli_profile/ecs_ram_role", "STS.ecs"),
        ("ecs2", "default/cli_profile/ecs_ram_role", "STS.ecs"),
        ("oidc", "default/cli_profile/oidc_role_arn", "STS.oidc"),
        (
            "chained",
            "default/cli_profile/ram_role_arn/oidc_role_arn",
            "STS.role",
        ),
        (
            "ini-role",
            "default/profile/ram_role_arn/static_ak",
            "STS.role",
        ),
        ("ini-oidc", "default/profile/oidc_role_arn", "STS.oidc"),
        ("ini-ecs", "default/profile/ecs_ram_role", "STS.ecs"),
    ] {
        let chain = stub.chain(&[("ALIBABA_CLOUD_PROFILE", profile)]);
        let found = provided(chain.provide().await);
        assert_eq!(found, (provider.to_owned(), id.to_owned()), "{profile}");
    }
    let seen = stub.seen();
    let oidc = seen
        .iter()
        .find(|seen| seen.method == "POST")
        .expect("an OIDC call");
    assert_eq!(oidc.parameters()["OIDCToken"], "oidc-token-text");
    assert_eq!(oidc.parameters()["RoleSessionName"], "s");
    let unnamed = seen
        .iter()
        .find(|seen| seen.query.contains("Action=AssumeRole&"));
    let session = &unnamed.expect("a call").parameters()["RoleSessionName"];
    assert_eq!(session, &format!("aliyun-sms-{START_SECS}"));
    assert_eq!(
        seen.last().expect("a call").path,
        format!("{ROLES}other%20role")
    );
}

#[tokio::test]
async fn the_ini_file_may_be_elsewhere() {
    let stub = Stub::start().await;
    let path = stub.write(
        "mine.ini",
        "[DEFAULT]\naccess_key_id=ak\n[default]\ntype: access_key\naccess_key_secret=sk",
    );
    let chain = stub.chain(&[(
        "ALIBABA_CLOUD_CREDENTIALS_FILE",
        path.to_str().expect("a path"),
    )]);
    let found = provided(chain.provide().await);
    assert_eq!(
        found,
        ("default/profile/static_ak".to_owned(), "ak".to_owned())
    );
}

#[tokio::test]
async fn profiles_that_cannot_be_used_say_why_and_show_nothing() {
    let stub = Stub::start().await;
    let secret = "s3cr3t-s3cr3t";
    stub.cli(&json!({"profiles": [
        {"name": "sso", "mode": "CloudSSO", "access_token": secret},
        {"name": "oauth", "mode": "OAuth"},
        {"name": "external", "mode": "External", "process_command": secret},
        {"name": "slip", "mode": secret},
        {"name": "half", "mode": "AK", "access_key_secret": secret},
        {"name": "round", "mode": "ChainableRamRoleArn", "source_profile": "and-round"},
        {"name": "and-round", "mode": "ChainableRamRoleArn", "source_profile": "round"},
        {"name": "self", "mode": "ChainableRamRoleArn", "source_profile": "self"},
        {"name": "orphan", "mode": "ChainableRamRoleArn", "source_profile": "nobody"},
        {"name": "short", "mode": "RamRoleArn", "access_key_id": "ak", "access_key_secret": secret,
         "ram_role_arn": ROLE_ARN, "expired_seconds": 60},
        {"name": "region", "mode": "RamRoleArn", "access_key_id": "ak", "access_key_secret": secret,
         "ram_role_arn": ROLE_ARN, "sts_region": "example.com/?"},
        {"name": "ecs", "mode": "EcsRamRole"},
        7,
    ]}));
    for (profile, says) in [
        ("sso", "CloudSSO is not supported"),
        ("oauth", "OAuth is not supported"),
        ("external", "External is not supported"),
        ("slip", "its mode is none of"),
        ("half", "no access key id"),
        ("round", "leads back to itself"),
        ("self", "leads back to itself"),
        ("orphan", "there is no profile \"nobody\""),
        ("short", "shorter than 900 s"),
        ("region", "no region's id"),
        ("ecs", "turned off by ALIBABA_CLOUD_ECS_METADATA_DISABLED"),
        ("missing", "there is no profile \"missing\""),
    ] {
        let chain = stub.chain(&[("ALIBABA_CLOUD_PROFILE", profile), (ECS_DISABLED, "TRUE")]);
        let result = chain.provide().await;
        assert!(
            !format!("{result:?}{chain:?}").contains(secret),
            "{profile}"
        );
        let reason = reason_of(result, "cli_profile");
        assert!(reason.contains(says), "{profile}: {reason}");
    }
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn broken_files_say_where_and_show_nothing() {
    let stub = Stub::start().await;
    for (cli, ini, cli_says, ini_says) in [
        (
            "{\"secret\": \"s3cr3t",
            "[default\ns3cr3t",
            "not a JSON object (line 1",
            "line 1: ",
        ),
        (
            "[\"s3cr3t\"]",
            "",
            "not a JSON object",
            "there is no section \"default\"",
        ),
        (
            "{}",
            "[default]\ntype=rsa_key_pair",
            "names no current",
            "rsa_key_pair is not supported",
        ),
        (
            "\u{feff}{\"current\": \"a\"}",
            "[default]\ntype=s3cr3t",
            "no profile \"a\"",
            "none of",
        ),
    ] {
        stub.write(".aliyun/config.json", cli);
        stub.ini(ini);
        let chain = stub.chain(&[(ECS_DISABLED, "true")]);
        let error = chain.provide().await.expect_err("no credentials");
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
        assert!(error.to_string().contains(cli_says), "{cli_says}: {error}");
        assert!(error.to_string().contains(ini_says), "{ini_says}: {error}");
    }
}

#[tokio::test]
async fn switches_and_missing_variables_are_told() {
    let stub = Stub::start().await;
    let chain = stub.chain(&[
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "  "),
        ("ALIBABA_CLOUD_ROLE_ARN", ROLE_ARN),
        ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "True"),
        (ECS_DISABLED, "true"),
    ]);
    let error = chain
        .provide()
        .await
        .expect_err("no credentials")
        .to_string();
    for says in [
        "env: ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set; ",
        "oidc_role_arn: ALIBABA_CLOUD_OIDC_TOKEN_FILE is not set; ",
        "cli_profile: turned off by ALIBABA_CLOUD_CLI_PROFILE_DISABLED; ",
        "credentials.ini: no such file; ",
        "ecs_ram_role: turned off by ALIBABA_CLOUD_ECS_METADATA_DISABLED; ",
        "credential_uri: ALIBABA_CLOUD_CREDENTIALS_URI is not set",
    ] {
        assert!(error.contains(says), "{says}: {error}");
    }
}

#[tokio::test]
async fn metadata_is_read_without_a_token_where_there_is_none() {
    let clock = Clock::new();
    let time = clock.clone();
    let stub = Stub::answering(clock, move |seen| match seen.path.as_str() {
        TOKEN => Some((405, String::new())),
        _ => Some(usual(seen, time.now())),
    })
    .await;
    let role = ("ALIBABA_CLOUD_ECS_METADATA", "my-role");
    assert_eq!(provided(stub.chain(&[role]).provide().await).1, "STS.ecs");
    assert!(
        !stub.seen()[1]
            .headers
            .contains_key("x-aliyun-ecs-metadata-token")
    );

    let strict = stub.chain(&[role, ("ALIBABA_CLOUD_IMDSV1_DISABLED", "true")]);
    let reason = reason_of(strict.provide().await, "ecs_ram_role");
    assert!(reason.contains("no metadata token: "), "{reason}");
    assert_eq!(stub.seen().len(), 3);
}

#[tokio::test]
async fn a_token_that_is_refused_is_done_without() {
    let clock = Clock::new();
    let time = clock.clone();
    let stub = Stub::answering(clock, move |seen| {
        let has_token = seen.headers.contains_key("x-aliyun-ecs-metadata-token");
        Some(if has_token {
            (403, String::new())
        } else {
            usual(seen, time.now())
        })
    })
    .await;
    assert_eq!(provided(stub.chain(&[]).provide().await).1, "STS.ecs");
    let [token, roles] = [format!("PUT {TOKEN}"), format!("GET {ROLES}")];
    assert_eq!(stub.lines()[..3], [token, roles.clone(), roles]);
}

#[tokio::test]
async fn a_hanging_metadata_service_costs_seconds_and_the_uri_comes_next() {
    let clock = Clock::new();
    let time = clock.clone();
    let stub = Stub::answering(clock, move |seen| {
        (seen.path == "/creds").then(|| usual(seen, time.now()))
    })
    .await;
    let uri = format!("{}/creds", stub.url);
    let chain = stub.chain(&[(URI, &uri)]);
    let asked = tokio::time::timeout(Duration::from_secs(4), chain.provide()).await;
    let found = provided(asked.expect("in time"));
    assert_eq!(
        found,
        ("default/credential_uri".to_owned(), "STS.uri".to_owned())
    );
    // The token may hang where the rest does not, so that is tried.
    let lines = [
        format!("PUT {TOKEN}"),
        format!("GET {ROLES}"),
        "GET /creds".to_owned(),
    ];
    assert_eq!(stub.lines(), lines);
}

#[tokio::test]
async fn services_that_hang_or_hang_up_are_told_apart() {
    let stub = Stub::answering(Clock::new(), |_| None).await;
    let reason = reason_of(stub.chain(&[]).provide().await, "ecs_ram_role");
    assert_eq!(reason, "no answer within 1000 ms");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let uri = format!(
        "http://{}/creds",
        listener.local_addr().expect("an address")
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_request(&mut stream).await;
        }
    });
    let chain = stub.chain(&[(URI, &uri), (ECS_DISABLED, "true")]);
    let reason = reason_of(chain.provide().await, "credential_uri");
    assert_eq!(reason, "the connection broke before the answer was whole");
}

/// The name of the variable under which the test below runs itself again.
const AGAIN: &str = "SESAME_TEST_BEHIND_A_PROXY";

/// Proxies are read from the process's environment, so this takes a process of
/// its own.
#[tokio::test]
async fn near_addresses_go_past_a_proxy() {
    if std::env::var_os(AGAIN).is_some() {
        return behind_a_proxy().await;
    }
    let mut command = std::process::Command::new(std::env::current_exe().expect("a path"));
    command
        .args(["--exact", "near_addresses_go_past_a_proxy"])
        .env(AGAIN, "1")
        .env("HTTP_PROXY", "http://me:s3cr3t@127.0.0.1:1");
    for name in ["http_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        command.env_remove(name);
    }
    let output = command.output().expect("a run");
    assert!(output.status.success(), "{output:?}");
}

async fn behind_a_proxy() {
    let stub = Stub::start().await;
    let chain =
        |variables: &[(&str, &str)]| stub.builder(variables).environment_proxy(true).build();
    assert_eq!(provided(chain(&[]).provide().await).1, "STS.ecs");
    let near = format!("{}/creds", stub.url);
    let found = provided(
        chain(&[(URI, &near), (ECS_DISABLED, "true")])
            .provide()
            .await,
    );
    assert_eq!(found.1, "STS.uri");
    let metadata = "http://100.100.100.200:1/creds";
    let result = chain(&[(URI, metadata), (ECS_DISABLED, "true")])
        .provide()
        .await;
    let reason = reason_of(result, "credential_uri");
    assert!(!reason.contains("proxy"), "{reason}");
    let far = "http://creds.test/creds";
    let result = chain(&[(URI, far), (ECS_DISABLED, "true")]).provide().await;
    let reason = reason_of(result, "credential_uri");
    assert!(
        reason.contains("the proxy 127.0.0.1:1 gave no connection"),
        "{reason}"
    );
    assert!(!reason.contains("s3cr3t"), "{reason}");
}

#[tokio::test]
async fn nobody_at_the_metadata_address_is_asked_once() {
    let stub = Stub::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let endpoint: Endpoint = format!("http://{address}").parse().expect("an endpoint");
    let chain = stub.builder(&[]).metadata_endpoint(endpoint).build();
    let reason = reason_of(chain.provide().await, "ecs_ram_role");
    assert!(reason.contains("connection refused"), "{reason}");
}

#[tokio::test]
async fn hostile_answers_are_named_and_not_repeated() {
    let whole = service("x", Timestamp::from_second(START_SECS).expect("a time"));
    let without = |name: &str| {
        let mut answer = whole.clone();
        answer.as_object_mut().expect("an object").remove(name);
        answer.to_string()
    };
    let with = |name: &str, value: Value| {
        let mut answer = whole.clone();
        answer[name] = value;
        answer.to_string()
    };
    let text = whole.to_string();
    for (status, body, says) in [
        (
            200,
            "<html>sts-secret</html>".to_owned(),
            "HTTP 200, an HTML page",
        ),
        (200, String::new(), "an empty body"),
        (
            200,
            text[..text.len() - 5].to_owned(),
            "JSON that is cut off",
        ),
        (
            200,
            format!("\"{}\"", "sts-secret".repeat(200_000)),
            "more than 1 MiB",
        ),
        (200, "[\"sts-secret\"]".to_owned(), "not JSON"),
        (200, "null".to_owned(), "not JSON"),
        (200, without("Code"), "no Code"),
        (200, without("AccessKeyId"), "no AccessKeyId"),
        (200, without("AccessKeySecret"), "no AccessKeySecret"),
        (200, without("SecurityToken"), "no SecurityToken"),
        (200, without("Expiration"), "no Expiration"),
        (200, with("AccessKeySecret", json!(7)), "no AccessKeySecret"),
        (200, with("AccessKeyId", json!("")), "no AccessKeyId"),
        (200, with("Expiration", json!("tomorrow")), "not a time"),
        (
            200,
            with("Expiration", json!("2020-01-01T00:00:00Z")),
            "expired at 2020-01-01",
        ),
        (200, with("Code", json!("Failed")), "Failed"),
        (200, with("Code", json!("sts-secret!")), "an unknown code"),
        (
            403,
            json!({"Code": "NoPermission", "RequestId": "R-1"}).to_string(),
            "HTTP 403, NoPermission, request R-1",
        ),
        (302, String::new(), "a redirect"),
        (502, "sts-secret".to_owned(), "HTTP 502"),
    ] {
        let answer = (status, body);
        let stub = Stub::answering(Clock::new(), move |_| Some(answer.clone())).await;
        let uri = format!("{}/creds?pin=sts-secret", stub.url);
        let chain = stub.chain(&[(URI, &uri), (ECS_DISABLED, "true")]);
        let result = chain.provide().await;
        assert!(
            !format!("{result:?}").contains("sts-secret"),
            "{says}: {result:?}"
        );
        let reason = reason_of(result, "credential_uri");
        assert!(reason.contains(says), "{says}: {reason}");
    }
}

#[tokio::test]
async fn hostile_answers_of_sts_and_metadata_are_survived() {
    for body in [
        "",
        "{",
        "{}",
        "<html></html>",
        "{\"Credentials\": 1}",
        "a\r\nb",
    ] {
        let stub = Stub::answering(Clock::new(), move |_| Some((200, body.to_owned()))).await;
        stub.cli(
            &json!({"current": "a", "profiles": [{"name": "a", "mode": "RamRoleArn",
            "access_key_id": "ak", "access_key_secret": "sk", "ram_role_arn": ROLE_ARN}]}),
        );
        let token = stub.write("token", "oidc-token-text");
        let chain = stub.chain(&[
            (
                "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
                token.to_str().expect("a path"),
            ),
            ("ALIBABA_CLOUD_ROLE_ARN", ROLE_ARN),
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
        ]);
        let error = chain.provide().await.expect_err("no credentials");
        let CredentialsError::NotFound(reasons) = &error else {
            panic!("{error}");
        };
        assert_eq!(reasons.len(), 6);
        let text = error.to_string();
        assert!(
            !text.contains("oidc-token-text") && !text.contains("sk\""),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_link_that_worked_is_kept_and_refreshed_in_time() {
    let stub = Stub::start().await;
    let uri = format!("{}/creds", stub.url);
    let chain = stub.chain(&[(URI, &uri), (ECS_DISABLED, "true")]);
    let first = chain.provide().await.expect("credentials");
    stub.clock.advance(SignedDuration::from_mins(44));
    chain.provide().await.expect("credentials");
    assert_eq!(stub.seen().len(), 1);
    // A key in the INI file comes earlier in the chain, but the link is chosen.
    stub.ini("[default]\ntype=access_key\naccess_key_id=a\naccess_key_secret=b");
    stub.clock.advance(SignedDuration::from_mins(1));
    let second = chain.provide().await.expect("credentials");
    assert_eq!(stub.seen().len(), 2);
    assert_eq!(second.provider(), "default/credential_uri");
    assert!(second.expires_at() > first.expires_at());
}

#[tokio::test]
async fn fifty_callers_fetch_once() {
    let stub = Stub::start().await;
    let uri = format!("{}/creds", stub.url);
    let chain = Arc::new(stub.chain(&[(URI, &uri), (ECS_DISABLED, "true")]));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let chain = chain.clone();
            tokio::spawn(async move { chain.provide().await.map(|c| c.access_key_id().to_owned()) })
        })
        .collect();
    for caller in callers {
        assert_eq!(
            caller.await.expect("a task").as_deref().ok(),
            Some("STS.uri")
        );
    }
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_link_that_fails_later_is_named() {
    let clock = Clock::new();
    let (time, count) = (clock.clone(), AtomicUsize::new(0));
    let stub = Stub::answering(clock, move |seen| {
        let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
        Some(if is_first {
            usual(seen, time.now())
        } else {
            (503, String::new())
        })
    })
    .await;
    let uri = format!("{}/creds", stub.url);
    let chain = stub.chain(&[(URI, &uri), (ECS_DISABLED, "true")]);
    let first = chain.provide().await.expect("credentials");
    stub.clock.advance(SignedDuration::from_mins(50));
    let second = chain.provide().await.expect("the old ones");
    assert_eq!(second.expires_at(), first.expires_at());
    stub.clock.advance(SignedDuration::from_mins(10));
    let error = chain.provide().await.expect_err("they have expired");
    assert!(error.is_transient(), "{error}");
    let says = "default/credential_uri gave no credentials: 127.0.0.1: ";
    assert!(error.to_string().starts_with(says), "{error}");
}

#[tokio::test]
async fn a_refused_key_is_read_anew_from_its_file() {
    let stub = Stub::start().await;
    let profile =
        |id: &str| format!("[default]\ntype=access_key\naccess_key_id={id}\naccess_key_secret=s");
    stub.ini(&profile("old"));
    let chain = stub.chain(&[]);
    let old = chain.provide().await.expect("credentials");
    let none = chain.replace(&old).await.expect("no failure");
    assert!(none.is_none());
    stub.ini(&profile("new"));
    stub.clock.advance(SignedDuration::from_secs(10));
    let new = chain
        .replace(&old)
        .await
        .expect("no failure")
        .expect("another");
    assert_eq!(new.access_key_id(), "new");
    assert_eq!(provided(chain.provide().await).1, "new");
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let stub = Stub::start().await;
    let secret = "s3cr3t-s3cr3t";
    let environment = Environment::empty()
        .with_variable("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak")
        .with_variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret)
        .with_variable("ALIBABA_CLOUD_SECURITY_TOKEN", secret);
    let builder = DefaultChain::builder(stub.clock.clone(), environment.clone());
    let before = format!("{environment:?} {builder:?}");
    let chain = builder.build();
    let credentials = chain.provide().await.expect("credentials");
    assert_eq!(credentials.security_token(), Some(secret));
    let shown = format!("{before} {chain:?} {chain:#?} {credentials:?}");
    assert!(!shown.contains(secret), "{shown}");
    assert!(shown.contains("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), "{shown}");
}
