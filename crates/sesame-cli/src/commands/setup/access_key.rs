//! The AccessKey: entered, kept, and tried at once.

use secrecy::{ExposeSecret as _, SecretString};
use sesame_connector::config::{Level as ProblemLevel, Problem};
use sesame_connector::doctor::{Check, CheckId, Level, links};
use sesame_connector::setup::{self, half_width};

use super::guide::{Guide, Stop, is_of_key};
use super::progress::{CHAIN, Elsewhere, Given, Hidden};
use crate::commands::doctor::line;

impl Guide {
    pub(super) async fn access_key(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        if self.progress.key_id.is_none() {
            t.point(
                "In the RAM console, create a user (创建用户) that may call by OpenAPI (使用永久 AccessKey 访问).",
                "在 RAM 控制台“创建用户”，勾选“使用永久 AccessKey 访问”（OpenAPI 调用）。",
            );
            t.link(links::ACCESS_KEYS);
            t.point(
                "Grant it AliyunDysmsFullAccess, and for PNVS AliyunDypnsFullAccess too (新增授权).",
                "为其“新增授权”：AliyunDysmsFullAccess；如使用短信认证（PNVS），再加 AliyunDypnsFullAccess。",
            );
            t.point(
                "Copy its AccessKey ID and AccessKey Secret, which Aliyun shows once.",
                "复制 AccessKey ID 和 AccessKey Secret，后者只显示一次。",
            );
            t.say(
                "To keep a value out of the configuration, type env:NAME or file:PATH. The ID `default` takes Alibaba's own provider chain, such as an ECS role.",
                "若不想把值写入配置文件，可输入 env:变量名 或 file:路径。AccessKey ID 填 default 则使用阿里云默认凭据链（例如 ECS 实例角色）。",
            );
        }
        loop {
            self.enter_key().await?;
            if self.key_works().await? {
                return Ok(());
            }
        }
    }

    /// Asks for what is not there yet.
    async fn enter_key(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        while self.progress.key_id.is_none() {
            let typed = half_width(&t.ask("AccessKey ID", None).await?);
            self.progress.key_id = given(&typed);
            self.save()?;
        }
        let is_chain = |id: &Given| id.is(CHAIN);
        if self.progress.key_id.as_ref().is_some_and(is_chain) {
            return Ok(());
        }
        while self.progress.key_secret.is_none() {
            let question = t.pick("AccessKey Secret (not shown)", "AccessKey Secret（不显示）");
            let typed = t.ask_hidden(question).await?;
            self.progress.key_secret = given_hidden(&typed);
            self.save()?;
        }
        Ok(())
    }

    /// Tries it. What is wrong with it is asked for again.
    async fn key_works(&mut self) -> Result<bool, Stop> {
        let t = self.terminal;
        let checked = self.known()?;
        let about_it = |problem: &&Problem| is_of_key(problem);
        let problems: Vec<&Problem> = checked.problems.iter().filter(about_it).collect();
        for problem in &problems {
            t.say(
                &format!("{}: {}; {}", problem.path, problem.message, problem.cure),
                &format!("{}：{}；{}", problem.path, problem.message, problem.cure),
            );
        }
        let is_wrong = |problem: &&Problem| problem.level == ProblemLevel::Error;
        let Some(config) = checked
            .config
            .as_ref()
            .filter(|_| !problems.iter().any(is_wrong))
        else {
            self.forget_key()?;
            return Ok(false);
        };
        let tell = move |stage| t.progress(line::stage(stage, t.language));
        let checks = setup::check_access(config, self.source.clone(), &tell).await;
        t.progress("");
        checks.iter().for_each(|check| self.tell(check));
        // Money can wait until there is something to send.
        let fails = |check: &Check| check.level == Level::Failure && check.id != CheckId::Balance;
        let mut failures = checks.iter().filter(|check| fails(check)).peekable();
        if failures.peek().is_none() {
            t.say("The key works.", "密钥可用。");
            return Ok(true);
        }
        let is_of_sms = |check: &Check| matches!(check.id, CheckId::Permission | CheckId::Service);
        let is_of_key =
            |check: &Check| matches!(check.id, CheckId::AccessKey | CheckId::Credentials);
        let may_do_without_sms = !self.progress.gift_alone && failures.clone().all(is_of_sms);
        let usual = usize::from(failures.any(is_of_key));
        self.choose_after_failure(usual, may_do_without_sms).await?;
        Ok(false)
    }

    /// What to do about a key that does not do.
    async fn choose_after_failure(
        &mut self,
        usual: usize,
        may_do_without_sms: bool,
    ) -> Result<(), Stop> {
        let t = self.terminal;
        let mut options = vec![
            t.pick("check again", "重新检查"),
            t.pick("enter another AccessKey", "更换 AccessKey"),
            t.pick("leave, and come back later", "离开，稍后再来"),
        ];
        if may_do_without_sms {
            options.push(t.pick(
                "do without SMS: use a gift signature of PNVS (短信认证) alone, which needs no review and no papers; mainland numbers only",
                "不使用短信服务：仅使用短信认证（PNVS）的赠送签名，无需审核和资质，仅限中国内地号码",
            ));
        }
        let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
        match t.choose(&options, usual).await? {
            0 => Ok(()),
            1 => self.forget_key(),
            2 => Err(Stop::Left),
            _ => self.use_gift_alone().await,
        }
    }

    pub(super) fn forget_key(&mut self) -> Result<(), Stop> {
        self.progress.key_id = None;
        self.progress.key_secret = None;
        self.save()
    }
}

/// What was typed, or where it says that the value is; `None` for nothing.
fn given(typed: &str) -> Option<Given> {
    let reference = elsewhere(typed).map(Given::Elsewhere);
    reference.or_else(|| (!typed.is_empty()).then(|| Given::here(typed.to_owned())))
}

fn given_hidden(typed: &SecretString) -> Option<Given> {
    let text = typed.expose_secret();
    if text.is_empty() {
        return None;
    }
    let reference = elsewhere(text).map(Given::Elsewhere);
    Some(reference.unwrap_or_else(|| Given::Here(Hidden(typed.clone()))))
}

/// `env:NAME` and `file:PATH`.
fn elsewhere(typed: &str) -> Option<Elsewhere> {
    let (kind, rest) = typed.split_once(':')?;
    let rest = rest.trim().to_owned();
    match kind.trim() {
        "env" if !rest.is_empty() => Some(Elsewhere::Env(rest)),
        "file" if !rest.is_empty() => Some(Elsewhere::File(rest)),
        _ => None,
    }
}
