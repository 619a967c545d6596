//! The metadata service of an ECS instance, which hands out the credentials of
//! the instance's RAM role.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderName, HeaderValue, Method, Request};

use super::Credentials;
use super::answer;
use super::context::{self, Context};
use super::lack::Lack;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::sign::percent_encode;

/// Where it answers on every instance.
pub(super) const HOST: &str = "100.100.100.200";
/// What credentials from here are called.
const PROVIDER: &str = "ecs_ram_role";

/// Off ECS nobody answers at all, and the chain must not stop there for long.
const TIMEOUT: Duration = Duration::from_secs(1);
const TOKEN_PATH: &str = "/latest/api/token";
const ROLES_PATH: &str = "/latest/meta-data/ram/security-credentials/";
const TOKEN_TTL: HeaderName = HeaderName::from_static("x-aliyun-ecs-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-aliyun-ecs-metadata-token");
const TTL_SECS: HeaderValue = HeaderValue::from_static("21600");
/// A role's name has at most 64 characters, a token some 60.
const WORD_LIMIT: usize = 1024;
const NOT_FOUND: u16 = 404;

/// Its address.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::parse(&format!("http://{HOST}")).expect("an address")
}

/// Refuses where a switch turns the service off.
pub(super) fn check_enabled(context: &Context) -> Result<(), Lack> {
    const SWITCH: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
    if context.environment.is_true(SWITCH) {
        return Err(Lack::lasting(format!("turned off by {SWITCH}")));
    }
    Ok(())
}

/// Fetches the credentials of `role`, or of the role attached to the instance.
pub(super) async fn fetch(context: &Context, role: Option<&str>) -> Result<Credentials, Lack> {
    let role = match role {
        Some(role) => role.to_owned(),
        None => look_up(context, ROLES_PATH, role_name).await?,
    };
    let path = format!("{ROLES_PATH}{}", percent_encode(&role));
    let credentials = look_up(context, &path, answer::from_service).await?;
    Ok(credentials.provided_by(PROVIDER))
}

/// Reads a path with a token (IMDSv2), and where that fails without one. Each
/// reading asks for a token of its own, as Alibaba's library does.
async fn look_up<T>(
    context: &Context,
    path: &str,
    read: impl Fn(&answer::Answer) -> Result<T, Lack>,
) -> Result<T, Lack> {
    let may_do_without = !context.environment.is_true("ALIBABA_CLOUD_IMDSV1_DISABLED");
    let token = match token(context).await {
        Ok(token) => Some(token),
        // Whoever takes no connection takes none without a token either, and
        // waiting for it once more would double the delay off ECS.
        Err(Failure::Unsent(lack)) => return Err(lack),
        Err(Failure::Other(_)) if may_do_without => None,
        Err(Failure::Other(lack)) => return Err(lack.after("no metadata token")),
    };
    let had_token = token.is_some();
    match get(context, path, token, &read).await {
        Err(Failure::Other(_)) if had_token && may_do_without => {
            get(context, path, None, &read).await.map_err(Failure::lack)
        }
        other => other.map_err(Failure::lack),
    }
}

/// Why a request brought nothing.
enum Failure {
    Unsent(Lack),
    Other(Lack),
}

impl Failure {
    fn lack(self) -> Lack {
        match self {
            Self::Unsent(lack) | Self::Other(lack) => lack,
        }
    }
}

impl From<Lack> for Failure {
    fn from(lack: Lack) -> Self {
        Self::Other(lack)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unsent(_) => Self::Unsent(error.into()),
            other => Self::Other(other.into()),
        }
    }
}

async fn token(context: &Context) -> Result<HeaderValue, Failure> {
    let mut request = context::get(context::address(&context.metadata, TOKEN_PATH)?);
    *request.method_mut() = Method::PUT;
    request
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    request.headers_mut().insert(TOKEN_TTL, TTL_SECS);
    let answer = context.ask(request, TIMEOUT).await?;
    if !answer::is_ok(&answer) {
        return Err(answer::not_ok(&answer).into());
    }
    let token = word(&answer).and_then(|word| HeaderValue::from_str(word).ok());
    let mut token = token.ok_or_else(|| answer::unreadable(&answer))?;
    token.set_sensitive(true);
    Ok(token)
}

async fn get<T>(
    context: &Context,
    path: &str,
    token: Option<HeaderValue>,
    read: impl Fn(&answer::Answer) -> Result<T, Lack>,
) -> Result<T, Failure> {
    let mut request: Request<Bytes> = context::get(context::address(&context.metadata, path)?);
    if let Some(token) = token {
        request.headers_mut().insert(TOKEN, token);
    }
    let answer = context.ask(request, TIMEOUT).await?;
    if answer.status == NOT_FOUND {
        return Err(Lack::lasting("no such RAM role on this instance (HTTP 404)").into());
    }
    Ok(read(&answer)?)
}

fn role_name(answer: &answer::Answer) -> Result<String, Lack> {
    if !answer::is_ok(answer) {
        return Err(answer::not_ok(answer));
    }
    word(answer)
        .map(str::to_owned)
        .ok_or_else(|| Lack::lasting("the answer is not the name of a RAM role"))
}

/// The one word a token or a role's name is; not the page of a portal that
/// answers to everything.
fn word(answer: &answer::Answer) -> Option<&str> {
    let text = std::str::from_utf8(&answer.body).ok()?.trim();
    let is_word = (1..=WORD_LIMIT).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'{'));
    is_word.then_some(text)
}
