//! Aliyun's PNVS (短信认证, `Dypnsapi` 2017-05-25) as a channel for our own
//! codes: gift signatures and templates, which need no papers and no review.
//!
//! A code that stands in `TemplateParam` is sent as it is and Aliyun cannot
//! check it; we do. The service lists no messages and pushes no reports, so what
//! ends unknown stays unknown.

use std::sync::Arc;

use aliyun_sms::wire::SendSmsVerifyCode;
use aliyun_sms::{Client, Source};

use super::aliyun_sms::{ends, notation, template_param};
use super::{BoxFuture, FindError, Found, Provider, ReportError, Reports, Sought};
use crate::config::ProviderKind;
use crate::message::Prepared;
use crate::outcome::{Outcome, Receipt};

/// Sends through PNVS.
#[derive(Clone, Debug)]
pub struct AliyunPnvs {
    client: Client,
    source: Arc<dyn Source>,
}

impl AliyunPnvs {
    /// Sends through `client`.
    pub fn new(client: Client, source: Arc<dyn Source>) -> Self {
        Self { client, source }
    }

    async fn send_once(&self, message: &Prepared) -> Outcome {
        let began_at = self.source.now();
        let request = SendSmsVerifyCode {
            phone_number: notation(&message.to),
            sign_name: message.route.sign_name.as_str().to_owned(),
            template_code: message.route.template_code.as_str().to_owned(),
            template_param: template_param(&message.params).unwrap_or_default(),
            out_id: Some(message.out_id.as_str().to_owned()),
            ..SendSmsVerifyCode::default()
        };
        let answer = self.client.send_sms_verify_code(&request).await;
        let sent_at = began_at + self.client.clock_behind();
        match answer {
            Ok(reply) => Outcome::Accepted(Receipt {
                out_id: message.out_id.clone(),
                biz_id: reply.biz_id().map(str::to_owned),
                request_id: reply.request_id,
                sent_at,
            }),
            Err(error) => ends::not_accepted(message, sent_at, &error),
        }
    }
}

impl Provider for AliyunPnvs {
    fn name(&self) -> &'static str {
        ProviderKind::AliyunPnvs.as_str()
    }

    fn send<'a>(&'a self, message: &'a Prepared) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send_once(message))
    }

    fn find<'a>(&'a self, _: &'a Sought) -> BoxFuture<'a, Found> {
        Box::pin(async { Err(FindError::Unsupported) })
    }

    fn parse_reports(&self, _: &[u8]) -> Result<Reports, ReportError> {
        Err(ReportError::Unsupported)
    }
}
