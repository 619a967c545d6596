//! Twilio's Verify v2 and its Messages, as far as a code by text message needs
//! them: a program that uses one of Twilio's clients changes the address and
//! the credentials, and nothing else.
//!
//! A hook only translates: parse, call, answer in Twilio's words. To serve
//! another address, add it to `address` and a function beside the others.

mod address;
mod bodies;
mod compile;
mod credentials;
mod fault;
mod form;
mod messages;
mod refusal;
mod sid;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, StatusCode};
use regex_lite::Regex;
use sesame_connector::Reading;

pub(super) use self::compile::compile;

use self::address::Address;
use self::credentials::Credentials;
use self::fault::{Code, Fault};
use self::form::Form;
use super::Desk;

/// One hook that speaks Twilio.
#[derive(Debug)]
pub(crate) struct Twilio {
    name: Arc<str>,
    account_sid: String,
    credentials: Credentials,
    /// What verifications are for, by the sids of services.
    services: BTreeMap<String, String>,
    /// By their sids.
    contents: BTreeMap<String, Content>,
    /// The caller its messages belong to.
    app: String,
    /// What messages with a text are for.
    usage_type: String,
    /// How numbers are read, if not as the connector reads them.
    reading: Option<Reading>,
    /// Finds the code in a text.
    pattern: Option<Regex>,
    /// When an answer is given, whatever is known by then.
    budget: Duration,
}

/// A content template.
#[derive(Debug)]
struct Content {
    usage_type: String,
    /// What Aliyun's template calls its variables, by what Twilio's does.
    variables: BTreeMap<String, String>,
}

/// One request being carried out.
struct Call<'a> {
    twilio: &'a Twilio,
    desk: &'a Desk,
    /// Where the hook is, as the caller reaches it.
    base: String,
}

type Answer = Result<(StatusCode, serde_json::Value), Fault>;

impl Twilio {
    pub(super) fn budget(&self) -> Duration {
        self.budget
    }

    /// Answers a request.
    pub(super) async fn receive(&self, desk: &Desk, request: Request) -> Response {
        tracing::Span::current().record("app", &*self.app);
        // Whatever hangs, the answer is one that Twilio's clients know.
        let answered = tokio::time::timeout(self.budget * 2, self.answer(desk, request));
        let answered = answered.await.unwrap_or_else(|_| Err(unavailable()));
        let outcome = match &answered {
            Ok(_) => "answered".to_owned(),
            Err(fault) => fault.number().to_string(),
        };
        let labels = [("hook", &*self.name), ("outcome", &*outcome)];
        let help = "Requests of platforms by hook and by what came of them.";
        desk.metrics.count("sesame_hooks_total", help, &labels);
        match answered {
            Ok((status, body)) => {
                let mut response = (status, body.to_string()).into_response();
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                response
            }
            Err(fault) => {
                tracing::info!(
                    hook.name = &*self.name,
                    twilio.code = fault.number(),
                    "a request in Twilio's words was refused"
                );
                fault.into_response()
            }
        }
    }

    async fn answer(&self, desk: &Desk, request: Request) -> Answer {
        let (head, body) = request.into_parts();
        let _place = desk.places.take().ok_or_else(|| {
            Fault::new(Code::TooManyRequests, "Too many requests")
                .retry_after(Duration::from_secs(1))
        })?;
        // The body first, so that the connection can be used again.
        let body = tokio::time::timeout(self.budget, desk.bodies.collect(body)).await;
        let body = body.map_err(|_| unavailable())?.map_err(refusal::of_body)?;
        self.credentials.admit(&head.headers).inspect_err(|_| {
            tracing::warn!(
                hook.name = &*self.name,
                reason = "the credentials are not the configured ones",
                cure = "give the client account_sid and one of the secrets of this hook",
                "a request to a hook was not proven to be its platform's"
            );
        })?;
        let address = Address::read(&head.method, Self::rest(head.uri.path()))?;
        let form = Form::read(&head.headers, &body)?;
        let call = Call {
            twilio: self,
            desk,
            base: format!("{}/hooks/{}", origin(&head, desk.scheme), self.name),
        };
        match address {
            Address::SendMessage { account } => call.send_message(&account, &form).await,
            Address::FetchMessage { account, sid } => call.fetch_message(&account, &sid).await,
            Address::StartVerification { service } => call.start(&service, &form).await,
            Address::CheckVerification { service } => call.check(&service, &form).await,
            Address::FetchVerification { service, sid } => call.fetch(&service, &sid).await,
            Address::UpdateVerification { service, sid } => {
                call.update(&service, &sid, &form).await
            }
        }
    }

    /// What of a path stands behind the hook's name and a `/`.
    fn rest(path: &str) -> &str {
        path.splitn(4, '/').nth(3).unwrap_or_default()
    }
}

fn unavailable() -> Fault {
    let fault = Fault::new(Code::Unavailable, "Service unavailable");
    fault.retry_after(Duration::from_secs(1))
}

/// Where the caller reaches this server, as far as it says so.
fn origin(head: &Parts, scheme: &str) -> String {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let host = head.uri.authority().map(Authority::as_str);
    let host = text(HOST.as_str()).or(host).unwrap_or_default();
    // A proxy that speaks TLS says so.
    let scheme = match text("x-forwarded-proto") {
        Some("https") => "https",
        _ => scheme,
    };
    format!("{scheme}://{host}")
}

impl Call<'_> {
    /// How numbers are read.
    fn reading(&self) -> &Reading {
        self.twilio.reading.as_ref().unwrap_or(&self.desk.reading)
    }

    /// What came of something in time; it goes on anyway.
    async fn within_budget<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.twilio.budget, work).await.ok()
    }
}
