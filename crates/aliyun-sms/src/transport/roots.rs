//! Which certificates are trusted: the system's, and those the environment
//! names on top.

use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::Unsent;

/// Where Linux distributions keep the trusted certificates in one file.
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// Builds the TLS side of the client. That no certificate at all is trusted is
/// told only when a TLS connection fails for it: plain HTTP needs none.
pub(super) fn client_config(extra_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, Unsent> {
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
    if let Some(pem) = extra_pem {
        let certificates = CertificateDer::pem_slice_iter(pem).flatten();
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(Unsent::Setup {
                reason: "there is no certificate in the extra ones given".to_owned(),
            });
        }
    }
    let config = ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| Unsent::Setup {
            reason: format!("TLS could not be set up: {error}"),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
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
