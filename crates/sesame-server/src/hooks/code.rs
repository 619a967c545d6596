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
    let numbers = numbers(&text);
    match only(numbers.iter().map(|(_, number)| (*number).to_owned())) {
        Err(Misread::SeveralCodes) => {}
        found => return found,
    }
    let named = numbers.iter().filter(|(at, number)| {
        let (before, after) = (&text[..*at], &text[at + number.len()..]);
        follows_word(before)
            || after
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("is your")
    });
    match only(named.map(|(_, number)| (*number).to_owned())) {
        Err(Misread::NoCode) => Err(Misread::SeveralCodes),
        found => found,
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

/// Numbers as long as codes that stand by themselves, and where.
fn numbers(text: &str) -> Vec<(usize, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '_');
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(|c: char| !is_part(c)) {
        let start = at;
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        let is_number = LENGTH.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        if is_number && !is_in_chain(text, start, word.len()) {
            found.push((start, word));
        }
    }
    found
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
        ] {
            assert_eq!(code_in(text, None), Err(Misread::NoCode), "{text}");
        }
        for text in ["482915 or 918273", "code 482915, code 918273", "@x #12"] {
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
