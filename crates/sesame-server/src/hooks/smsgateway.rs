//! Uptime Kuma's SMSGateway. Its alerts hold no code; a template of the
//! operator's with the variable `message` takes as much of one as fits.

use super::message::{Answers, Places};
use super::{Habits, Message, Sample};

pub(crate) static SMSGATEWAY: Message = Message {
    habits: Habits {
        header: "x-api-key",
        ..Habits::USUAL
    },
    places: Places {
        to: &["to"],
        text: &["body"],
        ..Places::NONE
    },
    answers: Answers::SmsGateway,
    addresses: &["api/v1/sms/send"],
    takes_texts: true,
    sample: Sample::Json(
        "api/v1/sms/send",
        r##"{"to":"%TO%","body":"[Demo] [Down] timeout"}"##,
    ),
    ..Message::USUAL
};

/// As much of a text as a variable of a template takes: 35 characters, none of
/// them a picture, and no address, for which Aliyun refuses the whole message.
pub(super) fn shortened(text: &str) -> String {
    let is_plain = |c: &char| c.is_alphanumeric() || " []()-_+%:：，。、！,!?".contains(*c);
    let words = text.split_whitespace();
    let words = words.filter(|word| !word.contains("//") && !is_host(word));
    let words: Vec<String> = words
        .map(|word| word.chars().filter(is_plain).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    words
        .join(" ")
        .chars()
        .take(35)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A word that may be taken for the name of a host.
fn is_host(word: &str) -> bool {
    let parts = word.trim_matches(|c: char| !c.is_alphanumeric()).split('.');
    parts.filter(|part| !part.is_empty()).count() > 1
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn an_alert_fits_into_a_variable() {
        for (text, short) in [
            ("[Demo] [🔴 Down] timeout", "[Demo] [ Down] timeout"),
            (
                "[a] [Down] https://x.example see www.example.com now",
                "[a] [Down] see now",
            ),
            (&"x".repeat(50), &"x".repeat(35)),
            (
                "数据库 [🔴 Down]\nconnect ECONNREFUSED 127.0.0.1:5432",
                "数据库 [ Down] connect ECONNREFUSED",
            ),
        ] {
            assert_eq!(shortened(text), short);
        }
    }
}
