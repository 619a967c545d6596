//! Refusals in Twilio's words: its codes, and the statuses it documents for
//! them (`https://www.twilio.com/docs/api/errors`).
//!
//! Never a problem document: Twilio's Python client takes a body with `type`,
//! `title`, `status` and `code` for another kind of error.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    code: Code,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
}

/// Defines the codes with the statuses that come with them.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:ident;)*) => {
        /// Twilio's codes, as far as they are needed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            const fn number(self) -> u32 {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }
        }
    };
}

codes! {
    /// The request makes no sense.
    BadRequest = 20001 BAD_REQUEST;
    /// The body is larger than is read.
    TooLarge = 20001 PAYLOAD_TOO_LARGE;
    /// The credentials are wrong.
    Unauthorized = 20003 UNAUTHORIZED;
    /// The address takes other methods.
    MethodNotAllowed = 20004 METHOD_NOT_ALLOWED;
    /// Nothing is there, or it is somebody else's.
    NotFound = 20404 NOT_FOUND;
    /// Too many of something that no single number is to blame for.
    TooManyRequests = 20429 TOO_MANY_REQUESTS;
    /// Something in this program is broken.
    Internal = 20500 INTERNAL_SERVER_ERROR;
    /// The operator has to see to it, or it passes by itself.
    Unavailable = 20503 SERVICE_UNAVAILABLE;
    /// Messages: `To` is no number.
    InvalidTo = 21211 BAD_REQUEST;
    /// Messages: nothing is sent to that country.
    RegionDenied = 21408 BAD_REQUEST;
    /// Messages: `To` is missing.
    MissingTo = 21604 BAD_REQUEST;
    /// Messages: `To` cannot receive text messages.
    NotMobile = 21614 BAD_REQUEST;
    /// Messages: there is nothing to send.
    MissingBody = 21619 BAD_REQUEST;
    /// Messages: variables without a template.
    MissingContentSid = 21654 BAD_REQUEST;
    /// Messages: the template is not known.
    InvalidContentSid = 21655 BAD_REQUEST;
    /// Messages: the variables cannot be read, or do not fit.
    InvalidContentVariables = 21656 BAD_REQUEST;
    /// Verify: a parameter makes no sense.
    InvalidParameter = 60200 BAD_REQUEST;
    /// Verify: too many wrong codes.
    MaxCheckAttempts = 60202 TOO_MANY_REQUESTS;
    /// Verify: too many messages to the number.
    MaxSendAttempts = 60203 TOO_MANY_REQUESTS;
    /// Verify: a feature that is not there.
    NotSupported = 60204 FORBIDDEN;
    /// Verify: `To` cannot receive text messages.
    Landline = 60205 FORBIDDEN;
    /// Verify: not by this channel.
    ChannelDisabled = 60223 BAD_REQUEST;
    /// Verify: nothing is sent to that country.
    GeoBlocked = 60605 FORBIDDEN;
}

impl Fault {
    pub(super) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// A parameter of Verify makes no sense.
    pub(super) fn parameter(name: &str, reason: &str) -> Self {
        let message = format!("Invalid parameter: {name} ({reason})");
        Self::new(Code::InvalidParameter, message)
    }

    /// Nothing is at this address; as Twilio says it.
    pub(super) fn not_found(resource: &str) -> Self {
        let message = format!("The requested resource {resource} was not found");
        Self::new(Code::NotFound, message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "Authenticate")
    }

    /// With the time after which it makes sense to try again.
    #[must_use]
    pub(super) fn retry_after(mut self, wait: impl Into<Option<Duration>>) -> Self {
        self.retry_after = wait.into();
        self
    }

    /// Twilio's number for it.
    pub(super) fn number(&self) -> u32 {
        self.code.number()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (number, status) = (self.code.number(), self.code.status());
        let body = json!({
            "code": number,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{number}"),
            "status": status.as_u16(),
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(wait) = self.retry_after {
            let started = u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, (wait.as_secs() + started).max(1).into());
        }
        if self.code == Code::Unauthorized {
            let realm = HeaderValue::from_static("Basic realm=\"Twilio API\"");
            headers.insert(WWW_AUTHENTICATE, realm);
        }
        response
    }
}
