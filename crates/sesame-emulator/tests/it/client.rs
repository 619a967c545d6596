//! Our own client against the emulator: it reads what is answered here.

use aliyun_sms::wire::{
    CheckSmsVerifyCode, GetSmsSign, GetSmsTemplate, GlobeStatus, QueryAccountBalance, QueryMessage,
    QuerySmsSignList, QuerySmsTemplateList, SendMessageToGlobe, SendSmsVerifyCode,
};
use aliyun_sms::{Client, Credentials, Disposition, Endpoint, Error};
use sesame_emulator::{Account, Emulator, Pns, RegistrationStatus, ReviewStatus, WrongCode};

use crate::support::{OVERSEAS, SIGN_NAME, unlimited};

/// Both go by the real clock.
async fn both(account: Account) -> (Emulator, Client) {
    let emulator = Emulator::builder()
        .listen("127.0.0.1:0".parse().unwrap())
        .account(account)
        .start()
        .await
        .unwrap();
    let client = Client::builder(Credentials::new("testid", "testsecret"))
        .endpoint(Endpoint::parse(emulator.url()).unwrap())
        .build()
        .unwrap();
    (emulator, client)
}

#[tokio::test]
async fn h_templates_and_signatures_are_read() {
    let mut account = unlimited();
    account.templates[1].status = ReviewStatus::Rejected;
    account.templates[1].reject_reason = "没有写明场景".to_owned();
    account.sign_names[0].registrations.telecom = RegistrationStatus::Lapsed;
    let (emulator, client) = both(account).await;

    let page = QuerySmsTemplateList {
        page_index: 1,
        page_size: 50,
    };
    let templates = client.query_sms_template_list(&page).await.unwrap();
    let account = emulator.account();
    assert_eq!(templates.sms_template_list.len(), account.templates.len());
    let rejected = &templates.sms_template_list[1];
    assert_eq!(rejected.audit_status, "AUDIT_STATE_NOT_PASS");
    assert_eq!(rejected.outer_template_type, Some(3));
    let reason = rejected.reason.clone().unwrap().reject_info;
    assert_eq!(reason.as_deref(), Some("没有写明场景"));

    let page = QuerySmsSignList {
        page_index: 1,
        page_size: 2,
    };
    let signs = client.query_sms_sign_list(&page).await.unwrap();
    assert_eq!(signs.total_count, Some(4));
    assert_eq!(signs.sms_sign_list[0].business_type, "验证码类型");

    let request = GetSmsTemplate {
        template_code: OVERSEAS.to_owned(),
    };
    let template = client.get_sms_template(&request).await.unwrap();
    assert_eq!(
        (template.template_status, template.template_type),
        (Some(2), Some(3))
    );
    assert_eq!(template.template_tag, Some(2));
    let reason = template.audit_info.unwrap().reject_info;
    assert_eq!(reason.as_deref(), Some("没有写明场景"));

    let request = GetSmsSign {
        sign_name: SIGN_NAME.to_owned(),
    };
    let sign = client.get_sms_sign(&request).await.unwrap();
    assert_eq!((sign.sign_status, sign.sign_tag), (Some(1), Some(2)));
    let carriers: Vec<(String, Option<i64>)> = sign
        .sign_isp_register_detail_list
        .into_iter()
        .map(|carrier| (carrier.operator_code, carrier.register_status))
        .collect();
    let expected = [("mobile", 3), ("unicom", 3), ("telecom", 2)];
    assert_eq!(
        carriers,
        expected.map(|(code, status)| (code.to_owned(), Some(status)))
    );
}

#[tokio::test]
async fn i_codes_are_sent_and_checked() {
    for wrong_code in [WrongCode::ValidateFail, WrongCode::Unknown] {
        let (emulator, client) = both(Account {
            pns: Pns {
                wrong_code,
                ..Pns::default()
            },
            ..unlimited()
        })
        .await;
        let request = SendSmsVerifyCode {
            phone_number: "13800138000".to_owned(),
            sign_name: "速通互联验证码".to_owned(),
            template_code: "100001".to_owned(),
            template_param: r###"{"code":"##code##","min":"5"}"###.to_owned(),
            code_length: Some(6),
            out_id: Some("o".to_owned()),
            ..SendSmsVerifyCode::default()
        };
        let sent = client.send_sms_verify_code(&request).await.unwrap();
        let message = emulator.messages().remove(0);
        assert_eq!(sent.biz_id(), Some(message.biz_id.as_str()));
        assert!(sent.verify_code().is_none());
        let mut check = CheckSmsVerifyCode {
            phone_number: request.phone_number,
            verify_code: "wrong".to_owned(),
            scheme_name: None,
            out_id: None,
        };
        assert!(!client.check_sms_verify_code(&check).await.unwrap().passed());
        check.verify_code = message.template_param["code"].clone();
        assert!(client.check_sms_verify_code(&check).await.unwrap().passed());
    }
}

#[tokio::test]
async fn j_texts_are_sent_and_asked_about() {
    let (emulator, client) = both(unlimited()).await;
    let mut request = SendMessageToGlobe {
        to: "85268326366".to_owned(),
        message: "Your code is 1234".to_owned(),
        ..SendMessageToGlobe::default()
    };
    let sent = client.send_message_to_globe(&request).await.unwrap();
    assert_eq!(sent.segments, Some(1));
    emulator.advance_secs(2).unwrap();
    let message_id = sent.message_id.unwrap();
    let told = client
        .query_message(&QueryMessage { message_id })
        .await
        .unwrap();
    assert_eq!(told.status, GlobeStatus::Delivered);
    assert_eq!(told.error_code.as_deref(), Some("DELIVERED"));
    request.to = "8613800138000".to_owned();
    let error = client.send_message_to_globe(&request).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Refused);
    let Error::Refused(refusal) = error else {
        panic!("{error}");
    };
    assert_eq!(refusal.code, "MOBILE_NUMBER_ILLEGAL");
}

#[tokio::test]
async fn the_balance_is_told_to_who_may_ask() {
    let mut account = unlimited();
    account.balance = Some(12.5);
    let (emulator, client) = both(account).await;
    let told = client.call(&QueryAccountBalance).await.unwrap();
    let balance = told.data.unwrap();
    assert_eq!(balance.available(), Some(12.5));
    assert_eq!(balance.currency.as_deref(), Some("CNY"));

    let changed = emulator.change_account(|account| {
        account.access_keys[0].permissions = Some(vec!["dysms:*".to_owned()]);
    });
    changed.unwrap();
    let refused = client.call(&QueryAccountBalance).await.unwrap_err();
    let Error::Refused(refusal) = refused else {
        panic!("{refused}");
    };
    assert_eq!(refusal.code, "NoPermission");
}

#[tokio::test]
async fn an_api_can_be_reached_without_a_key() {
    let (emulator, _) = both(unlimited()).await;
    let endpoint = Endpoint::parse(emulator.url()).unwrap();
    let transport = aliyun_sms::Transport::new().unwrap();
    let timeout = std::time::Duration::from_secs(8);
    let contact = transport.contact(&endpoint, timeout).await.unwrap();
    let off = contact.server_time.unwrap().duration_since(emulator.now());
    assert!(off.as_secs().abs() <= 60, "{off}");
    assert_eq!(emulator.requests(1)[0].code, "MissingAccessKeyId");
}
