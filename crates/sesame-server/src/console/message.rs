//! One message: what happened to it, why, and what to do about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use sesame_connector::{Delivery, Language, OutId, Refusal, Text};
use sesame_passcode::journal::{SeenReport, State as Stands};
use sesame_passcode::{MessageView, Status, Verification};

use super::form::Posted;
use super::frame::{Frame, Place, plain, shown};
use super::look::Look;
use super::messages::{Line, line};
use super::session::Visitor;
use super::words::Words;
use super::{Console, page};
use crate::error::{Answer, Problem};
use crate::wire::Id;

#[derive(Template)]
#[template(path = "console/message.html")]
struct Page {
    frame: Frame,
    line: Line,
    steps: Vec<Step>,
    ids: Vec<(&'static str, String)>,
    verification: Option<Open>,
    /// The whole number, for whoever asked.
    number: Option<String>,
    /// Whether something is still to come.
    is_open: bool,
}

/// A step of a message.
struct Step {
    class: &'static str,
    time: String,
    what: &'static str,
    /// More about it, as terms and texts.
    more: Vec<(&'static str, String)>,
}

/// Its verification, as it stands.
struct Open {
    status: &'static str,
    attempts_left: u32,
    expires_at: String,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
    Id(out_id): Id,
) -> Answer<Response> {
    answer(&console, &look, visitor, &out_id, None).await
}

/// The same with the whole number, which is written down first.
pub(super) async fn number(
    State(console): State<Arc<Console>>,
    look: Look,
    Id(out_id): Id,
    Posted { visitor, .. }: Posted,
) -> Answer<Response> {
    let shown = console.app.passcodes.show_number(&visitor.name, &out_id);
    let number = shown.await?.ok_or_else(Problem::not_found)?;
    answer(&console, &look, visitor, &out_id, Some(number)).await
}

async fn answer(
    console: &Console,
    look: &Look,
    visitor: Visitor,
    out_id: &str,
    number: Option<String>,
) -> Answer<Response> {
    let w = look.words;
    let found = console.app.passcodes.message(None, out_id).await?;
    let message = found.ok_or_else(Problem::not_found)?;
    let id = OutId::parse(out_id).map_err(|_| Problem::not_found())?;
    let reports = console.app.journal.reports(&id).await?;
    let verification = match &message.verification {
        Some(id) => console.app.passcodes.verification(&message.app, id).await?,
        None => None,
    };
    let path = format!("{}/{out_id}", Place::Messages.path());
    let template = Page {
        frame: Frame::new(look, Some(visitor), Place::Messages)
            .titled(w.message)
            .at(&path, "")
            .live(),
        line: line(w, &message),
        steps: steps(w, &message, &id, &reports),
        ids: ids(w, &message),
        verification: verification.map(|it| open(w, &it)),
        is_open: is_open(&message),
        number,
    };
    Ok(page(look, &template))
}

/// Whether a report, or an answer, may still come.
fn is_open(message: &MessageView) -> bool {
    match message.state {
        Stands::Sending | Stands::Unknown => true,
        Stands::Accepted => message.delivered.is_none(),
        Stands::Refused | Stands::FinallyUnknown => false,
    }
}

fn ids(w: &'static Words, message: &MessageView) -> Vec<(&'static str, String)> {
    let given = [
        (w.out_id, Some(&message.out_id)),
        (w.biz_id, message.biz_id.as_ref()),
        (w.request_id, message.request_id.as_ref()),
        (w.provider, Some(&message.provider)),
    ];
    let given = given.into_iter();
    given
        .filter_map(|(name, id)| Some((name, plain(id?))))
        .collect()
}

fn open(w: &'static Words, verification: &Verification) -> Open {
    Open {
        status: match verification.status {
            Status::Pending => w.status_pending,
            Status::Approved => w.status_approved,
            Status::Expired => w.status_expired,
            Status::Exhausted => w.status_exhausted,
            Status::Canceled => w.status_canceled,
        },
        attempts_left: verification.attempts_left,
        expires_at: shown(verification.expires_at),
    }
}

fn steps(
    w: &'static Words,
    message: &MessageView,
    id: &OutId,
    reports: &[SeenReport],
) -> Vec<Step> {
    let mut steps = vec![
        step("info", message.created_at, w.step_reserved),
        step("info", message.created_at, w.step_sent),
        answered(w, message, id),
    ];
    let mut later: Vec<(Timestamp, Step)> = Vec::new();
    for seen in reports {
        later.push((seen.seen_at, reported(w, seen)));
    }
    if reports.is_empty() && message.state == Stands::Accepted {
        steps.push(Step {
            class: "",
            time: String::new(),
            what: w.step_waiting,
            more: Vec::new(),
        });
    }
    if let Some(at) = message.confirmed_at {
        later.push((at, step("good", at, w.step_confirmed)));
    }
    later.sort_by_key(|(at, _)| *at);
    steps.extend(later.into_iter().map(|(_, step)| step));
    steps
}

fn step(class: &'static str, at: Timestamp, what: &'static str) -> Step {
    Step {
        class,
        time: shown(at),
        what,
        more: Vec::new(),
    }
}

fn answered(w: &'static Words, message: &MessageView, id: &OutId) -> Step {
    let (class, what) = match message.state {
        Stands::Sending => ("", w.step_sending),
        Stands::Accepted => ("good", w.step_accepted),
        Stands::Refused => ("bad", w.step_refused),
        Stands::Unknown => ("warn", w.step_unknown),
        Stands::FinallyUnknown => ("warn", w.step_finally_unknown),
    };
    let mut more = Vec::new();
    if let Some(code) = message
        .code
        .as_deref()
        .filter(|_| message.state != Stands::Accepted)
    {
        let recalled = Refusal::recalled(id.clone(), code, message.request_id.clone());
        more.push((w.code, plain(code)));
        more.push((w.cause, said(&recalled.cause, w.language)));
        more.push((w.cure, said(&recalled.cure, w.language)));
    }
    if let Some(request_id) = &message.request_id {
        more.push((w.request_id, plain(request_id)));
    }
    Step {
        class,
        time: message.ended_at.map(shown).unwrap_or_default(),
        what,
        more,
    }
}

fn reported(w: &'static Words, seen: &SeenReport) -> Step {
    let report = &seen.report;
    let (class, what) = if report.delivered {
        ("good", w.step_delivered)
    } else {
        ("bad", w.step_failed)
    };
    let mut more = Vec::new();
    if let Some(at) = report.reported_at {
        more.push((w.by_report, shown(at)));
    }
    if let Some(code) = &report.code {
        more.push((w.code, plain(code)));
    }
    if !report.delivered {
        let failed = Delivery::failed(report.code.clone().unwrap_or_default());
        let texts = [(w.cause, failed.cause()), (w.cure, failed.cure())];
        let texts = texts.into_iter();
        more.extend(texts.filter_map(|(name, text)| Some((name, said(&text?, w.language)))));
    }
    Step {
        class,
        time: shown(seen.seen_at),
        what,
        more,
    }
}

fn said(text: &Text, language: Language) -> String {
    plain(text.in_language(language))
}
