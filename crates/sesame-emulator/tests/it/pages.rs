//! The pages beside the inbox: requests, trouble, reviews, one phone.

use sesame_emulator::{Emulator, MessageStatus};

use crate::support::*;

const PAGES: [&str; 5] = [
    "/_emulator/",
    "/_emulator/phone",
    "/_emulator/calls",
    "/_emulator/trouble",
    "/_emulator/texts",
];

async fn page(emulator: &Emulator, path: &str) -> Answer {
    let headers = [("Host".to_owned(), emulator.address().to_string())];
    raw(emulator, &http("GET", path, &headers, b"")).await
}

/// A form of a page of this origin.
async fn submit(emulator: &Emulator, path: &str, form: &str) -> Answer {
    let own = format!("http://{}", emulator.address());
    submit_from(emulator, path, form, &own).await
}

async fn submit_from(emulator: &Emulator, path: &str, form: &str, origin: &str) -> Answer {
    let headers = [
        ("Host".to_owned(), emulator.address().to_string()),
        ("Origin".to_owned(), origin.to_owned()),
        (
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    raw(emulator, &http("POST", path, &headers, form.as_bytes())).await
}

#[tokio::test]
async fn each_fault_of_the_page_strikes_the_next_call() {
    let emulator = start_with(unlimited()).await;
    let text = page(&emulator, "/_emulator/trouble").await.text();
    let values: Vec<String> = text
        .split("name=\"fault\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    assert!(values.len() > 10, "{values:?}");
    for value in values.iter().filter(|value| value.contains('.')) {
        let form = format!("action=SendSms&times=1&fault={value}");
        let answer = submit(&emulator, "/_emulator/trouble", &form).await;
        assert_eq!(answer.status, 303, "{value}: {}", answer.text());
        let shown = page(&emulator, "/_emulator/trouble").await.text();
        assert!(shown.contains(&format!("SendSms: {value} × 1")), "{value}");
        assert_eq!(send_sms(&emulator).send(&emulator).await.code(), *value);
        assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    }
    for value in ["http_502_html", "garbage"] {
        let form = format!("action=SendSms&times=1&fault={value}");
        submit(&emulator, "/_emulator/trouble", &form).await;
        let answer = send_sms(&emulator).send(&emulator).await;
        assert!(serde_json::from_str::<serde_json::Value>(&answer.text()).is_err());
    }
    submit(&emulator, "/_emulator/trouble", "fault=garbage&times=3").await;
    submit(&emulator, "/_emulator/trouble", "do=forget").await;
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
}

#[tokio::test]
async fn the_next_message_comes_to_what_was_wished_for() {
    let emulator = start_with(unlimited()).await;
    let send = async |wish: &str| {
        let form = format!("report={wish}&times=1");
        let answer = submit(&emulator, "/_emulator/trouble", &form).await;
        assert_eq!(answer.status, 303, "{wish}");
        send_sms(&emulator).send(&emulator).await;
    };
    let newest = || {
        let messages = emulator.messages();
        let message = messages.first().expect("a message");
        (message.status, message.err_code.clone())
    };
    for code in ["UNDELIV", "MOBILE_TERMINAL_ERROR", "PORT_NOT_REGISTERED"] {
        send(code).await;
        emulator.advance_secs(2).unwrap();
        assert_eq!(newest(), (MessageStatus::Failed, Some(code.to_owned())));
    }
    send("late").await;
    emulator.advance_secs(59).unwrap();
    assert_eq!(newest().0, MessageStatus::Accepted);
    emulator.advance_secs(2).unwrap();
    assert_eq!(newest().0, MessageStatus::Delivered);
    send("never").await;
    emulator.advance_secs(86_400).unwrap();
    assert_eq!(newest().0, MessageStatus::Accepted);
    // And then as ever.
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(2).unwrap();
    assert_eq!(newest().0, MessageStatus::Delivered);
    // Of a message that was sent already.
    let biz_id = emulator.messages()[0].biz_id.replace('^', "%5E");
    let form = format!("biz_id={biz_id}&status=failed");
    assert_eq!(
        submit(&emulator, "/_emulator/report", &form).await.status,
        303
    );
    assert_eq!(newest().0, MessageStatus::Failed);
    let none = submit(&emulator, "/_emulator/report", "biz_id=1&status=failed").await;
    assert_eq!(none.status, 404);
    assert!(none.text().contains("no such message"));
}

#[tokio::test]
async fn what_no_button_sends_is_refused_in_words() {
    let emulator = start().await;
    for (path, form) in [
        ("/_emulator/trouble", ""),
        ("/_emulator/trouble", "fault=nonsense"),
        ("/_emulator/trouble", "fault=garbage&times=0"),
        ("/_emulator/trouble", "fault=garbage&times=101"),
        ("/_emulator/trouble", "fault=garbage&action=Nonsense"),
        ("/_emulator/trouble", "report=nonsense"),
        ("/_emulator/trouble", "skip=-1"),
        ("/_emulator/trouble", "skip=x"),
        ("/_emulator/texts", "status=approved"),
        ("/_emulator/texts", "status=loved&template=SMS_154950909"),
        ("/_emulator/texts", "status=approved&template=SMS_1"),
    ] {
        let answer = submit(&emulator, path, form).await;
        assert!((400..500).contains(&answer.status), "{path} {form}");
        let text = answer.text();
        assert!(text.contains("role=\"alert\""), "{path} {form}: {text}");
    }
    // Nothing of it happened.
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
}

#[tokio::test]
async fn pages_of_other_origins_change_nothing() {
    let emulator = start_with(unlimited()).await;
    for (path, form) in [
        ("/_emulator/trouble", "fault=garbage"),
        ("/_emulator/trouble", "do=reset"),
        ("/_emulator/texts", "status=rejected&template=SMS_154950909"),
        ("/_emulator/report", "biz_id=1&status=failed"),
    ] {
        for origin in ["http://evil.example", "null", "https://127.0.0.1"] {
            let answer = submit_from(&emulator, path, form, origin).await;
            assert_eq!(answer.status, 403, "{path} {origin}");
        }
    }
    assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
}

#[tokio::test]
async fn a_reviewer_decides() {
    let emulator = start_with(unlimited()).await;
    for (field, code) in [
        (format!("template={CODE}"), "isv.SMS_TEMPLATE_ILLEGAL"),
        (
            "sign_name=%E9%98%BF%E9%87%8C%E4%BA%91%E7%9F%AD%E4%BF%A1%E6%B5%8B%E8%AF%95".to_owned(),
            "isv.SMS_SIGNATURE_ILLEGAL",
        ),
    ] {
        let path = "/_emulator/texts";
        let rejected = format!("status=rejected&lang=zh-CN&{field}");
        let answer = submit(&emulator, path, &rejected).await;
        let back = Some("/_emulator/texts?done=1&lang=zh-CN");
        assert_eq!((answer.status, answer.header("location")), (303, back));
        assert_eq!(send_sms(&emulator).send(&emulator).await.code(), code);
        assert!(page(&emulator, path).await.text().contains("rejected"));
        submit(&emulator, path, &format!("status=approved&{field}")).await;
        assert_eq!(send_sms(&emulator).send(&emulator).await.code(), "OK");
    }
}

#[tokio::test]
async fn a_request_is_shown_with_its_signature() {
    let emulator = start_with(unlimited()).await;
    send_sms(&emulator).send(&emulator).await;
    let list = page(&emulator, "/_emulator/calls").await.text();
    assert!(list.contains("href=\"/_emulator/calls/1") && list.contains("SendSms"));
    let one = page(&emulator, "/_emulator/calls/1").await.text();
    for part in [
        "It matches",
        "Canonical form",
        "String to sign",
        "13800138000",
    ] {
        assert!(one.contains(part), "{part}: {one}");
    }
    for (path, says) in [
        ("/_emulator/calls/2", "not kept any more"),
        ("/_emulator/calls/0", "not kept any more"),
    ] {
        let answer = page(&emulator, path).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains(says));
    }
}

/// A wrong secret is found out, and no secret is shown.
#[tokio::test]
async fn a_wrong_signature_is_explained_without_the_secret() {
    let emulator = start_with(unlimited()).await;
    post(
        &emulator,
        "/_emulator/account",
        r#"{"access_keys":[{"id":"testid","secret":"hidden-one"}]}"#,
    )
    .await;
    send_sms(&emulator).send(&emulator).await;
    let one = page(&emulator, "/_emulator/calls/1").await.text();
    assert!(one.contains("It does not match"), "{one}");
    assert!(!one.contains("hidden-one"), "{one}");
}

#[tokio::test]
async fn one_phone_shows_the_newest_number_or_the_one_asked_for() {
    let emulator = start_with(unlimited()).await;
    let empty = page(&emulator, "/_emulator/phone").await.text();
    assert!(empty.contains("No message yet"));
    for number in ["13800138000", "13900139000"] {
        let request = send_sms(&emulator).param("PhoneNumbers", number);
        request.send(&emulator).await;
    }
    let newest = page(&emulator, "/_emulator/phone").await.text();
    assert!(newest.contains("+8613900139000") && !newest.contains("13800138000"));
    let asked = page(&emulator, "/_emulator/phone?to=%2B8613800138000").await;
    let asked = asked.text();
    assert!(asked.contains("+8613800138000") && !asked.contains("13900139000"));
}

/// Whatever reaches a page from outside is text there.
#[tokio::test]
async fn hostile_text_is_text_everywhere() {
    const HOSTILE: &str = "</p></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let emulator = start_with(unlimited()).await;
    let account = serde_json::json!({
        "sign_names": [{ "name": HOSTILE.replace(['/', '='], ""), "reject_reason": HOSTILE, "status": "rejected" }],
        "templates": [{ "code": "SMS_1", "content": HOSTILE, "name": HOSTILE, "reject_reason": HOSTILE, "status": "rejected" }],
    });
    post(&emulator, "/_emulator/account", &account.to_string()).await;
    let encoded: String = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let headers = [
        ("Host".to_owned(), emulator.address().to_string()),
        ("User-Agent".to_owned(), HOSTILE.to_owned()),
        ("x-acs-action".to_owned(), HOSTILE.to_owned()),
        (
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    let body =
        format!("Action={encoded}&{encoded}={encoded}&AccessKeyId=testid&Signature={encoded}");
    let target = format!("/?Action={encoded}");
    raw(&emulator, &http("POST", &target, &headers, body.as_bytes())).await;
    let fault = serde_json::json!({ "fault": { "code": HOSTILE }, "times": 3 });
    post(&emulator, "/_emulator/faults", &fault.to_string()).await;
    let queries = [
        format!("?q={encoded}"),
        format!("?lang={encoded}"),
        format!("?to={encoded}"),
    ];
    let paths = PAGES.iter().map(|path| (*path).to_owned());
    let asked = PAGES
        .iter()
        .flat_map(|path| queries.iter().map(move |query| format!("{path}{query}")));
    let one = ["/_emulator/calls/1".to_owned()];
    for path in paths.chain(asked).chain(one) {
        let answer = page(&emulator, &path).await;
        let text = answer.text();
        assert_eq!(answer.status, 200, "{path}: {text}");
        assert!(
            !text.contains("<script>")
                && !text.contains("<img")
                && !text.contains("onerror=alert(1)>"),
            "{path}: {text}"
        );
    }
    let form = format!(
        "fault={encoded}&action={encoded}&lang={encoded}&biz_id={encoded}&template={encoded}&status={encoded}"
    );
    for path in [
        "/_emulator/trouble",
        "/_emulator/texts",
        "/_emulator/report",
    ] {
        let text = submit(&emulator, path, &form).await.text();
        assert!(
            !text.contains("<script>") && !text.contains("<img"),
            "{path}: {text}"
        );
    }
}

#[tokio::test]
async fn every_page_speaks_both_languages_and_asks_nobody_else() {
    let emulator = start().await;
    send_sms(&emulator).send(&emulator).await;
    for path in PAGES.iter().chain(&["/_emulator/calls/1"]) {
        for (query, lang) in [("?lang=en", "en"), ("?lang=zh", "zh-CN")] {
            let answer = page(&emulator, &format!("{path}{query}")).await;
            let text = answer.text();
            assert!(text.contains(&format!("<html lang=\"{lang}\">")), "{path}");
            assert!(text.contains("<h1"), "{path}");
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
            assert!(
                !text.contains("<style") && !text.contains(" style=") && !text.contains("onclick=")
            );
            assert!(
                !text.contains("src=\"http") && !text.contains("href=\"http"),
                "{path}"
            );
        }
    }
}
