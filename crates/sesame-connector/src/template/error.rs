//! Why a message has no template, or its values do not fit into one.

use thiserror::Error as ThisError;

use super::param::{CODE_LENGTH, VALUE_LENGTH};
use crate::text::Text;
use crate::usage::UsageType;

/// Why there is nothing to send to a number.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{}", self.cause())]
#[non_exhaustive]
pub enum RouteError {
    /// No template serves the usage type.
    NoTemplate(UsageType),
    /// Its template is for numbers outside the mainland only.
    NoChinaTemplate(UsageType),
    /// Its template is for the mainland only.
    NoOverseasTemplate(UsageType),
    /// Its template may be a domestic one, and the number is one that Aliyun
    /// would take for a mainland number.
    PlusOneNeedsOverseas(UsageType),
    /// It has no text for numbers outside the mainland.
    NoText(UsageType),
    /// There is no signature for the template and the region.
    NoSignName(UsageType),
    /// The provider serves mainland numbers alone.
    MainlandOnly,
}

impl RouteError {
    /// The codes of those that serve other regions.
    pub(crate) const REGIONAL: [&str; 4] = [
        "no_china_template",
        "no_overseas_template",
        "no_text",
        "mainland_only",
    ];

    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTemplate(_) => "template_not_found",
            Self::NoChinaTemplate(_) => "no_china_template",
            Self::NoOverseasTemplate(_) | Self::PlusOneNeedsOverseas(_) => "no_overseas_template",
            Self::NoText(_) => "no_text",
            Self::NoSignName(_) => "no_sign_name",
            Self::MainlandOnly => "mainland_only",
        }
    }

    /// What is wrong.
    pub fn cause(&self) -> Text {
        match self {
            Self::NoTemplate(usage) => Text::made(
                format!("no template serves the usage type {}", short(usage)),
                format!("没有模板对应使用类型 {}", short(usage)),
            ),
            Self::NoChinaTemplate(usage) => Text::made(
                format!(
                    "the template for {} has no code for mainland numbers",
                    short(usage)
                ),
                format!(
                    "使用类型 {} 的模板没有用于中国内地号码的模板 CODE",
                    short(usage)
                ),
            ),
            Self::NoOverseasTemplate(usage) => Text::made(
                format!(
                    "the template for {} has no code for numbers outside the mainland",
                    short(usage)
                ),
                format!(
                    "使用类型 {} 的模板没有用于国际及港澳台号码的模板 CODE",
                    short(usage)
                ),
            ),
            Self::PlusOneNeedsOverseas(usage) => Text::made(
                format!(
                    "the template for {} also serves the mainland, and Aliyun would take a +1 number for a mainland one",
                    short(usage)
                ),
                format!(
                    "使用类型 {} 的模板同时用于中国内地，而阿里云会把 +1 号码当作内地号码",
                    short(usage)
                ),
            ),
            Self::NoText(usage) => Text::made(
                format!(
                    "{} has no text for numbers outside the mainland",
                    short(usage)
                ),
                format!(
                    "使用类型 {} 没有用于国际及港澳台号码的短信文本",
                    short(usage)
                ),
            ),
            Self::NoSignName(usage) => Text::made(
                format!(
                    "there is no signature for the template of {} in this region",
                    short(usage)
                ),
                format!("使用类型 {} 的模板在该地区没有可用的签名", short(usage)),
            ),
            Self::MainlandOnly => Text::fixed(
                "PNVS sends to numbers of the mainland alone",
                "号码认证服务（短信认证）仅支持中国内地号码",
            ),
        }
    }

    /// What to do about it.
    pub fn cure(&self) -> Text {
        match self {
            Self::NoTemplate(_) => Text::fixed(
                "add a template for it, or one for Generic, which serves all",
                "请为其添加模板，或添加一个适用于所有类型的 Generic 模板",
            ),
            Self::NoChinaTemplate(_) => Text::fixed(
                "add \"china\" with a domestic template to templateCode",
                "请在 templateCode 中添加 \"china\"，填写国内短信模板",
            ),
            Self::NoOverseasTemplate(_) | Self::PlusOneNeedsOverseas(_) => Text::fixed(
                "write templateCode as {\"china\": …, \"overseas\": …}, with an approved international template as overseas",
                "请将 templateCode 写成 {\"china\": …, \"overseas\": …}，其中 overseas 填写已通过审核的国际/港澳台模板",
            ),
            Self::NoText(_) => Text::fixed(
                "add text to its template, such as \"Your code is ${code}.\"",
                "请在该模板中添加 text，例如 \"Your code is ${code}.\"",
            ),
            Self::NoSignName(_) => Text::fixed(
                "add signName, or the region to signNames",
                "请添加 signName，或在 signNames 中补上该地区的签名",
            ),
            Self::MainlandOnly => Text::fixed(
                "send to other numbers by the provider aliyun-sms, with an international template",
                "其他号码请使用 aliyun-sms 并配置国际/港澳台模板",
            ),
        }
    }
}

/// A usage type may be any text of a caller's.
fn short(usage: &UsageType) -> String {
    usage
        .as_str()
        .chars()
        .take(40)
        .flat_map(char::escape_debug)
        .collect()
}

/// Why a value does not fit into its template. Never holds the value.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{}", self.cause())]
#[non_exhaustive]
pub enum ParamError {
    /// The payload lacks a variable that the template declares.
    Missing(String),
    /// The value is neither a string nor a number.
    NotText(String),
    /// The code has no characters.
    CodeEmpty,
    /// The code has too few or too many characters.
    CodeLength,
    /// The code has a character other than a letter or digit.
    CodeCharacter,
    /// The value has no characters.
    Empty(String),
    /// The value has too many characters.
    TooLong(String),
    /// The value has a link in it.
    Link(String),
    /// The value has an emoji or a control character in it.
    Character(String),
}

impl ParamError {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing_variable",
            Self::CodeEmpty | Self::CodeLength | Self::CodeCharacter => "invalid_code",
            _ => "invalid_variable",
        }
    }

    /// What is wrong.
    pub fn cause(&self) -> Text {
        let (min, max) = (CODE_LENGTH.start(), CODE_LENGTH.end());
        match self {
            Self::Missing(name) => Text::made(
                format!(
                    "the template declares the variable {name}, and the message has no value for it"
                ),
                format!("模板声明了变量 {name}，但消息中没有它的值"),
            ),
            Self::NotText(name) => Text::made(
                format!("the value of the variable {name} is not text"),
                format!("变量 {name} 的值不是文本"),
            ),
            Self::CodeEmpty => Text::fixed("the code is empty", "验证码为空"),
            Self::CodeLength => Text::made(
                format!("the code has not {min} to {max} characters"),
                format!("验证码长度不在 {min} 至 {max} 位之间"),
            ),
            Self::CodeCharacter => Text::fixed(
                "the code has a character in it that is neither a letter from A to Z nor a digit",
                "验证码中含有英文字母和数字以外的字符",
            ),
            Self::Empty(name) => Text::made(
                format!("the value of the variable {name} is empty"),
                format!("变量 {name} 的值为空"),
            ),
            Self::TooLong(name) => Text::made(
                format!("the value of the variable {name} has more than {VALUE_LENGTH} characters"),
                format!("变量 {name} 的值超过 {VALUE_LENGTH} 个字符"),
            ),
            Self::Link(name) => Text::made(
                format!(
                    "the value of the variable {name} has a link in it, which Aliyun does not send"
                ),
                format!("变量 {name} 的值中含有链接，阿里云不予发送"),
            ),
            Self::Character(name) => Text::made(
                format!(
                    "the value of the variable {name} has an emoji or a control character in it, which Aliyun does not send"
                ),
                format!("变量 {name} 的值中含有表情或控制字符，阿里云不予发送"),
            ),
        }
    }

    /// What to do about it.
    pub fn cure(&self) -> Text {
        match self {
            Self::Missing(name) => Text::made(
                format!("send {name} in the payload, or remove it from the template's variables"),
                format!("请在消息中提供 {name}，或从模板的 variables 中删除它"),
            ),
            Self::CodeEmpty | Self::CodeLength | Self::CodeCharacter => Text::fixed(
                "send a code of 6 digits; templates of an older kind take up to 10 letters and digits, test templates 4 to 6 digits",
                "请发送 6 位数字验证码；较早的模板最多支持 10 位字母与数字，测试模板仅支持 4 至 6 位数字",
            ),
            Self::NotText(_) => Text::fixed("send it as a string", "请以字符串形式提供"),
            Self::Empty(_) | Self::TooLong(_) | Self::Link(_) | Self::Character(_) => Text::made(
                format!("send a short plain text, up to {VALUE_LENGTH} characters"),
                format!("请提供不超过 {VALUE_LENGTH} 个字符的纯文本"),
            ),
        }
    }
}
