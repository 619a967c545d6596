//! K: delivery reports and replies, pushed to a receiver.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sesame_emulator::{Account, Delivery, Emulator, ReportDecision, ReportQueue};
use sha1::Sha1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::*;

const TAKEN: &str = r#"{"code":0,"msg":"接收成功"}"#;

/// Takes pushes and answers what it is told to.
struct Receiver {
    url: String,
    pushes: Arc<Mutex<Vec<(String, Value)>>>,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/reports", listener.local_addr().unwrap()),
            pushes: Arc::default(),
            answer: Arc::new(Mutex::new((200, TAKEN.to_owned()))),
        };
        let (pushes, answer) = (receiver.pushes.clone(), receiver.answer.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (pushes, answer) = (pushes.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut read = Vec::new();
                    while stream.read_buf(&mut read).await.unwrap_or(0) > 0 {
                        let Some((head, body)) = whole(&read) else {
                            continue;
                        };
                        pushes.lock().unwrap().push((head, body));
                        read.clear();
                        let (status, text) = answer.lock().unwrap().clone();
                        let reply = format!(
                            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{text}",
                            text.len()
                        );
                        stream.write_all(reply.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        receiver
    }

    fn pushes(&self) -> Vec<Value> {
        self.pushes
            .lock()
            .unwrap()
            .iter()
            .map(|(_, body)| body.clone())
            .collect()
    }

    fn reports(&self) -> Vec<Value> {
        self.pushes()
            .iter()
            .flat_map(|push| push.as_array().unwrap().clone())
            .collect()
    }

    fn answers(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    async fn has(&self, many: usize) {
        eventually(
            &format!("{many} reports, not {}", self.reports().len()),
            || self.reports().len() >= many,
        )
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        assert_eq!(self.reports().len(), many);
    }
}

fn whole(read: &[u8]) -> Option<(String, Value)> {
    let text = std::str::from_utf8(read).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.to_owned(), serde_json::from_str(body).ok()?))
}

async fn emulator(receiver: &Receiver) -> Emulator {
    builder()
        .account(unlimited())
        .reports(&receiver.url)
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_receiver_may_be_named_later_and_once() {
    let receiver = Receiver::start().await;
    let emulator = start_with(unlimited()).await;
    assert!(emulator.push_reports_to("nowhere").is_err());
    emulator.push_reports_to(&receiver.url).unwrap();
    let again = emulator.push_reports_to(&receiver.url).unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(1).unwrap();
    receiver.has(1).await;
}

/// Who takes the emulator's time for theirs goes along when it is moved.
#[tokio::test]
async fn its_source_is_its_moved_clock() {
    let emulator = start().await;
    let source = emulator.source();
    assert_eq!(source.now(), emulator.now());
    let before = source.now();
    emulator.advance_secs(3600).unwrap();
    assert_eq!(source.now().duration_since(before).as_secs(), 3600);
    emulator.reset();
    assert_eq!(source.now(), before);
}

#[tokio::test]
async fn k1_k6_reports_are_pushed_as_an_array() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    let body = send_sms(&emulator)
        .param("PhoneNumbers", "13800138000,13800138001")
        .param("OutId", "o")
        .send(&emulator)
        .await
        .json();
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(1).unwrap();
    receiver.has(3).await;
    assert_eq!(receiver.pushes().len(), 1, "several reports in one push");
    let reports = receiver.reports();
    let first = &reports[0];
    assert_eq!(first["phone_number"], "13800138000");
    assert_eq!(first["send_time"], "2026-03-04 13:06:07");
    assert_eq!(first["report_time"], "2026-03-04 13:06:08");
    assert_eq!(
        (first["success"].as_bool(), first["err_code"].as_str()),
        (Some(true), Some("DELIVERED"))
    );
    assert_eq!(
        (&first["biz_id"], first["out_id"].as_str()),
        (&body["BizId"], Some("o"))
    );
    assert_eq!(first["sms_size"], "1");
    assert!(first["err_msg"].is_string());
    assert_eq!(reports[2]["out_id"], "");
    let head = receiver.pushes.lock().unwrap()[0].0.clone();
    assert!(head.starts_with("POST /reports HTTP/1.1"), "{head}");
    assert!(
        head.to_ascii_lowercase()
            .contains("content-type: application/json"),
        "{head}"
    );
}

#[tokio::test]
async fn k2_what_is_not_taken_comes_again_three_times() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    receiver.answers(500, TAKEN);
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(1).unwrap();
    receiver.has(1).await;
    emulator.advance_secs(59).unwrap();
    receiver.has(1).await;
    receiver.answers(200, r#"{"code":"0"}"#);
    emulator.advance_secs(1).unwrap();
    receiver.has(2).await;
    receiver.answers(200, "ok");
    emulator.advance_secs(300).unwrap();
    receiver.has(3).await;
    receiver.answers(200, r#"{"code":1}"#);
    emulator.advance_secs(600).unwrap();
    receiver.has(4).await;
    emulator.advance_secs(24 * 3600).unwrap();
    receiver.has(4).await;
    assert!(receiver.pushes().windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn k2_what_is_taken_does_not_come_again() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    receiver.answers(503, "");
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(1).unwrap();
    receiver.has(1).await;
    receiver.answers(200, TAKEN);
    emulator.advance_secs(60).unwrap();
    receiver.has(2).await;
    emulator.advance_secs(3600).unwrap();
    receiver.has(2).await;
}

#[tokio::test]
async fn k2_any_way_to_write_the_number_zero_will_do() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    receiver.answers(200, r#"{"code":0.0}"#);
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(1).unwrap();
    receiver.has(1).await;
    emulator.advance_secs(3600).unwrap();
    receiver.has(1).await;
}

#[tokio::test]
async fn k3_k5_duplicates_out_of_order_and_failures() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    for out_id in ["first", "second"] {
        send_sms(&emulator)
            .param("OutId", out_id)
            .send(&emulator)
            .await;
    }
    let mut late = ReportDecision::of_out_id("first", Delivery::Failed);
    late.delay_secs = 30;
    late.repeat = 2;
    late.err_code = Some("MOBILE_NOT_ON_SERVICE".to_owned());
    assert_eq!(emulator.decide_report(&late), Ok(1));
    emulator.advance_secs(1).unwrap();
    receiver.has(1).await;
    emulator.advance_secs(30).unwrap();
    receiver.has(4).await;
    let reports = receiver.reports();
    let out_ids: Vec<&str> = reports
        .iter()
        .map(|report| report["out_id"].as_str().unwrap())
        .collect();
    assert_eq!(out_ids, ["second", "first", "first", "first"]);
    assert_eq!(
        (
            reports[1]["success"].as_bool(),
            reports[1]["err_code"].as_str()
        ),
        (Some(false), Some("MOBILE_NOT_ON_SERVICE"))
    );
    assert_eq!(reports[1], reports[3]);
}

#[tokio::test]
async fn k3_a_message_can_be_decided_again() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    let body = send_sms(&emulator).send(&emulator).await.json();
    emulator.advance_secs(1).unwrap();
    receiver.has(1).await;
    let decision = ReportDecision::of_biz_id(body["BizId"].as_str().unwrap(), Delivery::Failed);
    emulator.decide_report(&decision).unwrap();
    receiver.has(2).await;
    assert_eq!(receiver.reports()[1]["success"], false);
    assert_eq!(emulator.messages()[0].err_code.as_deref(), Some("UNDELIV"));
}

#[tokio::test]
async fn k4_replies_are_pushed() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    send_sms(&emulator).send(&emulator).await;
    post(
        &emulator,
        "/_emulator/replies",
        r#"{"to":"+86 13800138000","content":"TD 退订","dest_code":"0001"}"#,
    )
    .await;
    receiver.has(1).await;
    post(
        &emulator,
        "/_emulator/replies",
        r#"{"to":"13800138000","content":"T","sequence_form":"number"}"#,
    )
    .await;
    receiver.has(2).await;
    let replies = receiver.reports();
    assert_eq!(replies[0]["phone_number"], "13800138000");
    assert_eq!(
        (
            replies[0]["content"].as_str(),
            replies[0]["dest_code"].as_str()
        ),
        (Some("TD 退订"), Some("0001"))
    );
    assert_eq!(replies[0]["send_time"], "2026-03-04 13:06:07");
    assert!(replies[0]["sequence_id"].is_string() && replies[1]["sequence_id"].is_u64());
}

/// Reports of the international site have a form of their own, come in pushes of
/// their own, and come again only twice.
#[tokio::test]
async fn k1_k2_the_international_form() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    let params = [
        ("To", "85268326366"),
        ("Message", "Your code is 1234"),
        ("TaskId", "7"),
    ];
    let call = Call::new(&emulator, "SendMessageToGlobe", &params).version("2018-05-01");
    let id = accepted(&emulator, &call).await["MessageId"].clone();
    receiver.answers(500, "");
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(1).unwrap();
    receiver.has(2).await;
    assert_eq!(receiver.pushes().len(), 2);
    let reports = receiver.reports();
    let report = reports.iter().find(|report| report.get("To").is_some());
    assert_eq!(
        report,
        Some(&json!({
            "To": "85268326366",
            "SendDate": "Wed, 04 Mar 2026 13:06:07 +0800",
            "ReceiveDate": "Wed, 04 Mar 2026 13:06:08 +0800",
            "Status": "1",
            "ErrorCode": "success",
            "ErrorDescription": "success",
            "TaskId": "7",
            "SmsSize": "1",
            "MessageId": id,
        }))
    );
    emulator.advance_secs(60).unwrap();
    receiver.has(4).await;
    emulator.advance_secs(300).unwrap();
    receiver.has(6).await;
    emulator.advance_secs(600).unwrap();
    receiver.has(7).await;
    assert!(receiver.reports()[6].get("phone_number").is_some());
}

/// Status 6 is in the documents, and what it is for is not.
#[tokio::test]
async fn k5_the_international_form_of_failures() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    for (many, err_code, status) in [(1, "UNDELIV", "2"), (2, "EXPIRED", "6")] {
        let params = [("To", "85268326366"), ("Message", "1234")];
        let call = Call::new(&emulator, "SendMessageToGlobe", &params).version("2018-05-01");
        let id = accepted(&emulator, &call).await["MessageId"].clone();
        let mut decision = ReportDecision::of_biz_id(id.as_str().unwrap(), Delivery::Failed);
        decision.err_code = Some(err_code.to_owned());
        emulator.decide_report(&decision).unwrap();
        receiver.has(many).await;
        let report = receiver.reports().pop().unwrap();
        assert_eq!(
            (&report["Status"], &report["ErrorCode"]),
            (&json!(status), &json!(err_code))
        );
    }
}

/// Messages of number verification are reported like any other.
#[tokio::test]
async fn k1_reports_of_number_verification() {
    let receiver = Receiver::start().await;
    let emulator = emulator(&receiver).await;
    let params = [
        ("PhoneNumber", NUMBER),
        ("SignName", "速通互联验证码"),
        ("TemplateCode", "100001"),
        ("TemplateParam", r###"{"code":"##code##","min":"5"}"###),
        ("OutId", "o-1"),
    ];
    let call = Call::new(&emulator, "SendSmsVerifyCode", &params);
    let biz_id = accepted(&emulator, &call).await["Model"]["BizId"].clone();
    emulator.advance_secs(1).unwrap();
    receiver.has(1).await;
    let report = receiver.reports().remove(0);
    assert_eq!(
        (&report["biz_id"], &report["out_id"]),
        (&biz_id, &json!("o-1"))
    );
}

const REPORT_QUEUE: &str = "Alicom-Queue-1000000000000000-SmsReport";

/// An emulator whose reports go to the queues, and a token for them.
async fn with_queue() -> (Emulator, Token) {
    let emulator = start_with(Account {
        report_queue: ReportQueue::Base64,
        ..unlimited()
    })
    .await;
    let token = token(&emulator, "SmsReport").await;
    (emulator, token)
}

/// A key for the queues.
struct Token {
    id: String,
    secret: String,
    token: String,
}

async fn token(emulator: &Emulator, kind: &str) -> Token {
    let call = Call::new(emulator, "QueryTokenForMnsQueue", &[("MessageType", kind)]);
    let body = accepted(emulator, &call).await;
    let text = |name: &str| body["MessageTokenDTO"][name].as_str().unwrap().to_owned();
    assert_eq!(text("CreateTime"), "2026-03-04 13:06:07");
    assert_eq!(text("ExpireTime"), "2026-03-04 14:06:07");
    Token {
        id: text("AccessKeyId"),
        secret: text("AccessKeySecret"),
        token: text("SecurityToken"),
    }
}

impl Token {
    /// A signed request to a queue.
    async fn ask(&self, emulator: &Emulator, method: &str, target: &str) -> Answer {
        self.ask_with(emulator, method, target, "").await
    }

    async fn ask_with(
        &self,
        emulator: &Emulator,
        method: &str,
        target: &str,
        body: &str,
    ) -> Answer {
        let date = emulator
            .now()
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        let kind = if body.is_empty() { "" } else { "text/xml" };
        let to_sign = format!("{method}\n\n{kind}\n{date}\nx-mns-version:2015-06-06\n{target}");
        let mut mac = Hmac::<Sha1>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(to_sign.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let mut headers = vec![
            ("Host", emulator.address().to_string()),
            ("Date", date),
            ("x-mns-version", "2015-06-06".to_owned()),
            ("security-token", self.token.clone()),
            ("Authorization", format!("MNS {}:{signature}", self.id)),
        ];
        if !kind.is_empty() {
            headers.push(("Content-Type", kind.to_owned()));
        }
        let headers: Vec<(String, String)> = headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        raw(emulator, &http(method, target, &headers, body.as_bytes())).await
    }

    async fn take(&self, emulator: &Emulator, query: &str) -> Answer {
        let target = format!("/queues/{REPORT_QUEUE}/messages{query}");
        self.ask(emulator, "GET", &target).await
    }

    async fn delete(&self, emulator: &Emulator, receipt: &str) -> u16 {
        let target = format!("/queues/{REPORT_QUEUE}/messages?ReceiptHandle={receipt}");
        self.ask(emulator, "DELETE", &target).await.status
    }
}

/// What stands in an element, each time it is there.
fn inside(answer: &Answer, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let text = answer.text();
    text.split(&open)
        .skip(1)
        .map(|rest| rest.split_once(&close).unwrap().0.to_owned())
        .collect()
}

fn is(answer: &Answer, status: u16, code: &str) -> bool {
    answer.status == status && inside(answer, "Code") == [code]
}

fn decoded(body: &str) -> Value {
    serde_json::from_slice(&STANDARD.decode(body).unwrap()).unwrap()
}

#[tokio::test]
async fn k7_reports_come_through_the_queue_one_by_one() {
    let (emulator, token) = with_queue().await;
    assert!(is(&token.take(&emulator, "").await, 404, "MessageNotExist"));
    let call = send_sms(&emulator)
        .param("OutId", "o")
        .param("PhoneNumbers", "13800138000,13800138001");
    let biz_id = accepted(&emulator, &call).await["BizId"].clone();
    emulator.advance_secs(1).unwrap();

    let taken = token.take(&emulator, "?waitseconds=0").await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(taken.header("content-type"), Some("text/xml;charset=utf-8"));
    let report = decoded(&inside(&taken, "MessageBody")[0]);
    assert_eq!(
        (&report["biz_id"], &report["out_id"]),
        (&biz_id, &json!("o"))
    );
    assert_eq!(report["phone_number"], "13800138000");
    assert_eq!(
        (&report["success"], &report["err_code"]),
        (&json!(true), &json!("DELIVERED"))
    );
    assert_eq!(inside(&taken, "DequeueCount"), ["1"]);
    assert_eq!(inside(&taken, "MessageBodyMD5")[0].len(), 32);

    // It is hidden for a while, and comes again.
    let second = token.take(&emulator, "").await;
    assert_eq!(
        decoded(&inside(&second, "MessageBody")[0])["phone_number"],
        "13800138001"
    );
    assert!(is(&token.take(&emulator, "").await, 404, "MessageNotExist"));
    emulator.advance_secs(30).unwrap();
    let old = inside(&taken, "ReceiptHandle").remove(0);
    assert_eq!(token.delete(&emulator, &old).await, 400, "its time is over");
    let again = token.take(&emulator, "?numOfMessages=16").await;
    assert_eq!(inside(&again, "DequeueCount"), ["2", "2"]);
    assert_eq!(
        inside(&again, "MessageId")[0],
        inside(&taken, "MessageId")[0]
    );

    let receipts = inside(&again, "ReceiptHandle");
    assert_eq!(token.delete(&emulator, &receipts[0]).await, 204);
    assert_eq!(token.delete(&emulator, &receipts[0]).await, 400);
    let body = format!(
        "<ReceiptHandles><ReceiptHandle>{}</ReceiptHandle></ReceiptHandles>",
        receipts[1]
    );
    let target = format!("/queues/{REPORT_QUEUE}/messages");
    let answer = token.ask_with(&emulator, "DELETE", &target, &body).await;
    assert_eq!(answer.status, 204);
    emulator.advance_secs(3000).unwrap();
    assert!(is(&token.take(&emulator, "").await, 404, "MessageNotExist"));
}

/// That it is base64 is known from demos alone.
#[tokio::test]
async fn k7_bodies_can_be_plain() {
    let (emulator, token) = with_queue().await;
    emulator
        .change_account(|account| account.report_queue = ReportQueue::Plain)
        .unwrap();
    accepted(&emulator, &send_sms(&emulator).param("OutId", "a<b&c")).await;
    emulator.advance_secs(1).unwrap();
    let taken = token.take(&emulator, "").await;
    let body = &inside(&taken, "MessageBody")[0];
    assert!(
        body.starts_with('{') && body.contains("a&lt;b&amp;c"),
        "{body}"
    );
}

#[tokio::test]
async fn k7_a_request_waits_for_the_first_message() {
    let (emulator, token) = with_queue().await;
    let waits = token.take(&emulator, "?waitseconds=30");
    let sends = async {
        accepted(&emulator, &send_sms(&emulator)).await;
        emulator.advance_secs(1).unwrap();
    };
    let (taken, ()) = tokio::join!(waits, sends);
    assert_eq!(taken.status, 200);
}

#[tokio::test]
async fn k7_replies_have_a_queue_of_their_own() {
    let (emulator, _) = with_queue().await;
    let reply = r#"{"to":"13800138000","content":"TD","dest_code":"01"}"#;
    post(&emulator, "/_emulator/replies", reply).await;
    let token = token(&emulator, "SmsUp").await;
    let target = "/queues/Alicom-Queue-1000000000000000-SmsUp/messages";
    let taken = token.ask(&emulator, "GET", target).await;
    let reply = decoded(&inside(&taken, "MessageBody")[0]);
    assert_eq!(
        (&reply["content"], &reply["dest_code"]),
        (&json!("TD"), &json!("01"))
    );
    assert_eq!(reply["phone_number"], "13800138000");
}

#[tokio::test]
async fn k7_only_whoever_has_the_token_may_take() {
    let (emulator, token) = with_queue().await;
    let with = |change: &dyn Fn(&mut Token)| {
        let mut changed = Token {
            id: token.id.clone(),
            secret: token.secret.clone(),
            token: token.token.clone(),
        };
        change(&mut changed);
        changed
    };
    for (token, code) in [
        (
            with(&|token| token.id = "testid".to_owned()),
            "AccessIDAuthError",
        ),
        (
            with(&|token| token.secret.push('x')),
            "SignatureDoesNotMatch",
        ),
        (with(&|token| token.token.push('x')), "AccessDenied"),
    ] {
        assert!(is(&token.take(&emulator, "").await, 403, code), "{code}");
    }
    let unsigned = get(&emulator, &format!("/queues/{REPORT_QUEUE}/messages")).await;
    assert!(is(&unsigned, 403, "AccessDenied"));
    for (target, status, code) in [
        (
            "/queues/Alicom-Queue-1-SmsReport/messages",
            404,
            "QueueNotExist",
        ),
        ("/queues/mine/messages", 404, "QueueNotExist"),
        ("/queues/mine", 400, "BadRequest"),
    ] {
        assert!(
            is(&token.ask(&emulator, "GET", target).await, status, code),
            "{target}"
        );
    }
    for query in [
        "?waitseconds=31",
        "?waitseconds=x",
        "?numOfMessages=0",
        "?numOfMessages=17",
    ] {
        assert!(
            is(&token.take(&emulator, query).await, 400, "InvalidArgument"),
            "{query}"
        );
    }
    let target = format!("/queues/{REPORT_QUEUE}/messages");
    assert!(is(
        &token.ask(&emulator, "PUT", &target).await,
        400,
        "BadRequest"
    ));
    emulator.advance_secs(3600).unwrap();
    assert!(
        is(&token.take(&emulator, "").await, 403, "AccessDenied"),
        "it has ended"
    );
}

#[tokio::test]
async fn k7_a_token_is_for_a_queue_that_is() {
    let (emulator, token) = with_queue().await;
    let call = |kind: &str, queue: &str| {
        let params = [("MessageType", kind), ("QueueName", queue)];
        Call::new(&emulator, "QueryTokenForMnsQueue", &params)
    };
    accepted(&emulator, &call("SmsReport", REPORT_QUEUE)).await;
    for call in [
        call("SmsUp", REPORT_QUEUE),
        call("SmsReport", "Alicom-Queue-1-SmsReport"),
        call("Nothing", ""),
    ] {
        let expected = (200, "isv.INVALID_PARAMETERS".to_owned());
        assert_eq!(outcome(&emulator, &call).await, expected);
    }
    let missing = (400, "MissingMessageType".to_owned());
    assert_eq!(outcome(&emulator, &call("", REPORT_QUEUE)).await, missing);
    // Where reports are not sent to queues, there are none.
    emulator
        .change_account(|account| account.report_queue = ReportQueue::Off)
        .unwrap();
    assert!(is(&token.take(&emulator, "").await, 404, "QueueNotExist"));
}

#[tokio::test]
async fn reports_come_by_themselves_in_real_time() {
    let receiver = Receiver::start().await;
    let emulator = Emulator::builder()
        .listen("127.0.0.1:0".parse().unwrap())
        .reports(&receiver.url)
        .start()
        .await
        .unwrap();
    send_sms(&emulator).send(&emulator).await;
    receiver.has(1).await;
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let emulator = builder()
        .reports(format!("http://{address}/"))
        .start()
        .await
        .unwrap();
    send_sms(&emulator).send(&emulator).await;
    emulator.advance_secs(1).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let listener = TcpListener::bind(address).await.unwrap();
    emulator.advance_secs(60).unwrap();
    let accepted = tokio::time::timeout(std::time::Duration::from_secs(5), listener.accept()).await;
    assert!(accepted.is_ok());
    assert!(builder().reports("ftp://x").start().await.is_err());
    assert!(builder().reports("not a url").start().await.is_err());
}
