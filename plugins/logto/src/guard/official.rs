//! The acceptance rule of `@logto/connector-aliyun-sms` 1.5.5, in Rust.

use serde_json::Value;
use sesame_connector::UsageType;

/// Aliyun's template types as the official guard lists them; it reads none.
const TEMPLATE_TYPES: [u64; 5] = [0, 1, 2, 6, 7];

/// Whether the official guard takes a configuration. Keys that it does not know
/// it leaves aside, whatever stands there.
pub(super) fn takes(config: &Value) -> bool {
    let is_text = |key: &str| config.get(key).is_some_and(Value::is_string);
    let strict = config.get("strictPhoneRegionNumberCheck");
    config.is_object()
        && ["accessKeyId", "accessKeySecret", "signName"]
            .into_iter()
            .all(is_text)
        && strict.is_none_or(Value::is_boolean)
        && config["templates"]
            .as_array()
            .is_some_and(|templates| templates.iter().all(takes_template) && serves_all(templates))
}

fn takes_template(template: &Value) -> bool {
    let is_listed = |kind: &Value| TEMPLATE_TYPES.iter().any(|listed| kind == listed);
    template.get("type").is_none_or(is_listed)
        && template["usageType"].is_string()
        && takes_code(&template["templateCode"])
}

fn takes_code(code: &Value) -> bool {
    code.is_string() || (code["china"].is_string() && code["overseas"].is_string())
}

/// The official connector asks for each by its own name.
fn serves_all(templates: &[Value]) -> bool {
    UsageType::REQUIRED.iter().all(|required| {
        templates
            .iter()
            .any(|template| template["usageType"] == required.as_str())
    })
}
