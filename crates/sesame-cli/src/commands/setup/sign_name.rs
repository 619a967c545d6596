//! The signature: one the account has, one that is applied for, or a gift in its
//! place.

use sesame_connector::doctor::{Tag, links};
use sesame_connector::setup::{self, Account, HeldSignName, SignApplication, Standing, half_width};

use super::guide::{Guide, Stop};
use super::progress::SignDraft;
use super::step::Step;

/// `SignSource`: whose name it is.
const SOURCES: [u8; 3] = [0, 2, 5];
/// Aliyun's advice: a general one may carry codes too.
const GENERAL: u8 = 1;
const PURPOSE: &str = "用户注册、登录和找回密码时的短信验证码";
const PURPOSE_MAX: usize = 200;

impl Guide {
    pub(super) async fn sign_name(&mut self) -> Result<(), Stop> {
        if let Some(gift) = self
            .progress
            .gift
            .as_ref()
            .filter(|_| self.progress.gift_alone)
        {
            let name = &gift.sign_name;
            self.terminal.say(
                &format!("The gift {name} is used alone."),
                &format!("仅使用赠送签名 {name}。"),
            );
            return Ok(());
        }
        loop {
            let account = self.account()?;
            if self.progress.sign_draft.confirmed && self.is_still_wanted(&account).await? {
                return self.apply_for_sign_name().await;
            }
            let held = self.insist(async || account.sign_names().await).await?;
            if self.choose_sign_name(&held).await? {
                return Ok(());
            }
        }
    }

    /// Whether what was confirmed is to be applied for. If an earlier run's has
    /// been rejected, that may be the answer to it, so it is asked about anew.
    async fn is_still_wanted(&mut self, account: &Account) -> Result<bool, Stop> {
        if self.has_confirmed {
            return Ok(true);
        }
        let name = self.progress.sign_draft.name.clone().unwrap_or_default();
        let name = name.as_str();
        let standing = self.insist(async || account.sign_name(name).await).await?;
        let is_wanted = !matches!(standing, Standing::Rejected(_));
        self.progress.sign_draft.confirmed = is_wanted;
        self.save()?;
        Ok(is_wanted)
    }

    /// Whether one was chosen.
    async fn choose_sign_name(&mut self, held: &[HeldSignName]) -> Result<bool, Stop> {
        let t = self.terminal;
        if held.is_empty() {
            t.say(
                "The account has no signature yet (短信签名, the name in 【】 in front of every text).",
                "账号还没有签名（即每条短信开头【】中的名称）。",
            );
        } else {
            t.say(
                "The account's signatures (短信签名, the name in 【】 in front of every text):",
                "账号已有的签名（即每条短信开头【】中的名称）：",
            );
        }
        let mut options: Vec<String> = held.iter().map(|held| self.described(held)).collect();
        let more = [
            t.pick("apply for a new one, here", "在此申请新签名"),
            t.pick(
                "look again, after one was added in the console (国内消息 → 签名管理)",
                "重新查询（已在控制台“国内消息 → 签名管理”中添加）",
            ),
            t.pick(
                "none: use a gift signature of PNVS (短信认证), which needs no review and no papers; mainland numbers only",
                "不用自有签名：使用短信认证（PNVS）的赠送签名，无需审核和资质，仅限中国内地号码",
            ),
            t.pick("leave, and come back later", "离开，稍后再来"),
        ];
        options.extend(more.map(str::to_owned));
        let is_begun = self.progress.sign_draft.name.is_some();
        let is_usable =
            |held: &HeldSignName| held.standing == Standing::Approved && held.tag == Tag::Own;
        let usual = held.iter().position(is_usable).filter(|_| !is_begun);
        let chosen = t.choose(&options, usual.unwrap_or(held.len())).await?;
        let Some(held) = held.get(chosen) else {
            return match chosen - held.len() {
                0 => self.ask_about_sign_name(None).await.map(|()| false),
                1 => Ok(false),
                2 => self.use_gift_alone().await.map(|()| true),
                _ => Err(Stop::Left),
            };
        };
        match &held.standing {
            Standing::Approved | Standing::Reviewing => {
                self.take_sign_name(held.name.clone())?;
                Ok(true)
            }
            standing => {
                self.say_standing(&held.name, standing);
                let question = t.pick("Change it and apply again?", "修改后重新申请？");
                if t.confirm(question, true).await? {
                    self.ask_about_sign_name(Some(&held.name)).await?;
                }
                Ok(false)
            }
        }
    }

    pub(super) async fn use_gift_alone(&mut self) -> Result<(), Stop> {
        self.choose_gift().await?;
        self.progress.gift_alone = true;
        self.progress.sign_name = None;
        self.save()
    }

    fn take_sign_name(&mut self, name: String) -> Result<(), Stop> {
        self.progress.sign_draft = SignDraft::default();
        self.progress.use_sign_name(name);
        self.save()
    }

    fn described(&self, held: &HeldSignName) -> String {
        let t = self.terminal;
        let kind = match held.tag {
            Tag::Test => t.pick(
                "for trying: reaches only numbers that are bound in the console",
                "测试签名，只能发送到控制台中绑定的号码",
            ),
            Tag::Gift => t.pick(
                "a gift for PNVS: see \"none\" below",
                "短信认证的赠送签名，见下方“不用自有签名”",
            ),
            Tag::Own if held.codes_only => t.pick("for codes only", "验证码签名"),
            Tag::Own => t.pick("general", "通用签名"),
        };
        let standing = self.standing(&held.standing);
        match t.language {
            crate::output::Language::English => format!("{} ({standing}, {kind})", held.name),
            crate::output::Language::Chinese => format!("{}（{standing}，{kind}）", held.name),
        }
    }

    /// In a word.
    pub(super) fn standing(&self, standing: &Standing) -> &'static str {
        let (en, zh) = match standing {
            Standing::Approved => ("approved", "已通过"),
            Standing::Reviewing => ("under review", "审核中"),
            Standing::Rejected(_) => ("rejected", "未通过"),
            Standing::Withdrawn => ("withdrawn", "已撤回"),
            Standing::Absent => ("not there", "不存在"),
        };
        self.terminal.language.pick(en, zh)
    }

    /// With the reviewer's words, where there are some.
    pub(super) fn say_standing(&self, name: &str, standing: &Standing) {
        let t = self.terminal;
        let word = self.standing(standing);
        match standing {
            Standing::Rejected(reason) if !reason.is_empty() => t.say(
                &format!("{name} was rejected. Aliyun's reason: {reason}"),
                &format!("{name} 未通过审核。阿里云给出的原因：{reason}"),
            ),
            _ => t.say(&format!("{name}: {word}."), &format!("{name}：{word}。")),
        }
    }

    /// Asks for all that an application says; each answer is kept.
    pub(super) async fn ask_about_sign_name(&mut self, name: Option<&str>) -> Result<(), Stop> {
        let t = self.terminal;
        if let Some(name) = name {
            self.progress.sign_draft.name = Some(name.to_owned());
        } else {
            self.ask_name().await?;
        }
        t.say("Whose name is it?", "该名称属于：");
        let options = [
            t.pick(
                "the enterprise's, in full or short",
                "企事业单位的全称或简称",
            ),
            t.pick(
                "that of a published app (filed with ICP)",
                "已上线并完成 ICP 备案的 App",
            ),
            t.pick("a registered trademark", "已注册的商标"),
            t.pick(
                "somebody else's, or something else: apply in the console, then look again",
                "他用或其他情况：请在控制台申请，然后重新查询",
            ),
        ];
        let earlier = self.progress.sign_draft.source;
        let usual = SOURCES.iter().position(|source| Some(*source) == earlier);
        let chosen = t
            .choose(&options.map(str::to_owned), usual.unwrap_or(0))
            .await?;
        let Some(source) = SOURCES.get(chosen).copied() else {
            self.say_form();
            return Ok(());
        };
        self.progress.sign_draft.source = Some(source);
        self.save()?;
        t.say(
            "The number of your papers stands under Go China → Qualifications. They are filed there, not from here, and need a review of their own: leave with Ctrl-C until they have one.",
            "资质 ID 见“国内消息 → 资质管理”。资质只能在控制台提交并需审核；如尚未通过，可按 Ctrl-C 离开，稍后再来。",
        );
        let question = t.pick("Qualification number", "资质 ID");
        let earlier = self.progress.sign_draft.qualification;
        self.progress.sign_draft.qualification = Some(self.ask_id(question, earlier).await?);
        self.save()?;
        let question = match source {
            2 => t.pick("Number of the app's filing (APP-ICP)", "App ICP 备案 ID"),
            5 => t.pick("Number of the trademark", "商标 ID"),
            _ => "",
        };
        if question.is_empty() {
            self.progress.sign_draft.record = None;
        } else {
            let earlier = self.progress.sign_draft.record;
            self.progress.sign_draft.record = Some(self.ask_id(question, earlier).await?);
        }
        self.save()?;
        self.ask_purpose().await?;
        let question = t.pick("Apply for it now?", "现在提交申请？");
        if t.confirm(question, true).await? {
            self.progress.sign_draft.confirmed = true;
            self.has_confirmed = true;
            self.save()?;
        }
        Ok(())
    }

    /// The console's own form, for what the API does not take.
    fn say_form(&self) {
        let t = self.terminal;
        t.point(
            "Go China → Signatures → Add Signature (国内消息 → 签名管理 → 添加签名): the name (签名名称), for yourself or somebody else (自用 or 他用), the papers (资质), for somebody else's the letter of authorization (授权委托书), whose name it is (签名来源), and what it is for (场景说明).",
            "国内消息 → 签名管理 → 添加签名：填写签名名称、签名用途（自用或他用）、资质、签名来源和场景说明；他用须上传授权委托书。",
        );
        t.link(links::SIGN_NAMES);
    }

    async fn ask_name(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        t.say(
            "2 to 12 characters, without brackets, punctuation and spaces; a name that users know.",
            "2 至 12 个字符，不含括号、标点和空格，应为用户熟悉的名称。",
        );
        loop {
            let earlier = self.progress.sign_draft.name.clone();
            let question = t.pick("Signature", "签名名称");
            let typed = t.ask(question, earlier.as_deref()).await?;
            match setup::sign_name(&typed) {
                Ok(name) => {
                    self.progress.sign_draft.name = Some(name);
                    return self.save();
                }
                Err(wrong) => t.say(&format!("{}.", wrong.en), &format!("{}。", wrong.zh)),
            }
        }
    }

    async fn ask_id(&self, question: &str, earlier: Option<u64>) -> Result<u64, Stop> {
        let t = self.terminal;
        let usual = earlier.map(|number| number.to_string());
        loop {
            let typed = half_width(&t.ask(question, usual.as_deref()).await?);
            match typed.parse() {
                Ok(number) => return Ok(number),
                Err(_) => t.say(
                    "It is a number, as the console shows it.",
                    "请输入控制台显示的数字 ID。",
                ),
            }
        }
    }

    async fn ask_purpose(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        t.say(
            "What it is for, in Chinese, for the reviewer; the address of your site or app helps.",
            "场景说明，供审核人员参考；建议附上网站或 App 地址。",
        );
        loop {
            let earlier = self.progress.sign_draft.purpose.clone();
            let usual = earlier.unwrap_or_else(|| PURPOSE.to_owned());
            let question = t.pick("Purpose", "场景说明");
            let typed = t.ask(question, Some(&usual)).await?;
            if typed.chars().count() <= PURPOSE_MAX {
                self.progress.sign_draft.purpose = Some(typed);
                return self.save();
            }
            t.say(
                "That is more than 200 characters.",
                "场景说明不能超过 200 个字符。",
            );
        }
    }

    /// Applies, asking the account first whether that was done before.
    pub(super) async fn apply_for_sign_name(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        let draft = self.progress.sign_draft.clone();
        let application = SignApplication {
            sign_name: draft.name.unwrap_or_default(),
            sign_source: draft.source.unwrap_or_default(),
            qualification_id: draft.qualification.unwrap_or_default(),
            sign_type: GENERAL,
            third_party: false,
            app_icp_record_id: draft.record.filter(|_| draft.source == Some(2)),
            trademark_id: draft.record.filter(|_| draft.source == Some(5)),
            remark: draft.purpose,
        };
        let name = application.sign_name.clone();
        loop {
            let account = self.account()?;
            let check = match account.apply_for_sign_name(&application).await {
                Ok(is_new) => {
                    if is_new {
                        t.say(
                            &format!("{name} is applied for."),
                            &format!("已申请签名 {name}。"),
                        );
                    } else {
                        t.say(
                            &format!("The account has {name} already; nothing is applied for."),
                            &format!("账号已有签名 {name}，不再重复申请。"),
                        );
                    }
                    self.progress.use_sign_name(name);
                    // What was said stands by for the case of a rejection.
                    self.progress.sign_draft.confirmed = false;
                    return self.save();
                }
                Err(check) => check,
            };
            self.tell(&check);
            if self.wants_change().await? {
                self.progress.sign_draft.confirmed = false;
                self.progress.undo(Step::SignName);
                self.save()?;
                return Err(Stop::Back);
            }
        }
    }
}
