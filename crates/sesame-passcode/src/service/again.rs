//! A request that comes again, since nobody heard what became of it: answered
//! from what was written down. Nothing is counted and nothing is sent.

use sesame_connector::{Doubt, Outcome, Receipt, Refusal, Text};

use super::Inner;
use super::start::Request;
use super::types::{Invalid, Sent, StartError, Started, Status, Verification};
use crate::id::VerificationId;
use crate::journal::{Row, State};
use crate::record::secs;
use crate::store::StoreResult;

impl Inner {
    /// The row that an earlier try of this request left.
    pub(super) async fn earlier(&self, request: &Request) -> StoreResult<Option<Row>> {
        if request.nonce.is_none() {
            return Ok(None);
        }
        let message = &request.message;
        let row = self.parts.journal.message(&message.out_id).await?;
        if row.is_some() {
            return Ok(row);
        }
        let now = self.now();
        let key = self.parts.keys.record(&message.to);
        let record = self.numbers.load(key, now).await?.record;
        let Some(sent) = record.as_ref().and_then(|it| it.sent(&message.out_id)) else {
            return Ok(None);
        };
        // It died before it wrote the row. This is done for it, so that the
        // message is found and settled like any whose sender died.
        let id = |nonce| VerificationId { nonce, record: key }.encode(&self.parts.keys);
        let verification = sent.verification.map(id);
        let opened = self.deliver.open(message, &request.app, verification, now);
        opened.await.map(Some)
    }

    /// The answer to a start that was made before.
    pub(super) async fn started_earlier(
        &self,
        request: &Request,
        row: Row,
    ) -> Result<Started, StartError> {
        let now = self.now();
        let outcome = outcome(request, &row)?;
        let id = row.verification.clone().ok_or_else(other_request)?;
        let vid = VerificationId::decode(&id, &self.parts.keys).ok_or_else(other_request)?;
        let record = self.numbers.load(vid.record, now).await?.record;
        let seen = match &record {
            Some(record) => self.view(record, &request.app, &id, &vid, now).await?,
            None => None,
        };
        let life = secs(self.parts.policy.rules(&row.usage_type).life_secs);
        let created_at = row.created_at;
        // Where the record has forgotten it, it is long over.
        let verification = seen.unwrap_or_else(|| Verification {
            id,
            to: row.masked.clone(),
            usage_type: row.usage_type.clone(),
            status: Status::Expired,
            created_at,
            expires_at: created_at + life,
            resend_after_secs: 0,
            attempts_left: 0,
            sends: Vec::new(),
            message: None,
        });
        Ok(Started {
            outcome,
            resumed: verification.created_at < created_at,
            verification: Verification {
                message: Some(row.into()),
                ..verification
            },
        })
    }
}

/// The answer to a caller's own code that was sent before.
pub(super) fn sent_earlier(request: &Request, row: Row) -> Result<Sent, StartError> {
    let outcome = outcome(request, &row)?;
    if row.verification.is_some() {
        return Err(other_request().into());
    }
    Ok(Sent {
        outcome,
        message: row.into(),
    })
}

/// How sending ended, as far as the row tells.
fn outcome(request: &Request, row: &Row) -> Result<Outcome, StartError> {
    if row.app != request.app {
        return Err(other_request().into());
    }
    let progress = &row.progress;
    let (out_id, request_id) = (row.out_id.clone(), progress.request_id.clone());
    let code = progress.code.as_deref();
    match progress.state {
        State::Accepted => Ok(Outcome::Accepted(Receipt {
            out_id,
            biz_id: progress.biz_id.clone(),
            request_id,
            sent_at: row.created_at,
        })),
        State::Refused => {
            let refusal = Refusal::recalled(out_id, code.unwrap_or("refused"), request_id);
            Err(StartError::Refused(Box::new(refusal)))
        }
        State::Sending | State::Unknown | State::FinallyUnknown => Ok(Outcome::Unknown(Doubt {
            out_id,
            request_id,
            code: code.unwrap_or("interrupted").to_owned(),
            cause: Text {
                en: "nobody heard how an earlier try of this request ended".into(),
                zh: "此前同一请求的发送结果未知".into(),
            },
            cure: Text {
                en: "look the message up later, Sesame asks what became of it".into(),
                zh: "请稍后查询该短信，Sesame 会继续核实其结果".into(),
            },
            sent_at: row.created_at,
        })),
    }
}

fn other_request() -> Invalid {
    Invalid {
        field: "attempt",
        reason: "was another request's",
    }
}
