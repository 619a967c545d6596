//! The file as it lies there: the offline check, then the doctor.

use sesame_connector::config::ConnectorConfig;
use sesame_connector::doctor::{self, Check, CheckId, Level, Options};

use super::guide::{Guide, Stop};
use crate::commands::config;
use crate::commands::doctor::line;
use crate::output;

impl Guide {
    pub(super) async fn check(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        loop {
            let checked = ConnectorConfig::check_file(&self.config);
            if !checked.is_valid() {
                for problem in checked.errors() {
                    output::line(config::describe(&self.config, problem, None));
                }
            } else {
                let tell = move |stage| t.progress(line::stage(stage, t.language));
                let subject = self.config.display().to_string();
                let source = self.source.clone();
                let options = Options::default();
                let report = doctor::examine(checked, &subject, source, options, &tell).await;
                t.progress("");
                let is_told = |check: &&Check| check.level != Level::Ok;
                report
                    .checks
                    .iter()
                    .filter(is_told)
                    .for_each(|check| self.tell(check));
                let fine = report.count(Level::Ok);
                t.say(
                    &format!(
                        "The doctor looked at {} things; {fine} are in order.",
                        report.checks.len()
                    ),
                    &format!("共检查 {} 项，{fine} 项正常。", report.checks.len()),
                );
                if report.level() < Level::Failure || self.only_waits(&report.checks) {
                    return Ok(());
                }
            }
            let own = [
                t.pick("look again", "重新检查"),
                t.pick("go on all the same", "仍然继续"),
                t.pick(
                    "choose signature and templates once more",
                    "重新选择签名和模板",
                ),
            ];
            match self.choose_way(&own).await? {
                0 => {}
                1 => return Ok(()),
                _ => {
                    self.progress.choose_anew();
                    self.save()?;
                    return Err(Stop::Back);
                }
            }
        }
    }

    /// Whether all that fails is what a fallback was chosen for.
    fn only_waits(&self, checks: &[Check]) -> bool {
        // Not the carriers' filing: what they lack fails in the report, which no
        // fallback sees.
        let is_of_review =
            |check: &Check| matches!(check.id, CheckId::SignName | CheckId::Template);
        let mut failures = checks.iter().filter(|check| check.level == Level::Failure);
        self.progress.gift.is_some() && failures.all(is_of_review)
    }
}
