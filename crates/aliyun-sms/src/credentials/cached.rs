//! Credentials kept and refreshed in time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::{Credentials, CredentialsError, ProvideCredentials, Provided};
use crate::source::Source;

/// Credentials are refreshed so long before they expire.
const MARGIN: SignedDuration = SignedDuration::from_mins(15);
/// Of credentials that live no longer than that, the last such part.
const SHORT_MARGIN_PART: i32 = 5;
/// Time between two tries, while a refresh fails and the old ones still hold.
const RETRY_PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// Time between two refreshes forced by a refusal.
const FORCED_PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// How long a caller waits for a refresh that it can do without.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps what another source gives, and asks it again only
///
/// - 15 minutes before the credentials expire, or when a fifth of their life is
///   left if they live no longer than that,
/// - when Aliyun has refused them, though not twice within 5 seconds.
///
/// However many callers wait, the source is asked once. While it fails, the old
/// credentials are used as long as they are valid.
#[derive(Clone)]
pub struct Cached {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Arc<dyn ProvideCredentials>,
    source: Arc<dyn Source>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    flight: Option<Flight>,
    /// The last failure, if no success came after it.
    failed_at: Option<Timestamp>,
    forced_at: Option<Timestamp>,
}

struct Held {
    credentials: Arc<Credentials>,
    refresh_at: Option<Timestamp>,
}

type Outcome = Result<Arc<Credentials>, CredentialsError>;

/// A fetch under way, which all who come meanwhile wait for.
type Flight = watch::Receiver<Option<Outcome>>;

impl Cached {
    /// Keeps what `inner` gives.
    pub fn new(inner: Arc<dyn ProvideCredentials>, source: Arc<dyn Source>) -> Self {
        Self {
            shared: Arc::new(Shared {
                inner,
                source,
                state: Mutex::default(),
            }),
        }
    }
}

impl ProvideCredentials for Cached {
    fn provide(&self) -> Provided<'_, Arc<Credentials>> {
        Box::pin(async move {
            match self.shared.look() {
                Look::Fresh(credentials) => Ok(credentials),
                Look::None(flight) => landed(flight).await,
                Look::Stale(credentials, flight) => {
                    let refreshed = tokio::time::timeout(PATIENCE, landed(flight)).await;
                    Ok(refreshed.ok().and_then(Result::ok).unwrap_or(credentials))
                }
            }
        })
    }

    /// A failure to refresh is no error here: that the key was refused says
    /// more to the caller.
    fn replace<'a>(&'a self, refused: &'a Credentials) -> Provided<'a, Option<Arc<Credentials>>> {
        Box::pin(async move {
            let other = match self.shared.look_beyond(refused) {
                Look::Fresh(credentials) => Some(credentials),
                Look::Stale(_, flight) | Look::None(flight) => {
                    let refreshed = tokio::time::timeout(PATIENCE, landed(flight)).await;
                    refreshed.ok().and_then(Result::ok)
                }
            };
            Ok(other.filter(|other| !is_same(other, refused)))
        })
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        let held = state.held.as_ref().map(|held| &held.credentials);
        f.debug_struct("Cached")
            .field("inner", &self.shared.inner)
            .field("held", &held)
            .finish_non_exhaustive()
    }
}

/// What there is at the moment.
enum Look {
    Fresh(Arc<Credentials>),
    /// Still valid, and new ones are on their way.
    Stale(Arc<Credentials>, Flight),
    None(Flight),
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nobody panics halfway through a change, so the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(self: &Arc<Self>) -> Look {
        let now = self.source.now();
        let mut state = self.state();
        match state.valid(now) {
            Some(credentials) if !state.is_refresh_due(now) => Look::Fresh(credentials),
            Some(credentials) => Look::Stale(credentials, self.flight(&mut state)),
            None => Look::None(self.flight(&mut state)),
        }
    }

    /// Looks for others than the refused ones. Of many sends refused at once
    /// one forces a refresh; the rest wait for it, or find it done.
    fn look_beyond(self: &Arc<Self>, refused: &Credentials) -> Look {
        let now = self.source.now();
        let mut state = self.state();
        let valid = state.valid(now);
        if let Some(credentials) = valid {
            let is_other = !is_same(&credentials, refused);
            let is_too_soon = is_within(state.forced_at, now, FORCED_PAUSE);
            if is_other || (is_too_soon && state.flight().is_none()) {
                return Look::Fresh(credentials);
            }
        }
        if state.flight().is_none() {
            state.forced_at = Some(now);
        }
        Look::None(self.flight(&mut state))
    }

    /// The fetch under way, or a new one. It has a task of its own: a caller
    /// that gives up must not take it away from the others, nor from the next.
    fn flight(self: &Arc<Self>, state: &mut State) -> Flight {
        if let Some(flight) = state.flight() {
            return flight;
        }
        let (land, flight) = watch::channel(None);
        let shared = self.clone();
        tokio::spawn(async move {
            let outcome = shared.inner.provide().await;
            let outcome = shared.keep(outcome);
            land.send_replace(Some(outcome));
        });
        state.flight = Some(flight.clone());
        flight
    }

    fn keep(&self, outcome: Outcome) -> Outcome {
        let now = self.source.now();
        let outcome = outcome.and_then(|credentials| unexpired(credentials, now));
        let mut state = self.state();
        match &outcome {
            Ok(credentials) => {
                state.held = Some(Held::new(credentials.clone(), now));
                state.failed_at = None;
            }
            Err(error) => {
                let is_first = state.failed_at.replace(now).is_none();
                if let Some(old) = state.valid(now).filter(|_| is_first) {
                    let expires_at = old.expires_at().map(tracing::field::display);
                    tracing::warn!(%error, expires_at, "credentials not refreshed, going on with the old ones");
                }
            }
        }
        outcome
    }
}

impl State {
    fn valid(&self, now: Timestamp) -> Option<Arc<Credentials>> {
        let held = self.held.as_ref()?;
        let is_valid = held.credentials.expires_at().is_none_or(|end| now < end);
        is_valid.then(|| held.credentials.clone())
    }

    fn is_refresh_due(&self, now: Timestamp) -> bool {
        let refresh_at = self.held.as_ref().and_then(|held| held.refresh_at);
        refresh_at.is_some_and(|at| at <= now) && !is_within(self.failed_at, now, RETRY_PAUSE)
    }

    /// The fetch under way. One whose task is gone, with its runtime or by a
    /// panic, is under way no more.
    fn flight(&self) -> Option<Flight> {
        let flight = self.flight.as_ref()?;
        let is_up = flight.borrow().is_none() && flight.has_changed().is_ok();
        is_up.then(|| flight.clone())
    }
}

impl Held {
    fn new(credentials: Arc<Credentials>, now: Timestamp) -> Self {
        let refresh_at = credentials.expires_at().map(|end| {
            let life = end.duration_since(now);
            let margin = if life > MARGIN {
                MARGIN
            } else {
                life / SHORT_MARGIN_PART
            };
            end.checked_sub(margin).unwrap_or(end)
        });
        Self {
            credentials,
            refresh_at,
        }
    }
}

async fn landed(mut flight: Flight) -> Outcome {
    let outcome = flight.wait_for(Option::is_some).await;
    let outcome = outcome.ok().and_then(|outcome| outcome.clone());
    outcome.unwrap_or_else(|| {
        Err(CredentialsError::Failed {
            provider: "cache".to_owned(),
            reason: "fetching them broke off".to_owned(),
            is_transient: true,
        })
    })
}

/// Whether `now` is less than `pause` after `time`. A clock set back ends it.
fn is_within(time: Option<Timestamp>, now: Timestamp, pause: SignedDuration) -> bool {
    time.is_some_and(|time| (SignedDuration::ZERO..pause).contains(&now.duration_since(time)))
}

fn is_same(one: &Credentials, other: &Credentials) -> bool {
    one.access_key_id() == other.access_key_id()
        && one.access_key_secret() == other.access_key_secret()
        && one.security_token() == other.security_token()
}

/// Says so if credentials have expired.
pub(super) fn check_unexpired(credentials: &Credentials, now: Timestamp) -> Result<(), String> {
    match credentials.expires_at() {
        Some(end) if end <= now => Err(format!(
            "they expired at {end}, or this machine's clock is ahead"
        )),
        _ => Ok(()),
    }
}

fn unexpired(credentials: Arc<Credentials>, now: Timestamp) -> Outcome {
    match check_unexpired(&credentials, now) {
        Ok(()) => Ok(credentials),
        Err(reason) => Err(CredentialsError::Failed {
            provider: credentials.provider().to_owned(),
            reason,
            is_transient: true,
        }),
    }
}
