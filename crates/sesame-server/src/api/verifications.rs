//! Starting a verification, checking its code, looking at it, ending it.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sesame_passcode::{Attempt, Check, CheckOutcome, MessageView, Start, Started, Verification};
use utoipa::ToSchema;

use super::answers;
use crate::auth::Caller;
use crate::error::{Answer, Code, Problem};
use crate::refusal;
use crate::state::App;
use crate::token::Proven;
use crate::wire::{Body, Id};

/// Who is to be verified, and what for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StartVerification)]
pub(super) struct StartBody {
    /// A phone number in any notation, best with `+` and its country code.
    #[schema(example = "+8613800138000")]
    to: String,
    /// The usage type, in Logto's words.
    #[serde(rename = "type")]
    #[schema(example = "SignIn")]
    usage_type: String,
    /// Whatever the caller knows its user's session by. Starting again within
    /// one session goes on with the same verification and code.
    #[schema(min_length = 1, max_length = 256)]
    session: Option<String>,
    /// The user's address, for the limits by address.
    #[schema(example = "192.0.2.7")]
    ip: Option<String>,
    /// The language of the `message` in refusals: `en` or `zh-CN`.
    #[schema(example = "zh-CN", max_length = 64)]
    locale: Option<String>,
}

/// A verification.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
pub(super) struct VerificationBody {
    /// What it is checked and asked for by.
    id: String,
    /// The number, masked.
    #[schema(example = "+86 138****8000")]
    to: String,
    /// What it is for.
    #[serde(rename = "type")]
    #[schema(example = "SignIn")]
    usage_type: String,
    /// Where it stands.
    #[schema(example = "pending")]
    status: &'static str,
    /// When it began (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// When its code ends (RFC 3339).
    #[schema(format = DateTime)]
    expires_at: String,
    /// When the number may get its next message.
    resend_after_secs: u64,
    /// How often a code may still be tried.
    attempts_left: u32,
    /// Its last message.
    message: Option<MessageOutcome>,
}

/// How sending a message ended.
#[derive(Serialize, ToSchema)]
pub(super) struct MessageOutcome {
    /// Our id of it.
    out_id: String,
    /// `accepted`, `unknown`, `refused`, or `sending`.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// Why it was refused or is unknown: Aliyun's code or ours.
    code: Option<String>,
    /// What its delivery report says: `waiting`, `delivered` or `failed`.
    #[schema(example = "waiting")]
    delivery: Option<&'static str>,
}

/// A code to compare.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CheckCode)]
pub(super) struct CheckBody {
    /// The code as the user typed it; spaces and full-width digits do not
    /// matter.
    #[schema(example = "123456")]
    code: String,
}

/// What came of a check. A wrong code is no error.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckResult)]
pub(super) struct CheckAnswer {
    /// `approved`, `pending` (the code was wrong), `expired`, `exhausted`,
    /// `consumed`, `canceled` or `locked`.
    #[schema(example = "approved")]
    status: &'static str,
    /// Whether the number was proved by this very request.
    valid: bool,
    /// The proof, a JWT; only where `valid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// How often a code may still be tried; only where `pending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u32>,
    /// Which limit locked the number; only where `locked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    /// How long it is locked; only where time alone ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_secs: Option<u64>,
}

/// Starts a verification and sends its code.
#[utoipa::path(
    post,
    path = "/v1/verifications",
    operation_id = "startVerification",
    tag = "verifications",
    security(("api_key" = ["verify"])),
    params(super::document::IdempotencyKey),
    request_body = StartBody,
    responses(
        (status = 201, description = "The code was sent, or may have been (`message.outcome`).", body = VerificationBody),
        answers::Start,
    ),
)]
pub(super) async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    attempt: Option<Extension<Attempt>>,
    Body(body): Body<StartBody>,
) -> Answer<(StatusCode, Json<VerificationBody>)> {
    fits("session", body.session.as_deref(), 1..=256)?;
    fits("locale", body.locale.as_deref(), 0..=64)?;
    let language = refusal::language(body.locale.as_deref());
    known_usage_type(&app, &body.usage_type)?;
    let request = Start {
        app: caller.app.to_string(),
        to: body.to,
        usage_type: body.usage_type,
        session: body.session,
        ip: address(body.ip.as_deref())?,
        locale: body.locale,
        attempt: attempt.map(|Extension(attempt)| attempt),
    };
    let started = app.passcodes.start(request).await;
    let started = started.map_err(|error| refusal::start(error, language))?;
    Ok((StatusCode::CREATED, Json(started.into())))
}

/// Compares a code. Whatever comes of it is a 200.
#[utoipa::path(
    post,
    path = "/v1/verifications/{id}/check",
    operation_id = "checkVerification",
    tag = "verifications",
    security(("api_key" = ["verify"])),
    params(super::document::VerificationId, super::document::IdempotencyKey),
    request_body = CheckBody,
    responses(
        (status = 200, description = "What came of it.", body = CheckAnswer),
        answers::Check,
    ),
)]
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    attempt: Option<Extension<Attempt>>,
    Id(id): Id,
    Body(body): Body<CheckBody>,
) -> Answer<Json<CheckAnswer>> {
    let check = Check {
        attempt: attempt.map(|Extension(attempt)| attempt),
        ..Check::new(&caller.app, &id, &body.code)
    };
    let outcome = app.passcodes.check(check).await?;
    let outcome = outcome.ok_or_else(Problem::not_found)?;
    checked(&app, &caller, outcome).map(Json)
}

/// A verification as it stands.
#[utoipa::path(
    get,
    path = "/v1/verifications/{id}",
    operation_id = "getVerification",
    tag = "verifications",
    security(("api_key" = ["verify"])),
    params(super::document::VerificationId),
    responses(
        (status = 200, description = "As it stands.", body = VerificationBody),
        answers::Lookup,
    ),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
) -> Answer<Json<VerificationBody>> {
    let verification = app.passcodes.verification(&caller.app, &id).await?;
    let verification = verification.ok_or_else(Problem::not_found)?;
    Ok(Json(verification.into()))
}

/// Ends a verification; its code is worth nothing from then on.
#[utoipa::path(
    delete,
    path = "/v1/verifications/{id}",
    operation_id = "cancelVerification",
    tag = "verifications",
    security(("api_key" = ["verify"])),
    params(super::document::VerificationId),
    responses(
        (status = 204, description = "It has ended, now or before."),
        answers::Lookup,
    ),
)]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
) -> Answer<StatusCode> {
    let canceled = app.passcodes.cancel(&caller.app, &id).await?;
    canceled.ok_or_else(Problem::not_found)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A usage type that nobody knows is a mistake, unless it has a template.
pub(super) fn known_usage_type(app: &App, name: &str) -> Answer<()> {
    if app.serves(name) {
        return Ok(());
    }
    let detail = match sesame_connector::UsageType::suggest(name) {
        Some(meant) => format!("type is no usage type that is known; did you mean {meant}?"),
        None => "type is no usage type that is known or has a template".to_owned(),
    };
    let problem = Problem::new(Code::UnknownUsageType, detail);
    Err(problem.with(|more| more.field = Some("type".to_owned())))
}

/// Texts that are only kept or compared still have an end.
pub(super) fn fits(
    field: &'static str,
    text: Option<&str>,
    length: RangeInclusive<usize>,
) -> Answer<()> {
    if text.is_none_or(|text| length.contains(&text.chars().count())) {
        return Ok(());
    }
    let problem = Problem::new(
        Code::InvalidField,
        format!(
            "{field} must have {} to {} characters",
            length.start(),
            length.end()
        ),
    );
    Err(problem.with(|more| more.field = Some(field.to_owned())))
}

pub(super) fn address(text: Option<&str>) -> Answer<Option<IpAddr>> {
    let wrong = || {
        let problem = Problem::new(Code::InvalidField, "ip is no IP address");
        problem.with(|more| more.field = Some("ip".to_owned()))
    };
    let read = |text| crate::address::read(text).ok_or_else(wrong);
    text.map(read).transpose()
}

fn checked(app: &App, caller: &Caller, outcome: CheckOutcome) -> Answer<CheckAnswer> {
    let plain = |status| CheckAnswer {
        status,
        valid: false,
        token: None,
        attempts_left: None,
        limit: None,
        retry_after_secs: None,
    };
    Ok(match outcome {
        CheckOutcome::Approved(approved) => {
            let number = approved.number.e164();
            let proven = Proven {
                subject: &approved.subject,
                phone_number: &number,
                usage_type: &approved.usage_type,
                app: &caller.app,
                verification: &approved.verification,
            };
            let token = app.signer.sign(&proven, &*app.source);
            let token = token
                .ok_or_else(|| Problem::new(Code::Internal, "the token could not be signed"))?;
            CheckAnswer {
                valid: true,
                token: Some(token),
                ..plain("approved")
            }
        }
        CheckOutcome::Mismatch { attempts_left } | CheckOutcome::Malformed { attempts_left } => {
            CheckAnswer {
                attempts_left: Some(attempts_left),
                ..plain("pending")
            }
        }
        CheckOutcome::Locked(limited) => CheckAnswer {
            limit: Some(limited.limit.as_str()),
            retry_after_secs: limited.retry_after_secs(),
            ..plain("locked")
        },
        CheckOutcome::Expired => plain("expired"),
        CheckOutcome::Exhausted => plain("exhausted"),
        CheckOutcome::Consumed => plain("consumed"),
        CheckOutcome::Canceled => plain("canceled"),
    })
}

impl From<Started> for VerificationBody {
    fn from(started: Started) -> Self {
        started.verification.into()
    }
}

impl From<Verification> for VerificationBody {
    fn from(verification: Verification) -> Self {
        Self {
            id: verification.id,
            to: verification.to,
            usage_type: verification.usage_type,
            status: verification.status.as_str(),
            created_at: verification.created_at.to_string(),
            expires_at: verification.expires_at.to_string(),
            resend_after_secs: verification.resend_after_secs,
            attempts_left: verification.attempts_left,
            message: verification.message.map(MessageOutcome::from),
        }
    }
}

impl From<MessageView> for MessageOutcome {
    fn from(message: MessageView) -> Self {
        Self {
            outcome: message.outcome(),
            delivery: super::messages::delivery(&message),
            out_id: message.out_id,
            code: message.code,
        }
    }
}
