//! Which limits are only watched: what they would refuse is sent, counted and
//! written down, so that a policy can be tried on live traffic first.

use std::collections::BTreeSet;

use super::{PolicyError, wrong};
use crate::limit::LimitName;

/// All that may be watched, but for what bounds the account's spending.
const ALL: &str = "all";

/// Whether a list of names has a limit. What guards one number, its codes and
/// the provider's own windows, always holds.
pub(super) fn has(names: &BTreeSet<String>, limit: LimitName) -> bool {
    if names.is_empty() || limit.is_of_number() {
        return false;
    }
    names.contains(limit.as_str()) || (names.contains(ALL) && !limit.is_of_account())
}

pub(super) fn validate(names: &BTreeSet<String>) -> Result<(), PolicyError> {
    let limit = |name: &String| LimitName::ALL.into_iter().find(|it| it.as_str() == name);
    for name in names.iter().filter(|name| *name != ALL) {
        match limit(name) {
            Some(limit) if !limit.is_of_number() => {}
            Some(_) => {
                let reason =
                    format!("`{name}` guards numbers and codes, and always holds; leave it out");
                return Err(wrong("observe", reason));
            }
            None => {
                let known = LimitName::ALL.into_iter();
                let known = known.filter(|limit| !limit.is_of_number());
                let known: Vec<_> = known.map(LimitName::as_str).collect();
                let reason = format!(
                    "`{name}` is no limit; there are {ALL}, {}",
                    known.join(", ")
                );
                return Err(wrong("observe", reason));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn all_leaves_the_account_its_bounds() {
        let all = names(&["all"]);
        assert!(has(&all, LimitName::PrefixPerHour) && has(&all, LimitName::CountryDenied));
        assert!(!has(&all, LimitName::AccountMoneyPerDay));
        let money = names(&["account_money_per_day"]);
        assert!(has(&money, LimitName::AccountMoneyPerDay));
        assert!(!has(&money, LimitName::AccountPerDay));
        assert_eq!(validate(&all).and(validate(&money)), Ok(()));
    }

    #[test]
    fn what_cannot_be_watched_is_refused_by_name() {
        let error = validate(&names(&["number_locked"])).expect_err("it holds");
        assert!(error.to_string().contains("always holds"), "{error}");
        let error = validate(&names(&["prefix"])).expect_err("it is none");
        assert!(
            error
                .to_string()
                .starts_with("policy.observe: `prefix` is no limit; there are all, ip_per_hour,"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn what_guards_a_number_is_never_watched(
            chosen in prop::collection::btree_set(prop::sample::select(&LimitName::ALL[..])
                .prop_map(|limit| limit.as_str().to_owned()), 0..22),
            all in any::<bool>(),
        ) {
            let mut names = chosen;
            if all {
                names.insert(ALL.to_owned());
            }
            for limit in LimitName::ALL {
                prop_assert!(!(limit.is_of_number() && has(&names, limit)));
                prop_assert_eq!(!limit.is_of_number() && names.contains(limit.as_str())
                    && !has(&names, limit), false);
            }
        }
    }
}
