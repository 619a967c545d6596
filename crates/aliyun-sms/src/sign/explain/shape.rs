//! What is wrong with a request whatever its signature says, and what may be
//! wrong where nothing else fits.

use super::changed;
use super::mistake::Context;
use super::{Finding, Sentence, is_body_intact};
use crate::sign::{SignatureVersion, acs3, rpc_v1};

/// Headers that proxies, HTTP libraries and repeated attempts like to change,
/// the likeliest first.
const CHANGED_ON_THE_WAY: [&str; 11] = [
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-action",
    "x-acs-version",
];

/// For each of them Aliyun refuses a request, be the signature right or not.
pub(super) fn findings(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(two_signatures(context));
    findings.extend(malformed(context));
    findings.extend(other_algorithm(context));
    findings.extend(other_key_id(context));
    if context.carried.version == SignatureVersion::Acs3 {
        findings.extend(body_changed(context));
        findings.extend(unsigned_headers(context));
        findings.extend(absent_headers(context));
    }
    findings.extend(timestamp(context));
    findings.extend(not_utf8(context));
    findings
}

/// Guesses, for a signature that no known mistake explains.
pub(super) fn last_resort(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = vec![finding(
        "maybe-other-secret",
        "no known mistake gives this signature: most likely it was made with the secret of another access key, or the request was changed afterwards",
        "没有已知的错误能得到这个签名：很可能用了另一个 AccessKey 的密钥，或请求在签名后被改动",
        "compare the access key id with the pair in the console, make sure that the secret belongs to it, and that the request given here is the one that was sent",
        "在控制台核对 AccessKeyId，确认密钥属于它，并确认这里给出的正是实际发送的请求",
    )];
    findings.extend(differing(context));
    findings.extend(changeable_headers(context));
    findings
}

fn finding(
    id: &'static str,
    message_en: &'static str,
    message_zh: &'static str,
    cure_en: &'static str,
    cure_zh: &'static str,
) -> Finding {
    Finding {
        id,
        message: Sentence {
            en: message_en.into(),
            zh: message_zh.into(),
        },
        cure: Sentence {
            en: cure_en.into(),
            zh: cure_zh.into(),
        },
    }
}

/// Puts names into both languages' messages, in place of `{}`.
fn naming(mut finding: Finding, names: &str) -> Finding {
    for text in [&mut finding.message.en, &mut finding.message.zh] {
        *text = text.replace("{}", names).into();
    }
    finding
}

fn two_signatures(context: &Context<'_>) -> Option<Finding> {
    let in_header = context.request.header("authorization").is_some();
    let name = rpc_v1::SIGNATURE_PARAMETER;
    let in_parameters = context
        .parameters
        .all()
        .filter(|(found, _)| found == name)
        .count();
    let in_headers = context.request.header_values("authorization").count();
    let is_twice = in_parameters + usize::from(in_header) > 1 || in_headers > 1;
    is_twice.then(|| {
        finding(
            "two-signatures",
            "the request carries more than one signature",
            "请求带有多个签名",
            "send either the header Authorization (ACS3) or the parameter Signature (RPC), once",
            "只用 Authorization 头（ACS3）或 Signature 参数（RPC）之一，且只出现一次",
        )
    })
}

fn malformed(context: &Context<'_>) -> Option<Finding> {
    context.carried.is_malformed.then(|| {
        finding(
            "authorization-malformed",
            "the header Authorization is not of the form Aliyun reads",
            "Authorization 头的格式不正确",
            "write: ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=<a;b>,Signature=<hex>",
            "格式为：ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=<a;b>,Signature=<hex>",
        )
    })
}

fn other_algorithm(context: &Context<'_>) -> Option<Finding> {
    let (named, expected) = match context.carried.version {
        SignatureVersion::Acs3 => {
            let header = context.request.header("authorization")?;
            (header.split_whitespace().next()?, acs3::ALGORITHM)
        }
        SignatureVersion::RpcV1 => (
            context.parameters.get("SignatureMethod")?,
            rpc_v1::ALGORITHM,
        ),
    };
    if named == expected || (named.contains('=') && context.carried.is_malformed) {
        return None;
    }
    // Whatever stands there may be anything, so only a plausible name is shown.
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let shown = if named.len() <= 24 && named.chars().all(is_name) {
        named
    } else {
        "…"
    };
    Some(naming(
        finding(
            "other-algorithm",
            "the request names the algorithm {}; here it was checked as ACS3-HMAC-SHA256 or HMAC-SHA1",
            "请求声明的算法是 {}；这里按 ACS3-HMAC-SHA256 或 HMAC-SHA1 校验",
            "name ACS3-HMAC-SHA256 in Authorization, or HMAC-SHA1 in SignatureMethod",
            "在 Authorization 中写 ACS3-HMAC-SHA256，或在 SignatureMethod 中写 HMAC-SHA1",
        ),
        shown,
    ))
}

fn other_key_id(context: &Context<'_>) -> Option<Finding> {
    let expected = context.key.id?;
    (expected != context.carried.access_key_id).then(|| {
        finding(
            "other-key-id",
            "the request names another access key id than the one given beside the secret",
            "请求中的 AccessKeyId 与密钥旁给出的不同",
            "use the id and the secret of one and the same key",
            "AccessKeyId 与 AccessKeySecret 必须属于同一个密钥",
        )
    })
}

fn body_changed(context: &Context<'_>) -> Option<Finding> {
    (!is_body_intact(context.request)).then(|| {
        finding(
            super::BODY_CHANGED,
            "x-acs-content-sha256 is not the hash of the body",
            "x-acs-content-sha256 不是请求体的哈希",
            "write the lower-case hex SHA-256 of the body, byte for byte as it is sent",
            "写入实际发送的请求体的小写十六进制 SHA-256",
        )
    })
}

fn unsigned_headers(context: &Context<'_>) -> Option<Finding> {
    let signed = context.carried.signed_headers.to_ascii_lowercase();
    let missing = context.request.unsigned_headers(&signed);
    (!missing.is_empty()).then(|| {
        naming(
            finding(
                "headers-not-signed",
                "these headers must be signed and are not: {}",
                "以下请求头必须参与签名但没有：{}",
                "sign host, content-type and every x-acs-* header, and name them in SignedHeaders",
                "host、content-type 和所有 x-acs-* 头都要参与签名并列入 SignedHeaders",
            ),
            &missing.join(", "),
        )
    })
}

fn absent_headers(context: &Context<'_>) -> Option<Finding> {
    let absent: Vec<&str> = context
        .carried
        .signed_headers
        .split(';')
        .filter(|name| !name.is_empty() && context.request.header(name).is_none())
        .collect();
    (!absent.is_empty()).then(|| {
        naming(
            finding(
                "signed-headers-absent",
                "these headers are named as signed but are not in the request: {}",
                "以下请求头被列为已签名，但请求中没有：{}",
                "send them, or do not sign them; look for a proxy that drops them",
                "发送这些请求头或不要签名；检查是否有代理把它们去掉",
            ),
            &absent.join(", "),
        )
    })
}

fn timestamp(context: &Context<'_>) -> Option<Finding> {
    let time = match context.carried.version {
        SignatureVersion::Acs3 => context.request.header("x-acs-date"),
        SignatureVersion::RpcV1 => context.parameters.get("Timestamp"),
    }?;
    (!is_utc_time(time)).then(|| {
        finding(
            "timestamp-form",
            "the time is not written as Aliyun reads it, or is local time",
            "时间格式不正确，或使用了本地时间",
            "write UTC as yyyy-MM-ddTHH:mm:ssZ, with a clock that is right to within 15 minutes",
            "使用 UTC，格式 yyyy-MM-ddTHH:mm:ssZ，时钟误差不超过 15 分钟",
        )
    })
}

/// `2024-01-02T03:04:05Z`; a fraction of a second is evidently accepted.
fn is_utc_time(text: &str) -> bool {
    let is_form = text.len() >= 20
        && text
            .bytes()
            .zip("0000-00-00T00:00:00".bytes())
            .all(|(found, form)| match form {
                b'0' => found.is_ascii_digit(),
                other => found == other,
            });
    is_form && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

fn not_utf8(context: &Context<'_>) -> Option<Finding> {
    let is_replaced = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    let any = context
        .parameters
        .all()
        .any(|(name, value)| is_replaced(name) || is_replaced(value));
    any.then(|| {
        finding(
            "maybe-not-utf8",
            "a parameter is not UTF-8 once decoded; GBK is the usual reason",
            "有参数解码后不是 UTF-8，常见原因是使用了 GBK",
            "encode text as UTF-8 before percent-encoding it",
            "百分号编码之前先把文本转为 UTF-8",
        )
    })
}

fn differing(context: &Context<'_>) -> Option<Finding> {
    let changes = changed::changes(context);
    let names: Vec<&str> = changes.iter().map(|change| change.name).collect();
    (!names.is_empty()).then(|| {
        naming(
            finding(
                "differs-from-input",
                "the request differs from the input in: {}",
                "请求与 input 不一致的项：{}",
                "find out which of the two was signed, and send that",
                "确认签名用的是哪一个值，并按它发送",
            ),
            &names.join(", "),
        )
    })
}

fn changeable_headers(context: &Context<'_>) -> Option<Finding> {
    let signed = context.carried.signed_headers.to_ascii_lowercase();
    let suspects: Vec<&str> = CHANGED_ON_THE_WAY
        .into_iter()
        .filter(|name| signed.split(';').any(|signed| signed == *name))
        .collect();
    (!suspects.is_empty()).then(|| {
        naming(
            finding(
                "maybe-header-changed",
                "one of the signed headers may have been changed after signing, the likeliest first: {}",
                "签名后可能有请求头被改动，按可能性排列：{}",
                "compare each with what was signed, Host above all (a proxy or another address changes it); sign only host, content-type and x-acs-*",
                "逐个与签名时的值比较，首先是 Host（代理或改用其他地址会改变它）；只签名 host、content-type 和 x-acs-*",
            ),
            &suspects.join(", "),
        )
    })
}
