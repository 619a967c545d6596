//! The keys of `DESIGN.md` §5: code keys, which rotate, and the number key,
//! which never does, with everything that is derived from it.

mod mark;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use sesame_connector::PhoneNumber;
use sha2::Sha256;

pub(crate) use mark::verify;
pub use mark::were_used;

use crate::seal::Sealer;
use crate::store::Key;

/// What codes are derived under. Prints its id only.
pub struct CodeKey {
    /// What records remember it by.
    pub id: String,
    secret: Zeroizing<[u8; 32]>,
}

impl CodeKey {
    /// 32 random bytes, by a name that was never another key's.
    pub fn new(id: impl Into<String>, secret: [u8; 32]) -> Self {
        Self {
            id: id.into(),
            secret: Zeroizing::new(secret),
        }
    }

    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        mac(&self.secret)
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeKey({})", self.id)
    }
}

/// What numbers are hidden with. Lost or changed, every record and row is lost
/// with it. Prints nothing of itself.
pub struct NumberKey(Zeroizing<[u8; 32]>);

impl NumberKey {
    /// 32 random bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberKey([redacted])")
    }
}

/// All keys of a server. Prints the ids of its code keys only.
pub struct Keys {
    active: CodeKey,
    older: Vec<CodeKey>,
    number: NumberKey,
    records: Zeroizing<[u8; 32]>,
    sealer: Sealer,
}

impl Keys {
    /// New codes are derived under `active`; running verifications find theirs
    /// among `older`, which may go ten minutes after their rotation.
    pub fn new(active: CodeKey, older: Vec<CodeKey>, number: NumberKey) -> Self {
        let sub_key = |label| Zeroizing::new(keyed_hash(&number.0, label, &[]));
        Self {
            active,
            older,
            records: sub_key("record key"),
            sealer: Sealer::new(&sub_key("seal")),
            number,
        }
    }

    /// The key new codes are derived under.
    pub fn active(&self) -> &CodeKey {
        &self.active
    }

    /// The key of that id.
    pub fn code_key(&self, id: &str) -> Option<&CodeKey> {
        std::iter::once(&self.active)
            .chain(&self.older)
            .find(|key| key.id == id)
    }

    /// What a number is called in a token: the same for one number always, and
    /// nothing anybody without the key could compute.
    pub fn subject(&self, number: &PhoneNumber) -> String {
        let hash = self.keyed_hash("subject", number.e164().as_bytes());
        URL_SAFE_NO_PAD.encode(&hash[..24])
    }

    /// What rows of a number are found by.
    pub fn number_index(&self, number: &PhoneNumber) -> [u8; 16] {
        first_16(&self.keyed_hash("number index", number.e164().as_bytes()))
    }

    /// HMAC-SHA256 under a key of the label's own.
    pub fn keyed_hash(&self, label: &str, bytes: &[u8]) -> [u8; 32] {
        keyed_hash(&self.number.0, label, bytes)
    }

    /// Tells whether two servers have the same number key, and nothing else of
    /// it.
    pub fn fingerprint(&self) -> [u8; 16] {
        first_16(&self.keyed_hash("fingerprint", b""))
    }

    /// Hides what is stored.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    pub(crate) fn record(&self, number: &PhoneNumber) -> RecordKey {
        let hash = mac(&self.records).chain_update(number.e164());
        RecordKey(first_16(&hash.finalize().into_bytes()))
    }

    /// Hides a record key, or shows a hidden one: which `nonce` it is hidden
    /// with has to go along.
    pub(crate) fn mask(&self, nonce: &[u8; 12], record: RecordKey) -> RecordKey {
        let mask = self.keyed_hash("verification id", nonce);
        let mut masked = record.0;
        masked
            .iter_mut()
            .zip(mask)
            .for_each(|(byte, mask)| *byte ^= mask);
        RecordKey(masked)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("active", &self.active)
            .field("older", &self.older)
            .finish_non_exhaustive()
    }
}

/// Which record is a number's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordKey(pub(crate) [u8; 16]);

impl RecordKey {
    pub(crate) fn store_key(self) -> Key {
        Key::new(format!("n:{}", hex(&self.0)))
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

fn first_16(hash: &[u8]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&hash[..16]);
    first
}

/// The label's length goes first, so that no label and text are mistaken for
/// another's.
fn keyed_hash(key: &[u8; 32], label: &str, bytes: &[u8]) -> [u8; 32] {
    let length = u64::try_from(label.len()).unwrap_or(u64::MAX).to_be_bytes();
    let hash = mac(key)
        .chain_update(length)
        .chain_update(label)
        .chain_update(bytes);
    hash.finalize().into_bytes().into()
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key may have any length")
}

#[cfg(test)]
mod tests {
    use sesame_connector::Reading;

    use super::*;

    pub(crate) fn keys() -> Keys {
        let old = CodeKey::new("old", [1; 32]);
        Keys::new(
            CodeKey::new("new", [2; 32]),
            vec![old],
            NumberKey::new([3; 32]),
        )
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text, &Reading::default()).expect("a number")
    }

    #[test]
    fn what_is_derived_is_apart() {
        let (keys, number) = (keys(), number("+8613800138000"));
        let hashes = [
            keys.keyed_hash("subject", b"x"),
            keys.keyed_hash("number index", b"x"),
            keys.keyed_hash("subjectx", b""),
        ];
        assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2]);
        assert_ne!(keys.number_index(&number), keys.record(&number).0);
        assert_eq!(keys.subject(&number).len(), 32);
    }

    #[test]
    fn masks_come_off_again_and_differ() {
        let keys = keys();
        let record = keys.record(&number("+8613800138000"));
        let one = keys.mask(&[1; 12], record);
        assert_ne!(one, keys.mask(&[2; 12], record));
        assert_eq!(keys.mask(&[1; 12], one), record);
    }

    #[test]
    fn keys_are_found_by_id_and_print_nothing() {
        let keys = keys();
        assert_eq!(keys.active().id, "new");
        assert!(keys.code_key("old").is_some() && keys.code_key("lost").is_none());
        let said = format!("{keys:?} {:?}", NumberKey::new([3; 32]));
        assert!(!said.contains("[3,") && !said.contains("[2,"), "{said}");
    }
}
