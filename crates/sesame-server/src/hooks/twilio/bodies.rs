//! Twilio's objects, with every key its OpenAPI documents have for them.

use jiff::Timestamp;
use serde_json::{Value, json};
use sesame_passcode::{MessageView, SentAt, Verification};

use super::sid::Kind;

/// A message, as `Messages.json` answers.
pub(super) struct MessageBody<'a> {
    pub(super) account: &'a str,
    pub(super) out_id: &'a str,
    pub(super) to: &'a str,
    pub(super) from: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    /// The text, where the caller just gave it. It holds the code, and so is
    /// kept nowhere.
    pub(super) body: Option<&'a str>,
    pub(super) status: MessageStatus,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// How far a message came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MessageStatus {
    Queued,
    Sent,
    Delivered,
    /// With the carrier's code, if it gave one.
    Undelivered(Option<String>),
    /// With the provider's code or ours.
    Failed(Option<String>),
}

/// Twilio's code for what no other one says.
const UNKNOWN_ERROR: u32 = 30008;

impl MessageStatus {
    pub(super) fn of(message: &MessageView) -> Self {
        match (message.outcome(), message.delivered) {
            (_, Some(true)) => Self::Delivered,
            (_, Some(false)) => Self::Undelivered(message.delivery_code.clone()),
            ("accepted", None) => Self::Sent,
            ("refused", None) => Self::Failed(message.code.clone()),
            _ => Self::Queued,
        }
    }

    fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered(_) => "undelivered",
            Self::Failed(_) => "failed",
        }
    }

    fn error(&self) -> (Option<u32>, Option<String>) {
        match self {
            Self::Queued | Self::Sent | Self::Delivered => (None, None),
            Self::Undelivered(code) | Self::Failed(code) => {
                let message = match code {
                    Some(code) => format!("Unknown error ({code})"),
                    None => "Unknown error".to_owned(),
                };
                (Some(UNKNOWN_ERROR), Some(message))
            }
        }
    }
}

impl MessageBody<'_> {
    pub(super) fn json(&self) -> Value {
        let sid = Kind::Message.of(self.out_id);
        let path = format!("/2010-04-01/Accounts/{}/Messages/{sid}", self.account);
        let (error_code, error_message) = self.status.error();
        let is_sent = self.status != MessageStatus::Queued;
        json!({
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": rfc_2822(self.created_at),
            "date_sent": is_sent.then(|| rfc_2822(self.created_at)),
            "date_updated": rfc_2822(self.updated_at),
            "direction": "outbound-api",
            "error_code": error_code,
            "error_message": error_message,
            "from": self.from,
            "messaging_service_sid": self.service,
            "num_media": "0",
            "num_segments": "1",
            "price": null,
            "price_unit": null,
            "sid": sid,
            "status": self.status.as_str(),
            "subresource_uris": { "media": format!("{path}/Media.json") },
            "to": self.to,
            "uri": format!("{path}.json"),
        })
    }
}

/// A verification, as `Verifications` answers.
pub(super) struct VerificationBody<'a> {
    pub(super) account: &'a str,
    pub(super) service: &'a str,
    /// Where the service is, as the caller reaches it.
    pub(super) base: &'a str,
    pub(super) to: &'a str,
    pub(super) sid: String,
    pub(super) status: &'static str,
    pub(super) sends: &'a [SentAt],
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl VerificationBody<'_> {
    pub(super) fn json(&self) -> Value {
        let sid = &self.sid;
        let attempt = |sent: &SentAt| {
            json!({
                "attempt_sid": Kind::Attempt.of(&sent.out_id),
                "channel": "SMS",
                "time": iso_8601(sent.at),
            })
        };
        let attempts: Vec<Value> = self.sends.iter().map(attempt).collect();
        let base = self.base.trim_end_matches('/');
        json!({
            "account_sid": self.account,
            "amount": null,
            "channel": "sms",
            "date_created": iso_8601(self.created_at),
            "date_updated": iso_8601(self.updated_at),
            "lookup": {},
            "payee": null,
            "send_code_attempts": attempts,
            "service_sid": self.service,
            "sid": sid,
            "sna": null,
            "status": self.status,
            "to": self.to,
            "url": format!("{base}/v2/Services/{}/Verifications/{sid}", self.service),
            "valid": false,
        })
    }
}

/// A check, as `VerificationCheck` answers.
pub(super) fn check(
    account: &str,
    service: &str,
    to: &str,
    verification: &Verification,
    is_right: bool,
    now: Timestamp,
) -> Value {
    json!({
        "account_sid": account,
        "amount": null,
        "channel": "sms",
        "date_created": iso_8601(verification.created_at),
        "date_updated": iso_8601(now),
        "payee": null,
        "service_sid": service,
        "sid": sid_of(verification),
        "sna_attempts_error_codes": [],
        "status": if is_right { "approved" } else { "pending" },
        "to": to,
        "valid": is_right,
    })
}

/// A verification goes by its first message, as far as that is known.
pub(super) fn sid_of(verification: &Verification) -> String {
    let first = verification.sends.first().map(|sent| &sent.out_id);
    let last = verification.message.as_ref().map(|last| &last.out_id);
    Kind::Verification.of(first.or(last).map_or("", String::as_str))
}

/// `Sat, 22 Aug 2026 12:00:00 +0000`
fn rfc_2822(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// `2026-08-22T12:00:00Z`
fn iso_8601(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_each_api_does() {
        let time = "2026-08-02T23:05:09.75Z".parse().expect("a time");
        assert_eq!(rfc_2822(time), "Sun, 02 Aug 2026 23:05:09 +0000");
        assert_eq!(iso_8601(time), "2026-08-02T23:05:09Z");
    }
}
