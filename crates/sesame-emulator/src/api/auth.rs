//! Who is calling, and whether it is really them.

use std::sync::Arc;

use aliyun_sms::sign::received::{Found, Parameters, Request, Stages};
use aliyun_sms::sign::{acs3, rpc_v1};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;

use super::Call;
use super::refusal::Refusal;
use crate::account::{AccessKey, Book, KeyStatus};
use crate::state::Shared;

/// What a request says about who sent it and when; an empty value is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claim<'a> {
    key_id: Option<&'a str>,
    signature: Option<&'a str>,
    nonce: Option<&'a str>,
    time: Option<&'a str>,
    /// The token of a temporary key.
    pub(super) token: Option<&'a str>,
}

impl<'a> Claim<'a> {
    pub(super) fn of(request: &Request<'a>, parameters: &'a Parameters, found: &'a Found) -> Self {
        let filled = |value: Option<&'a str>| value.filter(|value| !value.is_empty());
        let parameter = |name: &str| filled(parameters.get(name));
        let header = |name: &str| filled(request.header(name));
        match found {
            Found::Nothing | Found::Malformed => Self {
                token: header("x-acs-security-token").or_else(|| parameter("SecurityToken")),
                ..Self::default()
            },
            Found::RpcV1 {
                access_key_id,
                signature,
            } => Self {
                key_id: filled(Some(access_key_id)),
                signature: filled(Some(signature)),
                nonce: parameter("SignatureNonce"),
                time: parameter("Timestamp"),
                token: parameter("SecurityToken"),
            },
            Found::Acs3(authorization) => Self {
                key_id: filled(Some(&authorization.access_key_id)),
                signature: filled(Some(&authorization.signature)),
                nonce: header("x-acs-signature-nonce"),
                time: header("x-acs-date"),
                token: header("x-acs-security-token"),
            },
        }
    }
}

/// Finds the key and checks everything that is asked of a signed request. The
/// stages are left behind even where it is refused.
pub(super) fn authenticate(
    call: &Call<'_>,
    shared: &Shared,
    stages: &mut Option<Stages>,
) -> Result<Arc<AccessKey>, Refusal> {
    if call.found == Found::Malformed {
        return Err(Refusal::gateway("IncompleteSignature"));
    }
    let claim = call.claim();
    let key_id = claim
        .key_id
        .ok_or_else(|| Refusal::missing("AccessKeyId"))?;
    let book = Arc::clone(&shared.lock().book);
    let key = book
        .key(key_id)
        .ok_or_else(|| Refusal::gateway("InvalidAccessKeyId.NotFound"))?;
    if key.status == KeyStatus::Disabled {
        return Err(Refusal::gateway("InvalidAccessKeyId.Inactive"));
    }
    check_token(&book, key, claim.token, call.now)?;
    check_form(call, &claim, book.account.require_signed_host)?;
    let tolerance_secs = i64::from(book.account.time_tolerance_mins) * 60;
    check_time(claim.time, call.now, tolerance_secs)?;
    let nonce = claim
        .nonce
        .ok_or_else(|| Refusal::gateway("IncompleteSignature"))?;
    if shared.lock().nonces.is_used(key_id, nonce) {
        return Err(Refusal::gateway("SignatureNonceUsed"));
    }
    check_signature(call, &claim, key, stages)?;
    // Only now is the nonce used up: a stranger who saw it cannot spend it.
    let is_first = shared
        .lock()
        .nonces
        .burn(key_id, nonce, call.now, tolerance_secs);
    if is_first {
        Ok(Arc::clone(key))
    } else {
        Err(Refusal::gateway("SignatureNonceUsed"))
    }
}

/// A temporary key needs its own token, a permanent one may have none.
fn check_token(
    book: &Book,
    key: &AccessKey,
    token: Option<&str>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let own = key.security_token.as_ref().map(|own| own.reveal());
    let expired = key.expires_at.is_some_and(|end| end <= now);
    match (own, token) {
        (None, None) if expired => Err(Refusal::gateway("InvalidAccessKeyId.Inactive")),
        (None, None) => Ok(()),
        (Some(_), None) => Err(Refusal::missing("SecurityToken")),
        (Some(own), Some(token)) if is_equal(own, token) && expired => {
            Err(Refusal::gateway("InvalidSecurityToken.Expired"))
        }
        (Some(own), Some(token)) if is_equal(own, token) => Ok(()),
        // Somebody else's token can be read, a made-up one cannot.
        (_, Some(token)) if own.is_none() || book.is_token(token) => Err(Refusal::gateway(
            "InvalidSecurityToken.MismatchWithAccessKey",
        )),
        (_, Some(_)) => Err(Refusal::gateway("InvalidSecurityToken.Malformed")),
    }
}

/// Whether everything a signature consists of is there and of a kind that is
/// served.
fn check_form(
    call: &Call<'_>,
    claim: &Claim<'_>,
    require_signed_host: bool,
) -> Result<(), Refusal> {
    let incomplete = || Refusal::gateway("IncompleteSignature");
    match &call.found {
        Found::Acs3(authorization) => {
            // Which of two codes Aliyun has for an unsigned header is not known.
            let mut unsigned = call.request.unsigned_headers(&authorization.signed_headers);
            unsigned.retain(|name| require_signed_host || name != "host");
            let has_hash = call.request.header(acs3::CONTENT_SHA256).is_some();
            if unsigned.is_empty() && has_hash {
                Ok(())
            } else {
                Err(incomplete())
            }
        }
        _ => {
            claim
                .signature
                .ok_or_else(|| Refusal::missing("Signature"))?;
            let method = call.get("SignatureMethod").ok_or_else(incomplete)?;
            if method != rpc_v1::ALGORITHM {
                return Err(Refusal::gateway("InvalidSignatureMethod"));
            }
            let version = call.get("SignatureVersion").ok_or_else(incomplete)?;
            if version == rpc_v1::VERSION {
                Ok(())
            } else {
                Err(Refusal::invalid("SignatureVersion"))
            }
        }
    }
}

fn check_time(time: Option<&str>, now: Timestamp, tolerance_secs: i64) -> Result<(), Refusal> {
    let time = time.ok_or_else(|| Refusal::gateway("IncompleteSignature"))?;
    let time = parse_time(time).ok_or_else(|| Refusal::gateway("InvalidTimeStamp.Format"))?;
    let off = time.duration_since(now).abs();
    if off > SignedDuration::from_secs(tolerance_secs) {
        return Err(Refusal::gateway("InvalidTimeStamp.Expired"));
    }
    Ok(())
}

/// `yyyy-MM-ddTHH:mm:ssZ`; some clients send a fraction as well, and are served.
fn parse_time(text: &str) -> Option<Timestamp> {
    let plain = text.strip_suffix('Z')?;
    let (seconds, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
    let has_form = seconds.len() == 19
        && seconds.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    let is_fraction = !fraction.is_empty()
        && fraction.len() <= 9
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if has_form && is_fraction {
        text.parse().ok()
    } else {
        None
    }
}

fn check_signature(
    call: &Call<'_>,
    claim: &Claim<'_>,
    key: &AccessKey,
    stages: &mut Option<Stages>,
) -> Result<(), Refusal> {
    let secret = key.secret.reveal();
    let own = match &call.found {
        Found::Acs3(authorization) => {
            call.request
                .acs3(&call.parameters, &authorization.signed_headers, secret)
        }
        _ => call.request.rpc_v1(&call.parameters, secret),
    };
    let is_right = is_equal(&own.signature, claim.signature.unwrap_or_default());
    let covers_body = match &call.found {
        Found::Acs3(_) => {
            let hash = acs3::hashed_payload(call.request.body);
            call.request.header(acs3::CONTENT_SHA256) == Some(hash.as_str())
        }
        _ => true,
    };
    let message = match &call.found {
        _ if is_right && covers_body => None,
        Found::Acs3(_) => Some(acs3_mismatch(&own)),
        _ => Some(rpc_v1_mismatch(&own)),
    };
    *stages = Some(own);
    match message {
        None => Ok(()),
        Some(message) => Err(Refusal::gateway("SignatureDoesNotMatch").with_message(message)),
    }
}

/// Aliyun's Python core cuts this at the colon and compares what follows, and
/// dies where there is no colon.
fn rpc_v1_mismatch(own: &Stages) -> String {
    format!(
        "Specified signature is not matched with our calculation. server string to sign is:{}",
        own.string_to_sign
    )
}

fn acs3_mismatch(own: &Stages) -> String {
    format!(
        "Specified signature does not match our calculation. server StringToSign is [{}] server CanonicalRequest is [{}]",
        own.string_to_sign, own.canonical
    )
}

fn is_equal(own: &str, claimed: &str) -> bool {
    own.as_bytes().ct_eq(claimed.as_bytes()).into()
}
