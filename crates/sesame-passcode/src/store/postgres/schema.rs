//! The tables in PostgreSQL, and how an older database gets them.
//!
//! To change them, append a step to [`STEPS`]; never touch one that was released.

use std::time::Duration;

use deadpool_postgres::Client;
use tokio::time::timeout;

use super::super::StoreResult;
use super::error;

/// Step `n` brings schema `n` to `n + 1`.
const STEPS: &[&str] = &[FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH];

/// The schema this program works with.
pub(super) const KNOWN: u32 = STEPS.len() as u32;

/// Makes every other server wait while one changes the tables; the number is
/// any that nobody else uses.
const ALONE: &str = "SELECT pg_advisory_xact_lock(7305804402566427493)";
/// How long changing tables may take, and waiting for another who does.
const WITHIN: Duration = Duration::from_secs(600);

/// Ids are compared byte by byte (`"C"`), so that pages are the same
/// everywhere. `purge_hour` changes seldom where `expires_at` changes with each
/// swap, which keeps swaps out of the index.
const FIRST: &str = r#"
CREATE TABLE sesame_records (
  key text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  value bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  purge_hour bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sesame_records_by_end ON sesame_records (purge_hour);

CREATE TABLE sesame_counters (
  key text COLLATE "C" PRIMARY KEY,
  total bigint NOT NULL,
  -- What was added last, which an upsert has no other way to name.
  amount bigint NOT NULL,
  ends_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sesame_counters_by_end ON sesame_counters (ends_at);

CREATE TABLE sesame_messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  revision bigint NOT NULL DEFAULT 0,
  out_id text COLLATE "C" NOT NULL UNIQUE,
  verification text COLLATE "C",
  app text COLLATE "C" NOT NULL,
  usage_type text NOT NULL,
  number bytea NOT NULL,
  number_index bytea NOT NULL,
  masked text NOT NULL,
  country text NOT NULL,
  provider text NOT NULL,
  created_at timestamptz NOT NULL,
  state text COLLATE "C" NOT NULL,
  code text,
  request_id text,
  biz_id text,
  ended_at timestamptz,
  report_delivered boolean,
  report_code text,
  report_at timestamptz,
  confirmed_at timestamptz,
  ask_at timestamptz
);
CREATE INDEX sesame_messages_by_time ON sesame_messages (created_at, out_id);
CREATE INDEX sesame_messages_by_app ON sesame_messages (app, created_at, out_id);
CREATE INDEX sesame_messages_by_number ON sesame_messages (number_index, created_at, out_id);
CREATE INDEX sesame_messages_by_verification ON sesame_messages (verification)
  WHERE verification IS NOT NULL;
CREATE INDEX sesame_messages_to_ask ON sesame_messages (ask_at) WHERE ask_at IS NOT NULL;
-- Most messages are accepted, and whoever looks for those finds them by time.
CREATE INDEX sesame_messages_by_state ON sesame_messages (state, created_at, out_id)
  WHERE state <> 'accepted';

CREATE TABLE sesame_reports (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message bigint NOT NULL REFERENCES sesame_messages ON DELETE CASCADE,
  seen_at timestamptz NOT NULL,
  delivered boolean NOT NULL,
  code text,
  reported_at timestamptz
);
CREATE INDEX sesame_reports_by_message ON sesame_reports (message);

CREATE TABLE sesame_consumptions (
  verification text COLLATE "C" PRIMARY KEY,
  at timestamptz NOT NULL
);
CREATE INDEX sesame_consumptions_by_time ON sesame_consumptions (at);

CREATE TABLE sesame_api_keys (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  app text NOT NULL,
  scopes text[] NOT NULL,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  ends_at timestamptz
);

CREATE TABLE sesame_decisions (
  id text COLLATE "C" PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  number_index bytea,
  detail text NOT NULL
);
CREATE INDEX sesame_decisions_by_time ON sesame_decisions (at, id);
"#;

const SECOND: &str = r#"
CREATE TABLE sesame_marks (
  name text COLLATE "C" PRIMARY KEY,
  value bytea NOT NULL
);
"#;

/// Tallies, blocks, and the carrier of a number; as in SQLite. The row of a
/// tally that all add to would be fought over, so there are eight of each
/// (`shard`).
const THIRD: &str = r#"
ALTER TABLE sesame_messages ADD COLUMN carrier text NOT NULL DEFAULT '';
CREATE INDEX sesame_messages_failed ON sesame_messages (created_at, out_id)
  WHERE NOT report_delivered;

CREATE TABLE sesame_blocks (
  id text COLLATE "C" PRIMARY KEY,
  limit_name text NOT NULL,
  subject text NOT NULL,
  sealed bytea NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL
);
CREATE INDEX sesame_blocks_by_end ON sesame_blocks (until, id);

CREATE TABLE sesame_tallies (
  span smallint NOT NULL,
  start timestamptz NOT NULL,
  app text COLLATE "C" NOT NULL,
  country text COLLATE "C" NOT NULL,
  carrier text COLLATE "C" NOT NULL,
  shard smallint NOT NULL,
  accepted bigint NOT NULL,
  refused bigint NOT NULL,
  unknown bigint NOT NULL,
  delivered bigint NOT NULL,
  failed bigint NOT NULL,
  confirmed bigint NOT NULL,
  PRIMARY KEY (span, start, app, country, carrier, shard)
) WITH (fillfactor = 50);

CREATE TEMP TABLE sesame_counted ON COMMIT DROP AS
  SELECT date_trunc('hour', created_at, 'UTC') AS hour, app, country,
  CASE WHEN country <> 'CN' THEN ''
    WHEN substr(masked, 5, 3) IN ('134', '135', '136', '137', '138', '139', '147', '148', '150', '151', '152', '157',
      '158', '159', '172', '178', '182', '183', '184', '187', '188', '195', '197', '198') THEN 'mobile'
    WHEN substr(masked, 5, 3) IN ('130', '131', '132', '145', '146', '155', '156', '166', '175', '176', '185', '186', '196') THEN 'unicom'
    WHEN substr(masked, 5, 3) IN ('133', '149', '153', '173', '174', '177', '180', '181', '189', '190', '191', '193', '199') THEN 'telecom'
    WHEN substr(masked, 5, 3) IN ('192') THEN 'broadnet'
    WHEN substr(masked, 5, 3) IN ('162', '165', '167', '170', '171') THEN 'virtual'
    ELSE '' END AS carrier,
  count(*) FILTER (WHERE state = 'accepted') AS accepted,
  count(*) FILTER (WHERE state = 'refused') AS refused,
  count(*) FILTER (WHERE state IN ('unknown', 'finally_unknown')) AS unknown,
  count(*) FILTER (WHERE state <> 'sending' AND report_delivered) AS delivered,
  count(*) FILTER (WHERE state <> 'sending' AND NOT report_delivered) AS failed,
  count(confirmed_at) AS confirmed
  FROM sesame_messages GROUP BY 1, 2, 3, 4;
INSERT INTO sesame_tallies SELECT 1, hour, app, country, carrier, 0, accepted, refused, unknown,
  delivered, failed, confirmed FROM sesame_counted;
INSERT INTO sesame_tallies SELECT 0, date_trunc('day', hour, 'UTC'), app, country, carrier, 0,
  sum(accepted), sum(refused), sum(unknown), sum(delivered), sum(failed), sum(confirmed)
  FROM sesame_counted GROUP BY 2, 3, 4, 5;

UPDATE sesame_messages SET carrier = CASE WHEN country <> 'CN' THEN ''
    WHEN substr(masked, 5, 3) IN ('134', '135', '136', '137', '138', '139', '147', '148', '150', '151', '152', '157',
      '158', '159', '172', '178', '182', '183', '184', '187', '188', '195', '197', '198') THEN 'mobile'
    WHEN substr(masked, 5, 3) IN ('130', '131', '132', '145', '146', '155', '156', '166', '175', '176', '185', '186', '196') THEN 'unicom'
    WHEN substr(masked, 5, 3) IN ('133', '149', '153', '173', '174', '177', '180', '181', '189', '190', '191', '193', '199') THEN 'telecom'
    WHEN substr(masked, 5, 3) IN ('192') THEN 'broadnet'
    WHEN substr(masked, 5, 3) IN ('162', '165', '167', '170', '171') THEN 'virtual'
    ELSE '' END
  WHERE created_at > (SELECT max(created_at) - interval '3 days' FROM sesame_messages);
"#;

/// Which request used a verification up: it is told again what it was told.
const FOURTH: &str = "
ALTER TABLE sesame_consumptions ADD COLUMN request bytea;
";

/// What limits decided; as in SQLite.
const FIFTH: &str = r#"
CREATE TABLE sesame_verdicts (
  id text COLLATE "C" PRIMARY KEY,
  at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  count bigint NOT NULL,
  ruling text COLLATE "C" NOT NULL,
  limit_name text COLLATE "C" NOT NULL,
  app text COLLATE "C" NOT NULL,
  usage_type text NOT NULL,
  country text NOT NULL,
  number_index bytea,
  masked text NOT NULL,
  subject text NOT NULL,
  sealed bytea NOT NULL,
  reason text NOT NULL,
  until timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sesame_verdicts_by_time ON sesame_verdicts (at, id);
CREATE INDEX sesame_verdicts_by_limit ON sesame_verdicts (limit_name, at, id);
CREATE INDEX sesame_verdicts_by_number ON sesame_verdicts (number_index, at, id)
  WHERE number_index IS NOT NULL;
CREATE INDEX sesame_verdicts_by_ruling ON sesame_verdicts (ruling, at, id);
CREATE INDEX sesame_verdicts_by_both ON sesame_verdicts (limit_name, ruling, at, id);
"#;

/// Messages whose provider is to be told that their code came back, and when; as
/// in SQLite.
const SIXTH: &str = r#"
CREATE TABLE sesame_conversions (
  message bigint PRIMARY KEY REFERENCES sesame_messages ON DELETE CASCADE,
  due timestamptz NOT NULL
);
CREATE INDEX sesame_conversions_by_time ON sesame_conversions (due);
"#;

/// Brings a database up to date, or says why not.
pub(super) async fn bring_up_to_date(client: &mut Client) -> StoreResult<()> {
    let late =
        |_| error::STORE.unavailable("it took too long to look at the tables, or to make them");
    timeout(WITHIN, migrate(client)).await.map_err(late)?
}

async fn migrate(client: &mut Client) -> StoreResult<()> {
    let of = |error: tokio_postgres::Error| error::of(&error);
    if found(client).await.map_err(of)? == KNOWN {
        return Ok(());
    }
    let transaction = client.transaction().await.map_err(of)?;
    transaction
        .batch_execute("SET LOCAL statement_timeout = 0")
        .await
        .map_err(of)?;
    transaction.batch_execute(ALONE).await.map_err(of)?;
    let found = found(&transaction).await.map_err(of)?;
    if found > KNOWN {
        return Err(error::STORE.schema(found, KNOWN));
    }
    for step in STEPS.iter().skip(found as usize) {
        transaction.batch_execute(step).await.map_err(of)?;
    }
    let stamp = "CREATE TABLE IF NOT EXISTS sesame_schema (version integer NOT NULL); \
        DELETE FROM sesame_schema;";
    transaction.batch_execute(stamp).await.map_err(of)?;
    let version = KNOWN as i32;
    transaction
        .execute(
            "INSERT INTO sesame_schema (version) VALUES ($1)",
            &[&version],
        )
        .await
        .map_err(of)?;
    transaction.commit().await.map_err(of)
}

/// Which schema a database has; 0 for an empty one.
async fn found(
    client: &impl deadpool_postgres::GenericClient,
) -> Result<u32, tokio_postgres::Error> {
    // Looked up as a row: names that were once not found are remembered so.
    let there = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_tables \
        WHERE tablename = 'sesame_schema' AND schemaname = ANY (current_schemas(false)))";
    if !client.query_one(there, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let row = client
        .query_opt("SELECT version FROM sesame_schema", &[])
        .await?;
    let version: i32 = row.map_or(Ok(0), |row| row.try_get(0))?;
    Ok(u32::try_from(version).unwrap_or_default())
}
