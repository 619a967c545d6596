//! Finding messages.
//!
//! A number is never part of an address, which proxies and browsers keep: the
//! form posts it, and the page that follows names it by its blind index.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sesame_connector::UsageType;
use sesame_passcode::journal::{Reported, State as Stands};
use sesame_passcode::{MessageQuery, MessageView, QueryError};

use super::form::{Asked, Fields, Posted, escaped, query};
use super::frame::{Frame, Place, plain, shown};
use super::look::Look;
use super::overview::{Choice, apps};
use super::session::Visitor;
use super::words::Words;
use super::{Console, page, see_other};
use crate::error::{Answer, Problem};

/// Messages on one page.
const PER_PAGE: usize = 50;
/// How many are looked at for one page, at most.
const REACH: usize = 5_000;

/// The filters that stand in an address.
const NAMES: [&str; 7] = ["who", "outcome", "delivery", "type", "app", "from", "until"];

#[derive(Template)]
#[template(path = "console/messages.html")]
struct Page {
    frame: Frame,
    filter: Filter,
    outcomes: Vec<Choice>,
    deliveries: Vec<Choice>,
    types: Vec<Choice>,
    apps: Vec<Choice>,
    lines: Vec<Line>,
    /// Where older ones are.
    older: Option<String>,
    is_later_page: bool,
    /// Whether it ended for having looked at enough.
    is_cut: bool,
    error: &'static str,
}

/// A message in a table.
pub(super) struct Line {
    pub(super) out_id: String,
    pub(super) time: String,
    pub(super) to: String,
    pub(super) country: String,
    pub(super) carrier: String,
    pub(super) app: String,
    pub(super) usage_type: String,
    pub(super) code: String,
    pub(super) badges: Vec<Badge>,
}

/// A word with a colour.
pub(super) struct Badge {
    pub(super) class: &'static str,
    pub(super) word: &'static str,
}

/// What is looked for, as it stands in the address.
#[derive(Clone, Default)]
struct Filter {
    values: [String; NAMES.len()],
    cursor: String,
}

impl Filter {
    fn read(fields: &Fields) -> Self {
        Self {
            values: NAMES.map(|name| fields.get(name).to_owned()),
            cursor: fields.get("cursor").to_owned(),
        }
    }

    fn get(&self, name: &str) -> &str {
        let place = NAMES.iter().position(|known| *known == name);
        place.map(|at| self.values[at].as_str()).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.values.iter().all(String::is_empty)
    }

    /// As a query, without the cursor.
    fn query(&self) -> String {
        query(&NAMES, &self.values)
    }

    fn path(&self) -> String {
        format!("{}?{}", Place::Messages.path(), self.query())
    }

    /// `Err` with what is wrong in words.
    fn asked(&self, w: &'static Words) -> Result<MessageQuery, &'static str> {
        let number_index = match self.get("who") {
            "" => None,
            who => Some(index(who).ok_or(w.number_wrong)?),
        };
        let text = |name| Some(self.get(name).to_owned()).filter(|text| !text.is_empty());
        let time = |name| match self.get(name) {
            "" => Ok(None),
            text => time(text).map(Some).ok_or(w.time_wrong),
        };
        Ok(MessageQuery {
            app: text("app"),
            number_index,
            states: states(self.get("outcome")),
            usage_type: text("type"),
            delivery: reported(self.get("delivery")),
            from: time("from")?,
            until: time("until")?,
            cursor: Some(self.cursor.clone()).filter(|cursor| !cursor.is_empty()),
            limit: Some(PER_PAGE),
            reach: Some(REACH),
            ..MessageQuery::default()
        })
    }
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
    Asked(asked): Asked,
) -> Answer<Response> {
    answer(&console, &look, visitor, Filter::read(&asked), "").await
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
            return answer(&console, &look, visitor, filter, error).await;
        };
        filter.values[0] = named_in_address(console.keys.number_index(&number));
    }
    Ok(see_other(&filter.path()))
}

async fn answer(
    console: &Console,
    look: &Look,
    visitor: Visitor,
    filter: Filter,
    error: &'static str,
) -> Answer<Response> {
    let w = look.words;
    let query = if error.is_empty() {
        filter.asked(w)
    } else {
        Err(error)
    };
    let (found, error) = match query {
        Ok(query) => (Some(console.app.passcodes.messages(query).await), ""),
        Err(error) => (None, error),
    };
    let found = match found {
        Some(Ok(found)) => Some(found),
        // A cursor that nobody gave.
        Some(Err(QueryError::Invalid(_) | QueryError::Number(_))) => {
            return Err(Problem::not_found());
        }
        Some(Err(error)) => return Err(error.into()),
        None => None,
    };
    let (items, next) = found.map_or((Vec::new(), None), |found| (found.items, found.next_cursor));
    let older = |cursor: &String| format!("{}&cursor={}", filter.path(), escaped(cursor));
    let app = Some(filter.get("app")).filter(|app| !app.is_empty());
    let template = Page {
        frame: Frame::new(look, Some(visitor), Place::Messages)
            .at(Place::Messages.path(), &filter.query()),
        outcomes: outcomes(w, filter.get("outcome")),
        deliveries: deliveries(w, filter.get("delivery")),
        types: types(console, filter.get("type")),
        apps: apps(console, app).await?,
        older: next.as_ref().map(older),
        is_later_page: !filter.cursor.is_empty(),
        is_cut: next.is_some() && items.len() < PER_PAGE,
        lines: items.iter().map(|message| line(w, message)).collect(),
        filter,
        error,
    };
    let status = if error.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, page(look, &template)).into_response())
}

pub(super) fn line(w: &'static Words, message: &MessageView) -> Line {
    Line {
        out_id: message.out_id.clone(),
        time: shown(message.created_at),
        to: plain(&message.to),
        country: plain(&message.country),
        carrier: plain(w.carrier_named(&message.carrier)),
        app: plain(&message.app),
        usage_type: plain(&message.usage_type),
        code: plain(
            message
                .delivery_code
                .as_ref()
                .or(message.code.as_ref())
                .map_or("", |code| code),
        ),
        badges: badges(w, message),
    }
}

/// How far a message came, in words.
pub(super) fn badges(w: &'static Words, message: &MessageView) -> Vec<Badge> {
    let badge = |class, word| Badge { class, word };
    let state = match (message.state, message.delivered) {
        (Stands::Sending, _) => badge("quiet", w.sending),
        (Stands::Refused, _) => badge("bad", w.refused),
        (Stands::Unknown, _) => badge("warn", w.unknown),
        (Stands::FinallyUnknown, _) => badge("warn", w.finally_unknown),
        (Stands::Accepted, Some(true)) => badge("good", w.delivered),
        (Stands::Accepted, Some(false)) => badge("bad", w.failed),
        (Stands::Accepted, None) => badge("info", w.accepted),
    };
    let confirmed = message.confirmed_at.map(|_| badge("good", w.confirmed));
    std::iter::once(state).chain(confirmed).collect()
}

pub(super) fn choices(known: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    let choice = |(value, name): &(&str, &str)| Choice {
        value: (*value).to_owned(),
        name: (*name).to_owned(),
        is_chosen: *value == chosen,
    };
    known.iter().map(choice).collect()
}

fn outcomes(w: &Words, chosen: &str) -> Vec<Choice> {
    let known = [
        ("accepted", w.accepted),
        ("refused", w.refused),
        ("unknown", w.unknown),
        ("sending", w.sending),
    ];
    choices(&known, chosen)
}

fn deliveries(w: &Words, chosen: &str) -> Vec<Choice> {
    let known = [
        ("delivered", w.delivered),
        ("failed", w.failed),
        ("waiting", w.waiting),
    ];
    choices(&known, chosen)
}

/// What codes can be for here.
pub(super) fn types(console: &Console, chosen: &str) -> Vec<Choice> {
    let known = UsageType::KNOWN;
    let known = known.iter().map(|known| known.as_str().to_owned());
    let templates = console.app.connector.config().templates.iter();
    let own = templates.map(|template| template.usage_type.as_str().to_owned());
    let mut names: Vec<String> = known.collect();
    for name in own.chain([chosen.to_owned()]) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    let choice = |name: String| Choice {
        is_chosen: name == chosen,
        name: plain(&name),
        value: name,
    };
    names.into_iter().map(choice).collect()
}

fn states(outcome: &str) -> Vec<Stands> {
    match outcome {
        "accepted" => vec![Stands::Accepted],
        "refused" => vec![Stands::Refused],
        "unknown" => vec![Stands::Unknown, Stands::FinallyUnknown],
        "sending" => vec![Stands::Sending],
        _ => Vec::new(),
    }
}

fn reported(delivery: &str) -> Option<Reported> {
    match delivery {
        "delivered" => Some(Reported::Delivered),
        "failed" => Some(Reported::Failed),
        "waiting" => Some(Reported::Waiting),
        _ => None,
    }
}

/// A blind index, as an address names it.
pub(super) fn named_in_address(index: [u8; 16]) -> String {
    index.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The other way round.
pub(super) fn index(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let mut index = [0; 16];
    for (at, byte) in index.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(index)
}

/// As browsers write it, without a zone, which is UTC then; or with one.
fn time(text: &str) -> Option<Timestamp> {
    let civil = || {
        let civil: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    };
    text.parse().ok().or_else(civil)
}
