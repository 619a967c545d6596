//! `SendSms` and `SendBatchSms`: the product's rules, in the order they refuse.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::Call;
use super::refusal::Refusal;
use super::reply::Fields;
use crate::account::{AccountState, Book, Prepared, SignKind, Signature, TemplateKind};
use crate::inbox::{MessageStatus, Record};
use crate::meter::Send;
use crate::phone::{Number, Readings};
use crate::state::{Shared, State};
use crate::template::{self, Values};

const SEND_MAX: usize = 1000;
const BATCH_MAX: usize = 100;
/// Characters of an `OutId`; stated for `SendBatchSms` only.
const OUT_ID_MAX: usize = 255;

/// A message that passed all rules but the limits.
struct Draft {
    number: Number,
    signature: Arc<Signature>,
    template: Arc<Prepared>,
    values: Values,
    text: String,
}

pub(super) fn send_sms(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let book = usable_book(shared)?;
    let numbers = call.get("PhoneNumbers").unwrap_or_default();
    if numbers.split(',').count() > SEND_MAX {
        return Err(Refusal::business("isv.MOBILE_COUNT_OVER_LIMIT"));
    }
    let readings = read_all(numbers.split(','))?;
    let signature = find_signature(&book, call.get("SignName").unwrap_or_default())?;
    let template = find_template(&book, call)?;
    check_pair(&signature, &template)?;
    let values = read_values(call.get("TemplateParam"))?;
    check_values(&template, &values)?;
    let mut drafts: Vec<Draft> = Vec::with_capacity(readings.len());
    for (text, readings) in readings {
        let number = route(text, readings, &template)?;
        // One text cannot come to one phone twice in one call: a number written
        // twice, in whatever way, is one recipient.
        if drafts.iter().all(|draft| draft.number != number) {
            drafts.push(draft(number, &signature, &template, values.clone()));
        }
    }
    accept(call, shared, &book, drafts)
}

pub(super) fn send_batch_sms(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let book = usable_book(shared)?;
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
    let readings = read_all(numbers.iter().map(String::as_str))?;
    let template = find_template(&book, call)?;
    let mut params = params.unwrap_or_default().into_iter();
    let mut drafts = Vec::with_capacity(numbers.len());
    for ((text, readings), sign_name) in readings.into_iter().zip(&sign_names) {
        let signature = find_signature(&book, sign_name)?;
        check_pair(&signature, &template)?;
        let values = params
            .next()
            .map(values_of)
            .transpose()?
            .unwrap_or_default();
        check_values(&template, &values)?;
        let number = route(text, readings, &template)?;
        drafts.push(draft(number, &signature, &template, values));
    }
    accept(call, shared, &book, drafts)
}

fn usable_book(shared: &Shared) -> Result<Arc<Book>, Refusal> {
    let book = Arc::clone(&shared.lock().book);
    match book.account.state {
        AccountState::Normal => Ok(book),
        AccountState::OutOfService => Err(Refusal::business("isv.OUT_OF_SERVICE")),
        AccountState::Unsubscribed => Err(Refusal::business("isv.PRODUCT_UN_SUBSCRIPT")),
        AccountState::Frozen => Err(Refusal::business("isv.SECURITY_FROZEN_ACCOUNT")),
    }
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

fn read_all<'t>(
    numbers: impl Iterator<Item = &'t str>,
) -> Result<Vec<(&'t str, Readings)>, Refusal> {
    numbers
        .map(|text| {
            let readings = Readings::of(text);
            if readings == Readings::default() {
                return Err(illegal_number(text));
            }
            Ok((text, readings))
        })
        .collect()
}

/// The number stands directly before the words.
fn illegal_number(text: &str) -> Refusal {
    Refusal::business("isv.MOBILE_NUMBER_ILLEGAL")
        .with_message(format!("{text}invalid mobile number"))
}

fn find_signature(book: &Book, name: &str) -> Result<Arc<Signature>, Refusal> {
    book.sign_name(name)
        .cloned()
        .ok_or_else(|| Refusal::business("isv.SMS_SIGNATURE_ILLEGAL"))
}

fn find_template(book: &Book, call: &Call<'_>) -> Result<Arc<Prepared>, Refusal> {
    book.template(call.get("TemplateCode").unwrap_or_default())
        .cloned()
        .ok_or_else(|| Refusal::business("isv.SMS_TEMPLATE_ILLEGAL"))
}

/// A code signature goes with code templates only; an international template may
/// be for codes as well, which is not told apart here.
fn check_pair(signature: &Signature, template: &Prepared) -> Result<(), Refusal> {
    if signature.is_test != template.is_test {
        return Err(Refusal::business("isv.SMS_TEST_SIGN_TEMPLATE_LIMIT"));
    }
    let is_for_codes = matches!(
        template.kind,
        TemplateKind::Verification | TemplateKind::International
    );
    if signature.kind == SignKind::Verification && !is_for_codes {
        return Err(Refusal::business("isv.SMS_SIGNATURE_SCENE_ILLEGAL"));
    }
    Ok(())
}

fn read_values(param: Option<&str>) -> Result<Values, Refusal> {
    let Some(text) = param else {
        return Ok(Values::new());
    };
    let value =
        serde_json::from_str(text).map_err(|_| Refusal::business("isv.INVALID_JSON_PARAM"))?;
    values_of(value)
}

/// An object whose every value is a text, used by the template or not.
fn values_of(value: Value) -> Result<Values, Refusal> {
    serde_json::from_value(value).map_err(|_| Refusal::business("isv.INVALID_JSON_PARAM"))
}

/// A name the template does not have is no fault of its own: what Aliyun does
/// about it is not documented. Its value is looked at all the same: a `locale`
/// of `zh-CN` beside the code is known to have been refused for its hyphen.
fn check_values(template: &Prepared, values: &Values) -> Result<(), Refusal> {
    for name in template.text.variables() {
        let value = values.get(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| Refusal::business("isv.TEMPLATE_MISSING_PARAMETERS"))?;
        check_value(template, value)?;
    }
    let is_for_codes = template.kind == TemplateKind::Verification;
    if is_for_codes && !values.values().all(|value| is_alphanumeric(value)) {
        return Err(Refusal::business("isv.INVALID_PARAMETERS"));
    }
    Ok(())
}

fn is_alphanumeric(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The more special refusals come first, so that a link in a code is a link.
fn check_value(template: &Prepared, value: &str) -> Result<(), Refusal> {
    if template.is_test {
        let is_trial = (4..=6).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
        let refusal = || Refusal::business("isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL");
        return if is_trial { Ok(()) } else { Err(refusal()) };
    }
    if template::holds_url(value) {
        return Err(Refusal::business("isv.PARAM_NOT_SUPPORT_URL"));
    }
    if template::holds_emoji(value) {
        return Err(Refusal::business("isv.UNSUPPORTED_CONTENT"));
    }
    if template.kind == TemplateKind::Verification && !is_alphanumeric(value) {
        return Err(Refusal::business("isv.INVALID_PARAMETERS"));
    }
    if value.chars().count() > template.value_max {
        return Err(Refusal::business("isv.PARAM_LENGTH_LIMIT"));
    }
    Ok(())
}

/// Reads the number the way its template makes Aliyun read it. That a mainland
/// template refuses numbers from elsewhere is documented, its code is not: the
/// nearest is the one for a number of an unsupported kind.
fn route(text: &str, readings: Readings, template: &Prepared) -> Result<Number, Refusal> {
    let international = template.kind == TemplateKind::International;
    let number = readings
        .for_template(international)
        .ok_or_else(|| illegal_number(text))?;
    match (international, number.is_mainland()) {
        (true, true) => Err(Refusal::business("isv.DOMESTIC_NUMBER_NOT_SUPPORTED")),
        (false, false) => Err(illegal_number(text)),
        _ => Ok(number),
    }
}

fn draft(
    number: Number,
    signature: &Arc<Signature>,
    template: &Arc<Prepared>,
    values: Values,
) -> Draft {
    Draft {
        text: template.text.render(&signature.name, &values),
        number,
        signature: Arc::clone(signature),
        template: Arc::clone(template),
        values,
    }
}

/// All messages of a call are accepted, or none.
fn accept(
    call: &Call<'_>,
    shared: &Shared,
    book: &Book,
    drafts: Vec<Draft>,
) -> Result<Fields, Refusal> {
    for draft in &drafts {
        check_recipient(book, draft)?;
    }
    let mut state = shared.lock();
    check_account_limits(&state, drafts.len() as u64, call.now)?;
    count_all(&mut state, &drafts, call.now)?;
    let parts = drafts
        .iter()
        .map(|draft| template::parts(&draft.text))
        .sum();
    if !state.purse.pay(parts) {
        take_back(&mut state, &drafts, call.now);
        return Err(Refusal::business("isv.AMOUNT_NOT_ENOUGH"));
    }
    state.meter.count_for_account(drafts.len() as u64, call.now);
    let biz_id = state.receipts.next();
    let records = drafts
        .into_iter()
        .map(|draft| record(call, draft, &biz_id))
        .collect();
    shared.deliver(&mut state, records, call.now);
    Ok(vec![("BizId", biz_id.into())])
}

fn check_recipient(book: &Book, draft: &Draft) -> Result<(), Refusal> {
    if book.account.deny_ip_range && draft.number.is_mainland() {
        return Err(Refusal::business("isv.DENY_IP_RANGE"));
    }
    if draft.template.is_test && !book.is_bound(&draft.number) {
        return Err(Refusal::business("isv.SMS_TEST_NUMBER_LIMIT"));
    }
    if book.is_blocked(&draft.number) {
        return Err(Refusal::business("isv.BLACK_KEY_CONTROL_LIMIT"));
    }
    Ok(())
}

fn check_account_limits(state: &State, messages: u64, now: Timestamp) -> Result<(), Refusal> {
    let limits = &state.book.account.limits;
    if limits.account_per_day.is_none() && limits.account_per_month.is_none() {
        return Ok(());
    }
    let (today, month) = state.meter.account_counts(now);
    if limits
        .account_per_day
        .is_some_and(|most| today + messages > most)
    {
        return Err(Refusal::business("isv.DAY_LIMIT_CONTROL"));
    }
    if limits
        .account_per_month
        .is_some_and(|most| month + messages > most)
    {
        return Err(Refusal::business("isv.MONTH_LIMIT_CONTROL"));
    }
    Ok(())
}

/// Counts every message that has a limit; where one has none left, nothing is
/// counted.
fn count_all(state: &mut State, drafts: &[Draft], now: Timestamp) -> Result<(), Refusal> {
    let book = Arc::clone(&state.book);
    for (at, draft) in drafts.iter().enumerate() {
        let Some(send) = limited(&book, draft) else {
            continue;
        };
        if let Err(message) = state.meter.count(&send, &book.account.limits, now) {
            take_back(state, &drafts[..at], now);
            return Err(Refusal::business("isv.BUSINESS_LIMIT_CONTROL").with_message(message));
        }
    }
    Ok(())
}

fn take_back(state: &mut State, drafts: &[Draft], now: Timestamp) {
    let book = Arc::clone(&state.book);
    for send in drafts.iter().filter_map(|draft| limited(&book, draft)) {
        state.meter.take_back(&send, now);
    }
}

/// Only mainland numbers have limits, and of those not the exempt ones.
fn limited<'d>(book: &Book, draft: &'d Draft) -> Option<Send<'d>> {
    (draft.number.is_mainland() && !book.is_exempt(&draft.number)).then(|| Send {
        number: draft.number.aliyun(),
        sign_name: &draft.signature.name,
        template_code: &draft.template.code,
        kind: draft.template.kind,
    })
}

fn record(call: &Call<'_>, draft: Draft, biz_id: &str) -> Record {
    Record {
        number: draft.number,
        sign_name: Arc::clone(&draft.signature.name),
        template_code: Arc::clone(&draft.template.code),
        kind: draft.template.kind,
        values: draft.values,
        text: draft.text,
        out_id: call.get("OutId").map(str::to_owned),
        biz_id: biz_id.into(),
        sent_at: call.now,
        status: MessageStatus::Accepted,
        err_code: None,
        reported_at: None,
        plan: 0,
    }
}
