//! What is sent: usage type and number to signature, template and variables.
//!
//! Everything here is a pure function of the configuration and the message.
//! Which template goes where is decided in [`route`], what is filled into it in
//! [`fill`].

mod error;
mod param;
mod placeholder;
#[cfg(test)]
mod tests;
pub mod text;

use std::fmt;

pub use error::{ParamError, RouteError};
pub use param::fill;
pub(crate) use placeholder::foreign_placeholder;
pub use text::MessageText;

use crate::config::{ConnectorConfig, ProviderKind, Template, TemplateCodes};
use crate::phone::PhoneNumber;
use crate::usage::UsageType;

/// A signature of the account, Aliyun's `SignName`, without brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignName(String);

impl SignName {
    /// Takes it as it is.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// As it travels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code of a template, `SMS_` and digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TemplateCode(String);

impl TemplateCode {
    /// Takes it as it is.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// As it travels.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text has the form of a provider's own: `SMS_` and digits, or
    /// the digits alone of a gift template.
    pub fn looks_right(text: &str, provider: ProviderKind) -> bool {
        let digits = match provider {
            ProviderKind::AliyunSms | ProviderKind::AliyunIntl => text.strip_prefix("SMS_"),
            ProviderKind::AliyunPnvs => Some(text),
        };
        digits
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    }
}

impl fmt::Display for TemplateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two kinds of templates Aliyun approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateRegion {
    /// The Chinese mainland.
    China,
    /// Everywhere else; Hong Kong, Macao and Taiwan too.
    Overseas,
}

impl TemplateRegion {
    /// Where a number belongs.
    pub fn of(phone: &PhoneNumber) -> Self {
        if phone.is_mainland() {
            Self::China
        } else {
            Self::Overseas
        }
    }
}

/// What to send to one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The signature in front of the text; of a text of our own the sender id,
    /// which may be empty.
    pub sign_name: SignName,
    /// The template; empty for a text of our own.
    pub template_code: TemplateCode,
    /// What the number was taken for.
    pub region: TemplateRegion,
    /// The variables the template declares.
    pub variables: Vec<String>,
    /// A text of our own, never for the mainland.
    pub text: Option<MessageText>,
}

/// Where a number belongs, as far as it matters for what is sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// On which side of the border.
    pub region: TemplateRegion,
    /// The calling code.
    pub country_code: u16,
}

impl Destination {
    /// Anywhere in a region but where a country has a rule of its own.
    pub fn in_region(region: TemplateRegion) -> Self {
        Self {
            region,
            country_code: 0,
        }
    }

    /// Of a number.
    pub fn of(phone: &PhoneNumber) -> Self {
        Self {
            region: TemplateRegion::of(phone),
            country_code: phone.country_code(),
        }
    }
}

/// The country code whose numbers Aliyun cannot tell from mainland mobiles.
const PLUS_ONE: u16 = 1;

/// Chooses signature and template: of the usage type's own template, `Generic`
/// and `Test`, the first that can serve the number.
///
/// `{china, overseas}` says which of the two a number gets. A template that is
/// one string does not say where it may go, and the configurations in use hold
/// both domestic and international ones written so. It serves the mainland, and
/// it serves every other number that Aliyun cannot mistake for a mainland one:
/// sent to Hong Kong, a domestic template is refused by Aliyun and an
/// international one arrives, as it does today. With `+1` it is different:
/// Aliyun reads eleven digits that begin with 1 as a mainland mobile, so that a
/// domestic template would put the code on a stranger's phone. Therefore `+1`
/// goes out only with a code that stands as `overseas` and nowhere in the
/// configuration as a mainland one. An international template sent to what
/// Aliyun takes for the mainland is refused
/// (`isv.DOMESTIC_NUMBER_NOT_SUPPORTED`), and nobody gets the code.
///
/// # Errors
/// Where no template, none for the number's region, or no signature is there.
pub fn route(
    config: &ConnectorConfig,
    usage_type: &UsageType,
    phone: &PhoneNumber,
) -> Result<Route, RouteError> {
    route_to(config, usage_type, Destination::of(phone))
}

/// The same for any number of a country.
///
/// # Errors
/// As [`route`].
pub fn route_to(
    config: &ConnectorConfig,
    usage_type: &UsageType,
    to: Destination,
) -> Result<Route, RouteError> {
    let is_overseas = to.region == TemplateRegion::Overseas;
    if config.provider == ProviderKind::AliyunPnvs && is_overseas {
        return Err(RouteError::MainlandOnly);
    }
    let mut first_error = None;
    for wanted in usage_type.fallbacks() {
        let found = config.templates.iter().find(|t| t.usage_type == *wanted);
        let Some(template) = found else { continue };
        let routed = if config.provider == ProviderKind::AliyunIntl && is_overseas {
            route_text(config, template)
        } else {
            route_by(config, template, to)
        };
        match routed {
            Ok(route) => return Ok(route),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| RouteError::NoTemplate(usage_type.clone())))
}

/// The same by a configuration or the fallback behind it, as a connector goes.
/// What neither can serve is the whole's to mend.
///
/// # Errors
/// As [`route`].
pub fn route_by_either(
    config: &ConnectorConfig,
    usage_type: &UsageType,
    to: Destination,
) -> Result<Route, RouteError> {
    route_to(config, usage_type, to).or_else(|error| {
        let fallback = config.fallback.as_deref();
        fallback
            .and_then(|fallback| route_to(fallback, usage_type, to).ok())
            .ok_or(error)
    })
}

/// The international API takes whole texts, and reads every number with its
/// country code first.
fn route_text(config: &ConnectorConfig, template: &Template) -> Result<Route, RouteError> {
    let text = template.text.clone();
    let text = text.ok_or_else(|| RouteError::NoText(template.usage_type.clone()))?;
    Ok(Route {
        sign_name: SignName::new(config.sender_id.clone().unwrap_or_default()),
        template_code: TemplateCode::new(""),
        region: TemplateRegion::Overseas,
        variables: Vec::new(),
        text: Some(text),
    })
}

fn route_by(
    config: &ConnectorConfig,
    template: &Template,
    to: Destination,
) -> Result<Route, RouteError> {
    let region = to.region;
    let template_code = match region {
        TemplateRegion::China => china_code(template)?,
        TemplateRegion::Overseas => overseas_code(config, template, to.country_code)?,
    };
    let own = &template.sign_names;
    let shared = &config.sign_names;
    let sign_name = match region {
        TemplateRegion::China => own.for_china().or(shared.for_china()),
        TemplateRegion::Overseas => own.for_overseas().or(shared.for_overseas()),
    };
    Ok(Route {
        sign_name: sign_name
            .filter(|name| !name.as_str().is_empty())
            .ok_or_else(|| RouteError::NoSignName(template.usage_type.clone()))?
            .clone(),
        template_code: template_code.clone(),
        region,
        variables: template.variables.clone(),
        text: None,
    })
}

fn china_code(template: &Template) -> Result<&TemplateCode, RouteError> {
    serving_china(template).ok_or_else(|| RouteError::NoChinaTemplate(template.usage_type.clone()))
}

fn overseas_code<'c>(
    config: &ConnectorConfig,
    template: &'c Template,
    country_code: u16,
) -> Result<&'c TemplateCode, RouteError> {
    let code = match &template.codes {
        TemplateCodes::Everywhere(code) => Some(code),
        TemplateCodes::ByRegion { overseas, .. } => overseas.as_ref(),
    };
    let code = code
        .filter(|code| !code.as_str().is_empty())
        .ok_or_else(|| RouteError::NoOverseasTemplate(template.usage_type.clone()))?;
    let may_be_domestic = || {
        config
            .templates
            .iter()
            .filter_map(serving_china)
            .any(|c| c == code)
    };
    if country_code == PLUS_ONE && may_be_domestic() {
        return Err(RouteError::PlusOneNeedsOverseas(
            template.usage_type.clone(),
        ));
    }
    Ok(code)
}

/// Where a configuration with an empty code was accepted all the same, it is as
/// good as absent.
fn serving_china(template: &Template) -> Option<&TemplateCode> {
    let code = match &template.codes {
        TemplateCodes::Everywhere(code) => Some(code),
        TemplateCodes::ByRegion { china, .. } => china.as_ref(),
    };
    code.filter(|code| !code.as_str().is_empty())
}
