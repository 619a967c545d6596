//! Phone numbers the way Aliyun reads them, which is not the way the rest of
//! the world does: `1` and ten digits is a mainland mobile number, whatever
//! stands before it.

use std::fmt;

/// One recipient.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Number {
    /// Eleven digits, `1…`.
    Mainland(String),
    /// Country code and number, digits only.
    Overseas(String),
}

impl Number {
    /// As the inbox shows it: `+8613800138000`.
    pub(crate) fn e164(&self) -> String {
        match self {
            Self::Mainland(digits) => format!("+86{digits}"),
            Self::Overseas(digits) => format!("+{digits}"),
        }
    }

    /// As Aliyun's own answers show it: eleven digits, or country code and
    /// number.
    pub(crate) fn aliyun(&self) -> &str {
        match self {
            Self::Mainland(digits) | Self::Overseas(digits) => digits,
        }
    }

    /// Country code and number, as the international site writes them.
    pub(crate) fn with_country(&self) -> String {
        match self {
            Self::Mainland(digits) => format!("86{digits}"),
            Self::Overseas(digits) => digits.clone(),
        }
    }

    /// The country, in the words of the international site where they are known.
    pub(crate) fn country(&self) -> &'static str {
        let Self::Overseas(digits) = self else {
            return "China";
        };
        COUNTRIES
            .iter()
            .find(|(code, _)| digits.starts_with(code))
            .map_or("unknown", |(_, name)| name)
    }

    /// The mainland carrier whose number it was first; who took the number along
    /// to another is not looked up.
    pub(crate) fn carrier(&self) -> Option<Carrier> {
        match self {
            Self::Mainland(digits) => Some(Carrier::of(digits)),
            Self::Overseas(_) => None,
        }
    }

    pub(crate) fn is_mainland(&self) -> bool {
        matches!(self, Self::Mainland(_))
    }
}

/// Country codes and names of where most of Aliyun's customers send to; no code
/// begins with another.
const COUNTRIES: [(&str, &str); 20] = [
    ("1", "United States or Canada"),
    ("33", "France"),
    ("44", "United Kingdom"),
    ("49", "Germany"),
    ("55", "Brazil"),
    ("60", "Malaysia"),
    ("61", "Australia"),
    ("62", "Indonesia"),
    ("63", "Philippines"),
    ("65", "Singapore"),
    ("66", "Thailand"),
    ("7", "Russia or Kazakhstan"),
    ("81", "Japan"),
    ("82", "South Korea"),
    ("84", "Vietnam"),
    ("852", "Hongkong, China"),
    ("853", "Macao, China"),
    ("886", "Taiwan, China"),
    ("91", "India"),
    ("971", "United Arab Emirates"),
];

/// The mainland's carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Mobile,
    Unicom,
    Telecom,
}

impl Carrier {
    /// By the first digits, where all the carriers' numbers differ.
    fn of(digits: &str) -> Self {
        // Virtual carriers share 170 by its fourth digit.
        const UNICOM: [&str; 18] = [
            "130", "131", "132", "145", "155", "156", "166", "167", "1704", "1707", "1708", "1709",
            "171", "175", "176", "185", "186", "196",
        ];
        const TELECOM: [&str; 17] = [
            "133", "149", "153", "162", "1700", "1701", "1702", "173", "174", "177", "180", "181",
            "189", "190", "191", "193", "199",
        ];
        let is_of = |starts: &[&str]| starts.iter().any(|start| digits.starts_with(start));
        if is_of(&UNICOM) {
            Self::Unicom
        } else if is_of(&TELECOM) {
            Self::Telecom
        } else {
            Self::Mobile
        }
    }
}

/// Masked: a whole number never reaches a log.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&aliyun_sms::mask_number(&self.e164()))
    }
}

/// What a text can be read as. A bare `1…` of eleven digits may be both: a
/// mainland number, and one of North America.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readings {
    pub(crate) mainland: Option<Number>,
    pub(crate) overseas: Option<Number>,
}

impl Readings {
    /// Reads a number as the API takes it: digits, with `+`, `00`, `86`, `+86`
    /// or `0086` before them, and nothing else.
    ///
    /// Whether Aliyun takes `+852…` and `00852…` is not documented; both are
    /// accepted here.
    pub(crate) fn of(text: &str) -> Self {
        let (international, digits) = match (text.strip_prefix('+'), text.strip_prefix("00")) {
            (Some(rest), _) => ("+", rest),
            (None, Some(rest)) => ("00", rest),
            (None, None) => ("", text),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::default();
        }
        if let Some(national) = digits.strip_prefix("86") {
            // 86 is the mainland's; what is no mobile number there is nothing.
            return Self {
                mainland: is_mainland_mobile(national).then(|| Number::Mainland(national.into())),
                overseas: None,
            };
        }
        Self {
            // `+138…` is documented as one more way to write a mainland number;
            // `00138…` is not.
            mainland: (international != "00" && is_mainland_mobile(digits))
                .then(|| Number::Mainland(digits.into())),
            overseas: is_overseas(digits).then(|| Number::Overseas(digits.into())),
        }
    }

    /// Reads a number as a person writes it: also with spaces, dashes, dots and
    /// brackets. `+1…` is a number of North America where one can exist.
    pub(crate) fn of_written(text: &str) -> Self {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}'))
            .collect();
        let mut readings = Self::of(&plain);
        if plain.starts_with('+') && readings.overseas.is_some() {
            readings.mainland = None;
        }
        readings
    }

    /// What the template makes of the number. Aliyun's rule alone would leave
    /// nobody in North America to be reached by an international template, so
    /// with one of those a number that can exist there is read as such.
    pub(crate) fn for_template(self, international: bool) -> Option<Number> {
        if international {
            self.overseas.or(self.mainland)
        } else {
            self.mainland.or(self.overseas)
        }
    }

    /// All that it can be.
    pub(crate) fn all(self) -> impl Iterator<Item = Number> {
        self.mainland.into_iter().chain(self.overseas)
    }
}

fn is_mainland_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1')
}

fn is_overseas(digits: &str) -> bool {
    let national = digits.strip_prefix('1');
    match national {
        Some(national) => is_north_american(national),
        // E.164 ends at 15 digits, and no country code starts with 0.
        None => (7..=15).contains(&digits.len()) && !digits.starts_with('0'),
    }
}

/// Area code and exchange that exist: `[2-9]xx [2-9]xx xxxx`.
fn is_north_american(national: &str) -> bool {
    let digit = |at: usize| national.as_bytes().get(at).map_or(0, |byte| byte - b'0');
    if national.len() != 10 || digit(0) < 2 || digit(3) < 2 {
        return false;
    }
    let hundred = AREA_CODES[usize::from(digit(0)) - 2];
    (hundred >> (digit(1) * 10 + digit(2))) & 1 == 1
}

/// The area codes of the North American numbering plan in use, one bit each,
/// one row per hundred from 200; recomputed from Google's libphonenumber
/// metadata. A library that knows all numbers would cost 11 MB to answer this
/// one question.
const AREA_CODES: [u128; 8] = [
    0x0021a9779d37f459cbf9ff7fe,
    0x00065003bb07cebb5efbff7fe,
    0x00011cf718405af6dd38ff7fe,
    0x001f7afcdea091387fffff7ff,
    0x0025f41e97f0ee392f4dff7ff,
    0x000f7cfead6618d65df3ff3fe,
    0x00100f37fdfc7b9cbf63ff7ff,
    0x00279cbc0095baff4f21ff7ff,
];

#[cfg(test)]
mod tests {
    use rlibphonenumber::PHONE_NUMBER_UTIL;

    use super::*;

    fn mainland(text: &str) -> Option<String> {
        Readings::of(text).mainland.map(|number| number.e164())
    }

    fn overseas(text: &str) -> Option<String> {
        Readings::of(text).overseas.map(|number| number.e164())
    }

    #[test]
    fn every_notation_of_a_mainland_number_is_the_same() {
        for text in [
            "13800138000",
            "+13800138000",
            "8613800138000",
            "+8613800138000",
            "008613800138000",
        ] {
            assert_eq!(mainland(text).as_deref(), Some("+8613800138000"), "{text}");
            assert_eq!(overseas(text), None, "{text}");
        }
    }

    #[test]
    fn overseas_numbers_are_country_code_and_digits() {
        for text in ["85268326366", "+85268326366", "0085268326366"] {
            assert_eq!(overseas(text).as_deref(), Some("+85268326366"), "{text}");
            assert_eq!(mainland(text), None, "{text}");
        }
    }

    #[test]
    fn one_and_ten_digits_may_be_two_numbers() {
        assert_eq!(mainland("14155552671").as_deref(), Some("+8614155552671"));
        assert_eq!(overseas("14155552671").as_deref(), Some("+14155552671"));
        assert_eq!(mainland("0014155552671"), None);
        assert_eq!(Readings::of_written("+1 (415) 555-2671").mainland, None);
    }

    /// Whether the library knows a number of an area code. Islands give out few
    /// exchanges of theirs, countries all.
    fn is_in_use(area: u16, exchanges: impl Iterator<Item = u16>) -> bool {
        let mut numbers = exchanges.map(|exchange| format!("+1{area}{exchange}2345"));
        numbers.any(|number| {
            let parsed = PHONE_NUMBER_UTIL.parse(&number, None);
            parsed.is_ok_and(|parsed| PHONE_NUMBER_UTIL.is_valid_number(&parsed))
        })
    }

    #[test]
    fn the_area_codes_are_those_of_the_library() {
        let is_wrong = |area: &u16| {
            let known = is_north_american(&format!("{area}2345678"));
            let exchanges = (200..1000).step_by(if known { 1 } else { 50 });
            is_in_use(*area, exchanges) != known
        };
        let wrong: Vec<u16> = (200..1000).filter(is_wrong).collect();
        assert_eq!(wrong, [] as [u16; 0]);
    }

    #[test]
    fn every_country_of_the_plan_can_be_reached() {
        let library = &*PHONE_NUMBER_UTIL;
        let is_in_plan = |country| library.get_country_code_for_region(country) == Some(1);
        let countries: Vec<_> = library.get_supported_regions().collect();
        let of_plan = countries.into_iter().filter(|country| is_in_plan(*country));
        let mut count = 0;
        for country in of_plan {
            let example = library.get_example_number(country).expect("an example");
            let national = example.national_number.to_string();
            assert!(is_north_american(&national), "{country:?}: {national}");
            count += 1;
        }
        assert!(count >= 25, "{count}");
    }

    #[test]
    fn a_mainland_number_begins_with_its_carrier() {
        let carrier = |text: &str| Readings::of(text).all().next().and_then(|n| n.carrier());
        for (number, expected) in [
            ("13800138000", Some(Carrier::Mobile)),
            ("13000138000", Some(Carrier::Unicom)),
            ("18900138000", Some(Carrier::Telecom)),
            ("17000138000", Some(Carrier::Telecom)),
            ("17090138000", Some(Carrier::Unicom)),
            ("17030138000", Some(Carrier::Mobile)),
            ("19600138000", Some(Carrier::Unicom)),
            ("85268326366", None),
        ] {
            assert_eq!(carrier(number), expected, "{number}");
        }
    }

    #[test]
    fn nonsense_is_no_number() {
        for text in [
            "",
            "+",
            "00",
            "abc",
            "138 0013 8000",
            "１３８００１３８０００",
            "8612345",
            "0",
            "++13800138000",
            "13900000000000",
            "1380013800",
            "12345",
        ] {
            assert_eq!(Readings::of(text), Readings::default(), "{text}");
        }
    }
}
