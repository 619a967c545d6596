//! Whether Aliyun can be reached at all, told apart by where it ends, and what
//! its clock says.

use aliyun_sms::code::Kind;
use aliyun_sms::{Contact, Endpoint, Error, Reason, Refusal, Source, Transport, Unsent};
use jiff::{SignedDuration, Timestamp};

use super::check::{Check, CheckId};
use super::walk::endpoint_of;
use crate::config::{ConnectorConfig, ProviderKind};
use crate::provider::aliyun_sms::ends;
use crate::text::Text;

/// More than this and the clock is wrong; Aliyun stands fifteen minutes.
const CLOCK_SLACK_SECS: i64 = 60;

/// The lines of an endpoint that answered.
pub(super) fn reached(endpoint: &Endpoint, transport: &Transport) -> Vec<Check> {
    let shown = endpoint.to_string();
    let proxy = transport.proxy_of(endpoint);
    let way = match &proxy {
        Some(proxy) => Text::made(format!("goes through {proxy}"), format!("经由代理 {proxy}")),
        None => Text::fixed("none stands in the way", "未使用代理"),
    };
    let mut checks = vec![Check::ok(CheckId::Proxy, &shown, way)];
    let mut add = |id, en, zh| checks.push(Check::ok(id, &shown, Text::fixed(en, zh)));
    if proxy.is_none() {
        add(CheckId::EndpointName, "is resolved", "可解析");
    }
    add(CheckId::Connection, "is reached", "可连接");
    if endpoint.is_tls() {
        add(CheckId::Tls, "its certificate is trusted", "证书受信任");
    }
    add(
        CheckId::Answer,
        "answers as Aliyun does",
        "按阿里云接口应答",
    );
    checks
}

/// The one line of an endpoint that did not, or of a call that got no answer.
pub(super) fn unreached(endpoint: &Endpoint, error: &Error) -> Check {
    let shown = endpoint.to_string();
    let (mut cause, catalogued) = ends::texts(error);
    if let Error::Refused(refusal) = error {
        if refusal.kind() == Kind::Server {
            cause = Text::fixed(
                "Aliyun failed to answer a question about the account",
                "阿里云未能应答账号查询",
            );
        }
        cause = cause.with_code(&refusal.code);
    }
    let (id, cure) = match error {
        Error::Unsent(Unsent::Dns { .. }) => (
            CheckId::EndpointName,
            Text::fixed(
                "check the endpoint's spelling and this machine's name resolution (DNS)",
                "请检查 endpoint 拼写和本机域名解析（DNS）",
            ),
        ),
        Error::Unsent(Unsent::Proxy { reason, .. }) => (CheckId::Proxy, proxy_cure(reason)),
        Error::Unsent(Unsent::Tls { reason, .. }) => (CheckId::Tls, tls_cure(reason)),
        Error::Unsent(_) => (
            CheckId::Connection,
            Text::fixed(
                "check the endpoint's host and port, this machine's network and its firewall: TCP port 443 must be open to the outside",
                "请检查 endpoint 的主机和端口、本机网络与防火墙：需放行出站 TCP 443 端口",
            ),
        ),
        Error::Refused(refusal) if refusal.kind() == Kind::Server => (
            CheckId::Answer,
            Text::fixed(
                "try again in some minutes; if it lasts, look at Aliyun's status page and open a ticket",
                "请过几分钟再试；若持续出现，请查看阿里云健康看板并提交工单",
            ),
        ),
        Error::Refused(_) => (CheckId::Answer, catalogued),
        _ => (
            CheckId::Answer,
            Text::fixed(
                "check that the endpoint is Aliyun's and that no proxy or sign-in page of a network answers for it; if it is, try again or raise timeoutMs",
                "请确认 endpoint 是阿里云的地址，且没有代理或网络登录页代为应答；若无误，请重试或调大 timeoutMs",
            ),
        ),
    };
    Check::failure(id, &shown, cause, cure)
}

/// Whether what answers knows this API or its operations not.
pub(super) fn is_other_api(refusal: &Refusal) -> bool {
    ["InvalidVersion", "InvalidAction", "InvalidApi"]
        .contains(&refusal.code.split('.').next().unwrap_or(""))
}

/// The one line of an endpoint that serves another API: the wrong region, or a
/// provider of the wrong site.
pub(super) fn other_api(endpoint: &Endpoint, provider: ProviderKind, refusal: &Refusal) -> Check {
    let cause = Text::fixed(
        "this endpoint does not serve the API of this provider",
        "该 endpoint 不提供此 provider 所用的接口",
    );
    let cure = match provider {
        ProviderKind::AliyunIntl => Text::fixed(
            "aliyun-intl is for accounts of the international site: leave endpoint out and name a region such as ap-southeast-1, or leave it out too; an account of the China site sends by aliyun-sms",
            "aliyun-intl 用于国际站账号：请去掉 endpoint，region 填写 ap-southeast-1 之类或留空；中国站账号请使用 aliyun-sms",
        ),
        _ => Text::fixed(
            "leave endpoint and region out, or name those of the account's own site; an account of the international site sends by aliyun-intl",
            "请去掉 endpoint 和 region，或填写账号所属站点的值；国际站账号请使用 aliyun-intl",
        ),
    };
    let cause = cause.with_code(&refusal.code);
    Check::failure(CheckId::Answer, &endpoint.to_string(), cause, cure)
}

fn proxy_cure(reason: &Reason) -> Text {
    match reason {
        Reason::ProxyAuthentication => Text::fixed(
            "write user name and password into HTTPS_PROXY (http://user:password@host:port), or list the endpoint's host in NO_PROXY",
            "请在 HTTPS_PROXY 中写入用户名和密码（http://user:password@host:port），或在 NO_PROXY 中加入 endpoint 的主机",
        ),
        _ => Text::fixed(
            "check the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or list the endpoint's host in NO_PROXY",
            "请检查 HTTPS_PROXY、HTTP_PROXY 或 ALL_PROXY 中的代理，或在 NO_PROXY 中加入 endpoint 的主机",
        ),
    }
}

fn tls_cure(reason: &Reason) -> Text {
    match reason {
        Reason::Expired | Reason::NotYetValid => Text::fixed(
            "set this machine's clock right (NTP); if it is right, the certificate must be renewed",
            "请校准本机时钟（NTP）；若时钟无误，则需更换证书",
        ),
        Reason::WrongName => Text::fixed(
            "write the endpoint by the name its certificate is for; if it is Aliyun's own, somebody in between answers for it",
            "请按证书上的名称填写 endpoint；若确为阿里云地址，则有中间人代为应答",
        ),
        Reason::HandshakeBroken => Text::fixed(
            "check that the endpoint speaks TLS on this port; write http:// for an emulator without it",
            "请确认该端口启用了 TLS；若为未启用 TLS 的模拟器，请写 http://",
        ),
        _ => Text::fixed(
            "where a proxy re-signs, or the endpoint is an emulator, trust its certificate by SSL_CERT_FILE; on a bare system install its CA certificates",
            "若代理会重签证书或 endpoint 是模拟器，请用 SSL_CERT_FILE 信任其证书；精简系统请安装 CA 证书",
        ),
    }
}

/// How far this machine's clock is ahead of the provider's; none where no answer
/// tells. A certificate that has ended is taken for a clock as far ahead as can
/// be.
pub async fn clock_ahead(config: &ConnectorConfig, source: &dyn Source) -> Option<SignedDuration> {
    let endpoint = endpoint_of(config);
    let transport = Transport::new().ok()?;
    match transport.contact(&endpoint, config.timeout).await {
        Ok(contact) => Some(source.now().duration_since(contact.server_time?)),
        Err(Error::Unsent(Unsent::Tls {
            reason: Reason::Expired,
            ..
        })) => Some(SignedDuration::MAX),
        Err(_) => None,
    }
}

/// This machine's clock beside that of the answer.
pub(super) fn clock(endpoint: &Endpoint, contact: Contact, now: Timestamp) -> Check {
    let shown = endpoint.host_header();
    let Some(server_time) = contact.server_time else {
        return Check::ok(
            CheckId::Clock,
            shown,
            Text::fixed("the answer tells no time", "应答未带时间"),
        );
    };
    let behind = server_time.duration_since(now).as_secs();
    if behind.abs() <= CLOCK_SLACK_SECS {
        return Check::ok(
            CheckId::Clock,
            shown,
            Text::fixed("agrees with this machine's", "与本机时钟一致"),
        );
    }
    let message = ends::clock_cause(behind);
    let cure = Text::fixed(
        "set the clock right, by NTP for example; requests are signed with Aliyun's time meanwhile, but what this machine dates by itself (codes, tokens, certificates) is off",
        "请校准时钟（例如启用 NTP）；在此期间请求会按阿里云时间签名，但本机自行计时的内容（验证码、令牌、证书）会有偏差",
    );
    Check::warning(CheckId::Clock, shown, message, cure)
}
