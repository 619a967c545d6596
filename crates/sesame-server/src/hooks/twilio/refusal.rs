//! How the service's refusals read in Twilio's words.

use sesame_connector::{Kind, Language, Refusal, Stage};
use sesame_passcode::{LimitName, Limited, StartError, StoreError};

use super::fault::{Code, Fault};
use crate::error::Problem;

/// A code that was not sent.
pub(super) fn of_verification(error: StartError) -> Fault {
    match error {
        StartError::Invalid(invalid) => Fault::parameter(invalid.field, invalid.reason),
        StartError::Limited(limited) => {
            let (code, message) = match limited.limit {
                LimitName::CountryDenied | LimitName::PrefixDenied => (
                    Code::GeoBlocked,
                    "The destination phone number has been blocked by Verify Geo-Permissions",
                ),
                LimitName::NumberLocked | LimitName::NumberChecksPerHour => {
                    (Code::MaxCheckAttempts, "Max check attempts reached")
                }
                limit if is_about_number(limit) => {
                    (Code::MaxSendAttempts, "Max send attempts reached")
                }
                _ => (Code::TooManyRequests, "Too many requests"),
            };
            limit(code, message, &limited)
        }
        StartError::Refused(refusal) => match (refusal.stage, refusal.kind) {
            (Stage::Provider, Kind::RateLimit) => {
                Fault::new(Code::MaxSendAttempts, "Max send attempts reached")
                    .retry_after(refusal.retry_after)
            }
            (Stage::Provider, Kind::Phone) => {
                Fault::new(Code::Landline, "SMS is not supported by this phone number")
            }
            (Stage::Argument | Stage::Routing, Kind::Phone) => {
                Fault::parameter("To", &refusal.cause.en)
            }
            _ => unavailable(&refusal),
        },
        StartError::Store(error) => of_store(error),
        _ => internal(),
    }
}

/// A caller's own code that was not sent.
pub(super) fn of_message(error: StartError) -> Fault {
    match error {
        StartError::Invalid(invalid) => Fault::new(Code::BadRequest, invalid.to_string()),
        StartError::Limited(limited) => match limited.limit {
            LimitName::CountryDenied | LimitName::PrefixDenied => {
                let message = "Permission to send an SMS has not been enabled for the region indicated by the 'To' number";
                Fault::new(Code::RegionDenied, message)
            }
            _ => limit(Code::TooManyRequests, "Too many requests", &limited),
        },
        StartError::Refused(refusal) => match (refusal.stage, refusal.kind) {
            (Stage::Provider, Kind::RateLimit) => {
                Fault::new(Code::TooManyRequests, "Too many requests")
                    .retry_after(refusal.retry_after)
            }
            (Stage::Provider, Kind::Phone) => {
                Fault::new(Code::NotMobile, "'To' number is not a valid mobile number")
            }
            (Stage::Argument | Stage::Routing, Kind::Phone) => {
                let message = format!("Invalid 'To' Phone Number: {}", refusal.cause.en);
                Fault::new(Code::InvalidTo, message)
            }
            (Stage::Argument, _) => {
                let message = format!(
                    "The ContentVariables Parameter is invalid: {}",
                    refusal.cause.en
                );
                Fault::new(Code::InvalidContentVariables, message)
            }
            _ => unavailable(&refusal),
        },
        StartError::Store(error) => of_store(error),
        _ => internal(),
    }
}

/// The store did not do what was asked; said in the log.
pub(super) fn of_store(error: StoreError) -> Fault {
    let wait = error
        .is_transient()
        .then_some(std::time::Duration::from_secs(1));
    drop(Problem::from(error));
    Fault::new(Code::Unavailable, "Service unavailable").retry_after(wait)
}

/// A body that was not read.
pub(super) fn of_body(problem: Problem) -> Fault {
    match problem.code() {
        crate::error::Code::BodyTooLarge => Fault::new(Code::TooLarge, "The body is too large"),
        _ => Fault::new(Code::BadRequest, "The body could not be read"),
    }
}

/// What the operator has to see to, or what passes by itself. The caller's
/// programmer is told what it is; Aliyun's code and the cure are in the log and
/// the journal.
fn unavailable(refusal: &Refusal) -> Fault {
    let problem = crate::refusal::refused(refusal, Language::En);
    tracing::warn!(
        message.out_id = %refusal.out_id,
        aliyun.code = %refusal.code,
        aliyun.request_id = refusal.request_id.as_deref(),
        problem.code = problem.code().as_str(),
        cause = %refusal.cause.en,
        cure = %refusal.cure.en,
        "a message was refused"
    );
    let message = format!("Service unavailable ({})", problem.code().as_str());
    Fault::new(Code::Unavailable, message).retry_after(refusal.retry_after)
}

fn internal() -> Fault {
    Fault::new(Code::Internal, "An internal server error has occurred")
}

fn limit(code: Code, message: &'static str, limited: &Limited) -> Fault {
    Fault::new(code, message).retry_after(limited.retry_after)
}

/// Whether it is a limit of the one number's messages.
fn is_about_number(limit: LimitName) -> bool {
    matches!(
        limit,
        LimitName::NumberPerMinute
            | LimitName::NumberPerHour
            | LimitName::NumberPerDay
            | LimitName::NumberWindow
            | LimitName::NumberVerifications
            | LimitName::ProviderLimit
    )
}
