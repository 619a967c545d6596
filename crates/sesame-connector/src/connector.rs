//! The connector: a configuration and a provider, ready to send.

use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::{Source, Transport};
use tracing::Instrument;

use crate::config::ConnectorConfig;
use crate::error::Error;
use crate::message::{Draft, Message, OutId, Prepared};
use crate::outcome::{Delivery, Outcome, Receipt, Refusal};
use crate::phone::{PhoneError, PhoneNumber};
use crate::provider::{self, Provider, Sought};
use crate::settle::{self, Settled};
use crate::template;
use crate::usage::UsageType;

/// Sends messages as a configuration says. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connector {
    config: Arc<ConnectorConfig>,
    provider: Arc<dyn Provider>,
    source: Arc<dyn Source>,
}

impl Connector {
    /// A connector that sends through `provider`.
    pub fn new(
        config: ConnectorConfig,
        provider: Arc<dyn Provider>,
        source: Arc<dyn Source>,
    ) -> Self {
        Self {
            config: Arc::new(config),
            provider,
            source,
        }
    }

    /// A connector that sends through the provider of its configuration.
    ///
    /// # Errors
    /// Where the provider cannot be set up on this machine.
    pub fn from_config(config: ConnectorConfig, source: Arc<dyn Source>) -> Result<Self, Error> {
        Self::sharing(&Transport::new()?, config, source)
    }

    /// The same, with connections that it shares with others.
    ///
    /// # Errors
    /// As [`from_config`](Self::from_config).
    pub fn sharing(
        transport: &Transport,
        config: ConnectorConfig,
        source: Arc<dyn Source>,
    ) -> Result<Self, Error> {
        let provider = provider::from_config(&config, source.clone(), transport)?;
        Ok(Self::new(config, provider, source))
    }

    /// What it was made of.
    pub fn config(&self) -> &ConnectorConfig {
        &self.config
    }

    /// Who sends.
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// Reads a phone number as the configuration says.
    ///
    /// # Errors
    /// Where it is none we can send to.
    pub fn phone(&self, text: &str) -> Result<PhoneNumber, PhoneError> {
        PhoneNumber::parse(text, &self.config.reading)
    }

    /// A message out of what a caller handed over; with an id of its own, if
    /// the caller made none.
    ///
    /// # Errors
    /// Where the number is none we can send to.
    pub fn message(&self, draft: Draft) -> Result<Message, Box<Refusal>> {
        let out_id = draft.out_id.unwrap_or_else(|| OutId::new(&*self.source));
        match self.phone(&draft.to) {
            Ok(to) => Ok(Message {
                to,
                usage_type: UsageType::from(draft.usage_type.as_str()),
                payload: draft.payload,
                out_id,
            }),
            Err(error) => Err(Box::new(Refusal::of_phone(out_id, error))),
        }
    }

    /// Decides everything about a message without sending it.
    ///
    /// # Errors
    /// Where it would be refused before anything is sent.
    pub fn prepare(&self, message: &Message) -> Result<Prepared, Box<Refusal>> {
        let out_id = || message.out_id.clone();
        let route = template::route(&self.config, &message.usage_type, &message.to)
            .map_err(|error| Box::new(Refusal::of_route(out_id(), &error)))?;
        let params = template::fill(&route.variables, &message.payload)
            .map_err(|error| Box::new(Refusal::of_param(out_id(), &error)))?;
        Ok(Prepared {
            to: message.to.clone(),
            route,
            params,
            out_id: out_id(),
        })
    }

    /// Sends a message, once.
    pub async fn send(&self, message: &Message) -> Outcome {
        let span = tracing::info_span!(
            "send",
            message.out_id = %message.out_id,
            message.to = %message.to,
            message.region = message.to.region(),
            provider = self.provider.name(),
            message.outcome = tracing::field::Empty,
        );
        let outcome = async {
            let outcome = match self.prepare(message) {
                Ok(prepared) => self.provider.send(&prepared).await,
                Err(refusal) => Outcome::Refused(*refusal),
            };
            trace(&outcome);
            outcome
        }
        .instrument(span.clone())
        .await;
        span.record("message.outcome", outcome.as_str());
        outcome
    }

    /// Asks for up to `limit`, answers included, what became of a message whose
    /// sending ended unknown: accepted if the provider knows it, else unknown
    /// still. Other ends are left as they are.
    pub async fn settle(&self, to: &PhoneNumber, outcome: Outcome, limit: Duration) -> Outcome {
        let Outcome::Unknown(doubt) = outcome else {
            return outcome;
        };
        tracing::info!(message.out_id = %doubt.out_id, "no clear answer, asking what became of the message");
        let sought = Sought::in_doubt(to, &doubt);
        match settle::settle(&*self.provider, &sought, limit).await {
            Settled::Accepted(_) => Outcome::Accepted(Receipt {
                out_id: doubt.out_id,
                biz_id: None,
                request_id: doubt.request_id,
                sent_at: doubt.sent_at,
            }),
            Settled::StillUnknown(_) => Outcome::Unknown(doubt),
        }
    }

    /// Waits for up to `limit` for the report of an accepted message.
    pub async fn delivery(&self, to: &PhoneNumber, receipt: &Receipt, limit: Duration) -> Delivery {
        let sought = Sought::accepted(to, receipt);
        settle::delivery(&*self.provider, &sought, limit).await
    }

    /// Sends what a caller handed over, once.
    pub async fn send_draft(&self, draft: Draft) -> Outcome {
        match self.message(draft) {
            Ok(message) => self.send(&message).await,
            Err(refusal) => {
                let outcome = Outcome::Refused(*refusal);
                trace(&outcome);
                outcome
            }
        }
    }
}

/// For whoever looks into one message; telling the operator is the caller's.
fn trace(outcome: &Outcome) {
    tracing::debug!(
        message.out_id = %outcome.out_id(),
        message.outcome = outcome.as_str(),
        message.biz_id = outcome.biz_id(),
        message.request_id = outcome.request_id(),
        message.code = outcome.code(),
        "message handled"
    );
}
