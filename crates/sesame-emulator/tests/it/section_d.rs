//! D: order of checks, keys, time, nonce.

use sesame_emulator::{AccessKey, Account, AddressDenied, KeyStatus, PermissionDenied};

use crate::support::*;

#[tokio::test]
async fn d1_the_order_of_checks() {
    let emulator = start_with(Account {
        balance: Some(0.0),
        ..Account::default()
    })
    .await;
    // Everything is wrong; one thing after another is put right.
    let mut call = send_sms(&emulator)
        .key("nobody", "wrong")
        .time("2020-01-01T00:00:00Z")
        .nonce("used")
        .version("1999-01-01")
        .without("SignName");
    call.action = "Nothing".to_owned();
    assert_eq!(
        send_sms(&emulator)
            .nonce("used")
            .send(&emulator)
            .await
            .code(),
        "isv.AMOUNT_NOT_ENOUGH"
    );
    let expect = async |call: &Call, status: u16, code: &str| {
        let answer = call.send(&emulator).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    };
    expect(&call, 404, "InvalidAccessKeyId.NotFound").await;
    call = call.key("testid", "wrong");
    expect(&call, 400, "InvalidTimeStamp.Expired").await;
    call = call.time("2026-03-04T05:06:07Z");
    expect(&call, 400, "SignatureNonceUsed").await;
    call = call.nonce("n1");
    expect(&call, 400, "SignatureDoesNotMatch").await;
    call = call.key("testid", "testsecret");
    expect(&call, 400, "InvalidVersion").await;
    call = call.version("2017-05-25").nonce("n2");
    expect(&call, 404, "InvalidAction.NotFound").await;
    call = call.nonce("n3");
    call.action = "SendSms".to_owned();
    expect(&call, 400, "MissingSignName").await;
    call = call.nonce("n4").param("SignName", SIGN_NAME);
    expect(&call, 200, "isv.AMOUNT_NOT_ENOUGH").await;
    emulator.set_account(Account::default()).unwrap();
    call = call.nonce("n5");
    expect(&call, 200, "OK").await;
}

#[tokio::test]
async fn d2_an_unknown_key_is_not_found() {
    let emulator = start().await;
    for kind in KINDS {
        for call in [send_sms(&emulator), Call::new(&emulator, "SendSms", &[])] {
            let answer = call.kind(kind).key("nobody", "x").send(&emulator).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (404, "InvalidAccessKeyId.NotFound")
            );
            assert_eq!(answer.message(), "Specified access key is not found.");
        }
    }
}

#[tokio::test]
async fn d3_a_disabled_key_is_inactive() {
    let mut key = AccessKey::new("testid", "testsecret");
    key.status = KeyStatus::Disabled;
    let emulator = start_with(Account {
        access_keys: vec![key],
        ..Account::default()
    })
    .await;
    let answer = send_sms(&emulator).send(&emulator).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "InvalidAccessKeyId.Inactive")
    );
}

#[tokio::test]
async fn d4_a_wrong_secret_comes_before_missing_parameters() {
    let emulator = start().await;
    for kind in KINDS {
        let answer = Call::new(&emulator, "SendSms", &[])
            .kind(kind)
            .key("testid", "no")
            .send(&emulator)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "SignatureDoesNotMatch")
        );
    }
}

#[tokio::test]
async fn d5_the_time_may_be_a_quarter_of_an_hour_off() {
    let emulator = start_with(unlimited()).await;
    for kind in [Kind::V1Form, Kind::Acs3Form] {
        for (time, code) in [
            ("2026-03-04T04:51:07Z", "OK"),
            ("2026-03-04T04:51:06Z", "InvalidTimeStamp.Expired"),
            ("2026-03-04T05:21:07Z", "OK"),
            ("2026-03-04T05:21:08Z", "InvalidTimeStamp.Expired"),
            ("9999-12-31T23:59:59Z", "InvalidTimeStamp.Expired"),
            ("0000-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
            ("2026-03-04 05:06:07", "InvalidTimeStamp.Format"),
            ("2026-02-29T05:06:07Z", "InvalidTimeStamp.Format"),
            ("2026-03-04T05:06:07+00:00", "InvalidTimeStamp.Format"),
            ("2026-13-04T05:06:07Z", "InvalidTimeStamp.Format"),
            ("1772600767", "InvalidTimeStamp.Format"),
            ("Wed, 04 Mar 2026 05:06:07 GMT", "InvalidTimeStamp.Format"),
        ] {
            let answer = send_sms(&emulator)
                .kind(kind)
                .time(time)
                .send(&emulator)
                .await;
            assert_eq!(answer.code(), code, "{kind:?} {time}");
        }
    }
    emulator
        .set_account(Account {
            time_tolerance_mins: 31,
            ..unlimited()
        })
        .unwrap();
    assert_eq!(
        send_sms(&emulator)
            .time("2026-03-04T04:36:00Z")
            .send(&emulator)
            .await
            .code(),
        "OK"
    );
}

/// Times are written to the second, the emulator's own has a fraction.
#[tokio::test]
async fn d5_the_window_is_as_wide_on_either_side() {
    let source = Still::at("2026-03-04T05:06:07.5Z");
    let emulator = builder()
        .source(source)
        .account(unlimited())
        .start()
        .await
        .unwrap();
    for (time, code) in [
        ("2026-03-04T04:51:07Z", "OK"),
        ("2026-03-04T04:51:06.999Z", "InvalidTimeStamp.Expired"),
        ("2026-03-04T05:21:07.999Z", "OK"),
        ("2026-03-04T05:21:08Z", "InvalidTimeStamp.Expired"),
    ] {
        let answer = send_sms(&emulator).time(time).send(&emulator).await;
        assert_eq!(answer.code(), code, "{time}");
    }
}

#[tokio::test]
async fn d6_a_nonce_is_good_once() {
    let emulator = start_with(unlimited()).await;
    for kind in KINDS {
        let nonce = format!("once {kind:?}");
        let wrong = send_sms(&emulator)
            .kind(kind)
            .key("testid", "wrong")
            .nonce(&nonce);
        assert_eq!(wrong.send(&emulator).await.code(), "SignatureDoesNotMatch");
        let right = send_sms(&emulator).kind(kind).nonce(&nonce);
        assert_eq!(
            right.send(&emulator).await.code(),
            "OK",
            "a refused request burns nothing"
        );
        let before = emulator.messages().len();
        let again = right.send(&emulator).await;
        assert_eq!(
            (again.status, again.code().as_str()),
            (400, "SignatureNonceUsed")
        );
        assert_eq!(emulator.messages().len(), before);
    }
    // Still known at the end of the window in which its time is good.
    let call = send_sms(&emulator)
        .nonce("late")
        .time("2026-03-04T05:21:00Z");
    assert_eq!(call.send(&emulator).await.code(), "OK");
    emulator.advance_secs(29 * 60).unwrap();
    assert_eq!(call.send(&emulator).await.code(), "SignatureNonceUsed");
}

#[tokio::test]
async fn d6_of_two_at_once_one_is_accepted() {
    let emulator = std::sync::Arc::new(start_with(unlimited()).await);
    let call = send_sms(&emulator);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (call, emulator) = (call.clone(), emulator.clone());
            tokio::spawn(async move { call.send(&emulator).await.code() })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += usize::from(task.await.unwrap() == "OK");
    }
    assert_eq!((accepted, emulator.messages().len()), (1, 1));
}

#[tokio::test]
async fn d7_another_keys_nonce_is_another() {
    let keys = vec![
        AccessKey::new("testid", "testsecret"),
        AccessKey::new("other", "s"),
    ];
    let emulator = start_with(Account {
        access_keys: keys,
        ..unlimited()
    })
    .await;
    assert_eq!(
        send_sms(&emulator).nonce("n").send(&emulator).await.code(),
        "OK"
    );
    assert_eq!(
        send_sms(&emulator)
            .nonce("n")
            .key("other", "s")
            .send(&emulator)
            .await
            .code(),
        "OK"
    );
}

#[tokio::test]
async fn d8_unknown_versions_and_actions() {
    let emulator = start().await;
    for kind in KINDS {
        for (version, action, status, code) in [
            ("2014-05-26", "SendSms", 400, "InvalidVersion"),
            ("2017-05-25", "sendsms", 404, "InvalidAction.NotFound"),
            ("2017-05-25", "Nothing", 404, "InvalidAction.NotFound"),
            (
                "2017-05-25",
                "SendMessageToGlobe",
                404,
                "InvalidAction.NotFound",
            ),
            ("2018-05-01", "SendSms", 404, "InvalidAction.NotFound"),
            (
                "2018-05-01",
                "CheckSmsVerifyCode",
                404,
                "InvalidAction.NotFound",
            ),
            // Aliyun has it, the emulator does not.
            ("2017-05-25", "AddShortUrl", 404, "InvalidAction.NotFound"),
            ("2017-05-25", "", 400, "MissingAction"),
            ("", "SendSms", 400, "MissingVersion"),
        ] {
            let mut call = send_sms(&emulator).kind(kind).version(version);
            call.action = action.to_owned();
            let answer = call.send(&emulator).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (status, code),
                "{kind:?} {version} {action}"
            );
        }
    }
}

#[tokio::test]
async fn d8_a_changed_action_header_is_a_changed_request() {
    let emulator = start().await;
    let bytes = String::from_utf8(send_sms(&emulator).kind(Kind::Acs3Form).bytes()).unwrap();
    for (from, to) in [
        ("action: SendSms", "action: SendSmz"),
        ("version: 2017-05-25", "version: 2018-05-01"),
    ] {
        let answer = raw(&emulator, bytes.replace(from, to).as_bytes()).await;
        assert_eq!(answer.code(), "SignatureDoesNotMatch");
    }
}

#[tokio::test]
async fn d9_a_missing_permission_is_refused_as_configured() {
    let mut key = AccessKey::new("testid", "testsecret");
    key.permissions = Some(vec!["dysms:Query*".to_owned()]);
    let emulator = start().await;
    for (denied, status, code) in [
        (PermissionDenied::NoPermission, 403, "NoPermission"),
        (PermissionDenied::ForbiddenRam, 403, "Forbidden.RAM"),
        (PermissionDenied::Forbidden, 403, "Forbidden"),
        (
            PermissionDenied::RamPermissionDeny,
            200,
            "isp.RAM_PERMISSION_DENY",
        ),
    ] {
        let account = Account {
            access_keys: vec![key.clone()],
            permission_denied: denied,
            ..Account::default()
        };
        emulator.set_account(account).unwrap();
        let answer = send_sms(&emulator).send(&emulator).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
        assert_eq!(
            answer.json()["AccessDeniedDetail"].is_object(),
            code == "NoPermission"
        );
        assert_eq!(
            query_details(&emulator, NUMBER)
                .send(&emulator)
                .await
                .code(),
            "OK"
        );
        assert_eq!(
            send_sms(&emulator)
                .without("SignName")
                .send(&emulator)
                .await
                .code(),
            "MissingSignName"
        );
    }
}

/// Every action has its own permission, under the name of its product.
#[tokio::test]
async fn d9_permissions_are_by_action() {
    let emulator = start().await;
    let globe = |action: &str| Call::new(&emulator, action, &[]).version("2018-05-01");
    let calls = [
        (
            "dysms:QuerySmsSignList",
            Call::new(&emulator, "QuerySmsSignList", &[]),
        ),
        (
            "dypns:CheckSmsVerifyCode",
            Call::new(
                &emulator,
                "CheckSmsVerifyCode",
                &[("PhoneNumber", NUMBER), ("VerifyCode", "1")],
            ),
        ),
        (
            "dysms:QueryMessage",
            globe("QueryMessage").param("MessageId", "1"),
        ),
        (
            "dybaseapi:QueryTokenForMnsQueue",
            Call::new(
                &emulator,
                "QueryTokenForMnsQueue",
                &[("MessageType", "SmsReport")],
            ),
        ),
    ];
    for (permission, call) in calls {
        let allow = |permissions: &[&str]| {
            emulator.change_account(|account| {
                let permissions = permissions.iter().map(|p| (*p).to_owned()).collect();
                account.access_keys[0].permissions = Some(permissions);
            })
        };
        allow(&[]).unwrap();
        let denied = call.send(&emulator).await;
        assert_eq!(
            (denied.status, denied.code().as_str()),
            (403, "NoPermission")
        );
        assert_eq!(
            denied.json()["AccessDeniedDetail"]["AuthAction"],
            permission
        );
        allow(&[permission]).unwrap();
        let allowed = call.clone().nonce(permission).send(&emulator).await;
        assert_ne!(allowed.code(), "NoPermission");
    }
}

#[tokio::test]
async fn d9_products_name_a_missing_permission_otherwise() {
    let mut account = Account {
        permission_denied: PermissionDenied::RamPermissionDeny,
        ..Account::default()
    };
    account.access_keys[0].permissions = Some(Vec::new());
    let emulator = start_with(account).await;
    let check = [("PhoneNumber", NUMBER), ("VerifyCode", "1")];
    let call = Call::new(&emulator, "CheckSmsVerifyCode", &check);
    let expected = (200, "isv.RAM_PERMISSION_DENY".to_owned());
    assert_eq!(outcome(&emulator, &call).await, expected);
    let call = Call::new(&emulator, "QueryMessage", &[("MessageId", "1")]).version("2018-05-01");
    let expected = (200, "RAM_PERMISSION_DENY".to_owned());
    assert_eq!(outcome(&emulator, &call).await, expected);
}

#[tokio::test]
async fn d9_a_key_may_be_bound_to_addresses() {
    let emulator = start().await;
    for (allowed, denied, status, code) in [
        (vec!["127.0.0.0/8"], AddressDenied::Permission, 200, "OK"),
        (vec![], AddressDenied::Permission, 403, "NoPermission"),
        (
            vec!["192.0.2.1"],
            AddressDenied::Permission,
            403,
            "NoPermission",
        ),
        (
            vec!["10.0.0.0/8"],
            AddressDenied::Inactive,
            400,
            "InvalidAccessKeyId.Inactive",
        ),
    ] {
        let mut account = Account {
            address_denied: denied,
            ..unlimited()
        };
        let allowed = allowed.iter().map(|range| range.parse().unwrap()).collect();
        account.access_keys[0].allowed_addresses = Some(allowed);
        emulator.set_account(account).unwrap();
        let call = send_sms(&emulator);
        assert_eq!(outcome(&emulator, &call).await, (status, code.to_owned()));
    }
}

#[tokio::test]
async fn d10_bodies_of_the_gateway_and_of_the_product() {
    let emulator = start().await;
    let gateway = send_sms(&emulator)
        .without("SignName")
        .send(&emulator)
        .await;
    let body = gateway.json();
    assert_eq!(gateway.status, 400);
    assert_eq!(body["HostId"], "dysmsapi.aliyuncs.com");
    let id = body["RequestId"].as_str().unwrap();
    let recommend = format!(
        "https://api.aliyun.com/troubleshoot?q=MissingSignName&product=Dysmsapi&requestId={id}"
    );
    assert_eq!(body["Recommend"], recommend.as_str());

    let product = send_sms(&emulator)
        .param("SignName", "x")
        .send(&emulator)
        .await;
    assert_eq!(product.status, 200);
    let body = product.json();
    let mut keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["Code", "Message", "RequestId"]);
}
