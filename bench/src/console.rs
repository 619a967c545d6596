//! The console: whether its pages stay quick as the journal grows.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use http::Request;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustix::time::ClockId;

use crate::report::{self, Spread, median};
use crate::server::{Folder, Process, grouped, has_room, rows, text};
use crate::subjects::seconds;

/// Each page, and what it shows. `WHO` stands for the blind index of a number
/// that has messages, `MESSAGE` for the id of one.
const PAGES: [(&str, &str); 18] = [
    ("overview", "/"),
    ("overview of one app", "/?app=web"),
    ("newest messages", "/console/messages"),
    ("messages to a number", "/console/messages?who=WHO"),
    ("refused messages", "/console/messages?outcome=refused"),
    ("unknown messages", "/console/messages?outcome=unknown"),
    ("messages that failed", "/console/messages?delivery=failed"),
    (
        "messages of an app and a type",
        "/console/messages?app=web&type=Register",
    ),
    (
        "messages of a type nobody used",
        "/console/messages?type=BindMfa",
    ),
    ("a message", "/console/messages/MESSAGE"),
    ("limits", "/console/limits"),
    ("what limits decided", "/console/limits/decisions"),
    (
        "what one limit decided",
        "/console/limits/decisions?limit=prefix_per_hour",
    ),
    (
        "what one limit would have refused",
        "/console/limits/decisions?limit=prefix_per_hour&decision=would_refuse",
    ),
    (
        "what limits decided about a number",
        "/console/limits/decisions?who=WHO",
    ),
    ("connectors", "/console/connectors"),
    ("keys", "/console/keys"),
    ("audit", "/console/audit"),
];

/// What to run and where to write it.
pub(crate) struct Options {
    folder: PathBuf,
    rounds: usize,
    /// Rows of the journals, the shorter first.
    sizes: [u64; 2],
    /// Requests of one page in one turn.
    requests: usize,
    write: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            folder: PathBuf::from("."),
            rounds: 9,
            sizes: [10_000, 10_000_000],
            requests: 200,
            write: None,
        };
        for pair in words.chunks(2) {
            let [name, value] = pair else {
                bail!("{} needs a value", pair[0])
            };
            match *name {
                "--folder" => options.folder = value.into(),
                "--rounds" => options.rounds = value.parse().context("--rounds")?,
                "--requests" => options.requests = value.parse().context("--requests")?,
                "--sizes" => {
                    let sizes = value.split(',').map(str::parse);
                    let sizes: Vec<u64> = sizes.collect::<Result<_, _>>().context("--sizes")?;
                    options.sizes = sizes.try_into().ok().context("--sizes takes two")?;
                }
                "--write" => options.write = Some(value.into()),
                other => bail!("no option {other}"),
            }
        }
        Ok(options)
    }
}

/// How long a page took with each of the journals, a p99 per turn, and its size.
struct Page {
    name: &'static str,
    /// In microseconds, the shorter journal's first.
    p99: [Vec<f64>; 2],
    middle: [Vec<f64>; 2],
    bytes: usize,
}

/// Measures, prints, and writes the section of `BENCH.md` if asked to.
pub(crate) async fn run(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.folder)?;
    has_room(&options.folder, options.sizes.iter().sum())?;
    let mut consoles = Vec::new();
    for rows in options.sizes {
        eprintln!("a journal of {rows} rows is made");
        let folder = Folder::new(&options.folder, &format!("console-{rows}"))?;
        rows::fill(&folder.path, rows).await?;
        consoles.push((Visitor::start(&folder.path).await?, folder));
    }
    let mut pages: Vec<Page> = PAGES
        .iter()
        .map(|(name, _)| Page {
            name,
            p99: [Vec::new(), Vec::new()],
            middle: [Vec::new(), Vec::new()],
            bytes: 0,
        })
        .collect();
    for round in 0..=options.rounds {
        eprintln!("pages, round {round} of {}", options.rounds);
        for (page, (_, path)) in pages.iter_mut().zip(PAGES) {
            // Whoever came first comes last.
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for at in order {
                let (visitor, _) = &consoles[at];
                let (mut took, bytes) = visitor.turn(path, options.requests).await?;
                page.bytes = page.bytes.max(bytes);
                // The first round only warms up.
                if round > 0 {
                    took.sort_by(f64::total_cmp);
                    let place = |hundredths: usize| took[(took.len() - 1) * hundredths / 100];
                    page.p99[at].push(place(99));
                    page.middle[at].push(place(50));
                }
            }
        }
    }
    let text = section(options, &pages)?;
    println!("{text}");
    match &options.write {
        Some(path) => report::write(path, "console", &text),
        None => Ok(()),
    }
}

/// Somebody who is signed in to the console of a server.
struct Visitor {
    url: String,
    cookie: String,
    /// The blind index of a number that has messages.
    who: String,
    http: Client<HttpConnector, Full<bytes::Bytes>>,
    /// Ends with this.
    _process: Process,
}

impl Visitor {
    async fn start(folder: &Path) -> Result<Self> {
        // Nobody receives what is not sent.
        let mut process = Process::start(&["serve", text(folder)?, "127.0.0.1:9"])?;
        let line = process.line()?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [url, _, admin, who] = words[..] else {
            bail!("an address, two keys and a number's index were expected")
        };
        let mut this = Self {
            url: url.to_owned(),
            cookie: String::new(),
            who: who.to_owned(),
            http: Client::builder(TokioExecutor::new()).build_http(),
            _process: process,
        };
        this.sign_in(admin).await?;
        Ok(this)
    }

    async fn sign_in(&mut self, key: &str) -> Result<()> {
        let request = Request::post(format!("{}/console/sign-in", self.url))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(format!("key={key}")))?;
        let answer = self.http.request(request).await?;
        let cookie = answer.headers().get(SET_COOKIE).context("a session")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        cookie.clone_into(&mut self.cookie);
        Ok(())
    }

    /// One page so many times; how long each took, in microseconds, and its
    /// size.
    async fn turn(&self, path: &str, requests: usize) -> Result<(Vec<f64>, usize)> {
        let path = path
            .replace("WHO", &self.who)
            .replace("MESSAGE", &rows::message_id());
        let url = format!("{}{path}", self.url);
        let (mut took, mut bytes) = (Vec::with_capacity(requests), 0);
        for _ in 0..requests {
            let request = Request::get(&url)
                .header(COOKIE, &self.cookie)
                .body(Full::default())?;
            let began = seconds(ClockId::Monotonic);
            let answer = self.http.request(request).await?;
            let status = answer.status();
            let place = answer.headers().get(LOCATION).cloned();
            let body = answer.into_body().collect().await?.to_bytes();
            took.push((seconds(ClockId::Monotonic) - began) * 1e6);
            ensure!(status == 200, "{path}: {status} {place:?}");
            bytes = body.len();
        }
        Ok((took, bytes))
    }
}

fn section(options: &Options, pages: &[Page]) -> Result<String> {
    let [short, long] = options.sizes.map(grouped);
    let Options {
        requests, rounds, ..
    } = options;
    let mut text = String::from("## The console\n\n");
    writeln!(
        text,
        "Each page, asked for by one browser that is signed in, of a server with SQLite whose journal \
         has {short} rows and of one with {long}, in turns of {requests} requests, {rounds} rounds, \
         every other one in reverse order. A ratio is that of the p99 of two turns of one round: the \
         median of all rounds, and where the middle half of them lies.\n\n\
         | page | half within, {short} | half within, {long} | 99 of 100 within, {short} | 99 of 100 within, {long} | ratio | middle half | target | size |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|"
    )?;
    for page in pages {
        let pairs = page.p99[1].iter().zip(&page.p99[0]);
        let ratio = Spread::of(pairs.map(|(long, short)| long / short));
        let ms = |figures: &Vec<f64>| median(figures.clone()) / 1e3;
        let verdict = if ratio.median <= 1.5 {
            "met"
        } else {
            "**missed**"
        };
        writeln!(
            text,
            "| {} | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} × | {:.2}–{:.2} | ≤ 1.5 ×, {verdict} | {:.0} KB |",
            page.name,
            ms(&page.middle[0]),
            ms(&page.middle[1]),
            ms(&page.p99[0]),
            ms(&page.p99[1]),
            ratio.median,
            ratio.low,
            ratio.high,
            page.bytes as f64 / 1e3,
        )?;
    }
    Ok(text)
}
