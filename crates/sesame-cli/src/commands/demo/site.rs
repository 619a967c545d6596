//! Everything the demo runs, in one process and on one clock: the emulator's,
//! which a button moves.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use aliyun_sms::Source;
use anyhow::Context as _;
use serde_json::json;
use sesame_connector::{Connector, PhoneNumber};
use sesame_emulator::{Account, DEFAULT_ADDRESS, Emulator, TemplateKind};
use sesame_passcode::Journal;
use sesame_server::auth::{ApiKey, Scope};
use sesame_server::config::{self, Loaded};
use sesame_server::stores::{self, Stores};
use sesame_server::{ServeError, Server, keys};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::page;
use crate::commands::emulator;
use crate::commands::serve::{keys_fault, store_fault};
use crate::fault::Fault;
use crate::signals::Shutdown;

/// Whose verifications the app's are.
pub(super) const APP: &str = "demo";
pub(super) const CONNECTOR_FILE: &str = "connector.json";
const CONFIG_FILE: &str = "sesame.toml";
const ISSUER: &str = "https://sesame.example";
const AUDIENCE: &str = "demo-app";
/// Asked for first, so that a bookmark works again; where one is taken, a free
/// one.
const PAGE_PORT: u16 = 8088;
const APP_PORT: u16 = 8089;
const SERVER_PORT: u16 = 8080;
/// The names of the keys, which every start makes anew.
const CONSOLE_KEY: &str = "demo console";
const APP_KEY: &str = "demo app";

pub(super) struct Site {
    pub(super) emulator: Arc<Emulator>,
    pub(super) server: Server,
    pub(super) page_url: String,
    /// Opens the console.
    pub(super) admin_key: String,
    app_url: String,
    folder: Folder,
    running: [JoinHandle<()>; 2],
}

/// Where the data lie.
enum Folder {
    Kept(PathBuf),
    /// Removed when this is dropped.
    Passing(TempDir),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Passing(folder) => folder.path(),
        }
    }
}

impl Site {
    pub(super) async fn start(data: Option<&Path>, to: &PhoneNumber) -> anyhow::Result<Self> {
        let emulator = Arc::new(start_emulator().await?);
        let source = emulator.source();
        let folder = match data {
            Some(path) => Folder::Kept(path.to_owned()),
            None => Folder::Passing(tempfile::tempdir().context("no folder for the data")?),
        };
        let secret = random(&*source);
        write(folder.path(), &connector(&emulator), &secret)?;
        let (server, stores) = start_server(folder.path(), &source).await?;
        let server_url = first(server.urls());
        emulator.push_reports_to(&format!("{server_url}/reports/aliyun/{secret}"))?;
        let journal = &*stores.journal;
        let app_key = new_key(journal, &*source, APP_KEY, &[Scope::Verify]).await?;
        let admin_key = new_key(journal, &*source, CONSOLE_KEY, &Scope::ALL).await?;

        let page_socket = bind(PAGE_PORT).await?;
        let app_socket = bind(APP_PORT).await?;
        let page_url = format!("http://{}", page_socket.local_addr()?);
        let app_url = format!("http://{}", app_socket.local_addr()?);
        let clock = Arc::clone(&source);
        let app = sign_in::serve(
            app_socket,
            sign_in::Settings {
                sesame_url: server_url.clone(),
                api_key: app_key,
                issuer: ISSUER.to_owned(),
                audience: AUDIENCE.to_owned(),
                is_https: false,
                framed_by: Some(page_url.clone()),
                now: Arc::new(move || SystemTime::from(clock.now())),
            },
        );
        let shown = page::Demo {
            emulator: Arc::clone(&emulator),
            passcodes: server.passcodes().clone(),
            app_url: app_url.clone(),
            console_url: server_url,
            admin_key: admin_key.clone(),
            number: to.e164(),
        };
        let running = [
            tokio::spawn(async move {
                if let Err(error) = app.await {
                    tracing::error!(%error, "the app has ended");
                }
            }),
            tokio::spawn(page::serve(page_socket, shown)),
        ];
        Ok(Self {
            emulator,
            server,
            page_url,
            admin_key,
            app_url,
            folder,
            running,
        })
    }

    /// All addresses: the page, the app, the server, the emulator.
    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        let server = self.server.urls().iter().map(String::as_str);
        [self.page_url.as_str(), self.app_url.as_str()]
            .into_iter()
            .chain(server)
            .chain([self.emulator.url()])
    }

    pub(super) fn server_url(&self) -> &str {
        self.server.urls().first().map_or("", String::as_str)
    }

    /// The folder that stays.
    pub(super) fn kept(&self) -> Option<&Path> {
        match &self.folder {
            Folder::Kept(path) => Some(path),
            Folder::Passing(_) => None,
        }
    }

    /// Nobody is served any more; what the server accepted is finished.
    pub(super) async fn end(self, shutdown: Shutdown) {
        self.running.iter().for_each(JoinHandle::abort);
        shutdown.end_server(self.server, None).await;
    }
}

/// On the usual port, so that examples work as they stand; else on a free one.
async fn start_emulator() -> Result<Emulator, Fault> {
    let free = (DEFAULT_ADDRESS.ip(), 0).into();
    match emulator::start(Emulator::builder().listen(DEFAULT_ADDRESS)).await {
        Ok(emulator) => Ok(emulator),
        Err(_) => emulator::start(Emulator::builder().listen(free)).await,
    }
}

async fn start_server(folder: &Path, source: &Arc<dyn Source>) -> anyhow::Result<(Server, Stores)> {
    let config = folder.join(CONFIG_FILE);
    let loaded = load(&config, 0)?.config;
    // Before there are data, which only old keys could read.
    let ring = keys::of_config(&loaded, &**source).await;
    ring.map_err(|error| keys_fault(&error, &config))?;
    let stores = stores::open(&loaded).await;
    let stores = stores.map_err(|error| store_fault(&error))?;
    let mut last = None;
    for port in [SERVER_PORT, 0] {
        let Loaded {
            config: settings,
            connector,
            ..
        } = load(&config, port)?;
        let connector = Connector::from_config(connector, Arc::clone(source))?;
        let ring = keys::of_config(&settings, &**source).await;
        let ring = ring.map_err(|error| keys_fault(&error, &config))?;
        let server = Server::builder(settings, connector, stores.clone(), ring);
        match server.source(Arc::clone(source)).start().await {
            Ok(server) => return Ok((server, stores)),
            Err(error @ ServeError::Bind { .. }) => last = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.map_or_else(|| anyhow::anyhow!("no port"), Into::into))
}

/// The environment of whoever tries this out is not asked.
fn load(config: &Path, port: u16) -> anyhow::Result<Loaded> {
    let listen = (format!("{}LISTEN", config::PREFIX), local(port).to_string());
    config::load(config, [listen]).map_err(|wrong| {
        let first = wrong.problems.first().map(ToString::to_string);
        let file = config.display();
        let fault = Fault::bad_input(
            format!("{file}: {}", first.unwrap_or_default()),
            "remove the file: the demo writes it anew",
        );
        fault.into()
    })
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(local(port)).await {
        Ok(socket) => Ok(socket),
        Err(_) => Ok(TcpListener::bind(local(0)).await?),
    }
}

fn first(urls: &[String]) -> String {
    urls.first().cloned().unwrap_or_default()
}

fn random(source: &dyn Source) -> String {
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key that replaces the one of an earlier start.
async fn new_key(
    journal: &dyn Journal,
    source: &dyn Source,
    name: &str,
    scopes: &[Scope],
) -> Result<String, Fault> {
    let now = source.now();
    let rows = journal.keys().await.map_err(|error| store_fault(&error))?;
    let earlier = rows
        .into_iter()
        .filter(|row| row.name == name && row.ends_at.is_none());
    let ended = earlier.map(|mut row| {
        row.ends_at = Some(now);
        row
    });
    let key = ApiKey::generate(source);
    for row in ended.chain([key.row(name, APP, scopes, now)]) {
        let written = journal.put_key(&row).await;
        written.map_err(|error| store_fault(&error))?;
    }
    Ok(key.reveal())
}

/// The configuration as an operator would write it. Every start
/// writes it anew, as the addresses are new.
fn write(folder: &Path, connector: &str, secret: &str) -> Result<(), Fault> {
    let settings = format!(
        "# Written by `sesame demo`. `sesame serve` runs with it while the emulator does.\n\
         data_dir = \".\"\n\
         connector = \"{CONNECTOR_FILE}\"\n\
         [token]\n\
         issuer = \"{ISSUER}\"\n\
         audience = \"{AUDIENCE}\"\n\
         [reports]\n\
         secret = \"{secret}\"\n"
    );
    let write = || {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(CONNECTOR_FILE), connector)?;
        std::fs::write(folder.join(CONFIG_FILE), settings)
    };
    write().map_err(|error| {
        Fault::bad_input(
            format!(
                "--data: {} cannot be written: {}",
                folder.display(),
                error.kind()
            ),
            "name a folder this user may write to",
        )
    })
}

/// What an operator would write for the account the emulator plays.
fn connector(emulator: &Emulator) -> String {
    let account = emulator.account();
    let key = account.access_keys.first();
    let codes = json!({
        "china": template(&account, TemplateKind::Verification),
        "overseas": template(&account, TemplateKind::International),
    });
    let usage_types = ["Register", "SignIn", "ForgotPassword", "Generic"];
    let templates: Vec<_> = usage_types
        .iter()
        .map(|usage_type| json!({ "usageType": usage_type, "templateCode": codes }))
        .collect();
    let configuration = json!({
        "accessKeyId": key.map(|key| key.id.as_str()),
        "accessKeySecret": key.map(|key| key.secret.reveal()),
        "signName": account.sign_names.first().map(|sign_name| sign_name.name.as_str()),
        "endpoint": emulator.url(),
        "templates": templates,
    });
    format!("{configuration:#}\n")
}

fn template(account: &Account, kind: TemplateKind) -> Option<&str> {
    let found = account
        .templates
        .iter()
        .find(|template| template.kind == kind);
    found.map(|template| template.code.as_str())
}
