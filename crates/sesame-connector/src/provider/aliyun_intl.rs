//! Aliyun SMS of the international site (`Dysmsapi` 2018-05-01): texts of our own
//! to numbers outside the mainland, templates to numbers in it.
//!
//! A message can be asked about only by the id that its send answered, so what
//! ends unknown stays unknown. Our id travels as `TaskId`, which comes back in
//! pushed reports; a template's message has no place for it, and is asked about.

use std::sync::Arc;

use aliyun_sms::wire::{
    ConversionData, GlobeReport, GlobeStatus, QueryMessage, QueryMessageReply, SendMessageToGlobe,
    SendMessageWithTemplate, SmsConversion,
};
use aliyun_sms::{Client, Error as CallError, Source};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::value::RawValue;

use super::aliyun_sms::{ends, reports, template_param};
use super::{
    BoxFuture, Conversion, FindError, Found, FoundMessage, Provider, Report, ReportError,
    ReportedNumber, Reports, Sought, Told,
};
use crate::config::ProviderKind;
use crate::message::Prepared;
use crate::outcome::{Delivery, Outcome, Receipt};

/// What Aliyun says of a message it does not have.
const NO_SUCH_MESSAGE: &str = "DATA_NOT_EXIST";

/// Sends through the international site's API.
#[derive(Clone, Debug)]
pub struct AliyunIntl {
    client: Client,
    source: Arc<dyn Source>,
}

impl AliyunIntl {
    /// Sends through `client`.
    pub fn new(client: Client, source: Arc<dyn Source>) -> Self {
        Self { client, source }
    }

    async fn send_once(&self, message: &Prepared) -> Outcome {
        let began_at = self.source.now();
        let route = &message.route;
        let from = route.sign_name.as_str();
        // Everywhere the country code comes first.
        let to = message.to.e164()[1..].to_owned();
        let answer = match &message.text {
            Some(text) => {
                let request = SendMessageToGlobe {
                    to,
                    message: text.clone(),
                    from: Some(from.to_owned()).filter(|from| !from.is_empty()),
                    kind: Some("OTP".to_owned()),
                    task_id: Some(message.out_id.as_str().to_owned()),
                    validity_period_secs: None,
                };
                self.client.call(&request).await
            }
            None => {
                let request = SendMessageWithTemplate {
                    to,
                    from: from.to_owned(),
                    template_code: route.template_code.as_str().to_owned(),
                    template_param: template_param(&message.params),
                };
                self.client.call(&request).await
            }
        };
        let sent_at = began_at + self.client.clock_behind();
        match answer {
            Ok(reply) => Outcome::Accepted(Receipt {
                out_id: message.out_id.clone(),
                biz_id: reply.message_id,
                request_id: reply.request_id,
                sent_at,
            }),
            Err(error) => ends::not_accepted(message, sent_at, &error),
        }
    }

    async fn find_by_id(&self, sought: &Sought) -> Found {
        let Some(message_id) = sought.biz_id.clone() else {
            return Err(FindError::Unsupported);
        };
        match self
            .client
            .query_message(&QueryMessage { message_id })
            .await
        {
            Ok(reply) => Ok(Some(found_message(&reply))),
            Err(CallError::Refused(refusal)) if refusal.code == NO_SUCH_MESSAGE => Ok(None),
            Err(error) => Err(ends::not_found(&error)),
        }
    }
}

impl Provider for AliyunIntl {
    fn name(&self) -> &'static str {
        ProviderKind::AliyunIntl.as_str()
    }

    fn send<'a>(&'a self, message: &'a Prepared) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send_once(message))
    }

    fn find<'a>(&'a self, sought: &'a Sought) -> BoxFuture<'a, Found> {
        Box::pin(self.find_by_id(sought))
    }

    fn parse_reports(&self, body: &[u8]) -> Result<Reports, ReportError> {
        reports::parse_by(body, read)
    }

    /// Digits alone.
    fn gives_such_ids(&self, biz_id: &str) -> bool {
        biz_id.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn convert<'a>(&'a self, conversion: &'a Conversion) -> BoxFuture<'a, Told> {
        Box::pin(async {
            let request = SmsConversion {
                message_id: conversion.biz_id.clone(),
                delivered: true,
                conversion_time: conversion.at,
            };
            ends::told(self.client.call(&request).await)
        })
    }

    fn convert_rate(&self, rate: f64, until: Timestamp) -> BoxFuture<'_, Told> {
        Box::pin(async move {
            let request = ConversionData {
                conversion_rate: rate,
                report_time: until,
            };
            ends::told(self.client.call(&request).await)
        })
    }
}

fn found_message(reply: &QueryMessageReply) -> FoundMessage {
    let code = reply.error_code.clone().unwrap_or_default();
    FoundMessage {
        delivery: delivery(reply.status, code),
        sent_at: reply.send_date.as_deref().and_then(time),
        reported_at: reply.receive_date.as_deref().and_then(time),
    }
}

/// A status that is not documented (6 occurs) says nothing final.
fn delivery(status: GlobeStatus, code: String) -> Delivery {
    match status {
        GlobeStatus::Delivered => Delivery::Delivered,
        GlobeStatus::Failed => Delivery::failed(code),
        GlobeStatus::Sending | GlobeStatus::Other => Delivery::Waiting,
    }
}

fn read(element: &RawValue) -> Option<Report> {
    let report: GlobeReport = serde_json::from_str(element.get()).ok()?;
    Some(Report {
        out_id: reports::id(report.task_id),
        biz_id: reports::id(report.message_id),
        number: ReportedNumber::new(report.to),
        delivery: delivery(report.status, report.error_code),
        reported_at: time(&report.receive_date),
    })
}

/// `Mon, 24 Dec 2018 16:58:22 +0800`. Days of the week that do not fit are
/// passed over: the date is what counts.
fn time(text: &str) -> Option<Timestamp> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    PARSER.parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_international_form_of_reports() {
        let body = r#"[
            {"To":"85268326366","SendDate":"Mon, 24 Dec 2018 16:58:22 +0800",
             "ReceiveDate":"Mon, 24 Dec 2018 16:58:23 +0800","Status":"1","ErrorCode":"DELIVERED",
             "ErrorDescription":"success","TaskId":"abc","SmsSize":"1","MessageId":"1008030300"},
            {"To":"14155552671","Status":2,"ErrorCode":"UNDELIV","ReceiveDate":"soon"},
            {"To":"14155552671","Status":"6","ErrorCode":"EXPIRED"},
            {"To":"14155552671"}, {"phone_number":"13800138000","success":true}]"#;
        let reports = reports::parse_by(body.as_bytes(), read).expect("a list");
        assert_eq!(reports.unreadable, 2);
        let [first, second, third] = &reports.reports[..] else {
            panic!("{reports:?}");
        };
        assert_eq!(first.out_id.as_deref(), Some("abc"));
        assert_eq!(first.biz_id.as_deref(), Some("1008030300"));
        assert_eq!(first.delivery, Delivery::Delivered);
        let at = first.reported_at.expect("a time");
        assert_eq!(at.to_string(), "2018-12-24T08:58:23Z");
        assert_eq!(second.delivery, Delivery::failed("UNDELIV".to_owned()));
        assert_eq!((second.reported_at, second.out_id.as_ref()), (None, None));
        assert_eq!(third.delivery, Delivery::Waiting);
        let said = format!("{reports:?}");
        assert!(!said.contains("85268326366"), "{said}");
    }
}
