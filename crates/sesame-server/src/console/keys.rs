//! API keys, and what calls without one: delivery reports and hooks.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use sesame_passcode::journal::ApiKeyRow;

use super::form::{Asked, Posted};
use super::frame::{Frame, Place, plain, shown};
use super::look::Look;
use super::session::Visitor;
use super::words::Words;
use super::{Console, page, see_other};
use crate::auth::DEFAULT_APP;
use crate::error::Answer;
use crate::wire::Id;

#[derive(Template)]
#[template(path = "console/keys.html")]
struct Page {
    frame: Frame,
    keys: Vec<Line>,
    hooks: Vec<Hook>,
    notice: Option<(&'static str, &'static str)>,
}

struct Line {
    id: String,
    name: String,
    app: String,
    scopes: String,
    made: String,
    /// When it ended; empty while it is valid.
    ended: String,
}

/// Somebody else's way in.
struct Hook {
    path: String,
    kind: String,
    app: String,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
    Asked(asked): Asked,
) -> Answer<Response> {
    let now = console.app.source.now();
    let keys = console.app.journal.keys().await?;
    let w = look.words;
    let template = Page {
        frame: Frame::new(&look, Some(visitor), Place::Keys),
        // The newest first, and those that have ended last.
        keys: {
            let (valid, ended): (Vec<_>, Vec<_>) =
                keys.iter().rev().partition(|key| is_valid(key, now));
            let all = valid.into_iter().chain(ended);
            all.map(|key| line(key, now)).collect()
        },
        hooks: hooks(&console, w),
        notice: match asked.get("done") {
            "revoked" => Some(("good", w.revoked)),
            "gone" => Some(("warn", w.revoke_gone)),
            _ => None,
        },
    };
    Ok(page(&look, &template))
}

/// Ends a key now. It is written down before it is done.
pub(super) async fn revoke(
    State(console): State<Arc<Console>>,
    Id(id): Id,
    Posted { visitor, .. }: Posted,
) -> Answer<Response> {
    let app = &console.app;
    let now = app.source.now();
    let keys = app.journal.keys().await?;
    let key = keys.into_iter().find(|key| key.id == id);
    let done = match key.filter(|key| is_valid(key, now)) {
        Some(key) => {
            let detail = serde_json::json!({ "key": key.id, "app": key.app, "by": visitor.key_id });
            let written = app
                .passcodes
                .write_down(&visitor.name, "key_revoked", &key.name, detail);
            written.await?;
            let ended = ApiKeyRow {
                ends_at: Some(now),
                ..key
            };
            app.journal.put_key(&ended).await?;
            "revoked"
        }
        None => "gone",
    };
    Ok(see_other(&format!("{}?done={done}", Place::Keys.path())))
}

fn is_valid(key: &ApiKeyRow, now: Timestamp) -> bool {
    key.ends_at.is_none_or(|ends_at| ends_at > now)
}

fn line(key: &ApiKeyRow, now: Timestamp) -> Line {
    Line {
        id: plain(&key.id),
        name: plain(&key.name),
        app: plain(&key.app),
        scopes: plain(&key.scopes.join(", ")),
        made: shown(key.created_at),
        ended: key
            .ends_at
            .filter(|_| !is_valid(key, now))
            .map(shown)
            .unwrap_or_default(),
    }
}

/// What others call, as it is configured.
fn hooks(console: &Console, w: &'static Words) -> Vec<Hook> {
    let mut hooks = Vec::new();
    let reports = &console.config.reports;
    if reports.secret.is_some() {
        hooks.push(Hook {
            path: "/reports/aliyun/…".to_owned(),
            kind: w.reports_pushed.to_owned(),
            app: String::new(),
        });
    }
    if reports.polling {
        hooks.push(Hook {
            path: String::new(),
            kind: w.reports_polled.to_owned(),
            app: String::new(),
        });
    }
    hooks.extend(console.config.hooks.iter().map(|(name, hook)| Hook {
        path: plain(&format!("/hooks/{name}")),
        kind: hook.preset.as_str().to_owned(),
        app: plain(hook.app.as_deref().unwrap_or(DEFAULT_APP)),
    }));
    hooks
}
