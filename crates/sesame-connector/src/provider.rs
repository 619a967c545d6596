//! Who sends: one small trait, and what it is asked.
//!
//! A new provider is one file here and a line in [`from_config`]. A number's
//! notation on its wire stays inside its file.

pub mod aliyun_intl;
pub mod aliyun_pnvs;
pub mod aliyun_sms;
pub mod stub;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use ::aliyun_sms::code::Kind;
use ::aliyun_sms::{Source, Transport, mask_number};
use jiff::Timestamp;
use thiserror::Error as ThisError;

use crate::config::{ConnectorConfig, ProviderKind};
use crate::error::Error;
use crate::message::{OutId, Prepared};
use crate::outcome::{Delivery, Doubt, Outcome, Receipt};
use crate::phone::PhoneNumber;
use crate::text::Text;

/// What an asynchronous method of a trait object returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Somebody who sends messages.
pub trait Provider: Send + Sync + fmt::Debug {
    /// Its name, as `provider` in the configuration.
    fn name(&self) -> &'static str;

    /// Sends one message, once.
    fn send<'a>(&'a self, message: &'a Prepared) -> BoxFuture<'a, Outcome>;

    /// Asks what became of a message. `None` proves nothing: what is not found
    /// may not be listed yet.
    fn find<'a>(&'a self, sought: &'a Sought) -> BoxFuture<'a, Found>;

    /// Reads the body of a pushed delivery report.
    ///
    /// # Errors
    /// Where it is none of this provider's.
    fn parse_reports(&self, body: &[u8]) -> Result<Reports, ReportError>;

    /// Whether an id looks like those it gives to messages.
    fn gives_such_ids(&self, biz_id: &str) -> bool {
        let _ = biz_id;
        false
    }

    /// Tells it that the code of a message came back. To tell it twice changes
    /// nothing.
    fn convert<'a>(&'a self, conversion: &'a Conversion) -> BoxFuture<'a, Told> {
        let _ = conversion;
        Box::pin(async { Err(FindError::Unsupported) })
    }

    /// Tells it the share, from 0 to 1, of messages whose codes came back.
    fn convert_rate(&self, rate: f64, until: Timestamp) -> BoxFuture<'_, Told> {
        let _ = (rate, until);
        Box::pin(async { Err(FindError::Unsupported) })
    }
}

/// What telling a provider something ends in; the errors are those of asking.
pub type Told = Result<(), FindError>;

/// The code of a message came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The provider's id of the message.
    pub biz_id: String,
    /// When it came back.
    pub at: Timestamp,
}

/// What [`Provider::find`] answers.
pub type Found = Result<Option<FoundMessage>, FindError>;

/// The provider a configuration asks for.
///
/// # Errors
/// Where it cannot be set up on this machine.
pub fn from_config(
    config: &ConnectorConfig,
    source: Arc<dyn Source>,
    transport: &Transport,
) -> Result<Arc<dyn Provider>, Error> {
    let builder = aliyun_sms::client_builder(config, source.clone());
    let client = builder.transport(transport).build()?;
    Ok(match config.provider {
        ProviderKind::AliyunSms => Arc::new(aliyun_sms::AliyunSms::new(client, source)),
        ProviderKind::AliyunPnvs => Arc::new(aliyun_pnvs::AliyunPnvs::new(client, source)),
        ProviderKind::AliyunIntl => Arc::new(aliyun_intl::AliyunIntl::new(client, source)),
    })
}

/// A message that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Whom it was for.
    pub to: PhoneNumber,
    /// Our id of it.
    pub out_id: OutId,
    /// When sending began.
    pub sent_at: Timestamp,
    /// The provider's id of it, where that is known.
    pub biz_id: Option<String>,
}

impl Sought {
    /// A message whose sending ended unknown.
    pub fn in_doubt(to: &PhoneNumber, doubt: &Doubt) -> Self {
        Self {
            to: to.clone(),
            out_id: doubt.out_id.clone(),
            sent_at: doubt.sent_at,
            biz_id: None,
        }
    }

    /// A message that was accepted.
    pub fn accepted(to: &PhoneNumber, receipt: &Receipt) -> Self {
        Self {
            to: to.clone(),
            out_id: receipt.out_id.clone(),
            sent_at: receipt.sent_at,
            biz_id: receipt.biz_id.clone(),
        }
    }
}

/// A message that the provider knows, and so has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMessage {
    /// What became of it.
    pub delivery: Delivery,
    /// When the provider sent it.
    pub sent_at: Option<Timestamp>,
    /// When its report came.
    pub reported_at: Option<Timestamp>,
}

/// Why nothing is known of a message.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum FindError {
    /// The provider cannot be asked.
    #[error("this provider cannot be asked about a message")]
    Unsupported,
    /// It gave no answer to go by.
    #[error("{}", .0.cause)]
    Failed(Box<FindFailure>),
}

impl FindError {
    /// Whether asking again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.is_transient)
    }
}

impl FindError {
    /// Whether questions come too often for the provider.
    pub fn is_throttled(&self) -> bool {
        self.is(Kind::RateLimit)
    }

    /// Whether the key may not say this, or is not taken at all.
    pub fn is_denied(&self) -> bool {
        self.is(Kind::Permission) || self.is(Kind::Credential)
    }

    fn is(&self, kind: Kind) -> bool {
        matches!(self, Self::Failed(failure) if ::aliyun_sms::code::kind_of(&failure.code, 0) == kind)
    }
}

/// Why a question about a message got no answer to go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindFailure {
    /// The provider's code, or ours.
    pub code: String,
    /// What happened.
    pub cause: Text,
    /// What to do about it.
    pub cure: Text,
    /// Whether asking again may help.
    pub is_transient: bool,
}

/// Delivery reports, and what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reports {
    /// Those that could be read.
    pub reports: Vec<Report>,
    /// How many could not. They are acknowledged too: pushed again they would
    /// be no better.
    pub unreadable: usize,
    /// The body that says they were taken, JSON.
    pub acknowledgement: String,
}

/// One delivery report. May come before the send's own answer, twice, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// An id of a message, perhaps ours: anybody can push anything.
    pub out_id: Option<String>,
    /// The provider's.
    pub biz_id: Option<String>,
    /// Whom it was for.
    pub number: ReportedNumber,
    /// What became of it.
    pub delivery: Delivery,
    /// When, by the report.
    pub reported_at: Option<Timestamp>,
}

/// A number in the notation of a report. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportedNumber(String);

impl ReportedNumber {
    pub(crate) fn new(number: String) -> Self {
        Self(number)
    }

    /// Whether it is this number. Mainland numbers come with or without `86`.
    pub fn is(&self, phone: &PhoneNumber) -> bool {
        let digits = self.0.trim().trim_start_matches('+');
        let digits = digits.strip_prefix("00").unwrap_or(digits);
        phone.e164()[1..] == *digits || (phone.is_mainland() && phone.national() == digits)
    }
}

impl fmt::Debug for ReportedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReportedNumber({})", mask_number(&self.0))
    }
}

/// A body is no delivery report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ReportError {
    /// Not a JSON list of objects.
    #[error("the body is not a JSON list of delivery reports")]
    Malformed,
    /// The provider pushes none.
    #[error("this provider pushes no delivery reports")]
    Unsupported,
}
