//! What was changed between signing and arriving, judged by what was meant.

use std::fmt;

use super::mistake::Context;
use super::recipe::Recipe;
use crate::sign::{Pair, SignatureVersion, acs3};

/// What the client meant to send, as far as that is known apart from the
/// request. Whatever is absent is not compared.
#[derive(Clone, Default)]
pub struct Intent {
    /// `GET` or `POST`.
    pub method: Option<String>,
    /// The value of the header `Host`.
    pub host: Option<String>,
    /// The action, `SendSms` for example.
    pub action: Option<String>,
    /// The version of the API.
    pub version: Option<String>,
    /// The time, as it was to travel.
    pub timestamp: Option<String>,
    /// The nonce.
    pub nonce: Option<String>,
    /// The STS token.
    pub security_token: Option<String>,
    /// The action's own parameters, decoded.
    pub parameters: Vec<Pair>,
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent").finish_non_exhaustive()
    }
}

/// A value that arrived otherwise than it was meant.
pub(super) struct Change<'a> {
    /// What it is called among the things that were meant.
    pub(super) name: &'a str,
    place: Place<'a>,
    meant: &'a str,
}

enum Place<'a> {
    Method,
    Header(&'a str),
    Parameter(&'a str),
}

/// Everything that arrived otherwise than it was meant.
pub(super) fn changes<'a>(context: &Context<'a>) -> Vec<Change<'a>> {
    let Intent {
        method,
        host,
        action,
        version,
        timestamp,
        nonce,
        security_token,
        parameters,
    } = context.intent;
    let is_acs3 = context.carried.version == SignatureVersion::Acs3;
    // The name of each, its header in ACS3, its parameter in RPC V1.
    let places = [
        ("host", host.as_deref(), "host", ""),
        ("timestamp", timestamp.as_deref(), "x-acs-date", "Timestamp"),
        (
            "nonce",
            nonce.as_deref(),
            "x-acs-signature-nonce",
            "SignatureNonce",
        ),
        ("action", action.as_deref(), "x-acs-action", "Action"),
        ("version", version.as_deref(), "x-acs-version", "Version"),
        (
            "security_token",
            security_token.as_deref(),
            "x-acs-security-token",
            "SecurityToken",
        ),
        ("access_key_id", context.key.id, "", "AccessKeyId"),
    ];
    let named = places
        .into_iter()
        .filter_map(|(name, meant, header, parameter)| {
            let place = match (is_acs3, header, parameter) {
                (true, "", _) | (false, _, "") => return None,
                (true, header, _) => Place::Header(header),
                (false, _, parameter) => Place::Parameter(parameter),
            };
            Some(Change {
                name,
                place,
                meant: meant?.trim(),
            })
        });
    let method = method.iter().map(|meant| Change {
        name: "method",
        place: Place::Method,
        meant,
    });
    let parameters = parameters.iter().map(|(name, meant)| Change {
        name,
        place: Place::Parameter(name),
        meant,
    });
    let all = named.chain(method).chain(parameters);
    all.filter(|change| change.is_one(context)).collect()
}

/// Every change undone by itself, every two of them, and all at once: their
/// names, and what undoes them.
pub(super) fn undone(recipe: &Recipe, context: &Context<'_>) -> Vec<(String, Recipe)> {
    let changes = changes(context);
    let all: Vec<&Change<'_>> = changes.iter().collect();
    let single = all.iter().map(|change| vec![*change]);
    let pairs = all.iter().enumerate().flat_map(|(index, first)| {
        all[index + 1..]
            .iter()
            .map(move |second| vec![*first, *second])
    });
    // Nobody means more than a few things otherwise than they were sent.
    let few = if all.len() <= 16 { usize::MAX } else { 0 };
    let undo = |changes: Vec<&Change<'_>>| {
        let mut recipe = recipe.clone();
        for change in &changes {
            change.undo(&mut recipe, context);
        }
        let names: Vec<&str> = changes.iter().map(|change| change.name).collect();
        (names.join(", "), recipe)
    };
    let sets = single.chain(pairs).take(few);
    sets.chain([all.clone()])
        .filter(|set| !set.is_empty())
        .map(undo)
        .collect()
}

impl Change<'_> {
    fn is_one(&self, context: &Context<'_>) -> bool {
        match self.place {
            Place::Method => context.request.method != self.meant,
            Place::Header("host") => context
                .request
                .header("host")
                .is_none_or(|found| !found.eq_ignore_ascii_case(self.meant)),
            Place::Header(name) => context.request.header(name) != Some(self.meant),
            Place::Parameter(name) => context.parameters.get(name) != Some(self.meant),
        }
    }

    /// Puts in what was meant.
    fn undo(&self, recipe: &mut Recipe, context: &Context<'_>) {
        match self.place {
            Place::Method => self.meant.clone_into(&mut recipe.method),
            Place::Header(name) => {
                let mut signed = context.carried.signed_headers.split(';');
                if signed.any(|signed| signed.eq_ignore_ascii_case(name)) {
                    recipe.acs3.headers.retain(|(found, _)| found != name);
                    let header = (name.to_owned(), self.meant.to_owned());
                    recipe.acs3.headers.push(header);
                }
            }
            Place::Parameter(name) => {
                let found = recipe.pairs.iter_mut().find(|(found, _)| found == name);
                if let Some((_, value)) = found {
                    self.meant.clone_into(value);
                } else if recipe.version == SignatureVersion::RpcV1
                    || context.parameters.form.is_empty()
                {
                    let pair = (name.to_owned(), self.meant.to_owned());
                    recipe.pairs.push(pair);
                } else if let Some(declared) = context.request.header(acs3::CONTENT_SHA256) {
                    declared.clone_into(&mut recipe.acs3.hashed_payload);
                }
            }
        }
    }
}
