//! `~/.aliyun/config.json`, the profiles of Alibaba's command line.
//!
//! The modes that open a browser or run a program (CloudSSO, OAuth, External)
//! are not supported; a server has no use for them.

use serde_json::{Map, Value};

use super::context::Context;
use super::files;
use super::lack::Lack;
use super::recipe::Recipe;
use super::sts::{Role, RoleFields};

const FILE: &str = ".aliyun/config.json";
const UNSUPPORTED: [&str; 5] = ["CloudSSO", "OAuth", "External", "RsaKeyPair", "BearerToken"];

/// Reads the chosen profile: that in `ALIBABA_CLOUD_PROFILE`, else the file's
/// `current`.
pub(super) async fn recipe(context: &Context) -> Result<Recipe, Lack> {
    const SWITCH: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
    if context.environment.is_true(SWITCH) {
        return Err(Lack::lasting(format!("turned off by {SWITCH}")));
    }
    let home = context
        .environment
        .home()
        .ok_or_else(|| Lack::lasting("there is no home directory"))?;
    let path = home.join(FILE);
    let text = files::read(&path).await?;
    let config = Config::parse(context, &text);
    let recipe = config.and_then(|config| config.chosen());
    recipe.map_err(|lack| lack.after(&path.display().to_string()))
}

struct Config<'a> {
    context: &'a Context,
    content: Map<String, Value>,
}

impl<'a> Config<'a> {
    /// The reason names the place alone: serde's own words quote the content.
    fn parse(context: &'a Context, text: &str) -> Result<Self, Lack> {
        let content = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Lack::lasting(format!("not a JSON object (line {line}, column {column})"))
        })?;
        Ok(Self { context, content })
    }

    fn chosen(&self) -> Result<Recipe, Lack> {
        let name = self
            .context
            .environment
            .get("ALIBABA_CLOUD_PROFILE")
            .or_else(|| Profile(&self.content).text("current"))
            .ok_or_else(|| Lack::lasting("it names no current profile"))?;
        self.recipe(name, &mut Vec::new())
    }

    /// `followed` are the profiles that led here.
    fn recipe<'n>(&'n self, name: &'n str, followed: &mut Vec<&'n str>) -> Result<Recipe, Lack> {
        let profile = self
            .profile(name)
            .ok_or_else(|| Lack::lasting(format!("there is no profile {name:?}")))?;
        self.recipe_of(&profile, followed)
            .map_err(|lack| lack.after(&format!("profile {name:?}")))
    }

    fn profile(&self, name: &str) -> Option<Profile<'_>> {
        let profiles = self.content.get("profiles")?.as_array()?.iter();
        profiles
            .filter_map(|profile| profile.as_object().map(Profile))
            .find(|profile| profile.text("name") == Some(name))
    }

    fn recipe_of<'n>(
        &'n self,
        profile: &Profile<'n>,
        followed: &mut Vec<&'n str>,
    ) -> Result<Recipe, Lack> {
        let environment = &self.context.environment;
        let id = profile.text("access_key_id");
        let secret = profile.text("access_key_secret");
        match profile.text("mode").unwrap_or_default() {
            "AK" => Recipe::key(environment, id, secret),
            "StsToken" => Recipe::temporary_key(environment, id, secret, profile.text("sts_token")),
            "RamRoleArn" => {
                let base = Recipe::key(environment, id, secret)?;
                Ok(Recipe::Role(Box::new(base), self.role(profile)?))
            }
            "ChainableRamRoleArn" => {
                let base = self.source(profile, followed)?;
                Ok(Recipe::Role(Box::new(base), self.role(profile)?))
            }
            "EcsRamRole" => Recipe::metadata(self.context, profile.text("ram_role_name")),
            "OIDC" => Recipe::oidc(
                environment,
                self.oidc_role(profile)?,
                profile.text("oidc_provider_arn"),
                profile.text("oidc_token_file"),
            ),
            mode => Err(unsupported(mode)),
        }
    }

    fn source<'n>(
        &'n self,
        profile: &Profile<'n>,
        followed: &mut Vec<&'n str>,
    ) -> Result<Recipe, Lack> {
        let source = profile
            .text("source_profile")
            .ok_or_else(|| Lack::lasting("it names no source_profile"))?;
        followed.extend(profile.text("name"));
        if followed.contains(&source) {
            return Err(Lack::lasting("its source_profile leads back to itself"));
        }
        self.recipe(source, followed)
    }

    fn role(&self, profile: &Profile<'_>) -> Result<Role, Lack> {
        Role::new(self.context, &profile.role_fields()?)
    }

    /// The library reads one name for the session here, the command line
    /// writes the other.
    fn oidc_role(&self, profile: &Profile<'_>) -> Result<Role, Lack> {
        let fields = profile.role_fields()?;
        let session_name = profile.text("role_session_name").or(fields.session_name);
        Role::new(
            self.context,
            &RoleFields {
                session_name,
                ..fields
            },
        )
    }
}

/// Only known names are repeated: what stands there by mistake may be a secret.
fn unsupported(mode: &str) -> Lack {
    Lack::lasting(if UNSUPPORTED.contains(&mode) {
        format!("the mode {mode} is not supported")
    } else {
        "its mode is none of AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole, OIDC"
            .to_owned()
    })
}

struct Profile<'a>(&'a Map<String, Value>);

impl<'a> Profile<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        let text = self.0.get(name)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Lack> {
        let number = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(Lack::lasting(format!("{name} is not a whole number"))),
        }
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    fn role_fields(&self) -> Result<RoleFields<'a>, Lack> {
        Ok(RoleFields {
            arn: self.text("ram_role_arn"),
            session_name: self.text("ram_session_name"),
            duration_secs: self.number("expired_seconds")?,
            policy: self.text("policy"),
            external_id: self.text("external_id"),
            region: self.text("sts_region"),
            uses_vpc: self.flag("enable_vpc"),
        })
    }
}
