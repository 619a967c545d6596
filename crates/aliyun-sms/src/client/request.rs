//! From a call to signed bytes.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use jiff::Timestamp;

use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::error::Unsent;
use crate::sign::acs3::{self, Authorization};
use crate::sign::{SignatureVersion, encode_pairs, rpc_v1};
use crate::source::iso8601;

const FORM: &str = "application/x-www-form-urlencoded";
const AGENT: &str = concat!("aliyun-sms/", env!("CARGO_PKG_VERSION"));

/// What a signature needs beside the call.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// Which of the two signatures.
    pub version: SignatureVersion,
    /// Where the request goes.
    pub endpoint: &'a Endpoint,
    /// What it is signed with.
    pub credentials: &'a Credentials,
    /// The time it carries.
    pub time: Timestamp,
    /// The nonce it carries.
    pub nonce: &'a str,
}

/// One call of any action, also of one this crate has no type for.
pub struct Call<'a> {
    /// `SendSms` and the like.
    pub action: &'a str,
    /// The API's version, `2017-05-25`.
    pub api_version: &'a str,
    /// The parameters, without the common ones. With RPC V1 one of these stands
    /// for the common one of the same name.
    pub parameters: &'a [(&'a str, &'a str)],
}

/// Signs a call as [`Client`](super::Client) does, and sends nothing: a pure
/// function for tools that explain signatures, and for tests.
///
/// All parameters travel in the body, where no proxy and no access log keeps
/// them.
///
/// # Errors
/// [`Unsent::Setup`] where an access key id or a token cannot stand in a header.
pub fn sign_call(call: &Call<'_>, with: &Signing<'_>) -> Result<Request<Bytes>, Unsent> {
    let (headers, body) = match with.version {
        SignatureVersion::Acs3 => sign_acs3(call, with)?,
        SignatureVersion::RpcV1 => sign_rpc_v1(call, with),
    };
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = with.endpoint.uri().clone();
    *request.headers_mut() = headers;
    Ok(request)
}

fn sign_acs3(call: &Call<'_>, with: &Signing<'_>) -> Result<(HeaderMap, String), Unsent> {
    let body = encode_pairs(call.parameters);
    let hashed_payload = acs3::hashed_payload(body.as_bytes());
    let date = iso8601(with.time);
    // In the order of their names, as the signature wants them.
    let mut signed: Vec<(&'static str, &str)> = Vec::with_capacity(9);
    signed.push(("content-type", FORM));
    signed.push(("host", with.endpoint.host_header()));
    let token = with.credentials.security_token();
    if token.is_some() {
        signed.push(("x-acs-accesskey-id", with.credentials.access_key_id()));
    }
    signed.push(("x-acs-action", call.action));
    signed.push((acs3::CONTENT_SHA256, &hashed_payload));
    signed.push(("x-acs-date", &date));
    if let Some(token) = token {
        signed.push(("x-acs-security-token", token));
    }
    signed.push(("x-acs-signature-nonce", with.nonce));
    signed.push(("x-acs-version", call.api_version));

    let canonical = acs3::canonical_request_sorted("POST", "/", "", &signed, &hashed_payload);
    let string_to_sign = acs3::string_to_sign(&canonical.text);
    let authorization = Authorization {
        access_key_id: with.credentials.access_key_id().to_owned(),
        signed_headers: canonical.signed_headers,
        signature: acs3::signature(with.credentials.access_key_secret(), &string_to_sign),
    };

    let mut headers = plain_headers(with.endpoint);
    let mut insert = |name: &'static str, value: String| -> Result<(), Unsent> {
        headers.insert(HeaderName::from_static(name), header_value(name, value)?);
        Ok(())
    };
    if let Some(token) = token {
        let id = with.credentials.access_key_id();
        insert("x-acs-accesskey-id", id.to_owned())?;
        insert("x-acs-security-token", token.to_owned())?;
    }
    insert("authorization", authorization.to_header())?;
    insert("x-acs-action", call.action.to_owned())?;
    insert("x-acs-signature-nonce", with.nonce.to_owned())?;
    insert("x-acs-version", call.api_version.to_owned())?;
    insert("x-acs-date", date)?;
    insert(acs3::CONTENT_SHA256, hashed_payload)?;
    Ok((headers, body))
}

/// What every request carries, whichever way it is signed.
fn plain_headers(endpoint: &Endpoint) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(HOST, endpoint.host_value().clone());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers
}

fn sign_rpc_v1(call: &Call<'_>, with: &Signing<'_>) -> (HeaderMap, String) {
    let date = iso8601(with.time);
    let given = call.parameters;
    let common = [
        ("AccessKeyId", with.credentials.access_key_id()),
        ("Action", call.action),
        ("Format", "JSON"),
        ("SignatureMethod", rpc_v1::ALGORITHM),
        ("SignatureNonce", with.nonce),
        ("SignatureVersion", rpc_v1::VERSION),
        ("Timestamp", &date),
        ("Version", call.api_version),
    ];
    let is_given = |name: &str| given.iter().any(|(given, _)| *given == name);
    let mut pairs = Vec::with_capacity(given.len() + common.len() + 1);
    pairs.extend(common.into_iter().filter(|(name, _)| !is_given(name)));
    pairs.extend_from_slice(given);
    if let Some(token) = with.credentials.security_token() {
        pairs.push(("SecurityToken", token));
    }
    let canonical = rpc_v1::canonical_query(&pairs);
    let string_to_sign = rpc_v1::string_to_sign("POST", &canonical);
    let signature = rpc_v1::signature(with.credentials.access_key_secret(), &string_to_sign);
    let body = format!(
        "{canonical}&{}",
        encode_pairs(&[(rpc_v1::SIGNATURE_PARAMETER, &signature)])
    );

    (plain_headers(with.endpoint), body)
}

/// Takes the text as it is, without a copy.
fn header_value(name: &'static str, value: String) -> Result<HeaderValue, Unsent> {
    let header = HeaderValue::from_maybe_shared(Bytes::from(value));
    let mut header = header.map_err(|_| Unsent::Setup {
        reason: match name {
            "authorization" | "x-acs-accesskey-id" => {
                "the access key id has characters that no access key id has".to_owned()
            }
            "x-acs-security-token" => {
                "the security token has characters that no token has".to_owned()
            }
            _ => format!("the value of {name} cannot be sent"),
        },
    })?;
    header.set_sensitive(matches!(name, "authorization" | "x-acs-security-token"));
    Ok(header)
}
