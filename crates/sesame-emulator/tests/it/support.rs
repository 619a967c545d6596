//! Raw requests over raw connections, signed or spoilt as a test wants them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aliyun_sms::Source;
use aliyun_sms::sign::{acs3, percent_encode, rpc_v1};
use jiff::Timestamp;
use serde_json::Value;
use sesame_emulator::{Account, Emulator, EmulatorBuilder, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const NUMBER: &str = "13800138000";
pub(crate) const SIGN_NAME: &str = "阿里云短信测试";
pub(crate) const GENERAL: &str = "芝麻开门";
pub(crate) const CODE: &str = "SMS_154950909";
pub(crate) const OVERSEAS: &str = "SMS_154950910";
pub(crate) const NOTIFICATION: &str = "SMS_154950912";

/// A clock that stands still until it is moved, and numbers that look random.
#[derive(Debug)]
pub(crate) struct Still {
    now: Mutex<Timestamp>,
    next: AtomicU64,
}

impl Still {
    pub(crate) fn at(time: &str) -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(time.parse().unwrap()),
            next: AtomicU64::new(1),
        })
    }
}

impl Source for Still {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let mixed = (next ^ 0x9E37_79B9)
                .wrapping_mul(0xBF58_476D_1CE4_E5B9)
                .rotate_left(17);
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) fn builder() -> EmulatorBuilder {
    Emulator::builder()
        .listen("127.0.0.1:0".parse().unwrap())
        .source(Still::at("2026-03-04T05:06:07Z"))
}

pub(crate) async fn start() -> Emulator {
    builder().start().await.unwrap()
}

pub(crate) async fn start_with(account: Account) -> Emulator {
    builder().account(account).start().await.unwrap()
}

/// An account without limits on how often may be sent.
pub(crate) fn unlimited() -> Account {
    let many = 1_000_000;
    Account {
        limits: Limits {
            per_minute: many,
            per_hour: many,
            per_day: many,
            number_per_day: many,
            notification_per_day: many,
            ..Limits::default()
        },
        ..Account::default()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn code(&self) -> String {
        self.json()["Code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn message(&self) -> String {
        self.json()["Message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Sends bytes as they are and reads one answer.
pub(crate) async fn raw(emulator: &Emulator, bytes: &[u8]) -> Answer {
    try_raw(emulator, bytes).await.unwrap()
}

pub(crate) async fn try_raw(emulator: &Emulator, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(emulator.address()).await?;
    stream.write_all(bytes).await?;
    let answer = read_answer(&mut stream);
    tokio::time::timeout(Duration::from_secs(20), answer)
        .await
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?
}

pub(crate) async fn read_answer(stream: &mut TcpStream) -> std::io::Result<Answer> {
    let mut read = Vec::new();
    loop {
        if let Some(answer) = parse(&read) {
            return Ok(answer);
        }
        if stream.read_buf(&mut read).await? == 0 {
            return parse(&read).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn parse(read: &[u8]) -> Option<Answer> {
    let end = read.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&read[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let body = &read[end + 4..];
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    (body.len() >= length).then(|| Answer {
        status,
        headers,
        body: body[..length].to_vec(),
    })
}

/// Which signature, and where the parameters go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    V1Form,
    V1Query,
    V1Get,
    Acs3Query,
    Acs3Form,
    Acs3Json,
}

pub(crate) const KINDS: [Kind; 6] = [
    Kind::V1Form,
    Kind::V1Query,
    Kind::V1Get,
    Kind::Acs3Query,
    Kind::Acs3Form,
    Kind::Acs3Json,
];

/// A request to be signed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) kind: Kind,
    pub(crate) action: String,
    pub(crate) version: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) key_id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) nonce: String,
    pub(crate) time: String,
    /// Common V1 parameters to leave out or to change.
    pub(crate) common: Vec<(String, Option<String>)>,
    /// Sent and, with ACS3, signed.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) host: String,
    /// Of [`Kind::Acs3Json`], instead of the parameters.
    pub(crate) body: Option<String>,
}

static NONCE: AtomicU64 = AtomicU64::new(1);

impl Call {
    pub(crate) fn new(emulator: &Emulator, action: &str, params: &[(&str, &str)]) -> Self {
        Self {
            kind: Kind::V1Form,
            action: action.to_owned(),
            version: "2017-05-25".to_owned(),
            params: params
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            key_id: "testid".to_owned(),
            secret: "testsecret".to_owned(),
            token: None,
            nonce: format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed)),
            time: emulator.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            common: Vec::new(),
            headers: Vec::new(),
            host: "dysmsapi.aliyuncs.com".to_owned(),
            body: None,
        }
    }

    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn nonce(mut self, nonce: &str) -> Self {
        self.nonce = nonce.to_owned();
        self
    }

    pub(crate) fn time(mut self, time: &str) -> Self {
        self.time = time.to_owned();
        self
    }

    pub(crate) fn key(mut self, id: &str, secret: &str) -> Self {
        self.key_id = id.to_owned();
        self.secret = secret.to_owned();
        self
    }

    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn version(mut self, version: &str) -> Self {
        self.version = version.to_owned();
        self
    }

    /// Replaces a parameter, or adds it.
    pub(crate) fn param(mut self, name: &str, value: &str) -> Self {
        self.params.retain(|(found, _)| found != name);
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.params.retain(|(found, _)| found != name);
        self
    }

    pub(crate) fn common(mut self, name: &str, value: Option<&str>) -> Self {
        self.common
            .push((name.to_owned(), value.map(str::to_owned)));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) async fn send(&self, emulator: &Emulator) -> Answer {
        raw(emulator, &self.bytes()).await
    }

    pub(crate) async fn try_send(&self, emulator: &Emulator) -> std::io::Result<Answer> {
        try_raw(emulator, &self.bytes()).await
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self.kind {
            Kind::V1Form | Kind::V1Query | Kind::V1Get => self.rpc_v1(),
            Kind::Acs3Query | Kind::Acs3Form | Kind::Acs3Json => self.acs3(),
        }
    }

    fn rpc_v1(&self) -> Vec<u8> {
        let mut params = self.params.clone();
        let common = [
            ("Action", Some(self.action.as_str())),
            ("Version", Some(&self.version)),
            ("Format", Some("JSON")),
            ("AccessKeyId", Some(&self.key_id)),
            ("SignatureMethod", Some("HMAC-SHA1")),
            ("SignatureVersion", Some("1.0")),
            ("SignatureNonce", Some(&self.nonce)),
            ("Timestamp", Some(&self.time)),
            ("SecurityToken", self.token.as_deref()),
        ];
        for (name, value) in common {
            let changed = self.common.iter().rev().find(|(found, _)| found == name);
            let value = changed.map_or(value, |(_, value)| value.as_deref());
            if let Some(value) = value {
                params.push((name.to_owned(), value.to_owned()));
            }
        }
        let method = if self.kind == Kind::V1Get {
            "GET"
        } else {
            "POST"
        };
        let canonical = rpc_v1::canonical_query(&params);
        let to_sign = rpc_v1::string_to_sign(method, &canonical);
        params.push((
            "Signature".to_owned(),
            rpc_v1::signature(&self.secret, &to_sign),
        ));
        let encoded = encode(&params);
        let mut headers = vec![("Host".to_owned(), self.host.clone())];
        headers.extend(self.headers.clone());
        if self.kind == Kind::V1Form {
            headers.push((
                "Content-Type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            ));
            http(method, "/", &headers, encoded.as_bytes())
        } else {
            http(method, &format!("/?{encoded}"), &headers, b"")
        }
    }

    fn acs3(&self) -> Vec<u8> {
        let (query, body, content_type) = match self.kind {
            Kind::Acs3Form => (
                vec![],
                encode(&self.params),
                Some("application/x-www-form-urlencoded"),
            ),
            Kind::Acs3Json => {
                let object: serde_json::Map<String, Value> = self
                    .params
                    .iter()
                    .map(|(n, v)| (n.clone(), v.as_str().into()))
                    .collect();
                let whole = Value::from(object).to_string();
                (
                    vec![],
                    self.body.clone().unwrap_or(whole),
                    Some("application/json; charset=utf-8"),
                )
            }
            _ => (self.params.clone(), String::new(), None),
        };
        let hash = acs3::hashed_payload(body.as_bytes());
        let mut headers = vec![
            ("host".to_owned(), self.host.clone()),
            ("x-acs-action".to_owned(), self.action.clone()),
            ("x-acs-version".to_owned(), self.version.clone()),
            ("x-acs-date".to_owned(), self.time.clone()),
            ("x-acs-signature-nonce".to_owned(), self.nonce.clone()),
            ("x-acs-content-sha256".to_owned(), hash.clone()),
        ];
        if let Some(token) = &self.token {
            headers.push(("x-acs-security-token".to_owned(), token.clone()));
        }
        if let Some(content_type) = content_type {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
        headers.extend(self.headers.clone());
        let canonical =
            acs3::canonical_request("POST", "/", &acs3::canonical_query(&query), &headers, &hash);
        let authorization = acs3::Authorization {
            access_key_id: self.key_id.clone(),
            signature: acs3::signature(&self.secret, &acs3::string_to_sign(&canonical.text)),
            signed_headers: canonical.signed_headers,
        };
        headers.push(("Authorization".to_owned(), authorization.to_header()));
        http(
            "POST",
            &format!("/?{}", encode(&query)),
            &headers,
            body.as_bytes(),
        )
    }
}

pub(crate) fn encode(params: &[(String, String)]) -> String {
    let pairs: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect();
    pairs.join("&")
}

pub(crate) fn http(
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let says_length = |name: &str| {
        name.eq_ignore_ascii_case("content-length")
            || name.eq_ignore_ascii_case("transfer-encoding")
    };
    if !headers.iter().any(|(name, _)| says_length(name)) {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Sends it and says what came: HTTP status and code, whatever its name.
pub(crate) async fn outcome(emulator: &Emulator, call: &Call) -> (u16, String) {
    let answer = call.send(emulator).await;
    let body = answer.json();
    let code = body["ResponseCode"].as_str().or(body["Code"].as_str());
    (answer.status, code.unwrap_or_default().to_owned())
}

/// An answer that must accept the call.
pub(crate) async fn accepted(emulator: &Emulator, call: &Call) -> Value {
    let answer = call.send(emulator).await;
    let body = answer.json();
    let code = body["ResponseCode"].as_str().or(body["Code"].as_str());
    assert_eq!((answer.status, code), (200, Some("OK")), "{body}");
    body
}

/// `SendSms` of a code to [`NUMBER`].
pub(crate) fn send_sms(emulator: &Emulator) -> Call {
    Call::new(
        emulator,
        "SendSms",
        &[
            ("PhoneNumbers", NUMBER),
            ("SignName", SIGN_NAME),
            ("TemplateCode", CODE),
            ("TemplateParam", r#"{"code":"123456"}"#),
        ],
    )
}

pub(crate) fn query_details(emulator: &Emulator, number: &str) -> Call {
    let day = aliyun_sms::wire::beijing_date(emulator.now())
        .strftime("%Y%m%d")
        .to_string();
    let params = [
        ("PhoneNumber", number),
        ("SendDate", &day),
        ("PageSize", "50"),
        ("CurrentPage", "1"),
    ];
    Call::new(emulator, "QuerySendDetails", &params)
}

/// A request to the control.
pub(crate) async fn control(emulator: &Emulator, method: &str, path: &str, body: &str) -> Answer {
    let host = emulator.address().to_string();
    let mut headers = vec![("Host".to_owned(), host)];
    if !body.is_empty() {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    raw(emulator, &http(method, path, &headers, body.as_bytes())).await
}

pub(crate) async fn get(emulator: &Emulator, path: &str) -> Answer {
    control(emulator, "GET", path, "").await
}

/// A POST to the control that must be taken.
pub(crate) async fn post(emulator: &Emulator, path: &str, body: &str) -> Value {
    let answer = control(emulator, "POST", path, body).await;
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
    answer.json()
}

/// Waits for something that other tasks bring about.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}
