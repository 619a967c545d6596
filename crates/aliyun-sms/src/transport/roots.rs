//! Which certificates are trusted: the system's, and those the environment
//! names on top.

use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use crate::error::Unsent;

/// Where Linux distributions keep the trusted certificates in one file.
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// The TLS side of the client. The trusted certificates are read with the first
/// connection that needs them: they are many, and some processes need none.
pub(super) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// # Errors
    /// [`Unsent::Setup`] where there is nothing in the certificates given.
    pub(super) fn new(extra_pem: Option<&[u8]>) -> Result<Self, Unsent> {
        let mut extra = Vec::new();
        if let Some(pem) = extra_pem {
            extra.extend(CertificateDer::pem_slice_iter(pem).flatten());
            let (added, _) = RootCertStore::empty().add_parsable_certificates(extra.clone());
            if added == 0 {
                return Err(Unsent::Setup {
                    reason: "there is no certificate in the extra ones given".to_owned(),
                });
            }
        }
        Ok(Self {
            extra,
            config: OnceCell::new(),
        })
    }

    /// # Errors
    /// [`Unsent::Setup`] where TLS cannot be set up.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, Unsent> {
        let read = async {
            let extra = self.extra.clone();
            let read = tokio::task::spawn_blocking(move || client_config(extra));
            read.await.map_err(|error| unusable(&error))?
        };
        self.config.get_or_try_init(|| read).await.cloned()
    }
}

/// That no certificate at all is trusted is told by the connections that fail
/// for it.
fn client_config(extra: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, Unsent> {
    let mut roots = RootCertStore::empty();
    // Honours SSL_CERT_FILE and SSL_CERT_DIR, but then in place of the system's
    // own, so those are added below.
    let native = rustls_native_certs::load_native_certs();
    for error in native.errors {
        tracing::warn!(%error, "cannot read trusted certificates");
    }
    roots.add_parsable_certificates(native.certs);
    if std::env::var_os("SSL_CERT_FILE").is_some() || std::env::var_os("SSL_CERT_DIR").is_some() {
        add_system_bundle(&mut roots);
    }
    if let Some(path) = std::env::var_os("NODE_EXTRA_CA_CERTS").filter(|path| !path.is_empty()) {
        add_file(&mut roots, &PathBuf::from(path));
    }
    roots.add_parsable_certificates(extra);
    let config = ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn unusable(error: &dyn std::fmt::Display) -> Unsent {
    Unsent::Setup {
        reason: format!("TLS could not be set up: {error}"),
    }
}

fn add_system_bundle(roots: &mut RootCertStore) {
    let found = SYSTEM_BUNDLES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_file());
    if let Some(path) = found {
        add_file(roots, &path);
    }
}

fn add_file(roots: &mut RootCertStore, path: &PathBuf) {
    match std::fs::File::open(path) {
        Ok(file) => {
            let certificates = CertificateDer::pem_reader_iter(BufReader::new(file)).flatten();
            roots.add_parsable_certificates(certificates);
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "cannot read extra certificates");
        }
    }
}

/// The process's own provider if it has installed one, else the one this crate
/// was built with.
fn provider() -> Result<Arc<CryptoProvider>, Unsent> {
    if let Some(installed) = CryptoProvider::get_default() {
        return Ok(installed.clone());
    }
    #[cfg(feature = "aws-lc-rs")]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    Err(Unsent::Setup {
        reason: "no TLS provider: install one, or build with the feature `aws-lc-rs` or `ring`"
            .to_owned(),
    })
}
