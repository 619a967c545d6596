//! Whose network a mainland number began in, by its prefix.
//!
//! Since 2019 a number may move to another carrier and keep its digits, so this
//! tells whom the prefix was given to (the Ministry's numbering plan, 2023
//! edition), and nothing about one number. It is meant for figures over many.

/// A carrier of the Chinese mainland.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// China Mobile.
    Mobile,
    /// China Unicom.
    Unicom,
    /// China Telecom.
    Telecom,
    /// China Broadnet.
    Broadnet,
    /// One of the resellers, whichever network it uses.
    Virtual,
}

impl Carrier {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Mobile,
        Self::Unicom,
        Self::Telecom,
        Self::Broadnet,
        Self::Virtual,
    ];

    /// The name in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Unicom => "unicom",
            Self::Telecom => "telecom",
            Self::Broadnet => "broadnet",
            Self::Virtual => "virtual",
        }
    }

    /// The carrier of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// The first three digits it was given.
    fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Mobile => &[
                "134", "135", "136", "137", "138", "139", "147", "148", "150", "151", "152", "157",
                "158", "159", "172", "178", "182", "183", "184", "187", "188", "195", "197", "198",
            ],
            Self::Unicom => &[
                "130", "131", "132", "145", "146", "155", "156", "166", "175", "176", "185", "186",
                "196",
            ],
            Self::Telecom => &[
                "133", "149", "153", "173", "174", "177", "180", "181", "189", "190", "191", "193",
                "199",
            ],
            Self::Broadnet => &["192"],
            Self::Virtual => &["162", "165", "167", "170", "171"],
        }
    }

    /// By the digits after +86.
    pub(super) fn of(national: &str) -> Option<Self> {
        let prefix = national.get(..3)?;
        Self::ALL
            .into_iter()
            .find(|one| one.prefixes().contains(&prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_prefix_is_given_to_two() {
        let all = Carrier::ALL.iter().flat_map(|one| one.prefixes());
        let mut all: Vec<_> = all.collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn names_read_back_and_what_is_no_prefix_has_no_carrier() {
        for one in Carrier::ALL {
            assert_eq!(Carrier::named(one.as_str()), Some(one));
        }
        assert_eq!(Carrier::of("13800138000"), Some(Carrier::Mobile));
        assert_eq!(Carrier::of("19200138000"), Some(Carrier::Broadnet));
        assert_eq!((Carrier::of("100"), Carrier::of("13")), (None, None));
    }
}
