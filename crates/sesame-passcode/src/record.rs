//! Everything about one number, as one record: open verifications, when
//! messages were sent, wrong codes. It is written as JSON behind a byte of
//! format, sealed, and bound to its place.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sesame_connector::{OutId, PhoneNumber};

use crate::policy::LONGEST_WINDOW_SECS;

/// The first byte of a record's text.
pub(crate) const FORMAT: u8 = 1;

/// How long a verification is remembered after its end, so that asking about it
/// tells how it ended.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// How long wrong codes in a row are remembered: as good as for ever, as NIST
/// asks, and yet forgotten one day.
const FAILURES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);

/// No number has more verifications at once.
pub(crate) const MOST_VERIFICATIONS: usize = 32;

/// No number has more messages in its record; policies allow fewer.
const MOST_SENDS: usize = 128;

/// The record of one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NumberRecord {
    /// E.164.
    #[serde(rename = "n")]
    pub(crate) number: Number,
    /// Open and lately ended verifications, oldest first.
    #[serde(rename = "v", default)]
    pub(crate) verifications: Vec<Entry>,
    /// Messages of the last 24 hours, oldest first.
    #[serde(rename = "s", default)]
    pub(crate) sends: Vec<Sent>,
    /// Wrong codes of the last hour, oldest first.
    #[serde(rename = "f", default, with = "millis_list")]
    pub(crate) failures: Vec<Timestamp>,
    /// Wrong codes in a row.
    #[serde(rename = "c", default)]
    pub(crate) consecutive: u32,
    /// What the provider itself refused, and until when.
    #[serde(rename = "h", default)]
    pub(crate) hold: Option<Hold>,
}

/// A number in E.164. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Number(pub(crate) String);

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// One verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The random part of its id.
    #[serde(rename = "i")]
    pub(crate) nonce: [u8; 12],
    /// The caller it belongs to.
    #[serde(rename = "a")]
    pub(crate) app: String,
    /// Keyed hash of the caller's session, if there is one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<[u8; 16]>,
    #[serde(rename = "u")]
    pub(crate) usage_type: String,
    /// Which key its code is derived under.
    #[serde(rename = "k")]
    pub(crate) key_id: String,
    #[serde(rename = "d")]
    pub(crate) digits: u8,
    #[serde(rename = "c", with = "millis")]
    pub(crate) created_at: Timestamp,
    #[serde(rename = "e", with = "millis")]
    pub(crate) expires_at: Timestamp,
    /// How often it may be tried.
    #[serde(rename = "m")]
    pub(crate) attempts: u32,
    /// How often it was tried in vain.
    #[serde(rename = "f")]
    pub(crate) failed: u32,
    #[serde(rename = "t")]
    pub(crate) state: EntryState,
    /// Its last message.
    #[serde(rename = "o")]
    pub(crate) out_id: String,
}

/// What was decided about a verification; that it expired is seen by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EntryState {
    #[serde(rename = "p")]
    Pending,
    /// The right code came. Whether somebody was told, the journal knows.
    #[serde(rename = "a")]
    Approved,
    #[serde(rename = "c")]
    Canceled,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    #[serde(rename = "o")]
    pub(crate) out_id: String,
    #[serde(rename = "a", with = "millis")]
    pub(crate) at: Timestamp,
    /// The verification it is for; none for a caller's own code.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub(crate) verification: Option<[u8; 12]>,
    /// What the address that asked for it is counted under.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<String>,
    /// Whether a limit that is only watched would have refused it.
    #[serde(rename = "w", default, skip_serializing_if = "is_false")]
    pub(crate) would_refuse: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// The provider refused this number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    #[serde(rename = "a", with = "millis")]
    pub(crate) since: Timestamp,
    #[serde(rename = "u", with = "millis")]
    pub(crate) until: Timestamp,
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Another version of this program wrote it.
    Format(u8),
    /// Nobody wrote it.
    Damaged,
}

impl NumberRecord {
    /// Of a number nothing is known of.
    pub(crate) fn new(number: &PhoneNumber) -> Self {
        Self {
            number: Number(number.e164()),
            verifications: Vec::new(),
            sends: Vec::new(),
            failures: Vec::new(),
            consecutive: 0,
            hold: None,
        }
    }

    /// As it is sealed.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        // Text, numbers and lists only: nothing in it can fail to be written.
        serde_json::to_writer(&mut bytes, self).expect("a record is written");
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        match bytes.split_first() {
            Some((&FORMAT, text)) => serde_json::from_slice(text).map_err(|_| Unreadable::Damaged),
            Some((&format, _)) => Err(Unreadable::Format(format)),
            None => Err(Unreadable::Damaged),
        }
    }

    /// Brings the record to `now`: what is too old is dropped, and what claims
    /// to be from later (the clock was put back, or another server's is ahead)
    /// is taken as from now. So nothing counts for longer than its window, and
    /// nobody is freed of a limit by a clock that goes back. Whether something
    /// was from later: then this has to be kept, or it would be from now for
    /// ever.
    pub(crate) fn tidy(&mut self, now: Timestamp) -> bool {
        let was_ahead = self.latest().is_some_and(|latest| latest > now);
        for entry in &mut self.verifications {
            let ahead = ahead(entry.created_at, now);
            entry.created_at -= ahead;
            entry.expires_at -= ahead;
        }
        self.verifications
            .retain(|entry| entry.expires_at + REMEMBERED > now);
        for sent in &mut self.sends {
            sent.at = sent.at.min(now);
        }
        self.sends
            .retain(|sent| age(sent.at, now) < secs(LONGEST_WINDOW_SECS));
        for failure in &mut self.failures {
            *failure = (*failure).min(now);
        }
        self.failures
            .retain(|failure| age(*failure, now) < SignedDuration::from_hours(1));
        if let Some(hold) = &mut self.hold {
            let ahead = ahead(hold.since, now);
            hold.since -= ahead;
            hold.until -= ahead;
        }
        self.hold = self.hold.take().filter(|hold| hold.until > now);
        was_ahead
    }

    /// When the last thing in the record happened.
    fn latest(&self) -> Option<Timestamp> {
        let verifications = self.verifications.iter().map(|entry| entry.created_at);
        let sends = self.sends.iter().map(|sent| sent.at);
        let hold = self.hold.iter().map(|hold| hold.since);
        let failures = self.failures.iter().copied();
        verifications.chain(sends).chain(hold).chain(failures).max()
    }

    /// Where a verification stands, by its caller and the random part of its id.
    pub(crate) fn position(&self, app: &str, nonce: &[u8; 12]) -> Option<usize> {
        let is_it = |entry: &Entry| entry.nonce == *nonce && entry.app == app;
        self.verifications.iter().position(is_it)
    }

    /// A message, by its id.
    pub(crate) fn sent(&self, out_id: &OutId) -> Option<&Sent> {
        let mut sends = self.sends.iter();
        sends.find(|sent| sent.out_id == out_id.as_str())
    }

    /// Notes how the last message was counted.
    pub(crate) fn note_counted(&mut self, ip: Option<String>, would_refuse: bool) {
        if let Some(sent) = self.sends.last_mut() {
            (sent.ip, sent.would_refuse) = (ip, would_refuse);
        }
    }

    /// Adds a message, in front of which nothing grows without bound.
    pub(crate) fn push_send(&mut self, sent: Sent) {
        if self.sends.len() >= MOST_SENDS {
            self.sends.remove(0);
        }
        self.sends.push(sent);
    }

    /// From when on nothing in the record matters any more.
    pub(crate) fn expires_at(&self, now: Timestamp) -> Timestamp {
        let verifications = self
            .verifications
            .iter()
            .map(|entry| entry.expires_at + REMEMBERED);
        let sends = self
            .sends
            .iter()
            .map(|sent| sent.at + secs(LONGEST_WINDOW_SECS));
        let failures = (self.consecutive > 0).then(|| now + FAILURES_KEPT);
        let hour = self
            .failures
            .iter()
            .map(|at| *at + SignedDuration::from_hours(1));
        let hold = self.hold.iter().map(|hold| hold.until);
        let all = verifications
            .chain(sends)
            .chain(failures)
            .chain(hour)
            .chain(hold);
        all.max().unwrap_or(now)
    }
}

impl Entry {
    /// Whether a caller's session has it for this.
    pub(crate) fn is_of(&self, app: &str, session: &[u8; 16], usage_type: &str) -> bool {
        self.session.as_ref() == Some(session) && self.app == app && self.usage_type == usage_type
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    pub(crate) fn attempts_left(&self) -> u32 {
        self.attempts.saturating_sub(self.failed)
    }

    /// Whether it is approved and its code is compared all the same, since the
    /// journal may not have been told.
    pub(crate) fn awaits_journal(&self, now: Timestamp) -> bool {
        self.state == EntryState::Approved && !self.is_expired(now) && self.attempts_left() > 0
    }

    /// Whether its code may still be compared, as far as it is for the
    /// verification to say.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.state == EntryState::Pending && !self.is_expired(now) && self.attempts_left() > 0
    }
}

fn ahead(time: Timestamp, now: Timestamp) -> SignedDuration {
    time.duration_since(now).max(SignedDuration::ZERO)
}

fn age(time: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(time)
}

pub(crate) fn secs(secs: u32) -> SignedDuration {
    SignedDuration::from_secs(secs.into())
}

/// Times in milliseconds: short, and all that counts.
mod millis {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(time.as_millisecond())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_millisecond(i64::deserialize(from)?).map_err(de::Error::custom)
    }
}

mod millis_list {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(times: &[Timestamp], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(times.iter().map(|time| time.as_millisecond()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Timestamp>, D::Error> {
        let times = Vec::<i64>::deserialize(from)?.into_iter();
        let read = times.map(Timestamp::from_millisecond);
        read.collect::<Result<_, _>>().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
