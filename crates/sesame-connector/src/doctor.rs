//! Everything that can be known before the first message: a walk along the
//! operator's own set-up, one line for each thing looked at.
//!
//! [`examine`] sends nothing and changes nothing. It first gathers what Aliyun
//! answers (`doctor/walk.rs`); what an answer means is decided by pure functions,
//! one file for each subject. One thing that is wrong gives one line that is not
//! ok: what depends on it is left out. To add a check: an id in
//! `doctor/check.rs`, a rule in the file of its subject, a row in the table of
//! the test.

mod account;
mod asking;
mod check;
mod configuration;
mod contact;
mod keys;
pub mod links;
mod overseas;
mod plan;
mod questions;
mod sign_name;
mod tags;
mod template;
mod test_message;
mod walk;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::{Source, Transport};

use crate::config::{Checked, Level as ProblemLevel};
use crate::phone::Region;
use crate::text::Text;
pub use check::{Check, CheckId, Level, Report};
pub use contact::clock_ahead;
pub(crate) use questions::{Questions, Unanswered};
pub use sign_name::Tag;
pub(crate) use sign_name::words_of;
pub(crate) use template::variables_of;
pub use test_message::{look_for_test, send_test, send_test_draft};
pub use watch::{Seen, Turn};

/// How long one examination may take in all, whatever hangs.
pub const LIMIT: Duration = Duration::from_secs(90);

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether to find out if the key may send: by a request to send that names
    /// no number, no signature and no template there could be, which Aliyun can
    /// only refuse.
    pub asks_permission: bool,
    /// Whether to ask for the account's money, which is another product's API.
    pub asks_balance: bool,
    /// Countries whose numbers are to be served, each a line of its own.
    pub countries: Vec<Region>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            asks_permission: true,
            asks_balance: true,
            countries: Vec::new(),
        }
    }
}

/// How far an examination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Connects.
    Endpoint,
    /// Looks for credentials and tries them.
    Credentials,
    /// Asks what the key may do.
    Permission,
    /// Asks about the signatures.
    SignNames,
    /// Asks about the templates.
    Templates,
}

/// Told of every stage as it begins.
pub type Progress<'a> = &'a (dyn Fn(Stage) + Sync);

/// Looks at everything. `subject` is what the configuration is called, mostly
/// its path.
pub async fn examine(
    checked: Checked,
    subject: &str,
    source: Arc<dyn Source>,
    options: Options,
    progress: Progress<'_>,
) -> Report {
    let is_error = |level| level == ProblemLevel::Error;
    let is_valid = checked.is_valid();
    let Checked { config, problems } = checked;
    let mut report = Report::default();
    let (Some(config), true) = (config, is_valid) else {
        let errors = problems.iter().filter(|problem| is_error(problem.level));
        errors.for_each(|problem| report.put(configuration::line(problem)));
        return report;
    };
    let transport = match Transport::new() {
        Ok(transport) => transport,
        Err(error) => {
            report.put(no_tls(&error.to_string()));
            return report;
        }
    };
    let endpoint = walk::endpoint_of(&config);
    let mut walk = walk::Walk::new(&config, &transport, source, options, progress);
    let in_time = tokio::time::timeout(LIMIT, walk.run()).await;
    let mut checks = walk.into_checks();
    if in_time.is_err() {
        let check = too_long(&endpoint.to_string());
        checks.retain(|other| other.id != check.id);
        checks.push(check);
    }
    let plan = walk::plan_of(&config);
    let warnings = configuration::reconcile(&problems, &plan, &mut checks);
    if warnings.is_empty() {
        report.put(configuration::fine(subject));
    }
    warnings
        .into_iter()
        .chain(checks)
        .for_each(|check| report.put(check));
    report
}

fn no_tls(reason: &str) -> Check {
    let reason = crate::text::printable(reason);
    Check::failure(
        CheckId::Tls,
        "certificates",
        Text::made(reason.clone(), reason),
        Text::fixed(
            "install this system's CA certificates, or name a file of them in SSL_CERT_FILE",
            "请安装系统 CA 证书，或用 SSL_CERT_FILE 指定证书文件",
        ),
    )
}

fn too_long(endpoint: &str) -> Check {
    let secs = LIMIT.as_secs();
    Check::failure(
        CheckId::Answer,
        endpoint,
        Text::made(
            format!("its answers take so long that not all was looked at within {secs} s"),
            format!("应答过慢，{secs} 秒内未能完成全部检查"),
        ),
        Text::fixed(
            "look for what slows the way there (proxy, DNS, a far region), and try again",
            "请排查链路上的延迟（代理、DNS、跨地域），然后重试",
        ),
    )
}
