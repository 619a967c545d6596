//! Plots as SVG: stacked columns, with no style of their own, so that the
//! stylesheet colours them in light and dark. Each stands beside its table.

use std::fmt::Write as _;

use jiff::Timestamp;
use sesame_passcode::journal::{Counts, Span};

use super::words::Words;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// Lines across, above the axis.
const LINES: i64 = 4;

/// One column: a span of time and its counts.
pub(super) struct Column {
    pub(super) start: Timestamp,
    pub(super) counts: Counts,
}

/// A part of every column, from the bottom up.
pub(super) struct Series {
    /// The class that colours it.
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) of: fn(&Counts) -> i64,
}

/// The parts, in the words of a language.
pub(super) fn series(w: &Words) -> [Series; 5] {
    [
        Series {
            class: "s1",
            name: w.delivered,
            of: |counts| counts.delivered,
        },
        Series {
            class: "s2",
            name: w.waiting,
            of: waiting,
        },
        Series {
            class: "s5",
            name: w.unknown,
            of: |counts| counts.unknown,
        },
        Series {
            class: "s3",
            name: w.failed,
            of: |counts| counts.failed,
        },
        Series {
            class: "s4",
            name: w.refused,
            of: |counts| counts.refused,
        },
    ]
}

/// Taken, and without a report so far.
pub(super) fn waiting(counts: &Counts) -> i64 {
    (counts.accepted - counts.delivered - counts.failed).max(0)
}

/// The plot, safe to be put into a page: numbers and times only.
pub(super) fn svg(columns: &[Column], span: Span, series: &[Series], label: &str) -> String {
    let total = |column: &Column| -> i64 {
        series
            .iter()
            .map(|one| (one.of)(&column.counts).max(0))
            .sum()
    };
    let most = columns.iter().map(total).max().unwrap_or(0);
    let top = ceiling(most);
    let (right, floor) = (WIDTH - 6.0, HEIGHT - BOTTOM);
    let y = |value: i64| floor - (floor - TOP) * (value as f64 / top as f64);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
        attribute(label)
    );
    for line in 0..=LINES {
        let value = top * line / LINES;
        let class = if line == 0 { "axis" } else { "gridline" };
        let at = y(value);
        let _ = write!(
            text,
            r#"<line class="{class}" x1="{LEFT}" y1="{at:.1}" x2="{right}" y2="{at:.1}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
            LEFT - 6.0,
            at + 4.0,
            short(value)
        );
    }
    let step = (right - LEFT) / columns.len().max(1) as f64;
    let every = columns.len().div_ceil(8).max(1);
    for (index, column) in columns.iter().enumerate() {
        let x = LEFT + step * index as f64;
        let mut below = 0;
        for one in series {
            let count = (one.of)(&column.counts).max(0);
            if count > 0 {
                let (upper, lower) = (y(below + count), y(below));
                let _ = write!(
                    text,
                    r#"<rect class="{}" x="{:.1}" y="{upper:.1}" width="{:.1}" height="{:.1}"/>"#,
                    one.class,
                    x + step * 0.12,
                    step * 0.76,
                    lower - upper
                );
                below += count;
            }
        }
        if index % every == 0 {
            let _ = write!(
                text,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                x + step / 2.0,
                HEIGHT - 6.0,
                tick(column.start, span)
            );
        }
    }
    text.push_str("</svg>");
    text
}

/// A time as it stands below a column.
pub(super) fn tick(start: Timestamp, span: Span) -> String {
    let format = match span {
        Span::Hour => "%H:%M",
        Span::Day => "%m-%d",
    };
    start.strftime(format).to_string()
}

/// A round number that is no smaller, and can be divided by the lines.
fn ceiling(most: i64) -> i64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            let top = step * factor * LINES;
            if top >= most {
                return top;
            }
        }
        step *= 10;
    }
}

fn short(value: i64) -> String {
    match value {
        1_000_000.. if value % 100_000 == 0 => format!("{}M", value as f64 / 1e6),
        10_000.. if value % 100 == 0 => format!("{}k", value as f64 / 1e3),
        _ => value.to_string(),
    }
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_is_round_and_never_below() {
        for (most, top) in [(0, 4), (1, 4), (5, 8), (9, 20), (21, 40), (1000, 2000)] {
            assert_eq!(ceiling(most), top, "{most}");
        }
    }

    #[test]
    fn nothing_in_it_is_style_or_script_and_labels_stay_labels() {
        let column = Column {
            start: Timestamp::UNIX_EPOCH,
            counts: Counts {
                accepted: 3,
                delivered: 2,
                refused: -7,
                ..Counts::default()
            },
        };
        let words = Words::of(sesame_connector::Language::En);
        let text = svg(&[column], Span::Day, &series(words), "\"><script>");
        assert!(
            !text.contains("style=") && !text.contains("<script"),
            "{text}"
        );
        assert_eq!(text.matches("<rect").count(), 2, "{text}");
    }
}
