//! What a signature's answer means. Pure.

use aliyun_sms::wire::{CarrierRegistration, GetSmsSignReply, ReviewReason};

use super::check::{Check, CheckId};
use super::links;
use super::plan::SignNameUse;
use crate::suggest;
use crate::text::{Text, printable};

/// Whose a signature or template is, by Aliyun's numbers. Signatures have 5 as
/// well, a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The account's own.
    Own,
    /// Given by Aliyun's number verification, and meant for it.
    Gift,
    /// For trying: it reaches bound numbers only.
    Test,
}

impl Tag {
    pub(crate) fn of(number: Option<i64>) -> Self {
        match number {
            Some(3) => Self::Gift,
            Some(4 | 5) => Self::Test,
            _ => Self::Own,
        }
    }
}

/// What is said of one that the account does not have. `known` are those it has.
pub(super) fn missing(name: &str, known: &[String]) -> Check {
    let shown = printable(name);
    let meant = suggest::nearest(name, known.iter().map(String::as_str));
    let (en, zh) = match meant {
        Some(meant) => {
            let meant = printable(meant);
            (
                format!("did you mean {meant}? else apply for {shown} in the console"),
                format!("是否应为“{meant}”？否则请在控制台申请签名“{shown}”"),
            )
        }
        None if known.is_empty() => (
            "apply for it in the console, or name one that the account has; gift signatures are taken back by Aliyun".to_owned(),
            "请在控制台申请该签名，或改用账号已有的签名；赠送签名会被阿里云更换".to_owned(),
        ),
        None => {
            let listed: Vec<String> = known.iter().take(5).map(|name| printable(name)).collect();
            (
                format!("name one that the account has ({}), or apply for it in the console; gift signatures are taken back by Aliyun", listed.join(", ")),
                format!("请改用账号已有的签名（{}），或在控制台申请；赠送签名会被阿里云更换", listed.join("、")),
            )
        }
    };
    let message = Text::fixed(
        "the account of this access key has no signature of this name",
        "该 AccessKey 所属账号下没有此签名",
    );
    Check::failure(CheckId::SignName, name, message, Text::made(en, zh)).at(links::SIGN_NAMES)
}

/// All that is said of one that the account has.
pub(super) fn judge(used: &SignNameUse, reply: &GetSmsSignReply) -> Vec<Check> {
    let name = used.name.as_str();
    let review = review(name, reply);
    let is_approved = review.level == super::Level::Ok;
    let mut checks = vec![review];
    // Nobody files what is not approved.
    if is_approved && used.china {
        checks.push(carriers(name, &reply.sign_isp_register_detail_list));
    }
    checks
}

fn review(name: &str, reply: &GetSmsSignReply) -> Check {
    let failure = |message, cure| {
        Check::failure(CheckId::SignName, name, message, cure).at(links::SIGN_NAMES)
    };
    match reply.sign_status {
        Some(0) => failure(
            Text::fixed("it is still under review", "签名仍在审核中"),
            Text::fixed(
                "wait: reviews take up to two working days, filing with the carriers five to ten more; until then `sesame emulator` stands in",
                "请等待：审核通常需两个工作日，运营商报备另需五至十个工作日；在此之前可使用 `sesame emulator`",
            ),
        ),
        Some(2) => failure(
            rejected(
                "the signature was rejected",
                "签名未通过审核",
                reply.audit_info.as_ref(),
            ),
            Text::fixed(
                "change what the reason names and apply again in the console",
                "请按原因修改后在控制台重新提交审核",
            ),
        ),
        Some(10) => failure(
            Text::fixed("its application was withdrawn", "签名申请已被撤回"),
            Text::fixed(
                "apply for it again in the console",
                "请在控制台重新申请该签名",
            ),
        ),
        _ => Check::ok(
            CheckId::SignName,
            name,
            Text::fixed("exists and is approved", "存在且已通过审核"),
        ),
    }
}

/// Aliyun's reason, where it gives one, behind what happened.
pub(super) fn rejected(en: &'static str, zh: &'static str, reason: Option<&ReviewReason>) -> Text {
    let words = reason.map(words_of).unwrap_or_default();
    if words.is_empty() {
        return Text::fixed(en, zh);
    }
    Text::made(format!("{en}: {words}"), format!("{zh}：{words}"))
}

/// The reviewer's words.
pub(crate) fn words_of(reason: &ReviewReason) -> String {
    let words = [&reason.reject_info, &reason.reject_sub_info];
    let words: Vec<String> = words.into_iter().flatten().map(|w| printable(w)).collect();
    let words: Vec<String> = words.into_iter().filter(|w| !w.is_empty()).collect();
    words.join("; ")
}

/// How far the carriers are. What is filed and waits for its first messages as
/// proof is delivered.
fn carriers(name: &str, filed: &[CarrierRegistration]) -> Check {
    let lacking: Vec<&CarrierRegistration> = filed
        .iter()
        .filter(|carrier| matches!(carrier.register_status, Some(-2 | -1 | 0 | 2)))
        .collect();
    if filed.is_empty() {
        return Check::ok(
            CheckId::SignNameCarriers,
            name,
            Text::fixed(
                "Aliyun says nothing about the carriers",
                "阿里云未返回运营商报备情况",
            ),
        );
    }
    if lacking.is_empty() {
        return Check::ok(
            CheckId::SignNameCarriers,
            name,
            Text::fixed("filed with every carrier", "已在各运营商报备"),
        );
    }
    let told: Vec<(String, String)> = lacking.iter().map(|carrier| stand(carrier)).collect();
    let en: Vec<&str> = told.iter().map(|(en, _)| en.as_str()).collect();
    let zh: Vec<&str> = told.iter().map(|(_, zh)| zh.as_str()).collect();
    let message = Text::made(
        format!(
            "{}; messages to their numbers are accepted and then fail with PORT_NOT_REGISTERED",
            en.join("; ")
        ),
        format!(
            "{}；发往这些运营商号码的短信会被受理，但会以 PORT_NOT_REGISTERED 失败",
            zh.join("；")
        ),
    );
    let has = |status: i64| lacking.iter().any(|c| c.register_status == Some(status));
    let cure = if has(0) || has(2) {
        Text::fixed(
            "open the signature in the console, complete what its filing lacks (qualification, authorization) and have it filed again",
            "请在控制台打开该签名，补全报备所缺的资质或授权并重新报备",
        )
    } else {
        Text::fixed(
            "wait until it is filed, five to ten working days after the approval; if the console shows it as not filed, complete its qualification there",
            "请等待报备完成（审核通过后五至十个工作日）；若控制台显示未报备，请在其中补全资质",
        )
    };
    Check::failure(CheckId::SignNameCarriers, name, message, cure).at(links::SIGN_NAMES)
}

/// Carrier, where it stands, and Aliyun's reason.
fn stand(carrier: &CarrierRegistration) -> (String, String) {
    let (name_en, name_zh) = match carrier.operator_code.as_str() {
        "mobile" => ("China Mobile".to_owned(), "中国移动".to_owned()),
        "unicom" => ("China Unicom".to_owned(), "中国联通".to_owned()),
        "telecom" => ("China Telecom".to_owned(), "中国电信".to_owned()),
        other => (printable(other), printable(other)),
    };
    let (en, zh) = match carrier.register_status {
        Some(-2) => ("not filed", "未报备"),
        Some(-1) => ("being filed", "报备中"),
        Some(2) => (
            "lapsed, nothing was sent for six months",
            "已失效（连续六个月无发送）",
        ),
        _ => ("filing failed", "报备失败"),
    };
    // For a plain stand Aliyun's reason only repeats it.
    let reasons: Vec<String> = carrier
        .register_status_reasons
        .iter()
        .filter(|_| carrier.register_status == Some(0))
        .map(|reason| {
            let words: Vec<String> = reason
                .reason_desc_list
                .iter()
                .map(|w| printable(w))
                .collect();
            format!("{} {}", printable(&reason.reason_code), words.join(", "))
        })
        .collect();
    if reasons.is_empty() {
        (format!("{name_en}: {en}"), format!("{name_zh}：{zh}"))
    } else {
        let reasons = reasons.join(", ");
        (
            format!("{name_en}: {en} ({})", reasons.trim()),
            format!("{name_zh}：{zh}（{}）", reasons.trim()),
        )
    }
}
