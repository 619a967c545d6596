//! Alibaba's default credential chain: the places its own libraries look in,
//! in their order.
//!
//! 1. `env`: `ALIBABA_CLOUD_ACCESS_KEY_ID`, `…_ACCESS_KEY_SECRET`,
//!    `…_SECURITY_TOKEN`
//! 2. `oidc_role_arn`: `ALIBABA_CLOUD_OIDC_TOKEN_FILE`, `…_ROLE_ARN`,
//!    `…_OIDC_PROVIDER_ARN`
//! 3. `cli_profile`: `~/.aliyun/config.json`
//! 4. `profile`: `~/.alibabacloud/credentials.ini`
//! 5. `ecs_ram_role`: the metadata service of an ECS instance
//! 6. `credential_uri`: `ALIBABA_CLOUD_CREDENTIALS_URI`
//!
//! To add a link: an entry in `Link` and its `fetch`.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::cached::{Cached, check_unexpired};
use super::context::{Context, Pools};
use super::environment::Environment;
use super::lack::Lack;
use super::recipe::Recipe;
use super::sts::{Role, RoleFields};
use super::{
    Credentials, CredentialsError, ProvideCredentials, Provided, cli_profile, metadata, profile,
    uri,
};
use crate::endpoint::Endpoint;
use crate::source::Source;

/// Credentials from wherever Alibaba's own libraries would take them.
///
/// The first link that has any is kept; from then on only that one is asked.
/// What it gives is kept and refreshed as [`Cached`] says. Profile files are
/// read anew with every refresh, so a key that was refused is replaced by the
/// one that has been written there since.
pub struct DefaultChain {
    links: Arc<Links>,
    cached: Cached,
}

impl DefaultChain {
    /// The chain with Alibaba's own addresses. Reads nothing yet.
    pub fn new(source: Arc<dyn Source>, environment: Environment) -> Self {
        Self::builder(source, environment).build()
    }

    /// To put something else in the place of Alibaba's addresses.
    pub fn builder(source: Arc<dyn Source>, environment: Environment) -> DefaultChainBuilder {
        DefaultChainBuilder {
            context: Context {
                environment,
                source,
                sts: None,
                metadata: metadata::endpoint(),
                extra_roots_pem: None,
                environment_proxy: true,
                pools: Pools::default(),
            },
        }
    }
}

impl ProvideCredentials for DefaultChain {
    fn provide(&self) -> Provided<'_, Arc<Credentials>> {
        self.cached.provide()
    }

    fn replace<'a>(&'a self, refused: &'a Credentials) -> Provided<'a, Option<Arc<Credentials>>> {
        self.cached.replace(refused)
    }
}

impl fmt::Debug for DefaultChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DefaultChain").field(&self.links).finish()
    }
}

/// Builds a [`DefaultChain`].
#[must_use]
#[derive(Debug)]
pub struct DefaultChainBuilder {
    context: Context,
}

impl DefaultChainBuilder {
    /// Asks this in place of STS, whatever the region.
    pub fn sts_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.context.sts = Some(endpoint);
        self
    }

    /// Asks this in place of `http://100.100.100.200`. No proxy is used for it.
    pub fn metadata_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.context.metadata = endpoint;
        self
    }

    /// Trusts these certificates too, PEM.
    pub fn extra_roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.context.extra_roots_pem = Some(pem.into());
        self
    }

    /// Whether `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count;
    /// default on. They never do for this machine and its metadata service.
    pub fn environment_proxy(mut self, on: bool) -> Self {
        self.context.environment_proxy = on;
        self
    }

    /// Makes the chain. Reads nothing yet.
    pub fn build(self) -> DefaultChain {
        let source = self.context.source.clone();
        let links = Arc::new(Links {
            context: self.context,
            kept: OnceLock::new(),
        });
        let cached = Cached::new(links.clone(), source);
        DefaultChain { links, cached }
    }
}

/// The chain without memory for credentials: asks every time.
#[derive(Debug)]
struct Links {
    context: Context,
    /// The link that had some.
    kept: OnceLock<Link>,
}

impl ProvideCredentials for Links {
    fn provide(&self) -> Provided<'_, Arc<Credentials>> {
        Box::pin(async move {
            match self.kept.get() {
                Some(link) => self.ask_again(*link).await,
                None => self.walk().await,
            }
            .map(Arc::new)
        })
    }
}

impl Links {
    async fn walk(&self) -> Result<Credentials, CredentialsError> {
        let mut reasons = Vec::with_capacity(Link::ORDER.len());
        for link in Link::ORDER {
            match self.ask(link).await {
                Ok(credentials) => {
                    tracing::debug!(provider = credentials.provider(), "credentials found");
                    self.kept.get_or_init(|| link);
                    return Ok(credentials);
                }
                Err(lack) => {
                    tracing::debug!(link = link.name(), reason = lack.reason, "no credentials");
                    reasons.push(format!("{}: {}", link.name(), lack.reason));
                }
            }
        }
        Err(CredentialsError::NotFound(reasons))
    }

    async fn ask_again(&self, link: Link) -> Result<Credentials, CredentialsError> {
        let asked = self.ask(link).await;
        asked.map_err(|lack| CredentialsError::Failed {
            provider: format!("default/{}", link.name()),
            reason: lack.reason,
            is_transient: lack.is_transient,
        })
    }

    async fn ask(&self, link: Link) -> Result<Credentials, Lack> {
        let credentials = link.fetch(&self.context).await?;
        check_unexpired(&credentials, self.context.source.now()).map_err(Lack::lasting)?;
        let provider = match link {
            // The profile's own name says which of its kinds it was.
            Link::CliProfile | Link::Profile => {
                format!("default/{}/{}", link.name(), credentials.provider())
            }
            _ => format!("default/{}", link.name()),
        };
        Ok(credentials.provided_by(provider))
    }
}

#[derive(Clone, Copy, Debug)]
enum Link {
    Env,
    Oidc,
    CliProfile,
    Profile,
    EcsRamRole,
    Uri,
}

impl Link {
    const ORDER: [Self; 6] = [
        Self::Env,
        Self::Oidc,
        Self::CliProfile,
        Self::Profile,
        Self::EcsRamRole,
        // After the metadata service, as in Alibaba's library: off ECS, the
        // URI is reached after that one's time-out unless it is turned off.
        Self::Uri,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Oidc => "oidc_role_arn",
            Self::CliProfile => "cli_profile",
            Self::Profile => "profile",
            Self::EcsRamRole => "ecs_ram_role",
            Self::Uri => "credential_uri",
        }
    }

    async fn fetch(self, context: &Context) -> Result<Credentials, Lack> {
        match self {
            Self::Env => from_variables(&context.environment),
            Self::Oidc => oidc_recipe(context)?.fetch(context).await,
            Self::CliProfile => cli_profile::recipe(context).await?.fetch(context).await,
            Self::Profile => profile::recipe(context).await?.fetch(context).await,
            Self::EcsRamRole => Recipe::metadata(context, None)?.fetch(context).await,
            Self::Uri => uri::fetch(context).await,
        }
    }
}

fn from_variables(environment: &Environment) -> Result<Credentials, Lack> {
    let id = required(environment, "ALIBABA_CLOUD_ACCESS_KEY_ID")?;
    let secret = required(environment, "ALIBABA_CLOUD_ACCESS_KEY_SECRET")?;
    let key = Credentials::new(id, secret);
    Ok(match environment.get("ALIBABA_CLOUD_SECURITY_TOKEN") {
        Some(token) => key.with_security_token(token),
        None => key,
    })
}

fn oidc_recipe(context: &Context) -> Result<Recipe, Lack> {
    let environment = &context.environment;
    for name in [
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
        "ALIBABA_CLOUD_ROLE_ARN",
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    ] {
        required(environment, name)?;
    }
    let role = Role::new(context, &RoleFields::default())?;
    Recipe::oidc(environment, role, None, None)
}

fn required<'a>(environment: &'a Environment, name: &str) -> Result<&'a str, Lack> {
    environment
        .get(name)
        .ok_or_else(|| Lack::lasting(format!("{name} is not set")))
}
