//! What the doctor says, as people read it.

use sesame_connector::Language as Said;
use sesame_connector::doctor::{Check, Level, Report, Stage};

use crate::output::{BAD, DIM, GOOD, INFO, Language, WARN, paint, printable};

/// How far cures stand in.
const INDENT: &str = "        ";

/// Level, name, subject and message; below it the cure and the console's page.
pub(crate) fn describe(check: &Check, language: Language) -> String {
    let said = said(language);
    let level = level(check.level, language);
    // Behind it, so that colours do not count.
    let space = " ".repeat(8 - crate::output::width(word(check.level, language)));
    let message = printable(check.message.in_language(said));
    let mut text = format!(
        "{level}{space}{} {}: {message}",
        paint(DIM, format_args!("{:<18}", check.id.as_str())),
        printable(&check.subject),
    );
    if let Some(cure) = check.cure_in(said) {
        let cure = printable(cure).replace('\n', &format!("\n{INDENT}"));
        let label = paint(INFO, language.pick("cure: ", "处理："));
        text.push_str(&format!("\n{INDENT}{label}{cure}"));
    }
    if let Some(link) = check.link.filter(|_| check.level != Level::Ok) {
        let label = paint(INFO, language.pick("see: ", "参见："));
        text.push_str(&format!("\n{INDENT}{label}{link}"));
    }
    text
}

/// One line alone, for logs.
pub(super) fn brief(check: &Check, was: Option<Level>, language: Language) -> String {
    let said = said(language);
    let message = printable(check.message.in_language(said));
    let cure = check.cure_in(said).map(|cure| {
        let cure = printable(cure).replace('\n', " ");
        let words: Vec<&str> = cure.split_whitespace().collect();
        format!(
            "{}{}",
            language.pick("; cure: ", "；处理："),
            words.join(" ")
        )
    });
    let was = was.map(|was| match language {
        Language::English => format!(" (was {})", word(was, language)),
        Language::Chinese => format!("（此前：{}）", word(was, language)),
    });
    format!(
        "{} {} {}: {message}{}{}",
        level(check.level, language),
        check.id,
        printable(&check.subject),
        was.unwrap_or_default(),
        cure.unwrap_or_default(),
    )
}

fn level(level: Level, language: Language) -> String {
    let style = match level {
        Level::Ok => GOOD,
        Level::Warning => WARN,
        Level::Failure => BAD,
    };
    paint(style, word(level, language))
}

fn word(level: Level, language: Language) -> &'static str {
    match (language, level) {
        (Language::English, level) => level.as_str(),
        (Language::Chinese, Level::Ok) => "正常",
        (Language::Chinese, Level::Warning) => "警告",
        (Language::Chinese, Level::Failure) => "失败",
    }
}

/// The last line.
pub(super) fn verdict(report: &Report, language: Language) -> String {
    let (failures, warnings) = (report.count(Level::Failure), report.count(Level::Warning));
    if failures + warnings == 0 {
        return paint(GOOD, language.pick("all good", "一切正常"));
    }
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let text = match language {
        Language::English => format!(
            "{failures} failure{}, {warnings} warning{}",
            plural(failures),
            plural(warnings)
        ),
        Language::Chinese => format!("{failures} 项失败，{warnings} 项警告"),
    };
    paint(if failures > 0 { BAD } else { WARN }, text)
}

/// For `--verbose`: what depends on something that failed.
pub(super) fn not_looked_at(report: &Report, language: Language) -> Option<String> {
    let skipped = report.not_looked_at();
    let names: Vec<&str> = skipped.iter().map(|id| id.as_str()).collect();
    let label = language.pick("not looked at:", "未检查：");
    (!names.is_empty()).then(|| paint(DIM, format_args!("{label} {}", names.join(", "))))
}

/// What is told on a terminal while it takes its time.
pub(crate) fn stage(stage: Stage, language: Language) -> &'static str {
    let (en, zh) = match stage {
        Stage::Endpoint => ("connecting …", "正在连接…"),
        Stage::Credentials => ("trying the credentials …", "正在验证凭证…"),
        Stage::Permission => ("asking what the key may do …", "正在检查权限…"),
        Stage::SignNames => ("asking about the signatures …", "正在查询签名…"),
        Stage::Templates => ("asking about the templates …", "正在查询模板…"),
        _ => ("looking …", "正在检查…"),
    };
    language.pick(en, zh)
}

pub(crate) fn sending(language: Language) -> &'static str {
    language.pick(
        "sending, and waiting for the delivery report …",
        "正在发送并等待回执…",
    )
}

fn said(language: Language) -> Said {
    match language {
        Language::English => Said::En,
        Language::Chinese => Said::Zh,
    }
}
