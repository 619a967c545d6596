//! Opening the stores a configuration names.
//!
//! To add one, give it a scheme in `Location` and a way to be opened below.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sesame_passcode::{Journal, Store, StoreError};

use crate::config::Config;

/// The file of an embedded store, in the data folder.
pub const SQLITE_FILE: &str = "sesame.sqlite";

/// Records and journal.
#[derive(Clone, Debug)]
pub struct Stores {
    /// Where records and counters live.
    pub records: Arc<dyn Store>,
    /// Where messages are written down.
    pub journal: Arc<dyn Journal>,
}

/// Where a store is. Prints its kind only: an address may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// In the data folder.
    Sqlite,
    /// A PostgreSQL server.
    Postgres(String),
    /// A Valkey or Redis server, or a Cluster.
    Valkey(String),
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "Sqlite",
            Self::Postgres(_) => "Postgres",
            Self::Valkey(_) => "Valkey",
        })
    }
}

impl Location {
    /// Reads what a configuration says.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        let location = match (text, scheme) {
            ("sqlite", _) => Self::Sqlite,
            (_, Some("postgres" | "postgresql")) => Self::Postgres(text.to_owned()),
            (_, Some(scheme)) if VALKEY.contains(&scheme) => Self::Valkey(text.to_owned()),
            (_, Some(_)) => return Err("there is no store with this scheme"),
            (_, None) => return Err("this names no store"),
        };
        if location.is_built() {
            Ok(location)
        } else {
            Err("this program was built without this store")
        }
    }

    /// Whether a journal can be kept there.
    pub(crate) fn keeps_a_journal(&self) -> bool {
        !matches!(self, Self::Valkey(_))
    }

    fn is_built(&self) -> bool {
        match self {
            Self::Sqlite => cfg!(feature = "sqlite"),
            Self::Postgres(_) => cfg!(feature = "postgres"),
            Self::Valkey(_) => cfg!(feature = "valkey"),
        }
    }
}

/// The schemes of Valkey and Redis.
const VALKEY: [&str; 8] = [
    "valkey",
    "valkeys",
    "redis",
    "rediss",
    "valkey-cluster",
    "valkeys-cluster",
    "redis-cluster",
    "rediss-cluster",
];

/// Whether other servers may use the same stores, so that their keys cannot be
/// made up here.
pub fn is_shared(config: &Config) -> bool {
    [&config.store.records, &config.store.journal]
        .into_iter()
        .any(|url| Location::parse(url.reveal()) != Ok(Location::Sqlite))
}

/// Opens both, as the one server of an embedded store.
///
/// # Errors
/// Where one cannot be used.
pub async fn open(config: &Config) -> Result<Stores, StoreError> {
    open_as(Role::Server, config).await
}

/// Opens both beside whatever server uses them.
///
/// # Errors
/// Where one cannot be used.
pub async fn open_beside(config: &Config) -> Result<Stores, StoreError> {
    open_as(Role::Tool, config).await
}

async fn open_as(role: Role, config: &Config) -> Result<Stores, StoreError> {
    let (records, journal) = (
        location(&config.store.records)?,
        location(&config.store.journal)?,
    );
    make_folder(config, &[&records, &journal])?;
    if let Location::Valkey(url) = &records {
        let (records, (_, journal)) = tokio::try_join!(valkey(url), both(&journal, config, role))?;
        return Ok(Stores { records, journal });
    }
    let (store, kept) = both(&records, config, role).await?;
    let journal = if journal == records {
        kept
    } else {
        both(&journal, config, role).await?.1
    };
    Ok(Stores {
        records: store,
        journal,
    })
}

/// The file of the journal, where it should be one and is not there.
pub fn missing_journal(config: &Config) -> Option<PathBuf> {
    let is_file = Location::parse(config.store.journal.reveal()) == Ok(Location::Sqlite);
    let file = config.data_dir.join(SQLITE_FILE);
    (is_file && !file.exists()).then_some(file)
}

/// Opens the journal alone, beside whatever server uses it; makes it where
/// there is none, see [`missing_journal`].
///
/// # Errors
/// Where it cannot be used.
pub async fn open_journal(config: &Config) -> Result<Arc<dyn Journal>, StoreError> {
    let journal = location(&config.store.journal)?;
    make_folder(config, &[&journal])?;
    both(&journal, config, Role::Tool)
        .await
        .map(|(_, journal)| journal)
}

fn location(url: &crate::config::Secret) -> Result<Location, StoreError> {
    Location::parse(url.reveal()).map_err(|reason| StoreError::Unusable {
        store: "store",
        reason: reason.to_owned(),
        cure: "sesame.example.toml shows what can be written".to_owned(),
    })
}

/// Makes the data folder, for its owner alone, where something goes into it.
fn make_folder(config: &Config, locations: &[&Location]) -> Result<(), StoreError> {
    if !locations.contains(&&Location::Sqlite) {
        return Ok(());
    }
    create_private(&config.data_dir).map_err(|error| StoreError::Unusable {
        store: "sqlite",
        reason: format!(
            "the folder {} cannot be made: {}",
            config.data_dir.display(),
            error.kind()
        ),
        cure: "set data_dir to a folder this user may write to".to_owned(),
    })
}

/// A folder nobody else may look into, unless it is there already.
pub(crate) fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Who opens a store.
#[derive(Clone, Copy)]
enum Role {
    Server,
    Tool,
}

type Both = (Arc<dyn Store>, Arc<dyn Journal>);

/// A store that is a journal too.
async fn both(location: &Location, config: &Config, role: Role) -> Result<Both, StoreError> {
    match location {
        Location::Sqlite => sqlite(&config.data_dir.join(SQLITE_FILE), role).await,
        Location::Postgres(url) => postgres(url).await,
        Location::Valkey(_) => Err(not_built("valkey keeps no journal")),
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(path: &Path, role: Role) -> Result<Both, StoreError> {
    use sesame_passcode::store::sqlite::{self, Sqlite};
    let role = match role {
        Role::Server => sqlite::Role::Server,
        Role::Tool => sqlite::Role::Tool,
    };
    let opened = Sqlite::open(path, role).await?;
    Ok((Arc::new(opened.clone()), Arc::new(opened)))
}

#[cfg(not(feature = "sqlite"))]
async fn sqlite(_path: &Path, _role: Role) -> Result<Both, StoreError> {
    Err(not_built("this program was built without SQLite"))
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str) -> Result<Both, StoreError> {
    let opened = sesame_passcode::store::postgres::Postgres::open(url).await?;
    Ok((Arc::new(opened.clone()), Arc::new(opened)))
}

#[cfg(not(feature = "postgres"))]
async fn postgres(_url: &str) -> Result<Both, StoreError> {
    Err(not_built("this program was built without PostgreSQL"))
}

#[cfg(feature = "valkey")]
async fn valkey(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let opened = sesame_passcode::store::valkey::Valkey::open(url).await?;
    Ok(Arc::new(opened))
}

#[cfg(not(feature = "valkey"))]
async fn valkey(_url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Err(not_built("this program was built without Valkey"))
}

fn not_built(reason: &str) -> StoreError {
    StoreError::Unusable {
        store: "store",
        reason: reason.to_owned(),
        cure: "name another store".to_owned(),
    }
}
