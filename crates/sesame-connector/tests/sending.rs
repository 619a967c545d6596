//! A connector over a wire: what Aliyun gets to see, and what we make of what
//! it answers. The other side is a few canned answers; the emulator is tested
//! where it stands.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliyun_sms::code::Kind;
use aliyun_sms::{Source, SystemSource};
use jiff::Timestamp;
use sesame_connector::config::{ConnectorConfig, NoLookup};
use sesame_connector::provider::Sought;
use sesame_connector::{Connector, Delivery, Draft, Language, OutId, Outcome, Stage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Randomness of the system, at a time that does not move.
#[derive(Debug)]
struct Noon;

impl Source for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-22T04:00:00Z".parse().expect("a time")
    }

    fn fill(&self, bytes: &mut [u8]) {
        SystemSource.fill(bytes);
    }
}

/// Answers one request after another with what it was given, then hangs up on
/// the rest. Remembers the bodies.
#[derive(Clone, Default)]
struct Canned {
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    async fn start(answers: Vec<(u16, String)>) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let canned = Self::default();
        let other_half = canned.clone();
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            while let Ok((stream, _)) = listener.accept().await {
                other_half.serve(stream, &mut answers).await;
            }
        });
        (canned, endpoint)
    }

    async fn serve(
        &self,
        mut stream: TcpStream,
        answers: &mut impl Iterator<Item = (u16, String)>,
    ) {
        while let Some(body) = read_request(&mut stream).await {
            self.bodies.lock().expect("no panic").push(body);
            let Some((status, answer)) = answers.next() else {
                return;
            };
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            let _ = stream.write_all(format!("{head}{answer}").as_bytes()).await;
        }
    }

    fn bodies(&self) -> Vec<String> {
        self.bodies.lock().expect("no panic").clone()
    }
}

/// Head and body of one request, the body alone returned.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(format!("{}\n{body}", head.to_ascii_lowercase()));
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

fn connector(endpoint: &str) -> Connector {
    let config = serde_json::json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": "阿里云短信测试",
        "templates": [{
            "usageType": "Generic",
            "templateCode": { "china": "SMS_1", "overseas": "SMS_2" },
        }],
        "endpoint": endpoint,
        "timeoutMs": 1000,
    });
    let config = ConnectorConfig::from_value(&config, &NoLookup)
        .into_valid()
        .expect("a valid configuration");
    Connector::from_config(config, Arc::new(Noon)).expect("a connector")
}

fn draft(to: &str) -> Draft {
    let mut draft = Draft::of_code(to, "SignIn", "654321");
    draft
        .payload
        .insert("uiLocales".to_owned(), "zh-CN en".into());
    draft.out_id = Some(OutId::parse("our-id").expect("an out-id"));
    draft
}

fn json(text: &str) -> (u16, String) {
    (200, text.to_owned())
}

#[tokio::test]
async fn what_aliyun_gets_to_see() {
    let ok = r#"{"Code":"OK","Message":"OK","RequestId":"REQ-1","BizId":"9^0"}"#;
    let (canned, endpoint) = Canned::start(vec![json(ok), json(ok)]).await;
    let connector = connector(&endpoint);
    let outcome = connector.send_draft(draft("86 138-0013-8000")).await;
    let Outcome::Accepted(receipt) = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(receipt.biz_id.as_deref(), Some("9^0"));
    assert_eq!(receipt.request_id.as_deref(), Some("REQ-1"));
    connector.send_draft(draft("+1 415 555 2671")).await;
    let bodies = canned.bodies();
    for wanted in [
        "PhoneNumbers=13800138000",
        "TemplateCode=SMS_1",
        "OutId=our-id",
        "654321",
    ] {
        assert!(bodies[0].contains(wanted), "{wanted} in {}", bodies[0]);
    }
    assert!(!bodies[0].contains("uiLocales"));
    for wanted in ["PhoneNumbers=14155552671", "TemplateCode=SMS_2"] {
        assert!(bodies[1].contains(wanted), "{wanted} in {}", bodies[1]);
    }
}

#[tokio::test]
async fn what_is_refused_tells_code_cause_and_cure_and_never_aliyuns_words() {
    let limit = r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发分钟级流控Permits:1","RequestId":"R"}"#;
    let signature = r#"{"Code":"SignatureDoesNotMatch","Message":"string to sign: testid 13800138000 654321","RequestId":"R"}"#;
    let (_, endpoint) = Canned::start(vec![json(limit), (400, signature.to_owned())]).await;
    let connector = connector(&endpoint);
    let outcome = connector.send_draft(draft("13800138000")).await;
    let Outcome::Refused(refusal) = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(refusal.kind, Kind::RateLimit);
    assert_eq!(refusal.stage, Stage::Provider);
    assert!(refusal.retry_after.is_some());
    let outcome = connector.send_draft(draft("13800138000")).await;
    assert_eq!(outcome.code(), Some("SignatureDoesNotMatch"));
    for language in [Language::En, Language::Zh] {
        let said = format!("{outcome:?} {:?}", outcome.view(language));
        for leaked in ["13800138000", "654321", "testid", "string to sign"] {
            assert!(!said.contains(leaked), "{leaked} in {said}");
        }
    }
}

#[tokio::test]
async fn what_may_have_been_sent_is_unknown_until_aliyun_is_asked() {
    let found = r#"{"Code":"OK","RequestId":"R","TotalCount":"2","SmsSendDetailDTOs":{"SmsSendDetailDTO":[
        {"PhoneNum":"13800138000","SendStatus":3,"ErrCode":"DELIVERED","OutId":"another","Content":"【x】654321","SendDate":"2026-11-22 12:00:00"},
        {"PhoneNum":"13800138000","SendStatus":1,"OutId":"our-id","Content":"【x】654321","SendDate":"2026-11-22 12:00:01"}]}}"#;
    let broken = (502, "<html>bad gateway</html>".to_owned());
    let (canned, endpoint) = Canned::start(vec![broken, json(found)]).await;
    let connector = connector(&endpoint);
    let message = connector.message(draft("13800138000")).unwrap();
    let outcome = connector.send(&message).await;
    assert_eq!(
        (outcome.as_str(), outcome.code()),
        ("unknown", Some("unreadable_answer"))
    );
    let settled = connector
        .settle(&message.to, outcome, Duration::from_secs(2))
        .await;
    assert_eq!(settled.as_str(), "accepted");
    let asked = &canned.bodies()[1];
    for wanted in ["PhoneNumber=13800138000", "SendDate=20261122"] {
        assert!(asked.contains(wanted), "{wanted} in {asked}");
    }
}

#[tokio::test]
async fn every_page_is_looked_through() {
    let detail = |out_id: String, status: i64| {
        serde_json::json!({
            "PhoneNum": "13800138000", "SendStatus": status, "ErrCode": "MK:0005", "OutId": out_id,
        })
    };
    let page = |details: Vec<serde_json::Value>| {
        let body = serde_json::json!({
            "Code": "OK", "TotalCount": 51, "SmsSendDetailDTOs": { "SmsSendDetailDTO": details },
        });
        (200, body.to_string())
    };
    let first = page((0..50).map(|n| detail(format!("other-{n}"), 3)).collect());
    let second = page(vec![detail("our-id".to_owned(), 2)]);
    let (canned, endpoint) = Canned::start(vec![first, second]).await;
    let connector = connector(&endpoint);
    let sought = Sought {
        to: connector.phone("13800138000").unwrap(),
        out_id: OutId::parse("our-id").unwrap(),
        sent_at: Noon.now(),
        biz_id: None,
    };
    let found = connector.provider().find(&sought).await.unwrap().unwrap();
    assert!(matches!(&found.delivery, Delivery::Failed { code, .. } if code == "MK:0005"));
    assert_eq!(canned.bodies().len(), 2);
}

#[tokio::test]
async fn what_never_left_is_refused_as_not_sent() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let outcome = connector(&endpoint).send_draft(draft("13800138000")).await;
    let Outcome::Refused(refusal) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(refusal.stage, Stage::NotSent);
    assert_eq!(refusal.code, "endpoint_unreachable");
}

#[tokio::test]
async fn what_is_wrong_on_our_side_reaches_nobody() {
    let (canned, endpoint) = Canned::start(vec![]).await;
    let connector = connector(&endpoint);
    for (to, code, expected, stage) in [
        ("", "654321", "invalid_phone_number", Stage::Argument),
        (
            "+1123123123",
            "654321",
            "invalid_phone_number",
            Stage::Argument,
        ),
        (
            "18002345678",
            "654321",
            "ambiguous_phone_number",
            Stage::Routing,
        ),
        ("13800138000", "", "invalid_code", Stage::Argument),
        (
            "13800138000",
            "12345678901234567890",
            "invalid_code",
            Stage::Argument,
        ),
    ] {
        let outcome = connector
            .send_draft(Draft::of_code(to, "SignIn", code))
            .await;
        let view = outcome.view(Language::Zh);
        assert_eq!(
            (view.outcome, view.code.as_deref()),
            ("refused", Some(expected))
        );
        assert!(view.cause.is_some() && view.cure.is_some() && !view.out_id.is_empty());
        assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.stage == stage));
    }
    assert_eq!(canned.bodies(), [] as [String; 0]);
}
