//! The configuration of a connector: what an operator writes, checked whole.
//!
//! It is read from JSON with comments and trailing commas, from TOML or from a
//! value (`config/parse.rs`), becomes one tree (`config/node.rs`), and is
//! checked against hand-written rules (`config/check.rs`), so that everything
//! that is wrong is found at once, with its place, and in words of our own.

mod check;
mod load;
mod lookup;
mod node;
mod parse;
mod problem;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use aliyun_sms::Endpoint;
use secrecy::SecretString;
use thiserror::Error as ThisError;

use crate::phone::Reading;
use crate::template::{MessageText, SignName, TemplateCode};
use crate::usage::UsageType;
pub use lookup::{Lookup, NoLookup, Reference, SystemLookup};
pub use parse::{Format, json_options};
pub use problem::{Level, Problem, ProblemId};

/// How long one send may take in all, if `timeoutMs` does not say.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(8);

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct ConnectorConfig {
    /// Which provider sends.
    pub provider: ProviderKind,
    /// What requests are signed with.
    pub credentials: Credentials,
    /// The signatures of all templates that have none of their own.
    pub sign_names: SignNames,
    /// Whom texts of our own come from, where the provider lets us say.
    pub sender_id: Option<String>,
    /// What is sent for which usage type; of two for one type, the first.
    pub templates: Vec<Template>,
    /// How phone numbers are read.
    pub reading: Reading,
    /// Where requests go, if not to Aliyun's endpoint of the region.
    pub endpoint: Option<Endpoint>,
    /// Aliyun's region.
    pub region: Option<String>,
    /// How long one send may take in all.
    pub timeout: Duration,
    /// How to send what this refuses for a reason that lies with its signature,
    /// its template or its account. Its keys and its way of reading numbers are
    /// those of the whole, and it has no other behind it.
    pub fallback: Option<Box<ConnectorConfig>>,
}

/// The providers that are built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderKind {
    /// Aliyun SMS, `Dysmsapi` 2017-05-25.
    #[default]
    AliyunSms,
    /// Aliyun's PNVS (短信认证), `Dypnsapi` 2017-05-25: gift signatures and
    /// templates that need no review, for mainland numbers only.
    AliyunPnvs,
    /// Aliyun SMS of the international site, `Dysmsapi` 2018-05-01: texts of our
    /// own outside the mainland, templates in it.
    AliyunIntl,
}

impl ProviderKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AliyunSms, Self::AliyunPnvs, Self::AliyunIntl];

    /// The name in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AliyunSms => "aliyun-sms",
            Self::AliyunPnvs => "aliyun-pnvs",
            Self::AliyunIntl => "aliyun-intl",
        }
    }

    /// The region whose endpoint is called, if nothing else is said.
    pub fn usual_region(self) -> &'static str {
        match self {
            Self::AliyunSms | Self::AliyunPnvs => aliyun_sms::client::REGION,
            Self::AliyunIntl => "ap-southeast-1",
        }
    }
}

/// What requests are signed with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credentials {
    /// An AccessKey of the configuration.
    Keys {
        /// The one in use.
        current: AccessKey,
        /// The one that takes over; valid too while keys are rotated.
        next: Option<AccessKey>,
    },
    /// `"default"`: Alibaba's own provider chain.
    DefaultChain,
}

/// An AccessKey. Prints nothing of itself.
#[derive(Clone)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
    /// The token that belongs to a temporary key.
    pub security_token: Option<SecretString>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey([redacted])")
    }
}

/// Signatures, for everywhere or by region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignNames {
    /// `signName`.
    pub both: Option<SignName>,
    /// `signNames.china`.
    pub china: Option<SignName>,
    /// `signNames.overseas`.
    pub overseas: Option<SignName>,
}

impl SignNames {
    /// The one for the mainland.
    pub fn for_china(&self) -> Option<&SignName> {
        self.china.as_ref().or(self.both.as_ref())
    }

    /// The one for everywhere else.
    pub fn for_overseas(&self) -> Option<&SignName> {
        self.overseas.as_ref().or(self.both.as_ref())
    }
}

/// What is sent for one usage type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The usage type.
    pub usage_type: UsageType,
    /// The codes of the approved templates.
    pub codes: TemplateCodes,
    /// Signatures that go before those of the whole configuration.
    pub sign_names: SignNames,
    /// The variables in the template's text. Nothing else is ever filled in.
    pub variables: Vec<String>,
    /// What numbers outside the mainland get from a provider that takes texts.
    pub text: Option<MessageText>,
}

impl Template {
    /// Whether anything of it is meant for numbers outside the mainland.
    pub fn is_for_overseas(&self) -> bool {
        let has_code = match &self.codes {
            TemplateCodes::Everywhere(_) => true,
            TemplateCodes::ByRegion { overseas, .. } => overseas.is_some(),
        };
        has_code || self.text.is_some()
    }
}

/// The codes of the approved templates for one usage type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateCodes {
    /// One string: the configuration does not say where the template may go.
    Everywhere(TemplateCode),
    /// `{china, overseas}`.
    ByRegion {
        /// For mainland numbers.
        china: Option<TemplateCode>,
        /// For all others.
        overseas: Option<TemplateCode>,
    },
}

/// What came of checking a configuration.
#[derive(Clone, Debug)]
pub struct Checked {
    /// There wherever everything needed is there, even if some of it is unwise
    /// enough to be an error: whoever must accept that can go on with it. What
    /// is wrong and not needed is left out; but for a wrong endpoint there is
    /// no configuration, so that nothing goes elsewhere than it was meant to.
    pub config: Option<ConnectorConfig>,
    /// All that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// Whether nothing is wrong but warnings.
    pub fn is_valid(&self) -> bool {
        self.config.is_some() && self.errors().next().is_none()
    }

    /// The problems that make it invalid.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems
            .iter()
            .filter(|problem| problem.level == Level::Error)
    }

    /// The configuration, if it is valid.
    ///
    /// # Errors
    /// With all problems, if it is not.
    pub fn into_valid(self) -> Result<ConnectorConfig, ConfigError> {
        let valid = self.is_valid();
        match self.config {
            Some(config) if valid => Ok(config),
            _ => Err(ConfigError {
                problems: self.problems,
            }),
        }
    }
}

/// Why a configuration is not valid: at least one problem is an error.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub struct ConfigError {
    /// All problems, warnings too.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self
            .problems
            .iter()
            .filter(|problem| problem.level == Level::Error);
        match errors.next() {
            Some(first) => write!(f, "{first}")?,
            None => f.write_str("the configuration is not valid")?,
        }
        match errors.count() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl ConnectorConfig {
    /// Has everything go there, what stands behind included.
    pub fn point_at(&mut self, endpoint: &Endpoint) {
        self.endpoint = Some(endpoint.clone());
        if let Some(fallback) = &mut self.fallback {
            fallback.point_at(endpoint);
        }
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// With all that is wrong with it, or why it cannot be read.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::check_file(path).into_valid()
    }

    /// Reads and checks a file. What keeps it from being read is a problem too.
    pub fn check_file(path: &Path) -> Checked {
        match load::read(path) {
            Ok(text) => {
                let format = Format::guess(Some(path), &text);
                Self::parse(&text, format, &SystemLookup::beside(path))
            }
            Err(problem) => Checked {
                config: None,
                problems: vec![problem],
            },
        }
    }

    /// Reads and checks a text.
    pub fn parse(text: &str, format: Format, lookup: &dyn Lookup) -> Checked {
        let text = parse::without_mark(text);
        let (config, found) = match parse::parse(text, format) {
            Ok(root) => check::check(&root, lookup),
            Err(found) => (None, found),
        };
        Checked {
            config,
            problems: problem::locate(text, found),
        }
    }

    /// Checks a value, as Logto hands it over.
    pub fn from_value(value: &serde_json::Value, lookup: &dyn Lookup) -> Checked {
        let (config, found) = check::check(&parse::from_value(value), lookup);
        Checked {
            config,
            problems: problem::locate("", found),
        }
    }
}
