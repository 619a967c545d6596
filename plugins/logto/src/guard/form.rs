//! What Logto's console stores for a field of the form that was left empty.

use serde_json::Value;

/// The fields that may be left empty. The others are required, or switches.
const OPTIONAL: [&str; 6] = [
    "signNames",
    "endpoint",
    "region",
    "timeoutMs",
    "defaultCountry",
    "securityToken",
];

/// A configuration without them: the console stores `{}` for empty JSON, null
/// for an empty number and, in a test, `""` for an empty text.
pub(super) fn without_empty(mut value: Value) -> Value {
    if let Value::Object(root) = &mut value {
        root.retain(|key, value| !(OPTIONAL.contains(&key.as_str()) && is_empty(value)));
    }
    value
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}
