//! Forms, and what keeps those of other pages out.

use std::sync::Arc;

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;

use super::session::Visitor;
use super::{Console, is_from_here};
use crate::error::{Code, Problem};
use crate::wire::Raw;

/// The fields of a form, each once or more.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Without what people paste around a value; empty where it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// What an address asks for; what cannot be read asks for nothing.
pub(super) struct Asked(pub(super) Fields);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let fields = query.map(|Query(fields)| fields).unwrap_or_default();
        Ok(Self(Fields(fields)))
    }
}

/// A form of nobody's yet: the one that signs in.
pub(super) struct Open {
    pub(super) fields: Fields,
    pub(super) parts: Parts,
}

impl<S: Send + Sync> FromRequest<S> for Open {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        if !is_from_here(request.headers()) {
            return Err(forbidden());
        }
        let (parts, _) = request.into_parts();
        let raw = parts.extensions.get::<Raw>().cloned();
        let body = raw.map(|Raw(bytes)| bytes).unwrap_or_default();
        let request = Request::from_parts(parts.clone(), body.into());
        let form = Form::<Vec<(String, String)>>::from_request(request, &());
        let Form(fields) = form.await.map_err(|_| {
            let detail = "the body is none of the page's forms";
            Problem::new(Code::InvalidField, detail).into_response()
        })?;
        Ok(Self {
            fields: Fields(fields),
            parts,
        })
    }
}

/// A form of whoever is signed in, which the session's own page sent.
pub(super) struct Posted {
    pub(super) visitor: Visitor,
    pub(super) fields: Fields,
}

impl FromRequest<Arc<Console>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Response> {
        let Open { fields, mut parts } = Open::from_request(request, &()).await?;
        let visitor =
            <Visitor as FromRequestParts<_>>::from_request_parts(&mut parts, console).await?;
        if !visitor.sent(fields.get("csrf")) {
            return Err(forbidden());
        }
        Ok(Self { visitor, fields })
    }
}

fn forbidden() -> Response {
    let detail = "the form is not from this session";
    Problem::new(Code::ScopeMissing, detail).into_response()
}

/// A value as it stands in an address.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Those of the filters that are given, as a query.
pub(super) fn query(names: &[&str], values: &[String]) -> String {
    let given = names.iter().zip(values);
    let given = given.filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    pairs.join("&")
}
