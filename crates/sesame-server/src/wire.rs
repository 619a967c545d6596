//! Reading requests: bodies, queries and ids, with every way to get them wrong
//! as a problem document.
//!
//! What serde says about a wrong value may quote it, so it is said again here
//! without.

use std::fmt;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use crate::error::{Answer, Code, Problem};

/// How large a body may be, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

/// What is too large is read on up to so many times the limit, because a client
/// that is still writing would not see the answer.
const DRAINED: usize = 16;

/// A body that was read.
#[derive(Clone, Debug)]
pub(crate) struct Raw(pub(crate) Bytes);

/// Reads the bodies of a group of routes.
pub(crate) async fn read(
    State(limits): State<BodyLimits>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Some(problem) = limits.announced(&parts.headers) {
        return problem.into_response();
    }
    match limits.collect(body).await {
        Ok(bytes) => {
            parts.extensions.insert(Raw(bytes));
            next.run(Request::from_parts(parts, axum::body::Body::empty()))
                .await
        }
        Err(problem) => problem.into_response(),
    }
}

impl BodyLimits {
    /// A whole body.
    pub(crate) async fn collect(&self, body: axum::body::Body) -> Answer<Bytes> {
        match tokio::time::timeout(self.time, self.read(body)).await {
            Ok(read) => read,
            Err(_) => {
                let secs = self.time.as_secs();
                let detail = format!("the body did not arrive within {secs} s");
                Err(Problem::new(Code::RequestTimeout, detail))
            }
        }
    }

    /// What is said to be more than anybody reads on is refused before it comes;
    /// the connection ends with that.
    fn announced(&self, headers: &HeaderMap) -> Option<Problem> {
        let length = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
        let length: usize = length.parse().ok()?;
        let waits = headers.contains_key(EXPECT) && length > self.bytes;
        let is_far_too_large = length > self.bytes.saturating_mul(DRAINED);
        (waits || is_far_too_large).then(|| self.too_large())
    }

    fn too_large(&self) -> Problem {
        let detail = format!("the body may have {} bytes", self.bytes);
        Problem::new(Code::BodyTooLarge, detail)
    }

    async fn read(&self, mut body: axum::body::Body) -> Answer<Bytes> {
        let mut read = Vec::new();
        let mut total = 0_usize;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| broke_off())?;
            let Some(data) = frame.data_ref() else {
                continue;
            };
            total = total.saturating_add(data.len());
            if total <= self.bytes {
                read.extend_from_slice(data);
            } else if total > self.bytes.saturating_mul(DRAINED) {
                break;
            }
        }
        if total <= self.bytes {
            return Ok(read.into());
        }
        Err(self.too_large())
    }
}

fn broke_off() -> Problem {
    Problem::new(Code::BodyUnreadable, "the body broke off before its end")
}

/// A JSON body, as a handler takes it. [`read`] has read it.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Answer<Self> {
        check_type(request.headers())?;
        let raw = request.extensions().get::<Raw>();
        parse(raw.map(|raw| &raw.0[..]).unwrap_or_default()).map(Self)
    }
}

/// Query parameters, as a handler takes them.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(invalid_query(&rejection)),
        }
    }
}

/// The one id in a path. What cannot be read as one leads nowhere.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id))
            .map_err(|_| Problem::not_found())
    }
}

/// A body without a declared type is taken for JSON.
fn check_type(headers: &HeaderMap) -> Answer<()> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let name = value.to_str().unwrap_or_default();
    let name = name.split(';').next().unwrap_or_default().trim();
    let is_json = name.eq_ignore_ascii_case("application/json")
        || (name.starts_with("application/") && name.ends_with("+json"));
    if is_json {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "the Content-Type must be application/json",
    ))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    if let Err(error) = std::str::from_utf8(bytes) {
        let (line, column) = position(bytes, error.valid_up_to());
        return Err(malformed("the body is not UTF-8", line, column));
    }
    // serde would take a list for an object, its values in order.
    if bytes
        .trim_ascii_start()
        .first()
        .is_some_and(|first| b"[\"-tfn0123456789".contains(first))
    {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
            .map_err(|error| wrong_value("", &error))?;
        return Err(Problem::new(
            Code::InvalidField,
            "the body must be an object",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| wrong_value(&error.path().to_string(), error.inner()))?;
    let rest = deserializer.end();
    rest.map_err(|error| {
        let (line, column) = place(&error);
        malformed("there is something after the end of the JSON", line, column)
    })?;
    Ok(value)
}

fn wrong_value(path: &str, error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    let (line, column) = place(error);
    match error.classify() {
        Category::Data => {
            let fault = Fault::read(&error.to_string());
            let problem = match &fault {
                Fault::Unknown { .. } => Problem::new(Code::UnknownField, fault.to_string()),
                // Of the body itself.
                _ if matches!(path, "" | ".") => {
                    Problem::new(Code::InvalidField, fault.to_string())
                }
                _ => Problem::new(Code::InvalidField, format!("{}: {fault}", shown(path))),
            };
            problem.with(|more| {
                more.field = fault.field(path);
                more.line = Some(line);
                more.column = Some(column);
            })
        }
        Category::Eof => malformed("the JSON ends too early", line, column),
        Category::Syntax | Category::Io => malformed("this is not JSON", line, column),
    }
}

fn malformed(detail: &str, line: u64, column: u64) -> Problem {
    let detail = format!("line {line}, column {column}: {detail}");
    Problem::new(Code::MalformedJson, detail).with(|more| {
        more.line = Some(line);
        more.column = Some(column);
    })
}

fn place(error: &serde_json::Error) -> (u64, u64) {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX).max(1);
    (count(error.line()), count(error.column()))
}

fn position(bytes: &[u8], at: usize) -> (u64, u64) {
    let before = &bytes[..at];
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    let column = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .count();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    (count(lines) + 1, count(column) + 1)
}

fn invalid_query(rejection: &dyn std::error::Error) -> Problem {
    let innermost = std::iter::successors(Some(rejection), |error| error.source()).last();
    let said = innermost.map(ToString::to_string).unwrap_or_default();
    // `serde_path_to_error` puts the parameter in front.
    let (name, said) = match said.split_once(": ") {
        Some((name, rest)) if !name.contains(' ') => (shown(name), rest.to_owned()),
        _ => (String::new(), said),
    };
    let fault = Fault::read(&said);
    let detail = match &fault {
        Fault::Unknown { .. } => fault.to_string(),
        _ if name.is_empty() => fault.to_string(),
        _ => format!("{name}: {fault}"),
    };
    Problem::new(Code::InvalidQuery, detail).with(|more| more.field = fault.field(&name))
}

/// What serde found, without the value it found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A key that means nothing.
    Unknown {
        name: String,
        meant: Option<String>,
        known: Vec<String>,
    },
    /// A key that must be there.
    Missing(String),
    /// A key that is there twice.
    Twice(String),
    /// A value of another type.
    Type { found: String, wanted: String },
    /// A value that is not taken, in words of our own.
    Told(String),
}

/// In front of messages that our own types give to serde, and that quote
/// nothing.
pub(crate) const TOLD: &str = "told: ";

impl Fault {
    /// Reads what serde says.
    pub(crate) fn read(said: &str) -> Self {
        // serde_json adds the place.
        let said = said.rfind(" at line ").map_or(said, |at| &said[..at]);
        let quoted = || -> Vec<String> {
            said.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        if said.starts_with("unknown field") || said.starts_with("unknown variant") {
            let mut names = quoted().into_iter();
            let name = names.next().unwrap_or_default();
            let known: Vec<String> = names.collect();
            let meant = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
            if said.starts_with("unknown variant") {
                return Self::Told(format!("this must be one of {}", known.join(", ")));
            }
            return Self::Unknown {
                name: shown(&name),
                meant,
                known,
            };
        }
        if said.starts_with("missing field") {
            return Self::Missing(quoted().swap_remove(0));
        }
        if said.starts_with("duplicate field") {
            return Self::Twice(shown(&quoted().swap_remove(0)));
        }
        if let Some(told) = said.strip_prefix(TOLD) {
            return Self::Told(told.to_owned());
        }
        Self::mistyped(said)
    }

    fn mistyped(said: &str) -> Self {
        let found = said
            .strip_prefix("invalid type: ")
            .or_else(|| said.strip_prefix("invalid value: "));
        // The value may hold anything, so what was wanted is looked for from
        // the end.
        let wanted = said.rsplit_once(", expected ").map(|(_, wanted)| wanted);
        match (found, wanted) {
            // Of the right type, but none of those that are taken.
            (Some(_), Some(wanted)) if said.starts_with("invalid value: ") => {
                Self::Told(format!("this must be {}", wanted_value(wanted)))
            }
            (Some(found), Some(wanted)) => Self::Type {
                found: kind(found).to_owned(),
                wanted: wanted_in_words(wanted),
            },
            _ => Self::Told("this value is not taken".to_owned()),
        }
    }

    /// The field it is about, where the value stands under `path`.
    fn field(&self, path: &str) -> Option<String> {
        let name = match self {
            Self::Unknown { name, .. } | Self::Missing(name) | Self::Twice(name) => name.as_str(),
            Self::Type { .. } | Self::Told(_) => "",
        };
        let mut parts: Vec<String> = path.split('.').map(shown).collect();
        parts.retain(|part| !matches!(part.as_str(), "" | "."));
        // The path of an unknown key may end in it already.
        if !name.is_empty() && parts.last().is_none_or(|last| last != name) {
            parts.push(name.to_owned());
        }
        (!parts.is_empty()).then(|| parts.join("."))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown {
                name,
                meant: Some(meant),
                ..
            } => {
                write!(f, "{name} means nothing here; did you mean {meant}?")
            }
            Self::Unknown { name, known, .. } if known.is_empty() => {
                write!(f, "{name} means nothing here; nothing is taken")
            }
            Self::Unknown { name, known, .. } => {
                write!(
                    f,
                    "{name} means nothing here; known are {}",
                    known.join(", ")
                )
            }
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::Twice(name) => write!(f, "{name} stands twice"),
            Self::Type { found, wanted } => write!(f, "this must be {wanted}, and is {found}"),
            Self::Told(told) => f.write_str(told),
        }
    }
}

fn kind(found: &str) -> &'static str {
    let kinds = [
        ("string", "a string"),
        ("integer", "a whole number"),
        ("floating point", "a number"),
        ("boolean", "true or false"),
        ("null", "null"),
        ("unit", "null"),
        ("sequence", "a list"),
        ("map", "an object"),
        ("datetime", "a date or time"),
    ];
    let known = kinds.iter().find(|(name, _)| found.starts_with(name));
    known.map_or("something else", |(_, words)| words)
}

fn wanted_value(wanted: &str) -> String {
    let most = match wanted {
        "u8" => u8::MAX.into(),
        "u16" => u16::MAX.into(),
        "u32" => u32::MAX.into(),
        "u64" | "usize" => u64::MAX,
        _ => return wanted_in_words(wanted),
    };
    format!("a whole number from 0 to {most}")
}

fn wanted_in_words(wanted: &str) -> String {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "i32" | "i64" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        _ if wanted.starts_with("struct ") => "an object".to_owned(),
        _ => wanted.to_owned(),
    }
}

/// A key as a message may show it: short, on one line, and nothing in it that
/// may be a code or a number.
pub(crate) fn shown(name: &str) -> String {
    let is_plain = name.len() <= 64
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.[]".contains(c));
    let digits = name.chars().filter(char::is_ascii_digit).count();
    if is_plain && digits < 4 {
        name.to_owned()
    } else {
        "a key that is not shown".to_owned()
    }
}

/// The known name that was probably meant.
pub(crate) fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.replace(['_', '-', ' '], "").to_lowercase();
    let given = plain(given);
    names
        .map(|name| (strsim::damerau_levenshtein(&given, &plain(name)), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| distance * 3 <= name.len().max(3))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sample {
        to: String,
        session: Option<String>,
        count: Option<u8>,
    }

    fn said(body: &[u8]) -> (Code, String) {
        let problem = parse::<Sample>(body).expect_err("wrong");
        (problem.code(), format!("{problem:?}"))
    }

    #[test]
    fn what_is_wrong_with_the_body_itself_has_no_path() {
        let (_, said) = said(b"{}");
        assert!(said.contains("\"to is missing\""), "{said}");
    }

    #[test]
    fn every_fault_is_named_and_no_value_is_repeated() {
        for (body, code, part) in [
            (&br#"{"to":}"#[..], Code::MalformedJson, "line 1, column 7"),
            (b"", Code::MalformedJson, "ends too early"),
            (
                br#"{"to":"x"} 918273"#,
                Code::MalformedJson,
                "after the end",
            ),
            (b"{\"to\":\"\xff918273\"}", Code::MalformedJson, "not UTF-8"),
            (
                br#"{"to":918273}"#,
                Code::InvalidField,
                "to: this must be a string, and is a whole number",
            ),
            (
                br#"{"to":"x","count":"918273"}"#,
                Code::InvalidField,
                "count: this must be a whole number that is not negative, and is a string",
            ),
            (
                br#"{"to":"x","count":918273}"#,
                Code::InvalidField,
                "count: this must be a whole number",
            ),
            (
                br#"{"session":"918273"}"#,
                Code::InvalidField,
                "to is missing",
            ),
            (
                br#"{"to":"x","to":"918273"}"#,
                Code::InvalidField,
                "to stands twice",
            ),
            (
                br#"{"to":"x","sesion":"918273"}"#,
                Code::UnknownField,
                "did you mean session?",
            ),
            (
                br#"{"to":"x","918273":"x"}"#,
                Code::UnknownField,
                "a key that is not shown",
            ),
            (br#"[918273]"#, Code::InvalidField, "must be an object"),
            (br#"[918273"#, Code::MalformedJson, "ends too early"),
            (
                br#"{"to":"x","count":", expected 918273"}"#,
                Code::InvalidField,
                "not negative",
            ),
        ] {
            let (found, said) = said(body);
            assert_eq!(found, code, "{said}");
            assert!(said.contains(part), "{part}: {said}");
            assert!(!said.contains("918273"), "{said}");
        }
    }
}
