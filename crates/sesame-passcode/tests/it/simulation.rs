//! What attacks cost before they are stopped, and honest work that never is:
//! the default policy under a moved clock.
//!
//! `cargo test -p sesame-passcode --test it simulation -- --nocapture` prints
//! the tables.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::SignedDuration;
use sesame_connector::{Source, Stage};
use sesame_passcode::{CheckOutcome, Start, StartError};

use crate::world::{World, mixed, start, wrong};

const VICTIM: &str = "+8613800138000";

/// What a message costs, in millionths of a yuan: at home, abroad.
const PRICES: (u64, u64) = (45_000, 500_000);

/// What an attack got and cost.
#[derive(Default)]
struct Cost {
    asked: u64,
    sent: u64,
    guesses: u64,
    micros: u64,
    stopped_by: &'static str,
}

/// One attack on a world of its own.
struct Attack {
    world: World,
    cost: Cost,
}

impl Attack {
    fn new() -> Self {
        Self {
            world: World::new(),
            cost: Cost::default(),
        }
    }

    /// Asks for a code; gives the verification's id, if one was sent.
    async fn ask(&mut self, request: Start) -> Option<String> {
        self.cost.asked += 1;
        let is_home = request.to.starts_with("+86");
        match self.world.passcodes.start(request).await {
            Ok(started) => {
                self.cost.sent += 1;
                self.cost.micros += if is_home { PRICES.0 } else { PRICES.1 };
                Some(started.verification.id)
            }
            Err(StartError::Limited(limited)) => {
                self.cost.stopped_by = limited.limit.as_str();
                None
            }
            // Not every number that is drawn exists.
            Err(StartError::Refused(refusal)) if refusal.stage == Stage::Argument => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Guesses until it is told to stop.
    async fn guess(&mut self, id: &str, to: &str) {
        let code = self.world.phones.code(to);
        for guess in 0..20 {
            match self.world.check(id, &wrong(&code, guess)).await {
                CheckOutcome::Mismatch { .. } => self.cost.guesses += 1,
                CheckOutcome::Exhausted => {
                    self.cost.guesses += 1;
                    return;
                }
                CheckOutcome::Locked(limited) => {
                    self.cost.stopped_by = limited.limit.as_str();
                    return;
                }
                outcome => panic!("{outcome:?}"),
            }
        }
    }
}

pub(crate) fn request(to: &str, ip: IpAddr) -> Start {
    Start {
        ip: Some(ip),
        ..start(to)
    }
}

pub(crate) fn address(number: u64) -> IpAddr {
    Ipv4Addr::from(0x0b00_0000 + u32::try_from(number % 0x00ff_ffff).expect("it fits")).into()
}

/// A mainland number; neighbours in `number` have nothing in common.
pub(crate) fn mainland(number: u64) -> String {
    let prefixes = [
        "135", "136", "137", "138", "139", "150", "151", "158", "159", "188",
    ];
    let drawn = mixed(number);
    let index = usize::try_from(drawn % 10).expect("it fits");
    format!("+86{}{:08}", prefixes[index], drawn / 10 % 100_000_000)
}

/// One number, from a new address and in a new session each time, for 30 days.
async fn one_number() -> Cost {
    let mut attack = Attack::new();
    for round in 0..30 * 24 * 6 {
        let request = Start {
            session: Some(round.to_string()),
            ..request(VICTIM, address(round))
        };
        if let Some(id) = attack.ask(request).await {
            attack.guess(&id, VICTIM).await;
        }
        attack.world.clock.advance(600);
    }
    attack.cost
}

/// As many verifications of one number as can be had in a day first, then
/// guesses at all of them, round and round.
async fn many_sessions() -> Cost {
    let mut attack = Attack::new();
    for round in 0..24 {
        let mut ids = Vec::new();
        for minute in 0..10_u64 {
            let session = Start {
                session: Some(format!("{round} {minute}")),
                ..request(VICTIM, address(round * 100 + minute))
            };
            let sent = attack.ask(session).await;
            ids.extend(sent.map(|id| (id, attack.world.phones.code(VICTIM))));
            attack.world.clock.advance(60);
        }
        for (id, code) in ids {
            for guess in 0..5 {
                let outcome = attack.world.check(&id, &wrong(&code, guess)).await;
                match outcome {
                    CheckOutcome::Mismatch { .. } => attack.cost.guesses += 1,
                    CheckOutcome::Exhausted if guess == 4 => attack.cost.guesses += 1,
                    CheckOutcome::Locked(limited) => {
                        attack.cost.stopped_by = limited.limit.as_str();
                    }
                    _ => {}
                }
            }
        }
        attack.world.clock.advance(3000);
    }
    attack.cost
}

/// So many numbers an hour, from addresses as given.
async fn spray(
    hours: u64,
    per_hour: u64,
    to: impl Fn(u64) -> String,
    from: impl Fn(u64) -> IpAddr,
) -> Cost {
    let mut attack = Attack::new();
    let begin = attack.world.clock.now();
    for number in 0..hours * per_hour {
        let millis = number * 3_600_000 / per_hour;
        let after = SignedDuration::from_millis(i64::try_from(millis).expect("it fits"));
        attack.world.clock.set(begin + after);
        attack.ask(request(&to(number), from(number))).await;
    }
    attack.cost
}

async fn burst(requests: impl Iterator<Item = Start>) -> Cost {
    let mut attack = Attack::new();
    let starts: Vec<_> = requests
        .map(|request| {
            let passcodes = attack.world.passcodes.clone();
            tokio::spawn(async move { passcodes.start(request).await })
        })
        .collect();
    for started in starts {
        attack.cost.asked += 1;
        match started.await.expect("no panic") {
            Ok(_) => {
                attack.cost.sent += 1;
                attack.cost.micros += PRICES.0;
            }
            Err(StartError::Limited(limited)) => attack.cost.stopped_by = limited.limit.as_str(),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(attack.world.phones.calls(), attack.cost.sent);
    attack.cost
}

fn same_64(number: u64) -> IpAddr {
    Ipv6Addr::from(0x2001_0db8_0001_0002_u128 << 64 | u128::from(mixed(number))).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_attacks_cost() {
    let one = |_| address(1);
    let many = |number| address(number % 1000);
    let pumped = |number| format!("+861380013{:04}", number % 10_000);
    let premium = |number| format!("+3712{:07}", mixed(number) % 10_000_000);
    // What it is, its cost, and the most it may be: messages, guesses.
    let rows = [
        (
            "guess one number, 30 days, all addresses",
            one_number().await,
            40,
            100,
        ),
        (
            "guess across sessions of one number, 24 hours",
            many_sessions().await,
            10,
            50,
        ),
        (
            "mainland numbers from one address, 3 hours",
            spray(3, 1000, mainland, one).await,
            60,
            0,
        ),
        (
            "mainland numbers from one /64, 3 hours",
            spray(3, 1000, mainland, same_64).await,
            60,
            0,
        ),
        (
            "a prefix at 1,000 an hour from 1,000 addresses, 12 hours",
            spray(12, 1000, pumped, many).await,
            50,
            0,
        ),
        (
            "a premium country, the same",
            spray(12, 1000, premium, many).await,
            200,
            0,
        ),
        (
            "500 at once, one number",
            burst((0..500).map(|number| request(VICTIM, address(number)))).await,
            1,
            0,
        ),
        (
            "500 at once, one address",
            burst((0..500).map(|number| request(&mainland(number), address(1)))).await,
            20,
            0,
        ),
        (
            "500 at once, one prefix",
            burst((0..500).map(|number| request(&pumped(number), address(number)))).await,
            20,
            0,
        ),
    ];
    let mut table = String::from(
        "| attack | asked | sent | guesses | money | chance | stopped by |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
    );
    for (name, cost, ..) in &rows {
        let money = cost.micros as f64 / 1e6;
        let chance = cost.guesses as f64 / 1e6;
        let Cost {
            asked,
            sent,
            guesses,
            stopped_by,
            ..
        } = cost;
        writeln!(
            table,
            "| {name} | {asked} | {sent} | {guesses} | ¥{money:.2} | {:.4} % | {stopped_by} |",
            chance * 100.0,
        )
        .expect("a line");
    }
    println!("{table}");
    for (name, cost, sent, guesses) in &rows {
        assert!(cost.sent <= *sent, "{name}: {} sent", cost.sent);
        assert!(cost.guesses <= *guesses, "{name}: {} guesses", cost.guesses);
        assert_ne!(cost.stopped_by, "", "{name}");
    }
}

/// What an honest user does next.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Start,
    Confirm(String),
}

/// A workload of honest users: how many an hour, over how many minutes, and
/// where their numbers come from.
pub(crate) struct Honest {
    pub(crate) name: &'static str,
    pub(crate) per_hour: u64,
    pub(crate) minutes: u64,
    /// How many of ten confirm.
    pub(crate) confirming: u64,
    pub(crate) number: fn(u64) -> String,
}

/// How many were started, confirmed, refused.
pub(crate) async fn work(honest: &Honest, mut noise: impl AsyncFnMut(&World)) -> (u64, u64, u64) {
    let world = World::new();
    // Begins half an hour before midnight, to run through the windows of a day.
    world
        .clock
        .set("2026-11-22T23:30:00Z".parse().expect("a time"));
    let begin = world.clock.now();
    let users = honest.per_hour * honest.minutes / 60;
    let mut steps = BinaryHeap::new();
    for user in 0..users {
        let at = begin + millis(user * 3_600_000 / honest.per_hour);
        steps.push(Reverse((at, user, Step::Start)));
    }
    let (mut started, mut confirmed, mut refused) = (0, 0, 0);
    while let Some(Reverse((at, user, step))) = steps.pop() {
        world.clock.set(at);
        let to = (honest.number)(user);
        match step {
            Step::Start => {
                noise(&world).await;
                match world.passcodes.start(request(&to, address(user))).await {
                    Ok(begun) => {
                        started += 1;
                        if mixed(user ^ 0xc0de) % 10 < honest.confirming {
                            let delay = 8000 + mixed(user) % 60_000;
                            let id = begun.verification.id;
                            steps.push(Reverse((at + millis(delay), user, Step::Confirm(id))));
                        }
                    }
                    // The number's own windows are no fault of the workload: two
                    // users drew one number.
                    Err(StartError::Limited(limited)) if is_own(&limited) => {}
                    Err(_) => refused += 1,
                }
            }
            Step::Confirm(id) => {
                let code = world.phones.code(&to);
                let outcome = world.check(&id, &code).await;
                confirmed += u64::from(matches!(outcome, CheckOutcome::Approved(_)));
            }
        }
    }
    (started, confirmed, refused)
}

fn is_own(limited: &sesame_passcode::Limited) -> bool {
    limited.limit.as_str().starts_with("number_")
}

pub(crate) fn millis(millis: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(millis).expect("it fits"))
}

/// One city: a hundred prefixes of ten thousand numbers.
pub(crate) fn one_city(number: u64) -> String {
    let drawn = mixed(number);
    format!("+86138{:04}{:04}", 4200 + drawn % 100, drawn / 100 % 10_000)
}

/// A town abroad: forty prefixes.
pub(crate) fn abroad(number: u64) -> String {
    let drawn = mixed(number);
    format!("+1415{}{:04}", 220 + drawn % 40, drawn / 100 % 10_000)
}

#[tokio::test]
async fn honest_work_is_never_refused() {
    let workloads = [
        Honest {
            name: "2,000 sign-ins an hour, 80 % confirmed, 3 hours",
            per_hour: 2000,
            minutes: 180,
            confirming: 8,
            number: mainland,
        },
        Honest {
            name: "a small app in one city, 100 an hour, 12 hours",
            per_hour: 100,
            minutes: 720,
            confirming: 8,
            number: one_city,
        },
        Honest {
            name: "the same abroad, 60 % confirmed",
            per_hour: 100,
            minutes: 720,
            confirming: 6,
            number: abroad,
        },
        Honest {
            name: "a launch, 20,000 an hour from nothing, 15 minutes",
            per_hour: 20_000,
            minutes: 15,
            confirming: 8,
            number: mainland,
        },
    ];
    let mut table = String::from(
        "| workload | started | confirmed | refused |\n| --- | ---: | ---: | ---: |\n",
    );
    for honest in &workloads {
        let (started, confirmed, refused) = work(honest, async |_| {}).await;
        let name = honest.name;
        writeln!(table, "| {name} | {started} | {confirmed} | {refused} |").expect("a line");
        assert_eq!(refused, 0, "{name}");
    }
    println!("{table}");
}

/// A prefix that is pumped beside honest work is stopped, the work is not.
#[tokio::test]
async fn pumping_does_not_stop_honest_work() {
    let honest = Honest {
        name: "2,000 an hour beside a pumped prefix",
        per_hour: 2000,
        minutes: 60,
        confirming: 8,
        number: mainland,
    };
    let (mut pumped, mut asked) = (0, 0_u64);
    let pump = async |world: &World| {
        asked += 1;
        let to = format!("+861380013{:04}", asked % 10_000);
        let started = world
            .passcodes
            .start(request(&to, address(1 << 20 | asked)))
            .await;
        pumped += u64::from(started.is_ok());
    };
    let (started, _, refused) = work(&honest, pump).await;
    println!(
        "{}: {started} started, {refused} refused; of {asked} pumped ones {pumped} were sent",
        honest.name
    );
    assert_eq!(refused, 0);
    assert!(pumped <= 40, "{pumped}");
}
