//! What must hold on every store. `cargo xtask test stores` starts the servers;
//! others use them too, so every run has numbers of its own.

use std::sync::Arc;

use jiff::Timestamp;
use sesame_connector::Source;
use sesame_server::Config;
use sesame_server::config::{HookConfig, Secret};
use sesame_server::keys::KeyRing;
use sesame_server::stores;
use tempfile::TempDir;

use super::repeats::three_within_five_seconds;
use super::site::{Plan, Site};

/// The same keys in every run, as a shared store wants them.
#[derive(Debug)]
struct Same;

impl Source for Same {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

async fn on(records: &str, journal: &str) {
    let folder = Arc::new(TempDir::new().expect("a folder"));
    let make = async |hooks: Vec<(&'static str, HookConfig)>| {
        let mut config = Config::default();
        // A file that no other site of this test uses.
        let data = TempDir::new_in(folder.path()).expect("a folder");
        config.data_dir = data.keep();
        config.store.records = Secret::plain(records);
        config.store.journal = Secret::plain(journal);
        Site::new(Plan {
            hooks,
            stores: Some(stores::open(&config).await.expect("the stores")),
            keys: Some(KeyRing::generate(&Same)),
            ..Plan::default()
        })
        .await
    };
    three_within_five_seconds(make).await;
}

fn named(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set; see `cargo xtask test stores`"))
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    on("sqlite", "sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL"]
async fn postgres() {
    let url = named("SESAME_TEST_POSTGRES");
    on(&url, &url).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Valkey or Redis, and a PostgreSQL"]
async fn valkey() {
    on(&named("SESAME_TEST_VALKEY"), &named("SESAME_TEST_POSTGRES")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster of Valkey or Redis, and a PostgreSQL"]
async fn cluster() {
    on(
        &named("SESAME_TEST_VALKEY_CLUSTER"),
        &named("SESAME_TEST_POSTGRES"),
    )
    .await;
}
