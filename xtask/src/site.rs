//! `sesame serve` beside `sesame emulator`, as people run them: release builds,
//! files in a folder below `target`, real stores behind.

use std::fs::{self, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::http::{Client, Request};
use crate::server::Server;
use crate::workspace::{Workspace, output};

/// The secret in the address that reports are pushed to.
pub(crate) const REPORT_SECRET: &str = "only-for-tests-reports";
/// The emulator's access key secret.
pub(crate) const ACCESS_KEY_SECRET: &str = "only-for-tests-secret";

/// What a site is to be.
pub(crate) struct Plan<'a> {
    /// Of its folder below `target`.
    pub(crate) name: &'a str,
    pub(crate) servers: usize,
    /// Under `[store]`.
    pub(crate) records: &'a str,
    pub(crate) journal: &'a str,
    /// More sections of the configuration.
    pub(crate) more: &'a str,
}

/// An emulator that runs, and servers that may be started.
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    pub(crate) emulator: Server,
    program: PathBuf,
    /// Where the servers listen, whether they run or not.
    pub(crate) urls: Vec<String>,
}

impl Site {
    pub(crate) fn new(workspace: &Workspace, plan: &Plan<'_>) -> Result<Self> {
        let folder = workspace.target.join(plan.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("could not empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        let program = workspace.released("sesame");
        let ports = ports(plan.servers)?;
        let urls: Vec<String> = ports
            .iter()
            .map(|port| format!("http://127.0.0.1:{port}"))
            .collect();
        fs::write(folder.join("account.toml"), account())?;
        let mut command = in_peace(&program);
        command.args(["emulator", "--listen", "127.0.0.1:0", "--account"]);
        command.arg(folder.join("account.toml"));
        command.args([
            "--reports",
            &format!("{}/reports/aliyun/{REPORT_SECRET}", urls[0]),
        ]);
        let emulator = Server::start(command, "http", &folder.join("emulator.log"))?;
        fs::write(
            folder.join("connector.json"),
            connector(&emulator.url).to_string(),
        )?;
        for (at, port) in ports.iter().enumerate() {
            fs::write(folder.join(config_name(at)), config(plan, *port))?;
        }
        let site = Self {
            folder,
            emulator,
            program,
            urls,
        };
        output(site.sesame(&["keys", "new"], 0).arg("--json"))?;
        Ok(site)
    }

    /// A new API key of all scopes.
    pub(crate) fn api_key(&self) -> Result<String> {
        let mut command = self.sesame(&["key", "new"], 0);
        command.args([
            "--name",
            "tests",
            "--scope",
            "verify,send,read,admin",
            "--json",
        ]);
        let made: Value = serde_json::from_str(&output(&mut command)?)?;
        Ok(made["key"].as_str().context("no API key")?.to_owned())
    }

    /// Starts a server, without a word; what it says is added to its log.
    pub(crate) fn start(&self, at: usize, log_level: &str) -> Result<Server> {
        let mut command = self.sesame(&["serve"], at);
        command.env("SESAME_LOG", log_level);
        let log = self.log(at);
        let file = OpenOptions::new().create(true).append(true).open(&log)?;
        Server::start_quietly(command, "http", file)
            .with_context(|| format!("see {}", log.display()))
    }

    /// Where a server writes what it says.
    pub(crate) fn log(&self, at: usize) -> PathBuf {
        self.folder.join(format!("server-{}.log", at + 1))
    }

    /// Queues a fault for the emulator's next calls.
    pub(crate) fn fault(&self, order: &Value) -> Result<()> {
        let answer = Client::new(&self.emulator.url).ask(Request {
            method: "POST",
            path: "/_emulator/faults",
            body: Some(order),
            ..Request::default()
        })?;
        anyhow::ensure!(
            answer.status == 200,
            "the emulator took no fault: {}",
            answer.json()
        );
        Ok(())
    }

    /// Every message that was accepted, newest first.
    pub(crate) fn inbox(&self) -> Result<Vec<Value>> {
        let list = Client::new(&self.emulator.url).get("/_emulator/messages", None)?;
        let list = list.get("messages").cloned().unwrap_or(list);
        Ok(list.as_array().context("the inbox is no list")?.clone())
    }

    fn sesame(&self, words: &[&str], at: usize) -> Command {
        let mut command = in_peace(&self.program);
        command.args(words).arg("--config");
        command.arg(self.folder.join(config_name(at)));
        command
    }
}

/// The binary, deaf to the environment it is tested in.
fn in_peace(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(std::process::Stdio::null());
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    for name in ["SESAME_LOG", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

fn config_name(at: usize) -> String {
    format!("sesame-{}.toml", at + 1)
}

/// Nobody is refused by Aliyun's own limits: it is ours that are tested.
fn account() -> String {
    let limits = ["per_minute", "per_hour", "per_day", "number_per_day"]
        .map(|name| format!("{name} = 100000\n"))
        .concat();
    format!(
        "[[access_keys]]\nid = \"testid\"\nsecret = \"{ACCESS_KEY_SECRET}\"\n[limits]\n{limits}"
    )
}

fn connector(endpoint: &str) -> Value {
    json!({
        "accessKeyId": "testid",
        "accessKeySecret": ACCESS_KEY_SECRET,
        "signName": "阿里云短信测试",
        "endpoint": endpoint,
        "timeoutMs": 1500,
        "templates": [{
            "usageType": "Generic",
            "templateCode": { "china": "SMS_154950909", "overseas": "SMS_154950910" },
        }],
    })
}

/// All servers of a site have the same keys.
fn config(plan: &Plan<'_>, port: u16) -> String {
    let Plan {
        records,
        journal,
        more,
        ..
    } = plan;
    format!(
        "listen = \"127.0.0.1:{port}\"\n\
         connector = \"connector.json\"\n\
         [token]\nissuer = \"https://sesame.test\"\naudience = \"tests\"\n\
         [store]\nrecords = \"{records}\"\njournal = \"{journal}\"\n\
         [keys]\nfile = \"keys.json\"\n\
         [reports]\nsecret = \"{REPORT_SECRET}\"\n{more}"
    )
}

/// Ports that are free, and below those that the system gives to connections:
/// a server that is started again must find its own free again.
fn ports(count: usize) -> Result<Vec<u16>> {
    let first = 12_000 + u16::try_from(std::process::id() % 8_000)?;
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let found: Vec<u16> = (first..32_000).filter(free).take(count).collect();
    anyhow::ensure!(found.len() == count, "there are no free ports");
    Ok(found)
}
