//! Aliyun's review of what was applied for: waiting for it, going round it, and
//! what to do when it says no.

use std::time::Duration;

use sesame_connector::setup::{Account, Standing};

use super::guide::{Guide, Stop};
use super::progress::Slot;
use super::step::Step;
use super::terminal::shows_progress;
use crate::output;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    SignName,
    /// By its place in the list.
    Template(usize),
}

impl Guide {
    pub(super) async fn review(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        if self.progress.gift_alone {
            t.say("Gifts need none.", "赠送签名和模板无需审核。");
            return Ok(());
        }
        let mut waits = false;
        let mut is_told = false;
        let mut pause = FIRST_PAUSE;
        loop {
            let found = self.look().await?;
            let standing_of = |item: Item| found.iter().find(|(other, _)| *other == item);
            let rejected = found.iter().find(|(_, standing)| {
                matches!(
                    standing,
                    Standing::Rejected(_) | Standing::Absent | Standing::Withdrawn
                )
            });
            if let Some((item, standing)) = rejected.cloned() {
                self.end_progress(waits);
                self.mend(item, &standing).await?;
                (pause, is_told) = (FIRST_PAUSE, false);
                continue;
            }
            let sign_is_approved = standing_of(Item::SignName)
                .is_some_and(|(_, standing)| *standing == Standing::Approved);
            let lacks_code = self
                .progress
                .templates
                .iter()
                .any(|slot| slot.code.is_none());
            if sign_is_approved && lacks_code {
                self.end_progress(waits);
                self.apply_for_templates().await?;
                continue;
            }
            let is_open = |(_, standing): &&(Item, Standing)| *standing == Standing::Reviewing;
            let open: Vec<&(Item, Standing)> = found.iter().filter(is_open).collect();
            if open.is_empty() && !lacks_code {
                self.end_progress(waits);
                t.say("All of it is approved.", "签名和模板均已通过审核。");
                return Ok(());
            }
            if !waits {
                let names = self.names_of(&open);
                if !self.wants_to_wait(&names).await? {
                    return Ok(());
                }
                waits = true;
            }
            if !is_told {
                is_told = true;
                t.say(
                    "Waiting. Ctrl-C leaves; nothing is lost.",
                    "正在等待审核结果。可按 Ctrl-C 离开，进度不会丢失。",
                );
            }
            self.show_progress(open.len(), pause);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// How everything stands.
    async fn look(&mut self) -> Result<Vec<(Item, Standing)>, Stop> {
        let account = self.account()?;
        let account: &Account = &account;
        let name = self.progress.sign_name.clone().unwrap_or_default();
        let name = name.as_str();
        let standing = self.insist(async || account.sign_name(name).await).await?;
        let mut found = vec![(Item::SignName, standing)];
        for at in 0..self.progress.templates.len() {
            let Some(code) = self.progress.templates[at].code.clone() else {
                continue;
            };
            let code = code.as_str();
            let standing = self.insist(async || account.template(code).await).await?;
            found.push((Item::Template(at), standing));
        }
        Ok(found)
    }

    fn name_of(&self, item: Item) -> String {
        match item {
            Item::SignName => self.progress.sign_name.clone().unwrap_or_default(),
            Item::Template(at) => {
                let slot = &self.progress.templates[at];
                let code = slot.code.as_deref().unwrap_or_default();
                let purpose = self.purpose(slot);
                match self.terminal.language {
                    output::Language::English => format!("{code} ({purpose})"),
                    output::Language::Chinese => format!("{code}（{purpose}）"),
                }
            }
        }
    }

    fn names_of(&self, items: &[&(Item, Standing)]) -> String {
        let names: Vec<String> = items.iter().map(|(item, _)| self.name_of(*item)).collect();
        names.join(self.terminal.pick(", ", "、"))
    }

    /// What to do while the review lasts: `false` where nobody waits.
    async fn wants_to_wait(&mut self, open: &str) -> Result<bool, Stop> {
        let t = self.terminal;
        t.say(
            &format!("Under review: {open}."),
            &format!("审核中：{open}。"),
        );
        t.say(
            "A review takes two hours on a good day and up to two working days; then the carriers file the signature, five to ten more. You need not stay.",
            "审核通常需两小时，最长两个工作日；通过后运营商报备还需五至十个工作日。您不必守在这里。",
        );
        let options = [
            t.pick("wait here", "在此等待"),
            t.pick(
                "do not wait: send by PNVS (短信认证) meanwhile, whose gift signature needs no review; it stays behind as the fallback",
                "不等待：在此期间使用短信认证（PNVS）的赠送签名（无需审核）发送，之后作为 fallback 保留",
            ),
            t.pick("leave, and come back later", "离开，稍后再来"),
        ];
        match t.choose(&options.map(str::to_owned), 0).await? {
            0 => Ok(true),
            1 if self
                .progress
                .templates
                .iter()
                .any(|slot| slot.code.is_none()) =>
            {
                t.say(
                    "Not yet: one of the templates can only be applied for when the signature is approved.",
                    "暂不可行：有模板须待签名通过后才能申请。",
                );
                Ok(true)
            }
            1 => self.choose_gift().await.map(|()| false),
            _ => Err(Stop::Left),
        }
    }

    /// In one place where the terminal can, else now and then.
    fn show_progress(&self, open: usize, pause: Duration) {
        let secs = pause.as_secs();
        let t = self.terminal;
        let english = format!("{open} under review; next look in {secs} s");
        let chinese = format!("{open} 项审核中；{secs} 秒后再次查询");
        if shows_progress() {
            t.progress(t.pick(&english, &chinese));
        } else if pause == FIRST_PAUSE || pause == LONGEST_PAUSE {
            t.say(&english, &chinese);
        }
    }

    fn end_progress(&self, waits: bool) {
        if waits {
            self.terminal.progress("");
        }
    }

    /// Something cannot be used as it is.
    async fn mend(&mut self, item: Item, standing: &Standing) -> Result<(), Stop> {
        let t = self.terminal;
        self.say_standing(&self.name_of(item), standing);
        let is_rejected = matches!(standing, Standing::Rejected(_));
        let mut options = vec![
            t.pick("choose another", "另选一个"),
            t.pick("leave, and come back later", "离开，稍后再来"),
        ];
        if is_rejected {
            options.insert(0, t.pick("change it and apply again", "修改后重新申请"));
        }
        let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
        let chosen = t.choose(&options, 0).await? + usize::from(!is_rejected);
        match (chosen, item) {
            (0, Item::SignName) => {
                let name = self.progress.sign_name.clone();
                self.ask_about_sign_name(name.as_deref()).await?;
                if self.progress.sign_draft.confirmed {
                    self.apply_for_sign_name().await?;
                }
                Ok(())
            }
            (0, Item::Template(at)) => self.amend_template(at).await,
            (1, Item::SignName) => {
                self.progress.undo(Step::SignName);
                self.progress.sign_name = None;
                self.save()?;
                Err(Stop::Back)
            }
            (1, Item::Template(at)) => {
                let slot = &mut self.progress.templates[at];
                *slot = Slot {
                    code: None,
                    text: None,
                    confirmed: false,
                    ..slot.clone()
                };
                self.progress.undo(Step::Templates);
                self.save()?;
                Err(Stop::Back)
            }
            _ => Err(Stop::Left),
        }
    }

    async fn amend_template(&mut self, at: usize) -> Result<(), Stop> {
        let t = self.terminal;
        self.ask_text(at).await?;
        let question = t.pick("Apply for it again now?", "现在重新提交申请？");
        if !t.confirm(question, true).await? {
            return Ok(());
        }
        let account = self.account()?;
        let code = self.progress.templates[at].code.clone().unwrap_or_default();
        let application = self.application(at);
        let (account, code, application) = (&account, code.as_str(), &application);
        self.insist(async || account.apply_again(code, application).await)
            .await?;
        t.say(
            &format!("{code} is applied for again."),
            &format!("已重新申请 {code}。"),
        );
        Ok(())
    }
}
