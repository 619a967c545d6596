//! Ways to the servers that speak TLS in front of them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a client begins.
#[derive(Clone, Copy)]
pub(crate) enum Opening {
    /// With TLS at once.
    Plain,
    /// With the question whether there is TLS, as PostgreSQL's do.
    Postgres,
}

/// TLS in front of a server.
pub(crate) struct Tls {
    pub(crate) address: SocketAddr,
    /// The certificate, for whoever is to trust it.
    pub(crate) certificate: PathBuf,
    _folder: TempDir,
}

impl Tls {
    /// In front of the server, with a certificate for some name.
    pub(crate) async fn before(server: &str, name: &str, opening: Opening) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([name.to_owned()]).unwrap();
        let folder = TempDir::new().unwrap();
        let certificate = folder.path().join("cert.pem");
        std::fs::write(&certificate, cert.pem()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, server) = (acceptor.clone(), server.clone());
                // A client that does not trust it goes away.
                tokio::spawn(async move { pass(client, &server, &acceptor, opening).await.ok() });
            }
        });
        Self {
            address,
            certificate,
            _folder: folder,
        }
    }
}

async fn pass(
    mut client: TcpStream,
    server: &str,
    acceptor: &TlsAcceptor,
    opening: Opening,
) -> std::io::Result<()> {
    if let Opening::Postgres = opening {
        let mut question = [0; 8];
        client.read_exact(&mut question).await?;
        client.write_all(b"S").await?;
    }
    let mut client = acceptor.accept(client).await?;
    let mut server = TcpStream::connect(server).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
