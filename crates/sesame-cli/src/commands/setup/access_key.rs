//! The AccessKey: entered, kept, and tried at once.

use secrecy::{ExposeSecret as _, SecretString};
use sesame_connector::config::{Level as ProblemLevel, Problem, ProblemId};
use sesame_connector::doctor::{Check, CheckId, Level, links};
use sesame_connector::setup::{self, half_width};

use super::guide::{Guide, Stop, is_of_key};
use super::progress::{CHAIN, Elsewhere, Given, Hidden};
use crate::commands::doctor::line;
use crate::output::Language;

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
            self.progress.key_secret = None;
            return self.save();
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
        problems
            .iter()
            .for_each(|problem| self.say_problem(problem));
        let Some(config) = checked.config.as_ref().filter(|_| checked.is_valid()) else {
            self.forget_wrong(&problems)?;
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
        let mut ways = vec![Way::Again, Way::OtherKey, Way::Leave];
        let mut usual = usize::from(failures.any(is_of_key));
        if checks.iter().any(setup::is_of_secret) && self.progress.key_secret.is_some() {
            ways.insert(1, Way::OtherSecret);
            usual = 1;
        }
        if may_do_without_sms {
            ways.push(Way::WithoutSms);
        }
        self.choose_way_out(&ways, usual).await?;
        Ok(false)
    }

    fn say_problem(&self, problem: &Problem) {
        let english = format!("{}; {}", problem.message, problem.cure);
        let chinese = in_chinese(problem.id).unwrap_or(&english);
        self.terminal.say(
            &format!("{}: {english}", problem.path),
            &format!("{}：{chinese}", problem.path),
        );
    }

    /// Only that half of the key is asked for again which is wrong.
    fn forget_wrong(&mut self, problems: &[&Problem]) -> Result<(), Stop> {
        let is_wrong = |key: &str| {
            let mut errors = problems.iter().filter(|p| p.level == ProblemLevel::Error);
            errors.any(|problem| problem.path == key)
        };
        match (is_wrong("accessKeyId"), is_wrong("accessKeySecret")) {
            (true, false) => self.progress.key_id = None,
            (false, true) => self.progress.key_secret = None,
            _ => return self.forget_key(),
        }
        self.save()
    }

    /// What to do about a key that does not do.
    async fn choose_way_out(&mut self, ways: &[Way], usual: usize) -> Result<(), Stop> {
        let t = self.terminal;
        let options: Vec<String> = ways.iter().map(|way| way.shown(t.language)).collect();
        match ways[t.choose(&options, usual).await?] {
            Way::Again => Ok(()),
            Way::OtherSecret => {
                self.progress.key_secret = None;
                self.save()
            }
            Way::OtherKey => self.forget_key(),
            Way::Leave => Err(Stop::Left),
            Way::WithoutSms => self.use_gift_alone().await,
        }
    }

    pub(super) fn forget_key(&mut self) -> Result<(), Stop> {
        self.progress.key_id = None;
        self.progress.key_secret = None;
        self.save()
    }
}

/// What can be done about a key that does not do.
#[derive(Clone, Copy)]
enum Way {
    Again,
    OtherSecret,
    OtherKey,
    Leave,
    WithoutSms,
}

impl Way {
    fn shown(self, language: Language) -> String {
        let (en, zh) = match self {
            Self::Again => ("check again", "重新检查"),
            Self::OtherSecret => ("enter the secret again", "重新输入 AccessKey Secret"),
            Self::OtherKey => ("enter another AccessKey", "更换 AccessKey"),
            Self::Leave => ("leave, and come back later", "离开，稍后再来"),
            Self::WithoutSms => (
                "do without SMS: use a gift signature of PNVS (短信认证) alone, which needs no review and no papers; mainland numbers only",
                "不使用短信服务：仅使用短信认证（PNVS）的赠送签名，无需审核和资质，仅限中国内地号码",
            ),
        };
        language.pick(en, zh).to_owned()
    }
}

/// What can be wrong with a key as it is entered, with its cure. (A
/// configuration's problems are told in English.)
fn in_chinese(problem: ProblemId) -> Option<&'static str> {
    Some(match problem {
        ProblemId::EnvNotSet => {
            "所指的环境变量没有设置；请在启动本程序的环境中设置它，或直接输入值"
        }
        ProblemId::FileReference => {
            "所指的文件无法读取；请检查路径（相对于配置文件所在的文件夹）和读取权限"
        }
        ProblemId::EmptyString => "值为空；请提供实际的值",
        ProblemId::Placeholder => "这是示例中的占位符；请换成实际的值",
        ProblemId::SecretLineBreak => "其中有换行；请从控制台的 AccessKey 页面重新完整复制",
        ProblemId::SecretSpace => "其中有空格；请从控制台的 AccessKey 页面重新完整复制",
        ProblemId::SecretCharacter => {
            "其中有密钥不会包含的字符，可能不可见；请从控制台的 AccessKey 页面重新完整复制"
        }
        ProblemId::KeysSwapped => "看起来像 AccessKey ID；请检查 ID 和 Secret 是否颠倒",
        ProblemId::SecurityTokenMissing => {
            "这是临时密钥的 ID，缺少 SecurityToken；请改用长期 AccessKey，或将 ID 填为 default"
        }
        _ => return None,
    })
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
