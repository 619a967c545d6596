//! Aliyun's pushed delivery reports.

use aliyun_sms::wire::{Acknowledgement, DeliveryReport};
use serde_json::value::RawValue;

use super::beijing_time;
use crate::outcome::Delivery;
use crate::provider::{Report, ReportError, ReportedNumber, Reports};
use crate::text::is_token;

/// Reads a JSON list of reports, or a single one, as queues carry it. Each is
/// read by itself, so that one that cannot be read leaves the others.
pub(super) fn parse(body: &[u8]) -> Result<Reports, ReportError> {
    parse_by(body, read)
}

/// The same with each report read by `read`.
pub(in crate::provider) fn parse_by(
    body: &[u8],
    read: impl Fn(&RawValue) -> Option<Report>,
) -> Result<Reports, ReportError> {
    let body = String::from_utf8_lossy(body);
    let body = body.trim_start_matches('\u{feff}').trim();
    let elements: Vec<&RawValue> = if body.starts_with('{') {
        serde_json::from_str(body).map(|one| vec![one])
    } else {
        serde_json::from_str(body)
    }
    .map_err(|_| ReportError::Malformed)?;
    let reports: Vec<Report> = elements
        .iter()
        .filter_map(|element| read(element))
        .collect();
    let unreadable = elements.len() - reports.len();
    if unreadable > 0 {
        tracing::warn!(
            reports.unreadable = unreadable,
            "delivery reports that cannot be read are passed over"
        );
    }
    Ok(Reports {
        unreadable,
        reports,
        acknowledgement: acknowledgement(),
    })
}

fn acknowledgement() -> String {
    let taken = Acknowledgement::taken();
    serde_json::json!({ "code": taken.code, "msg": taken.msg }).to_string()
}

/// Ids are passed on only where they look like some.
pub(in crate::provider) fn id(text: String) -> Option<String> {
    Some(text).filter(|text| is_token(text))
}

fn read(element: &RawValue) -> Option<Report> {
    let report: DeliveryReport = serde_json::from_str(element.get()).ok()?;
    let delivery = if report.success {
        Delivery::Delivered
    } else {
        Delivery::failed(report.err_code)
    };
    Some(Report {
        out_id: id(report.out_id),
        biz_id: id(report.biz_id),
        number: ReportedNumber::new(report.phone_number),
        delivery,
        reported_at: beijing_time(&report.report_time),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{PhoneNumber, Reading};

    const BODY: &str = r#"[
        {"phone_number":"13800138000","send_time":"2026-11-22 10:00:00",
         "report_time":"2026-11-22 10:00:05","success":true,"err_code":"DELIVERED",
         "err_msg":"x","sms_size":"1","biz_id":"932702304080415357^0","out_id":"abc"},
        {"phone_number":"85268326366","success":false,"err_code":"MK:0005","out_id":""},
        {"surprise":1}
    ]"#;

    #[test]
    fn reads_what_it_can_and_acknowledges_all() {
        let reports = parse(BODY.as_bytes()).unwrap();
        assert_eq!(reports.unreadable, 1);
        assert_eq!(reports.acknowledgement, r#"{"code":0,"msg":"接收成功"}"#);
        let [first, second] = &reports.reports[..] else {
            panic!("{reports:?}");
        };
        assert_eq!(first.out_id.as_deref(), Some("abc"));
        assert_eq!(first.delivery, Delivery::Delivered);
        assert_eq!(
            first.reported_at.unwrap().to_string(),
            "2026-11-22T02:00:05Z"
        );
        assert_eq!(second.out_id, None);
        assert_eq!(second.delivery.as_str(), "failed");
        let said = format!("{reports:?}");
        assert!(!said.contains("13800138000"), "{said}");
    }

    #[test]
    fn one_that_is_odd_or_broken_costs_nothing() {
        let body = concat!(
            "\u{feff} [",
            r#"{"phone_number":"13800138000","success":false,"err_code":null,"sms_size":1,"report_time":7},"#,
            r#"{"phone_number":13800138000,"success":"true","err_msg":["?"],"out_id":{},"send_time":null},"#,
            r#"{"phone_number":"13800138000","success":true,"err_msg":"\ud800"}, 5, null, [1e999],"#,
            r#"{"phone_number":"13800138000","success":true}]"#,
        );
        let mut body = body.as_bytes().to_vec();
        let reports = parse(&body).unwrap();
        assert_eq!((reports.reports.len(), reports.unreadable), (3, 4));
        assert_eq!(reports.reports[0].reported_at, None);
        // Half a character of another encoding in a text nobody reads.
        let at = body.iter().position(|&byte| byte == b'?').unwrap();
        body[at] = 0xb6;
        assert_eq!(parse(&body), Ok(reports));
    }

    #[test]
    fn what_anybody_may_push_is_not_passed_on() {
        for odd in ["a b", "换行\n", "", "<b>\u{1b}[31m", &"x".repeat(65)] {
            let body = serde_json::json!({
                "phone_number": "13800138000", "success": false,
                "err_code": odd, "out_id": odd, "biz_id": odd,
            });
            let reports = parse(body.to_string().as_bytes()).unwrap();
            let report = &reports.reports[0];
            assert_eq!((&report.out_id, &report.biz_id), (&None, &None), "{odd}");
            assert_eq!(
                report.delivery,
                Delivery::failed("unreadable_code"),
                "{odd}"
            );
        }
    }

    #[test]
    fn matches_numbers_in_every_notation() {
        let phone = |text| PhoneNumber::parse(text, &Reading::default()).unwrap();
        let is = |reported: &str, number| ReportedNumber::new(reported.into()).is(&phone(number));
        for reported in [
            "13800138000",
            "8613800138000",
            "+8613800138000",
            "008613800138000",
        ] {
            assert!(is(reported, "+8613800138000"), "{reported}");
        }
        assert!(is("14155552671", "+14155552671"));
        assert!(!is("13012345678", "+85268326366"));
        assert!(!is("4155552671", "+14155552671"));
    }

    #[test]
    fn what_is_no_report() {
        for body in ["", "null", "\"x\"", "[", "{\"a\"", "[{}"] {
            assert_eq!(
                parse(body.as_bytes()),
                Err(ReportError::Malformed),
                "{body}"
            );
        }
        assert_eq!(parse(b"[]").map(|reports| reports.reports.len()), Ok(0));
    }
}
