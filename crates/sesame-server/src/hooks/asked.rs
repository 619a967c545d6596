//! A request as it came in, and the fields in it, whatever they are written in.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::Value;

use super::Misread;

/// A request, whole. Its `Debug` shows nothing of it.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// What stands behind the hook's name, without a slash in front.
    pub(crate) rest: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Until when the same bytes would be proven again.
    pub(crate) proven_until: Option<Timestamp>,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

impl Asked {
    /// The one value of a header; none where there are several.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// Whatever the request says: of a GET its query, else its body, JSON or a
    /// form.
    ///
    /// # Errors
    /// Where it is neither.
    pub(crate) fn fields(&self) -> Result<Fields, Misread> {
        if self.method == Method::GET {
            return Ok(Fields::pairs(self.query.as_bytes()));
        }
        let body = self.body.trim_ascii();
        let is_form = match self.content_type().as_str() {
            "application/x-www-form-urlencoded" => true,
            kind if kind.ends_with("json") => false,
            // Said wrongly or not at all: it shows.
            _ => !body.starts_with(b"{") && !body.starts_with(b"["),
        };
        if is_form {
            return Ok(Fields::pairs(body));
        }
        Fields::json(body)
    }

    fn content_type(&self) -> String {
        let kind = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().to_ascii_lowercase()
    }
}

/// Names and values of a request.
pub(crate) enum Fields {
    Json(Value),
    Pairs(Vec<(String, String)>),
}

impl Fields {
    /// A form or a query. What is no UTF-8 or no escape stays visible as such,
    /// and fits nowhere later on.
    pub(crate) fn pairs(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).into_owned();
        Self::Pairs(pairs.collect())
    }

    pub(crate) fn json(bytes: &[u8]) -> Result<Self, Misread> {
        std::str::from_utf8(bytes).map_err(|_| Misread::NotUtf8)?;
        let value: Value = serde_json::from_slice(bytes).map_err(|error| Misread::NotJson {
            line: error.line().max(1),
            column: error.column().max(1),
        })?;
        match value {
            Value::Object(_) => Ok(Self::Json(value)),
            Value::Array(mut list) if list.len() == 1 && list[0].is_object() => {
                Ok(Self::Json(list.remove(0)))
            }
            _ => Err(Misread::NoObject),
        }
    }

    /// The first of some places that holds a text; `what` is told where one
    /// holds something else.
    ///
    /// # Errors
    /// Where it is no text, or there twice.
    pub(crate) fn first(
        &self,
        places: &[String],
        what: &'static str,
    ) -> Result<Option<String>, Misread> {
        for place in places {
            if let Some(text) = self.text(place, what)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn text(&self, place: &str, what: &'static str) -> Result<Option<String>, Misread> {
        let text = match self {
            Self::Json(value) => {
                let found = if place.starts_with('/') {
                    value.pointer(place)
                } else {
                    value.get(place)
                };
                found.map_or(Ok(None), |value| scalar(value, what))?
            }
            Self::Pairs(pairs) => {
                let name = place.strip_prefix('/').unwrap_or(place);
                let mut found = pairs.iter().filter(|(key, _)| key == name);
                let text = found.next().map(|(_, text)| text.clone());
                if found.next().is_some() {
                    return Err(Misread::Twice(what));
                }
                text
            }
        };
        Ok(text.filter(|text| !text.trim().is_empty()))
    }
}

fn scalar(value: &Value, what: &'static str) -> Result<Option<String>, Misread> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        // A list of receivers with one in it.
        Value::Array(list) if list.len() == 1 && !list[0].is_array() => scalar(&list[0], what),
        _ => Err(Misread::NotText(what)),
    }
}
