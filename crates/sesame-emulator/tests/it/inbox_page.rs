//! The inbox page.

use sesame_emulator::{Delivery, Emulator, ReportDecision};

use crate::support::*;

async fn page(emulator: &Emulator, path: &str, language: &str) -> Answer {
    let headers = [
        ("Host".to_owned(), emulator.address().to_string()),
        ("Accept".to_owned(), "text/html".to_owned()),
        ("Accept-Language".to_owned(), language.to_owned()),
    ];
    raw(emulator, &http("GET", path, &headers, b"")).await
}

#[tokio::test]
async fn an_empty_inbox_says_how_to_begin() {
    let emulator = start().await;
    let answer = page(&emulator, "/_emulator/", "en").await;
    let text = answer.text();
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(text.contains("No message yet") && text.contains("testsecret"));
    assert!(
        text.contains(&format!("endpoint=&#34;{0}&#34;", emulator.address()))
            || text.contains(&emulator.address().to_string())
    );
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains("onclick"));
    assert!(
        !text.contains("http://") && !text.contains("https://"),
        "asks nothing of anybody else"
    );
}

#[tokio::test]
async fn only_the_published_secret_is_shown() {
    let emulator = start().await;
    post(
        &emulator,
        "/_emulator/account",
        r#"{"access_keys":[{"id":"mine","secret":"hidden-one"}]}"#,
    )
    .await;
    let text = page(&emulator, "/_emulator/", "en").await.text();
    assert!(text.contains("mine") && !text.contains("hidden-one"));
}

#[tokio::test]
async fn messages_stand_under_their_number() {
    let emulator = start_with(unlimited()).await;
    send_sms(&emulator)
        .param("OutId", "a")
        .send(&emulator)
        .await;
    send_sms(&emulator)
        .param("PhoneNumbers", "13900139000")
        .send(&emulator)
        .await;
    send_sms(&emulator)
        .param("OutId", "b")
        .send(&emulator)
        .await;
    emulator
        .decide_report(&ReportDecision::of_out_id("a", Delivery::Failed))
        .unwrap();
    let text = page(&emulator, "/_emulator/", "en").await.text();
    assert_eq!(text.matches("<section class=\"phone\"").count(), 2);
    assert!(text.contains("【阿里云短信测试】您的验证码为：123456"));
    assert!(text.contains("✗") && text.contains("UNDELIV") && text.contains("accepted"));
    assert!(text.contains("aria-live") && text.contains("<main ") && text.contains("<header "));
    let found = page(&emulator, "/_emulator/?q=139%200013", "en")
        .await
        .text();
    assert_eq!(found.matches("<section class=\"phone\"").count(), 1);
    assert!(found.contains("13900139000") && !found.contains("13800138000"));
    let full_width = page(&emulator, "/_emulator/?q=１３９", "en").await.text();
    assert!(full_width.contains("13900139000") && !full_width.contains("13800138000"));
    for (query, says) in [
        ("777", "No message to such a number"),
        ("abc", "Not a number that could be searched for"),
        ("%2B", "Not a number that could be searched for"),
    ] {
        let none = page(&emulator, &format!("/_emulator/?q={query}"), "en").await;
        let text = none.text();
        assert_eq!(
            text.matches("<section class=\"phone\"").count(),
            0,
            "{query}"
        );
        assert!(text.contains(&format!("<h2>{says}</h2>")), "{query}");
    }
    let all = page(&emulator, "/_emulator/?q=%20", "en").await.text();
    assert_eq!(all.matches("<section class=\"phone\"").count(), 2);
}

#[tokio::test]
async fn hostile_text_is_text() {
    let emulator = start_with(unlimited()).await;
    let hostile = "</p><script>alert(1)</script>\"'&";
    let param = serde_json::json!({ "name": hostile, "note": "x" }).to_string();
    let answer = send_sms(&emulator)
        .param("SignName", GENERAL)
        .param("TemplateCode", NOTIFICATION)
        .param("TemplateParam", &param)
        .param("OutId", "\"><img src=x onerror=alert(1)>")
        .send(&emulator)
        .await;
    assert_eq!(answer.code(), "OK");
    let text = page(&emulator, "/_emulator/?q=%22%3E%3Cscript%3E", "en")
        .await
        .text();
    let all = page(&emulator, "/_emulator/", "en").await.text();
    for text in [text, all] {
        assert!(
            !text.contains("<script>") && !text.contains("<img"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn speaks_english_and_chinese() {
    let emulator = start().await;
    for (path, accept, lang) in [
        ("/_emulator/", "en-GB,en;q=0.9", "en"),
        ("/_emulator/", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("/_emulator/", "fr,zh;q=0.5", "zh-CN"),
        ("/_emulator/", "fr", "en"),
        ("/_emulator/", "", "en"),
        ("/_emulator/?lang=zh", "en", "zh-CN"),
        ("/_emulator/?lang=en", "zh", "en"),
        ("/_emulator/?lang=xx", "zh", "zh-CN"),
    ] {
        let text = page(&emulator, path, accept).await.text();
        assert!(
            text.contains(&format!("<html lang=\"{lang}\">")),
            "{path} {accept}"
        );
    }
    assert!(
        page(&emulator, "/_emulator/?lang=zh", "")
            .await
            .text()
            .contains("还没有短信")
    );
}

#[tokio::test]
async fn clears_without_scripts() {
    let emulator = start().await;
    send_sms(&emulator).send(&emulator).await;
    let own = emulator.address().to_string();
    let headers = |origin: &str| {
        vec![
            ("Host".to_owned(), own.clone()),
            ("Origin".to_owned(), origin.to_owned()),
            (
                "Content-Type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ]
    };
    let foreign = raw(
        &emulator,
        &http(
            "POST",
            "/_emulator/clear",
            &headers("http://evil.example"),
            b"",
        ),
    )
    .await;
    assert_eq!((foreign.status, emulator.messages().len()), (403, 1));
    let answer = raw(
        &emulator,
        &http(
            "POST",
            "/_emulator/clear",
            &headers(&format!("http://{own}")),
            b"",
        ),
    )
    .await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/_emulator/"))
    );
    assert_eq!(emulator.messages(), []);
    // With `no-referrer` browsers post the page's own form with `Origin: null`.
    let page = page(&emulator, "/_emulator/", "en").await;
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
}

#[tokio::test]
async fn its_parts_come_from_here() {
    let emulator = start().await;
    for (name, kind) in [
        ("sesame.css", "text/css"),
        ("inbox.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let answer = get(&emulator, &format!("/_emulator/assets/{name}")).await;
        assert!(answer.status == 200 && answer.header("content-type").unwrap().starts_with(kind));
        assert!(!answer.text().contains("innerHTML"));
    }
    assert_eq!(get(&emulator, "/_emulator/assets/other").await.status, 404);
}

#[tokio::test]
async fn a_browser_at_the_root_is_shown_the_way() {
    let emulator = start().await;
    let answer = page(&emulator, "/", "en").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("/_emulator/"))
    );
    assert_eq!(
        page(&emulator, "/?Action=SendSms", "en").await.code(),
        "MissingAccessKeyId"
    );
    assert_eq!(get(&emulator, "/").await.code(), "MissingAccessKeyId");
}
