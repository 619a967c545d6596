//! Delivery reports, as Aliyun pushes them.

use http::Method;
use serde_json::{Value, json};
use sesame_emulator::{Fault, FaultOrder};

use crate::support::{Ask, NUMBER, REPORT_SECRET, Said, World};

async fn push(world: &World, secret: &str, body: &[u8]) -> Said {
    let path = format!("/reports/aliyun/{secret}");
    let mut ask = Ask::new(Method::POST, &path, None);
    ask.body = body.to_vec();
    world.ask(ask).await
}

fn report(out_id: &str, to: &str, is_delivered: bool) -> Vec<u8> {
    json!([{
        "phone_number": to, "send_time": "2026-11-22 12:00:00", "report_time": "2026-11-22 12:00:05",
        "success": is_delivered, "err_code": if is_delivered { "DELIVERED" } else { "MK:0001" },
        "err_msg": "x", "sms_size": "1", "biz_id": "932702304080415357^0", "out_id": out_id,
    }])
    .to_string()
    .into_bytes()
}

async fn shown(world: &World, out_id: &str) -> Value {
    world.get(&format!("/v1/messages/{out_id}")).await.json()
}

async fn sent(world: &World) -> String {
    world.start(NUMBER).await;
    world.message(NUMBER).out_id.expect("an out-id")
}

#[tokio::test]
async fn a_report_may_come_any_number_of_times() {
    let world = World::new().await;
    let out_id = sent(&world).await;
    assert_eq!(shown(&world, &out_id).await["delivery"], "waiting");
    for _ in 0..3 {
        let said = push(&world, REPORT_SECRET, &report(&out_id, "13800138000", true)).await;
        assert_eq!(said.status, 200);
        assert_eq!(said.json()["code"], 0);
        assert!(said.json()["msg"].is_string());
    }
    let message = shown(&world, &out_id).await;
    assert_eq!(message["delivery"], "delivered");
    assert_eq!(message["reported_at"], "2026-11-22T04:00:05Z");
    // A failure that comes late changes nothing.
    push(
        &world,
        REPORT_SECRET,
        &report(&out_id, "13800138000", false),
    )
    .await;
    assert_eq!(shown(&world, &out_id).await["delivery"], "delivered");
}

#[tokio::test]
async fn a_report_for_another_number_is_not_believed() {
    let world = World::new().await;
    let out_id = sent(&world).await;
    let said = push(&world, REPORT_SECRET, &report(&out_id, "13900001234", true)).await;
    assert_eq!(said.json()["code"], 0);
    assert_eq!(shown(&world, &out_id).await["delivery"], "waiting");
}

#[tokio::test]
async fn a_report_settles_a_message_in_doubt() {
    let world = World::new().await;
    let order = FaultOrder::new("SendSms", 1, Fault::ResetAfterAccept);
    world.emulator.fault(order).expect("a fault");
    let out_id = sent(&world).await;
    assert_eq!(shown(&world, &out_id).await["outcome"], "unknown");
    push(
        &world,
        REPORT_SECRET,
        &report(&out_id, "8613800138000", true),
    )
    .await;
    let message = shown(&world, &out_id).await;
    assert_eq!(
        (&message["outcome"], &message["delivery"]),
        (&json!("accepted"), &json!("delivered"))
    );
}

#[tokio::test]
async fn nobody_pushes_without_the_secret() {
    let world = World::new().await;
    let out_id = sent(&world).await;
    for secret in [
        "wrong",
        "",
        "report-secret-of-test",
        "report-secret-of-tests%00",
        "%ff",
    ] {
        let said = push(&world, secret, &report(&out_id, "13800138000", true)).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (404, "not_found"),
            "{secret}"
        );
    }
    let without = World::with(|config| config.reports.secret = None).await;
    assert_eq!(push(&without, REPORT_SECRET, b"[]").await.status, 404);
    assert_eq!(shown(&world, &out_id).await["delivery"], "waiting");
}

#[tokio::test]
async fn what_are_no_reports_is_told() {
    let world = World::new().await;
    for body in [&b""[..], b"nonsense", b"{\"a\":", b"7"] {
        let said = push(&world, REPORT_SECRET, body).await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (400, "malformed_reports")
        );
    }
    let said = push(&world, REPORT_SECRET, b"[{\"surprise\":1}]").await;
    assert_eq!(said.json()["code"], 0);
    // Lists may be longer than other bodies.
    let long = [&b"["[..], &vec![b' '; 200 * 1024], b"]"].concat();
    assert_eq!(push(&world, REPORT_SECRET, &long).await.status, 200);
    let too_long = vec![b' '; 1024 * 1024 + 1];
    assert_eq!(
        push(&world, REPORT_SECRET, &too_long).await.code(),
        "body_too_large"
    );
}
