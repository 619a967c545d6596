//! The catalogues are complete, in order and well written, and their rules hold.

use aliyun_sms::code::{
    Entry, Kind, Proof, Text,
    delivery::{DeliveryFailure, classify, is_delivered},
    entries, kind_of, lookup, proof,
};

/// Every known code and the category it was collected under.
const VECTORS: &str = include_str!("vectors/error-codes.tsv");
const DELIVERY: &str = include_str!("../src/code/delivery.tsv");

/// Codes filed under another kind than their category says, and why.
const MOVED: &[(&str, Kind)] = &[
    // Two products use it, with different meanings.
    ("INVALID_PARAMETERS", Kind::Configuration),
    // The caller's batch is too large; the numbers are fine.
    ("MOBILE_COUNT_OVER_LIMIT", Kind::Configuration),
    ("isv.MOBILE_COUNT_OVER_LIMIT", Kind::Configuration),
    ("isv.PHONENUMBERS_OVER_LIMIT", Kind::Configuration),
    // The operator's own totals: waiting a little does not help.
    ("isv.DAY_LIMIT_CONTROL", Kind::Balance),
    ("isv.MONTH_LIMIT_CONTROL", Kind::Balance),
];

#[test]
fn every_known_code_has_an_entry_of_its_kind() {
    for (code, category) in rows(VECTORS) {
        let entry = lookup(code).unwrap_or_else(|| panic!("{code} is missing"));
        let moved = MOVED.iter().find(|(moved, _)| *moved == code);
        let kind = moved.map_or_else(|| kind_of_category(category), |(_, kind)| *kind);
        assert_eq!(entry.kind, kind, "{code}");
    }
}

#[test]
fn entries_are_sorted_and_unique() {
    for pair in entries().windows(2) {
        assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
    }
    for entry in entries() {
        assert_eq!(lookup(entry.code), Some(entry));
    }
    assert_eq!(lookup("isv.NO_SUCH_CODE"), None);
}

#[test]
fn entries_are_well_written() {
    for Entry {
        code, cause, cure, ..
    } in entries()
    {
        check_text(code, cause);
        check_text(code, cure);
    }
    for failure in DeliveryFailure::ALL {
        check_text(failure.as_str(), &failure.cause());
        check_text(failure.as_str(), &failure.cure());
    }
}

#[test]
fn cures_name_what_the_operator_needs() {
    let cases = [
        ("SignatureDoesNotMatch", "`sesame sign`"),
        ("SignatureDoesNotMatch", "line break or space"),
        ("InvalidTimeStamp.Expired", "clock"),
        ("isv.DENY_IP_RANGE", "source address"),
        ("isv.SMS_SIGNATURE_ILLEGAL", "approved"),
        ("isv.SMS_TEMPLATE_ILLEGAL", "account"),
        ("isv.BUSINESS_LIMIT_CONTROL", "end of the window"),
    ];
    for (code, wanted) in cases {
        let cure = lookup(code).unwrap().cure.en;
        assert!(cure.contains(wanted), "{code}: {cure}");
    }
}

#[test]
fn answers_prove_what_they_should() {
    let cases = [
        // Listed, not Aliyun's fault: refused, whatever the status.
        ("isv.BUSINESS_LIMIT_CONTROL", 200, Proof::NotAccepted),
        ("isv.BUSINESS_LIMIT_CONTROL", 500, Proof::NotAccepted),
        ("isv.DENY_IP_RANGE", 200, Proof::NotAccepted),
        ("isv.ValidateFail", 400, Proof::NotAccepted),
        ("isp.RAM_PERMISSION_DENY", 200, Proof::NotAccepted),
        ("SignatureDoesNotMatch", 400, Proof::NotAccepted),
        ("InvalidAccessKeyId.NotFound", 404, Proof::NotAccepted),
        ("Throttling.User", 400, Proof::NotAccepted),
        ("Throttling", 503, Proof::NotAccepted),
        ("SignatureNonceUsed", 400, Proof::NotAccepted),
        // Listed, Aliyun's fault: open, whatever the status.
        ("isp.SYSTEM_ERROR", 200, Proof::Nothing),
        ("isp.GATEWAY_ERROR", 200, Proof::Nothing),
        ("isp.UNKNOWN_ERR_CODE", 400, Proof::Nothing),
        ("SYSTEM_ERROR", 200, Proof::Nothing),
        ("ServiceTimeout", 503, Proof::Nothing),
        ("ServiceUnavailable", 503, Proof::Nothing),
        ("InternalError", 500, Proof::Nothing),
        ("UnknownError", 400, Proof::Nothing),
        // Unlisted.
        ("Throttling.Other", 503, Proof::NotAccepted),
        ("isv.BRAND_NEW", 200, Proof::NotAccepted),
        ("isv.BRAND_NEW", 500, Proof::Nothing),
        ("biz.BRAND_NEW", 200, Proof::NotAccepted),
        ("isp.BRAND_NEW", 200, Proof::Nothing),
        ("isp.BRAND_NEW", 400, Proof::Nothing),
        ("InvalidSomething", 400, Proof::NotAccepted),
        ("InvalidSomething", 500, Proof::Nothing),
        ("BRAND_NEW", 498, Proof::NotAccepted),
        ("BRAND_NEW", 200, Proof::Nothing),
        ("BRAND_NEW", 302, Proof::Nothing),
        ("", 200, Proof::Nothing),
        ("", 502, Proof::Nothing),
    ];
    for (code, status, expected) in cases {
        assert_eq!(proof(code, status), expected, "{code} with {status}");
    }
}

#[test]
fn server_entries_alone_prove_nothing() {
    for entry in entries() {
        let open = entry.kind == Kind::Server && entry.code != "SignatureNonceUsed";
        let proves_nothing = proof(entry.code, 200) == Proof::Nothing;
        assert_eq!(proves_nothing, open, "{}", entry.code);
    }
}

#[test]
fn unlisted_codes_get_a_kind() {
    let cases = [
        ("isv.DENY_IP_RANGE", 200, Kind::Permission),
        ("Throttling.Other", 400, Kind::RateLimit),
        ("MissingOutId", 400, Kind::Configuration),
        ("InvalidOutId", 400, Kind::Configuration),
        ("Forbidden.Other", 403, Kind::Permission),
        ("NoPermission.Other", 403, Kind::Permission),
        ("InvalidAccessKeyId.Other", 400, Kind::Credential),
        ("InvalidSecurityToken.Other", 400, Kind::Credential),
        ("isp.BRAND_NEW", 200, Kind::Server),
        ("BRAND_NEW", 502, Kind::Server),
        ("isv.BRAND_NEW", 200, Kind::Configuration),
        ("", 200, Kind::Configuration),
    ];
    for (code, status, expected) in cases {
        assert_eq!(kind_of(code, status), expected, "{code} with {status}");
    }
}

#[test]
fn delivery_codes_are_sorted_and_read() {
    let codes: Vec<_> = rows(DELIVERY).collect();
    for pair in codes.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{}", pair[1].0);
    }
    for (code, name) in codes {
        assert_eq!(classify(code).as_str(), name, "{code}");
        assert!(!is_delivered(code), "{code}");
    }
}

#[test]
fn delivery_codes_are_classified() {
    use DeliveryFailure as F;
    let cases = [
        // Aliyun's own words, whole and cut.
        ("MOBILE_NOT_ON_SERVICE", F::AccountSuspended),
        ("MOBILE_NOT", F::AccountSuspended),
        ("MOBILE_IN_BLACK", F::Blacklist),
        ("MOBILE_SEND_LIMIT", F::RateLimit),
        ("MOBLLE_TERMINAL_ERROR", F::Handset),
        ("MOBILE_TERMINAL_ERROR", F::Handset),
        ("INVALID_NUMBER", F::NumberInvalid),
        ("INVALID_NU", F::NumberInvalid),
        ("CONTENT_KEYWORD", F::Content),
        ("PORT_NOT_REGISTERED", F::Signature),
        ("PORT_NOT_R", F::Signature),
        ("REQUEST_SUCCESS", F::Timeout),
        ("SP_NOT_BY_INTER_SMS", F::ServiceBarred),
        ("NO_ROUTE", F::Route),
        // Codes of the sending API, cut.
        ("isv.BUSINE", F::RateLimit),
        ("isv.SMS_SI", F::Signature),
        ("isv.OUT_OF", F::QuotaOrBalance),
        ("isv.BLACK_", F::Blacklist),
        // Raw carrier codes.
        ("UNDELIV", F::CarrierInternal),
        ("EXPIRED", F::Timeout),
        ("VALVE:M_MC", F::RateLimit),
        ("MK:0001", F::NumberInvalid),
        // Off in one network, suspended in another: the milder of the two.
        ("R:00002", F::PhoneOff),
        // Nothing in common between networks, no failure, or never heard of.
        ("116", F::Unknown),
        ("DELIVERED", F::Unknown),
        ("ACCEPTD", F::Unknown),
        ("UNKNOWN", F::Unknown),
        ("mobile_not_on_service", F::Unknown),
        ("MOBILE_", F::Unknown),
        ("NO_SUCH_ON", F::Unknown),
        ("", F::Unknown),
        ("号码不存在吗啊啊", F::Unknown),
    ];
    for (code, expected) in cases {
        assert_eq!(classify(code), expected, "{code}");
    }
}

#[test]
fn delivery_failures_advise() {
    assert!(is_delivered("DELIVERED") && is_delivered("DELIVRD"));
    assert!(!is_delivered("ACCEPTD") && !is_delivered(""));
    assert!(DeliveryFailure::NumberInvalid.number_is_wrong());
    assert!(!DeliveryFailure::AccountSuspended.number_is_wrong());
    assert!(DeliveryFailure::PhoneOff.resend_may_help());
    assert!(!DeliveryFailure::Blacklist.resend_may_help());
    assert!(!DeliveryFailure::Unknown.resend_may_help());
}

fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table
        .lines()
        .map(|line| line.split_once('\t').expect("two columns"))
}

fn kind_of_category(category: &str) -> Kind {
    match category {
        "config" => Kind::Configuration,
        "credential" => Kind::Credential,
        "clock" => Kind::Clock,
        "phone" => Kind::Phone,
        "template" => Kind::Template,
        "signature" => Kind::Signature,
        "rate_limit" => Kind::RateLimit,
        "quota_or_balance" => Kind::Balance,
        "content" => Kind::Content,
        "permission" => Kind::Permission,
        "server" => Kind::Server,
        other => panic!("no kind for {other}"),
    }
}

fn check_text(of: &str, text: &Text) {
    for line in [text.en, text.zh] {
        assert!(!line.is_empty(), "{of}");
        assert!(line.chars().count() <= 300, "{of}: {line}");
        assert!(!line.ends_with(['.', '。']), "{of}: {line}");
        assert_eq!(line.matches('“').count(), line.matches('”').count(), "{of}");
    }
    assert!(text.zh.contains(is_chinese), "{of}: {}", text.zh);
    assert!(!unquoted(text.en).contains(is_chinese), "{of}: {}", text.en);
    let first = text.en.split(' ').next().unwrap_or_default();
    assert!(
        is_name(first) || !first.starts_with(char::is_uppercase),
        "{of}: {}",
        text.en
    );
}

/// A proper name: Aliyun, or a parameter or action such as `PageSize`.
fn is_name(word: &str) -> bool {
    word.starts_with("Aliyun") || word.chars().skip(1).any(char::is_uppercase)
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// The text without the console pages it quotes.
fn unquoted(text: &str) -> String {
    let outside = |part: &str| part.rsplit('”').next().unwrap_or_default().to_owned();
    text.split('“').map(outside).collect()
}
