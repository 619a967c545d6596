//! The way through the steps.

use std::path::PathBuf;
use std::sync::Arc;

use aliyun_sms::{Endpoint, Source};
use sesame_connector::config::{Checked, ConnectorConfig, Problem, SystemLookup};
use sesame_connector::doctor::Check;
use sesame_connector::setup::Account;

use super::progress::{Kept, Progress};
use super::step::Step;
use super::terminal::Terminal;
use crate::commands::doctor::line;
use crate::fault::Fault;
use crate::output::{self, GOOD, paint};

/// Why a step ended before its end.
pub(super) enum Stop {
    /// The operator leaves, and may come back.
    Left,
    /// A step before this one is to be done over.
    Back,
    /// This machine is in the way.
    Broken(anyhow::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault.into())
    }
}

/// One set-up.
pub(super) struct Guide {
    pub(super) terminal: Terminal,
    /// What is to be written.
    pub(super) config: PathBuf,
    pub(super) kept: Kept,
    pub(super) progress: Progress,
    pub(super) source: Arc<dyn Source>,
    /// Whether an application for a signature was confirmed in this run.
    pub(super) has_confirmed: bool,
}

impl Guide {
    /// All steps that are not over yet.
    pub(super) async fn run(&mut self, is_new: bool) -> Result<(), Stop> {
        if self.progress.is_done(Step::File) && !self.config.exists() {
            self.progress.undo(Step::File);
        }
        // What an edited file spoils is told before anything is typed.
        self.known()?;
        self.greet(is_new);
        while let Some(step) = self.next() {
            let (number, of) = (step.number(), Step::ALL.len());
            let title = step.title(self.terminal.language);
            self.terminal.heading(&format!("[{number}/{of}] {title}"));
            match self.perform(step).await {
                Ok(()) => self.progress.done.push(step),
                Err(Stop::Back) => {}
                Err(stop) => return Err(stop),
            }
            self.save()?;
        }
        self.kept
            .forget()
            .map_err(|error| self.kept.unwritable(&error))?;
        self.say_what_is_next();
        Ok(())
    }

    fn next(&self) -> Option<Step> {
        let mut steps = Step::ALL.iter().copied();
        steps.find(|step| !self.progress.is_done(*step))
    }

    async fn perform(&mut self, step: Step) -> Result<(), Stop> {
        match step {
            Step::Console => self.console().await,
            Step::AccessKey => self.access_key().await,
            Step::SignName => self.sign_name().await,
            Step::Templates => self.templates().await,
            Step::Review => self.review().await,
            Step::File => self.file().await,
            Step::Check => self.check().await,
            Step::TestMessage => self.test_message().await,
        }
    }

    fn greet(&self, is_new: bool) {
        let t = self.terminal;
        let config = self.config.display();
        if !is_new {
            let done = self.progress.done.len();
            t.say(
                &format!(
                    "Going on where you left: {done} of {} steps are done.",
                    Step::ALL.len()
                ),
                &format!(
                    "从上次离开处继续：共 {} 步，已完成 {done} 步。",
                    Step::ALL.len()
                ),
            );
            for step in Step::ALL
                .iter()
                .filter(|step| self.progress.is_done(**step))
            {
                output::line(format_args!(
                    "  {} {}",
                    paint(GOOD, "✓"),
                    step.title(t.language)
                ));
            }
            if let Some(endpoint) = self.instead_of_aliyun() {
                t.say(
                    &format!("{endpoint} is asked in the place of Aliyun, as before. For Aliyun itself begin anew: sesame setup --restart --config {config}"),
                    &format!("与之前相同，将访问 {endpoint}，而非阿里云。如需使用阿里云，请重新开始：sesame setup --restart --config {config}"),
                );
            }
            return;
        }
        let kept = self.kept.path.display();
        t.say(
            &format!(
                "From an Aliyun account to a working {config}, in {} steps.",
                Step::ALL.len()
            ),
            &format!("从阿里云账号到可用的 {config}，共 {} 步。", Step::ALL.len()),
        );
        t.say(
            &format!("Ctrl-C leaves at any time; the same command goes on from there. Until the end your answers, the secret too, are kept in {kept}, which only you may read."),
            &format!("可随时按 Ctrl-C 离开，再次运行同一命令即可继续。完成之前，您的回答（包括密钥）保存在 {kept} 中，仅您本人可读。"),
        );
        if self.config.exists() {
            t.say(
                &format!("{config} is there already. It stays as it is until you say otherwise, in step {}.", Step::File.number()),
                &format!("{config} 已存在。在第 {} 步经您确认之前，不会改动它。", Step::File.number()),
            );
        }
        match self.instead_of_aliyun() {
            Some(endpoint) => t.say(
                &format!("{endpoint} is asked in the place of Aliyun. If that is `sesame emulator`: the key is testid, its secret testsecret, any number does as a qualification, and you are the reviewer at {endpoint}/_emulator/texts."),
                &format!("将访问 {endpoint}，而非阿里云。若它是 `sesame emulator`：AccessKey 为 testid，Secret 为 testsecret，资质 ID 可填任意数字，审核由您在 {endpoint}/_emulator/texts 决定。"),
            ),
            None => t.say(
                "No account yet? Start `sesame emulator` and try all of this: sesame setup --endpoint http://127.0.0.1:8086",
                "还没有账号？可先启动 `sesame emulator` 试用：sesame setup --endpoint http://127.0.0.1:8086",
            ),
        }
    }

    /// The endpoint, where it is none of Aliyun's own.
    fn instead_of_aliyun(&self) -> Option<&str> {
        let text = self.progress.endpoint.as_deref()?;
        let endpoint = Endpoint::parse(text).ok();
        let is_aliyuns = |endpoint: Endpoint| endpoint.host().ends_with(".aliyuncs.com");
        (!endpoint.is_some_and(is_aliyuns)).then_some(text)
    }

    pub(super) fn say_how_to_go_on(&self) {
        let t = self.terminal;
        let config = self.config.display();
        t.say(
            &format!("Nothing is lost. Go on with: sesame setup --config {config}"),
            &format!("进度已保存。继续请运行：sesame setup --config {config}"),
        );
    }

    fn say_what_is_next(&self) {
        let t = self.terminal;
        let config = self.config.display();
        t.heading(t.pick("Done.", "完成。"));
        t.say(
            &format!("{config} is ready: name it as the connector of `sesame serve`, or paste it into Logto."),
            &format!("{config} 已可使用：可在 `sesame serve` 的配置中用作 connector，也可粘贴到 Logto。"),
        );
        t.say(
            &format!(
                "sesame doctor --config {config} --watch tells when something about it changes."
            ),
            &format!("sesame doctor --config {config} --watch 会在情况变化时提示。"),
        );
    }

    pub(super) fn save(&self) -> Result<(), Stop> {
        let written = self.kept.write(&self.progress);
        Ok(written.map_err(|error| self.kept.unwritable(&error))?)
    }

    /// The configuration as far as it is known, checked. At most the key is
    /// wrong with it: nothing else is taken in that is, so that was changed in
    /// the file of the progress.
    pub(super) fn known(&self) -> Result<Checked, Fault> {
        let lookup = SystemLookup::beside(&self.config);
        let checked = ConnectorConfig::from_value(&self.progress.config(), &lookup);
        let spoilt = checked.errors().find(|problem| !is_of_key(problem));
        if let Some(problem) = spoilt {
            return Err(self.kept.spoilt(problem));
        }
        Ok(checked)
    }

    /// The account of the key. Where that cannot be read any more, a variable
    /// that was set before for one, it is asked for again.
    pub(super) fn account(&mut self) -> Result<Account, Stop> {
        let Some(config) = self.known()?.config else {
            self.terminal.say(
                "The AccessKey cannot be read any more.",
                "已无法读取 AccessKey。",
            );
            self.progress.undo(Step::AccessKey);
            return Err(Stop::Back);
        };
        let account = Account::new(&config, self.source.clone());
        account.map_err(|error| {
            let cure =
                "install this system's CA certificates, or name a file of them in SSL_CERT_FILE";
            Fault::failed(error.to_string(), cure).into()
        })
    }

    /// A line of the doctor's.
    pub(super) fn tell(&self, check: &Check) {
        output::line(line::describe(check, self.terminal.language));
    }

    /// Asks Aliyun until there is an answer, or the operator goes elsewhere.
    pub(super) async fn insist<T>(
        &mut self,
        ask: impl AsyncFn() -> Result<T, Box<Check>>,
    ) -> Result<T, Stop> {
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(check) => {
                    self.tell(&check);
                    self.try_again().await?;
                }
            }
        }
    }

    /// Comes back where it is to be tried again.
    pub(super) async fn try_again(&mut self) -> Result<(), Stop> {
        let again = self.terminal.pick("try again", "重试");
        self.choose_way(&[again]).await.map(drop)
    }

    /// After an application was refused: whether it is to be changed, not only
    /// tried again.
    pub(super) async fn wants_change(&mut self) -> Result<bool, Stop> {
        let t = self.terminal;
        let own = [
            t.pick("try again", "重试"),
            t.pick("change the application", "修改申请"),
        ];
        Ok(self.choose_way(&own).await? == 1)
    }

    /// Lets one of `own` be chosen, another key, or leaving.
    pub(super) async fn choose_way(&mut self, own: &[&str]) -> Result<usize, Stop> {
        let t = self.terminal;
        let others = [
            t.pick("enter another AccessKey", "更换 AccessKey"),
            t.pick("leave, and come back later", "离开，稍后再来"),
        ];
        let options: Vec<String> = own.iter().chain(&others).map(|&o| o.to_owned()).collect();
        let chosen = t.choose(&options, 0).await?;
        if chosen < own.len() {
            return Ok(chosen);
        }
        if chosen > own.len() {
            return Err(Stop::Left);
        }
        self.progress.undo(Step::AccessKey);
        self.forget_key()?;
        Err(Stop::Back)
    }
}

pub(super) fn is_of_key(problem: &Problem) -> bool {
    problem.path.starts_with("accessKey") || problem.path.starts_with("credentials")
}
