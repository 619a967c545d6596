//! How a call to Aliyun ends, in our words.

use aliyun_sms::code::Kind;
use aliyun_sms::wire::SendSmsReply;
use aliyun_sms::{Disposition, Error, RefusedLimit, Unanswered, Unsent};
use jiff::Timestamp;

use crate::message::Prepared;
use crate::outcome::{Doubt, Outcome, Receipt, Refusal, Stage};
use crate::provider::{FindError, FindFailure, Told};
use crate::text::Text;

pub(super) fn accepted(message: &Prepared, sent_at: Timestamp, reply: SendSmsReply) -> Outcome {
    Outcome::Accepted(Receipt {
        out_id: message.out_id.clone(),
        biz_id: reply.biz_id,
        request_id: reply.request_id,
        sent_at,
    })
}

pub(in crate::provider) fn not_accepted(
    message: &Prepared,
    sent_at: Timestamp,
    error: &Error,
) -> Outcome {
    let out_id = message.out_id.clone();
    let request_id = error.request_id().filter(|id| !shows(id, message));
    let request_id = request_id.map(str::to_owned);
    let code = Some(code(error)).filter(|code| !shows(code, message));
    let code = code.unwrap_or_else(|| FAILED.to_owned());
    let (cause, cure) = texts(error);
    let stage = match error.disposition() {
        Disposition::NotSent => Stage::NotSent,
        Disposition::Refused => Stage::Provider,
        Disposition::Unknown => {
            return Outcome::Unknown(Doubt {
                out_id,
                request_id,
                code,
                cause,
                cure,
                sent_at,
            });
        }
    };
    Outcome::Refused(Refusal {
        out_id,
        request_id,
        code,
        kind: kind(error),
        stage,
        cause,
        cure,
        retry_after: error.retry_after(),
        is_transient: error.is_transient(),
    })
}

pub(in crate::provider) fn not_found(error: &Error) -> FindError {
    let (cause, cure) = texts(error);
    FindError::Failed(Box::new(FindFailure {
        code: code(error),
        cause,
        cure,
        is_transient: error.is_transient(),
    }))
}

/// What telling ended in.
pub(in crate::provider) fn told<T>(answer: Result<T, Error>) -> Told {
    answer.map(drop).map_err(|error| match not_found(&error) {
        FindError::Failed(mut failure) if failure.is_transient => {
            failure.cure = TOLD_AGAIN;
            FindError::Failed(failure)
        }
        error => error,
    })
}

/// Nothing was sent, so the cures of sending do not fit.
const TOLD_AGAIN: Text = Text::fixed(
    "nothing: it is told again by itself; if this goes on, look at the network and the endpoint",
    "无需处理：稍后会自动重试；若持续出现，请检查网络与接入点",
);

/// Whether a code or an id holds the number or a value of this message: what
/// answers need not be Aliyun, and codes and ids are passed on.
fn shows(text: &str, message: &Prepared) -> bool {
    let is_value = |word: &str| message.params.iter().any(|(_, value)| value == word);
    text.contains(message.to.national())
        || text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(is_value)
}

/// For what has no code that could be told.
const FAILED: &str = "failed";

/// Aliyun's code, or a stable one of ours.
fn code(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => refusal.code.clone(),
        Error::Credentials(_) => "no_credentials".to_owned(),
        Error::Unsent(Unsent::Tls { .. }) => "tls_failed".to_owned(),
        Error::Unsent(Unsent::Setup { .. }) => "setup_failed".to_owned(),
        Error::Unsent(_) => "endpoint_unreachable".to_owned(),
        Error::Unanswered(Unanswered::TimedOut { .. }) => "timed_out".to_owned(),
        Error::Unanswered(Unanswered::Broken) => "connection_broken".to_owned(),
        Error::Unanswered(_) => "unreadable_answer".to_owned(),
        _ => FAILED.to_owned(),
    }
}

fn kind(error: &Error) -> Kind {
    match error {
        Error::Refused(refusal) => refusal.kind(),
        Error::Credentials(_) => Kind::Credential,
        Error::Unsent(Unsent::Setup { .. } | Unsent::Tls { .. }) => Kind::Configuration,
        _ => Kind::Server,
    }
}

/// Cause and cure.
pub(crate) fn texts(error: &Error) -> (Text, Text) {
    match error {
        Error::Refused(refusal) => refused(refusal),
        Error::Credentials(error) => (
            Text::made(error.to_string(), format!("没有可用的访问凭证：{error}")),
            Text::fixed(
                "give accessKeyId and accessKeySecret, or set up one of the sources named",
                "请填写 accessKeyId 和 accessKeySecret，或配置上述任一凭证来源",
            ),
        ),
        Error::Unsent(unsent) => (cause_unsent(unsent), cure_unsent(unsent)),
        Error::Unanswered(unanswered) => {
            (cause_unanswered(unanswered), cure_unanswered(unanswered))
        }
        other => (
            Text::made(other.to_string(), format!("调用失败：{other}")),
            Text::fixed("try again later", "请稍后再试"),
        ),
    }
}

fn refused(refusal: &aliyun_sms::Refusal) -> (Text, Text) {
    let Some(entry) = refusal.entry() else {
        return (
            Text::fixed(
                "Aliyun answered with a code that is not known here",
                "阿里云返回了一个本程序未收录的错误码",
            ),
            Text::fixed(
                "look the code up in Aliyun's list of error codes, or give the request id to its support",
                "请在阿里云错误码文档中查询该错误码，或将请求 ID 提供给阿里云技术支持",
            ),
        );
    };
    let cause = match (refusal.limit, refusal.clock_behind_secs) {
        (Some(limit), _) => limit_cause(limit),
        (None, Some(behind)) if behind != 0 => clock_cause(behind),
        _ => entry.cause.into(),
    };
    (cause, entry.cure.into())
}

/// Which of its windows a number has used up: Aliyun says so in a text that is
/// not passed on.
fn limit_cause(limit: RefusedLimit) -> Text {
    let (en, zh) = span(limit.window_secs.into());
    let permits = limit.permits;
    Text::made(
        format!("this number has had as many messages as Aliyun allows it in {en}: {permits}"),
        format!("该号码在{zh}内收到的短信已达阿里云的上限（{permits} 条）"),
    )
}

pub(crate) fn clock_cause(behind: i64) -> Text {
    let (span_en, span_zh) = span(behind.unsigned_abs());
    let (en, zh) = if behind > 0 {
        ("behind", "慢")
    } else {
        ("ahead of", "快")
    };
    Text::made(
        format!("this machine's clock is {span_en} {en} Aliyun's"),
        format!("本机时钟比阿里云{zh}{span_zh}"),
    )
}

/// A span of time in its largest unit, rounded down.
fn span(secs: u64) -> (String, String) {
    let units = [
        (365 * 86_400, "year", "年"),
        (86_400, "day", "天"),
        (3600, "hour", "小时"),
        (60, "minute", "分钟"),
    ];
    let found = units.into_iter().find(|(length, ..)| secs >= *length);
    let (length, en, zh) = found.unwrap_or((1, "second", "秒"));
    let count = secs / length;
    let plural = if count == 1 { "" } else { "s" };
    (format!("{count} {en}{plural}"), format!("{count} {zh}"))
}

fn cause_unsent(unsent: &Unsent) -> Text {
    let zh = match unsent {
        Unsent::Dns { host } => format!("无法解析主机名 {host}"),
        Unsent::Connect { host, reason } => format!("无法连接 {host}：{}", reason.zh()),
        Unsent::ConnectTimeout { host, timeout } => {
            format!("{} 毫秒内未能连接 {host}", timeout.as_millis())
        }
        Unsent::Tls { host, reason } => format!("与 {host} 的安全连接失败：{}", reason.zh()),
        Unsent::Proxy {
            proxy,
            host,
            reason,
        } => {
            format!("代理 {proxy} 未能连接 {host}：{}", reason.zh())
        }
        other => other.to_string(),
    };
    Text::made(unsent.to_string(), zh)
}

fn cure_unsent(unsent: &Unsent) -> Text {
    match unsent {
        Unsent::Dns { .. } => Text::fixed(
            "check the endpoint's spelling and this machine's name resolution; nothing was sent",
            "请检查 endpoint 拼写和本机域名解析；短信未发出",
        ),
        Unsent::Tls { .. } => Text::fixed(
            "check the endpoint and its certificate; where a proxy re-signs, trust its certificate by SSL_CERT_FILE; nothing was sent",
            "请检查 endpoint 及其证书；若经由会重签证书的代理，请用 SSL_CERT_FILE 信任其证书；短信未发出",
        ),
        Unsent::Proxy { .. } => Text::fixed(
            "check the proxy in HTTPS_PROXY, or list the endpoint's host in NO_PROXY; nothing was sent",
            "请检查 HTTPS_PROXY 中的代理，或在 NO_PROXY 中加入 endpoint 的主机；短信未发出",
        ),
        _ => Text::fixed(
            "check the endpoint, this machine's network and its firewall; nothing was sent",
            "请检查 endpoint、本机网络和防火墙；短信未发出",
        ),
    }
}

fn cause_unanswered(unanswered: &Unanswered) -> Text {
    let zh = match unanswered {
        Unanswered::TimedOut { timeout } => format!("{} 毫秒内没有应答", timeout.as_millis()),
        Unanswered::Broken => "应答未完整到达，连接已断开".to_owned(),
        Unanswered::Unreadable { status, what } => {
            format!("应答并非来自阿里云短信接口：HTTP {status}，{}", what.zh())
        }
        other => other.to_string(),
    };
    Text::made(unanswered.to_string(), zh)
}

fn cure_unanswered(unanswered: &Unanswered) -> Text {
    match unanswered {
        Unanswered::Unreadable { .. } => Text::fixed(
            "check that the endpoint is Aliyun's and no proxy answers for it; the message may have been sent all the same",
            "请确认 endpoint 是阿里云的地址，且没有代理代为应答；短信仍可能已发出",
        ),
        _ => Text::fixed(
            "do not send again before asking what became of it; the message may have been sent",
            "请先查询发送结果再决定是否重发；短信可能已经发出",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refusal(code: &str, http_status: u16) -> aliyun_sms::Refusal {
        aliyun_sms::Refusal {
            code: code.to_owned(),
            http_status,
            request_id: Some("REQ-1".to_owned()),
            retry_after: Some(Duration::from_secs(60)),
            limit: None,
            clock_behind_secs: None,
            after_resend: false,
        }
    }

    #[test]
    fn every_code_of_the_catalogue_has_texts_in_both_languages() {
        for entry in aliyun_sms::code::entries() {
            let error = Error::Refused(refusal(entry.code, 200));
            let (cause, cure) = texts(&error);
            assert!(
                !cause.zh.is_empty() && !cure.en.is_empty(),
                "{}",
                entry.code
            );
            assert_eq!(code(&error), entry.code);
        }
    }

    #[test]
    fn a_limit_is_told_by_its_window() {
        let mut refusal = refusal("isv.BUSINESS_LIMIT_CONTROL", 200);
        refusal.limit = Some(RefusedLimit {
            window_secs: 3600,
            permits: 5,
        });
        let (cause, cure) = texts(&Error::Refused(refusal));
        assert!(cause.en.ends_with("in 1 hour: 5"), "{}", cause.en);
        assert!(cause.zh.contains("1 小时"), "{}", cause.zh);
        assert!(!cure.en.contains("message names"));
    }

    #[test]
    fn a_wrong_clock_is_told_by_how_much() {
        let mut refusal = refusal("InvalidTimeStamp.Expired", 400);
        refusal.clock_behind_secs = Some(-3600);
        let (cause, _) = texts(&Error::Refused(refusal));
        assert_eq!(cause.en, "this machine's clock is 1 hour ahead of Aliyun's");
    }
}
