//! What concerns the account as a whole: permission, service, money, reports.
//! Pure.

use aliyun_sms::Refusal;
use aliyun_sms::wire::AccountBalance;

use super::check::{Check, CheckId};
use super::links;
use crate::text::{Text, printable};

/// The actions a connector uses, and those the doctor uses beside them.
pub(super) const SEND: &str = "dysms:SendSms";
/// The same through PNVS.
pub(super) const SEND_PNVS: &str = "dypns:SendSmsVerifyCode";
/// The same by the international API: texts, and templates in the mainland.
pub(super) const SEND_INTL: &str = "dysms:SendMessageToGlobe";
pub(super) const ASK_INTL: &str = "dysms:QueryMessage";
pub(super) const ASK: &str = "dysms:QuerySendDetails";
pub(super) const GET_SIGN_NAME: &str = "dysms:GetSmsSign";
pub(super) const GET_TEMPLATE: &str = "dysms:GetSmsTemplate";

/// What the line about permission is called.
const SUBJECT: &str = "RAM";

/// `denied` of `tried` may not be called; without `sends` nothing is sent.
pub(super) fn permission(
    denied: &[&'static str],
    tried: &[&'static str],
    sends: &'static str,
) -> Check {
    if denied.is_empty() {
        let tried = tried.join(", ");
        let message = Text::made(format!("{tried} are allowed"), format!("已允许 {tried}"));
        return Check::ok(CheckId::Permission, SUBJECT, message);
    }
    let names = denied.join(", ");
    let policy = policy(denied);
    let is_all = denied.len() == tried.len() && tried.len() > 1;
    let message = if is_all {
        Text::made(
            format!(
                "the key may do nothing here: {names} are refused, for want of a policy or because its policy (acs:SourceIp) allows other source addresses only"
            ),
            format!(
                "该密钥在此没有任何权限：{names} 均被拒绝，可能未授权，也可能其策略（acs:SourceIp）只允许其他来源地址"
            ),
        )
    } else if denied.contains(&sends) {
        Text::made(
            format!("the key may not call {names}: nothing can be sent"),
            format!("该密钥无权调用 {names}：无法发送短信"),
        )
    } else {
        Text::made(
            format!(
                "the key may not call {names}: what they tell is not known{}",
                consequence(denied)
            ),
            format!("该密钥无权调用 {names}：无法得知相应情况"),
        )
    };
    let cure = if is_all {
        Text::made(
            format!(
                "attach this policy to the key's RAM user or role; if it is there, add this machine's outgoing address to its acs:SourceIp:\n{policy}"
            ),
            format!(
                "请将以下策略授予该密钥所属的 RAM 用户或角色；若已授权，请把本机出口地址加入其 acs:SourceIp 条件：\n{policy}"
            ),
        )
    } else {
        Text::made(
            format!("attach this policy to the key's RAM user or role:\n{policy}"),
            format!("请将以下策略授予该密钥所属的 RAM 用户或角色：\n{policy}"),
        )
    };
    let make = if denied.contains(&sends) || is_all {
        Check::failure
    } else {
        Check::warning
    };
    make(CheckId::Permission, SUBJECT, message, cure).at(links::POLICIES)
}

fn consequence(denied: &[&'static str]) -> &'static str {
    if denied.contains(&ASK) {
        ", and a message whose answer was lost stays unknown"
    } else if [SEND, SEND_PNVS, SEND_INTL]
        .iter()
        .any(|send| denied.contains(send))
    {
        ", and the fallback sends nothing"
    } else {
        ""
    }
}

/// A RAM policy that allows just these.
pub(super) fn policy(actions: &[&'static str]) -> String {
    let actions: Vec<String> = actions
        .iter()
        .map(|action| format!("        \"{action}\""))
        .collect();
    format!(
        "{{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {{\n      \"Effect\": \"Allow\",\n      \"Action\": [\n{}\n      ],\n      \"Resource\": \"*\"\n    }}\n  ]\n}}",
        actions.join(",\n")
    )
}

/// What the services are called.
pub(super) const SMS: &str = "SMS";
pub(super) const PNVS: &str = "PNVS";
pub(super) const INTL: &str = "international SMS";

/// The account may use the service.
pub(super) fn service(name: &str) -> Check {
    let message = Text::fixed("is activated", "已开通");
    Check::ok(CheckId::Service, name, message)
}

/// It may not.
pub(super) fn no_service(name: &str, refusal: &Refusal) -> Check {
    let (cause, cure) = match refusal.entry() {
        Some(entry) => (Text::from(entry.cause), entry.cure.into()),
        None => (
            Text::fixed(
                "the account may not use the service",
                "该账号不能使用短信服务",
            ),
            Text::fixed(
                "look at the account in the console",
                "请在控制台查看账号状态",
            ),
        ),
    };
    let message = cause.with_code(&refusal.code);
    Check::failure(CheckId::Service, name, message, cure).at(links::OVERVIEW)
}

/// How much money there is; `None` where the key may not ask, which it need not.
pub(super) fn balance(told: Option<&AccountBalance>) -> Check {
    /// Less than this buys no more than twenty messages.
    const LITTLE: f64 = 1.0;
    let subject = "account";
    let Some((amount, told)) = told.and_then(|told| Some((told.available()?, told))) else {
        return Check::ok(
            CheckId::Balance,
            subject,
            Text::fixed(
                "not told to this key; allow bss:DescribeAcccount to have it watched",
                "该密钥无权查询；如需关注余额，请授权 bss:DescribeAcccount",
            ),
        );
    };
    let shown = printable(told.available_amount.as_deref().unwrap_or_default());
    let currency = printable(told.currency.as_deref().unwrap_or("CNY"));
    let shown = format!("{shown} {currency}");
    let cure = Text::fixed(
        "top up under “费用与成本”, or make sure that a message package is left; a balance alert there warns in time",
        "请在“费用与成本”充值，或确认套餐包仍有余量；建议设置余额预警",
    );
    if amount < 0.0 {
        let message = Text::made(
            format!(
                "the account owes money ({shown}): nothing is sent, whatever packages are left"
            ),
            format!("账号已欠费（{shown}）：即使仍有套餐包也无法发送"),
        );
        return Check::failure(CheckId::Balance, subject, message, cure).at(links::MONEY);
    }
    if amount < LITTLE {
        let message = Text::made(
            format!(
                "{shown} is left: without a message package messages are refused with isv.AMOUNT_NOT_ENOUGH"
            ),
            format!("余额仅剩 {shown}：没有套餐包时短信会以 isv.AMOUNT_NOT_ENOUGH 被拒绝"),
        );
        return Check::warning(CheckId::Balance, subject, message, cure).at(links::MONEY);
    }
    // The amount itself changes with every message, and is nobody else's
    // business.
    let message = Text::fixed("there is money left", "余额充足");
    Check::ok(CheckId::Balance, subject, message)
}

/// What can be known of delivery reports.
pub(super) fn reports(asked_by: &str) -> Check {
    let mut check = Check::ok(
        CheckId::Reports,
        asked_by,
        Text::fixed(
            "what became of a message can be asked; whether Aliyun also pushes reports stands in its console alone",
            "可以查询发送结果；阿里云是否推送回执只能在其控制台查看",
        ),
    );
    check.link = Some(links::OVERVIEW);
    check
}
