//! Valkey or Redis, single or Cluster: records and counters.
//!
//! Every operation touches one key, so a cluster spreads them by itself. Its
//! own clock forgets what has expired, after the life that was left by the
//! caller's; until then the caller's clock decides. An operation whose answer
//! was lost may have been done: a swap may be asked again (see
//! [`Store::swap`]), an addition then counts twice, to the safe side.

mod connection;
mod error;
mod scripts;

use std::fmt;
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use redis::{Cmd, FromRedisValue, Value};
use sesame_connector::provider::BoxFuture;

use self::connection::Connection;
use self::scripts::{Prepared, Scripts};
use super::{Addition, Key, Record, Store, StoreResult, Swap, Version};

/// What keys of records begin with, since the server may have other users.
const RECORDS: &str = "sesame:r:";
/// What keys of counters begin with.
const COUNTERS: &str = "sesame:c:";
/// Where it stands how records are written.
const SCHEMA: &str = "sesame:schema";
/// How this program writes them.
const KNOWN: u32 = 1;
/// How many bytes stand before a record's value: its version and its end.
const HEAD: usize = 38;

/// Records and counters in Valkey. Cheap to clone.
#[derive(Clone)]
pub struct Valkey {
    connection: Connection,
    scripts: Arc<Scripts>,
}

impl fmt::Debug for Valkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its URL holds a password.
        f.debug_struct("Valkey").finish_non_exhaustive()
    }
}

impl Valkey {
    /// Connects to `valkey://user:password@host:port/db` (or `redis://`; with
    /// TLS `valkeys://`, `rediss://`), or to a cluster by some of its nodes,
    /// `valkey-cluster://user:password@host:port,host:port`.
    ///
    /// # Errors
    /// Where it cannot be reached or used, or a newer program has used it.
    pub async fn open(url: &str) -> StoreResult<Self> {
        let this = Self {
            connection: Connection::open(url).await?,
            scripts: Arc::new(Scripts::new()),
        };
        this.check_schema().await?;
        Ok(this)
    }

    async fn check_schema(&self) -> StoreResult<()> {
        let mut set = redis::cmd("SET");
        set.arg(SCHEMA).arg(KNOWN).arg("NX");
        let _: Value = self.connection.ask(&set).await?;
        let found: String = self.connection.ask(&get(SCHEMA)).await?;
        match found.parse() {
            Ok(KNOWN) => Ok(()),
            Ok(found) => Err(error::STORE.schema(found, KNOWN)),
            Err(_) => Err(error::STORE.corrupt(format!("`{SCHEMA}` is no number"))),
        }
    }

    /// Runs a script on one key; the whole of it only where the server has not
    /// seen it yet.
    async fn run<T: FromRedisValue>(
        &self,
        script: &Prepared,
        name: &str,
        arguments: &[&[u8]],
    ) -> StoreResult<T> {
        let command = |verb: &str, script: &str| {
            let mut command = redis::cmd(verb);
            command.arg(script).arg(1).arg(name).arg(arguments);
            command
        };
        let known = command("EVALSHA", &script.hash);
        match self.connection.ask(&known).await {
            Err(failed) if failed.for_want_of_the_script() => {
                Ok(self.connection.ask(&command("EVAL", script.text)).await?)
            }
            answer => Ok(answer?),
        }
    }

    async fn put(
        &self,
        key: &Key,
        expected: Option<Version>,
        new: &Record,
        now: Timestamp,
    ) -> StoreResult<Swap> {
        let arguments = [
            expected.map(version).unwrap_or_default().into_bytes(),
            version(new.version).into_bytes(),
            now.as_microsecond().to_string().into_bytes(),
            written(new),
            left_ms(new.expires_at, now).to_string().into_bytes(),
        ];
        let arguments = arguments.each_ref().map(Vec::as_slice);
        let answer: Value = self
            .run(&self.scripts.swap, &record_name(key), &arguments)
            .await?;
        match answer {
            Value::Int(_) => Ok(Swap::Done),
            Value::Nil => Ok(Swap::Conflict(None)),
            Value::BulkString(there) => read(&there).map(|there| Swap::Conflict(Some(there))),
            _ => Err(error::STORE.corrupt("a script of ours answered something else")),
        }
    }

    async fn add_one(&self, addition: &Addition, now: Timestamp) -> StoreResult<i64> {
        let arguments = [
            addition.amount.to_string(),
            now.as_microsecond().to_string(),
            addition.ends_at.as_microsecond().to_string(),
            left_ms(addition.ends_at, now).to_string(),
        ];
        let arguments = arguments.each_ref().map(String::as_bytes);
        let name = format!("{COUNTERS}{}", addition.key.as_str());
        self.run(&self.scripts.add, &name, &arguments).await
    }
}

impl Store for Valkey {
    fn name(&self) -> &'static str {
        "valkey"
    }

    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>> {
        Box::pin(async move {
            let there: Option<Vec<u8>> = self.connection.ask(&get(&record_name(key))).await?;
            let record = there.map(|bytes| read(&bytes)).transpose()?;
            Ok(record.filter(|record| record.expires_at > now))
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a Key,
        expected: Option<Version>,
        new: &'a Record,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Swap>> {
        Box::pin(self.put(key, expected, new, now))
    }

    fn add<'a>(
        &'a self,
        amounts: &'a [Addition],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<i64>>> {
        // All at once, each where its key lives; those on one connection are
        // done in this order.
        Box::pin(try_join_all(
            amounts.iter().map(move |one| self.add_one(one, now)),
        ))
    }

    fn purge(&self, _limit: usize, _now: Timestamp) -> BoxFuture<'_, StoreResult<usize>> {
        // It forgets by itself.
        Box::pin(async { Ok(0) })
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            let _: Option<String> = self.connection.ask(&get(SCHEMA)).await?;
            Ok(())
        })
    }
}

fn record_name(key: &Key) -> String {
    format!("{RECORDS}{}", key.as_str())
}

fn get(name: &str) -> Cmd {
    let mut get = redis::cmd("GET");
    get.arg(name);
    get
}

fn version(version: Version) -> String {
    format!("{:016x}", version.0)
}

/// What is left of a life, by the caller's clock; nought or less if nothing.
fn left_ms(end: Timestamp, now: Timestamp) -> i64 {
    let left = end.as_microsecond().saturating_sub(now.as_microsecond());
    // Rounded up: the server's clock is not to be the first to forget.
    left.div_euclid(1000) + i64::from(left.rem_euclid(1000) > 0)
}

/// `<version as 16 hex digits> <end as 20 digits> <value>`.
fn written(record: &Record) -> Vec<u8> {
    let end = record.expires_at.as_microsecond();
    let mut bytes = format!("{} {end:020} ", version(record.version)).into_bytes();
    bytes.extend_from_slice(&record.value);
    bytes
}

fn read(bytes: &[u8]) -> StoreResult<Record> {
    let corrupt = || error::STORE.corrupt("a record of ours is not as we write it");
    let (head, value) = bytes.split_at_checked(HEAD).ok_or_else(corrupt)?;
    let head = std::str::from_utf8(head).map_err(|_| corrupt())?;
    let (version, end) = head.trim_end().split_once(' ').ok_or_else(corrupt)?;
    let end = end.parse().map_err(|_| corrupt())?;
    Ok(Record {
        version: Version(u64::from_str_radix(version, 16).map_err(|_| corrupt())?),
        value: value.to_vec(),
        expires_at: super::time_of(end).map_err(|_| corrupt())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for (version, end) in [(0, -5), (7, 1_766_000_000_123_456), (u64::MAX, 0)] {
            let record = Record {
                version: Version(version),
                value: vec![0, 255, b' ', b'\n'],
                expires_at: Timestamp::from_microsecond(end).unwrap(),
            };
            assert_eq!(written(&record).len(), HEAD + 4);
            assert_eq!(read(&written(&record)).unwrap(), record);
        }
        assert!(read(b"something else").is_err());
        assert!(read(&[b'x'; 60]).is_err());
    }

    #[tokio::test]
    async fn a_url_is_never_told() {
        for url in [
            "valkey://me:geheim@host:port",
            "valkey-cluster://me:geheim@host:port,b:geheim",
            "geheim://host",
            "geheim",
        ] {
            let error = Valkey::open(url).await.err().unwrap();
            assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
        }
    }
}
