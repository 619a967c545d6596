//! Tokens signed with HS256 (RFC 7519), as Auth0 sends one with each message.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use serde_json::Value;

use super::signed::Keys;
use super::{Asked, Denied};

/// How far clocks may differ, in seconds.
const LEEWAY_SECS: i64 = 60;

/// What a token must say.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    pub(crate) audience: Option<String>,
    pub(crate) subject: Option<String>,
}

const MISSING: Denied = Denied::new(
    "there is no token in the header Authorization",
    "set gateway_authentication of the connection, with method bearer",
);
const WRONG: Denied = Denied::new(
    "the token is none that this hook's secret signed with HS256",
    "compare `secrets` of this hook with gateway_authentication.secret",
);
const OTHERS: Denied = Denied::new(
    "the token is for another audience, or of another subject",
    "compare `audience` and `subject` of this hook with gateway_authentication",
);
const LATE: Denied = Denied::new(
    "the token's time is over, or has not come",
    "check the clocks of both machines",
);

impl Claims {
    pub(super) fn verify(&self, keys: &Keys, asked: &Asked, now: Timestamp) -> Result<(), Denied> {
        let header = asked.header(AUTHORIZATION.as_str()).ok_or(MISSING)?;
        let (scheme, token) = header.trim().split_once(' ').ok_or(MISSING)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(MISSING);
        }
        let token = token.trim();
        let (signed, tag) = token.rsplit_once('.').ok_or(WRONG)?;
        let (head, claims) = signed.split_once('.').ok_or(WRONG)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| WRONG)?;
        // The token does not choose how it is verified.
        let is_hs256 = part(head).is_some_and(|head| head["alg"] == "HS256");
        if !keys.have_signed(signed.as_bytes(), &[tag]) || !is_hs256 {
            return Err(WRONG);
        }
        self.check(&part(claims).ok_or(WRONG)?, now)
    }

    fn check(&self, claims: &Value, now: Timestamp) -> Result<(), Denied> {
        let is_for = |wanted: &String| match &claims["aud"] {
            Value::Array(list) => list.iter().any(|one| one == wanted.as_str()),
            one => one == wanted.as_str(),
        };
        let is_of = |wanted: &String| claims["sub"] == wanted.as_str();
        if !self.audience.iter().all(is_for) || !self.subject.iter().all(is_of) {
            return Err(OTHERS);
        }
        let now = now.as_second();
        let holds = |name: &str, holds: fn(f64, f64) -> bool, edge: i64| match claims.get(name) {
            None => true,
            // Seconds, which may have a fraction.
            #[expect(clippy::cast_precision_loss, reason = "exact for a long time to come")]
            Some(value) => value.as_f64().is_some_and(|time| holds(time, edge as f64)),
        };
        let is_in_time = holds("exp", |time, edge| time > edge, now - LEEWAY_SECS)
            && holds("nbf", |time, edge| time <= edge, now + LEEWAY_SECS);
        if is_in_time { Ok(()) } else { Err(LATE) }
    }
}

fn part(text: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}
