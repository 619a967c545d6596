//! What operators did, and what the program decided.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sesame_passcode::journal::Decision;

use super::form::{Asked, escaped};
use super::frame::{Frame, Place, plain, shown};
use super::limits::cursor;
use super::look::Look;
use super::session::Visitor;
use super::words::Words;
use super::{Console, page};
use crate::error::Answer;

const PER_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "console/audit.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    older: Option<String>,
}

struct Line {
    time: String,
    who: String,
    what: String,
    whom: String,
    detail: String,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
    Asked(asked): Asked,
) -> Answer<Response> {
    let after = cursor(&asked);
    let read = console.app.journal.decisions(PER_PAGE + 1, after.as_ref());
    let mut decisions = read.await?;
    let has_more = decisions.len() > PER_PAGE;
    decisions.truncate(PER_PAGE);
    let last = decisions.last().filter(|_| has_more);
    let template = Page {
        frame: Frame::new(&look, Some(visitor), Place::Audit),
        older: last.map(|last| {
            let at = last.at.as_microsecond();
            format!("{}?after={at}.{}", Place::Audit.path(), escaped(&last.id))
        }),
        lines: decisions.iter().map(|one| line(look.words, one)).collect(),
    };
    Ok(page(&look, &template))
}

fn line(w: &'static Words, decision: &Decision) -> Line {
    Line {
        time: shown(decision.at),
        who: plain(&decision.actor),
        what: plain(w.action_named(&decision.action)),
        whom: plain(&decision.subject),
        detail: Some(decision.detail.as_str())
            .filter(|detail| *detail != "{}")
            .map(plain)
            .unwrap_or_default(),
    }
}
