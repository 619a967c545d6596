//! What pumping costs before the guard stops it, and whom it stops by mistake in
//! a normal week: the default policy under a moved clock, the same every time.
//!
//! `docs/guard.md` holds both tables. `SESAME_WRITE_DOCS=1 cargo test -p
//! sesame-passcode --test it pumping` writes them, otherwise they are compared.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sesame_connector::{Source, Stage};
use sesame_passcode::{CheckOutcome, Policy, StartError};

use crate::simulation::{Honest, abroad, address, mainland, millis, one_city, request, work};
use crate::world::{World, mixed};

/// What a message costs at home and abroad, in millionths of a yuan.
const PRICES: (u64, u64) = (45_000, 500_000);

const CAP: &str =
    "[account]\nmoney_per_day = \"100\"\nprices = { CN = \"0.045\", other = \"0.5\" }";

/// After so many refusals in a row an attacker waits for the next hour.
const PATIENCE: u32 = 100;

/// Somebody who earns by messages to numbers.
struct Pump {
    name: &'static str,
    policy: &'static str,
    per_hour: u64,
    hours: u64,
    to: fn(u64) -> String,
    from: fn(u64) -> IpAddr,
    /// Of a hundred codes, how many are confirmed.
    confirming: u64,
    /// The most messages there may be.
    most: u64,
}

/// What came of it.
#[derive(Default)]
struct Loss {
    sent: u64,
    micros: u64,
    stopped_by: BTreeMap<&'static str, u64>,
}

impl Loss {
    /// The limit that refused most.
    fn stopped_by(&self) -> &'static str {
        let most = self.stopped_by.iter().max_by_key(|(_, times)| **times);
        most.map_or("nothing", |(limit, _)| limit)
    }
}

fn price(to: &str) -> u64 {
    if to.starts_with("+86") {
        PRICES.0
    } else {
        PRICES.1
    }
}

fn policy(text: &str) -> Policy {
    toml::from_str(text).expect("a policy")
}

async fn pump(pump: &Pump) -> Loss {
    let world = World::with(policy(pump.policy));
    // A day of the clock, so that it is one day's budget.
    let begin: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
    let mut loss = Loss::default();
    let mut number = 0;
    for hour in 0..pump.hours {
        let mut refusals = 0;
        for at in 0..pump.per_hour {
            let after = hour * 3_600_000 + at * 3_600_000 / pump.per_hour;
            world.clock.set(begin + millis(after));
            number += 1;
            let to = (pump.to)(number);
            let started = world.passcodes.start(request(&to, (pump.from)(number)));
            match started.await {
                Ok(started) => {
                    refusals = 0;
                    loss.sent += 1;
                    loss.micros += price(&to);
                    if mixed(number ^ 0xc0de) % 100 < pump.confirming {
                        let code = world.phones.code(&to);
                        world.check(&started.verification.id, &code).await;
                    }
                }
                Err(StartError::Limited(limited)) => {
                    let limit = limited.limit.as_str();
                    *loss.stopped_by.entry(limit).or_default() += 1;
                    refusals += 1;
                }
                // Not every number that is drawn exists.
                Err(StartError::Refused(refusal)) if refusal.stage == Stage::Argument => {}
                Err(error) => panic!("{error}"),
            }
            if refusals == PATIENCE {
                break;
            }
        }
    }
    assert_eq!(world.phones.calls(), loss.sent);
    loss
}

/// Every request from one of 1,000 addresses.
fn thousand(number: u64) -> IpAddr {
    address(number % 1000)
}

/// Every request from one of 5,000 networks of IPv6.
fn botnet(number: u64) -> IpAddr {
    let network = 0x2a00_0000_0000_0000_u128 + u128::from(number % 5000);
    Ipv6Addr::from(network << 64 | u128::from(mixed(number))).into()
}

fn prefix_abroad(number: u64) -> String {
    format!("+3712612{:04}", number % 10_000)
}

fn prefix_at_home(number: u64) -> String {
    format!("+861380013{:04}", number % 10_000)
}

fn range_abroad(number: u64) -> String {
    format!("+371261{:05}", mixed(number) % 100_000)
}

/// Two hundred prefixes of one country.
fn many_prefixes(number: u64) -> String {
    let drawn = mixed(number);
    format!("+3712{:03}{:04}", 600 + drawn % 200, drawn / 200 % 10_000)
}

fn anywhere_at_home(number: u64) -> String {
    mainland(number ^ 0x5eed)
}

const PUMPS: &[Pump] = &[
    Pump {
        name: "one prefix of 10,000 numbers abroad, 1,000 addresses",
        policy: "",
        per_hour: 1000,
        hours: 24,
        to: prefix_abroad,
        from: thousand,
        confirming: 0,
        most: 50,
    },
    Pump {
        name: "the same on the mainland",
        policy: "",
        per_hour: 1000,
        hours: 24,
        to: prefix_at_home,
        from: thousand,
        confirming: 0,
        most: 50,
    },
    Pump {
        name: "a bought range of 100,000 numbers abroad",
        policy: "",
        per_hour: 1000,
        hours: 24,
        to: range_abroad,
        from: thousand,
        confirming: 0,
        most: 150,
    },
    Pump {
        name: "200 prefixes of one country",
        policy: "",
        per_hour: 1000,
        hours: 24,
        to: many_prefixes,
        from: thousand,
        confirming: 0,
        most: 200,
    },
    Pump {
        name: "200 prefixes of one country, slowly: 10 an hour for a week",
        policy: "",
        per_hour: 10,
        hours: 168,
        to: many_prefixes,
        from: thousand,
        confirming: 0,
        most: 800,
    },
    Pump {
        name: "one address, mainland numbers of all kinds",
        policy: "",
        per_hour: 1000,
        hours: 24,
        to: anywhere_at_home,
        from: |_| address(1),
        confirming: 0,
        most: 60,
    },
    Pump {
        name: "a botnet of 5,000 IPv6 networks, one country",
        policy: "",
        per_hour: 1000,
        hours: 24,
        to: many_prefixes,
        from: botnet,
        confirming: 0,
        most: 200,
    },
    Pump {
        name: "the same, mainland numbers of all kinds, ¥100 a day at most",
        policy: CAP,
        per_hour: 1000,
        hours: 24,
        to: anywhere_at_home,
        from: botnet,
        confirming: 0,
        most: 2222,
    },
    Pump {
        name: "a bought range abroad, 30 % of its codes confirmed",
        policy: "",
        per_hour: 1000,
        hours: 24,
        to: range_abroad,
        from: thousand,
        confirming: 30,
        most: 500,
    },
    Pump {
        name: "the same, 60 % confirmed, ¥100 a day at most",
        policy: CAP,
        per_hour: 1000,
        hours: 24,
        to: range_abroad,
        from: thousand,
        confirming: 60,
        most: 200,
    },
    Pump {
        name: "a range that `prefixes.deny` names",
        policy: "[prefixes]\ndeny = [\"+37126\"]",
        per_hour: 1000,
        hours: 24,
        to: range_abroad,
        from: thousand,
        confirming: 0,
        most: 0,
    },
];

fn yuan(micros: u64) -> String {
    format!("¥{:.2}", micros as f64 / 1e6)
}

#[tokio::test]
async fn what_pumping_costs_before_it_is_stopped() {
    let mut rows = String::from(
        "| attack | without the guard | texts sent | money lost | stopped by |\n| --- | ---: | ---: | ---: | --- |\n",
    );
    for one in PUMPS {
        let loss = pump(one).await;
        let asked = one.per_hour * one.hours;
        let all = yuan(asked * price(&(one.to)(1)));
        let (sent, lost, by) = (loss.sent, yuan(loss.micros), loss.stopped_by());
        let name = one.name;
        writeln!(
            rows,
            "| {name} | {asked} texts, {all} | {sent} | {lost} | `{by}` |"
        )
        .expect("a line");
        assert!(sent <= one.most, "{name}: {sent} sent");
        assert_ne!(by, "nothing", "{name}");
    }
    println!("{rows}");
    in_document("attacks", &rows);
}

#[tokio::test]
async fn what_pumping_costs_beside_honest_work() {
    let honest = Honest {
        name: "100 honest sign-ins an hour in the same country, 60 % confirmed",
        per_hour: 100,
        minutes: 720,
        confirming: 6,
        number: abroad,
    };
    let beside = [
        (
            "one prefix",
            (|n| format!("+1917555{:04}", n % 10_000)) as fn(u64) -> String,
        ),
        ("a range of 100,000 numbers", |n| {
            format!("+191755{:05}", mixed(n) % 100_000)
        }),
        ("numbers all over the country", |n| {
            let drawn = mixed(n);
            format!("+1917{}{:04}", 220 + drawn % 700, drawn / 700 % 10_000)
        }),
    ];
    let mut rows = String::from(
        "| pumped at 1,000 an hour | texts sent | money lost | honest starts | refused by mistake |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for (name, to) in beside {
        let (mut sent, mut asked) = (0, 0);
        let mut begins = None;
        let noise = async |world: &World| {
            let now = world.clock.now();
            let begins = *begins.get_or_insert(now + SignedDuration::from_hours(6));
            if now < begins {
                return;
            }
            for _ in 0..10 {
                asked += 1;
                let started = world.passcodes.start(request(&to(asked), thousand(asked)));
                sent += u64::from(started.await.is_ok());
            }
        };
        let (started, _, refused) = work(&honest, noise).await;
        let (lost, all) = (yuan(sent * PRICES.1), started + refused);
        writeln!(rows, "| {name} | {sent} | {lost} | {all} | {refused} |").expect("a line");
        assert!(sent <= 600, "{name}: {sent}");
        assert!(refused * 100 <= all, "{name}: {refused} of {all}");
    }
    println!("beside {}\n\n{rows}", honest.name);
    in_document("beside", &rows);
}

/// One user of the normal week.
struct User {
    to: String,
    ip: IpAddr,
    /// Whether the code comes back, and after how long.
    confirms: Option<u64>,
    /// Whether another code is asked for if it does not.
    asks_again: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Start { again: bool },
    Confirm(String),
}

/// Users an hour on the mainland, by the hour of its clock.
const BY_HOUR: [u64; 24] = [
    8, 4, 2, 1, 1, 2, 6, 14, 26, 36, 40, 38, 42, 38, 34, 34, 36, 38, 42, 50, 56, 52, 36, 18,
];

/// Sign-ups within twenty minutes after a campaign.
const CAMPAIGN: u64 = 1200;

/// One of the normal week's users, drawn by a number.
fn user(drawn: u64) -> User {
    let part = |salt: u64, of: u64| mixed(drawn ^ mixed(salt)) % of;
    let (to, confirming) = match part(1, 100) {
        0..80 => (mainland(drawn), 82),
        80..86 => (format!("+8526{:07}", part(2, 10_000_000)), 75),
        86..92 => (abroad(drawn), 70),
        92..96 => (format!("+4479{:08}", 10_000_000 + part(2, 10_000_000)), 70),
        _ => (format!("+65{:08}", 81_000_000 + part(2, 7_000_000)), 72),
    };
    let ip = match part(3, 100) {
        // An office behind one address, a carrier's gateway, a home of IPv6, any
        // other home.
        0..12 => address(0x10_0000 + part(4, 12)),
        12..30 => address(0x20_0000 + part(4, 60)),
        30..55 => botnet(drawn),
        _ => address(0x40_0000 + drawn % 0x3f_ffff),
    };
    let slowly = 8000 + part(5, 60_000);
    User {
        to,
        ip,
        confirms: (part(6, 100) < confirming).then_some(slowly),
        asks_again: part(7, 100) < 40,
    }
}

/// The campaign's users: of one city, a third of them in one hall.
fn campaigner(drawn: u64) -> User {
    let user = user(drawn);
    let in_hall = mixed(drawn ^ 0x4a11).is_multiple_of(3);
    User {
        to: one_city(drawn),
        ip: if in_hall { address(0x30_0000) } else { user.ip },
        ..user
    }
}

/// Who comes when, by the mainland's clock.
fn week(begin: Timestamp) -> Vec<(Timestamp, User)> {
    let mut all = Vec::new();
    let mut drawn = 0;
    for hour in 0..7 * 24_u64 {
        let weekend = hour / 24 >= 5;
        let usual = BY_HOUR[usize::try_from(hour % 24).expect("it fits")];
        let users = if weekend { usual * 5 / 4 } else { usual };
        for at in 0..users {
            drawn += 1;
            let after = hour * 3_600_000 + (at * 3_600_000 + mixed(drawn) % 3_600_000) / users;
            all.push((begin + millis(after), user(drawn)));
        }
    }
    // Wednesday, eight in the evening.
    let campaign = begin + SignedDuration::from_hours(2 * 24 + 20);
    for at in 0..CAMPAIGN {
        let who = campaigner(1 << 32 | at);
        all.push((campaign + millis(at * 1_200_000 / CAMPAIGN), who));
    }
    all
}

/// What came of a normal week.
#[derive(Default)]
struct Week {
    users: u64,
    texts: u64,
    confirmed: u64,
    /// Refused by the guard, by limit.
    refused: BTreeMap<&'static str, u64>,
}

impl Week {
    async fn of(policy: Policy) -> Self {
        let world = World::with(policy);
        // Monday at midnight on the mainland.
        let users = week("2026-11-22T16:00:00Z".parse().expect("a time"));
        let mut this = Self::default();
        let mut steps = BinaryHeap::new();
        for (index, (at, _)) in users.iter().enumerate() {
            steps.push(Reverse((*at, index, Step::Start { again: false })));
        }
        while let Some(Reverse((at, index, step))) = steps.pop() {
            world.clock.set(at);
            let user = &users[index].1;
            match step {
                Step::Start { again } => {
                    let Some(id) = this.start(&world, user, again).await else {
                        continue;
                    };
                    if let Some(slowly) = user.confirms {
                        steps.push(Reverse((at + millis(slowly), index, Step::Confirm(id))));
                    } else if user.asks_again && !again {
                        let later = at + SignedDuration::from_secs(75);
                        steps.push(Reverse((later, index, Step::Start { again: true })));
                    }
                }
                Step::Confirm(id) => {
                    let code = world.phones.code(&user.to);
                    let outcome = world.check(&id, &code).await;
                    this.confirmed += u64::from(matches!(outcome, CheckOutcome::Approved(_)));
                }
            }
        }
        this
    }

    async fn start(&mut self, world: &World, user: &User, again: bool) -> Option<String> {
        match world.passcodes.start(request(&user.to, user.ip)).await {
            Ok(started) => {
                self.users += u64::from(!again);
                self.texts += 1;
                return Some(started.verification.id);
            }
            // Two users drew one number.
            Err(StartError::Limited(limited)) if limited.limit.is_of_number() => {}
            Err(StartError::Limited(limited)) => {
                self.users += u64::from(!again);
                *self.refused.entry(limited.limit.as_str()).or_default() += 1;
            }
            // Not every number that is drawn exists.
            Err(StartError::Refused(refusal)) if refusal.stage == Stage::Argument => {}
            Err(error) => panic!("{error}"),
        }
        None
    }

    fn row(&self, name: &str) -> String {
        let refused: u64 = self.refused.values().sum();
        let asked = self.texts + refused;
        let share = refused as f64 * 100.0 / asked as f64;
        let by: Vec<String> = self
            .refused
            .iter()
            .map(|(limit, times)| format!("`{limit}` {times}"))
            .collect();
        let by = if by.is_empty() {
            "–".to_owned()
        } else {
            by.join(", ")
        };
        format!(
            "| {name} | {} | {} | {} | {refused} ({share:.2} %) | {by} |\n",
            self.users, self.texts, self.confirmed
        )
    }
}

#[tokio::test]
async fn a_normal_week_is_let_alone() {
    let week = Week::of(Policy::default()).await;
    let head = "| policy | users | texts | confirmed | refused by mistake | by |\n| --- | ---: | ---: | ---: | ---: | --- |\n";
    let rows = format!("{head}{}", week.row("the default"));
    println!("{rows}");
    let refused: u64 = week.refused.values().sum();
    assert!(week.users > 5500 && week.confirmed > 4200, "{rows}");
    // One in a thousand.
    assert!(refused * 1000 <= week.texts, "{rows}");
    in_document("week", &rows);
}

/// One writes at a time.
static DOCUMENT: Mutex<()> = Mutex::new(());

/// `docs/guard.md` holds each table between two marks. With
/// `SESAME_WRITE_DOCS=1` it is written, not compared.
fn in_document(mark: &str, rows: &str) {
    let _alone = DOCUMENT.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guard.md");
    let document = std::fs::read_to_string(&path).expect("docs/guard.md");
    let (start, end) = (
        format!("<!-- {mark} -->\n"),
        format!("<!-- end of {mark} -->\n"),
    );
    let (before, rest) = document.split_once(&start).expect("a start mark");
    let (_, after) = rest.split_once(&end).expect("an end mark");
    let whole = format!("{before}{start}{rows}{end}{after}");
    if std::env::var_os("SESAME_WRITE_DOCS").is_some() {
        std::fs::write(&path, &whole).expect("writable");
    } else {
        assert!(
            document == whole,
            "docs/guard.md is not what the simulation says; run this test with SESAME_WRITE_DOCS=1"
        );
    }
}
