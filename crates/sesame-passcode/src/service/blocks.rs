//! Who is held back: written down when a limit first refuses, so that an
//! operator can see it and lift what may be lifted.
//!
//! What lasts no longer than a minute is over before anybody looks, and is not
//! written down. Nor is the same block twice: a flood of refusals is no flood of
//! writes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sesame_connector::PhoneNumber;

use super::Inner;
use crate::journal::Block;
use crate::keys::hex;
use crate::limit::{self, Charge, Charged, LimitName, Limited};
use crate::store::{Addition, Key, StoreResult};

/// What ends sooner is not listed.
const SHORTEST: SignedDuration = SignedDuration::from_secs(60);

/// No more are remembered as written down.
const MOST_NOTED: usize = 10_000;

/// The limits of wrong codes, which an operator can lift for a number.
const BY_CODES: [LimitName; 2] = [LimitName::NumberLocked, LimitName::NumberChecksPerHour];

/// Somebody or something that a limit holds back, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What it is lifted by.
    pub id: String,
    /// The limit's name.
    pub limit: String,
    /// A masked number, a prefix or range without its last digits, an address,
    /// the letters of a country, or `all`.
    pub subject: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when; none where time alone does not end it.
    pub until: Option<Timestamp>,
    /// Whether it can be lifted. The windows of a number are those of the
    /// provider, which would refuse all the same.
    pub can_lift: bool,
}

/// What is sealed in a block.
#[derive(Serialize, Deserialize)]
struct Secret {
    /// As it is shown.
    subject: String,
    /// The number, if wrong codes for it are to be forgotten.
    number: Option<String>,
    /// The counters to be set to nought.
    counters: Vec<String>,
}

/// Blocks that were written down, and until when they last.
#[derive(Debug, Default)]
pub(super) struct Noted(Mutex<HashMap<String, Timestamp>>);

impl Noted {
    /// Whether it is not written down yet; it is from now on.
    pub(super) fn is_new(&self, id: &str, until: Timestamp) -> bool {
        let mut noted = self.lock();
        if noted.get(id) == Some(&until) {
            return false;
        }
        if noted.len() >= MOST_NOTED {
            noted.clear();
        }
        noted.insert(id.to_owned(), until);
        true
    }

    /// Whether it is written down, and lasts.
    pub(super) fn has(&self, id: &str, now: Timestamp) -> bool {
        self.lock().get(id).is_some_and(|until| *until > now)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(super) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A limit of one number held it back.
    pub(super) async fn note_number(&self, limited: &Limited, number: &PhoneNumber) {
        let secret = Secret {
            subject: number.masked(),
            number: BY_CODES.contains(&limited.limit).then(|| number.e164()),
            counters: Vec::new(),
        };
        let subject = secret.subject.clone();
        self.note(limited, &number.e164(), &subject, &secret).await;
    }

    /// A counter held a message back.
    pub(super) async fn note_charge(
        &self,
        limited: &Limited,
        message: &Charged<'_>,
        charges: &[Charge],
    ) {
        let counters = limit::counters(charges, limited.limit);
        let Subject { shown, open } = subject(limited.limit, message.to, message.ip);
        let secret = Secret {
            subject: shown.clone(),
            number: None,
            counters,
        };
        self.note(limited, &shown, &open, &secret).await;
    }

    /// `by` tells it from others of the same limit, `subject` may stand in the
    /// journal as it is.
    async fn note(&self, limited: &Limited, by: &str, subject: &str, secret: &Secret) {
        let now = self.now();
        let until = limited.ends_at.unwrap_or(Block::LASTING);
        if limited.limit.is_list() || until.duration_since(now) <= SHORTEST {
            return;
        }
        let id = self.block_id(limited.limit, by);
        if !self.noted.is_new(&id, until) {
            return;
        }
        let plain = serde_json::to_vec(secret).unwrap_or_default();
        let (sealer, source) = (self.parts.keys.sealer(), &*self.parts.source);
        let sealed = sealer.seal(&aad(&id), &plain, source);
        let block = Block {
            id,
            limit: limited.limit.as_str().to_owned(),
            subject: subject.to_owned(),
            sealed,
            since: now,
            until,
        };
        if let Err(error) = self.parts.journal.block(&block).await {
            self.noted.forget(&block.id);
            tracing::warn!(limit = block.limit, %error, "a block could not be written down");
        }
    }

    fn block_id(&self, limit: LimitName, by: &str) -> String {
        let name = format!("{}:{by}", limit.as_str());
        let hash = self.parts.keys.keyed_hash("block", name.as_bytes());
        hex(&hash[..16])
    }

    /// A number's wrong codes are forgotten; what they brought on it is listed
    /// no more.
    pub(super) async fn unlist_number(&self, number: &PhoneNumber) {
        for limit in BY_CODES {
            let id = self.block_id(limit, &number.e164());
            self.noted.forget(&id);
            if let Err(error) = self.parts.journal.unblock(&id).await {
                tracing::warn!(%error, "a block that was lifted is still listed");
            }
        }
    }

    pub(super) async fn held(
        &self,
        limit: usize,
        after: Option<&(Timestamp, String)>,
    ) -> StoreResult<Vec<Held>> {
        let blocks = self.parts.journal.blocks(self.now(), limit, after).await?;
        let held = blocks.into_iter().map(|block| {
            let secret = self.open_block(&block);
            view(block, secret.as_ref())
        });
        Ok(held.collect())
    }

    fn open_block(&self, block: &Block) -> Option<Secret> {
        let opened = self.parts.keys.sealer();
        let opened = opened.open(&aad(&block.id), &block.sealed)?;
        serde_json::from_slice(&opened).ok()
    }

    pub(super) async fn lift_block(&self, actor: &str, id: &str) -> StoreResult<Option<Held>> {
        let journal = &self.parts.journal;
        let Some(block) = journal.unblock(id).await? else {
            return Ok(None);
        };
        let secret = self.open_block(&block);
        let Some(secret) = secret.filter(can_lift) else {
            journal.block(&block).await?;
            return Ok(None);
        };
        let lifted = self.lift_opened(actor, &block, &secret).await;
        if lifted.is_err() {
            // It holds still, so it is listed still.
            if let Err(error) = journal.block(&block).await {
                tracing::warn!(%error, "a block that could not be lifted is not listed any more");
            }
        }
        lifted?;
        self.noted.forget(id);
        Ok(Some(view(block, Some(&secret))))
    }

    async fn lift_opened(&self, actor: &str, block: &Block, secret: &Secret) -> StoreResult<()> {
        if let Some(number) = secret.number.as_deref().and_then(crate::deliver::number) {
            self.lift_number(actor, number).await?;
            return Ok(());
        }
        // First of all, so that nothing is lifted and nobody knows.
        let detail = serde_json::json!({ "limit": block.limit });
        self.write_down(actor, "limit_lifted", &block.subject, None, detail)
            .await?;
        let now = self.now();
        let counters = |amounts: &[i64]| -> Vec<Addition> {
            let each = secret.counters.iter().zip(amounts);
            each.map(|(key, amount)| Addition {
                key: Key::new(key.as_str()),
                amount: -amount,
                ends_at: block.until,
            })
            .collect()
        };
        let nothing = vec![0; secret.counters.len()];
        let totals = self.parts.store.add(&counters(&nothing), now).await?;
        self.parts.store.add(&counters(&totals), now).await?;
        Ok(())
    }
}

/// Whom a limit counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Subject {
    /// As operators see it.
    pub(super) shown: String,
    /// As it may stand in the journal.
    pub(super) open: String,
}

pub(super) fn subject(limit: LimitName, to: &PhoneNumber, ip: Option<IpAddr>) -> Subject {
    let both = |name: String| Subject {
        shown: name.clone(),
        open: name,
    };
    match limit {
        LimitName::IpPerHour | LimitName::IpUnconfirmedPerHour | LimitName::IpUnconfirmedPerDay => {
            Subject {
                shown: ip.map(network).unwrap_or_default(),
                open: "ip".to_owned(),
            }
        }
        LimitName::PrefixPerHour | LimitName::PrefixPerDay | LimitName::PrefixDenied => {
            neighbours(to, 4)
        }
        LimitName::RangePerHour | LimitName::RangePerDay => neighbours(to, 5),
        LimitName::CountryPerHour | LimitName::CountryPerDay | LimitName::CountryDenied => {
            both(to.region())
        }
        _ if limit.is_of_number() => both(to.masked()),
        _ => both("all".to_owned()),
    }
}

/// An address as limits count it: of IPv6 the /64.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let network = u128::from(ip) >> 64 << 64;
            format!("{}/64", std::net::Ipv6Addr::from(network))
        }
    }
}

fn neighbours(to: &PhoneNumber, digits: usize) -> Subject {
    let national = to.national();
    let head = &national[..national.len().saturating_sub(digits)];
    let hidden = "*".repeat(digits);
    Subject {
        shown: format!("+{} {head}{hidden}", to.country_code()),
        open: to.region(),
    }
}

fn can_lift(secret: &Secret) -> bool {
    secret.number.is_some() || !secret.counters.is_empty()
}

fn view(block: Block, secret: Option<&Secret>) -> Held {
    Held {
        id: block.id,
        limit: block.limit,
        subject: secret.map_or(block.subject, |secret| secret.subject.clone()),
        since: block.since,
        until: Some(block.until).filter(|until| *until < Block::LASTING),
        can_lift: secret.is_some_and(can_lift),
    }
}

fn aad(id: &str) -> Vec<u8> {
    format!("block:{id}").into_bytes()
}
