//! Figures into tables, and tables into `BENCH.md`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// One run of one subject.
pub(crate) struct Sample {
    pub(crate) cpu_micros: f64,
    pub(crate) wall_micros: f64,
    pub(crate) peak_mib: f64,
}

/// All runs of one subject.
pub(crate) struct Row {
    label: &'static str,
    samples: Vec<Sample>,
}

impl Row {
    fn median(&self, of: fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }

    fn cpu(&self) -> f64 {
        self.median(|sample| sample.cpu_micros)
    }

    fn peak(&self) -> f64 {
        self.median(|sample| sample.peak_mib)
    }
}

/// Of at least one value.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
    f64::midpoint(values[low], values[high])
}

/// Puts a sample where it belongs.
pub(crate) fn add(rows: &mut Vec<Row>, label: &'static str, sample: Sample) {
    match rows.iter_mut().find(|row| row.label == label) {
        Some(row) => row.samples.push(sample),
        None => rows.push(Row {
            label,
            samples: vec![sample],
        }),
    }
}

/// A ratio that has a target.
struct Goal {
    what: &'static str,
    ours: &'static str,
    reference: &'static str,
    of: fn(&Row) -> f64,
    at_most: f64,
}

const GOALS: [Goal; 6] = [
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3",
        reference: "bare hyper POST of the same bytes",
        of: Row::cpu,
        at_most: 1.25,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3, TLS",
        reference: "bare hyper POST of the same bytes, TLS",
        of: Row::cpu,
        at_most: 1.25,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3, TLS",
        reference: "ali-acs, TLS",
        of: Row::cpu,
        at_most: 0.75,
    },
    Goal {
        what: "memory at its peak",
        ours: "aliyun-sms, ACS3, TLS",
        reference: "ali-acs, TLS",
        of: Row::peak,
        at_most: 1.0,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3",
        reference: "Alibaba's Node SDK",
        of: Row::cpu,
        at_most: 0.08,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3",
        reference: "Alibaba's Python SDK",
        of: Row::cpu,
        at_most: 0.05,
    },
];

/// The section on sending.
pub(crate) fn send(rows: &[Row], rounds: usize, calls: usize) -> Result<String> {
    let mut text = String::from("## Sending\n\n");
    writeln!(
        text,
        "`SendSms`, 16 in flight, to a server in a process of its own that accepts everything \
         after 5 to 38 ms, as a near API does. Every client has a process of its own, the Rust \
         ones tokio's usual runtime; {rounds} rounds of {calls} calls (Node and Python: a \
         quarter), medians. CPU is user and system time of the client alone. In use every call \
         goes by TLS.\n"
    )?;
    text.push_str(
        "| client | CPU per call | time per call | memory at its peak |\n|---|---:|---:|---:|\n",
    );
    for row in rows {
        let wall = row.median(|sample| sample.wall_micros);
        writeln!(
            text,
            "| {} | {:.1} µs | {wall:.1} µs | {:.1} MiB |",
            row.label,
            row.cpu(),
            row.peak()
        )?;
    }
    text.push_str("\n| what | ours | reference | ratio | target |\n|---|---|---|---:|---:|\n");
    for goal in GOALS {
        let find = |label: &str| rows.iter().find(|row| row.label == label);
        if let (Some(ours), Some(reference)) = (find(goal.ours), find(goal.reference)) {
            let ratio = (goal.of)(ours) / (goal.of)(reference);
            let verdict = if ratio <= goal.at_most {
                "met"
            } else {
                "**missed**"
            };
            writeln!(
                text,
                "| {} | {} | {} | {ratio:.3} × | ≤ {} ×, {verdict} |",
                goal.what, goal.ours, goal.reference, goal.at_most
            )?;
        }
    }
    Ok(text)
}

/// Replaces a section of the file, between its two marks.
pub(crate) fn write(path: &Path, section: &str, text: &str) -> Result<()> {
    let (start, end) = (
        format!("<!-- {section} -->"),
        format!("<!-- /{section} -->"),
    );
    let old = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let (before, rest) = old
        .split_once(&start)
        .with_context(|| format!("no mark {start}"))?;
    let (_, after) = rest
        .split_once(&end)
        .with_context(|| format!("no mark {end}"))?;
    std::fs::write(path, format!("{before}{start}\n{text}\n{end}{after}"))?;
    Ok(())
}
