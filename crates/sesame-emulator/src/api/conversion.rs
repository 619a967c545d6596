//! What senders tell Aliyun of codes that were typed: by message, or as a rate.
//! It is taken and kept for whoever tests a sender, and changes nothing.

use super::Call;
use super::refusal::Refusal;
use super::reply::Fields;
use super::review::unfit;
use crate::conversions::Conversion;
use crate::state::Shared;

pub(super) fn sms_conversion(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let delivered = call
        .truth("Delivered")?
        .ok_or_else(|| Refusal::missing("Delivered"))?;
    let time = call.whole_number("ConversionTime")?;
    let message_id = call.get("MessageId");
    match message_id {
        Some(message_id) => check_message(shared, message_id)?,
        // The documents ask for the message, the SDK takes the number instead.
        None if call.get("To").is_some() => {}
        None => return Err(Refusal::missing("MessageId")),
    }
    let told = Conversion {
        message_id: message_id.map(str::to_owned),
        delivered: Some(delivered),
        ..told(call, time)
    };
    shared.lock().conversions.add(told);
    Ok(Fields::new())
}

fn told(call: &Call<'_>, time_millis: Option<u64>) -> Conversion {
    Conversion {
        action: call.context.action.clone(),
        message_id: None,
        delivered: None,
        rate: None,
        time_millis,
        told_at: call.now,
    }
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
pub(super) fn conversion_data(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let rate = call.get("ConversionRate").map(str::parse::<f64>);
    let Some(Ok(rate)) = rate.filter(|rate| matches!(rate, Ok(rate) if (0.0..=1.0).contains(rate)))
    else {
        return Err(unfit("ConversionRate must be from 0 to 1"));
    };
    let time = call.whole_number("ReportTime")?;
    let told = Conversion {
        rate: Some(rate),
        ..told(call, time)
    };
    shared.lock().conversions.add(told);
    Ok(Fields::new())
}
