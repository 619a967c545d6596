//! Misbehaving on request: what the next calls of an action run into.
//!
//! A fault is used up by the next request that names its action, whatever its
//! signature is worth. `reset_after_accept` and `slow` let the request be
//! handled in full first; all others answer in its place.
//!
//! To add one: a variant of [`Fault`], its name in [`parse`](Fault::parse), its
//! effect in `api`.

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;
use serde_json::Value;

use crate::api::actions;
use crate::control::ControlError;

/// Stands for every action.
pub const ANY_ACTION: &str = "*";
/// How long `slow` waits unless told otherwise.
pub(crate) const SLOW_MS: u64 = 3000;
/// An action's queue holds at most this many calls.
const TIMES_MAX: u32 = 1_000_000;
const DELAY_MAX_MS: u64 = 3_600_000;

/// What a call runs into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer at all, and nothing accepted.
    Timeout,
    /// The connection is cut, nothing accepted.
    Reset,
    /// The call is handled, then the connection is cut before the answer.
    ResetAfterAccept,
    /// The call is handled, the answer comes late.
    Slow,
    /// A page of a proxy, status 502.
    Http502Html,
    /// Status 200 and no JSON.
    Garbage,
    /// One of Aliyun's codes.
    Code {
        /// `isv.BUSINESS_LIMIT_CONTROL`, `Throttling.User`, …
        code: String,
        /// 200 gives a body of the product, anything else one of the gateway.
        http_status: u16,
        /// Absent means the published words, or those of a real refusal where
        /// they depend on the request.
        message: Option<String>,
        /// Sent besides the usual ones.
        headers: Vec<(String, String)>,
    },
    /// Anything else, as it stands.
    Raw {
        /// The status.
        http_status: u16,
        /// Sent instead of the usual ones.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
}

/// A fault and the number of calls it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultOrder {
    /// Whose calls: an action's name, or [`ANY_ACTION`].
    pub action: String,
    /// How many calls; 0 clears the action's queue.
    pub times: u32,
    /// Absent only where `times` is 0.
    pub fault: Option<Fault>,
    /// How long to wait before it takes effect.
    pub delay_ms: Option<u64>,
}

impl FaultOrder {
    /// For the next `times` calls of `action`.
    pub fn new(action: impl Into<String>, times: u32, fault: Fault) -> Self {
        Self {
            action: action.into(),
            times,
            fault: Some(fault),
            delay_ms: None,
        }
    }

    /// Forgets what is queued for `action`.
    pub fn clear(action: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            times: 0,
            fault: None,
            delay_ms: None,
        }
    }
}

/// As it stands in the JSON of the control API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderJson {
    #[serde(default = "any_action")]
    action: String,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    fault: Option<Value>,
    #[serde(default)]
    delay_ms: Option<u64>,
}

fn any_action() -> String {
    ANY_ACTION.to_owned()
}

fn once() -> u32 {
    1
}

impl OrderJson {
    pub(crate) fn order(self) -> Result<FaultOrder, ControlError> {
        let fault = match self.fault {
            Some(value) => Some(Fault::parse(value)?),
            None if self.times == 0 => None,
            None => {
                return Err(ControlError::new("fault", "missing field `fault`")
                    .cure("say what the calls run into, or `times: 0` to clear the queue"));
            }
        };
        Ok(FaultOrder {
            action: self.action,
            times: self.times,
            fault,
            delay_ms: self.delay_ms,
        })
    }
}

const NAMES: &str = "one of \"timeout\", \"reset\", \"reset_after_accept\", \"slow\", \
                     \"http_502_html\", \"garbage\", {\"code\", \"http_status\"} or \
                     {\"http_status\", \"headers\", \"body\"}";

/// All keys of the two kinds of object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultJson {
    code: Option<String>,
    http_status: Option<u16>,
    message: Option<String>,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<String>,
}

impl Fault {
    pub(crate) fn parse(value: Value) -> Result<Self, ControlError> {
        if let Value::String(name) = &value {
            return Self::named(name).ok_or_else(|| {
                ControlError::new("fault", format!("unknown fault {name:?}")).cure(NAMES)
            });
        }
        if !value.is_object() {
            return Err(ControlError::new("fault", "is neither a name nor an object").cure(NAMES));
        }
        let json: FaultJson = serde_path_to_error::deserialize(value)
            .map_err(|error| ControlError::of_serde("fault", &error).cure(NAMES))?;
        json.fault()
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "timeout" => Self::Timeout,
            "reset" => Self::Reset,
            "reset_after_accept" => Self::ResetAfterAccept,
            "slow" => Self::Slow,
            "http_502_html" => Self::Http502Html,
            "garbage" => Self::Garbage,
            _ => return None,
        })
    }

    /// An answer with one of Aliyun's codes, with its published status and
    /// words.
    pub fn code(code: impl Into<String>) -> Self {
        let code = code.into();
        Self::Code {
            http_status: default_status(&code),
            code,
            message: None,
            headers: Vec::new(),
        }
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), ControlError> {
        let (http_status, headers) = match self {
            Self::Code { code, .. } if code.is_empty() || code == "OK" => {
                return Err(
                    ControlError::new("fault.code", "must be an error's code").cure(
                        "leave the fault away, or name a code like \"isv.BUSINESS_LIMIT_CONTROL\"",
                    ),
                );
            }
            Self::Code {
                http_status,
                headers,
                ..
            }
            | Self::Raw {
                http_status,
                headers,
                ..
            } => (http_status, headers),
            _ => return Ok(()),
        };
        if !(200..=599).contains(http_status) {
            return Err(ControlError::new(
                "fault.http_status",
                "must be from 200 to 599",
            ));
        }
        for (name, value) in headers {
            let is_header = http::HeaderName::try_from(name.as_str()).is_ok()
                && http::HeaderValue::try_from(value.as_str()).is_ok();
            if !is_header || is_framing(name) {
                return Err(ControlError::new(
                    format!("fault.headers.{name}"),
                    "is no header that can be set",
                ));
            }
        }
        Ok(())
    }
}

/// How long the body is, is not for a test to say: the connection would hang.
fn is_framing(name: &str) -> bool {
    [
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "te",
        "trailer",
    ]
    .iter()
    .any(|framing| name.eq_ignore_ascii_case(framing))
}

fn default_status(code: &str) -> u16 {
    let is_product =
        code.starts_with("isv.") || code.starts_with("isp.") || code.starts_with("biz.");
    let otherwise = if is_product { 200 } else { 400 };
    crate::api::texts::published(code).map_or(otherwise, |(status, _)| status)
}

impl FaultJson {
    fn fault(self) -> Result<Fault, ControlError> {
        let headers: Vec<(String, String)> = self.headers.into_iter().collect();
        let fault = match (self.code, self.body) {
            (Some(_), Some(_)) => {
                return Err(ControlError::new("fault", "has both `code` and `body`").cure(NAMES));
            }
            (Some(code), None) => Fault::Code {
                http_status: self.http_status.unwrap_or_else(|| default_status(&code)),
                code,
                message: self.message,
                headers,
            },
            (None, body) => {
                if self.message.is_some() {
                    return Err(
                        ControlError::new("fault.message", "goes with `code` only").cure(NAMES)
                    );
                }
                let Some(http_status) = self.http_status else {
                    return Err(ControlError::new(
                        "fault.http_status",
                        "missing field `http_status`",
                    )
                    .cure(NAMES));
                };
                Fault::Raw {
                    http_status,
                    headers,
                    body: body.unwrap_or_default(),
                }
            }
        };
        Ok(fault)
    }
}

/// A fault as it takes effect on one call.
#[derive(Clone, Debug)]
pub(crate) struct Struck {
    pub(crate) fault: Fault,
    pub(crate) delay_ms: Option<u64>,
}

#[derive(Debug)]
struct Queued {
    struck: Struck,
    left: u32,
}

/// What is queued, by action.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    queues: HashMap<String, VecDeque<Queued>>,
}

impl Faults {
    pub(crate) fn order(&mut self, order: FaultOrder) -> Result<(), ControlError> {
        if order.action != ANY_ACTION && !actions::is_known(&order.action) {
            return Err(
                ControlError::new("action", format!("unknown action {:?}", order.action)).cure(
                    "use the name of one of Aliyun's actions, like \"SendSms\", or \"*\" for all",
                ),
            );
        }
        if order.times > TIMES_MAX {
            return Err(ControlError::new(
                "times",
                format!("must be at most {TIMES_MAX}"),
            ));
        }
        if order.delay_ms.is_some_and(|delay| delay > DELAY_MAX_MS) {
            return Err(ControlError::new("delay_ms", "must be at most an hour"));
        }
        if let Some(fault) = &order.fault {
            fault.check()?;
        }
        match order.fault {
            Some(fault) if order.times > 0 => {
                let struck = Struck {
                    fault,
                    delay_ms: order.delay_ms,
                };
                let queued = Queued {
                    struck,
                    left: order.times,
                };
                self.queues
                    .entry(order.action)
                    .or_default()
                    .push_back(queued);
            }
            _ => {
                self.queues.remove(&order.action);
            }
        }
        Ok(())
    }

    /// What is queued: action, fault, calls.
    pub(crate) fn queued(&self) -> Vec<(&str, &Fault, u32)> {
        let mut queued: Vec<_> = self
            .queues
            .iter()
            .flat_map(|(action, queue)| {
                queue
                    .iter()
                    .map(move |queued| (action.as_str(), &queued.struck.fault, queued.left))
            })
            .collect();
        queued.sort_by_key(|(action, _, _)| *action);
        queued
    }

    /// Forgets all of it.
    pub(crate) fn clear(&mut self) {
        self.queues.clear();
    }

    /// The next one for `action`: its own before those for all.
    pub(crate) fn take(&mut self, action: &str) -> Option<Struck> {
        if self.queues.is_empty() {
            return None;
        }
        self.take_from(action)
            .or_else(|| self.take_from(ANY_ACTION))
    }

    fn take_from(&mut self, name: &str) -> Option<Struck> {
        let queue = self.queues.get_mut(name)?;
        let first = queue.front_mut()?;
        let struck = first.struck.clone();
        first.left -= 1;
        if first.left == 0 {
            queue.pop_front();
        }
        if queue.is_empty() {
            self.queues.remove(name);
        }
        Some(struck)
    }
}
