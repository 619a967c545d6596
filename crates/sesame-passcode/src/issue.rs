//! Whether a number may get one more message, and which verification it is for.
//!
//! Pure: old record, time, policy → answer, new record. Records are tidied
//! before ([`NumberRecord::tidy`]).

use std::time::Duration;

use jiff::Timestamp;
use sesame_connector::{Kind, OutId, Refusal, Stage};

use crate::check;
use crate::limit::{LimitName, Limited};
use crate::policy::Policy;
use crate::record::{Entry, EntryState, Hold, MOST_VERIFICATIONS, NumberRecord, Sent, secs};

/// How long a number rests that the provider refused without saying for how
/// long.
const REST: Duration = Duration::from_secs(60);

/// No rest is longer: the provider's longest window is a rolling day.
const LONGEST_REST: Duration = Duration::from_secs(86_400);

/// What somebody wants a code for, and what a new verification is made of.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) app: &'a str,
    pub(crate) session: Option<[u8; 16]>,
    pub(crate) usage_type: &'a str,
    /// For a new verification.
    pub(crate) nonce: [u8; 12],
    /// For a new verification: which key its code is derived under.
    pub(crate) key_id: &'a str,
    /// For the message.
    pub(crate) out_id: &'a OutId,
}

/// A message was put down, and may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reserved {
    /// The verification, as it is now.
    pub(crate) entry: Entry,
    /// Whether it was there before.
    pub(crate) resumed: bool,
}

/// Puts down a message with a code. Within its life, the same caller, session
/// and usage type get the same verification again; attempts stay counted.
pub(crate) fn issue(
    record: &mut NumberRecord,
    wanted: &Wanted<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Reserved, Limited> {
    if let Some(limited) = check::blocked(record, policy, now) {
        return Err(limited);
    }
    has_room(record, policy, now)?;
    let found = resumable(record, wanted, now);
    let resumed = found.is_some();
    let index = match found {
        Some(index) => index,
        None => open(record, wanted, policy, now)?,
    };
    let entry = &mut record.verifications[index];
    entry.out_id = wanted.out_id.to_string();
    let entry = entry.clone();
    record.push_send(Sent {
        out_id: entry.out_id.clone(),
        at: now,
        verification: Some(entry.nonce),
        ip: None,
        would_refuse: false,
    });
    Ok(Reserved { entry, resumed })
}

/// Puts down a message with a caller's own code.
pub(crate) fn issue_own(
    record: &mut NumberRecord,
    out_id: &OutId,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Limited> {
    has_room(record, policy, now)?;
    record.push_send(Sent {
        out_id: out_id.to_string(),
        at: now,
        verification: None,
        ip: None,
        would_refuse: false,
    });
    Ok(())
}

/// Whether the number's own windows, and the provider's, leave room for one
/// more message. Of several limits, the one that ends last.
pub(crate) fn has_room(
    record: &NumberRecord,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Limited> {
    let windows = policy.number.iter().filter_map(|window| {
        let start = now - secs(window.secs);
        let within = record.sends.iter().filter(|sent| sent.at > start);
        // There is room again when only one fewer than allowed are left.
        let over = usize::try_from(window.messages).unwrap_or(usize::MAX);
        let blocking = within.rev().nth(over.saturating_sub(1))?;
        let ends_at = blocking.at + secs(window.secs);
        Some((LimitName::of_window(window.secs), ends_at))
    });
    let hold = record.hold.iter();
    let hold = hold.map(|hold| (LimitName::ProviderLimit, hold.until));
    match windows.chain(hold).max_by_key(|(_, ends_at)| *ends_at) {
        Some((limit, ends_at)) => Err(Limited::until(limit, ends_at, now)),
        None => Ok(()),
    }
}

fn resumable(record: &NumberRecord, wanted: &Wanted<'_>, now: Timestamp) -> Option<usize> {
    let session = wanted.session?;
    record.verifications.iter().rposition(|entry| {
        entry.is_open(now) && entry.is_of(wanted.app, &session, wanted.usage_type)
    })
}

/// A new verification. Where there are too many, one that ended makes room.
fn open(
    record: &mut NumberRecord,
    wanted: &Wanted<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Result<usize, Limited> {
    if record.verifications.len() >= MOST_VERIFICATIONS {
        make_room(record, now)?;
    }
    let rules = policy.rules(wanted.usage_type);
    record.verifications.push(Entry {
        nonce: wanted.nonce,
        app: wanted.app.to_owned(),
        session: wanted.session,
        usage_type: wanted.usage_type.to_owned(),
        key_id: wanted.key_id.to_owned(),
        digits: rules.digits,
        created_at: now,
        expires_at: now + secs(rules.life_secs),
        attempts: rules.attempts,
        failed: 0,
        state: EntryState::Pending,
        out_id: wanted.out_id.to_string(),
    });
    Ok(record.verifications.len() - 1)
}

fn make_room(record: &mut NumberRecord, now: Timestamp) -> Result<(), Limited> {
    let entries = &record.verifications;
    let ended = |entry: &Entry| !entry.is_open(now);
    // The last to go is one whose approval nobody may have been told of.
    let is_over = |entry: &Entry| ended(entry) && !entry.awaits_journal(now);
    let over = entries.iter().position(is_over);
    if let Some(index) = over.or_else(|| entries.iter().position(ended)) {
        record.verifications.remove(index);
        return Ok(());
    }
    let first_end = record
        .verifications
        .iter()
        .map(|entry| entry.expires_at)
        .min();
    let ends_at = first_end.unwrap_or(now);
    Err(Limited::until(LimitName::NumberVerifications, ends_at, now))
}

/// Takes a message back that was refused, and the verification with it if this
/// was its only one. `false` if it was taken back before.
pub(crate) fn release(record: &mut NumberRecord, out_id: &OutId) -> bool {
    let is_it = |sent: &Sent| sent.out_id == out_id.as_str();
    let Some(index) = record.sends.iter().position(is_it) else {
        return false;
    };
    let sent = record.sends.remove(index);
    let others = record.sends.iter();
    let mut others = others.filter(|other| other.verification == sent.verification);
    let last = others.next_back().map(|other| other.out_id.clone());
    if let Some(nonce) = sent.verification {
        match last {
            None => record.verifications.retain(|entry| entry.nonce != nonce),
            Some(last) => {
                let mut entries = record.verifications.iter_mut();
                if let Some(entry) = entries.find(|entry| entry.nonce == nonce) {
                    entry.out_id = last;
                }
            }
        }
    }
    true
}

/// Remembers that the provider will not serve this number for a while.
pub(crate) fn hold(record: &mut NumberRecord, refusal: &Refusal, now: Timestamp) {
    let Some(rest) = rest(refusal) else {
        return;
    };
    let until = now.saturating_add(rest).unwrap_or(now);
    let longest = record
        .hold
        .as_ref()
        .map_or(until, |hold| hold.until.max(until));
    record.hold = Some(Hold {
        since: now,
        until: longest,
    });
}

/// How long a refused number rests; only where the refusal was about it.
fn rest(refusal: &Refusal) -> Option<Duration> {
    is_about_number(refusal).then(|| refusal.retry_after.unwrap_or(REST).min(LONGEST_REST))
}

/// Whether the provider refused because of the number, not for anything the
/// operator has to see to.
fn is_about_number(refusal: &Refusal) -> bool {
    refusal.stage == Stage::Provider && matches!(refusal.kind, Kind::Phone | Kind::RateLimit)
}

#[cfg(test)]
mod tests;
