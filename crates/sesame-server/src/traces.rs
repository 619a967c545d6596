//! Traces for an OpenTelemetry collector: what the spans of `tracing` become,
//! and how they get there.
//!
//! A request is a span, and what it does are its children; a caller's
//! `traceparent` is continued. Nothing here waits: finished spans go into a
//! queue with an end, and what does not fit is lost. A new attribute has to be
//! allowed in `traces/shown.rs` before it leaves.

mod collector;
mod shown;
mod stores;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider,
};
use sesame_connector::Source;
use thiserror::Error as ThisError;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use crate::config::OtlpConfig;
use collector::Collector;
use shown::Shown;

pub(crate) use stores::stores;

/// Spans that wait at most; more are lost.
const QUEUE: usize = 4096;
const BATCH: usize = 512;
/// How long a span waits for others to go with.
const PAUSE: Duration = Duration::from_secs(1);
/// Whose spans are of interest. Those of dependencies may hold anything.
const CRATES: [&str; 3] = ["sesame_connector", "sesame_passcode", "sesame_server"];

/// The way to a collector. [`Traces::end`] sends what is left.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    patience: Duration,
}

/// Why there can be no traces.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum TracesError {
    /// TLS cannot be set up.
    #[error("TLS to the collector cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The exporter takes none of this.
    #[error("traces cannot be set up")]
    Exporter(#[from] ExporterBuildError),
}

impl Traces {
    /// The way to the collector of a configuration; none where it names none.
    /// Works on the runtime it is called on. Whether the collector is there does
    /// not matter.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn start(
        config: &OtlpConfig,
        source: Arc<dyn Source>,
    ) -> Result<Option<Self>, TracesError> {
        let Some(endpoint) = &config.endpoint else {
            return Ok(None);
        };
        let headers = config.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.reveal().to_owned()));
        let longest = Duration::from_secs(config.timeout_secs);
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(endpoint, longest, source)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(longest)
            .with_headers(headers.collect::<HashMap<_, _>>())
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(PAUSE)
            .build();
        let processor = BatchSpanProcessor::builder(Shown(exporter))
            .with_batch_config(batches)
            .build();
        let first = Sampler::TraceIdRatioBased(config.sample_ratio);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(Sampler::ParentBased(Box::new(first)))
            .with_resource(resource(config))
            .build();
        Ok(Some(Self {
            provider,
            patience: Duration::from_secs(config.shutdown_secs),
        }))
    }

    /// What a subscriber needs in order to make traces of spans.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let filter = FilterFn::new(is_ours).with_max_level_hint(LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("sesame"))
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter)
    }

    /// Sends what is left, for as long as `otlp.shutdown_secs` allows.
    pub async fn end(self) {
        let Self { provider, patience } = self;
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(patience));
        // Nobody waits for a collector that hangs. Where the last spans are
        // lost, the collector's own warning has said so.
        let _ = tokio::time::timeout(patience, ended).await;
    }
}

/// Makes a request's span go on where its caller's trace is. The caller's
/// `tracestate` is free text, and stays here.
pub(crate) fn continued(span: &Span, headers: &HeaderMap) {
    let headers = TraceParent(headers);
    if headers.get(TraceParent::NAME).is_some() {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        // Without traces there is nothing to continue.
        let _ = span.set_parent(parent);
    }
}

/// Notes on a request's span how it ended.
pub(crate) fn answered(
    span: &Span,
    method: &'static str,
    route: &str,
    status: u16,
    code: Option<&'static str>,
) {
    span.set_attribute(shown::METHOD, method);
    span.set_attribute(shown::ROUTE, route.to_owned());
    span.set_attribute(shown::STATUS, i64::from(status));
    if let Some(code) = code {
        span.set_attribute(shown::PROBLEM, code);
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let name = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && *metadata.level() <= Level::DEBUG && CRATES.contains(&name)
}

/// What the environment says of this machine is left out: nobody looked it over.
fn resource(config: &OtlpConfig) -> Resource {
    Resource::builder_empty()
        .with_service_name(config.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

/// The one header that is read.
struct TraceParent<'h>(&'h HeaderMap);

impl TraceParent<'_> {
    const NAME: &'static str = "traceparent";
}

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key).filter(|_| key == Self::NAME)?;
        value.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        vec![Self::NAME]
    }
}
