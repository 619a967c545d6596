//! The guard against pumping, as callers and operators meet it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sesame_connector::provider::BoxFuture;
use sesame_connector::{Kind, Source};
use sesame_passcode::journal::Ruling;
use sesame_passcode::store::memory::Fault;
use sesame_passcode::store::{Addition, Key, Record, Store, StoreResult, Swap, Version};
use sesame_passcode::{
    About, CheckOutcome, Events, Journal, LimitName, Passcodes, Policy, Start, StartError,
    VerdictQuery, VerdictView,
};

use crate::simulation::{address, mainland, request};
use crate::world::{PHONE, Reply, World, limited, wrong};

fn world(policy: &str) -> World {
    World::with(toml::from_str(policy).expect("a policy"))
}

/// What limits decided, after it was written down.
async fn verdicts(world: &World) -> Vec<VerdictView> {
    world.passcodes.tick().await.expect("a tick");
    let query = VerdictQuery {
        limit: 5000,
        ..VerdictQuery::default()
    };
    world.passcodes.verdicts(query).await.expect("verdicts")
}

/// Starts, and if it is sent, says the code.
async fn confirmed(world: &World, request: Start) {
    let to = request.to.clone();
    let started = world.passcodes.start(request).await.expect("a start");
    let code = world.phones.code(&to);
    let outcome = world.check(&started.verification.id, &code).await;
    assert!(matches!(outcome, CheckOutcome::Approved(_)), "{outcome:?}");
}

#[tokio::test]
async fn prefixes_are_denied_and_allowed_by_the_longest() {
    let world = world(
        "[countries]\ndeny = [\"US\"]\n[prefixes]\ndeny = [\"+447911\"]\nallow = [\"+44791112\", \"+1415\"]",
    );
    for (to, denied) in [
        ("+447911234567", Some(LimitName::PrefixDenied)),
        ("+447911123456", None),
        ("+447400123456", None),
        ("+14155552671", None),
        ("+12125552671", Some(LimitName::CountryDenied)),
    ] {
        let started = world.start(to).await;
        match denied {
            None => assert!(started.is_ok(), "{to}"),
            Some(limit) => {
                let refused = limited(started);
                assert_eq!(refused.limit, limit, "{to}");
                assert_eq!(refused.ends_at, None);
            }
        }
    }
    assert_eq!(world.phones.calls(), 3);
    let told: Vec<_> = verdicts(&world)
        .await
        .into_iter()
        .map(|row| (row.limit, row.subject, row.reason, row.until))
        .collect();
    let expected = [
        ("country_denied", "US", "countries.deny has US"),
        ("prefix_denied", "+44 791123****", "prefixes.deny=+447911"),
    ];
    for (limit, subject, reason) in expected {
        let row = (limit.into(), subject.into(), reason.into(), None);
        assert!(told.contains(&row), "{told:?}");
    }
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn a_busy_office_behind_one_address_is_let_alone_and_a_pump_is_not() {
    let office = World::new();
    for number in 0..400 {
        let request = request(&mainland(number), address(1));
        // Six of ten.
        if number % 10 < 6 {
            confirmed(&office, request).await;
        } else {
            assert!(office.passcodes.start(request).await.is_ok(), "{number}");
        }
        office.clock.advance(90);
    }
    let pump = World::new();
    let mut sent = 0;
    for number in 0..400 {
        let started = pump.passcodes.start(request(&mainland(number), address(1)));
        sent += u32::from(started.await.is_ok());
        pump.clock.advance(90);
    }
    assert_eq!(sent, 60);
}

/// What nobody asked for in an hour is bounded over days.
#[tokio::test]
async fn an_address_that_is_slow_is_stopped_by_its_day() {
    let world = World::new();
    let mut refused = Vec::new();
    for number in 0..240 {
        let started = world
            .passcodes
            .start(request(&mainland(number), address(1)));
        if let Err(StartError::Limited(limited)) = started.await {
            refused.push(limited.limit);
        }
        world.clock.advance(360);
    }
    assert_eq!(world.phones.calls(), 60);
    assert!(
        refused
            .iter()
            .all(|limit| *limit == LimitName::IpUnconfirmedPerDay)
    );
    let seen = verdicts(&world).await;
    assert!(seen.iter().all(|row| row.subject == "11.0.0.1"), "{seen:?}");
    assert_eq!(
        seen.last().expect("a row").reason,
        "unconfirmed=61 confirmed=0 base=60 share=1"
    );
}

#[tokio::test]
async fn neighbouring_prefixes_are_bounded_together() {
    let world = World::new();
    let mut last = None;
    for number in 0..400_u64 {
        // Ten prefixes, none of which is asked for by the hour too often.
        let to = format!("+4479111{}{:04}", number % 10, number);
        match world.passcodes.start(request(&to, address(number))).await {
            Ok(_) => {}
            Err(StartError::Limited(limited)) => last = Some(limited.limit),
            Err(error) => panic!("{error}"),
        }
        world.clock.advance(200);
    }
    assert_eq!(world.phones.calls(), 150);
    assert_eq!(last, Some(LimitName::RangePerDay));
    let held = world.passcodes.blocks(10, None).await.expect("blocks");
    assert_eq!(held[0].subject, "+44 79111*****");
    // An operator can lift it.
    let lifted = world.passcodes.lift_block("ops", &held[0].id).await;
    assert!(lifted.expect("an answer").is_some());
    assert!(world.start("+447911199999").await.is_ok());
}

/// Two servers, one of which is restarted, spend a day's money to the cent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_days_money_is_kept_by_all_servers_together() {
    let mut world =
        world("[account]\nmoney_per_day = \"1\"\nprices = { CN = \"0.045\", other = \"0.5\" }");
    let told = Arc::new(Told::default());
    world.change(|parts| parts.events = told.clone());
    let mut sent = 0;
    for round in 0..4_u64 {
        let other = Passcodes::new(world.parts.clone()).expect("a policy");
        let both = [world.passcodes.clone(), other];
        let starts: Vec<_> = (0..20_u64)
            .map(|at| {
                let number = round * 20 + at;
                let passcodes = both[usize::try_from(number % 2).expect("it fits")].clone();
                tokio::spawn(async move {
                    passcodes
                        .start(request(&mainland(number), address(number)))
                        .await
                })
            })
            .collect();
        for started in starts {
            match started.await.expect("no panic") {
                Ok(_) => sent += 1,
                Err(error) => assert_eq!(
                    limited::<()>(Err(error)).limit,
                    LimitName::AccountMoneyPerDay
                ),
            }
        }
        world.restart();
    }
    assert_eq!((sent, world.phones.calls()), (22, 22), "0.99 of 1");
    assert_eq!(
        *told.nearing.lock().expect("a lock"),
        [LimitName::AccountMoneyPerDay]
    );
    let decisions = world.journal.decisions(9, None).await.expect("decisions");
    let near: Vec<_> = decisions
        .iter()
        .filter(|decision| decision.action == "limit_near")
        .collect();
    assert_eq!(near.len(), 1, "{decisions:?}");
    assert!(
        near[0].detail.contains("used=810000 most=1000000"),
        "{near:?}"
    );
    // It says when it ends, and does.
    let refused = limited(world.start(PHONE).await);
    let ends_at = refused.ends_at.expect("an end");
    assert_eq!(ends_at.to_string(), "2026-11-23T00:00:00Z");
    world.clock.set(ends_at);
    assert!(world.start(PHONE).await.is_ok());
}

/// What is told for metrics.
#[derive(Debug, Default)]
struct Told {
    limited: Mutex<Vec<LimitName>>,
    observed: Mutex<Vec<LimitName>>,
    nearing: Mutex<Vec<LimitName>>,
}

impl Events for Told {
    fn limited(&self, _: &About<'_>, limit: LimitName) {
        self.limited.lock().expect("a lock").push(limit);
    }

    fn observed(&self, _: &About<'_>, limit: LimitName) {
        self.observed.lock().expect("a lock").push(limit);
    }

    fn nearing(&self, limit: LimitName) {
        self.nearing.lock().expect("a lock").push(limit);
    }
}

/// A pump that asks 300 times within four hours; a tenth of its codes come back.
async fn pumped(world: &World) -> Vec<bool> {
    let begin = world.clock.now();
    let mut sent = Vec::new();
    for number in 0..300_u64 {
        let after = i64::try_from(number * 48).expect("it fits");
        world.clock.set(begin + SignedDuration::from_secs(after));
        let to = format!("+4479111{}{:04}", number % 3, number);
        let started = world
            .passcodes
            .start(request(&to, address(number % 8)))
            .await;
        if let Ok(started) = &started
            && number % 10 == 0
        {
            let code = world.phones.code(&to);
            world.check(&started.verification.id, &code).await;
        }
        sent.push(started.is_ok());
    }
    sent
}

/// Watching tells exactly what holding would do: which messages, by which limit.
#[tokio::test]
async fn what_is_watched_says_what_would_be_refused() {
    let tally = |rows: &[VerdictView], ruling| {
        let mut all = std::collections::BTreeMap::new();
        for row in rows {
            assert_eq!(row.ruling, ruling);
            *all.entry(row.limit.clone()).or_insert(0) += row.count;
        }
        all
    };
    let held = World::new();
    let sent = pumped(&held).await;
    let refused = sent.iter().filter(|sent| !**sent).count();
    assert!(refused > 100, "{refused}");
    let mut watched = world("observe = [\"all\"]");
    let told = Arc::new(Told::default());
    watched.change(|parts| parts.events = told.clone());
    assert!(pumped(&watched).await.iter().all(|sent| *sent));
    let (held, watched) = (verdicts(&held).await, verdicts(&watched).await);
    assert_eq!(
        tally(&held, Ruling::Refused),
        tally(&watched, Ruling::WouldRefuse)
    );
    assert_eq!(told.observed.lock().expect("a lock").len(), refused);
    assert!(told.limited.lock().expect("a lock").is_empty());
    // Nobody is listed as held back.
    assert!(watched.iter().all(|row| row.until.is_some()));
}

#[tokio::test]
async fn watched_limits_hold_back_nobody_and_lists_are_watched_too() {
    let world =
        world("observe = [\"country_denied\", \"ip_per_hour\"]\n[countries]\nallow = [\"CN\"]");
    assert!(world.start("+447911123456").await.is_ok());
    for number in 0..40 {
        let started = world
            .passcodes
            .start(request(&mainland(number), address(9)));
        assert!(started.await.is_ok());
    }
    assert_eq!(world.passcodes.blocks(9, None).await.expect("blocks"), []);
    let rows = verdicts(&world).await;
    let count = |limit: &str| -> i64 {
        let of = rows.iter().filter(|row| row.limit == limit);
        of.map(|row| row.count).sum()
    };
    assert_eq!((count("country_denied"), count("ip_per_hour")), (1, 20));
}

/// Watching is for budgets: what guards codes and numbers holds.
#[tokio::test]
async fn watching_takes_nothing_from_the_safety_of_codes() {
    let world = world("observe = [\"all\"]");
    let id = world.started(PHONE).await;
    let refused = limited(world.start(PHONE).await);
    assert_eq!(refused.limit, LimitName::NumberPerMinute);
    let code = world.phones.code(PHONE);
    for guess in 0..5 {
        world.check(&id, &wrong(&code, guess)).await;
    }
    assert_eq!(world.check(&id, &code).await, CheckOutcome::Exhausted);
    for name in LimitName::ALL
        .into_iter()
        .filter(|limit| limit.is_of_number())
    {
        let policy = Policy {
            observe: [name.as_str().to_owned()].into(),
            ..Policy::default()
        };
        let error = policy.validate().expect_err("it always holds");
        assert_eq!(error.setting, "observe");
    }
}

#[tokio::test]
async fn every_decision_is_written_down_with_who_whom_why_and_until_when() {
    let world = world("[prefix]\nper_hour = 1\nper_day = 0\nshare = 1.0");
    world.started("+8613800138000").await;
    let refused = limited(world.start("+8613800138001").await);
    assert_eq!(refused.limit, LimitName::PrefixPerHour);
    limited(world.start("+8613800138001").await);
    // The number's own limits are decisions too.
    limited(world.start("+8613800138000").await);
    let rows = verdicts(&world).await;
    let [row] = &rows
        .iter()
        .filter(|row| row.limit == "prefix_per_hour")
        .collect::<Vec<_>>()[..]
    else {
        panic!("{rows:?}");
    };
    assert_eq!(
        (row.app.as_str(), row.usage_type.as_str()),
        ("web", "SignIn")
    );
    assert_eq!((row.country.as_str(), row.count), ("CN", 2));
    assert_eq!(row.to.as_deref(), Some("+86 138****8001"));
    assert_eq!(row.subject, "+86 1380013****");
    assert_eq!(row.until, refused.ends_at);
    assert_eq!(row.reason, "unconfirmed=2 confirmed=0 base=1 share=1");
    // By number, limit and decision.
    for (query, found) in [
        (
            VerdictQuery {
                to: Some("+86 138 0013 8001".to_owned()),
                ..VerdictQuery::default()
            },
            1,
        ),
        (
            VerdictQuery {
                limit_name: Some(LimitName::NumberPerMinute),
                ..VerdictQuery::default()
            },
            1,
        ),
        (
            VerdictQuery {
                ruling: Some(Ruling::WouldRefuse),
                ..VerdictQuery::default()
            },
            0,
        ),
    ] {
        let query = VerdictQuery { limit: 9, ..query };
        let rows = world.passcodes.verdicts(query).await.expect("verdicts");
        assert_eq!(rows.len(), found);
    }
    // They go when messages go.
    world.clock.advance(40 * 86_400);
    assert_eq!(verdicts(&world).await, []);
}

#[tokio::test]
async fn a_flood_of_refusals_is_a_few_rows_that_count_all() {
    let world = World::new();
    for number in 0..3000_u64 {
        let to = format!("+861380013{:04}", number);
        let _ = world.passcodes.start(request(&to, address(number))).await;
    }
    let rows = verdicts(&world).await;
    assert_eq!(rows.iter().map(|row| row.count).sum::<i64>(), 2980);
    assert_eq!(rows.len(), 21);
    let whole: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
    assert!(
        whole.iter().all(|row| !row.contains("8613800130")),
        "{whole:?}"
    );
}

#[tokio::test]
async fn what_the_journal_did_not_take_is_written_later() {
    let world = World::new();
    world.started(PHONE).await;
    for _ in 0..3 {
        limited(world.start(PHONE).await);
        world.faults.arm(2, Fault::Refused);
        let _ = world.passcodes.tick().await;
        world.faults.disarm();
    }
    world.passcodes.finish().await;
    let rows = verdicts(&world).await;
    assert_eq!(rows.iter().map(|row| row.count).sum::<i64>(), 3);
}

/// What a provider refused was never sent: it is taken back where it was
/// counted, and where it was not, nothing is.
#[tokio::test]
async fn what_is_watched_gives_back_no_more_than_it_counted() {
    let world =
        world("observe = [\"prefix_per_hour\"]\n[prefix]\nper_hour = 2\nper_day = 0\nshare = 1.0");
    let to = |number: u64| format!("+861380013{number:04}");
    let from = |number: u64| -> IpAddr { address(number) };
    for number in 0..6 {
        if number >= 2 {
            world.phones.will(Reply::Refuse(Kind::Balance, None));
        }
        let _ = world
            .passcodes
            .start(request(&to(number), from(number)))
            .await;
    }
    // The two that were sent still count.
    assert!(
        world
            .passcodes
            .start(request(&to(9), from(9)))
            .await
            .is_ok()
    );
    let rows = verdicts(&world).await;
    let would: i64 = rows.iter().map(|row| row.count).sum();
    assert_eq!(would, 5, "{rows:?}");
}

/// A store that answers each addition a moment later, as those across a network
/// do: in between, others look.
#[derive(Debug)]
struct Slow(Arc<dyn Store>);

impl Store for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>> {
        self.0.get(key, now)
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Swap>> {
        self.0.swap(key, expected, new, now)
    }

    fn add<'a>(
        &'a self,
        amounts: &'a [Addition],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<i64>>> {
        Box::pin(async move {
            let totals = self.0.add(amounts, now).await;
            tokio::task::yield_now().await;
            totals
        })
    }

    fn purge(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<usize>> {
        self.0.purge(limit, now)
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.0.ping()
    }
}

/// How a start ended: the limit's name, or none.
async fn ended(passcodes: Passcodes, request: Start) -> Option<LimitName> {
    match passcodes.start(request).await {
        Ok(_) => None,
        Err(StartError::Limited(limited)) => Some(limited.limit),
        Err(error) => panic!("{error}"),
    }
}

/// What is refused takes nobody's room, however much of it comes at once.
#[tokio::test]
async fn a_flood_that_is_refused_keeps_nobody_out() {
    let mut world = world("");
    let store = world.parts.store.clone();
    world.change(|parts| parts.store = Arc::new(Slow(store)));
    let flooder = address(0);
    for number in 0..20 {
        let started = world.passcodes.start(request(&mainland(number), flooder));
        started.await.expect("a start");
    }
    limited(world.passcodes.start(request(&mainland(99), flooder)).await);
    // All of these are to one prefix, which has room for twenty in an hour.
    let to = |number: u64| format!("+861709999{number:04}");
    let mut waves = Vec::new();
    for wave in 0..3_u64 {
        let mut starts = tokio::task::JoinSet::new();
        for number in 0..203 {
            let is_honest = number % 68 == 67;
            let from = if is_honest { address(number) } else { flooder };
            let request = request(&to(wave * 1000 + number), from);
            let passcodes = world.passcodes.clone();
            starts.spawn(async move { (is_honest, ended(passcodes, request).await) });
        }
        waves.extend(starts.join_all().await);
    }
    for (is_honest, ended) in &waves {
        let expected = (!is_honest).then_some(LimitName::IpPerHour);
        assert_eq!(*ended, expected);
    }
}

/// Also where they all come at once at first: the limit that is named is the one
/// that was reached.
#[tokio::test]
async fn of_many_at_once_the_limit_that_was_reached_is_named() {
    let mut world = world("[account]\nmoney_per_day = \"0.2\"\nprices = { other = \"0.045\" }");
    let store = world.parts.store.clone();
    world.change(|parts| parts.store = Arc::new(Slow(store)));
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..60_u64 {
        let request = request(&format!("+861709999{number:04}"), address(number));
        starts.spawn(ended(world.passcodes.clone(), request));
    }
    let all = starts.join_all().await;
    let sent = all.iter().filter(|limit| limit.is_none()).count();
    assert_eq!(sent, 4, "{all:?}");
    let money = |limit: &&Option<LimitName>| **limit == Some(LimitName::AccountMoneyPerDay);
    assert_eq!(all.iter().filter(money).count(), 56, "{all:?}");
}
