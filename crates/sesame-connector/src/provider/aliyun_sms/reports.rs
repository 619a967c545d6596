//! Aliyun's pushed delivery reports.

use aliyun_sms::wire::{Acknowledgement, DeliveryReport};
use serde_json::Value;

use super::beijing_time;
use crate::outcome::Delivery;
use crate::provider::{Report, ReportError, ReportedNumber, Reports};

/// Reads a JSON list of reports, or a single one, as queues carry it.
pub(super) fn parse(body: &[u8]) -> Result<Reports, ReportError> {
    let body: Value = serde_json::from_slice(body).map_err(|_| ReportError::Malformed)?;
    let elements = match body {
        Value::Array(elements) if elements.iter().all(Value::is_object) => elements,
        Value::Object(_) => vec![body],
        _ => return Err(ReportError::Malformed),
    };
    let all = elements.len();
    let reports: Vec<Report> = elements.into_iter().filter_map(read).collect();
    Ok(Reports {
        unreadable: all - reports.len(),
        reports,
        acknowledgement: acknowledgement(),
    })
}

fn acknowledgement() -> String {
    let taken = Acknowledgement::taken();
    serde_json::json!({ "code": taken.code, "msg": taken.msg }).to_string()
}

fn read(element: Value) -> Option<Report> {
    let report: DeliveryReport = serde_json::from_value(element).ok()?;
    let delivery = if report.success {
        Delivery::Delivered
    } else {
        Delivery::failed(report.err_code)
    };
    let present = |text: String| (!text.is_empty()).then_some(text);
    Some(Report {
        out_id: present(report.out_id),
        biz_id: present(report.biz_id),
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
        for body in ["", "null", "[1]", "\"x\"", "[", "{\"a\""] {
            assert_eq!(
                parse(body.as_bytes()),
                Err(ReportError::Malformed),
                "{body}"
            );
        }
        assert_eq!(parse(b"[]").map(|reports| reports.reports.len()), Ok(0));
    }
}
