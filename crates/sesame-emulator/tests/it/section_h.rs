//! H: templates and signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sesame_emulator::{
    Account, AccountState, Delivery, Emulator, RegistrationStatus, ReviewStatus, SignKind,
    SignName, Template, TemplateKind,
};

use crate::support::*;

/// One template and one signature in every state of review.
const STATES: [(ReviewStatus, i64, &str); 4] = [
    (ReviewStatus::Reviewing, 0, "AUDIT_STATE_INIT"),
    (ReviewStatus::Approved, 1, "AUDIT_STATE_PASS"),
    (ReviewStatus::Rejected, 2, "AUDIT_STATE_NOT_PASS"),
    (ReviewStatus::Cancelled, 10, "CANCEL"),
];

fn in_every_state() -> Account {
    let mut account = unlimited();
    account.templates.clear();
    account.sign_names.clear();
    for (status, number, _) in STATES {
        account.templates.push(Template {
            status,
            reject_reason: "没有写明场景".to_owned(),
            ..Template::new(
                format!("SMS_{number}"),
                TemplateKind::Verification,
                "验证码${code}",
            )
        });
        account.sign_names.push(SignName {
            status,
            reject_reason: "缺少授权".to_owned(),
            ..SignName::new(format!("签名{number}"), SignKind::General)
        });
    }
    account
}

fn query(emulator: &Emulator, action: &str, name: &str, value: &str) -> Call {
    Call::new(emulator, action, &[(name, value)])
}

/// `AddSmsTemplate` of a verification template.
fn add_template(emulator: &Emulator) -> Call {
    Call::new(
        emulator,
        "AddSmsTemplate",
        &[
            ("TemplateType", "0"),
            ("TemplateName", "登录"),
            ("TemplateContent", "您的验证码是${code}"),
            ("Remark", "登录用"),
        ],
    )
}

/// `CreateSmsTemplate` of the same.
fn create_template(emulator: &Emulator) -> Call {
    Call::new(
        emulator,
        "CreateSmsTemplate",
        &[
            ("TemplateType", "0"),
            ("TemplateName", "登录"),
            ("TemplateContent", "您的验证码是${code}"),
            ("RelatedSignName", SIGN_NAME),
            ("TemplateRule", r#"{"code":"characterWithNumber2"}"#),
        ],
    )
}

fn create_sign(emulator: &Emulator) -> Call {
    Call::new(
        emulator,
        "CreateSmsSign",
        &[
            ("SignName", "芝麻"),
            ("SignSource", "0"),
            ("QualificationId", "20001"),
        ],
    )
}

/// With a picture of five bytes.
fn add_sign(emulator: &Emulator) -> Call {
    Call::new(
        emulator,
        "AddSmsSign",
        &[
            ("SignName", "芝麻"),
            ("SignSource", "0"),
            ("Remark", "登录用"),
            ("SignFileList.1.FileContents", "aGVsbG8="),
            ("SignFileList.1.FileSuffix", "png"),
        ],
    )
}

async fn refused(emulator: &Emulator, call: Call, code: &str) {
    let expected = (200, code.to_owned());
    assert_eq!(
        outcome(emulator, &call).await,
        expected,
        "{:?}",
        call.params
    );
}

async fn refused_by_gateway(emulator: &Emulator, call: Call, code: &str) {
    let expected = (400, code.to_owned());
    assert_eq!(
        outcome(emulator, &call).await,
        expected,
        "{:?}",
        call.params
    );
}

/// Says how a review ended.
async fn end_review(emulator: &Emulator, path: &str, status: &str) -> Value {
    post(
        emulator,
        &format!("/_emulator/{path}"),
        &json!({ "status": status, "reject_reason": "不合规" }).to_string(),
    )
    .await
}

#[tokio::test]
async fn h1_lists_come_in_pages_of_ten() {
    let mut account = unlimited();
    for at in 0..20 {
        let code = format!("SMS_{at}");
        account
            .templates
            .push(Template::new(code, TemplateKind::Promotion, "文字"));
        account
            .sign_names
            .push(SignName::new(format!("签名{at}"), SignKind::General));
    }
    let emulator = start_with(account.clone()).await;
    for (action, list, total) in [
        (
            "QuerySmsTemplateList",
            "SmsTemplateList",
            account.templates.len(),
        ),
        ("QuerySmsSignList", "SmsSignList", account.sign_names.len()),
    ] {
        let first = accepted(&emulator, &Call::new(&emulator, action, &[])).await;
        assert_eq!(first[list].as_array().unwrap().len(), 10);
        assert_eq!(first["TotalCount"], total);
        assert_eq!(
            (&first["CurrentPage"], &first["PageSize"]),
            (&json!(1), &json!(10))
        );
        let pages = [("PageIndex", "3"), ("PageSize", "9")];
        let third = accepted(&emulator, &Call::new(&emulator, action, &pages)).await;
        assert_eq!(third[list].as_array().unwrap().len(), total - 18);
        let pages = [("PageIndex", "9"), ("PageSize", "50")];
        let past = accepted(&emulator, &Call::new(&emulator, action, &pages)).await;
        assert_eq!(
            (&past[list], &past["TotalCount"]),
            (&json!([]), &json!(total))
        );
        for (name, value) in [
            ("PageIndex", "0"),
            ("PageIndex", "x"),
            ("PageIndex", "+1"),
            ("PageSize", "0"),
            ("PageSize", "51"),
            ("PageSize", "-1"),
        ] {
            let call = query(&emulator, action, name, value);
            refused_by_gateway(&emulator, call, &format!("Invalid{name}")).await;
        }
    }
}

#[tokio::test]
async fn h2_types_are_numbered_in_two_ways() {
    let mut account = unlimited();
    account.templates = [
        TemplateKind::Verification,
        TemplateKind::Notification,
        TemplateKind::Promotion,
        TemplateKind::International,
    ]
    .map(|kind| Template::new(format!("SMS_{kind:?}"), kind, "验证码${code}"))
    .to_vec();
    let emulator = start_with(account).await;
    let list = accepted(
        &emulator,
        &Call::new(&emulator, "QuerySmsTemplateList", &[]),
    )
    .await;
    let numbers: Vec<(i64, i64)> = list["SmsTemplateList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let number = |name: &str| entry[name].as_i64().unwrap();
            (number("TemplateType"), number("OuterTemplateType"))
        })
        .collect();
    assert_eq!(numbers, [(2, 0), (0, 1), (1, 2), (6, 3)]);
}

#[tokio::test]
async fn h3_cancelled_is_spelt_in_two_ways() {
    let emulator = start_with(in_every_state()).await;
    let templates = accepted(
        &emulator,
        &Call::new(&emulator, "QuerySmsTemplateList", &[]),
    )
    .await;
    let signs = accepted(&emulator, &Call::new(&emulator, "QuerySmsSignList", &[])).await;
    for (at, (status, _, expected)) in STATES.into_iter().enumerate() {
        let template = &templates["SmsTemplateList"][at];
        let sign = &signs["SmsSignList"][at];
        if status == ReviewStatus::Cancelled {
            assert_eq!(template["AuditStatus"], "AUDIT_SATE_CANCEL");
            assert_eq!(sign["AuditStatus"], "AUDIT_STATE_CANCEL");
        } else {
            assert_eq!(template["AuditStatus"], expected);
            assert_eq!(sign["AuditStatus"], expected);
        }
        let is_rejected = status == ReviewStatus::Rejected;
        assert_eq!(template.get("Reason").is_some(), is_rejected);
        assert_eq!(sign.get("Reason").is_some(), is_rejected);
        assert_eq!(sign["BusinessType"], "通用类型");
        assert!(sign["authorizationLetterAuditPass"].is_boolean());
    }
    let reason = &signs["SmsSignList"][2]["Reason"];
    assert_eq!(reason["RejectInfo"], "缺少授权");
    assert_eq!(reason["RejectDate"], "2024-01-01 08:00:00");
}

#[tokio::test]
async fn h4_states_are_texts_in_one_answer_and_numbers_in_the_other() {
    let emulator = start_with(in_every_state()).await;
    for (status, number, _) in STATES {
        let code = format!("SMS_{number}");
        let call = query(&emulator, "GetSmsTemplate", "TemplateCode", &code);
        let full = accepted(&emulator, &call).await;
        assert_eq!(full["TemplateStatus"], number.to_string());
        assert_eq!(full["TemplateType"], "0");
        assert_eq!(full["TemplateTag"], 2);
        assert_eq!(
            full["VariableAttribute"],
            r#"{"code":"characterWithNumber2"}"#
        );
        assert_eq!(full["TemplateName"], code);
        assert_eq!(full["CreateDate"], "2024-01-01 08:00:00");
        let is_over = status != ReviewStatus::Reviewing;
        assert_eq!(full.get("AuditInfo").is_some(), is_over);

        let call = query(&emulator, "QuerySmsTemplate", "TemplateCode", &code);
        let short = accepted(&emulator, &call).await;
        assert_eq!(short["TemplateStatus"], number);
        assert_eq!(short["TemplateType"], 0);
        let expected = match status {
            ReviewStatus::Rejected => "没有写明场景",
            _ => "无审批备注",
        };
        assert_eq!(short["Reason"], expected);

        let name = format!("签名{number}");
        let call = query(&emulator, "QuerySmsSign", "SignName", &name);
        assert_eq!(accepted(&emulator, &call).await["SignStatus"], number);
        let call = query(&emulator, "GetSmsSign", "SignName", &name);
        let full = accepted(&emulator, &call).await;
        assert_eq!(
            (&full["SignStatus"], &full["SignTag"]),
            (&json!(number), &json!("2"))
        );
    }
    for action in ["GetSmsTemplate", "QuerySmsTemplate", "DeleteSmsTemplate"] {
        let call = query(&emulator, action, "TemplateCode", "SMS_404");
        refused(&emulator, call, "isv.SMS_TEMPLATE_ILLEGAL").await;
        let call = Call::new(&emulator, action, &[]);
        refused_by_gateway(&emulator, call, "MissingTemplateCode").await;
    }
    for action in ["GetSmsSign", "QuerySmsSign", "DeleteSmsSign"] {
        let call = query(&emulator, action, "SignName", "没有");
        refused(&emulator, call, "isv.SMS_SIGNATURE_ILLEGAL").await;
        let call = Call::new(&emulator, action, &[]);
        refused_by_gateway(&emulator, call, "MissingSignName").await;
    }
}

#[tokio::test]
async fn h4_carriers_are_listed_by_signature() {
    let emulator = start().await;
    let details = async || {
        let call = query(&emulator, "GetSmsSign", "SignName", GENERAL);
        let full = accepted(&emulator, &call).await;
        let details = full["SignIspRegisterDetailList"]
            .as_array()
            .unwrap()
            .clone();
        (full["RegisterResult"].as_i64().unwrap(), details)
    };
    let (result, all) = details().await;
    let codes: Vec<&str> = all
        .iter()
        .map(|d| d["OperatorCode"].as_str().unwrap())
        .collect();
    assert_eq!((result, codes), (1, vec!["mobile", "unicom", "telecom"]));
    assert_eq!(all[0]["RegisterStatus"], 3);
    assert!(all[0]["OperatorCompleteTime"].is_string());
    for (status, number, reason, expected) in [
        ("not_filed", -2, "NON_REGISTER", -1),
        ("filing", -1, "REGISTERING", -1),
        ("failed", 0, "OTHERS_ERROR", 0),
        ("filed", 1, "DETECTING", 1),
        ("lapsed", 2, "NO_SEND_RECORD", 2),
        ("succeeded", 3, "DETECT_SUCCESS", 1),
    ] {
        let path = "/_emulator/sign_names/%E8%8A%9D%E9%BA%BB%E5%BC%80%E9%97%A8";
        let change = json!({ "registrations": { "unicom": status } });
        let told = post(&emulator, path, &change.to_string()).await;
        assert_eq!(told["registrations"]["unicom"], status);
        let (result, all) = details().await;
        assert_eq!(result, expected, "{status}");
        assert_eq!(all[1]["RegisterStatus"], number);
        assert_eq!(all[1]["RegisterStatusReasons"][0]["ReasonCode"], reason);
        assert_eq!(all[0]["RegisterStatus"], 3, "the others stay");
    }
}

/// An approved signature that a carrier does not know is accepted, and fails in
/// the report.
#[tokio::test]
async fn h4_what_is_not_registered_fails_in_its_report() {
    let mut account = unlimited();
    account.sign_names[0].registrations.unicom = RegistrationStatus::Filing;
    let emulator = start_with(account).await;
    for (number, expected) in [
        ("13800138000", "DELIVERED"),
        ("13000138000", "PORT_NOT_REGISTERED"),
        ("13300138000", "DELIVERED"),
    ] {
        let call = send_sms(&emulator).param("PhoneNumbers", number);
        accepted(&emulator, &call).await;
        emulator.advance_secs(1).unwrap();
        let message = emulator.messages_to(number).remove(0);
        assert_eq!(message.err_code.as_deref(), Some(expected), "{number}");
    }
    // Whoever decides a report decides it.
    let call = send_sms(&emulator)
        .param("PhoneNumbers", "13000138001")
        .param("OutId", "o");
    accepted(&emulator, &call).await;
    let decision = sesame_emulator::ReportDecision::of_out_id("o", Delivery::Delivered);
    emulator.decide_report(&decision).unwrap();
    let message = emulator.messages_to("13000138001").remove(0);
    assert_eq!(message.err_code.as_deref(), Some("DELIVERED"));
}

#[tokio::test]
async fn h5_a_new_template_waits_for_its_review() {
    for call in [add_template, create_template] {
        let emulator = start_with(unlimited()).await;
        let body = accepted(&emulator, &call(&emulator)).await;
        let code = body["TemplateCode"].as_str().unwrap().to_owned();
        assert!(code.starts_with("SMS_") && code.len() == 13, "{code}");
        assert_eq!(
            body.get("OrderId").is_some(),
            body.get("TemplateName").is_some()
        );
        let status = async |expected: i64| {
            let call = query(&emulator, "QuerySmsTemplate", "TemplateCode", &code);
            let body = accepted(&emulator, &call).await;
            assert_eq!(body["TemplateStatus"], expected);
            body["Reason"].as_str().unwrap().to_owned()
        };
        let send = || send_sms(&emulator).param("TemplateCode", &code);
        let path = format!("templates/{code}");
        status(0).await;
        refused(&emulator, send(), "isv.SMS_TEMPLATE_ILLEGAL").await;

        end_review(&emulator, &path, "rejected").await;
        assert_eq!(status(2).await, "不合规");
        refused(&emulator, send(), "isv.SMS_TEMPLATE_ILLEGAL").await;

        emulator.advance_secs(60).unwrap();
        let told = end_review(&emulator, &path, "approved").await;
        assert_eq!(told["reviewed_at"], "2026-03-04T05:07:07Z");
        status(1).await;
        accepted(&emulator, &send()).await;
        let text = &emulator.messages()[0].text;
        assert_eq!(text, "【阿里云短信测试】您的验证码是123456");
        // It is the account's from now on.
        emulator.reset();
        assert!(emulator.account().templates.iter().any(|t| t.code == code));
    }
}

#[tokio::test]
async fn h5_a_new_signature_waits_for_its_review() {
    for call in [add_sign, create_sign] {
        let emulator = start_with(unlimited()).await;
        let body = accepted(&emulator, &call(&emulator)).await;
        assert_eq!(body["SignName"], "芝麻");
        let send = || send_sms(&emulator).param("SignName", "芝麻");
        let get = query(&emulator, "GetSmsSign", "SignName", "芝麻");
        let full = accepted(&emulator, &get).await;
        assert_eq!(full["SignStatus"], 0);
        assert_eq!(full["SignIspRegisterDetailList"][0]["RegisterStatus"], -2);
        refused(&emulator, send(), "isv.SMS_SIGNATURE_ILLEGAL").await;
        end_review(&emulator, "sign_names/%E8%8A%9D%E9%BA%BB", "approved").await;
        accepted(&emulator, &send()).await;
    }
}

#[tokio::test]
async fn h5_control_says_what_it_does_not_know() {
    let emulator = start().await;
    let change = async |path: &str, body: &str| {
        let answer = control(&emulator, "POST", &format!("/_emulator/{path}"), body).await;
        (answer.status, answer.json()["field"].clone())
    };
    let status = r#"{"status":"approved"}"#;
    assert_eq!(change("templates/SMS_404", status).await.0, 404);
    assert_eq!(change("sign_names/x", status).await.0, 404);
    for (body, field) in [
        (r#"{"status":"gone"}"#, json!("status")),
        (r#"{"stauts":"approved"}"#, json!("stauts")),
        (r#"{"content":""}"#, json!("templates[0].content")),
        (r#"{"code":"SMS_154950910"}"#, json!("templates[1].code")),
    ] {
        let told = change("templates/SMS_154950909", body).await;
        assert_eq!(told, (400, field), "{body}");
    }
    assert_eq!(emulator.account(), Account::default());
}

#[tokio::test]
async fn h6_only_what_was_rejected_can_be_changed() {
    let emulator = start_with(in_every_state()).await;
    for (status, number, _) in STATES {
        let code = format!("SMS_{number}");
        let name = format!("签名{number}");
        let is_rejected = status == ReviewStatus::Rejected;
        for (call, refusal) in [
            (
                add_template(&emulator).param("TemplateCode", &code),
                "isv.ERROR_TEMPLATE_NOT_MODIFY",
            ),
            (
                add_sign(&emulator).param("SignName", &name),
                "isv.ERROR_SIGN_NOT_MODIFY",
            ),
        ] {
            let action = call.action.replace("Add", "Modify");
            let call = Call { action, ..call };
            if is_rejected {
                accepted(&emulator, &call).await;
            } else {
                refused(&emulator, call, refusal).await;
            }
        }
    }
    let account = emulator.account();
    assert_eq!(account.templates[2].status, ReviewStatus::Reviewing);
    assert_eq!(account.templates[2].name, "登录");
    assert_eq!(account.sign_names[2].status, ReviewStatus::Reviewing);
}

#[tokio::test]
async fn h6_the_newer_actions_change_as_well() {
    let mut account = unlimited();
    account.templates[0].status = ReviewStatus::Rejected;
    account.sign_names[1].status = ReviewStatus::Rejected;
    let emulator = start_with(account).await;
    let call = Call {
        action: "UpdateSmsTemplate".to_owned(),
        ..create_template(&emulator).param("TemplateCode", CODE)
    };
    let body = accepted(&emulator, &call).await;
    assert_eq!(
        (&body["TemplateCode"], &body["TemplateName"]),
        (&json!(CODE), &json!("登录"))
    );
    assert!(body["OrderId"].is_string());
    let call = Call {
        action: "UpdateSmsSign".to_owned(),
        ..create_sign(&emulator).param("SignName", GENERAL)
    };
    let body = accepted(&emulator, &call).await;
    assert_eq!(body["SignName"], GENERAL);
    let call = Call {
        action: "UpdateSmsTemplate".to_owned(),
        ..create_template(&emulator).param("TemplateCode", "SMS_404")
    };
    refused(&emulator, call, "isv.SMS_TEMPLATE_ILLEGAL").await;
    let call = Call {
        action: "UpdateSmsSign".to_owned(),
        ..create_sign(&emulator)
    };
    refused(&emulator, call, "isv.SMS_SIGNATURE_ILLEGAL").await;
}

#[tokio::test]
async fn h6_nothing_is_deleted_while_it_is_reviewed() {
    let emulator = start_with(in_every_state()).await;
    for (status, number, _) in STATES {
        let code = format!("SMS_{number}");
        let name = format!("签名{number}");
        let template = query(&emulator, "DeleteSmsTemplate", "TemplateCode", &code);
        let sign = query(&emulator, "DeleteSmsSign", "SignName", &name);
        if status == ReviewStatus::Reviewing {
            refused(&emulator, template, "isv.ERROR_TEMPLATE_NOT_DELETE").await;
            refused(&emulator, sign, "isv.ERROR_SIGN_NOT_DELETE").await;
        } else {
            let body = accepted(&emulator, &template).await;
            assert_eq!(body["TemplateCode"], code.as_str());
            let body = accepted(&emulator, &sign).await;
            assert_eq!(body["SignName"], name.as_str());
        }
    }
    let account = emulator.account();
    assert_eq!((account.templates.len(), account.sign_names.len()), (1, 1));
}

#[tokio::test]
async fn h7_templates_have_rules() {
    let emulator = start_with(unlimited()).await;
    for call in [add_template, create_template] {
        let with = |name: &str, value: &str| call(&emulator).param(name, value);
        for (content, code) in [
            ("验证码${code}${min}", "template_parameter_count_illegal"),
            ("验证码没有变量", "template_parameter_count_illegal"),
            ("您好${code}", "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE"),
            ("验证码${code}😀", "isv.UNSUPPORTED_CONTENT"),
        ] {
            refused(&emulator, with("TemplateContent", content), code).await;
        }
        let long = format!("验证码${{code}}{}", "长".repeat(491));
        refused(
            &emulator,
            with("TemplateContent", &long),
            "isv.TEMPLATE_OVER_LIMIT",
        )
        .await;
        let whole = format!("验证码${{code}}{}", "长".repeat(490));
        accepted(&emulator, &with("TemplateContent", &whole)).await;
        let long = "名".repeat(31);
        refused(
            &emulator,
            with("TemplateName", &long),
            "isv.TEMPLATE_OVER_LIMIT",
        )
        .await;
        accepted(&emulator, &with("TemplateName", &"名".repeat(30))).await;
        let long = "备".repeat(101);
        refused(&emulator, with("Remark", &long), "isv.INVALID_PARAMETERS").await;
        for value in ["4", "x", "-1", "1.0"] {
            let call = with("TemplateType", value);
            refused_by_gateway(&emulator, call, "InvalidTemplateType").await;
        }
        for name in ["TemplateName", "TemplateContent", "TemplateType"] {
            let missing = format!("Missing{name}");
            refused_by_gateway(&emulator, call(&emulator).without(name), &missing).await;
            refused_by_gateway(&emulator, with(name, ""), &missing).await;
        }
    }
    let call = add_template(&emulator).without("Remark");
    refused_by_gateway(&emulator, call, "MissingRemark").await;
}

#[tokio::test]
async fn h7_newer_templates_have_more_rules() {
    let emulator = start_with(unlimited()).await;
    let call = || create_template(&emulator);
    let unfit = "isv.INVALID_PARAMETERS";
    refused(&emulator, call().without("RelatedSignName"), unfit).await;
    let unknown = call().param("RelatedSignName", "没有");
    refused(&emulator, unknown, "isv.SMS_SIGNATURE_ILLEGAL").await;
    refused(&emulator, call().without("TemplateRule"), unfit).await;
    for rule in ["x", "[]", r#"{"min":"time"}"#, "{}"] {
        let call = call().param("TemplateRule", rule);
        refused(&emulator, call, "isv.INVALID_JSON_PARAM").await;
    }
    let international = || {
        call()
            .param("TemplateType", "3")
            .param("TemplateContent", "Your code is ${code}.")
            .without("RelatedSignName")
    };
    refused(&emulator, international(), unfit).await;
    let call = international().param("IntlType", "3");
    refused_by_gateway(&emulator, call, "InvalidIntlType").await;
    let body = accepted(&emulator, &international().param("IntlType", "2")).await;
    let code = body["TemplateCode"].as_str().unwrap();
    let get = query(&emulator, "GetSmsTemplate", "TemplateCode", code);
    let full = accepted(&emulator, &get).await;
    assert_eq!(
        (&full["TemplateType"], &full["IntlType"]),
        (&json!("3"), &json!(2))
    );
}

#[tokio::test]
async fn h7_applications_are_counted_by_day() {
    let mut account = unlimited();
    account.limits.template_applications_per_day = 2;
    account.limits.sign_applications_per_day = Some(1);
    let emulator = start_with(account).await;
    for _ in 0..2 {
        accepted(&emulator, &add_template(&emulator)).await;
    }
    let over = "isv.TEMPLATE_COUNT_OVER_LIMIT";
    refused(&emulator, create_template(&emulator), over).await;
    accepted(&emulator, &create_sign(&emulator)).await;
    let over = "isv.SIGN_COUNT_OVER_LIMIT";
    let call = || create_sign(&emulator).param("SignName", "开门");
    refused(&emulator, call(), over).await;
    emulator.advance_secs(24 * 3600).unwrap();
    accepted(&emulator, &call()).await;
    accepted(&emulator, &add_template(&emulator)).await;
}

#[tokio::test]
async fn h8_lists_travel_as_one_text_or_one_by_one() {
    let emulator = start_with(unlimited()).await;
    let call = create_template(&emulator).param("MoreData", r#"["a/b.png","c d.png"]"#);
    accepted(&emulator, &call).await;
    for call in [create_template(&emulator), create_sign(&emulator)] {
        refused(
            &emulator,
            call.param("MoreData", "a.png"),
            "isv.INVALID_PARAMETERS",
        )
        .await;
    }
    for kind in [Kind::V1Form, Kind::V1Query, Kind::Acs3Form] {
        let name = format!("签名{kind:?}");
        let call = add_sign(&emulator).kind(kind).param("SignName", &name);
        accepted(&emulator, &call).await;
    }
}

#[tokio::test]
async fn h8_papers_of_signatures_are_looked_at() {
    let emulator = start_with(unlimited()).await;
    let contents = |value: &str| add_sign(&emulator).param("SignFileList.1.FileContents", value);
    let bare = add_sign(&emulator)
        .without("SignFileList.1.FileContents")
        .without("SignFileList.1.FileSuffix");
    refused_by_gateway(&emulator, bare, "MissingSignFileList").await;
    refused(&emulator, contents(""), "isv.ERROR_EMPTY_FILE").await;
    refused(&emulator, contents("no base64"), "isv.INVALID_PARAMETERS").await;
    let large = STANDARD.encode(vec![0; 2 * 1024 * 1024 + 1]);
    refused(&emulator, contents(&large), "isv.SIGN_FILE_LIMIT").await;
    let call = add_sign(&emulator).param("SignFileList.1.FileSuffix", "exe");
    refused(&emulator, call, "isv.INVALID_PARAMETERS").await;
    let second = add_sign(&emulator).param("SignFileList.2.FileSuffix", "png");
    refused(&emulator, second, "isv.ERROR_EMPTY_FILE").await;
    let whole = STANDARD.encode(vec![0; 2 * 1024 * 1024]);
    accepted(&emulator, &contents(&whole)).await;
}

#[tokio::test]
async fn h8_signatures_have_rules() {
    let emulator = start_with(unlimited()).await;
    for call in [add_sign, create_sign] {
        for (name, code) in [
            ("一", "isv.SIGN_NAME_ILLEGAL"),
            ("芝麻测试", "isv.SIGN_NAME_ILLEGAL"),
            ("My Test", "isv.SIGN_NAME_ILLEGAL"),
            ("芝麻 开门", "isv.SIGN_NAME_ILLEGAL"),
            ("【芝麻】", "isv.SIGN_NAME_ILLEGAL"),
            ("芝麻，", "isv.SIGN_NAME_ILLEGAL"),
            ("芝麻👍", "isv.SMS_SIGN_EMOJI_ILLEGAL"),
            ("一二三四五六七八九十一二三", "isv.SIGN_OVER_LIMIT"),
            // There is a general one of that name.
            (GENERAL, "isv.SIGN_NAME_ILLEGAL"),
        ] {
            refused(&emulator, call(&emulator).param("SignName", name), code).await;
        }
        let call = |name: &str, value: &str| call(&emulator).param(name, value);
        refused(
            &emulator,
            call("SignSource", "6"),
            "isv.SIGN_SOURCE_ILLEGAL",
        )
        .await;
        refused_by_gateway(&emulator, call("SignSource", "x"), "InvalidSignSource").await;
        refused_by_gateway(&emulator, call("SignType", "2"), "InvalidSignType").await;
        let long = "备".repeat(201);
        refused(&emulator, call("Remark", &long), "isv.INVALID_PARAMETERS").await;
    }
    let call = |name: &str, value: &str| create_sign(&emulator).param(name, value);
    refused(
        &emulator,
        call("SignSource", "1"),
        "isv.SIGN_SOURCE_ILLEGAL",
    )
    .await;
    refused(&emulator, call("SignSource", "5"), "isv.INVALID_PARAMETERS").await;
    refused(&emulator, call("SignSource", "2"), "isv.INVALID_PARAMETERS").await;
    refused_by_gateway(
        &emulator,
        call("QualificationId", "x"),
        "InvalidQualificationId",
    )
    .await;
    refused_by_gateway(&emulator, call("ThirdParty", "x"), "InvalidThirdParty").await;
    let call = call("SignSource", "5")
        .param("TrademarkId", "7")
        .param("ThirdParty", "True")
        .param("SignType", "0");
    accepted(&emulator, &call).await;
    let get = query(&emulator, "GetSmsSign", "SignName", "芝麻");
    let full = accepted(&emulator, &get).await;
    assert_eq!(full["ThirdParty"], true);
    assert_eq!(full["QualificationId"], 20001);
    assert_eq!(full["SignUsage"], "验证码类型");
    // A general one of the same name is another signature.
    accepted(&emulator, &create_sign(&emulator)).await;
    let get = query(&emulator, "GetSmsSign", "SignName", "芝麻");
    assert_eq!(accepted(&emulator, &get).await["SignUsage"], "通用类型");
}

/// The documents say both.
#[tokio::test]
async fn h8_case_of_signatures_can_be_ignored() {
    let mut account = unlimited();
    account
        .sign_names
        .push(SignName::new("Sesame", SignKind::General));
    for (ignore, code) in [(false, "isv.SMS_SIGNATURE_ILLEGAL"), (true, "OK")] {
        account.sign_names_ignore_case = ignore;
        let emulator = start_with(account.clone()).await;
        for call in [
            send_sms(&emulator).param("SignName", "SESAME"),
            query(&emulator, "QuerySmsSign", "SignName", "sesame"),
        ] {
            assert_eq!(outcome(&emulator, &call).await, (200, code.to_owned()));
        }
    }
}

#[tokio::test]
async fn h_an_account_that_may_not_use_the_product_learns_nothing() {
    for (state, code) in [
        (AccountState::Unsubscribed, "isv.PRODUCT_UN_SUBSCRIPT"),
        (AccountState::Frozen, "isv.SECURITY_FROZEN_ACCOUNT"),
        (AccountState::OutOfService, "OK"),
    ] {
        let account = Account {
            state,
            ..Account::default()
        };
        let emulator = start_with(account).await;
        for action in ["QuerySmsTemplateList", "QuerySmsSignList"] {
            let call = Call::new(&emulator, action, &[]);
            assert_eq!(outcome(&emulator, &call).await, (200, code.to_owned()));
        }
    }
}
