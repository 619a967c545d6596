//! The addresses that are served below a hook, which are Twilio's own.

use http::Method;
use percent_encoding::percent_decode_str;

use super::fault::{Code, Fault};

/// What a request is about, and what is to be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    SendMessage { account: String },
    FetchMessage { account: String, sid: String },
    StartVerification { service: String },
    CheckVerification { service: String },
    FetchVerification { service: String, sid: String },
    UpdateVerification { service: String, sid: String },
}

impl Address {
    /// Reads method and path: what stands behind the hook's name and a `/`.
    pub(super) fn read(method: &Method, path: &str) -> Result<Self, Fault> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let parts: Vec<String> = path.split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (get, post) = (method == Method::GET, method == Method::POST);
        let owned = str::to_owned;
        let found = match parts[..] {
            ["2010-04-01", "Accounts", account, "Messages.json"] => {
                post.then(|| Self::SendMessage {
                    account: owned(account),
                })
            }
            ["2010-04-01", "Accounts", account, "Messages", file] => {
                let sid = file.strip_suffix(".json").ok_or_else(nothing_here)?;
                get.then(|| Self::FetchMessage {
                    account: owned(account),
                    sid: owned(sid),
                })
            }
            ["v2", "Services", service, "Verifications"] => post.then(|| Self::StartVerification {
                service: owned(service),
            }),
            ["v2", "Services", service, "VerificationCheck"] => {
                post.then(|| Self::CheckVerification {
                    service: owned(service),
                })
            }
            ["v2", "Services", service, "Verifications", sid] if get => {
                Some(Self::FetchVerification {
                    service: owned(service),
                    sid: owned(sid),
                })
            }
            ["v2", "Services", service, "Verifications", sid] => {
                post.then(|| Self::UpdateVerification {
                    service: owned(service),
                    sid: owned(sid),
                })
            }
            _ => return Err(nothing_here()),
        };
        found.ok_or_else(|| Fault::new(Code::MethodNotAllowed, "Method not allowed"))
    }
}

/// Without the path: it may hold a phone number.
fn nothing_here() -> Fault {
    Fault::new(Code::NotFound, "The requested resource was not found")
}
