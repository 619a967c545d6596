//! How a signature is made, every step a field, so that each can go wrong.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use sha2::{Digest as _, Sha256};

use super::mistake::Context;
use crate::sign::{Pair, SignatureVersion, acs3, hex, percent_encode, rpc_v1};

/// One way to make a signature. [`Recipe::right`] is the right one.
#[derive(Clone)]
pub(super) struct Recipe {
    pub(super) version: SignatureVersion,
    pub(super) method: String,
    pub(super) path: String,
    /// Parameters that take part, as sent.
    pub(super) pairs: Vec<Pair>,
    /// Stands for the canonical query, whatever `pairs` holds.
    pub(super) query_as_is: Option<String>,
    /// An `&` before the first parameter too.
    pub(super) leads_with_ampersand: bool,
    pub(super) order: Order,
    pub(super) encoding: Encoding,
    /// RPC V1 only: the encoding of the canonical query as a whole.
    pub(super) outer_encoding: Encoding,
    /// RPC V1 only: between method and canonical query.
    pub(super) prefix: Prefix,
    pub(super) acs3: Acs3Parts,
    /// A line break behind the string to sign.
    pub(super) ends_with_line_break: bool,
    pub(super) key: String,
    pub(super) swaps_key_and_text: bool,
    pub(super) digest: Digest,
    pub(super) output: Output,
}

/// What only ACS3 has.
#[derive(Clone, Default)]
pub(super) struct Acs3Parts {
    /// Signed headers: name, lower case where it is right, and value.
    pub(super) headers: Vec<Pair>,
    pub(super) keeps_header_order: bool,
    /// Stands for the line of signed headers.
    pub(super) signed_headers: Option<String>,
    /// `name: value`.
    pub(super) spaces_values: bool,
    pub(super) omits_blank_line: bool,
    pub(super) ends_with_line_break: bool,
    /// Lines ended by `\r\n`.
    pub(super) ends_lines_as_windows: bool,
    pub(super) capital_hash: bool,
    /// A line between the algorithm and the hash.
    pub(super) date_line: Option<String>,
    pub(super) hashed_payload: String,
    pub(super) omits_canonical_hash: bool,
    pub(super) omits_algorithm: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    ByName,
    ByJoinedText,
    WithoutCase,
    AsSent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    Encoded,
    /// `%2f`.
    LowerCase,
    PlainSlash,
    WithoutPath,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Sha1,
    Sha256,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Base64,
    /// Then `+` was sent raw, and read as a space.
    Base64PlusLost,
    /// Then percent-encoded once too often.
    Base64Encoded,
    Base64UrlSafe,
    Base64Unpadded,
    Base64WithLineBreak(&'static str),
    Base64OfHex,
    Hex,
    HexUpper,
}

/// How text is percent-encoded; all `false` is right.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) space_as_plus: bool,
    pub(super) star_raw: bool,
    pub(super) tilde_encoded: bool,
    pub(super) slash_raw: bool,
    /// `! ' ( ) *`, as JavaScript's `encodeURIComponent` leaves them.
    pub(super) script_raw: bool,
    pub(super) lower_hex: bool,
    /// GBK in place of UTF-8.
    pub(super) gbk: bool,
    pub(super) none: bool,
    pub(super) twice: bool,
}

impl Recipe {
    /// The signature as it should be made.
    pub(super) fn right(context: &Context<'_>) -> Self {
        let (request, parameters) = (context.request, context.parameters);
        let is_acs3 = context.carried.version == SignatureVersion::Acs3;
        let pairs = if is_acs3 {
            parameters.query.clone()
        } else {
            let is_signed = |(name, _): &&Pair| name != rpc_v1::SIGNATURE_PARAMETER;
            parameters.all().filter(is_signed).cloned().collect()
        };
        let secret = context.key.secret;
        Self {
            version: context.carried.version,
            method: request.method.to_owned(),
            path: request.path().to_owned(),
            pairs,
            query_as_is: None,
            leads_with_ampersand: false,
            order: Order::ByName,
            encoding: Encoding::default(),
            outer_encoding: Encoding::default(),
            prefix: Prefix::Encoded,
            acs3: Acs3Parts {
                headers: signed_headers(context),
                hashed_payload: acs3::hashed_payload(request.body),
                ..Acs3Parts::default()
            },
            key: if is_acs3 {
                secret.to_owned()
            } else {
                format!("{secret}&")
            },
            ends_with_line_break: false,
            swaps_key_and_text: false,
            digest: if is_acs3 {
                Digest::Sha256
            } else {
                Digest::Sha1
            },
            output: if is_acs3 { Output::Hex } else { Output::Base64 },
        }
    }

    pub(super) fn signature(&self) -> String {
        let mut text = self.string_to_sign();
        if self.ends_with_line_break {
            text.push('\n');
        }
        let (key, text) = if self.swaps_key_and_text {
            (text.as_str(), self.key.as_str())
        } else {
            (self.key.as_str(), text.as_str())
        };
        let mac = match self.digest {
            Digest::Sha1 => mac_sha1(key, text),
            Digest::Sha256 => mac_sha256(key, text),
        };
        self.output.of(&mac)
    }

    fn string_to_sign(&self) -> String {
        match self.version {
            SignatureVersion::RpcV1 => self.rpc_v1_string(),
            SignatureVersion::Acs3 => self.acs3_string(),
        }
    }

    fn rpc_v1_string(&self) -> String {
        let canonical = self.outer_encoding.of(&self.canonical_query());
        match self.prefix {
            Prefix::Encoded => format!("{}&%2F&{canonical}", self.method),
            Prefix::LowerCase => format!("{}&%2f&{canonical}", self.method),
            Prefix::PlainSlash => format!("{}&/&{canonical}", self.method),
            Prefix::WithoutPath => format!("{}&{canonical}", self.method),
            Prefix::Nothing => canonical,
        }
    }

    fn acs3_string(&self) -> String {
        let parts = &self.acs3;
        let mut headers = parts.headers.clone();
        if !parts.keeps_header_order {
            headers.sort_unstable();
        }
        let lines = header_lines(&headers);
        let mut canonical = format!(
            "{}\n{}\n{}\n",
            self.method,
            self.path,
            self.canonical_query()
        );
        for (name, value) in &lines {
            let space = if parts.spaces_values { " " } else { "" };
            canonical.push_str(&format!("{name}:{space}{value}\n"));
        }
        if !parts.omits_blank_line {
            canonical.push('\n');
        }
        let names: Vec<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
        canonical.push_str(parts.signed_headers.as_ref().unwrap_or(&names.join(";")));
        canonical.push('\n');
        canonical.push_str(&parts.hashed_payload);
        if parts.ends_with_line_break {
            canonical.push('\n');
        }
        if parts.ends_lines_as_windows {
            canonical = canonical.replace('\n', "\r\n");
        }
        if !parts.omits_canonical_hash {
            canonical = hex(&Sha256::digest(canonical.as_bytes()));
        }
        if parts.capital_hash {
            canonical.make_ascii_uppercase();
        }
        if let Some(line) = &parts.date_line {
            canonical = format!("{line}\n{canonical}");
        }
        if parts.omits_algorithm {
            return canonical;
        }
        format!("{}\n{canonical}", acs3::ALGORITHM)
    }

    fn canonical_query(&self) -> String {
        if let Some(text) = &self.query_as_is {
            return text.clone();
        }
        let mut pairs: Vec<&Pair> = self.pairs.iter().collect();
        match self.order {
            Order::ByName => pairs.sort_unstable(),
            Order::WithoutCase => pairs.sort_by_key(|(name, _)| name.to_lowercase()),
            Order::AsSent | Order::ByJoinedText => {}
        }
        let mut joined: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| format!("{}={}", self.encoding.of(name), self.encoding.of(value)))
            .collect();
        if self.order == Order::ByJoinedText {
            joined.sort_unstable();
        }
        if self.leads_with_ampersand {
            joined.insert(0, String::new());
        }
        joined.join("&")
    }
}

/// Values of one name, joined, in the order of their first appearance.
fn header_lines(headers: &[Pair]) -> Vec<Pair> {
    let mut lines: Vec<Pair> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        match lines.iter_mut().find(|(found, _)| found == name) {
            Some((_, joined)) => {
                joined.push(',');
                joined.push_str(value);
            }
            None => lines.push((name.clone(), value.clone())),
        }
    }
    lines
}

fn signed_headers(context: &Context<'_>) -> Vec<Pair> {
    context
        .carried
        .signed_headers
        .split(';')
        .filter(|name| !name.is_empty())
        .flat_map(|name| {
            context
                .request
                .header_values(name)
                .map(move |value| (name.to_ascii_lowercase(), value.to_owned()))
        })
        .collect()
}

impl Encoding {
    fn of(self, text: &str) -> String {
        if self.none {
            return text.to_owned();
        }
        let mut encoded = String::with_capacity(text.len() * 3);
        let bytes: Cow<'_, [u8]> = if self.gbk {
            encoding_rs::GBK.encode(text).0
        } else {
            text.as_bytes().into()
        };
        for byte in bytes.iter() {
            self.push(*byte, &mut encoded);
        }
        if self.twice {
            encoded = percent_encode(&encoded).into_owned();
        }
        encoded
    }

    fn push(self, byte: u8, encoded: &mut String) {
        let is_raw = match byte {
            b'-' | b'_' | b'.' => true,
            b'~' => !self.tilde_encoded,
            b'*' => self.star_raw || self.script_raw,
            b'!' | b'\'' | b'(' | b')' => self.script_raw,
            b'/' => self.slash_raw,
            other => other.is_ascii_alphanumeric(),
        };
        if is_raw {
            encoded.push(char::from(byte));
        } else if byte == b' ' && self.space_as_plus {
            encoded.push('+');
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(digit.into(), 16).unwrap_or('0');
                encoded.push(if self.lower_hex {
                    digit
                } else {
                    digit.to_ascii_uppercase()
                });
            }
        }
    }
}

impl Output {
    fn of(self, mac: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(mac),
            Self::Base64PlusLost => STANDARD.encode(mac).replace('+', " "),
            Self::Base64Encoded => percent_encode(&STANDARD.encode(mac)).into_owned(),
            Self::Base64UrlSafe => URL_SAFE.encode(mac),
            Self::Base64Unpadded => STANDARD_NO_PAD.encode(mac),
            Self::Base64WithLineBreak(end) => STANDARD.encode(mac) + end,
            Self::Base64OfHex => STANDARD.encode(hex(mac)),
            Self::Hex => hex(mac),
            Self::HexUpper => hex(mac).to_ascii_uppercase(),
        }
    }
}

fn mac_sha1(key: &str, text: &str) -> Vec<u8> {
    rpc_v1::hmac_sha1(key.as_bytes(), text.as_bytes()).to_vec()
}

fn mac_sha256(key: &str, text: &str) -> Vec<u8> {
    acs3::hmac_sha256(key.as_bytes(), text.as_bytes()).to_vec()
}
