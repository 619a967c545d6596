//! The one place where time and randomness are read.
//!
//! Every rule takes them as arguments, so that a test can fix a nonce, move a
//! clock, or replay a run; `clippy.toml` forbids reading them anywhere else.

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

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

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks for randomness"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        // No operating system this is built for fails here once it has booted,
        // and going on with predictable bytes would be worse than stopping.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
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
    let time = time.to_zoned(TimeZone::UTC).datetime();
    let year = time.year().unsigned_abs();
    let parts = [
        (year / 100, '\0'),
        (year % 100, '-'),
        (time.month().unsigned_abs().into(), '-'),
        (time.day().unsigned_abs().into(), 'T'),
        (time.hour().unsigned_abs().into(), ':'),
        (time.minute().unsigned_abs().into(), ':'),
        (time.second().unsigned_abs().into(), 'Z'),
    ];
    // By hand, since every request carries one.
    let mut text = String::with_capacity(20);
    for (number, behind) in parts {
        for digit in [number / 10 % 10, number % 10] {
            text.extend(char::from_digit(digit.into(), 10));
        }
        if behind != '\0' {
            text.push(behind);
        }
    }
    text
}

#[cfg(test)]
mod tests {
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
}
