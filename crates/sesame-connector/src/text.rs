//! A sentence in the two languages people read here.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// One sentence in English and Chinese. Displays as English, which is what logs
/// are written in. Causes and cures are lower-case and without full stop; what
/// is meant for end users is a whole sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Simplified Chinese.
    pub zh: Cow<'static, str>,
}

/// Which of the two a reader gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Text {
    /// From two fixed sentences.
    pub(crate) const fn fixed(en: &'static str, zh: &'static str) -> Self {
        Self {
            en: Cow::Borrowed(en),
            zh: Cow::Borrowed(zh),
        }
    }

    /// From two sentences put together.
    pub(crate) fn made(en: String, zh: String) -> Self {
        Self {
            en: Cow::Owned(en),
            zh: Cow::Owned(zh),
        }
    }

    /// The same with a code of the provider's behind it.
    pub(crate) fn with_code(&self, code: &str) -> Self {
        let code = printable(code);
        Self::made(
            format!("{} ({code})", self.en),
            format!("{}（{code}）", self.zh),
        )
    }

    /// The sentence in one language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }
}

/// Whether a code or an id that others wrote can be passed on: short, and
/// nothing but visible ASCII.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Marks of writing direction, zero-width signs and the like, which come along
/// when something is copied out of an address book or a page.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// The longest text of others that is passed on.
const LONGEST: usize = 160;

/// What others wrote, in a form that no terminal obeys and that does not fill
/// the screen: control characters, marks of direction and invisible ones stand
/// as their codes.
pub(crate) fn printable(text: &str) -> String {
    printable_up_to(text, LONGEST)
}

/// The same with a length of its own, in characters.
pub(crate) fn printable_up_to(text: &str, longest: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(longest * 4));
    for (at, character) in text.trim().chars().enumerate() {
        if at == longest {
            shown.push('…');
            break;
        }
        if character.is_control() || is_invisible(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

impl From<aliyun_sms::code::Text> for Text {
    fn from(text: aliyun_sms::code::Text) -> Self {
        Self::fixed(text.en, text.zh)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}
