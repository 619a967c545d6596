//! The walk: what is asked, in which order, and where it ends early.

use std::sync::Arc;

use aliyun_sms::wire::{
    Api, GetSmsSign, GetSmsSignReply, GetSmsTemplate, GetSmsTemplateReply, QueryAccountBalance,
    QueryMessage, QuerySendDetails, QuerySmsSignList, SendMessageToGlobe, SendSms,
    SendSmsVerifyCode, beijing_date,
};
use aliyun_sms::{Client, Endpoint, Error, Refusal, Source, Transport};

use super::asking::{Asked, Trouble, ask};
use super::check::{Check, CheckId};
use super::keys::{self, Key};
use super::plan::{Plan, SignNameUse, TemplateUse};
use super::sign_name::Tag;
use super::{
    Options, Progress, Stage, account, contact, links, overseas, sign_name, tags, template,
};
use crate::config::{ConnectorConfig, ProviderKind};
use crate::text::Text;

/// No plan of the world has such a number: whatever is asked about it, nobody
/// is meant, and nothing can be sent to it.
const NOBODY: &str = "0";
/// Nor is there a signature or a template of these names.
const NO_SIGN_NAME: &str = "-";
const NO_TEMPLATE: &str = "SMS_0";

/// The configuration of the way by Aliyun SMS: the whole, or its fallback.
fn by_sms(config: &ConnectorConfig) -> Option<&ConnectorConfig> {
    [Some(config), config.fallback.as_deref()]
        .into_iter()
        .flatten()
        .find(|config| config.provider == ProviderKind::AliyunSms)
}

/// Whether this provider stands behind. Signatures and templates of PNVS are
/// Aliyun's own and cannot be asked about; the international API knows no
/// questions about any.
fn falls_back_on(config: &ConnectorConfig, provider: ProviderKind) -> bool {
    let mut fallback = config.fallback.iter();
    fallback.any(|config| config.provider == provider)
}

/// As [`Walk::may_send`] does it, by PNVS.
fn nothing_by_pnvs() -> SendSmsVerifyCode {
    SendSmsVerifyCode {
        phone_number: NOBODY.to_owned(),
        sign_name: NO_SIGN_NAME.to_owned(),
        template_code: NO_TEMPLATE.to_owned(),
        template_param: "{}".to_owned(),
        ..SendSmsVerifyCode::default()
    }
}

/// The same by the international API.
fn nothing_by_intl() -> SendMessageToGlobe {
    SendMessageToGlobe {
        to: NOBODY.to_owned(),
        message: "-".to_owned(),
        from: Some(NO_SIGN_NAME.to_owned()),
        kind: Some(NO_SIGN_NAME.to_owned()),
        ..SendMessageToGlobe::default()
    }
}

/// What the service is called that sends.
fn service_of(config: &ConnectorConfig) -> &'static str {
    match config.provider {
        ProviderKind::AliyunSms => account::SMS,
        ProviderKind::AliyunPnvs => account::PNVS,
        ProviderKind::AliyunIntl => account::INTL,
    }
}

/// The templates of the whole, as far as they can be asked about: what a
/// configuration's problems count by.
pub(super) fn plan_of(config: &ConnectorConfig) -> Plan {
    match config.provider {
        ProviderKind::AliyunSms => Plan::of(config),
        ProviderKind::AliyunPnvs | ProviderKind::AliyunIntl => Plan::default(),
    }
}

/// What without which nothing is sent.
fn sends(config: &ConnectorConfig) -> &'static str {
    match config.provider {
        ProviderKind::AliyunSms => account::SEND,
        ProviderKind::AliyunPnvs => account::SEND_PNVS,
        ProviderKind::AliyunIntl => account::SEND_INTL,
    }
}

/// Where requests of a configuration go.
pub(super) fn endpoint_of(config: &ConnectorConfig) -> Endpoint {
    let api = match config.provider {
        ProviderKind::AliyunSms => Api::Sms,
        ProviderKind::AliyunPnvs => Api::Pns,
        ProviderKind::AliyunIntl => Api::Globe,
    };
    let region = config.region.as_deref();
    let region = region.unwrap_or(config.provider.usual_region());
    let own = config.endpoint.clone();
    own.unwrap_or_else(|| Endpoint::of_region(api, region))
}

/// One examination.
pub(super) struct Walk<'a> {
    config: &'a ConnectorConfig,
    transport: &'a Transport,
    source: Arc<dyn Source>,
    options: Options,
    progress: Progress<'a>,
    endpoint: Endpoint,
    plan: Plan,
    checks: Vec<Check>,
    tried: Vec<&'static str>,
    denied: Vec<&'static str>,
}

/// Why a walk ends before its end; the line about it.
struct End(Box<Check>);

/// What Aliyun said to a question that the key may ask.
enum Told<T> {
    Reply(T),
    Refused(Refusal),
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        config: &'a ConnectorConfig,
        transport: &'a Transport,
        source: Arc<dyn Source>,
        options: Options,
        progress: Progress<'a>,
    ) -> Self {
        Self {
            config,
            transport,
            source,
            options,
            progress,
            endpoint: endpoint_of(config),
            plan: by_sms(config).map(Plan::of).unwrap_or_default(),
            checks: Vec::new(),
            tried: Vec::new(),
            denied: Vec::new(),
        }
    }

    pub(super) fn into_checks(self) -> Vec<Check> {
        self.checks
    }

    /// Walks as far as it goes.
    pub(super) async fn run(&mut self) {
        if let Err(End(check)) = self.all().await {
            let check = *check;
            // What was said of the endpoint before does not hold any more.
            let is_same = |other: &Check| other.id == check.id && other.subject == check.subject;
            self.checks.retain(|other| !is_same(other));
            self.checks.push(check);
        }
    }

    async fn all(&mut self) -> Result<(), End> {
        self.contact().await?;
        let client = self.key().await?;
        (self.progress)(Stage::Permission);
        if self.options.asks_permission {
            self.may_send(&client).await?;
        }
        (self.progress)(Stage::SignNames);
        let sign_names = self.sign_names(&client).await?;
        (self.progress)(Stage::Templates);
        let templates = self.templates(&client).await?;
        let service = service_of(self.config);
        let is_about_it = |check: &Check| check.id == CheckId::Service && check.subject == service;
        let is_served = !self.checks.iter().any(is_about_it);
        if is_served {
            self.checks.push(account::service(service));
        }
        self.checks.push(account::permission(
            &self.denied,
            &self.tried,
            sends(self.config),
        ));
        if is_served && self.options.asks_balance {
            self.balance(&client).await;
        }
        self.judge(&sign_names, &templates, &client).await;
        self.checks.push(overseas::whole(self.config, &self.plan));
        self.countries(&templates);
        let asked_by = match self.config.provider {
            ProviderKind::AliyunSms => Some((account::ASK, "QuerySendDetails")),
            ProviderKind::AliyunIntl => Some((account::ASK_INTL, "QueryMessage")),
            ProviderKind::AliyunPnvs => None,
        };
        if let Some((_, name)) = asked_by.filter(|(action, _)| !self.denied.contains(action)) {
            self.checks.push(account::reports(name));
        }
        Ok(())
    }

    fn countries(&mut self, templates: &[Told<GetSmsTemplateReply>]) {
        let told: Vec<(&str, Option<i64>)> = templates
            .iter()
            .filter_map(|told| match told {
                Told::Reply(reply) => Some((reply.template_code.as_str(), reply.template_type)),
                Told::Refused(_) => None,
            })
            .collect();
        let kind = |code: &str| told.iter().find(|(known, _)| *known == code)?.1;
        let countries = &self.options.countries;
        let lines = overseas::by_country(self.config, countries, &kind, &self.checks);
        self.checks.extend(lines);
    }

    async fn contact(&mut self) -> Result<(), End> {
        (self.progress)(Stage::Endpoint);
        let timeout = self.config.timeout;
        let mut answer = self.transport.contact(&self.endpoint, timeout).await;
        // Once more where it may have been a hiccup; what hung would hang again.
        let is_hiccup = |error: &Error| {
            error.is_transient()
                && !matches!(
                    error,
                    Error::Unanswered(aliyun_sms::Unanswered::TimedOut { .. })
                )
        };
        if answer.as_ref().is_err_and(is_hiccup) {
            answer = self.transport.contact(&self.endpoint, timeout).await;
        }
        let answer = answer.map_err(|error| self.unreached(&error))?;
        self.checks
            .extend(contact::reached(&self.endpoint, self.transport));
        let clock = contact::clock(&self.endpoint, answer, self.source.now());
        self.checks.push(clock);
        Ok(())
    }

    fn unreached(&self, error: &Error) -> End {
        End(Box::new(contact::unreached(&self.endpoint, error)))
    }

    /// Finds the keys, tries each, and goes on with the first that is taken.
    async fn key(&mut self) -> Result<Client, End> {
        (self.progress)(Stage::Credentials);
        let found = keys::find(self.config, self.transport, &self.source).await;
        let (keys, check) = found.map_err(End)?;
        self.checks.push(check);
        let mut taken: Option<Client> = None;
        let mut refused: Vec<(Key, Refusal)> = Vec::new();
        for key in keys {
            let (action, answer) = self.first_question(&key.client).await;
            match answer {
                Err(Trouble::Key(refusal)) => refused.push((key, refusal)),
                answer if taken.is_none() => {
                    let told = self.told(action, answer)?;
                    if let Some(Told::Refused(refusal)) = told
                        && contact::is_other_api(&refusal)
                    {
                        let provider = self.config.provider;
                        let check = contact::other_api(&self.endpoint, provider, &refusal);
                        return Err(End(Box::new(check)));
                    }
                    self.checks.push(keys::taken(&key));
                    taken = Some(key.client);
                }
                _ => self.checks.push(keys::taken(&key)),
            }
        }
        // Two that are refused alike have one cause.
        refused.dedup_by(|(_, other), (_, first)| other.code == first.code);
        let lines = refused
            .iter()
            .map(|(key, refusal)| keys::refused(&key.from, refusal, taken.is_some()));
        self.checks.extend(lines);
        // Without a key that serves, the line about the last one is the end.
        match taken {
            Some(client) => Ok(client),
            None => Err(End(Box::new(
                self.checks.pop().unwrap_or_else(keys::no_key),
            ))),
        }
    }

    /// What any key that serves may ask.
    async fn first_question(&self, client: &Client) -> (&'static str, Asked<()>) {
        match self.config.provider {
            ProviderKind::AliyunSms => {
                let question = QuerySendDetails {
                    phone_number: NOBODY.to_owned(),
                    send_date: beijing_date(self.source.now()),
                    page_size: 1,
                    current_page: 1,
                    biz_id: None,
                };
                (account::ASK, ask(client, &question).await.map(drop))
            }
            ProviderKind::AliyunPnvs => {
                let answer = ask(client, &nothing_by_pnvs()).await;
                (account::SEND_PNVS, answer.map(drop))
            }
            ProviderKind::AliyunIntl => {
                let question = QueryMessage {
                    message_id: NOBODY.to_owned(),
                };
                (account::ASK_INTL, ask(client, &question).await.map(drop))
            }
        }
    }

    /// Notes what an answer says of permission and service.
    fn told<T>(&mut self, action: &'static str, asked: Asked<T>) -> Result<Option<Told<T>>, End> {
        let told = match asked {
            Ok(reply) => Told::Reply(reply),
            Err(Trouble::Refused(refusal)) => Told::Refused(refusal),
            Err(Trouble::Denied) => {
                self.note(action);
                self.denied.push(action);
                return Ok(None);
            }
            Err(Trouble::Service(refusal)) => {
                let service = service_of(self.config);
                return Err(End(Box::new(account::no_service(service, &refusal))));
            }
            Err(Trouble::Key(refusal)) => {
                return Err(End(Box::new(keys::refused("key", &refusal, false))));
            }
            Err(Trouble::Broken(error)) => return Err(self.unreached(&error)),
        };
        self.note(action);
        Ok(Some(told))
    }

    fn note(&mut self, action: &'static str) {
        if !self.tried.contains(&action) {
            self.tried.push(action);
        }
    }

    /// Asks to send what cannot be sent: three things in it are wrong, each of
    /// which alone would have it refused.
    async fn may_send(&mut self, client: &Client) -> Result<(), End> {
        if falls_back_on(self.config, ProviderKind::AliyunPnvs) {
            let answer = ask(client, &nothing_by_pnvs()).await.map(drop);
            self.may_fall_back(account::SEND_PNVS, account::PNVS, answer)?;
        }
        if falls_back_on(self.config, ProviderKind::AliyunIntl) {
            let answer = ask(client, &nothing_by_intl()).await.map(drop);
            self.may_fall_back(account::SEND_INTL, account::INTL, answer)?;
        }
        if self.config.provider == ProviderKind::AliyunIntl {
            self.told(account::SEND_INTL, ask(client, &nothing_by_intl()).await)?;
        }
        if by_sms(self.config).is_none() {
            return Ok(());
        }
        let nothing = SendSms {
            phone_numbers: NOBODY.to_owned(),
            sign_name: NO_SIGN_NAME.to_owned(),
            template_code: NO_TEMPLATE.to_owned(),
            template_param: None,
            sms_up_extend_code: None,
            out_id: None,
        };
        match ask(client, &nothing).await {
            // In arrears an account may still ask, so the rest can be looked at.
            Err(Trouble::Service(refusal)) => {
                self.note(account::SEND);
                self.checks
                    .push(account::no_service(account::SMS, &refusal));
                Ok(())
            }
            answer => self.told(account::SEND, answer).map(drop),
        }
    }

    /// Without it the rest sends as before.
    fn may_fall_back(
        &mut self,
        action: &'static str,
        service: &'static str,
        answer: Asked<()>,
    ) -> Result<(), End> {
        let Err(Trouble::Service(refusal)) = answer else {
            return self.told(action, answer).map(drop);
        };
        self.note(action);
        self.checks.push(Check {
            level: super::Level::Warning,
            ..account::no_service(service, &refusal)
        });
        Ok(())
    }

    async fn sign_names(&mut self, client: &Client) -> Result<Vec<Told<GetSmsSignReply>>, End> {
        let mut all = Vec::new();
        for used in self.plan.sign_names.clone() {
            let question = GetSmsSign {
                sign_name: used.name,
            };
            let answer = ask(client, &question).await;
            match self.told(account::GET_SIGN_NAME, answer)? {
                Some(told) => all.push(told),
                None => return Ok(Vec::new()),
            }
        }
        Ok(all)
    }

    async fn templates(&mut self, client: &Client) -> Result<Vec<Told<GetSmsTemplateReply>>, End> {
        let mut all = Vec::new();
        for used in self.plan.templates.clone() {
            let question = GetSmsTemplate {
                template_code: used.code,
            };
            let answer = ask(client, &question).await;
            match self.told(account::GET_TEMPLATE, answer)? {
                Some(told) => all.push(told),
                None => return Ok(Vec::new()),
            }
        }
        Ok(all)
    }

    /// What cannot be asked here is no fault.
    async fn balance(&mut self, client: &Client) {
        let reply = ask(client, &QueryAccountBalance).await.ok();
        let told = reply.and_then(|reply| reply.data);
        self.checks.push(account::balance(told.as_ref()));
    }

    /// Says what the answers mean.
    async fn judge(
        &mut self,
        sign_names: &[Told<GetSmsSignReply>],
        templates: &[Told<GetSmsTemplateReply>],
        client: &Client,
    ) {
        let plan = self.plan.clone();
        let mut signed: Vec<(&SignNameUse, Tag)> = Vec::new();
        for (used, told) in plan.sign_names.iter().zip(sign_names) {
            match told {
                Told::Reply(reply) if !is_nothing(reply) => {
                    signed.push((used, Tag::of(reply.sign_tag)));
                    self.checks.extend(sign_name::judge(used, reply));
                }
                Told::Refused(refusal) if !is_absent(refusal) => {
                    let check = untold(CheckId::SignName, &used.name, refusal);
                    self.checks.push(check.at(links::SIGN_NAMES));
                }
                _ => {
                    let known = known_sign_names(client).await;
                    self.checks.push(sign_name::missing(&used.name, &known));
                }
            }
        }
        let mut written: Vec<(&TemplateUse, Tag)> = Vec::new();
        for (used, told) in plan.templates.iter().zip(templates) {
            match told {
                Told::Reply(reply) if !reply.template_code.is_empty() => {
                    let checks = template::judge(used, reply);
                    // What must be replaced need not go with its signature.
                    let is_right = |check: &Check| {
                        check.id != CheckId::TemplateKind || check.level == super::Level::Ok
                    };
                    if checks.iter().all(is_right) {
                        written.push((used, Tag::of(reply.template_tag)));
                    }
                    self.checks.extend(checks);
                }
                Told::Refused(refusal) if !is_absent(refusal) => {
                    let check = untold(CheckId::Template, &used.code, refusal);
                    self.checks.push(check.at(links::TEMPLATES));
                }
                _ => self.checks.push(template::missing(used)),
            }
        }
        self.checks.extend(tags::judge(&signed, &written));
    }
}

/// An answer that is no refusal and tells nothing.
fn is_nothing(reply: &GetSmsSignReply) -> bool {
    reply.sign_name.is_empty() && reply.sign_status.is_none()
}

pub(super) fn is_absent(refusal: &Refusal) -> bool {
    use aliyun_sms::code::Kind;
    matches!(refusal.kind(), Kind::Signature | Kind::Template)
}

/// Aliyun does not tell, and says something else instead.
pub(super) fn untold(id: CheckId, subject: &str, refusal: &Refusal) -> Check {
    let (cause, cure) = refusal.entry().map_or_else(
        || {
            (
                Text::fixed("Aliyun does not tell", "阿里云未返回结果"),
                Text::fixed("look at it in the console", "请在控制台查看"),
            )
        },
        |entry| (Text::from(entry.cause), entry.cure.into()),
    );
    Check::failure(id, subject, cause.with_code(&refusal.code), cure)
}

/// The account's signatures, to say which may have been meant; none where the
/// key may not ask.
async fn known_sign_names(client: &Client) -> Vec<String> {
    let first_page = QuerySmsSignList {
        page_index: 1,
        page_size: 50,
    };
    let reply = ask(client, &first_page).await;
    let list = reply.map(|reply| reply.sms_sign_list).unwrap_or_default();
    let approved = list
        .into_iter()
        .filter(|sign| sign.audit_status == "AUDIT_STATE_PASS");
    approved.map(|sign| sign.sign_name).collect()
}
