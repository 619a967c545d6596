//! The digits: derived, never stored, compared in constant time.

use std::fmt;

use hmac::Mac;
use secrecy::zeroize::Zeroizing;
use subtle::ConstantTimeEq;

use crate::keys::CodeKey;

/// The longest text that is looked at; longer ones are no code.
const LONGEST_TEXT: usize = 64;

/// The digits of one verification. Prints nothing of itself.
pub(crate) struct Passcode(Zeroizing<String>);

impl Passcode {
    /// HMAC-SHA256 over what the code belongs to, each part behind its length,
    /// reduced to `digits` decimal digits. All codes are equally likely: what
    /// would favour the low ones is thrown away, and more is derived.
    pub(crate) fn derive(key: &CodeKey, parts: &[&[u8]], digits: u8) -> Self {
        let codes = 10_u64.pow(digits.into());
        let fair = u64::MAX - u64::MAX % codes;
        let drawn = (0..=u32::MAX)
            .flat_map(|round| draw(key, parts, digits, round))
            .find(|drawn| *drawn < fair);
        let code = drawn.unwrap_or_default() % codes;
        Self(Zeroizing::new(format!(
            "{code:0width$}",
            width = digits.into()
        )))
    }

    /// As it is sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether somebody typed it. Takes as long for a wrong code as for the
    /// right one.
    pub(crate) fn is(&self, typed: &Typed) -> bool {
        self.0.as_bytes().ct_eq(typed.0.as_bytes()).into()
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passcode([redacted])")
    }
}

/// Four times 64 bits.
fn draw(key: &CodeKey, parts: &[&[u8]], digits: u8, round: u32) -> [u64; 4] {
    let mut mac = key.mac();
    mac.update(&round.to_be_bytes());
    mac.update(&[digits]);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        mac.update(&length.to_be_bytes());
        mac.update(part);
    }
    let hash: [u8; 32] = mac.finalize().into_bytes().into();
    let (words, _) = hash.as_chunks::<8>();
    std::array::from_fn(|index| u64::from_be_bytes(words[index]))
}

/// Digits that somebody typed. Prints nothing of itself.
pub(crate) struct Typed(Zeroizing<String>);

impl Typed {
    /// Reads what people type and paste: spaces, hyphens and invisible signs go,
    /// digits of other scripts become plain ones. `None` where anything else is left,
    /// or not as many digits as the code has: that can be said without
    /// comparing, since everybody knows how long codes are.
    pub(crate) fn read(text: &str, digits: u8) -> Option<Self> {
        if text.chars().count() > LONGEST_TEXT {
            return None;
        }
        let kept = text.chars().filter(|character| !is_between(*character));
        let typed = Zeroizing::new(kept.map(plain_digit).collect::<Option<String>>()?);
        (typed.len() == usize::from(digits)).then_some(Self(typed))
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed([redacted])")
    }
}

fn is_between(character: char) -> bool {
    let is_invisible = matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    let is_hyphen = matches!(
        character,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'
    );
    character.is_whitespace() || is_invisible || is_hyphen
}

/// Digits as keyboards of the world write them; numbers are read so too.
fn plain_digit(character: char) -> Option<char> {
    // Full-width; Arabic-Indic and its Persian form; Devanagari, Bengali, Thai.
    const NOUGHTS: [char; 7] = ['0', '０', '٠', '۰', '०', '০', '๐'];
    NOUGHTS.into_iter().find_map(|nought| {
        let digit = u32::from(character).checked_sub(u32::from(nought))?;
        char::from_digit(digit, 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CodeKey {
        CodeKey::new("k", [5; 32])
    }

    fn code(parts: &[&[u8]], digits: u8) -> String {
        Passcode::derive(&key(), parts, digits).as_str().to_owned()
    }

    #[test]
    fn the_same_parts_give_the_same_code() {
        assert_eq!(code(&[b"a", b"b"], 6), code(&[b"a", b"b"], 6));
        assert_ne!(code(&[b"ab", b""], 10), code(&[b"a", b"b"], 10));
        assert_ne!(code(&[b"a", b"b"], 10), code(&[b"b", b"a"], 10));
        let other = CodeKey::new("k", [6; 32]);
        let under_other = Passcode::derive(&other, &[b"a", b"b"], 10);
        assert_ne!(under_other.as_str(), code(&[b"a", b"b"], 10));
    }

    #[test]
    fn codes_have_their_digits() {
        for digits in 4..=10 {
            for number in 0..200_u8 {
                let code = code(&[&[number]], digits);
                assert_eq!(code.len(), usize::from(digits));
                assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }

    /// χ² of `counts` against the same count everywhere.
    fn chi_square(counts: &[u32]) -> f64 {
        let total: u32 = counts.iter().sum();
        let expected = f64::from(total) / counts.len() as f64;
        let off = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
        counts.iter().map(off).sum()
    }

    /// 99.9 % of χ² with that many degrees of freedom (Wilson and Hilferty).
    fn critical(freedom: f64) -> f64 {
        let step = 2.0 / (9.0 * freedom);
        freedom * (1.0 - step + 3.09 * step.sqrt()).powi(3)
    }

    #[test]
    fn codes_are_uniform() {
        let mut at_place = vec![[0_u32; 10]; 6];
        let mut pairs = vec![0_u32; 100];
        let mut thousands = vec![0_u32; 1000];
        for number in 0..200_000_u32 {
            let code = code(&[b"uniform", &number.to_be_bytes()], 6);
            for (place, digit) in code.bytes().enumerate() {
                at_place[place][usize::from(digit - b'0')] += 1;
            }
            let value: usize = code.parse().expect("digits");
            pairs[value % 100] += 1;
            thousands[value / 1000] += 1;
        }
        for counts in &at_place {
            assert!(chi_square(counts) < critical(9.0), "{counts:?}");
        }
        assert!(chi_square(&pairs) < critical(99.0));
        assert!(chi_square(&thousands) < critical(999.0));
    }

    #[test]
    fn what_people_type_is_read() {
        let derived = Passcode(Zeroizing::new("012345".to_owned()));
        for text in [
            "012345",
            " 012 345\n",
            "012-345",
            "０１２３４５",
            "012\u{3000}３４５",
            "\u{200b}012\u{2013}345\u{feff}",
            "0 1 2 3 4 5",
            "٠١٢٣٤٥",
            "۰۱۲۳۴۵",
            "०१२३४५",
        ] {
            let typed = Typed::read(text, 6).expect(text);
            assert!(derived.is(&typed), "{text}");
        }
        assert!(!derived.is(&Typed::read("012346", 6).expect("six digits")));
    }

    #[test]
    fn what_is_no_code() {
        let long = "1".repeat(65);
        let spaced = format!("{}123456", " ".repeat(60));
        for text in [
            "",
            " ",
            "12345",
            "1234567",
            "12345x",
            "一二三四五六",
            "+12345",
            "1.2345",
            &long,
            &spaced,
        ] {
            assert!(Typed::read(text, 6).is_none(), "{text}");
        }
    }

    #[test]
    fn nothing_prints_a_code() {
        let derived = Passcode(Zeroizing::new("012345".to_owned()));
        let typed = Typed::read("012345", 6);
        assert!(!format!("{derived:?} {typed:?}").contains("012345"));
    }
}
