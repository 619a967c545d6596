//! Strings: written out, or referred to as `{"env": …}` or `{"file": …}`; and
//! what people leave in them by accident.

use super::reader::{Field, Reader, Table, shown};
use crate::config::lookup::Reference;
use crate::config::node::{Entry, Value};
use crate::config::problem::{Place, ProblemId};
use crate::text::is_invisible;

/// What a string is for, which decides what may be wrong with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A key id, a secret or a token: never shown, and made of visible ASCII.
    Secret,
    /// Anything else.
    Plain,
}

impl Reader<'_> {
    /// A string that must be there. `Some` where a string is there, whatever is
    /// wrong with it, its outer white space cut off.
    pub(super) fn required(&mut self, table: &Table<'_>, key: &str, sort: Sort) -> Option<String> {
        match table.field(key) {
            Some(field) => self.string(&field, sort),
            None => {
                self.missing(table, key, &format!("add {key}"));
                None
            }
        }
    }

    /// A string that may be absent; an empty one is reported and as good as
    /// absent.
    pub(super) fn optional(&mut self, table: &Table<'_>, key: &str, sort: Sort) -> Option<String> {
        let field = table.field(key)?;
        self.string(&field, sort).filter(|text| !text.is_empty())
    }

    pub(super) fn string(&mut self, field: &Field<'_>, sort: Sort) -> Option<String> {
        let text = match field.value {
            Value::Text(text) => text.clone(),
            Value::Table(entries) => self.refer(field, entries, sort)?,
            _ => {
                self.wrong_type(field, "a string");
                return None;
            }
        };
        self.check(&text, field, sort);
        Some(text.trim().to_owned())
    }

    fn check(&mut self, text: &str, field: &Field<'_>, sort: Sort) {
        let place = &field.place;
        let trimmed = text.trim();
        if trimmed.is_empty() {
            let cure = "write its value, or leave the key out if it is optional";
            self.report(ProblemId::EmptyString, place, "this is empty", cure);
        } else if is_placeholder(trimmed, sort) {
            self.report_placeholder(trimmed, field, sort);
        } else if sort == Sort::Secret {
            self.check_secret(text, place);
        } else if text.contains(is_break_or_invisible) {
            let message = "there is a line break, a control character or an invisible one in it";
            let cure = "type it again, on one line";
            self.report(ProblemId::ControlCharacter, place, message, cure);
        } else if trimmed.len() != text.len() {
            let message = "there is white space around the value; it is cut off";
            self.report(
                ProblemId::SurroundingWhitespace,
                place,
                message,
                "remove it",
            );
        }
    }

    fn report_placeholder(&mut self, text: &str, field: &Field<'_>, sort: Sort) {
        // In the place of a secret, brackets may stand around a real one.
        let message = match sort {
            Sort::Secret => "a placeholder was left in".to_owned(),
            Sort::Plain => format!("the placeholder {} was left in", field.quoted(text)),
        };
        let cure = if text.contains('<') {
            "put the real value in its place, without < and >"
        } else {
            "put the real value in its place"
        };
        self.report(ProblemId::Placeholder, &field.place, message, cure);
    }

    fn check_secret(&mut self, text: &str, place: &Place) {
        let cure = "copy it again, as one piece, from the AccessKey page of the console";
        if text.contains(['\n', '\r']) {
            let message = "there is a line break in it";
            self.report(ProblemId::SecretLineBreak, place, message, cure);
        } else if text.contains(char::is_whitespace) {
            let message = "there is a space in it";
            self.report(ProblemId::SecretSpace, place, message, cure);
        } else if !text.chars().all(|character| character.is_ascii_graphic()) {
            let message = "there is a character in it that no key has, perhaps an invisible one";
            self.report(ProblemId::SecretCharacter, place, message, cure);
        }
    }

    /// The value that `{"env": …}` or `{"file": …}` stands for.
    fn refer(&mut self, field: &Field<'_>, entries: &[Entry], sort: Sort) -> Option<String> {
        if let [entry] = entries
            && let Value::Text(name) = &entry.node.value
        {
            match entry.key.as_str() {
                "env" => return self.follow(Reference::Env(name), &field.place, sort),
                "file" => return self.follow(Reference::File(name), &field.place, sort),
                _ => {}
            }
        }
        let message = "an object stands here where a string is wanted";
        let cure = r#"write a string, {"env": "NAME"} or {"file": "path"}"#;
        self.report(ProblemId::ReferenceShape, &field.place, message, cure);
        None
    }

    fn follow(&mut self, reference: Reference<'_>, place: &Place, sort: Sort) -> Option<String> {
        if let Some(cure) = self.lookup.forbids(&place.path, reference) {
            let message = "what is referred to here may not be read for this";
            self.report(ProblemId::ReferenceForbidden, place, message, cure);
            return None;
        }
        match reference {
            Reference::Env(name) => self.value_of_env(name, place, sort),
            Reference::File(path) => self.value_of_file(path, place, sort),
        }
    }

    fn value_of_env(&mut self, name: &str, place: &Place, sort: Sort) -> Option<String> {
        let named = quoted_unless_secret(name, sort, is_env_name(name));
        // The lookup may ask the operating system, which takes no such name.
        let usable = !name.is_empty() && !name.contains(['=', '\0']);
        let value = if usable { self.lookup.env(name) } else { None };
        if value.is_none() {
            let message = format!("the environment variable{named} is not set");
            let cure = "set it where this program is started, or write the value here";
            self.report(ProblemId::EnvNotSet, place, message, cure);
        }
        value
    }

    fn value_of_file(&mut self, path: &str, place: &Place, sort: Sort) -> Option<String> {
        match self.lookup.file(path) {
            Ok(content) => Some(without_last_line_break(content)),
            Err(error) => {
                let named = quoted_unless_secret(path, sort, false);
                let message = format!("the file{named} cannot be read: {}", error.kind());
                let cure = self.lookup.file_cure();
                self.report(ProblemId::FileReference, place, message, cure);
                None
            }
        }
    }
}

/// Somebody may have written the secret itself where the name of its variable
/// or file belongs.
fn quoted_unless_secret(name: &str, sort: Sort, harmless: bool) -> String {
    if sort == Sort::Secret && !harmless {
        " named here".to_owned()
    } else {
        format!(" {}", shown(name))
    }
}

/// The way everybody writes them, and no secret looks.
fn is_env_name(name: &str) -> bool {
    name.contains('_')
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn without_last_line_break(mut content: String) -> String {
    if content.ends_with('\n') {
        content.pop();
        if content.ends_with('\r') {
            content.pop();
        }
    }
    content
}

/// U+2028 and U+2029 break lines too.
fn is_break_or_invisible(character: char) -> bool {
    character.is_control()
        || is_invisible(character)
        || matches!(character, '\u{2028}' | '\u{2029}')
}

fn is_placeholder(text: &str, sort: Sort) -> bool {
    let in_brackets = text
        .find('<')
        .is_some_and(|start| text[start..].contains('>'));
    in_brackets || (sort == Sort::Secret && is_example(text))
}

/// Other ways examples write a key that is to be filled in.
fn is_example(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_filling = |c: char| matches!(c, 'x' | '*' | '.' | '…' | '-' | '_');
    lower.chars().all(is_filling)
        || [
            "your-",
            "your_",
            "your ",
            "yourac",
            "changeme",
            "change-me",
            "placeholder",
        ]
        .iter()
        .any(|start| lower.starts_with(start))
}
