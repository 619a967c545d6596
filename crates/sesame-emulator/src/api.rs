//! Aliyun's side of the wire: one request in, one answer out.
//!
//! The order of checks is Aliyun's as far as recorded answers tell it: access
//! key, (time, nonce,) signature, (version, action,) required parameters,
//! permission, and then the product's own rules. What stands in brackets is a
//! choice. The product's rules answer with HTTP status 200, everything before
//! them is the gateway's and does not.

pub(crate) mod actions;
mod auth;
mod base;
mod billing;
mod codes;
mod conversion;
mod draft;
mod globe;
mod misbehave;
mod pns;
mod query;
mod refusal;
mod reply;
mod review;
mod send;
mod sign_names;
mod statistics;
mod templates;
pub(crate) mod texts;
pub(crate) mod xml;

use std::net::IpAddr;
use std::sync::Arc;

use aliyun_sms::sign::Pair;
use aliyun_sms::sign::received::{Found, Parameters, Request, Stages};
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, request};
use jiff::Timestamp;
use serde_json::Value;

use self::actions::{Action, Operation, Product};
use self::auth::Claim;
pub(crate) use self::refusal::Refusal;
pub(crate) use self::reply::request_id;
use self::reply::{Context, Fields};
use crate::account::{AccessKey, Account, AccountState, AddressDenied, PermissionDenied};
use crate::listener::Peer;
use crate::meter::Throttle;
use crate::requests::Kept;
use crate::state::Shared;

/// A browser's address bar shows the inbox instead of an error.
const INBOX: &str = "/_emulator/";
/// More headers, or more text in them, than any client sends.
const HEADERS_MAX: usize = 200;
const HEADERS_MAX_BYTES: usize = 64 * 1024;
/// How much of a body the list of requests shows.
const EXCERPT_MAX: usize = 64 * 1024;

/// A request in the forms its handling wants it.
struct Call<'a> {
    request: Request<'a>,
    parameters: Parameters,
    found: Found,
    /// Declared to be JSON, and no object of it.
    is_no_json: bool,
    context: Context,
    version: String,
    /// Where it comes from.
    address: IpAddr,
    now: Timestamp,
}

/// Answers one request.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    parts: request::Parts,
    body: Result<Bytes, Refusal>,
    peer: &Peer,
) -> Response<Body> {
    if wants_inbox(&parts) {
        return reply::redirect(INBOX);
    }
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let headers = pairs(&parts.headers);
    let (body, unreadable) = match body {
        Ok(body) => (body, None),
        Err(refusal) => (Bytes::new(), Some(refusal)),
    };
    let request = Request {
        method: parts.method.as_str(),
        target,
        headers: &headers,
        body: &body,
    };
    let now = shared.now();
    let call = Call::read(request, now, shared, peer.address);
    let early = unreadable.or_else(|| transport_refusal(&parts, &headers));
    let struck = if early.is_none() {
        shared.lock().faults.take(&call.context.action)
    } else {
        None
    };
    let number = remember(shared, &call, &body);
    let handling = Handling {
        shared,
        call: &call,
        early,
    };
    let mut outcome = misbehave::answer(&handling, struck, &peer.cut).await;
    conclude(shared, number, &call, &mut outcome);
    outcome.response
}

/// What came of a request.
struct Outcome {
    response: Response<Body>,
    code: String,
    stages: Option<Stages>,
    has_answer: bool,
}

/// A request that waits to be handled.
struct Handling<'a> {
    shared: &'a Arc<Shared>,
    call: &'a Call<'a>,
    early: Option<Refusal>,
}

impl Handling<'_> {
    /// Handles it the way Aliyun does.
    fn run(&self) -> Outcome {
        let mut stages = None;
        let result = match &self.early {
            Some(refusal) => Err(refusal.clone()),
            None => self.call.run(self.shared, &mut stages),
        };
        let code = match &result {
            Ok(_) => "OK".to_owned(),
            Err(refusal) => refusal.code.to_string(),
        };
        Outcome {
            response: self.call.context.response(result),
            code,
            stages,
            has_answer: true,
        }
    }
}

impl<'a> Call<'a> {
    fn read(request: Request<'a>, now: Timestamp, shared: &Shared, address: IpAddr) -> Self {
        let mut parameters = request.parameters();
        let found = request.found(&parameters);
        let header_first = !matches!(found, Found::RpcV1 { .. });
        // A JSON body is covered by ACS3's hash, and by nothing in RPC V1.
        let members = if header_first {
            json_parameters(&request)
        } else {
            Some(Vec::new())
        };
        let is_no_json = members.is_none();
        parameters.form.extend(members.unwrap_or_default());
        let named = |header: &str, parameter: &str| {
            let header = request.header(header).filter(|value| !value.is_empty());
            let parameter = parameters.get(parameter).filter(|value| !value.is_empty());
            let value = if header_first {
                header.or(parameter)
            } else {
                parameter.or(header)
            };
            value.unwrap_or_default().to_owned()
        };
        let action = named("x-acs-action", "Action");
        let version = named("x-acs-version", "Version");
        let context = Context {
            request_id: reply::request_id(&*shared.source),
            trace_id: reply::trace_id(&*shared.source),
            host: request.header("host").unwrap_or_default().to_owned(),
            is_xml: parameters
                .get("Format")
                .is_some_and(|format| format.eq_ignore_ascii_case("xml")),
            product: Product::of(&version, &action),
            action,
            now,
        };
        Self {
            request,
            parameters,
            found,
            is_no_json,
            context,
            version,
            address,
            now,
        }
    }

    fn run(&self, shared: &Shared, stages: &mut Option<Stages>) -> Result<Fields, Refusal> {
        let key = auth::authenticate(self, shared, stages)?;
        if self.is_no_json {
            // Aliyun's own code for this is not known; this one is its general
            // one.
            return Err(Refusal::gateway("InvalidParameter")
                .with_message("The request body is no JSON object."));
        }
        let operation = self.operation()?;
        self.throttle(operation, shared)?;
        self.require(operation)?;
        let book = Arc::clone(&shared.lock().book);
        permit(&key, operation, &book.account, self.address)
            .and_then(|()| check_state(operation.product, book.account.state))
            .and_then(|()| (operation.handler)(self, shared))
            .map_err(|refusal| refusal.of_product(operation.product, &book.account.pns))
    }

    /// Checked after the signature, so that a changed name is a changed request.
    fn operation(&self) -> Result<&'static Operation, Refusal> {
        if let Some(format) = self.get("Format")
            && !format.eq_ignore_ascii_case("json")
            && !format.eq_ignore_ascii_case("xml")
        {
            return Err(Refusal::gateway("InvalidParameter.Format"));
        }
        if self.version.is_empty() {
            return Err(Refusal::missing("Version"));
        }
        let versions = [
            actions::VERSION_2017,
            actions::VERSION_2018,
            actions::VERSION_BILLING,
        ];
        if !versions.contains(&self.version.as_str()) {
            return Err(Refusal::gateway("InvalidVersion"));
        }
        if self.context.action.is_empty() {
            return Err(Refusal::missing("Action"));
        }
        match Action::find(&self.version, &self.context.action) {
            Action::Built(operation) => Ok(operation),
            Action::NotBuilt => {
                tracing::debug!(action = known_action(&self.context.action), "not built");
                Err(Refusal::gateway("InvalidAction.NotFound"))
            }
            Action::Unknown => Err(Refusal::gateway("InvalidAction.NotFound")),
        }
    }

    fn throttle(&self, operation: &Operation, shared: &Shared) -> Result<(), Refusal> {
        let mut state = shared.lock();
        let limits = &state.book.account.limits;
        let Some(per_second) = limits.calls_per_second else {
            return Ok(());
        };
        let retry_after_ms = limits.retry_after_ms;
        let throttle: &mut Throttle = state.throttles.entry(operation.name).or_default();
        if throttle.admits(per_second, self.now) {
            return Ok(());
        }
        let refusal = Refusal::gateway("Throttling.User");
        Err(match retry_after_ms {
            Some(ms) => refusal.with_header("x-acs-retry-after", ms.to_string()),
            None => refusal,
        })
    }

    /// An empty value is a missing one.
    fn require(&self, operation: &Operation) -> Result<(), Refusal> {
        let missing = operation
            .required
            .iter()
            .find(|name| self.get(name).is_none());
        missing.map_or(Ok(()), |name| Err(Refusal::missing(name)))
    }

    /// A parameter that is there and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).filter(|value| !value.is_empty())
    }

    /// A truth value: Alibaba's clients write `true` or `True`.
    fn truth(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid(name)),
        }
    }

    /// A whole number that is not negative.
    fn whole_number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        // Rust would read a sign as well.
        let number = text.parse().ok().filter(|_| !text.starts_with('+'));
        number.map(Some).ok_or_else(|| Refusal::invalid(name))
    }

    fn claim(&self) -> Claim<'_> {
        Claim::of(&self.request, &self.parameters, &self.found)
    }
}

fn permit(
    key: &AccessKey,
    operation: &Operation,
    account: &Account,
    address: IpAddr,
) -> Result<(), Refusal> {
    let is_from_within =
        account.address_denied != AddressDenied::Permission || key.may_call_from(address);
    let permission = operation.permission();
    if is_from_within && key.may(&permission) {
        return Ok(());
    }
    Err(denied(account.permission_denied, &permission))
}

fn denied(form: PermissionDenied, permission: &str) -> Refusal {
    match form {
        PermissionDenied::NoPermission => {
            Refusal::gateway("NoPermission").with_detail(reply::access_denied_detail(permission))
        }
        PermissionDenied::ForbiddenRam => Refusal::gateway("Forbidden.RAM"),
        PermissionDenied::Forbidden => Refusal::gateway("Forbidden"),
        PermissionDenied::RamPermissionDeny => Refusal::business("isp.RAM_PERMISSION_DENY"),
    }
}

/// An account in arrears may still ask; one that never bought the product, or is
/// frozen, may do nothing.
fn check_state(product: Product, state: AccountState) -> Result<(), Refusal> {
    match state {
        _ if product == Product::Billing => Ok(()),
        AccountState::Normal | AccountState::OutOfService => Ok(()),
        AccountState::Unsubscribed => Err(Refusal::business("isv.PRODUCT_UN_SUBSCRIPT")),
        AccountState::Frozen => Err(Refusal::business("isv.SECURITY_FROZEN_ACCOUNT")),
    }
}

/// What is wrong before anybody asks who is calling.
fn transport_refusal(parts: &request::Parts, headers: &[Pair]) -> Option<Refusal> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if headers.len() > HEADERS_MAX || bytes > HEADERS_MAX_BYTES {
        return Some(Refusal::header_too_large());
    }
    if parts.uri.path() != "/" {
        return Some(Refusal::gateway("InvalidAction.NotFound"));
    }
    let is_served = parts.method == Method::GET || parts.method == Method::POST;
    (!is_served).then(|| Refusal::gateway("UnsupportedHTTPMethod"))
}

fn wants_inbox(parts: &request::Parts) -> bool {
    let accepts_html = parts
        .headers
        .get(http::header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    parts.method == Method::GET
        && parts.uri.path() == "/"
        && parts.uri.query().is_none()
        && accepts_html
        && !parts.headers.contains_key("x-acs-action")
        && !parts.headers.contains_key(http::header::AUTHORIZATION)
}

/// Values that are no UTF-8 are replaced, as in parameters.
fn pairs(headers: &HeaderMap) -> Vec<Pair> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

/// The members of a JSON body; a `null` is absent, what else is no text becomes
/// its JSON. `None` where the body is no object; one without a byte is as good as
/// one without a member.
fn json_parameters(request: &Request<'_>) -> Option<Vec<Pair>> {
    let is_json = request.header("content-type").is_some_and(|kind| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    });
    if !is_json || request.body.is_empty() {
        return Some(Vec::new());
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(request.body) else {
        return None;
    };
    let pairs = members.into_iter().filter_map(|(name, value)| match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    });
    Some(pairs.collect())
}

/// Keeps the request for whoever asks. It counts from its arrival on: the answer
/// may never come.
fn remember(shared: &Shared, call: &Call<'_>, body: &Bytes) -> u64 {
    let request = &call.request;
    let kept = Kept {
        received_at: call.now,
        method: request.method.to_owned(),
        target: request.target.to_owned(),
        headers: request.headers.to_vec(),
        body: excerpt(body),
        action: call.context.action.clone(),
        token: call.claim().token.map(str::to_owned),
        http_status: 0,
        code: String::new(),
        stages: None,
    };
    shared.lock().requests.arrived(kept)
}

/// What is kept of a body: enough for every request that makes sense.
fn excerpt(body: &Bytes) -> Bytes {
    if body.len() <= EXCERPT_MAX {
        return body.clone();
    }
    Bytes::copy_from_slice(&body[..EXCERPT_MAX])
}

/// Adds what came of it, and tells the log what is no secret.
fn conclude(shared: &Shared, number: u64, call: &Call<'_>, outcome: &mut Outcome) {
    let status = if outcome.has_answer {
        outcome.response.status().as_u16()
    } else {
        0
    };
    let action = known_action(&call.context.action);
    tracing::debug!(action, http.status = status, code = %outcome.code, "request");
    let stages = outcome.stages.take();
    shared
        .lock()
        .requests
        .answered(number, status, &outcome.code, stages);
}

/// A name that nobody knows may be anything, so it is not logged.
fn known_action(name: &str) -> &str {
    if actions::is_known(name) {
        name
    } else {
        "unknown"
    }
}
