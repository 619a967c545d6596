//! How often may be sent: Aliyun's limits per number and per account, as pure
//! rules over the times of what was accepted.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::account::{Day, Limits, TemplateKind};
use crate::clock::{beijing_day, beijing_midnight, plus_secs};

const MINUTE_SECS: i64 = 60;
const HOUR_SECS: i64 = 3600;
const DAY_SECS: i64 = 24 * HOUR_SECS;

/// What the limits look at in a message to the mainland.
#[derive(Clone, Debug)]
pub(crate) struct Send<'a> {
    /// Eleven digits.
    pub(crate) number: &'a str,
    pub(crate) sign_name: &'a Arc<str>,
    pub(crate) template_code: &'a Arc<str>,
    pub(crate) kind: TemplateKind,
}

/// One thing that is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counted {
    /// Codes with one signature to one number.
    Code(Box<str>, Arc<str>),
    /// All codes to one number.
    Codes(Box<str>),
    /// Anything else with one signature and one template to one number.
    Other(Box<str>, Arc<str>, Arc<str>),
}

/// A limit that a message would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) window: Window,
    permits: u32,
}

/// What a limit is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    Minute,
    Hour,
    Day,
    /// A day, over all signatures.
    NumberDay,
}

/// Aliyun's words.
impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = match self.window {
            Window::Minute => "分钟级",
            Window::Hour => "小时级",
            Window::Day => "天级",
            Window::NumberDay => "号码天级",
        };
        write!(f, "触发{window}流控Permits:{}", self.permits)
    }
}

/// When what was accepted, in the order of time.
type Times = VecDeque<Timestamp>;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    times: HashMap<Counted, Times>,
    /// How many entries were left by the last sweep.
    swept: usize,
    /// Messages of the whole account by calendar day.
    days: BTreeMap<Date, u64>,
}

impl Meter {
    /// Counts a message, or says which limit it would pass.
    pub(crate) fn count(
        &mut self,
        send: &Send<'_>,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), Passed> {
        self.check(send, limits, now)?;
        for counted in counted(send) {
            insert(self.times.entry(counted).or_default(), now);
        }
        self.sweep(now);
        Ok(())
    }

    /// Takes back a message counted at `now`: its call was refused after all.
    pub(crate) fn take_back(&mut self, send: &Send<'_>, now: Timestamp) {
        for counted in counted(send) {
            let Some(times) = self.times.get_mut(&counted) else {
                continue;
            };
            if let Ok(at) = times.binary_search(&now) {
                times.remove(at);
            }
        }
    }

    fn check(&self, send: &Send<'_>, limits: &Limits, now: Timestamp) -> Result<(), Passed> {
        let empty = Times::new();
        for counted in counted(send) {
            let times = self.times.get(&counted).unwrap_or(&empty);
            let refusal = match counted {
                Counted::Code(..) => code_limit(times, limits, now),
                Counted::Codes(..) => over(
                    times,
                    day_start(limits, now),
                    now,
                    limits.number_per_day,
                    Window::NumberDay,
                ),
                Counted::Other(..) => over(
                    times,
                    day_start(limits, now),
                    now,
                    limits.notification_per_day,
                    Window::Day,
                ),
            };
            if let Some(passed) = refusal {
                return Err(passed);
            }
        }
        Ok(())
    }

    /// Forgets what no limit looks at any more, whenever there is twice as much
    /// as after the last time.
    fn sweep(&mut self, now: Timestamp) {
        if self.times.len() < 1024.max(self.swept.saturating_mul(2)) {
            return;
        }
        let oldest = plus_secs(now, -DAY_SECS);
        self.times
            .retain(|_, times| times.back().is_some_and(|last| *last > oldest));
        self.swept = self.times.len();
    }

    /// Messages of the account on the day of `now`, and in its month.
    pub(crate) fn account_counts(&self, now: Timestamp) -> (u64, u64) {
        let today = beijing_day(now);
        let month = self
            .days
            .range(today.first_of_month()..=today.last_of_month());
        (
            self.days.get(&today).copied().unwrap_or_default(),
            month.map(|(_, count)| count).sum(),
        )
    }

    pub(crate) fn count_for_account(&mut self, messages: u64, now: Timestamp) {
        *self.days.entry(beijing_day(now)).or_default() += messages;
        while self.days.len() > 62 {
            self.days.pop_first();
        }
    }
}

/// Promotion counts like notifications; overseas numbers are not counted.
fn counted(send: &Send<'_>) -> Vec<Counted> {
    let number: Box<str> = send.number.into();
    let sign_name = Arc::clone(send.sign_name);
    match send.kind {
        TemplateKind::Verification => {
            vec![
                Counted::Code(number.clone(), sign_name),
                Counted::Codes(number),
            ]
        }
        TemplateKind::Notification | TemplateKind::Promotion => {
            vec![Counted::Other(
                number,
                sign_name,
                Arc::clone(send.template_code),
            )]
        }
        TemplateKind::International => Vec::new(),
    }
}

fn code_limit(times: &Times, limits: &Limits, now: Timestamp) -> Option<Passed> {
    over(
        times,
        plus_secs(now, -MINUTE_SECS),
        now,
        limits.per_minute,
        Window::Minute,
    )
    .or_else(|| {
        over(
            times,
            plus_secs(now, -HOUR_SECS),
            now,
            limits.per_hour,
            Window::Hour,
        )
    })
    .or_else(|| {
        over(
            times,
            day_start(limits, now),
            now,
            limits.per_day,
            Window::Day,
        )
    })
}

/// What was accepted at or before this time belongs to an earlier day.
fn day_start(limits: &Limits, now: Timestamp) -> Timestamp {
    match limits.day {
        Day::Rolling => plus_secs(now, -DAY_SECS),
        // Midnight itself is of the new day, so the old one ends just before.
        Day::Calendar => beijing_midnight(now)
            .checked_sub(jiff::SignedDuration::from_nanos(1))
            .unwrap_or(now),
    }
}

/// What is passed, where `permits` were accepted after `since` already. What the
/// clock has not come to yet (it was set back) does not count.
fn over(
    times: &Times,
    since: Timestamp,
    now: Timestamp,
    permits: u32,
    window: Window,
) -> Option<Passed> {
    let used =
        times.partition_point(|time| *time <= now) - times.partition_point(|time| *time <= since);
    (used >= permits as usize).then_some(Passed { window, permits })
}

/// Keeps the order of time, and forgets what is older than a day.
fn insert(times: &mut Times, now: Timestamp) {
    let at = times.partition_point(|time| *time <= now);
    times.insert(at, now);
    let oldest = plus_secs(now, -DAY_SECS);
    while times.front().is_some_and(|first| *first <= oldest) {
        times.pop_front();
    }
}

/// Calls of one action in the last second.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    calls: Times,
}

impl Throttle {
    /// Counts a call, or says that there were too many.
    pub(crate) fn admits(&mut self, per_second: u32, now: Timestamp) -> bool {
        let since = plus_secs(now, -1);
        while self
            .calls
            .front()
            .is_some_and(|first| *first <= since || *first > now)
        {
            self.calls.pop_front();
        }
        if self.calls.len() >= per_second as usize {
            return false;
        }
        self.calls.push_back(now);
        true
    }
}
