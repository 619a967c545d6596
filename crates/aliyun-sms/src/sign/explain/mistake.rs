//! The table of mistakes: each makes the signature as a client with that
//! mistake would.
//!
//! To add one, write an entry with its name, the signatures it can happen to,
//! both sentences in both languages, and how it changes a [`Recipe`]. `{}` in a
//! message stands for the variant's detail. Of two that can give the same
//! signature the more specific stands first. `tests/explain.rs` wants a case.

use super::recipe::{Digest, Encoding, Order, Output, Prefix, Recipe};
use super::{BODY_CHANGED, Carried, Finding, Key, Sentence};
use crate::sign::received::{Parameters, Request, decode_form};
use crate::sign::{Pair, SignatureVersion, acs3, rpc_v1};

/// What a mistake may look at.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) parameters: &'a Parameters,
    pub(super) carried: &'a Carried,
    pub(super) key: &'a Key<'a>,
}

/// Up to where two mistakes at once are tried: longer requests take too long,
/// and people do not paste them.
const PAIRS_OF_MISTAKES_UP_TO_BYTES: usize = 8 * 1024;
/// With more parameters than that none is left out in turn.
const LEFT_OUT_UP_TO: usize = 64;

/// The single mistake, or else the two mistakes, that give the found signature.
pub(super) fn findings(context: &Context<'_>) -> Vec<Finding> {
    let right = Recipe::right(context);
    let table: Vec<&Mistake> = MISTAKES.iter().filter(|m| m.happens_to(&right)).collect();
    let found = |variant: &Variant| variant.recipe.signature() == context.carried.signature;
    let vary = |mistake: &Mistake, recipe: &Recipe| (mistake.vary)(recipe, context);

    for mistake in &table {
        if let Some(variant) = vary(mistake, &right).iter().find(|v| found(v)) {
            return vec![mistake.finding(&variant.detail)];
        }
    }
    if context.request.target.len() + context.request.body.len() > PAIRS_OF_MISTAKES_UP_TO_BYTES {
        return Vec::new();
    }
    for (index, first) in table.iter().enumerate() {
        for variant in vary(first, &right) {
            for second in &table[index + 1..] {
                if let Some(both) = vary(second, &variant.recipe).iter().find(|v| found(v)) {
                    return vec![first.finding(&variant.detail), second.finding(&both.detail)];
                }
            }
        }
    }
    Vec::new()
}

/// One way in which a mistake can be made.
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

fn hosts(recipe: &Recipe, _: &Context<'_>) -> Vec<Variant> {
    let host = |(name, _): &&Pair| name == "host";
    let Some((_, found)) = recipe.acs3.headers.iter().find(host) else {
        return Vec::new();
    };
    let bare = found
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(found.as_str(), |(host, _)| host);
    [bare.to_owned(), format!("{bare}:443"), format!("{bare}:80")]
        .into_iter()
        .filter(|other| other != found)
        .map(|other| {
            variant(recipe, other.clone(), |r| {
                let place = r.acs3.headers.iter_mut().find(|(name, _)| name == "host");
                if let Some((_, value)) = place {
                    *value = other;
                }
            })
        })
        .collect()
}

/// The parameters as a client meant them that wrote `+` for a plus sign.
fn literal_plus(recipe: &Recipe, context: &Context<'_>) -> Vec<Variant> {
    let query = context
        .request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    let reread = |text: &[u8]| decode_form(&replace_plus(text));
    once(recipe, |r| {
        r.pairs = reread(query.as_bytes());
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

    "lower-case-hex", { |recipe, _| encodings(recipe, |e| e.lower_hex = true) }
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

    "plus-sent-raw", { literal_plus }
        "a plus sign was signed as such but sent as a raw +, which is read as a space"
        "加号按加号签名，但发送时未编码，被当作空格"
        "send it as %2B"
        "发送时写成 %2B";

    "query-not-canonical", Acs3 { |recipe, context| {
        let query = context.request.target.split_once('?').map_or("", |(_, query)| query);
        once(recipe, |r| r.query_as_is = Some(query.to_owned()))
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
        once(recipe, |r| r.pairs.retain(|pair| !context.parameters.form.contains(pair)))
    } }
        "the parameters in the form body were not signed"
        "表单体中的参数没有参与签名"
        "sign query and form parameters together"
        "查询串与表单中的参数要一起签名";

    "query-left-out", { |recipe, context| {
        once(recipe, |r| r.pairs.retain(|pair| !context.parameters.query.contains(pair)))
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

    "host-with-other-port", Acs3 { hosts }
        "signed for the host {}, but the header Host says another"
        "按主机 {} 签名，但 Host 头不同"
        "sign the header Host exactly as it is sent, with the port only if it is sent"
        "Host 头按实际发送的内容签名，有端口才带端口";

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
