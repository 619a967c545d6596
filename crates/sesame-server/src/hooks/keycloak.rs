//! Keycloak with netzbegruenung's SMS authenticator: a form, JSON or a GET, and
//! the code in a text.

use super::asked::Fields;
use super::message::Places;
use super::{Habits, Message, Misread, Sample};

pub(crate) static KEYCLOAK: Message = Message {
    habits: Habits {
        methods: &["POST", "GET"],
        usage_type: "MfaVerification",
        ..Habits::USUAL
    },
    places: Places {
        to: &["to", "phone"],
        text: &["text", "message"],
        id: &["uuid"],
        ..Places::NONE
    },
    pastes_json: true,
    sample: Sample::Json(
        "",
        r##"{"text":"Your SMS code is %CODE% and is valid for 5 minutes.","to":"%TO%","from":"Keycloak"}"##,
    ),
    ..Message::USUAL
};

/// Reads an object that was pasted together without escaping anything, so that
/// quotes and line breaks of the text stand in it as they are. The receiver is
/// written behind the text, so it is looked for from the end: nothing in the
/// text takes its place.
///
/// # Errors
/// Where number and text do not stand in it that way.
pub(super) fn pasted(body: &[u8], to: &[String], text: &[String]) -> Result<Fields, Misread> {
    let body = std::str::from_utf8(body).map_err(|_| Misread::NotUtf8)?;
    if !body.trim_end().ends_with('}') {
        // Cut off, perhaps within the number.
        return Err(Misread::Missing("end"));
    }
    let (to_name, to_at) = named(to, |mark| body.rfind(mark)).ok_or(Misread::Missing("number"))?;
    let (text_name, text_at) =
        named(text, |mark| body.find(mark)).ok_or(Misread::Missing("text"))?;
    let behind = |at: usize, name: &str| &body[at + name.len() + 3..];
    let number = behind(to_at, to_name)
        .trim_start()
        .trim_start_matches(['[', '"']);
    let number = number
        .split(['"', ',', ']', '}'])
        .next()
        .unwrap_or_default();
    let text_start = behind(text_at, text_name);
    let end = if text_at < to_at {
        let length = to_at.saturating_sub(body.len() - text_start.len());
        length.min(text_start.len())
    } else {
        text_start.len()
    };
    let text = text_start[..end].trim().trim_end_matches([',', '}']).trim();
    let text = text.strip_prefix('"').unwrap_or(text);
    let text = text.strip_suffix('"').unwrap_or(text);
    Ok(Fields::Pairs(vec![
        (to_name.to_owned(), number.to_owned()),
        (text_name.to_owned(), text.to_owned()),
    ]))
}

/// The first of some names that stands there as a key, and where.
fn named(names: &[String], find: impl Fn(&str) -> Option<usize>) -> Option<(&str, usize)> {
    names.iter().find_map(|name| {
        let name = name.strip_prefix('/').unwrap_or(name);
        Some((name, find(&format!("\"{name}\":"))?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pasted_together_is_read() {
        let names = |name: &str| vec![name.to_owned()];
        for (body, to, text) in [
            (
                "{\"text\":\"Your \"SMS\" code\nis 482915\",\"to\":\"13800138000\",\"from\":\"Keycloak\"}",
                "13800138000",
                "Your \"SMS\" code\nis 482915",
            ),
            (
                "{\"apitoken\":\"s\",\"text\":\"\"to\":\"1\", 482915\",\"to\":[\"+8613800138000\"],\"from\":\"K\"}",
                "+8613800138000",
                "\"to\":\"1\", 482915",
            ),
            (
                "{\"to\":\"13800138000\",\"text\":\"a \"b\" 482915\"}",
                "13800138000",
                "a \"b\" 482915",
            ),
            ("{\"text\":\"}", "", ""),
        ] {
            let read = pasted(body.as_bytes(), &names("to"), &names("text"));
            match read {
                Ok(Fields::Pairs(pairs)) => {
                    assert_eq!(pairs[0].1, to, "{body}");
                    assert_eq!(pairs[1].1, text, "{body}");
                }
                Ok(Fields::Json(_)) => panic!("{body}"),
                Err(misread) => assert_eq!((misread, to), (Misread::Missing("number"), "")),
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_not_read() {
        let body = "{\"text\":\"482915\",\"to\":\"13800138000\"}";
        let names = |name: &str| vec![name.to_owned()];
        for end in 0..body.len() {
            let read = pasted(&body.as_bytes()[..end], &names("to"), &names("text"));
            assert_eq!(read.err(), Some(Misread::Missing("end")), "{end}");
        }
    }

    #[test]
    fn nothing_breaks_it() {
        let names = |name: &str| vec![name.to_owned()];
        let body = "{\"text\":\"é\"to\":\"号\",\"to\":\"1\"";
        for end in 0..=body.len() {
            let _ = pasted(&body.as_bytes()[..end], &names("to"), &names("text"));
            let _ = pasted(&body.as_bytes()[end..], &names("to"), &names("text"));
        }
    }
}
