//! Whose request it is. Signatures are of the bytes as they came, and whatever
//! is compared takes as long whether it fits or not.

mod jwt;
mod signed;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

pub(crate) use jwt::Claims;
pub(crate) use signed::{Keys, Scheme};

use super::Asked;

/// How a hook is proven to be asked by its platform.
#[derive(Debug)]
pub(crate) enum Proof {
    /// A header holds one of the secrets.
    Header(HeaderName, Vec<Given>),
    /// The next part of the address is one.
    Path(Vec<Given>),
    /// The parameters `u` and `h` are one, with a colon between them.
    Query(Vec<Given>),
    /// The body is signed.
    Signed(Scheme, Keys),
    /// The header `Authorization` holds a signed token.
    Jwt(Keys, Claims),
    /// Nobody is asked.
    None,
}

/// SHA-256 of a secret, by which it is compared.
pub(crate) struct Given([u8; 32]);

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Given([redacted])")
    }
}

impl Given {
    pub(crate) fn new(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}

/// What proving gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proven {
    /// Until when the same bytes would be proven again; none where they always
    /// would be.
    pub(crate) until: Option<Timestamp>,
    /// The address behind the secret, if the secret stands there.
    pub(crate) rest: Option<String>,
}

impl Proven {
    const PLAIN: Self = Self {
        until: None,
        rest: None,
    };
}

/// A request is not proven, and why, for the log. Quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) reason: &'static str,
    pub(crate) cure: &'static str,
}

impl Denied {
    const fn new(reason: &'static str, cure: &'static str) -> Self {
        Self { reason, cure }
    }
}

const WRONG_SECRET: Denied = Denied::new(
    "the secret is not one of this hook's",
    "compare `secrets` of this hook with what the platform was given",
);

impl Proof {
    /// Proves a request.
    ///
    /// # Errors
    /// With why it is not proven.
    pub(crate) fn prove(&self, asked: &Asked, now: Timestamp) -> Result<Proven, Denied> {
        match self {
            Self::None => Ok(Proven::PLAIN),
            Self::Header(name, secrets) => {
                let value = asked.header(name.as_str()).ok_or(Denied::new(
                    "the header with the secret is missing, or there twice",
                    "let the platform send it; `header` of this hook names it",
                ))?;
                fits(&presented(value), secrets).map(|()| Proven::PLAIN)
            }
            Self::Path(secrets) => {
                let (secret, rest) = asked.rest.split_once('/').unwrap_or((&asked.rest, ""));
                fits(&[secret.to_owned()], secrets)?;
                Ok(Proven {
                    rest: Some(rest.to_owned()),
                    ..Proven::PLAIN
                })
            }
            Self::Query(secrets) => {
                let pairs: Vec<_> = form_urlencoded::parse(asked.query.as_bytes()).collect();
                let value = |name| {
                    let mut found = pairs.iter().filter(|(key, _)| key == name);
                    let first = found.next().map(|(_, value)| value.as_ref());
                    first.filter(|_| found.next().is_none()).unwrap_or_default()
                };
                let given = format!("{}:{}", value("u"), value("h"));
                fits(&[given], secrets).map(|()| Proven::PLAIN)
            }
            Self::Signed(scheme, keys) => {
                let until = scheme.verify(keys, asked, now)?;
                Ok(Proven {
                    until,
                    ..Proven::PLAIN
                })
            }
            Self::Jwt(keys, claims) => claims.verify(keys, asked, now).map(|()| Proven::PLAIN),
        }
    }
}

/// What a header may mean: itself, the token behind `Bearer`, the
/// `user:password` behind `Basic`.
fn presented(value: &str) -> Vec<String> {
    let value = value.trim();
    let mut meanings = vec![value.to_owned()];
    if let Some((scheme, rest)) = value.split_once(' ') {
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            meanings.push(rest.to_owned());
        } else if scheme.eq_ignore_ascii_case("basic") {
            let decoded = STANDARD.decode(rest).ok();
            meanings.extend(decoded.and_then(|bytes| String::from_utf8(bytes).ok()));
        }
    }
    meanings
}

/// Compares all with all, so that the time tells nothing.
fn fits(presented: &[String], secrets: &[Given]) -> Result<(), Denied> {
    let mut is_one = subtle::Choice::from(0);
    for text in presented {
        let given = Given::new(text);
        for secret in secrets {
            is_one |= secret.0.ct_eq(&given.0);
        }
    }
    if is_one.into() {
        Ok(())
    } else {
        Err(WRONG_SECRET)
    }
}
