//! Whether the server lives, is ready, and what it has counted.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::HeaderName;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers;
use crate::error::{Answer, Code, Problem};
use crate::state::App;

/// How long a store may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Whether the server lives: it answers.
#[utoipa::path(
    get,
    path = "/livez",
    operation_id = "getLiveness",
    tag = "operation",
    responses(
        (status = 200, description = "It lives.", body = Health),
        answers::Busy,
    ),
)]
pub(super) async fn livez() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Whether requests can be carried out: the stores answer, records can be
/// written, and the server is not about to end.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "operation",
    responses(
        (status = 200, description = "It is ready.", body = Health),
        answers::Busy,
        answers::Ready,
    ),
)]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Answer<Json<Health>> {
    if *app.is_ending.borrow() {
        return Err(not_ready("the server is about to end"));
    }
    let asked = async {
        tokio::try_join!(app.store.ping(), app.journal.ping())?;
        app.try_to_write().await
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(())) => Ok(Json(Health { status: "ready" })),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(not_ready("the stores do not answer in time")),
    }
}

/// What was counted, in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "operation",
    responses(
        (status = 200, description = "Prometheus' text format.", body = String, content_type = "text/plain"),
        answers::Busy,
    ),
)]
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
) -> ([(HeaderName, &'static str); 1], String) {
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, app.metrics.render())
}

fn not_ready(detail: &str) -> Problem {
    Problem::new(Code::NotReady, detail).retry_after(Duration::from_secs(1))
}
