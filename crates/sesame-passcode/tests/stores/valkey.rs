//! Valkey or Redis, single and Cluster: the suite, and a server in trouble.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use redis::Client;
use redis::aio::MultiplexedConnection;
use sesame_passcode::conformance_tests;
use sesame_passcode::store::postgres::Postgres;
use sesame_passcode::store::valkey::Valkey;
use sesame_passcode::store::{
    Addition, Key, Record, Store, StoreError, StoreResult, Swap, Version,
};

use crate::proxy::{Proxy, Way, address_in};
use crate::tls::{Opening, Tls};
use crate::{named, postgres};

conformance_tests!(records: single, fresh("SESAME_TEST_VALKEY").await,
    #[ignore = "needs a Valkey or Redis"]);
conformance_tests!(records: cluster, fresh("SESAME_TEST_VALKEY_CLUSTER").await,
    #[ignore = "needs a cluster of Valkey or Redis"]);
conformance_tests!(rules: single_rules, with_postgres("SESAME_TEST_VALKEY").await,
    #[ignore = "needs a Valkey or Redis, and a PostgreSQL"]);
conformance_tests!(rules: cluster_rules, with_postgres("SESAME_TEST_VALKEY_CLUSTER").await,
    #[ignore = "needs a cluster of Valkey or Redis, and a PostgreSQL"]);

/// The journal of such a store is in PostgreSQL.
async fn with_postgres(variable: &str) -> ((Arc<Valkey>, Arc<Postgres>), ()) {
    let (store, ()) = fresh(variable).await;
    let (journal, ()) = postgres::fresh().await;
    ((store, journal), ())
}

async fn fresh(variable: &str) -> (Arc<Valkey>, ()) {
    let store = Valkey::open(&named(variable)).await.unwrap();
    (Arc::new(store), ())
}

/// A connection beside the store.
async fn beside(url: &str) -> MultiplexedConnection {
    let client = Client::open(url.replace("valkey://", "redis://")).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

async fn put(store: &Valkey, key: &str) -> StoreResult<Swap> {
    let record = Record {
        version: Version(7),
        value: key.as_bytes().to_vec(),
        expires_at: NOW + SignedDuration::from_hours(1),
    };
    store.swap(&Key::new(key), None, &record, NOW).await
}

async fn is_there(store: &Valkey, key: &str) -> bool {
    let found = store.get(&Key::new(key), NOW).await.unwrap();
    found.is_some_and(|record| record.value == key.as_bytes())
}

/// Waits for an answer, but not for ever.
async fn bounded<T>(act: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(Duration::from_secs(120), act).await;
    answer.expect("an answer, if only that there is none")
}

/// Asks until it is back.
async fn until_back(store: &Valkey, key: &str) {
    bounded(async {
        while put(store, key).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

fn assert_unavailable<T: std::fmt::Debug>(answer: StoreResult<T>) {
    match answer {
        Err(error @ StoreError::Unavailable { .. }) => assert!(error.is_transient()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Valkey or Redis"]
async fn a_server_that_hangs_and_comes_back() {
    let url = named("SESAME_TEST_VALKEY");
    let proxy = Proxy::to(&url).await;
    let store = Valkey::open(&proxy.instead_in(&url)).await.unwrap();
    put(&store, "hangs-before").await.unwrap();
    proxy.set(Way::Blocked);
    assert_unavailable(bounded(put(&store, "hangs-during")).await);
    assert_unavailable(bounded(store.ping()).await);
    proxy.set(Way::Open);
    until_back(&store, "hangs-after").await;
    assert!(is_there(&store, "hangs-before").await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Valkey or Redis"]
async fn a_server_that_goes_and_comes_back() {
    let url = named("SESAME_TEST_VALKEY");
    let proxy = Proxy::to(&url).await;
    let store = Valkey::open(&proxy.instead_in(&url)).await.unwrap();
    put(&store, "goes-before").await.unwrap();
    proxy.set(Way::Cut);
    for _ in 0..5 {
        assert_unavailable(bounded(put(&store, "goes-during")).await);
    }
    proxy.set(Way::Open);
    until_back(&store, "goes-after").await;
    assert!(is_there(&store, "goes-before").await);
}

/// It starts again with what it wrote to its disk, and without our scripts.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Valkey or Redis"]
async fn a_server_that_is_killed_and_starts_again() {
    let url = named("SESAME_TEST_VALKEY_TO_KILL");
    let store = Valkey::open(&url).await.unwrap();
    for round in 0..3 {
        let keys: Vec<String> = (0..50).map(|at| format!("killed-{round}-{at}")).collect();
        for key in &keys {
            put(&store, key).await.unwrap();
        }
        let mut beside = beside(&url).await;
        let info: String = redis::cmd("INFO")
            .arg("server")
            .query_async(&mut beside)
            .await
            .unwrap();
        let pid = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"))
            .unwrap();
        let killed = std::process::Command::new("kill")
            .args(["-s", "KILL", pid.trim()])
            .status();
        assert!(killed.unwrap().success());
        until_back(&store, &format!("killed-{round}-back")).await;
        for key in &keys {
            assert!(is_there(&store, key).await, "{key}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a Valkey or Redis"]
async fn scripts_that_are_forgotten_are_sent_again() {
    let url = named("SESAME_TEST_VALKEY");
    let store = Valkey::open(&url).await.unwrap();
    let mut beside = beside(&url).await;
    for round in 0..3 {
        let (): () = redis::cmd("SCRIPT")
            .arg("FLUSH")
            .query_async(&mut beside)
            .await
            .unwrap();
        let key = format!("forgotten-{round}");
        put(&store, &key).await.unwrap();
        assert!(is_there(&store, &key).await);
    }
}

/// It forgets by its own clock what is over by the caller's, never before.
#[tokio::test]
#[ignore = "needs a Valkey or Redis"]
async fn what_is_left_of_a_life_is_left_there() {
    let url = named("SESAME_TEST_VALKEY");
    let store = Valkey::open(&url).await.unwrap();
    let mut beside = beside(&url).await;
    let key = Key::new(format!("left-{}", std::process::id()));
    put(&store, key.as_str()).await.unwrap();
    let one = Addition {
        key: key.clone(),
        amount: 1,
        ends_at: NOW + SignedDuration::from_hours(1),
    };
    store.add(&[one], NOW).await.unwrap();
    for kind in ["r", "c"] {
        let name = format!("sesame:{kind}:{}", key.as_str());
        let left: i64 = redis::cmd("PTTL")
            .arg(name)
            .query_async(&mut beside)
            .await
            .unwrap();
        assert!((1..=3_600_000).contains(&left), "{kind}: {left}");
    }
}

#[tokio::test]
#[ignore = "needs a Valkey or Redis"]
async fn a_newer_schema_is_left_alone() {
    // Another of its databases, where only this test is.
    let url = format!("{}/9", named("SESAME_TEST_VALKEY"));
    drop(Valkey::open(&url).await.unwrap());
    let mut beside = beside(&url).await;
    let (): () = redis::cmd("SET")
        .arg("sesame:schema")
        .arg(99)
        .query_async(&mut beside)
        .await
        .unwrap();
    let error = Valkey::open(&url).await.err().unwrap();
    assert!(
        matches!(error, StoreError::Schema { found: 99, .. }),
        "{error}"
    );
    let (): () = redis::cmd("DEL")
        .arg("sesame:schema")
        .query_async(&mut beside)
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs a Valkey or Redis, and a cluster"]
async fn what_is_wrong_is_told_with_the_cure() {
    let (single, cluster) = (
        named("SESAME_TEST_VALKEY"),
        named("SESAME_TEST_VALKEY_CLUSTER"),
    );
    let refused = async |url: &str| bounded(Valkey::open(url)).await.err().unwrap();
    for url in [&single, &cluster] {
        let error = refused(&url.replace("only-for-tests", "geheim")).await;
        assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
        assert!(error.to_string().contains("password"), "{error}");
        assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
    }
    for url in [
        "valkey://:geheim@127.0.0.1:1",
        "valkey-cluster://:geheim@127.0.0.1:1,127.0.0.1:2",
    ] {
        let error = refused(url).await;
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
    }
    // TLS to a server that does not speak it.
    let error = refused(&single.replace("valkey://", "valkeys://")).await;
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    // Nodes of a cluster by the URL of a single server.
    let nodes = address_in(&cluster).split(',');
    let mut told = 0;
    for node in nodes {
        let url = single.replace(address_in(&single), node);
        let error = match bounded(Valkey::open(&url)).await {
            Ok(store) => {
                // It has the one key that opening looks at, and not all others.
                let mut keys = (0..64).map(|at| format!("node-{at}"));
                loop {
                    if let Err(error) = put(&store, &keys.next().unwrap()).await {
                        break error;
                    }
                }
            }
            Err(error) => error,
        };
        assert!(error.to_string().contains("valkey-cluster://"), "{error}");
        told += 1;
    }
    assert_eq!(told, 3);
}

#[tokio::test]
#[ignore = "needs a Valkey or Redis, and a cluster"]
async fn its_debug_output_tells_nothing() {
    for variable in ["SESAME_TEST_VALKEY", "SESAME_TEST_VALKEY_CLUSTER"] {
        let store = Valkey::open(&named(variable)).await.unwrap();
        assert_eq!(format!("{store:?}"), "Valkey { .. }");
    }
}

const TLS_URL: &str = "SESAME_TEST_TLS_URL";

/// Not a test of its own: the process below that trusts another certificate.
#[tokio::test]
async fn the_process_that_trusts() {
    let Ok(url) = std::env::var(TLS_URL) else {
        return;
    };
    let store = Valkey::open(&url).await.unwrap();
    let key = format!("tls-{}", std::process::id());
    put(&store, &key).await.unwrap();
    assert!(is_there(&store, &key).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Valkey or Redis"]
async fn tls_is_spoken_with_who_is_trusted() {
    let url = named("SESAME_TEST_VALKEY");
    for (name, right) in [("127.0.0.1", true), ("store.example", false)] {
        let tls = Tls::before(address_in(&url), name, Opening::Plain).await;
        let secure = url.replace("valkey://", "valkeys://");
        let secure = secure.replace(address_in(&url), &tls.address.to_string());
        assert_unavailable(bounded(Valkey::open(&secure)).await);
        // What the system trusts is read by each process once.
        let trusting = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "valkey::the_process_that_trusts"])
            .env("SSL_CERT_FILE", &tls.certificate)
            .env(TLS_URL, &secure)
            .output();
        let output = bounded(trusting).await.unwrap();
        assert_eq!(output.status.success(), right, "{output:?}");
    }
}
