//! The keys to sign with: where they come from, and whether Aliyun takes them.

use std::sync::Arc;

use aliyun_sms::credentials::{DefaultChain, Environment, ProvideCredentials as _};
use aliyun_sms::{Client, Refusal, Source, Transport};

use super::check::{Check, CheckId};
use super::links;
use crate::config::{AccessKey, ConnectorConfig, Credentials};
use crate::provider::aliyun_sms::{client_builder_of, credentials};
use crate::text::Text;

/// A key, and a client that signs with it and no other.
pub(super) struct Key {
    /// Where it came from, as an operator knows it.
    pub(super) from: String,
    pub(super) client: Client,
}

/// The keys of a configuration, the one in use first, and what is said of them;
/// or why there are none.
pub(super) async fn find(
    config: &ConnectorConfig,
    transport: &Transport,
    source: &Arc<dyn Source>,
) -> Result<(Vec<Key>, Check), Box<Check>> {
    let made = |credentials: aliyun_sms::Credentials, from: &str| {
        let builder = client_builder_of(Client::builder(credentials), config, source.clone());
        let client = builder.transport(transport).build();
        client
            .map(|client| Key {
                from: from.to_owned(),
                client,
            })
            .map_err(|error| Box::new(none(&error.to_string())))
    };
    match &config.credentials {
        Credentials::Keys { current, next } => {
            let mut keys = vec![made(credentials(current), "accessKeyId")?];
            if let Some(next) = next.as_ref().filter(|next| !is_same(next, current)) {
                keys.push(made(credentials(next), "nextAccessKeyId")?);
            }
            let message = Text::fixed("stand in the configuration", "来自配置文件");
            let check = Check::ok(CheckId::Credentials, "accessKeyId", message);
            Ok((keys, check))
        }
        Credentials::DefaultChain => {
            let chain = DefaultChain::new(source.clone(), Environment::process());
            let provided = tokio::time::timeout(config.timeout, chain.provide()).await;
            let found = provided
                .map_err(|_| none("the provider chain gave no answer in time"))?
                .map_err(|error| none(&error.to_string()))?;
            let from = found.provider().to_owned();
            let key = made((*found).clone(), &from)?;
            let message = Text::made(
                format!("Alibaba's provider chain found them, {from}"),
                format!("由阿里云凭证链提供：{from}"),
            );
            Ok((vec![key], Check::ok(CheckId::Credentials, &from, message)))
        }
    }
}

fn is_same(one: &AccessKey, other: &AccessKey) -> bool {
    one.id == other.id
}

/// What is said where there is no key at all.
pub(super) fn no_key() -> Check {
    none("there is no key")
}

/// The reason names every place that was looked at, and no secret.
fn none(reason: &str) -> Check {
    let reason = crate::text::printable_up_to(reason, 1200);
    Check::failure(
        CheckId::Credentials,
        "default",
        Text::made(reason.clone(), format!("没有可用的访问凭证：{reason}")),
        Text::fixed(
            "give accessKeyId and accessKeySecret, or set up one of the places named: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are the plainest",
            "请填写 accessKeyId 和 accessKeySecret，或配置上述任一来源，最简单的是环境变量 ALIBABA_CLOUD_ACCESS_KEY_ID 与 ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        ),
    )
    .at(links::ACCESS_KEYS)
}

/// What is said of a key that Aliyun takes.
pub(super) fn taken(key: &Key) -> Check {
    let message = Text::fixed("Aliyun takes it", "阿里云接受该密钥");
    Check::ok(CheckId::AccessKey, &key.from, message)
}

/// What is said of one it refuses. `has_other` where another one serves.
pub(super) fn refused(from: &str, refusal: &Refusal, has_other: bool) -> Check {
    let (mut cause, mut cure): (Text, Text) = refusal.entry().map_or_else(
        || (unknown_cause(), unknown_cure()),
        |entry| (entry.cause.into(), entry.cure.into()),
    );
    if refusal.code == "InvalidAccessKeyId.Inactive" {
        // Aliyun says the same where a key is bound to other addresses.
        cause = Text::fixed(
            "the AccessKey is disabled, or may not be used from this machine's address",
            "该 AccessKey 已被禁用，或不允许从本机地址使用",
        );
        cure = Text::made(
            format!(
                "{}; where the key is bound to source addresses, allow this machine's",
                cure.en
            ),
            format!("{}；若该密钥绑定了来源地址，请加入本机的出口地址", cure.zh),
        );
    }
    let cause = cause.with_code(&refusal.code);
    let make = if has_other {
        Check::warning
    } else {
        Check::failure
    };
    make(CheckId::AccessKey, from, cause, cure).at(links::ACCESS_KEYS)
}

fn unknown_cause() -> Text {
    Text::fixed("Aliyun refuses it", "阿里云拒绝该密钥")
}

fn unknown_cure() -> Text {
    Text::fixed(
        "check the key's id, its secret and its state in the console",
        "请在控制台核对密钥的 ID、Secret 与状态",
    )
}
