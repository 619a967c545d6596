//! PostgreSQL: store and journal for several servers on one database.
//!
//! Every operation is one statement; where one must look before it writes, it
//! writes only if what it saw is still there. A statement that was cut off may
//! have been done.

mod error;
mod journal;
mod schema;
mod time;
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime,
};
use jiff::Timestamp;
use sesame_connector::provider::BoxFuture;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Row};

use self::time::Time;
use self::tls::Tls;
use super::{Addition, Key, Record, Store, StoreResult, Swap, Version};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a statement may take, waiting for a connection apart.
const STATEMENT: Duration = Duration::from_secs(10);
/// How many connections one server has at most.
const CONNECTIONS: usize = 16;

/// What is bound to a statement.
type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Records, counters and the journal in PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Postgres(Pool);

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its URL holds a password.
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects to `postgres://user:password@host:port/database` and brings its
    /// tables up to date, one server at a time. With `?sslmode=require` (or
    /// `verify-full`) TLS is spoken and the certificate verified, by what
    /// `&sslrootcert=FILE` holds or else by what the system trusts.
    ///
    /// # Errors
    /// Where it cannot be reached or used, or a newer program has used it.
    pub async fn open(url: &str) -> StoreResult<Self> {
        let this = Self(pool(url)?);
        let mut client = this.client().await?;
        schema::bring_up_to_date(&mut client).await?;
        Ok(this)
    }

    async fn client(&self) -> StoreResult<Client> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error::of(&error),
            PoolError::Timeout(_) => {
                error::STORE.unavailable("no connection came free, or none was made")
            }
            _ => error::STORE.unavailable("its connections are closed"),
        })
    }

    /// One round trip, apart from preparing the statement once on each
    /// connection.
    async fn query(&self, sql: &str, values: Values<'_>) -> StoreResult<Vec<Row>> {
        let client = self.client().await?;
        let rows = async {
            let statement = client.prepare_cached(sql).await?;
            client.query(&statement, values).await
        };
        let rows = timeout(STATEMENT, rows).await;
        finish(client, rows)
    }

    /// The same for a statement that gives no rows, but how many it touched.
    async fn execute(&self, sql: &str, values: Values<'_>) -> StoreResult<u64> {
        let client = self.client().await?;
        let count = async {
            let statement = client.prepare_cached(sql).await?;
            client.execute(&statement, values).await
        };
        let count = timeout(STATEMENT, count).await;
        finish(client, count)
    }

    async fn find(&self, key: &Key, now: Timestamp) -> StoreResult<Option<Record>> {
        let sql = "SELECT version, value, expires_at FROM sesame_records \
            WHERE key = $1 AND expires_at > $2";
        let rows = self.query(sql, &[&key.as_str(), &Time(now)]).await?;
        rows.first().map(record).transpose()
    }

    async fn put(
        &self,
        key: &Key,
        expected: Option<Version>,
        new: &Record,
        now: Timestamp,
    ) -> StoreResult<Swap> {
        let (version, ends) = (new.version.0.cast_signed(), Time(new.expires_at));
        let (key_text, hour, now_time) = (key.as_str(), purge_hour(new.expires_at), Time(now));
        let value = new.value.as_slice();
        let changed = match expected {
            None => {
                let sql = "INSERT INTO sesame_records AS r \
                    (key, version, value, expires_at, purge_hour) VALUES ($1, $2, $3, $4, $5) \
                    ON CONFLICT (key) DO UPDATE SET version = $2, value = $3, expires_at = $4, \
                    purge_hour = $5 WHERE r.expires_at <= $6";
                let values: Values<'_> = &[&key_text, &version, &value, &ends, &hour, &now_time];
                self.execute(sql, values).await?
            }
            Some(expected) => {
                let sql = "UPDATE sesame_records SET version = $2, value = $3, expires_at = $4, \
                    purge_hour = $5 WHERE key = $1 AND expires_at > $6 AND version = $7";
                let expected = expected.0.cast_signed();
                let values: Values<'_> = &[
                    &key_text, &version, &value, &ends, &hour, &now_time, &expected,
                ];
                self.execute(sql, values).await?
            }
        };
        if changed > 0 {
            return Ok(Swap::Done);
        }
        // A second look, since within one statement what others have just
        // written is not seen.
        let found = self.find(key, now).await?;
        Ok(Swap::refused(found, new))
    }

    /// Each key at most once.
    async fn add_once(&self, amounts: &[&Addition], now: Timestamp) -> StoreResult<Vec<i64>> {
        // In the order of the keys, so that two who add the same do not wait
        // for each other.
        let sql = "WITH given AS (SELECT * FROM unnest($1::text[], $2::bigint[], \
                $3::timestamptz[]) AS given (key, amount, ends_at)), \
            done AS (INSERT INTO sesame_counters AS c (key, total, amount, ends_at) \
                SELECT key, greatest(0, amount), amount, ends_at FROM given WHERE amount <> 0 \
                ORDER BY key COLLATE \"C\" \
                ON CONFLICT (key) DO UPDATE SET amount = excluded.amount, \
                ends_at = excluded.ends_at, total = greatest(0, excluded.amount + \
                CASE WHEN c.ends_at > $4 THEN c.total ELSE 0 END) RETURNING key, total) \
            SELECT key, total FROM done UNION ALL SELECT given.key, c.total FROM given \
                JOIN sesame_counters c ON c.key = given.key AND c.ends_at > $4 \
                WHERE given.amount = 0";
        let keys: Vec<&str> = amounts.iter().map(|one| one.key.as_str()).collect();
        let added: Vec<i64> = amounts.iter().map(|one| one.amount).collect();
        let ends: Vec<Time> = amounts.iter().map(|one| Time(one.ends_at)).collect();
        let rows = self.query(sql, &[&keys, &added, &ends, &Time(now)]).await?;
        let totals = rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?)));
        let totals: BTreeMap<String, i64> = totals.collect::<StoreResult<_>>()?;
        let total = |key: &&str| totals.get(*key).copied().unwrap_or(0);
        if amounts
            .iter()
            .any(|one| one.amount < 0 && total(&one.key.as_str()) == 0)
        {
            self.drop_empty(&keys).await;
        }
        Ok(keys.iter().map(total).collect())
    }

    /// What was given back leaves no trace, or refusals would fill the table.
    /// Whatever is missed here goes when its window has ended.
    async fn drop_empty(&self, keys: &[&str]) {
        let sql = "DELETE FROM sesame_counters WHERE key IN (SELECT key FROM sesame_counters \
            WHERE key = ANY ($1) AND total = 0 FOR UPDATE SKIP LOCKED)";
        let _ = self.execute(sql, &[&keys]).await;
    }
}

impl Store for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn get<'a>(
        &'a self,
        key: &'a Key,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Option<Record>>> {
        Box::pin(self.find(key, now))
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
        Box::pin(async move {
            let mut totals = Vec::with_capacity(amounts.len());
            let mut rest: &[Addition] = amounts;
            while !rest.is_empty() {
                // One statement cannot change a row twice.
                let mut seen = BTreeSet::new();
                let once = rest.iter().take_while(|one| seen.insert(one.key.as_str()));
                let once: Vec<&Addition> = once.collect();
                totals.extend(self.add_once(&once, now).await?);
                rest = &rest[once.len()..];
            }
            Ok(totals)
        })
    }

    fn purge(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<usize>> {
        Box::pin(async move {
            let sql = "DELETE FROM sesame_records WHERE key IN (SELECT key FROM sesame_records \
                WHERE purge_hour <= $1 AND expires_at <= $2 ORDER BY purge_hour LIMIT $3 \
                FOR UPDATE SKIP LOCKED)";
            let values: Values<'_> = &[&purge_hour(now), &Time(now), &count(limit)];
            let records = usize::try_from(self.execute(sql, values).await?).unwrap_or(limit);
            let sql = "DELETE FROM sesame_counters WHERE key IN (SELECT key FROM sesame_counters \
                WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
            let left = count(limit.saturating_sub(records));
            let counters = self.execute(sql, &[&Time(now), &left]).await?;
            Ok(records + usize::try_from(counters).unwrap_or(0))
        })
    }

    fn ping(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move { self.query("SELECT 1", &[]).await.map(|_| ()) })
    }
}

/// The answer; and where the connection is to blame, another one next time.
fn finish<T>(
    client: Client,
    answer: Result<Result<T, tokio_postgres::Error>, tokio::time::error::Elapsed>,
) -> StoreResult<T> {
    let error = match answer {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error::of(&error),
        Err(_) => error::STORE.unavailable(format!("no answer within {} s", STATEMENT.as_secs())),
    };
    if error.is_transient() {
        drop(Object::take(client));
    }
    Err(error)
}

fn record(row: &Row) -> StoreResult<Record> {
    Ok(Record {
        version: Version(get::<i64>(row, 0)?.cast_unsigned()),
        value: get(row, 1)?,
        expires_at: get::<Time>(row, 2)?.0,
    })
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, index: usize) -> StoreResult<T> {
    row.try_get(index).map_err(|error| error::of(&error))
}

/// The hour in which a record may be looked for that ended at `end`.
fn purge_hour(end: Timestamp) -> i64 {
    end.as_second().div_euclid(3600)
}

/// A limit as SQL takes it.
fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn pool(url: &str) -> StoreResult<Pool> {
    let (mut config, tls) = configuration(url)?;
    config
        .connect_timeout(CONNECT)
        .tcp_user_timeout(STATEMENT)
        .keepalives_idle(STATEMENT)
        .application_name("sesame");
    let manager = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match tls {
        Some(tls) => Manager::from_config(config, tls, manager),
        None => Manager::from_config(config, NoTls, manager),
    };
    // A statement whose caller has gone must not go on for ever.
    let limit = format!("SET statement_timeout = {}", STATEMENT.as_millis());
    let limited = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let limit = limit.clone();
        Box::pin(async move {
            let done = client.batch_execute(&limit).await;
            done.map_err(HookError::Backend)
        })
    });
    Pool::builder(manager)
        .runtime(Runtime::Tokio1)
        .max_size(CONNECTIONS)
        .wait_timeout(Some(STATEMENT))
        .create_timeout(Some(CONNECT * 2))
        .recycle_timeout(Some(CONNECT))
        .post_create(limited)
        .build()
        .map_err(|error| error::STORE.unavailable(error.to_string()))
}

/// Reads the URL; what it asks of TLS is read here, since the client knows only
/// half of it. No part of it is in an error: it holds a password.
fn configuration(url: &str) -> StoreResult<(Config, Option<Tls>)> {
    let wrong = || {
        error::STORE.unusable(
            "its URL cannot be read",
            "write postgres://user:password@host:port/database, with special characters \
             percent-encoded",
        )
    };
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(wrong());
    }
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let (mut secure, mut roots, mut rest) = (false, None, Vec::new());
    for option in options.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("sslmode", "require" | "verify-ca" | "verify-full")) => secure = true,
            Some(("sslmode", "disable" | "allow" | "prefer")) => secure = false,
            Some(("sslmode", _)) => return Err(wrong()),
            Some(("sslrootcert", file)) => roots = Some(PathBuf::from(file)),
            _ => rest.push(option),
        }
    }
    let mut config =
        Config::from_str(&format!("{address}?{}", rest.join("&"))).map_err(|_| wrong())?;
    let tls = match secure {
        true => Some(Tls::new(roots.as_deref())?),
        false => None,
    };
    config.ssl_mode(match secure {
        true => SslMode::Require,
        false => SslMode::Disable,
    });
    Ok((config, tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_never_told() {
        for url in [
            "postgres://me:geheim@host:port/db",
            "postgres://me:geheim@host/db?sslmode=geheim",
            "postgres://me:geheim@host/db?geheim=1",
            "host=a password=geheim",
        ] {
            let error = configuration(url).err().unwrap();
            assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
        }
    }

    #[test]
    fn tls_is_spoken_where_the_url_asks_for_it() {
        let mode = |url| {
            let (config, tls) = configuration(url).unwrap();
            (config.get_ssl_mode(), tls.is_some())
        };
        let (off, on) = ((SslMode::Disable, false), (SslMode::Require, true));
        assert_eq!(mode("postgres://host/db"), off);
        assert_eq!(mode("postgresql://host/db?sslmode=disable"), off);
        assert_eq!(mode("postgres://host/db?sslmode=require"), on);
        assert_eq!(
            mode(
                "postgres://host/db?a=b&sslmode=verify-full"
                    .replace("a=b&", "")
                    .as_str()
            ),
            on
        );
        assert!(configuration("postgres://host/db?sslmode=require&sslrootcert=/none").is_err());
    }
}
