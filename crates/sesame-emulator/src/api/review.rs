//! What templates and signatures have in common: both are applied for and
//! reviewed.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Call;
use super::query::Page;
use super::refusal::Refusal;
use super::reply::Fields;
use crate::account::{ReviewStatus, Tag};
use crate::clock::beijing_text;

/// `Reason` of what was not rejected.
const NO_REASON: &str = "无审批备注";

/// A review as answers tell of it.
pub(super) struct Review<'a> {
    pub(super) status: ReviewStatus,
    pub(super) reject_reason: &'a str,
    pub(super) created_at: Timestamp,
    pub(super) reviewed_at: Option<Timestamp>,
}

impl Review<'_> {
    /// `TemplateStatus` and `SignStatus`.
    pub(super) fn number(&self) -> u8 {
        match self.status {
            ReviewStatus::Reviewing => 0,
            ReviewStatus::Approved => 1,
            ReviewStatus::Rejected => 2,
            ReviewStatus::Cancelled => 10,
        }
    }

    /// `AuditStatus` in lists; the word for a cancelled one differs.
    pub(super) fn audit_status(&self, cancelled: &'static str) -> &'static str {
        match self.status {
            ReviewStatus::Reviewing => "AUDIT_STATE_INIT",
            ReviewStatus::Approved => "AUDIT_STATE_PASS",
            ReviewStatus::Rejected => "AUDIT_STATE_NOT_PASS",
            ReviewStatus::Cancelled => cancelled,
        }
    }

    pub(super) fn create_date(&self) -> String {
        beijing_text(self.created_at)
    }

    /// `Reason` in lists.
    pub(super) fn list_reason(&self) -> Option<Value> {
        (self.status == ReviewStatus::Rejected).then(|| {
            json!({
                "RejectDate": self.audit_date(),
                "RejectInfo": self.reject_reason,
                "RejectSubInfo": "",
            })
        })
    }

    /// `Reason` of the older queries.
    pub(super) fn reason(&self) -> &str {
        match self.status {
            ReviewStatus::Rejected => self.reject_reason,
            _ => NO_REASON,
        }
    }

    /// `AuditInfo`; while the review lasts there is none.
    pub(super) fn audit_info(&self) -> Option<Value> {
        match self.status {
            ReviewStatus::Reviewing => None,
            ReviewStatus::Rejected => {
                Some(json!({ "AuditDate": self.audit_date(), "RejectInfo": self.reject_reason }))
            }
            _ => Some(json!({ "AuditDate": self.audit_date() })),
        }
    }

    fn audit_date(&self) -> String {
        beijing_text(self.reviewed_at.unwrap_or(self.created_at))
    }
}

/// `TemplateTag` and `SignTag`.
pub(super) fn tag_number(tag: Tag) -> u8 {
    match tag {
        Tag::User => 2,
        Tag::Gift => 3,
        Tag::Test => 4,
    }
}

/// The number of the application for `name`: made from it, so that it need not
/// be kept.
pub(super) fn order_id(name: &str) -> String {
    let sum = name.bytes().fold(0_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    format!("2{:010}", sum % 10_000_000_000)
}

/// One page of a list, written entry by entry; without parameters the first ten.
pub(super) fn list<T>(
    call: &Call<'_>,
    name: &'static str,
    all: &[T],
    entry: impl Fn(&T) -> Value,
) -> Result<Fields, Refusal> {
    let page = Page::read_or(call, "PageIndex", 1, 10)?;
    let entries: Vec<Value> = page.of(all).iter().map(entry).collect();
    Ok(vec![
        ("TotalCount", all.len().into()),
        ("CurrentPage", page.number.into()),
        ("PageSize", page.size.into()),
        (name, entries.into()),
    ])
}

/// A whole number from a range that the gateway knows.
pub(super) fn choice(call: &Call<'_>, name: &str, most: u8) -> Result<Option<u8>, Refusal> {
    let number = call.whole_number(name)?.map(u8::try_from).transpose();
    match number {
        Ok(number) if number.is_none_or(|number| number <= most) => Ok(number),
        _ => Err(Refusal::invalid(name)),
    }
}

/// Which code Aliyun has for a value that breaks a rule of the documents is
/// mostly not known; then it is this one.
pub(super) fn unfit(what: &'static str) -> Refusal {
    Refusal::business("isv.INVALID_PARAMETERS").with_message(what)
}

/// No more characters than that.
pub(super) fn check_length(call: &Call<'_>, name: &str, most: usize) -> Result<(), Refusal> {
    let length = call.get(name).unwrap_or_default().chars().count();
    if length <= most {
        return Ok(());
    }
    Err(Refusal::business("isv.INVALID_PARAMETERS")
        .with_message(format!("{name} must have at most {most} characters")))
}

/// `MoreData` travels as one JSON text.
pub(super) fn check_more_data(call: &Call<'_>) -> Result<(), Refusal> {
    match call
        .get("MoreData")
        .map(serde_json::from_str::<Vec<String>>)
    {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(_)) => Err(unfit("MoreData must be a JSON array of texts")),
    }
}
