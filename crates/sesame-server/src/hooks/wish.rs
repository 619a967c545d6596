//! What a platform's request wants, in our words.

use thiserror::Error as ThisError;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Wish {
    /// Send a message whose code the platform made.
    Send(Order),
    /// Make a code and send it.
    Start(Order),
    /// Compare a code that was ours.
    Check(Check),
    /// Nothing: a notice without a code, which is nothing we send. Why, for the
    /// log.
    Nothing(&'static str),
}

/// A message that is wanted. Its `Debug` shows neither number nor code.
#[derive(Default)]
pub(crate) struct Order {
    /// A phone number in any notation.
    pub(crate) to: String,
    /// The platform's code; none where it is ours.
    pub(crate) code: Option<String>,
    /// Other values a template may have variables for.
    pub(crate) values: Vec<(String, String)>,
    /// What it is for, in the platform's words.
    pub(crate) usage: Option<String>,
    /// The user's address, as the platform writes it.
    pub(crate) ip: Option<String>,
    /// The user's language.
    pub(crate) locale: Option<String>,
    /// What tells this request from any other, and comes again with it.
    pub(crate) id: Option<String>,
    /// Starts of one session share a verification.
    pub(crate) session: Option<String>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").finish_non_exhaustive()
    }
}

/// A code that is to be compared.
pub(crate) struct Check {
    /// The verification's id.
    pub(crate) id: String,
    /// As the user typed it.
    pub(crate) code: String,
    /// The number that it has to be for, if the platform says.
    pub(crate) to: Option<String>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").finish_non_exhaustive()
    }
}

/// A request could not be read. Quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum Misread {
    /// The body is no text.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// The body is not JSON.
    #[error("the body is not JSON, line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// The body is JSON and neither an object nor a list with one.
    #[error("the body is no JSON object, nor a list with a single one")]
    NoObject,
    /// A field is not there, or empty.
    #[error("there is no {0} in the request")]
    Missing(&'static str),
    /// A field is no text.
    #[error("the {0} in the request is neither a text nor a number")]
    NotText(&'static str),
    /// A field of a form is there twice.
    #[error("the {0} stands in the request more than once")]
    Twice(&'static str),
    /// A text holds nothing that may be a code.
    #[error("there is no code in the text")]
    NoCode,
    /// A text holds several.
    #[error("there is more in the text that may be the code")]
    SeveralCodes,
    /// There is nothing under this part of the address.
    #[error("the platform has no such address")]
    NoSuchAddress,
}

impl Misread {
    /// What the operator can do about it.
    pub(crate) fn cure(&self) -> &'static str {
        match self {
            Self::NotUtf8 | Self::NotJson { .. } | Self::NoObject => {
                "check the content type and the body template on the platform's side"
            }
            Self::Missing(_) | Self::NotText(_) => {
                "name the right field under `fields` of this hook, or change the platform's body"
            }
            Self::Twice(_) => "let the platform send the field once",
            Self::NoCode | Self::SeveralCodes => {
                "set `code_pattern` of this hook, or let the platform's text be the bare code"
            }
            Self::NoSuchAddress => "check the address on the platform's side",
        }
    }
}
