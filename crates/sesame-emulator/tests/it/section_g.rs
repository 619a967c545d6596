//! G: `QuerySendDetails` and statistics.

use serde_json::Value;
use sesame_emulator::{Delivery, Emulator, ReportDecision};

use crate::support::*;

async fn details(emulator: &Emulator, call: Call) -> (Value, Vec<Value>) {
    let body = call.send(emulator).await.json();
    assert_eq!(body["Code"], "OK", "{body}");
    let list = body["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
        .as_array()
        .unwrap()
        .clone();
    (body["TotalCount"].clone(), list)
}

#[tokio::test]
async fn g1_required_parameters() {
    let emulator = start().await;
    for name in ["PhoneNumber", "SendDate", "PageSize", "CurrentPage"] {
        for call in [
            query_details(&emulator, NUMBER).without(name),
            query_details(&emulator, NUMBER).param(name, ""),
        ] {
            let answer = call.send(&emulator).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, format!("Missing{name}"))
            );
        }
    }
}

#[tokio::test]
async fn g1_biz_id_narrows() {
    let emulator = start_with(unlimited()).await;
    let first = send_sms(&emulator).send(&emulator).await.json()["BizId"]
        .as_str()
        .unwrap()
        .to_owned();
    send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        details(&emulator, query_details(&emulator, NUMBER)).await.0,
        2
    );
    assert_eq!(
        details(
            &emulator,
            query_details(&emulator, NUMBER).param("BizId", &first)
        )
        .await
        .0,
        1
    );
    assert_eq!(
        details(
            &emulator,
            query_details(&emulator, NUMBER).param("BizId", "1^0")
        )
        .await
        .0,
        0
    );
}

#[tokio::test]
async fn g2_pages_and_dates_have_a_form() {
    let emulator = start().await;
    for (name, value, code) in [
        ("PageSize", "0", "InvalidPageSize"),
        ("PageSize", "51", "InvalidPageSize"),
        ("PageSize", "-1", "InvalidPageSize"),
        ("PageSize", "x", "InvalidPageSize"),
        ("PageSize", "+5", "InvalidPageSize"),
        ("CurrentPage", "+1", "InvalidCurrentPage"),
        ("CurrentPage", "0", "InvalidCurrentPage"),
        ("CurrentPage", "1.5", "InvalidCurrentPage"),
        ("SendDate", "2026-03-04", "isv.INVALID_PARAMETERS"),
        ("SendDate", "20261304", "isv.INVALID_PARAMETERS"),
        ("SendDate", "20260230", "isv.INVALID_PARAMETERS"),
        ("PhoneNumber", "x", "isv.MOBILE_NUMBER_ILLEGAL"),
    ] {
        let answer = query_details(&emulator, NUMBER)
            .param(name, value)
            .send(&emulator)
            .await;
        assert_eq!(answer.code(), code, "{name} {value}");
    }
}

#[tokio::test]
async fn g2_what_is_older_than_thirty_days_is_gone() {
    let emulator = start().await;
    send_sms(&emulator).send(&emulator).await;
    let call = |emulator: &Emulator| query_details(emulator, NUMBER).param("SendDate", "20260304");
    emulator.advance_secs(30 * 24 * 3600).unwrap();
    assert_eq!(details(&emulator, call(&emulator)).await.0, 1);
    emulator.advance_secs(24 * 3600).unwrap();
    assert_eq!(details(&emulator, call(&emulator)).await.0, 0);
}

#[tokio::test]
async fn g3_pages_count_from_one_and_end_empty() {
    let emulator = start_with(unlimited()).await;
    for at in 0..5 {
        send_sms(&emulator)
            .param("OutId", &at.to_string())
            .send(&emulator)
            .await;
    }
    let mut seen = Vec::new();
    for page in ["1", "2", "3", "4", "99999999999"] {
        let call = query_details(&emulator, NUMBER)
            .param("PageSize", "2")
            .param("CurrentPage", page);
        let (total, list) = details(&emulator, call).await;
        assert_eq!(total, 5);
        seen.push(list.len());
    }
    assert_eq!(seen, [2, 2, 1, 0, 0]);
}

#[tokio::test]
async fn g4_nothing_is_an_empty_list() {
    let emulator = start().await;
    let (total, list) = details(&emulator, query_details(&emulator, NUMBER)).await;
    assert_eq!((total, list), (0.into(), vec![]));
}

#[tokio::test]
async fn g5_g6_g7_waiting_then_delivered_or_failed() {
    let emulator = start_with(unlimited()).await;
    send_sms(&emulator)
        .param("OutId", "a")
        .send(&emulator)
        .await;
    let list = details(&emulator, query_details(&emulator, NUMBER)).await.1;
    assert_eq!(list[0]["SendStatus"], 1);
    assert_eq!(list[0]["SendDate"], "2026-03-04 13:06:07");
    assert!(list[0].get("ErrCode").is_none() && list[0].get("ReceiveDate").is_none());
    emulator.advance_secs(1).unwrap();
    let list = details(&emulator, query_details(&emulator, NUMBER)).await.1;
    assert_eq!(
        (list[0]["SendStatus"].as_i64(), list[0]["ErrCode"].as_str()),
        (Some(3), Some("DELIVERED"))
    );
    assert_eq!(list[0]["ReceiveDate"], "2026-03-04 13:06:08");

    send_sms(&emulator)
        .param("OutId", "b")
        .send(&emulator)
        .await;
    let mut decision = ReportDecision::of_out_id("b", Delivery::Failed);
    decision.err_code = Some("MK:0001".to_owned());
    assert_eq!(emulator.decide_report(&decision), Ok(1));
    let list = details(&emulator, query_details(&emulator, NUMBER)).await.1;
    assert_eq!(
        (list[0]["SendStatus"].as_i64(), list[0]["ErrCode"].as_str()),
        (Some(2), Some("MK:0001"))
    );
}

#[tokio::test]
async fn g6_days_are_those_of_utc_plus_8() {
    let emulator = start().await;
    emulator
        .set_now("2026-03-04T16:30:00Z".parse().unwrap())
        .unwrap();
    send_sms(&emulator).send(&emulator).await;
    let on = |day: &str| query_details(&emulator, NUMBER).param("SendDate", day);
    assert_eq!(details(&emulator, on("20260304")).await.0, 0);
    assert_eq!(details(&emulator, on("20260305")).await.0, 1);
}

#[tokio::test]
async fn g8_statistics_count_by_day() {
    let emulator = start_with(unlimited()).await;
    for _ in 0..3 {
        send_sms(&emulator)
            .param("OutId", "ok")
            .send(&emulator)
            .await;
    }
    send_sms(&emulator)
        .param("OutId", "bad")
        .send(&emulator)
        .await;
    emulator
        .decide_report(&ReportDecision::of_out_id("bad", Delivery::Failed))
        .unwrap();
    emulator.advance_secs(24 * 3600).unwrap();
    send_sms(&emulator).send(&emulator).await;
    send_sms(&emulator)
        .param("TemplateCode", OVERSEAS)
        .param("PhoneNumbers", "85268326366")
        .send(&emulator)
        .await;
    let call = |globe: &str| {
        Call::new(
            &emulator,
            "QuerySendStatistics",
            &[
                ("IsGlobe", globe),
                ("StartDate", "20260301"),
                ("EndDate", "20260331"),
                ("PageIndex", "1"),
                ("PageSize", "10"),
            ],
        )
    };
    let data = call("1").send(&emulator).await.json()["Data"].clone();
    assert_eq!(data["TotalSize"], 2);
    let first = &data["TargetList"][0];
    assert_eq!(first["SendDate"], "20260304");
    let counts = [
        "TotalCount",
        "RespondedSuccessCount",
        "RespondedFailCount",
        "NoRespondedCount",
    ];
    assert_eq!(
        counts.map(|name| first[name].as_i64().unwrap()),
        [4, 3, 1, 0]
    );
    assert_eq!(data["TargetList"][1]["NoRespondedCount"], 1);
    let data = call("2").send(&emulator).await.json()["Data"].clone();
    assert_eq!(data["TargetList"][0]["TotalCount"], 1);
    let none = call("1")
        .param("TemplateType", "1")
        .send(&emulator)
        .await
        .json()["Data"]
        .clone();
    assert_eq!(
        (
            none["TotalSize"].as_i64(),
            none["TargetList"].as_array().map(Vec::len)
        ),
        (Some(0), Some(0))
    );
    assert_eq!(call("3").send(&emulator).await.code(), "InvalidIsGlobe");
    assert_eq!(
        call("1").without("StartDate").send(&emulator).await.code(),
        "MissingStartDate"
    );
}
