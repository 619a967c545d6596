//! What the world's numbering plans say of a row of digits.
//!
//! Everything the phone number library is asked stands here. It is asked for
//! validity and for the kind of line; for mainland mobiles our own rule stands
//! before it, because new prefixes come faster than its releases.

use std::cmp::Ordering;

use rlibphonenumber::{
    PHONE_NUMBER_UTIL, ParseError, PhoneNumber as Parsed, PhoneNumberType, Region as Letters,
    ValidationError,
};

use super::{PhoneError, PhoneNumber, Region};

/// The library traces whole numbers. `Cargo.toml` switches that off for good;
/// this fails to compile if somebody drops the switch.
const _: () = assert!((log::STATIC_MAX_LEVEL as usize) < log::LevelFilter::Trace as usize);

/// The calling code of the Chinese mainland.
pub(super) const MAINLAND: u16 = 86;

/// Digits of a mainland mobile number.
pub(super) const MAINLAND_LENGTH: usize = 11;

/// What a number rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A phone that may take messages; also where the plan does not tell
    /// landlines and mobiles apart.
    Mobile,
    /// A landline for certain.
    Fixed,
    /// Toll-free, premium, shared-cost and company-wide numbers, mailboxes and
    /// pagers: nobody signs in with one, and some earn money by being texted.
    Service,
}

/// A valid reading.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) number: PhoneNumber,
    pub(super) line: Line,
}

/// No number has more digits (ITU-T E.164 §6).
const LONGEST: usize = 15;

pub(super) fn region(code: &str) -> Option<Letters> {
    let letters = Letters::from_code(code).ok()?;
    // Whoever serves the mainland alone never reads the plans of all countries,
    // which take 4 MB.
    if letters == Letters::CN {
        return Some(letters);
    }
    (letters != Letters::World)
        .then(|| PHONE_NUMBER_UTIL.get_country_code_for_region(letters))
        .flatten()
        .map(|_| letters)
}

pub(super) fn regions() -> Vec<Letters> {
    let mut all: Vec<Letters> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
    all.sort_unstable();
    all
}

pub(super) fn country_code(letters: Letters) -> u16 {
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(letters);
    code.and_then(|code| u16::try_from(code).ok()).unwrap_or(0)
}

/// Whether there are numbers that begin with these digits behind the `+`: some
/// number made of them and any one digit is valid, and keeps them.
pub(super) fn is_beginning(digits: &str) -> bool {
    let mut more = 0..=LONGEST.saturating_sub(digits.len());
    more.any(|more| {
        ('0'..='9').any(|digit| {
            let whole = format!("{digits}{}", digit.to_string().repeat(more));
            international(&whole)
                .is_ok_and(|candidate| candidate.number.e164()[1..].starts_with(digits))
        })
    })
}

/// Digits after `+` or `00`. A trunk zero people leave in (`+44 (0)20…`) is
/// taken out.
pub(super) fn international(digits: &str) -> Result<Candidate, PhoneError> {
    if let Some(rest) = digits.strip_prefix("86")
        && is_mainland_mobile(rest)
    {
        return Ok(mainland(rest));
    }
    match Parsed::parse(format!("+{digits}"), None) {
        Ok(parsed) => judge(&parsed).ok_or_else(|| why_invalid(&parsed, digits)),
        Err(error) => Err(why_unparsed(&error, digits)),
    }
}

/// Bare digits as Logto sends them. Nothing is taken out here: what would have
/// to be read with good will is no number with its country code first.
pub(super) fn country_code_first(digits: &str) -> Option<Candidate> {
    international(digits)
        .ok()
        .filter(|candidate| candidate.number.e164()[1..] == *digits)
}

/// Digits as people dial them inside a country.
pub(super) fn national(digits: &str, letters: Letters) -> Option<Candidate> {
    if letters == Letters::CN && is_mainland_mobile(digits) {
        return Some(mainland(digits));
    }
    judge(&Parsed::parse(digits, Some(letters)).ok()?)
}

/// `1` and a digit from 3 to 9: every mobile prefix there is or will be. The
/// library's list of them may be older than the number.
pub(super) fn is_mainland_mobile(national: &str) -> bool {
    let digits = national.as_bytes();
    digits.len() == MAINLAND_LENGTH
        && digits[0] == b'1'
        && (b'3'..=b'9').contains(&digits[1])
        && digits.iter().all(u8::is_ascii_digit)
}

/// What is wrong with digits that begin like a mainland mobile, with or without
/// `86`, and have another length.
pub(super) fn mainland_mobile_of_wrong_length(digits: &str) -> Option<PhoneError> {
    let national = digits.strip_prefix("86").unwrap_or(digits);
    let second = national.strip_prefix('1')?.chars().next()?;
    if !('3'..='9').contains(&second) {
        return None;
    }
    match national.len().cmp(&MAINLAND_LENGTH) {
        Ordering::Less => Some(PhoneError::TooShort),
        Ordering::Equal => None,
        Ordering::Greater => Some(PhoneError::TooLong),
    }
}

fn mainland(national: &str) -> Candidate {
    Candidate {
        number: PhoneNumber {
            country_code: MAINLAND,
            national: national.to_owned(),
            region: Some(Region::CN),
        },
        line: Line::Mobile,
    }
}

/// The number as a candidate, if it is valid.
fn judge(parsed: &Parsed) -> Option<Candidate> {
    let national = parsed.get_national_significant_number();
    let country_code = u16::try_from(parsed.country_code).ok()?;
    if country_code == MAINLAND && is_mainland_mobile(&national) {
        return Some(mainland(&national));
    }
    if !parsed.is_valid() {
        return None;
    }
    let region = parsed
        .get_region_code()
        .filter(|&letters| letters != Letters::World);
    let line = line(parsed.get_type(), country_code);
    let number = PhoneNumber {
        country_code,
        national,
        region: region.map(Region),
    };
    Some(Candidate { number, line })
}

fn line(kind: PhoneNumberType, country_code: u16) -> Line {
    match kind {
        PhoneNumberType::FixedLine => Line::Fixed,
        PhoneNumberType::Mobile => Line::Mobile,
        // Mainland carriers deliver to mobiles only.
        _ if country_code == MAINLAND => Line::Service,
        PhoneNumberType::TollFree
        | PhoneNumberType::PremiumRate
        | PhoneNumberType::SharedCost
        | PhoneNumberType::UAN
        | PhoneNumberType::VoiceMail
        | PhoneNumberType::Pager => Line::Service,
        PhoneNumberType::FixedLineOrMobile
        | PhoneNumberType::VoIP
        | PhoneNumberType::PersonalNumber
        | PhoneNumberType::Unknown => Line::Mobile,
    }
}

fn why_invalid(parsed: &Parsed, digits: &str) -> PhoneError {
    if is_mainland_mobile(digits) {
        return PhoneError::PlusWithoutCountryCode;
    }
    // Mainland landlines come in many lengths, so the library cannot tell.
    if digits.starts_with("86")
        && let Some(error) = mainland_mobile_of_wrong_length(digits)
    {
        return error;
    }
    match parsed.is_possible_with_reason() {
        Err(ValidationError::TooShort) => PhoneError::TooShort,
        Err(ValidationError::TooLong) => PhoneError::TooLong,
        Err(ValidationError::InvalidCountryCode) => PhoneError::UnknownCountryCode,
        Ok(_) | Err(ValidationError::InvalidLength) => PhoneError::Invalid,
    }
}

fn why_unparsed(error: &ParseError, digits: &str) -> PhoneError {
    match error {
        ParseError::InvalidCountryCode => PhoneError::UnknownCountryCode,
        ParseError::TooLongNsn => PhoneError::TooLong,
        _ if digits.len() > 15 => PhoneError::TooLong,
        _ => PhoneError::TooShort,
    }
}
