//! One call from credentials to reply, and the few cases in which it is made
//! again: those in which nothing can have been sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::Inner;
use super::request::{Call, Signing, sign_call};
use crate::code::{self, Kind};
use crate::credentials::CredentialsError;
use crate::endpoint::Endpoint;
use crate::error::{Disposition, Error, Looks, Refusal, RefusedLimit, Unanswered, Unsent};
use crate::source::nonce;
use crate::transport::{Answer, Departure};
use crate::wire::{Envelope, Reading, is_id};

/// Pauses before connecting again after no connection came about.
const CONNECT_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];
/// Less than this and the clock is not what was wrong.
const CLOCK_SLACK_SECS: i64 = 30;
/// Ten years.
const CLOCK_BOUND_SECS: i64 = 10 * 366 * 86_400;
/// No answer is believed that asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// Makes a call; the reply is that of an answer whose code is one of `accepted`.
pub(super) async fn call<R: DeserializeOwned>(
    inner: &Inner,
    endpoint: &Endpoint,
    call: &Call<'_>,
    accepted: &[&str],
) -> Result<R, Error> {
    let departure = Departure::default();
    let has_key = AtomicBool::new(false);
    let timeout = inner.timeout;
    let asked = Asked {
        endpoint,
        call,
        accepted,
    };
    let calling = call_untimed(inner, &asked, &departure, &has_key);
    match tokio::time::timeout(timeout, calling).await {
        Ok(result) => result,
        Err(_) if departure.has_begun() => Err(Unanswered::TimedOut { timeout }.into()),
        Err(_) if !has_key.load(Ordering::Relaxed) => Err(CredentialsError::Failed {
            provider: "the provider of credentials".to_owned(),
            reason: format!("no answer within {} ms", timeout.as_millis()),
            is_transient: true,
        }
        .into()),
        Err(_) => Err(Unsent::ConnectTimeout {
            host: endpoint.host_header().to_owned(),
            timeout,
        }
        .into()),
    }
}

/// A call, where it goes, and which codes say that it was carried out.
struct Asked<'a> {
    endpoint: &'a Endpoint,
    call: &'a Call<'a>,
    accepted: &'a [&'a str],
}

async fn call_untimed<R: DeserializeOwned>(
    inner: &Inner,
    asked: &Asked<'_>,
    departure: &Departure,
    has_key: &AtomicBool,
) -> Result<R, Error> {
    let mut credentials = inner.keys.provide().await?;
    has_key.store(true, Ordering::Relaxed);
    let mut connect_pauses = CONNECT_PAUSES.iter();
    let mut may_correct_clock = true;
    let mut may_replace_key = true;
    loop {
        let behind_millis = inner.clock_behind_millis.load(Ordering::Relaxed);
        let signing = Signing {
            version: inner.signature,
            endpoint: asked.endpoint,
            credentials: &credentials,
            time: later(inner.source.now(), behind_millis),
            nonce: &nonce(inner.source.as_ref()),
        };
        let request = sign_call(asked.call, &signing)?;
        let refusal = match send(inner, request, departure).await {
            Ok(answered) => match read(inner, &answered, asked.accepted) {
                Err(Error::Refused(refusal)) => refusal,
                other => return other,
            },
            Err(error @ Error::Unsent(_)) if error.is_transient() => {
                match connect_pauses.next() {
                    Some(pause) => Box::pin(tokio::time::sleep(*pause)).await,
                    None => return Err(error),
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        // Whatever a code is about: the call is made again only where this one
        // has certainly sent nothing.
        if refusal.disposition() != Disposition::Refused {
            return Err(refusal.into());
        }
        departure.take_back();
        if may_correct_clock && correct_clock(inner, &refusal, behind_millis) {
            may_correct_clock = false;
            continue;
        }
        if may_replace_key && refusal.kind() == Kind::Credential {
            may_replace_key = false;
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

fn later(time: Timestamp, millis: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_millis(millis))
        .unwrap_or(time)
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
        // In a box, so that the usual way does not carry its size along.
        return Box::pin(send_and_resend(inner, request, departure)).await;
    }
    let answer = inner.transport.exchange_untimed(request, departure).await?;
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
    let unanswered = match inner.transport.exchange(request, timeout, departure).await {
        Err(Error::Unanswered(unanswered)) => unanswered,
        result => {
            return result.map(|answer| Answered {
                answer,
                after_resend: false,
            });
        }
    };
    tracing::debug!(reason = %unanswered, "no answer, sending the same bytes again");
    match inner.transport.exchange(again, timeout, departure).await {
        Ok(answer) => Ok(Answered {
            answer,
            after_resend: true,
        }),
        // Not even failing to connect takes back what the first one did.
        Err(_) => Err(unanswered.into()),
    }
}

fn read<R: DeserializeOwned>(
    inner: &Inner,
    answered: &Answered,
    accepted: &[&str],
) -> Result<R, Error> {
    let answer = &answered.answer;
    let is_accepted = |code: &str| accepted.contains(&code);
    let is_success = (200..300).contains(&answer.status);
    // Nearly all are of this kind; the rest is worth a second look.
    if is_success
        && let Some(reading) = Reading::read(&answer.body)
        && reading.envelope.code().is_some_and(is_accepted)
    {
        return Ok(reading.reply);
    }
    let Some(envelope) = Envelope::read(&answer.body) else {
        return Err(
            xml_refusal(inner, answered).map_or_else(|| answer.unreadable().into(), Error::Refused)
        );
    };
    match envelope.code() {
        Some(code) if is_accepted(code) && !is_success => Err(Unanswered::Unreadable {
            status: answer.status,
            what: Looks::Contradiction,
        }
        .into()),
        None => Err(answer.unreadable().into()),
        Some(code) if is_accepted(code) => Err(answer.unreadable().into()),
        Some(code) => {
            let (request_id, message) = (envelope.request_id(), envelope.message());
            Err(refusal(inner, answered, code, request_id, message).into())
        }
    }
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
            .or_else(|| answer.header("x-acs-request-id"))
            .filter(|id| is_id(id))
            .map(str::to_owned),
        retry_after: retry_after(answer, code, limit),
        limit,
        clock_behind_secs: clock_behind(inner, answer, code),
        after_resend: answered.after_resend,
    }
}

/// From the header Aliyun's SDKs read (milliseconds), the standard one
/// (seconds), or the window the text names: at the longest, that window. What
/// limits calls as such limits them by the second.
fn retry_after(answer: &Answer, code: &str, limit: Option<RefusedLimit>) -> Option<Duration> {
    let number = |name| answer.header(name)?.trim().parse::<u64>().ok();
    let is_limited = || code::kind_of(code, answer.status) == Kind::RateLimit;
    number("x-acs-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
        .or_else(|| limit.map(|limit| Duration::from_secs(limit.window_secs.into())))
        .or_else(|| is_limited().then_some(Duration::from_secs(1)))
        .map(|pause| pause.min(LONGEST_PAUSE))
}

/// A gateway may answer XML whatever it was asked for.
fn xml_refusal(inner: &Inner, answered: &Answered) -> Option<Refusal> {
    let answer = &answered.answer;
    let text = std::str::from_utf8(&answer.body).ok()?;
    if !text.contains("<Error>") {
        return None;
    }
    let code = xml_text(text, "Code").filter(|code| is_id(code))?;
    let message = xml_text(text, "Message");
    let request_id = xml_text(text, "RequestId");
    Some(refusal(inner, answered, code, request_id, message))
}

fn xml_text<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{name}>"))? + name.len() + 2;
    let length = text[start..].find("</")?;
    Some(&text[start..start + length])
}

fn clock_behind(inner: &Inner, answer: &Answer, code: &str) -> Option<i64> {
    if !code.starts_with("InvalidTimeStamp") {
        return None;
    }
    let behind_secs = answer.date()?.duration_since(inner.source.now()).as_secs();
    // Beyond that it is the answer's clock that is off.
    (behind_secs.abs() <= CLOCK_BOUND_SECS).then_some(behind_secs)
}

/// Takes the server's clock for the calls to come, if it differs enough from
/// the one this request was signed with to be what was wrong. Another call may
/// have corrected it meanwhile; this one is to be made again all the same.
fn correct_clock(inner: &Inner, refusal: &Refusal, signed_behind_millis: i64) -> bool {
    let Some(behind_secs) = refusal.clock_behind_secs else {
        return false;
    };
    let differs = |millis: i64| (behind_secs - millis / 1000).abs() >= CLOCK_SLACK_SECS;
    if !differs(signed_behind_millis) {
        return false;
    }
    if !differs(inner.clock_behind_millis.load(Ordering::Relaxed)) {
        return true;
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
