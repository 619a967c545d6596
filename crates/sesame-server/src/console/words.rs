//! Everything the console says, in its two languages.
//!
//! A new sentence is a line in [`words`]; a language that lacks it does not
//! compile. What is named by a word of the journal (`number_locked`) is found by
//! that word.

use sesame_connector::Language;

/// Defines [`Words`] and the two of them: name, English, Chinese.
macro_rules! words {
    ($($name:ident $en:literal $zh:literal;)*) => {
        /// All texts in one language.
        #[derive(Debug)]
        pub(super) struct Words {
            pub(super) language: Language,
            $(pub(super) $name: &'static str,)*
        }

        static ENGLISH: Words = Words { language: Language::En, $($name: $en,)* };
        static CHINESE: Words = Words { language: Language::Zh, $($name: $zh,)* };

        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $zh),)*];
    };
}

words! {
    lang "en" "zh-CN";
    other_lang "zh" "en";
    other_name "简体中文" "English";
    console "Console" "控制台";
    skip "Skip to the content" "跳到正文";
    places "Places" "导航";
    theme "Colours" "外观";
    theme_auto "system" "跟随系统";
    theme_light "light" "浅色";
    theme_dark "dark" "深色";
    sign_in "Sign in" "登录";
    sign_out "Sign out" "退出登录";
    signed_in_as "Signed in with the key" "当前使用的密钥";
    sign_in_lead "Use an API key with the scope admin. The command sesame key new --scope admin makes one." "请使用带有 admin 权限的 API 密钥，可用命令 sesame key new --scope admin 创建。";
    key_label "API key" "API 密钥";
    key_hint "It begins with sk_ and is not kept by the browser" "以 sk_ 开头，浏览器不会保存它";
    key_wrong "This key is not valid here, has ended, or lacks the scope admin." "该密钥无效、已失效，或没有 admin 权限。";
    too_many_tries "Too many wrong keys from this address. Try again in a few minutes." "该地址输入错误密钥次数过多，请几分钟后再试。";
    overview "Overview" "总览";
    messages "Messages" "短信";
    limits "Limits" "限制";
    connectors "Connector" "连接器";
    keys "Keys and hooks" "密钥与钩子";
    audit "Audit" "审计";
    foot "All times are UTC. Numbers are masked; who asks for a whole one is written down." "所有时间均为 UTC。号码已脱敏，查看完整号码会被记录。";
    last_day "Last 24 hours" "最近 24 小时";
    last_month "Last 30 days" "最近 30 天";
    by_hour "By hour" "按小时";
    by_day "By day" "按天";
    sent "Sent" "已发送";
    sent_hint "accepted or unknown" "已受理或结果未知";
    accepted "Accepted" "已受理";
    delivered "Delivered" "已送达";
    failed "Failed" "未送达";
    waiting "No report yet" "暂无回执";
    confirmed "Confirmed" "已验证";
    refused "Refused" "被拒绝";
    unknown "Unknown" "未知";
    money "Money" "费用";
    money_hint "at the policy's prices" "按策略中的单价估算";
    as_table "The same as a table" "以表格查看";
    time "Time" "时间";
    country "Country" "国家或地区";
    carrier "Carrier" "运营商";
    by_country "By country and carrier" "按国家与运营商";
    carrier_hint "A mainland number counts for the carrier its prefix was given to, also where it has moved since." "大陆号码按号段归属统计，携号转网后仍计入原运营商。";
    delivery_rate "Delivered, of reported" "送达率（按已有回执）";
    confirm_rate "Confirmed, of sent" "验证率（按已发送）";
    share_none "–" "—";
    nothing_yet "Nothing was sent in this time." "这段时间内没有发送短信。";
    all_apps "All apps" "全部应用";
    app "App" "应用";
    show "Show" "查看";
    search "Search" "查找";
    search_title "Find messages" "查找短信";
    number "Number" "号码";
    number_hint "With country code, such as +8613800138000" "请带国家代码，例如 +8613800138000";
    number_wrong "This is no phone number that can receive messages." "这不是可以接收短信的手机号。";
    type_wrong "There is no such usage type." "没有此使用类型。";
    outcome "Outcome" "发送结果";
    delivery "Delivery" "送达状态";
    usage_type "Usage type" "用途";
    from "From (UTC)" "开始时间（UTC）";
    until "Until (UTC)" "结束时间（UTC）";
    time_wrong "This is no time such as 2026-11-22T10:00." "时间格式不正确，示例：2026-11-22T10:00。";
    any "Any" "不限";
    older "Older" "更早";
    newest "Newest" "最新";
    no_messages "No messages fit." "没有符合条件的短信。";
    cut_short "Looked through as many messages as one page may; older ones may fit." "本页已查找到上限，更早的短信可能符合条件。";
    of_one_number "To one number only" "仅显示一个号码";
    clear "Clear all filters" "清除全部条件";
    message "Message" "短信详情";
    sending "Sending" "发送中";
    finally_unknown "Unknown for good" "最终未知";
    show_number "Show the number" "查看完整号码";
    show_number_hint "This is written into the audit trail." "此操作会写入审计记录。";
    timeline "What happened" "经过";
    step_reserved "Requested, counted and written down" "收到请求，已计数并登记";
    step_sent "Handed to the provider" "已提交给服务商";
    step_accepted "The provider took it" "服务商已受理";
    step_refused "Refused: not sent, for certain" "被拒绝：确定未发送";
    step_unknown "No clear answer: it may have been sent" "没有明确答复：可能已发送";
    step_finally_unknown "Asked until the end; it stays unknown, and is never sent again" "多次查询仍无结果，保持未知，不会重发";
    step_sending "Not answered yet" "尚未答复";
    step_delivered "Report: it arrived" "回执：已送达";
    step_failed "Report: it did not arrive" "回执：未送达";
    step_waiting "No delivery report yet" "尚无状态报告";
    step_confirmed "Its code came back right" "验证码已正确返回";
    by_report "by the carrier" "运营商时间";
    cause "Cause" "原因";
    cure "Cure" "处理办法";
    code "Code" "代码";
    out_id "Out-id" "外部流水号";
    biz_id "Biz-id" "回执 ID";
    request_id "Request id" "请求 ID";
    provider "Provider" "服务商";
    created "Began" "开始时间";
    verification "Verification" "验证";
    attempts_left "tries left" "次剩余尝试";
    expires "Expires" "失效时间";
    status_pending "waits for its code" "等待输入验证码";
    status_approved "approved" "已通过";
    status_expired "expired" "已过期";
    status_exhausted "tried too often" "尝试次数已用尽";
    status_canceled "ended by its caller" "已被调用方取消";
    live "This page follows the message by itself." "本页会自动刷新。";
    reload "Reload" "刷新";
    blocked_now "Held back now" "当前被限制";
    limit "Limit" "限制";
    whom "Whom" "对象";
    since "Since" "开始";
    ends "Until" "截止";
    lasting "until it is lifted" "直到手动解除";
    lift "Lift" "解除";
    lift_number "Lift a number" "解除号码限制";
    lift_number_lead "Forgets the wrong codes of a number and lifts its lock. Who did it is written down." "清除该号码的错误验证码记录并解除锁定，操作会被记录。";
    lifted "Lifted. It is written into the audit trail." "已解除，并已写入审计记录。";
    lift_gone "There was nothing to lift any more." "已没有可解除的限制。";
    cannot_lift "Aliyun would refuse it too" "阿里云同样会拒绝";
    no_blocks "Nobody is held back for more than a minute." "当前没有超过一分钟的限制。";
    limit_decisions "What limits decided" "限制的判定记录";
    limit_decisions_lead "Every message that a limit refused, or would have. What is alike within an hour is one line." "每条被限制拒绝或本应拒绝的短信。一小时内相同的合并为一行。";
    no_limit_decisions "No decisions fit." "没有符合条件的记录。";
    decision "Decision" "判定";
    would_refuse "Would refuse" "本应拒绝";
    many "several" "多个号码";
    while_listed "while it is listed" "直到从名单移除";
    times "Times" "次数";
    reason "Reason" "依据";
    watched_now "These limits are only watched and hold nobody back:" "以下限制仅观察，不会拦截：";
    policy "The policy in use" "当前策略";
    policy_hint "It is changed in the server's configuration." "在服务器配置中修改。";
    digits "Digits of a code" "验证码位数";
    life "A code lives" "验证码有效期";
    seconds "s" "秒";
    attempts "Tries per verification" "每次验证可尝试次数";
    failed_per_hour "Wrong codes per number and hour" "每号码每小时错误次数";
    lock_after "Wrong codes in a row that lock a number" "连续错误多少次后锁定号码";
    windows "Messages per number" "每号码短信条数";
    ip_per_hour "Messages per address and hour" "每地址每小时短信条数";
    ip_budget "Unconfirmed codes per address" "每地址未验证条数";
    prefix_budget "Unconfirmed codes per prefix" "每号段未验证条数";
    range_budget "Unconfirmed codes per range" "每十万号段未验证条数";
    country_budget "Unconfirmed codes per country" "每国家未验证条数";
    money_per_day "Money per day" "每日费用上限";
    denied "Countries and prefixes that get nothing" "不发送的国家与号段";
    in_words "in" "／";
    setting "Setting" "配置项";
    connector_lead "The configuration the server was started with. Secrets are not shown." "服务器启动时使用的配置，不显示密钥内容。";
    region "Region" "地域";
    endpoint "Endpoint" "接入点";
    by_region "Aliyun's, by region" "阿里云默认";
    timeout "Time for one send" "单次发送时限";
    credentials "AccessKey" "AccessKey";
    default_chain "Alibaba's provider chain" "阿里云默认凭据链";
    next_key "The key that takes over" "轮换中的新密钥";
    has_token "with a security token" "带安全令牌";
    secret "Secret" "密钥内容";
    hidden "hidden" "已隐藏";
    default_country "Default country" "默认国家";
    strict "Country code required" "必须带国家代码";
    yes "yes" "是";
    no "no" "否";
    none "none" "无";
    sign_china "Signature, mainland" "签名（大陆）";
    sign_overseas "Signature, elsewhere" "签名（境外）";
    templates "Templates" "模板";
    fallback "What is refused because of signature, template or account goes through this one" "因签名、模板或账号被拒绝的短信改由此通道发送";
    template_china "Mainland" "大陆";
    template_overseas "Elsewhere" "境外";
    variables "Variables" "变量";
    check "Check of the configuration" "配置检查";
    check_good "Nothing is wrong with it." "没有发现问题。";
    check_none "It was checked when the server started; there is no file of its own to look at again." "已在服务器启动时检查，没有单独的文件可供再次检查。";
    check_hint "The file as it is now, which may differ from what the server was started with." "检查的是当前文件，可能与服务器启动时不同。";
    problem_error "error" "错误";
    problem_warning "warning" "警告";
    doctor "The account at Aliyun" "阿里云账号";
    doctor_failure "will fail" "会失败";
    doctor_link "in Aliyun's console" "在阿里云控制台";
    test_send "Send a test message" "发送测试短信";
    test_lead "Sends a real code to a number, under all limits; it costs what a message costs. Then follows it to its report." "向一个号码发送真实验证码，受所有限制约束并按条计费，随后跟踪到回执。";
    test_button "Send" "发送";
    test_refused "It was not sent." "未发送。";
    key_name "Name" "名称";
    key_id "Id" "编号";
    scopes "Scopes" "权限";
    made "Made" "创建时间";
    state "State" "状态";
    valid "valid" "有效";
    ended "ended" "已失效";
    revoke "Revoke" "吊销";
    revoke_now "Revoke this key now" "立即吊销该密钥";
    revoked "The key is revoked. It is written into the audit trail." "密钥已吊销，并已写入审计记录。";
    revoke_gone "There is no such key, or it has ended." "没有该密钥，或已失效。";
    api_keys "API keys" "API 密钥";
    new_key "The command sesame key new makes one." "使用命令 sesame key new 创建。";
    hooks "Hooks in use" "使用中的钩子";
    hook_path "Address" "地址";
    hook_kind "Kind" "类型";
    reports_pushed "Delivery reports, pushed by Aliyun" "阿里云推送的状态报告";
    reports_polled "Delivery reports, asked for" "主动查询状态报告";
    no_hooks "None is configured." "未配置。";
    who "Who" "操作者";
    what "What" "操作";
    detail "Detail" "详情";
    no_decisions "Nothing was written down yet." "暂无记录。";
    not_found "There is no such page" "页面不存在";
    not_found_lead "The address may be old, or what it showed was deleted after its time." "地址可能已过期，或对应内容已超过保存期限。";
    not_allowed "This address takes other requests" "该地址不接受此类请求";
    forbidden "The form is not from this session" "表单不属于当前会话";
    forbidden_lead "It may have been open for too long, or another page sent it. Go back, reload, and try again." "页面可能停留过久，或请求来自其他页面。请返回刷新后重试。";
    bad_request "The request makes no sense here" "无法理解该请求";
    unavailable "The store does not answer" "存储暂时不可用";
    unavailable_lead "Nothing was lost. The server's log says more; reload in a moment." "数据没有丢失，详情见服务器日志，请稍后刷新。";
    broken "Something went wrong here" "服务器内部错误";
    broken_lead "The server's log says more under the request id below." "请用下面的请求 ID 在服务器日志中查找详情。";
    back "To the overview" "返回总览";
}

impl Words {
    /// Those of a language.
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &ENGLISH,
            Language::Zh => &CHINESE,
        }
    }

    fn pick(&self, en: &'static str, zh: &'static str) -> &'static str {
        match self.language {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    /// A carrier by its name in the journal.
    pub(super) fn carrier_named<'a>(&self, name: &'a str) -> &'a str {
        match name {
            "mobile" => self.pick("China Mobile", "中国移动"),
            "unicom" => self.pick("China Unicom", "中国联通"),
            "telecom" => self.pick("China Telecom", "中国电信"),
            "broadnet" => self.pick("China Broadnet", "中国广电"),
            "virtual" => self.pick("Reseller", "虚拟运营商"),
            "" => "",
            other => other,
        }
    }

    /// A limit by its name; one that is not known as it is.
    pub(super) fn limit_named<'a>(&self, name: &'a str) -> &'a str {
        match LIMITS.iter().find(|(known, ..)| *known == name) {
            Some((_, en, zh)) => self.pick(en, zh),
            None => name,
        }
    }

    /// What somebody did, by its word in the journal; one that is not known as
    /// it is.
    pub(super) fn action_named<'a>(&self, name: &'a str) -> &'a str {
        match ACTIONS.iter().find(|(known, ..)| *known == name) {
            Some((_, en, zh)) => self.pick(en, zh),
            None => name,
        }
    }
}

const LIMITS: &[(&str, &str, &str)] = &[
    ("number_per_minute", "One message a minute", "每分钟一条"),
    (
        "number_per_hour",
        "Messages to the number in an hour",
        "该号码每小时条数",
    ),
    (
        "number_per_day",
        "Messages to the number in 24 hours",
        "该号码 24 小时条数",
    ),
    (
        "number_window",
        "Messages to the number in a window of the policy",
        "该号码在策略窗口内的条数",
    ),
    (
        "number_checks_per_hour",
        "Wrong codes for the number in an hour",
        "该号码一小时内错误次数过多",
    ),
    (
        "number_locked",
        "Locked after too many wrong codes in a row",
        "连续错误过多，号码已锁定",
    ),
    (
        "number_verifications",
        "Too many open verifications of the number",
        "该号码未完成的验证过多",
    ),
    (
        "provider_limit",
        "Aliyun refused the number a moment ago",
        "阿里云刚刚拒绝了该号码",
    ),
    (
        "ip_per_hour",
        "Messages for the address in an hour",
        "该地址每小时条数",
    ),
    (
        "ip_unconfirmed_per_hour",
        "Unconfirmed codes of the address in an hour",
        "该地址每小时未验证条数",
    ),
    (
        "ip_unconfirmed_per_day",
        "Unconfirmed codes of the address in a day",
        "该地址每天未验证条数",
    ),
    (
        "prefix_per_hour",
        "Unconfirmed codes of the prefix in an hour",
        "该号段每小时未验证条数",
    ),
    (
        "prefix_per_day",
        "Unconfirmed codes of the prefix in a day",
        "该号段每天未验证条数",
    ),
    (
        "range_per_hour",
        "Unconfirmed codes of the range in an hour",
        "该十万号段每小时未验证条数",
    ),
    (
        "range_per_day",
        "Unconfirmed codes of the range in a day",
        "该十万号段每天未验证条数",
    ),
    (
        "country_per_hour",
        "Unconfirmed codes of the country in an hour",
        "该国家每小时未验证条数",
    ),
    (
        "country_per_day",
        "Unconfirmed codes of the country in a day",
        "该国家每天未验证条数",
    ),
    (
        "country_denied",
        "The policy sends nothing there",
        "策略不允许向该国家发送",
    ),
    (
        "prefix_denied",
        "The policy sends nothing to such numbers",
        "策略不允许向该号段发送",
    ),
    ("all", "All but the account's own", "账号限制之外的全部"),
    (
        "account_per_hour",
        "Messages of the account in an hour",
        "账号每小时条数",
    ),
    (
        "account_per_day",
        "Messages of the account in a day",
        "账号每天条数",
    ),
    (
        "account_money_per_day",
        "Money of the account in a day",
        "账号每天费用",
    ),
];

const ACTIONS: &[(&str, &str, &str)] = &[
    ("number_locked", "A number was locked", "号码被锁定"),
    ("number_lifted", "A number was lifted", "解除号码限制"),
    ("limit_lifted", "A limit was lifted", "解除限制"),
    ("limit_near", "Most of a limit is used up", "限制即将用尽"),
    ("number_shown", "A whole number was shown", "查看完整号码"),
    ("key_revoked", "An API key was revoked", "吊销 API 密钥"),
    ("test_sent", "A test message was sent", "发送测试短信"),
    ("signed_in", "Signed in to the console", "登录控制台"),
    ("signed_out", "Signed out of the console", "退出控制台"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and signs that are the same everywhere.
    const SAME: &[&str] = &[
        "lang",
        "other_lang",
        "other_name",
        "credentials",
        "share_none",
    ];

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    #[test]
    fn every_text_is_there_in_both_languages() {
        let named = LIMITS.iter().chain(ACTIONS);
        for (name, en, zh) in ALL.iter().chain(named) {
            assert!(!en.trim().is_empty() && !zh.trim().is_empty(), "{name}");
            if SAME.contains(name) || *name == "in_words" {
                continue;
            }
            assert!(is_chinese(zh), "{name}: {zh}");
            assert!(!is_chinese(en), "{name}: {en}");
        }
    }

    #[test]
    fn a_sentence_ends_as_one_in_both_languages() {
        for (name, en, zh) in ALL {
            assert_eq!(en.ends_with('.'), zh.ends_with('。'), "{name}: {en} {zh}");
        }
    }

    #[test]
    fn every_limit_there_is_has_a_name() {
        // Those of the rules, by their words.
        for name in sesame_passcode::LimitName::ALL {
            let name = name.as_str();
            assert!(LIMITS.iter().any(|(known, ..)| *known == name), "{name}");
        }
    }
}
