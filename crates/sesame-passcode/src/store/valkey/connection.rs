//! One connection that many callers share, to one server or to each node of a
//! cluster; it is made again when it breaks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, ServerErrorKind};
use rustls::crypto::CryptoProvider;
use tokio::time::timeout;

use super::super::StoreResult;
use super::error;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How long an operation may take, connecting anew and moved keys included.
const OPERATION: Duration = Duration::from_secs(10);

/// Cheap to clone.
#[derive(Clone)]
pub(super) enum Connection {
    Single(Arc<Single>),
    Cluster(ClusterConnection),
}

/// One server.
pub(super) struct Single {
    client: Client,
    shared: Mutex<ConnectionManager>,
}

impl Connection {
    /// To what a URL names.
    pub(super) async fn open(url: &str) -> StoreResult<Self> {
        // The client asks for the provider of the process.
        if CryptoProvider::get_default().is_none() {
            // Somebody may have been quicker.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(error::wrong_url)?;
        match scheme {
            "valkey" | "redis" => Self::single(&format!("redis://{rest}")),
            "valkeys" | "rediss" => Self::single(&format!("rediss://{rest}")),
            "valkey-cluster" | "redis-cluster" => Self::cluster("redis", rest).await,
            "valkeys-cluster" | "rediss-cluster" => Self::cluster("rediss", rest).await,
            _ => Err(error::wrong_url()),
        }
    }

    fn single(url: &str) -> StoreResult<Self> {
        let info = url.into_connection_info().map_err(|e| error::of(&e))?;
        let info = info.set_tcp_settings(tcp());
        let client = Client::open(info).map_err(|e| error::of(&e))?;
        let shared = Mutex::new(manager(&client)?);
        Ok(Self::Single(Arc::new(Single { client, shared })))
    }

    async fn cluster(scheme: &str, rest: &str) -> StoreResult<Self> {
        let (user, hosts) = match rest.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), rest),
        };
        let hosts = hosts.trim_end_matches('/').split(',');
        let nodes = hosts.map(|host| format!("{scheme}://{user}{}", host.trim()));
        let client = ClusterClient::builder(nodes)
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER)
            .overall_response_timeout(Some(OPERATION))
            .tcp_settings(tcp())
            .build()
            .map_err(|e| error::of(&e))?;
        let connection = timeout(OPERATION, client.get_async_connection()).await;
        let connection = connection.map_err(|_| late())?;
        Ok(Self::Cluster(connection.map_err(|e| error::of(&e))?))
    }

    /// Sends one command and reads its answer.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failed> {
        let answer = async {
            match self {
                Self::Single(single) => single.ask(command).await,
                Self::Cluster(cluster) => command.query_async(&mut cluster.clone()).await,
            }
        };
        match timeout(OPERATION, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Failed::By(error)),
            Err(_) => Err(Failed::Late),
        }
    }
}

impl Single {
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> redis::RedisResult<T> {
        let mut shared = lock(&self.shared).clone();
        let answer = command.query_async(&mut shared).await;
        if let Err(error) = &answer
            && error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
            && let Ok(other) = manager(&self.client)
        {
            // It has become a replica: its name may lead to the new master.
            *lock(&self.shared) = other;
        }
        answer
    }
}

/// Why there is no answer.
pub(super) enum Failed {
    By(redis::RedisError),
    Late,
}

impl Failed {
    /// The server has not seen the script, or has forgotten it.
    pub(super) fn for_want_of_the_script(&self) -> bool {
        let none = ErrorKind::Server(ServerErrorKind::NoScript);
        matches!(self, Self::By(error) if error.kind() == none)
    }
}

impl From<Failed> for super::super::StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::By(error) => error::of(&error),
            Failed::Late => late(),
        }
    }
}

fn late() -> super::super::StoreError {
    error::STORE.unavailable(format!("no answer within {} s", OPERATION.as_secs()))
}

fn manager(client: &Client) -> StoreResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
        .set_number_of_retries(1)
        .set_pipeline_buffer_size(1024);
    ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(|e| error::of(&e))
}

fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(OPERATION);
    settings
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
