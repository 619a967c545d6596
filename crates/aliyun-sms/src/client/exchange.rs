//! One call from credentials to reply, and the few cases in which it is made
//! again: those in which nothing can have been sent.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;

use super::Inner;
use super::request::{Call, Signing, sign_call};
use crate::code::Kind;
use crate::endpoint::Endpoint;
use crate::error::{Error, Refusal, RefusedLimit, Unanswered, Unsent};
use crate::source::nonce;
use crate::transport::{Answer, Departure};
use crate::wire::Envelope;

/// Pauses before connecting again after no connection came about.
const CONNECT_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];
/// Less than this and the clock is not what was wrong.
const CLOCK_SLACK_SECS: i64 = 30;
const OK: &str = "OK";

/// Makes a call; the answer's code is `OK`.
pub(super) async fn call(
    inner: &Inner,
    endpoint: &Endpoint,
    call: &Call<'_>,
) -> Result<Answer, Error> {
    let departure = Departure::default();
    let timeout = inner.timeout;
    let calling = call_untimed(inner, endpoint, call, &departure);
    match tokio::time::timeout(timeout, calling).await {
        Ok(result) => result,
        Err(_) if departure.has_begun() => Err(Unanswered::TimedOut { timeout }.into()),
        Err(_) => Err(Unsent::ConnectTimeout {
            host: endpoint.host_header().to_owned(),
            timeout,
        }
        .into()),
    }
}

/// The typed reply of an answer whose code is `OK`.
pub(super) fn reply<R: DeserializeOwned>(answer: &Answer) -> Result<R, Error> {
    serde_json::from_slice(&answer.body).map_err(|_| answer.unreadable().into())
}

async fn call_untimed(
    inner: &Inner,
    endpoint: &Endpoint,
    call: &Call<'_>,
    departure: &Departure,
) -> Result<Answer, Error> {
    let mut credentials = inner.keys.provide().await?;
    let mut connect_pauses = CONNECT_PAUSES.iter();
    let mut may_correct_clock = true;
    let mut may_replace_key = true;
    loop {
        let signing = Signing {
            version: inner.signature,
            endpoint,
            credentials: &credentials,
            time: now(inner),
            nonce: &nonce(inner.source.as_ref()),
        };
        let request = sign_call(call, &signing)?;
        let refusal = match send(inner, request, departure).await {
            Ok(answered) => match read(inner, answered) {
                Err(Error::Refused(refusal)) => refusal,
                other => return other,
            },
            Err(error @ Error::Unsent(_)) if error.is_transient() => {
                match connect_pauses.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Err(error),
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        if may_correct_clock && correct_clock(inner, &refusal) {
            may_correct_clock = false;
            departure.take_back();
            continue;
        }
        if may_replace_key && is_about_the_key(&refusal) {
            may_replace_key = false;
            departure.take_back();
            if let Some(other) = inner.keys.replace(&credentials).await? {
                tracing::warn!(
                    aliyun.code = refusal.code,
                    "access key refused, going on with the other"
                );
                credentials = other;
                continue;
            }
        }
        return Err(refusal.into());
    }
}

fn now(inner: &Inner) -> jiff::Timestamp {
    let behind = inner.clock_behind_millis.load(Ordering::Relaxed);
    inner.source.now() + SignedDuration::from_millis(behind)
}

/// An answer, and whether its request had been sent before.
struct Answered {
    answer: Answer,
    after_resend: bool,
}

async fn send(
    inner: &Inner,
    request: Request<Bytes>,
    departure: &Departure,
) -> Result<Answered, Error> {
    if inner.resends_same_bytes {
        return send_and_resend(inner, request, departure).await;
    }
    let answer = inner.http.exchange_untimed(request, departure).await?;
    Ok(Answered {
        answer,
        after_resend: false,
    })
}

/// Each of the two has half of the time.
async fn send_and_resend(
    inner: &Inner,
    request: Request<Bytes>,
    departure: &Departure,
) -> Result<Answered, Error> {
    let timeout = inner.timeout / 2;
    let again = request.clone();
    let unanswered = match inner.http.exchange(request, timeout, departure).await {
        Err(Error::Unanswered(unanswered)) => unanswered,
        result => {
            return result.map(|answer| Answered {
                answer,
                after_resend: false,
            });
        }
    };
    tracing::debug!(reason = %unanswered, "no answer, sending the same bytes again");
    match inner.http.exchange(again, timeout, departure).await {
        Ok(answer) => Ok(Answered {
            answer,
            after_resend: true,
        }),
        // Not even failing to connect takes back what the first one did.
        Err(_) => Err(unanswered.into()),
    }
}

fn read(inner: &Inner, answered: Answered) -> Result<Answer, Error> {
    let answer = &answered.answer;
    let Some(envelope) = answer.envelope() else {
        return Err(xml_refusal(inner, &answered)
            .map_or_else(|| answer.unreadable().into(), Error::Refused));
    };
    match envelope.code() {
        Some(OK) if (200..300).contains(&answer.status) => {}
        // `OK` with an HTTP error contradicts itself, so it proves nothing.
        None | Some(OK) => return Err(answer.unreadable().into()),
        Some(code) => {
            let (request_id, message) = (envelope.request_id(), envelope.message());
            return Err(refusal(inner, &answered, code, request_id, message).into());
        }
    }
    Ok(answered.answer)
}

fn refusal(
    inner: &Inner,
    answered: &Answered,
    code: &str,
    request_id: Option<&str>,
    message: Option<&str>,
) -> Refusal {
    let answer = &answered.answer;
    let limit = message.and_then(RefusedLimit::from_message);
    Refusal {
        code: code.to_owned(),
        http_status: answer.status,
        request_id: request_id
            .filter(|id| !id.is_empty())
            .or_else(|| answer.header("x-acs-request-id"))
            .map(str::to_owned),
        retry_after: retry_after(answer, limit),
        limit,
        clock_behind_secs: clock_behind(inner, answer, code),
        after_resend: answered.after_resend,
    }
}

/// From the header Aliyun's SDKs read (milliseconds), the standard one
/// (seconds), or the window the text names: at the longest, that window.
fn retry_after(answer: &Answer, limit: Option<RefusedLimit>) -> Option<Duration> {
    let number = |name| answer.header(name)?.trim().parse::<u64>().ok();
    number("x-acs-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
        .or_else(|| limit.map(|limit| Duration::from_secs(limit.window_secs.into())))
}

/// A gateway may answer XML whatever it was asked for.
fn xml_refusal(inner: &Inner, answered: &Answered) -> Option<Refusal> {
    let answer = &answered.answer;
    let text = std::str::from_utf8(&answer.body).ok()?;
    if !text.contains("<Error>") {
        return None;
    }
    let code = xml_text(text, "Code").filter(|code| is_code(code))?;
    let message = xml_text(text, "Message");
    let request_id = xml_text(text, "RequestId");
    Some(refusal(inner, answered, code, request_id, message))
}

fn xml_text<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{name}>"))? + name.len() + 2;
    let length = text[start..].find("</")?;
    Some(&text[start..start + length])
}

fn is_code(text: &str) -> bool {
    (1..=80).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
}

fn is_about_the_key(refusal: &Refusal) -> bool {
    refusal.kind() == Kind::Credential && !refusal.after_resend
}

fn clock_behind(inner: &Inner, answer: &Answer, code: &str) -> Option<i64> {
    if !code.starts_with("InvalidTimeStamp") {
        return None;
    }
    let behind = answer.date()?.duration_since(inner.source.now());
    Some(behind.as_secs())
}

/// Takes the server's clock for the calls to come, if it differs enough to be
/// what was wrong. The refusal says that nothing was sent.
fn correct_clock(inner: &Inner, refusal: &Refusal) -> bool {
    let Some(behind_secs) = refusal.clock_behind_secs else {
        return false;
    };
    let known_secs = inner.clock_behind_millis.load(Ordering::Relaxed) / 1000;
    if refusal.after_resend || (behind_secs - known_secs).abs() < CLOCK_SLACK_SECS {
        return false;
    }
    inner
        .clock_behind_millis
        .store(behind_secs * 1000, Ordering::Relaxed);
    let (secs, side) = (
        behind_secs.abs(),
        if behind_secs > 0 {
            "behind"
        } else {
            "ahead of"
        },
    );
    tracing::warn!(
        clock_behind_secs = behind_secs,
        "this machine's clock is {secs} s {side} Aliyun's; signing with Aliyun's time. \
         Set the clock right, for example by NTP"
    );
    true
}

impl Answer {
    fn envelope(&self) -> Option<Envelope<'_>> {
        serde_json::from_slice(&self.body).ok()
    }
}
