//! The messages that were accepted, by number, the oldest forgotten first.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::TemplateKind;
use crate::api::actions::Product;
use crate::phone::{Number, Readings};
use crate::template::Values;

/// A message as the phone got it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// E.164: `+8613800138000`.
    pub to: String,
    /// The signature, without `【】`.
    pub sign_name: String,
    /// The template.
    pub template_code: String,
    /// The values of its variables.
    pub template_param: Values,
    /// What the phone shows.
    pub text: String,
    /// The sender's own id.
    pub out_id: Option<String>,
    /// Aliyun's receipt, one for all messages of a call.
    pub biz_id: String,
    /// When it was accepted.
    pub sent_at: Timestamp,
    /// What became of it.
    pub status: MessageStatus,
    /// The code of its report; absent while there is none.
    pub err_code: Option<String>,
}

/// Without the text, which holds the code, and without the whole number.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("to", &aliyun_sms::mask_number(&self.to))
            .field("sign_name", &self.sign_name)
            .field("template_code", &self.template_code)
            .field("out_id", &self.out_id)
            .field("biz_id", &self.biz_id)
            .field("sent_at", &self.sent_at)
            .field("status", &self.status)
            .field("err_code", &self.err_code)
            .finish_non_exhaustive()
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Taken, no report yet.
    Accepted,
    /// The phone has it.
    Delivered,
    /// The phone will not get it.
    Failed,
}

/// A message, and what only Aliyun's side knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The API it was sent through.
    pub(crate) product: Product,
    pub(crate) number: Number,
    pub(crate) sign_name: Arc<str>,
    pub(crate) template_code: Arc<str>,
    pub(crate) kind: TemplateKind,
    pub(crate) values: Values,
    pub(crate) text: String,
    pub(crate) out_id: Option<String>,
    /// The sender's id for a batch, known to the international site only.
    pub(crate) task_id: Option<String>,
    pub(crate) biz_id: Arc<str>,
    pub(crate) sent_at: Timestamp,
    pub(crate) status: MessageStatus,
    pub(crate) err_code: Option<String>,
    pub(crate) reported_at: Option<Timestamp>,
    /// Reports planned under an older number were decided anew.
    pub(crate) plan: u32,
}

impl Record {
    pub(crate) fn message(&self) -> Message {
        Message {
            to: self.number.e164(),
            sign_name: self.sign_name.to_string(),
            template_code: self.template_code.to_string(),
            template_param: self.values.clone(),
            text: self.text.clone(),
            out_id: self.out_id.clone(),
            biz_id: self.biz_id.to_string(),
            sent_at: self.sent_at,
            status: self.status,
            err_code: self.err_code.clone(),
        }
    }
}

/// As [`Message`]s; not while the state is locked, as there may be many.
pub(crate) fn messages(records: &[Arc<Record>]) -> Vec<Message> {
    records.iter().map(|record| record.message()).collect()
}

#[derive(Debug)]
pub(crate) struct Inbox {
    /// Shared with whoever is reading them, and copied when they change
    /// meanwhile.
    records: VecDeque<Arc<Record>>,
    /// The id of the first record; the others follow without gaps.
    first: u64,
    by_number: HashMap<Number, VecDeque<u64>>,
    /// Older ones were cleared away: the inbox does not show them, while
    /// `QuerySendDetails` still knows them.
    shown_from: u64,
    keep: usize,
}

impl Inbox {
    pub(crate) fn new(keep: usize) -> Self {
        Self {
            records: VecDeque::new(),
            first: 0,
            by_number: HashMap::new(),
            shown_from: 0,
            keep: keep.max(1),
        }
    }

    /// Adds a message and says under which id.
    pub(crate) fn push(&mut self, record: Record) -> u64 {
        if self.records.len() >= self.keep {
            self.forget_first();
        }
        let id = self.first + self.records.len() as u64;
        self.by_number
            .entry(record.number.clone())
            .or_default()
            .push_back(id);
        self.records.push_back(Arc::new(record));
        id
    }

    fn forget_first(&mut self) {
        let Some(record) = self.records.pop_front() else {
            return;
        };
        self.first += 1;
        if let Some(ids) = self.by_number.get_mut(&record.number) {
            ids.pop_front();
            if ids.is_empty() {
                self.by_number.remove(&record.number);
            }
        }
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.shared(id).map(Arc::as_ref)
    }

    fn shared(&self, id: u64) -> Option<&Arc<Record>> {
        self.records
            .get(usize::try_from(id.checked_sub(self.first)?).ok()?)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Record> {
        self.records
            .get_mut(usize::try_from(id.checked_sub(self.first)?).ok()?)
            .map(Arc::make_mut)
    }

    /// Everything still known, oldest first.
    pub(crate) fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter().map(Arc::as_ref)
    }

    /// Ids of what fits, newest first.
    pub(crate) fn find(&self, fits: impl Fn(&Record) -> bool) -> Vec<u64> {
        let ids = (self.first..).zip(&self.records);
        let mut found: Vec<u64> = ids
            .filter(|(_, record)| fits(record))
            .map(|(id, _)| id)
            .collect();
        found.reverse();
        found
    }

    /// Ids of all messages to what the text can be read as, newest first.
    pub(crate) fn ids_to(&self, readings: Readings) -> Vec<u64> {
        let mut ids: Vec<u64> = readings
            .all()
            .filter_map(|number| self.by_number.get(&number))
            .flatten()
            .copied()
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids
    }

    /// What the inbox shows, newest first; `to` in any notation.
    pub(crate) fn shown(&self, to: Option<&str>, latest: usize) -> Vec<Arc<Record>> {
        let ids: Box<dyn Iterator<Item = u64>> = match to {
            Some(to) => Box::new(self.ids_to(Readings::of_written(to)).into_iter()),
            None => Box::new((self.first..self.first + self.records.len() as u64).rev()),
        };
        ids.take_while(|id| *id >= self.shown_from)
            .filter_map(|id| self.shared(id))
            .take(latest)
            .cloned()
            .collect()
    }

    /// Empties what the inbox shows. What Aliyun knows stays.
    pub(crate) fn clear(&mut self) {
        self.shown_from = self.first + self.records.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: &str) -> Record {
        Record {
            product: Product::Sms,
            number: Readings::of(number).all().next().expect("a number"),
            sign_name: "s".into(),
            template_code: "t".into(),
            kind: TemplateKind::Verification,
            values: Values::new(),
            text: "text".to_owned(),
            out_id: None,
            task_id: None,
            biz_id: "1^0".into(),
            sent_at: Timestamp::UNIX_EPOCH,
            status: MessageStatus::Accepted,
            err_code: None,
            reported_at: None,
            plan: 0,
        }
    }

    /// Nothing is copied while the state is locked, and what was taken stays as
    /// it was.
    #[test]
    fn readers_share_the_records() {
        let mut inbox = Inbox::new(10);
        let id = inbox.push(record("13800138000"));
        let shown = inbox.shown(None, usize::MAX);
        assert!(std::ptr::eq(
            Arc::as_ptr(&shown[0]),
            inbox.get(id).expect("it is there")
        ));
        inbox.get_mut(id).expect("it is there").status = MessageStatus::Failed;
        assert_eq!(messages(&shown)[0].status, MessageStatus::Accepted);
        let now = inbox.shown(Some("13800138000"), 1);
        assert_eq!(messages(&now)[0].status, MessageStatus::Failed);
    }
}
