//! The table of mistakes: each makes the signature as a client with that
//! mistake would.
//!
//! To add one, write an entry with its name, the signatures it can happen to,
//! both sentences in both languages, and how it changes a [`Recipe`]. `{}` in a
//! message stands for the variant's detail. Of two that can give the same
//! signature the more specific stands first. `tests/explain.rs` wants a case.

use percent_encoding::{percent_decode, percent_encode};

use super::changed::{self, Intent};
use super::recipe::{Digest, Encoding, Order, Output, Prefix, Recipe};
use super::{BODY_CHANGED, Carried, Finding, Key, Sentence};
use crate::sign::received::{Parameters, Request, decode_form};
use crate::sign::{ALIYUN, Pair, SignatureVersion, acs3, rpc_v1};

/// What a mistake may look at.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) parameters: &'a Parameters,
    pub(super) carried: &'a Carried,
    pub(super) key: &'a Key<'a>,
    pub(super) intent: &'a Intent,
}

/// How many bytes are signed at most in looking for mistakes, about a second's
/// work: enough for any two mistakes in what people send, for some single ones
/// in a request of a megabyte.
const WORK: usize = 96 * 1024 * 1024;
/// What a recipe and each of its parameters cost beside the request's bytes.
const WORK_PER_RECIPE: usize = 1024;
const WORK_PER_PARAMETER: usize = 32;
/// With more parameters than that none is left out in turn.
const LEFT_OUT_UP_TO: usize = 64;

/// The single mistake, or else the two mistakes, that give the found signature.
pub(super) fn findings(context: &Context<'_>) -> Vec<Finding> {
    let right = Recipe::right(context);
    let table: Vec<&Mistake> = MISTAKES.iter().filter(|m| m.happens_to(&right)).collect();
    let vary = |mistake: &Mistake, recipe: &Recipe| (mistake.vary)(recipe, context);
    let mut search = Search::of(context);

    for mistake in &table {
        if search.left == 0 {
            return Vec::new();
        }
        if let Some(variant) = search.pick(&vary(mistake, &right)) {
            return vec![mistake.finding(&variant.detail)];
        }
    }
    for (index, first) in table.iter().enumerate() {
        for variant in vary(first, &right) {
            for second in &table[index + 1..] {
                if search.left == 0 {
                    return Vec::new();
                }
                if let Some(both) = search.pick(&vary(second, &variant.recipe)) {
                    return vec![first.finding(&variant.detail), second.finding(&both.detail)];
                }
            }
        }
    }
    Vec::new()
}

/// Looks for the recipe of a signature, and gives up in time.
struct Search<'a> {
    found: &'a str,
    /// How many recipes may still be tried.
    left: usize,
}

impl<'a> Search<'a> {
    fn of(context: &'a Context<'_>) -> Self {
        let bytes = context.request.target.len() + context.request.body.len();
        let parameters = context.parameters.all().count();
        Self {
            found: &context.carried.signature,
            left: WORK / (bytes + WORK_PER_RECIPE + parameters * WORK_PER_PARAMETER),
        }
    }

    fn pick<'v>(&mut self, variants: &'v [Variant]) -> Option<&'v Variant> {
        let affordable = variants.len().min(self.left);
        self.left -= affordable;
        variants[..affordable]
            .iter()
            .find(|variant| variant.recipe.signature() == self.found)
    }
}

/// One way in which a mistake can be made.
#[derive(Clone)]
struct Variant {
    recipe: Recipe,
    detail: String,
}

struct Mistake {
    id: &'static str,
    only: Option<SignatureVersion>,
    message: [&'static str; 2],
    cure: [&'static str; 2],
    vary: fn(&Recipe, &Context<'_>) -> Vec<Variant>,
}

impl Mistake {
    fn happens_to(&self, recipe: &Recipe) -> bool {
        self.only.is_none_or(|only| only == recipe.version)
    }

    fn finding(&self, detail: &str) -> Finding {
        let [en, zh] = self.message.map(|text| text.replace("{}", detail).into());
        Finding {
            id: self.id,
            message: Sentence { en, zh },
            cure: Sentence {
                en: self.cure[0].into(),
                zh: self.cure[1].into(),
            },
        }
    }
}

/// One variant, made by changing a copy.
fn once(recipe: &Recipe, change: impl FnOnce(&mut Recipe)) -> Vec<Variant> {
    vec![variant(recipe, String::new(), change)]
}

fn variant(recipe: &Recipe, detail: String, change: impl FnOnce(&mut Recipe)) -> Variant {
    let mut recipe = recipe.clone();
    change(&mut recipe);
    Variant { recipe, detail }
}

/// Wrong encoding of the values, with the same or the right one for the whole.
fn encodings(recipe: &Recipe, change: fn(&mut Encoding)) -> Vec<Variant> {
    let both = |r: &mut Recipe| {
        change(&mut r.encoding);
        change(&mut r.outer_encoding);
    };
    let mut variants = once(recipe, |r| change(&mut r.encoding));
    if recipe.version == SignatureVersion::RpcV1 {
        variants.extend(once(recipe, both));
        variants.extend(once(recipe, |r| change(&mut r.outer_encoding)));
    }
    variants
}

fn key_of(version: SignatureVersion, secret: &str) -> String {
    match version {
        SignatureVersion::Acs3 => secret.to_owned(),
        SignatureVersion::RpcV1 => format!("{secret}&"),
    }
}

fn secrets_with_white_space(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    let secret = context.key.secret;
    let mut others: Vec<String> = ["\n", "\r\n", "\r", " ", "\t"]
        .iter()
        .map(|space| format!("{secret}{space}"))
        .collect();
    others.push(format!(" {secret}"));
    others.extend(
        ["\"", "'"]
            .iter()
            .map(|quote| format!("{quote}{secret}{quote}")),
    );
    if secret.trim() != secret {
        others.push(secret.trim().to_owned());
    }
    others
        .into_iter()
        .flat_map(|other| once(recipe, |r| r.key = key_of(r.version, &other)))
        .collect()
}

fn methods(recipe: &Recipe, _: &Context<'_>) -> Vec<Variant> {
    let lower = recipe.method.to_ascii_lowercase();
    ["GET", "POST", "PUT", &lower]
        .into_iter()
        .filter(|method| *method != recipe.method)
        .map(|method| {
            variant(recipe, method.to_owned(), |r| {
                method.clone_into(&mut r.method)
            })
        })
        .collect()
}

/// Each parameter left out in turn, as if it had been added after signing.
fn one_left_out(recipe: &Recipe, _: &Context<'_>) -> Vec<Variant> {
    let leave_out = |at: usize| {
        variant(recipe, recipe.pairs[at].0.clone(), |r| {
            r.pairs.remove(at);
        })
    };
    let count = recipe.pairs.len();
    let count = if count <= LEFT_OUT_UP_TO { count } else { 0 };
    (0..count).map(leave_out).collect()
}

/// Each signed header left out in turn.
fn one_header_left_out(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    let headers = &recipe.acs3.headers;
    let leave_out = |at: usize| {
        let line = context.carried.signed_headers.clone();
        variant(recipe, headers[at].0.clone(), |r| {
            r.acs3.headers.remove(at);
            r.acs3.signed_headers = Some(line);
        })
    };
    let count = headers.len();
    let count = if count <= LEFT_OUT_UP_TO { count } else { 0 };
    (0..count).map(leave_out).collect()
}

/// Other values of a signed header, made from the one that was sent.
fn header_values(recipe: &Recipe, name: &str, others: fn(&str) -> Vec<String>) -> Vec<Variant> {
    let headers = &recipe.acs3.headers;
    let Some(at) = headers.iter().position(|(found, _)| found == name) else {
        return Vec::new();
    };
    let sent = &headers[at].1;
    others(sent)
        .into_iter()
        .filter(|other| other != sent)
        .map(|other| variant(recipe, other.clone(), |r| r.acs3.headers[at].1 = other))
        .collect()
}

fn other_ports(host: &str) -> Vec<String> {
    let bare = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(bare, _)| bare);
    vec![bare.to_owned(), format!("{bare}:443"), format!("{bare}:80")]
}

fn other_charsets(content_type: &str) -> Vec<String> {
    let bare = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim_end();
    [
        "",
        "; charset=utf-8",
        ";charset=utf-8",
        "; charset=UTF-8",
        ";charset=UTF-8",
    ]
    .iter()
    .map(|charset| format!("{bare}{charset}"))
    .collect()
}

/// Names of signed headers in capitals, in title case and as they were sent,
/// with every way to list them that goes with it.
fn names_with_capitals(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    let sent = |name: &str| {
        let mut headers = context.request.headers.iter();
        let found = headers.find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        found.map_or_else(|| name.to_owned(), |(sent, _)| sent.clone())
    };
    let cases: [&dyn Fn(&str) -> String; 3] = [&str::to_ascii_uppercase, &title_case, &sent];
    let names: Vec<&str> = recipe
        .acs3
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let mut lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    lower.sort_unstable();
    let lists = [
        None,
        Some(lower.join(";")),
        Some(context.carried.signed_headers.clone()),
    ];
    let with = |case: &dyn Fn(&str) -> String, list: &Option<String>| {
        variant(recipe, String::new(), |r| {
            for (name, _) in &mut r.acs3.headers {
                *name = case(name);
            }
            r.acs3.signed_headers.clone_from(list);
        })
    };
    cases
        .iter()
        .flat_map(|case| lists.iter().map(|list| with(case, list)))
        .collect()
}

fn title_case(name: &str) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    let parts: Vec<String> = name.split('-').map(part).collect();
    parts.join("-")
}

/// The values in GBK; where that is what was sent, just as they were sent.
fn values_as_gbk(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    let mut variants = once(recipe, |r| r.encoding.gbk = true);
    let is_replaced = |(_, value): &Pair| value.contains(char::REPLACEMENT_CHARACTER);
    if recipe.pairs.iter().any(is_replaced) {
        variants.extend(once(recipe, |r| r.query_as_is = Some(raw_query(context))));
    }
    variants
}

/// The canonical query of the bytes that were sent, whatever text they are.
fn raw_query(context: &Context<'_>) -> String {
    let query = query(context).as_bytes();
    let form = match context.carried.version {
        SignatureVersion::Acs3 => b"",
        SignatureVersion::RpcV1 => context.request.body,
    };
    let parts = [query, form]
        .into_iter()
        .flat_map(|text| text.split(|byte| *byte == b'&'));
    let encode = |text: &[u8]| {
        let bytes: Vec<u8> = percent_decode(text).collect();
        percent_encode(&bytes, ALIYUN).to_string()
    };
    let mut pairs: Vec<(String, String)> = parts
        .filter(|part| !part.is_empty())
        .map(|part| {
            let at = part.iter().position(|byte| *byte == b'=');
            let (name, value) = part.split_at(at.unwrap_or(part.len()));
            (encode(name), encode(value.get(1..).unwrap_or_default()))
        })
        .filter(|(name, _)| name != rpc_v1::SIGNATURE_PARAMETER)
        .collect();
    pairs.sort_unstable();
    let joined: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    joined.join("&")
}

fn query<'a>(context: &Context<'a>) -> &'a str {
    context
        .request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query)
}

/// What AWS has between the algorithm and the hash.
fn date_lines(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    let date = context.request.header("x-acs-date").unwrap_or_default();
    [date.to_owned(), date.replace(['-', ':'], "")]
        .into_iter()
        .flat_map(|line| once(recipe, |r| r.acs3.date_line = Some(line)))
        .collect()
}

/// The parameters as a client meant them that wrote `+` for a plus sign.
fn literal_plus(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    let reread = |text: &[u8]| decode_form(&replace_plus(text));
    once(recipe, |r| {
        r.pairs = reread(query(context).as_bytes());
        if r.version == SignatureVersion::RpcV1 {
            r.pairs.extend(reread(context.request.body));
            r.pairs
                .retain(|(name, _)| name != rpc_v1::SIGNATURE_PARAMETER);
        }
    })
}

fn replace_plus(text: &[u8]) -> Vec<u8> {
    text.iter()
        .flat_map(|byte| {
            if *byte == b'+' {
                b"%2B".to_vec()
            } else {
                vec![*byte]
            }
        })
        .collect()
}

/// Parameters without the signature.
fn unsigned(pairs: &[Pair]) -> Vec<Pair> {
    let is_signed = |(name, _): &&Pair| name != rpc_v1::SIGNATURE_PARAMETER;
    pairs.iter().filter(is_signed).cloned().collect()
}

fn payloads(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    [acs3::EMPTY_SHA256, "", "UNSIGNED-PAYLOAD"]
        .into_iter()
        .chain(context.request.header(acs3::CONTENT_SHA256))
        .flat_map(|hash| once(recipe, |r| hash.clone_into(&mut r.acs3.hashed_payload)))
        .collect()
}

macro_rules! mistakes {
    ($($id:expr, $($only:ident)? { $vary:expr }
        $message_en:literal $message_zh:literal
        $cure_en:literal $cure_zh:literal;)*) => {
        &[$(Mistake {
            id: $id,
            only: mistakes!(@only $($only)?),
            message: [$message_en, $message_zh],
            cure: [$cure_en, $cure_zh],
            vary: $vary,
        }),*]
    };
    (@only) => { None };
    (@only $only:ident) => { Some(SignatureVersion::$only) };
}

static MISTAKES: &[Mistake] = mistakes! {
    "changed-after-signing", { |recipe, context| {
        let undone = changed::undone(recipe, context);
        undone.into_iter().map(|(detail, recipe)| Variant { recipe, detail }).collect()
    } }
        "{} arrived otherwise than it was signed: the signature fits the value in the input, not the one in the request"
        "{} 与签名时不同：签名与 input 中的值相符，与请求中的值不符"
        "sign the value that is sent; look for a proxy, a gateway or an HTTP library that rewrites it (a Host above all)"
        "按实际发送的值签名；检查是否有代理、网关或 HTTP 库改写了它（最常见的是 Host）";

    BODY_CHANGED, Acs3 { |recipe, context| {
        let declared = context.request.header(acs3::CONTENT_SHA256).unwrap_or_default();
        once(recipe, |r| declared.clone_into(&mut r.acs3.hashed_payload))
    } }
        "the body is not the one that was signed: its hash is not what x-acs-content-sha256 says"
        "请求体与签名时不一致：其哈希与 x-acs-content-sha256 不符"
        "hash and send the very same bytes; look for a proxy, a middleware or a second serialisation that changes the body"
        "计算哈希与发送必须用同一份字节；检查是否有代理、中间件或二次序列化改动了请求体";

    "secret-without-ampersand", RpcV1 { |recipe, context| {
        once(recipe, |r| context.key.secret.clone_into(&mut r.key))
    } }
        "the HMAC key is the secret alone; this signature wants an & behind it"
        "HMAC 密钥只用了 AccessKeySecret；该签名要求在其后加 &"
        "use the secret followed by & as the HMAC key"
        "用 AccessKeySecret 加 & 作为 HMAC 密钥";

    "secret-with-ampersand", Acs3 { |recipe, context| {
        once(recipe, |r| r.key = format!("{}&", context.key.secret))
    } }
        "the HMAC key is the secret followed by &; ACS3 wants the secret alone"
        "HMAC 密钥在 AccessKeySecret 后加了 &；ACS3 只用 AccessKeySecret 本身"
        "leave the & away; it belongs to the older RPC signature"
        "去掉 &；它属于旧的 RPC 签名";

    "secret-ampersand-twice", RpcV1 { |recipe, context| {
        let secret = context.key.secret;
        let mut variants = once(recipe, |r| r.key = format!("{secret}&&"));
        variants.extend(once(recipe, |r| r.key = format!("{}&", secret.trim_end_matches('&'))));
        variants
    } }
        "the & behind the secret stands there twice, or belongs to the secret given here"
        "AccessKeySecret 后的 & 多加了一次，或这里给出的密钥本身带了 &"
        "keep the secret as the console shows it, and add one & when signing"
        "按控制台显示的内容保存密钥，签名时只加一个 &";

    "secret-white-space", { secrets_with_white_space }
        "white space or quotation marks around the secret: one of the two sides took them for a part of it"
        "密钥前后有空白或引号：有一方把它们当成了密钥的一部分"
        "look at where the secret is read from: a line break at the end of a file or of an environment variable is the usual reason; trim it"
        "检查密钥的来源：常见原因是文件或环境变量末尾的换行；读取后去掉首尾空白";

    "key-id-as-secret", { |recipe, context| {
        once(recipe, |r| r.key = key_of(r.version, &context.carried.access_key_id))
    } }
        "signed with the access key id in place of the secret"
        "把 AccessKeyId 当作密钥签名"
        "sign with the AccessKeySecret"
        "用 AccessKeySecret 签名";

    "key-and-text-swapped", { |recipe, _| once(recipe, |r| r.swaps_key_and_text = true) }
        "key and text of the HMAC are swapped"
        "HMAC 的密钥与消息参数颠倒"
        "look up the order of arguments of your HMAC function"
        "核对所用 HMAC 函数的参数顺序";

    "other-method", { methods }
        "signed for the method {}, but sent with another"
        "按方法 {} 签名，但用另一种方法发送"
        "put the method the request is sent with first in the text that is signed, in capitals"
        "待签名内容开头的方法必须与实际发送的方法一致，且用大写";

    "wrong-digest", { |recipe, _| once(recipe, |r| {
        r.digest = match r.digest {
            Digest::Sha1 => Digest::Sha256,
            Digest::Sha256 => Digest::Sha1,
        };
    }) }
        "HMAC with the wrong hash"
        "HMAC 使用了错误的哈希算法"
        "the RPC signature takes HMAC-SHA1, ACS3 takes HMAC-SHA256"
        "RPC 签名用 HMAC-SHA1，ACS3 用 HMAC-SHA256";

    "hex-instead-of-base64", RpcV1 { |recipe, _| {
        let mut variants = once(recipe, |r| r.output = Output::Hex);
        variants.extend(once(recipe, |r| r.output = Output::HexUpper));
        variants
    } }
        "the signature is written in hex, not in base64"
        "签名写成了十六进制，而不是 base64"
        "encode the bytes of the HMAC in base64"
        "对 HMAC 的原始字节做 base64";

    "base64-of-hex", { |recipe, _| once(recipe, |r| r.output = Output::Base64OfHex) }
        "the signature is the base64 of the hex text, not of the bytes"
        "对十六进制文本做了 base64，而不是对原始字节"
        "take the raw bytes of the HMAC (digest, not hexdigest)"
        "取 HMAC 的原始字节（digest 而非 hexdigest）";

    "base64-instead-of-hex", Acs3 { |recipe, _| once(recipe, |r| r.output = Output::Base64) }
        "the signature is written in base64, not in hex"
        "签名写成了 base64，而不是十六进制"
        "write the bytes of the HMAC in lower-case hex"
        "把 HMAC 的字节写成小写十六进制";

    "upper-case-signature", Acs3 { |recipe, _| once(recipe, |r| r.output = Output::HexUpper) }
        "the signature is written in capitals"
        "签名使用了大写十六进制"
        "write it in lower-case hex"
        "改为小写十六进制";

    "signature-plus-lost", RpcV1 { |recipe, _| once(recipe, |r| r.output = Output::Base64PlusLost) }
        "the signature is right but was sent with a raw +, which is read as a space"
        "签名本身正确，但其中的 + 未编码，被当作空格"
        "percent-encode the value of Signature: + is %2B, / is %2F, = is %3D"
        "对 Signature 的值做百分号编码：+ 为 %2B，/ 为 %2F，= 为 %3D";

    "signature-encoded-twice", RpcV1 { |recipe, _| once(recipe, |r| r.output = Output::Base64Encoded) }
        "the signature is right but was percent-encoded twice"
        "签名本身正确，但被百分号编码了两次"
        "leave the encoding of Signature to the HTTP library, or do it yourself, not both"
        "Signature 的编码由 HTTP 库或自己完成其一即可";

    "signature-url-safe", RpcV1 { |recipe, _| once(recipe, |r| r.output = Output::Base64UrlSafe) }
        "the signature is written in the URL-safe alphabet of base64"
        "签名用了 URL 安全的 base64 字母表"
        "use standard base64 (with + and /), then percent-encode it"
        "用标准 base64（含 + 与 /），再做百分号编码";

    "signature-line-break", RpcV1 { |recipe, _| ["\n", "\r\n"]
        .into_iter()
        .flat_map(|end| once(recipe, |r| r.output = Output::Base64WithLineBreak(end)))
        .collect()
    }
        "the signature is right, but a line break was sent behind it"
        "签名本身正确，但其后多发送了一个换行"
        "trim it, or use the encoder without line breaks (base64 -w0, Base64.NO_WRAP, b64encode instead of encodebytes)"
        "去掉换行，或使用不换行的编码方式（base64 -w0、Base64.NO_WRAP、b64encode 而非 encodebytes）";

    "signature-padding-lost", RpcV1 { |recipe, _| once(recipe, |r| r.output = Output::Base64Unpadded) }
        "the signature is right, but the = at its end is missing"
        "签名本身正确，但缺少末尾的 ="
        "use base64 with padding, and percent-encode the value of Signature: = is %3D"
        "使用带填充的 base64，并对 Signature 的值做百分号编码：= 为 %3D";

    "space-as-plus", { |recipe, _| encodings(recipe, |e| e.space_as_plus = true) }
        "a space was signed as +; it must be %20"
        "空格按 + 签名；应为 %20"
        "replace + by %20 after encoding"
        "编码后把 + 替换为 %20";

    "star-not-encoded", { |recipe, _| encodings(recipe, |e| e.star_raw = true) }
        "* was signed as it is; it must be %2A"
        "* 未编码；应为 %2A"
        "replace * by %2A after encoding"
        "编码后把 * 替换为 %2A";

    "tilde-encoded", { |recipe, _| encodings(recipe, |e| e.tilde_encoded = true) }
        "~ was signed as %7E; it must stay ~"
        "~ 被编码为 %7E；应保持 ~"
        "replace %7E by ~ after encoding"
        "编码后把 %7E 替换为 ~";

    "slash-not-encoded", { |recipe, _| encodings(recipe, |e| e.slash_raw = true) }
        "/ was signed as it is; it must be %2F"
        "/ 未编码；应为 %2F"
        "tell your encoder that no character is safe (in Python: quote(text, safe='-_.~'))"
        "让编码函数不保留 /（Python：quote(text, safe='-_.~')）";

    "script-encoding", { |recipe, _| encodings(recipe, |e| e.script_raw = true) }
        "! ' ( ) * were signed as they are, as encodeURIComponent leaves them"
        "! ' ( ) * 未编码（encodeURIComponent 的行为）"
        "encode these five too: %21 %27 %28 %29 %2A"
        "把这五个字符也编码：%21 %27 %28 %29 %2A";

    "form-encoding", { |recipe, _| encodings(recipe, |e| {
        e.space_as_plus = true;
        e.star_raw = true;
        e.tilde_encoded = true;
    }) }
        "signed with the encoding of web forms (java.net.URLEncoder and the like): space as +, * as it is, ~ as %7E"
        "使用了表单编码（如 java.net.URLEncoder）：空格为 +、* 未编码、~ 为 %7E"
        "after encoding replace + by %20, * by %2A and %7E by ~"
        "编码后依次替换：+ 为 %20，* 为 %2A，%7E 为 ~";

    "lower-case-hex", { |recipe, _| {
        let mut variants = encodings(recipe, |e| e.lower_hex = true);
        if recipe.version == SignatureVersion::RpcV1 && recipe.prefix == Prefix::Encoded {
            for mut variant in variants.clone() {
                variant.recipe.prefix = Prefix::LowerCase;
                variants.push(variant);
            }
            variants.extend(once(recipe, |r| r.prefix = Prefix::LowerCase));
        }
        variants
    } }
        "percent-encoded with lower-case hex digits (%3a); they must be capitals (%3A)"
        "百分号编码用了小写（%3a）；应为大写（%3A）"
        "write the two digits in capitals"
        "编码的两位十六进制用大写";

    "canonical-query-not-encoded-again", RpcV1 { |recipe, _| once(recipe, |r| r.outer_encoding.none = true) }
        "the canonical query stands in the string to sign as it is; it must be encoded once more"
        "待签名字符串中的规范化请求串没有再次编码"
        "percent-encode the whole canonical query again, so that = becomes %3D and % becomes %25"
        "对整个规范化请求串再编码一次：= 变为 %3D，% 变为 %25";

    "values-not-encoded", { |recipe, _| once(recipe, |r| r.encoding.none = true) }
        "names and values were signed without being encoded first"
        "参数名和值在签名前没有编码"
        "percent-encode every name and value before joining them"
        "拼接前对每个参数名和值做百分号编码";

    "nothing-encoded", RpcV1 { |recipe, _| once(recipe, |r| {
        r.encoding.none = true;
        r.outer_encoding.none = true;
    }) }
        "nothing was encoded before signing"
        "签名前没有做任何编码"
        "encode names and values, join them, and encode the result once more"
        "先编码参数名和值，拼接后再整体编码一次";

    "values-encoded-twice", { |recipe, _| once(recipe, |r| r.encoding.twice = true) }
        "names and values were encoded twice before signing"
        "参数名和值在签名前被编码了两次"
        "hand raw values to the function that signs"
        "把未编码的原始值交给签名函数";

    "values-as-gbk", { values_as_gbk }
        "text was signed as GBK (or what else the system encodes with), not as UTF-8"
        "文本按 GBK（或系统默认编码）而不是 UTF-8 参与签名"
        "name UTF-8 wherever text becomes bytes, in Java for one: URLEncoder.encode(value, \"UTF-8\"), getBytes(UTF_8)"
        "凡把文本转为字节处都指定 UTF-8，例如 Java：URLEncoder.encode(value, \"UTF-8\")、getBytes(UTF_8)";

    "leading-ampersand", { |recipe, _| once(recipe, |r| r.leads_with_ampersand = true) }
        "the canonical query was signed with an & before its first parameter"
        "规范化请求串以多余的 & 开头参与了签名"
        "put & between the parameters only"
        "& 只放在参数之间";

    "plus-sent-raw", { literal_plus }
        "a plus sign was signed as such but sent as a raw +, which is read as a space"
        "加号按加号签名，但发送时未编码，被当作空格"
        "send it as %2B"
        "发送时写成 %2B";

    "query-not-canonical", Acs3 { |recipe, context| {
        once(recipe, |r| r.query_as_is = Some(query(context).to_owned()))
    } }
        "the query was signed as it stands in the URL, not sorted and encoded anew"
        "直接用 URL 中的查询串签名，没有重新排序和编码"
        "sort the parameters by name and encode names and values for the canonical request"
        "规范化请求中须按参数名排序，并重新编码参数名和值";

    "empty-left-out", { |recipe, _| once(recipe, |r| r.pairs.retain(|(_, value)| !value.is_empty())) }
        "parameters with an empty value were sent but not signed"
        "空值参数发送了但没有参与签名"
        "sign them as name= or do not send them"
        "以 name= 的形式参与签名，或者不发送";

    "signature-included", RpcV1 { |recipe, _| {
        once(recipe, |r| r.pairs.push((rpc_v1::SIGNATURE_PARAMETER.to_owned(), String::new())))
    } }
        "the parameter Signature itself took part, with an empty value"
        "Signature 参数本身（空值）参与了签名"
        "add Signature only after signing"
        "签名完成后再加入 Signature";

    "sorted-as-joined-text", { |recipe, _| once(recipe, |r| r.order = Order::ByJoinedText) }
        "sorted by the joined name=value; that differs where one name begins another"
        "按拼接后的 name=value 排序；当一个参数名是另一个的前缀时结果不同"
        "sort by the name alone"
        "只按参数名排序";

    "sorted-without-case", { |recipe, _| once(recipe, |r| r.order = Order::WithoutCase) }
        "sorted without regard to case"
        "排序时忽略了大小写"
        "sort by code point: capitals come before small letters"
        "按字符编码排序：大写字母在小写字母之前";

    "unsorted", { |recipe, _| once(recipe, |r| r.order = Order::AsSent) }
        "the parameters were signed in the order they were sent"
        "参数没有排序，按发送顺序签名"
        "sort them by name"
        "按参数名排序";

    "form-left-out", RpcV1 { |recipe, context| {
        let query = &context.parameters.query;
        once(recipe, |r| r.pairs = unsigned(query))
    } }
        "the parameters in the form body were not signed"
        "表单体中的参数没有参与签名"
        "sign query and form parameters together"
        "查询串与表单中的参数要一起签名";

    "query-left-out", { |recipe, context| {
        let form = &context.parameters.form;
        once(recipe, |r| r.pairs = if r.version == SignatureVersion::Acs3 { Vec::new() } else { unsigned(form) })
    } }
        "the parameters in the URL were not signed"
        "URL 中的参数没有参与签名"
        "sign all parameters of the URL"
        "URL 中的全部参数都要参与签名";

    "form-in-canonical-query", Acs3 { |recipe, context| {
        once(recipe, |r| r.pairs.extend(context.parameters.form.iter().cloned()))
    } }
        "the parameters in the form body were signed in the canonical query too"
        "表单体中的参数也被放进了规范化查询串"
        "leave them out of it: the hash of the body covers them"
        "不要放进去：请求体的哈希已经覆盖它们";

    "parameter-added-after-signing", { one_left_out }
        "the parameter {} was sent but not signed"
        "参数 {} 发送了但没有参与签名"
        "add every parameter before signing"
        "签名之前加入所有参数";

    "path-not-encoded", RpcV1 { |recipe, _| once(recipe, |r| r.prefix = Prefix::PlainSlash) }
        "the string to sign begins with METHOD&/&; it must be METHOD&%2F&"
        "待签名字符串以 METHOD&/& 开头；应为 METHOD&%2F&"
        "write the path encoded, %2F"
        "路径写成编码后的 %2F";

    "path-missing", RpcV1 { |recipe, _| once(recipe, |r| r.prefix = Prefix::WithoutPath) }
        "the string to sign lacks the path: it must begin with METHOD&%2F&"
        "待签名字符串缺少路径；应以 METHOD&%2F& 开头"
        "put %2F& between the method and the canonical query"
        "在方法与规范化请求串之间加入 %2F&";

    "method-and-path-missing", RpcV1 { |recipe, _| {
        let mut variants = once(recipe, |r| r.prefix = Prefix::Nothing);
        variants.extend(once(recipe, |r| {
            r.prefix = Prefix::Nothing;
            r.outer_encoding.none = true;
        }));
        variants
    } }
        "only the canonical query was signed; the string to sign must begin with METHOD&%2F&"
        "只对规范化请求串签名；待签名字符串应以 METHOD&%2F& 开头"
        "put method, %2F and the encoded canonical query together, joined with &"
        "用 & 连接方法、%2F 与再次编码的规范化请求串";

    "host-with-other-port", Acs3 { |recipe, _| header_values(recipe, "host", other_ports) }
        "signed for the host {}, but the header Host says another"
        "按主机 {} 签名，但 Host 头不同"
        "sign the header Host exactly as it is sent, with the port only if it is sent"
        "Host 头按实际发送的内容签名，有端口才带端口";

    "content-type-changed", Acs3 { |recipe, _| header_values(recipe, "content-type", other_charsets) }
        "signed for the content-type {}, but sent with another"
        "按 content-type {} 签名，但发送的是另一个"
        "set content-type yourself, charset included, and sign what is sent: HTTP libraries like to add a charset"
        "自行设置 content-type（含 charset）并按实际发送的值签名：HTTP 库常会追加 charset";

    "space-behind-colon", Acs3 { |recipe, _| once(recipe, |r| r.acs3.spaces_values = true) }
        "the canonical headers have a space behind the colon"
        "规范化请求头的冒号后有空格"
        "write name:value"
        "写成 name:value";

    "blank-line-missing", Acs3 { |recipe, _| once(recipe, |r| r.acs3.omits_blank_line = true) }
        "the blank line between the canonical headers and the list of signed headers is missing"
        "规范化请求头与已签名请求头列表之间缺少空行"
        "end every header with a line break, the last too, and join the parts with a line break"
        "每个请求头（包括最后一个）以换行结尾，各部分再以换行连接";

    "signed-headers-differ", Acs3 { |recipe, context| {
        once(recipe, |r| r.acs3.signed_headers = Some(context.carried.signed_headers.clone()))
    } }
        "SignedHeaders names headers in another order or case than they were signed, or headers that are not there"
        "SignedHeaders 的顺序或大小写与签名时不同，或包含不存在的请求头"
        "list exactly the signed headers, in lower case, sorted, joined with ;"
        "只列出参与签名的请求头，小写、排序、用 ; 连接";

    "header-names-with-capitals", Acs3 { names_with_capitals }
        "the names of the canonical headers have capitals"
        "规范化请求头的名称含有大写字母"
        "write the names in lower case, in the canonical request and in SignedHeaders"
        "规范化请求和 SignedHeaders 中的名称都用小写";

    "headers-not-sorted", Acs3 { |recipe, context| once(recipe, |r| {
        r.acs3.keeps_header_order = true;
        r.acs3.signed_headers = Some(context.carried.signed_headers.clone());
    }) }
        "the canonical headers are not sorted"
        "规范化请求头没有排序"
        "sort them by lower-case name, and the list of signed headers with them"
        "按小写名称排序，已签名请求头列表同样排序";

    "header-not-in-canonical-request", Acs3 { one_header_left_out }
        "SignedHeaders names {}, but it was not signed"
        "SignedHeaders 列出了 {}，但它没有参与签名"
        "sign every header that SignedHeaders names"
        "SignedHeaders 列出的每个请求头都要参与签名";

    "wrong-payload-hash", Acs3 { payloads }
        "the last line of the canonical request is not the hash of the body"
        "规范化请求的最后一行不是请求体的哈希"
        "hash the raw body as it is sent, also where it is empty"
        "对实际发送的原始请求体计算哈希，空请求体也一样";

    "path-encoded", Acs3 { |recipe, _| {
        let mut variants = once(recipe, |r| r.path = r.path.replace('/', "%2F"));
        variants.extend(once(recipe, |r| r.path = r.path.replace('/', "%2f")));
        variants
    } }
        "the path of the canonical request is encoded as %2F; it must be /"
        "规范化请求中的路径被编码为 %2F；应为 /"
        "write / in the second line of the canonical request; %2F belongs to the older RPC signature"
        "规范化请求的第二行写 /；%2F 属于旧的 RPC 签名";

    "path-empty", Acs3 { |recipe, _| once(recipe, |r| r.path.clear()) }
        "the canonical request has no path; it must be /"
        "规范化请求缺少路径；应为 /"
        "write / in the second line of the canonical request"
        "在规范化请求的第二行写 /";

    "canonical-request-not-hashed", Acs3 { |recipe, _| once(recipe, |r| r.acs3.omits_canonical_hash = true) }
        "the canonical request stands in the string to sign as it is, not as its hash"
        "待签名字符串中直接放了规范化请求，而不是其哈希"
        "sign ACS3-HMAC-SHA256, a line break, and the hex SHA-256 of the canonical request"
        "待签名字符串为 ACS3-HMAC-SHA256、换行、规范化请求的十六进制 SHA-256";

    "line-break-at-the-end", { |recipe, _| {
        let mut variants = once(recipe, |r| r.ends_with_line_break = true);
        if recipe.version == SignatureVersion::Acs3 {
            variants.extend(once(recipe, |r| r.acs3.ends_with_line_break = true));
        }
        variants
    } }
        "a line break stands behind the canonical request or the string to sign"
        "规范化请求或待签名字符串末尾多了一个换行"
        "join the lines with a line break, and leave the last without one"
        "各行之间用换行连接，最后一行不加换行";

    "windows-line-breaks", Acs3 { |recipe, _| once(recipe, |r| r.acs3.ends_lines_as_windows = true) }
        "the lines of the canonical request end with CR LF"
        "规范化请求的各行以 CRLF 结尾"
        "end them with LF alone, \\n"
        "只用 LF（\\n）换行";

    "canonical-hash-in-capitals", Acs3 { |recipe, _| once(recipe, |r| r.acs3.capital_hash = true) }
        "the hash of the canonical request is written in capitals"
        "规范化请求的哈希使用了大写十六进制"
        "write it in lower-case hex"
        "改为小写十六进制";

    "aws-key", Acs3 { |recipe, context| {
        once(recipe, |r| r.key = format!("AWS4{}", context.key.secret))
    } }
        "AWS4 stands before the secret, as AWS wants it; Aliyun does not"
        "密钥前加了 AWS4（AWS 的做法）；阿里云不需要"
        "use the secret alone as the HMAC key, without deriving another from it"
        "直接用 AccessKeySecret 作为 HMAC 密钥，不做派生";

    "aws-date-line", Acs3 { date_lines }
        "the string to sign has a line with the date, as AWS wants it; Aliyun does not"
        "待签名字符串中多了日期行（AWS 的做法）；阿里云不需要"
        "sign two lines: ACS3-HMAC-SHA256, and the hash of the canonical request"
        "待签名字符串只有两行：ACS3-HMAC-SHA256 和规范化请求的哈希";

    "algorithm-line-missing", Acs3 { |recipe, _| {
        let mut variants = once(recipe, |r| r.acs3.omits_algorithm = true);
        variants.extend(once(recipe, |r| {
            r.acs3.omits_algorithm = true;
            r.acs3.omits_canonical_hash = true;
        }));
        variants
    } }
        "the string to sign lacks its first line, ACS3-HMAC-SHA256"
        "待签名字符串缺少第一行 ACS3-HMAC-SHA256"
        "begin it with ACS3-HMAC-SHA256 and a line break"
        "以 ACS3-HMAC-SHA256 加换行开头";
};
