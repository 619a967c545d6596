//! How the service's refusals become problem documents.

use sesame_connector::{Kind, Language, Refusal, Stage};
use sesame_passcode::{Invalid, LiftError, Limited, QueryError, StartError, StoreError};

use crate::error::{Code, Problem};

/// The language of a locale, as far as it is spoken here: `zh`, `zh-CN`,
/// `zh_Hans` are Chinese, everything else is English.
pub(crate) fn language(locale: Option<&str>) -> Language {
    let locale = locale.unwrap_or_default().trim();
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("zh") {
        Language::Zh
    } else {
        Language::En
    }
}

/// A message that was not sent.
pub(crate) fn start(error: StartError, language: Language) -> Problem {
    match error {
        StartError::Invalid(invalid) => invalid.into(),
        StartError::Limited(limited) => self::limited(&limited, language),
        StartError::Refused(refusal) => refused(&refusal, language),
        StartError::Store(error) => error.into(),
        _ => Problem::new(Code::Internal, "the message was not sent"),
    }
}

/// A limit of ours.
pub(crate) fn limited(limited: &Limited, language: Language) -> Problem {
    let limit = limited.limit.as_str();
    let (code, detail) = match limit {
        "country_denied" => (
            Code::NumberRefused,
            "the policy sends nothing to this country".to_owned(),
        ),
        "prefix_denied" => (
            Code::NumberRefused,
            "the policy sends nothing to numbers that begin so".to_owned(),
        ),
        "provider_limit" => (
            Code::ProviderLimit,
            "the provider refused this number a moment ago, and asks to wait".to_owned(),
        ),
        "number_locked" => (
            Code::LimitReached,
            "too many wrong codes in a row locked this number; an operator can lift that"
                .to_owned(),
        ),
        _ => (Code::LimitReached, format!("the limit {limit} was reached")),
    };
    Problem::new(code, detail)
        .retry_after(limited.retry_after)
        .with(|more| {
            more.limit = Some(limit.to_owned());
            more.ends_at = limited.ends_at.map(|ends_at| ends_at.to_string());
            more.message = Some(limited.end_user().in_language(language).to_owned());
        })
}

/// The connector or the provider did not send it.
pub(crate) fn refused(refusal: &Refusal, language: Language) -> Problem {
    let said = refusal.end_user().in_language(language).to_owned();
    Problem::new(code(refusal), refusal.cause.en.clone())
        .retry_after(refusal.retry_after)
        .with(|more| {
            more.message = Some(said);
            more.out_id = Some(refusal.out_id.to_string());
            more.aliyun_code = Some(refusal.code.clone());
            more.request_id.clone_from(&refusal.request_id);
            more.cure = Some(refusal.cure.en.clone().into_owned());
        })
}

fn code(refusal: &Refusal) -> Code {
    match (refusal.stage, refusal.kind) {
        (Stage::Provider, Kind::RateLimit) => Code::ProviderLimit,
        (Stage::Provider, Kind::Phone) => Code::NumberRefused,
        (Stage::Provider, _) => Code::ProviderRefused,
        (Stage::NotSent, _) => Code::ProviderUnreachable,
        (Stage::Argument | Stage::Routing, Kind::Phone) => number_code(&refusal.code),
        (Stage::Argument, _) => Code::InvalidPayload,
        _ if refusal.is_of_region() => Code::NumberRefused,
        _ => Code::NotConfigured,
    }
}

/// A text that is no number, by the connector's code.
fn number_code(code: &str) -> Code {
    match code {
        "country_code_missing" => Code::CountryCodeMissing,
        "ambiguous_phone_number" => Code::AmbiguousPhoneNumber,
        _ => Code::InvalidPhoneNumber,
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let field = match invalid.field {
            "usage_type" => "type",
            field => field,
        };
        Self::new(Code::InvalidField, format!("{field} {}", invalid.reason))
            .with(|more| more.field = Some(field.to_owned()))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // Whoever runs the server reads the log; callers need not know which
        // database it is.
        tracing::error!(%error, "the store did not do what was asked");
        let wait = error
            .is_transient()
            .then_some(std::time::Duration::from_secs(1));
        Self::new(
            Code::StoreUnavailable,
            "the store did not do what was asked; nothing was told or sent",
        )
        .retry_after(wait)
    }
}

impl From<LiftError> for Problem {
    fn from(error: LiftError) -> Self {
        match error {
            LiftError::Number(error) => Self::new(number_code(error.code()), error.to_string())
                .with(|more| more.field = Some("to".to_owned())),
            LiftError::Store(error) => error.into(),
            _ => Self::new(Code::Internal, "nothing was lifted"),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let invalid = |field: &str, detail: String| {
            Self::new(Code::InvalidQuery, detail).with(|more| more.field = Some(field.to_owned()))
        };
        match error {
            QueryError::Number(error) => invalid("to", format!("to: {error}")),
            QueryError::Invalid(error) => invalid(error.field, error.to_string()),
            QueryError::Store(error) => error.into(),
            _ => Self::new(Code::Internal, "the messages were not looked for"),
        }
    }
}
