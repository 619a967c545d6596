//! What stands between the digits: signs to drop, signs that say there is more
//! than one number, and signs that do not belong.

use super::PhoneError;
use crate::text::is_invisible;

/// How the number was written.
pub(super) enum Notation {
    /// `+…` or `00…`; the digits after it.
    International(String),
    /// Digits alone.
    Bare(String),
}

/// More characters than any one number is written with.
const LONGEST_TEXT: usize = 100;

/// The zeros of the scripts whose digits phones type: full-width,
/// Arabic-Indic, Persian, Devanagari, Bengali, Thai.
const ZEROS: [char; 6] = ['０', '٠', '۰', '०', '০', '๐'];

pub(super) fn read(text: &str) -> Result<Notation, PhoneError> {
    let text = text.trim();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        return Err(PhoneError::TooLong);
    }
    let mut digits = String::with_capacity(text.len());
    let mut plus = false;
    for character in text.chars() {
        match sort(character) {
            Sign::Digit(digit) => digits.push(digit),
            Sign::Plus if !plus && digits.is_empty() => plus = true,
            // A second `+` after a few digits begins a second number.
            Sign::Plus if digits.len() >= 6 => return Err(PhoneError::Several),
            Sign::Nothing => {}
            Sign::Comma => return Err(PhoneError::Several),
            Sign::Letter => return Err(PhoneError::Letters),
            Sign::Plus | Sign::Other => return Err(PhoneError::Character),
        }
    }
    finish(digits, plus)
}

fn finish(digits: String, plus: bool) -> Result<Notation, PhoneError> {
    if digits.is_empty() {
        return Err(PhoneError::Empty);
    }
    if plus {
        return Ok(Notation::International(digits));
    }
    Ok(match digits.strip_prefix("00") {
        Some(rest) => Notation::International(rest.to_owned()),
        None => Notation::Bare(digits),
    })
}

enum Sign {
    Digit(char),
    Plus,
    Nothing,
    Comma,
    Letter,
    Other,
}

fn sort(character: char) -> Sign {
    match character {
        '0'..='9' => Sign::Digit(character),
        '+' | '＋' | '﹢' => Sign::Plus,
        ',' | ';' | '，' | '；' | '、' | '|' | '&' | '\n' | '\r' => Sign::Comma,
        _ if is_separator(character) || is_invisible(character) => Sign::Nothing,
        _ => digit(character).map_or_else(|| letter_or_other(character), Sign::Digit),
    }
}

fn digit(character: char) -> Option<char> {
    let value = ZEROS
        .iter()
        .filter_map(|&zero| u32::from(character).checked_sub(u32::from(zero)))
        .find(|&value| value < 10)?;
    char::from_digit(value, 10)
}

fn letter_or_other(character: char) -> Sign {
    if character.is_alphabetic() {
        Sign::Letter
    } else {
        Sign::Other
    }
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '.' | '(' | ')' | '[' | ']' | '/' | '·' | '\u{2010}'
                ..='\u{2015}' | '−' | '－' | '．' | '（' | '）' | '／' | '［' | '］'
        )
}
