//! Today at a glance, and the last thirty days.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use sesame_connector::doctor::{Check, Level};
use sesame_passcode::journal::{Counts, Span, Tallied, TallyQuery};
use sesame_passcode::policy::Money;

use super::form::{Asked, escaped};
use super::frame::{Frame, Place, plain};
use super::look::Look;
use super::plot::{self, Column, Series};
use super::session::Visitor;
use super::words::Words;
use super::{Console, page};
use crate::error::Answer;

const HOURS: i64 = 24;
const DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "console/overview.html")]
struct Page {
    frame: Frame,
    apps: Vec<Choice>,
    figures: Vec<Figure>,
    plots: Vec<Plot>,
    areas: Vec<Area>,
    has_money: bool,
    findings: Vec<Finding>,
}

/// What the doctor found not to be in order.
struct Finding {
    class: &'static str,
    level: &'static str,
    subject: String,
    message: String,
    cure: String,
    link: &'static str,
}

/// One of several values of a field.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) is_chosen: bool,
}

struct Figure {
    name: &'static str,
    value: String,
    class: &'static str,
    note: String,
}

struct Plot {
    title: &'static str,
    svg: String,
    series: Vec<Series>,
    rows: Vec<Row>,
}

/// A line of a plot's table.
struct Row {
    time: String,
    sent: i64,
    counts: Vec<i64>,
    confirmed: i64,
}

/// A line of the table by country and carrier.
struct Area {
    country: String,
    carrier: String,
    sent: i64,
    delivered: i64,
    failed: i64,
    refused: i64,
    confirmed: i64,
    delivery_rate: String,
    confirm_rate: String,
    money: String,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
    Asked(asked): Asked,
) -> Answer<Response> {
    let now = console.app.source.now();
    let app = Some(asked.get("app")).filter(|app| !app.is_empty());
    let read = |span, count| read(&console, span, count, app, now);
    let (hours, days) = tokio::try_join!(read(Span::Hour, HOURS), read(Span::Day, DAYS))?;
    let w = look.words;
    let prices = &console.config.policy;
    let price = |country: &str| prices.price_in(country);
    let query = app.map(|app| format!("app={}", escaped(app)));
    let template = Page {
        apps: apps(&console, app).await?,
        figures: figures(w, &hours, price),
        findings: findings(&console, w),
        has_money: !prices.account.prices.is_empty(),
        areas: areas(w, &days, price),
        plots: vec![
            plot(w, &hours, Span::Hour, HOURS, now),
            plot(w, &days, Span::Day, DAYS, now),
        ],
        frame: Frame::new(&look, Some(visitor), Place::Overview)
            .at("/", &query.unwrap_or_default())
            .live(),
    };
    Ok(page(&look, &template))
}

async fn read(
    console: &Console,
    span: Span,
    count: i64,
    app: Option<&str>,
    now: Timestamp,
) -> Answer<Vec<Tallied>> {
    let last = span.start(now);
    let query = TallyQuery {
        span,
        from: last - SignedDuration::from_secs(span.secs() * (count - 1)),
        until: last + SignedDuration::from_secs(span.secs()),
        app: app.map(str::to_owned),
    };
    Ok(console.app.journal.tallies(&query).await?)
}

fn findings(console: &Console, w: &'static Words) -> Vec<Finding> {
    let found = &console.app.findings;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner);
    let finding = |check: &Check| {
        let (class, level) = match check.level {
            Level::Failure => ("bad", w.doctor_failure),
            _ => ("warn", w.problem_warning),
        };
        Finding {
            class,
            level,
            subject: plain(&check.subject),
            message: plain(check.message.in_language(w.language)),
            cure: plain(check.cure_in(w.language).unwrap_or_default()),
            link: check.link.unwrap_or_default(),
        }
    };
    found.iter().map(finding).collect()
}

/// The callers that there are keys for.
pub(super) async fn apps(console: &Console, chosen: Option<&str>) -> Answer<Vec<Choice>> {
    let keys = console.app.journal.keys().await?;
    let mut names: BTreeSet<String> = keys.into_iter().map(|key| key.app).collect();
    names.extend(chosen.map(str::to_owned));
    let choice = |name: String| Choice {
        is_chosen: Some(name.as_str()) == chosen,
        name: plain(&name),
        value: name,
    };
    Ok(names.into_iter().map(choice).collect())
}

fn figures(
    w: &'static Words,
    tallied: &[Tallied],
    price: impl Fn(&str) -> Option<Money>,
) -> Vec<Figure> {
    let all = tallied
        .iter()
        .fold(Counts::default(), |all, one| all + one.counts);
    let figure = |name, value: i64, class, note: String| Figure {
        name,
        value: value.to_string(),
        class,
        note,
    };
    let share = |part, whole| share(part, whole).unwrap_or_default();
    let bad = |count| if count > 0 { "bad" } else { "" };
    let mut figures = vec![
        figure(w.sent, all.sent(), "", w.sent_hint.to_owned()),
        figure(
            w.delivered,
            all.delivered,
            "good",
            share(all.delivered, all.delivered + all.failed),
        ),
        figure(
            w.confirmed,
            all.confirmed,
            "good",
            share(all.confirmed, all.sent()),
        ),
        figure(w.failed, all.failed, bad(all.failed), String::new()),
        figure(w.refused, all.refused, bad(all.refused), String::new()),
        figure(
            w.unknown,
            all.unknown,
            if all.unknown > 0 { "warn" } else { "" },
            String::new(),
        ),
    ];
    let spent = tallied.iter().filter_map(|one| cost(one, &price));
    if let Some(spent) = spent.reduce(Money::plus) {
        figures.push(Figure {
            name: w.money,
            value: spent.to_string(),
            class: "",
            note: w.money_hint.to_owned(),
        });
    }
    figures
}

/// What was taken is paid for.
fn cost(tallied: &Tallied, price: impl Fn(&str) -> Option<Money>) -> Option<Money> {
    price(&tallied.country).map(|price| price.times(tallied.counts.accepted))
}

fn plot(w: &'static Words, tallied: &[Tallied], span: Span, count: i64, now: Timestamp) -> Plot {
    let last = span.start(now);
    let start = |back: i64| last - SignedDuration::from_secs(span.secs() * back);
    let mut by_time: BTreeMap<Timestamp, Counts> = BTreeMap::new();
    for one in tallied {
        *by_time.entry(one.start).or_default() += one.counts;
    }
    let columns: Vec<Column> = (0..count)
        .rev()
        .map(|back| Column {
            start: start(back),
            counts: by_time.get(&start(back)).copied().unwrap_or_default(),
        })
        .collect();
    let series = plot::series(w);
    let title = match span {
        Span::Hour => w.by_hour,
        Span::Day => w.by_day,
    };
    let row = |column: &Column| Row {
        time: plot::tick(column.start, span),
        sent: column.counts.sent(),
        counts: series.iter().map(|one| (one.of)(&column.counts)).collect(),
        confirmed: column.counts.confirmed,
    };
    Plot {
        title,
        svg: plot::svg(&columns, span, &series, title),
        rows: columns.iter().map(row).collect(),
        series: series.into(),
    }
}

fn areas(
    w: &'static Words,
    tallied: &[Tallied],
    price: impl Fn(&str) -> Option<Money>,
) -> Vec<Area> {
    let mut by_area: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    for one in tallied {
        let area = by_area.entry((&one.country, &one.carrier)).or_default();
        *area += one.counts;
    }
    let rate = |part, whole| share(part, whole).unwrap_or_else(|| w.share_none.to_owned());
    let mut areas: Vec<Area> = by_area
        .into_iter()
        .map(|((country, carrier), counts)| Area {
            country: plain(country),
            carrier: plain(w.carrier_named(carrier)),
            sent: counts.sent(),
            delivered: counts.delivered,
            failed: counts.failed,
            refused: counts.refused,
            confirmed: counts.confirmed,
            delivery_rate: rate(counts.delivered, counts.delivered + counts.failed),
            confirm_rate: rate(counts.confirmed, counts.sent()),
            money: price(country)
                .map(|price| price.times(counts.accepted).to_string())
                .unwrap_or_default(),
        })
        .collect();
    areas.sort_by_key(|area| std::cmp::Reverse((area.sent, area.refused)));
    areas.truncate(MOST_AREAS);
    areas
}

/// More would make a page nobody reads.
const MOST_AREAS: usize = 60;

fn share(part: i64, whole: i64) -> Option<String> {
    (whole > 0).then(|| format!("{:.1} %", part as f64 * 100.0 / whole as f64))
}
