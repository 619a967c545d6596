//! What limits decided about messages: refused, or only watched.
//!
//! As with messages, a number is never part of an address.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::Timestamp;
use sesame_passcode::journal::Ruling;
use sesame_passcode::{LimitName, VerdictQuery, VerdictView};

use super::form::{Asked, Fields, Posted, escaped, query};
use super::frame::{Frame, Place, plain, shown};
use super::limits::cursor;
use super::look::Look;
use super::messages::{Badge, choices, index, named_in_address};
use super::overview::Choice;
use super::session::Visitor;
use super::words::Words;
use super::{Console, page, see_other};
use crate::error::Answer;

/// Where the page is.
pub(super) const PATH: &str = "/console/limits/decisions";

const PER_PAGE: usize = 50;

/// The filters that stand in an address.
const NAMES: [&str; 3] = ["who", "limit", "decision"];

#[derive(Template)]
#[template(path = "console/decisions.html")]
struct Page {
    frame: Frame,
    who: String,
    limits: Vec<Choice>,
    rulings: Vec<Choice>,
    is_filtered: bool,
    lines: Vec<Line>,
    older: Option<String>,
    error: &'static str,
}

struct Line {
    time: String,
    last: Option<String>,
    badge: Badge,
    limit: String,
    whom: String,
    to: String,
    app: String,
    usage_type: String,
    country: String,
    reason: String,
    until: String,
    count: i64,
}

/// What is looked for, as it stands in the address.
#[derive(Default)]
struct Filter {
    values: [String; NAMES.len()],
    after: Option<(Timestamp, String)>,
}

impl Filter {
    fn read(fields: &Fields) -> Self {
        Self {
            values: NAMES.map(|name| fields.get(name).to_owned()),
            after: cursor(fields),
        }
    }

    /// As a query, without the place.
    fn query(&self) -> String {
        query(&NAMES, &self.values)
    }

    /// What is not known is not looked for.
    fn asked(&self) -> VerdictQuery {
        let [who, limit, ruling] = &self.values;
        let mut limits = LimitName::ALL.into_iter();
        VerdictQuery {
            to: None,
            number_index: index(who),
            limit_name: limits.find(|known| known.as_str() == limit),
            ruling: Ruling::named(ruling),
            after: self.after.clone(),
            // One more tells whether there are more.
            limit: PER_PAGE + 1,
        }
    }
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
    Asked(asked): Asked,
) -> Answer<Response> {
    answer(&console, &look, visitor, &Filter::read(&asked), "").await
}

/// Takes the form, and leads to the address of what it asks for.
pub(super) async fn find(
    State(console): State<Arc<Console>>,
    look: Look,
    Posted { visitor, fields }: Posted,
) -> Answer<Response> {
    let mut filter = Filter::read(&fields);
    let number = fields.get("to");
    if !number.is_empty() {
        let Ok(number) = console.app.connector.phone(number) else {
            let error = look.words.number_wrong;
            let page = answer(&console, &look, visitor, &filter, error).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        };
        filter.values[0] = named_in_address(console.keys.number_index(&number));
    }
    Ok(see_other(&format!("{PATH}?{}", filter.query())))
}

async fn answer(
    console: &Console,
    look: &Look,
    visitor: Visitor,
    filter: &Filter,
    error: &'static str,
) -> Answer<Response> {
    let w = look.words;
    let mut found = console.app.passcodes.verdicts(filter.asked()).await?;
    let has_more = found.len() > PER_PAGE;
    found.truncate(PER_PAGE);
    let query = filter.query();
    let older = found.last().filter(|_| has_more).map(|last| {
        let (at, id) = (last.at.as_microsecond(), escaped(&last.id));
        format!("{PATH}?{query}&after={at}.{id}")
    });
    let [who, limit, ruling] = &filter.values;
    let limits = LimitName::ALL.map(|known| (known.as_str(), w.limit_named(known.as_str())));
    let rulings = [
        (Ruling::Refused.as_str(), w.refused),
        (Ruling::WouldRefuse.as_str(), w.would_refuse),
    ];
    let template = Page {
        frame: Frame::new(look, Some(visitor), Place::Limits).at(PATH, &query),
        who: index(who).map_or_else(String::new, named_in_address),
        limits: choices(&limits, limit),
        rulings: choices(&rulings, ruling),
        is_filtered: !query.is_empty(),
        lines: found.into_iter().map(|row| line(w, row)).collect(),
        older,
        error,
    };
    Ok(page(look, &template))
}

fn line(w: &'static Words, row: VerdictView) -> Line {
    let badge = match row.ruling {
        Ruling::Refused => ("bad", w.refused),
        Ruling::WouldRefuse => ("warn", w.would_refuse),
    };
    Line {
        time: shown(row.at),
        last: (row.count > 1).then(|| shown(row.last_at)),
        badge: Badge {
            class: badge.0,
            word: badge.1,
        },
        limit: plain(w.limit_named(&row.limit)),
        whom: match row.subject.as_str() {
            "all" => w.all_apps.to_owned(),
            subject => plain(subject),
        },
        to: row.to.as_deref().map_or_else(|| w.many.to_owned(), plain),
        app: plain(&row.app),
        usage_type: plain(&row.usage_type),
        country: plain(&row.country),
        reason: plain(&row.reason),
        until: row.until.map_or_else(|| w.while_listed.to_owned(), shown),
        count: row.count,
    }
}
