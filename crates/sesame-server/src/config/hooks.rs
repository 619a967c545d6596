//! `[hooks.NAME]`: which platform asks, how it proves who it is, and what its
//! requests mean.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

use super::Secret;
use super::secret::told;

/// One hook. What is left out is what its preset says.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct HookConfig {
    /// Which platform asks.
    pub preset: PresetName,
    /// What it proves itself by: signing secrets, tokens, `user:password`. Any
    /// one of them will do, so that they can be changed without a gap.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Where the secret stands in a request.
    #[serde(default)]
    pub auth: Option<AuthKind>,
    /// The header the secret stands in, with `auth = "header"`.
    #[serde(default)]
    pub header: Option<String>,
    /// The caller its messages belong to.
    #[serde(default)]
    pub app: Option<String>,
    /// ISO letters of the country whose numbers come without a country code.
    #[serde(default)]
    pub default_country: Option<String>,
    /// What messages are for where the platform does not say.
    #[serde(default)]
    pub usage_type: Option<String>,
    /// The platform's own words for what a message is for, in Logto's words.
    #[serde(default)]
    pub usage_types: BTreeMap<String, String>,
    /// The language of sentences for users where the platform does not say.
    #[serde(default)]
    pub locale: Option<String>,
    /// For how many minutes the platform's codes are valid, for templates that
    /// have a variable `min` or `minutes`.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// When the platform gets its answer, whatever is known by then.
    #[serde(default)]
    pub budget_ms: Option<u64>,
    /// For how long the same request is answered as before, and not carried out
    /// again.
    #[serde(default)]
    pub repeat_secs: Option<u64>,
    /// Verbs that are taken.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Where things stand in a request.
    #[serde(default)]
    pub fields: FieldsConfig,
    /// Finds the code in a text: a regular expression with one group.
    #[serde(default)]
    pub code_pattern: Option<String>,
    /// The answer where the message was sent.
    #[serde(default)]
    pub success: Option<SuccessConfig>,
    /// The shape of every other answer.
    #[serde(default)]
    pub errors: Option<ErrorShape>,
    /// `aud` that a token must have, with `auth = "jwt"`.
    #[serde(default)]
    pub audience: Option<String>,
    /// `sub` that a token must have, with `auth = "jwt"`.
    #[serde(default)]
    pub subject: Option<String>,
    /// Of `twilio`: the account's sid, which clients send as the user.
    #[serde(default)]
    pub account_sid: Option<String>,
    /// Of `twilio`: what verifications are for, by the sids of Verify services.
    #[serde(default)]
    pub services: BTreeMap<String, String>,
    /// Of `twilio`: what messages are for, by the sids of content templates.
    #[serde(default)]
    pub contents: BTreeMap<String, ContentConfig>,
}

/// One of Twilio's content templates.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ContentConfig {
    /// What its messages are for.
    pub usage_type: String,
    /// What Aliyun's template calls its variables, by what `ContentVariables`
    /// calls them. `1` is `code` unless this says otherwise; what is not here
    /// keeps its name.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

impl HookConfig {
    /// One with everything as its preset says.
    pub fn new(preset: PresetName) -> Self {
        Self {
            preset,
            secrets: Vec::new(),
            auth: None,
            header: None,
            app: None,
            default_country: None,
            usage_type: None,
            usage_types: BTreeMap::new(),
            locale: None,
            minutes: None,
            budget_ms: None,
            repeat_secs: None,
            methods: Vec::new(),
            fields: FieldsConfig::default(),
            code_pattern: None,
            success: None,
            errors: None,
            audience: None,
            subject: None,
            account_sid: None,
            services: BTreeMap::new(),
            contents: BTreeMap::new(),
        }
    }
}

/// Defines a set of names.
macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant,)*
        }

        impl $type {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in configurations.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

names! {
    /// Whose requests a hook takes.
    PresetName {
        /// Supabase Auth's Send SMS hook.
        Supabase "supabase",
        /// Logto's connector HTTP SMS.
        Logto "logto",
        /// authentik's SMS stage with the provider `generic`.
        Authentik "authentik",
        /// Keycloak with netzbegruenung's SMS authenticator.
        Keycloak "keycloak",
        /// ZITADEL's HTTP SMS provider.
        Zitadel "zitadel",
        /// Ory Kratos' courier.
        Kratos "kratos",
        /// Casdoor's Custom HTTP SMS.
        Casdoor "casdoor",
        /// Authgear's custom SMS gateway.
        Authgear "authgear",
        /// Whatever the configuration says.
        Generic "generic",
        /// Keycloak with vymalo's plugin: the code is ours.
        Vymalo "vymalo",
        /// FusionAuth's generic messenger.
        FusionAuth "fusionauth",
        /// Auth0's passwordless SMS gateway.
        Auth0 "auth0",
        /// Keycloak with cooperlyt's plugin, sender `bulksms`.
        BulkSms "bulksms",
        /// PlaySMS's web service, as Nextcloud calls it.
        PlaySms "playsms",
        /// Uptime Kuma's SMSGateway.
        SmsGateway "smsgateway",
        /// Twilio's Verify v2 and Messages, as its clients call them.
        Twilio "twilio",
    }
}

names! {
    /// How a request proves whose it is.
    AuthKind {
        /// A header holds the secret: as it stands, after `Bearer`, or as
        /// `user:password` of Basic.
        Header "header",
        /// The address goes on with the secret: `/hooks/NAME/SECRET`.
        Path "path",
        /// The parameters `u` and `h` are `user:password`.
        Query "query",
        /// Standard Webhooks.
        StandardWebhooks "standard_webhooks",
        /// ZITADEL's signature.
        Zitadel "zitadel",
        /// Authgear's signature.
        Authgear "authgear",
        /// A JWT signed with HS256.
        Jwt "jwt",
        /// It does not: whoever reaches the address may send.
        None "none",
    }
}

names! {
    /// What an answer looks like where no message was sent.
    ErrorShape {
        /// One sentence for the user, `text/plain`.
        Text "text",
        /// `{"code", "message"}`.
        Json "json",
    }
}

/// Where things stand in a request: names of top-level fields, or JSON pointers
/// (`/sms/otp`); of several the first that is there counts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct FieldsConfig {
    /// The number.
    #[serde(deserialize_with = "one_or_more")]
    pub to: Vec<String>,
    /// The code.
    #[serde(deserialize_with = "one_or_more")]
    pub code: Vec<String>,
    /// A text that holds the code.
    #[serde(deserialize_with = "one_or_more")]
    pub text: Vec<String>,
    /// What it is for.
    #[serde(deserialize_with = "one_or_more")]
    pub usage: Vec<String>,
    /// The user's address.
    #[serde(deserialize_with = "one_or_more")]
    pub ip: Vec<String>,
    /// The user's language.
    #[serde(deserialize_with = "one_or_more")]
    pub locale: Vec<String>,
    /// What tells a request from any other, and is the same when it comes
    /// again.
    #[serde(deserialize_with = "one_or_more")]
    pub id: Vec<String>,
}

/// What is answered where a message was sent.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessConfig {
    /// The status.
    pub status: u16,
    /// The body's type.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Default for SuccessConfig {
    fn default() -> Self {
        Self {
            status: 200,
            content_type: "application/json".to_owned(),
            body: r#"{"code":"ok"}"#.to_owned(),
        }
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let wrong = || told("this must be the name of a field, or a list of names");
    let text = |value: toml::Value| match value {
        toml::Value::String(text) => Ok(text),
        _ => Err(wrong()),
    };
    match toml::Value::deserialize(deserializer)? {
        toml::Value::Array(values) => values.into_iter().map(text).collect(),
        value => Ok(vec![text(value)?]),
    }
}
