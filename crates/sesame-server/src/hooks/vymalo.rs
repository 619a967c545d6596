//! Keycloak with vymalo's plugin, for which we make the code and check it: two
//! addresses, and the verification's id as `hash` between them.

use http::StatusCode;
use serde_json::json;
use sesame_passcode::CheckOutcome;

use super::{Asked, Check, Habits, Hook, Misread, Order, Platform, Reply, Said, Sample, Wish};
use crate::config::AuthKind;
use crate::error::Code;

const SEND: &str = "sms/send";
const VALIDATE: &str = "sms/validate";

static HABITS: Habits = Habits {
    other_auth: &[AuthKind::Header, AuthKind::Path, AuthKind::None],
    usage_type: "SignIn",
    ..Habits::USUAL
};

#[derive(Debug)]
pub(crate) struct Vymalo;

impl Platform for Vymalo {
    fn habits(&self) -> &Habits {
        &HABITS
    }

    fn read(&self, _hook: &Hook, asked: &Asked) -> Result<Wish, Misread> {
        let fields = asked.fields()?;
        let text = |name: &str, what| fields.first(&[name.to_owned()], what);
        let needed = |name, what| text(name, what)?.ok_or(Misread::Missing(what));
        match asked.rest.as_str() {
            SEND => {
                // Who asks from another session is somebody else, and must not
                // be given this one's answer.
                let session = text("sessionId", "session")?;
                let trace = text("traceId", "id")?.unwrap_or_default();
                Ok(Wish::Start(Order {
                    to: needed("phoneNumber", "number")?,
                    ip: text("ipAddress", "address")?,
                    id: session.map(|session| format!("{session} {trace}")),
                    ..Order::default()
                }))
            }
            VALIDATE => Ok(Wish::Check(Check {
                id: needed("hash", "hash")?,
                code: needed("code", "code")?,
                to: text("phoneNumber", "number")?,
            })),
            _ => Err(Misread::NoSuchAddress),
        }
    }

    fn sample(&self) -> Sample {
        Sample::Json(
            SEND,
            r#"{"phoneNumber":"%TO%","realm":"demo","clientId":"web","sessionId":"%ID%","metadata":{}}"#,
        )
    }

    fn takes(&self, status: u16, body: &str) -> bool {
        let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        status == 200 && body["status"] != "ERROR"
    }

    fn say(&self, _hook: &Hook, asked: &Asked, said: &Said) -> Reply {
        let ok = |body| Reply::json(StatusCode::OK, &body);
        match said {
            Said::Started(verification) => ok(json!({ "status": "SENT", "hash": verification.id })),
            Said::Unfinished(Some(id)) => ok(json!({ "status": "PENDING", "hash": id })),
            Said::Checked(outcome) => {
                ok(json!({ "valid": matches!(outcome, Some(CheckOutcome::Approved(_))) }))
            }
            Said::Refused(refused) => {
                // What was wrong with the call, and whatever became of a check,
                // is told by the status, so that it is never taken for "no".
                let is_outcome = asked.rest == SEND && !is_wrong_call(refused.code());
                let status = if is_outcome {
                    StatusCode::OK
                } else {
                    refused.status()
                };
                let body = json!({ "status": "ERROR", "description": refused.sentence });
                Reply::json(status, &body)
            }
            Said::Sent | Said::Unfinished(_) | Said::Nothing => Reply::json(
                StatusCode::SERVICE_UNAVAILABLE,
                &json!({ "status": "ERROR" }),
            ),
        }
    }
}

fn is_wrong_call(code: Code) -> bool {
    matches!(
        code,
        Code::Unauthorized
            | Code::NotFound
            | Code::MalformedJson
            | Code::InvalidField
            | Code::BodyTooLarge
            | Code::BodyUnreadable
    )
}
