//! Asking Aliyun about the account, and sorting the refusals.

use std::time::Duration;

use aliyun_sms::code::{self, Kind};
use aliyun_sms::wire::Operation;
use aliyun_sms::{Client, Error, Refusal};

/// Longer than this no throttling is waited out.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The key may not ask this.
    Denied,
    /// The key is none that Aliyun takes.
    Key(Refusal),
    /// The account may not use the service.
    Service(Refusal),
    /// Anything else Aliyun says: mostly that there is no such thing.
    Refused(Refusal),
    /// No answer to go by.
    Broken(Error),
}

pub(super) type Asked<T> = Result<T, Trouble>;

/// Asks; what was only too much at once is asked a second time.
pub(super) async fn ask<O: Operation>(client: &Client, operation: &O) -> Asked<O::Reply> {
    match client.call(operation).await {
        Err(Error::Refused(refusal)) if refusal.kind() == Kind::RateLimit => {
            let pause = refusal.retry_after.unwrap_or(LONGEST_PAUSE);
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            client.call(operation).await.map_err(sort)
        }
        other => other.map_err(sort),
    }
}

fn sort(error: Error) -> Trouble {
    let Error::Refused(refusal) = error else {
        return Trouble::Broken(error);
    };
    let code = refusal.code.as_str();
    if is_denied(code) {
        Trouble::Denied
    } else if is_about_the_service(code) {
        Trouble::Service(refusal)
    } else {
        match code::kind_of(code, refusal.http_status) {
            Kind::Credential => Trouble::Key(refusal),
            Kind::Server | Kind::RateLimit | Kind::Clock => {
                Trouble::Broken(Error::Refused(refusal))
            }
            _ => Trouble::Refused(refusal),
        }
    }
}

fn is_denied(code: &str) -> bool {
    let family = code.split('.').next().unwrap_or_default();
    matches!(
        family,
        "NoPermission" | "Forbidden" | "FORBIDDEN_ACTION" | "NotAuthorized"
    ) && code != "Forbidden.AccessKeyDisabled"
        || code.ends_with("RAM_PERMISSION_DENY")
}

fn is_about_the_service(code: &str) -> bool {
    matches!(
        code.strip_prefix("isv.").unwrap_or(code),
        "OUT_OF_SERVICE"
            | "FUNCTION_NOT_OPENED"
            | "PRODUCT_UN_SUBSCRIPT"
            | "PRODUCT_UNSUBSCRIBE"
            | "PRODUCT_NOT_SUBSCRIBED"
            | "SECURITY_FROZEN_ACCOUNT"
    )
}
