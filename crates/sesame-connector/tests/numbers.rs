//! Every example number the phone number library has, mobile and fixed line,
//! for every region, in every notation, goes where `phone` says it goes.

use std::sync::LazyLock;

use proptest::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, Region as Letters};
use sesame_connector::config::{ConnectorConfig, NoLookup};
use sesame_connector::template::{TemplateRegion, route};
use sesame_connector::{PhoneError, PhoneNumber, Reading, Region, UsageType};

const LOGTO: Reading = Reading {
    default_country: None,
    strict: false,
};

/// One example, and what the library says of it without our help.
struct Example {
    letters: Letters,
    number: rlibphonenumber::PhoneNumber,
}

impl Example {
    fn e164(&self) -> String {
        self.number.format_as(PhoneNumberFormat::E164).into_owned()
    }

    fn takes_messages(&self) -> bool {
        matches!(
            self.number.get_type(),
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
        )
    }

    fn expected(&self) -> Result<String, PhoneError> {
        if self.takes_messages() {
            Ok(self.e164())
        } else {
            Err(PhoneError::Landline)
        }
    }
}

fn examples() -> Vec<Example> {
    let mut letters: Vec<Letters> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
    letters.sort_unstable();
    let kinds = [PhoneNumberType::Mobile, PhoneNumberType::FixedLine];
    letters
        .into_iter()
        .flat_map(|letters| kinds.map(|kind| (letters, kind)))
        .filter_map(|(letters, kind)| {
            PHONE_NUMBER_UTIL
                .get_example_number_for_type_and_region(letters, kind)
                .ok()
                .map(|number| Example { letters, number })
        })
        .collect()
}

fn read(text: &str, reading: &Reading) -> Result<String, PhoneError> {
    PhoneNumber::parse(text, reading).map(|number| number.e164())
}

/// The digits of `+CC…` with something between every two of them.
fn spread(digits: &str, between: &str) -> String {
    let digits: Vec<String> = digits.chars().map(String::from).collect();
    digits.join(between)
}

#[test]
fn every_example_in_every_notation_with_its_country_code() {
    let examples = examples();
    let mut counts = (0, 0);
    for example in &examples {
        let digits = example.e164()[1..].to_owned();
        let international = example.number.format_as(PhoneNumberFormat::International);
        for text in [
            format!("+{digits}"),
            format!("00{digits}"),
            format!("+{}", spread(&digits, " ")),
            format!(" (00) {}", spread(&digits, ".")),
            international.into_owned(),
        ] {
            let result = read(&text, &LOGTO);
            assert_eq!(result, example.expected(), "{} {text}", example.letters);
        }
        for text in [digits.clone(), spread(&digits, "-")] {
            // The same refusal, with the hint that +86 may be missing.
            let result = read(&text, &LOGTO).map_err(|error| match error {
                PhoneError::PlusOneOrMainland => PhoneError::Landline,
                error => error,
            });
            assert_eq!(result, example.expected(), "{} {text}", example.letters);
        }
        if example.takes_messages() {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
    }
    assert!(examples.len() > 480, "{}", examples.len());
    assert!(counts.0 > 250 && counts.1 > 200, "{counts:?}");
    println!("{} mobile and {} landline examples", counts.0, counts.1);
}

#[test]
fn every_mobile_example_as_its_own_country_writes_it() {
    let mut count = 0;
    for example in examples().iter().filter(|example| example.takes_messages()) {
        let reading = Reading {
            default_country: Region::parse(example.letters.as_region_str().as_str()),
            strict: false,
        };
        let national = example.number.format_as(PhoneNumberFormat::National);
        for text in [
            national.to_string(),
            example.number.get_national_significant_number(),
        ] {
            assert_eq!(
                read(&text, &reading),
                example.expected(),
                "{} {text}",
                example.letters
            );
            count += 1;
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn every_example_with_its_country_code_whatever_home_is() {
    for home in ["CN", "US", "HK", "GB"] {
        let reading = Reading {
            default_country: Region::parse(home),
            strict: false,
        };
        for example in &examples() {
            let text = example.e164();
            assert_eq!(
                read(&text, &reading),
                example.expected(),
                "{text} at {home}"
            );
        }
    }
}

fn config(template_code: serde_json::Value) -> ConnectorConfig {
    let config = serde_json::json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": "签名",
        "templates": [{ "usageType": "Generic", "templateCode": template_code }],
    });
    let checked = ConnectorConfig::from_value(&config, &NoLookup);
    checked.into_valid().expect("a valid configuration")
}

#[test]
fn every_mobile_example_gets_the_template_of_its_region() {
    let config = config(serde_json::json!({ "china": "SMS_1", "overseas": "SMS_2" }));
    let (mut china, mut overseas) = (0, 0);
    for example in examples().iter().filter(|example| example.takes_messages()) {
        for text in [example.e164(), example.e164()[1..].to_owned()] {
            let phone = PhoneNumber::parse(&text, &LOGTO).expect("a mobile number");
            let route = route(&config, &UsageType::SignIn, &phone).expect("a route");
            let is_china = example.letters == Letters::CN;
            let expected = if is_china { "SMS_1" } else { "SMS_2" };
            assert_eq!(route.template_code.as_str(), expected, "{text}");
            match route.region {
                TemplateRegion::China => china += 1,
                TemplateRegion::Overseas => overseas += 1,
            }
        }
    }
    assert_eq!(china, 2);
    assert!(overseas > 500, "{overseas}");
}

static BOTH_SHAPES: LazyLock<[ConnectorConfig; 2]> = LazyLock::new(|| {
    [
        config(serde_json::json!("SMS_1")),
        config(serde_json::json!({ "china": "SMS_1", "overseas": "SMS_2" })),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// Whatever the shape of the configuration, digits that are valid as +1
    /// never get a template that serves the mainland.
    #[test]
    fn no_plus_one_number_gets_a_mainland_template(digits in "1[2-9][0-9]{9}") {
        let as_plus_one = rlibphonenumber::PhoneNumber::parse(format!("+{digits}"), None);
        let is_plus_one = as_plus_one.is_ok_and(|number| number.is_valid());
        for text in [digits.clone(), format!("+{digits}"), format!("00{digits}")] {
            let Ok(phone) = PhoneNumber::parse(&text, &LOGTO) else { continue };
            for config in &*BOTH_SHAPES {
                let routed = route(config, &UsageType::SignIn, &phone);
                let mainland = routed.is_ok_and(|route| route.template_code.as_str() == "SMS_1");
                prop_assert!(!(is_plus_one && mainland), "{}", text);
                prop_assert_eq!(phone.is_mainland(), !is_plus_one);
            }
        }
    }
}
