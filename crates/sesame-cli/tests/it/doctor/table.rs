//! What can be wrong, and what the doctor says of it. `docs/doctor.md` is made
//! of this table.

use serde_json::{Value, json};

use super::world::{CHINA, OVERSEAS, SIGN, World, with_tls};
use crate::stub::{Stub, http, refused};
use crate::support::{Running, text};

/// One thing that is wrong.
pub(super) struct Row {
    /// In the words of the documents.
    pub(super) wrong: &'static str,
    /// Makes it so.
    pub(super) make: fn(&mut World),
    /// The one line that is not ok.
    pub(super) id: &'static str,
    pub(super) level: &'static str,
    /// The line's whole subject, or a part of it.
    pub(super) subject: &'static str,
    /// What its message must say.
    pub(super) says: &'static str,
    /// What its cure must say.
    pub(super) cure: &'static str,
}

/// The rows, as `wrong; id level subject; says; cure; make`.
macro_rules! rows {
    ($($wrong:literal, $id:literal $level:literal $subject:expr, $says:literal, $cure:literal, $make:expr;)*) => {
        pub(super) const ROWS: &[Row] = &[$(Row {
            wrong: $wrong, id: $id, level: $level, subject: $subject, says: $says, cure: $cure, make: $make,
        }),*];
    };
}

rows! {
    "the configuration file is not there",
        "configuration" "failure" "file", "there is no file", "check the path",
        |w| w.path = Some("/no/such/connector.json".into());
    "the configuration is cut off",
        "configuration" "failure" "line 1", "syntax", "", |w| w.text = Some("{ \"accessKeyId\": \"a".into());
    "a placeholder was left in",
        "configuration" "failure" "accessKeySecret", "placeholder", "real value",
        |w| w.config("/accessKeySecret", json!("<your-access-key-secret>"));
    "the signature stands in brackets",
        "configuration" "failure" "signName", "sign_name_brackets", "",
        |w| w.config("/signName", json!(format!("【{SIGN}】")));
    "a usage type is misspelt",
        "configuration" "failure" "templates[1].usageType", "usage_type_unknown", "did you mean SignIn",
        |w| w.config("/templates/1", json!({ "usageType": "Singin", "templateCode": { "china": CHINA, "overseas": OVERSEAS } }));
    "nothing serves sign-in",
        "configuration" "failure" "templates", "usage_type_not_served", "Generic",
        |w| w.config("/templates/0/usageType", json!("Register"));
    "a secret's variable is not set",
        "configuration" "failure" "accessKeySecret", "env_not_set", "",
        |w| w.config("/accessKeySecret", json!({ "env": "SESAME_NOT_SET_ANYWHERE" }));
    "the secret ends in a line break",
        "configuration" "failure" "accessKeySecret", "secret_line_break", "",
        |w| w.config("/accessKeySecret", json!("testsecret\n"));
    "a key of the configuration is misspelt",
        "configuration" "warning" "signname", "unknown_key", "did you mean signName",
        |w| w.config("/signname", json!("x"));
    "one template for the mainland, none for elsewhere",
        "configuration" "warning" "templates[0].templateCode.overseas", "template_one_region", "",
        |w| w.config("/templates/0/templateCode", json!({ "china": CHINA }));
    "PNVS has a template for elsewhere",
        "configuration" "warning" "templates[0].templateCode.overseas", "other_providers_key", "remove it",
        |w| {
            by_pnvs(w);
            w.config("/templates/0/templateCode", json!({ "china": "100001", "overseas": "100002" }));
        };
    "the server's configuration stands in its place",
        "configuration" "failure" "connector", "server_configuration", "its connector's file: connector.json",
        |w| w.text = Some("listen = \"127.0.0.1:8080\"\nconnector = \"connector.json\"\n[token]\nissuer = \"https://example.com\"\n".into());
    "credentials stand beside a key",
        "configuration" "failure" "accessKeyId", "credentials_conflict", "keep either",
        |w| w.config("/credentials", json!("default"));
    "key id and secret are swapped",
        "configuration" "failure" "accessKeySecret", "keys_swapped", "",
        |w| {
            w.config("/accessKeyId", json!("aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1"));
            w.config("/accessKeySecret", json!("LTAI5tExampleExample1234"));
        };
    "the token of a temporary key is missing",
        "configuration" "failure" "accessKeyId", "security_token_missing", "securityToken",
        |w| {
            w.config("/accessKeyId", json!("STS.example"));
            w.account("/access_keys/0/id", json!("STS.example"));
            w.account("/access_keys/0/security_token", json!("a-token"));
        };
    "a text for abroad says {{min}}",
        "configuration" "warning" "templates[0].text", "says {{min}}, which Aliyun sends as it stands", "${min}",
        |w| {
            by_intl(w);
            w.config("/templates/0/text", json!("Your code is ${code}, good for {{min}} minutes."));
        };
    "a text for abroad does not hold the code",
        "configuration" "failure" "templates[0].text", "text_without_code", "${code}",
        |w| {
            by_intl(w);
            w.config("/templates/0/text", json!("Your code is {{code}}"));
        };
    "a text for abroad is paid as two messages",
        "configuration" "warning" "templates[0].text", "2 segments (UCS-2)", "without ’",
        |w| {
            by_intl(w);
            let text = "Here’s your code, ${code}. Please don’t share it with anyone, whoever they say they are.";
            w.config("/templates/0/text", json!(text));
        };
    "the sender id is too long",
        "configuration" "failure" "senderId", "sender_id_format", "up to 11 letters",
        |w| {
            by_intl(w);
            w.config("/senderId", json!("OpenSesame2026"));
        };
    "`--endpoint` is no address",
        "configuration" "failure" "--endpoint", "neither http:// nor https://", "https://dysmsapi.aliyuncs.com",
        |w| w.endpoint = Some("ftp://127.0.0.1".into());

    "the endpoint's name does not exist",
        "endpoint_name" "failure" "no-such-host.invalid", "was not resolved", "spelling",
        |w| w.endpoint = Some("http://no-such-host.invalid".into());
    "nobody listens at the endpoint",
        "connection" "failure" "127.0.0.1", "connection refused", "firewall", |w| w.endpoint = Some(refused());
    "the endpoint speaks no TLS",
        "tls" "failure" "https://127.0.0.1", "handshake", "http://",
        |w| {
            let plain = Running::emulator();
            w.answered_by(&plain.url.replace("http://", "https://"), plain);
        };
    "the certificate's issuer is not trusted",
        "tls" "failure" "https://127.0.0.1", "issuer is not trusted", "SSL_CERT_FILE",
        |w| {
            let params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
            let (emulator, _) = with_tls(&w.folder, params);
            w.answered_by(&emulator.url.clone(), emulator);
        };
    "the certificate is for another name",
        "tls" "failure" "https://127.0.0.1", "for another name", "by the name its certificate is for",
        |w| {
            let params = rcgen::CertificateParams::new(["sms.example".to_owned()]).expect("a name");
            let (emulator, cert) = with_tls(&w.folder, params);
            w.variable("SSL_CERT_FILE", cert);
            w.answered_by(&emulator.url.clone(), emulator);
        };
    "the certificate has expired",
        "tls" "failure" "https://127.0.0.1", "has expired", "clock",
        |w| {
            let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
            let (emulator, cert) = with_tls(&w.folder, params);
            w.variable("SSL_CERT_FILE", cert);
            w.answered_by(&emulator.url.clone(), emulator);
        };
    "nobody listens at the proxy",
        "proxy" "failure" "http://127.0.0.1", "proxy", "NO_PROXY", |w| w.variable("HTTP_PROXY", refused());
    "the proxy wants a password",
        "proxy" "failure" "https://dysmsapi.aliyuncs.com", "user name and password", "http://user:password@host:port",
        |w| {
            let proxy = Stub::answering(http("407 Proxy Authentication Required", "", b""));
            w.variable("HTTPS_PROXY", proxy.url.clone());
            w.answered_by("https://dysmsapi.aliyuncs.com", proxy);
        };
    "the proxy says no",
        "proxy" "failure" "https://dysmsapi.aliyuncs.com", "refused the connection", "NO_PROXY",
        |w| {
            let proxy = Stub::answering(http("403 Forbidden", "", b""));
            w.variable("HTTPS_PROXY", proxy.url.clone());
            w.answered_by("https://dysmsapi.aliyuncs.com", proxy);
        };
    "the sign-in page of a network answers",
        "answer" "failure" "127.0.0.1", "an HTML page", "sign-in page",
        |w| {
            let portal = Stub::answering(http("200 OK", "Content-Type: text/html\r\n", b"<html>Sign in</html>"));
            w.answered_by(&portal.url.clone(), portal);
        };
    "the endpoint redirects",
        "answer" "failure" "127.0.0.1", "a redirect", "is Aliyun's",
        |w| {
            let elsewhere = Stub::answering(http("302 Found", "Location: https://elsewhere.example\r\n", b""));
            w.answered_by(&elsewhere.url.clone(), elsewhere);
        };
    "the endpoint never answers",
        "answer" "failure" "127.0.0.1", "no answer within 1000 ms", "timeoutMs",
        |w| {
            w.config("/timeoutMs", json!(1000));
            let hanging = Stub::hanging();
            w.answered_by(&hanging.url.clone(), hanging);
        };
    "the endpoint closes without an answer",
        "answer" "failure" "127.0.0.1", "broke", "try again",
        |w| {
            let closing = Stub::closing();
            w.answered_by(&closing.url.clone(), closing);
        };
    "answers stop in the middle",
        "answer" "failure" "127.0.0.1", "no answer within 2000 ms", "timeoutMs",
        |w| {
            w.config("/timeoutMs", json!(2000));
            w.faults.push(json!({ "action": "GetSmsSign", "times": 1, "fault": "timeout" }));
        };
    "Aliyun itself fails",
        "answer" "failure" "127.0.0.1", "InternalError", "",
        |w| w.faults.push(json!({ "action": "GetSmsTemplate", "times": 1, "fault": { "code": "InternalError", "http_status": 500 } }));

    "the international API is asked where only the China site's is served",
        "answer" "failure" "127.0.0.1", "InvalidVersion", "ap-southeast-1",
        |w| {
            by_intl(w);
            w.faults.push(json!({ "action": "QueryMessage", "times": 1, "fault": { "code": "InvalidVersion", "http_status": 400 } }));
        };
    "an endpoint of another site is asked for the China site's API",
        "answer" "failure" "127.0.0.1", "InvalidAction.NotFound", "aliyun-intl",
        |w| w.faults.push(json!({ "action": "QuerySendDetails", "times": 2, "fault": { "code": "InvalidAction.NotFound", "http_status": 404 } }));

    "the clock is an hour behind",
        "clock" "warning" "127.0.0.1", "1 hour behind", "NTP", |w| w.clock_secs = 3600 + 30;
    "the clock is ten minutes ahead",
        "clock" "warning" "127.0.0.1", "ahead of Aliyun's", "NTP", |w| w.clock_secs = -630;

    "no credentials anywhere",
        "credentials" "failure" "default", "no credentials found", "ALIBABA_CLOUD_ACCESS_KEY_ID",
        |w| {
            default_chain(w);
            w.variable("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
        };
    "Aliyun knows no such key",
        "access_key" "failure" "accessKeyId", "InvalidAccessKeyId.NotFound", "typing error",
        |w| w.config("/accessKeyId", json!("someone-elses"));
    "the environment's key is not known",
        "access_key" "failure" "default/env", "InvalidAccessKeyId.NotFound", "typing error",
        |w| {
            default_chain(w);
            w.variable("ALIBABA_CLOUD_ACCESS_KEY_ID", "someone-elses");
            w.variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "whatever");
        };
    "the secret is another key's",
        "access_key" "failure" "accessKeyId", "SignatureDoesNotMatch", "check the secret",
        |w| w.config("/accessKeySecret", json!("another-secret"));
    "the key is disabled",
        "access_key" "failure" "accessKeyId", "InvalidAccessKeyId.Inactive", "enable it",
        |w| w.account("/access_keys/0/status", json!("disabled"));
    "the key is bound to other addresses",
        "access_key" "failure" "accessKeyId", "InvalidAccessKeyId.Inactive", "bound to source addresses",
        |w| {
            w.account("/address_denied", json!("InvalidAccessKeyId.Inactive"));
            w.account("/access_keys/0/allowed_addresses", json!(["192.0.2.1"]));
        };
    "the temporary key has run out",
        "access_key" "failure" "accessKeyId", "InvalidSecurityToken.Expired", "fetch new ones",
        |w| {
            temporary(w);
            w.account("/access_keys/0/expires_at", json!("2020-01-01T00:00:00Z"));
        };
    "the token is not this key's",
        "access_key" "failure" "accessKeyId", "InvalidSecurityToken", "",
        |w| {
            temporary(w);
            w.config("/securityToken", json!("another-token"));
        };
    "the next key is not known",
        "access_key" "warning" "nextAccessKeyId", "InvalidAccessKeyId.NotFound", "typing error",
        |w| {
            w.config("/nextAccessKeyId", json!("next"));
            w.config("/nextAccessKeySecret", json!("next-secret"));
        };
    "the key was deleted, and the next one is in use",
        "access_key" "warning" "accessKeyId", "InvalidAccessKeyId.NotFound", "deleted key",
        |w| {
            w.config("/accessKeyId", json!("old"));
            w.config("/nextAccessKeyId", json!("testid"));
            w.config("/nextAccessKeySecret", json!("testsecret"));
        };

    "both keys are disabled",
        "access_key" "failure" "accessKeyId", "InvalidAccessKeyId.Inactive", "enable it",
        |w| {
            w.account("/access_keys/0/status", json!("disabled"));
            w.account("/access_keys/1", json!({ "id": "next", "secret": "next-secret", "status": "disabled" }));
            w.config("/nextAccessKeyId", json!("next"));
            w.config("/nextAccessKeySecret", json!("next-secret"));
        };

    "the key may not send",
        "permission" "failure" "RAM", "nothing can be sent", "\"dysms:SendSms\"\n      ]",
        |w| w.permissions(&["dysms:Get*", "dysms:Query*", "bss:*"]);
    "the key may not ask what became of a message",
        "permission" "warning" "RAM", "stays unknown", "\"dysms:QuerySendDetails\"\n      ]",
        |w| w.permissions(&["dysms:Get*", "dysms:SendSms", "bss:*"]);
    "the key may not ask about signatures",
        "permission" "warning" "RAM", "dysms:GetSmsSign", "\"dysms:GetSmsSign\"\n      ]",
        |w| w.permissions(&["dysms:GetSmsTemplate", "dysms:Query*", "dysms:SendSms", "bss:*"]);
    "the key may not ask about templates",
        "permission" "warning" "RAM", "dysms:GetSmsTemplate", "\"dysms:GetSmsTemplate\"\n      ]",
        |w| w.permissions(&["dysms:GetSmsSign", "dysms:Query*", "dysms:SendSms", "bss:*"]);
    "the key may only send",
        "permission" "warning" "RAM", "dysms:GetSmsTemplate", "\"dysms:QuerySendDetails\",",
        |w| w.permissions(&["dysms:SendSms"]);
    "the key has no policy",
        "permission" "failure" "RAM", "may do nothing here", "\"dysms:SendSms\"", |w| w.permissions(&[]);
    "the key has no policy, in the gateway's older words",
        "permission" "failure" "RAM", "may do nothing here", "\"dysms:SendSms\"",
        |w| {
            w.permissions(&[]);
            w.account("/permission_denied", json!("Forbidden.RAM"));
        };
    "the key has no policy, in the product's words",
        "permission" "failure" "RAM", "may do nothing here", "\"dysms:SendSms\"",
        |w| {
            w.permissions(&[]);
            w.account("/permission_denied", json!("isp.RAM_PERMISSION_DENY"));
        };
    "the key's policy allows other addresses only",
        "permission" "failure" "RAM", "source addresses", "acs:SourceIp",
        |w| w.account("/access_keys/0/allowed_addresses", json!(["192.0.2.1"]));

    "the SMS service was never activated",
        "service" "failure" "SMS", "isv.PRODUCT_UN_SUBSCRIPT", "activate", |w| w.account("/state", json!("unsubscribed"));
    "the account is in arrears",
        "service" "failure" "SMS", "isv.OUT_OF_SERVICE", "pay what is owed", |w| w.account("/state", json!("out_of_service"));
    "the account is frozen",
        "service" "failure" "SMS", "isv.SECURITY_FROZEN_ACCOUNT", "", |w| w.account("/state", json!("frozen"));
    "PNVS, which sends, was never activated",
        "service" "failure" "PNVS", "FUNCTION_NOT_OPENED", "",
        |w| {
            by_pnvs(w);
            w.account("/pns", json!({ "enabled": false }));
        };
    "PNVS, the fallback, was never activated",
        "service" "warning" "PNVS", "FUNCTION_NOT_OPENED", "",
        |w| {
            w.config("/fallback", pnvs());
            w.account("/pns", json!({ "enabled": false }));
        };
    "the key may not send by the fallback",
        "permission" "warning" "RAM", "the fallback sends nothing", "\"dypns:SendSmsVerifyCode\"\n      ]",
        |w| {
            w.config("/fallback", pnvs());
            w.permissions(&["dysms:*", "bss:*"]);
        };
    "the key may not send by PNVS",
        "permission" "failure" "RAM", "nothing can be sent", "\"dypns:SendSmsVerifyCode\"\n      ]",
        |w| {
            by_pnvs(w);
            w.permissions(&["dysms:*", "bss:*"]);
        };
    "the key may not send by the international API",
        "permission" "failure" "RAM", "nothing can be sent", "\"dysms:SendMessageToGlobe\"\n      ]",
        |w| {
            by_intl(w);
            w.permissions(&["dysms:QueryMessage", "bss:*"]);
        };
    "the international service was never activated",
        "service" "failure" "international SMS", "PRODUCT_NOT_SUBSCRIBED", "",
        |w| {
            by_intl(w);
            w.account("/state", json!("unsubscribed"));
        };
    "the international service, the fallback, was never activated",
        "service" "warning" "international SMS", "PRODUCT_NOT_SUBSCRIBED", "",
        |w| {
            w.config("/fallback", intl());
            w.faults.push(json!({ "action": "SendMessageToGlobe", "times": 1, "fault": { "code": "PRODUCT_NOT_SUBSCRIBED", "http_status": 200 } }));
        };
    "there is no money left",
        "balance" "warning" "account", "0.00 CNY", "top up", |w| w.account("/balance", json!(0));

    "the account has no such signature",
        "sign_name" "failure" "从未申请", "no signature of this name", "芝麻开门", |w| w.config("/signName", json!("从未申请"));
    "the signature is misspelt",
        "sign_name" "failure" "芝麻开们", "no signature of this name", "did you mean 芝麻开门",
        |w| w.config("/signName", json!("芝麻开们"));
    "the signature is under review",
        "sign_name" "failure" SIGN, "under review", "wait", |w| w.sign("status", json!("reviewing"));
    "the signature was rejected",
        "sign_name" "failure" SIGN, "缺少授权书", "apply again",
        |w| {
            w.sign("status", json!("rejected"));
            w.sign("reject_reason", json!("缺少授权书"));
        };
    "the signature's application was withdrawn",
        "sign_name" "failure" SIGN, "withdrawn", "apply for it again", |w| w.sign("status", json!("cancelled"));
    "a carrier has not been told of the signature",
        "sign_name_carriers" "failure" SIGN, "China Unicom: not filed", "qualification",
        |w| w.sign("registrations", json!({ "unicom": "not_filed" }));
    "the signature is being filed with all carriers",
        "sign_name_carriers" "failure" SIGN, "China Mobile: being filed; China Unicom: being filed; China Telecom: being filed", "five to ten working days",
        |w| w.sign("registrations", json!({ "mobile": "filing", "unicom": "filing", "telecom": "filing" }));
    "a carrier refused the signature",
        "sign_name_carriers" "failure" SIGN, "China Telecom: filing failed (OTHERS_ERROR", "filed again",
        |w| w.sign("registrations", json!({ "telecom": "failed" }));
    "the signature's filing lapsed",
        "sign_name_carriers" "failure" SIGN, "China Mobile: lapsed", "filed again",
        |w| w.sign("registrations", json!({ "mobile": "lapsed" }));
    "the signature is a gift",
        "sign_name_tag" "warning" SIGN, "exchanges it without asking", "--watch", |w| w.sign("tag", json!("gift"));
    "a test signature with templates of one's own",
        "sign_name_tag" "failure" "芝麻测试", "test templates only", "of your own", |w| w.config("/signName", json!("芝麻测试"));
    "a test signature with a test template",
        "sign_name_tag" "warning" "芝麻测试", "bound in the console", "bind the numbers",
        |w| {
            w.config("/signName", json!("芝麻测试"));
            w.config("/templates/0/templateCode", json!("SMS_154950911"));
        };

    "the account has no such template",
        "template" "failure" "SMS_404404404", "no template with this code", "same account",
        |w| w.config("/templates/0/templateCode/china", json!("SMS_404404404"));
    "the template's code has another form, and is none",
        "template" "failure" "154950909", "no template with this code", "SMS_ and digits",
        |w| w.config("/templates/0/templateCode/china", json!("154950909"));
    "the template is under review",
        "template" "failure" CHINA, "under review", "wait", |w| w.template("status", json!("reviewing"));
    "the template was rejected",
        "template" "failure" CHINA, "变量不符", "apply again",
        |w| {
            w.template("status", json!("rejected"));
            w.template("reject_reason", json!("变量不符"));
        };
    "the template was withdrawn",
        "template" "failure" CHINA, "withdrawn", "apply for it again", |w| w.template("status", json!("cancelled"));
    "the template is for notifications",
        "template_kind" "failure" CHINA, "notification", "验证码", |w| w.template("kind", json!("notification"));
    "the template is for promotion",
        "template_kind" "failure" CHINA, "promotion", "验证码", |w| w.template("kind", json!("promotion"));
    "a domestic template stands as overseas",
        "template_kind" "failure" OVERSEAS, "domestic template", "international template", |w| w.overseas("kind", json!("verification"));
    "an international template stands for the mainland",
        "template_kind" "failure" CHINA, "stands for mainland numbers", "\"china\"", |w| w.template("kind", json!("international"));
    "the international template is for notifications",
        "template_kind" "failure" OVERSEAS, "not for codes", "verification code", |w| w.overseas("intl_type", json!(0));
    "the template's text says {{code}}",
        "template_text" "failure" CHINA, "{{code}}", "${code}", |w| w.template("content", json!("您的验证码为：{{code}}"));
    "the variable is written in full-width characters",
        "template_text" "failure" CHINA, "＄｛code｝", "${code}", |w| w.template("content", json!("您的验证码为：＄｛code｝"));
    "the dollar sign is missing",
        "template_text" "failure" OVERSEAS, "{code}", "${code}", |w| w.overseas("content", json!("Your verification code is {code}."));
    "the template's text has no variable",
        "template_text" "failure" CHINA, "no variable", "${code}", |w| w.template("content", json!("您的验证码已发送"));
    "the variable has another name",
        "template_variables" "failure" CHINA, "needs verify", "called ${code}", |w| w.template("content", json!("您的验证码为：${verify}"));
    "the text has one variable more",
        "template_variables" "failure" CHINA, "needs min", "add min to",
        |w| w.template("content", json!("您的验证码为：${code}，${min}分钟内有效"));
    "the variable's name differs by case",
        "template_variables" "failure" CHINA, "needs Code", "called ${code}", |w| w.template("content", json!("您的验证码为：${Code}"));
    "a variable is declared that the text does not have",
        "template_variables" "warning" CHINA, "min is declared", "remove min",
        |w| {
            w.mainland_only();
            w.config("/templates/0/variables", json!(["code", "min"]));
        };
    "the code is not among the declared variables",
        "template_variables" "failure" CHINA, "needs code", "add code to",
        |w| {
            w.mainland_only();
            w.config("/templates/0/variables", json!(["min"]));
        };
    "the variable was filed as an amount of money",
        "template_variables" "failure" CHINA, "filed as money", "numberCaptcha",
        |w| w.template("variable_attribute", json!("{\"code\":\"money\"}"));
    "the template was filed with another signature",
        "template_sign_name" "warning" CHINA, "芝麻开门", "signName", |w| w.template("related_sign_name", json!("芝麻开门"));
    "the template is a gift",
        "template_tag" "warning" CHINA, "number verification", "of your own", |w| w.template("tag", json!("gift"));
    "a test template with a signature of one's own",
        "template_tag" "failure" "SMS_154950911", "test signatures only", "of your own",
        |w| w.config("/templates/0/templateCode/china", json!("SMS_154950911"));
    "bare numbers are read as Hong Kong's, and nothing serves them",
        "overseas" "failure" "HK", "defaultCountry is HK", "overseas",
        |w| {
            w.mainland_only();
            w.config("/defaultCountry", json!("HK"));
        };

    "`--country HK`: one domestic template is all there is",
        "country" "failure" "HK +852", "domestic template", "overseas",
        |w| {
            w.mainland_only();
            w.country("HK");
        };
    "`--country US`: one template serves the mainland too",
        "country" "failure" "US +1", "would take a +1 number for a mainland one", "overseas",
        |w| {
            w.mainland_only();
            w.country("US");
        };
    "`--country HK`: PNVS alone serves the mainland",
        "country" "failure" "HK +852", "mainland alone", "aliyun-sms",
        |w| {
            by_pnvs(w);
            w.country("HK");
        };
    "`--country CN`: the international account has nothing for the mainland",
        "country" "failure" "CN +86", "no code for mainland numbers", "china",
        |w| {
            by_intl(w);
            w.country("CN");
        };

    "`--send`: this machine's address may not send to the mainland",
        "source_address" "failure" "this machine", "isv.DENY_IP_RANGE", "mainland exit",
        |w| {
            w.account("/deny_ip_range", json!(true));
            w.send("+8613800138000");
        };
    "`--send`: there is no money for it",
        "balance" "failure" "account", "isv.AMOUNT_NOT_ENOUGH", "top up",
        |w| {
            w.account("/balance", json!(0));
            w.send("+8613800138000");
        };
    "`--send`: the account's own limit is reached",
        "test_message" "failure" "+86 138****8000", "isv.DAY_LIMIT_CONTROL", "",
        |w| {
            w.account("/limits", json!({ "account_per_day": 0 }));
            w.send("+8613800138000");
        };
    "`--send`: the number is on Aliyun's list of those not to be disturbed",
        "test_message" "failure" "+86 138****8000", "isv.BLACK_KEY_CONTROL_LIMIT", "another number",
        |w| {
            w.account("/blocked_numbers", json!(["13800138000"]));
            w.send("+8613800138000");
        };
    "`--send`: the number is none",
        "test_message" "failure" "--send", "", "", |w| w.send("12");
}

/// Whatever this machine has set up for Alibaba's tools is not to be found.
pub(super) fn default_chain(w: &mut World) {
    let connector = w.connector.as_object_mut().expect("an object");
    connector.remove("accessKeyId");
    connector.remove("accessKeySecret");
    w.config("/credentials", json!("default"));
    let home = text(w.folder.dir.path());
    w.variable("HOME", home);
}

/// The key as a temporary one, with its token.
pub(super) fn temporary(w: &mut World) {
    for (key, value) in [("id", "STS.example"), ("security_token", "a-token")] {
        w.account(&format!("/access_keys/0/{key}"), json!(value));
    }
    w.config("/accessKeyId", json!("STS.example"));
    w.config("/securityToken", json!("a-token"));
}

/// A way by PNVS, whose gifts need no review.
pub(super) fn pnvs() -> Value {
    json!({
        "provider": "aliyun-pnvs",
        "signName": "速通互联验证码",
        "templates": [{ "usageType": "Generic", "templateCode": "100001" }],
    })
}

/// A way by the international API.
pub(super) fn intl() -> Value {
    json!({
        "provider": "aliyun-intl",
        "senderId": "Sesame",
        "templates": [{ "usageType": "Generic", "text": "Your code is ${code}." }],
    })
}

/// The international API alone.
pub(super) fn by_intl(w: &mut World) {
    let connector = w.connector.as_object_mut().expect("an object");
    connector.remove("signName");
    for (key, value) in intl().as_object().expect("an object") {
        w.config(&format!("/{key}"), value.clone());
    }
}

/// PNVS alone.
pub(super) fn by_pnvs(w: &mut World) {
    for (key, value) in pnvs().as_object().expect("an object") {
        w.config(&format!("/{key}"), value.clone());
    }
}
