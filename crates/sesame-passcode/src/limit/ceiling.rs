//! How much a counter may hold: a plain count, or as much as the codes that are
//! confirmed allow.

/// More is not counted, so that two windows can be added.
const MOST: u32 = i32::MAX as u32;

/// With fewer confirmed codes nothing is proved.
const PROVING: u32 = 10;

/// How much a counter may hold.
pub(super) enum Ceiling {
    /// At most so much.
    Count(i64),
    /// At most so many codes that are not confirmed, see
    /// [`Budget`](crate::policy::Budget).
    Unconfirmed {
        base: u32,
        share: f64,
        /// Whether the window before counts too.
        looks_back: bool,
    },
}

/// A counter has no room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    /// Whether it has none in the next window either.
    pub(super) also_next: bool,
    /// By which figures.
    pub(super) reason: String,
}

impl Ceiling {
    pub(super) fn looks_back(&self) -> bool {
        matches!(
            self,
            Self::Unconfirmed {
                looks_back: true,
                ..
            }
        )
    }

    /// Whether there is no room, by the totals of this window and the one
    /// before, the message included that adds `amount`.
    pub(super) fn full(&self, amount: i64, total: i64, before: i64) -> Option<Full> {
        match *self {
            Self::Count(most) => (total > most).then(|| Full {
                also_next: false,
                reason: format!("used={} asked={amount} most={most}", total - amount),
            }),
            Self::Unconfirmed {
                base,
                share,
                looks_back,
            } => {
                let (this, before) = (Tally::read(total), Tally::read(before));
                let both = this.and(before);
                // The window before drops out when this one ends, this one when
                // the next ends.
                (!both.is_within(base, share)).then(|| Full {
                    also_next: looks_back && !this.is_within(base, share),
                    reason: both.reason(base, share),
                })
            }
        }
    }

    /// Whether enough codes are confirmed that there would be room without a
    /// base: people ask for them, and no pump.
    pub(super) fn is_proven(&self, total: i64, before: i64) -> bool {
        let Self::Unconfirmed { share, .. } = *self else {
            return false;
        };
        let both = Tally::read(total).and(Tally::read(before));
        both.confirmed >= PROVING && both.is_within(0, share)
    }

    /// The figures, if just this message used up four fifths of a plain count.
    pub(super) fn is_nearly_full_by(&self, amount: i64, total: i64) -> Option<String> {
        let Self::Count(most) = *self else {
            return None;
        };
        let is_near = |used: i64| i128::from(used) * 5 >= i128::from(most) * 4;
        (is_near(total) && !is_near(total - amount)).then(|| format!("used={total} most={most}"))
    }
}

/// What a budget's counter holds: codes in the low half, confirmed ones in the
/// high one.
#[derive(Clone, Copy)]
struct Tally {
    issued: u32,
    confirmed: u32,
}

impl Tally {
    /// A store that lost its last second may have lost what is now given back, or
    /// what a confirmation belongs to: fewer than none is none, in either half,
    /// and takes nothing from the other.
    fn read(total: i64) -> Self {
        // As many bits are left, signed.
        let low = i64::from(total as i32);
        let high = total.wrapping_sub(low) >> 32;
        let half = |count: i64| u32::try_from(count).unwrap_or(0).min(MOST);
        Self {
            issued: half(low),
            confirmed: half(high),
        }
    }

    /// Both halves have 31 bits.
    fn and(self, other: Self) -> Self {
        Self {
            issued: self.issued + other.issued,
            confirmed: self.confirmed + other.confirmed,
        }
    }

    fn unconfirmed(self) -> u32 {
        self.issued.saturating_sub(self.confirmed)
    }

    fn is_within(self, base: u32, share: f64) -> bool {
        f64::from(self.unconfirmed()) <= f64::from(base) + share * f64::from(self.confirmed)
    }

    fn reason(self, base: u32, share: f64) -> String {
        let (unconfirmed, confirmed) = (self.unconfirmed(), self.confirmed);
        format!("unconfirmed={unconfirmed} confirmed={confirmed} base={base} share={share}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn halves(total: i64) -> (u32, u32) {
        let read = Tally::read(total);
        (read.issued, read.confirmed)
    }

    #[test]
    fn fewer_than_none_opens_nothing() {
        assert_eq!(halves(-1), (0, 0));
        assert_eq!(halves(-3), (0, 0));
        assert_eq!(halves((1 << 32) - 1), (0, 1));
        assert_eq!(halves(-(1 << 32)), (0, 0));
        assert_eq!(halves(-(1 << 32) + 7), (7, 0));
        assert_eq!(halves(i64::MIN).1, 0);
        let budget = Ceiling::Unconfirmed {
            base: 20,
            share: 1.0,
            looks_back: true,
        };
        assert!(budget.full(1, 21, -1).is_some());
        assert!(!budget.is_proven(50, -1));
    }

    proptest! {
        #[test]
        fn what_was_counted_is_read(issued in -99_i64..1_000_000, confirmed in -99_i64..1_000_000) {
            let count = |count: i64| u32::try_from(count).unwrap_or(0);
            prop_assert_eq!(
                halves((confirmed << 32) + issued),
                (count(issued), count(confirmed))
            );
        }
    }
}
