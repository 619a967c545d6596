//! Delivery reports, as Aliyun pushes them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sesame_passcode::ReportsError;
use utoipa::ToSchema;

use super::answers;
use crate::error::{Answer, Code, Problem};
use crate::state::App;
use crate::wire::Id;

/// What Aliyun wants to hear; anything else is pushed again.
#[derive(Serialize, ToSchema)]
pub(super) struct Acknowledgement {
    /// 0.
    code: i32,
    /// A word for people.
    msg: String,
}

/// Aliyun's delivery reports: a list, or a single one by itself.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "only documents the body, which the provider reads"
)]
pub(super) enum Pushed {
    List(Vec<Value>),
    #[schema(value_type = Object)]
    One(Map<String, Value>),
}

/// Takes delivery reports. They may be repeated, and may come before the
/// message's own answer.
#[utoipa::path(
    post,
    path = "/reports/aliyun/{secret}",
    operation_id = "pushAliyunReports",
    tag = "reports",
    params(("secret" = String, Path, description = "`reports.secret` of the configuration.")),
    request_body(content = inline(Pushed), description = "Aliyun's list of delivery reports."),
    responses(
        (status = 200, description = "They were taken.", body = Acknowledgement),
        answers::Push,
    ),
)]
pub(super) async fn push(
    State(app): State<Arc<App>>,
    Id(secret): Id,
    body: Body,
) -> Answer<Response> {
    if !app.is_report_secret(&secret) {
        return Err(super::nothing_here());
    }
    let body = app.reports.collect(body).await?;
    match app.passcodes.reports(&body).await {
        Ok(reported) => {
            tracing::debug!(
                reports.matched = reported.matched,
                reports.unmatched = reported.unmatched,
                reports.unreadable = reported.unreadable,
                "delivery reports were taken"
            );
            let mut response = reported.acknowledgement.into_response();
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            Ok(response)
        }
        Err(ReportsError::Store(error)) => Err(error.into()),
        Err(error) => Err(Problem::new(Code::MalformedReports, error.to_string())),
    }
}
