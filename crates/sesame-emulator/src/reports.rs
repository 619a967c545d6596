//! What becomes of messages: planned reports, and what is pushed of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use aliyun_sms::wire::DeliveryReport;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::actions::Product;
use crate::clock::{beijing_text, plus_secs, rfc2822_text};
use crate::inbox::{MessageStatus, Record};
use crate::template;

/// The code of a message that arrived.
const DELIVERED: &str = "DELIVERED";
/// The code of one that did not, unless told otherwise.
pub(crate) const UNDELIVERED: &str = "UNDELIV";
/// The code of one whose time ran out, which the international site tells apart.
const EXPIRED: &str = "EXPIRED";
/// Unless told otherwise, a message is delivered after this time.
pub(crate) const DELIVERY_SECS: i64 = 1;
/// Aliyun puts several reports into one push.
pub(crate) const BATCH_MAX: usize = 100;
/// Pushes that were not taken come again after these times; the international
/// site gives up after two.
const RETRY_SECS: [i64; 3] = [60, 300, 600];
/// Reports that wait for a receiver, and as many again that were not taken; the
/// oldest are dropped first.
const WAITING_MAX: usize = 200_000;

/// What a message comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The phone got it.
    Delivered,
    /// The phone did not get it.
    Failed,
}

/// What a message comes to, and the code its report says it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) delivery: Delivery,
    pub(crate) err_code: Cow<'static, str>,
}

impl Fate {
    pub(crate) fn delivered() -> Self {
        Self {
            delivery: Delivery::Delivered,
            err_code: DELIVERED.into(),
        }
    }

    pub(crate) fn failed(err_code: impl Into<Cow<'static, str>>) -> Self {
        Self {
            delivery: Delivery::Failed,
            err_code: err_code.into(),
        }
    }
}

/// A report that is due some time.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) message: u64,
    pub(crate) plan: u32,
    pub(crate) fate: Fate,
}

/// What the next message is to come to, whatever it would have come to.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) fate: Fate,
    /// When, counted from its sending.
    pub(crate) delay_secs: i64,
    /// How many more times the same report comes.
    pub(crate) repeat: u32,
}

/// Used up in order, one a message.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    queue: VecDeque<Wish>,
}

impl Wishes {
    const MAX: usize = 1000;

    pub(crate) fn push(&mut self, wish: Wish) {
        if self.queue.len() < Self::MAX {
            self.queue.push_back(wish);
        }
    }

    pub(crate) fn take(&mut self) -> Option<Wish> {
        self.queue.pop_front()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Wish> {
        self.queue.iter()
    }
}

/// A report as it is handed out.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Report {
    Sms(DeliveryReport),
    Globe(GlobeReport),
}

impl Report {
    /// Pushed again after these times.
    fn retry_secs(&self) -> &'static [i64] {
        match self {
            Self::Sms(_) => &RETRY_SECS,
            Self::Globe(_) => &RETRY_SECS[..2],
        }
    }
}

/// A report of the international site.
#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GlobeReport {
    to: String,
    send_date: String,
    receive_date: String,
    /// 1 delivered, 2 failed, 6 expired.
    status: &'static str,
    error_code: String,
    error_description: &'static str,
    task_id: String,
    sms_size: String,
    message_id: String,
}

/// Without the whole number.
impl fmt::Debug for GlobeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GlobeReport")
            .field("to", &aliyun_sms::mask_number(&self.to))
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// A reply of a phone's owner (`SmsUp`).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Uplink {
    pub(crate) phone_number: String,
    pub(crate) send_time: String,
    pub(crate) content: String,
    pub(crate) sign_name: String,
    pub(crate) dest_code: String,
    /// A number in older documents, text in newer ones.
    pub(crate) sequence_id: serde_json::Value,
}

/// One POST to the receiver.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) body: String,
    /// When it comes again, should it not be taken; counted from then.
    retry_secs: &'static [i64],
    /// How many reports or replies it holds.
    many: usize,
}

/// By due time, and in the order they were planned.
type Agenda<T> = BTreeMap<(Timestamp, u64), T>;

#[derive(Debug, Default)]
pub(crate) struct Schedule {
    planned: Agenda<Planned>,
    waiting: VecDeque<Report>,
    uplinks: VecDeque<Uplink>,
    retries: Agenda<Push>,
    /// Reports in `retries`.
    retrying: usize,
    /// Reports that nobody took in time.
    dropped: u64,
    sequence: u64,
}

impl Schedule {
    pub(crate) fn plan(&mut self, due: Timestamp, planned: Planned) {
        let key = (due, self.next());
        self.planned.insert(key, planned);
    }

    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// The next planned report that is due.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, Planned)> {
        let entry = self.planned.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let ((due, _), planned) = entry.remove_entry();
        Some((due, planned))
    }

    pub(crate) fn push_report(&mut self, report: Report) {
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.pop_front();
            self.count_dropped(1);
        }
        self.waiting.push_back(report);
    }

    pub(crate) fn push_uplink(&mut self, uplink: Uplink) {
        self.uplinks.push_back(uplink);
    }

    /// The next POST to make, if any.
    pub(crate) fn pop_push(&mut self, now: Timestamp) -> Option<Push> {
        if let Some(entry) = self.retries.first_entry()
            && entry.key().0 <= now
        {
            let push = entry.remove();
            self.retrying -= push.many;
            return Some(push);
        }
        if !self.waiting.is_empty() {
            let batch = self.next_batch();
            let retry_secs = batch.first().map_or(&[][..], Report::retry_secs);
            return first_try(&batch, retry_secs);
        }
        let uplink = self.uplinks.pop_front()?;
        first_try(&[uplink], &RETRY_SECS)
    }

    /// The two kinds of report do not come in one push.
    fn next_batch(&mut self) -> Vec<Report> {
        let kind = self.waiting.front().map(std::mem::discriminant);
        let many = self
            .waiting
            .iter()
            .take(BATCH_MAX)
            .take_while(|report| Some(std::mem::discriminant(*report)) == kind)
            .count();
        self.waiting.drain(..many).collect()
    }

    /// A push was not taken: it comes again, a few times.
    pub(crate) fn again(&mut self, mut push: Push, now: Timestamp) {
        let Some((secs, later)) = push.retry_secs.split_first() else {
            return;
        };
        push.retry_secs = later;
        self.retrying += push.many;
        let key = (plus_secs(now, *secs), self.next());
        self.retries.insert(key, push);
        // What comes first has waited longest, but for how often it was tried.
        while self.retrying > WAITING_MAX
            && let Some((_, oldest)) = self.retries.pop_first()
        {
            self.retrying -= oldest.many;
            self.count_dropped(oldest.many);
        }
    }

    /// Says so now and then only: with a receiver that is gone there may be many.
    fn count_dropped(&mut self, many: usize) {
        let before = self.dropped;
        self.dropped += many as u64;
        if before.checked_ilog2() != self.dropped.checked_ilog2() {
            tracing::warn!(
                dropped = self.dropped,
                "reports that nobody takes are dropped"
            );
        }
    }

    /// When something is to be done next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let planned = self.planned.first_key_value().map(|((due, _), _)| *due);
        let retry = self.retries.first_key_value().map(|((due, _), _)| *due);
        planned.into_iter().chain(retry).min()
    }
}

fn first_try<T: Serialize>(batch: &[T], retry_secs: &'static [i64]) -> Option<Push> {
    let body = serde_json::to_string(batch).ok()?;
    Some(Push {
        body,
        retry_secs,
        many: batch.len(),
    })
}

/// Writes a report that came due into its message. `None` where the message was
/// decided anew in the meantime.
pub(crate) fn apply(record: &mut Record, planned: &Planned, due: Timestamp) -> Option<Report> {
    if record.plan != planned.plan {
        return None;
    }
    let delivered = planned.fate.delivery == Delivery::Delivered;
    record.status = if delivered {
        MessageStatus::Delivered
    } else {
        MessageStatus::Failed
    };
    record.err_code = Some(planned.fate.err_code.to_string());
    record.reported_at = Some(due);
    Some(match record.product {
        Product::Globe => Report::Globe(globe_report(record, planned, due)),
        _ => Report::Sms(report(record, planned, due)),
    })
}

fn report(record: &Record, planned: &Planned, due: Timestamp) -> DeliveryReport {
    let delivered = planned.fate.delivery == Delivery::Delivered;
    DeliveryReport {
        phone_number: record.number.aliyun().to_owned(),
        send_time: beijing_text(record.sent_at),
        report_time: beijing_text(due),
        success: delivered,
        err_code: planned.fate.err_code.to_string(),
        err_msg: words(delivered).to_owned(),
        sms_size: template::parts(&record.text).to_string(),
        biz_id: record.biz_id.to_string(),
        out_id: record.out_id.clone().unwrap_or_default(),
    }
}

fn globe_report(record: &Record, planned: &Planned, due: Timestamp) -> GlobeReport {
    let delivered = planned.fate.delivery == Delivery::Delivered;
    GlobeReport {
        to: record.number.with_country(),
        send_date: rfc2822_text(record.sent_at),
        receive_date: rfc2822_text(due),
        status: match (&*planned.fate.err_code, delivered) {
            (_, true) => "1",
            (EXPIRED, false) => "6",
            (_, false) => "2",
        },
        error_code: match &*planned.fate.err_code {
            DELIVERED => globe_words(true).to_owned(),
            other => other.to_owned(),
        },
        error_description: globe_words(delivered),
        task_id: record.task_id.clone().unwrap_or_default(),
        sms_size: template::parts(&record.text).to_string(),
        message_id: record.biz_id.to_string(),
    }
}

/// The international site's; its word for a failure is not known.
pub(crate) fn globe_words(delivered: bool) -> &'static str {
    if delivered { "success" } else { "failed" }
}

/// Aliyun's words for the two outcomes; those for single codes are not known.
fn words(delivered: bool) -> &'static str {
    if delivered {
        "用户接收成功"
    } else {
        "用户接收失败"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_does_not_grow_without_end() {
        let mut schedule = Schedule::default();
        let now = Timestamp::UNIX_EPOCH;
        let push = |body: &str| Push {
            body: body.to_owned(),
            retry_secs: &RETRY_SECS,
            many: BATCH_MAX,
        };
        schedule.again(push("first"), now);
        for _ in 0..WAITING_MAX / BATCH_MAX {
            schedule.again(push("later"), plus_secs(now, 1));
        }
        assert_eq!(schedule.retrying, WAITING_MAX);
        assert_eq!(schedule.dropped, BATCH_MAX as u64);
        assert_eq!(schedule.retries.len(), WAITING_MAX / BATCH_MAX);
        let mut taken = 0;
        while let Some(push) = schedule.pop_push(plus_secs(now, 61)) {
            assert_eq!(push.body, "later");
            taken += push.many;
        }
        assert_eq!((taken, schedule.retrying), (WAITING_MAX, 0));
    }
}
