//! What happens in the service, counted. No number gets here.

use std::sync::Arc;
use std::time::Duration;

use sesame_connector::{Outcome, Stage};
use sesame_passcode::journal::State;
use sesame_passcode::{About, CheckOutcome, Converted, Converting, Events, LimitName};

use crate::metrics::{Metrics, country, usage_type};

/// Counts what it is told.
#[derive(Debug)]
pub(crate) struct Counting(pub(crate) Arc<Metrics>);

impl Counting {
    fn count(
        &self,
        name: &'static str,
        help: &'static str,
        about: &About<'_>,
        more: &[(&'static str, &str)],
    ) {
        let mut labels = vec![
            ("usage_type", usage_type(about.usage_type)),
            ("country", country(about.country)),
        ];
        labels.extend_from_slice(more);
        self.0.count(name, help, &labels);
    }
}

impl Events for Counting {
    fn sent(&self, about: &About<'_>, outcome: &Outcome, took: Duration) {
        // What sort of refusal, not Aliyun's code: that set is open.
        let kind = match outcome {
            Outcome::Refused(refusal) if refusal.stage == Stage::NotSent => "not_sent",
            Outcome::Refused(refusal) => refusal.kind.as_str(),
            Outcome::Accepted(_) | Outcome::Unknown(_) => "none",
        };
        self.count(
            "sesame_messages_total",
            "Messages by how sending ended; of refusals, the kind.",
            about,
            &[("outcome", outcome.as_str()), ("kind", kind)],
        );
        self.0.observe(
            "sesame_send_duration_seconds",
            "How long the provider took to answer.",
            &[("outcome", outcome.as_str())],
            took,
        );
    }

    fn limited(&self, about: &About<'_>, limit: LimitName) {
        self.count(
            "sesame_limited_total",
            "Messages that a limit of ours kept from being sent.",
            about,
            &[("limit", limit.as_str())],
        );
    }

    fn observed(&self, about: &About<'_>, limit: LimitName) {
        self.count(
            "sesame_observed_total",
            "Messages that were sent although a limit, which is only watched, would have refused them.",
            about,
            &[("limit", limit.as_str())],
        );
    }

    fn nearing(&self, limit: LimitName) {
        self.0.count(
            "sesame_limits_near_total",
            "How often four fifths of a limit of the account were used up.",
            &[("limit", limit.as_str())],
        );
    }

    fn checked(&self, about: &About<'_>, outcome: &CheckOutcome) {
        self.count(
            "sesame_checks_total",
            "Checked codes by outcome.",
            about,
            &[("outcome", outcome.as_str())],
        );
        if matches!(outcome, CheckOutcome::Approved(_)) {
            let help = "Verifications that were approved: messages confirmed.";
            self.count("sesame_confirmed_total", help, about, &[]);
        }
    }

    fn reported(&self, about: &About<'_>, delivered: bool) {
        let delivery = if delivered { "delivered" } else { "failed" };
        self.count(
            "sesame_delivery_reports_total",
            "Delivery reports, pushed or asked for.",
            about,
            &[("delivery", delivery)],
        );
    }

    fn converted(&self, what: Converting, how: Converted) {
        self.0.count(
            "sesame_conversions_total",
            "What the provider was told of codes that came back.",
            &[("of", what.as_str()), ("outcome", how.as_str())],
        );
    }

    fn settled(&self, about: &About<'_>, state: State) {
        self.count(
            "sesame_settled_total",
            "Messages in doubt that were settled.",
            about,
            &[("state", state.as_str())],
        );
    }
}
