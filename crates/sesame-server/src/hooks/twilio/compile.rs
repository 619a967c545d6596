//! From a hook's configuration to Twilio's addresses.

use std::collections::BTreeMap;

use super::credentials::Credentials;
use super::sid::Kind;
use super::{Content, Twilio};
use crate::config::{ContentConfig, FieldsConfig, HookConfig};
use crate::hooks::Habits;
use crate::hooks::compile::{
    SHORT, Wrongs, app, budget, known_usage, pattern, reading, secrets, usage_type,
};

const HABITS: Habits = Habits {
    usage_type: "SignIn",
    ..Habits::USUAL
};

/// Takes what is wrong to `wrongs`; what it gives is not to be used then.
pub(in crate::hooks) fn compile(name: &str, config: &HookConfig, wrongs: &mut Wrongs) -> Twilio {
    unread(config, wrongs);
    let account_sid = account(config, wrongs);
    let secrets = secrets(config, wrongs);
    if secrets.is_empty() {
        wrongs.error(
            "secrets",
            "there is no token by which clients prove themselves",
            "write secrets = [{ env = \"…\" }], and give clients the same as their Auth Token; make one with: openssl rand -hex 16",
        );
    }
    for (index, secret) in &secrets {
        if secret.len() < SHORT {
            wrongs.warning(
                format_args!("secrets[{index}]"),
                "the token is short enough to be guessed",
                "make one with: openssl rand -hex 16",
            );
        }
    }
    let secrets = secrets.into_iter().map(|(_, secret)| secret.trim());
    if config.services.is_empty() && config.contents.is_empty() && config.usage_type.is_none() {
        wrongs.error(
            "services",
            "there is no Verify service, no content template, and nothing that texts are for",
            "write services, contents or usage_type",
        );
    }
    Twilio {
        name: name.into(),
        credentials: Credentials::new(&account_sid, secrets),
        account_sid,
        services: services(config, wrongs),
        contents: contents(config, wrongs),
        app: app(config, wrongs),
        usage_type: usage_type(config, &HABITS, wrongs),
        reading: reading(config, wrongs),
        pattern: pattern(config, wrongs),
        budget: budget(config, &HABITS, wrongs),
    }
}

fn account(config: &HookConfig, wrongs: &mut Wrongs) -> String {
    let sid = config.account_sid.clone().unwrap_or_default();
    let is_sid = Kind::Account.is(&sid);
    if !is_sid {
        let message = if sid.is_empty() {
            "there is no account"
        } else {
            "this is no sid of an account"
        };
        wrongs.error(
            "account_sid",
            message,
            "write AC and 32 hexadecimal digits: the one clients have, or one you make with: echo AC$(openssl rand -hex 16)",
        );
    }
    sid
}

fn services(config: &HookConfig, wrongs: &mut Wrongs) -> BTreeMap<String, String> {
    for (sid, usage_type) in &config.services {
        let key = format!("services.{}", crate::wire::shown(sid));
        if !Kind::Service.is(sid) {
            let cure = "write VA and 32 hexadecimal digits: the one clients have, or one you make with: echo VA$(openssl rand -hex 16)";
            wrongs.error(&key, "this is no sid of a Verify service", cure);
        }
        known_usage(&key, usage_type, wrongs);
    }
    config.services.clone()
}

fn contents(config: &HookConfig, wrongs: &mut Wrongs) -> BTreeMap<String, Content> {
    let content = |(sid, content): (&String, &ContentConfig)| {
        let key = format!("contents.{}", crate::wire::shown(sid));
        if !Kind::Content.is(sid) {
            let cure = "write HX and 32 hexadecimal digits: the one clients have, or one you make with: echo HX$(openssl rand -hex 16)";
            wrongs.error(&key, "this is no sid of a content template", cure);
        }
        known_usage(
            format_args!("{key}.usage_type"),
            &content.usage_type,
            wrongs,
        );
        let mut variables = content.variables.clone();
        if !variables.values().any(|name| name == "code") {
            variables
                .entry("1".to_owned())
                .or_insert_with(|| "code".to_owned());
        }
        let content = Content {
            usage_type: content.usage_type.clone(),
            variables,
        };
        (sid.clone(), content)
    };
    config.contents.iter().map(content).collect()
}

/// What is configured for nothing.
fn unread(config: &HookConfig, wrongs: &mut Wrongs) {
    for (key, is_there) in [
        ("auth", config.auth.is_some()),
        ("header", config.header.is_some()),
        ("usage_types", !config.usage_types.is_empty()),
        ("locale", config.locale.is_some()),
        ("minutes", config.minutes.is_some()),
        ("repeat_secs", config.repeat_secs.is_some()),
        ("methods", !config.methods.is_empty()),
        ("fields", config.fields != FieldsConfig::default()),
        ("success", config.success.is_some()),
        ("errors", config.errors.is_some()),
        ("audience", config.audience.is_some()),
        ("subject", config.subject.is_some()),
    ] {
        if is_there {
            wrongs.error(key, "this means nothing to this preset", "remove it");
        }
    }
}
