//! Budgets of codes that are never confirmed, and what is written of one.

use serde::{Deserialize, Deserializer};

/// How many codes may be open or lost, by the share that comes back: allowed
/// while `unconfirmed ≤ base + share × confirmed`, counted over the running
/// window of the clock and the one before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The base of an hour.
    pub per_hour: u32,
    /// The base of a day.
    pub per_day: u32,
    /// How many more for each that is confirmed.
    pub share: f64,
}

impl Budget {
    pub(super) const PREFIX: Self = Self {
        per_hour: 20,
        per_day: 50,
        share: 1.0,
    };
    pub(super) const COUNTRY: Self = Self {
        per_hour: 100,
        per_day: 200,
        share: 1.0,
    };
}

/// What is written of a [`Budget`]; the rest is as it is without that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WrittenBudget {
    /// See [`Budget::per_hour`].
    pub per_hour: Option<u32>,
    /// See [`Budget::per_day`].
    pub per_day: Option<u32>,
    /// See [`Budget::share`].
    pub share: Option<f64>,
}

impl WrittenBudget {
    pub(super) fn over(self, usual: Budget) -> Budget {
        Budget {
            per_hour: self.per_hour.unwrap_or(usual.per_hour),
            per_day: self.per_day.unwrap_or(usual.per_day),
            share: self.share.unwrap_or(usual.share),
        }
    }
}

impl From<Budget> for WrittenBudget {
    fn from(budget: Budget) -> Self {
        Self {
            per_hour: Some(budget.per_hour),
            per_day: Some(budget.per_day),
            share: Some(budget.share),
        }
    }
}

pub(super) fn of_prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Budget, D::Error> {
    WrittenBudget::deserialize(deserializer).map(|written| written.over(Budget::PREFIX))
}

pub(super) fn of_country<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Budget, D::Error> {
    WrittenBudget::deserialize(deserializer).map(|written| written.over(Budget::COUNTRY))
}
