//! Why a call is refused, and by whom.

use std::borrow::Cow;

use serde_json::Value;

use super::texts;

/// A refusal: of the gateway, or of the product with HTTP status 200.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    /// `AccessDeniedDetail` of `NoPermission`.
    pub(crate) detail: Option<Value>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Refusal {
    /// By the gateway, with the published status and words.
    pub(crate) fn gateway(code: &'static str) -> Self {
        let status = texts::published(code).map_or(400, |(status, _)| status);
        Self::new(status, code, texts::message(code))
    }

    /// By the product, with the published words.
    pub(crate) fn business(code: &'static str) -> Self {
        Self::new(200, code, texts::message(code))
    }

    /// By either: a fault's code.
    pub(crate) fn of_fault(code: &str, status: u16, message: Option<&str>) -> Self {
        let published = texts::published(code).map(|(_, words)| words);
        let words = message.or(published).unwrap_or(code);
        Self::new(status, code.to_owned(), words.to_owned())
    }

    /// `Missing<Name>`.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(
            400,
            format!("Missing{name}"),
            format!("{name} is mandatory for this action."),
        )
    }

    /// `Invalid<Name>`.
    pub(crate) fn invalid(name: &str) -> Self {
        Self::new(
            400,
            format!("Invalid{name}"),
            format!("Specified parameter {name} is not valid."),
        )
    }

    /// More than is read. Aliyun's own answer is not known, nor for the next
    /// three.
    pub(crate) fn header_too_large() -> Self {
        Self::new(
            431,
            "RequestHeaderTooLarge",
            "The request header is too large.",
        )
    }

    pub(crate) fn body_too_large() -> Self {
        Self::new(413, "RequestBodyTooLarge", "The request body is too large.")
    }

    pub(crate) fn too_slow() -> Self {
        Self::new(
            408,
            "RequestTimeout",
            "The request body did not come in time.",
        )
    }

    pub(crate) fn unreadable() -> Self {
        Self::new(
            400,
            "InvalidRequestBody",
            "The request body cannot be read.",
        )
    }

    fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            detail: None,
            headers: Vec::new(),
        }
    }

    pub(crate) fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    pub(crate) fn with_detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }

    pub(crate) fn with_header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }
}
