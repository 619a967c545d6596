//! What people read, in both languages.

use axum::http::{HeaderMap, header};

use crate::sesame::{Checked, Problem};
use crate::sessions::Notice;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// What is asked for, else what the browser likes best of the two.
    pub(crate) fn of(asked: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        let wishes = asked
            .into_iter()
            .chain(accepted.unwrap_or_default().split(','));
        let known = wishes.filter_map(|wish| match wish.trim().get(..2)? {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        });
        known.into_iter().next().unwrap_or(Self::English)
    }

    pub(crate) fn say<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    pub(crate) fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::English,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.say("English", "简体中文")
    }

    pub(crate) fn bad(self, english: &str, chinese: &str) -> Notice {
        self.notice("bad", english, chinese)
    }

    pub(crate) fn notice(self, kind: &'static str, english: &str, chinese: &str) -> Notice {
        Notice {
            kind,
            text: self.say(english, chinese).to_owned(),
        }
    }

    /// Why no code was sent.
    pub(crate) fn problem(self, problem: &Problem) -> Notice {
        let ours = match problem.code.as_str() {
            "invalid_phone_number"
            | "country_code_missing"
            | "ambiguous_phone_number"
            | "invalid_field" => self.say(
                "This is not a phone number we can send to. Please check it.",
                "无法向这个号码发送短信，请检查后重新输入。",
            ),
            "number_refused" => self.say(
                "We cannot send codes to this number.",
                "暂不支持向该号码发送验证码。",
            ),
            "limit_reached" | "provider_limit" | "overloaded" => {
                self.say("Too many codes were asked for.", "验证码请求过于频繁。")
            }
            "not_found" => self.say("Please ask for a new code.", "请重新获取验证码。"),
            _ => self.say(
                "No code can be sent at the moment. Please try again later.",
                "暂时无法发送验证码，请稍后再试。",
            ),
        };
        let said = problem.message.as_deref().unwrap_or(ours);
        let is_wait = problem.retry_after_secs.is_some();
        Notice {
            kind: if is_wait { "warn" } else { "bad" },
            text: self.with_wait(said, problem.retry_after_secs),
        }
    }

    /// Why a code did not do.
    pub(crate) fn wrong_code(self, checked: &Checked) -> Notice {
        let left = checked.attempts_left.unwrap_or_default();
        match checked.status.as_str() {
            "pending" => Notice {
                kind: "bad",
                text: match self {
                    Self::English if left == 1 => "That is not the code. One more try.".to_owned(),
                    Self::English => format!("That is not the code. {left} more tries."),
                    Self::Chinese => format!("验证码不正确，还可以尝试 {left} 次。"),
                },
            },
            "locked" => {
                let said = self.say(
                    "Too many wrong codes for this number.",
                    "该号码输错验证码次数过多。",
                );
                Notice {
                    kind: "bad",
                    text: self.with_wait(said, checked.retry_after_secs),
                }
            }
            "exhausted" => self.bad(
                "Too many tries. Please ask for a new code.",
                "尝试次数过多，请重新获取验证码。",
            ),
            _ => self.bad(
                "This code has expired. Please ask for a new one.",
                "验证码已失效，请重新获取。",
            ),
        }
    }

    /// A sentence, and when to try again.
    fn with_wait(self, said: &str, secs: Option<u64>) -> String {
        let Some(secs) = secs else {
            return said.to_owned();
        };
        let wait = self.span(secs);
        match self {
            Self::English => format!("{said} You can try again in {wait}."),
            Self::Chinese => format!("{said}请在{wait}后重试。"),
        }
    }

    /// A time, rounded up so that nobody comes too early.
    fn span(self, secs: u64) -> String {
        let (count, english, chinese) = match secs {
            0..=119 => (secs, "second", "秒"),
            120..=7199 => (secs.div_ceil(60), "minute", "分钟"),
            _ => (secs.div_ceil(3600), "hour", "小时"),
        };
        match self {
            Self::English if count == 1 => format!("1 {english}"),
            Self::English => format!("{count} {english}s"),
            Self::Chinese => format!(" {count} {chinese}"),
        }
    }
}

/// A country of the list: its calling code and names.
pub(crate) struct Country {
    pub(crate) code: &'static str,
    pub(crate) english: &'static str,
    pub(crate) chinese: &'static str,
}

const fn country(code: &'static str, english: &'static str, chinese: &'static str) -> Country {
    Country {
        code,
        english,
        chinese,
    }
}

/// Where this app has users. A number that begins with `+` may be from anywhere.
pub(crate) const COUNTRIES: &[Country] = &[
    country("86", "China", "中国大陆"),
    country("852", "Hong Kong SAR", "中国香港"),
    country("853", "Macao SAR", "中国澳门"),
    country("886", "Taiwan", "中国台湾"),
    country("61", "Australia", "澳大利亚"),
    country("55", "Brazil", "巴西"),
    country("33", "France", "法国"),
    country("49", "Germany", "德国"),
    country("91", "India", "印度"),
    country("62", "Indonesia", "印度尼西亚"),
    country("39", "Italy", "意大利"),
    country("81", "Japan", "日本"),
    country("82", "Korea", "韩国"),
    country("60", "Malaysia", "马来西亚"),
    country("64", "New Zealand", "新西兰"),
    country("63", "Philippines", "菲律宾"),
    country("65", "Singapore", "新加坡"),
    country("34", "Spain", "西班牙"),
    country("66", "Thailand", "泰国"),
    country("44", "United Kingdom", "英国"),
    country("1", "United States, Canada", "美国、加拿大"),
    country("84", "Vietnam", "越南"),
];

/// What was typed, with its country.
pub(crate) fn number(country: &str, written: &str) -> String {
    let written = written.trim();
    let is_whole = ["+", "＋", "00"]
        .iter()
        .any(|start| written.starts_with(start));
    if is_whole {
        written.to_owned()
    } else {
        format!("+{country} {written}")
    }
}
