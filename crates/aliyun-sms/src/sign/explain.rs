//! Says why a signature does not match, for people who face
//! `SignatureDoesNotMatch`.
//!
//! The real answer of Aliyun to a wrong signature is its own string to sign,
//! which helps only who can compare two long lines by eye. Here every known
//! mistake is made on purpose, one after the other, until one of them gives the
//! signature that was found. Nothing here sends, reads a clock or prints a
//! secret.
//!
//! A new mistake is one entry in `explain/mistake.rs`; what is wrong with a
//! request whatever its signature says is in `explain/shape.rs`.

mod changed;
mod mistake;
mod recipe;
mod shape;

use std::borrow::Cow;

pub use self::changed::Intent;
use self::mistake::Context;
use super::received::{Found, Parameters, Request, Stages};
use super::{SignatureVersion, acs3, rpc_v1};

/// The key that the signature should have been made with.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// Its id, where it is known apart from the request.
    pub id: Option<&'a str>,
    /// Its secret.
    pub secret: &'a str,
}

impl std::fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// One thing that is wrong with a request, or probably is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable name, `secret-without-ampersand` and the like.
    pub id: &'static str,
    /// What was found.
    pub message: Sentence,
    /// What to do about it.
    pub cure: Sentence,
}

/// A sentence in both languages, without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// English.
    pub en: Cow<'static, str>,
    /// Simplified Chinese.
    pub zh: Cow<'static, str>,
}

/// What can be said about a request's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Every stage of the signature as it should be.
    pub stages: Stages,
    /// The signature the request carries.
    pub found_signature: String,
    /// Whether the two signatures are the same.
    pub matches: bool,
    /// What is wrong, the surest first. Where the signature matches these are
    /// things for which Aliyun refuses the request all the same.
    pub findings: Vec<Finding>,
}

/// Recomputes the signature of a request and, where it is not the one found,
/// says what the client probably did wrong. What it meant to send helps to see
/// what was changed on the way; [`Intent::default`] is nothing known.
///
/// # Errors
/// [`Unsigned`] where the request carries no signature to explain.
///
/// ```
/// use aliyun_sms::sign::explain::{Intent, Key, explain};
/// use aliyun_sms::sign::received::Request;
///
/// // Signed with the secret alone: RPC V1 wants an `&` behind it.
/// let request = Request {
///     method: "GET",
///     target: "/?Action=SendSms&AccessKeyId=testid&Signature=M1nimnLVDwC4j8BLWWtHFnslwXY%3D",
///     headers: &[],
///     body: b"",
/// };
/// let key = Key { id: Some("testid"), secret: "testsecret" };
/// let explanation = explain(&request, &key, &Intent::default())?;
/// assert!(!explanation.matches);
/// assert_eq!(explanation.findings[0].id, "secret-without-ampersand");
/// # Ok::<(), aliyun_sms::sign::explain::Unsigned>(())
/// ```
pub fn explain(
    request: &Request<'_>,
    key: &Key<'_>,
    intent: &Intent,
) -> Result<Explanation, Unsigned> {
    let parameters = request.parameters();
    let carried = Carried::of(request, &parameters)?;
    let stages = match carried.version {
        SignatureVersion::Acs3 => request.acs3(&parameters, &carried.signed_headers, key.secret),
        SignatureVersion::RpcV1 => request.rpc_v1(&parameters, key.secret),
    };
    let matches = stages.signature == carried.signature;
    let context = Context {
        request,
        parameters: &parameters,
        carried: &carried,
        key,
        intent,
    };
    let mut findings = Vec::new();
    if !matches {
        findings = mistake::findings(&context);
        if findings.is_empty() && is_body_intact(request) {
            findings = shape::last_resort(&context);
        }
    }
    let mut others = shape::findings(&context);
    others.retain(|other| findings.iter().all(|finding| finding.id != other.id));
    findings.extend(others);
    Ok(Explanation {
        stages,
        found_signature: carried.signature,
        matches,
        findings,
    })
}

/// The request carries no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the request carries no signature: neither an Authorization header with Signature=… nor a parameter Signature"
)]
pub struct Unsigned;

/// The signature a request carries, read as leniently as makes sense.
struct Carried {
    version: SignatureVersion,
    access_key_id: String,
    signed_headers: String,
    signature: String,
    /// An `Authorization` header that is there and not a whole ACS3 one.
    is_malformed: bool,
}

impl Carried {
    fn of(request: &Request<'_>, parameters: &Parameters) -> Result<Self, Unsigned> {
        let carried = match request.found(parameters) {
            Found::Nothing => return Err(Unsigned),
            Found::Acs3(found) => Self {
                version: SignatureVersion::Acs3,
                access_key_id: found.access_key_id,
                signed_headers: found.signed_headers,
                signature: found.signature,
                is_malformed: false,
            },
            Found::RpcV1 {
                access_key_id,
                signature,
            } => Self::rpc_v1(access_key_id, signature, false),
            Found::Malformed => Self::malformed(request, parameters),
        };
        if carried.signature.is_empty() {
            return Err(Unsigned);
        }
        Ok(carried)
    }

    fn rpc_v1(access_key_id: String, signature: String, is_malformed: bool) -> Self {
        Self {
            version: SignatureVersion::RpcV1,
            access_key_id,
            signed_headers: String::new(),
            signature,
            is_malformed,
        }
    }

    /// What can be read of a header that is not quite one: any order, any
    /// spacing, any case, parts missing.
    fn malformed(request: &Request<'_>, parameters: &Parameters) -> Self {
        let header = request.header("authorization").unwrap_or_default();
        let part = |name: &str| {
            header
                .split([',', ' ', '\t'])
                .filter_map(|part| part.split_once('='))
                .find(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
        };
        let parameter = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
        match part("signature") {
            Some(signature) => Self {
                version: SignatureVersion::Acs3,
                access_key_id: part("credential").unwrap_or_default(),
                signed_headers: part("signedheaders")
                    .unwrap_or_else(|| headers_to_sign(request).join(";")),
                signature,
                is_malformed: true,
            },
            // Somebody else's header, a proxy's password for one.
            None => Self::rpc_v1(
                parameter("AccessKeyId"),
                parameter(rpc_v1::SIGNATURE_PARAMETER),
                true,
            ),
        }
    }
}

fn headers_to_sign(request: &Request<'_>) -> Vec<String> {
    request.unsigned_headers("")
}

const BODY_CHANGED: &str = "body-changed";

/// Whether the hash in the header is that of the body.
fn is_body_intact(request: &Request<'_>) -> bool {
    request
        .header(acs3::CONTENT_SHA256)
        .is_none_or(|declared| declared == acs3::hashed_payload(request.body))
}
