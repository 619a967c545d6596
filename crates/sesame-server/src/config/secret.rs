//! Values that nobody may see: written out, or where they come from.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sesame_connector::config::Lookup;

use crate::wire::TOLD;

/// A string, `{ env = "NAME" }` or `{ file = "path" }`. Prints nothing of
/// itself.
#[derive(Clone)]
pub struct Secret(Source);

#[derive(Clone)]
enum Source {
    Plain(SecretString),
    Env(String),
    File(String),
}

impl Secret {
    /// Written out.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(Source::Plain(text.into().into()))
    }

    /// The value; empty where it was not looked up.
    pub fn reveal(&self) -> &str {
        match &self.0 {
            Source::Plain(secret) => secret.expose_secret(),
            Source::Env(_) | Source::File(_) => "",
        }
    }

    /// Puts the value in the place of where it comes from.
    ///
    /// # Errors
    /// With why there is none, and what to do.
    pub(super) fn resolve(&mut self, lookup: &dyn Lookup) -> Result<(), (String, String)> {
        let found = match &self.0 {
            Source::Plain(_) => return Ok(()),
            Source::Env(name) => lookup.env(name).ok_or_else(|| {
                let shown = crate::wire::shown(name);
                (
                    format!("the environment variable {shown} is not set"),
                    "set it, or write the value in another way".to_owned(),
                )
            })?,
            Source::File(path) => lookup.file(path).map_err(|error| {
                (
                    format!("its file cannot be read: {}", error.kind()),
                    "check the path, which is relative to this configuration, and its permissions"
                        .to_owned(),
                )
            })?,
        };
        // A text editor ends a file with a line break.
        let found = found.strip_suffix('\n').unwrap_or(&found);
        let found = found.strip_suffix('\r').unwrap_or(found);
        *self = Self::plain(found);
        Ok(())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// For tests and comparing with defaults; not meant for secrets others send.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

/// An error in words of our own, which quote no value.
pub(super) fn told<E: de::Error>(words: &str) -> E {
    E::custom(format_args!("{TOLD}{words}"))
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shape)
    }
}

struct Shape;

const SHAPE: &str = "this must be a string, { env = \"NAME\" } or { file = \"path\" }";

impl<'de> Visitor<'de> for Shape {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, { env = \"NAME\" } or { file = \"path\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::plain(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let entry = map.next_entry::<String, String>()?;
        let secret = match entry {
            Some((key, name)) if key == "env" => Secret(Source::Env(name)),
            Some((key, path)) if key == "file" => Secret(Source::File(path)),
            _ => return Err(told(SHAPE)),
        };
        match map.next_key::<String>()? {
            None => Ok(secret),
            Some(_) => Err(told(SHAPE)),
        }
    }
}
