//! The message of `--send`, and what became of it.

use std::time::Duration;

use jiff::Timestamp;

use super::check::{Check, CheckId};
use super::links;
use crate::connector::Connector;
use crate::message::{Draft, OutId};
use crate::outcome::{Delivery, Doubt, Outcome, Receipt, Refusal, UNREPORTED};
use crate::phone::PhoneNumber;
use crate::text::{Text, printable};
use crate::usage::UsageType;

/// How long an unknown outcome is asked about before it is told.
const SETTLE: Duration = Duration::from_secs(10);

/// Sends one message, which a valid configuration always can, and follows it for
/// up to `limit`: one line.
pub async fn send_test(connector: &Connector, to: &str, code: &str, limit: Duration) -> Check {
    let draft = Draft::of_code(to, UsageType::SignIn.as_str(), code);
    send_test_draft(connector, draft, limit).await
}

/// The same with a message of the caller's, whose id may have been kept.
pub async fn send_test_draft(connector: &Connector, draft: Draft, limit: Duration) -> Check {
    let message = match connector.message(draft) {
        Ok(message) => message,
        Err(refusal) => return refused(&refusal, "--send"),
    };
    let subject = message.to.masked();
    let outcome = connector.send(&message).await;
    match connector.settle(&message.to, outcome, SETTLE).await {
        Outcome::Accepted(receipt) => follow(connector, &message.to, &receipt, limit).await,
        Outcome::Refused(refusal) => refused(&refusal, &subject),
        Outcome::Unknown(doubt) => Check::warning(
            CheckId::TestMessage,
            &subject,
            doubt.cause.with_code(&doubt.code),
            doubt.cure,
        ),
    }
}

/// Looks for a message that may have been sent at `sent_at`, before the program
/// ended, and follows it for up to `limit`. `None` where Aliyun does not list
/// it, which proves nothing.
pub async fn look_for_test(
    connector: &Connector,
    to: &PhoneNumber,
    out_id: OutId,
    sent_at: Timestamp,
    limit: Duration,
) -> Option<Check> {
    let doubt = Outcome::Unknown(Doubt {
        out_id,
        request_id: None,
        code: "interrupted".to_owned(),
        cause: Text::fixed("the program ended meanwhile", "程序在此期间已退出"),
        cure: Text::fixed("look at the phone", "请查看手机"),
        sent_at,
    });
    match connector.settle(to, doubt, SETTLE).await {
        Outcome::Accepted(receipt) => Some(follow(connector, to, &receipt, limit).await),
        _ => None,
    }
}

/// What is known to be about something else is said under its name.
fn refused(refusal: &Refusal, subject: &str) -> Check {
    let Refusal { code, cure, .. } = refusal;
    let message = refusal.cause.with_code(code);
    match code.strip_prefix("isv.").unwrap_or(code) {
        "DENY_IP_RANGE" => Check::failure(
            CheckId::SourceAddress,
            "this machine",
            message,
            cure.clone(),
        ),
        "AMOUNT_NOT_ENOUGH" => {
            Check::failure(CheckId::Balance, "account", message, cure.clone()).at(links::MONEY)
        }
        _ => Check::failure(CheckId::TestMessage, subject, message, cure.clone()),
    }
}

async fn follow(
    connector: &Connector,
    to: &PhoneNumber,
    receipt: &Receipt,
    limit: Duration,
) -> Check {
    let subject = to.masked();
    let Some(delivery) = connector.delivery(to, receipt, limit).await else {
        return Check::ok(
            CheckId::TestMessage,
            &subject,
            Text::made(
                format!("was accepted; look at the phone: {}", UNREPORTED.en),
                format!("已受理，请查看手机：{}", UNREPORTED.zh),
            ),
        );
    };
    match delivery {
        Delivery::Delivered => Check::ok(
            CheckId::TestMessage,
            &subject,
            Text::fixed("was delivered", "已送达"),
        ),
        Delivery::Waiting => Check::warning(
            CheckId::TestMessage,
            &subject,
            Text::made(
                format!("was accepted, and has no report after {} s", limit.as_secs()),
                format!("已受理，但 {} 秒内没有回执", limit.as_secs()),
            ),
            Text::fixed(
                "look at the phone; reports can take minutes, the console shows them under 发送记录",
                "请查看手机；回执可能需要数分钟，可在控制台“发送记录”中查看",
            ),
        )
        .at(links::OVERVIEW),
        ref failed @ Delivery::Failed { ref code, .. } => {
            let shown = printable(code);
            let cause = failed.cause().unwrap_or_else(|| Text::fixed("failed", "失败"));
            let message = Text::made(
                format!("was accepted and not delivered: {} ({shown})", cause.en),
                format!("已受理但未送达：{}（{shown}）", cause.zh),
            );
            let cure = failed
                .cure()
                .unwrap_or_else(|| Text::fixed("try another number", "请换一个号码"));
            Check::failure(CheckId::TestMessage, &subject, message, cure)
        }
    }
}
