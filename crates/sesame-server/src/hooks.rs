//! Platforms that ask for messages in their own words, at `/hooks/{name}`.
//!
//! A hook only translates: it proves whose request it is (`proof`), reads what
//! it wants (a [`Platform`]), has it carried out once (`carry`), and says what
//! came of it as that platform needs it.
//!
//! To add a platform that hands over a finished code in one call, write its
//! [`Message`] in a file here: where things stand in its requests and what its
//! answers look like. One that asks for more implements [`Platform`] itself, as
//! `vymalo` does. Either gets a name in `config::PresetName` and a line in
//! [`platform`].

mod asked;
mod auth0;
mod authentik;
mod authgear;
mod bulksms;
mod carry;
mod casdoor;
mod code;
mod compile;
mod example;
mod fusionauth;
mod generic;
mod keycloak;
mod kratos;
mod logto;
mod message;
mod playsms;
mod proof;
mod said;
mod smsgateway;
mod supabase;
mod twilio;
mod vymalo;
mod wish;
mod zitadel;

use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use jiff::SignedDuration;
use sesame_connector::{Reading, UsageType};

use crate::config::{AuthKind, PresetName};

pub(crate) use asked::Asked;
pub(crate) use carry::{Desk, Hooks, receive};
pub(crate) use compile::compile;
pub(crate) use example::Sample;
pub use example::{Example, example};
pub(crate) use message::{Found, Message};
pub(crate) use proof::Proof;
pub(crate) use said::{Refused, Reply, Said};
pub(crate) use twilio::Twilio;
pub(crate) use wish::{Check, Misread, Order, Wish};

/// A platform: what its requests want, and what it needs to hear.
pub(crate) trait Platform: Debug + Send + Sync {
    /// What a configuration need not say.
    fn habits(&self) -> &Habits;

    /// Where things stand, if it is a [`Message`].
    fn message(&self) -> Option<&Message> {
        None
    }

    /// What a request wants that was proven to be the platform's.
    ///
    /// # Errors
    /// With what could not be read; nothing is sent then.
    fn read(&self, hook: &Hook, asked: &Asked) -> Result<Wish, Misread>;

    /// What came of it, in the platform's words.
    fn say(&self, hook: &Hook, asked: &Asked, said: &Said) -> Reply;

    /// A request of its own, for trying a hook out.
    fn sample(&self) -> Sample;

    /// Whether the platform takes this answer for a success.
    fn takes(&self, status: u16, _body: &str) -> bool {
        (200..300).contains(&status)
    }
}

/// What a platform does unless it was told otherwise.
#[derive(Debug)]
pub(crate) struct Habits {
    /// Its verbs.
    pub(crate) methods: &'static [&'static str],
    /// How it proves who it is; the others it can be told to use.
    pub(crate) auth: AuthKind,
    pub(crate) other_auth: &'static [AuthKind],
    /// The header its secret stands in.
    pub(crate) header: &'static str,
    /// Its own words for what a message is for, in Logto's words.
    pub(crate) usages: &'static [(&'static str, &'static str)],
    /// What a message is for where it does not say.
    pub(crate) usage_type: &'static str,
    /// The same request within that time is one that comes again.
    pub(crate) repeat_secs: i64,
    /// How long it waits for an answer, if it says; the budget must be shorter.
    pub(crate) patience_ms: Option<u64>,
}

impl Habits {
    pub(crate) const USUAL: Self = Self {
        methods: &["POST"],
        auth: AuthKind::Header,
        other_auth: &[AuthKind::Header, AuthKind::Path, AuthKind::None],
        header: "authorization",
        usages: &[],
        usage_type: "Generic",
        repeat_secs: 10,
        patience_ms: None,
    };
}

/// The platform of a preset; none of one that is an API of its own.
pub(crate) fn platform(preset: PresetName) -> Option<&'static dyn Platform> {
    Some(match preset {
        PresetName::Twilio => return None,
        PresetName::Supabase => &supabase::SUPABASE,
        PresetName::Logto => &logto::LOGTO,
        PresetName::Authentik => &authentik::AUTHENTIK,
        PresetName::Keycloak => &keycloak::KEYCLOAK,
        PresetName::Zitadel => &zitadel::ZITADEL,
        PresetName::Kratos => &kratos::KRATOS,
        PresetName::Casdoor => &casdoor::CASDOOR,
        PresetName::Authgear => &authgear::AUTHGEAR,
        PresetName::Generic => &generic::GENERIC,
        PresetName::Vymalo => &vymalo::Vymalo,
        PresetName::FusionAuth => &fusionauth::FUSIONAUTH,
        PresetName::Auth0 => &auth0::AUTH0,
        PresetName::BulkSms => &bulksms::BULKSMS,
        PresetName::PlaySms => &playsms::PLAYSMS,
        PresetName::SmsGateway => &smsgateway::SMSGATEWAY,
    })
}

/// What stands behind a name.
#[derive(Clone, Debug)]
pub(crate) enum Served {
    /// A platform that asks for messages.
    Hook(Arc<Hook>),
    /// Twilio's own addresses, with everything behind them.
    Twilio(Arc<Twilio>),
}

impl Served {
    /// When an answer is given, whatever is known by then.
    pub(crate) fn budget(&self) -> Duration {
        match self {
            Self::Hook(hook) => hook.budget,
            Self::Twilio(twilio) => twilio.budget(),
        }
    }
}

/// A hook as it is configured.
#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) name: Arc<str>,
    pub(crate) platform: &'static dyn Platform,
    pub(crate) proof: Proof,
    /// The caller its messages belong to.
    pub(crate) app: String,
    /// How numbers are read, if not as the connector reads them.
    pub(crate) reading: Option<Reading>,
    pub(crate) methods: Vec<Method>,
    pub(crate) usage_type: String,
    /// The platform's words and Logto's; the first that fits counts.
    pub(crate) usages: Vec<(String, String)>,
    pub(crate) locale: Option<String>,
    pub(crate) minutes: Option<u32>,
    pub(crate) budget: Duration,
    pub(crate) repeat: SignedDuration,
    /// Where things stand, and what answers look like, of a [`Message`].
    pub(crate) found: Found,
    /// Whether it was told that this platform's addresses cannot be read.
    pub(crate) has_odd_addresses: AtomicBool,
}

impl Hook {
    /// The user's address; none limits nothing by address, which is told once.
    pub(crate) fn address(&self, said: Option<&str>) -> Option<IpAddr> {
        let said = said.filter(|said| !said.trim().is_empty())?;
        let address = crate::address::first(said);
        if address.is_none() && !self.has_odd_addresses.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                hook.name = &*self.name,
                cure = "name the field that holds the user's IP address under `fields.ip` of this hook",
                "what this platform gives as the user's address is none: such requests are not limited by address"
            );
        }
        address
    }

    /// What a message is for, in Logto's words.
    pub(crate) fn usage_type(&self, said: Option<&str>) -> &str {
        let Some(said) = said else {
            return &self.usage_type;
        };
        let mapped = self.usages.iter().find(|(word, _)| word == said);
        match mapped {
            Some((_, usage_type)) => usage_type,
            None => known(said).unwrap_or(&self.usage_type),
        }
    }
}

/// A word that is one of Logto's.
fn known(word: &str) -> Option<&'static str> {
    const NAMES: [UsageType; 10] = UsageType::KNOWN;
    static KNOWN: &[UsageType] = &NAMES;
    let mut known = KNOWN.iter().map(UsageType::as_str);
    known.find(|name| *name == word)
}
