//! Texts of our own and whom they come from, for providers that take texts.

use std::collections::BTreeSet;

use super::reader::{Field, Reader, Table};
use super::text::Sort;
use crate::config::ProviderKind;
use crate::config::node::Value;
use crate::config::problem::ProblemId;
use crate::template::text::{Encoding, Piece, first_not_gsm, pieces, render, segments, variables};
use crate::template::{MessageText, foreign_placeholder};

/// The variable that holds the code.
const CODE: &str = "code";

/// What a verification gives values to: the code, and its minutes by two names.
const OF_VERIFICATIONS: [&str; 3] = [CODE, "min", "minutes"];

/// What stands for a value while segments are counted: as long as most codes.
const USUAL_VALUE: &str = "123456";

/// A sender id of letters and digits, and one of digits alone.
const SENDER_ID: (usize, usize) = (11, 15);

/// The most languages a text may be in.
const MOST_LANGUAGES: usize = 100;

impl Reader<'_> {
    /// `senderId`.
    pub(super) fn sender_id(&mut self, table: &Table<'_>) -> Option<String> {
        let id = self.optional(table, "senderId", Sort::Plain)?;
        let field = table.field("senderId")?;
        if self.provider != ProviderKind::AliyunIntl {
            self.unused(&field, "no other provider sends under a sender id");
            return None;
        }
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let most = if is_number { SENDER_ID.1 } else { SENDER_ID.0 };
        if !is_plain || id.len() > most {
            let message = format!("{} is no sender id", field.quoted(&id));
            let cure = "write up to 11 letters and digits, or up to 15 digits";
            self.report(ProblemId::SenderIdFormat, &field.place, message, cure);
            return None;
        }
        Some(id)
    }

    /// `text`: one, or an object of one for each language.
    pub(super) fn text(&mut self, table: &Table<'_>) -> Option<MessageText> {
        let field = table.field("text")?;
        if self.provider != ProviderKind::AliyunIntl {
            self.unused(&field, "all other providers send templates");
            return None;
        }
        let by_language = match field.value {
            Value::Table(entries) => !entries
                .iter()
                .any(|entry| matches!(entry.key.as_str(), "env" | "file")),
            _ => false,
        };
        if !by_language {
            let default = self.one_text(&field)?;
            return Some(MessageText {
                default,
                by_language: Vec::new(),
            });
        }
        self.texts(&field)
    }

    fn unused(&mut self, field: &Field<'_>, why: &str) {
        let message = format!("this is for the provider aliyun-intl; {why}");
        let cure = "remove it, or move it to where that provider stands";
        self.report(ProblemId::OtherProvidersKey, &field.place, message, cure);
    }

    fn texts(&mut self, field: &Field<'_>) -> Option<MessageText> {
        let tags: Vec<&str> = match field.value {
            Value::Table(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
            _ => Vec::new(),
        };
        // Of `zh_CN` it is said that `zh-CN` was meant.
        let written = tags.iter().map(|tag| tag.replace('_', "-"));
        let languages: BTreeSet<String> = written
            .filter(|tag| is_tag(tag))
            .take(MOST_LANGUAGES)
            .collect();
        let languages: Vec<&str> = languages.iter().map(String::as_str).collect();
        let table = self.table(field, &[&["default"], &languages[..]].concat())?;
        let mut by_language: Vec<(String, String)> = Vec::new();
        for tag in languages {
            if let Some(text) = table.field(tag).and_then(|field| self.one_text(&field)) {
                by_language.push((tag.to_ascii_lowercase(), text));
            }
        }
        let Some(default) = table.field("default") else {
            let cure = "add default, the text for everybody whose language has none";
            self.missing(&table, "default", cure);
            return None;
        };
        Some(MessageText {
            default: self.one_text(&default)?,
            by_language,
        })
    }

    /// A text that holds the code once. Its segments are counted with values as
    /// long as most are.
    fn one_text(&mut self, field: &Field<'_>) -> Option<String> {
        let text = self.string(field, Sort::Plain)?;
        if text.is_empty() {
            return None;
        }
        let codes = pieces(&text)
            .into_iter()
            .filter(|piece| *piece == Piece::Variable(CODE));
        let count = codes.count();
        if count != 1 {
            let (message, cure) = if count == 0 {
                let cure = "write ${code} where the code is to stand";
                ("the text does not hold the code", cure)
            } else {
                (
                    "the text holds the code more than once",
                    "write ${code} once",
                )
            };
            self.report(ProblemId::TextWithoutCode, &field.place, message, cure);
            return None;
        }
        self.foreign_placeholder(&text, field);
        self.foreign_variables(&text, field);
        self.count_segments(&text, field);
        Some(text)
    }

    /// What other makes fill in reaches people as it stands.
    fn foreign_placeholder(&mut self, text: &str, field: &Field<'_>) {
        if let Some(wrong) = foreign_placeholder(text) {
            let wrong = field.quoted(wrong);
            let message = format!("the text says {wrong}, which Aliyun sends as it stands");
            let cure =
                "write ${code} for the code and ${min} for its minutes, and words for the rest";
            self.report(ProblemId::TextPlaceholder, &field.place, message, cure);
        }
    }

    /// What a verification has no value for is refused when it is sent.
    fn foreign_variables(&mut self, text: &str, field: &Field<'_>) {
        let others = variables(text)
            .into_iter()
            .filter(|name| !OF_VERIFICATIONS.contains(&name.as_str()));
        for name in others {
            let message = format!(
                "only callers who send their own payload can give ${{{}}} a value; verifications are refused",
                field.quoted(&name)
            );
            let cure =
                "remove it, unless every caller gives it; ${code} and ${min} are always there";
            self.report(ProblemId::TextVariable, &field.place, message, cure);
        }
    }

    fn count_segments(&mut self, text: &str, field: &Field<'_>) {
        let values: Vec<(String, String)> = variables(text)
            .into_iter()
            .map(|name| (name, USUAL_VALUE.to_owned()))
            .collect();
        let filled = render(text, &values);
        let counted = segments(&filled);
        if counted.count == 1 {
            return;
        }
        let (count, encoding) = (counted.count, counted.encoding);
        let message =
            format!("this text is sent as {count} segments ({encoding}), each of them paid");
        let cure = match (encoding, first_not_gsm(&filled)) {
            (Encoding::Ucs2, Some(first)) => format!(
                "shorten it to 70 characters, or to 160 without {} and the like",
                field.quoted(&first.to_string())
            ),
            _ => "shorten it to 160 characters".to_owned(),
        };
        self.report(ProblemId::TextSegments, &field.place, message, cure);
    }
}

/// A language tag by its form: `en`, `zh-CN`, `zh-Hant-HK`.
fn is_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_language = |part: &str| {
        (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    parts.next().is_some_and(is_language) && parts.all(is_part)
}
