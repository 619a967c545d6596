//! The token that proves an approved verification, and the keys to check it by.
//!
//! ES256, which every library knows. A key that was replaced stays published
//! until no token it signed can be valid any more.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sesame_connector::Source;
use utoipa::ToSchema;

use crate::keys::{Entry, KeyRing, active, replaced_at};

/// How long a token is valid.
pub const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long a replaced key stays published: a token's life, and what clocks
/// and caches may be off.
const PUBLISHED: SignedDuration = SignedDuration::from_hours(1);

/// What a token says. It is proof for whoever has it, so it is not printed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Claims {
    /// This server, as configured.
    pub iss: String,
    /// Whom it is for, as configured.
    pub aud: String,
    /// The number as a keyed hash: the same for the same number, always.
    pub sub: String,
    /// The number, E.164.
    pub phone_number: String,
    /// That it was verified; always true.
    pub phone_number_verified: bool,
    /// What for: the usage type.
    pub usage: String,
    /// The caller who had it verified.
    pub app: String,
    /// The id of the verification.
    pub verification: String,
    /// When.
    pub iat: i64,
    /// Until when this is worth anything.
    pub exp: i64,
    /// An id of this token.
    pub jti: String,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

/// What a token is to say of a verification.
pub(crate) struct Proven<'a> {
    pub(crate) subject: &'a str,
    pub(crate) phone_number: &'a str,
    pub(crate) usage_type: &'a str,
    pub(crate) app: &'a str,
    pub(crate) verification: &'a str,
}

/// A key that signs, and its public half.
pub(crate) struct Pair {
    signing: EcdsaKeyPair,
}

/// The pair of a secret; none where it is no key of the curve.
pub(crate) fn pair(secret: &[u8; 32]) -> Option<Pair> {
    let private = PrivateKey::from_private_key(&ECDH_P256, secret).ok()?;
    let public = private.compute_public_key().ok()?;
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let signing =
        EcdsaKeyPair::from_private_key_and_public_key(algorithm, secret, public.as_ref()).ok()?;
    Some(Pair { signing })
}

/// Signs tokens, and publishes what they are checked by.
pub(crate) struct Signer {
    entries: Vec<Entry>,
    pairs: Vec<Pair>,
    issuer: String,
    audience: String,
    started_at: Timestamp,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// The keys that tokens are checked by (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwks {
    /// The newest first.
    pub keys: Vec<Jwk>,
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// `ES256`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Its id, as the header of a token names it.
    pub kid: String,
    /// The point's first half.
    pub x: String,
    /// And its second.
    pub y: String,
}

impl Signer {
    pub(crate) fn new(ring: &KeyRing, issuer: &str, audience: &str, now: Timestamp) -> Self {
        let mut entries = ring.token_keys().to_vec();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.active_from));
        // A ring was checked when it was read.
        let usable = entries
            .into_iter()
            .filter_map(|e| e.pair().ok().map(|pair| (e, pair)));
        let (entries, pairs) = usable.unzip();
        Self {
            entries,
            pairs,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            started_at: now,
        }
    }

    /// A token for a verification that was approved just now.
    pub(crate) fn sign(&self, proven: &Proven<'_>, source: &dyn Source) -> Option<String> {
        let now = source.now();
        let mut jti = [0; 16];
        source.fill(&mut jti);
        let entry = active(&self.entries, now);
        let pair = self.entries.iter().position(|other| other.id == entry.id)?;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: proven.subject.to_owned(),
            phone_number: proven.phone_number.to_owned(),
            phone_number_verified: true,
            usage: proven.usage_type.to_owned(),
            app: proven.app.to_owned(),
            verification: proven.verification.to_owned(),
            iat: now.as_second(),
            exp: (now + LIFE).as_second(),
            jti: URL_SAFE_NO_PAD.encode(jti),
        };
        let header = serde_json::json!({ "typ": "JWT", "alg": "ES256", "kid": entry.id });
        let part = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!(
            "{}.{}",
            part(serde_json::to_vec(&header).ok()?),
            part(serde_json::to_vec(&claims).ok()?)
        );
        let signature = self.pairs[pair]
            .signing
            .sign(&SystemRandom::new(), signed.as_bytes())
            .ok()?;
        Some(format!("{signed}.{}", part(signature.as_ref().to_vec())))
    }

    /// What is published now: every key that is, will be, or lately was in use.
    pub(crate) fn jwks(&self, now: Timestamp) -> Jwks {
        let is_published = |entry: &Entry| {
            // This server may have gone on signing with it until it was
            // started anew.
            let replaced = replaced_at(&self.entries, entry).map(|at| at.max(self.started_at));
            replaced.is_none_or(|at| at + PUBLISHED > now)
        };
        let both = self.entries.iter().zip(&self.pairs);
        Jwks {
            keys: both
                .filter(|(entry, _)| is_published(entry))
                .map(|(entry, pair)| jwk(&entry.id, pair))
                .collect(),
        }
    }
}

fn jwk(id: &str, pair: &Pair) -> Jwk {
    // 4, then both halves of the point.
    let point = pair.signing.public_key().as_ref();
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
    Jwk {
        kty: "EC".to_owned(),
        crv: "P-256".to_owned(),
        alg: "ES256".to_owned(),
        usage: "sig".to_owned(),
        kid: id.to_owned(),
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
    }
}
