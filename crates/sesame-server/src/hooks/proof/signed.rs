//! Signatures of bodies: Standard Webhooks, ZITADEL's, Authgear's.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Asked, Denied};

/// How far a signature's time may be off, either way.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Whose signature it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// `ZITADEL-Signature: t=…,v1=…`.
    Zitadel,
    /// `x-authgear-body-signature`, without a time.
    Authgear,
}

/// Keys, any of which may have signed.
pub(crate) struct Keys(Vec<hmac::Key>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Keys").field(&self.0.len()).finish()
    }
}

const MISSING: Denied = Denied::new(
    "the signature is missing",
    "switch signing on at the platform, and give it this hook's secret",
);
const WRONG: Denied = Denied::new(
    "the signature does not fit",
    "compare `secrets` of this hook with the platform's; nothing between the two may change the body",
);
const LATE: Denied = Denied::new(
    "the signature's time is more than 300 s off",
    "check the clocks of both machines",
);
const ASYMMETRIC: Denied = Denied::new(
    "the signature is of the kind v1a, which is not taken",
    "sign with a secret that begins with v1,whsec_",
);

impl Keys {
    pub(crate) fn new(secrets: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let key = |secret: Vec<u8>| hmac::Key::new(HMAC_SHA256, &secret);
        Self(secrets.into_iter().map(key).collect())
    }

    /// Whether one of the tags is of one of the keys. Each is compared.
    pub(super) fn have_signed(&self, signed: &[u8], tags: &[Vec<u8>]) -> bool {
        let mut is_one = false;
        for key in &self.0 {
            for tag in tags {
                is_one |= hmac::verify(key, signed, tag).is_ok();
            }
        }
        is_one
    }

    /// What the first key says to something, for an example.
    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        let key = self.0.first();
        key.map_or_else(Vec::new, |key| hmac::sign(key, text).as_ref().to_vec())
    }
}

impl Scheme {
    /// The keys in a secret as the platform shows it.
    ///
    /// # Errors
    /// With what is wrong with it, and the cure.
    pub(crate) fn keys(self, secret: &str) -> Result<Vec<Vec<u8>>, (&'static str, &'static str)> {
        match self {
            // Supabase writes several into one variable.
            Self::StandardWebhooks => secret.split('|').map(webhook_key).collect(),
            Self::Zitadel => Ok(vec![secret.as_bytes().to_vec()]),
            Self::Authgear => jwk_keys(secret),
        }
    }

    /// Until when the same bytes would be taken; none: always.
    pub(super) fn verify(
        self,
        keys: &Keys,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Denied> {
        match self {
            Self::StandardWebhooks => standard_webhooks(keys, asked, now).map(Some),
            Self::Zitadel => zitadel(keys, asked, now).map(Some),
            Self::Authgear => {
                let tag = asked.header("x-authgear-body-signature").ok_or(MISSING)?;
                let tag = unhex(tag.trim()).ok_or(WRONG)?;
                proven(keys.have_signed(&asked.body, &[tag])).map(|()| None)
            }
        }
    }
}

/// The signatures stand behind one another with spaces between them, and from
/// Supabase with commas as well.
fn standard_webhooks(keys: &Keys, asked: &Asked, now: Timestamp) -> Result<Timestamp, Denied> {
    let header = |name| asked.header(name).ok_or(MISSING);
    let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signatures = header("webhook-signature")?;
    let until = in_time(time, now)?;
    let parts = signatures
        .split(' ')
        .map(|part| part.trim_matches(','))
        .filter(|part| !part.is_empty());
    let tags: Vec<_> = parts
        .clone()
        .filter_map(|part| STANDARD.decode(part.strip_prefix("v1,")?).ok())
        .collect();
    if tags.is_empty() && parts.clone().any(|part| part.starts_with("v1a,")) {
        return Err(ASYMMETRIC);
    }
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &asked.body].concat();
    proven(keys.have_signed(&signed, &tags)).map(|()| until)
}

fn zitadel(keys: &Keys, asked: &Asked, now: Timestamp) -> Result<Timestamp, Denied> {
    let header = asked.header("zitadel-signature").ok_or(MISSING)?;
    let parts = header
        .split(',')
        .filter_map(|part| part.trim().split_once('='));
    let values = |name| {
        parts
            .clone()
            .filter(move |(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let mut times = values("t");
    let time = times
        .next()
        .filter(|_| times.next().is_none())
        .ok_or(WRONG)?;
    let until = in_time(time, now)?;
    let tags: Vec<_> = values("v1").filter_map(unhex).collect();
    let signed = [time.as_bytes(), b".", &asked.body].concat();
    proven(keys.have_signed(&signed, &tags)).map(|()| until)
}

fn proven(is_proven: bool) -> Result<(), Denied> {
    if is_proven { Ok(()) } else { Err(WRONG) }
}

/// Reads seconds since 1970, and gives when they are too long ago.
fn in_time(text: &str, now: Timestamp) -> Result<Timestamp, Denied> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let secs = text.parse().ok().filter(|_| is_plain).ok_or(LATE)?;
    let time = Timestamp::from_second(secs).map_err(|_| LATE)?;
    if now.duration_since(time).abs() > TOLERANCE {
        return Err(LATE);
    }
    Ok(time + TOLERANCE)
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

/// `v1,whsec_<base64>`, as Supabase shows it, or without what stands in front.
fn webhook_key(secret: &str) -> Result<Vec<u8>, (&'static str, &'static str)> {
    let secret = secret.trim();
    if secret.starts_with("v1a,") || secret.starts_with("whsk_") {
        return Err((
            "this is a key of the asymmetric kind (v1a), with which Supabase cannot sign",
            "make a secret of the kind v1,whsec_<base64>",
        ));
    }
    let text = secret.strip_prefix("v1,").unwrap_or(secret);
    let text = text.strip_prefix("whsec_").ok_or((
        "this is no secret of Standard Webhooks",
        "write v1,whsec_ and 24 to 64 random bytes in base64: echo \"v1,whsec_$(openssl rand -base64 32)\"",
    ))?;
    let wrong = (
        "what stands behind whsec_ is no base64 of 24 to 64 bytes",
        "copy the secret whole, to its last =",
    );
    let decoded = STANDARD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text));
    decoded
        .ok()
        .filter(|key| (24..=64).contains(&key.len()))
        .ok_or(wrong)
}

/// A JWK set, a JWK, its `k`, or the octets of a key.
fn jwk_keys(secret: &str) -> Result<Vec<Vec<u8>>, (&'static str, &'static str)> {
    if !secret.trim_start().starts_with('{') {
        let octets = secret.as_bytes().to_vec();
        let decoded = URL_SAFE_NO_PAD.decode(secret).ok();
        return Ok([Some(octets), decoded].into_iter().flatten().collect());
    }
    let wrong = (
        "this is no JWK of the kind oct, nor a set of them",
        "copy the key `webhook` of authgear.secrets.yaml, as JSON",
    );
    let jwk: Value = serde_json::from_str(secret).map_err(|_| wrong)?;
    let one = std::slice::from_ref(&jwk);
    let jwks = jwk
        .get("keys")
        .and_then(Value::as_array)
        .map_or(one, Vec::as_slice);
    let octets = |jwk: &Value| {
        let is_oct = jwk.get("kty").is_some_and(|kty| kty == "oct");
        let k = jwk.get("k")?.as_str().filter(|_| is_oct)?;
        URL_SAFE_NO_PAD.decode(k).ok().filter(|k| !k.is_empty())
    };
    let keys: Option<Vec<_>> = jwks.iter().map(octets).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or(wrong)
}
