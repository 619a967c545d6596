//! The one place where time and randomness are read.
//!
//! Every rule takes them as arguments, so that a test can fix a nonce, move a
//! clock, or replay a run; `clippy.toml` forbids reading them anywhere else.

use std::fmt::{Debug, Write as _};
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
    let mut text = String::with_capacity(20);
    // Writing into a `String` cannot fail.
    let _ = write!(
        text,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    text
}
