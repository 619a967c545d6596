//! Everything the emulator remembers, behind one lock.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aliyun_sms::Source;
use jiff::Timestamp;
use tokio::sync::{Notify, broadcast};

use crate::account::{Account, Book};
use crate::applications::Applications;
use crate::clock::{Clock, plus_secs};
use crate::conversions::Conversions;
use crate::events::{self, Event};
use crate::faults::Faults;
use crate::inbox::{Inbox, Record};
use crate::meter::{Meter, Throttle};
use crate::nonces::Nonces;
use crate::queue::Queues;
use crate::reports::{self, DELIVERY_SECS, Fate, Planned, Schedule, Wishes};
use crate::requests::RequestLog;
use crate::verify_codes::VerifyCodes;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) settings: Settings,
    pub(crate) events: broadcast::Sender<Event>,
    /// Wakes the reporter: something is due, or the clock was moved.
    pub(crate) wake: Notify,
    /// Where reports and replies are pushed to, from when that is known.
    pub(crate) receiver: OnceLock<http::Uri>,
    state: Mutex<State>,
}

/// What does not change while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) is_tls: bool,
    pub(crate) keep: usize,
    /// The address it listens on.
    pub(crate) address: std::net::SocketAddr,
    /// Names it may be called by, besides loopback ones.
    pub(crate) host_names: Vec<String>,
}

pub(crate) struct State {
    pub(crate) book: Arc<Book>,
    pub(crate) purse: Purse,
    pub(crate) clock: Clock,
    pub(crate) inbox: Inbox,
    pub(crate) meter: Meter,
    pub(crate) throttles: HashMap<&'static str, Throttle>,
    pub(crate) nonces: Nonces,
    pub(crate) faults: Faults,
    pub(crate) schedule: Schedule,
    pub(crate) wishes: Wishes,
    pub(crate) requests: RequestLog,
    pub(crate) receipts: Receipts,
    pub(crate) applications: Applications,
    pub(crate) verify_codes: VerifyCodes,
    pub(crate) queues: Queues,
    pub(crate) conversions: Conversions,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(account: Account, source: Arc<dyn Source>, settings: Settings) -> Self {
        let mut seed = [0; 8];
        source.fill(&mut seed);
        let state = State::new(
            account,
            settings.keep,
            Receipts::new(u64::from_le_bytes(seed)),
        );
        Self {
            source,
            settings,
            events: events::channel(),
            wake: Notify::new(),
            receiver: OnceLock::new(),
            state: Mutex::new(state),
        }
    }

    /// A panic elsewhere leaves nothing half done that matters here.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has_receiver(&self) -> bool {
        self.receiver.get().is_some()
    }

    /// The virtual time.
    pub(crate) fn now(&self) -> Timestamp {
        let real = self.source.now();
        self.lock().clock.now(real)
    }

    /// Brings the state to the present: reports that are due take effect.
    pub(crate) fn settled(&self) -> (MutexGuard<'_, State>, Timestamp) {
        let real = self.source.now();
        let mut state = self.lock();
        let now = state.clock.now(real);
        self.settle(&mut state, now);
        (state, now)
    }

    fn settle(&self, state: &mut State, now: Timestamp) {
        let mut pushes = false;
        while let Some((due, planned)) = state.schedule.pop_due(now) {
            let Some(record) = state.inbox.get_mut(planned.message) else {
                continue;
            };
            let Some(report) = reports::apply(record, &planned, due) else {
                continue;
            };
            events::send(&self.events, || Event::status(&record.message()));
            let queue = state.book.account.report_queue;
            state.queues.push_report(&report, queue, due);
            if self.has_receiver() {
                state.schedule.push_report(report);
                pushes = true;
            }
        }
        if pushes {
            self.wake.notify_one();
        }
    }

    /// Puts accepted messages into the inbox and plans what becomes of them.
    pub(crate) fn deliver(&self, state: &mut State, records: Vec<(Record, Fate)>, now: Timestamp) {
        for (record, fate) in records {
            events::send(&self.events, || Event::message(&record.message()));
            let id = state.inbox.push(record);
            let wish = state.wishes.take();
            let planned = Planned {
                message: id,
                plan: 0,
                fate: wish.as_ref().map_or(fate, |wish| wish.fate.clone()),
            };
            let delay_secs = wish.as_ref().map_or(DELIVERY_SECS, |wish| wish.delay_secs);
            let repeat = wish.map_or(0, |wish| wish.repeat);
            for _ in 0..=repeat {
                let due = plus_secs(now, delay_secs);
                state.schedule.plan(due, planned.clone());
            }
        }
        self.wake.notify_one();
    }
}

impl State {
    fn new(account: Account, keep: usize, receipts: Receipts) -> Self {
        Self {
            purse: Purse::of(&account),
            book: Arc::new(Book::new(account)),
            clock: Clock::default(),
            inbox: Inbox::new(keep),
            meter: Meter::default(),
            throttles: HashMap::new(),
            nonces: Nonces::default(),
            faults: Faults::default(),
            schedule: Schedule::default(),
            wishes: Wishes::default(),
            requests: RequestLog::default(),
            receipts,
            applications: Applications::default(),
            verify_codes: VerifyCodes::default(),
            queues: Queues::default(),
            conversions: Conversions::default(),
        }
    }

    /// Forgets all but the account.
    pub(crate) fn reset(&mut self, keep: usize) {
        let receipts = std::mem::take(&mut self.receipts);
        *self = Self::new(self.book.account.clone(), keep, receipts);
    }

    pub(crate) fn set_account(&mut self, account: Account) {
        self.purse = Purse::of(&account);
        self.book = Arc::new(Book::new(account));
    }

    /// Changes the account; its money stays as it is.
    pub(crate) fn change_account(&mut self, change: impl FnOnce(&mut Account)) {
        let mut account = self.book.account.clone();
        change(&mut account);
        self.book = Arc::new(Book::new(account));
    }
}

/// The account's money, in millionths of a yuan so that sums come out even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Purse {
    left: Option<i64>,
    price: i64,
}

impl Purse {
    fn of(account: &Account) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the account's check bounds both"
        )]
        let micros = |yuan: f64| (yuan * 1e6).round() as i64;
        Self {
            left: account.balance.map(micros),
            price: micros(account.price),
        }
    }

    /// What is left, in yuan; `None` where it never ends.
    pub(crate) fn left_yuan(&self) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the account's check bounds it, and it is shown with two digits"
        )]
        self.left.map(|micros| micros as f64 / 1e6)
    }

    /// Pays for some parts of messages, or says that it cannot. An empty purse
    /// pays for nothing, not even what is free.
    pub(crate) fn pay(&mut self, parts: u32) -> bool {
        let Some(left) = self.left else {
            return true;
        };
        let cost = self.price.saturating_mul(i64::from(parts));
        if left == 0 || left < cost {
            return false;
        }
        self.left = Some(left - cost);
        true
    }
}

/// Makes receipts, each once: 18 digits, followed by `^0` where they are
/// biz-ids.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    next: u64,
}

impl Receipts {
    const SPACE: u64 = 100_000_000_000_000_000;
    /// Has no factor in common with the space, so that steps of it come to every
    /// number once before any comes again.
    const STEP: u64 = 38_196_601_125_010_519;

    fn new(seed: u64) -> Self {
        Self {
            next: seed % Self::SPACE,
        }
    }

    pub(crate) fn next_biz_id(&mut self) -> String {
        format!("{}^0", self.next_message_id())
    }

    /// The international site's form.
    pub(crate) fn next_message_id(&mut self) -> String {
        self.next = (self.next + Self::STEP) % Self::SPACE;
        format!("9{:017}", self.next)
    }
}
