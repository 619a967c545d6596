//! Reaching an API without a key: is it there, and what is its time?

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};
use jiff::Timestamp;

use super::{Departure, Transport, dial};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::wire::{Api, Envelope};

const X_ACS_ACTION: HeaderName = HeaderName::from_static("x-acs-action");
const X_ACS_VERSION: HeaderName = HeaderName::from_static("x-acs-version");
/// Asks, and changes nothing even if it were carried out.
const ACTION: &str = "QuerySendDetails";

/// What an API answered to somebody without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The time by its `Date` header.
    pub server_time: Option<Timestamp>,
}

impl Transport {
    /// Calls an API without a key and a signature, which it can only refuse, to
    /// find out whether it can be reached and what its clock says.
    ///
    /// # Errors
    /// [`Error::Unsent`] where no connection came about, [`Error::Unanswered`]
    /// where none came in time or what answers is no such API.
    pub async fn contact(&self, endpoint: &Endpoint, timeout: Duration) -> Result<Contact, Error> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.uri().clone();
        let headers = request.headers_mut();
        headers.insert(HOST, endpoint.host_value().clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(X_ACS_ACTION, HeaderValue::from_static(ACTION));
        headers.insert(X_ACS_VERSION, HeaderValue::from_static(Api::Sms.version()));
        let departure = Departure::default();
        let answer = self.exchange(request, timeout, &departure).await?;
        let has_code = Envelope::read(&answer.body).is_some_and(|read| read.code().is_some());
        // A gateway may answer XML whatever it was asked for.
        let is_xml_error = std::str::from_utf8(&answer.body)
            .is_ok_and(|text| text.contains("<Error>") && text.contains("<Code>"));
        if has_code || is_xml_error {
            let server_time = answer.date();
            Ok(Contact { server_time })
        } else {
            Err(answer.unreadable().into())
        }
    }

    /// The proxy the environment names for an endpoint, without user name and
    /// password.
    pub fn proxy_of(&self, endpoint: &Endpoint) -> Option<String> {
        let intercept = self.proxies.as_ref()?.intercept(endpoint.uri())?;
        Some(dial::shown(intercept.uri()))
    }
}
