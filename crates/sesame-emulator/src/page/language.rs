//! The pages' two languages.

use http::{HeaderMap, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    /// What is asked for, else what the browser likes best of the two.
    pub(super) fn of(asked: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        let wishes = asked
            .into_iter()
            .chain(accepted.unwrap_or_default().split(','));
        let mut known = wishes.filter_map(Self::named);
        known.next().unwrap_or(Self::English)
    }

    /// `zh`, `zh-CN;q=0.9` and the like.
    pub(super) fn named(text: &str) -> Option<Self> {
        let primary = text.trim().split([';', '-']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The one of two texts that is in this language.
    pub(super) fn say<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    pub(super) fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }

    pub(super) fn name(self) -> &'static str {
        self.say("English", "简体中文")
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::English,
        }
    }
}
