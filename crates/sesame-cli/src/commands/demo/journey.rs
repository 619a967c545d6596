//! What became of the newest message, step by step, from the server's journal
//! and the emulator's records.

use aliyun_sms::code;
use jiff::Timestamp;
use sesame_emulator::{Emulator, MessageStatus, RecordedRequest};
use sesame_passcode::journal::State;
use sesame_passcode::{MessageQuery, MessageView, Passcodes};

use crate::output::Language;

/// One step of a message's way.
pub(super) struct Step {
    /// `good`, `bad`, `warn` or `info`.
    pub(super) class: &'static str,
    pub(super) time: Option<Timestamp>,
    /// Whether the time is ours; a carrier's has whole seconds only.
    pub(super) is_exact: bool,
    pub(super) what: String,
    pub(super) why: String,
}

/// The way of one message.
pub(super) struct Journey {
    /// To whom, masked.
    pub(super) to: String,
    pub(super) steps: Vec<Step>,
}

/// The newest message's, if there is one.
pub(super) async fn newest(
    passcodes: &Passcodes,
    emulator: &Emulator,
    language: Language,
) -> Option<Journey> {
    let query = MessageQuery {
        limit: Some(1),
        ..MessageQuery::default()
    };
    let message = passcodes.messages(query).await.ok()?.items.pop()?;
    let steps = Way {
        message: &message,
        emulator,
        language,
    }
    .steps();
    Some(Journey {
        to: message.to,
        steps,
    })
}

struct Way<'a> {
    message: &'a MessageView,
    emulator: &'a Emulator,
    language: Language,
}

impl Way<'_> {
    fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.asked()];
        steps.extend(self.called());
        steps.extend(self.ended());
        steps.extend(self.arrived());
        let mut last: Vec<Step> = self
            .confirmed()
            .into_iter()
            .chain(self.reported())
            .collect();
        // People are often faster than carriers; what is still waited for is last.
        last.sort_by_key(|step| step.time.unwrap_or(Timestamp::MAX));
        steps.extend(last);
        steps
    }

    fn say(&self, english: &str, chinese: &str) -> String {
        self.language.pick(english, chinese).to_owned()
    }

    fn asked(&self) -> Step {
        Step {
            class: "good",
            time: Some(self.message.created_at),
            is_exact: true,
            what: self.say(
                "The app asked Sesame for a code",
                "应用向 Sesame 请求验证码",
            ),
            why: format!("{} · {}", self.message.usage_type, self.message.to),
        }
    }

    /// The request as it arrived at Aliyun's side.
    fn called(&self) -> Option<Step> {
        let holds = |request: &RecordedRequest| {
            let id = &self.message.out_id;
            request.body.contains(id.as_str()) || request.target.contains(id.as_str())
        };
        let request = self.emulator.requests(100).into_iter().find(holds)?;
        let answer = match (request.http_status, request.code.as_str()) {
            (0, _) => self.say("no answer", "没有应答"),
            (status, code) => format!("HTTP {status} {code}"),
        };
        Some(Step {
            class: if request.code == "OK" { "good" } else { "warn" },
            time: Some(request.received_at),
            is_exact: true,
            what: self.say(
                "Sesame signed a request and sent it to Aliyun",
                "Sesame 签名并把请求发给阿里云",
            ),
            why: format!("{} → {answer}", request.action),
        })
    }

    /// What Sesame made of the answer.
    fn ended(&self) -> Option<Step> {
        let step = |class, what, why| {
            Some(Step {
                class,
                time: None,
                is_exact: true,
                what,
                why,
            })
        };
        let code = self.message.code.as_deref().unwrap_or_default();
        let biz_id = self.message.biz_id.as_deref().unwrap_or_default();
        match self.message.state {
            State::Sending => step(
                "info",
                self.say("No answer yet", "尚无应答"),
                String::new(),
            ),
            State::Accepted => step(
                "good",
                self.say("Aliyun took the message", "阿里云已接收短信"),
                format!("biz-id {biz_id}"),
            ),
            State::Refused => step(
                "bad",
                self.say("It was refused, nothing was sent", "请求被拒绝，未发送"),
                self.explained(code),
            ),
            State::Unknown | State::FinallyUnknown => step(
                "warn",
                self.say(
                    "Nobody can tell whether it was sent: Sesame asks Aliyun, and never sends twice",
                    "无法确定是否已发送：Sesame 会向阿里云查询，绝不重复发送",
                ),
                code.to_owned(),
            ),
        }
    }

    /// A code of Aliyun's with its cause and cure.
    fn explained(&self, code: &str) -> String {
        let Some(entry) = code::lookup(code) else {
            return code.to_owned();
        };
        let cause = self.language.pick(entry.cause.en, entry.cause.zh);
        let cure = self.language.pick(entry.cure.en, entry.cure.zh);
        format!("{code}: {cause} → {cure}")
    }

    fn arrived(&self) -> Option<Step> {
        let messages = self.emulator.messages();
        let is_it = |out_id: &Option<String>| out_id.as_ref() == Some(&self.message.out_id);
        let sent = messages.into_iter().find(|sent| is_it(&sent.out_id))?;
        let has_failed = sent.status == MessageStatus::Failed;
        (!has_failed).then(|| Step {
            class: "good",
            time: Some(sent.sent_at),
            is_exact: true,
            what: self.say("The phone shows it", "手机收到短信"),
            why: format!("【{}】 {}", sent.sign_name, sent.template_code),
        })
    }

    fn reported(&self) -> Option<Step> {
        let code = self.message.delivery_code.as_deref().unwrap_or_default();
        let step = |class, what, why| Step {
            class,
            time: self.message.reported_at,
            is_exact: false,
            what,
            why,
        };
        match self.message.delivered {
            Some(true) => Some(step(
                "good",
                self.say("The carrier reported: delivered", "运营商回执：已送达"),
                code.to_owned(),
            )),
            Some(false) => {
                let failure = code::delivery::classify(code);
                let (cause, cure) = (failure.cause(), failure.cure());
                let cause = self.language.pick(cause.en, cause.zh);
                let cure = self.language.pick(cure.en, cure.zh);
                Some(step(
                    "bad",
                    self.say("The carrier reported: not delivered", "运营商回执：未送达"),
                    format!("{code}: {cause} → {cure}"),
                ))
            }
            None => (self.message.state == State::Accepted).then(|| {
                step(
                    "info",
                    self.say("Waiting for the carrier's report", "等待运营商回执"),
                    String::new(),
                )
            }),
        }
    }

    fn confirmed(&self) -> Option<Step> {
        self.message.confirmed_at.map(|at| Step {
            class: "good",
            time: Some(at),
            is_exact: true,
            what: self.say(
                "The right code came back: the number is verified",
                "收到正确的验证码：号码已验证",
            ),
            why: self.say(
                "The app got a signed token that says so",
                "应用得到一枚签名令牌作为证明",
            ),
        })
    }
}
