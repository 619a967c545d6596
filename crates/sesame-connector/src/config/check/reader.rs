//! Reading values out of the tree, with a problem for each that is not there or
//! of another type.

use std::collections::HashSet;

use super::gap::Gap;
use crate::config::ProviderKind;
use crate::config::lookup::Lookup;
use crate::config::node::{Entry, Node, Value};
use crate::config::problem::{Found, MOST, Place, ProblemId};
use crate::suggest;

/// Collects the problems while the tree is read.
pub(super) struct Reader<'a> {
    pub(super) lookup: &'a dyn Lookup,
    pub(super) found: Vec<Found>,
    /// Which of them are none if something else serves a region.
    pub(super) gaps: Vec<Gap>,
    /// Whose signatures and templates are being read.
    pub(super) provider: ProviderKind,
}

/// An object of the configuration.
#[derive(Clone)]
pub(super) struct Table<'n> {
    entries: &'n [Entry],
    pub(super) place: Place,
}

/// A value of the configuration.
#[derive(Clone)]
pub(super) struct Field<'n> {
    pub(super) place: Place,
    pub(super) value: &'n Value,
}

impl<'n> Field<'n> {
    /// The outermost value.
    pub(super) fn root(node: &'n Node) -> Self {
        Self {
            place: Place {
                path: String::new(),
                at: node.at,
            },
            value: &node.value,
        }
    }

    /// Text that was read here, as a message may show it: not where it is what
    /// the configuration refers to, which may be a secret.
    pub(super) fn quoted(&self, text: &str) -> String {
        match self.value {
            Value::Table(_) => "[not shown]".to_owned(),
            _ => shown(text),
        }
    }

    /// The values of a list.
    pub(super) fn elements(&self, list: &'n [Node]) -> Vec<Self> {
        let elements = list.iter().enumerate().map(|(index, node)| Self {
            place: Place {
                path: format!("{}[{index}]", self.place.path),
                at: node.at,
            },
            value: &node.value,
        });
        elements.collect()
    }
}

impl<'n> Table<'n> {
    /// The value of a key. Where it stands twice, the last one, as JSON has it.
    pub(super) fn field(&self, key: &str) -> Option<Field<'n>> {
        let entry = self.entries.iter().rev().find(|entry| entry.key == key)?;
        Some(Field {
            place: Place {
                path: self.path_of(key),
                at: entry.node.at,
            },
            value: &entry.node.value,
        })
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.place.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.place.path)
        }
    }

    /// Where a key would have to stand.
    pub(super) fn place_of(&self, key: &str) -> Place {
        Place {
            path: self.path_of(key),
            at: self.place.at,
        }
    }
}

impl Reader<'_> {
    pub(super) fn report(
        &mut self,
        id: ProblemId,
        place: &Place,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.found.push(Found {
            id,
            place: place.clone(),
            message: message.into(),
            cure: cure.into(),
        });
    }

    /// What was meant by a key, as long as anybody reads it.
    fn suggest<'k>(&self, key: &str, known: &[&'k str]) -> Option<&'k str> {
        let is_read = self.found.len() < MOST;
        is_read.then(|| suggest::nearest(key, known.iter().copied()))?
    }

    /// Never says which value stands there: it may be a secret.
    pub(super) fn wrong_type(&mut self, field: &Field<'_>, wanted: &str) {
        let message = format!("this must be {wanted}, and is {}", field.value.kind());
        let cure = match (wanted, field.value) {
            ("a string", Value::Number(_) | Value::Bool(_)) => "put it in double quotes".to_owned(),
            (_, Value::Null) => format!("write {wanted}, or leave the key out"),
            _ => format!("write {wanted}"),
        };
        self.report(ProblemId::WrongType, &field.place, message, cure);
    }

    pub(super) fn missing(&mut self, table: &Table<'_>, key: &str, cure: &str) {
        let message = format!("{key} is missing");
        self.report(ProblemId::MissingField, &table.place_of(key), message, cure);
    }

    /// The value as an object, its keys checked against those that mean
    /// something there.
    pub(super) fn table<'n>(&mut self, field: &Field<'n>, known: &[&str]) -> Option<Table<'n>> {
        let Value::Table(entries) = field.value else {
            self.wrong_type(field, "an object");
            return None;
        };
        let table = Table {
            entries,
            place: field.place.clone(),
        };
        let mut earlier = HashSet::new();
        for entry in entries {
            let is_new = earlier.insert(entry.key.as_str());
            self.check_key(&table, entry, !is_new, known);
        }
        Some(table)
    }

    fn check_key(&mut self, table: &Table<'_>, entry: &Entry, earlier: bool, known: &[&str]) {
        let name = shown(&entry.key);
        let place = Place {
            path: table.path_of(&name),
            at: entry.at,
        };
        if earlier {
            let message = format!("{name} stands twice; the last one counts");
            self.report(
                ProblemId::DuplicateKey,
                &place,
                message,
                "keep one of the two",
            );
        } else if !known.contains(&entry.key.as_str()) {
            let cure = match self.suggest(&entry.key, known) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "remove it, or check its spelling".to_owned(),
            };
            let message = format!("{name} means nothing here");
            self.report(ProblemId::UnknownKey, &place, message, cure);
        }
    }

    /// The first `most` values of a list.
    pub(super) fn list<'n>(&mut self, field: &Field<'n>, most: usize) -> Option<Vec<Field<'n>>> {
        let Value::List(list) = field.value else {
            self.wrong_type(field, "a list");
            return None;
        };
        if list.len() > most {
            let message = format!(
                "there are {} here, and no more than {most} are read",
                list.len()
            );
            let cure = format!("keep {most} at the most");
            self.report(ProblemId::TooMany, &field.place, message, cure);
        }
        Some(field.elements(&list[..list.len().min(most)]))
    }

    pub(super) fn boolean(&mut self, table: &Table<'_>, key: &str) -> Option<bool> {
        let field = table.field(key)?;
        if let Value::Bool(boolean) = field.value {
            return Some(*boolean);
        }
        self.wrong_type(&field, "true or false");
        None
    }
}

/// A key or a name, as a message may show it: not too long, and on one line.
pub(super) fn shown(name: &str) -> String {
    let mut short: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    if name.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
