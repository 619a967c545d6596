//! A platform's own request, made up: what `sesame hook test` sends.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Map, Value, json};
use sesame_connector::Source;

use super::proof::{Keys, Scheme};
use super::{Platform, Served, compile, platform};
use crate::config::{AuthKind, HookConfig};

/// What a platform sends, but for how it proves itself. In its text, `%TO%`,
/// `%DIGITS%`, `%CODE%` and `%ID%` stand for the number with and without its
/// plus, the code, and an id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sample {
    /// A GET with this query.
    Query(&'static str),
    /// A POST with this JSON, to what the platform adds to the address.
    Json(&'static str, &'static str),
    /// Whatever is configured.
    Configured,
    /// A message in Twilio's words.
    Twilio,
}

/// A request as a platform would send it. Prints neither code nor secret.
pub struct Example {
    /// The verb.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    config: HookConfig,
}

impl std::fmt::Debug for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Example")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl Example {
    /// Whether the platform would take an answer for a success.
    pub fn is_success(&self, status: u16, body: &str) -> bool {
        match platform(self.config.preset) {
            Some(platform) => platform.takes(status, body),
            None => (200..300).contains(&status),
        }
    }
}

/// The example of a hook, with a code of six digits and signed as the platform
/// would. `to` is a number with its plus.
pub fn example(name: &str, config: &HookConfig, to: &str, source: &dyn Source) -> Example {
    let mut random = [0; 20];
    source.fill(&mut random);
    let (id, code) = random.split_at(16);
    let code = u32::from_be_bytes([code[0], code[1], code[2], code[3]]) % 1_000_000;
    let (id, secs) = (uuid(id), source.now().as_second());
    let filled = |text: &str, to: &str| {
        text.replace("%TO%", to)
            .replace("%DIGITS%", to.trim_start_matches('+'))
            .replace("%CODE%", &format!("{code:06}"))
            .replace("%ID%", &id)
    };
    let platform = platform(config.preset);
    let is_usual = config.fields == crate::config::FieldsConfig::default();
    let sample = match platform {
        None => Sample::Twilio,
        Some(platform) if is_usual => platform.sample(),
        Some(_) => Sample::Configured,
    };
    let mut example = Example {
        method: "POST".to_owned(),
        path: format!("/hooks/{name}"),
        headers: Vec::new(),
        body: String::new(),
        config: config.clone(),
    };
    let (mut rest, mut query) = (String::new(), String::new());
    let mut kind = "application/json";
    match sample {
        Sample::Query(text) => {
            example.method = "GET".to_owned();
            query = filled(text, &escaped(to));
        }
        Sample::Json(more, text) => {
            more.clone_into(&mut rest);
            example.body = filled(text, to);
        }
        Sample::Configured => example.body = filled(&configured(name, config), to),
        Sample::Twilio => {
            kind = "application/x-www-form-urlencoded";
            let text;
            (rest, text) = asked_of_twilio(config);
            example.body = filled(text, &escaped(to));
        }
    }
    example.by_configured_verb(&mut query);
    example.prove(&mut query, platform, &id, secs);
    if !rest.is_empty() {
        example.path = format!("{}/{rest}", example.path);
    }
    if !query.is_empty() {
        example.path = format!("{}?{query}", example.path);
    }
    if !example.body.is_empty() {
        example.add(CONTENT_TYPE.as_str(), kind.to_owned());
    }
    example
}

/// A verification, where there is a service for it; else a message.
fn asked_of_twilio(config: &HookConfig) -> (String, &'static str) {
    if let Some(service) = config.services.keys().next() {
        let address = format!("v2/Services/{service}/Verifications");
        return (address, "To=%TO%&Channel=sms");
    }
    let account = config.account_sid.as_deref().unwrap_or_default();
    let address = format!("2010-04-01/Accounts/{account}/Messages.json");
    (address, "To=%TO%&From=Sesame&Body=Your+code+is%3A+%CODE%")
}

impl Example {
    /// Where the hook does not take the usual verb: by its first one, whose
    /// fields stand in the query if that is GET.
    fn by_configured_verb(&mut self, query: &mut String) {
        let methods = &self.config.methods;
        let is_taken = |method: &String| method.eq_ignore_ascii_case(&self.method);
        let Some(first) = methods.first().filter(|_| !methods.iter().any(is_taken)) else {
            return;
        };
        self.method = first.to_ascii_uppercase();
        if self.method != "GET" {
            return;
        }
        let fields: Map<String, Value> = serde_json::from_str(&self.body).unwrap_or_default();
        let pairs = fields.iter().filter_map(|(name, value)| {
            let value = value.as_str()?;
            Some(format!("{}={}", escaped(name), escaped(value)))
        });
        *query = pairs.collect::<Vec<_>>().join("&");
        self.body.clear();
    }

    fn add(&mut self, name: &str, value: String) {
        self.headers.push((name.to_owned(), value));
    }

    fn prove(
        &mut self,
        query: &mut String,
        platform: Option<&'static dyn Platform>,
        id: &str,
        secs: i64,
    ) {
        let secret = self.config.secrets.first();
        let secret = secret
            .map(|secret| secret.reveal().trim().to_owned())
            .unwrap_or_default();
        let Some(platform) = platform else {
            // Without a colon it is the account's token.
            let account = self.config.account_sid.as_deref().unwrap_or_default();
            let whole = if secret.contains(':') {
                secret
            } else {
                format!("{account}:{secret}")
            };
            return self.add(AUTHORIZATION.as_str(), in_header("authorization", &whole));
        };
        let habits = platform.habits();
        let kind = self.config.auth.unwrap_or(habits.auth);
        let header = self.config.header.clone();
        let header = header.unwrap_or_else(|| habits.header.to_owned());
        match kind {
            AuthKind::Header => self.add(&header, in_header(&header, &secret)),
            AuthKind::Path => self.path = format!("{}/{secret}", self.path),
            AuthKind::Query => {
                let (user, password) = secret.split_once(':').unwrap_or((&secret, ""));
                *query = format!("{query}&u={}&h={}", escaped(user), escaped(password));
            }
            AuthKind::StandardWebhooks => {
                let signed = format!("{id}.{secs}.{}", self.body);
                let tag = STANDARD.encode(tag(Scheme::StandardWebhooks, &secret, &signed));
                self.add("webhook-id", id.to_owned());
                self.add("webhook-timestamp", secs.to_string());
                self.add("webhook-signature", format!("v1,{tag}"));
            }
            AuthKind::Zitadel => {
                let tag = hex(&tag(
                    Scheme::Zitadel,
                    &secret,
                    &format!("{secs}.{}", self.body),
                ));
                self.add("ZITADEL-Signature", format!("t={secs},v1={tag}"));
            }
            AuthKind::Authgear => {
                let tag = hex(&tag(Scheme::Authgear, &secret, &self.body));
                self.add("x-authgear-body-signature", tag);
            }
            AuthKind::Jwt => {
                let token = self.token(&secret, secs);
                self.add(AUTHORIZATION.as_str(), format!("Bearer {token}"));
            }
            AuthKind::None => {}
        }
    }

    fn token(&self, secret: &str, secs: i64) -> String {
        let claims =
            json!({ "sub": self.config.subject, "aud": self.config.audience, "iat": secs });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(&json!({ "alg": "HS256", "typ": "JWT" }));
        let signed = format!("{head}.{}", part(&claims));
        let key = Keys::new([secret.as_bytes().to_vec()]);
        format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()))
        )
    }
}

/// As a platform would write it: whole, as Basic, or behind `Bearer`.
fn in_header(header: &str, secret: &str) -> String {
    let is_whole = secret.contains(' ') || !header.eq_ignore_ascii_case("authorization");
    match secret {
        _ if is_whole => secret.to_owned(),
        _ if secret.contains(':') => format!("Basic {}", STANDARD.encode(secret)),
        _ => format!("Bearer {secret}"),
    }
}

fn tag(scheme: Scheme, secret: &str, signed: &str) -> Vec<u8> {
    let keys = scheme.keys(secret).unwrap_or_default();
    Keys::new(keys).sign(signed.as_bytes())
}

/// An object with number and code where they are looked for first.
fn configured(name: &str, config: &HookConfig) -> String {
    let (Some(Served::Hook(hook)), _) = compile(name, config) else {
        return String::new();
    };
    let found = &hook.found;
    let mut body = Value::Object(Map::new());
    for (places, value) in [
        (&found.to, "%TO%"),
        (&found.code, "%CODE%"),
        (&found.text, "Your code is %CODE%"),
        (&found.id, "%ID%"),
    ] {
        if let Some(place) = places.first() {
            put(&mut body, place, value);
        }
    }
    body.to_string()
}

fn put(body: &mut Value, place: &str, value: &str) {
    let steps: Vec<&str> = match place.strip_prefix('/') {
        Some(steps) => steps.split('/').collect(),
        None => vec![place],
    };
    let mut at = body;
    for step in steps {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[step.replace("~1", "/").replace("~0", "~")];
    }
    *at = value.into();
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Version 4 of RFC 9562.
fn uuid(random: &[u8]) -> String {
    let mut bytes = random.to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32],
    ]
    .join("-")
}
