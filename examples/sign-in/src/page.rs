//! The pages as HTML.

use askama::Template;

use crate::sesame::Claims;
use crate::sessions::Notice;
use crate::words::{COUNTRIES, Country, Language};

/// What all pages have.
pub(crate) struct Frame<'a> {
    pub(crate) lang: Language,
    pub(crate) csrf: &'a str,
    pub(crate) notice: Option<&'a Notice>,
}

#[derive(Template)]
#[template(path = "number.html")]
pub(crate) struct NumberPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) is_new: bool,
    pub(crate) written: &'a str,
    pub(crate) country: &'a str,
}

#[derive(Template)]
#[template(path = "code.html")]
pub(crate) struct CodePage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) masked: &'a str,
    /// Until then another code is not sent.
    pub(crate) resend_in_secs: u64,
}

#[derive(Template)]
#[template(path = "unknown.html")]
pub(crate) struct UnknownPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) number: &'a str,
}

#[derive(Template)]
#[template(path = "in.html")]
pub(crate) struct InPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) claims: &'a Claims,
    /// The token's claims as JSON.
    pub(crate) decoded: String,
}

impl NumberPage<'_> {
    fn countries(&self) -> &'static [Country] {
        COUNTRIES
    }
}
