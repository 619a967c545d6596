//! Whether a code is right, and what a wrong one costs.
//!
//! Pure: old record, time, policy → answer, new record. A check goes through
//! [`gate`] first; only what it lets through is compared, and [`count`] writes
//! down what came of it before anybody is told.

use jiff::{SignedDuration, Timestamp};

use crate::limit::{LimitName, Limited};
use crate::policy::Policy;
use crate::record::{EntryState, NumberRecord};

/// What is known of a check before the code is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The number has no such verification, or another caller's.
    Unknown,
    /// It has ended; nothing is compared.
    Ended(Ended),
    /// The number is locked or limited; nothing is compared.
    Blocked(Limited),
    /// The code is compared with that of the verification at this place.
    Open(usize),
}

/// How a verification ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Expired,
    Exhausted,
    Consumed,
    Canceled,
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Right, if the journal has not seen it before.
    Right,
    /// Wrong, and may be tried so often again.
    Wrong { attempts_left: u32 },
    /// Wrong, and that was the last time.
    Exhausted,
    /// Wrong, and it had been approved before anyway.
    Consumed,
}

/// Whether a code is compared at all.
///
/// An approved verification is let through while it lives: whoever was to be
/// told may not have been (a crash, a journal that did not answer), and it is
/// the journal that knows. Wrong codes count there as everywhere.
pub(crate) fn gate(
    record: &NumberRecord,
    app: &str,
    nonce: &[u8; 12],
    policy: &Policy,
    now: Timestamp,
) -> Gate {
    let Some(index) = record.position(app, nonce) else {
        return Gate::Unknown;
    };
    let entry = &record.verifications[index];
    let is_approved = entry.state == EntryState::Approved;
    if entry.state == EntryState::Canceled {
        Gate::Ended(Ended::Canceled)
    } else if is_approved && !entry.awaits_journal(now) {
        Gate::Ended(Ended::Consumed)
    } else if entry.is_expired(now) {
        Gate::Ended(Ended::Expired)
    } else if entry.attempts_left() == 0 {
        Gate::Ended(Ended::Exhausted)
    } else if let Some(limited) = blocked(record, policy, now) {
        if is_approved {
            Gate::Ended(Ended::Consumed)
        } else {
            Gate::Blocked(limited)
        }
    } else {
        Gate::Open(index)
    }
}

/// Why codes of a number are not compared at present; then it gets none either.
///
/// The failures of an hour count across verifications and callers, so whoever
/// starts verifications of somebody's number and answers them wrongly ten times
/// keeps its owner out for the hour. That is the price of a bound on guessing
/// that does not grow with the number of verifications: with six digits ten
/// guesses an hour are right once in 100,000 hours. Each start on the way is held
/// by the limits of the number, its prefix and the address; an operator may lift
/// the block, or raise `failed_checks_per_hour`.
pub(crate) fn blocked(record: &NumberRecord, policy: &Policy, now: Timestamp) -> Option<Limited> {
    if record.consecutive >= policy.lock_after_failures {
        return Some(Limited::lasting(LimitName::NumberLocked));
    }
    let most = usize::try_from(policy.failed_checks_per_hour).unwrap_or(usize::MAX);
    let over = record.failures.len().checked_sub(most)?;
    let ends_at = *record.failures.get(over)? + SignedDuration::from_hours(1);
    Some(Limited::until(LimitName::NumberChecksPerHour, ends_at, now))
}

/// Writes down what came of comparing.
///
/// A right code ends the failures in a row, as NIST says, and no more than
/// that: wrong codes of the last hour stay counted, so that whoever guesses at
/// a number gains nothing from its owner signing in meanwhile. And only the
/// first right code of a verification does: the same again proves nothing new.
pub(crate) fn count(
    record: &mut NumberRecord,
    index: usize,
    is_right: bool,
    now: Timestamp,
) -> Answer {
    let entry = &mut record.verifications[index];
    let was_approved = entry.state == EntryState::Approved;
    if is_right {
        if !was_approved {
            entry.state = EntryState::Approved;
            record.consecutive = 0;
        }
        return Answer::Right;
    }
    entry.failed = entry.failed.saturating_add(1);
    let attempts_left = entry.attempts_left();
    record.consecutive = record.consecutive.saturating_add(1);
    record.failures.push(now);
    match attempts_left {
        _ if was_approved => Answer::Consumed,
        0 => Answer::Exhausted,
        attempts_left => Answer::Wrong { attempts_left },
    }
}

/// Ends a verification that is still open. `None` where there is none.
pub(crate) fn cancel(record: &mut NumberRecord, app: &str, nonce: &[u8; 12]) -> Option<bool> {
    let index = record.position(app, nonce)?;
    let entry = &mut record.verifications[index];
    let is_pending = entry.state == EntryState::Pending;
    if is_pending {
        entry.state = EntryState::Canceled;
    }
    Some(is_pending)
}

/// Forgets a number's wrong codes.
pub(crate) fn lift(record: &mut NumberRecord) {
    record.failures.clear();
    record.consecutive = 0;
}

#[cfg(test)]
mod tests;
