use proptest::prelude::*;
use sesame_connector::Reading;

use super::draw::{DAY_SECS, HOUR_SECS, ip_lines, ip_name, prefix_name, range_name};
use super::*;
use crate::keys::{CodeKey, NumberKey};

fn keys() -> Keys {
    Keys::new(
        CodeKey::new("k", [1; 32]),
        Vec::new(),
        NumberKey::new([2; 32]),
    )
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, &Reading::default()).expect("a number")
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(secs).expect("a time")
}

fn charge(base: u32, share: f64) -> Charge {
    Charge {
        limit: LimitName::PrefixPerHour,
        amount: 1,
        ceiling: Ceiling::Unconfirmed {
            base,
            share,
            looks_back: true,
        },
        window: ClockWindow::at(HOUR_SECS, at(7200)),
        name: "x".to_owned(),
        is_observed: false,
    }
}

/// Until when a charge finds no room.
fn full_until(charge: &Charge, total: i64, before: i64) -> Option<Timestamp> {
    let full = charge.ceiling.full(charge.amount, total, before)?;
    Some(charge.window.end_of(&full))
}

#[test]
fn addresses_that_are_one_have_one_counter() {
    let keys = keys();
    let name = |ip: &str| ip_name(&keys, ip.parse().expect("an address"));
    assert_eq!(name("2001:db8:1:2::1"), name("2001:db8:1:2:ffff::9"));
    assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
    assert_eq!(name("192.0.2.1"), name("::ffff:192.0.2.1"));
    assert_ne!(name("192.0.2.1"), name("192.0.2.2"));
    assert_eq!(name("192.0.2.1"), name("64:ff9b::192.0.2.1"));
    assert_eq!(name("64:ff9b:1::1"), name("64:ff9b:1::2"));
}

#[test]
fn neighbours_share_a_prefix_and_nobody_reads_it() {
    let keys = keys();
    let name = |text: &str| prefix_name(&keys, &number(text));
    assert_eq!(name("+8613800138000"), name("+8613800139999"));
    assert_ne!(name("+8613800138000"), name("+8613800148000"));
    assert!(!name("+8613800138000").contains("1380013"));
}

#[test]
fn a_budget_grows_with_what_is_confirmed() {
    let budget = charge(20, 1.0);
    let full = |issued: i64, confirmed: i64| full_until(&budget, issued + confirmed * CONFIRMED, 0);
    assert_eq!(full(20, 0), None);
    assert_eq!(full(21, 0), Some(at(14_400)));
    assert_eq!(full(120, 50), None);
    assert!(full(121, 50).is_some());
}

#[test]
fn the_window_before_counts_and_drops_out_first() {
    let budget = charge(20, 1.0);
    assert_eq!(full_until(&budget, 10, 10), None);
    assert_eq!(full_until(&budget, 10, 11), Some(at(10_800)));
    assert_eq!(full_until(&budget, 21, 0), Some(at(14_400)));
}

#[test]
fn what_a_store_forgot_locks_nobody_out() {
    let budget = charge(20, 1.0);
    assert_eq!(full_until(&budget, CONFIRMED, 0), None);
    assert_eq!(full_until(&budget, CONFIRMED - 1, 0), None);
}

#[test]
fn what_is_given_back_is_what_was_added() {
    let (keys, to) = (keys(), number("+8613800138000"));
    let policy = Policy::default();
    let message = Charged {
        to: &to,
        ip: Some([192, 0, 2, 1].into()),
        is_own: false,
        segments: 1,
    };
    let charges = charges(&policy, &keys, &message, at(7200));
    let mut added: Vec<_> = additions(&charges);
    added.retain(|addition| addition.amount != 0);
    for back in give_back(&charges) {
        let index = added.iter().position(|addition| addition.key == back.key);
        let addition = added.swap_remove(index.expect("it was added"));
        assert_eq!(addition.amount, -back.amount);
    }
    assert!(added.is_empty());
}

#[test]
fn the_limit_that_ends_last_is_told() {
    let hour = Charge {
        ceiling: Ceiling::Count(1),
        ..charge(0, 0.0)
    };
    let day = Charge {
        limit: LimitName::PrefixPerDay,
        window: ClockWindow::at(DAY_SECS, at(7200)),
        ceiling: Ceiling::Count(1),
        ..charge(0, 0.0)
    };
    let judged = judge(&[hour, day], &[2, 2], at(7200));
    let limited = judged.refused.expect("both are full").limited;
    assert_eq!(limited.limit, LimitName::PrefixPerDay);
    assert_eq!(limited.retry_after_secs(), Some(86_400 - 7200));
    assert_eq!(judged.observed, None);
}

#[test]
fn what_an_address_may_ask_for_grows_with_what_is_confirmed_in_the_hour() {
    let (policy, keys) = (Policy::default(), keys());
    let mut lines = ip_lines(&policy, &ip_name(&keys, [192, 0, 2, 1].into()));
    let hour = lines.next().expect("a line").charge(at(7200));
    assert_eq!(hour.limit, LimitName::IpPerHour);
    assert!(!hour.reads_before());
    assert_eq!(full_until(&hour, 20, 0), None);
    // It ends with the hour, not with the next.
    assert_eq!(full_until(&hour, 21, 0), Some(at(10_800)));
    assert_eq!(full_until(&hour, 40 + 10 * CONFIRMED, 0), None);
    assert!(full_until(&hour, 41 + 10 * CONFIRMED, 0).is_some());
    let day = lines.next().expect("a line");
    assert_eq!((day.limit, day.base), (LimitName::IpUnconfirmedPerDay, 60));
    assert!(lines.next().is_none());
}

#[test]
fn ten_prefixes_are_a_range() {
    let keys = keys();
    let name = |text: &str| range_name(&keys, &number(text));
    assert_eq!(name("+8613800138000"), name("+8613800199999"));
    assert_ne!(name("+8613800138000"), name("+8613800238000"));
}

#[test]
fn what_is_watched_refuses_nothing_and_counts_as_if_it_did() {
    let policy = Policy {
        observe: ["prefix_per_hour".to_owned()].into(),
        ..Policy::default()
    };
    let (keys, to) = (keys(), number("+8613800138000"));
    let message = Charged {
        to: &to,
        ip: None,
        is_own: false,
        segments: 1,
    };
    let charges = charges(&policy, &keys, &message, at(7200));
    let totals: Vec<i64> = charges
        .iter()
        .flat_map(|charge| match charge.limit {
            LimitName::PrefixPerHour => [21, 0],
            _ => [1, 0],
        })
        .collect();
    let judged = judge(&charges, &totals, at(7200));
    assert_eq!(judged.refused, None);
    let reached = judged.observed.expect("it would be refused");
    assert_eq!(reached.limited.limit, LimitName::PrefixPerHour);
    assert_eq!(reached.reason, "unconfirmed=21 confirmed=0 base=20 share=1");
    let (counted, watched) = as_if_refused(charges);
    assert!(counted.iter().all(|charge| !charge.is_observed));
    assert_eq!(watched.len(), 1);
    // And what is not counted is not confirmed.
    let confirmed = |would_refuse| {
        let sent = Sent {
            out_id: String::new(),
            at: at(7200),
            verification: None,
            ip: None,
            would_refuse,
        };
        confirmations(&policy, &keys, &to, &[sent]).len()
    };
    assert_eq!(confirmed(false) - confirmed(true), 1);
}

#[test]
fn a_country_that_is_used_up_holds_back_no_range_that_proved_itself() {
    let (policy, keys, to) = (Policy::default(), keys(), number("+447400123456"));
    let message = Charged {
        to: &to,
        ip: None,
        is_own: false,
        segments: 1,
    };
    let charges = charges(&policy, &keys, &message, at(7200));
    let judged = |issued: i64, confirmed: i64| {
        let totals: Vec<i64> = charges
            .iter()
            .flat_map(|charge| match charge.limit {
                LimitName::CountryPerHour | LimitName::CountryPerDay => [5000, 0],
                LimitName::RangePerDay => [issued, confirmed * CONFIRMED + confirmed],
                _ => [1, 0],
            })
            .collect();
        let refused = judge(&charges, &totals, at(7200)).refused;
        refused.map(|reached| reached.limited.limit)
    };
    assert_eq!(judged(1, 0), Some(LimitName::CountryPerDay));
    assert_eq!(judged(1, 9), Some(LimitName::CountryPerDay), "too few");
    assert_eq!(judged(10, 10), None);
    assert_eq!(
        judged(11, 10),
        Some(LimitName::CountryPerDay),
        "too many open"
    );
}

#[test]
fn most_of_a_days_money_is_told_once() {
    let policy: Policy = toml::from_str(
        "[account]\nmoney_per_day = \"1\"\nprices = { CN = \"0.3\", other = \"1\" }",
    )
    .expect("a policy");
    let (keys, to) = (keys(), number("+8613800138000"));
    let message = Charged {
        to: &to,
        ip: None,
        is_own: true,
        segments: 1,
    };
    let charges: Vec<_> = charges(&policy, &keys, &message, at(7200))
        .into_iter()
        .filter(|charge| charge.limit.is_of_account())
        .collect();
    let near = |total: i64| nearing(&charges, &[total]).len();
    assert_eq!(
        [300_000, 600_000, 900_000, 1_200_000].map(near),
        [0, 0, 1, 0]
    );
    assert_eq!(judge(&charges, &[1_000_000], at(7200)).refused, None);
    let refused = judge(&charges, &[1_000_001], at(7200)).refused;
    let refused = refused.expect("it is spent");
    assert_eq!(refused.limited.ends_at, Some(at(86_400)));
    assert_eq!(refused.reason, "used=700001 asked=300000 most=1000000");
}

#[test]
fn every_segment_of_a_text_is_paid() {
    let policy: Policy = toml::from_str(
        "[account]\nmoney_per_day = \"1\"\nprices = { CN = \"0.3\", other = \"1\" }",
    )
    .expect("a policy");
    let (keys, to) = (keys(), number("+8613800138000"));
    let amounts = [1, 3, usize::MAX].map(|segments| {
        let message = Charged {
            to: &to,
            ip: None,
            is_own: false,
            segments,
        };
        let charges = charges(&policy, &keys, &message, at(7200));
        let money = |charge: &&Charge| charge.limit == LimitName::AccountMoneyPerDay;
        charges.iter().find(money).map(|charge| charge.amount)
    });
    assert_eq!(amounts, [Some(300_000), Some(900_000), Some(i64::MAX)]);
}

proptest! {
    /// However messages are counted, taken back and confirmed, in whichever
    /// order, the counters hold what was sent.
    #[test]
    fn counters_come_to_nought_when_all_is_taken_back(
        offsets in prop::collection::vec(0..7200_i64, 1..8),
        own in any::<bool>(),
        observe in prop::sample::subsequence(vec!["all", "range_per_day", "ip_per_hour"], 0..3),
    ) {
        let policy = Policy {
            observe: observe.into_iter().map(str::to_owned).collect(),
            ..Policy::default()
        };
        let (keys, to) = (keys(), number("+8613800138000"));
        let mut totals = std::collections::BTreeMap::<String, i64>::new();
        for offset in &offsets {
            let message = Charged { to: &to, ip: Some([192, 0, 2, 1].into()), is_own: own, segments: 1 };
            let charges = charges(&policy, &keys, &message, at(7200 + offset));
            let keys: std::collections::BTreeSet<_> =
                additions(&charges).into_iter().map(|addition| addition.key).collect();
            prop_assert_eq!(keys.len(), additions(&charges).len(), "each counter once");
            for addition in additions(&charges) {
                *totals.entry(addition.key.as_str().to_owned()).or_default() += addition.amount;
            }
            let (counted, watched) = as_if_refused(charges);
            for addition in give_back(&watched).into_iter().chain(give_back(&counted)) {
                *totals.entry(addition.key.as_str().to_owned()).or_default() += addition.amount;
            }
        }
        prop_assert!(totals.values().all(|total| *total == 0));
    }

    /// A confirmed code goes to counters that its message was counted in.
    #[test]
    fn what_is_confirmed_was_counted(secs in 0..200_000_i64, with_ip in any::<bool>()) {
        let (policy, keys, to) = (Policy::default(), keys(), number("+447400123456"));
        let ip = with_ip.then_some([192, 0, 2, 1].into());
        let message = Charged { to: &to, ip, is_own: false, segments: 1 };
        let counted = additions(&charges(&policy, &keys, &message, at(secs)));
        let counted: Vec<_> = counted.into_iter().filter(|one| one.amount != 0).map(|one| one.key).collect();
        let sent = Sent {
            out_id: String::new(),
            at: at(secs),
            verification: None,
            ip: ip_of_record(&policy, &keys, ip),
            would_refuse: false,
        };
        let confirmed = confirmations(&policy, &keys, &to, &[sent]);
        prop_assert_eq!(confirmed.len(), counted.len());
        for addition in confirmed {
            prop_assert!(counted.contains(&addition.key) && addition.amount == CONFIRMED);
        }
    }
}
