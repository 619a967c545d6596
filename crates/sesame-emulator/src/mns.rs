//! The message queues over HTTP: taking messages and deleting them, for whoever
//! has a token.
//!
//! What Aliyun documents of this for SMS ends at the names of the queues, their
//! tokens and the base64; the rest is the queue product's own interface, as far
//! as its clients need it to take and to delete.

use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::sign::received::decode_form;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request};
use jiff::{SignedDuration, Timestamp};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use crate::account::ReportQueue;
use crate::api::{Refusal, request_id, xml};
use crate::clock::http_date;
use crate::queue::{MessageType, Queued};
use crate::state::{Shared, State};

/// Everything of the queues is below this path.
pub(crate) const PATH: &str = "/queues/";

const NAMESPACE: &str = "http://mns.aliyuncs.com/doc/v1";
const VERSION: &str = "2015-06-06";
const WAIT_MAX_SECS: u64 = 30;
const BATCH_MAX: usize = 16;
/// How long a request that waits leaves the queue alone.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A request that is refused: status, code and words.
struct Error(u16, &'static str, &'static str);

const ACCESS_DENIED: Error = Error(
    403,
    "AccessDenied",
    "The OwnerId that your Access Key Id associated to is forbidden for this operation.",
);
const UNKNOWN_KEY: Error = Error(
    403,
    "AccessIDAuthError",
    "AccessID authorized failed, please check your AccessID.",
);
const MISMATCH: Error = Error(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
);
const TIME_EXPIRED: Error = Error(408, "TimeExpired", "The http request you sent is expired.");
const NO_QUEUE: Error = Error(
    404,
    "QueueNotExist",
    "The queue name you provided is not exist.",
);
const NO_MESSAGE: Error = Error(404, "MessageNotExist", "Message not exist.");
const BAD_RECEIPT: Error = Error(
    400,
    "ReceiptHandleError",
    "The receipt handle you provide is not valid.",
);
const BAD_ARGUMENT: Error = Error(
    400,
    "InvalidArgument",
    "The value of an argument is not valid.",
);
const BAD_REQUEST: Error = Error(400, "BadRequest", "The request is not one of a queue.");

/// What was done: status, and the document where there is one.
type Done = (u16, Option<String>);

pub(crate) async fn handle(
    shared: &Arc<Shared>,
    parts: &request::Parts,
    body: Result<Bytes, Refusal>,
) -> Response<Body> {
    let done = match body {
        Ok(body) => serve(shared, parts, &body).await,
        Err(_) => Err(BAD_REQUEST),
    };
    let request_id = request_id(&*shared.source);
    let (status, document) = done.unwrap_or_else(|error| {
        let host = parts.headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        (error.0, Some(error.document(&request_id, host)))
    });
    respond(shared.now(), status, document, &request_id)
}

impl Error {
    fn document(&self, request_id: &str, host: &str) -> String {
        let fields = [
            ("Code", self.1.into()),
            ("Message", self.2.into()),
            ("RequestId", request_id.into()),
            ("HostId", format!("http://{host}").into()),
        ];
        element("Error", &xml::elements(&fields))
    }
}

fn respond(
    now: Timestamp,
    status: u16,
    document: Option<String>,
    request_id: &str,
) -> Response<Body> {
    let mut response = Response::new(Body::from(document.unwrap_or_default()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "text/xml;charset=utf-8"),
        (header::DATE, &http_date(now)),
        (HeaderName::from_static("x-mns-version"), VERSION),
        (HeaderName::from_static("x-mns-request-id"), request_id),
    ];
    for (name, text) in headers {
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn serve(shared: &Shared, parts: &request::Parts, body: &Bytes) -> Result<Done, Error> {
    let kind = open(shared, parts)?;
    let query = decode_form(parts.uri.query().unwrap_or_default().as_bytes());
    let asked = |name: &str| {
        let found = query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    };
    match parts.method {
        Method::GET => {
            let many = whole_number(asked("numOfMessages"), 1, BATCH_MAX as u64)?;
            let wait_secs = whole_number(asked("waitseconds"), 0, WAIT_MAX_SECS)?.unwrap_or(0);
            let taken = take(shared, kind, many.unwrap_or(1), wait_secs).await?;
            Ok((200, Some(written(&taken, many.is_some()))))
        }
        Method::DELETE => {
            let named: Vec<String> = match asked("ReceiptHandle") {
                Some(receipt) => vec![receipt.to_owned()],
                None => receipts(&String::from_utf8_lossy(body)),
            };
            delete(shared, kind, &named)?;
            Ok((204, None))
        }
        _ => Err(BAD_REQUEST),
    }
}

fn whole_number(text: Option<&str>, least: u64, most: u64) -> Result<Option<u64>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let number = text.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .map(Some)
        .ok_or(BAD_ARGUMENT)
}

/// The queue that is meant, if the caller may open it.
fn open(shared: &Shared, parts: &request::Parts) -> Result<MessageType, Error> {
    let now = shared.now();
    let state = shared.lock();
    authenticate(&state, parts, now)?;
    let name = parts
        .uri
        .path()
        .strip_prefix(PATH)
        .and_then(|path| path.strip_suffix("/messages"))
        .ok_or(BAD_REQUEST)?;
    let account = &state.book.account;
    MessageType::of_queue(name, &account.account_id)
        .filter(|_| account.report_queue != ReportQueue::Off)
        .ok_or(NO_QUEUE)
}

/// `MNS <key id>:<signature>`, with a key that `QueryTokenForMnsQueue` gave, and
/// its token beside it.
fn authenticate(state: &State, parts: &request::Parts, now: Timestamp) -> Result<(), Error> {
    let headers = &parts.headers;
    let (key_id, signature) = text(headers, "authorization")
        .strip_prefix("MNS ")
        .and_then(|authorization| authorization.split_once(':'))
        .ok_or(ACCESS_DENIED)?;
    let token = state.queues.token(key_id).ok_or(UNKNOWN_KEY)?;
    let tolerance_secs = i64::from(state.book.account.time_tolerance_mins) * 60;
    check_date(text(headers, "date"), now, tolerance_secs)?;
    let own = sign(token.secret.reveal(), &string_to_sign(parts));
    if !is_equal(&own, signature) {
        return Err(MISMATCH);
    }
    if token.ends_at <= now || !is_equal(token.token.reveal(), text(headers, "security-token")) {
        return Err(ACCESS_DENIED);
    }
    Ok(())
}

fn check_date(date: &str, now: Timestamp, tolerance_secs: i64) -> Result<(), Error> {
    let date = jiff::fmt::rfc2822::parse(date).map_err(|_| TIME_EXPIRED)?;
    let off = date.timestamp().duration_since(now).abs();
    if off > SignedDuration::from_secs(tolerance_secs) {
        return Err(TIME_EXPIRED);
    }
    Ok(())
}

fn string_to_sign(parts: &request::Parts) -> String {
    let headers = &parts.headers;
    let mut own: Vec<(&str, &str)> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| name.starts_with("x-mns-"))
        .map(|name| (name, text(headers, name)))
        .collect();
    own.sort_unstable();
    let own: String = own
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    format!(
        "{}\n{}\n{}\n{}\n{own}{target}",
        parts.method,
        text(headers, "content-md5"),
        text(headers, "content-type"),
        text(headers, "date"),
    )
}

fn sign(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("any key length will do");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn is_equal(own: &str, claimed: &str) -> bool {
    own.as_bytes().ct_eq(claimed.as_bytes()).into()
}

/// A header that is absent is empty.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Takes messages; where there are none, waits a while for the first.
async fn take(
    shared: &Shared,
    kind: MessageType,
    many: u64,
    wait_secs: u64,
) -> Result<Vec<Queued>, Error> {
    let many = usize::try_from(many).unwrap_or(BATCH_MAX);
    let take_now = || {
        let (mut state, now) = shared.settled();
        state.queues.take(kind, many, now)
    };
    let first = take_now();
    if !first.is_empty() {
        return Ok(first);
    }
    let wait = async {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let taken = take_now();
            if !taken.is_empty() {
                return taken;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(wait_secs), wait)
        .await
        .map_err(|_| NO_MESSAGE)
}

fn delete(shared: &Shared, kind: MessageType, receipts: &[String]) -> Result<(), Error> {
    let (mut state, now) = shared.settled();
    let mut all_known = !receipts.is_empty();
    for receipt in receipts {
        let number = receipt.parse().ok();
        all_known &= number.is_some_and(|number| state.queues.delete(kind, number, now));
    }
    if all_known { Ok(()) } else { Err(BAD_RECEIPT) }
}

/// The receipts of a batch.
fn receipts(document: &str) -> Vec<String> {
    document
        .split("<ReceiptHandle>")
        .skip(1)
        .filter_map(|rest| rest.split_once("</ReceiptHandle>"))
        .map(|(receipt, _)| receipt.trim().to_owned())
        .collect()
}

fn written(taken: &[Queued], is_batch: bool) -> String {
    if !is_batch {
        let first = taken.first().map(fields).unwrap_or_default();
        return element("Message", &first);
    }
    let all: String = taken
        .iter()
        .map(|queued| format!("<Message>{}</Message>", fields(queued)))
        .collect();
    element("Messages", &all)
}

fn fields(queued: &Queued) -> String {
    let millis = |time: Timestamp| time.as_millisecond().to_string().into();
    let md5 = Md5::digest(&queued.body);
    let md5: String = md5.iter().map(|byte| format!("{byte:02X}")).collect();
    xml::elements(&[
        ("MessageId", format!("{:032X}", queued.id).into()),
        ("ReceiptHandle", queued.receipt.to_string().into()),
        ("MessageBody", queued.body.as_str().into()),
        ("MessageBodyMD5", md5.into()),
        ("EnqueueTime", millis(queued.enqueued_at)),
        ("FirstDequeueTime", millis(queued.first_taken_at)),
        ("NextVisibleTime", millis(queued.visible_from)),
        ("DequeueCount", queued.taken.to_string().into()),
        ("Priority", "8".into()),
    ])
}

fn element(name: &str, inside: &str) -> String {
    format!("<?xml version=\"1.0\"?><{name} xmlns=\"{NAMESPACE}\">{inside}</{name}>")
}
