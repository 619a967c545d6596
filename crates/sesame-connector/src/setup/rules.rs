//! What Aliyun takes as a signature's name and a template's text, told before it
//! is asked. Pure.

use crate::doctor::variables_of;
use crate::template::TemplateRegion;
use crate::template::foreign_placeholder;
use crate::text::{Text, is_invisible, printable};

/// The longest name of a template, in characters.
pub const TEMPLATE_NAME_MAX: usize = 30;

const SIGN_NAME_MIN: usize = 2;
const SIGN_NAME_MAX: usize = 12;
const CONTENT_MAX: usize = 500;

/// What people put around a signature because texts show it so.
const BRACKETS: [char; 12] = [
    '【', '】', '[', ']', '［', '］', '「', '」', '"', '“', '”', '\'',
];

/// One of these must stand in the text of a verification template.
const CODE_WORDS: [&str; 4] = ["验证码", "注册码", "校验码", "动态码"];

/// What was typed or pasted, without what nobody sees: white space around it,
/// the wide one too, and invisible characters.
pub fn clean(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    visible.trim().to_owned()
}

/// The same with full-width letters, digits and signs as the plain ones: what a
/// Chinese input method makes of them.
pub fn half_width(text: &str) -> String {
    let plain = |c: char| match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    };
    clean(text).chars().map(plain).collect()
}

/// A signature's name, without the brackets that Aliyun adds itself.
///
/// # Errors
/// With what Aliyun would refuse it for.
pub fn sign_name(text: &str) -> Result<String, Text> {
    let name = clean(text);
    let name = name.trim_matches(BRACKETS).trim();
    let length = name.chars().count();
    if !(SIGN_NAME_MIN..=SIGN_NAME_MAX).contains(&length) {
        return Err(Text::made(
            format!("a signature has 2 to 12 characters, and this has {length}"),
            format!("签名长度为 2 至 12 个字符，当前为 {length} 个"),
        ));
    }
    if let Some(wrong) = name.chars().find(|c| !c.is_alphanumeric()) {
        let wrong = printable(&wrong.to_string());
        return Err(Text::made(
            format!("a signature has no punctuation and no spaces, and this has \"{wrong}\""),
            format!("签名不能包含标点和空格，当前含有“{wrong}”"),
        ));
    }
    if name.contains("测试") || name.to_lowercase().contains("test") {
        return Err(Text::fixed(
            "Aliyun rejects signatures with the word test (测试) in them",
            "阿里云不接受含有“测试”或 test 字样的签名",
        ));
    }
    Ok(name.to_owned())
}

/// A template's text.
///
/// # Errors
/// With what Aliyun would refuse it for, or send without a code.
pub fn template_text(text: &str, region: TemplateRegion) -> Result<String, Text> {
    let text = clean(text);
    if text.chars().count() > CONTENT_MAX {
        return Err(Text::fixed(
            "a template has at most 500 characters",
            "模板内容最多 500 个字符",
        ));
    }
    if text.contains(char::is_control) {
        return Err(Text::fixed(
            "there is a control character in it; type it again, on one line",
            "内容中含有控制字符，请在一行内重新输入",
        ));
    }
    if let Some(wrong) = foreign_placeholder(&text) {
        let wrong = printable(wrong);
        return Err(Text::made(
            format!("{wrong} would be sent as it stands; the code is written ${{code}}"),
            format!("{wrong} 会被原样发送；验证码应写成 ${{code}}"),
        ));
    }
    if variables_of(&text) != ["code"] {
        return Err(Text::fixed(
            "write the code as ${code}, and no other variable",
            "请用 ${code} 表示验证码，且不要使用其他变量",
        ));
    }
    let has_word = CODE_WORDS.iter().any(|word| text.contains(word));
    if region == TemplateRegion::China && !has_word {
        return Err(Text::fixed(
            "a verification template says 验证码 (or 注册码, 校验码, 动态码)",
            "验证码模板须包含“验证码”（或“注册码”“校验码”“动态码”）字样",
        ));
    }
    if text.contains(['【', '】']) {
        return Err(Text::fixed(
            "leave 【】 out: Aliyun puts the signature in front itself",
            "请去掉【】：签名由阿里云自动添加",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_was_typed_around_them() {
        for (typed, name) in [
            ("芝麻科技", "芝麻科技"),
            ("  【芝麻科技】\r", "芝麻科技"),
            ("\u{3000}[芝麻科技]\u{200b}", "芝麻科技"),
            ("“Sesame8”", "Sesame8"),
        ] {
            assert_eq!(sign_name(typed), Ok(name.to_owned()), "{typed:?}");
        }
        for wrong in [
            "",
            "  ",
            "芝",
            "【】",
            "芝麻 科技",
            "芝麻，科技",
            "芝麻测试",
            "myTEST8",
        ] {
            assert!(sign_name(wrong).is_err(), "{wrong:?}");
        }
        assert!(sign_name(&"芝".repeat(12)).is_ok());
        assert!(sign_name(&"芝".repeat(13)).is_err());
        assert!(sign_name("芝麻\u{1b}[31m").is_err());
    }

    #[test]
    fn texts_say_the_code_in_aliyuns_way() {
        let china = |text: &str| template_text(text, TemplateRegion::China);
        assert!(china("您的验证码为${code}。").is_ok());
        for wrong in [
            "",
            "您的验证码为{{code}}。",
            "您的验证码为＄{code}。",
            "您的验证码为${code}，${min}分钟内有效。",
            "您的验证码为${number}。",
            "Your code is ${code}.",
            "【芝麻】您的验证码为${code}。",
            "您的验证码为${code}。\u{1b}[2J",
        ] {
            assert!(china(wrong).is_err(), "{wrong:?}");
        }
        let overseas = template_text("Your code is ${code}.", TemplateRegion::Overseas);
        assert!(overseas.is_ok());
    }

    #[test]
    fn wide_characters_become_plain_ones() {
        assert_eq!(half_width("　ＬＴＡＩ５ｔ　"), "LTAI5t");
        assert_eq!(half_width("\u{feff}１２"), "12");
    }
}
