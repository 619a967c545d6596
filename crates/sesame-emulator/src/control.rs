//! The test control: what a test, or a person at the inbox, may ask and move.
//! Has no counterpart at Aliyun.
//!
//! The functions here are the control itself, used by [`crate::Emulator`]
//! directly; `http` gives them their paths under `/_emulator`, `guard` keeps
//! other people's pages away from those.

mod change;
mod error;
mod guard;
mod http;
mod stream;

use std::sync::Arc;

use axum::Router;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

pub use self::error::ControlError;
use crate::account::ReportQueue;
use crate::clock::{beijing_text, is_settable, plus_secs};
use crate::events::{self, Event};
use crate::inbox::Record;
use crate::phone::Readings;
use crate::reports::{Delivery, Fate, Planned, UNDELIVERED, Uplink};
use crate::state::{Shared, State};

/// Everything of the control is below this path.
pub(crate) const PATH: &str = "/_emulator";
pub(crate) const PATH_SLASH: &str = "/_emulator/";

/// What `clock` lets the clock be set to.
const CLOCK_YEARS: &str = "the years 1970 to 9998";
const REPEAT_MAX: u32 = 100;
/// Thirty days: Aliyun forgets a message then.
const DELAY_MAX_SECS: u64 = 30 * 24 * 3600;

/// What is to become of messages already sent. One of `biz_id`, `out_id` and
/// `to` says of which.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportDecision {
    /// All messages of one call.
    #[serde(default)]
    pub biz_id: Option<String>,
    /// All messages with the sender's own id.
    #[serde(default)]
    pub out_id: Option<String>,
    /// The newest message to a number, in any notation.
    #[serde(default)]
    pub to: Option<String>,
    /// What they come to.
    pub status: Delivery,
    /// Absent means `DELIVERED` or `UNDELIV`; any carrier's code will do.
    #[serde(default)]
    pub err_code: Option<String>,
    /// When, counted from now.
    #[serde(default)]
    pub delay_secs: u64,
    /// How many more times the same report comes.
    #[serde(default)]
    pub repeat: u32,
}

impl ReportDecision {
    fn about(status: Delivery) -> Self {
        Self {
            biz_id: None,
            out_id: None,
            to: None,
            status,
            err_code: None,
            delay_secs: 0,
            repeat: 0,
        }
    }

    /// About the messages with an id of the sender's.
    pub fn of_out_id(out_id: impl Into<String>, status: Delivery) -> Self {
        Self {
            out_id: Some(out_id.into()),
            ..Self::about(status)
        }
    }

    /// About the messages of one call.
    pub fn of_biz_id(biz_id: impl Into<String>, status: Delivery) -> Self {
        Self {
            biz_id: Some(biz_id.into()),
            ..Self::about(status)
        }
    }

    /// About the newest message to a number.
    pub fn of_number(to: impl Into<String>, status: Delivery) -> Self {
        Self {
            to: Some(to.into()),
            ..Self::about(status)
        }
    }
}

/// What a phone's owner answers.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Whose phone.
    pub to: String,
    /// The text.
    pub content: String,
    /// The extension code it is sent to.
    #[serde(default)]
    pub dest_code: Option<String>,
    /// How `sequence_id` is written: Aliyun's documents show both.
    #[serde(default)]
    pub sequence_form: SequenceForm,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("to", &aliyun_sms::mask_number(&self.to))
            .finish_non_exhaustive()
    }
}

/// How `sequence_id` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SequenceForm {
    /// `"1234"`, today's.
    #[default]
    Text,
    /// `1234`, the older one.
    Number,
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    http::router(shared)
}

pub(crate) fn change_template(
    shared: &Shared,
    code: &str,
    changes: change::Changes,
) -> Result<Value, ControlError> {
    change::template(shared, code, changes)
}

pub(crate) fn change_sign_name(
    shared: &Shared,
    name: &str,
    changes: change::Changes,
) -> Result<Value, ControlError> {
    change::sign_name(shared, name, changes)
}

pub(crate) fn clear(shared: &Shared) {
    shared.lock().inbox.clear();
    events::send(&shared.events, Event::cleared);
}

pub(crate) fn reset(shared: &Shared) {
    shared.lock().reset(shared.settings.keep);
    shared.wake.notify_one();
    events::send(&shared.events, Event::cleared);
}

pub(crate) fn set_clock(shared: &Shared, now: Timestamp) -> Result<(), ControlError> {
    if !is_settable(now) {
        return Err(too_far("now"));
    }
    let real = shared.source.now();
    shared.lock().clock.set(real, now);
    shared.wake.notify_one();
    Ok(())
}

pub(crate) fn advance_clock(shared: &Shared, secs: i64) -> Result<Timestamp, ControlError> {
    let real = shared.source.now();
    if !shared.lock().clock.advance(real, secs) {
        return Err(too_far("advance_secs"));
    }
    shared.wake.notify_one();
    Ok(shared.settled().1)
}

fn too_far(field: &str) -> ControlError {
    ControlError::new(field, "is further than the clock goes")
        .cure(format!("stay within {CLOCK_YEARS}"))
}

pub(crate) fn decide_report(
    shared: &Shared,
    decision: &ReportDecision,
) -> Result<usize, ControlError> {
    if decision.repeat > REPEAT_MAX {
        return Err(ControlError::new(
            "repeat",
            format!("must be at most {REPEAT_MAX}"),
        ));
    }
    if decision.delay_secs > DELAY_MAX_SECS {
        return Err(ControlError::new("delay_secs", "must be at most 30 days"));
    }
    let (mut state, now) = shared.settled();
    let ids = meant(&state, decision)?;
    let delay_secs = i64::try_from(decision.delay_secs).unwrap_or(i64::MAX);
    for id in &ids {
        plan_anew(&mut state, *id, decision, plus_secs(now, delay_secs));
    }
    drop(state);
    // What is due at once has happened when this returns.
    drop(shared.settled());
    shared.wake.notify_one();
    Ok(ids.len())
}

fn meant(state: &State, decision: &ReportDecision) -> Result<Vec<u64>, ControlError> {
    let ReportDecision {
        biz_id, out_id, to, ..
    } = decision;
    let ids = match (biz_id, out_id, to) {
        (Some(biz_id), None, None) => state.inbox.find(|record| *record.biz_id == **biz_id),
        (None, Some(out_id), None) => state
            .inbox
            .find(|record| record.out_id.as_deref() == Some(out_id)),
        (None, None, Some(to)) => state
            .inbox
            .ids_to(Readings::of_written(to))
            .into_iter()
            .take(1)
            .collect(),
        _ => {
            return Err(ControlError::new(
                "biz_id",
                "one of `biz_id`, `out_id` and `to` is needed",
            )
            .cure("say with exactly one of them which message is meant"));
        }
    };
    if ids.is_empty() {
        return Err(ControlError::not_found("no such message").cure(
            "decide after the message was sent; GET /_emulator/messages lists what there is",
        ));
    }
    Ok(ids)
}

/// What was planned for the message before does not happen.
fn plan_anew(state: &mut State, id: u64, decision: &ReportDecision, due: Timestamp) {
    let Some(record) = state.inbox.get_mut(id) else {
        return;
    };
    record.plan += 1;
    let mut fate = match decision.status {
        Delivery::Delivered => Fate::delivered(),
        Delivery::Failed => Fate::failed(UNDELIVERED),
    };
    if let Some(err_code) = &decision.err_code {
        fate.err_code = err_code.clone().into();
    }
    let planned = Planned {
        message: id,
        plan: record.plan,
        fate,
    };
    for _ in 0..=decision.repeat {
        state.schedule.plan(due, planned.clone());
    }
}

pub(crate) fn reply(shared: &Shared, reply: &Reply) -> Result<(), ControlError> {
    let number = Readings::of_written(&reply.to)
        .all()
        .next()
        .ok_or_else(|| ControlError::new("to", "is not a phone number"))?;
    let mut sequence = [0; 4];
    shared.source.fill(&mut sequence);
    let sequence = u64::from(u32::from_le_bytes(sequence));
    let (mut state, now) = shared.settled();
    let last = state
        .inbox
        .ids_to(Readings::of_written(&reply.to))
        .first()
        .copied();
    let sign_name = last
        .and_then(|id| state.inbox.get(id))
        .map(|record: &Record| record.sign_name.to_string());
    let uplink = Uplink {
        phone_number: number.aliyun().to_owned(),
        send_time: beijing_text(now),
        content: reply.content.clone(),
        sign_name: sign_name.unwrap_or_default(),
        dest_code: reply.dest_code.clone().unwrap_or_default(),
        sequence_id: match reply.sequence_form {
            SequenceForm::Text => Value::String(sequence.to_string()),
            SequenceForm::Number => sequence.into(),
        },
    };
    let queue = state.book.account.report_queue;
    if !shared.has_receiver() && queue == ReportQueue::Off {
        return Err(
            ControlError::new("", "there is nowhere to push a reply to").cure(
                "start the emulator with a reports address, or set the account's `report_queue`",
            ),
        );
    }
    state.queues.push_reply(&uplink, queue, now);
    if shared.has_receiver() {
        state.schedule.push_uplink(uplink);
    }
    drop(state);
    shared.wake.notify_one();
    Ok(())
}
