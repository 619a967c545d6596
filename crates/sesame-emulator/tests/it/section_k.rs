//! K: delivery reports and replies, pushed to a receiver.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use sesame_emulator::{Delivery, Emulator, ReportDecision};
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
