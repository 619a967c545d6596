//! The account at the provider, looked at now and then: what turned is logged
//! and counted. Nothing waits for it, and nothing fails with it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use sesame_connector::doctor::{Level, Options, Report, Seen, Turn, examine};
use sesame_connector::{Checked, Connector, Region};
use sesame_passcode::journal::{Span, TallyQuery};
use tokio::sync::watch;

use crate::config::DoctorConfig;
use crate::metrics::Metrics;
use crate::state::App;

const CHECKS: &str = "sesame_doctor_checks";
const TURNS: &str = "sesame_doctor_turns_total";

/// Countries of messages in this time have a line of their own.
const SEEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many of them at most.
const MOST_COUNTRIES: usize = 20;

/// When to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    first: Duration,
    every: Duration,
}

impl Schedule {
    /// `None` is never.
    pub(crate) fn of(config: &DoctorConfig) -> Option<Self> {
        (config.every_secs > 0).then(|| Self {
            first: Duration::from_secs(config.first_after_secs),
            every: Duration::from_secs(config.every_secs),
        })
    }
}

/// Whether the doctor knows the provider that sends: a stand-in has no account.
pub(crate) fn knows(connector: &Connector) -> bool {
    ["aliyun-sms", "aliyun-intl"].contains(&connector.provider().name())
}

/// Looks until it is told to stop.
pub(crate) async fn run(app: Arc<App>, schedule: Schedule, mut stop: watch::Receiver<bool>) {
    let mut seen = Seen::new();
    let mut pause = schedule.first;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        pause = schedule.every;
        // Before it hands a message to whoever waits, so it is told to stop too.
        let report = tokio::select! {
            report = look(&app) => report,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let turns = seen.turns(&report);
        turns.iter().for_each(log);
        count(&app.metrics, &seen, &turns);
        *app.findings.lock().unwrap_or_else(PoisonError::into_inner) = seen.not_ok();
    }
}

/// Without the request that finds out whether the key may send: messages tell
/// that by themselves.
async fn look(app: &App) -> Report {
    let options = Options {
        asks_permission: false,
        countries: seen_countries(app).await,
        ..Options::default()
    };
    let checked = Checked {
        config: Some(app.connector.config().clone()),
        problems: Vec::new(),
    };
    examine(
        checked,
        "connector",
        Arc::clone(&app.source),
        options,
        &|_| {},
    )
    .await
}

/// Where messages were taken for in the last days, the most first.
async fn seen_countries(app: &App) -> Vec<Region> {
    let now = app.source.now();
    let query = TallyQuery {
        span: Span::Day,
        from: now - SEEN_FOR,
        until: now,
        app: None,
    };
    // What cannot be read is looked at the next time.
    let tallied = app.journal.tallies(&query).await.unwrap_or_default();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for tallied in tallied {
        *counts.entry(tallied.country).or_default() += tallied.counts.accepted;
    }
    let mut seen: Vec<(i64, Region)> = counts
        .into_iter()
        .filter_map(|(letters, count)| Some((count, Region::parse(&letters)?)))
        .filter(|(count, country)| *count > 0 && *country != Region::CN)
        .collect();
    seen.sort_by_key(|(count, _)| Reverse(*count));
    seen.truncate(MOST_COUNTRIES);
    seen.into_iter().map(|(_, country)| country).collect()
}

fn log(turn: &Turn) {
    let check = &turn.check;
    let was = turn.was.map(Level::as_str);
    let cure = check.cure.as_ref().map(|cure| cure.en.as_ref());
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                doctor.check = check.id.as_str(),
                doctor.level = check.level.as_str(),
                doctor.was = was,
                doctor.subject = check.subject,
                doctor.cure = cure,
                "the doctor: {}",
                check.message
            )
        };
    }
    match check.level {
        Level::Ok => tell!(info),
        Level::Warning => tell!(warn),
        Level::Failure => tell!(error),
    }
}

fn count(metrics: &Metrics, seen: &Seen, turns: &[Turn]) {
    for level in Level::ALL {
        let labels = [("level", level.as_str())];
        metrics.set(
            CHECKS,
            "Things the doctor looked at, by how they are.",
            &labels,
            seen.count(level) as u64,
        );
        let turned = turns.iter().filter(|turn| turn.check.level == level);
        metrics.count_by(
            TURNS,
            "Things that turned, by how they are since.",
            &labels,
            turned.count() as u64,
        );
    }
}
