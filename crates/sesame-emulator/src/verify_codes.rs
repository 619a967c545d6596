//! The codes that number verification made and checks: the rules, as far as they
//! are known, over what was sent to a number.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::account::Pns;
use crate::clock::plus_secs;
use crate::phone::Number;

/// A number, and the scheme it was sent under; empty is the default one.
type Key = (Number, Box<str>);

#[derive(Debug, Default)]
pub(crate) struct VerifyCodes {
    live: HashMap<Key, Vec<VerifyCode>>,
    last_sent: HashMap<Number, Timestamp>,
    /// How many numbers were left by the last sweep.
    swept: usize,
}

/// A code that was sent and can be checked.
pub(crate) struct VerifyCode {
    pub(crate) code: String,
    /// Dead from then on.
    pub(crate) ends_at: Timestamp,
    pub(crate) wrong_tries: u32,
}

/// Without the code.
impl std::fmt::Debug for VerifyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyCode")
            .field("ends_at", &self.ends_at)
            .field("wrong_tries", &self.wrong_tries)
            .finish_non_exhaustive()
    }
}

/// What somebody typed.
pub(crate) struct Typed<'a> {
    pub(crate) number: &'a Number,
    pub(crate) scheme: &'a str,
    pub(crate) code: &'a str,
    pub(crate) ignores_case: bool,
}

impl VerifyCodes {
    /// Whether the last message to the number is long enough ago.
    pub(crate) fn may_send(&self, number: &Number, interval_secs: i64, now: Timestamp) -> bool {
        self.last_sent
            .get(number)
            .is_none_or(|last| *last > now || plus_secs(*last, interval_secs) <= now)
    }

    /// Notes a message, and the code in it where Aliyun made it. With
    /// `supersedes` the older ones under the scheme are dead.
    pub(crate) fn sent(
        &mut self,
        number: &Number,
        scheme: &str,
        code: Option<VerifyCode>,
        supersedes: bool,
        now: Timestamp,
    ) {
        self.last_sent.insert(number.clone(), now);
        if let Some(code) = code {
            let codes = self
                .live
                .entry((number.clone(), scheme.into()))
                .or_default();
            codes.retain(|old| !supersedes && old.ends_at > now);
            codes.push(code);
        }
        self.sweep(now);
    }

    /// Whether it is a code that is alive. A wrong try counts against all that
    /// are.
    pub(crate) fn check(&mut self, typed: &Typed<'_>, rules: &Pns, now: Timestamp) -> bool {
        let key = (typed.number.clone(), typed.scheme.into());
        let Some(codes) = self.live.get_mut(&key) else {
            return false;
        };
        codes.retain(|code| code.ends_at > now);
        if let Some(at) = codes.iter().position(|code| typed.fits(&code.code)) {
            if rules.used_up_after_pass {
                codes.remove(at);
            }
            return true;
        }
        let most = rules.wrong_tries_max.unwrap_or(u32::MAX);
        codes.retain_mut(|code| {
            code.wrong_tries += 1;
            code.wrong_tries < most
        });
        false
    }

    /// Forgets numbers without a live code, whenever there are twice as many as
    /// after the last time. An interval longer than a day is not remembered.
    fn sweep(&mut self, now: Timestamp) {
        const DAY_SECS: i64 = 24 * 3600;
        if self.last_sent.len() < 1024.max(self.swept.saturating_mul(2)) {
            return;
        }
        self.live.retain(|_, codes| {
            codes.retain(|code| code.ends_at > now);
            !codes.is_empty()
        });
        let oldest = plus_secs(now, -DAY_SECS);
        self.last_sent.retain(|_, last| *last > oldest);
        self.swept = self.last_sent.len();
    }
}

impl Typed<'_> {
    fn fits(&self, code: &str) -> bool {
        if self.ignores_case {
            code.eq_ignore_ascii_case(self.code)
        } else {
            code == self.code
        }
    }
}
