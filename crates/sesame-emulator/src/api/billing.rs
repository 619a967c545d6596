//! `QueryAccountBalance`: how much money is left.

use serde_json::json;

use super::Call;
use super::refusal::Refusal;
use super::reply::Fields;
use crate::state::Shared;

/// What an account has whose money never ends.
const ENDLESS: f64 = 1_000_000.0;

#[expect(
    clippy::unnecessary_wraps,
    reason = "what every action is handled with may refuse"
)]
pub(super) fn query_account_balance(_: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let left = shared.lock().purse.left_yuan().unwrap_or(ENDLESS);
    let amount = format!("{left:.2}");
    Ok(vec![(
        "Data",
        json!({
            "AvailableAmount": amount,
            "AvailableCashAmount": amount,
            "CreditAmount": "0.00",
            "MybankCreditAmount": "0.00",
            "QuotaLimit": "0.00",
            "Currency": "CNY",
        }),
    )])
}
