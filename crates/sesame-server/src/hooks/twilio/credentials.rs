//! Who may ask: Basic, with the account's sid and its token, or with the sid of
//! an API key and its secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::fault::Fault;
use super::sid::Kind;

/// Hashes of `user:password`; any of them will do.
pub(super) struct Credentials(Vec<[u8; 32]>);

impl Credentials {
    /// Of secrets as they are configured: a token of the account, or
    /// `SK…:secret` of an API key.
    pub(super) fn new<'a>(account_sid: &str, secrets: impl Iterator<Item = &'a str>) -> Self {
        let whole = |secret: &str| match secret.split_once(':') {
            Some((user, _)) if user == account_sid || Kind::ApiKey.is(user) => secret.to_owned(),
            _ => format!("{account_sid}:{secret}"),
        };
        Self(secrets.map(|secret| hash(&whole(secret))).collect())
    }

    /// Takes as long whichever is given, and whatever is wrong with it.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let given = hash(&given(headers).ok_or_else(Fault::unauthorized)?);
        let same = self.0.iter().map(|known| known.ct_eq(&given));
        let is_known = same.fold(Choice::from(0), |one, other| one | other);
        if is_known.into() {
            Ok(())
        } else {
            Err(Fault::unauthorized())
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

fn given(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, encoded) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const KEY: &str = "SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn basic(text: &str) -> HeaderMap {
        let value = format!("Basic {}", STANDARD.encode(text));
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(value).expect("ASCII"))])
    }

    #[test]
    fn the_account_and_its_keys_are_let_in() {
        let key = format!("{KEY}:a:b");
        let known = Credentials::new(ACCOUNT, ["new", "old:er", &key].into_iter());
        for text in [
            format!("{ACCOUNT}:new"),
            format!("{ACCOUNT}:old:er"),
            format!("{KEY}:a:b"),
        ] {
            assert_eq!(known.admit(&basic(&text)), Ok(()), "{text}");
        }
        for text in [
            "",
            ":",
            ACCOUNT,
            &format!("{ACCOUNT}:"),
            &format!("{ACCOUNT}:New"),
            &format!("{KEY}:new"),
            &format!("{ACCOUNT}:a:b"),
            "ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb:new",
            ":new",
        ] {
            assert_eq!(
                known.admit(&basic(text)),
                Err(Fault::unauthorized()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_basic_is_not_let_in() {
        let known = Credentials::new(ACCOUNT, ["token"].into_iter());
        for value in ["", "Basic", "Basic !", "Bearer token", "Basic /w=="] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(known.admit(&headers), Err(Fault::unauthorized()), "{value}");
        }
        assert_eq!(known.admit(&HeaderMap::new()), Err(Fault::unauthorized()));
        let mut twice = basic(&format!("{ACCOUNT}:token"));
        twice.append(AUTHORIZATION, twice[AUTHORIZATION].clone());
        assert_eq!(known.admit(&twice), Err(Fault::unauthorized()));
        let none = Credentials::new(ACCOUNT, [].into_iter());
        assert_eq!(
            none.admit(&basic(&format!("{ACCOUNT}:"))),
            Err(Fault::unauthorized())
        );
    }
}
