//! Answers in XML, for whoever asks with `Format=XML`.

use serde_json::Value;

use super::reply::Fields;

pub(super) fn document(root: &str, fields: &Fields) -> String {
    let mut text = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    open(&mut text, root, "<");
    text.push_str(&elements(fields));
    open(&mut text, root, "</");
    text
}

/// What stands inside a root.
pub(crate) fn elements(fields: &[(&str, Value)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        element(&mut text, name, value);
    }
    text
}

fn open(text: &mut String, name: &str, bracket: &str) {
    text.push_str(bracket);
    text.push_str(name);
    text.push('>');
}

/// A list is its element again and again; an empty one is nothing.
fn element(text: &mut String, name: &str, value: &Value) {
    if let Value::Array(values) = value {
        for value in values {
            element(text, name, value);
        }
        return;
    }
    open(text, name, "<");
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                element(text, name, value);
            }
        }
        Value::String(value) => escape(text, value),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
    open(text, name, "</");
}

/// What XML 1.0 cannot hold at all is replaced.
fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\t' | '\n' => text.push(character),
            '\r' => text.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => text.push('\u{fffd}'),
            _ => text.push(character),
        }
    }
}
