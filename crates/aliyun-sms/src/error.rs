//! What a call can end in other than a reply, sorted by what a caller must know
//! first: can anything have been sent?

mod reason;

use std::fmt;
use std::time::Duration;

use thiserror::Error as ThisError;

use crate::code::{self, Entry, Kind, Proof};
use crate::credentials::CredentialsError;

pub use reason::{Looks, Reason};

/// Why a call brought no reply of the kind it asked for.
///
/// Never holds what Aliyun wrote in `Message`: a signature error echoes the
/// whole request there, phone number and code included.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// No usable credentials; nothing was sent.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The request cannot have reached anybody.
    #[error(transparent)]
    Unsent(#[from] Unsent),
    /// Aliyun answered with a code other than `OK`.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request may have been carried out, and nobody said so.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// What is known about a message after an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It never left: sending it again as a new request is safe.
    NotSent,
    /// Aliyun saw it and did not accept it.
    Refused,
    /// It may have been accepted: ask before sending anything again.
    Unknown,
}

impl Error {
    /// Whether anything can have been sent.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Credentials(_) | Self::Unsent(_) => Disposition::NotSent,
            Self::Unanswered(_) => Disposition::Unknown,
            Self::Refused(refusal) => refusal.disposition(),
        }
    }

    /// Whether the same call may succeed later with nothing changed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Credentials(error) => error.is_transient(),
            Self::Unsent(unsent) => !matches!(unsent, Unsent::Tls { .. } | Unsent::Setup { .. }),
            Self::Unanswered(_) => true,
            Self::Refused(refusal) => matches!(refusal.kind(), Kind::RateLimit | Kind::Server),
        }
    }

    /// How long to wait before asking again, where the answer tells.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Id of the API call, to quote to Aliyun's support.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.request_id.as_deref(),
            _ => None,
        }
    }
}

/// Why nothing can have been sent.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Unsent {
    /// The host name was not resolved.
    #[error("the host name {host} was not resolved")]
    Dns {
        /// The name.
        host: String,
    },
    /// Nobody listens there, or there is no way to it.
    #[error("no connection to {host}: {reason}")]
    Connect {
        /// Host and port.
        host: String,
        /// Why.
        reason: Reason,
    },
    /// No connection within the time allowed for one.
    #[error("no connection to {host} within {} ms", timeout.as_millis())]
    ConnectTimeout {
        /// Host and port.
        host: String,
        /// The time allowed.
        timeout: Duration,
    },
    /// The TLS handshake failed.
    #[error("no secure connection to {host}: {reason}")]
    Tls {
        /// Host and port.
        host: String,
        /// What was wrong with the certificate or the handshake.
        reason: Reason,
    },
    /// The proxy did not let the connection through.
    #[error("the proxy {proxy} gave no connection to {host}: {reason}")]
    Proxy {
        /// The proxy, without user name and password.
        proxy: String,
        /// Host and port behind it.
        host: String,
        /// Why.
        reason: Reason,
    },
    /// The client could not be set up, or the request could not be written.
    #[error("{reason}")]
    Setup {
        /// What and why.
        reason: String,
    },
}

/// Why nobody knows whether the call was carried out.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Unanswered {
    /// No answer within the time allowed in all.
    #[error("no answer within {} ms", timeout.as_millis())]
    TimedOut {
        /// The time allowed.
        timeout: Duration,
    },
    /// The connection broke before the answer was whole.
    #[error("the connection broke before the answer was whole")]
    Broken,
    /// An answer came and is none of Aliyun's.
    #[error("the answer is not Aliyun's: HTTP {status}, {what}")]
    Unreadable {
        /// HTTP status.
        status: u16,
        /// What it looks like.
        what: Looks,
    },
}

/// An answer with a code other than `OK`.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Aliyun's code, `isv.BUSINESS_LIMIT_CONTROL` and the like.
    pub code: String,
    /// HTTP status it came with.
    pub http_status: u16,
    /// Id of the API call, to quote to Aliyun's support.
    pub request_id: Option<String>,
    /// How long to wait before sending to this number, or at all, again.
    pub retry_after: Option<Duration>,
    /// Which limit was hit, where the answer names one.
    pub limit: Option<RefusedLimit>,
    /// How far this machine's clock is behind Aliyun's (negative: ahead), where
    /// the answer was about time.
    pub clock_behind_secs: Option<i64>,
    /// Whether the same signed bytes had been sent before, see
    /// [`ClientBuilder::resend_same_bytes`](crate::ClientBuilder::resend_same_bytes).
    /// Then a refusal proves nothing about the first time.
    pub after_resend: bool,
}

/// The limit an answer of `isv.BUSINESS_LIMIT_CONTROL` names in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedLimit {
    /// Length of its window.
    pub window_secs: u32,
    /// Messages allowed in it.
    pub permits: u32,
}

impl Refusal {
    /// The catalogue's entry for the code.
    pub fn entry(&self) -> Option<&'static Entry> {
        code::lookup(&self.code)
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> Kind {
        code::kind_of(&self.code, self.http_status)
    }

    /// What it proves about the message it was for.
    pub fn disposition(&self) -> Disposition {
        match code::proof(&self.code, self.http_status) {
            Proof::NotAccepted if !self.after_resend => Disposition::Refused,
            _ => Disposition::Unknown,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aliyun answered {}", self.code)?;
        if let Some(entry) = self.entry() {
            write!(f, " ({})", entry.cause.en)?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, ", request {request_id}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("code", &self.code)
            .field("http_status", &self.http_status)
            .field("request_id", &self.request_id)
            .field("retry_after", &self.retry_after)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Refusal {}

impl RefusedLimit {
    /// Reads `触发分钟级流控Permits:1`, `触发小时级流控Permits:5`,
    /// `触发天级流控Permits:10` and `触发号码天级流控Permits:40`.
    pub(crate) fn from_message(message: &str) -> Option<Self> {
        let window_secs = if message.contains("分钟级") {
            60
        } else if message.contains("小时级") {
            3600
        } else if message.contains("天级") {
            86_400
        } else {
            return None;
        };
        let digits: String = message
            .rsplit_once("Permits:")?
            .1
            .trim_start()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        Some(Self {
            window_secs,
            permits: digits.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_window_out_of_the_text() {
        for (text, window_secs, permits) in [
            ("触发分钟级流控Permits:1", 60, 1),
            ("触发小时级流控Permits:5", 3600, 5),
            ("触发天级流控Permits:10", 86_400, 10),
            ("触发号码天级流控Permits:40", 86_400, 40),
        ] {
            let limit = RefusedLimit::from_message(text);
            assert_eq!(
                limit,
                Some(RefusedLimit {
                    window_secs,
                    permits
                }),
                "{text}"
            );
        }
        assert_eq!(RefusedLimit::from_message("limit"), None);
        assert_eq!(RefusedLimit::from_message("触发天级流控"), None);
    }
}
