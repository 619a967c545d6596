use sesame_connector::Reading;

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
        ceiling: Ceiling::Unconfirmed { base, share },
        window: ClockWindow::at(HOUR_SECS, at(7200)),
        name: "x".to_owned(),
    }
}

#[test]
fn addresses_that_are_one_have_one_counter() {
    let keys = keys();
    let name = |ip: &str| ip_name(&keys, ip.parse().expect("an address"));
    assert_eq!(name("2001:db8:1:2::1"), name("2001:db8:1:2:ffff::9"));
    assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
    assert_eq!(name("192.0.2.1"), name("::ffff:192.0.2.1"));
    assert_ne!(name("192.0.2.1"), name("192.0.2.2"));
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
    let full = |issued: i64, confirmed: i64| budget.full_until(issued + confirmed * CONFIRMED, 0);
    assert_eq!(full(20, 0), None);
    assert_eq!(full(21, 0), Some((LimitName::PrefixPerHour, at(14_400))));
    assert_eq!(full(120, 50), None);
    assert!(full(121, 50).is_some());
}

#[test]
fn the_window_before_counts_and_drops_out_first() {
    let budget = charge(20, 1.0);
    assert_eq!(budget.full_until(10, 10), None);
    let (_, until) = budget.full_until(10, 11).expect("full");
    assert_eq!(until, at(10_800));
    let (_, until) = budget.full_until(21, 0).expect("full");
    assert_eq!(until, at(14_400));
}

#[test]
fn what_a_store_forgot_locks_nobody_out() {
    let budget = charge(20, 1.0);
    assert_eq!(budget.full_until(CONFIRMED, 0), None);
    assert_eq!(budget.full_until(CONFIRMED - 1, 0), None);
}

#[test]
fn what_is_given_back_is_what_was_added() {
    let (keys, to) = (keys(), number("+8613800138000"));
    let policy = Policy::default();
    let message = Charged {
        to: &to,
        ip: Some([192, 0, 2, 1].into()),
        is_own: false,
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
    let limited = judge(&[hour, day], &[2, 2], at(7200)).expect_err("both are full");
    assert_eq!(limited.limit, LimitName::PrefixPerDay);
    assert_eq!(limited.retry_after_secs(), Some(86_400 - 7200));
}
