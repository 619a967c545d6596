//! What senders tell Aliyun of codes that were typed: by message, or as a rate.
//! It is taken, and changes nothing.

use super::Call;
use super::refusal::Refusal;
use super::reply::Fields;
use super::review::unfit;
use crate::state::Shared;

pub(super) fn sms_conversion(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    call.truth("Delivered")?
        .ok_or_else(|| Refusal::missing("Delivered"))?;
    call.whole_number("ConversionTime")?;
    match call.get("MessageId") {
        Some(message_id) => check_message(shared, message_id)?,
        // The documents ask for the message, the SDK takes the number instead.
        None if call.get("To").is_some() => {}
        None => return Err(Refusal::missing("MessageId")),
    }
    Ok(Fields::new())
}

fn check_message(shared: &Shared, message_id: &str) -> Result<(), Refusal> {
    let state = shared.lock();
    let mut records = state.inbox.records().rev();
    if records.any(|record| *record.biz_id == *message_id) {
        Ok(())
    } else {
        Err(Refusal::business("DATA_NOT_EXIST"))
    }
}

/// A share of codes that were typed, from 0 to 1.
pub(super) fn conversion_data(call: &Call<'_>, _: &Shared) -> Result<Fields, Refusal> {
    let rate = call.get("ConversionRate").map(str::parse::<f64>);
    if !matches!(rate, Some(Ok(rate)) if (0.0..=1.0).contains(&rate)) {
        return Err(unfit("ConversionRate must be from 0 to 1"));
    }
    call.whole_number("ReportTime")?;
    Ok(Fields::new())
}
