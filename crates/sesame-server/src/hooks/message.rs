//! Platforms that hand over a finished code in one call: where things stand in
//! their requests, and the shape of their answers.

use http::StatusCode;
use regex_lite::Regex;
use serde_json::{Value, json};

use super::asked::Fields;
use super::code::{code_in, is_code};
use super::said::Refused;
use super::{Asked, Habits, Hook, Misread, Order, Platform, Reply, Said, Sample, Wish};
use crate::config::ErrorShape;
use crate::error::Code;

/// A platform as data.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) habits: Habits,
    pub(crate) places: Places,
    pub(crate) answers: Answers,
    pub(crate) sample: Sample,
    /// What the platform adds to the address it is given.
    pub(crate) addresses: &'static [&'static str],
    /// What a message is for where the number stands in this place, which the
    /// platform does not say in a word.
    pub(crate) usage_where: Option<(&'static str, &'static str)>,
    /// Words for what a message is for that come without a code, and are no
    /// failure.
    pub(crate) notices: &'static [&'static str],
    /// Whether texts without a code are sent too, as the variable `message`.
    pub(crate) takes_texts: bool,
    /// Whether it pastes its JSON together without escaping anything.
    pub(crate) pastes_json: bool,
}

/// Where things stand; of several places the first that holds something counts.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) to: &'static [&'static str],
    pub(crate) code: &'static [&'static str],
    pub(crate) text: &'static [&'static str],
    pub(crate) usage: &'static [&'static str],
    pub(crate) ip: &'static [&'static str],
    pub(crate) locale: &'static [&'static str],
    pub(crate) id: &'static [&'static str],
    pub(crate) minutes: &'static [&'static str],
}

impl Places {
    pub(crate) const NONE: Self = Self {
        to: &[],
        code: &[],
        text: &[],
        usage: &[],
        ip: &[],
        locale: &[],
        id: &[],
        minutes: &[],
    };
}

/// The shape of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    /// A status, and a body that says little.
    Plain {
        status: u16,
        body: &'static str,
        errors: ErrorShape,
    },
    /// Refusals are a 200 with `{"error": {"http_code", "message"}}`.
    Supabase,
    /// `{"code": "…"}` decides.
    Authgear,
    /// `{"status": "sent"}`, or `failed` and a reason.
    SmsGateway,
}

impl Message {
    pub(crate) const USUAL: Self = Self {
        habits: Habits::USUAL,
        places: Places::NONE,
        answers: Answers::OK,
        sample: Sample::Configured,
        addresses: &[],
        usage_where: None,
        notices: &[],
        takes_texts: false,
        pastes_json: false,
    };
}

impl Answers {
    /// The one success that suits every platform: Supabase wants the type,
    /// Casdoor the 200, Authgear the code.
    pub(crate) const OK: Self = Self::Plain {
        status: 200,
        body: r#"{"code":"ok"}"#,
        errors: ErrorShape::Text,
    };
}

/// The same as it is configured.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) to: Vec<String>,
    pub(crate) code: Vec<String>,
    pub(crate) text: Vec<String>,
    pub(crate) usage: Vec<String>,
    pub(crate) ip: Vec<String>,
    pub(crate) locale: Vec<String>,
    pub(crate) id: Vec<String>,
    pub(crate) minutes: Vec<String>,
    pub(crate) pattern: Option<Regex>,
    /// In the place of the platform's usual answer.
    pub(crate) success: Option<Reply>,
    pub(crate) errors: Option<ErrorShape>,
}

impl Platform for Message {
    fn habits(&self) -> &Habits {
        &self.habits
    }

    fn message(&self) -> Option<&Message> {
        Some(self)
    }

    fn read(&self, hook: &Hook, asked: &Asked) -> Result<Wish, Misread> {
        if !asked.rest.is_empty() && !self.addresses.contains(&&*asked.rest) {
            return Err(Misread::NoSuchAddress);
        }
        let found = &hook.found;
        let fields = self.fields(asked, found)?;
        let to = fields.first(&found.to, "number")?;
        let to = to.ok_or(Misread::Missing("number"))?;
        let usage = match fields.first(&found.usage, "usage")? {
            Some(usage) => Some(usage),
            None => self.usage_by_place(&fields, &to)?,
        };
        let text = fields.first(&found.text, "text")?;
        let is_notice = usage
            .as_deref()
            .is_some_and(|it| self.notices.contains(&it));
        let code = if self.takes_texts && found.pattern.is_none() {
            // A number in an alert is none of a user's codes.
            None
        } else {
            // Nor is one in a notice.
            let text = text.as_deref().filter(|_| !is_notice);
            match self.code(&fields, found, text) {
                Err(_) if is_notice => {
                    return Ok(Wish::Nothing("the platform's notices hold no code"));
                }
                code => Some(code?),
            }
        };
        let mut values = self.minutes(hook, &fields)?;
        if let Some(text) = text.filter(|_| self.takes_texts) {
            values.push(("message".to_owned(), super::smsgateway::shortened(&text)));
        }
        Ok(Wish::Send(Order {
            to,
            code,
            values,
            usage,
            ip: fields.first(&found.ip, "address")?,
            locale: fields.first(&found.locale, "locale")?,
            id: fields.first(&found.id, "id")?,
            session: None,
        }))
    }

    fn say(&self, hook: &Hook, _asked: &Asked, said: &Said) -> Reply {
        let found = &hook.found;
        match (said, &found.success) {
            (Said::Refused(refused), _) => self.refuse(found.errors, refused),
            (_, Some(success)) => success.clone(),
            (_, None) => self.answers.sent(),
        }
    }

    fn sample(&self) -> Sample {
        self.sample
    }

    fn takes(&self, status: u16, body: &str) -> bool {
        let body = || serde_json::from_str::<Value>(body).unwrap_or_default();
        match self.answers {
            Answers::Supabase => {
                matches!(status, 200 | 202) && body().pointer("/error/message").is_none()
            }
            Answers::Authgear => body()["code"] == "ok",
            Answers::SmsGateway => status < 300 && body()["status"] != "failed",
            Answers::Plain { .. } => (200..300).contains(&status),
        }
    }
}

impl Message {
    /// Whether a configuration can know better what a success is.
    pub(super) fn may_say_otherwise(&self) -> bool {
        matches!(self.sample, Sample::Configured)
    }

    fn fields(&self, asked: &Asked, found: &Found) -> Result<Fields, Misread> {
        match asked.fields() {
            Err(Misread::NotJson { .. }) if self.pastes_json => {
                super::keycloak::pasted(&asked.body, &found.to, &found.text)
            }
            fields => fields,
        }
    }

    fn usage_by_place(&self, fields: &Fields, to: &str) -> Result<Option<String>, Misread> {
        let Some((place, word)) = self.usage_where else {
            return Ok(None);
        };
        let there = fields.first(&[place.to_owned()], "number")?;
        Ok((there.as_deref() == Some(to)).then(|| word.to_owned()))
    }

    /// The code by itself, else the one in a text.
    fn code(&self, fields: &Fields, found: &Found, text: Option<&str>) -> Result<String, Misread> {
        let pattern = found.pattern.as_ref();
        if let Some(code) = fields.first(&found.code, "code")? {
            // Some platforms put a text where a code belongs.
            return match is_code(&code) {
                Some(code) => Ok(code),
                None => code_in(&code, pattern),
            };
        }
        match text {
            Some(text) => code_in(text, pattern),
            None => Err(Misread::Missing("code")),
        }
    }

    fn minutes(&self, hook: &Hook, fields: &Fields) -> Result<Vec<(String, String)>, Misread> {
        let said = fields.first(&hook.found.minutes, "minutes")?;
        let configured = hook.minutes.map(|minutes| minutes.to_string());
        let minutes = configured.or(said);
        let minutes = minutes.filter(|it| it.len() <= 5 && it.bytes().all(|b| b.is_ascii_digit()));
        let named = |name: &str, minutes: &str| (name.to_owned(), minutes.to_owned());
        Ok(minutes.map_or_else(Vec::new, |minutes| {
            vec![named("min", &minutes), named("minutes", &minutes)]
        }))
    }

    fn refuse(&self, errors: Option<ErrorShape>, refused: &Refused) -> Reply {
        let (status, sentence) = (refused.status(), &*refused.sentence);
        match (errors, self.answers) {
            (Some(ErrorShape::Text), _) => Reply::text(status, sentence),
            (Some(ErrorShape::Json), _) => {
                let body = json!({ "code": refused.code().as_str(), "message": sentence });
                Reply::json(status, &body)
            }
            (None, Answers::Plain { errors, .. }) => self.refuse(Some(errors), refused),
            (None, Answers::Supabase) => super::supabase::refuse(refused),
            (None, Answers::Authgear) => super::authgear::refuse(refused),
            (None, Answers::SmsGateway) => {
                let status = match refused.code() {
                    Code::Unauthorized => status,
                    _ => StatusCode::OK,
                };
                Reply::json(status, &json!({ "status": "failed", "message": sentence }))
            }
        }
    }
}

impl Answers {
    fn sent(self) -> Reply {
        match self {
            Self::Plain { status, body, .. } => Reply {
                status: StatusCode::from_u16(status).unwrap_or_default(),
                content_type: "application/json".to_owned(),
                body: body.to_owned(),
            },
            Self::Supabase | Self::Authgear => Self::OK.sent(),
            Self::SmsGateway => Reply::json(StatusCode::OK, &json!({ "status": "sent" })),
        }
    }
}
