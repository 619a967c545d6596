//! `QuerySendDetails`: what became of the messages to one number on one day.

use jiff::ToSpan as _;
use serde_json::{Map, Value, json};

use super::Call;
use super::actions::Product;
use super::refusal::Refusal;
use super::reply::Fields;
use crate::clock::{beijing_day, beijing_text, parse_day};
use crate::inbox::{MessageStatus, Record};
use crate::phone::Readings;
use crate::state::Shared;

/// Older days give nothing.
const DAYS: i32 = 30;
const PAGE_MAX: usize = 50;

pub(super) fn query_send_details(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let page = Page::read(call, "CurrentPage")?;
    let day = day(call, "SendDate")?;
    let number = call.get("PhoneNumber").unwrap_or_default();
    let readings = Readings::of(number);
    if readings == Readings::default() {
        return Err(Refusal::business("isv.MOBILE_NUMBER_ILLEGAL")
            .with_message(format!("{number}invalid mobile number")));
    }
    let biz_id = call.get("BizId");
    let (state, now) = shared.settled();
    let oldest = beijing_day(now).saturating_sub(DAYS.days());
    // Newest first: Aliyun's own order is not known.
    let found: Vec<&Record> = state
        .inbox
        .ids_to(readings)
        .into_iter()
        .filter_map(|id| state.inbox.get(id))
        .filter(|record| record.product != Product::Globe)
        .filter(|record| day >= oldest && beijing_day(record.sent_at) == day)
        .filter(|record| biz_id.is_none_or(|biz_id| *record.biz_id == *biz_id))
        .collect();
    let details: Vec<Value> = page
        .of(&found)
        .iter()
        .map(|record| detail(record))
        .collect();
    Ok(vec![
        ("TotalCount", found.len().into()),
        ("SmsSendDetailDTOs", json!({ "SmsSendDetailDTO": details })),
    ])
}

/// While there is no report, what it would say is absent.
fn detail(record: &Record) -> Value {
    let status = match record.status {
        MessageStatus::Accepted => 1,
        MessageStatus::Failed => 2,
        MessageStatus::Delivered => 3,
    };
    let mut detail = Map::new();
    let mut add = |name: &str, value: Value| detail.insert(name.to_owned(), value);
    add("PhoneNum", record.number.aliyun().into());
    add("SendStatus", status.into());
    add("TemplateCode", (*record.template_code).into());
    add("Content", record.text.as_str().into());
    add("SendDate", beijing_text(record.sent_at).into());
    if let Some(out_id) = &record.out_id {
        add("OutId", out_id.as_str().into());
    }
    if let Some(err_code) = &record.err_code {
        add("ErrCode", err_code.as_str().into());
    }
    if let Some(time) = record.reported_at {
        add("ReceiveDate", beijing_text(time).into());
    }
    detail.into()
}

/// A page of a list: 1 to 50 entries, counted from 1.
pub(super) struct Page {
    pub(super) size: usize,
    pub(super) number: usize,
}

impl Page {
    pub(super) fn read(call: &Call<'_>, number_name: &str) -> Result<Self, Refusal> {
        // What is not there is no page.
        Self::read_or(call, number_name, 0, 0)
    }

    /// The same where both parameters may be left out.
    pub(super) fn read_or(
        call: &Call<'_>,
        number_name: &str,
        usual_number: usize,
        usual_size: usize,
    ) -> Result<Self, Refusal> {
        // Rust would read a sign as well.
        let whole = |name: &str, usual: usize| match call.get(name) {
            None => Some(usual),
            Some(text) if text.starts_with('+') => None,
            Some(text) => text.parse::<usize>().ok(),
        };
        let size = whole("PageSize", usual_size)
            .filter(|size| (1..=PAGE_MAX).contains(size))
            .ok_or_else(|| Refusal::invalid("PageSize"))?;
        let number = whole(number_name, usual_number)
            .filter(|number| *number >= 1)
            .ok_or_else(|| Refusal::invalid(number_name))?;
        Ok(Self { size, number })
    }

    /// A page past the end is empty.
    pub(super) fn of<'l, T>(&self, list: &'l [T]) -> &'l [T] {
        let start = self.size.saturating_mul(self.number - 1).min(list.len());
        &list[start..(start + self.size).min(list.len())]
    }
}

/// A day written `yyyyMMdd`; a code for another form is not confirmed.
pub(super) fn day(call: &Call<'_>, name: &str) -> Result<jiff::civil::Date, Refusal> {
    parse_day(call.get(name).unwrap_or_default()).ok_or_else(|| {
        Refusal::business("isv.INVALID_PARAMETERS").with_message(format!("{name} must be yyyyMMdd"))
    })
}
