//! The templates: which usage types have a text of their own, and for each the
//! template that the account has or that is applied for.

use sesame_connector::UsageType;
use sesame_connector::setup::{
    self, Account, Applied, HeldTemplate, Standing, TemplateApplication,
};
use sesame_connector::template::TemplateRegion;

use super::guide::{Guide, Stop};
use super::progress::Slot;
use crate::output::Language;

/// `TemplateType`.
const VERIFICATION: u8 = 0;
const INTERNATIONAL: u8 = 3;
/// `IntlType`: for codes.
const OF_CODES: u8 = 2;
/// The attribute of the variable: digits.
const RULE: &str = r#"{"code":"numberCaptcha"}"#;
const REMARK: &str = "短信验证码，变量 code 为 6 位数字";
/// So much of a text tells which it is.
const SHOWN: usize = 40;

impl Guide {
    pub(super) async fn templates(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        if self.progress.gift_alone {
            t.say(
                "The gift template serves everything.",
                "赠送模板将用于所有场景。",
            );
            return Ok(());
        }
        self.ask_which().await?;
        loop {
            let account = self.account()?;
            for at in 0..self.progress.templates.len() {
                self.fill(at, &account).await?;
            }
            if self.confirm_all().await? {
                break;
            }
        }
        self.apply_for_templates().await
    }

    /// Which templates there are to be.
    async fn ask_which(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        let one_text = match self.progress.one_text {
            Some(one_text) => one_text,
            None => {
                t.say(
                    "Which texts (短信模板, of the kind 验证码)?",
                    "需要哪些短信模板（类型为“验证码”）？",
                );
                let options = [
                    t.pick(
                        "one for everything (Generic)",
                        "一个模板用于所有场景（Generic）",
                    ),
                    t.pick(
                        "one each for Register, SignIn, ForgotPassword, and one for the rest",
                        "注册、登录、找回密码各一个，其余共用一个",
                    ),
                ];
                t.choose(&options.map(str::to_owned), 0).await? == 0
            }
        };
        self.progress.one_text = Some(one_text);
        self.save()?;
        if self.progress.overseas.is_none() {
            let question = t.pick(
                "Also numbers outside the Chinese mainland? They need an international template",
                "是否也发送到中国内地以外的号码？需要国际/港澳台模板",
            );
            self.progress.overseas = Some(t.confirm(question, false).await?);
        }
        if self.progress.templates.is_empty() {
            self.progress.templates = slots(one_text, self.progress.overseas == Some(true));
        }
        self.save()
    }

    /// Chooses what serves one purpose, where that is not known yet.
    async fn fill(&mut self, at: usize, account: &Account) -> Result<(), Stop> {
        let t = self.terminal;
        let slot = self.progress.templates[at].clone();
        if slot.code.is_some() || slot.text.is_some() {
            return Ok(());
        }
        loop {
            let held = self.insist(async || account.templates().await).await?;
            let fits = |held: &HeldTemplate| {
                held.region == slot.region()
                    && matches!(held.standing, Standing::Approved | Standing::Reviewing)
            };
            let held: Vec<HeldTemplate> = held.into_iter().filter(fits).collect();
            let purpose = self.purpose(&slot);
            t.say(
                &format!("Template for {purpose}:"),
                &format!("{purpose}的模板："),
            );
            if held.is_empty() {
                return self.ask_text(at).await;
            }
            let mut options: Vec<String> = held.iter().map(|held| self.shown(held)).collect();
            let more = [
                t.pick("apply for a new one, here", "在此申请新模板"),
                t.pick(
                    "look again, after one was added in the console (国内消息 → 模板管理)",
                    "重新查询（已在控制台“国内消息 → 模板管理”中添加）",
                ),
            ];
            options.extend(more.map(str::to_owned));
            let is_usable = |held: &HeldTemplate| held.standing == Standing::Approved;
            let usual = held.iter().position(is_usable).unwrap_or(held.len());
            let chosen = t.choose(&options, usual).await?;
            if let Some(held) = held.get(chosen) {
                self.progress.templates[at].code = Some(held.code.clone());
                return self.save();
            }
            if chosen == held.len() {
                return self.ask_text(at).await;
            }
        }
    }

    fn shown(&self, held: &HeldTemplate) -> String {
        let standing = self.standing(&held.standing);
        let mut text: String = held.content.chars().take(SHOWN).collect();
        if held.content.chars().count() > SHOWN {
            text.push('…');
        }
        match self.terminal.language {
            Language::English => format!("{} ({standing}): {text}", held.code),
            Language::Chinese => format!("{}（{standing}）：{text}", held.code),
        }
    }

    /// What a template is for, to people.
    pub(super) fn purpose(&self, slot: &Slot) -> &'static str {
        let t = self.terminal;
        if slot.overseas {
            return t
                .language
                .pick("numbers outside the mainland", "内地以外号码");
        }
        let everything = self.progress.one_text == Some(true);
        match slot.usage_type.as_str() {
            "Register" => t.language.pick("registering", "注册"),
            "SignIn" => t.language.pick("signing in", "登录"),
            "ForgotPassword" => t.language.pick("forgotten passwords", "找回密码"),
            _ if everything => t.language.pick("everything", "所有场景"),
            _ => t.language.pick("the rest", "其余场景"),
        }
    }

    /// Asks for a text to apply for.
    pub(super) async fn ask_text(&mut self, at: usize) -> Result<(), Stop> {
        let t = self.terminal;
        let slot = self.progress.templates[at].clone();
        t.say(
            "Its text: write the code as ${code}, and no other variable.",
            "模板内容：用 ${code} 表示验证码，不要使用其他变量。",
        );
        loop {
            let usual = slot
                .text
                .clone()
                .unwrap_or_else(|| suggested(&slot).to_owned());
            let question = t.pick("Text", "模板内容");
            let typed = t.ask(question, Some(&usual)).await?;
            match setup::template_text(&typed, slot.region()) {
                Ok(text) => {
                    self.progress.templates[at].text = Some(text);
                    return self.save();
                }
                Err(wrong) => t.say(&format!("{}.", wrong.en), &format!("{}。", wrong.zh)),
            }
        }
    }

    /// Shows what will be applied for. Without a yes the texts are asked for
    /// again.
    async fn confirm_all(&mut self) -> Result<bool, Stop> {
        let t = self.terminal;
        let is_open = |slot: &Slot| slot.code.is_none() && !slot.confirmed;
        let open: Vec<&Slot> = self
            .progress
            .templates
            .iter()
            .filter(|s| is_open(s))
            .collect();
        if open.is_empty() {
            return Ok(true);
        }
        t.say("To be applied for:", "将申请以下模板：");
        for slot in &open {
            let text = slot.text.as_deref().unwrap_or_default();
            let line = format!("{}: {text}", self.purpose(slot));
            t.point(&line, &line);
        }
        let question = t.pick("Apply now?", "现在提交申请？");
        let is_confirmed = t.confirm(question, true).await?;
        for slot in self.progress.templates.iter_mut().filter(|s| is_open(s)) {
            slot.confirmed = is_confirmed;
            if !is_confirmed {
                slot.text = None;
            }
        }
        self.save()?;
        Ok(is_confirmed)
    }

    /// Applies for all that is confirmed and has no code, asking the account
    /// first whether that was done before.
    pub(super) async fn apply_for_templates(&mut self) -> Result<(), Stop> {
        for at in 0..self.progress.templates.len() {
            while self.progress.templates[at].code.is_none() {
                if !self.apply_for_template(at).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether it goes on; what is put off until the signature is approved is
    /// applied for then.
    async fn apply_for_template(&mut self, at: usize) -> Result<bool, Stop> {
        let t = self.terminal;
        let account = self.account()?;
        let application = self.application(at);
        let purpose = self.purpose(&self.progress.templates[at]);
        let check = match account.apply_for_template(&application).await {
            Ok(applied) => {
                self.say_applied(purpose, &applied);
                self.progress.templates[at].code = Some(applied.code().to_owned());
                self.save()?;
                return Ok(true);
            }
            Err(check) => check,
        };
        self.tell(&check);
        let name = self.progress.sign_name.clone().unwrap_or_default();
        if matches!(account.sign_name(&name).await, Ok(Standing::Reviewing)) {
            t.say(
                "Its signature is still under review, which may be the reason. It is applied for once that is approved.",
                "签名仍在审核中，可能是因此被拒绝。待签名通过后将再次申请。",
            );
            return Ok(false);
        }
        if self.wants_change().await? {
            self.ask_text(at).await?;
        }
        Ok(true)
    }

    fn say_applied(&self, purpose: &str, applied: &Applied) {
        let (en, zh) = match applied {
            Applied::Now(code) => (
                format!("The template for {purpose} is applied for: {code}."),
                format!("已申请{purpose}的模板：{code}。"),
            ),
            Applied::Before {
                code,
                other_sign_name: None,
            } => (
                format!(
                    "The account has a template with this text already, {code}: it serves {purpose}, and nothing is applied for."
                ),
                format!("账号已有内容相同的模板 {code}，将用于{purpose}，不再重复申请。"),
            ),
            Applied::Before {
                code,
                other_sign_name: Some(name),
            } => (
                format!(
                    "The account has a template with this text already, {code}, filed with the signature {name}: it serves {purpose}, and nothing is applied for. For one of this signature's own, write another text."
                ),
                format!(
                    "账号已有内容相同的模板 {code}（关联签名为 {name}），将用于{purpose}，不再重复申请。如需为当前签名单独申请模板，请使用不同的内容。"
                ),
            ),
        };
        self.terminal.say(&en, &zh);
    }

    /// What is said of a template that is applied for.
    pub(super) fn application(&self, at: usize) -> TemplateApplication {
        let slot = &self.progress.templates[at];
        let is_overseas = slot.region() == TemplateRegion::Overseas;
        TemplateApplication {
            template_name: name_of(slot).to_owned(),
            template_content: slot.text.clone().unwrap_or_default(),
            template_type: if is_overseas {
                INTERNATIONAL
            } else {
                VERIFICATION
            },
            related_sign_name: self.progress.sign_name.clone().filter(|_| !is_overseas),
            template_rule: Some(RULE.to_owned()),
            intl_type: is_overseas.then_some(OF_CODES),
            remark: Some(REMARK.to_owned()),
        }
    }
}

fn slots(one_text: bool, overseas: bool) -> Vec<Slot> {
    let own = if one_text { 0 } else { 3 };
    let own = UsageType::REQUIRED.iter().take(own);
    let slot = |usage_type: &UsageType, overseas| Slot {
        usage_type: usage_type.as_str().to_owned(),
        overseas,
        code: None,
        text: None,
        confirmed: false,
    };
    let rest = [slot(&UsageType::Generic, false)];
    let abroad = overseas.then(|| slot(&UsageType::Generic, true));
    own.map(|usage| slot(usage, false))
        .chain(rest)
        .chain(abroad)
        .collect()
}

/// Its name in the console.
fn name_of(slot: &Slot) -> &'static str {
    match slot.usage_type.as_str() {
        _ if slot.overseas => "国际短信验证码",
        "Register" => "注册验证码",
        "SignIn" => "登录验证码",
        "ForgotPassword" => "找回密码验证码",
        _ => "通用验证码",
    }
}

/// A text that reviewers take.
fn suggested(slot: &Slot) -> &'static str {
    match slot.usage_type.as_str() {
        _ if slot.overseas => "Your verification code is ${code}. Do not share it with anyone.",
        "Register" => "您正在注册账号，验证码为${code}，请勿告知他人。",
        "SignIn" => "您正在登录，验证码为${code}，请勿告知他人。",
        "ForgotPassword" => "您正在找回密码，验证码为${code}，请勿告知他人。",
        _ => "您的验证码为${code}，请勿告知他人。",
    }
}
