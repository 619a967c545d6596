//! The message queues that reports and replies go to, beside or in place of the
//! push: one for each kind, named after the account.
//!
//! A message that was taken is hidden for a while, and comes again unless it is
//! deleted in the meantime.

use std::collections::VecDeque;

use aliyun_sms::Source;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;

use crate::account::{ReportQueue, Secret};
use crate::clock::plus_secs;
use crate::reports::{Report, Uplink};

/// How long a message that was taken is hidden.
const HIDDEN_SECS: i64 = 30;
/// How long a token for the queues lives.
pub(crate) const TOKEN_SECS: i64 = 3600;
/// Messages that wait; the oldest are dropped first.
const WAITING_MAX: usize = 100_000;
/// Tokens that are known; the oldest are forgotten first.
const TOKENS_MAX: usize = 100;

/// What a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageType {
    SmsReport,
    SmsUp,
    /// Results of reviews, which the emulator does not send.
    SignSmsReport,
    TemplateSmsReport,
}

impl MessageType {
    const ALL: [(&'static str, Self); 4] = [
        ("SmsReport", Self::SmsReport),
        ("SmsUp", Self::SmsUp),
        ("SignSmsReport", Self::SignSmsReport),
        ("TemplateSmsReport", Self::TemplateSmsReport),
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    /// Whose queue a name is: `Alicom-Queue-<account id>-SmsReport`.
    pub(crate) fn of_queue(name: &str, account_id: &str) -> Option<Self> {
        let rest = name.strip_prefix("Alicom-Queue-")?;
        Self::parse(rest.strip_prefix(account_id)?.strip_prefix('-')?)
    }
}

/// A temporary key for the queues.
#[derive(Clone, Debug)]
pub(crate) struct QueueToken {
    pub(crate) key_id: String,
    pub(crate) secret: Secret,
    pub(crate) token: Secret,
    pub(crate) created_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

impl QueueToken {
    pub(crate) fn new(source: &dyn Source, now: Timestamp) -> Self {
        let mut bytes = [0; 54];
        source.fill(&mut bytes);
        let text = |part: &[u8]| STANDARD.encode(part);
        let plain = |part: &[u8]| text(part).replace(['+', '/', '='], "x");
        Self {
            key_id: format!("STS.{}", plain(&bytes[..15])),
            secret: Secret::new(plain(&bytes[15..36])),
            token: Secret::new(text(&bytes[36..])),
            created_at: now,
            ends_at: plus_secs(now, TOKEN_SECS),
        }
    }
}

/// A message as it is handed out.
#[derive(Clone)]
pub(crate) struct Queued {
    pub(crate) id: u64,
    /// What it may be deleted with; a new one each time.
    pub(crate) receipt: u64,
    /// One JSON object, mostly as base64.
    pub(crate) body: String,
    pub(crate) enqueued_at: Timestamp,
    pub(crate) first_taken_at: Timestamp,
    pub(crate) visible_from: Timestamp,
    pub(crate) taken: u32,
}

/// Without the body, which holds a number.
impl std::fmt::Debug for Queued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queued")
            .field("id", &self.id)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Queues {
    reports: VecDeque<Queued>,
    replies: VecDeque<Queued>,
    tokens: VecDeque<QueueToken>,
    sequence: u64,
}

impl Queues {
    pub(crate) fn push_report(&mut self, report: &Report, form: ReportQueue, now: Timestamp) {
        self.push(MessageType::SmsReport, report, form, now);
    }

    pub(crate) fn push_reply(&mut self, reply: &Uplink, form: ReportQueue, now: Timestamp) {
        self.push(MessageType::SmsUp, reply, form, now);
    }

    fn push(
        &mut self,
        kind: MessageType,
        message: &impl Serialize,
        form: ReportQueue,
        now: Timestamp,
    ) {
        let json = || serde_json::to_string(message).unwrap_or_default();
        let body = match form {
            ReportQueue::Off => return,
            ReportQueue::Base64 => STANDARD.encode(json()),
            ReportQueue::Plain => json(),
        };
        let id = self.next();
        let Some(queue) = self.queue(kind) else {
            return;
        };
        if queue.len() >= WAITING_MAX {
            queue.pop_front();
        }
        queue.push_back(Queued {
            id,
            receipt: 0,
            body,
            enqueued_at: now,
            first_taken_at: now,
            visible_from: now,
            taken: 0,
        });
    }

    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn queue(&mut self, kind: MessageType) -> Option<&mut VecDeque<Queued>> {
        match kind {
            MessageType::SmsReport => Some(&mut self.reports),
            MessageType::SmsUp => Some(&mut self.replies),
            MessageType::SignSmsReport | MessageType::TemplateSmsReport => None,
        }
    }

    /// Takes some messages, oldest first, and hides them.
    pub(crate) fn take(&mut self, kind: MessageType, many: usize, now: Timestamp) -> Vec<Queued> {
        let first = self.sequence;
        let Some(queue) = self.queue(kind) else {
            return Vec::new();
        };
        let visible = queue.iter_mut().filter(|queued| queued.visible_from <= now);
        let taken: Vec<Queued> = visible
            .take(many)
            .zip(first + 1..)
            .map(|(queued, receipt)| {
                queued.receipt = receipt;
                queued.visible_from = plus_secs(now, HIDDEN_SECS);
                if queued.taken == 0 {
                    queued.first_taken_at = now;
                }
                queued.taken += 1;
                queued.clone()
            })
            .collect();
        self.sequence += taken.len() as u64;
        taken
    }

    /// Deletes the message that was taken with this receipt. A receipt ends when
    /// its message comes into sight again.
    pub(crate) fn delete(&mut self, kind: MessageType, receipt: u64, now: Timestamp) -> bool {
        let Some(queue) = self.queue(kind) else {
            return false;
        };
        let at = queue.iter().position(|queued| {
            queued.receipt == receipt && queued.taken > 0 && queued.visible_from > now
        });
        at.and_then(|at| queue.remove(at)).is_some()
    }

    pub(crate) fn add_token(&mut self, token: QueueToken) {
        if self.tokens.len() >= TOKENS_MAX {
            self.tokens.pop_front();
        }
        self.tokens.push_back(token);
    }

    pub(crate) fn token(&self, key_id: &str) -> Option<&QueueToken> {
        self.tokens.iter().find(|token| token.key_id == key_id)
    }
}
