//! `BssOpenApi` 2017-12-14: the account's money. Field names, the codes of an
//! accepted call and the RAM action (`bss:DescribeAcccount`, so spelt) are from
//! its reference page.

use serde::Deserialize;

use super::{Api, Operation, Parameter, lenient};

/// `QueryAccountBalance`: how much money there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryAccountBalance;

impl Operation for QueryAccountBalance {
    const ACTION: &'static str = "QueryAccountBalance";
    const API: Api = Api::Billing;
    const ACCEPTED: &'static [&'static str] = &["200", "Success", "OK"];
    type Reply = QueryAccountBalanceReply;

    fn parameters(&self) -> Vec<Parameter<'_>> {
        Vec::new()
    }
}

/// What `QueryAccountBalance` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryAccountBalanceReply {
    /// Id of this API call.
    #[serde(default, deserialize_with = "lenient::id")]
    pub request_id: Option<String>,
    /// The balance.
    #[serde(default, deserialize_with = "lenient::part")]
    pub data: Option<AccountBalance>,
}

/// How much money there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountBalance {
    /// What can be spent, credit included: `10,000.00`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub available_amount: Option<String>,
    /// `CNY`, `USD` or `JPY`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub currency: Option<String>,
}

impl AccountBalance {
    /// What can be spent, as a number; for comparing only.
    pub fn available(&self) -> Option<f64> {
        let text = self.available_amount.as_deref()?.trim().replace(',', "");
        text.parse().ok().filter(|amount: &f64| amount.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_amounts_with_separators() {
        for (text, amount) in [
            ("10,000.00", Some(10_000.0)),
            ("-0.05", Some(-0.05)),
            ("0", Some(0.0)),
            ("much", None),
            ("inf", None),
        ] {
            let balance = AccountBalance {
                available_amount: Some(text.to_owned()),
                currency: None,
            };
            assert_eq!(balance.available(), amount, "{text}");
        }
    }
}
