//! A case: what was to be signed, with which key, and what was sent. Whatever
//! is not needed may be absent, and is not looked at where it is there.

use aliyun_sms::Endpoint;
use aliyun_sms::sign::explain::Intent;
use aliyun_sms::sign::{Pair, SignatureVersion};
use aliyun_sms::wire::Api;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;

use super::json::{Node, Text};
use crate::fault::Fault;

/// Written with `=` at the end or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// The API version of nearly every action.
const API_VERSION: &str = "2017-05-25";

pub(super) struct Case {
    pub(super) access_key_id: Option<String>,
    pub(super) access_key_secret: String,
    pub(super) wire: Option<Wire>,
    /// What was to be sent, as far as it is readable.
    pub(super) intent: Intent,
    version: SignatureVersion,
    own: Result<Own, Fault>,
}

/// A request as it was sent.
pub(super) struct Wire {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<Pair>,
    pub(super) body: Vec<u8>,
}

/// What only signing needs.
struct Own {
    action: String,
    api_version: String,
    endpoint: String,
    security_token: Option<String>,
    nonce: String,
    time: Timestamp,
    parameters: Vec<Pair>,
}

/// What our client needs to sign the case's input.
pub(super) struct ToSign<'a> {
    pub(super) version: SignatureVersion,
    pub(super) action: &'a str,
    pub(super) api_version: &'a str,
    pub(super) endpoint: &'a str,
    pub(super) access_key_id: &'a str,
    pub(super) access_key_secret: &'a str,
    pub(super) security_token: Option<&'a str>,
    pub(super) nonce: &'a str,
    pub(super) time: Timestamp,
    pub(super) parameters: &'a [Pair],
}

impl Case {
    pub(super) fn parse(text: &Text) -> Result<Self, Fault> {
        text.parse(|root| case(&root))
    }

    pub(super) fn to_sign(&self) -> Result<ToSign<'_>, Fault> {
        let own = match &self.own {
            Ok(own) => own,
            Err(fault) => return Err(Fault::bad_input(&fault.message, &fault.cure)),
        };
        let access_key_id = self.access_key_id.as_deref().ok_or_else(|| {
            Fault::bad_input("input.access_key_id is missing", "write the key's id there")
        })?;
        Ok(ToSign {
            version: self.version,
            action: &own.action,
            api_version: &own.api_version,
            endpoint: &own.endpoint,
            access_key_id,
            access_key_secret: &self.access_key_secret,
            security_token: own.security_token.as_deref(),
            nonce: &own.nonce,
            time: own.time,
            parameters: &own.parameters,
        })
    }
}

fn case(root: &Node<'_>) -> Result<Case, Fault> {
    if root.is_object() && root.get("cases")?.is_some() {
        return Err(root.fault(
            "this is a collection of cases",
            "give one of them: the object with input and wire",
        ));
    }
    let input = root.need(
        "input",
        "write the key there: {\"access_key_id\": …, \"access_key_secret\": …}",
    )?;
    let secret = input.need("access_key_secret", "write the secret of the key there")?;
    let version = match optional(root, "signature_version")?.as_deref() {
        Some("rpc-v1") => SignatureVersion::RpcV1,
        _ => SignatureVersion::Acs3,
    };
    Ok(Case {
        access_key_id: optional(&input, "access_key_id")?,
        access_key_secret: secret.string()?,
        wire: match root.get("wire")? {
            Some(node) => Some(wire(&node, &input)?),
            None => None,
        },
        intent: intent(&input),
        version,
        own: own(&input),
    })
}

/// A string that may be absent; an empty one is absent too.
fn optional(node: &Node<'_>, name: &str) -> Result<Option<String>, Fault> {
    match node.get(name)? {
        Some(found) => Ok(Some(found.string()?).filter(|text| !text.is_empty())),
        None => Ok(None),
    }
}

fn intent(input: &Node<'_>) -> Intent {
    let text = |name| optional(input, name).ok().flatten();
    let host = |text: String| {
        let host = text
            .split_once("://")
            .map_or(text.as_str(), |(_, rest)| rest);
        host.trim_end_matches('/').to_owned()
    };
    Intent {
        method: text("method"),
        host: text("host").map(host),
        action: text("action"),
        version: text("version"),
        timestamp: text("timestamp"),
        nonce: text("nonce"),
        security_token: text("security_token"),
        parameters: parameters(input).unwrap_or_default(),
    }
}

fn wire(node: &Node<'_>, input: &Node<'_>) -> Result<Wire, Fault> {
    let body = body(node)?;
    let method = match optional(node, "method")? {
        Some(method) => method,
        None => optional(input, "method")?.unwrap_or_else(|| "POST".to_owned()),
    };
    let target = node
        .need(
            "target",
            "write path and query there, exactly as they were sent: \"/?Action=…\"",
        )?
        .string()?;
    Ok(Wire {
        method,
        target: path_and_query(&target),
        headers: headers(node)?,
        body,
    })
}

/// A whole URL is what people copy out of a log.
fn path_and_query(target: &str) -> String {
    let rest = match target.split_once("://") {
        Some(("http" | "https", rest)) => {
            let at = rest.find(['/', '?']).unwrap_or(rest.len());
            &rest[at..]
        }
        _ => target,
    };
    if rest.starts_with('/') {
        rest.to_owned()
    } else {
        format!("/{rest}")
    }
}

/// Pairs in order, or an object.
fn headers(wire: &Node<'_>) -> Result<Vec<Pair>, Fault> {
    let Some(node) = wire.get("headers")? else {
        return Ok(Vec::new());
    };
    if node.is_object() {
        let text = |(name, value): (String, Node<'_>)| Ok((name, value.string()?));
        return node.members()?.into_iter().map(text).collect();
    }
    node.elements()?.iter().map(header).collect()
}

fn header(node: &Node<'_>) -> Result<Pair, Fault> {
    match node.elements()?.as_slice() {
        [name, value] => Ok((name.string()?, value.string()?)),
        _ => Err(node.fault("a header is a pair", "write [\"name\", \"value\"]")),
    }
}

fn body(wire: &Node<'_>) -> Result<Vec<u8>, Fault> {
    let Some(node) = wire.get("body")? else {
        return Ok(Vec::new());
    };
    let text = node.string()?;
    let Some(encoding) = wire.get("body_encoding")? else {
        return Ok(text.into_bytes());
    };
    match encoding.string()?.to_ascii_lowercase().as_str() {
        "base64" => BASE64
            .decode(text.trim())
            .map_err(|_| node.fault("wire.body is not base64", "write the raw body in base64")),
        "utf-8" | "utf8" | "" => Ok(text.into_bytes()),
        _ => Err(encoding.fault(
            "wire.body_encoding is neither utf-8 nor base64",
            "write \"utf-8\" or \"base64\"",
        )),
    }
}

fn own(input: &Node<'_>) -> Result<Own, Fault> {
    let text = |name, cure| -> Result<String, Fault> { input.need(name, cure)?.string() };
    let endpoint = match optional(input, "host")? {
        Some(host) if host.contains("://") => host,
        Some(host) => format!("https://{host}"),
        None => Endpoint::of_region(Api::Sms, aliyun_sms::client::REGION).to_string(),
    };
    Ok(Own {
        action: text("action", "write the action there, SendSms for example")?,
        api_version: optional(input, "version")?.unwrap_or_else(|| API_VERSION.to_owned()),
        endpoint,
        security_token: optional(input, "security_token")?,
        nonce: text(
            "nonce",
            "write the nonce there that is to be signed; nothing is made up here",
        )?,
        time: time(input)?,
        parameters: parameters(input)?,
    })
}

fn time(input: &Node<'_>) -> Result<Timestamp, Fault> {
    let cure = "write the time there that is to be signed: 2024-01-02T03:04:05Z";
    let node = input.need("timestamp", cure)?;
    let text = node.string()?;
    text.parse()
        .map_err(|_| node.fault("input.timestamp is not a time in UTC", cure))
}

fn parameters(input: &Node<'_>) -> Result<Vec<Pair>, Fault> {
    let Some(node) = input.get("params")? else {
        return Ok(Vec::new());
    };
    let travels = |(name, value): (String, Node<'_>)| Some((name, value.parameter()?));
    Ok(node.members()?.into_iter().filter_map(travels).collect())
}
