//! Sending: limits first, then the record, the journal, the provider.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sesame_connector::{Message, OutId, Outcome, PhoneNumber, Refusal, Stage, UsageType};

use super::Inner;
use super::again::sent_earlier;
use super::types::{Invalid, SendOwn, Sent, Start, StartError, Started, Verification};
use super::verify::{resend_after_secs, sends, verification_view};
use crate::id::VerificationId;
use crate::issue::{self, Reserved, Wanted};
use crate::journal::{Row, Ruling};
use crate::keys::RecordKey;
use crate::limit::{self, Charge, Charged, Limited};
use crate::numbers::{Change, Loaded};
use crate::passcode::Passcode;
use crate::record::{Entry, NumberRecord};
use crate::store::{StoreError, StoreResult};

/// The longest name of a caller, a usage type.
const LONGEST_NAME: usize = 64;

/// The longest session.
const LONGEST_SESSION: usize = 512;

/// What was asked for, read and found possible; nothing is counted yet.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) app: String,
    pub(super) message: Message,
    pub(super) ip: Option<IpAddr>,
    session: Option<[u8; 16]>,
    /// Of a new verification, where the request may come again.
    pub(super) nonce: Option<[u8; 12]>,
}

/// A message that was put down, counted, and not sent yet.
struct Reservation {
    record: RecordKey,
    charges: Vec<Charge>,
    /// When it was put down.
    at: Timestamp,
}

impl Inner {
    pub(super) fn read_start(&self, start: Start) -> Result<Request, StartError> {
        let digits = self.parts.policy.rules(&start.usage_type).digits;
        let zeros = "0".repeat(digits.into());
        let draft = SendOwn {
            app: start.app,
            to: start.to,
            reading: None,
            payload: self.payload(&start.usage_type, &zeros, start.locale.map(Into::into)),
            usage_type: start.usage_type,
            ip: start.ip,
            attempt: start.attempt,
        };
        let session = start.session.map(|session| self.session(&session));
        Ok(Request {
            session: session.transpose()?,
            ..self.read_own(draft)?
        })
    }

    pub(super) fn read_own(&self, own: SendOwn) -> Result<Request, StartError> {
        named("app", &own.app)?;
        named("usage_type", &own.usage_type)?;
        let (out_id, nonce) = match &own.attempt {
            Some(attempt) => (attempt.out_id.clone(), Some(attempt.nonce)),
            None => (OutId::new(&*self.parts.source), None),
        };
        let to = self.read_number(&own, &out_id)?;
        let message = Message {
            to,
            usage_type: UsageType::from(own.usage_type.as_str()),
            payload: own.payload,
            out_id,
        };
        // Whatever cannot be sent anyway is refused before it counts for
        // anything.
        let prepared = self.parts.connector.prepare(&message);
        prepared.map_err(StartError::Refused)?;
        Ok(Request {
            app: own.app,
            message,
            ip: own.ip,
            session: None,
            nonce,
        })
    }

    fn read_number(&self, own: &SendOwn, out_id: &OutId) -> Result<PhoneNumber, StartError> {
        let connector = &self.parts.connector;
        let reading = own.reading.unwrap_or(connector.config().reading);
        PhoneNumber::parse(&own.to, &reading).map_err(|error| {
            let refusal = Refusal::of_phone(out_id.clone(), error);
            StartError::Refused(Box::new(refusal))
        })
    }

    pub(super) fn session(&self, session: &str) -> Result<[u8; 16], Invalid> {
        if !(1..=LONGEST_SESSION).contains(&session.len()) {
            return Err(Invalid {
                field: "session",
                reason: "must be from 1 to 512 bytes long",
            });
        }
        let hash = self.parts.keys.keyed_hash("session", session.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Ok(first)
    }

    /// The variables a template may declare: the code, and how many minutes it
    /// lives, under the two names people give that. And the language, where it is
    /// known.
    fn payload(&self, usage_type: &str, code: &str, locale: Option<Value>) -> Map<String, Value> {
        let life_secs = self.parts.policy.rules(usage_type).life_secs;
        let minutes = (life_secs / 60).max(1).to_string();
        let mut payload = Map::from_iter([
            ("code".to_owned(), code.into()),
            ("min".to_owned(), minutes.clone().into()),
            ("minutes".to_owned(), minutes.into()),
        ]);
        payload.extend(locale.map(|locale| ("locale".to_owned(), locale)));
        payload
    }

    pub(super) async fn start(&self, request: Request) -> Result<Started, StartError> {
        if let Some(row) = self.earlier(&request).await? {
            return self.started_earlier(&request, row).await;
        }
        let record_key = self.parts.keys.record(&request.message.to);
        let new_id = match request.nonce {
            Some(nonce) => VerificationId {
                nonce,
                record: record_key,
            },
            None => VerificationId::new(record_key, &*self.parts.source),
        };
        let usage_type = request.message.usage_type.as_str().to_owned();
        let wanted = Wanted {
            app: &request.app,
            session: request.session,
            usage_type: &usage_type,
            nonce: new_id.nonce,
            key_id: &self.parts.keys.active().id,
            out_id: &request.message.out_id,
        };
        let policy = &self.parts.policy;
        let rule = |record: &mut NumberRecord, now| {
            let reserved = issue::issue(record, &wanted, policy, now)?;
            let room = resend_after_secs(record, policy, now);
            let sends = sends(record, &reserved.entry.nonce);
            Ok((reserved, room, sends))
        };
        let (reservation, (reserved, resend_after_secs, sends)) =
            self.reserve(&request, false, rule).await?;
        let now = reservation.at;
        let Reserved { entry, resumed } = reserved;
        let id = VerificationId {
            nonce: entry.nonce,
            record: record_key,
        };
        let id = id.encode(&self.parts.keys);
        let mut message = request.message.clone();
        let code = self.code(&entry, &id, &message.to);
        let code = match code {
            Ok(code) => code,
            Err(error) => {
                self.take_back(&message.out_id, reservation, None).await;
                return Err(error.into());
            }
        };
        let locale = message.payload.remove("locale");
        message.payload = self.payload(&usage_type, code.as_str(), locale);
        let (outcome, row) = self
            .send_reserved(&request.app, &message, Some(id.clone()), reservation)
            .await?;
        let verification = Verification {
            resend_after_secs,
            sends,
            message: Some(row.into()),
            ..verification_view(&entry, id, &message.to, now)
        };
        Ok(Started {
            verification,
            outcome,
            resumed,
        })
    }

    pub(super) async fn send_own(&self, request: Request) -> Result<Sent, StartError> {
        if let Some(row) = self.earlier(&request).await? {
            return sent_earlier(&request, row);
        }
        let policy = &self.parts.policy;
        let out_id = &request.message.out_id;
        let rule = |record: &mut NumberRecord, now| issue::issue_own(record, out_id, policy, now);
        let (reservation, ()) = self.reserve(&request, true, rule).await?;
        let (outcome, row) = self
            .send_reserved(&request.app, &request.message, None, reservation)
            .await?;
        Ok(Sent {
            outcome,
            message: row.into(),
        })
    }

    /// Nobody asks where no money is counted.
    fn segments(&self, message: &Message) -> usize {
        match self.parts.policy.account.money_per_day {
            Some(_) => self.parts.connector.segments(message),
            None => 1,
        }
    }

    /// Counts a message everywhere and puts it down in the number's record, or
    /// leaves no trace but in the journal.
    async fn reserve<T>(
        &self,
        request: &Request,
        is_own: bool,
        rule: impl Fn(&mut NumberRecord, Timestamp) -> Result<T, Limited>,
    ) -> Result<(Reservation, T), StartError> {
        let to = &request.message.to;
        let listed = self.listed(request)?;
        let record = self.parts.keys.record(to);
        let (turn, now) = self.numbers.queue(record).await;
        let loaded = self.numbers.load(record, now).await?;
        let mut tried = loaded
            .record
            .clone()
            .unwrap_or_else(|| NumberRecord::new(to));
        let out_id = &request.message.out_id;
        if tried.sent(out_id).is_some() {
            return Err(under_way());
        }
        if let Err(limited) = rule(&mut tried, now) {
            drop(turn);
            self.note_number(&limited, to).await;
            return Err(self.refused(request, &limited.into()));
        }
        let message = Charged {
            to,
            ip: request.ip,
            is_own,
            segments: self.segments(&request.message),
        };
        let charged = self.charge(request, &message, listed, now).await;
        let (charges, observed) = match charged {
            Ok(charged) => charged,
            Err(uncharged) => {
                drop(turn);
                return Err(self.not_charged(request, &message, uncharged).await);
            }
        };
        let (policy, keys) = (&self.parts.policy, &self.parts.keys);
        let ip = limit::ip_of_record(policy, keys, request.ip.filter(|_| !is_own));
        let rule = |record: &mut NumberRecord, now| {
            let answer = rule(record, now)?;
            record.note_counted(ip.clone(), observed.is_some());
            Ok(answer)
        };
        let put_down = self.put_down(record, loaded, &request.message, rule, now);
        match put_down.await {
            Ok(Some(answer)) => {
                if let Some(reached) = &observed {
                    self.tell_ruling(&request.ruled(Ruling::WouldRefuse, reached));
                }
                let at = now;
                Ok((
                    Reservation {
                        record,
                        charges,
                        at,
                    },
                    answer,
                ))
            }
            Ok(None) => {
                drop(turn);
                self.give_back(&charges, now).await;
                Err(under_way())
            }
            Err(error) => {
                drop(turn);
                if let StartError::Store(_) = error {
                    // It may have been put down all the same.
                    let _ = self.release(record, out_id, None).await;
                }
                self.give_back(&charges, now).await;
                Err(match error {
                    StartError::Limited(limited) => self.refused(request, &limited.into()),
                    error => error,
                })
            }
        }
    }

    /// Swaps the record in which a rule put the message down; `None` where
    /// another server has just done it, for the same request.
    async fn put_down<T>(
        &self,
        key: RecordKey,
        loaded: Loaded,
        message: &Message,
        rule: impl Fn(&mut NumberRecord, Timestamp) -> Result<T, Limited>,
        now: Timestamp,
    ) -> Result<Option<T>, StartError> {
        let change = |record: Option<NumberRecord>| {
            let mut record = record.unwrap_or_else(|| NumberRecord::new(&message.to));
            if record.sent(&message.out_id).is_some() {
                return Change::Leave(Ok(None));
            }
            match rule(&mut record, now) {
                Ok(answer) => Change::Save(record, Ok(Some(answer))),
                Err(limited) => Change::Leave(Err(limited)),
            }
        };
        let answer = self.numbers.change(key, loaded, now, change).await?;
        Ok(answer?)
    }

    /// Writes the row, sends, and takes everything back if it was refused.
    async fn send_reserved(
        &self,
        app: &str,
        message: &Message,
        verification: Option<String>,
        reservation: Reservation,
    ) -> Result<(Outcome, Row), StartError> {
        let at = reservation.at;
        let opened = self.deliver.open(message, app, verification, at).await;
        let row = match opened {
            Ok(row) => row,
            Err(error) => {
                self.take_back(&message.out_id, reservation, None).await;
                return Err(error.into());
            }
        };
        match self.deliver.send(message, row).await {
            (Outcome::Refused(refusal), _) => {
                self.take_back(&message.out_id, reservation, Some(&refusal))
                    .await;
                Err(StartError::Refused(Box::new(refusal)))
            }
            sent => Ok(sent),
        }
    }

    /// Takes a message back that was not sent. Whoever takes it out of the
    /// record gives the counters back, so that it happens once. The count of an
    /// address stays where the provider was asked: otherwise one address could
    /// have it asked without end.
    async fn take_back(&self, out_id: &OutId, reservation: Reservation, refusal: Option<&Refusal>) {
        let Reservation {
            record, charges, ..
        } = reservation;
        match self.release(record, out_id, refusal).await {
            Ok(true) => {
                let keeps_ip = refusal.is_some_and(|refusal| refusal.stage == Stage::Provider);
                let charges = if keeps_ip {
                    limit::without_ip(charges)
                } else {
                    charges
                };
                self.give_back(&charges, self.now()).await;
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(message.out_id = %out_id, %error, "a refused message could not be taken back and counts as sent");
            }
        }
    }

    async fn release(
        &self,
        key: RecordKey,
        out_id: &OutId,
        refusal: Option<&Refusal>,
    ) -> StoreResult<bool> {
        let (_turn, now) = self.numbers.queue(key).await;
        let loaded = self.numbers.load(key, now).await?;
        let change = |record: Option<NumberRecord>| {
            let Some(mut record) = record else {
                return Change::Leave(false);
            };
            let released = issue::release(&mut record, out_id);
            match refusal {
                Some(refusal) => issue::hold(&mut record, refusal, now),
                None if !released => return Change::Leave(false),
                None => {}
            }
            Change::Save(record, released)
        };
        self.numbers.change(key, loaded, now, change).await
    }

    /// The code of a verification.
    pub(super) fn code(
        &self,
        entry: &Entry,
        id: &str,
        number: &PhoneNumber,
    ) -> StoreResult<Passcode> {
        let key = self.parts.keys.code_key(&entry.key_id);
        let key = key.ok_or_else(|| StoreError::Unusable {
            store: "keys",
            reason: format!("there is no code key {}", entry.key_id),
            cure: "bring the key back until ten minutes after its rotation".to_owned(),
        })?;
        let parts = [id, &entry.app, &number.e164(), &entry.usage_type];
        Ok(Passcode::derive(
            key,
            &parts.map(str::as_bytes),
            entry.digits,
        ))
    }
}

/// Another try of the same request is being carried out; what became of it is
/// told to whoever asks again.
fn under_way() -> StartError {
    StartError::Store(StoreError::Unavailable {
        store: "sesame",
        reason: "the same request is being carried out".to_owned(),
    })
}

/// A name that a caller gives: short, and nothing that would tear a log line.
fn named(field: &'static str, name: &str) -> Result<(), Invalid> {
    let fits = (1..=LONGEST_NAME).contains(&name.len()) && !name.contains(char::is_control);
    if fits {
        return Ok(());
    }
    Err(Invalid {
        field,
        reason: "must be from 1 to 64 bytes long, without control characters",
    })
}
