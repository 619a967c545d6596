//! Counters, gauges and histograms in Prometheus' text format.
//!
//! A registry of our own: what the usual exporter brings along would double
//! three crates of the tree, for two dozen series. Labels come from closed sets
//! only (`label` below), never from what a caller wrote.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sesame_connector::{Region, UsageType};

/// Upper ends of the buckets of a histogram, in seconds.
const BUCKETS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// No family has more series; what would be one more is counted as `other`.
const MOST_SERIES: usize = 2000;

/// Everything that is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    families: Mutex<BTreeMap<&'static str, Family>>,
}

#[derive(Debug)]
struct Family {
    help: &'static str,
    series: BTreeMap<String, Value>,
}

#[derive(Debug)]
enum Value {
    Counter(u64),
    Gauge(u64),
    Histogram(Box<Histogram>),
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

/// Names and values; every value from a closed set.
pub(crate) type Labels<'a> = &'a [(&'static str, &'a str)];

impl Metrics {
    /// One more.
    pub(crate) fn count(&self, name: &'static str, help: &'static str, labels: Labels<'_>) {
        self.count_by(name, help, labels, 1);
    }

    /// So many more.
    pub(crate) fn count_by(
        &self,
        name: &'static str,
        help: &'static str,
        labels: Labels<'_>,
        amount: u64,
    ) {
        self.change(name, help, labels, Value::Counter(0), |value| {
            if let Value::Counter(count) = value {
                *count += amount;
            }
        });
    }

    /// So many now.
    pub(crate) fn set(
        &self,
        name: &'static str,
        help: &'static str,
        labels: Labels<'_>,
        amount: u64,
    ) {
        self.change(name, help, labels, Value::Gauge(0), |value| {
            *value = Value::Gauge(amount);
        });
    }

    /// How long something took.
    pub(crate) fn observe(
        &self,
        name: &'static str,
        help: &'static str,
        labels: Labels<'_>,
        took: Duration,
    ) {
        let new = Value::Histogram(Box::default());
        self.change(name, help, labels, new, |value| {
            if let Value::Histogram(histogram) = value {
                histogram.observe(took.as_secs_f64());
            }
        });
    }

    fn change(
        &self,
        name: &'static str,
        help: &'static str,
        labels: Labels<'_>,
        new: Value,
        change: impl FnOnce(&mut Value),
    ) {
        let mut families = self.families();
        let family = families.entry(name).or_insert_with(|| Family {
            help,
            series: BTreeMap::new(),
        });
        let mut key = written(labels);
        if family.series.len() >= MOST_SERIES && !family.series.contains_key(&key) {
            let others: Vec<_> = labels.iter().map(|(name, _)| (*name, "other")).collect();
            key = written(&others);
        }
        change(family.series.entry(key).or_insert(new));
    }

    fn families(&self) -> MutexGuard<'_, BTreeMap<&'static str, Family>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of it in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        for (name, family) in &*self.families() {
            // Writing to a string does not fail.
            let _ = family.write(name, &mut text);
        }
        text
    }
}

impl Family {
    fn write(&self, name: &str, text: &mut String) -> fmt::Result {
        let kind = match self.series.values().next() {
            Some(Value::Histogram(_)) => "histogram",
            Some(Value::Gauge(_)) => "gauge",
            _ => "counter",
        };
        writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", self.help)?;
        for (labels, value) in &self.series {
            match value {
                Value::Counter(count) | Value::Gauge(count) => {
                    writeln!(text, "{name}{} {count}", braced(labels, ""))?
                }
                Value::Histogram(histogram) => histogram.write(name, labels, text)?,
            }
        }
        Ok(())
    }
}

impl Histogram {
    fn observe(&mut self, secs: f64) {
        for (bucket, end) in self.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(secs <= end);
        }
        self.count += 1;
        self.sum += secs;
    }

    fn write(&self, name: &str, labels: &str, text: &mut String) -> fmt::Result {
        for (count, end) in self.buckets.iter().zip(BUCKETS) {
            let labels = braced(labels, &format!("le=\"{end}\""));
            writeln!(text, "{name}_bucket{labels} {count}")?;
        }
        let all = braced(labels, "le=\"+Inf\"");
        let labels = braced(labels, "");
        let (count, sum) = (self.count, self.sum);
        writeln!(
            text,
            "{name}_bucket{all} {count}\n{name}_sum{labels} {sum}\n{name}_count{labels} {count}"
        )
    }
}

fn written(labels: Labels<'_>) -> String {
    let each = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", label(value)));
    each.collect::<Vec<_>>().join(",")
}

/// A value as a label may show it. Ours are plain; the check is what keeps it so.
fn label(value: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./{}:".contains(&byte);
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if value.len() <= 64 && value.bytes().all(is_plain) && digits < 5 {
        value
    } else {
        "other"
    }
}

fn braced(labels: &str, more: &str) -> String {
    match (labels, more) {
        ("", "") => String::new(),
        ("", one) | (one, "") => format!("{{{one}}}"),
        (one, other) => format!("{{{one},{other}}}"),
    }
}

/// A usage type as a label: one of Logto's, or `other`.
pub(crate) fn usage_type(name: &str) -> &str {
    if UsageType::from(name).is_known() {
        name
    } else {
        "other"
    }
}

/// A country as a label: ISO letters, or `other`.
pub(crate) fn country(code: &str) -> &str {
    if Region::parse(code).is_some() {
        code
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_prometheus_reads_it() {
        let metrics = Metrics::default();
        metrics.count("a_total", "Things.", &[("kind", "x")]);
        metrics.count("a_total", "Things.", &[("kind", "x")]);
        for amount in [7, 3] {
            metrics.set("b", "Now.", &[("level", "ok")], amount);
        }
        metrics.observe(
            "c_seconds",
            "Time.",
            &[("route", "/r")],
            Duration::from_millis(30),
        );
        let text = metrics.render();
        for line in [
            "# TYPE a_total counter",
            "a_total{kind=\"x\"} 2",
            "# TYPE b gauge",
            "b{level=\"ok\"} 3",
            "# TYPE c_seconds histogram",
            "c_seconds_bucket{route=\"/r\",le=\"0.025\"} 0",
            "c_seconds_bucket{route=\"/r\",le=\"0.05\"} 1",
            "c_seconds_bucket{route=\"/r\",le=\"+Inf\"} 1",
            "c_seconds_sum{route=\"/r\"} 0.03",
            "c_seconds_count{route=\"/r\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
    }

    #[test]
    fn series_are_bounded_and_hold_no_numbers() {
        let metrics = Metrics::default();
        for n in 0..5000 {
            let name: String = format!("{n:04}")
                .bytes()
                .map(|b| char::from(b + 32))
                .collect();
            metrics.count("a_total", "Things.", &[("kind", &name)]);
        }
        metrics.count("a_total", "Things.", &[("kind", "13800138000")]);
        let text = metrics.render();
        assert_eq!(text.lines().count(), MOST_SERIES + 3);
        assert!(!text.contains("138"));
        assert_eq!((usage_type("SignIn"), usage_type("x")), ("SignIn", "other"));
        assert_eq!(
            (country("CN"), country("001"), country("x")),
            ("CN", "other", "other")
        );
    }
}
