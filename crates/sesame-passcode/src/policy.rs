//! What an operator decides: how long a code is and lives, how often it may be
//! tried, and how much may be sent to whom.
//!
//! The defaults are those of `DESIGN.md` §7. Values outside what OWASP ASVS 5.0
//! and NIST SP 800-63B allow are refused; 4 or 5 digits are a warning.

mod budget;
mod lists;
mod money;
mod observe;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sesame_connector::PhoneNumber;
use thiserror::Error as ThisError;

pub use budget::{Budget, WrittenBudget};
pub(crate) use lists::Denied;
pub use lists::{Countries, Prefixes};
pub use money::Money;

use crate::limit::LimitName;

/// The longest life of a code (ASVS 6.5.5, NIST SP 800-63B-4 §3.1.3.2).
const LONGEST_LIFE_SECS: u32 = 600;

/// Below this, nobody gets a message and types it.
const SHORTEST_LIFE_SECS: u32 = 30;

/// 20 bits (ASVS 6.5.4).
const SAFE_DIGITS: u8 = 6;

/// The most failures in a row that NIST SP 800-63B allows.
const MOST_FAILURES: u32 = 100;

/// No window of a number is longer; older messages are forgotten.
pub(crate) const LONGEST_WINDOW_SECS: u32 = 86_400;

/// The section `[policy]` of the server's configuration. A limit of 0 is none.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How many digits a code has.
    pub digits: u8,
    /// How long a code is valid.
    pub life_secs: u32,
    /// How often one verification may be tried.
    pub attempts: u32,
    /// Failed checks of one number in any hour, over all its verifications.
    pub failed_checks_per_hour: u32,
    /// Failures of one number in a row, after which only an operator helps.
    pub lock_after_failures: u32,
    /// How many messages one number may get, in rolling windows.
    pub number: Vec<Window>,
    /// Messages that one address may ask for in an hour of the clock; confirmed
    /// codes make room for more. Of IPv6 a whole /64 is one address.
    pub ip_per_hour: u32,
    /// Codes that one address asked for and that are never confirmed. Unless it
    /// is written: nothing by the hour, by the day three times as many as
    /// `ip_per_hour`.
    pub ip: WrittenBudget,
    /// Codes to one prefix (a number without its last four digits) that are
    /// never confirmed.
    #[serde(deserialize_with = "budget::of_prefix")]
    pub prefix: Budget,
    /// The same of one range (a number without its last five digits: ten
    /// prefixes). Unless it is written: three times as many as for a prefix.
    pub range: WrittenBudget,
    /// The same of one country.
    #[serde(deserialize_with = "budget::of_country")]
    pub country: Budget,
    /// Callers' own codes, of which nobody here learns whether they are
    /// confirmed.
    pub own_codes: OwnCodes,
    /// What the whole account may spend.
    pub account: Account,
    /// Where messages may go at all.
    pub countries: Countries,
    /// Exceptions from that, by how numbers begin.
    pub prefixes: Prefixes,
    /// Names of limits that are only watched, or `all`: what they would refuse
    /// is sent, counted and written down.
    pub observe: BTreeSet<String>,
    /// What is different for a usage type.
    pub usage_types: BTreeMap<String, Overrides>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            digits: SAFE_DIGITS,
            life_secs: LONGEST_LIFE_SECS,
            attempts: 5,
            failed_checks_per_hour: 10,
            lock_after_failures: MOST_FAILURES,
            number: Window::ALIYUN.to_vec(),
            ip_per_hour: 20,
            ip: WrittenBudget::default(),
            prefix: Budget::PREFIX,
            range: WrittenBudget::default(),
            country: Budget::COUNTRY,
            own_codes: OwnCodes::default(),
            account: Account::default(),
            countries: Countries::default(),
            prefixes: Prefixes::default(),
            observe: BTreeSet::new(),
            usage_types: BTreeMap::new(),
        }
    }
}

/// So many messages in any span of so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many.
    pub messages: u32,
    /// In how long, at most a day.
    pub secs: u32,
}

impl Window {
    /// What Aliyun allows one number by itself, unless an account raised it.
    pub const ALIYUN: [Self; 3] = [
        Self::new(1, 60),
        Self::new(5, 3600),
        Self::new(10, LONGEST_WINDOW_SECS),
    ];

    /// So many in so long.
    pub const fn new(messages: u32, secs: u32) -> Self {
        Self { messages, secs }
    }
}

/// Limits of messages whose codes are made elsewhere, by windows of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnCodes {
    /// Messages to one prefix in an hour.
    pub prefix_per_hour: u32,
    /// Messages to one prefix in a day.
    pub prefix_per_day: u32,
    /// Messages to one country in an hour.
    pub country_per_hour: u32,
    /// Messages to one country in a day.
    pub country_per_day: u32,
}

impl Default for OwnCodes {
    fn default() -> Self {
        Self {
            prefix_per_hour: 100,
            prefix_per_day: 300,
            country_per_hour: 0,
            country_per_day: 0,
        }
    }
}

/// What all messages together may be, by windows of the clock (UTC).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Messages in an hour.
    pub messages_per_hour: u32,
    /// Messages in a day.
    pub messages_per_day: u32,
    /// Money in a day, in the account's currency.
    pub money_per_day: Option<Money>,
    /// What one message costs, by country (ISO letters); `other` for the rest. Of
    /// a text of our own, what one segment costs.
    pub prices: BTreeMap<String, Money>,
}

/// What is different for one usage type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// See [`Policy::digits`].
    pub digits: Option<u8>,
    /// See [`Policy::life_secs`].
    pub life_secs: Option<u32>,
    /// See [`Policy::attempts`].
    pub attempts: Option<u32>,
}

/// What counts for the codes of one usage type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRules {
    /// How many digits.
    pub digits: u8,
    /// How long it is valid.
    pub life_secs: u32,
    /// How often it may be tried.
    pub attempts: u32,
}

/// A policy cannot be followed, or must not be.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("policy.{setting}: {reason}")]
pub struct PolicyError {
    /// Which setting, as a path.
    pub setting: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl Policy {
    /// What counts for the codes of a usage type.
    pub fn rules(&self, usage_type: &str) -> CodeRules {
        let own = self.usage_types.get(usage_type).copied();
        let own = own.unwrap_or_default();
        CodeRules {
            digits: own.digits.unwrap_or(self.digits),
            life_secs: own.life_secs.unwrap_or(self.life_secs),
            attempts: own.attempts.unwrap_or(self.attempts),
        }
    }

    /// Whether a number may get messages, by the lists.
    pub(crate) fn admits(&self, to: &PhoneNumber) -> Result<(), Denied> {
        lists::admits(&self.countries, &self.prefixes, to)
    }

    /// Whether what a limit would refuse is sent all the same, and written down.
    pub fn observes(&self, limit: LimitName) -> bool {
        observe::has(&self.observe, limit)
    }

    /// The budget of an address.
    pub fn ip_budget(&self) -> Budget {
        self.ip.over(Budget {
            per_hour: 0,
            per_day: self.ip_per_hour.saturating_mul(3),
            share: 1.0,
        })
    }

    /// The budget of a range.
    pub fn range_budget(&self) -> Budget {
        let prefix = self.prefix;
        self.range.over(Budget {
            per_hour: prefix.per_hour.saturating_mul(3),
            per_day: prefix.per_day.saturating_mul(3),
            share: prefix.share,
        })
    }

    /// The budget of a country.
    pub fn country_budget(&self, country: &str) -> Budget {
        let own = self.countries.budgets.get(country).copied();
        own.unwrap_or_default().over(self.country)
    }

    /// What one message to a number costs.
    pub fn price(&self, to: &PhoneNumber) -> Money {
        self.price_in(&to.region()).unwrap_or_default()
    }

    /// What one message to a country costs, by its ISO letters; none where the
    /// policy does not say.
    pub fn price_in(&self, country: &str) -> Option<Money> {
        let prices = &self.account.prices;
        let price = prices.get(country).or_else(|| prices.get("other"));
        price.copied()
    }

    /// Looks the whole policy over.
    ///
    /// # Errors
    /// What must be changed first.
    pub fn validate(&self) -> Result<(), PolicyError> {
        self.codes()
            .try_for_each(|(at, rules)| rules.validate(&at))?;
        within(
            "failed_checks_per_hour",
            self.failed_checks_per_hour,
            1,
            100,
        )?;
        within(
            "lock_after_failures",
            self.lock_after_failures,
            1,
            MOST_FAILURES,
        )?;
        within("number", self.number.len(), 1, 8)?;
        for (index, window) in self.number.iter().enumerate() {
            within(
                &format!("number[{index}].messages"),
                window.messages,
                1,
                100,
            )?;
            within(
                &format!("number[{index}].secs"),
                window.secs,
                1,
                LONGEST_WINDOW_SECS,
            )?;
        }
        share("ip.share", self.ip_budget().share)?;
        share("prefix.share", self.prefix.share)?;
        share("range.share", self.range_budget().share)?;
        share("country.share", self.country.share)?;
        self.countries.validate()?;
        self.prefixes.validate(&self.countries)?;
        observe::validate(&self.observe)?;
        for country in self.countries.budgets.keys() {
            let budget = self.country_budget(country);
            share(&format!("countries.budgets.{country}.share"), budget.share)?;
        }
        let priced = self.account.prices.keys().filter(|code| *code != "other");
        lists::named("account.prices", priced)?;
        if self.account.money_per_day.is_some() && !self.account.prices.contains_key("other") {
            return Err(wrong(
                "account.prices",
                "a limit of money needs a price for `other` countries",
            ));
        }
        Ok(())
    }

    /// What is allowed and unwise, in words for the operator.
    pub fn warnings(&self) -> Vec<String> {
        let short = self.codes().filter(|(_, rules)| rules.digits < SAFE_DIGITS);
        let short = short.map(|(at, rules)| {
            format!(
                "policy.{at}digits is {}: with fewer than {SAFE_DIGITS} digits a code has less than 20 bits (ASVS 6.5.4, NIST SP 800-63B)",
                rules.digits,
            )
        });
        let account = &self.account;
        let dearer = account.money_per_day.zip(account.prices.values().min());
        let nothing = dearer.filter(|(money, least)| money < *least).map(|(money, least)| {
            format!("policy.account.money_per_day is {money}, and no message costs less than {least}: nothing is sent")
        });
        let observed: Vec<&str> = self.observe.iter().map(String::as_str).collect();
        let observed = (!observed.is_empty()).then(|| {
            format!(
                "policy.observe: what these limits would refuse is sent and only written down: {}",
                observed.join(", ")
            )
        });
        short.chain(nothing).chain(observed).collect()
    }

    /// The rules for codes, and where they are written.
    fn codes(&self) -> impl Iterator<Item = (String, CodeRules)> {
        let named = self.usage_types.keys().map(|name| {
            let at = format!("usage_types.{name}.");
            (at, self.rules(name))
        });
        let general = CodeRules {
            digits: self.digits,
            life_secs: self.life_secs,
            attempts: self.attempts,
        };
        std::iter::once((String::new(), general)).chain(named)
    }
}

impl CodeRules {
    fn validate(&self, at: &str) -> Result<(), PolicyError> {
        within(&format!("{at}digits"), self.digits, 4, 10)?;
        within(
            &format!("{at}life_secs"),
            self.life_secs,
            SHORTEST_LIFE_SECS,
            LONGEST_LIFE_SECS,
        )?;
        within(&format!("{at}attempts"), self.attempts, 1, 10)
    }
}

fn wrong(setting: &str, reason: impl Into<String>) -> PolicyError {
    PolicyError {
        setting: setting.to_owned(),
        reason: reason.into(),
    }
}

fn within<T: PartialOrd + std::fmt::Display + Copy>(
    setting: &str,
    value: T,
    least: T,
    most: T,
) -> Result<(), PolicyError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let reason = if setting == "number" {
        format!("needs {least} to {most} windows, has {value}")
    } else {
        format!("must be from {least} to {most}, is {value}")
    };
    Err(wrong(setting, reason))
}

fn share(setting: &str, value: f64) -> Result<(), PolicyError> {
    if (0.0..=10.0).contains(&value) {
        Ok(())
    } else {
        Err(wrong(setting, format!("must be from 0 to 10, is {value}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Policy {
        toml::from_str(text).expect("a policy")
    }

    #[test]
    fn nothing_written_is_the_default_and_valid() {
        let policy = read("");
        assert_eq!(policy, Policy::default());
        assert_eq!(policy.validate(), Ok(()));
        assert_eq!(policy.warnings(), [] as [String; 0]);
    }

    #[test]
    fn usage_types_change_what_they_name() {
        let policy = read("attempts = 3\n[usage_types.Register]\ndigits = 8");
        let rules = policy.rules("Register");
        assert_eq!((rules.digits, rules.attempts, rules.life_secs), (8, 3, 600));
        assert_eq!(policy.rules("SignIn").digits, 6);
    }

    #[test]
    fn a_budget_for_one_country_leaves_the_others_theirs() {
        let one = "{ per_hour = 1, per_day = 2, share = 0.5 }";
        let policy = read(&format!("[countries.budgets]\nUS = {one}"));
        assert_eq!(policy.country_budget("US").per_hour, 1);
        assert_eq!(policy.country_budget("CN").per_hour, 2000);
        let policy = read(&format!("[countries.budgets]\nCN = {one}"));
        assert_eq!(policy.country_budget("CN").per_hour, 1);
    }

    #[test]
    fn of_a_budget_that_is_written_in_part_the_rest_stays() {
        let policy = read(
            "ip_per_hour = 4\n[prefix]\nper_day = 7\n[range]\nshare = 2.0\n[ip]\nper_hour = 9\n\
             [country]\nshare = 0.5\n[countries.budgets]\nCN = { per_day = 1 }\nUS = { per_day = 2 }",
        );
        assert_eq!(policy.validate(), Ok(()));
        let said = |it: Budget| (it.per_hour, it.per_day, it.share);
        assert_eq!(said(policy.prefix), (20, 7, 1.0));
        assert_eq!(said(policy.range_budget()), (60, 21, 2.0));
        assert_eq!(said(policy.ip_budget()), (9, 12, 1.0));
        assert_eq!(said(policy.country), (100, 200, 0.5));
        assert_eq!(said(policy.country_budget("CN")), (2000, 1, 1.0));
        assert_eq!(said(policy.country_budget("US")), (100, 2, 0.5));
    }

    #[test]
    fn what_the_norms_forbid_is_refused_by_name() {
        for (text, said) in [
            (
                "life_secs = 601",
                "policy.life_secs: must be from 30 to 600, is 601",
            ),
            ("digits = 3", "policy.digits: must be from 4 to 10, is 3"),
            (
                "lock_after_failures = 101",
                "policy.lock_after_failures: must be from 1 to 100, is 101",
            ),
            ("number = []", "policy.number: needs 1 to 8 windows, has 0"),
            (
                "[usage_types.SignIn]\nattempts = 0",
                "policy.usage_types.SignIn.attempts: must be from 1 to 10, is 0",
            ),
            (
                "[countries]\ndeny = [\"cn\"]",
                "policy.countries.deny: `cn` is no country; write two capital ISO letters, such as `CN`, or `001` for numbers of no country",
            ),
            (
                "[countries]\nallow = [\"CN\", \"GB\"]\ndeny = [\"GB\"]",
                "policy.countries.allow: `GB` is denied too; leave one of them out",
            ),
            (
                "[account]\nmoney_per_day = \"10\"",
                "policy.account.prices: a limit of money needs a price for `other` countries",
            ),
        ] {
            let error = read(text).validate().expect_err(text);
            assert_eq!(error.to_string(), said);
        }
    }

    #[test]
    fn ranges_and_addresses_have_budgets_by_their_neighbours_in_the_policy() {
        let policy = Policy::default();
        let (range, ip) = (policy.range_budget(), policy.ip_budget());
        assert_eq!((range.per_hour, range.per_day, range.share), (60, 150, 1.0));
        assert_eq!((ip.per_hour, ip.per_day, ip.share), (0, 60, 1.0));
        let none = read("ip_per_hour = 0\n[prefix]\nper_hour = 5\nper_day = 0\nshare = 0.5");
        assert_eq!(
            (none.range_budget().per_day, none.ip_budget().per_day),
            (0, 0)
        );
        let written = read("[range]\nper_hour = 1\nper_day = 2\nshare = 0.0");
        assert_eq!(written.range_budget().per_hour, 1);
    }

    #[test]
    fn what_is_only_watched_is_a_warning() {
        let policy = read("observe = [\"all\"]");
        assert_eq!(policy.validate(), Ok(()));
        assert!(policy.observes(LimitName::PrefixPerDay));
        assert!(policy.warnings()[0].starts_with("policy.observe: "));
    }

    #[test]
    fn money_for_no_message_is_a_warning() {
        let account = |money: &str| {
            let prices = "prices = { CN = \"0.045\", other = \"0.5\" }";
            read(&format!("[account]\nmoney_per_day = \"{money}\"\n{prices}")).warnings()
        };
        assert!(account("0.04")[0].ends_with("costs less than 0.045: nothing is sent"));
        assert_eq!(account("0.045"), [] as [String; 0]);
    }

    #[test]
    fn unknown_settings_are_refused() {
        assert!(toml::from_str::<Policy>("digit = 6").is_err());
        assert!(toml::from_str::<Policy>("[prefix]\nx = 1").is_err());
    }

    #[test]
    fn short_codes_are_a_warning() {
        let policy = read("[usage_types.SignIn]\ndigits = 4");
        assert_eq!(policy.validate(), Ok(()));
        let warnings = policy.warnings();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("policy.usage_types.SignIn.digits is 4"));
    }
}
