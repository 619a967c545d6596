//! One line of what the doctor says.

use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::text::{Language, Text, printable};

/// How bad what was found is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but not as it should, or not for long.
    Warning,
    /// Something will fail.
    Failure,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Warning, Self::Failure];

    /// The name in JSON, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Defines [`CheckId`]: variant, name in JSON.
macro_rules! check_ids {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)*) => {
        /// What was looked at. The names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum CheckId {
            $($(#[$doc])* $variant,)*
        }

        impl CheckId {
            /// All of them, in the order of looking.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

check_ids! {
    /// The configuration, as `sesame config check` sees it.
    Configuration "configuration";
    /// The proxy in the environment.
    Proxy "proxy";
    /// The endpoint's host name.
    EndpointName "endpoint_name";
    /// The connection to it.
    Connection "connection";
    /// Its certificate.
    Tls "tls";
    /// Whether what answers is Aliyun.
    Answer "answer";
    /// This machine's clock.
    Clock "clock";
    /// Whether there are any credentials, and where they came from.
    Credentials "credentials";
    /// Whether Aliyun takes the key.
    AccessKey "access_key";
    /// What the key may do.
    Permission "permission";
    /// Whether the account may use the service.
    Service "service";
    /// The account's money.
    Balance "balance";
    /// Whether requests may come from this machine's address.
    SourceAddress "source_address";
    /// Whether a signature exists and is approved.
    SignName "sign_name";
    /// Whose signature it is.
    SignNameTag "sign_name_tag";
    /// Whether the carriers know it.
    SignNameCarriers "sign_name_carriers";
    /// Whether a template exists and is approved.
    Template "template";
    /// Whether it is for codes, and for the numbers it is used for.
    TemplateKind "template_kind";
    /// How the code stands in its text.
    TemplateText "template_text";
    /// Whether its variables are those that are sent.
    TemplateVariables "template_variables";
    /// Which signature it belongs to.
    TemplateSignName "template_sign_name";
    /// Whose template it is.
    TemplateTag "template_tag";
    /// Numbers outside the mainland.
    Overseas "overseas";
    /// Numbers of one country.
    Country "country";
    /// Delivery reports.
    Reports "reports";
    /// The message of `--send`.
    TestMessage "test_message";
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What was found about one thing. Serializes in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub id: CheckId,
    /// How it is.
    pub level: Level,
    /// Which one: a signature, a template code, an endpoint. Holds nothing a
    /// terminal would obey.
    pub subject: String,
    /// What was found.
    pub message: Text,
    /// What to do about it.
    pub cure: Option<Text>,
    /// Where in Aliyun's console.
    pub link: Option<&'static str>,
}

impl Check {
    pub(super) fn ok(id: CheckId, subject: &str, message: Text) -> Self {
        Self {
            id,
            level: Level::Ok,
            subject: printable(subject),
            message,
            cure: None,
            link: None,
        }
    }

    pub(crate) fn warning(id: CheckId, subject: &str, message: Text, cure: Text) -> Self {
        Self {
            level: Level::Warning,
            cure: Some(cure),
            ..Self::ok(id, subject, message)
        }
    }

    pub(crate) fn failure(id: CheckId, subject: &str, message: Text, cure: Text) -> Self {
        Self {
            level: Level::Failure,
            ..Self::warning(id, subject, message, cure)
        }
    }

    pub(crate) fn at(mut self, link: &'static str) -> Self {
        self.link = Some(link);
        self
    }

    /// The cure in one language, where one is needed.
    pub fn cure_in(&self, language: Language) -> Option<&str> {
        self.cure.as_ref().map(|cure| cure.in_language(language))
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Check", 6)?;
        object.serialize_field("id", &self.id)?;
        object.serialize_field("level", &self.level)?;
        object.serialize_field("subject", &self.subject)?;
        object.serialize_field("message", &self.message.en)?;
        object.serialize_field("cure", &self.cure.as_ref().map(|cure| &cure.en))?;
        object.serialize_field("link", &self.link)?;
        object.end()
    }
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of looking.
    pub checks: Vec<Check>,
}

impl Report {
    /// The worst of it.
    pub fn level(&self) -> Level {
        let levels = self.checks.iter().map(|check| check.level);
        levels.max().unwrap_or(Level::Ok)
    }

    /// How many of a level.
    pub fn count(&self, level: Level) -> usize {
        let of_level = self.checks.iter().filter(|check| check.level == level);
        of_level.count()
    }

    /// What could not be looked at because of something that failed before.
    pub fn not_looked_at(&self) -> Vec<CheckId> {
        const DEPENDENT: [CheckId; 10] = [
            CheckId::Answer,
            CheckId::Clock,
            CheckId::Credentials,
            CheckId::AccessKey,
            CheckId::Permission,
            CheckId::Service,
            CheckId::SignName,
            CheckId::SignNameCarriers,
            CheckId::Template,
            CheckId::TemplateText,
        ];
        let is_there = |id: &CheckId| self.checks.iter().any(|check| check.id == *id);
        DEPENDENT.into_iter().filter(|id| !is_there(id)).collect()
    }

    /// Adds a line, in the place of an earlier one about the same.
    pub fn put(&mut self, check: Check) {
        let is_same = |other: &Check| other.id == check.id && other.subject == check.subject;
        // A configuration may have several problems in one place.
        if check.id != CheckId::Configuration {
            self.checks.retain(|other| !is_same(other));
        }
        self.checks.push(check);
    }
}
