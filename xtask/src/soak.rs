//! Servers that are killed again and again while many clients use them, and
//! what must hold afterwards all the same.
//!
//! `load` is the clients, `book` keeps what they were told, `verdict` compares
//! that with the emulator's inbox and with the journal. To add an invariant,
//! write it in `verdict`.

mod book;
mod load;
mod verdict;

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::server::Server;
use crate::services::Services;
use crate::site::{Plan, Site};
use crate::workspace::{Workspace, run};
use load::{Random, World};
pub(crate) use verdict::code;

/// How often a server is killed, each scenario, by the command and in the test.
const KILLS: usize = 200;
const KILLS_IN_THE_TEST: usize = 20;
/// Clients at a time; some of them ask several things at once.
const CLIENTS: u64 = 12;

/// A way to run it.
struct Scenario {
    name: &'static str,
    about: &'static str,
    servers: usize,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "postgres",
        about: "two servers on one PostgreSQL",
        servers: 2,
    },
    Scenario {
        name: "cluster",
        about: "two servers on a cluster of three and a PostgreSQL",
        servers: 2,
    },
    Scenario {
        name: "sqlite",
        about: "one server",
        servers: 1,
    },
];

/// What the load meets: limits that a run of half a minute runs into.
const POLICY: &str = "
[policy]
number = [{ messages = 2, secs = 8 }, { messages = 5, secs = 60 }, { messages = 10, secs = 86400 }]
ip_per_hour = 10
[policy.prefix]
per_hour = 10
per_day = 0
share = 0.0
[policy.ip]
per_hour = 0
per_day = 0
share = 1.0
[policy.own_codes]
prefix_per_hour = 0
prefix_per_day = 0
[policy.countries.budgets.CN]
per_hour = 0
per_day = 0
share = 1.0
[log]
level = \"warn\"
";

/// `cargo xtask soak [--kills N] [SCENARIO]`.
pub(crate) fn command(words: &[String]) -> Result<bool> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (kills, names) = match words.as_slice() {
        ["--kills", count, names @ ..] => (count.parse().context("--kills")?, names),
        names => (KILLS, names),
    };
    if let Some(unknown) = names
        .iter()
        .find(|name| SCENARIOS.iter().all(|scenario| scenario.name != **name))
    {
        let known: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        bail!("no scenario `{unknown}`; there are {}", known.join(", "));
    }
    let workspace = Workspace::find()?;
    run(workspace
        .cargo("build")
        .args(["--release", "--package", "sesame-cli"]))?;
    let is_wanted = |scenario: &&Scenario| names.is_empty() || names.contains(&scenario.name);
    let wait = Patience::ToTheEnd;
    soak(&workspace, SCENARIOS.iter().filter(is_wanted), kills, wait)?;
    Ok(true)
}

/// The short one of the test.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let wait = Patience::UntilFound;
    soak(workspace, SCENARIOS.iter(), KILLS_IN_THE_TEST, wait)
}

/// How long doubts are waited for. A message that was never sent stays in doubt
/// for ten minutes, which a test does not wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    UntilFound,
    ToTheEnd,
}

fn soak<'a>(
    workspace: &Workspace,
    scenarios: impl Iterator<Item = &'a Scenario>,
    kills: usize,
    patience: Patience,
) -> Result<()> {
    let mut standing = Vec::new();
    for scenario in scenarios {
        println!("\n{}: {}, {kills} kills", scenario.name, scenario.about);
        let about = || format!("scenario {}", scenario.name);
        standing.push(Standing::after(workspace, scenario, kills).with_context(about)?);
    }
    // Waiting takes longest, so all of them are waited for at once.
    let mut broken = Vec::new();
    for it in standing {
        let name = it.scenario.name;
        println!("\n{name}: {}", it.scenario.about);
        let violations = it
            .judge(patience)
            .with_context(|| format!("scenario {name}"))?;
        for violation in &violations {
            println!("VIOLATED  {violation}");
        }
        if !violations.is_empty() {
            broken.push(format!("{} in {name}", violations.len()));
        }
    }
    if !broken.is_empty() {
        bail!("invariants were violated: {}", broken.join(", "));
    }
    Ok(())
}

/// A scenario whose clients have gone, and whose servers run.
struct Standing<'a> {
    scenario: &'a Scenario,
    kills: usize,
    world: World,
    // In the order in which they are to end.
    running: Vec<Server>,
    site: Site,
    _services: Services,
}

impl<'a> Standing<'a> {
    fn after(workspace: &Workspace, scenario: &'a Scenario, kills: usize) -> Result<Self> {
        let mut services =
            Services::in_folder(workspace, &format!("services-soak/{}", scenario.name))?;
        let (records, journal) = stores(workspace, scenario, &mut services)?;
        let site = Site::new(
            workspace,
            &Plan {
                name: &format!("soak/{}", scenario.name),
                servers: scenario.servers,
                records: &records,
                journal: &journal,
                more: POLICY,
            },
        )?;
        let world = World::new(&site, site.api_key()?);
        let mut running = (0..scenario.servers)
            .map(|at| site.start(at, "warn"))
            .collect::<Result<Vec<Server>>>()?;
        let killed = thread::scope(|scope| {
            for seed in 0..CLIENTS {
                let world = &world;
                scope.spawn(move || load::run(world, seed));
            }
            let killed = kill(&site, &mut running, kills);
            world.end();
            killed
        });
        killed.context("a server did not start again")?;
        for action in ["SendSms", "QuerySendDetails"] {
            site.fault(&json!({ "action": action, "times": 0 }))?;
        }
        Ok(Self {
            scenario,
            kills,
            world,
            running,
            site,
            _services: services,
        })
    }

    /// Waits, compares, prints the counts, and gives what does not hold.
    fn judge(self, patience: Patience) -> Result<Vec<String>> {
        let Self {
            world, site, kills, ..
        } = &self;
        let doubts = verdict::settle(site, &world.key, patience == Patience::ToTheEnd)?;
        let seen = verdict::Seen::read(site, &world.key)?;
        let book = world.closed();
        print!("{}", verdict::table(&book, &seen, &doubts, *kills));
        let mut violations = verdict::violations(&book, &seen, &doubts);
        for at in 0..self.scenario.servers {
            let log = site.log(at);
            let text = fs::read_to_string(&log).unwrap_or_default();
            if text.contains("panicked") {
                violations.push(format!("a server panicked; see {}", log.display()));
            }
        }
        drop(self.running);
        Ok(violations)
    }
}

/// Records and journal, as the configuration names them.
fn stores(
    workspace: &Workspace,
    scenario: &Scenario,
    services: &mut Services,
) -> Result<(String, String)> {
    let mut postgres = || services.postgres(workspace, "postgres");
    Ok(match scenario.name {
        "postgres" => {
            let url = postgres()?;
            (url.clone(), url)
        }
        "cluster" => {
            let journal = postgres()?;
            (services.valkey_cluster(workspace, "cluster")?, journal)
        }
        _ => ("sqlite".to_owned(), "sqlite".to_owned()),
    })
}

/// Kills a server every few hundred milliseconds and starts it again at once,
/// while Aliyun misbehaves now and then.
fn kill(site: &Site, running: &mut Vec<Server>, kills: usize) -> Result<()> {
    let mut random = Random::new(1_000_003);
    for turn in 0..kills {
        site.fault(&load::misfortune(2 * turn))?;
        site.fault(&load::misfortune(2 * turn + 1))?;
        thread::sleep(Duration::from_millis(random.between(200, 900)));
        let at = usize::try_from(random.below(running.len() as u64))?;
        // Dropping it kills it, and its successor needs its address.
        drop(running.swap_remove(at));
        let started = site.start(at_of(site, running), "warn")?;
        running.push(started);
    }
    Ok(())
}

/// The server that does not run.
fn at_of(site: &Site, running: &[Server]) -> usize {
    let runs = |url: &String| running.iter().any(|server| server.url == *url);
    site.urls.iter().position(|url| !runs(url)).unwrap_or(0)
}
