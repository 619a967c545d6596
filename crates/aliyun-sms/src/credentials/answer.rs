//! Reading temporary credentials out of an answer. Nothing of a body but
//! Aliyun's code and request id ever gets into a reason.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Credentials;
use super::lack::Lack;
use crate::code::{self, Kind};
pub(super) use crate::transport::Answer;

const OK: u16 = 200;
const SUCCESS: &str = "Success";

type Object = Map<String, Value>;

/// STS puts them into `Credentials`.
pub(super) fn from_sts(answer: &Answer) -> Result<Credentials, Lack> {
    let object = object(answer)?;
    match object.get("Credentials") {
        Some(Value::Object(inner)) => credentials(inner),
        _ => Err(Lack::lasting("the answer has no Credentials")),
    }
}

/// The metadata service and the credentials URI give them bare, with a code.
pub(super) fn from_service(answer: &Answer) -> Result<Credentials, Lack> {
    let object = object(answer)?;
    match text(&object, "Code") {
        Some(SUCCESS) => credentials(&object),
        Some(_) => Err(refused(answer.status, &object)),
        None => Err(Lack::lasting("the answer has no Code")),
    }
}

/// Says what an answer other than HTTP 200 was about.
pub(super) fn not_ok(answer: &Answer) -> Lack {
    match serde_json::from_slice::<Object>(&answer.body) {
        Ok(object) if text(&object, "Code").is_some() => refused(answer.status, &object),
        _ => unreadable(answer),
    }
}

pub(super) fn is_ok(answer: &Answer) -> bool {
    answer.status == OK
}

fn object(answer: &Answer) -> Result<Object, Lack> {
    if !is_ok(answer) {
        return Err(not_ok(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| unreadable(answer))
}

pub(super) fn unreadable(answer: &Answer) -> Lack {
    Lack {
        reason: answer.unreadable().to_string(),
        is_transient: answer.status >= 500 || answer.status == 429,
    }
}

fn refused(status: u16, object: &Object) -> Lack {
    let code = text(object, "Code").filter(|code| is_code(code));
    let kind = code::kind_of(code.unwrap_or_default(), status);
    let mut reason = format!("HTTP {status}, {}", code.unwrap_or("an unknown code"));
    if let Some(request_id) = text(object, "RequestId").filter(|id| is_code(id)) {
        reason.push_str(", request ");
        reason.push_str(request_id);
    }
    Lack {
        reason,
        is_transient: matches!(kind, Kind::RateLimit | Kind::Server),
    }
}

/// What Aliyun's codes and request ids are made of. A text of another kind may
/// be anything, so it is not shown.
fn is_code(text: &str) -> bool {
    (1..=80).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn credentials(object: &Object) -> Result<Credentials, Lack> {
    let field = |name: &str| {
        text(object, name).ok_or_else(|| Lack::lasting(format!("the answer has no {name}")))
    };
    let key = Credentials::new(field("AccessKeyId")?, field("AccessKeySecret")?);
    let key = key.with_security_token(field("SecurityToken")?);
    let expiration: Timestamp = field("Expiration")?
        .parse()
        .map_err(|_| Lack::lasting("the answer's Expiration is not a time"))?;
    Ok(key.expiring_at(expiration))
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}
