//! The connector: a configuration and a provider, ready to send.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::code::Kind;
use aliyun_sms::{Source, Transport};
use serde_json::{Map, Value};
use tracing::Instrument;

use crate::config::{ConnectorConfig, ProviderKind, Template};
use crate::error::Error;
use crate::message::{Draft, Message, OutId, Prepared};
use crate::outcome::{Delivery, Outcome, Receipt, Refusal, Stage};
use crate::phone::{PhoneError, PhoneNumber};
use crate::provider::{self, Provider, ReportError, Reports, Sought};
use crate::settle::{self, Settled};
use crate::template;
use crate::usage::UsageType;

/// The variable of PNVS's gift templates that says how long a code lives.
const MINUTES: &str = "min";

/// What it says where the caller does not: how long Logto's codes live, and ours
/// where the policy does not say otherwise.
const USUAL_MINUTES: &str = "10";

/// Sends messages as a configuration says. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connector {
    config: Arc<ConnectorConfig>,
    provider: Arc<dyn Provider>,
    source: Arc<dyn Source>,
    /// Who sends what this one refused for a reason of its own.
    fallback: Option<Arc<Connector>>,
}

impl Connector {
    /// A connector that sends through `provider`, and through nobody else.
    pub fn new(
        config: ConnectorConfig,
        provider: Arc<dyn Provider>,
        source: Arc<dyn Source>,
    ) -> Self {
        Self {
            config: Arc::new(config),
            provider,
            source,
            fallback: None,
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
        let mut config = config;
        let fallback = config.fallback.take();
        // They share the time that there is for one message.
        let mut own = config.clone();
        own.timeout /= if fallback.is_some() { 2 } else { 1 };
        let provider = provider::from_config(&own, source.clone(), transport)?;
        let fallback = fallback.map(|mut fallback| {
            fallback.timeout = own.timeout;
            Self::sharing(transport, *fallback, source.clone())
        });
        Ok(Self {
            fallback: fallback.transpose()?.map(Arc::new),
            ..Self::new(config, provider, source)
        })
    }

    /// What it was made of.
    pub fn config(&self) -> &ConnectorConfig {
        &self.config
    }

    /// Who sends what this one refuses for a reason of its own, if anybody.
    pub fn fallback(&self) -> Option<&Self> {
        self.fallback.as_deref()
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
        let refusal = match self.prepare_own(message) {
            Ok(prepared) => return Ok(prepared),
            Err(refusal) => refusal,
        };
        match self.fallback_for(&refusal) {
            Some(fallback) => fallback
                .prepare_own(message)
                .map_err(|second| to_be_mended(refusal, second)),
            None => Err(refusal),
        }
    }

    /// Into how many segments a message is cut at most, whoever sends it; each of
    /// them is paid. What is Aliyun's text counts as one: its length is not known
    /// here.
    pub fn segments(&self, message: &Message) -> usize {
        let both = [Some(self), self.fallback()].into_iter().flatten();
        both.filter_map(|one| one.prepare_own(message).ok()?.text)
            .map(|text| template::text::segments(&text).count)
            .fold(1, usize::max)
    }

    fn prepare_own(&self, message: &Message) -> Result<Prepared, Box<Refusal>> {
        let out_id = || message.out_id.clone();
        let route = template::route(&self.config, &message.usage_type, &message.to)
            .map_err(|error| Box::new(Refusal::of_route(out_id(), &error)))?;
        let text = route.text.as_ref();
        let text = text.map(|text| text.choose(languages(&message.payload)));
        let variables = match text {
            Some(text) => template::text::variables(text),
            None => route.variables.clone(),
        };
        let mut payload = Cow::Borrowed(&message.payload);
        let is_usual = self.config.provider == ProviderKind::AliyunPnvs || text.is_some();
        if is_usual && !payload.contains_key(MINUTES) {
            payload
                .to_mut()
                .insert(MINUTES.to_owned(), USUAL_MINUTES.into());
        }
        let params = template::fill(&variables, &payload)
            .map_err(|error| Box::new(Refusal::of_param(out_id(), &error)))?;
        let text = text.map(|text| template::text::render(text, &params));
        Ok(Prepared {
            to: message.to.clone(),
            route,
            params,
            text,
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
            let outcome = self.send_by_either(message).await;
            trace(&outcome);
            outcome
        }
        .instrument(span.clone())
        .await;
        span.record("message.outcome", outcome.as_str());
        outcome
    }

    /// What ended unknown may have been sent: only a refusal, which proves that
    /// it was not, leads to the fallback.
    async fn send_by_either(&self, message: &Message) -> Outcome {
        let refusal = match self.send_own(message).await {
            Outcome::Refused(refusal) => refusal,
            outcome => return outcome,
        };
        let Some(fallback) = self.fallback_for(&refusal) else {
            return Outcome::Refused(refusal);
        };
        tell_of_fallback(&refusal, fallback.provider.name());
        match fallback.send_own(message).await {
            Outcome::Refused(second) => {
                tell_of_second(&refusal, &second);
                let told = to_be_mended(Box::new(refusal), Box::new(second));
                Outcome::Refused(*told)
            }
            outcome => outcome,
        }
    }

    async fn send_own(&self, message: &Message) -> Outcome {
        match self.prepare_own(message) {
            Ok(prepared) => self.provider.send(&prepared).await,
            Err(refusal) => Outcome::Refused(*refusal),
        }
    }

    /// Who may serve a message that was refused here: where signature, template
    /// or account were at fault. Numbers, limits and values are the same
    /// everywhere, and the key is shared.
    fn fallback_for(&self, refusal: &Refusal) -> Option<&Connector> {
        let lies_here = matches!(
            refusal.kind,
            Kind::Signature | Kind::Template | Kind::Balance | Kind::Permission
        );
        let is_ours = refusal.stage != Stage::Argument;
        self.fallback.as_deref().filter(|_| lies_here && is_ours)
    }

    /// Who knows a message by this id: the one of the two whose ids look so, or
    /// the first.
    pub fn sender_of(&self, biz_id: Option<&str>) -> &Arc<dyn Provider> {
        let both = [Some(self), self.fallback()].into_iter().flatten();
        let is_its = |one: &&Connector| biz_id.is_some_and(|id| one.provider.gives_such_ids(id));
        let mut its = both.filter(is_its).map(|one| &one.provider);
        its.next().unwrap_or(&self.provider)
    }

    /// Reads a pushed body of delivery reports: of the first, or of the fallback
    /// where the first can read none.
    ///
    /// # Errors
    /// Where neither can.
    pub fn parse_reports(&self, body: &[u8]) -> Result<Reports, ReportError> {
        let own = self.provider.parse_reports(body);
        let is_read = own.as_ref().is_ok_and(|own| !own.reports.is_empty());
        match self.fallback().filter(|_| !is_read) {
            Some(fallback) => match fallback.provider.parse_reports(body) {
                Ok(other) if !other.reports.is_empty() => Ok(other),
                _ => own,
            },
            None => own,
        }
    }

    /// Who serves numbers outside the mainland: the first of the two that has
    /// anything for them.
    pub fn overseas(&self) -> Option<&Self> {
        let both = [Some(self), self.fallback()].into_iter().flatten();
        let serves = |one: &&Connector| one.config.templates.iter().any(Template::is_for_overseas);
        both.filter(|one| one.config.provider != ProviderKind::AliyunPnvs)
            .find(serves)
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

    /// Waits for up to `limit` for the report of an accepted message. `None`
    /// where there is nothing to wait for: its provider cannot be asked.
    pub async fn delivery(
        &self,
        to: &PhoneNumber,
        receipt: &Receipt,
        limit: Duration,
    ) -> Option<Delivery> {
        let sought = Sought::accepted(to, receipt);
        let sender = self.sender_of(receipt.biz_id.as_deref());
        settle::delivery(&**sender, &sought, limit).await
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

/// The languages of whoever gets a message, as callers tell them: one tag
/// (`locale`), or several separated by spaces (`uiLocales`).
fn languages(payload: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let told = ["locale", "uiLocales"].into_iter();
    told.filter_map(|key| payload.get(key)?.as_str())
        .flat_map(str::split_whitespace)
}

/// Which of two refusals is to be mended: the first, unless that one had nothing
/// for the message by its configuration, so that the second was to send it.
fn to_be_mended(first: Box<Refusal>, second: Box<Refusal>) -> Box<Refusal> {
    match (first.stage, second.stage) {
        (Stage::Routing, Stage::Routing) => first,
        (Stage::Routing, _) => second,
        _ => first,
    }
}

/// What the first has nothing for goes through the fallback as it was planned.
fn tell_of_fallback(refusal: &Refusal, fallback: &str) {
    if refusal.stage == Stage::Routing {
        tracing::debug!(
            message.out_id = %refusal.out_id,
            message.code = refusal.code,
            fallback,
            "not for the first provider, sent through the fallback"
        );
    } else {
        tracing::warn!(
            message.out_id = %refusal.out_id,
            message.code = refusal.code,
            cause = &*refusal.cause.en,
            cure = &*refusal.cure.en,
            fallback,
            "refused, and sent through the fallback"
        );
    }
}

/// Where one of the two had nothing for the message, the outcome says it all.
fn tell_of_second(first: &Refusal, second: &Refusal) {
    if first.stage != Stage::Routing && second.stage != Stage::Routing {
        tracing::warn!(
            message.out_id = %second.out_id,
            message.code = second.code,
            cause = &*second.cause.en,
            cure = &*second.cure.en,
            "the fallback refused it too"
        );
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
