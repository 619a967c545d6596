//! Verification codes through Logto's connectors: the official one, a bare
//! sender, and ours, in the same Node.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::endpoint::{CERTIFICATE_FILE, Pace};
use crate::report;
use crate::send::Server;

/// What to run and where to write it.
pub(crate) struct Options {
    node: PathBuf,
    plugin: PathBuf,
    rounds: usize,
    sends: usize,
    write: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let (mut node, mut plugin, mut write) = (None, None, None);
        let (mut rounds, mut sends) = (3, 12_000);
        for pair in words.chunks(2) {
            let [name, value] = pair else {
                bail!("{} needs a value", pair[0])
            };
            match *name {
                "--node" => node = Some(value.into()),
                "--plugin" => plugin = Some(value.into()),
                "--rounds" => rounds = value.parse().context("--rounds")?,
                "--sends" => sends = value.parse().context("--sends")?,
                "--write" => write = Some(value.into()),
                other => bail!("no option {other}"),
            }
        }
        Ok(Self {
            node: node.context("--node is needed")?,
            plugin: plugin.context("--plugin is needed: the folder of the package")?,
            rounds,
            sends,
            write,
        })
    }
}

/// Who sends: the name in `bench/logto/send.mjs`, and the one in the table.
const SENDERS: [(&str, &str); 3] = [
    ("official", "`@logto/connector-aliyun-sms` 1.5.5"),
    ("bare", "bare `node:http`, the same signature"),
    ("ours", "ours"),
];
const OURS: usize = 2;

/// How many at a time, and how.
struct Setting {
    in_flight: usize,
    tls: bool,
}

const SETTINGS: [Setting; 4] = [
    Setting {
        in_flight: 1,
        tls: false,
    },
    Setting {
        in_flight: 16,
        tls: false,
    },
    Setting {
        in_flight: 64,
        tls: false,
    },
    Setting {
        in_flight: 64,
        tls: true,
    },
];
/// The one with targets.
const JUDGED: usize = 2;

impl Setting {
    fn label(&self) -> String {
        let tls = if self.tls { ", TLS" } else { "" };
        format!("{}{tls}", self.in_flight)
    }
}

/// One run of one sender.
struct Sample {
    cpu_micros: f64,
    p50_millis: f64,
    p99_millis: f64,
    rss_mib: f64,
}

/// All runs of one sender in one setting.
type Samples = Vec<Sample>;

fn median(samples: &Samples, of: fn(&Sample) -> f64) -> f64 {
    report::median(samples.iter().map(of).collect())
}

fn cpu(sample: &Sample) -> f64 {
    sample.cpu_micros
}

fn memory(sample: &Sample) -> f64 {
    sample.rss_mib
}

/// A ratio that has a target.
struct Goal {
    what: &'static str,
    reference: usize,
    of: fn(&Sample) -> f64,
    at_most: f64,
}

const GOALS: [Goal; 3] = [
    Goal {
        what: "CPU per send",
        reference: 0,
        of: cpu,
        at_most: 0.15,
    },
    Goal {
        what: "CPU per send",
        reference: 1,
        of: cpu,
        at_most: 0.5,
    },
    Goal {
        what: "memory",
        reference: 0,
        of: memory,
        at_most: 0.5,
    },
];

/// The servers that senders send to.
struct Servers {
    usual: Server,
    quick: Server,
    tls: Server,
    certificates: tempfile::TempDir,
}

impl Servers {
    fn start() -> Result<Self> {
        let certificates = tempfile::tempdir()?;
        Ok(Self {
            usual: Server::start(Pace::Usual, None)?,
            quick: Server::start(Pace::Quick, None)?,
            tls: Server::start(Pace::Usual, Some(certificates.path()))?,
            certificates,
        })
    }

    fn url(&self, setting: &Setting) -> String {
        match setting {
            Setting { tls: true, .. } => format!("https://{}", self.tls.address),
            // One after the other would take a quarter of an hour.
            Setting { in_flight: 1, .. } => format!("http://{}", self.quick.address),
            Setting { .. } => format!("http://{}", self.usual.address),
        }
    }
}

/// Measures, prints, and writes the section of `BENCH.md` if asked to.
pub(crate) fn run(options: &Options) -> Result<()> {
    let servers = Servers::start()?;
    let mut rows: Vec<Vec<Samples>> = SETTINGS
        .iter()
        .map(|_| SENDERS.iter().map(|_| Samples::new()).collect())
        .collect();
    let mut node = String::new();
    for round in 1..=options.rounds {
        for (setting, row) in SETTINGS.iter().zip(&mut rows) {
            for ((name, _), samples) in SENDERS.iter().zip(row) {
                let label = setting.label();
                eprintln!("round {round} of {}: {name}, {label}", options.rounds);
                let (sample, version) =
                    measure(name, setting, &servers, options).with_context(|| name.to_string())?;
                samples.push(sample);
                node = version;
            }
        }
    }
    let text = section(&rows, &node, options);
    println!("{text}");
    match &options.write {
        Some(path) => report::write(path, "logto", &text),
        None => Ok(()),
    }
}

fn measure(
    name: &str,
    setting: &Setting,
    servers: &Servers,
    options: &Options,
) -> Result<(Sample, String)> {
    let certificate = servers.certificates.path().join(CERTIFICATE_FILE);
    let mut command = Command::new(&options.node);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("logto/send.mjs"))
        .args([name, &servers.url(setting)])
        .args([options.sends.to_string(), setting.in_flight.to_string()])
        .arg(&options.plugin);
    // Node reads the one, our client the other. With it Node reads all its own
    // certificates at its start, so it is not there where it is not needed.
    for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
        if setting.tls {
            command.env(name, &certificate);
        } else {
            command.env_remove(name);
        }
    }
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("ended with {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().context("no figures")?;
    let figures: Value = serde_json::from_str(line)?;
    let number = |key: &str| figures[key].as_f64().with_context(|| key.to_owned());
    let sample = Sample {
        cpu_micros: number("cpu_micros")?,
        p50_millis: number("p50_millis")?,
        p99_millis: number("p99_millis")?,
        rss_mib: number("rss_mib")?,
    };
    let version = figures["node"].as_str().context("node")?.to_owned();
    Ok((sample, version))
}

fn section(rows: &[Vec<Samples>], node: &str, options: &Options) -> String {
    let Options { rounds, sends, .. } = options;
    let mut lines = vec![
        "## Logto\n".to_owned(),
        format!(
            "Verification codes through a connector that is made anew for every one, as Logto's \
             core does it, in Node {node}, to a server in a process of its own that accepts \
             everything after 5 to 38 ms (with 1 in flight: after 1 to 3 ms). Every sender has a \
             process of its own; {rounds} rounds of {sends} sends in turn, medians. CPU is user \
             and system time of that process, time is from the call to its end, the server's \
             included, both without the first tenth of the sends; memory is resident memory \
             after the last send. The official connector's fixed address is replaced; over TLS \
             its connection is led elsewhere instead.\n"
        ),
        "| in flight | sender | CPU per send | p50 | p99 | memory |".to_owned(),
        "|---:|---|---:|---:|---:|---:|".to_owned(),
    ];
    for (setting, row) in SETTINGS.iter().zip(rows) {
        for ((_, label), samples) in SENDERS.iter().zip(row) {
            lines.push(format!(
                "| {} | {label} | {:.1} µs | {:.1} ms | {:.1} ms | {:.1} MiB |",
                setting.label(),
                median(samples, cpu),
                median(samples, |sample| sample.p50_millis),
                median(samples, |sample| sample.p99_millis),
                median(samples, memory),
            ));
        }
    }
    lines.push(format!(
        "\n| what, {} in flight | reference | ratio | target |\n|---|---|---:|---:|",
        SETTINGS[JUDGED].label()
    ));
    lines.extend(GOALS.iter().map(|goal| judged(goal, &rows[JUDGED])));
    lines.push(String::new());
    lines.join("\n")
}

fn judged(goal: &Goal, row: &[Samples]) -> String {
    let ratio = median(&row[OURS], goal.of) / median(&row[goal.reference], goal.of);
    let verdict = if ratio <= goal.at_most {
        "met"
    } else {
        "**missed**"
    };
    let (_, reference) = SENDERS[goal.reference];
    format!(
        "| {} | {reference} | {ratio:.3} × | ≤ {} ×, {verdict} |",
        goal.what, goal.at_most
    )
}
