//! Where messages may go at all: lists of countries and of prefixes.
//!
//! The longest prefix that a number begins with decides; where none of them
//! does, its country.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use sesame_connector::{PhoneNumber, Region};

use super::{Budget, PolicyError, WrittenBudget, wrong};
use crate::limit::LimitName;

/// No number has more digits (ITU-T E.164 §6).
const MOST_DIGITS: usize = 15;

/// Calling codes that belong to no country (ITU-T E.164.D).
const OF_NO_COUNTRY: [&str; 9] = [
    "800", "808", "870", "878", "881", "882", "883", "888", "979",
];

const MAINLAND: Budget = Budget {
    per_hour: 2000,
    per_day: 10_000,
    share: 1.0,
};

/// Where messages may go, by ISO letters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Countries {
    /// Only there, if any are named.
    pub allow: BTreeSet<String>,
    /// Never there.
    pub deny: BTreeSet<String>,
    /// Budgets that take the place of [`Policy::country`](super::Policy::country).
    /// By default there is a generous one for the mainland: messages there are
    /// cheap, and nobody earns by receiving them. It stays beside what is
    /// written for other countries, and what is not written of it stays.
    #[serde(deserialize_with = "over_default")]
    pub budgets: BTreeMap<String, WrittenBudget>,
}

impl Default for Countries {
    fn default() -> Self {
        Self {
            allow: BTreeSet::new(),
            deny: BTreeSet::new(),
            budgets: BTreeMap::from([("CN".to_owned(), MAINLAND.into())]),
        }
    }
}

fn over_default<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, WrittenBudget>, D::Error> {
    let mut budgets = BTreeMap::<String, WrittenBudget>::deserialize(deserializer)?;
    let mainland = budgets.entry("CN".to_owned()).or_default();
    *mainland = mainland.over(MAINLAND).into();
    Ok(budgets)
}

/// Exceptions from the countries, by how a number in E.164 begins: `+447911`.
/// `+` alone is all numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prefixes {
    /// There, though a shorter prefix or the country is denied.
    pub allow: BTreeSet<String>,
    /// Never there, though a shorter prefix or the country is allowed.
    pub deny: BTreeSet<String>,
}

/// Why a number gets no messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// Which list.
    pub(crate) limit: LimitName,
    /// What stands there, or does not.
    pub(crate) reason: String,
}

impl Countries {
    /// Whether a country may get messages. The ISO letters of its region, or
    /// `001`.
    pub(super) fn allows(&self, country: &str) -> bool {
        !self.deny.contains(country) && (self.allow.is_empty() || self.allow.contains(country))
    }

    pub(super) fn validate(&self) -> Result<(), PolicyError> {
        named("countries.allow", &self.allow)?;
        named("countries.deny", &self.deny)?;
        if let Some(both) = self.allow.intersection(&self.deny).next() {
            let reason = format!("`{both}` is denied too; leave one of them out");
            return Err(wrong("countries.allow", reason));
        }
        named("countries.budgets", self.budgets.keys())
    }
}

impl Prefixes {
    /// What the longest prefix of a number says, and which that is; none where
    /// no prefix fits.
    fn decides(&self, number: &str) -> Option<(bool, &str)> {
        let longest = |list: &BTreeSet<String>| {
            let fits = (1..=number.len()).rev().map(|length| &number[..length]);
            fits.filter_map(|head| list.get(head).map(String::len))
                .next()
        };
        let (allowed, denied) = (longest(&self.allow), longest(&self.deny));
        let length = allowed.max(denied)?;
        // The same prefix is in one list only.
        let entry = self.allow.get(&number[..length]);
        let denying = self.deny.get(&number[..length]);
        match (entry, denying) {
            (Some(entry), None) => Some((true, entry)),
            (_, denying) => denying.map(|entry| (false, entry.as_str())),
        }
    }

    pub(super) fn validate(&self, countries: &Countries) -> Result<(), PolicyError> {
        for (setting, list) in [
            ("prefixes.allow", &self.allow),
            ("prefixes.deny", &self.deny),
        ] {
            list.iter().try_for_each(|entry| readable(setting, entry))?;
        }
        if let Some(both) = self.allow.intersection(&self.deny).next() {
            let reason = format!("`{both}` is denied too; leave one of them out");
            return Err(wrong("prefixes.allow", reason));
        }
        let country_denies = !countries.allow.is_empty() || !countries.deny.is_empty();
        let is_denied = |entry: &&String| {
            let mut denied = self.deny.iter();
            denied.any(|denied| entry.starts_with(denied.as_str()))
        };
        match self.allow.iter().find(|entry| !is_denied(entry)) {
            Some(idle) if !country_denies => Err(wrong(
                "prefixes.allow",
                format!(
                    "`{idle}` is allowed without it; to send only there, write deny = [\"+\"] beside it"
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Whether a number may get messages.
pub(super) fn admits(
    countries: &Countries,
    prefixes: &Prefixes,
    to: &PhoneNumber,
) -> Result<(), Denied> {
    match prefixes.decides(&to.e164()) {
        Some((true, _)) => Ok(()),
        Some((false, entry)) => Err(Denied {
            limit: LimitName::PrefixDenied,
            reason: format!("prefixes.deny={entry}"),
        }),
        None => {
            let country = to.region();
            if countries.allows(&country) {
                return Ok(());
            }
            let list = match countries.deny.contains(&country) {
                true => "countries.deny has",
                false => "countries.allow lacks",
            };
            Err(Denied {
                limit: LimitName::CountryDenied,
                reason: format!("{list} {country}"),
            })
        }
    }
}

/// Countries, each by its capital ISO letters.
pub(super) fn named<'a>(
    setting: &str,
    codes: impl IntoIterator<Item = &'a String>,
) -> Result<(), PolicyError> {
    let known = |code: &str| {
        code == "001" || Region::parse(code).is_some_and(|region| region.to_string() == code)
    };
    match codes.into_iter().find(|code| !known(code)) {
        Some(code) => Err(wrong(
            setting,
            format!(
                "`{code}` is no country; write two capital ISO letters, such as `CN`, or `001` for numbers of no country"
            ),
        )),
        None => Ok(()),
    }
}

/// A `+`, and the first digits of numbers there can be.
fn readable(setting: &str, entry: &str) -> Result<(), PolicyError> {
    let digits = entry.strip_prefix('+').filter(|digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= MOST_DIGITS
    });
    let Some(digits) = digits else {
        let reason = format!(
            "`{entry}` is no prefix; write `+`, the country code and the digits behind it, such as `+447911`"
        );
        return Err(wrong(setting, reason));
    };
    let begins_with =
        |code: &str| digits.starts_with(code) || (!code.is_empty() && code.starts_with(digits));
    let is_known = digits.is_empty()
        || OF_NO_COUNTRY.iter().any(|code| begins_with(code))
        || Region::all()
            .into_iter()
            .any(|region| begins_with(&region.country_code().to_string()));
    if !is_known {
        let reason = format!("`{entry}` begins with no country code there is");
        return Err(wrong(setting, reason));
    }
    let has_zero = |region: Region| digits.starts_with(&format!("{}0", region.country_code()));
    if Region::all().into_iter().any(has_zero) && !PhoneNumber::can_begin_with(digits) {
        let reason = format!(
            "no number begins with `{entry}`: the 0 behind the country code is dialled inside the country alone; leave it out"
        );
        return Err(wrong(setting, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sesame_connector::Reading;

    use super::*;

    fn list(entries: &[&str]) -> BTreeSet<String> {
        entries.iter().map(|entry| (*entry).to_owned()).collect()
    }

    fn prefixes(allow: &[&str], deny: &[&str]) -> Prefixes {
        Prefixes {
            allow: list(allow),
            deny: list(deny),
        }
    }

    fn countries(allow: &[&str], deny: &[&str]) -> Countries {
        Countries {
            allow: list(allow),
            deny: list(deny),
            ..Countries::default()
        }
    }

    fn said(countries: &Countries, prefixes: &Prefixes, to: &str) -> String {
        let to = PhoneNumber::parse(to, &Reading::default()).expect("a number");
        admits(countries, prefixes, &to).map_or_else(|denied| denied.reason, |()| "ok".to_owned())
    }

    #[test]
    fn a_zero_that_is_dialled_inside_a_country_alone_is_refused() {
        for entry in ["+4407911", "+86013", "+490", "+8490", "+85208"] {
            let read = prefixes(&[], &[entry]).validate(&Countries::default());
            let is_refused = entry != "+8490";
            assert_eq!(read.is_err(), is_refused, "{entry}");
        }
        for entry in [
            "+390", "+39066", "+3780549", "+2250707", "+24106", "+24206", "+22901", "+447911", "+",
        ] {
            let read = prefixes(&[], &[entry]).validate(&Countries::default());
            assert_eq!(read, Ok(()), "{entry}");
        }
    }

    #[test]
    fn the_longest_prefix_goes_before_the_country() {
        let prefixes = prefixes(&["+44791112", "+852"], &["+447911", "+8617"]);
        let countries = countries(&["CN", "GB"], &[]);
        for (to, reason) in [
            ("+447400123456", "ok"),
            ("+447911234567", "prefixes.deny=+447911"),
            ("+447911123456", "ok"),
            ("+8613800138000", "ok"),
            ("+8617000138000", "prefixes.deny=+8617"),
            ("+85251234567", "ok"),
            ("+14155552671", "countries.allow lacks US"),
        ] {
            assert_eq!(said(&countries, &prefixes, to), reason, "{to}");
        }
    }

    #[test]
    fn all_but_a_few_may_be_denied() {
        let prefixes = prefixes(&["+8613"], &["+"]);
        assert_eq!(prefixes.validate(&Countries::default()), Ok(()));
        let none = Countries::default();
        assert_eq!(said(&none, &prefixes, "+8613800138000"), "ok");
        assert_eq!(said(&none, &prefixes, "+447400123456"), "prefixes.deny=+");
        let denied = countries(&[], &["GB"]);
        let reason = said(&denied, &Prefixes::default(), "+447400123456");
        assert_eq!(reason, "countries.deny has GB");
    }

    #[test]
    fn what_is_no_prefix_is_refused_by_name() {
        let none = Countries::default();
        for (allow, deny, said) in [
            (&[][..], &["8617"][..], "`8617` is no prefix"),
            (&[], &["+86 17"], "`+86 17` is no prefix"),
            (&[], &["+1234567890123456"], "is no prefix"),
            (
                &[],
                &["+099"],
                "policy.prefixes.deny: `+099` begins with no country code",
            ),
            (&[], &["+2100"], "begins with no country code"),
            (
                &["+86"],
                &["+86"],
                "policy.prefixes.allow: `+86` is denied too",
            ),
            (&["+86"], &["+44"], "write deny = [\"+\"] beside it"),
        ] {
            let error = prefixes(allow, deny).validate(&none).expect_err(said);
            assert!(error.to_string().contains(said), "{error}");
        }
        let good = prefixes(&["+4479"], &["+8", "+44", "+870"]);
        assert_eq!(good.validate(&none), Ok(()));
        // A country that is left out can have an exception.
        let exception = prefixes(&["+4479"], &[]);
        assert_eq!(exception.validate(&countries(&["CN"], &[])), Ok(()));
    }

    proptest! {
        /// As if one looked at every entry there is.
        #[test]
        fn no_longer_entry_fits(
            number in "\\+[1-3]{6}",
            allow in prop::collection::btree_set("\\+[1-3]{0,5}", 0..6),
            deny in prop::collection::btree_set("\\+[1-3]{0,5}", 0..6),
        ) {
            let allow: BTreeSet<_> = allow.difference(&deny).cloned().collect();
            let entries = allow.iter().map(|entry| (true, entry));
            let entries = entries.chain(deny.iter().map(|entry| (false, entry)));
            let longest = entries
                .filter(|(_, entry)| number.starts_with(entry.as_str()))
                .max_by_key(|(_, entry)| entry.len())
                .map(|(allows, entry)| (allows, entry.clone()));
            let prefixes = Prefixes { allow, deny };
            let decided = prefixes.decides(&number);
            prop_assert_eq!(decided.map(|(allows, entry)| (allows, entry.to_owned())), longest);
        }
    }
}
