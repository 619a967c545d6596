//! How a message ended, as Logto's words for the end user and as a line for the
//! operator.
//!
//! What is in [`PublicData`] reaches the browser of whoever waits for the code;
//! cause and cure go to the log only.

use std::error::Error;

use serde::Serialize;
use serde_json::json;
use sesame_connector::config::Problem;
use sesame_connector::outcome::NOT_SENT;
use sesame_connector::{
    Doubt, Kind, Language, Outcome, PhoneNumber, Receipt, Refusal, Stage, Text,
};

use crate::log::Line;

/// What JavaScript makes a value or an error of.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<Sent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<Vec<Line>>,
}

/// The value of `sendMessage`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    /// Our id of the message.
    out_id: String,
    /// Aliyun's; none where its answer was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_id: Option<String>,
    /// Id of the API call.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// What becomes a `ConnectorError`.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    /// One of Logto's `ConnectorErrorCodes`.
    code: String,
    /// What the end user may see.
    pub(crate) data: PublicData,
}

/// What the end user may see.
#[derive(Debug, Serialize)]
pub(crate) struct PublicData {
    /// A neutral sentence, where Logto looks for one.
    #[serde(rename = "errorDescription")]
    error_description: String,
    /// Aliyun's code, or one of ours.
    #[serde(rename = "Code")]
    pub(crate) code: String,
    /// Id of the API call.
    #[serde(rename = "RequestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Our id of the message.
    #[serde(rename = "OutId", skip_serializing_if = "Option::is_none")]
    out_id: Option<String>,
}

impl Answer {
    /// How sending ended. The number is known where it could be read.
    pub(crate) fn of(outcome: Outcome, to: Option<&PhoneNumber>, language: Language) -> Self {
        match outcome {
            Outcome::Accepted(receipt) => Self::accepted(receipt),
            Outcome::Refused(refusal) => Self::refused(&refusal, to, language),
            Outcome::Unknown(doubt) => Self::unknown(&doubt, to, language),
        }
    }

    /// How a message in doubt ended: found, it was sent.
    pub(crate) fn of_settled(outcome: Outcome, to: &PhoneNumber, language: Language) -> Self {
        let log = match &outcome {
            Outcome::Accepted(receipt) => Some(settled(receipt, to)),
            _ => None,
        };
        Self::of(outcome, Some(to), language).preceded_by(log)
    }

    /// The configuration was refused, so nothing is sent.
    pub(crate) fn of_refused_config(problems: &[Problem], language: Language) -> Self {
        let line = Line::error("config.refused", json!({ "problems": problems }));
        Self::failed("invalid_config", "invalid_config", language, line)
    }

    /// This machine lets nobody send.
    pub(crate) fn of_setup(error: &dyn Error, language: Language) -> Self {
        let reason = error.source().map(ToString::to_string);
        let fields = json!({ "cause": error.to_string(), "reason": reason });
        let line = Line::error("setup.failed", fields);
        Self::failed("general", "setup_failed", language, line)
    }

    /// Something failed that must not.
    pub(crate) fn of_panic() -> Self {
        let cure = "report this; the lines before say where it happened";
        let line = Line::error("panicked", json!({ "cure": cure }));
        Self::failed("general", "internal_error", Language::En, line)
    }

    /// The same, with a line before its own.
    pub(crate) fn preceded_by(mut self, line: Option<Line>) -> Self {
        if let Some(line) = line {
            self.log.get_or_insert_default().insert(0, line);
        }
        self
    }

    fn accepted(receipt: Receipt) -> Self {
        Self {
            sent: Some(Sent {
                out_id: receipt.out_id.to_string(),
                biz_id: receipt.biz_id,
                request_id: receipt.request_id,
            }),
            failure: None,
            log: None,
        }
    }

    fn refused(refusal: &Refusal, to: Option<&PhoneNumber>, language: Language) -> Self {
        let data = PublicData {
            error_description: refusal.end_user().in_language(language).to_owned(),
            code: refusal.code.clone(),
            request_id: refusal.request_id.clone(),
            out_id: Some(refusal.out_id.to_string()),
        };
        let fields = json!({
            "message.out_id": data.out_id,
            "message.to": to.map(PhoneNumber::masked),
            "message.request_id": data.request_id,
            "message.code": data.code,
            "message.stage": refusal.stage.as_str(),
            "kind": refusal.kind.as_str(),
            "cause": refusal.cause.en,
            "cure": refusal.cure.en,
            "retry_after_secs": refusal.retry_after.map(|time| time.as_secs()),
        });
        // The recipient's own doing is no trouble of the operator's.
        let line = match refusal.kind {
            Kind::Phone | Kind::RateLimit => Line::warn("message.refused", fields),
            _ => Line::error("message.refused", fields),
        };
        Self::of_failure(code_of(refusal), data, line)
    }

    fn unknown(doubt: &Doubt, to: Option<&PhoneNumber>, language: Language) -> Self {
        let data = PublicData {
            error_description: doubt.end_user().in_language(language).to_owned(),
            code: doubt.code.clone(),
            request_id: doubt.request_id.clone(),
            out_id: Some(doubt.out_id.to_string()),
        };
        let fields = json!({
            "message.out_id": data.out_id,
            "message.to": to.map(PhoneNumber::masked),
            "message.request_id": data.request_id,
            "message.code": data.code,
            "cause": doubt.cause.en,
            "cure": doubt.cure.en,
        });
        let code = match doubt.code.as_str() {
            "unreadable_answer" => "invalid_response",
            _ => "general",
        };
        Self::of_failure(code, data, Line::error("message.unknown", fields))
    }

    /// A failure with one of our own codes, before there was a message.
    fn failed(code: &str, own_code: &str, language: Language, line: Line) -> Self {
        let data = PublicData {
            error_description: sentence(&NOT_SENT, language),
            code: own_code.to_owned(),
            request_id: None,
            out_id: None,
        };
        Self::of_failure(code, data, line)
    }

    fn of_failure(code: &str, data: PublicData, line: Line) -> Self {
        Self {
            sent: None,
            failure: Some(Failure {
                code: code.to_owned(),
                data,
            }),
            log: Some(vec![line]),
        }
    }
}

fn sentence(text: &Text, language: Language) -> String {
    text.in_language(language).to_owned()
}

fn settled(receipt: &Receipt, to: &PhoneNumber) -> Line {
    let fields = json!({
        "message.out_id": receipt.out_id,
        "message.to": to.masked(),
        "message.request_id": receipt.request_id,
        "cause": "the answer to the send was lost, and Aliyun lists the message as sent",
    });
    Line::warn("message.settled", fields)
}

/// Logto's word for a refusal.
fn code_of(refusal: &Refusal) -> &'static str {
    match (refusal.stage, refusal.kind) {
        (_, Kind::Phone) | (Stage::Argument, _) => "invalid_request_parameters",
        (Stage::Routing, Kind::Template) => "template_not_found",
        (_, Kind::RateLimit) => "rate_limit_exceeded",
        (_, Kind::Balance) => "usage_limit_exceeded",
        (_, Kind::Credential | Kind::Signature | Kind::Template) => "invalid_config",
        // Configuration too: codes nobody has listed count as that.
        _ => "general",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sesame_connector::config::{ConnectorConfig, Lookup, NoLookup};
    use sesame_connector::provider::stub::Stub;
    use sesame_connector::{Connector, Draft, SystemSource};

    use super::*;

    fn config() -> ConnectorConfig {
        let config = json!({
            "accessKeyId": "testid",
            "accessKeySecret": "testsecret",
            "signName": "阿里云短信测试",
            "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
        });
        let lookup: &dyn Lookup = &NoLookup;
        ConnectorConfig::from_value(&config, lookup)
            .into_valid()
            .unwrap()
    }

    /// A refusal of our own, for a number or a payload.
    fn refusal(to: &str, code: &str) -> Refusal {
        let stub = std::sync::Arc::new(Stub::for_tests());
        let connector = Connector::new(config(), stub, SystemSource::shared());
        match connector.message(Draft::of_code(to, "SignIn", code)) {
            Ok(message) => *connector.prepare(&message).unwrap_err(),
            Err(refusal) => *refusal,
        }
    }

    fn of_aliyun(code: &str, kind: Kind) -> Refusal {
        Refusal {
            code: code.to_owned(),
            kind,
            stage: Stage::Provider,
            request_id: Some("REQ-1".to_owned()),
            ..refusal("123", "")
        }
    }

    fn failure(refusal: Refusal, language: Language) -> (Failure, Line) {
        let answer = Answer::of(Outcome::Refused(refusal), None, language);
        assert!(answer.sent.is_none());
        let mut lines = answer.log.unwrap();
        (answer.failure.unwrap(), lines.remove(0))
    }

    #[test]
    fn each_kind_of_refusal_has_its_word_in_logto() {
        for (kind, word) in [
            (Kind::RateLimit, "rate_limit_exceeded"),
            (Kind::Balance, "usage_limit_exceeded"),
            (Kind::Phone, "invalid_request_parameters"),
            (Kind::Credential, "invalid_config"),
            (Kind::Signature, "invalid_config"),
            (Kind::Template, "invalid_config"),
            (Kind::Configuration, "general"),
            (Kind::Permission, "general"),
            (Kind::Content, "general"),
            (Kind::Clock, "general"),
            (Kind::Server, "general"),
        ] {
            assert_eq!(code_of(&of_aliyun("isv.X", kind)), word, "{kind}");
        }
    }

    #[test]
    fn what_never_left_has_its_word_too() {
        assert_eq!(
            code_of(&refusal("123", "123456")),
            "invalid_request_parameters"
        );
        assert_eq!(
            code_of(&refusal("8613800138000", "")),
            "invalid_request_parameters"
        );
        assert_eq!(
            code_of(&refusal("14155552671", "123456")),
            "template_not_found"
        );
        let unreached = |kind| Refusal {
            stage: Stage::NotSent,
            ..of_aliyun("endpoint_unreachable", kind)
        };
        assert_eq!(code_of(&unreached(Kind::Server)), "general");
        assert_eq!(code_of(&unreached(Kind::Credential)), "invalid_config");
    }

    #[test]
    fn the_browser_gets_a_neutral_sentence_and_the_log_the_cure() {
        let refusal = of_aliyun("isv.AMOUNT_NOT_ENOUGH", Kind::Balance);
        let out_id = refusal.out_id.to_string();
        let (failure, line) = failure(refusal, Language::Zh);
        let data = failure.data;
        assert_eq!(data.error_description, NOT_SENT.zh);
        assert_eq!(data.code, "isv.AMOUNT_NOT_ENOUGH");
        assert_eq!(data.request_id.as_deref(), Some("REQ-1"));
        assert_eq!(data.out_id.as_ref(), Some(&out_id));
        let logged: Value = serde_json::from_str(&line.text).unwrap();
        assert_eq!(logged["message.out_id"], out_id);
        assert_eq!(logged["level"], "error");
        assert!(logged["cure"].is_string() && logged["cause"].is_string());
    }

    #[test]
    fn what_a_recipient_did_is_a_warning() {
        for kind in [Kind::Phone, Kind::RateLimit] {
            let (_, line) = failure(of_aliyun("isv.X", kind), Language::En);
            assert_eq!(line.level, "warn");
        }
    }

    #[test]
    fn only_an_unreadable_answer_is_an_invalid_response() {
        let of = |code: &str| {
            let refusal = refusal("123", "");
            let doubt = Doubt {
                out_id: refusal.out_id,
                request_id: None,
                code: code.to_owned(),
                cause: refusal.cause,
                cure: refusal.cure,
                sent_at: sesame_connector::Source::now(&SystemSource),
            };
            let answer = Answer::of(Outcome::Unknown(doubt), None, Language::En);
            answer.failure.unwrap().code
        };
        assert_eq!(of("unreadable_answer"), "invalid_response");
        assert_eq!(of("timed_out"), "general");
        assert_eq!(of("isp.SYSTEM_ERROR"), "general");
    }
}
