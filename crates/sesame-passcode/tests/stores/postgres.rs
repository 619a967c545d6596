//! PostgreSQL: the suite, and a server in trouble.

use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sesame_passcode::conformance_tests;
use sesame_passcode::journal::Journal;
use sesame_passcode::store::postgres::Postgres;
use sesame_passcode::store::{Key, Record, Store, StoreError, StoreResult, Swap, Version};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use crate::named;
use crate::older;
use crate::proxy::{Proxy, Way, address_in};
use crate::tls::{Opening, Tls};

conformance_tests!(records: records, fresh().await, #[ignore = "needs a PostgreSQL"]);
conformance_tests!(messages: messages, fresh().await, #[ignore = "needs a PostgreSQL"]);
conformance_tests!(rules: rules, {
    let (both, none) = fresh().await;
    ((both.clone(), both), none)
}, #[ignore = "needs a PostgreSQL"]);

pub(crate) async fn fresh() -> (Arc<Postgres>, ()) {
    let store = Postgres::open(&empty_place().await).await.unwrap();
    (Arc::new(store), ())
}

/// The URL of a schema in which nothing is yet.
async fn empty_place() -> String {
    place_in(&named("SESAME_TEST_POSTGRES")).await
}

async fn place_in(url: &str) -> String {
    let name = format!("t{:016x}", RandomState::new().build_hasher().finish());
    ask(url, &format!("CREATE SCHEMA {name}")).await;
    format!("{url}?options=-csearch_path%3D{name}")
}

/// Does something beside the store; gives what it prints.
async fn ask(url: &str, sql: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let answer = client.simple_query(sql).await.unwrap();
    let first = answer.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    first.unwrap_or_default().to_owned()
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

async fn put(store: &Postgres, key: &str) -> StoreResult<Swap> {
    let record = Record {
        version: Version(7),
        value: key.as_bytes().to_vec(),
        expires_at: "2100-01-01T00:00:00Z".parse().unwrap(),
    };
    store.swap(&Key::new(key), None, &record, NOW).await
}

async fn is_there(store: &Postgres, key: &str) -> StoreResult<bool> {
    let found = store.get(&Key::new(key), NOW).await?;
    Ok(found.is_some_and(|record| record.value == key.as_bytes()))
}

/// Waits for an answer, but not for ever.
async fn bounded<T>(act: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(Duration::from_secs(120), act).await;
    answer.expect("an answer, if only that there is none")
}

/// Asks until it is back.
async fn until_back(store: &Postgres, key: &str) {
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

/// What an earlier program left is counted once, and goes on from there.
#[tokio::test]
#[ignore = "needs a PostgreSQL"]
async fn rows_of_an_older_schema_are_counted() {
    let url = empty_place().await;
    drop(Postgres::open(&url).await.unwrap());
    let older = "DROP TABLE sesame_verdicts; DROP TABLE sesame_conversions; \
        ALTER TABLE sesame_consumptions DROP COLUMN request; \
        DROP TABLE sesame_tallies; DROP TABLE sesame_blocks; \
        DROP INDEX sesame_messages_failed; ALTER TABLE sesame_messages DROP COLUMN carrier; \
        UPDATE sesame_schema SET version = 2";
    ask(&url, older).await;
    for (id, masked, country, hour, state, delivered, confirmed) in older::ROWS {
        let created = format!("to_timestamp({hour} * 3600 + 0.000005)");
        let delivered = delivered.map_or_else(|| "NULL".to_owned(), |it| it.to_string());
        let confirmed = if *confirmed { &created } else { "NULL" };
        let sql = format!(
            "INSERT INTO sesame_messages (out_id, verification, app, usage_type, number, \
             number_index, masked, country, provider, created_at, state, report_delivered, \
             confirmed_at) VALUES ('{id}', 'v-{id}', 'web', 'SignIn', '', \
             decode(repeat('00', 16), 'hex'), '{masked}', '{country}', 'aliyun-sms', {created}, \
             '{state}', {delivered}, {confirmed})"
        );
        ask(&url, &sql).await;
    }
    let store = Postgres::open(&url).await.unwrap();
    older::assert_counted(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL"]
async fn a_server_that_hangs_and_comes_back() {
    let url = empty_place().await;
    let proxy = Proxy::to(&url).await;
    let store = Postgres::open(&proxy.instead_in(&url)).await.unwrap();
    put(&store, "before").await.unwrap();
    proxy.set(Way::Blocked);
    assert_unavailable(bounded(put(&store, "during")).await);
    assert_unavailable(bounded(Store::ping(&store)).await);
    proxy.set(Way::Open);
    until_back(&store, "after").await;
    assert!(is_there(&store, "before").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL"]
async fn a_server_that_goes_and_comes_back() {
    let url = empty_place().await;
    let proxy = Proxy::to(&url).await;
    let store = Postgres::open(&proxy.instead_in(&url)).await.unwrap();
    put(&store, "before").await.unwrap();
    proxy.set(Way::Cut);
    for _ in 0..20 {
        assert_unavailable(bounded(put(&store, "during")).await);
    }
    proxy.set(Way::Open);
    put(&store, "after").await.unwrap();
    assert!(is_there(&store, "before").await.unwrap());
}

/// Its processes are killed while others write; what was acknowledged is there.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL"]
async fn a_server_that_is_killed_and_starts_again() {
    let url = place_in(&named("SESAME_TEST_POSTGRES_TO_KILL")).await;
    let store = Postgres::open(&url).await.unwrap();
    for round in 0..3 {
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            let store = store.clone();
            writers.spawn(async move {
                let mut acknowledged = Vec::new();
                for at in 0.. {
                    let key = format!("{round}-{writer}-{at}");
                    match bounded(put(&store, &key)).await {
                        Ok(swap) => assert_eq!(swap, Swap::Done),
                        Err(error) => {
                            assert!(error.is_transient(), "{error}");
                            break;
                        }
                    }
                    acknowledged.push(key);
                }
                acknowledged
            });
        }
        let file = bounded(ask(&url, "SELECT pg_read_file('postmaster.pid')")).await;
        let pid = file.lines().next().unwrap();
        // What a crash of one of its processes does: all others end at once.
        let killed = Command::new("kill").args(["-s", "QUIT", pid]).status();
        assert!(killed.unwrap().success());
        let acknowledged = writers.join_all().await.concat();
        until_back(&store, &format!("{round}-back")).await;
        for key in &acknowledged {
            assert!(is_there(&store, key).await.unwrap(), "{key}");
        }
        println!(
            "round {round}: {} acknowledged, all there",
            acknowledged.len()
        );
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL"]
async fn a_newer_schema_is_left_alone() {
    let url = empty_place().await;
    drop(Postgres::open(&url).await.unwrap());
    ask(&url, "UPDATE sesame_schema SET version = 99").await;
    let error = Postgres::open(&url).await.err().unwrap();
    assert!(
        matches!(error, StoreError::Schema { found: 99, .. }),
        "{error}"
    );
}

/// Many servers that start at the same time make the tables once.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL"]
async fn many_may_start_at_the_same_time() {
    let url = empty_place().await;
    let mut servers = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        servers.spawn(async move {
            let store = Postgres::open(&url).await.unwrap();
            Journal::ping(&store).await.unwrap();
        });
    }
    servers.join_all().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL"]
async fn what_is_wrong_is_told_with_the_cure() {
    let url = named("SESAME_TEST_POSTGRES");
    let refused = async |url: &str| bounded(Postgres::open(url)).await.err().unwrap();
    let error = refused(&url.replace("only-for-tests", "geheim")).await;
    assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
    assert!(!error.to_string().contains("geheim"), "{error}");
    assert!(error.to_string().contains("password"), "{error}");
    let error = refused(&url.replace("/postgres", "/none-of-that-name")).await;
    assert!(error.to_string().contains("make that database"), "{error}");
    let error = refused("postgres://me:geheim@127.0.0.1:1/none").await;
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(!error.to_string().contains("geheim"), "{error}");
    // This one does not speak TLS, and is not spoken to without.
    let error = refused(&format!("{url}?sslmode=require")).await;
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    let place = empty_place().await;
    let name = place.rsplit("%3D").next().unwrap();
    ask(&url, "CREATE ROLE reader LOGIN PASSWORD 'only-for-tests'").await;
    ask(&url, &format!("GRANT USAGE ON SCHEMA {name} TO reader")).await;
    let error = refused(&place.replace("sesame:", "reader:")).await;
    assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("GRANT"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL"]
async fn tls_is_spoken_with_who_is_trusted() {
    let url = empty_place().await;
    let tls = Tls::before(address_in(&url), "127.0.0.1", Opening::Postgres).await;
    let url = url.replace(address_in(&url), &tls.address.to_string());
    for mode in ["require", "verify-full"] {
        let secure = format!("{url}&sslmode={mode}");
        let trusting = format!("{secure}&sslrootcert={}", tls.certificate.display());
        let store = Postgres::open(&trusting).await.unwrap();
        put(&store, mode).await.unwrap();
        // The system does not know it.
        assert_unavailable(bounded(Postgres::open(&secure)).await);
    }
    let other = Tls::before(address_in(&url), "db.example", Opening::Postgres).await;
    let url = url.replace(&tls.address.to_string(), &other.address.to_string());
    let file = other.certificate.display();
    let misnamed = format!("{url}&sslmode=require&sslrootcert={file}");
    assert_unavailable(bounded(Postgres::open(&misnamed)).await);
}
