//! Starting, checking, looking at and ending verifications.

use http::Method;
use serde_json::json;
use sesame_connector::config::NoLookup;
use sesame_connector::{Connector, ConnectorConfig};
use sesame_emulator::{Fault, FaultOrder};
use sesame_server::auth::Scope;

use crate::support::{Ask, NUMBER, World, check_path};

const START: &str = "/v1/verifications";

#[tokio::test]
async fn two_calls_verify_a_phone() {
    let world = World::new().await;
    let said = world
        .post(START, &json!({ "to": NUMBER, "type": "SignIn" }))
        .await;
    assert_eq!(said.status, 201, "{said:?}");
    let started = said.json();
    assert_eq!(started["to"], "+86 138****8000");
    assert_eq!(started["type"], "SignIn");
    assert_eq!(started["status"], "pending");
    assert_eq!(started["expires_at"], "2026-11-22T04:10:00Z");
    assert_eq!(started["resend_after_secs"], 60);
    assert_eq!(started["message"]["outcome"], "accepted");
    let out_id = started["message"]["out_id"].as_str().expect("an out-id");
    assert_eq!(
        world.get(&format!("/v1/messages/{out_id}")).await.status,
        200
    );
    let id = started["id"].as_str().expect("an id");
    let wrong = world.check(id, &world.wrong_code(NUMBER)).await;
    assert_eq!(
        wrong,
        json!({ "status": "pending", "valid": false, "attempts_left": 4 })
    );
    let right = world.check(id, &world.code(NUMBER)).await;
    assert_eq!(
        (&right["status"], &right["valid"]),
        (&json!("approved"), &json!(true))
    );
    assert!(right["token"].is_string());
    let again = world.check(id, &world.code(NUMBER)).await;
    assert_eq!(again, json!({ "status": "consumed", "valid": false }));
    let shown = world.get(&format!("{START}/{id}")).await.json();
    assert_eq!(shown["status"], "approved");
}

#[tokio::test]
async fn codes_are_taken_as_people_type_them() {
    let world = World::new().await;
    for (to, typed) in [
        ("+8613800138001", " 123 456 "),
        ("+8613800138002", "full-width"),
    ] {
        let id = world.start(to).await;
        let code = world.code(to);
        let typed = if typed == "full-width" {
            let wide = |c: char| char::from_u32(u32::from(c) - 0x30 + 0xff10).expect("a digit");
            code.chars().map(wide).collect()
        } else {
            format!(" {} {} ", &code[..3], &code[3..])
        };
        assert_eq!(world.check(&id, &typed).await["status"], "approved");
    }
    let id = world.start(NUMBER).await;
    for no_code in ["", "abc", "１２", "0", &"9".repeat(64)] {
        let said = world.check(&id, no_code).await;
        assert_eq!(
            said,
            json!({ "status": "pending", "valid": false, "attempts_left": 5 })
        );
    }
}

#[tokio::test]
async fn every_end_of_a_verification_is_told() {
    let world = World::new().await;
    let id = world.start(NUMBER).await;
    let wrong = world.wrong_code(NUMBER);
    for left in (1..5).rev() {
        assert_eq!(world.check(&id, &wrong).await["attempts_left"], left);
    }
    let end = json!({ "status": "exhausted", "valid": false });
    assert_eq!(world.check(&id, &wrong).await, end);
    assert_eq!(world.check(&id, &world.code(NUMBER)).await, end);
    world.clock.advance_secs(60);
    let id = world.start(NUMBER).await;
    assert_eq!(world.delete(&format!("{START}/{id}")).await.status, 204);
    assert_eq!(world.delete(&format!("{START}/{id}")).await.status, 204);
    assert_eq!(
        world.check(&id, &world.code(NUMBER)).await["status"],
        "canceled"
    );
}

#[tokio::test]
async fn too_many_wrong_codes_lock_the_number_for_all_its_verifications() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.start(NUMBER).await);
        world.clock.advance_secs(60);
    }
    for id in &ids[..2] {
        for _ in 0..5 {
            world.check(id, &world.wrong_code(NUMBER)).await;
        }
    }
    let locked = world.check(&ids[2], &world.code(NUMBER)).await;
    assert_eq!(
        (&locked["status"], &locked["valid"]),
        (&json!("locked"), &json!(false))
    );
    assert_eq!(locked["limit"], "number_checks_per_hour");
    assert!(
        locked["retry_after_secs"]
            .as_u64()
            .is_some_and(|secs| secs <= 3600)
    );
    let said = world
        .post(START, &json!({ "to": NUMBER, "type": "SignIn" }))
        .await;
    assert_eq!(said.json()["limit"], "number_checks_per_hour", "{said:?}");
    world.clock.advance_secs(600);
    let shown = world.get(&format!("{START}/{}", ids[2])).await;
    assert_eq!(shown.json()["status"], "expired");
}

#[tokio::test]
async fn starting_again_in_one_session_goes_on_with_the_same_code() {
    let world = World::new().await;
    let body = json!({ "to": NUMBER, "type": "SignIn", "session": "s-1" });
    let first = world.post(START, &body).await.json();
    let code = world.code(NUMBER);
    world.clock.advance_secs(60);
    let second = world.post(START, &body).await;
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(second.json()["id"], first["id"]);
    assert_eq!(world.code(NUMBER), code);
    assert_eq!(world.emulator.messages_to(NUMBER).len(), 2);
    world.clock.advance_secs(60);
    let body = json!({ "to": NUMBER, "type": "SignIn", "session": "s-2" });
    assert_ne!(world.post(START, &body).await.json()["id"], first["id"]);
}

#[tokio::test]
async fn a_number_in_ten_notations_is_one_record() {
    let world = World::new().await;
    world.start(NUMBER).await;
    for to in [
        "+8613800138000",
        "+86 138 0013 8000",
        "+86-138-0013-8000",
        "008613800138000",
        "00 86 138 0013 8000",
        "8613800138000",
        "13800138000",
        "138 0013 8000",
        "（+86）13800138000",
        "＋８６１３８００１３８０００",
    ] {
        let said = world
            .post(START, &json!({ "to": to, "type": "SignIn" }))
            .await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (429, "limit_reached"),
            "{to}"
        );
        assert_eq!(said.json()["limit"], "number_per_minute", "{to}");
    }
    assert_eq!(world.emulator.messages().len(), 1);
}

#[tokio::test]
async fn a_limit_says_which_it_is_and_when_it_ends() {
    let world = World::new().await;
    world.start(NUMBER).await;
    world.clock.advance_secs(20);
    let body = json!({ "to": NUMBER, "type": "SignIn", "locale": "zh-CN" });
    let said = world.post(START, &body).await;
    assert_eq!(said.code(), "limit_reached");
    let problem = said.json();
    assert_eq!(problem["retry_after_secs"], 40);
    assert_eq!(problem["ends_at"], "2026-11-22T04:01:00Z");
    assert_eq!(problem["message"], "获取验证码过于频繁，请稍后再试。");
    let calls = world.emulator.requests_total();
    world.post(START, &body).await;
    assert_eq!(world.emulator.requests_total(), calls);
}

#[tokio::test]
async fn an_address_has_its_limit() {
    let world = World::new().await;
    for n in 0..20 {
        let to = format!("+86138{n:04}8000");
        let ip = format!("2001:db8::{n:x}");
        let said = world
            .post(START, &json!({ "to": to, "type": "SignIn", "ip": ip }))
            .await;
        assert_eq!(said.status, 201, "{said:?}");
    }
    let body = json!({ "to": "+8613900001234", "type": "SignIn", "ip": "2001:db8::ffff" });
    let said = world.post(START, &body).await;
    assert_eq!(
        (said.code(), said.json()["limit"].clone()),
        ("limit_reached".into(), json!("ip_per_hour"))
    );
}

fn code(code: &str) -> Fault {
    Fault::Code {
        code: code.to_owned(),
        http_status: 200,
        message: None,
        headers: Vec::new(),
    }
}

/// Anybody may type a number of another region: that is no trouble of the
/// server's, and trying again does not help.
#[tokio::test]
async fn a_number_of_a_region_that_is_not_served_is_refused_as_such() {
    let world = World::with_connector(
        |_| {},
        |endpoint, source| {
            let config = json!({
                "accessKeyId": "testid", "accessKeySecret": "testsecret",
                "signName": "阿里云短信测试", "endpoint": endpoint,
                "templates": [{ "usageType": "Generic", "templateCode": { "china": "SMS_154950909" } }],
            });
            let config = ConnectorConfig::from_value(&config, &NoLookup).into_valid();
            Connector::from_config(config.expect("valid"), source).expect("a provider")
        },
    )
    .await;
    let body = json!({ "to": "+85268326366", "type": "SignIn", "locale": "zh" });
    let said = world.post(START, &body).await;
    assert_eq!(
        (said.status.as_u16(), said.code().as_str()),
        (422, "number_refused"),
        "{said:?}"
    );
    let problem = said.json();
    assert_eq!(problem["aliyun_code"], "no_overseas_template");
    assert_eq!(problem["message"], "该手机号无法接收验证码，请核对后重试。");
    let body = json!({ "to": NUMBER, "type": "SignIn" });
    assert_eq!(world.post(START, &body).await.status, 201);
}

#[tokio::test]
async fn what_aliyun_says_becomes_the_right_status() {
    let world = World::new().await;
    for (n, fault, status, name) in [
        (1, code("isv.MOBILE_NUMBER_ILLEGAL"), 422, "number_refused"),
        (2, code("isv.AMOUNT_NOT_ENOUGH"), 503, "provider_refused"),
        (3, code("isv.BUSINESS_LIMIT_CONTROL"), 429, "provider_limit"),
    ] {
        world
            .emulator
            .fault(FaultOrder::new("SendSms", 1, fault))
            .expect("a fault");
        let to = format!("+861380013800{n}");
        let said = world
            .post(START, &json!({ "to": to, "type": "SignIn" }))
            .await;
        assert_eq!(
            (said.status.as_u16(), said.code().as_str()),
            (status, name),
            "{said:?}"
        );
        let problem = said.json();
        assert!(
            problem["out_id"].is_string() && problem["request_id"].is_string(),
            "{problem}"
        );
        assert!(
            problem["aliyun_code"]
                .as_str()
                .is_some_and(|code| code.starts_with("isv."))
        );
        assert!(problem["message"].is_string() && problem["cure"].is_string());
    }
    world
        .emulator
        .fault(FaultOrder::new("SendSms", 1, Fault::ResetAfterAccept))
        .expect("a fault");
    let said = world
        .post(START, &json!({ "to": NUMBER, "type": "SignIn" }))
        .await;
    assert_eq!(said.status, 201, "{said:?}");
    let started = said.json();
    assert_eq!(started["message"]["outcome"], "unknown");
    // The code arrived, and counts.
    let id = started["id"].as_str().expect("an id");
    assert_eq!(
        world.check(id, &world.code(NUMBER)).await["status"],
        "approved"
    );
}

#[tokio::test]
async fn other_apps_and_unknown_ids_see_nothing() {
    let world = World::new().await;
    let id = world.start(NUMBER).await;
    let other = world.new_key("other", &[Scope::Verify, Scope::Admin]).await;
    let code = json!({ "code": world.code(NUMBER) });
    let long = "x".repeat(3000);
    for (key, id) in [
        (&other, id.as_str()),
        (&world.key, "nothing"),
        (&world.key, "..%2F..%2Fetc"),
        (&world.key, "%00"),
        (&world.key, "%ff%fe"),
        (&world.key, &id[..id.len() - 1]),
        (&world.key, &long),
    ] {
        let path = format!("{START}/{id}");
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::DELETE, path),
            (Method::POST, check_path(id)),
        ] {
            let mut ask = Ask::new(method, &path, Some(key));
            if ask.method == Method::POST {
                ask.body = code.to_string().into_bytes();
            }
            let said = world.ask(ask).await;
            assert_eq!(
                (said.status.as_u16(), said.code().as_str()),
                (404, "not_found"),
                "{id}"
            );
        }
    }
    assert_eq!(
        world.check(&id, &world.code(NUMBER)).await["status"],
        "approved"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_wrong_codes_at_once_never_give_more_attempts() {
    let world = std::sync::Arc::new(World::new().await);
    let id = world.start(NUMBER).await;
    let (path, wrong) = (check_path(&id), world.wrong_code(NUMBER));
    let tasks: Vec<_> = (0..3000)
        .map(|_| {
            let (world, path, wrong) = (world.clone(), path.clone(), wrong.clone());
            tokio::spawn(async move {
                let said = world.post(&path, &json!({ "code": wrong })).await;
                if said.status == 503 {
                    said.code()
                } else {
                    assert_eq!(said.status, 200, "{said:?}");
                    said.json()["status"].as_str().expect("a status").to_owned()
                }
            })
        })
        .collect();
    let mut pending = 0;
    for task in tasks {
        match task.await.expect("no panic").as_str() {
            "pending" => pending += 1,
            "exhausted" | "overloaded" | "store_unavailable" => {}
            other => panic!("{other}"),
        }
    }
    assert!(pending <= 4, "{pending}");
    assert_eq!(
        world.check(&id, &world.code(NUMBER)).await["status"],
        "exhausted"
    );
}
