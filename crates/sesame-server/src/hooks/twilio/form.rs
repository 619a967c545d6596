//! The parameters of a request, as a form.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::fault::{Code, Fault};

const FORM: &str = "application/x-www-form-urlencoded";

/// Names and values in the order they came.
pub(super) struct Form(Vec<(String, String)>);

/// A parameter that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It stands more than once, and nobody knows which is meant.
    Twice,
    /// It is not UTF-8.
    NotText,
}

impl Unread {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Twice => "it stands more than once",
            Self::NotText => "it is not UTF-8",
        }
    }
}

impl Form {
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Fault> {
        let kind = headers.get(CONTENT_TYPE).map(|kind| kind.to_str());
        let kind = kind.map(|kind| kind.unwrap_or_default().split(';').next());
        let is_form =
            kind.is_none_or(|kind| kind.unwrap_or_default().trim().eq_ignore_ascii_case(FORM));
        if !is_form && !body.is_empty() {
            let message = format!("The body must be {FORM}");
            return Err(Fault::new(Code::BadRequest, message));
        }
        Ok(Self(form_urlencoded::parse(body).into_owned().collect()))
    }

    /// A parameter that has one value; none where it is missing or empty.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Unread> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        let first = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(Unread::Twice);
        }
        // What was no text has become this sign.
        if first.is_some_and(|value| value.contains('\u{fffd}')) {
            return Err(Unread::NotText);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn form(body: &str) -> Form {
        Form::read(&HeaderMap::new(), body.as_bytes()).expect("a form")
    }

    #[test]
    fn both_ways_to_write_a_space_are_read() {
        for body in ["Body=a%20b&To=%2B86", "To=%2B86&Body=a+b"] {
            let form = form(body);
            assert_eq!(form.one("Body"), Ok(Some("a b")));
            assert_eq!(form.one("To"), Ok(Some("+86")));
            assert_eq!(form.one("Code"), Ok(None));
        }
    }

    #[test]
    fn what_is_ambiguous_or_no_text_is_told() {
        assert_eq!(form("To=1&To=2").one("To"), Err(Unread::Twice));
        assert_eq!(form("To=%ff").one("To"), Err(Unread::NotText));
        assert_eq!(form("To=").one("To"), Ok(None));
        assert_eq!(form("&&=&To").one("To"), Ok(None));
        assert_eq!(form("Tags=1&Tags=2&To=3").one("To"), Ok(Some("3")));
    }

    #[test]
    fn only_forms_are_read() {
        let typed = |kind: &'static str| {
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
        };
        for kind in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
        ] {
            assert!(Form::read(&typed(kind), b"To=1").is_ok(), "{kind}");
        }
        for kind in ["application/json", "", "multipart/form-data; boundary=x"] {
            assert!(Form::read(&typed(kind), b"To=1").is_err(), "{kind}");
        }
    }
}
