//! Who is calling, and whether it is really them.

use std::sync::Arc;

use aliyun_sms::sign::received::{Found, Parameters, Request, Stages};
use aliyun_sms::sign::{SignatureVersion, acs3, rpc_v1};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;

use super::Call;
use super::refusal::Refusal;
use crate::account::{AccessKey, AddressDenied, Book, KeyStatus};
use crate::state::Shared;

/// The code of a signature that is not what it should be.
pub(super) const MISMATCH: &str = "SignatureDoesNotMatch";

/// Comes with temporary keys, beside the token.
const ACCESS_KEY_ID: &str = "x-acs-accesskey-id";

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
    // A list of the key's own does not bind temporary keys.
    let is_bound =
        book.account.address_denied == AddressDenied::Inactive && key.security_token.is_none();
    if key.status == KeyStatus::Disabled || is_bound && !key.may_call_from(call.address) {
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
            // Nor is its code for two keys in one request: of those that are
            // documented, this one is for requests that contradict the rules.
            let is_of_one_key = call
                .request
                .header_values(ACCESS_KEY_ID)
                .all(|id| id == authorization.access_key_id);
            if unsigned.is_empty() && has_hash && is_of_one_key {
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
    let now = TimeZone::UTC.to_datetime(now);
    let off = whole(time).duration_since(whole(now)).abs();
    if off > SignedDuration::from_secs(tolerance_secs) {
        return Err(Refusal::gateway("InvalidTimeStamp.Expired"));
    }
    Ok(())
}

/// Without its fraction: the window has the same width on both sides of a clock
/// that has one.
fn whole(time: DateTime) -> DateTime {
    time.with().subsec_nanosecond(0).build().unwrap_or(time)
}

/// `yyyy-MM-ddTHH:mm:ssZ`; some clients send a fraction as well, and are served.
/// In UTC; not every such time is a timestamp, as those end a day early.
fn parse_time(text: &str) -> Option<DateTime> {
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
        plain.parse().ok()
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
    let own = own_stages(call, key.secret.reveal());
    let is_right = is_equal(&own.signature, claim.signature.unwrap_or_default());
    let result = if is_right && is_whole(call) {
        Ok(())
    } else {
        Err(Refusal::gateway(MISMATCH).with_message(mismatch(&own)))
    };
    *stages = Some(own);
    result
}

/// What the request's signature should have been under `secret`. One without a
/// signature is read as RPC V1.
fn own_stages(call: &Call<'_>, secret: &str) -> Stages {
    match &call.found {
        Found::Acs3(authorization) => {
            call.request
                .acs3(&call.parameters, &authorization.signed_headers, secret)
        }
        _ => call.request.rpc_v1(&call.parameters, secret),
    }
}

/// Whether all that an ACS3 signature says it covers came, and as it was: the
/// body, and every header it names.
fn is_whole(call: &Call<'_>) -> bool {
    let Found::Acs3(authorization) = &call.found else {
        return true;
    };
    let hash = acs3::hashed_payload(call.request.body);
    let mut signed = authorization.signed_headers.split(';');
    call.request.header(acs3::CONTENT_SHA256) == Some(hash.as_str())
        && signed.all(|name| name.is_empty() || call.request.header(name).is_some())
}

/// What a call is told whose signature is wrong, whether or not it is.
pub(super) fn mismatch_of(call: &Call<'_>) -> String {
    mismatch(&own_stages(call, ""))
}

/// Aliyun's Python core cuts the first of the two at the colon and compares what
/// follows, and dies where there is no colon.
fn mismatch(own: &Stages) -> String {
    let Stages {
        canonical,
        string_to_sign,
        ..
    } = own;
    match own.version {
        SignatureVersion::RpcV1 => format!(
            "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
        ),
        SignatureVersion::Acs3 => format!(
            "Specified signature does not match our calculation. server StringToSign is [{string_to_sign}] server CanonicalRequest is [{canonical}]"
        ),
    }
}

fn is_equal(own: &str, claimed: &str) -> bool {
    own.as_bytes().ct_eq(claimed.as_bytes()).into()
}
