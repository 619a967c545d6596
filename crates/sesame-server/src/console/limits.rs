//! Who is held back, and by which policy.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::Timestamp;
use sesame_passcode::policy::Budget;
use sesame_passcode::{Held, LiftError, Policy};

use super::form::{Asked, Fields, Posted, escaped};
use super::frame::{Frame, Place, plain, shown};
use super::look::Look;
use super::session::Visitor;
use super::words::Words;
use super::{Console, page, see_other};
use crate::error::Answer;

const PER_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "console/limits.html")]
struct Page {
    frame: Frame,
    blocks: Vec<Block>,
    more: Option<String>,
    facts: Vec<(&'static str, String)>,
    /// Limits that hold nobody back.
    watched: Option<String>,
    notice: Option<(&'static str, &'static str)>,
    error: &'static str,
}

struct Block {
    id: String,
    limit: String,
    whom: String,
    since: String,
    until: String,
    can_lift: bool,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
    Asked(asked): Asked,
) -> Answer<Response> {
    let w = look.words;
    let notice = match asked.get("done") {
        "lifted" => Some(("good", w.lifted)),
        "gone" => Some(("warn", w.lift_gone)),
        _ => None,
    };
    let after = cursor(&asked);
    answer(&console, &look, visitor, after, notice, "").await
}

/// Lifts what is listed.
pub(super) async fn lift(
    State(console): State<Arc<Console>>,
    Posted { visitor, fields }: Posted,
) -> Answer<Response> {
    let lifted = console
        .app
        .passcodes
        .lift_block(&visitor.name, fields.get("id"));
    let done = lifted.await?.map_or("gone", |_| "lifted");
    Ok(see_other(&format!("{}?done={done}", Place::Limits.path())))
}

/// Lifts what wrong codes have brought on a number, listed or not.
pub(super) async fn lift_number(
    State(console): State<Arc<Console>>,
    look: Look,
    Posted { visitor, fields }: Posted,
) -> Answer<Response> {
    let lifted = console.app.passcodes.lift(&visitor.name, fields.get("to"));
    match lifted.await {
        Ok(_) => Ok(see_other(&format!("{}?done=lifted", Place::Limits.path()))),
        Err(LiftError::Number(_)) => {
            let error = look.words.number_wrong;
            let page = answer(&console, &look, visitor, None, None, error).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn answer(
    console: &Console,
    look: &Look,
    visitor: Visitor,
    after: Option<(Timestamp, String)>,
    notice: Option<(&'static str, &'static str)>,
    error: &'static str,
) -> Answer<Response> {
    let w = look.words;
    // One more tells whether there are more.
    let held = console.app.passcodes.blocks(PER_PAGE + 1, after.as_ref());
    let mut held = held.await?;
    let has_more = held.len() > PER_PAGE;
    held.truncate(PER_PAGE);
    let last = held.last().filter(|_| has_more).map(place);
    let template = Page {
        frame: Frame::new(look, Some(visitor), Place::Limits),
        blocks: held.into_iter().map(|held| block(w, held)).collect(),
        more: last,
        facts: facts(w, &console.config.policy),
        watched: watched(w, &console.config.policy),
        notice,
        error,
    };
    Ok(page(look, &template))
}

/// The address of what comes behind a line.
fn place(held: &Held) -> String {
    let until = held
        .until
        .unwrap_or(sesame_passcode::journal::Block::LASTING);
    let (path, at) = (Place::Limits.path(), until.as_microsecond());
    format!("{path}?after={at}.{}", escaped(&held.id))
}

/// Behind which time and id, as an address says it.
pub(super) fn cursor(asked: &Fields) -> Option<(Timestamp, String)> {
    let (at, id) = asked.get("after").split_once('.')?;
    let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
    Some((at, id.to_owned()))
}

fn block(w: &'static Words, held: Held) -> Block {
    let whom = match held.subject.as_str() {
        "all" => w.all_apps.to_owned(),
        subject => plain(subject),
    };
    Block {
        limit: plain(w.limit_named(&held.limit)),
        whom,
        since: shown(held.since),
        until: held.until.map_or_else(|| w.lasting.to_owned(), shown),
        can_lift: held.can_lift,
        id: held.id,
    }
}

fn facts(w: &'static Words, policy: &Policy) -> Vec<(&'static str, String)> {
    let windows: Vec<String> = policy
        .number
        .iter()
        .map(|window| {
            format!(
                "{} {} {} {}",
                window.messages, w.in_words, window.secs, w.seconds
            )
        })
        .collect();
    vec![
        (w.digits, policy.digits.to_string()),
        (w.life, format!("{} {}", policy.life_secs, w.seconds)),
        (w.attempts, policy.attempts.to_string()),
        (w.failed_per_hour, policy.failed_checks_per_hour.to_string()),
        (w.lock_after, policy.lock_after_failures.to_string()),
        (w.windows, windows.join(", ")),
        (w.ip_per_hour, policy.ip_per_hour.to_string()),
        (w.ip_budget, budget(w, &policy.ip_budget())),
        (w.prefix_budget, budget(w, &policy.prefix)),
        (w.range_budget, budget(w, &policy.range_budget())),
        (w.country_budget, budget(w, &policy.country)),
        (
            w.money_per_day,
            policy
                .account
                .money_per_day
                .map_or_else(|| w.none.to_owned(), |money| money.to_string()),
        ),
        (w.denied, denied(w, policy)),
    ]
}

fn budget(w: &'static Words, budget: &Budget) -> String {
    let Budget {
        per_hour,
        per_day,
        share,
    } = budget;
    let shown = |count: &u32| match count {
        0 => w.none.to_owned(),
        count => count.to_string(),
    };
    let (hour, day) = (shown(per_hour), shown(per_day));
    format!("{}: {hour}, {}: {day}, + {share} ×", w.by_hour, w.by_day)
}

/// Where no messages go, as it is configured.
fn denied(w: &'static Words, policy: &Policy) -> String {
    let all = policy.countries.deny.iter().chain(&policy.prefixes.deny);
    match all.map(|entry| plain(entry)).collect::<Vec<_>>() {
        none if none.is_empty() => w.none.to_owned(),
        all => all.join(", "),
    }
}

fn watched(w: &'static Words, policy: &Policy) -> Option<String> {
    let names = policy.observe.iter();
    let names: Vec<_> = names.map(|name| plain(w.limit_named(name))).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
