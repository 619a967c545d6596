//! Limits: their names, and the counters that are fought over by many numbers.
//!
//! What concerns one number alone is counted in its record, exactly and in
//! rolling windows (`issue.rs`, `check.rs`). Addresses, prefixes, countries and
//! the account are counted here, in windows of the clock, by additions that
//! every replica may make in any order. To add a limit, give it a name in
//! [`LimitName`] and a line in `charges`.

mod name;

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use sesame_connector::PhoneNumber;

pub(crate) use name::whole_secs;
pub use name::{LimitName, Limited};

use crate::keys::{Keys, hex};
use crate::policy::{Budget, Policy};
use crate::store::{Addition, Key};

const HOUR_SECS: i64 = 3600;
const DAY_SECS: i64 = 86_400;

/// One confirmed code, in a counter of a budget: what was issued is counted in
/// the low 32 bits, what was confirmed in the high ones. Both only grow, but
/// for what was never sent, so additions commute and none is lost.
const CONFIRMED: i64 = 1 << 32;

/// A message that is about to be sent.
pub(crate) struct Charged<'a> {
    pub(crate) to: &'a PhoneNumber,
    pub(crate) ip: Option<IpAddr>,
    /// Whether the code is the caller's own, and its confirmation is not heard
    /// of here.
    pub(crate) is_own: bool,
}

/// What a message adds to one counter, and how much the counter may hold.
pub(crate) struct Charge {
    limit: LimitName,
    amount: i64,
    ceiling: Ceiling,
    window: ClockWindow,
    /// What the counter is called, but for its window.
    name: String,
}

enum Ceiling {
    /// At most so many.
    Count(i64),
    /// See [`Budget`].
    Unconfirmed { base: u32, share: f64 },
}

/// A window of the clock: the `index`th of its length.
#[derive(Clone, Copy)]
struct ClockWindow {
    secs: i64,
    index: i64,
}

impl ClockWindow {
    fn at(secs: i64, time: Timestamp) -> Self {
        let index = time.as_second().div_euclid(secs);
        Self { secs, index }
    }

    fn before(self) -> Self {
        let index = self.index - 1;
        Self { index, ..self }
    }

    fn ends_at(self) -> Timestamp {
        Timestamp::from_second((self.index + 1) * self.secs).unwrap_or(Timestamp::MAX)
    }

    /// The counter lives one window longer than its window: it is still read.
    fn addition(self, name: &str, amount: i64) -> Addition {
        let after = Self {
            index: self.index + 1,
            ..self
        };
        Addition {
            key: Key::new(format!("{name}:{}:{}", self.secs, self.index)),
            amount,
            ends_at: after.ends_at(),
        }
    }
}

/// Everything a message adds to.
pub(crate) fn charges(
    policy: &Policy,
    keys: &Keys,
    message: &Charged<'_>,
    now: Timestamp,
) -> Vec<Charge> {
    let mut all = account_charges(policy, message.to, now);
    if let Some(ip) = message.ip {
        let counted = [(LimitName::IpPerHour, HOUR_SECS, policy.ip_per_hour.into())];
        all.extend(counts(&ip_name(keys, ip), counted, now));
    }
    let (prefix, country) = (prefix_name(keys, message.to), country_name(message.to));
    if message.is_own {
        let own = &policy.own_codes;
        all.extend(counts(
            &format!("{prefix}:own"),
            [
                (
                    LimitName::PrefixPerHour,
                    HOUR_SECS,
                    own.prefix_per_hour.into(),
                ),
                (LimitName::PrefixPerDay, DAY_SECS, own.prefix_per_day.into()),
            ],
            now,
        ));
        all.extend(counts(
            &format!("{country}:own"),
            [
                (
                    LimitName::CountryPerHour,
                    HOUR_SECS,
                    own.country_per_hour.into(),
                ),
                (
                    LimitName::CountryPerDay,
                    DAY_SECS,
                    own.country_per_day.into(),
                ),
            ],
            now,
        ));
    } else {
        let names = [LimitName::PrefixPerHour, LimitName::PrefixPerDay];
        all.extend(budget(&prefix, &policy.prefix, names, now));
        let names = [LimitName::CountryPerHour, LimitName::CountryPerDay];
        let allowed = policy.country_budget(&message.to.region());
        all.extend(budget(&country, allowed, names, now));
    }
    all
}

/// Limits of a plain count; 0 is none.
fn counts<const N: usize>(
    name: &str,
    limits: [(LimitName, i64, i64); N],
    now: Timestamp,
) -> impl Iterator<Item = Charge> {
    limits
        .into_iter()
        .filter(|(_, _, most)| *most > 0)
        .map(move |(limit, secs, most)| Charge {
            limit,
            amount: 1,
            ceiling: Ceiling::Count(most),
            window: ClockWindow::at(secs, now),
            name: name.to_owned(),
        })
}

fn account_charges(policy: &Policy, to: &PhoneNumber, now: Timestamp) -> Vec<Charge> {
    let account = &policy.account;
    let messages = [
        (
            LimitName::AccountPerHour,
            HOUR_SECS,
            account.messages_per_hour.into(),
        ),
        (
            LimitName::AccountPerDay,
            DAY_SECS,
            account.messages_per_day.into(),
        ),
    ];
    let mut all: Vec<_> = counts("all", messages, now).collect();
    all.extend(account.money_per_day.map(|most| Charge {
        limit: LimitName::AccountMoneyPerDay,
        amount: policy.price(to).micros(),
        ceiling: Ceiling::Count(most.micros()),
        window: ClockWindow::at(DAY_SECS, now),
        name: "money".to_owned(),
    }));
    all
}

fn budget(
    name: &str,
    budget: &Budget,
    limits: [LimitName; 2],
    now: Timestamp,
) -> impl Iterator<Item = Charge> {
    let bases = [(HOUR_SECS, budget.per_hour), (DAY_SECS, budget.per_day)];
    let share = budget.share;
    limits
        .into_iter()
        .zip(bases)
        .filter(|(_, (_, base))| *base > 0)
        .map(move |(limit, (secs, base))| Charge {
            limit,
            amount: 1,
            ceiling: Ceiling::Unconfirmed { base, share },
            window: ClockWindow::at(secs, now),
            name: name.to_owned(),
        })
}

/// The additions that count a message. A budget reads the window before too.
pub(crate) fn additions(charges: &[Charge]) -> Vec<Addition> {
    let each = charges.iter().flat_map(|charge| {
        let before = charge.reads_before().then(|| charge.window.before());
        let before = before.map(|window| window.addition(&charge.name, 0));
        std::iter::once(charge.addition(charge.amount)).chain(before)
    });
    each.collect()
}

/// The additions that take a message back which was never sent.
pub(crate) fn give_back(charges: &[Charge]) -> Vec<Addition> {
    let each = charges.iter().map(|charge| charge.addition(-charge.amount));
    each.collect()
}

/// The counters that a limit judges by.
pub(crate) fn counters(charges: &[Charge], limit: LimitName) -> Vec<String> {
    let of = charges.iter().filter(|charge| charge.limit == limit);
    let keys = of.flat_map(|charge| {
        let before = charge.reads_before().then(|| charge.window.before());
        std::iter::once(charge.window)
            .chain(before)
            .map(|window| window.addition(&charge.name, 0).key)
    });
    keys.map(|key| key.as_str().to_owned()).collect()
}

/// All but the charges of an address, which stay where the provider was asked.
pub(crate) fn without_ip(charges: Vec<Charge>) -> Vec<Charge> {
    let is_other = |charge: &Charge| charge.limit != LimitName::IpPerHour;
    charges.into_iter().filter(is_other).collect()
}

/// Whether the totals that the additions gave leave room for the message. Of
/// several limits, the one that ends last.
pub(crate) fn judge(charges: &[Charge], totals: &[i64], now: Timestamp) -> Result<(), Limited> {
    let mut totals = totals.iter().copied();
    let mut next = || totals.next().unwrap_or_default();
    let refusals: Vec<_> = charges
        .iter()
        .filter_map(|charge| {
            let total = next();
            let before = if charge.reads_before() { next() } else { 0 };
            charge.full_until(total, before)
        })
        .collect();
    let last = refusals.into_iter().max_by_key(|(_, until)| *until);
    last.map_or(Ok(()), |(limit, until)| {
        Err(Limited::until(limit, until, now))
    })
}

impl Charge {
    fn addition(&self, amount: i64) -> Addition {
        self.window.addition(&self.name, amount)
    }

    fn reads_before(&self) -> bool {
        matches!(self.ceiling, Ceiling::Unconfirmed { .. })
    }

    /// Until when there is no room, by the totals of this window and the one
    /// before; `None` where there is.
    fn full_until(&self, total: i64, before: i64) -> Option<(LimitName, Timestamp)> {
        let until = match self.ceiling {
            Ceiling::Count(most) => (total > most).then(|| self.window.ends_at()),
            Ceiling::Unconfirmed { base, share } => {
                let (this, before) = (Tally::read(total), Tally::read(before));
                let both = Tally {
                    issued: this.issued + before.issued,
                    confirmed: this.confirmed + before.confirmed,
                };
                // The window before drops out when this one ends, this one when
                // the next ends.
                if both.is_within(base, share) {
                    None
                } else if this.is_within(base, share) {
                    Some(self.window.ends_at())
                } else {
                    let secs = Duration::from_secs(self.window.secs.unsigned_abs());
                    Some(
                        self.window
                            .ends_at()
                            .saturating_add(secs)
                            .unwrap_or(Timestamp::MAX),
                    )
                }
            }
        };
        until.map(|until| (self.limit, until))
    }
}

/// What a budget's counter holds.
#[derive(Clone, Copy)]
struct Tally {
    issued: u32,
    confirmed: u32,
}

impl Tally {
    /// A store that lost its last second may have lost what is now given back;
    /// the borrow that leaves behind is read as nothing.
    fn read(total: i64) -> Self {
        let half = |bits: i64| u32::try_from(bits & 0x7fff_ffff).unwrap_or_default();
        let is_borrowed = total & 0x8000_0000 != 0;
        Self {
            issued: if is_borrowed { 0 } else { half(total) },
            confirmed: half(total >> 32),
        }
    }

    fn is_within(self, base: u32, share: f64) -> bool {
        let unconfirmed = self.issued.saturating_sub(self.confirmed);
        f64::from(unconfirmed) <= f64::from(base) + share * f64::from(self.confirmed)
    }
}

/// What a confirmed code gives to the budgets, in the windows its messages were
/// counted in.
pub(crate) fn confirmations(
    policy: &Policy,
    keys: &Keys,
    to: &PhoneNumber,
    sent_at: &[Timestamp],
) -> Vec<Addition> {
    let named = [
        (prefix_name(keys, to), &policy.prefix),
        (country_name(to), policy.country_budget(&to.region())),
    ];
    let each = named.iter().flat_map(|(name, budget)| {
        let spans = [(HOUR_SECS, budget.per_hour), (DAY_SECS, budget.per_day)];
        let counted = spans.into_iter().filter(|(_, base)| *base > 0);
        counted.flat_map(move |(secs, _)| {
            let window = move |at: &Timestamp| ClockWindow::at(secs, *at);
            sent_at
                .iter()
                .map(move |at| window(at).addition(name, CONFIRMED))
        })
    });
    each.collect()
}

/// An address, IPv6 by its /64: nobody has less. An IPv4 address may be written
/// as one of IPv6.
fn ip_name(keys: &Keys, ip: IpAddr) -> String {
    let hash = match ip.to_canonical() {
        IpAddr::V4(ip) => keys.keyed_hash("ip", &ip.octets()),
        IpAddr::V6(ip) => keys.keyed_hash("ip", &ip.octets()[..8]),
    };
    format!("ip:{}", hex(&hash[..16]))
}

/// A number without its last four digits: ten thousand neighbours.
fn prefix_name(keys: &Keys, to: &PhoneNumber) -> String {
    let number = to.e164();
    let prefix = &number[..number.len().saturating_sub(4)];
    let hash = keys.keyed_hash("prefix", prefix.as_bytes());
    format!("prefix:{}", hex(&hash[..16]))
}

fn country_name(to: &PhoneNumber) -> String {
    // Numbers of no country are told apart by their calling code.
    format!("country:{}:{}", to.region(), to.country_code())
}

#[cfg(test)]
mod tests;
