//! Reading an account, with errors that say where.

use std::collections::HashSet;
use std::fmt;

use super::{Account, Secret};
use crate::phone::Readings;

/// Aliyun exempts at most this many numbers from the limits.
const EXEMPT_MAX: usize = 300;

/// What is wrong with an account, and where. Holds no value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct AccountError {
    /// The field, `templates[0].kind`; empty where the text is no TOML or JSON.
    pub field: String,
    /// Line from 1, where there is a text to point into.
    pub line: Option<usize>,
    /// Column from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

impl Account {
    /// Reads an account written in TOML.
    ///
    /// # Errors
    /// The first thing that is wrong: no TOML, a field nobody knows, a value of
    /// the wrong type, or one that makes no sense.
    pub fn from_toml(text: &str) -> Result<Self, AccountError> {
        let deserializer =
            toml::Deserializer::parse(text).map_err(|error| toml_error(text, "", &error))?;
        let account: Self = serde_path_to_error::deserialize(deserializer)
            .map_err(|error| toml_error(text, &path(&error), error.inner()))?;
        account.check()?;
        Ok(account)
    }

    /// Reads an account written in JSON.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn from_json(text: &str) -> Result<Self, AccountError> {
        // Serde would read an array as an object without names.
        if !text.trim_start().starts_with('{') {
            return Err(wrong("", "is no JSON object"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let account: Self = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| json_error(&path(&error), error.inner()))?;
        deserializer.end().map_err(|error| json_error("", &error))?;
        account.check()?;
        Ok(account)
    }

    /// What no type can say.
    ///
    /// # Errors
    /// The first field that makes no sense.
    pub fn check(&self) -> Result<(), AccountError> {
        self.check_account_id()?;
        self.check_money()?;
        self.check_numbers()?;
        self.check_access_keys()?;
        self.check_sign_names()?;
        self.check_templates()
    }

    fn check_account_id(&self) -> Result<(), AccountError> {
        let id = &self.account_id;
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("account_id", "must be digits"));
        }
        Ok(())
    }

    fn check_money(&self) -> Result<(), AccountError> {
        let is_money = |value: f64| (0.0..=1e12).contains(&value);
        if !self.balance.is_none_or(is_money) {
            return Err(wrong("balance", "must be 0 or more"));
        }
        if !is_money(self.price) {
            return Err(wrong("price", "must be 0 or more"));
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), AccountError> {
        let lists = [
            ("bound_numbers", &self.bound_numbers),
            ("blocked_numbers", &self.blocked_numbers),
            ("exempt_numbers", &self.exempt_numbers),
        ];
        for (name, numbers) in lists {
            for (at, number) in numbers.iter().enumerate() {
                if Readings::of_written(number).all().next().is_none() {
                    return Err(wrong(format!("{name}[{at}]"), "is not a phone number"));
                }
            }
        }
        if self.exempt_numbers.len() > EXEMPT_MAX {
            return Err(wrong(
                "exempt_numbers",
                "Aliyun exempts at most 300 numbers",
            ));
        }
        Ok(())
    }

    fn check_access_keys(&self) -> Result<(), AccountError> {
        let mut seen = HashSet::new();
        for (at, key) in self.access_keys.iter().enumerate() {
            let field = |name: &str| format!("access_keys[{at}].{name}");
            let is_token = |text: &str| {
                !text.is_empty() && text.trim() == text && !text.contains(char::is_control)
            };
            if !is_token(&key.id) || key.id.contains(',') {
                return Err(wrong(
                    field("id"),
                    "must not be empty, start or end with a space, or hold commas or line breaks",
                ));
            }
            if !seen.insert(&key.id) {
                return Err(wrong(field("id"), "another key has the same id"));
            }
            if !is_token(key.secret.reveal()) {
                return Err(wrong(
                    field("secret"),
                    "must not be empty, start or end with a space, or hold line breaks",
                ));
            }
            if !key
                .security_token
                .as_ref()
                .map(Secret::reveal)
                .is_none_or(is_token)
            {
                return Err(wrong(
                    field("security_token"),
                    "must not be empty, start or end with a space, or hold line breaks",
                ));
            }
        }
        Ok(())
    }

    fn check_sign_names(&self) -> Result<(), AccountError> {
        for (at, sign_name) in self.sign_names.iter().enumerate() {
            if sign_name.name.is_empty() || sign_name.name.contains(['【', '】']) {
                return Err(wrong(
                    format!("sign_names[{at}].name"),
                    "must not be empty and stands without 【】",
                ));
            }
        }
        Ok(())
    }

    fn check_templates(&self) -> Result<(), AccountError> {
        let mut seen = HashSet::new();
        for (at, template) in self.templates.iter().enumerate() {
            let field = |name: &str| format!("templates[{at}].{name}");
            if template.code.is_empty() {
                return Err(wrong(field("code"), "must not be empty"));
            }
            if !seen.insert(&template.code) {
                return Err(wrong(field("code"), "another template has the same code"));
            }
            if template.content.is_empty() {
                return Err(wrong(field("content"), "must not be empty"));
            }
        }
        Ok(())
    }
}

fn wrong(field: impl Into<String>, problem: &str) -> AccountError {
    AccountError {
        field: field.into(),
        line: None,
        column: None,
        problem: problem.to_owned(),
    }
}

/// Serde's path, where it knows one.
pub(crate) fn path<E>(error: &serde_path_to_error::Error<E>) -> String {
    let path = error.path().to_string();
    if path == "." || path == "?" {
        String::new()
    } else {
        path
    }
}

fn toml_error(text: &str, field: &str, error: &toml::de::Error) -> AccountError {
    let place = error.span().map(|span| line_and_column(text, span.start));
    AccountError {
        field: field.to_owned(),
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        // The error's whole display quotes the line, which may hold a secret.
        problem: error.message().to_owned(),
    }
}

fn json_error(field: &str, error: &serde_json::Error) -> AccountError {
    let place = (error.line() > 0).then(|| (error.line(), error.column()));
    let text = error.to_string();
    let problem = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(start, _)| start);
    AccountError {
        field: field.to_owned(),
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        problem: problem.to_owned(),
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let error = Account::from_toml("balance = 1.0\n[limits]\nper_munite = 1\n").unwrap_err();
        assert_eq!(error.line, Some(3));
        assert!(error.to_string().contains("per_munite"), "{error}");
    }

    #[test]
    fn a_secret_without_quotes_is_not_quoted_back() {
        let text = "[[access_keys]]\nid = \"a\"\nsecret = 8675309\n";
        let error = Account::from_toml(text).unwrap_err();
        assert_eq!(error.field, "access_keys[0].secret");
        assert!(!error.to_string().contains("8675309"), "{error}");
        assert!(!format!("{error:?}").contains("8675309"));
    }

    #[test]
    fn what_is_absent_is_as_out_of_the_box() {
        assert_eq!(Account::from_toml("").unwrap(), Account::default());
        let account = Account::from_json(r#"{"balance": 0}"#).unwrap();
        assert_eq!(
            account,
            Account {
                balance: Some(0.0),
                ..Account::default()
            }
        );
    }

    #[test]
    fn an_account_survives_json() {
        let text = serde_json::to_string(&Account::default()).unwrap();
        assert_eq!(Account::from_json(&text).unwrap(), Account::default());
    }
}
