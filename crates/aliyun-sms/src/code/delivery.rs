//! What became of a message that was not delivered, read from the code of its
//! delivery report.
//!
//! The set of codes is open: Aliyun's own words, carriers' raw numbers and
//! words cut to ten characters all occur. `delivery.tsv` holds the known ones.
//! A raw code that means different things in different networks is left out
//! there and thus [`DeliveryFailure::Unknown`], except that one which stands
//! for several sorts of unreachable line is filed under the mildest of them.
//! To add a code, add its line.

use std::{fmt, sync::LazyLock};

use super::Text;

/// Carriers cut codes to this many bytes.
const CUT: usize = 10;

/// The known codes, sorted.
static CODES: LazyLock<Vec<(&str, DeliveryFailure)>> = LazyLock::new(|| {
    let lines = include_str!("delivery.tsv").lines();
    let mut codes: Vec<_> = lines.filter_map(read_line).collect();
    codes.sort_unstable_by_key(|&(code, _)| code);
    codes
});

/// Whether the code is the one of a delivered message. Where the report also
/// has a status or a success flag, that one decides.
pub fn is_delivered(err_code: &str) -> bool {
    matches!(err_code, "DELIVERED" | "DELIVRD")
}

/// Why a message was not delivered. Ask [`is_delivered`] first: a code that
/// tells of no failure is `Unknown` here.
pub fn classify(err_code: &str) -> DeliveryFailure {
    match CODES.binary_search_by_key(&err_code, |&(code, _)| code) {
        Ok(index) => CODES[index].1,
        Err(index) if err_code.len() == CUT => agreed(err_code, index),
        Err(_) => DeliveryFailure::Unknown,
    }
}

/// The reason a message was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryFailure {
    /// A limit of the carrier or the channel, or a filter for repetitions.
    RateLimit,
    /// The number is on a block list.
    Blacklist,
    /// The recipient refuses such messages.
    Unsubscribed,
    /// The text was stopped.
    Content,
    /// The sign name is not registered with the carrier, or barred.
    Signature,
    /// The sending account or its channel has no money left.
    QuotaOrBalance,
    /// The recipient's line is suspended or given up.
    AccountSuspended,
    /// The phone is off, busy or out of coverage.
    PhoneOff,
    /// The number does not exist.
    NumberInvalid,
    /// The phone or its SIM card cannot take the message.
    Handset,
    /// The recipient's line may not receive such messages.
    ServiceBarred,
    /// No channel leads to the number at present.
    Route,
    /// No final word came from the carrier in time.
    Timeout,
    /// The carrier could not charge for the message.
    Billing,
    /// A field was malformed on the way.
    Protocol,
    /// A login or permission on the way failed.
    Auth,
    /// The carrier failed, or gave no reason.
    CarrierInternal,
    /// The code is not known, or says nothing definite.
    Unknown,
}

impl DeliveryFailure {
    /// Every reason there is.
    pub const ALL: &'static [DeliveryFailure] = &[
        Self::RateLimit,
        Self::Blacklist,
        Self::Unsubscribed,
        Self::Content,
        Self::Signature,
        Self::QuotaOrBalance,
        Self::AccountSuspended,
        Self::PhoneOff,
        Self::NumberInvalid,
        Self::Handset,
        Self::ServiceBarred,
        Self::Route,
        Self::Timeout,
        Self::Billing,
        Self::Protocol,
        Self::Auth,
        Self::CarrierInternal,
        Self::Unknown,
    ];

    /// The name in logs, JSON and `delivery.tsv`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::Blacklist => "blacklist",
            Self::Unsubscribed => "unsubscribed",
            Self::Content => "content",
            Self::Signature => "signature",
            Self::QuotaOrBalance => "quota_or_balance",
            Self::AccountSuspended => "account_suspended",
            Self::PhoneOff => "phone_off",
            Self::NumberInvalid => "number_invalid",
            Self::Handset => "handset",
            Self::ServiceBarred => "service_barred",
            Self::Route => "route",
            Self::Timeout => "timeout",
            Self::Billing => "billing",
            Self::Protocol => "protocol",
            Self::Auth => "auth",
            Self::CarrierInternal => "carrier_internal",
            Self::Unknown => "unknown",
        }
    }

    /// What happened.
    pub fn cause(self) -> Text {
        texts(self).0
    }

    /// What to do about it.
    pub fn cure(self) -> Text {
        texts(self).1
    }

    /// Whether the same message may get through when sent again later. No for
    /// `Unknown`, since that may have been delivered.
    pub fn resend_may_help(self) -> bool {
        matches!(
            self,
            Self::RateLimit
                | Self::PhoneOff
                | Self::Handset
                | Self::Route
                | Self::Timeout
                | Self::Auth
                | Self::CarrierInternal
        )
    }

    /// Whether the user should be asked to look at the number again.
    pub fn number_is_wrong(self) -> bool {
        self == Self::NumberInvalid
    }
}

impl fmt::Display for DeliveryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn read_line(line: &'static str) -> Option<(&'static str, DeliveryFailure)> {
    let (code, name) = line.split_once('\t')?;
    let named = |failure: &&DeliveryFailure| failure.as_str() == name;
    Some((code, *DeliveryFailure::ALL.iter().find(named)?))
}

/// What all known codes that begin with `cut` agree on; the first of them, if
/// there is any, stands at `index`.
fn agreed(cut: &str, index: usize) -> DeliveryFailure {
    let mut longer = CODES[index..]
        .iter()
        .take_while(|(code, _)| code.starts_with(cut))
        .map(|&(_, failure)| failure);
    match longer.next() {
        Some(first) if longer.all(|failure| failure == first) => first,
        _ => DeliveryFailure::Unknown,
    }
}

/// Cause and cure of each reason, each in English and Chinese.
macro_rules! texts {
    ($($failure:ident $cause_en:literal $cause_zh:literal
        $cure_en:literal $cure_zh:literal;)*) => {
        fn texts(failure: DeliveryFailure) -> (Text, Text) {
            match failure {
                $(DeliveryFailure::$failure => (
                    Text::new($cause_en, $cause_zh),
                    Text::new($cure_en, $cure_zh),
                )),*
            }
        }
    };
}

texts! {
    RateLimit
        "the carrier or the channel held the message back: too many to this number, or the same again too soon"
        "运营商或通道拦截：发往该号码的短信过多，或短时间内重复"
        "wait before sending to this number again, an hour at least if it recurs"
        "过一段时间再向该号码发送，反复出现时至少间隔一小时";

    Blacklist
        "somebody on the way, the carrier or Aliyun, blocks this number"
        "该号码在运营商、通道或阿里云的黑名单中"
        "offer another number or another way to sign in; the owner can ask the carrier, or the operator Aliyun by ticket, to lift the block"
        "请用户换号码或改用其他登录方式；机主可联系运营商、运营人员可提交工单申请移出";

    Unsubscribed
        "the recipient has refused messages of this kind or from this sign name"
        "接收者已退订或拒收此类短信"
        "ask the recipient to lift the refusal with the carrier or on the phone, or offer another way to sign in"
        "请用户在运营商处或手机上取消拒收，或改用其他登录方式";

    Content
        "the text was stopped by a keyword filter or review, or does not suit the channel"
        "短信内容被关键词过滤或审核拦截，或不符合通道要求"
        "read the text as it was sent under “业务统计 → 发送记录查询”, then change the template or the values under “国内消息 → 模板管理”"
        "在“业务统计 → 发送记录查询”查看实际内容，再到“国内消息 → 模板管理”修改模板或调整变量值";

    Signature
        "the sign name is missing, barred, or not yet registered with this carrier"
        "签名缺失、被禁用，或尚未在该运营商完成实名报备"
        "look under “国内消息 → 签名管理” at the registration with each of the three carriers; it can take days after approval, and lapses when unused"
        "在“国内消息 → 签名管理”查看三家运营商的报备状态；审核通过后报备还需数天，长期不用会失效";

    QuotaOrBalance
        "there was no money left to send with, in the account or at the channel"
        "发送账号或通道余额不足"
        "top up under “费用与成本”; if the account has money, tell Aliyun by ticket"
        "在“费用与成本”充值；账号余额充足时提交工单";

    AccountSuspended
        "the number is out of service: stopped, in arrears or given up"
        "接收号码已停机、欠费或注销"
        "ask the user to settle it with the carrier or to use another number"
        "请用户联系运营商恢复服务，或换一个号码";

    PhoneOff
        "the phone could not be reached: switched off, engaged, without reception or stopped for now"
        "手机无法接通：关机、忙、不在服务区，或暂时停机"
        "ask the user to switch the phone on where there is reception, then send again"
        "请用户开机并移到有信号处后重新发送";

    NumberInvalid
        "the number is malformed or not assigned to anybody"
        "号码格式有误或为空号"
        "ask the user to check the number"
        "请用户核对号码";

    Handset
        "the message reached the phone and was not stored: full memory, a fault, or an app that filters"
        "手机或 SIM 卡无法接收：存储已满、故障或被拦截软件阻止"
        "ask the user to delete old messages, look into the spam folder and restart the phone, then send again"
        "请用户清理短信、查看垃圾短信箱并重启手机后重新发送";

    ServiceBarred
        "the carrier does not let this number receive messages of this kind"
        "接收号码未开通或被限制接收此类短信"
        "ask the user to have the carrier open it, or to use another number; international messages are often off by default"
        "请用户联系运营商开通（国际短信常默认关闭），或换一个号码";

    Route
        "no channel leads to this number at present"
        "目前没有可用通道到达该号码"
        "send again after some minutes; if it recurs for one carrier or country, tell Aliyun by ticket with the biz id"
        "几分钟后重发；某一运营商或地区反复出现时，带 BizId 提交工单";

    Timeout
        "the carrier gave no final word in time; mostly the phone was not reachable"
        "运营商未在有效期内返回结果，多因手机无法接通"
        "ask the user whether the message came, then send again; many at once mean trouble at the carrier"
        "先问用户是否已收到，再重发；大量出现说明运营商侧有故障";

    Billing
        "the carrier could not charge for the message"
        "运营商侧计费失败"
        "tell Aliyun by ticket with the biz id; the user may try another number"
        "带 BizId 提交工单；用户可先换一个号码";

    Protocol
        "a field of the message was malformed on its way: sign name, text or number"
        "短信在转发途中字段有误（签名、内容或号码）"
        "check sign name, template values and number of this message for odd characters; if there are none, open a ticket with the biz id"
        "检查该短信的签名、变量值和号码有无异常字符；没有则带 BizId 提交工单";

    Auth
        "a login or permission check on the way failed"
        "转发途中的登录或权限校验失败"
        "send again after some minutes; if it recurs, check the RAM permissions, then open a ticket with the biz id"
        "几分钟后重发；反复出现时先检查 RAM 权限，再带 BizId 提交工单";

    CarrierInternal
        "the carrier or a gateway failed, or gave no reason"
        "运营商或网关内部出错，或未说明原因"
        "send again after some minutes; many at one carrier mean trouble there, to be told to Aliyun by ticket"
        "几分钟后重发；某一运营商大量出现时提交工单";

    Unknown
        "the report's code is not known, or means different things in different networks"
        "回执码未收录，或在不同网络中含义不同"
        "look the message up under “业务统计 → 发送记录查询”, where Aliyun may add a reason, and ask by ticket if it recurs"
        "在“业务统计 → 发送记录查询”查看该短信是否有说明，反复出现时提交工单询问";
}
