//! What handlers work with.

use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use sesame_connector::doctor::Check;
use sesame_connector::{Connector, Source, UsageType};
use sesame_passcode::store::{Addition, Key};
use sesame_passcode::{Journal, Passcodes, Store, StoreError};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Mutex, watch};

use crate::metrics::Metrics;
use crate::token::Signer;
use crate::wire::BodyLimits;

/// Between two tries to write.
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// What all handlers share.
pub(crate) struct App {
    pub(crate) passcodes: Passcodes,
    pub(crate) connector: Connector,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) signer: Signer,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) metrics: Arc<Metrics>,
    /// SHA-256 of the secret, where reports can be pushed.
    pub(crate) report_secret: Option<[u8; 32]>,
    pub(crate) reports: BodyLimits,
    /// True from when the server is told to end.
    pub(crate) is_ending: watch::Receiver<bool>,
    /// The OpenAPI document, from when somebody has asked for it.
    pub(crate) openapi: OnceLock<String>,
    /// When the store was last written to only to see that it can be.
    pub(crate) written_at: Mutex<Option<Timestamp>>,
    /// What the doctor found not to be in order, for the console.
    pub(crate) findings: std::sync::Mutex<Vec<Check>>,
}

impl App {
    /// Whether a code for this can be sent, or the name is a mistake.
    pub(crate) fn serves(&self, usage_type: &str) -> bool {
        let usage_type = UsageType::from(usage_type);
        let mut templates = self.connector.config().templates.iter();
        usage_type.is_known() || templates.any(|template| template.usage_type == usage_type)
    }

    /// Whether the store can be written to: a full disk is still read. However
    /// often this is asked, little is written.
    pub(crate) async fn try_to_write(&self) -> Result<(), StoreError> {
        let mut written_at = self.written_at.lock().await;
        let now = self.source.now();
        let since = written_at.map(|at| now.duration_since(at).abs());
        if since.is_some_and(|since| since < WRITTEN_EVERY) {
            return Ok(());
        }
        let nothing = Addition {
            key: Key::new("ready"),
            amount: 1,
            ends_at: now + WRITTEN_EVERY,
        };
        self.store.add(&[nothing], now).await?;
        *written_at = Some(now);
        Ok(())
    }

    /// Whether this is the secret of the reports. Takes as long whatever it is.
    pub(crate) fn is_report_secret(&self, text: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let secret = self.report_secret.as_ref();
        secret.is_some_and(|secret| secret.ct_eq(&given).into())
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("passcodes", &self.passcodes)
            .finish_non_exhaustive()
    }
}
