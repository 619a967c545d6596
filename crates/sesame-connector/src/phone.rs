//! Phone numbers: read once, at the border, into E.164.
//!
//! `+…` and `00…` are international. Bare digits are read the way Logto sends
//! them, country code first; [`Reading`] says what else they may mean. What
//! people write between digits is dropped (`phone/notation.rs`), what a reading
//! is worth is asked of a port of libphonenumber (`phone/plan.rs`), and which
//! reading wins is decided here.

mod carrier;
mod error;
mod notation;
mod plan;
#[cfg(test)]
mod tests;

use std::fmt;

pub use carrier::Carrier;
pub use error::PhoneError;
use notation::Notation;
use plan::{Candidate, Line};

/// A country or territory with a numbering plan, by its ISO 3166 letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region(rlibphonenumber::Region);

impl Region {
    /// The Chinese mainland. Hong Kong, Macao and Taiwan are `HK`, `MO`, `TW`.
    pub const CN: Self = Self(rlibphonenumber::Region::CN);

    /// Reads two ISO letters, in either case, of a country that has phones.
    pub fn parse(code: &str) -> Option<Self> {
        plan::region(code).map(Self)
    }

    /// All there are, in the order of their letters.
    pub fn all() -> Vec<Self> {
        plan::regions().into_iter().map(Self).collect()
    }

    /// The country calling code, 86 for `CN`.
    pub fn country_code(self) -> u16 {
        plan::country_code(self.0)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_region_str().as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How bare digits are read.
///
/// | `default_country` | digits that are valid with country code first | else |
/// | --- | --- | --- |
/// | none | that number | a mainland mobile number, if they are one |
/// | `CN` | that number, unless they are a mainland mobile number | a mainland mobile number |
/// | another | that number, unless that country can read them as a number that takes messages | a national number of that country |
///
/// With `strict`, only the first column's reading is left: digits without a
/// country code are refused, and so are digits that the default country would
/// have read otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The country whose national numbers are expected (`defaultCountry`).
    pub default_country: Option<Region>,
    /// `strictPhoneRegionNumberCheck`: no number without its country code.
    pub strict: bool,
}

/// A phone number that can take text messages. Prints masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    country_code: u16,
    national: String,
    region: Option<Region>,
}

impl PhoneNumber {
    /// Reads a number as people, platforms and address books write it.
    ///
    /// # Errors
    /// Where it is no number, none that exists, or none that takes messages.
    pub fn parse(text: &str, reading: &Reading) -> Result<Self, PhoneError> {
        match notation::read(text)? {
            Notation::International(digits) => deliverable(plan::international(&digits)?),
            Notation::Bare(digits) => read_bare(&digits, reading),
        }
    }

    /// Whether numbers can begin with `+` and these digits. What is dialled inside
    /// a country alone, as the 0 of `+44 (0)7911`, begins none.
    pub fn can_begin_with(digits: &str) -> bool {
        plan::is_beginning(digits)
    }

    /// `+` and digits, as the number is stored and compared.
    pub fn e164(&self) -> String {
        format!("+{}{}", self.country_code, self.national)
    }

    /// ISO letters of its country, `001` where it belongs to none.
    pub fn region(&self) -> String {
        self.region
            .map_or_else(|| "001".to_owned(), |region| region.to_string())
    }

    /// The country calling code.
    pub fn country_code(&self) -> u16 {
        self.country_code
    }

    /// The digits after the country code.
    pub fn national(&self) -> &str {
        &self.national
    }

    /// Whether it is a number of the Chinese mainland.
    pub fn is_mainland(&self) -> bool {
        self.country_code == plan::MAINLAND
    }

    /// Whom a mainland number's prefix was given to; none elsewhere.
    pub fn carrier(&self) -> Option<Carrier> {
        self.is_mainland()
            .then(|| Carrier::of(&self.national))
            .flatten()
    }

    /// Country code and the outer digits: `+86 138****8000`. At least four
    /// digits are hidden, whatever the length.
    pub fn masked(&self) -> String {
        let shown = self.national.len().saturating_sub(4).min(7);
        let tail = shown.div_ceil(2).min(4);
        let head = (shown - tail).min(3);
        format!(
            "+{} {}****{}",
            self.country_code,
            &self.national[..head],
            &self.national[self.national.len() - tail..],
        )
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

/// Decides between the readings of bare digits, see [`Reading`].
fn read_bare(digits: &str, reading: &Reading) -> Result<PhoneNumber, PhoneError> {
    let with_code = plan::country_code_first(digits);
    // The second reading costs most of the work, and most numbers come with a
    // country code; where it could not win, it is not looked for.
    let at_home = match (reading.default_country, &with_code) {
        (None, Some(_)) => None,
        (Some(Region::CN), Some(first)) if first.number.is_mainland() => None,
        (None, None) => fallback_mainland(digits),
        (Some(region), _) => plan::national(digits, region.0),
    };
    if reading.strict {
        return read_strict(with_code, at_home, reading);
    }
    match (with_code, at_home) {
        (_, Some(home)) if reading.default_country.is_some() && home.line == Line::Mobile => {
            Ok(home.number)
        }
        (Some(first), _) => deliverable(first).map_err(|error| {
            // 180… and 188… are mainland mobiles and, after a 1, toll-free.
            if plan::is_mainland_mobile(digits) {
                PhoneError::PlusOneOrMainland
            } else {
                error
            }
        }),
        (None, Some(home)) => deliverable(home),
        (None, None) => Err(explain(digits)),
    }
}

fn read_strict(
    with_code: Option<Candidate>,
    at_home: Option<Candidate>,
    reading: &Reading,
) -> Result<PhoneNumber, PhoneError> {
    match (with_code, at_home) {
        (Some(first), Some(home))
            if reading.default_country.is_some()
                && home.line == Line::Mobile
                && home.number != first.number =>
        {
            Err(PhoneError::CountryCodeMissing)
        }
        (Some(first), _) => deliverable(first),
        (None, _) => Err(PhoneError::CountryCodeMissing),
    }
}

/// What bare digits may mean where no country was chosen: a mainland mobile
/// number. A mainland landline with its trunk zero is recognised too, so that
/// it is named as one.
fn fallback_mainland(digits: &str) -> Option<Candidate> {
    plan::national(digits, rlibphonenumber::Region::CN).filter(|home| match home.line {
        Line::Mobile => plan::is_mainland_mobile(digits),
        Line::Fixed | Line::Service => digits.starts_with('0'),
    })
}

fn deliverable(candidate: Candidate) -> Result<PhoneNumber, PhoneError> {
    match candidate.line {
        Line::Mobile => Ok(candidate.number),
        Line::Fixed => Err(PhoneError::Landline),
        Line::Service => Err(PhoneError::Service),
    }
}

/// Why bare digits have no reading at all.
fn explain(digits: &str) -> PhoneError {
    if let Some(error) = plan::mainland_mobile_of_wrong_length(digits) {
        return error;
    }
    match digits.len() {
        0..=8 => PhoneError::TooShort,
        9..=15 => PhoneError::NoReading,
        _ => PhoneError::TooLong,
    }
}
