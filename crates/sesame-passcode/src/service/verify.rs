//! Checking codes, and looking at verifications.

use jiff::Timestamp;
use sesame_connector::PhoneNumber;

use super::types::{
    Approved, Check, CheckOutcome, Find, FindBy, LiftError, Lifted, QueryError, SentAt, Status,
    Verification,
};
use super::{About, Inner};
use crate::check::{self, Answer, Ended, Gate};
use crate::id::VerificationId;
use crate::issue;
use crate::journal::Consumed;
use crate::keys::RecordKey;
use crate::limit::{self, Limited, whole_secs};
use crate::numbers::Change;
use crate::passcode::Typed;
use crate::policy::Policy;
use crate::record::{Entry, EntryState, NumberRecord, Sent};
use crate::store::StoreResult;

/// What came of a check, before the journal is asked whether a right code is
/// the first one.
struct Checked {
    outcome: Checking,
    entry: Entry,
    number: PhoneNumber,
    /// The verification's messages.
    sent: Vec<Sent>,
    /// Whether this wrong code locked the number.
    locks: bool,
    /// What the number's wrong codes have brought on it.
    blocked: Option<Limited>,
}

enum Checking {
    Ended(CheckOutcome),
    Right,
}

impl Inner {
    pub(super) async fn check(&self, check: &Check<'_>) -> StoreResult<Option<CheckOutcome>> {
        let Some(checked) = self.compare(check).await? else {
            return Ok(None);
        };
        let outcome = match checked.outcome {
            Checking::Ended(ref outcome) => outcome.clone(),
            Checking::Right => self.approve(check, &checked).await?,
        };
        let country = checked.number.region();
        let about = About {
            app: check.app,
            usage_type: &checked.entry.usage_type,
            country: &country,
        };
        self.parts.events.checked(&about, &outcome);
        if checked.locks {
            self.tell_lock(&checked.number).await;
        }
        if let Some(limited) = &checked.blocked {
            self.note_number(limited, &checked.number).await;
        }
        Ok(Some(outcome))
    }

    /// Compares, and writes down what came of it before it is told.
    async fn compare(&self, check: &Check<'_>) -> StoreResult<Option<Checked>> {
        let Some(vid) = VerificationId::decode(check.id, &self.parts.keys) else {
            return Ok(None);
        };
        let (_turn, now) = self.numbers.queue(vid.record).await;
        let loaded = self.numbers.load(vid.record, now).await?;
        let rule = |record: Option<NumberRecord>| match record {
            Some(record) => self.check_rule(record, check, &vid, now),
            None => Change::Leave(Ok(None)),
        };
        self.numbers.change(vid.record, loaded, now, rule).await?
    }

    fn check_rule(
        &self,
        mut record: NumberRecord,
        check: &Check<'_>,
        vid: &VerificationId,
        now: Timestamp,
    ) -> Change<StoreResult<Option<Checked>>> {
        let Check { app, id, code, .. } = *check;
        let Some(place) = record.position(app, &vid.nonce) else {
            return Change::Leave(Ok(None));
        };
        let number = match self.number(&record) {
            Ok(number) => number,
            Err(error) => return Change::Leave(Err(error)),
        };
        let mut checked = Checked {
            outcome: Checking::Right,
            entry: record.verifications[place].clone(),
            number,
            sent: its(&record, &vid.nonce).cloned().collect(),
            locks: false,
            blocked: None,
        };
        let policy = &self.parts.policy;
        let index = match check::gate(&record, app, &vid.nonce, policy, now) {
            Gate::Unknown => return Change::Leave(Ok(None)),
            Gate::Ended(ended) => return leave(checked, ended.into()),
            Gate::Blocked(limited) => {
                checked.blocked = Some(limited);
                return leave(checked, CheckOutcome::Locked(limited));
            }
            Gate::Open(index) => index,
        };
        let Some(typed) = Typed::read(code, checked.entry.digits) else {
            let outcome = malformed(&checked.entry);
            return leave(checked, outcome);
        };
        let is_right = match self.code(&checked.entry, id, &checked.number) {
            Ok(right) => right.is(&typed),
            Err(error) => return Change::Leave(Err(error)),
        };
        let answer = check::count(&mut record, index, is_right, now);
        checked.outcome = told(answer);
        checked.locks = !is_right && record.consecutive == policy.lock_after_failures;
        checked.blocked = check::blocked(&record, policy, now);
        Change::Save(record, Ok(Some(checked)))
    }

    /// Only the first who asks the journal is told that a code was right, and
    /// the same request where it comes again.
    async fn approve(&self, check: &Check<'_>, checked: &Checked) -> StoreResult<CheckOutcome> {
        let now = self.now();
        let by = check.attempt.as_ref().map(|attempt| attempt.nonce);
        match self.parts.journal.consume(check.id, by, now).await? {
            Consumed::Before => return Ok(CheckOutcome::Consumed),
            Consumed::Again => {}
            Consumed::First => self.count_confirmed(checked, now).await,
        }
        let number = &checked.number;
        Ok(CheckOutcome::Approved(Approved {
            verification: check.id.to_owned(),
            number: number.clone(),
            subject: self.parts.keys.subject(number),
            usage_type: checked.entry.usage_type.clone(),
        }))
    }

    async fn count_confirmed(&self, checked: &Checked, now: Timestamp) {
        let Checked { number, sent, .. } = checked;
        let parts = &self.parts;
        let confirmed = limit::confirmations(&parts.policy, &parts.keys, number, sent);
        if !confirmed.is_empty()
            && let Err(error) = parts.store.add(&confirmed, now).await
        {
            // The budgets stay a little fuller than they are.
            tracing::warn!(%error, "a confirmed code could not be counted");
        }
    }

    async fn tell_lock(&self, number: &PhoneNumber) {
        let failures = self.parts.policy.lock_after_failures;
        tracing::warn!(message.to = %number, failures, "a number is locked after too many wrong codes in a row");
        let detail = serde_json::json!({ "failures": failures });
        let written = self.decide("sesame", "number_locked", number, detail).await;
        if let Err(error) = written {
            tracing::warn!(%error, "the lock of a number could not be written down");
        }
    }

    pub(super) async fn verification(
        &self,
        app: &str,
        id: &str,
    ) -> StoreResult<Option<Verification>> {
        let now = self.now();
        let Some(vid) = VerificationId::decode(id, &self.parts.keys) else {
            return Ok(None);
        };
        let loaded = self.numbers.load(vid.record, now).await?;
        let Some(record) = loaded.record else {
            return Ok(None);
        };
        self.view(&record, app, id, &vid, now).await
    }

    pub(super) async fn find(&self, find: Find) -> Result<Option<Verification>, QueryError> {
        let session = self.session(&find.session)?;
        let Some((key, nonce)) = self.place(&find).await? else {
            return Ok(None);
        };
        let now = self.now();
        let Some(record) = self.numbers.load(key, now).await?.record else {
            return Ok(None);
        };
        let is_meant = |entry: &&Entry| {
            entry.is_of(&find.app, &session, &find.usage_type)
                && nonce.is_none_or(|nonce| nonce == entry.nonce)
        };
        let Some(entry) = record.verifications.iter().rfind(is_meant) else {
            return Ok(None);
        };
        let vid = VerificationId {
            nonce: entry.nonce,
            record: key,
        };
        let id = vid.encode(&self.parts.keys);
        Ok(self.view(&record, &find.app, &id, &vid, now).await?)
    }

    /// The record a verification must be in, and which one there, if one alone
    /// can be meant.
    async fn place(
        &self,
        find: &Find,
    ) -> Result<Option<(RecordKey, Option<[u8; 12]>)>, QueryError> {
        match &find.by {
            FindBy::Number(to) => {
                let number = self.parts.connector.phone(to)?;
                Ok(Some((self.parts.keys.record(&number), None)))
            }
            FindBy::Message(out_id) => {
                let message = self.deliver.message(Some(&find.app), out_id).await?;
                let id = message.and_then(|message| message.verification);
                let id = id.and_then(|id| VerificationId::decode(&id, &self.parts.keys));
                Ok(id.map(|id| (id.record, Some(id.nonce))))
            }
        }
    }

    pub(super) async fn view(
        &self,
        record: &NumberRecord,
        app: &str,
        id: &str,
        vid: &VerificationId,
        now: Timestamp,
    ) -> StoreResult<Option<Verification>> {
        let Some(place) = record.position(app, &vid.nonce) else {
            return Ok(None);
        };
        let entry = &record.verifications[place];
        let number = self.number(record)?;
        Ok(Some(Verification {
            resend_after_secs: resend_after_secs(record, &self.parts.policy, now),
            sends: sends(record, &vid.nonce),
            message: self.deliver.message(Some(app), &entry.out_id).await?,
            ..verification_view(entry, id.to_owned(), &number, now)
        }))
    }

    pub(super) async fn cancel(&self, app: &str, id: &str) -> StoreResult<Option<Verification>> {
        let Some(vid) = VerificationId::decode(id, &self.parts.keys) else {
            return Ok(None);
        };
        let (turn, now) = self.numbers.queue(vid.record).await;
        let loaded = self.numbers.load(vid.record, now).await?;
        let rule = |record: Option<NumberRecord>| {
            let Some(mut record) = record else {
                return Change::Leave(None);
            };
            match check::cancel(&mut record, app, &vid.nonce) {
                Some(true) => Change::Save(record.clone(), Some(record)),
                Some(false) => Change::Leave(Some(record)),
                None => Change::Leave(None),
            }
        };
        let record = self.numbers.change(vid.record, loaded, now, rule).await?;
        drop(turn);
        match record {
            Some(record) => self.view(&record, app, id, &vid, now).await,
            None => Ok(None),
        }
    }

    pub(super) async fn lift(&self, actor: &str, to: &str) -> Result<Lifted, LiftError> {
        let number = self.parts.connector.phone(to)?;
        Ok(self.lift_number(actor, number).await?)
    }

    pub(super) async fn lift_number(
        &self,
        actor: &str,
        number: PhoneNumber,
    ) -> StoreResult<Lifted> {
        let key = self.parts.keys.record(&number);
        let (_turn, now) = self.numbers.queue(key).await;
        let loaded = self.numbers.load(key, now).await?;
        let failures = loaded.record.as_ref().map_or(0, |found| found.consecutive);
        let was_locked = failures >= self.parts.policy.lock_after_failures;
        let detail = serde_json::json!({ "failures": failures, "was_locked": was_locked });
        // First of all, so that nothing is lifted and nobody knows.
        self.decide(actor, "number_lifted", &number, detail).await?;
        let rule = |record: Option<NumberRecord>| match record {
            Some(mut record) => {
                check::lift(&mut record);
                Change::Save(record, ())
            }
            None => Change::Leave(()),
        };
        self.numbers.change(key, loaded, now, rule).await?;
        self.unlist_number(&number).await;
        Ok(Lifted {
            to: number.masked(),
            was_locked,
            failures,
        })
    }
}

fn leave(mut checked: Checked, outcome: CheckOutcome) -> Change<StoreResult<Option<Checked>>> {
    checked.outcome = Checking::Ended(outcome);
    Change::Leave(Ok(Some(checked)))
}

fn malformed(entry: &Entry) -> CheckOutcome {
    match entry.state {
        EntryState::Approved => CheckOutcome::Consumed,
        EntryState::Pending | EntryState::Canceled => CheckOutcome::Malformed {
            attempts_left: entry.attempts_left(),
        },
    }
}

fn told(answer: Answer) -> Checking {
    Checking::Ended(match answer {
        Answer::Right => return Checking::Right,
        Answer::Wrong { attempts_left } => CheckOutcome::Mismatch { attempts_left },
        Answer::Exhausted => CheckOutcome::Exhausted,
        Answer::Consumed => CheckOutcome::Consumed,
    })
}

impl From<Ended> for CheckOutcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Expired => Self::Expired,
            Ended::Exhausted => Self::Exhausted,
            Ended::Consumed => Self::Consumed,
            Ended::Canceled => Self::Canceled,
        }
    }
}

/// The messages of a verification, oldest first.
pub(super) fn sends(record: &NumberRecord, nonce: &[u8; 12]) -> Vec<SentAt> {
    let sent_at = |sent: &Sent| SentAt {
        out_id: sent.out_id.clone(),
        at: sent.at,
    };
    its(record, nonce).map(sent_at).collect()
}

fn its<'a>(record: &'a NumberRecord, nonce: &'a [u8; 12]) -> impl Iterator<Item = &'a Sent> {
    let sends = record.sends.iter();
    sends.filter(move |sent| sent.verification.as_ref() == Some(nonce))
}

/// When the number's own limits allow its next message.
pub(super) fn resend_after_secs(record: &NumberRecord, policy: &Policy, now: Timestamp) -> u64 {
    let limited = issue::has_room(record, policy, now).err();
    let retry_after = limited.and_then(|limited| limited.retry_after);
    retry_after.map_or(0, whole_secs)
}

/// A verification as its record has it.
pub(super) fn verification_view(
    entry: &Entry,
    id: String,
    number: &PhoneNumber,
    now: Timestamp,
) -> Verification {
    Verification {
        id,
        to: number.masked(),
        usage_type: entry.usage_type.clone(),
        status: status(entry, now),
        created_at: entry.created_at,
        expires_at: entry.expires_at,
        resend_after_secs: 0,
        attempts_left: entry.attempts_left(),
        sends: Vec::new(),
        message: None,
    }
}

fn status(entry: &Entry, now: Timestamp) -> Status {
    match entry.state {
        EntryState::Approved => Status::Approved,
        EntryState::Canceled => Status::Canceled,
        EntryState::Pending if entry.attempts_left() == 0 => Status::Exhausted,
        EntryState::Pending if entry.is_expired(now) => Status::Expired,
        EntryState::Pending => Status::Pending,
    }
}
