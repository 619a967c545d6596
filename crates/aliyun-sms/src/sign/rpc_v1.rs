//! The RPC signature V1, `HMAC-SHA1` (Aliyun's "request signature" page of the
//! SMS documents; newer pages call the whole request structure V2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::{canonical_pairs, percent_encode};

/// The algorithm's name, as it travels in `SignatureMethod`.
pub const ALGORITHM: &str = "HMAC-SHA1";
/// What travels in `SignatureVersion`.
pub const VERSION: &str = "1.0";
/// The parameter that carries the signature, and is not signed itself.
pub const SIGNATURE_PARAMETER: &str = "Signature";

/// The parameters (query and form together) in signing order, encoded once.
/// A `Signature` among them is left out; empty values take part.
pub fn canonical_query<N: AsRef<str>, V: AsRef<str>>(parameters: &[(N, V)]) -> String {
    let signed: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_ref()))
        .filter(|(name, _)| *name != SIGNATURE_PARAMETER)
        .collect();
    canonical_pairs(&signed)
}

/// `METHOD&%2F&` and the canonical query, encoded a second time.
pub fn string_to_sign(method: &str, canonical_query: &str) -> String {
    let encoded = percent_encode(canonical_query);
    let mut text = String::with_capacity(method.len() + 5 + encoded.len());
    text.push_str(method);
    text.push_str("&%2F&");
    text.push_str(&encoded);
    text
}

/// Base64 of the HMAC-SHA1 under the secret followed by `&`.
pub fn signature(access_key_secret: &str, string_to_sign: &str) -> String {
    let mut key = String::with_capacity(access_key_secret.len() + 1);
    key.push_str(access_key_secret);
    key.push('&');
    STANDARD.encode(hmac_sha1(key.as_bytes(), string_to_sign.as_bytes()))
}

pub(crate) fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}
