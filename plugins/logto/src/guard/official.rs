//! The acceptance rule of `@logto/connector-aliyun-sms` 1.5.5, in Rust.

use serde_json::{Map, Value};
use sesame_connector::UsageType;

/// Aliyun's template types as the official guard lists them; it reads none.
const TEMPLATE_TYPES: [u64; 5] = [0, 1, 2, 6, 7];

/// What the official connector reads of a configuration, if its guard takes it.
/// Keys that it does not know it leaves aside, whatever stands there.
pub(super) fn known_part(value: &Value) -> Option<Value> {
    let root = value.as_object()?;
    let mut known = Map::new();
    for key in ["accessKeyId", "accessKeySecret", "signName"] {
        known.insert(key.to_owned(), root.get(key)?.as_str()?.into());
    }
    let templates = root.get("templates")?.as_array()?;
    let templates: Vec<Value> = templates.iter().map(template).collect::<Option<_>>()?;
    if !serves_all(&templates) {
        return None;
    }
    known.insert("templates".to_owned(), templates.into());
    if let Some(strict) = root.get("strictPhoneRegionNumberCheck") {
        let strict = strict.as_bool()?;
        known.insert("strictPhoneRegionNumberCheck".to_owned(), strict.into());
    }
    Some(known.into())
}

fn template(value: &Value) -> Option<Value> {
    let template = value.as_object()?;
    let is_listed = |kind: &Value| TEMPLATE_TYPES.iter().any(|listed| kind == listed);
    if !template.get("type").is_none_or(is_listed) {
        return None;
    }
    let usage_type = template.get("usageType")?.as_str()?;
    let code = template_code(template.get("templateCode")?)?;
    Some(serde_json::json!({ "usageType": usage_type, "templateCode": code }))
}

fn template_code(value: &Value) -> Option<Value> {
    if value.is_string() {
        return Some(value.clone());
    }
    let china = value.get("china")?.as_str()?;
    let overseas = value.get("overseas")?.as_str()?;
    Some(serde_json::json!({ "china": china, "overseas": overseas }))
}

/// The official connector asks for each by its own name.
fn serves_all(templates: &[Value]) -> bool {
    UsageType::REQUIRED.iter().all(|required| {
        templates
            .iter()
            .any(|template| template["usageType"] == required.as_str())
    })
}
