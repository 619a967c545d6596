//! `SendSms` and `SendBatchSms`.

use serde_json::Value;

use super::Call;
use super::draft::{self, Draft};
use super::refusal::Refusal;
use super::reply::Fields;
use crate::state::Shared;

const SEND_MAX: usize = 1000;
const BATCH_MAX: usize = 100;
/// Characters of an `OutId`; stated for `SendBatchSms` only.
const OUT_ID_MAX: usize = 255;

pub(super) fn send_sms(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let book = draft::usable_book(shared)?;
    let numbers = call.get("PhoneNumbers").unwrap_or_default();
    if numbers.split(',').count() > SEND_MAX {
        return Err(Refusal::business("isv.MOBILE_COUNT_OVER_LIMIT"));
    }
    let readings = draft::read_all(numbers.split(','))?;
    let signature = draft::find_signature(&book, call.get("SignName").unwrap_or_default())?;
    let template = draft::find_template(&book, call)?;
    draft::check_pair(&signature, &template)?;
    let values = draft::read_values(call.get("TemplateParam"))?;
    draft::check_values(&template, &values)?;
    let mut drafts: Vec<Draft> = Vec::with_capacity(readings.len());
    for (text, readings) in readings {
        let number = draft::route(text, readings, &template)?;
        // One text cannot come to one phone twice in one call: a number written
        // twice, in whatever way, is one recipient.
        if drafts.iter().all(|draft| draft.number != number) {
            drafts.push(Draft::of(number, &signature, &template, values.clone()));
        }
    }
    let biz_id = draft::accept(
        call,
        shared,
        &mut shared.lock(),
        drafts,
        &book.account.limits,
    )?;
    Ok(vec![("BizId", biz_id.into())])
}

pub(super) fn send_batch_sms(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let book = draft::usable_book(shared)?;
    let numbers = texts(call.get("PhoneNumberJson"))?;
    if numbers.len() > BATCH_MAX {
        return Err(Refusal::business("isv.MOBILE_COUNT_OVER_LIMIT"));
    }
    let out_id = call.get("OutId").unwrap_or_default();
    if out_id.chars().count() > OUT_ID_MAX {
        // Neither the code nor whether characters are meant is confirmed.
        return Err(Refusal::business("isv.INVALID_PARAMETERS")
            .with_message("OutId must have fewer than 256 characters"));
    }
    let sign_names = texts(call.get("SignNameJson"))?;
    let params = call.get("TemplateParamJson").map(list).transpose()?;
    let extend_codes = call.get("SmsUpExtendCodeJson").map(list).transpose()?;
    let lengths = [
        Some(sign_names.len()),
        params.as_ref().map(Vec::len),
        extend_codes.map(|l| l.len()),
    ];
    if numbers.is_empty()
        || lengths
            .into_iter()
            .flatten()
            .any(|length| length != numbers.len())
    {
        return Err(unfit_lists());
    }
    let readings = draft::read_all(numbers.iter().map(String::as_str))?;
    let template = draft::find_template(&book, call)?;
    let mut params = params.unwrap_or_default().into_iter();
    let mut drafts = Vec::with_capacity(numbers.len());
    for ((text, readings), sign_name) in readings.into_iter().zip(&sign_names) {
        let signature = draft::find_signature(&book, sign_name)?;
        draft::check_pair(&signature, &template)?;
        let values = params
            .next()
            .map(draft::values_of)
            .transpose()?
            .unwrap_or_default();
        draft::check_values(&template, &values)?;
        let number = draft::route(text, readings, &template)?;
        drafts.push(Draft::of(number, &signature, &template, values));
    }
    let biz_id = draft::accept(
        call,
        shared,
        &mut shared.lock(),
        drafts,
        &book.account.limits,
    )?;
    Ok(vec![("BizId", biz_id.into())])
}

/// A code for this is not confirmed.
fn unfit_lists() -> Refusal {
    Refusal::business("isv.INVALID_PARAMETERS")
        .with_message("the JSON arrays do not fit each other")
}

fn list(text: &str) -> Result<Vec<Value>, Refusal> {
    serde_json::from_str(text).map_err(|_| unfit_lists())
}

fn texts(text: Option<&str>) -> Result<Vec<String>, Refusal> {
    serde_json::from_str(text.unwrap_or_default()).map_err(|_| unfit_lists())
}
