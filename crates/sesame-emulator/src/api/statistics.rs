//! `QuerySendStatistics`: how many messages, day by day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Call;
use super::query::{Page, day};
use super::refusal::Refusal;
use super::reply::Fields;
use crate::account::TemplateKind;
use crate::clock::beijing_day;
use crate::inbox::{MessageStatus, Record};
use crate::state::Shared;

#[derive(Debug, Default)]
struct Count {
    total: u64,
    delivered: u64,
    failed: u64,
}

pub(super) fn query_send_statistics(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let overseas = match call.get("IsGlobe") {
        Some("1") => false,
        Some("2") => true,
        _ => return Err(Refusal::invalid("IsGlobe")),
    };
    let page = Page::read(call, "PageIndex")?;
    let (start, end) = (day(call, "StartDate")?, day(call, "EndDate")?);
    let kind = kind(call.get("TemplateType"))?;
    let sign_name = call.get("SignName");
    let (state, _) = shared.settled();
    let counts = count(state.inbox.records().filter(|record| {
        record.number.is_mainland() != overseas
            && (start..=end).contains(&beijing_day(record.sent_at))
            && kind.fits(record.kind)
            && sign_name.is_none_or(|name| *record.sign_name == *name)
    }));
    let days: Vec<(&Date, &Count)> = counts.iter().collect();
    let list: Vec<Value> = page
        .of(&days)
        .iter()
        .map(|(day, count)| line(**day, count))
        .collect();
    Ok(vec![(
        "Data",
        json!({ "TargetList": list, "TotalSize": days.len() }),
    )])
}

fn count<'r>(records: impl Iterator<Item = &'r Record>) -> BTreeMap<Date, Count> {
    let mut counts: BTreeMap<Date, Count> = BTreeMap::new();
    for record in records {
        let count = counts.entry(beijing_day(record.sent_at)).or_default();
        count.total += 1;
        match record.status {
            MessageStatus::Accepted => {}
            MessageStatus::Delivered => count.delivered += 1,
            MessageStatus::Failed => count.failed += 1,
        }
    }
    counts
}

fn line(day: Date, count: &Count) -> Value {
    json!({
        "SendDate": day.strftime("%Y%m%d").to_string(),
        "TotalCount": count.total,
        "RespondedSuccessCount": count.delivered,
        "RespondedFailCount": count.failed,
        "NoRespondedCount": count.total - count.delivered - count.failed,
    })
}

/// Which templates to count.
enum Kind {
    All,
    One(TemplateKind),
    /// Digital messages, which the emulator does not send.
    None,
}

impl Kind {
    fn fits(&self, kind: TemplateKind) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => *one == kind,
            Self::None => false,
        }
    }
}

fn kind(text: Option<&str>) -> Result<Kind, Refusal> {
    Ok(match text {
        None => Kind::All,
        Some("0") => Kind::One(TemplateKind::Verification),
        Some("1") => Kind::One(TemplateKind::Notification),
        Some("2") => Kind::One(TemplateKind::Promotion),
        Some("3") => Kind::One(TemplateKind::International),
        Some("7") => Kind::None,
        Some(_) => return Err(Refusal::invalid("TemplateType")),
    })
}
