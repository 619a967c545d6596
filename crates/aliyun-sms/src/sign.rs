//! Aliyun's two request signatures as pure functions, every stage visible.
//!
//! [`acs3`] is what today's documents call V3 (`ACS3-HMAC-SHA256`), [`rpc_v1`]
//! the older RPC signature (`HMAC-SHA1`) that many clients still send. Neither
//! reads a clock or makes a nonce: those come in with the request. [`received`]
//! looks at a request from the other side and recomputes what it should have
//! been signed with.

pub mod acs3;
pub mod explain;
pub mod received;
pub mod rpc_v1;

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// All but `A-Z a-z 0-9 - _ . ~`, as both signatures ask for.
const ALIYUN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// One name and its value, decoded.
pub type Pair = (String, String);

/// Which of the two signatures a request carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureVersion {
    /// `ACS3-HMAC-SHA256`: parameters and headers, in an `Authorization` header.
    #[default]
    Acs3,
    /// RPC V1, `HMAC-SHA1`: parameters only, in a parameter `Signature`.
    RpcV1,
}

impl fmt::Display for SignatureVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acs3 => acs3::ALGORITHM,
            Self::RpcV1 => rpc_v1::ALGORITHM,
        })
    }
}

/// Percent-encodes as both signatures do: UTF-8, upper-case hex, a space is
/// `%20`, `*` is `%2A`, `~` stays.
///
/// ```
/// assert_eq!(aliyun_sms::sign::percent_encode("a b*~阿"), "a%20b%2A~%E9%98%BF");
/// ```
pub fn percent_encode(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_unreserved) {
        return Cow::Borrowed(text);
    }
    let mut encoded = Vec::with_capacity(text.len() * 2);
    push_encoded(&mut encoded, text);
    Cow::Owned(ascii(encoded))
}

/// `name=value&…`, encoded and ordered by the raw name (by code point), entries
/// of the same name by value. Empty values stay as `name=`.
pub(crate) fn canonical_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let mut sorted: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_ref()))
        .collect();
    sorted.sort_unstable();
    encode_pairs(&sorted)
}

/// `name=value&…`, encoded, in the order given.
pub(crate) fn encode_pairs(pairs: &[(&str, &str)]) -> String {
    let capacity = pairs
        .iter()
        .map(|(name, value)| name.len() + value.len() * 2 + 2);
    let mut text = Vec::with_capacity(capacity.sum());
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push(b'&');
        }
        push_encoded(&mut text, name);
        text.push(b'=');
        push_encoded(&mut text, value);
    }
    ascii(text)
}

/// By hand, byte by byte, since every request goes through it.
fn push_encoded(to: &mut Vec<u8>, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    to.reserve(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) {
            to.push(byte);
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            to.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    const ANSWERS: [bool; 256] = {
        let mut answers = [false; 256];
        let mut byte = 0u8;
        while byte < 128 {
            answers[byte as usize] =
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
            byte += 1;
        }
        answers
    };
    ANSWERS[usize::from(byte)]
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| value + if value < 10 { b'0' } else { b'a' - 10 };
    let pairs = bytes
        .iter()
        .map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    ascii(pairs.collect::<Vec<_>>().into_flattened())
}

fn ascii(text: Vec<u8>) -> String {
    String::from_utf8(text).expect("what was written is ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_encoding_are_the_same() {
        let text: String = ('\0'..='\u{2ff}').collect();
        let other = percent_encoding::utf8_percent_encode(&text, ALIYUN).to_string();
        assert_eq!(percent_encode(&text), other);
    }

    #[test]
    fn writes_hexadecimal() {
        assert_eq!(hex(&[0x00, 0x9a, 0xbf, 0xff]), "009abfff");
    }
}
