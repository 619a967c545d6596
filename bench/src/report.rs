//! Figures into tables, and tables into `BENCH.md`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::send::Options;

/// One turn of one subject.
pub(crate) struct Sample {
    pub(crate) cpu_micros: f64,
    pub(crate) wall_micros: f64,
    pub(crate) peak_mib: f64,
}

/// All turns of one subject, in the order of the rounds.
pub(crate) struct Row {
    pub(crate) label: &'static str,
    samples: Vec<Sample>,
}

impl Row {
    fn median(&self, of: fn(&Sample) -> f64) -> f64 {
        Spread::of(self.samples.iter().map(of)).median
    }
}

/// The middle of some figures, and between which two their middle half lies.
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        let at = |quarters: usize| {
            let (low, high) = (last * quarters / 4, (last * quarters).div_ceil(4));
            f64::midpoint(values[low], values[high])
        };
        Self {
            low: at(1),
            median: at(2),
            high: at(3),
        }
    }

    /// Of the ratios of two turns of one round each.
    fn of_ratios(ours: &Row, reference: &Row, of: fn(&Sample) -> f64) -> Self {
        let pairs = ours.samples.iter().zip(&reference.samples);
        Self::of(pairs.map(|(ours, reference)| of(ours) / of(reference)))
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
    of: fn(&Sample) -> f64,
    at_most: f64,
}

const GOALS: [Goal; 6] = [
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3",
        reference: "bare hyper POST of the same bytes",
        of: |sample| sample.cpu_micros,
        at_most: 1.25,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3, TLS",
        reference: "bare hyper POST of the same bytes, TLS",
        of: |sample| sample.cpu_micros,
        at_most: 1.25,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3, TLS",
        reference: "ali-acs, TLS",
        of: |sample| sample.cpu_micros,
        at_most: 0.75,
    },
    Goal {
        what: "memory at its peak",
        ours: "aliyun-sms, ACS3, TLS",
        reference: "ali-acs, TLS",
        of: |sample| sample.peak_mib,
        at_most: 1.0,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3",
        reference: "Alibaba's Node SDK",
        of: |sample| sample.cpu_micros,
        at_most: 0.08,
    },
    Goal {
        what: "CPU per call",
        ours: "aliyun-sms, ACS3",
        reference: "Alibaba's Python SDK",
        of: |sample| sample.cpu_micros,
        at_most: 0.05,
    },
];

/// The section on sending.
pub(crate) fn send(rows: &[Row], options: &Options) -> Result<String> {
    let mut text = String::from("## Sending\n\n");
    let Options {
        starts,
        rounds,
        calls,
        ..
    } = options;
    writeln!(
        text,
        "`SendSms`, 16 in flight, to a server in a process of its own that accepts everything \
         after 5 to 38 ms, as a near API does. Every client has a process of its own, the Rust \
         ones tokio's usual runtime. They take turns of {calls} calls (Node and Python: a \
         quarter), {rounds} rounds of turns, every other one in reverse order, and all that after \
         each of {starts} starts. CPU is user and system time of the client alone. In use every \
         call goes by TLS. Figures are medians over all turns.\n"
    )?;
    text.push_str(
        "| client | CPU per call | time per call | memory at its peak |\n|---|---:|---:|---:|\n",
    );
    for row in rows {
        let (cpu, wall) = (
            row.median(|sample| sample.cpu_micros),
            row.median(|sample| sample.wall_micros),
        );
        writeln!(
            text,
            "| {} | {cpu:.1} µs | {wall:.1} µs | {:.1} MiB |",
            row.label,
            row.median(|sample| sample.peak_mib)
        )?;
    }
    text.push_str(
        "\nA ratio is that of two turns of one round: the median of all rounds, and where the \
         middle half of them lies.\n\n\
         | what | ours | reference | ratio | middle half | target |\n|---|---|---|---:|---:|---:|\n",
    );
    for goal in GOALS {
        let find = |label: &str| rows.iter().find(|row| row.label == label);
        if let (Some(ours), Some(reference)) = (find(goal.ours), find(goal.reference)) {
            let ratio = Spread::of_ratios(ours, reference, goal.of);
            let verdict = if ratio.median <= goal.at_most {
                "met"
            } else {
                "**missed**"
            };
            writeln!(
                text,
                "| {} | {} | {} | {:.3} × | {:.3}–{:.3} | ≤ {} ×, {verdict} |",
                goal.what,
                goal.ours,
                goal.reference,
                ratio.median,
                ratio.low,
                ratio.high,
                goal.at_most
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
