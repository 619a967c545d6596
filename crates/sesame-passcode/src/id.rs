//! Ids of verifications: each leads to its number's record, and none of them
//! tells which number that is, nor whether two belong to one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sesame_connector::Source;

use crate::keys::{Keys, RecordKey};

/// Twelve random bytes and, hidden with them, the key of the record; 38 letters
/// that can stand in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VerificationId {
    /// What the record knows the verification by.
    pub(crate) nonce: [u8; 12],
    /// Where the record is.
    pub(crate) record: RecordKey,
}

impl VerificationId {
    pub(crate) fn new(record: RecordKey, source: &dyn Source) -> Self {
        let mut nonce = [0; 12];
        source.fill(&mut nonce);
        Self { nonce, record }
    }

    pub(crate) fn encode(&self, keys: &Keys) -> String {
        let masked = keys.mask(&self.nonce, self.record);
        URL_SAFE_NO_PAD.encode([&self.nonce[..], &masked.0].concat())
    }

    /// `None` for what is no id at all. What is one in form only leads to a
    /// record that does not exist.
    pub(crate) fn decode(text: &str, keys: &Keys) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, masked) = bytes.split_first_chunk::<12>()?;
        let masked = RecordKey(masked.try_into().ok()?);
        Some(Self {
            nonce: *nonce,
            record: keys.mask(nonce, masked),
        })
    }
}

#[cfg(test)]
mod tests {
    use sesame_connector::SystemSource;

    use super::*;
    use crate::keys::{CodeKey, NumberKey};

    fn keys(number: u8) -> Keys {
        let code = CodeKey::new("k", [1; 32]);
        Keys::new(code, Vec::new(), NumberKey::new([number; 32]))
    }

    #[test]
    fn ids_read_back_and_have_nothing_in_common() {
        let keys = keys(2);
        let record = RecordKey([7; 16]);
        let ids = [(); 2].map(|()| VerificationId::new(record, &SystemSource));
        let texts = ids.map(|id| id.encode(&keys));
        for (id, text) in ids.iter().zip(&texts) {
            assert_eq!(text.len(), 38);
            assert_eq!(VerificationId::decode(text, &keys), Some(*id));
        }
        let same = texts[0].bytes().zip(texts[1].bytes());
        let same = same.filter(|(one, other)| one == other).count();
        assert!(same < 10, "{texts:?}");
    }

    #[test]
    fn under_another_key_an_id_leads_elsewhere() {
        let id = VerificationId::new(RecordKey([7; 16]), &SystemSource);
        let read = VerificationId::decode(&id.encode(&keys(2)), &keys(3));
        assert_ne!(read.expect("the form is right").record, id.record);
    }

    #[test]
    fn what_is_no_id() {
        let long = "A".repeat(39);
        for text in [
            "",
            "x",
            "号",
            "AAAA AAAA",
            "../../etc/passwd",
            &long,
            &long[..37],
        ] {
            assert_eq!(VerificationId::decode(text, &keys(2)), None, "{text}");
        }
    }
}
