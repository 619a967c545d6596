//! A TOML text in which places can be found again by their keys.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Byte at which the value under `path` (`proxy.trusted[0]`) stands; of as much
/// of the path as there is.
pub(super) fn find(text: &str, path: &str) -> Option<usize> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut steps = steps(path).into_iter();
    let first = steps.next()?;
    let mut found = entry(table.get_ref(), &first)?;
    for step in steps {
        match child(found, &step) {
            Some(next) => found = next,
            None => break,
        }
    }
    Some(found.span().start)
}

fn child<'t, 'v>(value: &'t Spanned<DeValue<'v>>, step: &str) -> Option<&'t Spanned<DeValue<'v>>> {
    match value.get_ref() {
        DeValue::Table(table) => entry(table, step),
        DeValue::Array(list) => list.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn entry<'t, 'v>(table: &'t DeTable<'v>, key: &str) -> Option<&'t Spanned<DeValue<'v>>> {
    let mut entries = table.iter();
    let (_, value) = entries.find(|(name, _)| name.get_ref().as_ref() == key)?;
    Some(value)
}

/// `a.b[0].c` → `a`, `b`, `0`, `c`.
fn steps(path: &str) -> Vec<String> {
    path.split(['.', '['])
        .map(|step| step.trim_end_matches(']').to_owned())
        .filter(|step| !step.is_empty())
        .collect()
}

/// Line and column of a byte, from 1, in characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at));
    let before = &text[..at.unwrap_or(0)];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}

/// The keys under which a byte stands: its table's header and the line's key,
/// read from the text because what serde reports has no path.
pub(super) fn path_at(text: &str, at: usize) -> String {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut path = Vec::new();
    walk(table.get_ref(), at, &mut path);
    path.join(".")
}

fn walk(table: &DeTable<'_>, at: usize, path: &mut Vec<String>) {
    for (key, value) in table {
        let holds = |span: std::ops::Range<usize>| (span.start..=span.end).contains(&at);
        if holds(key.span()) || holds(value.span()) {
            path.push(key.get_ref().to_string());
            if let DeValue::Table(inner) = value.get_ref() {
                walk(inner, at, path);
            }
            return;
        }
        // A `[table]`'s own span is its header's alone.
        if let DeValue::Table(inner) = value.get_ref() {
            let before = path.len();
            path.push(key.get_ref().to_string());
            walk(inner, at, path);
            if path.len() > before + 1 {
                return;
            }
            path.truncate(before);
        }
    }
}
