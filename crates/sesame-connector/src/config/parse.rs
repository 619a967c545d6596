//! Text to tree: JSON with comments and trailing commas, or TOML.

use std::path::Path;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Entry, Node, Value};
use super::problem::{Found, Place, ProblemId};

/// How a configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, in which comments and trailing commas are allowed.
    Json,
    /// TOML.
    Toml,
}

impl Format {
    /// The one a text can be read in, whatever its file is called: no
    /// configuration is both. A broken one is in the one that can be read
    /// further; where that does not tell, the file's name does.
    pub fn guess(path: Option<&Path>, text: &str) -> Self {
        let extension = path.and_then(Path::extension);
        let is_toml = extension.is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        let text = without_mark(text);
        let toml = (readable(text, Self::Toml), is_toml);
        let json = (readable(text, Self::Json), !is_toml);
        if toml > json { Self::Toml } else { Self::Json }
    }
}

/// How far a text can be read.
fn readable(text: &str, format: Format) -> usize {
    match parse(text, format) {
        // Nothing at all is TOML, which says nothing.
        Ok(Node {
            value: Value::Table(entries),
            ..
        }) if format == Format::Toml && entries.is_empty() => 0,
        Ok(_) => usize::MAX,
        Err(found) => {
            let places = found.iter().filter_map(|found| found.place.at);
            places.min().unwrap_or(0)
        }
    }
}

/// A text without its byte order mark.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

pub(super) fn parse(text: &str, format: Format) -> Result<Node, Vec<Found>> {
    match format {
        Format::Json => json(text).map_err(|problem| vec![problem]),
        Format::Toml => toml(text),
    }
}

fn json(text: &str) -> Result<Node, Found> {
    let collect = CollectOptions::default();
    let parsed = jsonc_parser::parse_to_ast(text, &collect, &json_options())
        .map_err(|error| json_problem(&error))?;
    match &parsed.value {
        Some(value) => Ok(json_node(value)),
        None => Err(syntax(
            0,
            "there is nothing in it",
            "write the configuration, for example as in examples/connector.json",
        )),
    }
}

/// JSON, and what people leave in it.
pub fn json_options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn json_node(value: &ast::Value<'_>) -> Node {
    Node {
        at: Some(value.start()),
        value: match value {
            ast::Value::StringLit(text) => Value::Text(text.value.to_string()),
            ast::Value::NumberLit(number) => Value::Number(number.value.to_owned()),
            ast::Value::BooleanLit(boolean) => Value::Bool(boolean.value),
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::Array(list) => Value::List(list.elements.iter().map(json_node).collect()),
            ast::Value::Object(object) => {
                Value::Table(object.properties.iter().map(json_entry).collect())
            }
        },
    }
}

fn json_entry(property: &ast::ObjectProp<'_>) -> Entry {
    Entry {
        key: property.name.as_str().to_owned(),
        at: Some(property.start()),
        node: json_node(&property.value),
    }
}

/// In our own words: the parser's may quote the text, and so a secret.
fn json_problem(error: &ParseError) -> Found {
    use ParseErrorKind as Kind;
    let (message, cure) = match error.kind() {
        Kind::ExpectedComma => (
            "a comma is missing here",
            "put a comma after the value before",
        ),
        Kind::ExpectedColonAfterObjectKey => {
            ("a colon is missing after a key", "write \"key\": value")
        }
        Kind::ExpectedObjectValue => ("a key has no value", "write a value after the colon"),
        Kind::ExpectedStringObjectProperty | Kind::UnexpectedWord => (
            "a word stands here without double quotes",
            "put keys and strings in double quotes",
        ),
        Kind::SingleQuotedStringsNotAllowed => (
            "a string stands in single quotes",
            "JSON takes double quotes only",
        ),
        Kind::String(_) => (
            "a string is not closed, or has a wrong escape in it",
            "close it with a double quote, and write \\\" and \\\\ for quotes and backslashes in it",
        ),
        Kind::UnterminatedArray | Kind::UnterminatedObject | Kind::UnterminatedCommentBlock => (
            "what begins here is never closed",
            "add the missing ], } or */; perhaps the end of the text was cut off",
        ),
        Kind::MultipleRootJsonValues => (
            "there is something after the end of the configuration",
            "remove it; one object in braces is all",
        ),
        Kind::NestingDepthExceeded => ("it is nested too deeply", "take the shape of an example"),
        _ => (
            "this is not JSON",
            "check commas, colons, quotes and brackets around this place",
        ),
    };
    syntax(error.range().start, message, cure)
}

fn syntax(at: usize, message: &str, cure: &str) -> Found {
    Found {
        id: ProblemId::Syntax,
        place: Place {
            path: String::new(),
            at: Some(at),
        },
        message: message.to_owned(),
        cure: cure.to_owned(),
    }
}

fn toml(text: &str) -> Result<Node, Vec<Found>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node {
            at: Some(0),
            value: toml_table(table.get_ref()),
        });
    }
    Err(errors.iter().map(toml_problem).collect())
}

fn toml_problem(error: &toml::de::Error) -> Found {
    let at = error.span().map_or(0, |span| span.start);
    if error.message().contains("duplicate key") {
        return Found {
            id: ProblemId::DuplicateKey,
            ..syntax(at, "this key stands twice", "keep one of the two")
        };
    }
    let message = format!("this is not TOML: {}", error.message());
    let cure =
        "check quotes, brackets and equals signs around this place; a string stands in quotes";
    syntax(at, &message, cure)
}

fn toml_table(table: &DeTable<'_>) -> Value {
    Value::Table(
        table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                at: Some(key.span().start),
                node: toml_node(value),
            })
            .collect(),
    )
}

fn toml_node(value: &Spanned<DeValue<'_>>) -> Node {
    Node {
        at: Some(value.span().start),
        value: match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => Value::Number(decimal(number.as_str(), number.radix())),
            DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
            DeValue::Boolean(boolean) => Value::Bool(*boolean),
            DeValue::Datetime(_) => Value::Time,
            DeValue::Array(list) => Value::List(list.iter().map(toml_node).collect()),
            DeValue::Table(table) => toml_table(table),
        },
    }
}

/// TOML also writes whole numbers in hexadecimal, octal and binary.
fn decimal(digits: &str, radix: u32) -> String {
    i64::from_str_radix(digits, radix).map_or_else(|_| digits.to_owned(), |n| n.to_string())
}

/// A configuration that came as a value, without a text.
pub(super) fn from_value(value: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    Node {
        at: None,
        value: match value {
            Json::Null => Value::Null,
            Json::Bool(boolean) => Value::Bool(*boolean),
            Json::Number(number) => Value::Number(number.to_string()),
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(list) => Value::List(list.iter().map(from_value).collect()),
            Json::Object(object) => Value::Table(
                object
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        at: None,
                        node: from_value(value),
                    })
                    .collect(),
            ),
        },
    }
}
