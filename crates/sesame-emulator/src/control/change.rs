//! Changing one template or signature while everything else stays: what a
//! reviewer at Aliyun does, or a carrier.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ControlError;
use crate::account::{Account, ReviewStatus, SignName, Template};
use crate::state::Shared;

/// The keys that change, as the account file writes them.
pub(crate) type Changes = Map<String, Value>;

pub(super) fn template(
    shared: &Shared,
    code: &str,
    changes: Changes,
) -> Result<Value, ControlError> {
    change(
        shared,
        |account| &mut account.templates,
        |template: &Template| template.code == code,
        changes,
    )
}

pub(super) fn sign_name(
    shared: &Shared,
    name: &str,
    changes: Changes,
) -> Result<Value, ControlError> {
    change(
        shared,
        |account| &mut account.sign_names,
        |sign_name: &SignName| sign_name.name == name,
        changes,
    )
}

/// Something that is reviewed.
trait Reviewed: Clone + Serialize + DeserializeOwned {
    fn status(&self) -> ReviewStatus;
    fn set_reviewed_at(&mut self, time: Option<Timestamp>);
}

impl Reviewed for Template {
    fn status(&self) -> ReviewStatus {
        self.status
    }

    fn set_reviewed_at(&mut self, time: Option<Timestamp>) {
        self.reviewed_at = time;
    }
}

impl Reviewed for SignName {
    fn status(&self) -> ReviewStatus {
        self.status
    }

    fn set_reviewed_at(&mut self, time: Option<Timestamp>) {
        self.reviewed_at = time;
    }
}

/// Tells the last one that was changed; there is mostly one.
fn change<T: Reviewed>(
    shared: &Shared,
    list: impl Fn(&mut Account) -> &mut Vec<T>,
    is_meant: impl Fn(&T) -> bool,
    changes: Changes,
) -> Result<Value, ControlError> {
    let (mut state, now) = shared.settled();
    let mut account = state.book.account.clone();
    let mut told = None;
    for item in list(&mut account).iter_mut().filter(|item| is_meant(item)) {
        *item = changed(item, &changes, now)?;
        told = serde_json::to_value(&*item).ok();
    }
    let Some(told) = told else {
        return Err(ControlError::not_found("the account has none of that name")
            .cure("it is as the account file writes it, percent-encoded"));
    };
    account
        .check()
        .map_err(|error| ControlError::new(error.field, error.problem))?;
    state.change_account(|old| *old = account);
    Ok(told)
}

/// Whatever ends a review is its end, unless a time is given.
fn changed<T: Reviewed>(item: &T, changes: &Changes, now: Timestamp) -> Result<T, ControlError> {
    let mut value = serde_json::to_value(item).unwrap_or_default();
    merge(&mut value, &Value::Object(changes.clone()));
    let mut new: T = serde_path_to_error::deserialize(value).map_err(|error| {
        ControlError::of_serde("", &error).cure("the keys are those of the account file, as JSON")
    })?;
    if new.status() != item.status() && !changes.contains_key("reviewed_at") {
        let is_over = new.status() != ReviewStatus::Reviewing;
        new.set_reviewed_at(is_over.then_some(now));
    }
    Ok(new)
}

/// Objects are merged key by key, everything else is replaced.
fn merge(value: &mut Value, changes: &Value) {
    let (Value::Object(members), Value::Object(changes)) = (&mut *value, changes) else {
        *value = changes.clone();
        return;
    };
    for (name, change) in changes {
        merge(members.entry(name.as_str()).or_insert(Value::Null), change);
    }
}
