//! Sealing: what a store or a journal keeps is XChaCha20-Poly1305, bound to the
//! place it is kept at.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use sesame_connector::Source;

/// The first byte of everything sealed.
const FORMAT: u8 = 1;

/// Random bytes behind it: enough that none come twice under one key.
const NONCE_BYTES: usize = 24;

/// Seals and opens under one key.
pub struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Hides `plain`. Only whoever names the same `aad` gets it back.
    pub fn seal(&self, aad: &[u8], plain: &[u8], source: &dyn Source) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        source.fill(&mut nonce);
        let payload = Payload { msg: plain, aad };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        // It fails for texts of 256 GB only.
        let sealed = sealed.expect("the text is short");
        [&[FORMAT], &nonce[..], &sealed].concat()
    }

    /// What was sealed, if it was sealed here and for `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&FORMAT, rest) = sealed.split_first()? else {
            return None;
        };
        let (nonce, msg) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let opened = self.0.decrypt(&XNonce::from(*nonce), Payload { msg, aad });
        opened.ok().map(Zeroizing::new)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use sesame_connector::SystemSource;

    use super::*;

    #[test]
    fn opens_only_what_it_sealed_where_it_sealed_it() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(b"here", b"+8613800138000", &SystemSource);
        let opened = sealer.open(b"here", &sealed).expect("it opens");
        assert_eq!(&opened[..], b"+8613800138000");
        assert!(sealer.open(b"there", &sealed).is_none());
        assert!(Sealer::new(&[8; 32]).open(b"here", &sealed).is_none());
    }

    #[test]
    fn anything_else_does_not_open() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(b"", b"text", &SystemSource);
        for length in 0..sealed.len() {
            assert!(sealer.open(b"", &sealed[..length]).is_none(), "{length}");
        }
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(sealer.open(b"", &changed).is_none(), "{index}");
        }
    }
}
