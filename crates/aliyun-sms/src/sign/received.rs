//! A request as it arrived: which signature it carries, and what every stage
//! of that signature should have been.
//!
//! Works on decoded values and encodes them again, because clients write the
//! same value in many ways (`+` or `%20`, `%7E` or `~`, `*` or `%2A`).

use std::borrow::Cow;

use super::acs3::{self, Authorization};
use super::rpc_v1;
use super::{Pair, SignatureVersion};

/// One HTTP request, as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET` or `POST`, as sent.
    pub method: &'a str,
    /// Path and query exactly as sent.
    pub target: &'a str,
    /// Headers in order, names in any case.
    pub headers: &'a [Pair],
    /// The raw body.
    pub body: &'a [u8],
}

/// The parameters of a request, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// From the query string.
    pub query: Vec<Pair>,
    /// From a form body.
    pub form: Vec<Pair>,
}

impl Parameters {
    /// The first value of `name`, the query before the form.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// All of them, the query before the form.
    pub fn all(&self) -> impl Iterator<Item = &Pair> {
        self.query.iter().chain(&self.form)
    }
}

/// The signature a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Neither an `Authorization` header nor a `Signature` parameter.
    Nothing,
    /// An `Authorization` header that is not a whole ACS3 one.
    Malformed,
    /// RPC V1; parts that are absent are empty.
    RpcV1 {
        /// Parameter `AccessKeyId`.
        access_key_id: String,
        /// Parameter `Signature`.
        signature: String,
    },
    /// ACS3.
    Acs3(Authorization),
}

/// Every stage of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages {
    /// Which of the two.
    pub version: SignatureVersion,
    /// The canonical query (RPC V1) or the canonical request (ACS3).
    pub canonical: String,
    /// What is signed.
    pub string_to_sign: String,
    /// The signature.
    pub signature: String,
}

impl<'a> Request<'a> {
    /// The path, without the query.
    pub fn path(&self) -> &'a str {
        self.target.split('?').next().unwrap_or("/")
    }

    /// All values of a header, trimmed.
    pub fn header_values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'a str> + 'h {
        self.headers
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The first value of a header, trimmed.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.header_values(name).next()
    }

    /// Decodes the query and, unless the body is declared to be something else,
    /// the form.
    pub fn parameters(&self) -> Parameters {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let is_form = self.header("content-type").is_none_or(|kind| {
            let essence = kind.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        Parameters {
            query: decode_form(query.as_bytes()),
            form: if is_form {
                decode_form(self.body)
            } else {
                Vec::new()
            },
        }
    }

    /// Which signature this request carries, if any.
    pub fn found(&self, parameters: &Parameters) -> Found {
        if let Some(header) = self.header("authorization") {
            return Authorization::parse(header).map_or(Found::Malformed, Found::Acs3);
        }
        let id = parameters.get("AccessKeyId");
        let signature = parameters.get(rpc_v1::SIGNATURE_PARAMETER);
        if id.is_none() && signature.is_none() {
            return Found::Nothing;
        }
        Found::RpcV1 {
            access_key_id: id.unwrap_or_default().to_owned(),
            signature: signature.unwrap_or_default().to_owned(),
        }
    }

    /// What an RPC V1 signature of this request is under `secret`.
    pub fn rpc_v1(&self, parameters: &Parameters, secret: &str) -> Stages {
        let all: Vec<(&str, &str)> = parameters
            .all()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let canonical = rpc_v1::canonical_query(&all);
        let string_to_sign = rpc_v1::string_to_sign(self.method, &canonical);
        Stages {
            version: SignatureVersion::RpcV1,
            signature: rpc_v1::signature(secret, &string_to_sign),
            canonical,
            string_to_sign,
        }
    }

    /// What an ACS3 signature of this request is under `secret`, over the
    /// headers it says are signed.
    pub fn acs3(&self, parameters: &Parameters, signed_headers: &str, secret: &str) -> Stages {
        let headers: Vec<(&str, &str)> = signed_headers
            .split(';')
            .filter(|name| !name.is_empty())
            .flat_map(|name| self.header_values(name).map(move |value| (name, value)))
            .collect();
        let canonical = acs3::canonical_request(
            self.method,
            self.path(),
            &acs3::canonical_query(&parameters.query),
            &headers,
            &acs3::hashed_payload(self.body),
        )
        .text;
        let string_to_sign = acs3::string_to_sign(&canonical);
        Stages {
            version: SignatureVersion::Acs3,
            signature: acs3::signature(secret, &string_to_sign),
            canonical,
            string_to_sign,
        }
    }

    /// The headers ACS3 wants signed and this request carries unsigned: `host`,
    /// `content-type` and every `x-acs-*`.
    pub fn unsigned_headers(&self, signed_headers: &str) -> Vec<String> {
        let must_be_signed =
            |name: &str| name == "host" || name == "content-type" || name.starts_with("x-acs-");
        let mut missing: Vec<String> = self
            .headers
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .filter(|name| must_be_signed(name) && !signed_headers.split(';').any(|s| s == name))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

/// Decodes `application/x-www-form-urlencoded`: `+` is a space, percent
/// sequences are UTF-8 (what is not is replaced), a name without `=` has an
/// empty value, empty parts are passed over.
pub fn decode_form(text: &[u8]) -> Vec<Pair> {
    text.split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let at = part.iter().position(|byte| *byte == b'=');
            let (name, value) = match at {
                Some(at) => (&part[..at], &part[at + 1..]),
                None => (part, &[][..]),
            };
            (decode_component(name), decode_component(value))
        })
        .collect()
}

fn decode_component(text: &[u8]) -> String {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect()
    } else {
        text.into()
    };
    percent_encoding::percent_decode(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}
