//! Fields that Aliyun, or somebody in between, writes otherwise than the
//! documents say: a number as text, a text as a number, nothing at all. An
//! accepted message must not look unknown because a side field is odd.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text, or a number or truth value as one; everything else is nothing.
#[derive(Debug, Default)]
pub(crate) struct Loose<'a>(Option<Cow<'a, str>>);

impl Loose<'_> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl LooseVisitor {
    fn made<'a, E>(text: impl ToString) -> Result<Loose<'a>, E> {
        Ok(Loose(Some(Cow::Owned(text.to_string()))))
    }
}

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
        Ok(Loose(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
        Self::made(text)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose<'de>, E> {
        Self::made(number)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose<'de>, E> {
        Self::made(number)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose<'de>, E> {
        Self::made(number)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Loose<'de>, E> {
        Self::made(truth)
    }

    fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
        Ok(Loose(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Loose<'de>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose(None))
    }
}

/// A text that is not empty.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Loose(text) = Loose::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(Cow::into_owned))
}

/// The same where absent and empty are one.
pub(super) fn string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(text(deserializer)?.unwrap_or_default())
}

/// An id that Aliyun gave: kept only where it looks like one, so that nothing
/// else an answer may hold comes along into logs.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text(deserializer)?.filter(|id| is_id(id)))
}

/// Letters, digits, `-`, `_`, `.`, `^` and `:`, at most 80 of them.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.^:".contains(&byte);
    (1..=80).contains(&text.len()) && text.bytes().all(allowed)
}

/// A whole number, or its digits as text.
pub(super) fn optional_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let text = text(deserializer)?;
    Ok(text.and_then(|text| whole_number(text.trim())))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a number without a fraction is asked for, and saturates"
)]
fn whole_number(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0).then_some(number as i64)
    })
}

/// `true`, `"true"` or 1.
pub(super) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Loose::deserialize(deserializer)?.as_str().map(str::trim) {
        Some("true" | "True" | "TRUE" | "1") => Ok(true),
        Some("false" | "False" | "FALSE" | "0") => Ok(false),
        _ => Err(serde::de::Error::custom("neither true nor false")),
    }
}

/// A part that is passed over where it is not what it should be.
pub(super) fn part<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// A list, or one entry without a list round it; entries that cannot be read
/// are passed over.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let entries = match Value::deserialize(deserializer)? {
        Value::Array(entries) => entries,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let read = entries.into_iter().map(serde_json::from_value);
    Ok(read.flatten().collect())
}
