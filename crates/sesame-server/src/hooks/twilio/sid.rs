//! Twilio's ids: two letters and 128 bits in hexadecimal.
//!
//! A message's id of ours is 16 letters, and so exactly as long: its sid is
//! written from it and read back, and nothing has to be remembered. A
//! verification goes by the sid of its first message; those of its other
//! messages lead to it too.

use std::fmt::Write as _;

/// What a sid is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Account,
    ApiKey,
    Service,
    Content,
    Message,
    Verification,
    /// One message of a verification.
    Attempt,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Account => "AC",
            Self::ApiKey => "SK",
            Self::Service => "VA",
            Self::Content => "HX",
            Self::Message => "SM",
            Self::Verification => "VE",
            Self::Attempt => "VL",
        }
    }

    /// Whether a text is such a sid.
    pub(super) fn is(self, text: &str) -> bool {
        let hex = text.strip_prefix(self.prefix());
        hex.is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    /// The sid of what belongs to a message of ours.
    pub(super) fn of(self, out_id: &str) -> String {
        let mut sid = self.prefix().to_owned();
        for byte in out_id.bytes() {
            // Nothing can fail to be written into a string.
            let _ = write!(sid, "{byte:02x}");
        }
        sid
    }

    /// The message of ours that a sid belongs to. What has the form alone leads
    /// to none that exists.
    pub(super) fn out_id(self, sid: &str) -> Option<String> {
        if !self.is(sid) {
            return None;
        }
        let digits = sid.as_bytes()[2..].chunks(2);
        let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let text = String::from_utf8(bytes.collect::<Option<_>>()?).ok()?;
        text.is_ascii().then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use sesame_connector::{OutId, SystemSource};

    use super::*;

    #[test]
    fn a_sid_has_twilios_form_and_reads_back() {
        for _ in 0..1000 {
            let out_id = OutId::new(&SystemSource);
            let sid = Kind::Verification.of(out_id.as_str());
            assert!(Kind::Verification.is(&sid), "{sid}");
            assert_eq!(
                Kind::Verification.out_id(&sid).as_deref(),
                Some(out_id.as_str())
            );
            let loud = format!("VE{}", sid[2..].to_uppercase());
            assert_eq!(
                Kind::Verification.out_id(&loud).as_deref(),
                Some(out_id.as_str())
            );
            assert_eq!(Kind::Message.out_id(&sid), None);
        }
    }

    #[test]
    fn what_is_no_sid_leads_nowhere() {
        let short = "SM".to_owned() + &"0".repeat(31);
        let long = "SM".to_owned() + &"0".repeat(33);
        let letters = "SM".to_owned() + &"g".repeat(32);
        let beyond = "SM".to_owned() + &"ff".repeat(16);
        let signs = "SM".to_owned() + &"+1".repeat(16);
        let wide = format!("SM{}", "号".repeat(10));
        for text in [
            "", "SM", "S", "号", &short, &long, &letters, &beyond, &signs, &wide,
        ] {
            assert_eq!(Kind::Message.out_id(text), None, "{text}");
        }
    }
}
