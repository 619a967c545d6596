//! Starting and ending a server.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use sesame_connector::{Connector, Source, SystemSource};
use sesame_passcode::{Events, Parts, Passcodes, PolicyError, StoreError};
use sha2::{Digest as _, Sha256};
use thiserror::Error as ThisError;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::api::{self, Around};
use crate::auth::Book;
use crate::clock::Clock;
use crate::config::{Config, ConversionsConfig, Secret};
use crate::console::Console;
use crate::doctor;
use crate::events::Counting;
use crate::front::{Front, Places};
use crate::hooks::{self, Desk, Hooks, Served};
use crate::keys::{KeyRing, KeysError};
use crate::listener::{self, Listener};
use crate::metrics::Metrics;
use crate::replies::{self, Replies};
use crate::state::App;
use crate::stores::Stores;
use crate::tasks::{Tasks, Waiting};
use crate::token::Signer;
use crate::wire::BodyLimits;
use crate::work;

/// A running server. Dropping it ends it at once.
#[derive(Debug)]
pub struct Server {
    passcodes: Passcodes,
    urls: Vec<String>,
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<()>>,
    tasks: Tasks,
    waiting: Waiting,
    patience: Duration,
}

/// What a server is to be made of.
#[derive(Debug)]
pub struct ServerBuilder {
    config: Config,
    connector: Connector,
    stores: Stores,
    keys: KeyRing,
    source: Arc<dyn Source>,
}

/// Why a server did not start.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("{field}: {reason}")]
    Tls {
        /// The key in the configuration.
        field: &'static str,
        /// What is wrong with its file.
        reason: String,
        /// What to do about it.
        cure: &'static str,
    },
    /// There are no keys, or none that can be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The policy cannot be followed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A hook cannot work as it is configured.
    #[error("hooks.{name} cannot be used: {reason}")]
    Hook {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
}

impl Server {
    /// A server of these parts.
    pub fn builder(
        config: Config,
        connector: Connector,
        stores: Stores,
        keys: KeyRing,
    ) -> ServerBuilder {
        ServerBuilder {
            config,
            connector,
            stores,
            keys,
            source: SystemSource::shared(),
        }
    }

    /// `http://127.0.0.1:8080`, or `https` with TLS: the public one first, then
    /// that of the console and metrics, if there is one.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The addresses, in the same order.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What it works with, for whoever runs it in process.
    pub fn passcodes(&self) -> &Passcodes {
        &self.passcodes
    }

    /// Takes no more requests, finishes those that were accepted, and ends. What
    /// takes longer than `limits.shutdown_secs` is given up.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        self.tasks.close();
        let passcodes = self.passcodes.clone();
        let finished = async {
            for running in &mut self.running {
                let _ = running.await;
            }
            self.waiting.ended().await;
            passcodes.finish().await;
        };
        if tokio::time::timeout(self.patience, finished).await.is_err() {
            tracing::warn!("requests were still open, gave them up");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.iter().for_each(JoinHandle::abort);
    }
}

impl ServerBuilder {
    /// Where time and randomness come from.
    #[must_use]
    pub fn source(mut self, source: Arc<dyn Source>) -> Self {
        self.source = source;
        self
    }

    /// What such a server works with, for a tool beside it.
    ///
    /// # Errors
    /// Where the policy cannot be followed.
    pub fn passcodes(&self) -> Result<Passcodes, PolicyError> {
        self.service(Arc::new(()))
    }

    /// Listens, and answers from then on.
    ///
    /// # Errors
    /// Where an address, the certificate or the policy cannot be used.
    #[cfg_attr(
        not(feature = "otlp"),
        expect(unused_mut, reason = "only traces change it")
    )]
    pub async fn start(mut self) -> Result<Server, ServeError> {
        #[cfg(feature = "otlp")]
        if self.config.otlp.endpoint.is_some() {
            self.stores = crate::traces::stores(&self.stores);
        }
        let tls = self.tls()?;
        let public = bind(self.config.listen).await?;
        let admin = match self.config.admin_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let (stop, stopped) = watch::channel(false);
        let (tasks, waiting) = Tasks::new();
        let app = self.app(stopped.clone())?;
        app.passcodes.verify_keys().await?;
        let around = self.around(&app, &tasks)?;
        let limits = &self.config.limits;
        let listener = |router: Router, tls: Option<TlsAcceptor>| Listener {
            router,
            tls,
            limits: limits.clone(),
            // Of its own, so that metrics are there however full the API is.
            places: Arc::new(Semaphore::new(limits.connections)),
            stop: stopped.clone(),
        };
        let scheme = self.scheme();
        let mut urls = vec![format!("{scheme}://{}", callable(public.1))];
        let mut addresses = vec![public.1];
        let config = Arc::new(self.config.clone());
        let console = |is_tls| {
            Arc::new(Console {
                app: Arc::clone(&app),
                book: Arc::clone(&around.book),
                keys: Arc::clone(&around.replies.keys),
                config: Arc::clone(&config),
                is_tls,
            })
        };
        let on_public = admin.is_none().then(|| console(tls.is_some()));
        let router = api::router(&app, &around, on_public.as_ref());
        let mut running = vec![tokio::spawn(listener(router, tls).serve(public.0))];
        if let Some((socket, address)) = admin {
            let router = api::admin_router(&app, &around, &console(false));
            running.push(tokio::spawn(listener(router, None).serve(socket)));
            urls.push(format!("http://{}", callable(address)));
            addresses.push(address);
        }
        let source = Arc::clone(&self.source);
        let clock = Clock::new(app.connector.clone(), Arc::clone(&source));
        let working = work::run(app.passcodes.clone(), clock, source, stopped.clone());
        running.push(tokio::spawn(working));
        let told = self.config.conversions;
        if told != ConversionsConfig::default() {
            let telling = work::tell(app.passcodes.clone(), told, self.source, stopped.clone());
            running.push(tokio::spawn(telling));
        }
        let schedule = doctor::Schedule::of(&self.config.doctor);
        if let Some(schedule) = schedule.filter(|_| doctor::knows(&app.connector)) {
            let looking = doctor::run(Arc::clone(&app), schedule, stopped.clone());
            running.push(tokio::spawn(looking));
        }
        Ok(Server {
            passcodes: app.passcodes.clone(),
            urls,
            addresses,
            stop,
            running,
            tasks,
            waiting,
            patience: Duration::from_secs(limits.shutdown_secs),
        })
    }

    fn scheme(&self) -> &'static str {
        match self.config.tls.cert {
            Some(_) => "https",
            None => "http",
        }
    }

    fn tls(&self) -> Result<Option<TlsAcceptor>, ServeError> {
        match (&self.config.tls.cert, &self.config.tls.key) {
            (Some(cert), Some(key)) => listener::tls(cert, key).map(Some),
            _ => Ok(None),
        }
    }

    fn service(&self, events: Arc<dyn Events>) -> Result<Passcodes, PolicyError> {
        Passcodes::new(Parts {
            store: Arc::clone(&self.stores.records),
            journal: Arc::clone(&self.stores.journal),
            connector: self.connector.clone(),
            keys: Arc::new(self.keys.passcode_keys(self.source.now())),
            policy: self.config.policy.clone(),
            source: Arc::clone(&self.source),
            events,
            polling: self.config.reports.polling,
            retention: self.config.retention.messages(),
        })
    }

    fn app(&self, is_ending: watch::Receiver<bool>) -> Result<Arc<App>, ServeError> {
        let (config, now) = (&self.config, self.source.now());
        let metrics = Arc::new(Metrics::default());
        let passcodes = self.service(Arc::new(Counting(Arc::clone(&metrics))))?;
        let token = &config.token;
        let hash = |secret: &Secret| Sha256::digest(secret.reveal().as_bytes()).into();
        Ok(Arc::new(App {
            passcodes,
            connector: self.connector.clone(),
            store: Arc::clone(&self.stores.records),
            journal: Arc::clone(&self.stores.journal),
            signer: Signer::new(&self.keys, &token.issuer, &token.audience, now),
            source: Arc::clone(&self.source),
            metrics,
            report_secret: config.reports.secret.as_ref().map(hash),
            reports: BodyLimits {
                bytes: config.limits.reports_body_bytes,
                time: Duration::from_secs(config.limits.body_secs),
            },
            is_ending,
            openapi: OnceLock::new(),
            written_at: Mutex::default(),
            findings: std::sync::Mutex::default(),
        }))
    }

    fn around(&self, app: &App, tasks: &Tasks) -> Result<Around, ServeError> {
        let limits = &self.config.limits;
        let replies = Replies {
            store: Arc::clone(&self.stores.records),
            keys: Arc::new(self.keys.passcode_keys(self.source.now())),
            source: Arc::clone(&self.source),
            tasks: tasks.clone(),
            lease: replies::lease(self.connector.config().timeout),
        };
        let bodies = BodyLimits {
            bytes: limits.body_bytes,
            time: Duration::from_secs(limits.body_secs),
        };
        let places = Places::new(limits.requests);
        let desk = Desk {
            passcodes: app.passcodes.clone(),
            reading: self.connector.config().reading,
            replies: replies.clone(),
            source: Arc::clone(&self.source),
            metrics: Arc::clone(&app.metrics),
            bodies,
            places: places.clone(),
            scheme: self.scheme(),
        };
        Ok(Around {
            book: Arc::new(Book::open(Arc::clone(&self.stores.journal))),
            hooks: Hooks {
                by_name: Arc::new(self.hooks()?),
                desk: Arc::new(desk),
            },
            replies,
            bodies,
            places,
            front: Front {
                source: Arc::clone(&self.source),
                metrics: Arc::clone(&app.metrics),
                longest: Duration::from_secs(limits.request_secs),
                proxy: Arc::new(self.config.proxy.clone()),
            },
        })
    }

    fn hooks(&self) -> Result<BTreeMap<String, Served>, ServeError> {
        let hooks = self.config.hooks.iter().map(|(name, config)| {
            let (hook, wrongs) = hooks::compile(name, config);
            let hook = hook.ok_or_else(|| {
                let wrong = wrongs.iter().find(|wrong| !wrong.is_warning);
                let wrong = wrong.map(|wrong| format!("{}: {}", wrong.key, wrong.message));
                ServeError::Hook {
                    name: name.clone(),
                    reason: wrong.unwrap_or_default(),
                }
            })?;
            Ok((name.clone(), hook))
        });
        hooks.collect()
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let bound = listener::bind(address).await;
    bound.map_err(|source| ServeError::Bind { address, source })
}

/// Listening on all addresses, it can be called at the loopback one.
fn callable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}
