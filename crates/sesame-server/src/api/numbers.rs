//! What an operator does for a single number.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers;
use crate::auth::Caller;
use crate::error::Answer;
use crate::state::App;
use crate::wire::Body;

/// Which number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LiftNumber)]
pub(super) struct LiftBody {
    /// A phone number in any notation, best with `+` and its country code.
    #[schema(example = "+8613800138000")]
    to: String,
}

/// What was lifted.
#[derive(Serialize, ToSchema)]
#[schema(as = LiftedNumber)]
pub(super) struct LiftedBody {
    /// The number, masked.
    #[schema(example = "+86 138****8000")]
    to: String,
    /// Whether the number was locked.
    was_locked: bool,
    /// How many wrong codes in a row there were.
    failures: u32,
}

/// Forgets the wrong codes of a number, and lifts its lock. The journal keeps
/// which API key did it.
#[utoipa::path(
    post,
    path = "/v1/numbers/lift",
    operation_id = "liftNumber",
    tag = "numbers",
    security(("api_key" = ["admin"])),
    params(super::document::IdempotencyKey),
    request_body = LiftBody,
    responses(
        (status = 200, description = "Nothing is held against the number any more.", body = LiftedBody),
        answers::Lift,
    ),
)]
pub(super) async fn lift(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<LiftBody>,
) -> Answer<Json<LiftedBody>> {
    let lifted = app.passcodes.lift(&caller.name, &body.to).await?;
    Ok(Json(LiftedBody {
        to: lifted.to,
        was_locked: lifted.was_locked,
        failures: lifted.failures,
    }))
}
