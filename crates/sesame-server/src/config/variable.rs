//! Environment variables that go before the file, and which key each names.

use sesame_connector::UsageType;
use toml::{Table, Value};

/// What the names of variables begin with that go before the file:
/// `SESAME__STORE__RECORDS` is `store.records`.
pub const PREFIX: &str = "SESAME__";

/// A variable and its value.
#[derive(Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) text: String,
    /// The keys that lead to what it sets, once the file is known.
    pub(super) steps: Vec<String>,
    /// How many of them were there without it.
    pub(super) there: usize,
}

impl Variable {
    /// Those with our prefix, in the order of their names.
    pub(super) fn of(environment: impl IntoIterator<Item = (String, String)>) -> Vec<Self> {
        let ours = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX));
        let mut ours: Vec<_> = ours
            .map(|(name, text)| Self {
                name,
                text,
                steps: Vec::new(),
                there: 0,
            })
            .collect();
        ours.sort_by(|one, other| one.name.cmp(&other.name));
        ours
    }

    /// Whether it sets what stands under `path`.
    pub(super) fn sets(&self, path: &str) -> bool {
        let steps = self.steps.join(".");
        !steps.is_empty() && (path == steps || path.starts_with(&format!("{steps}.")))
    }

    /// Whether there would be nothing under `path` without it, though it sets
    /// only a part of that.
    pub(super) fn makes(&self, path: &str) -> bool {
        let mut made = self.there + 1..self.steps.len();
        made.any(|count| self.steps[..count].join(".") == path)
    }
}

/// `SESAME__STORE__RECORDS` → `store`, `records`, in the spelling of the keys.
pub(super) fn steps(variable: &str, table: &Table) -> Vec<String> {
    let name = variable.strip_prefix(PREFIX).unwrap_or_default();
    let mut steps = Vec::new();
    let mut table = Some(table);
    for written in name.split("__") {
        let step = spelling(&steps, table, written);
        table = table
            .and_then(|table| table.get(&step))
            .and_then(Value::as_table);
        steps.push(step);
    }
    steps
}

/// How many of the steps lead to something.
pub(super) fn there(steps: &[String], table: &Table) -> usize {
    let mut at = Some(table);
    let mut is_there = |step: &String| {
        let value = at.and_then(|table| table.get(step));
        at = value.and_then(Value::as_table);
        value.is_some()
    };
    steps.iter().take_while(|step| is_there(step)).count()
}

/// The key that is meant under `before`: a known one, else one of the file's,
/// whatever the case. Where any name may stand, else the variable's own if its
/// case means something.
fn spelling(before: &[String], table: Option<&Table>, written: &str) -> String {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    // Where keys are `likeThis`, variables are LIKE_THIS.
    let is_connectors = before.first() == Some(&"connector");
    let folded = |name: &str| {
        let lower = name.to_lowercase();
        if is_connectors {
            lower.replace('_', "")
        } else {
            lower
        }
    };
    let is_meant = |name: &str| folded(name) == folded(written);
    if let Some(known) = known(&before, &is_meant, written) {
        return known;
    }
    let mut there = table.into_iter().flat_map(Table::keys);
    if let Some(key) = there.find(|key| is_meant(key)) {
        return key.clone();
    }
    let is_mixed =
        written.chars().any(char::is_uppercase) && written.chars().any(char::is_lowercase);
    if is_mixed && is_free(&before) {
        written.to_owned()
    } else {
        written.to_lowercase()
    }
}

/// The name that is known at this place, where such names have capital letters.
fn known(before: &[&str], is_meant: &dyn Fn(&str) -> bool, written: &str) -> Option<String> {
    match before {
        ["connector", ..] => {
            let mut keys = CONNECTOR_KEYS.iter();
            keys.find(|key| is_meant(key)).map(ToString::to_string)
        }
        ["policy", "usage_types"] => {
            let mut types = UsageType::KNOWN.iter().map(UsageType::as_str);
            types.find(|name| is_meant(name)).map(str::to_owned)
        }
        ["policy", "account", "prices"] | ["policy", "countries", "budgets"] => {
            let is_country = written.len() == 2 && written.bytes().all(|b| b.is_ascii_alphabetic());
            is_country.then(|| written.to_uppercase())
        }
        _ => None,
    }
}

/// Whether whoever writes the configuration chooses the names at this place.
fn is_free(before: &[&str]) -> bool {
    matches!(
        before,
        ["connector", ..]
            | ["policy", "usage_types"]
            | ["otlp", "headers"]
            | ["hooks"]
            | ["hooks", _, "usage_types" | "services" | "contents"]
            | ["hooks", _, "contents", _, "variables"]
    )
}

/// The connector's keys with capital letters. One that is missing here can be
/// written in its own spelling, and is an error in any other.
const CONNECTOR_KEYS: [&str; 13] = [
    "accessKeyId",
    "accessKeySecret",
    "securityToken",
    "nextAccessKeyId",
    "nextAccessKeySecret",
    "signName",
    "signNames",
    "senderId",
    "strictPhoneRegionNumberCheck",
    "defaultCountry",
    "timeoutMs",
    "templateCode",
    "usageType",
];
