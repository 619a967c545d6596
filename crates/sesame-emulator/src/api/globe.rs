//! `Dysmsapi` 2018-05-01, the international site: whole texts to numbers outside
//! the mainland, templates to numbers in it, and what became of a message.

use serde_json::{Value, json};

use super::Call;
use super::actions::Product;
use super::draft::{self, Draft};
use super::refusal::Refusal;
use super::reply::Fields;
use super::review::{check_length, unfit};
use crate::account::TemplateKind;
use crate::clock::rfc2822_text;
use crate::inbox::{MessageStatus, Record};
use crate::phone::{Number, Readings};
use crate::reports::{Fate, globe_words};
use crate::state::Shared;
use crate::template::{self, Values};

const BATCH_MAX: usize = 1000;
const TASK_ID_MAX: usize = 255;
/// A sender id's length: of letters and digits, and of digits alone.
const SENDER_MAX: usize = 11;
const SENDER_MAX_DIGITS: usize = 15;

pub(super) fn send_message_to_globe(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let book = draft::usable_book(shared)?;
    let from = read_sender(call)?;
    check_wishes(call, &["OTP", "NOTIFY", "MKT"])?;
    let number = read_overseas(call.get("To").unwrap_or_default())?;
    let message = call.get("Message").unwrap_or_default();
    let draft = plain(number.clone(), from, message);
    let message_id = draft::accept(
        call,
        shared,
        &mut shared.lock(),
        vec![draft],
        &book.account.limits,
    )?;
    Ok(accepted(call, &number, message, message_id))
}

/// A number that is refused does not keep the others from being served.
pub(super) fn batch_send_message_to_globe(
    call: &Call<'_>,
    shared: &Shared,
) -> Result<Fields, Refusal> {
    let book = draft::usable_book(shared)?;
    let from = read_sender(call)?;
    check_wishes(call, &["NOTIFY", "MKT"])?;
    let numbers = texts(call, "To")?;
    let messages = texts(call, "Message")?;
    if numbers.len() > BATCH_MAX {
        return Err(Refusal::business("isv.MOBILE_COUNT_OVER_LIMIT"));
    }
    if numbers.is_empty() || numbers.len() != messages.len() {
        return Err(unfit("To and Message must be arrays of one length"));
    }
    let mut accepted = Vec::new();
    let mut failed = Vec::new();
    for (to, message) in numbers.iter().zip(&messages) {
        let result = read_overseas(to).and_then(|number| {
            let drafts = vec![plain(number, from, message)];
            draft::accept(
                call,
                shared,
                &mut shared.lock(),
                drafts,
                &book.account.limits,
            )
        });
        match result {
            Ok(message_id) => accepted.push(message_id),
            Err(_) => failed.push(to.as_str()),
        }
    }
    Ok(vec![
        ("SuccessCount", accepted.len().to_string().into()),
        ("MessageIdList", json!(accepted).to_string().into()),
        ("FailedList", json!(failed).to_string().into()),
        ("From", from.into()),
    ])
}

pub(super) fn send_message_with_template(
    call: &Call<'_>,
    shared: &Shared,
) -> Result<Fields, Refusal> {
    let book = draft::usable_book(shared)?;
    check_wishes(call, &[])?;
    let to = call.get("To").unwrap_or_default();
    let number = Readings::of(to).mainland;
    let number = number.ok_or_else(|| draft::illegal_number(to))?;
    let signature = draft::find_signature(&book, call.get("From").unwrap_or_default())?;
    let template = draft::find_template(&book, call)?;
    draft::check_pair(&signature, &template)?;
    if template.kind == TemplateKind::International {
        return Err(Refusal::business("isv.DOMESTIC_NUMBER_NOT_SUPPORTED"));
    }
    let values = draft::read_values(call.get("TemplateParam"))?;
    draft::check_values(&template, &values)?;
    let draft = Draft::of(number.clone(), &signature, &template, values);
    let text = draft.text.clone();
    let message_id = draft::accept(
        call,
        shared,
        &mut shared.lock(),
        vec![draft],
        &book.account.limits,
    )?;
    Ok(accepted(call, &number, &text, message_id))
}

pub(super) fn query_message(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let message_id = call.get("MessageId").unwrap_or_default();
    let (state, _) = shared.settled();
    let record = state
        .inbox
        .records()
        .rev()
        .find(|record| record.product == Product::Globe && *record.biz_id == *message_id)
        .ok_or_else(|| Refusal::business("DATA_NOT_EXIST"))?;
    Ok(told(record))
}

/// While there is no report, what it would say is absent.
fn told(record: &Record) -> Fields {
    let status = match record.status {
        MessageStatus::Delivered => "1",
        MessageStatus::Failed => "2",
        MessageStatus::Accepted => "3",
    };
    let mut fields: Fields = vec![
        ("Status", status.into()),
        ("MessageId", (*record.biz_id).into()),
        ("To", record.number.with_country().into()),
        ("Message", record.text.as_str().into()),
        ("SendDate", rfc2822_text(record.sent_at).into()),
        ("NumberDetail", number_detail(&record.number)),
    ];
    if let (Some(err_code), Some(time)) = (&record.err_code, record.reported_at) {
        let delivered = record.status == MessageStatus::Delivered;
        fields.push(("ErrorCode", err_code.as_str().into()));
        fields.push(("ErrorDescription", globe_words(delivered).into()));
        fields.push(("ReceiveDate", rfc2822_text(time).into()));
    }
    fields
}

fn accepted(call: &Call<'_>, number: &Number, message: &str, message_id: String) -> Fields {
    vec![
        ("MessageId", message_id.into()),
        ("To", number.with_country().into()),
        ("From", call.get("From").unwrap_or_default().into()),
        ("Segments", template::parts(message).to_string().into()),
        ("NumberDetail", number_detail(number)),
    ]
}

/// Aliyun knows carriers and regions as well; here they are not looked up.
fn number_detail(number: &Number) -> Value {
    let country = number.country();
    json!({ "Country": country, "Region": country, "Carrier": "unknown" })
}

/// A whole text, in place of signature and template.
fn plain(number: Number, from: &str, message: &str) -> Draft {
    Draft {
        number,
        sign_name: from.into(),
        template_code: "".into(),
        kind: TemplateKind::International,
        is_test: false,
        values: Values::new(),
        text: message.to_owned(),
        fate: Fate::delivered(),
    }
}

/// Numbers outside the mainland. That `MOBILE_NUMBER_ILLEGAL` is what mainland
/// ones are refused with is not confirmed.
fn read_overseas(to: &str) -> Result<Number, Refusal> {
    let number = Readings::of(to).overseas;
    number.ok_or_else(|| draft::illegal_number(to))
}

fn read_sender<'c>(call: &'c Call<'_>) -> Result<&'c str, Refusal> {
    let from = call.get("From").unwrap_or_default();
    let is_plain = from.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_number = from.bytes().all(|byte| byte.is_ascii_digit());
    let most = if is_number {
        SENDER_MAX_DIGITS
    } else {
        SENDER_MAX
    };
    if is_plain && from.len() <= most {
        Ok(from)
    } else {
        Err(Refusal::business("INVALID_SENDERID"))
    }
}

fn check_wishes(call: &Call<'_>, types: &[&str]) -> Result<(), Refusal> {
    check_length(call, "TaskId", TASK_ID_MAX)?;
    call.whole_number("ValidityPeriod")?;
    match call.get("Type") {
        Some(text) if !types.is_empty() && !types.contains(&text) => {
            Err(unfit("Type is none that this action knows"))
        }
        _ => Ok(()),
    }
}

fn texts(call: &Call<'_>, name: &'static str) -> Result<Vec<String>, Refusal> {
    serde_json::from_str(call.get(name).unwrap_or_default())
        .map_err(|_| unfit("To and Message must be JSON arrays of texts"))
}
