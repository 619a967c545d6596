//! Everything that can go wrong in this crate, as one type.

use thiserror::Error as ThisError;

use crate::config::ConfigError;
use crate::message::OutIdError;
use crate::phone::PhoneError;
use crate::provider::{FindError, ReportError};
use crate::template::{ParamError, RouteError};

/// Everything that can go wrong in this crate. Sending itself ends in an
/// [`Outcome`](crate::Outcome) and never in an error.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A text is no phone number we can send to.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// A text is no out-id.
    #[error(transparent)]
    OutId(#[from] OutIdError),
    /// There is nothing to send to a number.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A value does not fit into its template.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// Nothing is known of a message.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A body is no delivery report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The provider cannot be set up on this machine.
    #[error("the provider cannot be set up")]
    Setup(#[from] aliyun_sms::Unsent),
}
