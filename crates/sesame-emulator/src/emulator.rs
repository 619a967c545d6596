//! Starting, asking and stopping an emulator from a program.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aliyun_sms::{Source, SystemSource};
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::account::{Account, AccountError};
use crate::control::{self, ControlError, Reply, ReportDecision};
use crate::faults::FaultOrder;
use crate::inbox::{self, Message};
use crate::listener::{self, Serving};
use crate::reporter;
use crate::requests::RecordedRequest;
use crate::state::{Settings, Shared};

/// Where it listens unless told otherwise.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8086);
/// Messages that are remembered, unless told otherwise.
const KEEP: usize = 200_000;

/// A running emulator. Dropping it ends it.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    url: String,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    reporter: JoinHandle<()>,
}

/// What an emulator is to be like.
#[derive(Debug)]
pub struct EmulatorBuilder {
    account: Account,
    address: SocketAddr,
    tls: Tls,
    reports: Option<String>,
    source: Arc<dyn Source>,
    allow_non_loopback: bool,
    host_names: Vec<String>,
    keep: usize,
}

#[derive(Debug)]
enum Tls {
    None,
    Config(Arc<rustls::ServerConfig>),
    Pem { cert: PathBuf, key: PathBuf },
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The address can be reached from other machines.
    #[error(
        "{0} is not a loopback address; the emulator has no protection of its own, so this must be allowed explicitly"
    )]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("cannot use the certificate: {0}")]
    Tls(String),
    /// The address for delivery reports is none.
    #[error("the reports address is not an http or https address")]
    Reports,
    /// Reports go somewhere already.
    #[error("reports are pushed to another address already")]
    ReportsTaken,
    /// The account makes no sense.
    #[error("the account makes no sense: {0}")]
    Account(#[from] AccountError),
}

impl Emulator {
    /// An emulator as it is out of the box.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            account: Account::default(),
            address: DEFAULT_ADDRESS,
            tls: Tls::None,
            reports: None,
            source: SystemSource::shared(),
            allow_non_loopback: false,
            host_names: Vec::new(),
            keep: KEEP,
        }
    }

    /// `http://127.0.0.1:8086`, or `https` with TLS.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.shared.settings.address
    }

    /// What the inbox shows, newest first.
    pub fn messages(&self) -> Vec<Message> {
        self.shown(None)
    }

    /// The messages to one number, in any notation, newest first.
    pub fn messages_to(&self, number: &str) -> Vec<Message> {
        self.shown(Some(number))
    }

    fn shown(&self, to: Option<&str>) -> Vec<Message> {
        let records = self.shared.settled().0.inbox.shown(to, usize::MAX);
        inbox::messages(&records)
    }

    /// What it was told of codes that were typed, oldest first.
    pub fn conversions(&self) -> Vec<crate::Conversion> {
        self.shared.lock().conversions.all()
    }

    /// Empties the inbox.
    pub fn clear(&self) {
        control::clear(&self.shared);
    }

    /// Makes the next calls of an action run into a fault.
    ///
    /// # Errors
    /// The action is none of Aliyun's, or the fault cannot be.
    pub fn fault(&self, order: FaultOrder) -> Result<(), ControlError> {
        self.shared.lock().faults.order(order)
    }

    /// The time by its clock.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// Sets its clock, which runs on from there.
    ///
    /// # Errors
    /// The time is not within the years 1970 to 9998.
    pub fn set_now(&self, now: Timestamp) -> Result<(), ControlError> {
        control::set_clock(&self.shared, now)
    }

    /// Moves its clock.
    ///
    /// # Errors
    /// The time would not be within the years 1970 to 9998.
    pub fn advance_secs(&self, secs: i64) -> Result<Timestamp, ControlError> {
        control::advance_clock(&self.shared, secs)
    }

    /// Its time, moved as it is, for whoever is to live in the same.
    pub fn source(&self) -> Arc<dyn Source> {
        Arc::new(Moved(Arc::clone(&self.shared)))
    }

    /// Pushes delivery reports and replies there from now on, where the builder
    /// was not told: a receiver that needs this emulator's address to start.
    ///
    /// # Errors
    /// The address is none, or another was given before.
    pub fn push_reports_to(&self, url: &str) -> Result<(), EmulatorError> {
        let receiver = receiver(url)?;
        let set = self.shared.receiver.set(receiver);
        set.map_err(|_| EmulatorError::ReportsTaken)?;
        self.shared.wake.notify_one();
        Ok(())
    }

    /// The account it plays.
    pub fn account(&self) -> Account {
        self.shared.lock().book.account.clone()
    }

    /// Plays another account from now on.
    ///
    /// # Errors
    /// The account makes no sense.
    pub fn set_account(&self, account: Account) -> Result<(), AccountError> {
        account.check()?;
        self.shared.lock().set_account(account);
        Ok(())
    }

    /// Changes the account it plays, between two calls; what is left of its money
    /// stays.
    ///
    /// # Errors
    /// The account makes no sense afterwards. Then it stays as it was.
    pub fn change_account(&self, change: impl FnOnce(&mut Account)) -> Result<(), AccountError> {
        let mut state = self.shared.lock();
        let mut account = state.book.account.clone();
        change(&mut account);
        account.check()?;
        state.change_account(|old| *old = account);
        Ok(())
    }

    /// Decides what becomes of messages; says of how many.
    ///
    /// # Errors
    /// There is no such message, or a value makes no sense.
    pub fn decide_report(&self, decision: &ReportDecision) -> Result<usize, ControlError> {
        control::decide_report(&self.shared, decision)
    }

    /// Lets a phone's owner answer; pushed like a report.
    ///
    /// # Errors
    /// The number is none.
    pub fn reply(&self, reply: &Reply) -> Result<(), ControlError> {
        control::reply(&self.shared, reply)
    }

    /// How many API requests came since the last reset.
    pub fn requests_total(&self) -> u64 {
        self.shared.lock().requests.total()
    }

    /// The last API requests, newest first; 100 are kept.
    pub fn requests(&self, latest: usize) -> Vec<RecordedRequest> {
        self.shared.lock().requests.latest(latest)
    }

    /// Forgets messages, limits, nonces, faults and the moved clock, and keeps
    /// the account.
    pub fn reset(&self) {
        control::reset(&self.shared);
    }

    /// Lets what was accepted come to its end, and ends.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.server).await;
    }
}

/// The emulator's clock, and the randomness of what it was made with.
#[derive(Debug)]
struct Moved(Arc<Shared>);

impl Source for Moved {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.0.source.fill(bytes);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
        self.reporter.abort();
    }
}

impl EmulatorBuilder {
    /// The account to play.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.account = account;
        self
    }

    /// Where to listen; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Speaks TLS with this configuration.
    #[must_use]
    pub fn tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.tls = Tls::Config(config);
        self
    }

    /// Speaks TLS with a certificate chain and its key, both in PEM files.
    #[must_use]
    pub fn tls_pem(mut self, cert: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.tls = Tls::Pem {
            cert: cert.as_ref().to_owned(),
            key: key.as_ref().to_owned(),
        };
        self
    }

    /// Where to push delivery reports and replies.
    #[must_use]
    pub fn reports(mut self, url: impl Into<String>) -> Self {
        self.reports = Some(url.into());
        self
    }

    /// Where time and randomness come from.
    #[must_use]
    pub fn source(mut self, source: Arc<dyn Source>) -> Self {
        self.source = source;
        self
    }

    /// Whether other machines may reach it.
    #[must_use]
    pub fn allow_non_loopback(mut self, allow: bool) -> Self {
        self.allow_non_loopback = allow;
        self
    }

    /// One more name the control interface may be called by, such as a
    /// container's.
    #[must_use]
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.host_names.push(name.into());
        self
    }

    /// How many messages to remember; the oldest are forgotten first.
    #[must_use]
    pub fn keep_messages(mut self, keep: usize) -> Self {
        self.keep = keep;
        self
    }

    /// Listens, and answers from then on.
    ///
    /// # Errors
    /// The account, the addresses or the certificate cannot be used.
    pub async fn start(self) -> Result<Emulator, EmulatorError> {
        self.account.check()?;
        if !self.address.ip().is_loopback() && !self.allow_non_loopback {
            return Err(EmulatorError::NotLoopback(self.address));
        }
        let tls = self.tls.acceptor()?;
        let receiver = self.reports.as_deref().map(receiver).transpose()?;
        let bind = |source| EmulatorError::Bind {
            address: self.address,
            source,
        };
        let listener = TcpListener::bind(self.address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let settings = Settings {
            is_tls: tls.is_some(),
            keep: self.keep,
            address,
            host_names: self.host_names,
        };
        let scheme = if settings.is_tls { "https" } else { "http" };
        let shared = Arc::new(Shared::new(self.account, self.source, settings));
        if let Some(receiver) = receiver {
            // Nobody else knows of it yet.
            let _ = shared.receiver.set(receiver);
        }
        let (stop, stopped) = watch::channel(false);
        let serving = Serving {
            control: control::router(Arc::clone(&shared)),
            shared: Arc::clone(&shared),
            tls,
            stop: stopped,
        };
        Ok(Emulator {
            url: format!("{scheme}://{}", callable(address)),
            server: tokio::spawn(listener::serve(listener, serving)),
            reporter: tokio::spawn(reporter::run(Arc::clone(&shared))),
            shared,
            stop,
        })
    }
}

/// Listening on all addresses, it can be called at the loopback one.
fn callable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

fn receiver(url: &str) -> Result<http::Uri, EmulatorError> {
    let uri: http::Uri = url.parse().map_err(|_| EmulatorError::Reports)?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    if is_web {
        Ok(uri)
    } else {
        Err(EmulatorError::Reports)
    }
}

impl Tls {
    fn acceptor(&self) -> Result<Option<TlsAcceptor>, EmulatorError> {
        Ok(match self {
            Self::None => None,
            Self::Config(config) => Some(TlsAcceptor::from(Arc::clone(config))),
            Self::Pem { cert, key } => Some(TlsAcceptor::from(Arc::new(read_pem(cert, key)?))),
        })
    }
}

fn read_pem(cert: &Path, key: &Path) -> Result<rustls::ServerConfig, EmulatorError> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        EmulatorError::Tls(format!("{}: {error}", path.display()))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(cert, &error))?;
    if chain.is_empty() {
        return Err(unreadable(cert, &"holds no certificate"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    let mut config = rustls::ServerConfig::builder_with_provider(reporter::crypto())
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, private)
        })
        .map_err(|error| EmulatorError::Tls(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
