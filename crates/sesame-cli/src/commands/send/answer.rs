//! What `sesame send` tells: a line for people, an object for scripts, an exit
//! code. Never the code, the whole number or a secret.

use serde::Serialize;
use sesame_connector::{
    Delivery, Language as Said, Outcome, OutcomeView, PhoneNumber, Stage, Text, UNREPORTED,
};

use crate::fault::EXIT_BAD_INPUT;
use crate::output::{self, BAD, GOOD, Language, WARN, line, paint, table};

/// How a send ended, for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Good,
    BadInput,
    Refused,
    Unknown,
}

impl Exit {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Accepted(_) => Self::Good,
            Outcome::Unknown(_) => Self::Unknown,
            Outcome::Refused(refusal) => match refusal.stage {
                Stage::Argument | Stage::Configuration => Self::BadInput,
                _ => Self::Refused,
            },
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::BadInput => EXIT_BAD_INPUT,
            Self::Refused => 3,
            Self::Unknown => 4,
        }
    }
}

/// The keys of `--json`, in their order. What is not there is null.
#[derive(Clone, Debug, Serialize)]
struct Object {
    outcome: &'static str,
    out_id: Option<String>,
    biz_id: Option<String>,
    request_id: Option<String>,
    code: Option<String>,
    cause: Option<String>,
    cure: Option<String>,
    delivery: Option<&'static str>,
}

impl From<OutcomeView> for Object {
    fn from(view: OutcomeView) -> Self {
        Self {
            outcome: view.outcome,
            out_id: Some(view.out_id),
            biz_id: view.biz_id,
            request_id: view.request_id,
            code: view.code,
            cause: view.cause,
            cure: view.cure,
            delivery: view.delivery,
        }
    }
}

/// Something wrong before there is a message.
pub(super) struct BadInput {
    pub(super) code: &'static str,
    pub(super) cause: String,
    pub(super) cure: String,
    /// Whether standard error has the reasons already.
    pub(super) is_told: bool,
}

impl From<BadInput> for Answer {
    fn from(input: BadInput) -> Self {
        let object = Object {
            outcome: "refused",
            out_id: None,
            biz_id: None,
            request_id: None,
            code: Some(input.code.to_owned()),
            cause: Some(input.cause),
            cure: Some(input.cure),
            delivery: None,
        };
        Self {
            english: object.clone(),
            chinese: object,
            to: None,
            retry_after_secs: None,
            exit: Exit::BadInput,
            is_told: input.is_told,
            is_unreported: false,
        }
    }
}

/// What became of the message. Scripts get English, people their language.
pub(crate) struct Answer {
    english: Object,
    chinese: Object,
    to: Option<String>,
    retry_after_secs: Option<u64>,
    exit: Exit,
    /// Whether standard error has the reasons already.
    is_told: bool,
    /// Whether it was waited for a report that cannot be had.
    is_unreported: bool,
}

impl Answer {
    pub(super) fn of(outcome: &Outcome) -> Self {
        Self {
            english: outcome.view(Said::En).into(),
            chinese: outcome.view(Said::Zh).into(),
            to: None,
            retry_after_secs: retry_after_secs(outcome),
            exit: Exit::of(outcome),
            is_told: false,
            is_unreported: false,
        }
    }

    pub(super) fn to(mut self, number: &PhoneNumber) -> Self {
        self.to = Some(number.masked());
        self
    }

    /// Adds what became of an accepted message.
    pub(super) fn delivered(mut self, delivery: &Delivery) -> Self {
        for (object, said) in [(&mut self.english, Said::En), (&mut self.chinese, Said::Zh)] {
            object.delivery = Some(delivery.as_str());
            if let Delivery::Failed { code, .. } = delivery {
                let text = |text: Option<Text>| text.map(|text| text.in_language(said).to_owned());
                object.code = Some(code.clone());
                object.cause = text(delivery.cause());
                object.cure = text(delivery.cure());
            }
        }
        self.exit = match delivery {
            Delivery::Delivered => Exit::Good,
            Delivery::Failed { .. } => Exit::Refused,
            Delivery::Waiting => Exit::Unknown,
        };
        self
    }

    /// Says that there is no report to wait for. Accepted is all there is.
    pub(super) fn unreported(mut self) -> Self {
        self.is_unreported = true;
        self
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.exit.code()
    }

    pub(super) fn print(&self, as_json: bool, language: Language) {
        if as_json {
            output::json(&self.english);
        }
        match (as_json, self.exit) {
            (true, Exit::BadInput) if !self.is_told => {
                output::error_line(self.text(Language::English))
            }
            (true, _) if self.is_unreported => {
                output::error_line(nothing_to_wait_for(Language::English));
            }
            (true, _) => {}
            (false, Exit::BadInput) => output::error_line(self.text(language)),
            (false, _) => line(self.text(language)),
        }
    }

    fn text(&self, language: Language) -> String {
        let object = match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        };
        let pick = |english, chinese| language.pick(english, chinese);
        let value = |value: &Option<String>| value.clone().unwrap_or_default();
        let retry_after = self
            .retry_after_secs
            .map(|secs| format!("{secs} s"))
            .unwrap_or_default();
        let delivery = if self.is_unreported {
            nothing_to_wait_for(language)
        } else {
            object.delivery.unwrap_or_default().to_owned()
        };
        let rows = [
            (pick("code", "错误码"), value(&object.code)),
            (pick("cause", "原因"), value(&object.cause)),
            (pick("cure", "处理"), value(&object.cure)),
            (pick("retry after", "重试间隔"), retry_after),
            ("out-id", value(&object.out_id)),
            ("biz-id", value(&object.biz_id)),
            ("request-id", value(&object.request_id)),
            (pick("delivery", "送达"), delivery),
        ];
        format!("{}\n{}", self.headline(language), table(&rows))
    }

    fn headline(&self, language: Language) -> String {
        let pick = |english, chinese| language.pick(english, chinese);
        let delivery = self.english.delivery;
        let (style, text) = match (self.english.outcome, delivery) {
            ("accepted", Some("delivered")) => (GOOD, pick("delivered", "已送达")),
            ("accepted", Some("failed")) => {
                (BAD, pick("accepted, but not delivered", "已受理，但未送达"))
            }
            ("accepted", Some(_)) => (
                WARN,
                pick("accepted, no delivery report yet", "已受理，尚无送达报告"),
            ),
            ("accepted", None) => (GOOD, pick("accepted", "已受理")),
            ("unknown", _) => (
                WARN,
                pick(
                    "unknown: the message may have been sent",
                    "未知：短信可能已发出",
                ),
            ),
            _ => (BAD, pick("refused: nothing was sent", "被拒绝：没有发送")),
        };
        match &self.to {
            Some(to) => format!("{} ({to})", paint(style, text)),
            None => paint(style, text),
        }
    }
}

fn nothing_to_wait_for(language: Language) -> String {
    match language {
        Language::English => format!("nothing to wait for: {}", UNREPORTED.en),
        Language::Chinese => format!("无需等待：{}", UNREPORTED.zh),
    }
}

/// How long to wait, where the refusal says so.
fn retry_after_secs(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Refused(refusal) => refusal.retry_after.map(|wait| wait.as_secs()),
        _ => None,
    }
}

/// The object for arguments that make no call at all.
pub(crate) fn refused_arguments(message: &str) {
    let cure = "run: sesame send --help";
    let answer = Answer::from(BadInput {
        code: "invalid_arguments",
        cause: message.to_owned(),
        cure: cure.to_owned(),
        is_told: true,
    });
    output::json(&answer.english);
}
