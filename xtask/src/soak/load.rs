//! Clients that do what clients do, well-meaning and not, several at once for
//! one number.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::book::Book;
use crate::http::{Answer, Client, Request};
use crate::site::Site;

/// Stories that begin with each number; they meet there.
const STORIES_PER_NUMBER: u64 = 6;
/// Numbers that are in use at a time.
const NUMBERS_AT_ONCE: u64 = 8;
/// How often a client asks again that wants its answer.
const INSISTS: usize = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// What all clients share.
pub(crate) struct World {
    servers: Vec<String>,
    emulator: String,
    pub(crate) key: String,
    book: Mutex<Book>,
    is_over: AtomicBool,
    /// Counts stories, and whatever has to be different each time.
    next: AtomicU64,
}

impl World {
    pub(crate) fn new(site: &Site, key: String) -> Self {
        Self {
            servers: site.urls.clone(),
            emulator: site.emulator.url.clone(),
            key,
            book: Mutex::default(),
            is_over: AtomicBool::new(false),
            next: AtomicU64::new(0),
        }
    }

    /// Every client stops after its story.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// What they were told in all.
    pub(crate) fn closed(&self) -> Book {
        std::mem::take(&mut self.book())
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// A mainland number. Ten of them have one prefix, six one address.
pub(crate) fn number(index: u64) -> String {
    format!("+86138{:04}{:04}", index / 10, index % 10 * 1000 + 7)
}

/// The prefix its budget is counted by.
pub(crate) fn prefix(number: &str) -> &str {
    &number[..number.len() - 4]
}

/// Whose number it seems to be.
pub(crate) fn address(index: u64) -> String {
    let home = index / 6;
    format!("10.{}.{}.7", home / 250, home % 250)
}

/// What Aliyun does wrong next; whatever there is comes up in turn.
pub(crate) fn misfortune(at: usize) -> Value {
    let throttled = json!({ "code": "Throttling.User", "http_status": 400 });
    let full = json!({ "code": "isv.BUSINESS_LIMIT_CONTROL", "http_status": 200 });
    let faults = [
        ("SendSms", json!("reset_after_accept")),
        ("SendSms", json!("http_502_html")),
        ("SendSms", throttled),
        ("QuerySendDetails", json!("http_502_html")),
        ("SendSms", json!("slow")),
        ("SendSms", full),
        ("SendSms", json!("timeout")),
        ("SendSms", json!("garbage")),
        ("SendSms", json!("reset")),
    ];
    let (action, fault) = &faults[at % faults.len()];
    let mut order = json!({ "action": action, "fault": fault });
    if *fault == json!("slow") {
        // Longer than a server waits.
        order["delay_ms"] = json!(2500);
    }
    order
}

/// Numbers that look random, the same ones every time (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    pub(crate) fn between(&mut self, start: u64, end: u64) -> u64 {
        start + self.below(end - start)
    }
}

/// Tells stories until the world ends.
pub(crate) fn run(world: &World, seed: u64) {
    let mut caller = Caller::new(world, seed);
    while !world.is_over.load(Ordering::Relaxed) {
        caller.story();
    }
}

/// One client, with a connection to each server.
struct Caller<'w> {
    world: &'w World,
    servers: Vec<Client>,
    emulator: Client,
    random: Random,
    /// Whether the last request that had to be answered took several tries.
    has_retried: bool,
}

/// A verification that a client knows of.
struct Started {
    id: String,
    code: String,
    wrong: String,
}

impl<'w> Caller<'w> {
    fn new(world: &'w World, seed: u64) -> Self {
        Self {
            world,
            servers: world.servers.iter().map(|url| Client::new(url)).collect(),
            emulator: Client::new(&world.emulator),
            random: Random::new(seed),
            has_retried: false,
        }
    }

    /// Somebody else, for what happens at the same time.
    fn other(&self) -> Self {
        Self::new(self.world, self.world.count())
    }

    fn story(&mut self) {
        let newest = self.world.count() / STORIES_PER_NUMBER;
        let number = newest + self.random.below(NUMBERS_AT_ONCE);
        match self.random.below(8) {
            0 | 1 => self.signs_in(number),
            2 => self.comes_back(number),
            3 => self.crowds(number),
            4 => self.guesses(number),
            5 => self.cancels(number),
            6 => self.sends_own(number),
            _ => self.sends_own_twice(number),
        }
    }

    /// Wrong codes at once, then right codes at once.
    fn signs_in(&mut self, number: u64) {
        let key = self.idempotency_key();
        let Some(started) = self.starts(number, None, Some(&key)) else {
            return;
        };
        let wrong = self.random.below(4);
        self.at_once(wrong, |caller| {
            caller.checks(&started.id, &started.wrong, false)
        });
        let right = self.random.between(1, 5);
        self.at_once(right, |caller| {
            caller.checks(&started.id, &started.code, true)
        });
        self.checks(&started.id, &started.code, true);
        self.looks(&started.id);
    }

    /// The same session again, from two places at once.
    fn comes_back(&mut self, number: u64) {
        let session = format!("session-{}", self.world.count());
        self.starts(number, Some(&session), None);
        self.at_once(2, |caller| {
            caller.starts(number, Some(&session), None);
        });
        thread::sleep(PAUSE);
        if let Some(started) = self.starts(number, Some(&session), None) {
            self.checks(&started.id, &started.code, true);
        }
    }

    /// More messages to one number than it may get, at once.
    fn crowds(&mut self, number: u64) {
        self.at_once(5, |caller| {
            caller.starts(number, None, None);
        });
    }

    /// More wrong codes than there are attempts, at once; the right one must
    /// not help then.
    fn guesses(&mut self, number: u64) {
        let Some(started) = self.starts(number, None, None) else {
            return;
        };
        self.at_once(8, |caller| {
            caller.checks(&started.id, &started.wrong, false)
        });
        self.checks(&started.id, &started.code, true);
    }

    /// Cancels while the right code comes. What has ended stays so.
    fn cancels(&mut self, number: u64) {
        let Some(started) = self.starts(number, None, None) else {
            return;
        };
        let path = format!("/v1/verifications/{}", started.id);
        let canceled = thread::scope(|scope| {
            let mut other = self.other();
            let checking = &started;
            scope.spawn(move || other.checks(&checking.id, &checking.code, true));
            self.asks("cancel", "DELETE", &path, None, None)
        });
        if canceled.is_none_or(|answer| answer.status != 204) {
            return;
        }
        let body = json!({ "code": started.code });
        let answer = self.asks("check", "POST", &format!("{path}/check"), Some(&body), None);
        let told = answer.map(|answer| answer.json());
        if told.is_some_and(|told| told["valid"] == json!(true)) {
            let violation = format!("verification {} was approved after its end", started.id);
            self.world.book().violations.push(violation);
        }
    }

    fn sends_own(&mut self, number: u64) {
        let (key, body) = (self.idempotency_key(), self.own(number));
        self.insists("message", "/v1/messages", &body, &key);
    }

    /// The same request with the same key, from three places at once.
    fn sends_own_twice(&mut self, number: u64) {
        let (key, body) = (self.idempotency_key(), self.own(number));
        self.at_once(3, |caller| {
            caller.insists("message", "/v1/messages", &body, &key);
        });
    }

    /// A message whose code no other has.
    fn own(&self, number: u64) -> Value {
        let code = (100_000 + self.world.count() % 900_000).to_string();
        json!({
            "to": self::number(number),
            "type": "SignIn",
            "payload": { "code": code },
            "ip": address(number),
        })
    }

    fn idempotency_key(&self) -> String {
        format!("key-{}", self.world.count())
    }

    /// Starts a verification, and looks at the phone for its code.
    fn starts(&mut self, number: u64, session: Option<&str>, key: Option<&str>) -> Option<Started> {
        let to = self::number(number);
        let mut body = json!({ "to": to, "type": "SignIn", "ip": address(number) });
        if let Some(session) = session {
            body["session"] = json!(session);
        }
        let path = "/v1/verifications";
        let answer = match key {
            Some(key) => self.insists("start", path, &body, key),
            None => self.asks("start", "POST", path, Some(&body), None),
        };
        let answer = answer.filter(|answer| answer.status == 201)?.json();
        let id = answer["id"].as_str()?.to_owned();
        self.world.book().started(&id, number);
        let code = self.reads(&to, answer["message"]["out_id"].as_str()?)?;
        let value: u64 = code.parse().ok()?;
        let wrong = format!("{:06}", (value + 1) % 1_000_000);
        Some(Started { id, code, wrong })
    }

    /// The code of a message, if it came.
    fn reads(&mut self, to: &str, out_id: &str) -> Option<String> {
        let to = to.trim_start_matches('+');
        let path = format!("/_emulator/messages?to=%2B{to}&latest=20");
        let list = self.emulator.get(&path, None).ok()?;
        let list = list.get("messages").cloned().unwrap_or(list);
        let mut messages = list.as_array()?.iter();
        let message = messages.find(|message| message["out_id"] == *out_id)?;
        super::verdict::code(message)
    }

    /// Checks a code. Of the right ones some come with an Idempotency-Key, and
    /// again until there is an answer.
    fn checks(&mut self, id: &str, code: &str, is_right: bool) {
        let (path, body) = (
            format!("/v1/verifications/{id}/check"),
            json!({ "code": code }),
        );
        let key = (is_right && self.random.below(3) == 0).then(|| self.idempotency_key());
        let answer = match &key {
            Some(key) => self.insists("check", &path, &body, key),
            None => self.asks("check", "POST", &path, Some(&body), None),
        };
        let mut book = self.world.book();
        book.checked(id, is_right, answer.as_ref());
        if key.is_some() && self.has_retried {
            // Nobody knows which try was carried out.
            book.checked(id, is_right, None);
        }
    }

    fn looks(&mut self, id: &str) {
        self.asks(
            "show",
            "GET",
            &format!("/v1/verifications/{id}"),
            None,
            None,
        );
    }

    /// Asks until there is an answer that stays. Sometimes once more after
    /// that: it must be the same.
    fn insists(
        &mut self,
        what: &'static str,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Option<Answer> {
        let may_change = |status| matches!(status, 408 | 409 | 429 | 503);
        for tries in 0..INSISTS {
            self.has_retried = tries > 0;
            let answer = self.asks(what, "POST", path, Some(body), Some(key));
            match answer {
                Some(answer) if answer.status == 429 => return Some(answer),
                Some(answer) if !may_change(answer.status) => {
                    if self.random.below(2) == 0 {
                        self.asks_again(what, path, body, key, &answer);
                    }
                    return Some(answer);
                }
                _ => thread::sleep(PAUSE),
            }
        }
        None
    }

    fn asks_again(
        &mut self,
        what: &'static str,
        path: &str,
        body: &Value,
        key: &str,
        first: &Answer,
    ) {
        let again = self.asks(what, "POST", path, Some(body), Some(key));
        let mut book = self.world.book();
        match again {
            Some(again) if again == *first => book.replayed += 1,
            // It could not be asked just now.
            None => {}
            Some(again) if again.status == 503 => {}
            Some(again) => book.violations.push(format!(
                "{key}: {what} was answered {} and, asked again, {}",
                first.status, again.status
            )),
        }
    }

    /// Asks one server, once.
    fn asks(
        &mut self,
        what: &'static str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        idempotency_key: Option<&str>,
    ) -> Option<Answer> {
        let servers = self.servers.len();
        let at = usize::try_from(self.random.below(servers as u64)).unwrap_or(0);
        let answer = self.servers[at].ask(Request {
            method,
            path,
            key: Some(&self.world.key),
            idempotency_key,
            body,
        });
        let mut book = self.world.book();
        match answer {
            Ok(answer) => {
                book.answered(what, &answer);
                Some(answer)
            }
            Err(_) => {
                book.broken += 1;
                drop(book);
                // Where it was killed it needs a moment.
                thread::sleep(Duration::from_millis(20));
                None
            }
        }
    }

    fn at_once(&self, count: u64, act: impl Fn(&mut Caller<'w>) + Sync) {
        thread::scope(|scope| {
            for _ in 0..count {
                let (mut other, act) = (self.other(), &act);
                scope.spawn(move || act(&mut other));
            }
        });
    }
}
