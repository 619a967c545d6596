//! The table behind [`super::lookup`]: one entry per code, sorted by code.
//!
//! To add one, write code, kind and actor, then cause and cure, each in
//! English and Chinese, at its place in the order of bytes. `tests/code.rs`
//! checks the order and the form of the texts.

use super::{Actor, Entry, Kind, Text};

/// Turns the lines below into [`Entry`] values.
macro_rules! catalogue {
    ($($code:literal $kind:ident $actor:ident
        $cause_en:literal $cause_zh:literal
        $cure_en:literal $cure_zh:literal;)*) => {
        &[$(Entry {
            code: $code,
            kind: Kind::$kind,
            actor: Actor::$actor,
            cause: Text::new($cause_en, $cause_zh),
            cure: Text::new($cure_en, $cure_zh),
        }),*]
    };
}

pub(super) static ENTRIES: &[Entry] = catalogue! {
    "ACCOUNT_ILLEGAL" Credential Operator
        "the international SMS service does not accept the account this AccessKey belongs to"
        "国际短信服务不接受该 AccessKey 所属的账号"
        "check that the AccessKey is of the account that uses SMS and that its real-name verification is complete; if so, open a ticket with Aliyun"
        "确认 AccessKey 属于开通短信服务的账号，且该账号已完成实名认证；都无误时提交工单";

    "ACCOUNT_NOT_EXISTS" Credential Operator
        "the international SMS service knows no account for this AccessKey"
        "国际短信服务找不到该 AccessKey 对应的账号"
        "check which account the AccessKey is of, and whether SMS was activated there; keys of the China site and of the international site are not exchangeable"
        "核对 AccessKey 属于哪个账号、该账号是否开通了短信服务；中国站与国际站的 AccessKey 不能混用";

    "AMOUNT_NOT_ENOUGH" Balance Operator
        "the account has too little money left for this message"
        "账号余额不足以发送这条短信"
        "top up under “费用与成本”, or buy a message package in the SMS console; a balance alert there warns in time next time"
        "在“费用与成本”充值，或在短信控制台购买套餐包；建议同时设置余额预警";

    "BLACK_KEY_CONTROL_LIMIT" Phone EndUser
        "Aliyun blocks the recipient's number, so the message was not taken"
        "接收号码在黑名单中，短信未被受理"
        "offer another number or another way to sign in; a number listed by mistake is removed by Aliyun on a ticket"
        "请用户换一个号码或改用其他登录方式；确属误拦的，提交工单请阿里云移除";

    "BUSINESS_LIMIT_CONTROL" RateLimit Nobody
        "this number has had as many messages as Aliyun allows it for now, per minute, hour or day"
        "该号码收到的短信已达阿里云的上限（每分钟、每小时或每天）"
        "wait until the window has passed and do not resend at once; a limit that comes too early is set under “通用设置 → 国内消息设置 → 发送频率设置”"
        "等限制窗口过去后再发，不要立即重发；上限过低时到“通用设置 → 国内消息设置 → 发送频率设置”调整";

    "BUSINESS_LIMIT_CONTROL_MINUTE" RateLimit Nobody
        "this number has had its share of messages for this minute"
        "该号码本分钟内的短信数量已达上限"
        "wait a minute before the next message to this number"
        "等待一分钟后再向该号码发送";

    "BUSINESS_LIMIT_CONTROL_PHONE" RateLimit Nobody
        "this number has had its share of messages, counted per number"
        "该号码的短信数量已达单号码上限"
        "wait until the next day (UTC+8); the limit per number is set under “国际/港澳台短信 → 发送短信 → 国际消息设置”"
        "等到次日（UTC+8）再发；单号码上限在“国际/港澳台短信 → 发送短信 → 国际消息设置”中设置";

    "CONTENT_MISSING_PARAMETERS" Template Operator
        "TemplateParam lacks a value for one of the variables"
        "模板中有变量没有赋值"
        "compare the variables ${…} of the template with the names in TemplateParam and send a value for each"
        "逐一核对模板中的 ${…} 与 TemplateParam 的变量名，每个变量都要传值";

    "DATA_NOT_EXIST" Configuration Operator
        "Aliyun has no record of the message that was asked about"
        "查询的短信记录不存在"
        "check the MessageId, and that the query goes to the endpoint and account that sent the message; ask again after a minute if it was sent just now"
        "核对 MessageId，以及查询所用的接入点和账号是否就是发送时的；刚发出的短信请过一分钟再查";

    "FORBIDDEN_ACTION" Permission Operator
        "the account may not call this action of the international SMS service"
        "该账号无权调用国际短信服务的这个接口"
        "check that international SMS is activated for the account and that the RAM user has AliyunDysmsFullAccess; otherwise ask Aliyun to open the action"
        "确认账号已开通国际短信且 RAM 用户拥有 AliyunDysmsFullAccess；否则提交工单申请开通该接口";

    "FREQUENCY_FAIL" RateLimit Nobody
        "a code was asked for again too soon for the same number"
        "同一号码获取验证码过于频繁"
        "wait for the Interval of the call to pass, 60 seconds unless set otherwise; show the user a countdown"
        "等待 Interval 规定的间隔（默认 60 秒）后再发；页面上宜显示倒计时";

    "FUNCTION_NOT_OPENED" Configuration Operator
        "SMS verification is not switched on for this account"
        "该账号未开通短信认证功能"
        "activate the SMS verification service in the number verification console (“号码认证服务 → 短信认证服务”)"
        "在号码认证控制台“号码认证服务 → 短信认证服务”中开通";

    "Forbidden" Permission Operator
        "the caller may not do this on the resource it named"
        "调用者无权对该资源执行此操作"
        "check the policies of the RAM user or role, a deny rule and an address condition included; the page is “RAM 访问控制 → 身份管理 → 用户”"
        "检查 RAM 用户或角色的权限策略（包括拒绝规则和来源 IP 条件），入口为“RAM 访问控制 → 身份管理 → 用户”";

    "Forbidden.AccessKeyDisabled" Credential Operator
        "the AccessKey is switched off"
        "该 AccessKey 已被禁用"
        "switch it on again under “RAM 访问控制 → 身份管理 → 用户” or configure another; find out first who disabled it and whether it had leaked"
        "在“RAM 访问控制 → 身份管理 → 用户”重新启用或更换 AccessKey；先查清是谁停用的、是否曾泄露";

    "Forbidden.RAM" Permission Operator
        "the RAM user or role has no permission for this action"
        "RAM 用户或角色没有该接口的权限"
        "grant dysms:SendSms and dysms:QuerySendDetails, or AliyunDysmsFullAccess, under “RAM 访问控制 → 权限管理 → 授权”; it takes effect within minutes"
        "在“RAM 访问控制 → 权限管理 → 授权”授予 dysms:SendSms 与 dysms:QuerySendDetails，或 AliyunDysmsFullAccess，几分钟内生效";

    "INVALID_JSON_PARAM" Template Operator
        "TemplateParam could not be read as JSON"
        "TemplateParam 不是合法的 JSON"
        "send an object whose values are strings, such as {\"code\":\"123456\"}, and encode it once only"
        "传值为字符串的 JSON 对象，例如 {\"code\":\"123456\"}，且只编码一次";

    "INVALID_PARAMETERS" Configuration Operator
        "a parameter was refused; with the number verification service mostly a sign name or template that is not one of those it provides"
        "参数无效；在号码认证服务中多半是签名或模板不属于该服务赠送的范围"
        "with number verification use a sign name and template listed under “短信认证服务 → 短信认证参数配置”; elsewhere compare each parameter with the API page"
        "号码认证服务请使用“短信认证服务 → 短信认证参数配置”中列出的签名和模板；其他情况逐项对照接口文档检查参数";

    "INVALID_SENDERID" Signature Operator
        "the sender ID (From) is unknown, not approved or malformed"
        "SenderID（From）不存在、未通过审核或格式不对"
        "compare From letter by letter with an approved entry of the SenderID page under “国际/港澳台短信”; at most 11 letters and digits, or 15 digits"
        "将 From 与“国际/港澳台短信”下 SenderID 页面中已通过的条目逐字核对；最长 11 位字母数字，或 15 位纯数字";

    "IncompleteSignature" Credential Operator
        "the request's signature is incomplete: a part of it is missing or unreadable"
        "请求缺少签名所需的部分，或 Authorization 头无法解析"
        "look for a proxy that drops or rewrites headers or query parameters; `sesame sign` shows what a complete request holds"
        "检查是否有代理删改了请求头或查询参数；用 `sesame sign` 可以看到完整请求应有的内容";

    "InternalError" Server Aliyun
        "Aliyun failed while working on the request, and whether the message went out is open"
        "阿里云处理请求时出错，短信是否已发出无法确定"
        "do not resend before asking what became of the message (QuerySendDetails); if it lasts, look at Aliyun's status page and open a ticket with the request id"
        "先用 QuerySendDetails 查明短信去向再决定是否重发；持续出现时查看阿里云状态页，并带 RequestId 提交工单";

    "InvalidAccessKeyId" Credential Operator
        "the AccessKey id is not a valid one"
        "AccessKey ID 无效"
        "copy the id again from “RAM 访问控制 → 身份管理 → 用户” and look for cut characters; an id that begins with STS. also needs its security token"
        "从“RAM 访问控制 → 身份管理 → 用户”重新复制 ID，检查有无缺字；以 STS. 开头的 ID 还需附带 SecurityToken";

    "InvalidAccessKeyId.Inactive" Credential Operator
        "the AccessKey exists but is disabled"
        "AccessKey 存在，但已被禁用"
        "enable it under “RAM 访问控制 → 身份管理 → 用户”, or create a new one and put it into the configuration"
        "在“RAM 访问控制 → 身份管理 → 用户”中启用，或新建一个并更新配置";

    "InvalidAccessKeyId.NotFound" Credential Operator
        "Aliyun knows no AccessKey with this id"
        "阿里云没有这个 AccessKey ID"
        "check the configured id for a typing error, a stray space or a deleted key; a key of the China site is unknown at the international site and the reverse"
        "检查配置的 ID 是否有误、多了空格或已被删除；中国站与国际站的 AccessKey 互不通用";

    "InvalidAction.NotFound" Configuration Operator
        "this endpoint has no action of that name in that version, or not for this HTTP method"
        "该接入点在此版本下没有这个接口，或不支持所用的 HTTP 方法"
        "check the endpoint: dysmsapi.aliyuncs.com with version 2017-05-25 for SMS, dypnsapi.aliyuncs.com for number verification; then the spelling of the action"
        "检查接入点：短信为 dysmsapi.aliyuncs.com（版本 2017-05-25），号码认证为 dypnsapi.aliyuncs.com；再核对接口名拼写";

    "InvalidApi.NotFound" Configuration Operator
        "this endpoint does not know the API that was called"
        "该接入点不存在所调用的接口"
        "check that endpoint, version and action belong together; SMS is dysmsapi.aliyuncs.com with 2017-05-25"
        "确认接入点、版本和接口名相互对应；短信服务为 dysmsapi.aliyuncs.com，版本 2017-05-25";

    "InvalidPageSize" Configuration Operator
        "PageSize is no number or out of range"
        "PageSize 不是数字或超出范围"
        "send a whole number from 1 to 50"
        "传 1 到 50 之间的整数";

    "InvalidParameter" Configuration Operator
        "the value of a parameter is not acceptable"
        "某个参数的值不被接受"
        "the message names the parameter; compare its type and range with the API page"
        "报错信息中有参数名，对照接口文档检查其类型与取值范围";

    "InvalidParameter.Format" Configuration Operator
        "the answer was asked for in a format that does not exist"
        "请求了不存在的返回格式"
        "set Format to JSON (or XML)"
        "将 Format 设为 JSON（或 XML）";

    "InvalidRegionId" Configuration Operator
        "the region in the request does not exist"
        "请求中的地域不存在"
        "use cn-hangzhou for the China site, ap-southeast-1 for the international one, or leave RegionId out"
        "中国站用 cn-hangzhou，国际站用 ap-southeast-1，或不传 RegionId";

    "InvalidSecurityToken.Expired" Credential Operator
        "the temporary credentials have run out"
        "临时凭证（STS）已过期"
        "let the credential source fetch new ones; if it just did, check this machine's clock, and that no old token is fixed in the environment"
        "让凭证来源重新获取；若刚获取过，检查本机时钟，以及环境变量中是否固定写着旧的 Token";

    "InvalidSecurityToken.Malformed" Credential Operator
        "the security token cannot be decoded"
        "SecurityToken 无法解析"
        "copy the token whole and unchanged; line breaks, cut ends and a second round of encoding are the usual causes"
        "完整、原样地复制 Token；常见原因是换行、被截断或重复编码";

    "InvalidSecurityToken.MismatchWithAccessKey" Credential Operator
        "security token and AccessKey were not issued together"
        "SecurityToken 与 AccessKey 不是同一次签发的"
        "replace id, secret and token as one set; check that a permanent key from one source is not mixed with a token from another"
        "ID、Secret、Token 三者须成套更换；检查是否把长期密钥与别处的 Token 混用";

    "InvalidSignatureMethod" Configuration Operator
        "the request names a signature method Aliyun does not support"
        "请求声明的签名算法不受支持"
        "use HMAC-SHA1 with SignatureVersion 1.0, or sign with ACS3-HMAC-SHA256 headers"
        "使用 HMAC-SHA1（SignatureVersion 1.0），或改用 ACS3-HMAC-SHA256 请求头签名";

    "InvalidTimeStamp.Expired" Clock Operator
        "this machine's clock and Aliyun's differ by more than is tolerated, about 15 minutes"
        "本机时钟与阿里云相差超过允许范围（约 15 分钟）"
        "set the clock right and keep it so with NTP (chronyc tracking, timedatectl); a container has its host's clock, and a long queue before sending counts too"
        "校准本机时钟并开启 NTP（chronyc tracking、timedatectl）；容器沿用宿主机时钟，签名后排队过久也会如此";

    "InvalidTimeStamp.Format" Configuration Operator
        "the time in the request is not written as Aliyun wants it"
        "请求中的时间格式不对"
        "write UTC as 2026-01-31T08:00:00Z: no offset, no fraction of a second"
        "使用 UTC 时间，形如 2026-01-31T08:00:00Z，不带时区偏移和小数秒";

    "InvalidVersion" Configuration Operator
        "this endpoint does not have the API version that was named"
        "该接入点没有所指定的接口版本"
        "use 2017-05-25 with dysmsapi.aliyuncs.com and dypnsapi.aliyuncs.com, 2018-05-01 with the international endpoint"
        "dysmsapi.aliyuncs.com 与 dypnsapi.aliyuncs.com 用 2017-05-25，国际接入点用 2018-05-01";

    "MOBILE_COUNT_OVER_LIMIT" Configuration Operator
        "one request named more numbers than it may"
        "单次请求的号码数量超限"
        "send fewer numbers per request, at most 1000"
        "减少每次请求的号码，最多 1000 个";

    "MOBILE_NUMBER_ILLEGAL" Phone EndUser
        "Aliyun does not take this for a mobile number it can send to"
        "阿里云认为该号码不是可发送的手机号"
        "let the user check the number; abroad it is country code and number, digits only, and at number verification 11 digits of the mainland"
        "请用户核对号码；境外号码为国家码加号码、只含数字，号码认证服务只支持中国内地 11 位手机号";

    "MissingAccessKeyId" Credential Operator
        "the request carries no AccessKey id"
        "请求中没有 AccessKey ID"
        "configure the AccessKey; if it comes from the environment, check that this process sees the variables (systemd, container)"
        "配置 AccessKey；若来自环境变量，确认本进程（systemd、容器）能读到";

    "MissingAction" Configuration Operator
        "the request does not say which action it wants"
        "请求未指明要调用的接口"
        "send Action, or the header x-acs-action with ACS3 signatures; look for a proxy that removes it"
        "传 Action 参数，ACS3 签名则传 x-acs-action 请求头；检查代理是否将其删除";

    "MissingCurrentPage" Configuration Operator
        "QuerySendDetails was called without CurrentPage"
        "调用 QuerySendDetails 时缺少 CurrentPage"
        "send CurrentPage, starting with 1; an empty value counts as none"
        "传 CurrentPage，从 1 开始；空值视同未传";

    "MissingPageSize" Configuration Operator
        "QuerySendDetails was called without PageSize"
        "调用 QuerySendDetails 时缺少 PageSize"
        "send PageSize, 1 to 50; an empty value counts as none"
        "传 PageSize，取值 1 到 50；空值视同未传";

    "MissingParameter" Configuration Operator
        "a parameter the action needs is absent or empty"
        "缺少必填参数，或其值为空"
        "the message names the parameter; give it a value, since an empty one counts as none"
        "报错信息中有参数名，为其传值；空值视同未传";

    "MissingPhoneNumber" Phone Operator
        "the request names no phone number"
        "请求中没有手机号"
        "refuse an empty phone field in the form; if the user did fill it in, look where the number is lost before the call"
        "表单应拒绝空号码；若用户已填写，检查号码在调用前何处丢失";

    "MissingPhoneNumberJson" Configuration Operator
        "SendBatchSms was called without PhoneNumberJson"
        "调用 SendBatchSms 时缺少 PhoneNumberJson"
        "send PhoneNumberJson as a JSON array with one number per message"
        "以 JSON 数组传 PhoneNumberJson，每条短信一个号码";

    "MissingPhoneNumbers" Phone Operator
        "SendSms was called without a phone number"
        "调用 SendSms 时没有手机号"
        "refuse an empty phone field in the form; if the user did fill it in, look where the number is lost before the call"
        "表单应拒绝空号码；若用户已填写，检查号码在调用前何处丢失";

    "MissingSecurityToken" Credential Operator
        "the AccessKey is a temporary one (STS.) and came without its security token"
        "使用了临时 AccessKey（STS. 开头），却没有附带 SecurityToken"
        "configure the security token together with id and secret, or use a permanent AccessKey"
        "连同 ID、Secret 一起配置 SecurityToken，或改用长期 AccessKey";

    "MissingSendDate" Configuration Operator
        "QuerySendDetails was called without SendDate"
        "调用 QuerySendDetails 时缺少 SendDate"
        "send the day of sending as yyyyMMdd in Beijing time, one of the last 30 days"
        "按北京时间传发送日期，格式 yyyyMMdd，限最近 30 天";

    "MissingSignName" Configuration Operator
        "the request has no sign name, or an empty one"
        "请求中没有签名，或签名为空"
        "set the sign name in the configuration exactly as under “国内消息 → 签名管理”, without the brackets 【】"
        "在配置中填写签名，与“国内消息 → 签名管理”中完全一致，不带【】";

    "MissingSignNameJson" Configuration Operator
        "SendBatchSms was called without SignNameJson"
        "调用 SendBatchSms 时缺少 SignNameJson"
        "send SignNameJson as a JSON array with as many sign names as there are numbers"
        "以 JSON 数组传 SignNameJson，签名个数与号码个数一致";

    "MissingSignature" Credential Operator
        "the request is not signed"
        "请求没有签名（Signature）"
        "send Signature with the other parameters; if it was sent, look for a proxy that removes it"
        "连同其他参数一起传 Signature；若已传，检查代理是否将其删除";

    "MissingTemplateCode" Configuration Operator
        "the request names no template"
        "请求中没有模板 Code"
        "set the template code for this usage type in the configuration; the codes (SMS_…) are listed under “国内消息 → 模板管理”"
        "在配置中为该用途填写模板 Code（SMS_ 开头），可在“国内消息 → 模板管理”查到";

    "MissingTemplateContent" Configuration Operator
        "a template was to be created or changed without its text"
        "创建或修改模板时没有提供内容"
        "send TemplateContent, up to 500 characters; for codes it holds one variable such as ${code}"
        "传 TemplateContent，最长 500 字；验证码模板含一个变量，如 ${code}";

    "MissingTemplateName" Configuration Operator
        "a template was to be created or changed without a name"
        "创建或修改模板时没有提供名称"
        "send TemplateName, up to 30 characters"
        "传 TemplateName，最长 30 字";

    "MissingTemplateParam" Configuration Operator
        "the call needs values for the template's variables and has none"
        "调用未提供模板变量的值"
        "send TemplateParam as JSON, such as {\"code\":\"123456\"}; at number verification {\"code\":\"##code##\",\"min\":\"5\"} lets Aliyun make the code"
        "以 JSON 传 TemplateParam，如 {\"code\":\"123456\"}；号码认证服务传 {\"code\":\"##code##\",\"min\":\"5\"} 由阿里云生成验证码";

    "MissingTemplateType" Configuration Operator
        "a template was to be created or changed without a type"
        "创建或修改模板时没有提供类型"
        "send TemplateType: 0 for codes, 1 notices, 2 promotion, 3 international"
        "传 TemplateType：0 验证码，1 通知，2 推广，3 国际/港澳台";

    "MissingVerifyCode" Configuration Operator
        "CheckSmsVerifyCode was called without a code to check"
        "调用 CheckSmsVerifyCode 时没有待核验的验证码"
        "refuse an empty code field in the form before calling"
        "表单应在调用前拒绝空验证码";

    "MissingVersion" Configuration Operator
        "the request does not say which API version it wants"
        "请求未指明接口版本"
        "send Version=2017-05-25, or the header x-acs-version with ACS3 signatures"
        "传 Version=2017-05-25，ACS3 签名则传 x-acs-version 请求头";

    "NOT_SUPPORTED_COUNTRY" Phone Operator
        "Aliyun does not send to the country of this number"
        "阿里云不支持向该号码所在国家/地区发送"
        "check the country code first; if the country is meant, ask Aliyun to open it, or take it off the list your form offers"
        "先核对国家码；确需发送的，提交工单申请开通，否则从表单的可选地区中去掉";

    "NoPermission" Permission Operator
        "a policy does not let the caller do this"
        "权限策略不允许该调用"
        "look into AccessDeniedDetail, if the answer has one, for what is missing, and grant it under “RAM 访问控制 → 权限管理 → 授权”"
        "查看返回中的 AccessDeniedDetail（若有）缺什么权限，到“RAM 访问控制 → 权限管理 → 授权”补上";

    "ONLINE_BILLING_FAILED" Balance Operator
        "Aliyun could not charge the account for the message"
        "阿里云扣费失败，短信未发出"
        "look under “费用与成本” for arrears or a missing payment method, then send again; with money in the account open a ticket"
        "到“费用与成本”查看有无欠费或未绑定付款方式，处理后重发；余额正常则提交工单";

    "OUT_OF_SERVICE" Balance Operator
        "the service is suspended because the account owes money"
        "账号欠费，服务已停"
        "pay what is owed under “费用与成本”; sending works again a little later"
        "在“费用与成本”结清欠款，稍后即可恢复发送";

    "PARAM_LENGTH_LIMIT" Template Operator
        "the value of a template variable is too long"
        "模板变量的值过长"
        "shorten the value, or ask for a template whose variable may be longer; codes have 4 to 6 characters"
        "缩短变量值，或申请允许更长变量的模板；验证码一般为 4 至 6 位";

    "PRODUCT_NOT_SUBSCRIBED" Configuration Operator
        "international SMS is not activated for this account"
        "该账号未开通国际短信"
        "activate it in the SMS console under “国际/港澳台短信”, with the account the AccessKey is of"
        "用该 AccessKey 所属账号登录短信控制台，在“国际/港澳台短信”中开通";

    "QPS_LIMIT_CONTROL" RateLimit Nobody
        "the account made more requests in one second than it may"
        "账号每秒请求数超限"
        "wait a second and spread the requests; for a steady need ask Aliyun for a higher rate"
        "等待一秒并分散请求；长期需要更高速率时提交工单";

    "QUERY_DATE_ILLEGAL" Configuration Operator
        "the day that was asked about is malformed or too long ago"
        "查询日期格式不对或过早"
        "ask with a day in the form the API page gives, within the time records are kept"
        "按接口文档的格式传日期，并限于记录保存期内";

    "RAM_PERMISSION_DENY" Permission Operator
        "the RAM user has no permission for international SMS"
        "RAM 用户没有国际短信的权限"
        "grant AliyunDysmsFullAccess, or the action alone, under “RAM 访问控制 → 权限管理 → 授权”"
        "在“RAM 访问控制 → 权限管理 → 授权”授予 AliyunDysmsFullAccess 或该接口的单项权限";

    "SMS_CONTENT_CODE_ILLEGAL" Template Operator
        "the template code is unknown or not approved"
        "模板 Code 不存在或未通过审核"
        "compare TemplateCode with the template list of this account, and wait for approval where it is pending"
        "将 TemplateCode 与本账号模板列表核对；审核中的请等待通过";

    "SMS_CONTENT_ILLEGAL" Content Operator
        "the finished text holds something that may not be sent"
        "短信内容含有禁止发送的内容"
        "look at the values put into the template, names and links above all; then change the template's text and have it approved again"
        "检查填入模板的变量值，尤其是名称和链接；再修改模板文字并重新送审";

    "SMS_SECURITY_INTERCEPTED" Content Operator
        "Aliyun's risk control stopped the message"
        "短信被阿里云风控拦截"
        "check for a flood of requests to your form and for odd contents; if all is in order ask Aliyun by ticket why it was stopped"
        "检查表单是否遭到刷量、内容是否异常；都正常时提交工单询问拦截原因";

    "SMS_SIGN_NAME_ILLEGAL" Signature Operator
        "the sign name is unknown to this account or not approved"
        "签名不属于该账号或未通过审核"
        "compare From with “国内消息 → 签名管理” of this very account, and wait for approval where it is pending"
        "将 From 与本账号“国内消息 → 签名管理”核对；审核中的请等待通过";

    "SYSTEM_ERROR" Server Aliyun
        "the international SMS service failed, and whether the message went out is open"
        "国际短信服务出错，短信是否已发出无法确定"
        "do not resend at once: QueryMessage tells what became of it; if it lasts, open a ticket with the request id"
        "不要立即重发，先用 QueryMessage 查明去向；持续出现时带 RequestId 提交工单";

    "ServiceTimeout" Server Aliyun
        "Aliyun ran out of time over the request, and the message may have gone out"
        "阿里云处理超时，短信可能已经发出"
        "ask QuerySendDetails by number and out id before resending"
        "重发前先按号码和 OutId 用 QuerySendDetails 查询";

    "ServiceUnavailable" Server Aliyun
        "Aliyun was not able to serve the request for the moment"
        "阿里云暂时无法处理请求"
        "find out what became of the message before resending; if every call fails so, check that the endpoint fits: mainland and international SMS have different hosts"
        "重发前先查明短信去向；若每次都如此，检查接入点：国内短信与国际短信的域名不同";

    "SignatureDoesNotMatch" Credential Operator
        "Aliyun computed another signature than the one sent, mostly because the secret is wrong"
        "阿里云算出的签名与请求中的不同，多半是 Secret 有误"
        "check the secret for a stray line break or space, and that it belongs to this AccessKey id; if it does, `sesame sign` shows each step of the signature"
        "检查 AccessKey Secret 有无多余的换行或空格、与 ID 是否成对；都对时用 `sesame sign` 逐步核对签名";

    "SignatureNonceUsed" Server Operator
        "Aliyun has already seen a request with this nonce"
        "阿里云已收到过带相同随机数（Nonce）的请求"
        "use a fresh nonce for each request; if fresh ones are refused too, look for a proxy that repeats requests or cloned machines that share a random state"
        "换新的 Nonce 重发；若仍报错，检查代理是否重复转发请求，或克隆的机器是否产生相同随机数";

    "Throttling" RateLimit Nobody
        "Aliyun took no more requests for the moment"
        "请求过多，阿里云暂不受理"
        "wait as long as x-acs-retry-after says, or a second, doubling it each time"
        "按 x-acs-retry-after 等待，没有则等一秒并逐次加倍";

    "Throttling.Api" RateLimit Nobody
        "this action is called more often than Aliyun allows"
        "该接口的调用频率超限"
        "wait a second, doubling it each time; spread the calls over time"
        "等待一秒并逐次加倍，把调用分散开";

    "Throttling.System" RateLimit Nobody
        "Aliyun's gateway is overloaded and sheds requests"
        "阿里云网关繁忙，正在限流"
        "wait a few seconds and try again; nothing is wrong on this side"
        "等几秒后重试，本方无需处理";

    "Throttling.User" RateLimit Nobody
        "the account makes more requests per second than it may, over all its programs"
        "账号下所有程序的每秒请求数合计超限"
        "wait a second, doubling it each time; if it recurs, look which program of the account calls so often"
        "等待一秒并逐次加倍；反复出现时排查账号下哪个程序调用过频";

    "UnknownError" Server Aliyun
        "Aliyun failed without saying why, and whether the message went out is open"
        "阿里云出现未说明的错误，短信是否已发出无法确定"
        "ask QuerySendDetails before resending; if it lasts, open a ticket with the request id"
        "重发前先用 QuerySendDetails 查询；持续出现时带 RequestId 提交工单";

    "UnsupportedHTTPMethod" Configuration Operator
        "the action does not take this HTTP method"
        "该接口不支持所用的 HTTP 方法"
        "use POST, or GET where the action allows it; look for a redirect or proxy that changes the method"
        "使用 POST（接口允许时也可 GET）；检查重定向或代理是否改变了方法";

    "UnsupportedProtocol" Configuration Operator
        "the endpoint was called over plain HTTP and wants HTTPS"
        "接入点要求 HTTPS，请求却用了 HTTP"
        "write the endpoint with https://"
        "接入点地址改用 https://";

    "biz.FREQUENCY" RateLimit Nobody
        "a code was asked for again too soon for the same number"
        "同一号码获取验证码过于频繁"
        "wait for the Interval of the call to pass, 60 seconds unless set otherwise; show the user a countdown"
        "等待 Interval 规定的间隔（默认 60 秒）后再发；页面上宜显示倒计时";

    "isp.GATEWAY_ERROR" Server Aliyun
        "a link between Aliyun's own systems failed, and whether the message went out is open"
        "阿里云内部链路出错，短信是否已发出无法确定"
        "ask QuerySendDetails before resending; it mostly passes by itself within minutes"
        "重发前先用 QuerySendDetails 查询；一般几分钟内自行恢复";

    "isp.RAM_PERMISSION_DENY" Permission Operator
        "the RAM user or role may not use SMS"
        "RAM 用户或角色没有短信服务的权限"
        "grant AliyunDysmsFullAccess, or dysms:SendSms and dysms:QuerySendDetails alone, under “RAM 访问控制 → 权限管理 → 授权”"
        "在“RAM 访问控制 → 权限管理 → 授权”授予 AliyunDysmsFullAccess，或仅授予 dysms:SendSms 与 dysms:QuerySendDetails";

    "isp.SYSTEM_ERROR" Server Aliyun
        "the SMS service failed inside, and the message may have gone out all the same"
        "短信服务内部出错，短信仍可能已发出"
        "ask QuerySendDetails by number and out id before resending; if it lasts over minutes, open a ticket with the request id"
        "重发前先按号码和 OutId 用 QuerySendDetails 查询；持续数分钟则带 RequestId 提交工单";

    "isp.UNKNOWN_ERR_CODE" Server Aliyun
        "the number verification service failed without a known reason, and whether a code went out is open"
        "号码认证服务出现未知错误，验证码是否已发出无法确定"
        "wait a minute before offering to send again; if it lasts, open a ticket with the request id"
        "等一分钟再让用户重新获取；持续出现时带 RequestId 提交工单";

    "isv.ACCOUNT_ABNORMAL" Credential Operator
        "the account is in a state in which it may not send"
        "账号状态异常，不能发送短信"
        "look in the SMS console and in the message centre of the account for a notice (real-name verification, risk, arrears), settle it, else open a ticket"
        "查看短信控制台和账号消息中心有无通知（实名认证、风控、欠费等）并处理，没有则提交工单";

    "isv.ACCOUNT_NOT_EXISTS" Credential Operator
        "SMS knows no account for this AccessKey"
        "短信服务找不到该 AccessKey 对应的账号"
        "check which account the AccessKey is of, and that SMS is activated there"
        "核对 AccessKey 属于哪个账号，以及该账号是否已开通短信服务";

    "isv.AMOUNT_NOT_ENOUGH" Balance Operator
        "the account has neither money nor package messages left"
        "账号余额和套餐包都已用完"
        "top up under “费用与成本” or buy a message package in the SMS console, and set a balance alert; look whether a flood of requests used it up"
        "在“费用与成本”充值或在短信控制台购买套餐包，并设置余额预警；同时查看是否遭到刷量";

    "isv.BLACK_KEY_CONTROL_LIMIT" Phone EndUser
        "the recipient's number is on a do-not-disturb or block list"
        "接收号码在免打扰名单或黑名单中"
        "offer another number or another way to sign in; if the owner wants messages, ask Aliyun by ticket to take the number off the list"
        "请用户换号码或改用其他登录方式；机主确需接收的，提交工单请阿里云移出名单";

    "isv.BUSINESS_LIMIT_CONTROL" RateLimit Nobody
        "this number has used up a window for messages: by default 1 code a minute, 5 an hour and 10 a day per sign name, and 40 a day from all senders together"
        "该号码已达发送上限：默认同一签名的验证码每分钟 1 条、每小时 5 条、每天 10 条，所有发送方合计每天 40 条"
        "wait for the end of the window, never resend at once; companies raise limits and exempt test numbers under “通用设置 → 国内消息设置 → 发送频率设置”"
        "等限制窗口过去后再发，切勿立即重发；企业账号可在“通用设置 → 国内消息设置 → 发送频率设置”调整上限或为测试号码加白名单";

    "isv.BUSINESS_LIMIT_DAY" RateLimit Nobody
        "this number has had its share of messages for today"
        "该号码今天的短信数量已达上限"
        "wait until the next day (UTC+8); the limit per number is set under “国际/港澳台短信 → 发送短信 → 国际消息设置”"
        "等到次日（UTC+8）再发；单号码上限在“国际/港澳台短信 → 发送短信 → 国际消息设置”中设置";

    "isv.BUSINESS_LIMIT_HOUR" RateLimit Nobody
        "this number has had its share of messages for this hour"
        "该号码本小时的短信数量已达上限"
        "wait an hour before the next message to this number"
        "等待一小时后再向该号码发送";

    "isv.CODE_ERROR" Configuration Operator
        "the extension code is too long or not to be had"
        "扩展码过长或不可用"
        "send a shorter SmsUpExtendCode, or none at all if replies are not needed"
        "缩短 SmsUpExtendCode；不需要接收回复时不传";

    "isv.CODE_EXCEED_LIMIT" Configuration Operator
        "the account can have no more extension codes of its own"
        "账号自定义的扩展码已达上限"
        "reuse codes that exist, or leave SmsUpExtendCode out"
        "复用已有扩展码，或不传 SmsUpExtendCode";

    "isv.COUNTRY_RESTRICTED" Phone Operator
        "messages to the country of this number are barred for the account"
        "该账号不能向号码所在国家/地区发送"
        "look under “国际/港澳台短信 → 发送短信 → 国际消息设置 → 发送阈值设置” whether the country is let through, else ask Aliyun by ticket"
        "到“国际/港澳台短信 → 发送短信 → 国际消息设置 → 发送阈值设置”查看是否放行该地区，仍不行则提交工单";

    "isv.CUSTOMER_REFUSED" Phone EndUser
        "the recipient wants no promotion"
        "接收者已退订推广短信"
        "do not send promotion to this number again; send codes through a template of the verification type, which opt-outs do not touch"
        "不要再向该号码发推广短信；验证码应使用验证码类型的模板，以免受退订影响";

    "isv.DAY_LIMIT_CONTROL" Balance Operator
        "the account has reached the daily total set for it in the console"
        "账号已达控制台设置的每日发送总量"
        "make sure no attack uses it up, then raise the daily total under “通用设置 → 国内消息设置 → 安全设置”; abroad it is “国际消息设置 → 发送阈值设置”"
        "先排除被刷量，再到“通用设置 → 国内消息设置 → 安全设置”调高每日总量；国际短信在“国际消息设置 → 发送阈值设置”";

    "isv.DENY_IP_RANGE" Permission Operator
        "the request came from a source address in a region that may not send to mainland numbers"
        "请求的来源 IP 所在地区被禁止向中国内地号码发送"
        "the source address must be in mainland China: see where this server's traffic leaves (NAT, proxy, VPN) and route it through a mainland exit"
        "来源 IP 须在中国内地：查明服务器的出口 IP（NAT、代理、VPN），改从内地出口访问";

    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED" Template Operator
        "a template for messages abroad met a mainland number"
        "用国际/港澳台模板向中国内地号码发送"
        "configure a template of “国内消息 → 模板管理” for +86 numbers, and keep the international one for the rest"
        "为 +86 号码配置“国内消息 → 模板管理”中的模板，国际模板只用于其他地区";

    "isv.ERROR_EMPTY_FILE" Signature Operator
        "the application for a sign name came without its proof file"
        "签名申请没有附上证明文件"
        "attach the file as base64 in FileContents, with its type in FileSuffix"
        "将文件以 base64 放入 FileContents，并在 FileSuffix 中写明类型";

    "isv.ERROR_SIGN_NOT_DELETE" Signature Operator
        "a sign name under review cannot be deleted"
        "签名正在审核，不能删除"
        "wait for the review to end, shown under “国内消息 → 签名管理”, then delete it"
        "到“国内消息 → 签名管理”查看，审核结束后再删除";

    "isv.ERROR_SIGN_NOT_MODIFY" Signature Operator
        "an approved sign name cannot be changed"
        "签名已通过审核，不能修改"
        "apply for a new sign name; changes are possible only after a rejection"
        "另外申请新签名；只有未通过的签名可以修改";

    "isv.ERROR_TEMPLATE_NOT_DELETE" Template Operator
        "a template under review cannot be deleted"
        "模板正在审核，不能删除"
        "wait for the review to end, shown under “国内消息 → 模板管理”, then delete it"
        "到“国内消息 → 模板管理”查看，审核结束后再删除";

    "isv.ERROR_TEMPLATE_NOT_MODIFY" Template Operator
        "an approved template cannot be changed"
        "模板已通过审核，不能修改"
        "apply for a new template; changes are possible only after a rejection"
        "另外申请新模板；只有未通过的模板可以修改";

    "isv.EXTEND_CODE_ERROR" Configuration Operator
        "one extension code was used with more than one sign name"
        "同一扩展码用在了多个签名上"
        "give each sign name its own SmsUpExtendCode, or send none"
        "每个签名使用各自的 SmsUpExtendCode，或不传";

    "isv.ILLEGAL_ARGUMENT" Configuration Operator
        "the number verification service refused a parameter"
        "号码认证服务拒绝了某个参数"
        "check CodeLength (4 to 8), CodeType (1 to 7), ValidTime and Interval, and that the number has 11 digits"
        "检查 CodeLength（4 至 8）、CodeType（1 至 7）、ValidTime、Interval，以及号码是否为 11 位";

    "isv.INVALID_JSON_PARAM" Template Operator
        "TemplateParam is no JSON object of strings, or its names are not those of the template"
        "TemplateParam 不是值为字符串的 JSON 对象，或变量名与模板不符"
        "send for example {\"code\":\"123456\"}: the value in quotes, the name exactly as in the template's ${code} under “国内消息 → 模板管理”"
        "例如传 {\"code\":\"123456\"}：值加引号，变量名与“国内消息 → 模板管理”中模板的 ${code} 完全一致";

    "isv.INVALID_PARAMETERS" Template Operator
        "a parameter is malformed: mostly a code with other characters than letters and digits, at number verification a sign name or template it does not provide"
        "参数格式有误：多为验证码含字母数字以外的字符；在号码认证服务中则为签名或模板不属于其赠送范围"
        "send only A-Z, a-z, 0-9 as the code and check dates for their form; number verification takes only what “短信认证服务 → 短信认证参数配置” lists"
        "验证码只用字母和数字，并检查日期格式；号码认证服务只能用“短信认证服务 → 短信认证参数配置”中列出的签名和模板";

    "isv.MOBILE_COUNT_OVER_LIMIT" Configuration Operator
        "one request named more numbers than it may"
        "单次请求的号码数量超限"
        "send at most 1000 numbers with SendSms and 100 with SendBatchSms"
        "SendSms 每次最多 1000 个号码，SendBatchSms 最多 100 个";

    "isv.MOBILE_NUMBER_ILLEGAL" Phone EndUser
        "Aliyun cannot read this as a mobile number, or does not serve numbers of this kind"
        "号码格式有误，或属于阿里云不支持的号段"
        "let the user check the number; mainland ones have 11 digits, others country code and number without plus sign or leading 00"
        "请用户核对号码；内地号码为 11 位，其他地区为国家码加号码，不带加号或 00 前缀";

    "isv.MONTH_LIMIT_CONTROL" Balance Operator
        "the account has reached the monthly total set for it in the console"
        "账号已达控制台设置的每月发送总量"
        "make sure no attack uses it up, then raise the monthly total under “通用设置 → 国内消息设置 → 安全设置”; abroad it is “国际消息设置 → 发送阈值设置”"
        "先排除被刷量，再到“通用设置 → 国内消息设置 → 安全设置”调高每月总量；国际短信在“国际消息设置 → 发送阈值设置”";

    "isv.NO_AVAILABLE_SHORT_URL" Configuration Operator
        "there is no short link to put into the message"
        "没有可用的短链"
        "create a short link in the SMS console first and see that it has not run out"
        "先在短信控制台创建短链，并确认未过期";

    "isv.ONE_CODE_MULTIPLE_SIGN" Configuration Operator
        "this extension code was used with another sign name before"
        "该扩展码此前已与其他签名一起使用"
        "keep one SmsUpExtendCode for one sign name, or send none"
        "一个 SmsUpExtendCode 固定对应一个签名，或不传";

    "isv.OUT_OF_SERVICE" Balance Operator
        "the service is suspended, as a rule because the account owes money"
        "业务已停机，通常是因为账号欠费"
        "pay what is owed under “费用与成本”: package messages cannot be used meanwhile; if nothing is owed, open a ticket"
        "在“费用与成本”结清欠款，欠费期间套餐包也无法使用；没有欠费则提交工单";

    "isv.PARAM_LENGTH_LIMIT" Template Operator
        "the value of a template variable is too long"
        "模板变量的值过长"
        "shorten it: as a rule codes have 4 to 6 characters and variables of notices at most 35; it depends on the variable's kind under “国内消息 → 模板管理”"
        "缩短变量值：验证码一般 4 至 6 位，通知变量一般不超过 35 字，具体取决于“国内消息 → 模板管理”中该变量的类型";

    "isv.PARAM_NOT_SUPPORT_URL" Content Operator
        "a template variable was given a link as its value"
        "模板变量的值中含有链接"
        "write the link into the template's fixed text and have it approved; variables may hold none"
        "把链接写进模板的固定文字并送审，变量中不能带链接";

    "isv.PHONENUMBERS_OVER_LIMIT" Configuration Operator
        "too many numbers for one short link request"
        "短链请求中的号码过多"
        "split the numbers over several requests"
        "把号码分成多次请求";

    "isv.PRODUCT_UNSUBSCRIBE" Configuration Operator
        "the account has not activated the product that was called"
        "账号未开通所调用的产品"
        "activate it in its console, SMS and number verification each by itself; check too that the AccessKey is of the account you mean"
        "在对应控制台开通，短信服务与号码认证服务须分别开通；并确认 AccessKey 属于正确的账号";

    "isv.PRODUCT_UN_SUBSCRIPT" Configuration Operator
        "the account has activated none of Aliyun's communication products"
        "账号未开通阿里云云通信产品"
        "activate SMS in the SMS console with the account the AccessKey is of"
        "用 AccessKey 所属账号在短信控制台开通短信服务";

    "isv.RAM_PERMISSION_DENY" Permission Operator
        "the RAM user may not use SMS verification"
        "RAM 用户没有短信认证的权限"
        "grant dypns:SendSmsVerifyCode and dypns:CheckSmsVerifyCode under “RAM 访问控制 → 权限管理 → 授权”"
        "在“RAM 访问控制 → 权限管理 → 授权”授予 dypns:SendSmsVerifyCode 与 dypns:CheckSmsVerifyCode";

    "isv.SECURITY_FROZEN_ACCOUNT" Permission Operator
        "Aliyun has frozen sending for this account, after long disuse or because of a risk"
        "账号因长期未使用或存在风险，发送已被冻结"
        "read the notice in the SMS console and ask Aliyun by ticket to lift it; if there was a risk, change the AccessKey too"
        "查看短信控制台中的通知，提交工单申请解冻；若因风险冻结，同时更换 AccessKey";

    "isv.SHORTURL_DOMAIN_EMPTY" Configuration Operator
        "no domain is set for short links"
        "未设置短链域名"
        "set a domain for short links in the SMS console, then create the link again"
        "在短信控制台设置短链域名后重新创建";

    "isv.SHORTURL_NAME_ILLEGAL" Configuration Operator
        "the short link's name is too long or not allowed"
        "短链名称过长或不合规"
        "give it a name of at most 13 characters"
        "名称改为 13 个字符以内";

    "isv.SHORTURL_OVER_LIMIT" RateLimit Nobody
        "the account has made all the short links it may today"
        "账号今天可创建的短链已用完"
        "go on tomorrow, or reuse links that are still valid"
        "明天再创建，或复用仍有效的短链";

    "isv.SHORTURL_STILL_AVAILABLE" Configuration Operator
        "this address already has a short link that is valid"
        "该网址已有仍在有效期内的短链"
        "use the existing link"
        "直接使用已有短链";

    "isv.SHORTURL_TIME_ILLEGAL" Configuration Operator
        "the short link's life is out of range"
        "短链有效期超出范围"
        "choose an end within the range the API page gives"
        "按接口文档的范围设置有效期";

    "isv.SIGNATURE_BLACKLIST" Signature Operator
        "the sign name holds words that are barred"
        "签名含有被禁用的词"
        "apply for a sign name without them under “国内消息 → 签名管理”, best the registered name of the company or app"
        "到“国内消息 → 签名管理”申请不含禁用词的签名，最好用企业或应用的登记名称";

    "isv.SIGN_COUNT_OVER_LIMIT" RateLimit Nobody
        "the account has applied for all the sign names it may today"
        "账号今天可申请的签名数已用完"
        "apply again tomorrow"
        "明天再申请";

    "isv.SIGN_FILE_LIMIT" Signature Operator
        "a proof file of the sign name is too large"
        "签名的证明文件过大"
        "upload an image of at most 2 MB"
        "上传不超过 2 MB 的图片";

    "isv.SIGN_NAME_ILLEGAL" Signature Operator
        "this cannot be a sign name: its length or a character in it is against the rules"
        "签名不符合命名规则"
        "use 2 to 12 characters without brackets, punctuation and spaces, and without the word test"
        "使用 2 至 12 个字，不含括号、标点、空格和“测试”字样";

    "isv.SIGN_OVER_LIMIT" Signature Operator
        "the sign name is too long"
        "签名过长"
        "shorten it to 12 characters"
        "缩短到 12 个字以内";

    "isv.SIGN_SOURCE_ILLEGAL" Signature Operator
        "the source stated for the sign name is not accepted"
        "签名来源不被接受"
        "choose an accepted SignSource: 0 company, 2 app, 5 trademark; the older calls know more"
        "选择可用的 SignSource：0 企业、2 App、5 商标；旧接口另有其他取值";

    "isv.SIGN_STATE_ILLEGAL" Signature Operator
        "the sign name is not in a state in which it can be used"
        "签名当前状态不可用"
        "see its state under “国内消息 → 签名管理”: pending needs patience, rejected a correction, cancelled a new application"
        "到“国内消息 → 签名管理”查看状态：审核中请等待，未通过须修改，已取消须重新申请";

    "isv.SMS_CONTENT_ILLEGAL" Content Operator
        "the finished text holds something that may not be sent"
        "短信内容含有禁止发送的内容"
        "look at the values put into the template, then at its text; change what offends and have the template approved again under “国内消息 → 模板管理”"
        "先检查变量值，再检查模板文字；修改后在“国内消息 → 模板管理”重新送审";

    "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE" Content Operator
        "the text is of another kind than the template, such as promotion in a notice"
        "内容与模板类型不符，例如用通知模板发推广"
        "use a template of the right type; codes belong into one of the verification type under “国内消息 → 模板管理”"
        "换用类型相符的模板；验证码应使用“国内消息 → 模板管理”中的验证码类型模板";

    "isv.SMS_OVER_LIMIT" RateLimit Nobody
        "the account has made all the applications it may today"
        "账号今天的申请次数已用完"
        "apply again tomorrow"
        "明天再申请";

    "isv.SMS_SIGNATURE_ILLEGAL" Signature Operator
        "this account has no such sign name, or it is not approved"
        "该账号下没有此签名，或签名未通过审核"
        "under “国内消息 → 签名管理” check that it is approved, spelled alike without 【】, and in the account the AccessKey is of"
        "在“国内消息 → 签名管理”确认签名已通过审核、文字一致且不带【】，并且属于该 AccessKey 所在账号";

    "isv.SMS_SIGNATURE_SCENE_ILLEGAL" Signature Operator
        "a sign name for codes was used with a template of another type"
        "验证码类签名用在了其他类型的模板上"
        "use it with a verification template, or apply for a general sign name under “国内消息 → 签名管理”"
        "搭配验证码模板使用，或在“国内消息 → 签名管理”申请通用类签名";

    "isv.SMS_SIGN_EMOJI_ILLEGAL" Signature Operator
        "the sign name holds an emoji"
        "签名含有表情符号"
        "leave the emoji out"
        "去掉表情符号";

    "isv.SMS_SIGN_ILLEGAL" Signature Operator
        "Aliyun has withdrawn this sign name"
        "该签名已被禁止使用"
        "see the reason under “国内消息 → 签名管理” and apply for another sign name, or ask Aliyun by ticket"
        "到“国内消息 → 签名管理”查看原因并申请新签名，或提交工单询问";

    "isv.SMS_TEMPLATE_ILLEGAL" Template Operator
        "this account has no such template, it is not approved, or the parameters do not fit it"
        "该账号下没有此模板、模板未通过审核，或参数与模板不匹配"
        "under “国内消息 → 模板管理” check that the code (SMS_…) is approved, is in the account the AccessKey is of, and has the variables you send"
        "在“国内消息 → 模板管理”确认模板 Code（SMS_ 开头）已通过审核、属于该 AccessKey 所在账号，且变量与所传一致";

    "isv.SMS_TEST_NUMBER_LIMIT" Configuration Operator
        "the trial sign name sends only to numbers bound for tests, and this one is not"
        "测试签名只能发给已绑定的测试号码，该号码未绑定"
        "bind the number on the test page of the SMS console, or use a sign name and template of your own"
        "在短信控制台的测试页面绑定该号码，或使用自己的签名和模板";

    "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT" Configuration Operator
        "the trial sign name was mixed with a template of another kind, or the reverse"
        "测试签名与非测试模板混用，或相反"
        "use trial sign name and trial template together, or your own two"
        "测试签名须搭配测试模板，自有签名搭配自有模板";

    "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL" Template Operator
        "the trial template was given something else than four to six digits"
        "测试模板的变量值不是 4 至 6 位数字"
        "send a code of 4 to 6 digits"
        "传 4 至 6 位数字的验证码";

    "isv.SOURCEURL_OVER_LIMIT" Configuration Operator
        "the address to shorten is too long"
        "待缩短的网址过长"
        "keep it to 1000 characters"
        "网址控制在 1000 个字符以内";

    "isv.TEMPLATE_COUNT_OVER_LIMIT" RateLimit Nobody
        "the account has applied for all the templates it may today"
        "账号今天可申请的模板数已用完"
        "apply again tomorrow; 100 a day are allowed"
        "明天再申请，每天最多 100 个";

    "isv.TEMPLATE_MISSING_PARAMETERS" Template Operator
        "TemplateParam lacks a value for one of the variables"
        "模板中有变量没有赋值"
        "compare the variables ${…} of the template under “国内消息 → 模板管理” with the names in TemplateParam, letter by letter"
        "将“国内消息 → 模板管理”中模板的 ${…} 与 TemplateParam 的变量名逐字核对";

    "isv.TEMPLATE_OVER_LIMIT" Template Operator
        "the template's text is too long"
        "模板内容过长"
        "shorten it to 500 characters"
        "缩短到 500 字以内";

    "isv.TEMPLATE_PARAMS_ILLEGAL" Template Operator
        "the template declares a kind for each variable, and a value is of another kind or contains a barred word"
        "变量值与其设定的类型不符，或含禁用词"
        "see the kind of each variable under “国内消息 → 模板管理”; one for digits takes no letters"
        "在“国内消息 → 模板管理”查看各变量的类型，纯数字变量不能含字母";

    "isv.UNSUPPORTED_CONTENT" Content Operator
        "the text holds characters that cannot be sent, such as emoji or traditional Chinese"
        "内容含有不支持的字符，如表情符号或繁体字"
        "take them out of the values and the template; plain simplified Chinese, letters and digits are safe"
        "从变量值和模板中去掉，只用常规简体汉字、字母和数字";

    "isv.VERIFY_SCHEME_NOT_EXIST" Configuration Operator
        "the number verification service has no scheme of this name"
        "号码认证服务中没有该名称的方案"
        "correct SchemeName or leave it out for the default; sending and checking must name the same"
        "更正 SchemeName，或不传以使用默认方案；发送与核验须一致";

    "isv.ValidateFail" Phone EndUser
        "the code that was entered is wrong, has run out, or was replaced by a newer one"
        "输入的验证码错误、已过期，或已被新的验证码取代"
        "let the user enter the newest code or ask for another"
        "请用户输入最新的验证码，或重新获取";

    "template_parameter_count_illegal" Template Operator
        "a verification template must have one variable, the code, and this one has another number"
        "验证码模板只能含一个变量（验证码），该模板的变量个数不符"
        "keep one variable such as ${code} in the text and apply again; fixed things like the minutes are written out"
        "只保留一个变量（如 ${code}）后重新申请，有效分钟数等直接写成固定文字";
};
