//! The signature V3, `ACS3-HMAC-SHA256` (Aliyun's page "V3 request structure
//! and signature").

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::{canonical_pairs, hex};

/// The algorithm's name, first word of the `Authorization` header.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";
/// The header that repeats the hash of the body.
pub const CONTENT_SHA256: &str = "x-acs-content-sha256";
/// Hash of an empty body.
pub const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Lower-case hex SHA-256 of the raw body.
pub fn hashed_payload(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

/// The query's parameters in signing order, encoded. A form body takes no part:
/// it is covered by its hash.
pub fn canonical_query<N: AsRef<str>, V: AsRef<str>>(query: &[(N, V)]) -> String {
    canonical_pairs(query)
}

/// What is hashed into the string to sign, and the list of headers it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalRequest {
    /// The whole text, lines ended by `\n`.
    pub text: String,
    /// Names of the signed headers, lower case, sorted, joined with `;`.
    pub signed_headers: String,
}

/// Builds the canonical request over exactly `headers`.
///
/// Names are compared without case; values are trimmed; several values of one
/// name are sorted and joined with a comma.
pub fn canonical_request<N: AsRef<str>, V: AsRef<str>>(
    method: &str,
    path: &str,
    canonical_query: &str,
    headers: &[(N, V)],
    hashed_payload: &str,
) -> CanonicalRequest {
    let mut sorted: Vec<(String, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_ref().to_ascii_lowercase(), value.as_ref().trim()))
        .collect();
    sorted.sort_unstable();
    canonical_request_sorted(method, path, canonical_query, &sorted, hashed_payload)
}

/// As [`canonical_request`], for names already lower case and sorted.
pub(crate) fn canonical_request_sorted<N: AsRef<str>>(
    method: &str,
    path: &str,
    canonical_query: &str,
    headers: &[(N, &str)],
    hashed_payload: &str,
) -> CanonicalRequest {
    let mut text = String::with_capacity(768);
    for part in [method, "\n", path, "\n", canonical_query, "\n"] {
        text.push_str(part);
    }
    let mut signed_headers = String::with_capacity(160);
    let mut previous: Option<&str> = None;
    for (name, value) in headers {
        let name = name.as_ref();
        if previous == Some(name) {
            text.push(',');
        } else {
            if previous.is_some() {
                text.push('\n');
                signed_headers.push(';');
            }
            text.push_str(name);
            text.push(':');
            signed_headers.push_str(name);
        }
        text.push_str(value);
        previous = Some(name);
    }
    if previous.is_some() {
        text.push('\n');
    }
    for part in ["\n", &signed_headers, "\n", hashed_payload] {
        text.push_str(part);
    }
    CanonicalRequest {
        text,
        signed_headers,
    }
}

/// The algorithm's name and the hash of the canonical request.
pub fn string_to_sign(canonical_request: &str) -> String {
    let mut text = String::with_capacity(ALGORITHM.len() + 65);
    text.push_str(ALGORITHM);
    text.push('\n');
    text.push_str(&hex(&Sha256::digest(canonical_request.as_bytes())));
    text
}

/// Lower-case hex of the HMAC-SHA256 under the plain secret (no `&` here).
pub fn signature(access_key_secret: &str, string_to_sign: &str) -> String {
    hex(&hmac_sha256(
        access_key_secret.as_bytes(),
        string_to_sign.as_bytes(),
    ))
}

pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

pub(crate) fn authorization(access_key_id: &str, signed_headers: &str, signature: &str) -> String {
    let parts = [
        ALGORITHM,
        " Credential=",
        access_key_id,
        ",SignedHeaders=",
        signed_headers,
        ",Signature=",
        signature,
    ];
    parts.concat()
}

/// What stands in the `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The access key id.
    pub access_key_id: String,
    /// Names of the signed headers, joined with `;`, as they were sent.
    pub signed_headers: String,
    /// Lower-case hex signature.
    pub signature: String,
}

impl Authorization {
    /// The header's value.
    pub fn to_header(&self) -> String {
        authorization(&self.access_key_id, &self.signed_headers, &self.signature)
    }

    /// Reads the header's value. `None` where it is not of this algorithm or a
    /// part is missing; an empty credential is kept as an empty text.
    pub fn parse(header: &str) -> Option<Self> {
        let parts = header.trim().strip_prefix(ALGORITHM)?;
        if !parts.starts_with([' ', '\t']) {
            return None;
        }
        let (mut id, mut headers, mut signature) = (None, None, None);
        for part in parts.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "Credential" => id = Some(value),
                "SignedHeaders" => headers = Some(value),
                "Signature" => signature = Some(value),
                _ => {}
            }
        }
        Some(Self {
            access_key_id: id?.to_owned(),
            signed_headers: headers?.to_owned(),
            signature: signature?.to_owned(),
        })
    }
}
