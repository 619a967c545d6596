//! `SendSms` through each client: CPU and memory per call.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::endpoint::Pace;
use crate::report::{self, Row, Sample};

/// What to run and where to write it.
pub(crate) struct Options {
    python: Option<PathBuf>,
    node: Option<PathBuf>,
    /// How often every subject is started afresh.
    pub(crate) starts: usize,
    /// Turns of every subject after each start.
    pub(crate) rounds: usize,
    /// Calls in one turn.
    pub(crate) calls: usize,
    write: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            python: None,
            node: None,
            starts: 3,
            rounds: 20,
            calls: 400,
            write: None,
        };
        for pair in words.chunks(2) {
            let [name, value] = pair else {
                bail!("{} needs a value", pair[0])
            };
            match *name {
                "--python" => options.python = Some(value.into()),
                "--node" => options.node = Some(value.into()),
                "--starts" => options.starts = value.parse().context("--starts")?,
                "--rounds" => options.rounds = value.parse().context("--rounds")?,
                "--calls" => options.calls = value.parse().context("--calls")?,
                "--write" => options.write = Some(value.into()),
                other => bail!("no option {other}"),
            }
        }
        Ok(options)
    }
}

/// Calls after every start that are not counted: by then connections stand, and
/// whatever compiles itself while it runs has done so.
const WARM_UP: usize = 2_000;

/// One program to measure.
struct Subject {
    label: &'static str,
    name: &'static str,
    tls: bool,
    /// Slower clients make fewer calls; the figures are per call.
    share: usize,
}

const RUST: [Subject; 6] = [
    Subject {
        label: "bare hyper POST of the same bytes",
        name: "bare",
        tls: false,
        share: 1,
    },
    Subject {
        label: "aliyun-sms, ACS3",
        name: "aliyun-sms",
        tls: false,
        share: 1,
    },
    Subject {
        label: "aliyun-sms, RPC V1",
        name: "aliyun-sms-v1",
        tls: false,
        share: 1,
    },
    Subject {
        label: "bare hyper POST of the same bytes, TLS",
        name: "bare-tls",
        tls: true,
        share: 1,
    },
    Subject {
        label: "aliyun-sms, ACS3, TLS",
        name: "aliyun-sms",
        tls: true,
        share: 1,
    },
    Subject {
        label: "ali-acs, TLS",
        name: "ali-acs",
        tls: true,
        share: 1,
    },
];
const NODE: Subject = Subject {
    label: "Alibaba's Node SDK",
    name: "send.mjs",
    tls: false,
    share: 4,
};
const PYTHON: Subject = Subject {
    label: "Alibaba's Python SDK",
    name: "send.py",
    tls: false,
    share: 4,
};

/// Measures, prints, and writes the section of `BENCH.md` if asked to.
pub(crate) fn run(options: &Options) -> Result<()> {
    let certificates = tempfile::tempdir()?;
    let plain = Server::start(Pace::Usual, None)?;
    let tls = Server::start(Pace::Usual, Some(certificates.path()))?;
    let mut rows: Vec<Row> = Vec::new();
    for start in 1..=options.starts {
        let mut running = Vec::new();
        for subject in subjects(options) {
            let server = if subject.tls { &tls } else { &plain };
            let command = command(&subject, server, certificates.path(), options)?;
            let mut subject = Running::start(subject, command)?;
            subject.turn(WARM_UP)?;
            running.push(subject);
        }
        for round in 1..=options.rounds {
            eprintln!(
                "start {start} of {}, round {round} of {}",
                options.starts, options.rounds
            );
            for subject in &mut running {
                let sample = subject.turn(options.calls);
                let sample = sample.with_context(|| subject.subject.label)?;
                report::add(&mut rows, subject.subject.label, sample);
            }
            // Whoever came first comes last.
            running.reverse();
        }
    }
    let text = report::send(&rows, options)?;
    println!("{text}");
    match &options.write {
        Some(path) => report::write(path, "send", &text),
        None => Ok(()),
    }
}

fn subjects(options: &Options) -> Vec<Subject> {
    let mut list: Vec<Subject> = RUST.into();
    list.extend(options.node.is_some().then_some(NODE));
    list.extend(options.python.is_some().then_some(PYTHON));
    list
}

fn command(
    subject: &Subject,
    server: &Server,
    certificates: &Path,
    options: &Options,
) -> Result<Command> {
    let script = |interpreter: &Option<PathBuf>| -> Result<Command> {
        let mut command = Command::new(interpreter.as_ref().context("an interpreter")?);
        command.arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("sdks")
                .join(subject.name),
        );
        command.arg(&server.address);
        Ok(command)
    };
    match subject.name {
        "send.mjs" => script(&options.node),
        "send.py" => script(&options.python),
        name => {
            let scheme = if subject.tls { "https" } else { "http" };
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["subject", name, &format!("{scheme}://{}", server.address)]);
            if subject.tls {
                command.arg(certificates);
            }
            Ok(command)
        }
    }
}

/// A subject between its turns.
struct Running {
    subject: Subject,
    child: Child,
    turns: ChildStdin,
    figures: BufReader<ChildStdout>,
}

impl Running {
    fn start(subject: Subject, mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self {
            subject,
            turns: child.stdin.take().context("its input")?,
            figures: BufReader::new(child.stdout.take().context("its output")?),
            child,
        })
    }

    fn turn(&mut self, calls: usize) -> Result<Sample> {
        writeln!(self.turns, "{}", calls / self.subject.share)?;
        let mut line = String::new();
        if self.figures.read_line(&mut line)? == 0 {
            bail!("ended with {}", self.child.wait()?);
        }
        let figures: Value = serde_json::from_str(&line)?;
        let number = |key: &str| figures[key].as_f64().with_context(|| key.to_owned());
        Ok(Sample {
            cpu_micros: number("cpu_micros")?,
            wall_micros: number("wall_micros")?,
            peak_mib: number("peak_kib")? / 1024.0,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A server in a process of its own, ended when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(pace: Pace, certificate_dir: Option<&Path>) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["endpoint", pace.as_str()])
            .args(certificate_dir)
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut address = String::new();
        let stdout = child.stdout.take().context("its output")?;
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self {
            child,
            address: address.trim().to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It is gone either way.
    let _ = child.kill();
    let _ = child.wait();
}
