//! Single questions to an account, for whoever guides an operator: what is in
//! the way of an answer is a line as the doctor writes it.

use std::sync::Arc;

use aliyun_sms::wire::Operation;
use aliyun_sms::{Client, Disposition, Endpoint, Source, Transport};

use super::asking::{Trouble, ask};
use super::check::{Check, CheckId};
use super::{account, contact, keys, links, walk};
use crate::config::ConnectorConfig;
use crate::error::Error;
use crate::provider::aliyun_sms::client_builder;
use crate::text::Text;

/// All that a guide does beside sending, for one policy.
const ACTIONS: [&str; 10] = [
    "dysms:QuerySmsSignList",
    "dysms:GetSmsSign",
    "dysms:CreateSmsSign",
    "dysms:UpdateSmsSign",
    "dysms:QuerySmsTemplateList",
    "dysms:GetSmsTemplate",
    "dysms:CreateSmsTemplate",
    "dysms:UpdateSmsTemplate",
    account::SEND,
    account::ASK,
];

/// Asks one account.
#[derive(Debug)]
pub(crate) struct Questions {
    client: Client,
    endpoint: Endpoint,
}

/// Why there is no answer.
pub(crate) struct Unanswered {
    /// The line about it.
    pub(crate) line: Box<Check>,
    /// Whether Aliyun says that there is no such thing.
    pub(crate) is_absent: bool,
    /// Whether what was asked for may have been done all the same.
    pub(crate) may_be_done: bool,
}

impl Questions {
    pub(crate) fn new(config: &ConnectorConfig, source: Arc<dyn Source>) -> Result<Self, Error> {
        let transport = Transport::new()?;
        let client = client_builder(config, source).transport(&transport);
        Ok(Self {
            client: client.build()?,
            endpoint: walk::endpoint_of(config),
        })
    }

    /// Asks; what stands in the way is said of `subject`.
    pub(crate) async fn ask<O: Operation>(
        &self,
        id: CheckId,
        subject: &str,
        operation: &O,
    ) -> Result<O::Reply, Unanswered> {
        let answer = ask(&self.client, operation).await;
        answer.map_err(|trouble| self.unanswered(id, subject, O::ACTION, trouble))
    }

    fn unanswered(&self, id: CheckId, subject: &str, action: &str, trouble: Trouble) -> Unanswered {
        let (mut is_absent, mut may_be_done) = (false, false);
        let line = match trouble {
            Trouble::Denied => denied(action),
            Trouble::Key(refusal) => keys::refused("key", &refusal, false),
            Trouble::Service(refusal) => account::no_service(account::SMS, &refusal),
            Trouble::Refused(refusal) => {
                is_absent = walk::is_absent(&refusal);
                walk::untold(id, subject, &refusal).at(link(id))
            }
            Trouble::Broken(error) => {
                may_be_done = error.disposition() == Disposition::Unknown;
                contact::unreached(&self.endpoint, &error)
            }
        };
        Unanswered {
            line: Box::new(line),
            is_absent,
            may_be_done,
        }
    }
}

fn link(id: CheckId) -> &'static str {
    match id {
        CheckId::SignName => links::SIGN_NAMES,
        _ => links::TEMPLATES,
    }
}

fn denied(action: &str) -> Check {
    let policy = account::policy(&ACTIONS);
    Check::failure(
        CheckId::Permission,
        "RAM",
        Text::made(
            format!("the key may not call dysms:{action}"),
            format!("该密钥无权调用 dysms:{action}"),
        ),
        Text::made(
            format!(
                "attach Aliyun's own policy AliyunDysmsFullAccess to the key's RAM user, or this one:\n{policy}"
            ),
            format!("请为该密钥所属的 RAM 用户授予系统策略 AliyunDysmsFullAccess，或以下策略：\n{policy}"),
        ),
    )
    .at(links::POLICIES)
}
