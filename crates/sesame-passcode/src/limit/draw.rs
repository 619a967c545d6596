//! Which counters a message draws on, and how much they may hold: by the policy,
//! the number, the address, and whose code it is.

use std::net::IpAddr;

use jiff::Timestamp;
use sesame_connector::PhoneNumber;

use super::ceiling::Ceiling;
use super::{Charge, Charged, ClockWindow, LimitName};
use crate::keys::{Keys, hex};
use crate::policy::{Budget, Policy};

pub(super) const HOUR_SECS: i64 = 3600;
pub(super) const DAY_SECS: i64 = 86_400;

/// A budget that a code draws on.
pub(super) struct Line {
    pub(super) limit: LimitName,
    pub(super) secs: i64,
    pub(super) base: u32,
    share: f64,
    /// Whether the window before counts too.
    looks_back: bool,
    pub(super) name: String,
}

/// Everything a message adds to.
pub(crate) fn charges(
    policy: &Policy,
    keys: &Keys,
    message: &Charged<'_>,
    now: Timestamp,
) -> Vec<Charge> {
    let mut all = account_charges(policy, message, now);
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
pub(super) fn budgets(
    policy: &Policy,
    keys: &Keys,
    to: &PhoneNumber,
    ip: Option<&str>,
) -> Vec<Line> {
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
            policy.country_budget(&to.region()),
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
pub(super) fn ip_lines(policy: &Policy, name: &str) -> impl Iterator<Item = Line> + use<> {
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
    pub(super) fn charge(self, now: Timestamp) -> Charge {
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

fn account_charges(policy: &Policy, message: &Charged<'_>, now: Timestamp) -> Vec<Charge> {
    let segments = i64::try_from(message.segments).unwrap_or(i64::MAX);
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
        amount: policy.price(message.to).times(segments).micros(),
        ceiling: Ceiling::Count(most.micros()),
        window: ClockWindow::at(DAY_SECS, now),
        name: "money".to_owned(),
        is_observed: false,
    }));
    all
}

/// An address, IPv6 by its /64: nobody has less. An IPv4 address may be written
/// as one of IPv6, or reach us as one through NAT64.
pub(super) fn ip_name(keys: &Keys, ip: IpAddr) -> String {
    let hash = match without_nat64(ip.to_canonical()) {
        IpAddr::V4(ip) => keys.keyed_hash("ip", &ip.octets()),
        IpAddr::V6(ip) => keys.keyed_hash("ip", &ip.octets()[..8]),
    };
    format!("ip:{}", hex(&hash[..16]))
}

/// The IPv4 address in one of the well-known prefix 64:ff9b::/96 (RFC 6052 §2.1).
fn without_nat64(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => match v6.octets() {
            [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => [a, b, c, d].into(),
            _ => ip,
        },
        IpAddr::V4(_) => ip,
    }
}

/// A number without its last four digits: ten thousand neighbours.
pub(super) fn prefix_name(keys: &Keys, to: &PhoneNumber) -> String {
    neighbours(keys, to, "prefix", 4)
}

/// A number without its last five digits: what is sold to one buyer is seldom
/// more.
pub(super) fn range_name(keys: &Keys, to: &PhoneNumber) -> String {
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
