//! What a guided set-up asks of an account and applies for, and the rules for
//! what is applied for. The dialogue is the command's.
//!
//! Nothing is applied for twice: each application asks the account first, and
//! asks again where its answer was lost.

mod account;
mod rules;

use std::sync::Arc;

use aliyun_sms::Source;

use crate::config::{Checked, ConnectorConfig};
use crate::doctor::{self, Check, CheckId, Level, Options, Progress};

pub use account::{Account, Applied, HeldSignName, HeldTemplate, Standing};
pub use aliyun_sms::wire::{SignApplication, TemplateApplication};
pub use rules::{TEMPLATE_NAME_MAX, clean, half_width, sign_name, template_text};

/// What is not in order between this machine and an account: the way there, the
/// clock, the key, what it may do, the service, its money. Nothing is sent.
pub async fn check_access(
    config: &ConnectorConfig,
    source: Arc<dyn Source>,
    progress: Progress<'_>,
) -> Vec<Check> {
    let bare = ConnectorConfig {
        templates: Vec::new(),
        fallback: None,
        ..config.clone()
    };
    let checked = Checked {
        config: Some(bare),
        problems: Vec::new(),
    };
    let report = doctor::examine(checked, "", source, Options::default(), progress).await;
    let checks = report.checks.into_iter();
    checks.filter(|check| check.level != Level::Ok).collect()
}

/// Whether it says that the key is there, and that its secret is another.
pub fn is_of_secret(check: &Check) -> bool {
    check.id == CheckId::AccessKey && check.message.en.ends_with("(SignatureDoesNotMatch)")
}
