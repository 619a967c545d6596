//! The server: what HTTP and the rules cost beside the store and the journal
//! alone, whether a check stays quick as the journal grows, and what an idle
//! server takes.

mod chart;
mod idle;
mod load;
pub(crate) mod rows;
pub(crate) mod serve;
pub(crate) mod store;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::time::ClockId;
use serde_json::Value;

use crate::report;
use crate::subjects::{IN_FLIGHT, seconds};
pub(crate) use chart::grouped;
use load::{Phone, Server};

/// Clients that check at a time while the journal is long: enough to be many,
/// and too few to wait for each other.
pub(crate) const CHECKING: usize = 4;
/// Pairs after every start that are not counted.
const WARM_UP: usize = 1_000;

/// What to run and where to write it.
pub(crate) struct Options {
    /// The release build of `sesame`.
    sesame: PathBuf,
    /// For databases; on the disk that is to be measured.
    folder: PathBuf,
    pub(crate) rounds: usize,
    /// Pairs in one turn beside the store.
    pub(crate) pairs: usize,
    /// Rows of the journals, the shortest first.
    pub(crate) sizes: Vec<u64>,
    /// Checks in one turn of each journal.
    pub(crate) checks: usize,
    /// Starts of an idle server.
    pub(crate) starts: usize,
    write: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            sesame: PathBuf::from("sesame"),
            folder: PathBuf::from("."),
            rounds: 15,
            pairs: 4_000,
            sizes: vec![0, 100_000, 1_000_000, 10_000_000],
            checks: 4_000,
            starts: 21,
            write: None,
        };
        for pair in words.chunks(2) {
            let [name, value] = pair else {
                bail!("{} needs a value", pair[0])
            };
            match *name {
                "--sesame" => options.sesame = value.into(),
                "--folder" => options.folder = value.into(),
                "--rounds" => options.rounds = value.parse().context("--rounds")?,
                "--pairs" => options.pairs = value.parse().context("--pairs")?,
                "--sizes" => {
                    let sizes = value.split(',').map(str::parse);
                    options.sizes = sizes.collect::<Result<_, _>>().context("--sizes")?;
                }
                "--checks" => options.checks = value.parse().context("--checks")?,
                "--starts" => options.starts = value.parse().context("--starts")?,
                "--write" => options.write = Some(value.into()),
                other => bail!("no option {other}"),
            }
        }
        ensure!(!options.sizes.is_empty(), "--sizes names none");
        Ok(options)
    }
}

/// A turn of the server or of the store.
pub(crate) struct Turn {
    /// Of the process alone, per pair.
    pub(crate) cpu_micros: f64,
    pub(crate) pairs_per_sec: f64,
}

/// Two turns of one round.
pub(crate) struct Round {
    pub(crate) server: Turn,
    pub(crate) store: Turn,
}

/// How long checks took with a journal of some length, a figure per turn.
pub(crate) struct Curve {
    pub(crate) rows: u64,
    pub(crate) file_mib: f64,
    /// The middle of each turn, in microseconds.
    pub(crate) middle: Vec<f64>,
    /// What 99 of 100 checks of each turn stay below.
    pub(crate) p99: Vec<f64>,
}

/// Measures, prints, and writes the section of `BENCH.md` if asked to.
pub(crate) async fn run(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.folder)?;
    has_room(&options.folder, options.sizes.iter().sum())?;
    let phone = Phone::new()?;
    let rounds = beside_the_store(options, &phone).await?;
    let curves = growing(options, &phone).await?;
    let idle = idle::measure(&options.sesame, &options.folder, options.starts)?;
    let text = chart::section(options, &rounds, &curves, &idle)?;
    println!("{text}");
    let Some(path) = &options.write else {
        return Ok(());
    };
    let images = path.with_file_name("docs").join("images");
    std::fs::create_dir_all(&images)?;
    std::fs::write(images.join(chart::IMAGE), chart::svg(&curves))?;
    report::write(path, "server", &text)
}

/// Both with an empty database to begin with.
async fn beside_the_store(options: &Options, phone: &Phone) -> Result<Vec<Round>> {
    let (ours, alone) = (
        Folder::new(&options.folder, "server")?,
        Folder::new(&options.folder, "store")?,
    );
    let mut server = Serving::start(&ours.path, phone)?;
    let mut store = Process::start(&["store", text(&alone.path)?])?;
    server.server.pairs(WARM_UP, IN_FLIGHT).await?;
    store.ask(&WARM_UP.to_string())?;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        // Whoever came first comes last.
        let (server, store) = if round % 2 == 0 {
            let server = server_turn(&mut server, options.pairs).await?;
            (server, store_turn(&mut store, options.pairs)?)
        } else {
            let store = store_turn(&mut store, options.pairs)?;
            (server_turn(&mut server, options.pairs).await?, store)
        };
        rounds.push(Round { server, store });
    }
    Ok(rounds)
}

async fn server_turn(serving: &mut Serving, pairs: usize) -> Result<Turn> {
    serving.server.pairs(pairs / 10, IN_FLIGHT).await?;
    let (cpu, wall) = (serving.cpu_micros()?, seconds(ClockId::Monotonic));
    serving.server.pairs(pairs, IN_FLIGHT).await?;
    let wall = seconds(ClockId::Monotonic) - wall;
    Ok(Turn {
        cpu_micros: (serving.cpu_micros()? - cpu) / pairs as f64,
        pairs_per_sec: pairs as f64 / wall,
    })
}

fn store_turn(store: &mut Process, pairs: usize) -> Result<Turn> {
    let figures: Value = serde_json::from_str(&store.ask(&pairs.to_string())?)?;
    let number = |key: &str| figures[key].as_f64().with_context(|| key.to_owned());
    Ok(Turn {
        cpu_micros: number("cpu_micros")?,
        pairs_per_sec: 1e6 / number("wall_micros")?,
    })
}

/// A server on each of the journals; all of them run, and take turns.
async fn growing(options: &Options, phone: &Phone) -> Result<Vec<Curve>> {
    let mut all = Vec::new();
    for &rows in &options.sizes {
        eprintln!("a journal of {rows} rows is made");
        let folder = Folder::new(&options.folder, &format!("rows-{rows}"))?;
        rows::fill(&folder.path, rows).await?;
        let file_mib = folder.mib()?;
        let serving = Serving::start(&folder.path, phone)?;
        serving.server.pairs(WARM_UP, CHECKING).await?;
        let curve = Curve {
            rows,
            file_mib,
            middle: Vec::new(),
            p99: Vec::new(),
        };
        all.push((serving, folder, curve));
    }
    for round in 1..=options.rounds {
        eprintln!("checks, round {round} of {}", options.rounds);
        for (serving, _, curve) in &mut all {
            let mut took = serving.server.pairs(options.checks, CHECKING).await?;
            took.sort_by(f64::total_cmp);
            let at = |hundredths: usize| took[(took.len() - 1) * hundredths / 100];
            curve.middle.push(at(50));
            curve.p99.push(at(99));
        }
        all.reverse();
    }
    all.sort_by_key(|(_, _, curve)| curve.rows);
    Ok(all.into_iter().map(|(_, _, curve)| curve).collect())
}

/// A disk that runs full would spoil more than a measurement.
pub(crate) fn has_room(folder: &Path, rows: u64) -> Result<()> {
    let needed_mib = rows * rows::BYTES_PER_ROW / (1 << 20) + 1_000;
    let said = Command::new("df").args(["-Pm"]).arg(folder).output()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let free = said
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(3));
    let free: u64 = free.and_then(|free| free.parse().ok()).context("df")?;
    ensure!(
        free > needed_mib,
        "{needed_mib} MiB of disk are needed, {free} are free"
    );
    Ok(())
}

/// A folder that is removed when it is not needed any more.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new(below: &Path, name: &str) -> Result<Self> {
        let path = below.join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    fn mib(&self) -> Result<f64> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(&self.path)? {
            bytes += entry?.metadata()?.len();
        }
        Ok(bytes as f64 / f64::from(1 << 20))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// One of our own processes, which answers every line with one.
pub(crate) struct Process {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(words: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The log, which somebody has to take.
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self {
            questions: child.stdin.take().context("its input")?,
            answers: BufReader::new(child.stdout.take().context("its output")?),
            child,
        })
    }

    fn ask(&mut self, question: &str) -> Result<String> {
        writeln!(self.questions, "{question}")?;
        self.line()
    }

    pub(crate) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("a process ended with {}", self.child.wait()?);
        }
        Ok(line)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is gone either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in its process, and the way to it.
struct Serving {
    process: Process,
    server: Server,
}

impl Serving {
    fn start(folder: &Path, phone: &Phone) -> Result<Self> {
        let mut process = Process::start(&["serve", text(folder)?, &phone.address])?;
        let line = process.line()?;
        let mut words = line.split_whitespace();
        let (url, key) = words
            .next()
            .zip(words.next())
            .context("an address and a key")?;
        Ok(Self {
            server: Server::new(url, key, phone.clone()),
            process,
        })
    }

    /// Processor time it has used so far.
    fn cpu_micros(&mut self) -> Result<f64> {
        Ok(self.process.ask("")?.trim().parse()?)
    }
}

pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no UTF-8")
}
