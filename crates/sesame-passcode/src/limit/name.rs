//! What limits are called, and how a refusal by one reads.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use sesame_connector::Text;

/// Which limit refused. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimitName {
    /// The number had its messages of a minute.
    NumberPerMinute,
    /// Of an hour.
    NumberPerHour,
    /// Of 24 hours.
    NumberPerDay,
    /// Of another window that the policy sets.
    NumberWindow,
    /// Too many wrong codes for the number within an hour.
    NumberChecksPerHour,
    /// Too many wrong codes in a row; an operator can lift it.
    NumberLocked,
    /// Too many verifications of the number are open at once.
    NumberVerifications,
    /// The provider itself refused the number a moment ago.
    ProviderLimit,
    /// The address asked for its messages of an hour.
    IpPerHour,
    /// Too many codes that the address asked for in an hour were not confirmed.
    IpUnconfirmedPerHour,
    /// In a day.
    IpUnconfirmedPerDay,
    /// The number's prefix had its messages of an hour.
    PrefixPerHour,
    /// Of a day.
    PrefixPerDay,
    /// The number's range, of ten prefixes, had its messages of an hour.
    RangePerHour,
    /// Of a day.
    RangePerDay,
    /// The number's country had its messages of an hour.
    CountryPerHour,
    /// Of a day.
    CountryPerDay,
    /// The country gets no messages at all.
    CountryDenied,
    /// Numbers that begin so get no messages at all.
    PrefixDenied,
    /// The account had its messages of an hour.
    AccountPerHour,
    /// Of a day.
    AccountPerDay,
    /// The account spent its money of a day.
    AccountMoneyPerDay,
}

impl LimitName {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::NumberPerMinute,
        Self::NumberPerHour,
        Self::NumberPerDay,
        Self::NumberWindow,
        Self::NumberChecksPerHour,
        Self::NumberLocked,
        Self::NumberVerifications,
        Self::ProviderLimit,
        Self::IpPerHour,
        Self::IpUnconfirmedPerHour,
        Self::IpUnconfirmedPerDay,
        Self::PrefixPerHour,
        Self::PrefixPerDay,
        Self::RangePerHour,
        Self::RangePerDay,
        Self::CountryPerHour,
        Self::CountryPerDay,
        Self::CountryDenied,
        Self::PrefixDenied,
        Self::AccountPerHour,
        Self::AccountPerDay,
        Self::AccountMoneyPerDay,
    ];

    /// The name in JSON, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NumberPerMinute => "number_per_minute",
            Self::NumberPerHour => "number_per_hour",
            Self::NumberPerDay => "number_per_day",
            Self::NumberWindow => "number_window",
            Self::NumberChecksPerHour => "number_checks_per_hour",
            Self::NumberLocked => "number_locked",
            Self::NumberVerifications => "number_verifications",
            Self::ProviderLimit => "provider_limit",
            Self::IpPerHour => "ip_per_hour",
            Self::IpUnconfirmedPerHour => "ip_unconfirmed_per_hour",
            Self::IpUnconfirmedPerDay => "ip_unconfirmed_per_day",
            Self::PrefixPerHour => "prefix_per_hour",
            Self::PrefixPerDay => "prefix_per_day",
            Self::RangePerHour => "range_per_hour",
            Self::RangePerDay => "range_per_day",
            Self::CountryPerHour => "country_per_hour",
            Self::CountryPerDay => "country_per_day",
            Self::CountryDenied => "country_denied",
            Self::PrefixDenied => "prefix_denied",
            Self::AccountPerHour => "account_per_hour",
            Self::AccountPerDay => "account_per_day",
            Self::AccountMoneyPerDay => "account_money_per_day",
        }
    }

    /// Whether it guards one number: its codes, and the provider's own windows.
    pub fn is_of_number(self) -> bool {
        matches!(
            self,
            Self::NumberPerMinute
                | Self::NumberPerHour
                | Self::NumberPerDay
                | Self::NumberWindow
                | Self::NumberChecksPerHour
                | Self::NumberLocked
                | Self::NumberVerifications
                | Self::ProviderLimit
        )
    }

    /// Whether it bounds what the whole account spends.
    pub fn is_of_account(self) -> bool {
        matches!(
            self,
            Self::AccountPerHour | Self::AccountPerDay | Self::AccountMoneyPerDay
        )
    }

    /// Whether it is a budget of a country.
    pub(crate) fn is_of_country(self) -> bool {
        matches!(self, Self::CountryPerHour | Self::CountryPerDay)
    }

    /// Whether a list refuses, and no time ends it.
    pub fn is_list(self) -> bool {
        matches!(self, Self::CountryDenied | Self::PrefixDenied)
    }

    /// The one of a number's own windows.
    pub(crate) fn of_window(secs: u32) -> Self {
        match secs {
            60 => Self::NumberPerMinute,
            3600 => Self::NumberPerHour,
            86_400 => Self::NumberPerDay,
            _ => Self::NumberWindow,
        }
    }
}

/// A message was not sent, or a code not compared, because of a limit. It cost
/// no call to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Which one.
    pub limit: LimitName,
    /// How long it lasts; none where time alone does not end it.
    pub retry_after: Option<Duration>,
    /// When that is.
    pub ends_at: Option<Timestamp>,
}

impl Limited {
    /// A limit that time ends.
    pub(crate) fn until(limit: LimitName, ends_at: Timestamp, now: Timestamp) -> Self {
        let left = ends_at.duration_since(now);
        Self {
            limit,
            retry_after: Some(Duration::try_from(left).unwrap_or_default()),
            ends_at: Some(ends_at),
        }
    }

    /// A limit that somebody has to end.
    pub(crate) fn lasting(limit: LimitName) -> Self {
        Self {
            limit,
            retry_after: None,
            ends_at: None,
        }
    }

    /// Whole seconds to wait, rounded up.
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after.map(whole_secs)
    }

    /// A neutral sentence for the person who waits for the message: which limit
    /// it was would help nobody but an attacker.
    pub fn end_user(&self) -> Text {
        let (en, zh) = if self.limit.is_list() {
            (
                "This phone number cannot receive a verification code. Please check it.",
                "该手机号无法接收验证码，请核对后重试。",
            )
        } else {
            (
                "Too many verification codes were requested. Please try again later.",
                "获取验证码过于频繁，请稍后再试。",
            )
        };
        Text {
            en: en.into(),
            zh: zh.into(),
        }
    }
}

pub(crate) fn whole_secs(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
