//! The account's signatures and templates, and applying for more of them.

use std::sync::Arc;
use std::time::Duration;

use aliyun_sms::Source;
use aliyun_sms::wire::{
    CreateSmsSign, CreateSmsTemplate, GetSmsSign, GetSmsTemplate, QuerySmsSignList,
    QuerySmsTemplateList, ReviewReason, SignApplication, SignSummary, TemplateApplication,
    TemplateSummary, UpdateSmsSign, UpdateSmsTemplate,
};

use crate::config::ConnectorConfig;
use crate::doctor::{Check, CheckId, Questions, Tag, Unanswered, variables_of, words_of};
use crate::error::Error;
use crate::settle;
use crate::template::TemplateRegion;

/// The most on a page of a list.
const PAGE_SIZE: u8 = 50;
/// No account has more pages; it ends the loop if the answers never do.
const LAST_PAGE: u32 = 100;
/// Nobody chooses among more; each is a question of its own.
const MOST_TAGS: usize = 50;
/// How long an application whose answer was lost is looked for.
const LOOK_FOR: Duration = Duration::from_secs(8);

/// How the review of a signature or a template stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be used.
    Approved,
    /// Nobody has decided yet.
    Reviewing,
    /// It may not be used; with the reviewer's words, which may be none.
    Rejected(String),
    /// The application was taken back.
    Withdrawn,
    /// The account has none of that name.
    Absent,
}

impl Standing {
    /// By `SignStatus` and `TemplateStatus`.
    fn of_number(number: Option<i64>, reason: Option<&ReviewReason>) -> Self {
        match number {
            Some(0) => Self::Reviewing,
            Some(2) => Self::rejected(reason),
            Some(10) => Self::Withdrawn,
            Some(_) => Self::Approved,
            None => Self::Absent,
        }
    }

    /// By `AuditStatus` in lists.
    fn of_list(status: &str, reason: Option<&ReviewReason>) -> Self {
        match status {
            "AUDIT_STATE_INIT" => Self::Reviewing,
            "AUDIT_STATE_PASS" => Self::Approved,
            "AUDIT_STATE_NOT_PASS" => Self::rejected(reason),
            _ => Self::Withdrawn,
        }
    }

    fn rejected(reason: Option<&ReviewReason>) -> Self {
        Self::Rejected(reason.map(words_of).unwrap_or_default())
    }
}

/// A signature of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSignName {
    /// Without brackets.
    pub name: String,
    /// How its review stands.
    pub standing: Standing,
    /// Whether it is for codes only.
    pub codes_only: bool,
    /// Whose it is, as far as that was told.
    pub tag: Tag,
}

/// A template of the account that can carry a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTemplate {
    /// `SMS_` and digits.
    pub code: String,
    /// Its text.
    pub content: String,
    /// How its review stands.
    pub standing: Standing,
    /// Which numbers it is for.
    pub region: TemplateRegion,
}

/// What applying for a template came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is applied for, and has this code.
    Now(String),
    /// The account has one with the same text already.
    Before {
        /// Its code.
        code: String,
        /// The signature it is filed with, where that is another one.
        other_sign_name: Option<String>,
    },
}

impl Applied {
    /// Its code.
    pub fn code(&self) -> &str {
        match self {
            Self::Now(code) | Self::Before { code, .. } => code,
        }
    }

    fn before(found: TemplateSummary, application: &TemplateApplication) -> Self {
        let meant = application.related_sign_name.as_ref();
        let is_other = |name: &String| meant.is_some_and(|meant| meant != name);
        Self::Before {
            code: found.template_code,
            other_sign_name: found.signature_name.filter(is_other),
        }
    }
}

/// An account, as far as a set-up has to do with it.
#[derive(Debug)]
pub struct Account {
    questions: Questions,
}

type Told<T> = Result<T, Box<Check>>;

impl Account {
    /// The account of a configuration's key.
    ///
    /// # Errors
    /// Where TLS cannot be set up on this machine.
    pub fn new(config: &ConnectorConfig, source: Arc<dyn Source>) -> Result<Self, Error> {
        let questions = Questions::new(config, source)?;
        Ok(Self { questions })
    }

    /// All signatures.
    ///
    /// # Errors
    /// With the line about what is in the way.
    pub async fn sign_names(&self) -> Told<Vec<HeldSignName>> {
        let mut all = Vec::new();
        for page_index in 1..=LAST_PAGE {
            let page = QuerySmsSignList {
                page_index,
                page_size: PAGE_SIZE,
            };
            let answer = self.questions.ask(CheckId::SignName, "list", &page).await;
            let reply = answer.map_err(line)?;
            let is_last = reply.sms_sign_list.len() < usize::from(PAGE_SIZE);
            all.extend(reply.sms_sign_list.into_iter().map(held_sign_name));
            if is_last {
                break;
            }
        }
        self.tag(&mut all).await;
        Ok(all)
    }

    /// Whose those are that can be used, which the list does not tell. Where it
    /// is not told at all, a check of the configuration may tell it.
    async fn tag(&self, all: &mut [HeldSignName]) {
        let is_usable = |held: &&mut HeldSignName| held.standing == Standing::Approved;
        for held in all.iter_mut().filter(is_usable).take(MOST_TAGS) {
            let sign_name = held.name.clone();
            let question = GetSmsSign { sign_name };
            let answer = self.questions.ask(CheckId::SignName, &held.name, &question);
            match answer.await {
                Ok(reply) => held.tag = Tag::of(reply.sign_tag),
                Err(_) => return,
            }
        }
    }

    /// All templates that can carry a code: of the kind verification code, or
    /// international, with the one variable `${code}`.
    ///
    /// # Errors
    /// With the line about what is in the way.
    pub async fn templates(&self) -> Told<Vec<HeldTemplate>> {
        let all = self.all_templates().await.map_err(line)?;
        Ok(all.into_iter().filter_map(held_template).collect())
    }

    async fn all_templates(&self) -> Result<Vec<TemplateSummary>, Unanswered> {
        let mut all = Vec::new();
        for page_index in 1..=LAST_PAGE {
            let page = QuerySmsTemplateList {
                page_index,
                page_size: PAGE_SIZE,
            };
            let reply = self.questions.ask(CheckId::Template, "list", &page).await?;
            let is_last = reply.sms_template_list.len() < usize::from(PAGE_SIZE);
            all.extend(reply.sms_template_list);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// How one signature stands.
    ///
    /// # Errors
    /// With the line about what is in the way.
    pub async fn sign_name(&self, name: &str) -> Told<Standing> {
        let question = GetSmsSign {
            sign_name: name.to_owned(),
        };
        match self.questions.ask(CheckId::SignName, name, &question).await {
            Ok(reply) => Ok(Standing::of_number(
                reply.sign_status,
                reply.audit_info.as_ref(),
            )),
            Err(unanswered) if unanswered.is_absent => Ok(Standing::Absent),
            Err(unanswered) => Err(unanswered.line),
        }
    }

    /// How one template stands.
    ///
    /// # Errors
    /// With the line about what is in the way.
    pub async fn template(&self, code: &str) -> Told<Standing> {
        let question = GetSmsTemplate {
            template_code: code.to_owned(),
        };
        match self.questions.ask(CheckId::Template, code, &question).await {
            Ok(reply) => Ok(Standing::of_number(
                reply.template_status,
                reply.audit_info.as_ref(),
            )),
            Err(unanswered) if unanswered.is_absent => Ok(Standing::Absent),
            Err(unanswered) => Err(unanswered.line),
        }
    }

    /// Applies for a signature, or once more for a rejected one; for nothing
    /// where it is approved or under review already. Whether it did.
    ///
    /// # Errors
    /// With the line about what is in the way.
    pub async fn apply_for_sign_name(&self, application: &SignApplication) -> Told<bool> {
        let name = application.sign_name.as_str();
        let answer = match self.sign_name(name).await? {
            Standing::Approved | Standing::Reviewing => return Ok(false),
            Standing::Rejected(_) => {
                let again = UpdateSmsSign(application.clone());
                self.questions.ask(CheckId::SignName, name, &again).await
            }
            Standing::Absent | Standing::Withdrawn => {
                let new = CreateSmsSign(application.clone());
                self.questions.ask(CheckId::SignName, name, &new).await
            }
        };
        done_or_found(answer, async || self.sign_name(name).await).await?;
        Ok(true)
    }

    /// Applies for a template and tells its code; for nothing where the account
    /// has one with the same text already, whatever became of that.
    ///
    /// # Errors
    /// With the line about what is in the way.
    pub async fn apply_for_template(&self, application: &TemplateApplication) -> Told<Applied> {
        let name = application.template_name.as_str();
        if let Some(found) = self.find(application).await.map_err(line)? {
            return Ok(Applied::before(found, application));
        }
        let new = CreateSmsTemplate(application.clone());
        let unanswered = match self.questions.ask(CheckId::Template, name, &new).await {
            Ok(reply) if !reply.template_code.is_empty() => {
                return Ok(Applied::Now(reply.template_code));
            }
            Ok(_) => None,
            Err(unanswered) if unanswered.may_be_done => Some(unanswered.line),
            Err(unanswered) => return Err(unanswered.line),
        };
        for pause in settle::pauses(LOOK_FOR) {
            tokio::time::sleep(pause).await;
            if let Ok(Some(found)) = self.find(application).await {
                return Ok(Applied::Now(found.template_code));
            }
        }
        Err(unanswered.unwrap_or_else(|| Box::new(no_code(name))))
    }

    /// Applies once more for a rejected template; for nothing where it is not
    /// rejected (any more).
    ///
    /// # Errors
    /// With the line about what is in the way.
    pub async fn apply_again(&self, code: &str, application: &TemplateApplication) -> Told<()> {
        if !matches!(self.template(code).await?, Standing::Rejected(_)) {
            return Ok(());
        }
        let again = UpdateSmsTemplate {
            template_code: code.to_owned(),
            application: application.clone(),
        };
        let answer = self.questions.ask(CheckId::Template, code, &again).await;
        done_or_found(answer, async || self.template(code).await).await
    }

    /// The template that an application asks for, where it is there.
    async fn find(
        &self,
        application: &TemplateApplication,
    ) -> Result<Option<TemplateSummary>, Unanswered> {
        let kind = i64::from(application.template_type);
        let is_it = |template: &TemplateSummary| {
            template.template_content == application.template_content
                && template.outer_template_type == Some(kind)
                && Standing::of_list(&template.audit_status, None) != Standing::Withdrawn
        };
        let all = self.all_templates().await?;
        Ok(all.into_iter().find(is_it))
    }
}

/// What an application came to; one whose answer was lost is looked for.
async fn done_or_found<T>(
    answer: Result<T, Unanswered>,
    look: impl AsyncFn() -> Told<Standing>,
) -> Told<()> {
    let Err(unanswered) = answer else {
        return Ok(());
    };
    if unanswered.may_be_done {
        for pause in settle::pauses(LOOK_FOR) {
            tokio::time::sleep(pause).await;
            if matches!(look().await, Ok(Standing::Reviewing | Standing::Approved)) {
                return Ok(());
            }
        }
    }
    Err(unanswered.line)
}

fn line(unanswered: Unanswered) -> Box<Check> {
    unanswered.line
}

fn no_code(name: &str) -> Check {
    use crate::text::Text;
    Check::failure(
        CheckId::Template,
        name,
        Text::fixed(
            "Aliyun took the application and told no code",
            "阿里云已受理申请，但未返回模板 CODE",
        ),
        Text::fixed(
            "look whether the console lists it, and try again",
            "请在控制台确认是否已有该模板，然后重试",
        ),
    )
}

fn held_sign_name(sign: SignSummary) -> HeldSignName {
    HeldSignName {
        standing: Standing::of_list(&sign.audit_status, sign.reason.as_ref()),
        codes_only: sign.business_type.contains("验证码"),
        tag: Tag::Own,
        name: sign.sign_name,
    }
}

/// `None` where it cannot carry a code.
fn held_template(template: TemplateSummary) -> Option<HeldTemplate> {
    let region = match template.outer_template_type? {
        0 => TemplateRegion::China,
        3 => TemplateRegion::Overseas,
        _ => return None,
    };
    let is_of_codes = variables_of(&template.template_content) == ["code"];
    is_of_codes.then(|| HeldTemplate {
        standing: Standing::of_list(&template.audit_status, template.reason.as_ref()),
        code: template.template_code,
        content: template.template_content,
        region,
    })
}
