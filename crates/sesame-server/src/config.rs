//! The configuration of the server: one file, and the environment over it.
//!
//! A new key is a field here with its default, and a commented line in
//! `sesame.example.toml`, which a test compares with the defaults. What serde
//! cannot decide is decided in `config/check.rs`; every problem has a place
//! and a cure.

mod check;
mod document;
mod hooks;
mod load;
mod problem;
mod secret;
mod variable;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use sesame_passcode::Policy;

pub use hooks::{
    AuthKind, ContentConfig, ErrorShape, FieldsConfig, HookConfig, PresetName, SuccessConfig,
};
pub use load::{Loaded, Part, load, load_part};
pub use problem::{ConfigProblem, ConfigProblems, Severity};
pub use secret::Secret;
pub use variable::PREFIX;

/// All there is to configure.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the API listens.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// Where the console and metrics are served, if not beside the API.
    #[serde(deserialize_with = "some_address")]
    pub admin_listen: Option<SocketAddr>,
    /// Where SQLite files and generated keys live.
    pub data_dir: PathBuf,
    /// How messages are sent.
    pub connector: ConnectorSetting,
    /// What is remembered, and where.
    pub store: StoreConfig,
    /// The server's own keys.
    pub keys: KeysConfig,
    /// What an approved verification is proven with.
    pub token: TokenConfig,
    /// Delivery reports.
    pub reports: ReportsConfig,
    /// What may be issued and checked how often.
    pub policy: Policy,
    /// How long things are kept.
    pub retention: RetentionConfig,
    /// How much the server takes at once, and how long it waits.
    pub limits: LimitsConfig,
    /// The certificate, if the server speaks TLS by itself.
    pub tls: TlsConfig,
    /// Who may say whose request it is.
    pub proxy: ProxyConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// Where traces go, if anywhere.
    pub otlp: OtlpConfig,
    /// How often the account at the provider is looked at.
    pub doctor: DoctorConfig,
    /// What the provider is told of codes that came back.
    pub conversions: ConversionsConfig,
    /// The platforms that ask for messages, by the names in their addresses.
    pub hooks: BTreeMap<String, HookConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            admin_listen: None,
            data_dir: PathBuf::from("data"),
            connector: ConnectorSetting::default(),
            store: StoreConfig::default(),
            keys: KeysConfig::default(),
            token: TokenConfig::default(),
            reports: ReportsConfig::default(),
            policy: Policy::default(),
            retention: RetentionConfig::default(),
            limits: LimitsConfig::default(),
            tls: TlsConfig::default(),
            proxy: ProxyConfig::default(),
            log: LogConfig::default(),
            otlp: OtlpConfig::default(),
            doctor: DoctorConfig::default(),
            conversions: ConversionsConfig::default(),
            hooks: BTreeMap::new(),
        }
    }
}

/// How messages are sent: a connector's file, or its keys in a table.
#[derive(Clone, Default, PartialEq)]
pub enum ConnectorSetting {
    /// Nothing was said.
    #[default]
    Missing,
    /// A file, relative to this one.
    File(PathBuf),
    /// The keys themselves.
    Table(toml::Table),
}

impl std::fmt::Debug for ConnectorSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("Missing"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Table(_) => f.write_str("Table([redacted])"),
        }
    }
}

impl<'de> Deserialize<'de> for ConnectorSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(path) => Ok(Self::File(path.into())),
            toml::Value::Table(table) => Ok(Self::Table(table)),
            _ => Err(secret::told(
                "this must be the path of a connector's file, or a table with its keys",
            )),
        }
    }
}

/// Where records and the journal are.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// `sqlite`, `postgres://…`, `valkey://…`, `valkey-cluster://…`.
    pub records: Secret,
    /// `sqlite` or `postgres://…`.
    pub journal: Secret,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            records: Secret::plain("sqlite"),
            journal: Secret::plain("sqlite"),
        }
    }
}

/// Where the server's own keys come from.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// Their file; `keys.json` in `data_dir` unless said otherwise.
    pub file: Option<PathBuf>,
    /// The content of such a file, usually `{ env = … }`.
    pub json: Option<Secret>,
}

/// What tokens say.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct TokenConfig {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
}

/// How delivery reports come.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct ReportsConfig {
    /// The last part of the address that Aliyun pushes them to; without it
    /// nothing can be pushed.
    pub secret: Option<Secret>,
    /// Asks for them, for accounts that cannot receive pushes.
    pub polling: bool,
}

/// How long things are kept.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Messages, their reports, and decisions.
    pub messages_days: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { messages_days: 90 }
    }
}

impl RetentionConfig {
    /// How long messages are kept.
    pub fn messages(&self) -> Duration {
        Duration::from_secs(u64::from(self.messages_days) * 24 * 60 * 60)
    }
}

/// How much the server takes at once, and how long it waits.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// The largest body.
    pub body_bytes: usize,
    /// The largest body of delivery reports, which come in lists.
    pub reports_body_bytes: usize,
    /// The largest head: request line and headers. One that arrives at once may
    /// have up to twice as much.
    pub head_bytes: usize,
    /// The most headers.
    pub headers: usize,
    /// The most connections at once; more wait to be accepted.
    pub connections: usize,
    /// The most requests at once; more are refused.
    pub requests: usize,
    /// How long a head may take, waiting for it on a kept connection included.
    pub head_secs: u64,
    /// How long a body may take.
    pub body_secs: u64,
    /// How long a client may leave its answer unread.
    pub write_secs: u64,
    /// How long an answer may take.
    pub request_secs: u64,
    /// How long what was accepted may take when the server is told to end.
    pub shutdown_secs: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            reports_body_bytes: 1024 * 1024,
            head_bytes: 32 * 1024,
            headers: 100,
            connections: 4096,
            requests: 1024,
            head_secs: 30,
            body_secs: 10,
            write_secs: 30,
            request_secs: 30,
            shutdown_secs: 20,
        }
    }
}

/// Certificate and key, both PEM files.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate chain.
    pub cert: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
}

/// Who may say whose request it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyConfig {
    /// The proxies in front of the server, as networks or single addresses.
    /// What others say of themselves is not believed.
    #[serde(deserialize_with = "networks")]
    pub trusted: Vec<IpNet>,
    /// The header in which they name the client: `x-forwarded-for` (read from
    /// the right) or one with a single address.
    pub header: String,
}

impl Default for ProxyConfig {
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            header: "x-forwarded-for".to_owned(),
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Text for people, or JSON.
    pub format: LogFormat,
    /// How much.
    pub level: LogLevel,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object in a line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What went wrong here.
    Error,
    /// And what may be wrong.
    Warn,
    /// And one line a request.
    #[default]
    Info,
    /// And what helps to understand one message.
    Debug,
    /// Everything.
    Trace,
}

/// Traces for an OpenTelemetry collector, by OTLP over HTTP.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpConfig {
    /// The collector, without `/v1/traces`. Without it there are no traces.
    pub endpoint: Option<String>,
    /// What the collector wants to see, usually a key.
    pub headers: BTreeMap<String, Secret>,
    /// What this server is called there.
    pub service_name: String,
    /// Which share of the traces that begin here is kept. Where a caller's
    /// `traceparent` has decided, it has decided.
    pub sample_ratio: f64,
    /// How long the collector may take for a batch.
    pub timeout_secs: u64,
    /// How long the end waits for what was not sent yet.
    pub shutdown_secs: u64,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: BTreeMap::new(),
            service_name: "sesame".to_owned(),
            sample_ratio: 1.0,
            timeout_secs: 10,
            shutdown_secs: 5,
        }
    }
}

/// How often the account at the provider is looked at, as `sesame doctor` does.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct DoctorConfig {
    /// Between two looks; 0 is never.
    pub every_secs: u64,
    /// Before the first one.
    pub first_after_secs: u64,
}

impl Default for DoctorConfig {
    fn default() -> Self {
        Self {
            every_secs: 6 * 60 * 60,
            first_after_secs: 60,
        }
    }
}

/// What Aliyun is told of codes that came back, of messages to numbers outside
/// the mainland alone: by it Aliyun chooses ways that arrive. Nothing unless
/// said, since it tells of people and takes permissions of its own.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ConversionsConfig {
    /// Of each message, once (`SmsConversionIntl`, `SmsConversion`).
    pub messages: bool,
    /// Their share, by the hour (`ConversionDataIntl`, `ConversionData`).
    pub rate: bool,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_address(&text).ok_or_else(|| {
        secret::told("this is no address to listen on; write one such as \"127.0.0.1:8080\"")
    })
}

fn some_address<'de, D: Deserializer<'de>>(d: D) -> Result<Option<SocketAddr>, D::Error> {
    address(d).map(Some)
}

/// `127.0.0.1:8080`, `localhost:8080`, `[::]:8080`.
pub fn parse_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into()),
        None => text.parse().ok(),
    }
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |(at, text): (usize, &String)| {
        let single = text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or(single).map_err(|_| {
            secret::told(&format!(
                "entry {} is no network; write one such as \"10.0.0.0/8\" or \"192.0.2.7\"",
                at + 1
            ))
        })
    };
    texts.iter().enumerate().map(network).collect()
}
