//! The refusals of each operation, as OpenAPI lists them.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::error::Code;

/// Defines the refusals of a group of operations.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: $($code:ident)+;)*) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    documented(&[$(Code::$code),+])
                }
            }
        )*
    };
}

refusals! {
    /// Of `POST /v1/verifications`.
    Start:
        MalformedJson InvalidField UnknownField IdempotencyKeyInvalid BodyUnreadable
        Unauthorized ScopeMissing RequestTimeout IdempotencyKeyInUse BodyTooLarge
        UnsupportedMediaType IdempotencyKeyReused InvalidPhoneNumber CountryCodeMissing
        AmbiguousPhoneNumber NumberRefused UnknownUsageType LimitReached ProviderLimit
        NotConfigured ProviderRefused ProviderUnreachable StoreUnavailable Overloaded TimedOut;
    /// Of `POST /v1/messages`.
    Send:
        MalformedJson InvalidField UnknownField IdempotencyKeyInvalid BodyUnreadable
        Unauthorized ScopeMissing RequestTimeout IdempotencyKeyInUse BodyTooLarge
        UnsupportedMediaType IdempotencyKeyReused InvalidPhoneNumber CountryCodeMissing
        AmbiguousPhoneNumber NumberRefused UnknownUsageType InvalidPayload LimitReached
        ProviderLimit NotConfigured StoreUnavailable Overloaded TimedOut;
    /// Of `POST /v1/verifications/{id}/check`.
    Check:
        MalformedJson InvalidField UnknownField IdempotencyKeyInvalid BodyUnreadable
        Unauthorized ScopeMissing NotFound RequestTimeout IdempotencyKeyInUse BodyTooLarge
        UnsupportedMediaType IdempotencyKeyReused StoreUnavailable Overloaded TimedOut;
    /// Of `POST /v1/numbers/lift`.
    Lift:
        MalformedJson InvalidField UnknownField IdempotencyKeyInvalid BodyUnreadable
        Unauthorized ScopeMissing RequestTimeout IdempotencyKeyInUse BodyTooLarge
        UnsupportedMediaType IdempotencyKeyReused InvalidPhoneNumber CountryCodeMissing
        AmbiguousPhoneNumber StoreUnavailable Overloaded TimedOut;
    /// Of what is looked up by an id.
    Lookup:
        BodyUnreadable Unauthorized ScopeMissing NotFound RequestTimeout BodyTooLarge
        StoreUnavailable Overloaded TimedOut;
    /// Of the list of messages.
    List:
        InvalidQuery BodyUnreadable Unauthorized ScopeMissing RequestTimeout BodyTooLarge
        StoreUnavailable Overloaded TimedOut;
    /// Of pushed delivery reports.
    Push:
        MalformedReports BodyUnreadable NotFound RequestTimeout BodyTooLarge StoreUnavailable
        Overloaded TimedOut;
    /// Of what only reads what is in memory.
    Busy: Overloaded TimedOut;
    /// Of `/readyz`.
    Ready: NotReady StoreUnavailable;
}

fn documented(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let status = code.status().as_u16().to_string();
        by_status.entry(status).or_default().push(*code);
    }
    let response = |(status, codes): (String, Vec<Code>)| (status, response(&codes).into());
    by_status.into_iter().map(response).collect()
}

fn response(codes: &[Code]) -> Response {
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}.", code.as_str(), code.title()))
        .collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n\n"))
        .content("application/problem+json", content);
    let status = codes.first().map_or(0, |code| code.status().as_u16());
    if matches!(status, 409 | 429 | 503) {
        let description = "How many seconds to wait before trying again, where that is known.";
        response = response.header("Retry-After", header(Type::Integer, description));
    }
    if status == 401 {
        response = response.header("WWW-Authenticate", header(Type::String, "`Bearer`."));
    }
    response.build()
}

fn header(kind: Type, description: &str) -> utoipa::openapi::header::Header {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(kind));
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description))
        .build()
}
