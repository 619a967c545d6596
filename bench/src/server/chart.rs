//! The chapter on the server, and its picture.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::idle::Idle;
use super::{CHECKING, Curve, Options, Round};
use crate::report::{Spread, median};
use crate::subjects::IN_FLIGHT;

/// Below `docs/images`.
pub(crate) const IMAGE: &str = "bench-journal.svg";

/// The section of `BENCH.md`.
pub(crate) fn section(
    options: &Options,
    rounds: &[Round],
    curves: &[Curve],
    idle: &Idle,
) -> Result<String> {
    let mut text = String::from("## The server\n\n");
    let Options {
        pairs,
        checks,
        rounds: count,
        starts,
        ..
    } = options;
    writeln!(
        text,
        "A pair is a verification started and its code checked: two requests, {IN_FLIGHT} clients, \
         whose process is another. The server is the one that is shipped, with SQLite \
         (`synchronous=FULL`), the journal, every limit counting, and its log; only its messages go \
         nowhere. The store alone is asked for what the service asks of it for a pair: two records \
         read and swapped, a row opened and closed, a consumption, counters. Turns of {pairs} pairs, \
         {count} rounds, every other one in reverse order; CPU is that of the server's or the \
         store's process alone.\n"
    )?;
    text.push_str("| | CPU per pair | pairs a second |\n|---|---:|---:|\n");
    let row = |text: &mut String, name: &str, of: fn(&Round) -> &super::Turn| {
        let cpu = median(rounds.iter().map(|round| of(round).cpu_micros).collect());
        let rate = median(rounds.iter().map(|round| of(round).pairs_per_sec).collect());
        writeln!(text, "| {name} | {cpu:.0} µs | {rate:.0} |")
    };
    row(&mut text, "through HTTP", |round| &round.server)?;
    row(&mut text, "store and journal alone", |round| &round.store)?;
    let cpu = Spread::of(
        rounds
            .iter()
            .map(|round| round.server.cpu_micros / round.store.cpu_micros),
    );
    let rate = Spread::of(
        rounds
            .iter()
            .map(|round| round.server.pairs_per_sec / round.store.pairs_per_sec),
    );
    text.push_str(
        "\nA ratio is that of two turns of one round: the median of all rounds, and where the \
         middle half of them lies.\n\n\
         | what | ratio | middle half | target |\n|---|---:|---:|---:|\n",
    );
    let ratio = |text: &mut String, what: &str, spread: &Spread, target: &str, is_met: bool| {
        writeln!(
            text,
            "| {what} | {:.2} × | {:.2}–{:.2} | {target}, {} |",
            spread.median,
            spread.low,
            spread.high,
            verdict(is_met)
        )
    };
    let what = "CPU of the server, to that of its store and journal alone";
    ratio(&mut text, what, &cpu, "≤ 2 ×", cpu.median <= 2.0)?;
    let what = "pairs a second, to those of store and journal alone";
    ratio(&mut text, what, &rate, "≥ 0.4 ×", rate.median >= 0.4)?;
    let shortest = curves.first().context("a journal")?;
    for curve in curves.iter().skip(1) {
        let pairs = curve.p99.iter().zip(&shortest.p99);
        let p99 = Spread::of(pairs.map(|(long, short)| long / short));
        let what = format!(
            "p99 of a check with {} rows, to that with {}",
            grouped(curve.rows),
            grouped(shortest.rows)
        );
        ratio(&mut text, &what, &p99, "≤ 1.2 ×", p99.median <= 1.2)?;
    }
    writeln!(
        text,
        "\n### A growing journal\n\n\
         How long a check takes, {CHECKING} clients, in turns of {checks} pairs; the journal has so \
         many rows to begin with, each with its delivery report, and for seven in ten its \
         consumption. Medians over the {count} turns of each.\n\n\
         ![How long a check takes, by the rows of the journal](docs/images/{IMAGE})\n\n\
         | rows | file | half of all checks within | 99 of 100 within |\n|---:|---:|---:|---:|"
    )?;
    for curve in curves {
        writeln!(
            text,
            "| {} | {:.0} MiB | {:.2} ms | {:.2} ms |",
            grouped(curve.rows),
            curve.file_mib,
            median(curve.middle.clone()) / 1e3,
            median(curve.p99.clone()) / 1e3
        )?;
    }
    let Idle {
        resident_mib,
        ready_ms,
        first_ready_ms,
    } = idle;
    let is_small = *resident_mib * 1.048_576 <= 25.0;
    writeln!(
        text,
        "\n### An idle server\n\n\
         `sesame serve`, a release build, median of {starts} starts. The first start of all also \
         makes keys and tables: {first_ready_ms:.0} ms.\n\n\
         | what | | target |\n|---|---:|---:|\n\
         | resident memory | {resident_mib:.1} MiB | ≤ 25 MB, {} |\n\
         | from its start to `ready` | {ready_ms:.0} ms | ≤ 100 ms, {} |",
        verdict(is_small),
        verdict(*ready_ms <= 100.0)
    )?;
    Ok(text)
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**missed**" }
}

/// `10,000,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 50.0;

/// Both curves. Grey and two colours, which can be read on light and on dark.
pub(crate) fn svg(curves: &[Curve]) -> String {
    let lines = [
        ("99 of 100", "#d1495b", points(curves, |curve| &curve.p99)),
        ("half", "#2e86ab", points(curves, |curve| &curve.middle)),
    ];
    let highest = lines.iter().flat_map(|(_, _, points)| points);
    let top = nice(highest.copied().fold(0.0, f64::max));
    let x = |at: usize| {
        let steps = (curves.len() - 1).max(1) as f64;
        LEFT + (WIDTH - LEFT - RIGHT) * at as f64 / steps
    };
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#7a7a7a\">\n\
         <title>How long a check takes, by the rows of the journal</title>\n"
    );
    for quarter in 0..=4 {
        let value = top * f64::from(quarter) / 4.0;
        let at = y(value);
        svg += &format!(
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#7a7a7a\" \
             stroke-opacity=\"0.3\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value} ms</text>\n",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
    }
    for (at, curve) in curves.iter().enumerate() {
        svg += &format!(
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
            x(at),
            HEIGHT - BOTTOM + 20.0,
            grouped(curve.rows)
        );
    }
    svg += &format!(
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">rows in the journal</text>\n",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        HEIGHT - 10.0
    );
    for (name, colour, points) in &lines {
        let places: Vec<String> = points
            .iter()
            .enumerate()
            .map(|(at, value)| format!("{:.1},{:.1}", x(at), y(*value)))
            .collect();
        svg += &format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
            places.join(" ")
        );
        for place in &places {
            let (across, down) = place.split_once(',').unwrap_or_default();
            svg += &format!("<circle cx=\"{across}\" cy=\"{down}\" r=\"3\" fill=\"{colour}\"/>\n");
        }
        if let Some(last) = points.last() {
            svg += &format!(
                "<text x=\"{}\" y=\"{:.1}\" fill=\"{colour}\">{name}: {last:.2} ms</text>\n",
                WIDTH - RIGHT + 10.0,
                y(*last) + 4.0
            );
        }
    }
    svg + "</svg>\n"
}

/// In milliseconds.
fn points(curves: &[Curve], of: fn(&Curve) -> &Vec<f64>) -> Vec<f64> {
    let medians = curves.iter().map(|curve| median(of(curve).clone()));
    medians.map(|micros| micros / 1e3).collect()
}

/// The next end of a scale whose quarters are easy to read.
fn nice(value: f64) -> f64 {
    let unit = 10_f64.powf(value.max(0.001).log10().floor());
    let ends = [1.0, 2.0, 4.0, 8.0, 10.0, 20.0].map(|end| end * unit);
    ends.into_iter().find(|end| *end >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves() -> Vec<Curve> {
        let curve = |rows, p99: f64| Curve {
            rows,
            file_mib: 1.0,
            middle: vec![800.0, 900.0],
            p99: vec![p99, p99 * 1.1],
        };
        vec![curve(0, 3_000.0), curve(10_000_000, 3_300.0)]
    }

    fn turn(cpu_micros: f64, pairs_per_sec: f64) -> super::super::Turn {
        super::super::Turn {
            cpu_micros,
            pairs_per_sec,
        }
    }

    #[test]
    fn targets_are_judged() {
        let rounds = [Round {
            server: turn(500.0, 1_000.0),
            store: turn(200.0, 2_000.0),
        }];
        let idle = Idle {
            resident_mib: 24.0,
            ready_ms: 40.0,
            first_ready_ms: 90.0,
        };
        let options = Options::parse(&[]).unwrap();
        let text = section(&options, &rounds, &curves(), &idle).unwrap();
        for part in [
            "2.50 × | 2.50–2.50 | ≤ 2 ×, **missed**",
            "0.50 × | 0.50–0.50 | ≥ 0.4 ×, met",
            "10,000,000 rows, to that with 0 | 1.10 ×",
            "24.0 MiB | ≤ 25 MB, **missed**",
            "40 ms | ≤ 100 ms, met",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn the_picture_has_every_point() {
        let svg = svg(&curves());
        assert_eq!(svg.matches("<circle").count(), 4, "{svg}");
        assert!(
            svg.contains(">10,000,000<") && svg.contains("99 of 100: 3.46 ms"),
            "{svg}"
        );
        assert_eq!(nice(3.47), 4.0);
        assert_eq!(nice(0.9), 1.0);
    }
}
