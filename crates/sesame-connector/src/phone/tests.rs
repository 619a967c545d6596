use proptest::prelude::*;

use super::*;

const LOGTO: Reading = Reading {
    default_country: None,
    strict: false,
};
const STRICT: Reading = Reading {
    default_country: None,
    strict: true,
};
const HOME_CN: Reading = Reading {
    default_country: Some(Region::CN),
    strict: false,
};

fn home(country: &str) -> Reading {
    Reading {
        default_country: Region::parse(country),
        strict: false,
    }
}

fn e164(text: &str, reading: &Reading) -> Result<String, PhoneError> {
    PhoneNumber::parse(text, reading).map(|number| number.e164())
}

#[test]
fn reads_what_people_write() {
    for (text, expected) in [
        ("+8613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("13800138000", "+8613800138000"),
        (" 138 0013 8000 ", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("(+86) 138.0013.8000", "+8613800138000"),
        ("＋８６ １３８００１３８０００", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        (
            "\u{202a}+86\u{a0}138\u{3000}0013\u{2011}8000\u{202c}",
            "+8613800138000",
        ),
        ("+86 (0)138 0013 8000", "+8613800138000"),
        ("85268326366", "+85268326366"),
        ("+852 6832 6366", "+85268326366"),
        ("0085268326366", "+85268326366"),
        ("+1 415 555 2671", "+14155552671"),
        ("14155552671", "+14155552671"),
        ("13012345678", "+13012345678"),
        ("+86 130 1234 5678", "+8613012345678"),
        ("0086 13012345678", "+8613012345678"),
        ("+44 (0)7400 123456", "+447400123456"),
        ("+٩٦٦٥١٢٣٤٥٦٧٨", "+966512345678"),
    ] {
        assert_eq!(e164(text, &LOGTO).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn says_what_is_wrong() {
    use PhoneError::*;
    for (text, expected) in [
        ("", Empty),
        (" - ", Empty),
        ("+", Empty),
        ("+86 138 0013 8OOO", Letters),
        ("一三八", Letters),
        ("tel:+8613800138000", Letters),
        ("+86138*0138000", Character),
        ("📱13800138000", Character),
        ("++8613800138000", Character),
        ("13800138000,13900139000", Several),
        ("13800138000;13900139000", Several),
        ("13800138000，13900139000", Several),
        ("13800138000、13900139000", Several),
        ("13800138000\n13900139000", Several),
        ("+8613800138000+8613900139000", Several),
        ("1380013800013900139000", TooLong),
        ("1415555267", TooShort),
        ("13800138000 13900139000", TooLong),
        ("+86138001380001", TooLong),
        ("12", TooShort),
        ("1380013", TooShort),
        ("+861380013", TooShort),
        ("1380013800", TooShort),
        ("861380013800", TooShort),
        ("138001380001", TooLong),
        ("852123456789", NoReading),
        ("0013800138000", PlusWithoutCountryCode),
        ("+1123123123", TooShort),
        ("+11231231234", Invalid),
        ("+999123456789", UnknownCountryCode),
        ("+013800138000", UnknownCountryCode),
        ("00008613800138000", UnknownCountryCode),
        ("+13800138000", PlusWithoutCountryCode),
        ("+861012345678", Landline),
        ("01012345678", Landline),
        ("861012345678", Landline),
        ("+85221234567", Landline),
        ("+864008123123", Service),
        ("+18002345678", Service),
        ("18002345678", PlusOneOrMainland),
        ("18767020000", PlusOneOrMainland),
        ("+18767020000", Landline),
    ] {
        assert_eq!(e164(text, &LOGTO), Err(expected), "{text}");
    }
    assert_eq!(e164(&"1".repeat(1_000_000), &LOGTO), Err(TooLong));
}

#[test]
fn a_number_valid_both_ways_is_the_international_one_unless_the_mainland_is_home() {
    assert_eq!(e164("13012345678", &LOGTO).as_deref(), Ok("+13012345678"));
    assert_eq!(
        e164("13012345678", &HOME_CN).as_deref(),
        Ok("+8613012345678")
    );
    assert_eq!(
        e164("13012345678", &home("US")).as_deref(),
        Ok("+13012345678")
    );
    assert_eq!(
        e164("18002345678", &HOME_CN).as_deref(),
        Ok("+8618002345678")
    );
    assert_eq!(e164("85268326366", &HOME_CN).as_deref(), Ok("+85268326366"));
    assert_eq!(
        e164("8613800138000", &HOME_CN).as_deref(),
        Ok("+8613800138000")
    );
    assert_eq!(
        e164("013800138000", &HOME_CN).as_deref(),
        Ok("+8613800138000")
    );
}

#[test]
fn another_home_reads_its_own_national_numbers() {
    assert_eq!(
        e164("07400 123456", &home("GB")).as_deref(),
        Ok("+447400123456")
    );
    assert_eq!(e164("68326366", &home("HK")).as_deref(), Ok("+85268326366"));
    assert_eq!(
        e164("(415) 555-2671", &home("us")).as_deref(),
        Ok("+14155552671")
    );
    assert_eq!(
        e164("8613800138000", &home("US")).as_deref(),
        Ok("+8613800138000")
    );
    // Not the mainland's fallback: somebody else was named.
    assert_eq!(e164("13800138000", &home("US")), Err(PhoneError::NoReading));
}

#[test]
fn strict_asks_for_a_country_code() {
    assert_eq!(
        e164("13800138000", &STRICT),
        Err(PhoneError::CountryCodeMissing)
    );
    assert_eq!(
        e164("8613800138000", &STRICT).as_deref(),
        Ok("+8613800138000")
    );
    assert_eq!(
        e164("+8613800138000", &STRICT).as_deref(),
        Ok("+8613800138000")
    );
    assert_eq!(e164("13012345678", &STRICT).as_deref(), Ok("+13012345678"));
    let strict_at_home = Reading {
        strict: true,
        ..HOME_CN
    };
    assert_eq!(
        e164("13012345678", &strict_at_home),
        Err(PhoneError::CountryCodeMissing)
    );
    assert_eq!(
        e164("85268326366", &strict_at_home).as_deref(),
        Ok("+85268326366")
    );
}

#[test]
fn national_digits_alone_are_told_how_digits_are_read() {
    let error = e164("4155552671", &LOGTO).unwrap_err();
    assert!(error.cause().en.contains("country code first"), "{error}");
    for said in ["+1 415 555 2671", "defaultCountry"] {
        assert!(error.cure().en.contains(said), "{}", error.cure());
        assert!(error.cure().zh.contains(said), "{}", error.cure().zh);
    }
    assert!(e164("4155552671", &home("US")).is_ok());
}

#[test]
fn regions_and_the_mainland() {
    for (text, region, mainland) in [
        ("+8613800138000", "CN", true),
        ("+85268326366", "HK", false),
        ("+85366123456", "MO", false),
        ("+886912345678", "TW", false),
        ("+14155552671", "US", false),
        ("+14165550123", "CA", false),
        ("+77012345678", "KZ", false),
    ] {
        let number = PhoneNumber::parse(text, &LOGTO).unwrap();
        assert_eq!(number.region(), region, "{text}");
        assert_eq!(number.is_mainland(), mainland, "{text}");
    }
    assert_eq!(Region::parse("cn"), Some(Region::CN));
    for no_country in ["", "C", "CHN", "ZZ", "86", "+86", "001", "中国", "AQ"] {
        assert_eq!(Region::parse(no_country), None, "{no_country}");
    }
    assert_eq!(Region::CN.country_code(), 86);
}

#[test]
fn every_mainland_mobile_prefix_is_taken_whatever_the_library_knows() {
    for prefix in 130..=199 {
        let text = format!("+86{prefix}00000000");
        assert_eq!(e164(&text, &LOGTO), Ok(text.clone()), "{prefix}");
    }
}

#[test]
fn prints_masked() {
    let number = PhoneNumber::parse("+8613800138000", &LOGTO).unwrap();
    assert_eq!(number.to_string(), "+86 138****8000");
    assert_eq!(format!("{number:?}"), "PhoneNumber(+86 138****8000)");
    let number = PhoneNumber::parse("+85268326366", &LOGTO).unwrap();
    assert_eq!(number.to_string(), "+852 68****66");
    let number = PhoneNumber::parse("+14155552671", &LOGTO).unwrap();
    assert_eq!(number.to_string(), "+1 415****671");
}

proptest! {
    /// No text makes it panic, no number prints whole, and what was read reads
    /// the same again.
    #[test]
    fn reading_is_total_and_stable(text in "\\PC{0,24}|[+0-9 ()-]{0,20}|[0-9]{5,14}") {
        for reading in [LOGTO, STRICT, HOME_CN] {
            if let Ok(number) = PhoneNumber::parse(&text, &reading) {
                prop_assert!(!number.to_string().contains(number.national()));
                prop_assert_eq!(e164(&number.e164(), &reading), Ok(number.e164()));
            }
        }
    }

    /// Every eleven digits that look like a mainland mobile go to the mainland
    /// or to +1, and to the mainland only where +1 has no such number.
    #[test]
    fn eleven_digits_never_take_a_plus_one_number_for_a_mainland_one(
        digits in "1[3-9][0-9]{9}",
    ) {
        let as_plus_one = plan::international(&digits).is_ok();
        match PhoneNumber::parse(&digits, &LOGTO) {
            Ok(number) => prop_assert_eq!(number.is_mainland(), !as_plus_one),
            Err(error) => prop_assert_eq!(error, PhoneError::PlusOneOrMainland),
        }
        let at_home = PhoneNumber::parse(&digits, &HOME_CN).unwrap();
        prop_assert!(at_home.is_mainland());
    }
}
