//! The one place where something that went wrong becomes an answer: an RFC 9457
//! problem document with a stable code.
//!
//! A new code is a line in [`Code`]'s list; OpenAPI takes it from there. A
//! detail never repeats what was sent: it may be a code, a number or a secret.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Defines [`Code`]: variant, name, status, title.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $status:ident $title:literal;)*) => {
        /// What is wrong, as programs read it. The names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The same in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson "malformed_json" BAD_REQUEST "The body is not JSON";
    /// The body is JSON and a value in it is not what belongs there.
    InvalidField "invalid_field" BAD_REQUEST "A value of the body is wrong";
    /// The body has a field that means nothing.
    UnknownField "unknown_field" BAD_REQUEST "The body has an unknown field";
    /// A parameter of the address is wrong.
    InvalidQuery "invalid_query" BAD_REQUEST "A parameter of the address is wrong";
    /// The idempotency key has the wrong form.
    IdempotencyKeyInvalid "idempotency_key_invalid" BAD_REQUEST "The Idempotency-Key is not valid";
    /// The body broke off.
    BodyUnreadable "body_unreadable" BAD_REQUEST "The body could not be read to its end";
    /// What was pushed are no delivery reports.
    MalformedReports "malformed_reports" BAD_REQUEST "The body is no list of delivery reports";
    /// There is no API key, or none that is valid.
    Unauthorized "unauthorized" UNAUTHORIZED "A valid API key is needed";
    /// The API key may not do this.
    ScopeMissing "scope_missing" FORBIDDEN "The API key may not do this";
    /// There is nothing under this address or id.
    NotFound "not_found" NOT_FOUND "There is nothing here";
    /// The address takes other methods.
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "The method is not allowed here";
    /// The body took too long to arrive.
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "The body took too long";
    /// The first request with this idempotency key is still being answered.
    IdempotencyKeyInUse "idempotency_key_in_use" CONFLICT "The first request with this Idempotency-Key is not answered yet";
    /// The body is too large.
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large";
    /// The body is declared to be something other than JSON.
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body must be application/json";
    /// The idempotency key belongs to another request.
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "The Idempotency-Key was used for another request";
    /// The text is no phone number that can receive messages.
    InvalidPhoneNumber "invalid_phone_number" UNPROCESSABLE_ENTITY "This is no phone number that can receive messages";
    /// The number has no country code, and the configuration asks for one.
    CountryCodeMissing "country_code_missing" UNPROCESSABLE_ENTITY "The phone number needs its country code";
    /// The number can be read in two ways.
    AmbiguousPhoneNumber "ambiguous_phone_number" UNPROCESSABLE_ENTITY "The phone number can be read in two ways";
    /// Numbers of this country or this kind are not served.
    NumberRefused "number_refused" UNPROCESSABLE_ENTITY "This phone number is not served";
    /// There is no such usage type.
    UnknownUsageType "unknown_usage_type" UNPROCESSABLE_ENTITY "There is no such usage type";
    /// The values do not fit into the template.
    InvalidPayload "invalid_payload" UNPROCESSABLE_ENTITY "The values do not fit into the template";
    /// A limit of this server was reached.
    LimitReached "limit_reached" TOO_MANY_REQUESTS "A limit was reached";
    /// A limit of the provider was reached.
    ProviderLimit "provider_limit" TOO_MANY_REQUESTS "A limit of the provider was reached";
    /// Something in this program is broken.
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong here";
    /// The configuration has nothing for this number and usage type.
    NotConfigured "not_configured" SERVICE_UNAVAILABLE "The operator has nothing configured for this";
    /// The provider refused for a reason the operator must cure.
    ProviderRefused "provider_refused" SERVICE_UNAVAILABLE "The provider refused, and the operator must see to it";
    /// The provider was not reached, and nothing was sent.
    ProviderUnreachable "provider_unreachable" SERVICE_UNAVAILABLE "The provider could not be reached";
    /// A store does not answer.
    StoreUnavailable "store_unavailable" SERVICE_UNAVAILABLE "The store does not answer";
    /// Too much at once.
    Overloaded "overloaded" SERVICE_UNAVAILABLE "Too many requests at once";
    /// The answer took too long; what was asked for may still happen.
    TimedOut "timed_out" SERVICE_UNAVAILABLE "The answer took too long";
    /// The server is about to end.
    NotReady "not_ready" SERVICE_UNAVAILABLE "The server is not ready";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .description(Some("What is wrong, as programs read it; stable."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for Code {}

/// A result whose failure is a problem document.
pub type Answer<T> = Result<T, Problem>;

/// Something that went wrong, on its way to become an answer.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    retry_after: Option<Duration>,
    more: Box<More>,
}

/// What only some problems have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct More {
    /// The field of the body it is about, such as `payload.code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The line of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// Which limit was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// When that limit lets the next one through (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// A neutral sentence for the person who waits for the code, in the
    /// language that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Id of the message that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_id: Option<String>,
    /// Aliyun's code, or ours where it never came to Aliyun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliyun_code: Option<String>,
    /// Id of Aliyun's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// A name for this kind of problem: `urn:sesame:problem:` and its code.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in a few words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this request, for whoever programs the caller.
    detail: &'a str,
    code: Code,
    /// How many seconds to wait before trying again; also in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_secs: Option<u64>,
    #[serde(flatten)]
    more: &'a More,
}

impl Problem {
    /// A problem with what is wrong in words: lower-case, without full stop.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after: None,
            more: Box::default(),
        }
    }

    /// Nothing is there, or it is somebody else's.
    pub fn not_found() -> Self {
        Self::new(
            Code::NotFound,
            "there is nothing under this address that this key may see",
        )
    }

    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What only some problems have.
    pub fn more(&self) -> &More {
        &self.more
    }

    /// With the time after which it makes sense to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: impl Into<Option<Duration>>) -> Self {
        self.retry_after = wait.into();
        self
    }

    /// With what only some problems have.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut More)) -> Self {
        change(&mut self.more);
        self
    }

    fn retry_after_secs(&self) -> Option<u64> {
        let wait = self.retry_after?;
        let started = u64::from(wait.subsec_nanos() > 0);
        Some((wait.as_secs() + started).max(1))
    }

    fn body(&self) -> ProblemBody<'_> {
        ProblemBody {
            kind: format!("urn:sesame:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code,
            retry_after_secs: self.retry_after_secs(),
            more: &self.more,
        }
    }
}

/// The code of a problem, left with its answer for logs and metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProblemCode(pub(crate) Code);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.code.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(secs) = self.retry_after_secs() {
            headers.insert(RETRY_AFTER, secs.into());
        }
        if self.code == Code::Unauthorized {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(ProblemCode(self.code));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_differ_and_are_refusals() {
        let names: HashSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }

    #[test]
    fn waiting_is_told_in_whole_seconds_and_never_as_none() {
        for (millis, secs) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            let problem = Problem::new(Code::Overloaded, "x");
            let problem = problem.retry_after(Duration::from_millis(millis));
            assert_eq!(problem.retry_after_secs(), Some(secs));
            let response = problem.into_response();
            assert_eq!(response.headers()[RETRY_AFTER], secs.to_string());
        }
    }
}
