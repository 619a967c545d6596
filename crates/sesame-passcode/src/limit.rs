//! Limits: their names, and the counters that are fought over by many numbers.
//!
//! What concerns one number alone is counted in its record, exactly and in
//! rolling windows (`issue.rs`, `check.rs`). Addresses, prefixes, ranges,
//! countries and the account are counted here, in windows of the clock, by
//! additions that every replica may make in any order. To add a limit, give it
//! a name in [`LimitName`] and a line in `draw.rs`.

mod ceiling;
mod draw;
mod name;

use std::net::IpAddr;

use jiff::Timestamp;
use sesame_connector::PhoneNumber;

use ceiling::{Ceiling, Full};
use draw::budgets;
pub(crate) use draw::{charges, ip_of_record};
pub(crate) use name::whole_secs;
pub use name::{LimitName, Limited};

use crate::keys::Keys;
use crate::policy::Policy;
use crate::record::Sent;
use crate::store::{Addition, Key};

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
    /// How many times its price is paid.
    pub(crate) segments: usize,
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

/// The additions that count a message. A budget reads the window before too.
pub(crate) fn additions(charges: &[Charge]) -> Vec<Addition> {
    let each = charges.iter().flat_map(|charge| {
        let before = charge.reads_before().then(|| charge.window.before());
        let before = before.map(|window| window.addition(&charge.name, 0));
        std::iter::once(charge.addition(charge.amount)).chain(before)
    });
    each.collect()
}

/// The additions that only read what a message would be added to.
pub(crate) fn looks(additions: &[Addition]) -> Vec<Addition> {
    let each = additions.iter().cloned();
    each.map(|addition| Addition {
        amount: 0,
        ..addition
    })
    .collect()
}

/// What the totals would be with a message that is not counted yet.
pub(crate) fn with_amounts(additions: &[Addition], totals: &[i64]) -> Vec<i64> {
    let each = additions.iter().zip(totals);
    each.map(|(addition, total)| total.saturating_add(addition.amount))
        .collect()
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
        let is_counted = |line: &draw::Line| !(sent.would_refuse && policy.observes(line.limit));
        lines
            .into_iter()
            .filter(is_counted)
            .map(|line| ClockWindow::at(line.secs, sent.at).addition(&line.name, CONFIRMED))
    });
    each.collect()
}

#[cfg(test)]
mod tests;
