//! One message within its time: sent once, and asked about where nobody said
//! how that ended.

use std::time::Duration;

use serde_json::{Map, Value};
use sesame_connector::{ConnectorConfig, Draft, Language, Outcome};
use tokio::time::sleep;

use crate::answer::Answer;
use crate::cache::Loaded;

/// What `sendMessage` was called with.
pub(crate) struct Request {
    pub(crate) to: String,
    pub(crate) usage_type: String,
    /// JSON.
    pub(crate) payload: String,
}

/// The configuration of a connector that gives the last quarter of its time to
/// asking: a provider that took a message and then hung is found out that way,
/// and the recipient is not told to ask for a second one.
pub(crate) fn shared_out(config: &ConnectorConfig) -> ConnectorConfig {
    let mut config = config.clone();
    config.timeout = config.timeout * 3 / 4;
    config
}

/// Sends, and says how it ended within the configuration's time.
pub(crate) async fn send(loaded: &Loaded, request: Request) -> Answer {
    let payload = payload(&request.payload);
    let language = language(&payload);
    let Some(config) = &loaded.verdict.config else {
        return Answer::of_refused_config(&loaded.verdict.problems, language);
    };
    let connector = match loaded.connector(config) {
        Ok(connector) => connector,
        Err(error) => return Answer::of_setup(&error, language),
    };
    // The runtime's own time, which no correction of the clock moves.
    let deadline = sleep(config.timeout).deadline();
    let draft = Draft {
        to: request.to,
        usage_type: request.usage_type,
        payload,
        out_id: None,
    };
    let message = match connector.message(draft) {
        Ok(message) => message,
        Err(refusal) => return Answer::of(Outcome::Refused(*refusal), None, language),
    };
    let outcome = connector.send(&message).await;
    if !matches!(outcome, Outcome::Unknown(_)) {
        return Answer::of(outcome, Some(&message.to), language);
    }
    let left = deadline.duration_since(sleep(Duration::ZERO).deadline());
    let outcome = connector.settle(&message.to, outcome, left).await;
    Answer::of_settled(outcome, &message.to, language)
}

/// An object; anything else holds nothing to send.
fn payload(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// The language of whoever waits for the message, as Logto tells it.
fn language(payload: &Map<String, Value>) -> Language {
    let tag = ["locale", "uiLocales"]
        .iter()
        .find_map(|key| payload.get(*key)?.as_str());
    match tag {
        Some(tag)
            if tag
                .get(..2)
                .is_some_and(|start| start.eq_ignore_ascii_case("zh")) =>
        {
            Language::Zh
        }
        _ => Language::En,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::cache;

    /// Time runs by itself here: nothing waits, and the clock stands still.
    #[tokio::test(start_paused = true)]
    async fn a_message_and_the_question_about_it_share_the_time_there_is() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = serde_json::json!({
            "accessKeyId": "testid",
            "accessKeySecret": "testsecret",
            "signName": "阿里云短信测试",
            "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
            "endpoint": format!("http://{}", silent.local_addr().unwrap()),
            "timeoutMs": 100_000,
        });
        let request = Request {
            to: "8613800138000".to_owned(),
            usage_type: "SignIn".to_owned(),
            payload: r#"{"code":"683725"}"#.to_owned(),
        };
        let end = sleep(Duration::from_secs(100)).deadline();
        let answer = send(&cache::load(&config.to_string()), request).await;
        assert_eq!(answer.failure.unwrap().data.code, "timed_out");
        assert!(sleep(Duration::ZERO).deadline() <= end);
    }
}
