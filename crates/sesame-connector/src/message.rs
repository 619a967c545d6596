//! A message on its way out: whom it is for, what for, and our id for it.

use std::fmt;

use aliyun_sms::Source;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error as ThisError;

use crate::phone::PhoneNumber;
use crate::template::Route;
use crate::usage::UsageType;

/// Our id of a message. Aliyun gives it back in delivery reports and in answers
/// to what became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutId(String);

/// Letters and digits that are not mistaken for each other; 32, so that five
/// random bits choose one without bias.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl OutId {
    /// A new one: 80 random bits in 16 letters.
    pub fn new(source: &dyn Source) -> Self {
        let mut bytes = [0; 16];
        source.fill(&mut bytes);
        let letters = bytes
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
        Self(letters.collect())
    }

    /// One that was made before.
    ///
    /// # Errors
    /// Where it is not 1 to 64 letters, digits, `-` and `_`.
    pub fn parse(text: &str) -> Result<Self, OutIdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(OutIdError)
        }
    }

    /// As it travels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for OutId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A text is no [`OutId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("an out-id is 1 to 64 letters, digits, hyphens and underscores")]
pub struct OutIdError;

/// A message as a caller hands it over: nothing in it is checked yet.
#[derive(Clone, Default)]
pub struct Draft {
    /// A phone number in any notation.
    pub to: String,
    /// The usage type, in Logto's words.
    pub usage_type: String,
    /// Values for the template's variables, and whatever else the caller adds.
    pub payload: Map<String, Value>,
    /// The id, if the caller made one.
    pub out_id: Option<OutId>,
}

impl Draft {
    /// A code for a number.
    pub fn of_code(to: impl Into<String>, usage_type: impl Into<String>, code: &str) -> Self {
        Self {
            to: to.into(),
            usage_type: usage_type.into(),
            payload: Map::from_iter([("code".to_owned(), code.into())]),
            out_id: None,
        }
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("to", &aliyun_sms::mask_number(&self.to))
            .field("out_id", &self.out_id)
            .finish_non_exhaustive()
    }
}

/// A message to one number.
#[derive(Clone)]
pub struct Message {
    /// Whom it is for.
    pub to: PhoneNumber,
    /// What it is for.
    pub usage_type: UsageType,
    /// Values for the template's variables, and whatever else the caller adds;
    /// only the declared ones are ever sent.
    pub payload: Map<String, Value>,
    /// Our id for it.
    pub out_id: OutId,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("to", &self.to)
            .field("usage_type", &self.usage_type)
            .field("out_id", &self.out_id)
            .finish_non_exhaustive()
    }
}

/// A message with everything decided, as a provider gets it.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Whom it is for.
    pub to: PhoneNumber,
    /// Signature and template.
    pub route: Route,
    /// The variables and their values, in the order they were declared.
    pub params: Vec<(String, String)>,
    /// The whole text, where it is one of our own.
    pub text: Option<String>,
    /// Our id for it.
    pub out_id: OutId,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("to", &self.to)
            .field("route", &self.route)
            .field("out_id", &self.out_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use aliyun_sms::SystemSource;

    use super::*;

    #[test]
    fn out_ids_differ_and_read_back() {
        let made: HashSet<OutId> = (0..1000).map(|_| OutId::new(&SystemSource)).collect();
        assert_eq!(made.len(), 1000);
        for out_id in made {
            assert_eq!(out_id.as_str().len(), 16);
            assert_eq!(OutId::parse(out_id.as_str()), Ok(out_id));
        }
    }

    #[test]
    fn what_is_no_out_id() {
        for text in ["", "a b", "号", "a,b", &"a".repeat(65)] {
            assert_eq!(OutId::parse(text), Err(OutIdError), "{text}");
        }
        assert!(OutId::parse(&"a".repeat(64)).is_ok());
    }

    #[test]
    fn drafts_and_messages_print_neither_number_nor_code() {
        let draft = Draft::of_code("+8613800138000", "SignIn", "654321");
        let said = format!("{draft:?}");
        assert!(
            !said.contains("13800138000") && !said.contains("654321"),
            "{said}"
        );
    }
}
