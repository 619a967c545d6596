//! `~/.alibabacloud/credentials.ini`, the profiles of Alibaba's libraries.

use std::path::PathBuf;

use super::context::Context;
use super::files;
use super::ini::{Ini, Section};
use super::lack::Lack;
use super::recipe::Recipe;
use super::sts::{Role, RoleFields};

const FILE: &str = ".alibabacloud/credentials.ini";
const SECTION: &str = "default";

/// Reads the section in `ALIBABA_CLOUD_PROFILE`, else `default`. As in the
/// library, `enable` has no say.
pub(super) async fn recipe(context: &Context) -> Result<Recipe, Lack> {
    let path = path(context)?;
    let text = files::read(&path).await?;
    from_text(context, &text).map_err(|lack| lack.after(&path.display().to_string()))
}

fn path(context: &Context) -> Result<PathBuf, Lack> {
    let environment = &context.environment;
    if let Some(path) = environment.get("ALIBABA_CLOUD_CREDENTIALS_FILE") {
        return Ok(PathBuf::from(path));
    }
    let home = environment.home();
    home.map(|home| home.join(FILE))
        .ok_or_else(|| Lack::lasting("there is no home directory"))
}

fn from_text(context: &Context, text: &str) -> Result<Recipe, Lack> {
    let ini = Ini::parse(text).map_err(Lack::lasting)?;
    let name = context.environment.get("ALIBABA_CLOUD_PROFILE");
    let name = name.unwrap_or(SECTION);
    let section = ini
        .section(name)
        .ok_or_else(|| Lack::lasting(format!("there is no section {name:?}")))?;
    from_section(context, &section).map_err(|lack| lack.after(&format!("section {name:?}")))
}

fn from_section(context: &Context, section: &Section<'_>) -> Result<Recipe, Lack> {
    let environment = &context.environment;
    let key = || {
        let (id, secret) = ("access_key_id", "access_key_secret");
        Recipe::key(environment, section.get(id), section.get(secret))
    };
    match section.get("type").unwrap_or_default() {
        "access_key" => key(),
        "ram_role_arn" => Ok(Recipe::Role(Box::new(key()?), role(context, section)?)),
        "oidc_role_arn" => Recipe::oidc(
            environment,
            role(context, section)?,
            section.get("oidc_provider_arn"),
            section.get("oidc_token_file_path"),
        ),
        "ecs_ram_role" => Recipe::metadata(context, section.get("role_name")),
        "rsa_key_pair" => Err(Lack::lasting("the type rsa_key_pair is not supported")),
        // Not repeated: what stands there by mistake may be a secret.
        _ => Err(Lack::lasting(
            "its type is none of access_key, ram_role_arn, oidc_role_arn, ecs_ram_role",
        )),
    }
}

fn role(context: &Context, section: &Section<'_>) -> Result<Role, Lack> {
    Role::new(
        context,
        &RoleFields {
            arn: section.get("role_arn"),
            session_name: section.get("role_session_name"),
            policy: section.get("policy"),
            ..RoleFields::default()
        },
    )
}
