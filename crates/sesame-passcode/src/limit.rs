//! Limits: their names, and the counters that are fought over by many numbers.
//!
//! What concerns one number alone is counted in its record, exactly and in
//! rolling windows (`issue.rs`, `check.rs`). Addresses, prefixes, ranges,
//! countries and the account are counted here, in windows of the clock, by
//! additions that every replica may make in any order. To add a limit, give it
//! a name in [`LimitName`] and a line in `charges`, or in `budgets` if confirmed
//! codes make room in it.

mod ceiling;
mod name;

use std::net::IpAddr;

use jiff::Timestamp;
use sesame_connector::PhoneNumber;

use ceiling::{Ceiling, Full};
pub(crate) use name::whole_secs;
pub use name::{LimitName, Limited};

use crate::keys::{Keys, hex};
use crate::policy::{Budget, Policy};
use crate::record::Sent;
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
    /// Whether the limit is only watched.
    is_observed: bool,
}

/// A limit was reached, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) limited: Limited,
    /// The figures behind it, for the operator.
    pub(crate) reason: String,
}

impl From<Limited> for Reached {
    /// A limit that says all by its name.
    fn from(limited: Limited) -> Self {
        let reason = String::new();
        Self { limited, reason }
    }
}

/// What all limits say of a message together. Of several that are reached, the
/// one that ends last is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Judged {
    /// By a limit that holds.
    pub(crate) refused: Option<Reached>,
    /// By one that is only watched.
    pub(crate) observed: Option<Reached>,
}

/// A budget that a code draws on.
struct Line {
    limit: LimitName,
    secs: i64,
    base: u32,
    share: f64,
    /// Whether the window before counts too.
    looks_back: bool,
    name: String,
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

    fn after(self) -> Self {
        let index = self.index + 1;
        Self { index, ..self }
    }

    /// Until when what is full stays so, if nothing is confirmed.
    fn end_of(self, full: &Full) -> Timestamp {
        match full.also_next {
            true => self.after().ends_at(),
            false => self.ends_at(),
        }
    }

    /// The counter lives one window longer than its window: it is still read.
    fn addition(self, name: &str, amount: i64) -> Addition {
        Addition {
            key: Key::new(format!("{name}:{}:{}", self.secs, self.index)),
            amount,
            ends_at: self.after().ends_at(),
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
    let ip = message.ip.map(|ip| ip_name(keys, ip));
    if message.is_own {
        // Nobody tells us which of them were confirmed, so they draw on no
        // budget; only what an address may ask for at all is one.
        let ip = ip.iter().flat_map(|name| ip_lines(policy, name));
        let ip = ip.filter(|line| line.limit == LimitName::IpPerHour);
        all.extend(ip.map(|line| line.charge(now)));
        all.extend(own_charges(policy, keys, message.to, now));
    } else {
        let lines = budgets(policy, keys, message.to, ip.as_deref());
        all.extend(lines.into_iter().map(|line| line.charge(now)));
    }
    for charge in &mut all {
        charge.is_observed = policy.observes(charge.limit);
    }
    all
}

/// What an address is called in a number's record, so that a confirmed code
/// makes room for it; none where no limit of addresses draws on that.
pub(crate) fn ip_of_record(policy: &Policy, keys: &Keys, ip: Option<IpAddr>) -> Option<String> {
    let name = ip.map(|ip| ip_name(keys, ip))?;
    ip_lines(policy, &name).next().is_some().then_some(name)
}

/// The budgets of a code to a number, asked for by an address.
fn budgets(policy: &Policy, keys: &Keys, to: &PhoneNumber, ip: Option<&str>) -> Vec<Line> {
    use LimitName::{
        CountryPerDay, CountryPerHour, PrefixPerDay, PrefixPerHour, RangePerDay, RangePerHour,
    };
    let named = [
        (
            prefix_name(keys, to),
            policy.prefix,
            [PrefixPerHour, PrefixPerDay],
        ),
        (
            range_name(keys, to),
            policy.range_budget(),
            [RangePerHour, RangePerDay],
        ),
        (
            country_name(to),
            *policy.country_budget(&to.region()),
            [CountryPerHour, CountryPerDay],
        ),
    ];
    let all = named
        .into_iter()
        .flat_map(|(name, budget, limits)| lines(&name, &budget, limits));
    let of_ip = ip.into_iter().flat_map(|name| ip_lines(policy, name));
    all.chain(of_ip).collect()
}

/// The budgets of an address. What it may ask for in an hour at all is one that
/// nothing but confirmed codes of that hour makes room in.
fn ip_lines(policy: &Policy, name: &str) -> impl Iterator<Item = Line> + use<> {
    use LimitName::{IpPerHour, IpUnconfirmedPerDay, IpUnconfirmedPerHour};
    let budget = policy.ip_budget();
    let any = Line {
        limit: IpPerHour,
        secs: HOUR_SECS,
        base: policy.ip_per_hour,
        share: budget.share,
        looks_back: false,
        name: name.to_owned(),
    };
    let any = (any.base > 0).then_some(any);
    let limits = [IpUnconfirmedPerHour, IpUnconfirmedPerDay];
    any.into_iter()
        .chain(lines(&format!("{name}:u"), &budget, limits))
}

fn lines(name: &str, budget: &Budget, limits: [LimitName; 2]) -> Vec<Line> {
    let spans = [(HOUR_SECS, budget.per_hour), (DAY_SECS, budget.per_day)];
    let each = limits.into_iter().zip(spans);
    each.filter(|(_, (_, base))| *base > 0)
        .map(|(limit, (secs, base))| Line {
            limit,
            secs,
            base,
            share: budget.share,
            looks_back: true,
            name: name.to_owned(),
        })
        .collect()
}

impl Line {
    fn charge(self, now: Timestamp) -> Charge {
        Charge {
            limit: self.limit,
            amount: 1,
            ceiling: Ceiling::Unconfirmed {
                base: self.base,
                share: self.share,
                looks_back: self.looks_back,
            },
            window: ClockWindow::at(self.secs, now),
            name: self.name,
            is_observed: false,
        }
    }
}

/// Callers' own codes, by prefix and country.
fn own_charges(policy: &Policy, keys: &Keys, to: &PhoneNumber, now: Timestamp) -> Vec<Charge> {
    use LimitName::{CountryPerDay, CountryPerHour, PrefixPerDay, PrefixPerHour};
    let own = &policy.own_codes;
    let prefix = [
        (PrefixPerHour, HOUR_SECS, own.prefix_per_hour.into()),
        (PrefixPerDay, DAY_SECS, own.prefix_per_day.into()),
    ];
    let country = [
        (CountryPerHour, HOUR_SECS, own.country_per_hour.into()),
        (CountryPerDay, DAY_SECS, own.country_per_day.into()),
    ];
    let prefix_name = format!("{}:own", prefix_name(keys, to));
    let country_name = format!("{}:own", country_name(to));
    let prefix = counts(&prefix_name, prefix, now);
    prefix.chain(counts(&country_name, country, now)).collect()
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
            is_observed: false,
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
        is_observed: false,
    }));
    all
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

/// All but what an address may ask for at all, which stays where the provider
/// was asked.
pub(crate) fn without_ip(charges: Vec<Charge>) -> Vec<Charge> {
    let is_other = |charge: &Charge| charge.limit != LimitName::IpPerHour;
    charges.into_iter().filter(is_other).collect()
}

/// What is to be counted of a message that a watched limit would have refused:
/// what holds, and what the account really spends. All else that is watched
/// counts as if it held, so that it tells what it would do.
pub(crate) fn as_if_refused(charges: Vec<Charge>) -> (Vec<Charge>, Vec<Charge>) {
    let is_counted = |charge: &Charge| !charge.is_observed || charge.limit.is_of_account();
    charges.into_iter().partition(is_counted)
}

/// What the totals that the additions gave say of the message. A country whose
/// budget somebody used up holds nobody back whose range has proved itself:
/// otherwise a pump that spreads would keep out everybody there.
pub(crate) fn judge(charges: &[Charge], totals: &[i64], now: Timestamp) -> Judged {
    let mut judged = Judged::default();
    let is_proven = with_totals(charges, totals).any(|(charge, total, before)| {
        charge.limit == LimitName::RangePerDay && charge.ceiling.is_proven(total, before)
    });
    let held = |charge: &Charge| !(is_proven && charge.limit.is_of_country());
    for (charge, total, before) in with_totals(charges, totals) {
        let full = charge.ceiling.full(charge.amount, total, before);
        let Some(full) = full.filter(|_| held(charge)) else {
            continue;
        };
        let until = charge.window.end_of(&full);
        let told = match charge.is_observed {
            true => &mut judged.observed,
            false => &mut judged.refused,
        };
        let ends_at = told.as_ref().and_then(|reached| reached.limited.ends_at);
        if ends_at.is_none_or(|ends_at| ends_at <= until) {
            *told = Some(Reached {
                limited: Limited::until(charge.limit, until, now),
                reason: full.reason,
            });
        }
    }
    judged
}

/// The limits of the account of which this message used up four fifths: told
/// once in a window, since one addition alone steps over that.
pub(crate) fn nearing(charges: &[Charge], totals: &[i64]) -> Vec<Reached> {
    let all = with_totals(charges, totals);
    let of_account = all.filter(|(charge, ..)| charge.limit.is_of_account());
    let near = of_account.filter_map(|(charge, total, _)| {
        let reason = charge.ceiling.is_nearly_full_by(charge.amount, total)?;
        let until = charge.window.ends_at();
        Some(Reached {
            limited: Limited::until(charge.limit, until, until),
            reason,
        })
    });
    near.collect()
}

/// Each charge, the total of its window, and that of the window before.
fn with_totals<'a>(
    charges: &'a [Charge],
    totals: &'a [i64],
) -> impl Iterator<Item = (&'a Charge, i64, i64)> {
    let mut totals = totals.iter().copied();
    charges.iter().map(move |charge| {
        let total = totals.next().unwrap_or_default();
        let before = match charge.reads_before() {
            true => totals.next().unwrap_or_default(),
            false => 0,
        };
        (charge, total, before)
    })
}

impl Charge {
    fn addition(&self, amount: i64) -> Addition {
        self.window.addition(&self.name, amount)
    }

    fn reads_before(&self) -> bool {
        self.ceiling.looks_back()
    }
}

/// What a confirmed code gives to the budgets, in the windows its messages were
/// counted in. Where one was not counted, since a watched limit would have
/// refused it, its confirmation is not either.
pub(crate) fn confirmations(
    policy: &Policy,
    keys: &Keys,
    to: &PhoneNumber,
    sent: &[Sent],
) -> Vec<Addition> {
    let each = sent.iter().flat_map(|sent| {
        let lines = budgets(policy, keys, to, sent.ip.as_deref());
        let is_counted = |line: &Line| !(sent.would_refuse && policy.observes(line.limit));
        lines
            .into_iter()
            .filter(is_counted)
            .map(|line| ClockWindow::at(line.secs, sent.at).addition(&line.name, CONFIRMED))
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
    neighbours(keys, to, "prefix", 4)
}

/// A number without its last five digits: what is sold to one buyer is seldom
/// more.
fn range_name(keys: &Keys, to: &PhoneNumber) -> String {
    neighbours(keys, to, "range", 5)
}

fn neighbours(keys: &Keys, to: &PhoneNumber, kind: &str, digits: usize) -> String {
    let number = to.e164();
    let head = &number[..number.len().saturating_sub(digits)];
    let hash = keys.keyed_hash(kind, head.as_bytes());
    format!("{kind}:{}", hex(&hash[..16]))
}

fn country_name(to: &PhoneNumber) -> String {
    // Numbers of no country are told apart by their calling code.
    format!("country:{}:{}", to.region(), to.country_code())
}

#[cfg(test)]
mod tests;
