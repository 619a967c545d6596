//! What a collector gets to see: nothing that is not listed here.
//!
//! The same spans are in the log, where masked numbers may stand; a collector
//! is often somebody else's.

use std::time::Duration;

use opentelemetry::Value;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

pub(super) const METHOD: &str = "http.request.method";
pub(super) const ROUTE: &str = "http.route";
pub(super) const STATUS: &str = "http.response.status_code";
pub(super) const PROBLEM: &str = "problem.code";
pub(super) const OPERATION: &str = "db.operation.name";
pub(super) const ERROR: &str = "error.type";

/// The attributes that leave.
const ALLOWED: [&str; 14] = [
    METHOD,
    ROUTE,
    STATUS,
    PROBLEM,
    OPERATION,
    ERROR,
    "db.system.name",
    "app",
    "request.id",
    "message.out_id",
    "message.region",
    "message.outcome",
    "provider",
    "outcome",
];

/// An exporter that takes away what is not allowed.
#[derive(Debug)]
pub(super) struct Shown<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for Shown<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let batch = batch.into_iter().map(shown).collect();
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// A span as the collector is to have it: allowed attributes, and a name, a kind
/// and a status as OpenTelemetry means them.
fn shown(mut span: SpanData) -> SpanData {
    let is_allowed = |key: &str| ALLOWED.contains(&key);
    span.attributes.retain(|pair| is_allowed(pair.key.as_str()));
    span.events = Default::default();
    span.links = Default::default();
    span.span_kind = match &*span.name {
        "request" => SpanKind::Server,
        "send" | "store" | "journal" => SpanKind::Client,
        _ => SpanKind::Internal,
    };
    let has_failed = match text(&span, STATUS) {
        Some(status) => status.starts_with('5'),
        None => text(&span, ERROR).is_some(),
    };
    span.status = if has_failed {
        Status::error("")
    } else {
        Status::Unset
    };
    if let Some(name) = name(&span) {
        span.name = name.into();
    }
    span
}

/// `POST /v1/verifications`, `journal consume`; nothing where it is well named.
fn name(span: &SpanData) -> Option<String> {
    match &*span.name {
        "request" => Some(format!("{} {}", text(span, METHOD)?, text(span, ROUTE)?)),
        "store" | "journal" => Some(format!("{} {}", span.name, text(span, OPERATION)?)),
        _ => None,
    }
}

fn text(span: &SpanData, key: &str) -> Option<String> {
    let mut pairs = span.attributes.iter();
    let pair = pairs.find(|pair| pair.key.as_str() == key)?;
    Some(match &pair.value {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use opentelemetry::trace::{SpanContext, SpanId};
    use opentelemetry::{InstrumentationScope, KeyValue};

    use super::*;

    fn span(name: &'static str, attributes: Vec<KeyValue>) -> SpanData {
        SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes,
            dropped_attributes_count: 0,
            events: Default::default(),
            links: Default::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn what_is_not_listed_does_not_leave() {
        let sent = shown(span(
            "send",
            vec![
                KeyValue::new("message.to", "+86 138****8000"),
                KeyValue::new("message.region", "CN"),
                KeyValue::new("anything", "else"),
            ],
        ));
        assert_eq!(sent.attributes, [KeyValue::new("message.region", "CN")]);
        assert_eq!(sent.span_kind, SpanKind::Client);
    }

    #[test]
    fn a_request_is_named_by_its_route_and_fails_from_500_on() {
        for (status, wanted) in [
            (200, Status::Unset),
            (429, Status::Unset),
            (503, Status::error("")),
        ] {
            let request = shown(span(
                "request",
                vec![
                    KeyValue::new(METHOD, "GET"),
                    KeyValue::new(ROUTE, "/v1/messages/{out_id}"),
                    KeyValue::new(STATUS, status),
                ],
            ));
            assert_eq!(request.name, "GET /v1/messages/{out_id}");
            assert_eq!(
                (request.span_kind, request.status),
                (SpanKind::Server, wanted)
            );
        }
    }
}
