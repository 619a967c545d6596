//! `sesame serve` as it is shipped, with nothing to do.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::time::ClockId;
use serde_json::json;

use super::Folder;
use crate::report::median;
use crate::subjects::seconds;

/// After that long it does nothing but wait.
const UNTIL_IDLE: Duration = Duration::from_millis(1_500);

/// What one takes.
pub(crate) struct Idle {
    /// Resident memory.
    pub(crate) resident_mib: f64,
    /// From the start of the process to its line `ready`.
    pub(crate) ready_ms: f64,
    /// The same of the very first start, which makes keys and tables.
    pub(crate) first_ready_ms: f64,
}

/// Starts it so many times.
pub(crate) fn measure(sesame: &Path, below: &Path, starts: usize) -> Result<Idle> {
    let folder = Folder::new(below, "idle")?;
    let config = folder.path.join("sesame.toml");
    std::fs::write(
        &config,
        "listen = \"127.0.0.1:0\"\nconnector = \"connector.json\"\n\
         [token]\nissuer = \"https://sesame.example\"\naudience = \"bench\"\n",
    )?;
    let connector = json!({
        "accessKeyId": "testid",
        "accessKeySecret": "testsecret",
        "signName": "阿里云短信测试",
        "templates": [{ "usageType": "Generic", "templateCode": "SMS_154950909" }],
    });
    std::fs::write(folder.path.join("connector.json"), connector.to_string())?;
    let first = start(sesame, &config)?.ready_ms;
    let (mut ready, mut resident) = (Vec::new(), Vec::new());
    for at in 0..starts {
        let started = start(sesame, &config)?;
        ready.push(started.ready_ms);
        // Few are enough: it hardly varies, and takes its time.
        if at % 5 == 0 {
            std::thread::sleep(UNTIL_IDLE);
            resident.push(started.resident_mib()?);
        }
    }
    if ready.is_empty() {
        bail!("no start was asked for");
    }
    Ok(Idle {
        resident_mib: median(resident),
        ready_ms: median(ready),
        first_ready_ms: first,
    })
}

struct Started {
    child: Child,
    ready_ms: f64,
}

fn start(sesame: &Path, config: &Path) -> Result<Started> {
    let began = seconds(ClockId::Monotonic);
    let mut child = Command::new(sesame)
        .args(["serve", "--config"])
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{} serve", sesame.display()))?;
    let mut line = String::new();
    let stdout = child.stdout.take().context("its output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let ready_ms = (seconds(ClockId::Monotonic) - began) * 1e3;
    let started = Started { child, ready_ms };
    if !line.starts_with("ready ") {
        bail!("`sesame serve` did not get ready");
    }
    Ok(started)
}

impl Started {
    fn resident_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let digits = line.context("VmRSS")?.chars().filter(char::is_ascii_digit);
        Ok(digits.collect::<String>().parse::<f64>()? / 1024.0)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It is gone either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
