//! How to come by credentials, as a variable or a profile says it.

use std::path::PathBuf;
use std::pin::Pin;

use super::context::Context;
use super::environment::Environment;
use super::lack::Lack;
use super::sts::{self, Role};
use super::{Credentials, metadata};

/// One way to credentials. Making one reads profiles, carrying it out asks the
/// network.
#[derive(Debug)]
pub(super) enum Recipe {
    /// A key as it stands there.
    Fixed(Credentials),
    /// A role taken on with the credentials of another recipe.
    Role(Box<Recipe>, Role),
    /// A role taken on with the token of an identity provider.
    Oidc {
        role: Role,
        provider_arn: String,
        token_file: PathBuf,
    },
    /// The role of the ECS instance this runs on.
    Metadata(Option<String>),
}

impl Recipe {
    /// A key. A part the profile lacks is taken from the environment, as
    /// Alibaba's libraries do.
    pub(super) fn key(
        environment: &Environment,
        id: Option<&str>,
        secret: Option<&str>,
    ) -> Result<Self, Lack> {
        key(environment, id, secret).map(Self::Fixed)
    }

    /// A temporary key somebody else keeps fresh.
    pub(super) fn temporary_key(
        environment: &Environment,
        id: Option<&str>,
        secret: Option<&str>,
        token: Option<&str>,
    ) -> Result<Self, Lack> {
        let key = key(environment, id, secret)?;
        let token = token
            .or_else(|| environment.get("ALIBABA_CLOUD_SECURITY_TOKEN"))
            .ok_or_else(|| Lack::lasting("no security token"))?;
        Ok(Self::Fixed(key.with_security_token(token)))
    }

    /// An OIDC role; the environment may say what the profile does not.
    pub(super) fn oidc(
        environment: &Environment,
        role: Role,
        provider_arn: Option<&str>,
        token_file: Option<&str>,
    ) -> Result<Self, Lack> {
        let provider_arn = provider_arn
            .or_else(|| environment.get("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"))
            .ok_or_else(|| Lack::lasting("no OIDC provider is named"))?;
        let token_file = token_file
            .or_else(|| environment.get("ALIBABA_CLOUD_OIDC_TOKEN_FILE"))
            .ok_or_else(|| Lack::lasting("no OIDC token file is named"))?;
        Ok(Self::Oidc {
            role,
            provider_arn: provider_arn.to_owned(),
            token_file: PathBuf::from(token_file),
        })
    }

    /// The instance's role, named or not.
    pub(super) fn metadata(context: &Context, role: Option<&str>) -> Result<Self, Lack> {
        metadata::check_enabled(context)?;
        let role = role.or_else(|| context.environment.get("ALIBABA_CLOUD_ECS_METADATA"));
        Ok(Self::Metadata(role.map(str::to_owned)))
    }

    /// Carries it out.
    pub(super) fn fetch<'a>(
        &'a self,
        context: &'a Context,
    ) -> Pin<Box<dyn Future<Output = Result<Credentials, Lack>> + Send + 'a>> {
        Box::pin(async move {
            match self {
                Self::Fixed(credentials) => Ok(credentials.clone()),
                Self::Role(base, role) => {
                    let base = base.fetch(context).await?;
                    sts::assume_role(context, role, &base).await
                }
                Self::Oidc {
                    role,
                    provider_arn,
                    token_file,
                } => sts::assume_role_with_oidc(context, role, provider_arn, token_file).await,
                Self::Metadata(role) => metadata::fetch(context, role.as_deref()).await,
            }
        })
    }
}

fn key(
    environment: &Environment,
    id: Option<&str>,
    secret: Option<&str>,
) -> Result<Credentials, Lack> {
    let id = id
        .or_else(|| environment.get("ALIBABA_CLOUD_ACCESS_KEY_ID"))
        .ok_or_else(|| Lack::lasting("no access key id"))?;
    let secret = secret
        .or_else(|| environment.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
        .ok_or_else(|| Lack::lasting("no access key secret"))?;
    Ok(Credentials::new(id, secret))
}
