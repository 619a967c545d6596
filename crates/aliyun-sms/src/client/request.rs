//! From a call to signed bytes.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use jiff::Timestamp;

use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::error::Unsent;
use crate::sign::{SignatureVersion, acs3, encode_pairs, rpc_v1};
use crate::source::iso8601;

const FORM: &str = "application/x-www-form-urlencoded";
const AGENT: &str = concat!("aliyun-sms/", env!("CARGO_PKG_VERSION"));

const X_ACS_ACCESSKEY_ID: HeaderName = HeaderName::from_static("x-acs-accesskey-id");
const X_ACS_ACTION: HeaderName = HeaderName::from_static("x-acs-action");
const X_ACS_CONTENT_SHA256: HeaderName = HeaderName::from_static(acs3::CONTENT_SHA256);
const X_ACS_DATE: HeaderName = HeaderName::from_static("x-acs-date");
const X_ACS_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-acs-security-token");
const X_ACS_SIGNATURE_NONCE: HeaderName = HeaderName::from_static("x-acs-signature-nonce");
const X_ACS_VERSION: HeaderName = HeaderName::from_static("x-acs-version");

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
    let (key_id, token) = (
        with.credentials.access_key_id(),
        with.credentials.security_token(),
    );
    // In the order of their names, as the signature wants them.
    let mut signed: Vec<(HeaderName, &str)> = Vec::with_capacity(9);
    signed.push((CONTENT_TYPE, FORM));
    signed.push((HOST, with.endpoint.host_header()));
    if token.is_some() {
        signed.push((X_ACS_ACCESSKEY_ID, key_id));
    }
    signed.push((X_ACS_ACTION, call.action));
    signed.push((X_ACS_CONTENT_SHA256, &hashed_payload));
    signed.push((X_ACS_DATE, &date));
    if let Some(token) = token {
        signed.push((X_ACS_SECURITY_TOKEN, token));
    }
    signed.push((X_ACS_SIGNATURE_NONCE, with.nonce));
    signed.push((X_ACS_VERSION, call.api_version));

    let canonical = acs3::canonical_request_sorted("POST", "/", "", &signed, &hashed_payload);
    let string_to_sign = acs3::string_to_sign(&canonical.text);
    let signature = acs3::signature(with.credentials.access_key_secret(), &string_to_sign);
    let authorization = acs3::authorization(key_id, &canonical.signed_headers, &signature);

    let mut headers = plain_headers(with.endpoint);
    headers.insert(
        AUTHORIZATION,
        header_value(&AUTHORIZATION, authorization.into())?,
    );
    // Cut out of the text that was signed, where each stands on a line of its
    // own, rather than copied once more.
    let text = Bytes::from(canonical.text);
    let mut end = "POST\n/\n\n".len() - 1;
    for (name, value) in signed {
        let start = end + 1 + name.as_str().len() + 1;
        end = start + value.len();
        // Those two are there.
        if name != CONTENT_TYPE && name != HOST {
            let value = header_value(&name, text.slice(start..end))?;
            headers.insert(name, value);
        }
    }
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
fn header_value(name: &HeaderName, text: Bytes) -> Result<HeaderValue, Unsent> {
    let header = HeaderValue::from_maybe_shared(text);
    let mut header = header.map_err(|_| Unsent::Setup {
        reason: if *name == AUTHORIZATION || *name == X_ACS_ACCESSKEY_ID {
            "the access key id has characters that no access key id has".to_owned()
        } else if *name == X_ACS_SECURITY_TOKEN {
            "the security token has characters that no token has".to_owned()
        } else {
            format!("the value of {name} cannot be sent")
        },
    })?;
    header.set_sensitive(*name == AUTHORIZATION || *name == X_ACS_SECURITY_TOKEN);
    Ok(header)
}
