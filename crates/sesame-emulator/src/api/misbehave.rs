//! What a fault does to a request.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Response, header};

use super::refusal::Refusal;
use super::{Handling, Outcome, auth, reply};
use crate::faults::{Fault, SLOW_MS, Struck};
use crate::listener::Cut;

/// A silent connection is cut after this time, should the client never leave.
const SILENCE: Duration = Duration::from_secs(600);

const PROXY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>Tengine</center>\r\n</body>\r\n</html>\r\n";
const GARBAGE: &str = "oops";

/// Handles the request, unless a fault does.
pub(super) async fn answer(handling: &Handling<'_>, struck: Option<Struck>, cut: &Cut) -> Outcome {
    let Some(Struck { fault, delay_ms }) = struck else {
        return handling.run();
    };
    let delay = match (&fault, delay_ms) {
        (_, Some(ms)) => ms,
        (Fault::Slow, None) => SLOW_MS,
        _ => 0,
    };
    match fault {
        Fault::Slow => {
            let outcome = handling.run();
            pause(delay).await;
            outcome
        }
        Fault::ResetAfterAccept => {
            let outcome = handling.run();
            pause(delay).await;
            cut.now();
            without_answer(handling, outcome)
        }
        other => {
            pause(delay).await;
            instead(handling, other, cut).await
        }
    }
}

async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

/// What stands in for an answer; the request is not looked at.
async fn instead(handling: &Handling<'_>, fault: Fault, cut: &Cut) -> Outcome {
    let context = &handling.call.context;
    let response = match fault {
        Fault::Http502Html => raw(context.empty(502), "text/html", PROXY_PAGE.into()),
        Fault::Garbage => raw(context.empty(200), "text/plain", GARBAGE.into()),
        Fault::Code {
            code,
            http_status,
            message,
            headers,
        } => {
            let message = message
                .or_else(|| (code == auth::MISMATCH).then(|| auth::mismatch_of(handling.call)));
            let mut refusal = Refusal::of_fault(&code, http_status, message.as_deref());
            refusal.headers = headers;
            let response = context.response(Err(refusal));
            return outcome(response, code);
        }
        Fault::Raw {
            http_status,
            headers,
            body,
        } => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = http::StatusCode::from_u16(http_status).unwrap_or_default();
            reply::add_headers(&mut response, &headers);
            response
        }
        Fault::Timeout => {
            tokio::time::sleep(SILENCE).await;
            cut.now();
            return without_answer(handling, outcome(context.empty(200), String::new()));
        }
        // `slow` and `reset_after_accept` do not come here.
        Fault::Reset | Fault::ResetAfterAccept | Fault::Slow => {
            cut.now();
            return without_answer(handling, outcome(context.empty(200), String::new()));
        }
    };
    outcome(response, String::new())
}

fn raw(mut response: Response<Body>, kind: &'static str, body: String) -> Response<Body> {
    *response.body_mut() = body.into();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn outcome(response: Response<Body>, code: String) -> Outcome {
    Outcome {
        response,
        code,
        stages: None,
        has_answer: true,
    }
}

/// The connection is cut before this response could be written.
fn without_answer(handling: &Handling<'_>, mut outcome: Outcome) -> Outcome {
    outcome.response = handling.call.context.empty(200);
    outcome.has_answer = false;
    outcome
}
