//! Aliyun SMS (`Dysmsapi` 2017-05-25): sending, asking, delivery reports.
//!
//! The only file that knows how Aliyun writes phone numbers.

pub(crate) mod ends;
pub(super) mod reports;

use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::credentials::{DefaultChain, Environment, Rotating};
use aliyun_sms::wire::{
    ConversionDataIntl, QuerySendDetails, SendDetail, SendSms, SendStatus, SmsConversionIntl,
    beijing_date,
};
use aliyun_sms::{Client, ClientBuilder, Source};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{self, TimeZone};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::{
    BoxFuture, Conversion, Found, FoundMessage, Provider, ReportError, Reports, Sought, Told,
};
use crate::config::{AccessKey, ConnectorConfig, Credentials, ProviderKind};
use crate::message::Prepared;
use crate::outcome::{Delivery, Outcome};
use crate::phone::PhoneNumber;

/// Entries on a page of `QuerySendDetails`, the most there may be.
const PAGE_SIZE: u8 = 50;

/// Aliyun takes forty codes a day for one number, so this is never reached; it
/// ends the loop if the answers never do.
const LAST_PAGE: u32 = 40;

/// A message sent this close to midnight may be listed under the other day: the
/// clocks differ, and Aliyun may take it a little later.
const AROUND_MIDNIGHT: Duration = Duration::from_secs(2 * 60 * 60);

/// Sends through Aliyun SMS.
#[derive(Clone, Debug)]
pub struct AliyunSms {
    client: Client,
    source: Arc<dyn Source>,
}

impl AliyunSms {
    /// Sends through `client`.
    pub fn new(client: Client, source: Arc<dyn Source>) -> Self {
        Self { client, source }
    }

    /// The client, for what this crate has no word for.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn send_once(&self, message: &Prepared) -> Outcome {
        let began_at = self.source.now();
        let request = SendSms {
            phone_numbers: notation(&message.to),
            sign_name: message.route.sign_name.as_str().to_owned(),
            template_code: message.route.template_code.as_str().to_owned(),
            template_param: template_param(&message.params),
            sms_up_extend_code: None,
            out_id: Some(message.out_id.as_str().to_owned()),
        };
        let answer = self.client.send_sms(&request).await;
        // By Aliyun's clock, where the call has told that ours is off: a message
        // is looked for on the day Aliyun has it.
        let sent_at = began_at + self.client.clock_behind();
        match answer {
            Ok(reply) => ends::accepted(message, sent_at, reply),
            Err(error) => ends::not_accepted(message, sent_at, &error),
        }
    }

    async fn find_anywhere(&self, sought: &Sought) -> Found {
        for date in dates_around(sought.sent_at) {
            if let Some(found) = self.find_on(sought, date).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn find_on(&self, sought: &Sought, send_date: Date) -> Found {
        let mut request = QuerySendDetails {
            phone_number: notation(&sought.to),
            send_date,
            page_size: PAGE_SIZE,
            current_page: 1,
            biz_id: sought.biz_id.clone(),
        };
        while request.current_page <= LAST_PAGE {
            let answer = self.client.query_send_details(&request).await;
            let reply = answer.map_err(|error| ends::not_found(&error))?;
            let details = reply.details();
            if let Some(detail) = details.iter().find(|detail| is_sought(detail, sought)) {
                return Ok(Some(found_message(detail)));
            }
            let seen = i64::from(request.current_page) * i64::from(PAGE_SIZE);
            if details.is_empty() || reply.total_count.is_some_and(|total| seen >= total) {
                break;
            }
            request.current_page += 1;
        }
        Ok(None)
    }
}

impl Provider for AliyunSms {
    fn name(&self) -> &'static str {
        ProviderKind::AliyunSms.as_str()
    }

    fn send<'a>(&'a self, message: &'a Prepared) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send_once(message))
    }

    fn find<'a>(&'a self, sought: &'a Sought) -> BoxFuture<'a, Found> {
        Box::pin(self.find_anywhere(sought))
    }

    fn parse_reports(&self, body: &[u8]) -> Result<Reports, ReportError> {
        reports::parse(body)
    }

    /// Digits, `^`, and a small number.
    fn gives_such_ids(&self, biz_id: &str) -> bool {
        biz_id.contains('^')
    }

    fn convert<'a>(&'a self, conversion: &'a Conversion) -> BoxFuture<'a, Told> {
        Box::pin(async {
            let request = SmsConversionIntl {
                message_id: conversion.biz_id.clone(),
                delivered: true,
                conversion_time: conversion.at,
            };
            ends::told(self.client.call(&request).await)
        })
    }

    fn convert_rate(&self, rate: f64, until: Timestamp) -> BoxFuture<'_, Told> {
        Box::pin(async move {
            let request = ConversionDataIntl {
                conversion_rate: rate,
                report_time: until,
            };
            ends::told(self.client.call(&request).await)
        })
    }
}

/// The client a configuration asks for.
pub fn client_builder(config: &ConnectorConfig, source: Arc<dyn Source>) -> ClientBuilder {
    client_builder_of(signing(&config.credentials, &source), config, source)
}

/// The same with keys that were chosen otherwise.
pub(crate) fn client_builder_of(
    builder: ClientBuilder,
    config: &ConnectorConfig,
    source: Arc<dyn Source>,
) -> ClientBuilder {
    let mut builder = builder.source(source).timeout(config.timeout);
    if let Some(endpoint) = &config.endpoint {
        builder = builder.endpoint(endpoint.clone());
    }
    let region = config.region.as_deref();
    builder.region(region.unwrap_or(config.provider.usual_region()))
}

fn signing(keys: &Credentials, source: &Arc<dyn Source>) -> ClientBuilder {
    match keys {
        Credentials::Keys {
            current,
            next: None,
        } => Client::builder(credentials(current)),
        Credentials::Keys {
            current,
            next: Some(next),
        } => Client::builder_with(Arc::new(Rotating::new(
            credentials(current),
            credentials(next),
        ))),
        Credentials::DefaultChain => {
            let chain = DefaultChain::new(source.clone(), Environment::process());
            Client::builder_with(Arc::new(chain))
        }
    }
}

pub(crate) fn credentials(key: &AccessKey) -> aliyun_sms::Credentials {
    let credentials = aliyun_sms::Credentials::new(&key.id, key.secret.expose_secret());
    match &key.security_token {
        Some(token) => credentials.with_security_token(token.expose_secret()),
        None => credentials,
    }
}

/// A number as Aliyun writes it: eleven digits for the mainland, country code
/// and number for everywhere else.
pub fn notation(phone: &PhoneNumber) -> String {
    if phone.is_mainland() {
        phone.national().to_owned()
    } else {
        phone.e164()[1..].to_owned()
    }
}

/// The values as one JSON object, all of them text.
pub(super) fn template_param(params: &[(String, String)]) -> Option<String> {
    let object: Map<String, Value> = params
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    (!object.is_empty()).then(|| Value::Object(object).to_string())
}

/// The day of sending in Aliyun's zone, and the day on the other side of a
/// midnight that is near.
fn dates_around(sent_at: Timestamp) -> Vec<Date> {
    let mut dates = vec![beijing_date(sent_at)];
    let near = [sent_at - AROUND_MIDNIGHT, sent_at + AROUND_MIDNIGHT];
    for date in near.map(beijing_date) {
        if !dates.contains(&date) {
            dates.push(date);
        }
    }
    dates
}

/// By our id and the number. Where the list has no ids but was narrowed to the
/// provider's id of this message, the number is enough.
fn is_sought(detail: &SendDetail, sought: &Sought) -> bool {
    let is_ours = match &detail.out_id {
        Some(out_id) => out_id == sought.out_id.as_str(),
        None => sought.biz_id.is_some(),
    };
    is_ours && super::ReportedNumber::new(detail.phone_num.clone()).is(&sought.to)
}

fn found_message(detail: &SendDetail) -> FoundMessage {
    let delivery = match detail.send_status {
        SendStatus::Delivered => Delivery::Delivered,
        SendStatus::Failed => Delivery::failed(detail.err_code.clone().unwrap_or_default()),
        // A status that is not documented says nothing final.
        SendStatus::Waiting | SendStatus::Other => Delivery::Waiting,
    };
    FoundMessage {
        delivery,
        sent_at: detail.send_date.as_deref().and_then(beijing_time),
        reported_at: detail.receive_date.as_deref().and_then(beijing_time),
    }
}

/// `yyyy-MM-dd HH:mm:ss` in Aliyun's zone.
fn beijing_time(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.trim().parse().ok()?;
    let zoned = time.to_zoned(TimeZone::fixed(tz::offset(8))).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Reading;

    fn phone(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text, &Reading::default()).unwrap()
    }

    #[test]
    fn numbers_travel_in_aliyuns_notation() {
        for (number, expected) in [
            ("+8613800138000", "13800138000"),
            ("+85268326366", "85268326366"),
            ("+14155552671", "14155552671"),
        ] {
            assert_eq!(notation(&phone(number)), expected);
        }
    }

    #[test]
    fn values_travel_as_strings() {
        let params = [("code".to_owned(), "012345".to_owned())];
        assert_eq!(
            template_param(&params).as_deref(),
            Some(r#"{"code":"012345"}"#)
        );
        assert_eq!(template_param(&[]), None);
    }

    #[test]
    fn asks_both_days_near_a_midnight_in_beijing() {
        let dates = |text: &str| -> Vec<String> {
            let sent_at: Timestamp = text.parse().unwrap();
            dates_around(sent_at).iter().map(Date::to_string).collect()
        };
        assert_eq!(dates("2026-11-22T04:00:00Z"), ["2026-11-22"]);
        assert_eq!(dates("2026-11-22T15:59:59Z"), ["2026-11-22", "2026-11-23"]);
        assert_eq!(dates("2026-11-22T16:00:01Z"), ["2026-11-23", "2026-11-22"]);
    }

    #[test]
    fn reads_aliyuns_times() {
        let time = beijing_time("2026-11-22 00:00:01").unwrap();
        assert_eq!(time.to_string(), "2026-11-21T16:00:01Z");
        assert_eq!(beijing_time("soon"), None);
    }
}
