//! The code in a text, where a platform hands over nothing else.
//!
//! A wrong guess would send a user something that is not their code, so where
//! more than one thing may be the code, none is taken.

use regex_lite::Regex;

use super::Misread;

/// What is told from a code: shorter is a number of minutes, longer a phone
/// number.
const LENGTH: std::ops::RangeInclusive<usize> = 4..=10;

/// Words behind which a code stands.
const WORDS: [&str; 9] = [
    "code",
    "otp",
    "pin",
    "token",
    "password",
    "passcode",
    "验证码",
    "校验码",
    "动态码",
];

/// A text that is a code and nothing else: letters and digits, spaces around
/// it, full-width digits too.
pub(crate) fn is_code(text: &str) -> Option<String> {
    let text = narrow(text.trim());
    let is_one = LENGTH.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    is_one.then_some(text)
}

/// The code in a text: what the pattern finds, else what stands in the line
/// `@domain #code` that browsers read, else the text itself, else the only
/// number that may be one.
///
/// # Errors
/// Where there is none, or more than one.
pub(crate) fn code_in(text: &str, pattern: Option<&Regex>) -> Result<String, Misread> {
    let text = narrow(text);
    if let Some(pattern) = pattern {
        return only(pattern.captures_iter(&text).filter_map(|found| {
            let group = found.get(1).or_else(|| found.get(0))?;
            is_code(group.as_str())
        }));
    }
    if let Some(code) = bound(&text) {
        return Ok(code);
    }
    if let Some(code) = is_code(&text).filter(|code| code.bytes().any(|b| b.is_ascii_digit())) {
        return Ok(code);
    }
    let found = candidates(&text);
    let named = found.iter().filter(|found| found.is_named(&text));
    match only(named.map(|found| found.code.clone())) {
        Err(Misread::NoCode) => {}
        named => return named,
    }
    // By itself a year is none: it stands behind too many a sentence.
    let lone = found.iter().filter(|found| !found.is_year());
    let code = only(lone.map(|found| found.code.clone()))?;
    let is_number = code.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(code).ok_or(Misread::NoCode)
}

/// What may be a code, and where it stands.
#[derive(Debug)]
struct Candidate {
    /// Without what parts it.
    code: String,
    at: usize,
    end: usize,
}

impl Candidate {
    /// Whether a code word stands before it, or "is your" behind.
    fn is_named(&self, text: &str) -> bool {
        let behind = text[self.end..].trim_start().to_ascii_lowercase();
        follows_word(&text[..self.at]) || behind.starts_with("is your")
    }

    fn is_year(&self) -> bool {
        self.code.len() == 4 && (self.code.starts_with("19") || self.code.starts_with("20"))
    }
}

/// The one value there is, however often.
fn only(mut values: impl Iterator<Item = String>) -> Result<String, Misread> {
    let first = values.next().ok_or(Misread::NoCode)?;
    if values.all(|value| value == first) {
        Ok(first)
    } else {
        Err(Misread::SeveralCodes)
    }
}

/// The code of the last line, where that is `@domain #code`.
fn bound(text: &str) -> Option<String> {
    let last = text.trim_end().lines().next_back()?.trim();
    let (domain, code) = last.strip_prefix('@')?.split_once(" #")?;
    let is_domain = !domain.is_empty() && !domain.contains(char::is_whitespace);
    // More may follow, such as the frame's own domain.
    let code = code.split_whitespace().next()?;
    is_code(code).filter(|_| is_domain)
}

/// Numbers as long as codes, capitals with digits among them, and twice three
/// digits with a space or a dash between; each standing by itself.
fn candidates(text: &str) -> Vec<Candidate> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '_');
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split(|c: char| !is_part(c)) {
        words.push((at, word));
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    let mut found = Vec::new();
    for (index, &(at, word)) in words.iter().enumerate() {
        let end = at + word.len();
        let (mut code, mut until) = (word.to_owned(), end);
        if let Some(&(next_at, next)) = words.get(index + 1)
            && is_half(word)
            && is_half(next)
            && matches!(&text[end..next_at], "-" | " ")
        {
            code.push_str(next);
            until = next_at + next.len();
        } else if !LENGTH.contains(&word.len()) || !is_coded(word) {
            continue;
        }
        let end = until;
        // `4829 15` may be one as well as the other.
        let follower = words.get(index + 1).filter(|(next_at, _)| {
            end < *next_at && text[end..*next_at].trim_matches(' ').is_empty()
        });
        let is_cut = follower.is_some_and(|(_, next)| {
            (1..=3).contains(&next.len()) && next.bytes().all(|b| b.is_ascii_digit())
        });
        if !is_cut && !is_in_chain(text, at, end - at) {
            found.push(Candidate { code, at, end });
        }
    }
    found
}

/// Half of `482-915`.
fn is_half(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit())
}

/// Digits, or capitals with digits among them.
fn is_coded(word: &str) -> bool {
    let is_one = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    word.bytes().all(is_one) && word.bytes().any(|b| b.is_ascii_digit())
}

/// Parts of dates, phone numbers, amounts and addresses: digits, a sign and
/// digits again.
fn is_in_chain(text: &str, start: usize, length: usize) -> bool {
    let is_sign = |c: char| matches!(c, '-' | '.' | ':' | '/' | ',');
    let chained = |mut outwards: Box<dyn Iterator<Item = char> + '_>| {
        outwards.next().is_some_and(is_sign) && outwards.next().is_some_and(|c| c.is_ascii_digit())
    };
    chained(Box::new(text[..start].chars().rev()))
        || chained(Box::new(text[start + length..].chars()))
}

/// Whether a text ends with a code word, and little behind it.
fn follows_word(before: &str) -> bool {
    let lower = before.to_lowercase();
    WORDS.iter().any(|word| {
        lower.rfind(word).is_some_and(|at| {
            let between = &lower[at + word.len()..];
            let between =
                between.trim_matches(|c: char| c.is_whitespace() || ":：=#\"'“”【[(".contains(c));
            matches!(between, "" | "is" | "是" | "为" | "is:" | "s")
        })
    })
}

/// Full-width letters and digits as others write them.
fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
        }
        c => c,
    };
    text.chars().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_platforms_write_is_read() {
        for (text, code) in [
            (
                "Your SMS code is 482915 and is valid for 5 minutes.",
                "482915",
            ),
            (
                "[Example] - authentication code: 482915, expires: 1 minute ",
                "482915",
            ),
            ("482915 is your Nextcloud authentication code", "482915"),
            ("Your verification code is: 482915", "482915"),
            (
                "Your login code is: 482915\n\nIt expires in 60 minutes.\n\n@id.example.com #482915\n",
                "482915",
            ),
            ("Code 7KX2QD\n@id.example.com #7KX2QD", "7KX2QD"),
            ("text%!(EXTRA string=482915)", "482915"),
            ("【示例】您的验证码为482915，5分钟内有效。", "482915"),
            ("您的验证码：４８２９１５", "482915"),
            (" 482915\n", "482915"),
            ("7KX2QD", "7KX2QD"),
            ("482915, I repeat: 482915", "482915"),
            ("Realm 2024: your code is 482915.", "482915"),
            ("Call +8613800138000 or use 482915", "482915"),
            ("2026-11-22: 482915", "482915"),
            ("10,000 users: 4829", "4829"),
            ("Your Acme code: 482-915. (c) 2026 Acme", "482915"),
            ("Code 482 915. (c) 2026 Acme", "482915"),
            ("482 915", "482915"),
            ("For order 123456 use code X7K2QD", "X7K2QD"),
            ("Your code is 2026.", "2026"),
            ("4829 is your code (c) 2026", "4829"),
        ] {
            assert_eq!(code_in(text, None).as_deref(), Ok(code), "{text}");
        }
    }

    #[test]
    fn where_there_is_none_or_more_than_one_none_is_taken() {
        for text in [
            "",
            "hello",
            "Welcome",
            "valid for 5 minutes",
            "call 13800138000",
            "2026-11-22",
            "Your code: ABCDEF (c) 2026 Acme",
        ] {
            assert_eq!(code_in(text, None), Err(Misread::NoCode), "{text}");
        }
        for text in [
            "482915 or 918273",
            "code 482915, code 918273",
            "@x #12",
            "Your code: 4829 15, valid in 2026",
            "order 123456, enter X7K2QD",
            "code 482-915-777",
        ] {
            let found = code_in(text, None);
            assert!(found.is_err(), "{text}: {found:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(text in "\\PC{0,40}", number in "[0-9]{4,10}", rest in "\\PC{0,40}") {
            let _ = code_in(&format!("{text}{number}{rest}"), None);
            let _ = code_in(&format!("{text} @x #{number} {rest}"), None);
        }
    }

    #[test]
    fn a_pattern_decides() {
        let pattern = Regex::new("ref ([A-Z0-9]{6})").expect("a pattern");
        let found = |text: &str| code_in(text, Some(&pattern));
        assert_eq!(found("482915, ref AB12CD").as_deref(), Ok("AB12CD"));
        assert_eq!(found("482915"), Err(Misread::NoCode));
        assert_eq!(found("ref AB12CD ref AB12CE"), Err(Misread::SeveralCodes));
    }
}
