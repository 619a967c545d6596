//! Counting a message: what the lists and the counters say of it, before it is
//! put down.

use jiff::Timestamp;

use super::Inner;
use super::start::Request;
use super::types::StartError;
use super::verdicts::Ruled;
use crate::journal::Ruling;
use crate::limit::{self, Charge, Charged, Judged, Limited, Reached};
use crate::store::{Addition, StoreError, StoreResult};

/// How often a message is counted again that found a counter full.
const TRIES: usize = 2;

/// A message was not counted.
pub(super) enum Uncharged {
    /// There was no room.
    Full(Reached, Vec<Charge>),
    Store(StoreError),
}

impl From<StoreError> for Uncharged {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Request {
    pub(super) fn ruled<'a>(&'a self, ruling: Ruling, reached: &'a Reached) -> Ruled<'a> {
        let message = &self.message;
        Ruled {
            ruling,
            reached,
            app: &self.app,
            usage_type: message.usage_type.as_str(),
            to: &message.to,
            ip: self.ip,
        }
    }
}

impl Inner {
    /// What the lists say of a number, if they only are watched.
    pub(super) fn listed(&self, request: &Request) -> Result<Option<Reached>, StartError> {
        let policy = &self.parts.policy;
        let Err(denied) = policy.admits(&request.message.to) else {
            return Ok(None);
        };
        let is_observed = policy.observes(denied.limit);
        let reached = Reached {
            limited: Limited::lasting(denied.limit),
            reason: denied.reason,
        };
        match is_observed {
            true => Ok(Some(reached)),
            false => Err(self.refused(request, &reached)),
        }
    }

    /// Tells of a refusal.
    pub(super) fn refused(&self, request: &Request, reached: &Reached) -> StartError {
        self.tell_ruling(&request.ruled(Ruling::Refused, reached));
        reached.limited.into()
    }

    pub(super) async fn not_charged(
        &self,
        request: &Request,
        message: &Charged<'_>,
        uncharged: Uncharged,
    ) -> StartError {
        match uncharged {
            Uncharged::Store(error) => error.into(),
            Uncharged::Full(reached, charges) => {
                self.note_charge(&reached.limited, message, &charges).await;
                self.refused(request, &reached)
            }
        }
    }

    /// Counts a message: what it is charged, and which limit would have refused
    /// it, if that is only watched. Of such a message nothing watched is counted
    /// ([`limit::as_if_refused`]), nor where a watched list would have refused it
    /// before.
    pub(super) async fn charge(
        &self,
        request: &Request,
        message: &Charged<'_>,
        listed: Option<Reached>,
        now: Timestamp,
    ) -> Result<(Vec<Charge>, Option<Reached>), Uncharged> {
        let mut charges = limit::charges(&self.parts.policy, &self.parts.keys, message, now);
        if listed.is_some() {
            charges = limit::as_if_refused(charges).0;
        }
        if charges.is_empty() {
            return Ok((charges, listed));
        }
        let (totals, judged) = self.count(&charges, now).await?;
        if let Some(reached) = judged.refused {
            return Err(Uncharged::Full(reached, charges));
        }
        for near in limit::nearing(&charges, &totals) {
            self.tell_nearing(request, &near).await;
        }
        if judged.observed.is_some() && listed.is_none() {
            let (counted, watched) = limit::as_if_refused(charges);
            self.give_back(&watched, now).await;
            charges = counted;
        }
        Ok((charges, listed.or(judged.observed)))
    }

    /// Adds a message to its counters, unless one has no room.
    ///
    /// A message that is refused was counted for a moment, where others draw on
    /// too. So that a flood of them takes nobody's room, nothing is added while a
    /// counter is still full that was so before; and whoever finds one full looks
    /// again when the others have taken theirs back.
    async fn count(&self, charges: &[Charge], now: Timestamp) -> StoreResult<(Vec<i64>, Judged)> {
        let (store, additions) = (&self.parts.store, limit::additions(charges));
        let mut tries = 0..TRIES;
        loop {
            if self.was_full(&additions, now) {
                let totals = store.add(&limit::looks(&additions), now).await?;
                let totals = limit::with_amounts(&additions, &totals);
                let judged = limit::judge(charges, &totals, now);
                if judged.refused.is_some() {
                    return Ok((totals, judged));
                }
                self.forget_full(&additions);
            }
            let totals = store.add(&additions, now).await?;
            let judged = limit::judge(charges, &totals, now);
            let Some(reached) = &judged.refused else {
                return Ok((totals, judged));
            };
            self.give_back(charges, now).await;
            let until = reached.limited.ends_at.unwrap_or(Timestamp::MAX);
            for counter in limit::counters(charges, reached.limited.limit) {
                self.full.is_new(&counter, until);
            }
            if tries.next().is_none() {
                return Ok((totals, judged));
            }
        }
    }

    fn was_full(&self, additions: &[Addition], now: Timestamp) -> bool {
        let is_full = |addition: &Addition| self.full.has(addition.key.as_str(), now);
        !self.full.is_empty() && additions.iter().any(is_full)
    }

    fn forget_full(&self, additions: &[Addition]) {
        for addition in additions {
            self.full.forget(addition.key.as_str());
        }
    }

    /// Tells once in a window that most of what the account may spend is spent,
    /// also where messages that were refused gave some of it back meanwhile.
    async fn tell_nearing(&self, request: &Request, near: &Reached) {
        let (limit, reason) = (near.limited.limit, &near.reason);
        let ends_at = near.limited.ends_at.unwrap_or(Timestamp::MAX);
        if !self
            .noted
            .is_new(&format!("near:{}", limit.as_str()), ends_at)
        {
            return;
        }
        self.parts.events.nearing(limit);
        let until = near.limited.ends_at.map(|until| until.to_string());
        tracing::warn!(
            limit = limit.as_str(),
            reason,
            until,
            "four fifths of what the account may spend are spent"
        );
        let detail = serde_json::json!({
            "limit": limit.as_str(), "reason": reason, "until": until, "app": request.app,
        });
        let written = self.write_down("sesame", "limit_near", "all", None, detail);
        if let Err(error) = written.await {
            tracing::warn!(%error, "that a limit is near could not be written down");
        }
    }

    /// What is not given back costs the next ones a little room, nothing else.
    pub(super) async fn give_back(&self, charges: &[Charge], now: Timestamp) {
        let additions = limit::give_back(charges);
        if additions.is_empty() {
            return;
        }
        if let Err(error) = self.parts.store.add(&additions, now).await {
            tracing::warn!(%error, "counters could not be given back");
        }
    }
}
