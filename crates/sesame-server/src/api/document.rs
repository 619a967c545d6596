//! The OpenAPI document, generated from the handlers.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderName;
use http::header::CONTENT_TYPE;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi};

use super::answers;
use crate::error::{Code, More, ProblemBody};
use crate::state::App;

/// `Idempotency-Key`.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents it")]
pub(super) struct IdempotencyKey {
    /// The same key with the same body gets the same answer for 24 hours, and
    /// is carried out once; with another body it is a 422. Answers of 408, 409,
    /// 429 and 503 are not kept: try those again with the same key.
    #[param(
        rename = "Idempotency-Key",
        max_length = 255,
        pattern = "^[!-~]([ -~]*[!-~])?$"
    )]
    idempotency_key: Option<String>,
}

/// The id in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents it")]
pub(super) struct VerificationId {
    /// The id of a verification.
    id: String,
}

/// The id in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents it")]
pub(super) struct OutId {
    /// The out-id of a message.
    out_id: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sesame",
        description = "Verifies phone numbers over Alibaba Cloud SMS: start a verification, check its code. Errors are problem documents (RFC 9457) with a stable `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "verifications", description = "Prove that somebody has a phone number."),
        (name = "messages", description = "Codes of the caller's own, and what became of messages."),
        (name = "numbers", description = "What an operator does for a number."),
        (name = "reports", description = "What Aliyun pushes."),
        (name = "tokens", description = "What verification tokens are checked by."),
        (name = "operation", description = "Running the server."),
    ),
    components(schemas(ProblemBody<'static>, More, Code)),
    modifiers(&Security),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut http = Http::new(HttpAuthScheme::Bearer);
        http.description = Some(
            "An API key, `sk_…`, as `sesame key new` prints it. Scopes: verify, send, read, admin."
                .to_owned(),
        );
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(http));
    }
}

/// The document, as it is served and committed.
pub fn openapi() -> String {
    let document = super::routes().split_for_parts().1;
    let mut whole = Document::openapi();
    whole.merge(document);
    let mut text = whole.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    tag = "operation",
    responses(
        (status = 200, description = "OpenAPI 3.1.", body = Object, content_type = "application/json"),
        answers::Busy,
    ),
)]
pub(super) async fn serve(
    State(app): State<Arc<App>>,
) -> ([(HeaderName, &'static str); 1], String) {
    let document = app.openapi.get_or_init(openapi);
    ([(CONTENT_TYPE, "application/json")], document.clone())
}
