//! What came of a request, before it is put in a platform's words.

use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use sesame_connector::outcome::NOT_SENT;
use sesame_connector::{Language, Text};
use sesame_passcode::{CheckOutcome, Verification};

use crate::error::{Code, Problem};
use crate::replies::Kept;

/// What came of it.
#[derive(Debug)]
pub(crate) enum Said {
    /// The message was taken, or may have been.
    Sent,
    /// A code of ours was sent, or may have been.
    Started(Box<Verification>),
    /// The time for an answer is over; the work goes on. The id of the
    /// verification, where one is being started anew.
    Unfinished(Option<String>),
    /// A code was compared; none: there is nothing to compare it with.
    Checked(Option<CheckOutcome>),
    /// There was nothing to send.
    Nothing,
    /// Nothing was sent.
    Refused(Refused),
}

/// Why nothing was sent.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) problem: Problem,
    /// For the user, in their language: one sentence that gives nothing away.
    pub(crate) sentence: String,
}

impl Refused {
    pub(crate) fn new(problem: Problem, language: Language) -> Self {
        let sentence = match &problem.more().message {
            Some(message) => message.clone(),
            None => sentence(problem.code()).in_language(language).to_owned(),
        };
        Self { problem, sentence }
    }

    /// What sort of trouble it is.
    pub(crate) fn code(&self) -> Code {
        self.problem.code()
    }

    /// The status that says the same.
    pub(crate) fn status(&self) -> StatusCode {
        self.code().status()
    }
}

/// For users, where the refusal itself has none for them.
fn sentence(code: Code) -> Text {
    match code {
        Code::LimitReached | Code::ProviderLimit | Code::Overloaded => Text {
            en: "Too many requests. Please try again later.".into(),
            zh: "请求过于频繁，请稍后再试。".into(),
        },
        _ => NOT_SENT,
    }
}

/// An answer on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json".to_owned(),
            body: body.to_string(),
        }
    }

    /// One sentence.
    pub(crate) fn text(status: StatusCode, sentence: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: sentence.to_owned(),
        }
    }

    /// One that was given before.
    pub(crate) fn of(kept: Kept) -> Self {
        let (status, content_type, body) = kept.into_parts();
        Self {
            status,
            content_type,
            body,
        }
    }

    pub(crate) fn kept(&self) -> Kept {
        Kept::of(self.status, &self.headers(), self.body.as_bytes())
    }

    pub(crate) fn into_response(self) -> Response {
        let headers = self.headers();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }

    fn headers(&self) -> HeaderMap {
        let value = HeaderValue::try_from(&self.content_type).ok();
        let value = value.filter(|value| !value.is_empty());
        value
            .into_iter()
            .map(|value| (CONTENT_TYPE, value))
            .collect()
    }
}
