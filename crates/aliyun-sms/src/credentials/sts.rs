//! STS, which gives temporary credentials for a role: to the holder of a key
//! (`AssumeRole`) or of a token of an identity provider
//! (`AssumeRoleWithOIDC`).

use std::path::Path;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};

use super::Credentials;
use super::answer;
use super::context::{self, Context, TIMEOUT};
use super::files;
use super::lack::Lack;
use crate::endpoint::Endpoint;
use crate::sign::{encode_pairs, rpc_v1};
use crate::source::{iso8601, nonce};

const VERSION: &str = "2015-04-01";
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Length of a session, if nothing else is said.
const DURATION_SECS: u32 = 3600;
/// STS gives no shorter one.
const MIN_DURATION_SECS: i64 = 900;

/// A role to take on.
#[derive(Debug)]
pub(super) struct Role {
    arn: String,
    session_name: Option<String>,
    duration_secs: u32,
    policy: Option<String>,
    external_id: Option<String>,
    endpoint: Endpoint,
}

/// What a profile says of a role.
#[derive(Default)]
pub(super) struct RoleFields<'a> {
    pub(super) arn: Option<&'a str>,
    pub(super) session_name: Option<&'a str>,
    pub(super) duration_secs: Option<i64>,
    pub(super) policy: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    pub(super) uses_vpc: Option<bool>,
}

impl Role {
    /// What a profile does not say, the environment may.
    pub(super) fn new(context: &Context, fields: &RoleFields<'_>) -> Result<Self, Lack> {
        let environment = &context.environment;
        let arn = fields
            .arn
            .or_else(|| environment.get("ALIBABA_CLOUD_ROLE_ARN"));
        let session_name = fields
            .session_name
            .or_else(|| environment.get("ALIBABA_CLOUD_ROLE_SESSION_NAME"));
        Ok(Self {
            arn: arn
                .ok_or_else(|| Lack::lasting("no role is named"))?
                .to_owned(),
            session_name: session_name.map(str::to_owned),
            duration_secs: duration_secs(fields.duration_secs)?,
            policy: fields.policy.map(str::to_owned),
            external_id: fields.external_id.map(str::to_owned),
            endpoint: endpoint(context, fields)?,
        })
    }

    /// A session without a name is called after the time it began.
    fn session_name(&self, context: &Context) -> String {
        self.session_name
            .clone()
            .unwrap_or_else(|| format!("aliyun-sms-{}", context.source.now().as_second()))
    }
}

/// The CLI writes a 0 where nothing was said.
fn duration_secs(said: Option<i64>) -> Result<u32, Lack> {
    match said {
        None | Some(0) => Ok(DURATION_SECS),
        Some(MIN_DURATION_SECS..) => said
            .and_then(|secs| u32::try_from(secs).ok())
            .ok_or_else(|| Lack::lasting("the session's duration is too long")),
        Some(_) => Err(Lack::lasting(
            "the session's duration is shorter than 900 s",
        )),
    }
}

fn endpoint(context: &Context, fields: &RoleFields<'_>) -> Result<Endpoint, Lack> {
    let environment = &context.environment;
    let region = fields
        .region
        .or_else(|| environment.get("ALIBABA_CLOUD_STS_REGION"));
    let uses_vpc = fields
        .uses_vpc
        .unwrap_or_else(|| environment.is_true("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"));
    let host = host(region, uses_vpc)?;
    match &context.sts {
        Some(endpoint) => Ok(endpoint.clone()),
        None => Endpoint::parse(&host).map_err(|error| Lack::lasting(error.to_string())),
    }
}

/// Without a region there is but one address, VPC or not.
fn host(region: Option<&str>, uses_vpc: bool) -> Result<String, Lack> {
    match region {
        None => Ok("sts.aliyuncs.com".to_owned()),
        Some(region) if !Endpoint::is_region(region) => Err(Lack::lasting(
            "the STS region is no region's id such as cn-hangzhou",
        )),
        Some(region) if uses_vpc => Ok(format!("sts-vpc.{region}.aliyuncs.com")),
        Some(region) => Ok(format!("sts.{region}.aliyuncs.com")),
    }
}

/// Takes on a role with the key `base`. The request is Alibaba's library's: a
/// `GET` signed with RPC V1.
pub(super) async fn assume_role(
    context: &Context,
    role: &Role,
    base: &Credentials,
) -> Result<Credentials, Lack> {
    let duration = role.duration_secs.to_string();
    let session_name = role.session_name(context);
    let time = iso8601(context.source.now());
    let nonce = nonce(context.source.as_ref());
    let mut pairs: Vec<(&str, &str)> = vec![
        ("Action", "AssumeRole"),
        ("Format", "JSON"),
        ("Version", VERSION),
        ("DurationSeconds", &duration),
        ("RoleArn", &role.arn),
        ("RoleSessionName", &session_name),
        ("SignatureMethod", rpc_v1::ALGORITHM),
        ("SignatureVersion", rpc_v1::VERSION),
        ("Timestamp", &time),
        ("SignatureNonce", &nonce),
    ];
    pairs.extend(role.policy.as_deref().map(|policy| ("Policy", policy)));
    pairs.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
    pairs.push(("AccessKeyId", base.access_key_id()));
    pairs.extend(base.security_token().map(|token| ("SecurityToken", token)));
    let to_sign = rpc_v1::string_to_sign("GET", &rpc_v1::canonical_query(&pairs));
    let signature = rpc_v1::signature(base.access_key_secret(), &to_sign);
    pairs.push((rpc_v1::SIGNATURE_PARAMETER, &signature));

    let uri = context::address(&role.endpoint, &format!("/?{}", encode_pairs(&pairs)))?;
    let answer = context.ask(context::get(uri), TIMEOUT).await?;
    let credentials = answer::from_sts(&answer).map_err(|lack| lack.after("STS"))?;
    Ok(credentials.provided_by(format!("ram_role_arn/{}", base.provider())))
}

/// Takes on a role with the token in a file, which its keeper renews: it is
/// read each time.
///
/// Alibaba's Python library sends all of it in the address of a `GET`, the Node
/// one the token in the form of a `POST`. This does the latter: addresses end
/// up in the logs of proxies and gateways, and whoever finds the token there
/// can take on the role.
pub(super) async fn assume_role_with_oidc(
    context: &Context,
    role: &Role,
    provider_arn: &str,
    token_file: &Path,
) -> Result<Credentials, Lack> {
    let token = files::read(token_file).await?;
    let token = token.trim();
    if token.is_empty() {
        return Err(Lack::transient(format!("{}: empty", token_file.display())));
    }
    let time = iso8601(context.source.now());
    let query = encode_pairs(&[
        ("Action", "AssumeRoleWithOIDC"),
        ("Format", "JSON"),
        ("Version", VERSION),
        ("Timestamp", &time),
    ]);
    let duration = role.duration_secs.to_string();
    let session_name = role.session_name(context);
    let mut form: Vec<(&str, &str)> = vec![
        ("DurationSeconds", &duration),
        ("RoleArn", &role.arn),
        ("OIDCProviderArn", provider_arn),
        ("OIDCToken", token),
        ("RoleSessionName", &session_name),
    ];
    form.extend(role.policy.as_deref().map(|policy| ("Policy", policy)));

    let uri = context::address(&role.endpoint, &format!("/?{query}"))?;
    let mut request = context::get(uri).map(|_| Bytes::from(encode_pairs(&form)));
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(CONTENT_TYPE, FORM);
    let answer = context.ask(request, TIMEOUT).await?;
    let credentials = answer::from_sts(&answer).map_err(|lack| lack.after("STS"))?;
    Ok(credentials.provided_by("oidc_role_arn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_follows_region_and_network() {
        for (region, uses_vpc, expected) in [
            (None, false, "sts.aliyuncs.com"),
            (None, true, "sts.aliyuncs.com"),
            (Some("cn-hangzhou"), false, "sts.cn-hangzhou.aliyuncs.com"),
            (
                Some("cn-hangzhou"),
                true,
                "sts-vpc.cn-hangzhou.aliyuncs.com",
            ),
        ] {
            assert_eq!(host(region, uses_vpc).as_deref(), Ok(expected));
        }
        assert!(host(Some("example.com/?"), false).is_err());
    }

    #[test]
    fn a_session_lasts_at_least_a_quarter_of_an_hour() {
        assert_eq!(duration_secs(None), Ok(3600));
        assert_eq!(duration_secs(Some(0)), Ok(3600));
        assert_eq!(duration_secs(Some(900)), Ok(900));
        for wrong in [-1, 1, 899, i64::MAX] {
            assert!(duration_secs(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
