//! The rules that a configuration must obey beyond its shape.

use std::path::Path;
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Uri};
use sesame_connector::UsageType;
use sesame_connector::config::{Checked, ConnectorConfig, Level, Problem, ProblemId, SystemLookup};

use super::load::{Loader, Part};
use super::problem::{ConfigProblem, Severity};
use super::{Config, ConnectorSetting, LimitsConfig, OtlpConfig};
use crate::stores::Location;

/// Notes every broken rule; gives the connector's configuration where there is
/// one.
pub(super) fn check(loader: &mut Loader, config: &Config) -> Option<ConnectorConfig> {
    listeners(loader, config);
    records(loader, config);
    journal(loader, config);
    keys(loader, config);
    token(loader, config);
    reports(loader, config);
    policy(loader, config);
    usage_types(loader, config);
    limits(loader, &config.limits);
    proxy(loader, config);
    otlp(loader, &config.otlp);
    hooks(loader, config);
    if config.retention.messages_days == 0 {
        let cure = "write for how many days messages are kept";
        loader.report(
            Severity::Error,
            "retention.messages_days",
            "this must be at least 1",
            cure,
        );
    }
    let connector = connector(loader, config)?;
    time_to_send(loader, &config.limits, &connector);
    Some(connector)
}

/// Notes every broken rule of a part.
pub(super) fn check_part(loader: &mut Loader, config: &Config, part: Part) {
    journal(loader, config);
    if part == Part::Keys {
        records(loader, config);
        keys(loader, config);
    }
}

fn listeners(loader: &mut Loader, config: &Config) {
    let has_tls = config.tls.cert.is_some() && config.tls.key.is_some();
    if config.tls.cert.is_some() != config.tls.key.is_some() {
        let path = if config.tls.cert.is_some() {
            "tls.cert"
        } else {
            "tls.key"
        };
        let message = "a certificate needs its key, and a key its certificate";
        loader.report(
            Severity::Error,
            path,
            message,
            "give both tls.cert and tls.key, or neither",
        );
    }
    let is_behind_proxy = !config.proxy.trusted.is_empty();
    if !config.listen.ip().is_loopback() && !has_tls && !is_behind_proxy {
        let message = "other machines can reach this address, and API keys and codes travel to it unencrypted";
        let cure = "set tls.cert and tls.key, or listen on 127.0.0.1 behind a proxy that speaks TLS and name it in proxy.trusted";
        loader.report(Severity::Warning, "listen", message, cure);
    }
    let Some(admin) = config.admin_listen else {
        if !config.listen.ip().is_loopback() {
            let message = "other machines can reach this address, and with it /metrics, which has no protection of its own";
            let cure = "set admin_listen = \"127.0.0.1:8081\", or let the proxy in front keep /metrics to itself";
            loader.report(Severity::Warning, "listen", message, cure);
        }
        return;
    };
    if admin == config.listen && admin.port() != 0 {
        let message = "this is where the API listens";
        loader.report(
            Severity::Error,
            "admin_listen",
            message,
            "give it an address of its own, or leave it out",
        );
    }
    if !admin.ip().is_loopback() {
        let message =
            "other machines can reach this address, and metrics have no protection of their own";
        loader.report(
            Severity::Warning,
            "admin_listen",
            message,
            "listen on 127.0.0.1 or a private network",
        );
    }
}

fn records(loader: &mut Loader, config: &Config) {
    let records = Location::parse(config.store.records.reveal());
    if let Err(reason) = records {
        let cure = "write \"sqlite\", \"postgres://…\", \"valkey://host:port\" or \"valkey-cluster://host:port,host:port\"";
        loader.report(Severity::Error, "store.records", reason, cure);
    }
}

fn journal(loader: &mut Loader, config: &Config) {
    let cure = "write \"sqlite\" or \"postgres://…\"";
    match Location::parse(config.store.journal.reveal()) {
        Err(reason) => loader.report(Severity::Error, "store.journal", reason, cure),
        Ok(location) if !location.keeps_a_journal() => {
            let message = "the journal is searched, and so must be in a relational database";
            loader.report(Severity::Error, "store.journal", message, cure);
        }
        Ok(_) => {}
    }
}

fn keys(loader: &mut Loader, config: &Config) {
    if config.keys.file.is_some() && config.keys.json.is_some() {
        let message = "the keys can come from one place only";
        loader.report(
            Severity::Error,
            "keys.json",
            message,
            "remove keys.file or keys.json",
        );
    }
}

fn token(loader: &mut Loader, config: &Config) {
    for (path, value, example) in [
        (
            "token.issuer",
            &config.token.issuer,
            "https://sesame.example",
        ),
        ("token.audience", &config.token.audience, "my-app"),
    ] {
        if value.trim().is_empty() {
            let cure =
                format!("write one such as \"{example}\"; whoever checks the tokens compares it");
            loader.report(
                Severity::Error,
                path,
                "this must be there, and not empty",
                cure,
            );
        }
    }
}

fn reports(loader: &mut Loader, config: &Config) {
    let Some(secret) = &config.reports.secret else {
        if !config.reports.polling {
            let message =
                "Aliyun can push no delivery reports without a secret, and none are asked for";
            loader.report(
                Severity::Warning,
                "reports.secret",
                message,
                "set reports.secret, or reports.polling = true",
            );
        }
        return;
    };
    let secret = secret.reveal();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if secret.is_empty() || !secret.bytes().all(is_plain) {
        let message =
            "the secret is a part of an address, and so is made of letters, digits, - . _ and ~";
        loader.report(
            Severity::Error,
            "reports.secret",
            message,
            "make one with: openssl rand -hex 24",
        );
    } else if secret.len() < 16 {
        let message = "the secret is short enough to be guessed";
        loader.report(
            Severity::Warning,
            "reports.secret",
            message,
            "make one with: openssl rand -hex 24",
        );
    }
}

fn policy(loader: &mut Loader, config: &Config) {
    if let Err(error) = config.policy.validate() {
        let path = format!("policy.{}", error.setting);
        loader.report(
            Severity::Error,
            &path,
            error.reason.to_string(),
            "sesame.example.toml shows the defaults",
        );
    }
    for warning in config.policy.warnings() {
        loader.report(
            Severity::Warning,
            "policy",
            warning,
            "leave it at its default unless this is meant",
        );
    }
}

/// A misspelt one would change nothing, and nobody would know. The connector
/// knows no others either.
fn usage_types(loader: &mut Loader, config: &Config) {
    let names = config.policy.usage_types.keys();
    for name in names.filter(|name| !UsageType::from(name.as_str()).is_known()) {
        let cure = match UsageType::suggest(name) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!(
                "write one of {}",
                UsageType::KNOWN.map(|known| known.to_string()).join(", ")
            ),
        };
        let path = format!("policy.usage_types.{name}");
        let message = "this usage type is not known";
        loader.report(Severity::Error, &path, message, cure);
    }
}

/// Whoever asks should hear how sending ended, and so should a server that is
/// told to end.
fn time_to_send(loader: &mut Loader, limits: &LimitsConfig, connector: &ConnectorConfig) {
    let sending = connector.timeout.as_secs_f64().ceil();
    for (name, secs) in [
        ("request_secs", limits.request_secs),
        ("shutdown_secs", limits.shutdown_secs),
    ] {
        if Duration::from_secs(secs) < connector.timeout {
            let path = format!("limits.{name}");
            let message =
                format!("sending a message may take {sending} s, by the connector's timeoutMs");
            let cure = "make it longer, or timeoutMs shorter";
            loader.report(Severity::Warning, &path, message, cure);
        }
    }
}

fn limits(loader: &mut Loader, limits: &LimitsConfig) {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    for (name, value, least, most) in [
        ("body_bytes", count(limits.body_bytes), 1024, 16 << 20),
        (
            "reports_body_bytes",
            count(limits.reports_body_bytes),
            1024,
            64 << 20,
        ),
        ("head_bytes", count(limits.head_bytes), 8192, 1 << 20),
        ("headers", count(limits.headers), 16, 1024),
        ("connections", count(limits.connections), 1, 1 << 20),
        ("requests", count(limits.requests), 1, 1 << 20),
        ("head_secs", limits.head_secs, 1, 3600),
        ("body_secs", limits.body_secs, 1, 3600),
        ("write_secs", limits.write_secs, 1, 3600),
        ("request_secs", limits.request_secs, 1, 3600),
        ("shutdown_secs", limits.shutdown_secs, 1, 3600),
    ] {
        if !(least..=most).contains(&value) {
            let message = format!("this must be between {least} and {most}");
            loader.report(
                Severity::Error,
                &format!("limits.{name}"),
                message,
                "leave it out for its default",
            );
        }
    }
}

fn proxy(loader: &mut Loader, config: &Config) {
    if HeaderName::from_bytes(config.proxy.header.as_bytes()).is_err() {
        let message = "this is no name of a header";
        loader.report(
            Severity::Error,
            "proxy.header",
            message,
            "write \"x-forwarded-for\", or the header the proxy sets",
        );
    }
    for (index, network) in config.proxy.trusted.iter().enumerate() {
        if network.prefix_len() == 0 {
            let path = format!("proxy.trusted[{index}]");
            let message = "this trusts everybody to say whose request it is";
            loader.report(
                Severity::Warning,
                &path,
                message,
                "name the proxy's own addresses",
            );
        }
    }
}

fn otlp(loader: &mut Loader, otlp: &OtlpConfig) {
    let mut wrong = |path: &str, message: &str, cure: &str| {
        loader.report(Severity::Error, &format!("otlp.{path}"), message, cure);
    };
    if otlp.endpoint.is_some() && cfg!(not(feature = "otlp")) {
        let message = "this program was built without traces";
        wrong(
            "endpoint",
            message,
            "build it with the feature otlp, or leave it out",
        );
    }
    if otlp
        .endpoint
        .as_deref()
        .is_some_and(|url| !is_collector(url))
    {
        let message = "this is no address of a collector";
        let cure =
            "write one such as \"http://127.0.0.1:4318\"; a key for it goes under otlp.headers";
        wrong("endpoint", message, cure);
    }
    if !(0.0..=1.0).contains(&otlp.sample_ratio) {
        let cure = "write 1.0 to keep all traces, 0.1 for one in ten";
        wrong("sample_ratio", "this must be between 0 and 1", cure);
    }
    if otlp.service_name.trim().is_empty() {
        let cure = "leave it out for its default";
        wrong("service_name", "this must not be empty", cure);
    }
    for (name, secs) in [
        ("timeout_secs", otlp.timeout_secs),
        ("shutdown_secs", otlp.shutdown_secs),
    ] {
        if !(1..=60).contains(&secs) {
            let cure = "leave it out for its default";
            wrong(name, "this must be between 1 and 60", cure);
        }
    }
    for (name, value) in &otlp.headers {
        let is_name = HeaderName::from_bytes(name.as_bytes()).is_ok();
        if !is_name || HeaderValue::from_str(value.reveal()).is_err() {
            let cure = "write a header's name and its value, such as authorization = { env = \"OTLP_KEY\" }";
            wrong(&format!("headers.{name}"), "this is no header", cure);
        }
    }
}

fn hooks(loader: &mut Loader, config: &Config) {
    let longest = Duration::from_secs(config.limits.request_secs);
    for (name, hook) in &config.hooks {
        let (compiled, wrongs) = crate::hooks::compile(name, hook);
        for wrong in wrongs {
            let severity = if wrong.is_warning {
                Severity::Warning
            } else {
                Severity::Error
            };
            let path = format!("hooks.{name}.{}", wrong.key);
            let path = path.trim_end_matches('.');
            loader.report(severity, path, wrong.message, wrong.cure);
        }
        if compiled.is_some_and(|served| served.budget() >= longest) {
            let message = "limits.request_secs ends a request before this hook's time is over";
            let cure = "make limits.request_secs longer, or this shorter";
            let path = format!("hooks.{name}.budget_ms");
            loader.report(Severity::Error, &path, message, cure);
        }
    }
}

/// An address to which `/v1/traces` can be added, and that holds no password.
fn is_collector(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let has_scheme = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme());
    has_scheme && uri.query().is_none() && !url.contains(['@', '#'])
}

fn connector(loader: &mut Loader, config: &Config) -> Option<ConnectorConfig> {
    match &config.connector {
        ConnectorSetting::Missing => {
            let message = "this must be there: it says how messages are sent";
            loader.report(
                Severity::Error,
                "connector",
                message,
                "write connector = \"connector.json\"; examples/connector.json is one",
            );
            None
        }
        ConnectorSetting::File(path) => {
            let checked = ConnectorConfig::check_file(path);
            in_file(loader, path, &checked);
            valid(checked)
        }
        ConnectorSetting::Table(table) => {
            let value = serde_json::to_value(table).unwrap_or_default();
            let lookup = SystemLookup::beside(&loader.file);
            let checked = ConnectorConfig::from_value(&value, &lookup);
            for problem in &checked.problems {
                let path = match problem.path.as_str() {
                    "" => "connector".to_owned(),
                    path => format!("connector.{path}"),
                };
                // Nobody sets a variable for nothing: it may be the secret.
                let is_ignored = problem.id == ProblemId::UnknownKey;
                let severity = if is_ignored && loader.variable_of(&path).is_some() {
                    Severity::Error
                } else {
                    severity(problem)
                };
                loader.report(severity, &path, message(problem), &*problem.cure);
            }
            valid(checked)
        }
    }
}

fn valid(checked: Checked) -> Option<ConnectorConfig> {
    checked.into_valid().ok()
}

fn in_file(loader: &mut Loader, path: &Path, checked: &Checked) {
    for problem in &checked.problems {
        loader.push(ConfigProblem {
            severity: severity(problem),
            origin: path.display().to_string(),
            place: problem.line.zip(problem.column),
            path: problem.path.clone(),
            message: message(problem),
            cure: problem.cure.clone(),
        });
    }
}

fn severity(problem: &Problem) -> Severity {
    match problem.level {
        Level::Warning => Severity::Warning,
        Level::Error => Severity::Error,
    }
}

fn message(problem: &Problem) -> String {
    problem.message.clone()
}
