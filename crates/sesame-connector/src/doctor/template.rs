//! What a template's answer means. Pure.

use std::collections::BTreeMap;

use aliyun_sms::wire::GetSmsTemplateReply;
use serde_json::Value;

use super::check::{Check, CheckId, Level};
use super::links;
use super::plan::TemplateUse;
use super::sign_name::rejected;
use crate::template::foreign_placeholder;
use crate::text::{Text, printable};

/// The variable that holds the code.
const CODE: &str = "code";

/// What is said of one that the account does not have.
pub(super) fn missing(used: &TemplateUse) -> Check {
    Check::failure(
        CheckId::Template,
        &used.code,
        Text::fixed(
            "the account of this access key has no template with this code",
            "该 AccessKey 所属账号下没有此模板 CODE",
        ),
        Text::fixed(
            "copy the code (SMS_ and digits) of an approved template from the console of the same account, or apply for one",
            "请从同一账号的控制台复制已通过审核的模板 CODE（SMS_ 加数字），或申请新模板",
        ),
    )
    .at(links::TEMPLATES)
}

/// All that is said of one that the account has.
pub(super) fn judge(used: &TemplateUse, reply: &GetSmsTemplateReply) -> Vec<Check> {
    let kind = kind(used, reply);
    // What is for something else must be replaced, whatever its text is.
    let is_right_kind = kind.level == Level::Ok;
    let mut checks = vec![review(&used.code, reply), kind];
    if is_right_kind {
        let text = text(&used.code, &reply.template_content);
        let is_right_text = text.level == Level::Ok;
        checks.push(text);
        if is_right_text {
            checks.push(variables(used, reply));
        }
        checks.push(sign_name(used, reply));
    }
    checks
}

fn review(code: &str, reply: &GetSmsTemplateReply) -> Check {
    let failure =
        |message, cure| Check::failure(CheckId::Template, code, message, cure).at(links::TEMPLATES);
    match reply.template_status {
        Some(0) => failure(
            Text::fixed("it is still under review", "模板仍在审核中"),
            Text::fixed(
                "wait, mostly two hours and up to two working days; until then `sesame emulator` stands in",
                "请等待：通常两小时内，最长两个工作日；在此之前可使用 `sesame emulator`",
            ),
        ),
        Some(2) => failure(
            rejected(
                "the template was rejected",
                "模板未通过审核",
                reply.audit_info.as_ref(),
            ),
            Text::fixed(
                "change what the reason names and apply again in the console",
                "请按原因修改后在控制台重新提交审核",
            ),
        ),
        Some(10) => failure(
            Text::fixed("it was withdrawn", "模板已被撤回"),
            Text::fixed(
                "apply for it again in the console, or name another",
                "请在控制台重新申请，或改用其他模板",
            ),
        ),
        _ => Check::ok(
            CheckId::Template,
            code,
            Text::fixed("exists and is approved", "存在且已通过审核"),
        ),
    }
}

fn kind(used: &TemplateUse, reply: &GetSmsTemplateReply) -> Check {
    const INTERNATIONAL: i64 = 3;
    let code = used.code.as_str();
    let failure = |message, cure| {
        Check::failure(CheckId::TemplateKind, code, message, cure).at(links::TEMPLATES)
    };
    let international_for_codes = Text::fixed(
        "name an international template of the kind verification code as \"overseas\"",
        "请将 \"overseas\" 改为验证码类的国际/港澳台模板",
    );
    match reply.template_type {
        Some(0) if used.overseas => failure(
            Text::fixed(
                "it stands as \"overseas\" and is a domestic template: numbers outside the mainland are refused",
                "它被用作 \"overseas\"，却是国内模板：中国内地以外的号码会被拒绝",
            ),
            international_for_codes,
        ),
        Some(0) => Check::ok(
            CheckId::TemplateKind,
            code,
            Text::fixed("verification code", "验证码模板"),
        ),
        Some(INTERNATIONAL) if used.china => failure(
            Text::fixed(
                "it is an international template and stands for mainland numbers, which are refused",
                "它是国际/港澳台模板，却用于中国内地号码，会被拒绝",
            ),
            Text::fixed(
                "write templateCode as {\"china\": …, \"overseas\": …}, with a domestic verification template as china",
                "请将 templateCode 写成 {\"china\": …, \"overseas\": …}，其中 china 填写国内验证码模板",
            ),
        ),
        Some(INTERNATIONAL) if matches!(reply.intl_type, Some(0 | 1)) => failure(
            Text::fixed(
                "it is an international template for notifications or promotion, not for codes",
                "它是国际通知或推广模板，并非验证码模板",
            ),
            international_for_codes,
        ),
        Some(INTERNATIONAL) => Check::ok(
            CheckId::TemplateKind,
            code,
            Text::fixed("international", "国际/港澳台模板"),
        ),
        Some(other) => {
            let (en, zh) = match other {
                1 => ("notification", "通知"),
                2 => ("promotion", "推广"),
                _ => ("unknown", "未知类型"),
            };
            failure(
                Text::made(
                    format!("it is a template of the kind {en}, not verification code"),
                    format!("它是{zh}模板，并非验证码模板"),
                ),
                Text::fixed(
                    "apply for a template of the kind verification code (验证码) and name that one",
                    "请申请类型为“验证码”的模板并改用其 CODE",
                ),
            )
        }
        None => Check::ok(
            CheckId::TemplateKind,
            code,
            Text::fixed("Aliyun does not say which", "阿里云未返回模板类型"),
        ),
    }
}

/// How the code stands in the text.
fn text(code: &str, content: &str) -> Check {
    let failure = |message| {
        let cure = Text::fixed(
            "apply for a new template whose text writes the code as ${code}; an approved text cannot be changed",
            "请申请新模板，在内容中用 ${code} 表示验证码；已通过审核的内容无法修改",
        );
        Check::failure(CheckId::TemplateText, code, message, cure).at(links::TEMPLATES)
    };
    if content.is_empty() {
        return Check::ok(
            CheckId::TemplateText,
            code,
            Text::fixed("Aliyun does not show it", "阿里云未返回模板内容"),
        );
    }
    if let Some(wrong) = foreign_placeholder(content) {
        let wrong = printable(wrong);
        return failure(Text::made(
            format!("its text says {wrong}, which Aliyun sends as it stands, without a code"),
            format!("模板内容中写的是 {wrong}，阿里云会原样发送，不会替换为验证码"),
        ));
    }
    if variables_of(content).is_empty() {
        return failure(Text::fixed(
            "its text has no variable: everybody gets the same words, without a code",
            "模板内容中没有变量：所有人收到的都是同样的文字，没有验证码",
        ));
    }
    Check::ok(
        CheckId::TemplateText,
        code,
        Text::fixed("its variables are written as ${…}", "变量以 ${…} 书写"),
    )
}

/// The names in `${…}`, each once, in their order.
pub(crate) fn variables_of(content: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for part in content.split("${").skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// Whether the variables of the text are those that are sent.
fn variables(used: &TemplateUse, reply: &GetSmsTemplateReply) -> Check {
    let code = used.code.as_str();
    let in_text = variables_of(&reply.template_content);
    let problem = used
        .variables
        .iter()
        .find_map(|sent| mismatch(code, &in_text, sent, reply.template_content.is_empty()));
    problem
        .or_else(|| attribute(code, reply.variable_attribute.as_deref()))
        .unwrap_or_else(|| {
            Check::ok(
                CheckId::TemplateVariables,
                code,
                Text::fixed("are those that are sent", "与发送的变量一致"),
            )
        })
}

fn mismatch(code: &str, in_text: &[&str], sent: &[String], is_hidden: bool) -> Option<Check> {
    if is_hidden {
        return None;
    }
    let id = CheckId::TemplateVariables;
    let lacking: Vec<&str> = in_text
        .iter()
        .copied()
        .filter(|name| !sent.iter().any(|sent| sent == name))
        .collect();
    let idle: Vec<&str> = sent
        .iter()
        .map(String::as_str)
        .filter(|name| !in_text.contains(name))
        .collect();
    if !lacking.is_empty() {
        let names = joined(&lacking);
        let message = Text::made(
            format!(
                "its text needs {names}, which is not sent: Aliyun refuses every message with isv.TEMPLATE_MISSING_PARAMETERS"
            ),
            format!(
                "模板内容需要 {names}，但发送时没有：阿里云会以 isv.TEMPLATE_MISSING_PARAMETERS 拒绝"
            ),
        );
        let cure = if idle.contains(&CODE) {
            Text::fixed(
                "apply for a template whose variable is called ${code}, which is what the code is sent as",
                "请申请变量名为 ${code} 的模板，验证码以该变量发送",
            )
        } else {
            Text::made(
                format!(
                    "add {names} to the template's \"variables\" and send it with every message, or name a template with ${{code}} alone"
                ),
                format!(
                    "请将 {names} 加入模板的 \"variables\" 并在每次发送时提供，或改用只含 ${{code}} 的模板"
                ),
            )
        };
        return Some(Check::failure(id, code, message, cure).at(links::TEMPLATES));
    }
    if !idle.is_empty() {
        let names = joined(&idle);
        return Some(Check::warning(
            id,
            code,
            Text::made(
                format!(
                    "{names} is declared in \"variables\" and not in its text: callers must send what nobody reads"
                ),
                format!(
                    "\"variables\" 声明了 {names}，但模板内容中没有：调用方必须提供无人使用的值"
                ),
            ),
            Text::made(
                format!("remove {names} from the template's \"variables\""),
                format!("请从模板的 \"variables\" 中删除 {names}"),
            ),
        ));
    }
    None
}

fn joined(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().map(|name| printable(name)).collect();
    shown.join(", ")
}

/// The attribute a variable was filed with: one that takes no code is refused
/// with every message. What is not known here is left to Aliyun.
fn attribute(code: &str, attributes: Option<&str>) -> Option<Check> {
    const NOT_FOR_CODES: [&str; 5] = ["time", "money", "name", "phone_number", "company"];
    let attributes: BTreeMap<String, Value> = serde_json::from_str(attributes?).ok()?;
    let attribute = attributes.get(CODE)?.as_str()?;
    let plain = attribute.trim_end_matches(|c: char| c.is_ascii_digit());
    if !NOT_FOR_CODES.contains(&plain) {
        return None;
    }
    let shown = printable(attribute);
    let check = Check::failure(
        CheckId::TemplateVariables,
        code,
        Text::made(
            format!("its variable code was filed as {shown}, which takes no verification code"),
            format!("变量 code 的属性是 {shown}，不能填写验证码"),
        ),
        Text::fixed(
            "apply for a template whose variable has the attribute digits (numberCaptcha) or digits and letters (characterWithNumber2)",
            "请申请变量属性为“仅数字”（numberCaptcha）或“数字加字母”（characterWithNumber2）的模板",
        ),
    );
    Some(check.at(links::TEMPLATES))
}

/// Which signature it belongs to, where Aliyun says so.
fn sign_name(used: &TemplateUse, reply: &GetSmsTemplateReply) -> Check {
    let code = used.code.as_str();
    let listed = reply.sign_list.iter().flat_map(|list| &list.sign_list);
    let belongs_to: Vec<&str> = reply
        .related_sign_name
        .iter()
        .chain(listed)
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    let strangers: Vec<&str> = used
        .sign_names
        .iter()
        .map(String::as_str)
        .filter(|name| !belongs_to.contains(name))
        .collect();
    if belongs_to.is_empty() || strangers.is_empty() {
        return Check::ok(
            CheckId::TemplateSignName,
            code,
            Text::fixed("goes with its signature", "与所用签名匹配"),
        );
    }
    let (own, used) = (printable(belongs_to[0]), joined(&strangers));
    let check = Check::warning(
        CheckId::TemplateSignName,
        code,
        Text::made(
            format!("it was filed with the signature {own} and goes out under {used}"),
            format!("该模板申请时关联的签名是“{own}”，实际使用的是“{used}”"),
        ),
        Text::made(
            format!(
                "name {own} as this template's signName, or bind {used} to the template in the console"
            ),
            format!("请将该模板的 signName 改为“{own}”，或在控制台将“{used}”关联到该模板"),
        ),
    );
    check.at(links::TEMPLATES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_once_each() {
        assert_eq!(variables_of("${a}${b}${a}"), ["a", "b"]);
        assert!(variables_of("${a").is_empty());
    }
}
