//! One message within its time: sent once, and asked about where nobody said
//! how that ended.

use std::time::Duration;

use serde_json::{Map, Value};
use sesame_connector::{ConnectorConfig, Draft, Language, Outcome, Source as _, SystemSource};

use crate::answer::Answer;
use crate::cache::Loaded;
use crate::guard::Verdict;

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
    let began_at = SystemSource.now();
    let payload = payload(&request.payload);
    let language = language(&payload);
    let config = match &loaded.verdict {
        Verdict::Accepted { config, .. } => config,
        Verdict::Refused(problems) => return Answer::of_refused_config(problems, language),
    };
    let connector = match loaded.connector(config).await {
        Ok(connector) => connector,
        Err(error) => return Answer::of_setup(&error, language),
    };
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
    let spent = Duration::try_from(SystemSource.now().duration_since(began_at)).unwrap_or_default();
    let left = config.timeout.saturating_sub(spent);
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
