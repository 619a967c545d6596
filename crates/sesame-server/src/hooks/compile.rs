//! From a hook's configuration to the hook, or to everything that is wrong with
//! it.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use jiff::SignedDuration;
use regex_lite::Regex;
use sesame_connector::{Reading, Region, UsageType};

use super::proof::{Claims, Given, Keys, Proof, Scheme};
use super::{Found, Habits, Hook, Platform, Reply, Served, platform, twilio};
use crate::auth::DEFAULT_APP;
use crate::config::{AuthKind, HookConfig, SuccessConfig};

/// The time within which an answer is given, unless the configuration says
/// otherwise: a second less than Supabase and ZITADEL wait.
const BUDGET_MS: u64 = 4000;
const LONGEST_BUDGET_MS: u64 = 60_000;
/// What an answer needs to get back to the platform.
const WAY_BACK_MS: u64 = 500;
const LONGEST_REPEAT_SECS: u64 = 24 * 60 * 60;
/// A secret this short can be guessed.
pub(super) const SHORT: usize = 16;

/// One thing that is wrong, and what to do.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The key under the hook's.
    pub(crate) key: String,
    pub(crate) message: String,
    pub(crate) cure: String,
    /// Whether the hook works all the same.
    pub(crate) is_warning: bool,
}

#[derive(Default)]
pub(super) struct Wrongs(Vec<Wrong>);

impl Wrongs {
    pub(super) fn error(&mut self, key: impl Display, message: impl Display, cure: impl Display) {
        self.push(&key, &message, &cure, false);
    }

    pub(super) fn warning(&mut self, key: impl Display, message: impl Display, cure: impl Display) {
        self.push(&key, &message, &cure, true);
    }

    fn push(
        &mut self,
        key: &dyn Display,
        message: &dyn Display,
        cure: &dyn Display,
        is_warning: bool,
    ) {
        self.0.push(Wrong {
            key: key.to_string(),
            message: message.to_string(),
            cure: cure.to_string(),
            is_warning,
        });
    }
}

/// What stands behind a name and what is odd about it, or what is wrong.
pub(crate) fn compile(name: &str, config: &HookConfig) -> (Option<Served>, Vec<Wrong>) {
    let mut wrongs = Wrongs::default();
    named(name, &mut wrongs);
    let served = match platform(config.preset) {
        Some(platform) => {
            only_of_twilio(config, &mut wrongs);
            Served::Hook(Arc::new(hook(name, config, platform, &mut wrongs)))
        }
        None => Served::Twilio(Arc::new(twilio::compile(name, config, &mut wrongs))),
    };
    let is_right = wrongs.0.iter().all(|wrong| wrong.is_warning);
    (is_right.then_some(served), wrongs.0)
}

fn only_of_twilio(config: &HookConfig, wrongs: &mut Wrongs) {
    for (key, is_there) in [
        ("account_sid", config.account_sid.is_some()),
        ("services", !config.services.is_empty()),
        ("contents", !config.contents.is_empty()),
    ] {
        if is_there {
            wrongs.error(key, "this means nothing to this preset", "remove it");
        }
    }
}

fn hook(
    name: &str,
    config: &HookConfig,
    platform: &'static dyn Platform,
    wrongs: &mut Wrongs,
) -> Hook {
    let habits = platform.habits();
    let proof = proof(config, habits, wrongs);
    Hook {
        name: Arc::from(name),
        platform,
        app: app(config, wrongs),
        reading: reading(config, wrongs),
        methods: methods(config, habits, wrongs),
        usage_type: usage_type(config, habits, wrongs),
        usages: usages(config, habits, wrongs),
        locale: config.locale.clone(),
        minutes: minutes(config, wrongs),
        budget: budget(config, habits, wrongs),
        repeat: repeat(config, habits, wrongs),
        found: found(config, platform, wrongs),
        has_odd_addresses: AtomicBool::new(false),
        proof: proof.unwrap_or(Proof::Path(Vec::new())),
    }
}

fn named(name: &str, wrongs: &mut Wrongs) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    // Clients take `.` and `..` for a way through folders.
    let is_way = name.bytes().all(|byte| byte == b'.');
    if is_way || !(1..=64).contains(&name.len()) || !name.bytes().all(is_plain) {
        wrongs.error(
            "",
            "the name of a hook is a part of its address",
            "take 1 to 64 letters, digits, - _ and .",
        );
    }
}

pub(super) fn app(config: &HookConfig, wrongs: &mut Wrongs) -> String {
    let app = config.app.clone().unwrap_or_else(|| DEFAULT_APP.to_owned());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=64).contains(&app.len()) || !app.bytes().all(is_plain) {
        wrongs.error(
            "app",
            "this is no name of a caller",
            "take 1 to 64 letters, digits, - _ and .",
        );
    }
    app
}

pub(super) fn reading(config: &HookConfig, wrongs: &mut Wrongs) -> Option<Reading> {
    let code = config.default_country.as_deref()?;
    let region = Region::parse(code);
    if region.is_none() {
        wrongs.error(
            "default_country",
            "there is no such country",
            "write its two letters, such as \"CN\"",
        );
    }
    Some(Reading {
        default_country: region,
        strict: false,
    })
}

fn methods(config: &HookConfig, habits: &Habits, wrongs: &mut Wrongs) -> Vec<Method> {
    if config.methods.is_empty() {
        return habits
            .methods
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
    }
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    for (index, name) in config.methods.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let cure = format!("write one of {}", known.join(", "));
            wrongs.error(
                format_args!("methods[{index}]"),
                "this is no verb that is taken",
                cure,
            );
        }
    }
    config
        .methods
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect()
}

pub(super) fn known_usage(key: impl Display, name: &str, wrongs: &mut Wrongs) {
    if UsageType::from(name).is_known() {
        return;
    }
    let cure = match UsageType::suggest(name) {
        Some(meant) => format!("did you mean {meant}?"),
        None => {
            let known = UsageType::KNOWN.map(|known| known.to_string());
            format!("write one of {}", known.join(", "))
        }
    };
    wrongs.error(key, "this usage type is not known", cure);
}

pub(super) fn usage_type(config: &HookConfig, habits: &Habits, wrongs: &mut Wrongs) -> String {
    let name = config.usage_type.as_deref().unwrap_or(habits.usage_type);
    known_usage("usage_type", name, wrongs);
    name.to_owned()
}

fn usages(config: &HookConfig, habits: &Habits, wrongs: &mut Wrongs) -> Vec<(String, String)> {
    for (word, usage_type) in &config.usage_types {
        known_usage(format_args!("usage_types.{word}"), usage_type, wrongs);
    }
    let configured = config
        .usage_types
        .iter()
        .map(|(word, name)| (word.clone(), name.clone()));
    let usual = habits
        .usages
        .iter()
        .map(|(word, name)| ((*word).to_owned(), (*name).to_owned()));
    configured.chain(usual).collect()
}

fn minutes(config: &HookConfig, wrongs: &mut Wrongs) -> Option<u32> {
    if config
        .minutes
        .is_some_and(|minutes| !(1..=1440).contains(&minutes))
    {
        wrongs.error(
            "minutes",
            "this must be between 1 and 1440",
            "write for how long the platform's codes are valid",
        );
    }
    config.minutes
}

pub(super) fn budget(config: &HookConfig, habits: &Habits, wrongs: &mut Wrongs) -> Duration {
    let most = habits
        .patience_ms
        .map_or(LONGEST_BUDGET_MS, |patience| patience - WAY_BACK_MS);
    let millis = config.budget_ms.unwrap_or(BUDGET_MS);
    if !(100..=most).contains(&millis) {
        let reason = match habits.patience_ms {
            Some(patience) => format!("; the platform waits for {patience} ms"),
            None => String::new(),
        };
        wrongs.error(
            "budget_ms",
            format_args!("this must be between 100 and {most}{reason}"),
            "leave it out for its default",
        );
    }
    Duration::from_millis(millis)
}

fn repeat(config: &HookConfig, habits: &Habits, wrongs: &mut Wrongs) -> SignedDuration {
    let secs = match config.repeat_secs {
        None => habits.repeat_secs,
        Some(secs) => {
            if !(1..=LONGEST_REPEAT_SECS).contains(&secs) {
                let message = format!("this must be between 1 and {LONGEST_REPEAT_SECS}");
                wrongs.error("repeat_secs", message, "leave it out for its default");
            }
            i64::try_from(secs).unwrap_or(habits.repeat_secs)
        }
    };
    SignedDuration::from_secs(secs)
}

fn proof(config: &HookConfig, habits: &Habits, wrongs: &mut Wrongs) -> Option<Proof> {
    let kind = config.auth.unwrap_or(habits.auth);
    if kind != habits.auth && !habits.other_auth.contains(&kind) {
        let mut others: Vec<_> = vec![habits.auth];
        others.extend(habits.other_auth);
        others.dedup();
        let names: Vec<_> = others
            .iter()
            .map(|kind| format!("\"{}\"", kind.as_str()))
            .collect();
        let cure = format!("leave it out, or write one of {}", names.join(", "));
        wrongs.error("auth", "this platform cannot prove itself that way", cure);
        return None;
    }
    only_with(config, kind, wrongs);
    if kind == AuthKind::None {
        if !config.secrets.is_empty() {
            wrongs.error(
                "secrets",
                "with auth = \"none\" nothing is compared with these",
                "remove auth, or the secrets",
            );
        }
        wrongs.warning(
            "auth",
            "whoever reaches this address can have messages sent",
            "let the platform send a secret, or let nobody else reach it",
        );
        return Some(Proof::None);
    }
    if config.secrets.is_empty() {
        wrongs.error(
            "secrets",
            "there is no secret by which the platform proves itself",
            secret_cure(kind),
        );
        return None;
    }
    let header = header(config, habits, wrongs);
    let given = |wrongs: &mut Wrongs| given(config, kind, wrongs);
    Some(match kind {
        AuthKind::Header => Proof::Header(header?, given(wrongs)),
        AuthKind::Path => Proof::Path(given(wrongs)),
        AuthKind::Query => Proof::Query(given(wrongs)),
        AuthKind::StandardWebhooks => signed(Scheme::StandardWebhooks, config, wrongs),
        AuthKind::Zitadel => signed(Scheme::Zitadel, config, wrongs),
        AuthKind::Authgear => signed(Scheme::Authgear, config, wrongs),
        AuthKind::Jwt => jwt(config, wrongs),
        AuthKind::None => Proof::None,
    })
}

/// Keys that mean nothing beside this way of proving.
fn only_with(config: &HookConfig, kind: AuthKind, wrongs: &mut Wrongs) {
    for (key, is_there, owner) in [
        ("header", config.header.is_some(), AuthKind::Header),
        ("audience", config.audience.is_some(), AuthKind::Jwt),
        ("subject", config.subject.is_some(), AuthKind::Jwt),
    ] {
        if is_there && kind != owner {
            let message = format!("this means nothing with auth = \"{}\"", kind.as_str());
            wrongs.error(key, message, "remove it");
        }
    }
}

fn secret_cure(kind: AuthKind) -> &'static str {
    match kind {
        AuthKind::StandardWebhooks => {
            "write the platform's: secrets = [{ env = \"…\" }], each v1,whsec_<base64>"
        }
        AuthKind::Zitadel => "write the signingKey that ZITADEL gave when the provider was added",
        AuthKind::Authgear => "write the key `webhook` of authgear.secrets.yaml",
        AuthKind::Query => "write secrets = [\"user:password\"], as the platform sends them",
        _ => "write secrets = [{ env = \"…\" }]; make one with: openssl rand -hex 24",
    }
}

fn header(config: &HookConfig, habits: &Habits, wrongs: &mut Wrongs) -> Option<HeaderName> {
    let name = config.header.as_deref().unwrap_or(habits.header);
    let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
    if parsed.is_none() {
        wrongs.error(
            "header",
            "this is no name of a header",
            "write one such as \"X-API-Key\"",
        );
    }
    parsed
}

/// Every secret that is there, and not empty.
pub(super) fn secrets<'c>(config: &'c HookConfig, wrongs: &mut Wrongs) -> Vec<(usize, &'c str)> {
    let mut found = Vec::new();
    for (index, secret) in config.secrets.iter().enumerate() {
        if secret.reveal().trim().is_empty() {
            wrongs.error(
                format_args!("secrets[{index}]"),
                "this secret is empty",
                "write the secret, or remove it",
            );
        } else {
            // A file ends in a line break, and sometimes in more.
            found.push((index, secret.reveal().trim()));
        }
    }
    found
}

fn given(config: &HookConfig, kind: AuthKind, wrongs: &mut Wrongs) -> Vec<Given> {
    let secrets = secrets(config, wrongs);
    for (index, secret) in &secrets {
        let key = format!("secrets[{index}]");
        if secret.len() < SHORT {
            wrongs.warning(
                &key,
                "the secret is short enough to be guessed",
                "make one with: openssl rand -hex 24",
            );
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if kind == AuthKind::Path && !secret.bytes().all(is_plain) {
            wrongs.error(&key, "the secret is a part of an address, and so is made of letters, digits, - . _ and ~", "make one with: openssl rand -hex 24");
        }
        if kind == AuthKind::Header
            && HeaderValue::from_str(secret).map_or(true, |value| value.to_str().is_err())
        {
            wrongs.error(
                &key,
                "no header can carry this secret",
                "make one of ASCII characters, with: openssl rand -hex 24",
            );
        }
        if kind == AuthKind::Query && !secret.contains(':') {
            wrongs.error(
                &key,
                "this must be a user and a password with a colon between them",
                "write \"user:password\"",
            );
        }
    }
    secrets
        .iter()
        .map(|(_, secret)| Given::new(secret))
        .collect()
}

fn signed(scheme: Scheme, config: &HookConfig, wrongs: &mut Wrongs) -> Proof {
    let mut keys = Vec::new();
    for (index, secret) in secrets(config, wrongs) {
        match scheme.keys(secret) {
            Ok(more) => keys.extend(more),
            Err((message, cure)) => wrongs.error(format_args!("secrets[{index}]"), message, cure),
        }
    }
    Proof::Signed(scheme, Keys::new(keys))
}

/// A secret may be the key, or its base64 (`secret_base64_encoded`).
fn jwt(config: &HookConfig, wrongs: &mut Wrongs) -> Proof {
    let secrets = secrets(config, wrongs);
    for (key, claim) in [("audience", &config.audience), ("subject", &config.subject)] {
        if claim.as_ref().is_some_and(String::is_empty) {
            wrongs.error(
                key,
                "this is empty, and no token says nothing",
                "write what the platform was given, or remove it",
            );
        }
    }
    let keys = secrets.iter().flat_map(|(_, secret)| {
        let plain = secret.as_bytes().to_vec();
        [Some(plain), STANDARD.decode(secret).ok()]
            .into_iter()
            .flatten()
    });
    let claims = Claims {
        audience: config.audience.clone(),
        subject: config.subject.clone(),
    };
    Proof::Jwt(Keys::new(keys), claims)
}

fn found(config: &HookConfig, platform: &dyn Platform, wrongs: &mut Wrongs) -> Found {
    let Some(message) = platform.message() else {
        unread(config, wrongs);
        return Found::default();
    };
    let (said, usual) = (&config.fields, &message.places);
    let mut places = |key: &str, said: &[String], usual: &[&str]| {
        for (index, place) in said.iter().enumerate() {
            if place.trim().is_empty() {
                let key = format!("fields.{key}[{index}]");
                wrongs.error(
                    key,
                    "this names no field",
                    "write a name, or a JSON pointer such as \"/sms/otp\"",
                );
            }
        }
        if said.is_empty() {
            usual.iter().map(|place| (*place).to_owned()).collect()
        } else {
            said.to_vec()
        }
    };
    let found = Found {
        to: places("to", &said.to, usual.to),
        code: places("code", &said.code, usual.code),
        text: places("text", &said.text, usual.text),
        usage: places("usage", &said.usage, usual.usage),
        ip: places("ip", &said.ip, usual.ip),
        locale: places("locale", &said.locale, usual.locale),
        id: places("id", &said.id, usual.id),
        minutes: places("minutes", &[], usual.minutes),
        pattern: pattern(config, wrongs),
        success: success(config, wrongs),
        errors: config.errors,
    };
    for (key, is_there) in [
        ("success", config.success.is_some()),
        ("errors", config.errors.is_some()),
    ] {
        if is_there && !message.may_say_otherwise() {
            let reason = "the preset knows what this platform needs to hear";
            wrongs.error(key, reason, "remove it, or take preset = \"generic\"");
        }
    }
    if found.to.is_empty() {
        wrongs.error(
            "fields.to",
            "it is not said where the number stands",
            "write fields = { to = \"phone\", code = \"code\" }",
        );
    }
    if found.code.is_empty() && found.text.is_empty() {
        wrongs.error(
            "fields.code",
            "it is not said where the code stands",
            "name the field with the code (code), or the one with a text that holds it (text)",
        );
    }
    found
}

/// What is configured for nothing, where a platform is no [`Message`].
fn unread(config: &HookConfig, wrongs: &mut Wrongs) {
    for (key, is_there) in [
        (
            "fields",
            config.fields != crate::config::FieldsConfig::default(),
        ),
        ("code_pattern", config.code_pattern.is_some()),
        ("success", config.success.is_some()),
        ("errors", config.errors.is_some()),
    ] {
        if is_there {
            wrongs.error(key, "this means nothing to this preset", "remove it");
        }
    }
}

pub(super) fn pattern(config: &HookConfig, wrongs: &mut Wrongs) -> Option<Regex> {
    let text = config.code_pattern.as_deref()?;
    match Regex::new(text) {
        Ok(pattern) if pattern.captures_len() > 2 => {
            wrongs.error(
                "code_pattern",
                "the pattern has more than one group",
                "write the others as (?:…)",
            );
            None
        }
        Ok(pattern) if pattern.is_match("") => {
            wrongs.error(
                "code_pattern",
                "the pattern fits a text with nothing in it",
                "write one such as \"code: ([0-9]{6})\"",
            );
            None
        }
        Ok(pattern) => Some(pattern),
        Err(error) => {
            wrongs.error(
                "code_pattern",
                format_args!("this is no regular expression: {error}"),
                "write one such as \"code: ([0-9]{6})\"",
            );
            None
        }
    }
}

fn success(config: &HookConfig, wrongs: &mut Wrongs) -> Option<Reply> {
    let SuccessConfig {
        status,
        content_type,
        body,
    } = config.success.as_ref()?;
    let parsed = StatusCode::from_u16(*status)
        .ok()
        .filter(StatusCode::is_success);
    if parsed.is_none() {
        wrongs.error(
            "success.status",
            "this must be between 200 and 299",
            "write 200",
        );
    }
    if HeaderValue::try_from(content_type).is_err() {
        wrongs.error(
            "success.content_type",
            "this is no type",
            "write \"application/json\"",
        );
    }
    Some(Reply {
        status: parsed?,
        content_type: content_type.clone(),
        body: body.clone(),
    })
}
