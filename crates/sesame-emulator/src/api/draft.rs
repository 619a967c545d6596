//! What all APIs ask of a message before they take it, in the order they refuse.
//! A message that passed is a [`Draft`]; [`accept`] counts it, has it paid for
//! and puts it into the inbox.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::Call;
use super::actions::Product;
use super::refusal::Refusal;
use crate::account::{
    AccountState, Book, Limits, Prepared, Registrations, SignKind, Signature, Tag, TemplateKind,
};
use crate::inbox::{MessageStatus, Record};
use crate::meter::Send;
use crate::phone::{Carrier, Number, Readings};
use crate::reports::Fate;
use crate::state::{Shared, State};
use crate::template::{self, Values};

/// A message that passed all rules but the limits.
pub(super) struct Draft {
    pub(super) number: Number,
    pub(super) sign_name: Arc<str>,
    pub(super) template_code: Arc<str>,
    pub(super) kind: TemplateKind,
    /// To bound numbers only.
    pub(super) is_test: bool,
    pub(super) values: Values,
    pub(super) text: String,
    pub(super) fate: Fate,
}

impl Draft {
    pub(super) fn of(
        number: Number,
        signature: &Signature,
        template: &Prepared,
        values: Values,
    ) -> Self {
        Self {
            text: template.text.render(&signature.name, &values),
            fate: fate(&number, &signature.registrations),
            number,
            sign_name: Arc::clone(&signature.name),
            template_code: Arc::clone(&template.code),
            kind: template.kind,
            is_test: template.tag == Tag::Test,
            values,
        }
    }
}

/// A signature that the recipient's carrier does not know fails in the report,
/// not in the answer.
fn fate(number: &Number, registrations: &Registrations) -> Fate {
    let registration = match number.carrier() {
        None => return Fate::delivered(),
        Some(Carrier::Mobile) => registrations.mobile,
        Some(Carrier::Unicom) => registrations.unicom,
        Some(Carrier::Telecom) => registrations.telecom,
    };
    if registration.delivers() {
        Fate::delivered()
    } else {
        Fate::failed("PORT_NOT_REGISTERED")
    }
}

/// The account, if it may send.
pub(super) fn usable_book(shared: &Shared) -> Result<Arc<Book>, Refusal> {
    let book = Arc::clone(&shared.lock().book);
    if book.account.state == AccountState::OutOfService {
        return Err(Refusal::business("isv.OUT_OF_SERVICE"));
    }
    Ok(book)
}

pub(super) fn read_all<'t>(
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
pub(super) fn illegal_number(text: &str) -> Refusal {
    Refusal::business("isv.MOBILE_NUMBER_ILLEGAL")
        .with_message(format!("{text}invalid mobile number"))
}

pub(super) fn find_signature(book: &Book, name: &str) -> Result<Arc<Signature>, Refusal> {
    book.sign_name(name)
        .cloned()
        .ok_or_else(|| Refusal::business("isv.SMS_SIGNATURE_ILLEGAL"))
}

pub(super) fn find_template(book: &Book, call: &Call<'_>) -> Result<Arc<Prepared>, Refusal> {
    book.template(call.get("TemplateCode").unwrap_or_default())
        .cloned()
        .ok_or_else(|| Refusal::business("isv.SMS_TEMPLATE_ILLEGAL"))
}

/// A code signature goes with code templates only; an international template may
/// be for codes as well, which is not told apart here.
pub(super) fn check_pair(signature: &Signature, template: &Prepared) -> Result<(), Refusal> {
    if (signature.tag == Tag::Test) != (template.tag == Tag::Test) {
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

pub(super) fn read_values(param: Option<&str>) -> Result<Values, Refusal> {
    let Some(text) = param else {
        return Ok(Values::new());
    };
    let value =
        serde_json::from_str(text).map_err(|_| Refusal::business("isv.INVALID_JSON_PARAM"))?;
    values_of(value)
}

/// An object whose every value is a text, used by the template or not.
pub(super) fn values_of(value: Value) -> Result<Values, Refusal> {
    serde_json::from_value(value).map_err(|_| Refusal::business("isv.INVALID_JSON_PARAM"))
}

/// A name the template does not have is no fault of its own: what Aliyun does
/// about it is not documented. Its value is looked at all the same: a `locale`
/// of `zh-CN` beside the code is known to have been refused for its hyphen.
pub(super) fn check_values(template: &Prepared, values: &Values) -> Result<(), Refusal> {
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
    if template.tag == Tag::Test {
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
pub(super) fn route(
    text: &str,
    readings: Readings,
    template: &Prepared,
) -> Result<Number, Refusal> {
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

/// All messages of a call are accepted, or none. Says under which receipt.
pub(super) fn accept(
    call: &Call<'_>,
    shared: &Shared,
    state: &mut State,
    drafts: Vec<Draft>,
    limits: &Limits,
) -> Result<String, Refusal> {
    for draft in &drafts {
        check_recipient(&state.book, draft)?;
    }
    check_account_limits(state, drafts.len() as u64, call.now)?;
    count_all(state, call.context.product, &drafts, limits, call.now)?;
    let parts = drafts
        .iter()
        .map(|draft| template::parts(&draft.text))
        .sum();
    if !state.purse.pay(parts) {
        take_back(state, &drafts, call.now);
        return Err(Refusal::business("isv.AMOUNT_NOT_ENOUGH"));
    }
    state.meter.count_for_account(drafts.len() as u64, call.now);
    let biz_id = match call.context.product {
        Product::Globe => state.receipts.next_message_id(),
        _ => state.receipts.next_biz_id(),
    };
    let records = drafts
        .into_iter()
        .map(|draft| record(call, draft, &biz_id))
        .collect();
    shared.deliver(state, records, call.now);
    Ok(biz_id)
}

fn check_recipient(book: &Book, draft: &Draft) -> Result<(), Refusal> {
    if book.account.deny_ip_range && draft.number.is_mainland() {
        return Err(Refusal::business("isv.DENY_IP_RANGE"));
    }
    if draft.is_test && !book.is_bound(&draft.number) {
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
fn count_all(
    state: &mut State,
    product: Product,
    drafts: &[Draft],
    limits: &Limits,
    now: Timestamp,
) -> Result<(), Refusal> {
    let book = Arc::clone(&state.book);
    for (at, draft) in drafts.iter().enumerate() {
        let Some(send) = limited(&book, draft) else {
            continue;
        };
        if let Err(passed) = state.meter.count(&send, limits, now) {
            take_back(state, &drafts[..at], now);
            return Err(Refusal::over_limit(product, passed));
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
        sign_name: &draft.sign_name,
        template_code: &draft.template_code,
        kind: draft.kind,
    })
}

fn record(call: &Call<'_>, draft: Draft, biz_id: &str) -> (Record, Fate) {
    let record = Record {
        product: call.context.product,
        number: draft.number,
        sign_name: draft.sign_name,
        template_code: draft.template_code,
        kind: draft.kind,
        values: draft.values,
        text: draft.text,
        out_id: call.get("OutId").map(str::to_owned),
        task_id: call.get("TaskId").map(str::to_owned),
        biz_id: biz_id.into(),
        sent_at: call.now,
        status: MessageStatus::Accepted,
        err_code: None,
        reported_at: None,
        plan: 0,
    };
    (record, draft.fate)
}
