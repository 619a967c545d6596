//! An outcome as one flat object, the shape of `sesame send --json`.

use serde::Serialize;

use super::{Delivery, Outcome};
use crate::text::{Language, Text};

/// An outcome as one flat object. What is not there is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutcomeView {
    /// `accepted`, `refused` or `unknown`.
    pub outcome: &'static str,
    /// Our id of the message.
    pub out_id: String,
    /// The provider's.
    pub biz_id: Option<String>,
    /// Id of the API call.
    pub request_id: Option<String>,
    /// Why it was refused, is unknown, or was not delivered.
    pub code: Option<String>,
    /// The same in words.
    pub cause: Option<String>,
    /// What to do about it.
    pub cure: Option<String>,
    /// `waiting`, `delivered` or `failed`, where somebody asked.
    pub delivery: Option<&'static str>,
}

impl Outcome {
    /// The outcome as one flat object.
    pub fn view(&self, language: Language) -> OutcomeView {
        let (cause, cure) = match self {
            Self::Accepted(_) => (None, None),
            Self::Refused(refusal) => (Some(&refusal.cause), Some(&refusal.cure)),
            Self::Unknown(doubt) => (Some(&doubt.cause), Some(&doubt.cure)),
        };
        let said = |text: &Text| text.in_language(language).to_owned();
        OutcomeView {
            outcome: self.as_str(),
            out_id: self.out_id().to_string(),
            biz_id: self.biz_id().map(str::to_owned),
            request_id: self.request_id().map(str::to_owned),
            code: self.code().map(str::to_owned),
            cause: cause.map(said),
            cure: cure.map(said),
            delivery: None,
        }
    }
}

impl OutcomeView {
    /// Adds what became of the message; a failure brings its code and reason.
    #[must_use]
    pub fn with_delivery(mut self, delivery: &Delivery, language: Language) -> Self {
        self.delivery = Some(delivery.as_str());
        if let Delivery::Failed { code, failure } = delivery {
            self.code = Some(code.clone());
            self.cause = Some(Text::from(failure.cause()).in_language(language).to_owned());
            self.cure = Some(Text::from(failure.cure()).in_language(language).to_owned());
        }
        self
    }
}
