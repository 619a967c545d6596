//! What requests are signed with, and where it comes from.
//!
//! [`Credentials`] alone serve a fixed key; anything that is fetched, refreshed
//! or rotated is a [`ProvideCredentials`]. To add a source: a file here, and a
//! place in [`chain`].

mod answer;
mod cached;
pub mod chain;
mod cli_profile;
mod context;
mod environment;
mod files;
mod ini;
mod lack;
mod metadata;
mod profile;
mod recipe;
mod rotating;
mod sts;
mod uri;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::redact::REDACTED;

pub use cached::Cached;
pub use chain::{DefaultChain, DefaultChainBuilder};
pub use environment::Environment;
pub use rotating::Rotating;

/// An access key, and the token that belongs to a temporary one.
#[derive(Clone)]
pub struct Credentials {
    access_key_id: String,
    access_key_secret: SecretString,
    security_token: Option<SecretString>,
    expires_at: Option<Timestamp>,
    provider: String,
}

impl Credentials {
    /// A key of an account or RAM user.
    pub fn new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            access_key_secret: SecretString::from(access_key_secret.into()),
            security_token: None,
            expires_at: None,
            provider: "static_ak".to_owned(),
        }
    }

    /// Makes it a temporary key (STS), which is worth nothing without `token`.
    #[must_use]
    pub fn with_security_token(mut self, token: impl Into<String>) -> Self {
        self.security_token = Some(SecretString::from(token.into()));
        "static_sts".clone_into(&mut self.provider);
        self
    }

    /// When it stops being valid.
    #[must_use]
    pub fn expiring_at(mut self, time: Timestamp) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// Names where it came from, in Alibaba's words (`default/env`).
    #[must_use]
    pub fn provided_by(mut self, provider: impl Into<String>) -> Self {
        self.provider = provider.into();
        self
    }

    /// The key's id. Not a secret, but tells whose account it is.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret. Do not print it.
    pub fn access_key_secret(&self) -> &str {
        self.access_key_secret.expose_secret()
    }

    /// The token of a temporary key. Do not print it.
    pub fn security_token(&self) -> Option<&str> {
        self.security_token
            .as_ref()
            .map(|token| token.expose_secret())
    }

    /// When it stops being valid, where that is known.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Where it came from, in Alibaba's words (`default/env`).
    pub fn provider(&self) -> &str {
        &self.provider
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("access_key_secret", &REDACTED)
            .field(
                "security_token",
                &self.security_token.as_ref().map(|_| REDACTED),
            )
            .field("expires_at", &self.expires_at)
            .field("provider", &self.provider)
            .finish()
    }
}

/// What a provider answers with.
pub type Provided<'a, T> = Pin<Box<dyn Future<Output = Result<T, CredentialsError>> + Send + 'a>>;

/// A source of credentials.
pub trait ProvideCredentials: Send + Sync + fmt::Debug {
    /// The credentials to sign with now.
    fn provide(&self) -> Provided<'_, Arc<Credentials>>;

    /// Aliyun refused `refused` as a key: is there another to try? A refused key
    /// has sent nothing, so the same call is made once more with it.
    fn replace<'a>(&'a self, refused: &'a Credentials) -> Provided<'a, Option<Arc<Credentials>>> {
        let _ = refused;
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Why there are no credentials.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// No link of the chain had any. Each is named with its reason.
    #[error("no credentials found: {}", .0.join("; "))]
    NotFound(Vec<String>),
    /// A source that should have some could not give them.
    #[error("{provider} gave no credentials: {reason}")]
    Failed {
        /// The source, in Alibaba's words.
        provider: String,
        /// Why, without any secret.
        reason: String,
        /// Whether it may work a moment later.
        is_transient: bool,
    },
}

impl CredentialsError {
    /// Whether asking again may help.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Failed {
                is_transient: true,
                ..
            }
        )
    }
}
