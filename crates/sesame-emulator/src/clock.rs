//! The emulator's clock: the source's time, moved by the tests. Once moved it
//! runs on.

use jiff::{SignedDuration, Timestamp, civil::Date, tz, tz::TimeZone};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    offset: SignedDuration,
}

impl Clock {
    pub(crate) fn now(&self, real: Timestamp) -> Timestamp {
        real.checked_add(self.offset).unwrap_or(real)
    }

    /// Makes it `now`.
    pub(crate) fn set(&mut self, real: Timestamp, now: Timestamp) {
        self.offset = now.duration_since(real);
    }

    /// Moves it by some seconds. Says whether it goes that far.
    pub(crate) fn advance(&mut self, real: Timestamp, secs: i64) -> bool {
        let moved = self.offset.checked_add(SignedDuration::from_secs(secs));
        let fits = |offset: &SignedDuration| real.checked_add(*offset).is_ok_and(is_settable);
        let Some(offset) = moved.filter(fits) else {
            return false;
        };
        self.offset = offset;
        true
    }
}

/// Whether a clock may be set to that time: with room for the sums that limits
/// and reports do, and in years that are written with four digits.
pub(crate) fn is_settable(now: Timestamp) -> bool {
    (1970..=9998).contains(&TimeZone::UTC.to_datetime(now).year())
}

/// `time` moved by whole seconds, stopping at the ends of the calendar.
pub(crate) fn plus_secs(time: Timestamp, secs: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(secs))
        .unwrap_or(if secs < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
}

fn beijing() -> TimeZone {
    TimeZone::fixed(tz::offset(8))
}

/// The calendar day in Aliyun's zone.
pub(crate) fn beijing_day(time: Timestamp) -> Date {
    time.to_zoned(beijing()).date()
}

/// When that day began.
pub(crate) fn beijing_midnight(time: Timestamp) -> Timestamp {
    let zoned = time.to_zoned(beijing());
    zoned
        .start_of_day()
        .map_or(time, |midnight| midnight.timestamp())
}

/// `yyyy-MM-dd HH:mm:ss` in Aliyun's zone.
pub(crate) fn beijing_text(time: Timestamp) -> String {
    time.to_zoned(beijing())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// `Mon, 24 Dec 2018 16:58:22 +0800`, the international site's form.
pub(crate) fn rfc2822_text(time: Timestamp) -> String {
    time.to_zoned(beijing())
        .strftime("%a, %d %b %Y %H:%M:%S %z")
        .to_string()
}

/// The form of the HTTP header `Date`.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A day written `yyyyMMdd`.
pub(crate) fn parse_day(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = text[..4].parse().ok()?;
    Date::new(year, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}
