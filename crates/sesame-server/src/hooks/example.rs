//! A platform's own request, made up: what `sesame hook test` sends.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Map, Value, json};
use sesame_connector::Source;

use super::proof::{Keys, Scheme};
use super::{Found, platform};
use crate::config::{AuthKind, HookConfig};

/// What a platform sends, but for how it proves itself. In its text, `%TO%`,
/// `%DIGITS%`, `%CODE%`, `%ID%` and `%SECS%` stand for the number with and
/// without its plus, the code, an id and the time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sample {
    /// A GET with this query.
    Query(&'static str),
    /// A POST with this JSON, to what the platform adds to the address.
    Json(&'static str, &'static str),
    /// Whatever is configured.
    Configured,
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
        platform(self.config.preset).takes(status, body)
    }
}

/// The example of a hook, with a code of six digits and signed as the platform
/// would. `to` is a number with its plus.
pub fn example(name: &str, config: &HookConfig, to: &str, source: &dyn Source) -> Example {
    let platform = platform(config.preset);
    let mut random = [0; 20];
    source.fill(&mut random);
    let (id, code) = random.split_at(16);
    let code = u32::from_be_bytes([code[0], code[1], code[2], code[3]]) % 1_000_000;
    let secs = source.now().as_second();
    let filled = |text: &str| {
        text.replace("%TO%", to)
            .replace("%DIGITS%", to.trim_start_matches('+'))
            .replace("%CODE%", &format!("{code:06}"))
            .replace("%ID%", &uuid(id))
            .replace("%SECS%", &secs.to_string())
    };
    let sample = match config.fields == crate::config::FieldsConfig::default() {
        true => platform.sample(),
        false => Sample::Configured,
    };
    let (method, rest, query, body) = match sample {
        Sample::Query(query) => (
            "GET",
            "",
            filled(&query.replace("%TO%", &escaped(to))),
            String::new(),
        ),
        Sample::Json(rest, text) => ("POST", rest, String::new(), filled(text)),
        Sample::Configured => {
            let (compiled, _) = super::compile(name, config);
            let text = compiled
                .map(|hook| configured(&hook.found))
                .unwrap_or_default();
            ("POST", "", String::new(), filled(&text))
        }
    };
    let mut example = Example {
        method: method.to_owned(),
        path: format!("/hooks/{name}"),
        headers: Vec::new(),
        body,
        config: config.clone(),
    };
    let mut query = query;
    example.prove(&mut query, platform.habits(), &uuid(id), secs);
    if !rest.is_empty() {
        example.path = format!("{}/{rest}", example.path);
    }
    if !query.is_empty() {
        example.path = format!("{}?{query}", example.path);
    }
    if !example.body.is_empty() {
        example.add(CONTENT_TYPE.as_str(), "application/json".to_owned());
    }
    example
}

impl Example {
    fn add(&mut self, name: &str, value: String) {
        self.headers.push((name.to_owned(), value));
    }

    fn prove(&mut self, query: &mut String, habits: &super::Habits, id: &str, secs: i64) {
        let kind = self.config.auth.unwrap_or(habits.auth);
        let secret = self.config.secrets.first();
        let secret = secret
            .map(|secret| secret.reveal().trim().to_owned())
            .unwrap_or_default();
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
fn configured(found: &Found) -> String {
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
