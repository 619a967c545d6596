//! The server that is measured, in a process of its own: as it is shipped, with
//! SQLite, but its messages go nowhere and their codes to whoever measures.

use std::fmt;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use rustix::time::ClockId;
use sesame_connector::config::NoLookup;
use sesame_connector::provider::{
    BoxFuture, FindError, Found, Provider, ReportError, Reports, Sought,
};
use sesame_connector::{Connector, ConnectorConfig, Outcome, Prepared, Receipt, SystemSource};
use sesame_passcode::Journal as _;
use sesame_passcode::policy::{Budget, Countries, Policy, Window};
use sesame_passcode::store::sqlite::{Role, Sqlite};
use sesame_server::auth::{ApiKey, Scope};
use sesame_server::stores::{SQLITE_FILE, Stores};
use sesame_server::{Config, Server};

use super::rows;
use crate::subjects::seconds;

/// Enough for any measurement.
const ENDLESS: u32 = 1_000_000_000;

/// Serves until its input ends. Prints its address, an API key, one of scope
/// `admin` and the blind index of a number that has messages, and then for
/// every line it reads how much processor time it has used.
pub(crate) async fn run(folder: &str, codes: &str) -> Result<()> {
    // What it says goes to standard error as with `sesame serve`.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let source = SystemSource::shared();
    let sqlite = Sqlite::open(Path::new(folder).join(SQLITE_FILE), Role::Server).await?;
    let sqlite = Arc::new(sqlite);
    let key = ApiKey::generate(&SystemSource);
    let row = key.row("bench", "bench", &[Scope::Verify], source.now());
    sqlite.put_key(&row).await?;
    let provider = Arc::new(Nowhere::new(codes)?);
    let connector = Connector::new(connector_config()?, provider, source.clone());
    let stores = Stores {
        records: sqlite.clone(),
        journal: sqlite,
    };
    let admin = ApiKey::generate(&SystemSource);
    let row = admin.row("bench admin", "bench", &[Scope::Admin], source.now());
    stores.journal.put_key(&row).await?;
    let keys = rows::keys();
    let server = Server::builder(config(), connector, stores, keys)
        .source(source)
        .start()
        .await?;
    println!(
        "{} {} {} {}",
        server.urls()[0],
        key.reveal(),
        admin.reveal(),
        rows::known_index(),
    );
    std::io::stdout().flush()?;
    let told = tokio::task::spawn_blocking(|| -> Result<()> {
        for line in std::io::stdin().lines() {
            line?;
            println!("{}", seconds(ClockId::ProcessCPUTime) * 1e6);
            std::io::stdout().flush()?;
        }
        Ok(())
    });
    told.await??;
    server.shutdown().await;
    Ok(())
}

/// Every limit counts, and none is reached.
fn config() -> Config {
    let budget = Budget {
        per_hour: ENDLESS,
        per_day: ENDLESS,
        share: 1.0,
    };
    Config {
        listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
        policy: Policy {
            number: Window::ALIYUN.to_vec(),
            ip_per_hour: ENDLESS,
            prefix: budget,
            country: budget,
            countries: Countries {
                budgets: [("CN".to_owned(), budget.into())].into(),
                ..Countries::default()
            },
            ..Policy::default()
        },
        ..Config::default()
    }
}

fn connector_config() -> Result<ConnectorConfig> {
    let config = serde_json::json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": "阿里云短信测试",
        "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
    });
    let checked = ConnectorConfig::from_value(&config, &NoLookup);
    checked.config.context("the connector's configuration")
}

/// Accepts every message at once. `out-id code` goes to the client, who would
/// read it on a phone.
struct Nowhere {
    client: UdpSocket,
}

impl Nowhere {
    fn new(client: &str) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(client)?;
        Ok(Self { client: socket })
    }
}

impl fmt::Debug for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nowhere")
    }
}

impl Provider for Nowhere {
    fn name(&self) -> &'static str {
        "nowhere"
    }

    fn send<'a>(&'a self, message: &'a Prepared) -> BoxFuture<'a, Outcome> {
        let code = message.params.iter().find(|(name, _)| name == "code");
        let code = code.map(|(_, code)| code.as_str()).unwrap_or_default();
        // The client notices if one is missing.
        let _ = self
            .client
            .send(format!("{} {code}", message.out_id).as_bytes());
        let receipt = Receipt {
            out_id: message.out_id.clone(),
            biz_id: Some("900619746936498440^0".to_owned()),
            request_id: Some("F655A8D5-B967-440B-8683-DAD6FF8DE990".to_owned()),
            sent_at: Timestamp::UNIX_EPOCH,
        };
        Box::pin(std::future::ready(Outcome::Accepted(receipt)))
    }

    fn find<'a>(&'a self, _sought: &'a Sought) -> BoxFuture<'a, Found> {
        Box::pin(std::future::ready(Err(FindError::Unsupported)))
    }

    fn parse_reports(&self, _body: &[u8]) -> Result<Reports, ReportError> {
        Err(ReportError::Unsupported)
    }
}
