//! The line a problem stands in, with a caret below it.
//!
//! A value is shown only where it is known not to be a secret: under a key from
//! the list below, or where it is a placeholder. The text may be broken, so
//! nothing is concluded from what stands on other lines.

use sesame_connector::config::Problem;

use crate::output::{BAD, DIM, paint, width};

/// Keys whose values are no secrets.
const SHOWN: [&str; 18] = [
    "signName",
    "signNames",
    "templates",
    "templateCode",
    "usageType",
    "type",
    "china",
    "overseas",
    "variables",
    "endpoint",
    "region",
    "provider",
    "credentials",
    "defaultCountry",
    "timeoutMs",
    "strictPhoneRegionNumberCheck",
    "env",
    "file",
];
/// Keys whose values are secrets, or tell whose account it is.
const HIDDEN: [&str; 5] = [
    "accessKeyId",
    "accessKeySecret",
    "securityToken",
    "nextAccessKeyId",
    "nextAccessKeySecret",
];
/// A longer line is no configuration anybody wrote by hand.
const LONGEST_LINE: usize = 240;

pub(super) fn render(text: &str, problem: &Problem) -> Option<String> {
    let (number, column) = (problem.line?, problem.column?);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = text.lines().nth(number.checked_sub(1)?)?;
    if line.trim().is_empty() || line.chars().count() > LONGEST_LINE {
        return None;
    }
    let shown = mask(line, last_key(&problem.path)).replace('\t', " ");
    let before: String = shown.chars().take(column - 1).collect();
    let after: String = shown.chars().skip(column - 1).collect();
    let carets = "^".repeat(token_width(&after).max(1));
    let number = number.to_string();
    let gutter = " ".repeat(number.len());
    Some(format!(
        "  {} {shown}\n  {} {}{}\n",
        paint(DIM, format_args!("{number} │")),
        paint(DIM, format_args!("{gutter} │")),
        " ".repeat(width(&before)),
        paint(BAD, carets),
    ))
}

/// How far the value at the start goes.
fn token_width(text: &str) -> usize {
    let length = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted_length(text, quote),
        _ => word_length(text),
    };
    width(&text[..length])
}

/// `templates[0].templateCode` → `templateCode`; `variables[1]` → `variables`.
fn last_key(path: &str) -> &str {
    let last = path.rsplit('.').next().unwrap_or_default();
    last.split('[').next().unwrap_or_default()
}

/// Replaces every character of a value that may be a secret by `*`. `key` is
/// the one the line's first value belongs to.
fn mask<'a>(line: &'a str, mut key: &'a str) -> String {
    // A forgotten quotation mark makes keys of values and values of keys.
    let is_broken = !line.matches(['"', '\'']).count().is_multiple_of(2);
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted_length(rest, first),
            c if is_word(c) => word_length(rest),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let name = token.trim_matches(['"', '\'']);
        if is_known(name) && after.trim_start().starts_with([':', '=']) {
            key = name;
        }
        let is_value = is_word(first) || matches!(first, '"' | '\'');
        let is_shown_key = SHOWN.contains(&key) && !is_broken;
        if !is_value || is_shown_key || is_harmless(name) {
            masked.push_str(token);
        } else {
            masked.extend(
                token
                    .chars()
                    .map(|c| if matches!(c, '"' | '\'') { c } else { '*' }),
            );
        }
        rest = after;
    }
    masked
}

/// A string with its quotes; all that is left of the line where it has no end.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if character == quote && !is_escaped {
            return at + quote.len_utf8();
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    text.len()
}

fn word_length(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

/// Anything that could be a part of a secret written without quotes.
fn is_word(character: char) -> bool {
    !character.is_whitespace()
        && !matches!(
            character,
            '{' | '}' | '[' | ']' | ',' | ':' | '=' | '"' | '\''
        )
}

fn is_known(name: &str) -> bool {
    SHOWN.contains(&name) || HIDDEN.contains(&name)
}

/// Whether it may be shown whatever it is the value of.
fn is_harmless(name: &str) -> bool {
    let is_placeholder = name.len() > 2 && name.starts_with('<') && name.ends_with('>');
    name.is_empty() || is_placeholder || matches!(name, "true" | "false" | "null") || is_known(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_cannot_be_a_secret() {
        for line in [
            r#"  "signName": "阿里云","#,
            r#"  { "templateCode": "SMS_1", "usageType": "Sigin" },"#,
            r#"  "accessKeyId": "<access-key-id>","#,
            r#"  "accessKeySecret": "","#,
            r#"  "accessKeySecret": {"env": "SECRET_NAME"},"#,
            r#"signName = "x""#,
            "[[templates]]",
        ] {
            assert_eq!(mask(line, ""), line);
        }
    }

    #[test]
    fn masks_the_rest() {
        for (line, shown) in [
            (
                r#""accessKeySecret": "abc","#,
                r#""accessKeySecret": "***","#,
            ),
            (
                r#""accessKeyId": "abc", "signName": "x""#,
                r#""accessKeyId": "***", "signName": "x""#,
            ),
            (r#""acessKeySecrt": "abc""#, r#""*************": "***""#),
            (r#""accessKeySecret": "a\"c"#, r#""accessKeySecret": "**"*"#),
            ("rest-of-a-secret\",", "****************\"*"),
            ("accessKeySecret = 'abc'", "accessKeySecret = '***'"),
            ("// the secret is abc", "** *** ****** ** ***"),
            ("accessKeySecret: abc=def", "accessKeySecret: ***=***"),
            (
                r#""signName": "x, "accessKeySecret": "abc""#,
                r#""signName": "***"accessKeySecret"**"***""#,
            ),
        ] {
            assert_eq!(mask(line, ""), shown);
        }
    }

    #[test]
    fn a_value_of_a_list_is_shown_by_its_path() {
        assert_eq!(mask("    \"code\",", "variables"), "    \"code\",");
        assert_eq!(mask("    \"code\",", ""), "    \"****\",");
    }
}
