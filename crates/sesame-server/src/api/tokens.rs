//! What tokens are checked by.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::HeaderName;
use http::header::CACHE_CONTROL;

use super::answers;
use crate::state::App;
use crate::token::Jwks;

/// The public keys of the tokens.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "getTokenKeys",
    tag = "tokens",
    responses(
        (status = 200, description = "The newest first.", body = Jwks),
        answers::Busy,
    ),
)]
pub(super) async fn jwks(
    State(app): State<Arc<App>>,
) -> ([(HeaderName, &'static str); 1], Json<Jwks>) {
    let cached = [(CACHE_CONTROL, "public, max-age=300")];
    (cached, Json(app.signer.jwks(app.source.now())))
}
