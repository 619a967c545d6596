//! JSON in which every value knows its place, so that an error can name file,
//! line and column. Errors never repeat a value: it may be the secret.

use std::path::Path;

use jsonc_parser::CollectOptions;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use sesame_connector::config::json_options;

use crate::fault::Fault;
use crate::input;

/// No request to an SMS API comes near this, and looking for a mistake takes
/// time.
const LARGEST: u64 = 1024 * 1024;

/// A file's text and its name for errors.
pub(super) struct Text {
    name: String,
    text: String,
}

/// Reads a case; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<Text, Fault> {
    Ok(Text {
        name: input::name(path),
        text: input::read(path, LARGEST)?,
    })
}

impl Text {
    /// Parses it and hands the outermost value to `read`.
    pub(super) fn parse<T>(
        &self,
        read: impl FnOnce(Node<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let parsed =
            jsonc_parser::parse_to_ast(&self.text, &CollectOptions::default(), &json_options())
                .map_err(|error| {
                    let what = lower_first(&error.kind().to_string());
                    let message = format!("not JSON: {what}");
                    self.fault_at(
                        error.range().start,
                        &message,
                        "write a JSON object with input and wire",
                    )
                })?;
        match &parsed.value {
            Some(value) => read(Node {
                value,
                path: String::new(),
                text: self,
            }),
            None => Err(self.fault_at(
                0,
                "the file is empty",
                "write a JSON object with input and wire",
            )),
        }
    }

    fn fault_at(&self, at: usize, message: &str, cure: &str) -> Fault {
        let (line, column) = input::position(&self.text, at);
        Fault::bad_input(format!("{}:{line}:{column}: {message}", self.name), cure)
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// One value and its place.
#[derive(Clone)]
pub(super) struct Node<'a> {
    value: &'a ast::Value<'a>,
    path: String,
    text: &'a Text,
}

impl<'a> Node<'a> {
    /// A member; `null` and an absent one are the same. Of two with one name
    /// the last counts, as in every JSON reader.
    pub(super) fn get(&self, name: &str) -> Result<Option<Node<'a>>, Fault> {
        let ast::Value::Object(object) = self.value else {
            return Err(self.wrong_type("an object"));
        };
        let found = object
            .properties
            .iter()
            .rev()
            .find(|p| p.name.as_str() == name);
        let value = found.map(|property| &property.value);
        Ok(value
            .filter(|value| !matches!(value, ast::Value::NullKeyword(_)))
            .map(|value| self.child(value, name)))
    }

    /// A member that must be there.
    pub(super) fn need(&self, name: &str, cure: &str) -> Result<Node<'a>, Fault> {
        let found = self.get(name)?;
        found.ok_or_else(|| {
            let at = self.join(name);
            self.fault(&format!("{at} is missing"), cure)
        })
    }

    /// A string.
    pub(super) fn string(&self) -> Result<String, Fault> {
        match self.value {
            ast::Value::StringLit(text) => Ok(text.value.to_string()),
            _ => Err(self.wrong_type("a string")),
        }
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Result<Vec<Node<'a>>, Fault> {
        let ast::Value::Array(array) = self.value else {
            return Err(self.wrong_type("an array"));
        };
        let child = |(index, value)| self.child(value, &index_name(index));
        Ok(array.elements.iter().enumerate().map(child).collect())
    }

    /// The members of an object, in their order.
    pub(super) fn members(&self) -> Result<Vec<(String, Node<'a>)>, Fault> {
        let ast::Value::Object(object) = self.value else {
            return Err(self.wrong_type("an object"));
        };
        let member = |property: &'a ast::ObjectProp<'a>| {
            let name = property.name.as_str();
            (name.to_owned(), self.child(&property.value, name))
        };
        Ok(object.properties.iter().map(member).collect())
    }

    /// What a parameter of this value travels as: text as it is, the rest as
    /// JSON text without spaces; nothing for `null`.
    pub(super) fn parameter(&self) -> Option<String> {
        match self.value {
            ast::Value::NullKeyword(_) => None,
            ast::Value::StringLit(text) => Some(text.value.to_string()),
            other => Some(json_text(other)),
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.value, ast::Value::Object(_))
    }

    /// An error at this place.
    pub(super) fn fault(&self, message: &str, cure: &str) -> Fault {
        self.text.fault_at(self.value.start(), message, cure)
    }

    fn wrong_type(&self, expected: &str) -> Fault {
        let found = match self.value {
            ast::Value::StringLit(_) => "a string",
            ast::Value::NumberLit(_) => "a number",
            ast::Value::BooleanLit(_) => "a boolean",
            ast::Value::Object(_) => "an object",
            ast::Value::Array(_) => "an array",
            ast::Value::NullKeyword(_) => "null",
        };
        let what = if self.path.is_empty() {
            "the case"
        } else {
            &self.path
        };
        self.fault(
            &format!("{what} is {found}"),
            &format!("write {expected} here"),
        )
    }

    fn child(&self, value: &'a ast::Value<'a>, name: &str) -> Node<'a> {
        Node {
            value,
            path: self.join(name),
            text: self.text,
        }
    }

    fn join(&self, name: &str) -> String {
        match (self.path.is_empty(), name.starts_with('[')) {
            (true, _) => name.to_owned(),
            (false, true) => format!("{}{name}", self.path),
            (false, false) => format!("{}.{name}", self.path),
        }
    }
}

fn index_name(index: usize) -> String {
    format!("[{index}]")
}

fn json_text(value: &ast::Value<'_>) -> String {
    match value {
        ast::Value::NullKeyword(_) => "null".to_owned(),
        ast::Value::BooleanLit(boolean) => boolean.value.to_string(),
        ast::Value::NumberLit(number) => number.value.to_owned(),
        ast::Value::StringLit(text) => quoted(&text.value),
        ast::Value::Array(array) => {
            let items: Vec<String> = array.elements.iter().map(json_text).collect();
            format!("[{}]", items.join(","))
        }
        ast::Value::Object(object) => {
            let member = |property: &ast::ObjectProp<'_>| {
                format!(
                    "{}:{}",
                    quoted(property.name.as_str()),
                    json_text(&property.value)
                )
            };
            let items: Vec<String> = object.properties.iter().map(member).collect();
            format!("{{{}}}", items.join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
