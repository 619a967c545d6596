//! A server with hooks, the emulator behind it, and requests as recorded.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use sesame_connector::config::{Format, NoLookup};
use sesame_connector::{Connector, ConnectorConfig};
use sesame_emulator::{Emulator, Fault, Message};
use sesame_passcode::store::memory::{MemoryJournal, MemoryStore};
use sesame_passcode::{MessageQuery, MessageView};
use sesame_server::Server;
use sesame_server::config::{Config, HookConfig, PresetName, Secret};
use sesame_server::keys::KeyRing;
use sesame_server::stores::Stores;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Clock, Log, config};

/// When the recorded signatures were made.
pub(super) const SIGNED_AT: i64 = 1_787_400_000;
pub(super) const NUMBER: &str = "+8613800138000";

const FIXTURES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/platforms/fixtures"
);

pub(super) struct Site {
    pub(super) server: Server,
    pub(super) emulator: Emulator,
    pub(super) clock: Arc<Clock>,
}

/// What is different from the usual.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) hooks: Vec<(&'static str, HookConfig)>,
    pub(super) stores: Option<Stores>,
    pub(super) keys: Option<KeyRing>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) body_bytes: Option<usize>,
}

impl Site {
    pub(super) async fn with_hooks(hooks: Vec<(&'static str, HookConfig)>) -> Self {
        Self::new(Plan {
            hooks,
            ..Plan::default()
        })
        .await
    }

    pub(super) async fn new(plan: Plan) -> Self {
        Log::start();
        let clock = Clock::at(Timestamp::from_second(SIGNED_AT).expect("a time"));
        let emulator = Emulator::builder()
            .listen("127.0.0.1:0".parse().expect("an address"))
            .source(clock.clone())
            .start()
            .await
            .expect("it starts");
        let stores = plan.stores.unwrap_or_else(|| Stores {
            records: Arc::new(MemoryStore::default()),
            journal: Arc::new(MemoryJournal::default()),
        });
        let keys = plan.keys.unwrap_or_else(|| KeyRing::generate(&*clock));
        let mut config = config();
        config.limits.body_bytes = plan.body_bytes.unwrap_or(config.limits.body_bytes);
        let hooks = plan.hooks.into_iter();
        config.hooks = hooks.map(|(name, hook)| (name.to_owned(), hook)).collect();
        let timeout_ms = plan.timeout_ms.unwrap_or(2000);
        let server = start(config, emulator.url(), timeout_ms, &clock, &stores, keys).await;
        Self {
            server,
            emulator,
            clock,
        }
    }

    /// Sends a request as it stands.
    pub(super) async fn ask(&self, recorded: &Recorded) -> Heard {
        recorded.send(&self.server.urls()[0]).await
    }

    pub(super) fn inbox(&self) -> Vec<Message> {
        self.emulator.messages()
    }

    /// What the journal has, newest first.
    pub(super) async fn journal(&self) -> Vec<MessageView> {
        let query = MessageQuery::default();
        let page = self.server.passcodes().messages(query).await;
        page.expect("a page").items
    }
}

impl Site {
    /// What the journal has of this request's number.
    pub(super) async fn journal_of(&self, fixture: &Fixture) -> Vec<MessageView> {
        let query = MessageQuery {
            to: Some(fixture.text("/expect/to").to_owned()),
            ..MessageQuery::default()
        };
        self.server
            .passcodes()
            .messages(query)
            .await
            .expect("a page")
            .items
    }
}

async fn start(
    config: Config,
    endpoint: &str,
    timeout_ms: u64,
    clock: &Arc<Clock>,
    stores: &Stores,
    keys: KeyRing,
) -> Server {
    let text = format!(
        r#"{{ "accessKeyId": "testid", "accessKeySecret": "testsecret", "signName": "阿里云短信测试",
  "templates": [
    {{ "usageType": "Generic", "templateCode": {{ "china": "SMS_154950909", "overseas": "SMS_154950910" }} }},
    {{ "usageType": "OrganizationInvitation", "templateCode": "SMS_ALERT", "variables": ["message"] }}],
  "endpoint": "{endpoint}", "timeoutMs": {timeout_ms} }}"#
    );
    let connector = ConnectorConfig::parse(&text, Format::Json, &NoLookup);
    let connector = connector.into_valid().expect("a valid configuration");
    let connector = Connector::from_config(connector, clock.clone()).expect("a provider");
    Server::builder(config, connector, stores.clone(), keys)
        .source(clock.clone())
        .start()
        .await
        .expect("it starts")
}

/// What Aliyun says.
pub(super) fn refusal(code: &str) -> Fault {
    Fault::Code {
        code: code.to_owned(),
        http_status: 200,
        message: None,
        headers: Vec::new(),
    }
}

/// A hook with secrets.
pub(super) fn hook(preset: PresetName, secrets: &[&str]) -> HookConfig {
    HookConfig {
        secrets: secrets
            .iter()
            .map(|secret| Secret::plain(*secret))
            .collect(),
        ..HookConfig::new(preset)
    }
}

/// A request, whole.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What a platform sees of it.
    pub(super) fn answer(&self) -> (u16, Option<&str>, &str) {
        (self.status, self.header("content-type"), &self.body)
    }
}

impl Recorded {
    pub(super) fn post(path: &str, body: &str) -> Self {
        Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    pub(super) fn get(path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            headers: Vec::new(),
            ..Self::post(path, "")
        }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self
    }

    /// Over a connection of its own, so that nothing of the recorded headers is
    /// changed on the way.
    pub(super) async fn send(&self, url: &str) -> Heard {
        let address = url.strip_prefix("http://").expect("http");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: sms-gateway.example\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let request = [head.as_bytes(), &self.body].concat();
        stream.write_all(&request).await.expect("written");
        heard(&mut stream).await
    }
}

async fn heard(stream: &mut TcpStream) -> Heard {
    let mut bytes = Vec::new();
    let (head, body_at) = loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            break (
                String::from_utf8(bytes[..end].to_vec()).expect("text"),
                end + 4,
            );
        }
        assert!(
            stream.read_buf(&mut bytes).await.expect("an answer") > 0,
            "{bytes:?}"
        );
    };
    let mut lines = head.split("\r\n");
    let first = lines.next().expect("a status line");
    let (status, reason) = first["HTTP/1.1 ".len()..]
        .split_once(' ')
        .expect("a status");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    while bytes.len() < body_at + length {
        assert!(stream.read_buf(&mut bytes).await.expect("an answer") > 0);
    }
    Heard {
        status: status.parse().expect("a status"),
        reason: reason.to_owned(),
        headers,
        body: String::from_utf8(bytes[body_at..body_at + length].to_vec()).expect("text"),
    }
}

/// Eleven digits of a mainland mobile number that nobody has used.
fn new_number() -> String {
    let random = RandomState::new().build_hasher().finish() % 100_000_000;
    format!("139{random:08}")
}

/// A recorded request, and what was written down about it.
#[derive(Clone, Debug)]
pub(super) struct Fixture {
    pub(super) name: String,
    pub(super) whole: Value,
}

impl Fixture {
    pub(super) fn named(name: &str) -> Self {
        let path = PathBuf::from(FIXTURES).join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).expect("a fixture");
        Self {
            name: name.to_owned(),
            whole: serde_json::from_str(&text).expect("JSON"),
        }
    }

    /// Every one of a hook's contract. What a Twilio client sends goes to
    /// addresses of its own.
    pub(super) fn all() -> Vec<Self> {
        let files = std::fs::read_dir(FIXTURES).expect("the fixtures");
        let names = files.filter_map(|file| {
            let name = file
                .expect("a file")
                .file_name()
                .into_string()
                .expect("text");
            Some(name.strip_suffix(".json")?.to_owned())
        });
        let mut names: Vec<_> = names.filter(|name| !name.starts_with("twilio")).collect();
        names.sort();
        assert!(names.len() >= 29, "{names:?}");
        names.iter().map(|name| Self::named(name)).collect()
    }

    pub(super) fn text(&self, pointer: &str) -> &str {
        let value = self.whole.pointer(pointer);
        value.and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn contract(&self) -> &str {
        self.text("/contract")
    }

    /// As it was recorded, at the address of the hook `x`.
    pub(super) fn request(&self) -> Recorded {
        let path = self.text("/request/path");
        let rest = path
            .strip_prefix("/hooks/")
            .or(path.strip_prefix("/compat/"));
        let rest = rest.expect("a hook's address");
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let headers = self.whole["request"]["headers"]
            .as_object()
            .expect("headers");
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()));
        let ours = ["host", "content-length"];
        Recorded {
            method: self.text("/request/method").to_owned(),
            path: format!("/hooks/x{}", &rest[at..]),
            headers: headers
                .filter(|(name, _)| !ours.contains(&name.to_lowercase().as_str()))
                .collect(),
            body: self.text("/request/body_raw").as_bytes().to_vec(),
        }
    }

    /// A hook for it, as an operator would write it.
    pub(super) fn hook(&self) -> HookConfig {
        let basic = format!(
            "{}:{}",
            self.text("/auth/username"),
            self.text("/auth/password")
        );
        let secret = match self.text("/auth/secret") {
            "" => basic.as_str(),
            secret => secret,
        };
        let cn = |hook: HookConfig| HookConfig {
            default_country: Some("CN".to_owned()),
            ..hook
        };
        match self.contract() {
            "supabase-send-sms-hook" => {
                let secrets = self.whole["auth"]["secrets"].as_array().expect("secrets");
                let secrets: Vec<_> = secrets.iter().filter_map(Value::as_str).collect();
                hook(PresetName::Supabase, &secrets)
            }
            "logto-http-sms" => hook(PresetName::Logto, &[secret]),
            "authentik-sms-generic" => cn(hook(PresetName::Authentik, &[secret])),
            "keycloak-netzbegruenung-sms" => cn(hook(PresetName::Keycloak, &[secret])),
            "zitadel-http-sms" => hook(PresetName::Zitadel, &[secret]),
            "kratos-courier-sms" => HookConfig {
                header: Some("X-Gateway-Key".to_owned()),
                ..hook(PresetName::Kratos, &[secret])
            },
            "casdoor-custom-http-sms" => hook(PresetName::Casdoor, &[secret]),
            "authgear-custom-sms" => hook(PresetName::Authgear, &[secret]),
            "fusionauth-generic-messenger" => hook(PresetName::FusionAuth, &[secret]),
            "auth0-sms-gateway" => HookConfig {
                audience: Some(self.text("/auth/audience").to_owned()),
                subject: Some(self.text("/auth/subject").to_owned()),
                ..hook(PresetName::Auth0, &[secret])
            },
            "bulksms-compatible" => hook(PresetName::BulkSms, &[secret]),
            "playsms-webservice" => hook(PresetName::PlaySms, &[secret]),
            "vymalo-sms-api" => hook(PresetName::Vymalo, &[secret]),
            "uptime-kuma-smsgateway" => HookConfig {
                usage_type: Some("OrganizationInvitation".to_owned()),
                ..hook(PresetName::SmsGateway, &[secret])
            },
            contract => panic!("no preset for {contract}"),
        }
    }

    /// The same of somebody else, for stores that remember. Has to be signed
    /// anew.
    pub(super) fn of_new_numbers(&self) -> Self {
        let mut text = self.whole.to_string();
        let to = self.text("/expect/to");
        let old = &to[to.len() - 11..];
        text = text.replace(old, &new_number());
        Self {
            name: self.name.clone(),
            whole: serde_json::from_str(&text).expect("JSON"),
        }
    }

    pub(super) fn is_signed(&self) -> bool {
        self.whole["auth"]["clock"].is_i64()
    }
}

/// Signs a body as Supabase does.
pub(super) fn supabase_signed(body: &str, secret: &str, id: &str, at: i64) -> Recorded {
    let key = STANDARD
        .decode(&secret["v1,whsec_".len()..])
        .expect("base64");
    let tag = hmac_of(&key, &format!("{id}.{at}.{body}"));
    Recorded::post("/hooks/x", body)
        .with("Webhook-Id", id)
        .with("Webhook-Timestamp", &at.to_string())
        .with("Webhook-Signature", &format!("v1,{}", STANDARD.encode(tag)))
}

/// Signs a body as ZITADEL does.
pub(super) fn zitadel_signed(body: &str, secret: &str, at: i64) -> Recorded {
    let tag = hmac_of(secret.as_bytes(), &format!("{at}.{body}"));
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    Recorded::post("/hooks/x", body).with("ZITADEL-Signature", &format!("t={at},v1={hex}"))
}

fn hmac_of(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// The variables of a message.
pub(super) fn variables(message: &Message) -> Value {
    let param = serde_json::to_value(message).expect("JSON")["template_param"].clone();
    match param {
        Value::String(text) => serde_json::from_str(&text).expect("JSON"),
        param => param,
    }
}
