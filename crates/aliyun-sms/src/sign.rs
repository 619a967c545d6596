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
    percent_encoding::utf8_percent_encode(text, ALIYUN).into()
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
    let mut text = String::with_capacity(
        pairs
            .iter()
            .map(|(name, value)| name.len() + value.len() * 2 + 2)
            .sum(),
    );
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(percent_encoding::utf8_percent_encode(name, ALIYUN));
        text.push('=');
        text.extend(percent_encoding::utf8_percent_encode(value, ALIYUN));
    }
    text
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(hex_digit(byte >> 4));
        text.push(hex_digit(byte & 15));
    }
    text
}

fn hex_digit(value: u8) -> char {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    char::from(DIGITS[usize::from(value)])
}
