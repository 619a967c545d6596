//! Amounts of money, without fractions of a float.

use std::fmt;
use std::str::FromStr;

use serde::de::Unexpected;
use serde::{Deserialize, Deserializer, de};
use thiserror::Error as ThisError;

/// Digits after the point.
const PLACES: usize = 6;

const DECIMAL: &str =
    "a decimal such as \"0.045\", at most nine digits before and six after the point";

/// An amount in the account's currency, in millionths. Written as a decimal
/// string: `"0.045"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(i64);

/// A text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("an amount is {DECIMAL}")]
pub struct MoneyError;

impl Money {
    /// Millionths of the currency.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count.max(0)))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() > 9 || part.len() > PLACES {
            return Err(MoneyError);
        }
        let micros = format!("{whole}{part:0<PLACES$}").parse();
        Ok(Self(micros.map_err(|_| MoneyError)?))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let part = format!("{part:0PLACES$}");
        match part.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            part => write!(f, "{whole}.{part}"),
        }
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| de::Error::invalid_value(Unexpected::Other("a text"), &DECIMAL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_back() {
        for (text, micros) in [
            ("0.045", 45_000),
            ("12", 12_000_000),
            ("999999999.999999", 999_999_999_999_999),
        ] {
            let money: Money = text.parse().expect(text);
            assert_eq!((money.micros(), money.to_string().as_str()), (micros, text));
        }
    }

    #[test]
    fn what_is_no_amount() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1,5",
            "1e3",
            "0.0000001",
            "1234567890",
        ] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError), "{text}");
        }
    }
}
