//! All that the app knows of Sesame: three calls and a token.

use std::time::Duration;

use anyhow::Context as _;
use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Settings;

/// Longer than Sesame takes for anything.
const PATIENCE: Duration = Duration::from_secs(35);
const ANSWER_MAX: usize = 256 * 1024;

pub(crate) struct Sesame {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    settings: Settings,
}

/// Who is asked to prove a number, and what for.
pub(crate) struct Start<'a> {
    pub(crate) to: &'a str,
    /// `Register` or `SignIn`.
    pub(crate) usage: &'a str,
    /// Ties the verification to one browser.
    pub(crate) session: &'a str,
    /// The browser's address, for the limits by address.
    pub(crate) ip: String,
    /// The language of `Problem::message`.
    pub(crate) locale: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct Verification {
    pub(crate) id: String,
    /// The number, masked.
    pub(crate) to: String,
    #[serde(default)]
    pub(crate) resend_after_secs: u64,
    pub(crate) message: Option<Message>,
}

#[derive(Deserialize)]
pub(crate) struct Message {
    /// `accepted`, or `unknown` where nobody can tell yet.
    pub(crate) outcome: String,
    /// `delivered` or `failed`, once the carrier has said so.
    pub(crate) delivery: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Checked {
    /// `approved`, `pending` (a wrong code), `expired`, `locked`, …
    pub(crate) status: String,
    pub(crate) token: Option<String>,
    pub(crate) attempts_left: Option<u32>,
    pub(crate) retry_after_secs: Option<u64>,
}

/// What a token says.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: String,
    pub(crate) phone_number: String,
    pub(crate) phone_number_verified: bool,
    pub(crate) usage: String,
    pub(crate) verification: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

/// Why something did not happen: Sesame's problem document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    /// Stable; the app's words go by it.
    pub(crate) code: String,
    /// A neutral sentence for the person at the browser.
    pub(crate) message: Option<String>,
    pub(crate) retry_after_secs: Option<u64>,
}

impl Sesame {
    pub(crate) fn new(settings: Settings) -> anyhow::Result<Self> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        let http = Client::builder(TokioExecutor::new()).build(https);
        let _: Uri = settings.sesame_url.parse().context("SESAME_URL")?;
        Ok(Self { http, settings })
    }

    /// Sends a code, or the same one again to the same session.
    pub(crate) async fn start(&self, start: Start<'_>) -> Result<Verification, Problem> {
        let body = json!({
            "to": start.to, "type": start.usage, "session": start.session,
            "ip": start.ip, "locale": start.locale,
        });
        self.call(Method::POST, "/v1/verifications", Some(body))
            .await
    }

    /// How far a verification is.
    pub(crate) async fn show(&self, id: &str) -> Result<Verification, Problem> {
        let path = format!("/v1/verifications/{id}");
        self.call(Method::GET, &path, None).await
    }

    /// Whether this is the code.
    pub(crate) async fn check(&self, id: &str, code: &str) -> Result<Checked, Problem> {
        let path = format!("/v1/verifications/{id}/check");
        self.call(Method::POST, &path, Some(json!({ "code": code })))
            .await
    }

    /// Ends a verification that nobody waits for any more.
    pub(crate) async fn cancel(&self, id: &str) {
        let path = format!("/v1/verifications/{id}");
        let _: Result<Value, Problem> = self.call(Method::DELETE, &path, None).await;
    }

    /// What a token says, if Sesame made it, for this app, not long ago, for
    /// this verification.
    pub(crate) async fn verify(&self, token: &str, verification: &str) -> anyhow::Result<Claims> {
        let keys: JwkSet = self
            .call(Method::GET, "/.well-known/jwks.json", None)
            .await
            .map_err(|problem| anyhow::anyhow!("no keys: {}", problem.code))?;
        let id = decode_header(token)?
            .kid
            .context("the token names no key")?;
        let key = keys.find(&id).context("the token's key is not published")?;
        let mut wanted = Validation::new(Algorithm::ES256);
        wanted.set_issuer(&[&self.settings.issuer]);
        wanted.set_audience(&[&self.settings.audience]);
        wanted.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &wanted)?.claims;
        anyhow::ensure!(claims.phone_number_verified, "the number is not verified");
        anyhow::ensure!(claims.verification == verification, "it proves another one");
        Ok(claims)
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Problem> {
        let unreachable = || Problem {
            code: "unreachable".to_owned(),
            ..Problem::default()
        };
        let answered = tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await;
        let Ok(Ok((status, bytes))) = answered else {
            return Err(unreachable());
        };
        if !status.is_success() {
            return Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| unreachable()));
        }
        // An answer without a body, as to DELETE, is `null`.
        let bytes = if bytes.is_empty() {
            "null".into()
        } else {
            bytes
        };
        serde_json::from_slice(&bytes).map_err(|_| unreachable())
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let base = self.settings.sesame_url.trim_end_matches('/');
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.settings.api_key),
            )
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let response = self.http.request(request.body(Full::from(body))?).await?;
        let status = response.status();
        let bytes = Limited::new(response.into_body(), ANSWER_MAX)
            .collect()
            .await
            .map_err(|error| anyhow::anyhow!(error))?
            .to_bytes();
        Ok((status, bytes))
    }
}
