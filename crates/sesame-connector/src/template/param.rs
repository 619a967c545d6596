//! `TemplateParam`, built from an allow-list: the variables the template
//! declares, and nothing else a caller adds.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::ParamError;

/// The variable that holds the code.
const CODE: &str = "code";

/// How long a code may be. Aliyun's pages disagree: 4 to 6 today, 1 to 20 in
/// older ones, 4 to 8 where it makes the code itself. Under four, a code can be
/// guessed; over ten, nobody types it, and other services stop there too. What
/// lies between the pages is left for Aliyun to judge.
pub(super) const CODE_LENGTH: RangeInclusive<usize> = 4..=10;

/// How long another value may be, as Aliyun says for other kinds of templates.
pub(super) const VALUE_LENGTH: usize = 35;

/// Takes the declared variables out of the payload, in their order.
///
/// # Errors
/// Where one is missing, or is not what Aliyun takes.
pub fn fill(
    variables: &[String],
    payload: &Map<String, Value>,
) -> Result<Vec<(String, String)>, ParamError> {
    let values = variables.iter().map(|name| {
        let value = payload
            .get(name)
            .ok_or_else(|| ParamError::Missing(name.clone()))?;
        let text = text(name, value)?;
        if name == CODE {
            check_code(&text)?;
        } else {
            check_value(name, &text)?;
        }
        Ok((name.clone(), text))
    });
    values.collect()
}

/// Aliyun takes strings only, callers also send numbers.
fn text(name: &str, value: &Value) -> Result<String, ParamError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Err(ParamError::Missing(name.to_owned())),
        _ => Err(ParamError::NotText(name.to_owned())),
    }
}

fn check_code(code: &str) -> Result<(), ParamError> {
    if code.is_empty() {
        Err(ParamError::CodeEmpty)
    } else if !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Err(ParamError::CodeCharacter)
    } else if !CODE_LENGTH.contains(&code.len()) {
        Err(ParamError::CodeLength)
    } else {
        Ok(())
    }
}

fn check_value(name: &str, value: &str) -> Result<(), ParamError> {
    let name = || name.to_owned();
    if value.trim().is_empty() {
        Err(ParamError::Empty(name()))
    } else if value.chars().count() > VALUE_LENGTH {
        Err(ParamError::TooLong(name()))
    } else if has_link(value) {
        Err(ParamError::Link(name()))
    } else if value.chars().any(|c| c.is_control() || is_emoji(c)) {
        Err(ParamError::Character(name()))
    } else {
        Ok(())
    }
}

/// A scheme, `www.`, or a host name under a common top-level domain.
fn has_link(value: &str) -> bool {
    const DOMAINS: [&str; 16] = [
        "com", "cn", "net", "org", "io", "co", "cc", "me", "app", "dev", "xyz", "top", "info",
        "link", "ly", "hk",
    ];
    let lower = value.to_ascii_lowercase();
    let is_in_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    lower.contains("://")
        || lower.split(|c| !is_in_host(c)).any(|word| {
            let domain = word.trim_end_matches('.').rsplit_once('.');
            word.starts_with("www.")
                || domain.is_some_and(|(host, top)| !host.is_empty() && DOMAINS.contains(&top))
        })
}

fn is_emoji(character: char) -> bool {
    matches!(
        u32::from(character),
        0x1f000..=0x1faff | 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x200d | 0x20e3 | 0xfe0f
            | 0xe0020..=0xe007f
    )
}
