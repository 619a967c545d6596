//! Lines for the operator: one JSON object each, with nothing secret in it.

use napi_derive::napi;
use serde::Serialize;
use serde_json::{Map, Value};
use sesame_connector::{Source as _, SystemSource};

/// Who speaks.
const CONNECTOR: &str = "@sesame-sms/connector-aliyun-sms";

/// One line.
#[napi(object)]
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// `warn` or `error`, as the console's methods are called.
    pub level: String,
    /// The line, JSON.
    pub text: String,
}

impl Line {
    /// Something to know, or what the recipient can mend.
    pub(crate) fn warn(event: &str, fields: Value) -> Self {
        Self::new("warn", event, fields)
    }

    /// Something for the operator to mend.
    pub(crate) fn error(event: &str, fields: Value) -> Self {
        Self::new("error", event, fields)
    }

    fn new(level: &str, event: &str, fields: Value) -> Self {
        let mut line = Map::new();
        line.insert("level".to_owned(), level.into());
        line.insert("time".to_owned(), SystemSource.now().to_string().into());
        line.insert("connector".to_owned(), CONNECTOR.into());
        line.insert("event".to_owned(), event.into());
        if let Value::Object(fields) = fields {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Self {
            level: level.to_owned(),
            text: Value::Object(line).to_string(),
        }
    }
}
