//! The one place where time and randomness are read.
//!
//! Every rule takes them as arguments, so that a test can fix a nonce, move a
//! clock, or replay a run; `clippy.toml` forbids reading them anywhere else.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::Offset;

/// Where a program takes the time and random bytes from.
pub trait Source: Send + Sync + Debug {
    /// The time, in UTC.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` with random ones that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's clock and the operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSource;

impl SystemSource {
    /// As most callers hold it.
    pub fn shared() -> Arc<dyn Source> {
        Arc::new(Self)
    }
}

impl Source for SystemSource {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > Pool::LARGEST {
            return ask_system(bytes);
        }
        POOL.with_borrow_mut(|pool| pool.fill(bytes));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks for randomness"
)]
fn ask_system(bytes: &mut [u8]) {
    // No operating system this is built for fails here once it has booted, and
    // going on with predictable bytes would be worse than stopping.
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::EMPTY) };
}

/// Random bytes asked for in advance, because the way into the system costs
/// more than the few bytes of a nonce are worth. Each is given out once and
/// forgotten; every thread has its own, so that none waits for another.
struct Pool {
    bytes: [u8; Self::SIZE],
    left: usize,
}

impl Pool {
    const SIZE: usize = 512;
    /// What asks for more gains nothing by the pool.
    const LARGEST: usize = 32;
    const EMPTY: Self = Self {
        bytes: [0; Self::SIZE],
        left: 0,
    };

    fn fill(&mut self, wanted: &mut [u8]) {
        if self.left < wanted.len() {
            ask_system(&mut self.bytes);
            self.left = Self::SIZE;
        }
        let start = self.left - wanted.len();
        let given = &mut self.bytes[start..self.left];
        wanted.copy_from_slice(given);
        given.fill(0);
        self.left = start;
    }
}

/// A nonce for one request: 128 random bits as 32 hexadecimal digits.
pub fn nonce(source: &dyn Source) -> String {
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    crate::sign::hex(&bytes)
}

/// `2024-01-02T03:04:05Z`, the form both signatures ask for.
pub fn iso8601(time: Timestamp) -> String {
    let time = Offset::UTC.to_datetime(time);
    let year = time.year().unsigned_abs();
    let parts = [
        (year / 100, ""),
        (year % 100, "-"),
        (time.month().unsigned_abs().into(), "-"),
        (time.day().unsigned_abs().into(), "T"),
        (time.hour().unsigned_abs().into(), ":"),
        (time.minute().unsigned_abs().into(), ":"),
        (time.second().unsigned_abs().into(), "Z"),
    ];
    // By hand, since every request carries one.
    const DIGITS: &[u8; 10] = b"0123456789";
    let mut text = String::with_capacity(20);
    for (number, behind) in parts {
        for digit in [number / 10 % 10, number % 10] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
        text.push_str(behind);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn times_are_written_to_the_second() {
        for text in [
            "2024-02-29T23:59:59Z",
            "0001-01-02T03:04:05Z",
            "9998-12-31T00:00:00Z",
        ] {
            let time: Timestamp = text.parse().expect("a time");
            assert_eq!(iso8601(time), text);
        }
    }
    #[test]
    fn no_random_byte_is_given_out_twice() {
        let mut seen = HashSet::new();
        for _ in 0..4 * Pool::SIZE / 16 {
            let nonce = nonce(&SystemSource);
            assert!(seen.insert(nonce[..16].to_owned()), "first half");
            assert!(seen.insert(nonce[16..].to_owned()), "second half");
        }
    }
}
